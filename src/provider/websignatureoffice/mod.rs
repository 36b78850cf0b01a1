//! StepOver WebSignatureOffice: callbacks without times, names or signatures, and a web service named "Tyr".
//!
//! Known quirks are told where they are dealt with: `body` and `wire` for callbacks, `setup` for what is set on the
//! provider's side, `tyr` for the web service. Whatever is not answered with exactly 200 is sent again every few
//! seconds, for ever if nobody limits it.

mod body;
mod setup;
mod tyr;
mod wire;

use super::registration::{Change, Registered, Registration, Wanted};
use super::{
    Delivery, FetchError, Fetched, Habits, Listing, Located, OpenError, Parked, Provider, Report, Sample,
    SetupStep, Verdict, Verified, auth,
};
use crate::config::{AccountConfig, CallbackAuth, Secret};
use crate::model::{AccountId, PackageId, SignerId, Timestamp};
use crate::provider::issuer::keys::Keys;
use tyr::Tyr;

/// An account at StepOver WebSignatureOffice.
#[derive(Debug)]
pub(super) struct WebSignatureOffice {
    account: AccountId,
    callback: auth::Lock,
    tyr: Option<Tyr>,
}

impl WebSignatureOffice {
    pub(super) fn open(account: &AccountId, config: &AccountConfig) -> Result<Self, OpenError> {
        let open = |api| Tyr::open(account, api, config.calls_per_minute);
        let tyr = config.api.as_ref().map(open).transpose()?;
        Ok(Self { account: account.clone(), callback: auth::Lock::new(&config.callback)?, tyr })
    }

    fn tyr(&self) -> Result<&Tyr, FetchError> {
        self.tyr.as_ref().ok_or(FetchError::NoApi)
    }
}

#[async_trait::async_trait]
impl Provider for WebSignatureOffice {
    fn habits(&self) -> Habits {
        Habits {
            tells_no_names: true,
            tells_no_documents: true,
            lists_nothing: true,
            tells_again: true,
            words: wire::WORDS,
            ..Habits::default()
        }
    }

    fn setup(&self, url: &str) -> Vec<SetupStep> {
        setup::steps(url, &self.callback.auth(), self.tyr.is_some())
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

    fn sample(&self, id: &str, _now: Timestamp) -> Sample {
        let mut headers = auth::headers(&self.callback.auth());
        headers.push(("content-type".to_owned(), Secret::new("application/json")));
        Sample { headers, body: wire::sample(id) }
    }

    fn parse(&self, verified: Verified<'_>) -> Vec<Result<Report, Parked>> {
        wire::read(&self.account, verified.body())
    }

    async fn fetch(&self, package: &PackageId, now: Timestamp) -> Result<Fetched, FetchError> {
        self.tyr()?.status(package, now).await
    }

    /// Its callbacks always name the document.
    async fn locate(&self, _signer: &SignerId, _now: Timestamp) -> Result<Located, FetchError> {
        Ok(Located { package: None, date: None })
    }

    /// No method is known that lists documents, so the list is empty and each document is asked about. That Tyr takes our
    /// login is seen by it all the same; and since no answer of Tyr means "there is no such document", an empty list that
    /// works can never make one count as deleted (state.md rule 9).
    async fn list(
        &self,
        _changed_since: Option<Timestamp>,
        _from: u32,
        now: Timestamp,
    ) -> Result<Listing, FetchError> {
        self.tyr()?.log_in(now).await?;
        Ok(Listing::default())
    }

    async fn registered(&self, _wanted: &Wanted, _now: Timestamp) -> Result<Registration, FetchError> {
        const WHY: &str =
            "WebSignatureOffice takes no registration by a call: whom it calls stands in its config.ini.";
        Ok(Registration { now: Registered::ByHand(WHY), changes: Vec::new(), words: None })
    }

    /// There is never a change to make.
    async fn register(&self, _wanted: &Wanted, _change: &Change, _now: Timestamp) -> Result<(), FetchError> {
        Ok(())
    }
}
