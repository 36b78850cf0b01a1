//! The projection is a cache of the log: compared with a fresh fold, and made again.

use super::apart::Apart;
use super::batch::{Batch, Touched};
use super::candidates;
use super::codec::decode_package;
use super::facets;
use super::marks;
use super::packages::{folded, json, key_of, log_of};
use super::policy::{Groups, Policies, Policy, groups_of, load_groups, save_groups};
use super::rows::Columns;
use super::shelf::Entry;
use super::tallies::{Delta, moved, words};
use super::writer::Writer;
use super::{Store, StoreError};
use crate::model::{AccountId, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const CHUNK: i64 = 200;
/// Folding again tells how far it is.
const TOLD_EVERY: u64 = 10_000;
pub(super) const STATES: &str = "SELECT id, account, package, seq, shelf, sender, team, name, search, state, ready, attention_until, \
    updated, created, due, facts, check_by, tries, not_ours FROM packages WHERE id > $1 \
    AND ($3 IS NULL OR account IN (SELECT value FROM json_each($3))) ORDER BY id LIMIT $2";
const STRAY: &str =
    "SELECT package FROM facts WHERE package NOT IN (SELECT id FROM packages) ORDER BY package LIMIT 1";
/// Rule 20: the copies that a package lacks, signers whose row is not as their log says, and what belongs to nobody.
const NO_COPY: &str = "SELECT s.account || '/' || p.package, s.signer FROM links l JOIN signers s ON s.id = l.signer \
    JOIN packages p ON p.id = l.package JOIN signer_facts f ON f.signer = l.signer \
    WHERE NOT EXISTS (SELECT 1 FROM facts g WHERE g.package = l.package AND g.fingerprint = f.fingerprint) \
    ORDER BY l.signer, l.package LIMIT 1";
const WRONG_SIGNER: &str = "SELECT account, signer FROM signers s WHERE facts <> (SELECT count(*) FROM signer_facts WHERE signer = s.id) \
    OR since IS NOT (SELECT min(received_at) FROM signer_facts WHERE signer = s.id) \
    OR linked <> EXISTS (SELECT 1 FROM links WHERE signer = s.id) ORDER BY id LIMIT 1";
const STRAY_SIGNER: &str = "SELECT signer FROM signer_facts WHERE signer NOT IN (SELECT id FROM signers) UNION ALL \
    SELECT signer FROM links WHERE signer NOT IN (SELECT id FROM signers) OR package NOT IN (SELECT id FROM packages) LIMIT 1";
const MEND_COPIES: &str = "INSERT OR IGNORE INTO facts (package, fingerprint, kind, detail, who, name, happened_at, received_at, \
    deliveries, origin, arrival, answer, unverified) SELECT l.package, f.fingerprint, f.kind, f.detail, f.who, f.name, \
    f.happened_at, f.received_at, f.deliveries, f.origin, f.arrival, f.answer, f.unverified \
    FROM links l JOIN signer_facts f ON f.signer = l.signer";
const MEND_SIGNERS: &str = "UPDATE signers SET facts = (SELECT count(*) FROM signer_facts WHERE signer = signers.id), \
    since = (SELECT min(received_at) FROM signer_facts WHERE signer = signers.id), \
    linked = EXISTS (SELECT 1 FROM links WHERE signer = signers.id) \
    WHERE facts <> (SELECT count(*) FROM signer_facts WHERE signer = signers.id) \
    OR since IS NOT (SELECT min(received_at) FROM signer_facts WHERE signer = signers.id) \
    OR linked <> EXISTS (SELECT 1 FROM links WHERE signer = signers.id)";
/// Raised by whoever changes what a log folds to, or what a row says of it: rows of earlier versions are made again then.
const FOLD: &str = "8";
const FOLDED: &str = "SELECT 1 FROM settings WHERE name = 'fold' AND value = $1";
const SET_FOLDED: &str = "INSERT INTO settings (name, value) VALUES ('fold', $1) \
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const LOG_LENGTH: &str = "SELECT count(*) FROM facts WHERE package = $1";
const TALLIES: &str = "SELECT account, word, n FROM tallies WHERE n <> 0 ORDER BY account, word";

/// What a self-check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SelfCheck {
    /// How many packages were compared.
    pub packages: u64,
    /// How many facts were folded.
    pub facts: u64,
    /// The first difference, as a sentence; `None`: all are equal.
    pub difference: Option<String>,
}

