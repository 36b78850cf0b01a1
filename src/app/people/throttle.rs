//! Wrong tries to sign in slow down whoever makes them, and nobody else.
//!
//! Two things count: a mail address tried from a place, and a place whatever it tries; a place is an IPv4 address or an
//! IPv6 network of 64 bits. The mail address alone doesn't: whoever knew it could shut its owner out. What is left to
//! somebody with many places is the few tries that each has, and those wait in one line (see `passwords`), against
//! passwords of which the common ones are refused and beside an admin's second factor. Somebody who signed in from a
//! place before isn't held up by what others do there, such as behind the same router.
//!
//! It is kept in memory: after a restart everybody starts anew.

use super::hash_of;
use crate::model::Timestamp;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;

/// So many wrong tries at one account from one place cost nothing.
const FREE: u32 = 4;
/// So many from one place, at whichever accounts.
const FREE_THERE: u32 = 20;
/// The longest wait for one account from one place, and for a whole place.
const LONGEST_MS: i64 = 15 * 60 * 1000;
const LONGEST_THERE_MS: i64 = 60 * 1000;
/// What was wrong is forgotten when nothing more was tried for so long.
const FORGOTTEN_MS: i64 = 60 * 60 * 1000;
/// Who signed in somewhere is known there for so long.
const KNOWN_MS: i64 = 30 * 24 * 60 * 60 * 1000;
const MOST: usize = 20_000;

/// The tries of late.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<BTreeMap<Key, Tries>>);

/// An account, by the hash of its mail address, at a place; or the place.
type Key = (Option<[u8; 32]>, IpAddr);

#[derive(Debug, Clone, Copy, Default)]
struct Tries {
    wrong: u32,
    at: Timestamp,
    known: bool,
    /// That somebody has to wait after it was noted.
    noted: bool,
}

impl Tries {
    fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.at) >= if self.known { KNOWN_MS } else { FORGOTTEN_MS }
    }

    /// How long it takes yet until the next try counts.
    fn wait(&self, free: u32, longest: i64, now: Timestamp) -> i64 {
        let over = self.wrong.saturating_sub(free);
        if over == 0 {
            return 0;
        }
        // A clock that was set back must not make it longer.
        self.at.plus((500 << over.min(20)).min(longest)).since(now).min(longest)
    }
}

impl Throttle {
    /// Somebody tries. It counts as wrong until [`Throttle::right`] or [`Throttle::undone`] says otherwise, so that
    /// many tries at once count, too.
    ///
    /// # Errors
    /// So many seconds have to pass first; the try was none.
    pub fn tries(&self, email: &str, remote: &str, now: Timestamp) -> Result<(), i64> {
        let Ok(mut all) = self.0.lock() else { return Ok(()) };
        let [pair, there] = keys(email, remote);
        let tries = |key: &Key| all.get(key).copied().filter(|it| !it.is_over(now)).unwrap_or_default();
        let (here, place) = (tries(&pair), tries(&there));
        let wait = here.wait(FREE, LONGEST_MS, now);
        let others = if here.known { 0 } else { place.wait(FREE_THERE, LONGEST_THERE_MS, now) };
        let wait = wait.max(others);
        if wait > 0 {
            return Err((wait + 999) / 1000);
        }
        if all.len() + 2 > MOST {
            make_room(&mut all, now);
        }
        for (key, tries) in [(pair, here), (there, place)] {
            all.insert(key, Tries { wrong: tries.wrong.saturating_add(1), at: now, noted: false, ..tries });
        }
        Ok(())
    }

    /// Whether somebody has to wait for the first time since the last try that counted: of the rest there is nothing to
    /// note, however many there are.
    pub fn is_news(&self, email: &str, remote: &str) -> bool {
        let Ok(mut all) = self.0.lock() else { return false };
        let mut news = false;
        for key in keys(email, remote) {
            news |= all.get_mut(&key).is_some_and(|it| !std::mem::replace(&mut it.noted, true));
        }
        news
    }

    /// Whether what failed at a place, with nothing that could be guessed, is worth a line in the audit: so many are, and
    /// then ever fewer.
    pub fn is_worth_a_line(&self, remote: &str, now: Timestamp) -> bool {
        let Ok(mut all) = self.0.lock() else { return true };
        // No mail address is this.
        let [key, _] = keys(" ", remote);
        let tries = all.get(&key).copied().filter(|it| !it.is_over(now)).unwrap_or_default();
        if tries.wait(FREE_THERE, LONGEST_THERE_MS, now) > 0 {
            return false;
        }
        if all.len() + 2 > MOST {
            make_room(&mut all, now);
        }
        all.insert(key, Tries { wrong: tries.wrong.saturating_add(1), at: now, noted: false, known: false });
        true
    }

