//! Whom to tell of an alert: followers of the package, its sender, whom rules name; of what is wrong with the board its admins and
//! operators; and where nobody is found, the list of last resort of the account. Each once. Who may not see the package, or may not sign in any more, is none of them.

use super::{MAIL, when};
use crate::app::people::User;
use crate::app::{App, StoreError};
use crate::config::ChannelConfig;
use crate::model::Timestamp;
use crate::model::access::Role;
use crate::model::alert::AlertKind;
use crate::model::wishes::Wishes;
use crate::store::{Alert, Because, NewTelling, ToRoute};
use jiff::tz::TimeZone;

/// So many people are gone through in one read.
const PAGE: u32 = 500;

/// Somebody who hears of an alert: what they wish for, and where.
pub(super) struct Hearer {
    address: String,
    because: Because,
    wishes: Wishes,
    zone: TimeZone,
}

/// Those who hear of an alert, each once: who comes first says why.
#[derive(Default)]
struct Found(Vec<Hearer>);

impl Found {
    fn add(&mut self, hearer: Hearer) {
        if !self.0.iter().any(|it| it.address == hearer.address) {
            self.0.push(hearer);
        }
    }
}

/// Whether somebody may hear of an alert.
pub(super) fn may_hear(user: &User, alert: &Alert) -> bool {
    if user.disabled_at.is_some() {
        return false;
    }
    match (&alert.state_of, alert.kind.is_the_operators()) {
        (Some(package), false) => user.reach().admits(&alert.account, package),
        // What is the operator's tells of no package.
        (_, true) => alert.account.0.is_empty() || user.reach().has(&alert.account),
        (None, false) => user.reach().is_all(),
    }
}

/// Whether an alert says that this channel fails. By that one nobody can be told of it: it would wait until there is nothing to tell any
/// more. It stands on the page, and goes by the others.
fn fails(channel: &str, alert: &Alert) -> bool {
    alert.kind == AlertKind::MessagesFail && alert.signer == channel
}

impl App {
    /// Whom to tell of an alert, by which channel and when. Empty: there is nobody.
    pub(super) async fn tellings_of(&self, it: &ToRoute) -> Result<Vec<NewTelling>, StoreError> {
        let alert = &it.alert;
        let mut found = Found::default();
        if alert.kind.is_the_operators() {
            self.admins_into(alert, &mut found).await?;
            for address in &self.config.alerts.operators {
                self.address_into(alert, address, Because::Operator, &mut found).await?;
            }
        } else {
            self.followers_into(it, &mut found).await?;
            self.sender_into(alert, &mut found).await?;
            for address in self.named_by_rules(alert) {
                self.address_into(alert, &address, Because::Rule, &mut found).await?;
            }
        }
        if found.0.is_empty() {
            for address in self.fallback_of(alert) {
                self.address_into(alert, &address, Because::Fallback, &mut found).await?;
            }
        }
        let now = self.now();
        let wants = |it: &&Hearer| it.wishes.mail && it.wishes.want(alert.kind, &alert.account);
        let goes = self.post.mailer.is_some() && !fails(MAIL, alert);
        let mails = found.0.iter().filter(wants).filter(|_| goes);
        Ok(mails.map(|it| it.by_mail(now)).chain(self.channels_of(alert, now)).collect())
    }

    /// The channels that hear of an alert: the configuration says which, and no person.
    fn channels_of(&self, alert: &Alert, due: Timestamp) -> impl Iterator<Item = NewTelling> {
        let hear =
            |it: &&ChannelConfig| it.hears(alert.kind.word(), &alert.account.0) && !fails(&it.name, alert);
        let telling = move |it: &ChannelConfig| {
            let (channel, address, because) = (it.name.clone(), String::new(), Because::Rule);
            NewTelling { channel, address, because, due }
        };
        self.config.channels.iter().filter(hear).map(telling)
    }

    /// Somebody who was told of something before: when they want to hear more.
    pub(super) async fn due_for(&self, address: &str) -> Result<Timestamp, StoreError> {
        let (now, user) = (self.now(), self.store.user_by_email(address).await?);
        let Some(user) = user else { return Ok(now) };
        let wishes = self.store.wishes(user.id).await?;
        Ok(when::earliest(&wishes, now, &self.zone_of(Some(&user))))
    }

    pub(super) fn zone_of(&self, user: Option<&User>) -> TimeZone {
        let name = user.and_then(|it| it.zone.as_deref()).unwrap_or(&self.config.server.time_zone);
        TimeZone::get(name).unwrap_or(TimeZone::UTC)
    }

