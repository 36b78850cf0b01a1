//! Rule 19: signers and documents that are told in codes.

use super::build::{
    CODES, Log, MIN, at_step, declined, description, doubts, in_steps, progress, record, refused, signer,
    snapshot, stands, viewed,
};
use signboard::model::package::REFUSAL_SHOWN_MS;
use signboard::model::{Bounce, DoubtKind, Event, Place, SignerStatus, Snapshot, Status, Step, Timestamp};

const DAY: i64 = 24 * 60 * MIN;

#[test]
fn rule_19_what_the_codes_of_a_signer_mean() {
    use SignerStatus::{Signed, Signing, Viewed, Waiting};
    let means = [Waiting, Waiting, Waiting, Waiting, Viewed, Signing, Signing, Signing, Signed, Signed];
    for (step, status) in CODES.into_iter().zip(means) {
        let package = at_step(step).fold();
        assert_eq!((progress(&package, "s"), signer(&package, "s").step), (status, Some(step)));
        let out = if step >= Step::Sent { Status::Sent } else { Status::Draft };
        assert_eq!((package.status, doubts(&package)), (out, vec![]), "{step:?}");
        assert!(package.decided.is_some_and(|it| !it.inferred), "{step:?}");
    }
    let package = at_step(Step::Visited).by(3_000, "s", refused(Some("too dear"))).fold();
    assert_eq!((package.status, progress(&package, "s")), (Status::Sent, SignerStatus::Declined));
    assert_eq!((signer(&package, "s").step, package.reason.as_deref()), (None, Some("too dear")));
    let alone = Log::default().by(2_000, "s", refused(None)).fold();
    assert_eq!((alone.status, doubts(&alone)), (Status::Sent, vec![]), "they were written to");
}

#[test]
fn rule_19_what_the_codes_of_a_document_mean() {
    for (event, status) in [
        (Event::Created, Status::Draft),
        (Event::Sent, Status::Sent),
        (Event::Completed, Status::Completed),
        (Event::Cancelled, Status::Cancelled),
        (declined(), Status::Declined),
    ] {
        assert_eq!(Log::default().at(1_000, event).fold().status, status);
    }
    // 10 tells nothing of whether it went out, whenever it is told.
    for at in [1_000, 2_000, 3_000] {
        let package = Log::default().at(at, Event::Created).by(2_000, "s", Event::Stands(Step::Sent)).fold();
        assert_eq!((package.status, doubts(&package)), (Status::Sent, vec![]));
        assert_eq!(package.created, Some(Timestamp(at)));
    }
    let again = at_step(Step::Signed).at(3_000, Event::Sent).at(9_000, Event::Created).fold();
    assert_eq!((again.status, again.created), (Status::Sent, Some(Timestamp(1_000))));
    for event in [Event::Unrecognised, Event::Noted] {
        let package = at_step(Step::Visited).by(9_000, "s", event).fold();
        assert_eq!((package.status, progress(&package, "s")), (Status::Sent, SignerStatus::Viewed));
    }
}

#[test]
fn rule_1_within_a_second_the_codes_have_an_order() {
    let ladder: Vec<Event> = CODES.into_iter().map(Event::Stands).chain([refused(None)]).collect();
    for pair in ladder.windows(2) {
        assert!(pair[0].rank() < pair[1].rank(), "{pair:?}");
        let told = Log::default().by(5_000, "s", pair[1].clone()).by(5_000, "s", pair[0].clone()).fold();
        let last = Log::default().by(5_000, "s", pair[1].clone()).fold();
        assert_eq!(
            (progress(&told, "s"), signer(&told, "s").step),
            (progress(&last, "s"), signer(&last, "s").step)
        );
    }
    let documents = [Event::Created, Event::Sent, Event::Completed, Event::PdfReady];
    assert!(documents.windows(2).all(|pair| pair[0].rank() < pair[1].rank()));
    // Two ends in one second can't be told apart.
    let both = at_step(Step::Sent).at(5_000, Event::Cancelled).at(5_000, Event::Completed).fold();
    assert_eq!((both.status, doubts(&both)), (Status::Cancelled, vec![DoubtKind::OppositesAtOnce]));
    let twice = at_step(Step::Sent).at(5_000, declined()).at(5_000, Event::Declined { reason: None }).fold();
    assert_eq!((twice.reason.as_deref(), doubts(&twice)), (Some("too dear"), vec![]), "by batch and at once");
}