    /// The last try was not wrong, but is not all that is needed.
    pub fn undone(&self, email: &str, remote: &str) {
        let Ok(mut all) = self.0.lock() else { return };
        for key in keys(email, remote) {
            if let Some(tries) = all.get_mut(&key) {
                tries.wrong = tries.wrong.saturating_sub(1);
            }
        }
    }

    /// The last try was right: from now on this account is known at this place.
    pub fn right(&self, email: &str, remote: &str, now: Timestamp) {
        self.undone(email, remote);
        let Ok(mut all) = self.0.lock() else { return };
        let [pair, _] = keys(email, remote);
        all.insert(pair, Tries { wrong: 0, at: now, known: true, noted: false });
    }
}

fn keys(email: &str, remote: &str) -> [Key; 2] {
    let place = match remote.parse::<IpAddr>().map(|it| it.to_canonical()) {
        Ok(IpAddr::V6(six)) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX))),
        Ok(four) => four,
        Err(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    [(Some(hash_of(email)), place), (None, place)]
}

/// Forgets what is over, and if that isn't enough what is oldest of the wrong tries, then of all.
fn make_room(all: &mut BTreeMap<Key, Tries>, now: Timestamp) {
    all.retain(|_, tries| !tries.is_over(now));
    while all.len() + 2 > MOST {
        let oldest = all.iter().min_by_key(|(_, it)| (it.known, it.at)).map(|(key, _)| *key);
        let Some(oldest) = oldest else { return };
        all.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "192.0.2.7";

    #[test]
    fn each_wrong_try_more_takes_twice_as_long() {
        let throttle = Throttle::default();
        let mut now = Timestamp(0);
        for _ in 0..5 {
            assert_eq!(throttle.tries("a@x", HERE, now), Ok(()));
        }
        for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            assert_eq!(throttle.tries("a@x", HERE, now), Err(wait));
            assert_eq!(throttle.tries("a@x", HERE, now.plus(wait * 1000 - 1)), Err(1));
            now = now.plus(wait * 1000);
            assert_eq!(throttle.tries("a@x", HERE, now), Ok(()));
        }
        assert_eq!(throttle.tries("a@x", HERE, now.plus(FORGOTTEN_MS)), Ok(()), "forgotten");
        for other in ["192.0.2.8", "2001:db8::1", "nowhere"] {
            assert_eq!(throttle.tries("a@x", other, now), Ok(()), "its owner elsewhere: {other}");
        }
        assert_eq!(throttle.tries("b@x", HERE, now), Ok(()), "somebody else here");
    }

    #[test]
    fn a_place_that_tries_many_accounts_waits_but_not_who_is_known_there() {
        let throttle = Throttle::default();
        let now = Timestamp(0);
        assert_eq!(throttle.tries("known@x", "2001:db8:0:1::9", now), Ok(()));
        throttle.right("known@x", "2001:db8:0:1::9", now);
        for number in 0..21 {
            assert_eq!(throttle.tries(&format!("{number}@x"), "2001:db8:0:1::7", now), Ok(()));
        }
        assert_eq!(throttle.tries("new@x", "2001:db8:0:1:ffff::", now), Err(1), "the same network");
        assert_eq!(throttle.tries("new@x", "2001:db8:0:2::7", now), Ok(()), "another one");
        assert_eq!(throttle.tries("known@x", "2001:db8:0:1::8", now), Ok(()));
        for _ in 0..30 {
            let _ = throttle.tries("more@x", "2001:db8:0:1::7", now);
        }
        assert!(throttle.tries("new@x", "2001:db8:0:1::7", now).unwrap_err() <= 60);
    }

    #[test]
    fn what_is_right_leaves_nothing_behind() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            assert_eq!(throttle.tries("a@x", HERE, Timestamp(0)), Ok(()));
            throttle.undone("a@x", HERE);
            assert_eq!(throttle.tries("a@x", HERE, Timestamp(0)), Ok(()));
            throttle.right("a@x", HERE, Timestamp(0));
        }
    }

    #[test]
    fn it_never_grows_beyond_its_bound() {
        let throttle = Throttle::default();
        throttle.right("known@x", HERE, Timestamp(0));
        for number in 0..u32::try_from(MOST).unwrap() {
            let place = std::net::Ipv4Addr::from_bits(number).to_string();
            assert_eq!(throttle.tries("a@x", &place, Timestamp(i64::from(number))), Ok(()));
        }
        let all = throttle.0.lock().unwrap();
        assert!(all.len() <= MOST && all.values().any(|it| it.known), "{}", all.len());
    }
}
