//! What people ask to have compared: it waits for its turn, can be limited, dry or stopped, and survives a restart.

mod board;
mod command;
mod one;

use crate::support::world::{Stage, nda, step, sweep};
use serde_json::{Value, json};
use signboard::app::DriftFilter;
use signboard::app::reconcile::Swept;
use signboard::demo::act::Act;
use std::collections::BTreeMap;
use std::time::Duration;

const HOUR: i64 = 3_600_000;

/// Posts the form of the page, which comes back to it.
async fn ask(stage: &Stage, form: &str) {
    let answer = stage.board.post("/sync/resync", form).await;
    assert_eq!(answer.status(), 303, "{form}");
    assert!(answer.headers()["location"].to_str().unwrap().starts_with("/sync?done=asked-"));
}

async fn runs(stage: &Stage) -> Vec<Value> {
    let mut runs = stage.board.json("/api/v1/runs").await["runs"].as_array().unwrap().clone();
    runs.reverse();
    runs
}

/// Each run's state, oldest first.
async fn states(stage: &Stage) -> Vec<String> {
    runs(stage).await.iter().map(|it| it["state"].as_str().unwrap().to_owned()).collect()
}

/// How often each package was asked for by itself.
fn fetches(stage: &Stage) -> BTreeMap<String, usize> {
    let all = stage.world.calls().by_path();
    all.into_iter().filter(|(path, _)| path.contains("/packages/")).collect()
}

#[actix_web::test]
async fn the_same_is_joined_while_it_waits_and_another_runs_after_it() {
    let stage = Stage::open().await;
    stage.sent("os", 130).await;
    sweep(&stage, "os").await;
    ask(&stage, "account=os").await;
    ask(&stage, "account=os&since=&until=").await;
    assert_eq!(states(&stage).await, ["ended", "waiting"], "joined");
    assert_eq!(step(&stage, "os").await, Swept::Went);
    // It has begun to ask: the next one comes after it. To the minute the same time is the same scope.
    ask(&stage, "account=os").await;
    ask(&stage, "account=os&since=2026-11-22T10:00:10").await;
    ask(&stage, "account=os&since=2026-11-22T10:00:50").await;
    ask(&stage, "account=os&since=2026-11-22T10:00&dry=on").await;
    assert_eq!(states(&stage).await, ["ended", "running", "waiting", "waiting", "waiting"]);
    let all = runs(&stage).await;
    assert_eq!(
        (&all[1]["reason"], &all[1]["full"], &all[1]["asked_by"]),
        (&json!("people"), &json!(true), &json!("127.0.0.1"))
    );
    assert_eq!((&all[1]["compared"], &all[1]["expected"]), (&json!(100), &json!(130)), "{:#}", all[1]);
    assert_eq!(
        (&all[3]["reason"], &all[3]["full"], &all[4]["dry"]),
        (&json!("range"), &json!(false), &json!(true))
    );
    let ids: Vec<i64> = all.iter().map(|it| it["id"].as_i64().unwrap()).collect();
    for id in &ids[1..] {
        let run = sweep(&stage, "os").await;
        assert_eq!((run.id, run.success, run.compared), (*id, true, 130));
    }
    assert_eq!(step(&stage, "os").await, Swept::Idle);

    // Everything: one for each account that has an API.
    ask(&stage, "account=").await;
    let all = runs(&stage).await;
    let accounts: Vec<&Value> = all.iter().skip(5).map(|it| &it["account"]).collect();
    assert_eq!(accounts, ["cg", "os"]);
    for bad in [
        "account=no",
        "since=tomorrow",
        "since=2026-12-24T10:00",
        "since=2026-11-20T10:00&until=2026-11-20T09:00",
    ] {
        assert_eq!(stage.board.post("/sync/resync", bad).await.status(), 400, "{bad}");
    }
    // Nobody fills the queue for ever.
    let mut answers = Vec::new();
    for minute in 10..40 {
        let form = format!("account=cg&since=2026-11-01T00:{minute}");
        answers.push(stage.board.post("/sync/resync", &form).await.status().as_u16());
    }
    assert_eq!(answers.iter().filter(|it| **it == 303).count(), 19);
    assert!(answers.ends_with(&[400]));
    stage.close().await;
}

