//! Traffic: what came in each hour, counted in the transaction that keeps it. Nothing is counted up from rows, and what
//! is read again later is not counted again.

use super::batch::Applied;
use super::script::{Script, Table};
use super::{Store, StoreError};
use crate::model::record::CLOCK_TOLERANCE_MS;
use crate::model::{AccountId, Delays, Origin, Record, Timestamp, can_be_missed};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;

/// Hours are kept for 400 days; once a day of arrivals the older ones go.
const HOURS_KEPT: i64 = 400 * 24;
const PRUNE_EVERY: i64 = 24;
const HOUR_MS: i64 = 60 * 60 * 1000;

const PRUNE: &str = "DELETE FROM traffic WHERE hour < ?";
const ADD: Table = Table {
    head: "INSERT INTO traffic (hour, account, callbacks, fresh, checkable, repeats, set_aside, refused, \
           d00, d01, d02, d03, d04, d05, d06, d07, d08, d09, d10, d11, d12, d13, d14, d15, d16, d17, d18, d19, d20, d21, d22, d23, d24)",
    columns: 8 + Delays::CLASSES,
    tail: "ON CONFLICT (hour, account) DO UPDATE SET callbacks = callbacks + excluded.callbacks, fresh = fresh + excluded.fresh, \
           checkable = checkable + excluded.checkable, repeats = repeats + excluded.repeats, \
           set_aside = set_aside + excluded.set_aside, refused = refused + excluded.refused, \
           d00 = d00 + excluded.d00, d01 = d01 + excluded.d01, d02 = d02 + excluded.d02, d03 = d03 + excluded.d03, \
           d04 = d04 + excluded.d04, d05 = d05 + excluded.d05, d06 = d06 + excluded.d06, d07 = d07 + excluded.d07, \
           d08 = d08 + excluded.d08, d09 = d09 + excluded.d09, d10 = d10 + excluded.d10, d11 = d11 + excluded.d11, \
           d12 = d12 + excluded.d12, d13 = d13 + excluded.d13, d14 = d14 + excluded.d14, d15 = d15 + excluded.d15, \
           d16 = d16 + excluded.d16, d17 = d17 + excluded.d17, d18 = d18 + excluded.d18, d19 = d19 + excluded.d19, \
           d20 = d20 + excluded.d20, d21 = d21 + excluded.d21, d22 = d22 + excluded.d22, d23 = d23 + excluded.d23, \
           d24 = d24 + excluded.d24",
};
const HOURS: &str = "SELECT hour, account, callbacks, fresh, checkable, repeats, set_aside, refused, \
    d00, d01, d02, d03, d04, d05, d06, d07, d08, d09, d10, d11, d12, d13, d14, d15, d16, d17, d18, d19, d20, d21, d22, d23, d24 \
    FROM traffic WHERE hour >= $1 AND hour < $2 AND ($3 IS NULL OR account = $3) ORDER BY hour, account";
const FIRST: &str = "SELECT min(hour) FROM traffic WHERE account = $1";

/// What is counted of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Callbacks with the right secret, whatever was in them.
    pub callbacks: u64,
    /// Facts that nobody had told before.
    pub fresh: u64,
    /// Those of them that polling could have found missing.
    pub checkable: u64,
    /// Callbacks that told nothing but what was known.
    pub repeats: u64,
    /// Callbacks in which something could not be read.
    pub set_aside: u64,
    /// Calls with a wrong or missing secret.
    pub refused: u64,
    /// How long fresh facts were on their way, where their provider says when they happened.
    pub delays: Delays,
}

/// An hour of an account in which something came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hour {
    /// Its beginning.
    pub at: Timestamp,
    /// Which account.
    pub account: AccountId,
    /// What came.
    pub counts: Counts,
}

impl Counts {
    /// Counts all of `other`, too.
    pub fn add(&mut self, other: &Self) {
        self.callbacks += other.callbacks;
        self.fresh += other.fresh;
        self.checkable += other.checkable;
        self.repeats += other.repeats;
        self.set_aside += other.set_aside;
        self.refused += other.refused;
        self.delays.add(&other.delays);
    }

