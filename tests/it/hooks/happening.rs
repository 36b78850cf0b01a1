//! What is told: each thing once, whichever way and in whichever order the board learned of it.

use super::{HOUR, board, board_with, body, taken, tell, words};
use crate::forwarding::listener::Listener;
use crate::support::board::{Board, NOON, event};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use ring::hmac;
use signboard::config::{ApiAuth, ApiConfig, HOOK_EVENTS, Secret};
use signboard::model::fold::answer_record;
use signboard::model::hook::HookEvent;
use signboard::model::{
    AccountId, Answer, PackageId, PackageKey, Person, Place, Snapshot, Status, Timestamp,
};
use signboard::store::answer_fingerprint;

fn of(package: &str) -> PackageKey {
    PackageKey { account: AccountId("os".to_owned()), package: PackageId::parse(package).unwrap() }
}

/// The API is asked, and says this.
async fn answers(board: &Board, package: &str, says: Snapshot) {
    let (key, at) = (of(package), Timestamp(board.clock.millis()));
    let answer = Answer::Shown(says);
    let fingerprint = answer_fingerprint(&key, &answer, at).unwrap();
    board.app().store.learn(key, answer_record(answer, at, at, fingerprint)).await.unwrap();
}

/// What is written down, sent or not.
async fn written(board: &Board) -> Vec<String> {
    board
        .sql(
            "SELECT event || ' ' || package || ' ' || subject || ' ' || turn FROM hook_deliveries ORDER BY 1",
        )
        .await
}

#[test]
fn the_configuration_and_the_model_call_everything_alike() {
    assert_eq!(HookEvent::ALL.map(HookEvent::word), HOOK_EVENTS);
    assert!(HOOK_EVENTS.iter().all(|it| HookEvent::parse(it).map(HookEvent::word) == Some(*it)));
}

#[actix_web::test]
async fn everything_that_can_happen_is_told_once() {
    let receiver = Listener::start();
    let board = board(&receiver).await;
    let mut at = 0;
    for (package, name, user) in [
        ("p", "PACKAGE_CREATE", "sender"),
        ("p", "PACKAGE_ACTIVATE", "sender"),
        ("p", "DOCUMENT_VIEWED", "s1"),
        ("p", "SIGNER_LOCKED", "s1"),
        ("p", "EMAIL_BOUNCE", "s2"),
        ("p", "KBA_FAILURE", "s2"),
        ("p", "PACKAGE_ATTACHMENT", "s1"),
        ("p", "SIGNER_COMPLETE", "s1"),
        ("p", "PACKAGE_DEACTIVATE", "sender"),
        ("p", "PACKAGE_ACTIVATE", "sender"),
        ("p", "PACKAGE_READY_FOR_COMPLETE", "sender"),
        ("p", "PACKAGE_COMPLETE", "sender"),
        ("p", "PACKAGE_DELETE", "sender"),
        ("d", "PACKAGE_DECLINE", "s1"),
        ("o", "PACKAGE_OPT_OUT", "s1"),
        ("e", "PACKAGE_EXPIRE", "sender"),
    ] {
        at += 1000;
        board.event(package, name, user, at).await;
        // The same once more, as providers do.
        board.event(package, name, user, at).await;
    }
    answers(&board, "c", Snapshot { status: Status::Cancelled, ..Snapshot::default() }).await;
    answers(&board, "f", Snapshot { status: Status::Failed, ..Snapshot::default() }).await;
    answers(&board, "c", Snapshot { status: Status::Cancelled, final_pdf: true, ..Snapshot::default() })
        .await;
    tell(&board).await;
    let of = |package: &str| {
        let all: Vec<String> =
            taken(&receiver).into_iter().filter(|it| it.split(' ').nth(1) == Some(package)).collect();
        all
    };
    assert_eq!(
        of("p"),
        [
            "package.created p",
            "package.sent p",
            "signer.viewed p s1",
            "signer.locked p s1",
            "signer.bounced p s2",
            "signer.identity_failed p s2",
            "attachment.added p s1",
            "signer.completed p s1",
            "package.recalled p",
            "package.sent p",
            "package.ready_to_complete p",
            "package.completed p",
            "package.deleted p",
        ]
    );
    assert_eq!(of("d"), ["package.created d", "package.declined d s1"]);
    assert_eq!(of("o"), ["package.created o", "package.opted_out o s1"]);
    assert_eq!(of("e"), ["package.created e", "package.expired e"]);
    assert_eq!(of("c"), ["package.created c", "package.cancelled c", "document.final c"]);
    assert_eq!(of("f"), ["package.created f", "package.failed f"]);
    let all = taken(&receiver);
    for event in HOOK_EVENTS {
        assert!(all.iter().any(|it| it.starts_with(event)), "{event}");
    }
    board.stop().await;
    receiver.stop().await;
}

