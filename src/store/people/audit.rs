//! The audit: who did what, when, from where. It is never changed.

use super::super::aside::Aside;
use super::super::{Store, StoreError};
use crate::model::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

const NOTE: &str = "INSERT INTO audit (at, who, kind, what, remote) VALUES ($1, $2, $3, $4, $5) RETURNING id";
const LIST: &str = "SELECT id, at, who, kind, what, remote FROM audit WHERE id < $1 AND ($2 IS NULL OR kind = $2) \
    AND ($3 IS NULL OR who = $3) ORDER BY id DESC LIMIT $4";

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who: a mail address, a token's name, or how else it came.
    pub who: String,
    /// What kind of thing, in a word.
    pub kind: &'static str,
    /// What it was done to.
    pub what: String,
    /// From where.
    pub remote: String,
}

/// A deed as it was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What kind of thing, in a word.
    pub kind: String,
    /// What it was done to.
    pub what: String,
    /// From where.
    pub remote: String,
}

impl Store {
    /// Notes a deed; returns its number.
    pub async fn note_deed(&self, deed: &Deed) -> Result<i64, StoreError> {
        let note = Aside::new(NOTE).number(deed.at.0).text(deed.who.clone()).text(deed.kind);
        let note = note.text(deed.what.clone()).text(deed.remote.clone());
        self.aside(vec![note]).await.map(Option::unwrap_or_default)
    }

    /// Deeds, the newest first, of one kind or person or of all; those before the number `before`.
    pub async fn deeds(
        &self,
        before: Option<i64>,
        kind: Option<&str>,
        who: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Done>, StoreError> {
        let query = sqlx::query(LIST).bind(before.unwrap_or(i64::MAX)).bind(kind).bind(who);
        query.bind(i64::from(limit)).fetch_all(&self.readers).await?.iter().map(done_of).collect()
    }
}

fn done_of(row: &SqliteRow) -> Result<Done, StoreError> {
    Ok(Done {
        id: row.try_get("id")?,
        at: Timestamp(row.try_get("at")?),
        who: row.try_get("who")?,
        kind: row.try_get("kind")?,
        what: row.try_get("what")?,
        remote: row.try_get("remote")?,
    })
}
