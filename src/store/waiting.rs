//! Callbacks that a person pasted and that nothing vouches for yet. They lie apart, as refused calls do: replay, rebuild
//! and the counters don't know of them. Confirmed or admitted, each becomes an arrival through the one door.

use super::jobs::Chore;
use super::packages::{json, key_of};
use super::writer::Job;
use super::{Store, StoreError};
use crate::model::{AccountId, Fingerprint, PackageKey, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// `$1`: a JSON array of `[account, package, fingerprint, name, happened_at, pasted_at, pasted_by, body]`. Pasted once
/// more, the API is asked once more.
pub(super) const WAIT: &str = "INSERT INTO waiting (account, package, fingerprint, name, happened_at, pasted_at, pasted_by, body) \
    SELECT value ->> 0, value ->> 1, unhex(value ->> 2), value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7 \
    FROM json_each($1) WHERE true ON CONFLICT (account, fingerprint) DO UPDATE SET asked_at = NULL, said = NULL";
pub(super) const FORGET: &str = "DELETE FROM waiting WHERE id = $1";
pub(super) const ASKED: &str = "UPDATE waiting SET asked_at = $2, said = $3 WHERE id = $1";
const KNOWN: &str = "SELECT EXISTS (SELECT 1 FROM packages p JOIN facts f ON f.package = p.id AND f.fingerprint = $3 \
    WHERE p.account = $1 AND p.package = $2), EXISTS (SELECT 1 FROM waiting WHERE account = $1 AND fingerprint = $3)";
const IS_THERE: &str = "SELECT EXISTS (SELECT 1 FROM packages WHERE account = $1 AND package = $2)";
const LIST: &str = "SELECT w.id, w.account, w.package, w.fingerprint, w.name, w.happened_at, w.pasted_at, w.pasted_by, w.body, \
    w.asked_at, w.said, p.id IS NOT NULL AS on_board FROM waiting w \
    LEFT JOIN packages p ON p.account = w.account AND p.package = w.package WHERE w.id > $1 ORDER BY w.id LIMIT $2";
const ONE: &str = "SELECT w.id, w.account, w.package, w.fingerprint, w.name, w.happened_at, w.pasted_at, w.pasted_by, w.body, \
    w.asked_at, w.said, p.id IS NOT NULL AS on_board FROM waiting w \
    LEFT JOIN packages p ON p.account = w.account AND p.package = w.package WHERE w.id = $1";
const UNASKED: &str = "SELECT w.id, w.account, w.package, w.fingerprint, w.name, w.happened_at, w.pasted_at, w.pasted_by, w.body, \
    w.asked_at, w.said, p.id IS NOT NULL AS on_board FROM waiting w \
    LEFT JOIN packages p ON p.account = w.account AND p.package = w.package \
    WHERE w.account = $1 AND w.asked_at IS NULL ORDER BY w.id LIMIT $2";
const COUNT: &str = "SELECT count(*) FROM waiting";

/// A callback that was pasted.
#[derive(Debug, Clone)]
pub struct NewWaiting {
    /// The package it tells of.
    pub key: PackageKey,
    /// The identity of the fact it tells.
    pub fingerprint: Fingerprint,
    /// The provider's word for it.
    pub name: String,
    /// When it happened, if it says so.
    pub happened_at: Option<Timestamp>,
    /// When it was pasted.
    pub pasted_at: Timestamp,
    /// By whom, as far as that is known.
    pub pasted_by: String,
    /// The JSON as found.
    pub body: String,
}

/// One that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its number.
    pub id: i64,
    /// What was pasted.
    pub it: NewWaiting,
    /// When the API was asked about it, and what it said. `None`: it is to be asked.
    pub asked: Option<(Timestamp, Said)>,
    /// The board shows its package.
    pub on_board: bool,
}

/// What the API said of one that waits on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Not the same.
    Otherwise,
    /// It can't state such a fact.
    Silent,
    /// It doesn't know the package, or it is not ours to see.
    Unknown,
}

impl Said {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Otherwise => "otherwise",
            Self::Silent => "silent",
            Self::Unknown => "unknown",
        }
    }

    fn from_word(word: &str) -> Self {
        match word {
            "silent" => Self::Silent,
            "unknown" => Self::Unknown,
            _ => Self::Otherwise,
        }
    }
}

