//! The token that may follow the account in a callback's path: who gets through, and that nobody reads it anywhere.

use crate::support::board::{Board, event};
use crate::support::program::Served;
use signboard::config::{CallbackAuth, Config, Secret};
use std::process::Command;

const TOKEN: &str = "hush-0123456789.abc_~XYZ";

fn guarded(config: &mut Config) {
    config.server.public_url = Some("https://board.example.com".to_owned());
    config.server.callbacks_listen = Some(([127, 0, 0, 1], 0).into());
    let key = config.accounts["os"].callback.clone();
    for (id, callback, token) in
        [("open", CallbackAuth::None, Some(TOKEN)), ("both", key.clone(), Some(TOKEN)), ("plain", key, None)]
    {
        let mut account = config.accounts["os"].clone();
        (account.callback, account.path_token) = (callback, token.map(Secret::new));
        config.accounts.insert(id.to_owned(), account);
    }
}

/// Sends an event to a path behind `/callbacks/`, with the accounts' key.
async fn status(board: &Board, base: &str, path: &str, key: bool) -> u16 {
    let mut request = board.client.post(format!("{base}/callbacks/{path}"));
    if key {
        request = request.header("authorization", "Basic cb-key");
    }
    // Through a proxy, as callbacks come.
    let request = request.header("host", "board.example.com").header("x-forwarded-for", "10.1.2.3");
    let account = path.split('/').next().unwrap();
    let body = event(&format!("P {account}"), "PACKAGE_CREATE", "u", None, 0);
    request.body(body).send().await.unwrap().status().as_u16()
}

#[actix_web::test]
async fn the_path_token_is_asked_for_beside_whatever_else_is() {
    let board = Board::with(guarded).await;
    let second = format!("http://{}", board.server().addresses()[1]);
    let lower = TOKEN.to_lowercase();
    let cases = [
        (format!("open/{TOKEN}"), false, 200),
        (format!("both/{TOKEN}"), true, 200),
        (format!("open/{TOKEN}/"), false, 200),
        ("plain/".to_owned(), true, 200),
        (format!("both/{TOKEN}"), false, 401),
        ("both".to_owned(), true, 401),
        ("open".to_owned(), true, 401),
        (format!("open/{lower}"), true, 401),
        (format!("open/{TOKEN}x"), true, 401),
        ("plain".to_owned(), true, 200),
        (format!("plain/{TOKEN}"), true, 401),
        (format!("nobody/{TOKEN}"), true, 404),
    ];
    for base in [&board.url, &second] {
        for (path, key, expected) in &cases {
            assert_eq!(status(&board, base, path, *key).await, *expected, "{path} with key: {key}");
        }
        // Deeper than any account: no door of the callbacks, and none for strangers.
        assert!([403, 404].contains(&status(&board, base, &format!("open/{TOKEN}/x"), true).await));
        let url = format!("{base}/callbacks/open/{TOKEN}");
        assert_eq!(board.client.get(url).send().await.unwrap().status(), 405);
    }
    let listed = board.json("/api/v1/packages").await;
    assert_eq!(listed["packages"].as_array().unwrap().len(), 3, "what was refused tells nothing");
    board.stop().await;
}

#[actix_web::test]
async fn the_vendors_stray_mark_is_let_pass_and_named() {
    let board = Board::with(guarded).await;
    let misprint = "ends in <code>&gt;</code>";
    assert!(!board.text("/providers").await.contains(misprint));
    for path in [format!("open/{TOKEN}%3E%3E"), "open%3E".to_owned()] {
        assert_eq!(status(&board, &board.url, &path, true).await, 401, "{path}");
    }
    assert!(!board.text("/providers").await.contains(misprint), "a wrong token is no misprint");
    for path in [format!("open/{TOKEN}%3E"), "plain%3E".to_owned()] {
        assert_eq!(status(&board, &board.url, &path, true).await, 200, "{path}");
    }
    let page = board.text("/providers").await;
    assert_eq!(page.matches(misprint).count(), 2);
    board.stop().await;
}

#[actix_web::test]
async fn no_page_and_no_row_holds_the_token() {
    let board = Board::with(guarded).await;
    for (path, expected) in
        [(format!("open/{TOKEN}"), 200), (format!("open/{TOKEN}x"), 401), (format!("plain/{TOKEN}"), 401)]
    {
        assert_eq!(status(&board, &board.url, &path, true).await, expected);
    }
    for page in ["/", "/pulse", "/inbox", "/providers", "/metrics", "/api/v1/packages"] {
        assert!(!board.text(page).await.contains("hush"), "{page}");
    }
    let providers = board.text("/providers").await;
    assert!(providers.contains("value=\"https://board.example.com/callbacks/open/&#60;path-token&#62;\""));
    assert!(providers.contains("the token in the path and nothing else"));
    assert!(providers.contains("value=\"https://board.example.com/callbacks/plain\""));
    let tables = "SELECT 'why ' || why || headers || remote FROM refused UNION ALL SELECT headers || slot || remote FROM arrivals";
    let rows = board.sql(tables).await;
    assert!(rows.len() == 3 && rows.iter().all(|row| !row.contains("hush")), "{rows:?}");
    board.stop().await;
}

/// The real program, telling all it can: not even at `trace` does a path reach its log.
#[actix_web::test]
async fn no_log_holds_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signboard.toml");
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ndata = {:?}\n[accounts.os]\nprovider = \"onespan\"\n\
         callback = {{ auth = \"none\", path-token = \"{TOKEN}\" }}\n",
        folder.path().join("data"),
    );
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
    command.arg("serve").arg("--config").arg(&file).env("RUST_LOG", "trace").env("NO_COLOR", "1");
    let served = Served::start(command);
    let url = &served.url;
    let client = crate::support::board::client();
    let body = || event("P", "PACKAGE_CREATE", "u", None, 0);
    for (path, expected) in [
        (format!("os/{TOKEN}"), 200),
        (format!("os/{TOKEN}%3E"), 200),
        (format!("os/{TOKEN}x"), 401),
        // No address of callbacks: to strangers, that is a page like any other.
        (format!("os/x/{TOKEN}"), 401),
        (format!("nobody/{TOKEN}"), 404),
        (format!("os/{TOKEN}?{TOKEN}"), 200),
    ] {
        let call = client.post(format!("{url}/callbacks/{path}")).body(body());
        assert_eq!(call.send().await.unwrap().status(), expected, "{path}");
    }
    let large = client.post(format!("{url}/callbacks/os/{TOKEN}")).body(vec![b'x'; 5 * 1024 * 1024]);
    assert_eq!(large.send().await.unwrap().status(), 413);
    let log = served.stop();
    assert!(log.contains("the path token is wrong") && log.contains("misprint"), "{log}");
    assert!(!log.contains("hush"), "{}", log.lines().find(|it| it.contains("hush")).unwrap_or_default());
}
