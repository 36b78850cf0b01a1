//! Lists of packages: filtered, sorted, paged by key, never by counting.

use super::ask::{Ask, Told, read, tell, together};
use super::candidates::{self, FEW, Few, quoted};
use super::carry::AsOf;
use super::codec::{Decoded, decode_package};
use super::packages::{json, key_of};
use super::read::{Page, Row};
use super::{Store, StoreError};
use crate::model::{AccountId, Filter, Seq, Sort, Status, Tally, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

mod place;

pub(super) use place::{Place, Value};

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
    /// Every row, however long it takes: where words find very many, a list for people is of the newest of these alone.
    pub whole: bool,
}

/// At most so many senders are gone through side by side.
const MOST_SENDERS: usize = 16;
/// A list is gone through for so many steps of SQLite, some 50 ms, until its page is full.
const MOST_STEPS: u32 = if cfg!(test) { 50_000 } else { 300_000 };
const STEPS_AT_ONCE: i32 = 10_000;

/// Where the rows of a page are looked for.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// These, by row.
    Few(Few),
    /// Among those that need attention, which are never very many.
    Attention,
    /// On the shelves, each in the list's order; where that takes long, rather there.
    Shelves(Option<Box<Source>>),
    /// Among all that this index finds.
    All(&'static str),
    /// Of these senders, each the latest first; or the last.
    Senders(Vec<String>),
    /// Of the filter's group, the same.
    Group,
}

/// The statement of a page. Its parameters: `$1` the accounts, `$2` the sender, `$3` the senders, `$4` since when, `$5` now,
/// `$6` the group, `$7` and `$8` the place, `$9` how many, `$10` the rows; `$11` and on: a word each, then a sender each.
fn statement(filter: &Filter, sort: Sort, ascending: bool, has_place: bool, source: &Source) -> String {
    let column = column(sort);
    let (down, compare) = if ascending { ("ASC", ">") } else { ("DESC", "<") };
    let order = format!("ORDER BY {column} {down}, id {down}");
    let mut admits = String::new();
    let mut also = |holds: bool, what: &str| {
        if holds {
            admits.push_str(what);
        }
    };
    also(narrows_accounts(filter), " AND account IN (SELECT value FROM json_each($1))");
    also(filter.sender.is_some(), " AND sender = $2");
    also(filter.group.is_some(), " AND team = $6");
    also(filter.within.senders.is_some(), " AND sender IN (SELECT value FROM json_each($3))");
    also(filter.updated_since.is_some(), " AND updated >= $4");
    also(filter.tally == Tally::Attention, " AND attention_until > $5");
    also(filter.tally == Tally::WithSender, " AND ready = 1");
    for at in (11..).take(filter.words.len()) {
        also(true, &format!(" AND instr(search, ${at})"));
    }
    let shelves = shelves(filter.tally);
    let among = format!("shelf IN ({})", quoted(shelves.iter().copied()));
    let place = format!(" AND ({column}, id) {compare} ($7, $8)");
    let place = if has_place { place.as_str() } else { "" };
    // An index begins in the middle of equals only where it is told that they are.
    let equals = format!(" AND {column} = $7 AND id {compare} $8");
    let beyond = format!(" AND {column} {compare} $7");
    let begins: &[&str] = if has_place { &[&equals, &beyond] } else { &[""] };
    let merged = |index: &str, groups: Vec<String>| {
        let parts = groups.iter().flat_map(|group| begins.iter().map(move |begin| format!("{group}{begin}")));
        let from = format!("SELECT id, {column} FROM packages INDEXED BY {index}");
        parts.map(|part| format!("{from} WHERE {part}{admits}")).collect::<Vec<_>>().join(" UNION ALL ")
    };
    let ids = match source {
        Source::Few(_) => format!(
            "SELECT id, {column} FROM packages NOT INDEXED WHERE id IN (SELECT value FROM json_each($10)) AND {among}{place}{admits}"
        ),
        Source::Attention => {
            format!(
                "SELECT id, {column} FROM packages INDEXED BY packages_attention WHERE true{place}{admits}"
            )
        }
        Source::All(index) => {
            format!("SELECT id, {column} FROM packages INDEXED BY {index} WHERE {among}{place}{admits}")
        }
        Source::Shelves(_) => {
            let groups = shelves.iter().map(|shelf| format!("shelf = '{shelf}'"));
            merged(&format!("packages_{column}"), groups.collect())
        }
        Source::Senders(some) => {
            let groups =
                (11 + filter.words.len()..).take(some.len()).map(|at| format!("sender = ${at} AND {among}"));
            merged("packages_sender", groups.collect())
        }
        Source::Group => merged("packages_team", vec![format!("team = $6 AND {among}")]),
    };
    // One row: each that comes by itself from the thread of the connection wakes whoever waits for it.
    format!(
        "SELECT '[' || coalesce(string_agg(format('[%d,%s,%s,%d,%s,%s]', id, json_quote(account), json_quote(package), \
         seq, json_quote({column} || ''), state), ',' {order}), '') || ']' \
         FROM packages WHERE id IN (SELECT id FROM ({ids} {order} LIMIT $9))"
    )
}

