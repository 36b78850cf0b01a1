//! Lines of drift as they are written: each in the transaction of the answer that showed it, and closed in that of the
//! callback that came after all.

use super::batch::{Applied, Batch, Touched};
use super::packages::{folded, json, key_of};
use super::policy::Policies;
use super::script::{Script, Table};
use super::writer::Writer;
use super::{StoreError, Subject};
use crate::model::standing::{Line, word_of};
use crate::model::{AccountId, Difference, Origin, Package, PackageKey, Record, Timestamp, diff};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::{BTreeSet, HashMap, HashSet};

const DRIFT: Table = Table {
    head: "INSERT INTO drift (account, package, run, signer, field, board, provider, missed, word, subscribed, happened_at, found_at, as_of, expected_by, came_at)",
    columns: 15,
    tail: "",
};
/// The rows of the packages that have open lines.
const OPEN: &str = "SELECT DISTINCT p.id FROM drift d JOIN packages p ON p.account = d.account AND p.package = d.package \
    WHERE d.came_at IS NULL";
/// The open lines of the packages in `$1`, a JSON array of `[account, package]`.
const OPEN_LINES: &str = "SELECT d.id, d.account, d.package, d.signer, d.field, d.provider, d.missed, d.found_at, d.expected_by, \
    coalesce(d.as_of, d.found_at) AS as_of FROM json_each($1) k JOIN drift d ON d.account = k.value ->> 0 \
    AND d.package = k.value ->> 1 WHERE d.came_at IS NULL ORDER BY d.id";
const CAME: &str =
    "UPDATE drift SET came_at = k.value ->> 1 FROM json_each(?) k WHERE drift.id = k.value ->> 0";
const IN_TIME: &str = "DELETE FROM drift WHERE id IN (SELECT value FROM json_each(?))";
/// Since when each account is watched: the first sweep that went well had seen everything up to then. And what its
/// provider was told to call us for.
const WATCHES: &str = "SELECT r.account, min(r.watermark), (SELECT words FROM registered g WHERE g.account = r.account) FROM runs r \
    WHERE r.success = 1 AND r.dry = 0 AND r.reason <> 'range' AND r.watermark IS NOT NULL GROUP BY r.account";

/// Open lines of more packages than this are not closed when a callback comes late; there are fewer lines on disk.
const MOST_OPEN: usize = 200_000;

/// An account whose first sweep has ended.
#[derive(Debug)]
pub(super) struct Watch {
    /// What happened before was missed by nobody.
    since: Timestamp,
    /// What its provider was told to call us for; `None`: nobody knows.
    registered: Option<BTreeSet<String>>,
}

pub(super) type Watches = HashMap<AccountId, Watch>;

/// A line to be written.
pub(super) struct DriftRow {
    run: Option<i64>,
    pub key: PackageKey,
    difference: Difference,
    word: &'static str,
    subscribed: bool,
    as_of: Timestamp,
    found_at: Timestamp,
    expected_by: Timestamp,
    came_at: Option<Timestamp>,
}

/// What becomes of lines on disk.
#[derive(Default)]
pub(super) struct Closed {
    /// The callback came late: the line and when.
    late: Vec<(i64, i64)>,
    /// It came in time: nothing was missed.
    in_time: Vec<i64>,
    /// The packages that have no open line any more.
    pub packages: Vec<i64>,
}

/// What became of the callback of a line.
enum Fate {
    Open,
    InTime,
    Late(Timestamp),
}

impl Touched {
    /// What this batch's callbacks make of a line.
    fn fate(&self, line: &Line, expected_by: Timestamp) -> Fate {
        let Some((received_at, origin)) = self.heard.filter(|_| line.is_told(&self.entry.log)) else {
            return Fate::Open;
        };
        let at = received_at.max(line.found_at);
        if origin == Origin::Callback && at <= expected_by { Fate::InTime } else { Fate::Late(at) }
    }
}

