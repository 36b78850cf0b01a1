//! Quiet hours, a daily digest, and what somebody doesn't want to hear of.

use super::{OPS, board, tell, tellings};
use crate::support::board::Board;
use crate::support::mailbox::{Mailbox, Taken};
use crate::support::people::user;
use signboard::model::access::Role;
use signboard::model::alert::AlertKind;
use signboard::model::wishes::{Minute, Quiet, Wishes};

const MINUTE: i64 = 60_000;

async fn with(mailbox: &Mailbox, wishes: Wishes) -> Board {
    let board = board(mailbox).await;
    let app = board.app();
    let id = app.store.add_user(&user(OPS, Role::Admin), app.now()).await.unwrap().unwrap();
    app.store.set_wishes(id, &wishes).await.unwrap();
    board
}

fn minute(text: &str) -> Minute {
    Minute::parse(text).unwrap()
}

#[actix_web::test]
async fn in_quiet_hours_nothing_comes_and_all_of_it_after() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let quiet = Some(Quiet { from: minute("11:00"), until: minute("12:30") });
    let board = with(&mailbox, Wishes { quiet, ..Wishes::default() }).await;
    for package in ["p", "q", "r"] {
        board.event(package, "SIGNER_LOCKED", "s1", 0).await;
        tell(&board).await;
        board.clock.advance(2 * MINUTE);
    }
    board.event("r", "DOCUMENT_SIGNED", "s1", 65 * MINUTE).await;
    tell(&board).await;
    assert!(mailbox.letters().is_empty());
    board.clock.advance(24 * MINUTE);
    tell(&board).await;
    let letters = mailbox.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].subject(), "2 alerts", "{}", letters[0].text());
    assert_eq!(tellings(&board).await[2], format!("raised {OPS} fallback 3"), "it was mended meanwhile");
    board.stop().await;
}

#[actix_web::test]
async fn a_digest_is_one_letter_a_day() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let board = with(&mailbox, Wishes { digest: Some(minute("08:00")), ..Wishes::default() }).await;
    for package in ["p", "q"] {
        board.event(package, "SIGNER_LOCKED", "s1", 0).await;
        tell(&board).await;
        board.clock.advance(60 * MINUTE);
    }
    board.clock.advance(17 * 60 * MINUTE + 59 * MINUTE);
    tell(&board).await;
    assert!(mailbox.letters().is_empty());
    board.clock.advance(MINUTE);
    tell(&board).await;
    board.event("r", "SIGNER_LOCKED", "s1", 20 * 60 * MINUTE).await;
    tell(&board).await;
    board.clock.advance(60 * MINUTE);
    tell(&board).await;
    assert_eq!(mailbox.letters().iter().map(Taken::subject).collect::<Vec<_>>(), ["2 alerts"]);
    board.stop().await;
}

#[actix_web::test]
async fn who_wants_no_mails_or_not_of_this_kind_gets_none() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    for wishes in [
        Wishes { mail: false, ..Wishes::default() },
        Wishes { kinds: Some(vec![AlertKind::Bounced]), ..Wishes::default() },
    ] {
        let board = with(&mailbox, wishes).await;
        board.event("p", "SIGNER_LOCKED", "s1", 0).await;
        tell(&board).await;
        assert!(tellings(&board).await.is_empty());
        board.stop().await;
    }
    assert!(mailbox.letters().is_empty());
}
