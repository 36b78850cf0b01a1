//! Legalesign and WebSignatureOffice are played as their samples say: bodies, REST answers, Tyr.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use signboard::demo::act::{Act, Draft};
use signboard::demo::stories;
use signboard::demo::wire::{self, Callback};
use signboard::demo::world::World;
use signboard::demo::{Account, Kind, Refusal, Simulator};

use crate::demo::shape::Shape;
use crate::demo::support::{NOW, ask, start};

fn told(kind: Kind, packages: usize) -> Vec<Callback> {
    let accounts = [Account::new("it", kind)];
    stories::happen(&mut World::new(3, &accounts), &stories::week(3, packages, &accounts, NOW))
}

fn samples(text: &str) -> Vec<Value> {
    text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn form(body: &[u8]) -> BTreeMap<String, String> {
    let body = std::str::from_utf8(body).unwrap();
    let decoded =
        |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned();
    body.split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}

/// Which resource an entry is about, and what it says.
fn said(entry: &Value) -> String {
    let uri: Vec<&str> = entry["resource_uri"].as_str().unwrap().split('/').collect();
    assert_eq!((uri[1], uri[2], uri[4].len(), uri[5]), ("api", "v1", 36, ""), "{entry}");
    assert_eq!(entry["timestamp"].as_str().unwrap().len(), 19);
    assert_eq!((entry["name"].as_str(), entry.as_object().unwrap().len()), (Some("status"), 4));
    format!("{} {}", uri[3], entry["value"].as_str().unwrap())
}

#[test]
fn legalesigns_bodies_look_like_the_samples() {
    let samples = samples(include_str!("../../data/legalesign/samples.jsonl"));
    let (mut known, mut realtime) = (BTreeSet::new(), BTreeMap::<String, Vec<Value>>::new());
    let mut signed_keys = BTreeSet::new();
    for sample in &samples {
        let (event, body) = (sample["event"].as_str().unwrap(), sample["raw_body"].as_str().unwrap());
        if let Some(event) = event.strip_prefix("realtime-json ") {
            realtime.entry(event.to_owned()).or_default().push(serde_json::from_str(body).unwrap());
        } else if event == "realtime.signed with json_signed" {
            signed_keys.extend(form(body.as_bytes()).into_keys());
        } else if event.starts_with("batch.all signer") || event.starts_with("batch.all document") {
            let entries: Vec<Value> = serde_json::from_str(&form(body.as_bytes())["data"]).unwrap();
            known.extend(entries.iter().map(said));
        }
    }
    let callbacks = told(Kind::Legalesign, 200);
    let count = callbacks.iter().filter(|it| it.entry).count();
    let posts = wire::posts(callbacks, 360_000);
    assert!(posts.iter().all(|post| !post.entry));
    let (mut entries, mut codes, mut events, mut together) = (0, BTreeSet::new(), BTreeSet::new(), false);
    for post in &posts {
        events.insert(post.event);
        match post.event {
            "batch" => {
                let form = form(&post.body);
                assert_eq!(form.keys().collect::<Vec<_>>(), ["data", "signed"]);
                let list: Vec<Value> = serde_json::from_str(&form["data"]).unwrap();
                entries += list.len();
                let order: Vec<&str> = list.iter().map(|it| it["timestamp"].as_str().unwrap()).collect();
                assert!(order.is_sorted(), "{order:?}");
                together |= list.windows(2).any(|two| two[0]["timestamp"] == two[1]["timestamp"]);
                codes.extend(list.iter().map(said));
            }
            "signed" => {
                let form = form(&post.body);
                assert_eq!(form.keys().cloned().collect::<BTreeSet<_>>(), signed_keys);
                let inner: BTreeMap<String, String> = serde_json::from_str(&form["json_signed"]).unwrap();
                assert!(
                    inner.iter().all(|(key, value)| form[key] == *value) && inner.len() == 5,
                    "{inner:?}"
                );
                assert!(post.headers.iter().any(|(name, value)| *name == "x-signed" && value.len() == 344));
            }
            event => {
                let body: Value = serde_json::from_slice(&post.body).unwrap();
                let differences = Shape::of(&realtime[event]).differences(&body);
                assert!(differences.is_empty(), "{differences:?}");
                assert!(
                    post.headers.iter().any(|(name, value)| *name == "x-hmac-sha256" && value.len() == 64)
                );
            }
        }
    }
    assert_eq!((entries, together), (count, true), "every change is in one batch");
    assert_eq!(codes, known, "all codes are told");
    assert_eq!(
        events,
        ["batch", "document.created", "recipient.bounced", "recipient.rejected", "signed"].into()
    );
}

#[test]
fn websignatureoffices_bodies_are_the_samples_but_for_the_numbers() {
    let plain = |body: &str| -> String {
        let mut pieces = body.split('"').map(str::to_owned).collect::<Vec<_>>();
        for place in 2..pieces.len() {
            if pieces[place - 1] == ":" && pieces[place - 2] != "from" && pieces[place - 2] != "to" {
                pieces[place] = pieces[place].replace(|it: char| it.is_ascii_digit(), "");
            }
        }
        pieces.join("\"")
    };
    let samples = samples(include_str!("../../data/websignatureoffice/samples.jsonl"));
    let known: BTreeSet<String> = samples.iter().map(|it| plain(it["raw_body"].as_str().unwrap())).collect();
    let told: BTreeSet<String> = told(Kind::WebSignatureOffice, 300)
        .iter()
        .map(|it| plain(std::str::from_utf8(&it.body).unwrap()))
        .collect();
    assert_eq!(told, known);
}

/// A document of Legalesign's with two signers, the first of whom has refused.
async fn refused() -> (Simulator, String, Vec<String>) {
    let simulator = start(vec![Account::new("ls", Kind::Legalesign)]).await;
    let (id, signers) = {
        let world = simulator.world();
        let mut world = world.lock();
        let draft = Draft::named("NDA").signer("Ana", "Souza").signer("Tom", "Okafor").document("NDA");
        let id = world.create("ls", &draft, NOW - 90_000).unwrap().id;
        for act in [Act::Activate, Act::Open(0), Act::Decline(0, "Too dear".to_owned())] {
            assert!(!world.act("ls", &id, &act, NOW - 60_000).is_empty());
        }
        let roles = &world.package("ls", &id).unwrap().roles;
        let signers = roles.iter().map(|role| role.signer.as_ref().unwrap().id.clone()).collect();
        (id, signers)
    };
    (simulator, id, signers)
}

#[tokio::test(flavor = "multi_thread")]
async fn legalesigns_rest_side_answers_and_refuses() {
    let (simulator, id, signers) = refused().await;
    let key = Account::new("ls", Kind::Legalesign).api_key;
    let get = async |path: &str| ask(&simulator, "ls", path, Some(&key)).await;
    let samples: Value = serde_json::from_str(include_str!("../../data/legalesign/documents.json")).unwrap();
    let whole = get(&format!("/document/{id}/")).await;
    assert_eq!((whole.status, &whole.json["status"]), (200, &json!(50)));
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&whole.json), keys(&samples["document_detail"]["body"]));
    let person = &whole.json["signer_objects"][0];
    assert_eq!(keys(person), keys(&samples["document_detail"]["body"]["signer_objects"][0]));
    assert_eq!((&person["status"], &person["uuid"]), (&json!(60), &json!(signers[0])));
    let signer = get(&format!("/signer/{}/", signers[1])).await.json;
    assert_eq!(keys(&signer), keys(&samples["signer"]["body"]));
    assert_eq!(signer["document"], format!("/api/v1/document/{id}/"));
    let reason = get(&format!("/signer/{}/rejection/", signers[0])).await.json;
    assert_eq!(reason, json!({ "status": 60, "reason": "Too dear" }));
    for missing in [format!("/signer/{}/rejection/", signers[1]), "/document/none/".to_owned()] {
        assert_eq!(get(&missing).await.status, 404, "{missing}");
    }
    let group = whole.json["group"].as_str().unwrap().split('/').nth(4).unwrap().to_owned();
    let groups = get("/group/").await.json;
    assert!(groups["objects"].as_array().unwrap().iter().any(|it| it["slug"] == group.as_str()));
    assert_eq!(get("/document/").await.status, 400);
    {
        let world = simulator.world();
        let mut world = world.lock();
        for _ in 0..4 {
            world
                .create("ls", &Draft::named("NDA").signer("Ana", "Souza").document("NDA"), NOW - 9_000)
                .unwrap();
        }
    }
    let page = get(&format!("/document/?group={group}&limit=3")).await.json;
    let sample = &samples["document_list_page_1"]["body"];
    assert_eq!(
        (keys(&page["meta"]), keys(&page["objects"][0])),
        (keys(&sample["meta"]), keys(&sample["objects"][0]))
    );
    let next = page["meta"]["next"].as_str().unwrap().strip_prefix("/api/v1").unwrap();
    let rest = get(next).await.json;
    assert_eq!((&rest["meta"]["next"], rest["objects"].as_array().unwrap().len()), (&json!(null), 2));
    let after = async |query: &str| {
        get(&format!("/document/?group={group}&{query}")).await.json["meta"]["total_count"].as_u64().unwrap()
    };
    assert_eq!(after("modified_gt=2026-11-02T09:29:30").await, 4);
    assert_eq!([after("archived=true").await, after("status=50").await], [0, 1]);
    let sent = { simulator.world().lock().packages("ls")[1].id.clone() };
    for act in [Act::Activate, Act::Void] {
        simulator.world().lock().act("ls", &sent, &act, NOW - 1_000);
    }
    assert_eq!([after("archived=true").await, after("limit=1").await], [1, 4], "a voided one is put away");
    assert_eq!(ask(&simulator, "ls", "/group/", Some("ApiKey demo:wrong")).await.status, 401);
    simulator.faults().refuse_next(1, Refusal::TooMany(7));
    let throttled = get("/group/").await;
    assert_eq!((throttled.status, throttled.retry_after), (429, None));
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tyr_lets_in_who_signs_and_tells_one_status() {
    let account = Account::new("wo", Kind::WebSignatureOffice);
    let simulator = start(vec![account.clone()]).await;
    let id = {
        let world = simulator.world();
        let mut world = world.lock();
        let draft = Draft::named("NDA").signer("Ana", "Souza").signer("Tom", "Okafor").document("NDA");
        let id = world.create("wo", &draft, NOW - 90_000).unwrap().id;
        let told = [Act::Activate, Act::SignAll(0)].map(|act| world.act("wo", &id, &act, NOW - 60_000).len());
        assert_eq!(told, [1, 3]);
        id
    };
    let call = async |secret: &str, method: &str, params: [&str; 2]| {
        let params = params.map(|it| format!("<param><value><string>{it}</string></value></param>")).concat();
        let xml =
            format!("<methodCall><methodName>{method}</methodName><params>{params}</params></methodCall>");
        let digest = Sha256::new().chain_update(&xml).chain_update(secret).finalize();
        let seal: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let request =
            reqwest::Client::new().post(simulator.base_url("wo")).header("X-SOSIGNATURE", seal).body(xml);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    };
    let secret = &account.shared_secret;
    assert!(call("another", "login", ["me", &account.api_key]).await.contains("signature_invalid"));
    assert!(call(secret, "login", ["me", "wrong"]).await.contains("<int>102</int>"));
    let told = call(secret, "login", ["me", &account.api_key]).await;
    let session = told.split("<string>").nth(1).unwrap().split('<').next().unwrap();
    let pass = format!("{session}:1793611800:abc:{}", account.api_key);
    let method = "getDocumentSignatureRequestStatus";
    assert!(call(secret, method, [&pass, &id]).await.contains("<value><int>2</int></value>"));
    assert!(call(secret, method, [&pass, "7"]).await.contains("document_not_found"));
    assert!(call(secret, method, ["x:1:2:3", &id]).await.contains("session_invalid"));
    simulator.faults().refuse_next(1, Refusal::Unauthorised);
    assert!(call(secret, method, [&pass, &id]).await.contains("login_failed"));
    simulator.stop().await;
}
