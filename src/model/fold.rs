//! The state machine: one pure function over the whole log of a package. The numbers are those of the rules in the
//! project's state.md.
//!
//! It sorts by the provider's time, so arrival order and repeats can't matter; it can't fail; it has no clock. A
//! package has tens of records, so folding again costs nothing and removes a class of bugs.

use super::seat::NEVER;
use super::walk::Walk;
use super::{Answer, Event, Fingerprint, Origin, Package, Person, Record, Timestamp};

/// Past this many facts the rest is kept and counted, not folded (rule 22). Answers are always folded.
pub const MOST_FACTS: usize = 2_000;
/// A doubt that an answer did not settle is asked about again after this long at the earliest.
const ASK_AGAIN_MS: i64 = 5_000;
/// How often a trouble is looked at that goes on.
const TROUBLE_MS: i64 = 15 * 60 * 1000;
/// An open package that nobody confirmed for this long is stale.
const STALE_MS: i64 = 24 * 60 * 60 * 1000;
/// What an answer of the API is called where a fact's name is shown.
pub const ANSWER_NAME: &str = "API answer";

/// Folds a package's whole log. Total, deterministic, blind to arrival order and repeats.
#[must_use]
pub fn fold(log: &[Record]) -> Package {
    let (facts, dropped) = in_order(log);
    let mut walk = Walk::default();
    walk.package.facts = u32::try_from(facts.len() + dropped).unwrap_or(u32::MAX);
    walk.package.too_many_facts = dropped > 0;
    let untimed = facts.partition_point(|fact| fact.at != NEVER);
    for fact in &facts[..untimed] {
        walk.timed(fact);
    }
    walk.untimed(&facts[untimed..]);
    walk.finish()
}

/// A record and the time by which it sorts; [`NEVER`] if it has none.
#[derive(Clone, Copy)]
pub(super) struct Fact<'a> {
    pub record: &'a Record,
    pub at: Timestamp,
    pub absurd: bool,
}

/// Rule 1: every fact once, the timed ones by (time, rank, fingerprint), then the untimed ones by (rank, fingerprint);
/// and how many were too many. Of two answers of one time (`Date` has whole seconds) the one asked for later comes last.
pub(super) fn in_order(log: &[Record]) -> (Vec<Fact<'_>>, usize) {
    let mut records: Vec<&Record> = log.iter().collect();
    records.sort_by_key(|it| (it.fingerprint, it.received_at, it.origin, &it.name, it.unverified));
    records.dedup_by_key(|record| record.fingerprint);
    let mut facts: Vec<Fact<'_>> = records
        .into_iter()
        .map(|record| {
            let told = record.sort_time().map(|(at, absurd)| (at.max(NEVER.plus(1)), absurd));
            let (at, absurd) = told.unwrap_or((NEVER, false));
            Fact { record, at, absurd }
        })
        .collect();
    let dropped = drop_the_rest(&mut facts);
    facts.sort_by_key(|it| {
        let asked = it.record.answer().map(|_| it.record.received_at);
        (it.at == NEVER, it.at, it.record.event.rank(), asked, it.record.fingerprint)
    });
    (facts, dropped)
}

/// Rule 22: which facts count is decided by time and fingerprint alone, as the store's SQL does, which knows no ranks.
fn drop_the_rest(facts: &mut Vec<Fact<'_>>) -> usize {
    if facts.len() <= MOST_FACTS {
        return 0;
    }
    facts.sort_by_key(|it| (it.at == NEVER, it.at, it.record.fingerprint));
    let mut told = 0_usize;
    facts.retain(|fact| {
        let answer = fact.record.answer().is_some();
        told += usize::from(!answer);
        answer || told <= MOST_FACTS
    });
    told.saturating_sub(MOST_FACTS)
}

/// When to ask the provider. At once, which is time 0 and comes before whatever is only to be looked at once more: while
/// something is unknown, or changed or doubted since it was asked. Once more: a day after the last answer while the package
/// is open, a quarter of an hour while a signer is in trouble. A doubt that an answer left standing waits as long again as it
/// has stood; on an open package not longer than a trouble.
pub(super) fn ask_at(
    package: &Package,
    asked: Option<Timestamp>,
    asking: Option<Timestamp>,
) -> Option<Timestamp> {
    const AT_ONCE: Timestamp = Timestamp(0);
    if package.template {
        return None;
    }
    let Some(asked) = asked else { return Some(AT_ONCE) };
    let is_open = package.status.is_open() && !package.gone;
    let soon = TROUBLE_MS + spread(package);
    let longest = if is_open { soon } else { i64::MAX };
    let doubts = package.doubts.iter().map(|doubt| {
        let stood = asked.since(doubt.received_at);
        if stood < 0 { AT_ONCE } else { asked.plus(stood.clamp(ASK_AGAIN_MS, longest)) }
    });
    let changed = asking.filter(|at| *at >= asked).map(|_| AT_ONCE);
    let troubled = is_open && !package.trashed && package.troubled().next().is_some();
    let open = is_open.then(|| asked.plus(if troubled { soon } else { STALE_MS }));
    doubts.chain(changed).chain(open).min()
}

/// Up to a tenth of a quarter of an hour, by the first signer's id, so that not all come at once.
fn spread(package: &Package) -> i64 {
    let id = package.signers.first().map_or("", |signer| signer.id.as_str());
    TROUBLE_MS / 10 * id.bytes().map(i64::from).sum::<i64>().rem_euclid(256) / 256
}

/// The identity of an answer in a log: its bytes are its content, so the caller hashes; see the store.
#[must_use]
pub fn answer_record(answer: Answer, d: Timestamp, asked_at: Timestamp, fingerprint: Fingerprint) -> Record {
    Record {
        event: Event::Answered(Box::new(answer)),
        who: None,
        happened_at: Some(d),
        received_at: asked_at,
        fingerprint,
        deliveries: 1,
        origin: Origin::Poll,
        name: ANSWER_NAME.to_owned(),
        arrival: None,
        unverified: false,
    }
}

/// The person whom an id names: a signer, or the sender.
#[must_use]
pub fn person_named<'a>(package: &'a Package, id: &str) -> Option<&'a str> {
    let sender = package.sender.as_ref().filter(|sender| sender.id == id);
    let of = |person: &'a Person| person.name.as_deref().or(person.email.as_deref());
    let signer = package.signers.iter().find(|signer| signer.id == id);
    signer
        .and_then(|signer| signer.name.as_deref().or(signer.email.as_deref()))
        .or_else(|| sender.and_then(of))
}
