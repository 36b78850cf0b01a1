//! How Legalesign's REST API is asked about a document or a signer, and what is made of its answers.

mod lists;

use crate::wire::fake::{Asked, Fake};
use actix_web::HttpResponse;
use serde_json::{Value, json};
use signboard::config::{AccountConfig, ApiAuth, ApiConfig, CallbackAuth, ProviderKind, Secret};
use signboard::model::{
    AccountId, Answer, Event, PackageId, SignerId, SignerStatus, Snapshot, Status, Step, Timestamp,
};
use signboard::provider::{FetchError, Fetched, OpenError, Provider, open};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const DOCUMENTS: &str = include_str!("../../data/legalesign/documents.json");

/// Sun, 06 Nov 1994 08:49:37 GMT
const NOW: Timestamp = Timestamp(784_111_777_000);

const GAMMA: &str = "94346a0a-ecf8-5b43-bc6a-16d49ca00e7d";

pub fn sample(path: &str) -> Value {
    serde_json::from_str::<Value>(DOCUMENTS).unwrap().pointer(path).unwrap().clone()
}

pub fn id(text: &str) -> PackageId {
    PackageId::parse(text).unwrap()
}

fn opened(url: &str, auth: ApiAuth, groups: &[&str], calls: u32) -> Result<Arc<dyn Provider>, OpenError> {
    let api = ApiConfig { base_url: format!("{url}/api/v1"), auth, proxy: None, ca_file: None, cache: false };
    opened_with(api, groups, calls)
}

pub fn opened_with(api: ApiConfig, groups: &[&str], calls: u32) -> Result<Arc<dyn Provider>, OpenError> {
    let config = AccountConfig {
        groups: groups.iter().map(|it| (*it).to_owned()).collect(),
        api: Some(api),
        calls_per_minute: calls,
        ..AccountConfig::new(ProviderKind::Legalesign, CallbackAuth::None)
    };
    open(&AccountId("test".to_owned()), &config)
}

pub fn legalesign(fake: &Fake, groups: &[&str]) -> Arc<dyn Provider> {
    let authorization = Secret::new("ApiKey 0123456789abcdef:throwaway");
    opened(&fake.url, ApiAuth::Header { authorization }, groups, 1_000).expect("the account opens")
}

/// Asks once for a document that gets this answer.
async fn told(
    answer: impl Fn(&Asked) -> HttpResponse + Send + Sync + 'static,
) -> Result<Fetched, FetchError> {
    legalesign(&Fake::start(answer), &[]).fetch(&id(GAMMA), NOW).await
}

/// What the board is told by an API that shows this document, and knows no reasons.
pub async fn shown(document: Value) -> Result<Snapshot, FetchError> {
    let answer = told(move |asked| {
        let is_document = asked.what.starts_with("GET /api/v1/document/");
        if is_document { HttpResponse::Ok().json(&document) } else { HttpResponse::NotFound().finish() }
    });
    match answer.await?.answer {
        Answer::Shown(snapshot) => Ok(snapshot),
        Answer::NotFound => panic!("it is there"),
    }
}

/// Signers by their codes, in the list of eight.
fn signers(codes: &[i64]) -> Value {
    let rows = codes.iter().enumerate().map(|(at, code)| {
        json!([format!("/api/v1/signer/s{at}/"), "A", "B", "a@example.test", "", true, code, at])
    });
    rows.collect()
}

