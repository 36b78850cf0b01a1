//! How the accounts are, as JSON: a contract with programs. Keys are only ever added.

use super::time::rfc3339;
use crate::app::circuit::Circuit;
use crate::app::standing::Standing;
use crate::app::{Account, ApiState};
use crate::model::Timestamp;
use serde::Serialize;

/// The answer to `GET /api/v1/accounts`.
#[derive(Debug, Serialize)]
pub struct AccountList<'a> {
    accounts: Vec<AccountJson<'a>>,
}

#[derive(Debug, Serialize)]
struct AccountJson<'a> {
    id: &'a str,
    label: &'a str,
    provider: &'static str,
    /// `fine`, `not-asked-yet`, `no-api`, `resting`, `unreachable` or `refused`.
    api: &'static str,
    /// `closed`, `resting`, `open` or `half-open`; null without an API.
    circuit: Option<&'static str>,
    since: Option<String>,
    why: Option<String>,
    rests_until: Option<String>,
    failures: u32,
    answered_at: Option<String>,
    own_only: bool,
    last_callback: Option<String>,
    silent: bool,
}

impl<'a> AccountList<'a> {
    /// The accounts as they are now.
    #[must_use]
    pub fn new(accounts: impl IntoIterator<Item = &'a Account>, now: Timestamp) -> Self {
        Self { accounts: accounts.into_iter().map(|it| AccountJson::new(it, now)).collect() }
    }
}

impl<'a> AccountJson<'a> {
    fn new(account: &'a Account, now: Timestamp) -> Self {
        let state: ApiState = account.api_state();
        let circuit = state.circuit(now);
        let rests_until = match circuit {
            Circuit::Resting { until } | Circuit::Open { until, .. } => Some(until),
            Circuit::Closed | Circuit::HalfOpen { .. } => None,
        };
        let (api, trouble) = match account.standing(now) {
            Standing::Fine => ("fine", None),
            Standing::NotAskedYet => ("not-asked-yet", None),
            Standing::NoApi => ("no-api", None),
            Standing::Resting { .. } => ("resting", None),
            Standing::Unreachable { since, why } => ("unreachable", Some((since, why))),
            Standing::Refused { since, why } => ("refused", Some((since, why))),
        };
        let (since, why) = trouble.unzip();
        Self {
            id: &account.id.0,
            label: &account.config.label,
            provider: account.config.provider.as_str(),
            api,
            circuit: account.config.api.is_some().then(|| circuit.word()),
            since: since.map(rfc3339),
            why,
            rests_until: rests_until.map(rfc3339),
            failures: state.failures,
            answered_at: state.answered_at.map(rfc3339),
            own_only: state.own_only,
            last_callback: account.last_callback().map(rfc3339),
            silent: account.silent(now).is_some(),
        }
    }
}