/// Whether a fact is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knows {
    /// It came.
    Came,
    /// It was pasted, and waits.
    Waits,
    /// Neither.
    No,
}

impl Store {
    /// Lets pasted callbacks wait; those that wait already are asked about once more.
    pub async fn wait(&self, all: &[NewWaiting]) -> Result<(), StoreError> {
        let row = |it: &NewWaiting| {
            let key = (it.key.account.0.clone(), it.key.package.as_str().to_owned());
            let fact = (it.fingerprint.to_string(), it.name.clone(), it.happened_at.map(|at| at.0));
            (key.0, key.1, fact.0, fact.1, fact.2, it.pasted_at.0, it.pasted_by.clone(), it.body.clone())
        };
        let rows: Vec<_> = all.iter().map(row).collect();
        self.chore(Chore::Wait(json(&rows)?)).await
    }

    /// Forgets one that waits: it was admitted, confirmed, or is not wanted. `false`: it waits no more.
    pub async fn forget_waiting(&self, id: i64) -> Result<bool, StoreError> {
        self.ask(|done| Job::Chore(Chore::ForgetWaiting(id), done)).await.map(|gone| gone > 0)
    }

    /// The API was asked about one that waits, and didn't confirm it.
    pub async fn note_waiting(&self, id: i64, at: Timestamp, said: Said) -> Result<(), StoreError> {
        self.chore(Chore::NoteWaiting { id, at, said }).await
    }

    async fn chore(&self, chore: Chore) -> Result<(), StoreError> {
        self.ask(|done| Job::Chore(chore, done)).await.map(|_| ())
    }

    /// Whether a fact came, or waits.
    pub async fn knows(&self, key: &PackageKey, fingerprint: Fingerprint) -> Result<Knows, StoreError> {
        let query = sqlx::query(KNOWN).bind(&key.account.0).bind(key.package.as_str());
        let row = query.bind(fingerprint.0.to_vec()).fetch_one(&self.readers).await?;
        Ok(match (row.try_get(0)?, row.try_get(1)?) {
            (true, _) => Knows::Came,
            (false, true) => Knows::Waits,
            (false, false) => Knows::No,
        })
    }

    /// Whether the board has a package.
    pub async fn has(&self, key: &PackageKey) -> Result<bool, StoreError> {
        let query = sqlx::query(IS_THERE).bind(&key.account.0).bind(key.package.as_str());
        Ok(query.fetch_one(&self.readers).await?.try_get(0)?)
    }

    /// Those that wait, in the order in which they were pasted, after number `after`.
    pub async fn waiting(&self, after: i64, limit: u32) -> Result<Vec<Waiting>, StoreError> {
        let query = sqlx::query(LIST).bind(after).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(waiting_of).collect()
    }

    /// One that waits.
    pub async fn waiting_one(&self, id: i64) -> Result<Option<Waiting>, StoreError> {
        let row = sqlx::query(ONE).bind(id).fetch_optional(&self.readers).await?;
        row.as_ref().map(waiting_of).transpose()
    }

    /// Those of an account about which the API is to be asked.
    pub async fn unasked(&self, account: &AccountId, limit: u32) -> Result<Vec<Waiting>, StoreError> {
        let query = sqlx::query(UNASKED).bind(&account.0).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(waiting_of).collect()
    }

    /// How many wait.
    pub async fn count_waiting(&self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query(COUNT).fetch_one(&self.readers).await?.try_get(0)?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}

fn waiting_of(row: &SqliteRow) -> Result<Waiting, StoreError> {
    let print: &[u8] = row.try_get("fingerprint")?;
    let asked: Option<i64> = row.try_get("asked_at")?;
    let said: Option<&str> = row.try_get("said")?;
    Ok(Waiting {
        id: row.try_get("id")?,
        it: NewWaiting {
            key: key_of(row.try_get("account")?, row.try_get("package")?)?,
            fingerprint: Fingerprint(print.try_into().map_err(StoreError::json)?),
            name: row.try_get("name")?,
            happened_at: row.try_get::<Option<i64>, _>("happened_at")?.map(Timestamp),
            pasted_at: Timestamp(row.try_get("pasted_at")?),
            pasted_by: row.try_get("pasted_by")?,
            body: row.try_get("body")?,
        },
        asked: asked.map(|at| (Timestamp(at), Said::from_word(said.unwrap_or_default()))),
        on_board: row.try_get("on_board")?,
    })
}
