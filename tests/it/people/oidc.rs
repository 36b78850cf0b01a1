//! Signing in at a real OpenID Connect server, over HTTP from the first page to the last.

use super::{EMAIL, PASSWORD, audit, to, try_from, with_password};
use crate::support::board::Board;
use crate::support::issuer::{Browser, Real, oidc, query};
use crate::support::people::Shows;
use signboard::clock::Clock;
use signboard::config::Opens;
use signboard::model::access::{Reach, Role, Scope};

const HOUR: i64 = 60 * 60 * 1000;

/// A board whose clock agrees with the server's.
async fn board(real: &Real) -> Board {
    let clock = Clock::manual(Clock::System.millis());
    let config = oidc(&real.issuer);
    Board::on(clock, |it| (it.opens, it.oidc) = (Opens::ToWhoSignsIn, Some(config))).await
}

fn back(board: &Board) -> String {
    format!("{}/sign-in/oidc/back", board.url)
}

/// A browser in which somebody has signed in, and the page on which they ended.
async fn signed_in(board: &Board, name: &str) -> (Browser, crate::support::issuer::Page) {
    let mut browser = Browser::default();
    let page = browser.get(&format!("{}/sign-in/oidc?next=%2Finbox", board.url)).await;
    let url = browser.prove(page, name, &back(board)).await;
    let page = browser.get(&url).await;
    (browser, page)
}

fn shows(board: &Board, browser: &Browser) -> Shows {
    Shows::Cookie(browser.cookie(&board.url, "__Host-signboard").expect("a session").clone())
}

#[tokio::test]
async fn somebody_signs_in_at_a_real_server_and_may_do_what_their_groups_say() {
    let Some(real) = Real::start() else { return };
    let board = board(&real).await;
    let page = board.text("/sign-in?next=%2Finbox").await;
    assert!(page.contains("href=\"/sign-in/oidc?next=%2Finbox\">Sign in with Example Ltd</a>"), "{page}");

    let (ada, page) = signed_in(&board, "ada").await;
    assert_eq!((page.status, page.to), (303, format!("{}/inbox", board.url)));
    assert_eq!(board.get_as(&shows(&board, &ada), "/inbox").await.status(), 200, "an admin");
    assert!(ada.cookie(&board.url, "__Host-signboard-sign-in").is_none(), "what it carried along is gone");
    let (ben, _) = signed_in(&board, "ben").await;
    assert_eq!(board.get_as(&shows(&board, &ben), "/").await.status(), 200, "a viewer");
    assert_eq!(board.get_as(&shows(&board, &ben), "/inbox").await.status(), 403, "a viewer");
    for (name, sentence) in [("cleo", "none of your groups"), ("dan", "none that it has verified")] {
        let (browser, page) = signed_in(&board, name).await;
        assert!(page.status == 403 && page.text.contains(sentence), "{name}: {}", page.text);
        assert!(browser.cookie(&board.url, "__Host-signboard").is_none(), "{name} is not in");
    }
    let users = board.sql("SELECT email || ' ' || role || ' ' || name FROM users ORDER BY id").await;
    assert_eq!(users, ["ada@example.com admin Ada Quist", "ben@example.com viewer Ben Moor"]);
    signed_in(&board, "ada").await;
    assert_eq!(board.sql("SELECT count(*) || '' FROM users").await, ["2"], "they are known again");
    let done = audit(&board).await;
    assert_eq!(done[0], "ada@example.com sign-in  127.0.0.1");
    assert!(done.iter().any(|it| it == "somebody unknown sign-in-refused no role by their groups 127.0.0.1"));
    let kept = board.sql("SELECT hex(refresh) FROM vouchers").await.join("\n");
    assert_eq!(kept.lines().count(), 2);
}

