//! Rules 1 to 10 and 13: order, clocks, and where a package stands.

use super::build::{
    Log, MIN, consented, declined, doubts, place, progress, signed, signer, snapshot, viewed,
};
use signboard::model::{Bounce, DoubtKind, Event, SignerStatus, Status, Timestamp, fold};

#[test]
fn rule_1_at_an_equal_time_the_rank_decides_and_opposites_raise_a_doubt() {
    let both = Log::sent().at(50, Event::Sent).at(50, Event::Recalled).fold();
    assert_eq!((both.status, doubts(&both)), (Status::Sent, vec![DoubtKind::OppositesAtOnce]));
    let bin = Log::sent().at(50, Event::Restored).at(50, Event::Trashed).fold();
    assert_eq!((bin.trashed, doubts(&bin)), (false, vec![DoubtKind::OppositesAtOnce]));
    let ends = Log::sent().by(50, "s", declined()).at(50, Event::Completed).fold();
    assert_eq!((ends.status, doubts(&ends)), (Status::Declined, vec![DoubtKind::OppositesAtOnce]));
    let apart = Log::sent().at(51, Event::Expired).at(50, Event::Completed).fold();
    assert_eq!((apart.status, doubts(&apart)), (Status::Expired, vec![DoubtKind::TwoEnds]));
    let deleted = Log::sent().at(50, Event::Deleted).at(50, Event::Restored).at(50, Event::Archived).fold();
    assert_eq!((deleted.status, doubts(&deleted)), (Status::Deleted, vec![]));
}

#[test]
fn rule_3_an_absurd_time_sorts_at_its_receipt_and_is_doubted() {
    let mut log = Log::sent().at(10 * MIN, Event::Completed);
    log = log.at(99_999 * MIN, Event::Expired);
    if let Some(fact) = log.0.last_mut() {
        fact.received_at = Timestamp(5 * MIN);
    }
    let package = log.fold();
    assert_eq!(package.status, Status::Completed);
    assert_eq!(doubts(&package), [DoubtKind::AbsurdClock, DoubtKind::TwoEnds]);
    assert_eq!(package.updated, Timestamp(10 * MIN));
    if let Some(fact) = log.0.last_mut() {
        fact.received_at = Timestamp(99_994 * MIN);
    }
    assert_eq!(log.fold().status, Status::Expired, "five minutes are no absurdity");
}

#[test]
fn rule_3_an_answer_with_a_wrong_clock_is_true_when_it_was_asked_for() {
    let mut log = Log::sent().shown(99_999 * MIN, snapshot(Status::Draft, [])).at(10 * MIN, Event::Completed);
    log.0[2].received_at = Timestamp(5 * MIN);
    let package = log.fold();
    assert_eq!((package.status, package.confirmed_at), (Status::Completed, Some(Timestamp(5 * MIN))));
    let mut late = snapshot(Status::Sent, []);
    late.updated = Some(Timestamp(i64::MAX));
    assert_eq!(Log::sent().shown(MIN, late).fold().updated, Timestamp(6 * MIN));
}

#[test]
fn rule_4_an_untimed_fact_raises_and_never_lowers() {
    for (timed, untimed, status) in [
        (Event::Created, Event::Sent, Status::Sent),
        (Event::Sent, Event::Completed, Status::Completed),
        (Event::Completed, Event::Sent, Status::Completed),
        (Event::Completed, Event::Archived, Status::Archived),
        (Event::Archived, declined(), Status::Archived),
        (Event::Recalled, Event::Sent, Status::Sent),
    ] {
        let package = Log::default().at(10, timed.clone()).untimed(5, "s", untimed.clone()).fold();
        assert_eq!(package.status, status, "{timed:?}, then {untimed:?}");
    }
    let ends = Log::sent().at(10, Event::Completed).untimed(5, "s", declined()).fold();
    assert_eq!((ends.status, doubts(&ends)), (Status::Declined, vec![DoubtKind::TwoEnds]));
    let ends = Log::sent().by(10, "s", declined()).untimed(5, "s", Event::Completed).fold();
    assert_eq!((ends.status, doubts(&ends)), (Status::Declined, vec![DoubtKind::TwoEnds]));
}

