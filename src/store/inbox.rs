//! What arrived: every byte of it, what became of it, and what can't be read.

use super::codec::origin_of;
use super::packages::{json, key_of};
use super::read::{AccountFacts, Arrival, ArrivalState, SecretUse, WhyGone};
use super::{Store, StoreError};
use crate::model::{AccountId, Fingerprint, Origin, PackageKey, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::HashMap;

/// Kept, not digested yet.
pub(super) const PENDING: i64 = 0;
const DIGESTED: i64 = 1;
const QUARANTINED: i64 = 2;
/// Sent by the board itself; whoever reads bytes again passes it over.
pub(super) const TEST: i64 = 3;

/// The state of an arrival that was read, with or without a note.
pub(super) const fn state_of(noted: bool) -> i64 {
    if noted { QUARANTINED } else { DIGESTED }
}

/// `$1`: a JSON array of `[package, hash]`; the same bytes tell of the same package, or of none if they weren't understood.
const FIRST_WITH: &str = "SELECT a.hash, min(a.id), min(iif(a.body IS NULL, NULL, a.id)) FROM json_each($1) k JOIN arrivals a \
    ON a.package IS k.value ->> 0 AND a.hash = unhex(k.value ->> 1) WHERE a.same_as IS NULL AND (a.body IS NOT NULL OR a.gone = 'erased') GROUP BY a.hash";
const BEFORE: &str = "SELECT facts, state, account, received_at, origin FROM arrivals WHERE id = $1";
const RECENT: &str = "SELECT a.id, a.account, a.received_at, a.remote, a.origin, a.state, a.note, a.size, p.package, \
    coalesce(f.name, g.name) AS name, coalesce(a.gone, b.gone) AS gone FROM arrivals a \
    LEFT JOIN arrivals b ON b.id = a.same_as \
    LEFT JOIN packages p ON p.id = coalesce(a.package, (SELECT min(package) FROM links WHERE signer = a.signer)) \
    LEFT JOIN facts f ON f.package = a.package AND f.fingerprint = substr(a.facts, 1, 16) \
    LEFT JOIN signer_facts g ON g.signer = a.signer AND g.fingerprint = substr(a.facts, 1, 16) \
    WHERE a.id < $1 ORDER BY a.id DESC LIMIT $2";
const QUARANTINE: &str = "SELECT a.id, a.account, a.received_at, a.remote, a.origin, a.state, a.note, a.size, p.package, \
    coalesce(f.name, g.name) AS name, coalesce(a.gone, b.gone) AS gone FROM arrivals a \
    LEFT JOIN arrivals b ON b.id = a.same_as \
    LEFT JOIN packages p ON p.id = coalesce(a.package, (SELECT min(package) FROM links WHERE signer = a.signer)) \
    LEFT JOIN facts f ON f.package = a.package AND f.fingerprint = substr(a.facts, 1, 16) \
    LEFT JOIN signer_facts g ON g.signer = a.signer AND g.fingerprint = substr(a.facts, 1, 16) \
    WHERE a.state IN (0, 2) AND a.state <> 1 AND a.id < $1 ORDER BY a.id DESC LIMIT $2";
/// What is gone may still have to be passed on; it is shown to nobody.
const BODY: &str = "SELECT a.account, iif(b.gone IS NULL, b.body, NULL), b.gone FROM arrivals a JOIN arrivals b ON b.id = coalesce(a.same_as, a.id) WHERE a.id = $1";
const TO_READ: &str = "SELECT a.id, a.account, a.received_at, a.origin, a.slot, b.body FROM arrivals a \
    JOIN arrivals b ON b.id = coalesce(a.same_as, a.id) WHERE a.id > $1 AND a.id <= $2 AND a.state <> 3 ORDER BY a.id LIMIT $3";
const PENDING_ONES: &str = "SELECT a.id, a.account, a.received_at, a.origin, a.slot, b.body FROM arrivals a \
    JOIN arrivals b ON b.id = coalesce(a.same_as, a.id) WHERE a.state = 0 AND a.state <> 1 AND a.id > $1 AND a.id <= $2 ORDER BY a.id LIMIT $3";
const NEWEST: &str = "SELECT coalesce(max(id), 0) FROM arrivals";
const BY_STATE: &str =
    "SELECT account, count(*) FROM arrivals WHERE state IN (0, 2) AND state <> 1 GROUP BY account";
/// `state <> 1` is what the index over all that is not done is found by: SQLite doesn't see that the rest says so.
const PENDING_COUNT: &str = "SELECT count(*) FROM arrivals WHERE state = 0 AND state <> 1";
const SLOTS: &str = "SELECT slot, used_at FROM slots WHERE account = $1 ORDER BY used_at DESC";
const SECRET_USES: &str =
    "SELECT made_at, first_at, last_at FROM secret_uses WHERE account = $1 ORDER BY made_at";
const REFUSED_OF: &str = "SELECT coalesce(sum(times), 0) FROM refused WHERE account = $1";

/// An arrival whose bytes are to be read again.
#[derive(Debug, Clone)]
pub struct ToRead {
    /// Its number.
    pub id: i64,
    /// Which account it came to.
    pub account: AccountId,
    /// When it came.
    pub received_at: Timestamp,
    /// How it came.
    pub origin: Origin,
    /// Which of the account's secrets it carried.
    pub slot: String,
    /// The body as sent; `None`: it is not here any more.
    pub body: Option<Vec<u8>>,
}

/// The first arrival with some bytes, and the first that still holds them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Twin {
    pub any: i64,
    pub whole: Option<i64>,
}

