//! Sessions: who is signed in.

use super::super::aside::Aside;
use super::super::{Store, StoreError};
use crate::model::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

const BEGIN: &str = "INSERT INTO sessions (hash, user, half, created_at, seen_at, remote, agent) \
    VALUES ($1, $2, $3, $4, $4, $5, $6) RETURNING id";
const END: &str = "DELETE FROM sessions WHERE id = $1 RETURNING id";
const SEEN: &str = "UPDATE sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2 RETURNING id";
const PRUNE: &str = "DELETE FROM sessions WHERE seen_at < $1 OR created_at < $2";
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, user, half, created_at, seen_at, remote, agent FROM sessions ", $rest)
    };
}
const BY_HASH: &str = select!("WHERE hash = $1");
const OF_USER: &str = select!("WHERE user = $1 ORDER BY seen_at DESC, id LIMIT 100");

/// Somebody's sign-in at one browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub user: i64,
    /// The second factor is still to come: it opens nothing but the page that asks for it.
    pub half: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// From where it began.
    pub remote: String,
    /// The browser, as it calls itself.
    pub agent: String,
}

impl Store {
    /// Begins a session; `hash` is of the secret in the cookie. The one that it follows ends.
    pub async fn begin_session(
        &self,
        hash: &[u8],
        session: &Session,
        follows: Option<i64>,
    ) -> Result<i64, StoreError> {
        let end = follows.map(|id| Aside::new(END).number(id));
        let begin = Aside::new(BEGIN).bytes(hash).number(session.user).number(i64::from(session.half));
        let begin =
            begin.number(session.created_at.0).text(session.remote.clone()).text(session.agent.clone());
        let id = self.aside(end.into_iter().chain([begin]).collect()).await?;
        id.ok_or_else(|| StoreError::json("a session that could not be begun"))
    }

    /// Ends a session. `false`: it had ended.
    pub async fn end_session(&self, id: i64) -> Result<bool, StoreError> {
        self.aside(vec![Aside::new(END).number(id)]).await.map(|it| it.is_some())
    }

    /// A session was used.
    pub async fn session_seen(&self, id: i64, at: Timestamp) -> Result<(), StoreError> {
        self.aside(vec![Aside::new(SEEN).number(id).number(at.0)]).await.map(|_| ())
    }

    /// Forgets sessions that were last used, or begun, before these times.
    pub async fn prune_sessions(&self, seen: Timestamp, begun: Timestamp) -> Result<(), StoreError> {
        self.aside(vec![Aside::new(PRUNE).number(seen.0).number(begun.0)]).await.map(|_| ())
    }

    /// The session of a cookie's secret.
    pub async fn session(&self, hash: &[u8]) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query(BY_HASH).bind(hash.to_vec()).fetch_optional(&self.readers).await?;
        row.as_ref().map(session_of).transpose()
    }

    /// Somebody's sessions, the last used first.
    pub async fn sessions_of(&self, user: i64) -> Result<Vec<Session>, StoreError> {
        sqlx::query(OF_USER).bind(user).fetch_all(&self.readers).await?.iter().map(session_of).collect()
    }
}

fn session_of(row: &SqliteRow) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.try_get("id")?,
        user: row.try_get("user")?,
        half: row.try_get::<i64, _>("half")? != 0,
        created_at: Timestamp(row.try_get("created_at")?),
        seen_at: Timestamp(row.try_get("seen_at")?),
        remote: row.try_get("remote")?,
        agent: row.try_get("agent")?,
    })
}
