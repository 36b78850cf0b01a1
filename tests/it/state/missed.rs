//! What an answer shows that callbacks had not told, of packages that were really played.

use super::truth::{Story, Truth, Wish, play};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, proptest};
use signboard::model::standing::Line;
use signboard::model::{
    Difference, Event, Identity, Missed, Package, Record, SignerStatus, Status, diff, fold,
};

fn story() -> impl Strategy<Value = Story> {
    let wish = (0..29_u8, 0..3_usize, 1..90_000_i64).prop_map(|(step, who, pause)| Wish { step, who, pause });
    (any::<bool>(), vec(wish, 0..40)).prop_map(|(autocomplete, mut wishes)| {
        wishes.insert(0, Wish { step: 0, who: 0, pause: 5 });
        play(autocomplete, &wishes)
    })
}

fn differences(before: &[Record], answer: &Record) -> Vec<Difference> {
    let mut log = before.to_vec();
    log.push(answer.clone());
    let known = (!before.is_empty()).then(|| fold(before));
    diff(known.as_ref(), answer.answer().unwrap(), &fold(&log))
}

/// (field, signer) of each line.
fn lines(before: &[Record], answer: &Record) -> Vec<(String, String)> {
    let found = differences(before, answer);
    let mut lines: Vec<_> =
        found.into_iter().map(|it| (it.field.word().to_owned(), it.signer.unwrap_or_default())).collect();
    lines.sort();
    lines
}

/// In what the truth is beyond the board: what of it the API states and a callback would have told.
fn expected(board: &Package, truth: &Truth) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let mut add = |field: &str, id: &str| lines.push((field.to_owned(), id.to_owned()));
    if truth.status == Status::Deleted {
        // Of one that had ended nobody can say whether it was deleted or purged.
        if board.status.is_open() {
            add("status", "");
        }
        return lines;
    }
    if board.status != truth.status {
        add("status", "");
    }
    if board.trashed != truth.trashed {
        add("trashed", "");
    }
    for (id, person) in truth.people() {
        let known = board.signers.iter().find(|it| it.id == id);
        let status = known.map_or(SignerStatus::Waiting, |it| it.status);
        let signed = person.papers == [true, true];
        let began = person.last_mark.is_some();
        let is_behind = match status {
            SignerStatus::Signed => false,
            SignerStatus::Waiting | SignerStatus::Viewed => signed || began,
            _ => signed,
        };
        if is_behind {
            add("progress", id);
        }
        if person.locked && !known.is_some_and(|it| it.locked) {
            add("locked", id);
        }
        if person.identity == Identity::Failed && !known.is_some_and(|it| it.kba_failed) {
            add("identity", id);
        }
    }
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_200) })]

    /// Seen red with: the answer given before what follows by itself was told.
    #[test]
    fn whoever_heard_everything_missed_nothing(story in story(), n in 0..80_usize) {
        let mut n = n % story.truths.len();
        // What the provider tells on its own follows within milliseconds, and is not told yet.
        let follows = |it: &Record| matches!(it.event, Event::SignerCompleted | Event::Completed | Event::ReadyToComplete);
        while story.told.get(n + 1).is_some_and(follows) {
            n += 1;
        }
        prop_assert_eq!(lines(&story.told[..=n], &story.answer(n, 20, false)), vec![]);
        // And an answer that comes again finds nothing a second time, whatever was lost before it.
        let (first, again) = (story.answer(n, 20, false), story.answer(n, 40, false));
        prop_assert_eq!(lines(&[story.told[0].clone(), first], &again), vec![]);
    }

    /// Seen red with: `trashed` not compared; a second end taken for told.
    #[test]
    fn the_lines_are_what_was_lost_no_more_and_no_less(story in story(), lost in any::<u64>()) {
        let kept = story.told.iter().enumerate().filter(|(n, _)| *n == 0 || lost >> (n % 64) & 1 == 0);
        let kept: Vec<Record> = kept.map(|(_, it)| it.clone()).collect();
        let answer = story.answer(story.truths.len() - 1, 10_000, false);
        let board = fold(&kept);
        prop_assert_eq!(lines(&kept, &answer), expected(&board, story.end_truth()));
    }

    /// Whatever comes late, and whatever happened meanwhile: those lines stay open that would have been found all the same.
    ///
    /// Seen red with: the answer itself taken for told; what happened after it taken for told.
    #[test]
    fn a_line_is_open_until_its_callback_comes(story in story(), n in 0..80_usize, lost in any::<u64>(), late in any::<u64>()) {
        let n = n % story.truths.len();
        let answer = story.answer(n, 10_000, false);
        let is_lost = |at: usize| at > 0 && at <= n && lost >> (at % 64) & 1 == 1;
        let comes = |at: usize| late >> (at % 64) & 1 == 1;
        let some = |has: &dyn Fn(usize) -> bool| -> Vec<Record> {
            story.told.iter().take(n + 1).enumerate().filter(|(at, _)| has(*at)).map(|(_, it)| it.clone()).collect()
        };
        let (kept, by_now) = (some(&|at| !is_lost(at)), some(&|at| !is_lost(at) || comes(at)));
        let mut log = by_now.clone();
        log.push(answer.clone());
        log.extend(story.told.iter().skip(n + 1).filter(|it| it.happened_at > answer.happened_at.map(|d| d.plus(999))).cloned());
        let as_of = answer.happened_at.unwrap();
        let key = |it: &Difference| (it.field, it.signer.clone());
        let still: Vec<_> = differences(&by_now, &answer).iter().map(key).collect();
        for it in differences(&kept, &answer) {
            let line = Line::new(&it, as_of, answer.received_at);
            // Once its end is told as well, nobody can say any more whether it was deleted or purged: the line stays.
            let status = fold(&by_now).status;
            let unsure = it.missed == Missed::Deleted && !status.is_open() && status != Status::Deleted;
            prop_assert_eq!(!line.is_told(&log), unsure || still.contains(&key(&it)), "{:?}", it);
        }
    }
}