#[actix_web::test]
async fn whoever_stops_one_ends_it_and_the_watermark_stays() {
    let stage = Stage::open().await;
    stage.sent("os", 130).await;
    sweep(&stage, "os").await;
    let app = stage.board.app();
    let os = app.account("os").unwrap().id.clone();
    let before = app.store.run_facts(&os).await.unwrap();
    stage.board.clock.advance(HOUR);
    ask(&stage, "account=os").await;
    ask(&stage, "account=os&since=2026-11-22T10:00").await;
    step(&stage, "os").await;
    let ids: Vec<Value> = runs(&stage).await.iter().map(|it| it["id"].clone()).collect();
    for (id, done) in [(&ids[1], "stopped"), (&ids[1], "over"), (&ids[2], "stopped"), (&ids[0], "over")] {
        let answer = stage.board.post("/sync/stop", &format!("run={id}")).await;
        assert_eq!(answer.headers()["location"], format!("/sync?done={done}"), "{id}");
    }
    assert_eq!(states(&stage).await, ["ended", "stopping", "ended"]);
    // Also while the API rests nobody waits for it.
    stage.world.faults().refuse_next(1, signboard::demo::Refusal::TooMany(3_000));
    let calls = stage.world.calls().all().len();
    let Swept::Ended(run) = step(&stage, "os").await else { panic!("it goes on") };
    assert_eq!(stage.world.calls().all().len(), calls);
    assert_eq!((run.success, run.trouble.as_deref()), (false, Some("stopped by 127.0.0.1")));
    assert_eq!(runs(&stage).await[2]["trouble"], "stopped by 127.0.0.1");
    assert_eq!(app.store.run_facts(&os).await.unwrap(), before);
    stage.close().await;
}

#[actix_web::test]
async fn a_restart_goes_on_among_the_open_packages_where_it_was() {
    let mut stage = Stage::open().await;
    stage
        .board
        .reconfigure(|config| {
            config.accounts.get_mut("os").unwrap().reconcile.since = Duration::from_secs(86_400);
        })
        .await;
    let ids = stage.sent("os", 45).await;
    sweep(&stage, "os").await;
    // So old that no page names them: each is asked about. One of the first can't be read, a later one is unknown by now.
    stage.board.clock.advance(72 * HOUR);
    stage.world.faults().hide_package(&ids[23]);
    stage.world.faults().garble_package(&ids[7]);
    stage.happen("os", &ids[44], &Act::Expire);
    stage.board.clock.advance(72 * HOUR);
    ask(&stage, "account=os").await;
    ask(&stage, "account=os&since=2026-11-22T10:00").await;
    stage.world.calls().clear();
    // The list, the trash, the report, and the first open ones.
    for _ in 0..4 {
        assert_eq!(step(&stage, "os").await, Swept::Went);
    }
    assert_eq!(fetches(&stage).len(), 20);
    assert_eq!(runs(&stage).await[1]["expected"], 45);
    stage.board.restart().await;
    assert_eq!(step(&stage, "os").await, Swept::Went);
    assert_eq!(fetches(&stage).len(), 40);
    stage.board.restart().await;
    assert_eq!(states(&stage).await, ["ended", "running", "waiting"]);
    let run = sweep(&stage, "os").await;
    assert_eq!((run.success, run.compared, run.unread, run.found), (true, 44, 1, 2), "{run:?}");
    let asked = fetches(&stage);
    assert_eq!(asked.len(), 45);
    // What it said of the unknown one was to be kept at the end alone.
    let again: Vec<&String> = asked.iter().filter(|(_, n)| **n != 1).map(|(path, _)| path).collect();
    assert!(again.len() == 1 && asked.values().sum::<usize>() == 46, "{asked:?}");
    assert_eq!(stage.board.package("os", &ids[23]).await["status"], "deleted");
    // Whoever asks what is due asks about that one again.
    let due = format!("SELECT count(*) FROM packages WHERE package = '{}' AND check_by IS NOT NULL", ids[7]);
    assert_eq!(stage.board.sql(&due).await, ["1"]);
    assert_eq!(sweep(&stage, "os").await.reason, "range", "and who waited has its turn");
    stage.close().await;
}

