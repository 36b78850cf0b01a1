//! What the contract promises, line by line; here what is read and what is hidden.

mod providers;
mod refusals;
mod sources;

use std::path::PathBuf;

use proptest::prelude::{ProptestConfig, Strategy};
use proptest::proptest;
use tempfile::TempDir;

use super::{ApiAuth, CallbackAuth, Config, DEFAULT_FILE, Problems, ProviderKind, ReconcileConfig, Secret};

/// A folder with a `signboard.toml` of this text.
fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(DEFAULT_FILE), text).unwrap();
    folder
}

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn load_with(text: &str, pairs: &[(&str, &str)]) -> Result<Config, Problems> {
    Config::load_in(folder(text).path(), None, env(pairs))
}

/// A configuration of this text; the tests beside each part of it ask for it, too.
pub(super) fn load(text: &str) -> Result<Config, Problems> {
    load_with(text, &[])
}

/// The problems of a text, one a line.
fn problems(text: &str) -> Vec<String> {
    problems_with(text, &[])
}

fn problems_with(text: &str, pairs: &[(&str, &str)]) -> Vec<String> {
    load_with(text, pairs).unwrap_err().to_string().lines().map(str::to_owned).collect()
}

/// An account `a` of OneSpan with these lines in it.
fn account(lines: &str) -> String {
    format!("[accounts.a]\nprovider = \"onespan\"\n{lines}\n")
}

fn callback(table: &str) -> String {
    account(&format!("callback = {table}"))
}

fn api(table: &str) -> String {
    account(&format!("callback = {{ auth = \"none\" }}\napi = {table}"))
}

fn api_of(text: &str) -> super::ApiConfig {
    load(text).unwrap().accounts.remove("a").unwrap().api.unwrap()
}

/// Exactly one problem, on this path, with all these words in it.
#[track_caller]
fn refused(text: &str, path: &str, words: &[&str]) {
    refused_with(text, &[], path, words);
}

#[track_caller]
fn refused_with(text: &str, pairs: &[(&str, &str)], path: &str, words: &[&str]) {
    let found = load_with(text, pairs).unwrap_err();
    assert_eq!(found.iter().count(), 1, "{found}");
    let problem = found.iter().next().unwrap();
    assert_eq!(problem.path, path, "{problem}");
    for word in words {
        assert!(problem.sentence.contains(word), "no {word:?} in: {problem}");
    }
    assert!(!problem.sentence.ends_with('.'), "a full stop: {problem}");
}

const EVERYTHING: &str = r#"
[server]
listen = "127.0.0.1:9090"
callbacks-listen = "0.0.0.0:8081"
public-url = "https://board.example.com/"
data = "/var/lib/signboard"
time-zone = "UTC"
proxy = "http://agent:s3cret-proxy@proxy.example.com:3128"
ca-file = "corp.pem"

[accounts.onespan-eu]
provider = "onespan"
label = "OneSpan · EU"
callback = { auth = "key", key = "s3cret-one", next-key = "s3cret-two" }
api = { base-url = "https://sandbox.esignlive.com/api/", auth = "api-key", key = "s3cret-three" }
app-url = "https://sandbox.esignlive.com/a/transaction/{id}"
reconcile = { every = "12h", overlap = "90s", full-at = "23:30", since = "30d", calls-per-minute = 6000, concurrency = 4, silent-after = "2d" }
forward = { url = "http://listener:8090/s3cret-19/?key=s3cret-20", proxy = "http://a:s3cret-21@proxy.example.com:1" }

[accounts.basic]
provider = "conga"
callback = { auth = "basic", username = "me", password = "s3cret-four", next-password = "s3cret-five" }
[accounts.basic.api]
base-url = "https://eu.example.com/v1"
auth = "oauth2"
token-url = "https://login.example.com/token"
client-id = "it"
client-secret = "s3cret-six"
scope = "sign"
proxy = "http://other.example.com:3128"
ca-file = "/etc/own.pem"

[accounts.bearer]
provider = "onespan"
callback = { auth = "bearer", token = "s3cret-seven", next-token = "s3cret-eight" }
api = { base-url = "https://x.example.com/api", auth = "client", client-id = "id", secret = "s3cret-nine" }

[accounts.headers]
provider = "conga"
callback = { auth = "headers", headers = { "X-Key" = "s3cret-ten", "x-other.one" = "s3cret-eleven" } }

[accounts.open]
provider = "conga"
callback = { auth = "none" }

[accounts.legal]
provider = "legalesign"
callback = { auth = "signed", certificate = """-----BEGIN CERTIFICATE-----
MIIB
-----END CERTIFICATE-----
""", unsigned = "accept", hmac-secret = "s3cret-twelve" }
groups = ["lettings-team", "sales"]
api = { base-url = "https://eu-api.legalesign.com/api/v1", authorization = "ApiKey user:s3cret-13", cache = true }

