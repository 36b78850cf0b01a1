//! The sync page over HTTP: its filters and pages, the file, the header's account, and a package's own page.

use crate::support::board::Board;
use crate::support::world::{Stage, sweep};
use signboard::demo::Refusal;
use signboard::demo::act::Act;
use std::collections::BTreeSet;

fn has(page: &str, all: &[&str]) {
    for words in all {
        assert!(page.contains(words), "{words} is not in {page}");
    }
}

#[actix_web::test]
async fn what_a_sweep_found_stands_on_the_page_and_on_the_packages_own() {
    let stage = Stage::open().await;
    let id = stage.sent("os", 1).await.remove(0);
    has(&stage.board.text("/sync").await, &["no whole sync yet", "None has ended yet.", "every 6 hours"]);
    sweep(&stage, "os").await;
    let page = stage.board.text("/sync").await;
    has(&page, &["the first look; nothing in it was missed", "whatever a sync could check had come"]);
    // Nobody tells that Ana has signed.
    stage.happen("os", &id, &Act::SignAll(0));
    stage.board.clock.advance(7 * 3_600_000);
    let run = sweep(&stage, "os").await;
    assert!(run.found > 0, "{run:?}");
    let page = stage.board.text("/sync").await;
    has(&page, &["NDA</bdi></a>", "Ana Souza", "SIGNER_COMPLETE", "Signed</bdi>", "7 h 1 min"]);
    assert!(stage.board.text("/sync?account=cg").await.contains("Nothing matches."));
    assert!(stage.board.text("/sync?standing=not_subscribed").await.contains("Nothing matches."));
    let path = format!("/packages/os/{}", signboard::web::views::link::encode(&id));
    let page = stage.board.text(&path).await;
    has(&page, &["Found by polling", "SIGNER_COMPLETE", "last confirmed this <time", "Ask OneSpan Sign now"]);
    let csv = stage.board.text("/sync/missed.csv?account=os").await;
    has(&csv, &["found at,account,package", ",NDA,", "Ana Souza,progress,"]);
    stage.close().await;
}

/// Seen red with: `before` left out of the links, and a file that ends after its first piece.
#[actix_web::test]
async fn pages_and_file_hold_every_line_once() {
    let board = Board::start().await;
    board
        .sql(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1203) \
             INSERT INTO drift (account, package, field, board, provider, missed, subscribed, found_at, expected_by) \
             SELECT iif(i % 3, 'os', 'cg'), '=P' || i, 'status', 'sent', 'completed', 'completed', 1, i, i FROM n",
        )
        .await;
    let answer = board.get("/sync/missed.csv").await;
    let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert_eq!(disposition, "attachment; filename=\"missed-callbacks-2026-11-22.csv\"");
    let csv = answer.text().await.unwrap();
    let ids: BTreeSet<&str> = csv.lines().skip(1).filter_map(|line| line.split(',').nth(2)).collect();
    assert_eq!((csv.lines().count(), ids.len()), (1_204, 1_203));
    assert!(ids.iter().all(|it| it.starts_with("'=P")), "{ids:?}");
    let of_one = board.text("/sync/missed.csv?account=cg&standing=missed").await;
    assert_eq!(of_one.lines().count(), 402);

    let (mut path, mut seen) = ("/sync?account=cg".to_owned(), Vec::new());
    for _ in 0..100 {
        let page = board.text(&path).await;
        let missed = page.split("id=\"missed\"").nth(1).unwrap().split("id=\"runs\"").next().unwrap();
        seen.extend(missed.split("<bdi>=P").skip(1).map(|it| it.split('<').next().unwrap().to_owned()));
        let Some(next) = missed.split("rel=\"next\" href=\"").nth(1) else { break };
        path = next.split('"').next().unwrap().replace("&#38;", "&").replace("#missed", "");
    }
    let numbers: Vec<u32> = seen.iter().map(|it| it.parse().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a > b), "newest first: {numbers:?}");
    assert_eq!(numbers.len(), 401);
    board.stop().await;
}

#[actix_web::test]
async fn the_header_speaks_for_the_worst_account_in_view() {
    let stage = Stage::open().await;
    stage.sent("os", 1).await;
    has(
        &stage.board.text("/").await,
        &["role=\"status\">all 2 accounts<", "data-accounts=\"all 2 accounts\""],
    );
    stage.world.faults().refuse_next(1, Refusal::Broken);
    let app = stage.board.app();
    app.sweep_step(app.account("os").unwrap()).await.unwrap();
    let label = app.account("os").unwrap().config.label.clone();
    let said = format!("{label} has not answered since ");
    for path in ["/", "/pulse", "/sync", "/inbox", "/providers", "/?account=os"] {
        assert!(stage.board.text(path).await.contains(&said), "{path}");
    }
    for path in ["/?account=cg", "/pulse?account=cg"] {
        let page = stage.board.text(path).await;
        assert!(!page.contains(&said) && !page.contains("class=\"ill\""), "{path}: it is not in view");
    }
    stage.close().await;
}

#[actix_web::test]
async fn a_page_stands_still_unless_a_sweep_goes_on() {
    let stage = Stage::open().await;
    stage.sent("os", 2).await;
    assert!(stage.board.text("/sync/now").await.contains("data-key=\"\""));
    let answer = stage.board.post("/sync/resync", "account=os&dry=on").await;
    assert_eq!(answer.status(), 303);
    let page = stage.board.text(answer.headers()["location"].to_str().unwrap()).await;
    has(
        &page,
        &[
            "http-equiv=\"refresh\"",
            "action=\"/sync/stop\"",
            "1 account is compared",
            "dry run, asked for by",
        ],
    );
    assert!(stage.board.text("/sync/now").await.contains("w\""), "it waits");
    let run = loop {
        let run = sweep(&stage, "os").await;
        if run.dry {
            break run;
        }
    };
    let page = stage.board.text(&format!("/sync?dry={}", run.id)).await;
    assert!(page.contains("What it would change") && !page.contains("http-equiv=\"refresh\""), "{page}");
    stage.close().await;
}
