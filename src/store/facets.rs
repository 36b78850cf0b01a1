//! How many packages are of each sender and of each group: counters that are kept in the transaction that changes them, so
//! that a board's facets cost the same however many packages there are.

use super::ask::{Ask, Told, Wanted, read};
use super::carry::{AsOf, Ranked, Ranks};
use super::packages::json;
use super::script::{Script, Table};
use super::{Store, StoreError};
use crate::model::access::Reach;
use crate::model::filter::sender_key;
use crate::model::{AccountId, Filter, Package, Status, Tally};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Those with the most packages are looked for among so many of each account.
const CANDIDATES: u32 = 50;

/// Counters by one column of `packages`.
pub(super) struct By {
    add: Table,
    forget: &'static str,
    count: &'static str,
    differs: &'static str,
    /// The sums of those that are among the greatest, at most `$1`, of any of these accounts.
    top: &'static str,
    /// The sums of some values over some accounts under a word.
    sums: &'static str,
    /// The sums of some values for each account under a word.
    accounts: &'static str,
    /// Whether there is any of a value in some accounts.
    any: &'static str,
    /// Whose they are, for a sentence.
    whose: &'static str,
    /// What a package is counted by.
    pub of: fn(&Package) -> Option<String>,
}

/// What the counters must say, by the columns that lists look at.
macro_rules! counted {
    ($column:literal) => {
        concat!(
            "SELECT ",
            $column,
            ", account, shelf AS word, count(*) AS n FROM packages WHERE ",
            $column,
            " IS NOT NULL \
             AND shelf NOT IN ('template', 'elsewhere') GROUP BY ",
            $column,
            ", account, shelf UNION ALL \
             SELECT ",
            $column,
            ", account, 'all', count(*) FROM packages WHERE ",
            $column,
            " IS NOT NULL \
             AND shelf NOT IN ('template', 'elsewhere', 'trashed') GROUP BY ",
            $column,
            ", account UNION ALL \
             SELECT ",
            $column,
            ", account, 'with_sender', count(*) FROM packages WHERE ",
            $column,
            " IS NOT NULL AND ready = 1 \
             AND shelf NOT IN ('template', 'elsewhere', 'trashed') GROUP BY ",
            $column,
            ", account"
        )
    };
}

/// The sums of some values over the accounts of `$2` under the word `$3`, the greatest first and at most `$4`: as one row,
/// since each that comes by itself from the thread of the connection wakes whoever waits for it.
macro_rules! sums {
    ($table:literal, $column:literal, $($some:tt)*) => {
        concat!(
            "SELECT json_group_array(json_array(it, n) ORDER BY n DESC, it) FROM (SELECT ",
            $column,
            " AS it, sum(n) AS n FROM ",
            $table,
            " WHERE ",
            $column,
            " IN (",
            $($some)*,
            ") AND account IN (SELECT value FROM json_each($2)) AND word = $3 GROUP BY ",
            $column,
            " HAVING sum(n) > 0 ORDER BY 2 DESC, 1 LIMIT $4)"
        )
    };
}

macro_rules! by {
    ($table:literal, $column:literal, $whose:literal, $of:path) => {
        By {
            add: Table {
                head: concat!("INSERT INTO ", $table, " (", $column, ", account, word, n)"),
                columns: 4,
                tail: concat!("ON CONFLICT (", $column, ", account, word) DO UPDATE SET n = n + excluded.n"),
            },
            forget: concat!("DELETE FROM ", $table),
            count: concat!("INSERT INTO ", $table, " (", $column, ", account, word, n) ", counted!($column)),
            differs: concat!(
                "WITH kept AS (SELECT ",
                $column,
                ", account, word, n FROM ",
                $table,
                " WHERE n <> 0), counted AS (",
                counted!($column),
                ") SELECT account, word FROM (SELECT * FROM kept EXCEPT SELECT * FROM counted) UNION ALL \
                 SELECT account, word FROM (SELECT * FROM counted EXCEPT SELECT * FROM kept) LIMIT 1"
            ),
            top: sums!(
                $table,
                $column,
                concat!(
                    "SELECT v.value FROM json_each($2) a, json_each((SELECT json_group_array(it) FROM (SELECT ",
                    $column,
                    " AS it FROM ",
                    $table,
                    " WHERE account = a.value AND word = $3 AND n > 0 ORDER BY n DESC LIMIT $1))) v"
                )
            ),
            sums: sums!($table, $column, "SELECT value FROM json_each($1)"),
            accounts: concat!(
                "SELECT json_group_object(account, max(n, 0)) FROM (SELECT account, sum(n) AS n FROM ",
                $table,
                " WHERE ",
                $column,
                " IN (SELECT value FROM json_each($1)) \
                 AND word = $2 GROUP BY account)"
            ),
            any: concat!(
                "SELECT 1 FROM ",
                $table,
                " WHERE ",
                $column,
                " = $1 AND n > 0 \
                 AND ($2 IS NULL OR account IN (SELECT value FROM json_each($2))) LIMIT 1"
            ),
            whose: $whose,
            of: $of,
        }
    };
}