/// Which arrivals have these bytes first: the package that each told of, and the hash.
pub(super) async fn first_with(
    connection: &mut SqliteConnection,
    suspects: &[(Option<i64>, [u8; 16])],
) -> Result<HashMap<[u8; 16], Twin>, StoreError> {
    let mut keys: Vec<(Option<i64>, String)> = Vec::with_capacity(2 * suspects.len());
    for (package, hash) in suspects {
        let hash = Fingerprint(*hash).to_string();
        if package.is_some() {
            keys.push((*package, hash.clone()));
        }
        keys.push((None, hash));
    }
    let rows = sqlx::query(FIRST_WITH).bind(json(&keys)?).fetch_all(connection).await?;
    let pair = |row: &SqliteRow| -> Result<_, StoreError> {
        let hash: &[u8] = row.try_get(0)?;
        let twin = Twin { any: row.try_get(1)?, whole: row.try_get(2)? };
        Ok((<[u8; 16]>::try_from(hash).map_err(StoreError::json)?, twin))
    };
    rows.iter().map(pair).collect()
}

/// What became of an arrival.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// The facts for which it was counted.
    pub counted: Vec<Fingerprint>,
    /// It was not digested yet.
    pub pending: bool,
    /// A callback that was not digested yet: of which account, and when it came.
    pub came: Option<(AccountId, Timestamp)>,
}

/// What became of an arrival until now.
pub(super) async fn before(connection: &mut SqliteConnection, id: i64) -> Result<Before, StoreError> {
    let row = sqlx::query(BEFORE).bind(id).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(Before::default()) };
    let facts: &[u8] = row.try_get(0)?;
    let counted = facts.chunks_exact(16).filter_map(|chunk| chunk.try_into().ok().map(Fingerprint)).collect();
    let pending = row.try_get::<i64, _>(1)? == PENDING;
    let called = origin_of(row.try_get("origin")?) == Origin::Callback;
    let came = (AccountId(row.try_get("account")?), Timestamp(row.try_get("received_at")?));
    Ok(Before { counted, pending, came: (pending && called).then_some(came) })
}

/// How many arrivals wait to be digested.
pub(super) async fn pending(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query(PENDING_COUNT).fetch_one(connection).await?.try_get(0)?)
}

impl Store {
    /// What arrived, newest first, before the arrival `before`.
    pub async fn arrivals(&self, before: Option<i64>, limit: u32) -> Result<Vec<Arrival>, StoreError> {
        self.list_arrivals(RECENT, before, limit).await
    }

    /// What can't be read, or wasn't yet, newest first.
    pub async fn quarantine(&self, before: Option<i64>, limit: u32) -> Result<Vec<Arrival>, StoreError> {
        self.list_arrivals(QUARANTINE, before, limit).await
    }

    async fn list_arrivals(
        &self,
        sql: &'static str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Arrival>, StoreError> {
        let query = sqlx::query(sql).bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(arrival_of).collect()
    }

    /// The bytes of an arrival, or why they are gone; and the account it came to.
    pub async fn body(&self, id: i64) -> Result<Option<(AccountId, Result<Vec<u8>, WhyGone>)>, StoreError> {
        let row = sqlx::query(BODY).bind(id).fetch_optional(&self.readers).await?;
        let read = |row: SqliteRow| {
            let body: Option<Vec<u8>> = row.try_get(1)?;
            let gone = why_gone(row.try_get(2)?).unwrap_or(WhyGone::Age);
            Ok((AccountId(row.try_get(0)?), body.ok_or(gone)))
        };
        row.map(read).transpose()
    }

