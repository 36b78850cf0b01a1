//! Sweeps: what callbacks missed is found, repaired and written down, no more and no less, whatever interrupts it.

use crate::support::board::{Board, NOON};
use crate::support::world::{Stage, all_four, nda, step, sweep};
use serde_json::Value;
use signboard::app::reconcile::Swept;
use signboard::app::{DriftFilter, Run};
use signboard::demo::Refusal;
use signboard::demo::act::Act;
use signboard::demo::wire::Callback;
use std::collections::BTreeSet;

/// (package, field, signer).
type Line = (String, String, String);

async fn all_drift(stage: &Stage) -> Vec<signboard::app::Drift> {
    let filter = DriftFilter { limit: 10_000, ..DriftFilter::default() };
    stage.board.app().store.drift(&filter).await.unwrap()
}

async fn drift(stage: &Stage) -> Vec<Line> {
    let found = all_drift(stage).await;
    let line = |it: signboard::app::Drift| {
        (it.key.package.as_str().to_owned(), it.field, it.signer.unwrap_or_default())
    };
    let mut lines: Vec<Line> = found.into_iter().map(line).collect();
    lines.sort();
    lines
}

/// A package as JSON; null if the board doesn't know it.
async fn package(board: &Board, account: &str, id: &str) -> Value {
    let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
    let response = board.get(&format!("/api/v1/packages/{account}/{id}")).await;
    if response.status() == 404 { Value::Null } else { response.json().await.unwrap() }
}

fn signer<'a>(package: &'a Value, id: &Value) -> &'a Value {
    let found = package["signers"].as_array().and_then(|all| all.iter().find(|it| it["id"] == *id));
    found.unwrap_or(&Value::Null)
}

/// What a board that heard everything knows, and this one doesn't, of what the API states.
fn missing(id: &str, board: &Value, all: &Value) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add =
        |field: &str, signer: &str| lines.push((id.to_owned(), field.to_owned(), signer.to_owned()));
    if board["status"] != all["status"] {
        add("status", "");
    }
    if board["trashed"].as_bool().unwrap_or(false) != all["trashed"].as_bool().unwrap() {
        add("trashed", "");
    }
    for it in all["signers"].as_array().unwrap() {
        let known = signer(board, &it["id"]);
        let name = it["id"].as_str().unwrap();
        let (then, now) = (known["status"].as_str().unwrap_or("waiting"), it["status"].as_str().unwrap());
        if now == "signed" && then != now || now == "signing" && matches!(then, "waiting" | "viewed") {
            add("progress", name);
        }
        if it["locked"] == true && known["locked"] != true {
            add("locked", name);
        }
        if it["kba_failed"] == true && known["kba_failed"] != true {
            add("identity", name);
        }
    }
    lines
}

/// A board without APIs that hears everything.
async fn twin(stage: &Stage) -> Board {
    Board::on(stage.board.clock.clone(), |_| ()).await
}

#[actix_web::test]
async fn after_the_first_sweep_the_lines_are_what_was_lost_no_more_and_no_less() {
    let stage = Stage::open().await;
    let twin = twin(&stage).await;
    let mut packages = Vec::new();
    for account in ["os", "cg"] {
        for _ in 0..24 {
            stage.board.clock.advance(60_000);
            let made = stage.world.world().lock().create(account, &nda(), stage.now() - 1_000).unwrap();
            let mut told = made.callbacks;
            told.extend(stage.happen(account, &made.id, &Act::Activate));
            stage.world.tell(&twin.url, told.clone()).await;
            stage.tell(told).await;
            packages.push((account, made.id));
        }
        let first = sweep(&stage, account).await;
        assert!(first.baseline && first.success && first.compared >= 24, "{first:?}");
    }
    assert_eq!(drift(&stage).await, []);

    // One in four is lost, one in four comes twice, and what is left comes the wrong way round.
    let mut dice = fastrand::Rng::with_seed(11);
    let later: [&[Act]; 8] = [
        &[Act::SignAll(0), Act::SignAll(1)],
        &[Act::Open(0), Act::Consent(0)],
        &[Act::SignAll(0), Act::Decline(1, "No.".into())],
        &[Act::Lock(0), Act::Trash],
        &[Act::Trash, Act::Restore],
        &[Act::Expire, Act::Archive],
        &[Act::Lock(1), Act::KbaFail(0)],
        &[Act::Open(0)],
    ];
    let mut lost = 0;
    let mut came: Vec<Callback> = Vec::new();
    for (n, (account, id)) in packages.iter().enumerate() {
        for act in later[n % later.len()] {
            let told = stage.happen(account, id, act);
            stage.world.tell(&twin.url, told.clone()).await;
            for callback in told {
                match dice.u8(0..4) {
                    0 => lost += 1,
                    1 => came.extend([callback.clone(), callback]),
                    _ => came.push(callback),
                }
            }
        }
    }
    came.reverse();
    stage.tell(came).await;
    // And one nobody heard of.
    stage.board.clock.advance(60_000);
    let made = stage.world.world().lock().create("os", &nda(), stage.now() - 1_000).unwrap();
    stage.world.tell(&twin.url, made.callbacks).await;
    packages.push(("os", made.id));

    stage.board.clock.advance(7 * 3_600_000);
    let mut expected = Vec::new();
    for (account, id) in &packages {
        expected.extend(missing(
            id,
            &package(&stage.board, account, id).await,
            &package(&twin, account, id).await,
        ));
    }
    expected.sort();
    assert!(lost > 20 && expected.len() > 15, "{lost} {}", expected.len());
    stage.world.calls().clear();
    let mut found = 0;
    for account in ["os", "cg"] {
        let run = sweep(&stage, account).await;
        assert!(run.success && !run.full && run.reason == "time", "{run:?}");
        found += run.found;
    }
    assert_eq!(drift(&stage).await, expected);
    assert_eq!(usize::try_from(found).unwrap(), expected.len());
    assert_eq!(stage.world.calls().all().len(), 4, "a page of the list and one of the trash each");
    for (account, id) in &packages {
        let (board, all) = (package(&stage.board, account, id).await, package(&twin, account, id).await);
        assert_eq!(missing(id, &board, &all), [], "{board:#}");
    }
    // A second one finds nothing, and moves nothing back.
    stage.board.clock.advance(7 * 3_600_000);
    assert_eq!(sweep(&stage, "os").await.found, 0);
    twin.stop().await;
    stage.close().await;
}

