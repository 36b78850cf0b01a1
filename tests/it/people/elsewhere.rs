//! People who come by an identity provider: what they may do follows from its word and from an admin's here, and neither a
//! stranger nor a provider that is slow, broken or hostile brings the board down.

use super::forged::{board, claims, tries};
use super::{PASSWORD, audit, plain};
use crate::support::board::{Board, NOON};
use crate::support::issuer::{Browser, Forger, Key, Page, query};
use crate::support::people::Shows;
use crate::support::sse::Reader;
use serde_json::{Value, json};
use signboard::app::people::{LinkKind, passwords};
use signboard::model::access::{Reach, Role, Scope};
use std::time::{Duration, Instant};

const HOUR: i64 = 60 * 60 * 1000;

/// Somebody comes by a token as it should be, but for one claim.
async fn comes(board: &Board, forger: &Forger, key: &Key, claim: &str, value: Value) -> Page {
    let sign = |nonce: &str| {
        let mut claims = claims(forger, nonce);
        claims[claim] = value.clone();
        key.sign(&claims)
    };
    tries(board, forger, sign).await
}

/// What it gives when asked again: a token without a nonce, which says what `change` makes of it.
fn gives_again(board: &Board, forger: &Forger, key: &Key, change: impl Fn(&mut Value)) {
    let mut said = claims(forger, "");
    let now = board.clock.millis() / 1000;
    (said["iat"], said["exp"]) = (json!(now), json!(now + 300));
    change(&mut said);
    forger.gives(json!({
        "access_token": "a", "token_type": "Bearer", "id_token": key.sign(&said), "refresh_token": "the next",
    }));
}

async fn count(board: &Board, what: &str) -> u64 {
    board.sql(&format!("SELECT count(*) || '' FROM {what}")).await[0].parse().unwrap()
}

async fn token_of(board: &Board, user: i64) -> Shows {
    let made = board.app().make_token("theirs", Scope::Read, Some(user), None, Reach::default(), None).await;
    Shows::Bearer(made.unwrap().text().to_owned())
}

/// Seen red with: a link from before the first sign-in elsewhere that still set a password.
#[tokio::test]
async fn an_admin_here_may_shut_out_whom_the_provider_lets_in() {
    let key = Key::new("one");
    let forger = Forger::start(&key);
    let board = board(&forger, true).await;
    let came = || comes(&board, &forger, &key, "groups", json!("staff"));
    assert_eq!(came().await.status, 303);
    let token = token_of(&board, 1).await;
    let link = board.app().make_link(LinkKind::Invite, Some(1)).await.unwrap();
    let app = board.app();
    app.store.disable_user(1, Some(app.now()), app.now()).await.unwrap();
    let page = came().await;
    assert!(
        page.status == 403 && page.text.contains("may not sign in to this board any more"),
        "{}",
        page.text
    );
    assert_eq!(count(&board, "sessions").await + count(&board, "vouchers").await, 0);
    assert_eq!(board.get_as(&token, "/api/v1/packages").await.status(), 401);
    app.store.disable_user(1, None, app.now()).await.unwrap();
    assert_eq!(came().await.status, 303, "let in again");
    // A link from before opens no second way in, which would stay when the provider's ends.
    let page = board.get(&format!("/welcome/{}", link.text())).await;
    assert_eq!(page.status(), 404);
    let form = format!("password={0}&again={0}", plain(PASSWORD));
    assert_eq!(board.post(&format!("/welcome/{}", link.text()), &form).await.status(), 404);
    assert_eq!(count(&board, "users WHERE password IS NULL").await, 1);
    // Whom an admin at the machine gives a password comes in by that alone.
    app.store.set_password(1, &passwords::hash(PASSWORD).await.unwrap(), None).await.unwrap();
    assert_eq!(came().await.status, 403, "by the provider no more");
    assert_eq!(count(&board, "vouchers").await, 0);
}

