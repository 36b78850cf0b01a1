//! Asks the providers' APIs about the packages that are due: a name is missing, something is in doubt, something
//! changed that callbacks don't tell.
//!
//! One queue, the column `check_by`; this only empties it. Where many packages of an account are due, pages of its list
//! answer up to 100 of them a call; what the list doesn't show is asked about one by one.

use super::circuit::jittered;
use super::{Account, App, StoreError};
use crate::model::{Answer, PackageId, PackageKey, Record, Timestamp, fold};
use crate::provider::{FetchError, Fetched};
use crate::store::answer_fingerprint;
use std::collections::HashSet;

/// At most this many due packages of an account are looked at in one round.
const LOOK: u32 = 20_000;
/// From so many due packages on, the list is read first.
const MANY: usize = 8;
/// At most this many pages of a list are read in one round.
const PAGES: u32 = 30;
/// At most this many packages are asked about one by one in one round.
const ONES: usize = 20;
/// After the first failure; doubled with each further one.
const BACKOFF_MS: i64 = 30_000;
pub(super) const LONGEST_BACKOFF_MS: i64 = 60 * 60 * 1000;
/// What is not ours to see today may be tomorrow.
pub(super) const NOT_OURS_MS: i64 = 24 * 60 * 60 * 1000;
/// A list that worked so lately is believed to work.
const LIST_TRUSTED_MS: i64 = 10 * 60 * 1000;
/// An answer dated further from its asking than this has no date.
const MOST_OFFSET_MS: i64 = 24 * 60 * 60 * 1000;

/// What is due at once is due since this time; whatever else is due is so once more.
const AT_ONCE: Timestamp = Timestamp(0);
const MINUTE_MS: i64 = 60_000;

/// What one round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// Packages about which the API said something, and signers whose package it told.
    pub answered: usize,
    /// Packages and signers that were asked about in vain.
    pub failed: usize,
}

impl App {
    /// One round over all accounts.
    pub async fn ask_due(&self) -> Result<Asked, StoreError> {
        let mut asked = Asked::default();
        for account in self.accounts.values() {
            let one = self.ask_due_of(account).await?;
            asked.answered += one.answered;
            asked.failed += one.failed;
        }
        Ok(asked)
    }

    /// One round over one account: nothing, while it rests or has no API.
    pub async fn ask_due_of(&self, account: &Account) -> Result<Asked, StoreError> {
        let now = self.now();
        let Some(_turn) = account.turn(now) else { return Ok(Asked::default()) };
        let mut asked = self.ask_account(account, now).await?;
        let waits = || account.api_state().waits_until(self.now()).is_some();
        if !waits() {
            self.settle(account, &mut asked).await?;
        }
        // After the packages, which so never wait for them; and unless those made the API rest.
        if account.provider.habits().signers_alone && !waits() {
            self.locate_due(account, &mut asked).await?;
        }
        Ok(asked)
    }

    /// When to ask next: when something is due of an account that doesn't rest then. `None`: nothing is due.
    pub async fn next_round(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut first = None;
        for account in self.accounts.values().filter(|it| it.config.api.is_some()) {
            let Some(due) = self.next_round_of(account).await? else { continue };
            first = Some(first.map_or(due, |first: Timestamp| first.min(due)));
        }
        Ok(first)
    }

    /// When to ask next about one account's packages.
    pub async fn next_round_of(&self, account: &Account) -> Result<Option<Timestamp>, StoreError> {
        let again_at = account.api_state().again_at;
        let package = self.store.next_due(&account.id).await?;
        let package = package.map(|due| if due > AT_ONCE { due.max(again_at.unwrap_or(due)) } else { due });
        let signer = match account.provider.habits().signers_alone {
            true => self.store.next_due_signer(&account.id).await?,
            false => None,
        };
        let pasted = self.store.unasked(&account.id, 1).await?.pop().map(|it| it.it.pasted_at);
        let due = [package, signer, pasted].into_iter().flatten().min();
        let waits_until = account.api_state().waits_until(self.now());
        Ok(due.map(|due| waits_until.map_or(due, |until| due.max(until))))
    }

