//! How the writer fares, as everybody else sees it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// How the writer fares; for the operator's page.
#[derive(Debug, Default)]
pub struct Health {
    trouble: Mutex<Option<String>>,
    waiting: AtomicI64,
    pub(super) pending: AtomicI64,
    /// How often something was written.
    pub(super) writes: AtomicU64,
}

impl Health {
    /// Why the last write failed, until one goes well.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().ok().and_then(|it| it.clone())
    }

    /// Writes that wait for the door.
    #[must_use]
    pub fn waiting(&self) -> i64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Arrivals that are kept and not digested yet.
    #[must_use]
    pub fn pending(&self) -> i64 {
        self.pending.load(Ordering::Relaxed)
    }

    /// Something was written: whoever is told so afterwards, or asks from now on, is told nothing from before.
    ///
    /// `pending`: how many more arrivals are to be digested.
    pub(super) fn wrote(&self, pending: i64) {
        self.pending.fetch_add(pending, Ordering::Relaxed);
        self.writes.fetch_add(1, Ordering::Release);
    }

    /// Logs when trouble begins, changes or ends, and not each write that it hinders: the log may lie on the same disk.
    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        if let Ok(mut it) = self.trouble.lock() {
            match &trouble {
                Some(cause) if it.as_ref() != Some(cause) => {
                    tracing::error!(
                        cause,
                        "writing fails; whoever sends is told to come back, until it goes well again"
                    );
                }
                None if it.is_some() => tracing::info!("writing goes well again"),
                _ => {}
            }
            *it = trouble;
        }
    }
}

/// Counts one that waits, also when it goes away before it is answered.
pub(super) struct Queued<'a>(&'a Health);

impl<'a> Queued<'a> {
    pub(super) fn new(health: &'a Health) -> Self {
        health.waiting.fetch_add(1, Ordering::Relaxed);
        Self(health)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