#[actix_web::test]
async fn what_comes_before_the_answer_is_kept_was_not_missed() {
    let stage = Stage::open().await;
    let id = stage.sent("os", 1).await.remove(0);
    sweep(&stage, "os").await;
    let told = stage.happen("os", &id, &Act::SignAll(0));
    stage.board.clock.advance(7 * 3_600_000);
    let app = stage.board.app();
    let account = app.account("os").unwrap();
    let key = |id: &str| signboard::model::PackageKey {
        account: account.id.clone(),
        package: signboard::model::PackageId::parse(id).unwrap(),
    };
    let asked_at = app.now();
    let fetched = account.provider.fetch(&key(&id).package, asked_at).await.unwrap();
    // Between the answer and its keeping the callbacks come.
    let run = app.store.begin_run(Run::new(account.id.clone(), "people", None, asked_at)).await.unwrap();
    stage.tell(told).await;
    let d = fetched.date.unwrap();
    let fingerprint = signboard::store::answer_fingerprint(&key(&id), &fetched.answer, d).unwrap();
    let record = signboard::model::fold::answer_record(fetched.answer, d, asked_at, fingerprint);
    assert_eq!(app.store.learn_in(run.id, key(&id), record).await.unwrap(), 0);
    assert_eq!(drift(&stage).await, []);
    stage.close().await;
}

#[actix_web::test]
async fn a_sweep_that_is_interrupted_goes_on_where_it_was() {
    let mut stage = Stage::open().await;
    let ids = stage.sent("os", 130).await;
    sweep(&stage, "os").await;
    for id in &ids {
        stage.happen("os", id, &Act::SignAll(0));
    }
    stage.board.clock.advance(5 * 3_600_000);
    assert_eq!(step(&stage, "os").await, Swept::Went);
    assert_eq!(drift(&stage).await.len(), 100);
    let half = stage.board.app().store.runs(None, None, 1).await.unwrap().remove(0);
    stage.board.restart().await;
    stage.world.calls().clear();
    let run = sweep(&stage, "os").await;
    assert_eq!((run.id, run.pages, run.success), (half.id, half.pages + 2, true));
    assert_eq!(run.watermark, half.watermark);
    let from: BTreeSet<String> =
        stage.world.calls().all().iter().map(|it| it.query.split('&').next().unwrap().to_owned()).collect();
    assert_eq!(from, ["from=1", "from=101"].map(str::to_owned).into(), "the second page, and the trash");
    assert_eq!(drift(&stage).await.len(), 130);
    stage.close().await;
}

#[actix_web::test]
async fn a_provider_that_asks_to_wait_is_left_alone_that_long() {
    let stage = Stage::with_calls(3).await;
    let ids = stage.sent("os", 2).await;
    stage.world.faults().refuse_next(1, Refusal::TooMany(30));
    assert_eq!(step(&stage, "os").await, Swept::Idle);
    assert_eq!(stage.world.calls().all().len(), 1);
    stage.board.clock.advance(29_999);
    assert_eq!(step(&stage, "os").await, Swept::Idle);
    assert_eq!(stage.world.calls().all().len(), 1);
    let run = stage.board.app().store.runs(None, None, 1).await.unwrap().remove(0);
    assert!(run.trouble.unwrap().contains("asks to wait"));
    stage.board.clock.advance(1);
    assert_eq!(step(&stage, "os").await, Swept::Went);
    let run = sweep(&stage, "os").await;
    assert!(run.success && run.trouble.is_none() && run.watermark.is_some(), "{run:?}");
    assert_eq!(ids.len(), 2);
    let at: Vec<i64> = stage.world.calls().all().iter().map(|it| it.at).collect();
    for first in &at {
        assert!(at.iter().filter(|it| (0..60_000).contains(&(*it - first))).count() <= 3, "{at:?}");
    }
    stage.close().await;
}

