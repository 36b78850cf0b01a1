//! A bad network: what it loses, what it brings twice, and how late. The same seed loses the same.

use signboard::demo::wire::Callback;
use std::collections::BTreeSet;

/// One in so many is lost, and one in so many comes twice.
const ONE_IN: u8 = 10;
/// Callbacks are late by up to so much, so that others overtake them.
const LATEST: i64 = 2 * 3_600_000;

/// A callback on its way: where it stands among those that were sent, and when it arrives.
pub struct Arrival<'a> {
    pub number: usize,
    pub at: i64,
    pub callback: &'a Callback,
}

/// What arrives of what was sent, in the order of arrival; and the numbers of what never does.
pub fn carry(sent: &[Callback], seed: u64) -> (Vec<Arrival<'_>>, BTreeSet<usize>) {
    let mut dice = fastrand::Rng::with_seed(seed);
    let (mut arrivals, mut lost) = (Vec::new(), BTreeSet::new());
    for (number, callback) in sent.iter().enumerate() {
        if dice.u8(0..ONE_IN) == 0 {
            lost.insert(number);
            continue;
        }
        let copies = if dice.u8(0..ONE_IN) == 0 { 2 } else { 1 };
        for _ in 0..copies {
            arrivals.push(Arrival { number, at: callback.at + dice.i64(0..LATEST), callback });
        }
    }
    arrivals.sort_by_key(|it| (it.at, it.number));
    (arrivals, lost)
}
