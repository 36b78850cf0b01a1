//! On what occasion somebody is told of an alert, and why they.

/// On what occasion somebody is told of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Occasion {
    /// It was raised.
    Raised,
    /// Nobody has seen to it for a while; the how manieth reminder it is.
    Reminder(i64),
    /// It is mended; for the how manieth time somebody is told so.
    Resolved(i64),
    /// It stands although somebody was told so often that it is mended.
    Again(i64),
}

impl Occasion {
    /// Its name in the store.
    #[must_use]
    pub fn word(self) -> String {
        match self {
            Self::Raised => "raised".to_owned(),
            Self::Reminder(n) => format!("reminder {n}"),
            Self::Resolved(..=1) => "resolved".to_owned(),
            Self::Resolved(n) => format!("resolved {n}"),
            Self::Again(n) => format!("again {n}"),
        }
    }

    pub(super) fn of(word: &str) -> Self {
        let (word, n) = word.split_once(' ').map_or((word, 1), |(word, n)| (word, n.parse().unwrap_or(1)));
        match word {
            "reminder" => Self::Reminder(n),
            "resolved" => Self::Resolved(n),
            "again" => Self::Again(n),
            _ => Self::Raised,
        }
    }
}

/// Why somebody hears of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Because {
    /// They follow it.
    Follower,
    /// They sent it.
    Sender,
    /// They stand in for one of those.
    StandIn,
    /// A rule of the configuration names them.
    Rule,
    /// They look after the board.
    Operator,
    /// Nobody else was found.
    Fallback,
}

impl Because {
    const ALL: [Self; 6] =
        [Self::Follower, Self::Sender, Self::StandIn, Self::Rule, Self::Operator, Self::Fallback];

    /// Its name in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Follower => "follower",
            Self::Sender => "sender",
            Self::StandIn => "stand_in",
            Self::Rule => "rule",
            Self::Operator => "operator",
            Self::Fallback => "fallback",
        }
    }

    pub(super) fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|it| it.word() == word).unwrap_or(Self::Fallback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_occasion_is_read_as_it_was_written() {
        let all = [Occasion::Raised, Occasion::Reminder(3), Occasion::Resolved(2), Occasion::Again(1)];
        for it in all {
            assert_eq!(Occasion::of(&it.word()), it);
        }
        // As they have always been called.
        assert_eq!(Occasion::Resolved(1).word(), "resolved");
        assert_eq!(Occasion::of("resolved"), Occasion::Resolved(1));
    }
}