/// What a rebuild did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rebuilt {
    /// How many packages were folded again.
    pub packages: u64,
    /// How many looked different then.
    pub changed: u64,
}

impl Store {
    /// Compares every package with a fresh fold of its log, and the counters with a count: in one read snapshot,
    /// without a lock, beside a running board or without one. `told` hears how far it is.
    pub async fn self_check(&self, mut told: impl FnMut(u64)) -> Result<SelfCheck, StoreError> {
        let mut connection = self.readers.acquire().await?;
        sqlx::query("BEGIN").execute(&mut *connection).await?;
        let result = compare(&mut connection, &mut told).await;
        sqlx::query("ROLLBACK").execute(&mut *connection).await?;
        result
    }

    /// Folds every package again. What doesn't change is not written.
    pub async fn rebuild(&self) -> Result<Rebuilt, StoreError> {
        self.ask_apart(Apart::Rebuild).await
    }
}

pub(super) async fn compare(
    connection: &mut SqliteConnection,
    told: &mut impl FnMut(u64),
) -> Result<SelfCheck, StoreError> {
    // Those with which it was made, not those that are configured: a board that starts now would fold it again.
    let policies = remembered(&load_groups(connection).await?);
    let mut check = SelfCheck::default();
    let mut counted = Delta::new();
    let mut last = 0;
    loop {
        let rows = sqlx::query(STATES)
            .bind(last)
            .bind(CHUNK)
            .bind(None::<String>)
            .fetch_all(&mut *connection)
            .await?;
        let Some(end) = rows.last() else { break };
        last = end.try_get("id")?;
        for row in &rows {
            let entry = entry_of(row)?;
            let key = key_of(row.try_get("account")?, row.try_get("package")?)?;
            let length: i64 =
                sqlx::query(LOG_LENGTH).bind(entry.id).fetch_one(&mut *connection).await?.try_get(0)?;
            let log = log_of(connection, entry.id, entry.total).await?;
            let length_of_log = usize::try_from(length).unwrap_or_default();
            let fresh = folded(&log, length_of_log, &key.account, &policies)?;
            check.packages += 1;
            check.facts += u64::try_from(length).unwrap_or_default();
            if check.difference.is_none() {
                let difference = differs(row, &Columns::of(&key, &fresh)?, length)?;
                check.difference = difference.map(|(column, kept, fold)| {
                    format!("{key}: `{column}` says {kept}, but its log of {length} facts folds to {fold}")
                });
            }
            if check.difference.is_none()
                && !candidates::is_found(connection, entry.id, row.try_get("search")?).await?
            {
                check.difference = Some(format!("{key}: a search by its words doesn't find it"));
            }
            moved(&mut counted, &key.account, &[], &words(&fresh, entry.not_ours));
        }
        told(check.packages);
    }
    if check.difference.is_none()
        && let Some(row) = sqlx::query(STRAY).fetch_optional(&mut *connection).await?
    {
        let id: i64 = row.try_get(0)?;
        check.difference = Some(format!("there are facts of row {id}, but no such package"));
    }
    if check.difference.is_none() {
        check.difference = compare_signers(connection).await?;
    }
    if check.difference.is_none() {
        check.difference = compare_tallies(connection, counted).await?;
    }
    for by in [facets::SENDERS, facets::GROUPS] {
        if check.difference.is_none() {
            check.difference = facets::compare(&by, connection).await?;
        }
    }
    if check.difference.is_none() {
        check.difference = marks::compare(connection).await?;
    }
    Ok(check)
}

/// Rule 20: each package that holds a signer has the signer's facts.
async fn compare_signers(connection: &mut SqliteConnection) -> Result<Option<String>, StoreError> {
    if let Some(row) = sqlx::query(NO_COPY).fetch_optional(&mut *connection).await? {
        let (package, signer): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        return Ok(Some(format!(
            "{package}: it holds the signer {signer}, but not all of the signer's facts"
        )));
    }
    if let Some(row) = sqlx::query(WRONG_SIGNER).fetch_optional(&mut *connection).await? {
        let (account, signer): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        return Ok(Some(format!("{account}: what is counted of the signer {signer} is not what is there")));
    }
    let stray = sqlx::query(STRAY_SIGNER).fetch_optional(&mut *connection).await?;
    stray
        .map(|row| {
            Ok(format!(
                "there are facts or links of signer row {}, but no such signer or package",
                row.try_get::<i64, _>(0)?
            ))
        })
        .transpose()
}