[accounts.webso]
provider = "websignatureoffice"
callback = { auth = "headers", headers = { Authorization = "Basic s3cret-14" }, path-token = "s3cret-15.Aa_z~00" }
api = { base-url = "https://www.websignatureoffice.com/tyrservice", user = "board", password = "s3cret-16", customer-key = "s3cret-17", shared-secret = "s3cret-18" }
"#;

#[test]
fn without_anything_the_defaults_stand() {
    let empty = tempfile::tempdir().unwrap();
    let config = Config::load_in(empty.path(), None, []).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.callbacks_listen, None);
    assert_eq!(config.server.public_url, None);
    assert_eq!(config.server.data, PathBuf::from("data"));
    assert_eq!(config.server.time_zone, "UTC");
    assert!(config.accounts.is_empty());
    assert_eq!(config.effective(), Config::default().effective());
}

#[test]
fn every_key_arrives() {
    let folder = folder(EVERYTHING);
    let config = Config::load_in(folder.path(), None, []).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:9090");
    assert_eq!(config.server.callbacks_listen.unwrap().to_string(), "0.0.0.0:8081");
    assert_eq!(config.server.public_url.as_deref(), Some("https://board.example.com"));
    assert_eq!(config.server.data, PathBuf::from("/var/lib/signboard"));
    let one = &config.accounts["onespan-eu"];
    assert_eq!((one.provider, one.label.as_str()), (ProviderKind::OneSpan, "OneSpan · EU"));
    assert_eq!(one.calls_per_minute, 6000);
    assert_eq!(one.app_url.as_deref(), Some("https://sandbox.esignlive.com/a/transaction/{id}"));
    let written = "{ every = \"12h\", overlap = \"90s\", full-at = \"23:30\", since = \"30d\", calls-per-minute = 6000, \
                   concurrency = 4, silent-after = \"2d\" }";
    assert!(config.effective().contains(written), "{}", config.effective());
    let CallbackAuth::Key { key, next: Some(next) } = &one.callback else { panic!("{one:?}") };
    assert_eq!((key.expose(), next.expose()), ("s3cret-one", "s3cret-two"));
    let api = one.api.as_ref().unwrap();
    assert_eq!(api.base_url, "https://sandbox.esignlive.com/api");
    assert!(matches!(&api.auth, ApiAuth::ApiKey { key } if key.expose() == "s3cret-three"));
    // The server's proxy and authority serve accounts without their own.
    assert_eq!(api.proxy.as_deref(), Some("http://agent:s3cret-proxy@proxy.example.com:3128"));
    assert_eq!(api.ca_file, Some(folder.path().join("corp.pem")));

    let basic = &config.accounts["basic"];
    assert_eq!((basic.label.as_str(), basic.calls_per_minute), ("basic", 60));
    assert_eq!(basic.reconcile, ReconcileConfig::default());
    let CallbackAuth::Basic { username, password, next: Some(next) } = &basic.callback else { panic!() };
    assert_eq!((username.as_str(), password.expose(), next.expose()), ("me", "s3cret-four", "s3cret-five"));
    let api = basic.api.as_ref().unwrap();
    assert_eq!(api.proxy.as_deref(), Some("http://other.example.com:3128"));
    assert_eq!(api.ca_file, Some(PathBuf::from("/etc/own.pem")));
    let ApiAuth::OAuth2 { token_url, client_id, client_secret, scope } = &api.auth else { panic!() };
    assert_eq!(token_url, "https://login.example.com/token");
    assert_eq!((client_id.as_str(), client_secret.expose()), ("it", "s3cret-six"));
    assert_eq!(scope.as_deref(), Some("sign"));

    let CallbackAuth::Bearer { token, next: Some(next) } = &config.accounts["bearer"].callback else {
        panic!()
    };
    assert_eq!((token.expose(), next.expose()), ("s3cret-seven", "s3cret-eight"));
    let CallbackAuth::Headers(headers) = &config.accounts["headers"].callback else { panic!() };
    assert_eq!(headers["X-Key"].expose(), "s3cret-ten");
    assert!(matches!(config.accounts["open"].callback, CallbackAuth::None));
    assert!(config.accounts["open"].api.is_none());
}

