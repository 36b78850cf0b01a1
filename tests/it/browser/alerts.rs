//! An alert as it is lived: it arrives by itself, on the page and by mail, somebody takes it, and it says that it is over.

use super::says;
use crate::support::board::Board;
use crate::support::mailbox::Mailbox;
use crate::support::webdriver::browser;
use crate::telling;
use serde_json::json;
use signboard::app::people::{NewUser, passwords};
use signboard::model::access::Role;
use signboard::model::alert::AlertKind;

#[actix_web::test]
async fn a_lock_arrives_on_strip_bell_and_title_is_taken_and_resolves_itself() {
    let Some(page) = browser().await else { return };
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let board = telling::board(&mailbox).await;
    board.event("P1=", "PACKAGE_ACTIVATE", "sender", 0).await;
    page.go(&board.url).await;
    page.until(&says("Live")).await;
    let bell = "document.getElementById('bell').ariaLabel";
    assert_eq!(page.text(bell).await, "No open alerts");
    board.event("P1=", "SIGNER_LOCKED", "marta", 1000).await;
    page.until(&format!("{bell} === '1 open alert'")).await;
    page.until("document.querySelector('#attention li b').textContent === 'Signer locked'").await;
    page.until("document.title === '(1) Packages · signboard'").await;
    page.until("document.getElementById('open').textContent === '1'").await;
    // A screen reader hears it once, politely.
    page.until("document.getElementById('told').textContent.startsWith('1 open alert. Signer locked: marta was locked out')").await;
    telling::tell(&board).await;
    let letters = mailbox.of(telling::OPS);
    assert!(letters[0].subject().starts_with("marta was locked out – "), "{}", letters[0].subject());

    page.click("#bell").await;
    page.until(&format!("location.pathname === '/alerts' && {}", says("Live"))).await;
    page.until("document.title === '(1) Alerts, open · signboard'").await;
    page.fill(".see-to input[name=why]", "I call her").await;
    page.click(".see-to button[value=take]").await;
    page.until("document.querySelector('.notice')?.textContent === '1 alert is taken by you.'").await;
    page.until("document.title === 'Alerts, open · signboard'").await;
    page.go(&format!("{}/alerts?state=taken", board.url)).await;
    page.until("document.querySelector('.alerts .said').textContent.includes('I call her')").await;

    // What changes while the page stands open waits behind the pill.
    page.go(&format!("{}/alerts", board.url)).await;
    page.until(&says("Live")).await;
    board.event("P1=", "EMAIL_BOUNCE", "anna", 1500).await;
    page.until("document.getElementById('pill').textContent === 'The alerts changed – show'").await;
    page.until("document.title === '(1) Alerts, open · signboard'").await;
    page.click("#pill").await;
    page.until("document.querySelector('.alerts .status.bounced')").await;
    page.until("document.getElementById('pill').hidden").await;

    board.event("P1=", "DOCUMENT_SIGNED", "marta", 2000).await;
    page.go(&format!("{}/alerts?state=resolved", board.url)).await;
    page.until("document.querySelector('.alerts .said').textContent.includes('Resolved by itself')").await;
    // The same mailbox gets the next one after a while.
    board.clock.advance(60_000);
    telling::tell(&board).await;
    telling::tell(&board).await;
    let letters = mailbox.of(telling::OPS);
    let (last, said) =
        (letters[1].text(), ["Resolved", "marta was locked out", "The e-mail to anna came back"]);
    assert!(letters.len() == 2 && said.iter().all(|it| last.contains(it)), "{last}");
    page.go(&format!("{}/packages/os/P1%3D", board.url)).await;
    page.until("document.getElementById('timeline').textContent.includes('sees to it: Signer locked')").await;
    page.until("document.getElementById('timeline').textContent.includes('Alert over: Signer locked')").await;
    assert_eq!(page.complaints().await, Vec::<String>::new());
    board.stop().await;
}

