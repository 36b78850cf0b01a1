//! Rules 11 and 12: who is a signer, how far they got, what keeps them; and whom a package waits for.

use super::build::{
    Log, MIN, consented, declined, doubts, place, progress, signed, signer, snapshot, viewed,
};
use signboard::model::package::REFUSAL_SHOWN_MS;
use signboard::model::{
    Bounce, DoubtKind, Event, Identity, Package, Person, Place, SignerStatus, Status, Timestamp,
};

fn ids<'a>(signers: impl IntoIterator<Item = &'a signboard::model::Signer>) -> Vec<&'a str> {
    signers.into_iter().map(|it| it.id.as_str()).collect()
}

#[test]
fn rule_11_only_some_events_name_a_signer() {
    let told = |event: Event| Log::sent().by(5, "x", event).fold().signers.len();
    for event in [
        viewed(),
        consented(),
        signed("d"),
        Event::SignerCompleted,
        Event::Locked,
        Event::IdentityFailed,
        Event::Bounced(Bounce::OutOfOffice),
        Event::Reassigned { new_role: None },
        declined(),
        Event::OptedOut { reason: None },
        Event::AttachmentAdded { name: None },
    ] {
        assert_eq!(told(event.clone()), 1, "{event:?}");
    }
    for event in
        [Event::Sent, Event::Recalled, Event::Completed, Event::Expired, Event::Trashed, Event::Noted]
    {
        assert_eq!(told(event.clone()), 0, "{event:?}");
    }
}

#[test]
fn rule_11_agreements_mean_started_and_documents_add_up() {
    let log = Log::sent().by(5, "s", viewed());
    assert_eq!(progress(&log.fold(), "s"), SignerStatus::Viewed);
    let log = log.by(6, "s", consented());
    assert_eq!((progress(&log.fold(), "s"), log.fold().documents.len()), (SignerStatus::Signing, 0));
    assert_eq!(log.fold().consented, ["s"]);
    let log = log.by(7, "s", signed("d"));
    assert_eq!(progress(&log.fold(), "s"), SignerStatus::Signing);
    assert_eq!(log.fold().documents[0].signed_by, ["s"]);
    let package = log.by(8, "s", Event::SignerCompleted).fold();
    assert_eq!((progress(&package, "s"), package.signed_of()), (SignerStatus::Signed, (1, 1)));
}

#[test]
fn rule_11_a_reassigned_place_waits_for_someone_else() {
    let log = Log::sent().by(5, "old", Event::Reassigned { new_role: Some("role-new".into()) });
    let package = log.fold();
    assert_eq!(progress(&package, "old"), SignerStatus::Reassigned);
    assert!(signer(&package, "role-new").placeholder);
    assert_eq!((ids(package.counted()), package.ask_at), (vec!["role-new"], Some(Timestamp(0))));
    let package = log.shown(MIN, snapshot(Status::Sent, [place("new", 0)])).fold();
    assert_eq!(ids(package.counted()), ["new"]);
    assert_eq!(progress(&package, "old"), SignerStatus::Reassigned, "the history stays");
}

#[test]
fn rule_11_who_is_not_listed_leaves_unless_a_newer_fact_names_them() {
    let log = Log::sent().by(5, "x", viewed()).shown(MIN, snapshot(Status::Sent, [place("s", 0)]));
    let package = log.fold();
    assert!(signer(&package, "x").left);
    assert_eq!(ids(package.counted()), ["s"]);
    assert!(!signer(&log.by(2 * MIN, "x", viewed()).fold(), "x").left);
    let near = Log::sent().by(MIN - 1, "x", viewed()).shown(MIN, snapshot(Status::Sent, [])).fold();
    assert!(!signer(&near, "x").left);
    assert_eq!(doubts(&near), [DoubtKind::AgainstAnswer], "so that the API is asked again");
}

#[test]
fn rule_11_a_role_without_required_approvals_does_not_count() {
    let package = Log::sent()
        .shown(MIN, snapshot(Status::Sent, [Place { required: 0, ..place("cc", 0) }, place("s", 0)]));
    assert_eq!(ids(package.fold().counted()), ["s"]);
}

#[test]
fn rule_11_several_people_in_one_place_count_once() {
    let person = |id: &str| (Person { id: id.into(), ..Person::default() }, Identity::Untold);
    let board = Place { people: vec![person("a"), person("b"), person("c")], ..place("board", 0) };
    let log = Log::sent().shown(MIN, snapshot(Status::Sent, [board, Place { index: 1, ..place("s", 0) }]));
    let waits = |log: &Log| ids(log.fold().waiting_for()).join(" ");
    assert_eq!((log.fold().signed_of(), waits(&log).as_str()), ((0, 2), "a b c"));
    let one = log.by(2 * MIN, "b", Event::SignerCompleted);
    assert_eq!((one.fold().signed_of(), ids(one.fold().counted())), ((1, 2), vec!["b", "s"]));
    assert_eq!(waits(&one), "s");
}

