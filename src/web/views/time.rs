//! Times as people read them: relative within a week, absolute after, and always the full time with its zone behind.
//!
//! `now` and the zone are arguments; nothing here asks what time it is. Any `i64` is printed, however odd.

use crate::model::Timestamp;
use askama::Template;
use jiff::tz::TimeZone;
use jiff::{Unit, Zoned};
use std::sync::OnceLock;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// The first and last instants that are printed as they are: 0001-01-02 and 9999-12-30. Nearer to the calendar's ends a
/// zone's offset would leave it.
const FIRST: i64 = -62_135_510_400_000;
const LAST: i64 = 253_402_128_000_000;

/// The zone in which a page prints its times.
#[derive(Debug, Clone)]
pub struct Zone {
    tz: TimeZone,
    name: String,
}

impl Zone {
    /// The zone of an IANA name such as `Europe/Berlin`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(|tz| Self { tz, name: name.to_owned() })
    }

    /// Universal time: what JSON speaks.
    #[must_use]
    pub fn utc() -> Self {
        Self { tz: TimeZone::UTC, name: "UTC".to_owned() }
    }

    /// Its name, for labels.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The beginning of the day that holds `at`.
    #[must_use]
    pub fn start_of_day(&self, at: Timestamp) -> Timestamp {
        let start = self.local(at).start_of_day();
        start.map_or(at, |day| Timestamp(day.timestamp().as_millisecond()))
    }

    /// When a clock of this zone shows `text`, such as `2026-11-20T10:00`; what is skipped or shown twice there counts as
    /// people there would take it.
    #[must_use]
    pub fn instant(&self, text: &str) -> Option<Timestamp> {
        let shown: jiff::civil::DateTime = text.parse().ok()?;
        let at = shown.to_zoned(self.tz.clone()).ok()?;
        Some(Timestamp(at.timestamp().as_millisecond()))
    }

    fn local(&self, at: Timestamp) -> Zoned {
        let at = at.0.clamp(FIRST, LAST);
        jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(self.tz.clone())
    }
}

/// The zones that a person may choose: those of places, and UTC.
#[must_use]
pub fn zones() -> &'static [String] {
    static ZONES: OnceLock<Vec<String>> = OnceLock::new();
    ZONES.get_or_init(|| {
        let is_place = |name: &str| {
            let area = name.split_once('/').map(|(area, _)| area);
            area.is_some_and(|area| !["Etc", "posix", "right", "SystemV"].contains(&area))
        };
        let all = jiff::tz::db().available().map(|it| it.as_str().to_owned());
        let mut all: Vec<String> = all.filter(|it| it == "UTC" || is_place(it)).collect();
        all.sort_unstable();
        all.dedup();
        all
    })
}

/// A `<time>`: what is shown, and the whole truth for hovering, assistive technology and scripts.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/when.html")]
pub struct When {
    datetime: String,
    full: String,
    shown: String,
    /// Says how long ago it was, so that it ages while the page stands open.
    ages: bool,
}

// Its own template escapes its parts, so a page may print it as it is.
impl askama::filters::HtmlSafe for When {}

impl When {
    /// Something that happened: `2 min ago`, `yesterday`, `18 Nov`.
    #[must_use]
    pub fn ago(at: Timestamp, now: Timestamp, zone: &Zone) -> Self {
        let (shown, ages) = ago(at, now, zone);
        Self { ages, ..Self::with(shown, at, zone) }
    }

    /// Something that will happen on a day: `today`, `in 3 days`, `30 Nov`.
    #[must_use]
    pub fn due(at: Timestamp, now: Timestamp, zone: &Zone) -> Self {
        Self::with(due(at, now, zone), at, zone)
    }

    /// A time of day under a heading that names the day: `14:02:11`.
    #[must_use]
    pub fn clock(at: Timestamp, zone: &Zone) -> Self {
        Self::with(zone.local(at).strftime("%H:%M:%S").to_string(), at, zone)
    }

    /// A day and a time: `18 Nov, 10:04`.
    #[must_use]
    pub fn at(at: Timestamp, now: Timestamp, zone: &Zone) -> Self {
        let time = zone.local(at).strftime("%H:%M").to_string();
        Self::with(format!("{}, {time}", day(at, now, zone)), at, zone)
    }

