//! Who sent how many, by the counters that are kept for each sender: people who see only what they sent are told by these,
//! and nobody counts rows.

use super::list::accounts;
use super::packages::json;
use super::{Store, StoreError};
use crate::model::access::Reach;
use crate::model::{Filter, Status, Tally};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

const OF_SENDERS: &str = "SELECT word, sum(n) FROM sender_tallies WHERE sender IN (SELECT value FROM json_each($1)) \
    AND ($2 IS NULL OR account IN (SELECT value FROM json_each($2))) GROUP BY word";
const SENDERS: &str = "SELECT json_group_array(sender ORDER BY sender) FROM (SELECT DISTINCT sender FROM sender_tallies \
    WHERE n > 0 AND ($1 IS NULL OR account IN (SELECT value FROM json_each($1))) \
    AND ($2 IS NULL OR sender IN (SELECT value FROM json_each($2))) ORDER BY sender LIMIT $3)";

impl Store {
    /// How many packages stand under each tally, among the accounts of `filter` and what it may see of them. Attention
    /// is not among them: it depends on the time.
    pub async fn counts(&self, filter: &Filter) -> Result<Vec<(Tally, u64)>, StoreError> {
        self.counts_now(&mut *self.readers.acquire().await?, filter).await
    }

    /// The same, with a connection that is there.
    pub(super) async fn counts_now(
        &self,
        connection: &mut SqliteConnection,
        filter: &Filter,
    ) -> Result<Vec<(Tally, u64)>, StoreError> {
        let kept = Status::ALL.into_iter().map(Tally::Status);
        let mut counts: Vec<(Tally, u64)> =
            kept.chain([Tally::WithSender, Tally::Trashed]).map(|tally| (tally, 0)).collect();
        if let Some(senders) = &filter.within.senders {
            let query = sqlx::query(OF_SENDERS).bind(json(senders)?).bind(accounts(filter)?);
            for row in query.fetch_all(connection).await? {
                let (word, n): (&str, i64) = (row.try_get(0)?, row.try_get(1)?);
                if let Some((_, count)) = counts.iter_mut().find(|(tally, _)| tally.word() == word) {
                    *count = u64::try_from(n).unwrap_or(0);
                }
            }
        } else {
            for (tally, count) in &mut counts {
                *count = self.tallies.count(*tally, |account| filter.has(account));
            }
        }
        let statuses = counts.iter().filter(|(tally, _)| matches!(tally, Tally::Status(_)));
        let all = statuses.map(|(_, count)| count).sum();
        counts.push((Tally::All, all));
        Ok(counts)
    }

    /// The senders of the packages that `filter` may see, by mail address or id, in alphabetical order.
    pub async fn senders(&self, filter: &Filter, limit: u32) -> Result<Vec<String>, StoreError> {
        self.senders_now(&mut *self.readers.acquire().await?, &filter.within, limit).await
    }

    /// The same, with a connection that is there.
    pub(super) async fn senders_now(
        &self,
        connection: &mut SqliteConnection,
        reach: &Reach,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let look = async || {
            let within = Filter { within: reach.clone(), ..Filter::default() };
            let senders = reach.senders.as_ref().map(json).transpose()?;
            let query = sqlx::query(SENDERS).bind(accounts(&within)?).bind(senders).bind(i64::from(limit));
            let row = query.fetch_one(connection).await?;
            serde_json::from_str(row.try_get(0)?).map_err(StoreError::json)
        };
        self.memo.senders.of(self.writes(), (reach.clone(), limit), look).await
    }
}
