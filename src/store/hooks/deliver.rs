//! What hooks are to be told next, and how tries went. In each package one after the other; of several packages none waits
//! for another.

use super::super::aside::Aside;
use super::super::packages::json;
use super::super::{Store, StoreError};
use super::read::HookState;
use crate::model::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::fmt::Write as _;

/// So many that were taken are kept of each hook, to be looked at,
const TAKEN_KEPT: i64 = 1_000;
/// and so many that were given up, to be sent again.
const GIVEN_UP_KEPT: i64 = 10_000;

/// The first that waits of each package is the next; triggers keep the mark (migration 56).
const DUE: &str = "SELECT id, account, package, event, subject, turn, tries, body FROM hook_deliveries \
    INDEXED BY hook_deliveries_next WHERE hook = $1 AND head = 1 AND due <= $2 ORDER BY due, id LIMIT $3";
const NEXT: &str = "SELECT (SELECT min(due) FROM hook_deliveries INDEXED BY hook_deliveries_next WHERE hook = $1 AND head = 1), \
    (SELECT min(made_at) FROM hook_deliveries INDEXED BY hook_deliveries_since WHERE hook = $1 AND state = 0)";
const TOO_OLD: &str = "UPDATE hook_deliveries INDEXED BY hook_deliveries_since SET state = 2, error = coalesce(error, $3) \
    WHERE hook = $1 AND state = 0 AND made_at <= $2";
/// `$1`: a JSON array of [`HookTried`]. What was erased meanwhile is over: there is nothing in it to try again.
const TRIED: &str = "UPDATE hook_deliveries SET state = t.value ->> 'state', due = t.value ->> 'due', \
    tries = tries + (t.value ->> 'counts'), tried_at = t.value ->> 'at', ms = t.value ->> 'ms', status = t.value ->> 'status', \
    error = t.value ->> 'error', answer = t.value ->> 'answer' FROM json_each($1) t WHERE hook_deliveries.id = t.value ->> 'id' \
    AND body <> '{}'";
const PRUNE: &str = "DELETE FROM hook_deliveries WHERE hook = $1 AND state = $2 AND id < \
    (SELECT id FROM hook_deliveries WHERE hook = $1 AND state = $2 ORDER BY id DESC LIMIT 1 OFFSET $3)";
/// Whoever got no answer is tried at once: there is somebody again. What waits and was tried says why it isn't taken.
const BACK: &str = "UPDATE hook_deliveries INDEXED BY hook_deliveries_failed SET due = 0 \
    WHERE hook = $1 AND state = 0 AND error IS NOT NULL AND tries > 0 \
    AND (status IS NULL OR status IN (429, 502, 503, 504))";
/// What was erased is not sent again: there is nothing in it.
const AGAIN_ONE: &str = "UPDATE hook_deliveries SET state = 0, due = 0, tries = 0 WHERE hook = $1 AND id = $2 AND state <> 0 AND body <> '{}'";
const AGAIN_ALL: &str =
    "UPDATE hook_deliveries SET state = 0, due = 0, tries = 0 WHERE hook = $1 AND state = 2 AND body <> '{}'";
const CHANGES: &str = "SELECT changes()";
const PAUSE: &str =
    "INSERT INTO hook_pauses (hook, at, why) VALUES ($1, $2, $3) ON CONFLICT (hook) DO NOTHING RETURNING at";
const RESUME: &str = "DELETE FROM hook_pauses WHERE hook = $1 RETURNING at";
const DUE_NOW: &str = "UPDATE hook_deliveries INDEXED BY hook_deliveries_failed SET due = 0 \
    WHERE hook = $1 AND state = 0 AND error IS NOT NULL AND tries > 0";

/// Something to tell.
#[derive(Debug, Clone)]
pub struct ToTell {
    /// Its number.
    pub id: i64,
    /// By what the receiver knows it: the same at each try, and in a restored database, too.
    pub message: String,
    /// How often it was tried.
    pub tries: i64,
    /// What is sent.
    pub body: String,
}

