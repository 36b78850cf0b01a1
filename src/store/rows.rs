//! A batch as rows: the tables, their columns, and the one transaction that writes them.

use super::batch::{Applied, Batch};
use super::codec::{encode_event, encode_package, origin_word};
use super::facets;
use super::script::{Script, Table};
use super::shelf::Entry;
use super::signers;
use super::tallies::Tallies;
use super::{StoreError, Subject};
use crate::model::filter::{fold_text, search_text, sender_key};
use crate::model::{Fingerprint, Package, PackageKey, Record};
use std::collections::{HashMap, HashSet};

const ARRIVALS: Table = Table {
    head: "INSERT OR ROLLBACK INTO arrivals (id, account, received_at, remote, origin, slot, headers, hash, same_as, size, body, gone, state, note, facts, package, signer)",
    columns: 17,
    tail: "",
};
/// What tells of somebody erased, and is read only now: its bytes go, unless they have to be passed on, or the same ones
/// are to be read once more.
const TOO_LATE: &str = "UPDATE arrivals SET gone = 'erased', body = iif(EXISTS (SELECT 1 FROM forwards f JOIN arrivals b \
    ON b.id = f.arrival WHERE f.state <> 1 AND coalesce(b.same_as, b.id) = arrivals.id), body, NULL) \
    WHERE id = (SELECT coalesce(same_as, id) FROM arrivals WHERE id = ?) AND body IS NOT NULL AND gone IS NULL \
    AND id NOT IN (SELECT coalesce(same_as, id) FROM arrivals WHERE state = 0 AND state <> 1)";
/// The log of a package and the log under a signer differ in whose they are and in nothing else.
macro_rules! log_table {
    ($insert:literal, $table:literal, $owner:literal, $tail:expr) => {
        Table {
            head: concat!(
                $insert, " INTO ", $table, " (", $owner, ", fingerprint, kind, detail, who, name, happened_at, received_at, \
                deliveries, origin, arrival, answer, unverified)"
            ),
            columns: 13,
            tail: $tail,
        }
    };
    ($table:literal, $owner:literal) => {
        log_table!("INSERT", $table, $owner, concat!(
            "ON CONFLICT (", $owner, ", fingerprint) DO UPDATE SET kind = excluded.kind, detail = excluded.detail, \
            who = excluded.who, name = excluded.name, happened_at = excluded.happened_at, \
            received_at = excluded.received_at, deliveries = excluded.deliveries, origin = excluded.origin, \
            arrival = excluded.arrival, unverified = excluded.unverified"
        ))
    };
}
const NEW_FACTS: Table = log_table!("INSERT OR ROLLBACK", "facts", "package", "");
const FACTS: Table = log_table!("facts", "package");
/// Of facts under a signer.
pub(super) const SIGNER_FACTS: Table = log_table!("signer_facts", "signer");
macro_rules! packages {
    ($more:literal) => {
        Table {
            head: "INSERT INTO packages (id, account, package, seq, shelf, sender, team, name, search, state, ready, attention_until, updated, created, due, facts, check_by, tries, not_ours)",
            columns: 19,
            tail: concat!(
                "ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, updated = excluded.updated, state = excluded.state, \
                 facts = excluded.facts, check_by = excluded.check_by, tries = excluded.tries, not_ours = excluded.not_ours",
                $more
            ),
        }
    };
}
const PACKAGES: Table = packages!(
    ", shelf = excluded.shelf, ready = excluded.ready, attention_until = excluded.attention_until, sender = excluded.sender, \
     team = excluded.team, created = excluded.created, due = excluded.due, name = excluded.name, search = excluded.search"
);
/// Of which [`Filed`] stays: the pages of indexes over what is not named here stay as they are, too, which is most of them. What
/// went wrong in a row is put right by a rebuild, and not by the next fact.
const PACKAGES_THAT_STAY: Table = packages!("");
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

const SECRET_USES: Table = Table {
    head: "INSERT INTO secret_uses (account, made_at, first_at, last_at)",
    columns: 4,
    tail: "ON CONFLICT (account, made_at) DO UPDATE SET first_at = min(first_at, excluded.first_at), \
           last_at = max(last_at, excluded.last_at)",
};

