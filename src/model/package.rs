//! A package as the board shows it: always the fold of its log, never edited.

use super::{Fingerprint, Origin, SignerStatus, Status, Step, Timestamp};

/// A refusal asks for attention this long: a week.
pub const REFUSAL_SHOWN_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// The state of a package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Package {
    /// Where it stands.
    pub status: Status,
    /// What told the status, if anything did.
    pub decided: Option<Decided>,
    /// In the trash; the status moves on underneath.
    pub trashed: bool,
    /// Everybody signed and the sender has to finish it; only while sent.
    pub ready_to_complete: bool,
    /// It had ended and the API doesn't know it any more: purged by the provider's retention.
    pub gone: bool,
    /// Put away at a provider where that is a flag, not a status.
    pub archived: bool,
    /// The final, signed PDF exists.
    pub final_pdf: bool,
    /// The provider could not draw its pages.
    pub render_failed: bool,
    /// Since when what was signed could not be put into the electronic vault.
    pub deposit_failed: Option<Timestamp>,
    /// The id is a template's: never shown.
    pub template: bool,
    /// It belongs to a group that its account doesn't show. The fold can't know; the store says so.
    pub elsewhere: bool,
    /// Its name; as a rule only the API tells.
    pub name: Option<String>,
    /// The team that it belongs to, at a provider that has teams.
    pub group: Option<String>,
    /// Who sent it; only the API tells.
    pub sender: Option<Person>,
    /// The customer's own reference.
    pub reference: Option<String>,
    /// What the customer handed over with it, by name; only the API tells.
    pub data: Vec<(String, String)>,
    /// Why it was declined or opted out of, in the signer's words.
    pub reason: Option<String>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// The latest thing known of it.
    pub updated: Timestamp,
    /// When it expires.
    pub due: Option<Timestamp>,
    /// The time at which the newest answer of the API was true.
    pub confirmed_at: Option<Timestamp>,
    /// Its signers in signing order; those who have left come last.
    pub signers: Vec<Signer>,
    /// Its documents, without agreements.
    pub documents: Vec<Document>,
    /// Who accepted the consent or another agreement.
    pub consented: Vec<String>,
    /// What signers handed in.
    pub attachments: Vec<Attachment>,
    /// What contradicts, and what had to be inferred; each asks the provider.
    pub doubts: Vec<Doubt>,
    /// When the provider should be asked, by our clock; `None`: no need. In the past: now.
    pub ask_at: Option<Timestamp>,
    /// How many facts the log holds.
    pub facts: u32,
    /// More facts than are folded (rule 22): the state is that of the first ones.
    pub too_many_facts: bool,
}

/// The fact that decided a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The provider's word as sent.
    pub name: String,
    /// When it happened, if told.
    pub happened_at: Option<Timestamp>,
    /// When it was first received, or asked for.
    pub received_at: Timestamp,
    /// How the board learned of it.
    pub origin: Origin,
    /// Which fact it is.
    pub fingerprint: Fingerprint,
    /// The status was inferred from it, not told by it (rule 6).
    pub inferred: bool,
    /// Nothing vouches for whoever told it.
    pub unverified: bool,
}

/// Somebody with an id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// The provider's id.
    pub id: String,
    /// The name, where known.
    pub name: Option<String>,
    /// The mail address, where known.
    pub email: Option<String>,
}

/// A person who signs, or a place that waits for one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signer {
    /// The signer's id; a placeholder's is its role id.
    pub id: String,
    /// The place, where known.
    pub role: Option<String>,
    /// The name, where known.
    pub name: Option<String>,
    /// The mail address, where known.
    pub email: Option<String>,
    /// The turn in the signing order, from 1, where known. Two of the same turn sign side by side.
    pub order: Option<u32>,
    /// How far the signer got.
    pub status: SignerStatus,
    /// The provider's own word for how far, where it says so in one (rule 19).
    pub step: Option<Step>,
    /// How many fields are signed, at a provider that tells of fields (rule 21).
    pub fields_signed: u32,
    /// How many fields were rejected.
    pub fields_rejected: u32,
    /// Locked out.
    pub locked: bool,
    /// A mail came back.
    pub bounced: bool,
    /// Did not pass an identity check.
    pub kba_failed: bool,
    /// A place without a person yet.
    pub placeholder: bool,
    /// Counted in "n of m".
    pub counted: bool,
    /// The newest answer doesn't list this signer and no newer fact names them; only the history does.
    pub left: bool,
    /// Since when the status, or the trouble, stands.
    pub since: Option<Timestamp>,
}

/// A document and who signed it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// Its id.
    pub id: String,
    /// Its name, where known.
    pub name: Option<String>,
    /// The ids of the signers who confirmed it.
    pub signed_by: Vec<String>,
}

/// Something that a signer handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The file's name, if told.
    pub name: Option<String>,
    /// Who handed it in.
    pub signer: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Something that contradicts, or that had to be inferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// What it is.
    pub kind: DoubtKind,
    /// The word of the fact that raised it.
    pub name: String,
    /// When that fact happened, or was first received.
    pub at: Timestamp,
    /// When we first received it.
    pub received_at: Timestamp,
}

/// The kinds of doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DoubtKind {
    /// Rule 6: a signing fact came while draft.
    SentInferred,
    /// Rule 1: opposites at the same millisecond.
    OppositesAtOnce,
    /// A second, different end.
    TwoEnds,
    /// Rule 3: the fact's clock was absurd.
    AbsurdClock,
    /// Rule 4: without a time it can't be said what it changes.
    Untimed,
    /// Rule 9: something happened after the deletion.
    AfterDeletion,
    /// Rule 15: it contradicts an answer that was true within two seconds of it.
    AgainstAnswer,
    /// Rule 19: the final PDF exists, and nothing said that it was completed.
    CompletedInferred,
    /// Nothing vouches for whoever told it.
    Unverified,
}

