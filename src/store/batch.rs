//! One batch of writes: what it changes in the logs it touches, and the rows that say so. Nothing here waits.

use super::alerts::Alerts;
use super::erased::{Erased, NewSeat};
use super::facets::{self, Moves};
use super::hooks::Hooks;
use super::lines::{Closed, DriftRow};
use super::packages::folded;
use super::policy::{Policies, names};
use super::read::{Change, Row};
use super::shelf::Entry;
use super::signers::Lone;
use super::tallies::{self, Delta};
use super::traffic::Traffic;
use super::{NewArrival, NewRefused, StoreError, Subject};
use crate::model::log::{Merged, Places};
use crate::model::{DoubtKind, Fingerprint, Origin, Package, PackageKey, Record, Seq, SignerKey, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// What a person wants to be asked about is due since then: after what is due at once, and before all that has a date.
/// It stays so until the API was asked, whatever comes meanwhile.
const WANTED: Timestamp = Timestamp(1);

/// What became of one job's facts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Applied {
    pub fresh: u32,
    pub repeats: u32,
    /// The first package that a fact is about, and the first signer. Not the package that holds the signer: the same
    /// bytes shall tell the same whenever they come.
    pub package: Option<i64>,
    pub signer: Option<i64>,
    pub drift: u32,
    /// Something is about a package that was removed.
    pub removed: bool,
    /// Something told of somebody whom the board was told to forget.
    pub erased: bool,
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
    pub applied: Applied,
    pub was_pending: bool,
}

/// A batch in the making.
#[derive(Default)]
pub(super) struct Batch<'a> {
    /// The packages that it touches, and their state before.
    pub touched: BTreeMap<PackageKey, Touched>,
    /// The signers that it touches (rule 20).
    pub signers: BTreeMap<SignerKey, Lone>,
    pub arrivals: Vec<ArrivalRow<'a>>,
    pub refused: Vec<(i64, &'a NewRefused)>,
    pub reread: Vec<RereadRow<'a>>,
    /// Everybody to tell when it is on disk.
    pub changes: Vec<Change>,
    pub delta: Delta,
    /// The same by sender, and by group.
    pub sent: Moves,
    pub grouped: Moves,
    /// What answers showed that no callback had told.
    pub drift: Vec<DriftRow>,
    /// What came in which hour.
    pub traffic: Traffic,
    /// What it closes of the lines on disk.
    pub closed: Closed,
    /// Packages and signers that were removed: nothing of them is written.
    pub removed: HashSet<PackageKey>,
    pub removed_signers: HashSet<SignerKey>,
    /// Whom the board was told to forget,
    pub erased: Arc<Erased>,
    /// and where they are, as this batch shows.
    pub seats: Vec<NewSeat>,
    pub alerts: Alerts,
    pub hooks: Hooks,
}

/// A package that a batch touches.
pub(super) struct Touched {
    pub entry: Entry,
    places: Places,
    words: Vec<&'static str>,
    sender: Option<String>,
    group: Option<String>,
    /// As it was.
    pub before: Option<Arc<Package>>,
    /// How many facts its log had; those behind them are new.
    pub known: usize,
    /// Facts to write, by their place in the log.
    pub dirty: BTreeSet<usize>,
    /// The row is to be written.
    pub stale: bool,
    /// It is to be folded again, whatever came.
    pub refold: bool,
    /// When the last new fact in it came that is no answer, and how.
    pub heard: Option<(Timestamp, Origin)>,
}

impl Touched {
    pub(super) fn new(entry: Entry) -> Self {
        let words = entry.package.as_deref().map(|it| tallies::words(it, entry.not_ours)).unwrap_or_default();
        let sender = entry.package.as_deref().and_then(facets::sender);
        let group = entry.package.as_deref().and_then(facets::group);
        let (before, known) = (entry.package.clone(), entry.log.len());
        Self {
            entry,
            before,
            places: Places::default(),
            words,
            sender,
            group,
            known,
            dirty: BTreeSet::new(),
            stale: false,
            refold: false,
            heard: None,
        }
    }

