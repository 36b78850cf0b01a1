//! Calls with a wrong secret: kept within bounds, and admitted by hand.

use crate::support::board::{Board, NOON, event};
use futures_util::future::join_all;
use signboard::model::{AccountId, Timestamp};
use signboard::store::NewRefused;

fn call(number: usize, size: usize) -> NewRefused {
    NewRefused {
        account: AccountId("os".to_owned()),
        received_at: Timestamp(0),
        remote: String::new(),
        why: format!("call {number}"),
        headers: "{}".to_owned(),
        body: vec![b'x'; size],
    }
}

#[actix_web::test]
async fn an_admitted_call_is_an_arrival_with_the_time_at_which_it_came() {
    let mut board = Board::start().await;
    let body = event("P", "PACKAGE_ACTIVATE", "u", None, 0);
    assert_eq!(board.send_as("os", Some("Basic old"), body.clone()).await.status(), 401);
    assert_eq!(board.get("/api/v1/packages/os/P").await.status(), 404);
    let id = board.app().store.refused(None, 9).await.unwrap()[0].id;
    board.clock.advance(3_600_000);
    assert_eq!(board.post("/inbox/admit", &format!("id={id}")).await.status(), 303);
    let package = board.package("os", "P").await;
    assert_eq!(package["status"], "sent");
    assert_eq!(package["events"][0]["origin"], "hand");
    assert_eq!(package["events"][0]["received_at"], "2026-11-22T12:00:00.000Z");
    assert!(board.app().store.refused(None, 9).await.unwrap().is_empty());
    // A number is never given twice: an old page's button admits nobody else.
    board.restart().await;
    assert_eq!(board.send_as("os", None, body).await.status(), 401);
    assert_eq!(board.post("/inbox/admit", &format!("id={id}")).await.status(), 404);
    assert_eq!(board.post("/inbox/admit", "").await.status(), 400);
    assert_eq!(board.post("/inbox/admit", "id=x").await.status(), 400);
    board.stop().await;
}

#[actix_web::test]
async fn the_newest_10_000_refused_calls_are_kept() {
    let board = Board::start().await;
    let store = &board.app().store;
    for from in (0..10_500).step_by(1_500) {
        for done in join_all((from..from + 1_500).map(|number| store.refuse(call(number, 1)))).await {
            done.unwrap();
        }
    }
    assert_eq!(board.sql("SELECT count(*) FROM refused").await, ["10000"]);
    assert_eq!(store.refused(None, 1).await.unwrap()[0].why, "call 10499");
    board.stop().await;
}

#[actix_web::test]
async fn at_most_64_mib_of_refused_calls_are_kept() {
    const MIB: usize = 1024 * 1024;
    let mut board = Board::start().await;
    for number in 0..20 {
        if number == 10 {
            board.restart().await;
        }
        board.app().store.refuse(call(number, 4 * MIB)).await.unwrap();
    }
    assert_eq!(board.sql("SELECT count(*) FROM refused").await, ["16"]);
    assert_eq!(board.app().store.refused(None, 1).await.unwrap()[0].why, "call 19");
    board.stop().await;
}

const WRONG: &str = "Basic old";

/// Seen red with: `hash_of` that leaves out the body, and without the look for known ones.
#[actix_web::test]
async fn a_call_that_repeats_for_ever_has_one_row_and_pushes_nobody_out() {
    let mut board = Board::start().await;
    let body = event("P", "PACKAGE_ACTIVATE", "u", None, 0);
    assert_eq!(board.send_as("os", Some(WRONG), "an older one").await.status(), 401);
    for round in 0..3 {
        // Alone, and many in one batch.
        board.clock.advance(5_000);
        assert_eq!(board.send_as("os", Some(WRONG), body.clone()).await.status(), 401);
        let many = (0..40).map(|_| board.send_as("os", Some(WRONG), body.clone()));
        assert!(join_all(many).await.iter().all(|answer| answer.status() == 401));
        if round == 1 {
            board.restart().await;
        }
    }
    // Another reason, another account, other bytes: other calls.
    for (account, key, body) in
        [("os", None, body.as_str()), ("cg", Some(WRONG), &body), ("os", Some(WRONG), "other")]
    {
        assert_eq!(board.send_as(account, key, body).await.status(), 401);
    }
    let rows = board.app().store.refused(None, 100).await.unwrap();
    let mut times: Vec<u64> = rows.iter().map(|it| it.times).collect();
    times.sort_unstable();
    assert_eq!(times, [1, 1, 1, 1, 123]);
    let it = rows.iter().find(|it| it.times == 123).unwrap();
    assert_eq!((it.received_at, it.last_at), (Timestamp(NOON + 5_000), Timestamp(NOON + 15_000)));
    assert_eq!(rows[4].times, 1, "what came last stands first");
    let page = board.text("/inbox").await;
    assert!(page.contains("refused 123 times, last <time") && page.contains("127 calls with a wrong"));
    assert!(board.text("/providers").await.contains("126 calls"), "without the other account's");

    // Admitted, it is one arrival of its first time; refused again, it is counted anew.
    assert_eq!(board.post("/inbox/admit", &format!("id={}", it.id)).await.status(), 303);
    let package = board.package("os", "P").await;
    assert_eq!(package["events"][0]["deliveries"], 1);
    assert_eq!(package["events"][0]["received_at"], "2026-11-22T12:00:05.000Z");
    assert_eq!(board.send_as("os", Some(WRONG), body).await.status(), 401);
    let rows = board.app().store.refused(None, 100).await.unwrap();
    assert!(rows.len() == 5 && rows.iter().all(|it| it.times == 1), "{rows:?}");
    let counts = "SELECT count(*) FROM refused_bodies WHERE id IN (SELECT id FROM refused)";
    assert_eq!(board.sql(counts).await, ["5"]);
    assert_eq!(board.sql("SELECT count(*) FROM refused_bodies").await, ["5"], "no body is left behind");
    board.stop().await;
}

