//! Rows for hooks as they come to be: in the transaction of what happened, so that nothing is forgotten, and nothing told
//! that did not happen. Only for accounts of which some hook wants to hear.

use super::super::batch::Batch;
use super::super::policy::{Policies, Policy};
use super::super::script::{Script, Table};
use super::super::shelf::Entry;
use super::super::{StoreError, packages::json};
use crate::model::hook::{Happening, HookEvent, happenings, new_happenings};
use crate::model::{DoubtKind, Package, PackageKey, Person, Signer, SignerStatus, Timestamp, link};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::Notify;

/// So long a new package waits for the API to say what it is called and which transaction it belongs to.
const PATIENCE_MS: i64 = 60_000;

const NEW: Table = Table {
    head: "INSERT OR IGNORE INTO hook_deliveries (hook, account, package, event, subject, turn, made_at, due, body)",
    columns: 9,
    tail: "",
};
/// The API said what a new package is: `?`: a JSON array of `[account, package, body]`.
const KNOWN: &str = "UPDATE hook_deliveries SET body = k.value ->> 2, due = 0 FROM json_each(?) k \
    WHERE account = k.value ->> 0 AND package = k.value ->> 1 AND event = 'package.created' AND state = 0 AND tries = 0 AND due > 0";

/// What hooks want to hear of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wants {
    /// The provider's word in what is sent.
    pub provider: String,
    /// The address of the board, without a slash at the end, for the links in what is sent; `None`: there are none.
    pub board: Option<String>,
    /// The hooks.
    pub hooks: Vec<Wanted>,
}

/// What one hook wants to hear.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Its name.
    pub hook: String,
    /// Of what.
    pub on: BTreeSet<HookEvent>,
    /// Wakes whoever sends.
    pub wake: Wake,
}

/// Tells a worker that something waits.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// Something waits.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits until something does.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}

impl PartialEq for Wake {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Wake {}

/// A row to be.
struct New {
    hook: String,
    key: PackageKey,
    it: Happening,
    made_at: i64,
    due: i64,
    body: Arc<str>,
}

/// What a batch has to tell.
#[derive(Default)]
pub(in crate::store) struct Hooks {
    rows: Vec<New>,
    known: Vec<(String, String, String)>,
    wakes: BTreeMap<String, Wake>,
}

impl Hooks {
    /// Facts came into a package's log, of which the first `known` were there before.
    pub(in crate::store) fn changed(
        &mut self,
        key: &PackageKey,
        policies: &Policies,
        (before, entry): (Option<&Package>, &Entry),
        known: usize,
    ) -> Result<(), StoreError> {
        let policy = policies.get(&key.account);
        let (Some(policy), Some(package)) =
            (policy.filter(|it| it.hooks.is_some()), entry.package.as_deref())
        else {
            return Ok(());
        };
        if entry.log.len() == known || !package.is_shown() {
            return Ok(());
        }
        self.tell(key, policy, (before, package), (entry, known))
    }

    fn tell(
        &mut self,
        key: &PackageKey,
        policy: &Policy,
        (before, package): (Option<&Package>, &Package),
        (entry, known): (&Entry, usize),
    ) -> Result<(), StoreError> {
        let Some(wants) = &policy.hooks else { return Ok(()) };
        let now = entry.newest();
        // As with the fold: a panic is a bug of ours, and the writer must survive it.
        let of = |log: &[_], package: &Package| {
            catch_unwind(AssertUnwindSafe(|| happenings(log, package))).unwrap_or_else(|_| {
                tracing::error!(account = %key.account, "what happened to a package can't be told to hooks");
                Vec::new()
            })
        };
        // One that was not shown before is new to everybody.
        let shown = before.filter(|it| it.is_shown()).zip(entry.log.get(..known));
        let happened = shown.map(|(before, log)| of(log, before)).unwrap_or_default();
        for it in new_happenings(&happened, of(&entry.log, package), now) {
            let wanted: Vec<&Wanted> =
                wants.hooks.iter().filter(|hook| hook.on.contains(&it.event)).collect();
            if wanted.is_empty() {
                continue;
            }
            let body: Arc<str> = body(&it, key, package, wants)?.into();
            let waits = it.event == HookEvent::Created && policy.asks && package.confirmed_at.is_none();
            let due = if waits { now.0 + PATIENCE_MS } else { 0 };
            for Wanted { hook, wake, .. } in wanted {
                let (hook, key, it, body) = (hook.clone(), key.clone(), it.clone(), Arc::clone(&body));
                self.wakes.insert(hook.clone(), wake.clone());
                self.rows.push(New { hook, key, it, made_at: now.0, due, body });
            }
        }
        if before.is_some_and(|it| it.confirmed_at.is_none()) && package.confirmed_at.is_some() {
            let all = of(&entry.log, package);
            if let Some(created) = all.into_iter().find(|it| it.event == HookEvent::Created) {
                let body = body(&created, key, package, wants)?;
                self.known.push((key.account.0.clone(), key.package.as_str().to_owned(), body));
                self.wakes.extend(wants.hooks.iter().map(|it| (it.hook.clone(), it.wake.clone())));
            }
        }
        Ok(())
    }

