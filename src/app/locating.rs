//! Rule 20: asks the providers' APIs which package a signer is in of whom callbacks spoke alone.

use super::asking::{Asked, backoff};
use super::{Account, App, StoreError};
use crate::model::{Event, Origin, PackageId, PackageKey, Record, SignerKey, Timestamp};
use crate::provider::{FetchError, Located, fingerprint};

/// At most this many signers are asked about in one round,
const SIGNERS: u32 = 10;
/// and this many while packages are due: their answers name most signers.
const SIGNERS_BESIDE_PACKAGES: u32 = 1;
/// Whoever the API failed on comes again after this long, behind the others.
const AGAIN_MS: i64 = 10 * 60 * 1000;
/// The word under which the answer stands in the timeline.
const NAME: &str = "API: signer of this package";

impl App {
    /// One round over one account's signers without a package.
    pub(super) async fn locate_due(&self, account: &Account, asked: &mut Asked) -> Result<(), StoreError> {
        let now = self.now();
        let packages_wait = self.store.next_due(&account.id).await?.is_some_and(|due| due <= now);
        let most = if packages_wait { SIGNERS_BESIDE_PACKAGES } else { SIGNERS };
        for (signer, tries) in self.store.due_signers(&account.id, now, most).await? {
            let asked_at = self.now();
            let key = SignerKey { account: account.id.clone(), signer };
            let error = match account.provider.locate(&key.signer, asked_at).await {
                Ok(Located { package: Some(package), date }) => {
                    let d = account.answered(date, asked_at);
                    self.learn_link(key, package, d, asked_at).await?;
                    asked.answered += 1;
                    continue;
                }
                Ok(Located { package: None, date }) => {
                    account.answered(date, asked_at);
                    None
                }
                Err(error) => Some(error),
            };
            asked.failed += 1;
            match &error {
                None | Some(FetchError::NotOurs | FetchError::NoApi) => {}
                Some(FetchError::Unreadable(cause)) => {
                    tracing::warn!(account = %account.id, cause, "an answer of the API about a signer can't be read");
                }
                Some(
                    error @ (FetchError::Throttled(_)
                    | FetchError::Full(_)
                    | FetchError::Unavailable(_)
                    | FetchError::Refused(_)),
                ) => {
                    account.failed(error, asked_at);
                    // Whether it knows the signer, it didn't say. It may stumble over this one alone: the others come first.
                    if matches!(error, FetchError::Unavailable(_)) {
                        self.store.postpone_signer(key, asked_at.plus(AGAIN_MS), false).await?;
                    }
                    return Ok(());
                }
            }
            self.store.postpone_signer(key, asked_at.plus(backoff(tries)), true).await?;
        }
        Ok(())
    }

    /// Which package holds the signer is a fact of that package.
    async fn learn_link(
        &self,
        key: SignerKey,
        package: PackageId,
        d: Timestamp,
        asked_at: Timestamp,
    ) -> Result<(), StoreError> {
        let (account, signer) = (key.account, key.signer.as_str());
        let parts = [&account.0, "linked", signer, package.as_str(), &d.0.to_string()];
        let record = Record {
            event: Event::Linked,
            who: Some(signer.to_owned()),
            happened_at: Some(d),
            received_at: asked_at,
            fingerprint: fingerprint(&parts.map(Some)),
            deliveries: 1,
            origin: Origin::Poll,
            name: NAME.to_owned(),
            arrival: None,
            unverified: false,
        };
        self.store.learn(PackageKey { account, package }, record).await.map(|_| ())
    }
}