#[test]
fn rule_4_an_answer_outranks_an_untimed_fact_only_if_asked_for_later() {
    let told = |received| {
        let log = Log::sent().shown(2 * MIN, snapshot(Status::Sent, [place("s", 0)]));
        log.untimed(received, "s", Event::Completed).untimed(received, "s", Event::SignerCompleted).fold()
    };
    assert_eq!((told(MIN).status, progress(&told(MIN), "s")), (Status::Sent, SignerStatus::Waiting));
    for received in [2 * MIN, 3 * MIN] {
        let package = told(received);
        assert_eq!((package.status, progress(&package, "s")), (Status::Completed, SignerStatus::Signed));
    }
}

#[test]
fn rule_4_what_no_answer_states_none_outranks() {
    let log = Log::sent()
        .untimed(10, "a", viewed())
        .untimed(10, "b", consented())
        .untimed(10, "c", Event::Bounced(Bounce::Returned))
        .untimed(10, "d", declined());
    let places = || ["a", "b", "c", "d"].map(|id| place(id, 0));
    let package = log.clone().shown(MIN, snapshot(Status::Declined, places())).fold();
    assert_eq!(progress(&package, "a"), SignerStatus::Viewed);
    assert_eq!(progress(&package, "b"), SignerStatus::Signing);
    assert!(signer(&package, "c").bounced);
    assert_eq!(progress(&package, "d"), SignerStatus::Declined);
    assert_eq!(package.reason.as_deref(), Some("too dear"));
    let sent = log.shown(MIN, snapshot(Status::Sent, places())).fold();
    assert_eq!(
        (progress(&sent, "d"), sent.reason),
        (SignerStatus::Waiting, None),
        "nobody refused after all"
    );
}

#[test]
fn rule_4_an_untimed_signer_whom_a_later_answer_does_not_list_is_not_counted() {
    let package = Log::sent().untimed(10, "x", Event::Locked).shown(MIN, snapshot(Status::Sent, [])).fold();
    assert!(signer(&package, "x").left && !signer(&package, "x").locked);
}

#[test]
fn rule_4_an_untimed_step_back_changes_nothing_but_asks() {
    for event in [Event::Recalled, Event::Trashed, Event::Restored, Event::Deleted] {
        let asked = Log::sent().shown(MIN, snapshot(Status::Sent, []));
        let package = asked.clone().untimed(2 * MIN, "s", event.clone()).fold();
        assert_eq!((package.status, package.trashed), (Status::Sent, false));
        assert_eq!(doubts(&package), [DoubtKind::Untimed]);
        assert_eq!(package.ask_at, Some(Timestamp(0)), "at once");
        let answered = asked.untimed(MIN - 1, "s", event).fold();
        assert_eq!(doubts(&answered), []);
    }
}

#[test]
fn rule_4_untimed_troubles_yield_to_a_later_sign_of_life() {
    let log = Log::sent().untimed(MIN, "s", Event::Locked);
    assert!(signer(&log.fold(), "s").locked);
    assert!(signer(&log.clone().by(MIN, "s", viewed()).fold(), "s").locked, "no later than the receipt");
    assert!(!signer(&log.by(MIN + 1, "s", viewed()).fold(), "s").locked);
}

#[test]
fn rule_5_informational_facts_and_creation_move_nothing() {
    let log = Log::sent().at(10, Event::Completed);
    let plain = log.fold();
    for event in [
        Event::Created,
        Event::Noted,
        Event::Unrecognised,
        Event::Bounced(Bounce::OutOfOffice),
        Event::Bounced(Bounce::Complaint),
    ] {
        let package = log.clone().by(20, "s", event).fold();
        assert_eq!(
            (package.status, &package.decided, doubts(&package)),
            (plain.status, &plain.decided, vec![])
        );
    }
    assert_eq!(Log::default().by(5, "s", Event::Bounced(Bounce::OutOfOffice)).fold().status, Status::Draft);
}

#[test]
fn rule_6_what_a_signer_does_implies_that_it_was_sent() {
    let all = [
        viewed(),
        consented(),
        signed("d"),
        Event::SignerCompleted,
        Event::Locked,
        Event::IdentityFailed,
        Event::Bounced(Bounce::Returned),
        Event::ReadyToComplete,
    ];
    for event in all {
        let package = Log::default().by(5, "s", event.clone()).fold();
        assert_eq!(
            (package.status, doubts(&package)),
            (Status::Sent, vec![DoubtKind::SentInferred]),
            "{event:?}"
        );
        assert!(package.decided.is_some_and(|decided| decided.inferred));
        let recalled = Log::sent().at(4, Event::Recalled).by(5, "s", event).fold();
        assert_eq!(
            (recalled.status, doubts(&recalled)),
            (Status::Draft, vec![]),
            "taken back: late, not sent"
        );
    }
}

