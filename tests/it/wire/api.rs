//! How the API is asked and what is made of its answers.

mod lists;
mod tokens;

use crate::wire::account;
use crate::wire::fake::Fake;
use actix_web::HttpResponse;
use serde_json::Value;
use signboard::config::{ApiAuth, ApiConfig, ProviderKind, Secret};
use signboard::model::{Answer, PackageId, Status, Timestamp};
use signboard::provider::{FetchError, Fetched, Provider};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

const PACKAGES: &str = include_str!("../../data/onespan/packages.json");

/// Sun, 06 Nov 1994 08:49:37 GMT
const NOW: Timestamp = Timestamp(784_111_777_000);

const RENEWAL: &str = "Xl2CwhVUMgOrTJI1p_69sIG_b0c=";

pub fn sample(path: &str) -> Value {
    serde_json::from_str::<Value>(PACKAGES).unwrap().pointer(path).unwrap().clone()
}

pub fn id(text: &str) -> PackageId {
    PackageId::parse(text).unwrap()
}

pub fn with_key(fake: &Fake) -> ApiConfig {
    let auth = ApiAuth::ApiKey { key: Secret::new("YXBpLWtleQ==") };
    ApiConfig { base_url: format!("{}/api", fake.url), auth, proxy: None, ca_file: None, cache: false }
}

fn onespan(fake: &Fake, calls_per_minute: u32) -> Arc<dyn Provider> {
    account(ProviderKind::OneSpan, Some(with_key(fake)), calls_per_minute)
}

/// Asks once for a package that gets this answer.
async fn told(answer: impl Fn() -> HttpResponse + Send + Sync + 'static) -> Result<Fetched, FetchError> {
    let fake = Fake::start(move |_| answer());
    onespan(&fake, 60).fetch(&id(RENEWAL), NOW).await
}

