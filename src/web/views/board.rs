//! The board: what needs a person, the tallies, and the list.

use super::drawn::{Drawn, DrawnRow};
use super::facets::FacetsView;
use super::query::{BoardQuery, Cursor, Updated};
use super::saved::{Saved, Saves};
use super::standing::Header;
use super::strip::Strip;
use super::tallies::{self, TallyView};
use super::time::rfc3339;
use super::words::{self, number, shown};
use super::{AccountLabel, Around, Frame, Place, tab_title};
use crate::app::{Alert, Facets, Row};
use crate::model::{Seq, Sort, Tally};
use askama::Template;

/// What a board shows.
#[derive(Debug)]
pub struct BoardInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// What the address asks for.
    pub query: &'a BoardQuery,
    /// The list's page, in order.
    pub rows: &'a [Row],
    /// What was drawn of it before.
    pub drawn: &'a Drawn,
    /// The newest change that the rows know of: the stream goes on after it.
    pub seq: Seq,
    /// The count of every tally, under the query's other filters.
    pub tallies: &'a [(Tally, u64)],
    /// The newest of the open alerts; three are enough.
    pub alerts: &'a [Alert],
    /// The senders to choose from: mail address or id, and name.
    pub senders: &'a [(String, String)],
    /// How many packages the query matches, if that is known.
    pub total: Option<u64>,
    /// How many stand before this page, if that is known.
    pub offset: Option<u64>,
    /// The cursor of the page before this one.
    pub newer: Option<&'a str>,
    /// The cursor of the page after this one.
    pub older: Option<&'a str>,
    /// The search finds more than so many packages, and the list is of the newest of these; `None`: it is of all.
    pub newest_of: Option<u32>,
    /// What the list can be narrowed to; `None`: nobody is there to do it.
    pub facets: Option<&'a Facets>,
    /// What stands beside the list for whoever looks.
    pub beside: Beside<'a>,
}

/// What a board offers beside its list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// The views that were saved.
    pub views: &'a [Saved],
    /// For whom a view may be saved.
    pub saves: Saves,
    /// Whether the providers may be asked about the packages of the list.
    pub may_resync: bool,
    /// What a form has just done.
    pub notice: Option<&'a str>,
}

/// The tallies, the strip and the counts: a part of the board, and an answer of its own for a live page.
#[derive(Debug)]
pub struct Pulse {
    pub(super) title: String,
    pub(super) heard: Option<String>,
    pub(super) header: Header,
    pub(super) open: String,
    pub(super) bell: String,
    pub(super) warnings: Vec<String>,
    pub(super) strip: Strip,
    pub(super) tallies: Vec<TallyView>,
    /// Which of the accounts on show lag behind by design.
    pub(super) lag: Vec<(String, String)>,
    pub(super) facets: Option<FacetsView>,
}

/// The pulse alone.
#[derive(Debug, Template)]
#[template(path = "packages/_pulse.html")]
pub struct PulseFragment {
    pulse: Pulse,
}

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "packages/list.html")]
pub struct BoardPage<'a> {
    frame: Frame,
    pulse: Pulse,
    rows: Vec<DrawnRow>,
    query: &'a BoardQuery,
    seq: i64,
    heading: &'static str,
    accounts: Vec<Choice>,
    providers: Vec<Choice>,
    senders: Vec<Choice>,
    groups: Vec<Choice>,
    updates: Vec<Choice>,
    columns: [Column; 4],
    range: String,
    newer: Option<String>,
    older: Option<String>,
    empty: Option<Empty>,
    /// More than the list is of.
    many: Option<String>,
    beside: Beside<'a>,
}

/// An entry of a select.
#[derive(Debug)]
struct Choice {
    value: String,
    title: String,
    chosen: bool,
}

/// A column by which the list can be sorted.
#[derive(Debug)]
struct Column {
    title: &'static str,
    word: &'static str,
    href: String,
    /// `aria-sort`, if the list is sorted by it.
    sorted: Option<&'static str>,
}

/// What is missing where there is nothing to see.
#[derive(Debug, PartialEq, Eq)]
enum Empty {
    /// No account is configured.
    Account,
    /// No callback has come yet.
    Package,
    /// Filters hide everything.
    Match,
}

