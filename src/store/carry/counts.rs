//! Counts and names around a list, carried on: who sent how many, of which group they are, and which senders there are.

use super::super::facets::{self, By, Facets, GROUPS, SENDERS};
use super::super::read::Change;
use super::super::tallies::words;
use super::AsOf;
use crate::model::access::Reach;
use crate::model::{AccountId, Filter, Package, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many values behind those that are shown are known.
const BEHIND: u32 = 20;
/// So often others come before they are looked up: of several accounts the first of each are looked at alone, so that
/// more than was said may have been among the others.
const MOST_OTHERS: u64 = 64;

/// Values with the most packages, the greatest first, and what is known of those behind them.
#[derive(Debug, Clone)]
pub(in crate::store) struct Ranks {
    known: Vec<(String, u64)>,
    /// The others had at most so many, as far as they were looked at; `None`: there were no others.
    others: Option<u64>,
    /// How many more they have now.
    more: Vec<(String, u64)>,
}

impl Ranks {
    /// How many are looked up where so many are shown.
    pub(in crate::store) fn looked_up(most: u32) -> u32 {
        most.saturating_add(BEHIND)
    }

    pub(in crate::store) fn of(known: Vec<(String, u64)>, most: u32) -> Self {
        let is_full = known.len() >= Self::looked_up(most) as usize;
        Self { others: known.last().map(|it| it.1).filter(|_| is_full), known, more: Vec::new() }
    }

    pub(in crate::store) fn shown(self, most: u32) -> Vec<(String, u64)> {
        let mut known = self.known;
        known.truncate(most as usize);
        known
    }

    fn moved(&mut self, value: &str, comes: bool) {
        match self.known.iter_mut().find(|it| it.0 == value) {
            Some((_, n)) if comes => *n += 1,
            Some((_, n)) => *n = n.saturating_sub(1),
            None if !comes => {}
            None if self.others.is_none() => self.known.push((value.to_owned(), 1)),
            None => match self.more.iter_mut().find(|it| it.0 == value) {
                Some((_, n)) => *n += 1,
                None => self.more.push((value.to_owned(), 1)),
            },
        }
    }

    /// In their order again; `None`: one of the others may be among those that are shown.
    fn settle(&mut self, most: u32) -> Option<()> {
        self.known.retain(|it| it.1 > 0);
        self.known.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        if let Some(others) = self.others {
            let last = self.known.get((most as usize).checked_sub(1)?)?;
            let more = self.more.iter().map(|it| it.1).max().unwrap_or(0);
            let moves: u64 = self.more.iter().map(|it| it.1).sum();
            if last.1 <= others.saturating_add(more) || moves > MOST_OTHERS {
                return None;
            }
        }
        let enough = Self::looked_up(most) as usize;
        if self.others.is_none() && self.known.len() > 4 * enough {
            self.known.truncate(enough);
            self.others = self.known.last().map(|it| it.1);
        }
        Some(())
    }
}

/// What facets are of.
#[derive(Debug, Clone)]
pub(in crate::store) struct Ranked {
    pub accounts: BTreeMap<AccountId, u64>,
    pub senders: Ranks,
    pub groups: Ranks,
}

impl Ranked {
    pub(in crate::store) fn shown(self, most: u32) -> Facets {
        let (senders, groups) = (self.senders.shown(most), self.groups.shown(most));
        Facets { accounts: self.accounts.into_iter().collect(), senders, groups }
    }
}

impl AsOf<Ranked> {
    /// `None`: who has the most is not known.
    pub(in crate::store) fn carried(
        mut self,
        changes: &[Arc<Change>],
        filter: &Filter,
        most: u32,
    ) -> Option<Self> {
        let (tally, within) = (facets::tally(filter), &filter.within);
        let one = facets::values(filter);
        let it = &mut self.it;
        for change in changes {
            let account = &change.row.key.account;
            let value = |by: &By, package: &Package| {
                (by.of)(package).filter(|_| tally.admits(package, Timestamp::default()))
            };
            let theirs = |it: &String| within.senders.as_ref().is_none_or(|some| some.contains(it));
            let moves = |by: &By, ranks: &mut Ranks, counts: &dyn Fn(&String) -> bool| {
                let now = value(by, &change.row.package).filter(counts);
                let before = change.before.as_deref().and_then(|it| value(by, it)).filter(counts);
                if now != before {
                    for (value, comes) in [(before, false), (now, true)] {
                        if let Some(value) = value {
                            ranks.moved(&value, comes);
                        }
                    }
                }
            };
            if filter.has(account) {
                moves(&SENDERS, &mut it.senders, &theirs);
                if within.senders.is_none() {
                    moves(&GROUPS, &mut it.groups, &|_| true);
                }
            }
            if let Some((by, values)) = &one {
                let is_of = |it: &Package| value(by, it).is_some_and(|it| values.contains(&it));
                let n = it.accounts.entry(account.clone()).or_default();
                *n += u64::from(is_of(&change.row.package));
                *n = n.saturating_sub(u64::from(change.before.as_deref().is_some_and(is_of)));
            }
        }
        it.senders.settle(most)?;
        it.groups.settle(most)?;
        self.with(changes);
        Some(self)
    }
}

/// How many packages stand under each word.
pub(in crate::store) type ByWord = BTreeMap<String, i64>;

impl AsOf<ByWord> {
    /// Of those that some sent.
    pub(in crate::store) fn carried(
        mut self,
        changes: &[Arc<Change>],
        filter: &Filter,
        senders: &[String],
    ) -> Self {
        for change in changes.iter().filter(|it| filter.has(&it.row.key.account)) {
            let both = [(change.before.as_deref(), -1), (Some(&*change.row.package), 1)];
            for (package, by) in both.into_iter().filter_map(|(it, by)| Some((it?, by))) {
                if facets::sender(package).is_some_and(|it| senders.contains(&it)) {
                    for word in facets::tallies(&words(package, false)) {
                        *self.it.entry(word.to_owned()).or_default() += by;
                    }
                }
            }
        }
        self.with(changes);
        self
    }
}

impl AsOf<Vec<String>> {
    /// The first senders of whom somebody may know; `None`: one of them may have sent nothing that is left.
    pub(in crate::store) fn carried(
        mut self,
        changes: &[Arc<Change>],
        reach: &Reach,
        limit: u32,
    ) -> Option<Self> {
        let limit = limit as usize;
        for change in changes.iter().filter(|it| reach.has(&it.row.key.account)) {
            let now = facets::sender(&change.row.package);
            let before = change.before.as_deref().and_then(facets::sender);
            if before.is_some() && before != now {
                return None;
            }
            let Some(now) = now.filter(|it| reach.senders.as_ref().is_none_or(|some| some.contains(it)))
            else {
                continue;
            };
            if let Err(at) = self.it.binary_search(&now) {
                self.it.insert(at, now);
                self.it.truncate(limit);
            }
        }
        self.with(changes);
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(mut ranks: Ranks) -> Option<Vec<(String, u64)>> {
        ranks.settle(2)?;
        Some(ranks.shown(2))
    }

    /// Seen red with: others that count for nothing, and places that stay.
    #[test]
    fn whoever_may_have_overtaken_those_that_are_shown_is_looked_up() {
        let full: Vec<(String, u64)> = (0..22).map(|n| (format!("s{n:02}"), 100 - n)).collect();
        let mut all = Ranks::of(full, 2);
        all.moved("s01", true);
        all.moved("s01", true);
        assert_eq!(settled(all.clone()).unwrap(), [("s01".to_owned(), 101), ("s00".to_owned(), 100)]);
        let mut others = all.clone();
        for _ in 0..20 {
            others.moved("z", true);
        }
        assert!(settled(others.clone()).is_some());
        others.moved("z", true);
        assert!(settled(others).is_none(), "79 and 21 are as many as 100");
        for _ in 0..22 {
            all.moved("s00", false);
            all.moved("s02", false);
        }
        assert_eq!(settled(all).unwrap()[1], ("s03".to_owned(), 97));
        let mut few = Ranks::of(vec![("a".to_owned(), 1)], 2);
        few.moved("b", true);
        few.moved("a", false);
        assert_eq!(settled(few).unwrap(), [("b".to_owned(), 1)]);
    }

    /// Seen red with: values that are all known for ever.
    #[test]
    fn very_many_values_are_not_all_known() {
        let mut ranks = Ranks::of(Vec::new(), 2);
        for n in 0..1_000 {
            ranks.moved(&format!("s{n}"), true);
            ranks.moved("most", true);
            ranks.moved("more", true);
            let is_known = ranks.settle(2).is_some();
            assert!(ranks.known.len() < 100, "{n}");
            if !is_known {
                assert!(n > 100, "{n}");
                return;
            }
        }
        panic!("never looked up again");
    }
}
