//! What every page needs beside the store: how accounts are called, and in which zone times are printed.

use super::needs::{self, Verb};
use super::views::standing::Header;
use super::views::words::list;
use super::views::{AccountLabel, Around, Drawn, Looks, Zone};
use crate::app::people::{Means, Who};
use crate::app::{Account, App};
use crate::model::access::Reach;
use crate::model::{AccountId, Timestamp};
use std::sync::Arc;

/// The board as the pages see it.
#[derive(Debug, Clone)]
pub struct Site {
    /// The board.
    pub app: App,
    /// The accounts, as the pages call them.
    pub accounts: Vec<AccountLabel>,
    /// The zone in which times are printed for whoever has chosen none.
    pub zone: Zone,
    /// Rows that were drawn a moment ago.
    pub drawn: Arc<Drawn>,
}

/// What all pages say at the time of one request.
#[derive(Debug, Clone, Default)]
pub struct Moment {
    now: Timestamp,
    accounts: Vec<AccountLabel>,
    alerts: u64,
    last_callback: Option<Timestamp>,
    warnings: Vec<String>,
    header: Header,
    who: Option<Looks>,
    /// Theirs; `None`: the board's.
    zone: Option<Zone>,
}

impl Site {
    /// The board of a configuration.
    #[must_use]
    pub fn new(app: App) -> Self {
        let accounts = labels(&app);
        let zone = Zone::named(&app.config.server.time_zone).unwrap_or_else(Zone::utc);
        Self { app, accounts, zone, drawn: Arc::default() }
    }

    /// The zone in which somebody reads times.
    #[must_use]
    pub fn zone_of(&self, who: &Who) -> Zone {
        own_zone(who).unwrap_or_else(|| self.zone.clone())
    }

    /// What all pages say to somebody now.
    pub async fn moment(&self, who: &Who) -> Result<Moment, crate::app::StoreError> {
        self.moment_of(who, |_| true).await
    }

    /// The same on a page that shows only these accounts.
    pub async fn moment_of(
        &self,
        who: &Who,
        is_in_view: impl Fn(&AccountId) -> bool,
    ) -> Result<Moment, crate::app::StoreError> {
        let open = self.app.open_alerts(who, self.app.now()).await?;
        Ok(self.moment_with(who, open, is_in_view))
    }

    /// The same, where it is known how many alerts of all that they see are open.
    pub fn moment_with(&self, who: &Who, open: u64, is_in_view: impl Fn(&AccountId) -> bool) -> Moment {
        let mut moment = self.instant_for(who);
        let labels: Vec<&AccountLabel> = moment.accounts.iter().filter(|it| is_in_view(&it.id)).collect();
        let worst = self.app.worst(labels.iter().map(|it| &it.id));
        moment.header = Header::new(&labels, worst.as_ref(), moment.now, &self.zone_of(who));
        moment.alerts = open;
        moment
    }

    /// The same without asking the store.
    #[must_use]
    pub fn instant_for(&self, who: &Who) -> Moment {
        let mut moment = self.within(&who.reach).to(who, &self.app);
        if who.may(needs::of(Verb::Read, Some("/messages"))) {
            moment.warnings.extend(untold(&self.app));
        }
        moment
    }

    /// What a row needs that goes to everybody who may see its package.
    #[must_use]
    pub fn instant(&self) -> Moment {
        self.within(&Reach::default())
    }

    fn within(&self, reach: &Reach) -> Moment {
        let now = self.app.now();
        let accounts: Vec<AccountLabel> =
            self.accounts.iter().filter(|it| reach.has(&it.id)).cloned().collect();
        let trouble = self.app.store.health().trouble();
        let trouble = trouble.map(|why| format!("Callbacks can't be written to disk: {why}."));
        let low = self.app.disk_low().map(|low| {
            format!("The disk is nearly full: {low}. Callbacks are taken all the same; asking, comparing and reading again wait until there is room.")
        });
        let warnings = trouble.into_iter().chain(low).chain(self.refused_lately(&accounts, now)).collect();
        let heard = |it: &AccountLabel| self.app.accounts.get(&it.id)?.last_callback();
        let last_callback = accounts.iter().filter_map(heard).max();
        Moment { now, accounts, last_callback, warnings, ..Moment::default() }
    }

    /// What pages say to strangers: the time.
    #[must_use]
    pub fn outside(&self) -> Moment {
        Moment { now: self.app.now(), ..Moment::default() }
    }

    /// One line for whatever is refused: it must not change with each call that is.
    fn refused_lately(&self, accounts: &[AccountLabel], now: Timestamp) -> Option<String> {
        let of = |label: &AccountLabel| {
            let reasons = self.app.accounts.get(&label.id)?.refusals.lately(now);
            (!reasons.is_empty()).then(|| format!("{} ({})", label.label, reasons.join("; ")))
        };
        let accounts: Vec<String> = accounts.iter().filter_map(of).collect();
        (!accounts.is_empty()).then(|| {
            let accounts = list(&accounts);
            format!("Callbacks are refused: {accounts}. They are kept in the inbox; put the secret right at the provider or in the configuration.")
        })
    }

    /// The same for a row of the live stream, which is told to whoever reads times in this zone.
    #[must_use]
    pub fn instant_in(&self, zone: Option<&Zone>) -> Moment {
        Moment { zone: zone.cloned(), ..self.instant() }
    }

    /// What the views need of it.
    #[must_use]
    pub fn around<'a>(&'a self, moment: &'a Moment) -> Around<'a> {
        Around {
            accounts: &moment.accounts,
            now: moment.now,
            zone: moment.zone.as_ref().unwrap_or(&self.zone),
            alerts: moment.alerts,
            last_callback: moment.last_callback,
            warnings: &moment.warnings,
            header: &moment.header,
            who: moment.who.as_ref(),
        }
    }
}

impl Moment {
    /// The same, said to somebody.
    fn to(self, who: &Who, app: &App) -> Self {
        let opens = |address| who.may(needs::of(Verb::Read, Some(address)));
        let looks = Looks {
            name: who.name.clone(),
            signed_in: matches!(who.means, Means::Session { .. }),
            inbox: opens("/inbox"),
            hooks: !app.hooks.is_empty() && opens("/hooks"),
            messages: app.post.is_there() && opens("/messages"),
            people: matches!(who.means, Means::Session { .. }) && opens("/people"),
            providers: opens("/providers"),
            lost: opens("/lost"),
            audit: opens("/audit"),
            sends: who.reach.senders.is_none() && !who.sends_as.is_empty(),
        };
        Self { who: Some(looks), zone: own_zone(who), ..self }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

/// The zone that somebody chose. One that is known no more counts as none.
pub(super) fn own_zone(who: &Who) -> Option<Zone> {
    Zone::named(who.zone.as_deref()?)
}

/// By which ways nobody can be told of alerts now. It must not change with each try in vain.
fn untold(app: &App) -> Option<String> {
    let mails = app.post.state().trouble.map(|(_, why)| format!("by mail ({why})"));
    let channels = app.post.channels.values().filter_map(|it| {
        let (_, why) = it.state().trouble?;
        Some(format!("by the channel {} ({why})", it.config.name))
    });
    let ways: Vec<String> = mails.into_iter().chain(channels).collect();
    (!ways.is_empty()).then(|| {
        let ways = list(&ways);
        format!("Nobody can be told of alerts {ways}. What waits is tried again; see the page Messages.")
    })
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
            app_url: config.app_url.clone(),
        }
    };
    app.accounts.values().map(label).collect()
}
