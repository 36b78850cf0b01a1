//! Saved views: boards by a name, each somebody's or everybody's.

use super::aside::Aside;
use super::{Store, StoreError};
use crate::model::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// So many are kept of one person, and so many for everybody.
pub const MOST_VIEWS: u32 = 50;

const SAVE: &str = "INSERT INTO views (user, name, query, created_at) SELECT $1, $2, $3, $4 \
    WHERE (SELECT count(*) FROM views WHERE user IS $1) < $5 OR EXISTS (SELECT 1 FROM views WHERE user IS $1 AND name = $2) \
    ON CONFLICT (coalesce(user, 0), name) DO UPDATE SET query = excluded.query RETURNING id";
const FORGET: &str = "DELETE FROM views WHERE id = $1 RETURNING id";
const ONE: &str = "SELECT id, user, name, query FROM views WHERE id = $1";
const ALL: &str = "SELECT id, user, name, query FROM views WHERE user IS NULL OR user = $1 \
    ORDER BY user IS NOT NULL, name COLLATE NOCASE, id LIMIT $2";

/// A board by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its number.
    pub id: i64,
    /// Whose it is; `None`: everybody's.
    pub user: Option<i64>,
    /// What it is called.
    pub name: String,
    /// What the board's address says.
    pub query: String,
}

impl Store {
    /// Keeps a view; of the same name there is one, which says the newer thing then. `false`: there are [`MOST_VIEWS`].
    pub async fn save_view(
        &self,
        user: Option<i64>,
        name: &str,
        query: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let save = Aside::new(SAVE).number(user).text(name).text(query).number(now.0);
        Ok(self.aside(vec![save.number(i64::from(MOST_VIEWS))]).await?.is_some())
    }

    /// Forgets a view. `false`: there is none of this number.
    pub async fn forget_view(&self, id: i64) -> Result<bool, StoreError> {
        Ok(self.aside(vec![Aside::new(FORGET).number(id)]).await?.is_some())
    }

    /// A view by its number.
    pub async fn view(&self, id: i64) -> Result<Option<View>, StoreError> {
        let row = sqlx::query(ONE).bind(id).fetch_optional(&self.readers).await?;
        row.as_ref().map(view_of).transpose()
    }

    /// Everybody's views, then those of a person; by name.
    pub async fn views(&self, user: Option<i64>) -> Result<Vec<View>, StoreError> {
        let look = async || {
            let query = sqlx::query(ALL).bind(user).bind(i64::from(2 * MOST_VIEWS));
            query.fetch_all(&self.readers).await?.iter().map(view_of).collect()
        };
        self.memo.views.of(self.writes_around(), user, look).await
    }
}

fn view_of(row: &SqliteRow) -> Result<View, StoreError> {
    Ok(View {
        id: row.try_get("id")?,
        user: row.try_get("user")?,
        name: row.try_get("name")?,
        query: row.try_get("query")?,
    })
}
