//! The inbox: what arrived lately, what can't be read, and what was refused.

use super::time::When;
use super::words::{count, number, shown};
use super::{AccountLabel, Around, Frame, Place, link};
use crate::app::{Arrival, ArrivalState, LoneSigner, Refused, Said, Waiting, WhyGone};
use crate::model::Origin;
use askama::Template;

/// What the inbox shows.
#[derive(Debug)]
pub struct InboxInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// What arrived lately, newest first.
    pub arrivals: &'a [Arrival],
    /// What can't be read, newest first.
    pub quarantined: &'a [Arrival],
    /// How much can't be read in all.
    pub quarantined_total: u64,
    /// What was refused, newest first.
    pub refused: &'a [Refused],
    /// How much was refused and kept in all.
    pub refused_total: u64,
    /// Signers of whom no package is known, by account; accounts without any are left out.
    pub lone: &'a [LoneSigners<'a>],
    /// Pasted callbacks that wait, in their order.
    pub waiting: &'a [Waiting],
    /// How many wait in all.
    pub waiting_total: u64,
    /// The last of these, where others follow.
    pub more_waiting: Option<i64>,
    /// The accounts for which callbacks can be pasted, and whether each has an API.
    pub takers: &'a [(&'a AccountLabel, bool)],
    /// What a button has just done, as a sentence.
    pub notice: Option<&'a str>,
    /// The address of the arrivals before these.
    pub older: Option<&'a str>,
    /// The address of the arrivals after these.
    pub newer: Option<&'a str>,
}

/// A page of the signers of an account of whom no package is known (rule 20).
#[derive(Debug)]
pub struct LoneSigners<'a> {
    /// The account.
    pub account: &'a AccountLabel,
    /// How many there are in all.
    pub total: u64,
    /// Some of them, the newest first.
    pub signers: Vec<LoneSigner>,
    /// Whether the account has an API to ask.
    pub has_api: bool,
    /// The last of these, where older ones follow.
    pub older: Option<i64>,
    /// Whether this is the first page.
    pub is_first: bool,
}

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "inbox.html")]
pub struct InboxPage<'a> {
    frame: Frame,
    arrivals: Vec<ArrivalView>,
    quarantined: Vec<ArrivalView>,
    quarantined_total: String,
    refused: Vec<RefusedView>,
    refused_total: String,
    lone: Vec<LoneView>,
    lone_total: String,
    waiting: Vec<WaitingView>,
    waiting_total: String,
    more_waiting: Option<String>,
    /// Id and label.
    takers: Vec<(&'a str, &'a str)>,
    notice: Option<&'a str>,
    older: Option<&'a str>,
    newer: Option<&'a str>,
}

/// One account's signers of whom no package is known.
#[derive(Debug)]
struct LoneView {
    account: String,
    signers: Vec<LoneSignerView>,
    newer: Option<String>,
    older: Option<String>,
}

#[derive(Debug)]
struct LoneSignerView {
    id: String,
    facts: String,
    name: String,
    at: When,
    since: When,
    /// Whether and when the API is asked.
    asked: &'static str,
    ask_at: Option<When>,
}

#[derive(Debug)]
struct ArrivalView {
    id: i64,
    when: When,
    account: String,
    remote: String,
    /// The provider's word for the first fact in it.
    name: Option<String>,
    /// The package's link and id.
    package: Option<(String, String)>,
    payload: String,
    origin: &'static str,
    state: &'static str,
    class: &'static str,
    note: Option<String>,
    /// Why its bytes are not here any more.
    gone: Option<&'static str>,
    size: String,
}

#[derive(Debug)]
struct WaitingView {
    id: i64,
    name: String,
    happened: Option<When>,
    package: String,
    href: Option<String>,
    account: String,
    by: String,
    pasted: When,
    said: &'static str,
    asked: Option<When>,
}

#[derive(Debug)]
struct RefusedView {
    id: i64,
    when: When,
    account: String,
    remote: String,
    why: String,
    size: String,
    /// How often the same came, and when last, where it came more than once.
    again: Option<(String, When)>,
}

impl<'a> InboxPage<'a> {
    /// Puts the inbox into words.
    #[must_use]
    pub fn new(input: &InboxInput<'a>) -> Self {
        let around = &input.around;
        let arrival = |it: &Arrival| ArrivalView::new(it, around);
        Self {
            frame: Frame::new("Inbox", Place::Inbox, around),
            arrivals: input.arrivals.iter().map(arrival).collect(),
            quarantined: input.quarantined.iter().map(arrival).collect(),
            quarantined_total: count(input.quarantined_total, "callback", "callbacks"),
            refused: input.refused.iter().map(|it| RefusedView::new(it, around)).collect(),
            refused_total: count(input.refused_total, "call", "calls"),
            lone: input.lone.iter().map(|it| LoneView::new(it, around)).collect(),
            lone_total: count(input.lone.iter().map(|it| it.total).sum(), "signer", "signers"),
            waiting: input.waiting.iter().map(|it| WaitingView::new(it, input)).collect(),
            waiting_total: count(input.waiting_total, "pasted callback", "pasted callbacks"),
            more_waiting: input.more_waiting.map(|id| format!("/inbox?waiting={id}#waiting")),
            takers: input.takers.iter().map(|(it, _)| (it.id.0.as_str(), it.label.as_str())).collect(),
            notice: input.notice,
            older: input.older,
            newer: input.newer,
        }
    }
}

