//! The workers of a board: each repeats one step for as long as the board runs. What fails is said when that begins and when it
//! is over, and tried again a while later: the log may lie on the disk that is full.

use crate::app::App;
use crate::app::people::oidc::Asked;
use crate::app::reconcile::Swept;
use crate::model::{AccountId, Timestamp};
use crate::store::Trouble;
use crate::web;
use std::fmt::Display;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

/// How often the board looks for jobs of a command beside it.
const JOBS_EVERY: Duration = Duration::from_millis(500);
/// How often the board looks whether a command beside it ended a session, a person's rights or a token.
const ENDS_EVERY: Duration = Duration::from_millis(500);
/// How often the audit's file is brought up to date.
const DEEDS_EVERY: Duration = Duration::from_secs(1);
/// How often what is kept and couldn't be digested is tried again.
const PENDING_EVERY: Duration = Duration::from_secs(60);
/// How often an account without a sweep under way is looked at, and one whose API rests.
const SWEEPS_EVERY: Duration = Duration::from_secs(10);
/// How long a worker that failed, or that can't note what it does, leaves it alone.
const AGAIN: Duration = Duration::from_secs(10);
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

/// Whoever repeats a step.
struct Worker<'a> {
    app: &'a App,
    name: String,
    trouble: Trouble,
}

impl<'a> Worker<'a> {
    /// What it is called, and what is said where it fails.
    fn new(app: &'a App, name: impl Into<String>, fails: &'static str) -> Self {
        let name = name.into();
        Self { app, trouble: Trouble::new(name.clone(), fails), name }
    }

    /// One turn. `None`: it failed.
    async fn turn<T, E: Display>(&mut self, step: impl Future<Output = Result<T, E>>) -> Option<T> {
        let turn = self.app.begin_turn(self.name.clone());
        let done = step.await;
        drop(turn);
        match done {
            Ok(done) => {
                // Where nothing can be written some steps only look, which says nothing.
                if !self.is_hindered() {
                    self.trouble.is_over();
                }
                Some(done)
            }
            Err(cause) => {
                self.trouble.begins(&cause);
                None
            }
        }
    }

    /// What failed a moment ago, or can't be noted, fails again a moment later.
    async fn rest(&self) {
        if self.trouble.stands() || self.is_hindered() {
            sleep(AGAIN).await;
        }
    }

    fn is_hindered(&self) -> bool {
        self.app.store.health().trouble().is_some()
    }
}

/// Ends the live streams of whoever may see them no more: at once where this board does it, and soon where a command
/// beside it did.
pub(super) async fn leavers(app: App, stop: CancellationToken) {
    let mut trouble =
        Trouble::new("leavers", "whose time has come can't be read; live streams go on for now");
    let mut nap = ENDS_EVERY;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(nap) => (),
            () = app.store.until_people_change() => (),
        }
        nap = match app.end_streams().await {
            Ok(()) => {
                trouble.is_over();
                ENDS_EVERY
            }
            Err(cause) => {
                trouble.begins(&cause);
                ENDS_EVERY * 4
            }
        };
    }
}

pub(super) async fn digest(app: &App) {
    let mut worker = Worker::new(app, "digest", "pending callbacks can't be digested; they stay and wait");
    loop {
        if let Some(done) = worker.turn(app.drain()).await.filter(|done| done.arrivals > 0) {
            tracing::info!(done.arrivals, done.fresh, "pending callbacks were digested");
        }
        // What failed a moment ago fails again a moment later.
        let again = if app.store.health().pending() > 0 { PENDING_EVERY } else { Duration::MAX };
        tokio::select! { () = sleep(again) => (), () = app.pending.notified() => sleep(Duration::from_secs(1)).await }
    }
}

