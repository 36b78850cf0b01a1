//! Alerts as they are read: the page's list, and those of one package.

use super::super::ask::{Ask, read};
use super::super::codec::Decoded;
use super::super::packages::json;
use super::super::{Store, StoreError};
use crate::model::access::Reach;
use crate::model::alert::AlertKind;
use crate::model::{AccountId, Package, PackageId, PackageKey, Timestamp};
use serde::Deserialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::sync::Arc;

macro_rules! alerts {
    ($($where:tt)*) => {
        concat!(
            "SELECT a.id, json_object('id', a.id, 'account', a.account, 'package', a.package, 'kind', a.kind, 'signer', a.signer, \
             'began', a.began, 'raised_at', a.raised_at, 'late', a.late, 'taken_at', a.taken_at, 'taken_by', a.taken_by, \
             'taken_why', a.taken_why, 'taken_before', json(a.taken_before), 'snoozed_until', a.snoozed_until, \
             'snoozed_by', a.snoozed_by, 'resolved_at', a.resolved_at, 'resolution', a.resolution, 'nags', a.nags, \
             'route_at', a.route_at, 'state', json(p.state)) AS told FROM alerts a LEFT JOIN packages p ON p.account = a.account AND p.package = a.package WHERE ",
            $($where)*
        )
    };
}
macro_rules! narrowed {
    ($state:literal) => {
        concat!(
            $state,
            " AND a.id < $1 AND ($2 IS NULL OR a.kind = $2) AND ($3 IS NULL OR a.account = $3) \
             AND ($4 IS NULL OR a.account IN (SELECT value FROM json_each($4))) ORDER BY a.id DESC LIMIT $6"
        )
    };
}
/// As one row: each that comes by itself from the thread of the connection wakes whoever waits for it.
macro_rules! in_one {
    ($alerts:expr) => {
        concat!(
            "SELECT '[' || coalesce(string_agg(told, ',' ORDER BY id DESC), '') || ']' FROM (",
            $alerts,
            ")"
        )
    };
}
/// Of everybody's; and of the packages of some senders: the newest of each, and of these the newest.
macro_rules! listed {
    ($index:literal, $state:literal) => {
        [
            in_one!(alerts!(concat!("($8 OR a.package <> '') AND ", narrowed!($state)))),
            in_one!(alerts!(concat!(
                "a.id IN (SELECT o.id FROM json_each($5) s CROSS JOIN alerts o ON o.id IN (SELECT a.id FROM alerts a INDEXED BY ",
                $index,
                " WHERE a.sender = s.value AND ",
                narrowed!($state),
                ") ORDER BY o.id DESC LIMIT $6) ORDER BY a.id DESC"
            ))),
        ]
    };
}
const ONE: &str = alerts!("a.id = $1");
const OF_PACKAGE: &str = alerts!("a.account = $1 AND a.package = $2 ORDER BY a.id DESC LIMIT $3");
const THESE: &str = alerts!("a.id IN (SELECT value FROM json_each($1)) ORDER BY a.id");
const OPEN: [&str; 2] = listed!(
    "alerts_sender",
    "a.resolved_at IS NULL AND a.taken_at IS NULL AND coalesce(a.snoozed_until, 0) <= $7"
);
const TAKEN: [&str; 2] = listed!("alerts_sender", "a.resolved_at IS NULL AND a.taken_at IS NOT NULL");
const SNOOZED: [&str; 2] =
    listed!("alerts_sender", "a.resolved_at IS NULL AND a.taken_at IS NULL AND a.snoozed_until > $7");
const RESOLVED: [&str; 2] = listed!("alerts_sender_resolved", "a.resolved_at IS NOT NULL");

pub(super) use {alerts, in_one};

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertState {
    /// It waits for somebody.
    Open,
    /// Somebody sees to it.
    Taken,
    /// It is silent for a while.
    Snoozed,
    /// It is over.
    Resolved,
}

impl AlertState {
    /// Each, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Open, Self::Taken, Self::Snoozed, Self::Resolved];

    /// Its name in addresses and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Taken => "taken",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.word() == word)
    }
}

