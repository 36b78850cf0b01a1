//! Tokens that are old, bent, or somebody else's: an issuer that says whatever a test wants lets nobody in by them.

use super::audit;
use crate::support::board::{Board, NOON};
use crate::support::issuer::{Browser, Forger, Key, Page, oidc, query, unsigned};
use crate::support::people::user;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use signboard::config::Opens;
use signboard::model::access::Role;

const NOW: i64 = NOON / 1000;

pub(super) async fn board(forger: &Forger, link: bool) -> Board {
    let mut config = oidc(&forger.url);
    config.link_verified = link;
    Board::with(|it| (it.opens, it.oidc) = (Opens::ToWhoSignsIn, Some(config))).await
}

/// What a good token says.
pub(super) fn claims(forger: &Forger, nonce: &str) -> Value {
    json!({
        "iss": forger.url, "aud": "signboard", "sub": "7", "exp": NOW + 300, "iat": NOW, "nonce": nonce,
        "email": "eve@example.com", "email_verified": true, "groups": ["staff"],
    })
}

/// Signs in with the token that `make` makes of the sign-in's nonce.
pub(super) async fn tries(board: &Board, forger: &Forger, make: impl Fn(&str) -> String) -> Page {
    let mut browser = Browser::default();
    let page = browser.get(&format!("{}/sign-in/oidc", board.url)).await;
    let token = make(&query(&page.to, "nonce"));
    let refresh = "a refresh token";
    forger.gives(
        json!({ "access_token": "a", "token_type": "Bearer", "id_token": token, "refresh_token": refresh }),
    );
    let state = query(&page.to, "state");
    browser.get(&format!("{}/sign-in/oidc/back?code=c&state={state}", board.url)).await
}

#[tokio::test]
async fn forged_old_and_foreign_tokens_let_nobody_in() {
    let (key, other) = (Key::new("one"), Key::new("one"));
    let forger = Forger::start(&key);
    let board = board(&forger, false).await;
    let good = |nonce: &str| claims(&forger, nonce);
    let with = |nonce: &str, name: &str, value: Value| {
        let mut claims = good(nonce);
        claims[name] = value;
        key.sign(&claims)
    };
    let hmac = |nonce: &str| {
        let text = unsigned(&json!({ "alg": "HS256", "kid": "one" }), &good(nonce));
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"a secret of the tests alone");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, text.as_bytes())))
    };
    type Make<'a> = Box<dyn Fn(&str) -> String + 'a>;
    let table: Vec<(&str, Make<'_>)> = vec![
        ("another key under the same name", Box::new(|n: &str| other.sign(&good(n)))),
        ("no signature", Box::new(|n: &str| format!("{}.", unsigned(&json!({ "alg": "none" }), &good(n))))),
        ("signed with the client's secret", Box::new(hmac)),
        (
            "a key that nobody published",
            Box::new(|n: &str| other.sign_as(&json!({ "alg": "ES256", "kid": "two" }), &good(n))),
        ),
        ("another audience", Box::new(|n: &str| with(n, "aud", json!("another")))),
        ("more audiences", Box::new(|n: &str| with(n, "aud", json!(["signboard", "another"])))),
        ("another issuer", Box::new(|n: &str| with(n, "iss", json!("https://evil.example")))),
        ("expired", Box::new(|n: &str| with(n, "exp", json!(NOW - 61)))),
        ("from the future", Box::new(|n: &str| with(n, "iat", json!(NOW + 61)))),
        ("made for another client", Box::new(|n: &str| with(n, "azp", json!("another")))),
        ("of nobody", Box::new(|n: &str| with(n, "sub", json!("")))),
        ("of an endless name", Box::new(|n: &str| with(n, "sub", json!("7".repeat(256))))),
        ("of another sign-in", Box::new(|n: &str| with(n, "nonce", json!("another")))),
        ("without a nonce", Box::new(|n: &str| with(n, "nonce", Value::Null))),
        ("not a token", Box::new(|_: &str| "a.b.c".to_owned())),
    ];
    let mut let_in = Vec::new();
    for (what, make) in &table {
        let page = tries(&board, &forger, make).await;
        let refused = [401, 503].contains(&page.status) && page.to.is_empty();
        if !refused || page.text.contains("eve@example.com") {
            let_in.push(*what);
        }
    }
    assert_eq!(let_in, Vec::<&str>::new());
    assert_eq!(board.sql("SELECT count(*) || '' FROM users").await, ["0"]);
    assert_eq!(board.sql("SELECT count(*) || '' FROM sessions").await, ["0"]);
    assert_eq!(audit(&board).await.len(), table.len(), "each is noted");
    for (name, fits) in [
        ("exp", json!(NOW - 59)),
        ("exp", json!(NOW + 300)),
        ("iat", json!(NOW + 59)),
        ("aud", json!(["signboard"])),
        ("azp", json!("signboard")),
    ] {
        let page = tries(&board, &forger, |n| with(n, name, fits.clone())).await;
        assert_eq!(page.status, 303, "{name} {fits}: {}", page.text);
    }
}

