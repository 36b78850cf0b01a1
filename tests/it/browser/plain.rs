//! Without script: everything is shown, links go, forms post.

use super::name;
use crate::support::board::Board;
use crate::support::webdriver::browser_with;

#[actix_web::test]
async fn without_script_every_page_is_whole_and_its_forms_work() {
    let no_script = serde_json::json!({"profile.managed_default_content_settings.javascript": 2});
    let Some(page) = browser_with(no_script).await else { return };
    let board = Board::start().await;
    name(&board, "P1=", "Lease renewal, Unit 14B").await;
    name(&board, "P2=", "Supplier onboarding").await;
    board.event("P1=", "SIGNER_LOCKED", "marta", 0).await;
    board.send("os", "not JSON").await;
    board.send_as("os", None, "{}").await;

    page.go(&board.url).await;
    let source = page.source().await;
    for words in ["Lease renewal, Unit 14B", "Supplier onboarding", "Signer locked", "As of ", "t-attention"]
    {
        assert!(source.contains(words), "{words} is not in {source}");
    }
    // Script is really off: it would have shown this button.
    assert!(source.contains("id=\"show-keys\" class=\"quiet\" type=\"button\" hidden"), "{source}");
    page.fill("#q", "onboarding").await;
    page.click("#filters > button:not(#pill)").await;
    page.until("location.search.includes('q=onboarding')").await;
    let source = page.source().await;
    assert!(source.contains("Supplier onboarding") && source.matches("<tr id=").count() == 1, "{source}");
    page.click("td.name a").await;
    page.until("location.pathname === '/packages/os/P2%3D'").await;
    assert!(page.source().await.contains("Why “Sent”?"));
    page.click("nav a[href='/inbox']").await;
    page.until("location.pathname === '/inbox'").await;
    page.click("form[action='/inbox/admit'] button").await;
    page.until("location.search.includes('done=')").await;
    let source = page.source().await;
    assert!(
        source.contains("The call was admitted and read.") && !source.contains("/inbox/admit"),
        "{source}"
    );
    page.click("#quarantine header button").await;
    page.until("location.search.includes('done=replayed')").await;
    page.click("nav a[href='/providers']").await;
    page.until("location.pathname === '/providers'").await;
    assert!(page.source().await.contains("/callbacks/os\""));
    board.stop().await;
}
