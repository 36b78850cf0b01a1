//! What callbacks missed: the lines of drift as they are read, and how many stand where. `lines` writes them.

use super::packages::{json, key_of};
use super::writer::Job;
use super::{Store, StoreError};
use crate::model::{AccountId, PackageKey, Record, Standing, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeSet;

/// The lines of an account or of all, those of one standing or of all; `$4` is now.
const LIST: &str = "SELECT id, run, account, package, signer, field, board, provider, missed, word, subscribed, happened_at, found_at, \
    expected_by, came_at FROM drift WHERE ($1 IS NULL OR account = $1) AND id < $2 AND ($5 IS NULL OR $5 = CASE \
    WHEN came_at IS NOT NULL THEN 'came_late' WHEN subscribed = 0 THEN 'not_subscribed' WHEN expected_by > $4 THEN 'on_its_way' \
    ELSE 'missed' END) ORDER BY id DESC LIMIT $3";
const COUNTS: &str = "SELECT coalesce(sum(came_at IS NOT NULL), 0), coalesce(sum(came_at IS NULL AND subscribed = 0), 0), \
    coalesce(sum(came_at IS NULL AND subscribed <> 0 AND expected_by > $3), 0), count(*) FROM drift WHERE account = $1 AND found_at >= $2";
pub(super) const REGISTERED: &str = "INSERT INTO registered (account, words, read_at) VALUES ($1, $2, $3) \
    ON CONFLICT (account) DO UPDATE SET words = excluded.words, read_at = excluded.read_at";

/// One line of drift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Its number.
    pub id: i64,
    /// The sweep that found it; `None`: whoever asks what is due.
    pub run: Option<i64>,
    /// Which package.
    pub key: PackageKey,
    /// Which signer; `None`: the package itself.
    pub signer: Option<String>,
    /// What differed, in a word.
    pub field: String,
    /// What the board said; `None`: it had never heard of the package.
    pub board: Option<String>,
    /// What the provider said.
    pub provider: String,
    /// The kind of fact that a callback would have told.
    pub missed: String,
    /// What the provider calls that callback; `None`: an earlier version wrote the line, which didn't know.
    pub word: Option<String>,
    /// The provider was asked to send it, as far as is known.
    pub subscribed: bool,
    /// When that happened at the latest, if known.
    pub happened_at: Option<Timestamp>,
    /// When it was found, by our clock.
    pub found_at: Timestamp,
    /// Until when, by our clock, the callback may be on its way.
    pub expected_by: Timestamp,
    /// When the callback came after all.
    pub came_at: Option<Timestamp>,
}

impl Drift {
    /// Where it stands at `now`.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        match (self.came_at, self.subscribed) {
            (Some(_), _) => Standing::CameLate,
            (None, false) => Standing::NotSubscribed,
            (None, true) if self.expected_by > now => Standing::OnItsWay,
            (None, true) => Standing::Missed,
        }
    }
}

/// Which lines of drift, and how many at most; the newest come first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DriftFilter {
    /// Of one account; `None`: of all.
    pub account: Option<AccountId>,
    /// Those that stand so at `now`; `None`: all.
    pub standing: Option<Standing>,
    /// Those before this number.
    pub before: Option<i64>,
    /// How many.
    pub limit: u32,
    /// Now.
    pub now: Timestamp,
}

/// How many lines stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DriftCounts {
    /// See [`Standing::Missed`].
    pub missed: u64,
    /// See [`Standing::OnItsWay`].
    pub on_its_way: u64,
    /// See [`Standing::CameLate`].
    pub came_late: u64,
    /// See [`Standing::NotSubscribed`].
    pub not_subscribed: u64,
}

impl Store {
    /// Lines of drift, the newest first.
    pub async fn drift(&self, filter: &DriftFilter) -> Result<Vec<Drift>, StoreError> {
        let query = sqlx::query(LIST).bind(filter.account.as_ref().map(|it| it.0.as_str()));
        let query = query.bind(filter.before.unwrap_or(i64::MAX)).bind(i64::from(filter.limit));
        let query = query.bind(filter.now.0).bind(filter.standing.map(Standing::word));
        query.fetch_all(&self.readers).await?.iter().map(drift_of).collect()
    }

    /// How many of an account's lines that were found since `since` stand where at `now`.
    pub async fn missed_counts(
        &self,
        account: &AccountId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<DriftCounts, StoreError> {
        let query = sqlx::query(COUNTS).bind(&account.0).bind(since.0).bind(now.0);
        let row = query.fetch_one(&self.readers).await?;
        let count = |column: usize| Ok::<_, StoreError>(row.try_get::<i64, _>(column)?.unsigned_abs());
        let (came_late, not_subscribed, on_its_way) = (count(0)?, count(1)?, count(2)?);
        let missed = count(3)?.saturating_sub(came_late + not_subscribed + on_its_way);
        Ok(DriftCounts { missed, on_its_way, came_late, not_subscribed })
    }

    /// Puts in an answer of the API that a sweep asked for: what it shows that callbacks didn't tell belongs to that
    /// sweep. Returns how many lines that made.
    pub async fn learn_in(&self, run: i64, key: PackageKey, record: Record) -> Result<u32, StoreError> {
        let kept = self.ask(|done| Job::Learn(key, Box::new(record), Some(run), done)).await?;
        Ok(kept.drift)
    }

    /// What an account's provider was told to call us for, in its words for its callbacks.
    pub async fn note_registered(
        &self,
        account: &AccountId,
        words: &BTreeSet<String>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let chore = super::jobs::Chore::Registered { account: account.clone(), words: json(words)?, at };
        self.ask(|done| Job::Chore(chore, done)).await.map(|_| ())
    }
}

pub(super) fn drift_of(row: &SqliteRow) -> Result<Drift, StoreError> {
    let at = |column: &str| Ok::<_, StoreError>(row.try_get::<Option<i64>, _>(column)?.map(Timestamp));
    Ok(Drift {
        id: row.try_get("id")?,
        run: row.try_get("run")?,
        key: key_of(row.try_get("account")?, row.try_get("package")?)?,
        signer: row.try_get("signer")?,
        field: row.try_get("field")?,
        board: row.try_get("board")?,
        provider: row.try_get("provider")?,
        missed: row.try_get("missed")?,
        word: row.try_get("word")?,
        subscribed: row.try_get::<i64, _>("subscribed")? != 0,
        happened_at: at("happened_at")?,
        found_at: Timestamp(row.try_get("found_at")?),
        expected_by: Timestamp(row.try_get("expected_by")?),
        came_at: at("came_at")?,
    })
}
