//! Live streams end with what they were opened by: a session, a person's rights, a token. Whoever ended it, the board or a
//! command beside it, a number in the database grows, and only then are those with open streams looked at again.

use super::oidc::is_vouched;
use super::{Means, Who, sign_in, works};
use crate::app::{App, StoreError};
use crate::model::Timestamp;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use tokio_util::sync::CancellationToken;

/// What ends by time alone is looked for so often.
const LOOK_MS: i64 = 60_000;

/// For whom live streams are open.
#[derive(Debug, Default)]
pub struct Ends {
    open: Mutex<HashMap<Key, Open>>,
    heard: AtomicI64,
    looked_at: AtomicI64,
    managing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Session(i64),
    Token(i64),
}

/// Somebody as they were when their first stream was opened; their streams hold the other end.
#[derive(Debug, Clone)]
struct Open {
    who: Who,
    end: Weak<CancellationToken>,
}

impl Ends {
    /// What ends with somebody; all of their streams share it.
    fn enter(&self, key: Key, who: &Who) -> Arc<CancellationToken> {
        let fresh = Arc::new(CancellationToken::new());
        let Ok(mut open) = self.open.lock() else { return fresh };
        if let Some(known) = open.get(&key).and_then(|it| it.end.upgrade().filter(|_| it.who == *who)) {
            return known;
        }
        let entry = Open { who: who.clone(), end: Arc::downgrade(&fresh) };
        if let Some(old) = open.insert(key, entry).and_then(|it| it.end.upgrade()) {
            // The same session, but they may do or see something else now.
            old.cancel();
        }
        fresh
    }

    /// Held by whoever may take an admin away, so that two don't take each other away.
    pub(super) async fn managing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.managing.lock().await
    }

    /// Those whose streams are open; the others are forgotten.
    fn all(&self) -> Vec<Open> {
        let Ok(mut open) = self.open.lock() else { return Vec::new() };
        open.retain(|_, it| it.end.strong_count() > 0);
        open.values().cloned().collect()
    }
}

impl App {
    /// What is cancelled when somebody may look on no more. `None`: they may not even now.
    pub async fn until_end_of(&self, who: &Who) -> Result<Option<Arc<CancellationToken>>, StoreError> {
        let key = match &who.means {
            Means::Here => return Ok(Some(Arc::default())),
            Means::Session { session, .. } => Key::Session(*session),
            Means::Token { token, .. } => Key::Token(*token),
        };
        let end = self.ends.enter(key, who);
        // After that: what ended between the gate and here was told to nobody.
        Ok(self.still(who).await?.then_some(end))
    }

    /// Ends the streams of everybody who is not what they were any more.
    pub async fn end_streams(&self) -> Result<(), StoreError> {
        // Before the list: what ends after this makes the number differ at the next look, whoever has come by then.
        let (now, number) = (self.now(), self.store.ends().await?);
        let all = self.ends.all();
        let is_due = now.since(Timestamp(self.ends.looked_at.load(Ordering::Relaxed))) >= LOOK_MS;
        let is_news = self.ends.heard.load(Ordering::Relaxed) != number;
        if is_news {
            // Also of a command that was cut off before it could say so, or of an older version.
            self.store.forget_people();
        } else if !is_due {
            return Ok(());
        }
        let mut unread = None;
        for it in all {
            match (self.still(&it.who).await, it.end.upgrade()) {
                (Ok(false), Some(end)) => end.cancel(),
                (Ok(_), _) => {}
                (Err(cause), _) => unread = Some(cause),
            }
        }
        if let Some(cause) = unread {
            return Err(cause);
        }
        // Only now: what could not be read is looked at again.
        self.ends.heard.store(number, Ordering::Relaxed);
        self.ends.looked_at.store(now.0, Ordering::Relaxed);
        Ok(())
    }

    /// Whether somebody is still who they were, and may do and see the same.
    async fn still(&self, who: &Who) -> Result<bool, StoreError> {
        match &who.means {
            Means::Here => Ok(true),
            Means::Session { session, user, .. } => {
                let session = self.store.session_by_id(*session).await?;
                let session = session.filter(|it| !sign_in::is_stale(it, self.now()));
                let user = self.store.user(*user).await?.filter(|it| it.disabled_at.is_none());
                let user = user.filter(|it| is_vouched(it, self.now()));
                Ok(user.zip(session).is_some_and(|(user, session)| Who::person(&user, session.id) == *who))
            }
            Means::Token { token, .. } => {
                let Some(token) = self.store.token_by_id(*token).await? else { return Ok(false) };
                let user = match token.user {
                    Some(user) => self.store.user(user).await?,
                    None => None,
                };
                Ok(Who::program(&token) == *who && works(&token, user.as_ref(), self.now()))
            }
        }
    }
}
