//! Facts in the house's words, and what each of them means to a package.
//!
//! The provider's own names (`PACKAGE_ACTIVATE`) live in the adapters; a [`Record`](super::Record) keeps the word as
//! sent, for display only.

use super::snapshot::Answer;
use super::{Person, Status, Step};

/// One fact about one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The package was made.
    Created,
    /// It was taken back for editing.
    Recalled,
    /// It went out to its signers.
    Sent,
    /// A signer looked at a document.
    Viewed {
        /// Which one, if told.
        document: Option<String>,
    },
    /// A signer was locked out.
    Locked,
    /// A signer did not pass an identity check.
    IdentityFailed,
    /// A mail to a signer came back, or the mail system said something else about it.
    Bounced(Bounce),
    /// A signer accepted the consent or another agreement: the signer has started, nothing is signed.
    Consented {
        /// The agreement's id.
        document: String,
    },
    /// A signer confirmed one document.
    DocumentSigned {
        /// Which one, if told.
        document: Option<String>,
    },
    /// A signer is done with every document.
    SignerCompleted,
    /// A signer's place was given to someone else.
    Reassigned {
        /// The place's new role id; who sits there, only the API tells.
        new_role: Option<String>,
    },
    /// Everybody signed; the sender has to finish it.
    ReadyToComplete,
    /// Done.
    Completed,
    /// A signer refused to sign.
    Declined {
        /// In the signer's words.
        reason: Option<String>,
    },
    /// A signer refused to sign electronically.
    OptedOut {
        /// In the signer's words.
        reason: Option<String>,
    },
    /// Its time ran out.
    Expired,
    /// It was put away.
    Archived,
    /// It was put into the trash.
    Trashed,
    /// It was taken out of the trash.
    Restored,
    /// It is gone at the provider.
    Deleted,
    /// A signer handed in an attachment.
    AttachmentAdded {
        /// Its file name, if told.
        name: Option<String>,
    },
    /// The id is a template's: never a package (rule 13).
    TemplateCreated,
    /// How far a signer is now, as a whole (rule 19).
    Stands(Step),
    /// A signer refused; what becomes of the package, another fact says (rule 19).
    Refused {
        /// In the signer's words.
        reason: Option<String>,
    },
    /// A signer did one field of a document (rule 21).
    Field {
        /// Which one.
        field: String,
        /// Refused instead of signed; the package goes on.
        rejected: bool,
    },
    /// The sender called it off.
    Cancelled,
    /// It went wrong.
    Failed,
    /// The final, signed PDF exists: a fact of its own beside Completed (rule 19).
    PdfReady,
    /// The provider drew its pages: a side note, no status.
    Rendered {
        /// It could not.
        failed: bool,
    },
    /// What was signed was put into the electronic vault: after it was completed, and no status.
    Deposited {
        /// It could not be, however often that was tried.
        failed: bool,
    },
    /// What it is called and who is in it, told by a callback.
    Described(Box<Description>),
    /// The API says that this signer signs this package (rule 20).
    Linked,
    /// A word that we don't know, of a provider that speaks only of packages that are out (rule 21).
    Mentioned,
    /// A word that we know and that changes nothing.
    Noted,
    /// A word that we don't know: kept, shown, changes nothing.
    Unrecognised,
    /// The provider's API was asked and said this.
    Answered(Box<Answer>),
}

/// What a callback says of a package beside what happened. What is absent was not told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// Its name.
    pub name: Option<String>,
    /// The customer's own words for it: Legalesign's tags.
    pub reference: Option<String>,
    /// The team that it belongs to.
    pub group: Option<String>,
    /// Signers, not necessarily all of them.
    pub people: Vec<Person>,
}

/// What came back from a mail (reference A.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounce {
    /// The mail was not delivered. A missing or unknown kind counts as this.
    Returned,
    /// The receiver's mail system complained; shown, no trouble.
    Complaint,
    /// An out-of-office note: the mail was delivered.
    OutOfOffice,
}

