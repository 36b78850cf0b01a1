//! A sweep in words: why it began, how far it is, and how it ended.

use super::super::Around;
use super::super::time::{When, span};
use super::super::words::{capital, count, number, shown};
use crate::app::Run;
use crate::model::Timestamp;

/// A sweep that has ended.
#[derive(Debug)]
pub(super) struct RunView {
    pub account: String,
    pub what: String,
    pub why: String,
    pub began: When,
    pub took: String,
    pub compared: String,
    pub calls: String,
    pub found: String,
    /// Where stands what a dry one would change.
    pub would: Option<String>,
    /// Colour and words of how it ended.
    pub end: (&'static str, &'static str),
    pub trouble: Option<String>,
}

impl RunView {
    pub fn new(run: &Run, around: &Around<'_>) -> Self {
        let ended = run.ended_at.unwrap_or(around.now);
        Self {
            account: around.account(&run.account).label,
            what: capital(&what(run, around)),
            why: why(run),
            began: When::at(run.started_at, around.now, around.zone),
            took: match ended.since(run.started_at) {
                ..1_000 => "under a second".to_owned(),
                millis => span(millis),
            },
            compared: count(u64::from(run.compared), "package", "packages"),
            calls: count(u64::from(run.calls), "call", "calls"),
            found: found(run),
            would: run.dry.then(|| format!("/sync?dry={}#dry", run.id)),
            end: end(run),
            trouble: trouble(run),
        }
    }
}

/// What it goes through.
pub(super) fn what(run: &Run, around: &Around<'_>) -> String {
    let time = |at: Timestamp| When::at(at, around.now, around.zone).shown().to_owned();
    let range = match (run.since, run.until) {
        (Some(since), Some(until)) => format!("what changed from {} to {}", time(since), time(until)),
        (Some(since), None) => format!("what changed since {}", time(since)),
        (None, Some(until)) => format!("what changed until {}", time(until)),
        (None, None) => "everything".to_owned(),
    };
    if run.full { format!("{range}, and all that is open") } else { range }
}

/// Who or what began it.
pub(super) fn why(run: &Run) -> String {
    let by = run.asked_by.as_deref().map(|by| format!("asked for by {}", shown(by)));
    let why = by.unwrap_or_else(|| match run.reason.as_str() {
        "first" => "the account’s first".to_owned(),
        "start" => "signboard had started".to_owned(),
        "night" => "the night’s".to_owned(),
        "time" => "it was time".to_owned(),
        "silence" => "no callback had come for long".to_owned(),
        other => shown(other),
    });
    if run.dry { format!("dry run, {why}") } else { why }
}

/// What it found, in its own words: a first sweep finds nothing that was missed, a dry one repairs nothing.
pub(super) fn found(run: &Run) -> String {
    match (run.baseline, run.dry, run.found) {
        (true, _, _) => "the first look; nothing in it was missed".to_owned(),
        (_, true, many) => format!("{} would change", count(u64::from(many), "thing", "things")),
        (_, _, 0) => "nothing was missed".to_owned(),
        (_, _, many) => format!("{} repaired", number(u64::from(many))),
    }
}

fn end(run: &Run) -> (&'static str, &'static str) {
    if run.success {
        ("completed", if run.dry { "Whole, nothing was changed" } else { "Whole" })
    } else if run.stop {
        ("cancelled", "Stopped")
    } else {
        ("failed", "Not whole")
    }
}

