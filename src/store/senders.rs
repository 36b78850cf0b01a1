//! Who sent how many: counters that are kept for each sender, in the transaction that changes them. People who see only
//! what they sent are told by them, and nobody counts rows.

use super::list::accounts;
use super::packages::json;
use super::script::{Script, Table};
use super::{Store, StoreError};
use crate::model::filter::sender_key;
use crate::model::{AccountId, Filter, Package, Status, Tally};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use std::collections::HashMap;

const ADD: Table = Table {
    head: "INSERT INTO sender_tallies (sender, account, word, n)",
    columns: 4,
    tail: "ON CONFLICT (sender, account, word) DO UPDATE SET n = n + excluded.n",
};
/// What the counters must say, by the columns that lists look at.
macro_rules! counted {
    () => {
        "SELECT sender, account, shelf AS word, count(*) AS n FROM packages WHERE sender IS NOT NULL \
         AND shelf NOT IN ('template', 'elsewhere') GROUP BY sender, account, shelf UNION ALL \
         SELECT sender, account, 'with_sender', count(*) FROM packages WHERE sender IS NOT NULL AND ready = 1 \
         AND shelf NOT IN ('template', 'elsewhere', 'trashed') GROUP BY sender, account"
    };
}
const FORGET: &str = "DELETE FROM sender_tallies";
const COUNT: &str = concat!("INSERT INTO sender_tallies (sender, account, word, n) ", counted!());
const DIFFERS: &str = concat!(
    "WITH kept AS (SELECT sender, account, word, n FROM sender_tallies WHERE n <> 0), counted AS (",
    counted!(),
    ") SELECT account, word FROM (SELECT * FROM kept EXCEPT SELECT * FROM counted) UNION ALL \
     SELECT account, word FROM (SELECT * FROM counted EXCEPT SELECT * FROM kept) LIMIT 1"
);
const OF_SENDERS: &str = "SELECT word, sum(n) FROM sender_tallies WHERE sender IN (SELECT value FROM json_each($1)) \
    AND ($2 IS NULL OR account IN (SELECT value FROM json_each($2))) GROUP BY word";
const SENDERS: &str = "SELECT DISTINCT sender FROM sender_tallies WHERE n > 0 \
    AND ($1 IS NULL OR account IN (SELECT value FROM json_each($1))) \
    AND ($2 IS NULL OR sender IN (SELECT value FROM json_each($2))) ORDER BY sender LIMIT $3";

/// What a batch adds to the counters.
#[derive(Default)]
pub(super) struct Sent(HashMap<(String, AccountId, &'static str), i64>);

/// A package as it is counted: who sent it, and under which words.
pub(super) type Standing<'a> = (Option<&'a str>, &'a [&'static str]);

impl Sent {
    /// Notes that a package stood so, and stands otherwise now.
    pub(super) fn moved(&mut self, account: &AccountId, before: Standing<'_>, after: Standing<'_>) {
        for ((sender, words), by) in [(before, -1), (after, 1)] {
            let Some(sender) = sender else { continue };
            for word in words.iter().filter(|word| is_tally(word)) {
                *self.0.entry((sender.to_owned(), account.clone(), word)).or_default() += by;
            }
        }
    }

    /// Writes it.
    pub(super) fn write(&self, script: &mut Script) -> Result<(), StoreError> {
        let rows: Vec<_> = self.0.iter().filter(|(_, n)| **n != 0).collect();
        script.insert(&ADD, &rows, |((sender, account, word), n), cells| {
            cells.bind(sender.clone())?.word(&account.0)?.bind(*word)?.bind(**n).map(|_| ())
        })
    }
}

/// The words of the other counters, which nobody asks for by sender, are not kept.
fn is_tally(word: &str) -> bool {
    Tally::from_word(word).is_some()
}

/// Who is counted to have sent a package.
pub(super) fn sender(package: &Package) -> Option<String> {
    sender_key(package).filter(|_| package.is_shown())
}

/// Counts anew.
pub(super) async fn recount(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut script = Script::begin();
    script.statement(FORGET, |_| Ok(()))?;
    script.statement(COUNT, |_| Ok(()))?;
    script.commit(connection).await
}

/// The first counter that is not what is there, as a sentence that names no sender.
pub(super) async fn compare(connection: &mut SqliteConnection) -> Result<Option<String>, StoreError> {
    let row = sqlx::query(DIFFERS).fetch_optional(connection).await?;
    let told = |row: sqlx::sqlite::SqliteRow| {
        let (account, word): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        Ok(format!("{account}: the counter `{word}` of a sender is not what is there"))
    };
    row.map(told).transpose()
}

impl Store {
    /// How many packages stand under each tally, among the accounts of `filter` and what it may see of them. Attention
    /// is not among them: it depends on the time.
    pub async fn counts(&self, filter: &Filter) -> Result<Vec<(Tally, u64)>, StoreError> {
        let kept = Status::ALL.into_iter().map(Tally::Status);
        let mut counts: Vec<(Tally, u64)> =
            kept.chain([Tally::WithSender, Tally::Trashed]).map(|tally| (tally, 0)).collect();
        if let Some(senders) = &filter.within.senders {
            let query = sqlx::query(OF_SENDERS).bind(json(senders)?).bind(accounts(filter)?);
            for row in query.fetch_all(&self.readers).await? {
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
        let within = Filter { within: filter.within.clone(), ..Filter::default() };
        let senders = filter.within.senders.as_ref().map(json).transpose()?;
        let query = sqlx::query(SENDERS).bind(accounts(&within)?).bind(senders).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}
