//! Who may send: each way to prove it, and what is said of those who can't.

use crate::support::board::{Board, event};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use signboard::config::{CallbackAuth, Secret};
use std::collections::BTreeMap;

fn modes() -> Vec<(&'static str, CallbackAuth)> {
    let secret = |text: &str| Secret::new(text);
    let headers: BTreeMap<String, Secret> =
        [("X-Key".to_owned(), secret("hush-x")), ("X-Second".to_owned(), secret("hush-y"))].into();
    vec![
        ("key", CallbackAuth::Key { key: secret("hush-key"), next: Some(secret("hush-next")) }),
        (
            "basic",
            CallbackAuth::Basic {
                username: "conga".into(),
                password: secret("hush-pw"),
                next: Some(secret("hush-pw2")),
            },
        ),
        ("bearer", CallbackAuth::Bearer { token: secret("hush-token"), next: Some(secret("hush-token2")) }),
        ("headers", CallbackAuth::Headers(headers)),
        ("none", CallbackAuth::None),
    ]
}

async fn board() -> Board {
    let change = |config: &mut signboard::config::Config| {
        for (id, callback) in modes() {
            let mut account = config.accounts["os"].clone();
            account.callback = callback;
            config.accounts.insert(id.to_owned(), account);
        }
    };
    Board::with(change).await
}

/// Sends with these headers, `name: value` each.
async fn status(board: &Board, account: &str, headers: &[&str]) -> u16 {
    let mut request = board.client.post(format!("{}/callbacks/{account}", board.url));
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let body = event(&format!("{account}{headers:?}"), "PACKAGE_CREATE", "sender", None, 0);
    request.body(body).send().await.unwrap().status().as_u16()
}

#[actix_web::test]
async fn each_way_to_prove_oneself_is_taken_and_its_secret_noted() {
    let board = board().await;
    let pair = BASE64_STANDARD.encode("conga:hush-pw");
    let pair = format!("authorization: Basic {pair}");
    let good: [(&str, &[&str]); 9] = [
        ("key", &["authorization: Basic hush-key"]),
        ("key", &["authorization: Basic hush-next"]),
        ("basic", &[&pair]),
        ("basic", &["authorization: Basic conga:hush-pw"]),
        ("basic", &["authorization: Basic conga:hush-pw2"]),
        ("bearer", &["authorization: Bearer hush-token"]),
        ("bearer", &["authorization: Bearer hush-token2"]),
        ("headers", &["x-second: hush-y", "X-KEY: hush-x"]),
        ("none", &[]),
    ];
    for (account, headers) in good {
        assert_eq!(status(&board, account, headers).await, 200, "{account} {headers:?}");
    }
    for (account, slots) in [
        ("key", ["current", "next"].as_slice()),
        ("basic", &["current", "next"]),
        ("bearer", &["current", "next"]),
        ("headers", &["current"]),
        ("none", &["open"]),
    ] {
        let facts = board.app().store.account_facts(&board.app().account(account).unwrap().id).await.unwrap();
        let mut used: Vec<&str> = facts.slots_used.iter().map(|(slot, _)| slot.as_str()).collect();
        used.sort_unstable();
        assert_eq!(used, slots, "{account}");
    }
    let page = board.text("/providers").await;
    assert!(!page.contains("hush"), "no secret on a page");
    board.stop().await;
}

#[actix_web::test]
async fn a_wrong_secret_is_401_and_kept_in_words_that_name_no_secret() {
    let board = board().await;
    let base64 = format!("authorization: Basic {}", BASE64_STANDARD.encode("hush-key"));
    let bad: [(&str, &[&str], &str); 10] = [
        ("key", &[], "no Authorization header"),
        ("key", &[&base64], "Basic, but base64"),
        ("key", &["authorization: Basic hush-key2"], "Basic, but the key is wrong"),
        ("key", &["authorization: hush-key"], "the secret without the word Basic before it"),
        ("key", &["authorization: Bearer hush-key"], "Bearer instead of Basic"),
        ("basic", &["authorization: Basic conga:hush"], "Basic, but the user name or the password is wrong"),
        ("bearer", &["authorization: Bearer hush"], "Bearer, but the token is wrong"),
        ("headers", &["x-key: hush-x"], "header X-Second is missing"),
        ("headers", &["x-key: hush-x", "x-second: hush"], "header X-Second is wrong"),
        ("headers", &["x-key: hush-x", "x-second: "], "header X-Second is missing"),
    ];
    for (account, headers, _) in &bad {
        assert_eq!(status(&board, account, headers).await, 401, "{account} {headers:?}");
    }
    let refused = board.app().store.refused(None, 100).await.unwrap();
    let why: Vec<&str> = refused.iter().rev().map(|it| it.why.as_str()).collect();
    assert_eq!(why, bad.map(|(_, _, why)| why));
    assert!(refused.iter().all(|it| it.remote == "127.0.0.1" && it.size > 0));
    for page in ["/inbox", "/providers"] {
        assert!(!board.text(page).await.contains("hush-"), "{page}");
    }
    let kept =
        board.sql("SELECT why || headers FROM refused UNION ALL SELECT headers || slot FROM arrivals").await;
    assert!(kept.iter().all(|it| !it.contains("hush")), "{kept:?}");
    assert!(board.json("/api/v1/packages").await["packages"].as_array().unwrap().is_empty());
    board.stop().await;
}