impl Event {
    /// Rule 1: which of two facts of the same millisecond comes first.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Self::Noted
            | Self::Unrecognised
            | Self::Mentioned
            | Self::Linked
            | Self::Rendered { .. }
            | Self::AttachmentAdded { .. }
            | Self::TemplateCreated => 0,
            Self::Described(_) => 5,
            Self::Created => 10,
            Self::Recalled => 20,
            Self::Sent => 30,
            Self::Stands(Step::Unsent) => 31,
            Self::Stands(Step::Scheduled) => 32,
            Self::Stands(Step::Sent) => 33,
            Self::Stands(Step::MailOpened) => 34,
            Self::Viewed { .. } | Self::Stands(Step::Visited) => 40,
            Self::Locked | Self::IdentityFailed | Self::Bounced(_) => 50,
            Self::Consented { .. } => 60,
            Self::Stands(Step::FilledButSignature) => 61,
            Self::Stands(Step::Filled) => 62,
            Self::Stands(Step::AwaitsWitness) => 63,
            Self::DocumentSigned { .. } | Self::Field { .. } => 70,
            Self::Stands(Step::FinishedUnsigned) => 79,
            Self::SignerCompleted | Self::Stands(Step::Signed) => 80,
            Self::Stands(Step::Downloaded) => 81,
            Self::Refused { .. } => 82,
            Self::Reassigned { .. } => 90,
            Self::ReadyToComplete => 100,
            Self::Completed => 110,
            Self::PdfReady => 111,
            // Of one moment: what was tried again in vain would have been told later.
            Self::Deposited { failed: true } => 112,
            Self::Deposited { failed: false } => 113,
            Self::Declined { .. }
            | Self::OptedOut { .. }
            | Self::Expired
            | Self::Cancelled
            | Self::Failed => 120,
            Self::Archived => 130,
            Self::Trashed => 140,
            Self::Restored => 150,
            Self::Deleted => 160,
            Self::Answered(_) => 170,
        }
    }

    /// The status that this fact tells, if it tells one.
    #[must_use]
    pub fn moves_to(&self) -> Option<Status> {
        match self {
            Self::Recalled => Some(Status::Draft),
            Self::Sent => Some(Status::Sent),
            Self::Completed => Some(Status::Completed),
            Self::Declined { .. } => Some(Status::Declined),
            Self::OptedOut { .. } => Some(Status::OptedOut),
            Self::Expired => Some(Status::Expired),
            Self::Cancelled => Some(Status::Cancelled),
            Self::Failed => Some(Status::Failed),
            Self::Archived => Some(Status::Archived),
            Self::Deleted => Some(Status::Deleted),
            Self::Created
            | Self::Viewed { .. }
            | Self::Locked
            | Self::IdentityFailed
            | Self::Bounced(_)
            | Self::Consented { .. }
            | Self::DocumentSigned { .. }
            | Self::SignerCompleted
            | Self::Reassigned { .. }
            | Self::ReadyToComplete
            | Self::Trashed
            | Self::Restored
            | Self::AttachmentAdded { .. }
            | Self::TemplateCreated
            | Self::Stands(_)
            | Self::Refused { .. }
            | Self::Field { .. }
            | Self::PdfReady
            | Self::Rendered { .. }
            | Self::Deposited { .. }
            | Self::Described(_)
            | Self::Linked
            | Self::Mentioned
            | Self::Noted
            | Self::Unrecognised
            | Self::Answered(_) => None,
        }
    }

    /// Rule 11: whether it brings the person named with it into being as a signer.
    #[must_use]
    pub fn names_a_signer(&self) -> bool {
        matches!(
            self,
            Self::Viewed { .. }
                | Self::Consented { .. }
                | Self::DocumentSigned { .. }
                | Self::SignerCompleted
                | Self::Locked
                | Self::IdentityFailed
                | Self::Bounced(_)
                | Self::Reassigned { .. }
                | Self::Declined { .. }
                | Self::OptedOut { .. }
                | Self::AttachmentAdded { .. }
                | Self::Stands(_)
                | Self::Refused { .. }
                | Self::Field { .. }
                | Self::Linked
        )
    }

    /// Rule 6: whether it can only happen to a package that went out. A returned mail is among them though nobody signed
    /// anything: signers are written to when a package is sent, and what was taken back is left out by the walk.
    #[must_use]
    pub fn implies_sent(&self) -> bool {
        matches!(
            self,
            Self::Viewed { .. }
                | Self::Consented { .. }
                | Self::DocumentSigned { .. }
                | Self::SignerCompleted
                | Self::Locked
                | Self::IdentityFailed
                | Self::Bounced(Bounce::Returned)
                | Self::ReadyToComplete
                | Self::Field { .. }
                | Self::Stands(Step::FinishedUnsigned)
                | Self::Rendered { .. }
                | Self::Mentioned
        )
    }

    /// Rule 19: whether it says that somebody was written to: a package that is out needs no other fact to say so.
    #[must_use]
    pub fn tells_sent(&self) -> bool {
        match self {
            // WebSignatureOffice's: what its users do tells only that it must have been sent (rule 21).
            Self::Stands(Step::FinishedUnsigned) => false,
            Self::Stands(step) => step.is_out(),
            Self::Refused { .. } => true,
            _ => false,
        }
    }

    /// Whether it shows that the signer got through: clears a lock, a bounce, a failed check (rule 12).
    #[must_use]
    pub fn is_positive(&self) -> bool {
        matches!(
            self,
            Self::Viewed { .. }
                | Self::Consented { .. }
                | Self::DocumentSigned { .. }
                | Self::SignerCompleted
        ) || matches!(self, Self::Stands(step) if step.is_positive())
    }

    /// Whether the API is asked at once when it comes, since the package's contents changed.
    #[must_use]
    pub fn asks_at_once(&self) -> bool {
        matches!(self, Self::Sent | Self::Recalled | Self::Reassigned { .. } | Self::AttachmentAdded { .. })
    }

    /// Whether it never moves a package that is out, nor a signer.
    #[must_use]
    pub fn is_informational(&self) -> bool {
        matches!(
            self,
            Self::Noted
                | Self::Unrecognised
                | Self::Mentioned
                | Self::Linked
                | Self::Described(_)
                | Self::Rendered { .. }
                | Self::Deposited { .. }
                | Self::Bounced(Bounce::OutOfOffice | Bounce::Complaint)
        )
    }
}
