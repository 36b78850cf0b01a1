//! What somebody does with alerts: says that they see to them, or wants to hear of them later.

use super::when;
use crate::app::people::{Means, Who};
use crate::app::{App, StoreError};
use crate::model::Timestamp;
use crate::model::access::{Needs, Reach, Role};
use crate::model::deed::DeedKind;
use crate::model::wishes::Minute;
use crate::store::{Act, Alert, AlertFilter, AlertState};

const HOUR_MS: i64 = 60 * 60 * 1000;
/// A reason is no longer.
pub const MOST_WHY: usize = 500;

/// Until when somebody wants to hear nothing of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// An hour.
    Hour,
    /// Four.
    FourHours,
    /// Eight in the morning of tomorrow, where they are.
    Tomorrow,
}

impl Later {
    /// Each, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Hour, Self::FourHours, Self::Tomorrow];
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// To see to it, and perhaps to say why or how.
    Take(String),
    /// To hear of it later.
    Snooze(Later),
}

impl App {
    /// How many alerts are open of what somebody sees.
    pub async fn open_alerts(&self, within: &Reach, now: Timestamp) -> Result<u64, StoreError> {
        let (within, state) = (within.clone(), AlertState::Open);
        let filter = AlertFilter { state, kind: None, account: None, within, before: None, limit: 0, now };
        Ok(self.store.standing_alerts(&filter).await?.open)
    }

    /// Whether somebody may see an alert: as the package that it is of; what is the whole board's, who sees all accounts.
    #[must_use]
    pub fn sees(&self, who: &Who, alert: &Alert) -> bool {
        match &alert.state_of {
            Some(package) => who.reach.admits(&alert.account, package),
            None => who.reach.has(&alert.account) && who.reach.senders.is_none(),
        }
    }

    /// Whether somebody may see to an alert: a sender who sees its package, or an admin. A program never may.
    #[must_use]
    pub fn may_see_to(&self, who: &Who, alert: &Alert) -> bool {
        let least = if alert.kind.is_the_operators() { Role::Admin } else { Role::Sender };
        who.may(Needs::Role(least)) && self.sees(who, alert)
    }

    /// Does it with those of these alerts that they may see to; returns with how many.
    pub async fn act_on_alerts(
        &self,
        ids: &[i64],
        wanted: &Wanted,
        (who, name, remote): (&Who, &str, &str),
    ) -> Result<u64, StoreError> {
        let (now, mut done) = (self.now(), 0);
        let (act, word) = match wanted {
            Wanted::Take(why) => {
                let why = crate::app::text::one_line(why.trim()).chars().take(MOST_WHY).collect();
                (Act::Take(why), "taken")
            }
            Wanted::Snooze(later) => (Act::Snooze(self.until(*later, who, now).await?), "snoozed"),
        };
        for alert in self.store.these_alerts(ids).await? {
            if self.may_see_to(who, &alert)
                && self.store.act_on_alert((alert.id, alert.kind), &act, name, now).await?
            {
                done += 1;
                self.note(name, remote, DeedKind::Alert, format!("{}: {word}", about(&alert))).await;
            }
        }
        Ok(done)
    }

    async fn until(&self, later: Later, who: &Who, now: Timestamp) -> Result<Timestamp, StoreError> {
        Ok(match later {
            Later::Hour => now.plus(HOUR_MS),
            Later::FourHours => now.plus(4 * HOUR_MS),
            Later::Tomorrow => {
                let user = match who.means {
                    Means::Session { user, .. } => self.store.user(user).await?,
                    Means::Here | Means::Token { .. } => None,
                };
                let eight =
                    Minute::new(8, 0).and_then(|it| when::tomorrow(it, now, &self.zone_of(user.as_ref())));
                eight.unwrap_or_else(|| now.plus(24 * HOUR_MS))
            }
        })
    }
}

/// What an alert is, in words for the audit, which holds no names.
#[must_use]
pub fn about(alert: &Alert) -> String {
    let of = alert.key().map_or_else(|| alert.account.0.clone(), |it| it.to_string());
    format!("{} {of}", alert.kind.word())
}
