//! Counters that are kept, not counted: how many packages of an account stand on each shelf.

use super::read::AccountFacts;
use crate::model::{AccountId, Package, Status, Tally};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

/// The word under which all packages of an account are counted, templates excepted.
const PACKAGES: &str = "packages";
const NAMED: &str = "named";
const NOT_OURS: &str = "not_ours";

/// The counters, shared by the writer and the pages.
#[derive(Debug, Clone, Default)]
pub struct Tallies(Arc<Mutex<BTreeMap<(AccountId, &'static str), i64>>>);

/// What a batch adds to the counters.
pub(super) type Delta = HashMap<(AccountId, &'static str), i64>;

impl Tallies {
    /// How many packages are counted under a tally, over the accounts that `of` admits. The tally of attention is not
    /// kept: it depends on the time.
    #[must_use]
    pub fn count(&self, tally: Tally, of: impl Fn(&AccountId) -> bool) -> u64 {
        let wanted = |word: &str| match tally {
            Tally::All => Status::from_word(word).is_some(),
            Tally::WithSender | Tally::Status(_) | Tally::Trashed => word == tally.word(),
            Tally::Attention => false,
        };
        let Ok(counters) = self.0.lock() else { return 0 };
        let sum: i64 =
            counters.iter().filter(|((account, word), _)| wanted(word) && of(account)).map(|(_, n)| *n).sum();
        u64::try_from(sum).unwrap_or(0)
    }

    /// The same for each account that has ever had a package.
    pub(super) fn by_account(&self, tally: Tally) -> Vec<(AccountId, u64)> {
        let accounts: BTreeSet<AccountId> = self.all().into_keys().map(|(account, _)| account).collect();
        accounts
            .into_iter()
            .map(|account| (account.clone(), self.count(tally, |it| *it == account)))
            .collect()
    }

    /// The counters of one account's packages: all, named, not ours to see.
    pub(super) fn of_account(&self, account: &AccountId, into: &mut AccountFacts) {
        let Ok(counters) = self.0.lock() else { return };
        let count = |word| {
            let n = counters.get(&(account.clone(), word)).copied().unwrap_or(0);
            u64::try_from(n).unwrap_or(0)
        };
        into.packages = count(PACKAGES);
        into.named = count(NAMED);
        into.not_ours = count(NOT_OURS);
    }

    pub(super) fn set(&self, account: AccountId, word: &str, n: i64) {
        if let (Some(word), Ok(mut counters)) = (known_word(word), self.0.lock()) {
            counters.insert((account, word), n);
        }
    }

    pub(super) fn clear(&self) {
        if let Ok(mut counters) = self.0.lock() {
            counters.clear();
        }
    }

    /// The counters as they will be after `delta`.
    pub(super) fn after(&self, delta: &Delta) -> Vec<(AccountId, &'static str, i64)> {
        let Ok(counters) = self.0.lock() else { return Vec::new() };
        let changed = delta.iter().filter(|(_, n)| **n != 0);
        changed.map(|(key, n)| (key.0.clone(), key.1, counters.get(key).copied().unwrap_or(0) + n)).collect()
    }

    /// Everything, for the self-check.
    pub(super) fn all(&self) -> BTreeMap<(AccountId, &'static str), i64> {
        self.0.lock().map(|it| it.clone()).unwrap_or_default()
    }
}

/// The words under which a package is counted.
pub(super) fn words(package: &Package, not_ours: bool) -> Vec<&'static str> {
    if !package.is_shown() {
        return Vec::new();
    }
    let mut words =
        vec![PACKAGES, if package.trashed { Tally::Trashed.word() } else { package.status.word() }];
    if package.ready_to_complete && !package.trashed {
        words.push(Tally::WithSender.word());
    }
    if package.name.is_some() {
        words.push(NAMED);
    } else if not_ours {
        words.push(NOT_OURS);
    }
    words
}

/// Notes in `delta` that a package left some words and came under others.
pub(super) fn moved(delta: &mut Delta, account: &AccountId, before: &[&'static str], after: &[&'static str]) {
    for word in before {
        *delta.entry((account.clone(), word)).or_default() -= 1;
    }
    for word in after {
        *delta.entry((account.clone(), word)).or_default() += 1;
    }
}

fn known_word(word: &str) -> Option<&'static str> {
    let tallies = Status::ALL.into_iter().map(Status::word);
    let others = [PACKAGES, NAMED, NOT_OURS, Tally::WithSender.word(), Tally::Trashed.word()];
    tallies.chain(others).find(|known| *known == word)
}
