//! The one door: the task that owns the only writing connection.
//!
//! It takes everything that waits, runs it as one transaction with `synchronous=FULL`, and answers each. Batches form
//! by themselves while the flush of the one before runs; there is no timer. If a batch fails, its jobs are written one
//! by one, so that a poisonous callback takes no neighbour with it; and if digesting a callback fails, its bytes are
//! kept alone, to be digested later.

use super::apart::Apart;
use super::batch::{Applied, ArrivalRow, Batch, RereadRow};
use super::erased::{self, Erased};
use super::jobs::Chore;
use super::lines::{self, Lines, Watches};
use super::numbers::Numbers;
use super::policy::Policies;
use super::read::Change;
use super::recent::Recent;
use super::refused::{Calls, Shed};
use super::shelf::Shelf;
use super::tallies::Tallies;
use super::{Health, Kept, NewArrival, NewRefused, Reading, StoreError, hash_of, inbox};
use crate::model::{Fingerprint, Origin, PackageKey, Record, SignerKey, Timestamp};
use sqlx::sqlite::SqliteConnection;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, oneshot};

/// The most jobs in one transaction.
const MOST: usize = 256;
/// How many changes are kept for readers who come back, and how often the older ones are cut off.
pub(super) const CHANGES_KEPT: i64 = 20_000;
const PRUNE_EVERY: i64 = 2_000;

type Done<T> = oneshot::Sender<Result<T, StoreError>>;

/// What can be asked of the door.
pub(super) enum Job {
    Keep(Box<NewArrival>, Done<Kept>),
    Refuse(Box<NewRefused>, Done<()>),
    Learn(PackageKey, Box<Record>, Option<i64>, Done<Kept>),
    Reread {
        arrival: i64,
        reading: Box<Reading>,
        done: Done<Kept>,
    },
    Postpone {
        key: PackageKey,
        until: Timestamp,
        not_ours: bool,
        done: Done<()>,
    },
    PostponeSigner {
        key: SignerKey,
        until: Timestamp,
        counts: bool,
        done: Done<()>,
    },
    /// People want these to be asked about; fresh are those that weren't due.
    Want(Vec<PackageKey>, Timestamp, Done<Kept>),
    /// As [`Job::Learn`], but nothing is written.
    Foresee(PackageKey, Box<Record>, Done<super::Foreseen>),
    /// A statement of its own, from the jobs or refused tables.
    Chore(Chore, Done<u64>),
    /// Everything before it is done: something by itself, or stop.
    Apart(Apart),
    Stop(Done<()>),
}

/// The writer's state: its connection, the numbers it gives out, and what it remembers.
pub(super) struct Writer {
    pub connection: SqliteConnection,
    pub inbox: mpsc::Receiver<Job>,
    pub changes: broadcast::Sender<Arc<Change>>,
    pub recent: Arc<Recent>,
    pub tallies: Tallies,
    pub health: Arc<Health>,
    pub policies: Arc<Policies>,
    pub shelf: Shelf,
    pub shed: Shed,
    pub lines: Lines,
    pub alerted: Arc<tokio::sync::Notify>,
    pub numbers: Numbers,
    /// Whom the board was told to forget.
    pub erased: Arc<Erased>,
    /// Some packages were removed because they had ended long ago.
    pub has_removed: bool,
}

/// How a batch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Care {
    /// All at once.
    Usual,
    /// One job that may have spoiled a batch.
    Alone,
    /// The bytes of one job whose digest fails.
    BytesOnly,
}

/// What became of the jobs of a batch, in their order.
type Outcomes = Vec<Kept>;

impl Writer {
    /// Works until the last handle on the store is gone, or it is told to stop.
    pub(super) async fn run(mut self) {
        let mut jobs = Vec::with_capacity(MOST);
        while self.inbox.recv_many(&mut jobs, MOST).await > 0 {
            let mut batch = Vec::with_capacity(jobs.len());
            for job in jobs.drain(..) {
                match job {
                    Job::Stop(done) => {
                        self.write(std::mem::take(&mut batch)).await;
                        self.inbox.close();
                        let _ = sqlx::Connection::close(self.connection).await;
                        let _ = done.send(Ok(()));
                        return;
                    }
                    Job::Foresee(key, record, done) => {
                        self.write(std::mem::take(&mut batch)).await;
                        let _ = done.send(self.foresee(key, record).await);
                    }
                    Job::Chore(chore, done) => {
                        self.write(std::mem::take(&mut batch)).await;
                        let around = chore.is_seen_around();
                        let result = self.chore(chore).await;
                        self.health.wrote(0, around);
                        self.health.set_trouble(result.as_ref().err().map(ToString::to_string));
                        let _ = done.send(result);
                    }
                    Job::Apart(it) => {
                        self.write(std::mem::take(&mut batch)).await;
                        self.apart(it).await;
                    }
                    Job::Keep(..)
                    | Job::Refuse(..)
                    | Job::Learn(..)
                    | Job::Reread { .. }
                    | Job::Want(..)
                    | Job::Postpone { .. }
                    | Job::PostponeSigner { .. } => {
                        batch.push(job);
                    }
                }
            }
            self.write(batch).await;
        }
    }

