//! Traffic: what came in each hour is counted with what is kept, once, and the figures are those of a hand calculation.

use crate::support::board::{Board, KEY, NOON, event};
use crate::support::world::{self, Stage};
use futures_util::future::join_all;
use serde_json::{Value, json};
use signboard::demo::act::Act;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// An event of `package` that happened `delay` milliseconds before now.
fn body(board: &Board, package: &str, name: &str, delay: i64) -> String {
    event(package, name, "u", None, board.clock.millis() - delay - (NOON - HOUR))
}

async fn tell(board: &Board, account: &str, package: &str, name: &str, delay: i64) -> String {
    let body = body(board, package, name, delay);
    assert_eq!(board.send(account, body.clone()).await.status(), 200);
    body
}

/// An hour as (account, hour of the day, callbacks, fresh, checkable, repeats, set aside, refused).
type Line = (String, String, [u64; 6]);

fn lines(traffic: &Value) -> Vec<Line> {
    let words = ["callbacks", "fresh", "checkable", "repeats", "set_aside", "refused"];
    let line = |it: &Value| {
        let hour = it["hour"].as_str().unwrap()[8..16].to_owned();
        (it["account"].as_str().unwrap().to_owned(), hour, words.map(|word| it[word].as_u64().unwrap()))
    };
    traffic["traffic"].as_array().unwrap().iter().map(line).collect()
}

fn line(account: &str, hour: &str, counts: [u64; 6]) -> Line {
    (account.to_owned(), hour.to_owned(), counts)
}

/// Everything counted, as numbers in their columns.
async fn rows(board: &Board) -> Vec<String> {
    let columns: String = (0..25).map(|at| format!(", d{at:02}")).collect();
    let all = format!(
        "SELECT json_array(hour, account, callbacks, fresh, checkable, repeats, set_aside, refused{columns}) FROM traffic"
    );
    board.sql(&all).await
}

#[actix_web::test]
async fn what_came_in_each_hour_and_how_late() {
    let mut board = Board::start().await;
    // In one hour: 30, 60 and 250 ms late, and 5 s; who looked, polling can't tell.
    tell(&board, "os", "A", "PACKAGE_CREATE", 30).await;
    let sent = tell(&board, "os", "A", "PACKAGE_ACTIVATE", 60).await;
    tell(&board, "os", "A", "RECIPIENT_VIEWED", 250).await;
    tell(&board, "os", "B", "PACKAGE_ACTIVATE", 5_000).await;
    // A repeat, something that is no callback, wrong keys, and another account.
    board.send("os", sent).await;
    assert_eq!(board.send("os", "no json").await.status(), 200);
    for _ in 0..3 {
        assert_eq!(board.send_as("os", Some("Basic wrong"), "{}").await.status(), 401);
    }
    tell(&board, "cg", "A", "PACKAGE_CREATE", 0).await;
    // An hour without anything; then a clock that is 2 s ahead, one that is a year ahead, and no clock at all.
    board.clock.advance(2 * HOUR);
    tell(&board, "os", "C", "PACKAGE_CREATE", -2_000).await;
    tell(&board, "os", "C", "PACKAGE_ACTIVATE", -365 * DAY).await;
    let untimed = r#"{"name":"PACKAGE_COMPLETE","packageId":"C"}"#;
    assert_eq!(board.send("os", untimed).await.status(), 200);

    let traffic = board.json("/api/v1/traffic").await;
    let expected = [
        line("cg", "22T12:00", [1, 1, 1, 0, 0, 0]),
        line("os", "22T12:00", [6, 4, 3, 1, 1, 3]),
        line("os", "22T14:00", [3, 3, 3, 0, 0, 0]),
    ];
    assert_eq!(lines(&traffic), expected);
    let figures = &traffic["figures"][1];
    for (word, value) in [
        ("account", json!("os")),
        ("since", json!("2026-11-22T12:00:00.000Z")),
        ("callbacks", json!(9)),
        ("fresh", json!(7)),
        ("checkable", json!(6)),
        ("repeats", json!(1)),
        ("set_aside", json!(1)),
        ("refused", json!(3)),
        // Of 0, 30 | 60 | 250 | 5,000 the third: the middle of 50 to 100. The last: the middle of 4 to 7 s.
        ("median_ms", json!(75)),
        ("p95_ms", json!(5_500)),
        ("last_callback", json!("2026-11-22T14:00:00.000Z")),
        ("silent_after_ms", json!(DAY)),
        ("missed", json!(0)),
        ("arrived_percent", Value::Null),
        ("compared_to", Value::Null),
    ] {
        assert_eq!(figures[word], value, "{word}");
    }
    assert_eq!(lines(&board.json("/api/v1/traffic?account=os&hours=1").await), expected[2..]);
    assert_eq!(lines(&board.json("/api/v1/traffic?account=cg&hours=9600").await), expected[..1]);
    assert_eq!(board.json("/api/v1/traffic?account=nobody").await, json!({"figures": [], "traffic": []}));
    assert_eq!(board.get("/api/v1/traffic?hours=0").await.status(), 400);

    // It is as it was after a restart, and reading again counts nothing again.
    let before = rows(&board).await;
    board.restart().await;
    board.app().replay(|_| ()).await.unwrap();
    board.app().rebuild().await.unwrap();
    assert_eq!(rows(&board).await, before);
    assert_eq!(board.json("/api/v1/traffic").await, traffic);
    board.stop().await;
}

