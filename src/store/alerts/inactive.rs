//! Packages to which nothing has happened for long: the only alert that no fact raises but time. A later fact clears it in its
//! own transaction (`raise`); what no fact clears, since the configuration changed, is found here.

use super::super::aside::Aside;
use super::super::packages::{json, key_of};
use super::super::{Store, StoreError};
use super::raise::{CLEAR, RAISE, REOPEN};
use crate::model::alert::{AlertKind, OLD_MS};
use crate::model::{PackageKey, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// Those that were sent and did not change after `$3`, behind a place, the longest still first; and whether that is known.
const STILL: &str = "SELECT p.id, p.account, p.package, p.updated, EXISTS (SELECT 1 FROM alerts a WHERE a.account = p.account \
    AND a.package = p.package AND a.kind = 'inactive' AND a.signer = '' AND a.resolved_at IS NULL) FROM packages p \
    WHERE p.shelf = 'sent' AND p.updated <= $3 AND (p.updated, p.id) > ($1, $2) ORDER BY p.updated, p.id LIMIT $4";
const NOT_STILL: &str = "SELECT a.account, a.package FROM alerts a LEFT JOIN packages p ON p.account = a.account AND p.package = a.package \
    WHERE a.kind = 'inactive' AND a.resolved_at IS NULL AND NOT coalesce(p.shelf = 'sent' AND p.updated <= $1, false) \
    ORDER BY a.id LIMIT $2";

/// A place among packages: when the last one changed, and its number.
pub type Place = (i64, i64);

/// A package to which nothing has happened for long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Still {
    /// Its place.
    pub place: Place,
    /// Which.
    pub key: PackageKey,
    /// Since when.
    pub since: Timestamp,
    /// An alert says so.
    pub is_known: bool,
}

impl Store {
    /// Packages that were sent and did not change after `until`, those behind a place.
    pub async fn still(&self, after: Place, until: Timestamp, limit: u32) -> Result<Vec<Still>, StoreError> {
        let query = sqlx::query(STILL).bind(after.0).bind(after.1).bind(until.0).bind(i64::from(limit));
        let one = |row: &SqliteRow| {
            let since: i64 = row.try_get(3)?;
            Ok(Still {
                place: (since, row.try_get(0)?),
                key: key_of(row.try_get(1)?, row.try_get(2)?)?,
                since: Timestamp(since),
                is_known: row.try_get::<i64, _>(4)? != 0,
            })
        };
        query.fetch_all(&self.readers).await?.iter().map(one).collect()
    }

    /// Those that an alert calls still and that are not: they ended, or changed after `until`.
    pub async fn not_still(&self, until: Timestamp, limit: u32) -> Result<Vec<PackageKey>, StoreError> {
        let query = sqlx::query(NOT_STILL).bind(until.0).bind(i64::from(limit));
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(|row| key_of(row.try_get(0)?, row.try_get(1)?)).collect()
    }

    /// Raises alerts of packages that lie still for `after`, in milliseconds, and clears those that don't. Of what was so for more
    /// than a day nobody is told.
    pub async fn note_still(
        &self,
        (raised, cleared): (&[Still], &[PackageKey]),
        after: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let kind = AlertKind::Inactive.word();
        let row = |it: &Still| {
            let late = now.since(it.since.plus(after)) > OLD_MS;
            let route_at = (!late).then_some(now.0);
            let key = (it.key.account.0.clone(), it.key.package.as_str().to_owned());
            (key.0, key.1, kind, "", it.since.0, now.0, i64::from(late), route_at)
        };
        let raised = json(&raised.iter().map(row).collect::<Vec<_>>())?;
        let row = |it: &PackageKey| (it.account.0.clone(), it.package.as_str().to_owned(), kind, "", now.0);
        let cleared = json(&cleared.iter().map(row).collect::<Vec<_>>())?;
        let writes = [(CLEAR, cleared), (REOPEN, raised.clone()), (RAISE, raised)];
        self.aside(writes.map(|(sql, rows)| Aside::new(sql).text(rows)).into()).await?;
        self.alerted.notify_one();
        Ok(())
    }
}
