//! What the firm's own logic was told, and how that went.

use super::time::{When, rfc3339};
use super::words::{capital, count, number, shown};
use super::{Around, Frame, Place, link};
use crate::app::hooks::Hook;
use crate::app::{HookDelivery, HookFacts, HookState};
use crate::model::Timestamp;
use askama::Template;
use serde::Serialize;

/// The page of all hooks.
#[derive(Debug, Template)]
#[template(path = "hooks/list.html")]
pub struct HooksPage {
    frame: Frame,
    hooks: Vec<HookView>,
}

/// One hook, in words.
#[derive(Debug)]
struct HookView {
    name: String,
    href: String,
    host: String,
    /// `package.completed, signer.locked, of all accounts`.
    hears: String,
    class: &'static str,
    state: &'static str,
    summary: String,
    /// Since when it is paused, and why.
    paused: Option<(When, String)>,
    /// When a message was last taken.
    taken: Option<When>,
    /// How the last try went, where that was in vain.
    trouble: Option<String>,
}

/// What the page of one hook shows.
#[derive(Debug)]
pub struct HookInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// Which.
    pub hook: &'a Hook,
    /// How it fares.
    pub facts: &'a HookFacts,
    /// What it was told, the newest first.
    pub rows: &'a [HookDelivery],
    /// Only what stands so.
    pub only: Option<HookState>,
    /// There are more.
    pub more: bool,
    /// What a button has just done, as a sentence.
    pub notice: Option<String>,
}

