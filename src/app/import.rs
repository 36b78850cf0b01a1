//! Lost callbacks, pasted by a person. Nothing vouches for them, so they wait, apart from everything: until the API says
//! the same, or somebody admits them. Then each is an arrival by hand, and its fact one like any other.

pub use crate::provider::pasted::{Found, MOST_BYTES, MOST_FOUND, find};

use super::asking::Asked;
use super::ingest::read;
use super::{Account, App, StoreError};
use crate::model::confirm::{Word, word};
use crate::model::{Answer, Origin, PackageKey, Record, Timestamp};
use crate::provider::{FetchError, Fetched, Slot, Verified};
use crate::store::{Knows, NewArrival, NewWaiting, Said, Subject, Waiting};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// So many may wait in all.
pub const MOST_WAITING: u64 = 10_000;
/// At most this many are looked at in one round of asking.
const LOOK: u32 = 100;
/// At most this many packages are asked about for them in one round.
const ONES: usize = 20;

/// What a person pasted, looked through.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Pasted {
    /// The account that it is for, if the person said so.
    pub account: Option<String>,
    /// Who pasted it, as far as that is known.
    pub by: String,
    /// The callbacks in it.
    pub bodies: Vec<String>,
    /// How many are cut off or damaged.
    pub broken: u64,
    /// The text holds more than was taken.
    pub more: bool,
}

impl Pasted {
    /// What was found in a text.
    #[must_use]
    pub fn new(account: Option<String>, by: impl Into<String>, found: Found) -> Self {
        let Found { bodies, broken, more } = found;
        let account = account.filter(|it| !it.is_empty());
        Self { account, by: by.into(), bodies, broken: broken as u64, more }
    }
}

/// What became of what was pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Imported {
    /// Callbacks that can be read, each once.
    pub found: u64,
    /// Of these: came before, or wait already.
    pub known: u64,
    /// Of these: wait from now on.
    pub waiting: u64,
    /// Of these: no account knows the package, and there are several that it may belong to.
    pub unplaced: u64,
    /// Cut off, damaged, or no event.
    pub unreadable: u64,
    /// The text holds more than was taken.
    pub more: bool,
}

impl Imported {
    /// Something was found, and all of it is known or waits.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.found > 0 && self.unplaced == 0 && self.unreadable == 0 && !self.more
    }
}

