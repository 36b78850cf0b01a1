//! Much at once.

use super::{OPS, board, tell};
use crate::support::mailbox::Mailbox;

/// Seen red with: a letter for each alert.
#[actix_web::test]
async fn a_thousand_bounces_in_a_minute_are_a_few_letters() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let board = board(&mailbox).await;
    for at in 0..1_000_i64 {
        board.event(&format!("p{at}"), "EMAIL_BOUNCE", "s1", at).await;
        board.clock.advance(60);
        if at % 10 == 0 {
            tell(&board).await;
        }
    }
    for _ in 0..5 {
        board.clock.advance(60_000);
        tell(&board).await;
    }
    let letters = mailbox.of(OPS);
    eprintln!("1,000 bounces in a minute: {} letters to one person", letters.len());
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[1].subject(), "999 alerts");
    let text = letters[1].text();
    assert_eq!(text.matches("/packages/os/").count(), 50);
    assert!(text.contains("And 949 more: https://board.example.com/alerts"), "{text}");
    assert_eq!(board.sql("SELECT count(*) FROM tellings WHERE state = 1").await, ["1000"]);
    board.stop().await;
}

#[actix_web::test]
async fn forty_at_once_are_one_letter_that_lists_each() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let board = board(&mailbox).await;
    for at in 0..40_i64 {
        board.event(&format!("p{at}"), "SIGNER_LOCKED", "s1", at).await;
    }
    tell(&board).await;
    let [letter] = &mailbox.letters()[..] else { panic!("{} letters", mailbox.letters().len()) };
    assert_eq!((letter.subject().as_str(), letter.to.as_str()), ("40 alerts", OPS));
    let text = letter.text();
    assert_eq!(text.matches("/packages/os/p").count(), 40, "{text}");
    board.stop().await;
}
