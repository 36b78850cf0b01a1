//! Small writes that are no facts: people, tokens, the audit. The board's own go through the door; a command beside a
//! running board makes them itself.

use super::beside::Mark;
use super::jobs::Chore;
use super::writer::Job;
use super::{Store, StoreError, together};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Connection as _, Row as _, Sqlite};

/// A statement and what it is given.
#[derive(Debug)]
pub(super) struct Aside {
    sql: &'static str,
    cells: Vec<Cell>,
    unseen: bool,
}

/// What says who people are, by what they come, and what they may do.
const OF_PEOPLE: [&str; 4] = ["users", "sessions", "tokens", "vouchers"];

/// A value that a statement is given.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    Number(Option<i64>),
    Text(Option<String>),
    Bytes(Vec<u8>),
}

impl Aside {
    pub(super) fn new(sql: &'static str) -> Self {
        Self { sql, cells: Vec::new(), unseen: false }
    }

    /// Nothing of what it writes is shown around a board's list.
    pub(super) fn unseen(self) -> Self {
        Self { unseen: true, ..self }
    }

    pub(super) fn is_seen(&self) -> bool {
        !self.unseen
    }

    /// Whoever is known may be another one after it, or none.
    pub(super) fn is_of_people(&self) -> bool {
        OF_PEOPLE.iter().any(|table| self.sql.contains(table))
    }

    pub(super) fn number(mut self, number: impl Into<Option<i64>>) -> Self {
        self.cells.push(Cell::Number(number.into()));
        self
    }

    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.cells.push(Cell::Text(Some(text.into())));
        self
    }

    pub(super) fn maybe(mut self, text: Option<String>) -> Self {
        self.cells.push(Cell::Text(text));
        self
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.cells.push(Cell::Bytes(bytes.to_vec()));
        self
    }
}

/// Runs them as one transaction. The first number of the last one's `RETURNING`; `None`: it changed nothing.
pub(super) async fn run(
    all: Vec<Aside>,
    connection: &mut SqliteConnection,
) -> Result<Option<i64>, StoreError> {
    together::begin(connection).await?;
    let done = run_each(all, connection).await;
    together::end(connection, done).await
}

async fn run_each(all: Vec<Aside>, connection: &mut SqliteConnection) -> Result<Option<i64>, StoreError> {
    let mut last = None;
    for it in all {
        let query = it.cells.into_iter().fold(sqlx::query(it.sql), bind);
        let row = query.fetch_optional(&mut *connection).await?;
        last = row.map(|row| row.try_get(0)).transpose()?;
    }
    Ok(last)
}

/// Gives a statement its next value.
pub(super) fn bind(
    query: Query<'_, Sqlite, SqliteArguments>,
    cell: Cell,
) -> Query<'_, Sqlite, SqliteArguments> {
    match cell {
        Cell::Number(number) => query.bind(number),
        Cell::Text(text) => query.bind(text),
        Cell::Bytes(bytes) => query.bind(bytes),
    }
}

impl Store {
    /// Makes small writes, all or none. What the last one returned; `None`: it changed nothing.
    pub(super) async fn aside(&self, all: Vec<Aside>) -> Result<Option<i64>, StoreError> {
        if self.door.is_none() {
            let mark = Mark::open(self.folder())?;
            let mut connection = super::open::connect_beside(self.folder()).await?;
            let done = run(all, &mut connection).await;
            mark.wrote();
            // Where nobody else has it open, no log is left beside it.
            let _ = connection.close().await;
            return done;
        }
        let done = self.ask(|done| Job::Chore(Chore::Aside(all), done)).await?;
        self.wrote_aside.notify_one();
        Ok((done > 0).then(|| i64::try_from(done).unwrap_or(i64::MAX)))
    }
}
