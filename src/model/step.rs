//! How far a signer is, told as a whole: Legalesign's codes (rule 19) and what a WebSignatureOffice user ends with.

use super::SignerStatus;

/// Where one signer stands. Unlike a fact that adds something, the latest tells all, and it may go back: a signer who
/// was reset waits again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// 4: nobody wrote to them yet.
    Unsent,
    /// 5: they will be written to.
    Scheduled,
    /// 10: they were written to.
    Sent,
    /// 15: they opened the mail.
    MailOpened,
    /// 20: they looked at the document.
    Visited,
    /// 35: every field is filled but the signature.
    FilledButSignature,
    /// 30: every field is filled.
    Filled,
    /// 39: they wait for their witness.
    AwaitsWitness,
    /// They are through and signed nothing (WebSignatureOffice's USER_FINISH with no field).
    FinishedUnsigned,
    /// 40: signed.
    Signed,
    /// 50: signed, and took the signed document.
    Downloaded,
}

impl Step {
    /// Every step, in the order of rule 1.
    pub const ALL: [Self; 11] = [
        Self::Unsent,
        Self::Scheduled,
        Self::Sent,
        Self::MailOpened,
        Self::Visited,
        Self::FilledButSignature,
        Self::Filled,
        Self::AwaitsWitness,
        Self::FinishedUnsigned,
        Self::Signed,
        Self::Downloaded,
    ];

    /// The word in the store and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unsent => "unsent",
            Self::Scheduled => "scheduled",
            Self::Sent => "sent",
            Self::MailOpened => "mail_opened",
            Self::Visited => "visited",
            Self::FilledButSignature => "filled_but_signature",
            Self::Filled => "filled",
            Self::AwaitsWitness => "awaits_witness",
            Self::FinishedUnsigned => "finished_unsigned",
            Self::Signed => "signed",
            Self::Downloaded => "downloaded",
        }
    }

    /// The step that a word of [`Step::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.word() == word)
    }

    /// Rule 19: the status in the board's words.
    #[must_use]
    pub fn status(self) -> SignerStatus {
        match self {
            Self::Unsent | Self::Scheduled | Self::Sent | Self::MailOpened => SignerStatus::Waiting,
            Self::Visited | Self::FinishedUnsigned => SignerStatus::Viewed,
            Self::FilledButSignature | Self::Filled | Self::AwaitsWitness => SignerStatus::Signing,
            Self::Signed | Self::Downloaded => SignerStatus::Signed,
        }
    }

    /// Somebody wrote to the signer: the package is out (rule 19).
    #[must_use]
    pub fn is_out(self) -> bool {
        self >= Self::Sent
    }

    /// It shows that the mail arrived and the signer got through (rule 12).
    #[must_use]
    pub fn is_positive(self) -> bool {
        self >= Self::MailOpened
    }
}