#[tokio::test]
async fn keys_are_kept_and_read_again_when_another_one_signs() {
    let (key, next) = (Key::new("one"), Key::new("two"));
    let forger = Forger::start(&key);
    let board = board(&forger, false).await;
    for _ in 0..3 {
        assert_eq!(tries(&board, &forger, |n| key.sign(&claims(&forger, n))).await.status, 303);
    }
    assert_eq!(forger.count("/jwks"), 1);
    forger.publish(&[&next]);
    let signed = |n: &str| next.sign(&claims(&forger, n));
    for _ in 0..3 {
        assert_eq!(tries(&board, &forger, signed).await.status, 401, "at most once a minute");
    }
    assert_eq!(forger.count("/jwks"), 1);
    board.clock.advance(61_000);
    assert_eq!(tries(&board, &forger, signed).await.status, 303);
    assert_eq!(forger.count("/jwks"), 2);
    let old = |n: &str| key.sign(&claims(&forger, n));
    assert_eq!(tries(&board, &forger, old).await.status, 401, "it is published no more");
}

#[tokio::test]
async fn an_account_is_not_taken_over_by_its_mail_address() {
    let key = Key::new("one");
    let forger = Forger::start(&key);
    let signed = |verified: Value| {
        let (key, forger) = (&key, &forger);
        move |nonce: &str| {
            let mut claims = claims(forger, nonce);
            claims["email_verified"] = verified.clone();
            key.sign(&claims)
        }
    };
    for (link, password, verified, status) in [
        (false, None, json!(true), 403),
        (true, Some("hash"), json!(true), 403),
        (true, None, Value::Null, 403),
        (true, None, json!(true), 303),
    ] {
        let board = board(&forger, link).await;
        let mut eve = user("eve@example.com", Role::Viewer);
        eve.password = password.map(str::to_owned);
        board.app().store.add_user(&eve, board.app().now()).await.unwrap().unwrap();
        let page = tries(&board, &forger, signed(verified.clone())).await;
        assert_eq!(page.status, status, "{link} {password:?} {verified}: {}", page.text);
        assert_eq!(board.sql("SELECT count(*) || '' FROM users").await, ["1"]);
    }
}

#[tokio::test]
async fn an_outage_ends_nothing_at_once_and_a_no_does() {
    let key = Key::new("one");
    let forger = Forger::start(&key);
    let board = board(&forger, false).await;
    assert_eq!(tries(&board, &forger, |n| key.sign(&claims(&forger, n))).await.status, 303);
    board.clock.advance(12 * 60 * 60 * 1000);
    forger.answers(502);
    let asked = board.app().vouch_due().await.unwrap();
    assert_eq!((asked.ended, asked.unasked), (0, 1));
    assert_eq!(board.sql("SELECT count(*) || '' FROM sessions").await, ["1"]);
    assert_eq!(board.app().vouch_due().await.unwrap().unasked, 0, "not again within ten minutes");
    forger.answers(200);
    forger.gives(json!({ "error": "temporarily_unavailable" }));
    board.clock.advance(10 * 60 * 1000);
    assert_eq!(board.app().vouch_due().await.unwrap().unasked, 1);
    forger.gives(json!({ "error": "invalid_grant" }));
    board.clock.advance(10 * 60 * 1000);
    assert_eq!(board.app().vouch_due().await.unwrap().ended, 1);
    assert_eq!(board.sql("SELECT count(*) || '' FROM sessions").await, ["0"]);
}
