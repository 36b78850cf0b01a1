//! Sweeps: goes through an account at its provider for what callbacks missed, repairs it, and has it written down.
//!
//! A sweep reads the pages of the provider's list, from what changed last back to where the last sweep had seen everything.
//! At night, and the first time, it goes further back and also asks about open packages that the list doesn't name. Where
//! it stands is on disk after each page, so that whatever interrupts it, it goes on from there. Answers go through the
//! same door as any other; [`diff`](mod@crate::model::diff) says what they showed.

use super::asking::{answered, too_many_missing};
use super::{Account, App, StoreError};
use crate::config::ReconcileConfig;
use crate::model::{Answer, PackageId, PackageKey, Timestamp};
use crate::provider::{FetchError, Fetched, Listing};
use crate::store::{Run, RunFacts};
use futures_util::future::join_all;
use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use std::time::Duration;

/// So many rows of open packages are looked at in one step, and at most so many asked about.
const CHUNK: u32 = 20;
/// No account has so many pages; a list that goes on for ever is ended here.
const MOST_PAGES: u32 = 100_000;
/// Where packages left the list since the page before, so many rows at the most are read again.
const MOST_BACK: u32 = 50;
/// No sweep begins sooner than this after the last one, but for the first after a start.
const PAUSE_MS: i64 = 15 * 60 * 1000;

/// What one step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swept {
    /// Nothing: no sweep is due, or the account rests.
    Idle,
    /// It went on; there is more to do.
    Went,
    /// The sweep has ended.
    Ended(Box<Run>),
}

/// A sweep under way; what isn't in its row is found out again after a restart.
#[derive(Debug)]
pub struct Sweep {
    run: Run,
    /// The row behind which open packages are looked for.
    cursor: i64,
    /// How many the list held at the page before.
    total: u64,
    /// Asked about, and unknown to the API.
    missing: Vec<(PackageKey, Option<Timestamp>, Timestamp)>,
}

/// What an account remembers of its sweeps.
#[derive(Debug, Default)]
pub struct Sweeps {
    under_way: Option<Sweep>,
    since_start: bool,
}

impl App {
    /// One step of an account's sweep: begins one that is due, or takes the one under way a page or a few packages on.
    ///
    /// # Errors
    /// What hinders the store. What hinders the API makes the account rest, and the sweep waits.
    pub async fn sweep_step(&self, account: &Account) -> Result<Swept, StoreError> {
        let now = self.now();
        let Some(_turn) = account.turn(now) else { return Ok(Swept::Idle) };
        let mut sweeps = account.sweeps.lock().await;
        let mut sweep = match sweeps.under_way.take() {
            Some(sweep) => sweep,
            None => match self.begin(account, sweeps.since_start, now).await? {
                Some(run) => Sweep { run, cursor: 0, total: 0, missing: Vec::new() },
                None => return Ok(Swept::Idle),
            },
        };
        sweeps.since_start = true;
        let went = match sweep.run.place {
            Some(place) => self.page(account, &mut sweep, place).await,
            None => self.unlisted(account, &mut sweep).await,
        };
        let ended = sweep.run.ended_at.is_some();
        let run = Box::new(sweep.run.clone());
        if !ended {
            sweeps.under_way = Some(sweep);
        }
        match went? {
            true if ended => Ok(Swept::Ended(run)),
            true => Ok(Swept::Went),
            false => Ok(Swept::Idle),
        }
    }