#[tokio::test]
async fn what_came_back_once_or_to_another_browser_opens_nothing() {
    let Some(real) = Real::start() else { return };
    let board = board(&real).await;
    let start = format!("{}/sign-in/oidc", board.url);
    let carried = "__Host-signboard-sign-in";
    let stale =
        |page: &crate::support::issuer::Page| page.status == 400 && page.text.contains("Begin it again");

    let mut ada = Browser::default();
    let page = ada.get(&start).await;
    let url = ada.prove(page, "ada", &back(&board)).await;
    let cookie = ada.cookie(&board.url, carried).unwrap().clone();
    let mut other = Browser::default();
    assert!(stale(&other.get(&url).await), "a browser that began nothing");
    other.get(&start).await;
    assert!(stale(&other.get(&url).await), "a browser that began another sign-in");
    let mut bent = cookie.clone();
    bent.replace_range(20..21, if &cookie[20..21] == "A" { "B" } else { "A" });
    other.set_cookie(&board.url, carried, &bent);
    assert!(stale(&other.get(&url).await), "something that the board didn't seal");
    board.clock.advance(10 * 60_000);
    other.set_cookie(&board.url, carried, &cookie);
    assert!(stale(&other.get(&url).await), "after ten minutes");
    board.clock.advance(-10 * 60_000);
    assert_eq!(ada.get(&url).await.status, 303, "none of these used it up");

    other.set_cookie(&board.url, carried, &cookie);
    assert!(stale(&other.get(&url).await), "the same state again");
    let page = other.get(&start).await;
    let state = query(&page.to, "state");
    let again = format!("{}?code={}&state={state}", back(&board), query(&url, "code"));
    let page = other.get(&again).await;
    assert!(
        page.status == 401 && page.text.contains("didn’t let you in"),
        "the same code again: {}",
        page.text
    );
    let page = other.get(&start).await;
    let denied = format!("{}?error=access_denied&state={}", back(&board), query(&page.to, "state"));
    assert_eq!(other.get(&denied).await.status, 401, "somebody who said no");
    assert!(other.cookie(&board.url, "__Host-signboard").is_none());
}

#[tokio::test]
async fn a_leaver_loses_sessions_and_tokens_and_roles_are_read_again() {
    let Some(mut real) = Real::start() else { return };
    let board = board(&real).await;
    let (ada, ben) = (signed_in(&board, "ada").await.0, signed_in(&board, "ben").await.0);
    let (ada, ben) = (shows(&board, &ada), shows(&board, &ben));
    let made = board.app().make_token("ada's", Scope::Read, Some(1), None, Reach::default(), None).await;
    let token = Shows::Bearer(made.unwrap().text().to_owned());
    real.order("groups ben signboard-senders");
    real.order("leave ada");
    board.clock.advance(11 * HOUR);
    assert_eq!(board.app().vouch_due().await.unwrap(), Default::default(), "not due");
    assert_eq!(board.get_as(&ben, "/").await.status(), 200);
    assert_eq!(board.get_as(&ada, "/").await.status(), 200);
    board.clock.advance(HOUR);
    let asked = board.app().vouch_due().await.unwrap();
    assert_eq!((asked.vouched, asked.ended, asked.unasked), (1, 1, 0));
    for gone in [&ada, &token] {
        assert_eq!(board.get_as(gone, "/api/v1/packages").await.status(), 401);
    }
    assert_eq!(board.get_as(&ben, "/").await.status(), 200, "he stays in");
    assert_eq!(board.sql("SELECT role FROM users ORDER BY id").await, ["admin", "sender"]);
    let done = audit(&board).await;
    for what in
        ["ada@example.com sign-out the identity provider vouches", "user-changed ben@example.com: sender"]
    {
        assert!(done.iter().any(|it| it.contains(what)), "{what}: {done:?}");
    }
    assert_eq!(board.app().vouch_due().await.unwrap(), Default::default(), "nothing is due any more");
    // Signed with a key that the board hasn't seen.
    real.order("rotate");
    board.clock.advance(61_000);
    let (ben, page) = signed_in(&board, "ben").await;
    assert_eq!(page.status, 303, "{}", page.text);
    drop(ben);
}

#[tokio::test]
async fn while_the_provider_is_down_a_local_admin_gets_in() {
    let Some(mut real) = Real::start() else { return };
    let board = board(&real).await;
    let (ben, _) = signed_in(&board, "ben").await;
    let ben = shows(&board, &ben);
    with_password(&board, EMAIL, Role::Admin).await;
    real.end();
    // What the provider has published is known for an hour.
    board.clock.advance(25 * HOUR);
    let page = Browser::default().get(&format!("{}/sign-in/oidc", board.url)).await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains("Example Ltd can’t be asked just now"), "{}", page.text);
    assert!(page.text.contains("name=\"password\""), "the other way in is on the page");
    let answer = try_from(&board, "192.0.2.7", EMAIL, PASSWORD).await;
    assert_eq!((answer.status().as_u16(), to(&answer).as_str()), (303, "/sign-in/second?next=%2Finbox"));
    assert_eq!(board.get_as(&ben, "/").await.status(), 303, "nobody has vouched for him for a day");
}