    /// It is on disk: whoever sends may look.
    pub(in crate::store) fn done(&self) {
        self.wakes.values().for_each(Wake::wake);
    }
}

impl Batch<'_> {
    pub(in crate::store) fn hooks_into(&self, script: &mut Script) -> Result<(), StoreError> {
        script.insert(&NEW, &self.hooks.rows, |row, cells| {
            cells.word(&row.hook)?.word(&row.key.account.0)?.bind(row.key.package.as_str().to_owned())?;
            cells.word(row.it.event.word())?.bind(row.it.subject())?.bind(i64::from(row.it.turn))?;
            cells.bind(row.made_at)?.bind(row.due)?.bind(Arc::clone(&row.body)).map(|_| ())
        })?;
        if self.hooks.known.is_empty() {
            return Ok(());
        }
        let known = json(&self.hooks.known)?;
        script.statement(KNOWN, |cells| cells.bind(known).map(|_| ()))
    }
}

/// What is sent. Keys are only ever added.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    account: &'a str,
    provider: &'a str,
    package: &'a str,
    name: Option<&'a str>,
    reference: Option<&'a str>,
    status: &'static str,
    sender: Option<Someone<'a>>,
    signer: Option<Someone<'a>>,
    reason: Option<&'a str>,
    attachment: Option<&'a str>,
    whose_turn: Vec<Someone<'a>>,
    /// Nothing vouches for some of what is known of it.
    unverified: bool,
    url: Option<String>,
    /// Of a new package alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<BTreeMap<&'a str, &'a str>>,
}

#[derive(Serialize)]
struct Someone<'a> {
    id: &'a str,
    name: Option<&'a str>,
    email: Option<&'a str>,
}

impl<'a> From<&'a Person> for Someone<'a> {
    fn from(it: &'a Person) -> Self {
        Self { id: &it.id, name: it.name.as_deref(), email: it.email.as_deref() }
    }
}

impl<'a> From<&'a Signer> for Someone<'a> {
    fn from(it: &'a Signer) -> Self {
        Self { id: &it.id, name: it.name.as_deref(), email: it.email.as_deref() }
    }
}

fn body(it: &Happening, key: &PackageKey, package: &Package, wants: &Wants) -> Result<String, StoreError> {
    let refused = matches!(it.event, HookEvent::Declined | HookEvent::OptedOut);
    // At some providers the package's end doesn't say who refused; the signers do.
    let who = |signer: &&Signer| match it.signer.as_str() {
        "" => refused && matches!(signer.status, SignerStatus::Declined | SignerStatus::OptedOut),
        id => signer.id == id,
    };
    let signer = package.signers.iter().find(who).map(Someone::from);
    let unknown = Someone { id: &it.signer, name: None, email: None };
    let data = Data {
        account: &key.account.0,
        provider: &wants.provider,
        package: key.package.as_str(),
        name: package.name.as_deref(),
        reference: package.reference.as_deref(),
        status: package.status.word(),
        sender: package.sender.as_ref().map(Someone::from),
        signer: signer.or(Some(unknown).filter(|it| !it.id.is_empty())),
        reason: package.reason.as_deref().filter(|_| refused),
        attachment: it.attachment.as_deref(),
        whose_turn: package.waiting_for().into_iter().map(Someone::from).collect(),
        unverified: package.doubts.iter().any(|it| it.kind == DoubtKind::Unverified),
        url: wants.board.as_ref().map(|board| format!("{board}{}", link::package(key))),
        data: (it.event == HookEvent::Created)
            .then(|| package.data.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()),
    };
    let body = Body { r#type: it.event.word(), timestamp: rfc3339(it.at), data };
    serde_json::to_string(&body).map_err(StoreError::json)
}

fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
