//! Sweeps that people ask for: they wait for their turn, can be stopped, and a dry one changes nothing.

use super::batch::Batch;
use super::packages::json;
use super::writer::{Job, Writer};
use super::{Run, Store, StoreError, Subject, jobs::Chore, packages, runs};
use crate::model::{AccountId, Difference, PackageKey, Record, Timestamp, diff};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use tokio::sync::oneshot;

/// So many of one account may wait.
pub const MOST_WAITING: i64 = 20;
/// So many lines of a dry run are kept; the rest is counted.
pub const MOST_DRY_LINES: u32 = 1_000;
/// The lines of so many dry runs are kept.
const DRY_RUNS_KEPT: i64 = 20;

const SAME: &str = "SELECT id FROM runs WHERE account = $1 AND begun = 0 AND ended_at IS NULL AND since IS $2 AND until IS $3 \
    AND dry = $4 ORDER BY id LIMIT 1";
const WAITING: &str = "SELECT count(*) FROM runs WHERE account = $1 AND begun = 0 AND ended_at IS NULL";
const START: &str = "UPDATE runs SET begun = 1, started_at = $2, since = $3, baseline = $4 \
    WHERE id = $1 AND begun = 0 AND ended_at IS NULL";
/// Whoever waits, or has nobody who goes on with it, ends here; the others are told.
const STOP: &str = "UPDATE runs SET stop = 1, stopped_by = $2, \
    ended_at = CASE WHEN begun = 0 OR $4 THEN $3 END, trouble = CASE WHEN begun = 0 OR $4 THEN 'stopped by ' || $2 ELSE trouble END \
    WHERE id = $1 AND ended_at IS NULL AND stop = 0";
const STOPPED_BY: &str = "SELECT stopped_by FROM runs WHERE id = $1 AND stop = 1";
const FORGET_LINES: &str = "DELETE FROM dry_lines WHERE run = $1 OR run NOT IN \
    (SELECT id FROM runs WHERE dry = 1 AND begun = 1 ORDER BY id DESC LIMIT $2)";
const KEEP_LINES: &str = "INSERT INTO dry_lines (run, package, signer, field, board, provider, missed) \
    SELECT $1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each($2)";
const LINES: &str = "SELECT package, signer, field, board, provider, missed FROM dry_lines WHERE run = $1 ORDER BY id LIMIT $2";

/// One thing that a dry run would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryLine {
    /// Of which package.
    pub key: PackageKey,
    /// Of which signer; `None`: of the package itself.
    pub signer: Option<String>,
    /// What, in a word: one of drift's, or `details` for what no callback tells.
    pub field: String,
    /// What the board says; `None`: it has never heard of the package.
    pub board: Option<String>,
    /// What the provider says.
    pub provider: String,
    /// The kind of fact that a callback would have told.
    pub missed: String,
}

/// What an answer would change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Foreseen {
    /// What callbacks tell.
    pub differences: Vec<Difference>,
    /// The package would look otherwise, be it by these or by what no callback tells.
    pub looks_otherwise: bool,
}

impl Foreseen {
    /// It as lines.
    #[must_use]
    pub fn lines(&self, key: &PackageKey) -> Vec<DryLine> {
        let line = |signer, field: &str, board: Option<&str>, provider: &str, missed: &str| DryLine {
            key: key.clone(),
            signer,
            field: field.to_owned(),
            board: board.map(str::to_owned),
            provider: provider.to_owned(),
            missed: missed.to_owned(),
        };
        if self.differences.is_empty() && self.looks_otherwise {
            return vec![line(None, "details", None, "", "")];
        }
        let of = |it: &Difference| {
            line(it.signer.clone(), it.field.word(), it.board, it.provider, it.missed.word())
        };
        self.differences.iter().map(of).collect()
    }
}

/// Somebody wants a run to end.
pub(super) struct Stop {
    id: i64,
    by: String,
    at: Timestamp,
    at_once: bool,
}

impl Stop {
    pub(super) async fn run(self, connection: &mut SqliteConnection) -> Result<u64, StoreError> {
        let query = sqlx::query(STOP).bind(self.id).bind(self.by).bind(self.at.0).bind(self.at_once);
        Ok(query.execute(connection).await?.rows_affected())
    }
}

/// The number of the run that waits with the same scope, else of a new one; 0: too many wait.
pub(super) async fn ask(run: &Run, connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let same = sqlx::query(SAME).bind(&run.account.0).bind(run.since.map(|at| at.0));
    let same = same.bind(run.until.map(|at| at.0)).bind(i64::from(run.dry));
    if let Some(row) = same.fetch_optional(&mut *connection).await? {
        return Ok(row.try_get::<i64, _>(0)?.unsigned_abs());
    }
    let waiting: i64 =
        sqlx::query(WAITING).bind(&run.account.0).fetch_one(&mut *connection).await?.try_get(0)?;
    if waiting >= MOST_WAITING {
        return Ok(0);
    }
    runs::begin(run, connection).await
}

pub(super) async fn start(run: &Run, connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let query = sqlx::query(START).bind(run.id).bind(run.started_at.0).bind(run.since.map(|at| at.0));
    Ok(query.bind(i64::from(run.baseline)).execute(connection).await?.rows_affected())
}

