//! What every page needs beside the store: how accounts are called, and in which zone times are printed.

use super::views::{AccountLabel, Around, Zone};
use crate::app::App;
use crate::config::Config;
use crate::model::{AccountId, Filter, Timestamp};

/// The board as the pages see it.
#[derive(Debug, Clone)]
pub struct Site {
    /// The board.
    pub app: App,
    /// The accounts, as the pages call them.
    pub accounts: Vec<AccountLabel>,
    /// The zone in which times are printed.
    pub zone: Zone,
}

/// What all pages say at the time of one request.
#[derive(Debug, Clone, Default)]
pub struct Moment {
    now: Timestamp,
    attention: u64,
    last_callback: Option<Timestamp>,
    warning: Option<String>,
}

impl Site {
    /// The board of a configuration.
    #[must_use]
    pub fn new(app: App) -> Self {
        let accounts = labels(&app.config);
        let zone = Zone::named(&app.config.server.time_zone).unwrap_or_else(Zone::utc);
        Self { app, accounts, zone }
    }

    /// What all pages say now.
    pub async fn moment(&self) -> Result<Moment, crate::app::StoreError> {
        let mut moment = self.instant();
        moment.attention = self.app.store.attention(&Filter::default(), moment.now).await?;
        Ok(moment)
    }

    /// The same without asking the store.
    #[must_use]
    pub fn instant(&self) -> Moment {
        let warning = self
            .app
            .store
            .health()
            .trouble()
            .map(|why| format!("Callbacks can't be written to disk: {why}."));
        Moment { now: self.app.now(), attention: 0, last_callback: self.app.last_callback(), warning }
    }

    /// What the views need of it.
    #[must_use]
    pub fn around<'a>(&'a self, moment: &'a Moment) -> Around<'a> {
        Around {
            accounts: &self.accounts,
            now: moment.now,
            zone: &self.zone,
            attention: moment.attention,
            last_callback: moment.last_callback,
            warning: moment.warning.as_deref(),
        }
    }
}

impl Moment {
    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

fn labels(config: &Config) -> Vec<AccountLabel> {
    let label = |(id, account): (&String, &crate::config::AccountConfig)| AccountLabel {
        id: AccountId(id.clone()),
        label: account.label.clone(),
        provider: account.provider.as_str().to_owned(),
        provider_title: account.provider.title().to_owned(),
    };
    config.accounts.iter().map(label).collect()
}
