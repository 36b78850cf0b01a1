//! Calls with a wrong or missing secret: the newest of each account, because some senders never repeat them. Others
//! repeat the same one every few seconds for ever; it has one row, which counts, and takes the place of nobody.

use super::jobs::Chore;
use super::packages::json;
use super::read::Refused;
use super::script::{Script, Table};
use super::writer::Job;
use super::{NewRefused, Store, StoreError, first_16};
use crate::model::{AccountId, Fingerprint, Timestamp};
use sha2::{Digest, Sha256};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// At most this many are kept of each account,
const MOST: usize = 10_000;
/// and at most this many bytes of their bodies.
const MOST_BYTES: i64 = 64 * 1024 * 1024;

const SIZES: &str = "SELECT id, account, size FROM refused ORDER BY id";
const SHED: &str = "DELETE FROM refused WHERE account = ? AND id <= ?";
const KNOWN: &str =
    "SELECT id, hash FROM refused WHERE hash IN (SELECT unhex(value) FROM json_each($1)) ORDER BY id";
const NEW: Table = Table {
    head: "INSERT OR ROLLBACK INTO refused (id, account, received_at, remote, why, headers, size, hash, times, last_at)",
    columns: 10,
    tail: "",
};
const BODIES: Table =
    Table { head: "INSERT OR ROLLBACK INTO refused_bodies (id, body)", columns: 2, tail: "" };
const AGAIN: &str =
    "UPDATE refused SET times = times + ?, last_at = max(last_at, ?), remote = ? WHERE id = ?";
const RECENT: &str = "SELECT id, account, received_at, remote, why, size, times, last_at FROM refused WHERE id < $1 \
    ORDER BY last_at DESC, id DESC LIMIT $2";
const ONE: &str = "SELECT r.id, r.account, r.received_at, r.remote, r.why, r.headers, r.size, r.times, r.last_at, b.body \
    FROM refused r JOIN refused_bodies b ON b.id = r.id WHERE r.id = $1";

/// The refused calls of a batch: each different one, and which of them have a row already.
#[derive(Default)]
pub(super) struct Calls<'a> {
    new: Vec<Call<'a>>,
    again: Vec<Call<'a>>,
}

/// A refused call, however often it comes in a batch.
struct Call<'a> {
    /// Its row.
    id: i64,
    /// The last one of its kind.
    call: &'a NewRefused,
    hash: [u8; 16],
    first_at: Timestamp,
    times: i64,
}

impl<'a> Calls<'a> {
    /// Counts the calls of a batch, each with the number of a row that it may need.
    pub(super) async fn of(
        connection: &mut SqliteConnection,
        calls: &[(i64, &'a NewRefused)],
    ) -> Result<Self, StoreError> {
        if calls.is_empty() {
            return Ok(Self::default());
        }
        let mut each: BTreeMap<[u8; 16], Call<'a>> = BTreeMap::new();
        for (id, call) in calls {
            let hash = hash_of(call);
            let first = Call { id: *id, call, hash, first_at: call.received_at, times: 0 };
            let known = each.entry(hash).or_insert(first);
            (known.call, known.times) = (call, known.times + 1);
        }
        let hashes: Vec<String> = each.keys().map(|hash| Fingerprint(*hash).to_string()).collect();
        let mut found = Self::default();
        for row in sqlx::query(KNOWN).bind(json(&hashes)?).fetch_all(connection).await? {
            let hash: &[u8] = row.try_get("hash")?;
            if let Some(call) = <[u8; 16]>::try_from(hash).ok().and_then(|hash| each.remove(&hash)) {
                found.again.push(Call { id: row.try_get("id")?, ..call });
            }
        }
        found.new.extend(each.into_values());
        // The order of arrival is the order of the rows.
        found.new.sort_by_key(|call| call.id);
        Ok(found)
    }

    /// Writes them; the oldest calls of an account make room for new ones.
    pub(super) fn write(&self, shed: &Shed, script: &mut Script) -> Result<(), StoreError> {
        script.insert(&NEW, &self.new, |it, cells| {
            let call = it.call;
            cells.bind(it.id)?.bind(call.account.0.clone())?.bind(it.first_at.0)?;
            cells.bind(call.remote.clone())?.bind(call.why.clone())?.bind(call.headers.clone())?;
            cells.bind(size(call))?.bind(it.hash.to_vec())?.bind(it.times)?.bind(call.received_at.0)?;
            Ok(())
        })?;
        script.insert(&BODIES, &self.new, |it, cells| {
            cells.bind(it.id)?.bind(it.call.body.clone())?;
            Ok(())
        })?;
        for it in &self.again {
            script.statement(AGAIN, |cells| {
                cells
                    .bind(it.times)?
                    .bind(it.call.received_at.0)?
                    .bind(it.call.remote.clone())?
                    .bind(it.id)?;
                Ok(())
            })?;
        }
        shed.plan(&self.new, script)
    }
}

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
    fn plan(&self, new: &[Call<'_>], script: &mut Script) -> Result<(), StoreError> {
        let mut more: HashMap<&AccountId, (usize, i64)> = HashMap::new();
        for it in new {
            let (count, bytes) = more.entry(&it.call.account).or_default();
            *count += 1;
            *bytes += size(it.call);
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
    pub(super) fn done(&mut self, calls: &Calls<'_>) {
        for it in &calls.new {
            self.add(&it.call.account, it.id, size(it.call));
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
    /// The refused calls whose number is below `before`; first those that came last.
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
        times: u64::try_from(row.try_get::<i64, _>("times")?).unwrap_or_default(),
        last_at: Timestamp(row.try_get("last_at")?),
    })
}

fn size(call: &NewRefused) -> i64 {
    i64::try_from(call.body.len()).unwrap_or(i64::MAX)
}

/// Two calls of one account that were refused for the same reason with the same bytes are the same call.
fn hash_of(call: &NewRefused) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in [call.account.0.as_bytes(), call.why.as_bytes(), &call.body] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    first_16(&hash.finalize())
}
