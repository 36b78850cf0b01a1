//! Rules 2, 16 and 22: what is one fact, one answer, and how many of them count. When two packages look alike.

use super::build::{Log, MIN, answer, place, record, snapshot, viewed};
use signboard::model::fold::MOST_FACTS;
use signboard::model::log::{Merged, Places, last_asked, merge};
use signboard::model::{Answer, Event, Fingerprint, Origin, Record, Status, Timestamp, fold};

fn shown(status: Status, d: i64) -> Record {
    answer(Answer::Shown(snapshot(status, [place("s", 0)])), d)
}

#[test]
fn rule_2_a_repeat_merges_whenever_it_comes_and_the_first_receipt_stays() {
    let fact = |received, name: &str, origin| {
        let one = record(viewed(), Some("s"), Some(5), received);
        Record { name: name.into(), origin, arrival: Some(received), ..one }
    };
    let told = [
        fact(9, "DOCUMENT_VIEWED", Origin::Hand),
        fact(7, "document_viewed", Origin::Callback),
        fact(8, "DOCUMENT_VIEWED", Origin::Callback),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let mut log = Vec::new();
        let merged = order.map(|at| merge(&mut log, told[at].clone()));
        assert_eq!(merged, [Merged::Fresh, Merged::Repeat(0), Merged::Repeat(0)]);
        let known = &log[0];
        assert_eq!((log.len(), known.deliveries, known.received_at), (1, 3, Timestamp(7)));
        assert_eq!((known.name.as_str(), known.arrival), ("document_viewed", Some(7)));
    }
}

/// Seen red with: a log that is looked through from the second place on.
#[test]
fn rule_2_a_long_log_knows_its_facts_as_a_short_one_does() {
    let fact = |at: i64| record(viewed(), Some("s"), Some(at), at);
    let (mut plain, mut long, mut places) =
        ((0..100).map(fact).collect::<Vec<_>>(), Vec::new(), Places::default());
    long.clone_from(&plain);
    for at in (0..300).chain([0, 99, 100, 299]) {
        assert_eq!(places.merge(&mut long, fact(at)), merge(&mut plain, fact(at)), "{at}");
    }
    assert_eq!(long.len(), 300);
    assert_eq!(places.merge(&mut long, shown(Status::Sent, MIN)), Merged::Fresh);
    assert_eq!(places.merge(&mut long, shown(Status::Sent, MIN)), Merged::Confirmed(300));
    assert_eq!(places.merge(&mut long, fact(5)), Merged::Repeat(5));
}

#[test]
fn rule_16_an_answer_that_agrees_moves_the_known_one_forward() {
    let mut log = vec![record(Event::Sent, None, Some(1), 1)];
    assert_eq!(merge(&mut log, shown(Status::Sent, MIN)), Merged::Fresh);
    assert_eq!(merge(&mut log, shown(Status::Sent, 3 * MIN)), Merged::Confirmed(1));
    assert_eq!(merge(&mut log, shown(Status::Sent, 2 * MIN)), Merged::Confirmed(1));
    assert_eq!((log[1].happened_at, last_asked(&log)), (Some(Timestamp(3 * MIN)), Some(Timestamp(3 * MIN))));
    assert_eq!(merge(&mut log, shown(Status::Draft, 4 * MIN)), Merged::Fresh);
    assert_eq!(
        merge(&mut log, shown(Status::Sent, 5 * MIN)),
        Merged::Confirmed(1),
        "an API that flaps fills no log"
    );
    assert_eq!((log.len(), fold(&log).status), (3, Status::Sent));
}

#[test]
fn rule_16_an_answer_of_the_same_second_still_counts_as_asked_later() {
    let mut log = vec![shown(Status::Sent, MIN)];
    let again = Record { received_at: Timestamp(MIN + 800), ..shown(Status::Sent, MIN) };
    assert_eq!(again.fingerprint, log[0].fingerprint);
    assert_eq!(merge(&mut log, again), Merged::Confirmed(0));
    assert_eq!(last_asked(&log), Some(Timestamp(MIN + 800)), "or it would be asked about again at once");
}

#[test]
fn rule_22_past_two_thousand_the_first_facts_count_and_all_answers() {
    let mut log: Vec<Record> = Log::sent().0;
    let extra = 40;
    log.extend((2..).take(MOST_FACTS + extra - 2).map(|at| record(viewed(), Some("s"), Some(at), at)));
    let late = fold(&[&log[..], &[record(Event::Completed, None, Some(MIN), MIN)]].concat());
    assert_eq!((late.status, late.too_many_facts), (Status::Sent, true));
    assert_eq!(late.facts as usize, MOST_FACTS + extra + 1);
    log.push(shown(Status::Completed, MIN));
    let answered = fold(&log);
    assert_eq!(answered.status, Status::Completed);
    log.reverse();
    assert_eq!(fold(&log), answered);
    assert!(!fold(&log[..MOST_FACTS]).too_many_facts);
}

#[test]
fn rule_22_at_an_equal_time_the_fingerprint_decides_which_facts_count() {
    let numbered = |event: Event, n: usize| {
        let mut fingerprint = [0; 16];
        fingerprint[8..].copy_from_slice(&n.to_be_bytes());
        Record { fingerprint: Fingerprint(fingerprint), ..record(event, Some("s"), Some(5), 5) }
    };
    // By rank the end would be the last one, and be dropped; the store's SQL knows no ranks.
    let mut log = vec![numbered(Event::Completed, 0)];
    log.extend((1..=MOST_FACTS).map(|n| numbered(Event::Noted, n)));
    assert_eq!(fold(&log).status, Status::Completed);
}

#[test]
fn looks_alike_whenever_it_was_confirmed() {
    let told = |d| Log::sent().0.into_iter().chain([shown(Status::Draft, d)]).collect::<Vec<_>>();
    let (first, again) = (fold(&told(MIN)), fold(&told(2 * MIN)));
    assert_ne!(first, again);
    assert!(first.looks_like(&again) && again.looks_like(&first));
    assert!(!first.looks_like(&Log::sent().fold()));
    let mut other = again;
    other.reason = Some("no".into());
    assert!(!first.looks_like(&other));
}
