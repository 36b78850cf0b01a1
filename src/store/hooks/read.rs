//! Hooks as the page and programs see them: how each fares, and what it was told.

use super::super::{Store, StoreError};
use super::deliver::HookTried;
use crate::model::{AccountId, PackageId, PackageKey, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

const COUNTS: &str = "SELECT (SELECT count(*) FROM hook_deliveries WHERE hook = $1 AND state = 0) AS waiting, \
    (SELECT min(made_at) FROM hook_deliveries INDEXED BY hook_deliveries_since WHERE hook = $1 AND state = 0) AS since, \
    (SELECT count(*) FROM hook_deliveries WHERE hook = $1 AND state = 2) AS given_up, \
    (SELECT max(tried_at) FROM hook_deliveries WHERE hook = $1 AND state = 1) AS taken";
const PAUSED: &str = "SELECT at, why FROM hook_pauses WHERE hook = $1";
const LIST: &str = "SELECT id, account, package, event, made_at, state, due, tries, tried_at, ms, status, error, answer \
    FROM hook_deliveries WHERE hook = $1 AND ($2 IS NULL OR state = $2) AND id < $3 ORDER BY id DESC LIMIT $4";
/// The last try, of what waits and of what is over.
const LATEST: &str = "SELECT id, account, package, event, made_at, state, due, tries, tried_at, ms, status, error, answer \
    FROM hook_deliveries WHERE hook = $1 AND tried_at IS NOT NULL ORDER BY tried_at DESC, id DESC LIMIT 1";

/// Where something stands that a hook is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookState {
    /// It waits for its turn.
    Waits,
    /// The receiver has it.
    Taken,
    /// It was tried too often.
    GivenUp,
}

impl HookState {
    /// Each, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Waits, Self::GivenUp, Self::Taken];

    /// Its name in addresses and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waits => "waiting",
            Self::Taken => "taken",
            Self::GivenUp => "given-up",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.word() == word)
    }

    pub(super) fn number(self) -> i64 {
        match self {
            Self::Waits => 0,
            Self::Taken => 1,
            Self::GivenUp => 2,
        }
    }

    fn of(number: i64) -> Self {
        match number {
            1 => Self::Taken,
            2 => Self::GivenUp,
            _ => Self::Waits,
        }
    }
}

/// Something that a hook is told.
#[derive(Debug, Clone)]
pub struct HookDelivery {
    /// Its number.
    pub id: i64,
    /// Of which package.
    pub key: PackageKey,
    /// What happened to it.
    pub event: String,
    /// When the board learned of it.
    pub made_at: Timestamp,
    /// Where it stands.
    pub state: HookState,
    /// Not before.
    pub due: Timestamp,
    /// How often it was tried.
    pub tries: u64,
    /// How the last try went.
    pub last: Option<HookTried>,
}

/// How a hook fares.
#[derive(Debug, Clone, Default)]
pub struct HookFacts {
    /// How many wait.
    pub waiting: u64,
    /// Since when the longest does.
    pub waiting_since: Option<Timestamp>,
    /// How many were given up and are kept.
    pub given_up: u64,
    /// When one was last taken.
    pub taken_at: Option<Timestamp>,
    /// It rests since then, and why.
    pub paused: Option<(Timestamp, String)>,
    /// The last try, whichever it was.
    pub latest: Option<HookDelivery>,
}

impl Store {
    /// Since when a hook rests, and why; `None`: it doesn't.
    pub async fn hook_pause(&self, hook: &str) -> Result<Option<(Timestamp, String)>, StoreError> {
        let paused = sqlx::query(PAUSED).bind(hook).fetch_optional(&self.readers).await?;
        paused.map(|row| Ok((Timestamp(row.try_get(0)?), row.try_get(1)?))).transpose()
    }

    /// How a hook fares.
    pub async fn hook_facts(&self, hook: &str) -> Result<HookFacts, StoreError> {
        let paused = self.hook_pause(hook).await?;
        let counts = sqlx::query(COUNTS).bind(hook).fetch_one(&self.readers).await?;
        let count = |column| counts.try_get::<i64, _>(column).map(|it| u64::try_from(it).unwrap_or_default());
        let at = |column| counts.try_get::<Option<i64>, _>(column).map(|it| it.map(Timestamp));
        let latest = sqlx::query(LATEST).bind(hook).fetch_optional(&self.readers).await?;
        Ok(HookFacts {
            waiting: count("waiting")?,
            waiting_since: at("since")?,
            given_up: count("given_up")?,
            taken_at: at("taken")?,
            paused,
            latest: latest.as_ref().map(delivery_of).transpose()?,
        })
    }

    /// What a hook is told, the newest first; all, or what stands so; those before the number `before`.
    pub async fn hook_deliveries(
        &self,
        hook: &str,
        state: Option<HookState>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<HookDelivery>, StoreError> {
        let query = sqlx::query(LIST).bind(hook).bind(state.map(HookState::number));
        let query = query.bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(delivery_of).collect()
    }
}

fn delivery_of(row: &SqliteRow) -> Result<HookDelivery, StoreError> {
    let (id, state, due) = (row.try_get("id")?, HookState::of(row.try_get("state")?), row.try_get("due")?);
    let package = PackageId::parse(row.try_get("package")?);
    let package = package.ok_or_else(|| StoreError::Unreadable("a delivery of no package".to_owned()))?;
    let last = row.try_get::<Option<i64>, _>("tried_at")?.map(|at| -> Result<HookTried, StoreError> {
        let ms = row.try_get::<Option<i64>, _>("ms")?.unwrap_or_default();
        let status = row.try_get::<Option<i64>, _>("status")?.and_then(|it| u16::try_from(it).ok());
        let (error, answer) = (row.try_get("error")?, row.try_get("answer")?);
        Ok(HookTried { id, state, due, counts: 1, at, ms, status, error, answer })
    });
    Ok(HookDelivery {
        id,
        key: PackageKey { account: AccountId(row.try_get("account")?), package },
        event: row.try_get("event")?,
        made_at: Timestamp(row.try_get("made_at")?),
        state,
        due: Timestamp(due),
        tries: u64::try_from(row.try_get::<i64, _>("tries")?).unwrap_or_default(),
        last: last.transpose()?,
    })
}
