//! Lists of packages: filtered, sorted, paged by key, never by counting.

use super::codec::decode_package;
use super::packages::{json, key_of};
use super::read::{Page, Row};
use super::{Store, StoreError};
use crate::model::{AccountId, Filter, Seq, Sort, Tally, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::sync::Arc;

/// How a list is sorted and where it begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// By what.
    pub sort: Sort,
    /// The smallest first.
    pub ascending: bool,
    /// After this row, as a page before told in [`Page::next`].
    pub after: Option<String>,
    /// Before this row, as a page told in [`Page::prev`]; wins over `after`.
    pub before: Option<String>,
}

/// A list of all packages, of one group, and the same of what some senders sent: the first ones of each of them, by the
/// index, put together.
macro_rules! statement {
    ($column:literal, $down:literal, $compare:literal, $shelf:literal) => {
        [
            page!($column, $down, $compare, $shelf, "packages", ""),
            page!($column, $down, $compare, $shelf, "packages INDEXED BY packages_team", " AND team = $10"),
            concat!(
                "SELECT id, account, package, seq, state, ", $column, " AS cursor FROM packages WHERE id IN (SELECT p.id \
                FROM (SELECT DISTINCT value FROM json_each($9)) mine CROSS JOIN packages p ON p.id IN (SELECT id FROM (",
                page!($column, $down, $compare, $shelf, "packages INDEXED BY packages_sender", " AND sender = mine.value"),
                "))) ORDER BY ", $column, $down, ", id", $down, " LIMIT $8"
            ),
        ]
    };
}

macro_rules! page {
    ($column:literal, $down:literal, $compare:literal, $shelf:literal, $from:literal, $and:literal) => {
        concat!(
            "SELECT id, account, package, seq, state, ", $column, " AS cursor FROM ", $from, " WHERE ", $shelf, $and,
            " AND ($2 IS NULL OR account IN (SELECT value FROM json_each($2))) AND ($3 IS NULL OR sender = $3)",
            " AND ($10 IS NULL OR team = $10)",
            " AND updated >= $4 AND NOT EXISTS (SELECT 1 FROM json_each($5) word WHERE instr(search, word.value) = 0)",
            " AND ($6 IS NULL OR (", $column, ", id) ", $compare, " ($6, $7)) ORDER BY ", $column, $down, ", id", $down,
            " LIMIT $8"
        )
    };
}

macro_rules! by_shelf {
    ($shelf:expr, $column:literal, $down:literal, $compare:literal) => {
        match $shelf {
            Tally::All => {
                statement!(
                    $column,
                    $down,
                    $compare,
                    "$1 = 'all' AND shelf NOT IN ('trashed', 'template', 'elsewhere')"
                )
            }
            Tally::Status(_) | Tally::Trashed => statement!($column, $down, $compare, "shelf = $1"),
            Tally::WithSender => {
                statement!($column, $down, $compare, "$1 = 'with_sender' AND shelf = 'sent' AND ready = 1")
            }
            Tally::Attention => statement!($column, $down, $compare, "attention_until > cast($1 AS BIGINT)"),
        }
    };
}

macro_rules! by_direction {
    ($shelf:expr, $ascending:expr, $column:literal) => {
        if $ascending {
            by_shelf!($shelf, $column, " ASC", ">")
        } else {
            by_shelf!($shelf, $column, " DESC", "<")
        }
    };
}

/// The statement for whoever sees what anybody sent, of any group and of one, and for whoever sees what some sent.
fn sql(tally: Tally, sort: Sort, ascending: bool) -> [&'static str; 3] {
    match sort {
        Sort::Updated => by_direction!(tally, ascending, "updated"),
        Sort::Due => by_direction!(tally, ascending, "due"),
        Sort::Name => by_direction!(tally, ascending, "name"),
        Sort::Created => by_direction!(tally, ascending, "created"),
    }
}

const ATTENTION: &str = "SELECT count(*) FROM packages WHERE attention_until > $1 \
    AND ($2 IS NULL OR account IN (SELECT value FROM json_each($2))) \
    AND ($3 IS NULL OR +sender IN (SELECT value FROM json_each($3)))";
const CHANGED: &str = "SELECT p.id, p.account, p.package, p.seq, p.state FROM changes c JOIN packages p ON p.id = c.package \
    WHERE c.seq > $1 AND p.seq = c.seq ORDER BY c.seq LIMIT $2";
const OLDEST_CHANGE: &str = "SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM changes";

impl Order {
    /// Whether a text is a place that [`Page::next`] could have told.
    #[must_use]
    pub fn is_place(text: &str) -> bool {
        parse_cursor(text).is_some()
    }
}

