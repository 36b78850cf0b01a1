//! What a board shows: one value made of the page's query, used by the list and by the live stream alike.

use super::access::Reach;
pub use super::text::{fold_text, search_text};
use super::{AccountId, Package, Status, Timestamp};

/// Which packages a board shows. The default: every status, not the trashed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only these; empty: all of [`Tally::All`].
    pub tally: Tally,
    /// Only this account.
    pub account: Option<AccountId>,
    /// Only accounts of this list (a provider's); empty: all.
    pub accounts: Vec<AccountId>,
    /// Words that must all begin one in the name, a signer, the sender, the reference, the group or the id, as
    /// [`search_words`](super::text::search_words) makes them.
    pub words: Vec<String>,
    /// Only packages of this sender, by mail address or id, in lower case.
    pub sender: Option<String>,
    /// Only packages of this group.
    pub group: Option<String>,
    /// Only packages that changed since.
    pub updated_since: Option<Timestamp>,
    /// Only packages that whoever asks may see.
    pub within: Reach,
}

/// One of the board's tallies: a count that is a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Tally {
    /// Everything but the trashed.
    #[default]
    All,
    /// What needs a person.
    Attention,
    /// Everybody signed, the sender has to finish it.
    WithSender,
    /// One status; the trashed are not in it.
    Status(Status),
    /// In the trash.
    Trashed,
}

impl Tally {
    /// The word in URLs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Attention => "attention",
            Self::WithSender => "with_sender",
            Self::Status(status) => status.word(),
            Self::Trashed => "trashed",
        }
    }

    /// The tally that a word of [`Tally::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "" | "all" => Some(Self::All),
            "attention" => Some(Self::Attention),
            "with_sender" => Some(Self::WithSender),
            "trashed" => Some(Self::Trashed),
            _ => Status::from_word(word).map(Self::Status),
        }
    }

    /// Whether a package is counted here at `now`.
    #[must_use]
    pub fn admits(self, package: &Package, now: Timestamp) -> bool {
        if !package.is_shown() {
            return false;
        }
        match self {
            Self::All => !package.trashed,
            Self::Attention => package.needs_attention(now),
            Self::WithSender => !package.trashed && package.ready_to_complete,
            Self::Status(status) => !package.trashed && package.status == status,
            Self::Trashed => package.trashed,
        }
    }
}

/// By what a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The latest thing known; newest first.
    #[default]
    Updated,
    /// When it expires; soonest first, what never does last.
    Due,
    /// The name, A first.
    Name,
    /// When it was made; newest first.
    Created,
}

impl Sort {
    /// Each, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Updated, Self::Due, Self::Name, Self::Created];

    /// The word in URLs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Updated => "updated",
            Self::Due => "due",
            Self::Name => "name",
            Self::Created => "created",
        }
    }

    /// The order that a word of [`Sort::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.word() == word)
    }

    /// Whether the largest stands first by nature.
    #[must_use]
    pub fn newest_first(self) -> bool {
        match self {
            Self::Updated | Self::Created => true,
            Self::Due | Self::Name => false,
        }
    }
}

impl Filter {
    /// Whether it may show packages of an account.
    #[must_use]
    pub fn has(&self, account: &AccountId) -> bool {
        self.account.as_ref().is_none_or(|only| only == account)
            && (self.accounts.is_empty() || self.accounts.contains(account))
            && self.within.has(account)
    }

    /// Whether a board with this filter shows `package`, whose [`search_text`] is `text`, at `now`.
    #[must_use]
    pub fn admits(&self, account: &AccountId, package: &Package, text: &str, now: Timestamp) -> bool {
        self.tally.admits(package, now)
            && self.has(account)
            && self.sender.as_ref().is_none_or(|only| sender_key(package).as_ref() == Some(only))
            && self.group.as_ref().is_none_or(|only| package.group.as_ref() == Some(only))
            && self.within.admits(account, package)
            && self.updated_since.is_none_or(|since| package.updated >= since)
            && self.words.iter().all(|word| text.contains(word.as_str()))
    }
}

/// By what packages of one sender are found: the mail address or the id, in lower case, since no two people differ in that.
#[must_use]
pub fn sender_key(package: &Package) -> Option<String> {
    sender_of(package).map(str::to_lowercase)
}

/// By what a sender is told apart: the mail address, else the id.
#[must_use]
pub fn sender_of(package: &Package) -> Option<&str> {
    let sender = package.sender.as_ref()?;
    Some(sender.email.as_deref().unwrap_or(&sender.id))
}