    async fn ask_account(&self, account: &Account, now: Timestamp) -> Result<Asked, StoreError> {
        // What is only looked at once more waits until half the budget was free for others.
        let again = account.api_state().again_at.is_none_or(|at| at <= now);
        let upto = if again { now } else { AT_ONCE };
        let due = self.store.due_of(&account.id, upto, LOOK).await?;
        let mut asked = Asked::default();
        if due.is_empty() {
            return Ok(asked);
        }
        let pause = 2 * MINUTE_MS / i64::from(account.config.calls_per_minute.max(1));
        let ones = i64::try_from(due.len().min(ONES)).unwrap_or_default();
        account.note_api(|state| state.again_at = Some(now.plus(ones * pause)));
        let mut open: HashSet<PackageId> = due.iter().map(|(package, _)| package.clone()).collect();
        // A 404 that could not be believed yet waits for the list to be tried.
        if open.len() >= MANY || account.api_state().list_wanted {
            asked.answered += self.ask_list(account, &mut open).await?;
        }
        let mut missing = Vec::new();
        let ones = due.into_iter().filter(|(package, _)| open.contains(package)).take(ONES);
        for (package, tries) in ones {
            let asked_at = self.now();
            let key = PackageKey { account: account.id.clone(), package };
            match account.provider.fetch(&key.package, asked_at).await {
                Ok(Fetched { answer: Answer::NotFound, date }) => missing.push((key, date, asked_at)),
                Ok(Fetched { answer, date }) => {
                    self.learn(account, key, answer, date, asked_at).await?;
                    asked.answered += 1;
                }
                Err(FetchError::NotOurs) => {
                    account.note_api(|state| state.went_well(asked_at));
                    self.store.postpone(key, asked_at.plus(NOT_OURS_MS), true).await?;
                    asked.failed += 1;
                }
                Err(FetchError::Unreadable(cause)) => {
                    tracing::warn!(account = %account.id, cause, "an answer of the API can't be read");
                    self.store.postpone(key, asked_at.plus(backoff(tries)), false).await?;
                    asked.failed += 1;
                }
                Err(error) => {
                    account.failed(&error, asked_at);
                    // It may be this package alone that can't be answered: the others come first next time.
                    if matches!(error, FetchError::Unavailable(_)) {
                        self.store.postpone(key, asked_at.plus(backoff(tries)), false).await?;
                    }
                    asked.failed += 1;
                    break;
                }
            }
        }
        self.learn_missing(account, missing, &mut asked).await?;
        Ok(asked)
    }

    /// Reads pages of the list, newest change first; whatever on them is due is answered. The first time it goes to the
    /// list's end, over as many rounds as the budget of calls makes of it; later, as far as the pages answer anything.
    async fn ask_list(&self, account: &Account, open: &mut HashSet<PackageId>) -> Result<usize, StoreError> {
        let mut answered = 0;
        for _ in 0..PAGES {
            let (asked_at, from) = (self.now(), account.api_state().walk);
            let listing = match account.provider.list(None, from, asked_at).await {
                Ok(listing) => listing,
                Err(error) => {
                    account.failed(&error, asked_at);
                    open.clear();
                    return Ok(answered);
                }
            };
            account.note_api(|state| state.list_worked(asked_at));
            let mut useful = 0;
            for (package, snapshot) in listing.rows {
                if open.remove(&package) {
                    let key = PackageKey { account: account.id.clone(), package };
                    self.learn(account, key, Answer::Shown(snapshot), listing.date, asked_at).await?;
                    useful += 1;
                }
            }
            answered += useful;
            let walked = account.api_state().walked;
            let next = listing.next.filter(|_| !walked || (useful > 0 && open.len() >= MANY));
            account.note_api(|state| {
                state.walk = next.unwrap_or(0);
                state.walked |= listing.next.is_none();
            });
            if next.is_none() || open.is_empty() {
                break;
            }
        }
        Ok(answered)
    }

