//! Logs and states as they lie in the database.

use super::codec::{decode_event, decode_package, origin_of};
use super::policy::{Policies, is_elsewhere};
use super::read::{Detail, Row};
use super::shelf::Entry;
use super::{Store, StoreError};
use crate::model::fold::MOST_FACTS;
use crate::model::{AccountId, Fingerprint, Package, PackageId, PackageKey, Record, Seq, Timestamp, fold};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The heads of the packages named in `$1`, a JSON array of `[account, package]`.
const HEADS: &str = "SELECT p.id, p.account, p.package, p.seq, p.facts, p.check_by, p.tries, p.not_ours \
    FROM json_each($1) k JOIN packages p ON p.account = k.value ->> 0 AND p.package = k.value ->> 1 ORDER BY p.id";
/// The logs of the packages in `$1`, a JSON array of row ids.
const LOGS: &str = "SELECT f.package, f.fingerprint, f.kind, f.detail, f.who, f.name, f.happened_at, f.received_at, \
    f.deliveries, f.origin, f.arrival, f.answer, f.unverified FROM json_each($1) k JOIN facts f ON f.package = k.value \
    ORDER BY f.package, f.fingerprint";
/// The whole log of one package, however long.
pub(super) const ALL_FACTS: &str = "SELECT * FROM facts WHERE package = $1";
/// Of a package with too many facts: the first ones, the answers, and those that are asked for (`$3`, hex).
const LONG_LOG: &str = "SELECT package, fingerprint, kind, detail, who, name, happened_at, received_at, deliveries, origin, \
    arrival, answer, unverified FROM facts WHERE package = $1 AND (kind = 'answered' OR fingerprint IN (SELECT unhex(value) FROM json_each($3)) \
    OR fingerprint IN (SELECT fingerprint FROM facts WHERE package = $1 AND kind <> 'answered' \
    ORDER BY happened_at IS NULL, min(happened_at, CASE WHEN happened_at > received_at + 300000 THEN received_at ELSE happened_at END), \
    fingerprint LIMIT $2)) ORDER BY fingerprint";
const ONE: &str = "SELECT id, seq, state FROM packages WHERE account = $1 AND package = $2";
const DUE_OF_ACCOUNT: &str = "SELECT package, tries FROM packages WHERE account = $1 AND check_by <= $2 ORDER BY check_by, seq, id LIMIT $3";
const NEXT_DUE: &str = "SELECT min(check_by) FROM packages WHERE account = $1 AND check_by IS NOT NULL";

/// The entries of `wanted` that have a row; with the facts of the given fingerprints, whatever the log's length.
pub(super) async fn load(
    connection: &mut SqliteConnection,
    wanted: &HashMap<PackageKey, HashSet<Fingerprint>>,
    policies: &Policies,
) -> Result<Vec<(PackageKey, Entry)>, StoreError> {
    let keys: Vec<[&str; 2]> =
        wanted.keys().map(|key| [key.account.0.as_str(), key.package.as_str()]).collect();
    let heads = sqlx::query(HEADS).bind(json(&keys)?).fetch_all(&mut *connection).await?;
    let mut found = Vec::with_capacity(heads.len());
    for head in &heads {
        let mut entry = Entry::new(head.try_get("id")?);
        entry.seq = head.try_get("seq")?;
        entry.total = usize::try_from(head.try_get::<i64, _>("facts")?).unwrap_or_default();
        entry.check_by = head.try_get::<Option<i64>, _>("check_by")?.map(Timestamp);
        entry.tries = head.try_get("tries")?;
        entry.not_ours = head.try_get::<i64, _>("not_ours")? != 0;
        found.push((key_of(head.try_get("account")?, head.try_get("package")?)?, entry));
    }
    let short: Vec<i64> =
        found.iter().filter(|(_, entry)| entry.total <= MOST_FACTS).map(|(_, entry)| entry.id).collect();
    let mut logs: HashMap<i64, Vec<Record>> = HashMap::new();
    if !short.is_empty() {
        for row in sqlx::query(LOGS).bind(json(&short)?).fetch_all(&mut *connection).await? {
            logs.entry(row.try_get("package")?).or_default().push(record_of(&row)?);
        }
    }
    for (key, entry) in &mut found {
        if entry.total > MOST_FACTS {
            entry.log = long_log(&mut *connection, entry.id, wanted.get(key)).await?;
        } else {
            entry.log = logs.remove(&entry.id).unwrap_or_default();
        }
        entry.package = Some(Arc::new(folded(&entry.log, entry.total, &key.account, policies)?));
    }
    Ok(found)
}