impl Batch<'_> {
    /// The whole batch as one transaction.
    pub(super) fn script(&self, counters: &Tallies) -> Result<Script, StoreError> {
        let mut script = Script::begin();
        self.arrivals_into(&mut script)?;
        self.forwards_into(&mut script)?;
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
        let (mut moved, mut stay) = (Vec::new(), Vec::new());
        for (key, touched) in self.touched.iter().filter(|(_, touched)| touched.stale) {
            let Some(package) = touched.entry.package.as_deref() else { continue };
            let filed = Filed::of(key, package);
            // What is folded again may stand in a row that says something else.
            let before = touched.before.as_deref().filter(|_| !touched.refold);
            let stays = before.is_some_and(|it| Filed::of(key, it) == filed);
            let columns = Columns::new(filed, package)?;
            if stays { &mut stay } else { &mut moved }.push((key, &touched.entry, columns));
        }
        for (table, rows) in [(PACKAGES, moved), (PACKAGES_THAT_STAY, stay)] {
            script.insert(&table, &rows, package_cells)?;
        }
        let changes: Vec<(i64, i64)> = self
            .changes
            .iter()
            .filter_map(|it| self.touched.get(&it.row.key).map(|touched| (it.row.seq.0, touched.entry.id)))
            .collect();
        let id_of = |key: &PackageKey| self.touched.get(key).map(|touched| touched.entry.id);
        signers::rows_into(&self.signers, id_of, &mut script)?;
        script.insert(&CHANGES, &changes, |(seq, package), cells| {
            cells.bind(*seq)?.bind(*package).map(|_| ())
        })?;
        self.drift_into(&mut script)?;
        self.alerts_into(&mut script)?;
        self.hooks_into(&mut script)?;
        script.insert(&TALLIES, &counters.after(&self.delta), |(account, word, n), cells| {
            cells.bind(account.0.clone())?.bind(*word)?.bind(*n).map(|_| ())
        })?;
        self.sent.write(&facets::SENDERS, &mut script)?;
        self.grouped.write(&facets::GROUPS, &mut script)?;
        self.seats_into(&mut script)?;
        Ok(script)
    }

    fn arrivals_into(&self, script: &mut Script) -> Result<(), StoreError> {
        script.insert(&ARRIVALS, &self.arrivals, |row, cells| {
            let it = row.arrival;
            let is_first = row.same_as.is_none();
            let erased = is_first && row.applied.erased;
            // Bytes that have to be passed on stay for that alone.
            let body = (is_first && (!erased || it.forward.is_some())).then(|| it.body.clone());
            cells.bind(row.id)?.word(&it.account.0)?.bind(it.received_at.0)?.word(&it.remote)?;
            cells
                .word(origin_word(it.origin))?
                .word(it.slot)?
                .bind(it.headers.clone())?
                .bind(row.hash.to_vec())?;
            cells.bind(row.same_as)?.bind(len(it.body.len()))?.bind(body)?;
            cells.bind(erased.then_some("erased"))?.bind(row.state)?;
            cells.bind(note_of(&it.reading.note, row.applied))?;
            // What isn't digested yet is counted for nothing yet.
            let facts =
                if row.state == super::inbox::PENDING { Vec::new() } else { fingerprints(&it.reading.facts) };
            cells.bind(facts)?.bind(row.applied.package)?.bind(row.applied.signer)?;
            Ok(())
        })?;
        let mut slots: HashMap<(&str, &str), i64> = HashMap::new();
        let mut secrets: HashMap<(&str, i64), (i64, i64)> = HashMap::new();
        let callbacks = self
            .arrivals
            .iter()
            .filter(|row| row.arrival.origin == crate::model::Origin::Callback && !row.arrival.is_test);
        for row in callbacks {
            let at = row.arrival.received_at.0;
            if let Some(made_at) = row.arrival.secret {
                let (first, last) = secrets.entry((&row.arrival.account.0, made_at.0)).or_insert((at, at));
                (*first, *last) = ((*first).min(at), (*last).max(at));
            }
            let used = slots.entry((&row.arrival.account.0, row.arrival.slot)).or_default();
            *used = (*used).max(at);
        }
        let slots: Vec<_> = slots.into_iter().collect();
        script.insert(&SLOTS, &slots, |((account, slot), at), cells| {
            cells.bind((*account).to_owned())?.bind((*slot).to_owned())?.bind(*at).map(|_| ())
        })?;
        let secrets: Vec<_> = secrets.into_iter().collect();
        script.insert(&SECRET_USES, &secrets, |((account, made_at), (first, last)), cells| {
            cells.bind((*account).to_owned())?.bind(*made_at)?.bind(*first)?.bind(*last).map(|_| ())
        })?;
        for row in &self.reread {
            const REREAD: &str = "UPDATE arrivals SET state = ?, note = ?, facts = ?, package = coalesce(package, ?), \
                signer = coalesce(signer, ?) WHERE id = ?";
            script.statement(REREAD, |cells| {
                let state = super::inbox::state_of(row.note.is_some());
                cells
                    .bind(state)?
                    .bind(note_of(row.note, row.applied))?
                    .bind(row.facts.clone())?
                    .bind(row.applied.package)?
                    .bind(row.applied.signer)?
                    .bind(row.id)?;
                Ok(())
            })?;
            if row.applied.erased {
                script.statement(TOO_LATE, |cells| cells.bind(row.id).map(|_| ()))?;
            }
        }
        Ok(())
    }
}

