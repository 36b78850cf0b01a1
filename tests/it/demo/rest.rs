//! The REST side pages, refuses and dates as the reference says.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use signboard::clock::Clock;
use signboard::demo::act::{Act, Draft};
use signboard::demo::{Refusal, Simulator};

use crate::demo::support::{NOW, ask, conga, get, make, onespan, start};

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_cut_from_the_truth_of_the_moment() {
    let simulator = start(vec![onespan("onespan-eu")]).await;
    let ids = make(&simulator, "onespan-eu", 250);
    let page = async |query: &str| {
        let answer = get(&simulator, "onespan-eu", &format!("/packages?fields=id&{query}")).await.json;
        let ids =
            answer["results"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
        (answer["count"].as_u64().unwrap(), ids.collect::<Vec<_>>())
    };
    let by_change = "sort=updated&dir=asc";
    assert_eq!(page(&format!("{by_change}&from=1&to=100")).await, (250, ids[..100].to_vec()));
    // The first one moves to the end: everything else moves up by one, and the one at the seam is missed.
    let told = simulator.world().lock().act("onespan-eu", &ids[0], &Act::Trash, NOW - 900);
    assert_eq!(told.len(), 1);
    assert_eq!(page(&format!("{by_change}&from=101&to=200")).await, (249, ids[101..201].to_vec()));
    simulator.world().lock().act("onespan-eu", &ids[0], &Act::Restore, NOW - 800);
    let (count, last) = page(&format!("{by_change}&from=201&to=300")).await;
    assert_eq!((count, last.len(), last.last()), (250, 50, Some(&ids[0])));
    // In the order of making nothing moves.
    assert_eq!(page("sort=created&from=101&to=200").await.1, ids[100..200].to_vec());
    assert_eq!(page("sort=created&dir=desc&from=1&to=2").await.1, [ids[249].clone(), ids[248].clone()]);
    assert_eq!(page("from=1&to=5000").await.1.len(), 100);
    assert_eq!(page("from=251&to=350").await, (250, vec![]));
    for name in ["lastUpdatedStartDate", "startDate"] {
        assert_eq!(page(&format!("{name}=2026-11-02T09:29:59Z")).await, (1, vec![ids[0].clone()]));
        assert_eq!(page(&format!("{name}=2026-11-02T09:29:59%2B00:00&sort=updated")).await.0, 1);
        assert_eq!(page(&format!("{name}=2026-11-03Z")).await.0, 0);
    }
    assert_eq!(
        page("endDate=2026-11-02T09:29:58Z&lastUpdatedStartDate=2020-01-01Z&startDate=2020-01-01Z").await.0,
        249
    );
    let bad = get(&simulator, "onespan-eu", "/packages?startDate=soon").await;
    assert_eq!((bad.status, &bad.json["code"]), (400, &json!(400)));
    let folder = async |query: &str| page(&format!("query={query}")).await.0;
    simulator.world().lock().act("onespan-eu", &ids[1], &Act::Trash, NOW - 700);
    simulator.world().lock().act("onespan-eu", &ids[2], &Act::Delete, NOW - 700);
    simulator.world().lock().act("onespan-eu", &ids[3], &Act::Activate, NOW - 700);
    assert_eq!([folder("trashed").await, folder("inbox").await], [1, 248]);
    assert_eq!([folder("drafts").await, folder("SENT").await], [247, 1]);
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_refuses_in_the_providers_shape() {
    let simulator = start(vec![onespan("onespan-eu"), conga("conga")]).await;
    for (account, list) in [("onespan-eu", "/packages"), ("conga", "/v1/cs-packages")] {
        let ids = make(&simulator, account, 2);
        let one = format!("{list}/{}", ids[0].replace('=', "%3D"));
        let ok = get(&simulator, account, &one).await;
        assert_eq!((ok.status, ok.json["id"].as_str()), (200, Some(ids[0].as_str())));
        assert_eq!(ok.date.as_deref(), Some("Mon, 02 Nov 2026 09:30:00 GMT"));
        assert_eq!(get(&simulator, account, &format!("{list}/{}", ids[0])).await.status, 200);
        let expect = async |path: &str, status: u16| {
            let answer = get(&simulator, account, path).await;
            assert_eq!(answer.status, status, "{path}");
            assert_eq!(answer.json["code"], status);
            assert!(answer.json["messageKey"].is_string() && answer.json["message"].is_string());
            assert_eq!(answer.json.as_object().unwrap().len(), 3);
            assert!(answer.date.is_some());
            answer
        };
        expect(&format!("{list}/AAAAAAAAAAAAAAAAAAAAAAAAAAA%3D"), 404).await;
        expect("/nothing/here", 404).await;
        let keyless = ask(&simulator, account, list, None).await;
        assert_eq!((keyless.status, &keyless.json["code"]), (401, &json!(401)));
        assert_eq!(ask(&simulator, account, list, Some("Basic wrong")).await.status, 401);
        assert_eq!(ask(&simulator, account, list, Some("Bearer secret")).await.status, 401);
        let faults = simulator.faults();
        faults.refuse_next(2, Refusal::TooMany(7));
        faults.refuse_next(1, Refusal::Broken);
        faults.refuse_next(1, Refusal::Unauthorised);
        assert_eq!(expect(list, 429).await.retry_after.as_deref(), Some("7"));
        expect(&one, 429).await;
        expect(&one, 500).await;
        expect(&one, 401).await;
        assert_eq!(get(&simulator, account, &one).await.status, 200);
        faults.hide_package(&ids[0]);
        expect(&one, 404).await;
        faults.clear();
        let sender = simulator.world().lock().senders(account)[0].id.clone();
        faults.forbid_sender(&sender);
        expect(&one, 403).await;
        assert_eq!(get(&simulator, account, list).await.json["count"], 0);
        faults.clear();
        simulator.world().lock().act(account, &ids[1], &Act::Delete, NOW);
        expect(&format!("{list}/{}", ids[1]), 404).await;
        let status = get(&simulator, account, &format!("{list}/{}/signingStatus", ids[1])).await.json;
        assert_eq!(status, json!({ "status": "DELETED" }));
    }
    simulator.faults().allow_reports(false);
    assert_eq!(get(&simulator, "onespan-eu", "/reports/completion").await.status, 403);
    simulator.faults().allow_reports(true);
    let report = get(&simulator, "onespan-eu", "/reports/completion").await.json;
    assert_eq!(report["senders"][0]["packages"].as_array().unwrap().len(), 1);
    simulator.faults().slow_down(Duration::from_millis(120));
    let began = Instant::now();
    get(&simulator, "conga", "/v1/cs-packages").await;
    assert!(began.elapsed() >= Duration::from_millis(120));
    let calls = simulator.calls();
    assert!(calls.count("cs-packages") > 8 && calls.by_path()["/onespan/api/packages"] > 4);
    let last = calls.all().pop().unwrap();
    assert_eq!((last.account.as_str(), last.status, last.at), ("conga", 200, NOW));
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_open_the_door_until_they_end() {
    let clock = Clock::manual(NOW);
    let simulator =
        Simulator::start(clock.clone(), 1, vec![onespan("onespan-eu"), conga("conga")]).await.unwrap();
    let client = reqwest::Client::new();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "any"),
        ("client_secret", "secret"),
        ("scope", "sign"),
    ];
    let answer = client.post(simulator.token_url("conga")).form(&form).send().await.unwrap();
    let token: Value = answer.json().await.unwrap();
    assert_eq!((&token["expires_in"], &token["token_type"]), (&json!(3_600), &json!("Bearer")));
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    assert_eq!(ask(&simulator, "conga", "/v1/cs-packages", Some(&bearer)).await.status, 200);
    assert_eq!(ask(&simulator, "onespan-eu", "/packages", Some(&bearer)).await.status, 401);
    clock.advance(3_600_000);
    assert_eq!(ask(&simulator, "conga", "/v1/cs-packages", Some(&bearer)).await.status, 401);
    let url = simulator.base_url("onespan-eu").replace("/api", "/apitoken/clientApp/accessToken");
    let app = json!({ "clientId": "any", "secret": "secret", "type": "OWNER" });
    let token: Value = client.post(&url).json(&app).send().await.unwrap().json().await.unwrap();
    assert_eq!(token["expiresAt"], clock.millis() + 1_800_000);
    let bearer = format!("Bearer {}", token["accessToken"].as_str().unwrap());
    assert_eq!(ask(&simulator, "onespan-eu", "/packages", Some(&bearer)).await.status, 200);
    let app = json!({ "clientId": "any", "secret": "wrong", "type": "OWNER" });
    assert_eq!(client.post(&url).json(&app).send().await.unwrap().status(), 401);
    let request = client.post(simulator.token_url("onespan-eu")).basic_auth("any", Some("secret"));
    let answer = request.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["expires_in"], 299);
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_cut_and_the_status_is_true() {
    let simulator = start(vec![onespan("a"), onespan("b")]).await;
    assert!(simulator.base_url("b").ends_with("/onespan/b/api"), "{}", simulator.base_url("b"));
    let draft =
        Draft::named("NDA").signer("Ana", "Souza").signer("Tom", "Okafor").document("NDA").closed_by_hand();
    let world = simulator.world();
    let created = world.lock().create("b", &draft, NOW - 100_000).unwrap();
    let act = |act: Act, at: i64| -> Vec<&str> {
        world.lock().act("b", &created.id, &act, at).iter().map(|callback| callback.event).collect()
    };
    let status = async |of: &str| {
        let path = format!("/packages/{}/signingStatus{of}", created.id);
        get(&simulator, "b", &path).await.json["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(act(Act::SignAll(0), NOW - 90_001), [""; 0]);
    assert_eq!(status("").await, "DRAFT");
    assert_eq!(act(Act::Activate, NOW - 80_001), ["PACKAGE_ACTIVATE"]);
    assert_eq!(act(Act::SignAll(0), NOW - 70_001), ["DOCUMENT_SIGNED", "DOCUMENT_SIGNED", "SIGNER_COMPLETE"]);
    assert_eq!(status("").await, "SIGNING_PENDING");
    assert_eq!(status("?signer=ana.souza@example.org").await, "SIGNING_COMPLETED");
    assert_eq!(status("?signer=tom.okafor@example.org").await, "SIGNING_PENDING");
    assert_eq!(
        act(Act::SignAll(1), NOW - 60_001),
        ["DOCUMENT_SIGNED", "DOCUMENT_SIGNED", "SIGNER_COMPLETE", "PACKAGE_READY_FOR_COMPLETE"]
    );
    let package = get(&simulator, "b", &format!("/packages/{}", created.id)).await.json;
    assert_eq!((&package["status"], &package["autocomplete"]), (&json!("SENT"), &json!(false)));
    assert_eq!(act(Act::Complete, NOW - 1), ["PACKAGE_COMPLETE"]);
    let package = get(&simulator, "b", &format!("/packages/{}", created.id)).await.json;
    assert_eq!(package["created"], "2026-11-02T09:28:20Z");
    assert_eq!(package["completed"], "2026-11-02T09:30:00Z");
    assert_eq!(package["updated"], package["completed"]);
    assert_eq!(status("").await, "COMPLETED");
    assert_eq!(get(&simulator, "a", &format!("/packages/{}", created.id)).await.status, 404);
    simulator.stop().await;
}
