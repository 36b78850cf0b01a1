//! Rule 21: nothing has a time, and whatever names a document tells that it is out.

use super::build::{Log, MIN, doubts, progress, record, signer};
use signboard::model::package::REFUSAL_SHOWN_MS;
use signboard::model::{DoubtKind, Event, Record, SignerStatus, Snapshot, Status, Step, Timestamp, fold};

fn told(events: impl IntoIterator<Item = Event>) -> Vec<Record> {
    (1..).zip(events).map(|(n, event)| record(event, Some("7"), None, n * 1_000)).collect()
}

fn only(status: Status) -> Snapshot {
    Snapshot { status, status_only: true, ..Snapshot::default() }
}

fn field(field: &str, rejected: bool) -> Event {
    Event::Field { field: field.to_owned(), rejected }
}

/// The fold of these, which is that of every order of them.
fn whatever_the_order(log: &[Record]) -> signboard::model::Package {
    let package = fold(log);
    for n in 0..log.len() {
        let mut turned = log.to_vec();
        turned.rotate_left(n);
        assert_eq!(fold(&turned), package);
        turned.reverse();
        assert_eq!(fold(&turned), package);
    }
    package
}

#[test]
fn rule_21_the_status_is_the_furthest_ever_told() {
    for (events, status) in [
        (vec![Event::Sent], Status::Sent),
        (vec![Event::Completed, Event::Sent], Status::Completed),
        (vec![Event::Failed, Event::Sent, Event::Sent], Status::Failed),
    ] {
        let package = whatever_the_order(&told(events));
        assert_eq!((package.status, doubts(&package)), (status, vec![]));
        assert!(package.decided.is_some_and(|it| !it.inferred));
    }
    for events in [[Event::Completed, Event::Failed], [Event::Failed, Event::Completed]] {
        let package = whatever_the_order(&told(events));
        assert_eq!((package.status, doubts(&package)), (Status::Failed, vec![DoubtKind::TwoEnds]));
    }
}

#[test]
fn rule_21_whatever_names_a_document_creates_it_as_sent() {
    for event in [
        field("1", false),
        field("1", true),
        Event::SignerCompleted,
        Event::Stands(Step::FinishedUnsigned),
        Event::Rendered { failed: false },
        Event::Mentioned,
    ] {
        let log = told([event.clone()]);
        let package = fold(&log);
        assert_eq!(
            (package.status, doubts(&package)),
            (Status::Sent, vec![DoubtKind::SentInferred]),
            "{event:?}"
        );
        assert!(package.decided.is_some_and(|it| it.inferred));
        assert_eq!(package.updated, Timestamp(1_000));
        for (end, status) in [(Event::Sent, Status::Sent), (Event::Completed, Status::Completed)] {
            let package = whatever_the_order(&[log.clone(), told([Event::Noted, end])].concat());
            assert_eq!(
                (package.status, doubts(&package)),
                (status, vec![]),
                "{event:?}: told is not inferred"
            );
            assert!(package.decided.is_some_and(|it| !it.inferred));
        }
    }
}

#[test]
fn rule_21_users_are_followed_by_their_fields() {
    let log = told([field("1", false), field("2", false), field("2", false), field("3", true), Event::Sent]);
    let package = whatever_the_order(&log);
    let user = signer(&package, "7");
    assert_eq!((user.status, user.fields_signed, user.fields_rejected), (SignerStatus::Signing, 2, 1));
    assert_eq!(
        (package.status, package.attention_until()),
        (Status::Sent, None),
        "a rejected field is no failure"
    );
    let done = whatever_the_order(&[log, told([Event::SignerCompleted])].concat());
    assert_eq!((progress(&done, "7"), signer(&done, "7").fields_signed), (SignerStatus::Signed, 2));
    assert_eq!((done.status, done.ready_to_complete), (Status::Sent, false));
}

#[test]
fn rule_21_a_user_who_is_through_without_a_signature_is_not_waited_for() {
    let through = Event::Stands(Step::FinishedUnsigned);
    for (events, status) in [
        (vec![Event::Sent, through.clone()], SignerStatus::Viewed),
        (vec![Event::Sent, through.clone(), field("1", true)], SignerStatus::Signing),
    ] {
        let package = whatever_the_order(&told(events));
        let user = signer(&package, "7");
        assert_eq!((user.status, user.step), (status, Some(Step::FinishedUnsigned)));
        assert_eq!((package.waiting_for().len(), package.signed_of()), (0, (0, 1)));
    }
    let signed = whatever_the_order(&told([Event::SignerCompleted, through, Event::Sent]));
    assert_eq!((progress(&signed, "7"), signer(&signed, "7").step), (SignerStatus::Signed, None));
}

#[test]
fn rule_21_drawing_the_pages_is_a_side_note() {
    let drawn = |failed| Event::Rendered { failed };
    let package = whatever_the_order(&told([Event::Completed, drawn(false)]));
    assert_eq!((package.status, package.render_failed), (Status::Completed, false));
    let package = whatever_the_order(&told([Event::Sent, drawn(true), drawn(false)]));
    assert_eq!(
        (package.status, package.render_failed, package.attention_until()),
        (Status::Sent, true, None)
    );
}

#[test]
fn rule_21_a_failure_asks_for_attention_for_a_week() {
    let failed = fold(&told([Event::Sent, Event::Failed]));
    assert_eq!(failed.attention_until(), Some(Timestamp(2_000 + REFUSAL_SHOWN_MS)));
    let by_answer = Log::default().shown(MIN, only(Status::Failed)).fold();
    assert_eq!(by_answer.attention_until(), Some(Timestamp(MIN + REFUSAL_SHOWN_MS)));
}

#[test]
fn rule_15_an_answer_that_tells_the_status_alone_outranks_only_that() {
    let events =
        [field("1", false), Event::SignerCompleted, Event::Rendered { failed: true }, Event::Completed];
    let log = Log(told(events));
    let package = log.clone().shown(MIN, only(Status::Failed)).fold();
    assert_eq!((package.status, doubts(&package)), (Status::Failed, vec![]));
    assert_eq!((progress(&package, "7"), signer(&package, "7").fields_signed), (SignerStatus::Signed, 1));
    assert!(package.render_failed && !signer(&package, "7").left);
    let before = log.clone().shown(3_500, only(Status::Sent)).fold();
    assert_eq!(before.status, Status::Completed, "what came later than the question counts");
    let both = log.shown(3_500, only(Status::Failed)).fold();
    assert_eq!((both.status, doubts(&both)), (Status::Failed, vec![DoubtKind::TwoEnds]));
    let settled = Log(told([Event::Mentioned])).shown(MIN, only(Status::Sent)).fold();
    assert_eq!((settled.status, doubts(&settled)), (Status::Sent, vec![]));
    let named = Log::default().at(5, Event::Described(Box::default())).shown(MIN, only(Status::Sent)).fold();
    assert_eq!((named.status, named.ask_at), (Status::Sent, Some(Timestamp(MIN + 24 * 60 * MIN))));
}

#[test]
fn rule_15_an_answer_about_the_status_denies_no_name() {
    let description = signboard::model::Description { name: Some("Lease".into()), ..Default::default() };
    let log = Log::default().at(5, Event::Described(Box::new(description))).at(6, Event::PdfReady);
    let package = log.shown(MIN, only(Status::Completed)).fold();
    assert_eq!((package.name.as_deref(), package.final_pdf), (Some("Lease"), true));
}
