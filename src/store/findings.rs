//! What a page of drift lines needs beside them: the packages as they are now; and a package's own lines.

use super::codec::decode_package;
use super::drift::{Drift, drift_of};
use super::packages::{json, key_of};
use super::{Store, StoreError};
use crate::model::{Package, PackageKey};
use sqlx::Row as _;
use std::collections::HashMap;

const OF_PACKAGE: &str = "SELECT * FROM drift WHERE account = $1 AND package = $2 ORDER BY id DESC LIMIT $3";
/// `$1` is a JSON array of `[account, package]`.
const STATES: &str = "SELECT p.account, p.package, p.state FROM json_each($1) k \
    JOIN packages p ON p.account = k.value ->> 0 AND p.package = k.value ->> 1";

impl Store {
    /// The newest lines of drift of a package.
    pub async fn drift_of(&self, key: &PackageKey, limit: u32) -> Result<Vec<Drift>, StoreError> {
        let query = sqlx::query(OF_PACKAGE).bind(&key.account.0).bind(key.package.as_str());
        query.bind(i64::from(limit)).fetch_all(&self.readers).await?.iter().map(drift_of).collect()
    }

    /// These packages as they are now; without those that the board does not know any more.
    pub async fn states<'a>(
        &self,
        keys: impl Iterator<Item = &'a PackageKey>,
    ) -> Result<HashMap<PackageKey, Package>, StoreError> {
        let mut keys: Vec<(&str, &str)> =
            keys.map(|it| (it.account.0.as_str(), it.package.as_str())).collect();
        keys.sort_unstable();
        keys.dedup();
        let rows = sqlx::query(STATES).bind(json(&keys)?).fetch_all(&self.readers).await?;
        let state = |row: &sqlx::sqlite::SqliteRow| {
            let key = key_of(row.try_get("account")?, row.try_get("package")?)?;
            Ok((key, decode_package(row.try_get("state")?)?))
        };
        rows.iter().map(state).collect()
    }
}
