//! `/messages`: what was told and what wasn't, for admins alone; and who sees what is the operator's.

use super::channels::{one, states};
use super::{mailed, tell};
use crate::forwarding::listener::{Listener, Mood};
use crate::support::board::Board;
use crate::support::mailbox::Mailbox;
use crate::support::people::{Shows, only, user};
use serde_json::Value;
use signboard::app::people::{DeedFilter, NewUser};
use signboard::model::access::{Reach, Role, Scope};

#[actix_web::test]
async fn what_was_given_up_is_shown_with_its_reason_and_sent_again() {
    let mut receiver = Listener::start();
    let board = one(&receiver).await;
    receiver.now(Mood::Answers(404)).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    let page = board.text("/messages").await;
    for part in [
        "Signer locked",
        "href=\"/packages/os/p\"",
        "Given up",
        "It answers 404, 1 try",
        "0 wait, 1 was given up",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("aria-current=\"page\">Messages") && page.contains("127.0.0.1"), "{page}");
    assert!(!page.contains("hush"), "its address is secret");
    assert!(page.contains("Nobody can be told of alerts by the channel s (it answers 404)"), "{page}");
    for (only, shown) in [("waiting", false), ("told", false), ("given-up", true)] {
        let page = board.text(&format!("/messages?only={only}")).await;
        assert_eq!(page.contains("href=\"/packages/os/p\""), shown, "{only}");
    }
    receiver.now(Mood::Answers(200)).await;
    let again = board.post("/messages", "do=again&id=1").await;
    assert_eq!(again.headers()["location"], "/messages?again=1");
    assert!(board.text("/messages?again=1").await.contains("1 message is sent again."));
    assert_eq!(board.post("/messages", "do=again&id=1").await.status(), 404, "it waits already");
    assert_eq!(board.post("/messages", "do=again&id=99").await.status(), 404);
    assert_eq!(board.post("/messages", "do=what").await.status(), 400);
    tell(&board).await;
    assert_eq!(states(&board).await, ["s raised 1"]);
    assert_eq!(board.post("/messages", "do=all").await.headers()["location"], "/messages?again=0");
    let deeds = board.app().store.deeds(&DeedFilter::default(), 9).await.unwrap();
    let deeds: Vec<&str> = deeds.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(deeds, ["a message"]);
    assert!(!board.text("/").await.contains("Nobody can be told"));
    board.stop().await;
    receiver.stop().await;
}

