//! `GET /live`: what a page hears, in which order, and what it hears when it comes back.

use crate::support::board::{Board, KEY, NOON, event};
use crate::support::sse::Reader;
use futures_util::future::join_all;
use signboard::app::ingest::Receipt;
use signboard::model::Timestamp;
use signboard::provider::Delivery;
use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

/// So many packages, each sent in its own callback.
async fn packages(board: &Board, name: &str, count: usize) {
    let ids: Vec<String> = (0..count).map(|at| format!("{name}-{at}")).collect();
    join_all(ids.iter().map(|id| board.event(id, "PACKAGE_ACTIVATE", "u", 0))).await;
}

async fn last_seq(board: &Board) -> i64 {
    board.app().store.last_seq().await.unwrap().0
}

#[actix_web::test]
async fn a_stream_says_that_it_is_one() {
    let board = Board::start().await;
    let reader = Reader::open(&board, "/live").await;
    assert!(reader.header("content-type").starts_with("text/event-stream"));
    assert_eq!(reader.header("x-accel-buffering"), "no");
    assert!(reader.header("cache-control").contains("no-cache"));
    assert!(["", "identity"].contains(&reader.header("content-encoding")), "a packer would hold events back");
    let mut reader = reader;
    board.event("P", "PACKAGE_CREATE", "u", 0).await;
    reader.take(1).await;
    assert!(String::from_utf8_lossy(&reader.raw).contains("retry: 1000\n"));
    board.stop().await;
}

#[actix_web::test]
async fn the_filter_of_the_page_decides_between_put_drop_and_nothing() {
    let board = Board::start().await;
    let mut all = Reader::open(&board, "/live").await;
    let mut drafts = Reader::open(&board, "/live?status=draft").await;
    let mut searched = Reader::open(&board, "/live?q=SECOND&account=os").await;
    let seq = last_seq(&board).await;
    board.event("first", "PACKAGE_CREATE", "u", 0).await;
    board.event("second", "PACKAGE_ACTIVATE", "u", 0).await;
    board.event("first", "PACKAGE_ACTIVATE", "u", 1_000).await;
    board.event("first", "PACKAGE_ACTIVATE", "u", 1_000).await;
    board.event("third", "PACKAGE_CREATE", "u", 2_000).await;
    let told = all.take(4).await;
    assert!(told.iter().all(|event| event.name == "put"));
    let ids: Vec<Option<i64>> = told.iter().map(|event| event.id).collect();
    assert_eq!(ids, [1, 2, 3, 4].map(|at| Some(seq + at)), "each change once, a repeat is none");
    let told = drafts.take(3).await;
    assert_eq!(told.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["put", "drop", "put"]);
    assert!(told[0].data.contains(&format!("<tr id=\"{}\"", told[1].data)));
    assert_eq!(told[1].id, Some(seq + 3));
    assert_eq!(searched.take(1).await[0].id, Some(seq + 2));
    // The row is the one of the page, to the byte.
    let told = all_rows(&board, seq).await;
    let page = board.text("/").await;
    assert!(told.iter().all(|row| page.contains(row.trim())), "{told:#?}\n{page}");
    board.stop().await;
}