    async fn chore(&mut self, chore: Chore) -> Result<u64, StoreError> {
        let is_news = chore.is_news_of_watches();
        let of_people = chore.is_of_people();
        let done = chore.run(&mut self.connection).await;
        if of_people {
            self.health.wrote_of_people();
        }
        let done = done?;
        if is_news {
            self.lines.watches = lines::watches(&mut self.connection).await?;
        }
        Ok(done)
    }

    /// Writes a batch, and answers everybody.
    async fn write(&mut self, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        let refs: Vec<&Job> = jobs.iter().collect();
        match self.attempt(&refs, Care::Usual).await {
            Ok(outcomes) => {
                self.health.set_trouble(None);
                for (job, kept) in jobs.into_iter().zip(outcomes) {
                    job.answer(Ok(kept));
                }
            }
            // No job is at fault, and each would wait as long for the same answer.
            Err(cause @ StoreError::Disk(_)) => {
                tracing::debug!(jobs = jobs.len(), %cause, "a batch could not be written");
                self.health.set_trouble(Some(cause.to_string()));
                for job in jobs {
                    job.answer(Err(cause.clone()));
                }
            }
            Err(cause) => {
                tracing::warn!(jobs = jobs.len(), %cause, "a batch could not be written; its jobs are tried one by one");
                for job in jobs {
                    let result = self.write_alone(&job).await;
                    job.answer(result);
                }
            }
        }
    }

    /// Writes one job: all of it, or at least its bytes.
    async fn write_alone(&mut self, job: &Job) -> Result<Kept, StoreError> {
        let mut result = self.attempt(&[job], Care::Alone).await;
        if result.is_err() && matches!(job, Job::Keep(..)) {
            result = self.attempt(&[job], Care::BytesOnly).await;
        }
        self.health.set_trouble(result.as_ref().err().map(ToString::to_string));
        if let Err(cause) = &result {
            tracing::debug!(%cause, "a write failed");
        }
        result.map(|outcomes| outcomes.first().copied().unwrap_or_default())
    }

    /// Runs jobs as one transaction. On an error nothing of it is on disk and nothing is remembered.
    async fn attempt(&mut self, jobs: &[&Job], care: Care) -> Result<Outcomes, StoreError> {
        let mut numbers = self.numbers;
        let mut batch = Batch { erased: Arc::clone(&self.erased), ..Batch::default() };
        let digest = care != Care::BytesOnly;
        if digest {
            self.fetch(jobs, &mut batch, &mut numbers).await?;
        }
        let mut before = self.before(jobs).await?;
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            let known = (&*self.policies, &self.lines.watches);
            outcomes.push(plan(job, &mut batch, &mut numbers, &mut before, known, digest)?);
        }
        self.hear(&mut batch).await?;
        batch.fold(&mut numbers.seq, &self.policies)?;
        self.find_twins(&mut batch, care).await?;
        let mut script = batch.script(&self.tallies)?;
        let refused = Calls::of(&mut self.connection, &batch.refused).await?;
        refused.write(&self.shed, &mut script)?;
        batch.traffic.write(&mut numbers.traffic_pruned, &mut script)?;
        if numbers.seq - numbers.pruned > CHANGES_KEPT + PRUNE_EVERY {
            numbers.pruned = numbers.seq - CHANGES_KEPT;
            let below = numbers.pruned;
            script.statement("DELETE FROM changes WHERE seq <= ?", |cells| cells.bind(below).map(|_| ()))?;
        }
        let returned = script.commit(&mut self.connection).await?;

        self.numbers = numbers;
        self.shed.done(&refused);
        self.lines.done(&batch);
        erased::remember(&mut self.erased, &batch.seats);
        if batch.alerts.is_news() {
            self.alerted.notify_one();
        }
        batch.hooks.done();
        for (account, word, n) in self.tallies.after(&batch.delta) {
            self.tallies.set(account, word, n);
        }
        let is_told = batch.tell_alerts(&returned);
        let changes: Vec<Arc<Change>> = batch.changes.drain(..).map(Arc::new).collect();
        // In this order: who is told of these changes by what is at hand is told of the alerts, too.
        self.health.wrote(batch.pending(), !is_told);
        self.recent.add(&changes);
        for change in changes {
            // Nobody listening is no error.
            let _ = self.changes.send(change);
        }
        for (key, touched) in batch.touched {
            if touched.entry.package.is_some() && touched.entry.total == touched.entry.log.len() {
                self.shelf.put(key, touched.entry);
            }
        }
        Ok(outcomes)
    }

    /// What became of the arrivals that are read again.
    async fn before(&mut self, jobs: &[&Job]) -> Result<HashMap<i64, inbox::Before>, StoreError> {
        let mut all = HashMap::new();
        for job in jobs {
            if let Job::Reread { arrival, .. } = job {
                all.insert(*arrival, inbox::before(&mut self.connection, *arrival).await?);
            }
        }
        Ok(all)
    }

    /// Identical bytes are stored once. Whatever told something new can't have come before, so only the rest is
    /// looked up.
    async fn find_twins(&mut self, batch: &mut Batch<'_>, care: Care) -> Result<(), StoreError> {
        let mut first: HashMap<[u8; 16], inbox::Twin> = HashMap::new();
        let suspects: Vec<(Option<i64>, [u8; 16])> = batch
            .arrivals
            .iter()
            .filter(|row| row.applied.fresh == 0 || care != Care::Usual)
            .map(|row| (row.applied.package, row.hash))
            .collect();
        if !suspects.is_empty() {
            first = inbox::first_with(&mut self.connection, &suspects).await?;
        }
        for row in &mut batch.arrivals {
            // What is still to be read, or to be passed on, needs bytes that are there.
            let needed = row.state == inbox::PENDING || row.arrival.forward.is_some();
            row.same_as = first.get(&row.hash).and_then(|it| if needed { it.whole } else { Some(it.any) });
            if row.same_as.is_none() {
                first.insert(row.hash, inbox::Twin { any: row.id, whole: Some(row.id) });
            }
        }
        Ok(())
    }
}

