//! The pages: who may see them, what is in them, and that every row is found.

mod lists;
mod told;

use crate::support::board::{Board, event};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;

const PAGES: [&str; 17] = [
    "/",
    "/?status=sent&q=x",
    "/pulse",
    "/live",
    "/packages/os/P",
    "/sync",
    "/sync/now",
    "/sync/missed.csv",
    "/inbox",
    "/providers",
    "/api/v1/packages",
    "/api/v1/packages/os/P",
    "/healthz",
    "/readyz",
    "/metrics",
    "/nothing",
    "/packages/os/none",
];

#[actix_web::test]
async fn only_the_own_machine_sees_anything_but_callbacks() {
    let board = Board::start().await;
    board.event("P", "PACKAGE_CREATE", "u", 0).await;
    let port = board.server().addresses()[0].port();
    for path in PAGES {
        let url = format!("{}{path}", board.url);
        for (name, value) in [
            ("host", "board.example.com"),
            ("host", "127.0.0.1.example.com"),
            ("x-forwarded-for", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
        ] {
            let answer = board.client.get(&url).header(name, value).send().await.unwrap();
            assert_eq!(answer.status(), 403, "{path} with {name}: {value}");
            assert!(answer.headers().contains_key("content-security-policy"));
            assert!(!answer.text().await.unwrap().contains(">P<"));
        }
    }
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let host = format!("{host}:{port}");
        let answer =
            board.client.get(format!("{}/inbox", board.url)).header("host", host).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    // A callback comes through a proxy, and that is fine.
    let call =
        board.client.post(format!("{}/callbacks/os", board.url)).header("authorization", "Basic cb-key");
    let call = call.header("host", "board.example.com").header("x-forwarded-for", "10.1.2.3");
    assert_eq!(call.body(event("Q", "PACKAGE_CREATE", "u", None, 0)).send().await.unwrap().status(), 200);
    board.stop().await;
}

#[actix_web::test]
async fn a_page_of_another_site_can_post_nothing() {
    let board = Board::start().await;
    board.send("os", "not json").await;
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        for path in ["/inbox/replay", "/inbox/admit"] {
            let request = board.client.post(format!("{}{path}", board.url)).header(name, value);
            assert_eq!(request.body("id=1").send().await.unwrap().status(), 403, "{path} {name}: {value}");
        }
    }
    let request = board.client.post(format!("{}/inbox/replay", board.url));
    let request = request.header("origin", &board.url).header("sec-fetch-site", "same-origin");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(request.body("id=1").send().await.unwrap().status(), 303);
    board.stop().await;
}

