//! The tallies: counts that are filters.

use super::query::BoardQuery;
use super::words::{number, status_class};
use crate::model::{Status, Tally};

/// One tally.
#[derive(Debug)]
pub struct TallyView {
    /// Its id in the page.
    pub id: String,
    /// The board that shows its packages.
    pub href: String,
    /// How many.
    pub count: String,
    /// Colour and shape.
    pub class: &'static str,
    /// Its word.
    pub title: &'static str,
    /// Whether it is the one on show.
    pub current: bool,
}

/// The tallies of a board, in order. Those that are usual always stand there; another status, the deleted and the
/// trashed only while some package is in it or while they are asked for.
pub(super) fn tallies(counts: &[(Tally, u64)], query: &BoardQuery) -> Vec<TallyView> {
    let count = |tally| counts.iter().find(|(it, _)| *it == tally).map_or(0, |(_, count)| *count);
    let mut order = vec![Tally::Attention, Tally::Status(Status::Sent), Tally::WithSender];
    let is_late = |status: &Status| matches!(status, Status::Sent | Status::Deleted);
    order.extend(Status::ALL.into_iter().filter(|status| !is_late(status)).map(Tally::Status));
    order.extend([Tally::Status(Status::Deleted), Tally::Trashed, Tally::All]);
    order
        .into_iter()
        .filter(|tally| is_usual(*tally) || count(*tally) > 0 || *tally == query.tally)
        .map(|tally| TallyView {
            id: format!("t-{}", tally.word()),
            href: query.with_tally(tally).href(),
            count: number(count(tally)),
            class: class(tally),
            title: title(tally),
            current: tally == query.tally,
        })
        .collect()
}

/// A tally's word on the page.
pub(super) fn title(tally: Tally) -> &'static str {
    match tally {
        Tally::All => "All",
        Tally::Attention => "Needs attention",
        Tally::WithSender => "With sender",
        Tally::Status(status) => status.title(),
        Tally::Trashed => "Trash",
    }
}

fn is_usual(tally: Tally) -> bool {
    match tally {
        Tally::All | Tally::Attention | Tally::WithSender => true,
        Tally::Status(status) => {
            matches!(status, Status::Sent | Status::Draft | Status::Completed | Status::Declined)
        }
        Tally::Trashed => false,
    }
}

fn class(tally: Tally) -> &'static str {
    match tally {
        Tally::All => "all",
        Tally::Attention => "needs",
        Tally::WithSender => "with-sender",
        Tally::Status(status) => status_class(status),
        Tally::Trashed => "in-trash",
    }
}
