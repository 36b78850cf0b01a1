//! What is older than it is kept goes, and what is left is as true as before.

mod packages;

use crate::support::board::{Board, event};
use signboard::app::people::DeedKind;
use signboard::config::Config;
use signboard::store::people::DeedFilter;
use std::process::{Command, Output};

const DAY: i64 = 24 * 3_600_000;

async fn nothing_differs(board: &Board) {
    let before = board.dump().await;
    assert_eq!(board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    board.app().rebuild().await.unwrap();
    assert_eq!(board.app().replay(|_| ()).await.unwrap().fresh, 0);
    assert_eq!(board.dump().await, before, "neither a rebuild nor a replay changes a row");
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// The program on the data of a board.
async fn run(board: &Board, lines: &str, words: &[&str]) -> Output {
    let data = board.data();
    let account = |id: &str, provider: &str| {
        format!(
            "[accounts.{id}]\nprovider = \"{provider}\"\ncallback = {{ auth = \"key\", key = \"cb-key\" }}\n"
        )
    };
    let config = format!(
        "[server]\ndata = {data:?}\ndisk-guard = \"0 MiB\"\n[retention]\n{lines}\n{}{}",
        account("os", "onespan"),
        account("cg", "conga")
    );
    let file = data.parent().unwrap().join("board.toml");
    std::fs::write(&file, config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
    command.args(words).arg("--config").arg(file).env_remove("RUST_LOG");
    let ran = tokio::task::spawn_blocking(move || command.output().unwrap());
    while board.runs() && !ran.is_finished() {
        board.app().do_jobs().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    ran.await.unwrap()
}

fn keep(change: impl FnOnce(&mut signboard::config::RetentionConfig)) -> impl FnOnce(&mut Config) {
    |config| change(&mut config.retention)
}

/// Seen red with: `FIRST_WITH` that finds bytes that are gone.
#[actix_web::test]
async fn bytes_go_by_age_and_what_was_read_in_them_stays() {
    let board = Board::with(keep(|it| (it.raw_days, it.refused_days) = (Some(30), Some(10)))).await;
    let signed = event("P", "DOCUMENT_SIGNED", "u", Some("d"), 1);
    board.send("os", signed.clone()).await;
    board.send("os", signed.clone()).await;
    board.send("os", "{\"name\": \"broken\"").await;
    assert_eq!(board.send_as("os", Some("Basic wrong"), "{}").await.status(), 401);
    board.clock.advance(20 * DAY);
    board.event("P", "PACKAGE_COMPLETE", "u", 2).await;
    let gone = board.app().retain().await.unwrap().unwrap();
    assert_eq!((gone.bodies, gone.refused), (0, 1), "{gone}");
    assert_eq!(board.sql("SELECT count(*) FROM refused_bodies").await, ["0"]);
    board.clock.advance(11 * DAY);
    assert_eq!(board.app().old().await.unwrap().iter().map(|it| it.count).collect::<Vec<_>>(), [1]);
    let gone = board.app().retain().await.unwrap().unwrap();
    assert_eq!(gone.bodies, 1, "neither what can't be read, nor what is younger: {gone}");
    assert!(board.app().old().await.unwrap().is_empty());
    assert_eq!(board.sql("SELECT id FROM arrivals WHERE body IS NOT NULL").await, ["3", "5"]);
    assert_eq!(board.sql("SELECT gone FROM arrivals WHERE gone IS NOT NULL").await, ["age"]);
    // Both that had these bytes say so.
    let page = board.text("/inbox").await;
    assert_eq!(page.matches("bytes kept long enough").count(), 2, "{page}");
    let payload = board.get("/packages/os/P/payload/2").await;
    assert_eq!(payload.status(), 404);
    assert!(payload.text().await.unwrap().contains("what was read in them stays"));
    let again = board.app().replay(|_| ()).await.unwrap();
    assert_eq!((again.arrivals, again.fresh, again.gone), (2, 0, 2));
    assert!(again.to_string().ends_with("the bytes of 2 more are gone, what was read in them stays"));
    nothing_differs(&board).await;
    // The same once more is a repeat, and its bytes are kept anew.
    board.send("os", signed).await;
    let deliveries = "SELECT deliveries FROM facts WHERE name = 'DOCUMENT_SIGNED'";
    assert_eq!(board.sql(deliveries).await, ["3"]);
    assert_eq!(
        board
            .sql("SELECT count(*) FROM arrivals WHERE id = 6 AND body IS NOT NULL AND same_as IS NULL")
            .await,
        ["1"]
    );
    nothing_differs(&board).await;
    // What could be read after all goes, too.
    board.sql("UPDATE arrivals SET state = 1 WHERE id = 3").await;
    assert_eq!(board.app().retain().await.unwrap().unwrap().bodies, 1);
    board.stop().await;
}

#[actix_web::test]
async fn the_audit_goes_by_age_and_says_so() {
    let board = Board::with(keep(|it| it.audit_days = Some(365))).await;
    board.app().note("somebody", "", DeedKind::SignIn, "old").await;
    board.clock.advance(300 * DAY);
    board.app().note("somebody", "", DeedKind::SignIn, "young").await;
    board.clock.advance(100 * DAY);
    assert_eq!(board.app().retain().await.unwrap().unwrap().deeds, 1);
    let left = board.app().store.deeds(&DeedFilter::default(), 9).await.unwrap();
    let left: Vec<(&str, &str)> = left.iter().map(|it| (it.kind.as_str(), it.what.as_str())).collect();
    assert_eq!(left[1..], [("sign-in", "young")]);
    assert_eq!(left[0].0, "retention");
    board.stop().await;
}

#[actix_web::test]
async fn it_is_seen_to_every_night_and_not_at_the_first_look() {
    let board = Board::with(keep(|it| it.raw_days = Some(1))).await;
    let turn = || async { board.app().retention_turn().await.unwrap() };
    board.event("P", "PACKAGE_CREATE", "u", 1).await;
    board.clock.advance(2 * DAY);
    assert_eq!(turn().await, None, "there is time for a dry run");
    assert_eq!(board.app().store.last_retention().await.unwrap(), None, "nothing was seen to yet");
    board.clock.advance(14 * 3_600_000);
    assert_eq!(turn().await, None, "half past two comes first");
    board.clock.advance(3_600_000);
    assert_eq!(turn().await.unwrap().bodies, 1);
    assert_eq!(turn().await, None, "once a night");
    board.clock.advance(DAY);
    assert!(turn().await.is_some());
    board.stop().await;
    let board = Board::start().await;
    assert_eq!(board.app().retention_turn().await.unwrap(), None);
    assert_eq!(board.app().store.last_retention().await.unwrap(), None, "nothing is configured");
    board.stop().await;
}

#[actix_web::test]
async fn a_command_says_what_would_go_and_lets_it_go() {
    // Of another century than the clock of the program, so that all of it is old.
    let mut board = Board::start().await;
    for at in 0..3 {
        board.event("P", "DOCUMENT_SIGNED", &format!("u{at}"), at).await;
    }
    board.sql("UPDATE arrivals SET received_at = received_at - 31536000000").await;
    let lines = "raw-days = 30\naudit-days = 30";
    let dry = run(&board, lines, &["retention", "--dry-run"]).await;
    assert!(text(&dry).contains("  os: the bytes of 3 callbacks"), "{}", text(&dry));
    assert_eq!(board.sql("SELECT count(*) FROM arrivals WHERE body IS NOT NULL").await, ["3"]);
    board.halt().await;
    let done = run(&board, lines, &["retention"]).await;
    assert!(text(&done).contains("the bytes of 3 more callbacks"), "{}", text(&done));
    board.resume(None).await;
    assert_eq!(board.sql("SELECT count(*) FROM arrivals WHERE body IS NOT NULL").await, ["0"]);
    // Beside a board the board does it, as it is configured.
    let done = run(&board, lines, &["retention"]).await;
    assert!(text(&done).contains("0 packages with 0 facts"), "{}", text(&done));
    let none = run(&board, "", &["retention"]).await;
    assert!(text(&none).contains("Everything is kept"), "{}", text(&none));
    board.stop().await;
}
