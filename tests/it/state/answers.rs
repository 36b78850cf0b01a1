//! Rules 15 to 17: what an answer of the API overrides, and what it can't deny. When to ask for the next one.

use super::build::{
    Log, MIN, consented, declined, doubts, place, progress, signed, signer, snapshot, viewed,
};
use signboard::model::{
    Bounce, DoubtKind, Event, Package, Paper, Place, SignerStatus, Snapshot, Status, Timestamp,
};

const DAY: i64 = 24 * 60 * MIN;

#[test]
fn rule_15_an_answer_overrides_what_it_states_and_later_facts_apply_on_top() {
    let log = Log::sent()
        .at(5, Event::Trashed)
        .by(6, "s", Event::SignerCompleted)
        .by(7, "s", Event::Locked)
        .by(8, "s", signed("d"))
        .at(9, Event::Completed);
    let answered = log.shown(MIN, snapshot(Status::Sent, [place("s", 0)]));
    let package = answered.fold();
    assert_eq!((package.status, package.trashed), (Status::Sent, false));
    assert_eq!(progress(&package, "s"), SignerStatus::Waiting);
    assert!(!signer(&package, "s").locked && package.documents.is_empty());
    assert_eq!(answered.at(2 * MIN, Event::Expired).fold().status, Status::Expired);
}

#[test]
fn rule_15_what_an_answer_can_not_state_it_can_not_deny() {
    let log = Log::sent()
        .by(5, "v", viewed())
        .by(6, "b", Event::Bounced(Bounce::Returned))
        .by(7, "c", consented())
        .by(8, "a", Event::AttachmentAdded { name: Some("passport.pdf".into()) })
        .by(9, "d", declined());
    let places = || ["v", "b", "c", "a", "d"].map(|id| place(id, 0));
    let package = log.clone().shown(MIN, snapshot(Status::Declined, places())).fold();
    assert_eq!(progress(&package, "v"), SignerStatus::Viewed);
    assert!(signer(&package, "b").bounced);
    assert_eq!((progress(&package, "c"), package.consented.len()), (SignerStatus::Signing, 1));
    assert_eq!(package.attachments.len(), 1);
    assert_eq!(
        (progress(&package, "d"), package.reason.as_deref()),
        (SignerStatus::Declined, Some("too dear"))
    );
    // But a package that is out again was declined by nobody.
    let package = log.shown(MIN, snapshot(Status::Sent, places())).fold();
    assert_eq!((progress(&package, "d"), package.reason), (SignerStatus::Waiting, None));
}

#[test]
fn rule_15_an_answer_that_lists_the_agreement_tells_whether_it_is_accepted() {
    let log = Log::sent().by(7, "c", consented()).at(9, Event::Recalled);
    let consent = Paper { id: "default-consent".into(), agreement: true, ..Paper::default() };
    let answer = |started| {
        let places = [Place { started, ..place("c", 0) }];
        Snapshot { papers: vec![consent.clone()], ..snapshot(Status::Draft, places) }
    };
    let after = |d, started| progress(&log.clone().shown(d, answer(started)).fold(), "c");
    // Whoever takes a package back takes that back too.
    assert_eq!(after(MIN, false), SignerStatus::Waiting);
    assert_eq!(after(MIN, true), SignerStatus::Signing);
    let near = log.shown(2_006, answer(false)).fold();
    assert_eq!(
        (progress(&near, "c"), doubts(&near)),
        (SignerStatus::Signing, vec![DoubtKind::AgainstAnswer])
    );
}

#[test]
fn rule_15_a_contradicting_fact_within_two_seconds_stands_with_a_doubt() {
    let told = |before: i64| {
        let draft = snapshot(Status::Draft, [place("s", 0)]);
        Log::sent()
            .at(MIN - before, Event::Completed)
            .by(MIN - before, "s", Event::SignerCompleted)
            .shown(MIN, draft)
    };
    let near = told(1_999).fold();
    assert_eq!((near.status, progress(&near, "s")), (Status::Completed, SignerStatus::Signed));
    assert_eq!(doubts(&near), [DoubtKind::AgainstAnswer; 2]);
    assert_eq!((near.doubts[0].name.as_str(), near.doubts[0].at), ("Completed", Timestamp(MIN - 1_999)));
    assert_eq!(near.ask_at, Some(Timestamp(MIN + 5_000)), "ask again after 5 s");
    let far = told(2_000).fold();
    assert_eq!((far.status, progress(&far, "s")), (Status::Draft, SignerStatus::Waiting));
    assert_eq!(doubts(&far), []);
    let settled = told(1).shown(MIN + 5_000, snapshot(Status::Completed, [place("s", 2)])).fold();
    assert_eq!(doubts(&settled), []);
}