/// Keys are only ever added: a contract with programs.
#[actix_web::test]
async fn a_message_is_signed_and_says_whose_turn_it_is() {
    let receiver = Listener::start();
    let board = board(&receiver).await;
    let person = |id: &str, name: &str| Person {
        id: id.to_owned(),
        name: Some(name.to_owned()),
        email: Some(format!("{id}@example.com")),
    };
    let place = |number: i64, id: &str, name: &str| Place {
        role: format!("r{number}"),
        index: number,
        required: 1,
        people: vec![(person(id, name), signboard::model::Identity::Untold)],
        ..Place::default()
    };
    board.event("a/b=", "PACKAGE_ACTIVATE", "sender", 0).await;
    let says = Snapshot {
        status: Status::Sent,
        name: Some("Deed".to_owned()),
        reference: Some("CRM-1".to_owned()),
        data: vec![("crm".to_owned(), "CRM-1".to_owned())],
        sender: Some(person("sender", "Ada")),
        autocomplete: true,
        places: vec![place(1, "s1", "Jo"), place(2, "s2", "Max")],
        ..Snapshot::default()
    };
    answers(&board, "a/b=", says).await;
    board.clock.advance(HOUR);
    board.event("a/b=", "DOCUMENT_VIEWED", "s1", 30_000 + HOUR).await;
    let mut declined: serde_json::Value =
        serde_json::from_str(&event("a/b=", "PACKAGE_DECLINE", "s1", None, 60_000 + HOUR)).unwrap();
    declined["message"] = "too dear".into();
    assert_eq!(board.send("os", declined.to_string()).await.status(), 200);
    tell(&board).await;
    let got = receiver.got();
    assert_eq!(
        words(&got),
        ["package.created a/b=", "package.sent a/b=", "signer.viewed a/b= s1", "package.declined a/b= s1"]
    );
    let url = "https://board.example.com/packages/os/a%2Fb%3D";
    let (ada, jo) = (
        serde_json::json!({"id": "sender", "name": "Ada", "email": "sender@example.com"}),
        serde_json::json!({"id": "s1", "name": "Jo", "email": "s1@example.com"}),
    );
    assert_eq!(body(&got[1])["data"]["name"], serde_json::Value::Null, "as it was known then");
    assert_eq!(body(&got[2])["data"]["whose_turn"], serde_json::json!([jo]));
    assert_eq!(
        body(&got[3]),
        serde_json::json!({
            "type": "package.declined", "timestamp": "2026-11-22T12:01:00.000Z",
            "data": {
                "account": "os", "provider": "onespan", "package": "a/b=", "name": "Deed", "reference": "CRM-1",
                "status": "declined", "sender": ada, "signer": jo, "reason": "too dear", "attachment": null,
                "whose_turn": [], "unverified": false, "url": url,
            }
        })
    );
    let key = hmac::Key::new(
        hmac::HMAC_SHA256,
        &BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap(),
    );
    for it in &got {
        let (id, seconds) = (it.header("webhook-id"), it.header("webhook-timestamp"));
        let signed = [format!("{id}.{seconds}.").into_bytes(), it.body.clone()].concat();
        let signature = it.header("webhook-signature").strip_prefix("v1,").unwrap();
        hmac::verify(&key, &signed, &BASE64_STANDARD.decode(signature).unwrap()).unwrap();
        assert_eq!(seconds, ((NOON + HOUR) / 1000).to_string());
        assert_eq!((it.header("content-type"), it.path.as_str()), ("application/json", "/in?token=url-hush"));
    }
    let ids: std::collections::BTreeSet<&str> = got.iter().map(|it| it.header("webhook-id")).collect();
    assert_eq!(ids.len(), 4);
    board.stop().await;
    receiver.stop().await;
}

