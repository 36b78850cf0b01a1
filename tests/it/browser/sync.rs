//! A resync from its button to its result, in a real browser.

use crate::support::webdriver::browser;
use crate::support::world::{Stage, step, sweep};
use signboard::app::reconcile::Swept;
use signboard::demo::act::Act;
use signboard::web::views::link;

/// How much of the bar is full; 0 without a bar.
const BAR: &str = "(document.querySelector('#sync-os .run progress')?.value ?? 0)";

#[actix_web::test]
async fn a_resync_shows_its_bar_survives_its_tab_and_says_its_result() {
    let Some(page) = browser().await else { return };
    let stage = Stage::open().await;
    let ids = stage.sent("os", 230).await;
    sweep(&stage, "os").await;
    stage.happen("os", &ids[0], &Act::SignAll(0));

    page.go(&format!("{}/sync", stage.board.url)).await;
    page.js("window.marker = 'the same document'").await;
    page.js("document.querySelector('#resync [name=account]').value = 'os'").await;
    page.click("#resync button").await;
    page.until("location.search.includes('done=asked-') && document.querySelector('#sync-os .run')").await;
    page.js("window.marker = 'the same document'; document.querySelector('#resync [name=since]').focus()")
        .await;
    assert_eq!(step(&stage, "os").await, Swept::Went);
    page.until(&format!("{BAR} === 100")).await;
    page.until("document.querySelector('#sync-os .run small').textContent.startsWith('100 of 230 packages compared')")
        .await;
    assert_eq!(step(&stage, "os").await, Swept::Went);
    page.until(&format!("{BAR} === 200")).await;
    // All the while no button and no field was replaced, and nothing was read out each time.
    assert_eq!(page.text("document.activeElement.name").await, "since");
    page.until("window.marker === 'the same document'").await;
    page.until("document.getElementById('said').textContent.includes('is being compared')").await;

    // The tab goes; the sweep does not, and another tab finds it where it is.
    let first = page.new_tab().await;
    let second = page.handle().await;
    page.tab(&first).await;
    page.close_tab().await;
    page.tab(&second).await;
    page.go(&format!("{}/sync", stage.board.url)).await;
    page.until(&format!("{BAR} === 200")).await;
    page.js("window.marker = 'the same document'").await;
    let run = sweep(&stage, "os").await;
    assert!(run.success && run.found > 0, "{run:?}");
    page.until("!document.querySelector('#sync-os .run')").await;
    let said = "document.getElementById('said').textContent";
    page.until(&format!("{said}.includes('was whole: 230 packages compared, {} repaired')", run.found)).await;
    page.until("document.querySelector('#missed tbody').textContent.includes('Ana Souza')").await;
    page.until("document.querySelector('#runs tbody').textContent.includes('asked for by 127.0.0.1')").await;
    page.until("window.marker === 'the same document'").await;
    // With all that on it, it is no wider than a narrow phone; nor is the package's own page.
    stage.board.post("/sync/resync", "").await;
    page.viewport(360, 740).await;
    for path in ["/sync".to_owned(), link::package(&super::key(&ids[0]))] {
        page.go(&format!("{}{path}", stage.board.url)).await;
        page.until("document.readyState === 'complete' && document.getElementById('missed')").await;
        assert_eq!(page.text("document.documentElement.scrollWidth").await, "360", "{path}");
    }
    assert_eq!(page.complaints().await, Vec::<String>::new());
    stage.close().await;
}

#[actix_web::test]
async fn its_stop_button_ends_it() {
    let Some(page) = browser().await else { return };
    let stage = Stage::open().await;
    stage.sent("os", 130).await;
    sweep(&stage, "os").await;
    page.go(&format!("{}/sync", stage.board.url)).await;
    page.js("document.querySelector('#resync [name=account]').value = 'os'").await;
    page.click("#resync button").await;
    page.until("document.querySelector('#sync-os .run')").await;
    assert_eq!(step(&stage, "os").await, Swept::Went);
    page.until(&format!("{BAR} === 100")).await;
    page.click("#sync-os .run button").await;
    page.until("location.search === '?done=stopped'").await;
    sweep(&stage, "os").await;
    page.until("document.getElementById('said').textContent.includes('was stopped')").await;
    assert!(page.source().await.contains(">Stopped<"));
    stage.close().await;
}
