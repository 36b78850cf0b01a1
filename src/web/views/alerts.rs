//! The page of alerts, and the same as JSON.

use super::alert::{AlertView, word};
use super::time::rfc3339;
use super::words::number;
use super::{Around, Frame, Place, link};
use crate::app::alerts::said;
use crate::app::{Alert, AlertState, MOST_COUNTED, Resolution, Standing, Taken, Telling, TellingState};
use crate::model::alert::AlertKind;
use crate::model::{AccountId, PackageId};
use askama::Template;
use serde::Serialize;

/// Which alerts somebody looks at, as the address says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertQuery {
    /// Those that stand so.
    pub state: AlertState,
    /// Of one kind.
    pub kind: Option<AlertKind>,
    /// Of one account.
    pub account: Option<String>,
    /// Those before this number.
    pub before: Option<i64>,
}

impl AlertQuery {
    /// What an address says; what can't be understood counts as if it weren't there.
    #[must_use]
    pub fn parse(value: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| value(name).filter(|it| !it.is_empty());
        Self {
            state: value("state").and_then(|it| AlertState::parse(&it)).unwrap_or(AlertState::Open),
            kind: value("kind").and_then(|it| AlertKind::parse(&it)),
            account: value("account"),
            before: value("before").and_then(|it| it.parse().ok()),
        }
    }

    /// The address.
    #[must_use]
    pub fn href(&self) -> String {
        let before = self.before.map(|it| it.to_string());
        let state = Some(self.state.word()).filter(|_| self.state != AlertState::Open);
        let parts = [
            ("state", state),
            ("kind", self.kind.map(AlertKind::word)),
            ("account", self.account.as_deref()),
            ("before", before.as_deref()),
        ];
        let parts = parts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let parts: Vec<String> = parts.map(|(name, it)| format!("{name}={}", link::encode(it))).collect();
        if parts.is_empty() { "/alerts".to_owned() } else { format!("/alerts?{}", parts.join("&")) }
    }

    fn is_narrowed(&self) -> bool {
        self.kind.is_some() || self.account.is_some()
    }
}

/// What the page shows.
#[derive(Debug)]
pub struct AlertsInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// What the address asks for.
    pub query: &'a AlertQuery,
    /// The alerts, the newest first; and whether whoever looks may see to each.
    pub alerts: &'a [(Alert, bool)],
    /// Who was told of them.
    pub told: &'a [Telling],
    /// How many stand.
    pub standing: Standing,
    /// There are older ones behind this number.
    pub older: Option<i64>,
    /// What a button has just done.
    pub notice: Option<&'a str>,
    /// Changes when the open alerts do.
    pub key: &'a str,
    /// The newest change that it knows of.
    pub seq: i64,
}

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "alerts/list.html")]
pub struct AlertsPage {
    frame: Frame,
    tabs: Vec<Tab>,
    kinds: Vec<(&'static str, &'static str, bool)>,
    accounts: Vec<(String, String, bool)>,
    state: &'static str,
    is_narrowed: bool,
    cleared: String,
    alerts: Vec<AlertView>,
    may: bool,
    back: String,
    first: Option<String>,
    older: Option<String>,
    notice: Option<String>,
    key: String,
    seq: i64,
}

#[derive(Debug)]
struct Tab {
    href: String,
    title: &'static str,
    count: Option<String>,
    current: bool,
}

impl AlertsPage {
    /// Puts it into words.
    #[must_use]
    pub fn new(input: &AlertsInput<'_>) -> Self {
        let (around, query) = (&input.around, input.query);
        let bare = AlertQuery { before: None, ..query.clone() };
        let more = if input.standing.more { "+" } else { "" };
        let tab = |state| {
            let count = match state {
                AlertState::Open => Some(input.standing.open),
                AlertState::Taken => Some(input.standing.taken),
                AlertState::Snoozed => Some(input.standing.snoozed),
                AlertState::Resolved => None,
            };
            Tab {
                href: AlertQuery { state, ..bare.clone() }.href(),
                title: title(state),
                count: count.map(|it| format!("{}{more}", number(it))),
                current: state == query.state,
            }
        };
        let view = |(alert, may): &(Alert, bool)| AlertView::new(alert, input.told, *may, around);
        let alerts: Vec<AlertView> = input.alerts.iter().map(view).collect();
        let chosen = |it: &super::AccountLabel| query.account.as_ref() == Some(&it.id.0);
        Self {
            frame: Frame::new(&format!("Alerts, {}", query.state.word()), Place::Alerts, around).live(),
            tabs: AlertState::ALL.map(tab).into(),
            kinds: AlertKind::ALL.map(|it| (it.word(), word(it), query.kind == Some(it))).into(),
            accounts: around
                .accounts
                .iter()
                .map(|it| (it.id.0.clone(), it.label.clone(), chosen(it)))
                .collect(),
            state: query.state.word(),
            is_narrowed: query.is_narrowed(),
            cleared: AlertQuery { kind: None, account: None, ..bare.clone() }.href(),
            may: alerts.iter().any(|it| it.may),
            alerts,
            back: query.href(),
            first: query.before.map(|_| bare.href()),
            older: input.older.map(|it| AlertQuery { before: Some(it), ..bare.clone() }.href()),
            notice: input.notice.map(str::to_owned),
            key: input.key.to_owned(),
            seq: input.seq,
        }
    }

