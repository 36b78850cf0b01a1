//! Alerts for the page that lists them: how many stand, and who was told of each.

use super::super::ask::{Ask, Wanted, read};
use super::super::carry::{AsOf, Counted};
use super::super::memo::steady;
use super::super::packages::json;
use super::super::{Store, StoreError};
use super::read::{AlertFilter, AlertState};
use super::tellings::{Telling, telling_of};
use std::sync::Arc;

/// More standing alerts are not counted: so many are, the newest where it is everybody's.
pub const MOST_COUNTED: u32 = 1_000;

macro_rules! count {
    ($index:literal, $which:literal) => {
        concat!(
            "SELECT json_group_array(json_array(id, iif(taken, json('true'), json('false')), until)) FROM (SELECT a.id, a.taken_at IS NOT NULL AS taken, \
             coalesce(a.snoozed_until, 0) AS until FROM alerts a INDEXED BY ",
            $index,
            " WHERE a.resolved_at IS NULL AND ($1 IS NULL OR a.kind = $1) AND ($2 IS NULL OR a.account = $2) \
             AND ($3 IS NULL OR a.account IN (SELECT value FROM json_each($3))) AND ",
            $which,
            " LIMIT $5)"
        )
    };
}
const COUNT: &str = count!("alerts_open", "($6 OR a.package <> '') ORDER BY a.id DESC");
const COUNT_OF_SENDERS: &str = count!("alerts_sender", "a.sender IN (SELECT value FROM json_each($4))");
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

/// What the statement says that counts them.
pub(in super::super) fn counts_told(told: &str) -> Result<Arc<Counted>, StoreError> {
    read(told).map(Counted::of).map(Arc::new)
}

impl Store {
    /// How many stand of the kind and the account of a filter, as far as it reaches; its state counts for nothing.
    pub async fn standing_alerts(&self, filter: &AlertFilter) -> Result<Standing, StoreError> {
        let mut asks = Vec::new();
        let standing = self.standing_asked(filter, &mut asks)?;
        let mut told = self.told(asks).await?;
        Ok(standing.of(&mut told, counts_told)?.standing(filter.now))
    }

    /// The same, to be told among other answers by [`counts_told`].
    pub(in super::super) fn standing_asked(
        &self,
        filter: &AlertFilter,
        asks: &mut Vec<Ask>,
    ) -> Result<Wanted<'_, AlertFilter, Arc<Counted>>, StoreError> {
        let (state, before, limit) = (AlertState::Open, None, 0);
        let key = AlertFilter { state, before, limit, now: steady(filter.now), ..filter.clone() };
        let ask = || {
            let sql = if filter.within.senders.is_some() { COUNT_OF_SENDERS } else { COUNT };
            Ok(Ask::new(sql)
                .text(filter.kind.map(|it| it.word().to_owned()))
                .text(filter.account.as_ref().map(|it| it.0.clone()))
                .text(filter.accounts()?)
                .text(filter.senders()?)
                .number(i64::from(Counted::LOOKED_UP))
                .number(i64::from(filter.operators)))
        };
        let carry = |kept: AsOf<Arc<Counted>>, changes: &[_]| kept.carried(changes, filter);
        self.wanted(&self.memo.standing, (self.writes_around(), key), asks, carry, ask)
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