#[test]
fn the_token_address_of_a_client_follows_from_the_api() {
    let table =
        "{ base-url = \"https://x.example.com/api/\", auth = \"client\", client-id = \"i\", secret = \"s\"";
    let ApiAuth::Client { token_url, sender_email, .. } = api_of(&api(&format!("{table} }}"))).auth else {
        panic!()
    };
    assert_eq!(token_url, "https://x.example.com/apitoken/clientApp/accessToken");
    assert_eq!(sender_email, None);
    let more =
        format!("{table}, sender-email = \"a@example.com\", token-url = \"https://t.example.com/\" }}");
    let ApiAuth::Client { token_url, sender_email, .. } = api_of(&api(&more)).auth else { panic!() };
    assert_eq!(token_url, "https://t.example.com");
    assert_eq!(sender_email.as_deref(), Some("a@example.com"));
}

#[test]
fn time_zones_are_jiffs() {
    // Only where the machine has zone data; UTC needs none.
    if jiff::tz::TimeZone::get("Europe/Berlin").is_ok() {
        let config = load("[server]\ntime-zone = \"europe/berlin\"").unwrap();
        assert_eq!(config.server.time_zone, "Europe/Berlin");
    }
}

#[test]
fn warnings_say_what_is_allowed_but_odd() {
    let warnings = Config::default().warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("no account"), "{warnings:?}");
    assert!(warnings[1].contains("public-url"), "{warnings:?}");

    let warnings = load(EVERYTHING).unwrap().warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("accounts.legal.callback has unsigned"), "{warnings:?}");
    assert!(warnings[1].starts_with("accounts.open.callback has auth = \"none\""), "{warnings:?}");

    for (host, expected) in
        [("x.example.com", true), ("10.0.0.1", true), ("localhost:1", false), ("[::1]:2", false)]
    {
        let text = api(&format!("{{ base-url = \"http://{host}/api\", auth = \"api-key\", key = \"k\" }}"));
        let warned =
            load(&text).unwrap().warnings().iter().any(|it| it.contains("accounts.a.api.base-url is http"));
        assert_eq!(warned, expected, "{host}");
    }
}

#[test]
fn the_effective_configuration_is_toml_without_secrets() {
    let text = load(EVERYTHING).unwrap().effective();
    assert!(!text.contains("s3cret"), "{text}");
    let table: toml::Table = text.parse().unwrap();
    assert_eq!(table["accounts"]["onespan-eu"]["callback"]["key"].as_str(), Some("(hidden)"));
    assert_eq!(table["accounts"]["headers"]["callback"]["headers"]["x-other.one"].as_str(), Some("(hidden)"));
    assert_eq!(table["server"]["public-url"].as_str(), Some("https://board.example.com"));
    // It says everything: read again, it is the same configuration but for the secrets.
    // A path token that is hidden is none any more, and says so.
    refused(&text, "accounts.webso.callback.path-token", &["can't carry"]);
    let hidden = "path-token = \"(hidden)\"";
    let text = text.replace(hidden, "path-token = \"tok-0123456789-ab\"");
    assert_eq!(load(&text).unwrap().effective(), text.replace("tok-0123456789-ab", "(hidden)"));
}

#[test]
fn debug_never_shows_a_secret() {
    let shown = format!("{:?} {:#?}", load(EVERYTHING).unwrap(), load(EVERYTHING).unwrap());
    assert!(shown.contains("Secret(…)"));
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn a_secret_matches_itself_alone() {
    let secret = Secret::new("key");
    assert!(secret.matches(b"key"));
    for other in [&b""[..], b"ke", b"keyy", b"Key", b"key\0"] {
        assert!(!secret.matches(other));
    }
}

/// Texts without control characters; what is alike on every page is cut off by the marker.
fn secret() -> impl Strategy<Value = String> {
    "s3cret[ -~äß€\"'\\\\]{0,20}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_secret_arrives_and_stays_hidden(key in secret(), label in "[ -~ä\"'\\\\]{1,20}x") {
        let quote = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let text = account(&format!(
            "label = {}\ncallback = {{ auth = \"key\", key = {} }}",
            quote(&label),
            quote(&key)
        ));
        let config = load(&text).unwrap();
        let CallbackAuth::Key { key: read, .. } = &config.accounts["a"].callback else { panic!() };
        assert_eq!(read.expose(), key);
        assert!(read.matches(key.as_bytes()));
        assert!(!format!("{config:?}").contains("s3cret") && !config.effective().contains("s3cret"));
        assert_eq!(load(&config.effective()).unwrap().accounts["a"].label, label);
    }

    #[test]
    fn no_text_makes_reading_panic(text in "[\\[\\]{}=.,\"'a-z0-9\\n -]{0,80}", value in ".{0,10}") {
        if let Err(found) = load_with(&text, &[("SIGNBOARD__ACCOUNTS__A__LABEL", &value)]) {
            assert!(found.iter().count() > 0);
        }
    }
}
