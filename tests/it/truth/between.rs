//! A callback that comes while a sweep's answer is on its way: whatever the answer still says, the callback stands, and
//! nothing counts as missed.

use crate::support::world::{Stage, all_four, nda};
use serde_json::Value;
use signboard::app::Run;
use signboard::demo::act::Act;
use signboard::demo::wire::Callback;
use signboard::model::{PackageId, PackageKey, Timestamp, fold};
use signboard::provider::Fetched;
use signboard::store::answer_fingerprint;

/// Ana signs so many milliseconds from now, and nobody has told of it yet.
fn signs(stage: &Stage, account: &str, id: &str, later: i64) -> Vec<Callback> {
    stage.board.clock.advance(later);
    stage.world.world().lock().act(account, id, &Act::SignAll(0), stage.now())
}

async fn fetch(stage: &Stage, account: &str, id: &str) -> (Fetched, i64) {
    let package = PackageId::parse(id).unwrap();
    let asked_at = stage.board.app().now();
    let fetched =
        stage.board.app().account(account).unwrap().provider.fetch(&package, asked_at).await.unwrap();
    stage.board.clock.advance(5);
    (fetched, asked_at.0)
}

/// Keeps the answer as the sweep does; how many lines that made.
async fn keep(stage: &Stage, run: &Run, id: &str, (fetched, asked_at): (Fetched, i64)) -> u32 {
    let app = stage.board.app();
    let key = PackageKey { account: run.account.clone(), package: PackageId::parse(id).unwrap() };
    let asked_at = Timestamp(asked_at);
    let d = fetched.date.unwrap_or(asked_at);
    let fingerprint = answer_fingerprint(&key, &fetched.answer, d).unwrap();
    let record = fold::answer_record(fetched.answer, d, asked_at, fingerprint);
    app.store.learn_in(run.id, key, record).await.unwrap()
}

/// What everybody sees of it, but for when it was confirmed.
async fn seen(stage: &Stage, account: &str, id: &str) -> Value {
    let mut package = stage.board.package(account, id).await;
    let row: Vec<Value> = ["status", "trashed", "signers"].map(|it| package[it].take()).to_vec();
    row.into()
}

#[actix_web::test]
async fn a_callback_between_an_answer_and_its_keeping_wins_at_all_four() {
    let stage = Stage::of(all_four(), true).await;
    let app = stage.board.app();
    for account in ["os", "cg", "ls", "wo"] {
        let run = Run::new(app.account(account).unwrap().id.clone(), "time", None, app.now());
        let run = app.store.begin_run(run).await.unwrap();
        // An answer from before the signature, a moment or longer; and one that tells of it already.
        for later in [Some(5), Some(3_000), None] {
            let id = stage.create(account, &nda()).await;
            stage.act(account, &id, &Act::Activate).await;
            let first = fetch(&stage, account, &id).await;
            keep(&stage, &run, &id, first).await;
            stage.board.clock.advance(10_000);
            let (answer, told) = match later {
                Some(later) => {
                    let answer = fetch(&stage, account, &id).await;
                    (answer, signs(&stage, account, &id, later))
                }
                None => {
                    let told = signs(&stage, account, &id, 5);
                    (fetch(&stage, account, &id).await, told)
                }
            };
            let before = seen(&stage, account, &id).await;
            stage.tell(told).await;
            let after = seen(&stage, account, &id).await;
            assert_ne!(before, after, "{account}: it tells something");
            let lines = keep(&stage, &run, &id, answer).await;
            assert_eq!(lines, 0, "{account}, {later:?}");
            assert_eq!(seen(&stage, account, &id).await, after, "{account}, {later:?}");
        }
    }
    stage.close().await;
}
