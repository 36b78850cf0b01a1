//! Who may do what, and which packages they may see.

use super::{AccountId, Package, filter::sender_key};

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Also sees to what is theirs: resyncs, and pastes lost callbacks.
    Sender,
    /// Everything else.
    Admin,
}

impl Role {
    /// Each, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Sender, Self::Admin];

    /// The word in the store, on the command line and on the page.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Sender => "sender",
            Self::Admin => "admin",
        }
    }

    /// The role that a word of [`Role::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.word() == word)
    }
}

/// What a program may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Reads.
    Read,
    /// Reads and resyncs.
    Resync,
    /// Shows one board on a wall.
    Screen,
}

impl Scope {
    /// Each.
    pub const ALL: [Self; 3] = [Self::Read, Self::Resync, Self::Screen];

    /// The word in the store and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Resync => "resync",
            Self::Screen => "screen",
        }
    }

    /// The scope that a word of [`Scope::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.word() == word)
    }
}

/// What an address of the board asks of whoever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Needs {
    /// Nothing: it is open.
    Nothing,
    /// That they are known: any person, or any token but a screen's.
    Known,
    /// A wall screen, and nobody else: it has its one board.
    Screen,
    /// That they may resync: a sender, or a token for it.
    Resync,
    /// That they are a person, whatever their role.
    Person,
    /// A person who is at least this.
    Role(Role),
    /// An admin, or any token but a screen's that shows everything: what is there is of all accounts.
    AdminOrToken,
}

/// Which packages somebody may see. The default: all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// Only those of these accounts; `None`: of all.
    pub accounts: Option<Vec<AccountId>>,
    /// Only those that one of these sent, by mail address in lower case; `None`: whoever did.
    pub senders: Option<Vec<String>>,
}

impl Reach {
    /// Whether it is all of them.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether they may see anything of an account.
    #[must_use]
    pub fn has(&self, account: &AccountId) -> bool {
        self.accounts.as_ref().is_none_or(|some| some.contains(account))
    }

    /// Whether they may see a package.
    #[must_use]
    pub fn admits(&self, account: &AccountId, package: &Package) -> bool {
        let sent = |some: &Vec<String>| sender_key(package).is_some_and(|sender| some.contains(&sender));
        self.has(account) && self.senders.as_ref().is_none_or(sent)
    }
}
