//! What the writer does by itself, after everything that was asked for before: each is a transaction or several, and
//! others wait for it, so each is small, but for a rebuild.

use super::erasing::{Blotted, Whom};
use super::holding::Held;
use super::retention::{Cutoffs, Gone};
use super::writer::{Job, Writer};
use super::{Rebuilt, Store, StoreError};
use crate::model::{Seq, Timestamp};
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
        match it {
            Apart::Rebuild(done) => {
                let it = self.rebuild().await;
                self.done(done, it);
            }
            Apart::Retain(cutoffs, at, done) => {
                let it = self.retain(&cutoffs, at).await;
                self.done(done, it);
            }
            Apart::BeginErasing(whom, salt, at, done) => {
                let it = self.begin_erasing(&whom, &salt, at).await;
                self.done(done, it);
            }
            Apart::Blot(row, whom, at, done) => {
                let it = self.blot(row, &whom, at).await;
                self.done(done, it);
            }
            Apart::BlotRest(mail, held, done) => {
                let it = self.blot_rest(&mail, &held).await;
                self.done(done, it);
            }
            Apart::Compact(done) => {
                let it = self.compact().await;
                self.done(done, it);
            }
            Apart::Settle(done) => {
                let it = self.settle().await;
                self.done(done, it);
            }
        }
    }

    /// Whoever is told that something is done, sees it done. They may have gone.
    fn done<T>(&self, done: Done<T>, it: Result<T, StoreError>) {
        self.wrote_apart();
        let _ = done.send(it).is_ok();
    }

    /// Something was written that is no batch: whoever asks from now on is told nothing from before.
    pub(super) fn wrote_apart(&self) {
        self.recent.upheaval(Seq(self.numbers.seq));
        self.health.wrote(0, true);
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
