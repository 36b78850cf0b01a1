//! The logs that the writer has at hand. It is the only one who writes them, so what it remembers is true.
//!
//! Two generations: when the young one is full it becomes the old one, and what nobody asked for meanwhile is gone.

use crate::model::{Package, PackageKey, Record, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

/// About this many facts are remembered in each generation (some 300 bytes each).
const FACTS: usize = 40_000;

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
}

/// The logs at hand.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    young: HashMap<PackageKey, Entry>,
    old: HashMap<PackageKey, Entry>,
    /// Facts in the young generation.
    facts: usize,
}

impl Shelf {
    /// Takes a package off the shelf, to be put back when the batch is on disk.
    pub(super) fn take(&mut self, key: &PackageKey) -> Option<Entry> {
        if let Some(entry) = self.young.remove(key) {
            self.facts -= entry.log.len();
            return Some(entry);
        }
        self.old.remove(key)
    }

    /// Puts a package on the shelf.
    pub(super) fn put(&mut self, key: PackageKey, entry: Entry) {
        if self.facts > FACTS {
            self.old = std::mem::take(&mut self.young);
            self.facts = 0;
        }
        self.facts += entry.log.len();
        if let Some(replaced) = self.young.insert(key, entry) {
            self.facts -= replaced.log.len();
        }
    }

    /// Forgets everything: somebody else may have written.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