#[test]
fn rule_15_a_doubt_that_answers_leave_standing_is_asked_about_ever_less_often() {
    let mut log = Log::sent().at(MIN, Event::Noted);
    log.0[2].happened_at = Some(Timestamp(9 * MIN));
    log = log.at(30 * MIN, Event::Noted);
    log.0[3].received_at = Timestamp(10 * MIN);
    let asked = |log: &Log, at: i64| {
        let ask_at = log.clone().shown(at, snapshot(Status::Sent, [])).fold().ask_at;
        ask_at.map(|it| it.0 - at)
    };
    // The clock of the second is absurd: it sorts at its receipt, in the tenth minute.
    assert_eq!(asked(&log, 10 * MIN + 10), Some(5_000));
    assert_eq!(asked(&log, 10 * MIN + 1_900), Some(5_000));
    assert_eq!(asked(&log, 10 * MIN + 2_001), Some(DAY), "settled");
}

#[test]
fn rule_15_an_answer_says_which_documents_are_signed() {
    let papers = |signed_by: &[&str]| {
        let paper = |id: &str, agreement| Paper {
            id: id.into(),
            name: Some("Form".into()),
            agreement,
            signed_by: signed_by.iter().map(|it| (*it).to_owned()).collect(),
        };
        let mut shown = snapshot(Status::Sent, [place("s", 1), place("t", 0)]);
        shown.papers = vec![paper("default-consent", true), paper("d", false), paper("e", false)];
        shown
    };
    let signed_by = |package: &Package| -> Vec<(String, String)> {
        package.documents.iter().map(|it| (it.id.clone(), it.signed_by.join(" "))).collect()
    };
    let log = Log::sent().by(5, "t", signed("e")).by(6, "t", signed("gone"));
    let package = log.clone().shown(MIN, papers(&["role-s"])).fold();
    assert_eq!(signed_by(&package), [("d".into(), "s".into()), ("e".into(), "s".into())]);
    let near = log.by(MIN - 1, "t", signed("e")).shown(MIN, papers(&[])).fold();
    assert_eq!(signed_by(&near), [("d".into(), String::new()), ("e".into(), "t".into())]);
}

#[test]
fn rule_16_a_late_old_fact_does_not_flip_the_board() {
    let log = Log::sent().shown(2 * MIN, snapshot(Status::Completed, [place("s", 2)]));
    let late = log.clone().at(MIN, Event::Recalled).fold();
    assert_eq!((late.status, doubts(&late)), (Status::Completed, vec![]));
    // Of two answers in one second the one that was asked for later is the newer one.
    let mut twice = log.shown(2 * MIN, snapshot(Status::Archived, [place("s", 2)]));
    for (first, last, status) in [(0, 1, Status::Archived), (1, 0, Status::Completed)] {
        twice.0[2].received_at = Timestamp(2 * MIN + first);
        twice.0[3].received_at = Timestamp(2 * MIN + last);
        assert_eq!(twice.fold().status, status);
    }
}

#[test]
fn rule_17_milliseconds_of_a_fact_before_the_seconds_of_an_answer() {
    let shown = |signed| {
        let place = Place { last_mark: Some(Timestamp(5_000)), started: true, ..place("s", signed) };
        snapshot(Status::Sent, [place])
    };
    let since = |log: Log| signer(&log.fold(), "s").since;
    assert_eq!(since(Log::sent().shown(MIN, shown(2))), Some(Timestamp(5_000)));
    for d in [5_000, MIN] {
        let done = Log::sent().by(5_272, "s", Event::SignerCompleted);
        assert_eq!(since(done.shown(d, shown(2))), Some(Timestamp(5_272)));
        let started = Log::sent().by(5_272, "s", consented());
        assert_eq!(since(started.shown(d, shown(0))), Some(Timestamp(5_272)));
    }
}