/// Why an alert is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// A later fact says that it is mended.
    Cleared,
    /// It was an end, and somebody took note of it.
    Noted,
    /// It was an end, and a week has passed.
    Aged,
}

impl Resolution {
    /// Its name in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Cleared => "cleared",
            Self::Noted => "noted",
            Self::Aged => "aged",
        }
    }

    fn of(word: &str) -> Self {
        [Self::Noted, Self::Aged].into_iter().find(|it| it.word() == word).unwrap_or(Self::Cleared)
    }
}

/// That somebody sees to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Since when.
    pub at: Timestamp,
    /// Who, as the audit calls them.
    pub by: String,
    /// What they said; empty: nothing.
    pub why: String,
}

/// Something that was worth telling.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Its number.
    pub id: i64,
    /// Of which account.
    pub account: AccountId,
    /// Of which package; `None`: it is the operator's.
    pub package: Option<PackageId>,
    /// What that package is now.
    pub state_of: Option<Arc<Package>>,
    /// What it is.
    pub kind: AlertKind,
    /// Whom it befell; empty: nobody in particular.
    pub signer: String,
    /// Since when, by the provider's clock.
    pub began: Timestamp,
    /// Since when the board knows.
    pub raised_at: Timestamp,
    /// It was old then: nobody was told.
    pub late: bool,
    /// Somebody sees to it.
    pub taken: Option<Taken>,
    /// Whoever saw to it before, the first one first.
    pub taken_before: Vec<Taken>,
    /// It is silent until then; and who said so.
    pub snoozed: Option<(Timestamp, String)>,
    /// It is over, since when and why.
    pub resolved: Option<(Timestamp, Resolution)>,
    /// How often who was told was reminded.
    pub nags: i64,
}

impl Alert {
    /// Where it stands at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> AlertState {
        match self {
            Self { resolved: Some(_), .. } => AlertState::Resolved,
            Self { taken: Some(_), .. } => AlertState::Taken,
            Self { snoozed: Some((until, _)), .. } if *until > now => AlertState::Snoozed,
            Self { .. } => AlertState::Open,
        }
    }

    /// Whether it is of a package.
    #[must_use]
    pub fn is_of(&self, key: &PackageKey) -> bool {
        self.account == key.account && self.package.as_ref() == Some(&key.package)
    }

    /// The package, where it is of one.
    #[must_use]
    pub fn key(&self) -> Option<PackageKey> {
        Some(PackageKey { account: self.account.clone(), package: self.package.clone()? })
    }
}

/// Which alerts, and how many at most; the newest come first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertFilter {
    /// Those that stand so at `now`.
    pub state: AlertState,
    /// Of one kind.
    pub kind: Option<AlertKind>,
    /// Of one account.
    pub account: Option<AccountId>,
    /// Of packages that whoever asks may see.
    pub within: Reach,
    /// Also those that are the operator's, and of no package.
    pub operators: bool,
    /// Those before this number.
    pub before: Option<i64>,
    /// How many.
    pub limit: u32,
    /// Now.
    pub now: Timestamp,
}

impl Store {
    /// Alerts, the newest first.
    pub async fn alerts(&self, filter: &AlertFilter) -> Result<Vec<Alert>, StoreError> {
        alerts_told(&self.one(alerts_asked(filter)?).await?)
    }

    /// One.
    pub async fn alert(&self, id: i64) -> Result<Option<Alert>, StoreError> {
        let row = sqlx::query(ONE).bind(id).fetch_optional(&self.readers).await?;
        row.as_ref().map(alert_of).transpose()
    }

    /// Those of these numbers, in their order.
    pub async fn these_alerts(&self, ids: &[i64]) -> Result<Vec<Alert>, StoreError> {
        let query = sqlx::query(THESE).bind(json(ids)?);
        query.fetch_all(&self.readers).await?.iter().map(alert_of).collect()
    }

    /// Those of one package, the newest first.
    pub async fn alerts_of(&self, key: &PackageKey, limit: u32) -> Result<Vec<Alert>, StoreError> {
        let query = sqlx::query(OF_PACKAGE).bind(&key.account.0).bind(key.package.as_str());
        query.bind(i64::from(limit)).fetch_all(&self.readers).await?.iter().map(alert_of).collect()
    }
}