fn api(config: &mut signboard::config::Config) {
    config.accounts.get_mut("os").unwrap().api = Some(ApiConfig {
        base_url: "http://127.0.0.1:9".to_owned(),
        auth: ApiAuth::ApiKey { key: Secret::new("k") },
        proxy: None,
        ca_file: None,
        cache: false,
    });
}

/// Seed 000: the package's id belongs to a transaction of the system that made it. Seen red with: no wait for the API.
#[actix_web::test]
async fn a_new_package_waits_a_minute_for_the_api_to_say_whose_it_is() {
    let receiver = Listener::start();
    let board = board_with(&receiver, api).await;
    board.event("p", "PACKAGE_CREATE", "sender", HOUR).await;
    board.event("p", "PACKAGE_ACTIVATE", "sender", HOUR).await;
    board.event("q", "PACKAGE_CREATE", "sender", HOUR).await;
    tell(&board).await;
    assert_eq!(taken(&receiver).len(), 0, "and what comes after waits behind it");
    let data = vec![("deal".to_owned(), "77".to_owned()), ("crm".to_owned(), "4711".to_owned())];
    let says =
        Snapshot { status: Status::Sent, reference: Some("4711".to_owned()), data, ..Snapshot::default() };
    answers(&board, "p", says).await;
    tell(&board).await;
    assert_eq!(taken(&receiver), ["package.created p", "package.sent p"]);
    let told = body(&receiver.got()[0]);
    assert_eq!(told["data"]["reference"], "4711");
    assert_eq!(told["data"]["data"], serde_json::json!({"crm": "4711", "deal": "77"}));
    board.clock.advance(60_000);
    tell(&board).await;
    assert_eq!(taken(&receiver)[2..], ["package.created q"], "it says nothing, and nobody waits for ever");
    assert_eq!(body(&receiver.got()[2])["data"]["data"], serde_json::json!({}));
    board.stop().await;
    receiver.stop().await;
}

/// Seen red with: happenings read off the state before and after.
#[actix_web::test]
async fn late_and_shuffled_callbacks_name_the_same_happenings() {
    let facts = [
        ("PACKAGE_CREATE", "sender", 0),
        ("PACKAGE_ACTIVATE", "sender", 1000),
        ("SIGNER_LOCKED", "s1", 2000),
        ("DOCUMENT_VIEWED", "s1", 3000),
        ("SIGNER_LOCKED", "s1", 4000),
        ("EMAIL_BOUNCE", "s2", 4500),
        ("PACKAGE_DECLINE", "s1", 5000),
        ("PACKAGE_ACTIVATE", "sender", 6000),
        ("SIGNER_COMPLETE", "s1", 7000),
        ("SIGNER_COMPLETE", "s2", 8000),
        ("PACKAGE_COMPLETE", "sender", 9000),
    ];
    let receiver = Listener::start();
    let board = board(&receiver).await;
    for turn in 0..12_usize {
        let package = format!("p{turn:02}");
        for at in 0..facts.len() {
            // Every step through the eleven, from every beginning, and once backwards.
            let place = if turn == 11 {
                facts.len() - 1 - at
            } else {
                (at * (turn.max(1) % 11) + turn) % facts.len()
            };
            let (name, user, time) = facts[place];
            board.event(&package, name, user, time).await;
            if at == 5 {
                answers(
                    &board,
                    &package,
                    Snapshot {
                        status: Status::Completed,
                        updated: Some(Timestamp(NOON - HOUR + 9000)),
                        ..Snapshot::default()
                    },
                )
                .await;
            }
        }
    }
    let all = written(&board).await;
    let of = |turn: usize| {
        let package = format!(" p{turn:02} ");
        let mut all: Vec<String> =
            all.iter().filter(|it| it.contains(&package)).map(|it| it.replacen(&package, " ", 1)).collect();
        all.sort();
        all
    };
    assert_eq!(
        of(1),
        [
            "package.completed  1",
            "package.created  1",
            "package.declined  1",
            "package.sent  1",
            "package.sent  2",
            "signer.bounced s2 1",
            "signer.completed s1 1",
            "signer.completed s2 1",
            "signer.locked s1 1",
            "signer.locked s1 2",
            "signer.viewed s1 1",
        ]
    );
    for turn in 0..12 {
        assert_eq!(of(turn), of(1), "{turn}");
    }
    board.stop().await;
    receiver.stop().await;
}