/// Puts one job into the batch.
fn plan<'a>(
    job: &'a Job,
    batch: &mut Batch<'a>,
    numbers: &mut Numbers,
    before: &mut HashMap<i64, inbox::Before>,
    (policies, watches): (&Policies, &Watches),
    digest: bool,
) -> Result<Kept, StoreError> {
    let kept = |applied: Applied, quarantined| Kept {
        fresh: applied.fresh,
        repeats: applied.repeats,
        quarantined,
        undigested: !digest,
        drift: applied.drift,
    };
    match job {
        Job::Keep(arrival, _) => {
            numbers.call += 1;
            let id = numbers.call;
            let (applied, state) = if arrival.is_test {
                (Applied::default(), inbox::TEST)
            } else if digest {
                let applied = batch.apply(&arrival.reading.facts, Some(id), &[], policies)?;
                (applied, inbox::state_of(arrival.reading.note.is_some()))
            } else {
                (Applied::default(), inbox::PENDING)
            };
            if arrival.origin == Origin::Callback && !arrival.is_test {
                let counts = batch.traffic.of(&arrival.account, arrival.received_at);
                counts.callbacks += 1;
                if digest {
                    counts.digested(applied, arrival.reading.note.is_some());
                }
            }
            let hash = hash_of(&arrival.account.0, &arrival.body);
            batch.arrivals.push(ArrivalRow { id, arrival, hash, same_as: None, state, applied });
            Ok(kept(applied, arrival.reading.note.is_some()))
        }
        Job::Reread { arrival, reading, .. } => {
            let before = before.entry(*arrival).or_default();
            let applied = batch.apply(&reading.facts, Some(*arrival), &before.counted, policies)?;
            if let Some((account, at)) = before.came.take() {
                batch.traffic.of(&account, at).digested(applied, reading.note.is_some());
            }
            // Whoever reads it once more in this batch finds it read.
            let mut known: HashSet<Fingerprint> = before.counted.iter().copied().collect();
            let fresh = reading.facts.iter().map(|(_, record)| record.fingerprint);
            before.counted.extend(fresh.filter(|it| known.insert(*it)));
            batch.reread.push(RereadRow {
                id: *arrival,
                note: &reading.note,
                facts: before.counted.iter().flat_map(|it| it.0).collect(),
                applied,
                was_pending: std::mem::take(&mut before.pending),
            });
            Ok(kept(applied, reading.note.is_some()))
        }
        Job::Learn(key, record, run, _) => {
            Ok(kept(batch.learn(key, record, *run, policies, watches)?, false))
        }
        Job::Want(keys, now, _) => Ok(kept(batch.want(keys, *now), false)),
        Job::Postpone { key, until, not_ours, .. } => {
            batch.postpone(key, *until, *not_ours);
            Ok(Kept::default())
        }
        Job::PostponeSigner { key, until, counts, .. } => {
            if let Some(lone) = batch.signers.get_mut(key) {
                lone.postpone(*until, *counts);
            }
            Ok(Kept::default())
        }
        Job::Refuse(call, _) => {
            numbers.call += 1;
            batch.refused.push((numbers.call, call));
            batch.traffic.of(&call.account, call.received_at).refused += 1;
            Ok(Kept::default())
        }
        Job::Foresee(..) | Job::Chore(..) | Job::Apart(_) | Job::Stop(_) => Ok(Kept::default()),
    }
}

impl Job {
    fn answer(self, result: Result<Kept, StoreError>) {
        // Whoever asked may have gone; what is on disk is on disk.
        let _ = match self {
            Self::Keep(_, done)
            | Self::Learn(_, _, _, done)
            | Self::Want(_, _, done)
            | Self::Reread { done, .. } => done.send(result).is_ok(),
            Self::Refuse(_, done) | Self::Postpone { done, .. } | Self::PostponeSigner { done, .. } => {
                done.send(result.map(|_| ())).is_ok()
            }
            Self::Foresee(..) | Self::Chore(..) | Self::Apart(_) | Self::Stop(_) => true,
        };
    }
}
