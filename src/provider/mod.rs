//! Floor 1: the providers. Everything that only one of them does stays behind the [`Provider`] trait; above it nobody
//! knows that several exist.
//!
//! Few verbs, no defaults: forgetting to verify does not compile, since [`Provider::parse`] takes a [`Verified`] that
//! only an adapter, or the record of an earlier verdict, can give.

mod auth;
mod budget;
mod client;
mod conga;
mod credentials;
mod fingerprint;
pub mod hook;
mod instant;
pub mod issuer;
pub mod knock;
mod legalesign;
mod lenient;
pub mod listener;
mod onespan;
pub mod pasted;
pub mod registration;
mod rest;
mod websignatureoffice;

pub use fingerprint::fingerprint;

use crate::config::{AccountConfig, CallbackAuth, ProviderKind, Secret};
use crate::model::standing::Words;
use crate::model::{AccountId, Answer, Event, Fingerprint, PackageId, SignerId, Snapshot, Timestamp};
use registration::{Change, Registration, Wanted};
use std::sync::Arc;
use std::time::Duration;

/// Makes the adapter of one configured account. Nothing is sent; files that the configuration names are read.
///
/// # Errors
/// What in the configuration can't be used, in a sentence.
pub fn open(account: &AccountId, config: &AccountConfig) -> Result<Arc<dyn Provider>, OpenError> {
    Ok(match config.provider {
        ProviderKind::OneSpan => Arc::new(onespan::OneSpan::open(account, config)?),
        ProviderKind::Conga => Arc::new(conga::open(account, config)?),
        ProviderKind::Legalesign => Arc::new(legalesign::Legalesign::open(account, config)?),
        ProviderKind::WebSignatureOffice => {
            Arc::new(websignatureoffice::WebSignatureOffice::open(account, config)?)
        }
    })
}

/// Why an account can't be opened. Names no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The base address is no URL.
    #[error("the API's address can't be used: {0}")]
    BaseUrl(String),
    /// The proxy's address is no URL, or of a kind that we don't speak.
    #[error("the proxy can't be used: {0}")]
    Proxy(String),
    /// The file is missing, not PEM, or empty.
    #[error("the certificate authority in {path} can't be used: {cause}")]
    CaFile {
        /// The file.
        path: String,
        /// Why not.
        cause: String,
    },
    /// Most often a machine without any root certificates.
    #[error("no TLS connections can be set up: {0}")]
    Tls(String),
    /// The key holds a line break or another control character.
    #[error("the API key holds a character that can't be sent in a header")]
    ApiKey,
    /// What callbacks are signed with can't be read from it.
    #[error("the certificate of `callback` can't be used: {0}")]
    Certificate(String),
    /// Credentials of another provider's kind.
    #[error("the API of this provider needs {0}")]
    Credentials(&'static str),
}

/// What arrived, before anyone looked at it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The headers, names in lower case, in the order of arrival. May hold secrets: never logged.
    pub headers: Vec<(String, String)>,
    /// The body as sent.
    pub body: Vec<u8>,
    /// What follows the account in the path, for providers that can send no header.
    pub path_token: Option<String>,
    /// The address it came from.
    pub remote: String,
    /// When its last byte arrived, by our clock.
    pub received_at: Timestamp,
}

impl Delivery {
    /// The value of a header by its lower-case name; the first one, if it came several times.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A delivery whose sender an adapter vouches for.
#[derive(Debug, Clone, Copy)]
pub struct Verified<'a> {
    body: &'a [u8],
}

impl<'a> Verified<'a> {
    /// Bytes that were verified when they arrived, or that an administrator admitted since: for replay.
    #[must_use]
    pub fn before(body: &'a [u8]) -> Self {
        Self { body }
    }

    /// The body as sent.
    #[must_use]
    pub fn body(self) -> &'a [u8] {
        self.body
    }
}

