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
    Delivery, FetchError, Fetched, Habits, Listing, Located, OpenError, Parked, Provider, Report, Sample,
    SetupStep, Verdict, Verified, auth,
};
use crate::config::{AccountConfig, ApiConfig, CallbackAuth, Registering, Secret};
use crate::model::{AccountId, PackageId, SignerId, Timestamp};
use crate::provider::issuer::keys::Keys;
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
    callback: auth::Lock,
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
        let (callback, registering) = (auth::Lock::new(&config.callback)?, config.registering.clone());
        Ok(Self { account: account.clone(), callback, api, setup, registering, form })
    }

    fn desk<'a>(
        &'a self,
        place: &'a str,
        auth: &'a CallbackAuth,
        takes_headers: bool,
    ) -> Result<registration::Desk<'a>, FetchError> {
        let (rest, registering) = (&self.api()?.rest, &self.registering);
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
            words: wire::WORDS,
            ..Habits::default()
        }
    }

    fn setup(&self, url: &str) -> Vec<SetupStep> {
        (self.setup)(&self.callback.auth(), url)
    }

    fn verify<'a>(&self, delivery: &'a Delivery) -> Verdict<'a> {
        self.callback.check(delivery)
    }

    fn keys(&self) -> Option<&Keys> {
        self.callback.keys()
    }

    fn rekey(&self, callback: &CallbackAuth) {
        self.callback.change(callback);
    }

    fn sample(&self, id: &str, now: Timestamp) -> Sample {
        let mut headers = auth::headers(&self.callback.auth());
        headers.push(("content-type".to_owned(), Secret::new("application/json; charset=utf-8")));
        Sample { headers, body: wire::sample(id, now) }
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
        let auth = self.callback.auth();
        match &self.form {
            Form::Events(place) => self.desk(place, &auth, false)?.read(wanted, now).await,
            Form::EventsOrHeaders(place) => self.desk(place, &auth, true)?.read(wanted, now).await,
            Form::Plain(_) => self.api().map(|_| plain::read(&auth, wanted)),
        }
    }

    async fn register(&self, wanted: &Wanted, change: &Change, now: Timestamp) -> Result<(), FetchError> {
        let auth = self.callback.auth();
        match &self.form {
            Form::Events(place) => self.desk(place, &auth, false)?.write(wanted, change, now).await,
            Form::EventsOrHeaders(place) => self.desk(place, &auth, true)?.write(wanted, change, now).await,
            Form::Plain(place) => plain::write(&self.api()?.rest, place, &auth, wanted, now).await,
        }
    }
}
