//! Floor 2: the use cases. Knows providers only as a trait, and neither HTTP nor HTML nor SQL.
//!
//! [`App`] is the one handle that everybody clones. [`ingest`] takes callbacks in, [`asking`] asks the providers' APIs
//! about what is due unless the [`circuit`] is open, `locating` about signers without a package, [`forwarding`] passes
//! callbacks on, [`alerts`] tells people, [`hooks`] the firm's own logic, [`reconcile`] looks for what callbacks missed, [`resync`] lets people ask for that,
//! [`replay`] reads kept bytes again, [`retention`] lets go of what is old, [`erasing`] of a person, [`import`] takes what a
//! person pasted, [`standing`] says how the accounts are and [`traffic`] how well their callbacks do, and [`walk`] goes
//! through all that a board shows.

pub mod alerts;
pub mod asking;
pub mod circuit;
pub mod disk;
pub mod erasing;
pub mod forwarding;
pub mod heartbeat;
pub mod hooks;
pub mod import;
pub mod ingest;
mod locating;
pub mod people;
pub mod reconcile;
pub mod refusals;
pub mod registering;
pub mod replay;
pub mod resync;
pub mod retention;
pub mod rotating;
pub mod standing;
pub mod testing;
pub mod text;
mod token;
pub mod traffic;
pub mod walk;

pub use crate::store::read::{
    AccountFacts, Arrival, ArrivalState, Change, Detail, LoneSigner, Page, Refused, Row, SecretUse, WhyGone,
};
pub use crate::store::{
    Alert, AlertFilter, AlertState, Because, Counts, Drift, DriftCounts, DriftFilter, DryLine, Facets,
    Forward, ForwardFacts, Gone, HookDelivery, HookFacts, HookState, Hour, Look, MOST_COUNTED, MOST_VIEWS,
    Message, MessageFacts, NewWaiting, Occasion, Old, OldKind, Order, Passing, Resolution, Room, Run, Said,
    Standing, StoreError, Surroundings, Taken, Telling, TellingState, View, Waiting, amount,
};

use crate::clock::Clock;
use crate::config::{AccountConfig, Config, Keys, KeysError};
use crate::model::{AccountId, Timestamp};
use crate::provider::{self, OpenError, Provider};
use crate::store::{Copied, Mode, Policies, Policy, Progress, Store};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

/// A full sweep takes place every day: it is among so many.
const REMEMBERED: u32 = 20;

/// One configured account and its adapter.
#[derive(Debug)]
pub struct Account {
    /// Its id, as in the callback URL.
    pub id: AccountId,
    /// What the configuration says of it. Holds secrets, which never print; which of them count says [`App::keyed`].
    pub config: AccountConfig,
    /// The adapter.
    pub provider: Arc<dyn Provider>,
    /// How its API answered last.
    pub api: Mutex<ApiState>,
    /// Wakes the worker that asks its API.
    pub due: tokio::sync::Notify,
    /// Wakes the worker that sweeps.
    pub sweep_due: tokio::sync::Notify,
    /// Held by whoever tries an API that failed.
    trying: tokio::sync::Mutex<()>,
    /// Its sweeps; one step at a time.
    pub sweeps: tokio::sync::Mutex<reconcile::Sweeps>,
    /// The other listener, to which its callbacks are passed on.
    pub forwarding: Option<forwarding::Forwarding>,
    /// What its callbacks were refused for lately.
    pub refusals: refusals::Refusals,
    /// Its test callbacks.
    pub tests: testing::Tests,
    /// When a callback last came to an address with the vendor's stray `>`, in milliseconds; 0: none did.
    misprint: AtomicI64,
    /// When its last callback was accepted, in milliseconds; 0: none was.
    heard: AtomicI64,
}

