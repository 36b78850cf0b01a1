//! Runs a board: binds its addresses, starts its workers, and stops them in order.
//!
//! Only in `loops` things loop; what they repeat is a step that a test can turn by hand.

mod loops;

use crate::app::{App, BuildError, StoreError};
use crate::clock::Clock;
use crate::config::{CallbackAuth, Config};
use crate::store::Mode;
use crate::web::live::Hub;
use crate::web::{self, Shared};
use actix_web::dev::ServerHandle;
use actix_web::web::ServiceConfig;
use actix_web::{App as Http, HttpServer};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

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
        tokio::spawn(hub.relay(app.store.subscribe(), app.store.took_away()));
        tokio::spawn(loops::leavers(app.clone(), stop.clone()));
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
            tokio::select! { () = stop.cancelled() => (), () = loops::digest(&app) => () }
        });
        for account in self.app.accounts.values().filter(|it| it.config.api.is_some()) {
            let (app, stop, account) = (self.app.clone(), self.stop.clone(), account.id.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => (), () = loops::ask(&app, &account) => (), () = loops::sweep(&app, &account) => ()
                }
            });
        }
        for account in self.app.accounts.values().filter(|it| it.forwarding.is_some()) {
            let (app, stop, account) = (self.app.clone(), self.stop.clone(), account.id.clone());
            tokio::spawn(async move {
                tokio::select! { () = stop.cancelled() => (), () = loops::forward(&app, &account) => () }
            });
        }
        for account in self.app.accounts.values().filter(|it| it.provider.keys().is_some()) {
            let (app, stop, account) = (self.app.clone(), self.stop.clone(), account.id.clone());
            tokio::spawn(async move {
                tokio::select! { () = stop.cancelled() => (), () = loops::keys(&app, &account) => () }
            });
        }
        if self.app.oidc.is_some() {
            let (app, stop) = (self.app.clone(), self.stop.clone());
            tokio::spawn(async move {
                tokio::select! { () = stop.cancelled() => (), () = loops::vouch(&app) => () }
            });
        }
        for hook in self.app.hooks.keys() {
            let (app, stop, hook) = (self.app.clone(), self.stop.clone(), hook.clone());
            tokio::spawn(async move {
                tokio::select! { () = stop.cancelled() => (), () = loops::tell_hook(&app, &hook) => () }
            });
        }
        let (app, stop) = (self.app.clone(), self.stop.clone());
        tokio::spawn(async move {
            tokio::select! { () = stop.cancelled() => (), () = loops::jobs(&app) => () }
        });
        let (app, stop) = (self.app.clone(), self.stop.clone());
        tokio::spawn(async move {
            tokio::select! { () = stop.cancelled() => (), () = loops::watch(&app) => (), () = loops::let_go(&app) => () }
        });
        if self.app.config.audit.is_some() {
            let (app, stop) = (self.app.clone(), self.stop.clone());
            tokio::spawn(async move {
                tokio::select! { () = stop.cancelled() => (), () = loops::tell(&app) => () }
            });
        }
        let (app, stop) = (self.app.clone(), self.stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => (),
                () = loops::look_for_alerts(&app) => (),
                () = loops::route_alerts(&app) => (),
                () = loops::send_messages(&app) => (),
            }
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

fn warn_of_open_doors(app: &App) {
    for account in app.accounts.values() {
        if matches!(account.config.callback, CallbackAuth::None) && account.config.path_token.is_none() {
            tracing::warn!(account = %account.id, "this account asks callbacks for no secret: anybody who finds its address can write to it");
        }
    }
}
