//! What the pages, the live rows and the JSON show. Pure: plain values and the time in, text out.
//!
//! A page is an input struct, a `new` that turns it into words, and a template under `templates/`. A list's row and
//! the stream's row come from the same template. What another floor knows arrives here as plain values; nothing here
//! may ask the store, and no secret gets this far.

pub mod accounts;
mod alert;
pub mod alerts;
pub mod assets;
pub mod audit;
pub mod board;
pub mod csv;
mod drawn;
pub mod drift;
pub mod error;
mod facets;
pub mod forwards;
pub mod hooks;
pub mod inbox;
pub mod json;
mod lines;
pub mod link;
pub mod lost;
pub mod me;
pub mod messages;
mod notes;
pub mod package;
mod people;
pub mod providers;
pub mod query;
pub mod retention;
pub mod row;
#[cfg(test)]
mod sample;
pub mod saved;
pub mod screen;
pub mod sign_in;
pub mod standing;
mod strip;
pub mod sync;
mod tallies;
#[cfg(test)]
mod tests;
pub mod time;
mod timeline;
pub mod tokens;
pub mod traffic;
pub mod users;
mod why;
mod wishes;
pub mod words;

pub use board::{Beside, BoardInput, BoardPage, PulseFragment, PulseInput};
pub use drawn::Drawn;
pub use error::ErrorPage;
pub use forwards::{ForwardsInput, ForwardsPage};
pub use inbox::{InboxInput, InboxPage, LoneSigners};
pub use lost::{LostInput, LostPage};
pub use package::{PackageAlerts, PackageInput, PackagePage};
pub use providers::{AuthKind, ProviderCard, ProvidersInput, ProvidersPage};
pub use query::{BoardQuery, Cursor, Updated};
pub use row::{RowFragment, RowView};
pub use screen::{ScreenPage, ScreenPulse};
pub use strip::Strip;
pub use sync::{AccountSync, RunningFragment, SyncInput, SyncPage, SyncQuery};
pub use time::Zone;
pub use traffic::{TrafficList, TrafficView};

use crate::model::{AccountId, Package, Timestamp};
use askama::Template;
use standing::Header;
use time::When;

/// What the pages call an account, and what its provider is like.
#[derive(Debug, Clone)]
pub struct AccountLabel {
    /// Its id.
    pub id: AccountId,
    /// Its name on the page.
    pub label: String,
    /// The provider's word in the configuration and in the board's query.
    pub provider: String,
    /// The provider's name in sentences: `OneSpan Sign`.
    pub provider_title: String,
    /// Its provider never tells a package's name, its sender or how many sign.
    pub tells_no_names: bool,
    /// Its provider never lists what is inside a package.
    pub tells_no_documents: bool,
    /// Its provider collects changes and tells them every so many minutes.
    pub told_every_minutes: Option<u16>,
    /// Where people look at a package at the provider, with `{id}` in the place of its id.
    pub app_url: Option<String>,
}

impl AccountLabel {
    /// Said where the provider never tells something.
    fn not_told(&self) -> String {
        format!("not told by {}", self.provider_title)
    }

    /// The same of a package's name, which another provider's API may still tell.
    fn name_not_told(&self) -> String {
        if self.tells_no_names { format!("name {}", self.not_told()) } else { "name not told yet".to_owned() }
    }

    /// Whether what `package` lacks will never be told: an answer of an API that names it tells the rest, too.
    fn never_tells(&self, package: &Package) -> bool {
        self.tells_no_names && package.name.is_none()
    }

    /// How late its packages may be by design.
    fn lag(&self) -> Option<String> {
        let minutes = u64::from(self.told_every_minutes?);
        Some(format!("told every {}", words::count(minutes, "minute", "minutes")))
    }
}

/// What every page knows.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The configured accounts, as far as whoever looks may see them.
    pub accounts: &'a [AccountLabel],
    /// The time.
    pub now: Timestamp,
    /// The zone in which times are printed.
    pub zone: &'a Zone,
    /// How many alerts are open.
    pub alerts: u64,
    /// When the last callback was accepted, from whichever account.
    pub last_callback: Option<Timestamp>,
    /// What an operator must know at once: callbacks can't be written down, or are refused.
    pub warnings: &'a [String],
    /// How the accounts in view stand.
    pub header: &'a Header,
    /// Who looks; `None`: a stranger, who is told nothing.
    pub who: Option<&'a Looks>,
}

