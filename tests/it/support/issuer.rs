//! Issuers of tokens: a real OpenID Connect server, a forger's own, and the browser that goes between them and a board.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use signboard::config::{OidcConfig, Secret};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Arc, Mutex};

/// The configuration of a sign-in at an issuer.
pub fn oidc(issuer: &str) -> OidcConfig {
    let words = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    OidcConfig {
        issuer: issuer.to_owned(),
        client_id: "signboard".to_owned(),
        client_secret: Secret::new("a secret of the tests alone"),
        label: "Example Ltd".to_owned(),
        scopes: words(&["email", "profile", "groups"]),
        role_claim: "groups".to_owned(),
        email_claim: "email".to_owned(),
        roles: [words(&["signboard-admins"]), words(&["signboard-senders"]), words(&["staff"])],
        link_verified: false,
        proxy: None,
        ca_file: None,
    }
}

/// The real one, in a process of its own.
pub struct Real {
    process: Child,
    orders: Option<ChildStdin>,
    says: BufReader<ChildStdout>,
    pub issuer: String,
}

impl Real {
    /// `None`: it isn't installed, and nobody said that it must be.
    pub fn start() -> Option<Self> {
        let mut command = super::node::node("oidc")?;
        command.arg("server.mjs").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.stderr(Stdio::null()).spawn().expect("node");
        let (orders, stdout) = (process.stdin.take(), process.stdout.take().unwrap());
        let mut real = Self { process, orders, says: BufReader::new(stdout), issuer: String::new() };
        real.issuer = real.hear();
        Some(real)
    }

    /// Tells it something, and waits until it is done.
    pub fn order(&mut self, order: &str) {
        writeln!(self.orders.as_mut().unwrap(), "{order}").unwrap();
        assert_eq!(self.hear(), "done");
    }

    /// It is gone.
    pub fn end(&mut self) {
        self.orders = None;
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        self.end();
    }
}

/// A browser, as far as a sign-in needs one: it keeps each site's cookies, and goes where it is sent.
#[derive(Default)]
pub struct Browser {
    client: Option<reqwest::Client>,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// A page.
pub struct Page {
    pub status: u16,
    pub url: String,
    /// Where it leads to; empty: nowhere.
    pub to: String,
    pub text: String,
}

impl Browser {
    pub async fn get(&mut self, url: &str) -> Page {
        self.ask(url, None).await
    }

    /// Goes on until a page leads nowhere, or to an address that begins so: that one isn't opened.
    pub async fn follow(&mut self, mut page: Page, until: &str) -> Page {
        for _ in 0..10 {
            if page.to.is_empty() || (!until.is_empty() && page.to.starts_with(until)) {
                return page;
            }
            page = self.ask(&page.to.clone(), None).await;
        }
        panic!("sent around in circles: {}", page.url);
    }

    /// Signs in at the real server, and agrees to what it asks; up to the address that leads back to the board.
    pub async fn prove(&mut self, page: Page, name: &str, back: &str) -> String {
        let mut page = self.follow(page, back).await;
        for _ in 0..3 {
            if page.to.starts_with(back) {
                return page.to;
            }
            let action = page.text.split_once("action=\"").unwrap().1.split('"').next().unwrap().to_owned();
            let form = if page.text.contains("name=\"login\"") {
                format!("prompt=login&login={name}&password=any")
            } else {
                "prompt=consent".to_owned()
            };
            let next = self.ask(&action, Some(form)).await;
            page = self.follow(next, back).await;
        }
        panic!("not let back: {}", page.text);
    }

    /// What it shows a site, and may be shown by another browser.
    pub fn cookie(&self, url: &str, name: &str) -> Option<&String> {
        self.cookies.get(&origin(url))?.get(name)
    }

    pub fn set_cookie(&mut self, url: &str, name: &str, value: &str) {
        self.cookies.entry(origin(url)).or_default().insert(name.to_owned(), value.to_owned());
    }

    async fn ask(&mut self, url: &str, form: Option<String>) -> Page {
        let client = self.client.get_or_insert_with(super::board::client).clone();
        let mut request = match form {
            Some(form) => {
                client.post(url).body(form).header("content-type", "application/x-www-form-urlencoded")
            }
            None => client.get(url),
        };
        let jar = self.cookies.entry(origin(url)).or_default();
        let all: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !all.is_empty() {
            request = request.header("cookie", all.join("; "));
        }
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() || cookie.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let to = answer.headers().get("location").map_or("", |it| it.to_str().unwrap());
        let to = if to.starts_with('/') { format!("{}{to}", origin(url)) } else { to.to_owned() };
        let status = answer.status().as_u16();
        Page { status, url: url.to_owned(), to, text: answer.text().await.unwrap() }
    }
}

fn origin(url: &str) -> String {
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}

/// A value of a query, decoded.
pub fn query(url: &str, name: &str) -> String {
    let pairs = url.split_once('?').unwrap().1.split('&');
    let value = pairs.filter_map(|it| it.split_once('=')).find(|(key, _)| *key == name).unwrap().1;
    percent_encoding::percent_decode_str(value).decode_utf8().unwrap().into_owned()
}

/// A key that signs by ES256.
pub struct Key {
    pub kid: String,
    pair: EcdsaKeyPair,
}

impl Key {
    pub fn new(kid: &str) -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap();
        Self { kid: kid.to_owned(), pair }
    }

