//! Slack, Teams, and a program: who hears what, and what becomes of it when a receiver takes nothing.

use super::{board, mailed, tell};
use crate::forwarding::listener::{Got, Listener, Mood};
use crate::support::board::Board;
use crate::support::mailbox::Mailbox;
use serde_json::Value;
use signboard::config::{ALERT_KINDS, ChannelConfig, ChannelKind, ForwardConfig, Secret};
use signboard::model::alert::AlertKind;
use std::time::Duration;

const MINUTE: i64 = 60_000;

/// A channel that hears of everything.
pub fn channel(name: &str, kind: ChannelKind, url: String) -> ChannelConfig {
    ChannelConfig {
        name: name.to_owned(),
        kind,
        to: ForwardConfig { url: Secret::new(url), proxy: None, ca_file: None },
        secret: None,
        kinds: Vec::new(),
        accounts: Vec::new(),
        names: true,
        allow_private: true,
    }
}

/// A board with one channel, `s`, of Slack.
pub async fn one(receiver: &Listener) -> Board {
    let slack = channel("s", ChannelKind::Slack, receiver.url("/hush"));
    Board::with(|config| config.channels.push(slack)).await
}

pub fn body(got: &Got) -> Value {
    serde_json::from_slice(&got.body).unwrap()
}

/// How its messages stand: channel, occasion, state and error.
pub async fn states(board: &Board) -> Vec<String> {
    let sql = "SELECT channel || ' ' || occasion || ' ' || state || coalesce(' ' || error, '') FROM tellings ORDER BY id";
    board.sql(sql).await
}

/// Seen red with: a kind that is called otherwise.
#[test]
fn the_configuration_and_the_model_call_alerts_alike() {
    assert_eq!(AlertKind::ALL.map(AlertKind::word), ALERT_KINDS);
}

/// Seen red with: a reminder that does not say that it is one.
#[actix_web::test]
async fn reminders_and_the_end_are_told_where_the_beginning_was() {
    let receiver = Listener::start();
    let mut board = one(&receiver).await;
    board.reconfigure(|config| config.alerts.nag_after = Some(Duration::from_secs(3600))).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    board.clock.advance(60 * MINUTE);
    tell(&board).await;
    board.event("p", "SIGNER_COMPLETE", "s1", 61 * MINUTE).await;
    board.clock.advance(2 * MINUTE);
    tell(&board).await;
    let said: Vec<String> =
        receiver.got().iter().map(|it| body(it)["text"].as_str().unwrap().to_owned()).collect();
    let of = "s1 was locked out – package p (OneSpan Sign)";
    assert_eq!(said, [of.to_owned(), format!("Reminder: {of}"), format!("Resolved: {of}")]);
    assert_eq!(states(&board).await, ["s raised 1", "s reminder 1 1", "s resolved 1"]);
    board.stop().await;
    receiver.stop().await;
}

/// Seen red with: a channel that hears of everything.
#[actix_web::test]
async fn a_channel_hears_of_its_kinds_and_accounts_alone() {
    let receiver = Listener::start();
    let board = Board::with(|config| {
        let named = |name: &str| channel(name, ChannelKind::Slack, receiver.url("/hush"));
        let (kinds, accounts) = (vec!["declined".to_owned(), "disk_low".to_owned()], vec!["cg".to_owned()]);
        config.channels = vec![
            ChannelConfig { kinds, ..named("kinds") },
            ChannelConfig { accounts, ..named("accounts") },
            named("all"),
        ];
    })
    .await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    board.event("q", "PACKAGE_DECLINE", "s1", 0).await;
    board
        .sql("INSERT INTO alerts (account, package, kind, signer, began, raised_at, late, route_at) VALUES ('', '', 'disk_low', '', 1, 1, 0, 1)")
        .await;
    board.app().route_step().await.unwrap();
    let heard = "SELECT t.channel || ' ' || a.kind FROM tellings t JOIN alerts a ON a.id = t.alert WHERE t.channel <> 'mail' ORDER BY 1";
    let all = [
        "accounts disk_low",
        "all declined",
        "all disk_low",
        "all locked",
        "kinds declined",
        "kinds disk_low",
    ];
    assert_eq!(board.sql(heard).await, all);
    board.stop().await;
    receiver.stop().await;
}

