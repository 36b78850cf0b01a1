//! What somebody does with alerts: says that they see to them, or wants to hear of them later.

use super::when;
use crate::app::people::{Means, Who};
use crate::app::{App, StoreError};
use crate::model::Timestamp;
use crate::model::access::{Needs, Role};
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
    pub async fn open_alerts(&self, who: &Who, now: Timestamp) -> Result<u64, StoreError> {
        Ok(self.store.standing_alerts(&self.open_to(who, now, 0)).await?.open)
    }

    /// The open alerts that somebody sees, so many at most.
    #[must_use]
    pub fn open_to(&self, who: &Who, now: Timestamp, limit: u32) -> AlertFilter {
        let (state, within, operators) = (AlertState::Open, who.reach.clone(), self.sees_operators(who));
        AlertFilter { state, kind: None, account: None, within, operators, before: None, limit, now }
    }

    /// Whether somebody may see the alerts of whoever runs the board, as far as they may see the accounts: an admin, or a
    /// program that sees everything.
    #[must_use]
    pub fn sees_operators(&self, who: &Who) -> bool {
        who.may(Needs::AdminOrToken)
    }

    /// Whether somebody may see an alert: as the package that it is of; what is the operator's, as its account.
    #[must_use]
    pub fn sees(&self, who: &Who, alert: &Alert) -> bool {
        match &alert.state_of {
            Some(package) => who.reach.admits(&alert.account, package),
            None => self.sees_operators(who) && who.reach.has(&alert.account) && who.reach.senders.is_none(),
        }
    }

    /// Each alert, and whether somebody may see to it: an admin, or a sender who hears of it since they sent the package,
    /// follow it, or were named. Both only where they see the package. A program never may.
    pub async fn may_see_to(&self, who: &Who, alerts: Vec<Alert>) -> Result<Vec<(Alert, bool)>, StoreError> {
        let ids: Vec<i64> = alerts.iter().map(|it| it.id).collect();
        let heard = match who.means {
            Means::Session { user, role: Role::Sender, .. } => {
                self.store.heard_of(&ids, &who.sends_as, user).await?
            }
            _ => Vec::new(),
        };
        let sent = |alert: &Alert| {
            let sender = alert.state_of.as_ref().and_then(|it| it.sender.as_ref()?.email.as_deref());
            sender.is_some_and(|it| who.sends_as.iter().any(|own| own.eq_ignore_ascii_case(it)))
        };
        let is_admin = who.may(Needs::Role(Role::Admin));
        let is_sender = who.may(Needs::Role(Role::Sender));
        let may = |it: &Alert| {
            let theirs = is_sender && !it.kind.is_the_operators() && (sent(it) || heard.contains(&it.id));
            (is_admin || theirs) && self.sees(who, it)
        };
        Ok(alerts.into_iter().map(|it| (may(&it), it)).map(|(may, it)| (it, may)).collect())
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
        for (alert, may) in self.may_see_to(who, self.store.these_alerts(ids).await?).await? {
            if may && self.store.act_on_alert((alert.id, alert.kind), &act, name, now).await? {
                done += 1;
                let is_over_from = alert.taken.as_ref().is_some_and(|it| it.by != name);
                let over = if is_over_from { " over" } else { "" };
                self.note(name, remote, DeedKind::Alert, format!("{}: {word}{over}", about(&alert))).await;
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
