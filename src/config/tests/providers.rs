//! Legalesign and WebSignatureOffice: what only they can be told.

use super::super::{ApiAuth, CallbackAuth, Config, PATH_TOKEN, Unsigned};
use super::{EVERYTHING, folder, load, load_with, problems, refused, refused_with};

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const TOKEN: &str = "tok-0123456789.~_";

/// An account `a` of this provider.
fn of(provider: &str, lines: &str) -> String {
    format!("[accounts.a]\nprovider = \"{provider}\"\n{lines}\n")
}

fn signed(rest: &str) -> String {
    of("legalesign", &format!("callback = {{ auth = \"signed\"{rest} }}"))
}

fn warnings(text: &str) -> String {
    let text = format!("[server]\npublic-url = \"https://board.example.com\"\n{text}");
    load(&text).unwrap().warnings().join("\n")
}

#[test]
fn every_key_of_legalesign_arrives() {
    let config = load(EVERYTHING).unwrap();
    let legal = &config.accounts["legal"];
    let CallbackAuth::Signed { certificate, unsigned, hmac_secret } = &legal.callback else { panic!() };
    assert_eq!((certificate.as_str(), *unsigned), (PEM, Unsigned::Accept));
    assert_eq!(hmac_secret.as_ref().unwrap().expose(), "s3cret-twelve");
    assert_eq!(legal.groups, ["lettings-team", "sales"]);
    assert!(legal.path_token.is_none());
    let api = legal.api.as_ref().unwrap();
    let ApiAuth::Header { authorization } = &api.auth else { panic!() };
    assert_eq!(authorization.expose(), "ApiKey user:s3cret-13");
    assert_eq!(api.base_url, "https://eu-api.legalesign.com/api/v1");
    assert!(api.cache);
}

#[test]
fn every_key_of_websignatureoffice_arrives() {
    let config = load(EVERYTHING).unwrap();
    let webso = &config.accounts["webso"];
    assert_eq!(webso.path_token.as_ref().unwrap().expose(), "s3cret-15.Aa_z~00");
    let ApiAuth::Tyr { user, password, customer_key, shared_secret } = &webso.api.as_ref().unwrap().auth
    else {
        panic!()
    };
    assert_eq!(user, "board");
    let secrets = [password, customer_key, shared_secret].map(|it| it.expose().to_owned());
    assert_eq!(secrets, ["s3cret-16", "s3cret-17", "s3cret-18"]);
}

#[test]
fn the_effective_configuration_says_it_all_again() {
    let text = load(EVERYTHING).unwrap().effective();
    let table: toml::Table = text.parse().unwrap();
    let legal = &table["accounts"]["legal"];
    assert_eq!(legal["callback"]["certificate"].as_str(), Some(PEM));
    assert_eq!(legal["callback"]["unsigned"].as_str(), Some("accept"));
    assert_eq!(legal["callback"]["hmac-secret"].as_str(), Some("(hidden)"));
    assert_eq!(legal["groups"].as_array().unwrap().len(), 2);
    assert_eq!(legal["api"]["authorization"].as_str(), Some("(hidden)"));
    assert!(legal["api"].get("auth").is_none());
    assert_eq!(legal["api"]["cache"].as_bool(), Some(true));
    let webso = &table["accounts"]["webso"];
    assert_eq!(webso["callback"]["path-token"].as_str(), Some("(hidden)"));
    assert_eq!(webso["api"]["user"].as_str(), Some("board"));
    for key in ["password", "customer-key", "shared-secret"] {
        assert_eq!(webso["api"][key].as_str(), Some("(hidden)"), "{key}");
    }
}