/// What an arrival's row says of it.
fn note_of(note: &Option<String>, applied: Applied) -> Option<String> {
    note.clone().or_else(|| applied.removed.then(|| super::removal::NOTE.to_owned()))
}

/// What a row of `packages` says of a package, in the columns that lists and searches look at: made of the package
/// alone, and compared by the self-check.
pub(super) struct Columns {
    pub texts: [(&'static str, Option<String>); 6],
    pub numbers: [(&'static str, Option<i64>); 5],
}

impl Columns {
    pub(super) fn of(key: &PackageKey, package: &Package) -> Result<Self, StoreError> {
        Self::new(Filed::of(key, package), package)
    }

    fn new(filed: Filed, package: &Package) -> Result<Self, StoreError> {
        let Filed { shelf, sender, team, name, search, ready, attention_until, created, due } = filed;
        Ok(Self {
            texts: [
                ("shelf", Some(shelf.to_owned())),
                ("sender", sender),
                ("team", team),
                ("name", Some(name)),
                ("search", Some(search)),
                ("state", Some(encode_package(package)?)),
            ],
            numbers: [
                ("ready", Some(i64::from(ready))),
                ("attention_until", attention_until),
                ("updated", Some(package.updated.0)),
                ("created", Some(created)),
                ("due", Some(due)),
            ],
        })
    }
}

/// Where lists and searches find a package, but for when it changed.
#[derive(PartialEq)]
struct Filed {
    shelf: &'static str,
    sender: Option<String>,
    team: Option<String>,
    name: String,
    search: String,
    ready: bool,
    attention_until: Option<i64>,
    created: i64,
    due: i64,
}

impl Filed {
    fn of(key: &PackageKey, package: &Package) -> Self {
        let id = key.package.as_str();
        Self {
            shelf: match (package.template, package.elsewhere, package.trashed) {
                (true, ..) => "template",
                (false, true, _) => "elsewhere",
                (false, false, true) => "trashed",
                (false, false, false) => package.status.word(),
            },
            sender: sender_key(package).filter(|_| !package.elsewhere),
            team: package.group.clone().filter(|_| !package.elsewhere),
            name: fold_text(package.name.as_deref().unwrap_or(id)),
            search: search_text(id, package),
            ready: package.ready_to_complete,
            attention_until: package.attention_until().map(|at| at.0),
            created: package.created.map_or(0, |at| at.0),
            due: package.due.map_or(i64::MAX, |at| at.0),
        }
    }
}

/// The cells of a row of `facts`, or of `signer_facts`.
pub(super) fn fact_cells(
    (log, record): &(i64, &Record),
    cells: &mut super::script::Row<'_>,
) -> Result<(), StoreError> {
    let (kind, detail, answer) = encode_event(&record.event)?;
    cells.bind(*log)?.bind(record.fingerprint.0.to_vec())?.word(kind)?.bind(detail)?;
    cells.bind(record.who.clone())?.word(&record.name)?;
    cells.bind(record.happened_at.map(|at| at.0))?.bind(record.received_at.0)?;
    cells.bind(i64::from(record.deliveries))?.word(origin_word(record.origin))?;
    cells.bind(record.arrival)?.bind(answer)?.bind(i64::from(record.unverified))?;
    Ok(())
}

/// The cells of a row of `packages`.
fn package_cells(
    (key, entry, Columns { texts, numbers }): &(&PackageKey, &Entry, Columns),
    cells: &mut super::script::Row<'_>,
) -> Result<(), StoreError> {
    cells.bind(entry.id)?.word(&key.account.0)?.bind(key.package.as_str().to_owned())?.bind(entry.seq)?;
    for (_, text) in texts {
        cells.bind(text.clone())?;
    }
    for (_, number) in numbers {
        cells.bind(*number)?;
    }
    cells.bind(len(entry.total))?;
    cells.bind(entry.check_by.map(|at| at.0))?.bind(entry.tries)?.bind(i64::from(entry.not_ours))?;
    Ok(())
}

/// The fingerprints of facts, one after the other.
pub(super) fn fingerprints(facts: &[(Subject, Record)]) -> Vec<u8> {
    let mut all: Vec<Fingerprint> = facts.iter().map(|(_, record)| record.fingerprint).collect();
    let mut seen = HashSet::new();
    all.retain(|it| seen.insert(*it));
    all.into_iter().flat_map(|it| it.0).collect()
}

/// A length as a cell.
pub(super) fn len(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}
