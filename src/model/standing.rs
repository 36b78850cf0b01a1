//! What became of a callback that an answer of the API showed to be missing: whether it came after all, may still be on
//! its way, was never asked for, or was missed.

use super::{Answer, Difference, Field, Missed, Package, Record, SignerStatus, Timestamp, diff, fold};

/// An answer's time is cut to the second: it may know what happened so much later.
const CUT_MS: i64 = 999;

/// What a provider calls each callback: the kind, what it tells (empty: that doesn't matter), and the word. What isn't in
/// it the provider never tells, so that nobody can miss it.
pub type Words = &'static [(Missed, &'static str, &'static str)];

/// What the provider calls the callback that would have told it.
#[must_use]
pub fn word_of(words: Words, it: &Difference) -> Option<&'static str> {
    let told =
        |(missed, tells): (Missed, &str)| missed == it.missed && (tells.is_empty() || tells == it.provider);
    words.iter().find(|(missed, tells, _)| told((*missed, tells))).map(|(_, _, word)| *word)
}

/// Where a line of drift stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// The callback didn't come, and it is too late for it.
    Missed,
    /// So little time has passed that it may still come.
    OnItsWay,
    /// It came, but late, or a person brought it.
    CameLate,
    /// The provider was not asked to send it.
    NotSubscribed,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 4] = [Self::Missed, Self::OnItsWay, Self::CameLate, Self::NotSubscribed];

    /// The word in the store and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::OnItsWay => "on_its_way",
            Self::CameLate => "came_late",
            Self::NotSubscribed => "not_subscribed",
        }
    }

    /// The standing that a word of [`Standing::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.word() == word)
    }
}

/// As much of a line of drift as it takes to see whether its callback came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The word of a [`Field`].
    pub field: String,
    /// Of whom; `None`: of the package.
    pub signer: Option<String>,
    /// What the provider said.
    pub provider: String,
    /// The word of a [`Missed`].
    pub missed: String,
    /// The time at which the answer was true.
    pub as_of: Timestamp,
    /// When it was asked for, by our clock.
    pub found_at: Timestamp,
}

impl Line {
    /// The line of a difference that the answer of these times showed.
    #[must_use]
    pub fn new(it: &Difference, as_of: Timestamp, found_at: Timestamp) -> Self {
        Self {
            field: it.field.word().to_owned(),
            signer: it.signer.clone(),
            provider: it.provider.to_owned(),
            missed: it.missed.word().to_owned(),
            as_of,
            found_at,
        }
    }

    /// Whether a package's log tells by now what the answer showed: without that answer and all later ones, and without
    /// what happened after it. So an open line is what differs between what came and what was sent, whatever comes when.
    #[must_use]
    pub fn is_told(&self, log: &[Record]) -> bool {
        let before = |it: &&Record| match (it.answer(), it.sort_time()) {
            (Some(_), _) => it.received_at < self.found_at,
            (None, Some((at, false))) => at <= self.as_of.plus(CUT_MS),
            // Nobody knows when it happened.
            (None, _) => true,
        };
        let told: Vec<Record> = log.iter().filter(before).cloned().collect();
        !told.is_empty() && self.is_in(&fold(&told))
    }

    fn is_in(&self, told: &Package) -> bool {
        let signer = told.signers.iter().find(|it| Some(&it.id) == self.signer.as_ref());
        let of_package = |word: &str| word == self.provider || diff::is_doubted(told);
        match self.field.as_str() {
            it if it == Field::Status.word() => of_package(told.status.word()),
            it if it == Field::Trashed.word() => of_package(diff::yes_no(told.trashed)),
            it if it == Field::Locked.word() => signer.is_some_and(|it| it.locked),
            it if it == Field::Identity.word() => signer.is_some_and(|it| it.kba_failed),
            _ => signer.is_some_and(|it| match self.missed.as_str() {
                missed if missed == Missed::SignerCompleted.word() => it.status == SignerStatus::Signed,
                missed if missed == Missed::DocumentSigned.word() => {
                    !matches!(it.status, SignerStatus::Waiting | SignerStatus::Viewed)
                }
                missed if missed == Missed::Refused.word() => it.status == SignerStatus::Declined,
                _ => diff::progress(it) == self.provider,
            }),
        }
    }
}

impl Difference {
    /// Whether it may have happened before `since`, when nobody listened yet: asked of the first `answer` about a package.
    #[must_use]
    pub fn may_precede(&self, since: Timestamp, answer: &Answer) -> bool {
        match (&self.signer, self.happened_at, answer) {
            (Some(_), Some(at), _) => at < since,
            (_, _, Answer::Shown(it)) => it.created.is_some_and(|at| at < since),
            (_, _, Answer::NotFound) => false,
        }
    }

    /// Until when, by our clock, its callback may be on its way, if it takes so long at most. Both times of the provider
    /// are by its own clock, so that how far that is off doesn't matter.
    #[must_use]
    pub fn expected_by(&self, told_within_ms: i64, as_of: Timestamp, found_at: Timestamp) -> Timestamp {
        let age = self.happened_at.map_or(0, |at| as_of.since(at).max(0));
        found_at.plus(told_within_ms.saturating_sub(age).max(0))
    }
}
