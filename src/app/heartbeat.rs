//! Tells a watcher outside, now and then, that all is well. It is never called otherwise, so its alarm goes off when this
//! board or its machine can't do anything any more, not even complain.

use super::App;
use crate::model::Timestamp;
use crate::provider::knock;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A board that has more than this to write is not well, nor ready for more.
pub const MOST_WAITING: i64 = 2_000;
/// A worker that takes longer over one turn hangs. A long replay or a slow API takes minutes.
const STUCK_MS: i64 = 60 * 60 * 1000;

/// What one look did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beat {
    /// Nobody is to be told, or not yet again.
    NotDue,
    /// All is well, and it was told.
    Told,
    /// All is well, and it could not be told: why.
    Untold(String),
    /// Not all is well, so nothing is told: why.
    Silent(String),
}

/// When it was told last, and what kept it from being told since.
#[derive(Debug, Default)]
pub struct Heart(Mutex<(Option<Timestamp>, Option<String>)>);

/// Since when each worker is at its turn.
#[derive(Debug, Default)]
pub struct Workers(Mutex<BTreeMap<String, Timestamp>>);

/// One turn of a worker; it ends with this value.
#[derive(Debug)]
pub struct Turn<'a>(&'a Workers, String);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut all = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::thread::panicking() {
            // Nobody will begin another turn of it.
            all.insert(self.1.clone(), Timestamp(i64::MIN));
        } else {
            all.remove(&self.1);
        }
    }
}

impl App {
    /// A worker begins a turn.
    pub fn begin_turn(&self, worker: impl Into<String>) -> Turn<'_> {
        let worker = worker.into();
        let mut all = self.workers.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(worker.clone(), self.now());
        Turn(&self.workers, worker)
    }

    /// What is not as it should be, as a sentence without a full stop. Writes to the disk to find out.
    pub async fn unwell(&self) -> Option<String> {
        if let Err(cause) = self.store.try_again().await {
            return Some(cause.to_string());
        }
        let backlog = self.backlog();
        if backlog > MOST_WAITING {
            return Some(format!("{backlog} callbacks wait to be written or digested"));
        }
        if let Some(low) = self.disk_low() {
            return Some(low);
        }
        let now = self.now();
        let all = self.workers.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stuck = all.iter().find(|(_, since)| now.0.saturating_sub(since.0) > STUCK_MS);
        stuck.map(|(worker, _)| format!("the worker `{worker}` hangs or has ended"))
    }

    /// Tells, if it is time, that all is well.
    pub async fn beat(&self) -> Beat {
        let Some(config) = &self.config.server.heartbeat else { return Beat::NotDue };
        let every = i64::try_from(config.every.as_millis()).unwrap_or(i64::MAX);
        let now = self.now();
        let last = self.heart.0.lock().unwrap_or_else(PoisonError::into_inner).0;
        if last.is_some_and(|last| (0..every).contains(&now.since(last))) {
            return Beat::NotDue;
        }
        let beat = match self.unwell().await {
            Some(why) => Beat::Silent(why),
            None => match knock::get(&config.url, config.proxy.as_deref(), config.ca_file.as_deref()).await {
                Ok(answer) if (200..300).contains(&answer.status) => Beat::Told,
                Ok(answer) => Beat::Untold(format!("{} answered {}", answer.host, answer.status)),
                Err(why) => Beat::Untold(why),
            },
        };
        let mut heart = self.heart.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &beat {
            Beat::Told | Beat::NotDue => {
                if heart.1.take().is_some() {
                    tracing::info!("the heartbeat goes on");
                }
                heart.0 = Some(now);
            }
            Beat::Untold(why) if heart.1.as_ref() != Some(why) => {
                tracing::warn!(why, "the heartbeat could not be sent; it is tried again");
                heart.1 = Some(why.clone());
            }
            Beat::Silent(why) if heart.1.as_ref() != Some(why) => {
                tracing::error!(why, "not all is well, so no heartbeat is sent");
                heart.1 = Some(why.clone());
            }
            Beat::Untold(_) | Beat::Silent(_) => {}
        }
        beat
    }
}
