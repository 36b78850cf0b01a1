//! A session's end is seen on an open page: its stream ends, and the page goes to the sign-in.

use super::{row, says};
use crate::support::board::Board;
use crate::support::people::Shows;
use crate::support::webdriver::browser;
use signboard::app::people::{NewUser, passwords};
use signboard::model::access::{Reach, Role, Scope};

const EMAIL: &str = "asha@example.com";
const PASSWORD: &str = "tailor prism otter nine";

#[actix_web::test]
async fn a_sessions_end_kills_the_live_stream_of_every_tab_and_leads_to_the_sign_in() {
    let Some(page) = browser().await else { return };
    let board = Board::with_people(|_| ()).await;
    let user =
        NewUser { role: Role::Viewer, ..NewUser::admin(EMAIL, passwords::hash(PASSWORD).await.unwrap()) };
    let id = board.app().store.add_user(&user, board.app().now()).await.unwrap().unwrap();
    page.go(&format!("{}/sign-in?next=%2F%3Fstatus%3Dsent", board.url)).await;
    page.fill("#email", EMAIL).await;
    page.fill("#password", PASSWORD).await;
    page.click(".primary").await;
    page.until(&says("Live")).await;
    let first = page.new_tab().await;
    page.go(&format!("{}/?status=sent", board.url)).await;
    page.until(&says("Live")).await;
    board.app().store.end_sessions_of(id, None).await.unwrap();
    let out = "location.pathname === '/sign-in' && location.search === '?next=%2F%3Fstatus%3Dsent'";
    page.until(out).await;
    page.tab(&first).await;
    page.until(out).await;
    board.stop().await;
}

#[actix_web::test]
async fn a_wall_screen_fills_by_itself_and_ends_with_its_token() {
    let Some(page) = browser().await else { return };
    let board = Board::with_people(|_| ()).await;
    let Shows::Bearer(secret) = board.program(Scope::Screen, Reach::default(), Some("status=sent")).await
    else {
        unreachable!()
    };
    page.go(&format!("{}/screen/{secret}", board.url)).await;
    page.until(&format!("location.pathname === '/screen' && {}", says("Live"))).await;
    // Nobody stands there to press anything.
    board.event("P1=", "PACKAGE_ACTIVATE", "sender", 0).await;
    page.until(&row("P1=")).await;
    page.until("document.querySelector('#t-sent b').textContent === '1'").await;
    board.event("P1=", "PACKAGE_COMPLETE", "sender", 1).await;
    page.until(&format!("!{}", row("P1="))).await;
    assert_eq!(page.complaints().await, Vec::<String>::new());
    for width in [360, 1280] {
        page.viewport(width, 740).await;
        page.until("document.documentElement.scrollWidth <= innerWidth").await;
    }
    board.app().store.end_token(1, board.app().now()).await.unwrap();
    page.until("document.querySelector('h1').textContent.includes('403') || document.body.textContent.includes('works no more')").await;
    board.stop().await;
}