    /// A time that is mostly near: `18:00` on the same day, else `22 Nov, 02:00`.
    #[must_use]
    pub fn near(at: Timestamp, now: Timestamp, zone: &Zone) -> Self {
        if days_between(now, at, zone) != 0 {
            return Self::at(at, now, zone);
        }
        Self::with(zone.local(at).strftime("%H:%M").to_string(), at, zone)
    }

    /// The words that are shown.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    fn with(shown: String, at: Timestamp, zone: &Zone) -> Self {
        let full = zone.local(at).strftime("%a %-d %b %Y, %H:%M:%S%.3f").to_string();
        Self { datetime: rfc3339(at), full: format!("{full} {}", zone.name), shown, ages: false }
    }
}

/// RFC 3339 in UTC with milliseconds: `2026-11-21T13:02:11.000Z`.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    Zone::utc().local(at).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A time within a sentence, for readers who know the zone: `18 Nov 2026 10:09:12`.
#[must_use]
pub fn stamp(at: Timestamp, zone: &Zone) -> String {
    zone.local(at).strftime("%-d %b %Y %H:%M:%S").to_string()
}

/// A time of day within a sentence: `10:09:12`.
#[must_use]
pub fn clock(at: Timestamp, zone: &Zone) -> String {
    zone.local(at).strftime("%H:%M:%S").to_string()
}

/// A heading above the events of a day: `today, 21 Nov 2026`, `Wed 18 Nov 2026`.
#[must_use]
pub fn day_heading(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    let local = zone.local(at);
    match days_between(at, now, zone) {
        0 => local.strftime("today, %-d %b %Y").to_string(),
        1 => local.strftime("yesterday, %-d %b %Y").to_string(),
        _ => local.strftime("%a %-d %b %Y").to_string(),
    }
}

/// A length of time in one unit: `0.4 s`, `12 s`, `3 min`, `5 h`, `2 days`.
#[must_use]
pub fn lasting(millis: i64) -> String {
    let millis = millis.saturating_abs();
    if millis < 10 * SECOND {
        format!("{}.{} s", millis / SECOND, millis % SECOND / 100)
    } else if millis < MINUTE {
        format!("{} s", millis / SECOND)
    } else if millis < HOUR {
        format!("{} min", millis / MINUTE)
    } else if millis < 48 * HOUR {
        format!("{} h", millis / HOUR)
    } else {
        format!("{} days", millis / (24 * HOUR))
    }
}

/// A length of time in its two greatest units: `12 s`, `3 min`, `4 h 49 min`, `2 days 5 h`.
#[must_use]
pub fn span(millis: i64) -> String {
    let (hours, minutes) = (millis / HOUR, millis % HOUR / MINUTE);
    let (great, small) = match hours {
        ..1 => return lasting(millis),
        1..48 => (format!("{hours} h"), (minutes, "min")),
        _ => (format!("{} days", hours / 24), (hours % 24, "h")),
    };
    if small.0 == 0 { great } else { format!("{great} {} {}", small.0, small.1) }
}

fn ago(at: Timestamp, now: Timestamp, zone: &Zone) -> (String, bool) {
    let passed = now.since(at);
    let days = days_between(at, now, zone);
    if passed < -MINUTE || days >= 7 {
        (day(at, now, zone), false)
    } else if passed < MINUTE {
        ("just now".to_owned(), true)
    } else if passed < HOUR {
        (format!("{} min ago", passed / MINUTE), true)
    } else if days == 0 || passed < 6 * HOUR {
        (format!("{} h ago", passed / HOUR), true)
    } else if days == 1 {
        ("yesterday".to_owned(), true)
    } else {
        (format!("{days} days ago"), true)
    }
}

fn due(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    match days_between(now, at, zone) {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days @ 2..7 => format!("in {days} days"),
        _ => day(at, now, zone),
    }
}

/// `18 Nov`, with the year unless it is this one.
fn day(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    let (local, today) = (zone.local(at), zone.local(now));
    let form = if local.year() == today.year() { "%-d %b" } else { "%-d %b %Y" };
    local.strftime(form).to_string()
}