#[test]
fn a_certificate_comes_inline_or_from_a_file() {
    let folder = folder(&signed(", certificate-file = \"legal.pem\""));
    let file = folder.path().join("legal.pem");
    std::fs::write(&file, PEM).unwrap();
    let config = Config::load_in(folder.path(), None, []).unwrap();
    let CallbackAuth::Signed { certificate, unsigned, hmac_secret: None } = &config.accounts["a"].callback
    else {
        panic!()
    };
    assert_eq!((certificate.as_str(), *unsigned), (PEM, Unsigned::Quarantine));
    // A variable wins over the file, in whichever form.
    let variable = ("SIGNBOARD__ACCOUNTS__A__CALLBACK__CERTIFICATE".to_owned(), format!("2{PEM}"));
    let config = Config::load_in(folder.path(), None, [variable]).unwrap();
    let CallbackAuth::Signed { certificate, .. } = &config.accounts["a"].callback else { panic!() };
    assert!(certificate.starts_with('2'));

    std::fs::write(&file, "-----BEGIN PRIVATE KEY-----\n").unwrap();
    let found = Config::load_in(folder.path(), None, []).unwrap_err().to_string();
    assert!(found.starts_with("accounts.a.callback.certificate-file: holds no certificate"), "{found}");
    std::fs::remove_file(&file).unwrap();
    let found = Config::load_in(folder.path(), None, []).unwrap_err().to_string();
    assert!(found.contains("legal.pem cannot be read: "), "{found}");

    let path = "accounts.a.callback.certificate";
    refused(&signed(""), path, &["missing", "certificate-file"]);
    refused(&signed(", certificate = 7"), path, &["text in quotes"]);
    refused(&signed(", certificate = \"MIIB\""), path, &["PEM"]);
    let half = "certificate = \"-----BEGIN CERTIFICATE-----\"";
    refused(&signed(&format!(", {half}")), path, &["PEM"]);
    refused(&signed(&format!(", {half}, certificate-file = \"x\"")), path, &["twice", "keep one"]);
    let name = "SIGNBOARD__ACCOUNTS__A__CALLBACK__CERTIFICATE_FILE";
    let elsewhere = [(name, "nowhere.pem")];
    let text = signed(&format!(", {half}"));
    refused_with(&text, &elsewhere, "accounts.a.callback.certificate-file", &["nowhere.pem", name]);
}

#[test]
fn only_legalesign_signs_and_has_groups() {
    for provider in ["onespan", "conga", "websignatureoffice"] {
        let text = of(provider, "callback = { auth = \"signed\", certificate = \"x\" }");
        refused(&text, "accounts.a.callback.auth", &["legalesign alone", "one of key"]);
        let text = of(provider, "callback = { auth = \"none\" }\ngroups = [\"one\"]");
        refused(&text, "accounts.a.groups", &["legalesign alone", "take it out"]);
    }
    // Where nobody knows which provider was meant, only that is told.
    let text = of(
        "legalsign",
        "callback = { auth = \"signed\", certificate-file = \"x\" }\ngroups = [\"a\"]\napi = { base-url = \"https://x\", authorization = \"y\" }",
    );
    let found = problems(&text);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("legalsign") && found[1].contains("x cannot be read"), "{found:?}");
    let odd = signed(&format!(", certificate = {PEM:?}, unsigned = \"drop\""));
    refused(&odd, "accounts.a.callback.unsigned", &["drop", "quarantine", "accept"]);
}

#[test]
fn groups_are_a_list_of_names() {
    let groups = |list: &str| of("legalesign", &format!("callback = {{ auth = \"none\" }}\ngroups = {list}"));
    for (list, word) in [
        ("[]", "is empty"),
        ("[\"a\", \"\"]", "is empty"),
        ("[\"a\", \"b\", \"a\"]", "twice"),
        ("[\"/api/v1/group/a/\"]", "last part"),
        ("[\"a\", 7]", "list of texts"),
        ("\"a\"", "list of texts"),
        ("[\"a\\n\"]", "control character"),
    ] {
        refused(&groups(list), "accounts.a.groups", &[word]);
    }
    let name = "SIGNBOARD__ACCOUNTS__A__GROUPS";
    let config = load_with(&groups("[\"a\"]"), &[(name, "b, c")]).unwrap();
    assert_eq!(config.accounts["a"].groups, ["b", "c"]);
    refused_with(&groups("[\"a\"]"), &[(name, "b,,c")], "accounts.a.groups", &["is empty", name]);
}

