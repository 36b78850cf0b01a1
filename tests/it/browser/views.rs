//! Saved views and facets in a browser: a view is saved and deleted by its form, and open facets stay open and current.

use super::says;
use crate::csv::{by, said};
use crate::support::board::Board;
use crate::support::webdriver::browser;
use signboard::app::people::{NewUser, passwords};
use signboard::model::access::Role;

const EMAIL: &str = "asha@example.com";
const PASSWORD: &str = "tailor prism otter nine";

/// Seen red with: a script that leaves the facets as they were.
#[actix_web::test]
async fn a_view_is_saved_and_deleted_and_open_facets_stay_current() {
    let Some(page) = browser().await else { return };
    let board = Board::with_people(|_| ()).await;
    let user =
        NewUser { role: Role::Viewer, ..NewUser::admin(EMAIL, passwords::hash(PASSWORD).await.unwrap()) };
    board.app().store.add_user(&user, board.app().now()).await.unwrap().unwrap();
    said(&board, "os", "p1", by("asha@example.com")).await;
    said(&board, "cg", "p2", by("ben@example.com")).await;
    page.go(&format!("{}/sign-in?next=%2F%3Fstatus%3Dsent", board.url)).await;
    page.fill("#email", EMAIL).await;
    page.fill("#password", PASSWORD).await;
    page.click(".primary").await;
    page.until(&says("Live")).await;

    page.click(".facets > summary").await;
    let ben = "document.querySelector(\"#facets a[href*='ben%40']\").textContent";
    page.until(&format!("{ben} === 'ben@example.com 1'")).await;
    said(&board, "cg", "p3", by("ben@example.com")).await;
    page.until(&format!("{ben} === 'ben@example.com 2'")).await;
    page.until("document.querySelector('.facets').open").await;
    page.click("#facets a[href*='ben%40']").await;
    page.until("location.search === '?status=sent&sender=ben%40example.com'").await;

    page.click(".views summary").await;
    page.fill("#view-name", "Of Ben").await;
    page.click(".views .fields button").await;
    page.until("document.querySelector('.views nav a[aria-current]')?.textContent === 'Of Ben'").await;
    page.until("location.search === '?status=sent&sender=ben%40example.com'").await;
    assert_eq!(page.complaints().await, Vec::<String>::new());
    for width in [360, 760, 1280] {
        page.viewport(width, 740).await;
        page.until("document.documentElement.scrollWidth <= innerWidth").await;
        page.click(".views summary, .facets > summary").await;
        page.until("document.documentElement.scrollWidth <= innerWidth").await;
    }
    page.go(&format!("{}/", board.url)).await;
    page.click(".views nav a").await;
    page.until("location.search === '?status=sent&sender=ben%40example.com'").await;
    page.click(".views summary").await;
    page.click("form[action='/views/end'] button").await;
    page.until("!document.querySelector('.views nav')").await;
    board.stop().await;
}
