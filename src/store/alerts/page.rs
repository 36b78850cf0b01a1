//! Alerts for the page that lists them: how many stand, and who was told of each.

use super::super::memo::steady;
use super::super::packages::json;
use super::super::{Store, StoreError};
use super::read::{AlertFilter, AlertState};
use super::tellings::{Telling, telling_of};
use crate::model::alert::AlertKind;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

/// More standing alerts are not counted: so many are, the newest where it is everybody's.
pub const MOST_COUNTED: u32 = 1_000;

macro_rules! count {
    ($index:literal, $which:literal) => {
        concat!(
            "SELECT count(*), sum(taken_at IS NULL AND coalesce(snoozed_until, 0) <= $1), sum(taken_at IS NOT NULL) \
             FROM (SELECT a.taken_at, a.snoozed_until FROM alerts a INDEXED BY ",
            $index,
            " WHERE a.resolved_at IS NULL AND ($2 IS NULL OR a.kind = $2) AND ($3 IS NULL OR a.account = $3) \
             AND ($4 IS NULL OR a.account IN (SELECT value FROM json_each($4))) AND ",
            $which,
            " LIMIT $6)"
        )
    };
}
const COUNT: &str = count!("alerts_open", "($7 OR a.package <> '') ORDER BY a.id DESC");
const COUNT_OF_SENDERS: &str = count!("alerts_sender", "a.sender IN (SELECT value FROM json_each($5))");
/// `$1`: a JSON array of numbers of alerts. The newest come first, and of each at most `$2`.
const OF_ALERTS: &str = "SELECT * FROM (SELECT t.*, row_number() OVER (PARTITION BY t.alert ORDER BY t.id DESC) AS place \
    FROM tellings t WHERE t.alert IN (SELECT value FROM json_each($1))) WHERE place <= $2 ORDER BY id DESC";

/// How many alerts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Wait for somebody.
    pub open: u64,
    /// Are seen to.
    pub taken: u64,
    /// Are silent for a while.
    pub snoozed: u64,
    /// There are more than these.
    pub more: bool,
}

impl Store {
    /// How many stand of the kind and the account of a filter, as far as it reaches; its state counts for nothing.
    pub async fn standing_alerts(&self, filter: &AlertFilter) -> Result<Standing, StoreError> {
        self.standing_now(&mut *self.readers.acquire().await?, filter).await
    }

    /// The same, with a connection that is there.
    pub(in super::super) async fn standing_now(
        &self,
        connection: &mut SqliteConnection,
        filter: &AlertFilter,
    ) -> Result<Standing, StoreError> {
        let (state, before, limit) = (AlertState::Open, None, 0);
        let asked = AlertFilter { state, before, limit, now: steady(filter.now), ..filter.clone() };
        let look = async || {
            let accounts = filter.within.accounts.as_ref();
            let accounts = accounts.map(|some| some.iter().map(|it| it.0.as_str()).collect::<Vec<_>>());
            let sql = if filter.within.senders.is_some() { COUNT_OF_SENDERS } else { COUNT };
            let query = sqlx::query(sql).bind(filter.now.0).bind(filter.kind.map(AlertKind::word));
            let query = query.bind(filter.account.as_ref().map(|it| &it.0));
            let query = query.bind(accounts.as_ref().map(json).transpose()?);
            let query = query.bind(filter.within.senders.as_ref().map(json).transpose()?);
            let row =
                query.bind(i64::from(MOST_COUNTED) + 1).bind(filter.operators).fetch_one(connection).await?;
            let count = |at: usize| -> Result<u64, StoreError> {
                let n: Option<i64> = row.try_get(at)?;
                Ok(n.and_then(|it| u64::try_from(it).ok()).unwrap_or(0))
            };
            let (all, open, taken) = (count(0)?, count(1)?, count(2)?);
            let snoozed = all.saturating_sub(open + taken);
            let standing = Standing { open, taken, snoozed, more: all > u64::from(MOST_COUNTED) };
            Ok(standing)
        };
        self.memo.standing.of(self.writes(), asked, look).await
    }

    /// Who was told of these alerts, or is to be; the newest first, and of each alert at most `each`.
    pub async fn tellings_of(&self, alerts: &[i64], each: u32) -> Result<Vec<Telling>, StoreError> {
        let query = sqlx::query(OF_ALERTS).bind(json(alerts)?).bind(i64::from(each));
        query.fetch_all(&self.readers).await?.iter().map(telling_of).collect()
    }

    /// Whether somebody follows a package.
    pub async fn follows(&self, user: i64, key: &crate::model::PackageKey) -> Result<bool, StoreError> {
        const FOLLOWS: &str = "SELECT 1 FROM followers WHERE user = $1 AND account = $2 AND package = $3";
        let query = sqlx::query(FOLLOWS).bind(user).bind(&key.account.0).bind(key.package.as_str());
        Ok(query.fetch_optional(&self.readers).await?.is_some())
    }
}