#[test]
fn a_path_token_is_long_and_plain() {
    let token = |rest: &str| of("websignatureoffice", &format!("callback = {{ auth = \"none\", {rest} }}"));
    let config = load(&token(&format!("path-token = \"{TOKEN}\""))).unwrap();
    assert_eq!(config.accounts["a"].path_token.as_ref().unwrap().expose(), TOKEN);
    let config = load_with(&token("path-token-env = \"T\""), &[("T", TOKEN)]).unwrap();
    assert!(config.accounts["a"].path_token.is_some());
    for (wrong, word) in [
        ("tok-0123456789a", "too short"),
        ("tok-0123456789>ab", "can't carry"),
        ("tok-0123456789/ab", "can't carry"),
        ("tok-0123456789 ab", "can't carry"),
        ("tok-0123456789%3E", "can't carry"),
        ("tok-0123456789-ä", "can't carry"),
    ] {
        refused(&token(&format!("path-token = \"{wrong}\"")), "accounts.a.callback.path-token", &[word]);
        let found = load_with(&token("path-token-env = \"T\""), &[("T", wrong)]).unwrap_err().to_string();
        assert!(
            found.starts_with("accounts.a.callback.path-token-env: ") && !found.contains(wrong),
            "{found}"
        );
    }
    // It goes with any way, and any provider.
    for provider in ["onespan", "conga"] {
        let lines = format!("callback = {{ auth = \"key\", key = \"k\", path-token = \"{TOKEN}\" }}");
        assert!(load(&of(provider, &lines)).unwrap().accounts["a"].path_token.is_some());
    }
}

#[test]
fn the_callback_address_holds_no_token() {
    let config = load(EVERYTHING).unwrap();
    assert_eq!(
        config.callback_url("webso"),
        format!("https://board.example.com/callbacks/webso/{PATH_TOKEN}")
    );
    assert_eq!(config.callback_url("legal"), "https://board.example.com/callbacks/legal");
    assert_eq!(Config::default().callback_url("x"), "http://127.0.0.1:8080/callbacks/x");
}

#[test]
fn a_secret_with_a_comma_cannot_be_sent_by_websignatureoffice() {
    for (callback, key) in [
        ("{ auth = \"headers\", headers = { X-Key = \"a,b\" } }", "headers.X-Key"),
        ("{ auth = \"key\", key = \"a,b\" }", "key"),
        ("{ auth = \"key\", key = \"a\", next-key = \"a,b\" }", "next-key"),
        ("{ auth = \"bearer\", token = \"a,b\" }", "token"),
        ("{ auth = \"bearer\", token = \"a\", next-token = \"a,b\" }", "next-token"),
    ] {
        let text = |provider| of(provider, &format!("callback = {callback}"));
        let path = format!("accounts.a.callback.{key}");
        refused(&text("websignatureoffice"), &path, &["comma", "webso_events_values"]);
        load(&text("onespan")).unwrap();
    }
    // Base64 knows no comma.
    let pair = "callback = { auth = \"basic\", username = \"a\", password = \"b,c\" }";
    load(&of("websignatureoffice", pair)).unwrap();
}