    /// Puts a fact into the log.
    fn add(&mut self, record: Record) -> Merged {
        let answered = record.answer().is_some();
        let came = (record.received_at, record.origin);
        let merged = self.places.merge(&mut self.entry.log, record);
        match merged {
            Merged::Fresh => {
                self.entry.total += 1;
                self.dirty.insert(self.entry.log.len() - 1);
                self.heard = self.heard.max(Some(came).filter(|it| it.1 != Origin::Poll));
            }
            Merged::Repeat(at) | Merged::Confirmed(at) => {
                self.dirty.insert(at);
            }
        }
        if answered {
            self.entry.tries = 0;
            self.entry.not_ours = false;
            self.entry.check_by = self.entry.check_by.filter(|at| *at != WANTED);
            self.stale = true;
        }
        merged
    }
}

impl Batch<'_> {
    /// Puts facts into the logs. `counted`: the fingerprints for which this arrival was counted before.
    pub(super) fn apply(
        &mut self,
        facts: &[(Subject, Record)],
        arrival: Option<i64>,
        counted: &[Fingerprint],
        policies: &Policies,
    ) -> Result<Applied, StoreError> {
        let without = self.without_erased(facts);
        let mut applied = Applied { erased: without.is_some(), ..Applied::default() };
        let facts = without.as_deref().unwrap_or(facts);
        let counted: HashSet<Fingerprint> = counted.iter().copied().collect();
        let mut seen: HashSet<(&Subject, Fingerprint)> = HashSet::new();
        for (subject, record) in facts {
            let fresh = !counted.contains(&record.fingerprint) && seen.insert((subject, record.fingerprint));
            let copy = || Record { arrival: record.arrival.or(arrival), ..record.clone() };
            if self.is_removed(subject) {
                applied.removed = true;
                continue;
            }
            let merged = match subject {
                Subject::Package(key) => {
                    let touched = self.touched.get_mut(key).ok_or_else(lost)?;
                    applied.package = applied.package.or(Some(touched.entry.id));
                    let merged = fresh.then(|| touched.add(copy()));
                    self.link(key, record, policies)?;
                    merged
                }
                Subject::Signer(key) => {
                    let lone = self.signers.get_mut(key).ok_or_else(lost)?;
                    applied.signer = applied.signer.or(Some(lone.id));
                    if !fresh {
                        continue;
                    }
                    for package in lone.links() {
                        self.touched.get_mut(package).ok_or_else(lost)?.add(copy());
                    }
                    Some(lone.add(copy()))
                }
            };
            match merged {
                Some(Merged::Fresh) => {
                    applied.fresh += 1;
                    self.traffic.fresh(subject.account(), record);
                }
                Some(Merged::Repeat(_)) => applied.repeats += 1,
                Some(Merged::Confirmed(_)) | None => {}
            }
        }
        Ok(applied)
    }

    pub(super) fn is_removed(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Package(key) => self.removed.contains(key),
            // Where a package names them that is there, they are in it anew.
            Subject::Signer(key) => {
                self.removed_signers.contains(key)
                    && self.signers.get(key).is_none_or(|lone| lone.links().next().is_none())
            }
        }
    }

    /// Rule 20: whoever a package's record names is in that package, and what was said of them alone joins its log.
    pub(super) fn link(
        &mut self,
        key: &PackageKey,
        record: &Record,
        policies: &Policies,
    ) -> Result<(), StoreError> {
        // What was counted before may have been filed elsewhere then: of this package nothing may be known.
        if self.touched.get(key).is_none_or(|touched| touched.entry.total == 0) {
            return Ok(());
        }
        self.join(key, record, policies)
    }

    /// The same of a package that gets this record in any case, and of which nothing may be known yet.
    pub(super) fn join(
        &mut self,
        key: &PackageKey,
        record: &Record,
        policies: &Policies,
    ) -> Result<(), StoreError> {
        for signer in names(policies, key, record) {
            let lone = self.signers.get_mut(&signer).ok_or_else(lost)?;
            for copy in lone.link(key) {
                self.touched.get_mut(key).ok_or_else(lost)?.add(copy);
            }
        }
        Ok(())
    }

    /// Folds each touched package once, gives changes their numbers, and counts.
    pub(super) fn fold(&mut self, seq: &mut i64, policies: &Policies) -> Result<(), StoreError> {
        for (key, touched) in &mut self.touched {
            if touched.dirty.is_empty() && !touched.stale && !touched.refold {
                continue;
            }
            let entry = &mut touched.entry;
            let package = folded(&entry.log, entry.total, &key.account, policies)?;
            let asks = policies.get(&key.account).is_some_and(|policy| policy.asks);
            // Nobody sees what an API would say of a package elsewhere; but whoever proves nothing must not be able to hide one.
            let hidden =
                package.elsewhere && !package.doubts.iter().any(|it| it.kind == DoubtKind::Unverified);
            let due = package.ask_at.filter(|_| asks && !hidden);
            let wanted = entry.check_by.filter(|at| *at == WANTED);
            let check_by = if entry.tries > 0 && due.is_some() {
                entry.check_by.or(due)
            } else {
                due.into_iter().chain(wanted).min()
            };
            let changed = entry.package.as_deref().is_none_or(|before| !before.looks_like(&package));
            touched.stale |=
                changed || check_by != entry.check_by || entry.package.as_deref() != Some(&package);
            entry.check_by = check_by;
            let before = entry.package.replace(Arc::new(package));
            if touched.refold
                && let Some(package) = entry.package.as_deref()
            {
                self.alerts.again(key, package, entry.newest());
            } else if changed && let Some(package) = entry.package.as_deref() {
                self.alerts.changed(key, (before.as_deref(), package), entry.newest());
            }
            if !touched.refold {
                self.hooks.changed(key, policies, (before.as_deref(), entry), touched.known)?;
            }
            if changed && let Some(package) = &entry.package {
                *seq += 1;
                entry.seq = *seq;
                let row =
                    Row { id: entry.id, key: key.clone(), seq: Seq(*seq), package: Arc::clone(package) };
                self.changes.push(Change { row, before, alerts: Vec::new() });
            }
        }
        self.count();
        Ok(())
    }

    /// People want packages to be asked about: how many weren't due before, and how many were.
    pub(super) fn want(&mut self, keys: &[PackageKey], now: Timestamp) -> Applied {
        let mut applied = Applied::default();
        for key in keys {
            let Some(touched) = self.touched.get_mut(key).filter(|it| it.entry.package.is_some()) else {
                continue;
            };
            let entry = &mut touched.entry;
            if entry.check_by.is_some_and(|at| at <= now) {
                applied.repeats += 1;
            } else {
                applied.fresh += 1;
            }
            entry.check_by = Some(entry.check_by.map_or(WANTED, |at| at.min(WANTED)));
            touched.stale = true;
        }
        applied
    }

    /// Asking about a package failed.
    pub(super) fn postpone(&mut self, key: &PackageKey, until: Timestamp, not_ours: bool) {
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
            let (sender, group) = (facets::sender(package), facets::group(package));
            if words != touched.words || sender != touched.sender || group != touched.group {
                tallies::moved(&mut self.delta, &key.account, &touched.words, &words);
                let before = touched.words.as_slice();
                let was = (touched.sender.as_deref(), before);
                self.sent.moved(&key.account, was, (sender.as_deref(), &words));
                let was = (touched.group.as_deref(), before);
                self.grouped.moved(&key.account, was, (group.as_deref(), &words));
                (touched.words, touched.sender, touched.group) = (words, sender, group);
            }
        }
    }

    /// How many more arrivals are pending after it.
    pub(super) fn pending(&self) -> i64 {
        let more = self.arrivals.iter().filter(|row| row.state == super::inbox::PENDING).count();
        let fewer = self.reread.iter().filter(|row| row.was_pending).count();
        i64::try_from(more).unwrap_or_default() - i64::try_from(fewer).unwrap_or_default()
    }
}

fn lost() -> StoreError {
    StoreError::Unreadable("a batch that forgot a package or a signer".to_owned())
}
