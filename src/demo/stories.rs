//! A believable firm's week, ending now: hundreds of packages, most of them completed, a good number out for signing, some
//! in preparation, a handful in trouble. Pure: the same seed and the same `now` tell the same stories.

use std::collections::VecDeque;

use fastrand::Rng;

use super::act::{Act, Draft, Notice};
use super::calendar;
use super::fates::{self, Fate};
use super::people::pick;
use super::plot::{self, Plot};
use super::wire::Callback;
use super::world::World;
use super::{Account, Kind};

/// One package's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The account it belongs to.
    pub account: String,
    /// What is made.
    pub draft: Draft,
    /// When it is made, ms.
    pub created: i64,
    /// What has happened since, and when; oldest first, all of it in the past.
    pub past: Vec<(i64, Act)>,
    /// What will happen next, one day.
    pub rest: Vec<Act>,
}

/// A package whose story goes on.
#[derive(Debug, Clone)]
pub(super) struct Thread {
    pub(super) account: String,
    pub(super) package: String,
    pub(super) rest: VecDeque<Act>,
    /// Stands in trouble, or waits for its sender.
    pub(super) stuck: bool,
}

/// The stories of so many packages, spread over the given accounts. Nothing happens later than half a minute before `now`.
#[must_use]
pub fn week(seed: u64, packages: usize, accounts: &[Account], now: i64) -> Vec<Story> {
    let mut rng = Rng::with_seed(seed ^ 0x5167_6e62_6f61_7264);
    let mut stories = Vec::with_capacity(packages);
    let (mut packages_left, mut accounts_left) = (packages, accounts.len());
    // What can happen depends on the provider; OneSpan and Conga are alike.
    let like_onespan: &[Kind] = &[Kind::OneSpan, Kind::Conga];
    for kinds in [like_onespan, &[Kind::Legalesign], &[Kind::WebSignatureOffice]] {
        let these: Vec<&Account> = accounts.iter().filter(|account| kinds.contains(&account.kind)).collect();
        let Some(kind) = these.first().map(|account| account.kind) else { continue };
        let share = packages_left * these.len() / accounts_left;
        packages_left -= share;
        accounts_left -= these.len();
        let deck = fates::deck(&mut rng, kind, share);
        // Each story has its own source, so that a change to one leaves the others alone.
        stories.extend(deck.into_iter().map(|fate| story(&mut rng.fork(), fate, &these, now)));
    }
    stories
}