#[tokio::test]
async fn a_document_is_asked_for_and_read() {
    let fake = Fake::start(|_| {
        let body = sample("/document_detail/body");
        HttpResponse::Ok().insert_header(("Date", "Sun, 06 Nov 1994 08:49:35 GMT")).json(body)
    });
    let fetched = legalesign(&fake, &[]).fetch(&id(GAMMA), NOW).await.unwrap();
    assert_eq!(fetched.date, Some(NOW.plus(-2_000)));
    let Answer::Shown(it) = fetched.answer else { panic!("it is there") };
    assert_eq!(it.status, Status::Completed);
    assert_eq!(it.name.as_deref(), Some("Mietvertrag Müller & Søn – 契約書 №7 🖋"));
    assert_eq!(it.group.as_deref(), Some("lettings-team"));
    assert_eq!(it.reference.as_deref(), Some("ref/2025.05,[a:b;c_d]"));
    assert_eq!(it.sender.unwrap().id, "a17604c1-b46f-5bb3-8cf9-6118cfd8a134");
    assert_eq!((it.archived, it.final_pdf, it.autocomplete, it.trashed), (false, true, true, false));
    assert_eq!(it.created, Some(Timestamp(1_746_525_600_000)));
    assert_eq!(it.updated, Some(Timestamp(1_746_525_959_000)));
    assert_eq!((it.reason, it.status_only), (None, false));
    let [place] = &it.places[..] else { panic!("one signer") };
    assert_eq!((place.role.as_str(), place.index), ("e600bd12-d1d0-5f86-81d5-2d0a719bac95", 0));
    assert_eq!((place.required, place.signed, place.started), (1, 1, true));
    assert_eq!((place.step, place.refused, place.untold), (Some(Step::Downloaded), false, false));
    let (person, _) = &place.people[0];
    assert_eq!((&person.id, person.name.as_deref()), (&place.role, Some("Zoë Müller")));
    assert_eq!(person.email.as_deref(), Some("zoe@example.test"));

    let asked = fake.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].what, format!("GET /api/v1/document/{GAMMA}/"));
    assert_eq!(asked[0].header("authorization"), "ApiKey 0123456789abcdef:throwaway");
    assert_eq!(asked[0].header("accept"), "application/json");
}

#[tokio::test]
async fn every_spelling_of_the_signers_reads_alike() {
    let uuid = "e600bd12-d1d0-5f86-81d5-2d0a719bac95";
    let row = |uri: &str, code: Value, order: Value| json!({ "signers": [[uri, "Zoë", "Müller", "zoe@example.test", "", "True", code, order]] });
    let object = json!({ "firstname": "Zoë", "lastname": "Müller", "email": "zoe@example.test", "order": "0",
        "status": "50", "uuid": uuid.to_uppercase() });
    let other = json!([["/api/v1/signer/other/", "", "", "", "", true, 4, 0]]);
    let uri = |kind: &str| format!("/api/v1/{kind}/{uuid}/");
    for mut document in [
        row(&uri("signer"), json!(50), json!(0)),
        row(&uri("signers"), json!("50"), json!("0")),
        row(&format!("https://eu-api.legalesign.com/api/v1/signer/{uuid}"), json!(50), json!("")),
        json!({ "signers": [object] }),
        json!({ "signer_objects": [object], "signers": other }),
        json!({ "signer_objects": [object], "signers": null }),
        json!({ "signer_objects": [], "signers": [null, 7, "x", [], {}, object] }),
    ] {
        document["status"] = json!("30");
        document["signers_in_order"] = json!(1);
        let it = shown(document.clone()).await.unwrap();
        let told: Vec<_> = it.places.iter().map(|it| (it.role.as_str(), it.step, it.index)).collect();
        assert_eq!(told, [(uuid, Some(Step::Downloaded), 0)], "{document}");
        let person = &it.places[0].people[0].0;
        assert_eq!(person.name.as_deref(), Some("Zoë Müller"));
        assert_eq!((person.id.as_str(), person.email.as_deref()), (uuid, Some("zoe@example.test")));
    }
}

#[tokio::test]
async fn the_order_counts_only_where_there_is_one() {
    for (in_order, expected) in
        [(json!(true), [0, 1, 2]), (json!("1"), [0, 1, 2]), (json!(0), [0; 3]), (Value::Null, [0; 3])]
    {
        let document =
            json!({ "status": 10, "signers": signers(&[40, 10, 4]), "signers_in_order": in_order });
        let order: Vec<_> = shown(document).await.unwrap().places.iter().map(|it| it.index).collect();
        assert_eq!(order, expected, "{in_order}");
    }
}

