//! The log of a package: which records are the same fact (state.md rules 2 and 16).

use super::{Record, Timestamp};

/// What became of a record that was offered to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// A fact the log didn't know: appended at the end.
    Fresh,
    /// A fact it knew, at this index: counted there.
    Repeat(usize),
    /// An answer that agrees with the newest one, at this index: its time moved forward in place.
    Confirmed(usize),
}

/// Puts `record` into `log`, or counts it where it already is. Order doesn't matter: the earliest receipt stays.
pub fn merge(log: &mut Vec<Record>, record: Record) -> Merged {
    if let Some(at) = log.iter().position(|known| known.fingerprint == record.fingerprint) {
        count(&mut log[at], &record);
        return Merged::Repeat(at);
    }
    if let Some(at) = newest_answer(log)
        && log[at].answer() == record.answer()
    {
        let known = &mut log[at];
        known.happened_at = known.happened_at.max(record.happened_at);
        known.received_at = known.received_at.max(record.received_at);
        known.deliveries = known.deliveries.saturating_add(record.deliveries);
        return Merged::Confirmed(at);
    }
    log.push(record);
    Merged::Fresh
}

/// Adds the deliveries of `again` to `known`; whatever came first by our clock gives the receipt, the word and the bytes.
fn count(known: &mut Record, again: &Record) {
    known.deliveries = known.deliveries.saturating_add(again.deliveries);
    if (again.received_at, &again.name) < (known.received_at, &known.name) {
        known.received_at = again.received_at;
        known.name.clone_from(&again.name);
        known.origin = again.origin;
        known.arrival = again.arrival;
    }
}

fn newest_answer(log: &[Record]) -> Option<usize> {
    let answers = log.iter().enumerate().filter(|(_, record)| record.answer().is_some());
    answers.max_by_key(|(_, record)| (record.happened_at, record.fingerprint)).map(|(at, _)| at)
}

/// When the API was last asked with success, by our clock.
#[must_use]
pub fn last_asked(log: &[Record]) -> Option<Timestamp> {
    log.iter().filter(|record| record.answer().is_some()).map(|record| record.received_at).max()
}