/// By who sent it. People who see only what they sent are told by these.
pub(super) const SENDERS: By = by!("sender_tallies", "sender", "a sender", sender);
/// By the group that it belongs to.
pub(super) const GROUPS: By = by!("team_tallies", "team", "a group", group);

/// What a batch adds to such counters.
#[derive(Default)]
pub(super) struct Moves(HashMap<(String, AccountId, &'static str), i64>);

/// A package as it is counted: its value, and under which words.
pub(super) type Standing<'a> = (Option<&'a str>, &'a [&'static str]);

impl Moves {
    /// Notes that a package stood so, and stands otherwise now.
    pub(super) fn moved(&mut self, account: &AccountId, before: Standing<'_>, after: Standing<'_>) {
        for ((value, words), by) in [(before, -1), (after, 1)] {
            let Some(value) = value else { continue };
            for word in tallies(words) {
                *self.0.entry((value.to_owned(), account.clone(), word)).or_default() += by;
            }
        }
    }

    /// Writes it.
    pub(super) fn write(&self, by: &By, script: &mut Script) -> Result<(), StoreError> {
        let rows: Vec<_> = self.0.iter().filter(|(_, n)| **n != 0).collect();
        script.insert(&by.add, &rows, |((value, account, word), n), cells| {
            cells.bind(value.clone())?.word(&account.0)?.bind(*word)?.bind(**n).map(|_| ())
        })
    }
}

