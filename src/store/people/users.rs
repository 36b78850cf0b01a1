//! Users.

use super::super::aside::Aside;
use super::super::packages::json;
use super::super::{Store, StoreError};
use super::links::end_links;
use super::vouchers::drop_voucher;
use super::{list, some_json, words};
use crate::model::access::{Reach, Role};
use crate::model::{AccountId, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

const ADD: &str = "INSERT INTO users (email, name, role, accounts, mine, aliases, password, subject, created_at, checked_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id";
const CHANGE: &str = "UPDATE users SET name = $2, role = $3, accounts = $4, mine = $5, aliases = $6, zone = $7 WHERE id = $1 RETURNING id";
const RENAME: &str = "UPDATE users SET name = $2 WHERE id = $1 RETURNING id";
const ZONE: &str = "UPDATE users SET zone = $2 WHERE id = $1 RETURNING id";
/// Whoever has a password comes in by that alone: what an identity provider says of them counts no more.
const PASSWORD: &str =
    "UPDATE users SET password = $2, subject = NULL, checked_at = NULL WHERE id = $1 RETURNING id";
const KEEP_PASSWORD: &str =
    "UPDATE users SET password = $2 WHERE id = $1 AND password IS NOT NULL RETURNING id";
const TOTP: &str = "UPDATE users SET totp = $2, totp_used = $3 WHERE id = $1 RETURNING id";
/// A code counts once: whoever comes second with the same step changes nothing.
const USE_TOTP: &str = "UPDATE users SET totp_used = $2 WHERE id = $1 AND totp_used < $2 RETURNING id";
const DISABLE: &str = "UPDATE users SET disabled_at = $2 WHERE id = $1 RETURNING id";
const CHECKED: &str = "UPDATE users SET checked_at = $2, role = $3, subject = $4 WHERE id = $1 RETURNING id";
const END_SESSIONS: &str = "DELETE FROM sessions WHERE user = $1 AND id IS NOT $2";
const END_TOKENS: &str = "UPDATE tokens SET ended_at = $2 WHERE user = $1 AND ended_at IS NULL";
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, email, name, role, accounts, mine, aliases, password, totp, totp_used, subject, zone, created_at, \
             checked_at, disabled_at, seen_at FROM users ",
            $rest
        )
    };
}
const BY_EMAIL: &str = select!("WHERE email = $1");
const BY_ID: &str = select!("WHERE id = $1");
const SENDING_AS: &str = select!(
    "WHERE email = $1 OR EXISTS (SELECT 1 FROM json_each(aliases) WHERE value = $1) ORDER BY id LIMIT 10"
);
const BY_SUBJECT: &str = select!("WHERE subject = $1");
const ALL: &str = select!("WHERE email > $1 ORDER BY email LIMIT $2");
const ADMINS: &str = "SELECT count(*) FROM users WHERE role = 'admin' AND disabled_at IS NULL";
const OTHER_ADMINS: &str = "SELECT count(*) FROM users WHERE role = 'admin' AND disabled_at IS NULL AND password IS NOT NULL \
    AND id <> $1";

/// Somebody who may use the board.
#[derive(Clone)]
pub struct User {
    /// Their number.
    pub id: i64,
    /// Their mail address, in lower case: by it they sign in.
    pub email: String,
    /// As shown; empty: the mail address is.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The accounts that they see; `None`: all.
    pub accounts: Option<Vec<AccountId>>,
    /// They see only what they sent.
    pub mine: bool,
    /// Other mail addresses under which they send, in lower case.
    pub aliases: Vec<String>,
    /// Their password, hashed; `None`: they have none.
    pub password: Option<String>,
    /// The secret of their second factor, in base32.
    pub totp: Option<String>,
    /// The last time step that was used with it.
    pub totp_used: i64,
    /// Issuer and subject at the OpenID Connect provider.
    pub subject: Option<String>,
    /// The zone in which they read times.
    pub zone: Option<String>,
    /// Since when they are known.
    pub created_at: Timestamp,
    /// When their OpenID Connect provider last vouched for them.
    pub checked_at: Option<Timestamp>,
    /// Since when they may no longer sign in.
    pub disabled_at: Option<Timestamp>,
    /// When they last used the board, to the minute.
    pub seen_at: Option<Timestamp>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

impl User {
    /// Which packages they may see. An admin reads the inbox, where everything comes in: there is nothing to limit.
    #[must_use]
    pub fn reach(&self) -> Reach {
        if self.role == Role::Admin {
            return Reach::default();
        }
        Reach { accounts: self.accounts.clone(), senders: self.mine.then(|| self.sends_as()) }
    }

