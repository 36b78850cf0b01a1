//! A package's timeline: every fact in words, newest first, under the days on which they happened.

use super::time::{When, day_heading, lasting};
use super::words::{self, Phrase, shown};
use super::{Around, link, why};
use crate::model::{Answer, Bounce, Event, Origin, Package, PackageKey, Record, SignerStatus, Timestamp};

/// More than these make a page that nobody reads; the JSON answer has them all.
const MOST_SHOWN: usize = 500;
/// A callback that took longer than this is marked as late.
const LATE_MS: i64 = 60_000;

/// A day of the timeline.
#[derive(Debug)]
pub(super) struct Day {
    pub heading: String,
    pub entries: Vec<Entry>,
}

/// A fact of the timeline.
#[derive(Debug)]
pub(super) struct Entry {
    pub when: When,
    /// The colour of its dot.
    pub class: &'static str,
    pub phrase: Phrase,
    /// How the board learned of it, in words.
    pub origin: Vec<String>,
    /// What is odd about how it came.
    pub odd: Vec<String>,
    pub payload: Option<String>,
}

/// The newest facts of a log by day, among them what came of alerts, and how many older ones are left out.
pub(super) fn days(
    key: &PackageKey,
    package: &Package,
    log: &[Record],
    notes: Vec<(Timestamp, Entry)>,
    around: &Around<'_>,
) -> (Vec<Day>, usize) {
    let mut facts: Vec<&Record> = log.iter().collect();
    sort(&mut facts);
    let left_out = facts.len().saturating_sub(MOST_SHOWN);
    let untimed = is_untimed(log);
    let mut days: Vec<Day> = Vec::new();
    let mut notes = notes.into_iter().peekable();
    let mut all = Vec::new();
    for record in facts.into_iter().rev().take(MOST_SHOWN) {
        let at = record.shown_time();
        all.extend(std::iter::from_fn(|| notes.next_if(|(noted, _)| *noted >= at)));
        all.push((at, Entry::new(record, key, package, around, untimed)));
    }
    all.extend(notes.filter(|_| left_out == 0));
    for (at, entry) in all {
        let heading = day_heading(at, around.now, around.zone);
        match days.last_mut() {
            Some(day) if day.heading == heading => day.entries.push(entry),
            Some(_) | None => days.push(Day { heading, entries: vec![entry] }),
        }
    }
    (days, left_out)
}

/// Whether its provider told no time at all: that is said once, and not of each fact.
pub(super) fn is_untimed(log: &[Record]) -> bool {
    let mut told = log.iter().filter(|it| it.answer().is_none()).peekable();
    told.peek().is_some() && told.all(|it| it.happened_at.is_none())
}

/// Oldest first, in the order in which the facts are folded.
pub(super) fn sort(facts: &mut [&Record]) {
    facts.sort_by_key(|it| (it.shown_time(), it.event.rank(), it.fingerprint));
}

impl Entry {
    fn new(record: &Record, key: &PackageKey, package: &Package, around: &Around<'_>, untimed: bool) -> Self {
        // The bytes hold more than what the board reads in them: they are for whoever may open the inbox.
        let opens = around.who.is_some_and(|who| who.inbox);
        Self {
            when: When::clock(record.shown_time(), around.zone),
            class: class(&record.event),
            phrase: words::told(record, package),
            origin: origin(record),
            odd: odd(record, untimed),
            payload: record.arrival.filter(|_| opens).map(|arrival| link::payload(key, arrival)),
        }
    }
}

fn origin(record: &Record) -> Vec<String> {
    let mut parts = Vec::new();
    let name = shown(&record.name);
    match record.origin {
        Origin::Callback => parts.push(format!("callback {name}")),
        Origin::Poll if record.answer().is_some() => parts.push("asked".to_owned()),
        Origin::Poll => parts.push(format!("found by asking the API, {name}")),
        Origin::Hand => parts.push(format!("entered by hand, {name}")),
    }
    if let Event::Consented { document } = &record.event {
        parts.push(shown(document));
    }
    if let Some(lag) = lag(record).filter(|lag| (0..=LATE_MS).contains(lag)) {
        parts.push(format!("received {} later", lasting(lag)));
    }
    let times = u64::from(record.deliveries);
    if record.answer().is_some() && times > 1 {
        parts.push(format!("said {times} times"));
    } else if times == 2 {
        parts.push("delivered twice".to_owned());
    } else if times > 2 {
        parts.push(format!("delivered {} times", words::number(times)));
    }
    parts
}

fn odd(record: &Record, untimed: bool) -> Vec<String> {
    let mut parts = Vec::new();
    match (record.happened_at, record.sort_time()) {
        (None, _) if untimed => {}
        (None, _) => parts.push("without a time of its own, placed at its receipt".to_owned()),
        (Some(told), Some((_, true))) => {
            parts.push(format!("{}, so it is placed at its receipt", why::absurd(told)));
        }
        (Some(_), _) => {}
    }
    if record.unverified {
        parts.push("unverified: it carried no signature".to_owned());
    }
    match lag(record) {
        Some(lag) if lag > LATE_MS => parts.push(format!("received {} later", lasting(lag))),
        Some(lag) if lag < -1_000 => {
            parts.push(format!("received {} before its own time", lasting(lag)));
        }
        Some(_) | None => {}
    }
    parts
}

/// From the provider's time to ours, where the provider's can be believed. An answer has no such way to go.
fn lag(record: &Record) -> Option<i64> {
    let (at, absurd): (Timestamp, bool) = record.sort_time()?;
    (!absurd && record.answer().is_none()).then(|| record.received_at.since(at))
}

fn class(event: &Event) -> &'static str {
    match event {
        Event::SignerCompleted | Event::DocumentSigned { .. } | Event::Completed | Event::ReadyToComplete => {
            "good"
        }
        Event::PdfReady | Event::Field { rejected: false, .. } | Event::Deposited { failed: false } => "good",
        Event::Stands(step) => match step.status() {
            SignerStatus::Signed => "good",
            SignerStatus::Waiting => "plain",
            _ => "on",
        },
        Event::Locked
        | Event::Refused { .. }
        | Event::Failed
        | Event::Field { rejected: true, .. }
        | Event::Rendered { failed: true }
        | Event::Deposited { failed: true }
        | Event::IdentityFailed
        | Event::Bounced(Bounce::Returned)
        | Event::Declined { .. }
        | Event::OptedOut { .. } => "bad",
        Event::Sent | Event::Viewed { .. } | Event::Consented { .. } | Event::Reassigned { .. } => "on",
        Event::Expired | Event::Cancelled => "over",
        Event::Answered(answer) => match &**answer {
            Answer::Shown(_) => "asked",
            Answer::NotFound => "over",
        },
        Event::Created
        | Event::Recalled
        | Event::Archived
        | Event::Trashed
        | Event::Restored
        | Event::Deleted
        | Event::AttachmentAdded { .. }
        | Event::TemplateCreated
        | Event::Bounced(Bounce::Complaint | Bounce::OutOfOffice)
        | Event::Rendered { failed: false }
        | Event::Described(_)
        | Event::Linked
        | Event::Mentioned
        | Event::Noted
        | Event::Unrecognised => "plain",
    }
}
