//! What a callback tells beside what happened: names and people, which package a signer belongs to (rule 20), and that
//! nothing vouches for it. What an answer that agrees leaves as it is.

use super::build::{
    Log, MIN, answer, at_step, description, doubts, in_steps, progress, record, signer, snapshot, stands,
    viewed,
};
use signboard::model::log::{Merged, merge};
use signboard::model::{
    Answer, DoubtKind, Event, Identity, Package, Place, Record, SignerStatus, Snapshot, Status, Step,
    Timestamp, fold,
};

fn names(package: &Package) -> [Option<&str>; 3] {
    [package.name.as_deref(), package.reference.as_deref(), package.group.as_deref()]
}

#[test]
fn rule_15_a_description_counts_until_an_answer_says_otherwise() {
    let told =
        |at| at_step(Step::Sent).at(at, description("Lease", &[("s", "s@b.example"), ("t", "t@b.example")]));
    let package = told(3_000).fold();
    assert_eq!(names(&package), [Some("Lease"), Some("flat 7"), Some("lettings")]);
    assert_eq!(signer(&package, "t").email.as_deref(), Some("t@b.example"));
    let renamed =
        told(3_000).at(2_500, description("Draft", &[])).at(5_000, description("Contract", &[])).fold();
    assert_eq!(package.signers.len(), renamed.signers.len());
    assert_eq!(names(&renamed)[0], Some("Contract"));
    let says = Snapshot { name: Some("Deed".into()), ..in_steps(Status::Sent, Step::Sent) };
    let answered = told(3_000).shown(MIN, says.clone());
    assert_eq!(names(&answered.fold()), [Some("Deed"), None, None], "it has no tag any more");
    assert!(signer(&answered.fold(), "t").left, "whom it doesn't list");
    assert_eq!(names(&answered.at(2 * MIN, description("Lease", &[])).fold())[0], Some("Lease"));
    let near = told(MIN - 1_000).shown(MIN, says).fold();
    assert_eq!((names(&near)[0], doubts(&near)), (Some("Lease"), vec![DoubtKind::AgainstAnswer]));
    assert!(!signer(&near, "t").left);
}

#[test]
fn rule_4_a_description_without_a_time_yields_only_to_what_came_later() {
    let form =
        |received, name: &str| record(description(name, &[("t", "t@b.example")]), None, None, received);
    let fold_with = |log: Log, form: Record| fold(&[log.0, vec![form]].concat());
    let says = Snapshot { name: Some("Deed".into()), ..in_steps(Status::Completed, Step::Signed) };
    let log = at_step(Step::Signed).shown(MIN, says);
    let older = fold_with(log.clone(), form(MIN - 1, "Lease"));
    assert_eq!((names(&older), older.signers.len()), ([Some("Deed"), None, None], 1));
    let newer = fold_with(log.clone(), form(MIN, "Lease"));
    assert_eq!((names(&newer)[0], newer.signers.len()), (Some("Lease"), 2));
    let later = log.at(3 * MIN, description("Contract", &[]));
    assert_eq!(names(&fold_with(later, form(2 * MIN, "Lease")))[0], Some("Contract"));
    let missing = at_step(Step::Signed).missing(MIN);
    assert_eq!(names(&fold_with(missing, form(MIN - 1, "Lease")))[0], Some("Lease"), "a 404 states no name");
}

#[test]
fn rule_20_a_link_brings_the_signer_into_the_package_and_asks() {
    let log = Log::default().at(1_000, Event::Created).shown(MIN, snapshot(Status::Draft, []));
    let linked = log.clone().by(2 * MIN, "s", Event::Linked);
    let package = linked.fold();
    assert_eq!(
        (package.status, progress(&package, "s"), doubts(&package)),
        (Status::Draft, SignerStatus::Waiting, vec![])
    );
    assert_eq!((package.ask_at, package.updated), (Some(Timestamp(0)), Timestamp(1_000)));
    // What waited for the link counts as if it had come in order: before the answer and after it.
    let joined =
        linked.by(2_000, "s", Event::Stands(Step::Sent)).by(3 * MIN, "s", Event::Stands(Step::Visited));
    assert_eq!((joined.fold().status, progress(&joined.fold(), "s")), (Status::Sent, SignerStatus::Viewed));
    let answered = joined.shown(9 * MIN, snapshot(Status::Sent, [stands("t", Some(Step::Sent))])).fold();
    assert!(signer(&answered, "s").left, "the list knows better");
    assert_eq!(Log::default().by(MIN, "s", Event::Linked).fold().updated, Timestamp(MIN));
}

