//! Calls with a wrong or missing secret: the newest of each account, because nobody sends them again.

use super::jobs::Chore;
use super::read::Refused;
use super::script::Script;
use super::writer::Job;
use super::{NewRefused, Store, StoreError};
use crate::model::{AccountId, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::{HashMap, VecDeque};

/// At most this many are kept of each account,
const MOST: usize = 10_000;
/// and at most this many bytes of their bodies.
const MOST_BYTES: i64 = 64 * 1024 * 1024;

const SIZES: &str = "SELECT id, account, size FROM refused ORDER BY id";
const SHED: &str = "DELETE FROM refused WHERE account = ? AND id <= ?";
const RECENT: &str =
    "SELECT id, account, received_at, remote, why, size FROM refused WHERE id < $1 ORDER BY id DESC LIMIT $2";
const ONE: &str =
    "SELECT id, account, received_at, remote, why, headers, size, body FROM refused WHERE id = $1";

/// What is kept of each account, so that the oldest can make room.
#[derive(Debug, Default)]
pub(super) struct Shed(HashMap<AccountId, Kept>);

#[derive(Debug, Default)]
struct Kept {
    sizes: VecDeque<(i64, i64)>,
    bytes: i64,
}

impl Shed {
    /// Counts what the database holds.
    pub(super) async fn load(connection: &mut SqliteConnection) -> Result<Self, StoreError> {
        let mut shed = Self::default();
        for row in sqlx::query(SIZES).fetch_all(connection).await? {
            shed.add(&AccountId(row.try_get("account")?), row.try_get("id")?, row.try_get("size")?);
        }
        Ok(shed)
    }

    /// Makes room for new calls: the oldest ones of their accounts go, in the same transaction.
    pub(super) fn plan(&self, new: &[(i64, &NewRefused)], script: &mut Script) -> Result<(), StoreError> {
        let mut more: HashMap<&AccountId, (usize, i64)> = HashMap::new();
        for (_, call) in new {
            let (count, bytes) = more.entry(&call.account).or_default();
            *count += 1;
            *bytes += i64::try_from(call.body.len()).unwrap_or(i64::MAX);
        }
        for (account, (count, bytes)) in more {
            let Some(kept) = self.0.get(account) else { continue };
            if let Some(last) = kept.too_old(count, bytes) {
                script.statement(SHED, |cells| cells.bind(account.0.clone())?.bind(last).map(|_| ()))?;
            }
        }
        Ok(())
    }

    /// The calls are on disk, and the oldest are gone.
    pub(super) fn done(&mut self, new: &[(i64, &NewRefused)]) {
        for (id, call) in new {
            self.add(&call.account, *id, i64::try_from(call.body.len()).unwrap_or(i64::MAX));
        }
        for kept in self.0.values_mut() {
            while kept.sizes.len() > MOST || kept.bytes > MOST_BYTES {
                let Some((_, size)) = kept.sizes.pop_front() else { break };
                kept.bytes -= size;
            }
        }
    }

    fn add(&mut self, account: &AccountId, id: i64, size: i64) {
        let kept = self.0.entry(account.clone()).or_default();
        kept.sizes.push_back((id, size));
        kept.bytes += size;
    }
}

impl Kept {
    /// The newest of those that have to go for `count` more calls of `bytes` in all.
    fn too_old(&self, count: usize, bytes: i64) -> Option<i64> {
        let (mut left, mut held, mut last) = (self.sizes.len() + count, self.bytes + bytes, None);
        for (id, size) in &self.sizes {
            if left <= MOST && held <= MOST_BYTES {
                break;
            }
            left -= 1;
            held -= size;
            last = Some(*id);
        }
        last
    }
}

impl Store {
    /// The refused calls, newest first, before the call `before`.
    pub async fn refused(&self, before: Option<i64>, limit: u32) -> Result<Vec<Refused>, StoreError> {
        let query = sqlx::query(RECENT).bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(refused_of).collect()
    }

    /// One refused call: what is known of it, its headers as kept, and its bytes.
    pub async fn refused_call(&self, id: i64) -> Result<Option<(Refused, String, Vec<u8>)>, StoreError> {
        let row = sqlx::query(ONE).bind(id).fetch_optional(&self.readers).await?;
        row.map(|row| Ok((refused_of(&row)?, row.try_get("headers")?, row.try_get("body")?))).transpose()
    }

    /// Forgets a refused call: it was admitted.
    pub async fn forget_refused(&self, id: i64) -> Result<(), StoreError> {
        self.ask(|done| Job::Chore(Chore::ForgetRefused(id), done)).await.map(|_| ())
    }
}

fn refused_of(row: &SqliteRow) -> Result<Refused, StoreError> {
    Ok(Refused {
        id: row.try_get("id")?,
        account: AccountId(row.try_get("account")?),
        received_at: Timestamp(row.try_get("received_at")?),
        remote: row.try_get("remote")?,
        why: row.try_get("why")?,
        size: row.try_get("size")?,
    })
}
