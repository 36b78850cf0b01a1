//! How the APIs are asked: seldom, one at a time where it may be in vain, never more often than configured, and never
//! again for what is known.

mod storm;

use crate::support::board::NOON;
use crate::support::world::{Stage, all_four, nda, sweep};
use signboard::app::Run;
use signboard::app::reconcile::Swept;
use signboard::app::standing::Standing;
use signboard::demo::Refusal;
use signboard::demo::act::Act;
use std::time::Duration;

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

/// The sweep of the `night`th night.
async fn sweep_at_night(stage: &Stage, account: &str, night: i64) -> Run {
    stage.board.clock.advance(NOON + (15 + 24 * night) * HOUR - stage.now());
    let run = sweep(stage, account).await;
    assert!(run.full && run.success, "{run:?}");
    run
}

/// How many went to what is called so; an id's `=` is escaped in a path.
fn calls(stage: &Stage, path: &str) -> usize {
    stage.world.calls().count(path.trim_end_matches('='))
}

/// Seen red with: the 403 taken for a failure of the sweep; nothing read back at the start.
#[actix_web::test]
async fn a_key_that_sees_its_own_packages_only_is_said_and_the_sweep_is_whole() {
    let mut stage = Stage::open().await;
    stage.sent("os", 2).await;
    stage.world.faults().allow_reports(false);
    let run = sweep(&stage, "os").await;
    assert_eq!(run.trouble.as_deref(), Some("the key sees the packages of its own sender only"), "{run:?}");
    assert!(run.success && run.watermark.is_some() && run.compared == 2, "{run:?}");
    assert_eq!(calls(&stage, "/reports/completion"), 1, "asked once, and not for each slice");
    stage.board.restart().await;
    assert!(stage.board.text("/providers").await.contains("of its own sender only"));
    assert_eq!(stage.board.json("/api/v1/accounts").await["accounts"][1]["own_only"], true);
    stage.world.faults().allow_reports(true);
    assert_eq!(sweep_at_night(&stage, "os", 0).await.trouble, None);
    assert!(!stage.board.text("/providers").await.contains("of its own sender only"));
    // What only widens the view holds nothing up, however it fails.
    stage.board.clock.advance(NOON + 39 * HOUR - stage.now());
    let app = stage.board.app();
    while calls(&stage, "/reports/completion") < 5 {
        if app.sweep_step(app.account("os").unwrap()).await.unwrap() == Swept::Idle {
            stage.board.clock.advance(1_000);
        }
    }
    stage.world.faults().refuse_next(1, Refusal::Broken);
    let run = sweep(&stage, "os").await;
    assert!(run.success && run.trouble.unwrap().contains("other senders can't be read"));
    stage.close().await;
}

/// Seen red with: nothing learned from a report; a report's row asked for each night.
#[actix_web::test]
async fn packages_of_other_senders_are_known_by_the_report_alone() {
    let stage = Stage::open().await;
    stage.sent("os", 1).await;
    let mut draft = nda();
    draft.sender = 1;
    stage.board.clock.advance(MINUTE);
    let theirs = stage.world.world().lock().create("os", &draft, stage.now()).unwrap().id;
    let sender = stage.world.world().lock().senders("os")[1].id.clone();
    stage.world.faults().forbid_sender(&sender);
    stage.happen("os", &theirs, &Act::Activate);
    assert!(sweep(&stage, "os").await.baseline);
    assert_eq!(stage.board.package("os", &theirs).await["status"], "sent");
    assert!(stage.board.text("/providers").await.contains("1 belongs to another sender"));
    stage.world.calls().clear();
    // Nothing has happened to it: the report says so.
    assert_eq!(sweep_at_night(&stage, "os", 0).await.found, 0);
    assert_eq!(calls(&stage, &theirs), 0);
    stage.happen("os", &theirs, &Act::Expire);
    let run = sweep_at_night(&stage, "os", 1).await;
    assert_eq!((run.found, calls(&stage, &theirs)), (1, 1), "{run:?}");
    assert_eq!(stage.board.package("os", &theirs).await["status"], "expired");
    assert!(stage.board.text("/providers").await.contains("1 belongs to another sender"));
    // Where the key may see them, their names are learned as well.
    stage.world.faults().clear();
    stage.happen("os", &theirs, &Act::Archive);
    sweep_at_night(&stage, "os", 2).await;
    assert_eq!(stage.board.package("os", &theirs).await["name"], "NDA");
    stage.close().await;
}

/// Seen red with: a fetch of every row that isn't a whole answer.
#[actix_web::test]
async fn rule_18_what_agrees_is_not_asked_for_again() {
    let stage = Stage::of(all_four(), true).await;
    let id = stage.create("ls", &nda()).await;
    stage.act("ls", &id, &Act::Activate).await;
    let late = stage.happen("ls", &id, &Act::Decline(0, "No.".to_owned()));
    sweep(&stage, "ls").await;
    let asked = || calls(&stage, &format!("/document/{id}/"));
    let before = asked();
    assert!(before > 0, "why it was rejected is not in the list");
    for night in 0..2 {
        let run = sweep_at_night(&stage, "ls", night).await;
        assert_eq!((run.compared, asked()), (1, before), "{run:?}");
    }
    // Something arrives: it is asked for.
    stage.tell(late).await;
    sweep_at_night(&stage, "ls", 2).await;
    assert!(asked() > before);
    stage.close().await;
}