/// What an adapter says of a delivery's sender.
#[derive(Debug)]
pub enum Verdict<'a> {
    /// The right secret came; which of the two that may be live at once.
    Verified(Verified<'a>, Slot),
    /// No signature where one could have been: the account's policy decides.
    Unsigned(Verified<'a>),
    /// A wrong or missing secret, in words that name no secret: "Basic, but base64".
    Refused(String),
    /// Nobody can tell yet, in words: it is to be looked at again.
    Unsure(String),
}

/// Which of an account's secrets a delivery carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// The one in use.
    Current,
    /// The one that will replace it.
    Next,
    /// The account asks for none.
    Open,
    /// None, where it could have been signed.
    Unsigned,
}

impl Slot {
    /// The slot's name in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Next => "next",
            Self::Open => "open",
            Self::Unsigned => "unsigned",
        }
    }
}

/// A fact read off the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it is about.
    pub about: About,
    /// What happened.
    pub event: Event,
    /// The person named with it.
    pub who: Option<String>,
    /// The provider's word as sent.
    pub name: String,
    /// When, if told.
    pub happened_at: Option<Timestamp>,
    /// The identity of the fact across repeats (state.md rule 2).
    pub fingerprint: Fingerprint,
}

/// What a fact is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A package.
    Package(PackageId),
    /// A signer, without a word on the package (state.md rule 20).
    Signer(SignerId),
}

/// Something in a delivery that can't be read: kept in quarantine with this sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Parked(pub String);

/// What the API said about one package, and when that was true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The answer.
    pub answer: Answer,
    /// The answer's `Date` header, if it had one that can be read (rule 14).
    pub date: Option<Timestamp>,
}

/// A page of the provider's list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The packages on it that could be read, in the provider's order.
    pub rows: Vec<(PackageId, Snapshot)>,
    /// Packages that it names and doesn't describe in full: each has to be asked for, unless rule 18 spares it.
    pub bare: Vec<Bare>,
    /// How many rows could not be read at all, not even their id.
    pub unreadable: u32,
    /// How many match in all, by the provider's count.
    pub total: u64,
    /// Where the next page begins; `None`: this was the last one.
    pub next: Option<u32>,
    /// The answer's `Date` header.
    pub date: Option<Timestamp>,
    /// Whether the key sees the packages of its own sender only; `None`: nothing here says.
    pub own_only: Option<bool>,
}

/// A package that a list names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bare {
    /// Which one.
    pub package: PackageId,
    /// What the list shows of it. If it states the status only, it may stand for the package's own answer where that is
    /// refused; else it is for comparing alone.
    pub glance: Option<Snapshot>,
}

/// Which package a signer is in, and when the API said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The package; `None`: the API doesn't know the signer.
    pub package: Option<PackageId>,
    /// The answer's `Date` header.
    pub date: Option<Timestamp>,
}

/// What a provider is like, as far as pages and the store have to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Habits {
    /// It speaks of signers without naming their package (rule 20).
    pub signers_alone: bool,
    /// It collects changes and tells them every so many minutes.
    pub told_every_minutes: Option<u16>,
    /// It never tells a package's name, its sender or how many sign.
    pub tells_no_names: bool,
    /// Its list can't be asked for; each package has to be.
    pub lists_nothing: bool,
    /// The position from which on its list shows the trash, which it shows nowhere else.
    pub trash_at: Option<u32>,
    /// The position from which on it names the packages of all senders, if the key may know them.
    pub everybody_at: Option<u32>,
    /// It mails a callback that it could not deliver to a person, who may paste it here.
    pub mails_lost_callbacks: bool,
    /// It never lists what is inside a package.
    pub tells_no_documents: bool,
    /// It sends a callback again that was not taken.
    pub tells_again: bool,
    /// What it calls its callbacks.
    pub words: Words,
}

/// A callback takes so long at most, its provider's pauses aside.
const WAY_MS: i64 = 60_000;
/// One that was not taken is sent again within this time, as a rule; nobody documents more.
const AGAIN_MS: i64 = 5 * 60_000;

impl Habits {
    /// A callback that didn't come within so many milliseconds is missed, or late.
    #[must_use]
    pub fn told_within_ms(&self) -> i64 {
        let batch = i64::from(self.told_every_minutes.unwrap_or(0)) * 60_000;
        batch + if self.tells_again { AGAIN_MS } else { 0 } + WAY_MS
    }
}

