//! A row of the board: the same value and the same template for the page and for the live stream.

use super::lines::Lines;
use super::time::When;
use super::words::{self, shown, status_class};
use super::{Around, link};
use crate::app::Row;
use crate::model::{Package, Status};
use askama::Template;

/// At most this many people are named below the lines.
const MOST_NAMED: usize = 2;

/// A package as a row.
#[derive(Debug, Clone)]
pub struct RowView {
    pub(super) id: String,
    pub(super) seq: i64,
    pub(super) href: String,
    pub(super) name: String,
    /// Below the name: the id, or what the provider did not tell.
    pub(super) below: String,
    pub(super) named: bool,
    pub(super) trashed: bool,
    pub(super) class: &'static str,
    pub(super) status: &'static str,
    pub(super) mark: Option<&'static str>,
    pub(super) lines: Lines,
    pub(super) count: String,
    /// Whom it waits for and what is wrong, each with a name and a word.
    pub(super) people: Vec<(String, &'static str)>,
    pub(super) more: usize,
    pub(super) note: Option<String>,
    pub(super) sender: Option<String>,
    pub(super) account: String,
    pub(super) due: Option<When>,
    pub(super) updated: When,
}

/// A row alone, for the live stream.
#[derive(Debug, Template)]
#[template(path = "packages/_row.html")]
pub struct RowFragment<'a> {
    /// The row.
    pub row: &'a RowView,
}

impl RowView {
    /// A package in the words of a row.
    #[must_use]
    pub fn new(row: &Row, around: &Around<'_>) -> Self {
        let package = &*row.package;
        let account = around.account(&row.key.account);
        let id = shown(row.key.package.as_str());
        let named = package.name.is_some();
        let (people, more) = people(package);
        let lines = Lines::of(package);
        Self {
            id: link::row_id(&row.key),
            seq: row.seq.0,
            href: link::package(&row.key),
            name: package.name.as_deref().map_or_else(|| id.clone(), shown),
            below: if named { id } else { format!("name not told by {}", account.provider_title) },
            named,
            trashed: package.trashed,
            class: status_class(package.status),
            status: package.status.title(),
            mark: mark(package),
            count: lines.count(),
            note: note(package, lines.count().is_empty()),
            lines,
            people,
            more,
            sender: sender(package),
            account: account.label,
            due: package
                .due
                .filter(|_| package.status.is_open())
                .map(|at| When::due(at, around.now, around.zone)),
            updated: When::ago(package.updated, around.now, around.zone),
        }
    }

    /// The row's html.
    #[must_use]
    pub fn html(&self) -> String {
        super::html(&RowFragment { row: self })
    }
}

/// What to call a package's sender.
pub(super) fn sender(package: &Package) -> Option<String> {
    let sender = package.sender.as_ref()?;
    Some(shown(sender.name.as_deref().or(sender.email.as_deref()).unwrap_or(&sender.id)))
}

/// What a status alone doesn't say.
pub(super) fn mark(package: &Package) -> Option<&'static str> {
    if package.trashed {
        Some("in the trash")
    } else if package.gone {
        Some("removed by the provider")
    } else {
        None
    }
}

/// Who is in trouble, then whom else the package waits for; and how many more there are.
fn people(package: &Package) -> (Vec<(String, &'static str)>, usize) {
    let wrong = package.counted().filter_map(|signer| Some((signer, words::trouble(signer)?)));
    let mut all: Vec<(String, &'static str)> =
        wrong.map(|(signer, word)| (words::signer_name(signer), word)).collect();
    let waiting = package.waiting_for().into_iter().filter(|signer| words::trouble(signer).is_none());
    all.extend(waiting.map(|signer| (words::signer_name(signer), "")));
    let more = all.len().saturating_sub(MOST_NAMED);
    all.truncate(MOST_NAMED);
    (all, more)
}

fn note(package: &Package, nobody: bool) -> Option<String> {
    if package.ready_to_complete {
        Some("everybody signed, the sender has to complete it".to_owned())
    } else if nobody && package.confirmed_at.is_none() && package.status != Status::Deleted {
        Some("signers not known yet".to_owned())
    } else if nobody {
        Some("no signers".to_owned())
    } else {
        None
    }
}
