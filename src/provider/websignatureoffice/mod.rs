//! StepOver WebSignatureOffice.

use super::{
    Delivery, FetchError, Fetched, Habits, Listing, Located, OpenError, Parked, Provider, Report, SetupStep,
    Verdict, Verified, auth,
};
use crate::config::{AccountConfig, CallbackAuth};
use crate::model::{AccountId, PackageId, SignerId, Timestamp};

/// An account at StepOver WebSignatureOffice.
#[derive(Debug)]
pub(super) struct WebSignatureOffice {
    callback: CallbackAuth,
}

impl WebSignatureOffice {
    pub(super) fn open(_account: &AccountId, config: &AccountConfig) -> Result<Self, OpenError> {
        Ok(Self { callback: config.callback.clone() })
    }
}

#[async_trait::async_trait]
impl Provider for WebSignatureOffice {
    fn habits(&self) -> Habits {
        Habits::default()
    }

    fn setup(&self, _url: &str) -> Vec<SetupStep> {
        Vec::new()
    }

    fn verify<'a>(&self, delivery: &'a Delivery) -> Verdict<'a> {
        auth::check(&self.callback, delivery)
    }

    fn parse(&self, _verified: Verified<'_>) -> Vec<Result<Report, Parked>> {
        Vec::new()
    }

    async fn fetch(&self, _package: &PackageId, _now: Timestamp) -> Result<Fetched, FetchError> {
        Err(FetchError::NoApi)
    }

    async fn locate(&self, _signer: &SignerId, _now: Timestamp) -> Result<Located, FetchError> {
        Err(FetchError::NoApi)
    }

    async fn list(
        &self,
        _changed_since: Option<Timestamp>,
        _from: u32,
        _now: Timestamp,
    ) -> Result<Listing, FetchError> {
        Err(FetchError::NoApi)
    }
}