impl DoubtKind {
    /// Every kind, for the codec.
    pub const ALL: [Self; 9] = [
        Self::SentInferred,
        Self::OppositesAtOnce,
        Self::TwoEnds,
        Self::AbsurdClock,
        Self::Untimed,
        Self::AfterDeletion,
        Self::AgainstAnswer,
        Self::CompletedInferred,
        Self::Unverified,
    ];

    /// The kind's name in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::SentInferred => "sent_inferred",
            Self::OppositesAtOnce => "opposites_at_once",
            Self::TwoEnds => "two_ends",
            Self::AbsurdClock => "absurd_clock",
            Self::Untimed => "untimed",
            Self::AfterDeletion => "after_deletion",
            Self::AgainstAnswer => "against_answer",
            Self::CompletedInferred => "completed_inferred",
            Self::Unverified => "unverified",
        }
    }
}

impl Package {
    /// Whether boards, counts and lists know it: no template, and not of a group that isn't shown.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        !self.template && !self.elsewhere
    }

    /// The signers of today, in signing order: without those who have left.
    pub fn present(&self) -> impl Iterator<Item = &Signer> {
        self.signers.iter().filter(|signer| !signer.left)
    }

    /// The places in "n of m", in signing order: for several people in one place, whoever of them got furthest.
    pub fn counted(&self) -> impl Iterator<Item = &Signer> {
        self.signers.iter().enumerate().filter(|it| self.speaks_for_its_place(*it)).map(|(_, signer)| signer)
    }

    fn speaks_for_its_place(&self, (at, signer): (usize, &Signer)) -> bool {
        let further = |(n, other): (usize, &Signer)| {
            let furthest_first = (other.status, at).cmp(&(signer.status, n));
            other.counted && !other.left && other.role == signer.role && furthest_first.is_gt()
        };
        let alone = signer.role.is_none() || !self.signers.iter().enumerate().any(further);
        signer.counted && !signer.left && alone
    }

    /// How many have signed, of how many.
    #[must_use]
    pub fn signed_of(&self) -> (usize, usize) {
        let signed = self.counted().filter(|signer| signer.status == SignerStatus::Signed).count();
        (signed, self.counted().count())
    }

    /// Whom the package waits for now: the first turn that isn't done, where the order is known; else all who aren't.
    #[must_use]
    pub fn waiting_for(&self) -> Vec<&Signer> {
        if self.status != Status::Sent || self.ready_to_complete {
            return Vec::new();
        }
        let places: Vec<&Signer> = self.counted().filter(|signer| signer.is_open()).collect();
        let is_open = |signer: &&Signer| {
            let mine = |place: &&Signer| place.id == signer.id || place.role == signer.role;
            signer.counted && signer.is_open() && places.iter().any(mine)
        };
        let open: Vec<&Signer> = self.present().filter(is_open).collect();
        let turn = open.iter().filter_map(|signer| signer.order).min();
        open.into_iter().filter(|signer| signer.order.is_none() || signer.order == turn).collect()
    }

    /// Until when a person is asked to look at it: for ever while a signer is in trouble, for a week after somebody
    /// refused. `None`: nothing to do.
    #[must_use]
    pub fn attention_until(&self) -> Option<Timestamp> {
        if self.trashed || !self.is_shown() {
            None
        } else if self.troubled().next().is_some() && self.status.is_open() {
            Some(Timestamp(i64::MAX))
        } else if self.status.is_open() {
            let refused = self.present().filter(|signer| signer.status == SignerStatus::Declined);
            refused.map(|signer| signer.since.unwrap_or(self.updated).plus(REFUSAL_SHOWN_MS)).max()
        } else if matches!(self.status, Status::Declined | Status::OptedOut | Status::Failed) {
            let decided = self.decided.as_ref()?;
            Some(decided.happened_at.unwrap_or(decided.received_at).plus(REFUSAL_SHOWN_MS))
        } else {
            None
        }
    }

    /// Whether it stands among what needs a person at `now`.
    #[must_use]
    pub fn needs_attention(&self, now: Timestamp) -> bool {
        self.attention_until().is_some_and(|until| until > now)
    }

    /// Whether `other` looks the same to everybody: when it was last confirmed and will next be asked about is not
    /// looked at, so that an answer that agrees makes no change (rule 16).
    #[must_use]
    pub fn looks_like(&self, other: &Self) -> bool {
        let mut twin = other.clone();
        twin.confirmed_at = self.confirmed_at;
        twin.ask_at = self.ask_at;
        if let (Some(mine), Some(theirs)) = (&self.decided, &twin.decided)
            && mine.origin == Origin::Poll
            && theirs.origin == Origin::Poll
        {
            twin.decided = self.decided.clone();
        }
        *self == twin
    }

    /// The signers in trouble.
    pub fn troubled(&self) -> impl Iterator<Item = &Signer> {
        self.present().filter(|signer| signer.is_troubled())
    }
}

impl Signer {
    /// Locked out, unreachable, or not identified.
    #[must_use]
    pub fn is_troubled(&self) -> bool {
        self.locked || self.bounced || self.kba_failed
    }

    /// Still has to sign; whoever is through without a signature hasn't.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.step != Some(Step::FinishedUnsigned)
            && matches!(self.status, SignerStatus::Waiting | SignerStatus::Viewed | SignerStatus::Signing)
    }
}
