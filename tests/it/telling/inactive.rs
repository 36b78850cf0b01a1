//! Packages to which nothing happens for long.

use super::{OPS, mailed, tellings};
use crate::support::board::Board;
use crate::support::mailbox::Mailbox;
use std::time::Duration;

const HOUR: i64 = 60 * 60_000;
const DAY: i64 = 24 * HOUR;

async fn board() -> Board {
    board_to(9).await
}

/// A board that tells of what lies still for two weeks.
async fn board_to(port: u16) -> Board {
    Board::with(|config| {
        mailed(port)(config);
        config.alerts.inactive_after = Some(Duration::from_secs(14 * 24 * 3600));
        for account in config.accounts.values_mut() {
            account.reconcile.silent_after = Duration::from_secs(365 * 24 * 3600);
        }
    })
    .await
}

/// What stands, and whether nobody is told of it.
async fn standing(board: &Board) -> Vec<String> {
    let all = "SELECT package || ' ' || kind || iif(late, ' late', '') FROM alerts WHERE resolved_at IS NULL ORDER BY 1";
    board.sql(all).await
}

async fn look(board: &Board) -> usize {
    let news = board.app().watch_step().await.unwrap();
    board.app().route_step().await.unwrap();
    news
}

#[actix_web::test]
async fn what_lies_still_is_told_of_once_until_something_happens_to_it() {
    let mut board = board().await;
    for package in ["p", "q", "ended"] {
        board.event(package, "PACKAGE_ACTIVATE", "sender", 0).await;
    }
    board.event("draft", "PACKAGE_CREATE", "sender", 0).await;
    board.clock.advance(13 * DAY);
    board.event("q", "DOCUMENT_VIEWED", "s1", 13 * DAY).await;
    board.event("ended", "PACKAGE_COMPLETE", "s1", 13 * DAY).await;
    board.clock.advance(DAY - HOUR - 1);
    look(&board).await;
    assert!(standing(&board).await.is_empty());
    board.clock.advance(1);
    look(&board).await;
    assert_eq!(standing(&board).await, ["p inactive"]);
    assert_eq!(tellings(&board).await[..1], [format!("raised {OPS} fallback 0")]);
    // Once, also after a restart, when all is folded again, and where nobody asks for it for a while.
    board.app().store.rebuild().await.unwrap();
    board.restart().await;
    look(&board).await;
    let silent = |config: &mut signboard::config::Config| config.alerts.inactive_after = None;
    board.reconfigure(silent).await;
    look(&board).await;
    assert!(standing(&board).await.is_empty());
    let days = |config: &mut signboard::config::Config| {
        config.alerts.inactive_after = Some(Duration::from_secs(14 * 24 * 3600));
    };
    board.reconfigure(days).await;
    look(&board).await;
    assert_eq!(standing(&board).await, ["p inactive"]);
    assert_eq!(board.sql("SELECT count(*) FROM tellings WHERE occasion = 'raised'").await, ["1"]);
    // Whatever happens to it clears it at once.
    let at = board.clock.millis() - (crate::support::board::NOON - HOUR);
    board.event("p", "DOCUMENT_VIEWED", "s1", at).await;
    assert!(standing(&board).await.is_empty());
    look(&board).await;
    assert!(standing(&board).await.is_empty());
    board.clock.advance(14 * DAY + 1000);
    look(&board).await;
    assert_eq!(
        standing(&board).await,
        ["p inactive", "q inactive late"],
        "q was still for two weeks already"
    );
    let at = board.clock.millis() - (crate::support::board::NOON - HOUR);
    board.event("p", "PACKAGE_DECLINE", "s1", at).await;
    assert_eq!(standing(&board).await, ["p declined", "q inactive late"]);
    board.stop().await;
}

#[actix_web::test]
async fn of_what_was_still_for_long_when_the_board_began_to_look_nobody_is_told() {
    let mut board = board().await;
    board.reconfigure(|config| config.alerts.inactive_after = None).await;
    board.event("p", "PACKAGE_ACTIVATE", "sender", 0).await;
    board.clock.advance(20 * DAY);
    let days = |config: &mut signboard::config::Config| {
        config.alerts.inactive_after = Some(Duration::from_secs(14 * 24 * 3600));
    };
    board.reconfigure(days).await;
    look(&board).await;
    assert_eq!(standing(&board).await, ["p inactive late"]);
    assert!(tellings(&board).await.is_empty());
    board.stop().await;
}

/// More than are looked at in one step: each is found once, however many there are.
#[actix_web::test]
async fn however_many_lie_still_each_step_looks_at_some() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let board = board_to(mailbox.port).await;
    const MANY: usize = 1_100;
    for number in 0..MANY {
        board.event(&format!("p{number}"), "PACKAGE_ACTIVATE", "sender", 0).await;
    }
    board.clock.advance(14 * DAY);
    let mut steps = Vec::new();
    for _ in 0..4 {
        steps.push(look(&board).await);
    }
    assert_eq!(steps, [500, 500, 100, 0]);
    assert_eq!(board.sql("SELECT count(*) FROM tellings").await, [MANY.to_string()]);
    super::tell(&board).await;
    assert_eq!(mailbox.letters().len(), 1, "one message");
    assert_eq!(mailbox.letters()[0].subject(), format!("{MANY} alerts"));
    board.stop().await;
}
