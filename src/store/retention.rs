//! What goes because it is older than it is kept: a little at a time, so that no callback waits for it.

use super::apart::Apart;
use super::people::Aged;
use super::refused::Shed;
use super::removal;
use super::writer::Writer;
use super::{Store, StoreError, aside::Aside};
use crate::model::{AccountId, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::sync::Arc;
use tokio::sync::Notify;

/// So many rows go at a time.
const CHUNK: i64 = 200;
const MOST_DEEDS: u32 = 1_000;

/// The arrivals `a` whose bytes nobody needs any more: they were read, wherever the same ones came they were read, and they
/// don't wait to be passed on.
macro_rules! unneeded {
    () => {
        "a.state = 1 AND a.body IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM forwards f WHERE f.arrival = a.id AND f.state IN (0, 3)) \
         AND a.id NOT IN (SELECT b.same_as FROM forwards f JOIN arrivals b ON b.id = f.arrival \
         WHERE f.state IN (0, 3) AND b.same_as IS NOT NULL) \
         AND a.id NOT IN (SELECT same_as FROM arrivals WHERE state <> 1 AND state <> 3 AND same_as IS NOT NULL)"
    };
}
pub(super) use unneeded;

const BODIES: &str = concat!(
    "UPDATE arrivals SET body = NULL, gone = 'age' WHERE id IN (SELECT a.id FROM arrivals a WHERE ",
    unneeded!(),
    " AND a.received_at < $1 ORDER BY a.received_at LIMIT $2)"
);
const REFUSED: &str =
    "DELETE FROM refused WHERE id IN (SELECT id FROM refused WHERE last_at < $1 ORDER BY id LIMIT $2)";
const OLD_BODIES: &str = concat!(
    "SELECT a.account, count(*), coalesce(sum(a.size), 0) FROM arrivals a WHERE ",
    unneeded!(),
    " AND a.received_at < $1 GROUP BY a.account ORDER BY a.account"
);
const OLD_REFUSED: &str = "SELECT account, count(*), coalesce(sum(size), 0) FROM refused WHERE last_at < $1 GROUP BY account ORDER BY account";
const LAST: &str = "SELECT value FROM settings WHERE name = 'retention'";
const NOTE: &str = "INSERT INTO settings (name, value) VALUES ('retention', $1) \
    ON CONFLICT (name) DO UPDATE SET value = excluded.value RETURNING 1";
const BEGUN: &str = "SELECT value FROM settings WHERE name = 'retention-begun'";
const BEGIN: &str = "INSERT INTO settings (name, value) VALUES ('retention-begun', $1) \
    ON CONFLICT (name) DO UPDATE SET value = excluded.value RETURNING 1";

/// What is older than these goes; `None`: it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cutoffs {
    /// Bodies of callbacks.
    pub raw: Option<Timestamp>,
    /// Refused calls.
    pub refused: Option<Timestamp>,
    /// Packages that have ended.
    pub ended: Option<Timestamp>,
    /// The audit.
    pub audit: Option<Aged>,
}

/// What went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Gone {
    /// Bodies of callbacks, not counting those that went with packages.
    pub bodies: u64,
    /// Refused calls.
    pub refused: u64,
    /// Packages.
    pub packages: u64,
    /// Their facts.
    pub facts: u64,
    /// Entries of the audit.
    pub deeds: u64,
}

impl Gone {
    /// Adds what went with another step.
    pub fn add(&mut self, more: Self) {
        self.bodies += more.bodies;
        self.refused += more.refused;
        self.packages += more.packages;
        self.facts += more.facts;
        self.deeds += more.deeds;
    }

    /// Nothing went.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// What kind of thing would go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldKind {
    /// Packages that have ended; beside the count: their facts.
    Packages,
    /// Bodies of callbacks; beside the count: their bytes.
    Bodies,
    /// Refused calls; beside the count: the bytes of their bodies.
    Refused,
    /// Entries of the audit.
    Deeds,
}

/// So much would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Old {
    /// What.
    pub kind: OldKind,
    /// Of which account; `None`: it is of none.
    pub account: Option<AccountId>,
    /// How many.
    pub count: u64,
    /// See [`OldKind`].
    pub size: u64,
}

impl Writer {
    /// A little of each kind but the audit goes. Nothing went: nothing is left to go.
    pub(super) async fn retain(&mut self, cutoffs: &Cutoffs, at: Timestamp) -> Result<Gone, StoreError> {
        let mut gone = Gone::default();
        if let Some(before) = cutoffs.ended {
            // With packages go most of their bodies.
            (gone.packages, gone.facts) = self.remove_ended(before, at).await?;
        }
        gone.bodies = self.sweep_out(BODIES, cutoffs.raw).await?;
        gone.refused = self.sweep_out(REFUSED, cutoffs.refused).await?;
        if gone.refused > 0 {
            self.shed = Shed::load(&mut self.connection).await?;
        }
        Ok(gone)
    }

