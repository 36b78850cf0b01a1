//! Floor 1: the store. The only SQL, and the one door that writes.
//!
//! One task owns the only writing connection (`writer`); it takes everything that waits, runs it as one transaction
//! and answers each. Readers have their own pool and never wait for it. Nothing here knows a provider or HTTP.

mod alerts;
mod apart;
mod aside;
mod ask;
mod asked;
mod backup;
mod batch;
mod beside;
mod board;
mod candidates;
mod carry;
mod check;
mod codec;
mod doctor;
mod drift;
mod erased;
mod erasing;
mod error;
mod facets;
mod fetch;
mod findings;
mod forwards;
mod health;
mod holding;
mod hooks;
mod inbox;
mod jobs;
mod lines;
mod list;
mod marks;
mod memo;
mod numbers;
mod open;
mod packages;
pub mod people;
mod policy;
pub mod read;
mod recent;
mod refused;
mod removal;
mod retention;
mod room;
mod rows;
mod runs;
mod schema;
mod script;
mod seal;
mod senders;
mod shelf;
mod signers;
#[cfg(test)]
mod steps;
mod tallies;
mod together;
mod traffic;
mod views;
mod waiting;
mod writer;

pub use alerts::{
    Act, Alert, AlertFilter, AlertState, Because, Heard, MOST_COUNTED, Message, MessageFacts, NewTelling,
    Occasion, Resolution, Routed, Standing, Still, Taken, Telling, TellingState, TellingTried, ToRoute,
};
pub use asked::{DryLine, Foreseen, MOST_DRY_LINES, MOST_WAITING};
pub use backup::{Copied, Progress};
pub use board::{Board, Look, Surroundings};
pub use check::{Rebuilt, SelfCheck};
pub use drift::{Drift, DriftCounts, DriftFilter};
pub use erasing::{Blotted, Whom};
pub use error::StoreError;
pub use facets::Facets;
pub use forwards::{Forward, ForwardFacts, Passing, ToForward, Tried};
pub use health::{Health, Trouble};
pub use holding::Held;
pub use hooks::{HookDelivery, HookFacts, HookState, HookTried, ToTell, Wake, Wanted, Wants};
pub use inbox::ToRead;
pub use jobs::Job as AskedJob;
pub use list::Order;
pub use open::Mode;
pub use policy::{Policies, Policy};
pub use retention::{Cutoffs, Gone, Old, OldKind};
pub use room::{Room, amount};
pub use runs::{PEOPLE, RANGE, Run, RunFacts};
pub use signers::MOST_TRIES;
pub use tallies::Tallies;
pub use traffic::{Counts, Hour};
pub use views::{MOST_VIEWS, View};
pub use waiting::{Knows, NewWaiting, Said, Waiting};

use crate::model::{AccountId, Answer, Fingerprint, Origin, PackageKey, Record, SignerKey, Timestamp};
use health::Queued;
use read::Change;
use sha2::{Digest, Sha256};
use sqlx::SqlitePool;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::{broadcast, mpsc, oneshot};

/// How many writes may wait for the door. More are refused with [`StoreError::Busy`], which becomes a 503.
const QUEUE: usize = 4096;
/// So many packages are noted in one batch as wanted.
const WANTED_AT_ONCE: usize = 100;
/// How many changes a slow subscriber may lag behind before it is told to start over.
const CHANGES: usize = 8192;

/// The database of a board.
#[derive(Debug, Clone)]
pub struct Store {
    readers: SqlitePool,
    door: Option<mpsc::Sender<writer::Job>>,
    changes: broadcast::Sender<Arc<Change>>,
    tallies: Tallies,
    health: Arc<Health>,
    folder: PathBuf,
    policies: Arc<Policies>,
    memo: Arc<memo::Memos>,
    recent: Arc<recent::Recent>,
    shown: Arc<people::Shown>,
    /// Something of people was written here.
    wrote_aside: Arc<tokio::sync::Notify>,
    /// Something is no more that open pages may show.
    took_away: Arc<tokio::sync::Notify>,
    /// Alerts were raised or cleared.
    alerted: Arc<tokio::sync::Notify>,
    /// Held until the store is closed: it marks a running board.
    lock: Option<Arc<std::fs::File>>,
}