/// What a reader should know of how it went.
fn trouble(run: &Run) -> Option<String> {
    let unread = (run.unread > 0).then(|| format!("{} could not be compared", number(u64::from(run.unread))));
    let by = run.stopped_by.as_deref().filter(|_| run.stop).map(|by| format!("by {}", shown(by)));
    let why = by.or_else(|| run.trouble.as_deref().map(|it| capital(&shown(it))));
    let all: Vec<String> = why.into_iter().chain(unread).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// `6,400 of 8,120 packages compared · 2 repaired · 82 calls so far, at most 60 a minute · about 30 s left`.
pub(super) fn progress(run: &Run, calls_per_minute: u32, now: Timestamp) -> String {
    let (done, total) = (run.done(), run.expected());
    let mut parts = vec![if total > done {
        format!("{} of {} compared", number(done), count(total, "package", "packages"))
    } else {
        format!("{} compared", count(done, "package", "packages"))
    }];
    if run.place.is_none() {
        parts.push("now those that the provider’s list does not name".to_owned());
    }
    parts.push(if run.baseline || run.dry || run.found > 0 {
        found(run)
    } else {
        "nothing missed yet".to_owned()
    });
    let calls = count(u64::from(run.calls), "call", "calls");
    parts.push(format!("{calls} so far, at most {} a minute", number(u64::from(calls_per_minute))));
    parts.extend(left(run, now).map(|left| format!("about {left} left")));
    parts.join(" · ")
}

/// As fast as it went so far.
fn left(run: &Run, now: Timestamp) -> Option<String> {
    let (done, total) = (i64::try_from(run.done()).ok()?, i64::try_from(run.expected()).ok()?);
    let passed = now.since(run.started_at);
    if done == 0 || total <= done || passed <= 0 || run.trouble.is_some() {
        return None;
    }
    let left = passed.saturating_mul(total - done) / done;
    // Nobody wants to see tenths of a guess.
    Some(if left < 60_000 { format!("{} s", (left / 1_000).max(1)) } else { span(left) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AccountId;

    const BEGAN: Timestamp = Timestamp(1_795_266_131_000);

    fn run() -> Run {
        let mut run = Run::new(AccountId("a".into()), "time", None, BEGAN);
        (run.total, run.compared, run.found, run.calls) = (8_120, 6_400, 2, 82);
        run
    }

    #[test]
    fn progress_is_a_sentence() {
        let said = |run: &Run, seconds: i64| progress(run, 60, BEGAN.plus(seconds * 1_000));
        assert_eq!(
            said(&run(), 112),
            "6,400 of 8,120 packages compared · 2 repaired · 82 calls so far, at most 60 a minute · about 30 s left"
        );
        assert!(said(&run(), 4_000).ends_with("about 17 min left"));
        let fresh = Run { compared: 0, total: 0, found: 0, calls: 1, ..run() };
        assert_eq!(
            said(&fresh, 5),
            "0 packages compared · nothing missed yet · 1 call so far, at most 60 a minute"
        );
        let first = Run { baseline: true, compared: 8_125, place: None, earlier: 8_000, ..run() };
        assert!(said(&first, 90).starts_with("8,125 of 16,120 packages"));
        let first = Run { total: 0, ..first };
        assert_eq!(
            said(&first, 90),
            "8,125 packages compared · now those that the provider’s list does not name · the first look; nothing in \
             it was missed · 82 calls so far, at most 60 a minute"
        );
        let dry = Run { dry: true, trouble: Some("the provider asks to wait".into()), ..run() };
        assert!(said(&dry, 90).contains("2 things would change") && !said(&dry, 90).contains("left"));
    }

    #[test]
    fn an_end_is_told_as_it_was() {
        let whole = Run { success: true, ..run() };
        let dry = Run { dry: true, ..whole.clone() };
        let stopped = Run { stop: true, stopped_by: Some("ann".into()), ..run() };
        let failed = Run { trouble: Some("it has no end".into()), unread: 3, ..run() };
        let all = [&whole, &dry, &stopped, &failed].map(|it| end(it).1);
        assert_eq!(all, ["Whole", "Whole, nothing was changed", "Stopped", "Not whole"]);
        assert_eq!(trouble(&stopped).as_deref(), Some("by ann"));
        assert_eq!(trouble(&failed).as_deref(), Some("It has no end; 3 could not be compared"));
    }
}
