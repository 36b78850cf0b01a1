//! Slack, Teams, and a program: what a real receiver gets, and what becomes of it when that takes nothing.

use super::mails::declined;
use super::{board, mailed, tell};
use crate::forwarding::listener::{Got, Listener, Mood};
use crate::support::board::Board;
use crate::support::mailbox::Mailbox;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use ring::hmac;
use serde_json::Value;
use signboard::config::{ALERT_KINDS, ChannelConfig, ChannelKind, Config, ForwardConfig, Secret};
use signboard::model::alert::AlertKind;
use std::time::Duration;

const MINUTE: i64 = 60_000;
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const EVIL: &str =
    "<!channel> *no* & <https://evil.example.net|here> [x](https://evil.example.net) {{DATE(2026-01-01)}}";

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

/// One of each, at `/slack-hush`, `/teams-hush` and `/webhook-hush`.
fn three(receiver: &Listener) -> impl FnOnce(&mut Config) {
    let all = [ChannelKind::Slack, ChannelKind::Teams, ChannelKind::Webhook]
        .map(|it| channel(it.word(), it, receiver.url(&format!("/{}-hush", it.word()))));
    move |config| {
        config.server.public_url = Some("https://board.example.com".to_owned());
        let account = config.accounts.get_mut("os").unwrap();
        account.app_url = Some("https://provider.example.com/a?x=1&id={id}".to_owned());
        config.channels = all.to_vec();
        config.channels[2].secret = Some(Secret::new(format!("whsec_{SECRET}")));
    }
}

/// A board with one channel, `s`, of Slack.
pub async fn one(receiver: &Listener) -> Board {
    let slack = channel("s", ChannelKind::Slack, receiver.url("/hush"));
    Board::with(|config| config.channels.push(slack)).await
}

fn of<'a>(got: &'a [Got], kind: &str) -> Vec<&'a Got> {
    got.iter().filter(|it| it.path == format!("/{kind}-hush")).collect()
}

fn body(got: &Got) -> Value {
    serde_json::from_slice(&got.body).unwrap()
}

/// All values of a key, wherever they are.
fn every(value: &Value, key: &str) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().flat_map(|it| every(it, key)).collect(),
        Value::Object(all) => {
            let here = all.get(key).and_then(Value::as_str).map(str::to_owned);
            here.into_iter().chain(all.values().flat_map(|it| every(it, key))).collect()
        }
        _ => Vec::new(),
    }
}

/// How its messages stand: channel, occasion, state and error.
pub async fn states(board: &Board) -> Vec<String> {
    let sql = "SELECT channel || ' ' || occasion || ' ' || state || coalesce(' ' || error, '') FROM tellings ORDER BY id";
    board.sql(sql).await
}

#[test]
fn the_configuration_and_the_model_call_alerts_alike() {
    assert_eq!(AlertKind::ALL.map(AlertKind::word), ALERT_KINDS);
}

