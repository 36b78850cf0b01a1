//! What a command beside a running board asks it to do: the command inserts a row, the board does it and says how it
//! went. It is the only thing that anybody but the board may write.

use super::aside::Aside;
use super::{Said, Store, StoreError, asked, drift, forwards, runs, waiting, writer};
use crate::model::{AccountId, Timestamp};
use sqlx::Connection as _;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

const ASK: &str = "INSERT INTO jobs (kind, created_at) VALUES ($1, $2) RETURNING id";
const INPUT: &str = "INSERT INTO job_inputs (job, input) VALUES ($1, $2)";
const OPEN: &str = "SELECT id, kind, coalesce(input, '') FROM jobs LEFT JOIN job_inputs ON job = id \
    WHERE done_at IS NULL ORDER BY id LIMIT 10";
const DONE: &str = "UPDATE jobs SET done_at = $2, result = $3 WHERE id = $1";
const RESULT: &str = "SELECT result FROM jobs WHERE id = $1 AND done_at IS NOT NULL";
/// A number that nobody reads: writing it, the same or not, goes through the log to the disk.
const PROBE: &str = "PRAGMA user_version = 1";
const FORGET_REFUSED: &str = "DELETE FROM refused WHERE id = $1";

/// A job that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// What to do: `replay`, `rebuild`, `import`, `resync`, or a step of a rotation.
    pub kind: String,
    /// What it is about, where that isn't everything.
    pub input: String,
}

/// A small write that is no fact.
pub(super) enum Chore {
    JobDone {
        id: i64,
        at: Timestamp,
        result: String,
    },
    ForgetRefused(i64),
    BeginRun(Box<super::Run>),
    SaveRun(Box<super::Run>),
    /// What a provider was told to call us for, as a JSON array.
    Registered {
        account: AccountId,
        words: String,
        at: Timestamp,
    },
    AskRun(Box<super::Run>),
    StartRun(Box<super::Run>),
    StopRun(asked::Stop),
    /// Lines of a dry run, as JSON.
    DryLines(i64, String),
    /// Pasted callbacks, as JSON.
    Wait(String),
    ForgetWaiting(i64),
    NoteWaiting {
        id: i64,
        at: Timestamp,
        said: Said,
    },
    /// Small writes, all or none; the answer is the last one's number, 0 for none.
    Aside(Vec<Aside>),
    /// Something that somebody did.
    NoteDeed(Box<super::people::Deed>),
    /// How tries to pass callbacks on went, as JSON.
    NoteForwards(AccountId, String),
    /// All of an account, or one arrival.
    ForwardAgain(AccountId, Option<i64>),
    /// Is the disk there again?
    Probe,
    /// Moves what is left of a long log into the database.
    FinishCheckpoint,
}

impl Chore {
    /// Whether the writer has to look again which accounts are watched for missing callbacks.
    pub(super) fn is_news_of_watches(&self) -> bool {
        match self {
            Self::SaveRun(run) => run.ended_at.is_some(),
            Self::Registered { .. } => true,
            _ => false,
        }
    }

    /// Whether alerts or saved views may be others after it, as boards show them.
    pub(super) fn is_seen_around(&self) -> bool {
        matches!(self, Self::Aside(all) if all.iter().any(Aside::is_seen))
    }

    pub(super) fn is_of_people(&self) -> bool {
        matches!(self, Self::Aside(all) if all.iter().any(Aside::is_of_people))
    }

    pub(super) async fn run(self, connection: &mut SqliteConnection) -> Result<u64, StoreError> {
        let query = match self {
            Self::JobDone { id, at, result } => sqlx::query(DONE).bind(id).bind(at.0).bind(result),
            Self::ForgetRefused(id) => sqlx::query(FORGET_REFUSED).bind(id),
            Self::BeginRun(run) => return runs::begin(&run, connection).await,
            Self::SaveRun(run) => return runs::save(&run, connection).await,
            Self::NoteForwards(account, tried) => return forwards::note(&account, &tried, connection).await,
            Self::ForwardAgain(account, one) => return forwards::again(&account, one, connection).await,
            Self::Registered { account, words, at } => {
                sqlx::query(drift::REGISTERED).bind(account.0).bind(words).bind(at.0)
            }
            Self::AskRun(run) => return asked::ask(&run, connection).await,
            Self::StartRun(run) => return asked::start(&run, connection).await,
            Self::StopRun(stop) => return stop.run(connection).await,
            Self::DryLines(run, rows) => return asked::keep_lines(run, rows, connection).await,
            Self::Wait(rows) => sqlx::query(waiting::WAIT).bind(rows),
            Self::ForgetWaiting(id) => sqlx::query(waiting::FORGET).bind(id),
            Self::NoteWaiting { id, at, said } => {
                sqlx::query(waiting::ASKED).bind(id).bind(at.0).bind(said.word())
            }
            Self::Aside(all) => {
                return super::aside::run(all, connection).await.map(|id| id.unwrap_or(0).unsigned_abs());
            }
            Self::NoteDeed(deed) => {
                return super::people::audit::note(&deed, connection).await.map(i64::unsigned_abs);
            }
            Self::Probe => sqlx::query(PROBE),
            Self::FinishCheckpoint => sqlx::query("PRAGMA wal_checkpoint(PASSIVE)"),
        };
        Ok(query.execute(connection).await?.rows_affected())
    }
}

impl Store {
    /// The jobs that wait.
    pub async fn open_jobs(&self) -> Result<Vec<Job>, StoreError> {
        let rows = sqlx::query(OPEN).fetch_all(&self.readers).await?;
        let job =
            |row: &SqliteRow| Ok(Job { id: row.try_get(0)?, kind: row.try_get(1)?, input: row.try_get(2)? });
        rows.iter().map(job).collect()
    }

    /// A job is done; `result` is a sentence for whoever asked.
    pub async fn job_done(&self, id: i64, at: Timestamp, result: String) -> Result<(), StoreError> {
        let chore = Chore::JobDone { id, at, result };
        self.ask(|done| writer::Job::Chore(chore, done)).await.map(|_| ())
    }

    /// Asks a running board for a job, from a process beside it.
    pub async fn ask_job(&self, kind: &str, input: &str, now: Timestamp) -> Result<i64, StoreError> {
        let mut connection = super::open::connect_beside(self.folder()).await?;
        let mut both = connection.begin_with("BEGIN IMMEDIATE").await?;
        let job = sqlx::query(ASK).bind(kind).bind(now.0).fetch_one(&mut *both).await?.try_get(0)?;
        if !input.is_empty() {
            sqlx::query(INPUT).bind(job).bind(input).execute(&mut *both).await?;
        }
        both.commit().await?;
        Ok(job)
    }

    /// How a job went, once it is done.
    pub async fn job_result(&self, id: i64) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(RESULT).bind(id).fetch_optional(&self.readers).await?;
        row.map(|row| Ok(row.try_get(0)?)).transpose()
    }
}
