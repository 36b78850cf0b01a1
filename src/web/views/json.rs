//! The same as JSON: a contract with programs. Keys are only ever added.

use super::row::is_unverified;
use super::time::rfc3339;
use super::{Around, timeline, why};
use crate::app::{Detail, Row};
use crate::model::{Origin, Package, Person, Record, Signer, Step};
use serde::Serialize;

/// The answer to `GET /api/v1/packages`.
#[derive(Debug, Serialize)]
pub struct PackageList {
    /// One page of packages.
    pub packages: Vec<PackageItem>,
    /// What `after` must be for the next page; null: this is the last one.
    pub next: Option<String>,
    /// The words find more than so many packages, and the list is of the newest of these alone; null: it is of all.
    pub newest_of: Option<u32>,
}

/// A package of a list.
#[derive(Debug, Serialize)]
pub struct PackageItem {
    #[serde(flatten)]
    state: State,
    attachments: Vec<AttachmentJson>,
}

/// The answer to `GET /api/v1/packages/{account}/{id}`.
#[derive(Debug, Serialize)]
pub struct PackageAnswer {
    #[serde(flatten)]
    state: State,
    documents: Vec<DocumentJson>,
    attachments: Vec<AttachmentJson>,
    events: Vec<EventJson>,
    why: String,
}

/// A refusal of the API.
#[derive(Debug, Serialize)]
pub struct Problem<'a> {
    /// What went wrong and what to do, as a sentence.
    pub error: &'a str,
    /// By what the log knows the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct State {
    account: String,
    id: String,
    name: Option<String>,
    status: &'static str,
    trashed: bool,
    archived: bool,
    ready_to_complete: bool,
    final_pdf: bool,
    render_failed: bool,
    deposit_failed: bool,
    unverified: bool,
    group: Option<String>,
    /// Its group is none of those that the account shows: it stands in no list.
    elsewhere: bool,
    reason: Option<String>,
    reference: Option<String>,
    sender: Option<PersonJson>,
    created: Option<String>,
    updated: String,
    due: Option<String>,
    confirmed_at: Option<String>,
    /// Null where the provider never tells who signs.
    waiting_for: Option<Vec<String>>,
    signers: Vec<SignerJson>,
}

#[derive(Debug, Serialize)]
struct PersonJson {
    id: String,
    name: Option<String>,
    email: Option<String>,
}

#[derive(Debug, Serialize)]
struct SignerJson {
    id: String,
    name: Option<String>,
    email: Option<String>,
    order: Option<u32>,
    status: &'static str,
    step: Option<&'static str>,
    fields_signed: u32,
    fields_rejected: u32,
    locked: bool,
    bounced: bool,
    kba_failed: bool,
}

#[derive(Debug, Serialize)]
struct DocumentJson {
    id: String,
    name: Option<String>,
    signed_by: Vec<String>,
}

#[derive(Debug, Serialize)]
struct AttachmentJson {
    name: Option<String>,
    signer: Option<String>,
    at: String,
}

#[derive(Debug, Serialize)]
struct EventJson {
    name: String,
    happened_at: Option<String>,
    received_at: String,
    origin: &'static str,
    deliveries: u32,
    unverified: bool,
}

impl PackageItem {
    /// A row of a list.
    #[must_use]
    pub fn new(row: &Row, around: &Around<'_>) -> Self {
        Self { state: State::new(row, around), attachments: attachments(&row.package) }
    }
}

impl PackageAnswer {
    /// A package and its log.
    #[must_use]
    pub fn new(detail: &Detail, around: &Around<'_>) -> Self {
        let package = &*detail.row.package;
        let mut log: Vec<&Record> = detail.log.iter().collect();
        timeline::sort(&mut log);
        let documents = package.documents.iter().map(|it| DocumentJson {
            id: it.id.clone(),
            name: it.name.clone(),
            signed_by: it.signed_by.clone(),
        });
        Self {
            state: State::new(&detail.row, around),
            documents: documents.collect(),
            attachments: attachments(package),
            events: log.into_iter().map(EventJson::new).collect(),
            why: why::for_json(package),
        }
    }
}

impl State {
    fn new(row: &Row, around: &Around<'_>) -> Self {
        let package = &*row.package;
        let never = around.account(&row.key.account).never_tells(package);
        let waiting_for = || package.waiting_for().into_iter().map(|signer| signer.id.clone()).collect();
        Self {
            account: row.key.account.0.clone(),
            id: row.key.package.as_str().to_owned(),
            name: package.name.clone(),
            status: package.status.word(),
            trashed: package.trashed,
            archived: package.archived,
            ready_to_complete: package.ready_to_complete,
            final_pdf: package.final_pdf,
            render_failed: package.render_failed,
            deposit_failed: package.deposit_failed.is_some(),
            unverified: is_unverified(package),
            group: package.group.clone(),
            elsewhere: package.elsewhere,
            reason: package.reason.clone(),
            reference: package.reference.clone(),
            sender: package.sender.as_ref().map(PersonJson::new),
            created: package.created.map(rfc3339),
            updated: rfc3339(package.updated),
            due: package.due.map(rfc3339),
            confirmed_at: package.confirmed_at.map(rfc3339),
            waiting_for: (!never).then(waiting_for),
            signers: package.present().map(SignerJson::new).collect(),
        }
    }
}

impl PersonJson {
    fn new(person: &Person) -> Self {
        Self { id: person.id.clone(), name: person.name.clone(), email: person.email.clone() }
    }
}

impl SignerJson {
    fn new(signer: &Signer) -> Self {
        Self {
            id: signer.id.clone(),
            name: signer.name.clone(),
            email: signer.email.clone(),
            order: signer.order,
            status: signer.status.word(),
            step: signer.step.map(Step::word),
            fields_signed: signer.fields_signed,
            fields_rejected: signer.fields_rejected,
            locked: signer.locked,
            bounced: signer.bounced,
            kba_failed: signer.kba_failed,
        }
    }
}

impl EventJson {
    fn new(record: &Record) -> Self {
        Self {
            name: record.name.clone(),
            happened_at: record.happened_at.map(rfc3339),
            received_at: rfc3339(record.received_at),
            origin: match record.origin {
                Origin::Callback => "callback",
                Origin::Poll => "poll",
                Origin::Hand => "hand",
            },
            deliveries: record.deliveries,
            unverified: record.unverified,
        }
    }
}

fn attachments(package: &Package) -> Vec<AttachmentJson> {
    let of = |it: &crate::model::Attachment| AttachmentJson {
        name: it.name.clone(),
        signer: it.signer.clone(),
        at: rfc3339(it.at),
    };
    package.attachments.iter().map(of).collect()
}