#[actix_web::test]
async fn a_dry_run_says_all_of_it_and_changes_nothing() {
    let mut stage = Stage::open().await;
    let ids = stage.sent("os", 130).await;
    sweep(&stage, "os").await;
    for (n, id) in ids.iter().enumerate() {
        match n % 3 {
            0 => drop(stage.happen("os", id, &Act::SignAll(0))),
            1 => drop(stage.happen("os", id, &Act::Expire)),
            _ => {}
        }
    }
    stage.world.world().lock().create("os", &nda(), stage.now()).unwrap();
    stage.board.clock.advance(HOUR);
    let app = stage.board.app();
    let os = app.account("os").unwrap().id.clone();
    let facts = app.store.run_facts(&os).await.unwrap();
    let before = stage.board.dump().await;
    ask(&stage, "account=os&dry=on").await;
    // Interrupted, it begins anew, and says nothing twice.
    assert_eq!(step(&stage, "os").await, Swept::Went);
    stage.board.restart().await;
    let dry = sweep(&stage, "os").await;
    assert_eq!((dry.success, dry.dry, dry.compared, dry.unread), (true, true, 131, 0), "{dry:?}");
    assert!(stage.board.dump().await == before, "not a row");
    let app = stage.board.app();
    assert_eq!(app.store.run_facts(&os).await.unwrap(), facts);
    assert_eq!(app.store.self_check(|_| ()).await.unwrap().difference, None);
    assert_eq!(stage.board.json("/api/v1/drift").await["drift"], json!([]));
    let said = app.store.dry_lines(&os, dry.id, 1_000).await.unwrap();

    ask(&stage, "account=os").await;
    let run = sweep(&stage, "os").await;
    assert_eq!((run.found, run.calls + 1), (dry.found, dry.calls), "a page was read twice");
    let mut said: Vec<_> =
        said.into_iter().map(|it| (it.key, it.signer, it.field, it.board, it.provider)).collect();
    let found =
        app.store.drift(&DriftFilter { limit: 1_000, ..DriftFilter::default() }).await.unwrap().into_iter();
    let mut found: Vec<_> = found.map(|it| (it.key, it.signer, it.field, it.board, it.provider)).collect();
    said.sort();
    found.sort();
    assert_eq!(said, found);
    assert!(said.len() > 80 && said.len() == dry.found as usize, "{}", said.len());
    // What a run that changes nothing has in its row is said by the row.
    let row = runs(&stage).await.into_iter().find(|it| it["id"] == dry.id).unwrap();
    assert_eq!((&row["dry"], &row["found"]), (&json!(true), &json!(dry.found)));
    stage.close().await;
}

#[actix_web::test]
async fn a_part_of_the_time_is_that_part() {
    let stage = Stage::open().await;
    let ids = stage.sent("os", 4).await;
    sweep(&stage, "os").await;
    // An hour apart each, from the first full hour on.
    for (n, id) in ids.iter().enumerate() {
        let at = 1_795_348_800_000 + HOUR * (n as i64 + 1);
        stage.board.clock.advance(at - stage.now());
        stage.happen("os", id, &Act::Expire);
    }
    stage.board.clock.advance(30 * 60_000);
    ask(&stage, "account=os&since=2026-11-22T13:30&until=2026-11-22T15:30").await;
    let run = sweep(&stage, "os").await;
    assert_eq!((run.success, run.compared, run.found), (true, 2, 2), "{run:?}");
    for (id, status) in ids.iter().zip(["sent", "expired", "expired", "sent"]) {
        assert_eq!(stage.board.package("os", id).await["status"], status);
    }
    // It has no watermark to give: what it left out is found by the next one.
    stage.board.clock.advance(7 * HOUR);
    let run = sweep(&stage, "os").await;
    assert_eq!((run.reason.as_str(), run.found), ("time", 2), "{run:?}");
    stage.close().await;
}

#[actix_web::test]
async fn before_the_first_comparison_nothing_was_missed_whoever_asks() {
    let stage = Stage::open().await;
    let ids = stage.sent("os", 3).await;
    stage.happen("os", &ids[0], &Act::Expire);
    ask(&stage, "account=os&dry=on").await;
    ask(&stage, "account=os&since=2026-11-22T11:00").await;
    ask(&stage, "account=os").await;
    let dry = sweep(&stage, "os").await;
    // One has expired; the names of the others are told by the API alone.
    let os = stage.board.app().account("os").unwrap().id.clone();
    let said = stage.board.app().store.dry_lines(&os, dry.id, 10).await.unwrap();
    let mut fields: Vec<&str> = said.iter().map(|it| it.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!((dry.dry, dry.found, fields), (true, 3, vec!["details", "details", "status"]));
    let range = sweep(&stage, "os").await;
    assert_eq!((range.compared, range.found), (3, 0));
    assert_eq!(stage.board.app().store.run_facts(&os).await.unwrap().watermark, None);
    let all = sweep(&stage, "os").await;
    assert!(all.baseline && all.success && all.found == 0, "{all:?}");
    assert_eq!(stage.board.json("/api/v1/drift").await["drift"], json!([]));
    // That was it: nothing is due before its time.
    assert_eq!(step(&stage, "os").await, Swept::Idle);
    stage.close().await;
}