/// Seen red with: a leaver of whom the last word still counted for a day.
#[tokio::test]
async fn a_role_less_takes_tokens_and_a_leaver_s_open_page_ends() {
    let key = Key::new("one");
    let forger = Forger::start(&key);
    let board = board(&forger, false).await;
    let page = comes(&board, &forger, &key, "groups", json!(["staff", "signboard-senders"])).await;
    assert_eq!(page.status, 303);
    assert_eq!(board.sql("SELECT role FROM users").await, ["sender"], "the highest counts");
    let token = token_of(&board, 1).await;
    let eve = board.sign_in(1).await;
    board.clock.advance(11 * HOUR);
    assert_eq!(board.get_as(&eve, "/").await.status(), 200);
    board.clock.advance(HOUR);
    gives_again(&board, &forger, &key, |_| ());
    assert_eq!(board.app().vouch_due().await.unwrap().vouched, 1);
    assert_eq!(board.sql("SELECT role FROM users").await, ["viewer"]);
    assert_eq!(board.get_as(&eve, "/").await.status(), 200, "they stay in");
    assert_eq!(audit(&board).await[0], "the identity provider user-changed eve@example.com: viewer ");
    assert_eq!(board.get_as(&token, "/api/v1/packages").await.status(), 401, "what was made by more is less");

    let mut open = Reader::of_whom(&board, &eve, "/live").await;
    board.clock.advance(11 * HOUR);
    assert_eq!(board.get_as(&eve, "/").await.status(), 200);
    board.clock.advance(HOUR);
    gives_again(&board, &forger, &key, |it| it["groups"] = json!(["kitchen"]));
    assert_eq!(board.app().vouch_due().await.unwrap().ended, 1);
    board.app().end_streams().await.unwrap();
    while let Some(event) = open.next().await {
        drop(event);
    }
    assert_eq!(board.get_as(&eve, "/").await.status(), 303);
    let back = board.sign_in(1).await;
    assert_eq!(board.get_as(&back, "/").await.status(), 303, "nobody vouches for them, whatever they have");
}

/// Seen red with: a userinfo address that was down and cost everybody their groups.
#[tokio::test]
async fn what_is_asked_of_a_provider_that_falters_takes_nothing_away() {
    let key = Key::new("one");
    let forger = Forger::start(&key);
    let board = board(&forger, false).await;
    forger.says_of_people(200, json!({ "sub": "7", "groups": "staff" }));
    assert_eq!(comes(&board, &forger, &key, "groups", Value::Null).await.status, 303, "it tells when asked");
    let token = token_of(&board, 1).await;
    let works = async || board.get_as(&token, "/api/v1/packages").await.status() == 200;
    board.clock.advance(12 * HOUR);
    let without = |it: &mut Value| {
        it.as_object_mut().unwrap().remove("groups");
    };
    // A part of it is down, speaks of somebody else, or gives another's token.
    for (what, status, person, subject) in [
        ("down", 502, json!({}), "7"),
        ("another", 200, json!({ "sub": "8", "groups": "staff" }), "7"),
        ("no text", 200, Value::Null, "7"),
        ("another's token", 200, json!({ "sub": "8", "groups": "staff" }), "8"),
    ] {
        forger.says_of_people(status, person);
        gives_again(&board, &forger, &key, |it| {
            without(it);
            it["sub"] = json!(subject);
        });
        let asked = board.app().vouch_due().await.unwrap();
        assert_eq!((asked.ended, asked.unasked), (0, 1), "{what}");
        assert!(works().await, "{what}");
        board.clock.advance(10 * 60_000);
    }
    let page = comes(&board, &forger, &key, "groups", Value::Null).await;
    assert_eq!(page.status, 401, "it speaks of somebody else");
    board.clock.advance(12 * HOUR);
    assert!(!works().await, "a day without its word");
    forger.says_of_people(200, json!({ "sub": "7", "groups": "staff" }));
    gives_again(&board, &forger, &key, without);
    assert_eq!(board.app().vouch_due().await.unwrap().vouched, 1);
    assert!(works().await, "it rested");
}