/// Who looks at a page, and which entries of the navigation lead somewhere for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks {
    /// As the audit calls them.
    pub name: String,
    /// They came by a session, and may end it.
    pub signed_in: bool,
    /// The inbox opens.
    pub inbox: bool,
    /// The page of hooks opens, and there are some.
    pub hooks: bool,
    /// The page of messages opens, and something is told by mail or by a channel.
    pub messages: bool,
    /// The page of people opens.
    pub people: bool,
    /// The page of providers opens.
    pub providers: bool,
    /// The page for lost callbacks opens.
    pub lost: bool,
    /// The audit opens.
    pub audit: bool,
    /// They may see more than what they sent, and can narrow a board to that.
    pub sends: bool,
}

impl Around<'_> {
    /// What the pages call an account; one that is no longer configured goes by its id.
    #[must_use]
    pub fn account(&self, id: &AccountId) -> AccountLabel {
        self.accounts.iter().find(|account| account.id == *id).cloned().unwrap_or_else(|| AccountLabel {
            id: id.clone(),
            label: id.0.clone(),
            provider: String::new(),
            provider_title: "the provider".to_owned(),
            tells_no_names: false,
            tells_no_documents: false,
            told_every_minutes: None,
            app_url: None,
        })
    }
}

/// The frame around every page, as `base.html` draws it.
#[derive(Debug)]
pub struct Frame {
    /// The tab's title.
    pub title: String,
    /// Where in the navigation the page lies.
    pub place: Place,
    /// The zone's name, for the label.
    pub zone: String,
    /// When the page was drawn.
    pub drawn: When,
    /// When the last callback came.
    pub heard: Option<When>,
    /// What an operator must know at once.
    pub warnings: Vec<String>,
    /// How the accounts in view stand.
    pub header: Header,
    /// Whether the page follows changes.
    pub live: bool,
    /// How many alerts are open; empty: none.
    pub open: String,
    /// The same in words.
    pub bell: String,
    /// Who looks; `None`: a stranger.
    pub who: Option<Looks>,
}

/// The entries of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Packages.
    Packages,
    /// Alerts.
    Alerts,
    /// Sync.
    Sync,
    /// Inbox.
    Inbox,
    /// Providers.
    Providers,
    /// Hooks.
    Hooks,
    /// What was told of alerts.
    Messages,
    /// Lost callbacks.
    Lost,
    /// People, and what programs show.
    People,
    /// What was done.
    Audit,
    /// None of them.
    Elsewhere,
}

impl Frame {
    fn new(title: &str, place: Place, around: &Around<'_>) -> Self {
        Self {
            title: tab_title(title, around.alerts),
            place,
            zone: around.zone.name().to_owned(),
            drawn: When::clock(around.now, around.zone),
            heard: around.last_callback.map(|at| When::ago(at, around.now, around.zone)),
            warnings: around.warnings.to_vec(),
            header: around.header.clone(),
            live: false,
            open: alerts::counted(around.alerts),
            bell: strip::said(around.alerts),
            who: around.who.cloned(),
        }
    }

    /// Around a page for strangers.
    fn outside(title: &str, around: &Around<'_>) -> Self {
        Self { who: None, warnings: Vec::new(), ..Self::new(title, Place::Elsewhere, around) }
    }

    fn live(self) -> Self {
        Self { live: true, ..self }
    }

    /// `aria-current` of a navigation entry.
    fn current(&self, place: Place) -> bool {
        self.place == place
    }

    fn icon(&self) -> &'static str {
        assets::url("icon.svg")
    }

    fn style(&self) -> &'static str {
        assets::url("app.css")
    }

    fn script(&self) -> &'static str {
        assets::url("live.js")
    }
}

/// `(3) Sent · signboard`: tabs are told apart by their beginning.
fn tab_title(title: &str, open: u64) -> String {
    let title = words::one_line(title);
    match alerts::counted(open) {
        none if none.is_empty() => format!("{title} · signboard"),
        open => format!("({open}) {title} · signboard"),
    }
}

/// Renders a page. Writing to a string can't fail; were it to, the page says so instead of being blank.
#[must_use]
pub fn html(page: &impl Template) -> String {
    page.render()
        .unwrap_or_else(|error| format!("This page can't be drawn: {}", words::one_line(&error.to_string())))
}
