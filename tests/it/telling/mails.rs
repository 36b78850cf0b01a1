//! What mails say, and how they get to the server.

use super::{OPS, board, mailed, tell, tellings};
use crate::support::board::{Board, event};
use crate::support::mailbox::{Mailbox, Taken, login};
use crate::support::world::{Stage, nda};
use serde_json::json;
use signboard::config::MailTls;
use signboard::demo::act::Act;
use std::path::Path;

pub(super) fn declined(package: &str, reason: &str) -> String {
    let mut body: serde_json::Value =
        serde_json::from_str(&event(package, "PACKAGE_DECLINE", "s1", None, 1000)).unwrap();
    body["message"] = json!(reason);
    body.to_string()
}

#[actix_web::test]
async fn a_lock_arrives_in_words_with_a_link_and_its_end_in_one_line() {
    let Some(mailbox) = Mailbox::open(&["starttls=certified"]) else { return };
    let mut stage = Stage::open().await;
    stage.board.reconfigure(mailed(mailbox.port)).await;
    let id = stage.create("os", &nda()).await;
    stage.act("os", &id, &Act::Activate).await;
    stage.act("os", &id, &Act::Lock(0)).await;
    stage.ask().await;
    tell(&stage.board).await;
    let letters = mailbox.letters();
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    let sender = stage.board.package("os", &id).await["sender"]["email"].as_str().unwrap().to_lowercase();
    assert_eq!(letter.to, sender);
    assert!(letter.secure, "the server offers STARTTLS");
    assert_eq!(letter.subject(), "Ana Souza was locked out – “NDA” (OneSpan Sign)");
    let link = format!("https://board.example.com/packages/os/{}", id.replace('=', "%3D"));
    for body in [letter.text(), letter.html()] {
        for part in
            ["Ana Souza was locked out", "Unlock the signer at OneSpan Sign", link.as_str(), "(UTC)", "sent"]
        {
            assert!(body.contains(part), "{part}: {body}");
        }
    }
    let thread = letter.mail().in_reply_to().as_text().unwrap().to_owned();
    stage.board.clock.advance(60_000);
    stage.happen("os", &id, &Act::Unlock(0));
    stage.act("os", &id, &Act::SignAll(0)).await;
    tell(&stage.board).await;
    tell(&stage.board).await;
    let letters = mailbox.letters();
    assert_eq!(letters.len(), 2, "{:?}", tellings(&stage.board).await);
    assert_eq!(letters[1].subject(), "Resolved: Ana Souza was locked out – “NDA” (OneSpan Sign)");
    assert!(
        letters[1].text().contains("- Ana Souza was locked out – “NDA” (OneSpan Sign)"),
        "{}",
        letters[1].text()
    );
    assert_eq!(letters[1].mail().in_reply_to().as_text(), Some(thread.as_str()), "the same thread");
    assert_ne!(letters[1].number(), letters[0].number());
    stage.close().await;
}

#[actix_web::test]
async fn without_names_a_mail_names_no_signer_no_words_and_no_package() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let mut stage = Stage::open().await;
    stage.board.reconfigure(mailed(mailbox.port)).await;
    stage.board.reconfigure(|config| config.mail.as_mut().unwrap().names = false).await;
    let id = stage.create("os", &nda()).await;
    stage.act("os", &id, &Act::Activate).await;
    stage.act("os", &id, &Act::Lock(1)).await;
    stage.ask().await;
    tell(&stage.board).await;
    stage.act("os", &id, &Act::Decline(0, "Ana does not like it".to_owned())).await;
    stage.board.clock.advance(60_000);
    tell(&stage.board).await;
    let letters = mailbox.letters();
    assert!(letters.len() >= 2);
    for letter in letters {
        let all = format!("{}{}{}", letter.subject(), letter.text(), letter.html());
        for name in ["Ana", "Souza", "Ben", "Okri", "NDA", "like it"] {
            assert!(!all.contains(name), "{name}: {all}");
        }
        assert!(all.contains("signer") && all.contains(&id), "{all}");
    }
    stage.close().await;
}

/// Seen red with: a quote that is not escaped.
#[actix_web::test]
async fn a_signers_words_make_no_header_and_no_tag() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let board = board(&mailbox).await;
    let evil = "no\r\nBcc: evil@example.net\r\n\r\n<img src=https://evil.example.net/x><b>";
    assert_eq!(board.send("os", declined("p\" <x>, z", evil)).await.status(), 200);
    tell(&board).await;
    let [letter] = &mailbox.letters()[..] else { panic!("one letter") };
    assert_eq!(letter.to, OPS);
    assert!(letter.mail().bcc().is_none());
    let html = letter.html();
    assert!(html.contains("&#60;img") && !html.contains("<img") && !html.contains("http://evil"), "{html}");
    board.stop().await;
}

#[actix_web::test]
async fn a_server_without_starttls_gets_nothing_where_that_is_required() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let mut board = board(&mailbox).await;
    board.reconfigure(|config| config.mail.as_mut().unwrap().tls = MailTls::Required).await;
    let why = board.app().try_mail().await.unwrap().unwrap_err();
    assert!(why.contains("offers no STARTTLS, and mail.starttls requires it"), "{why}");
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    assert!(mailbox.letters().is_empty());
    let error = board.sql("SELECT error FROM tellings").await;
    assert!(error[0].contains("offers no STARTTLS"), "{error:?}");
    board.reconfigure(|config| config.mail.as_mut().unwrap().tls = MailTls::Never).await;
    assert!(board.app().try_mail().await.unwrap().unwrap().contains("takes mails"));
    board.stop().await;
}

