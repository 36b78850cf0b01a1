//! Whether an answer of the API bears out a fact that a person pasted, so that it needs nobody's word.

use super::{Answer, Event, Record, Snapshot, Status, Timestamp};

/// What an answer says of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// The same.
    Confirmed,
    /// Something else, which need not contradict it: more may have happened since.
    Otherwise,
    /// Nothing: it can't state such a fact (rule 15).
    Silent,
}

/// What an answer that was true at `d` says of a fact. A fact without a time, or with one after the answer, is never
/// confirmed: the answer can't know of it.
#[must_use]
pub fn word(answer: &Answer, d: Timestamp, record: &Record) -> Word {
    let Answer::Shown(it) = answer else { return Word::Otherwise };
    let Some(same) = says(it, record) else { return Word::Silent };
    let in_time = record.happened_at.is_some_and(|at| at <= d);
    if same && in_time { Word::Confirmed } else { Word::Otherwise }
}

/// `None`: an answer can't state it.
fn says(it: &Snapshot, record: &Record) -> Option<bool> {
    let who = record.who.as_deref();
    let place = || {
        let mut places = it.places.iter();
        places.find(|place| place.people.iter().any(|(person, _)| Some(person.id.as_str()) == who))
    };
    let same = match &record.event {
        Event::Created => !it.template,
        Event::Recalled => it.status == Status::Draft,
        Event::Sent => it.status != Status::Draft,
        Event::Completed => it.status == Status::Completed,
        Event::Declined { .. } => it.status == Status::Declined,
        Event::OptedOut { .. } => it.status == Status::OptedOut,
        Event::Expired => it.status == Status::Expired,
        Event::Archived => it.archived || it.status == Status::Archived,
        Event::Cancelled => it.status == Status::Cancelled,
        Event::Failed => it.status == Status::Failed,
        Event::Trashed => it.trashed,
        Event::Restored => !it.trashed,
        Event::PdfReady => it.final_pdf,
        Event::TemplateCreated => it.template,
        Event::ReadyToComplete => it.is_ready_to_complete(),
        _ if it.status_only => return None,
        Event::Locked => place()?.locked?,
        Event::SignerCompleted => place().is_some_and(super::Place::is_signed),
        Event::DocumentSigned { document: Some(document) } => {
            let role = place().map(|place| place.role.as_str());
            let paper = it.papers.iter().find(|paper| paper.id == *document);
            paper.zip(role).is_some_and(|(paper, role)| paper.signed_by.iter().any(|by| by == role))
        }
        Event::DocumentSigned { document: None }
        | Event::Deleted
        | Event::Viewed { .. }
        | Event::IdentityFailed
        | Event::Bounced(_)
        | Event::Consented { .. }
        | Event::Reassigned { .. }
        | Event::AttachmentAdded { .. }
        | Event::Stands(_)
        | Event::Refused { .. }
        | Event::Field { .. }
        | Event::Rendered { .. }
        | Event::Deposited { .. }
        | Event::Described(_)
        | Event::Linked
        | Event::Mentioned
        | Event::Noted
        | Event::Unrecognised
        | Event::Answered(_) => return None,
    };
    Some(same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fingerprint, Identity, Origin, Paper, Person, Place};

    const D: Timestamp = Timestamp(10_000);

    fn record(event: Event, who: &str, at: Option<i64>) -> Record {
        Record {
            event,
            who: Some(who.to_owned()),
            happened_at: at.map(Timestamp),
            received_at: Timestamp(20_000),
            fingerprint: Fingerprint::default(),
            deliveries: 1,
            origin: Origin::Hand,
            name: String::new(),
            arrival: None,
            unverified: false,
        }
    }

    /// Ana has signed both, Ben has signed one of two and is locked out.
    fn answer(status: Status) -> Snapshot {
        let place = |role: &str, id: &str, signed, locked| Place {
            role: role.to_owned(),
            required: 2,
            signed,
            locked: Some(locked),
            people: vec![(Person { id: id.to_owned(), ..Person::default() }, Identity::Untold)],
            ..Place::default()
        };
        let paper = |id: &str, by: &[&str]| Paper {
            id: id.to_owned(),
            signed_by: by.iter().map(|it| (*it).to_owned()).collect(),
            ..Paper::default()
        };
        Snapshot {
            status,
            places: vec![place("r1", "ana", 2, false), place("r2", "ben", 1, true)],
            papers: vec![paper("one", &["r1", "r2"]), paper("two", &["r1"])],
            ..Snapshot::default()
        }
    }

    fn said(event: Event, who: &str, status: Status) -> Word {
        word(&Answer::Shown(answer(status)), D, &record(event, who, Some(9_999)))
    }

    #[test]
    fn an_answer_confirms_what_it_says_too() {
        use Status::{Archived, Completed, Declined, Draft, Sent};
        use Word::{Confirmed, Otherwise, Silent};
        let signed = |document: &str| Event::DocumentSigned { document: Some(document.to_owned()) };
        for (event, who, status, expected) in [
            (Event::Created, "s", Draft, Confirmed),
            (Event::Sent, "s", Completed, Confirmed),
            (Event::Sent, "s", Draft, Otherwise),
            (Event::Recalled, "s", Draft, Confirmed),
            (Event::Recalled, "s", Sent, Otherwise),
            (Event::Completed, "s", Completed, Confirmed),
            (Event::Completed, "s", Sent, Otherwise),
            (Event::Declined { reason: None }, "ben", Declined, Confirmed),
            (Event::Declined { reason: None }, "ben", Sent, Otherwise),
            (Event::Archived, "s", Archived, Confirmed),
            (Event::Trashed, "s", Sent, Otherwise),
            (Event::Restored, "s", Sent, Confirmed),
            (Event::SignerCompleted, "ana", Sent, Confirmed),
            (Event::SignerCompleted, "ben", Sent, Otherwise),
            (Event::SignerCompleted, "stranger", Sent, Otherwise),
            (Event::Locked, "ben", Sent, Confirmed),
            (Event::Locked, "ana", Sent, Otherwise),
            (Event::Locked, "stranger", Sent, Silent),
            (signed("one"), "ben", Sent, Confirmed),
            (signed("two"), "ben", Sent, Otherwise),
            (signed("three"), "ana", Sent, Otherwise),
            (Event::Viewed { document: None }, "ana", Sent, Silent),
            (Event::Deleted, "s", Sent, Silent),
            (Event::Unrecognised, "s", Sent, Silent),
        ] {
            assert_eq!(said(event.clone(), who, status), expected, "{event:?} of {who} while {status:?}");
        }
    }

    #[test]
    fn what_it_cannot_know_of_it_does_not_confirm() {
        let shown = Answer::Shown(answer(Status::Sent));
        for at in [None, Some(10_001)] {
            assert_eq!(word(&shown, D, &record(Event::Sent, "s", at)), Word::Otherwise, "{at:?}");
        }
        assert_eq!(word(&shown, D, &record(Event::Sent, "s", Some(10_000))), Word::Confirmed);
        assert_eq!(word(&Answer::NotFound, D, &record(Event::Sent, "s", Some(1))), Word::Otherwise);
        let bare = Snapshot { status_only: true, ..answer(Status::Sent) };
        let record = record(Event::SignerCompleted, "ana", Some(1));
        assert_eq!(word(&Answer::Shown(bare), D, &record), Word::Silent);
    }
}
