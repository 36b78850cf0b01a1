//! Reminders, and who takes an alert on.

use super::{OPS, board, mailed, tell, tellings};
use crate::support::board::Board;
use crate::support::mailbox::{Mailbox, Taken};
use crate::support::world::{Stage, nda};
use signboard::demo::act as demo;
use signboard::model::{AccountId, PackageId, PackageKey, Timestamp};
use signboard::store::{Act, Alert};
use std::time::Duration;

const HOUR: i64 = 60 * 60_000;

async fn reminding(mailbox: &Mailbox) -> Board {
    let mut board = board(mailbox).await;
    board.reconfigure(|config| config.alerts.nag_after = Some(Duration::from_secs(4 * 3600))).await;
    board
}

async fn alert(board: &Board, package: &str) -> Alert {
    let package = PackageId::parse(package).unwrap();
    let key = PackageKey { account: AccountId("os".to_owned()), package };
    board.app().store.alerts_of(&key, 1).await.unwrap().remove(0)
}

async fn act(board: &Board, package: &str, act: Act) {
    let alert = alert(board, package).await;
    let now = Timestamp(board.clock.millis());
    assert!(board.app().store.act_on_alert((alert.id, alert.kind), &act, OPS, now).await.unwrap());
}

fn subjects(mailbox: &Mailbox) -> Vec<String> {
    mailbox.letters().iter().map(Taken::subject).collect()
}

/// Seen red with: a reminder of what somebody has taken on.
#[actix_web::test]
async fn who_was_told_is_reminded_until_somebody_sees_to_it() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let mut board = reminding(&mailbox).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    board.event("q", "PACKAGE_DECLINE", "s1", 0).await;
    tell(&board).await;
    board.clock.advance(4 * HOUR - 1);
    tell(&board).await;
    assert_eq!(subjects(&mailbox), ["2 alerts"]);
    board.clock.advance(1);
    board.restart().await;
    tell(&board).await;
    assert_eq!(subjects(&mailbox), ["2 alerts", "2 alerts"]);
    assert!(mailbox.letters()[1].text().contains("still, since"), "{}", mailbox.letters()[1].text());
    // An end that somebody took note of is over.
    act(&board, "q", Act::Take(String::new())).await;
    board.clock.advance(4 * HOUR);
    tell(&board).await;
    assert_eq!(subjects(&mailbox)[2..], ["Reminder: s1 was locked out – package p (OneSpan Sign)"]);
    act(&board, "p", Act::Take("I call".to_owned())).await;
    board.clock.advance(8 * HOUR);
    tell(&board).await;
    assert_eq!(mailbox.letters().len(), 3);
    board.stop().await;
}

#[actix_web::test]
async fn what_is_snoozed_is_told_of_again_when_that_ends() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let board = board(&mailbox).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    act(&board, "p", Act::Snooze(Timestamp(board.clock.millis() + HOUR))).await;
    board.clock.advance(HOUR - 1);
    tell(&board).await;
    assert_eq!(mailbox.letters().len(), 1);
    board.clock.advance(1);
    tell(&board).await;
    assert_eq!(mailbox.letters().len(), 2);
    board.clock.advance(24 * HOUR);
    tell(&board).await;
    assert_eq!(mailbox.letters().len(), 2, "{:?}", tellings(&board).await);
    board.stop().await;
}

#[actix_web::test]
async fn the_same_cause_is_told_once_whatever_is_said_of_it() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let mut board = board(&mailbox).await;
    for _ in 0..3 {
        board.event("p", "SIGNER_LOCKED", "s1", 1000).await;
        tell(&board).await;
        board.clock.advance(2 * 60_000);
        board.app().store.rebuild().await.unwrap();
        board.restart().await;
    }
    assert_eq!(mailbox.letters().len(), 1);
    board.event("p", "PACKAGE_TRASH", "sender", 2000).await;
    tell(&board).await;
    board.event("p", "PACKAGE_RESTORE", "sender", 3000).await;
    board.clock.advance(2 * 60_000);
    tell(&board).await;
    board.clock.advance(2 * 60_000);
    tell(&board).await;
    let begin: Vec<String> = subjects(&mailbox).iter().map(|it| it.chars().take(7).collect()).collect();
    assert_eq!(begin, ["s1 was ", "Resolve"]);
    board.stop().await;
}

/// Seen red with: a check that asks nobody.
#[actix_web::test]
async fn a_check_asks_the_provider_and_says_what_came_of_it() {
    let stage = Stage::open().await;
    let id = stage.create("os", &nda()).await;
    stage.act("os", &id, &demo::Act::Activate).await;
    stage.act("os", &id, &demo::Act::Lock(0)).await;
    let (app, alert) = (stage.board.app(), alert(&stage.board, &id).await);
    let check = || async { app.check_alert(alert.id).await.unwrap().unwrap() };
    let stands = check().await;
    assert!(!stands.resolved && stands.told.contains("still stands"), "{stands:?}");
    stage.happen("os", &id, &demo::Act::Unlock(0));
    let over = check().await;
    assert!(over.resolved && over.told.contains("it is resolved"), "{over:?}");
    assert_eq!(check().await.told, "It is over already.");
    assert_eq!(app.check_alert(99).await.unwrap(), None);
    stage.close().await;
    let board = Board::with(mailed(9)).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    let told = board.app().check_alert(1).await.unwrap().unwrap().told;
    assert!(told.contains("no API"), "{told}");
    board.stop().await;
}
