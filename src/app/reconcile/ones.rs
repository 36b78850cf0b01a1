//! What of a sweep is asked one by one: what the list names without describing it, and open packages that it doesn't name.

use super::super::asking::{backoff, too_many_missing};
use super::super::{Account, App, StoreError};
use super::Sweep;
use crate::model::{Answer, PackageKey};
use crate::provider::{FetchError, Fetched};
use futures_util::future::join_all;

/// So many rows of open packages are looked at in one step, and at most so many asked about.
const LOOK: u32 = 500;
const CHUNK: usize = 20;

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
        if !self.ask_ones(account, sweep, wanted.iter().map(|(_, key)| key.clone()).collect()).await? {
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

    /// Asks about packages, a few at once. `false`: something hindered it; whatever was answered is kept.
    pub(super) async fn ask_ones(
        &self,
        account: &Account,
        sweep: &mut Sweep,
        wanted: Vec<PackageKey>,
    ) -> Result<bool, StoreError> {
        let at_once = usize::try_from(account.config.reconcile.concurrency).unwrap_or(1).max(1);
        let (mut missing, mut unread) = (Vec::new(), Vec::new());
        for keys in wanted.chunks(at_once) {
            let asked_at = self.now();
            let answers =
                join_all(keys.iter().map(|key| account.provider.fetch(&key.package, asked_at))).await;
            let mut hindrance = None;
            for (key, fetched) in keys.iter().zip(answers) {
                let throttled = matches!(fetched, Err(FetchError::Throttled(_)));
                sweep.run.calls += u32::from(!throttled);
                match fetched {
                    Ok(Fetched { answer: Answer::NotFound, date }) => {
                        missing.push((key.clone(), date, asked_at));
                    }
                    Ok(Fetched { answer, date }) => {
                        let package = key.package.clone();
                        if sweep.run.dry {
                            sweep.seen.insert(package.clone());
                        }
                        let found = self.found(account, &sweep.run, package, answer, date, asked_at).await?;
                        self.count(sweep, vec![found]).await?;
                    }
                    // What it says nothing of, a sweep can't compare.
                    Err(FetchError::NotOurs) => {
                        account.note_api(|state| state.went_well(asked_at));
                        unread.push(key.package.clone());
                    }
                    // One package hinders no sweep. Whoever asks what is due tries it again.
                    Err(FetchError::Unreadable(cause)) => {
                        tracing::warn!(account = %account.id, cause, "an answer of the API can't be read");
                        unread.push(key.package.clone());
                        if !sweep.run.dry {
                            self.store.postpone(key.clone(), asked_at.plus(backoff(0)), false).await?;
                        }
                    }
                    Err(error) => hindrance = Some(error),
                }
            }
            if let Some(error) = hindrance {
                return self.hindered(account, sweep, &error).await;
            }
        }
        sweep.missing.extend(missing);
        let asked_again = sweep.run.place.is_none() && !sweep.missing.is_empty();
        let count = if asked_again { &mut sweep.unread } else { &mut sweep.run.unread };
        *count = count.saturating_add(u32::try_from(unread.len()).unwrap_or(u32::MAX));
        sweep.seen.extend(unread);
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