#[test]
fn rule_19_the_latest_word_counts_also_when_it_goes_back() {
    let log = at_step(Step::Visited).by(3_000, "s", Event::Stands(Step::Filled));
    let log = log.by(4_000, "s", Event::Stands(Step::Signed));
    assert_eq!(signer(&log.fold(), "s").since, Some(Timestamp(4_000)));
    for (step, since) in [(Step::Sent, None), (Step::Visited, Some(9_000)), (Step::Filled, Some(9_000))] {
        let reset = log.clone().by(9_000, "s", Event::Stands(step));
        let package = reset.fold();
        assert_eq!(
            (progress(&package, "s"), signer(&package, "s").since),
            (step.status(), since.map(Timestamp))
        );
        assert_eq!(package.status, Status::Sent);
        // Whoever set them back may have done more.
        let answered = reset.clone().shown(MIN, in_steps(Status::Sent, step));
        assert_eq!(answered.fold().ask_at, Some(Timestamp(MIN + DAY)));
        let set_back = answered.by(2 * MIN, "s", Event::Stands(Step::Unsent));
        assert_eq!(set_back.fold().ask_at == Some(Timestamp(0)), step != Step::Sent);
    }
    let late = log.by(2_500, "s", Event::Stands(Step::MailOpened)).fold();
    assert_eq!(progress(&late, "s"), SignerStatus::Signed, "a late older one is history");
}

#[test]
fn rule_19_a_refusal_is_taken_back_with_its_reason() {
    let log = at_step(Step::Visited).by(3_000, "s", refused(Some("too dear")));
    assert_eq!(log.fold().attention_until(), Some(Timestamp(3_000 + REFUSAL_SHOWN_MS)), "it is still out");
    let reset = log.clone().by(4_000, "s", Event::Stands(Step::Sent)).fold();
    assert_eq!((progress(&reset, "s"), reset.reason.clone()), (SignerStatus::Waiting, None));
    assert_eq!(reset.attention_until(), None);
    // Told as the document's end by the signer who refused, it is one refusal.
    let ended = log.by(3_000, "s", declined());
    let back = ended.clone().by(4_000, "s", Event::Stands(Step::Sent)).fold();
    assert_eq!((back.status, progress(&back, "s")), (Status::Declined, SignerStatus::Waiting));
    let answered =
        ended.by(4_000, "s", Event::Stands(Step::Sent)).shown(MIN, in_steps(Status::Sent, Step::Sent));
    assert_eq!((answered.fold().status, answered.fold().reason), (Status::Sent, None));
}

#[test]
fn rule_19_the_end_of_the_document_and_the_word_of_the_signer_in_either_order() {
    let signer_at = |at| at_step(Step::Visited).by(at, "s", refused(Some("too dear")));
    for (mine, its) in [(3_000, 3_000), (3_000, 5_000), (5_000, 3_000)] {
        let package = signer_at(mine).at(its, Event::Declined { reason: None }).fold();
        assert_eq!((package.status, progress(&package, "s")), (Status::Declined, SignerStatus::Declined));
        assert_eq!((package.reason.as_deref(), doubts(&package)), (Some("too dear"), vec![]));
    }
    for (first, second) in
        [(declined(), Event::Declined { reason: None }), (Event::Declined { reason: None }, declined())]
    {
        let log = at_step(Step::Visited).at(4_000, first).at(5_000, second);
        assert_eq!(log.fold().reason.as_deref(), Some("too dear"), "what tells no reason denies none");
    }
    // By whom, the document's end may tell alone: an answer that agrees dates it no later.
    let end_alone = at_step(Step::Visited).by(3_000, "s", declined());
    let refusing = snapshot(Status::Declined, [Place { refused: true, ..stands("s", None) }]);
    let agreed = end_alone.shown(MIN, refusing).fold();
    assert_eq!(signer(&agreed, "s").since, Some(Timestamp(3_000)));
    let void =
        signer_at(3_000).at(4_000, Event::Cancelled).at(5_000, Event::Declined { reason: None }).fold();
    assert_eq!((void.status, doubts(&void)), (Status::Declined, vec![DoubtKind::TwoEnds]));
    let resumed = signer_at(3_000).at(4_000, declined()).at(5_000, Event::Sent).fold();
    assert_eq!((resumed.status, doubts(&resumed)), (Status::Sent, vec![]));
}

#[test]
fn rule_19_the_final_pdf_is_a_fact_beside_completed() {
    let log = at_step(Step::Signed).at(3_000, Event::Completed);
    assert!(!log.fold().final_pdf);
    for pdf in [log.clone().at(3_000, Event::PdfReady), log.clone().at(2_500, Event::PdfReady), {
        let mut untimed = log.clone();
        untimed.0.push(record(Event::PdfReady, None, None, 2_000));
        untimed
    }] {
        let package = pdf.fold();
        assert_eq!((package.status, package.final_pdf, doubts(&package)), (Status::Completed, true, vec![]));
        assert!(package.decided.is_some_and(|it| !it.inferred));
    }
    let told =
        log.clone().shown(MIN, Snapshot { final_pdf: true, ..in_steps(Status::Completed, Step::Signed) });
    assert!(told.fold().final_pdf);
    let denied = log.at(4_000, Event::PdfReady).shown(MIN, in_steps(Status::Completed, Step::Signed)).fold();
    assert!(!denied.final_pdf, "the API states it");
    let near = at_step(Step::Signed).at(MIN - 1_000, Event::Completed).at(MIN - 1_000, Event::PdfReady);
    let near = near.shown(MIN, in_steps(Status::Completed, Step::Signed)).fold();
    assert_eq!((near.final_pdf, doubts(&near)), (true, vec![DoubtKind::AgainstAnswer]));
}

