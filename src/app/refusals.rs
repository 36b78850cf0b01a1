//! What an account's callbacks were refused for lately: a sender who repeats one every few seconds is told of once.
//!
//! The calls themselves are kept by the store; this is only memory, so that nobody is called twice for one cause.

use crate::model::Timestamp;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// After this long a reason that goes on is told again; one that has ended calls for nobody any more.
const LATELY_MS: i64 = 60 * 60 * 1000;
/// So many reasons are told apart; the one that came last longest ago makes room.
const MOST: usize = 32;

/// Why callbacks of one account were refused.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BTreeMap<String, Reason>>);

#[derive(Debug, Clone, Copy)]
struct Reason {
    told_at: Timestamp,
    last_at: Timestamp,
}

impl Refusals {
    /// Notes a refusal; whether it is to be told now.
    pub(super) fn note(&self, why: &str, at: Timestamp) -> bool {
        let Ok(mut reasons) = self.0.lock() else { return true };
        if let Some(reason) = reasons.get_mut(why) {
            reason.last_at = reason.last_at.max(at);
            let again = at.since(reason.told_at) >= LATELY_MS;
            if again {
                reason.told_at = at;
            }
            return again;
        }
        if reasons.len() >= MOST
            && let Some(oldest) = reasons.iter().min_by_key(|(_, it)| it.last_at).map(|(why, _)| why.clone())
        {
            reasons.remove(&oldest);
        }
        reasons.insert(why.to_owned(), Reason { told_at: at, last_at: at });
        true
    }

    /// The reasons of the last hour before `now`.
    #[must_use]
    pub fn lately(&self, now: Timestamp) -> Vec<String> {
        let Ok(reasons) = self.0.lock() else { return Vec::new() };
        let lately = reasons.iter().filter(|(_, it)| now.since(it.last_at) < LATELY_MS);
        lately.map(|(why, _)| why.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_once_an_hour_however_often_it_comes() {
        let refusals = Refusals::default();
        let told = |why: &str, seconds: i64| refusals.note(why, Timestamp(seconds * 1_000));
        assert!(told("wrong", 0) && told("missing", 5));
        assert!((1..720).all(|at| !told("wrong", at * 5)), "within the hour");
        assert!(told("wrong", 3_600) && !told("wrong", 3_605) && !told("missing", 10));
        assert_eq!(refusals.lately(Timestamp(3_605_000)), ["missing", "wrong"]);
        assert_eq!(refusals.lately(Timestamp(7_204_000)), ["wrong"]);
        assert!(refusals.lately(Timestamp(7_205_000)).is_empty());
    }

    #[test]
    fn reasons_are_bounded() {
        let refusals = Refusals::default();
        for at in 0..100 {
            assert!(refusals.note(&at.to_string(), Timestamp(at)));
        }
        assert_eq!(refusals.lately(Timestamp(100)).len(), MOST);
        assert!(!refusals.note("99", Timestamp(100)) && refusals.note("0", Timestamp(100)));
    }
}
