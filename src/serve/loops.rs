//! The workers of a board: each repeats one step for as long as the board runs.

use crate::app::App;
use crate::app::people::oidc::Asked;
use crate::app::reconcile::Swept;
use crate::model::{AccountId, Timestamp};
use crate::web;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

/// How often the board looks for jobs of a command beside it.
const JOBS_EVERY: Duration = Duration::from_millis(500);
/// How often the board looks whether a command beside it ended a session, a person's rights or a token.
const ENDS_EVERY: Duration = Duration::from_millis(500);
/// How often the audit's file is brought up to date, and how long it is left alone when it can't be written.
const DEEDS_EVERY: Duration = Duration::from_secs(1);
const DEEDS_AGAIN: Duration = Duration::from_secs(10);
/// How often what is kept and couldn't be digested is tried again.
const PENDING_EVERY: Duration = Duration::from_secs(60);
/// How often an account without a sweep under way is looked at, and one whose API rests.
const SWEEPS_EVERY: Duration = Duration::from_secs(10);
/// How long nothing is passed on after that could not be noted.
const FORWARDS_EVERY: Duration = Duration::from_secs(10);
/// After whom to tell was looked up, or told, it is not done again within this time: much may come at once.
const TOLD_AFTER: Duration = Duration::from_millis(200);
/// How often it is looked whether the disk has room, all is well, and what somebody has to see to.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How often it is looked whether it is time to let go of what is old.
const RETENTION_EVERY: Duration = Duration::from_secs(5 * 60);
/// How often it is looked whether the identity provider is to be asked about somebody.
const VOUCHED_EVERY: Duration = Duration::from_secs(60);
/// At most so long between two looks at what is due.
const LONGEST_NAP_MS: i64 = 30_000;
const SHORTEST_NAP_MS: i64 = 200;

/// Ends the live streams of whoever may see them no more: at once where this board does it, and soon where a command
/// beside it did.
pub(super) async fn leavers(app: App, stop: CancellationToken) {
    let mut nap = ENDS_EVERY;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(nap) => (),
            () = app.store.wrote_of_people() => (),
        }
        nap = match app.end_streams().await {
            Ok(()) => ENDS_EVERY,
            Err(cause) => {
                tracing::error!(%cause, "whose time has come can't be read; live streams go on for now");
                ENDS_EVERY * 4
            }
        };
    }
}

pub(super) async fn digest(app: &App) {
    loop {
        let turn = app.begin_turn("digest");
        let drained = app.drain().await;
        drop(turn);
        match drained {
            Ok(done) if done.arrivals == 0 => {}
            Ok(done) => tracing::info!(done.arrivals, done.fresh, "pending callbacks were digested"),
            Err(cause) => tracing::error!(%cause, "pending callbacks can't be digested; they stay and wait"),
        }
        // What failed a moment ago fails again a moment later.
        let again = if app.store.health().pending() > 0 { PENDING_EVERY } else { Duration::MAX };
        tokio::select! { () = sleep(again) => (), () = app.pending.notified() => sleep(Duration::from_secs(1)).await }
    }
}

/// One account's API. Each has a worker of its own, so that a slow one holds up nobody.
pub(super) async fn ask(app: &App, account: &AccountId) {
    let Some(account) = app.accounts.get(account) else { return };
    loop {
        let turn = app.begin_turn(format!("ask {}", account.id));
        if let Err(cause) = app.ask_due_of(account).await {
            tracing::error!(account = %account.id, %cause, "the answers of the API can't be kept");
        }
        app.look_at_registration(account).await;
        drop(turn);
        let next = app.next_round_of(account).await.ok().flatten();
        // What is due while the disk is spared stays due.
        let next = next.filter(|_| app.disk_low().is_none());
        let nap =
            next.map_or(LONGEST_NAP_MS, |at| at.since(app.now()).clamp(SHORTEST_NAP_MS, LONGEST_NAP_MS));
        let nap = Duration::from_millis(u64::try_from(nap).unwrap_or_default());
        // A callback may make something due at once.
        tokio::select! { () = sleep(nap) => (), () = account.due.notified() => sleep(Duration::from_millis(50)).await }
    }
}

