//! `POST /callbacks/{account}`: what is answered, what is kept, what is refused.

mod auth;
mod kept;
mod oauth2;
mod path;
mod refused;

use crate::support::board::{Board, event};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

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

#[actix_web::test]
async fn an_unknown_account_is_404_and_another_method_405() {
    let board = Board::start().await;
    assert_eq!(board.send("nobody", "{}").await.status(), 404);
    for method in ["GET", "PUT", "DELETE", "PATCH", "HEAD"] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let answer =
            board.client.request(method, format!("{}/callbacks/os", board.url)).send().await.unwrap();
        assert_eq!(answer.status(), 405);
        assert_eq!(answer.headers()["allow"], "POST");
    }
    assert!(board.app().store.arrivals(None, 10).await.unwrap().is_empty());
    board.stop().await;
}

/// Sends all of its body before it looks at the answer, as most senders do.
fn send_all(address: &str, head: &str, pieces: impl Iterator<Item = Vec<u8>>) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    for piece in pieces {
        stream.write_all(&piece).unwrap();
    }
    let mut answer = vec![0; 4096];
    let count = stream.read(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[..count]).into_owned()
}

#[actix_web::test]
async fn a_body_of_5_mib_gets_a_413_that_its_sender_can_read() {
    const PIECE: usize = 64 * 1024;
    const PIECES: usize = 80;
    let board = Board::start().await;
    let address = board.url.strip_prefix("http://").unwrap().to_owned();
    let head = format!("POST /callbacks/os HTTP/1.1\r\nhost: {address}\r\nauthorization: Basic cb-key\r\n");
    let told = format!("{head}content-length: {}\r\n\r\n", PIECE * PIECES);
    let untold = format!("{head}transfer-encoding: chunked\r\n\r\n");
    let to = address.clone();
    let plain = actix_web::rt::task::spawn_blocking(move || {
        send_all(&to, &told, std::iter::repeat_n(vec![b'x'; PIECE], PIECES))
    });
    assert!(plain.await.unwrap().starts_with("HTTP/1.1 413 "));
    let chunked = actix_web::rt::task::spawn_blocking(move || {
        let chunk = [format!("{PIECE:x}\r\n").as_bytes(), &vec![b'x'; PIECE], b"\r\n"].concat();
        let chunks = std::iter::repeat_n(chunk, PIECES).chain([b"0\r\n\r\n".to_vec()]);
        send_all(&address, &untold, chunks)
    });
    assert!(chunked.await.unwrap().starts_with("HTTP/1.1 413 "));
    assert!(board.app().store.arrivals(None, 10).await.unwrap().is_empty());
    let largest = vec![b' '; 4 * 1024 * 1024];
    assert_eq!(board.send("os", largest).await.status(), 200);
    board.stop().await;
}
