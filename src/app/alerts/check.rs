//! "I fixed it – check": the provider is asked at once, and a sentence says what came of it.

use crate::app::resync::Resynced;
use crate::app::{App, StoreError};
use crate::model::PackageKey;
use crate::store::{Alert, AlertState};

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// It is over.
    pub resolved: bool,
    /// A sentence about it.
    pub told: String,
}

impl App {
    /// Asks the provider whether what an alert is about is mended. `None`: there is no such alert.
    pub async fn check_alert(&self, id: i64) -> Result<Option<Checked>, StoreError> {
        let Some(alert) = self.store.alert(id).await? else { return Ok(None) };
        if alert.state(self.now()) == AlertState::Resolved {
            return Ok(Some(over("It is over already.")));
        }
        let Some(key) = alert.key() else {
            return Ok(Some(stands(
                "There is nothing to ask a provider for; it closes by itself when its cause ends.",
            )));
        };
        self.resync_package(&key).await?;
        self.checked_alert(id).await
    }

    /// What came of asking the provider about an alert's package lately. `None`: nobody did, or there is no such alert.
    pub async fn checked_alert(&self, id: i64) -> Result<Option<Checked>, StoreError> {
        let Some(after) = self.store.alert(id).await? else { return Ok(None) };
        let told =
            |key: &PackageKey| self.resynced(key).is_some() || !self.accounts.contains_key(&key.account);
        let Some(key) = after.key().filter(told) else { return Ok(None) };
        if after.state(self.now()) == AlertState::Resolved {
            return Ok(Some(over("The provider was asked, and it is resolved.")));
        }
        Ok(Some(stands(&self.why_it_stands(&after, &key))))
    }

    fn why_it_stands(&self, alert: &Alert, key: &PackageKey) -> String {
        let ends = alert.kind.is_an_end();
        match self.resynced(key).map(|(_, came)| came) {
            None => "Its account is no longer configured, so nobody can be asked.".to_owned(),
            Some(Resynced::NoApi) => {
                "The account has no API in the configuration, so nobody can be asked; it closes when a callback tells that it \
                 is over."
                    .to_owned()
            }
            Some(Resynced::UnderWay) => "The provider is being asked at this moment; look again soon.".to_owned(),
            Some(Resynced::Resting(_)) => {
                "The provider’s API is left alone for now, since it failed or was asked too often; try again in a few minutes."
                    .to_owned()
            }
            Some(Resynced::Unanswered(why)) => format!("The provider gave no answer that counts: {why}."),
            Some(Resynced::Changed(_) | Resynced::Details | Resynced::Confirmed) if ends => {
                "The provider was asked, and the package has ended so; who takes note of it closes it.".to_owned()
            }
            Some(Resynced::Changed(_) | Resynced::Details | Resynced::Confirmed) => {
                "The provider was asked, and it still stands.".to_owned()
            }
        }
    }
}

fn over(told: &str) -> Checked {
    Checked { resolved: true, told: told.to_owned() }
}

fn stands(told: &str) -> Checked {
    Checked { resolved: false, told: told.to_owned() }
}