/// Seen red with: a certificate that isn't looked at.
#[actix_web::test]
async fn where_starttls_is_required_somebody_has_to_vouch_for_the_server() {
    let Some(mailbox) = Mailbox::open(&["starttls=certified"]) else { return };
    let mut board = board(&mailbox).await;
    board.reconfigure(|config| config.mail.as_mut().unwrap().tls = MailTls::Required).await;
    let why = board.app().try_mail().await.unwrap().unwrap_err();
    assert!(why.contains("can't be trusted"), "{why}");
    let ca = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/smtp/throwaway_certificate.pem");
    board.reconfigure(|config| config.mail.as_mut().unwrap().ca_file = Some(ca)).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    assert!(mailbox.letters()[0].secure);
    board.stop().await;
}

#[actix_web::test]
async fn an_offer_to_encrypt_that_is_of_no_use_is_passed_over_where_none_is_required() {
    let Some(mailbox) = Mailbox::open(&["starttls"]) else { return };
    let board = board(&mailbox).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    assert_eq!(mailbox.letters().len(), 1, "{:?}", board.app().post.state());
    board.stop().await;
}

#[actix_web::test]
async fn a_password_is_shown_where_one_is_asked_for() {
    let Some(mailbox) = Mailbox::open(&["login=board:hush"]) else { return };
    let mut board = Board::with(mailed(mailbox.port)).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    for (password, told) in [("wrong", 0), ("hush", 1)] {
        board.reconfigure(|config| config.mail.as_mut().unwrap().login = login("board", password)).await;
        let tried = board.app().try_mail().await.unwrap();
        assert_eq!(tried.is_ok(), told == 1, "{tried:?}");
        assert!(!format!("{tried:?}").contains("wrong"), "{tried:?}");
        tell(&board).await;
        assert_eq!(mailbox.letters().len(), told);
        board.clock.advance(20 * 60_000);
    }
    board.stop().await;
}

#[actix_web::test]
async fn a_package_is_a_thread_and_several_are_none() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let board = board(&mailbox).await;
    for (package, event) in [("p", "SIGNER_LOCKED"), ("q", "SIGNER_LOCKED"), ("p", "EMAIL_BOUNCE")] {
        board.event(package, event, "s1", 1000).await;
        tell(&board).await;
        board.clock.advance(60_000);
    }
    board.event("p", "DOCUMENT_SIGNED", "s1", 2000).await;
    board.event("q", "DOCUMENT_SIGNED", "s1", 2000).await;
    tell(&board).await;
    let letters = mailbox.letters();
    assert_eq!(letters.len(), 4);
    let threads: Vec<Option<String>> = letters
        .iter()
        .map(|it| {
            let (mail, of) = (it.mail(), |it: &mail_parser::HeaderValue<'_>| it.as_text().map(str::to_owned));
            assert_eq!(of(mail.in_reply_to()), of(mail.references()));
            of(mail.references())
        })
        .collect();
    assert!(threads[0].is_some() && threads[0] == threads[2], "{threads:?}");
    assert!(threads[1].is_some() && threads[1] != threads[0], "{threads:?}");
    assert_eq!(threads[3], None, "of two packages");
    let numbers: std::collections::BTreeSet<String> = letters.iter().map(Taken::number).collect();
    assert_eq!(numbers.len(), 4);
    board.stop().await;
}

#[actix_web::test]
async fn nobody_outside_the_allowed_domains_is_written_to_whenever_they_were_allowed() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let mut stage = Stage::open().await;
    stage.board.reconfigure(mailed(mailbox.port)).await;
    let allow = |domains: &'static [&'static str]| {
        move |config: &mut signboard::config::Config| {
            let domains = domains.iter().map(|it| (*it).to_owned()).collect();
            config.mail.as_mut().unwrap().allowed_domains = Some(domains);
        }
    };
    stage.board.reconfigure(allow(&["elsewhere.test"])).await;
    let id = stage.create("os", &nda()).await;
    stage.act("os", &id, &Act::Activate).await;
    stage.ask().await;
    // Looked up while its sender may not be written to, nor the list of last resort: nobody is told.
    stage.act("os", &id, &Act::Lock(0)).await;
    tell(&stage.board).await;
    assert_eq!(tellings(&stage.board).await, Vec::<String>::new());
    // Looked up while the list may be, and sent when it may not be any more.
    stage.board.reconfigure(allow(&["example.com"])).await;
    stage.act("os", &id, &Act::KbaFail(1)).await;
    stage.board.app().route_step().await.unwrap();
    let waiting = tellings(&stage.board).await;
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    stage.board.reconfigure(allow(&["elsewhere.test"])).await;
    tell(&stage.board).await;
    assert!(mailbox.letters().is_empty());
    let error = stage.board.sql("SELECT state || ' ' || error FROM tellings").await;
    assert_eq!(error, ["2 mail.allowed-domains does not allow this address"]);
    stage.close().await;
}
