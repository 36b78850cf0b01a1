//! What is kept: everything, once, whatever it is.

use crate::support::board::{Board, event};
use futures_util::future::join_all;
use signboard::app::ArrivalState;

#[actix_web::test]
async fn whatever_comes_is_answered_with_200_and_kept_as_sent() {
    let board = Board::start().await;
    let brackets = "[".repeat(100_000);
    let nested = format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
    let long = event(&"x".repeat(300), "PACKAGE_CREATE", "u", None, 0);
    let odd: [(&str, &[u8]); 14] = [
        ("application/json", b""),
        ("text/plain", b"\0"),
        ("text/xml", b"<xml/>"),
        ("", b"\xff\xfe not text"),
        ("application/json", brackets.as_bytes()),
        ("application/json", nested.as_bytes()),
        ("application/json", b"null"),
        ("application/json", b"[]"),
        ("application/json", b"{}"),
        ("application/json", b"{\"name\":\"PACKAGE_CREATE\"}"),
        ("application/json", b"{\"name\":7,\"packageId\":[1]}"),
        ("application/json", b"{\"name\":\"PACKAGE_CREATE\",\"packageId\":\"\"}"),
        ("application/json", b"{\"name\":\"PACKAGE_CREATE\",\"packageId\":\"a\\u0000b\"}"),
        ("application/json", long.as_bytes()),
    ];
    for (kind, body) in &odd {
        let request = board.client.post(format!("{}/callbacks/os", board.url)).body(body.to_vec());
        let request = request.header("authorization", "Basic cb-key").header("content-type", *kind);
        assert_eq!(request.send().await.unwrap().status(), 200, "{:?}", String::from_utf8_lossy(body));
    }
    let arrivals = board.app().store.arrivals(None, 100).await.unwrap();
    assert_eq!(arrivals.len(), odd.len());
    for (arrival, (_, body)) in arrivals.iter().rev().zip(&odd) {
        assert_eq!(arrival.state, ArrivalState::Quarantined, "{arrival:?}");
        assert!(arrival.note.as_ref().is_some_and(|note| !note.is_empty()));
        let payload = board.get(&format!("/inbox/payload/{}", arrival.id)).await;
        assert_eq!(payload.headers()["x-content-type-options"], "nosniff");
        assert!(!payload.headers()["content-type"].to_str().unwrap().contains("html"));
        assert_eq!(payload.bytes().await.unwrap().as_ref(), *body);
    }
    let inbox = board.text("/inbox").await;
    assert!(inbox.contains(&format!("href=\"/inbox/payload/{}\"", arrivals[0].id)), "a link to its bytes");
    assert_eq!(board.get("/inbox/payload/999").await.status(), 404);
    assert_eq!(board.get("/inbox/payload/x").await.status(), 404);
    // A replay finds what it found before.
    let answer = board.post("/inbox/replay", "").await;
    assert_eq!(answer.status(), 303);
    let back = answer.headers()["location"].to_str().unwrap();
    assert!(board.text(back).await.contains("14 callbacks were read again: 0 new facts"));
    board.event("P", "PACKAGE_CREATE", "u", 0).await;
    assert_eq!(board.package("os", "P").await["status"], "draft");
    board.stop().await;
}

#[actix_web::test]
async fn an_event_nobody_knows_stands_in_the_timeline_and_changes_nothing() {
    let board = Board::start().await;
    board.event("P", "PACKAGE_ACTIVATE", "u", 0).await;
    board.event("P", "PACKAGE_<b>HUGGED", "u", 1_000).await;
    let package = board.package("os", "P").await;
    assert_eq!(package["status"], "sent");
    assert_eq!(package["events"][1]["name"], "PACKAGE_<b>HUGGED");
    let page = board.text("/packages/os/P").await;
    assert!(page.contains("HUGGED") && !page.contains("<b>HUGGED"));
    board.stop().await;
}

#[actix_web::test]
async fn the_same_bytes_are_stored_once_and_each_arrival_has_its_row() {
    let board = Board::start().await;
    let body = event("P", "PACKAGE_CREATE", "u", None, 0);
    join_all((0..20).map(|_| board.send("os", body.clone()))).await;
    for _ in 0..2 {
        assert_eq!(board.send("os", body.clone()).await.status(), 200);
        assert_eq!(board.send("os", "not json").await.status(), 200);
        assert_eq!(board.send("cg", body.clone()).await.status(), 200);
    }
    let counts = "SELECT account || ' ' || count(*) || ' ' || count(body) FROM arrivals GROUP BY account ORDER BY account";
    assert_eq!(board.sql(counts).await, ["cg 2 1", "os 24 2"]);
    assert_eq!(board.package("os", "P").await["events"][0]["deliveries"], 22);
    assert_eq!(board.package("cg", "P").await["events"][0]["deliveries"], 2);
    let last = &board.app().store.arrivals(None, 1).await.unwrap()[0];
    let payload = board.text(&format!("/packages/cg/P/payload/{}", last.id)).await;
    assert_eq!(payload, body, "a repeat shows the bytes of the first");
    board.stop().await;
}