/// How a try went.
#[derive(Debug, Clone, Serialize)]
pub struct HookTried {
    /// The number of what was told.
    pub id: i64,
    /// Where it stands now.
    #[serde(serialize_with = "as_number")]
    pub state: HookState,
    /// When it is tried again, in milliseconds, if it is.
    pub due: i64,
    /// It is one of the tries that it is given: 1, or 0.
    pub counts: i64,
    /// When it was tried, in milliseconds.
    pub at: i64,
    /// How long that took, in milliseconds.
    pub ms: i64,
    /// What the receiver answered.
    pub status: Option<u16>,
    /// Why it isn't taken, as a sentence without a full stop.
    pub error: Option<String>,
    /// How the answer begins.
    pub answer: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
fn as_number<S: serde::Serializer>(state: &HookState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(state.number())
}

impl Store {
    /// What is due, of each package the first that waits.
    pub async fn due_for_hook(
        &self,
        hook: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<ToTell>, StoreError> {
        let query = sqlx::query(DUE).bind(hook).bind(now.0).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(|row| to_tell(hook, row)).collect()
    }

    /// When something is due, and since when the longest waits. `None`: nothing does.
    pub async fn next_for_hook(&self, hook: &str) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
        let row = sqlx::query(NEXT).bind(hook).fetch_one(&self.readers).await?;
        let next = row.try_get::<Option<i64>, _>(0)?.zip(row.try_get::<Option<i64>, _>(1)?);
        Ok(next.map(|(due, since)| (Timestamp(due), Timestamp(since))))
    }

    /// What waits since `until` or longer is given up.
    pub async fn give_up_for_hook(&self, hook: &str, until: Timestamp, why: &str) -> Result<(), StoreError> {
        let write = Aside::new(TOO_OLD).text(hook).number(until.0).text(why);
        self.aside(vec![write]).await.map(|_| ())
    }

    /// Notes how tries went. `back`: the receiver was away, and answers again.
    pub async fn note_hook(&self, hook: &str, tried: &[HookTried], back: bool) -> Result<(), StoreError> {
        let mut all = vec![Aside::new(TRIED).text(json(&tried)?)];
        for (state, kept) in [(HookState::Taken, TAKEN_KEPT), (HookState::GivenUp, GIVEN_UP_KEPT)] {
            all.push(Aside::new(PRUNE).text(hook).number(state.number()).number(kept - 1));
        }
        if back {
            all.push(Aside::new(BACK).text(hook));
        }
        self.aside(all).await.map(|_| ())
    }

    /// Tells once more what was given up, or one, also one that was taken. Returns how many.
    pub async fn hook_again(&self, hook: &str, one: Option<i64>) -> Result<u64, StoreError> {
        let again = match one {
            Some(id) => Aside::new(AGAIN_ONE).text(hook).number(id),
            None => Aside::new(AGAIN_ALL).text(hook),
        };
        Ok(self.aside(vec![again, Aside::new(CHANGES)]).await?.unwrap_or_default().unsigned_abs())
    }

    /// Nothing is told until somebody lets it go on. `false`: that was so already.
    pub async fn pause_hook(&self, hook: &str, why: &str, at: Timestamp) -> Result<bool, StoreError> {
        let pause = Aside::new(PAUSE).text(hook).number(at.0).text(why);
        Ok(self.aside(vec![pause]).await?.is_some())
    }

    /// What waits is told now. `false`: it was not paused.
    pub async fn resume_hook(&self, hook: &str) -> Result<bool, StoreError> {
        let all = vec![Aside::new(DUE_NOW).text(hook), Aside::new(RESUME).text(hook)];
        Ok(self.aside(all).await?.is_some())
    }
}

fn to_tell(hook: &str, row: &SqliteRow) -> Result<ToTell, StoreError> {
    let mut hash = Sha256::new();
    for part in [
        hook,
        row.try_get("account")?,
        row.try_get("package")?,
        row.try_get("event")?,
        row.try_get("subject")?,
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.update(row.try_get::<i64, _>("turn")?.to_le_bytes());
    let mut message = String::from("msg_");
    for byte in super::super::first_16(&hash.finalize()) {
        // Writing to a string can't fail.
        let _ = write!(message, "{byte:02x}");
    }
    Ok(ToTell { id: row.try_get("id")?, message, tries: row.try_get("tries")?, body: row.try_get("body")? })
}

#[cfg(test)]
mod tests;
