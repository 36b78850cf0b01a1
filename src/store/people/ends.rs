//! That somebody's time has come: a session, a person's rights, a token.

use super::super::{Store, StoreError};
use super::sessions::{self, Session};
use super::tokens::{self, Token};
use sqlx::Row as _;

const ENDS: &str = "SELECT n FROM ends";

impl Store {
    /// A number that grows when a session or a token ends, or what somebody may do and see changes, whoever does that.
    pub async fn ends(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query(ENDS).fetch_one(&self.readers).await?.try_get(0)?)
    }

    /// Waits until something of people was written by this board.
    pub async fn until_people_change(&self) {
        self.wrote_aside.notified().await;
    }

    /// Something of people was written by somebody who doesn't say so: who is known is looked up again.
    pub fn forget_people(&self) {
        self.health.wrote_of_people();
    }

    /// A session by its number.
    pub async fn session_by_id(&self, id: i64) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query(sessions::BY_ID).bind(id).fetch_optional(&self.readers).await?;
        row.as_ref().map(sessions::session_of).transpose()
    }

    /// A token by its number, whether or not it still works.
    pub async fn token_by_id(&self, id: i64) -> Result<Option<Token>, StoreError> {
        let row = sqlx::query(tokens::BY_ID).bind(id).fetch_optional(&self.readers).await?;
        row.as_ref().map(tokens::token_of).transpose()
    }
}
