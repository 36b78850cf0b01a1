//! Rule 20: signers of whom a provider speaks without naming their package.
//!
//! A signer's facts lie in a log of their own and stay there. Which package holds the signer is a fact too: a record
//! filed under a package names its signers. From then on the package's log holds a copy of the signer's facts, those
//! that were there and those that come. Both logs only ever grow, so the order in which all this comes doesn't matter.

use super::packages::{json, key_of, record_of};
use super::read::LoneSigner;
use super::rows::{SIGNER_FACTS, fact_cells, len};
use super::script::{Script, Table};
use super::writer::Job;
use super::{Store, StoreError};
use crate::model::fold::MOST_FACTS;
use crate::model::log::{Merged, Places};
use crate::model::{AccountId, Fingerprint, PackageKey, Record, SignerId, SignerKey, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// An API that doesn't know a signer is asked this often; then somebody else has to tell.
pub const MOST_TRIES: i64 = 10;

const SIGNERS: Table = Table {
    head: "INSERT INTO signers (id, account, signer, facts, since, linked, check_by, tries)",
    columns: 8,
    tail: "ON CONFLICT (id) DO UPDATE SET facts = excluded.facts, since = excluded.since, linked = excluded.linked, \
           check_by = excluded.check_by, tries = excluded.tries",
};
const LINKS: Table = Table { head: "INSERT OR ROLLBACK INTO links (signer, package)", columns: 2, tail: "" };

/// The signers named in `$1`, a JSON array of `[account, signer]`.
const HEADS: &str = "SELECT s.id, s.account, s.signer, s.facts, s.since, s.check_by, s.tries \
    FROM json_each($1) k JOIN signers s ON s.account = k.value ->> 0 AND s.signer = k.value ->> 1 ORDER BY s.id";
const LINKED: &str = "SELECT l.signer, p.account, p.package FROM json_each($1) k JOIN links l ON l.signer = k.value \
    JOIN packages p ON p.id = l.package ORDER BY l.signer, l.package";
const LOGS: &str = "SELECT f.signer, f.fingerprint, f.kind, f.detail, f.who, f.name, f.happened_at, f.received_at, \
    f.deliveries, f.origin, f.arrival, f.answer, f.unverified FROM json_each($1) k JOIN signer_facts f ON f.signer = k.value \
    ORDER BY f.signer, f.fingerprint";
/// The same of a signer with very many facts: those that are asked for (`$2`, hex).
const SOME: &str = "SELECT signer, fingerprint, kind, detail, who, name, happened_at, received_at, deliveries, origin, arrival, \
    answer, unverified FROM signer_facts WHERE signer = $1 AND fingerprint IN (SELECT unhex(value) FROM json_each($2)) \
    ORDER BY fingerprint";
const LONE: &str = "SELECT s.id, s.signer, s.facts, s.since, s.check_by, s.tries, f.name, coalesce(f.happened_at, f.received_at) AS at \
    FROM signers s JOIN signer_facts f ON f.signer = s.id AND f.fingerprint = (SELECT fingerprint FROM signer_facts \
    WHERE signer = s.id ORDER BY coalesce(happened_at, received_at) DESC, fingerprint DESC LIMIT 1) \
    WHERE s.account = $1 AND s.linked = 0 AND s.id < $2 ORDER BY s.id DESC LIMIT $3";
const COUNT_LONE: &str = "SELECT count(*) FROM signers WHERE account = $1 AND linked = 0";
const DUE: &str =
    "SELECT signer, tries FROM signers WHERE account = $1 AND check_by <= $2 ORDER BY check_by, id LIMIT $3";
const NEXT_DUE: &str = "SELECT min(check_by) FROM signers WHERE account = $1 AND check_by IS NOT NULL";

/// What a batch has to know of a signer before it begins.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// The facts that it brings.
    pub facts: HashSet<Fingerprint>,
    /// The packages that name the signer.
    pub named_by: BTreeSet<PackageKey>,
}

/// A signer whom a batch touches.
#[derive(Debug)]
pub(super) struct Lone {
    pub id: i64,
    log: Vec<Record>,
    places: Places,
    /// How many facts there are in all; those that can't matter to the batch may not be at hand.
    total: usize,
    since: Option<Timestamp>,
    check_by: Option<Timestamp>,
    tries: i64,
    links: BTreeSet<PackageKey>,
    fresh_links: Vec<PackageKey>,
    /// Facts to write, by their place in the log.
    dirty: BTreeSet<usize>,
    stale: bool,
}

impl Lone {
    pub(super) fn new(id: i64) -> Self {
        Self {
            id,
            log: Vec::new(),
            places: Places::default(),
            total: 0,
            since: None,
            check_by: None,
            tries: 0,
            links: BTreeSet::new(),
            fresh_links: Vec::new(),
            dirty: BTreeSet::new(),
            stale: false,
        }
    }

