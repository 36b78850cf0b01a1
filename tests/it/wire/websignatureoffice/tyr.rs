//! The web service, played by a fake that checks signatures, sessions and keys as the manual says.

use crate::wire::account;
use crate::wire::fake::{Asked, Fake};
use actix_web::HttpResponse;
use dxr::{Fault, FaultResponse, MethodCall, MethodResponse, Value};
use sha2::{Digest, Sha256};
use signboard::config::{ApiAuth, ApiConfig, ProviderKind, Secret};
use signboard::model::{Answer, PackageId, Snapshot, Status, Timestamp};
use signboard::provider::{FetchError, Fetched, Listing, Provider};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Sun, 06 Nov 1994 08:49:37 GMT
const NOW: Timestamp = Timestamp(784_111_777_000);

const SHARED: &str = "shared-hush";

/// What stands in every secret, and in no error, no matter what is answered.
const HUSH: &str = "hush";

/// Tyr as the manual describes it. `answer` says what the one method returns, given the document.
#[derive(Default)]
struct Service {
    logins: AtomicUsize,
    /// The session with this number and all before it have ended.
    ended: AtomicUsize,
    nonces: Mutex<HashSet<String>>,
}

impl Service {
    fn start(answer: impl Fn(&str) -> HttpResponse + Send + Sync + 'static) -> (Fake, Arc<Self>) {
        let service = Arc::new(Self::default());
        let played = service.clone();
        (Fake::start(move |asked| played.play(asked, &answer)), service)
    }

    fn play(&self, asked: &Asked, answer: &impl Fn(&str) -> HttpResponse) -> HttpResponse {
        assert_eq!(asked.what, "POST /tyrservice");
        assert!(asked.header("content-type").starts_with("text/xml"));
        let digest = Sha256::digest(format!("{}{SHARED}", asked.body));
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if asked.header("x-sosignature") != hex {
            return fault(100, "signature_mismatch");
        }
        let call = MethodCall::from_xml(&asked.body).unwrap();
        let params: Vec<&str> = call
            .params
            .iter()
            .map(|value| if let Value::String(text) = value { text.as_str() } else { panic!("{value:?}") })
            .collect();
        match (&*call.name, &params[..]) {
            ("login", ["ada@firm.example", "pass<&>hush"]) => {
                value(Value::String(format!("session-hush-{}", self.logins.fetch_add(1, SeqCst) + 1)))
            }
            ("login", [_, _]) => fault(102, "login_failed"),
            ("getDocumentSignatureRequestStatus", [pass, document]) => {
                let parts: Vec<&str> = pass.split(':').collect();
                let [session, seconds, nonce, key] = parts[..] else { panic!("{pass}") };
                assert_eq!(key, "customer-hush");
                assert!(seconds.parse::<i64>().unwrap() >= NOW.0 / 1000);
                assert!(self.nonces.lock().unwrap().insert(nonce.to_owned()), "a nonce came twice");
                let number: usize = session.strip_prefix("session-hush-").unwrap().parse().unwrap();
                if number <= self.ended.load(SeqCst) {
                    return fault(17, "invalid_session");
                }
                answer(document)
            }
            other => panic!("{other:?}"),
        }
    }
}

fn value(value: Value) -> HttpResponse {
    HttpResponse::Ok().content_type("text/xml").body(MethodResponse { value }.to_xml().unwrap())
}

fn fault(code: i32, text: &str) -> HttpResponse {
    let fault = FaultResponse { fault: Fault::new(code, text.to_owned()) };
    HttpResponse::Ok().content_type("text/xml").body(fault.to_xml().unwrap())
}

fn with(fake: &Fake, password: &str, calls_per_minute: u32) -> Arc<dyn Provider> {
    let auth = ApiAuth::Tyr {
        user: "ada@firm.example".to_owned(),
        password: Secret::new(password),
        customer_key: Secret::new("customer-hush"),
        shared_secret: Secret::new(SHARED),
    };
    let base_url = format!("{}/tyrservice", fake.url);
    let api = ApiConfig { base_url, auth, proxy: None, ca_file: None, cache: false };
    account(ProviderKind::WebSignatureOffice, Some(api), calls_per_minute)
}

fn right(fake: &Fake) -> Arc<dyn Provider> {
    with(fake, "pass<&>hush", 60)
}

fn id(text: &str) -> PackageId {
    PackageId::parse(text).unwrap()
}

fn only(status: Status) -> Answer {
    Answer::Shown(Snapshot { status, status_only: true, ..Snapshot::default() })
}

/// Asks once; whatever comes of it speaks of no secret.
async fn ask(provider: &dyn Provider, document: &str) -> Result<Fetched, FetchError> {
    let told = provider.fetch(&id(document), NOW).await;
    assert!(!format!("{told:?} {provider:?}").contains(HUSH), "{told:?}");
    assert!(!format!("{told:?} {provider:?}").contains("ada@"), "{told:?}");
    told
}