/// The page of one hook.
#[derive(Debug, Template)]
#[template(path = "hooks/one.html")]
pub struct HookPage {
    frame: Frame,
    hook: HookView,
    given_up: bool,
    /// Ways to see only some: an address, a word, and whether that is shown.
    filters: Vec<(String, &'static str, bool)>,
    rows: Vec<RowView>,
    /// The address of those before.
    next: Option<String>,
    notice: Option<String>,
}

#[derive(Debug)]
struct RowView {
    id: i64,
    event: String,
    package: String,
    href: String,
    when: When,
    class: &'static str,
    state: &'static str,
    /// When it is tried, where it waits.
    again: Option<When>,
    answer: Option<String>,
    /// How what was answered begins.
    said: Option<String>,
    tries: Option<String>,
    /// It has a button.
    is_over: bool,
}

/// The page of a hook.
#[must_use]
pub fn page(hook: &str) -> String {
    crate::model::link::hook(hook)
}

impl HooksPage {
    /// Puts it into words.
    #[must_use]
    pub fn new(hooks: &[(&Hook, HookFacts)], around: &Around<'_>) -> Self {
        Self {
            frame: Frame::new("Hooks", Place::Hooks, around),
            hooks: hooks.iter().map(|(hook, facts)| HookView::new(hook, facts, around)).collect(),
        }
    }
}

impl HookView {
    fn new(hook: &Hook, facts: &HookFacts, around: &Around<'_>) -> Self {
        let config = &hook.config;
        let accounts = match config.accounts.as_slice() {
            [] => "all accounts".to_owned(),
            some => some.join(", "),
        };
        let latest = facts.latest.as_ref().and_then(|it| Some((it.last.as_ref()?.error.as_ref()?, it)));
        let trouble = latest.map(|(why, _)| capital(&shown(why)));
        let (class, state) = match () {
            () if facts.paused.is_some() => ("draft", "Paused"),
            () if trouble.is_some() => ("failed", "Fails"),
            () if facts.waiting > 0 => ("sent", "Telling"),
            () => ("completed", "Well"),
        };
        let ago = |at| When::ago(at, around.now, around.zone);
        Self {
            name: shown(hook.name()),
            href: page(hook.name()),
            host: shown(&config.to.host()),
            hears: format!("{}, of {accounts}", config.on.join(", ")),
            class,
            state,
            summary: summary(facts),
            paused: facts.paused.as_ref().map(|(at, why)| (ago(*at), shown(why))),
            taken: facts.taken_at.map(ago),
            trouble,
        }
    }
}

impl HookPage {
    /// Puts it into words.
    #[must_use]
    pub fn new(input: HookInput<'_>) -> Self {
        let (hook, around) = (input.hook, &input.around);
        let href = page(hook.name());
        let filter = |only: Option<HookState>| {
            let word = match only {
                None => "All",
                Some(HookState::Waits) => "Waiting",
                Some(HookState::GivenUp) => "Given up",
                Some(HookState::Taken) => "Taken",
            };
            let to = only.map_or_else(|| href.clone(), |it| format!("{href}?only={}", it.word()));
            (to, word, only == input.only)
        };
        let only = input.only.map_or_else(String::new, |it| format!("&only={}", it.word()));
        let last = input.rows.last().filter(|_| input.more);
        Self {
            frame: Frame::new(&format!("Hook {}", hook.name()), Place::Hooks, around),
            hook: HookView::new(hook, input.facts, around),
            given_up: input.facts.given_up > 0,
            filters: std::iter::once(None).chain(HookState::ALL.map(Some)).map(filter).collect(),
            rows: input.rows.iter().map(|it| RowView::new(it, around)).collect(),
            next: last.map(|it| format!("{href}?before={}{only}", it.id)),
            notice: input.notice,
        }
    }
}

impl RowView {
    fn new(it: &HookDelivery, around: &Around<'_>) -> Self {
        let (class, state) = match it.state {
            HookState::Taken => ("completed", "Taken"),
            HookState::GivenUp => ("failed", "Given up"),
            HookState::Waits => ("sent", "Waits"),
        };
        let is_over = it.state != HookState::Waits;
        let last = it.last.as_ref();
        let answer = last.map(|last| {
            let said = match (&last.error, last.status) {
                (Some(why), _) => capital(&shown(why)),
                (None, Some(status)) => format!("It answers {status}"),
                (None, None) => "It does not answer".to_owned(),
            };
            format!("{said}, after {} ms", number(last.ms.unsigned_abs()))
        });
        Self {
            id: it.id,
            event: shown(&it.event),
            package: format!("{} {}", around.account(&it.key.account).label, shown(it.key.package.as_str())),
            href: link::package(&it.key),
            when: When::ago(last.map_or(it.made_at, |it| Timestamp(it.at)), around.now, around.zone),
            class,
            state,
            again: (!is_over && it.due > around.now).then(|| When::at(it.due, around.now, around.zone)),
            answer,
            said: last.and_then(|it| it.answer.as_deref()).map(shown),
            tries: (it.tries > 0).then(|| count(it.tries, "try", "tries")),
            is_over,
        }
    }
}

/// `3 wait, 1 was given up`.
fn summary(facts: &HookFacts) -> String {
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

/// The answer to `GET /api/v1/hooks`. Keys are only ever added.
#[derive(Debug, Serialize)]
pub struct HookList {
    hooks: Vec<HookJson>,
}

#[derive(Debug, Serialize)]
struct HookJson {
    name: String,
    host: String,
    on: Vec<String>,
    /// Empty: all.
    accounts: Vec<String>,
    waiting: u64,
    waiting_since: Option<String>,
    given_up: u64,
    paused_at: Option<String>,
    paused_because: Option<String>,
    taken_at: Option<String>,
    last_try: Option<LastJson>,
}

#[derive(Debug, Serialize)]
struct LastJson {
    at: String,
    event: String,
    account: String,
    package: String,
    state: &'static str,
    tries: u64,
    status: Option<u16>,
    error: Option<String>,
    ms: i64,
}

impl HookList {
    /// How each hook fares.
    #[must_use]
    pub fn new(hooks: &[(&Hook, HookFacts)]) -> Self {
        Self { hooks: hooks.iter().map(|(hook, facts)| HookJson::new(hook, facts)).collect() }
    }
}

impl HookJson {
    fn new(hook: &Hook, facts: &HookFacts) -> Self {
        let last = facts.latest.as_ref().and_then(|it| Some((it, it.last.as_ref()?)));
        Self {
            name: hook.name().to_owned(),
            host: hook.config.to.host(),
            on: hook.config.on.clone(),
            accounts: hook.config.accounts.clone(),
            waiting: facts.waiting,
            waiting_since: facts.waiting_since.map(rfc3339),
            given_up: facts.given_up,
            paused_at: facts.paused.as_ref().map(|(at, _)| rfc3339(*at)),
            paused_because: facts.paused.as_ref().map(|(_, why)| why.clone()),
            taken_at: facts.taken_at.map(rfc3339),
            last_try: last.map(|(it, last)| LastJson {
                at: rfc3339(Timestamp(last.at)),
                event: it.event.clone(),
                account: it.key.account.0.clone(),
                package: it.key.package.as_str().to_owned(),
                state: it.state.word(),
                tries: it.tries,
                status: last.status,
                error: last.error.clone(),
                ms: last.ms,
            }),
        }
    }
}
