//! Sweeps: where each stands, so that a restart goes on with it.

use super::{Store, StoreError, writer};
use crate::model::{AccountId, Package, PackageId, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

/// Older lines and runs than the newest so many are forgotten.
const DRIFT_KEPT: i64 = 100_000;
const RUNS_KEPT: i64 = 10_000;

const BEGIN: &str = "INSERT INTO runs (account, reason, whole_list, baseline, since, started_at, until, asked_by, begun, dry, place, pages, compared, calls, success) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, 0, 0) RETURNING id";
const SAVE: &str = "UPDATE runs SET watermark = $2, place = $3, pages = $4, compared = $5, calls = $6, ended_at = $7, success = $8, trouble = $9, \
    total = $10, unread = $11, row = $12, earlier = $13, would = $14 WHERE id = $1";
const PRUNE_DRIFT: &str = "DELETE FROM drift WHERE id <= (SELECT max(id) FROM drift) - $1";
/// Of each account the newest that went well stays: it holds the watermark. One of a part of the time, or one that
/// changed nothing, has none to give.
const PRUNE_RUNS: &str = "DELETE FROM runs WHERE id <= (SELECT max(id) FROM runs) - $1 AND ended_at IS NOT NULL \
    AND id NOT IN (SELECT max(id) FROM runs WHERE success = 1 AND dry = 0 AND reason <> 'range' GROUP BY account, whole_list)";
macro_rules! runs {
    ($where:literal) => {
        concat!(
            "SELECT r.*, CASE r.dry WHEN 1 THEN r.would ELSE (SELECT count(*) FROM drift d WHERE d.run = r.id) END AS found \
             FROM runs r WHERE ",
            $where
        )
    };
}
const RUNS: &str = runs!("($1 IS NULL OR r.account = $1) AND r.id < $2 ORDER BY r.id DESC LIMIT $3");
const UNENDED: &str = runs!("r.account = $1 AND r.ended_at IS NULL ORDER BY r.begun DESC, r.id");
/// One that changed nothing, or was of a part of the time, leaves everything as due as before. One that was due and that
/// somebody stopped is not begun again before its next time.
const FACTS: &str = "WITH counts AS (SELECT * FROM runs WHERE account = $1 AND begun = 1 AND dry = 0 AND reason <> 'range' \
    AND (stop = 0 OR asked_by IS NULL)) \
    SELECT (SELECT watermark FROM counts WHERE success = 1 ORDER BY id DESC LIMIT 1) AS watermark, \
    (SELECT started_at FROM counts WHERE (success = 1 OR stop = 1) AND whole_list = 1 ORDER BY id DESC LIMIT 1) AS last_full, \
    (SELECT started_at FROM counts ORDER BY id DESC LIMIT 1) AS last, \
    (SELECT max(used_at) FROM slots WHERE account = $1) AS last_callback";
const OPEN_PACKAGES: &str = "SELECT id, package, state FROM packages WHERE account = $1 AND id > $2 \
    AND shelf IN ('draft', 'sent', 'trashed') ORDER BY id LIMIT $3";

/// A sweep through one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub id: i64,
    /// Which account.
    pub account: AccountId,
    /// Why it began, in a word.
    pub reason: String,
    /// Who asked for it; `None`: nobody, it was due.
    pub asked_by: Option<String>,
    /// It has begun; otherwise it waits until the account's other sweep has ended.
    pub begun: bool,
    /// It says what it would change, and changes nothing.
    pub dry: bool,
    /// It asks about everything, also about open packages that the list doesn't name.
    pub full: bool,
    /// It is the account's first: what it finds was not missed.
    pub baseline: bool,
    /// From when on changes are listed; `None`: from ever.
    pub since: Option<Timestamp>,
    /// What changed later is left alone; `None`: nothing is.
    pub until: Option<Timestamp>,
    /// When it began, or was asked for while it waits, by our clock.
    pub started_at: Timestamp,
    /// The provider's time of its first page.
    pub watermark: Option<Timestamp>,
    /// Where the list's next page begins; `None`: the list is done.
    pub place: Option<u32>,
    /// Behind which row open packages are looked for, once the list is done.
    pub row: i64,
    /// How many the list held when it was last read; once it is done, how many open packages are still to be looked at
    /// and were, since then.
    pub total: u64,
    /// How many were done before that list.
    pub earlier: u64,
    /// Pages read.
    pub pages: u32,
    /// Answers compared.
    pub compared: u32,
    /// What it could not compare: unreadable, or not ours to see.
    pub unread: u32,
    /// Calls made.
    pub calls: u32,
    /// Somebody wants it to end, or wanted.
    pub stop: bool,
    /// Who does.
    pub stopped_by: Option<String>,
    /// When it ended; `None`: it goes on.
    pub ended_at: Option<Timestamp>,
    /// It went through everything.
    pub success: bool,
    /// Why it waits, or why it ended without success.
    pub trouble: Option<String>,
    /// How many lines of drift it found; of a dry one, how much would change, whoever should have told it.
    pub found: u32,
}