/// What comes of one answer.
async fn told(answer: impl Fn() -> HttpResponse + Send + Sync + 'static) -> Result<Fetched, FetchError> {
    let (fake, _) = Service::start(move |_| answer());
    ask(&*right(&fake), "41207").await
}

#[tokio::test]
async fn a_status_is_asked_for_within_one_session() {
    let (fake, service) = Service::start(|document| match document {
        "1" | "2" => value(Value::Integer(document.parse().unwrap())),
        "007" => HttpResponse::Ok()
            .insert_header(("Date", "Sun, 06 Nov 1994 08:49:35 GMT"))
            .body(MethodResponse { value: Value::String("3".to_owned()) }.to_xml().unwrap()),
        "<&>\"]]>" => value(Value::Array(vec![Value::Long(4)])),
        other => panic!("{other}"),
    });
    let provider = right(&fake);
    for (document, status) in [("1", Status::Sent), ("2", Status::Sent), ("<&>\"]]>", Status::Failed)] {
        assert_eq!(ask(&*provider, document).await.unwrap().answer, only(status), "{document}");
    }
    let fetched = ask(&*provider, "007").await.unwrap();
    assert_eq!(fetched, Fetched { answer: only(Status::Completed), date: Some(NOW.plus(-2_000)) });
    assert_eq!((service.logins.load(SeqCst), fake.asked().len()), (1, 5));
}

#[tokio::test]
async fn a_session_that_ended_is_renewed_once() {
    let (fake, service) = Service::start(|_| value(Value::Integer(3)));
    let provider = right(&fake);
    assert!(ask(&*provider, "1").await.is_ok());
    service.ended.store(1, SeqCst);
    assert!(ask(&*provider, "1").await.is_ok());
    assert_eq!((service.logins.load(SeqCst), fake.asked().len()), (2, 5));
    // Not for ever: whoever has just been let in is not refused by a word, which may mean that document alone.
    service.ended.store(usize::MAX, SeqCst);
    let odd = Err(FetchError::Unreadable("fault 17, invalid_session".to_owned()));
    assert_eq!(ask(&*provider, "1").await, odd);
    assert_eq!((service.logins.load(SeqCst), fake.asked().len()), (3, 8));
    assert_eq!(ask(&*right(&fake), "1").await, odd);
    assert_eq!((service.logins.load(SeqCst), fake.asked().len()), (4, 10));
}

#[tokio::test]
async fn the_documented_refusal_counts_in_every_call() {
    let (fake, service) = Service::start(|_| fault(102, "login_failed"));
    let provider = right(&fake);
    let refused = Err(FetchError::Refused("fault 102, login_failed".to_owned()));
    assert_eq!(ask(&*provider, "1").await, refused);
    assert_eq!((service.logins.load(SeqCst), fake.asked().len()), (1, 2));
    assert_eq!(ask(&*provider, "1").await, refused);
    assert_eq!((service.logins.load(SeqCst), fake.asked().len()), (2, 4));
}

