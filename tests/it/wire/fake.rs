//! A fake API on loopback: answers what the test says, and remembers what it was asked.

use actix_web::middleware::Compress;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The method and the path, escapes as sent.
    pub what: String,
    /// What follows the question mark.
    pub query: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Asked {
    /// A header's value, or "".
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// The running server; it stops with the test's runtime.
pub struct Fake {
    /// `http://127.0.0.1:port`.
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    /// Starts one that answers with `answer`.
    pub fn start(answer: impl Fn(&Asked) -> HttpResponse + Send + Sync + 'static) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, answer) = (asked.clone(), Arc::new(answer));
        let server = HttpServer::new(move || {
            let (log, answer) = (log.clone(), answer.clone());
            App::new().wrap(Compress::default()).default_service(web::to(
                move |request: HttpRequest, body: web::Bytes| {
                    let asked = read(&request, &body);
                    log.lock().unwrap().push(asked.clone());
                    let answer = answer(&asked);
                    async move { answer }
                },
            ))
        });
        let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        Self { url, asked }
    }

    /// All that it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often it was asked for what begins so.
    pub fn count(&self, what: &str) -> usize {
        self.asked().iter().filter(|asked| asked.what.starts_with(what)).count()
    }
}

fn read(request: &HttpRequest, body: &[u8]) -> Asked {
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    Asked {
        what: format!("{} {}", request.method(), request.uri().path()),
        query: request.query_string().to_owned(),
        headers: headers.collect(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}
