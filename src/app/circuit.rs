//! Whether an account's API may be asked now. A rest is the account's: sweeps, asking what is due, and the look at what
//! is registered share it.
//!
//! An API that says how long to wait is left alone exactly that long, and has not failed by it. One that fails is left
//! alone longer each time; when that is over one asks at a time, until one is answered.

use super::{Account, ApiState};
use crate::model::Timestamp;
use crate::provider::FetchError;
use tokio::sync::MutexGuard;

/// A pause after an API failed, doubled with each further failure.
const REST_MS: i64 = 5_000;
const LONGEST_REST_MS: i64 = 10 * 60 * 1000;

/// What stands between us and an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circuit {
    /// Nothing: it may be asked.
    Closed,
    /// It asked to be left alone.
    Resting {
        /// Until when.
        until: Timestamp,
    },
    /// It failed, and is left alone.
    Open {
        /// How often in a row.
        failures: u32,
        /// Until when.
        until: Timestamp,
    },
    /// It failed, and may be tried, by one at a time.
    HalfOpen {
        /// How often in a row.
        failures: u32,
    },
}

impl Circuit {
    /// The words of all four.
    pub const WORDS: [&str; 4] = ["closed", "resting", "open", "half-open"];

    /// The word in JSON and among the metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        let [closed, resting, open, half_open] = Self::WORDS;
        match self {
            Self::Closed => closed,
            Self::Resting { .. } => resting,
            Self::Open { .. } => open,
            Self::HalfOpen { .. } => half_open,
        }
    }
}

/// Leave to ask an API. Whoever tries one that failed holds it alone.
#[derive(Debug)]
pub(super) struct Turn<'a>(#[expect(dead_code, reason = "held, not read")] Option<MutexGuard<'a, ()>>);

impl ApiState {
    /// What stands between us and it now.
    #[must_use]
    pub fn circuit(&self, now: Timestamp) -> Circuit {
        match (self.failures, self.rests_until.filter(|until| *until > now)) {
            (0, None) => Circuit::Closed,
            (0, Some(until)) => Circuit::Resting { until },
            (failures, Some(until)) => Circuit::Open { failures, until },
            (failures, None) => Circuit::HalfOpen { failures },
        }
    }

    /// Until when it isn't asked: it is left alone, or the minute's calls are used up.
    #[must_use]
    pub fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.rests_until.max(self.full_until).filter(|until| *until > now)
    }

    pub(super) fn went_well(&mut self, now: Timestamp) {
        self.answered_at = Some(now);
        self.trouble = None;
        // An answer that was under way when another was told to wait doesn't end that rest.
        if std::mem::take(&mut self.failures) > 0 {
            self.rests_until = None;
        }
    }

    pub(super) fn list_worked(&mut self, now: Timestamp) {
        self.went_well(now);
        self.list_worked_at = Some(now);
        self.list_wanted = false;
    }

    fn failed(&mut self, error: &FetchError, now: Timestamp) {
        let after =
            |wait: std::time::Duration| Some(now.plus(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)));
        match error {
            FetchError::Full(wait) => self.full_until = after(*wait),
            // Exactly as long as it asks for: no doubling, no jitter. An API that says so is in order.
            FetchError::Throttled(wait) => {
                (self.failures, self.trouble) = (0, None);
                self.rests_until = self.rests_until.max(after(*wait));
            }
            FetchError::NoApi
            | FetchError::NotOurs
            | FetchError::Unavailable(_)
            | FetchError::Refused(_)
            | FetchError::Unreadable(_) => {
                // Since the first failure: what follows it is the same trouble going on.
                let since = self.trouble.as_ref().map_or(now, |(since, _)| *since);
                self.trouble = Some((since, error.to_string()));
                self.refused = matches!(error, FetchError::Refused(_) | FetchError::NotOurs);
                self.failures = self.failures.saturating_add(1);
                let doubled = REST_MS << self.failures.min(10);
                self.rests_until = Some(now.plus(jittered(doubled.min(LONGEST_REST_MS))));
            }
        }
    }
}

impl Account {
    /// Leave to ask its API now. `None`: it is left alone, or somebody tries it at this moment.
    pub(super) fn turn(&self, now: Timestamp) -> Option<Turn<'_>> {
        let state = self.api_state();
        if self.config.api.is_none() || state.waits_until(now).is_some() {
            return None;
        }
        match state.circuit(now) {
            Circuit::HalfOpen { .. } => self.trying.try_lock().ok().map(|alone| Turn(Some(alone))),
            Circuit::Closed | Circuit::Resting { .. } | Circuit::Open { .. } => Some(Turn(None)),
        }
    }

    /// Notes why it gave no answer, and so how long it is left alone.
    pub(super) fn failed(&self, error: &FetchError, now: Timestamp) {
        if !matches!(error, FetchError::Full(_) | FetchError::Throttled(_)) {
            tracing::warn!(account = %self.id, %error, "the API can't be asked");
        }
        self.note_api(|state| state.failed(error, now));
    }
}

/// Up to a fifth more, so that many don't come back at once.
pub(super) fn jittered(millis: i64) -> i64 {
    millis + fastrand::i64(0..=millis / 5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn after(errors: &[FetchError]) -> ApiState {
        let mut state = ApiState::default();
        errors.iter().for_each(|error| state.failed(error, NOW));
        state
    }

    #[test]
    fn the_circuit_opens_by_failures_and_never_by_being_told_to_wait() {
        let (broken, told) =
            (FetchError::Unavailable("500".into()), FetchError::Throttled(Duration::from_secs(7)));
        assert_eq!(ApiState::default().circuit(NOW), Circuit::Closed);
        let state = after(&[broken.clone(), broken.clone()]);
        let Circuit::Open { failures: 2, until } = state.circuit(NOW) else { panic!("{state:?}") };
        assert!((20_000..=24_000).contains(&until.since(NOW)), "{until:?}");
        assert_eq!(state.circuit(until), Circuit::HalfOpen { failures: 2 });
        let mut state = after(&[told.clone(), told.clone(), told.clone()]);
        assert_eq!(state.circuit(NOW), Circuit::Resting { until: NOW.plus(7_000) });
        assert_eq!(state.circuit(NOW.plus(7_000)), Circuit::Closed);
        // What was under way meanwhile changes nothing.
        state.went_well(NOW);
        assert_eq!(state.circuit(NOW), Circuit::Resting { until: NOW.plus(7_000) });
        // One that failed and now asks to wait is there.
        let mut state = after(&[broken]);
        state.failed(&told, NOW.plus(20_000));
        assert_eq!((state.failures, &state.trouble), (0, &None));
        assert_eq!(state.circuit(NOW.plus(20_000)), Circuit::Resting { until: NOW.plus(27_000) });
    }

    #[test]
    fn a_minute_that_is_full_is_no_rest_of_theirs() {
        let state = after(&[FetchError::Full(Duration::from_secs(3))]);
        assert_eq!(state.circuit(NOW), Circuit::Closed);
        assert_eq!(state.waits_until(NOW), Some(NOW.plus(3_000)));
        assert_eq!(state.waits_until(NOW.plus(3_000)), None);
    }
}
