//! What an answer of the API showed that no callback had told: one difference for each callback that is missing.
//!
//! It compares the package before the answer with the package after it, so that the rules of the fold alone decide what
//! an answer may say (a fact after its time stands, rule 15). Only what a callback would have told is a difference. What
//! callbacks never tell is learned from answers and missed by nobody: names, references, dates, who sits in a place, that
//! a lock was opened, that an identity was proven, that a signature is void. Views, bounces and reasons are known by
//! callbacks alone, so that nobody can say which of those are missing.

use super::{
    Answer, DoubtKind, Event, Package, Place, Signer, SignerStatus, Snapshot, Status, Step, Timestamp,
};

/// One thing that the board did not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of what.
    pub field: Field,
    /// Of whom; `None`: of the package.
    pub signer: Option<String>,
    /// What the board said, in a word; `None`: it had never heard of the package.
    pub board: Option<&'static str>,
    /// What the provider says, in a word.
    pub provider: &'static str,
    /// What the callback would have told.
    pub missed: Missed,
    /// When that happened at the latest, to the second, if the answer tells.
    pub happened_at: Option<Timestamp>,
}

/// What can differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Where the package stands.
    Status,
    /// Whether it is in the trash.
    Trashed,
    /// How far a signer is.
    Progress,
    /// Whether a signer is locked out.
    Locked,
    /// Whether a signer did not pass an identity check.
    Identity,
}

impl Field {
    /// The word in the store and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Trashed => "trashed",
            Self::Progress => "progress",
            Self::Locked => "locked",
            Self::Identity => "identity",
        }
    }
}

/// What a callback would have told: the kind of its fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Missed {
    /// The package was made.
    Created,
    /// It was taken back.
    Recalled,
    /// It went out.
    Sent,
    /// It was completed.
    Completed,
    /// Somebody refused.
    Declined,
    /// Somebody refused to sign electronically.
    OptedOut,
    /// Its time ran out.
    Expired,
    /// It was put away.
    Archived,
    /// It was called off.
    Cancelled,
    /// It went wrong.
    Failed,
    /// It was deleted.
    Deleted,
    /// It was put into the trash.
    Trashed,
    /// It was taken out of the trash.
    Restored,
    /// A signer began.
    DocumentSigned,
    /// A signer is done.
    SignerCompleted,
    /// How far a signer is, where the provider says so in one word.
    Stands,
    /// A signer refused, at such a provider.
    Refused,
    /// A signer was locked out.
    Locked,
    /// A signer did not pass a check.
    IdentityFailed,
}

impl Missed {
    /// The word in the store and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Recalled => "recalled",
            Self::Sent => "sent",
            Self::Completed => "completed",
            Self::Declined => "declined",
            Self::OptedOut => "opted_out",
            Self::Expired => "expired",
            Self::Archived => "archived",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Deleted => "deleted",
            Self::Trashed => "trashed",
            Self::Restored => "restored",
            Self::DocumentSigned => "document_signed",
            Self::SignerCompleted => "signer_completed",
            Self::Stands => "stands",
            Self::Refused => "refused",
            Self::Locked => "locked",
            Self::IdentityFailed => "identity_failed",
        }
    }
}

/// What `answer` showed: the package was `before` it and is `after` it. `None`: the board had never heard of it.
#[must_use]
pub fn diff(before: Option<&Package>, answer: &Answer, after: &Package) -> Vec<Difference> {
    if !after.is_shown() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let shown = match answer {
        Answer::Shown(snapshot) => Some(snapshot),
        Answer::NotFound => None,
    };
    let touched = shown.and_then(|it| it.updated);
    // It was told, and the telling could not be believed or not be placed: nothing is missing.
    let doubted = before.is_some_and(is_doubted);
    let of_package = |field, board, provider, missed| Difference {
        field,
        signer: None,
        board,
        provider,
        missed,
        happened_at: touched,
    };
    let board = before.map(|it| it.status);
    if board != Some(after.status) && !doubted {
        let missed = told_by(board, after.status);
        found.push(of_package(Field::Status, board.map(Status::word), after.status.word(), missed));
    }
    let Some(snapshot) = shown.filter(|it| !it.status_only) else { return found };
    let was_trashed = before.is_some_and(|it| it.trashed);
    if was_trashed != after.trashed && !doubted {
        let missed = if after.trashed { Missed::Trashed } else { Missed::Restored };
        let board = before.map(|_| yes_no(was_trashed));
        found.push(of_package(Field::Trashed, board, yes_no(after.trashed), missed));
    }
    signers(before, snapshot, after, &mut found);
    found
}

