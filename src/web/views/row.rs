//! A row of the board: the same value and the same template for the page and for the live stream.

use super::lines::Lines;
use super::query::BoardQuery;
use super::time::When;
use super::words::{self, shown, status_class};
use super::{Around, link};
use crate::app::Row;
use crate::model::{AccountId, DoubtKind, Package, Signer, Status};
use askama::Template;

/// At most this many people are named below the lines.
const MOST_NAMED: usize = 2;

/// A package as a row.
#[derive(Debug, Clone)]
pub struct RowView {
    pub(super) id: String,
    pub(super) seq: i64,
    /// Its page; empty for whom it doesn't open.
    pub(super) href: String,
    pub(super) name: String,
    /// Below the name: the id, or what the provider did not tell.
    pub(super) below: String,
    pub(super) named: bool,
    pub(super) trashed: bool,
    pub(super) class: &'static str,
    pub(super) status: &'static str,
    pub(super) marks: Vec<&'static str>,
    pub(super) lines: Lines,
    pub(super) count: String,
    /// Whom it waits for and what is wrong, each with a name and a word.
    pub(super) people: Vec<(String, &'static str)>,
    pub(super) more: usize,
    pub(super) notes: Vec<String>,
    pub(super) sender: Option<String>,
    /// All that is known of the sender is an id.
    pub(super) is_sender_id: bool,
    /// Said in the sender's place.
    pub(super) no_sender: String,
    pub(super) account: String,
    /// The team, and the board of its packages.
    pub(super) group: Option<(String, String)>,
    /// How late it may be by design.
    pub(super) lag: Option<String>,
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
        let never = account.never_tells(package);
        let (people, more) = people(package, never);
        let lines = Lines::of(package, never);
        Self {
            id: link::row_id(&row.key),
            seq: row.seq.0,
            href: link::package(&row.key),
            name: package.name.as_deref().map_or_else(|| id.clone(), shown),
            below: if named { id } else { account.name_not_told() },
            named,
            trashed: package.trashed,
            class: status_class(package.status),
            status: package.status.title(),
            marks: marks(package),
            count: lines.count(),
            notes: notes(package, &lines, never),
            lines,
            people,
            more,
            sender: sender(package),
            is_sender_id: package.sender.as_ref().is_some_and(|it| it.name.is_none() && it.email.is_none()),
            no_sender: if never { account.not_told() } else { "not told".to_owned() },
            group: group(package, &row.key.account),
            lag: account.lag(),
            account: account.label,
            due: package
                .due
                .filter(|_| package.status.is_open())
                .map(|at| When::due(at, around.now, around.zone)),
            updated: When::ago(package.updated, around.now, around.zone),
        }
    }

    /// The same for whom nothing else opens.
    #[must_use]
    pub fn without_links(self) -> Self {
        let group = self.group.map(|(group, _)| (group, String::new()));
        Self { href: String::new(), group, ..self }
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
pub(super) fn marks(package: &Package) -> Vec<&'static str> {
    let all = [
        (package.trashed, "in the trash"),
        (package.gone, "removed by the provider"),
        (package.archived, "archived"),
        (package.final_pdf, "final PDF ready"),
        (package.render_failed, "pages could not be drawn"),
        (package.deposit_failed.is_some(), "not in the electronic vault"),
        (is_unverified(package), "unverified"),
    ];
    all.into_iter().filter_map(|(set, word)| set.then_some(word)).collect()
}

/// Whether something that is still open was told by nobody who is vouched for.
pub(super) fn is_unverified(package: &Package) -> bool {
    package.doubts.iter().any(|it| it.kind == DoubtKind::Unverified)
}

/// The team that a package belongs to, and the board of its packages.
pub(super) fn group(package: &Package, account: &AccountId) -> Option<(String, String)> {
    package.group.as_deref().map(|group| group_of(group, account))
}

/// A team, and the board of its packages.
pub(super) fn group_of(group: &str, account: &AccountId) -> (String, String) {
    let account = Some(account.0.clone());
    let query = BoardQuery { account, group: Some(group.to_owned()), ..BoardQuery::default() };
    (shown(group), query.href())
}

/// Who is in trouble, then whom else the package waits for; and how many more there are. Where the provider never
/// tells who signs, nobody can be said to be waited for.
fn people(package: &Package, never: bool) -> (Vec<(String, &'static str)>, usize) {
    let wrong = package.counted().filter_map(|signer| Some((signer, words::trouble(signer)?)));
    let mut all: Vec<(String, &'static str)> =
        wrong.map(|(signer, word)| (words::signer_name(signer), word)).collect();
    let waiting = package.waiting_for().into_iter().filter(|it| !never && words::trouble(it).is_none());
    all.extend(waiting.map(|it| (words::signer_name(it), words::step(it).unwrap_or_default())));
    let more = all.len().saturating_sub(MOST_NAMED);
    all.truncate(MOST_NAMED);
    (all, more)
}

fn notes(package: &Package, lines: &Lines, never: bool) -> Vec<String> {
    let nobody = lines.count().is_empty();
    let note = if package.ready_to_complete {
        Some("everybody signed, the sender has to complete it".to_owned())
    } else if never {
        // By whom stands below the name; the page says it in full.
        Some("how many sign is not told".to_owned())
    } else if nobody && package.confirmed_at.is_none() && package.status != Status::Deleted {
        Some("signers not known yet".to_owned())
    } else if nobody {
        Some("no signers".to_owned())
    } else {
        None
    };
    let sum = |of: fn(&Signer) -> u32| package.present().map(|it| u64::from(of(it))).sum();
    let fields = words::fields(sum(|it| it.fields_signed), sum(|it| it.fields_rejected));
    fields.into_iter().chain(note).collect()
}