/// Whether this version's fold made the rows.
pub(super) async fn is_folded(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    Ok(sqlx::query(FOLDED).bind(FOLD).fetch_optional(connection).await?.is_some())
}

/// What is remembered of the groups, as policies.
fn remembered(groups: &Groups) -> Policies {
    let policy = |groups: &BTreeSet<String>| Policy { groups: groups.clone(), ..Policy::default() };
    groups.iter().map(|(account, groups)| (AccountId(account.clone()), policy(groups))).collect()
}

async fn compare_tallies(
    connection: &mut SqliteConnection,
    counted: Delta,
) -> Result<Option<String>, StoreError> {
    let mut kept = BTreeMap::new();
    for row in sqlx::query(TALLIES).fetch_all(connection).await? {
        kept.insert((row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?), row.try_get::<i64, _>(2)?);
    }
    let counted: BTreeMap<(String, String), i64> = counted
        .into_iter()
        .filter(|(_, n)| *n != 0)
        .map(|((account, word), n)| ((account.0, word.to_owned()), n))
        .collect();
    let keys = kept.keys().chain(counted.keys());
    let differs = keys.into_iter().find(|key| kept.get(*key) != counted.get(*key));
    Ok(differs.map(|key| {
        let n = |of: &BTreeMap<_, i64>| of.get(key).copied().unwrap_or(0);
        format!("{}: the counter `{}` says {}, but {} are there", key.0, key.1, n(&kept), n(&counted))
    }))
}

/// The first column of a row that isn't as the fold says: its name, what it says, and what it should say.
fn differs(
    row: &SqliteRow,
    columns: &Columns,
    length: i64,
) -> Result<Option<(&'static str, String, String)>, StoreError> {
    let word = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
    for (column, fold) in &columns.texts {
        let kept: Option<String> = row.try_get(*column)?;
        if kept != *fold {
            return Ok(Some((column, word(kept), word(fold.clone()))));
        }
    }
    for (column, fold) in columns.numbers.iter().chain(&[("facts", Some(length))]) {
        let kept: Option<i64> = row.try_get(*column)?;
        if kept != *fold {
            return Ok(Some((
                column,
                word(kept.map(|it| it.to_string())),
                word(fold.map(|it| it.to_string())),
            )));
        }
    }
    Ok(None)
}

pub(super) fn entry_of(row: &SqliteRow) -> Result<Entry, StoreError> {
    let mut entry = Entry::new(row.try_get("id")?);
    entry.seq = row.try_get("seq")?;
    entry.total = usize::try_from(row.try_get::<i64, _>("facts")?).unwrap_or_default();
    entry.check_by = row.try_get::<Option<i64>, _>("check_by")?.map(Timestamp);
    entry.tries = row.try_get("tries")?;
    entry.not_ours = row.try_get::<i64, _>("not_ours")? != 0;
    Ok(entry)
}

impl Writer {
    /// Folds every package again and counts anew.
    pub(super) async fn rebuild(&mut self) -> Result<Rebuilt, StoreError> {
        self.shelf.clear();
        sqlx::query(MEND_COPIES).execute(&mut self.connection).await?;
        sqlx::query(MEND_SIGNERS).execute(&mut self.connection).await?;
        let mut counted = Delta::new();
        let done = self.fold_again(None, &mut counted).await?;
        self.recount(counted).await?;
        candidates::index_anew(&mut self.connection).await?;
        facets::recount(&facets::SENDERS, &mut self.connection).await?;
        facets::recount(&facets::GROUPS, &mut self.connection).await?;
        marks::mend(&mut self.connection).await?;
        Ok(done)
    }

    /// Folds every package again if another version of the fold made the rows.
    pub(super) async fn agree_on_fold(&mut self) -> Result<(), StoreError> {
        if is_folded(&mut self.connection).await? {
            return Ok(());
        }
        let done = self.rebuild().await?;
        // Last: whoever dies before begins again.
        sqlx::query(SET_FOLDED).bind(FOLD).execute(&mut self.connection).await?;
        if done.packages > 0 {
            tracing::info!(
                "after an update {} packages were folded again, {} of them changed",
                done.packages,
                done.changed
            );
        }
        Ok(())
    }

