//! What people and programs do with the board that is noted: each kind has one word, in the store and for programs.

/// A kind of thing that somebody did, or was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeedKind {
    /// They came in.
    SignIn,
    /// They were not let in: a wrong password or code, too many tries, an end of their right to come.
    SignInRefused,
    /// They left.
    SignOut,
    /// They asked for what is not for them.
    Refused,
    /// A password was set or changed.
    Password,
    /// A second factor was set up or taken away.
    SecondFactor,
    /// Sessions were ended.
    SessionsEnded,
    /// A link that works once was made.
    Link,
    /// Somebody may use the board.
    UserAdded,
    /// They may do or see something else, or are called otherwise.
    UserChanged,
    /// They may use it no more.
    UserDisabled,
    /// They may again.
    UserEnabled,
    /// A token was made.
    TokenAdded,
    /// A token was ended.
    TokenEnded,
    /// The bytes of a callback were read.
    PayloadRead,
    /// A file was made of what the board knows.
    Export,
    /// A comparison with a provider was asked for.
    Resync,
    /// It was stopped.
    ResyncStopped,
    /// Kept callbacks were read again.
    Replay,
    /// All packages were folded again.
    Rebuild,
    /// Lost callbacks were pasted.
    Import,
    /// Somebody vouched for a callback.
    Admit,
    /// A pasted callback was thrown away.
    Forget,
    /// A provider was told whom to call.
    Register,
    /// A new secret of callbacks was made.
    Rotate,
    /// The old one was ended.
    Retire,
    /// The board called itself.
    TestCallback,
    /// Callbacks were passed on once more.
    SentAgain,
    /// The database was copied.
    Backup,
    /// A board was made of a copy.
    Restore,
    /// What is older than its keeping was taken away.
    Retention,
    /// A person was erased.
    Erase,
    /// A view was saved, changed or thrown away.
    View,
    /// A hook of the firm's own logic is told nothing for a while.
    HookPaused,
    /// It is told again.
    HookResumed,
    /// Somebody saw to an alert, put it off, or asked whether it is mended.
    Alert,
    /// Somebody follows a package, or no more.
    Follow,
    /// Somebody chose what they are told.
    Wishes,
}

impl DeedKind {
    /// Each.
    pub const ALL: [Self; 38] = [
        Self::SignIn,
        Self::SignInRefused,
        Self::SignOut,
        Self::Refused,
        Self::Password,
        Self::SecondFactor,
        Self::SessionsEnded,
        Self::Link,
        Self::UserAdded,
        Self::UserChanged,
        Self::UserDisabled,
        Self::UserEnabled,
        Self::TokenAdded,
        Self::TokenEnded,
        Self::PayloadRead,
        Self::Export,
        Self::Resync,
        Self::ResyncStopped,
        Self::Replay,
        Self::Rebuild,
        Self::Import,
        Self::Admit,
        Self::Forget,
        Self::Register,
        Self::Rotate,
        Self::Retire,
        Self::TestCallback,
        Self::SentAgain,
        Self::Backup,
        Self::Restore,
        Self::Retention,
        Self::Erase,
        Self::View,
        Self::HookPaused,
        Self::HookResumed,
        Self::Alert,
        Self::Follow,
        Self::Wishes,
    ];

    /// The word in the store and for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignInRefused => "sign-in-refused",
            Self::SignOut => "sign-out",
            Self::Refused => "refused",
            Self::Password => "password",
            Self::SecondFactor => "second-factor",
            Self::SessionsEnded => "sessions-ended",
            Self::Link => "link",
            Self::UserAdded => "user-added",
            Self::UserChanged => "user-changed",
            Self::UserDisabled => "user-disabled",
            Self::UserEnabled => "user-enabled",
            Self::TokenAdded => "token-added",
            Self::TokenEnded => "token-ended",
            Self::PayloadRead => "payload-read",
            Self::Export => "export",
            Self::Resync => "resync",
            Self::ResyncStopped => "resync-stopped",
            Self::Replay => "replay",
            Self::Rebuild => "rebuild",
            Self::Import => "import",
            Self::Admit => "admit",
            Self::Forget => "forget",
            Self::Register => "register",
            Self::Rotate => "rotate",
            Self::Retire => "retire",
            Self::TestCallback => "test-callback",
            Self::SentAgain => "sent-again",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Retention => "retention",
            Self::Erase => "erase",
            Self::View => "view",
            Self::HookPaused => "hook-paused",
            Self::HookResumed => "hook-resumed",
            Self::Alert => "alert",
            Self::Follow => "follow",
            Self::Wishes => "wishes",
        }
    }

    /// The kind that a word of [`DeedKind::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::DeedKind;

    #[test]
    fn each_word_names_its_kind() {
        for kind in DeedKind::ALL {
            assert_eq!(DeedKind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(DeedKind::from_word("session-ended"), None);
    }
}
