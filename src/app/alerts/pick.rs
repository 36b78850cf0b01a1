//! What is due for an address or a channel, as far as there still is something to tell: that becomes one message.

use crate::app::{App, StoreError};
use crate::model::Timestamp;
use crate::store::{Alert, AlertState, Occasion, Telling};
use std::collections::HashMap;

/// So many go into one message at most.
const MOST_TOLD: u32 = 2_000;

/// What is due.
pub(super) struct Due {
    tellings: Vec<Telling>,
    /// The number under which it may have arrived.
    pub(super) unsure: Option<String>,
}

/// What goes into one message.
pub(super) struct Picked {
    /// What it tells, by their numbers.
    pub(super) ids: Vec<i64>,
    /// Its own number.
    pub(super) number: String,
    /// It may have arrived under that already.
    pub(super) unsure: bool,
    /// How often it was tried, and when first.
    pub(super) tried: (i64, Option<Timestamp>),
    /// The oldest first.
    pub(super) wanted: Vec<(Telling, Alert)>,
}

impl Due {
    pub(super) fn ids(&self) -> Vec<i64> {
        self.tellings.iter().map(|it| it.id).collect()
    }
}

impl App {
    /// What is due for an address of a channel.
    pub(super) async fn due(&self, to: (&str, &str)) -> Result<Due, StoreError> {
        let mut tellings = self.store.due_tellings(to, self.now(), MOST_TOLD).await?;
        // What may have arrived goes as it went, and nothing else with it.
        let unsure = tellings.first().and_then(|it| it.message.clone());
        if unsure.is_some() {
            tellings.retain(|it| it.message == unsure);
        }
        Ok(Due { tellings, unsure })
    }

    /// What of it still is to be told now, of alerts that whoever hears of it may hear of. `None`: nothing.
    pub(super) async fn pick(
        &self,
        due: Due,
        may: impl Fn(&Alert) -> bool,
    ) -> Result<Option<Picked>, StoreError> {
        let now = self.now();
        let mut alerts: Vec<i64> = due.tellings.iter().map(|it| it.alert).collect();
        alerts.sort_unstable();
        alerts.dedup();
        let alerts = self.store.these_alerts(&alerts).await?;
        let alerts: HashMap<i64, Alert> = alerts.into_iter().map(|it| (it.id, it)).collect();
        let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
        for telling in due.tellings {
            match alerts.get(&telling.alert).filter(|alert| may(alert)) {
                Some(alert) if is_news(&telling, alert, now) => {
                    if let Some(until) = snoozed(&telling, alert, now) {
                        self.store.postpone_tellings(&[telling.id], until).await?;
                    } else {
                        wanted.push((telling, alert.clone()));
                    }
                }
                _ => unwanted.push(telling.id),
            }
        }
        if !unwanted.is_empty() {
            self.store.drop_tellings(&unwanted, now).await?;
        }
        let Some((first, _)) = wanted.first() else { return Ok(None) };
        let tried = (first.tries, wanted.iter().filter_map(|(it, _)| it.first_at).min());
        let unsure = due.unsure.is_some();
        let number = due.unsure.unwrap_or_else(|| format!("t{}-{}", first.id, now.0));
        let ids = wanted.iter().map(|(it, _)| it.id).collect();
        Ok(Some(Picked { ids, number, unsure, tried, wanted }))
    }
}

/// Whether there still is something to tell: of what somebody sees to, or what is mended, nobody has to hear that it was raised.
fn is_news(telling: &Telling, alert: &Alert, now: Timestamp) -> bool {
    let state = alert.state(now);
    match telling.occasion {
        Occasion::Raised | Occasion::Reminder(_) => matches!(state, AlertState::Open | AlertState::Snoozed),
        // Whoever takes it on may have heard that it is over, too.
        Occasion::Again(_) => state != AlertState::Resolved,
        Occasion::Resolved(_) => state == AlertState::Resolved,
    }
}

fn snoozed(telling: &Telling, alert: &Alert, now: Timestamp) -> Option<Timestamp> {
    let until = alert.snoozed.as_ref().map(|(until, _)| *until).filter(|until| *until > now);
    until.filter(|_| !matches!(telling.occasion, Occasion::Resolved(_)))
}
