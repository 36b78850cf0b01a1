//! One batch of writes: what it changes in the logs it touches, and the rows that say so. Nothing here waits.

use super::codec::{encode_event, encode_package, origin_word};
use super::packages::folded;
use super::read::{Change, Row};
use super::script::{Script, Table};
use super::shelf::Entry;
use super::tallies::{self, Delta, Tallies};
use super::{Askable, NewArrival, NewRefused, StoreError};
use crate::model::filter::{fold_text, search_text, sender_of};
use crate::model::log::{Merged, merge};
use crate::model::{Fingerprint, Package, PackageKey, Record, Seq};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

const ARRIVALS: Table = Table {
    head: "INSERT OR ROLLBACK INTO arrivals (id, account, received_at, remote, origin, slot, headers, hash, same_as, size, body, state, note, facts, package)",
    columns: 15,
    tail: "",
};
const NEW_FACTS: Table = Table {
    head: "INSERT OR ROLLBACK INTO facts (package, fingerprint, kind, detail, who, name, happened_at, received_at, deliveries, origin, arrival, answer, unverified)",
    columns: 13,
    tail: "",
};
const FACTS: Table = Table {
    head: "INSERT INTO facts (package, fingerprint, kind, detail, who, name, happened_at, received_at, deliveries, origin, arrival, answer, unverified)",
    columns: 13,
    tail: "ON CONFLICT (package, fingerprint) DO UPDATE SET name = excluded.name, happened_at = excluded.happened_at, \
           received_at = excluded.received_at, deliveries = excluded.deliveries, origin = excluded.origin, \
           arrival = excluded.arrival, unverified = excluded.unverified",
};
const PACKAGES: Table = Table {
    head: "INSERT INTO packages (id, account, package, seq, shelf, sender, name, search, state, ready, attention_until, updated, created, due, facts, check_by, tries, not_ours)",
    columns: 18,
    tail: "ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, shelf = excluded.shelf, ready = excluded.ready, \
           attention_until = excluded.attention_until, sender = excluded.sender, updated = excluded.updated, \
           created = excluded.created, due = excluded.due, name = excluded.name, search = excluded.search, \
           state = excluded.state, facts = excluded.facts, check_by = excluded.check_by, tries = excluded.tries, \
           not_ours = excluded.not_ours",
};
const CHANGES: Table = Table { head: "INSERT OR ROLLBACK INTO changes (seq, package)", columns: 2, tail: "" };
const TALLIES: Table = Table {
    head: "INSERT INTO tallies (account, word, n)",
    columns: 3,
    tail: "ON CONFLICT (account, word) DO UPDATE SET n = excluded.n",
};
const SLOTS: Table = Table {
    head: "INSERT INTO slots (account, slot, used_at)",
    columns: 3,
    tail: "ON CONFLICT (account, slot) DO UPDATE SET used_at = max(used_at, excluded.used_at)",
};

/// What became of one job's facts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Applied {
    pub fresh: u32,
    pub repeats: u32,
    /// The first package that a fact is about.
    pub package: Option<i64>,
}

/// An arrival and where its bytes are.
pub(super) struct ArrivalRow<'a> {
    pub id: i64,
    pub arrival: &'a NewArrival,
    pub hash: [u8; 16],
    pub same_as: Option<i64>,
    pub state: i64,
    pub applied: Applied,
}

/// An arrival that was read again.
pub(super) struct RereadRow<'a> {
    pub id: i64,
    pub note: &'a Option<String>,
    pub facts: Vec<u8>,
    pub package: Option<i64>,
    pub was_pending: bool,
}

/// A batch in the making.
#[derive(Default)]
pub(super) struct Batch<'a> {
    /// The packages that it touches, and their state before.
    pub touched: BTreeMap<PackageKey, Touched>,
    pub arrivals: Vec<ArrivalRow<'a>>,
    pub refused: Vec<(i64, &'a NewRefused)>,
    pub reread: Vec<RereadRow<'a>>,
    /// Everybody to tell when it is on disk.
    pub changes: Vec<Change>,
    pub delta: Delta,
}

