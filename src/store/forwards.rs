//! Callbacks that are passed on to another listener. Each gets its row in the transaction that keeps it, so none is
//! forgotten, and the row says how it went. The bytes stay where they are: in the inbox.

use super::batch::Batch;
use super::jobs::Chore;
use super::packages::json;
use super::script::{Script, Table};
use super::{Store, StoreError, together, writer};
use crate::model::{AccountId, Timestamp};
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

/// So many that were taken are kept of each account, to be looked at,
const TAKEN_KEPT: i64 = 1_000;
/// and so many that were given up, to be sent again.
const GIVEN_UP_KEPT: i64 = 10_000;

const NEW: Table =
    Table { head: "INSERT OR ROLLBACK INTO forwards (arrival, account, raw)", columns: 3, tail: "" };
/// `$1`: a JSON array of [`Tried`].
const TRIED: &str = "UPDATE forwards SET state = t.value ->> 'state', due = t.value ->> 'due', tries = tries + 1, \
    first_at = coalesce(first_at, t.value ->> 'at'), tried_at = t.value ->> 'at', ms = t.value ->> 'ms', \
    status = t.value ->> 'status', error = t.value ->> 'error' FROM json_each($1) t WHERE arrival = t.value ->> 'arrival'";
/// Bytes that tell of somebody erased go as soon as nobody waits for them. `$1`: as above.
const LET_GO: &str = "UPDATE arrivals SET body = NULL WHERE id IN (SELECT coalesce(a.same_as, a.id) FROM json_each($1) t \
    JOIN arrivals a ON a.id = t.value ->> 'arrival') AND gone = 'erased' AND body IS NOT NULL AND NOT EXISTS (SELECT 1 \
    FROM forwards f JOIN arrivals b ON b.id = f.arrival WHERE f.state <> 1 AND coalesce(b.same_as, b.id) = arrivals.id)";
const PRUNE: &str = "DELETE FROM forwards WHERE account = $1 AND state = $2 AND arrival < \
    (SELECT arrival FROM forwards WHERE account = $1 AND state = $2 ORDER BY arrival DESC LIMIT 1 OFFSET $3)";
/// Those that were given up wait aside now, so that they hold up nobody; whatever waits is due. What has no bytes any more
/// can't be sent again.
const AGAIN_ALL: &str = "UPDATE forwards SET due = 0, first_at = iif(state = 2, NULL, first_at), tries = iif(state = 2, 0, tries), \
    state = iif(state = 2, 3, state) WHERE account = $1 AND state IN (0, 2, 3) AND EXISTS (SELECT 1 FROM arrivals a \
    JOIN arrivals b ON b.id = coalesce(a.same_as, a.id) WHERE a.id = forwards.arrival AND b.body IS NOT NULL)";
const AGAIN_ONE: &str = "UPDATE forwards SET due = 0, first_at = NULL, tries = 0, state = 3 \
    WHERE account = $1 AND arrival = $2 AND state IN (1, 2) AND EXISTS (SELECT 1 FROM arrivals a \
    JOIN arrivals b ON b.id = coalesce(a.same_as, a.id) WHERE a.id = forwards.arrival AND b.body IS NOT NULL)";
const IN_LINE: &str = "SELECT f.arrival, f.raw, f.due, f.tries, f.first_at, a.slot, a.headers, b.body FROM forwards f \
    JOIN arrivals a ON a.id = f.arrival JOIN arrivals b ON b.id = coalesce(a.same_as, a.id) \
    WHERE f.account = $1 AND f.state = 0 AND f.arrival > $2 ORDER BY f.arrival LIMIT 1";
const ASIDE: &str = "SELECT f.arrival, f.raw, f.due, f.tries, f.first_at, a.slot, a.headers, b.body FROM forwards f \
    JOIN arrivals a ON a.id = f.arrival JOIN arrivals b ON b.id = coalesce(a.same_as, a.id) \
    WHERE f.account = $1 AND f.state = 3 AND f.arrival > $2 AND f.due <= $3 ORDER BY f.arrival LIMIT 1";
const BEHIND: &str = "SELECT arrival FROM forwards WHERE account = $1 AND state = 0 AND arrival > $2 ORDER BY arrival LIMIT $3";
const NEXT: &str = "SELECT coalesce((SELECT due FROM forwards WHERE account = $1 AND state = 0 ORDER BY arrival LIMIT 1), \
    (SELECT min(due) FROM forwards WHERE account = $1 AND state = 3))";