/// Seen red with: the address to go on to taken as it came, and the `iss` of an answer not looked at.
#[tokio::test]
async fn nobody_is_led_elsewhere_and_another_issuer_s_answer_is_none() {
    let key = Key::new("one");
    let forger = Forger::start(&key);
    let board = board(&forger, false).await;
    for next in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/sign-in/oidc",
        "evil",
        "/\t/evil.example",
    ] {
        let mut browser = Browser::default();
        let page = browser.get(&format!("{}/sign-in/oidc?next={}", board.url, plain(next))).await;
        assert!(page.to.starts_with(&format!("{}/authorize?", forger.url)), "{}", page.to);
        assert_eq!(query(&page.to, "redirect_uri"), format!("{}/sign-in/oidc/back", board.url));
        assert_eq!(query(&page.to, "code_challenge_method"), "S256");
        let (nonce, state) = (query(&page.to, "nonce"), query(&page.to, "state"));
        forger.gives(json!({
            "access_token": "a", "token_type": "Bearer", "id_token": key.sign(&claims(&forger, &nonce)),
        }));
        let back = format!("{}/sign-in/oidc/back?code=c&state={state}", board.url);
        let page = browser.get(&back).await;
        assert_eq!((page.status, page.to), (303, format!("{}/", board.url)), "{next}");
    }
    let asked = forger.count("/token");
    let mut browser = Browser::default();
    let page = browser.get(&format!("{}/sign-in/oidc", board.url)).await;
    let state = query(&page.to, "state");
    let from =
        |issuer: &str| format!("{}/sign-in/oidc/back?code=c&state={state}&iss={}", board.url, plain(issuer));
    assert_eq!(browser.get(&from("https://evil.example")).await.status, 401);
    assert_eq!(forger.count("/token"), asked, "no code goes where it doesn't belong");
}

/// Seen red with: each refusal noted.
#[tokio::test]
async fn strangers_who_come_back_with_nothing_do_not_fill_the_audit() {
    let key = Key::new("one");
    let forger = Forger::start(&key);
    let board = board(&forger, false).await;
    for at in 0..60 {
        let back = format!("/sign-in/oidc/back?code=c&state={at}");
        assert_eq!(board.get(&back).await.status(), 400);
    }
    assert_eq!(forger.count("/token"), 0);
    let noted = audit(&board).await.len();
    assert!((1..=25).contains(&noted), "{noted}");
    assert_eq!(
        comes(&board, &forger, &key, "groups", json!("staff")).await.status,
        303,
        "it holds nobody up"
    );
}

#[tokio::test]
async fn answers_without_end_and_answers_that_never_come_are_given_up() {
    let key = Key::new("one");
    let forger = Forger::start(&key);
    let board = board(&forger, false).await;
    forger.adds(1024 * 1024);
    let page = Browser::default().get(&format!("{}/sign-in/oidc", board.url)).await;
    assert!(page.status == 503 && page.text.contains("name=\"password\""), "{}", page.text);
    forger.adds(0);
    board.clock.advance(5_000);
    let long = "x".repeat(1024 * 1024);
    let page = tries(&board, &forger, |nonce| key.sign(&claims(&forger, nonce)) + &long).await;
    assert_eq!(page.status, 503);
    assert_eq!(comes(&board, &forger, &key, "groups", json!("staff")).await.status, 303);

    // What it published counts for an hour.
    board.clock.advance(25 * HOUR);
    forger.hangs();
    let (begun, client) = (Instant::now(), board.client.clone());
    let all: Vec<_> =
        (0..30).map(|_| tokio::spawn(client.get(format!("{}/sign-in/oidc", board.url)).send())).collect();
    for answer in all {
        assert_eq!(answer.await.unwrap().unwrap().status(), 503);
    }
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
    assert!(forger.count("/.well-known/openid-configuration") <= 5, "they ask once for all");
    super::with_password(&board, super::EMAIL, Role::Admin).await;
    assert_eq!(super::try_from(&board, "192.0.2.7", super::EMAIL, PASSWORD).await.status(), 303);
    assert!(board.clock.millis() > NOON);
}
