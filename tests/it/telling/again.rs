//! What was told to be over and stands again: who heard of the end hears that, and nobody else.

use super::channels::{channel, one, states};
use super::{OPS, board, tell};
use crate::forwarding::listener::Listener;
use crate::support::board::{Board, NOON};
use crate::support::mailbox::{Mailbox, Taken};
use crate::support::people::user;
use serde_json::Value;
use signboard::config::ChannelKind;
use signboard::model::access::Role;
use signboard::model::alert::AlertKind;
use signboard::model::wishes::{Minute, Quiet, Wishes};
use signboard::model::{AccountId, PackageId, PackageKey, Timestamp};
use signboard::store::Act;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// Something happens to p now.
async fn now(board: &Board, name: &str) {
    board.event("p", name, "sender", board.clock.millis() - (NOON - HOUR)).await;
}

/// Looks up and tells, more than once, so that whatever would be told twice is.
async fn told(board: &Board) {
    for _ in 0..3 {
        tell(board).await;
        board.clock.advance(2 * MINUTE);
    }
}

/// The first three words of each subject.
fn begin(mailbox: &Mailbox) -> Vec<String> {
    let begin = |it: &Taken| it.subject().split(' ').take(2).collect::<Vec<_>>().join(" ");
    mailbox.letters().iter().map(begin).collect()
}

/// Seen red with: an alert that is opened again without a look whom to tell; one end that is told once for all.
#[actix_web::test]
async fn whoever_heard_that_it_is_over_hears_once_each_time_that_it_stands_again() {
    let receiver = Listener::start();
    let mut board = one(&receiver).await;
    let program = channel("w", ChannelKind::Webhook, receiver.url("/program"));
    board.reconfigure(|config| config.channels.push(program)).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    told(&board).await;
    // By then a lock that the board had not known of would be told to nobody.
    board.clock.advance(48 * HOUR);
    for _ in 0..3 {
        now(&board, "PACKAGE_TRASH").await;
        board.restart().await;
        told(&board).await;
        now(&board, "PACKAGE_RESTORE").await;
        board.app().store.rebuild().await.unwrap();
        board.restart().await;
        told(&board).await;
        // Once more, in the other order.
        let at = board.clock.millis() - (NOON - HOUR);
        board.event("p", "PACKAGE_RESTORE", "sender", at).await;
        board.event("p", "PACKAGE_TRASH", "sender", at - MINUTE).await;
        board.event("p", "SIGNER_LOCKED", "s1", 0).await;
        told(&board).await;
    }
    let (mut slack, mut program) = (Vec::new(), Vec::new());
    for got in receiver.got() {
        let body: Value = serde_json::from_slice(&got.body).unwrap();
        match body["text"].as_str() {
            Some(text) => slack.push(text.split(' ').next().unwrap().to_owned()),
            None => program.push(body["data"]["alerts"][0]["occasion"].as_str().unwrap().to_owned()),
        }
    }
    let each = ["s1", "Resolved:", "Again:", "Resolved:", "Again:", "Resolved:", "Again:"];
    assert_eq!(slack, each);
    assert_eq!(program, ["raised", "resolved", "again", "resolved", "again", "resolved", "again"]);
    let to_slack: Vec<String> = states(&board).await.into_iter().filter(|it| it.starts_with("s ")).collect();
    let rows = ["raised", "resolved", "again 1", "resolved 2", "again 2", "resolved 3", "again 3"];
    assert_eq!(to_slack, rows.map(|it| format!("s {it} 1")));
    let page = board.text("/alerts").await;
    assert!(page.contains("that it stands again, there: told"), "{page}");
    assert!(board.text("/packages/os/p").await.contains("was told: that it stands again"));
    board.stop().await;
    receiver.stop().await;
}

/// Seen red with: an alert that is told again to whomever it is opened again.
#[actix_web::test]
async fn whoever_never_heard_that_it_is_over_hears_nothing() {
    let Some(mut mailbox) = Mailbox::open(&[]) else { return };
    let board = board(&mailbox).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    told(&board).await;
    // Out of the trash before anybody was told.
    now(&board, "PACKAGE_TRASH").await;
    now(&board, "PACKAGE_RESTORE").await;
    told(&board).await;
    // And while nobody could be.
    mailbox.shut();
    now(&board, "PACKAGE_TRASH").await;
    tell(&board).await;
    now(&board, "PACKAGE_RESTORE").await;
    tell(&board).await;
    mailbox.reopen();
    board.clock.advance(HOUR);
    told(&board).await;
    assert_eq!(begin(&mailbox), ["s1 was"]);
    // It still can end.
    now(&board, "PACKAGE_TRASH").await;
    told(&board).await;
    assert_eq!(begin(&mailbox), ["s1 was", "Resolved: s1"]);
    board.stop().await;
}