fn signers(before: Option<&Package>, snapshot: &Snapshot, after: &Package, found: &mut Vec<Difference>) {
    for place in &snapshot.places {
        for (person, _) in &place.people {
            let named = |it: &&Signer| it.id == person.id;
            let Some(now) = after.signers.iter().find(named) else { continue };
            let unknown = Signer::default();
            let then = before.and_then(|it| it.signers.iter().find(named)).unwrap_or(&unknown);
            let mut add = |field, board, provider, missed, happened_at| {
                let signer = Some(person.id.clone());
                let board = before.map(|_| board);
                found.push(Difference { field, signer, board, provider, missed, happened_at });
            };
            if let Some(missed) = went_on(then, place, now) {
                add(Field::Progress, progress(then), progress(now), missed, place.last_mark);
            }
            // A later step of the signer clears both without a callback of its own, and so may the provider.
            if now.locked && !then.locked {
                add(Field::Locked, "no", "yes", Missed::Locked, None);
            }
            if now.kba_failed && !then.kba_failed {
                add(Field::Identity, "no", "failed", Missed::IdentityFailed, None);
            }
        }
    }
}

/// What would have told how far a signer is by now.
fn went_on(then: &Signer, place: &Place, now: &Signer) -> Option<Missed> {
    if place.tells_step() {
        // Whoever has done nothing yet is told of late or not at all.
        let known = then.step.is_some() || then.status != SignerStatus::Waiting;
        let step = known && then.step != now.step;
        return (then.status != now.status || step).then_some(match now.status {
            SignerStatus::Declined => Missed::Refused,
            _ => Missed::Stands,
        });
    }
    match (then.status, now.status) {
        (SignerStatus::Signed, SignerStatus::Signed) => None,
        (_, SignerStatus::Signed) => Some(Missed::SignerCompleted),
        (SignerStatus::Waiting | SignerStatus::Viewed, SignerStatus::Signing) => Some(Missed::DocumentSigned),
        _ => None,
    }
}

pub(super) fn progress(signer: &Signer) -> &'static str {
    signer.step.map_or(signer.status.word(), Step::word)
}

fn told_by(board: Option<Status>, status: Status) -> Missed {
    match status {
        Status::Draft if board.is_none() => Missed::Created,
        Status::Draft => Missed::Recalled,
        Status::Sent => Missed::Sent,
        Status::Completed => Missed::Completed,
        Status::Declined => Missed::Declined,
        Status::OptedOut => Missed::OptedOut,
        Status::Expired => Missed::Expired,
        Status::Archived => Missed::Archived,
        Status::Cancelled => Missed::Cancelled,
        Status::Failed => Missed::Failed,
        Status::Deleted => Missed::Deleted,
    }
}

