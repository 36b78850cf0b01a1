//! The realtime kind: one JSON event with an id, which is its fingerprint (reference A5). Unlike the batch it names the
//! document of a signer, and it tells names, tags and the group.

use super::{described, parked};
use crate::model::{AccountId, Bounce, Description, Event, PackageId, Person, SignerId, SignerStatus, Step};
use crate::provider::legalesign::terms::{self, Kind};
use crate::provider::lenient::{Many, Number, Word};
use crate::provider::{About, Parked, Report, fingerprint};
use serde::Deserialize;
use serde_json::value::RawValue;

/// More people than this are in no document.
const MOST_PEOPLE: usize = 1_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope<'a> {
    id: Word,
    created: Word,
    object: Word,
    event: Word,
    /// Read twice: it speaks of a document, and of the one whose event it is.
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// What a document's event and a recipient's tell of the document.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Data {
    name: Word,
    recipients: Many<Recipient>,
    group: Word,
    group_resource_uri: Word,
    tag: Word,
    tag1: Word,
    tag2: Word,
    document: Word,
    document_name: Word,
    document_resource_uri: Word,
    email_bounce_message: Word,
    #[serde(skip)]
    own: Recipient,
}

/// Of a document's event: its id. Of a person: all of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Recipient {
    uuid: Word,
    resource_uri: Word,
    email: Word,
    firstname: Word,
    lastname: Word,
    status: Number,
    reject_reason: Word,
}

/// What the event is about.
enum Subject {
    Document(PackageId),
    Person { package: Option<PackageId>, signer: SignerId },
}

pub(super) fn read(account: &AccountId, json: &[u8]) -> Vec<Result<Report, Parked>> {
    match told(account, json) {
        Ok(reports) => reports.into_iter().map(Ok).collect(),
        Err(why) => vec![Err(why)],
    }
}

fn told(account: &AccountId, json: &[u8]) -> Result<Vec<Report>, Parked> {
    let unreadable = |error: serde_json::Error| parked(format!("the body can't be read: {error}"));
    let Envelope { id, created, object, event, data } = serde_json::from_slice(json).map_err(unreadable)?;
    let data = data.map(RawValue::get).filter(|it| it.starts_with('{'));
    let text = data.ok_or_else(|| parked("`data` is missing"))?;
    let data: Data = serde_json::from_str(text).map_err(unreadable)?;
    let own = serde_json::from_str(text).map_err(unreadable)?;
    let data = Data { own, ..data };
    let word = event.0.ok_or_else(|| parked("no event name: `event` is missing"))?;
    // The name may come in one piece, as in the filter of a subscription, or in two (reference A5).
    let name = match object.0 {
        Some(object) if !word.contains('.') => format!("{object}.{word}"),
        _ => word,
    };
    let happened_at = created.0.as_deref().and_then(terms::moment);
    let subject = data.subject(name.split('.').next().unwrap_or_default())?;
    let identity: Vec<Option<&str>> = match &id.0 {
        Some(id) => vec![Some(&account.0), Some("realtime"), Some(id)],
        None => vec![
            Some(&account.0),
            Some("realtime"),
            None,
            Some(&name),
            data.own.uuid.0.as_deref().or(data.own.resource_uri.0.as_deref()),
            created.0.as_deref(),
        ],
    };
    let (event, who) = data.event(&name, &subject);
    let print = |more: &[&str]| {
        let more = more.iter().map(|it| Some(*it));
        fingerprint(&identity.iter().copied().chain(more).collect::<Vec<_>>())
    };
    let shown = match (&event, terms::prose(data.email_bounce_message.0.as_deref())) {
        (Event::Bounced(_), Some(message)) => terms::brief(&format!("{name}: {message}")),
        _ => terms::brief(&name),
    };
    let about = match &subject {
        Subject::Document(package) | Subject::Person { package: Some(package), .. } => {
            About::Package(package.clone())
        }
        Subject::Person { package: None, signer } => About::Signer(signer.clone()),
    };
    let description = match &about {
        About::Package(package) => {
            let it = data.describe(&subject);
            described(account, package, it, id.0.as_deref(), &terms::brief(&name), happened_at)
        }
        About::Signer(_) => None,
    };
    let beside = match &subject {
        Subject::Document(_) => data.codes(&event),
        Subject::Person { .. } => Vec::new(),
    };
    let mut reports =
        vec![Report { about: about.clone(), event, who, name: shown, happened_at, fingerprint: print(&[]) }];
    reports.extend(description);
    for (event, who, code) in beside {
        let of = who.as_deref().unwrap_or("document");
        let fingerprint = print(&["status", of, &code.to_string()]);
        let kind = if who.is_some() { "signer" } else { "document" };
        let name = terms::brief(&format!("{name}, {kind} status {code}"));
        reports.push(Report { about: about.clone(), event, who, name, happened_at, fingerprint });
    }
    Ok(reports)
}