impl Batch<'_> {
    /// Puts an answer into its package's log. If its account is watched, what it showed is written down with it. Whatever
    /// came before it, be it in this batch, was told.
    pub(super) fn learn(
        &mut self,
        key: &PackageKey,
        record: &Record,
        run: Option<i64>,
        policies: &Policies,
        watches: &Watches,
    ) -> Result<Applied, StoreError> {
        let facts = [(Subject::Package(key.clone()), record.clone())];
        let facts = self.without_erased(&facts).unwrap_or(facts.into());
        let Some((_, record)) = facts.first() else { return Ok(Applied::default()) };
        if self.removed.contains(key) {
            return Ok(Applied::default());
        }
        let watched = record.answer().zip(watches.get(&key.account).zip(policies.get(&key.account)));
        let Some((answer, (watch, policy))) = watched else {
            return self.apply(&facts, None, &[], policies);
        };
        // What was told of its signers alone joins now, also where nobody had heard of the package itself.
        self.join(key, record, policies)?;
        let before = self.state_of(key, policies)?;
        let log = self.touched.get(key).map(|it| it.entry.log.as_slice()).unwrap_or_default();
        let newest = log.iter().filter(|it| it.answer().is_some()).max_by_key(|it| it.happened_at);
        let is_first = newest.is_none();
        // An API that falls back to what it had said before shows nothing that was not written down then.
        let is_old = newest.and_then(Record::answer) != Some(answer)
            && log.iter().any(|it| it.answer() == Some(answer));
        let mut applied = self.apply(&facts, None, &[], policies)?;
        if is_old {
            return Ok(applied);
        }
        let after = self.state_of(key, policies)?.unwrap_or_default();
        let (as_of, found_at) = (record.happened_at.unwrap_or(record.received_at), record.received_at);
        for difference in diff(before.as_ref(), answer, &after) {
            let Some(word) = word_of(policy.words, &difference) else { continue };
            if is_first && difference.may_precede(watch.since, answer) {
                continue;
            }
            applied.drift += 1;
            self.drift.push(DriftRow {
                run,
                key: key.clone(),
                word,
                subscribed: watch.registered.as_ref().is_none_or(|it| it.contains(word)),
                as_of,
                found_at,
                expected_by: difference.expected_by(policy.told_within_ms, as_of, found_at),
                came_at: None,
                difference,
            });
        }
        Ok(applied)
    }

    pub(super) fn state_of(
        &self,
        key: &PackageKey,
        policies: &Policies,
    ) -> Result<Option<Package>, StoreError> {
        let Some(touched) = self.touched.get(key).filter(|it| it.entry.total > 0) else { return Ok(None) };
        folded(&touched.entry.log, touched.entry.total, &key.account, policies).map(Some)
    }

    pub(super) fn drift_into(&self, script: &mut Script) -> Result<(), StoreError> {
        script.insert(&DRIFT, &self.drift, |row, cells| {
            let it = &row.difference;
            cells.word(&row.key.account.0)?.bind(row.key.package.as_str().to_owned())?.bind(row.run)?;
            cells.bind(it.signer.clone())?.word(it.field.word())?.bind(it.board)?.word(it.provider)?;
            cells.word(it.missed.word())?.word(row.word)?.bind(i64::from(row.subscribed))?;
            cells.bind(it.happened_at.map(|at| at.0))?.bind(row.found_at.0)?.bind(row.as_of.0)?;
            cells.bind(row.expected_by.0)?.bind(row.came_at.map(|at| at.0)).map(|_| ())
        })?;
        if !self.closed.late.is_empty() {
            let late = json(&self.closed.late)?;
            script.statement(CAME, |cells| cells.bind(late).map(|_| ()))?;
        }
        if !self.closed.in_time.is_empty() {
            let in_time = json(&self.closed.in_time)?;
            script.statement(IN_TIME, |cells| cells.bind(in_time).map(|_| ()))?;
        }
        Ok(())
    }
}

/// What the writer remembers of lines.
#[derive(Default)]
pub(super) struct Lines {
    /// The rows of the packages that have open ones.
    open: HashSet<i64>,
    pub watches: Watches,
}

impl Lines {
    pub(super) async fn load(connection: &mut SqliteConnection) -> Result<Self, StoreError> {
        let rows = sqlx::query(OPEN).fetch_all(&mut *connection).await?;
        let open = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<_, StoreError>>()?;
        Ok(Self { open, watches: watches(connection).await? })
    }

    /// A package is gone.
    pub(super) fn forget(&mut self, row: i64) {
        self.open.remove(&row);
    }

    /// A batch is on disk.
    pub(super) fn done(&mut self, batch: &Batch<'_>) {
        for row in &batch.closed.packages {
            self.open.remove(row);
        }
        for row in &batch.drift {
            if let Some(touched) = batch.touched.get(&row.key).filter(|_| self.open.len() < MOST_OPEN) {
                self.open.insert(touched.entry.id);
            }
        }
    }
}

pub(super) async fn watches(connection: &mut SqliteConnection) -> Result<Watches, StoreError> {
    let watch = |row: &SqliteRow| {
        let words: Option<&str> = row.try_get(2)?;
        let registered = words.map(serde_json::from_str).transpose().map_err(StoreError::json)?;
        Ok((AccountId(row.try_get(0)?), Watch { since: Timestamp(row.try_get(1)?), registered }))
    };
    sqlx::query(WATCHES).fetch_all(connection).await?.iter().map(watch).collect()
}

impl Writer {
    /// Of the packages of which a batch brings news: which missing callbacks are told by now.
    pub(super) async fn hear(&mut self, batch: &mut Batch<'_>) -> Result<(), StoreError> {
        let Batch { drift, touched, closed, .. } = batch;
        drift.retain_mut(|row| {
            let fate = touched
                .get(&row.key)
                .map(|it| it.fate(&Line::new(&row.difference, row.as_of, row.found_at), row.expected_by));
            if let Some(Fate::Late(at)) = fate {
                row.came_at = Some(at);
            }
            !matches!(fate, Some(Fate::InTime))
        });
        let heard = touched.iter().filter(|(_, it)| it.heard.is_some());
        let heard: Vec<_> = heard.filter(|(_, it)| self.lines.open.contains(&it.entry.id)).collect();
        if heard.is_empty() {
            return Ok(());
        }
        let mut left: HashSet<i64> = HashSet::new();
        let keys: Vec<[&str; 2]> =
            heard.iter().map(|(key, _)| [key.account.0.as_str(), key.package.as_str()]).collect();
        for row in sqlx::query(OPEN_LINES).bind(json(&keys)?).fetch_all(&mut self.connection).await? {
            let key = key_of(row.try_get("account")?, row.try_get("package")?)?;
            let Some(it) = touched.get(&key) else { continue };
            let line = Line {
                field: row.try_get("field")?,
                signer: row.try_get("signer")?,
                provider: row.try_get("provider")?,
                missed: row.try_get("missed")?,
                as_of: Timestamp(row.try_get("as_of")?),
                found_at: Timestamp(row.try_get("found_at")?),
            };
            match it.fate(&line, Timestamp(row.try_get("expected_by")?)) {
                Fate::Open => {
                    left.insert(it.entry.id);
                }
                Fate::InTime => closed.in_time.push(row.try_get("id")?),
                Fate::Late(at) => closed.late.push((row.try_get("id")?, at.0)),
            }
        }
        closed.packages.extend(heard.iter().map(|(_, it)| it.entry.id).filter(|id| !left.contains(id)));
        Ok(())
    }
}
