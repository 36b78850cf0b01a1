//! A mail server that is away, or takes some and not others.

use super::{OPS, board, mailed, tell, tellings};
use crate::support::board::Board;
use crate::support::mailbox::{Mailbox, Taken};
use std::time::Instant;

const MINUTE: i64 = 60_000;

async fn named(mailbox: &Mailbox, addresses: &[&str]) -> Board {
    let mut board = board(mailbox).await;
    let fallback: Vec<String> = addresses.iter().map(|it| (*it).to_owned()).collect();
    board.reconfigure(|config| config.accounts.get_mut("os").unwrap().fallback = fallback).await;
    board
}

/// Seen red with: tellings that are given up at the first try in vain.
#[actix_web::test]
async fn a_server_that_is_down_for_an_hour_loses_nothing_and_delays_no_callback() {
    let Some(mut mailbox) = Mailbox::open(&[]) else { return };
    let mut board = board(&mailbox).await;
    let mut took = [Vec::new(), Vec::new()];
    for minute in 0..120 {
        // The first hour it is up, and there is nothing to tell.
        let (down, name) = if minute < 60 { (0, "DOCUMENT_VIEWED") } else { (1, "SIGNER_LOCKED") };
        if minute == 60 {
            mailbox.shut();
        }
        let began = Instant::now();
        board.event(&format!("p{minute}"), name, "s1", minute).await;
        took[down].push(began.elapsed().as_micros());
        tell(&board).await;
        board.clock.advance(MINUTE);
    }
    let [up, down] = took.map(|mut all| {
        all.sort_unstable();
        all[all.len() / 2]
    });
    eprintln!("an acknowledgement takes {up} us, and {down} us while the mail server is down (medians)");
    let (since, why) = board.app().post.state().trouble.unwrap();
    assert!(why.contains("can't be reached") && since.0 < board.clock.millis() - 50 * MINUTE, "{why}");
    assert_eq!(board.sql("SELECT count(*) FROM tellings WHERE state = 0").await, ["60"]);
    board.restart().await;
    mailbox.reopen();
    for _ in 0..20 {
        board.clock.advance(MINUTE);
        tell(&board).await;
    }
    assert_eq!(board.app().post.state().trouble, None);
    let subjects: Vec<String> = mailbox.of(OPS).iter().map(Taken::subject).collect();
    // What came after the last try in vain goes at once, the rest when its time comes.
    let told: u32 = subjects.iter().map(|it| it.split(' ').next().unwrap().parse().unwrap_or(1)).sum();
    assert_eq!((told, subjects.len() <= 2), (60, true), "{subjects:?}");
    assert_eq!(board.sql("SELECT count(*) FROM tellings WHERE state = 1").await, ["60"]);
    board.stop().await;
}

#[actix_web::test]
async fn what_is_tried_for_three_days_is_given_up_and_can_be_sent_again() {
    let Some(mut mailbox) = Mailbox::open(&[]) else { return };
    let board = board(&mailbox).await;
    mailbox.shut();
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    let mut tries = 0;
    for _ in 0..(73 * 4) {
        board.app().route_step().await.unwrap();
        tries += board.app().tell_step().await.unwrap();
        board.clock.advance(15 * MINUTE);
    }
    assert_eq!(tellings(&board).await, [format!("raised {OPS} fallback 2")]);
    assert!((100..=292).contains(&tries), "{tries}");
    mailbox.reopen();
    board.clock.advance(30 * MINUTE);
    tell(&board).await;
    assert!(mailbox.letters().is_empty());
    let by = ("ada", "127.0.0.1");
    assert_eq!(board.app().tell_again(Some(1), by).await.unwrap(), 1);
    tell(&board).await;
    assert_eq!(mailbox.letters().len(), 1);
    assert_eq!(board.app().tell_again(Some(1), by).await.unwrap(), 0, "it is told");
    board.stop().await;
}

/// Seen red with: a step that tells on the way of a callback.
#[actix_web::test]
async fn a_mail_server_that_says_nothing_delays_no_callback() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let board = Board::with(mailed(silent.local_addr().unwrap().port())).await;
    board.server().work();
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    let (line, _) = tokio::task::spawn_blocking(move || silent.accept().unwrap()).await.unwrap();
    for at in 0..50 {
        board.event(&format!("q{at}"), "SIGNER_LOCKED", "s1", at).await;
    }
    // The first letter still waits for a word, and all of these were acknowledged.
    assert_eq!(board.app().post.state().trouble, None);
    assert_eq!(board.sql("SELECT count(*) FROM alerts").await, ["51"]);
    drop(line);
    board.stop().await;
}

/// Seen red with: a refusal that rests the whole server.
#[actix_web::test]
async fn an_address_that_is_refused_is_given_up_alone_and_one_for_later_is_tried_later() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let board = named(&mailbox, &["refused@example.com", "later@example.com", OPS]).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    assert_eq!(mailbox.letters().len(), 1);
    let states = [
        "raised refused@example.com fallback 2".to_owned(),
        "raised later@example.com fallback 0".to_owned(),
        format!("raised {OPS} fallback 1"),
    ];
    assert_eq!(tellings(&board).await, states);
    let errors = board.sql("SELECT coalesce(error, '-') FROM tellings ORDER BY id").await;
    assert!(errors[0].contains("550") && errors[1].contains("451") && errors[2] == "-", "{errors:?}");
    assert_eq!(board.app().post.state().trouble, None);
    let due = board.sql("SELECT due FROM tellings WHERE address LIKE 'later%'").await;
    let wait = due[0].parse::<i64>().unwrap() - board.clock.millis();
    assert!((MINUTE..=2 * MINUTE).contains(&wait), "{wait}");
    board.stop().await;
}

/// Seen red with: a new number for each try.
#[actix_web::test]
async fn a_letter_whose_taking_nobody_can_know_is_sent_again_under_the_same_number() {
    let Some(mut mailbox) = Mailbox::open(&[]) else { return };
    let board = named(&mailbox, &["cut@example.com"]).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    assert_eq!(mailbox.letters().len(), 1, "it took it, and said nothing");
    board.event("q", "SIGNER_LOCKED", "s1", 0).await;
    board.app().route_step().await.unwrap();
    mailbox.reopen();
    board.clock.advance(30 * MINUTE);
    board.app().tell_step().await.unwrap();
    let letters = mailbox.letters();
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0].number(), letters[1].number());
    assert!(!letters[1].text().contains("package q"), "nothing else goes with it: {}", letters[1].text());
    board.stop().await;
}

/// Seen red with: a message that keeps its number though the server said that it does not take it.
#[actix_web::test]
async fn who_was_refused_a_letter_was_not_told_and_does_not_hear_that_it_is_over() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let board = named(&mailbox, &["busy@example.com"]).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    let noted = "SELECT state || ' ' || coalesce(message, '-') || ' ' || error FROM tellings";
    let [noted] = &board.sql(noted).await[..] else { panic!("one") };
    assert!(noted.starts_with("0 - ") && noted.contains("421"), "{noted}");
    board.event("p", "SIGNER_COMPLETE", "s1", MINUTE).await;
    board.clock.advance(60 * MINUTE);
    tell(&board).await;
    assert_eq!(tellings(&board).await, ["raised busy@example.com fallback 3"]);
    board.stop().await;
}
