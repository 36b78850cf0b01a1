//! What every page needs beside the store: how accounts are called, and in which zone times are printed.

use super::views::standing::Header;
use super::views::words::list;
use super::views::{AccountLabel, Around, Zone};
use crate::app::{Account, App};
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
    warnings: Vec<String>,
    header: Header,
}

impl Site {
    /// The board of a configuration.
    #[must_use]
    pub fn new(app: App) -> Self {
        let accounts = labels(&app);
        let zone = Zone::named(&app.config.server.time_zone).unwrap_or_else(Zone::utc);
        Self { app, accounts, zone }
    }

    /// What all pages say now.
    pub async fn moment(&self) -> Result<Moment, crate::app::StoreError> {
        self.moment_of(|_| true).await
    }

    /// The same on a page that shows only these accounts.
    pub async fn moment_of(
        &self,
        is_in_view: impl Fn(&AccountId) -> bool,
    ) -> Result<Moment, crate::app::StoreError> {
        let mut moment = self.instant();
        let labels: Vec<&AccountLabel> = self.accounts.iter().filter(|it| is_in_view(&it.id)).collect();
        let worst = self.app.worst(labels.iter().map(|it| &it.id));
        moment.header = Header::new(&labels, worst.as_ref(), moment.now, &self.zone);
        moment.attention = self.app.store.attention(&Filter::default(), moment.now).await?;
        Ok(moment)
    }

    /// The same without asking the store.
    #[must_use]
    pub fn instant(&self) -> Moment {
        let now = self.app.now();
        let trouble = self.app.store.health().trouble();
        let trouble = trouble.map(|why| format!("Callbacks can't be written to disk: {why}."));
        let warnings = trouble.into_iter().chain(self.refused_lately(now)).collect();
        Moment { now, last_callback: self.app.last_callback(), warnings, ..Moment::default() }
    }

    /// One line for whatever is refused: it must not change with each call that is.
    fn refused_lately(&self, now: Timestamp) -> Option<String> {
        let of = |label: &AccountLabel| {
            let reasons = self.app.accounts.get(&label.id)?.refusals.lately(now);
            (!reasons.is_empty()).then(|| format!("{} ({})", label.label, reasons.join("; ")))
        };
        let accounts: Vec<String> = self.accounts.iter().filter_map(of).collect();
        (!accounts.is_empty()).then(|| {
            let accounts = list(&accounts);
            format!("Callbacks are refused: {accounts}. They are kept in the inbox; put the secret right at the provider or in the configuration.")
        })
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
            warnings: &moment.warnings,
            header: &moment.header,
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

fn labels(app: &App) -> Vec<AccountLabel> {
    let label = |account: &Account| {
        let (config, habits) = (&account.config, account.provider.habits());
        AccountLabel {
            id: account.id.clone(),
            label: config.label.clone(),
            provider: config.provider.as_str().to_owned(),
            provider_title: config.provider.title().to_owned(),
            tells_no_names: habits.tells_no_names,
            tells_no_documents: habits.tells_no_documents,
            told_every_minutes: habits.told_every_minutes,
        }
    };
    app.accounts.values().map(label).collect()
}