async fn all_rows(board: &Board, after: i64) -> Vec<String> {
    let mut reader = Reader::open(board, &format!("/live?after={after}")).await;
    let mut rows: Vec<(String, String)> = Vec::new();
    for event in reader.take(4).await {
        let id = event.data.split('"').nth(1).unwrap().to_owned();
        rows.retain(|(known, _)| *known != id);
        rows.push((id, event.data));
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

#[actix_web::test]
async fn a_reader_200_changes_back_hears_exactly_those() {
    let mut board = Board::start().await;
    packages(&board, "before", 20).await;
    let seq = last_seq(&board).await;
    packages(&board, "missed", 200).await;
    for restarted in [false, true] {
        if restarted {
            board.restart().await;
        }
        let by_header = Reader::resume(&board, "/live?after=1", Some(&seq.to_string())).await;
        let by_address = Reader::open(&board, &format!("/live?after={seq}")).await;
        let half = Reader::resume(&board, "/live", Some(&(seq + 100).to_string())).await;
        let now = last_seq(&board).await;
        let nothing = Reader::resume(&board, "/live", Some(&now.to_string())).await;
        board.event(&format!("after-{restarted}"), "PACKAGE_CREATE", "u", 0).await;
        for (mut reader, from) in [(by_header, seq), (by_address, seq), (half, seq + 100), (nothing, now)] {
            let count = usize::try_from(now + 1 - from).unwrap();
            let told = reader.take(count).await;
            let ids: Vec<i64> = told.iter().filter_map(|event| event.id).collect();
            assert_eq!(ids, (from + 1..=now + 1).collect::<Vec<_>>(), "restarted: {restarted}");
            assert!(told.iter().all(|event| event.name == "put"));
            assert!(told.last().unwrap().data.contains("after-"));
        }
    }
    board.stop().await;
}

#[actix_web::test]
async fn readers_who_come_back_while_it_rains_miss_nothing() {
    let board = Board::start().await;
    let rain = packages(&board, "rain", 300);
    let readers = async {
        let mut reader = Reader::resume(&board, "/live", Some("0")).await;
        let mut ids = Vec::new();
        while ids.len() < 300 {
            let event = reader.take(1).await.remove(0);
            ids.push(event.id.unwrap());
            if ids.len() % 7 == 0 {
                reader = Reader::resume(&board, "/live", Some(&event.id.unwrap().to_string())).await;
            }
        }
        ids
    };
    let ((), ids) = tokio::join!(rain, readers);
    assert_eq!(ids, (1..=300).collect::<Vec<_>>());
    board.stop().await;
}

#[actix_web::test]
async fn a_place_that_nobody_knows_is_answered_with_resync() {
    let board = Board::start().await;
    packages(&board, "P", 3).await;
    for place in ["99999", "-7", "9223372036854775807", "yesterday"] {
        let mut reader = Reader::resume(&board, "/live", Some(place)).await;
        let event = reader.take(1).await.remove(0);
        assert_eq!((event.name.as_str(), event.id), ("resync", None), "{place}");
        assert!(!event.data.is_empty(), "a browser passes nothing on without data");
        board.event(&format!("then {place}"), "PACKAGE_CREATE", "u", 0).await;
        assert!(reader.take(1).await[0].data.contains("then"), "and the stream goes on");
    }
    board.stop().await;
}

#[actix_web::test]
async fn no_id_can_break_a_frame() {
    let board = Board::start().await;
    let mut reader = Reader::open(&board, "/live").await;
    let hostile = [
        "a\r\ndata: x\r\n\r\nevent: put\r\nid: 999\r\n\r\n",
        "\rid: 998\r\rdata:",
        "\n\nevent: resync\ndata: y\n\n",
        "\u{2028}\u{85}\u{b}id: 997",
        "</tr><script>alert(1)</script>",
        "\" onmouseover=\"x",
    ];
    for id in hostile {
        board.event(id, "PACKAGE_CREATE", "u", 0).await;
    }
    for (at, event) in (1..).zip(reader.take(hostile.len()).await) {
        assert_eq!((event.name.as_str(), event.id), ("put", Some(at)));
        assert!(!event.data.contains("<script>") && !event.data.contains("\" onmouseover"));
    }
    assert!(!reader.raw.contains(&b'\r'));
    board.stop().await;
}

#[actix_web::test]
async fn a_stalled_reader_is_told_to_start_over_and_slows_nobody() {
    const CHANGES: usize = 4_000;
    let board = Board::start().await;
    let address = board.url.strip_prefix("http://").unwrap().parse().unwrap();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stalled = socket.connect(address).await.unwrap().into_std().unwrap();
    stalled.set_nonblocking(false).unwrap();
    stalled.write_all(b"GET /live HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut head = [0; 16];
    stalled.read_exact(&mut head).unwrap();
    let mut awake = Reader::open(&board, "/live").await;
    let (count, mut heard) = tokio::sync::watch::channel(0);
    actix_web::rt::spawn(async move {
        while let Some(event) = awake.next().await {
            assert_eq!(event.name, "put");
            count.send_modify(|count| *count += 1);
        }
    });
    for from in (0..CHANGES).step_by(200) {
        let sent = join_all((from..from + 200).map(|at| receive(&board, at))).await;
        assert!(sent.iter().all(|it| matches!(it, Receipt::Kept(_))));
        // Whoever listens hears each of them, while the other doesn't.
        let all = tokio::time::timeout(Duration::from_secs(20), heard.wait_for(|count| *count == from + 200));
        all.await.expect("a reader beside a stalled one hears everything").unwrap();
    }
    let found = actix_web::rt::task::spawn_blocking(move || {
        stalled.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let (mut text, mut buffer) = (String::new(), [0; 65_536]);
        while !text.contains("event: resync") {
            let count = stalled.read(&mut buffer).unwrap();
            assert!(count > 0, "the stream ended without a word");
            text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    });
    found.await.unwrap();
    board.stop().await;
}

async fn receive(board: &Board, at: usize) -> Receipt {
    let id = format!("{at}{}", "é".repeat(200));
    let delivery = Delivery {
        headers: vec![("authorization".to_owned(), KEY.to_owned())],
        body: event(&id, "PACKAGE_CREATE", "u", None, 0).into_bytes(),
        path_token: None,
        remote: String::new(),
        received_at: Timestamp(NOON),
    };
    board.app().receive("os", delivery).await.unwrap()
}

#[actix_web::test]
async fn streams_end_at_a_stop_and_hold_nobody_up() {
    let board = Board::start().await;
    let mut readers = Vec::new();
    for _ in 0..20 {
        readers.push(Reader::open(&board, "/live").await);
    }
    let head = board.client.head(format!("{}/live", board.url)).send().await.unwrap();
    assert_eq!(head.status(), 200);
    let began = Instant::now();
    board.stop().await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    for mut reader in readers {
        assert_eq!(reader.next().await, None);
    }
}
