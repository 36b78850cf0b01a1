//! Messages of alerts as an admin looks through them: what waits, what was told, what was given up and why.

use super::super::{Store, StoreError};
use super::tellings::{Telling, TellingState, telling_of};
use crate::model::alert::AlertKind;
use crate::model::{AccountId, PackageId};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

macro_rules! listed {
    ($from:literal, $state:literal) => {
        concat!(
            "SELECT t.id, t.alert, t.occasion, t.channel, t.address, t.because, t.state, t.due, t.tries, t.first_at, t.tried_at, \
             t.error, t.message, a.kind, a.account, a.package FROM ",
            $from,
            " JOIN alerts a ON a.id = t.alert WHERE ",
            $state,
            " AND t.id < $1 ORDER BY t.id DESC LIMIT $2"
        )
    };
}
const ALL: &str = listed!("tellings t", "t.state <> 3");
const WAITING: &str = listed!("tellings t INDEXED BY tellings_due", "t.state = 0");
const TOLD: &str = listed!("tellings t", "t.state = 1");
const GIVEN_UP: &str = listed!("tellings t INDEXED BY tellings_to_send_again", "t.state = 2");
const COUNTS: &str =
    "SELECT (SELECT count(*) FROM tellings WHERE state = 0), (SELECT count(*) FROM tellings WHERE state = 2)";

/// A message, and of which alert it tells.
#[derive(Debug, Clone)]
pub struct Message {
    /// Itself.
    pub telling: Telling,
    /// What happened.
    pub kind: AlertKind,
    /// To which account; empty: to the whole board.
    pub account: AccountId,
    /// To which package; `None`: to none.
    pub package: Option<PackageId>,
}

/// How messages fare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageFacts {
    /// So many wait.
    pub waiting: u64,
    /// So many were given up.
    pub given_up: u64,
}

impl Store {
    /// Messages, the newest first: all that are or were to be told, or what stands so; those before the number `before`.
    pub async fn messages(
        &self,
        state: Option<TellingState>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let sql = match state {
            None | Some(TellingState::Unwanted) => ALL,
            Some(TellingState::Waiting) => WAITING,
            Some(TellingState::Told) => TOLD,
            Some(TellingState::GivenUp) => GIVEN_UP,
        };
        let query = sqlx::query(sql).bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(message_of).collect()
    }

    /// How messages fare.
    pub async fn message_facts(&self) -> Result<MessageFacts, StoreError> {
        let row = sqlx::query(COUNTS).fetch_one(&self.readers).await?;
        let count = |at: usize| Ok::<_, StoreError>(row.try_get::<i64, _>(at)?.unsigned_abs());
        Ok(MessageFacts { waiting: count(0)?, given_up: count(1)? })
    }
}

fn message_of(row: &SqliteRow) -> Result<Message, StoreError> {
    let kind: &str = row.try_get("kind")?;
    let unknown = || StoreError::Unreadable(format!("an alert of the unknown kind {kind}"));
    Ok(Message {
        telling: telling_of(row)?,
        kind: AlertKind::parse(kind).ok_or_else(unknown)?,
        account: AccountId(row.try_get("account")?),
        package: PackageId::parse(row.try_get("package")?),
    })
}
