//! Runs a board: binds its addresses, starts its workers, and stops them in order.
//!
//! Only here things loop; what they repeat is a step that a test can turn by hand.

use crate::app::reconcile::Swept;
use crate::app::{App, BuildError, StoreError};
use crate::clock::Clock;
use crate::config::{CallbackAuth, Config};
use crate::model::{AccountId, Timestamp};
use crate::store::Mode;
use crate::web::live::Hub;
use crate::web::{self, Shared};
use actix_web::dev::ServerHandle;
use actix_web::web::ServiceConfig;
use actix_web::{App as Http, HttpServer};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How often the board looks for jobs of a command beside it.
const JOBS_EVERY: Duration = Duration::from_millis(500);
/// How often the board looks whether a command beside it ended a session, a person's rights or a token.
const ENDS_EVERY: Duration = Duration::from_millis(500);
/// How often what is kept and couldn't be digested is tried again.
const PENDING_EVERY: Duration = Duration::from_secs(60);
/// How often an account without a sweep under way is looked at, and one whose API rests.
const SWEEPS_EVERY: Duration = Duration::from_secs(10);
/// How long nothing is passed on after that could not be noted.
const FORWARDS_EVERY: Duration = Duration::from_secs(10);
/// After whom to tell was looked up, or told, it is not done again within this time: much may come at once.
const TOLD_AFTER: Duration = Duration::from_millis(200);
/// How often it is looked whether the disk has room and all is well.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// At most so long between two looks at what is due.
const LONGEST_NAP_MS: i64 = 30_000;
const SHORTEST_NAP_MS: i64 = 200;
/// Streams are ended first, so that nothing but a request in flight has to be waited for.
const STOP_SECONDS: u64 = 3;
const MOST_CONNECTIONS: usize = 20_000;

/// What a server answers.
type Routes = fn(&Shared, &mut ServiceConfig);

/// Why a server couldn't be started.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The board itself.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The store, once it is open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An address.
    #[error("{address} can't be listened on: {cause}")]
    Bind {
        /// Which one.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
}

/// A board that listens.
#[derive(Debug)]
pub struct Server {
    app: App,
    addresses: Vec<SocketAddr>,
    handles: Vec<ServerHandle>,
    running: Vec<tokio::task::JoinHandle<std::io::Result<()>>>,
    stop: CancellationToken,
}

impl Server {
    /// Opens the data folder, binds, and answers requests. The workers are not started yet: see [`Server::work`].
    ///
    /// # Errors
    /// A sentence that says which folder, account or address, and what to do.
    pub async fn start(config: Config, clock: Clock) -> Result<Self, ServeError> {
        let (listen, callbacks) = (config.server.listen, config.server.callbacks_listen);
        web::health::recorder();
        let app = App::open(config, clock, Mode::Board).await?;
        app.accounts.keys().for_each(web::health::begin);
        warn_of_open_doors(&app);
        app.key_notes().iter().for_each(|note| tracing::info!("{note}"));
        let stop = CancellationToken::new();
        let hub = Hub::new(stop.clone());
        let shared = Shared::new(app.clone(), hub.clone());
        tokio::spawn(hub.relay(app.store.subscribe()));
        tokio::spawn(leavers(app.clone(), stop.clone()));
        let mut server = Self { app, addresses: Vec::new(), handles: Vec::new(), running: Vec::new(), stop };
        server.bind(shared.clone(), web::routes, listen)?;
        if let Some(address) = callbacks {
            server.bind(shared, web::callback_routes, address)?;
        }
        Ok(server)
    }

    /// Listens on `address`, with all of the board or with callbacks alone.
    fn bind(&mut self, shared: Shared, routes: Routes, address: SocketAddr) -> Result<(), ServeError> {
        let http = HttpServer::new(move || Http::new().configure(|config| routes(&shared, config)));
        let http = http
            .disable_signals()
            .shutdown_timeout(STOP_SECONDS)
            .max_connections(MOST_CONNECTIONS)
            .backlog(4096)
            .bind(address)
            .map_err(|cause| ServeError::Bind { address, cause })?;
        self.addresses.extend(http.addrs());
        let running = http.run();
        self.handles.push(running.handle());
        self.running.push(tokio::spawn(running));
        Ok(())
    }