const COUNTS: &str = "SELECT state, count(*) FROM forwards WHERE account = $1 GROUP BY state ORDER BY state";
const LAST_TAKEN: &str = "SELECT max(tried_at) FROM forwards WHERE account = $1 AND state = 1";
const LATEST: &str = "SELECT arrival, state, due, tries, tried_at, ms, status, error FROM forwards \
    WHERE account = $1 AND tried_at IS NOT NULL AND ($2 IS NULL OR state = $2) ORDER BY tried_at DESC, arrival DESC LIMIT $3";

/// Where a callback stands that is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// It waits for its turn, and those behind it wait for it.
    InLine,
    /// The listener has it.
    Taken,
    /// It was tried for too long.
    GivenUp,
    /// It waits by itself, and others pass it.
    Aside,
}

impl Passing {
    fn number(self) -> i64 {
        match self {
            Self::InLine => 0,
            Self::Taken => 1,
            Self::GivenUp => 2,
            Self::Aside => 3,
        }
    }

    fn of(number: i64) -> Self {
        match number {
            1 => Self::Taken,
            2 => Self::GivenUp,
            3 => Self::Aside,
            _ => Self::InLine,
        }
    }
}

/// A callback to pass on.
#[derive(Debug, Clone)]
pub struct ToForward {
    /// The arrival's number.
    pub arrival: i64,
    /// The user name and password came as they are, not in base64.
    pub raw: bool,
    /// Not before.
    pub due: Timestamp,
    /// How often it was tried.
    pub tries: i64,
    /// When it was tried first.
    pub first_at: Option<Timestamp>,
    /// Which of the account's secrets it carried.
    pub slot: String,
    /// The headers that were kept, as JSON.
    pub headers: String,
    /// The body as it came.
    pub body: Vec<u8>,
}

/// How a try went.
#[derive(Debug, Clone, Serialize)]
pub struct Tried {
    /// The arrival's number.
    pub arrival: i64,
    /// Where it stands now.
    #[serde(serialize_with = "as_number")]
    pub state: Passing,
    /// When it is tried again, in milliseconds, if it is.
    pub due: i64,
    /// When it was tried, in milliseconds.
    pub at: i64,
    /// How long that took, in milliseconds.
    pub ms: i64,
    /// What the listener answered.
    pub status: Option<u16>,
    /// Why it isn't taken, as a sentence without a full stop.
    pub error: Option<String>,
}

/// A callback that was tried, for the page.
#[derive(Debug, Clone)]
pub struct Forward {
    /// Where it stands, how its last try went, when it is due.
    pub last: Tried,
    /// How often it was tried.
    pub tries: u64,
}

/// How an account's passing on fares.
#[derive(Debug, Clone, Default)]
pub struct ForwardFacts {
    /// How many wait.
    pub waiting: u64,
    /// How many were given up and are kept.
    pub given_up: u64,
    /// When one was last taken.
    pub taken_at: Option<Timestamp>,
    /// The last try, whichever it was.
    pub latest: Option<Forward>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
fn as_number<S: serde::Serializer>(state: &Passing, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(state.number())
}

impl Batch<'_> {
    pub(super) fn forwards_into(&self, script: &mut Script) -> Result<(), StoreError> {
        let rows = self.arrivals.iter();
        let rows = rows.filter_map(|row| Some((row.id, &row.arrival.account.0, row.arrival.forward?.raw)));
        script.insert(&NEW, &rows.collect::<Vec<_>>(), |(arrival, account, raw), cells| {
            cells.bind(*arrival)?.word(account)?.bind(i64::from(*raw)).map(|_| ())
        })
    }
}

/// Notes how tries of one account went, and forgets the oldest that are over.
pub(super) async fn note(
    account: &AccountId,
    tried: &str,
    connection: &mut SqliteConnection,
) -> Result<u64, StoreError> {
    together::begin(connection).await?;
    let done = note_and_prune(account, tried, connection).await;
    together::end(connection, done).await
}

async fn note_and_prune(
    account: &AccountId,
    tried: &str,
    connection: &mut SqliteConnection,
) -> Result<u64, StoreError> {
    let done = sqlx::query(TRIED).bind(tried).execute(&mut *connection).await?.rows_affected();
    sqlx::query(LET_GO).bind(tried).execute(&mut *connection).await?;
    for (state, kept) in [(Passing::Taken, TAKEN_KEPT), (Passing::GivenUp, GIVEN_UP_KEPT)] {
        let prune = sqlx::query(PRUNE).bind(&account.0).bind(state.number()).bind(kept - 1);
        prune.execute(&mut *connection).await?;
    }
    Ok(done)
}

/// Makes due what waits or was given up: all of an account, or one, also one that was taken.
pub(super) async fn again(
    account: &AccountId,
    one: Option<i64>,
    connection: &mut SqliteConnection,
) -> Result<u64, StoreError> {
    let query = match one {
        Some(arrival) => sqlx::query(AGAIN_ONE).bind(&account.0).bind(arrival),
        None => sqlx::query(AGAIN_ALL).bind(&account.0),
    };
    Ok(query.execute(connection).await?.rows_affected())
}

