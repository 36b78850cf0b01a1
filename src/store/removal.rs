//! Packages that have ended long ago go whole: their facts, their row, their counts, the bytes that told of them. What is
//! remembered is that there was such a package, so that nothing brings it back without its past.

use super::batch::Batch;
use super::codec::decode_package;
use super::facets;
use super::packages::{json, key_of};
use super::retention::unneeded;
use super::script::{Script, Table};
use super::tallies::{moved, words};
use super::writer::Writer;
use super::{Store, StoreError};
use crate::model::{PackageKey, SignerKey, Status, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use std::collections::HashSet;

/// So many packages go at a time,
const CHUNK: i64 = 20;
/// or fewer, if they have more facts than this together.
const FACTS: i64 = 1_000;

/// What an arrival says in which everything was about them.
pub(super) const NOTE: &str =
    "it tells of a package that was removed here because it had ended long ago; nothing of it is counted";

/// `$1`: where packages that have ended stand; `$3`: the words of those that haven't.
macro_rules! ended {
    () => {
        "shelf IN (SELECT value FROM json_each($1)) AND updated < $2 AND (shelf NOT IN ('trashed', 'elsewhere') \
         OR state ->> '$.s' NOT IN (SELECT value FROM json_each($3)))"
    };
}
const ENDED: &str = concat!(
    "SELECT id, account, package, state, not_ours, facts FROM packages WHERE ",
    ended!(),
    " ORDER BY shelf, updated LIMIT $4"
);
/// How many there are.
pub(super) const OLD: &str = concat!(
    "SELECT account, count(*), coalesce(sum(facts), 0) FROM packages WHERE ",
    ended!(),
    " GROUP BY account ORDER BY account"
);
/// The signers who are in these packages and in no others.
const SIGNERS: &str = "SELECT DISTINCT s.id, s.account, s.signer FROM json_each($1) k JOIN links l ON l.package = k.value \
    JOIN signers s ON s.id = l.signer WHERE NOT EXISTS (SELECT 1 FROM links o WHERE o.signer = l.signer \
    AND o.package NOT IN (SELECT value FROM json_each($1)))";
const BODIES: &str = concat!(
    "UPDATE arrivals AS a SET body = NULL, gone = 'package' WHERE a.id IN (SELECT id FROM arrivals WHERE same_as IS NULL \
     AND package IN (SELECT value FROM json_each(?)) UNION SELECT arrival FROM facts \
     WHERE package IN (SELECT value FROM json_each(?)) AND arrival IS NOT NULL) AND ",
    unneeded!()
);
/// Each takes the rows of the packages, a JSON array.
const OF_PACKAGES: [&str; 6] = [
    "DELETE FROM drift WHERE id IN (SELECT d.id FROM packages p JOIN drift d ON d.account = p.account AND d.package = p.package \
     WHERE p.id IN (SELECT value FROM json_each(?)))",
    "DELETE FROM waiting WHERE EXISTS (SELECT 1 FROM packages p WHERE p.account = waiting.account \
     AND p.package = waiting.package AND p.id IN (SELECT value FROM json_each(?)))",
    "DELETE FROM dry_lines WHERE id IN (SELECT d.id FROM dry_lines d JOIN runs r ON r.id = d.run JOIN packages p \
     ON p.account = r.account AND p.package = d.package WHERE p.id IN (SELECT value FROM json_each(?)))",
    "DELETE FROM facts WHERE package IN (SELECT value FROM json_each(?))",
    "DELETE FROM links WHERE package IN (SELECT value FROM json_each(?))",
    "DELETE FROM packages WHERE id IN (SELECT value FROM json_each(?))",
];
/// Each takes the rows of the signers.
const OF_SIGNERS: [&str; 2] = [
    "DELETE FROM signer_facts WHERE signer IN (SELECT value FROM json_each(?))",
    "DELETE FROM signers WHERE id IN (SELECT value FROM json_each(?))",
];
const REMOVED: Table = Table {
    head: "INSERT INTO removed (account, subject, id, at)",
    columns: 4,
    tail: "ON CONFLICT (account, subject, id) DO UPDATE SET at = excluded.at",
};
/// Arrivals know packages and signers by number, so none is given twice.
const NUMBERS: &str = "INSERT INTO settings (name, value) VALUES ('numbers', ?) \
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const ANY: &str = "SELECT EXISTS (SELECT 1 FROM removed)";
const AMONG: &str = "SELECT k.key FROM json_each($1) k JOIN removed r ON r.account = k.value ->> 0 \
    AND r.subject = k.value ->> 1 AND r.id = k.value ->> 2";

/// Where packages stand that may have ended, as a JSON array.
pub(super) fn shelves() -> Result<String, StoreError> {
    let ended = Status::ALL.into_iter().filter(|it| !it.is_open()).map(Status::word);
    json(&ended.chain(["trashed", "elsewhere"]).collect::<Vec<_>>())
}

/// The words of packages that haven't ended, as a JSON array.
pub(super) fn open_words() -> Result<String, StoreError> {
    json(&Status::ALL.into_iter().filter(|it| it.is_open()).map(Status::word).collect::<Vec<_>>())
}

/// Whether anything was ever removed: while nothing was, nobody looks.
pub(super) async fn any(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    Ok(sqlx::query(ANY).fetch_one(connection).await?.try_get(0)?)
}

/// Which of these were removed.
pub(super) async fn among<K: Clone + Eq + std::hash::Hash>(
    connection: &mut SqliteConnection,
    keys: &[(K, (&str, &'static str, &str))],
) -> Result<HashSet<K>, StoreError> {
    let names: Vec<_> = keys.iter().map(|(_, name)| *name).collect();
    let rows = sqlx::query(AMONG).bind(json(&names)?).fetch_all(connection).await?;
    let mut found = HashSet::new();
    for row in rows {
        let at = usize::try_from(row.try_get::<i64, _>(0)?).unwrap_or(usize::MAX);
        found.extend(keys.get(at).map(|(key, _)| key.clone()));
    }
    Ok(found)
}

/// A package as [`among`] takes it.
pub(super) fn package_name(key: &PackageKey) -> (&str, &'static str, &str) {
    (&key.account.0, "package", key.package.as_str())
}

/// A signer as [`among`] takes them.
pub(super) fn signer_name(key: &SignerKey) -> (&str, &'static str, &str) {
    (&key.account.0, "signer", key.signer.as_str())
}

impl Writer {
    /// Some of the packages that ended before that go. How many did, with how many facts.
    pub(super) async fn remove_ended(
        &mut self,
        before: Timestamp,
        at: Timestamp,
    ) -> Result<(u64, u64), StoreError> {
        let query = sqlx::query(ENDED).bind(shelves()?).bind(before.0).bind(open_words()?).bind(CHUNK);
        let rows = query.fetch_all(&mut self.connection).await?;
        let mut batch = Batch::default();
        let (mut ids, mut keys, mut facts) = (Vec::<i64>::new(), Vec::new(), 0);
        for row in &rows {
            let count: i64 = row.try_get("facts")?;
            if !ids.is_empty() && facts + count > FACTS {
                break;
            }
            facts += count;
            let key = key_of(row.try_get("account")?, row.try_get("package")?)?;
            let package = decode_package(row.try_get("state")?)?;
            let words = words(&package, row.try_get::<i64, _>("not_ours")? != 0);
            let (sender, group) = (facets::sender(&package), facets::group(&package));
            moved(&mut batch.delta, &key.account, &words, &[]);
            batch.sent.moved(&key.account, (sender.as_deref(), &words), (None, &[]));
            batch.grouped.moved(&key.account, (group.as_deref(), &words), (None, &[]));
            ids.push(row.try_get("id")?);
            keys.push(key);
        }
        if ids.is_empty() {
            return Ok((0, 0));
        }
        let mut script = batch.script(&self.tallies)?;
        self.forget(&ids, &keys, at, &mut script).await?;
        script.commit(&mut self.connection).await?;
        for (account, word, n) in self.tallies.after(&batch.delta) {
            self.tallies.set(account, word, n);
        }
        self.has_removed = true;
        self.wrote_apart();
        for (id, key) in ids.iter().zip(&keys) {
            self.shelf.take(key);
            self.lines.forget(*id);
        }
        Ok((ids.len() as u64, facts.unsigned_abs()))
    }

    /// Their rows, wherever they are.
    async fn forget(
        &mut self,
        ids: &[i64],
        keys: &[PackageKey],
        at: Timestamp,
        script: &mut Script,
    ) -> Result<(), StoreError> {
        let ids = json(ids)?;
        let mut removed: Vec<(String, &str, String)> = Vec::new();
        let mut signers: Vec<i64> = Vec::new();
        for row in sqlx::query(SIGNERS).bind(&ids).fetch_all(&mut self.connection).await? {
            signers.push(row.try_get("id")?);
            removed.push((row.try_get("account")?, "signer", row.try_get("signer")?));
        }
        removed
            .extend(keys.iter().map(|it| (it.account.0.clone(), "package", it.package.as_str().to_owned())));
        script.statement(BODIES, |cells| cells.bind(ids.clone())?.bind(ids.clone()).map(|_| ()))?;
        for sql in OF_PACKAGES {
            script.statement(sql, |cells| cells.bind(ids.clone()).map(|_| ()))?;
        }
        if !signers.is_empty() {
            let signers = json(&signers)?;
            for sql in OF_SIGNERS {
                script.statement(sql, |cells| cells.bind(signers.clone()).map(|_| ()))?;
            }
        }
        script.insert(&REMOVED, &removed, |(account, subject, id), cells| {
            cells.bind(account.clone())?.bind((*subject).to_owned())?.bind(id.clone())?.bind(at.0).map(|_| ())
        })?;
        let numbers = json(&[self.numbers.package, self.numbers.signer])?;
        script.statement(NUMBERS, |cells| cells.bind(numbers).map(|_| ()))
    }
}

impl Store {
    /// Whether a package was removed because it had ended long ago.
    pub async fn is_removed(&self, key: &PackageKey) -> Result<bool, StoreError> {
        let mut connection = self.readers.acquire().await?;
        Ok(!among(&mut connection, &[((), package_name(key))]).await?.is_empty())
    }
}
