//! Lines of drift as a page asks for them: narrowed, and each with its package as it is now.

use super::codec::decode_package;
use super::drift::{Drift, drift_of};
use super::{Store, StoreError};
use crate::model::{AccountId, Package, PackageKey, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// A callback may be on its way for so long after the answer that was faster: Legalesign sends every six minutes.
const WAY_MS: i64 = 10 * 60 * 1000;

macro_rules! findings {
    ($where:literal) => {
        concat!(
            "SELECT d.*, p.state FROM drift d LEFT JOIN packages p ON p.account = d.account AND p.package = d.package WHERE ",
            $where
        )
    };
}

const FINDINGS: &str = findings!(
    "($1 IS NULL OR d.account = $1) AND d.id < $2 AND ($3 IS NULL OR $3 = CASE WHEN d.came_at IS NOT NULL THEN 'late' \
     WHEN d.subscribed = 0 THEN 'not-subscribed' WHEN d.found_at > $4 THEN 'on-its-way' ELSE 'missed' END) \
     ORDER BY d.id DESC LIMIT $5"
);
const FINDINGS_OF: &str = findings!("d.account = $1 AND d.package = $2 ORDER BY d.id DESC LIMIT $3");

/// What became of the callback that would have told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It never came.
    Missed,
    /// It came after the answer that told it.
    Late,
    /// It may still come.
    OnItsWay,
    /// The provider was not asked to send it.
    NotSubscribed,
}

impl Fate {
    /// Each, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Missed, Self::Late, Self::OnItsWay, Self::NotSubscribed];

    /// The word in addresses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::Late => "late",
            Self::OnItsWay => "on-its-way",
            Self::NotSubscribed => "not-subscribed",
        }
    }

    /// The one that a word of [`Fate::word`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.word() == word)
    }

    fn of(drift: &Drift, now: Timestamp) -> Self {
        if drift.came_at.is_some() {
            Self::Late
        } else if !drift.subscribed {
            Self::NotSubscribed
        } else if drift.found_at > now.plus(-WAY_MS) {
            Self::OnItsWay
        } else {
            Self::Missed
        }
    }
}

/// A line of drift, what became of its callback, and its package.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The line.
    pub drift: Drift,
    /// What became of the callback.
    pub fate: Fate,
    /// The package as it is now; `None`: the board forgot it.
    pub package: Option<Package>,
}

impl Store {
    /// Lines of drift, the newest first, of one account or of all, of one fate or of any; those before the number
    /// `before`.
    pub async fn findings(
        &self,
        account: Option<&AccountId>,
        fate: Option<Fate>,
        before: Option<i64>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Finding>, StoreError> {
        let query = sqlx::query(FINDINGS).bind(account.map(|it| it.0.as_str()));
        let query = query.bind(before.unwrap_or(i64::MAX)).bind(fate.map(Fate::word));
        let query = query.bind(now.plus(-WAY_MS).0).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(|row| finding(row, now)).collect()
    }

    /// The newest lines of drift of a package.
    pub async fn findings_of(
        &self,
        key: &PackageKey,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Finding>, StoreError> {
        let query = sqlx::query(FINDINGS_OF).bind(&key.account.0).bind(key.package.as_str());
        let query = query.bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(|row| finding(row, now)).collect()
    }
}

fn finding(row: &SqliteRow, now: Timestamp) -> Result<Finding, StoreError> {
    let drift = drift_of(row)?;
    let state: Option<&str> = row.try_get("state")?;
    Ok(Finding { fate: Fate::of(&drift, now), drift, package: state.map(decode_package).transpose()? })
}
