//! The signers and documents of a package's page.

use super::lines::Lines;
use super::time::When;
use super::words::{self, list, shown};
use super::{AccountLabel, Around};
use crate::model::{Attachment, Document, Package, Signer, SignerStatus};

/// A signer's line.
#[derive(Debug)]
pub(super) struct SignerView {
    /// The turn, where known.
    pub order: Option<u32>,
    pub name: String,
    /// The mail address, or what is known instead.
    pub below: String,
    /// What became of the fields, where the provider tells of fields.
    pub fields: Option<String>,
    /// Colour and shape.
    pub class: &'static str,
    /// How far this signer got, or what is wrong.
    pub words: String,
    pub since: Option<When>,
    /// No longer a signer of this package.
    pub left: bool,
}

/// A document's line.
#[derive(Debug)]
pub(super) struct DocumentView {
    pub name: String,
    pub signed: String,
    pub lines: Lines,
}

/// An attachment's line.
#[derive(Debug)]
pub(super) struct AttachmentView {
    pub name: String,
    pub signer: Option<String>,
    pub when: When,
}

impl SignerView {
    pub fn new(signer: &Signer, package: &Package, account: &AccountLabel, around: &Around<'_>) -> Self {
        let (class, words) = standing(signer, package);
        let untold = if account.tells_no_names { account.not_told() } else { "not told yet".to_owned() };
        let below = match (&signer.name, &signer.email) {
            (Some(_), Some(email)) => shown(email),
            (None, _) if signer.placeholder => "a place without a person yet".to_owned(),
            (Some(_), None) => "mail address not told".to_owned(),
            (None, Some(_)) => "name not told".to_owned(),
            (None, None) => format!("name and mail address {untold}"),
        };
        Self {
            order: signer.order,
            name: words::signer_name(signer),
            below,
            fields: words::fields(signer.fields_signed.into(), signer.fields_rejected.into()),
            class,
            words,
            since: signer.since.map(|at| When::ago(at, around.now, around.zone)),
            left: signer.left,
        }
    }
}

/// How far a signer got; one whose turn has not come waits for those before.
fn standing(signer: &Signer, package: &Package) -> (&'static str, String) {
    if signer.left {
        return ("archived", "No longer a signer".to_owned());
    }
    if let Some(trouble) = words::trouble(signer) {
        return (trouble_class(signer), words::capital(trouble));
    }
    let progress =
        || words::step(signer).map_or_else(|| words::progress(signer.status).to_owned(), words::capital);
    let turn = package.waiting_for();
    let waits =
        signer.is_open() && signer.counted && !turn.is_empty() && turn.iter().all(|it| it.id != signer.id);
    match signer.status {
        SignerStatus::Waiting if waits => {
            let names: Vec<String> = turn.iter().take(2).map(|it| words::signer_name(it)).collect();
            ("draft", format!("Waiting for {}", list(&names)))
        }
        SignerStatus::Waiting if !signer.counted => ("draft", "Does not sign".to_owned()),
        status => (words::progress_class(status), progress()),
    }
}

/// The shape beside a trouble's word: the same one that stands on the signature line.
fn trouble_class(signer: &Signer) -> &'static str {
    match signer.status {
        SignerStatus::Declined => "declined",
        SignerStatus::OptedOut => "opted-out",
        SignerStatus::Waiting
        | SignerStatus::Viewed
        | SignerStatus::Signing
        | SignerStatus::Signed
        | SignerStatus::Reassigned => {
            if signer.locked {
                "locked"
            } else if signer.bounced {
                "bounced"
            } else {
                "unidentified"
            }
        }
    }
}

impl DocumentView {
    pub fn new(document: &Document, package: &Package) -> Self {
        let lines = Lines::of_document(package, document);
        let signed = match lines.count() {
            count if count.is_empty() => String::new(),
            count => format!("signed by {count}"),
        };
        Self { name: shown(document.name.as_deref().unwrap_or(&document.id)), signed, lines }
    }
}

impl AttachmentView {
    pub fn new(attachment: &Attachment, package: &Package, around: &Around<'_>) -> Self {
        Self {
            name: attachment
                .name
                .as_deref()
                .map_or_else(|| "a file whose name was not told".to_owned(), shown),
            signer: attachment.signer.as_deref().map(|id| words::person(package, id)),
            when: When::ago(attachment.at, around.now, around.zone),
        }
    }
}

/// Who accepted the consent, in one line.
pub(super) fn consented(package: &Package) -> Option<String> {
    let present: Vec<String> = package.consented.iter().map(|id| words::person(package, id)).collect();
    (!present.is_empty()).then(|| format!("accepted by {}", list(&present)))
}