/// A callback to keep, and what an adapter read in it.
#[derive(Debug, Clone)]
pub struct NewArrival {
    /// Which account it came to.
    pub account: AccountId,
    /// When its last byte arrived.
    pub received_at: Timestamp,
    /// From where.
    pub remote: String,
    /// How it came.
    pub origin: Origin,
    /// Which of the account's secrets it carried.
    pub slot: &'static str,
    /// When the secret that it carried was made, where that is rotated.
    pub secret: Option<Timestamp>,
    /// It is one that the board sent itself: kept, and never read.
    pub is_test: bool,
    /// The headers that matter, as a JSON object without secrets.
    pub headers: String,
    /// The body as sent.
    pub body: Vec<u8>,
    /// What was read in it.
    pub reading: Reading,
    /// It is to be passed on to the account's other listener.
    pub forward: Option<NewForward>,
}

/// What has to be known of a callback that is passed on, beside what is kept of it anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewForward {
    /// The user name and password came as they are, not in base64.
    pub raw: bool,
}

/// What a fact is filed under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A package.
    Package(PackageKey),
    /// A signer, whose package the provider didn't name (rule 20).
    Signer(SignerKey),
}

impl Subject {
    /// The account it belongs to.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        match self {
            Self::Package(key) => &key.account,
            Self::Signer(key) => &key.account,
        }
    }
}

/// What was read in a body.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The facts, in the body's order.
    pub facts: Vec<(Subject, Record)>,
    /// Why something in it can't be read; it goes into quarantine then.
    pub note: Option<String>,
}

/// A call with a wrong or missing secret.
#[derive(Debug, Clone)]
pub struct NewRefused {
    /// Which account it was sent to.
    pub account: AccountId,
    /// When.
    pub received_at: Timestamp,
    /// From where.
    pub remote: String,
    /// What was wrong, in words that name no secret.
    pub why: String,
    /// The headers that matter, as a JSON object without secrets.
    pub headers: String,
    /// The body as sent.
    pub body: Vec<u8>,
}

/// What the writer made of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// How many facts the log didn't know.
    pub fresh: u32,
    /// How many it knew.
    pub repeats: u32,
    /// Something in it can't be read.
    pub quarantined: bool,
    /// The bytes are kept, but digesting them failed; they are pending.
    pub undigested: bool,
    /// How much an answer showed that no callback had told, once the account's first sweep has ended.
    pub drift: u32,
}

