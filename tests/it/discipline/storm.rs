//! The rate: whatever goes on at once, and whatever the providers answer.

use super::{HOUR, MINUTE, calls, sweep};
use crate::support::world::{Stage, all_four, nda};
use signboard::app::reconcile::Swept;
use signboard::demo::act::Act;
use signboard::demo::{Call, Refusal};
use std::collections::BTreeMap;

const RATE: u32 = 12;

/// Asks, signers, registrations and sweeps of all accounts, each second, for so long; how the sweeps that ended went.
async fn everything(stage: &Stage, seconds: u32, mut at_each: impl FnMut(u32)) -> Vec<(String, bool)> {
    let app = stage.board.app();
    let mut ended = Vec::new();
    for second in 0..seconds {
        at_each(second);
        for account in app.accounts.values() {
            if let Swept::Ended(run) = app.sweep_step(account).await.unwrap() {
                ended.push((account.id.0.clone(), run.success));
            }
            app.look_at_registration(account).await;
            app.ask_due_of(account).await.unwrap();
        }
        stage.board.clock.advance(1_000);
    }
    ended
}

fn by_account(stage: &Stage) -> BTreeMap<String, Vec<Call>> {
    let mut all: BTreeMap<String, Vec<Call>> = BTreeMap::new();
    for call in stage.world.calls().all() {
        all.entry(call.account.clone()).or_default().push(call);
    }
    all
}

async fn busy(public: bool) -> Stage {
    let mut stage = Stage::of(all_four(), true).await;
    let change = |config: &mut signboard::config::Config| {
        config.server.public_url = public.then(|| "https://board.example.com".to_owned());
        config.accounts.values_mut().for_each(|it| it.calls_per_minute = RATE);
    };
    stage.board.reconfigure(change).await;
    for account in ["os", "cg", "ls", "wo"] {
        for _ in 0..15 {
            let id = stage.create(account, &nda()).await;
            stage.act(account, &id, &Act::Activate).await;
            stage.act(account, &id, &Act::Open(0)).await;
        }
    }
    stage.world.calls().clear();
    stage
}

/// Meant to catch: a budget for asks and another for sweeps; the rest of a 429 forgotten by the next answer.
#[actix_web::test]
async fn never_more_calls_than_configured_and_every_rest_kept_in_a_storm() {
    let stage = busy(true).await;
    let mut dice = fastrand::Rng::with_seed(5);
    let faults = stage.world.faults().clone();
    let ended = everything(&stage, 25 * 60, |second| {
        if second < 300 && dice.u8(0..10) < 7 {
            faults.refuse_next(1, Refusal::TooMany(7));
        }
    })
    .await;
    for account in ["os", "cg", "ls", "wo"] {
        assert!(ended.contains(&(account.to_owned(), true)), "{account} {ended:?}");
    }
    let mut storms = 0;
    for (account, calls) in by_account(&stage) {
        let at: Vec<i64> = calls.iter().map(|it| it.at).collect();
        let most = usize::try_from(RATE).unwrap();
        assert!(at.windows(most + 1).all(|it| it[most] - it[0] >= MINUTE), "{account} {at:?}");
        // Legalesign names no time; its limit counts the calls of a minute.
        let rest = if account == "ls" { MINUTE } else { 7_000 };
        let told = calls.iter().filter(|it| it.status == 429).map(|it| it.at);
        let waits: Vec<i64> =
            told.clone().filter_map(|told| Some(at.iter().find(|at| **at > told)? - told)).collect();
        // Two are asked at once; what is under way is under way.
        for (n, call) in calls.iter().enumerate().filter(|(_, it)| it.status == 429) {
            assert!(calls[n + 1..].iter().filter(|it| it.at == call.at).count() <= 1, "{account} {calls:#?}");
        }
        assert!(waits.iter().all(|it| *it >= rest), "{account} {waits:?}");
        assert!(waits.iter().any(|it| *it <= rest + 1_000), "exactly so long: {account} {waits:?}");
        storms += waits.len();
        let state = stage.board.app().account(&account).unwrap().api_state();
        assert_eq!((state.failures, state.trouble), (0, None), "to be told to wait is no failure");
    }
    assert!(storms > 40, "{storms}");
    stage.close().await;
}

/// Meant to catch: the page read anew whenever something on it could not be asked for.
#[actix_web::test]
async fn a_page_with_much_to_ask_comes_to_its_end_on_the_smallest_budget() {
    let mut stage = Stage::of(all_four(), true).await;
    let mut ids = Vec::new();
    for _ in 0..6 {
        let id = stage.create("ls", &nda()).await;
        stage.act("ls", &id, &Act::Activate).await;
        stage.happen("ls", &id, &Act::Decline(0, "No.".to_owned()));
        ids.push(id);
    }
    stage.board.reconfigure(|it| it.accounts.values_mut().for_each(|it| it.calls_per_minute = 1)).await;
    stage.world.calls().clear();
    let run = sweep(&stage, "ls").await;
    assert!(run.success && run.compared >= 6, "{run:?}");
    for id in &ids {
        assert_eq!(calls(&stage, &format!("/document/{id}/")), 1);
        assert_eq!(stage.board.package("ls", id).await["status"], "declined");
    }
    let at: Vec<i64> = stage.world.calls().all().iter().map(|it| it.at).collect();
    assert!(at.windows(2).all(|it| it[1] - it[0] >= MINUTE), "{at:?}");
    assert!(at.last().unwrap() - at[0] < HOUR);
    stage.close().await;
}