/// The fold of a log that has `total` facts, of which `log` may be only the first; and what the account's policy makes
/// of it.
pub(super) fn folded(
    log: &[Record],
    total: usize,
    account: &AccountId,
    policies: &Policies,
) -> Result<Package, StoreError> {
    // A fold that panics is a bug of ours; the bytes, and the writer, must survive it.
    let folded = catch_unwind(AssertUnwindSafe(|| fold(log)));
    let mut package = folded.map_err(|_| StoreError::Unreadable("a log that can't be folded".to_owned()))?;
    package.facts = u32::try_from(total).unwrap_or(u32::MAX);
    package.too_many_facts |= total > log.len();
    package.elsewhere = is_elsewhere(policies, account, &package);
    Ok(package)
}

async fn long_log(
    connection: &mut SqliteConnection,
    id: i64,
    wanted: Option<&HashSet<Fingerprint>>,
) -> Result<Vec<Record>, StoreError> {
    let wanted: Vec<String> = wanted.into_iter().flatten().map(ToString::to_string).collect();
    let most = i64::try_from(MOST_FACTS).unwrap_or(i64::MAX);
    let rows = sqlx::query(LONG_LOG).bind(id).bind(most).bind(json(&wanted)?).fetch_all(connection).await?;
    rows.iter().map(record_of).collect()
}

/// The log of a row, at most the facts that are folded.
pub(super) async fn log_of(
    connection: &mut SqliteConnection,
    id: i64,
    total: usize,
) -> Result<Vec<Record>, StoreError> {
    if total > MOST_FACTS {
        return long_log(connection, id, None).await;
    }
    let rows = sqlx::query(LOGS).bind(json(&[id])?).fetch_all(connection).await?;
    rows.iter().map(record_of).collect()
}

impl Store {
    /// A package and its whole log, oldest first.
    pub async fn package(&self, key: &PackageKey) -> Result<Option<Detail>, StoreError> {
        let mut connection = self.readers.acquire().await?;
        let found = sqlx::query(ONE)
            .bind(&key.account.0)
            .bind(key.package.as_str())
            .fetch_optional(&mut *connection)
            .await?;
        let Some(row) = found else { return Ok(None) };
        let package = decode_package(row.try_get("state")?)?;
        let id: i64 = row.try_get("id")?;
        let ids = json(&[id])?;
        let rows = sqlx::query(LOGS).bind(ids).fetch_all(&mut *connection).await?;
        let mut log = rows.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
        log.sort_by_key(|record| (record.shown_time(), record.event.rank(), record.fingerprint));
        let seq = Seq(row.try_get("seq")?);
        Ok(Some(Detail { row: Row { id, key: key.clone(), seq, package: Arc::new(package) }, log }))
    }

    /// The packages of one account that are due at `now`, and how often asking has failed: those first that are due at
    /// once (at time 0), in the order of their changes; then the longest due.
    pub async fn due_of(
        &self,
        account: &AccountId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(PackageId, i64)>, StoreError> {
        let query = sqlx::query(DUE_OF_ACCOUNT).bind(&account.0).bind(now.0).bind(i64::from(limit));
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((package_id(row.try_get("package")?)?, row.try_get("tries")?))).collect()
    }

    /// When the next package of an account is due.
    pub async fn next_due(&self, account: &AccountId) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query(NEXT_DUE).bind(&account.0).fetch_one(&self.readers).await?;
        Ok(row.try_get::<Option<i64>, _>(0)?.map(Timestamp))
    }
}

pub(super) fn key_of(account: String, package: &str) -> Result<PackageKey, StoreError> {
    Ok(PackageKey { account: AccountId(account), package: package_id(package)? })
}

pub(super) fn package_id(raw: &str) -> Result<PackageId, StoreError> {
    PackageId::parse(raw).ok_or_else(|| StoreError::Unreadable("a package with an impossible id".into()))
}

pub(super) fn record_of(row: &SqliteRow) -> Result<Record, StoreError> {
    let fingerprint: &[u8] = row.try_get("fingerprint")?;
    let fingerprint = <[u8; 16]>::try_from(fingerprint).map_err(StoreError::json)?;
    let deliveries: i64 = row.try_get("deliveries")?;
    Ok(Record {
        event: decode_event(row.try_get("kind")?, row.try_get("detail")?, row.try_get("answer")?)?,
        who: row.try_get("who")?,
        happened_at: row.try_get::<Option<i64>, _>("happened_at")?.map(Timestamp),
        received_at: Timestamp(row.try_get("received_at")?),
        fingerprint: Fingerprint(fingerprint),
        deliveries: u32::try_from(deliveries).unwrap_or(u32::MAX),
        origin: origin_of(row.try_get("origin")?),
        name: row.try_get("name")?,
        arrival: row.try_get("arrival")?,
        unverified: row.try_get::<i64, _>("unverified")? != 0,
    })
}

pub(super) fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::json)
}