    /// The mail addresses under which they send, in lower case.
    #[must_use]
    pub fn sends_as(&self) -> Vec<String> {
        std::iter::once(&self.email).chain(&self.aliases).cloned().collect()
    }
}

/// Somebody to add.
#[derive(Clone)]
pub struct NewUser {
    /// Their mail address.
    pub email: String,
    /// As shown; may be empty.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The accounts that they see; `None`: all.
    pub accounts: Option<Vec<AccountId>>,
    /// They see only what they sent.
    pub mine: bool,
    /// Other mail addresses under which they send.
    pub aliases: Vec<String>,
    /// Their password, hashed.
    pub password: Option<String>,
    /// Issuer and subject at the OpenID Connect provider.
    pub subject: Option<String>,
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("role", &self.role).finish_non_exhaustive()
    }
}

impl NewUser {
    /// Somebody who may do everything.
    #[must_use]
    pub fn admin(email: &str, password: String) -> Self {
        Self {
            email: email.to_owned(),
            name: String::new(),
            role: Role::Admin,
            accounts: None,
            mine: false,
            aliases: Vec::new(),
            password: Some(password),
            subject: None,
        }
    }
}

impl Store {
    /// Adds somebody. `None`: that mail address or subject is known already.
    pub async fn add_user(&self, user: &NewUser, now: Timestamp) -> Result<Option<i64>, StoreError> {
        let lower: Vec<String> = user.aliases.iter().map(|it| it.to_lowercase()).collect();
        let add =
            Aside::new(ADD).text(user.email.to_lowercase()).text(user.name.clone()).text(user.role.word());
        let add =
            add.maybe(some_json(user.accounts.as_deref().map(words).as_ref())?).number(i64::from(user.mine));
        let add = add.text(json(&lower)?).maybe(user.password.clone()).maybe(user.subject.clone());
        let checked = user.subject.as_ref().map(|_| now.0);
        self.aside(vec![add.number(now.0).number(checked)]).await
    }

    /// Changes what somebody may do and see, and how they are called; with `ends`, their sessions end with that. Whoever
    /// is signed in as them notices at once.
    pub async fn change_user(&self, user: &User, ends: bool) -> Result<(), StoreError> {
        let lower: Vec<String> = user.aliases.iter().map(|it| it.to_lowercase()).collect();
        let change = Aside::new(CHANGE).number(user.id).text(user.name.clone()).text(user.role.word());
        let change = change
            .maybe(some_json(user.accounts.as_deref().map(words).as_ref())?)
            .number(i64::from(user.mine));
        let change = change.text(json(&lower)?).maybe(user.zone.clone());
        let end = ends.then(|| end_sessions(user.id, None));
        self.aside(end.into_iter().chain([change]).collect()).await.map(|_| ())
    }

    /// Calls somebody otherwise.
    pub async fn rename_user(&self, user: i64, name: &str) -> Result<(), StoreError> {
        self.aside(vec![Aside::new(RENAME).number(user).text(name)]).await.map(|_| ())
    }

    /// Somebody reads times in another zone; `None`: in the board's. Pages that they have open notice at once.
    pub async fn set_zone(&self, user: i64, zone: Option<String>) -> Result<(), StoreError> {
        self.aside(vec![Aside::new(ZONE).number(user).maybe(zone)]).await.map(|_| ())
    }

    /// Gives somebody another password, hashed, and ends every link of theirs, and every session but this one. From now on they
    /// come in by it alone.
    pub async fn set_password(&self, user: i64, password: &str, but: Option<i64>) -> Result<(), StoreError> {
        let change = Aside::new(PASSWORD).number(user).text(password);
        let ends = [end_sessions(user, but), end_links(user), drop_voucher(user)];
        self.aside(ends.into_iter().chain([change]).collect()).await.map(|_| ())
    }

    /// Keeps the same password, hashed anew.
    pub async fn keep_password(&self, user: i64, password: &str) -> Result<(), StoreError> {
        self.aside(vec![Aside::new(KEEP_PASSWORD).number(user).text(password)]).await.map(|_| ())
    }

    /// Gives somebody a second factor, of which the step `used` counts no more.
    pub async fn set_totp(&self, user: i64, secret: String, used: i64) -> Result<(), StoreError> {
        self.aside(vec![Aside::new(TOTP).number(user).maybe(Some(secret)).number(used)]).await.map(|_| ())
    }

    /// Takes somebody's second factor away, and ends every session of theirs.
    pub async fn take_totp(&self, user: i64) -> Result<(), StoreError> {
        let take = Aside::new(TOTP).number(user).maybe(None).number(0);
        self.aside(vec![end_sessions(user, None), take]).await.map(|_| ())
    }

    /// Ends somebody's sessions, all or all but one.
    pub async fn end_sessions_of(&self, user: i64, but: Option<i64>) -> Result<(), StoreError> {
        self.aside(vec![end_sessions(user, but)]).await.map(|_| ())
    }