impl Pulse {
    pub(super) fn new(input: &PulseInput<'_>) -> Self {
        let (around, query) = (input.around, input.query);
        Self {
            title: tab_title(&title(query), around.alerts),
            heard: around.last_callback.map(rfc3339),
            header: around.header.clone(),
            open: super::alerts::counted(around.alerts),
            bell: super::strip::said(around.alerts),
            warnings: around.warnings.to_vec(),
            lag: lag(around, query),
            strip: Strip::new(input.alerts, around),
            tallies: tallies::tallies(input.tallies, query),
            facets: input.facets.and_then(|it| FacetsView::new(it, query, around)),
        }
    }
}

/// What the pulse needs of the board's input.
#[derive(Debug)]
pub struct PulseInput<'a> {
    /// What every page knows.
    pub around: &'a Around<'a>,
    /// What the address asks for.
    pub query: &'a BoardQuery,
    /// The count of every tally, under the query's other filters.
    pub tallies: &'a [(Tally, u64)],
    /// The newest of the open alerts.
    pub alerts: &'a [Alert],
    /// What the list can be narrowed to.
    pub facets: Option<&'a Facets>,
}

impl PulseFragment {
    /// Puts the counts into words.
    #[must_use]
    pub fn new(input: &PulseInput<'_>) -> Self {
        Self { pulse: Pulse::new(input) }
    }
}

impl<'a> BoardPage<'a> {
    /// Puts a board into words.
    #[must_use]
    pub fn new(input: &BoardInput<'a>) -> Self {
        let (around, query) = (&input.around, input.query);
        let (tallies, alerts, facets) = (input.tallies, input.alerts, input.facets);
        let pulse = PulseInput { around, query, tallies, alerts, facets };
        let href = |cursor: &str, make: fn(String) -> Cursor| query.at(make(cursor.to_owned())).href();
        Self {
            frame: Frame::new(&title(query), Place::Packages, around).live(),
            pulse: Pulse::new(&pulse),
            rows: input.drawn.rows(input.rows, around, true),
            query,
            seq: input.seq.0,
            heading: if query.tally == Tally::All { "All packages" } else { tallies::title(query.tally) },
            accounts: accounts(around, query),
            providers: providers(around, query),
            senders: senders(input),
            groups: groups(input),
            updates: Updated::ALL
                .map(|it| Choice {
                    value: it.word().to_owned(),
                    title: it.title().to_owned(),
                    chosen: it == query.updated,
                })
                .into(),
            columns: Sort::ALL.map(|sort| column(sort, query)),
            range: range(input),
            newer: input.newer.map(|cursor| href(cursor, Cursor::Before)),
            older: input.older.map(|cursor| href(cursor, Cursor::After)),
            empty: empty(input),
            many: input.newest_of.map(|it| number(u64::from(it))),
            beside: input.beside,
        }
    }

    fn saves(&self, saves: Saves) -> bool {
        self.beside.saves == saves
    }

    /// Whoever looks may delete some view.
    fn deletes(&self) -> bool {
        self.beside.views.iter().any(|it| it.id.is_some())
    }

    /// The file of all that is on the list's pages.
    fn csv(&self) -> String {
        self.query.csv_href()
    }

    fn status(&self) -> Option<&'static str> {
        (self.query.tally != Tally::All).then(|| self.query.tally.word())
    }

    /// Whoever looks can narrow the board to what they sent.
    fn sends(&self) -> bool {
        self.frame.who.as_ref().is_some_and(|who| who.sends)
    }

    /// Whoever looks connects accounts.
    fn connects(&self) -> bool {
        self.frame.who.as_ref().is_some_and(|who| who.providers)
    }

    fn is_narrowed(&self) -> bool {
        self.query.is_narrowed()
    }

    /// The same tally without search and filters.
    fn cleared(&self) -> String {
        let usual = BoardQuery { tally: self.query.tally, ..BoardQuery::default() };
        usual.href()
    }

    /// The words for turning pages: newer and older only mean something where the list goes by time.
    fn page_words(&self) -> [&'static str; 2] {
        match self.query.sort {
            Sort::Updated | Sort::Created if self.query.descending() => ["Newer", "Older"],
            Sort::Updated | Sort::Created => ["Older", "Newer"],
            Sort::Due | Sort::Name => ["Back", "Next"],
        }
    }
}

