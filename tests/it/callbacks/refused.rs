//! Calls with a wrong secret: kept within bounds, and admitted by hand.

use crate::support::board::{Board, event};
use futures_util::future::join_all;
use signboard::model::{AccountId, Timestamp};
use signboard::store::NewRefused;

fn call(number: usize, size: usize) -> NewRefused {
    NewRefused {
        account: AccountId("os".to_owned()),
        received_at: Timestamp(0),
        remote: String::new(),
        why: format!("call {number}"),
        headers: "{}".to_owned(),
        body: vec![b'x'; size],
    }
}

#[actix_web::test]
async fn an_admitted_call_is_an_arrival_with_the_time_at_which_it_came() {
    let mut board = Board::start().await;
    let body = event("P", "PACKAGE_ACTIVATE", "u", None, 0);
    assert_eq!(board.send_as("os", Some("Basic old"), body.clone()).await.status(), 401);
    assert_eq!(board.get("/api/v1/packages/os/P").await.status(), 404);
    let id = board.app().store.refused(None, 9).await.unwrap()[0].id;
    board.clock.advance(3_600_000);
    assert_eq!(board.post("/inbox/admit", &format!("id={id}")).await.status(), 303);
    let package = board.package("os", "P").await;
    assert_eq!(package["status"], "sent");
    assert_eq!(package["events"][0]["origin"], "hand");
    assert_eq!(package["events"][0]["received_at"], "2026-11-22T12:00:00.000Z");
    assert!(board.app().store.refused(None, 9).await.unwrap().is_empty());
    // A number is never given twice: an old page's button admits nobody else.
    board.restart().await;
    assert_eq!(board.send_as("os", None, body).await.status(), 401);
    assert_eq!(board.post("/inbox/admit", &format!("id={id}")).await.status(), 404);
    assert_eq!(board.post("/inbox/admit", "").await.status(), 400);
    assert_eq!(board.post("/inbox/admit", "id=x").await.status(), 400);
    board.stop().await;
}

#[actix_web::test]
async fn the_newest_10_000_refused_calls_are_kept() {
    let board = Board::start().await;
    let store = &board.app().store;
    for from in (0..10_500).step_by(1_500) {
        for done in join_all((from..from + 1_500).map(|number| store.refuse(call(number, 1)))).await {
            done.unwrap();
        }
    }
    assert_eq!(board.sql("SELECT count(*) FROM refused").await, ["10000"]);
    assert_eq!(store.refused(None, 1).await.unwrap()[0].why, "call 10499");
    board.stop().await;
}

#[actix_web::test]
async fn at_most_64_mib_of_refused_calls_are_kept() {
    const MIB: usize = 1024 * 1024;
    let mut board = Board::start().await;
    for number in 0..20 {
        if number == 10 {
            board.restart().await;
        }
        board.app().store.refuse(call(number, 4 * MIB)).await.unwrap();
    }
    assert_eq!(board.sql("SELECT count(*) FROM refused").await, ["16"]);
    assert_eq!(board.app().store.refused(None, 1).await.unwrap()[0].why, "call 19");
    board.stop().await;
}