#[test]
fn it_is_asked_at_once_when_something_changed_and_a_day_later_else() {
    assert_eq!(Log::default().fold().ask_at, Some(Timestamp(0)), "never asked");
    let log = Log::sent().shown(MIN, snapshot(Status::Sent, [place("s", 0)]));
    assert_eq!(log.fold().ask_at, Some(Timestamp(MIN + DAY)));
    assert_eq!(log.clone().by(2 * MIN, "s", viewed()).fold().ask_at, Some(Timestamp(MIN + DAY)));
    for (who, event) in [
        ("stranger", viewed()),
        ("s", Event::Recalled),
        ("s", Event::Sent),
        ("s", Event::Reassigned { new_role: None }),
        ("s", Event::AttachmentAdded { name: None }),
    ] {
        assert_eq!(log.clone().by(2 * MIN, who, event).fold().ask_at, Some(Timestamp(0)), "at once");
    }
    let done = log.at(2 * MIN, Event::Completed);
    assert_eq!(done.fold().ask_at, None, "whatever ended is not asked about daily");
}

/// Meant to catch: a trouble asked about like any open package; a doubt that waited as long again as it had stood.
#[test]
fn a_trouble_and_a_doubt_are_looked_at_every_quarter_of_an_hour_while_it_is_open() {
    let within = |log: &Log, at: i64| {
        let wait = log.fold().ask_at.map(|it| it.0 - at);
        assert!(wait.is_some_and(|it| (15 * MIN..=15 * MIN + 90_000).contains(&it)), "{wait:?}");
    };
    let troubled = |event: Event| {
        let mut shown = snapshot(Status::Sent, [place("s", 0)]);
        shown.places[0].locked = (event == Event::Locked).then_some(true);
        Log::sent().by(MIN, "s", event).shown(2 * MIN, shown)
    };
    for event in [Event::Locked, Event::Bounced(Bounce::Returned), Event::IdentityFailed] {
        let log = troubled(event.clone());
        assert!(signer(&log.fold(), "s").is_troubled(), "{event:?}");
        within(&log, 2 * MIN);
        let over = log.clone().by(150_000, "s", Event::SignerCompleted);
        let over = over.shown(3 * MIN, snapshot(Status::Sent, [place("s", 2)])).fold();
        assert_eq!(over.ask_at, Some(Timestamp(3 * MIN + DAY)), "the trouble is over");
        assert_eq!(log.shown(3 * MIN, snapshot(Status::Expired, [place("s", 0)])).fold().ask_at, None);
    }
    // An answer that is older than it was asked for settles nothing.
    let mut doubted = Log::sent().at(MIN, Event::Completed).shown(MIN + 100, snapshot(Status::Sent, []));
    doubted.0.last_mut().unwrap().received_at = Timestamp(300 * MIN);
    let ended = doubted.fold();
    assert_eq!((ended.status, doubts(&ended)), (Status::Completed, vec![DoubtKind::AgainstAnswer]));
    assert_eq!(ended.ask_at, Some(Timestamp(599 * MIN)), "ended: ever less often");
    let mut doubted = Log::sent().at(MIN, Event::Recalled).shown(MIN + 100, snapshot(Status::Sent, []));
    doubted.0.last_mut().unwrap().received_at = Timestamp(300 * MIN);
    assert_eq!((doubted.fold().status, doubts(&doubted.fold()).len()), (Status::Draft, 1));
    within(&doubted, 300 * MIN);
}

#[test]
fn a_package_of_nothing_but_answers_has_a_time() {
    assert_eq!(Log::default().fold().updated, Timestamp(0));
    assert_eq!(Log::default().missing(MIN).fold().updated, Timestamp(MIN));
    let mut shown = snapshot(Status::Sent, []);
    assert_eq!(Log::default().shown(MIN, shown.clone()).fold().updated, Timestamp(MIN));
    shown.created = Some(Timestamp(7));
    assert_eq!(Log::default().shown(MIN, shown.clone()).fold().updated, Timestamp(7));
    shown.updated = Some(Timestamp(9));
    assert_eq!(Log::default().shown(MIN, shown).fold().updated, Timestamp(9));
}
