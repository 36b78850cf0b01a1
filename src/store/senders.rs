//! Who sent how many, by the counters that are kept for each sender: people who see only what they sent are told by these,
//! and nobody counts rows.

use super::ask::{Ask, Told, Wanted, read};
use super::carry::{AsOf, ByWord};
use super::list::accounts;
use super::memo::Sent;
use super::packages::json;
use super::{Store, StoreError};
use crate::model::access::Reach;
use crate::model::{Filter, Status, Tally};

const OF_SENDERS: &str = "SELECT json_group_object(word, n) FROM (SELECT word, sum(n) AS n FROM sender_tallies \
    WHERE sender IN (SELECT value FROM json_each($1)) AND ($2 IS NULL OR account IN (SELECT value FROM json_each($2))) GROUP BY word)";
const SENDERS: &str = "SELECT json_group_array(sender ORDER BY sender) FROM (SELECT DISTINCT sender FROM sender_tallies \
    WHERE n > 0 AND ($1 IS NULL OR account IN (SELECT value FROM json_each($1))) \
    AND ($2 IS NULL OR sender IN (SELECT value FROM json_each($2))) ORDER BY sender LIMIT $3)";

impl Store {
    /// How many packages stand under each tally, among the accounts of `filter` and what it may see of them. Attention
    /// is not among them: it depends on the time.
    pub async fn counts(&self, filter: &Filter) -> Result<Vec<(Tally, u64)>, StoreError> {
        let mut asks = Vec::new();
        let sent = self.sent(filter, &mut asks)?;
        let mut told = self.told(asks).await?;
        self.counts_of(filter, sent, &mut told)
    }

    /// The same, of what was asked for.
    pub(super) fn counts_of(
        &self,
        filter: &Filter,
        sent: Option<Wanted<'_, Sent, ByWord>>,
        told: &mut Told,
    ) -> Result<Vec<(Tally, u64)>, StoreError> {
        let kept = Status::ALL.into_iter().map(Tally::Status);
        let mut counts: Vec<(Tally, u64)> =
            kept.chain([Tally::WithSender, Tally::Trashed]).map(|tally| (tally, 0)).collect();
        let sent = sent.map(|it| it.of(told, read)).transpose()?;
        for (tally, count) in &mut counts {
            *count = match &sent {
                Some(sent) => sent.get(tally.word()).map_or(0, |n| u64::try_from(*n).unwrap_or(0)),
                None => self.tallies.count(*tally, |account| filter.has(account)),
            };
        }
        let statuses = counts.iter().filter(|(tally, _)| matches!(tally, Tally::Status(_)));
        let all = statuses.map(|(_, count)| count).sum();
        counts.push((Tally::All, all));
        Ok(counts)
    }

    /// What is to be known for the counts of somebody who sees only what some sent.
    pub(super) fn sent(
        &self,
        filter: &Filter,
        asks: &mut Vec<Ask>,
    ) -> Result<Option<Wanted<'_, Sent, ByWord>>, StoreError> {
        let Some(senders) = &filter.within.senders else { return Ok(None) };
        let accounts = accounts(filter)?;
        let key = (senders.clone(), accounts.clone());
        let ask = || Ok(Ask::new(OF_SENDERS).text(json(senders)?).text(accounts));
        let carry = |kept: AsOf<ByWord>, changes: &[_]| Some(kept.carried(changes, filter, senders));
        self.wanted(&self.memo.sent, (self.upheavals(), key), asks, carry, ask).map(Some)
    }

    /// The senders of the packages that `filter` may see, by mail address or id, in alphabetical order.
    pub async fn senders(&self, filter: &Filter, limit: u32) -> Result<Vec<String>, StoreError> {
        let mut asks = Vec::new();
        let senders = self.senders_asked(&filter.within, limit, &mut asks)?;
        let mut told = self.told(asks).await?;
        senders.of(&mut told, read)
    }

    /// The same, to be told among other answers.
    pub(super) fn senders_asked(
        &self,
        reach: &Reach,
        limit: u32,
        asks: &mut Vec<Ask>,
    ) -> Result<Wanted<'_, (Reach, u32), Vec<String>>, StoreError> {
        let ask = || {
            let within = Filter { within: reach.clone(), ..Filter::default() };
            let senders = reach.senders.as_ref().map(json).transpose()?;
            Ok(Ask::new(SENDERS).text(accounts(&within)?).text(senders).number(i64::from(limit)))
        };
        let key = (self.upheavals(), (reach.clone(), limit));
        let carry = |kept: AsOf<Vec<String>>, changes: &[_]| kept.carried(changes, reach, limit);
        self.wanted(&self.memo.senders, key, asks, carry, ask)
    }
}
