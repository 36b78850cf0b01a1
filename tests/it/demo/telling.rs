//! History and live life arrive at a board that only listens.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;
use signboard::demo::Options;
use tokio_util::sync::CancellationToken;

use crate::demo::support::{conga, onespan, start};
use signboard::demo::act::{Act, Draft};
use signboard::demo::{Account, Events, Kind};

#[tokio::test(flavor = "multi_thread")]
async fn history_is_told_fast_in_order_and_after_it_is_true() {
    let simulator = start(vec![onespan("onespan-eu"), conga("conga")]).await;
    let board = Board::open().await;
    let began = Instant::now();
    let told = simulator.tell_history(&board.url, &Options::default()).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(told.accepted > 2_200 && told.refused + told.unanswered == 0, "{told:?}");
    let heard = board.heard();
    assert_eq!(heard.len(), told.accepted);
    let mut newest: BTreeMap<String, String> = BTreeMap::new();
    for call in &heard {
        let key = if call.account == "conga" { "Basic conga-key" } else { "Basic onespan-key" };
        assert_eq!(call.authorization, key);
        let (package, at) = (call.text("packageId"), call.text("createdDate"));
        assert!(at.as_str() < "2026-11-02T09:30:00.500Z", "{at}");
        let before = newest.insert(package, at.clone());
        assert!(before.is_none_or(|before| before < at), "{at}");
    }
    assert!(newest.len() == 300, "{}", newest.len());
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn live_life_goes_on_and_stops_at_once() {
    let simulator = start(vec![onespan("onespan-eu")]).await;
    let board = Board::open().await;
    board.refuse_after.store(10, Ordering::SeqCst);
    let stop = CancellationToken::new();
    let options = Options {
        rate_per_minute: 6_000.0,
        duplicate: 0.3,
        drop: 0.1,
        reorder: 0.2,
        delay_seconds: 0.2,
        ..Options::default()
    };
    let stopper = async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        stop.cancel();
        Instant::now()
    };
    let (told, cancelled) = tokio::join!(simulator.live(&board.url, &options, stop.clone()), stopper);
    assert!(cancelled.elapsed() < Duration::from_millis(200));
    assert!(told.accepted == 10 && told.refused > 30 && told.dropped > 3, "{told:?}");
    let mut bodies = BTreeMap::new();
    for call in board.heard() {
        *bodies.entry(call.body.to_string()).or_insert(0) += 1;
    }
    assert!(bodies.values().any(|times| *times == 2));
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn websignatureoffice_calls_until_it_reads_200_as_its_settings_say() {
    let headers = vec![("user".to_owned(), "foo".to_owned())];
    let filter = vec!["STATUS_CHANGE".to_owned()];
    let retry = Some(Duration::from_millis(20));
    let patient = Events { retry, retries: None, filter: filter.clone(), headers: headers.clone() };
    for (retry, retries, refused, tries) in [(retry, None, 3, 4), (retry, Some(2), 9, 3), (None, None, 9, 1)]
    {
        let events = Events { retry, retries, ..patient.clone() };
        let simulator = start(vec![Account { events, ..Account::new("wo", Kind::WebSignatureOffice) }]).await;
        let board = Board::open().await;
        board.refuse_first.store(refused, Ordering::SeqCst);
        let callbacks = {
            let world = simulator.world();
            let mut world = world.lock();
            let draft = Draft::named("NDA").signer("Ana", "Souza").document("NDA");
            let id = world.create("wo", &draft, 0).unwrap().id;
            [Act::Activate, Act::SignAll(0)].map(|act| world.act("wo", &id, &act, 0)).concat()
        };
        assert_eq!(callbacks.len(), 1, "the others are filtered out");
        let told = simulator.tell(&board.url, callbacks).await;
        let accepted = usize::from(tries > refused);
        assert_eq!((told.accepted, told.refused), (accepted, tries - accepted));
        let heard = board.heard();
        assert_eq!(heard.len(), tries);
        for call in heard {
            assert_eq!((call.path.as_str(), call.user.as_deref()), ("/callbacks/wo/wo-path", Some("foo")));
            assert_eq!((call.authorization.as_str(), call.body["to"].as_str()), ("Basic wo-key", Some("3")));
        }
        simulator.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn legalesigns_changes_collect_while_life_goes_on() {
    let simulator = start(vec![Account::new("ls", Kind::Legalesign)]).await;
    let board = Board::open().await;
    let stop = CancellationToken::new();
    let options = Options { rate_per_minute: 12_000.0, batch_seconds: 0.3, ..Options::default() };
    let stopper = async {
        while board.heard().iter().filter(|call| call.raw.starts_with("data=")).count() < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.cancel();
    };
    tokio::join!(simulator.live(&board.url, &options, stop.clone()), stopper);
    let heard = board.heard();
    let batches = heard.iter().filter(|call| call.raw.starts_with("data="));
    assert!(batches.clone().any(|call| call.raw.matches("resource").count() > 5), "changes are collected");
    let apart = |call: &&Heard| !call.raw.starts_with("data=");
    let bodies = ["resource_uri=", "{"];
    assert!(heard.iter().filter(apart).all(|call| bodies.iter().any(|it| call.raw.starts_with(it))));
    assert!(
        !heard.iter().filter(apart).any(|call| call.raw.contains("\"timestamp\"")),
        "no entry comes alone"
    );
    simulator.stop().await;
}

/// A board that only listens.
struct Board {
    url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    refuse_after: Arc<AtomicUsize>,
    refuse_first: Arc<AtomicUsize>,
}

#[derive(Debug, Clone)]
struct Heard {
    account: String,
    path: String,
    authorization: String,
    user: Option<String>,
    raw: String,
    body: Value,
}

impl Heard {
    fn text(&self, key: &str) -> String {
        self.body[key].as_str().unwrap().to_owned()
    }
}

impl Board {
    async fn open() -> Self {
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let refuse_after = Arc::new(AtomicUsize::new(usize::MAX));
        let refuse_first: Arc<AtomicUsize> = Arc::default();
        let (log, limit, first) = (heard.clone(), refuse_after.clone(), refuse_first.clone());
        let listen = move |request: HttpRequest, body: web::Bytes| {
            let (log, limit, first) = (log.clone(), limit.clone(), first.clone());
            async move {
                let header = |name: &str| Some(request.headers().get(name)?.to_str().unwrap().to_owned());
                let mut log = log.lock().unwrap();
                log.push(Heard {
                    account: request.match_info().get("account").unwrap().to_owned(),
                    path: request.path().to_owned(),
                    authorization: header("authorization").unwrap_or_default(),
                    user: header("user"),
                    raw: String::from_utf8(body.to_vec()).unwrap(),
                    body: serde_json::from_slice(&body).unwrap_or_default(),
                });
                if log.len() > limit.load(Ordering::SeqCst) || log.len() <= first.load(Ordering::SeqCst) {
                    return HttpResponse::ServiceUnavailable().finish();
                }
                HttpResponse::Ok().finish()
            }
        };
        let app = move || {
            App::new()
                .route("/callbacks/{account}", web::post().to(listen.clone()))
                .route("/callbacks/{account}/{token}", web::post().to(listen.clone()))
        };
        let server = HttpServer::new(app).workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        Self { url, heard, refuse_after, refuse_first }
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}
