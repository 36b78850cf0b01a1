//! OneSpan Sign: callbacks with a key, and a REST API (reference A to F).
//!
//! Known quirks are told where they are dealt with: `wire` and `body` for callbacks, `package` for what the API shows,
//! `api` for how it is asked, [`super::auth`] for how a callback names its sender.

pub(super) mod api;
mod body;
mod package;
pub(super) mod setup;
pub(super) mod wire;

use super::credentials::OAuthStyle;
use super::{
    Delivery, FetchError, Fetched, Habits, Listing, Located, OpenError, Parked, Provider, Report, SetupStep,
    Verdict, Verified, auth,
};
use crate::config::{AccountConfig, CallbackAuth};
use crate::model::{AccountId, PackageId, SignerId, Timestamp};
use api::{Api, Dialect};

/// The document by which a signer agrees to sign electronically; accepting it is no signature (reference A.4).
const CONSENT: &str = "default-consent";

/// Paths below `https://…/api`. The version in the Accept header is the one that the specification's answers declare.
const ONESPAN: Dialect = Dialect {
    packages: "/packages",
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
}

/// What an administrator has to set so that callbacks of this kind reach this address.
pub(super) type Setup = fn(&CallbackAuth, &str) -> Vec<SetupStep>;

impl OneSpan {
    pub(super) fn open(account: &AccountId, config: &AccountConfig) -> Result<Self, OpenError> {
        Self::open_as(account, config, ONESPAN, setup::steps)
    }

    /// The same under other addresses, registered in another way.
    pub(super) fn open_as(
        account: &AccountId,
        config: &AccountConfig,
        dialect: Dialect,
        setup: Setup,
    ) -> Result<Self, OpenError> {
        let open = |api| Api::open(account, api, config.calls_per_minute, dialect);
        let api = config.api.as_ref().map(open).transpose()?;
        Ok(Self { account: account.clone(), callback: config.callback.clone(), api, setup })
    }

    fn api(&self) -> Result<&Api, FetchError> {
        self.api.as_ref().ok_or(FetchError::NoApi)
    }
}

#[async_trait::async_trait]
impl Provider for OneSpan {
    fn habits(&self) -> Habits {
        Habits::default()
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
}