/// How an account's API answered last.
#[derive(Debug, Clone, Default)]
pub struct ApiState {
    /// When it last answered.
    pub answered_at: Option<Timestamp>,
    /// What went wrong since then, and when.
    pub trouble: Option<(Timestamp, String)>,
    /// The trouble is that it refuses our credentials.
    pub refused: bool,
    /// It is left alone until then: it asked for that, or it failed.
    pub rests_until: Option<Timestamp>,
    /// Our own calls of a minute are used up until then.
    pub full_until: Option<Timestamp>,
    /// Before this, nothing is asked about that is only to be looked at once more.
    pub again_at: Option<Timestamp>,
    /// How many asks failed in a row.
    pub failures: u32,
    /// The provider's clock less ours, in milliseconds, as its last dated answer told.
    pub clock_offset: i64,
    /// Where in the provider's list the next page begins.
    pub walk: u32,
    /// The list was read to its end once.
    pub walked: bool,
    /// When the list last worked.
    pub list_worked_at: Option<Timestamp>,
    /// The list is to be tried before anything else: whether a 404 counts depends on it.
    pub list_wanted: bool,
    /// Its key sees the packages of its own sender only, as a full sweep found.
    pub own_only: bool,
    /// Whom its provider was told to call, when last read.
    pub registration: Option<registering::Told>,
}

/// The board: everything that a request or a worker needs.
#[derive(Debug, Clone)]
pub struct App(Arc<Inner>);

/// What [`App`] shares.
#[derive(Debug)]
pub struct Inner {
    /// The database.
    pub store: Store,
    /// The accounts by id.
    pub accounts: BTreeMap<AccountId, Account>,
    /// The receivers of the firm's own logic, by name.
    pub hooks: BTreeMap<String, hooks::Hook>,
    /// The configuration as it was read.
    pub config: Config,
    /// The same with the secrets that count now.
    keyed: RwLock<Arc<Config>>,
    /// Held by whoever changes them.
    turning: Mutex<()>,
    /// The only one to ask for the time.
    pub clock: Clock,
    /// The identity provider at which people may sign in.
    pub oidc: Option<people::oidc::Oidc>,
    /// What is remembered of sign-ins.
    pub watch: people::Watch,
    /// Which packages people asked about lately, one by one.
    lately: resync::Lately,
    /// For whom live streams are open.
    pub ends: people::Ends,
    /// What was refused to people lately.
    refusals: refusals::Refusals,
    telling: people::deeds::Telling,
    /// What sends messages.
    pub post: alerts::Post,
    walked: alerts::Walked,
    /// Wakes the worker that digests what is pending.
    pub pending: tokio::sync::Notify,
    disk: disk::Disk,
    keeping: retention::Keeping,
    heart: heartbeat::Heart,
    workers: heartbeat::Workers,
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Why a board couldn't be put together.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The data folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file of rotated secrets.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// An account.
    #[error(transparent)]
    Provider(#[from] OpenError),
    /// The mail server.
    #[error("mails can't be sent: {0}")]
    Mail(String),
}

impl App {
    /// Opens the data folder and every account.
    ///
    /// # Errors
    /// A sentence that says which folder or account, and what to do.
    pub async fn open(config: Config, clock: Clock, mode: Mode) -> Result<Self, BuildError> {
        let keyed = config.with_keys(&Keys::read(&config.server.data)?);
        let accounts = accounts(&keyed)?;
        let idp = config.oidc.as_ref().map(people::oidc::Oidc::open).transpose()?;
        let post = alerts::Post::open(&config).map_err(BuildError::Mail)?;
        let hooks = hooks::open(&config)?;
        let mode = match mode {
            Mode::Board if !config.server.copies_before_update => Mode::Uncopied,
            mode => mode,
        };
        let store =
            Store::open(Path::new(&config.server.data), mode, policies(&accounts, &hooks, &config)).await?;
        for account in accounts.values() {
            store.run_facts(&account.id).await?.last_callback.into_iter().for_each(|at| account.hear(at));
            account.remember(&store.runs(Some(&account.id), None, REMEMBERED).await?);
        }
        let idp = config.oidc.as_ref().zip(idp);
        let oidc = idp.map(|(it, idp)| people::oidc::Oidc::new(it, idp, store.folder())).transpose()?;
        Ok(Self(Arc::new(Inner {
            store,
            accounts,
            hooks,
            config,
            keyed: RwLock::new(Arc::new(keyed)),
            turning: Mutex::default(),
            clock,
            oidc,
            watch: people::Watch::new()?,
            lately: resync::Lately::default(),
            ends: people::Ends::default(),
            refusals: refusals::Refusals::default(),
            telling: people::deeds::Telling::default(),
            post,
            walked: alerts::Walked::default(),
            pending: tokio::sync::Notify::new(),
            disk: disk::Disk::default(),
            keeping: retention::Keeping::default(),
            heart: heartbeat::Heart::default(),
            workers: heartbeat::Workers::default(),
        })))
    }

