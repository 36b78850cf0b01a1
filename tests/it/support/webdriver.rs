//! A real Chromium through its chromedriver: the little of the WebDriver protocol that the tests need. Every wait has
//! an end, and looks instead of sleeping for a guessed time.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What a page may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(40);
const FLAGS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
];

/// A browser with a profile of its own; it ends with this value.
pub struct Browser {
    driver: Child,
    address: String,
    session: String,
    client: Client,
    _profile: TempDir,
}

/// A browser, or `None` and a sentence if the tests are not asked to use one: `SIGNBOARD_BROWSER=1` asks, and then a
/// missing browser is a failure.
pub async fn browser() -> Option<Browser> {
    browser_with(json!({})).await
}

/// The same with preferences of its profile.
pub async fn browser_with(preferences: Value) -> Option<Browser> {
    static SAID: Once = Once::new();
    if std::env::var_os("SIGNBOARD_BROWSER").is_none_or(|it| it != "1") {
        SAID.call_once(|| {
            let sentence =
                b"browser tests are skipped: they need Chromium and its driver; ./tests/run has both\n";
            let _ = std::io::stderr().write_all(sentence);
        });
        return None;
    }
    Some(Browser::start(preferences).await)
}

/// A driver and the port that it took. `None`: it ended at once, as it does when the port that is free for one version of
/// the Internet's protocol is taken for the other.
fn driver() -> Option<(Child, String)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver is not installed: apt-get install chromium chromium-driver");
    let mut said = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = said.find_map(|line| {
        let port = line.split_once("successfully on port ")?.1;
        Some(port.trim_end_matches('.').to_owned())
    });
    let Some(port) = port else {
        driver.wait().unwrap();
        return None;
    };
    // What it goes on to say must not fill a pipe.
    std::thread::spawn(move || said.for_each(drop));
    Some((driver, port))
}

impl Browser {
    async fn start(preferences: Value) -> Self {
        let (driver, port) =
            (0..5).find_map(|_| driver()).expect("chromedriver names its port, once in five times");
        let profile = tempfile::tempdir().unwrap();
        let mut args: Vec<String> = FLAGS.map(str::to_owned).into();
        args.push(format!("--user-data-dir={}", profile.path().display()));
        let wish = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": args, "prefs": preferences},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let address = format!("127.0.0.1:{port}");
        let client = super::board::client();
        let mut it = Self { driver, address, session: String::new(), client, _profile: profile };
        let session = it.call(Method::POST, "", wish).await.unwrap();
        it.session = session["sessionId"].as_str().unwrap().to_owned();
        it
    }

    /// One command of the protocol; an error is the driver's own words.
    async fn call(&self, method: Method, path: &str, body: Value) -> Result<Value, String> {
        let slash = if self.session.is_empty() { "" } else { "/" };
        let url = format!("http://{}/session{slash}{}{path}", self.address, self.session);
        let mut request = self.client.request(method.clone(), url).timeout(PATIENCE * 2);
        if method == Method::POST {
            request = request.json(&body);
        }
        let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
        let value = answer["value"].take();
        match value["error"].as_str() {
            Some(error) => Err(format!("{path}: {error}: {}", value["message"])),
            None => Ok(value),
        }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, body).await.unwrap()
    }

    pub async fn go(&self, url: &str) {
        self.post("/url", json!({"url": url})).await;
    }

    /// What a function body returns in the page.
    pub async fn js(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({"script": script, "args": []})).await
    }

    /// What a promise in the page comes to.
    pub async fn promised(&self, expression: &str) -> Value {
        let script = format!("const told = arguments[0]; ({expression}).then(told, it => told(String(it)))");
        self.post("/execute/async", json!({"script": script, "args": []})).await
    }

    /// What an expression's text is.
    pub async fn text(&self, expression: &str) -> String {
        self.js(&format!("return String({expression})")).await.as_str().unwrap().to_owned()
    }

    /// Looks until an expression is true in the page.
    pub async fn until(&self, expression: &str) {
        let (began, script) = (Instant::now(), format!("return !!({expression})"));
        // A page that is just being replaced answers with an error: that is not yet either.
        while self.call(Method::POST, "/execute/sync", json!({"script": script, "args": []})).await
            != Ok(Value::Bool(true))
        {
            if began.elapsed() > PATIENCE {
                panic!("it never came true: {expression}\non the page:\n{}", self.source().await);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    pub async fn source(&self) -> String {
        self.call(Method::GET, "/source", Value::Null).await.unwrap().as_str().unwrap_or_default().to_owned()
    }

    async fn find(&self, css: &str) -> String {
        let found = self.post("/element", json!({"using": "css selector", "value": css})).await;
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        self.post(&format!("/element/{element}/click"), json!({})).await;
    }

    pub async fn fill(&self, css: &str, text: &str) {
        let element = self.find(css).await;
        self.post(&format!("/element/{element}/value"), json!({"text": text})).await;
    }

    /// Presses keys one after the other, wherever the focus is.
    pub async fn keys(&self, keys: &str) {
        let press =
            |key: char| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()}));
        let actions: Vec<Value> = keys.chars().flat_map(press).collect();
        self.post("/actions", json!({"actions": [{"type": "key", "id": "keys", "actions": actions}]})).await;
    }

    /// A viewport of so many CSS pixels.
    pub async fn viewport(&self, width: u32, height: u32) {
        let params = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": true});
        self.devtools("Emulation.setDeviceMetricsOverride", params).await;
    }

    /// A command of the browser's own protocol, for what WebDriver has no word for.
    pub async fn devtools(&self, command: &str, params: Value) {
        self.post("/goog/cdp/execute", json!({"cmd": command, "params": params})).await;
    }

    /// The tab on show.
    pub async fn handle(&self) -> String {
        let handle = self.call(Method::GET, "/window", Value::Null).await.unwrap();
        handle.as_str().unwrap().to_owned()
    }

    /// Opens another tab and goes to it; the handle is that of the one before.
    pub async fn new_tab(&self) -> String {
        let old = self.handle().await;
        let new = self.post("/window/new", json!({"type": "tab"})).await;
        self.tab(new["handle"].as_str().unwrap()).await;
        old
    }

    pub async fn tab(&self, handle: &str) {
        self.post("/window", json!({"handle": handle})).await;
    }

    /// Closes the tab on show; another one must be chosen then.
    pub async fn close_tab(&self) {
        self.call(Method::DELETE, "/window", Value::Null).await.unwrap();
    }

    /// What the console said since it was last asked: errors, refusals of the content security policy.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", json!({"type": "browser"})).await;
        let entries = log.as_array().unwrap().iter();
        let bad = entries.filter(|it| it["level"] == "SEVERE" || it["source"] == "security");
        bad.map(|it| it["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser is asked to end, so that nothing of it outlives its profile; the driver is then ended by its handle.
        if let Ok(mut wire) = std::net::TcpStream::connect(&self.address) {
            let _ = wire.set_read_timeout(Some(Duration::from_secs(5)));
            let head = format!("DELETE /session/{} HTTP/1.1\r\nHost: {}\r\n\r\n", self.session, self.address);
            let _ = wire.write_all(head.as_bytes());
            let _ = wire.read(&mut [0; 64]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
