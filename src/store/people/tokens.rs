//! Tokens: what programs and wall screens show instead of a sign-in.

use super::super::aside::Aside;
use super::super::{Store, StoreError};
use super::{list, some_json, words};
use crate::model::access::{Reach, Scope};
use crate::model::{AccountId, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

const ADD: &str = "INSERT INTO tokens (name, prefix, hash, scope, accounts, senders, query, user, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id";
const USED: &str = "UPDATE tokens SET used_at = $2 WHERE id = $1 RETURNING id";
const END: &str = "UPDATE tokens SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING id";
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, prefix, scope, accounts, senders, query, user, created_at, used_at, expires_at, ended_at FROM tokens ",
            $rest
        )
    };
}
const BY_HASH: &str = select!("WHERE hash = $1");
const ALL: &str = select!("ORDER BY ended_at IS NOT NULL, id DESC LIMIT $1");

/// A token, but for its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// How it begins, to tell it apart.
    pub prefix: String,
    /// What it opens.
    pub scope: Scope,
    /// Which packages it shows.
    pub reach: Reach,
    /// The one board that a screen shows, as in its address.
    pub query: Option<String>,
    /// Whose it is, and with whom it ends.
    pub user: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
    /// Since when it works no more.
    pub ended_at: Option<Timestamp>,
}

/// A token to make.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is called.
    pub name: String,
    /// How it begins.
    pub prefix: String,
    /// What it opens.
    pub scope: Scope,
    /// Which packages it shows.
    pub reach: Reach,
    /// The one board that a screen shows.
    pub query: Option<String>,
    /// Whose it is.
    pub user: Option<i64>,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
}

impl Store {
    /// Makes a token; `hash` is of its secret.
    pub async fn add_token(&self, hash: &[u8], token: &NewToken, now: Timestamp) -> Result<i64, StoreError> {
        let add = Aside::new(ADD).text(token.name.clone()).text(token.prefix.clone()).bytes(hash);
        let add = add
            .text(token.scope.word())
            .maybe(some_json(token.reach.accounts.as_deref().map(words).as_ref())?);
        let add = add.maybe(some_json(token.reach.senders.as_ref())?).maybe(token.query.clone());
        let add = add.number(token.user).number(now.0).number(token.expires_at.map(|at| at.0));
        let id = self.aside(vec![add]).await?;
        id.ok_or_else(|| StoreError::json("a token that could not be made"))
    }

    /// A token was used.
    pub async fn token_used(&self, id: i64, at: Timestamp) -> Result<(), StoreError> {
        self.aside(vec![Aside::new(USED).number(id).number(at.0)]).await.map(|_| ())
    }

    /// Ends a token. `false`: it had ended.
    pub async fn end_token(&self, id: i64, at: Timestamp) -> Result<bool, StoreError> {
        self.aside(vec![Aside::new(END).number(id).number(at.0)]).await.map(|it| it.is_some())
    }

    /// The token of a secret, whether or not it still works.
    pub async fn token(&self, hash: &[u8]) -> Result<Option<Token>, StoreError> {
        let row = sqlx::query(BY_HASH).bind(hash.to_vec()).fetch_optional(&self.readers).await?;
        row.as_ref().map(token_of).transpose()
    }

    /// The newest tokens; those that work first.
    pub async fn tokens(&self, limit: u32) -> Result<Vec<Token>, StoreError> {
        let query = sqlx::query(ALL).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(token_of).collect()
    }
}

fn token_of(row: &SqliteRow) -> Result<Token, StoreError> {
    let at = |column: &str| Ok::<_, StoreError>(row.try_get::<Option<i64>, _>(column)?.map(Timestamp));
    let scope: &str = row.try_get("scope")?;
    let accounts: Option<Vec<String>> = list(row.try_get("accounts")?)?;
    Ok(Token {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        prefix: row.try_get("prefix")?,
        scope: Scope::from_word(scope).ok_or_else(|| StoreError::json(format!("a scope `{scope}`")))?,
        reach: Reach {
            accounts: accounts.map(|all| all.into_iter().map(AccountId).collect()),
            senders: list(row.try_get("senders")?)?,
        },
        query: row.try_get("query")?,
        user: row.try_get("user")?,
        created_at: Timestamp(row.try_get("created_at")?),
        used_at: at("used_at")?,
        expires_at: at("expires_at")?,
        ended_at: at("ended_at")?,
    })
}
