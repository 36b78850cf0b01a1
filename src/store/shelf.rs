//! The logs that the writer has at hand. It is the only one who writes them, so what it remembers is true.
//!
//! Two generations: when the young one is full it becomes the old one, and what nobody asked for meanwhile is gone.

use crate::model::{Package, PackageKey, Record, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

/// So much is remembered in each generation, counted in facts of callbacks: some 300 bytes each.
const ROOM: usize = 120_000;
/// What an answer of an API takes, which names people and documents, and what a package does beside its log. A sweep puts
/// every package of an account here, each with an answer.
const ANSWER: usize = 12;
const PACKAGE: usize = 12;

/// A package as the writer knows it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its row.
    pub id: i64,
    /// Its log; the first facts only, where there are too many.
    pub log: Vec<Record>,
    /// How many facts the log has in all.
    pub total: usize,
    /// Its state; `None`: it has no row yet.
    pub package: Option<Arc<Package>>,
    /// When to ask its API.
    pub check_by: Option<Timestamp>,
    /// How often asking has failed in a row.
    pub tries: i64,
    /// The API says that it is not ours to see.
    pub not_ours: bool,
    /// Its last change.
    pub seq: i64,
}

impl Entry {
    /// A package that has no row yet.
    pub(super) fn new(id: i64) -> Self {
        Self {
            id,
            log: Vec::new(),
            total: 0,
            package: None,
            check_by: None,
            tries: 0,
            not_ours: false,
            seq: 0,
        }
    }

    /// How much room it takes.
    fn size(&self) -> usize {
        let of = |record: &Record| if record.answer().is_some() { ANSWER } else { 1 };
        PACKAGE + self.log.iter().map(of).sum::<usize>()
    }
}

/// The logs at hand.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    young: HashMap<PackageKey, Entry>,
    old: HashMap<PackageKey, Entry>,
    /// What the young generation takes.
    taken: usize,
}

impl Shelf {
    /// Takes a package off the shelf, to be put back when the batch is on disk.
    pub(super) fn take(&mut self, key: &PackageKey) -> Option<Entry> {
        if let Some(entry) = self.young.remove(key) {
            self.taken -= entry.size();
            return Some(entry);
        }
        self.old.remove(key)
    }

    /// Puts a package on the shelf.
    pub(super) fn put(&mut self, key: PackageKey, entry: Entry) {
        if self.taken > ROOM {
            self.old = std::mem::take(&mut self.young);
            self.taken = 0;
        }
        self.taken += entry.size();
        if let Some(replaced) = self.young.insert(key, entry) {
            self.taken -= replaced.size();
        }
    }

    /// Forgets everything: somebody else may have written.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountId, Answer, Fingerprint, PackageId, fold};

    #[test]
    fn a_sweep_leaves_no_more_here_than_there_is_room_for() {
        let answer =
            fold::answer_record(Answer::NotFound, Timestamp(1), Timestamp(1), Fingerprint::default());
        let mut shelf = Shelf::default();
        let key = |number: i64| {
            let package = PackageId::parse(&number.to_string()).unwrap();
            PackageKey { account: AccountId("os".to_owned()), package }
        };
        for number in 0..50_000 {
            shelf.put(key(number), Entry { log: vec![answer.clone()], ..Entry::new(number) });
        }
        let most = 2 * (ROOM / (ANSWER + PACKAGE) + 1);
        assert!(shelf.young.len() + shelf.old.len() <= most, "{} {}", shelf.young.len(), shelf.old.len());
        // Taken and put back it takes what it took.
        let taken = shelf.taken;
        let entry = shelf.take(&key(49_999)).unwrap();
        shelf.put(key(49_999), entry);
        assert_eq!(shelf.taken, taken);
    }
}