impl LoneView {
    fn new(it: &LoneSigners<'_>, around: &Around<'_>) -> Self {
        let page = format!("/inbox?signers={}", link::encode(&it.account.id.0));
        Self {
            account: it.account.label.clone(),
            signers: it
                .signers
                .iter()
                .map(|signer| LoneSignerView::new(signer, it.has_api, around))
                .collect(),
            older: it.older.map(|id| format!("{page}&signer={id}#signers")),
            newer: (!it.is_first).then(|| format!("{page}#signers")),
        }
    }
}

impl LoneSignerView {
    fn new(it: &LoneSigner, has_api: bool, around: &Around<'_>) -> Self {
        let asked = match (it.ask_at, has_api) {
            (Some(at), _) if at <= around.now => "the API is asked next",
            (Some(_), _) => "the API is asked again",
            (None, true) => "the API did not know and is not asked any more",
            (None, false) => "there is no API to ask",
        };
        Self {
            id: shown(it.signer.as_str()),
            facts: count(it.facts, "entry", "entries"),
            name: shown(&it.name),
            at: When::ago(it.at, around.now, around.zone),
            since: When::ago(it.since, around.now, around.zone),
            asked,
            ask_at: it.ask_at.filter(|at| *at > around.now).map(|at| When::at(at, around.now, around.zone)),
        }
    }
}

impl ArrivalView {
    fn new(it: &Arrival, around: &Around<'_>) -> Self {
        let AccountLabel { label, .. } = around.account(&it.account);
        let (state, class) = match it.state {
            ArrivalState::Pending => ("Not read yet", "sent"),
            ArrivalState::Digested => ("Read", "completed"),
            ArrivalState::Quarantined => ("Set aside", "failed"),
            ArrivalState::Test => ("Test, not read", "archived"),
        };
        Self {
            id: it.id,
            when: When::ago(it.received_at, around.now, around.zone),
            account: label,
            remote: shown(&it.remote),
            name: it.name.as_deref().map(shown),
            package: it.package.as_ref().map(|key| (link::package(key), shown(key.package.as_str()))),
            payload: it
                .package
                .as_ref()
                .map_or_else(|| link::stray_payload(it.id), |key| link::payload(key, it.id)),
            origin: match it.origin {
                Origin::Callback => "callback",
                Origin::Poll => "asked",
                Origin::Hand => "by hand",
            },
            state,
            class,
            note: it.note.as_deref().map(shown),
            gone: it.gone.map(|why| match why {
                WhyGone::Age => "bytes kept long enough",
                WhyGone::Package => "gone with its package",
                WhyGone::Erased => "bytes erased",
            }),
            size: bytes(it.size),
        }
    }
}

impl WaitingView {
    fn new(waiting: &Waiting, input: &InboxInput<'_>) -> Self {
        let (around, it) = (&input.around, &waiting.it);
        let has_api = input.takers.iter().any(|(label, has_api)| label.id == it.key.account && *has_api);
        let said = match waiting.asked {
            None if !has_api => "There is no API to ask. Admit it if you trust where it comes from.",
            None => "The API is asked about it.",
            Some((_, Said::Otherwise)) => "The API says something else of the package",
            Some((_, Said::Silent)) => "The API can’t tell of such an event",
            Some((_, Said::Unknown)) => "The API does not show this package",
        };
        Self {
            id: waiting.id,
            name: shown(&it.name),
            happened: it.happened_at.map(|at| When::at(at, around.now, around.zone)),
            package: shown(it.key.package.as_str()),
            href: waiting.on_board.then(|| link::package(&it.key)),
            account: around.account(&it.key.account).label,
            by: shown(&it.pasted_by),
            pasted: When::ago(it.pasted_at, around.now, around.zone),
            said,
            asked: waiting.asked.map(|(at, _)| When::ago(at, around.now, around.zone)),
        }
    }
}

impl RefusedView {
    fn new(it: &Refused, around: &Around<'_>) -> Self {
        Self {
            id: it.id,
            when: When::ago(it.received_at, around.now, around.zone),
            account: around.account(&it.account).label,
            remote: shown(&it.remote),
            why: shown(&it.why),
            size: bytes(it.size),
            again: (it.times > 1).then(|| {
                (
                    format!("refused {} times", number(it.times)),
                    When::ago(it.last_at, around.now, around.zone),
                )
            }),
        }
    }
}

fn bytes(size: i64) -> String {
    let size = u64::try_from(size).unwrap_or(0);
    match size {
        0..10_000 => format!("{} B", number(size)),
        10_000..10_000_000 => format!("{} kB", number(size / 1_000)),
        _ => format!("{} MB", number(size / 1_000_000)),
    }
}