    async fn followers_into(&self, it: &ToRoute, found: &mut Found) -> Result<(), StoreError> {
        for id in &it.followers {
            if let Some(user) = self.store.user(*id).await? {
                self.user_into(&it.alert, user, Because::Follower, found).await?;
            }
        }
        Ok(())
    }

    async fn sender_into(&self, alert: &Alert, found: &mut Found) -> Result<(), StoreError> {
        let sender = alert.state_of.as_ref().and_then(|it| it.sender.as_ref());
        let Some(address) = sender.and_then(|it| it.email.as_deref()) else { return Ok(()) };
        let address = address.trim().to_lowercase();
        let users = self.store.users_sending_as(&address).await?;
        if users.is_empty() {
            return self.address_into(alert, &address, Because::Sender, found).await;
        }
        for user in users {
            self.user_into(alert, user, Because::Sender, found).await?;
        }
        Ok(())
    }

    /// The admins, who look after the board.
    async fn admins_into(&self, alert: &Alert, found: &mut Found) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let users = self.store.users(&after, PAGE).await?;
            let Some(last) = users.last() else { return Ok(()) };
            after.clone_from(&last.email);
            for user in users.into_iter().filter(|it| it.role == Role::Admin) {
                self.user_into(alert, user, Because::Operator, found).await?;
            }
        }
    }

    /// An address of the configuration or of a provider: perhaps a person's of this board, with wishes.
    async fn address_into(
        &self,
        alert: &Alert,
        address: &str,
        because: Because,
        found: &mut Found,
    ) -> Result<(), StoreError> {
        if let Some(user) = self.store.user_by_email(address).await? {
            return self.user_into(alert, user, because, found).await;
        }
        if self.may_write_to(address) {
            let (wishes, zone) = (Wishes::default(), self.zone_of(None));
            found.add(Hearer { address: address.to_owned(), because, wishes, zone });
        }
        Ok(())
    }

    /// A person, or who stands in for them today. Somebody who isn't let in, or may not see the package, stands in for nobody.
    async fn user_into(
        &self,
        alert: &Alert,
        user: User,
        because: Because,
        found: &mut Found,
    ) -> Result<(), StoreError> {
        if !may_hear(&user, alert) || !self.may_write_to(&user.email) {
            return Ok(());
        }
        let (wishes, zone) = (self.store.wishes(user.id).await?, self.zone_of(Some(&user)));
        let stand_in = when::day(self.now(), &zone).and_then(|day| wishes.stands_in(day));
        if let Some(address) = stand_in
            && let Some(other) = self.store.user_by_email(&address.to_lowercase()).await?
            && may_hear(&other, alert)
            && self.may_write_to(&other.email)
        {
            let (wishes, zone) = (self.store.wishes(other.id).await?, self.zone_of(Some(&other)));
            found.add(Hearer { address: other.email, because: Because::StandIn, wishes, zone });
            return Ok(());
        }
        found.add(Hearer { address: user.email, because, wishes, zone });
        Ok(())
    }

    fn may_write_to(&self, address: &str) -> bool {
        crate::app::people::mail_address(address).is_some()
            && self.post.mailer.as_ref().is_none_or(|mailer| mailer.allows(address))
    }

    fn named_by_rules(&self, alert: &Alert) -> Vec<String> {
        let package = alert.state_of.as_deref();
        let group = package.and_then(|it| it.group.as_deref());
        let reference = package.and_then(|it| it.reference.as_deref());
        let rules = self.config.alerts.rules.iter();
        let fitting = rules.filter(|rule| rule.fits(&alert.account.0, group, reference));
        fitting.flat_map(|rule| rule.to.iter().cloned()).collect()
    }

    /// The list of the account; of the whole board, those of all.
    fn fallback_of(&self, alert: &Alert) -> Vec<String> {
        let accounts = self.config.accounts.iter();
        let of = accounts.filter(|(id, _)| alert.account.0.is_empty() || **id == alert.account.0);
        of.flat_map(|(_, account)| account.fallback.iter().cloned()).collect()
    }
}

impl Hearer {
    fn by_mail(&self, now: Timestamp) -> NewTelling {
        let due = when::earliest(&self.wishes, now, &self.zone);
        NewTelling { channel: MAIL.to_owned(), address: self.address.clone(), because: self.because, due }
    }
}