/// How many midnights lie between two instants in the zone.
fn days_between(earlier: Timestamp, later: Timestamp, zone: &Zone) -> i32 {
    let (from, to) = (zone.local(earlier).date(), zone.local(later).date());
    from.until((Unit::Day, to)).map_or(i32::MAX, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    // Sat 21 Nov 2026, 14:02:11 in Berlin.
    const NOW: Timestamp = Timestamp(1_795_266_131_000);
    const DAY: i64 = 24 * HOUR;

    fn berlin() -> Zone {
        Zone::named("Europe/Berlin").expect("bundled")
    }

    #[test]
    fn what_happened_is_relative_within_a_week_and_absolute_after() {
        for (passed, shown) in [
            (0, "just now"),
            (59 * SECOND, "just now"),
            (-30 * SECOND, "just now"),
            (MINUTE, "1 min ago"),
            (59 * MINUTE, "59 min ago"),
            (HOUR, "1 h ago"),
            (14 * HOUR, "14 h ago"),
            (15 * HOUR, "yesterday"),
            (DAY, "yesterday"),
            (2 * DAY, "2 days ago"),
            (6 * DAY, "6 days ago"),
            (7 * DAY, "14 Nov"),
            (400 * DAY, "17 Oct 2025"),
            (-2 * HOUR, "21 Nov"),
            (-400 * DAY, "26 Dec 2027"),
        ] {
            assert_eq!(When::ago(NOW.plus(-passed), NOW, &berlin()).shown, shown, "{passed}");
        }
        let midnight = berlin().start_of_day(NOW);
        assert_eq!(When::ago(midnight.plus(-HOUR), midnight.plus(2 * HOUR), &berlin()).shown, "3 h ago");
    }

    #[test]
    fn what_is_due_is_a_day() {
        let shown = |days: i64| When::due(NOW.plus(days * DAY), NOW, &berlin()).shown;
        let expected = ["20 Nov", "today", "tomorrow", "in 2 days", "in 6 days", "28 Nov", "25 Jan 2027"];
        assert_eq!([-1, 0, 1, 2, 6, 7, 65].map(shown), expected);
    }

    #[test]
    fn the_whole_truth_is_behind_every_time() {
        let html = When::ago(NOW.plus(-HOUR), NOW, &berlin()).render().expect("renders");
        assert_eq!(
            html,
            "<time datetime=\"2026-11-21T12:02:11.000Z\" title=\"Sat 21 Nov 2026, 13:02:11.000 Europe/Berlin\" \
             data-ago>1 h ago</time>"
        );
        assert_eq!(When::at(NOW, NOW, &berlin()).shown, "21 Nov, 14:02");
        assert_eq!(When::clock(NOW, &berlin()).shown, "14:02:11");
        assert_eq!(When::near(NOW.plus(4 * HOUR), NOW, &berlin()).shown, "18:02");
        assert_eq!(When::near(NOW.plus(12 * HOUR), NOW, &berlin()).shown, "22 Nov, 02:02");
        assert_eq!(day_heading(NOW.plus(-3 * DAY), NOW, &berlin()), "Wed 18 Nov 2026");
        assert_eq!(stamp(NOW, &Zone::utc()), "21 Nov 2026 13:02:11");
    }

    #[test]
    fn any_number_is_printed() {
        for odd in [i64::MIN, FIRST - 1, -1, 0, LAST + 1, i64::MAX] {
            let zone = Zone::named("Pacific/Kiritimati").expect("bundled");
            let at = Timestamp(odd);
            for now in [at, NOW, Timestamp(i64::MIN), Timestamp(i64::MAX)] {
                let _ = (When::ago(at, now, &zone), When::due(at, now, &zone), zone.start_of_day(at));
                let _ = (day_heading(at, now, &zone), lasting(odd), When::at(at, now, &zone));
                let _ = (span(odd), When::near(at, now, &zone));
            }
        }
        assert_eq!(rfc3339(Timestamp(i64::MIN)), "0001-01-02T00:00:00.000Z");
        assert_eq!(rfc3339(Timestamp(i64::MAX)), "9999-12-30T00:00:00.000Z");
    }

    #[test]
    fn lengths_have_one_unit() {
        let said = [400, 12_000, 180_000, 5 * HOUR, 3 * DAY].map(lasting);
        assert_eq!(said, ["0.4 s", "12 s", "3 min", "5 h", "3 days"]);
        let said = [12_000, 4 * HOUR + 49 * MINUTE, 5 * HOUR, 53 * HOUR, 72 * HOUR].map(span);
        assert_eq!(said, ["12 s", "4 h 49 min", "5 h", "2 days 5 h", "3 days"]);
    }
}
