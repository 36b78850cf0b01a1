//! The demo: an outsider that plays the providers. It tells a seeded firm's week by real HTTP callbacks and answers
//! questions on its own port; of the house it knows nothing but the clock.
//!
//! `world` is the truth; `verbs` change it and say what is told, `legalesign` and `websignatureoffice` in their own words;
//! `fates`, `drafts`, `plot`, `stories` and `life` decide what happens; `wire` and `shape` write OneSpan's and Conga's bytes;
//! `teller` posts and `rest` answers.

mod account;
pub mod act;
mod calendar;
mod chaos;
mod drafts;
mod fates;
mod faults;
mod firm;
mod ids;
mod legalesign;
mod life;
pub mod package;
mod people;
mod plot;
mod rest;
mod shape;
pub mod stories;
mod teller;
mod verbs;
mod websignatureoffice;
pub mod wire;
pub mod world;

use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use actix_web::dev::ServerHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use life::Life;
use teller::Teller;
use wire::Callback;
use world::World;

pub use account::{Account, Events, Kind};
pub use faults::{Call, Calls, Faults, Refusal};
pub use rest::Registrations;
pub use teller::Told;
pub use world::WorldHandle;

/// What is told, and how well it travels. Chaos concerns live life only.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The same seed tells the same stories.
    pub seed: u64,
    /// Packages in the week that is told at the start.
    pub packages: usize,
    /// Acts a minute in live life; each tells one to three callbacks.
    pub rate_per_minute: f64,
    /// Fraction of callbacks that get lost.
    pub drop: f64,
    /// Fraction that comes twice.
    pub duplicate: f64,
    /// Fraction that is overtaken by later ones.
    pub reorder: f64,
    /// Callbacks are late by up to so many seconds.
    pub delay_seconds: f64,
    /// Legalesign collects changes and tells them every so many seconds: six minutes in truth.
    pub batch_seconds: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            packages: 300,
            rate_per_minute: 24.0,
            drop: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            delay_seconds: 0.0,
            batch_seconds: 360.0,
        }
    }
}

/// The providers: their truth, their REST side, and their voice.
#[derive(Debug)]
pub struct Simulator {
    clock: Clock,
    accounts: Vec<Account>,
    port: u16,
    server: ServerHandle,
    client: reqwest::Client,
    world: WorldHandle,
    faults: Faults,
    calls: Calls,
    registrations: Registrations,
    life: Mutex<Life>,
}

/// Live acts happen this long before they are told, so that what follows them by milliseconds isn't told from the future.
const BEHIND: i64 = 100;

impl Simulator {
    /// Serves the REST side on a free port of 127.0.0.1; the world is empty but for the senders.
    pub async fn start(clock: Clock, seed: u64, accounts: Vec<Account>) -> std::io::Result<Self> {
        Self::start_on(0, clock, seed, accounts).await
    }

    /// As [`Simulator::start`], on a given port.
    pub async fn start_on(
        port: u16,
        clock: Clock,
        seed: u64,
        accounts: Vec<Account>,
    ) -> std::io::Result<Self> {
        let client = teller::client()?;
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let port = listener.local_addr()?.port();
        let world = WorldHandle::new(World::new(seed, &accounts));
        let (faults, calls) = (Faults::default(), Calls::default());
        let registrations = Registrations::default();
        let server = rest::serve(listener, &clock, &world, &faults, &calls, &registrations, &accounts)?;
        let life = Mutex::new(Life::new(seed, accounts.clone()));
        Ok(Self { clock, accounts, port, server, client, world, faults, calls, registrations, life })
    }

    /// What the board's `api.base-url` is for an account; empty for an unknown one.
    #[must_use]
    pub fn base_url(&self, account: &str) -> String {
        self.url(account, |kind| match kind {
            Kind::OneSpan => "/api",
            Kind::Conga => "/api/sign",
            Kind::Legalesign => "/api/v1",
            Kind::WebSignatureOffice => "/tyrservice",
        })
    }

    /// Where client credentials are turned into a token (OAuth2 form); empty for an account that has no tokens.
    #[must_use]
    pub fn token_url(&self, account: &str) -> String {
        self.url(account, |kind| match kind {
            Kind::OneSpan => "/oauth2/token",
            Kind::Conga => "/api/v1/auth/connect/token",
            Kind::Legalesign | Kind::WebSignatureOffice => "",
        })
    }

    /// The truth; look, or make something happen: verbs return what the providers would tell, and post nothing.
    #[must_use]
    pub fn world(&self) -> WorldHandle {
        self.world.clone()
    }

    /// What goes wrong on the REST side.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// The calls that came to the REST side.
    #[must_use]
    pub fn calls(&self) -> Calls {
        self.calls.clone()
    }

    /// Whom the providers were told to call.
    #[must_use]
    pub fn registrations(&self) -> Registrations {
        self.registrations.clone()
    }

    /// Lets a week of stories happen, then tells the board all of it as fast as it listens.
    pub async fn tell_history(&self, board_url: &str, options: &Options) -> Told {
        let week = stories::week(options.seed, options.packages, &self.accounts, self.clock.millis());
        let (callbacks, threads) = stories::play(&mut self.world.lock(), &week);
        self.life.lock().unwrap_or_else(PoisonError::into_inner).go_on(threads);
        let teller = self.teller(board_url, options.batch_seconds);
        teller.history(teller.posts(callbacks)).await
    }

    /// Calls the board as no story does: with a wrong secret, and with half a callback.
    pub async fn tell_strays(&self, board_url: &str) -> Told {
        let strays = stories::strays(&self.accounts, self.clock.millis() - BEHIND);
        self.teller(board_url, Options::default().batch_seconds).history(strays).await
    }

    /// Goes on living and telling until it is stopped.
    pub async fn live(&self, board_url: &str, options: &Options, stop: CancellationToken) -> Told {
        let teller = self.teller(board_url, options.batch_seconds);
        teller.live(options, &stop, || self.next()).await
    }

    /// The certificate that Legalesign's signatures are good for, in PEM.
    #[must_use]
    pub fn certificate() -> &'static str {
        legalesign::seal::CERTIFICATE
    }

    /// Posts what verbs told, as it is and in order; entries are made batches first. For tests that drive the world by
    /// hand.
    pub async fn tell(&self, board_url: &str, callbacks: Vec<Callback>) -> Told {
        let teller = self.teller(board_url, Options::default().batch_seconds);
        let batches = callbacks.iter().any(|callback| callback.entry);
        teller.history(if batches { teller.posts(callbacks) } else { callbacks }).await
    }

    /// Closes the REST side.
    pub async fn stop(self) {
        self.server.stop(false).await;
    }

    fn teller<'a>(&'a self, board_url: &str, batch_seconds: f64) -> Teller<'a> {
        Teller::new(&self.client, board_url, &self.accounts, batch_seconds)
    }

    fn next(&self) -> Vec<Callback> {
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        life.next(&mut self.world.lock(), self.clock.millis() - BEHIND)
    }

    fn url(&self, account: &str, rest: impl Fn(Kind) -> &'static str) -> String {
        let mut served = self.accounts.iter().zip(rest::paths(&self.accounts));
        let found = served.find(|(known, _)| known.id == account);
        found.map_or_else(String::new, |(known, path)| {
            format!("http://127.0.0.1:{}{path}{}", self.port, rest(known.kind))
        })
    }
}
