//! What holds of a package that was really played: the board comes to the truth, with and without the API.

use super::truth::{Story, Wish, play};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use signboard::model::{
    Attachment, Identity, Package, Record, Signer, SignerStatus, Status, Timestamp, fold,
};

fn story() -> impl Strategy<Value = Story> {
    // Within a second, around the window of rule 15, and long after.
    let pause = prop_oneof![3 => 1..400_i64, 3 => 400..3_000_i64, 1 => 60_000..90_000_i64];
    let step = prop_oneof![6 => 0..25_u8, 1 => 0..29_u8, 2 => 6..13_u8, 1 => 0..3_u8];
    let wish = (step, 0..3_usize, pause).prop_map(|(step, who, pause)| Wish { step, who, pause });
    (any::<bool>(), vec(wish, 0..40)).prop_map(|(autocomplete, mut wishes)| {
        wishes.insert(0, Wish { step: 0, who: 0, pause: 5 });
        play(autocomplete, &wishes)
    })
}

/// When the API is asked: after which step, how long after it, and whether D is cut to the second.
fn questions() -> impl Strategy<Value = Vec<(usize, i64, bool)>> {
    vec((0..80_usize, prop_oneof![0..50_i64, 0..2_500_i64], any::<bool>()), 1..6)
}

/// All that callbacks can tell, with or without the API.
#[derive(Debug, PartialEq)]
struct Told {
    status: Status,
    flags: [bool; 3],
    reason: Option<String>,
    times: (Option<Timestamp>, Timestamp),
    people: Vec<(String, SignerStatus, [bool; 3], Option<Timestamp>)>,
    papers: Vec<(String, Vec<String>)>,
    consented: Vec<String>,
    attachments: Vec<Attachment>,
}

impl Told {
    fn of(package: &Package) -> Self {
        let mut people: Vec<_> = package.signers.iter().filter(|it| it.is_told()).map(person).collect();
        people.sort();
        let mut papers: Vec<_> =
            package.documents.iter().map(|it| (it.id.clone(), it.signed_by.clone())).collect();
        papers.retain(|(_, signed_by)| !signed_by.is_empty());
        papers.iter_mut().for_each(|(_, signed_by)| signed_by.sort());
        papers.sort();
        Self {
            status: package.status,
            flags: [package.trashed, package.ready_to_complete, package.gone],
            reason: package.reason.clone(),
            times: (package.created, package.updated),
            people,
            papers,
            consented: package.consented.clone(),
            attachments: package.attachments.clone(),
        }
    }
}

trait IsTold {
    fn is_told(&self) -> bool;
}

impl IsTold for Signer {
    /// Something was told of them: the API lists the others too.
    fn is_told(&self) -> bool {
        self.status != SignerStatus::Waiting || self.is_troubled()
    }
}

fn person(it: &Signer) -> (String, SignerStatus, [bool; 3], Option<Timestamp>) {
    (it.id.clone(), it.status, [it.locked, it.bounced, it.kba_failed], it.since)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_200) })]

    /// Seen red with: no `begin_round` on an activation.
    #[test]
    fn callbacks_alone_tell_the_truth(story in story()) {
        let (package, truth) = (fold(&story.told), story.end_truth());
        prop_assert_eq!((package.status, package.trashed, package.ready_to_complete), (truth.status, truth.trashed, truth.ready));
        for (id, person) in truth.people() {
            let signer = package.signers.iter().find(|it| it.id == id);
            let told = signer.map(|it| (it.status, it.locked, it.bounced, it.kba_failed)).unwrap_or_default();
            let failed = person.identity == Identity::Failed;
            prop_assert_eq!(told, (person.status(), person.locked, person.bounced, failed));
        }
        prop_assert_eq!(&package.doubts, &vec![]);
    }

    /// Seen red with: the consent's time after the answer's in `Seat::signing_since`.
    #[test]
    fn a_truthful_answer_anywhere_changes_nothing(story in story(), questions in questions()) {
        let mut log = story.told.clone();
        log.extend(questions.iter().map(|(n, later, cut)| story.answer(*n, *later, *cut)));
        prop_assert_eq!(Told::of(&fold(&story.told)), Told::of(&fold(&log)));
    }

    /// Seen red with: the flag of the trash not stated in `Walk::shown`.
    #[test]
    fn the_last_answer_settles_whatever_was_lost(story in story(), questions in questions(), lost in any::<u64>()) {
        let kept = story.told.iter().enumerate().filter(|(n, _)| lost >> (n % 64) & 1 == 0);
        let mut log: Vec<Record> = kept.map(|(_, it)| it.clone()).collect();
        log.extend(questions.iter().map(|(n, later, cut)| story.answer(*n, *later, *cut)));
        log.push(story.answer(story.truths.len() - 1, 10_000, true));
        let (package, truth) = (fold(&log), story.end_truth());
        if truth.status == Status::Deleted {
            // Of what had ended it can't be known whether it was deleted or purged.
            prop_assert!(package.status == Status::Deleted || package.gone, "{package:?}");
            return Ok(());
        }
        prop_assert_eq!((package.status, package.trashed, package.ready_to_complete), (truth.status, truth.trashed, truth.ready));
        for (id, person) in truth.people() {
            let signer = super::build::signer(&package, id);
            // A refusal that was lost leaves what came before it.
            if person.refused.is_none() {
                let signed = person.status() == SignerStatus::Signed;
                prop_assert_eq!(signer.status == SignerStatus::Signed, signed);
            }
            prop_assert_eq!((signer.locked, signer.kba_failed), (person.locked, person.identity == Identity::Failed));
        }
        prop_assert_eq!(&package.doubts, &vec![]);
    }
}