    /// A callback was digested, now or when it could be.
    pub(super) fn digested(&mut self, applied: Applied, set_aside: bool) {
        self.set_aside += u64::from(set_aside);
        self.repeats += u64::from(!set_aside && applied.fresh == 0 && applied.repeats > 0);
    }

    /// A callback told a fact that nobody had told.
    fn told(&mut self, record: &Record) {
        self.fresh += 1;
        self.checkable += u64::from(can_be_missed(&record.event));
        let delay = record.happened_at.map(|at| record.received_at.since(at));
        // A clock that is absurdly ahead says nothing of how long it took (rule 3).
        if let Some(delay) = delay.filter(|delay| *delay >= -CLOCK_TOLERANCE_MS) {
            self.delays.note(delay);
        }
    }

    fn numbers(&self) -> impl Iterator<Item = u64> {
        let Self { callbacks, fresh, checkable, repeats, set_aside, refused, delays } = *self;
        [callbacks, fresh, checkable, repeats, set_aside, refused].into_iter().chain(delays.0)
    }
}

/// What a batch adds, by hour and account.
#[derive(Default)]
pub(super) struct Traffic(BTreeMap<(i64, AccountId), Counts>);

impl Traffic {
    /// The counts of the hour of an account that holds `at`.
    pub(super) fn of(&mut self, account: &AccountId, at: Timestamp) -> &mut Counts {
        self.0.entry((at.0.div_euclid(HOUR_MS), account.clone())).or_default()
    }

    /// A fact that the log didn't know.
    pub(super) fn fresh(&mut self, account: &AccountId, record: &Record) {
        if record.origin == Origin::Callback {
            self.of(account, record.received_at).told(record);
        }
    }

    /// Writes it; from time to time with `pruned`, the hour up to which that was done, the oldest hours go.
    pub(super) fn write(&self, pruned: &mut i64, script: &mut Script) -> Result<(), StoreError> {
        let hours: Vec<_> = self.0.iter().collect();
        script.insert(&ADD, &hours, |((hour, account), counts), cells| {
            cells.bind(*hour)?.word(&account.0)?;
            counts.numbers().try_for_each(|it| cells.bind(cell(it)).map(|_| ()))
        })?;
        let newest = self.0.last_key_value().map(|((hour, _), _)| *hour);
        if let Some(newest) = newest.filter(|newest| newest.saturating_sub(*pruned) >= PRUNE_EVERY) {
            *pruned = newest;
            script.statement(PRUNE, |cells| cells.bind(newest - HOURS_KEPT).map(|_| ()))?;
        }
        Ok(())
    }
}

impl Store {
    /// The hours that begin from `from` on and before `to` in which something came, of one account or of all; the
    /// oldest first.
    pub async fn traffic(
        &self,
        account: Option<&AccountId>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Hour>, StoreError> {
        let first_of = |at: Timestamp| at.plus(HOUR_MS - 1).0.div_euclid(HOUR_MS);
        let query = sqlx::query(HOURS).bind(first_of(from)).bind(first_of(to));
        let rows = query.bind(account.map(|it| it.0.as_str())).fetch_all(&self.readers).await?;
        rows.iter().map(hour_of).collect()
    }

    /// The first hour that was counted for an account and is still kept.
    pub async fn counted_since(&self, account: &AccountId) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query(FIRST).bind(&account.0).fetch_one(&self.readers).await?;
        Ok(row.try_get::<Option<i64>, _>(0)?.map(|hour| Timestamp(hour * HOUR_MS)))
    }
}

fn hour_of(row: &SqliteRow) -> Result<Hour, StoreError> {
    let number = |at: usize| Ok::<_, StoreError>(row.try_get::<i64, _>(at)?.unsigned_abs());
    let mut delays = Delays::default();
    for (at, count) in delays.0.iter_mut().enumerate() {
        *count = number(8 + at)?;
    }
    Ok(Hour {
        at: Timestamp(row.try_get::<i64, _>(0)?.saturating_mul(HOUR_MS)),
        account: AccountId(row.try_get(1)?),
        counts: Counts {
            callbacks: number(2)?,
            fresh: number(3)?,
            checkable: number(4)?,
            repeats: number(5)?,
            set_aside: number(6)?,
            refused: number(7)?,
            delays,
        },
    })
}

fn cell(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
