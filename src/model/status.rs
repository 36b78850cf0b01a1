//! Where a package stands, and how far a signer got: the words of the board.

/// Where a package stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Status {
    /// Not sent yet, or taken back.
    #[default]
    Draft,
    /// Out with its signers.
    Sent,
    /// Everybody signed.
    Completed,
    /// Somebody refused.
    Declined,
    /// Somebody refused to sign electronically.
    OptedOut,
    /// Its time ran out.
    Expired,
    /// Put away.
    Archived,
    /// The sender called it off.
    Cancelled,
    /// It went wrong.
    Failed,
    /// Gone at the provider.
    Deleted,
}

impl Status {
    /// Every status, in the order of the tallies.
    pub const ALL: [Self; 10] = [
        Self::Sent,
        Self::Draft,
        Self::Completed,
        Self::Declined,
        Self::OptedOut,
        Self::Expired,
        Self::Cancelled,
        Self::Failed,
        Self::Archived,
        Self::Deleted,
    ];

    /// The word in URLs and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Sent => "sent",
            Self::Completed => "completed",
            Self::Declined => "declined",
            Self::OptedOut => "opted_out",
            Self::Expired => "expired",
            Self::Archived => "archived",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Deleted => "deleted",
        }
    }

    /// The status that a word of [`Status::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// The word on the page.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Sent => "Sent",
            Self::Completed => "Completed",
            Self::Declined => "Declined",
            Self::OptedOut => "Opted out",
            Self::Expired => "Expired",
            Self::Archived => "Archived",
            Self::Cancelled => "Cancelled",
            Self::Failed => "Failed",
            Self::Deleted => "Deleted",
        }
    }

    /// Rule 4: draft < sent < ends < archived; a deletion is above all.
    #[must_use]
    pub fn height(self) -> u8 {
        match self {
            Self::Draft => 0,
            Self::Sent => 1,
            Self::Completed
            | Self::Declined
            | Self::OptedOut
            | Self::Expired
            | Self::Cancelled
            | Self::Failed => 2,
            Self::Archived => 3,
            Self::Deleted => 4,
        }
    }

    /// Not ended: somebody still has to do something.
    #[must_use]
    pub fn is_open(self) -> bool {
        self.height() < 2
    }

    /// One of the ends that exclude each other.
    #[must_use]
    pub fn is_end(self) -> bool {
        self.height() == 2
    }
}

/// How far a signer got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum SignerStatus {
    /// Nothing happened yet.
    #[default]
    Waiting,
    /// Looked at a document.
    Viewed,
    /// Accepted the consent, or signed some of the documents.
    Signing,
    /// Done.
    Signed,
    /// Refused.
    Declined,
    /// Refused to sign electronically.
    OptedOut,
    /// Gave the place to someone else.
    Reassigned,
}

impl SignerStatus {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Viewed => "viewed",
            Self::Signing => "signing",
            Self::Signed => "signed",
            Self::Declined => "declined",
            Self::OptedOut => "opted_out",
            Self::Reassigned => "reassigned",
        }
    }

    /// The status that a word of [`SignerStatus::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Waiting,
            Self::Viewed,
            Self::Signing,
            Self::Signed,
            Self::Declined,
            Self::OptedOut,
            Self::Reassigned,
        ]
        .into_iter()
        .find(|status| status.word() == word)
    }
}