#[actix_web::test]
async fn a_poisonous_callback_takes_no_neighbour_with_it_and_is_digested_when_it_can_be() {
    let board = Board::start().await;
    board
        .sql("CREATE TRIGGER poison BEFORE INSERT ON facts WHEN NEW.name = 'POISON' BEGIN SELECT RAISE(ABORT, 'poison'); END")
        .await;
    for round in 0..3 {
        let name = |at: i64| if at == 7 { "POISON" } else { "PACKAGE_ACTIVATE" };
        let package = |at: i64| format!("{round}-{at}");
        let bodies: Vec<String> = (0..40).map(|at| event(&package(at), name(at), "u", None, at)).collect();
        let answers = join_all(bodies.iter().map(|body| board.send("os", body.clone()))).await;
        assert!(answers.iter().all(|answer| answer.status() == 200));
    }
    // Identical bytes of something that isn't digested yet.
    assert_eq!(board.send("os", event("0-7", "POISON", "u", None, 7)).await.status(), 200);
    let list = board.json("/api/v1/packages?limit=500").await;
    assert_eq!(list["packages"].as_array().unwrap().len(), 117);
    assert_eq!(board.app().store.health().pending(), 4);
    assert!(board.text("/inbox").await.contains("Not read yet"));
    let drained = board.app().drain().await.unwrap();
    assert_eq!((drained.arrivals, board.app().store.health().pending()), (0, 4), "still poisonous");
    assert_eq!(board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    board.sql("DROP TRIGGER poison").await;
    let drained = board.app().drain().await.unwrap();
    assert_eq!((drained.arrivals, drained.fresh, board.app().store.health().pending()), (4, 3, 0));
    assert_eq!(board.package("os", "0-7").await["events"][0]["deliveries"], 2);
    assert_eq!(board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    board.stop().await;
}

#[actix_web::test]
async fn replay_and_rebuild_change_no_row() {
    let mut board = Board::start().await;
    let names =
        ["PACKAGE_CREATE", "PACKAGE_ACTIVATE", "RECIPIENT_VIEWED", "SIGNER_LOCKED", "PACKAGE_DECLINE", "NEW"];
    for (at, name) in (0..).zip(names.iter().cycle().take(60)) {
        let body = event(&format!("P{}", at % 7), name, &format!("s{}", at % 3), None, 60_000 - at * 900);
        board.send("os", body.clone()).await;
        if at % 4 == 0 {
            board.clock.advance(10);
            board.send("os", body).await;
        }
        if at % 10 == 0 {
            board.send("os", format!("not json {at}")).await;
        }
    }
    let before = board.dump().await;
    let again = board.app().replay(|_| ()).await.unwrap();
    assert_eq!((again.arrivals, again.fresh, again.quarantined), (81, 0, 6));
    board.app().rebuild().await.unwrap();
    assert_eq!(board.dump().await, before);
    board.restart().await;
    board.app().replay(|_| ()).await.unwrap();
    board.app().rebuild().await.unwrap();
    assert_eq!(board.dump().await, before);
    assert_eq!(board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    board.stop().await;
}

#[actix_web::test]
async fn past_2000_facts_a_package_keeps_counting_and_says_so() {
    let board = Board::start().await;
    board.event("P", "PACKAGE_ACTIVATE", "u", 0).await;
    for at in (0..2_040).step_by(120) {
        let sent = (at..at + 120)
            .map(|at| board.send("os", event("P", "RECIPIENT_VIEWED", "s", None, 60_000 - at * 3)));
        join_all(sent).await;
    }
    board.event("P", "PACKAGE_COMPLETE", "u", 90_000).await;
    board.event("P", "PACKAGE_COMPLETE", "u", 90_000).await;
    let facts = board.sql("SELECT facts FROM packages").await;
    assert_eq!(facts, board.sql("SELECT count(*) FROM facts").await);
    assert!(board.text("/packages/os/P").await.contains("Too many events"));
    assert_eq!(board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    board.stop().await;
}