/// One account's API. Each has a worker of its own, so that a slow one holds up nobody.
pub(super) async fn ask(app: &App, account: &AccountId) {
    let Some(account) = app.accounts.get(account) else { return };
    let mut worker = Worker::new(
        app,
        format!("ask {}", account.id),
        "the answers of the API can't be kept; it is asked again",
    );
    loop {
        let step = async {
            let asked = app.ask_due_of(account).await;
            app.look_at_registration(account).await;
            asked
        };
        worker.turn(step).await;
        worker.rest().await;
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
    let mut worker = Worker::new(app, format!("sweep {}", account.id), "what a sweep found can't be kept");
    loop {
        let nap = match worker.turn(app.sweep_step(account)).await {
            Some(Swept::Went) => pace,
            // Where calls are scarce it takes its turn when the next one is free, as whoever asks what is due does.
            Some(Swept::Idle) => {
                let now = app.now();
                let until = account.api_state().waits_until(now).map(|until| until.since(now));
                let wait = until.map(|it| it.max(SHORTEST_NAP_MS).unsigned_abs());
                wait.map_or(SWEEPS_EVERY, |wait| SWEEPS_EVERY.min(Duration::from_millis(wait)))
            }
            Some(Swept::Ended(run)) => {
                tracing::info!(
                    account = %run.account, reason = run.reason, success = run.success, compared = run.compared,
                    found = run.found, unread = run.unread, calls = run.calls, "a sweep has ended"
                );
                // Another one may wait for its turn.
                pace
            }
            None => SWEEPS_EVERY,
        };
        // People don't wait for the next look.
        tokio::select! { () = sleep(nap) => (), () = account.sweep_due.notified() => () }
    }
}

/// One account's other listener. A worker of its own, so that a slow one holds up nobody.
pub(super) async fn forward(app: &App, account: &AccountId) {
    let Some(account) = app.accounts.get(account) else { return };
    let Some(forwarding) = &account.forwarding else { return };
    let mut worker = Worker::new(
        app,
        format!("forward {}", account.id),
        "what was passed on can't be noted; it is sent again",
    );
    loop {
        if worker.turn(app.forward_step(account)).await.is_some_and(|tried| tried > 0) {
            continue;
        }
        worker.rest().await;
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
    let mut worker = Worker::new(app, "people elsewhere", "what the identity provider says can't be kept");
    loop {
        if let Some(asked) = worker.turn(app.vouch_due()).await.filter(|it| *it != Asked::default()) {
            tracing::info!(?asked, "the identity provider was asked who may still come in");
        }
        sleep(VOUCHED_EVERY).await;
    }
}

pub(super) async fn jobs(app: &App) {
    let mut tick = interval(JOBS_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut upkeep = 0_u8;
    let mut worker = Worker::new(app, "jobs", "what commands ask for can't be done; it is tried again");
    let mut secrets = Worker::new(app, "old secrets", "an old secret can't be retired; it is accepted on");
    loop {
        tick.tick().await;
        worker.turn(app.do_jobs()).await;
        upkeep = upkeep.wrapping_add(1);
        // Twice in two minutes: a day is what has to pass.
        if upkeep.is_multiple_of(128) {
            secrets.turn(app.retire_quiet_secrets()).await;
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
    let mut worker = Worker::new(app, "retention", "what is old can't be let go of; it is tried again");
    loop {
        tick.tick().await;
        if let Some(gone) = worker.turn(app.retention_turn()).await.flatten() {
            tracing::info!("what is older than it is kept has gone: {gone}");
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
    let mut worker = Worker::new(app, "audit", "what was done can't be noted as told; it is told again");
    loop {
        if worker.turn(app.tell_deeds()).await.is_some_and(|told| told > 0) {
            continue;
        }
        worker.rest().await;
        sleep(if app.untold().is_some() { AGAIN } else { DEEDS_EVERY }).await;
    }
}

/// Whom to tell of what is raised, and of what is mended.
pub(super) async fn route_alerts(app: &App) {
    let mut changes = app.store.subscribe();
    let mut worker =
        Worker::new(app, "alerts", "whom to tell of alerts can't be noted; it is looked up again");
    loop {
        worker.turn(app.route_step()).await;
        worker.rest().await;
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
    let mut worker = Worker::new(
        app,
        "look for alerts",
        "what is wrong with the board can't be noted; it is looked at again",
    );
    loop {
        tick.tick().await;
        worker.turn(app.watch_step()).await;
    }
}

/// A worker of its own, so that a slow mail server holds up nobody.
pub(super) async fn send_messages(app: &App) {
    let mut worker = Worker::new(app, "messages", "what was told can't be noted; it may be told again");
    loop {
        worker.turn(app.tell_step()).await;
        worker.rest().await;
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
    let mut worker = Worker::new(
        app,
        format!("tell {}", hook.name()),
        "what a hook was told can't be noted; it is told again",
    );
    loop {
        if worker.turn(app.hook_step(hook)).await.is_some_and(|tried| tried > 0) {
            continue;
        }
        worker.rest().await;
        let next = app.next_hook_of(hook).await.ok().flatten();
        tokio::select! { () = sleep(nap_until(app, next)) => (), () = hook.wake.woken() => () }
    }
}
