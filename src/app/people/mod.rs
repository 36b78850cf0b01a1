//! People and programs: who comes, what they may do, and the note of what they did.

pub mod deeds;
mod ends;
mod manage;
pub mod oidc;
mod own;
pub mod passwords;
mod seal;
mod secrets;
mod sign_in;
mod throttle;
pub mod totp;
mod who;

pub use crate::model::deed::DeedKind;
pub use crate::store::people::{
    Deed, DeedCheck, DeedFilter, Done, Link, LinkKind, NewToken, NewUser, Session, Token, User,
};
pub use ends::Ends;
pub use manage::{LAST_ADMIN, Managed, Rights};
pub use own::Owned;
pub use secrets::{NewSecret, hash_of};
pub use sign_in::{Begun, From, NO_ADDRESS, Next, Tried, Watch, Welcomed, mail_address};
pub use who::{Means, Who};

use super::{App, StoreError};
use crate::config::Opens;
use crate::model::Timestamp;
use crate::model::access::{Role, Scope};
use std::net::IpAddr;

/// A session that nobody used for so long has ended.
pub const IDLE_MS: i64 = 12 * 60 * 60 * 1000;
/// No session lasts longer.
pub const LONGEST_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Use is noted at most this often.
const NOTED_MS: i64 = 60_000;

/// Who a request comes from, as far as it shows.
#[derive(Debug, Clone)]
pub enum Comes {
    /// Nobody who is known, or is known any more.
    Nobody,
    /// Somebody whose second factor is still to come.
    Half(Box<(User, Session)>),
    /// Somebody.
    Known(Who),
}

impl App {
    /// Whether the pages ask for a sign-in. A demo's don't, and answer to its own machine alone.
    #[must_use]
    pub fn asks_to_sign_in(&self) -> bool {
        self.config.opens == Opens::ToWhoSignsIn
    }

    /// The address under which the outside world knows this board, without a slash at the end.
    #[must_use]
    pub fn public_url(&self) -> Option<&str> {
        self.config.server.public_url.as_deref()
    }

    /// Whose call it is: of the peer, or of whom a trusted proxy names.
    #[must_use]
    pub fn client(&self, peer: IpAddr, forwarded: &[&str]) -> IpAddr {
        crate::config::client(&self.config.server.trusted_proxies, peer, forwarded)
    }

    /// Who shows this cookie's secret. What a page asks for `by_itself` keeps a viewer's session alive, who may leave a
    /// board open to look at; somebody who may change things has to do something now and then.
    pub async fn by_cookie(&self, secret: &str, by_itself: bool) -> Result<Comes, StoreError> {
        let now = self.now();
        let Some(shown) = self.store.session_shown(hash_of(secret), now).await? else {
            return Ok(Comes::Nobody);
        };
        let (session, user) = &*shown;
        if sign_in::is_stale(session, now) {
            noted(self.store.end_session(session.id).await.map(|_| ()));
            return Ok(Comes::Nobody);
        }
        if user.disabled_at.is_some() || !oidc::is_vouched(user, now) {
            return Ok(Comes::Nobody);
        }
        if session.half {
            return Ok(Comes::Half(Box::new((user.clone(), session.clone()))));
        }
        let counts = !by_itself || user.role == Role::Viewer;
        if counts && now.since(session.seen_at) >= NOTED_MS {
            noted(self.store.session_seen(session.id, now).await);
        }
        Ok(Comes::Known(Who::person(user, session.id)))
    }

    /// Who shows this token.
    pub async fn by_token(&self, secret: &str) -> Result<Comes, StoreError> {
        let now = self.now();
        let Some(shown) = self.store.token_shown(hash_of(secret), now).await? else {
            return Ok(Comes::Nobody);
        };
        let (token, user) = &*shown;
        if !works(token, user.as_ref(), now) {
            return Ok(Comes::Nobody);
        }
        if token.used_at.is_none_or(|at| now.since(at) >= NOTED_MS) {
            noted(self.store.token_used(token.id, now).await);
        }
        Ok(Comes::Known(Who::program(token)))
    }

    /// Makes a token; its secret is told once and never again.
    pub async fn make_token(
        &self,
        name: &str,
        scope: Scope,
        user: Option<i64>,
        expires_at: Option<Timestamp>,
        reach: crate::model::access::Reach,
        query: Option<String>,
    ) -> Result<NewSecret, StoreError> {
        let secret = NewSecret::make("sbt_")?;
        let prefix = secret.text().chars().take(10).collect();
        let token = NewToken { name: name.to_owned(), prefix, scope, reach, query, user, expires_at };
        self.store.add_token(&secret.hash(), &token, self.now()).await?;
        Ok(secret)
    }
}

/// Whether a token works; one that somebody made works as long as they are believed to be who they were.
fn works(token: &Token, user: Option<&User>, now: Timestamp) -> bool {
    let is_over = token.ended_at.is_some() || token.expires_at.is_some_and(|at| at <= now);
    !is_over && (token.user.is_none() || user.is_some_and(|it| oidc::is_vouched(it, now)))
}

/// A use that can't be noted, on a full disk for instance, refuses nobody who only looks. The store says aloud what ails it.
fn noted(done: Result<(), StoreError>) {
    if let Err(cause) = done {
        tracing::debug!(%cause, "the use of a session or a token can't be noted");
    }
}