/// One account's sweeps, beside what is due: they leave every other call of the budget to it.
pub(super) async fn sweep(app: &App, account: &AccountId) {
    let Some(account) = app.accounts.get(account) else { return };
    let pace = Duration::from_millis(2 * 60_000 / u64::from(account.config.calls_per_minute.max(1)));
    loop {
        let turn = app.begin_turn(format!("sweep {}", account.id));
        let swept = app.sweep_step(account).await;
        drop(turn);
        let nap = match swept {
            Ok(Swept::Went) => pace,
            // Where calls are scarce it takes its turn when the next one is free, as whoever asks what is due does.
            Ok(Swept::Idle) => {
                let now = app.now();
                let until = account.api_state().waits_until(now).map(|until| until.since(now));
                let wait = until.map(|it| it.max(SHORTEST_NAP_MS).unsigned_abs());
                wait.map_or(SWEEPS_EVERY, |wait| SWEEPS_EVERY.min(Duration::from_millis(wait)))
            }
            Ok(Swept::Ended(run)) => {
                tracing::info!(
                    account = %run.account, reason = run.reason, success = run.success, compared = run.compared,
                    found = run.found, unread = run.unread, calls = run.calls, "a sweep has ended"
                );
                // Another one may wait for its turn.
                pace
            }
            Err(cause) => {
                tracing::error!(account = %account.id, %cause, "what a sweep found can't be kept");
                SWEEPS_EVERY
            }
        };
        // People don't wait for the next look.
        tokio::select! { () = sleep(nap) => (), () = account.sweep_due.notified() => () }
    }
}

/// One account's other listener. A worker of its own, so that a slow one holds up nobody.
pub(super) async fn forward(app: &App, account: &AccountId) {
    let Some(account) = app.accounts.get(account) else { return };
    let Some(forwarding) = &account.forwarding else { return };
    loop {
        let turn = app.begin_turn(format!("forward {}", account.id));
        let forwarded = app.forward_step(account).await;
        drop(turn);
        match forwarded {
            Ok(0) => {}
            Ok(_) => continue,
            Err(cause) => {
                tracing::error!(account = %account.id, %cause, "what was passed on can't be noted; it is sent again");
                sleep(FORWARDS_EVERY).await;
            }
        }
        let next = app.next_forward_of(account).await.ok().flatten();
        let nap =
            next.map_or(LONGEST_NAP_MS, |at| at.since(app.now()).clamp(SHORTEST_NAP_MS, LONGEST_NAP_MS));
        let nap = Duration::from_millis(u64::try_from(nap).unwrap_or_default());
        tokio::select! { () = sleep(nap) => (), () = forwarding.wake.notified() => () }
    }
}

/// The keys for the tokens that come with an account's callbacks are there before the callbacks are.
pub(super) async fn keys(app: &App, account: &AccountId) {
    let Some(keys) = app.accounts.get(account).and_then(|it| it.provider.keys()) else { return };
    loop {
        let turn = app.begin_turn(format!("keys of {account}"));
        keys.ready(None, app.now()).await;
        drop(turn);
        sleep(VOUCHED_EVERY).await;
    }
}

/// Whoever comes by the identity provider is asked about again.
pub(super) async fn vouch(app: &App) {
    loop {
        let turn = app.begin_turn("people elsewhere");
        let asked = app.vouch_due().await;
        drop(turn);
        match asked {
            Ok(asked) if asked == Asked::default() => {}
            Ok(asked) => tracing::info!(?asked, "the identity provider was asked who may still come in"),
            Err(cause) => tracing::error!(%cause, "what the identity provider says can't be kept"),
        }
        sleep(VOUCHED_EVERY).await;
    }
}