    /// Makes the board of a configuration's data folder, which must have none, out of a backup.
    ///
    /// # Errors
    /// What is wrong with the backup, the folder or an account. There is still no board in the folder then.
    pub async fn restore(
        config: &Config,
        file: &Path,
        told: impl FnMut(Progress),
    ) -> Result<Copied, BuildError> {
        let accounts = accounts(&config.with_keys(&Keys::read(&config.server.data)?))?;
        let policies = policies(&accounts, &BTreeMap::new(), config);
        Ok(Store::restore(file, &config.server.data, policies, told).await?)
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(self.clock.millis())
    }

    /// An account by its id.
    #[must_use]
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.get(&AccountId(id.to_owned()))
    }
}

fn accounts(config: &Config) -> Result<BTreeMap<AccountId, Account>, BuildError> {
    let account = |(id, config): (&String, &AccountConfig)| {
        let id = AccountId(id.clone());
        let account = Account {
            id: id.clone(),
            config: config.clone(),
            provider: provider::open(&id, config)?,
            api: Mutex::default(),
            due: tokio::sync::Notify::new(),
            sweep_due: tokio::sync::Notify::new(),
            trying: tokio::sync::Mutex::default(),
            sweeps: tokio::sync::Mutex::default(),
            forwarding: forwarding::Forwarding::open(config)?,
            refusals: refusals::Refusals::default(),
            tests: testing::Tests::default(),
            misprint: AtomicI64::new(0),
            heard: AtomicI64::new(0),
        };
        Ok((id, account))
    };
    config.accounts.iter().map(account).collect()
}

fn policies(
    accounts: &BTreeMap<AccountId, Account>,
    hooks: &BTreeMap<String, hooks::Hook>,
    config: &Config,
) -> Policies {
    let of = |it: &Account| {
        let wants = hooks::wants(hooks, config, &it.id.0, it.config.provider.as_str());
        (it.id.clone(), Policy { hooks: wants, ..it.policy() })
    };
    accounts.values().map(of).collect()
}

impl Account {
    /// How its API answered last.
    #[must_use]
    pub fn api_state(&self) -> ApiState {
        self.api.lock().map(|it| it.clone()).unwrap_or_default()
    }

    /// When, since the start, a callback last came to an address that ends in a stray `>`, as StepOver's example does.
    #[must_use]
    pub fn misprint_at(&self) -> Option<Timestamp> {
        Some(self.misprint.load(Ordering::Relaxed)).filter(|at| *at != 0).map(Timestamp)
    }

    fn note_misprint(&self, at: Timestamp) {
        if self.misprint.fetch_max(at.0, Ordering::Relaxed) == 0 {
            tracing::warn!(
                account = %self.id,
                "callbacks come to an address that ends in `>`, which is a misprint in the provider's example; they are \
                 taken all the same, but take the `>` out of the address at the provider"
            );
        }
    }

    fn policy(&self) -> Policy {
        let habits = self.provider.habits();
        Policy {
            asks: self.config.api.is_some(),
            signers_alone: habits.signers_alone,
            groups: self.config.groups.iter().cloned().collect(),
            words: habits.words,
            told_within_ms: habits.told_within_ms(),
            hooks: None,
        }
    }

    fn note_api(&self, note: impl FnOnce(&mut ApiState)) {
        if let Ok(mut state) = self.api.lock() {
            note(&mut state);
        }
    }
}