    async fn sweep_out(&mut self, sql: &'static str, before: Option<Timestamp>) -> Result<u64, StoreError> {
        let Some(before) = before else { return Ok(0) };
        let query = sqlx::query(sql).bind(before.0).bind(CHUNK);
        Ok(query.execute(&mut self.connection).await?.rows_affected())
    }
}

impl Store {
    /// A little of what is older than that goes, as of now. Nothing went: nothing is left to go.
    pub async fn retain(&self, cutoffs: Cutoffs, now: Timestamp) -> Result<Gone, StoreError> {
        let mut gone = self.ask_apart(|done| Apart::Retain(cutoffs, now, done)).await?;
        if let Some(before) = cutoffs.audit {
            gone.deeds = self.let_deeds_go(before, MOST_DEEDS).await?;
        }
        Ok(gone)
    }

    /// What would go.
    pub async fn old(&self, cutoffs: &Cutoffs) -> Result<Vec<Old>, StoreError> {
        let mut all = Vec::new();
        if let Some(before) = cutoffs.ended {
            let query = sqlx::query(removal::OLD).bind(removal::shelves()?).bind(before.0);
            let rows = query.bind(removal::open_words()?).fetch_all(&self.readers).await?;
            all.extend(rows.iter().map(|row| old_of(OldKind::Packages, row)).collect::<Result<Vec<_>, _>>()?);
        }
        for (kind, sql, before) in
            [(OldKind::Bodies, OLD_BODIES, cutoffs.raw), (OldKind::Refused, OLD_REFUSED, cutoffs.refused)]
        {
            let Some(before) = before else { continue };
            let rows = sqlx::query(sql).bind(before.0).fetch_all(&self.readers).await?;
            all.extend(rows.iter().map(|row| old_of(kind, row)).collect::<Result<Vec<_>, _>>()?);
        }
        if let Some(before) = cutoffs.audit {
            let count = self.deeds_before(before).await?;
            all.push(Old { kind: OldKind::Deeds, account: None, count, size: 0 });
        }
        all.retain(|it| it.count > 0);
        Ok(all)
    }

    /// When it was last seen to, and what went then; `None`: never.
    pub async fn last_retention(&self) -> Result<Option<(Timestamp, Gone)>, StoreError> {
        let Some(row) = sqlx::query(LAST).fetch_optional(&self.readers).await? else { return Ok(None) };
        let (at, gone): (i64, Gone) = serde_json::from_str(row.try_get(0)?).map_err(StoreError::json)?;
        Ok(Some((Timestamp(at), gone)))
    }

    /// When a board that lets go of something first ran, before anything was seen to.
    pub async fn retention_begun(&self) -> Result<Option<Timestamp>, StoreError> {
        let Some(row) = sqlx::query(BEGUN).fetch_optional(&self.readers).await? else { return Ok(None) };
        let at: String = row.try_get(0)?;
        Ok(at.parse().ok().map(Timestamp))
    }

    /// From now on it is seen to.
    pub async fn begin_retention(&self, at: Timestamp) -> Result<(), StoreError> {
        self.aside(vec![Aside::new(BEGIN).text(at.0.to_string())]).await.map(|_| ())
    }

    /// It was seen to, and this went.
    pub async fn note_retention(&self, at: Timestamp, gone: Gone) -> Result<(), StoreError> {
        let text = super::packages::json(&(at.0, gone))?;
        if gone.packages > 0 {
            self.took_away.notify_one();
        }
        self.aside(vec![Aside::new(NOTE).text(text)]).await.map(|_| ())
    }

    /// Tells when packages, or a person, were taken away, and no change says so: whoever keeps changes lets them go.
    #[must_use]
    pub fn took_away(&self) -> Arc<Notify> {
        Arc::clone(&self.took_away)
    }
}

fn old_of(kind: OldKind, row: &SqliteRow) -> Result<Old, StoreError> {
    let account: String = row.try_get(0)?;
    let number = |at: usize| Ok::<_, StoreError>(row.try_get::<i64, _>(at)?.unsigned_abs());
    let account = Some(account).filter(|it| !it.is_empty()).map(AccountId);
    Ok(Old { kind, account, count: number(1)?, size: number(2)? })
}
