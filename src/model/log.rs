//! The log of a package: which records are the same fact (state.md rules 2 and 16).

use super::{Fingerprint, Record, Timestamp};
use std::collections::HashMap;

/// A log shorter than this is looked through.
const FEW: usize = 64;

/// What became of a record that was offered to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// A fact the log didn't know: appended at the end.
    Fresh,
    /// A fact it knew, at this index: counted there.
    Repeat(usize),
    /// An answer that says what the one at this index said: that one's time moved forward in place.
    Confirmed(usize),
}

/// Puts `record` into `log`, or counts it where it already is. Order doesn't matter: of a fact the earliest receipt
/// stays, of an answer the latest time.
///
/// Rule 16 with more than it asks: an answer moves forward whichever earlier one says the same, not only the newest.
/// Whether an answer between the two was known before or after must not decide what the log holds; and an API that
/// flaps between two answers fills no log.
pub fn merge(log: &mut Vec<Record>, record: Record) -> Merged {
    let at = log.iter().position(|known| match record.answer() {
        Some(answer) => known.answer() == Some(answer),
        None => known.fingerprint == record.fingerprint,
    });
    merge_at(log, at, record)
}

/// Where each fact of one log is, which only [`Places::merge`] makes longer: a body may bring thousands of facts of one
/// package, and to look through the log for each of them would hold up everybody.
#[derive(Debug, Default)]
pub struct Places {
    known: HashMap<Fingerprint, usize>,
    upto: usize,
}

impl Places {
    /// The same as [`merge`].
    pub fn merge(&mut self, log: &mut Vec<Record>, record: Record) -> Merged {
        if log.len() < FEW || record.answer().is_some() {
            return merge(log, record);
        }
        for (at, known) in log.iter().enumerate().skip(self.upto) {
            self.known.entry(known.fingerprint).or_insert(at);
        }
        self.upto = log.len();
        let at = self.known.get(&record.fingerprint).copied();
        merge_at(log, at, record)
    }
}

fn merge_at(log: &mut Vec<Record>, at: Option<usize>, record: Record) -> Merged {
    let Some(at) = at else {
        log.push(record);
        return Merged::Fresh;
    };
    let known = &mut log[at];
    if record.answer().is_some() {
        known.happened_at = known.happened_at.max(record.happened_at);
        known.received_at = known.received_at.max(record.received_at);
        known.deliveries = known.deliveries.saturating_add(record.deliveries);
        return Merged::Confirmed(at);
    }
    count(known, &record);
    Merged::Repeat(at)
}

/// Adds the deliveries of `again` to `known`; whatever came first by our clock gives the receipt, the word and the bytes.
/// What it says, whoever is vouched for decides: some facts are the same by an id alone, and a stranger may send any id.
fn count(known: &mut Record, again: &Record) {
    known.deliveries = known.deliveries.saturating_add(again.deliveries);
    let first = |it: &Record| (it.received_at, it.origin, it.arrival);
    let earlier = (first(again), &again.name) < (first(known), &known.name);
    if known.unverified && !again.unverified {
        known.event.clone_from(&again.event);
        known.who.clone_from(&again.who);
        known.happened_at = again.happened_at;
        known.name.clone_from(&again.name);
    } else if earlier && known.unverified == again.unverified {
        known.name.clone_from(&again.name);
    }
    // One delivery that somebody vouches for is enough.
    known.unverified &= again.unverified;
    if earlier {
        known.received_at = again.received_at;
        known.origin = again.origin;
        known.arrival = again.arrival;
    }
}

/// When the API was last asked with success, by our clock.
#[must_use]
pub fn last_asked(log: &[Record]) -> Option<Timestamp> {
    log.iter().filter(|record| record.answer().is_some()).map(|record| record.received_at).max()
}