#[test]
fn rule_12_troubles_are_over_with_a_sign_of_life_of_that_signer() {
    for trouble in [Event::Locked, Event::IdentityFailed, Event::Bounced(Bounce::Returned)] {
        let log = Log::sent().by(5, "s", trouble.clone());
        assert!(signer(&log.fold(), "s").is_troubled(), "{trouble:?}");
        for life in [viewed(), consented(), signed("d"), Event::SignerCompleted] {
            assert!(!signer(&log.clone().by(6, "s", life.clone()).fold(), "s").is_troubled(), "{life:?}");
            assert!(signer(&log.clone().by(4, "s", life.clone()).fold(), "s").is_troubled(), "earlier");
            assert!(signer(&log.clone().by(6, "t", life).fold(), "s").is_troubled(), "someone else");
        }
    }
    let notes = Log::sent().by(5, "s", Event::Bounced(Bounce::Complaint)).by(
        6,
        "s",
        Event::Bounced(Bounce::OutOfOffice),
    );
    assert!(!signer(&notes.fold(), "s").is_troubled());
}

#[test]
fn rule_12_an_answer_ends_a_lock_and_a_failed_check_if_it_says_so() {
    let log = Log::sent().by(5, "s", Event::Locked).by(6, "s", Event::IdentityFailed);
    let told = |locked, identity| {
        let mut place = Place { locked, ..place("s", 0) };
        place.people[0].1 = identity;
        let package = log.clone().shown(MIN, snapshot(Status::Sent, [place])).fold();
        (signer(&package, "s").locked, signer(&package, "s").kba_failed)
    };
    assert_eq!(told(Some(false), Identity::Passed), (false, false));
    assert_eq!(told(Some(true), Identity::Failed), (true, true));
    assert_eq!(told(None, Identity::Untold), (true, true), "what isn't stated isn't denied");
}

#[test]
fn rule_12_a_bounce_is_over_only_if_they_got_through_or_moved() {
    let log = Log::sent().by(5_700, "s", Event::Bounced(Bounce::Returned));
    let told = |log: &Log, place: Place| {
        signer(&log.clone().shown(MIN, snapshot(Status::Sent, [place])).fold(), "s").bounced
    };
    let mark = |at| Place { last_mark: Some(Timestamp(at)), ..place("s", 1) };
    assert!(told(&log, place("s", 0)));
    assert!(told(&log, mark(4_000)));
    assert!(!told(&log, mark(5_000)), "the answer has whole seconds");
    let before = log.clone().shown(2, snapshot(Status::Sent, [place("s", 0)]));
    assert!(told(&before, place("s", 0)));
    let mut moved = place("s", 0);
    moved.people[0].0.email = Some("new@a.example".into());
    assert!(!told(&before, moved.clone()));
    assert!(told(&log, moved), "nobody knows to which address it went");
}

#[test]
fn it_waits_for_the_first_turn_that_is_not_done() {
    let turn = |id, index, signed| Place { index, ..place(id, signed) };
    let places = [turn("a", 1, 2), turn("b", 4, 2), turn("c", 4, 0), turn("d", 9, 0)];
    let log = Log::sent().shown(MIN, snapshot(Status::Sent, places));
    let waits = |package: &Package| ids(package.waiting_for()).join(" ");
    assert_eq!(waits(&log.fold()), "c");
    assert_eq!(log.fold().signers.iter().map(|it| it.order).collect::<Vec<_>>(), [1, 2, 2, 3].map(Some));
    assert_eq!(
        waits(&log.clone().by(2 * MIN, "x", viewed()).fold()),
        "c x",
        "whose turn is unknown, is waited for"
    );
    assert_eq!(waits(&log.clone().at(2 * MIN, Event::ReadyToComplete).fold()), "");
    assert_eq!(waits(&log.at(2 * MIN, Event::Completed).fold()), "");
}

#[test]
fn attention_is_for_troubles_while_open_and_for_refusals_for_a_week() {
    let locked = Log::sent().by(5, "s", Event::Locked);
    assert_eq!(locked.fold().attention_until(), Some(Timestamp(i64::MAX)));
    assert_eq!(locked.clone().at(6, Event::Trashed).fold().attention_until(), None);
    assert_eq!(locked.clone().at(6, Event::Completed).fold().attention_until(), None);
    assert_eq!(
        locked.shown(MIN, snapshot(Status::Sent, [])).fold().attention_until(),
        None,
        "they have left"
    );
    let declined = Log::sent().by(5, "s", declined()).fold();
    assert_eq!(declined.attention_until(), Some(Timestamp(5 + REFUSAL_SHOWN_MS)));
    assert!(declined.needs_attention(Timestamp(4 + REFUSAL_SHOWN_MS)));
    assert!(!declined.needs_attention(Timestamp(5 + REFUSAL_SHOWN_MS)));
    let absurd = Log::sent().untimed(7, "s", Event::OptedOut { reason: None }).fold();
    assert_eq!(absurd.attention_until(), Some(Timestamp(7 + REFUSAL_SHOWN_MS)));
}
