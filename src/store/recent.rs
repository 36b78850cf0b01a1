//! The last changes, at hand: what a page said before them is carried on by them, and not looked up again.

use super::read::Change;
use crate::model::Seq;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// So many changes are at hand.
const MOST: usize = 1_024;

/// The last changes, as the writer made them.
#[derive(Debug, Default)]
pub(super) struct Recent {
    ring: Mutex<Ring>,
    /// How often packages became others by something that isn't told in changes.
    upheavals: AtomicU64,
}

#[derive(Debug, Default)]
struct Ring {
    /// Those up to here are not at hand any more.
    gone: Seq,
    changes: VecDeque<Arc<Change>>,
}

impl Recent {
    /// From here on each change is told.
    pub(super) fn begin(&self, after: Seq) {
        if let Ok(mut ring) = self.ring.lock() {
            *ring = Ring { gone: after, changes: VecDeque::new() };
        }
    }

    /// They are on disk; each has the number after the one before.
    pub(super) fn add(&self, changes: &[Arc<Change>]) {
        let Ok(mut ring) = self.ring.lock() else { return };
        for change in changes {
            if ring.changes.len() == MOST
                && let Some(first) = ring.changes.pop_front()
            {
                ring.gone = first.row.seq;
            }
            ring.changes.push_back(Arc::clone(change));
        }
    }

    /// Packages became others, up to this change: nothing of before can be carried on.
    pub(super) fn upheaval(&self, seq: Seq) {
        self.begin(seq);
        self.upheavals.fetch_add(1, Ordering::Release);
    }

    /// What is kept of before another number is worth nothing.
    pub(super) fn upheavals(&self) -> u64 {
        self.upheavals.load(Ordering::Acquire)
    }

    /// The last change of which the counters know for certain.
    pub(super) fn last(&self) -> Option<Seq> {
        let ring = self.ring.lock().ok()?;
        Some(ring.changes.back().map_or(ring.gone, |last| last.row.seq))
    }

    /// What changed after this; `None`: that is too far back to tell.
    pub(super) fn after(&self, seq: Seq) -> Option<Vec<Arc<Change>>> {
        let ring = self.ring.lock().ok().filter(|it| it.gone <= seq)?;
        let newer = ring.changes.iter().rev().take_while(|it| it.row.seq > seq).count();
        Some(ring.changes.range(ring.changes.len() - newer..).cloned().collect())
    }
}
