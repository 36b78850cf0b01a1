//! Whose a secret is, asked at every request: looked up once, and again after something was written of people. Each statement
//! crosses to another thread and back, which on a busy machine takes longer than a page.

use super::super::memo::Memo;
use super::super::{Store, StoreError, beside};
use super::{Session, Token, User};
use crate::model::Timestamp;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// So many of a kind are kept, the latest.
const MOST: usize = 256;
/// Nothing is used for longer, whoever wrote something.
const LONGEST_MS: i64 = 60_000;

/// The hash of a secret, and about when it was shown.
type Key = ([u8; 32], i64);

/// Those who came last. Who is unknown is not kept: anybody could make the others be forgotten.
#[derive(Debug, Default)]
pub(in crate::store) struct Shown {
    sessions: Memo<Key, Arc<(Session, User)>, MOST>,
    tokens: Memo<Key, Arc<(Token, Option<User>)>, MOST>,
}

impl Store {
    /// The session of a cookie's secret, and whose it is.
    pub async fn session_shown(
        &self,
        hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Arc<(Session, User)>>, StoreError> {
        let (kept, writes, key) = (&self.shown.sessions, self.writes_of_people(), key(hash, now));
        if let Some(known) = kept.get(writes, &key) {
            return Ok(Some(known));
        }
        let Some(session) = self.session(&hash).await? else { return Ok(None) };
        let Some(user) = self.user(session.user).await? else { return Ok(None) };
        let known = Arc::new((session, user));
        kept.put(writes, key, Arc::clone(&known));
        Ok(Some(known))
    }

    /// The token of a secret, whether or not it still works, and whose it is if it is somebody's.
    pub async fn token_shown(
        &self,
        hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Arc<(Token, Option<User>)>>, StoreError> {
        let (kept, writes, key) = (&self.shown.tokens, self.writes_of_people(), key(hash, now));
        if let Some(known) = kept.get(writes, &key) {
            return Ok(Some(known));
        }
        let Some(token) = self.token(&hash).await? else { return Ok(None) };
        let user = match token.user {
            Some(user) => self.user(user).await?,
            None => None,
        };
        let known = Arc::new((token, user));
        kept.put(writes, key, Arc::clone(&known));
        Ok(Some(known))
    }

    /// How often something was written of people, by this board or by a command beside it; `None`: nobody counts that here.
    fn writes_of_people(&self) -> Option<u64> {
        let own = self.door.as_ref().map(|_| self.health.writes_of_people.load(Ordering::Acquire))?;
        Some(own.saturating_add(beside::writes(self.folder())?))
    }
}

fn key(hash: [u8; 32], now: Timestamp) -> Key {
    (hash, now.0.div_euclid(LONGEST_MS))
}