/// The question for alerts, which [`alerts_told`] reads.
pub(in super::super) fn alerts_asked(filter: &AlertFilter) -> Result<Ask, StoreError> {
    let [everybodys, some_senders] = match filter.state {
        AlertState::Open => OPEN,
        AlertState::Taken => TAKEN,
        AlertState::Snoozed => SNOOZED,
        AlertState::Resolved => RESOLVED,
    };
    let sql = if filter.within.senders.is_some() { some_senders } else { everybodys };
    Ok(Ask::new(sql)
        .number(filter.before.unwrap_or(i64::MAX))
        .text(filter.kind.map(|it| it.word().to_owned()))
        .text(filter.account.as_ref().map(|it| it.0.clone()))
        .text(filter.accounts()?)
        .text(filter.senders()?)
        .number(i64::from(filter.limit))
        .number(filter.now.0)
        .number(i64::from(filter.operators)))
}

/// Alerts as their statement tells them.
pub(in super::super) fn alerts_told(told: &str) -> Result<Vec<Alert>, StoreError> {
    read::<Vec<Told>>(told)?.into_iter().map(Told::alert).collect()
}

fn alert_of(row: &SqliteRow) -> Result<Alert, StoreError> {
    read::<Told>(row.try_get("told")?)?.alert()
}

impl AlertFilter {
    /// The accounts that whoever asks may see, as a JSON array.
    pub(super) fn accounts(&self) -> Result<Option<String>, StoreError> {
        let accounts = self.within.accounts.as_ref();
        accounts.map(|some| json(&some.iter().map(|it| it.0.as_str()).collect::<Vec<_>>())).transpose()
    }

    /// The senders, the same.
    pub(super) fn senders(&self) -> Result<Option<String>, StoreError> {
        self.within.senders.as_ref().map(json).transpose()
    }
}

/// Since when somebody sees to it, who, and what they said.
type Takes = (i64, Option<String>, Option<String>);

/// An alert as a statement tells it: its columns, and its package's state.
#[derive(Deserialize)]
pub(super) struct Told {
    id: i64,
    account: String,
    package: String,
    kind: String,
    signer: String,
    began: i64,
    raised_at: i64,
    late: i64,
    taken_at: Option<i64>,
    taken_by: Option<String>,
    taken_why: Option<String>,
    taken_before: Option<Vec<Takes>>,
    snoozed_until: Option<i64>,
    snoozed_by: Option<String>,
    resolved_at: Option<i64>,
    resolution: Option<String>,
    nags: i64,
    pub(super) route_at: Option<i64>,
    state: Option<Decoded>,
}

impl Told {
    pub(super) fn alert(self) -> Result<Alert, StoreError> {
        let kind = AlertKind::parse(&self.kind);
        let kind = kind
            .ok_or_else(|| StoreError::Unreadable(format!("an alert of the unknown kind {}", self.kind)))?;
        let taken = |(at, by, why): Takes| Taken {
            at: Timestamp(at),
            by: by.unwrap_or_default(),
            why: why.unwrap_or_default(),
        };
        let resolution = Resolution::of(&self.resolution.unwrap_or_default());
        Ok(Alert {
            id: self.id,
            account: AccountId(self.account),
            package: PackageId::parse(&self.package),
            state_of: self.state.map(|it| Arc::new(it.0)),
            kind,
            signer: self.signer,
            began: Timestamp(self.began),
            raised_at: Timestamp(self.raised_at),
            late: self.late != 0,
            taken: self.taken_at.map(|at| taken((at, self.taken_by, self.taken_why))),
            taken_before: self.taken_before.unwrap_or_default().into_iter().map(taken).collect(),
            snoozed: self.snoozed_until.map(|at| (Timestamp(at), self.snoozed_by.unwrap_or_default())),
            resolved: self.resolved_at.map(|at| (Timestamp(at), resolution)),
            nags: self.nags,
        })
    }
}

#[cfg(test)]
mod tests;