#[test]
fn rule_20_which_facts_name_the_signers_of_their_package() {
    let who = |event: Event| record(event, Some("s"), Some(1), 1).names().join(" ");
    assert_eq!(who(Event::Linked), "s");
    assert_eq!(who(Event::Stands(Step::Sent)), "s");
    assert_eq!(who(description("Lease", &[("t", "t"), ("u", "u")])), "t u");
    assert_eq!(who(Event::Completed), "", "whoever acted is no signer");
    let two = snapshot(Status::Sent, [stands("t", None), stands("u", None)]);
    assert_eq!(answer(Answer::Shown(two), 1).names(), ["t", "u"]);
    assert!(answer(Answer::NotFound, 1).names().is_empty());
}

#[test]
fn what_nothing_vouches_for_counts_with_a_doubt_until_an_answer_comes() {
    let forged = |at, event| Record { unverified: true, ..record(event, Some("s"), Some(at), at) };
    let told = [forged(2 * MIN, Event::Stands(Step::Signed)), forged(3 * MIN, Event::Completed)];
    let log = at_step(Step::Sent).shown(MIN, in_steps(Status::Sent, Step::Sent));
    let log = Log([log.0, told.to_vec()].concat());
    let package = log.fold();
    assert_eq!((package.status, doubts(&package)), (Status::Completed, vec![DoubtKind::Unverified]));
    assert_eq!((package.doubts[0].at, package.ask_at), (Timestamp(3 * MIN), Some(Timestamp(0))));
    assert!(package.decided.is_some_and(|it| it.unverified));
    let denied = log.clone().shown(4 * MIN, in_steps(Status::Sent, Step::Sent)).fold();
    assert_eq!(
        (denied.status, progress(&denied, "s"), doubts(&denied)),
        (Status::Sent, SignerStatus::Waiting, vec![])
    );
    // The same, told again by somebody who signs.
    let mut again = log.0.clone();
    for fact in told {
        assert!(matches!(merge(&mut again, Record { unverified: false, ..fact }), Merged::Repeat(_)));
    }
    assert_eq!((fold(&again).status, doubts(&fold(&again))), (Status::Completed, vec![]));
    assert!(fold(&again).decided.is_some_and(|it| !it.unverified));
}

#[test]
fn what_nothing_vouches_for_asks_though_it_tells_an_old_time() {
    let old = Record { unverified: true, ..record(Event::PdfReady, None, Some(2_500), 5 * MIN) };
    let log = at_step(Step::Sent).shown(MIN, in_steps(Status::Sent, Step::Sent));
    let package = fold(&[log.0.clone(), vec![old]].concat());
    assert_eq!((package.status, package.ask_at), (Status::Sent, Some(Timestamp(0))));
    let untimed = Record { unverified: true, ..record(Event::PdfReady, None, None, 5 * MIN) };
    let log = [log.0, vec![untimed]].concat();
    assert_eq!(doubts(&fold(&log)), [DoubtKind::Unverified, DoubtKind::CompletedInferred]);
    let answered = [log, vec![answer(Answer::Shown(in_steps(Status::Sent, Step::Sent)), 6 * MIN)]].concat();
    assert_eq!((fold(&answered).status, doubts(&fold(&answered))), (Status::Sent, vec![]));
}

#[test]
fn rule_16_an_answer_that_agrees_looks_the_same() {
    let refusing = Place { refused: true, ..stands("t", None) };
    let it = Snapshot {
        created: Some(Timestamp(500)),
        final_pdf: true,
        ..snapshot(Status::Declined, [stands("s", Some(Step::Visited)), refusing])
    };
    for log in [Log::default(), at_step(Step::Sent), at_step(Step::Sent).by(3_000, "t", viewed())] {
        let mut once = log.0.clone();
        merge(&mut once, answer(Answer::Shown(it.clone()), MIN));
        let mut again = once.clone();
        assert!(matches!(
            merge(&mut again, answer(Answer::Shown(it.clone()), 2 * MIN)),
            Merged::Confirmed(_)
        ));
        assert!(fold(&once).looks_like(&fold(&again)));
    }
}

#[test]
fn a_step_tells_who_signs_beside_an_identity_that_nobody_checked() {
    let mut shown = in_steps(Status::Sent, Step::AwaitsWitness);
    shown.places[0].people[0].1 = Identity::Untold;
    let package = at_step(Step::Filled).shown(MIN, shown).fold();
    let waits: Vec<&str> = package.waiting_for().iter().map(|it| it.id.as_str()).collect();
    assert_eq!((waits, package.signed_of()), (vec!["s"], (0, 1)));
}
