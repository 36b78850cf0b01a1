//! What is told of alerts, to whom, and how that goes.

use super::alert::{because, word};
use super::time::When;
use super::words::{capital, count, number, shown};
use super::{Around, Frame, Place, link};
use crate::app::alerts::{MAIL, PostState};
use crate::app::{Message, MessageFacts, Occasion, TellingState};
use crate::model::PackageKey;
use askama::Template;

/// A way by which alerts are told.
#[derive(Debug, Clone)]
pub struct Way {
    /// Its name in the store.
    pub name: String,
    /// What it is.
    pub kind: &'static str,
    /// Where it leads; no secret is in it.
    pub to: String,
    /// How it fares.
    pub state: PostState,
}

/// What the page shows.
#[derive(Debug)]
pub struct MessagesInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// By which ways alerts are told.
    pub ways: &'a [Way],
    /// How messages fare.
    pub facts: MessageFacts,
    /// The newest first.
    pub rows: &'a [Message],
    /// Only what stands so.
    pub only: Option<TellingState>,
    /// There are older ones than this.
    pub older: Option<i64>,
    /// What a button has just done, as a sentence.
    pub notice: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "messages/list.html")]
pub struct MessagesPage {
    frame: Frame,
    ways: Vec<WayView>,
    summary: String,
    given_up: bool,
    /// Ways to see only some: an address, a word, and whether that is shown.
    filters: Vec<(String, &'static str, bool)>,
    rows: Vec<RowView>,
    older: Option<String>,
    notice: Option<String>,
}

#[derive(Debug)]
struct WayView {
    name: String,
    kind: &'static str,
    to: String,
    /// Since when nothing goes by it, why, and when it is tried again.
    trouble: Option<(When, String, Option<When>)>,
}

#[derive(Debug)]
struct RowView {
    id: i64,
    what: String,
    of: String,
    /// The package's page; empty: it is of none.
    href: String,
    who: String,
    because: String,
    class: &'static str,
    state: &'static str,
    why: Option<String>,
    tries: Option<String>,
    when: Option<When>,
    /// When it is tried, where it waits.
    again: Option<When>,
    given_up: bool,
}

const FILTERS: [(TellingState, &str, &str); 3] = [
    (TellingState::Waiting, "waiting", "Waiting"),
    (TellingState::GivenUp, "given-up", "Given up"),
    (TellingState::Told, "told", "Told"),
];

/// The state of a word in an address.
#[must_use]
pub fn parse(text: &str) -> Option<TellingState> {
    FILTERS.into_iter().find(|(_, word, _)| *word == text).map(|(it, _, _)| it)
}

impl MessagesPage {
    /// Puts it into words.
    #[must_use]
    pub fn new(input: MessagesInput<'_>) -> Self {
        let around = &input.around;
        let all = ("/messages".to_owned(), "All", input.only.is_none());
        let some = FILTERS
            .map(|(it, word, title)| (format!("/messages?only={word}"), title, Some(it) == input.only));
        let only = FILTERS.into_iter().find(|(it, _, _)| Some(*it) == input.only);
        let only = only.map_or_else(String::new, |(_, word, _)| format!("&only={word}"));
        let facts = input.facts;
        Self {
            frame: Frame::new("Messages", Place::Messages, around),
            ways: input.ways.iter().map(|it| WayView::new(it, around)).collect(),
            summary: format!(
                "{}, {} given up",
                count(facts.waiting, "waits", "wait"),
                count(facts.given_up, "was", "were")
            ),
            given_up: facts.given_up > 0,
            filters: std::iter::once(all).chain(some).collect(),
            rows: input.rows.iter().map(|it| RowView::new(it, around)).collect(),
            older: input.older.map(|it| format!("/messages?before={it}{only}")),
            notice: input.notice,
        }
    }
}

impl WayView {
    fn new(way: &Way, around: &Around<'_>) -> Self {
        let again = way.state.rests_until.filter(|it| *it > around.now);
        let again = again.map(|it| When::near(it, around.now, around.zone));
        let trouble = way.state.trouble.as_ref();
        Self {
            name: if way.name == MAIL { "Mails".to_owned() } else { shown(&way.name) },
            kind: way.kind,
            to: shown(&way.to),
            trouble: trouble
                .map(|(at, why)| (When::ago(*at, around.now, around.zone), capital(&shown(why)), again)),
        }
    }
}

impl RowView {
    fn new(it: &Message, around: &Around<'_>) -> Self {
        let telling = &it.telling;
        let key = it.package.clone().map(|package| PackageKey { account: it.account.clone(), package });
        let label = around.account(&it.account).label;
        let of = match &key {
            Some(key) => format!("{label} {}", shown(key.package.as_str())),
            None if it.account.0.is_empty() => "the board".to_owned(),
            None => label,
        };
        let occasion = match telling.occasion {
            Occasion::Raised => String::new(),
            Occasion::Reminder(which) => format!(", reminder {}", number(which.unsigned_abs())),
            Occasion::Resolved(_) => ", that it is resolved".to_owned(),
            Occasion::Again(_) => ", that it stands again".to_owned(),
        };
        let (class, state) = match telling.state {
            TellingState::Told => ("completed", "Told"),
            TellingState::GivenUp => ("failed", "Given up"),
            TellingState::Waiting => ("sent", "Waits"),
            TellingState::Unwanted => ("draft", "Not wanted"),
        };
        let waits = telling.state == TellingState::Waiting && telling.due > around.now;
        let because = if telling.channel == MAIL { because(telling.because) } else { "a channel" };
        Self {
            id: telling.id,
            what: format!("{}{occasion}", word(it.kind)),
            of,
            href: key.map(|it| link::package(&it)).unwrap_or_default(),
            who: shown(if telling.address.is_empty() { &telling.channel } else { &telling.address }),
            because: because.to_owned(),
            class,
            state,
            why: telling
                .error
                .as_deref()
                .filter(|_| telling.state != TellingState::Told)
                .map(|it| capital(&shown(it))),
            tries: (telling.tries > 0).then(|| count(telling.tries.unsigned_abs(), "try", "tries")),
            when: telling.tried_at.map(|it| When::ago(it, around.now, around.zone)),
            again: waits.then(|| When::near(telling.due, around.now, around.zone)),
            given_up: telling.state == TellingState::GivenUp,
        }
    }
}
