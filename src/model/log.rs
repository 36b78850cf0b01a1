//! The log of a package: which records are the same fact (state.md rules 2 and 16).

use super::{Record, Timestamp};

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
    let same = |known: &Record| match record.answer() {
        Some(answer) => known.answer() == Some(answer),
        None => known.fingerprint == record.fingerprint,
    };
    let Some(at) = log.iter().position(same) else {
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
fn count(known: &mut Record, again: &Record) {
    known.deliveries = known.deliveries.saturating_add(again.deliveries);
    // One delivery that somebody vouches for is enough.
    known.unverified &= again.unverified;
    let first = |it: &Record| (it.received_at, it.origin, it.arrival);
    if (first(again), &again.name) < (first(known), &known.name) {
        known.received_at = again.received_at;
        known.name.clone_from(&again.name);
        known.origin = again.origin;
        known.arrival = again.arrival;
    }
}

/// When the API was last asked with success, by our clock.
#[must_use]
pub fn last_asked(log: &[Record]) -> Option<Timestamp> {
    log.iter().filter(|record| record.answer().is_some()).map(|record| record.received_at).max()
}