/// Why nothing could be imported.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ImportError {
    /// The account isn't configured.
    #[error("there is no account `{0}`")]
    NoAccount(String),
    /// Only these two send what a mail can hold.
    #[error("callbacks can be pasted for accounts of OneSpan and Conga, and `{0}` is none")]
    NotTheirs(String),
    /// No account could take one.
    #[error("callbacks can be pasted for accounts of OneSpan and Conga, and none is configured")]
    Nobody,
    /// Somebody has to look first.
    #[error("{0} pasted callbacks wait already; admit or forget some of them in the inbox first")]
    Full(u64),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Lets what was pasted wait, but for what is known, and has the API asked about it.
    ///
    /// # Errors
    /// A sentence; nothing of it waits then.
    pub async fn import(&self, pasted: &Pasted) -> Result<Imported, ImportError> {
        let accounts = self.takers(pasted.account.as_deref())?;
        let now = self.now();
        let mut done = Imported { unreadable: pasted.broken, more: pasted.more, ..Imported::default() };
        let (mut seen, mut new, mut again) = (HashSet::new(), Vec::new(), Vec::new());
        for body in pasted.bodies.iter().take(MOST_FOUND) {
            let readings: Vec<_> = accounts
                .iter()
                .filter_map(|account| {
                    fact_of(account, body, now).map(|(key, record)| (*account, key, record))
                })
                .collect();
            if readings.is_empty() {
                done.unreadable += 1;
                continue;
            }
            let Some((account, key, record)) = self.place(readings).await? else {
                done.found += 1;
                done.unplaced += 1;
                continue;
            };
            // Two spellings of one fact are one.
            if !seen.insert((account.id.clone(), record.fingerprint)) {
                continue;
            }
            done.found += 1;
            let knows = self.store.knows(&key, record.fingerprint).await?;
            let rows = match knows {
                Knows::Came => {
                    done.known += 1;
                    continue;
                }
                Knows::Waits => &mut again,
                Knows::No => &mut new,
            };
            rows.push(NewWaiting {
                key,
                fingerprint: record.fingerprint,
                name: record.name,
                happened_at: record.happened_at,
                pasted_at: now,
                pasted_by: pasted.by.clone(),
                body: body.clone(),
            });
        }
        done.known += again.len() as u64;
        done.waiting = new.len() as u64;
        let before = self.store.count_waiting().await?;
        if !new.is_empty() && before + done.waiting > MOST_WAITING {
            return Err(ImportError::Full(before));
        }
        new.append(&mut again);
        if !new.is_empty() {
            self.store.wait(&new).await?;
        }
        accounts.iter().for_each(|account| account.due.notify_one());
        tracing::info!(done.found, done.known, done.waiting, done.unreadable, "callbacks were pasted");
        Ok(done)
    }

    /// The accounts for which something may be pasted: the one that is named, or all.
    fn takers(&self, named: Option<&str>) -> Result<Vec<&Account>, ImportError> {
        let Some(id) = named else {
            let all: Vec<&Account> = self.accounts.values().filter(|it| it.takes_pasted()).collect();
            return if all.is_empty() { Err(ImportError::Nobody) } else { Ok(all) };
        };
        let account = self.account(id).ok_or_else(|| ImportError::NoAccount(id.to_owned()))?;
        if account.takes_pasted() { Ok(vec![account]) } else { Err(ImportError::NotTheirs(id.to_owned())) }
    }

    /// The only account, or the only one that knows the package. The bodies of the two providers are alike.
    async fn place<'a>(
        &self,
        mut readings: Vec<(&'a Account, PackageKey, Record)>,
    ) -> Result<Option<(&'a Account, PackageKey, Record)>, StoreError> {
        if readings.len() > 1 {
            let mut knowing = Vec::new();
            for reading in readings {
                if self.store.has(&reading.1).await? {
                    knowing.push(reading);
                }
            }
            readings = knowing;
        }
        let only = readings.pop();
        Ok(only.filter(|_| readings.is_empty()))
    }

    /// Somebody vouches for one that waits, or for all. Returns how many there were.
    pub async fn admit_waiting(&self, id: Option<i64>) -> Result<u64, StoreError> {
        let mut admitted = 0;
        if let Some(id) = id {
            let Some(waiting) = self.store.waiting_one(id).await? else { return Ok(0) };
            return Ok(u64::from(self.take_in(&waiting).await?));
        }
        let mut last = 0;
        loop {
            let some = self.store.waiting(last, LOOK).await?;
            let Some(end) = some.last() else { return Ok(admitted) };
            last = end.id;
            for waiting in &some {
                admitted += u64::from(self.take_in(waiting).await?);
            }
        }
    }

    /// One that waits becomes an arrival by hand, unless the callback came after all. `false`: its account is no longer
    /// configured, or can't read it any more; it waits on.
    async fn take_in(&self, waiting: &Waiting) -> Result<bool, StoreError> {
        let Waiting { id, it, .. } = waiting;
        let Some(account) = self.accounts.get(&it.key.account) else { return Ok(false) };
        let body = it.body.clone().into_bytes();
        if self.store.knows(&it.key, it.fingerprint).await? != Knows::Came {
            let reading = read(account, Verified::before(&body), it.pasted_at, Origin::Hand);
            if reading.facts.is_empty() {
                return Ok(false);
            }
            let arrival = NewArrival {
                account: account.id.clone(),
                received_at: it.pasted_at,
                remote: it.pasted_by.clone(),
                origin: Origin::Hand,
                slot: Slot::Open.word(),
                secret: None,
                is_test: false,
                headers: "{}".to_owned(),
                body,
                reading,
                forward: None,
            };
            self.store.keep(arrival).await?;
            account.due.notify_one();
        }
        // Only when it is on disk as an arrival. After a crash between the two it waits still, and is known.
        self.store.forget_waiting(*id).await?;
        Ok(true)
    }

    /// Asks the API about the packages of which something waits; what it says too is taken in.
    pub(super) async fn settle(&self, account: &Account, asked: &mut Asked) -> Result<(), StoreError> {
        let mut groups: BTreeMap<PackageKey, Vec<Waiting>> = BTreeMap::new();
        for waiting in self.store.unasked(&account.id, LOOK).await? {
            groups.entry(waiting.it.key.clone()).or_default().push(waiting);
        }
        for (key, group) in groups.into_iter().take(ONES) {
            let asked_at = self.now();
            let answer = match account.provider.fetch(&key.package, asked_at).await {
                Ok(Fetched { answer: Answer::NotFound, .. })
                | Err(FetchError::NotOurs | FetchError::Unreadable(_)) => None,
                Ok(Fetched { answer, date }) => {
                    let d = account.answered(date, asked_at);
                    self.learn(account, key, answer.clone(), date, asked_at).await?;
                    Some((answer, d))
                }
                Err(error) => {
                    account.failed(&error, asked_at);
                    asked.failed += 1;
                    return Ok(());
                }
            };
            asked.answered += 1;
            for waiting in group {
                self.judge(account, &waiting, answer.as_ref(), asked_at).await?;
            }
        }
        Ok(())
    }

    async fn judge(
        &self,
        account: &Account,
        waiting: &Waiting,
        answer: Option<&(Answer, Timestamp)>,
        asked_at: Timestamp,
    ) -> Result<(), StoreError> {
        let fact = fact_of(account, &waiting.it.body, waiting.it.pasted_at);
        let said = match (answer, fact) {
            (Some((answer, d)), Some((_, record))) => match word(answer, *d, &record) {
                Word::Confirmed => return self.take_in(waiting).await.map(|_| ()),
                Word::Otherwise => Said::Otherwise,
                Word::Silent => Said::Silent,
            },
            _ => Said::Unknown,
        };
        self.store.note_waiting(waiting.id, asked_at, said).await
    }

    /// Does an import that a command beside this board asked for; the result is an [`Imported`] as JSON.
    pub(super) async fn import_job(&self, input: &str) -> Result<String, StoreError> {
        let pasted: Pasted =
            serde_json::from_str(input).map_err(|cause| StoreError::Unreadable(cause.to_string()))?;
        match self.import(&pasted).await {
            Ok(done) => {
                serde_json::to_string(&done).map_err(|cause| StoreError::Unreadable(cause.to_string()))
            }
            Err(ImportError::Store(cause)) => Err(cause),
            Err(cause) => Ok(format!("{}{cause}", super::replay::JOB_FAILED)),
        }
    }
}

