//! What can become of a package, and how often it does: in the week that is told at the start, and in live life, where
//! more goes wrong because somebody is watching.

use fastrand::Rng;

use super::Kind;
use super::act::Notice;

/// The course a package takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Smooth,
    Draft,
    Waiting,
    Viewed,
    PartSigned,
    Bounced,
    BounceMended,
    KbaFailed,
    KbaMended,
    Locked,
    LockMended,
    OutOfOffice,
    Complaint,
    BounceUnknown,
    Reassigned,
    Attached,
    Recalled,
    BackToDraft,
    ByHand,
    Ready,
    Archived,
    Declined,
    Redone,
    OptedOut,
    Expired,
    Trashed,
    Restored,
    Deleted,
    Template,
    Help,
    Noticed(Notice),
    Voided,
    Witnessing,
    Witnessed,
    Reset,
    FieldRejected,
    RenderFailed,
}

/// A fate, its weight in history, its weight in live life.
type Entry = (Fate, u32, u32);

/// What can happen at OneSpan and Conga.
const FATES: [Entry; 38] = [
    (Fate::Smooth, 430, 300),
    (Fate::Draft, 50, 15),
    (Fate::Waiting, 85, 0),
    (Fate::Viewed, 45, 0),
    (Fate::PartSigned, 110, 0),
    (Fate::Bounced, 6, 50),
    (Fate::BounceMended, 15, 0),
    (Fate::KbaFailed, 6, 45),
    (Fate::KbaMended, 15, 0),
    (Fate::Locked, 6, 45),
    (Fate::LockMended, 15, 0),
    (Fate::OutOfOffice, 12, 15),
    (Fate::Complaint, 6, 10),
    (Fate::BounceUnknown, 5, 8),
    (Fate::Reassigned, 18, 45),
    (Fate::Attached, 30, 40),
    (Fate::Recalled, 12, 25),
    (Fate::BackToDraft, 8, 10),
    (Fate::ByHand, 22, 30),
    (Fate::Ready, 15, 0),
    (Fate::Archived, 22, 15),
    (Fate::Declined, 28, 60),
    (Fate::Redone, 6, 15),
    (Fate::OptedOut, 8, 20),
    (Fate::Expired, 16, 15),
    (Fate::Trashed, 8, 10),
    (Fate::Restored, 5, 8),
    (Fate::Deleted, 5, 8),
    (Fate::Template, 8, 5),
    (Fate::Help, 6, 10),
    (Fate::Noticed(Notice::RecordingsReady), 5, 4),
    (Fate::Noticed(Notice::NotaryCommissioned), 4, 4),
    (Fate::Noticed(Notice::CompositionFailed), 2, 2),
    (Fate::Noticed(Notice::DepositSucceeded), 12, 6),
    (Fate::Noticed(Notice::DepositAttemptFailed), 3, 3),
    (Fate::Noticed(Notice::DepositFailed), 2, 2),
    (Fate::Noticed(Notice::TextLimitReached), 2, 2),
    (Fate::Noticed(Notice::TextOptOut), 3, 3),
];

/// What can happen at Legalesign.
const LEGALESIGN: [Entry; 13] = [
    (Fate::Smooth, 400, 300),
    (Fate::Draft, 30, 10),
    (Fate::Waiting, 80, 0),
    (Fate::Viewed, 60, 0),
    (Fate::PartSigned, 110, 0),
    (Fate::Bounced, 12, 45),
    (Fate::BounceMended, 15, 0),
    (Fate::Declined, 40, 60),
    (Fate::Archived, 50, 15),
    (Fate::Voided, 25, 30),
    (Fate::Witnessing, 20, 0),
    (Fate::Witnessed, 30, 45),
    (Fate::Reset, 20, 30),
];

/// What can happen at WebSignatureOffice; a due date that goes by is a failure there.
const WEBSIGNATUREOFFICE: [Entry; 7] = [
    (Fate::Smooth, 420, 300),
    (Fate::Waiting, 80, 0),
    (Fate::PartSigned, 130, 0),
    (Fate::Expired, 30, 25),
    (Fate::Declined, 25, 40),
    (Fate::FieldRejected, 40, 45),
    (Fate::RenderFailed, 20, 25),
];

fn table(kind: Kind) -> &'static [Entry] {
    match kind {
        Kind::OneSpan | Kind::Conga => &FATES,
        Kind::Legalesign => &LEGALESIGN,
        Kind::WebSignatureOffice => &WEBSIGNATUREOFFICE,
    }
}

/// One fate for each of so many packages, shuffled. With half as many again as there are fates, each comes at least once.
pub(super) fn deck(rng: &mut Rng, kind: Kind, packages: usize) -> Vec<Fate> {
    let table = table(kind);
    let total: u32 = table.iter().map(|(_, weight, _)| weight).sum();
    let mut deck = Vec::with_capacity(packages);
    if 2 * packages >= 3 * table.len() {
        for (fate, weight, _) in table {
            let share = packages * *weight as usize / total as usize;
            deck.extend(std::iter::repeat_n(*fate, share.max(1)));
        }
    }
    while deck.len() < packages {
        deck.push(draw(rng, table, |(_, weight, _)| *weight));
    }
    rng.shuffle(&mut deck);
    // With few packages the fates that must occur can be too many: ordinary ones make room.
    for ordinary in [Fate::Smooth, Fate::PartSigned, Fate::Waiting] {
        let mut surplus = deck.len().saturating_sub(packages);
        deck.retain(|fate| {
            let keep = *fate != ordinary || surplus == 0;
            surplus -= usize::from(!keep);
            keep
        });
    }
    deck
}

/// The fate of one package that starts while somebody is watching.
pub(super) fn live(rng: &mut Rng, kind: Kind) -> Fate {
    draw(rng, table(kind), |(_, _, weight)| *weight)
}

fn draw(rng: &mut Rng, table: &[Entry], weight: impl Fn(&Entry) -> u32) -> Fate {
    let total: u32 = table.iter().map(&weight).sum();
    let mut left = rng.u32(0..total.max(1));
    for entry in table {
        let weight = weight(entry);
        if left < weight {
            return entry.0;
        }
        left -= weight;
    }
    Fate::Smooth
}

#[cfg(test)]
mod tests {
    use super::{Fate, Kind, deck, table};

    #[test]
    fn every_fate_is_dealt_and_the_deck_has_the_right_size() {
        for kind in [Kind::OneSpan, Kind::Legalesign, Kind::WebSignatureOffice] {
            for packages in [0, 1, 10, 20, 59, 60, 61, 100, 300, 2_000] {
                let deck = deck(&mut fastrand::Rng::with_seed(1), kind, packages);
                assert_eq!(deck.len(), packages);
                let enough = packages >= 100 || kind != Kind::OneSpan && packages >= 20;
                for (fate, ..) in table(kind).iter().filter(|_| enough) {
                    assert!(deck.contains(fate), "{fate:?} of {packages}");
                }
                let smooth = deck.iter().filter(|fate| **fate == Fate::Smooth).count();
                assert!(packages < 300 || smooth * 10 > packages * 3);
            }
        }
    }
}