#[tokio::test]
async fn a_package_is_asked_for_by_its_escaped_id_and_read() {
    let fake = Fake::start(|_| {
        let package =
            sample("/packages").as_object().unwrap().values().find(|it| it["id"] == RENEWAL).cloned();
        HttpResponse::Ok().insert_header(("Date", "Sun, 06 Nov 1994 08:49:35 GMT")).json(package)
    });
    let fetched = onespan(&fake, 60).fetch(&id(RENEWAL), NOW).await.unwrap();
    assert_eq!(fetched.date, Some(NOW.plus(-2_000)));
    let Answer::Shown(it) = fetched.answer else { panic!("it is there") };
    assert_eq!((it.status, it.name.as_deref()), (Status::Sent, Some("Auto policy 88-4417 renewal")));
    let sender = it.sender.unwrap();
    assert_eq!((sender.id.as_str(), sender.name.as_deref()), ("I1JSMcAdaOzU", Some("Priya Anand")));
    assert_eq!(it.reference.as_deref(), Some("api"));
    assert_eq!((it.autocomplete, it.trashed, it.template), (true, false, false));
    assert_eq!(it.updated.map(|at| at.0), Some(1_717_518_678_000));
    let places: Vec<_> = it.places.iter().map(|it| (it.index, it.required, it.signed, it.started)).collect();
    assert_eq!(places, [(1, 1, 1, true), (2, 1, 0, false)]);
    let first = it.places[0].role.clone();
    let papers: Vec<_> = it.papers.into_iter().map(|it| (it.agreement, it.signed_by)).collect();
    assert_eq!(papers, [(true, vec![first.clone()]), (false, vec![first])]);

    let asked = &fake.asked()[0];
    assert_eq!(asked.what, "GET /api/packages/Xl2CwhVUMgOrTJI1p_69sIG_b0c%3D");
    assert_eq!(asked.header("authorization"), "Basic YXBpLWtleQ==");
    assert_eq!(asked.header("accept"), "application/json; esl-api-version=11");
    assert_eq!(asked.header("user-agent"), concat!("signboard/", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn hostile_ids_stay_one_segment() {
    let fake = Fake::start(|_| HttpResponse::NotFound().finish());
    let provider = onespan(&fake, 60);
    for (package, path) in [
        ("a/../b?c#d", "a%2F..%2Fb%3Fc%23d"),
        ("é <b>", "%C3%A9%20%3Cb%3E"),
        ("%2e%2e", "%252e%252e"),
        ("a\r\nHost: x", "a%0D%0AHost%3A%20x"),
    ] {
        let fetched = provider.fetch(&id(package), NOW).await.unwrap();
        assert_eq!(fetched.answer, Answer::NotFound);
        assert_eq!(fake.asked().last().unwrap().what, format!("GET /api/packages/{path}"));
    }
    let sent = fake.asked().len();
    for package in [".", ".."] {
        assert!(matches!(provider.fetch(&id(package), NOW).await, Err(FetchError::Unreadable(_))));
    }
    assert_eq!(fake.asked().len(), sent);
}

#[tokio::test]
async fn each_status_has_its_meaning() {
    let gone = told(|| HttpResponse::NotFound().json(sample("/error/body"))).await.unwrap();
    assert_eq!(gone.answer, Answer::NotFound);
    assert!(gone.date.is_some());
    assert_eq!(told(|| HttpResponse::Forbidden().finish()).await, Err(FetchError::NotOurs));
    let refused = FetchError::Refused("it answers 401".to_owned());
    assert_eq!(told(|| HttpResponse::Unauthorized().finish()).await, Err(refused));
    for (code, words) in [(500, "it answers 500"), (400, "it answers 400"), (503, "doesn't say until when")] {
        let answer = told(move || HttpResponse::build(code.try_into().unwrap()).finish()).await;
        assert!(matches!(&answer, Err(FetchError::Unavailable(why)) if why.contains(words)), "{answer:?}");
    }
    for body in [
        "",
        "<html>",
        "[]",
        "{\"status\":",
        "\"a word\"",
        "{\"status\":\"NEW\"}",
        "{\"id\":\"other\",\"status\":\"SENT\"}",
    ] {
        let answer = told(move || HttpResponse::Ok().body(body)).await;
        assert!(matches!(&answer, Err(FetchError::Unreadable(_))), "{body}: {answer:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let fake = Fake::start(|asked| {
        assert!(!asked.what.contains("elsewhere"));
        HttpResponse::Found().insert_header(("Location", "/elsewhere")).finish()
    });
    let answer = onespan(&fake, 60).fetch(&id("p"), NOW).await;
    assert!(matches!(&answer, Err(FetchError::Unavailable(why)) if why.contains("redirect")), "{answer:?}");
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    // Zeros, which the server packs to a thousandth: what counts is what comes out.
    let answer = told(|| HttpResponse::Ok().content_type("text/plain").body(vec![b'0'; 17 << 20])).await;
    assert_eq!(answer, Err(FetchError::Unreadable("an answer of more than 16 MiB".to_owned())));
}

#[tokio::test]
async fn a_wish_to_wait_is_kept_exactly() {
    for (code, wish, wait) in
        [(429, "7", 7), (503, "7", 7), (429, "Sun, 06 Nov 1994 08:49:47 GMT", 10), (429, "80000", 80_000)]
    {
        let status = Arc::new(AtomicU16::new(code));
        let answer = status.clone();
        let fake = Fake::start(move |_| {
            let code = answer.load(Ordering::SeqCst).try_into().unwrap();
            HttpResponse::build(code).insert_header(("Retry-After", wish)).finish()
        });
        let provider = onespan(&fake, 60);
        let expected = Err(FetchError::Throttled(Duration::from_secs(wait)));
        assert_eq!(provider.fetch(&id("p"), NOW).await, expected);
        status.store(404, Ordering::SeqCst);
        // Not before that: nothing is even sent.
        let end = NOW.plus(i64::try_from(wait).unwrap() * 1000);
        let early = provider.fetch(&id("q"), end.plus(-1)).await;
        assert_eq!(early, Err(FetchError::Throttled(Duration::from_millis(1))));
        assert_eq!(provider.list(None, 0, NOW).await.map(drop), expected.map(drop));
        assert_eq!(fake.asked().len(), 1);
        assert!(provider.fetch(&id("q"), end).await.is_ok());
        assert_eq!(fake.asked().len(), 2);
    }
}

/// Meant to catch: the wish granted.
#[tokio::test]
async fn whoever_asks_for_longer_than_a_day_is_asked_again_after_one() {
    let fake =
        Fake::start(|_| HttpResponse::TooManyRequests().insert_header(("Retry-After", "2592000")).finish());
    let provider = onespan(&fake, 60);
    let day = Duration::from_secs(86_400);
    let told = provider.fetch(&id("p"), NOW).await.unwrap_err();
    assert_eq!(told, FetchError::Throttled(day));
    assert!(told.to_string().contains("a day or longer"), "{told}");
    let early = provider.fetch(&id("p"), NOW.plus(86_399_999)).await;
    assert_eq!(early, Err(FetchError::Throttled(Duration::from_millis(1))));
    assert_eq!(provider.fetch(&id("p"), NOW.plus(86_400_000)).await, Err(FetchError::Throttled(day)));
    assert_eq!(fake.asked().len(), 2);
}

#[tokio::test]
async fn the_budget_is_never_exceeded() {
    let fake = Fake::start(|_| HttpResponse::NotFound().finish());
    let provider = onespan(&fake, 3);
    let (mut made, mut told_to_wait) = (0, Vec::new());
    for step in 0..6 {
        match provider.fetch(&id("p"), NOW.plus(step * 1_000)).await {
            Ok(_) => made += 1,
            Err(FetchError::Full(wait)) => told_to_wait.push(wait.as_secs()),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((made, told_to_wait, fake.asked().len()), (3, vec![57, 56, 55], 3));
    assert!(provider.fetch(&id("p"), NOW.plus(60_000)).await.is_ok());
}

#[tokio::test]
async fn nobody_there() {
    let mut config = with_key(&Fake::start(|_| HttpResponse::Ok().finish()));
    config.base_url = "http://127.0.0.1:1/api".to_owned();
    let answer = account(ProviderKind::OneSpan, Some(config), 60).fetch(&id("p"), NOW).await;
    assert!(
        matches!(&answer, Err(FetchError::Unavailable(why)) if why.contains("no connection")),
        "{answer:?}"
    );
    let none = account(ProviderKind::Conga, None, 60);
    assert_eq!(none.fetch(&id("p"), NOW).await, Err(FetchError::NoApi));
    assert_eq!(none.list(None, 0, NOW).await, Err(FetchError::NoApi));
}

#[tokio::test]
async fn the_proxy_is_used() {
    let proxy = Fake::start(|_| HttpResponse::NotFound().finish());
    let mut config = with_key(&proxy);
    config.base_url = "http://sign.invalid/api".to_owned();
    config.proxy = Some(proxy.url.clone());
    assert!(account(ProviderKind::OneSpan, Some(config), 60).fetch(&id("p"), NOW).await.is_ok());
    assert_eq!(proxy.asked()[0].header("host"), "sign.invalid");
}

#[tokio::test]
async fn outcomes_are_counted() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    for code in [200, 404, 404, 403, 401, 429, 500] {
        let _ = told(move || HttpResponse::build(code.try_into().unwrap()).body("no json")).await;
    }
    let text = recorder.handle().render();
    for (outcome, times) in
        [("not_found", 2), ("unreadable", 1), ("forbidden", 1), ("refused", 1), ("unavailable", 2)]
    {
        let line = format!("signboard_api_calls_total{{account=\"test\",outcome=\"{outcome}\"}} {times}");
        assert!(text.contains(&line), "{line} is not in:\n{text}");
    }
}