/// Why people's runs are made, as it is stored: everything, or what changed in a part of the time.
pub const PEOPLE: &str = "people";
/// See [`PEOPLE`].
pub const RANGE: &str = "range";

impl Run {
    /// How many packages it is done with.
    #[must_use]
    pub fn done(&self) -> u64 {
        u64::from(self.compared) + u64::from(self.unread)
    }

    /// How many it will have looked at in the end, as far as the provider's list told by now.
    #[must_use]
    pub fn expected(&self) -> u64 {
        self.done().max(self.earlier + self.total)
    }

    /// It moves the watermark, and counts as a sweep of its account.
    #[must_use]
    pub fn is_whole_sweep(&self) -> bool {
        !self.dry && self.reason != RANGE
    }

    /// A run that begins.
    #[must_use]
    pub fn new(account: AccountId, reason: &str, since: Option<Timestamp>, now: Timestamp) -> Self {
        Self {
            id: 0,
            account,
            reason: reason.to_owned(),
            asked_by: None,
            begun: true,
            dry: false,
            full: false,
            baseline: false,
            since,
            until: None,
            started_at: now,
            watermark: None,
            place: Some(0),
            row: 0,
            total: 0,
            earlier: 0,
            pages: 0,
            compared: 0,
            unread: 0,
            calls: 0,
            stop: false,
            stopped_by: None,
            ended_at: None,
            success: false,
            trouble: None,
            found: 0,
        }
    }
}

/// What is known of an account's sweeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunFacts {
    /// Up to this time of the provider's, everything was compared.
    pub watermark: Option<Timestamp>,
    /// When the last full sweep began that went well.
    pub last_full: Option<Timestamp>,
    /// When the last sweep began, however it went.
    pub last: Option<Timestamp>,
    /// When a callback of the account last came.
    pub last_callback: Option<Timestamp>,
}

pub(super) async fn begin(run: &Run, connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let query = sqlx::query(BEGIN).bind(&run.account.0).bind(&run.reason).bind(i64::from(run.full));
    let query = query.bind(i64::from(run.baseline)).bind(run.since.map(|at| at.0)).bind(run.started_at.0);
    let query = query.bind(run.until.map(|at| at.0)).bind(&run.asked_by);
    let query = query.bind(i64::from(run.begun)).bind(i64::from(run.dry));
    let id: i64 = query.fetch_one(connection).await?.try_get(0)?;
    Ok(id.unsigned_abs())
}

pub(super) async fn save(run: &Run, connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let query =
        sqlx::query(SAVE).bind(run.id).bind(run.watermark.map(|at| at.0)).bind(run.place.map(i64::from));
    let query = query.bind(i64::from(run.pages)).bind(i64::from(run.compared)).bind(i64::from(run.calls));
    let query = query.bind(run.ended_at.map(|at| at.0)).bind(i64::from(run.success)).bind(&run.trouble);
    let number = |it: u64| i64::try_from(it).unwrap_or(i64::MAX);
    let query = query.bind(number(run.total)).bind(i64::from(run.unread)).bind(run.row);
    let query = query.bind(number(run.earlier)).bind(if run.dry { i64::from(run.found) } else { 0 });
    let done = query.execute(&mut *connection).await?.rows_affected();
    if run.ended_at.is_some() {
        sqlx::query(PRUNE_DRIFT).bind(DRIFT_KEPT).execute(&mut *connection).await?;
        sqlx::query(PRUNE_RUNS).bind(RUNS_KEPT).execute(&mut *connection).await?;
    }
    Ok(done)
}

