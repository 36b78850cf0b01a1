//! Who sees some senders' packages alone is shown those of everybody's alerts that are theirs, and waits for nobody else's.

use super::*;
use crate::model::fold::answer_record;
use crate::model::{Answer, Person, Snapshot, Status};
use crate::store::Act;
use crate::store::alerts::counts_told;
use crate::store::ask::{Told, together};
use crate::store::open::connect_beside;
use crate::store::{Mode, Policies, answer_fingerprint, steps};
use std::sync::atomic::Ordering;

const NOW: Timestamp = Timestamp(1_795_348_800_000);
/// More alerts of the first package.
const MORE: &str = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
    INSERT INTO alerts (account, package, kind, signer, began, raised_at, late, resolved_at) \
    SELECT 'os', 'p-0', 'bounced', hex(randomblob(8)), 0, 0, 0, iif(i % 2, 1, NULL) FROM n";

fn key(n: usize) -> PackageKey {
    let account = AccountId(["os", "cg"][n % 2].to_owned());
    PackageKey { account, package: PackageId::parse(&format!("p-{n}")).unwrap() }
}

/// The API says who sent a package that was declined.
async fn told(store: &Store, n: usize, sender: Option<&str>, at: i64) {
    let person = |it: &str| Person { id: "x".to_owned(), name: None, email: Some(it.to_owned()) };
    let (status, sender) = (Status::Declined, sender.map(person));
    let snapshot = Snapshot { status, sender, updated: Some(NOW), ..Snapshot::default() };
    let (answer, at) = (Answer::Shown(snapshot), NOW.plus(at));
    let print = answer_fingerprint(&key(n), &answer, at).unwrap();
    store.learn(key(n), answer_record(answer, at, at, print)).await.unwrap();
}

fn filter(state: AlertState, senders: Option<&[&str]>, limit: u32) -> AlertFilter {
    let senders = senders.map(|some| some.iter().map(|it| (*it).to_owned()).collect());
    let within = Reach { accounts: None, senders };
    AlertFilter { state, kind: None, account: None, within, operators: false, before: None, limit, now: NOW }
}

fn sender_of(alert: &Alert) -> Option<String> {
    alert.state_of.as_deref().and_then(crate::model::filter::sender_key)
}

/// Seen red with: alerts that stay with the sender whom their package had.
#[tokio::test]
async fn some_senders_see_their_alerts_of_all_whoever_sent_a_package_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
    let senders = [Some("a@x.example"), Some("b@x.example"), None, Some("c@x.example")];
    for n in 0..40 {
        told(&store, n, senders[n % 4], 0).await;
    }
    for n in (0..40).step_by(3) {
        told(&store, n, senders[(n + 1) % 4], 5_000).await;
    }
    for (n, it) in store.alerts(&filter(AlertState::Open, None, 100)).await.unwrap().iter().enumerate() {
        // What is no end is taken and not over with it.
        let (kind, act) = match n % 4 {
            0 => (AlertKind::Locked, Act::Take(String::new())),
            1 => (it.kind, Act::Take(String::new())),
            2 => (it.kind, Act::Snooze(NOW.plus(60_000))),
            _ => continue,
        };
        assert!(store.act_on_alert((it.id, kind), &act, "somebody", NOW).await.unwrap());
    }
    let mut seen = 0;
    for state in AlertState::ALL {
        let all = store.alerts(&filter(state, None, 100)).await.unwrap();
        for some in [&["a@x.example"][..], &["b@x.example", "a@x.example"], &["c@x.example", "nobody"], &[]] {
            let theirs = |it: &&Alert| sender_of(it).is_some_and(|it| some.contains(&it.as_str()));
            let expected: Vec<i64> = all.iter().filter(theirs).map(|it| it.id).collect();
            let (mut shown, mut filter) = (Vec::new(), filter(state, Some(some), 3));
            loop {
                let page = store.alerts(&filter).await.unwrap();
                let Some(last) = page.last() else { break };
                filter.before = Some(last.id);
                shown.extend(page.iter().map(|it| it.id));
            }
            assert_eq!(shown, expected, "{state:?} {some:?}");
            seen += shown.len();
            let standing = store.standing_alerts(&filter).await.unwrap();
            let count = match state {
                AlertState::Open => standing.open,
                AlertState::Taken => standing.taken,
                AlertState::Snoozed => standing.snoozed,
                AlertState::Resolved => continue,
            };
            assert_eq!(count, expected.len() as u64, "{state:?} {some:?}");
        }
    }
    assert!(seen > 30, "{seen}");
    store.close().await;
}

/// Seen red with: alerts of all gone through until enough are theirs.
#[tokio::test]
async fn other_peoples_alerts_cost_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
    for n in 0..6 {
        told(&store, n, [Some("a@x.example"), Some("b@x.example")][n.min(1)], 0).await;
    }
    let mut beside = connect_beside(folder.path()).await.unwrap();
    let steps = steps::counted(&mut beside).await;
    let mut costs = Vec::new();
    for (round, more) in [(0, 100), (1, 30_000)] {
        sqlx::query(MORE).bind(more).execute(&mut beside).await.unwrap();
        steps.store(0, Ordering::Relaxed);
        for state in AlertState::ALL {
            let filter =
                AlertFilter { now: NOW.plus(round * 60_000), ..filter(state, Some(&["b@x.example"]), 50) };
            let mut asks = vec![alerts_asked(&filter).unwrap()];
            let standing = store.standing_asked(&filter, &mut asks).unwrap();
            let answers = together(&mut beside, asks).await.unwrap().into_iter();
            let mut told = Told::new(crate::model::Seq(0), answers);
            let page = alerts_told(&told.next().unwrap()).unwrap();
            assert_eq!(page.len(), if state == AlertState::Open { 5 } else { 0 });
            assert_eq!(standing.of(&mut told, counts_told).unwrap().standing(NOW).open, 5);
        }
        costs.push(steps.load(Ordering::Relaxed));
    }
    assert!(costs[0] > 300 && costs[1] < costs[0] + costs[0] / 4, "{costs:?}");
    store.close().await;
}