impl Store {
    /// The first in line behind the arrival `after`, due or not.
    pub async fn first_in_line(
        &self,
        account: &AccountId,
        after: i64,
    ) -> Result<Option<ToForward>, StoreError> {
        let row = sqlx::query(IN_LINE).bind(&account.0).bind(after).fetch_optional(&self.readers).await?;
        row.as_ref().map(to_forward).transpose()
    }

    /// The first behind the arrival `after` that waits aside and is due.
    pub async fn first_aside(
        &self,
        account: &AccountId,
        after: i64,
        now: Timestamp,
    ) -> Result<Option<ToForward>, StoreError> {
        let query = sqlx::query(ASIDE).bind(&account.0).bind(after).bind(now.0);
        query.fetch_optional(&self.readers).await?.as_ref().map(to_forward).transpose()
    }

    /// Which stand in line behind the arrival `after`.
    pub async fn in_line_behind(
        &self,
        account: &AccountId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<i64>, StoreError> {
        let query = sqlx::query(BEHIND).bind(&account.0).bind(after).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// When something of an account is due to be passed on. `None`: nothing waits.
    pub async fn next_forward(&self, account: &AccountId) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query(NEXT).bind(&account.0).fetch_one(&self.readers).await?;
        Ok(row.try_get::<Option<i64>, _>(0)?.map(Timestamp))
    }

    /// Notes how tries of one account went.
    pub async fn note_forwards(&self, account: &AccountId, tried: &[Tried]) -> Result<(), StoreError> {
        let chore = Chore::NoteForwards(account.clone(), json(&tried)?);
        self.ask(|done| writer::Job::Chore(chore, done)).await.map(|_| ())
    }

    /// Makes due what waits or was given up: all of an account, or one arrival, also one that was taken. Returns how many.
    pub async fn forward_again(&self, account: &AccountId, one: Option<i64>) -> Result<u64, StoreError> {
        let chore = Chore::ForwardAgain(account.clone(), one);
        self.ask(|done| writer::Job::Chore(chore, done)).await
    }

    /// How an account's passing on fares.
    pub async fn forward_facts(&self, account: &AccountId) -> Result<ForwardFacts, StoreError> {
        let mut facts = ForwardFacts::default();
        for row in sqlx::query(COUNTS).bind(&account.0).fetch_all(&self.readers).await? {
            let count = u64::try_from(row.try_get::<i64, _>(1)?).unwrap_or_default();
            match Passing::of(row.try_get(0)?) {
                Passing::InLine | Passing::Aside => facts.waiting += count,
                Passing::GivenUp => facts.given_up += count,
                Passing::Taken => {}
            }
        }
        let taken = sqlx::query(LAST_TAKEN).bind(&account.0).fetch_one(&self.readers).await?;
        facts.taken_at = taken.try_get::<Option<i64>, _>(0)?.map(Timestamp);
        facts.latest = self.forwards(account, None, 1).await?.pop();
        Ok(facts)
    }

    /// The callbacks of an account that were tried, the last try first; all, or those that stand so.
    pub async fn forwards(
        &self,
        account: &AccountId,
        state: Option<Passing>,
        limit: u32,
    ) -> Result<Vec<Forward>, StoreError> {
        let query = sqlx::query(LATEST).bind(&account.0).bind(state.map(Passing::number));
        query.bind(i64::from(limit)).fetch_all(&self.readers).await?.iter().map(forward_of).collect()
    }
}

fn to_forward(row: &SqliteRow) -> Result<ToForward, StoreError> {
    Ok(ToForward {
        arrival: row.try_get("arrival")?,
        raw: row.try_get::<i64, _>("raw")? != 0,
        due: Timestamp(row.try_get("due")?),
        tries: row.try_get("tries")?,
        first_at: row.try_get::<Option<i64>, _>("first_at")?.map(Timestamp),
        slot: row.try_get("slot")?,
        headers: row.try_get("headers")?,
        body: row.try_get("body")?,
    })
}

fn forward_of(row: &SqliteRow) -> Result<Forward, StoreError> {
    let last = Tried {
        arrival: row.try_get("arrival")?,
        state: Passing::of(row.try_get("state")?),
        due: row.try_get("due")?,
        at: row.try_get("tried_at")?,
        ms: row.try_get("ms")?,
        status: row.try_get::<Option<i64>, _>("status")?.and_then(|it| u16::try_from(it).ok()),
        error: row.try_get("error")?,
    };
    Ok(Forward { last, tries: u64::try_from(row.try_get::<i64, _>("tries")?).unwrap_or_default() })
}
