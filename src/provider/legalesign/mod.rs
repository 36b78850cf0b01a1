//! Legalesign: signed callbacks in four shapes (reference A).
//!
//! Known quirks are told where they are dealt with: `form` and `signature` for how a callback comes and who sent it, `wire`
//! for what it says, `terms` for spellings, times and codes; `api` for how documents are asked about, `document` for where
//! in an answer each fact comes from.

mod api;
mod document;
mod form;
mod registration;
mod signature;
mod terms;
mod wire;

use super::registration::{Change, Registration, Wanted};
use super::{
    Delivery, FetchError, Fetched, Habits, Listing, Located, OpenError, Parked, Provider, Report, Sample,
    SetupStep, Verdict, Verified, auth,
};
use crate::config::{AccountConfig, CallbackAuth, Secret};
use crate::model::{AccountId, PackageId, SignerId, Timestamp};
use crate::provider::issuer::keys::Keys;
use api::Api;
use serde_json::json;
use signature::Seals;

/// The API that the vendor's specification names.
const USUAL_API: &str = "https://eu-api.legalesign.com/api/v1";

/// What the batch's timer is set to at the vendor (reference A1).
const BATCH_MINUTES: u16 = 6;

/// An account at Legalesign.
#[derive(Debug)]
pub(super) struct Legalesign {
    account: AccountId,
    callback: auth::Lock,
    /// There if callbacks are signed.
    seals: Option<Seals>,
    base_url: String,
    api: Option<Api>,
}

impl Legalesign {
    pub(super) fn open(account: &AccountId, config: &AccountConfig) -> Result<Self, OpenError> {
        let seals = match &config.callback {
            CallbackAuth::Signed { certificate, hmac_secret, .. } => {
                Some(Seals::open(certificate, hmac_secret.as_ref())?)
            }
            _ => None,
        };
        let base_url = config.api.as_ref().map_or(USUAL_API, |api| &api.base_url).to_owned();
        let api = |api| Api::open(account, api, config.calls_per_minute, &config.groups);
        let api = config.api.as_ref().map(api).transpose()?;
        Ok(Self {
            account: account.clone(),
            callback: auth::Lock::new(&config.callback)?,
            seals,
            base_url,
            api,
        })
    }

    fn api(&self) -> Result<&Api, FetchError> {
        self.api.as_ref().ok_or(FetchError::NoApi)
    }

    /// A call to copy into a shell. The key stays a placeholder: pages show this.
    fn call(&self, path: &str, body: Option<serde_json::Value>) -> String {
        // What ends a quoted word of a shell can't stand in it; in an address it can be escaped.
        let body = body.map(|it| it.to_string().replace('\'', "%27"));
        let body = body.map_or(String::new(), |it| format!(" -H 'Content-Type: application/json' -d '{it}'"));
        format!("curl -H 'Authorization: ApiKey USER:KEY'{body} '{}{path}'", self.base_url)
    }

    fn subscribe(&self, url: &str, kind: &str, what: &str) -> SetupStep {
        let line = self.call("/subscribe/", Some(json!({ "url": url, "notify": kind })));
        SetupStep { what: what.to_owned(), lines: vec![line] }
    }
}

#[async_trait::async_trait]
impl Provider for Legalesign {
    fn habits(&self) -> Habits {
        Habits {
            signers_alone: true,
            told_every_minutes: Some(BATCH_MINUTES),
            tells_no_documents: true,
            tells_again: true,
            words: terms::WORDS,
            ..Habits::default()
        }
    }

    fn setup(&self, url: &str) -> Vec<SetupStep> {
        vec![
            SetupStep {
                what: "Ask Legalesign's support for the certificate with which callbacks are signed (their page on verifying \
                       callback data prints it), and give it to this account as `certificate` or `certificate-file` under \
                       `callback`. When it is to change, write the new one below the old one. One key signs for all of \
                       Legalesign's customers and covers no address, so set a `path-token` as well: else whoever has \
                       an account there could send their own signed callbacks here."
                    .to_owned(),
                lines: Vec::new(),
            },
            self.subscribe(
                url,
                "all",
                "Subscribe to the batch of all changes, which is signed and comes every 6 minutes. `USER:KEY` is the API key of \
                 a user who is an administrator of each group that shall be told of; one subscription brings them all, tests \
                 included, unless it names a group.",
            ),
            self.subscribe(url, "signed", "Subscribe to the word that a final PDF exists."),
            self.subscribe(
                url,
                "realtime",
                "Subscribe to the realtime events, which come at once and bring names. How they are signed isn't published: \
                 with an `hmac-secret` under `callback` their `X-Hmac-Sha256` is compared, without it they count \
                 as unsigned.",
            ),
            SetupStep {
                what: "Look at what is subscribed; `POST /unsubscribe/` with the very same url takes one back.".to_owned(),
                lines: vec![self.call("/notifications/", None)],
            },
        ]
    }

    fn verify<'a>(&self, delivery: &'a Delivery) -> Verdict<'a> {
        match &self.seals {
            Some(seals) => seals.check(delivery),
            None => self.callback.check(delivery),
        }
    }

    fn keys(&self) -> Option<&Keys> {
        self.callback.keys()
    }

    fn rekey(&self, callback: &CallbackAuth) {
        self.callback.change(callback);
    }

    /// The realtime kind, which is the only one whose signature isn't the provider's alone to make.
    fn sample(&self, id: &str, now: Timestamp) -> Sample {
        let body = wire::sample(id, now);
        let mut headers = auth::headers(&self.callback.auth());
        headers.push(("content-type".to_owned(), Secret::new("application/json")));
        headers.extend(self.seals.as_ref().and_then(|it| it.hmac(&body)));
        Sample { headers, body }
    }

    fn parse(&self, verified: Verified<'_>) -> Vec<Result<Report, Parked>> {
        wire::read(&self.account, verified.body())
    }

    async fn fetch(&self, package: &PackageId, now: Timestamp) -> Result<Fetched, FetchError> {
        self.api()?.fetch(package, now).await
    }

    async fn locate(&self, signer: &SignerId, now: Timestamp) -> Result<Located, FetchError> {
        self.api()?.locate(signer, now).await
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
        self.api()?.registered(wanted, now).await
    }

    async fn register(&self, wanted: &Wanted, change: &Change, now: Timestamp) -> Result<(), FetchError> {
        self.api()?.register(wanted, change, now).await
    }
}