/// The tallies among a package's words, and that of all; the words of the other counters are not kept by value.
pub(super) fn tallies(words: &[&'static str]) -> impl Iterator<Item = &'static str> {
    let all = words.iter().any(|it| Status::from_word(it).is_some()).then_some(Tally::All.word());
    words.iter().copied().filter(|it| Tally::from_word(it).is_some()).chain(all)
}

/// Who is counted to have sent a package.
pub(super) fn sender(package: &Package) -> Option<String> {
    sender_key(package).filter(|_| package.is_shown())
}

/// In which group a package is counted.
pub(super) fn group(package: &Package) -> Option<String> {
    package.group.clone().filter(|_| package.is_shown())
}

/// Counts anew.
pub(super) async fn recount(by: &By, connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut script = Script::begin();
    script.statement(by.forget, |_| Ok(()))?;
    script.statement(by.count, |_| Ok(()))?;
    script.commit(connection).await.map(|_| ())
}

/// The first counter that is not what is there, as a sentence that names nobody.
pub(super) async fn compare(
    by: &By,
    connection: &mut SqliteConnection,
) -> Result<Option<String>, StoreError> {
    let row = sqlx::query(by.differs).fetch_optional(connection).await?;
    let told = |row: sqlx::sqlite::SqliteRow| {
        let (account, word): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        Ok(format!("{account}: the counter `{word}` of {} is not what is there", by.whose))
    };
    row.map(told).transpose()
}

/// Of how many packages of a board's tally each account, sender and group is.
///
/// They know the tally, the account and what `filter` may see; the accounts know the sender and the group, too, if only
/// one of these is chosen. Words, times and, of senders and groups, each other are not counted by. What needs attention
/// depends on the time: for that tally these are the counts of all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    /// Those that have any, whichever account is chosen.
    pub accounts: Vec<(AccountId, u64)>,
    /// The senders with the most, by mail address or id.
    pub senders: Vec<(String, u64)>,
    /// The groups with the most; none for whoever sees only what some sent.
    pub groups: Vec<(String, u64)>,
}

impl Store {
    /// The facets of a board; at most `most` senders, and so many groups.
    pub async fn facets(&self, filter: &Filter, most: u32) -> Result<Facets, StoreError> {
        let mut asks = Vec::new();
        let facets = self.facets_asked(filter, most, &mut asks)?;
        let mut told = self.told(asks).await?;
        self.facets_of(filter, most, facets, &mut told)
    }

    /// What is to be known for them.
    pub(super) fn facets_asked(
        &self,
        filter: &Filter,
        most: u32,
        asks: &mut Vec<Ask>,
    ) -> Result<Wanted<'_, (Filter, u32, String), Ranked>, StoreError> {
        // What they don't go by makes no difference.
        let narrows = Filter { words: Vec::new(), updated_since: None, ..filter.clone() };
        let known: BTreeSet<AccountId> = self.tallies.all().into_keys().map(|(account, _)| account).collect();
        let here: Vec<&str> = known.iter().filter(|it| filter.has(it)).map(|it| it.0.as_str()).collect();
        let here = json(&here)?;
        // An account of which nothing was known when they were counted is not in them.
        let key = (narrows, most, here.clone());
        let ask = || questions(filter, &here, Ranks::looked_up(most)).map(Ask::all);
        let carry = |kept: AsOf<Ranked>, changes: &[_]| kept.carried(changes, filter, most);
        self.wanted(&self.memo.facets, (self.upheavals(), key), asks, carry, ask)
    }

    /// The same, of what was asked for.
    pub(super) fn facets_of(
        &self,
        filter: &Filter,
        most: u32,
        facets: Wanted<'_, (Filter, u32, String), Ranked>,
        told: &mut Told,
    ) -> Result<Facets, StoreError> {
        let ranked = facets.of(told, |it| {
            let (accounts, senders, groups): (BTreeMap<String, u64>, _, _) = read(it)?;
            let accounts = accounts.into_iter().map(|(account, n)| (AccountId(account), n)).collect();
            Ok(Ranked { accounts, senders: Ranks::of(senders, most), groups: Ranks::of(groups, most) })
        })?;
        let mut facets = ranked.shown(most);
        if values(filter).is_none() {
            facets.accounts = self.tallies.by_account(tally(filter));
        }
        facets.accounts.retain(|(account, n)| *n > 0 && filter.within.has(account));
        Ok(facets)
    }

    /// Whether there are packages of a sender, and of a group, of whom somebody may know. Whoever sees only what some sent is
    /// told of no group.
    pub async fn may_know(
        &self,
        sender: Option<&str>,
        group: Option<&str>,
        within: &Reach,
    ) -> Result<bool, StoreError> {
        let others = |it: &str| within.senders.as_ref().is_some_and(|some| !some.iter().any(|one| one == it));
        if sender.is_some_and(others) || group.is_some() && within.senders.is_some() {
            return Ok(false);
        }
        let accounts =
            within.accounts.as_deref().map(|all| all.iter().map(|it| it.0.as_str()).collect::<Vec<_>>());
        let accounts = accounts.map(|it| json(&it)).transpose()?;
        for (by, value) in [(SENDERS, sender), (GROUPS, group)] {
            let Some(value) = value else { continue };
            let query = sqlx::query(by.any).bind(value).bind(&accounts);
            if query.fetch_optional(&self.readers).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// By account, by sender and by group.
fn questions(filter: &Filter, here: &str, most: u32) -> Result<[Ask; 3], StoreError> {
    const NONE: &str = "SELECT '[]'";
    const NO_ACCOUNTS: &str = "SELECT '{}'";
    let word = tally(filter).word();
    let among = |ask: Ask| ask.text(here.to_owned()).text(word.to_owned()).number(i64::from(most));
    let top = |by: &By| among(Ask::new(by.top).number(i64::from(CANDIDATES.max(most))));
    let accounts = match values(filter) {
        Some((by, values)) => Ask::new(by.accounts).text(json(&values)?).text(word.to_owned()),
        None => Ask::new(NO_ACCOUNTS),
    };
    Ok(match &filter.within.senders {
        Some(theirs) => [accounts, among(Ask::new(SENDERS.sums).text(json(theirs)?)), Ask::new(NONE)],
        None => [accounts, top(&SENDERS), top(&GROUPS)],
    })
}

/// Under which word facets are counted.
pub(super) fn tally(filter: &Filter) -> Tally {
    if filter.tally == Tally::Attention { Tally::All } else { filter.tally }
}

/// Those of whom accounts are counted, where that isn't everybody.
pub(super) fn values(filter: &Filter) -> Option<(By, Vec<String>)> {
    let senders = match (&filter.sender, &filter.within.senders) {
        (Some(one), Some(theirs)) => Some(theirs.iter().filter(|it| *it == one).cloned().collect()),
        (Some(one), None) => Some(vec![one.clone()]),
        (None, theirs) => theirs.clone(),
    };
    match (senders, &filter.group) {
        (Some(senders), _) => Some((SENDERS, senders)),
        (None, Some(group)) => Some((GROUPS, vec![group.clone()])),
        (None, None) => None,
    }
}
