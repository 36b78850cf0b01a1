//! Takes callbacks in: verify, read, keep and digest in one transaction, answer.

use super::testing::slot_of;
use super::token::Way;
use super::{Account, App, StoreError};
use crate::config::{CallbackAuth, Unsigned};
use crate::model::{Origin, PackageKey, Record, SignerKey, Timestamp};
use crate::provider::{About, Delivery, Parked, Report, Slot, Verdict, Verified};
use crate::store::{Kept, NewArrival, NewRefused, Reading, Subject};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Headers that are kept with a callback: what can explain a body, and never a secret. A signature of the body is none:
/// it opens nothing but that body, and without it nobody could look at it again.
const KEPT_HEADERS: [&str; 9] = [
    "content-type",
    "content-length",
    "user-agent",
    "date",
    "x-signed",
    "http-x-signed",
    "x_signed",
    "http_x_signed",
    "x-hmac-sha256",
];

/// What to do about a callback that waits in quarantine for want of a signature.
const UNSIGNED: &str = "it carries no signature, so nothing in it counts; a realtime callback needs an hmac-secret in \
    the configuration to count as signed; or set unsigned = \"accept\" for this account; then replay it";

/// What became of a callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// On disk.
    Kept(Kept),
    /// The secret is wrong or missing; kept among the refused.
    Refused,
    /// Whether its token is right can't be told yet; kept among the refused, with the token.
    Unsure,
    /// There is no such account.
    NoAccount,
}

impl App {
    /// Takes a callback in. When this returns [`Receipt::Kept`], its bytes are on disk.
    ///
    /// # Errors
    /// It couldn't be written; nothing is kept, and the sender must hear that.
    pub async fn receive(&self, account: &str, delivery: Delivery) -> Result<Receipt, StoreError> {
        let way = Way::new(account, delivery.path_token.as_deref());
        let Some(account) = self.account(way.account) else { return Ok(Receipt::NoAccount) };
        let misprint = way.misprint;
        let keyed = self.keyed();
        let Some(asked) = keyed.accounts.get(&account.id.0) else { return Ok(Receipt::NoAccount) };
        let token = way.check(asked.path_token.as_ref(), asked.next_path_token.as_ref());
        if let Some(keys) = account.provider.keys() {
            keys.ready(Some(&delivery), self.now()).await;
        }
        let verdict = match token {
            Ok(_) => account.provider.verify(&delivery),
            Err(why) => Verdict::Refused(why.to_owned()),
        };
        if account.tests.knows(&delivery.body, delivery.received_at) {
            let verdict = slot_of(verdict);
            return self.receive_test(account, verdict, delivery).await;
        }
        let token = token.unwrap_or(Slot::Open);
        let unsure = matches!(verdict, Verdict::Unsure(_));
        let (reading, slot) = match verdict {
            Verdict::Verified(verified, slot) => {
                // Where the header is asked for nothing, the path may have been.
                let slot = if slot == Slot::Open { token } else { slot };
                (read(account, verified, delivery.received_at, Origin::Callback), slot)
            }
            Verdict::Unsigned(verified) => {
                (read_unsigned(account, verified, delivery.received_at), Slot::Unsigned)
            }
            Verdict::Refused(why) | Verdict::Unsure(why) => {
                metrics::counter!("signboard_callbacks_refused_total", "account" => account.id.0.clone())
                    .increment(1);
                if account.refusals.note(&why, delivery.received_at) {
                    tracing::warn!(account = %account.id, why, "callbacks are refused; for an hour no more is said of this");
                }
                self.refuse(account, why, unsure, delivery).await?;
                return Ok(if unsure { Receipt::Unsure } else { Receipt::Refused });
            }
        };
        let received_at = delivery.received_at;
        if misprint {
            account.note_misprint(received_at);
        }
        let arrival = NewArrival {
            account: account.id.clone(),
            received_at,
            remote: delivery.remote.clone(),
            origin: Origin::Callback,
            slot: slot.word(),
            secret: asked.rotation.map(|it| Timestamp(it.made(slot == Slot::Next, token == Slot::Next))),
            is_test: false,
            headers: kept_headers(&delivery),
            forward: account.forward_of(&delivery),
            body: delivery.body,
            reading,
        };
        let began = Instant::now();
        let kept = self.store.keep(arrival).await?;
        if !kept.undigested {
            metrics::histogram!("signboard_digest_seconds").record(began.elapsed().as_secs_f64());
        }
        account.hear(received_at);
        count(account, kept);
        if kept.undigested {
            self.pending.notify_one();
        }
        if kept.fresh > 0 {
            account.due.notify_one();
        }
        account.wake_forwarding();
        Ok(Receipt::Kept(kept))
    }