impl Account {
    /// Whether a person may hold callbacks of its provider.
    #[must_use]
    pub fn takes_pasted(&self) -> bool {
        self.provider.habits().mails_lost_callbacks
    }
}

/// The fact that a body tells of a package.
fn fact_of(account: &Account, body: &str, at: Timestamp) -> Option<(PackageKey, Record)> {
    let reading = read(account, Verified::before(body.as_bytes()), at, Origin::Hand);
    reading.facts.into_iter().find_map(|(subject, record)| match subject {
        Subject::Package(key) => Some((key, record)),
        Subject::Signer(_) => None,
    })
}

impl std::fmt::Display for Imported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { found, known, waiting, unplaced, unreadable, more } = *self;
        let many = |n: u64, one: &str, more: &str| format!("{n} {}", if n == 1 { one } else { more });
        let mut parts = Vec::new();
        if found == 0 && unreadable == 0 {
            parts.push(
                "no callback was found: it is a piece of JSON in curly brackets with a packageId".to_owned(),
            );
        }
        if found > 0 {
            let found = many(found, "callback was", "callbacks were");
            parts.push(format!(
                "{found} found: {known} known already, {waiting} new {} for the API or for somebody to admit",
                if waiting == 1 { "one waits" } else { "ones wait" }
            ));
        }
        if unplaced > 0 {
            let them = many(unplaced, "is of a package", "are of packages");
            parts.push(format!("{them} that no account knows yet: choose the account and paste again"));
        }
        if unreadable > 0 {
            let them = many(unreadable, "callback", "callbacks");
            parts.push(format!("{them} can't be read: cut off, damaged, or without an event's name"));
        }
        if more {
            parts.push(format!(
                "the text holds more than is taken at once, {MOST_FOUND} callbacks or {} MiB: paste the rest by itself",
                MOST_BYTES / 1024 / 1024
            ));
        }
        f.write_str(&parts.join("; "))
    }
}
