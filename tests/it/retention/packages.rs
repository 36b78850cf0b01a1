//! Packages that ended long ago go whole, and nothing brings them back without their past.

use super::{DAY, keep, nothing_differs};
use crate::support::board::{Board, event};
use crate::support::sse::Reader;
use crate::support::world::{Stage, nda, sweep};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use signboard::config::{AccountConfig, CallbackAuth, ProviderKind};
use signboard::demo::act::Act;

const YEAR: i64 = 366 * DAY;

/// Seen red with: counters that aren't moved.
#[actix_web::test]
async fn what_ended_goes_whole_and_a_late_callback_brings_nothing_back() {
    let mut board = Board::with(keep(|it| it.ended_months = Some(12))).await;
    for (package, word) in
        [("open", "PACKAGE_ACTIVATE"), ("done", "PACKAGE_COMPLETE"), ("gone", "PACKAGE_DECLINE")]
    {
        board.event(package, "PACKAGE_CREATE", "u", 1).await;
        board.event(package, word, "u", 2).await;
    }
    board.event("binned", "PACKAGE_COMPLETE", "u", 3).await;
    board.event("binned", "PACKAGE_TRASH", "u", 4).await;
    board.event("draft", "PACKAGE_TRASH", "u", 4).await;
    board.clock.advance(YEAR / 2);
    board.send("os", event("young", "PACKAGE_COMPLETE", "u", None, YEAR / 2)).await;
    board.clock.advance(YEAR / 2 + DAY);
    let old = board.app().old().await.unwrap();
    assert_eq!(old.iter().map(|it| (it.count, it.size)).collect::<Vec<_>>(), [(3, 6)]);
    let mut open_board = Reader::open(&board, "/live").await;
    let gone = board.app().retain().await.unwrap().unwrap();
    assert_eq!((gone.packages, gone.facts, gone.bodies), (3, 6, 0), "{gone}");
    assert_eq!(open_board.take(1).await[0].name, "resync", "whoever looks at them loads the page again");
    assert_eq!(board.sql("SELECT package FROM packages ORDER BY package").await, ["draft", "open", "young"]);
    assert_eq!(board.sql("SELECT count(*) FROM facts").await, ["4"]);
    assert_eq!(
        board.sql("SELECT count(*) FROM arrivals WHERE gone = 'package' AND body IS NULL").await,
        ["6"]
    );
    assert_eq!(
        board.sql("SELECT word || n FROM tallies WHERE n <> 0 ORDER BY word").await,
        ["completed1", "packages3", "sent1", "trashed1"]
    );
    nothing_differs(&board).await;
    assert_eq!(board.get("/packages/os/done").await.status(), 404);
    // Late news is kept and shown, and nothing comes of it; before a restart and after it.
    for restart in [false, true] {
        if restart {
            board.restart().await;
        }
        board.send("os", event("done", "PACKAGE_ARCHIVE", "u", None, 5 + i64::from(restart))).await;
        assert_eq!(board.sql("SELECT count(*) FROM packages").await, ["3"]);
        let page = board.text("/inbox").await;
        assert_eq!(
            page.matches("was removed here because it had ended long ago").count(),
            1 + usize::from(restart)
        );
        nothing_differs(&board).await;
    }
    // Arrivals know packages by number: none is given twice.
    board.event("new", "PACKAGE_CREATE", "u", 9).await;
    assert_eq!(board.sql("SELECT id FROM packages WHERE package = 'new'").await, ["7"]);
    assert_eq!(
        board.json("/api/v1/packages").await["packages"].as_array().unwrap().len(),
        3,
        "the trashed one isn’t listed"
    );
    board.stop().await;
}

/// Seen red with: numbers that begin anew.
#[actix_web::test]
async fn a_number_is_given_once_even_if_the_newest_package_went() {
    let mut board = Board::with(keep(|it| it.ended_months = Some(1))).await;
    board.event("first", "PACKAGE_CREATE", "u", 1).await;
    board.event("last", "PACKAGE_COMPLETE", "u", 1).await;
    board.clock.advance(60 * DAY);
    assert_eq!(board.app().retain().await.unwrap().unwrap().packages, 1);
    board.restart().await;
    board.event("new", "PACKAGE_CREATE", "u", 9).await;
    assert_eq!(board.sql("SELECT id FROM packages WHERE package = 'new'").await, ["3"]);
    board.stop().await;
}

/// Rule 20: whoever was in that package alone goes with it.
#[actix_web::test]
async fn signers_go_with_their_last_package() {
    let board = Board::with(|config| {
        config.retention.ended_months = Some(1);
        let account = AccountConfig::new(ProviderKind::Legalesign, CallbackAuth::None);
        config.accounts.insert("ls".to_owned(), account);
    })
    .await;
    let at = "2026-11-22T11:00:00Z";
    let entry = |kind: &str, id: &str, code: u8| json!({"timestamp": at, "name": "status", "value": code.to_string(), "resource_uri": format!("/api/v1/{kind}/{id}/")});
    let batch = |entries: serde_json::Value| {
        format!("data={}", utf8_percent_encode(&entries.to_string(), NON_ALPHANUMERIC))
    };
    let document = |id: &str, signers: &[&str]| {
        let people: Vec<_> = signers.iter().map(|it| json!({"uuid": it})).collect();
        json!({"id": format!("e{id}"), "created": at, "object": "document", "event": "created",
            "data": {"uuid": id, "name": "Lease", "group": "g", "recipients": people}})
        .to_string()
    };
    for body in [
        document("P", &["s1", "s2"]),
        document("Q", &["s2"]),
        batch(json!([entry("signer", "s1", 40), entry("signer", "s2", 40), entry("document", "P", 30)])),
    ] {
        assert_eq!(board.send_as("ls", None, body).await.status(), 200);
    }
    board.clock.advance(60 * DAY);
    assert_eq!(board.app().retain().await.unwrap().unwrap().packages, 1);
    assert_eq!(board.sql("SELECT signer FROM signers").await, ["s2"]);
    assert_eq!(board.sql("SELECT count(*) FROM signer_facts").await, ["1"]);
    nothing_differs(&board).await;
    // Late news of the one who went; of the other it counts.
    let late = batch(json!([entry("signer", "s1", 50), entry("signer", "s2", 50)]));
    assert_eq!(board.send_as("ls", None, late).await.status(), 200);
    assert_eq!(board.sql("SELECT count(*) FROM signer_facts").await, ["2"]);
    assert!(board.text("/inbox").await.contains("was removed here because it had ended long ago"));
    nothing_differs(&board).await;
    board.stop().await;
}

#[actix_web::test]
async fn a_sweep_brings_nothing_back() {
    let mut stage = Stage::open().await;
    for account in ["os", "cg"] {
        let id = stage.create(account, &nda()).await;
        stage.act(account, &id, &Act::Activate).await;
        stage.act(account, &id, &Act::Decline(0, "No.".to_owned())).await;
    }
    stage.ask().await;
    stage.board.reconfigure(keep(|it| it.ended_months = Some(1))).await;
    stage.board.clock.advance(60 * DAY);
    assert_eq!(stage.board.app().retain().await.unwrap().unwrap().packages, 2);
    for account in ["os", "cg"] {
        let run = sweep(&stage, account).await;
        assert!(run.success && run.found == 0, "{run:?}");
    }
    stage.ask().await;
    assert_eq!(stage.board.sql("SELECT count(*) FROM packages").await, ["0"]);
    assert_eq!(stage.board.sql("SELECT count(*) FROM facts").await, ["0"]);
    stage.close().await;
}
