//! What was passed on to another listener of an account, and how that went.

use super::time::When;
use super::words::{capital, count, number, shown};
use super::{Around, Frame, Place, link};
use crate::app::{Forward, ForwardFacts, Passing};
use crate::model::{AccountId, Timestamp};
use askama::Template;

/// What the page shows.
#[derive(Debug)]
pub struct ForwardsInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// Whose callbacks.
    pub account: &'a AccountId,
    /// The listener's host.
    pub host: &'a str,
    /// How it fares.
    pub facts: &'a ForwardFacts,
    /// What was tried, the last try first.
    pub rows: &'a [Forward],
    /// Only what was given up.
    pub only: bool,
    /// What a button has just done, as a sentence.
    pub notice: Option<&'a str>,
}

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "forwards.html")]
pub struct ForwardsPage<'a> {
    frame: Frame,
    label: String,
    /// The page's own address.
    href: String,
    host: String,
    summary: String,
    /// Something waits or was given up.
    unfinished: bool,
    only: bool,
    rows: Vec<RowView>,
    notice: Option<&'a str>,
}

#[derive(Debug)]
struct RowView {
    arrival: i64,
    payload: String,
    when: When,
    class: &'static str,
    state: &'static str,
    /// When it is tried again.
    again: Option<When>,
    answer: String,
    tries: String,
    /// It has a button.
    is_over: bool,
}

impl<'a> ForwardsPage<'a> {
    /// Puts it into words.
    #[must_use]
    pub fn new(input: &ForwardsInput<'a>) -> Self {
        let account = input.around.account(input.account);
        Self {
            frame: Frame::new(&format!("Passed on · {}", account.label), Place::Providers, &input.around),
            label: account.label,
            href: page(input.account),
            host: shown(input.host),
            summary: summary(input.facts),
            unfinished: input.facts.waiting + input.facts.given_up > 0,
            only: input.only,
            rows: input.rows.iter().map(|it| RowView::new(it, &input.around)).collect(),
            notice: input.notice,
        }
    }
}

impl RowView {
    fn new(it: &Forward, around: &Around<'_>) -> Self {
        let last = &it.last;
        let (class, state) = match last.state {
            Passing::Taken => ("completed", "Taken"),
            Passing::GivenUp => ("failed", "Given up"),
            Passing::InLine | Passing::Aside => ("sent", "Waits"),
        };
        let is_over = matches!(last.state, Passing::Taken | Passing::GivenUp);
        let answer = match (&last.error, last.status) {
            (Some(why), _) => capital(&shown(why)),
            (None, Some(status)) => format!("It answers {status}"),
            (None, None) => String::new(),
        };
        Self {
            arrival: last.arrival,
            payload: link::stray_payload(last.arrival),
            when: When::ago(Timestamp(last.at), around.now, around.zone),
            class,
            state,
            again: (!is_over).then(|| When::at(Timestamp(last.due), around.now, around.zone)),
            answer: format!("{answer}, after {} ms", number(last.ms.unsigned_abs())),
            tries: count(it.tries, "try", "tries"),
            is_over,
        }
    }
}

/// The page of an account.
#[must_use]
pub fn page(account: &AccountId) -> String {
    crate::model::link::forwards(account)
}

/// `3 wait, 1 was given up`.
#[must_use]
pub fn summary(facts: &ForwardFacts) -> String {
    let waiting = match facts.waiting {
        0 => "nothing waits".to_owned(),
        1 => "1 waits".to_owned(),
        many => format!("{} wait", number(many)),
    };
    match facts.given_up {
        0 => waiting,
        some => format!("{waiting}, {} given up", count(some, "was", "were")),
    }
}