/// state.md rule 19.
#[tokio::test]
async fn each_code_has_its_meaning() {
    for (code, codes, status) in [
        (json!(10), &[4, 5][..], Status::Draft),
        (json!(10), &[], Status::Draft),
        (json!(10), &[4, 10], Status::Sent),
        (json!("10"), &[60, 4], Status::Sent),
        // Whatever it is, it isn't "unsent".
        (json!(10), &[77], Status::Sent),
        (json!(20), &[4], Status::Sent),
        (json!(30), &[40], Status::Completed),
        (json!(40), &[10], Status::Cancelled),
        (json!("50"), &[60], Status::Declined),
    ] {
        let document = json!({ "status": code, "signers": signers(codes) });
        assert_eq!(shown(document).await.unwrap().status, status, "{code} {codes:?}");
    }
    for code in [json!(100), json!("signed"), json!(0), json!(10.5), Value::Null] {
        let told = shown(json!({ "status": code, "signers": [] })).await.unwrap_err();
        assert!(matches!(&told, FetchError::Unreadable(why) if why.contains("status")), "{told}");
    }
    let why = shown(json!({ "status": 60, "signers": [] })).await.unwrap_err().to_string();
    assert!(why.ends_with("a document of the unknown status 60"), "{why}");

    let codes = [4, 5, 10, 15, 20, 35, 30, 39, 40, 50, 60, 99];
    let it = shown(json!({ "status": 10, "signers": signers(&codes) })).await.unwrap();
    let told: Vec<_> =
        it.places.iter().map(|it| (it.step, it.refused, it.untold, it.signed, it.started)).collect();
    assert_eq!(
        told,
        [
            (Some(Step::Unsent), false, false, 0, false),
            (Some(Step::Scheduled), false, false, 0, false),
            (Some(Step::Sent), false, false, 0, false),
            (Some(Step::MailOpened), false, false, 0, false),
            (Some(Step::Visited), false, false, 0, false),
            (Some(Step::FilledButSignature), false, false, 0, true),
            (Some(Step::Filled), false, false, 0, true),
            (Some(Step::AwaitsWitness), false, false, 0, true),
            (Some(Step::Signed), false, false, 1, true),
            (Some(Step::Downloaded), false, false, 1, true),
            (None, true, false, 0, false),
            (None, false, true, 0, false),
        ]
    );
}

/// state.md rule 19: what a code that nobody knows is about stays as callbacks told it.
#[tokio::test]
async fn an_unknown_code_of_a_signer_denies_nothing() {
    use crate::state::build::{Log, MIN, signer};
    let it = shown(json!({ "status": 10, "signers": signers(&[45, 20]) })).await.unwrap();
    let log = Log::sent().by(1, "s0", Event::Stands(Step::Signed)).by(2, "s1", Event::Stands(Step::Signed));
    let package = log.shown(MIN, it).fold();
    assert_eq!(signer(&package, "s0").status, SignerStatus::Signed);
    assert_eq!(signer(&package, "s0").name.as_deref(), Some("A B"));
    assert_eq!(signer(&package, "s1").status, SignerStatus::Viewed);
}

#[tokio::test]
async fn little_is_told_and_nothing_is_guessed() {
    let it =
        shown(json!({ "status": 10, "signers": [["/api/v1/signer/later/", "", "", "", "", false, 4, 0]],
        "tag": "a", "tag1": "", "tag2": "c", "group": "/api/v1/group/lettings/", "user": "", "name": " ",
        "created": "2020-05-20T:15:10", "modified": "", "archived": "true", "download_final": 0 }))
        .await
        .unwrap();
    assert_eq!((it.name, it.sender, it.created, it.updated), (None, None, None, None));
    assert_eq!((it.reference.as_deref(), it.group.as_deref()), (Some("a · c"), Some("lettings")));
    assert_eq!((it.archived, it.final_pdf), (true, false));
    // Somebody who is decided on later.
    let (person, _) = &it.places[0].people[0];
    assert_eq!((person.id.as_str(), &person.name, &person.email), ("later", &None, &None));
}