#[actix_web::test]
async fn a_callback_and_its_count_are_kept_together_or_not_at_all() {
    let board = Board::start().await;
    for table in ["traffic", "arrivals"] {
        let fail =
            format!("CREATE TRIGGER fail BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END");
        board.sql(&fail).await;
        assert_eq!(board.send("os", body(&board, "A", "PACKAGE_CREATE", 10)).await.status(), 503);
        board.sql("DROP TRIGGER fail").await;
        assert_eq!(board.sql("SELECT (SELECT count(*) FROM arrivals) + count(*) FROM traffic").await, ["0"]);
    }
    // The bytes of one that can't be digested are counted at once, what is in them when it can be: in its own hour.
    board.sql("CREATE TRIGGER fail BEFORE INSERT ON facts BEGIN SELECT RAISE(ABORT, 'no'); END").await;
    let told = tell(&board, "os", "A", "PACKAGE_CREATE", 10).await;
    board.send("os", told).await;
    let counted = async |board: &Board| lines(&board.json("/api/v1/traffic?account=os").await);
    assert_eq!(counted(&board).await, [line("os", "22T12:00", [2, 0, 0, 0, 0, 0])]);
    board.sql("DROP TRIGGER fail").await;
    board.clock.advance(HOUR);
    board.app().drain().await.unwrap();
    let digested = [line("os", "22T12:00", [2, 1, 1, 1, 0, 0])];
    assert_eq!(counted(&board).await, digested);
    board.app().replay(|_| ()).await.unwrap();
    assert_eq!(counted(&board).await, digested);
    board.stop().await;
}

/// What a person pasted or admitted is no callback: it says nothing of how callbacks do.
#[actix_web::test]
async fn by_hand_is_no_callback() {
    let board = Board::start().await;
    assert_eq!(board.send_as("os", None, body(&board, "A", "PACKAGE_CREATE", 10)).await.status(), 401);
    assert_eq!(board.post("/inbox/admit", "id=1").await.status(), 303);
    assert_eq!(board.package("os", "A").await["status"], "draft");
    assert_eq!(lines(&board.json("/api/v1/traffic").await), [line("os", "22T12:00", [0, 0, 0, 0, 0, 1])]);
    board.stop().await;
}