/// A letter that was taken, of which the board can't know that: it may have been read.
///
/// Seen red with: only ends of which it is known that they arrived.
#[actix_web::test]
async fn whoever_may_have_heard_that_it_is_over_hears_that_it_stands_again() {
    let Some(mut mailbox) = Mailbox::open(&[]) else { return };
    let mut board = board(&mailbox).await;
    let follower = vec!["cut@example.com".to_owned()];
    board.reconfigure(|config| config.accounts.get_mut("os").unwrap().fallback = follower).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    mailbox.reopen();
    board.clock.advance(HOUR);
    // The same letter once more, of which it isn't heard either that it was taken; so with each that follows.
    for (name, last) in [("PACKAGE_TRASH", "Resolved: s1"), ("PACKAGE_RESTORE", "Again: s1")] {
        now(&board, name).await;
        tell(&board).await;
        mailbox.reopen();
        assert_eq!(begin(&mailbox).last().unwrap(), last);
        board.clock.advance(HOUR);
    }
    assert_eq!(begin(&mailbox), ["s1 was", "Resolved: s1", "Again: s1"]);
    board.stop().await;
}

/// Seen red with: what somebody took on before it was over is told to nobody again.
#[actix_web::test]
async fn whoever_took_it_on_hears_that_it_stands_again_too() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let board = board(&mailbox).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    told(&board).await;
    let package = PackageId::parse("p").unwrap();
    let key = PackageKey { account: AccountId("os".to_owned()), package };
    let alert = board.app().store.alerts_of(&key, 1).await.unwrap().remove(0);
    let (at, act) = (Timestamp(board.clock.millis()), Act::Take("I call".to_owned()));
    assert!(board.app().store.act_on_alert((alert.id, alert.kind), &act, OPS, at).await.unwrap());
    for name in ["PACKAGE_TRASH", "PACKAGE_RESTORE"] {
        now(&board, name).await;
        told(&board).await;
    }
    assert_eq!(begin(&mailbox), ["s1 was", "Resolved: s1", "Again: s1"]);
    let text = mailbox.letters()[2].text();
    assert!(text.contains("again, since 22 Nov"), "{text}");
    board.stop().await;
}

/// A newer version may fold otherwise: who heard that it is over is told that it stands, and nobody else hears of it.
///
/// Seen red with: a rebuild that opens an alert again and tells nobody.
#[actix_web::test]
async fn where_packages_are_only_folded_again_those_hear_who_heard_of_an_end_that_is_none() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let mut board = board(&mailbox).await;
    for package in ["p", "q"] {
        board.event(package, "SIGNER_LOCKED", "s1", 0).await;
    }
    told(&board).await;
    board.halt().await;
    board.sql("UPDATE alerts SET resolved_at = 1, resolution = 'cleared', route_at = iif(package = 'p', 1, NULL)").await;
    board.resume(None).await;
    told(&board).await;
    assert_eq!(begin(&mailbox), ["2 alerts", "Resolved: s1"]);
    for _ in 0..2 {
        board.app().store.rebuild().await.unwrap();
        assert_eq!(board.sql("SELECT count(*) FROM alerts WHERE resolved_at IS NULL").await, ["2"]);
        told(&board).await;
        assert_eq!(begin(&mailbox), ["2 alerts", "Resolved: s1", "Again: s1"]);
    }
    assert!(mailbox.letters()[2].text().contains("package p"), "{}", mailbox.letters()[2].text());
    board.stop().await;
}