#[actix_web::test]
async fn the_watermark_moves_only_when_a_sweep_is_whole() {
    let stage = Stage::open().await;
    stage.sent("os", 1).await;
    stage.world.faults().refuse_next(1, Refusal::Broken);
    assert_eq!(step(&stage, "os").await, Swept::Idle);
    let account = stage.board.app().account("os").unwrap().id.clone();
    let facts = || async { stage.board.app().store.run_facts(&account).await.unwrap() };
    assert_eq!(facts().await.watermark, None);
    assert!(!matches!(step(&stage, "os").await, Swept::Ended(_)), "it rests");
    let run = sweep(&stage, "os").await;
    assert!(run.baseline && run.success);
    assert_eq!(facts().await.watermark, run.watermark);
    stage.close().await;
}

#[actix_web::test]
async fn at_night_what_the_list_names_no_more_is_asked_about() {
    let stage = Stage::open().await;
    let ids = stage.sent("os", 30).await;
    sweep(&stage, "os").await;
    stage.world.faults().hide_package(&ids[0]);
    // Two at night, fourteen hours from noon.
    stage.board.clock.advance(NOON + 15 * 3_600_000 - stage.now());
    let run = sweep(&stage, "os").await;
    assert!(run.full && run.success && run.reason == "night", "{run:?}");
    assert_eq!(package(&stage.board, "os", &ids[0]).await["status"], "deleted");
    assert_eq!(drift(&stage).await, [(ids[0].clone(), "status".to_owned(), String::new())]);
    // Rule 9: a crowd is not believed.
    ids[1..].iter().for_each(|id| stage.world.faults().hide_package(id));
    stage.board.clock.advance(24 * 3_600_000);
    let run = sweep(&stage, "os").await;
    assert!(!run.success && run.trouble.unwrap().contains("none was marked as deleted"));
    assert_eq!(package(&stage.board, "os", &ids[1]).await["status"], "sent");
    assert_eq!(drift(&stage).await.len(), 1);
    stage.close().await;
}

#[actix_web::test]
async fn programs_read_what_was_found_page_by_page() {
    let stage = Stage::open().await;
    let ids = stage.sent("os", 3).await;
    sweep(&stage, "os").await;
    for id in &ids {
        stage.happen("os", id, &Act::Expire);
    }
    stage.board.clock.advance(7 * 3_600_000);
    let run = sweep(&stage, "os").await;
    let first = stage.board.json("/api/v1/drift?account=os&limit=2").await;
    assert_eq!(first["drift"].as_array().unwrap().len(), 2);
    let next = first["next"].as_str().unwrap();
    let last = stage.board.json(&format!("/api/v1/drift?limit=2&after={next}")).await;
    assert_eq!(last["next"], Value::Null);
    let line = &last["drift"][0];
    let told = ["account", "package", "signer", "field", "board", "provider", "missed", "run"]
        .map(|it| line[it].clone());
    assert_eq!(
        Value::from_iter(told),
        serde_json::json!(["os", ids[2], null, "status", "sent", "expired", "expired", run.id])
    );
    assert!(line["found_at"].as_str() > line["happened_at"].as_str());
    assert_eq!(stage.board.json("/api/v1/drift?account=cg").await["drift"], serde_json::json!([]));
    let runs = stage.board.json("/api/v1/runs?limit=1").await;
    assert_eq!((&runs["runs"][0]["found"], &runs["runs"][0]["success"]), (&3.into(), &true.into()));
    assert_eq!(runs["next"], run.id.to_string());
    for bad in ["limit=0", "limit=x", "after=x"] {
        assert_eq!(stage.board.get(&format!("/api/v1/drift?{bad}")).await.status(), 400, "{bad}");
    }
    stage.close().await;
}

#[actix_web::test]
async fn the_other_two_are_swept_as_well() {
    let stage = Stage::of(all_four(), true).await;
    let draft = nda();
    let (ls, wo) = (stage.create("ls", &draft).await, stage.create("wo", &draft).await);
    for (account, id) in [("ls", &ls), ("wo", &wo)] {
        stage.act(account, id, &Act::Activate).await;
        assert!(sweep(&stage, account).await.baseline);
        stage.happen(account, id, &Act::SignAll(0));
        stage.happen(account, id, &Act::SignAll(1));
    }
    stage.board.clock.advance(7 * 3_600_000);
    for account in ["ls", "wo"] {
        let run = sweep(&stage, account).await;
        assert!(run.success && run.found > 0, "{run:?}");
    }
    assert_eq!(package(&stage.board, "ls", &ls).await["status"], "completed");
    assert_eq!(package(&stage.board, "wo", &wo).await["status"], "completed");
    // Each signer at the one; the other's API states the status alone.
    let lines = drift(&stage).await;
    assert_eq!(lines.iter().filter(|it| it.0 == ls && it.1 == "progress").count(), 2, "{lines:?}");
    assert_eq!(lines.iter().filter(|it| it.0 == wo).count(), 1, "{lines:?}");
    stage.close().await;
}