    /// Rule 9: a 404 counts only if the list works, and not when there are too many of them.
    pub(super) async fn learn_missing(
        &self,
        account: &Account,
        missing: Vec<(PackageKey, Option<Timestamp>, Timestamp)>,
        asked: &mut Asked,
    ) -> Result<(), StoreError> {
        if missing.is_empty() {
            return Ok(());
        }
        let now = self.now();
        let too_many = too_many_missing(missing.len(), asked.answered);
        let lists = match account.api_state().list_worked_at {
            Some(at) if now.since(at) < LIST_TRUSTED_MS => Ok(()),
            _ => account
                .provider
                .list(None, 0, now)
                .await
                .map(|_| account.note_api(|state| state.list_worked(now))),
        };
        if let Err(error @ (FetchError::Throttled(_) | FetchError::Full(_))) = &lists {
            // There was no call left to try the list with; it comes first next time, and the packages stay due.
            account.failed(error, now);
            account.note_api(|state| state.list_wanted = true);
            asked.failed += missing.len();
            return Ok(());
        }
        if let (Ok(()), false) = (&lists, too_many) {
            for (key, date, asked_at) in missing {
                self.learn(account, key, Answer::NotFound, date, asked_at).await?;
                asked.answered += 1;
            }
            return Ok(());
        }
        let why = match lists {
            Ok(()) => format!(
                "{} packages are unknown to the API at once; none was marked as deleted",
                missing.len()
            ),
            Err(error) => {
                format!("packages are unknown to the API, but its list does not work either: {error}")
            }
        };
        tracing::error!(account = %account.id, why, "answers of the API were not believed");
        account.note_api(|state| (state.trouble, state.refused) = (Some((now, why)), false));
        for (key, _, asked_at) in missing {
            self.store.postpone(key, asked_at.plus(LONGEST_BACKOFF_MS), false).await?;
            asked.failed += 1;
        }
        Ok(())
    }

    /// An answer is a fact like any other: through the same door.
    pub(super) async fn learn(
        &self,
        account: &Account,
        key: PackageKey,
        answer: Answer,
        date: Option<Timestamp>,
        asked_at: Timestamp,
    ) -> Result<(), StoreError> {
        let record = answered(account, &key, answer, date, asked_at)?;
        self.store.learn(key, record).await.map(|_| ())
    }
}

/// An answer as a fact.
pub(super) fn answered(
    account: &Account,
    key: &PackageKey,
    answer: Answer,
    date: Option<Timestamp>,
    asked_at: Timestamp,
) -> Result<Record, StoreError> {
    let d = account.answered(date, asked_at);
    let fingerprint = answer_fingerprint(key, &answer, d)?;
    Ok(fold::answer_record(answer, d, asked_at, fingerprint))
}

/// Rule 9: if more than five of what was asked about, and more than 1 in 20, is unknown to the API, something else is wrong
/// than that somebody deleted it.
pub(super) fn too_many_missing(missing: usize, answered: usize) -> bool {
    missing > 5 && missing * 20 > answered + missing
}

impl Account {
    /// The API answered; returns the time at which that was true. Rule 14: when it was given; without a date, when it was
    /// asked for, by their clock. A clock that is days off is no clock.
    pub(super) fn answered(&self, date: Option<Timestamp>, asked_at: Timestamp) -> Timestamp {
        self.note_api(|state| state.went_well(asked_at));
        let date = date.filter(|date| date.since(asked_at).saturating_abs() < MOST_OFFSET_MS);
        if let Some(date) = date {
            self.note_api(|state| state.clock_offset = date.since(asked_at));
        }
        date.unwrap_or_else(|| asked_at.plus(self.api_state().clock_offset))
    }
}

/// How long to wait after so many failures.
pub(super) fn backoff(tries: i64) -> i64 {
    let doubled = BACKOFF_MS << tries.clamp(0, 10);
    jittered(doubled.min(LONGEST_BACKOFF_MS))
}
