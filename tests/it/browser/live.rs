//! Live: rows change in place, what would move them waits, and nothing is missed.

use super::{name, row, says};
use crate::support::board::Board;
use crate::support::webdriver::{Browser, browser};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Opens a page and waits until its stream is open. The marker is gone when the document is.
async fn open(page: &Browser, board: &Board, path: &str) {
    page.go(&format!("{}{path}", board.url)).await;
    page.js("window.marker = 'the same document'").await;
    page.until(&says("Live")).await;
}

async fn is_the_same_document(page: &Browser) {
    page.until("window.marker === 'the same document'").await;
}

#[actix_web::test]
async fn a_row_changes_in_place_and_what_goes_with_it_follows() {
    let Some(page) = browser().await else { return };
    let board = Board::start().await;
    board.event("P1=", "PACKAGE_ACTIVATE", "sender", 0).await;
    board.event("P2=", "PACKAGE_ACTIVATE", "sender", 1).await;
    open(&page, &board, "/").await;
    let first = row("P1=");
    page.until(&format!("{first}.querySelector('.status.sent')")).await;
    assert_eq!(page.text("document.title").await, "Packages · signboard");
    assert_eq!(page.text("document.querySelector('#t-attention b').textContent").await, "0");

    board.event("P1=", "SIGNER_LOCKED", "marta", 2).await;
    page.until(&format!("{first}.querySelector('.lines .locked')")).await;
    page.until("document.querySelector('#t-attention b').textContent === '1'").await;
    page.until("document.querySelector('#attention li b').textContent === 'Signer locked'").await;
    assert_eq!(page.text("document.title").await, "(1) Packages · signboard");
    assert!(page.js(&format!("return {first}.classList.contains('changed')")).await.as_bool().unwrap());
    // In place: it is the newer one now, and still stands below the other.
    let order = "[...document.querySelectorAll('#rows tr')].map(it => it.id).join()";
    let ids = page.text(order).await;

    board.event("P1=", "PACKAGE_COMPLETE", "sender", 3).await;
    page.until(&format!("{first}.querySelector('.status.completed')")).await;
    page.until("document.querySelector('#t-completed b').textContent === '1'").await;
    page.until("!document.querySelector('#attention li')").await;
    assert_eq!(page.text("document.title").await, "Packages · signboard");
    assert_eq!(page.text(order).await, ids, "no row moved");
    assert_eq!(page.text("document.getElementById('pill').hidden").await, "true");
    is_the_same_document(&page).await;
    board.stop().await;
}

#[actix_web::test]
async fn what_would_add_or_remove_a_row_waits_behind_the_pill() {
    let Some(page) = browser().await else { return };
    let board = Board::start().await;
    board.event("P1=", "PACKAGE_ACTIVATE", "sender", 0).await;
    open(&page, &board, "/?status=sent").await;
    let place = "document.getElementById('rows').getBoundingClientRect().top";
    let before = page.text(place).await;
    board.event("P2=", "PACKAGE_ACTIVATE", "sender", 1).await;
    let pill = "document.getElementById('pill')";
    page.until(&format!("{pill}.textContent === '1 package changed – show' && !{pill}.hidden")).await;
    assert_eq!(page.text(&row("P2=")).await, "null", "it waits");
    assert_eq!(page.text(place).await, before, "the pill takes no room");
    board.event("P1=", "PACKAGE_COMPLETE", "sender", 2).await;
    page.until(&format!("{pill}.textContent === '2 packages changed – show'")).await;
    page.until(&format!("{}.classList.contains('moved')", row("P1="))).await;
    page.click("#pill").await;
    page.until(&format!("{} && !{} && {pill}.hidden", row("P2="), row("P1="))).await;
    is_the_same_document(&page).await;
    board.stop().await;
}

