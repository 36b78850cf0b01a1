//! Reminders, and who takes an alert on.

use super::{OPS, board, mailed, tell, tellings};
use crate::support::board::Board;
use crate::support::mailbox::{Mailbox, Taken};
use crate::support::world::{Stage, nda, sweep};
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
    assert_eq!(begin, ["s1 was ", "Resolve", "Again: "]);
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

#[actix_web::test]
async fn declined_opted_out_and_expired_close_when_noted_or_after_a_week_and_nobody_hears_that_it_is_mended()
{
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let board = reminding(&mailbox).await;
    let ends = ["PACKAGE_DECLINE", "PACKAGE_OPT_OUT", "PACKAGE_EXPIRE"];
    for (at, end) in ends.iter().enumerate() {
        board.event(&format!("noted-{at}"), end, "s1", 0).await;
        board.event(&format!("left-{at}"), end, "s1", 0).await;
    }
    board.event("locked", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    assert_eq!(subjects(&mailbox), ["7 alerts"]);
    for at in 0..ends.len() {
        act(&board, &format!("noted-{at}"), Act::Take("seen".to_owned())).await;
    }
    act(&board, "locked", Act::Take("I call".to_owned())).await;
    tell(&board).await;
    // Reminders of the three that are left, and after a week nothing any more.
    board.clock.advance(4 * HOUR);
    tell(&board).await;
    assert_eq!(subjects(&mailbox)[1..], ["3 alerts"]);
    let state = "SELECT package || ' ' || ifnull(resolution, 'open') FROM alerts ORDER BY package";
    board.clock.advance(6 * 24 * HOUR);
    board.app().age_step().await.unwrap();
    let before = board.sql(state).await;
    assert_eq!(before.iter().filter(|it| it.ends_with(" open")).count(), 4, "{before:?}");
    board.clock.advance(24 * HOUR);
    board.app().age_step().await.unwrap();
    let lines = [
        "left-0 aged",
        "left-1 aged",
        "left-2 aged",
        "locked open",
        "noted-0 noted",
        "noted-1 noted",
        "noted-2 noted",
    ];
    assert_eq!(board.sql(state).await, lines);
    let letters = mailbox.letters().len();
    tell(&board).await;
    board.clock.advance(2 * HOUR);
    tell(&board).await;
    assert_eq!(mailbox.letters().len(), letters, "{:?}", subjects(&mailbox));
    board.stop().await;
}

#[actix_web::test]
async fn what_was_a_day_old_when_it_came_is_written_to_nobody_ever() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let board = reminding(&mailbox).await;
    // What comes is told as an hour ago: at 23 hours before it is a day old, and a millisecond more is too old.
    board.event("old", "SIGNER_LOCKED", "s1", -23 * HOUR - 1).await;
    board.event("young", "SIGNER_LOCKED", "s1", -23 * HOUR).await;
    for _ in 0..3 {
        tell(&board).await;
        board.clock.advance(4 * HOUR);
    }
    board.event("old", "DOCUMENT_SIGNED", "s1", 12 * HOUR).await;
    tell(&board).await;
    assert!(alert(&board, "old").await.late && alert(&board, "old").await.resolved.is_some());
    let letters = mailbox.letters();
    assert_eq!(letters.len(), 4, "{:?}", subjects(&mailbox));
    assert!(letters.iter().all(|it| it.subject().contains("package young")), "{:?}", subjects(&mailbox));
    board.stop().await;
}

/// A board that is new, or was off for days, learns by comparing of ends that nobody can do anything about any more.
#[actix_web::test]
async fn what_a_comparison_finds_to_have_ended_days_ago_is_on_the_page_alone() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let mut stage = Stage::open().await;
    stage.board.reconfigure(mailed(mailbox.port)).await;
    let (old, young) = (stage.create("os", &nda()).await, stage.create("os", &nda()).await);
    for id in [&old, &young] {
        stage.happen("os", id, &demo::Act::Activate);
    }
    stage.happen("os", &old, &demo::Act::Decline(0, "no".to_owned()));
    stage.board.clock.advance(3 * 24 * 3_600_000);
    stage.happen("os", &young, &demo::Act::Decline(0, "no".to_owned()));
    stage.board.clock.advance(3_600_000);
    assert!(sweep(&stage, "os").await.success);
    tell(&stage.board).await;
    let lines = "SELECT package || ' ' || late FROM alerts WHERE kind = 'declined' ORDER BY late";
    assert_eq!(stage.board.sql(lines).await, [format!("{young} 0"), format!("{old} 1")]);
    assert_eq!(mailbox.letters().len(), 1);
    stage.close().await;
}
