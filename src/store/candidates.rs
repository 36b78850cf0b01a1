//! The few packages that a filter can admit at most, found by whatever of it has an index: words, senders, accounts, a
//! time. And the index of words, which triggers keep beside the rows (migration 43): whoever rewrites the column `search`
//! of a row has it rewritten.

use super::StoreError;
use super::list::accounts;
use super::packages::json;
use super::tallies::Tallies;
use crate::model::{AccountId, Filter, Seq, Sort, Status, Tally, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use std::collections::BTreeSet;

/// At most so many packages are gathered and sorted. Where a filter may admit more, a list is gone through in its order
/// until the page is full.
pub(super) const FEW: u32 = 5_000;

/// The oldest first, which is how words are compared soonest.
const BY_WORDS: &str = "SELECT rowid AS id FROM package_words WHERE package_words MATCH $1 ORDER BY rowid";
/// The newest first: what is beyond is not looked at.
const BY_WORDS_NEWEST: &str =
    "SELECT rowid AS id FROM package_words WHERE package_words MATCH $1 ORDER BY rowid DESC";
const BY_SENDERS: &str = "SELECT id FROM packages INDEXED BY packages_sender \
    WHERE sender IN (SELECT value FROM json_each($1))";
const BY_GROUP: &str = "SELECT id FROM packages INDEXED BY packages_team WHERE team = $1";
const BY_ACCOUNTS: &str = "SELECT id FROM packages WHERE account IN (SELECT value FROM json_each($1))";
const BY_ATTENTION: &str = "SELECT id FROM packages INDEXED BY packages_attention WHERE attention_until > $1";
const BY_READY: &str = "SELECT id FROM packages INDEXED BY packages_ready WHERE ready = 1";
const ANEW: &str = "INSERT INTO package_words (package_words) VALUES ('rebuild')";
const TERMS: &str =
    "CREATE VIRTUAL TABLE temp.package_terms USING fts5vocab('main', 'package_words', 'instance')";
/// Which of some terms begin another one; the least character of a term is 0.
const GO_ON: &str = "SELECT value FROM json_each($1) WHERE EXISTS \
    (SELECT 1 FROM temp.package_terms WHERE term >= value || '0' AND term <= value || char(1114111))";
const HAS: &str = "SELECT 1 FROM package_words WHERE package_words MATCH $1 AND rowid = $2";

/// Some rows.
#[derive(Debug, Clone)]
pub(super) struct Few {
    /// As a JSON array.
    pub rows: String,
    /// Whether these are all; else the words find more, and these are the newest.
    pub is_all: bool,
    /// The last change when they were found; `None`: no change makes them others.
    pub seq: Option<Seq>,
}

/// The rows that a filter can admit at most; `None`: that may be many.
pub(super) async fn of(
    connection: &mut SqliteConnection,
    filter: &Filter,
    sort: Sort,
    now: Timestamp,
    tallies: &Tallies,
) -> Result<Option<Few>, StoreError> {
    if let Some(accounts) = accounts(filter)?
        && standing(tallies, |account| filter.has(account)) <= FEW.into()
        && let Some(few) = few(connection, BY_ACCOUNTS, accounts).await?
    {
        return Ok(Some(few));
    }
    if let Some(senders) = senders(filter)
        && let Some(few) = few(connection, BY_SENDERS, json(&senders)?).await?
    {
        return Ok(Some(few));
    }
    if let Some(group) = &filter.group
        && let Some(few) = few(connection, BY_GROUP, group.clone()).await?
    {
        return Ok(Some(few));
    }
    let by_tally = match filter.tally {
        Tally::Attention => few(connection, BY_ATTENTION, now.0).await?,
        Tally::WithSender => few(connection, BY_READY, None::<i64>).await?,
        Tally::All | Tally::Status(_) | Tally::Trashed => None,
    };
    if by_tally.is_some() {
        return Ok(by_tally);
    }
    if let Some(since) = filter.updated_since.filter(|_| sort != Sort::Updated)
        && let Some(few) = few(connection, &by_time(), since.0).await?
    {
        return Ok(Some(few));
    }
    if filter.words.is_empty() {
        return Ok(None);
    }
    let Some(words) = matching(connection, &filter.words).await? else {
        return Ok(Some(Few { rows: "[]".to_owned(), is_all: true, seq: None }));
    };
    // One word alone finds either few or soon enough of them; what several find together may take long to look for.
    if filter.words.len() > 1
        && let Some(few) = few(connection, BY_WORDS, words.clone()).await?
    {
        return Ok(Some(few));
    }
    some(connection, BY_WORDS_NEWEST, words).await.map(Some)
}

/// The index that finds what a filter can admit at most, where that is many and still far from all: to go through that
/// and sort it takes no longer than it is much, wherever in the order the hits stand.
pub(super) fn rather(filter: &Filter, tallies: &Tallies) -> Option<&'static str> {
    match filter.tally {
        _ if senders(filter).is_some() => Some("packages_sender"),
        _ if filter.group.is_some() => Some("packages_team"),
        Tally::Attention => Some("packages_attention"),
        Tally::WithSender => Some("packages_ready"),
        // What keeps the pairs of account and package unique.
        Tally::All | Tally::Status(_) | Tally::Trashed => {
            let is_minor = standing(tallies, |it| filter.has(it)) < standing(tallies, |_| true) / 2;
            is_minor.then_some("sqlite_autoindex_packages_1")
        }
    }
}