pub(super) async fn jobs(app: &App) {
    let mut tick = interval(JOBS_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut upkeep = 0_u8;
    loop {
        tick.tick().await;
        let turn = app.begin_turn("jobs");
        if let Err(cause) = app.do_jobs().await {
            tracing::error!(%cause, "a job failed");
        }
        drop(turn);
        upkeep = upkeep.wrapping_add(1);
        // Twice in two minutes: a day is what has to pass.
        if upkeep.is_multiple_of(128)
            && let Err(cause) = app.retire_quiet_secrets().await
        {
            tracing::error!(%cause, "an old secret can't be retired; it is accepted on");
        }
        if upkeep.is_multiple_of(16)
            && let Some(recorder) = web::health::recorder()
        {
            // The recorder forgets old samples only when told to.
            recorder.run_upkeep();
        }
    }
}

/// What is older than it is kept.
pub(super) async fn let_go(app: &App) {
    let mut tick = interval(RETENTION_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let turn = app.begin_turn("retention");
        let gone = app.retention_turn().await;
        drop(turn);
        match gone {
            Ok(None) => {}
            Ok(Some(gone)) => tracing::info!("what is older than it is kept has gone: {gone}"),
            Err(cause) => tracing::error!(%cause, "what is old can't be let go of; it is tried again"),
        }
    }
}

/// The disk, and who is told that all is well.
pub(super) async fn watch(app: &App) {
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        app.look_at_disk();
        app.beat().await;
    }
}

/// What was done, to the audit's file.
pub(super) async fn tell(app: &App) {
    loop {
        let turn = app.begin_turn("audit");
        let told = app.tell_deeds().await;
        drop(turn);
        match told {
            Ok(0) => {}
            Ok(_) => continue,
            Err(cause) => tracing::error!(%cause, "what was done can't be told; it is told again"),
        }
        sleep(if app.untold().is_some() { DEEDS_AGAIN } else { DEEDS_EVERY }).await;
    }
}

/// Whom to tell of what is raised, and of what is mended.
pub(super) async fn route_alerts(app: &App) {
    let mut changes = app.store.subscribe();
    loop {
        let turn = app.begin_turn("alerts");
        if let Err(cause) = app.route_step().await {
            tracing::error!(%cause, "whom to tell of alerts can't be noted; it is looked up again");
        }
        drop(turn);
        let next = app.next_route().await.ok().flatten();
        sleep(TOLD_AFTER).await;
        tokio::select! {
            () = sleep(nap_until(app, next)) => (),
            () = app.store.alerted() => (),
            // A change may bring the sender.
            _ = changes.recv(), if next.is_some() => changes = changes.resubscribe(),
        }
    }
}

/// Whether something is wrong with the board, or a package lies still.
pub(super) async fn look_for_alerts(app: &App) {
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let turn = app.begin_turn("look for alerts");
        if let Err(cause) = app.watch_step().await {
            tracing::error!(%cause, "what is wrong with the board can't be noted; it is looked at again");
        }
        drop(turn);
    }
}

/// A worker of its own, so that a slow mail server holds up nobody.
pub(super) async fn send_messages(app: &App) {
    loop {
        let turn = app.begin_turn("messages");
        let told = app.tell_step().await;
        drop(turn);
        if let Err(cause) = &told {
            tracing::error!(%cause, "what was told can't be noted; it may be told again");
            sleep(FORWARDS_EVERY).await;
        }
        sleep(TOLD_AFTER).await;
        let next = app.next_telling().await.ok().flatten();
        tokio::select! { () = sleep(nap_until(app, next)) => (), () = app.post.wake.notified() => () }
    }
}

/// How long to wait for what is due then.
fn nap_until(app: &App, next: Option<Timestamp>) -> Duration {
    let nap = next.map_or(LONGEST_NAP_MS, |at| at.since(app.now()).clamp(SHORTEST_NAP_MS, LONGEST_NAP_MS));
    Duration::from_millis(u64::try_from(nap).unwrap_or_default())
}

/// One hook. A worker of its own, so that a slow receiver holds up nobody.
pub(super) async fn tell_hook(app: &App, hook: &str) {
    let Some(hook) = app.hooks.get(hook) else { return };
    loop {
        let turn = app.begin_turn(format!("tell {}", hook.name()));
        let told = app.hook_step(hook).await;
        drop(turn);
        match told {
            Ok(0) => {}
            Ok(_) => continue,
            Err(cause) => {
                tracing::error!(hook = hook.name(), %cause, "what a hook was told can't be noted; it is told again");
                sleep(FORWARDS_EVERY).await;
            }
        }
        let next = app.next_hook_of(hook).await.ok().flatten();
        tokio::select! { () = sleep(nap_until(app, next)) => (), () = hook.wake.woken() => () }
    }
}