    fn is_open(&self) -> bool {
        self.state == AlertState::Open.word()
    }
}

fn title(state: AlertState) -> &'static str {
    match state {
        AlertState::Open => "Open",
        AlertState::Taken => "Taken",
        AlertState::Snoozed => "Snoozed",
        AlertState::Resolved => "Resolved",
    }
}

/// A count as the title and the bell say it; empty: there is none.
pub(super) fn counted(open: u64) -> String {
    match open {
        0 => String::new(),
        it if it > u64::from(MOST_COUNTED) => format!("{MOST_COUNTED}+"),
        it => it.to_string(),
    }
}

/// The answer to `GET /api/v1/alerts`.
#[derive(Debug, Serialize)]
pub struct AlertList<'a> {
    alerts: Vec<AlertJson<'a>>,
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct AlertJson<'a> {
    id: i64,
    kind: &'static str,
    state: &'static str,
    account: Option<&'a str>,
    package: Option<&'a str>,
    name: Option<&'a str>,
    signer: Option<&'a str>,
    what: String,
    todo: String,
    began: String,
    raised_at: String,
    late: bool,
    taken: Option<TakenJson<'a>>,
    snoozed: Option<SnoozedJson<'a>>,
    resolved: Option<ResolvedJson>,
    told: Vec<ToldJson<'a>>,
}

#[derive(Debug, Serialize)]
struct TakenJson<'a> {
    #[serde(flatten)]
    last: TakeJson<'a>,
    before: Vec<TakeJson<'a>>,
}

#[derive(Debug, Serialize)]
struct TakeJson<'a> {
    at: String,
    by: &'a str,
    why: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct SnoozedJson<'a> {
    until: String,
    by: &'a str,
}

#[derive(Debug, Serialize)]
struct ResolvedJson {
    at: String,
    why: &'static str,
}

#[derive(Debug, Serialize)]
struct ToldJson<'a> {
    occasion: String,
    channel: &'a str,
    address: Option<&'a str>,
    because: &'static str,
    state: &'static str,
    due: String,
    tried_at: Option<String>,
    tries: i64,
    error: Option<&'a str>,
}

impl<'a> AlertList<'a> {
    /// A page of alerts, and the number behind which the next one begins.
    #[must_use]
    pub fn new(alerts: &'a [Alert], told: &'a [Telling], next: Option<i64>, around: &Around<'_>) -> Self {
        let one = |it| AlertJson::new(it, told, around);
        Self { alerts: alerts.iter().map(one).collect(), next: next.map(|it| it.to_string()) }
    }
}

impl<'a> AlertJson<'a> {
    fn new(alert: &'a Alert, told: &'a [Telling], around: &Around<'_>) -> Self {
        let AccountId(account) = &alert.account;
        let said = said(alert, &around.account(&alert.account).label, true, around.now);
        let state = alert.state(around.now);
        let snoozed = alert.snoozed.as_ref().filter(|_| state == AlertState::Snoozed);
        Self {
            id: alert.id,
            kind: alert.kind.word(),
            state: state.word(),
            account: filled(account),
            package: alert.package.as_ref().map(PackageId::as_str),
            name: alert.state_of.as_ref().and_then(|it| it.name.as_deref()),
            signer: filled(&alert.signer),
            what: said.what,
            todo: said.todo,
            began: rfc3339(alert.began),
            raised_at: rfc3339(alert.raised_at),
            late: alert.late,
            taken: alert.taken.as_ref().map(|it| TakenJson {
                last: TakeJson::new(it),
                before: alert.taken_before.iter().map(TakeJson::new).collect(),
            }),
            snoozed: snoozed.map(|(until, by)| SnoozedJson { until: rfc3339(*until), by }),
            resolved: alert
                .resolved
                .map(|(at, why): (_, Resolution)| ResolvedJson { at: rfc3339(at), why: why.word() }),
            told: told.iter().filter(|it| it.alert == alert.id).map(ToldJson::new).collect(),
        }
    }
}

impl<'a> TakeJson<'a> {
    fn new(it: &'a Taken) -> Self {
        Self { at: rfc3339(it.at), by: &it.by, why: filled(&it.why) }
    }
}

impl<'a> ToldJson<'a> {
    fn new(it: &'a Telling) -> Self {
        Self {
            occasion: it.occasion.word(),
            channel: &it.channel,
            address: filled(&it.address),
            because: it.because.word(),
            state: match it.state {
                TellingState::Waiting => "waiting",
                TellingState::Told => "told",
                TellingState::GivenUp => "given_up",
                TellingState::Unwanted => "unwanted",
            },
            due: rfc3339(it.due),
            tried_at: it.tried_at.map(rfc3339),
            tries: it.tries,
            error: it.error.as_deref(),
        }
    }
}

fn filled(text: &str) -> Option<&str> {
    Some(text).filter(|it| !it.is_empty())
}