/// On which shelves the packages of a tally stand.
fn shelves(tally: Tally) -> Vec<&'static str> {
    match tally {
        Tally::All | Tally::Attention => Status::ALL.into_iter().map(Status::word).collect(),
        Tally::WithSender => vec![Status::Sent.word()],
        Tally::Status(_) | Tally::Trashed => vec![tally.word()],
    }
}

fn column(sort: Sort) -> &'static str {
    match sort {
        Sort::Updated => "updated",
        Sort::Due => "due",
        Sort::Name => "name",
        Sort::Created => "created",
    }
}

const ATTENTION: &str = "SELECT json(count(*)) FROM packages WHERE attention_until > $1 \
    AND ($2 IS NULL OR account IN (SELECT value FROM json_each($2))) \
    AND ($3 IS NULL OR +sender IN (SELECT value FROM json_each($3)))";
const CHANGED: &str = "SELECT p.id, p.account, p.package, p.seq, p.state FROM changes c JOIN packages p ON p.id = c.package \
    WHERE c.seq > $1 AND p.seq = c.seq ORDER BY c.seq LIMIT $2";
// Each by itself is an end of the table; both at once would go through all of it.
pub(super) const LAST_CHANGE: &str = "SELECT json(coalesce(max(seq), 0)) FROM changes";
const CHANGES: &str =
    "SELECT coalesce((SELECT min(seq) FROM changes), 0), coalesce((SELECT max(seq) FROM changes), 0)";

impl Order {
    /// Whether a text is a place that [`Page::next`] could have told.
    #[must_use]
    pub fn is_place(text: &str) -> bool {
        Place::parse(text, Sort::Updated).is_some()
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
        let mut connection = self.readers.acquire().await?;
        let source = self.source(&mut connection, filter, order, now).await?;
        Ok(page_and(&mut connection, filter, order, limit, now, source, &[]).await?.page.it)
    }

    /// Where a page's rows are looked for.
    pub(super) async fn source(
        &self,
        connection: &mut SqliteConnection,
        filter: &Filter,
        order: &Order,
        now: Timestamp,
    ) -> Result<Source, StoreError> {
        let sort = order.sort;
        if filter.tally == Tally::Attention && sort == Sort::Updated {
            return Ok(Source::Attention);
        }
        let senders = candidates::senders(filter).filter(|it| (1..=MOST_SENDERS).contains(&it.len()));
        if let (Some(senders), Sort::Updated, Tally::All) = (senders, sort, filter.tally) {
            return Ok(Source::Senders(senders));
        }
        if filter.group.is_some() && (sort, filter.tally) == (Sort::Updated, Tally::All) {
            return Ok(Source::Group);
        }
        let few = candidates::of(connection, filter, sort, now, &self.tallies).await?;
        Ok(match few {
            Some(few) if few.is_all => Source::Few(few),
            _ if order.whole => Source::Shelves(None),
            None => Source::Shelves(candidates::rather(filter, &self.tallies).map(Source::All).map(Box::new)),
            // What a package is called says nothing of where the next hit stands among the names.
            Some(few) if sort == Sort::Name => Source::Few(few),
            Some(few) => Source::Shelves(Some(Box::new(Source::Few(few)))),
        })
    }

