//! What callbacks missed: the lines of drift, each written in the transaction of the answer that showed it.

use super::batch::Batch;
use super::packages::folded;
use super::policy::Policies;
use super::script::{Script, Table};
use super::{Store, StoreError, Subject, writer};
use crate::model::{AccountId, Difference, Package, PackageKey, Record, Timestamp, diff};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

const DRIFT_LIST: &str = "SELECT id, run, account, package, signer, field, board, provider, missed, word, subscribed, happened_at, found_at, came_at FROM drift \
    WHERE ($1 IS NULL OR account = $1) AND id < $2 ORDER BY id DESC LIMIT $3";
const DRIFT: Table = Table {
    head: "INSERT INTO drift (run, account, package, signer, field, board, provider, missed, word, subscribed, happened_at, found_at)",
    columns: 12,
    tail: "",
};

/// One line of drift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Its number.
    pub id: i64,
    /// The sweep that found it; `None`: whoever asks what is due.
    pub run: Option<i64>,
    /// Which package.
    pub key: PackageKey,
    /// Which signer; `None`: the package itself.
    pub signer: Option<String>,
    /// What differed, in a word.
    pub field: String,
    /// What the board said; `None`: it had never heard of the package.
    pub board: Option<String>,
    /// What the provider said.
    pub provider: String,
    /// The kind of fact that a callback would have told.
    pub missed: String,
    /// What the provider calls that callback; `None`: it has no word for it.
    pub word: Option<String>,
    /// The provider was asked to send it, as far as is known.
    pub subscribed: bool,
    /// When that happened at the latest, if known.
    pub happened_at: Option<Timestamp>,
    /// When it was found, by our clock.
    pub found_at: Timestamp,
    /// When the callback came after all.
    pub came_at: Option<Timestamp>,
}

/// A line to be written.
pub(super) struct DriftRow {
    run: i64,
    key: PackageKey,
    found_at: Timestamp,
    difference: Difference,
}

impl Batch<'_> {
    /// Puts an answer into its package's log; if it belongs to a run, what it showed is written down with it. Whatever
    /// came before it, be it in this batch, was told.
    pub(super) fn learn(
        &mut self,
        key: &PackageKey,
        record: &Record,
        run: Option<i64>,
        policies: &Policies,
    ) -> Result<super::batch::Applied, StoreError> {
        let facts = [(Subject::Package(key.clone()), record.clone())];
        let (Some(run), Some(answer)) = (run, record.answer()) else {
            return self.apply(&facts, None, &[], policies);
        };
        // What was told of its signers alone joins now, also where nobody had heard of the package itself.
        self.join(key, record, policies)?;
        let before = self.state_of(key, policies)?;
        let mut applied = self.apply(&facts, None, &[], policies)?;
        let after = self.state_of(key, policies)?.unwrap_or_default();
        for difference in diff(before.as_ref(), answer, &after) {
            applied.drift += 1;
            self.drift.push(DriftRow { run, key: key.clone(), found_at: record.received_at, difference });
        }
        Ok(applied)
    }

    fn state_of(&self, key: &PackageKey, policies: &Policies) -> Result<Option<Package>, StoreError> {
        let Some(touched) = self.touched.get(key).filter(|it| it.entry.total > 0) else { return Ok(None) };
        folded(&touched.entry.log, touched.entry.total, &key.account, policies).map(Some)
    }

    pub(super) fn drift_into(&self, script: &mut Script) -> Result<(), StoreError> {
        script.insert(&DRIFT, &self.drift, |row, cells| {
            let it = &row.difference;
            cells.bind(row.run)?.word(&row.key.account.0)?.bind(row.key.package.as_str().to_owned())?;
            cells.bind(it.signer.clone())?.word(it.field.word())?.bind(it.board)?.word(it.provider)?;
            cells
                .word(it.missed.word())?
                .bind(None::<String>)?
                .bind(1)?
                .bind(it.happened_at.map(|at| at.0))?
                .bind(row.found_at.0)
                .map(|_| ())
        })
    }
}

impl Store {
    /// Lines of drift, the newest first, of one account or of all; those before the number `before`.
    pub async fn drift(
        &self,
        account: Option<&AccountId>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Drift>, StoreError> {
        let query = sqlx::query(DRIFT_LIST).bind(account.map(|it| it.0.as_str()));
        let query = query.bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(drift_of).collect()
    }

    /// Puts in an answer of the API that a sweep asked for: what it shows that callbacks didn't tell is written down
    /// with it. Returns how many lines that made.
    pub async fn learn_in(&self, run: i64, key: PackageKey, record: Record) -> Result<u32, StoreError> {
        let kept = self.ask(|done| writer::Job::Learn(key, Box::new(record), Some(run), done)).await?;
        Ok(kept.drift)
    }
}

fn drift_of(row: &SqliteRow) -> Result<Drift, StoreError> {
    Ok(Drift {
        id: row.try_get("id")?,
        run: row.try_get("run")?,
        key: super::packages::key_of(row.try_get("account")?, row.try_get("package")?)?,
        signer: row.try_get("signer")?,
        field: row.try_get("field")?,
        board: row.try_get("board")?,
        provider: row.try_get("provider")?,
        missed: row.try_get("missed")?,
        word: row.try_get("word")?,
        subscribed: row.try_get::<i64, _>("subscribed")? != 0,
        happened_at: row.try_get::<Option<i64>, _>("happened_at")?.map(Timestamp),
        found_at: Timestamp(row.try_get("found_at")?),
        came_at: row.try_get::<Option<i64>, _>("came_at")?.map(Timestamp),
    })
}
