//! What is refused, where, and in which words.

use super::{account, api, callback, load, problems, refused};

#[test]
fn listen_is_any_address() {
    for address in ["0.0.0.0:8080", "192.168.1.4:80", "[::]:8080", "127.0.0.1:0", "[::ffff:127.0.0.1]:8080"] {
        let config = load(&format!("[server]\nlisten = \"{address}\"")).unwrap();
        assert_eq!(config.server.listen.to_string(), address);
        let alone = config.server.listen.ip().to_canonical().is_loopback();
        let warned = config.warnings().iter().any(|it| it.contains("server.listen can be reached"));
        assert_eq!(warned, !alone, "{address}");
        let text = format!("[server]\nlisten = \"{address}\"\npublic-url = \"https://board.example.com\"");
        assert_eq!(load(&text).unwrap().warnings().len(), 1, "no account, and nothing else: {address}");
    }
    let plain = load("[server]\npublic-url = \"http://board.example.com\"").unwrap().warnings().join("\n");
    assert!(plain.contains("server.public-url is http"), "{plain}");
    let proxies = "[server]\ntrusted-proxies = [\"10.0.0.0/8\", \"fd00::1\"]";
    assert!(
        load(proxies).unwrap().effective().contains("trusted-proxies = [\"10.0.0.0/8\", \"fd00::1/128\"]")
    );
    refused("[server]\ntrusted-proxies = [\"10.0.0.0/99\"]", "server.trusted-proxies", &["no network"]);
    refused("[server]\nlisten = \"localhost:8080\"", "server.listen", &["IP address with a port"]);
    refused("[server]\ncallbacks-listen = \"0.0.0.0:8080\"", "server.callbacks-listen", &["`listen`"]);
}

#[test]
fn an_identity_provider_is_told_apart_from_whoever_listens() {
    let oidc = |more: &str, issuer: &str| {
        let roles = if more.contains("roles") { "" } else { "roles = { viewer = [\"staff\"] }" };
        let secret = if more.contains("client-secret") { "" } else { "client-secret = \"hush\"" };
        format!("[sign-in.oidc]\nissuer = \"{issuer}\"\nclient-id = \"b\"\n{secret}\n{roles}\n{more}")
    };
    let good = "https://login.example.com/realms/firm";
    let config = load(&oidc("", good)).unwrap();
    let (shown, warnings) = (config.effective(), config.warnings().join("\n"));
    assert!(shown.contains("label = \"login.example.com\"") && !shown.contains("hush"), "{shown}");
    assert!(warnings.contains("sign-in.oidc needs server.public-url"), "{warnings}");
    for here in ["http://127.0.0.1:9/", "http://[::1]:9", "http://localhost:9"] {
        assert!(load(&oidc("", here)).is_ok(), "{here}");
    }
    for (more, issuer, key, words) in [
        ("", "http://login.example.com", "issuer", "https://"),
        ("", "login.example.com", "issuer", "https://"),
        ("roles = {}", good, "roles", "names no group"),
        ("roles = { viewer = [\"a\"], boss = [\"b\"] }", good, "roles.boss", "viewer"),
        ("link = \"email\"", good, "link", "verified-email"),
        ("link = \"verified-email\"\nemail-claim = \"upn\"", good, "link", "email-claim"),
        ("client-secret = \"\"", good, "client-secret", "empty"),
    ] {
        refused(&oidc(more, issuer), &format!("sign-in.oidc.{key}"), &[words]);
    }
    let token = |issuer: &str| {
        callback(&format!("{{ auth = \"oauth2\", issuer = \"{issuer}\", audience = \"board\" }}"))
    };
    refused(&token("http://login.example.com"), "accounts.a.callback.issuer", &["https://"]);
    let other = token(good).replace("\"onespan\"", "\"legalesign\"");
    refused(&other, "accounts.a.callback.auth", &["one of signed, key"]);
    let without = callback(&format!("{{ auth = \"oauth2\", issuer = \"{good}\" }}"));
    refused(&without, "accounts.a.callback.audience", &["missing"]);
}