    /// Puts a fact into the signer's log.
    pub(super) fn add(&mut self, record: Record) -> Merged {
        let received_at = record.received_at;
        let merged = self.places.merge(&mut self.log, record);
        match merged {
            Merged::Fresh => {
                self.total += 1;
                self.dirty.insert(self.log.len() - 1);
            }
            Merged::Repeat(at) | Merged::Confirmed(at) => {
                self.dirty.insert(at);
            }
        }
        self.since = Some(self.since.map_or(received_at, |since| since.min(received_at)));
        if self.tries == 0 && self.links.is_empty() {
            self.check_by = self.since;
        }
        self.stale = true;
        merged
    }

    /// A package names the signer: what to copy into its log, once.
    pub(super) fn link(&mut self, package: &PackageKey) -> Vec<Record> {
        if !self.links.insert(package.clone()) {
            return Vec::new();
        }
        self.fresh_links.push(package.clone());
        self.check_by = None;
        self.stale = true;
        self.log.clone()
    }

    /// The packages that hold the signer.
    pub(super) fn links(&self) -> impl Iterator<Item = &PackageKey> {
        self.links.iter()
    }

    /// The API was asked in vain. An API that couldn't be reached said nothing of the signer: that doesn't count.
    pub(super) fn postpone(&mut self, until: Timestamp, counts: bool) {
        self.tries += i64::from(counts);
        let asked_on = self.links.is_empty() && self.since.is_some() && self.tries < MOST_TRIES;
        self.check_by = asked_on.then_some(until);
        self.stale |= self.since.is_some();
    }

    /// The facts whose places in a package's log a batch needs to know, beside those that it brings to it.
    pub(super) fn copies<'a>(
        &'a self,
        wanted: &'a Wanted,
    ) -> impl Iterator<Item = (&'a PackageKey, Fingerprint)> {
        let links = self.links.iter().filter(|key| !wanted.named_by.contains(*key));
        let come = links.flat_map(|key| wanted.facts.iter().map(move |it| (key, *it)));
        let all = move || self.log.iter().map(|it| it.fingerprint).chain(wanted.facts.iter().copied());
        come.chain(wanted.named_by.iter().flat_map(move |key| all().map(move |it| (key, it))))
    }
}

/// The signers of `wanted` that have a row, with the facts that can matter.
pub(super) async fn load(
    connection: &mut SqliteConnection,
    wanted: &HashMap<SignerKey, Wanted>,
) -> Result<Vec<(SignerKey, Lone)>, StoreError> {
    let keys: Vec<[&str; 2]> =
        wanted.keys().map(|key| [key.account.0.as_str(), key.signer.as_str()]).collect();
    let heads = sqlx::query(HEADS).bind(json(&keys)?).fetch_all(&mut *connection).await?;
    if heads.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::with_capacity(heads.len());
    for head in &heads {
        let mut lone = Lone::new(head.try_get("id")?);
        lone.total = usize::try_from(head.try_get::<i64, _>("facts")?).unwrap_or_default();
        lone.since = head.try_get::<Option<i64>, _>("since")?.map(Timestamp);
        lone.check_by = head.try_get::<Option<i64>, _>("check_by")?.map(Timestamp);
        lone.tries = head.try_get("tries")?;
        let signer = signer_id(head.try_get("signer")?)?;
        found.push((SignerKey { account: AccountId(head.try_get("account")?), signer }, lone));
    }
    let ids: Vec<i64> = found.iter().map(|(_, lone)| lone.id).collect();
    let mut links: HashMap<i64, BTreeSet<PackageKey>> = HashMap::new();
    for row in sqlx::query(LINKED).bind(json(&ids)?).fetch_all(&mut *connection).await? {
        let key = key_of(row.try_get("account")?, row.try_get("package")?)?;
        links.entry(row.try_get("signer")?).or_default().insert(key);
    }
    let mut whole = Vec::new();
    for (key, lone) in &mut found {
        lone.links = links.remove(&lone.id).unwrap_or_default();
        let Some(wanted) = wanted.get(key) else { continue };
        if lone.total <= MOST_FACTS || !wanted.named_by.is_subset(&lone.links) {
            whole.push(lone.id);
        } else {
            let some: Vec<String> = wanted.facts.iter().map(ToString::to_string).collect();
            let rows = sqlx::query(SOME).bind(lone.id).bind(json(&some)?).fetch_all(&mut *connection).await?;
            lone.log = rows.iter().map(record_of).collect::<Result<_, _>>()?;
        }
    }
    let mut logs: HashMap<i64, Vec<Record>> = HashMap::new();
    for row in sqlx::query(LOGS).bind(json(&whole)?).fetch_all(&mut *connection).await? {
        logs.entry(row.try_get("signer")?).or_default().push(record_of(&row)?);
    }
    for (_, lone) in &mut found {
        if let Some(log) = logs.remove(&lone.id) {
            lone.log = log;
        }
    }
    Ok(found)
}