impl Data {
    fn subject(&self, object: &str) -> Result<Subject, Parked> {
        let document = self.document.0.as_deref().or(self.document_resource_uri.0.as_deref());
        let package = document.and_then(terms::last_segment).map(terms::bare);
        let package = match package {
            Some(id) => {
                Some(PackageId::parse(&id).ok_or_else(|| parked("`document` is nothing that can be an id"))?)
            }
            None => None,
        };
        match object {
            "document" => {
                let id = self.own.id().and_then(|id| PackageId::parse(id.as_str()));
                let sentence = "no document: `uuid` is missing, or nothing that can be an id";
                id.map(Subject::Document).ok_or_else(|| parked(sentence))
            }
            "recipient" => {
                let sentence = "no recipient: `uuid` is missing, or nothing that can be an id";
                let signer = self.own.id().ok_or_else(|| parked(sentence))?;
                Ok(Subject::Person { package, signer })
            }
            other => {
                let own = match self.own.resource_uri.0.as_deref().map(terms::resource) {
                    Some(Ok((Kind::Document, id))) => PackageId::parse(&id),
                    _ => None,
                };
                let sentence = || {
                    let other = terms::brief(other);
                    parked(format!("it is about a `{other}`, and only documents and recipients are known"))
                };
                package.or(own).map(Subject::Document).ok_or_else(sentence)
            }
        }
    }

    /// What it means and whom it names.
    fn event(&self, name: &str, subject: &Subject) -> (Event, Option<String>) {
        let who = match subject {
            Subject::Person { signer, .. } => Some(signer.as_str().to_owned()),
            Subject::Document(_) => None,
        };
        let event = match name {
            "document.created" => Event::Created,
            "document.finalPdfCreated" => Event::PdfReady,
            "document.rejected" => {
                let refusing = self.recipients.0.iter().find(|it| it.refuses());
                let reason = refusing.and_then(|it| terms::prose(it.reject_reason.0.as_deref()));
                return (
                    Event::Declined { reason },
                    refusing.and_then(Recipient::id).map(|it| it.as_str().to_owned()),
                );
            }
            "recipient.completed" => match self.own.step() {
                Some(step) if step.status() == SignerStatus::Signed => Event::Stands(step),
                _ => Event::Stands(Step::Signed),
            },
            // Opening and visiting are acts: who does it again after signing is no less far, as the code beside it says.
            "recipient.emailOpened" if self.own.step() == Some(Step::MailOpened) => {
                Event::Stands(Step::MailOpened)
            }
            "recipient.emailOpened" => Event::Noted,
            "recipient.visiting" if self.own.step() == Some(Step::Visited) => Event::Stands(Step::Visited),
            "recipient.visiting" => Event::Viewed { document: None },
            "recipient.rejected" => {
                Event::Refused { reason: terms::prose(self.own.reject_reason.0.as_deref()) }
            }
            "recipient.bounced" => Event::Bounced(Bounce::Returned),
            _ => Event::Unrecognised,
        };
        (event, who)
    }

    /// The codes that a document's event carries beside what happened: facts like those of the batch, so that whoever
    /// is told by realtime events alone learns them too. What the event says itself is not said again.
    fn codes(&self, event: &Event) -> Vec<(Event, Option<String>, i64)> {
        let finished = self.own.status.0.filter(|code| *code == terms::COMPLETED);
        let mut codes: Vec<_> = finished.map(|code| (Event::Completed, None, code)).into_iter().collect();
        for one in self.recipients.0.iter().take(MOST_PEOPLE) {
            let (Some(id), Some(code)) = (one.id(), one.status.0) else { continue };
            let event = match one.step() {
                Some(step) if step.is_out() => Event::Stands(step),
                None if code == terms::REFUSED && !matches!(event, Event::Declined { .. }) => {
                    Event::Refused { reason: terms::prose(one.reject_reason.0.as_deref()) }
                }
                _ => continue,
            };
            codes.push((event, Some(id.as_str().to_owned()), code));
        }
        codes
    }

    fn describe(&self, subject: &Subject) -> Description {
        let (name, people) = match subject {
            Subject::Document(_) => {
                let people = self.recipients.0.iter().take(MOST_PEOPLE).filter_map(Recipient::person);
                (self.name.0.as_deref().or(self.document_name.0.as_deref()), people.collect())
            }
            Subject::Person { .. } => {
                (self.document_name.0.as_deref(), self.own.person().into_iter().collect())
            }
        };
        // The address holds the slug that the API and the configuration know; the other may be a title.
        let group = self.group_resource_uri.0.as_deref().or(self.group.0.as_deref());
        Description {
            name: terms::prose(name),
            reference: terms::reference([&self.tag, &self.tag1, &self.tag2].map(|tag| tag.0.as_deref())),
            group: terms::prose(group.and_then(terms::last_segment)),
            people,
        }
    }
}

impl Recipient {
    fn id(&self) -> Option<SignerId> {
        let uri = self.resource_uri.0.as_deref().and_then(terms::last_segment);
        SignerId::parse(&self.uuid.0.as_deref().or(uri).map(terms::bare)?)
    }

    /// How far they are, by the code beside the event.
    fn step(&self) -> Option<Step> {
        self.status.0.and_then(terms::step)
    }

    fn refuses(&self) -> bool {
        self.status.0 == Some(terms::REFUSED) || self.reject_reason.0.is_some()
    }

    fn person(&self) -> Option<Person> {
        let id = self.id()?.as_str().to_owned();
        let names = [&self.firstname, &self.lastname].into_iter().filter_map(|it| it.0.as_deref());
        let name = names.collect::<Vec<_>>().join(" ");
        Some(Person { id, name: terms::prose(Some(&name)), email: terms::prose(self.email.0.as_deref()) })
    }
}