#[test]
fn values_are_checked_where_they_stand() {
    for (line, key, word) in [
        ("public-url = \"board.example.com\"", "public-url", "web address"),
        ("public-url = \"ftp://board.example.com\"", "public-url", "https://"),
        ("public-url = \"https://board.example.com/?a\"", "public-url", "?"),
        ("public-url = \"https://me:pw@board.example.com\"", "public-url", "password"),
        ("proxy = \"proxy:3128\"", "proxy", "http://"),
        ("time-zone = \"Europe/Atlantis\"", "time-zone", "Europe/Berlin"),
        ("data = \"\"", "data", "empty"),
        ("data = 7", "data", "text in quotes"),
        ("data = \"a\\u0000b\"", "data", "control character"),
    ] {
        refused(&format!("[server]\n{line}"), &format!("server.{key}"), &[word]);
    }
    refused("server = 5", "server", &["table"]);
    refused(&callback("\"none\""), "accounts.a.callback", &["table"]);
    refused(
        &api("{ base-url = \"x\", auth = \"api-key\", key = \"k\" }"),
        "accounts.a.api.base-url",
        &["https"],
    );
    refused(&api("{ auth = \"api-key\", key = \"k\" }"), "accounts.a.api.base-url", &["missing"]);
    refused(&api("{ base-url = \"http://x\", auth = \"magic\" }"), "accounts.a.api.auth", &["oauth2"]);
    refused(&api("{ base-url = \"http://x\", key = \"k\" }"), "accounts.a.api.auth", &["missing", "api-key"]);
    for calls in ["0", "6001", "-1", "1.5", "\"60\"", "99999999999"] {
        let text = account(&format!(
            "callback = {{ auth = \"none\" }}\nreconcile = {{ calls-per-minute = {calls} }}"
        ));
        refused(&text, "accounts.a.reconcile.calls-per-minute", &["1 to 6000"]);
    }
    for (key, value, says) in [
        ("every", "\"1m\"", "from \"5m\" to \"30d\""),
        ("overlap", "15", "must be text in quotes"),
        ("full-at", "\"2am\"", "00:00"),
        ("since", "\"ever\"", "such as \"6h\""),
        ("concurrency", "0", "1 to 16"),
        ("silent-after", "\"\"", "is empty"),
    ] {
        let text = account(&format!("callback = {{ auth = \"none\" }}\nreconcile = {{ {key} = {value} }}"));
        refused(&text, &format!("accounts.a.reconcile.{key}"), &[says]);
    }
}

#[test]
fn accounts_say_who_they_are() {
    let text = "[accounts.a]\nprovider = \"docusign\"\ncallback = { auth = \"none\" }";
    refused(text, "accounts.a.provider", &["docusign", "onespan, conga"]);
    refused(
        "[accounts.a]\ncallback = { auth = \"none\" }",
        "accounts.a.provider",
        &["missing", "onespan, conga"],
    );
    refused(&account(""), "accounts.a.callback", &["missing", "add one", "auth = \"none\""]);
    let long = "a".repeat(65);
    for (id, path) in
        [("Big", "Big"), ("\"a.b\"", "\"a.b\""), ("\"\"", "\"\""), ("a_b", "a_b"), (long.as_str(), &long)]
    {
        let text = format!("[accounts.{id}]\nprovider = \"conga\"\ncallback = {{ auth = \"none\" }}");
        refused(&text, &format!("accounts.{path}"), &["a-z"]);
    }
    load(&format!("[accounts.{}]\nprovider = \"conga\"\ncallback = {{ auth = \"none\" }}", "a".repeat(64)))
        .unwrap();
}

