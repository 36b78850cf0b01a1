//! OneSpan Sign: callbacks with a key, and a REST API (reference A to F).
//!
//! Known quirks are told where they are dealt with: `wire` and `body` for callbacks, `package` for what the API shows,
//! `api` for how it is asked, [`super::auth`] for how a callback names its sender.

pub(super) mod api;
mod body;
mod package;
pub(super) mod registration;
mod report;
pub(super) mod setup;
pub(super) mod wire;

use super::conga::registration as plain;
use super::credentials::OAuthStyle;
use super::registration::{Change, Registration, Wanted};
use super::{
    Delivery, FetchError, Fetched, Habits, Listing, Located, OpenError, Parked, Provider, Report, SetupStep,
    Verdict, Verified, auth,
};
use crate::config::{AccountConfig, ApiConfig, CallbackAuth, Registering};
use crate::model::{AccountId, PackageId, SignerId, Timestamp};
use api::{Api, Dialect};

/// The document by which a signer agrees to sign electronically; accepting it is no signature (reference A.4).
const CONSENT: &str = "default-consent";

/// Paths below `https://…/api`. The version in the Accept header is the one that the specification's answers declare.
const ONESPAN: Dialect = Dialect {
    packages: "/packages",
    report: "/reports/completion",
    accept: "application/json; esl-api-version=11",
    oauth: OAuthStyle::Header,
};

/// An account at OneSpan Sign, or at one of the services built on it.
#[derive(Debug)]
pub(super) struct OneSpan {
    account: AccountId,
    callback: CallbackAuth,
    api: Option<Api>,
    setup: Setup,
    registering: Registering,
    form: Form,
}

/// How this account's callbacks are registered, and at which address.
#[derive(Debug)]
pub(super) enum Form {
    /// In OneSpan's form.
    Events(String),
    /// The same, which takes headers as well.
    EventsOrHeaders(String),
    /// In Conga's own.
    Plain(String),
}

/// What an administrator has to set so that callbacks of this kind reach this address.
pub(super) type Setup = fn(&CallbackAuth, &str) -> Vec<SetupStep>;

impl OneSpan {
    pub(super) fn open(account: &AccountId, config: &AccountConfig) -> Result<Self, OpenError> {
        let form = |api: &ApiConfig| Form::Events(format!("{}/callback", api.base_url));
        Self::open_as(account, config, ONESPAN, setup::steps, form)
    }

    /// The same under other addresses, registered in another way.
    pub(super) fn open_as(
        account: &AccountId,
        config: &AccountConfig,
        dialect: Dialect,
        setup: Setup,
        form: impl Fn(&ApiConfig) -> Form,
    ) -> Result<Self, OpenError> {
        let open = |api| Api::open(account, api, config.calls_per_minute, dialect);
        let api = config.api.as_ref().map(open).transpose()?;
        let form = config.api.as_ref().map_or(Form::Plain(String::new()), form);
        let (callback, registering) = (config.callback.clone(), config.registering.clone());
        Ok(Self { account: account.clone(), callback, api, setup, registering, form })
    }

    fn desk<'a>(&'a self, place: &'a str, takes_headers: bool) -> Result<registration::Desk<'a>, FetchError> {
        let (rest, auth, registering) = (&self.api()?.rest, &self.callback, &self.registering);
        Ok(registration::Desk { rest, place, auth, registering, takes_headers })
    }

    fn api(&self) -> Result<&Api, FetchError> {
        self.api.as_ref().ok_or(FetchError::NoApi)
    }
}

#[async_trait::async_trait]
impl Provider for OneSpan {
    fn habits(&self) -> Habits {
        Habits {
            trash_at: Some(api::TRASH),
            everybody_at: Some(api::EVERYBODY),
            mails_lost_callbacks: true,
            ..Habits::default()
        }
    }

    fn setup(&self, url: &str) -> Vec<SetupStep> {
        (self.setup)(&self.callback, url)
    }

    fn verify<'a>(&self, delivery: &'a Delivery) -> Verdict<'a> {
        auth::check(&self.callback, delivery)
    }

    fn parse(&self, verified: Verified<'_>) -> Vec<Result<Report, Parked>> {
        vec![wire::read(&self.account, verified.body())]
    }

    async fn fetch(&self, package: &PackageId, now: Timestamp) -> Result<Fetched, FetchError> {
        self.api()?.fetch(package, now).await
    }

    /// Its callbacks always name the package.
    async fn locate(&self, _signer: &SignerId, _now: Timestamp) -> Result<Located, FetchError> {
        Ok(Located { package: None, date: None })
    }

    async fn list(
        &self,
        changed_since: Option<Timestamp>,
        from: u32,
        now: Timestamp,
    ) -> Result<Listing, FetchError> {
        self.api()?.list(changed_since, from, now).await
    }

    async fn registered(&self, wanted: &Wanted, now: Timestamp) -> Result<Registration, FetchError> {
        match &self.form {
            Form::Events(place) => self.desk(place, false)?.read(wanted, now).await,
            Form::EventsOrHeaders(place) => self.desk(place, true)?.read(wanted, now).await,
            Form::Plain(_) => self.api().map(|_| plain::read(&self.callback, wanted)),
        }
    }

    async fn register(&self, wanted: &Wanted, change: &Change, now: Timestamp) -> Result<(), FetchError> {
        match &self.form {
            Form::Events(place) => self.desk(place, false)?.write(wanted, change, now).await,
            Form::EventsOrHeaders(place) => self.desk(place, true)?.write(wanted, change, now).await,
            Form::Plain(place) => plain::write(&self.api()?.rest, place, &self.callback, wanted, now).await,
        }
    }
}
