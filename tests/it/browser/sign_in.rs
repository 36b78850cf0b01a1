//! The way in, as a person goes it: the first start, the second factor, out, and in again.

use crate::support::board::Board;
use crate::support::issuer::{Real, oidc};
use crate::support::webdriver::{Browser, browser};
use signboard::app::people::{LinkKind, totp};
use signboard::clock::Clock;
use signboard::config::Opens;

const EMAIL: &str = "asha@example.com";
const PASSWORD: &str = "tailor prism otter nine";

/// Seen red with: a cookie for another path than `/`, which a browser refuses under this name.
#[actix_web::test]
async fn from_the_first_start_to_an_admin_with_a_second_factor_and_in_again() {
    let Some(page) = browser().await else { return };
    let board = Board::with_people(|_| ()).await;
    let link = board.app().make_link(LinkKind::First, None).await.unwrap();
    page.go(&board.app().link_address(&link, Some(board.server().addresses()[0]))).await;
    page.until("document.title === 'The first admin · signboard'").await;
    page.fill("#email", EMAIL).await;
    page.fill("#password", PASSWORD).await;
    page.click(".primary").await;
    page.until("location.pathname === '/sign-in/second'").await;
    // Nothing else opens meanwhile, and it comes back here.
    page.go(&format!("{}/inbox", board.url)).await;
    page.until("location.pathname === '/sign-in' && location.search === '?next=%2Finbox'").await;
    page.go(&format!("{}/sign-in/second", board.url)).await;
    page.until("document.querySelector('svg.qr').getBoundingClientRect().width > 150").await;
    let secret = page.text("document.getElementById('secret').textContent").await.replace(' ', "");
    show(&page, &board, &secret).await;
    page.until("document.querySelector('.who bdi')?.textContent === 'asha@example.com'").await;
    assert_eq!(page.text("document.cookie").await, "", "no script reads it");
    page.until("document.querySelector('.live').dataset.state === 'Live'").await;
    assert_eq!(page.complaints().await, Vec::<String>::new());

    page.click(".who button").await;
    page.until("location.pathname === '/sign-in'").await;
    page.go(&format!("{}/providers", board.url)).await;
    page.until("location.pathname === '/sign-in'").await;
    page.fill("#email", EMAIL).await;
    page.fill("#password", "something else").await;
    page.click(".primary").await;
    page.until("document.activeElement.id === 'password' && document.getElementById('wrong')").await;
    assert_eq!(page.text("document.getElementById('email').value").await, EMAIL);
    page.fill("#password", PASSWORD).await;
    page.click(".primary").await;
    page.until("location.pathname === '/sign-in/code'").await;
    board.clock.advance(30_000);
    show(&page, &board, &secret).await;
    page.until("location.pathname === '/providers'").await;
    page.viewport(360, 740).await;
    for path in ["/", "/sign-in/second", "/inbox"] {
        page.go(&format!("{}{path}", board.url)).await;
        page.until("document.readyState === 'complete'").await;
        assert_eq!(page.text("document.documentElement.scrollWidth <= innerWidth").await, "true", "{path}");
    }
    board.stop().await;
}

#[actix_web::test]
async fn by_the_firms_identity_provider_and_on_to_where_one_wanted_to_go() {
    let Some(page) = browser().await else { return };
    let Some(real) = Real::start() else { return };
    let clock = Clock::manual(Clock::System.millis());
    let board =
        Board::on(clock, |it| (it.opens, it.oidc) = (Opens::ToWhoSignsIn, Some(oidc(&real.issuer)))).await;
    page.go(&format!("{}/inbox", board.url)).await;
    page.until("location.pathname === '/sign-in'").await;
    page.click("a.primary").await;
    page.until("document.querySelector('[name=login]')").await;
    page.fill("[name=login]", "ada").await;
    page.fill("[name=password]", "any").await;
    page.click("[type=submit]").await;
    page.until("document.querySelector('[value=consent]')").await;
    page.click("[type=submit]").await;
    page.until("location.pathname === '/inbox'").await;
    page.until("document.querySelector('.who bdi')?.textContent === 'ada@example.com'").await;
    assert_eq!(page.text("document.cookie").await, "", "no script reads it");
    page.click(".who button").await;
    page.until("location.pathname === '/sign-in'").await;
    board.stop().await;
}

async fn show(page: &Browser, board: &Board, secret: &str) {
    page.fill("#code", &totp::code(secret, board.app().now()).unwrap()).await;
    page.click(".primary").await;
}