/// How many packages some accounts have.
fn standing(tallies: &Tallies, has: impl Fn(&AccountId) -> bool) -> u64 {
    let kept = Status::ALL.into_iter().map(Tally::Status).chain([Tally::Trashed]);
    kept.map(|tally| tallies.count(tally, &has)).sum()
}

/// Whose packages a filter admits, where it doesn't admit everybody's.
pub(super) fn senders(filter: &Filter) -> Option<Vec<String>> {
    let within = filter.within.senders.as_deref();
    let mut senders = match &filter.sender {
        Some(only) if within.is_none_or(|some| some.contains(only)) => vec![only.clone()],
        Some(_) => Vec::new(),
        None => within?.to_vec(),
    };
    senders.sort();
    senders.dedup();
    Some(senders)
}

/// The first rows of a statement, and whether these are all.
async fn some<'q, T>(connection: &mut SqliteConnection, text: &str, value: T) -> Result<Few, StoreError>
where
    T: 'q + sqlx::Encode<'q, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + Send,
{
    // One row: thousands would come one by one from the thread of the connection.
    let text = format!(
        "SELECT count(*), json_group_array(id), (SELECT coalesce(max(seq), 0) FROM changes) FROM ({text} LIMIT $2)"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(text)).bind(value).bind(i64::from(FEW) + 1);
    let row = query.fetch_one(connection).await?;
    let (is_all, seq) = (row.try_get::<i64, _>(0)? <= FEW.into(), Some(Seq(row.try_get(2)?)));
    Ok(Few { rows: row.try_get(1)?, is_all, seq })
}

/// The rows of a statement, if they are few.
async fn few<'q, T>(
    connection: &mut SqliteConnection,
    text: &str,
    value: T,
) -> Result<Option<Few>, StoreError>
where
    T: 'q + sqlx::Encode<'q, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + Send,
{
    some(connection, text, value).await.map(|few| Some(few).filter(|it| it.is_all))
}

fn by_time() -> String {
    format!(
        "SELECT id FROM packages INDEXED BY packages_updated WHERE shelf IN ({}, '{}') AND updated >= $1",
        quoted(Status::ALL.into_iter().map(Status::word)),
        Tally::Trashed.word()
    )
}

/// Some of our own words, as a list in a statement.
pub(super) fn quoted(words: impl IntoIterator<Item = &'static str>) -> String {
    words.into_iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ")
}

/// Words in the language of the index: each quoted, as neighbours of which the last may go on. `None`: one of them is no
/// word, and nothing has it.
async fn matching(connection: &mut SqliteConnection, words: &[String]) -> Result<Option<String>, StoreError> {
    let is_word = |word: &String| word.chars().all(|it| it == ' ' || it.is_alphanumeric());
    if !words.iter().all(is_word) {
        return Ok(None);
    }
    // Where a word may go on, all that it finds is put together before it is compared with what the others find; so it is
    // asked first whether there is any that goes on.
    let last = |word: &String| word.rsplit(' ').next().unwrap_or_default().to_owned();
    let query = sqlx::query(GO_ON).bind(json(&words.iter().map(last).collect::<Vec<_>>())?);
    let rows = query.fetch_all(connection).await?;
    let goes_on = rows.iter().map(|row| row.try_get(0)).collect::<Result<BTreeSet<String>, _>>()?;
    let quoted = words.iter().map(|word| {
        let star = if goes_on.contains(&last(word)) { " *" } else { "" };
        format!("\"{}\"{star}", word.trim_start())
    });
    Ok(Some(quoted.collect::<Vec<_>>().join(" ")))
}

/// Lets a connection see which words there are.
pub(super) async fn see_terms(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query(TERMS).execute(connection).await.map(|_| ())
}

/// Makes the index of words anew, out of the rows: nothing remains of what isn't there any more.
pub(super) async fn index_anew(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query(ANEW).execute(connection).await?;
    Ok(())
}

/// Whether a row is found by its text.
pub(super) async fn is_found(
    connection: &mut SqliteConnection,
    id: i64,
    text: &str,
) -> Result<bool, StoreError> {
    let text = text.trim_start();
    if text.is_empty() {
        return Ok(true);
    }
    Ok(sqlx::query(HAS).bind(format!("\"{text}\"")).bind(id).fetch_optional(connection).await?.is_some())
}
