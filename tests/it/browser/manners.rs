//! Manners: the keyboard, the narrow screen, and text that stays text.

use super::name;
use crate::support::board::{Board, NOON};
use crate::support::webdriver::browser;

const HOSTILE: &str = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>";

/// A board with something on each page: trouble, a refused call, an unreadable one.
async fn full() -> Board {
    let board = Board::start().await;
    for (at, id) in ["P1=", "P2=", "P3="].into_iter().enumerate() {
        name(&board, id, &format!("{HOSTILE} {at}")).await;
    }
    name(&board, "P2=", "A very long name of a package that nobody would give, but that a program may compose of many parts, Lindqvist & Company, 2026-11-22").await;
    board.event("P1=", "SIGNER_LOCKED", "marta", 0).await;
    board.event(LONG, "SIGNER_LOCKED", "marta", 0).await;
    let body = serde_json::json!({
        "name": "PACKAGE_DECLINE", "sessionUser": HOSTILE, "packageId": "P2=", "message": HOSTILE,
        "documentId": null, "createdDate": jiff::Timestamp::from_millisecond(NOON).unwrap().to_string(),
    });
    board.send("os", body.to_string()).await;
    board.event(HOSTILE, HOSTILE, HOSTILE, 2).await;
    board.send("os", HOSTILE).await;
    board.send_as("os", Some(HOSTILE), HOSTILE).await;
    board
}

/// The id of a package of which nothing else is known: there is no place in it to break a line.
const LONG: &str = "AnIdOfAPackageWithoutAnyPlaceInIt0123456789abcdefghijklmnopqrs";
const PAGES: [&str; 8] = [
    "/",
    "/packages/os/P1%3D",
    "/packages/os/P2%3D",
    "/packages/os/AnIdOfAPackageWithoutAnyPlaceInIt0123456789abcdefghijklmnopqrs",
    "/sync",
    "/inbox",
    "/providers",
    "/no-such-page",
];

#[actix_web::test]
async fn whatever_is_sent_stays_text_and_no_page_offends_its_own_policy() {
    let Some(page) = browser().await else { return };
    let board = full().await;
    for path in PAGES {
        page.go(&format!("{}{path}", board.url)).await;
        page.until("document.readyState === 'complete' && !document.getElementById('show-keys').hidden")
            .await;
        assert_eq!(
            page.text("document.querySelectorAll('img, script:not([src])').length").await,
            "0",
            "{path}"
        );
        assert!(page.text("document.title").await.ends_with("signboard"), "{path}");
        // The stream parses rows as well.
        let mut complaints = page.complaints().await;
        complaints.retain(|it| !(path == "/no-such-page" && it.contains("404")));
        assert_eq!(complaints, Vec::<String>::new(), "{path}");
    }
    page.go(&board.url).await;
    page.until("document.querySelector('.live').dataset.state === 'Live'").await;
    board.event("P1=", "EMAIL_BOUNCE", "marta", 10).await;
    page.until("document.querySelector('#rows tr.changed')").await;
    assert_eq!(page.text("document.querySelectorAll('img, script:not([src])').length").await, "0");
    assert_eq!(page.complaints().await, Vec::<String>::new());
    board.stop().await;
}

#[actix_web::test]
async fn nothing_is_wider_than_a_narrow_phone() {
    let Some(page) = browser().await else { return };
    let board = full().await;
    page.viewport(360, 740).await;
    for path in PAGES {
        page.go(&format!("{}{path}", board.url)).await;
        page.until("document.readyState === 'complete'").await;
        assert_eq!(page.text("document.documentElement.scrollWidth").await, "360", "{path}");
        assert_eq!(page.text("innerWidth").await, "360", "{path}");
    }
    board.stop().await;
}

#[actix_web::test]
async fn the_list_fits_windows_of_every_width() {
    let Some(page) = browser().await else { return };
    let board = full().await;
    for width in [768, 1024, 1060, 1200, 1280] {
        page.viewport(width, 800).await;
        page.go(&board.url).await;
        page.until("document.readyState === 'complete'").await;
        // As several providers fill them.
        for (column, words) in [
            ("sender", "Hannah Vogt-Lindqvist"),
            ("source", "WebSignatureOffice"),
            ("due", "3 Jan 2027"),
            ("when", "told every 6 minutes"),
        ] {
            let cell = format!("document.querySelector('#rows td.{column}')");
            page.js(&format!("{cell}.textContent = '{words}'")).await;
        }
        let fits = "document.querySelector('#list table').offsetWidth <= document.getElementById('list').offsetWidth";
        assert_eq!(page.text(fits).await, "true", "{width}");
    }
    board.stop().await;
}

#[actix_web::test]
async fn the_board_is_walked_by_keys() {
    let Some(page) = browser().await else { return };
    let board = full().await;
    page.go(&board.url).await;
    page.until("!document.getElementById('show-keys').hidden").await;
    let focused =
        |at: usize| format!("document.activeElement === document.querySelectorAll('#rows td.name a')[{at}]");
    page.keys("/").await;
    page.until("document.activeElement.id === 'q'").await;
    page.keys("j?").await;
    assert_eq!(page.text("document.getElementById('q').value").await, "j?", "in a field keys are letters");
    page.js("document.activeElement.blur()").await;
    page.keys("j").await;
    page.until(&focused(0)).await;
    page.keys("jj").await;
    page.until(&focused(2)).await;
    page.keys("k").await;
    page.until(&focused(1)).await;
    page.keys("?").await;
    page.until("document.getElementById('keys').open").await;
    page.keys("\u{e00c}").await; // Escape
    page.until("!document.getElementById('keys').open").await;
    page.until(&focused(1)).await;
    let link = page.text("document.activeElement.href").await;
    page.keys("\u{e007}").await; // Enter
    page.until(&format!("location.href === '{link}' && document.querySelector('#timeline')")).await;
    board.stop().await;
}
