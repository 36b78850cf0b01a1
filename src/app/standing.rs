//! How accounts stand: whether their APIs answer, whether anything is asked of them now, and whether their callbacks
//! have fallen silent.

use super::{Account, ApiState, App};
use crate::model::{AccountId, Timestamp};
use std::sync::atomic::Ordering;

/// How an account's API stands with us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It answered when it was last asked.
    Fine,
    /// Nobody has asked it since the start.
    NotAskedYet,
    /// None is configured.
    NoApi,
    /// It asked to be left alone; that is no failure.
    Resting {
        /// Until when.
        until: Timestamp,
    },
    /// It can't be reached, or what it answers can't be used.
    Unreachable {
        /// Since when.
        since: Timestamp,
        /// Why, as a sentence without a full stop.
        why: String,
    },
    /// It answers, and refuses our credentials.
    Refused {
        /// Since when.
        since: Timestamp,
        /// Why, as a sentence without a full stop.
        why: String,
    },
}

/// An account that isn't as it should be.
#[derive(Debug)]
pub struct Worst<'a> {
    /// Which one.
    pub account: &'a Account,
    /// How its API stands.
    pub standing: Standing,
    /// When its last callback came, if that is longer ago than its configuration finds normal.
    pub silent: Option<Timestamp>,
}

impl Standing {
    fn of(has_api: bool, state: &ApiState, now: Timestamp) -> Self {
        if !has_api {
            return Self::NoApi;
        }
        match &state.trouble {
            Some((since, why)) if state.refused => Self::Refused { since: *since, why: why.clone() },
            Some((since, why)) => Self::Unreachable { since: *since, why: why.clone() },
            None => match (state.rests_until.filter(|until| *until > now), state.answered_at) {
                (Some(until), _) => Self::Resting { until },
                (None, Some(_)) => Self::Fine,
                (None, None) => Self::NotAskedYet,
            },
        }
    }

    /// How much it matters that it is so; 0: nobody has to know.
    fn weight(&self, silent: bool) -> u8 {
        match self {
            Self::Refused { .. } => 4,
            Self::Unreachable { .. } => 3,
            Self::Fine | Self::NotAskedYet | Self::NoApi | Self::Resting { .. } if silent => 2,
            Self::Resting { .. } => 1,
            Self::Fine | Self::NotAskedYet | Self::NoApi => 0,
        }
    }
}

impl Account {
    /// How its API stands now.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        Standing::of(self.config.api.is_some(), &self.api_state(), now)
    }

    /// When its last callback was accepted.
    #[must_use]
    pub fn last_callback(&self) -> Option<Timestamp> {
        Some(self.heard.load(Ordering::Relaxed)).filter(|at| *at != 0).map(Timestamp)
    }

    /// When its last callback came, if that is longer ago than `silent-after`. Who never called isn't silent.
    #[must_use]
    pub fn silent(&self, now: Timestamp) -> Option<Timestamp> {
        let most = i64::try_from(self.config.reconcile.silent_after.as_millis()).unwrap_or(i64::MAX);
        self.last_callback().filter(|at| now.since(*at) > most)
    }

    pub(super) fn hear(&self, at: Timestamp) {
        self.heard.fetch_max(at.0, Ordering::Relaxed);
    }
}

impl App {
    /// The account among these that most needs somebody; `None`: all of them are as they should be. Of several alike the
    /// first.
    #[must_use]
    pub fn worst<'a>(&'a self, accounts: impl IntoIterator<Item = &'a AccountId>) -> Option<Worst<'a>> {
        let now = self.now();
        let mut worst: Option<(u8, Worst<'a>)> = None;
        for account in accounts.into_iter().filter_map(|id| self.accounts.get(id)) {
            let (standing, silent) = (account.standing(now), account.silent(now));
            let weight = standing.weight(silent.is_some());
            if weight > worst.as_ref().map_or(0, |(weight, _)| *weight) {
                worst = Some((weight, Worst { account, standing, silent }));
            }
        }
        worst.map(|(_, it)| it)
    }

    /// When the last callback was accepted, from whichever account.
    #[must_use]
    pub fn last_callback(&self) -> Option<Timestamp> {
        self.accounts.values().filter_map(Account::last_callback).max()
    }
}