pub(super) fn title(query: &BoardQuery) -> String {
    let tally = if query.tally == Tally::All { "Packages" } else { tallies::title(query.tally) };
    if query.q.is_empty() { tally.to_owned() } else { format!("“{}” · {tally}", query.q) }
}

/// The accounts of a query that are told late, and how late.
fn lag(around: &Around<'_>, query: &BoardQuery) -> Vec<(String, String)> {
    let chosen = |it: &&AccountLabel| {
        query.account.as_ref().is_none_or(|only| *only == it.id.0)
            && query.provider.as_ref().is_none_or(|only| *only == it.provider)
    };
    let all = around.accounts.iter().filter(chosen);
    all.filter_map(|it| Some((shown(&it.label), it.lag()?))).collect()
}

fn accounts(around: &Around<'_>, query: &BoardQuery) -> Vec<Choice> {
    let all = around.accounts.iter().map(|it| (it.id.0.clone(), it.label.clone())).collect();
    choices(all, query.account.as_deref())
}

fn providers(around: &Around<'_>, query: &BoardQuery) -> Vec<Choice> {
    let mut all: Vec<(String, String)> =
        around.accounts.iter().map(|it| (it.provider.clone(), it.provider_title.clone())).collect();
    all.sort();
    all.dedup();
    choices(all, query.provider.as_deref())
}

fn senders(input: &BoardInput<'_>) -> Vec<Choice> {
    let all = input.senders.iter().map(|(id, name)| (id.clone(), shown(name))).collect();
    choices(all, input.query.sender.as_deref())
}

fn groups(input: &BoardInput<'_>) -> Vec<Choice> {
    let known = input.facets.map(|it| it.groups.as_slice()).unwrap_or_default();
    let all = known.iter().map(|(group, _)| (group.clone(), shown(group))).collect();
    choices(all, input.query.group.as_deref())
}

/// The entries of a select; what the address names stands in it even if nobody knows it, so that it can be let go.
fn choices(mut all: Vec<(String, String)>, chosen: Option<&str>) -> Vec<Choice> {
    if let Some(chosen) = chosen
        && all.iter().all(|(value, _)| value != chosen)
    {
        all.push((chosen.to_owned(), shown(chosen)));
    }
    // A choice of one is none.
    if all.len() < 2 && chosen.is_none() {
        all.clear();
    }
    all.into_iter()
        .map(|(value, title)| Choice { chosen: chosen == Some(value.as_str()), value, title })
        .collect()
}

fn column(sort: Sort, query: &BoardQuery) -> Column {
    let sorted = (query.sort == sort).then(|| if query.descending() { "descending" } else { "ascending" });
    let title = match sort {
        Sort::Updated => "Updated",
        Sort::Due => "Due",
        Sort::Name => "Package",
        Sort::Created => "Created",
    };
    Column { title, word: sort.word(), href: query.sorted_by(sort).href(), sorted }
}

fn range(input: &BoardInput<'_>) -> String {
    let shown = input.rows.len() as u64;
    match (input.offset, input.total) {
        (Some(offset), Some(total)) if shown > 0 => {
            format!("{}–{} of {}", number(offset + 1), number(offset + shown), number(total))
        }
        (None, Some(total)) if shown > 0 => format!("{} of {}", number(shown), number(total)),
        (Some(_) | None, _) => words::count(shown, "package", "packages"),
    }
}

fn empty(input: &BoardInput<'_>) -> Option<Empty> {
    if !input.rows.is_empty() {
        None
    } else if input.query.is_narrowed()
        || input.query.tally != Tally::All
        || input.query.cursor != Cursor::First
    {
        Some(Empty::Match)
    } else if input.around.accounts.is_empty() {
        Some(Empty::Account)
    } else {
        Some(Empty::Package)
    }
}