/// Seen red with: everything told that is written down of a package, when it is folded again.
#[actix_web::test]
async fn a_board_that_knows_much_tells_nothing_of_it() {
    let receiver = Listener::start();
    let mut board = Board::start().await;
    board.event("p", "PACKAGE_ACTIVATE", "sender", 0).await;
    board.event("p", "SIGNER_LOCKED", "s1", 1000).await;
    board.halt().await;
    board.sql("UPDATE settings SET value = '4' WHERE name = 'fold'").await;
    board.resume(None).await;
    let url = receiver.url("/in");
    board.reconfigure(|config| config.hooks.push(super::hook(url))).await;
    board.app().store.rebuild().await.unwrap();
    board.app().replay(|_| ()).await.unwrap();
    board.event("p", "SIGNER_LOCKED", "s1", 1000).await;
    assert!(written(&board).await.is_empty());
    // What comes from now on is told, with nothing of before.
    board.event("p", "SIGNER_COMPLETE", "s1", 2000).await;
    board.event("p", "PACKAGE_DECLINE", "s2", 1500).await;
    tell(&board).await;
    assert_eq!(taken(&receiver), ["signer.completed p s1", "package.declined p s2"]);
    // Nor does a comparison bring back years.
    let day = 24 * HOUR;
    let ended = |at: i64| Snapshot {
        status: Status::Completed,
        updated: Some(Timestamp(at)),
        created: Some(Timestamp(at - day)),
        ..Snapshot::default()
    };
    answers(&board, "old", ended(NOON - 300 * day)).await;
    answers(&board, "new", ended(NOON - 2 * day)).await;
    tell(&board).await;
    assert_eq!(taken(&receiver)[2..], ["package.created new", "package.completed new"]);
    // What was forgotten is not told once more.
    board.sql("DELETE FROM hook_deliveries").await;
    board.event("p", "SIGNER_COMPLETE", "s1", 2000).await;
    board.restart().await;
    board.event("p", "PACKAGE_ARCHIVE", "sender", 3000).await;
    assert!(written(&board).await.is_empty());
    board.stop().await;
    receiver.stop().await;
}

#[actix_web::test]
async fn a_hook_hears_of_its_accounts_and_of_what_it_asks_for() {
    let receiver = Listener::start();
    let board = board_with(&receiver, |config| {
        config.hooks[0].accounts = vec!["cg".to_owned()];
        config.hooks[0].on = vec!["package.completed".to_owned()];
    })
    .await;
    for name in ["PACKAGE_ACTIVATE", "PACKAGE_COMPLETE"] {
        let body = event("p", name, "u", None, 0);
        assert_eq!(board.send("os", body.clone()).await.status(), 200);
        assert_eq!(board.send("cg", body).await.status(), 200);
    }
    tell(&board).await;
    assert_eq!(taken(&receiver), ["package.completed p"]);
    assert_eq!(body(&receiver.got()[0])["data"]["account"], "cg");
    // With the package goes what is left of it here.
    board.sql("DELETE FROM packages").await;
    assert!(written(&board).await.is_empty());
    board.stop().await;
    receiver.stop().await;
}