impl Store {
    /// A page of at most `limit` packages that `filter` admits at `now`.
    pub async fn list(
        &self,
        filter: &Filter,
        order: &Order,
        limit: u32,
        now: Timestamp,
    ) -> Result<Page, StoreError> {
        let back = order.before.is_some();
        let cursor = order.before.as_deref().or(order.after.as_deref()).and_then(parse_cursor);
        let shelf = match filter.tally {
            Tally::Attention => now.0.to_string(),
            other => other.word().to_owned(),
        };
        let (value, id) = cursor.unzip();
        let [of_all, of_group, of_some] = sql(filter.tally, order.sort, order.ascending != back);
        let senders = filter.within.senders.as_ref().map(json).transpose()?;
        let statement = match (&senders, &filter.group) {
            (Some(_), _) => of_some,
            (None, Some(_)) => of_group,
            (None, None) => of_all,
        };
        let query = sqlx::query(statement)
            .bind(shelf)
            .bind(accounts(filter)?)
            .bind(&filter.sender)
            .bind(filter.updated_since.map_or(i64::MIN, |at| at.0))
            .bind(json(&filter.words)?);
        // A name is compared as text, everything else as a number.
        let query = match (order.sort, value) {
            (Sort::Name, value) => query.bind(value),
            (_, value) => query.bind(value.and_then(|it| it.parse::<i64>().ok())),
        };
        let query = query.bind(id).bind(i64::from(limit) + 1).bind(senders).bind(&filter.group);
        let rows = query.fetch_all(&self.readers).await?;
        let more = rows.len() > limit as usize;
        let mut shown: Vec<&SqliteRow> = rows.iter().take(limit as usize).collect();
        if back {
            shown.reverse();
        }
        let (older, newer) = if back { (true, more) } else { (more, cursor_given(order)) };
        let place = |row: Option<&&SqliteRow>, wanted: bool| -> Result<Option<String>, StoreError> {
            row.filter(|_| wanted).map(|row| cursor_of(row, order.sort)).transpose()
        };
        Ok(Page {
            next: place(shown.last(), older)?,
            prev: place(shown.first(), newer)?,
            rows: shown.into_iter().map(row_of).collect::<Result<_, _>>()?,
        })
    }

    /// How many packages need attention at `now`, among the accounts of `filter` and what it may see of them.
    pub async fn attention(&self, filter: &Filter, now: Timestamp) -> Result<u64, StoreError> {
        let senders = filter.within.senders.as_ref().map(json).transpose()?;
        let query = sqlx::query(ATTENTION).bind(now.0).bind(accounts(filter)?).bind(senders);
        let row = query.fetch_one(&self.readers).await?;
        Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default())
    }

    /// What changed after `seq`, each package once and as it is now. `None`: that is too far back to tell, or more
    /// than `limit`.
    pub async fn changes_after(&self, seq: Seq, limit: u32) -> Result<Option<Vec<Row>>, StoreError> {
        let rows = self.first_changes_after(seq, limit.saturating_add(1)).await?;
        Ok(rows.filter(|rows| rows.len() <= limit as usize))
    }

    /// The first of what changed after `seq`, each package once and as it is now. `None`: that is too far back to tell.
    pub async fn first_changes_after(&self, seq: Seq, limit: u32) -> Result<Option<Vec<Row>>, StoreError> {
        let bounds = sqlx::query(OLDEST_CHANGE).fetch_one(&self.readers).await?;
        let (oldest, newest): (i64, i64) = (bounds.try_get(0)?, bounds.try_get(1)?);
        if seq.0 > newest || seq.0.saturating_add(1) < oldest {
            return Ok(None);
        }
        let rows = sqlx::query(CHANGED).bind(seq.0).bind(i64::from(limit)).fetch_all(&self.readers).await?;
        rows.iter().map(row_of).collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// The number of the last change.
    pub async fn last_seq(&self) -> Result<Seq, StoreError> {
        Ok(Seq(sqlx::query(OLDEST_CHANGE).fetch_one(&self.readers).await?.try_get(1)?))
    }
}

/// The accounts that a filter admits, as a JSON array; `None`: all.
pub(super) fn accounts(filter: &Filter) -> Result<Option<String>, StoreError> {
    let named: Vec<&AccountId> = match (&filter.account, filter.accounts.as_slice(), &filter.within.accounts)
    {
        (Some(only), _, _) => vec![only],
        (None, [_, ..], _) => filter.accounts.iter().collect(),
        (None, [], Some(some)) => some.iter().collect(),
        (None, [], None) => return Ok(None),
    };
    let words: Vec<&str> = named.into_iter().filter(|it| filter.has(it)).map(|it| it.0.as_str()).collect();
    json(&words).map(Some)
}

fn row_of(row: &SqliteRow) -> Result<Row, StoreError> {
    let key = key_of(row.try_get("account")?, row.try_get("package")?)?;
    let package = decode_package(row.try_get("state")?)?;
    Ok(Row { id: row.try_get("id")?, key, seq: Seq(row.try_get("seq")?), package: Arc::new(package) })
}

/// A place in a list: the row's id and what it is sorted by.
fn cursor_of(row: &SqliteRow, sort: Sort) -> Result<String, StoreError> {
    let id: i64 = row.try_get("id")?;
    let value = match sort {
        Sort::Name => row.try_get::<String, _>("cursor")?,
        Sort::Updated | Sort::Due | Sort::Created => row.try_get::<i64, _>("cursor")?.to_string(),
    };
    Ok(format!("{id}~{value}"))
}

fn parse_cursor(text: &str) -> Option<(String, i64)> {
    let (id, value) = text.split_once('~')?;
    Some((value.to_owned(), id.parse().ok()?))
}

fn cursor_given(order: &Order) -> bool {
    order.after.as_deref().and_then(parse_cursor).is_some()
}