#[tokio::test]
async fn who_refused_is_asked_why() {
    let alpha = "99344324-1504-5d99-b3f6-4df9971e3f7f";
    let rejection = "GET /api/v1/signer/9baa1bc7-16ce-5a51-904e-13a6972bb806/rejection/";
    for (code, expected) in [(200, Some("Salary differs from what we agreed")), (500, None), (401, None)] {
        let fake = Fake::start(move |asked| match asked.what.contains("/rejection/") {
            true if code == 200 => HttpResponse::Ok().json(sample("/signer_rejection/body")),
            true => HttpResponse::build(code.try_into().unwrap()).finish(),
            false => HttpResponse::Ok().json(sample("/document_list_page_1/body/objects/0")),
        });
        let fetched = legalesign(&fake, &[]).fetch(&id(alpha), NOW).await.unwrap();
        let Answer::Shown(it) = fetched.answer else { panic!("it is there") };
        assert_eq!((it.status, it.reason.as_deref()), (Status::Declined, expected), "{code}");
        let asked: Vec<_> = fake.asked().into_iter().map(|it| it.what).collect();
        assert_eq!(asked, [format!("GET /api/v1/document/{alpha}/").as_str(), rejection]);
    }
    // Three at most, the first reason counts, and one without a reason is none.
    for (told, expected, calls) in [("s1", Some("Too long"), 3), ("s3", None, 4)] {
        let fake = Fake::start(move |asked| match asked.what.contains("/rejection/") {
            true if asked.what.contains(told) => HttpResponse::Ok().json(json!({ "reason": " Too long " })),
            true => HttpResponse::Ok().json(json!({ "status": 60, "reason": null })),
            false => {
                HttpResponse::Ok().json(json!({ "status": 50, "signers": signers(&[60, 60, 60, 60, 20]) }))
            }
        });
        let fetched = legalesign(&fake, &[]).fetch(&id(alpha), NOW).await.unwrap();
        let Answer::Shown(it) = fetched.answer else { panic!("it is there") };
        assert_eq!((it.reason.as_deref(), fake.asked().len()), (expected, calls));
    }
}

#[tokio::test]
async fn each_answer_has_its_meaning() {
    let gone = told(|_| HttpResponse::NotFound().finish()).await.unwrap();
    assert_eq!(gone.answer, Answer::NotFound);
    let refused = FetchError::Refused("it answers 401".to_owned());
    assert_eq!(told(|_| HttpResponse::Unauthorized().finish()).await, Err(refused));
    assert_eq!(told(|_| HttpResponse::Forbidden().finish()).await, Err(FetchError::NotOurs));
    for code in [400, 405, 500, 503, 302] {
        let answer = told(move |_| HttpResponse::build(code.try_into().unwrap()).finish()).await;
        assert!(matches!(answer, Err(FetchError::Unavailable(_))), "{code}: {answer:?}");
    }
    let other = json!({ "uuid": "other", "status": 10, "signers": [] }).to_string();
    for body in [
        "",
        "<html>",
        "[]",
        "{\"status\":",
        "{}",
        "{\"status\":30}",
        "{\"status\":10,\"signers\":null}",
        &other,
    ] {
        let body = body.to_owned();
        let answer = told(move |_| HttpResponse::Ok().body(body.clone())).await;
        assert!(matches!(answer, Err(FetchError::Unreadable(_))), "{answer:?}");
    }
}

#[tokio::test]
async fn a_429_without_a_time_means_a_minute() {
    let throttles = Arc::new(AtomicBool::new(true));
    let answer = throttles.clone();
    let fake = Fake::start(move |_| {
        let busy = answer.load(Ordering::SeqCst);
        if busy { HttpResponse::TooManyRequests().finish() } else { HttpResponse::NotFound().finish() }
    });
    let provider = legalesign(&fake, &["g"]);
    let wait = |ms| Err(FetchError::Throttled(Duration::from_millis(ms)));
    assert_eq!(provider.fetch(&id("p"), NOW).await, wait(60_000));
    throttles.store(false, Ordering::SeqCst);
    assert_eq!(provider.fetch(&id("p"), NOW.plus(59_000)).await, wait(1_000));
    assert_eq!(fake.asked().len(), 1);
    assert!(provider.fetch(&id("p"), NOW.plus(60_000)).await.is_ok());
    // A time that is told counts.
    let answer = told(|_| HttpResponse::TooManyRequests().insert_header(("Retry-After", "7")).finish()).await;
    assert_eq!(answer, wait(7_000));
}

