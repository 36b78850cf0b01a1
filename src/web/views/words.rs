//! Sentences: what happened and who did it, from facts that were told and nothing else.
//!
//! No pronoun, no method, no count that nobody told. Every kind of event and of trouble has its words here; a new one
//! does not compile until it has some.

pub use crate::app::text::{one_line, shown};

use crate::app::text::BLANK;
use crate::model::fold::person_named;
use crate::model::{Answer, Bounce, Event, Package, Record, Signer, SignerStatus, Status, Step};

/// A sentence around a name: the page sets the name apart, so that it can't disturb the words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Phrase {
    /// What stands before the name.
    pub before: String,
    /// The name; empty if the sentence has none.
    pub name: String,
    /// What stands after it.
    pub after: String,
    /// The person's own words, if the event carries any.
    pub quote: Option<String>,
}

impl Phrase {
    fn plain(text: &str) -> Self {
        Self { before: text.to_owned(), ..Self::default() }
    }

    fn acted(who: Option<String>, after: impl Into<String>) -> Self {
        let after = format!(" {}", after.into());
        who.map_or_else(
            || Self { before: format!("A signer{after}"), ..Self::default() },
            |name| Self { name, after: after.clone(), ..Self::default() },
        )
    }

    fn done(text: &str, who: Option<String>) -> Self {
        let by = who.map(|name| Self { before: format!("{text} by "), name, ..Self::default() });
        by.unwrap_or_else(|| Self::plain(text))
    }

    fn saying(self, reason: Option<&str>) -> Self {
        Self { quote: reason.map(shown).filter(|text| text != BLANK), ..self }
    }

    /// The sentence as one text.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}{}{}", self.before, self.name, self.after)
    }
}

/// What OneSpan Sign and Conga Sign call the consent to sign electronically.
const CONSENT: &str = "default-consent";

/// What a record of a package's log tells.
#[must_use]
pub fn told(record: &Record, package: &Package) -> Phrase {
    let who = record.who.as_deref().map(|id| person(package, id));
    let paper = |id: &Option<String>| {
        let document = id.as_ref().and_then(|id| package.documents.iter().find(|it| it.id == *id));
        let name = document.and_then(|it| it.name.as_deref()).or(id.as_deref());
        name.map_or_else(|| "a document".to_owned(), shown)
    };
    match &record.event {
        Event::Created => Phrase::done("Package created", who),
        Event::Recalled => Phrase::done("Package taken back for editing", who),
        Event::Sent => Phrase::done("Package sent", who),
        Event::Viewed { document } if document.as_deref() == Some(CONSENT) => {
            Phrase::acted(who, "looked at the consent")
        }
        Event::Viewed { document } => Phrase::acted(who, format!("looked at {}", paper(document))),
        Event::Locked => Phrase::acted(who, "was locked out"),
        Event::IdentityFailed => Phrase::acted(who, "did not pass an identity check"),
        Event::Bounced(bounce) => bounced(*bounce, who),
        Event::Consented { document } => {
            let what = if document == CONSENT { "the consent" } else { "an agreement" };
            Phrase::acted(who, format!("accepted {what}"))
        }
        Event::DocumentSigned { document } => Phrase::acted(who, format!("signed {}", paper(document))),
        Event::SignerCompleted => Phrase::acted(who, "finished signing"),
        Event::Reassigned { .. } => Phrase::acted(who, "gave the place to someone else"),
        Event::ReadyToComplete => {
            Phrase::plain("Everybody has signed, the sender has to complete the package")
        }
        Event::Completed => Phrase::plain("Package completed"),
        Event::Declined { reason } => Phrase::acted(who, "declined to sign").saying(reason.as_deref()),
        Event::OptedOut { reason } => {
            Phrase::acted(who, "opted out of signing electronically").saying(reason.as_deref())
        }
        Event::Expired => Phrase::plain("Package expired"),
        Event::Archived => Phrase::done("Package archived", who),
        Event::Trashed => Phrase::done("Package put into the trash", who),
        Event::Restored => Phrase::done("Package taken out of the trash", who),
        Event::Deleted => Phrase::done("Package deleted", who),
        Event::AttachmentAdded { name } => {
            let what = name.as_deref().map_or_else(|| "an attachment".to_owned(), shown);
            Phrase::acted(who, format!("handed in {what}"))
        }
        Event::TemplateCreated => Phrase::plain("Template made, which is never a package"),
        Event::Stands(step) => Phrase::acted(who, stands(*step)),
        Event::Refused { reason } => Phrase::acted(who, "refused to sign").saying(reason.as_deref()),
        Event::Field { field, rejected: false } => {
            Phrase::acted(who, format!("signed field {}", shown(field)))
        }
        Event::Field { field, rejected: true } => {
            Phrase::acted(who, format!("rejected field {}", shown(field)))
        }
        Event::Cancelled => Phrase::done("Package called off", who),
        Event::Failed => Phrase::plain("Package failed: not everybody signed"),
        Event::PdfReady => Phrase::plain("The final, signed PDF is there"),
        Event::Rendered { failed: false } => Phrase::plain("The provider drew the pages"),
        Event::Rendered { failed: true } => Phrase::plain("The provider could not draw the pages"),
        Event::Deposited { failed: false } => {
            Phrase::plain("What was signed was put into the electronic vault")
        }
        Event::Deposited { failed: true } => {
            Phrase::plain("What was signed could not be put into the electronic vault")
        }
        Event::Described(_) => Phrase::plain("The provider described the package"),
        Event::Linked => Phrase::acted(who, "is a signer of this package"),
        Event::Mentioned => Phrase::plain(
            "An event that signboard has no meaning for; the package must have been sent for it to come",
        ),
        Event::Noted => Phrase::plain("A note from the provider, which changes nothing"),
        Event::Unrecognised => {
            Phrase::plain("An event that signboard has no meaning for, which changes nothing")
        }
        Event::Answered(answer) => answered(answer),
    }
}

