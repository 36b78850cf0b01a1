//! Sweeps: goes through an account at its provider for what callbacks missed, repairs it, and has it written down.
//!
//! A sweep reads the pages of the provider's list, from what changed last back to where the last sweep had seen everything.
//! At night, and the first time, it goes further back and also asks about open packages that the list doesn't name; so
//! does one that people ask for, unless they name a time. Where it stands is on disk after each page, so that whatever
//! interrupts it, it goes on from there. Answers go through the same door as any other, and those of a dry run only up to
//! it; [`diff`](mod@crate::model::diff) says what they showed.

mod ones;
mod when;

use super::asking::answered;
use super::{Account, App, StoreError};
use crate::model::{Answer, PackageId, PackageKey, Status, Tally, Timestamp};
use crate::provider::{FetchError, Listing};
use crate::store::{DryLine, MOST_DRY_LINES, Run};
use futures_util::future::join_all;
use jiff::tz::TimeZone;
use std::collections::HashSet;
use std::time::Duration;
pub(super) use when::latest;
use when::{FIRST, NIGHT, due};

/// No account has so many pages; a list that goes on for ever is ended here.
const MOST_PAGES: u32 = 100_000;
/// What a sweep that is whole says where the key may not see more.
const OWN_ONLY: &str = "the key sees the packages of its own sender only";
/// Where packages left the list since the page before, so many rows at the most are read again.
const MOST_BACK: u32 = 50;

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
struct Sweep {
    run: Run,
    /// The row behind which open packages are looked for.
    cursor: i64,
    /// Asked about, and unknown to the API.
    missing: Vec<(PackageKey, Option<Timestamp>, Timestamp)>,
    /// What couldn't be read behind the first of these: a restart asks about it again.
    unread: u32,
    /// What was looked at and left no trace elsewhere: not to be asked for, or not for us. Of a dry run, all of it.
    seen: HashSet<PackageId>,
    /// How many of its lines are kept.
    lines: u32,
    /// A page that was read, and of which not everything could be asked yet: where it begins, and when it was read.
    page: Option<(u32, Timestamp, Listing)>,
    /// What it can't see, though it is whole.
    note: Option<String>,
}

impl Sweep {
    fn of(run: Run) -> Self {
        Self {
            cursor: run.row,
            run,
            missing: Vec::new(),
            unread: 0,
            seen: HashSet::new(),
            lines: 0,
            page: None,
            note: None,
        }
    }
}

/// What an answer showed.
struct Found {
    found: u32,
    lines: Vec<DryLine>,
}

/// What an account remembers of its sweeps.
#[derive(Debug, Default)]
pub struct Sweeps {
    under_way: Option<Sweep>,
    since_start: bool,
}

impl Account {
    /// Takes from its newest sweeps what isn't kept anywhere else.
    pub(super) fn remember(&self, newest: &[Run]) {
        let full = newest.iter().find(|run| run.full && run.success);
        let own_only = full.is_some_and(|run| run.trouble.as_deref() == Some(OWN_ONLY));
        self.note_api(|state| state.own_only = own_only);
    }
}