#[test]
fn rule_19_a_final_pdf_means_completed_where_nothing_said_so_and_contradicts_another_end() {
    let timed = at_step(Step::Signed).at(3_000, Event::PdfReady);
    let mut untimed = at_step(Step::Signed);
    untimed.0.push(record(Event::PdfReady, None, None, 3_000));
    for log in [timed, untimed] {
        let package = log.fold();
        assert_eq!(
            (package.status, doubts(&package)),
            (Status::Completed, vec![DoubtKind::CompletedInferred])
        );
        assert!(package.decided.is_some_and(|it| it.inferred) && package.final_pdf);
        let answered =
            log.clone().shown(MIN, Snapshot { final_pdf: true, ..in_steps(Status::Completed, Step::Signed) });
        assert_eq!(doubts(&answered.fold()), []);
        assert!(answered.fold().decided.is_some_and(|it| !it.inferred));
        let open = log.shown(MIN, in_steps(Status::Sent, Step::Signed)).fold();
        assert_eq!((open.status, open.final_pdf), (Status::Sent, false), "who told it was wrong");
    }
    for end in [declined(), Event::Cancelled] {
        let log = at_step(Step::Sent).at(3_000, end.clone());
        let status = log.fold().status;
        let later = log.clone().at(4_000, Event::PdfReady).fold();
        assert_eq!((later.status, later.final_pdf, doubts(&later)), (status, true, vec![DoubtKind::TwoEnds]));
        let mut untimed = log;
        untimed.0.push(record(Event::PdfReady, None, None, 3_000));
        assert_eq!((untimed.fold().status, doubts(&untimed.fold())), (status, vec![DoubtKind::TwoEnds]));
        let earlier = at_step(Step::Sent).at(2_500, Event::PdfReady).at(3_000, end).fold();
        assert!(earlier.status == status && doubts(&earlier).contains(&DoubtKind::TwoEnds));
    }
}

#[test]
fn rule_19_an_answer_tells_steps_and_a_fact_within_two_seconds_stands() {
    let told = |before: i64| {
        let log = at_step(Step::Visited).by(MIN - before, "s", Event::Stands(Step::Signed));
        log.shown(MIN, in_steps(Status::Sent, Step::Visited)).fold()
    };
    assert_eq!(
        (progress(&told(1_999), "s"), doubts(&told(1_999))),
        (SignerStatus::Signed, vec![DoubtKind::AgainstAnswer])
    );
    assert_eq!((progress(&told(2_000), "s"), doubts(&told(2_000))), (SignerStatus::Viewed, vec![]));
    let seen = at_step(Step::MailOpened).by(MIN - 1_000, "s", viewed());
    let seen = seen.shown(MIN, in_steps(Status::Sent, Step::MailOpened)).fold();
    assert_eq!(
        (progress(&seen, "s"), doubts(&seen)),
        (SignerStatus::Viewed, vec![]),
        "it doesn't contradict"
    );
    let seen = at_step(Step::Sent).by(MIN - 1_000, "s", viewed());
    let seen = seen.shown(MIN, in_steps(Status::Sent, Step::MailOpened)).fold();
    assert_eq!((progress(&seen, "s"), doubts(&seen)), (SignerStatus::Viewed, vec![DoubtKind::AgainstAnswer]));
    let back = at_step(Step::Signed).by(MIN - 1_000, "s", Event::Stands(Step::Sent));
    let back = back.shown(MIN, in_steps(Status::Sent, Step::Signed)).fold();
    assert_eq!(
        (progress(&back, "s"), doubts(&back)),
        (SignerStatus::Waiting, vec![DoubtKind::AgainstAnswer])
    );
    let out = snapshot(Status::Sent, [Place { refused: true, ..stands("s", None) }]);
    let log = at_step(Step::Visited).by(3_000, "s", refused(Some("too dear")));
    let package = log.clone().shown(MIN, out.clone()).fold();
    assert_eq!(
        (progress(&package, "s"), package.reason.as_deref()),
        (SignerStatus::Declined, Some("too dear"))
    );
    assert_eq!(signer(&package, "s").since, Some(Timestamp(3_000)), "not since the answer");
    let near = log.shown(4_000, in_steps(Status::Sent, Step::Visited)).fold();
    assert_eq!(
        (progress(&near, "s"), doubts(&near)),
        (SignerStatus::Declined, vec![DoubtKind::AgainstAnswer])
    );
    let learnt = at_step(Step::Visited).shown(MIN, out).fold();
    assert_eq!((progress(&learnt, "s"), signer(&learnt, "s").since), (SignerStatus::Declined, None));
}