    /// As it is published.
    pub fn public(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..65]));
        json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid, "x": x, "y": y })
    }

    /// A token with these claims.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({ "alg": "ES256", "typ": "JWT", "kid": self.kid }), claims)
    }

    /// The same under a header that may lie.
    pub fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let text = unsigned(header, claims);
        let signature = self.pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What of a token is signed.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// An issuer that says whatever a test wants.
#[derive(Clone)]
pub struct Forger {
    pub url: String,
    shared: Arc<Mutex<Says>>,
}

#[derive(Default)]
struct Says {
    keys: Vec<Value>,
    tokens: Value,
    person: Option<(u16, Value)>,
    status: u16,
    extra: usize,
    hangs: bool,
    calls: BTreeMap<String, usize>,
}

impl Forger {
    /// It publishes this key. It stops with the test's runtime.
    pub fn start(key: &Key) -> Self {
        let shared = Arc::new(Mutex::new(Says { keys: vec![key.public()], status: 200, ..Says::default() }));
        let says = shared.clone();
        let server = HttpServer::new(move || {
            let says = says.clone();
            App::new().default_service(web::to(move |request: HttpRequest| {
                let (answer, hangs) = {
                    let mut says = says.lock().unwrap();
                    (says.answer(&request), says.hangs)
                };
                async move { if hangs { std::future::pending().await } else { answer } }
            }))
        });
        let server = server.workers(1).disable_signals().shutdown_timeout(0).bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        Self { url, shared }
    }

    /// What it publishes from now on.
    pub fn publish(&self, keys: &[&Key]) {
        self.shared.lock().unwrap().keys = keys.iter().map(|it| it.public()).collect();
    }

    /// What it gives for a code, or for a refresh token.
    pub fn gives(&self, tokens: Value) {
        self.shared.lock().unwrap().tokens = tokens;
    }

    /// What it says when asked about somebody; without this it can't be asked.
    pub fn says_of_people(&self, status: u16, person: Value) {
        self.shared.lock().unwrap().person = Some((status, person));
    }

    /// Each answer is longer by so many bytes.
    pub fn adds(&self, extra: usize) {
        self.shared.lock().unwrap().extra = extra;
    }

    /// From now on it takes calls and answers none.
    pub fn hangs(&self) {
        self.shared.lock().unwrap().hangs = true;
    }

    /// With which status it answers everything; 200: as it should.
    pub fn answers(&self, status: u16) {
        self.shared.lock().unwrap().status = status;
    }

    /// How often this path was asked for.
    pub fn count(&self, path: &str) -> usize {
        self.shared.lock().unwrap().calls.get(path).copied().unwrap_or_default()
    }
}

impl Says {
    fn answer(&mut self, request: &HttpRequest) -> HttpResponse {
        *self.calls.entry(request.path().to_owned()).or_default() += 1;
        if self.status != 200 {
            let status = actix_web::http::StatusCode::from_u16(self.status).unwrap();
            return HttpResponse::build(status).body("not now");
        }
        let url = format!("http://{}", request.headers().get("host").unwrap().to_str().unwrap());
        match request.path() {
            "/.well-known/openid-configuration" => HttpResponse::Ok().json(json!({
                "issuer": url,
                "userinfo_endpoint": self.person.as_ref().map(|_| format!("{url}/people")),
                "extra": "x".repeat(self.extra),
                "authorization_endpoint": format!("{url}/authorize"),
                "token_endpoint": format!("{url}/token"),
                "jwks_uri": format!("{url}/jwks"),
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            })),
            "/jwks" => HttpResponse::Ok().json(json!({ "keys": self.keys })),
            "/people" => {
                let (status, person) = self.person.clone().unwrap_or((404, Value::Null));
                HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).json(person)
            }
            "/token" if self.tokens.get("error").is_some() => HttpResponse::BadRequest().json(&self.tokens),
            "/token" => HttpResponse::Ok().json(&self.tokens),
            _ => HttpResponse::NotFound().finish(),
        }
    }
}
