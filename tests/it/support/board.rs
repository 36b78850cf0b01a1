//! A board with a folder of its own, on a port of its own. Its workers don't run: a test turns their steps by hand.

use reqwest::{Client, Response};
use serde_json::Value;
use signboard::app::App;
use signboard::clock::Clock;
use signboard::config::{
    AccountConfig, ApiAuth, ApiConfig, CallbackAuth, Config, ForwardConfig, HookConfig, Opens, ProviderKind,
    Secret,
};
use signboard::serve::Server;
use std::net::SocketAddr;
use std::path::PathBuf;
use tempfile::TempDir;

/// Noon on 22 November 2026, UTC.
pub const NOON: i64 = 1_795_348_800_000;
/// The header that the accounts of a test board ask for.
pub const KEY: &str = "Basic cb-key";

/// A board under test.
pub struct Board {
    server: Option<Server>,
    pub url: String,
    pub clock: Clock,
    pub client: Client,
    config: Config,
    folder: TempDir,
}

/// A configuration with one OneSpan account `os` and one Conga account `cg`; `apis` are their base addresses.
pub fn config(data: PathBuf, apis: [Option<String>; 2]) -> Config {
    let mut config = Config { opens: Opens::ToItsMachine, ..Config::default() };
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.server.data = data;
    let [onespan, conga] = apis;
    for (id, provider, api) in [("os", ProviderKind::OneSpan, onespan), ("cg", ProviderKind::Conga, conga)] {
        let api = api.map(|base_url| ApiConfig {
            base_url,
            auth: ApiAuth::ApiKey { key: Secret::new("api-key") },
            proxy: None,
            ca_file: None,
            cache: false,
        });
        let callback = CallbackAuth::Key { key: Secret::new("cb-key"), next: Some(Secret::new("cb-next")) };
        let account = AccountConfig { api, calls_per_minute: 600, ..AccountConfig::new(provider, callback) };
        config.accounts.insert(id.to_owned(), account);
    }
    config
}

impl Board {
    /// A board without APIs.
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// A board whose configuration `change` has seen.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::on(Clock::manual(NOON), change).await
    }

    /// The same, on a clock that others share.
    pub async fn on(clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path().join("data"), [None, None]);
        change(&mut config);
        let server = Server::start(config.clone(), clock.clone()).await.unwrap();
        let url = format!("http://{}", server.addresses()[0]);
        let client = client();
        Self { server: Some(server), url, clock, client, config, folder }
    }

    pub fn app(&self) -> &App {
        self.server.as_ref().unwrap().app()
    }

    /// Whether it runs, and wasn't halted.
    pub fn runs(&self) -> bool {
        self.server.is_some()
    }

    pub fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Stops the board and starts it again on the same folder and the same address.
    pub async fn restart(&mut self) {
        self.halt().await;
        self.resume(None).await;
    }

    /// The same with another configuration.
    pub async fn reconfigure(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        self.restart().await;
    }

    /// Stops the board; its folder is kept, and the address that it had first.
    pub async fn halt(&mut self) {
        let server = self.server.take().unwrap();
        if self.config.server.listen.port() == 0 {
            self.config.server.listen = server.addresses()[0];
        }
        server.stop().await;
    }

    /// Starts a halted board again where it was first, or, for a while, at another address.
    pub async fn resume(&mut self, elsewhere: Option<SocketAddr>) {
        let mut config = self.config.clone();
        config.server.listen = elsewhere.unwrap_or(config.server.listen);
        let server = Server::start(config, self.clock.clone()).await.unwrap();
        self.url = format!("http://{}", server.addresses()[0]);
        self.server = Some(server);
    }

    /// The board as it stands on disk, in lines: packages, facts, counters.
    pub async fn dump(&self) -> Vec<String> {
        super::db::dump(&self.data()).await
    }

    /// Runs a statement on the database, behind the board's back.
    pub async fn sql(&self, statement: &str) -> Vec<String> {
        super::db::run(&self.data(), statement).await
    }

    pub async fn stop(mut self) -> TempDir {
        self.server.take().unwrap().stop().await;
        self.folder
    }

    /// Sends a body to an account with the right key.
    pub async fn send(&self, account: &str, body: impl Into<Vec<u8>>) -> Response {
        self.send_as(account, Some(KEY), body).await
    }

    /// Sends a body with another key, or with none.
    pub async fn send_as(&self, account: &str, key: Option<&str>, body: impl Into<Vec<u8>>) -> Response {
        let mut request = self.client.post(format!("{}/callbacks/{account}", self.url)).body(body.into());
        if let Some(key) = key {
            request = request.header("authorization", key);
        }
        request.send().await.unwrap()
    }

    /// Sends one OneSpan event, `at` milliseconds after [`NOON`] less an hour, and expects 200.
    pub async fn event(&self, package: &str, name: &str, user: &str, at: i64) {
        let body = event(package, name, user, None, at);
        assert_eq!(self.send("os", body).await.status(), 200);
    }

    pub async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    /// A page's text; it must be there.
    pub async fn text(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.text().await.unwrap()
    }

    /// Posts a form, as a page of the board does.
    pub async fn post(&self, path: &str, form: &str) -> Response {
        let request = self.client.post(format!("{}{path}", self.url)).body(form.to_owned());
        request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap()
    }

    /// A JSON answer; it must be there.
    pub async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path).await).unwrap()
    }

    /// A package as JSON.
    pub async fn package(&self, account: &str, id: &str) -> Value {
        let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
        self.json(&format!("/api/v1/packages/{account}/{id}")).await
    }
}

/// A receiver of the firm's own logic that nobody is at.
pub fn hook(name: &str) -> HookConfig {
    let url = Secret::new("http://127.0.0.1:9/nobody");
    HookConfig {
        name: name.to_owned(),
        on: vec!["package.sent".to_owned()],
        accounts: Vec::new(),
        to: ForwardConfig { url, proxy: None, ca_file: None },
        secret: Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        allow_private: true,
    }
}

/// An event as OneSpan sends it, `at` milliseconds after 11:00 UTC.
pub fn event(package: &str, name: &str, user: &str, document: Option<&str>, at: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(NOON - 3_600_000 + at).unwrap();
    serde_json::json!({
        "@class": "com.silanis.esl.packages.event.ESLProcessEvent",
        "name": name,
        "sessionUser": user,
        "packageId": package,
        "message": null,
        "documentId": document,
        "createdDate": format!("{at:.3}"),
    })
    .to_string()
}

/// A client that keeps connections and follows nothing.
pub fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}
