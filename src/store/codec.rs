//! Model values to columns and back. serde lives here, not in the model: the shapes on disk outlive the code.
//!
//! A fact is a kind, at most one detail, and, for an answer of the API, its JSON. A package is JSON with short keys
//! and nothing for what is absent.

use super::StoreError;
use crate::model::{
    Answer, Bounce, Description, Event, Identity, Origin, Paper, Person, Place, Snapshot, Status, Step,
    Timestamp,
};
use serde::{Deserialize, Serialize};

mod package;

pub(super) use package::{Decoded, decode_package, encode_package};

/// A fact's columns: kind, detail, answer.
pub(super) type Columns = (&'static str, Option<String>, Option<String>);

/// A fact as columns.
pub(super) fn encode_event(event: &Event) -> Result<Columns, StoreError> {
    let plain = |kind| Ok((kind, None, None));
    let with = |kind, detail: &Option<String>| Ok((kind, detail.clone(), None));
    match event {
        Event::Created => plain("created"),
        Event::Recalled => plain("recalled"),
        Event::Sent => plain("sent"),
        Event::Viewed { document } => with("viewed", document),
        Event::Locked => plain("locked"),
        Event::IdentityFailed => plain("identity_failed"),
        Event::Bounced(bounce) => with("bounced", &Some(bounce_word(*bounce).to_owned())),
        Event::Consented { document } => with("consented", &Some(document.clone())),
        Event::DocumentSigned { document } => with("document_signed", document),
        Event::SignerCompleted => plain("signer_completed"),
        Event::Reassigned { new_role } => with("reassigned", new_role),
        Event::ReadyToComplete => plain("ready"),
        Event::Completed => plain("completed"),
        Event::Declined { reason } => with("declined", reason),
        Event::OptedOut { reason } => with("opted_out", reason),
        Event::Expired => plain("expired"),
        Event::Archived => plain("archived"),
        Event::Trashed => plain("trashed"),
        Event::Restored => plain("restored"),
        Event::Deleted => plain("deleted"),
        Event::AttachmentAdded { name } => with("attachment", name),
        Event::TemplateCreated => plain("template"),
        Event::Stands(step) => with("stands", &Some(step.word().to_owned())),
        Event::Refused { reason } => with("refused", reason),
        Event::Field { field, rejected: false } => with("field_signed", &Some(field.clone())),
        Event::Field { field, rejected: true } => with("field_rejected", &Some(field.clone())),
        Event::Cancelled => plain("cancelled"),
        Event::Failed => plain("failed"),
        Event::PdfReady => plain("pdf_ready"),
        Event::Rendered { failed: false } => plain("rendered"),
        Event::Rendered { failed: true } => plain("render_failed"),
        Event::Deposited { failed: false } => plain("deposited"),
        Event::Deposited { failed: true } => plain("deposit_failed"),
        Event::Described(it) => {
            let json = serde_json::to_string(&StoredDescription::from(&**it)).map_err(StoreError::json)?;
            Ok(("described", Some(json), None))
        }
        Event::Linked => plain("linked"),
        Event::Mentioned => plain("mentioned"),
        Event::Noted => plain("noted"),
        Event::Unrecognised => plain("unrecognised"),
        Event::Answered(answer) => Ok(("answered", None, Some(encode_answer(answer)?))),
    }
}

/// A fact from its columns.
pub(super) fn decode_event(
    kind: &str,
    detail: Option<String>,
    answer: Option<&str>,
) -> Result<Event, StoreError> {
    Ok(match kind {
        "created" => Event::Created,
        "recalled" => Event::Recalled,
        "sent" => Event::Sent,
        "viewed" => Event::Viewed { document: detail },
        "locked" => Event::Locked,
        "identity_failed" => Event::IdentityFailed,
        "bounced" => Event::Bounced(bounce_of(detail.as_deref())),
        "consented" => Event::Consented { document: detail.unwrap_or_default() },
        "document_signed" => Event::DocumentSigned { document: detail },
        "signer_completed" => Event::SignerCompleted,
        "reassigned" => Event::Reassigned { new_role: detail },
        "ready" => Event::ReadyToComplete,
        "completed" => Event::Completed,
        "declined" => Event::Declined { reason: detail },
        "opted_out" => Event::OptedOut { reason: detail },
        "expired" => Event::Expired,
        "archived" => Event::Archived,
        "trashed" => Event::Trashed,
        "restored" => Event::Restored,
        "deleted" => Event::Deleted,
        "attachment" => Event::AttachmentAdded { name: detail },
        "template" => Event::TemplateCreated,
        "stands" => {
            let word = detail.unwrap_or_default();
            let step = Step::from_word(&word);
            Event::Stands(step.ok_or_else(|| StoreError::Unreadable(format!("the unknown step `{word}`")))?)
        }
        "refused" => Event::Refused { reason: detail },
        "field_signed" => Event::Field { field: detail.unwrap_or_default(), rejected: false },
        "field_rejected" => Event::Field { field: detail.unwrap_or_default(), rejected: true },
        "cancelled" => Event::Cancelled,
        "failed" => Event::Failed,
        "pdf_ready" => Event::PdfReady,
        "rendered" => Event::Rendered { failed: false },
        "render_failed" => Event::Rendered { failed: true },
        "deposited" => Event::Deposited { failed: false },
        "deposit_failed" => Event::Deposited { failed: true },
        "described" => {
            let json = detail.unwrap_or_default();
            let stored: StoredDescription = serde_json::from_str(&json).map_err(StoreError::json)?;
            Event::Described(Box::new(stored.into()))
        }
        "linked" => Event::Linked,
        "mentioned" => Event::Mentioned,
        "noted" => Event::Noted,
        "unrecognised" => Event::Unrecognised,
        "answered" => Event::Answered(Box::new(decode_answer(answer.unwrap_or_default())?)),
        _ => return Err(StoreError::Unreadable(format!("a fact of the unknown kind `{kind}`"))),
    })
}

fn bounce_word(bounce: Bounce) -> &'static str {
    match bounce {
        Bounce::Returned => "returned",
        Bounce::Complaint => "complaint",
        Bounce::OutOfOffice => "out_of_office",
    }
}