#[actix_web::test]
async fn a_long_list_has_older_ones() {
    let receiver = Listener::start();
    let board = one(&receiver).await;
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    board
        .sql(
            "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 150) INSERT INTO tellings \
             (alert, occasion, channel, address, because, state, due) SELECT 1, 'reminder ' || i, 's', '', 'rule', 2, 0 FROM n",
        )
        .await;
    let rows = |page: &str| page.matches("value=\"again\"").count();
    let first = board.text("/messages?only=given-up").await;
    let next = first.split("class=\"button\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let second = board.text(&next.replace("&#38;", "&")).await;
    assert_eq!((rows(&first), rows(&second)), (100, 50));
    assert!(!second.contains("Older ones"), "{next}");
    board.stop().await;
    receiver.stop().await;
}

#[actix_web::test]
async fn only_admins_see_messages_and_that_mails_do_not_go() {
    let Some(mut mailbox) = Mailbox::open(&[]) else { return };
    let port = mailbox.port;
    let board = Board::with_people(mailed(port)).await;
    mailbox.shut();
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    let admin = board.person("ada@example.com", Role::Admin).await;
    let page = board.get_as(&admin, "/").await.text().await.unwrap();
    assert!(page.contains("Nobody can be told of alerts by mail (") && page.contains("href=\"/messages\""));
    let messages = board.get_as(&admin, "/messages").await.text().await.unwrap();
    assert!(
        messages.contains("The mail server smtp://127.0.0.1") && messages.contains("Fails"),
        "{messages}"
    );
    let token = board.program(Scope::Read, Reach::default(), None).await;
    for role in [Role::Viewer, Role::Sender] {
        let who = board.person(&format!("{}@example.com", role.word()), role).await;
        let page = board.get_as(&who, "/").await.text().await.unwrap();
        assert!(!page.contains("Nobody can be told") && !page.contains("/messages"), "{page}");
        assert_eq!(board.get_as(&who, "/messages").await.status(), 403);
        assert_eq!(board.post_as(&who, "/messages", "do=all").await.status(), 403);
    }
    assert_eq!(board.get_as(&token, "/messages").await.status(), 403);
    board.stop().await;
}

async fn seen(board: &Board, who: &Shows) -> (Vec<String>, bool, bool) {
    let list = board.get_as(who, "/api/v1/alerts").await.text().await.unwrap();
    let list: Value = serde_json::from_str(&list).unwrap();
    let kinds = list["alerts"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap().to_owned());
    let mut said = [false; 2];
    for path in ["/alerts", "/", "/pulse"] {
        let page = board.get_as(who, path).await.text().await.unwrap();
        said[0] |= page.contains("The disk is nearly full");
        said[1] |= page.contains("No callback has come for too long");
    }
    (kinds.collect(), said[0], said[1])
}

#[actix_web::test]
async fn what_is_the_operators_is_for_admins_and_programs_that_see_everything() {
    let board = Board::with_people(|_| ()).await;
    board.event("p", "PACKAGE_ACTIVATE", "sender", 0).await;
    board.event("p", "SIGNER_LOCKED", "s1", 1000).await;
    for (account, kind) in [("", "disk_low"), ("os", "silent")] {
        let now = board.clock.millis();
        board
            .sql(&format!(
                "INSERT INTO alerts (account, package, kind, signer, began, raised_at, late) VALUES ('{account}', '', '{kind}', '', {now}, {now}, 0)"
            ))
            .await;
    }
    let admin = board.person("ada@example.com", Role::Admin).await;
    let everything = board.program(Scope::Read, Reach::default(), None).await;
    for who in [&admin, &everything] {
        assert_eq!(
            seen(&board, who).await,
            (vec!["silent".into(), "disk_low".into(), "locked".into()], true, true)
        );
    }
    let page = board.get_as(&admin, "/alerts").await.text().await.unwrap();
    assert!(page.contains("<title>(3) Alerts"), "{page}");
    let narrow = board.program(Scope::Read, Reach { accounts: only(&["os"]), senders: None }, None).await;
    let limited = NewUser { accounts: only(&["os"]), ..user("lim@example.com", Role::Sender) };
    let limited = board.somebody(limited).await;
    let sender = board.person("sam@example.com", Role::Sender).await;
    let viewer = board.person("vic@example.com", Role::Viewer).await;
    for who in [&narrow, &limited, &sender, &viewer] {
        assert_eq!(seen(&board, who).await, (vec!["locked".to_owned()], false, false));
    }
    for who in [&limited, &sender, &viewer] {
        let page = board.get_as(who, "/alerts").await.text().await.unwrap();
        assert!(page.contains("<title>(1) Alerts") && page.contains("aria-label=\"1 open alert\""), "{page}");
    }
    // Nor can they do anything about it.
    for id in ["2", "3"] {
        let gone = board.post_as(&sender, "/alerts", &format!("do=take&id={id}")).await;
        assert_eq!(gone.headers()["location"], "/alerts?done=taken-0-1");
        assert!(
            !board
                .get_as(&sender, &format!("/alerts?checked={id}"))
                .await
                .text()
                .await
                .unwrap()
                .contains("class=\"notice\"")
        );
    }
    assert_eq!(board.sql("SELECT count(*) FROM alerts WHERE taken_at IS NOT NULL").await, ["0"]);
    board.stop().await;
}