/// What happened when a signer came to stand there.
fn stands(step: Step) -> &'static str {
    match step {
        Step::Unsent => "was not written to yet",
        Step::Scheduled => "will be written to",
        Step::Sent => "was written to",
        Step::MailOpened => "opened the e-mail",
        Step::Visited => "looked at the document",
        Step::FilledButSignature => "filled in everything but the signature",
        Step::Filled => "filled in every field",
        Step::AwaitsWitness => "waits for a witness",
        Step::FinishedUnsigned => "finished without signing a field",
        Step::Signed => "signed",
        Step::Downloaded => "took the signed document",
    }
}

fn bounced(bounce: Bounce, who: Option<String>) -> Phrase {
    let name = who.unwrap_or_else(|| "a signer".to_owned());
    let around = |before: &str, after: &str| Phrase {
        before: before.to_owned(),
        name: name.clone(),
        after: after.to_owned(),
        quote: None,
    };
    match bounce {
        Bounce::Returned => around("The e-mail to ", " came back"),
        Bounce::Complaint => around("The mail system of ", " complained about an e-mail"),
        Bounce::OutOfOffice => around("An e-mail to ", " was answered with an out-of-office note"),
    }
}

fn answered(answer: &Answer) -> Phrase {
    match answer {
        Answer::NotFound => Phrase::plain("The provider’s API does not know this package"),
        Answer::Shown(snapshot) => {
            let trash = if snapshot.trashed { ", in the trash" } else { "" };
            Phrase::plain(&format!("The provider’s API said {}{trash}", snapshot.status.title()))
        }
    }
}

/// The css class of a status: its colour and its shape.
#[must_use]
pub fn status_class(status: Status) -> &'static str {
    match status {
        Status::Draft => "draft",
        Status::Sent => "sent",
        Status::Completed => "completed",
        Status::Declined => "declined",
        Status::OptedOut => "opted-out",
        Status::Expired => "expired",
        Status::Archived => "archived",
        Status::Cancelled => "cancelled",
        Status::Failed => "failed",
        Status::Deleted => "deleted",
    }
}

/// What is wrong with a signer, in the fewest words; `None`: nothing is.
#[must_use]
pub fn trouble(signer: &Signer) -> Option<&'static str> {
    match signer.status {
        SignerStatus::Declined => Some("declined"),
        SignerStatus::OptedOut => Some("opted out"),
        SignerStatus::Waiting
        | SignerStatus::Viewed
        | SignerStatus::Signing
        | SignerStatus::Signed
        | SignerStatus::Reassigned => {
            let flags = [
                (signer.locked, "locked out"),
                (signer.bounced, "mail came back"),
                (signer.kba_failed, "identity check failed"),
            ];
            flags.into_iter().find(|(set, _)| *set).map(|(_, words)| words)
        }
    }
}

/// The word for how far a signer got.
#[must_use]
pub fn progress(status: SignerStatus) -> &'static str {
    match status {
        SignerStatus::Waiting => "Waiting",
        SignerStatus::Viewed => "Has looked",
        SignerStatus::Signing => "Signing",
        SignerStatus::Signed => "Signed",
        SignerStatus::Declined => "Declined",
        SignerStatus::OptedOut => "Opted out",
        SignerStatus::Reassigned => "Gave the place away",
    }
}