/// Seen red with: rows of the cache learned.
#[actix_web::test]
async fn a_cached_list_overrides_nothing_that_is_newer() {
    let mut stage = Stage::of(all_four(), true).await;
    stage.board.reconfigure(|it| it.accounts.get_mut("ls").unwrap().api.as_mut().unwrap().cache = true).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = stage.create("ls", &nda()).await;
        stage.act("ls", &id, &Act::Activate).await;
        ids.push(id);
    }
    sweep(&stage, "ls").await;
    stage.ask().await;
    stage.board.clock.advance(NOON + 15 * HOUR - stage.now() - 10 * MINUTE);
    // The cache is made now, before two things happen, of which the board hears one.
    let now = stage.board.app().now();
    let primed = stage.board.app().account("ls").unwrap().provider.list(Some(now), 0, now).await.unwrap();
    assert!(primed.rows.is_empty());
    stage.act("ls", &ids[0], &Act::SignAll(0)).await;
    stage.act("ls", &ids[0], &Act::SignAll(1)).await;
    stage.happen("ls", &ids[1], &Act::SignAll(0));
    let signed = |package: &serde_json::Value| {
        let signers = package["signers"].as_array().unwrap();
        signers.iter().filter(|it| it["status"] == "signed").count()
    };
    stage.world.calls().clear();
    sweep_at_night(&stage, "ls", 0).await;
    assert!(stage.world.calls().all().iter().any(|it| it.query.contains("cache=1")));
    assert_eq!(signed(&stage.board.package("ls", &ids[0]).await), 2, "the cache is older");
    assert!(calls(&stage, &ids[0]) > 0, "it differs, so the document itself is asked for");
    assert_eq!(calls(&stage, &ids[2]), 0, "it agrees");
    // What the cache did not show yet is found by the next one.
    stage.board.clock.advance(7 * HOUR);
    sweep(&stage, "ls").await;
    assert_eq!(signed(&stage.board.package("ls", &ids[1]).await), 1);
    stage.close().await;
}

/// Seen red with: everybody let through once the rest is over.
#[actix_web::test]
async fn an_api_that_failed_is_tried_by_one_at_a_time() {
    let stage = Stage::open().await;
    stage.sent("os", 3).await;
    let app = stage.board.app();
    let account = app.account("os").unwrap();
    let circuit = || account.api_state().circuit(app.now()).word();
    stage.world.faults().refuse_next(1_000, Refusal::Unauthorised);
    app.ask_due_of(account).await.unwrap();
    assert_eq!(circuit(), "open");
    assert!(matches!(account.standing(app.now()), Standing::Refused { .. }));
    let worst = app.worst(app.accounts.keys()).unwrap();
    assert_eq!((worst.account.id.0.as_str(), worst.silent), ("os", None));
    let page = stage.board.text("/providers").await;
    assert!(page.contains("API: Refuses us</span>") && page.contains("It is tried again at"), "{page}");
    let told = stage.board.json("/api/v1/accounts").await["accounts"][1].clone();
    assert_eq!(
        (&told["id"], &told["api"], &told["circuit"]),
        (&"os".into(), &"refused".into(), &"open".into())
    );
    assert!(
        stage.board.text("/metrics").await.contains("signboard_api_circuit{account=\"os\",state=\"open\"} 1")
    );
    stage.world.calls().clear();
    for tries in 1..4 {
        stage.board.clock.advance(10 * MINUTE * 6 / 5);
        assert_eq!(circuit(), "half-open");
        stage.world.faults().slow_down(Duration::from_millis(100));
        let (asked, swept, ()) =
            tokio::join!(app.ask_due_of(account), app.sweep_step(account), app.look_at_registration(account));
        asked.unwrap();
        swept.unwrap();
        assert_eq!(stage.world.calls().all().len(), tries, "one of the three");
    }
    stage.world.faults().clear();
    stage.board.clock.advance(10 * MINUTE * 6 / 5);
    stage.ask().await;
    assert_eq!(circuit(), "closed");
    assert_eq!(account.standing(app.now()), Standing::Fine);
    stage.board.clock.advance(25 * HOUR);
    let worst = app.worst(app.accounts.keys()).unwrap();
    assert_eq!(worst.account.id.0, "os");
    assert!(worst.silent.is_some(), "no callback for a day");
    assert_eq!(app.account("cg").unwrap().silent(app.now()), None, "it never called");
    stage.close().await;
}

/// Seen red with: the queue turned round, so that what is only looked at once more came first.
#[actix_web::test]
async fn a_trouble_is_looked_at_again_and_again_and_behind_what_is_due_at_once() {
    let stage = Stage::with_calls(1).await;
    let app = stage.board.app();
    let id = stage.sent("os", 1).await.remove(0);
    stage.ask().await;
    stage.act("os", &id, &Act::Lock(0)).await;
    stage.board.clock.advance(MINUTE);
    stage.ask().await;
    // It is due again, and something else is due that nobody asked about before.
    stage.board.clock.advance(30 * MINUTE);
    stage.world.calls().clear();
    let fresh = stage.create("os", &nda()).await;
    app.ask_due().await.unwrap();
    assert_eq!((calls(&stage, &fresh), calls(&stage, &id)), (1, 0), "{:?}", stage.world.calls().all());
    let minutes = async |count: i64| {
        for _ in 0..count {
            stage.board.clock.advance(MINUTE);
            app.ask_due().await.unwrap();
        }
        let asked = calls(&stage, &id);
        stage.world.calls().clear();
        asked
    };
    let asked = minutes(60).await;
    assert!((3..=5).contains(&asked), "{asked}");
    stage.act("os", &id, &Act::Expire).await;
    assert!(minutes(5).await <= 1);
    assert_eq!(minutes(60).await, 0, "what has ended is left alone");
    stage.close().await;
}