#[actix_web::test]
async fn refused_calls_raise_attention_once_until_an_hour_has_passed() {
    let board = Board::start().await;
    let line = "Callbacks are refused: OneSpan Sign (Basic, but the key is wrong).";
    assert!(!board.text("/").await.contains("Callbacks are refused"));
    let mut seen = Vec::new();
    for _ in 0..20 {
        board.clock.advance(5_000);
        assert_eq!(board.send_as("os", Some(WRONG), "again").await.status(), 401);
        let pulse = board.text("/pulse").await;
        let warning = pulse.split("id=\"warning\"").nth(1).unwrap().split("</div>").next().unwrap();
        seen.push(warning.to_owned());
    }
    assert!(seen[0].contains(line) && seen[0].matches("<p").count() == 1, "{}", seen[0]);
    seen.dedup();
    assert_eq!(seen.len(), 1, "a line that changed would be read out again");
    for page in ["/", "/providers", "/inbox", "/nothing"] {
        let answer = board.get(page).await.text().await.unwrap();
        assert_eq!(answer.matches("Callbacks are refused").count(), 1, "{page}");
    }
    assert_eq!(board.send_as("cg", None, "x").await.status(), 401);
    let both = "OneSpan Sign (Basic, but the key is wrong)";
    let page = board.text("/").await;
    assert!(page.contains(both) && page.contains("Conga Sign (no Authorization header) and"), "{page}");
    board.clock.advance(3_600_000);
    assert!(!board.text("/").await.contains("Callbacks are refused"), "it has ended");
    assert!(board.text("/inbox").await.contains("refused 20 times"), "and is still there");
    board.stop().await;
}

/// What an earlier version kept is there after the upgrade, and can be admitted.
#[actix_web::test]
async fn refused_calls_of_an_earlier_version_are_kept() {
    let mut board = Board::start().await;
    board.halt().await;
    let body = event("P", "PACKAGE_ACTIVATE", "u", None, 0);
    for statement in [
        "DROP TABLE refused_bodies",
        "DROP TABLE refused",
        "CREATE TABLE refused (id INTEGER PRIMARY KEY, account TEXT NOT NULL, received_at BIGINT NOT NULL, remote TEXT NOT NULL, \
         why TEXT NOT NULL, headers TEXT NOT NULL, size BIGINT NOT NULL, body BLOB NOT NULL)",
        &format!(
            "INSERT INTO refused VALUES (7, 'os', {NOON}, '', 'old', '{{}}', 9, CAST('{body}' AS BLOB))"
        ),
        "INSERT INTO refused VALUES (8, 'os', 0, '', 'old', '{}', 9, x'00')",
        "DELETE FROM _sqlx_migrations WHERE version = 3",
    ] {
        board.sql(statement).await;
    }
    board.resume(None).await;
    let rows = board.app().store.refused(None, 9).await.unwrap();
    let told: Vec<_> = rows.iter().map(|it| (it.id, it.times, it.last_at)).collect();
    assert_eq!(told, [(7, 1, Timestamp(NOON)), (8, 1, Timestamp(0))]);
    assert_eq!(board.post("/inbox/admit", "id=7").await.status(), 303);
    assert_eq!(board.package("os", "P").await["status"], "sent");
    board.stop().await;
}
