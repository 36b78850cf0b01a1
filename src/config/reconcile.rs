//! The `reconcile` table of an account: how often its provider is gone through for what callbacks missed, and how hard
//! its API may be asked.

use super::CALLS_PER_MINUTE;
use super::reader::Reader;
use super::scope::Read;
use jiff::civil::Time;
use std::time::Duration;

const MAX_CALLS_PER_MINUTE: u32 = 6_000;
const MAX_CONCURRENCY: u32 = 16;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// When an account is swept, and how far back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReconcileConfig {
    /// From the beginning of one sweep to the next one's.
    pub every: Duration,
    /// A sweep begins this much before the time up to which the last one saw everything.
    pub overlap: Duration,
    /// At this time of the day, in the server's zone, a sweep goes through everything.
    pub full_at: Time,
    /// How far back a sweep through everything goes.
    pub since: Duration,
    /// How many packages are asked about at once.
    pub concurrency: u32,
    /// An account that tells nothing for so long is swept, whatever the time.
    pub silent_after: Duration,
}

impl Default for ReconcileConfig {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(6 * HOUR),
            overlap: Duration::from_secs(15 * MINUTE),
            full_at: Time::constant(2, 0, 0, 0),
            since: Duration::from_secs(90 * DAY),
            concurrency: 2,
            silent_after: Duration::from_secs(DAY),
        }
    }
}

/// The whole table, and the calls a minute, which count for every call to the API.
pub(super) fn reconcile(mut table: Reader<'_>) -> Read<(ReconcileConfig, u32)> {
    let default = ReconcileConfig::default();
    let every = table.checked("every", |it| span(it, 5 * MINUTE, 30 * DAY));
    let overlap = table.checked("overlap", |it| span(it, 1, DAY));
    let full_at = table.checked("full-at", time);
    let since = table.checked("since", |it| span(it, DAY, 3_650 * DAY));
    let calls = table.number("calls-per-minute", 1..=MAX_CALLS_PER_MINUTE);
    let concurrency = table.number("concurrency", 1..=MAX_CONCURRENCY);
    let silent_after = table.checked("silent-after", |it| span(it, 5 * MINUTE, 365 * DAY));
    table.finish();
    let config = ReconcileConfig {
        every: every?.unwrap_or(default.every),
        overlap: overlap?.unwrap_or(default.overlap),
        full_at: full_at?.unwrap_or(default.full_at),
        since: since?.unwrap_or(default.since),
        concurrency: concurrency?.unwrap_or(default.concurrency),
        silent_after: silent_after?.unwrap_or(default.silent_after),
    };
    Ok((config, calls?.unwrap_or(CALLS_PER_MINUTE)))
}

impl ReconcileConfig {
    /// The table as it could have been written.
    pub(super) fn text(&self, calls_per_minute: u32) -> String {
        format!(
            "{{ every = \"{}\", overlap = \"{}\", full-at = \"{}\", since = \"{}\", calls-per-minute = {calls_per_minute}, \
             concurrency = {}, silent-after = \"{}\" }}",
            words(self.every),
            words(self.overlap),
            self.full_at.strftime("%H:%M"),
            words(self.since),
            self.concurrency,
            words(self.silent_after),
        )
    }
}

/// A span in words: one number and one of s, m, h, d.
pub(super) fn span(text: &str, least: u64, most: u64) -> Result<Duration, String> {
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => MINUTE,
        Some('h') => HOUR,
        Some('d') => DAY,
        _ => 0,
    };
    let number = text.get(..text.len().saturating_sub(1)).and_then(|it| it.parse::<u64>().ok());
    let seconds = number.filter(|_| unit > 0).and_then(|it| it.checked_mul(unit));
    let seconds = seconds.ok_or_else(|| {
        format!("{text:?} is not a span of time; write a number and s, m, h or d, such as \"6h\"")
    })?;
    if (least..=most).contains(&seconds) {
        return Ok(Duration::from_secs(seconds));
    }
    let (least, most) = (words(Duration::from_secs(least)), words(Duration::from_secs(most)));
    Err(format!("{text:?} is out of bounds; write a span from \"{least}\" to \"{most}\""))
}

pub(super) fn words(span: Duration) -> String {
    let seconds = span.as_secs();
    let fits = [(DAY, "d"), (HOUR, "h"), (MINUTE, "m")];
    let unit = fits.into_iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    let (unit, letter) = unit.unwrap_or((1, "s"));
    format!("{}{letter}", seconds / unit)
}

fn time(text: &str) -> Result<Time, String> {
    let parsed = Time::strptime("%H:%M", text);
    parsed.map_err(|_| format!("{text:?} is not a time of the day; write one from \"00:00\" to \"23:59\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_one_number_and_one_unit() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("6h", 21_600), ("90d", 7_776_000)] {
            assert_eq!(span(text, 1, u64::MAX), Ok(Duration::from_secs(seconds)));
            assert_eq!(
                span(&words(Duration::from_secs(seconds)), 1, u64::MAX),
                Ok(Duration::from_secs(seconds))
            );
        }
        assert_eq!(
            (words(Duration::from_secs(86_400)), words(Duration::from_secs(5_400))),
            ("1d".into(), "90m".into())
        );
        for bad in ["", "h", "6", "6 h", "-6h", "1h30m", "6é", "99999999999999999999d", "0.5h"] {
            assert!(span(bad, 0, u64::MAX).unwrap_err().contains("such as \"6h\""), "{bad}");
        }
        assert_eq!(
            span("1m", 300, 600).unwrap_err(),
            "\"1m\" is out of bounds; write a span from \"5m\" to \"10m\""
        );
    }

    #[test]
    fn a_time_of_the_day_has_hours_and_minutes() {
        assert_eq!(time("02:00"), Ok(ReconcileConfig::default().full_at));
        assert_eq!(time("23:59").map(Time::minute), Ok(59));
        for bad in ["24:00", "2", "02:60", "02:00:00", "2pm"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }
}