#[actix_web::test]
async fn the_second_address_serves_callbacks_and_nothing_else() {
    let board = Board::with(|config| config.server.callbacks_listen = Some(([127, 0, 0, 1], 0).into())).await;
    let second = format!("http://{}", board.server().addresses()[1]);
    for path in PAGES {
        let answer = board.client.get(format!("{second}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(answer.text().await.unwrap(), "");
    }
    let call = board.client.post(format!("{second}/callbacks/os")).header("authorization", "Basic cb-key");
    assert_eq!(call.body(event("P", "PACKAGE_CREATE", "u", None, 0)).send().await.unwrap().status(), 200);
    assert_eq!(board.client.get(format!("{second}/callbacks/os")).send().await.unwrap().status(), 405);
    board.package("os", "P").await;
    board.stop().await;
}

#[actix_web::test]
async fn every_answer_carries_the_security_headers() {
    let board = Board::start().await;
    board.event("P", "PACKAGE_CREATE", "u", 0).await;
    let page = board.text("/").await;
    let asset = page.split('"').find(|it| it.starts_with("/static/")).unwrap().to_owned();
    let more = [
        asset.as_str(),
        "/static/none",
        "/packages/",
        "/packages/os",
        "/packages/os/P/payload/x",
        "/api/v1/packages?limit=x",
        "/inbox/replay",
    ];
    for path in PAGES.into_iter().chain(more) {
        let answer = board.get(path).await;
        let header = |name: &str| answer.headers().get(name).map_or("", |it| it.to_str().unwrap());
        let csp = header("content-security-policy");
        assert!(
            csp.contains("default-src 'none'") && csp.contains("frame-ancestors 'none'"),
            "{path}: {csp}"
        );
        assert!(!csp.contains("unsafe") && !csp.contains('*'), "{csp}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert!(["no-referrer", "same-origin"].contains(&header("referrer-policy")), "{path}");
    }
    board.stop().await;
}

#[actix_web::test]
async fn head_is_get_without_its_body() {
    let board = Board::start().await;
    board.event("P", "PACKAGE_CREATE", "u", 0).await;
    for path in PAGES {
        let (head, status) = (
            board.client.head(format!("{}{path}", board.url)).send().await.unwrap(),
            board.get(path).await.status(),
        );
        assert_eq!(head.status(), status, "{path}");
        assert!(head.bytes().await.unwrap().is_empty());
    }
    let answer = board.client.request(Method::DELETE, format!("{}/inbox", board.url)).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert!(answer.text().await.unwrap().contains("<h1>"));
    board.stop().await;
}

#[actix_web::test]
async fn errors_have_a_page_and_for_programs_a_sentence() {
    let board = Board::start().await;
    board.event("T", "TEMPLATE_CREATE", "u", 0).await;
    for (path, status) in [
        ("/api/v1/packages/os/none", 404),
        ("/api/v1/packages/os/T", 404),
        ("/api/v1/packages/os/T/x", 404),
        ("/api/v1/packages/os", 404),
        ("/api/v1/nothing", 404),
        ("/api/v1/packages?limit=0", 400),
        ("/api/v1/packages?limit=many", 400),
        ("/api/v1/packages?status=lost", 400),
        ("/api/v1/packages?limit=1&limit=2", 400),
    ] {
        let answer = board.get(path).await;
        assert_eq!(answer.status(), status, "{path}");
        let json: serde_json::Value = answer.json().await.unwrap();
        assert!(json["error"].as_str().is_some_and(|it| it.ends_with('.')), "{path}: {json}");
    }
    for path in
        ["/packages/os/none", "/packages/os/T", "/packages/os/T/payload/99", "/nothing", "/inbox/payload/99"]
    {
        let answer = board.get(path).await;
        assert_eq!(answer.status(), 404);
        assert!(answer.text().await.unwrap().contains("<h1>"), "{path}");
    }
    assert!(!board.text("/?q=T").await.contains("/packages/os/T"), "a template is never shown");
    board.stop().await;
}

#[actix_web::test]
async fn every_id_is_reachable_and_none_is_markup() {
    let board = Board::start().await;
    let long = "é".repeat(255);
    let ids = [
        "a/b",
        "a%2Fb",
        "%",
        "..",
        ".",
        "~..",
        " ",
        "a b",
        "<script>alert(1)</script>",
        "\"><img src=x onerror=y>",
        "'",
        "a?b#c&d=e",
        "payload",
        "P/payload/1",
        "\r\nset-cookie: x",
        "\u{202e}gpj",
        "{{7*7}}",
        &long,
    ];
    for id in ids {
        board.event(id, "PACKAGE_DECLINE", "<i>signer", 0).await;
    }
    let board_page = board.text("/").await;
    let links: Vec<&str> = board_page.split("href=\"").filter_map(|it| it.split('"').next()).collect();
    for id in ids {
        let json = board.package("os", if id == "." || id == ".." { "~.." } else { id }).await;
        assert_eq!(json["events"].as_array().unwrap().len(), 1, "{id:?}");
        let encoded = utf8_percent_encode(id, NON_ALPHANUMERIC).to_string();
        if !matches!(id, "." | ".." | "~..") {
            assert_eq!(json["id"], id);
            let page = board.text(&format!("/packages/os/{encoded}")).await;
            assert!(
                !page.contains("<script>alert")
                    && !page.contains("<img src=x")
                    && !page.contains("<i>signer")
            );
        }
    }
    let mut found = 0;
    for link in links.iter().filter(|link| link.starts_with("/packages/os/")) {
        assert_eq!(board.get(&link.replace("&#38;", "&")).await.status(), 200, "{link}");
        found += 1;
    }
    assert!(found >= ids.len(), "{found}");
    assert!(!board_page.contains("<script>alert") && !board_page.contains("<img src=x"));
    let inbox = board.text("/inbox").await;
    assert!(!inbox.contains("<script>alert") && !inbox.contains("<img src=x"));
    board.stop().await;
}
