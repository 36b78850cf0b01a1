//! What a list says in passing of a package: whether it has to be asked for (state.md rule 18).

use super::seat::WINDOW_MS;
use super::{Answer, Record, Snapshot};

/// Whether the newest answer in `log` still holds, as far as `glance` shows: the same status, flags and last change, which
/// was well before that answer, and nothing has arrived since it was asked for. Of anything else than those the glance
/// says nothing.
#[must_use]
pub fn still_holds(log: &[Record], glance: &Snapshot) -> bool {
    let answers = log.iter().filter_map(|record| Some((record.happened_at?, record.received_at, record)));
    let newest =
        answers.filter(|(.., record)| record.answer().is_some()).max_by_key(|(d, asked, _)| (*d, *asked));
    let Some((d, asked, record)) = newest else { return false };
    let Some(Answer::Shown(known)) = record.answer() else { return false };
    let agrees = |it: &Snapshot| (it.status, it.trashed, it.archived, it.updated);
    let settled = glance.updated.is_some_and(|updated| updated < d.plus(-WINDOW_MS));
    let arrived = log.iter().any(|record| record.answer().is_none() && record.received_at >= asked);
    settled && !arrived && agrees(known) == agrees(glance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Event, Fingerprint, Origin, Status, Timestamp, fold};

    const D: i64 = 100_000;

    fn shown(status: Status, updated: i64) -> Snapshot {
        Snapshot { status, updated: Some(Timestamp(updated)), ..Snapshot::default() }
    }

    fn log(known: Snapshot, asked: i64) -> Vec<Record> {
        let answer = Answer::Shown(known);
        let answered = fold::answer_record(answer, Timestamp(D), Timestamp(asked), Fingerprint([1; 16]));
        let told = Record { event: Event::Sent, origin: Origin::Callback, ..answered.clone() };
        vec![Record { received_at: Timestamp(5), fingerprint: Fingerprint([2; 16]), ..told }, answered]
    }

    #[test]
    fn a_fetch_is_skipped_only_if_all_agrees_and_nothing_has_come_since() {
        let known = shown(Status::Sent, 90_000);
        assert!(still_holds(&log(known.clone(), D), &known));
        assert!(!still_holds(&[], &known), "never asked");
        assert!(!still_holds(&log(known.clone(), 5), &known), "a fact came as it was asked");
        let others = [
            shown(Status::Completed, 90_000),
            shown(Status::Sent, 91_000),
            Snapshot { trashed: true, ..known.clone() },
            Snapshot { archived: true, ..known.clone() },
            Snapshot { updated: None, ..known.clone() },
        ];
        for other in &others {
            assert!(!still_holds(&log(known.clone(), D), other), "{other:?}");
        }
        // To the second: what changed so shortly before the answer may have changed again after it.
        for (updated, skips) in [(D - WINDOW_MS - 1, true), (D - WINDOW_MS, false), (D, false)] {
            let known = shown(Status::Sent, updated);
            assert_eq!(still_holds(&log(known.clone(), D), &known), skips, "{updated}");
        }
        let unknown = shown(Status::Sent, 90_000);
        assert!(!still_holds(&log(Snapshot { updated: None, ..unknown.clone() }, D), &unknown));
    }
}
