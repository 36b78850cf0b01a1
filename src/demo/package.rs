//! What the provider knows about one package: plain data and the questions it can answer. No callbacks, no JSON.

/// A person as a provider files them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Given name.
    pub first: String,
    /// Family name.
    pub last: String,
    /// The only address the provider has.
    pub email: String,
}

impl Person {
    /// A person with an address at example.org made from the name.
    #[must_use]
    pub fn named(first: &str, last: &str) -> Self {
        let local = format!("{first}.{last}").to_lowercase().replace(' ', ".");
        Self { first: first.to_owned(), last: last.to_owned(), email: format!("{local}@example.org") }
    }

    /// First and last name.
    #[must_use]
    pub fn full(&self) -> String {
        format!("{} {}", self.first, self.last)
    }
}

/// A user of the provider's account who sends packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Twelve letters and digits.
    pub id: String,
    /// Who they are.
    pub person: Person,
    /// What they do in the firm.
    pub title: String,
}

/// A package's status; trash is a flag beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Being prepared.
    Draft,
    /// Out for signing.
    Sent,
    /// Everyone signed and it was closed.
    Completed,
    /// Completed and put away.
    Archived,
    /// A signer refused the contents.
    Declined,
    /// A signer refused to sign electronically.
    OptedOut,
    /// The due date went by.
    Expired,
    /// The sender called it off (Legalesign).
    Cancelled,
    /// Not all signed, and nobody will any more (WebSignatureOffice).
    Failed,
}

impl Status {
    /// The provider's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Sent => "SENT",
            Self::Completed => "COMPLETED",
            Self::Archived => "ARCHIVED",
            Self::Declined => "DECLINED",
            Self::OptedOut => "OPTED_OUT",
            Self::Expired => "EXPIRED",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        }
    }
}

/// How far an identity check by questions has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kba {
    /// Nobody has tried yet.
    NotYetAttempted,
    /// The questions were answered.
    Passed,
    /// They were not.
    Failed,
}

impl Kba {
    /// The provider's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotYetAttempted => "NOT_YET_ATTEMPTED",
            Self::Passed => "PASSED",
            Self::Failed => "FAILED",
        }
    }
}

/// Who sits in a role now.
#[derive(Debug, Clone)]
pub struct Signer {
    /// A UUID, or the sender's id when the sender signs too.
    pub id: String,
    /// Who they are.
    pub person: Person,
    /// The identity check, where one is asked for.
    pub kba: Option<Kba>,
    /// When they were put in, ms.
    pub created: i64,
    /// When their entry changed, ms.
    pub updated: i64,
}

/// A file a signer handed in.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// The requirement's id.
    pub id: String,
    /// What was asked for.
    pub requirement: String,
    /// The file's number within the account.
    pub number: i64,
    /// The file's name.
    pub file: String,
    /// When it came, ms.
    pub at: i64,
}

/// A place in the signing order.
#[derive(Debug, Clone)]
pub struct Role {
    /// Equal to the signer's id or not, depending on who made the package.
    pub id: String,
    /// Place in the order, from 1.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// The sender signs here.
    pub for_sender: bool,
    /// Shut out after failed sign-ins.
    pub locked: bool,
    /// May hand over to someone else.
    pub reassignable: bool,
    /// Files handed in.
    pub attachments: Vec<Attachment>,
    /// `None` is a placeholder.
    pub signer: Option<Signer>,
    /// Legalesign's code for how far its signer is.
    pub code: u8,
    /// A witness has to confirm the signature (Legalesign).
    pub witnessed: bool,
    /// Why the signer refused (Legalesign).
    pub refusal: Option<String>,
}

/// One signature block.
#[derive(Debug, Clone)]
pub struct Approval {
    /// Its id.
    pub id: String,
    /// Its only field's id.
    pub field: String,
    /// The role that signs here (never the signer's id).
    pub role: String,
    /// Clicked, ms.
    pub accepted: Option<i64>,
    /// Confirmed, ms.
    pub signed: Option<i64>,
    /// Refused by its signer (WebSignatureOffice).
    pub rejected: bool,
    /// May be left out.
    pub optional: bool,
}

/// A document and who signs it.
#[derive(Debug, Clone)]
pub struct Document {
    /// 48 hex digits, or `default-consent`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: i64,
    /// Pages.
    pub pages: i64,
    /// Its signature blocks.
    pub approvals: Vec<Approval>,
    /// The digest of the signed file, once completed.
    pub signed_hash: Option<String>,
}

/// The thing being signed, as the provider has it.
#[derive(Debug, Clone)]
pub struct Package {
    /// 28 characters, the last one `=`; a UUID at Legalesign, digits at WebSignatureOffice.
    pub id: String,
    /// Its title.
    pub name: String,
    /// Where it stands.
    pub status: Status,
    /// In the trash, whatever the status.
    pub trashed: bool,
    /// Gone for good: every question about it is a 404.
    pub deleted: bool,
    /// A template is never out for signing.
    pub template: bool,
    /// Completes with the last signature; otherwise the sender has to.
    pub autocomplete: bool,
    /// Everyone signed, the sender has not confirmed.
    pub ready: bool,
    /// Due, ms.
    pub due: Option<i64>,
    /// Made, ms.
    pub created: i64,
    /// Changed, ms; a look or a bounced mail is no change.
    pub updated: i64,
    /// Completed, ms.
    pub completed: Option<i64>,
    /// The customer's own keys.
    pub data: Vec<(String, String)>,
    /// Who sends it.
    pub sender: Sender,
    /// The signing order.
    pub roles: Vec<Role>,
    /// The agreement to sign electronically; there from the first activation on.
    pub consent: Option<Document>,
    /// What is signed.
    pub documents: Vec<Document>,
    /// The team it belongs to (Legalesign).
    pub group: String,
    /// Put away, whatever the status (Legalesign).
    pub archived: bool,
    /// The final PDF exists (Legalesign).
    pub final_pdf: bool,
    /// Its pages could not be drawn (WebSignatureOffice).
    pub render_failed: bool,
    /// The time of the newest thing that happened, so that no two share one.
    pub last_at: i64,
}

impl Package {
    /// Every document, the consent first.
    pub fn all_documents(&self) -> impl Iterator<Item = &Document> {
        self.consent.iter().chain(&self.documents)
    }

    /// What a role has to sign.
    pub fn blocks_of<'p>(&'p self, role: &'p str) -> impl Iterator<Item = &'p Approval> {
        let blocks = self.all_documents().flat_map(|document| &document.approvals);
        blocks.filter(move |approval| approval.role == role && !approval.optional)
    }

    /// Whether a role has signed all it must; a role without blocks has.
    #[must_use]
    pub fn role_done(&self, role: &str) -> bool {
        self.blocks_of(role).all(|approval| approval.signed.is_some())
    }

    /// Whether everyone has signed.
    #[must_use]
    pub fn all_done(&self) -> bool {
        self.roles.iter().all(|role| self.role_done(&role.id))
    }

    /// Whether signers can act on it.
    #[must_use]
    pub fn open(&self) -> bool {
        self.status == Status::Sent && !self.trashed && !self.deleted && !self.template
    }
}
