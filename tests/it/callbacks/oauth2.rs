//! Callbacks with a token of the firm's own authorization server: what opens, what doesn't, and what nobody can tell yet.

use crate::support::board::{Board, NOON, event};
use crate::support::issuer::{Forger, Key, Real, unsigned};
use serde_json::{Value, json};
use signboard::clock::Clock;
use signboard::config::CallbackAuth;
use signboard::model::AccountId;

const NOW: i64 = NOON / 1000;
const HOUR: i64 = 60 * 60 * 1000;

async fn board(forger: &Forger) -> Board {
    let (issuer, audience) = (forger.url.clone(), "board".to_owned());
    Board::with(|config| {
        let os = config.accounts.get_mut("os").unwrap();
        os.callback = CallbackAuth::OAuth2 { issuer, audience, proxy: None, ca_file: None };
    })
    .await
}

fn claims(forger: &Forger) -> Value {
    json!({ "iss": forger.url, "aud": "board", "exp": NOW + 300, "sub": "provider" })
}

async fn sends(board: &Board, token: &str, package: &str) -> u16 {
    let body = event(package, "PACKAGE_CREATE", "u", None, 0);
    board.send_as("os", Some(&format!("Bearer {token}")), body).await.status().as_u16()
}

async fn reasons(board: &Board) -> Vec<String> {
    board.sql("SELECT why FROM refused ORDER BY id").await
}

#[tokio::test]
async fn only_the_issuers_own_good_tokens_for_us_open() {
    let (key, other) = (Key::new("one"), Key::new("one"));
    let forger = Forger::start(&key);
    let board = board(&forger).await;
    let with = |name: &str, value: Value| {
        let mut claims = claims(&forger);
        claims[name] = value;
        key.sign(&claims)
    };
    for (at, good) in [
        with("aud", json!("board")),
        with("aud", json!(["another", "board"])),
        with("exp", json!(NOW - 59)),
        key.sign_as(&json!({ "alg": "ES256", "typ": "at+jwt" }), &claims(&forger)),
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(sends(&board, good, &format!("good{at}")).await, 200, "{at}");
    }
    assert_eq!(forger.count("/jwks"), 1, "the keys are kept");
    let table = [
        (with("aud", json!("another")), "the token is for another audience"),
        (with("aud", json!(["another", "a third"])), "the token is for another audience"),
        (with("aud", Value::Null), "the token is for another audience"),
        (with("iss", json!("https://evil.example")), "the token comes from another issuer"),
        (with("exp", json!(NOW - 61)), "the token has expired"),
        (with("exp", Value::Null), "the token never expires"),
        (with("nbf", json!(NOW + 61)), "the token is not good yet"),
        (other.sign(&claims(&forger)), "the token's signature is wrong"),
        (
            format!("{}.", unsigned(&json!({ "alg": "none" }), &claims(&forger))),
            "the token is not signed by RS256, PS256 or ES256",
        ),
        (
            format!("{}.AAAA", unsigned(&json!({ "alg": "HS256" }), &claims(&forger))),
            "the token is not signed by RS256, PS256 or ES256",
        ),
        (
            key.sign_as(&json!({ "alg": "RS256", "kid": "one" }), &claims(&forger)),
            "the token's signature is wrong",
        ),
        ("abc".to_owned(), "Bearer, but what follows is no signed token"),
    ];
    for (at, (token, _)) in table.iter().enumerate() {
        assert_eq!(sends(&board, token, &format!("bad{at}")).await, 401, "{at}");
    }
    let expected: Vec<&str> = table.iter().map(|(_, why)| *why).collect();
    assert_eq!(reasons(&board).await, expected);
    let kept = board.sql("SELECT headers FROM refused").await.join("\n");
    assert!(!kept.contains("authorization"), "a wrong token isn't kept");
    assert_eq!(board.json("/api/v1/packages").await["packages"].as_array().map_or(0, Vec::len), 4);
}