    /// The board, for whoever turns its steps by hand.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Where it listens: `listen` first.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Starts the workers: digest what is pending, ask the APIs, sweep, do what commands ask for.
    pub fn work(&self) {
        self.app.look_at_disk();
        let (app, stop) = (self.app.clone(), self.stop.clone());
        tokio::spawn(async move {
            tokio::select! { () = stop.cancelled() => (), () = digest(&app) => () }
        });
        for account in self.app.accounts.values().filter(|it| it.config.api.is_some()) {
            let (app, stop, account) = (self.app.clone(), self.stop.clone(), account.id.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => (), () = ask(&app, &account) => (), () = sweep(&app, &account) => ()
                }
            });
        }
        for account in self.app.accounts.values().filter(|it| it.forwarding.is_some()) {
            let (app, stop, account) = (self.app.clone(), self.stop.clone(), account.id.clone());
            tokio::spawn(async move {
                tokio::select! { () = stop.cancelled() => (), () = forward(&app, &account) => () }
            });
        }
        let (app, stop) = (self.app.clone(), self.stop.clone());
        tokio::spawn(async move {
            tokio::select! { () = stop.cancelled() => (), () = jobs(&app) => () }
        });
        let (app, stop) = (self.app.clone(), self.stop.clone());
        tokio::spawn(async move {
            tokio::select! { () = stop.cancelled() => (), () = watch(&app) => () }
        });
        let (app, stop) = (self.app.clone(), self.stop.clone());
        tokio::spawn(async move {
            tokio::select! { () = stop.cancelled() => (), () = route_alerts(&app) => (), () = send_messages(&app) => () }
        });
    }

    /// Ends the live streams, then HTTP, then the database: everything acknowledged is on disk before and after.
    pub async fn stop(self) {
        self.stop.cancel();
        let all = self.handles.iter().map(|handle| handle.stop(true));
        let limit = Duration::from_secs(STOP_SECONDS + 1);
        if timeout(limit, futures_util::future::join_all(all)).await.is_err() {
            tracing::warn!("some connections did not end in time and were cut");
        }
        self.app.store.close().await;
    }
}

/// Ends the live streams of whoever may see them no more: at once where this board does it, and soon where a command
/// beside it did.
async fn leavers(app: App, stop: CancellationToken) {
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

async fn digest(app: &App) {
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
async fn ask(app: &App, account: &AccountId) {
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
        let nap = nap_until(app, next.filter(|_| app.disk_low().is_none()));
        // A callback may make something due at once.
        tokio::select! { () = sleep(nap) => (), () = account.due.notified() => sleep(Duration::from_millis(50)).await }
    }
}

/// One account's sweeps, beside what is due: they leave every other call of the budget to it.
async fn sweep(app: &App, account: &AccountId) {
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
async fn forward(app: &App, account: &AccountId) {
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
        tokio::select! { () = sleep(nap_until(app, next)) => (), () = forwarding.wake.notified() => () }
    }
}

async fn jobs(app: &App) {
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
        if upkeep.is_multiple_of(128)
            && let Err(cause) = app.age_step().await
        {
            tracing::error!(%cause, "old ends can't be closed; they stay open for now");
        }
        if upkeep.is_multiple_of(16)
            && let Some(recorder) = web::health::recorder()
        {
            // The recorder forgets old samples only when told to.
            recorder.run_upkeep();
        }
    }
}

/// Whom to tell of what is raised, and of what is mended.
async fn route_alerts(app: &App) {
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

/// A worker of its own, so that a slow mail server holds up nobody.
async fn send_messages(app: &App) {
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

/// The disk, and who is told that all is well.
async fn watch(app: &App) {
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        app.look_at_disk();
        app.beat().await;
    }
}

fn warn_of_open_doors(app: &App) {
    for account in app.accounts.values() {
        if matches!(account.config.callback, CallbackAuth::None) && account.config.path_token.is_none() {
            tracing::warn!(account = %account.id, "this account asks callbacks for no secret: anybody who finds its address can write to it");
        }
    }
}