#[actix_web::test]
async fn after_a_restart_the_page_comes_back_by_itself_and_has_missed_nothing() {
    let Some(page) = browser().await else { return };
    let mut board = Board::start().await;
    board.event("P1=", "PACKAGE_ACTIVATE", "sender", 0).await;
    open(&page, &board, "/").await;
    board.halt().await;
    page.until(&says("Reconnecting")).await;
    assert_eq!(page.text("document.getElementById('live').textContent").await, "Reconnecting");
    page.until("/^for \\d+ s$/.test(document.getElementById('since').textContent)").await;
    // While the page hears nothing, the board goes on at another address.
    board.resume(Some(SocketAddr::from(([127, 0, 0, 1], 0)))).await;
    board.event("P1=", "SIGNER_LOCKED", "marta", 1).await;
    board.event("P2=", "PACKAGE_ACTIVATE", "sender", 2).await;
    board.halt().await;
    // Half a minute without a word is called by its name. The browser's clock is moved; nobody waits for it.
    page.js("const now = Date.now; Date.now = () => now() + 31e3").await;
    page.until(&says("Stale")).await;
    board.resume(None).await;
    page.until(&says("Live")).await;
    page.until(&format!("{}.querySelector('.lines .locked')", row("P1="))).await;
    page.until("document.getElementById('pill').textContent === '1 package changed – show'").await;
    page.until("document.querySelector('#t-sent b').textContent === '2'").await;
    is_the_same_document(&page).await;
    board.stop().await;
}

#[actix_web::test]
async fn who_missed_too_much_is_told_and_reads_the_list_again() {
    let Some(page) = browser().await else { return };
    let mut board = Board::start().await;
    board.event("P1=", "PACKAGE_ACTIVATE", "sender", 0).await;
    open(&page, &board, "/").await;
    board.halt().await;
    page.until(&says("Reconnecting")).await;
    board.resume(Some(SocketAddr::from(([127, 0, 0, 1], 0)))).await;
    board.event("P2=", "PACKAGE_ACTIVATE", "sender", 1).await;
    // As if the changes since had been cut off.
    board.sql("DELETE FROM changes").await;
    board.halt().await;
    board.resume(None).await;
    page.until(&says("Live")).await;
    page.until(&row("P2=")).await;
    page.until("document.getElementById('pill').hidden").await;
    is_the_same_document(&page).await;
    board.stop().await;
}

#[actix_web::test]
async fn a_package_page_says_that_it_changed() {
    let Some(page) = browser().await else { return };
    let board = Board::start().await;
    board.event("P1=", "PACKAGE_ACTIVATE", "sender", 0).await;
    board.event("P2=", "PACKAGE_ACTIVATE", "sender", 0).await;
    open(&page, &board, "/packages/os/P1%3D").await;
    board.event("P2=", "PACKAGE_COMPLETE", "sender", 1).await;
    board.event("P1=", "SIGNER_LOCKED", "marta", 2).await;
    page.until("document.getElementById('pill').textContent === 'This package changed – show'").await;
    page.click("#pill").await;
    page.until("document.querySelector('.people .status.locked')").await;
    is_the_same_document(&page).await;
    board.stop().await;
}

#[actix_web::test]
async fn tabs_with_the_same_board_share_one_stream() {
    let Some(page) = browser().await else { return };
    let board = Board::start().await;
    name(&board, "P1=", "Lease").await;
    open(&page, &board, "/").await;
    let first = page.new_tab().await;
    open(&page, &board, "/").await;
    readers(&board, 1).await;
    board.event("P1=", "SIGNER_LOCKED", "marta", 1).await;
    let locked = format!("{}.querySelector('.lines .locked')", row("P1="));
    page.until(&locked).await;
    let second = page.handle().await;
    page.tab(&first).await;
    page.until(&locked).await;
    // The tab that reads goes; the other one goes on.
    page.close_tab().await;
    page.tab(&second).await;
    board.event("P1=", "PACKAGE_COMPLETE", "sender", 2).await;
    page.until(&format!("{}.querySelector('.status.completed')", row("P1="))).await;
    page.until(&says("Live")).await;
    readers(&board, 1).await;
    is_the_same_document(&page).await;
    board.stop().await;
}

/// Waits until so many streams are open.
async fn readers(board: &Board, expected: usize) {
    let began = Instant::now();
    loop {
        let metrics = board.text("/metrics").await;
        let line = metrics.lines().find_map(|line| line.strip_prefix("signboard_live_readers "));
        if line == Some(expected.to_string().as_str()) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{line:?} streams are open");
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}
