//! Life while somebody watches: an endless course of small acts, each of which tells something. Packages of the past go on,
//! new ones start, and what is in trouble stays there long enough to be seen.

use fastrand::Rng;

use super::Account;
use super::act::Act;
use super::fates;
use super::people::pick;
use super::plot;
use super::stories::Thread;
use super::wire::Callback;
use super::world::World;

/// The endless generator. It has no clock: time comes with each call.
#[derive(Debug)]
pub(super) struct Life {
    rng: Rng,
    accounts: Vec<Account>,
    /// Packages that go on, and the turn from which they may.
    open: Vec<(u64, Thread)>,
    turn: u64,
    /// Whose session it is: people sign in one sitting.
    sitting: Option<String>,
}

/// With more open packages than this, fewer start.
const ENOUGH_OPEN: usize = 100;
/// More open packages than this and no new one starts.
const MOST_OPEN: usize = 400;

impl Life {
    pub(super) fn new(seed: u64, accounts: Vec<Account>) -> Self {
        let rng = Rng::with_seed(seed ^ 0x6c69_6665);
        Self { rng, accounts, open: Vec::new(), turn: 0, sitting: None }
    }

    /// Takes in packages of the past.
    pub(super) fn go_on(&mut self, threads: Vec<Thread>) {
        for thread in threads {
            let patience = if thread.stuck { self.rng.u64(80..400) } else { self.rng.u64(0..120) };
            self.open.push((self.turn + patience, thread));
        }
    }

    /// The next act, at a time in ms, and what is told about it; empty only where there are no accounts.
    pub(super) fn next(&mut self, world: &mut World, at: i64) -> Vec<Callback> {
        self.turn += 1;
        let mut told = Vec::new();
        // Some acts tell nothing (a lock is lifted, an address put right) or nothing that shows on a board: the next one
        // follows at once.
        for _ in 0..50 {
            told.extend(if self.starts_something() {
                self.start(world, at)
            } else {
                self.carry_on(world, at)
            });
            if told.iter().any(|callback| shows(callback.event)) {
                break;
            }
        }
        told
    }

    fn starts_something(&mut self) -> bool {
        let idle = self.open.iter().all(|(from, _)| *from > self.turn);
        let eagerness = if self.open.len() < ENOUGH_OPEN { 22 } else { 12 };
        idle || (self.sitting.is_none() && self.open.len() < MOST_OPEN && self.rng.u32(0..100) < eagerness)
    }

    fn start(&mut self, world: &mut World, at: i64) -> Vec<Callback> {
        if self.accounts.is_empty() {
            return Vec::new();
        }
        let Account { id: account, kind, .. } = pick(&mut self.rng, &self.accounts).clone();
        let fate = fates::live(&mut self.rng, kind);
        let plot = plot::plot(&mut self.rng, kind, fate);
        let Some(created) = world.create(&account, &plot.draft, at) else { return Vec::new() };
        let rest = plot.steps.into_iter().map(|(_, act)| act).collect();
        let thread = Thread { account, package: created.id, rest, stuck: false };
        if !thread.rest.is_empty() {
            self.open.push((self.turn + self.rng.u64(1..5), thread));
        }
        created.callbacks
    }

    fn carry_on(&mut self, world: &mut World, at: i64) -> Vec<Callback> {
        let Some(place) = self.choose() else { return Vec::new() };
        let (from, thread) = &mut self.open[place];
        let Some(act) = thread.rest.pop_front() else {
            self.open.swap_remove(place);
            return Vec::new();
        };
        let told = world.act(&thread.account, &thread.package, &act, at);
        let pause = pause(&mut self.rng, &act, &told);
        *from = self.turn + pause;
        self.sitting = (pause == 0).then(|| thread.package.clone());
        if thread.rest.is_empty() {
            self.open.swap_remove(place);
            self.sitting = None;
        }
        told
    }

    /// The package of the running session, mostly; else any whose time has come.
    fn choose(&mut self) -> Option<usize> {
        if let Some(sitting) = &self.sitting
            && self.rng.u32(0..100) < 55
            && let Some(place) = self.open.iter().position(|(_, thread)| thread.package == *sitting)
        {
            return Some(place);
        }
        let due: Vec<usize> = (0..self.open.len()).filter(|place| self.open[*place].0 <= self.turn).collect();
        (!due.is_empty()).then(|| *pick(&mut self.rng, &due))
    }
}

/// Whether an event changes more than a timeline.
fn shows(event: &str) -> bool {
    let quiet = [
        "EDEPOSIT",
        "RECORDINGS",
        "NOTARY",
        "COMPOSITION",
        "COBROWSE",
        "TEMPLATE",
        "PACKAGE_SMS",
        "RECIPIENT",
    ];
    !quiet.iter().any(|start| event.starts_with(start))
}

/// For how many turns a package rests after an act; none within a session.
fn pause(rng: &mut Rng, act: &Act, told: &[Callback]) -> u64 {
    if told.is_empty() {
        return 0;
    }
    let said = |event| told.iter().any(|callback| callback.event == event);
    match act {
        Act::Lock(_) | Act::Bounce(..) | Act::Deactivate | Act::FailToRender => rng.u64(40..160),
        Act::KbaFail(_) => rng.u64(15..90),
        Act::Decline(..) | Act::OptOut(..) | Act::Expire | Act::Trash | Act::Void => rng.u64(30..90),
        Act::Activate | Act::Reassign(..) | Act::Restore | Act::Reset(_) | Act::Witness(_) => rng.u64(2..15),
        Act::Sign(..) if said("PACKAGE_READY_FOR_COMPLETE") => rng.u64(40..120),
        Act::Sign(..) if said("Waiting for witness") => rng.u64(20..80),
        Act::Sign(..) if said("SIGNER_COMPLETE") || said("USER_FINISH") || said("Signed") => rng.u64(3..30),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Life;
    use crate::demo::stories::{play, week};
    use crate::demo::world::World;
    use crate::demo::{Account, Kind};

    const NOW: i64 = 1_793_611_800_000;

    #[test]
    fn every_turn_tells_something_and_all_kinds_of_things_happen() {
        let kinds = [Kind::OneSpan, Kind::Conga, Kind::Legalesign, Kind::WebSignatureOffice];
        let accounts = kinds.map(|kind| Account::new(kind.word(), kind)).to_vec();
        let mut world = World::new(1, &accounts);
        let (_, threads) = play(&mut world, &week(1, 300, &accounts, NOW));
        let mut life = Life::new(1, accounts);
        life.go_on(threads);
        let (mut events, mut packages) = (HashSet::new(), HashSet::new());
        for turn in 0..4_000 {
            let told = life.next(&mut world, NOW + turn * 2_500);
            assert!(!told.is_empty(), "turn {turn}");
            for callback in told {
                events.insert(callback.event);
                packages.insert(callback.package);
            }
            assert!(life.open.len() <= super::MOST_OPEN + 1);
        }
        for event in [
            "SIGNER_LOCKED",
            "EMAIL_BOUNCE",
            "PACKAGE_DECLINE",
            "ROLE_REASSIGN",
            "PACKAGE_COMPLETE",
            "KBA_FAILURE",
            "Waiting for witness",
            "Removed",
            "recipient.bounced",
            "Final PDF",
            "STATUS_CHANGE",
        ] {
            assert!(events.contains(event), "{event} of {events:?}");
        }
        assert!(packages.len() > 300, "{}", packages.len());
    }
}