#[tokio::test]
async fn tokens_of_a_real_authorization_server_open() {
    let Some(mut real) = Real::start() else { return };
    let issuer = real.issuer.clone();
    let board = Board::on(Clock::manual(Clock::System.millis()), |config| {
        let os = config.accounts.get_mut("os").unwrap();
        os.callback =
            CallbackAuth::OAuth2 { issuer, audience: "board".to_owned(), proxy: None, ca_file: None };
    })
    .await;
    // As OneSpan fetches one: by client credentials.
    let fetch = async |alg: &str| {
        let form = format!("grant_type=client_credentials&resource=urn:board:{alg}");
        let request = board.client.post(format!("{}/token", real.issuer)).body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.basic_auth("provider", Some("another secret of the tests alone"));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    for alg in ["RS256", "PS256", "ES256"] {
        assert_eq!(sends(&board, &fetch(alg).await, alg).await, 200, "{alg}: {:?}", reasons(&board).await);
    }
    let old = fetch("RS256").await;
    board.clock.advance(460_000);
    assert_eq!(sends(&board, &old, "late").await, 401);
    assert_eq!(reasons(&board).await, ["the token has expired"]);
    board.clock.advance(-399_000);
    real.order("rotate");
    let request = board.client.post(format!("{}/token", real.issuer));
    let request = request.body("grant_type=client_credentials&resource=urn:board:ES256");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.basic_auth("provider", Some("another secret of the tests alone"));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    let new = answer["access_token"].as_str().unwrap();
    assert_eq!(sends(&board, new, "rotated").await, 200, "{:?}", reasons(&board).await);
    assert_eq!(sends(&board, &old, "withdrawn").await, 503);
}

#[tokio::test]
async fn a_call_waits_for_no_keys_that_are_there() {
    let key = Key::new("one");
    let forger = Forger::start(&key);
    let board = board(&forger).await;
    let mut long = claims(&forger);
    long["exp"] = json!(NOW + 7 * 24 * 60 * 60);
    let token = key.sign(&long);
    assert_eq!(sends(&board, &token, "p1").await, 200);
    let asked = forger.count("/.well-known/openid-configuration");
    board.clock.advance(2 * HOUR);
    forger.answers(503);
    assert_eq!(sends(&board, &token, "p2").await, 200, "by the keys of two hours ago");
    assert_eq!(forger.count("/.well-known/openid-configuration"), asked, "nobody was asked for it");
    assert!(!board.text("/providers").await.contains("tokens can’t be fetched"));
    // What the board does by itself.
    let keys = async || {
        board.app().accounts[&AccountId("os".to_owned())]
            .provider
            .keys()
            .unwrap()
            .ready(None, board.app().now())
            .await;
    };
    keys().await;
    keys().await;
    assert_eq!(forger.count("/.well-known/openid-configuration"), asked + 1, "once a minute at most");
    let page = board.text("/providers").await;
    assert!(
        page.contains("tokens can’t be fetched: it answers 503. Those fetched before still count"),
        "{page}"
    );
    assert_eq!(sends(&board, &token, "p3").await, 200);
    board.clock.advance(23 * HOUR);
    assert_eq!(sends(&board, &token, "p4").await, 503, "a withdrawn key might be among those of yesterday");
    assert!(board.text("/providers").await.contains("Until they can, every call is answered with 503"));
    board.clock.advance(60_000);
    forger.answers(200);
    assert_eq!(sends(&board, &token, "p5").await, 200);
    assert!(!board.text("/providers").await.contains("tokens can’t be fetched"));
    // Whoever sends what can't be checked makes nobody wait long, nor the issuer work.
    board.clock.advance(60_000);
    forger.hangs();
    let begun = std::time::Instant::now();
    assert_eq!(sends(&board, &Key::new("two").sign(&long), "p6").await, 503);
    assert_eq!(sends(&board, &Key::new("two").sign(&long), "p6").await, 503);
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
    assert_eq!(sends(&board, &token, "p7").await, 200);
}

#[tokio::test]
async fn another_key_is_fetched_when_it_signs() {
    let (key, next) = (Key::new("one"), Key::new("two"));
    let forger = Forger::start(&key);
    let board = board(&forger).await;
    assert_eq!(sends(&board, &key.sign(&claims(&forger)), "p1").await, 200);
    forger.publish(&[&next]);
    board.clock.advance(61_000);
    assert_eq!(sends(&board, &next.sign(&claims(&forger)), "p2").await, 200);
    assert_eq!(forger.count("/jwks"), 2);
    for at in 0..5 {
        let stranger = Key::new(&format!("stranger{at}"));
        assert_eq!(sends(&board, &stranger.sign(&claims(&forger)), "p3").await, 503);
    }
    assert_eq!(forger.count("/jwks"), 2, "strangers make nobody ask more than once a minute");
    assert_eq!(sends(&board, &key.sign(&claims(&forger)), "p4").await, 503, "it was withdrawn");
}

#[tokio::test]
async fn while_the_issuer_is_away_calls_are_kept_to_be_admitted() {
    let (key, other) = (Key::new("one"), Key::new("one"));
    let forger = Forger::start(&key);
    forger.answers(503);
    let board = board(&forger).await;
    assert_eq!(sends(&board, &key.sign(&claims(&forger)), "right").await, 503);
    assert_eq!(sends(&board, &other.sign(&claims(&forger)), "forged").await, 503);
    let why = "the issuer of its token can't be reached, so nobody knows yet whether the token is right";
    assert_eq!(reasons(&board).await, [why, why]);
    let ids = board.sql("SELECT id || '' FROM refused ORDER BY id").await;
    let admit = async |id: &str| {
        let answer = board.post("/inbox/admit", &format!("id={id}")).await;
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    assert!(admit(&ids[0]).await.ends_with("not-yet-admitted"));
    assert!(board.text("/inbox?done=not-yet-admitted").await.contains("stays refused: its issuer"));
    assert_eq!(reasons(&board).await.len(), 2, "nobody knows yet");
    // The tokens have expired by now, but hadn't when they came.
    board.clock.advance(2 * 60 * 60 * 1000);
    forger.answers(200);
    assert!(admit(&ids[0]).await.ends_with("=admitted"));
    assert!(admit(&ids[1]).await.ends_with("not-admitted"));
    let left = board.sql("SELECT id || '' FROM refused").await;
    assert_eq!(left, [ids[1].clone()], "the forged one stays");
    let shown = board.json("/api/v1/packages").await.to_string();
    assert!(shown.contains("right") && !shown.contains("forged"), "{shown}");
    let headers = board.sql("SELECT headers FROM arrivals").await.join("\n");
    assert!(!headers.contains("authorization"), "the token isn't kept any longer: {headers}");
}
