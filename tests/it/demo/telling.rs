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

/// A board that only listens.
struct Board {
    url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    refuse_after: Arc<AtomicUsize>,
}

#[derive(Debug, Clone)]
struct Heard {
    account: String,
    authorization: String,
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
        let (log, limit) = (heard.clone(), refuse_after.clone());
        let listen = move |request: HttpRequest, account: web::Path<String>, body: web::Json<Value>| {
            let (log, limit) = (log.clone(), limit.clone());
            async move {
                let authorization =
                    request.headers().get("authorization").unwrap().to_str().unwrap().to_owned();
                let mut log = log.lock().unwrap();
                log.push(Heard { account: account.into_inner(), authorization, body: body.into_inner() });
                if log.len() > limit.load(Ordering::SeqCst) {
                    return HttpResponse::ServiceUnavailable().finish();
                }
                HttpResponse::Ok().finish()
            }
        };
        let app = move || App::new().route("/callbacks/{account}", web::post().to(listen.clone()));
        let server = HttpServer::new(app).workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        Self { url, heard, refuse_after }
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}