#[test]
fn rule_15_an_answer_tells_the_reason_of_the_refusal_that_it_tells() {
    let because = |status| Snapshot { reason: Some("too far".into()), ..in_steps(status, Step::Visited) };
    let told = |log: Log| log.shown(MIN, because(Status::Declined)).fold();
    assert_eq!(told(at_step(Step::Visited)).reason.as_deref(), Some("too far"));
    let near = told(at_step(Step::Visited).at(MIN - 1_000, Event::Completed));
    assert_eq!((near.status, near.reason), (Status::Completed, None), "it was not believed");
}

#[test]
fn rule_19_an_unknown_code_in_an_answer_changes_nothing() {
    for log in [at_step(Step::Signed), at_step(Step::Signed).by(3_000, "s", refused(None))] {
        let unknown = Place { untold: true, ..stands("s", None) };
        let answered = log.clone().shown(MIN, snapshot(Status::Sent, [unknown])).fold();
        assert_eq!(progress(&answered, "s"), progress(&log.fold(), "s"));
    }
}

#[test]
fn rule_19_nobody_has_to_finish_what_everybody_signed() {
    let done = Snapshot {
        autocomplete: false,
        ..snapshot(Status::Sent, [Place { signed: 1, ..stands("s", Some(Step::Signed)) }])
    };
    let package = at_step(Step::Signed).shown(MIN, done).fold();
    assert_eq!(
        (package.status, package.ready_to_complete, package.signed_of()),
        (Status::Sent, false, (1, 1))
    );
}

#[test]
fn rule_19_archived_is_a_flag() {
    let void = Snapshot { archived: true, ..in_steps(Status::Cancelled, Step::Sent) };
    let log = at_step(Step::Sent).at(3_000, Event::Cancelled).shown(MIN, void);
    assert_eq!((log.fold().status, log.fold().archived), (Status::Cancelled, true));
    assert_eq!((log.fold().attention_until(), log.fold().ask_at), (None, None), "the sender did it");
    assert!(!log.shown(2 * MIN, in_steps(Status::Cancelled, Step::Sent)).fold().archived);
}

#[test]
fn rule_12_a_step_after_a_bounce_shows_that_they_got_through() {
    let log = at_step(Step::Sent).by(3_000, "s", Event::Bounced(Bounce::Returned));
    assert!(signer(&log.fold(), "s").bounced);
    for step in CODES {
        let cleared = step >= Step::MailOpened;
        assert_eq!(
            !signer(&log.clone().by(4_000, "s", Event::Stands(step)).fold(), "s").bounced,
            cleared,
            "{step:?}"
        );
        let learnt = log.clone().shown(MIN, in_steps(Status::Sent, step)).fold();
        assert_eq!(!signer(&learnt, "s").bounced, step.status() >= SignerStatus::Signing, "{step:?}");
    }
    // The signed copy came back: that they had signed is nothing new.
    let after = at_step(Step::Signed).by(3_000, "s", Event::Bounced(Bounce::Returned));
    assert!(signer(&after.shown(MIN, in_steps(Status::Sent, Step::Signed)).fold(), "s").bounced);
    let described = |at, mail| {
        log.clone()
            .at(2_500, description("Lease", &[("s", "old@a.example")]))
            .at(at, description("Lease", &[("s", mail)]))
    };
    assert!(signer(&described(4_000, "old@a.example").fold(), "s").bounced);
    assert!(!signer(&described(4_000, "new@a.example").fold(), "s").bounced, "it went to another address");
}

#[test]
fn rule_9_after_a_deletion_side_notes_raise_no_doubt() {
    let gone = at_step(Step::Sent).missing(MIN);
    assert_eq!(gone.fold().status, Status::Deleted);
    for event in [Event::Linked, Event::Unrecognised, description("Lease", &[])] {
        assert_eq!(doubts(&gone.clone().by(2 * MIN, "s", event).fold()), []);
    }
    for event in [Event::Stands(Step::Signed), Event::PdfReady, refused(None)] {
        let package = gone.clone().by(2 * MIN, "s", event).fold();
        assert_eq!((package.status, doubts(&package)), (Status::Deleted, vec![DoubtKind::AfterDeletion]));
    }
}