#[test]
fn rule_7_deactivate_makes_a_draft_and_keeps_what_signers_did() {
    let log = Log::sent().by(5, "s", Event::SignerCompleted).at(6, Event::ReadyToComplete);
    assert!(log.fold().ready_to_complete);
    let package = log.shown(MIN, snapshot(Status::Sent, [place("s", 2)])).at(2 * MIN, Event::Recalled).fold();
    assert_eq!((package.status, package.ready_to_complete), (Status::Draft, false));
    assert_eq!(progress(&package, "s"), SignerStatus::Signed);
    assert_eq!(package.ask_at, Some(Timestamp(0)), "at once");
}

#[test]
fn rule_7_activation_after_decline_opens_a_new_round() {
    for end in [declined(), Event::OptedOut { reason: Some("no".into()) }, Event::Expired, Event::Recalled] {
        let first = Log::sent()
            .by(5, "a", Event::Bounced(Bounce::Returned))
            .by(6, "b", Event::Locked)
            .by(7, "c", Event::SignerCompleted)
            .by(8, "d", end.clone());
        let package = first.clone().at(9, Event::Sent).fold();
        assert_eq!((package.status, &package.reason), (Status::Sent, &None), "{end:?}");
        assert!(package.signers.iter().all(|it| !it.is_troubled()), "{end:?}");
        assert_eq!(progress(&package, "c"), SignerStatus::Signed);
        assert!(
            package.signers.iter().filter(|it| it.id == "d").all(|it| it.status == SignerStatus::Waiting)
        );
        // The same whether or not the API showed it in between, in the same second.
        let shown = snapshot(Status::Sent, [place("a", 0), place("b", 0), place("c", 2), place("d", 0)]);
        let asked = first.at(10_600, Event::Sent).shown(10_000, shown);
        assert!(!signer(&asked.fold(), "a").bounced, "{end:?}");
    }
    let again = Log::sent().by(5, "a", Event::Bounced(Bounce::Returned)).at(9, Event::Sent).fold();
    assert!(signer(&again, "a").bounced, "sent twice is no new round");
}

#[test]
fn rule_7_signatures_stay_until_an_answer_denies_them() {
    let log = Log::sent().by(5, "s", Event::SignerCompleted).at(6, Event::Recalled).at(7, Event::Sent);
    assert_eq!(progress(&log.fold(), "s"), SignerStatus::Signed);
    assert_eq!(
        progress(&log.shown(MIN, snapshot(Status::Sent, [place("s", 0)])).fold(), "s"),
        SignerStatus::Waiting
    );
}

#[test]
fn rule_8_the_latest_word_on_the_trash_counts_and_the_status_moves_on_underneath() {
    let log = Log::sent().at(5, Event::Trashed).by(6, "s", Event::SignerCompleted).at(7, Event::Completed);
    assert_eq!((log.fold().status, log.fold().trashed), (Status::Completed, true));
    assert!(!log.clone().at(8, Event::Restored).fold().trashed);
    assert!(log.clone().at(4, Event::Restored).fold().trashed);
    let sent = log.clone().at(8, Event::Sent).fold();
    assert_eq!((sent.status, sent.trashed), (Status::Sent, false));
    assert!(!log.clone().shown(MIN, snapshot(Status::Completed, [])).fold().trashed);
    let flagged = log.shown(MIN, snapshot(Status::Completed, [])).at(2 * MIN, Event::Trashed).fold();
    assert!(flagged.trashed);
}

#[test]
fn rule_9_a_deletion_is_final_but_for_an_activation_or_an_answer() {
    let log = Log::sent().by(2, "s", viewed()).at(5, Event::Deleted);
    let late = log.clone().by(6, "s", Event::SignerCompleted).at(7, Event::Completed);
    let package = late.fold();
    assert_eq!(package.status, Status::Deleted);
    assert_eq!(doubts(&package), [DoubtKind::AfterDeletion, DoubtKind::AfterDeletion]);
    assert_eq!(progress(&package, "s"), SignerStatus::Signed, "later facts fill in");
    assert_eq!(log.clone().at(6, Event::Sent).fold().status, Status::Sent);
    assert_eq!(late.shown(MIN, snapshot(Status::Completed, [])).fold().status, Status::Completed);
    assert_eq!(doubts(&log.at(9, Event::Noted).fold()), []);
}

