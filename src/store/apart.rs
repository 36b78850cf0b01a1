//! What the writer does by itself, after everything that was asked for before: each is a transaction or several, and
//! others wait for it, so each is small, but for a rebuild.

use super::erasing::{Blotted, Whom};
use super::holding::Held;
use super::retention::{Cutoffs, Gone};
use super::writer::{Job, Writer};
use super::{Rebuilt, Store, StoreError};
use crate::model::Timestamp;
use sqlx::Row as _;
use tokio::sync::oneshot;

type Done<T> = oneshot::Sender<Result<T, StoreError>>;

/// One of these things.
pub(super) enum Apart {
    /// Fold every package again.
    Rebuild(Done<Rebuilt>),
    /// A little of what is older than it is kept goes.
    Retain(Cutoffs, Timestamp, Done<Gone>),
    /// What is told of somebody is kept without them from now on; the salt for the first time.
    BeginErasing(Box<Whom>, String, Timestamp, Done<i64>),
    /// Somebody is erased from a package.
    Blot(i64, Box<Whom>, Timestamp, Done<Blotted>),
    /// And from what holds them beside packages, by their mail address.
    BlotRest(String, Box<Held>, Done<()>),
    /// The database is written anew.
    Compact(Done<()>),
    /// The log is written into the database and cut off, so that what was overwritten is in neither.
    Settle(Done<bool>),
}

impl Writer {
    pub(super) async fn apart(&mut self, it: Apart) {
        // Whoever asked may have gone.
        let _ = match it {
            Apart::Rebuild(done) => done.send(self.rebuild().await).is_ok(),
            Apart::Retain(cutoffs, at, done) => done.send(self.retain(&cutoffs, at).await).is_ok(),
            Apart::BeginErasing(whom, salt, at, done) => {
                done.send(self.begin_erasing(&whom, &salt, at).await).is_ok()
            }
            Apart::Blot(row, whom, at, done) => done.send(self.blot(row, &whom, at).await).is_ok(),
            Apart::BlotRest(mail, held, done) => done.send(self.blot_rest(&mail, &held).await).is_ok(),
            Apart::Compact(done) => done.send(self.compact().await).is_ok(),
            Apart::Settle(done) => done.send(self.settle().await).is_ok(),
        };
    }

    async fn settle(&mut self) -> Result<bool, StoreError> {
        // A long reader is not waited for: callbacks would wait, too.
        sqlx::query("PRAGMA busy_timeout = 100").execute(&mut self.connection).await?;
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut self.connection).await;
        sqlx::query("PRAGMA busy_timeout = 10000").execute(&mut self.connection).await?;
        Ok(row?.try_get::<i64, _>(0)? == 0)
    }
}

impl Store {
    pub(super) async fn ask_apart<T>(&self, it: impl FnOnce(Done<T>) -> Apart) -> Result<T, StoreError> {
        self.ask(|done| Job::Apart(it(done))).await
    }

    /// Writes the log into the database and cuts it off. `false`: somebody reads, so not all of it yet.
    pub async fn settle(&self) -> Result<bool, StoreError> {
        self.ask_apart(Apart::Settle).await
    }
}