#[actix_web::test]
async fn each_gets_its_own_format_and_what_a_signer_wrote_stays_text() {
    let receiver = Listener::start();
    let board = Board::with(three(&receiver)).await;
    assert_eq!(board.send("os", declined("p|<1>", EVIL)).await.status(), 200);
    tell(&board).await;
    let got = receiver.got();
    assert_eq!(got.len(), 3, "one each");
    let on_board = "https://board.example.com/packages/os/p%7C%3C1%3E";
    let there = "https://provider.example.com/a?x=1&id=p%7C%3C1%3E";

    let slack = body(of(&got, "slack")[0]);
    assert_eq!(slack["text"], "s1 declined to sign – package p|&lt;1&gt; (OneSpan Sign)");
    let blocks = slack["blocks"].as_array().unwrap();
    assert_eq!(blocks[0]["text"]["type"], "plain_text");
    let words = blocks[0]["text"]["text"].as_str().unwrap();
    assert!(
        words.contains("“&lt;!channel&gt; *no* &amp; &lt;https://evil") && !words.contains('<'),
        "{words}"
    );
    let links = blocks[1]["elements"][0]["text"].as_str().unwrap();
    let there_escaped = there.replace('&', "&amp;");
    assert_eq!(
        links,
        format!("<{on_board}|Look at it on the board> · <{there_escaped}|Open it at the provider>")
    );
    assert_eq!((blocks.len(), every(&slack, "type").iter().filter(|it| *it == "mrkdwn").count()), (2, 1));

    let teams = body(of(&got, "teams")[0]);
    assert_eq!(teams["type"], "message");
    assert_eq!(teams["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
    let card = &teams["attachments"][0]["content"];
    assert_eq!((&card["type"], &card["version"]), (&"AdaptiveCard".into(), &"1.4".into()));
    let kinds = every(card, "type");
    assert!(kinds.iter().all(|it| it != "TextBlock"), "those know Markdown: {kinds:?}");
    let texts = every(card, "text").join("\n");
    assert!(texts.contains("[x](https://evil.example.net)") && !texts.contains("{{"), "{texts}");
    assert_eq!(every(card, "url"), [on_board, there]);

    let program = of(&got, "webhook")[0];
    let told = body(program);
    let alert = &told["data"]["alerts"][0];
    assert_eq!(
        (&told["type"], &alert["kind"], &alert["occasion"]),
        (&"alerts".into(), &"declined".into(), &"raised".into())
    );
    assert_eq!((&alert["account"], &alert["package"]), (&"os".into(), &"p|<1>".into()));
    assert_eq!((&alert["link"], &alert["provider"]), (&on_board.into(), &there.into()));
    assert!(alert["quote"].as_str().unwrap().starts_with("<!channel>"));
    let signed = format!(
        "{}.{}.{}",
        told["id"].as_str().unwrap(),
        program.header("webhook-timestamp"),
        String::from_utf8(program.body.clone()).unwrap()
    );
    assert_eq!(program.header("webhook-id"), told["id"]);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &BASE64_STANDARD.decode(SECRET).unwrap());
    let signature = program.header("webhook-signature").strip_prefix("v1,").unwrap().to_owned();
    assert!(hmac::verify(&key, signed.as_bytes(), &BASE64_STANDARD.decode(signature).unwrap()).is_ok());
    assert_eq!(of(&got, "slack")[0].header("webhook-signature"), "", "nobody there looks at it");
    board.stop().await;
    receiver.stop().await;
}

#[actix_web::test]
async fn without_names_nothing_is_said_that_a_person_is_known_by() {
    let receiver = Listener::start();
    let mut board = Board::with(three(&receiver)).await;
    board.reconfigure(|config| config.channels.iter_mut().for_each(|it| it.names = false)).await;
    assert_eq!(board.send("os", declined("p", "I am Ana")).await.status(), 200);
    tell(&board).await;
    let got = receiver.got();
    assert_eq!(got.len(), 3);
    for it in &got {
        let text = String::from_utf8_lossy(&it.body);
        assert!(text.contains("A signer declined to sign") && text.contains("package p "), "{text}");
        assert!(!text.contains("Ana") && !text.contains("s1"), "{text}");
    }
    board.stop().await;
    receiver.stop().await;
}

#[actix_web::test]
async fn forty_at_once_are_one_message_and_then_one_a_minute() {
    let receiver = Listener::start();
    let board = Board::with(three(&receiver)).await;
    for at in 0..40 {
        board.event(&format!("p{at}"), "SIGNER_LOCKED", "s1", at).await;
    }
    tell(&board).await;
    board.event("late", "SIGNER_LOCKED", "s1", 50).await;
    board.event("later", "SIGNER_LOCKED", "s1", 50).await;
    tell(&board).await;
    let got = receiver.got();
    assert_eq!(got.len(), 3);
    let slack = body(of(&got, "slack")[0]);
    assert_eq!(slack["text"], "40 alerts");
    assert!(every(&slack, "text").contains(&"And 32 more.".to_owned()), "{slack}");
    assert!(
        every(&slack, "text").iter().any(|it| it.contains("https://board.example.com/alerts|All of them"))
    );
    let program = body(of(&got, "webhook")[0]);
    assert_eq!(program["data"]["alerts"].as_array().unwrap().len(), 40);
    assert!(every(&body(of(&got, "teams")[0]), "text").contains(&"And 32 more.".to_owned()));
    board.clock.advance(MINUTE);
    tell(&board).await;
    assert_eq!(receiver.got().len(), 6);
    board.stop().await;
    receiver.stop().await;
}

/// Seen red with: eight things in a card, however long they are.
#[actix_web::test]
async fn a_card_for_teams_is_never_longer_than_it_takes() {
    let receiver = Listener::start();
    let board = Board::with(three(&receiver)).await;
    // Ids of much more than that are set aside.
    let (reason, id) = ("🙁".repeat(2_000), "🙁".repeat(199));
    for at in 0..9 {
        let refusal = declined(&format!("{id}{at}"), &reason).replace("\"s1\"", &format!("\"{id}{at}\""));
        assert_eq!(board.send("os", refusal).await.status(), 200);
    }
    assert_eq!(board.sql("SELECT count(*) FROM alerts").await, ["9"]);
    tell(&board).await;
    let got = receiver.got();
    let card = of(&got, "teams")[0];
    assert!(card.body.len() <= 28_000, "{}", card.body.len());
    let texts = every(&body(card), "text");
    assert!(texts.contains(&"And 5 more.".to_owned()), "four stand in it");
    assert!(every(&body(of(&got, "slack")[0]), "text").contains(&"And 1 more.".to_owned()));
    board.stop().await;
    receiver.stop().await;
}

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