/// A telling that is wanted again keeps its number: what was heard last is not what has the highest.
///
/// Seen red with: what was heard in the order of numbers.
#[actix_web::test]
async fn an_end_that_was_not_wanted_at_first_is_the_last_that_was_heard() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let board = board(&mailbox).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    told(&board).await;
    // It is over, and stands again before the letter is written.
    now(&board, "PACKAGE_TRASH").await;
    board.app().route_step().await.unwrap();
    now(&board, "PACKAGE_RESTORE").await;
    told(&board).await;
    assert_eq!(begin(&mailbox), ["s1 was"]);
    let alert = board.sql("SELECT id FROM alerts").await[0].parse().unwrap();
    let (at, act) = (Timestamp(board.clock.millis()), Act::Snooze(Timestamp(board.clock.millis() + HOUR)));
    assert!(board.app().store.act_on_alert((alert, AlertKind::Locked), &act, OPS, at).await.unwrap());
    board.clock.advance(HOUR);
    told(&board).await;
    assert_eq!(begin(&mailbox), ["s1 was", "Reminder: s1"]);
    let rows = ["raised 1", "resolved 3", "reminder 1 1"];
    assert_eq!(board.sql("SELECT occasion || ' ' || state FROM tellings ORDER BY id").await, rows);
    now(&board, "PACKAGE_TRASH").await;
    told(&board).await;
    assert_eq!(begin(&mailbox), ["s1 was", "Reminder: s1", "Resolved: s1"]);
    now(&board, "PACKAGE_RESTORE").await;
    told(&board).await;
    assert_eq!(begin(&mailbox), ["s1 was", "Reminder: s1", "Resolved: s1", "Again: s1"]);
    board.stop().await;
}

/// Somebody sleeps while another hears of each end: there is one end, and they hear it once.
///
/// Seen red with: an end that waits beside an earlier one for the same address.
#[actix_web::test]
async fn whoever_waits_to_hear_that_it_is_over_hears_it_once_however_often_it_was() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let mut board = board(&mailbox).await;
    let both = vec![OPS.to_owned(), "x@example.com".to_owned()];
    board.reconfigure(|config| config.accounts.get_mut("os").unwrap().fallback = both).await;
    let app = board.app();
    let x = app.store.add_user(&user("x@example.com", Role::Admin), app.now()).await.unwrap().unwrap();
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    told(&board).await;
    let minute = |text: &str| Minute::parse(text).unwrap();
    let quiet = Some(Quiet { from: minute("12:00"), until: minute("14:00") });
    board.app().store.set_wishes(x, &Wishes { quiet, ..Wishes::default() }).await.unwrap();
    for name in ["PACKAGE_TRASH", "PACKAGE_RESTORE", "PACKAGE_TRASH"] {
        now(&board, name).await;
        told(&board).await;
        // From now on they want to hear at once: what waits already still does.
        board.app().store.set_wishes(x, &Wishes::default()).await.unwrap();
    }
    let heard = |who: &str| {
        let of = mailbox.of(who);
        of.iter().map(|it| it.subject().split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(heard(OPS), ["s1", "Resolved:", "Again:", "Resolved:"]);
    assert_eq!(heard("x@example.com"), ["s1"]);
    board.clock.advance(2 * HOUR);
    told(&board).await;
    assert_eq!(heard("x@example.com"), ["s1", "Resolved:"]);
    let text = mailbox.of("x@example.com")[1].text();
    assert_eq!(text.matches("package p").count(), 1, "{text}");
    board.stop().await;
}

/// It is being told that it is over while a fact says that it stands: the letter can't be called back.
///
/// Seen red with: no look at what stands once it was told that it is over.
#[actix_web::test]
async fn an_end_that_was_on_its_way_when_it_stood_again_is_put_right() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let mut board = board(&mailbox).await;
    let slow = vec!["slow@example.com".to_owned()];
    board.reconfigure(|config| config.accounts.get_mut("os").unwrap().fallback = slow).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    told(&board).await;
    now(&board, "PACKAGE_TRASH").await;
    board.app().route_step().await.unwrap();
    let restored = async {
        // The server thinks for a second about each letter.
        while board
            .sql("SELECT 1 FROM tellings WHERE occasion = 'resolved' AND message IS NOT NULL")
            .await
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
        now(&board, "PACKAGE_RESTORE").await;
        // As if the letter had not been on its way yet when that came.
        board.sql("UPDATE alerts SET route_at = NULL").await;
    };
    tokio::join!(async { board.app().tell_step().await.unwrap() }, restored);
    board.clock.advance(2 * MINUTE);
    told(&board).await;
    assert_eq!(begin(&mailbox), ["s1 was", "Resolved: s1", "Again: s1"]);
    board.stop().await;
}
