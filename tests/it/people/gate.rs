//! The gate: strangers get nothing, everybody else what is theirs.

use crate::support::board::Board;
use crate::support::people::{Shows, only, user};
use signboard::model::access::{Reach, Role, Scope};

#[tokio::test]
async fn strangers_get_nothing_and_are_led_to_the_sign_in() {
    let board = Board::with_people(|_| ()).await;
    for path in ["/", "/inbox", "/providers", "/packages/os/p1", "/nothing", "/inbox/payload/1?x=1"] {
        let answer = board.get_as(&Shows::Nothing, path).await;
        assert_eq!(answer.status(), 303, "{path}");
        let to = answer.headers()["location"].to_str().unwrap().to_owned();
        let from = percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC);
        assert_eq!(to, format!("/sign-in?next={from}"), "{path}");
    }
    for path in ["/live", "/metrics", "/api/v1/packages", "/api/v1/packages/os/p1", "/api/v1/nothing"] {
        assert_eq!(board.get_as(&Shows::Nothing, path).await.status(), 401, "{path}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(board.get_as(&Shows::Nothing, path).await.status(), 200, "{path}");
    }
    for wrong in [Shows::Cookie("wrong".to_owned()), Shows::Bearer("sbt_wrong".to_owned())] {
        assert_eq!(board.get_as(&wrong, "/api/v1/packages").await.status(), 401);
    }
    assert_eq!(board.post_as(&Shows::Nothing, "/inbox/replay", "").await.status(), 401);
    board.event("p1", "PACKAGE_CREATE", "", 0).await;
}

#[tokio::test]
async fn each_role_and_token_opens_what_it_should() {
    let board = Board::with_people(|_| ()).await;
    let viewer = board.person("v@example.com", Role::Viewer).await;
    let admin = board.person("a@example.com", Role::Admin).await;
    let read = board.program(Scope::Read, Reach::default(), None).await;
    for (who, inbox, metrics) in [(&viewer, 403, 403), (&admin, 200, 200), (&read, 403, 200)] {
        assert_eq!(board.get_as(who, "/").await.status(), 200);
        assert_eq!(board.get_as(who, "/api/v1/packages").await.status(), 200);
        assert_eq!(board.get_as(who, "/inbox").await.status(), inbox);
        assert_eq!(board.get_as(who, "/metrics").await.status(), metrics);
    }
    assert_eq!(board.post_as(&viewer, "/inbox/replay", "").await.status(), 403);
    let limited = board.somebody(signboard::app::people::NewUser {
        accounts: only(&["cg"]),
        ..user("l@example.com", Role::Viewer)
    });
    assert_eq!(board.get_as(&limited.await, "/").await.status(), 200);
    // The counters are of all accounts.
    let cg = Reach { accounts: only(&["cg"]), senders: None };
    let theirs = Reach { accounts: None, senders: Some(vec!["l@example.com".to_owned()]) };
    for reach in [cg, theirs] {
        let limited = board.program(Scope::Resync, reach, None).await;
        assert_eq!(board.get_as(&limited, "/metrics").await.status(), 403);
        assert_eq!(board.get_as(&limited, "/api/v1/packages").await.status(), 200);
    }
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it_and_after_a_week_whoever_does() {
    let board = Board::with_people(|_| ()).await;
    let viewer = board.person("v@example.com", Role::Viewer).await;
    let hour = 60 * 60 * 1000;
    for _ in 0..13 {
        assert_eq!(board.get_as(&viewer, "/").await.status(), 200);
        board.clock.advance(11 * hour);
    }
    board.clock.advance(hour);
    assert_eq!(board.get_as(&viewer, "/").await.status(), 303, "idle for twelve hours");
    let again = board.sign_in(1).await;
    for _ in 0..15 {
        assert_eq!(board.get_as(&again, "/").await.status(), 200);
        board.clock.advance(11 * hour);
    }
    board.clock.advance(3 * hour);
    assert_eq!(board.get_as(&again, "/").await.status(), 303, "a week old");
}

#[tokio::test]
async fn a_disabled_person_and_an_ended_token_open_nothing() {
    let board = Board::with_people(|_| ()).await;
    let (viewer, read) = (
        board.person("v@example.com", Role::Viewer).await,
        board.program(Scope::Read, Reach::default(), None).await,
    );
    let (store, now) = (&board.app().store, board.app().now());
    store.disable_user(1, Some(now), now).await.unwrap();
    assert!(store.end_token(1, now).await.unwrap());
    for who in [&viewer, &read] {
        assert_eq!(board.get_as(who, "/api/v1/packages").await.status(), 401);
    }
    store.disable_user(1, None, now).await.unwrap();
    assert_eq!(board.get_as(&viewer, "/").await.status(), 303, "the old session stays ended");
}

#[tokio::test]
async fn no_page_of_another_site_changes_anything() {
    let board = Board::with_people(|_| ()).await;
    let admin = board.person("a@example.com", Role::Admin).await;
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")]
    {
        let request = admin.on(board.client.post(format!("{}/inbox/replay", board.url))).header(name, value);
        assert_eq!(request.send().await.unwrap().status(), 403, "{name}: {value}");
    }
    assert_eq!(board.post_as(&admin, "/inbox/replay", "").await.status(), 303);
}