impl App {
    /// One step of an account's sweep: begins one that is due, or takes the one under way a page or a few packages on.
    ///
    /// # Errors
    /// What hinders the store. What hinders the API makes the account rest, and the sweep waits.
    pub async fn sweep_step(&self, account: &Account) -> Result<Swept, StoreError> {
        let now = self.now();
        if account.config.api.is_none() || self.disk_low().is_some() {
            return Ok(Swept::Idle);
        }
        let mut sweeps = account.sweeps.lock().await;
        let mut going = match sweeps.under_way.take() {
            Some(sweep) => Some(sweep),
            None => self.interrupted(account).await?,
        };
        if let Some(sweep) = &mut going
            && let Some(by) = self.store.stopped_by(sweep.run.id).await?
        {
            self.end(sweep, Some(format!("stopped by {by}"))).await?;
            return Ok(Swept::Ended(Box::new(sweep.run.clone())));
        }
        let Some(_turn) = account.turn(now) else {
            sweeps.under_way = going;
            return Ok(Swept::Idle);
        };
        let mut sweep = match going {
            Some(sweep) => sweep,
            None => match self.begin(account, sweeps.since_start, now).await? {
                Some(run) => Sweep::of(run),
                None => return Ok(Swept::Idle),
            },
        };
        sweeps.since_start |= sweep.run.is_whole_sweep();
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

    /// The run that a stop of the board interrupted. What a dry one had compared nobody knows any more, so it begins anew.
    async fn interrupted(&self, account: &Account) -> Result<Option<Sweep>, StoreError> {
        let first = self.store.unended_runs(&account.id).await?.into_iter().next();
        let Some(mut run) = first.filter(|run| run.begun) else { return Ok(None) };
        if run.dry {
            self.store.forget_dry_lines(run.id).await?;
            let (place, watermark) = (Some(0), None);
            run = Run {
                place,
                watermark,
                row: 0,
                total: 0,
                earlier: 0,
                compared: 0,
                unread: 0,
                found: 0,
                ..run
            };
            self.store.save_run(&run).await?;
        }
        Ok(Some(Sweep::of(run)))
    }

    /// The run that people asked for first, else one that is due now.
    async fn begin(
        &self,
        account: &Account,
        since_start: bool,
        now: Timestamp,
    ) -> Result<Option<Run>, StoreError> {
        let waiting = self.store.unended_runs(&account.id).await?.into_iter().next();
        let (config, facts) = (&account.config.reconcile, self.store.run_facts(&account.id).await?);
        let back =
            |from: Timestamp, span: Duration| from.plus(-i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
        // Before an account's first sweep nothing was missed, whoever asks.
        let baseline = facts.watermark.is_none();
        if let Some(run) = waiting {
            let since = run.since.or(Some(back(now, config.since)));
            let run = Run { begun: true, started_at: now, since, baseline, ..run };
            if run.dry {
                self.store.forget_dry_lines(run.id).await?;
            }
            return Ok(self.store.start_run(&run).await?.then_some(run));
        }
        let zone = TimeZone::get(&self.config.server.time_zone).unwrap_or(TimeZone::UTC);
        let Some(reason) = due(config, &facts, since_start, now, &zone) else { return Ok(None) };
        let full = matches!(reason, FIRST | NIGHT);
        let since = match facts.watermark {
            Some(watermark) if !full => back(watermark, config.overlap),
            _ => back(now, config.since),
        };
        let mut run = Run::new(account.id.clone(), reason, Some(since), now);
        run.full = full;
        run.baseline = baseline;
        self.store.begin_run(run).await.map(Some)
    }

    /// Reads one page. `false`: something hindered it, and it comes again.
    async fn page(&self, account: &Account, sweep: &mut Sweep, place: u32) -> Result<bool, StoreError> {
        let (asked_at, listing) = match sweep.page.take().filter(|(at, ..)| *at == place) {
            Some((_, asked_at, listing)) => (asked_at, listing),
            None => match self.read_page(account, sweep, place).await? {
                Some(page) => page,
                None => return Ok(false),
            },
        };
        // Before the page's own rows: where something hinders it, it goes on with the page it has, and those count once.
        let (wanted, spared) = self.wanted(account, sweep, &listing, asked_at).await?;
        if !self.ask_ones(account, sweep, wanted).await? {
            sweep.page = Some((place, asked_at, listing));
            return Ok(false);
        }
        spared.iter().for_each(|package| sweep.saw(package));
        sweep.run.compared += u32::try_from(spared.len()).unwrap_or(u32::MAX);
        let Listing { rows, unreadable, total, next, date, .. } = listing;
        if unreadable > 0 {
            tracing::warn!(account = %account.id, unreadable, "rows of the provider's list can't be read");
        }
        let (seen, dry) = (&mut sweep.seen, sweep.run.dry);
        let rows: Vec<_> = rows.into_iter().filter(|(id, _)| !dry || seen.insert(id.clone())).collect();
        // Side by side, so that they are one transaction.
        let learned = rows.into_iter().map(|(package, snapshot)| {
            self.found(account, &sweep.run, package, Answer::Shown(snapshot), date, asked_at)
        });
        let learned = join_all(learned).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        self.count(sweep, learned).await?;
        sweep.run.unread = sweep.run.unread.saturating_add(unreadable);
        sweep.run.pages += 1;
        if sweep.run.pages > MOST_PAGES {
            return self.end(sweep, Some("the provider's list has no end".to_owned())).await;
        }
        // What left the list since the page before moved all behind it up.
        let gone = u32::try_from(sweep.run.total.saturating_sub(total)).unwrap_or(u32::MAX).min(MOST_BACK);
        sweep.run.total = total;
        sweep.run.place = match next {
            Some(next) => Some(next.saturating_sub(gone).max(place.saturating_add(1)).min(next)),
            None => {
                let habits = account.provider.habits();
                let more = [habits.trash_at, habits.everybody_at.filter(|_| sweep.run.full)];
                more.into_iter().flatten().find(|shelf| place < *shelf)
            }
        };
        if next.is_none() {
            (sweep.run.earlier, sweep.run.total) = (sweep.run.done(), 0);
        }
        sweep.run.trouble = None;
        let rest = sweep.run.full || account.provider.habits().lists_nothing;
        if sweep.run.place.is_none() && !rest {
            return self.end(sweep, None).await;
        }
        if sweep.run.place.is_none() {
            let open = [Tally::Status(Status::Draft), Tally::Status(Status::Sent), Tally::Trashed];
            let count = |tally| self.store.tallies().count(tally, |id| *id == account.id);
            sweep.run.total = open.into_iter().map(count).sum();
        }
        self.store.save_run(&sweep.run).await?;
        Ok(true)
    }

    /// Asks for a page. `None`: something hindered it. What only widens the view hinders nothing.
    async fn read_page(
        &self,
        account: &Account,
        sweep: &mut Sweep,
        place: u32,
    ) -> Result<Option<(Timestamp, Listing)>, StoreError> {
        let asked_at = self.now();
        let widens = account.provider.habits().everybody_at.is_some_and(|at| place >= at);
        let listing = match account.provider.list(sweep.run.since, place, asked_at).await {
            Ok(listing) => listing,
            Err(
                error @ (FetchError::Unavailable(_) | FetchError::Refused(_) | FetchError::Unreadable(_)),
            ) if widens => {
                sweep.run.calls += 1;
                sweep.note = Some(format!("the packages of other senders can't be read: {error}"));
                return Ok(Some((asked_at, Listing::default())));
            }
            Err(error) => return self.hindered(account, sweep, &error).await.map(|_| None),
        };
        let d = account.answered(listing.date, asked_at);
        sweep.run.calls += 1;
        sweep.run.watermark.get_or_insert(d);
        if !widens {
            account.note_api(|state| state.list_worked(asked_at));
        }
        if let Some(own_only) = listing.own_only {
            account.note_api(|state| state.own_only = own_only);
            sweep.note = own_only.then(|| OWN_ONLY.to_owned());
        }
        Ok(Some((asked_at, listing)))
    }

    /// Puts an answer in, or only looks what it would change. `None`: it is of what changed later than this run is about.
    /// What a first sweep finds was not missed.
    async fn found(
        &self,
        account: &Account,
        run: &Run,
        package: PackageId,
        answer: Answer,
        date: Option<Timestamp>,
        asked_at: Timestamp,
    ) -> Result<Option<Found>, StoreError> {
        let updated = match &answer {
            Answer::Shown(snapshot) => snapshot.updated,
            Answer::NotFound => None,
        };
        if run.until.zip(updated).is_some_and(|(until, updated)| updated > until) {
            return Ok(None);
        }
        let key = PackageKey { account: account.id.clone(), package };
        let record = answered(account, &key, answer, date, asked_at)?;
        if run.dry {
            let foreseen = self.store.foresee(key.clone(), record).await?;
            let lines = foreseen.lines(&key);
            return Ok(Some(Found { found: u32::try_from(lines.len()).unwrap_or(u32::MAX), lines }));
        }
        let found = match run.baseline {
            true => self.store.learn(key, record).await.map(|_| 0)?,
            false => self.store.learn_in(run.id, key, record).await?,
        };
        Ok(Some(Found { found, lines: Vec::new() }))
    }

    /// Counts what answers showed, and keeps what a dry run says of them.
    async fn count(&self, sweep: &mut Sweep, found: Vec<Option<Found>>) -> Result<(), StoreError> {
        let mut lines = Vec::new();
        for it in found.into_iter().flatten() {
            sweep.run.compared += 1;
            sweep.run.found += it.found;
            lines.extend(it.lines);
        }
        lines.truncate(MOST_DRY_LINES.saturating_sub(sweep.lines) as usize);
        sweep.lines += u32::try_from(lines.len()).unwrap_or(u32::MAX);
        self.store.keep_dry_lines(sweep.run.id, &lines).await
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
        run.trouble = trouble.or_else(|| sweep.note.clone());
        self.store.save_run(&run).await?;
        sweep.run = run;
        Ok(true)
    }
}