#[test]
fn rule_9_an_open_package_that_the_api_does_not_know_is_deleted_an_ended_one_is_gone() {
    let open = Log::sent().missing(MIN).fold();
    assert_eq!((open.status, open.gone), (Status::Deleted, false));
    let ended = Log::sent().at(5, Event::Completed).missing(MIN);
    assert_eq!((ended.fold().status, ended.fold().gone), (Status::Completed, true));
    assert_eq!(ended.fold().ask_at, None);
    assert!(!ended.clone().shown(2 * MIN, snapshot(Status::Completed, [])).fold().gone);
    let deleted = ended.at(MIN + 1, Event::Deleted).fold();
    assert_eq!((deleted.status, deleted.gone), (Status::Deleted, false));
    let near = Log::sent().at(MIN - 1, Event::Completed).missing(MIN).fold();
    assert_eq!((near.gone, doubts(&near)), (false, vec![DoubtKind::AgainstAnswer]));
}

#[test]
fn rule_10_ready_is_a_flag_on_sent() {
    let ready = Log::sent().at(5, Event::ReadyToComplete);
    assert!(ready.fold().ready_to_complete && ready.fold().status == Status::Sent);
    for event in [Event::Completed, declined(), Event::Expired, Event::Archived, Event::Recalled, Event::Sent]
    {
        let package = ready.clone().by(6, "s", event.clone()).at(7, Event::Noted).fold();
        assert!(!package.ready_to_complete, "{event:?}");
    }
    let mut by_poll = snapshot(Status::Sent, [place("s", 2)]);
    assert!(!Log::sent().shown(MIN, by_poll.clone()).fold().ready_to_complete);
    by_poll.autocomplete = false;
    assert!(Log::sent().shown(MIN, by_poll.clone()).fold().ready_to_complete);
    by_poll.places.push(place("t", 1));
    assert!(!Log::sent().shown(MIN, by_poll).fold().ready_to_complete);
}

#[test]
fn rule_13_a_template_is_never_a_package() {
    let package = Log::sent().by(5, "s", declined()).at(6, Event::TemplateCreated).fold();
    assert!(package.template && package.ask_at.is_none() && package.attention_until().is_none());
    let untimed = Log::sent().shown(MIN, snapshot(Status::Sent, [])).untimed(5, "s", Event::TemplateCreated);
    assert!(untimed.fold().template, "even if an answer was asked for later");
}

/// Seen red with: deposits that all count as of one moment.
#[test]
fn of_deposits_the_latest_counts_and_it_moves_nothing() {
    let deposited = |failed| Event::Deposited { failed };
    let done = Log::sent().at(2, Event::Completed);
    let failed = |log: &Log| {
        let package = log.fold();
        let mut turned = log.0.clone();
        turned.reverse();
        assert_eq!(fold(&turned), package);
        assert_eq!((package.status, doubts(&package)), (Status::Completed, vec![]));
        package.deposit_failed
    };
    let tried = done.clone().at(5, deposited(true));
    assert_eq!(failed(&tried), Some(Timestamp(5)));
    assert_eq!(failed(&tried.clone().at(9, deposited(false))), None);
    assert_eq!(failed(&tried.clone().at(3, deposited(false))), Some(Timestamp(5)), "an older success");
    assert_eq!(failed(&tried.clone().at(5, deposited(false))), None, "of one moment");
    let again = tried.clone().at(9, deposited(false)).at(12, deposited(true));
    assert_eq!(failed(&again), Some(Timestamp(12)));
    // No answer of an API states it.
    assert_eq!(failed(&tried.clone().shown(MIN, snapshot(Status::Completed, []))), Some(Timestamp(5)));
    // Without a time: a failure raises, a success lowers nothing, and one that is known to be later does.
    assert_eq!(failed(&done.clone().untimed(7, "s", deposited(true))), Some(Timestamp(7)));
    assert_eq!(failed(&tried.clone().untimed(7, "s", deposited(false))), Some(Timestamp(5)));
    let later = done.clone().untimed(7, "s", deposited(true)).at(8, deposited(false));
    assert_eq!(failed(&later), None);
    assert_eq!(failed(&done.at(4, deposited(false))), None);
}
