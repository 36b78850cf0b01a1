//! What of a sweep is asked one by one: what the list names without describing it, and open packages that it doesn't name.

use super::super::asking::{NOT_OURS_MS, backoff, too_many_missing};
use super::super::{Account, App, StoreError};
use super::Sweep;
use crate::model::glance::still_holds;
use crate::model::{Answer, PackageId, PackageKey, Snapshot, Timestamp};
use crate::provider::{Bare, FetchError, Fetched, Listing};
use futures_util::future::join_all;

/// So many rows of open packages are looked at in one step, and at most so many asked about.
const LOOK: u32 = 500;
const CHUNK: usize = 20;
/// So many that left no other trace are remembered; any more are asked for once more.
const MOST_SEEN: usize = 500_000;

/// What a report says of a package: the status, the report's date, and when it was asked for.
type Instead = (Snapshot, Option<Timestamp>, Timestamp);

/// A package to ask for, and what may stand for its own answer if that is refused.
pub(super) struct One {
    key: PackageKey,
    instead: Option<Instead>,
}

impl Sweep {
    pub(super) fn saw(&mut self, package: &PackageId) {
        if self.seen.len() < MOST_SEEN {
            self.seen.insert(package.clone());
        }
    }

    /// So many could not be compared. Those that a restart asks about again are counted at the end.
    fn passed_over(&mut self, unread: u32) {
        let asked_again = self.run.place.is_none() && !self.missing.is_empty();
        let count = if asked_again { &mut self.unread } else { &mut self.run.unread };
        *count = count.saturating_add(unread);
    }
}

impl App {
    /// Asks about open packages that no page showed. `false`: something hindered it, and they come again.
    pub(super) async fn unlisted(&self, account: &Account, sweep: &mut Sweep) -> Result<bool, StoreError> {
        let open = self.store.open_packages(&account.id, sweep.cursor, LOOK).await?;
        let Some(last) = open.last().map(|(row, _, _)| *row) else {
            return self.conclude(account, sweep).await;
        };
        let listed_at = sweep.run.watermark.unwrap_or(sweep.run.started_at);
        let rows: Vec<i64> = open.iter().map(|(row, _, _)| *row).collect();
        let wanted = open.into_iter().filter(|(_, id, package)| {
            let is_open = package.status.is_open() && package.is_shown() && !package.gone;
            is_open
                && !sweep.seen.contains(id)
                && (sweep.run.dry || package.confirmed_at.is_none_or(|at| at < listed_at))
        });
        let key = |package| PackageKey { account: account.id.clone(), package };
        let mut wanted: Vec<_> = wanted.map(|(row, package, _)| (row, key(package))).collect();
        let full = wanted.len() > CHUNK;
        wanted.truncate(CHUNK);
        let last = wanted.last().filter(|_| full).map_or(last, |(row, _)| *row);
        let ones = wanted.iter().map(|(_, key)| One { key: key.clone(), instead: None }).collect();
        if !self.ask_ones(account, sweep, ones).await? {
            return Ok(false);
        }
        let passed = rows.iter().filter(|row| **row <= last).count() - wanted.len();
        sweep.run.total = sweep.run.total.saturating_sub(passed as u64);
        sweep.cursor = last;
        // That the API doesn't know a package is written nowhere before the end: a restart asks again from there on.
        if sweep.missing.is_empty() {
            sweep.run.row = last;
        }
        sweep.run.trouble = None;
        self.store.save_run(&sweep.run).await?;
        Ok(true)
    }

    /// Which packages that a page names have to be asked for: those that weren't answered in this run; and which of them
    /// rule 18 spares.
    pub(super) async fn wanted(
        &self,
        account: &Account,
        sweep: &Sweep,
        listing: &Listing,
        asked_at: Timestamp,
    ) -> Result<(Vec<One>, Vec<PackageId>), StoreError> {
        let (mut wanted, mut spared) = (Vec::new(), Vec::new());
        for Bare { package, glance } in &listing.bare {
            if sweep.seen.contains(package) {
                continue;
            }
            let key = PackageKey { account: account.id.clone(), package: package.clone() };
            let known = self.store.package(&key).await?;
            if known.is_none() && self.store.is_removed(&key).await? {
                spared.push(key.package);
                continue;
            }
            let confirmed_at = known.as_ref().and_then(|it| it.row.package.confirmed_at);
            if !sweep.run.dry && confirmed_at.is_some() && confirmed_at >= sweep.run.watermark {
                continue;
            }
            let holds = |glance: &Snapshot| known.is_some_and(|it| still_holds(&it.log, glance));
            if glance.as_ref().is_some_and(holds) {
                spared.push(key.package);
                continue;
            }
            let instead = glance.clone().filter(|glance| glance.status_only);
            wanted.push(One { key, instead: instead.map(|it| (it, listing.date, asked_at)) });
        }
        Ok((wanted, spared))
    }

