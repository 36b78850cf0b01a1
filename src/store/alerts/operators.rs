//! Alerts of whoever runs the board: noted, and what they are raised from as far as it lies here. All of it is found by
//! indexes, since it is asked every half a minute.

use super::super::aside::Aside;
use super::super::packages::json;
use super::super::{Store, StoreError};
use crate::model::ail::{Ail, Noted, Step};
use crate::model::alert::AlertKind;
use crate::model::{AccountId, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// Those that are over are kept as long as the figures of traffic.
const KEPT_MS: i64 = 400 * 24 * 60 * 60 * 1000;

const NOTED: &str = "SELECT id, account, kind, signer, away_since FROM alerts WHERE package = '' AND resolved_at IS NULL ORDER BY id";
/// `$1`: a JSON array of `[account, kind, subject, began]`.
const RAISE: &str = "INSERT INTO alerts (account, package, kind, signer, began, raised_at, late, route_at) \
    SELECT value ->> 0, '', value ->> 1, value ->> 2, value ->> 3, $2, 0, $2 FROM json_each($1) WHERE true ON CONFLICT DO NOTHING";
/// `$1`: a JSON array of numbers.
const AWAY: &str =
    "UPDATE alerts SET away_since = $2 WHERE id IN (SELECT value FROM json_each($1)) AND resolved_at IS NULL";
/// Who was told hears of that, too.
const CLEAR: &str = "UPDATE alerts SET resolved_at = $2, resolution = 'cleared', snoozed_until = NULL, \
    route_at = iif(EXISTS (SELECT 1 FROM tellings t WHERE t.alert = alerts.id), $2, NULL) \
    WHERE id IN (SELECT value FROM json_each($1)) AND resolved_at IS NULL";
const FORGET_TOLD: &str =
    "DELETE FROM tellings WHERE alert IN (SELECT id FROM alerts WHERE package = '' AND resolved_at < $1)";
const FORGET: &str = "DELETE FROM alerts WHERE package = '' AND resolved_at < $1";

const QUARANTINED: &str = "SELECT 1 FROM arrivals WHERE account = $1 AND state = 2 LIMIT 1";
const REFUSED: &str = "SELECT max(last_at) FROM refused WHERE account = $1";
/// Only the first in line is tried, and whoever waits aside was; what was given up since `$2` is told of, too.
const FORWARDING: &str = "SELECT min(at) FROM (SELECT * FROM (SELECT first_at AS at FROM forwards WHERE account = $1 AND state = 0 ORDER BY arrival LIMIT 1) \
    UNION ALL SELECT * FROM (SELECT first_at FROM forwards WHERE account = $1 AND state = 3 AND first_at IS NOT NULL ORDER BY arrival LIMIT 1) \
    UNION ALL SELECT * FROM (SELECT first_at FROM forwards WHERE account = $1 AND state = 2 AND tried_at >= $2 ORDER BY tried_at LIMIT 1))";
pub(in crate::store) const HOOK: &str = "SELECT min(at) FROM (SELECT * FROM (SELECT made_at AS at FROM hook_deliveries INDEXED BY hook_deliveries_failed \
    WHERE hook = $1 AND state = 0 AND error IS NOT NULL ORDER BY id LIMIT 1) \
    UNION ALL SELECT * FROM (SELECT made_at FROM hook_deliveries WHERE hook = $1 AND state = 2 AND tried_at >= $2 ORDER BY tried_at LIMIT 1))";
/// What waits although it was tried first before `$1`, and what was given up since `$2`.
const UNTOLD: &str = "SELECT channel, min(at) FROM (SELECT channel, first_at AS at FROM tellings WHERE state = 0 AND error IS NOT NULL AND first_at <= $1 \
    UNION ALL SELECT channel, tried_at FROM tellings WHERE state = 2 AND tried_at >= $2) GROUP BY channel ORDER BY channel";

impl Store {
    /// What was raised for whoever runs the board and is not over.
    pub async fn ails(&self) -> Result<Vec<Noted>, StoreError> {
        let rows = sqlx::query(NOTED).fetch_all(&self.readers).await?;
        let one = |row: &SqliteRow| {
            // What only another version knows is for that one to close.
            let Some(kind) = AlertKind::parse(row.try_get("kind")?) else { return Ok(None) };
            let (account, subject) = (AccountId(row.try_get("account")?), row.try_get("signer")?);
            let away_since = row.try_get::<Option<i64>, _>("away_since")?.map(Timestamp);
            Ok(Some(Noted { id: row.try_get("id")?, ail: Ail { account, kind, subject }, away_since }))
        };
        rows.iter().filter_map(|row| one(row).transpose()).collect()
    }

    /// Notes what changed, all or none.
    pub async fn note_ails(&self, steps: &[Step], now: Timestamp) -> Result<(), StoreError> {
        let (mut raised, mut leave, mut return_, mut over) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Raise(it, began) => {
                    raised.push((&it.account.0, it.kind.word(), &it.subject, began.0));
                }
                Step::Leaves(id) => leave.push(*id),
                Step::Returns(id) => return_.push(*id),
                Step::Clear(id) => over.push(*id),
            }
        }
        let mut writes = Vec::new();
        if !raised.is_empty() {
            writes.push(Aside::new(RAISE).text(json(&raised)?).number(now.0));
        }
        for (ids, since) in [(leave, Some(now.0)), (return_, None)] {
            if !ids.is_empty() {
                writes.push(Aside::new(AWAY).text(json(&ids)?).number(since));
            }
        }
        if !over.is_empty() {
            writes.push(Aside::new(CLEAR).text(json(&over)?).number(now.0));
            // Nothing else ever takes them away: they are of no package.
            let before = now.plus(-KEPT_MS).0;
            writes.extend([FORGET_TOLD, FORGET].map(|sql| Aside::new(sql).number(before)));
        }
        if !writes.is_empty() {
            self.aside(writes).await?;
            self.alerted.notify_one();
        }
        Ok(())
    }

    /// Whether something that came to an account couldn't be read.
    pub async fn is_quarantined(&self, account: &AccountId) -> Result<bool, StoreError> {
        Ok(sqlx::query(QUARANTINED).bind(&account.0).fetch_optional(&self.readers).await?.is_some())
    }

    /// When a call to an account was last refused.
    pub async fn refused_at(&self, account: &AccountId) -> Result<Option<Timestamp>, StoreError> {
        since(&sqlx::query(REFUSED).bind(&account.0).fetch_one(&self.readers).await?)
    }

    /// Since when an account's listener doesn't take what it is passed, or since when it did not take what was given up after
    /// `given_up`. `None`: it takes everything.
    pub async fn forwarding_fails(
        &self,
        account: &AccountId,
        given_up: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        since(&sqlx::query(FORWARDING).bind(&account.0).bind(given_up.0).fetch_one(&self.readers).await?)
    }

    /// The same of a hook.
    pub async fn hook_fails(&self, hook: &str, given_up: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        since(&sqlx::query(HOOK).bind(hook).bind(given_up.0).fetch_one(&self.readers).await?)
    }

    /// The channels by which something can't be told that was tried first before `tried`, or was given up after `given_up`;
    /// and since when.
    pub async fn channels_fail(
        &self,
        tried: Timestamp,
        given_up: Timestamp,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let rows = sqlx::query(UNTOLD).bind(tried.0).bind(given_up.0).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, Timestamp(row.try_get(1)?)))).collect()
    }
}

fn since(row: &SqliteRow) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.try_get::<Option<i64>, _>(0)?.map(Timestamp))
}
