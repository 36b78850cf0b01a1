//! The verbs: what people do to a package, and what a package is made of. Said once here, so that a story can be written
//! down, compared and told again.

use super::package::Person;

/// How a mail came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounce {
    /// Undeliverable.
    Hard,
    /// Delivered and reported as unwanted.
    Complaint,
    /// Delivered; an automatic reply says they are away.
    OutOfOffice,
    /// The provider could not tell.
    Unknown,
}

/// Things a provider mentions that change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The recording of a video session can be fetched.
    RecordingsReady,
    /// A notary was commissioned.
    NotaryCommissioned,
    /// The signed file could not be put together.
    CompositionFailed,
    /// Put into the electronic vault.
    DepositSucceeded,
    /// One attempt to put it there failed.
    DepositAttemptFailed,
    /// All attempts failed.
    DepositFailed,
    /// No further text messages for this package.
    TextLimitReached,
    /// A signer wants no more text messages.
    TextOptOut,
}

impl Bounce {
    /// OneSpan's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Hard => "BOUNCE",
            Self::Complaint => "COMPLAINT",
            Self::OutOfOffice => "OOTO",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl Notice {
    /// OneSpan's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::RecordingsReady => "RECORDINGS_READY",
            Self::NotaryCommissioned => "NOTARY_COMMISSION_CREATED",
            Self::CompositionFailed => "COMPOSITION_FAILED",
            Self::DepositSucceeded => "EDEPOSIT_SUCCESS",
            Self::DepositAttemptFailed => "EDEPOSIT_ATTEMPT_FAILURE",
            Self::DepositFailed => "EDEPOSIT_FAILURE",
            Self::TextLimitReached => "PACKAGE_SMS_NOTIFICATIONS_LIMIT_REACHED",
            Self::TextOptOut => "RECIPIENT_OPT_OUT_SMS",
        }
    }
}

/// One thing that happens to a package. Signers and documents are named by their place, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The sender sends it, again if need be.
    Activate,
    /// The sender takes it back to edit it; signatures are lost.
    Deactivate,
    /// A signer opens the link and sees the consent.
    Open(usize),
    /// A signer agrees to sign electronically.
    Consent(usize),
    /// A signer looks at a document: signer, document.
    View(usize, usize),
    /// A signer confirms a document: signer, document. The last one completes the signer, the last signer the package.
    Sign(usize, usize),
    /// Consent and every document of a signer, one second apart.
    SignAll(usize),
    /// The sender closes a package that everyone has signed.
    Complete,
    /// A signer refuses the contents, with a reason.
    Decline(usize, String),
    /// A signer refuses to sign electronically, with a reason.
    OptOut(usize, String),
    /// The due date has come.
    Expire,
    /// Put away.
    Archive,
    /// Into the trash.
    Trash,
    /// Out of it.
    Restore,
    /// Gone for good.
    Delete,
    /// A signer fails to sign in too often.
    Lock(usize),
    /// The sender lets them try again; no callback tells of it.
    Unlock(usize),
    /// A signer fails the identity check.
    KbaFail(usize),
    /// A signer passes it; no callback tells of it.
    KbaPass(usize),
    /// A mail to a signer comes back.
    Bounce(usize, Bounce),
    /// The sender puts a signer's address right; no callback tells of it.
    ChangeEmail(usize, String),
    /// A signer hands over to someone else: a new role takes the place of theirs.
    Reassign(usize, Person),
    /// A signer hands in a file: signer, what was asked for, its name.
    Attach(usize, String, String),
    /// A signer asks for help on the phone: signer, phone, comment.
    AskForHelp(usize, String, String),
    /// Something that changes nothing; the signer counts only where the notice is about one.
    Notice(usize, Notice),
    /// A witness confirms a signer's signature (Legalesign).
    Witness(usize),
    /// The sender hands back to a signer who has signed: their signature and all later ones are lost (Legalesign).
    Reset(usize),
    /// The sender calls it off (Legalesign).
    Void,
    /// A signer fetches the signed document (Legalesign).
    Download(usize),
    /// A signer refuses the fields of one document and goes on: signer, document (WebSignatureOffice).
    RejectFields(usize, usize),
    /// It goes out, though its pages can't be drawn (WebSignatureOffice).
    FailToRender,
}

/// One signer of a package to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftSigner {
    /// `None` makes a placeholder.
    pub person: Option<Person>,
    /// The role's name.
    pub role: String,
    /// Asked to answer identity questions first.
    pub kba: bool,
    /// A witness has to confirm the signature (Legalesign).
    pub witnessed: bool,
    /// This is the sender, who signs too.
    pub is_sender: bool,
}

/// One document of a package to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftDocument {
    /// Its name.
    pub name: String,
    /// The places of those who sign it.
    pub signed_by: Vec<usize>,
    /// Has one more block that may be left out.
    pub optional_block: bool,
}

/// A package to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its title.
    pub name: String,
    /// The sender's place among the account's senders; wraps around.
    pub sender: usize,
    /// The signing order.
    pub signers: Vec<DraftSigner>,
    /// What is signed.
    pub documents: Vec<DraftDocument>,
    /// Completes with the last signature.
    pub autocomplete: bool,
    /// Due so many ms after it was made.
    pub due_after: Option<i64>,
    /// The customer's own keys.
    pub data: Vec<(String, String)>,
    /// A template instead of a package.
    pub template: bool,
    /// Made by a program: role ids equal signer ids, roles have speaking names.
    pub by_program: bool,
}

impl Draft {
    /// A package without signers and documents.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            sender: 0,
            signers: Vec::new(),
            documents: Vec::new(),
            autocomplete: true,
            due_after: None,
            data: Vec::new(),
            template: false,
            by_program: false,
        }
    }

    /// Adds a signer.
    #[must_use]
    pub fn signer(mut self, first: &str, last: &str) -> Self {
        self.signers.push(DraftSigner {
            person: Some(Person::named(first, last)),
            role: "Signer".to_owned(),
            kba: false,
            witnessed: false,
            is_sender: false,
        });
        self
    }

    /// Adds a document that everyone added so far signs.
    #[must_use]
    pub fn document(mut self, name: &str) -> Self {
        let signed_by = (0..self.signers.len()).collect();
        self.documents.push(DraftDocument { name: name.to_owned(), signed_by, optional_block: false });
        self
    }

    /// The sender has to close it.
    #[must_use]
    pub fn closed_by_hand(mut self) -> Self {
        self.autocomplete = false;
        self
    }
}