#[tokio::test]
async fn hostile_ids_stay_one_segment() {
    let fake = Fake::start(|_| HttpResponse::NotFound().finish());
    let provider = legalesign(&fake, &[]);
    for (text, path) in [
        ("a/../b?c#d", "a%2F..%2Fb%3Fc%23d"),
        ("%2e%2e", "%252e%252e"),
        ("a\r\nHost: x", "a%0D%0AHost%3A%20x"),
    ] {
        provider.fetch(&id(text), NOW).await.unwrap();
        provider.locate(&SignerId::parse(text).unwrap(), NOW).await.unwrap();
        let asked: Vec<_> = fake.asked().into_iter().rev().take(2).map(|it| it.what).collect();
        assert_eq!(asked, [format!("GET /api/v1/signer/{path}/"), format!("GET /api/v1/document/{path}/")]);
    }
    let sent = fake.asked().len();
    for text in [".", ".."] {
        assert!(matches!(provider.fetch(&id(text), NOW).await, Err(FetchError::Unreadable(_))));
        let signer = SignerId::parse(text).unwrap();
        assert!(matches!(provider.locate(&signer, NOW).await, Err(FetchError::Unreadable(_))));
    }
    assert_eq!(fake.asked().len(), sent);
}

#[tokio::test]
async fn a_signer_is_located_by_its_document() {
    let signer = SignerId::parse("e600bd12-d1d0-5f86-81d5-2d0a719bac95").unwrap();
    for (body, package) in [
        (sample("/signer/body"), Some(GAMMA)),
        (json!({ "document": format!("https://x/api/v1/documents/{}", GAMMA.to_uppercase()) }), Some(GAMMA)),
        (json!({ "document": format!("/api/v1/template/{GAMMA}/") }), None),
        (json!({ "document": "/api/v1/document/d/", "resource_uri": "/api/v1/signer/other/" }), None),
        (json!({ "document": null }), None),
        (json!({ "document": format!("/document/{}/", "x".repeat(300)) }), None),
        (json!([]), None),
    ] {
        let answer = body.clone();
        let fake = Fake::start(move |_| {
            HttpResponse::Ok().insert_header(("Date", "Sun, 06 Nov 1994 08:49:35 GMT")).json(&answer)
        });
        match (legalesign(&fake, &[]).locate(&signer, NOW).await, package) {
            (Ok(located), Some(package)) => {
                assert_eq!(located.package, Some(id(package)));
                assert_eq!(located.date, Some(NOW.plus(-2_000)));
            }
            (Err(FetchError::Unreadable(_)), None) => {}
            (answer, _) => panic!("{body}: {answer:?}"),
        }
        assert_eq!(fake.asked()[0].what, format!("GET /api/v1/signer/{}/", signer.as_str()));
    }
    let fake = Fake::start(|_| HttpResponse::NotFound().finish());
    assert_eq!(legalesign(&fake, &[]).locate(&signer, NOW).await.unwrap().package, None);
}

#[tokio::test]
async fn only_the_whole_header_opens_it() {
    let key = ApiAuth::ApiKey { key: Secret::new("hush") };
    let told = opened("http://127.0.0.1:1", key, &[], 60).unwrap_err().to_string();
    assert!(told.contains("`authorization`") && !told.contains("hush"), "{told}");
    let broken = ApiAuth::Header { authorization: Secret::new("ApiKey hush\nhush") };
    let told = opened("http://127.0.0.1:1", broken, &[], 60).unwrap_err();
    assert_eq!(told, OpenError::ApiKey);
}
