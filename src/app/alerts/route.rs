//! Whom to tell: looked up once the sender is known, at the latest a minute after the alert was raised; and who is reminded, who
//! hears that it is mended, and who then has to hear that it stands again.

use crate::app::{App, StoreError};
use crate::model::Timestamp;
use crate::store::{Alert, Heard, NewTelling, Occasion, Resolution, Routed, ToRoute};

/// So long the API may take to name the sender.
pub const PATIENCE_MS: i64 = 60_000;
/// So many are looked up in one go.
const PAGE: u32 = 200;
/// More reminders nobody gets: who didn't listen to ten does not to the next.
const MOST_NAGS: i64 = 10;

/// What is done about an alert now.
enum Route {
    /// Its sender may become known: not yet.
    Waits(Timestamp),
    /// These are told.
    Told(Vec<Routed>),
}

impl App {
    /// Looks up whom to tell of what was raised, cleared, or not seen to. Returns how many alerts that was.
    pub async fn route_step(&self) -> Result<usize, StoreError> {
        // Nothing could be noted.
        if self.store.health().trouble().is_some() {
            return Ok(0);
        }
        let (mut after, mut done) = ((Timestamp::default(), 0), 0);
        let mut later = Vec::new();
        loop {
            let alerts = self.store.unrouted(after, PAGE).await?;
            let Some(last) = alerts.last() else { break };
            after = (last.route_at, last.alert.id);
            let mut routed = Vec::new();
            for it in &alerts {
                match self.route(it).await? {
                    Route::Told(it) => routed.extend(it),
                    Route::Waits(until) if until == it.route_at => {}
                    Route::Waits(until) => later.push((it.alert.id, until)),
                }
            }
            done += routed.len();
            self.told(&routed).await?;
        }
        // Now, since what is due later comes behind all that is due.
        for later in later.chunks(PAGE as usize) {
            self.store.route_later(later).await?;
        }
        // What stays due, since it was noted under way, is for the next step.
        let nagged = self.store.to_nag(self.now(), PAGE).await?;
        let mut routed = Vec::new();
        for it in &nagged {
            routed.push(self.nag(it).await?);
        }
        self.told(&routed).await?;
        Ok(done + routed.len())
    }

    /// When to look again. `None`: there is nothing to look up.
    pub async fn next_route(&self) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_route().await
    }

    async fn told(&self, routed: &[Routed]) -> Result<(), StoreError> {
        if !routed.is_empty() {
            self.store.routed(routed).await?;
            self.post.wake.notify_one();
        }
        Ok(())
    }

    async fn route(&self, it: &ToRoute) -> Result<Route, StoreError> {
        let (alert, nags) = (&it.alert, it.alert.nags);
        let routed = |occasion, to, nag_at| Routed { alert: alert.id, occasion, to, nag_at, nags };
        if let Some((_, resolution)) = alert.resolved {
            let heard = self.heard_of(it).await?;
            let to = match resolution {
                Resolution::Cleared => self.those_who(&heard, |last| !is_end(last)).await?,
                // Somebody, or time, closed it: nothing is mended.
                Resolution::Noted | Resolution::Aged => Vec::new(),
            };
            return Ok(Route::Told(vec![routed(Occasion::Resolved(heard.ends + 1), to, None)]));
        }
        if let Some(until) = self.sender_may_come(alert) {
            return Ok(Route::Waits(until));
        }
        let nag_at = self.nag_at(self.now());
        let heard = self.heard_of(it).await?;
        let misled = self.those_who(&heard, is_end).await?;
        let mut all = vec![routed(Occasion::Raised, self.tellings_of(it).await?, nag_at)];
        if !misled.is_empty() {
            all.push(routed(Occasion::Again(heard.ends), misled, nag_at));
        }
        Ok(Route::Told(all))
    }

    /// Who heard of it, and what last; mostly nobody yet.
    async fn heard_of(&self, it: &ToRoute) -> Result<Heard, StoreError> {
        // Of one that is over somebody may hear meanwhile that it was raised.
        if it.is_heard || it.alert.resolved.is_some() {
            self.store.heard(it.alert.id).await
        } else {
            Ok(Heard::default())
        }
    }

    async fn nag(&self, it: &ToRoute) -> Result<Routed, StoreError> {
        let (alert, nags) = (&it.alert, it.alert.nags + 1);
        let to = self.tellings_of(it).await?;
        let nag_at = self.nag_at(self.now()).filter(|_| nags < MOST_NAGS);
        Ok(Routed { alert: alert.id, occasion: Occasion::Reminder(nags), to, nag_at, nags })
    }

    fn nag_at(&self, now: Timestamp) -> Option<Timestamp> {
        let after = self.config.alerts.nag_after?;
        Some(now.plus(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Those of whom this is so by what they heard last.
    async fn those_who(
        &self,
        heard: &Heard,
        is_so: impl Fn(Occasion) -> bool,
    ) -> Result<Vec<NewTelling>, StoreError> {
        let mut to = Vec::new();
        for ((channel, address), (because, last)) in &heard.last {
            if is_so(*last) {
                let due = self.due_for(address).await?;
                let (channel, address) = (channel.clone(), address.clone());
                to.push(NewTelling { channel, address, because: *because, due });
            }
        }
        Ok(to)
    }

    /// Until when the API may yet name the sender; `None`: they are known, or nobody will say.
    fn sender_may_come(&self, alert: &Alert) -> Option<Timestamp> {
        let account = self.accounts.get(&alert.account)?;
        let package = alert.state_of.as_ref().filter(|_| account.config.api.is_some())?;
        let until = alert.raised_at.plus(PATIENCE_MS);
        // An answer that names none is one, too.
        let answered = package.sender.is_some() || package.confirmed_at.is_some();
        (!answered && until > self.now()).then_some(until)
    }
}

fn is_end(heard: Occasion) -> bool {
    matches!(heard, Occasion::Resolved(_))
}