#[test]
fn each_api_has_its_own_way_in() {
    let api = |provider: &str, table: &str| {
        of(
            provider,
            &format!("callback = {{ auth = \"none\" }}\napi = {{ base-url = \"https://x\"{table} }}"),
        )
    };
    refused(&api("legalesign", ""), "accounts.a.api.authorization", &["missing", "authorization-file"]);
    let named = ", auth = \"api-key\", key = \"k\"";
    refused(&api("legalesign", named), "accounts.a.api.auth", &["only one way", "authorization = "]);
    refused(&api("websignatureoffice", named), "accounts.a.api.auth", &["only one way", "customer-key"]);
    let header = ", authorization = \"ApiKey u:k\"";
    refused(&api("onespan", header), "accounts.a.api.auth", &["missing", "api-key"]);
    let both = format!("{header}, key = \"k\"");
    refused(&api("legalesign", &both), "accounts.a.api.key", &["unknown key"]);
    let cache = |value: &str| format!("{header}, cache = {value}");
    refused(&api("legalesign", &cache("1")), "accounts.a.api.cache", &["true or false"]);
    refused(
        &api("onespan", ", auth = \"api-key\", key = \"k\", cache = true"),
        "accounts.a.api.cache",
        &["unknown key"],
    );
    let found = problems(&api("websignatureoffice", ""));
    assert_eq!(found.len(), 4, "{found:?}");
    let config =
        load_with(&api("legalesign", ", authorization-env = \"A\""), &[("A", "ApiKey u:k")]).unwrap();
    assert!(matches!(&config.accounts["a"].api.as_ref().unwrap().auth, ApiAuth::Header { .. }));
}

#[test]
fn what_is_open_is_said() {
    let none = |token: &str| {
        warnings(&of("websignatureoffice", &format!("callback = {{ auth = \"none\"{token} }}")))
    };
    assert!(none("").contains("whoever knows the address"));
    assert_eq!(none(&format!(", path-token = \"{TOKEN}\"")), "");

    let api = "\napi = { base-url = \"https://x\", authorization = \"k\" }";
    let legal = |unsigned: &str, rest: &str| {
        warnings(&format!("{}{rest}", signed(&format!(", certificate = {PEM:?}{unsigned}"))))
    };
    assert!(legal("", api).contains("can fill the disk"));
    assert_eq!(legal(&format!(", path-token = \"{TOKEN}\""), api), "");
    assert!(legal("", "").contains("accounts.a has no api: "));
    assert!(legal(", unsigned = \"accept\"", api).contains("knows the address sends without a signature"));
    let guarded = legal(&format!(", unsigned = \"accept\", path-token = \"{TOKEN}\""), api);
    assert!(guarded.contains("knows the path token"), "{guarded}");
    let key = warnings(&of("legalesign", &format!("callback = {{ auth = \"key\", key = \"k\" }}{api}")));
    assert!(key.contains("can't be told to send one"), "{key}");
    let http = "\napi = { base-url = \"http://x.example.com\", authorization = \"k\" }";
    assert!(legal("", http).contains("accounts.a.api.base-url is http"));
}

#[test]
fn what_is_to_be_registered_is_read_and_said_again() {
    let lines = "callback = { auth = \"none\" }\nevents = [\"PACKAGE_COMPLETE\"]\nregister-path = \"/api/callback/register\"";
    let config = load(&of("conga", lines)).unwrap();
    assert_eq!(config.accounts["a"].registering.events, ["PACKAGE_COMPLETE"]);
    let again = load(&config.effective()).unwrap();
    assert_eq!(again.accounts["a"].registering, config.accounts["a"].registering);
    assert!(
        load(&of("conga", "callback = { auth = \"none\" }")).unwrap().accounts["a"]
            .registering
            .events
            .is_empty()
    );
}

#[test]
fn only_the_public_address_is_ever_registered() {
    let account = "[accounts.a]\nprovider = \"onespan\"\ncallback = { auth = \"none\", path-token = \"tok-0123456789.~_\" }";
    let own = |server: &str| load(&format!("[server]\n{server}\n{account}")).unwrap().own_callback_url("a");
    let url = own("public-url = \"https://board.example.com/b/\"").unwrap();
    assert_eq!(url.expose(), format!("https://board.example.com/b/callbacks/a/{TOKEN}"));
    assert!(own("public-url = \"http://[::1]:81\"").is_ok());
    assert!(own("listen = \"127.0.0.1:1\"").unwrap_err().contains("is not set"));
    assert!(own("public-url = \"http://board.example.com\"").unwrap_err().contains("only as https"));
}