/// What comes that is nobody's story: a call with a secret that is not the account's, and one of which the end is missing.
/// None where no account sends its secret in a header.
#[must_use]
pub fn strays(accounts: &[Account], at: i64) -> Vec<Callback> {
    let Some(account) = accounts.iter().find(|it| matches!(it.kind, Kind::OneSpan | Kind::Conga)) else {
        return Vec::new();
    };
    let event = "PACKAGE_COMPLETE";
    let stray = |body: &str, headers| Callback {
        account: account.id.clone(),
        package: String::new(),
        event,
        at,
        body: body.as_bytes().to_vec(),
        headers,
        entry: false,
    };
    let whole = format!(r#"{{"name":"{event}","packageId":"stray="}}"#);
    let wrong = vec![("authorization", "Basic a-key-of-last-year".to_owned())];
    vec![stray(&whole, wrong), stray(whole.get(..20).unwrap_or_default(), Vec::new())]
}

/// Lets the stories happen, in the order of time over all packages, and returns what the providers told meanwhile.
pub fn happen(world: &mut World, stories: &[Story]) -> Vec<Callback> {
    play(world, stories).0
}

/// As [`happen`], and returns the packages whose stories go on.
pub(super) fn play(world: &mut World, stories: &[Story]) -> (Vec<Callback>, Vec<Thread>) {
    let mut moments: Vec<(i64, usize, Option<&Act>)> = Vec::new();
    for (place, story) in stories.iter().enumerate() {
        moments.push((story.created, place, None));
        moments.extend(story.past.iter().map(|(at, act)| (*at, place, Some(act))));
    }
    moments.sort_by_key(|(at, place, _)| (*at, *place));
    let mut told = Vec::new();
    let mut ids: Vec<Option<String>> = vec![None; stories.len()];
    for (at, place, act) in moments {
        let story = &stories[place];
        match (act, &ids[place]) {
            (None, _) => {
                if let Some(created) = world.create(&story.account, &story.draft, at) {
                    ids[place] = Some(created.id);
                    told.extend(created.callbacks);
                }
            }
            (Some(act), Some(id)) => told.extend(world.act(&story.account, id, act, at)),
            (Some(_), None) => {}
        }
    }
    told.sort_by_key(|callback| callback.at);
    let threads =
        stories.iter().zip(ids).filter(|(story, _)| !story.rest.is_empty()).filter_map(|(story, id)| {
            let last = story.past.last().map(|(_, act)| act);
            let in_trouble =
                matches!(last, Some(Act::Lock(_) | Act::KbaFail(_) | Act::Bounce(..) | Act::FailToRender));
            let not_deposited = matches!(last, Some(Act::Notice(_, Notice::DepositFailed)));
            let stuck = in_trouble || not_deposited || matches!(story.rest.first(), Some(Act::Complete));
            Some(Thread {
                account: story.account.clone(),
                package: id?,
                rest: story.rest.iter().cloned().collect(),
                stuck,
            })
        });
    let threads = threads.collect();
    (told, threads)
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const LATEST: i64 = 30_000;

fn story(rng: &mut Rng, fate: Fate, accounts: &[&Account], now: i64) -> Story {
    let account = *pick(rng, accounts);
    let quiet_for = LATEST + quiet_for(rng, fate);
    let Plot { mut draft, mut steps, cut, expires } = plot::plot(rng, account.kind, fate);
    let rest = steps.split_off(cut).into_iter().map(|(_, act)| act).collect();
    let mut ago = quiet_for;
    let mut past = Vec::with_capacity(steps.len());
    for (gap, act) in steps.into_iter().rev() {
        past.push((calendar::before(now, ago), act));
        ago += gap;
    }
    past.reverse();
    let created = calendar::before(now, ago);
    if expires {
        draft.due_after = past.last().map(|(at, _)| at - created);
    } else if let Some(due) = &mut draft.due_after {
        // What is still out is not overdue.
        while created + *due < now {
            *due += 7 * 24 * HOUR;
        }
    }
    Story { account: account.id.clone(), draft, created, past, rest }
}

/// How long ago the last thing happened, in office hours: what is finished lies anywhere in the week, trouble is fresh.
fn quiet_for(rng: &mut Rng, fate: Fate) -> i64 {
    let (longest, bend) = match fate {
        Fate::Bounced
        | Fate::KbaFailed
        | Fate::Locked
        | Fate::Complaint
        | Fate::Noticed(Notice::DepositFailed) => (7 * HOUR, 2.0),
        Fate::Draft | Fate::Waiting | Fate::Viewed | Fate::PartSigned | Fate::Ready | Fate::BackToDraft => {
            (40 * HOUR, 2.0)
        }
        Fate::Template => (90 * HOUR, 1.0),
        _ => (80 * HOUR, 1.2),
    };
    #[expect(clippy::cast_possible_truncation, reason = "some days at most")]
    let quiet = (longest as f64 * rng.f64().powf(bend)) as i64;
    quiet
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::{happen, week};
    use crate::demo::package::Status;
    use crate::demo::world::World;
    use crate::demo::{Account, Kind};

    const NOW: i64 = 1_793_611_800_000;

    #[test]
    fn a_week_is_believable() {
        let accounts = [Account::new("onespan-eu", Kind::OneSpan), Account::new("conga", Kind::Conga)];
        let stories = week(11, 300, &accounts, NOW);
        let mut world = World::new(11, &accounts);
        let told = happen(&mut world, &stories);
        assert!((2_200..5_000).contains(&told.len()), "{}", told.len());
        assert!(told.iter().all(|callback| callback.at < NOW));
        let mut statuses = HashMap::new();
        let mut locked = 0;
        for package in accounts.iter().flat_map(|account| world.packages(&account.id)) {
            *statuses.entry(package.status.word()).or_insert(0) += 1;
            let out = package.status == Status::Sent;
            locked += usize::from(out && package.roles.iter().any(|role| role.locked));
            assert!(!out || package.due.is_none_or(|due| due > NOW), "{}", package.name);
            assert!(!package.name.contains(['{', '}']), "{}", package.name);
        }
        assert!(statuses["COMPLETED"] > 130, "{statuses:?}");
        assert!(statuses["SENT"] > 60, "{statuses:?}");
        assert!(
            statuses["DRAFT"] > 10 && statuses["DECLINED"] > 3 && statuses["EXPIRED"] > 1,
            "{statuses:?}"
        );
        assert!((1..8).contains(&locked), "{locked}");
    }

    #[test]
    fn any_seed_tells_all_there_is_to_tell() {
        let accounts = [Account::new("a", Kind::OneSpan)];
        for seed in 0..40 {
            let told = happen(&mut World::new(seed, &accounts), &week(seed, 100, &accounts, NOW));
            let events: HashSet<&str> = told.iter().map(|callback| callback.event).collect();
            assert_eq!(events.len(), 30, "seed {seed}: {events:?}");
        }
    }

    #[test]
    fn the_same_seed_tells_the_same_week() {
        let kinds = [Kind::OneSpan, Kind::Conga, Kind::Legalesign, Kind::WebSignatureOffice];
        let accounts = kinds.map(|kind| Account::new(kind.word(), kind));
        let bodies = |seed| {
            let mut world = World::new(seed, &accounts);
            happen(&mut world, &week(seed, 80, &accounts, NOW))
        };
        assert_eq!(bodies(5), bodies(5));
        assert_ne!(bodies(5), bodies(6));
    }
}