    /// Folds the packages of those accounts again of which other groups are shown than when they were folded last.
    pub(super) async fn agree_on_groups(&mut self) -> Result<(), StoreError> {
        let (before, now) = (load_groups(&mut self.connection).await?, groups_of(&self.policies));
        if before == now {
            return Ok(());
        }
        let both = before.keys().chain(now.keys());
        let differ: BTreeSet<&String> = both.filter(|it| before.get(*it) != now.get(*it)).collect();
        let done = self.fold_again(Some(json(&differ)?), &mut Delta::new()).await?;
        // Last: whoever dies before begins again.
        save_groups(&mut self.connection, &now).await?;
        let accounts = differ.len();
        tracing::info!(
            accounts,
            "other groups are shown: {} packages were folded again, {} of them changed",
            done.packages,
            done.changed
        );
        Ok(())
    }

    /// Folds packages again: those of `accounts`, a JSON array, or all. What doesn't change is not written.
    async fn fold_again(
        &mut self,
        accounts: Option<String>,
        counted: &mut Delta,
    ) -> Result<Rebuilt, StoreError> {
        let mut done = Rebuilt::default();
        let mut last = 0;
        loop {
            let query = sqlx::query(STATES).bind(last).bind(CHUNK).bind(&accounts);
            let rows = query.fetch_all(&mut self.connection).await?;
            let Some(end) = rows.last() else { return Ok(done) };
            last = end.try_get("id")?;
            let mut numbers = self.numbers;
            let mut batch = Batch::default();
            let mut kept = Vec::with_capacity(rows.len());
            for row in &rows {
                let mut entry = entry_of(row)?;
                let length: i64 = sqlx::query(LOG_LENGTH)
                    .bind(entry.id)
                    .fetch_one(&mut self.connection)
                    .await?
                    .try_get(0)?;
                entry.total = usize::try_from(length).unwrap_or_default();
                entry.log = log_of(&mut self.connection, entry.id, entry.total).await?;
                // A state that can't be read any more is as good as none: it is made again.
                entry.package = decode_package(row.try_get("state")?).ok().map(Arc::new);
                let mut touched = Touched::new(entry);
                touched.refold = true;
                let key = key_of(row.try_get("account")?, row.try_get("package")?)?;
                kept.push((key.clone(), row, length));
                batch.touched.insert(key, touched);
            }
            batch.fold(&mut numbers.seq, &self.policies)?;
            for (key, row, length) in kept {
                let Some(touched) = batch.touched.get_mut(&key) else { continue };
                let Some(package) = touched.entry.package.as_deref() else { continue };
                touched.stale |= differs(row, &Columns::of(&key, package)?, length)?.is_some();
            }
            done.packages += batch.touched.len() as u64;
            done.changed += batch.changes.len() as u64;
            if done.packages % TOLD_EVERY < batch.touched.len() as u64 && done.packages >= TOLD_EVERY {
                tracing::info!("{} packages were folded again so far", done.packages);
                // While a board starts, nobody else sees to it that the log doesn't grow.
                sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut self.connection).await?;
            }
            batch.script(&self.tallies)?.commit(&mut self.connection).await?;
            self.numbers = numbers;
            for (account, word, n) in self.tallies.after(&batch.delta) {
                self.tallies.set(account, word, n);
            }
            for (key, touched) in &batch.touched {
                let words = touched.entry.package.as_deref().map(|it| words(it, touched.entry.not_ours));
                moved(counted, &key.account, &[], &words.unwrap_or_default());
            }
            // Whoever is told of a change asks what else it moved.
            self.wrote_apart();
            for change in std::mem::take(&mut batch.changes) {
                let _ = self.changes.send(Arc::new(change));
            }
        }
    }

    /// Puts the counters right.
    async fn recount(&mut self, counted: Delta) -> Result<(), StoreError> {
        let known: Vec<(AccountId, &'static str)> = self.tallies.all().into_keys().collect();
        let mut delta = Delta::new();
        for (key, n) in self.tallies.all() {
            *delta.entry(key).or_default() -= n;
        }
        for (key, n) in counted {
            *delta.entry(key).or_default() += n;
        }
        let after = self.tallies.after(&delta);
        tracing::debug!(known = known.len(), corrected = after.len(), "the counters were counted anew");
        let batch = Batch { delta, ..Batch::default() };
        batch.script(&self.tallies)?.commit(&mut self.connection).await?;
        for (account, word, n) in after {
            self.tallies.set(account, word, n);
        }
        Ok(())
    }
}
