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
        | Event::Described(_)
        | Event::Linked
        | Event::Mentioned
        | Event::Noted
        | Event::Unrecognised
        | Event::Answered(_) => return None,
    };
    Some(same)
}
