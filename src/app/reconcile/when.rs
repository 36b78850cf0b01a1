//! When a sweep is due that nobody asked for, and why. Pure but for [`App::next_sweep`]: the time and what
//! is known are arguments.

use crate::app::{Account, App, StoreError};
use crate::config::ReconcileConfig;
use crate::model::Timestamp;
use crate::store::RunFacts;
use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use std::time::Duration;

/// No sweep begins sooner than this after the last one, but for the first after a start.
const PAUSE_MS: i64 = 15 * 60 * 1000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Why runs begin, as they are stored.
pub(super) const FIRST: &str = "first";
const START: &str = "start";
pub(super) const NIGHT: &str = "night";
const TIME: &str = "time";
const SILENCE: &str = "silence";

/// Whether a sweep is due, and why.
pub(super) fn due(
    config: &ReconcileConfig,
    facts: &RunFacts,
    since_start: bool,
    now: Timestamp,
    zone: &TimeZone,
) -> Option<&'static str> {
    let Some(last) = facts.last else { return Some(FIRST) };
    let paused = now.since(last) < PAUSE_MS;
    if facts.watermark.is_none() {
        return (!paused).then_some(FIRST);
    }
    let night = latest(config.full_at, now, zone);
    if !paused && night.is_some_and(|night| facts.last_full.is_none_or(|full| full < night)) {
        return Some(NIGHT);
    }
    if !since_start {
        return Some(START);
    }
    if again(config, last) <= now {
        return Some(TIME);
    }
    let silent = facts.last_callback.map(|at| at.plus(millis(config.silent_after)));
    (!paused && silent.is_some_and(|silent| silent <= now && last < silent)).then_some(SILENCE)
}

/// When the next sweep is due by itself, were callbacks to come as they do.
fn next(config: &ReconcileConfig, facts: &RunFacts, now: Timestamp, zone: &TimeZone) -> Timestamp {
    let Some(last) = facts.last.filter(|_| facts.watermark.is_some()) else { return now };
    // The last night that is at most a day away is the next one.
    let night = latest(config.full_at, now.plus(DAY_MS), zone).unwrap_or(Timestamp(i64::MAX));
    again(config, last).min(night).max(now)
}

/// When it is time again after a sweep that began at `last`: up to a twentieth later, and the same at every look, so
/// that accounts don't all come at once.
fn again(config: &ReconcileConfig, last: Timestamp) -> Timestamp {
    let every = millis(config.every);
    last.plus(every.saturating_add(every / 20 * last.0.rem_euclid(1_000) / 1_000))
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

impl App {
    /// When the account's next sweep is due by itself.
    ///
    /// # Errors
    /// What hinders the store.
    pub async fn next_sweep(&self, account: &Account) -> Result<Timestamp, StoreError> {
        let facts = self.store.run_facts(&account.id).await?;
        let zone = TimeZone::get(&self.config.server.time_zone).unwrap_or(TimeZone::UTC);
        Ok(next(&account.config.reconcile, &facts, self.now(), &zone))
    }
}

/// When it was last this time of the day.
pub(in crate::app) fn latest(time: jiff::civil::Time, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let here = jiff::Timestamp::from_millisecond(now.0).ok()?.to_zoned(zone.clone());
    let on = |date: jiff::civil::Date| date.to_datetime(time).to_zoned(zone.clone()).ok();
    let today = on(here.date())?;
    let at = if today <= here { today } else { on(here.date().checked_sub(1.day()).ok()?)? };
    Some(Timestamp(at.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    /// Noon on 22 November 2026, UTC.
    const NOON: Timestamp = Timestamp(1_795_348_800_000);

    fn facts(last: i64, last_full: i64, last_callback: i64) -> RunFacts {
        let at = |hours: i64| Some(NOON.plus(-hours * HOUR));
        RunFacts {
            watermark: at(last),
            last: at(last),
            last_full: at(last_full),
            last_callback: at(last_callback),
        }
    }

    fn asked(facts: RunFacts, since_start: bool) -> Option<&'static str> {
        due(&ReconcileConfig::default(), &facts, since_start, NOON, &TimeZone::UTC)
    }

    #[test]
    fn a_sweep_begins_when_it_is_time() {
        assert_eq!(asked(RunFacts::default(), false), Some(FIRST));
        assert_eq!(asked(facts(1, 9, 1), false), Some(START));
        assert_eq!(asked(facts(1, 9, 1), true), None);
        assert_eq!(asked(facts(5, 9, 1), true), None);
        assert_eq!(asked(facts(7, 9, 1), true), Some(TIME));
        // The last night's, at two, did not take place.
        assert_eq!(asked(facts(1, 11, 1), true), Some(NIGHT));
        // Silent for a day since half an hour ago, and the last sweep was before that.
        assert_eq!(asked(facts(1, 9, 24), true), Some(SILENCE));
        assert_eq!(asked(facts(1, 9, 26), true), None);
    }

    #[test]
    fn whatever_fails_is_not_begun_again_at_once() {
        let mut failed = facts(0, 11, 1);
        assert_eq!(asked(failed, true), None);
        failed.watermark = None;
        assert_eq!(asked(failed, true), None);
        failed.last = Some(NOON.plus(-PAUSE_MS));
        assert_eq!(asked(failed, true), Some(FIRST));
    }

    #[test]
    fn the_next_one_is_when_it_is_time_or_night() {
        let next = |facts| next(&ReconcileConfig::default(), &facts, NOON, &TimeZone::UTC).since(NOON) / HOUR;
        assert_eq!(next(facts(1, 9, 1)), 5);
        assert_eq!(next(facts(9, 9, 1)), 0);
        assert_eq!(next(RunFacts::default()), 0);
        // At two at night, though it would be time only later.
        let late = RunFacts { last: Some(NOON.plus(9 * HOUR)), ..facts(1, 9, 1) };
        assert_eq!(next(late), 14);
    }

    #[test]
    fn the_night_is_the_zones() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let two = ReconcileConfig::default().full_at;
        assert_eq!(latest(two, NOON, &zone), Some(NOON.plus(-5 * HOUR)));
        assert_eq!(latest(two, NOON.plus(-6 * HOUR), &zone), Some(NOON.plus(-29 * HOUR)));
    }
}