    /// The run that was interrupted, or one that is due now.
    async fn begin(
        &self,
        account: &Account,
        since_start: bool,
        now: Timestamp,
    ) -> Result<Option<Run>, StoreError> {
        let newest = self.store.runs(Some(&account.id), None, 1).await?.into_iter().next();
        if let Some(run) = newest.filter(|run| run.ended_at.is_none()) {
            return Ok(Some(run));
        }
        let (config, facts) = (&account.config.reconcile, self.store.run_facts(&account.id).await?);
        let zone = TimeZone::get(&self.config.server.time_zone).unwrap_or(TimeZone::UTC);
        let Some(reason) = due(config, &facts, since_start, now, &zone) else { return Ok(None) };
        let full = matches!(reason, FIRST | NIGHT);
        let back =
            |from: Timestamp, span: Duration| from.plus(-i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
        let since = match facts.watermark {
            Some(watermark) if !full => back(watermark, config.overlap),
            _ => back(now, config.since),
        };
        let mut run = Run::new(account.id.clone(), reason, Some(since), now);
        run.full = full;
        run.baseline = facts.watermark.is_none();
        self.store.begin_run(run).await.map(Some)
    }

    /// Reads one page. `false`: something hindered it, and it comes again.
    async fn page(&self, account: &Account, sweep: &mut Sweep, place: u32) -> Result<bool, StoreError> {
        let asked_at = self.now();
        let listing = match account.provider.list(sweep.run.since, place, asked_at).await {
            Ok(listing) => listing,
            Err(error) => return self.hindered(account, sweep, &error).await,
        };
        let d = account.answered(listing.date, asked_at);
        account.note_api(|state| state.list_worked(asked_at));
        sweep.run.calls += 1;
        let Listing { rows, bare, unreadable, total, next, date } = listing;
        if unreadable > 0 {
            tracing::warn!(account = %account.id, unreadable, "rows of the provider's list can't be read");
        }
        // Side by side, so that they are one transaction.
        let learned = rows.into_iter().map(|(package, snapshot)| {
            self.found(account, &sweep.run, package, Answer::Shown(snapshot), date, asked_at)
        });
        for lines in join_all(learned).await {
            sweep.run.found += lines?;
            sweep.run.compared += 1;
        }
        let watermark = *sweep.run.watermark.get_or_insert(d);
        let mut wanted = Vec::new();
        for package in bare {
            let key = PackageKey { account: account.id.clone(), package };
            let known = self.store.package(&key).await?;
            if known.is_none_or(|it| it.row.package.confirmed_at.is_none_or(|at| at < watermark)) {
                wanted.push(key);
            }
        }
        if !self.ask_ones(account, sweep, wanted).await? {
            return Ok(false);
        }
        sweep.run.pages += 1;
        if sweep.run.pages > MOST_PAGES {
            return self.end(sweep, Some("the provider's list has no end".to_owned())).await;
        }
        // What left the list since the page before moved all behind it up.
        let gone = u32::try_from(sweep.total.saturating_sub(total)).unwrap_or(u32::MAX).min(MOST_BACK);
        sweep.total = total;
        sweep.run.place = match next {
            Some(next) => Some(next.saturating_sub(gone).max(place.saturating_add(1)).min(next)),
            None => account.provider.habits().trash_at.filter(|trash| place < *trash),
        };
        if next.is_none() {
            sweep.total = 0;
        }
        sweep.run.trouble = None;
        let rest = sweep.run.full || account.provider.habits().lists_nothing;
        if sweep.run.place.is_none() && !rest {
            return self.end(sweep, None).await;
        }
        self.store.save_run(&sweep.run).await?;
        Ok(true)
    }

    /// Asks about open packages that no page showed. `false`: something hindered it, and they come again.
    async fn unlisted(&self, account: &Account, sweep: &mut Sweep) -> Result<bool, StoreError> {
        let open = self.store.open_packages(&account.id, sweep.cursor, CHUNK).await?;
        let Some(last) = open.last().map(|(row, _, _)| *row) else {
            return self.conclude(account, sweep).await;
        };
        let seen = sweep.run.watermark.unwrap_or(sweep.run.started_at);
        let wanted = open.into_iter().filter(|(_, _, package)| {
            let is_open = package.status.is_open() && package.is_shown() && !package.gone;
            is_open && package.confirmed_at.is_none_or(|at| at < seen)
        });
        let key = |package| PackageKey { account: account.id.clone(), package };
        let wanted = wanted.map(|(_, package, _)| key(package)).collect();
        if !self.ask_ones(account, sweep, wanted).await? {
            return Ok(false);
        }
        sweep.cursor = last;
        sweep.run.trouble = None;
        self.store.save_run(&sweep.run).await?;
        Ok(true)
    }

    /// Asks about packages, a few at once. `false`: something hindered it; whatever was answered is kept.
    async fn ask_ones(
        &self,
        account: &Account,
        sweep: &mut Sweep,
        wanted: Vec<PackageKey>,
    ) -> Result<bool, StoreError> {
        let tries = account.api_state().failures > 0;
        let at_once = if tries { 1 } else { account.config.reconcile.concurrency };
        let at_once = usize::try_from(at_once).unwrap_or(1).max(1);
        let mut missing = Vec::new();
        for keys in wanted.chunks(at_once) {
            let asked_at = self.now();
            let answers =
                join_all(keys.iter().map(|key| account.provider.fetch(&key.package, asked_at))).await;
            let mut hindrance = None;
            for (key, fetched) in keys.iter().zip(answers) {
                sweep.run.calls += u32::from(!matches!(fetched, Err(FetchError::Full(_))));
                match fetched {
                    Ok(Fetched { answer: Answer::NotFound, date }) => {
                        missing.push((key.clone(), date, asked_at));
                    }
                    Ok(Fetched { answer, date }) => {
                        let package = key.package.clone();
                        sweep.run.found +=
                            self.found(account, &sweep.run, package, answer, date, asked_at).await?;
                        sweep.run.compared += 1;
                    }
                    // What it says nothing of, a sweep can't compare; whoever asks what is due sees to it.
                    Err(FetchError::NotOurs) => account.note_api(|state| state.went_well(asked_at)),
                    Err(FetchError::Unreadable(cause)) => {
                        tracing::warn!(account = %account.id, cause, "an answer of the API can't be read");
                    }
                    Err(error) => hindrance = Some(error),
                }
            }
            if let Some(error) = hindrance {
                return self.hindered(account, sweep, &error).await;
            }
        }
        sweep.missing.extend(missing);
        Ok(true)
    }

    /// Rule 9: a 404 counts, since the list worked, unless there are too many of them.
    async fn conclude(&self, account: &Account, sweep: &mut Sweep) -> Result<bool, StoreError> {
        // They stay in the sweep until its end is on disk: what fails on the way comes again.
        let missing = sweep.missing.clone();
        let answered = usize::try_from(sweep.run.compared).unwrap_or(usize::MAX / 2);
        if too_many_missing(missing.len(), answered) {
            let why = format!(
                "{} packages are unknown to the API at once; none was marked as deleted",
                missing.len()
            );
            tracing::error!(account = %account.id, why, "a sweep failed");
            return self.end(sweep, Some(why)).await;
        }
        for (key, date, asked_at) in missing {
            let found =
                self.found(account, &sweep.run, key.package, Answer::NotFound, date, asked_at).await?;
            sweep.run.found += found;
            sweep.run.compared += 1;
        }
        self.end(sweep, None).await
    }

    /// Puts an answer in; returns how many lines of drift it made. What a first sweep finds was not missed.
    async fn found(
        &self,
        account: &Account,
        run: &Run,
        package: PackageId,
        answer: Answer,
        date: Option<Timestamp>,
        asked_at: Timestamp,
    ) -> Result<u32, StoreError> {
        let key = PackageKey { account: account.id.clone(), package };
        let record = answered(account, &key, answer, date, asked_at)?;
        if run.baseline {
            return self.store.learn(key, record).await.map(|_| 0);
        }
        self.store.learn_in(run.id, key, record).await
    }

    async fn hindered(
        &self,
        account: &Account,
        sweep: &mut Sweep,
        error: &FetchError,
    ) -> Result<bool, StoreError> {
        account.failed(error, self.now());
        sweep.run.trouble = Some(error.to_string());
        self.store.save_run(&sweep.run).await?;
        Ok(false)
    }

    async fn end(&self, sweep: &mut Sweep, trouble: Option<String>) -> Result<bool, StoreError> {
        let mut run = sweep.run.clone();
        run.ended_at = Some(self.now());
        run.success = trouble.is_none();
        run.trouble = trouble;
        self.store.save_run(&run).await?;
        sweep.run = run;
        Ok(true)
    }
}

/// Why runs begin, as they are stored.
const FIRST: &str = "first";
const START: &str = "start";
const NIGHT: &str = "night";
const TIME: &str = "time";
const SILENCE: &str = "silence";

/// Whether a sweep is due, and why.
fn due(
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
    let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    let every = millis(config.every);
    // Up to a twentieth later, and the same at every look, so that accounts don't all come at once.
    let later = every / 20 * last.0.rem_euclid(1_000) / 1_000;
    if now.since(last) >= every.saturating_add(later) {
        return Some(TIME);
    }
    let silent = facts.last_callback.map(|at| at.plus(millis(config.silent_after)));
    (!paused && silent.is_some_and(|silent| silent <= now && last < silent)).then_some(SILENCE)
}

/// When it was last this time of the day.
fn latest(time: jiff::civil::Time, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
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
    fn the_night_is_the_zones() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let two = ReconcileConfig::default().full_at;
        assert_eq!(latest(two, NOON, &zone), Some(NOON.plus(-5 * HOUR)));
        assert_eq!(latest(two, NOON.plus(-6 * HOUR), &zone), Some(NOON.plus(-29 * HOUR)));
    }
}