/// Seen red with: a notification for whoever didn't ask.
#[actix_web::test]
async fn the_desktop_is_told_where_somebody_asked_for_it_and_only_of_what_is_new() {
    let Some(page) = browser().await else { return };
    let board = Board::start().await;
    board.event("P1=", "PACKAGE_ACTIVATE", "sender", 0).await;
    page.devtools("Browser.grantPermissions", json!({"permissions": ["notifications"]})).await;
    // What the desktop would show can't be read from it, so the page's own calls are.
    let noted = "window.Notification = class extends Notification { constructor(title, it) { super(title, it); \
        sessionStorage.shown = [sessionStorage.shown, title + ': ' + it.body].filter(Boolean).join('; '); } }";
    page.devtools("Page.enable", json!({})).await;
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": noted})).await;
    page.go(&format!("{}/alerts", board.url)).await;
    page.until(&says("Live")).await;
    board.event("P1=", "SIGNER_LOCKED", "marta", 1000).await;
    page.until("document.title.startsWith('(1) ')").await;
    assert_eq!(page.text("sessionStorage.shown ?? 'nothing'").await, "nothing", "nobody asked for it");
    page.click("#notify").await;
    page.until("document.getElementById('notify').textContent === 'Stop notifying in this browser'").await;
    // On any page of the board from then on.
    page.go(&board.url).await;
    page.until(&says("Live")).await;
    board.event("P1=", "EMAIL_BOUNCE", "anna", 1500).await;
    page.until("document.title.startsWith('(2) ')").await;
    page.until("sessionStorage.shown").await;
    let shown = page.text("sessionStorage.shown").await;
    assert!(
        shown.starts_with("signboard: 2 open alerts. E-mail came back: ") && !shown.contains(';'),
        "{shown}"
    );
    // What ends is no news for a desktop.
    board.event("P1=", "DOCUMENT_SIGNED", "anna", 2000).await;
    page.until("document.title.startsWith('(1) ')").await;
    assert_eq!(page.text("sessionStorage.shown").await, shown);
    assert_eq!(page.complaints().await, Vec::<String>::new());
    board.stop().await;
}

#[actix_web::test]
async fn what_somebody_is_told_of_is_kept_from_the_form() {
    let Some(page) = browser().await else { return };
    let (board, email, password) =
        (Board::with_people(|_| ()).await, "asha@example.com", "tailor prism otter nine");
    let user = NewUser::admin(email, passwords::hash(password).await.unwrap());
    let user = NewUser { role: Role::Sender, ..user };
    board.app().store.add_user(&user, board.app().now()).await.unwrap();
    page.go(&format!("{}/sign-in?next=%2Fme", board.url)).await;
    page.fill("#email", email).await;
    page.fill("#password", password).await;
    page.click(".primary").await;
    page.until("document.querySelector('#wishes')").await;
    for width in [360, 1280] {
        page.viewport(width, 740).await;
        let sheet = "document.querySelector('#wishes').getBoundingClientRect().right";
        let within = format!(
            "[...document.querySelectorAll('#wishes *')].every(it => it.getBoundingClientRect().right <= {sheet})"
        );
        page.until(&within).await;
        page.until("document.documentElement.scrollWidth <= innerWidth").await;
    }
    page.click("#wishes input[name=kinds][value=some]").await;
    page.click("#wishes input[name=kind][value=expired]").await;
    page.click("#wishes button").await;
    page.until("location.search === '?done=wishes'").await;
    let wishes = board.app().store.wishes(1).await.unwrap();
    let kinds = wishes.kinds.unwrap();
    assert!(kinds.len() > 9 && !kinds.contains(&AlertKind::Expired), "each was ticked, and one is no more");
    assert_eq!(page.complaints().await, Vec::<String>::new());
    board.stop().await;
}

#[actix_web::test]
async fn the_page_of_alerts_fits_and_offers_notifications_only_there() {
    let Some(page) = browser().await else { return };
    let board = Board::start().await;
    for (package, name) in [("P1=", "SIGNER_LOCKED"), ("P2=", "EMAIL_BOUNCE"), ("P3=", "PACKAGE_DECLINE")] {
        board.event(package, "PACKAGE_ACTIVATE", "sender", 0).await;
        board.event(package, name, "marta-with-a-long-name@example.com", 1000).await;
    }
    for path in ["/alerts", "/packages/os/P1%3D", "/"] {
        page.go(&format!("{}{path}", board.url)).await;
        page.until(&says("Live")).await;
        for width in [360, 760, 1280] {
            page.viewport(width, 740).await;
            page.until("document.documentElement.scrollWidth <= innerWidth").await;
        }
        let offered = page.text("document.getElementById('notify')?.textContent ?? 'no'").await;
        assert_eq!(offered, if path == "/alerts" { "Notify in this browser" } else { "no" });
    }
    assert_eq!(page.complaints().await, Vec::<String>::new());
    board.stop().await;
}
