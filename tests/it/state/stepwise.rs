//! What holds of a document that was really played at a provider that tells codes (rule 19).

use super::build::signer;
use super::steps::{One, Story, Wish, play};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use signboard::model::{Package, Record, Signer, SignerStatus, Status, Step, Timestamp, fold};

fn story() -> impl Strategy<Value = Story> {
    // Within a second, around the window of rule 15, and long after.
    let pause = prop_oneof![3 => 1..400_i64, 3 => 400..3_000_i64, 1 => 60_000..90_000_i64];
    let step = prop_oneof![6 => 0..18_u8, 3 => 2..10_u8, 1 => 0..2_u8];
    let wish = (step, 0..3_usize, 0..4_usize, pause).prop_map(|(step, who, far, pause)| Wish {
        step,
        who,
        far,
        pause,
    });
    vec(wish, 0..40).prop_map(|wishes| play(&wishes))
}

/// When the API is asked: after which step, how long after it, and whether D is cut to the second.
fn questions() -> impl Strategy<Value = Vec<(usize, i64, bool)>> {
    let moments = vec((0..80_usize, prop_oneof![0..50_i64, 0..2_500_i64]), 1..6);
    (moments, any::<bool>())
        .prop_map(|(moments, cut)| moments.into_iter().map(|(n, later)| (n, later, cut)).collect())
}

type Marks = (String, SignerStatus, Option<Step>, bool, Option<Timestamp>);

/// All that callbacks can tell, with or without the API. When it was last touched, the API may know better.
fn told(package: &Package) -> (Status, [bool; 4], Option<Timestamp>, Vec<Marks>) {
    let is_told =
        |it: &&Signer| it.status != SignerStatus::Waiting || it.bounced || it.step > Some(Step::Unsent);
    let marks = |it: &Signer| (it.id.clone(), it.status, it.step, it.bounced, it.since);
    let mut people: Vec<Marks> = package.signers.iter().filter(is_told).map(marks).collect();
    people.sort();
    let flags = [package.trashed, package.ready_to_complete, package.gone, package.final_pdf];
    (package.status, flags, package.created, people)
}

/// What callbacks told of its names stays as told.
fn named(without: &Package, with: &Package) -> bool {
    let names = |it: &Package| [it.name.clone(), it.reference.clone(), it.group.clone(), it.reason.clone()];
    names(without).into_iter().zip(names(with)).all(|(before, after)| before.is_none() || before == after)
}

fn standing(package: &Package, id: &str) -> (SignerStatus, Option<Step>) {
    let found = package.signers.iter().find(|it| it.id == id);
    found.map(|it| (it.status, it.step)).unwrap_or_default()
}

fn truly(one: &One) -> (SignerStatus, Option<Step>) {
    (one.status(), (!one.refused).then_some(one.step))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_200) })]

    /// Seen red with: nothing forgotten in `Seat::stand` when it goes back.
    #[test]
    fn codes_alone_tell_the_truth(story in story()) {
        let (package, truth) = (fold(&story.told), story.end_truth());
        prop_assert_eq!((package.status, package.final_pdf), (truth.status(), truth.pdf));
        for (id, one) in truth.people() {
            // Nobody tells of a signer who was not written to.
            let (status, step) = standing(&package, id);
            prop_assert_eq!((status, step.or(Some(Step::Unsent).filter(|_| !one.refused))), truly(one));
            prop_assert_eq!(package.signers.iter().any(|it| it.id == id && it.bounced), one.bounced);
        }
        prop_assert_eq!(&package.doubts, &vec![]);
        prop_assert!(!package.ready_to_complete);
    }

    /// Seen red with: no window in `Seat::state_step`.
    #[test]
    fn a_truthful_answer_in_steps_changes_nothing(story in story(), questions in questions()) {
        let mut log = story.told.clone();
        log.extend(questions.iter().map(|(n, later, cut)| story.answer(*n, *later, *cut)));
        let (without, with) = (fold(&story.told), fold(&log));
        prop_assert_eq!(told(&without), told(&with));
        prop_assert!(named(&without, &with), "{without:?}\n{with:?}");
        prop_assert!(with.updated >= without.updated);
    }

    /// Seen red with: `refuse` left out of `Seat::state_step`; the final PDF not stated in `Walk::shown`.
    #[test]
    fn the_last_answer_in_steps_settles_whatever_was_lost(story in story(), questions in questions(), lost in any::<u64>()) {
        let kept = story.told.iter().enumerate().filter(|(n, _)| lost >> (n % 64) & 1 == 0);
        let mut log: Vec<Record> = kept.map(|(_, it)| it.clone()).collect();
        log.extend(questions.iter().map(|(n, later, cut)| story.answer(*n, *later, *cut)));
        log.push(story.answer(story.truths.len() - 1, 10_000, true));
        let (package, truth) = (fold(&log), story.end_truth());
        prop_assert_eq!((package.status, package.final_pdf), (truth.status(), truth.pdf));
        for (id, one) in truth.people() {
            prop_assert_eq!(standing(&package, id), truly(one));
            prop_assert_eq!(&signer(&package, id).name, &Some(id.to_uppercase()));
        }
        prop_assert_eq!(package.archived, truth.status() == Status::Cancelled);
        prop_assert_eq!((package.name.as_deref(), package.group.as_deref()), (Some("Lease"), Some("lettings-team")));
        prop_assert!(package.reason.is_some() || truth.status() != Status::Declined);
        prop_assert!(package.reason.is_none() || truth.people().any(|(_, one)| one.refused));
        prop_assert_eq!(&package.doubts, &vec![]);
        prop_assert!(!package.ready_to_complete);
    }
}