/// Seen red with: counting refused calls by their rows, counting repeats as fresh, the hour of the writing.
#[actix_web::test]
async fn the_hours_add_up_to_what_arrived() {
    let board = Board::start().await;
    let mut dice = fastrand::Rng::with_seed(5);
    let names = ["PACKAGE_CREATE", "PACKAGE_ACTIVATE", "RECIPIENT_VIEWED", "SIGNER_COMPLETE", "ODD"];
    for _ in 0..40 {
        let burst: Vec<(&str, Option<&str>, String)> = (0..dice.usize(1..12))
            .map(|_| {
                let (package, name) = (format!("P{}", dice.u8(..6)), names[dice.usize(..names.len())]);
                let known = event(&package, name, "u", None, i64::from(dice.u8(..20)));
                let text = if dice.u8(..9) == 0 { "no json".to_owned() } else { known };
                let key = (dice.u8(..8) > 0).then_some(KEY);
                (["os", "cg"][dice.usize(..2)], key, text)
            })
            .collect();
        join_all(burst.into_iter().map(|(account, key, text)| board.send_as(account, key, text))).await;
        board.clock.advance(dice.i64(0..2 * HOUR));
    }
    let delays: String = (0..25).map(|at| format!(" + d{at:02}")).collect();
    for account in ["os", "cg"] {
        let of = format!("WHERE account = '{account}'");
        let of_facts = format!(
            "FROM facts f JOIN packages p ON p.id = f.package WHERE p.account = '{account}' AND f.origin = 'callback'"
        );
        for (counted, arrived) in [
            ("sum(callbacks)".to_owned(), format!("SELECT count(*) FROM arrivals {of}")),
            ("sum(set_aside)".to_owned(), format!("SELECT count(*) FROM arrivals {of} AND state = 2")),
            ("sum(refused)".to_owned(), format!("SELECT sum(times) FROM refused {of}")),
            ("sum(fresh)".to_owned(), format!("SELECT count(*) {of_facts}")),
            ("sum(repeats)".to_owned(), format!("SELECT sum(f.deliveries - 1) {of_facts}")),
            (
                "sum(checkable)".to_owned(),
                format!("SELECT count(*) {of_facts} AND f.name NOT IN ('RECIPIENT_VIEWED', 'ODD')"),
            ),
            (format!("sum(0{delays})"), format!("SELECT count(*) {of_facts}")),
        ] {
            let (sum, arrived) =
                (board.sql(&format!("SELECT {counted} FROM traffic {of}")).await, board.sql(&arrived).await);
            assert!(sum == arrived && sum != ["0"], "{account} {counted}: {sum:?} of {arrived:?}");
        }
        let hours = board.sql(&format!("SELECT count(*) FROM traffic {of}")).await;
        let apart = format!(
            "SELECT count(DISTINCT h) FROM (SELECT received_at / {HOUR} h FROM arrivals {of} \
            UNION SELECT received_at / {HOUR} FROM refused {of})"
        );
        assert!(hours >= board.sql(&apart).await && hours != ["1"]);
    }
    board.stop().await;
}

#[actix_web::test]
async fn hours_older_than_400_days_go() {
    let board = Board::start().await;
    let mut kept = Vec::new();
    for days in [0, 1, 399, 2] {
        board.clock.advance(days * DAY);
        tell(&board, "os", &format!("P{days}"), "PACKAGE_CREATE", 0).await;
        kept.push(board.sql("SELECT count(*) FROM traffic").await[0].clone());
    }
    // After 400 days the first hour is just not too old; two days later the second is gone as well.
    assert_eq!(kept, ["1", "2", "3", "2"]);
    board.stop().await;
}

#[actix_web::test]
async fn what_only_polling_found_is_missing_from_what_arrived() {
    let stage = Stage::open().await;
    let share = async |stage: &Stage| {
        let figures = stage.board.json("/api/v1/traffic?account=os").await["figures"][0].clone();
        (figures["arrived_percent"].clone(), figures["checkable"].clone(), figures["missed"].clone())
    };
    let ids = stage.sent("os", 3).await;
    assert_eq!(share(&stage).await, (Value::Null, json!(6), json!(0)), "nobody has compared anything yet");
    sweep(&stage).await;
    assert_eq!(share(&stage).await, (json!(100.0), json!(6), json!(0)));
    // One signs, and the callbacks that tell it are lost: one line, since the answer tells no more.
    let lost = stage.happen("os", &ids[0], &Act::SignAll(0));
    assert!(!lost.is_empty());
    stage.board.clock.advance(7 * HOUR);
    sweep(&stage).await;
    // 6 of 7, and what is left over is never rounded up.
    assert_eq!(share(&stage).await, (json!(85.71), json!(6), json!(1)));
    // When it comes after all, it has arrived.
    stage.board.sql("UPDATE drift SET came_at = found_at + 1").await;
    assert_eq!(share(&stage).await.2, json!(0));
    stage.close().await;
}

async fn sweep(stage: &Stage) {
    let run = world::sweep(stage, "os").await;
    assert!(run.success, "{run:?}");
}