#[test]
fn callbacks_say_how_they_are_proven() {
    refused(&callback("{ key = \"k\" }"), "accounts.a.callback.auth", &["missing", "bearer"]);
    refused(&callback("{ auth = \"hmac\" }"), "accounts.a.callback.auth", &["hmac", "bearer"]);
    refused(&callback("{ auth = \"key\" }"), "accounts.a.callback.key", &["missing", "key-file", "key-env"]);
    refused(&callback("{ auth = \"key\", key = \"\" }"), "accounts.a.callback.key", &["empty"]);
    refused(&callback("{ auth = \"key\", key = 7 }"), "accounts.a.callback.key", &["text in quotes"]);
    refused(&callback("{ auth = \"bearer\" }"), "accounts.a.callback.token", &["missing"]);
    let basic = "{ auth = \"basic\", username = \"a:b\", password = \"p\" }";
    refused(&callback(basic), "accounts.a.callback.username", &["colon"]);
    let found = problems(&callback("{ auth = \"basic\" }"));
    assert_eq!(found.len(), 2, "{found:?}");
    refused(&callback("{ auth = \"headers\" }"), "accounts.a.callback.headers", &["missing", "X-Key"]);
    let headers = |map: &str| callback(&format!("{{ auth = \"headers\", headers = {map} }}"));
    refused(&headers("{}"), "accounts.a.callback.headers", &["empty"]);
    refused(&headers("{ \"X Key\" = \"k\" }"), "accounts.a.callback.headers.\"X Key\"", &["no header"]);
    refused(&headers("{ X-Key = \"\" }"), "accounts.a.callback.headers.X-Key", &["empty"]);
    refused(&headers("{ X-Key = {} }"), "accounts.a.callback.headers.X-Key", &["{ file = \"path\" }"]);
    let found = problems(&headers("{ X-Key = { fle = \"f\", env = \"E\" } }"));
    assert!(
        found[0].starts_with("accounts.a.callback.headers.X-Key.env: the variable E is not set"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("accounts.a.callback.headers.X-Key.fle: unknown key; did you mean `file`"),
        "{found:?}"
    );
}

#[test]
fn three_problems_are_told_at_once() {
    let found = problems(
        "[server]\nlisten = \"nowhere\"\ntime-zone = 5\n[accounts.a]\nprovider = \"x\"\n[accounts.b]\nlable = \"\"\n",
    );
    let paths: Vec<_> = found.iter().map(|it| it.split(": ").next().unwrap()).collect();
    assert_eq!(
        paths,
        [
            "server.listen",
            "server.time-zone",
            "accounts.a.provider",
            "accounts.a.callback",
            "accounts.b.provider",
            "accounts.b.callback",
            "accounts.b.lable"
        ]
    );
}

#[test]
fn a_syntax_error_has_a_place_and_no_quotation() {
    let found = problems("[server]\nlisten = \"127.0.0.1:1\"\nkey = \"s3cret\" oops\n");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("signboard.toml line 3, column"), "{found:?}");
    assert!(!found[0].contains("s3cret"), "{found:?}");
}

#[test]
fn unknown_keys_are_refused_with_advice() {
    refused(
        "[server]\npublic_url = \"https://x\"",
        "server.public_url",
        &["unknown key", "did you mean `public-url`"],
    );
    refused("[server]\ncolour = \"red\"", "server.colour", &["unknown key", "known here: listen"]);
    refused("[sever]\n", "sever", &["did you mean `server`"]);
    refused(&callback("{ auth = \"none\", keys = \"k\" }"), "accounts.a.callback.keys", &["unknown key"]);
    refused(
        &callback("{ auth = \"key\", key = \"k\", nextkey = \"n\" }"),
        "accounts.a.callback.nextkey",
        &["did you mean `next-key`"],
    );
    refused(
        &account("callback = { auth = \"none\" }\nreconcile = { x = 1 }"),
        "accounts.a.reconcile.x",
        &["unknown"],
    );
}

#[test]
fn a_listener_has_a_whole_address_that_is_not_ours() {
    let forward = |table: &str| account(&format!("callback = {{ auth = \"none\" }}\nforward = {table}"));
    refused(&forward("{}"), "accounts.a.forward.url", &["is missing", "url-file"]);
    for (url, words) in [
        ("ftp://old.example.com/", "must begin with https://"),
        ("https://me:hush@old.example.com/", "take them out"),
        ("https://old.example.com/#hush", "before any `#`"),
        ("http://127.0.0.1:8080/callbacks/a", "for ever"),
    ] {
        refused(&forward(&format!("{{ url = {url:?} }}")), "accounts.a.forward.url", &[words]);
        assert!(!problems(&forward(&format!("{{ url = {url:?} }}"))).concat().contains("hush"));
    }
    let plain = load(&forward("{ url = \"http://old.example.com/\" }")).unwrap().warnings();
    assert!(plain.iter().any(|it| it.starts_with("accounts.a.forward.url is http")), "{plain:?}");
}

#[test]
fn a_link_to_the_provider_leads_to_the_host_that_was_named_whatever_the_id() {
    for (address, word) in [
        ("https://host.example/a", "{id} once"),
        ("https://host.example/{id}/{id}", "{id} once"),
        ("https://{id}.host.example/", "behind the host"),
        ("https://{id}/", "behind the host"),
        ("https://host.example:{id}/", "web address"),
        ("https://me:{id}@host.example/", "password"),
        ("https://me:pw@host.example/{id}", "password"),
        ("http://host.example/{id}", "https://"),
        ("javascript:alert({id})", "https://"),
        ("{id}", "web address"),
    ] {
        let text = account(&format!("callback = {{ auth = \"none\" }}\napp-url = \"{address}\""));
        refused(&text, "accounts.a.app-url", &[word]);
    }
}
