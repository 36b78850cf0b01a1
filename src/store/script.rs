//! Many rows, few statements: a whole transaction is one text with its arguments, sent to SQLite's thread once.
//!
//! Each statement crosses a thread in sqlx, and that, not the flush, is what a durable event costs; so the writer
//! speaks one script a batch. Row counts are rounded up to a few sizes, so that the prepared texts are found again;
//! the padding rows are NULL and filtered out.

use super::StoreError;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Encode, Sqlite, Type};
use std::sync::Arc;

/// The row counts for which texts exist. More rows become several statements.
const SIZES: [usize; 5] = [1, 4, 16, 64, 256];
/// So many words are shared by the rows of a script.
const WORDS: usize = 24;

/// An insert of many rows. `OR ROLLBACK`, where a conflict is a bug, spares the copy of every page that a statement of
/// many rows keeps to undo itself alone.
pub(super) struct Table {
    /// `INSERT INTO t (a, b)`; the first column is never NULL.
    pub head: &'static str,
    /// How many columns.
    pub columns: usize,
    /// What to do on a conflict.
    pub tail: &'static str,
}

/// A transaction in the making.
#[derive(Default)]
pub(super) struct Script {
    text: String,
    args: SqliteArguments,
    words: Vec<Arc<str>>,
}

impl Script {
    /// Begins a write transaction.
    pub(super) fn begin() -> Self {
        Self { text: String::from("BEGIN IMMEDIATE;"), ..Self::default() }
    }

    /// Adds the insert of `rows`, each bound by `bind`.
    pub(super) fn insert<T>(
        &mut self,
        table: &Table,
        rows: &[T],
        mut bind: impl FnMut(&T, &mut Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let most = SIZES[SIZES.len() - 1];
        for chunk in rows.chunks(most) {
            let size = SIZES.into_iter().find(|size| *size >= chunk.len()).unwrap_or(most);
            self.values(table, size);
            for row in chunk {
                let mut cells = Row { args: &mut self.args, words: &mut self.words, columns: 0 };
                bind(row, &mut cells)?;
                debug_assert_eq!(cells.columns, table.columns, "{}", table.head);
            }
            let mut padding = Row { args: &mut self.args, words: &mut self.words, columns: 0 };
            for _ in 0..(size - chunk.len()) * table.columns {
                padding.bind(None::<i64>)?;
            }
        }
        Ok(())
    }

    /// Adds one statement with positional arguments.
    pub(super) fn statement(
        &mut self,
        text: &'static str,
        bind: impl FnOnce(&mut Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.text.push_str(text);
        self.text.push(';');
        bind(&mut Row { args: &mut self.args, words: &mut self.words, columns: 0 })
    }

    /// Commits: when this returns well, all of it is on disk; else none of it is. What its statements returned.
    pub(super) async fn commit(
        mut self,
        connection: &mut SqliteConnection,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        self.text.push_str("COMMIT");
        let query = sqlx::query_with(AssertSqlSafe(self.text), self.args);
        match query.fetch_all(&mut *connection).await {
            Ok(rows) => Ok(rows),
            Err(cause) => {
                // The transaction may be over already; then this is refused, and that is fine.
                let _ = sqlx::query("ROLLBACK").execute(connection).await;
                Err(cause.into())
            }
        }
    }

    fn values(&mut self, table: &Table, rows: usize) {
        self.text.push_str(table.head);
        self.text.push_str(" SELECT * FROM (VALUES ");
        for row in 0..rows {
            self.text.push_str(if row == 0 { "(" } else { ",(" });
            for column in 0..table.columns {
                self.text.push_str(if column == 0 { "?" } else { ",?" });
            }
            self.text.push(')');
        }
        self.text.push_str(") WHERE column1 IS NOT NULL ");
        self.text.push_str(table.tail);
        self.text.push(';');
    }
}

/// The cells of one row, bound from left to right.
pub(super) struct Row<'a> {
    args: &'a mut SqliteArguments,
    words: &'a mut Vec<Arc<str>>,
    columns: usize,
}

impl Row<'_> {
    /// Binds the next cell.
    pub(super) fn bind<'q, T>(&mut self, value: T) -> Result<&mut Self, StoreError>
    where
        T: Encode<'q, Sqlite> + Type<Sqlite>,
    {
        self.args.add(value).map_err(|cause| StoreError::Sql(cause.to_string()))?;
        self.columns += 1;
        Ok(self)
    }

    /// Binds a text that many rows of a batch have in common: it is copied once.
    pub(super) fn word(&mut self, text: &str) -> Result<&mut Self, StoreError> {
        if let Some(known) = self.words.iter().find(|known| known.as_ref() == text) {
            let known = Arc::clone(known);
            return self.bind(known);
        }
        let word: Arc<str> = text.into();
        if self.words.len() < WORDS {
            self.words.push(Arc::clone(&word));
        }
        self.bind(word)
    }
}
