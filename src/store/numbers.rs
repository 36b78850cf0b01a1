//! The numbers that the writer gives out: it is the only one, so it remembers the last of each.

use super::StoreError;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

/// The last numbers given out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Numbers {
    /// Of arrivals and refused calls alike: a call that is admitted leaves the one table for the other, so no number
    /// is given twice.
    pub call: i64,
    pub package: i64,
    pub signer: i64,
    pub seq: i64,
    /// Up to here changes are cut off.
    pub pruned: i64,
    /// Up to this hour traffic was looked through for what is too old.
    pub traffic_pruned: i64,
}

impl Numbers {
    /// As the database knows them.
    pub(super) async fn load(connection: &mut SqliteConnection) -> Result<Self, StoreError> {
        const LAST: &str = "SELECT max((SELECT coalesce(max(id), 0) FROM arrivals), (SELECT coalesce(max(id), 0) FROM refused)), \
        max((SELECT coalesce(max(id), 0) FROM packages), coalesce((SELECT value ->> 0 FROM settings WHERE name = 'numbers'), 0)), \
        max((SELECT coalesce(max(id), 0) FROM signers), coalesce((SELECT value ->> 1 FROM settings WHERE name = 'numbers'), 0)), \
        (SELECT coalesce(max(seq), 0) FROM changes), (SELECT coalesce(min(seq), 1) - 1 FROM changes)";
        let row = sqlx::query(LAST).fetch_one(connection).await?;
        Ok(Self {
            call: row.try_get(0)?,
            package: row.try_get(1)?,
            signer: row.try_get(2)?,
            seq: row.try_get(3)?,
            pruned: row.try_get(4)?,
            traffic_pruned: 0,
        })
    }
}