/// Seen red with: a wish to be left alone that is not heard.
#[actix_web::test]
async fn whoever_wants_to_be_left_alone_is_and_what_fails_is_tried_again_as_one() {
    let mut receiver = Listener::start();
    let board = one(&receiver).await;
    receiver.now(Mood::Answers(429)).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    assert_eq!(states(&board).await, ["s raised 0 it answers 429"]);
    receiver.now(Mood::Answers(500)).await;
    board.event("q", "SIGNER_LOCKED", "s1", 0).await;
    board.clock.advance(5 * MINUTE - 1);
    tell(&board).await;
    assert_eq!(receiver.got().len(), 1, "it said 300 seconds");
    board.clock.advance(1);
    tell(&board).await;
    assert_eq!(receiver.got().len(), 2);
    receiver.now(Mood::IsAway).await;
    for _ in 0..20 {
        board.clock.advance(15 * MINUTE);
        tell(&board).await;
    }
    assert!(board.app().post.channels["s"].state().trouble.unwrap().1.contains("no connection"));
    receiver.now(Mood::Answers(200)).await;
    board.clock.advance(20 * MINUTE);
    tell(&board).await;
    let last = receiver.got().pop().unwrap();
    assert!(last.is_taken && body(&last)["text"] == "2 alerts", "{last:?}");
    assert_eq!(board.app().post.channels["s"].state().trouble, None);
    assert_eq!(states(&board).await, ["s raised 1", "s raised 1"]);
    board.stop().await;
    receiver.stop().await;
}

/// Seen red with: a refusal that is tried again.
#[actix_web::test]
async fn what_is_refused_is_given_up_with_its_reason() {
    let mut receiver = Listener::start();
    let board = one(&receiver).await;
    let mut all = Vec::new();
    for (mood, why) in [
        (Mood::Answers(404), "it answers 404"),
        (Mood::Answers(410), "it answers 410"),
        (Mood::Redirects, "it answers 307, a redirect, and those are not followed"),
    ] {
        receiver.now(mood).await;
        board.event(why, "SIGNER_LOCKED", "s1", 0).await;
        tell(&board).await;
        all.push(format!("s raised 2 {why}"));
        assert_eq!(states(&board).await, all);
        board.clock.advance(20 * MINUTE);
    }
    assert_eq!(receiver.got().len(), 3, "each once");
    assert!(receiver.got().iter().all(|it| it.path == "/hush"));
    board.stop().await;
    receiver.stop().await;
}

/// Seen red with: a new number once a later try was refused.
#[actix_web::test]
async fn where_the_answer_is_not_heard_the_same_message_goes_again_and_mails_do_not_wait() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let mut receiver = Listener::start();
    let mut board = board(&mailbox).await;
    let program = channel("p", ChannelKind::Webhook, receiver.url("/hush"));
    board.reconfigure(|config| config.channels.push(program)).await;
    receiver.now(Mood::Hangs).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    assert_eq!(mailbox.letters().len(), 1);
    assert_eq!(
        board.sql("SELECT state || ' ' || error FROM tellings WHERE channel = 'p'").await,
        ["0 no answer within 15 s"]
    );
    board.event("q", "SIGNER_LOCKED", "s1", 0).await;
    // That it can't take it now says nothing of the first time.
    for (mood, wait) in [(Mood::Answers(500), 2), (Mood::Floods, 10)] {
        receiver.now(mood).await;
        board.clock.advance(wait * MINUTE);
        tell(&board).await;
    }
    let got: Vec<Value> = receiver.got().iter().map(body).collect();
    assert_eq!(got.len(), 3);
    for it in &got {
        assert_eq!(it["id"], got[0]["id"]);
        assert_eq!(it["data"]["alerts"].as_array().unwrap().len(), 1, "nothing else goes with it");
    }
    board.clock.advance(2 * MINUTE);
    tell(&board).await;
    assert_eq!(receiver.got().len(), 4);
    board.stop().await;
    receiver.stop().await;
}

/// Seen red with: a channel that reaches every network.
#[actix_web::test]
async fn ones_own_network_is_not_reached_and_a_channel_that_is_gone_is_said() {
    let receiver = Listener::start();
    let mut board = one(&receiver).await;
    board.reconfigure(|config| config.channels[0].allow_private = false).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    assert!(states(&board).await[0].contains("none of the public network"), "{:?}", states(&board).await);
    board.reconfigure(|config| config.channels.clear()).await;
    board.clock.advance(MINUTE);
    tell(&board).await;
    assert_eq!(states(&board).await, ["s raised 2 the configuration has no such channel any more"]);
    assert!(receiver.got().is_empty());
    board.stop().await;
    receiver.stop().await;
}

/// Mails lead to both pages, too.
///
/// Seen red with: no link to the provider.
#[actix_web::test]
async fn a_mail_leads_to_the_package_here_and_at_the_provider() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let mut board = Board::with(mailed(mailbox.port)).await;
    board
        .reconfigure(|config| {
            let address = "https://provider.example.com/a?x=1&id={id}";
            config.accounts.get_mut("os").unwrap().app_url = Some(address.to_owned());
        })
        .await;
    board.event("p/1", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    let letter = mailbox.letters().remove(0);
    for link in ["https://board.example.com/packages/os/p%2F1", "https://provider.example.com/a?x=1&id=p%2F1"]
    {
        assert!(letter.text().contains(link), "{}", letter.text());
        assert!(
            letter.html().contains(&format!("href=\"{}\"", link.replace('&', "&#38;"))),
            "{}",
            letter.html()
        );
    }
    board.stop().await;
}