#[tokio::test]
async fn an_old_session_is_not_relied_on() {
    let (fake, service) = Service::start(|_| value(Value::Integer(3)));
    let provider = right(&fake);
    for (minutes, logins) in [(0, 1), (9, 1), (10, 2), (1, 2), (-60, 3)] {
        provider.fetch(&id("1"), NOW.plus(86_400_000 + minutes * 60_000)).await.unwrap();
        assert_eq!(service.logins.load(SeqCst), logins, "after {minutes} minutes");
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_tried_again_and_again() {
    let (fake, _) = Service::start(|_| panic!("nobody is logged in"));
    let provider = with(&fake, "wrong-hush", 60);
    let refused = FetchError::Refused("fault 102, login_failed".to_owned());
    assert_eq!(ask(&*provider, "1").await, Err(refused.clone()));
    assert_eq!(fake.asked().len(), 1);
    assert_eq!(provider.list(None, 0, NOW).await, Err(refused));
}

/// No fault says that a document is gone, so none makes it so (rule 9).
#[tokio::test]
async fn a_fault_is_never_a_missing_document() {
    for (code, text, sentence) in [
        (104, "document_not_found", "fault 104, document_not_found"),
        (404, "", "fault 404"),
        (5, "user ada@firm.example may not see hush", "fault 5"),
        (6, "customer-hush is unknown", "fault 6"),
    ] {
        let answer = told(move || fault(code, text)).await;
        assert_eq!(answer, Err(FetchError::Unreadable(sentence.to_owned())));
    }
    let swapped = "<?xml version=\"1.0\"?>\n<methodResponse>\n <fault>\n <value><struct>\n\
         <member><name>faultString</name><value>gone</value></member>\n\
         <member><name>faultCode</name><value><string>12</string></value></member>\n\
         </struct></value>\n</fault>\n</methodResponse>";
    let answer = told(move || HttpResponse::Ok().body(swapped)).await;
    assert_eq!(answer, Err(FetchError::Unreadable("fault 12, gone".to_owned())));
    // A document that alone can't be answered costs nobody the session.
    let (fake, service) = Service::start(|_| fault(104, "document_not_found"));
    let provider = right(&fake);
    for _ in 0..3 {
        assert!(ask(&*provider, "1").await.is_err());
    }
    assert_eq!(service.logins.load(SeqCst), 1);
}

#[tokio::test]
async fn garbage_is_unreadable() {
    let deep = "<array><data><value>".repeat(50_000);
    let deep = format!("<methodResponse><params><param><value>{deep}3");
    let deep_fault = deep.replace("params><param", "fault").replace("3", "</fault>");
    let entities = "<!DOCTYPE x [<!ENTITY a \"3\">]><methodResponse><params><param><value>&a;</value></param></params></methodResponse>";
    let two = "<methodResponse><params><param><value>3</value></param><param><value>3</value></param></params></methodResponse>";
    for body in [
        "",
        "3",
        "<html>",
        "{\"status\":3}",
        "<methodResponse/>",
        "<methodResponse><fault/></methodResponse>",
        "<methodResponse><fault></fault></methodResponse>",
        "<methodResponse><fault><value><struct></struct></value></fault></methodResponse>",
        "<methodResponse><params></params></methodResponse>",
        "<methodResponse><params><param><value><struct/></value></param></params></methodResponse>",
        "<methodResponse><params><param><value>5</value></param></params></methodResponse>",
        entities,
        two,
        &deep,
        &deep_fault,
    ] {
        let body = body.to_owned();
        let start: String = body.chars().take(120).collect();
        let answer = told(move || HttpResponse::Ok().body(body.clone())).await;
        assert!(matches!(&answer, Err(FetchError::Unreadable(_))), "{start}: {answer:?}");
    }
    let answer = told(|| HttpResponse::Ok().body(&b"\xff<methodResponse>"[..])).await;
    assert!(matches!(&answer, Err(FetchError::Unreadable(_))), "{answer:?}");
}

#[tokio::test]
async fn a_login_must_give_one_session() {
    for id in ["", "  ", &"s".repeat(1_025)] {
        let id = id.to_owned();
        let fake = Fake::start(move |_| value(Value::String(id.clone())));
        let told = ask(&*right(&fake), "1").await;
        assert!(matches!(&told, Err(FetchError::Unreadable(why)) if why.contains("session")), "{told:?}");
        assert_eq!(fake.asked().len(), 1);
    }
}

#[tokio::test]
async fn each_status_of_http_has_its_meaning() {
    for code in [400, 404, 500, 302] {
        let answer = told(move || HttpResponse::build(code.try_into().unwrap()).finish()).await;
        assert_eq!(answer, Err(FetchError::Unavailable(format!("it answers {code}"))));
    }
    for code in [401, 403] {
        let answer = told(move || HttpResponse::build(code.try_into().unwrap()).finish()).await;
        assert_eq!(answer, Err(FetchError::Refused(format!("it answers {code}"))));
    }
    let answer = told(|| HttpResponse::TooManyRequests().insert_header(("Retry-After", "7")).finish()).await;
    assert_eq!(answer, Err(FetchError::Throttled(Duration::from_secs(7))));
}

#[tokio::test]
async fn logins_count_against_the_budget() {
    let (fake, _) = Service::start(|_| value(Value::Integer(3)));
    let provider = with(&fake, "pass<&>hush", 3);
    assert!(ask(&*provider, "1").await.is_ok());
    assert!(ask(&*provider, "1").await.is_ok());
    assert_eq!(ask(&*provider, "1").await, Err(FetchError::Full(Duration::from_secs(60))));
    assert_eq!(fake.asked().len(), 3);
}

#[tokio::test]
async fn nothing_can_be_listed_or_located() {
    let (fake, service) = Service::start(|_| HttpResponse::InternalServerError().finish());
    let provider = right(&fake);
    assert_eq!(provider.list(None, 0, NOW).await, Ok(Listing::default()));
    assert_eq!(provider.list(None, 0, NOW).await, Ok(Listing::default()));
    assert_eq!(service.logins.load(SeqCst), 1);
    // A service in trouble has to let us in again before a list counts as working.
    assert!(ask(&*provider, "1").await.is_err());
    assert_eq!(provider.list(None, 0, NOW).await, Ok(Listing::default()));
    assert_eq!(service.logins.load(SeqCst), 2);
    let signer = signboard::model::SignerId::parse("88").unwrap();
    assert_eq!(provider.locate(&signer, NOW).await.unwrap().package, None);

    let none = account(ProviderKind::WebSignatureOffice, None, 60);
    assert_eq!(none.fetch(&id("1"), NOW).await, Err(FetchError::NoApi));
    assert_eq!(none.list(None, 0, NOW).await, Err(FetchError::NoApi));
    assert_eq!(none.locate(&signer, NOW).await.unwrap().package, None);
}
