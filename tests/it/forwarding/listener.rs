//! The other listener: a real server that takes, refuses, hangs, redirects, or is away, and remembers what came.

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// How it behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mood {
    Answers(u16),
    /// Answers this to bodies that hold the text, and 200 to others.
    Dislikes(&'static str, u16),
    Hangs,
    Redirects,
    /// Answers 200 with so much that nobody reads it.
    Floods,
    /// Nobody listens at its address.
    IsAway,
}

/// A call as it came.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Got {
    /// With what follows the question mark.
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// It was answered with 200.
    pub is_taken: bool,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

#[derive(Clone)]
struct Shared {
    got: Arc<Mutex<Vec<Got>>>,
    mood: Arc<Mutex<Mood>>,
}

/// It stops with the test's runtime.
pub struct Listener {
    address: SocketAddr,
    running: Option<ServerHandle>,
    shared: Shared,
}

impl Listener {
    pub fn start() -> Self {
        let mood = Arc::new(Mutex::new(Mood::Answers(200)));
        let shared = Shared { got: Arc::default(), mood };
        let (address, handle) = listen(SocketAddr::from(([127, 0, 0, 1], 0)), &shared);
        Self { address, running: Some(handle), shared }
    }

    pub async fn now(&mut self, mood: Mood) {
        match (mood == Mood::IsAway, self.running.take()) {
            (true, Some(handle)) => handle.stop(false).await,
            (false, None) => self.running = Some(listen(self.address, &self.shared).1),
            (_, running) => self.running = running,
        }
        *self.shared.mood.lock().unwrap() = mood;
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All that came so far.
    pub fn got(&self) -> Vec<Got> {
        self.shared.got.lock().unwrap().clone()
    }

    /// The bodies that were answered with 200, in their order.
    pub fn taken(&self) -> Vec<String> {
        let got = self.got().into_iter().filter(|it| it.is_taken);
        got.map(|it| String::from_utf8(it.body).unwrap()).collect()
    }

    pub async fn stop(mut self) {
        self.now(Mood::IsAway).await;
    }
}

fn listen(address: SocketAddr, shared: &Shared) -> (SocketAddr, ServerHandle) {
    let shared = shared.clone();
    let http = HttpServer::new(move || {
        let shared = shared.clone();
        App::new().default_service(web::to(move |request: HttpRequest, body: web::Bytes| {
            answer(shared.clone(), request, body)
        }))
    });
    let http = http.workers(1).disable_signals().shutdown_timeout(0).bind(address).unwrap();
    let address = http.addrs()[0];
    let running = http.run();
    let handle = running.handle();
    tokio::spawn(running);
    (address, handle)
}

async fn answer(shared: Shared, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let mood = shared.mood.lock().unwrap().clone();
    let status = match &mood {
        Mood::Answers(status) => *status,
        Mood::Dislikes(text, status) if String::from_utf8_lossy(&body).contains(text) => *status,
        Mood::Dislikes(..) => 200,
        Mood::Hangs | Mood::IsAway => 0,
        Mood::Redirects => 307,
        Mood::Floods => 200,
    };
    let headers = request.headers().iter();
    let got = Got {
        path: request.uri().to_string(),
        headers: headers.map(|(name, it)| (name.to_string(), it.to_str().unwrap().to_owned())).collect(),
        body: body.to_vec(),
        is_taken: status == 200,
    };
    shared.got.lock().unwrap().push(got);
    if status == 0 {
        std::future::pending::<()>().await;
    }
    let mut answer = HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap());
    answer.insert_header(("location", "/elsewhere"));
    if status == 429 {
        answer.insert_header(("retry-after", "300"));
    }
    // Longer than anybody has to read.
    answer.body("x".repeat(if mood == Mood::Floods { 10_000_000 } else { 100_000 }))
}
