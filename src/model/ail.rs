//! What is wrong with the board itself: when whoever runs it is to hear of that, and when it counts as over. A pure function of
//! what was seen and what was noted, so that doing it twice changes nothing, and a restart neither.

use super::alert::AlertKind;
use super::{AccountId, Timestamp};

/// It is over only when its cause was away for so long: one that comes and goes is one thing to tell.
pub const AWAY_MS: i64 = 10 * 60 * 1000;

/// Something that whoever runs the board has to see to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ail {
    /// Of which account; empty: of the whole board.
    pub account: AccountId,
    /// What it is.
    pub kind: AlertKind,
    /// Which hook or channel; empty where there is but one.
    pub subject: String,
}

/// How it looks now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It stands, since then.
    Stands(Timestamp),
    /// It doesn't.
    Away,
    /// Nobody can say yet.
    Unknown,
}

/// One that was raised and is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The alert's number.
    pub id: i64,
    /// What it is.
    pub ail: Ail,
    /// Since when its cause is away.
    pub away_since: Option<Timestamp>,
}

/// What is to be noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It stands, since then, and nobody knows.
    Raise(Ail, Timestamp),
    /// The cause of this alert is away.
    Leaves(i64),
    /// It came back before that was over.
    Returns(i64),
    /// It is over.
    Clear(i64),
}

/// What has to be noted at `now`. What was noted and isn't among what was looked at, such as an account that is not
/// configured any more, is away.
#[must_use]
pub fn steps(seen: &[(Ail, Seen)], noted: &[Noted], now: Timestamp) -> Vec<Step> {
    let is_noted = |ail: &Ail| noted.iter().any(|it| it.ail == *ail);
    let raise = |(ail, seen): &(Ail, Seen)| match seen {
        Seen::Stands(began) if !is_noted(ail) => Some(Step::Raise(ail.clone(), *began)),
        Seen::Stands(_) | Seen::Away | Seen::Unknown => None,
    };
    let goes = |it: &Noted| {
        let found = seen.iter().find(|(ail, _)| *ail == it.ail).map_or(Seen::Away, |(_, seen)| *seen);
        match (found, it.away_since) {
            (Seen::Stands(_), Some(_)) => Some(Step::Returns(it.id)),
            (Seen::Away, None) => Some(Step::Leaves(it.id)),
            (Seen::Away, Some(since)) if now.since(since) >= AWAY_MS => Some(Step::Clear(it.id)),
            (Seen::Stands(_), None) | (Seen::Away, Some(_)) | (Seen::Unknown, _) => None,
        }
    };
    seen.iter().filter_map(raise).chain(noted.iter().filter_map(goes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(100_000_000);

    fn ail() -> Ail {
        Ail { account: AccountId("os".to_owned()), kind: AlertKind::Silent, subject: String::new() }
    }

    fn of(seen: Option<Seen>, away_since: Option<Option<i64>>) -> Vec<Step> {
        let seen: Vec<_> = seen.map(|it| (ail(), it)).into_iter().collect();
        let noted = |it: Option<i64>| Noted { id: 7, ail: ail(), away_since: it.map(|ms| NOW.plus(-ms)) };
        steps(&seen, &away_since.map(noted).into_iter().collect::<Vec<_>>(), NOW)
    }

    #[test]
    fn it_is_raised_once_and_over_only_after_it_was_away_for_a_while() {
        let stands = Some(Seen::Stands(Timestamp(3)));
        assert_eq!(of(stands, None), [Step::Raise(ail(), Timestamp(3))]);
        assert_eq!(of(stands, Some(None)), []);
        assert_eq!(of(stands, Some(Some(AWAY_MS + 1))), [Step::Returns(7)]);
        for gone in [Some(Seen::Away), None] {
            assert_eq!(of(gone, None), []);
            assert_eq!(of(gone, Some(None)), [Step::Leaves(7)]);
            assert_eq!(of(gone, Some(Some(AWAY_MS - 1))), []);
            assert_eq!(of(gone, Some(Some(AWAY_MS))), [Step::Clear(7)]);
        }
    }

    #[test]
    fn what_nobody_can_say_changes_nothing() {
        for noted in [None, Some(None), Some(Some(AWAY_MS))] {
            assert_eq!(of(Some(Seen::Unknown), noted), []);
        }
    }
}