/// Whether an answer can show that the callback which tells `event` is missing: the kinds of [`Missed`].
#[must_use]
pub fn can_be_missed(event: &Event) -> bool {
    match event {
        Event::Created
        | Event::Recalled
        | Event::Sent
        | Event::Completed
        | Event::Declined { .. }
        | Event::OptedOut { .. }
        | Event::Expired
        | Event::Archived
        | Event::Cancelled
        | Event::Failed
        | Event::Deleted
        | Event::Trashed
        | Event::Restored
        | Event::DocumentSigned { .. }
        | Event::SignerCompleted
        | Event::Refused { .. }
        | Event::Locked
        | Event::IdentityFailed => true,
        // Its provider says nothing of signers when asked.
        Event::Stands(step) => *step != Step::FinishedUnsigned,
        Event::Viewed { .. }
        | Event::Bounced(_)
        | Event::Consented { .. }
        | Event::Reassigned { .. }
        | Event::ReadyToComplete
        | Event::AttachmentAdded { .. }
        | Event::TemplateCreated
        | Event::Field { .. }
        | Event::PdfReady
        | Event::Rendered { .. }
        | Event::Deposited { .. }
        | Event::Described(_)
        | Event::Linked
        | Event::Mentioned
        | Event::Noted
        | Event::Unrecognised
        | Event::Answered(_) => false,
    }
}

/// Something about the package was told that could not be believed or not be placed.
pub(super) fn is_doubted(package: &Package) -> bool {
    package.doubts.iter().any(|doubt| is_about_the_package(doubt.kind))
}

fn is_about_the_package(doubt: DoubtKind) -> bool {
    match doubt {
        DoubtKind::OppositesAtOnce | DoubtKind::AbsurdClock | DoubtKind::Untimed => true,
        // These may come of what is missing.
        DoubtKind::SentInferred
        | DoubtKind::TwoEnds
        | DoubtKind::AfterDeletion
        | DoubtKind::AgainstAnswer
        | DoubtKind::CompletedInferred
        | DoubtKind::Unverified => false,
    }
}