/// Adds lines; none at all: what was kept of this run is forgotten.
pub(super) async fn keep_lines(
    run: i64,
    rows: String,
    connection: &mut SqliteConnection,
) -> Result<u64, StoreError> {
    let query = match rows.as_str() {
        "" => sqlx::query(FORGET_LINES).bind(run).bind(DRY_RUNS_KEPT),
        _ => sqlx::query(KEEP_LINES).bind(run).bind(rows),
    };
    Ok(query.execute(connection).await?.rows_affected())
}

impl Writer {
    /// Puts an answer into a batch that is never written, as [`Job::Learn`] would, and looks what it shows.
    pub(super) async fn foresee(
        &mut self,
        key: PackageKey,
        record: Box<Record>,
    ) -> Result<Foreseen, StoreError> {
        let (mut batch, mut numbers) = (Batch::default(), self.numbers);
        let job = Job::Learn(key.clone(), record.clone(), None, oneshot::channel().0);
        self.fetch(&[&job], &mut batch, &mut numbers).await?;
        if batch.removed.contains(&key) {
            return Ok(Foreseen::default());
        }
        // What was told of its signers alone joins now.
        batch.link(&key, &record, &self.policies)?;
        let before = batch.state_of(&key, &self.policies)?;
        batch.apply(&[(Subject::Package(key.clone()), (*record).clone())], None, &[], &self.policies)?;
        let after = batch.state_of(&key, &self.policies)?.unwrap_or_default();
        batch.fold(&mut numbers.seq, &self.policies)?;
        let differences = record.answer().map(|it| diff(before.as_ref(), it, &after)).unwrap_or_default();
        Ok(Foreseen { differences, looks_otherwise: !batch.changes.is_empty() })
    }
}

impl Store {
    /// Puts a run behind the others of its account; returns its number, or that of one with the same scope that waits
    /// already. `None`: [`MOST_WAITING`] do.
    pub async fn ask_run(&self, mut run: Run) -> Result<Option<i64>, StoreError> {
        run.begun = false;
        let id = self.ask(|done| Job::Chore(Chore::AskRun(Box::new(run)), done)).await?;
        Ok(i64::try_from(id).ok().filter(|id| *id > 0))
    }

    /// A run that waited begins, with what was found out for it. `false`: somebody stopped it meanwhile.
    pub async fn start_run(&self, run: &Run) -> Result<bool, StoreError> {
        let run = Box::new(run.clone());
        Ok(self.ask(|done| Job::Chore(Chore::StartRun(run), done)).await? > 0)
    }

    /// Ends a run that waits, or one that nobody goes on with (`at_once`); of another it is written down that somebody
    /// wants it to end. `false`: there is none that could be stopped.
    pub async fn stop_run(
        &self,
        id: i64,
        by: &str,
        at: Timestamp,
        at_once: bool,
    ) -> Result<bool, StoreError> {
        let stop = Stop { id, by: by.to_owned(), at, at_once };
        Ok(self.ask(|done| Job::Chore(Chore::StopRun(stop), done)).await? > 0)
    }

    /// Who wants a run to end.
    pub async fn stopped_by(&self, id: i64) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(STOPPED_BY).bind(id).fetch_optional(&self.readers).await?;
        row.map(|row| Ok(row.try_get(0)?)).transpose()
    }

    /// What an answer would change; nothing is written.
    pub async fn foresee(&self, key: PackageKey, record: Record) -> Result<Foreseen, StoreError> {
        self.ask(|done| Job::Foresee(key, Box::new(record), done)).await
    }

    /// Keeps lines of a dry run.
    pub async fn keep_dry_lines(&self, run: i64, lines: &[DryLine]) -> Result<(), StoreError> {
        let cells = |it: &DryLine| {
            let package = Some(it.key.package.as_str().to_owned());
            let (signer, field) = (it.signer.clone(), Some(it.field.clone()));
            [package, signer, field, it.board.clone(), Some(it.provider.clone()), Some(it.missed.clone())]
        };
        let rows: Vec<[Option<String>; 6]> = lines.iter().map(cells).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let rows = json(&rows)?;
        self.ask(|done| Job::Chore(Chore::DryLines(run, rows), done)).await.map(|_| ())
    }

    /// A dry run begins, maybe once more: what it said is forgotten, and what old ones said.
    pub async fn forget_dry_lines(&self, run: i64) -> Result<(), StoreError> {
        self.ask(|done| Job::Chore(Chore::DryLines(run, String::new()), done)).await.map(|_| ())
    }

    /// What a dry run would change, in the order in which it was found.
    pub async fn dry_lines(
        &self,
        account: &AccountId,
        run: i64,
        limit: u32,
    ) -> Result<Vec<DryLine>, StoreError> {
        let rows = sqlx::query(LINES).bind(run).bind(i64::from(limit)).fetch_all(&self.readers).await?;
        let line = |row: &SqliteRow| {
            Ok(DryLine {
                key: packages::key_of(account.0.clone(), row.try_get("package")?)?,
                signer: row.try_get("signer")?,
                field: row.try_get("field")?,
                board: row.try_get("board")?,
                provider: row.try_get("provider")?,
                missed: row.try_get("missed")?,
            })
        };
        rows.iter().map(line).collect()
    }
}