    /// How many packages need attention at `now`, among the accounts of `filter` and what it may see of them.
    pub async fn attention(&self, filter: &Filter, now: Timestamp) -> Result<u64, StoreError> {
        read(&self.one(attention(filter, now)?).await?)
    }

    /// What changed after `seq`, each package once and as it is now. `None`: that is too far back to tell, or more
    /// than `limit`.
    pub async fn changes_after(&self, seq: Seq, limit: u32) -> Result<Option<Vec<Row>>, StoreError> {
        let rows = self.first_changes_after(seq, limit.saturating_add(1)).await?;
        Ok(rows.filter(|rows| rows.len() <= limit as usize))
    }

    /// The first of what changed after `seq`, each package once and as it is now. `None`: that is too far back to tell.
    pub async fn first_changes_after(&self, seq: Seq, limit: u32) -> Result<Option<Vec<Row>>, StoreError> {
        let bounds = sqlx::query(CHANGES).fetch_one(&self.readers).await?;
        let (oldest, newest): (i64, i64) = (bounds.try_get(0)?, bounds.try_get(1)?);
        if seq.0 > newest || seq.0.saturating_add(1) < oldest {
            return Ok(None);
        }
        let rows = sqlx::query(CHANGED).bind(seq.0).bind(i64::from(limit)).fetch_all(&self.readers).await?;
        rows.iter().map(row_of).collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// The number of the last change.
    pub async fn last_seq(&self) -> Result<Seq, StoreError> {
        read(&self.one(Ask::new(LAST_CHANGE)).await?).map(Seq)
    }
}

/// How many packages need attention at `now`, among the accounts of `filter` and what it may see of them.
pub(super) fn attention(filter: &Filter, now: Timestamp) -> Result<Ask, StoreError> {
    let senders = filter.within.senders.as_ref().map(json).transpose()?;
    Ok(Ask::new(ATTENTION).number(now.0).text(accounts(filter)?).text(senders))
}

/// A page, and what else was asked.
pub(super) struct Listed {
    pub page: AsOf<Page>,
    /// The other answers, in the order of the questions.
    pub also: Told,
}

/// A page out of `source`, and what else is to be known. Where that is gone through for too long, it is out of what was to
/// be rather looked through.
pub(super) async fn page_and(
    connection: &mut SqliteConnection,
    filter: &Filter,
    order: &Order,
    limit: u32,
    now: Timestamp,
    source: Source,
    also: &[Ask],
) -> Result<Listed, StoreError> {
    let Source::Shelves(Some(rather)) = source else {
        return page_of(connection, filter, order, limit, now, source, also).await;
    };
    let over = Over::default();
    let (is_over, mut left) = (Arc::clone(&over.0), MOST_STEPS / STEPS_AT_ONCE.unsigned_abs());
    connection.lock_handle().await?.set_progress_handler(STEPS_AT_ONCE, move || {
        left = left.saturating_sub(1);
        // Once and never again: the connection keeps this for whoever has it next.
        left != 1 || is_over.load(Ordering::Relaxed)
    });
    // The rest by itself: it is no part of that time.
    let gone_through = page_of(connection, filter, order, limit, now, Source::Shelves(None), &[]).await;
    drop(over);
    match gone_through {
        Err(StoreError::Interrupted) => page_of(connection, filter, order, limit, now, *rather, also).await,
        Ok(listed) if !also.is_empty() => {
            Ok(Listed { also: tell(connection, also.to_vec()).await?, ..listed })
        }
        gone_through => gone_through,
    }
}

/// Whether nobody waits any more for a list to be gone through, be it that they gave up.
#[derive(Default)]
struct Over(Arc<AtomicBool>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn page_of(
    connection: &mut SqliteConnection,
    filter: &Filter,
    order: &Order,
    limit: u32,
    now: Timestamp,
    source: Source,
    also: &[Ask],
) -> Result<Listed, StoreError> {
    // What was found before the list is of before: what changed in between comes once more by the stream, and is not missed.
    let (newest_of, seq) = match &source {
        Source::Few(few) => ((!few.is_all).then_some(FEW), few.seq),
        _ => (None, None),
    };
    let asks = [question(filter, order, limit, now, source)?, Ask::new(LAST_CHANGE)];
    let mut told = together(connection, asks.into_iter().chain(also.iter().cloned())).await?.into_iter();
    let (rows, last) = (told.next().unwrap_or_default(), told.next().unwrap_or_default());
    let (it, last) = (page_told(&rows, order, limit, newest_of)?, Seq(read(&last)?));
    Ok(Listed { page: AsOf { seq: seq.unwrap_or(last), it }, also: Told::new(last, told) })
}

fn question(
    filter: &Filter,
    order: &Order,
    limit: u32,
    now: Timestamp,
    source: Source,
) -> Result<Ask, StoreError> {
    let back = order.before.is_some();
    let place = place_given(order);
    let text = statement(filter, order.sort, order.ascending != back, place.is_some(), &source);
    let (value, id) = place.map(|it| (it.value, it.id)).unzip();
    let ask = Ask::new(text)
        .text(accounts(filter)?)
        .text(filter.sender.clone())
        .text(filter.within.senders.as_ref().map(json).transpose()?)
        .number(filter.updated_since.map(|at| at.0))
        .number(now.0)
        .text(filter.group.clone());
    let ask = match value {
        Some(Value::Text(value)) => ask.text(value),
        Some(Value::Number(value)) => ask.number(value),
        None => ask.number(None),
    };
    let ask = ask.number(id).number(i64::from(limit) + 1);
    let (rows, senders) = match source {
        Source::Few(few) => (Some(few.rows), Vec::new()),
        Source::Attention | Source::Shelves(_) | Source::All(_) | Source::Group => (None, Vec::new()),
        Source::Senders(some) => (None, some),
    };
    Ok(filter.words.iter().cloned().chain(senders).fold(ask.text(rows), Ask::text))
}

fn page_told(told: &str, order: &Order, limit: u32, newest_of: Option<u32>) -> Result<Page, StoreError> {
    let back = order.before.is_some();
    let mut shown: Vec<Shown> = read(told)?;
    let more = shown.len() > limit as usize;
    shown.truncate(limit as usize);
    if back {
        shown.reverse();
    }
    let (older, newer) = if back { (true, more) } else { (more, place_given(order).is_some()) };
    let place = |row: Option<&Shown>, wanted: bool| {
        row.filter(|_| wanted).map(|(id, .., value, _)| format!("{id}~{value}"))
    };
    Ok(Page {
        next: place(shown.last(), older),
        prev: place(shown.first(), newer),
        rows: shown.into_iter().map(row_told).collect::<Result<_, _>>()?,
        newest_of,
    })
}

fn narrows_accounts(filter: &Filter) -> bool {
    filter.account.is_some() || !filter.accounts.is_empty() || filter.within.accounts.is_some()
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

/// A row as the statement of a page tells it: number, account, package, change, what it is sorted by, and state.
type Shown = (i64, String, String, i64, String, Decoded);

fn row_told((id, account, package, seq, _, state): Shown) -> Result<Row, StoreError> {
    Ok(Row { id, key: key_of(account, &package)?, seq: Seq(seq), package: Arc::new(state.0) })
}

fn row_of(row: &SqliteRow) -> Result<Row, StoreError> {
    let key = key_of(row.try_get("account")?, row.try_get("package")?)?;
    let package = decode_package(row.try_get("state")?)?;
    Ok(Row { id: row.try_get("id")?, key, seq: Seq(row.try_get("seq")?), package: Arc::new(package) })
}

/// Where a page begins, or ends when walking back. A place in another order is none.
pub(super) fn place_given(order: &Order) -> Option<Place> {
    let given = order.before.as_deref().or(order.after.as_deref());
    given.and_then(|it| Place::parse(it, order.sort))
}

#[cfg(test)]
mod tests;