/// The css class of how far a signer got.
#[must_use]
pub fn progress_class(status: SignerStatus) -> &'static str {
    match status {
        SignerStatus::Waiting => "draft",
        SignerStatus::Viewed | SignerStatus::Signing => "sent",
        SignerStatus::Signed => "completed",
        SignerStatus::Declined | SignerStatus::OptedOut => "declined",
        SignerStatus::Reassigned => "archived",
    }
}

/// How far a signer got in the provider's own steps; `None`: it tells no more than [`progress`] does.
#[must_use]
pub fn step(signer: &Signer) -> Option<&'static str> {
    let step = signer.step.filter(|step| step.status() == signer.status)?;
    Some(match step {
        Step::Unsent => "not written to yet",
        Step::Scheduled => "scheduled to be written to",
        Step::Sent => "written to",
        Step::MailOpened => "mail opened",
        Step::Visited => "has looked",
        Step::FilledButSignature => "all but the signature is filled in",
        Step::Filled => "every field is filled in",
        Step::AwaitsWitness => "waiting for a witness",
        Step::FinishedUnsigned => "finished, no field signed",
        Step::Signed => "signed",
        Step::Downloaded => "signed, took the document",
    })
}

/// `2 fields signed, 1 rejected`; `None`: no field was told of.
#[must_use]
pub fn fields(signed: u64, rejected: u64) -> Option<String> {
    let rejected = (rejected > 0).then(|| number(rejected));
    match (signed, rejected) {
        (0, None) => None,
        (0, Some(rejected)) => Some(format!("no field signed, {rejected} rejected")),
        (_, None) => Some(count(signed, "field signed", "fields signed")),
        (_, Some(rejected)) => {
            Some(format!("{}, {rejected} rejected", count(signed, "field signed", "fields signed")))
        }
    }
}

/// Words as the beginning of a line.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What to call a signer: the name, else the mail address, else the id.
#[must_use]
pub fn signer_name(signer: &Signer) -> String {
    shown(signer.name.as_deref().or(signer.email.as_deref()).unwrap_or(&signer.id))
}

/// What to call the person of an id.
#[must_use]
pub fn person(package: &Package, id: &str) -> String {
    shown(person_named(package, id).unwrap_or(id))
}

/// `12,408`.
#[must_use]
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 package`, `12 packages`.
#[must_use]
pub fn count(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// `Ann`, `Ann and Ben`, `Ann, Ben and Cem`.
#[must_use]
pub fn list(names: &[String]) -> String {
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::views::sample;

    #[test]
    fn every_event_has_its_own_sentence() {
        let package = sample::mortgage().package.clone();
        let said: Vec<String> =
            sample::every_event().into_iter().map(|record| told(&record, &package).text()).collect();
        for (at, text) in said.iter().enumerate() {
            assert!(!said[..at].contains(text), "said twice: {text}");
            assert!(text.chars().next().is_some_and(char::is_uppercase), "{text}");
            assert!(!text.contains('!') && !text.ends_with('.') && !text.contains("  "), "{text}");
        }
        assert!(said.contains(&"Marta Oliveira was locked out".to_owned()), "{said:#?}");
        let viewed = Record {
            event: Event::Viewed { document: Some(CONSENT.into()) },
            ..sample::every_event().remove(0)
        };
        assert!(told(&viewed, &package).text().ends_with("looked at the consent"));
        assert!(said.contains(&"Marta Oliveira signed Loan agreement".to_owned()), "{said:#?}");
    }

    #[test]
    fn without_a_name_a_sentence_claims_none() {
        let package = sample::mortgage().package.clone();
        for mut record in sample::every_event() {
            record.who = None;
            let phrase = told(&record, &package);
            assert!(!phrase.text().contains("  ") && !phrase.text().ends_with(' '), "{}", phrase.text());
        }
    }

    #[test]
    fn texts_are_one_visible_line() {
        assert_eq!(shown("a\r\ndata: x"), "a  data: x");
        assert_eq!(shown("invoice\u{202e}fdp.exe\u{2069}"), "invoicefdp.exe");
        for blank in ["", " ", "\t\n", "\u{200b}\u{202e}"] {
            assert_eq!(shown(blank), BLANK);
        }
    }

    #[test]
    fn numbers_and_lists_read_well() {
        assert_eq!(
            [0, 999, 1_000, 12_408, 1_234_567].map(number),
            ["0", "999", "1,000", "12,408", "1,234,567"]
        );
        let names = ["Ann", "Ben", "Cem"].map(str::to_owned);
        assert_eq!(
            [list(&names[..1]), list(&names[..2]), list(&names)],
            ["Ann", "Ann and Ben", "Ann, Ben and Cem"]
        );
        assert_eq!(count(1, "package", "packages"), "1 package");
    }
}