pub(super) fn yes_no(it: bool) -> &'static str {
    if it { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::super::{Doubt, Person};
    use super::*;

    fn signer(id: &str, status: SignerStatus) -> Signer {
        Signer { id: id.to_owned(), status, ..Signer::default() }
    }

    fn package(status: Status, signers: &[Signer]) -> Package {
        Package { status, signers: signers.to_vec(), ..Package::default() }
    }

    fn place(id: &str) -> Place {
        let person = Person { id: id.to_owned(), ..Person::default() };
        let last_mark = Some(Timestamp(7_000));
        Place { people: vec![(person, super::super::Identity::Untold)], last_mark, ..Place::default() }
    }

    fn answer(places: Vec<Place>) -> Answer {
        Answer::Shown(Snapshot { updated: Some(Timestamp(9_000)), places, ..Snapshot::default() })
    }

    /// Differences as (field, signer, board, provider, missed).
    fn told(found: &[Difference]) -> Vec<(&str, &str, &str, &str, &str)> {
        found
            .iter()
            .map(|it| {
                let signer = it.signer.as_deref().unwrap_or("");
                (it.field.word(), signer, it.board.unwrap_or("-"), it.provider, it.missed.word())
            })
            .collect()
    }

    #[test]
    fn one_line_for_each_callback_that_is_missing() {
        let before =
            package(Status::Sent, &[signer("a", SignerStatus::Viewed), signer("b", SignerStatus::Waiting)]);
        let mut after = package(
            Status::Archived,
            &[signer("a", SignerStatus::Signed), signer("b", SignerStatus::Signing)],
        );
        after.trashed = true;
        after.signers[1].locked = true;
        after.signers[1].kba_failed = true;
        let found = diff(Some(&before), &answer(vec![place("a"), place("b")]), &after);
        assert_eq!(
            told(&found),
            [
                ("status", "", "sent", "archived", "archived"),
                ("trashed", "", "no", "yes", "trashed"),
                ("progress", "a", "viewed", "signed", "signer_completed"),
                ("progress", "b", "waiting", "signing", "document_signed"),
                ("locked", "b", "no", "yes", "locked"),
                ("identity", "b", "no", "failed", "identity_failed"),
            ]
        );
        let times: Vec<_> = found.iter().map(|it| it.happened_at.map(|at| at.0)).collect();
        assert_eq!(times, [Some(9_000), Some(9_000), Some(7_000), Some(7_000), None, None]);
    }

    #[test]
    fn what_no_callback_tells_is_missed_by_nobody() {
        let mut before = package(Status::Sent, &[signer("a", SignerStatus::Signed)]);
        before.signers[0].locked = true;
        before.signers[0].kba_failed = true;
        // Unlocked, identified, the signature void; named, and somebody new in a place.
        let mut after =
            package(Status::Sent, &[signer("a", SignerStatus::Waiting), signer("b", SignerStatus::Waiting)]);
        after.name = Some("NDA".to_owned());
        assert_eq!(diff(Some(&before), &answer(vec![place("a"), place("b")]), &after), []);
        // Refused: an answer can't say by whom, nor that it was not so.
        let before = package(Status::Declined, &[signer("a", SignerStatus::Declined)]);
        let after = package(Status::Declined, &[signer("a", SignerStatus::Signing)]);
        assert_eq!(diff(Some(&before), &answer(vec![place("a")]), &after), []);
    }

    #[test]
    fn an_unheard_of_package_is_a_line_of_its_own() {
        let after = package(Status::Draft, &[signer("a", SignerStatus::Waiting)]);
        let found = diff(None, &answer(vec![place("a")]), &after);
        assert_eq!(told(&found), [("status", "", "-", "draft", "created")]);
        let hidden = Package { template: true, ..after };
        assert_eq!(diff(None, &answer(vec![place("a")]), &hidden), []);
    }

    #[test]
    fn who_does_not_show_the_package_says_nothing_of_its_signers() {
        let before = package(Status::Sent, &[signer("a", SignerStatus::Viewed)]);
        let after = package(Status::Deleted, &[signer("a", SignerStatus::Signed)]);
        let found = diff(Some(&before), &Answer::NotFound, &after);
        assert_eq!(told(&found), [("status", "", "sent", "deleted", "deleted")]);
        let bare = Snapshot { status_only: true, places: vec![place("a")], ..Snapshot::default() };
        assert_eq!(diff(Some(&before), &Answer::Shown(bare), &after).len(), 1);
    }

    #[test]
    fn what_came_and_was_doubted_is_not_missing() {
        let mut before = package(Status::Sent, &[]);
        let doubt = |kind| Doubt { kind, name: String::new(), at: Timestamp(1), received_at: Timestamp(1) };
        before.doubts = vec![doubt(DoubtKind::Untimed)];
        let after = package(Status::Draft, &[]);
        assert_eq!(diff(Some(&before), &answer(Vec::new()), &after), []);
        before.doubts = vec![doubt(DoubtKind::AgainstAnswer)];
        assert_eq!(told(&diff(Some(&before), &answer(Vec::new()), &after))[0].4, "recalled");
    }

    #[test]
    fn where_one_word_says_how_far_a_signer_is_the_words_are_compared() {
        let at = |step: Step| Signer { step: Some(step), ..signer("a", step.status()) };
        let shows = |step| answer(vec![Place { step: Some(step), ..place("a") }]);
        let found = |then: &Signer, step| {
            let (before, after) =
                (package(Status::Sent, std::slice::from_ref(then)), package(Status::Sent, &[at(step)]));
            let found = diff(Some(&before), &shows(step), &after);
            found.first().map(|it| (it.board.unwrap_or("-"), it.provider, it.missed.word()))
        };
        assert_eq!(found(&at(Step::Sent), Step::Visited), Some(("sent", "visited", "stands")));
        assert_eq!(found(&at(Step::Sent), Step::MailOpened), Some(("sent", "mail_opened", "stands")));
        assert_eq!(found(&at(Step::Signed), Step::Signed), None);
        // Nobody heard of them, and they have done nothing.
        assert_eq!(found(&signer("a", SignerStatus::Waiting), Step::Sent), None);
        let before = package(Status::Sent, &[at(Step::Visited)]);
        let after = package(Status::Declined, &[signer("a", SignerStatus::Declined)]);
        let refused = answer(vec![Place { refused: true, ..place("a") }]);
        assert_eq!(
            told(&diff(Some(&before), &refused, &after))[1],
            ("progress", "a", "visited", "declined", "refused")
        );
    }
}