    /// Ends the tokens that somebody made.
    pub async fn end_tokens_of(&self, user: i64, now: Timestamp) -> Result<(), StoreError> {
        self.aside(vec![end_tokens(user, now)]).await.map(|_| ())
    }

    /// Uses a code of the second factor up. `false`: it, or a later one, was used before.
    pub async fn use_totp(&self, user: i64, step: i64) -> Result<bool, StoreError> {
        self.aside(vec![Aside::new(USE_TOTP).number(user).number(step)]).await.map(|it| it.is_some())
    }

    /// Lets somebody in no more, and ends their sessions, tokens and links; or lets them in again.
    pub async fn disable_user(
        &self,
        user: i64,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let disable = Aside::new(DISABLE).number(user).number(at.map(|at| at.0));
        let ends = [end_sessions(user, None), end_tokens(user, now), end_links(user), drop_voucher(user)];
        let all = ends.into_iter().filter(|_| at.is_some()).chain([disable]).collect();
        self.aside(all).await.map(|_| ())
    }

    /// Their OpenID Connect provider vouched for them, and for this role.
    pub async fn vouched(
        &self,
        user: i64,
        role: Role,
        subject: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let checked = Aside::new(CHECKED).number(user).number(now.0).text(role.word()).text(subject);
        self.aside(vec![checked]).await.map(|_| ())
    }

    /// Somebody by their mail address.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        let row = sqlx::query(BY_EMAIL).bind(email.to_lowercase()).fetch_optional(&self.readers).await?;
        row.as_ref().map(user_of).transpose()
    }

    /// Somebody by their number.
    pub async fn user(&self, id: i64) -> Result<Option<User>, StoreError> {
        let row = sqlx::query(BY_ID).bind(id).fetch_optional(&self.readers).await?;
        row.as_ref().map(user_of).transpose()
    }

    /// Those who send under a mail address in lower case.
    pub async fn users_sending_as(&self, address: &str) -> Result<Vec<User>, StoreError> {
        let query = sqlx::query(SENDING_AS).bind(address);
        query.fetch_all(&self.readers).await?.iter().map(user_of).collect()
    }

    /// Somebody by issuer and subject.
    pub async fn user_by_subject(&self, subject: &str) -> Result<Option<User>, StoreError> {
        let row = sqlx::query(BY_SUBJECT).bind(subject).fetch_optional(&self.readers).await?;
        row.as_ref().map(user_of).transpose()
    }

    /// Everybody, in the order of their mail addresses, behind `after`.
    pub async fn users(&self, after: &str, limit: u32) -> Result<Vec<User>, StoreError> {
        let query = sqlx::query(ALL).bind(after).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(user_of).collect()
    }

    /// Whether another admin than this one can come in by a password, whatever else is down.
    pub async fn has_other_admin(&self, user: i64) -> Result<bool, StoreError> {
        let count: i64 = sqlx::query(OTHER_ADMINS).bind(user).fetch_one(&self.readers).await?.try_get(0)?;
        Ok(count > 0)
    }

    /// How many admins may sign in.
    pub async fn admins(&self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query(ADMINS).fetch_one(&self.readers).await?.try_get(0)?;
        Ok(count.unsigned_abs())
    }
}

pub(super) fn end_sessions(user: i64, but: Option<i64>) -> Aside {
    Aside::new(END_SESSIONS).number(user).number(but)
}

pub(super) fn end_tokens(user: i64, now: Timestamp) -> Aside {
    Aside::new(END_TOKENS).number(user).number(now.0)
}

pub(super) fn user_of(row: &SqliteRow) -> Result<User, StoreError> {
    let at = |column: &str| Ok::<_, StoreError>(row.try_get::<Option<i64>, _>(column)?.map(Timestamp));
    let role: &str = row.try_get("role")?;
    let accounts: Option<Vec<String>> = list(row.try_get("accounts")?)?;
    Ok(User {
        id: row.try_get("id")?,
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        role: Role::from_word(role).ok_or_else(|| StoreError::json(format!("a role `{role}`")))?,
        accounts: accounts.map(|all| all.into_iter().map(AccountId).collect()),
        mine: row.try_get::<i64, _>("mine")? != 0,
        aliases: list(Some(row.try_get("aliases")?))?.unwrap_or_default(),
        password: row.try_get("password")?,
        totp: row.try_get("totp")?,
        totp_used: row.try_get("totp_used")?,
        subject: row.try_get("subject")?,
        zone: row.try_get("zone")?,
        created_at: Timestamp(row.try_get("created_at")?),
        checked_at: at("checked_at")?,
        disabled_at: at("disabled_at")?,
        seen_at: at("seen_at")?,
    })
}