impl Store {
    /// What changes from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Change>> {
        self.changes.subscribe()
    }

    /// How many listen to changes.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.changes.receiver_count()
    }

    /// The counters that are kept.
    #[must_use]
    pub fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// How the writer fares.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// The folder in which the database lives.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Keeps a callback and digests it: one transaction. Returns when it is on disk.
    pub async fn keep(&self, arrival: NewArrival) -> Result<Kept, StoreError> {
        self.ask(|done| writer::Job::Keep(Box::new(arrival), done)).await
    }

    /// Keeps a refused call among the newest of its account.
    pub async fn refuse(&self, call: NewRefused) -> Result<(), StoreError> {
        self.ask(|done| writer::Job::Refuse(Box::new(call), done)).await
    }

    /// Adds facts that came by another way than a callback: an answer of an API.
    pub async fn learn(&self, key: PackageKey, record: Record) -> Result<Kept, StoreError> {
        self.ask(|done| writer::Job::Learn(key, Box::new(record), None, done)).await
    }

    /// Asking about a package failed: not before `until` again; whether it is not ours to see.
    pub async fn postpone(
        &self,
        key: PackageKey,
        until: Timestamp,
        not_ours: bool,
    ) -> Result<(), StoreError> {
        self.ask(|done| writer::Job::Postpone { key, until, not_ours, done }).await
    }

    /// People want these packages, of accounts that have an API, to be asked about: how many weren't due, and how many
    /// were.
    pub async fn want(&self, keys: &[PackageKey], now: Timestamp) -> Result<(u32, u32), StoreError> {
        let (mut fresh, mut waiting) = (0, 0);
        // In pieces, so that no callback waits for all of them.
        for keys in keys.chunks(WANTED_AT_ONCE) {
            let kept = self.ask(|done| writer::Job::Want(keys.to_vec(), now, done)).await?;
            (fresh, waiting) = (fresh + kept.fresh, waiting + kept.repeats);
        }
        Ok((fresh, waiting))
    }

    /// Digests an arrival again, whatever became of it before; the same reading changes nothing.
    pub async fn reread(&self, arrival: i64, reading: Reading) -> Result<Kept, StoreError> {
        self.ask(|done| writer::Job::Reread { arrival, reading: Box::new(reading), done }).await
    }

    /// After a write has failed: writes nothing, but to the disk, so that the trouble ends when its cause does, and
    /// not only when the next callback comes.
    pub async fn try_again(&self) -> Result<(), StoreError> {
        self.ask(|done| writer::Job::Chore(jobs::Chore::Probe, done)).await.map(|_| ())
    }

    /// Waits for everything that was sent to the door before, then closes the database cleanly.
    pub async fn close(&self) {
        let _ = self.ask(writer::Job::Stop).await;
        self.readers.close().await;
        if self.door.is_none()
            && let Ok(connection) = open::connect_beside(&self.folder).await
        {
            // Whoever only reads leaves the log where it is; where nobody else has it open, this takes it in.
            let _ = sqlx::Connection::close(connection).await;
        }
        // Whoever still holds a handle can't write any more; another board may begin.
        let _ = self.lock.as_ref().map(|lock| lock.unlock());
    }

    /// How often something was written that may change what stands around lists; `None`: another process writes, and
    /// doesn't say.
    fn writes_around(&self) -> Option<u64> {
        self.door.as_ref().map(|_| self.health.writes_around.load(Ordering::Acquire))
    }

    /// How often packages became others by something that isn't told in changes; the same.
    fn upheavals(&self) -> Option<u64> {
        self.door.as_ref().map(|_| self.recent.upheavals())
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> writer::Job,
    ) -> Result<T, StoreError> {
        let door = self.door.as_ref().ok_or(StoreError::ReadOnly)?;
        let (done, answer) = oneshot::channel();
        let _queued = Queued::new(&self.health);
        let result = match door.try_send(job(done)) {
            Ok(()) => answer.await.unwrap_or(Err(StoreError::Stopped)),
            Err(mpsc::error::TrySendError::Full(_)) => Err(StoreError::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(StoreError::Stopped),
        };
        if let Err(cause @ StoreError::Stopped) = &result {
            self.health.set_trouble(Some(cause.to_string()));
        }
        result
    }
}

/// The identity of an answer of an API.
pub fn answer_fingerprint(
    key: &PackageKey,
    answer: &Answer,
    d: Timestamp,
) -> Result<Fingerprint, StoreError> {
    let mut hash = Sha256::new();
    for part in [key.account.0.as_str(), key.package.as_str(), &codec::encode_answer(answer)?] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.update(d.0.to_le_bytes());
    Ok(Fingerprint(first_16(&hash.finalize())))
}

/// What tells callbacks with the same bytes apart from others.
fn hash_of(account: &str, body: &[u8]) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update((account.len() as u64).to_le_bytes());
    hash.update(account);
    hash.update(body);
    first_16(&hash.finalize())
}

fn first_16(digest: &[u8]) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes
}