    /// The newest arrival's number.
    pub async fn newest_arrival(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query(NEWEST).fetch_one(&self.readers).await?.try_get(0)?)
    }

    /// Arrivals after `after` and up to `to`, in order, with their bytes; only those not digested yet, if so asked.
    pub async fn to_read(
        &self,
        after: i64,
        to: i64,
        pending: bool,
        limit: u32,
    ) -> Result<Vec<ToRead>, StoreError> {
        let sql = if pending { PENDING_ONES } else { TO_READ };
        let rows =
            sqlx::query(sql).bind(after).bind(to).bind(i64::from(limit)).fetch_all(&self.readers).await?;
        let read = |row: &SqliteRow| {
            Ok(ToRead {
                id: row.try_get("id")?,
                account: AccountId(row.try_get("account")?),
                received_at: Timestamp(row.try_get("received_at")?),
                origin: origin_of(row.try_get("origin")?),
                slot: row.try_get("slot")?,
                body: row.try_get("body")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// When each secret of an account was used, the oldest secret first; only of accounts whose secrets are rotated.
    pub async fn secret_uses(&self, account: &AccountId) -> Result<Vec<SecretUse>, StoreError> {
        let rows = sqlx::query(SECRET_USES).bind(&account.0).fetch_all(&self.readers).await?;
        let at = |row: &SqliteRow, column| row.try_get(column).map(Timestamp);
        let each = |row| Ok(SecretUse { made_at: at(row, 0)?, first_at: at(row, 1)?, last_at: at(row, 2)? });
        rows.iter().map(each).collect()
    }

    /// What the store counts for an account.
    pub async fn account_facts(&self, account: &AccountId) -> Result<AccountFacts, StoreError> {
        let mut facts = AccountFacts::default();
        self.tallies.of_account(account, &mut facts);
        for row in sqlx::query(SLOTS).bind(&account.0).fetch_all(&self.readers).await? {
            let at = Timestamp(row.try_get("used_at")?);
            facts.last_callback = facts.last_callback.max(Some(at));
            facts.slots_used.push((row.try_get("slot")?, at));
        }
        facts.secret_uses = self.secret_uses(account).await?;
        for row in sqlx::query(BY_STATE).fetch_all(&self.readers).await? {
            if row.try_get::<&str, _>(0)? == account.0 {
                facts.quarantined = u64::try_from(row.try_get::<i64, _>(1)?).unwrap_or_default();
            }
        }
        let refused: i64 =
            sqlx::query(REFUSED_OF).bind(&account.0).fetch_one(&self.readers).await?.try_get(0)?;
        facts.refused = u64::try_from(refused).unwrap_or_default();
        facts.lone_signers = self.count_lone_signers(account).await?;
        Ok(facts)
    }
}

fn why_gone(word: Option<&str>) -> Option<WhyGone> {
    Some(match word? {
        "package" => WhyGone::Package,
        "erased" => WhyGone::Erased,
        _ => WhyGone::Age,
    })
}

fn arrival_of(row: &SqliteRow) -> Result<Arrival, StoreError> {
    let account: String = row.try_get("account")?;
    let package: Option<&str> = row.try_get("package")?;
    let package: Option<PackageKey> = package.map(|it| key_of(account.clone(), it)).transpose()?;
    let state = match row.try_get::<i64, _>("state")? {
        PENDING => ArrivalState::Pending,
        QUARANTINED => ArrivalState::Quarantined,
        TEST => ArrivalState::Test,
        _ => ArrivalState::Digested,
    };
    Ok(Arrival {
        id: row.try_get("id")?,
        account: AccountId(account),
        received_at: Timestamp(row.try_get("received_at")?),
        remote: row.try_get("remote")?,
        origin: origin_of(row.try_get("origin")?),
        state,
        note: row.try_get("note")?,
        gone: why_gone(row.try_get("gone")?),
        size: row.try_get("size")?,
        package,
        name: row.try_get("name")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Mode, Policies};

    /// Seen red with: a state that is named alone, by which SQLite sees no index.
    #[tokio::test]
    async fn what_is_not_done_is_looked_for_among_all_that_came_by_no_statement() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
        for sql in [PENDING_COUNT, PENDING_ONES, BY_STATE, QUARANTINE] {
            let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
            let plan = plan.bind(1).bind(1).bind(1).fetch_all(&store.readers).await.unwrap();
            let steps: Vec<String> = plan.iter().map(|row| row.get(3)).collect();
            assert!(steps.iter().any(|it| it.contains("arrivals_unread")), "{sql}: {steps:?}");
        }
        store.close().await;
    }
}
