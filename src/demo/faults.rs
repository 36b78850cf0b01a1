//! What a test can make go wrong on the REST side while it runs, and the log of the calls that came.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How the next calls are turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 429, with Retry-After in seconds.
    TooMany(u32),
    /// 500.
    Broken,
    /// 401, whatever the key.
    Unauthorised,
}

/// The faults in force, shared with the REST side.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<InForce>>);

#[derive(Debug, Default)]
struct InForce {
    refusals: VecDeque<(usize, Refusal)>,
    forbidden_senders: HashSet<String>,
    hidden_packages: HashSet<String>,
    garbled_packages: HashSet<String>,
    delay: Duration,
    no_reports: bool,
    old_tokens_void: i64,
    masked_secrets: bool,
    garbled_registrations: bool,
}

impl Faults {
    /// Turns away the next `calls` calls, after those that already wait to be turned away.
    pub fn refuse_next(&self, calls: usize, refusal: Refusal) {
        self.lock().refusals.push_back((calls, refusal));
    }

    /// Packages of this sender (an id) are listed no longer, and 403 when asked for.
    pub fn forbid_sender(&self, sender: &str) {
        self.lock().forbidden_senders.insert(sender.to_owned());
    }

    /// This package is listed no longer, and 404 when asked for.
    pub fn hide_package(&self, package: &str) {
        self.lock().hidden_packages.insert(package.to_owned());
    }

    /// Of this package nothing is told any more but its id.
    pub fn garble_package(&self, package: &str) {
        self.lock().garbled_packages.insert(package.to_owned());
    }

    /// Every answer takes so much longer.
    pub fn slow_down(&self, delay: Duration) {
        self.lock().delay = delay;
    }

    /// Whether the account's key may read reports; 403 if not.
    pub fn allow_reports(&self, allowed: bool) {
        self.lock().no_reports = !allowed;
    }

    /// Tokens handed out before this time (ms) are no longer taken.
    pub fn void_tokens_before(&self, at: i64) {
        self.lock().old_tokens_void = at;
    }

    /// A registration that is read back shows stars instead of its key.
    pub fn mask_secrets(&self) {
        self.lock().masked_secrets = true;
    }

    /// What answers a registration repeats another address.
    pub fn garble_registrations(&self) {
        self.lock().garbled_registrations = true;
    }

    /// Everything works again.
    pub fn clear(&self) {
        *self.lock() = InForce::default();
    }

    pub(super) fn next_refusal(&self) -> Option<Refusal> {
        let mut faults = self.lock();
        while let Some((left, refusal)) = faults.refusals.front_mut() {
            if *left > 0 {
                *left -= 1;
                return Some(*refusal);
            }
            faults.refusals.pop_front();
        }
        None
    }

    pub(super) fn forbids(&self, sender: &str) -> bool {
        self.lock().forbidden_senders.contains(sender)
    }

    pub(super) fn hides(&self, package: &str) -> bool {
        self.lock().hidden_packages.contains(package)
    }

    pub(super) fn garbles(&self, package: &str) -> bool {
        self.lock().garbled_packages.contains(package)
    }

    pub(super) fn delay(&self) -> Duration {
        self.lock().delay
    }

    pub(super) fn reports_allowed(&self) -> bool {
        !self.lock().no_reports
    }

    pub(super) fn masks_secrets(&self) -> bool {
        self.lock().masked_secrets
    }

    pub(super) fn garbles_registrations(&self) -> bool {
        self.lock().garbled_registrations
    }

    pub(super) fn token_void(&self, issued: i64) -> bool {
        issued < self.lock().old_tokens_void
    }

    fn lock(&self) -> MutexGuard<'_, InForce> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call to the REST side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// When it was answered, ms.
    pub at: i64,
    /// The account it was for.
    pub account: String,
    /// The method.
    pub method: String,
    /// The path as it came, without the query.
    pub path: String,
    /// The query as it came.
    pub query: String,
    /// What it got.
    pub status: u16,
}

/// The newest calls, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<VecDeque<Call>>>);

/// Calls beyond this many are forgotten, oldest first.
const MOST_CALLS: usize = 50_000;

impl Calls {
    /// All that are remembered.
    #[must_use]
    pub fn all(&self) -> Vec<Call> {
        self.lock().iter().cloned().collect()
    }

    /// How many went to each path.
    #[must_use]
    pub fn by_path(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.lock().iter() {
            *counts.entry(call.path.clone()).or_insert(0) += 1;
        }
        counts
    }

    /// How many paths contained this text.
    #[must_use]
    pub fn count(&self, text: &str) -> usize {
        self.lock().iter().filter(|call| call.path.contains(text)).count()
    }

    /// Forgets them.
    pub fn clear(&self) {
        self.lock().clear();
    }

    pub(super) fn push(&self, call: Call) {
        let mut calls = self.lock();
        if calls.len() >= MOST_CALLS {
            calls.pop_front();
        }
        calls.push_back(call);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Call>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
