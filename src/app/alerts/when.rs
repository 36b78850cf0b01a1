//! When somebody wants to hear: quiet hours, a daily digest, and the day in their zone. Pure: the time is an argument.

use crate::model::Timestamp;
use crate::model::wishes::{Day, Minute, Wishes};
use jiff::ToSpan as _;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, Zoned};

/// When something that happens at `now` may be told: with the next digest, else at once, but not in a quiet hour.
pub(super) fn earliest(wishes: &Wishes, now: Timestamp, zone: &TimeZone) -> Timestamp {
    let at = wishes.digest.and_then(|digest| next(digest, now, zone)).unwrap_or(now);
    after_quiet(wishes, at, zone)
}

/// `at`, or the end of the quiet hours that it falls into.
pub(super) fn after_quiet(wishes: &Wishes, at: Timestamp, zone: &TimeZone) -> Timestamp {
    let Some(quiet) = wishes.quiet else { return at };
    let holds = local(at, zone).and_then(|it| minute(&it)).is_some_and(|it| quiet.holds(it));
    if holds { next(quiet.until, at, zone).unwrap_or(at) } else { at }
}

/// The day of `at`.
pub(super) fn day(at: Timestamp, zone: &TimeZone) -> Option<Day> {
    let local = local(at, zone)?;
    let part = |it: i8| u8::try_from(it).ok();
    Day::new(local.year(), part(local.month())?, part(local.day())?)
}

/// `22 Nov 2026, 12:03 (Europe/Berlin)`.
pub(super) fn stamp(at: Timestamp, zone: &TimeZone) -> String {
    let Some(local) = local(at, zone) else { return String::new() };
    format!("{} ({})", local.strftime("%-d %b %Y, %H:%M"), zone.iana_name().unwrap_or("UTC"))
}

/// The next time after `now` at which clocks show it.
fn next(wanted: Minute, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let local = local(now, zone)?;
    let part = |it: u8| i8::try_from(it).ok();
    let time = Time::new(part(wanted.hour())?, part(wanted.minute())?, 0, 0).ok()?;
    let on = |date: jiff::civil::Date| {
        let at = date.to_datetime(time).to_zoned(zone.clone()).ok()?;
        Some(Timestamp(at.timestamp().as_millisecond()))
    };
    let today = on(local.date()).filter(|at| *at > now);
    today.or_else(|| on(local.date().checked_add(1.day()).ok()?))
}

/// When clocks show it on the day after `now`'s.
pub(super) fn tomorrow(wanted: Minute, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let local = local(now, zone)?;
    let midnight = local.date().checked_add(1.day()).ok()?.to_zoned(zone.clone()).ok()?;
    let before = Timestamp(midnight.timestamp().as_millisecond()).plus(-1);
    next(wanted, before, zone)
}

fn local(at: Timestamp, zone: &TimeZone) -> Option<Zoned> {
    Some(Instant::from_millisecond(at.0).ok()?.to_zoned(zone.clone()))
}

fn minute(local: &Zoned) -> Option<Minute> {
    Minute::new(u8::try_from(local.hour()).ok()?, u8::try_from(local.minute()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::wishes::Quiet;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<Instant>().unwrap().as_millisecond())
    }

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn minute(text: &str) -> Minute {
        Minute::parse(text).unwrap()
    }

    #[test]
    fn quiet_hours_are_those_of_the_persons_zone() {
        let night = Quiet { from: minute("22:00"), until: minute("07:00") };
        let wishes = Wishes { quiet: Some(night), ..Wishes::default() };
        for (now, when) in [
            ("2026-11-22T20:59:59Z", "2026-11-22T20:59:59Z"),
            ("2026-11-22T21:00:00Z", "2026-11-23T06:00:00Z"),
            ("2026-11-23T05:59:00Z", "2026-11-23T06:00:00Z"),
            ("2026-11-23T06:00:00Z", "2026-11-23T06:00:00Z"),
            // The night in which clocks go forward is an hour shorter.
            ("2027-03-27T23:00:00Z", "2027-03-28T05:00:00Z"),
        ] {
            assert_eq!(earliest(&wishes, at(now), &berlin()), at(when), "{now}");
        }
    }

    #[test]
    fn a_digest_comes_at_its_time_and_not_in_quiet_hours() {
        let daily = Wishes { digest: Some(minute("08:00")), ..Wishes::default() };
        assert_eq!(earliest(&daily, at("2026-11-22T12:00:00Z"), &berlin()), at("2026-11-23T07:00:00Z"));
        assert_eq!(earliest(&daily, at("2026-11-22T06:00:00Z"), &berlin()), at("2026-11-22T07:00:00Z"));
        let quiet = Quiet { from: minute("07:30"), until: minute("09:00") };
        let both = Wishes { quiet: Some(quiet), ..daily };
        assert_eq!(earliest(&both, at("2026-11-22T12:00:00Z"), &berlin()), at("2026-11-23T08:00:00Z"));
    }

    #[test]
    fn tomorrow_is_the_next_day_of_the_calendar_even_just_after_midnight() {
        for (now, when) in [
            ("2026-11-22T12:00:00Z", "2026-11-23T07:00:00Z"),
            ("2026-11-22T22:59:00Z", "2026-11-23T07:00:00Z"),
            ("2026-11-22T23:01:00Z", "2026-11-24T07:00:00Z"),
            ("2027-03-27T12:00:00Z", "2027-03-28T06:00:00Z"),
        ] {
            assert_eq!(tomorrow(minute("08:00"), at(now), &berlin()), Some(at(when)), "{now}");
        }
    }

    #[test]
    fn a_day_begins_where_the_person_is() {
        assert_eq!(day(at("2026-11-22T23:30:00Z"), &berlin()), Day::parse("2026-11-23"));
        assert_eq!(stamp(at("2026-11-22T23:30:00Z"), &berlin()), "23 Nov 2026, 00:30 (Europe/Berlin)");
    }
}