    /// Asks about packages, a few at once. `false`: something hindered it; whatever was answered is kept, and not asked
    /// for again.
    pub(super) async fn ask_ones(
        &self,
        account: &Account,
        sweep: &mut Sweep,
        wanted: Vec<One>,
    ) -> Result<bool, StoreError> {
        let tries = account.api_state().failures > 0;
        let at_once = if tries { 1 } else { account.config.reconcile.concurrency };
        let at_once = usize::try_from(at_once).unwrap_or(1).max(1);
        let mut unread = 0;
        for ones in wanted.chunks(at_once) {
            let asked_at = self.now();
            let answers =
                join_all(ones.iter().map(|one| account.provider.fetch(&one.key.package, asked_at))).await;
            let mut hindrance = None;
            for (One { key, instead }, fetched) in ones.iter().zip(answers) {
                sweep.run.calls += u32::from(!matches!(fetched, Err(FetchError::Full(_))));
                match fetched {
                    Ok(Fetched { answer: Answer::NotFound, date }) => {
                        sweep.saw(&key.package);
                        sweep.missing.push((key.clone(), date, asked_at));
                    }
                    Ok(Fetched { answer, date }) => {
                        let package = key.package.clone();
                        if sweep.run.dry {
                            sweep.saw(&package);
                        }
                        let found = self.found(account, &sweep.run, package, answer, date, asked_at).await?;
                        self.count(sweep, vec![found]).await?;
                    }
                    Err(FetchError::NotOurs) => {
                        account.note_api(|state| state.went_well(asked_at));
                        unread +=
                            u32::from(!self.learn_instead(account, sweep, key, instead.as_ref()).await?);
                        sweep.saw(&key.package);
                    }
                    // One package hinders no sweep. Whoever asks what is due tries it again.
                    Err(FetchError::Unreadable(cause)) => {
                        tracing::warn!(account = %account.id, cause, "an answer of the API can't be read");
                        sweep.saw(&key.package);
                        unread += 1;
                        if !sweep.run.dry {
                            self.store.postpone(key.clone(), asked_at.plus(backoff(0)), false).await?;
                        }
                    }
                    Err(error) => hindrance = Some(error),
                }
            }
            if let Some(error) = hindrance {
                sweep.passed_over(unread);
                return self.hindered(account, sweep, &error).await;
            }
        }
        sweep.passed_over(unread);
        Ok(true)
    }

    /// What is not ours to see may be told in a report. `false`: it isn't, and the sweep can't compare it.
    async fn learn_instead(
        &self,
        account: &Account,
        sweep: &mut Sweep,
        key: &PackageKey,
        instead: Option<&Instead>,
    ) -> Result<bool, StoreError> {
        let Some((snapshot, date, asked_at)) = instead else { return Ok(false) };
        let answer = Answer::Shown(snapshot.clone());
        let found = self.found(account, &sweep.run, key.package.clone(), answer, *date, *asked_at).await?;
        self.count(sweep, vec![found]).await?;
        if !sweep.run.dry {
            self.store.postpone(key.clone(), asked_at.plus(NOT_OURS_MS), true).await?;
        }
        Ok(true)
    }

    /// Rule 9: a 404 counts, since the list worked, unless there are too many of them.
    async fn conclude(&self, account: &Account, sweep: &mut Sweep) -> Result<bool, StoreError> {
        // They stay in the sweep until its end is on disk: what fails on the way comes again.
        let missing = sweep.missing.clone();
        sweep.run.unread = sweep.run.unread.saturating_add(std::mem::take(&mut sweep.unread));
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
            self.count(sweep, vec![found]).await?;
        }
        self.end(sweep, None).await
    }
}