/// A package that a batch touches.
pub(super) struct Touched {
    pub entry: Entry,
    words: Vec<&'static str>,
    /// How many facts its log had; those behind them are new.
    known: usize,
    /// Facts to write, by their place in the log.
    dirty: BTreeSet<usize>,
    /// The row is to be written.
    pub stale: bool,
    /// It is to be folded again, whatever came.
    pub refold: bool,
}

impl Touched {
    pub(super) fn new(entry: Entry) -> Self {
        let words = entry.package.as_deref().map(|it| tallies::words(it, entry.not_ours)).unwrap_or_default();
        let known = entry.log.len();
        Self { entry, words, known, dirty: BTreeSet::new(), stale: false, refold: false }
    }
}

impl Batch<'_> {
    /// Puts facts into the logs. `counted`: the fingerprints for which this arrival was counted before.
    pub(super) fn apply(
        &mut self,
        facts: &[(PackageKey, Record)],
        arrival: Option<i64>,
        counted: &[Fingerprint],
    ) -> Result<Applied, StoreError> {
        let mut applied = Applied::default();
        let mut seen: Vec<Fingerprint> = counted.to_vec();
        for (key, record) in facts {
            let touched = self.touched.get_mut(key).ok_or_else(|| lost(key))?;
            applied.package = applied.package.or(Some(touched.entry.id));
            if seen.contains(&record.fingerprint) {
                continue;
            }
            seen.push(record.fingerprint);
            let mut record = record.clone();
            record.arrival = record.arrival.or(arrival);
            let answered = record.answer().is_some();
            let at = match merge(&mut touched.entry.log, record) {
                Merged::Fresh => {
                    applied.fresh += 1;
                    touched.entry.total += 1;
                    touched.entry.log.len() - 1
                }
                Merged::Repeat(at) => {
                    applied.repeats += 1;
                    at
                }
                Merged::Confirmed(at) => at,
            };
            touched.dirty.insert(at);
            if answered {
                touched.entry.tries = 0;
                touched.entry.not_ours = false;
                touched.stale = true;
            }
        }
        Ok(applied)
    }

    /// Folds each touched package once, gives changes their numbers, and counts.
    pub(super) fn fold(&mut self, seq: &mut i64, askable: &Askable) -> Result<(), StoreError> {
        for (key, touched) in &mut self.touched {
            if touched.dirty.is_empty() && !touched.stale && !touched.refold {
                continue;
            }
            let entry = &mut touched.entry;
            let package = folded(&entry.log, entry.total)?;
            let due = package.ask_at.filter(|_| askable.contains(&key.account));
            let check_by = if entry.tries > 0 && due.is_some() { entry.check_by.or(due) } else { due };
            let changed = entry.package.as_deref().is_none_or(|before| !before.looks_like(&package));
            touched.stale |=
                changed || check_by != entry.check_by || entry.package.as_deref() != Some(&package);
            entry.check_by = check_by;
            let before = entry.package.replace(Arc::new(package));
            if changed && let Some(package) = &entry.package {
                *seq += 1;
                entry.seq = *seq;
                let row = Row { key: key.clone(), seq: Seq(*seq), package: Arc::clone(package) };
                self.changes.push(Change { row, before });
            }
        }
        self.count();
        Ok(())
    }

    /// Asking about a package failed.
    pub(super) fn postpone(&mut self, key: &PackageKey, until: crate::model::Timestamp, not_ours: bool) {
        if let Some(touched) = self.touched.get_mut(key) {
            touched.entry.check_by = Some(until);
            touched.entry.tries += 1;
            touched.entry.not_ours |= not_ours;
            touched.stale = touched.entry.package.is_some();
        }
        self.count();
    }

    /// What the touched packages change in the counters.
    fn count(&mut self) {
        for (key, touched) in &mut self.touched {
            let Some(package) = touched.entry.package.as_deref() else { continue };
            let words = tallies::words(package, touched.entry.not_ours);
            if words != touched.words {
                tallies::moved(&mut self.delta, &key.account, &touched.words, &words);
                touched.words = words;
            }
        }
    }

    /// How many more arrivals are pending after it.
    pub(super) fn pending(&self) -> i64 {
        let more = self.arrivals.iter().filter(|row| row.state == super::inbox::PENDING).count();
        let fewer = self.reread.iter().filter(|row| row.was_pending).count();
        i64::try_from(more).unwrap_or_default() - i64::try_from(fewer).unwrap_or_default()
    }

    /// The whole batch as one transaction.
    pub(super) fn script(&self, counters: &Tallies) -> Result<Script, StoreError> {
        let mut script = Script::begin();
        self.arrivals_into(&mut script)?;
        let (mut new, mut known) = (Vec::new(), Vec::new());
        for touched in self.touched.values() {
            for at in &touched.dirty {
                let Some(record) = touched.entry.log.get(*at) else { continue };
                let rows = if *at >= touched.known { &mut new } else { &mut known };
                rows.push((touched.entry.id, record));
            }
        }
        script.insert(&NEW_FACTS, &new, fact_cells)?;
        script.insert(&FACTS, &known, fact_cells)?;
        let stale: Vec<(&PackageKey, &Entry, &Package)> = self
            .touched
            .iter()
            .filter(|(_, touched)| touched.stale)
            .filter_map(|(key, touched)| touched.entry.package.as_deref().map(|it| (key, &touched.entry, it)))
            .collect();
        script.insert(&PACKAGES, &stale, |(key, entry, package), cells| {
            package_cells(key, entry, package, cells)
        })?;
        let changes: Vec<(i64, i64)> = self
            .changes
            .iter()
            .filter_map(|it| self.touched.get(&it.row.key).map(|touched| (it.row.seq.0, touched.entry.id)))
            .collect();
        script.insert(&CHANGES, &changes, |(seq, package), cells| {
            cells.bind(*seq)?.bind(*package).map(|_| ())
        })?;
        script.insert(&TALLIES, &counters.after(&self.delta), |(account, word, n), cells| {
            cells.bind(account.0.clone())?.bind(*word)?.bind(*n).map(|_| ())
        })?;
        Ok(script)
    }

    fn arrivals_into(&self, script: &mut Script) -> Result<(), StoreError> {
        script.insert(&ARRIVALS, &self.arrivals, |row, cells| {
            let it = row.arrival;
            let body = row.same_as.is_none().then(|| it.body.clone());
            cells.bind(row.id)?.word(&it.account.0)?.bind(it.received_at.0)?.word(&it.remote)?;
            cells
                .word(origin_word(it.origin))?
                .word(it.slot)?
                .bind(it.headers.clone())?
                .bind(row.hash.to_vec())?;
            cells.bind(row.same_as)?.bind(len(&it.body))?.bind(body)?.bind(row.state)?;
            cells.bind(it.reading.note.clone())?;
            // What isn't digested yet is counted for nothing yet.
            let facts =
                if row.state == super::inbox::PENDING { Vec::new() } else { fingerprints(&it.reading.facts) };
            cells.bind(facts)?.bind(row.applied.package)?;
            Ok(())
        })?;
        let mut slots: HashMap<(&str, &str), i64> = HashMap::new();
        for row in self.arrivals.iter().filter(|row| row.arrival.origin == crate::model::Origin::Callback) {
            let used = slots.entry((&row.arrival.account.0, row.arrival.slot)).or_default();
            *used = (*used).max(row.arrival.received_at.0);
        }
        let slots: Vec<_> = slots.into_iter().collect();
        script.insert(&SLOTS, &slots, |((account, slot), at), cells| {
            cells.bind((*account).to_owned())?.bind((*slot).to_owned())?.bind(*at).map(|_| ())
        })?;
        for row in &self.reread {
            const REREAD: &str = "UPDATE arrivals SET state = ?, note = ?, facts = ?, package = coalesce(package, ?) WHERE id = ?";
            script.statement(REREAD, |cells| {
                let state = super::inbox::state_of(row.note.is_some());
                cells
                    .bind(state)?
                    .bind(row.note.clone())?
                    .bind(row.facts.clone())?
                    .bind(row.package)?
                    .bind(row.id)?;
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// What a row of `packages` says of a package, in the columns that lists and searches look at: made of the package
/// alone, and compared by the self-check.
pub(super) struct Columns {
    pub texts: [(&'static str, Option<String>); 5],
    pub numbers: [(&'static str, Option<i64>); 5],
}

impl Columns {
    pub(super) fn of(key: &PackageKey, package: &Package) -> Result<Self, StoreError> {
        let id = key.package.as_str();
        let shelf = match (package.template, package.elsewhere, package.trashed) {
            (true, ..) => "template",
            (false, true, _) => "elsewhere",
            (false, false, true) => "trashed",
            (false, false, false) => package.status.word(),
        };
        Ok(Self {
            texts: [
                ("shelf", Some(shelf.to_owned())),
                ("sender", sender_of(package).map(ToOwned::to_owned)),
                ("name", Some(fold_text(package.name.as_deref().unwrap_or(id)))),
                ("search", Some(search_text(id, package))),
                ("state", Some(encode_package(package)?)),
            ],
            numbers: [
                ("ready", Some(i64::from(package.ready_to_complete))),
                ("attention_until", package.attention_until().map(|at| at.0)),
                ("updated", Some(package.updated.0)),
                ("created", Some(package.created.map_or(0, |at| at.0))),
                ("due", Some(package.due.map_or(i64::MAX, |at| at.0))),
            ],
        })
    }
}

/// The cells of a row of `facts`.
fn fact_cells(
    (package, record): &(i64, &Record),
    cells: &mut super::script::Row<'_>,
) -> Result<(), StoreError> {
    let (kind, detail, answer) = encode_event(&record.event)?;
    cells.bind(*package)?.bind(record.fingerprint.0.to_vec())?.word(kind)?.bind(detail)?;
    cells.bind(record.who.clone())?.word(&record.name)?;
    cells.bind(record.happened_at.map(|at| at.0))?.bind(record.received_at.0)?;
    cells.bind(i64::from(record.deliveries))?.word(origin_word(record.origin))?;
    cells.bind(record.arrival)?.bind(answer)?.bind(i64::from(record.unverified))?;
    Ok(())
}

/// The cells of a row of `packages`.
fn package_cells(
    key: &PackageKey,
    entry: &Entry,
    package: &Package,
    cells: &mut super::script::Row<'_>,
) -> Result<(), StoreError> {
    let Columns { texts, numbers } = Columns::of(key, package)?;
    cells.bind(entry.id)?.word(&key.account.0)?.bind(key.package.as_str().to_owned())?.bind(entry.seq)?;
    for (_, text) in texts {
        cells.bind(text)?;
    }
    for (_, number) in numbers {
        cells.bind(number)?;
    }
    cells.bind(i64::try_from(entry.total).unwrap_or(i64::MAX))?;
    cells.bind(entry.check_by.map(|at| at.0))?.bind(entry.tries)?.bind(i64::from(entry.not_ours))?;
    Ok(())
}

/// The fingerprints of facts, one after the other.
pub(super) fn fingerprints(facts: &[(PackageKey, Record)]) -> Vec<u8> {
    let mut all: Vec<Fingerprint> = facts.iter().map(|(_, record)| record.fingerprint).collect();
    let mut seen = HashSet::new();
    all.retain(|it| seen.insert(*it));
    all.into_iter().flat_map(|it| it.0).collect()
}

fn len(body: &[u8]) -> i64 {
    i64::try_from(body.len()).unwrap_or(i64::MAX)
}

fn lost(key: &PackageKey) -> StoreError {
    StoreError::Unreadable(format!("a batch that forgot a package of `{}`", key.account))
}