    /// `unsure`: what it proves itself with is kept, so that it can be looked at again.
    async fn refuse(
        &self,
        account: &Account,
        why: String,
        unsure: bool,
        delivery: Delivery,
    ) -> Result<(), StoreError> {
        let proof = delivery.header("authorization").filter(|_| unsure).map(|it| ("authorization", it));
        let headers = headers_with(&delivery, proof);
        self.store
            .refuse(NewRefused {
                account: account.id.clone(),
                received_at: delivery.received_at,
                remote: delivery.remote,
                why,
                headers,
                body: delivery.body,
            })
            .await
    }
}

/// What an adapter reads in a body. A reader that panics is a bug of ours: the bytes go into quarantine.
pub(super) fn read(
    account: &Account,
    verified: Verified<'_>,
    received_at: Timestamp,
    origin: Origin,
) -> Reading {
    let parsed = catch_unwind(AssertUnwindSafe(|| account.provider.parse(verified)));
    let parsed = parsed
        .unwrap_or_else(|_| vec![Err(Parked("this version stumbles over it; please report it".into()))]);
    let mut reading = Reading::default();
    for report in parsed {
        match report {
            Ok(report) => reading.facts.push(fact(account, report, received_at, origin)),
            Err(parked) => {
                reading.note = Some(reading.note.map_or(parked.0.clone(), |one| format!("{one}; {parked}")));
            }
        }
    }
    reading
}

/// The same of a body that could have been signed and isn't: the account's policy of today decides.
pub(super) fn read_unsigned(account: &Account, verified: Verified<'_>, received_at: Timestamp) -> Reading {
    if !matches!(account.config.callback, CallbackAuth::Signed { unsigned: Unsigned::Accept, .. }) {
        return Reading { facts: Vec::new(), note: Some(UNSIGNED.to_owned()) };
    }
    let mut reading = read(account, verified, received_at, Origin::Callback);
    for (_, record) in &mut reading.facts {
        record.unverified = true;
    }
    reading
}

fn fact(account: &Account, report: Report, received_at: Timestamp, origin: Origin) -> (Subject, Record) {
    let account = account.id.clone();
    let subject = match report.about {
        About::Package(package) => Subject::Package(PackageKey { account, package }),
        About::Signer(signer) => Subject::Signer(SignerKey { account, signer }),
    };
    let record = Record {
        event: report.event,
        who: report.who,
        happened_at: report.happened_at,
        received_at,
        fingerprint: report.fingerprint,
        deliveries: 1,
        origin,
        name: report.name,
        arrival: None,
        unverified: false,
    };
    (subject, record)
}

pub(super) fn kept_headers(delivery: &Delivery) -> String {
    headers_with(delivery, None)
}

fn headers_with(delivery: &Delivery, more: Option<(&str, &str)>) -> String {
    let kept: BTreeMap<&str, &str> = KEPT_HEADERS
        .into_iter()
        .filter_map(|name| delivery.header(name).map(|value| (name, value)))
        .chain(more)
        .collect();
    serde_json::to_string(&kept).unwrap_or_default()
}

fn count(account: &Account, kept: Kept) {
    let label = || account.id.0.clone();
    metrics::counter!("signboard_callbacks_received_total", "account" => label()).increment(1);
    if kept.repeats > 0 && kept.fresh == 0 {
        metrics::counter!("signboard_callbacks_duplicate_total", "account" => label()).increment(1);
    }
    if kept.quarantined {
        metrics::counter!("signboard_callbacks_quarantined_total", "account" => label()).increment(1);
    }
}
