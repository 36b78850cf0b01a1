//! How many calls an account's API still takes. One budget for every call to it, those for tokens included.
//!
//! Nothing here waits or asks the time: whoever can't have a place is told when to come again.

use super::FetchError;
use crate::model::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// The length of the sliding window.
const WINDOW_MS: i64 = 60_000;

/// The calls of the last minute, and the rest that the provider asked for.
#[derive(Debug)]
pub(super) struct Budget {
    calls_per_minute: usize,
    recent: VecDeque<Timestamp>,
    rests_until: Option<Timestamp>,
}

impl Budget {
    /// A budget of at least one call a minute.
    pub(super) fn new(calls_per_minute: u32) -> Self {
        let calls_per_minute = usize::try_from(calls_per_minute).unwrap_or(usize::MAX).max(1);
        Self { calls_per_minute, recent: VecDeque::new(), rests_until: None }
    }

    /// Takes a place for one call.
    ///
    /// # Errors
    /// `Throttled` while the provider wants to rest, `Full` until there is a place again; how long that takes.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), FetchError> {
        // Both ways: a clock that was set back must not leave us waiting for its old time.
        self.recent.retain(|at| now.since(*at).saturating_abs() < WINDOW_MS);
        let rest = self.rests_until.map_or(0, |until| until.since(now));
        let full = self.recent.len() >= self.calls_per_minute;
        let oldest = self.recent.iter().min().filter(|_| full);
        let window = oldest.map_or(0, |at| at.plus(WINDOW_MS).since(now));
        let wait = Duration::from_millis(rest.max(window).max(0).unsigned_abs());
        if !wait.is_zero() {
            return Err(if rest >= window { FetchError::Throttled(wait) } else { FetchError::Full(wait) });
        }
        self.recent.push_back(now);
        Ok(())
    }

    /// The provider asked for a rest: no call before `until`.
    pub(super) fn rest_until(&mut self, until: Timestamp) {
        self.rests_until = self.rests_until.max(Some(until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_place_becomes_free_a_minute_after_it_was_taken() {
        let mut budget = Budget::new(2);
        assert_eq!(budget.take(Timestamp(0)), Ok(()));
        assert_eq!(budget.take(Timestamp(10_000)), Ok(()));
        assert_eq!(budget.take(Timestamp(10_001)), Err(FetchError::Full(Duration::from_millis(49_999))));
        assert_eq!(budget.take(Timestamp(59_999)), Err(FetchError::Full(Duration::from_millis(1))));
        assert_eq!(budget.take(Timestamp(60_000)), Ok(()));
        assert_eq!(budget.take(Timestamp(60_000)), Err(FetchError::Full(Duration::from_secs(10))));
    }

    #[test]
    fn a_rest_is_kept_whatever_is_free() {
        let mut budget = Budget::new(100);
        budget.rest_until(Timestamp(7_000));
        budget.rest_until(Timestamp(5_000));
        assert_eq!(budget.take(Timestamp(1_000)), Err(FetchError::Throttled(Duration::from_secs(6))));
        assert_eq!(budget.take(Timestamp(7_000)), Ok(()));
    }

    #[test]
    fn a_clock_set_back_costs_no_more_than_a_minute() {
        let mut budget = Budget::new(1);
        assert_eq!(budget.take(Timestamp(86_400_000)), Ok(()));
        assert_eq!(budget.take(Timestamp(0)), Ok(()));
    }

    proptest! {
        #[test]
        fn no_minute_ever_holds_more_calls_than_allowed(
            limit in 1_u32..6,
            steps in prop::collection::vec(0_i64..20_000, 1..80),
        ) {
            let (mut budget, mut now, mut made) = (Budget::new(limit), Timestamp(0), Vec::new());
            for step in steps {
                now = now.plus(step);
                match budget.take(now) {
                    Ok(()) => made.push(now),
                    // And waiting exactly as long as told always works.
                    Err(FetchError::Full(wait)) => {
                        now = now.plus(i64::try_from(wait.as_millis()).unwrap());
                        prop_assert_eq!(budget.take(now), Ok(()));
                        made.push(now);
                    }
                    Err(other) => prop_assert!(false, "{other}"),
                }
                let within = made.iter().filter(|at| now.since(**at) < WINDOW_MS).count();
                prop_assert!(within <= limit as usize);
            }
        }
    }
}