fn bounce_of(word: Option<&str>) -> Bounce {
    match word {
        Some("complaint") => Bounce::Complaint,
        Some("out_of_office") => Bounce::OutOfOffice,
        _ => Bounce::Returned,
    }
}

pub(super) fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Callback => "callback",
        Origin::Poll => "poll",
        Origin::Hand => "hand",
    }
}

pub(super) fn origin_of(word: &str) -> Origin {
    match word {
        "poll" => Origin::Poll,
        "hand" => Origin::Hand,
        _ => Origin::Callback,
    }
}

/// What the API said, as JSON; also what its fingerprint is made of.
pub(super) fn encode_answer(answer: &Answer) -> Result<String, StoreError> {
    let stored = match answer {
        Answer::NotFound => StoredAnswer { shown: None },
        Answer::Shown(snapshot) => StoredAnswer { shown: Some(snapshot.into()) },
    };
    serde_json::to_string(&stored).map_err(StoreError::json)
}

fn decode_answer(json: &str) -> Result<Answer, StoreError> {
    let stored: StoredAnswer = serde_json::from_str(json).map_err(StoreError::json)?;
    Ok(stored.shown.map_or(Answer::NotFound, |shown| Answer::Shown(shown.into())))
}

#[derive(Serialize, Deserialize)]
struct StoredAnswer {
    shown: Option<StoredSnapshot>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct StoredSnapshot {
    status: String,
    trashed: bool,
    template: bool,
    name: Option<String>,
    sender: Option<StoredPerson>,
    reference: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    data: Vec<(String, String)>,
    created: Option<i64>,
    updated: Option<i64>,
    due: Option<i64>,
    autocomplete: bool,
    group: Option<String>,
    archived: bool,
    final_pdf: bool,
    reason: Option<String>,
    status_only: bool,
    places: Vec<StoredPlace>,
    papers: Vec<StoredPaper>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct StoredDescription {
    name: Option<String>,
    reference: Option<String>,
    group: Option<String>,
    people: Vec<StoredPerson>,
}

#[derive(Serialize, Deserialize, Default, Clone)]
#[serde(default)]
pub(super) struct StoredPerson {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passed: Option<bool>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct StoredPlace {
    role: String,
    name: Option<String>,
    index: i64,
    locked: Option<bool>,
    required: u32,
    signed: u32,
    step: Option<String>,
    refused: bool,
    untold: bool,
    started: bool,
    last_mark: Option<i64>,
    people: Vec<StoredPerson>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct StoredPaper {
    id: String,
    name: Option<String>,
    agreement: bool,
    signed_by: Vec<String>,
}

impl From<&Person> for StoredPerson {
    fn from(it: &Person) -> Self {
        Self { id: it.id.clone(), name: it.name.clone(), email: it.email.clone(), passed: None }
    }
}

impl From<StoredPerson> for Person {
    fn from(it: StoredPerson) -> Self {
        Self { id: it.id, name: it.name, email: it.email }
    }
}

fn stored_signer((person, identity): &(Person, Identity)) -> StoredPerson {
    let passed = match identity {
        Identity::Untold => None,
        Identity::Passed => Some(true),
        Identity::Failed => Some(false),
    };
    StoredPerson { passed, ..person.into() }
}

fn signer_of(it: StoredPerson) -> (Person, Identity) {
    let identity = match it.passed {
        None => Identity::Untold,
        Some(true) => Identity::Passed,
        Some(false) => Identity::Failed,
    };
    (it.into(), identity)
}

impl From<&Description> for StoredDescription {
    fn from(it: &Description) -> Self {
        Self {
            name: it.name.clone(),
            reference: it.reference.clone(),
            group: it.group.clone(),
            people: it.people.iter().map(Into::into).collect(),
        }
    }
}

impl From<StoredDescription> for Description {
    fn from(it: StoredDescription) -> Self {
        let people = it.people.into_iter().map(Into::into).collect();
        Self { name: it.name, reference: it.reference, group: it.group, people }
    }
}

impl From<&Snapshot> for StoredSnapshot {
    fn from(it: &Snapshot) -> Self {
        let place = |it: &Place| StoredPlace {
            role: it.role.clone(),
            name: it.name.clone(),
            index: it.index,
            locked: it.locked,
            required: it.required,
            signed: it.signed,
            step: it.step.map(|step| step.word().to_owned()),
            refused: it.refused,
            untold: it.untold,
            started: it.started,
            last_mark: it.last_mark.map(|at| at.0),
            people: it.people.iter().map(stored_signer).collect(),
        };
        let paper = |it: &Paper| StoredPaper {
            id: it.id.clone(),
            name: it.name.clone(),
            agreement: it.agreement,
            signed_by: it.signed_by.clone(),
        };
        Self {
            status: it.status.word().to_owned(),
            trashed: it.trashed,
            template: it.template,
            name: it.name.clone(),
            sender: it.sender.as_ref().map(Into::into),
            reference: it.reference.clone(),
            data: it.data.clone(),
            created: it.created.map(|at| at.0),
            updated: it.updated.map(|at| at.0),
            due: it.due.map(|at| at.0),
            autocomplete: it.autocomplete,
            group: it.group.clone(),
            archived: it.archived,
            final_pdf: it.final_pdf,
            reason: it.reason.clone(),
            status_only: it.status_only,
            places: it.places.iter().map(place).collect(),
            papers: it.papers.iter().map(paper).collect(),
        }
    }
}

impl From<StoredSnapshot> for Snapshot {
    fn from(it: StoredSnapshot) -> Self {
        let place = |it: StoredPlace| Place {
            role: it.role,
            name: it.name,
            index: it.index,
            locked: it.locked,
            required: it.required,
            signed: it.signed,
            step: it.step.as_deref().and_then(Step::from_word),
            refused: it.refused,
            untold: it.untold,
            started: it.started,
            last_mark: it.last_mark.map(Timestamp),
            people: it.people.into_iter().map(signer_of).collect(),
        };
        let paper = |it: StoredPaper| Paper {
            id: it.id,
            name: it.name,
            agreement: it.agreement,
            signed_by: it.signed_by,
        };
        Self {
            status: Status::from_word(&it.status).unwrap_or_default(),
            trashed: it.trashed,
            template: it.template,
            name: it.name,
            sender: it.sender.map(Into::into),
            reference: it.reference,
            data: it.data,
            created: it.created.map(Timestamp),
            updated: it.updated.map(Timestamp),
            due: it.due.map(Timestamp),
            autocomplete: it.autocomplete,
            group: it.group,
            archived: it.archived,
            final_pdf: it.final_pdf,
            reason: it.reason,
            status_only: it.status_only,
            places: it.places.into_iter().map(place).collect(),
            papers: it.papers.into_iter().map(paper).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fingerprint, Record, fold};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    proptest! {
        /// Seen red with: `stored_signer` that leaves out the identity.
        #[test]
        fn what_is_written_is_read(
            (word, name, who) in (any::<String>(), any::<Option<String>>(), any::<String>()),
            (time, flag, n, due) in (any::<i64>(), any::<bool>(), any::<u32>(), any::<Option<i64>>()),
            (status, identity) in (0..Status::ALL.len(), 0..3_usize),
        ) {
            let identity = [Identity::Untold, Identity::Passed, Identity::Failed][identity];
            let person = Person { id: who.clone(), name: name.clone(), email: Some(word.clone()) };
            let place = Place {
                role: who.clone(), name: name.clone(), index: time, locked: Some(flag), required: n, signed: n,
                started: flag, last_mark: due.map(Timestamp), people: vec![(person.clone(), identity)],
                step: Some(Step::ALL[status]), refused: flag, untold: !flag,
            };
            let paper = Paper { id: word.clone(), name: name.clone(), agreement: flag, signed_by: vec![who.clone()] };
            let shown = Snapshot {
                status: Status::ALL[status], trashed: flag, template: !flag, name: name.clone(), sender: Some(person),
                reference: name.clone(), data: vec![(word.clone(), who.clone())], created: due.map(Timestamp),
                updated: Some(Timestamp(time)),
                due: due.map(Timestamp), autocomplete: flag, places: vec![place], papers: vec![paper],
                group: name.clone(), archived: flag, final_pdf: !flag, reason: name.clone(), status_only: false,
            };
            let described = Description {
                name: name.clone(), reference: Some(word.clone()), group: name.clone(), people: shown.people().cloned().collect(),
            };
            let facts = [
                Event::Viewed { document: name.clone() }, Event::Consented { document: word.clone() },
                Event::DocumentSigned { document: Some(word.clone()) }, Event::Locked, Event::Bounced(Bounce::Returned),
                Event::Reassigned { new_role: name.clone() }, Event::Declined { reason: name.clone() },
                Event::Stands(Step::ALL[status]), Event::Refused { reason: name.clone() },
                Event::Field { field: word.clone(), rejected: flag }, Event::Rendered { failed: flag },
                Event::Deposited { failed: flag }, Event::Deposited { failed: true },
                Event::Cancelled, Event::PdfReady, Event::Linked, Event::Mentioned, Event::Failed,
                Event::Described(Box::new(described)),
                Event::AttachmentAdded { name }, Event::Trashed, Event::Deleted, Event::Noted,
                Event::Answered(Box::new(Answer::NotFound)), Event::Answered(Box::new(Answer::Shown(shown))),
            ];
            let mut log = Vec::new();
            for (at, event) in (0_u8..).zip(facts) {
                let (kind, detail, answer) = encode_event(&event).unwrap();
                prop_assert_eq!(decode_event(kind, detail, answer.as_deref()).unwrap(), event.clone());
                log.push(Record {
                    event, who: Some(who.clone()), happened_at: due.map(Timestamp), received_at: Timestamp(time),
                    fingerprint: Fingerprint([at; 16]), deliveries: n, origin: Origin::Hand, name: word.clone(),
                    arrival: None, unverified: flag,
                });
                let package = fold(&log);
                prop_assert_eq!(decode_package(&encode_package(&package).unwrap()).unwrap(), package);
            }
        }
    }
}