/// A thing to set at the provider so that its callbacks arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupStep {
    /// What to do and where, as a sentence.
    pub what: String,
    /// What to write there, line by line; empty if there is nothing to copy.
    pub lines: Vec<String>,
}

/// A callback as the provider would send it, about nothing that exists.
#[derive(Debug)]
pub struct Sample {
    /// Its headers, with the newest secret.
    pub headers: Vec<(String, Secret)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// Why the API gave no answer. A 404 for a package is an answer, not an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The account has no `api` in its configuration.
    #[error("no API is configured for this account")]
    NoApi,
    /// 403: the package belongs to another sender, and the key may not see it.
    #[error("the provider says that this package is not ours to see (403)")]
    NotOurs,
    /// 429 or 503 with a time: nothing more until this long from now, which is a day at most.
    #[error("the provider asks to wait {}", wait_of(*.0))]
    Throttled(Duration),
    /// Our own budget: there is a place again this long from now.
    #[error("the calls of this minute are used up")]
    Full(Duration),
    /// 503 or 429 without a time, a broken connection, a time-out, another 5xx.
    #[error("the provider's API can't be reached: {0}")]
    Unavailable(String),
    /// 401, or no token to be had.
    #[error("the provider's API refuses our credentials: {0}")]
    Refused(String),
    /// An answer that makes no sense.
    #[error("the provider's API answered something unreadable: {0}")]
    Unreadable(String),
}

/// Whoever asks for longer than this is asked again all the same: it may be a mistake.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

fn wait_of(wait: Duration) -> String {
    match wait {
        LONGEST_WAIT => "a day or longer, and is asked again after a day".to_owned(),
        _ => format!("{wait:?}"),
    }
}

/// One configured connection to a provider.
#[async_trait::async_trait]
pub trait Provider: Send + Sync + std::fmt::Debug {
    /// What it is like.
    fn habits(&self) -> Habits;

    /// What an administrator has to set on the provider's side so that it calls `url`. `url` may hold a placeholder for
    /// the path token; no secret is ever in it but that one.
    fn setup(&self, url: &str) -> Vec<SetupStep>;

    /// Looks at the sender, in constant time, and at nothing else.
    fn verify<'a>(&self, delivery: &'a Delivery) -> Verdict<'a>;

    /// The keys by which tokens are checked that come with callbacks, if that is how they prove themselves.
    fn keys(&self) -> Option<&issuer::keys::Keys>;

    /// From now on callbacks prove themselves by these secrets; all else about `callback` is as it was.
    fn rekey(&self, callback: &CallbackAuth);

    /// A callback to send to ourselves; `id` stands where the provider's own would.
    fn sample(&self, id: &str, now: Timestamp) -> Sample;

    /// Reads the facts off a body. Any bytes: it can't panic and can't lose the rest for one bad entry.
    fn parse(&self, verified: Verified<'_>) -> Vec<Result<Report, Parked>>;

    /// Asks about one package. `now` counts against the account's budget of calls and dates its tokens.
    async fn fetch(&self, package: &PackageId, now: Timestamp) -> Result<Fetched, FetchError>;

    /// Asks which package a signer is in (rule 20).
    async fn locate(&self, signer: &SignerId, now: Timestamp) -> Result<Located, FetchError>;

    /// Lists packages, newest change first, from position `from` (0 is the first); `changed_since` narrows it.
    async fn list(
        &self,
        changed_since: Option<Timestamp>,
        from: u32,
        now: Timestamp,
    ) -> Result<Listing, FetchError>;

    /// Says what is registered as the receiver of callbacks, and what has to change. Changes nothing.
    async fn registered(&self, wanted: &Wanted, now: Timestamp) -> Result<Registration, FetchError>;

    /// Makes one of these changes, and compares the answer with what was asked. What an answer repeats of secrets
    /// goes no further.
    async fn register(&self, wanted: &Wanted, change: &Change, now: Timestamp) -> Result<(), FetchError>;
}
