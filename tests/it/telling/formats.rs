//! Messages to Slack, Teams, and a program, as a real receiver gets them.

use super::channels::{body, channel};
use super::mails::declined;
use super::tell;
use crate::forwarding::listener::{Got, Listener};
use crate::support::board::Board;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use ring::hmac;
use serde_json::Value;
use signboard::config::{ChannelKind, Config, Secret};

const MINUTE: i64 = 60_000;
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const EVIL: &str =
    "<!channel> *no* & <https://evil.example.net|here> [x](https://evil.example.net) {{DATE(2026-01-01)}}";

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

fn of<'a>(got: &'a [Got], kind: &str) -> Vec<&'a Got> {
    got.iter().filter(|it| it.path == format!("/{kind}-hush")).collect()
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

/// Seen red with: a `<` that stays one for Slack; two braces that stay together for Teams.
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

/// Seen red with: names for programs, whatever the configuration says.
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

/// Seen red with: nine things in a message.
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
