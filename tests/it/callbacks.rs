//! `POST /callbacks/{account}`: what is answered, what is kept, what is refused.

use crate::support::board::{Board, event};

#[actix_web::test]
async fn a_callback_is_answered_with_exactly_200_and_stands_on_the_board() {
    let board = Board::start().await;
    let answer = board.send("os", event("P1=", "PACKAGE_ACTIVATE", "sender", None, 0)).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.unwrap(), "");
    let package = board.package("os", "P1=").await;
    assert_eq!(package["status"], "sent");
    assert_eq!(package["name"], serde_json::Value::Null);
    assert_eq!(package["events"][0]["name"], "PACKAGE_ACTIVATE");
    assert_eq!(package["events"][0]["deliveries"], 1);
    board.stop().await;
}