impl Store {
    /// Writes down that a sweep begins. There is one at a time for an account.
    pub async fn begin_run(&self, mut run: Run) -> Result<Run, StoreError> {
        let chore = super::jobs::Chore::BeginRun(Box::new(run.clone()));
        let id = self.ask(|done| writer::Job::Chore(chore, done)).await?;
        run.id = i64::try_from(id).unwrap_or(i64::MAX);
        Ok(run)
    }

    /// Writes down where a sweep stands.
    pub async fn save_run(&self, run: &Run) -> Result<(), StoreError> {
        let chore = super::jobs::Chore::SaveRun(Box::new(run.clone()));
        self.ask(|done| writer::Job::Chore(chore, done)).await.map(|_| ())
    }

    /// Sweeps, the newest first, of one account or of all; those before the number `before`.
    pub async fn runs(
        &self,
        account: Option<&AccountId>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Run>, StoreError> {
        let query = sqlx::query(RUNS).bind(account.map(|it| it.0.as_str()));
        let query = query.bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(run_of).collect()
    }

    /// One sweep.
    pub async fn run(&self, id: i64) -> Result<Option<Run>, StoreError> {
        let newest = self.runs(None, Some(id.saturating_add(1)), 1).await?.pop();
        Ok(newest.filter(|run| run.id == id))
    }

    /// The account's sweeps that have not ended: first the one under way, then those that wait, in their order.
    pub async fn unended_runs(&self, account: &AccountId) -> Result<Vec<Run>, StoreError> {
        let query = sqlx::query(UNENDED).bind(&account.0);
        query.fetch_all(&self.readers).await?.iter().map(run_of).collect()
    }

    /// What is known of an account's sweeps.
    pub async fn run_facts(&self, account: &AccountId) -> Result<RunFacts, StoreError> {
        let row = sqlx::query(FACTS).bind(&account.0).fetch_one(&self.readers).await?;
        let at = |column: &str| Ok::<_, StoreError>(row.try_get::<Option<i64>, _>(column)?.map(Timestamp));
        Ok(RunFacts {
            watermark: at("watermark")?,
            last_full: at("last_full")?,
            last: at("last")?,
            last_callback: at("last_callback")?,
        })
    }

    /// The account's packages that may be open, in the order of their rows, from behind the row `after`.
    pub async fn open_packages(
        &self,
        account: &AccountId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, PackageId, Package)>, StoreError> {
        let query = sqlx::query(OPEN_PACKAGES).bind(&account.0).bind(after).bind(i64::from(limit));
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter()
            .map(|row| {
                let id = super::packages::package_id(row.try_get("package")?)?;
                Ok((row.try_get("id")?, id, super::codec::decode_package(row.try_get("state")?)?))
            })
            .collect()
    }
}

fn run_of(row: &SqliteRow) -> Result<Run, StoreError> {
    let at = |column: &str| Ok::<_, StoreError>(row.try_get::<Option<i64>, _>(column)?.map(Timestamp));
    let count =
        |column: &str| Ok::<_, StoreError>(u32::try_from(row.try_get::<i64, _>(column)?).unwrap_or(u32::MAX));
    let place = row.try_get::<Option<i64>, _>("place")?;
    Ok(Run {
        id: row.try_get("id")?,
        account: AccountId(row.try_get("account")?),
        reason: row.try_get("reason")?,
        asked_by: row.try_get("asked_by")?,
        begun: count("begun")? != 0,
        dry: count("dry")? != 0,
        full: count("whole_list")? != 0,
        baseline: count("baseline")? != 0,
        since: at("since")?,
        until: at("until")?,
        started_at: Timestamp(row.try_get("started_at")?),
        watermark: at("watermark")?,
        place: place.map(|place| u32::try_from(place).unwrap_or_default()),
        row: row.try_get("row")?,
        total: row.try_get::<i64, _>("total")?.unsigned_abs(),
        earlier: row.try_get::<i64, _>("earlier")?.unsigned_abs(),
        pages: count("pages")?,
        compared: count("compared")?,
        unread: count("unread")?,
        calls: count("calls")?,
        stop: count("stop")? != 0,
        stopped_by: row.try_get("stopped_by")?,
        ended_at: at("ended_at")?,
        success: count("success")? != 0,
        trouble: row.try_get("trouble")?,
        found: count("found")?,
    })
}