/// The rows of the signers that a batch touches; `id_of` knows the rows of the packages.
pub(super) fn rows_into(
    signers: &BTreeMap<SignerKey, Lone>,
    id_of: impl Fn(&PackageKey) -> Option<i64>,
    script: &mut Script,
) -> Result<(), StoreError> {
    let stale: Vec<_> = signers.iter().filter(|(_, lone)| lone.stale).collect();
    script.insert(&SIGNERS, &stale, |(key, lone), cells| {
        cells.bind(lone.id)?.word(&key.account.0)?.bind(key.signer.as_str().to_owned())?;
        cells.bind(len(lone.total))?.bind(lone.since.map(|at| at.0))?;
        cells.bind(i64::from(!lone.links.is_empty()))?;
        cells.bind(lone.check_by.map(|at| at.0))?.bind(lone.tries)?;
        Ok(())
    })?;
    let facts: Vec<(i64, &Record)> = signers
        .values()
        .flat_map(|lone| lone.dirty.iter().filter_map(|at| Some((lone.id, lone.log.get(*at)?))))
        .collect();
    script.insert(&SIGNER_FACTS, &facts, fact_cells)?;
    let links: Vec<(i64, i64)> = signers
        .values()
        .flat_map(|lone| lone.fresh_links.iter().map(|key| (lone.id, id_of(key))))
        .filter_map(|(signer, package)| Some((signer, package?)))
        .collect();
    script.insert(&LINKS, &links, |(signer, package), cells| cells.bind(*signer)?.bind(*package).map(|_| ()))
}

impl Store {
    /// The signers of an account of whom no package is known, the newest first, before the place `before`.
    pub async fn lone_signers(
        &self,
        account: &AccountId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<LoneSigner>, StoreError> {
        let asks = self.policies.get(account).is_some_and(|policy| policy.asks);
        let query =
            sqlx::query(LONE).bind(&account.0).bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit));
        let read = |row: &SqliteRow| {
            let check_by = row.try_get::<Option<i64>, _>("check_by")?;
            Ok(LoneSigner {
                id: row.try_get("id")?,
                signer: signer_id(row.try_get("signer")?)?,
                since: Timestamp(row.try_get::<Option<i64>, _>("since")?.unwrap_or_default()),
                facts: u64::try_from(row.try_get::<i64, _>("facts")?).unwrap_or_default(),
                name: row.try_get("name")?,
                at: Timestamp(row.try_get("at")?),
                tries: u32::try_from(row.try_get::<i64, _>("tries")?).unwrap_or_default(),
                ask_at: check_by.filter(|_| asks).map(Timestamp),
            })
        };
        query.fetch_all(&self.readers).await?.iter().map(read).collect()
    }

    /// How many signers of an account there are of whom no package is known.
    pub async fn count_lone_signers(&self, account: &AccountId) -> Result<u64, StoreError> {
        let row = sqlx::query(COUNT_LONE).bind(&account.0).fetch_one(&self.readers).await?;
        Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default())
    }

    /// The signers of an account for whose package the API should be asked at `now`, the longest due first, and how
    /// often it didn't know.
    pub async fn due_signers(
        &self,
        account: &AccountId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(SignerId, i64)>, StoreError> {
        let query = sqlx::query(DUE).bind(&account.0).bind(now.0).bind(i64::from(limit));
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((signer_id(row.try_get("signer")?)?, row.try_get("tries")?))).collect()
    }

    /// When the next signer of an account is due.
    pub async fn next_due_signer(&self, account: &AccountId) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query(NEXT_DUE).bind(&account.0).fetch_one(&self.readers).await?;
        Ok(row.try_get::<Option<i64>, _>(0)?.map(Timestamp))
    }

    /// Asking for a signer's package was in vain: not before `until` again. It counts towards giving up, unless the
    /// API couldn't be reached.
    pub async fn postpone_signer(
        &self,
        key: SignerKey,
        until: Timestamp,
        counts: bool,
    ) -> Result<(), StoreError> {
        self.ask(|done| Job::PostponeSigner { key, until, counts, done }).await
    }
}

fn signer_id(raw: &str) -> Result<SignerId, StoreError> {
    SignerId::parse(raw).ok_or_else(|| StoreError::Unreadable("a signer with an impossible id".into()))
}
