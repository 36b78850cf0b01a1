//! Where values come from: the file, secret files, variables.

use super::super::{CallbackAuth, Config, DEFAULT_FILE, ProviderKind};
use super::{EVERYTHING, callback, env, folder, load_with, problems_with, refused, refused_with};

#[test]
fn a_named_file_must_be_there() {
    let folder = folder("");
    let missing = folder.path().join("missing.toml");
    let found = Config::load(Some(&missing), []).unwrap_err();
    assert!(found.to_string().contains("missing.toml: this configuration file cannot be read"), "{found}");
    Config::load(Some(&folder.path().join(DEFAULT_FILE)), []).unwrap();
}

#[test]
fn secrets_come_from_files_beside_the_configuration() {
    let folder = folder(&callback("{ auth = \"key\", key-file = \"one\", next-key-file = \"two\" }"));
    std::fs::write(folder.path().join("one"), "first\n").unwrap();
    std::fs::write(folder.path().join("two"), "second\r\n").unwrap();
    let config = Config::load_in(folder.path(), None, []).unwrap();
    let CallbackAuth::Key { key, next: Some(next) } = &config.accounts["a"].callback else { panic!() };
    assert_eq!((key.expose(), next.expose()), ("first", "second"));

    std::fs::write(folder.path().join("one"), "\n").unwrap();
    std::fs::write(folder.path().join("two"), "line\nline\n").unwrap();
    let found = Config::load_in(folder.path(), None, []).unwrap_err().to_string();
    assert!(found.contains("accounts.a.callback.key-file: the secret in one is empty"), "{found}");
    assert!(
        found.contains("accounts.a.callback.next-key-file: the secret in two holds a control"),
        "{found}"
    );
    std::fs::remove_file(folder.path().join("one")).unwrap();
    let found = Config::load_in(folder.path(), None, []).unwrap_err().to_string();
    assert!(found.contains("/one cannot be read: "), "{found}");
}

#[test]
fn secrets_come_from_variables() {
    let text = callback("{ auth = \"bearer\", token-env = \"TOKEN\" }");
    let config = load_with(&text, &[("TOKEN", "t")]).unwrap();
    assert!(
        matches!(&config.accounts["a"].callback, CallbackAuth::Bearer { token, .. } if token.expose() == "t")
    );
    refused(&text, "accounts.a.callback.token-env", &["TOKEN is not set"]);
    refused_with(&text, &[("TOKEN", "")], "accounts.a.callback.token-env", &["empty"]);
    let both = callback("{ auth = \"key\", key = \"k\", key-env = \"K\" }");
    refused(&both, "accounts.a.callback.key", &["key and key-env", "keep one"]);
}

#[test]
fn header_secrets_come_from_files_and_variables() {
    let folder = folder(&callback(
        "{ auth = \"headers\", headers = { A = \"a\", B = { file = \"b\" }, C = { env = \"C\" } } }",
    ));
    std::fs::write(folder.path().join("b"), "bb\n").unwrap();
    let config = Config::load_in(folder.path(), None, env(&[("C", "cc")])).unwrap();
    let CallbackAuth::Headers(headers) = &config.accounts["a"].callback else { panic!() };
    let values: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    assert_eq!(values, [("A", "a"), ("B", "bb"), ("C", "cc")]);
    refused(
        &callback("{ auth = \"headers\", headers = { A = \"a\", a = \"b\" } }"),
        "accounts.a.callback.headers.a",
        &["twice"],
    );
}

#[test]
fn variables_win_over_the_file() {
    let config = load_with(
        EVERYTHING,
        &[
            ("SIGNBOARD__SERVER__PUBLIC_URL", "https://env.example.com/"),
            ("SIGNBOARD__SERVER__LISTEN", "127.0.0.1:7"),
            ("SIGNBOARD__ACCOUNTS__ONESPAN_EU__CALLBACK__KEY", "from-env"),
            ("SIGNBOARD__ACCOUNTS__ONESPAN_EU__CALLBACK__NEXT_KEY_ENV", "NEXT"),
            ("SIGNBOARD__ACCOUNTS__BASIC__RECONCILE__CALLS_PER_MINUTE", "12"),
            ("NEXT", "next-from-env"),
            ("SIGNBOARD_LOG", "not ours to read"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!(config.server.public_url.as_deref(), Some("https://env.example.com"));
    assert_eq!(config.server.listen.port(), 7);
    assert_eq!(config.accounts["basic"].calls_per_minute, 12);
    // Also where the file gives the same secret in another form.
    let CallbackAuth::Key { key, next: Some(next) } = &config.accounts["onespan-eu"].callback else {
        panic!()
    };
    assert_eq!((key.expose(), next.expose()), ("from-env", "next-from-env"));
}

#[test]
fn variables_alone_are_enough() {
    let config = load_with(
        "",
        &[
            ("SIGNBOARD__ACCOUNTS__CONGA_US_2__PROVIDER", "conga"),
            ("SIGNBOARD__ACCOUNTS__CONGA_US_2__CALLBACK__AUTH", "key"),
            ("SIGNBOARD__ACCOUNTS__CONGA_US_2__CALLBACK__KEY", "k"),
        ],
    )
    .unwrap();
    assert_eq!(config.accounts["conga-us-2"].provider, ProviderKind::Conga);
}

#[test]
fn variables_that_name_nothing_are_refused() {
    for (name, path, word) in [
        ("SIGNBOARD__SERVER__PUBLIK_URL", "server.publik-url", "did you mean `public-url`"),
        ("SIGNBOARD__SERVR__DATA", "servr", "did you mean `server`"),
        ("SIGNBOARD__SERVER", "server", "is a table"),
        ("SIGNBOARD__SERVER__DATA__X", "server.data", "plain value"),
        ("SIGNBOARD__server__data", "SIGNBOARD__server__data", "upper case"),
        ("SIGNBOARD____DATA", "SIGNBOARD____DATA", "no key"),
        ("SIGNBOARD__", "SIGNBOARD__", "no key"),
    ] {
        refused_with("[server]\ndata = \"d\"", &[(name, "x")], path, &[word]);
        let found = problems_with("[server]\ndata = \"d\"", &[(name, "x")]);
        assert!(found[0].contains(name), "{found:?}");
    }
    let stray = [("SIGNBOARD__ACCOUNTS__B__CALLBACK__KEY", "s3cret")];
    let found = problems_with(&callback("{ auth = \"none\" }"), &stray).join("\n");
    assert!(found.contains("accounts.b.provider: is missing"), "{found}");
    assert!(
        found.contains("`accounts.b` is only there because of SIGNBOARD__ACCOUNTS__B__CALLBACK__KEY"),
        "{found}"
    );
    assert!(!found.contains("s3cret"), "{found}");
    let wrong = [("SIGNBOARD__SERVER__LISTEN", "nowhere")];
    refused_with("", &wrong, "server.listen", &["IP address", "(set by SIGNBOARD__SERVER__LISTEN)"]);
}

#[test]
fn maps_cannot_come_from_variables() {
    let name = "SIGNBOARD__ACCOUNTS__A__CALLBACK__HEADERS__X_KEY";
    for headers in ["", ", headers = { X-Key = \"k\" }"] {
        let text = callback(&format!("{{ auth = \"headers\"{headers} }}"));
        refused_with(&text, &[(name, "v")], "accounts.a.callback.headers", &["a map cannot", name]);
    }
}
