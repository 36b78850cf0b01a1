//! A test callback: the board calls itself as the provider would, through the public address, and says how that went.
//!
//! The body names a package that nobody can guess. What comes with exactly that body within a minute is the test, proves
//! itself like any other callback, and is kept and never read. Whoever doesn't know the body can hide nothing behind it.

use super::ingest::{Receipt, kept_headers};
use super::rotating::random;
use super::{Account, App, StoreError};
use crate::model::{Origin, Timestamp};
use crate::provider::knock::{Knocked, knock};
use crate::provider::{Delivery, Slot, Verdict};
use crate::store::{NewArrival, Reading};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// So long what comes with its body is the test.
const LASTS_MS: i64 = 60_000;

/// An account's test callbacks: the one on its way, and how the last one went.
#[derive(Debug, Default)]
pub struct Tests {
    state: Mutex<State>,
    /// Held while one is under way.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    sent: Option<Sent>,
    last: Option<Tested>,
}

/// One that was sent.
struct Sent {
    body: Vec<u8>,
    at: Timestamp,
    came: Option<Came>,
}

/// What this board made of it.
#[derive(Debug, Clone)]
enum Came {
    Accepted,
    Unsigned,
    Refused(String),
}

/// How a test went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// When it was sent.
    pub at: Timestamp,
    /// Whether it arrived and was accepted.
    pub arrived: bool,
    /// All of it, as a sentence without a full stop.
    pub told: String,
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Whoever knew the body could pass something off as a test.
        f.debug_struct("Sent").field("at", &self.at).finish_non_exhaustive()
    }
}

impl Tests {
    /// How the last one went, since the start.
    #[must_use]
    pub fn last(&self) -> Option<Tested> {
        self.state().last.clone()
    }

    /// Whether this is the test that was sent.
    pub(super) fn knows(&self, body: &[u8], now: Timestamp) -> bool {
        let state = self.state();
        state.sent.as_ref().is_some_and(|it| it.body == body && now.since(it.at).saturating_abs() <= LASTS_MS)
    }

    fn note(&self, came: Came) {
        if let Some(sent) = &mut self.state().sent {
            sent.came = Some(came);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Sends a test callback to an account of this board, and waits until it is known what became of it.
    pub async fn test_callback(&self, account: &Account) -> Tested {
        let at = self.now();
        let Ok(_turn) = account.tests.turn.try_lock() else {
            return failed(at, "another test of this account is under way".to_owned());
        };
        let tested = self.send_test(account, at).await.unwrap_or_else(|why| failed(at, why));
        tracing::info!(account = %account.id, arrived = tested.arrived, told = tested.told, "a test callback was sent");
        account.tests.state().last = Some(tested.clone());
        tested
    }

    async fn send_test(&self, account: &Account, at: Timestamp) -> Result<Tested, String> {
        let keyed = self.keyed();
        let url = keyed.own_callback_url(&account.id.0)?;
        let sample = account.provider.sample(&format!("signboard-test-{}", random()?), at);
        account.tests.state().sent = Some(Sent { body: sample.body.clone(), at, came: None });
        let ca_file = account.config.api.as_ref().and_then(|api| api.ca_file.as_deref());
        let began = Instant::now();
        let knocked = knock(&url, ca_file, sample).await;
        let after = began.elapsed().as_millis();
        let came = account.tests.state().sent.as_ref().and_then(|it| it.came.clone());
        let told = match (came, knocked) {
            (Some(came), Ok(knocked)) => return Ok(told_by_us(at, after, &came, &knocked)),
            (Some(_), Err(why)) => format!("it arrived, but the answer did not get back: {why}"),
            (None, Ok(knocked)) => told_by_others(&knocked),
            (None, Err(why)) => why,
        };
        Err(told)
    }

    /// The test has come. A refusal is told to whoever sent it, and not kept among the calls of strangers.
    pub(super) async fn receive_test(
        &self,
        account: &Account,
        verdict: Result<Slot, String>,
        delivery: Delivery,
    ) -> Result<Receipt, StoreError> {
        let slot = match verdict {
            Ok(slot) => slot,
            Err(why) => {
                account.tests.note(Came::Refused(why));
                return Ok(Receipt::Refused);
            }
        };
        let arrival = NewArrival {
            account: account.id.clone(),
            received_at: delivery.received_at,
            remote: delivery.remote.clone(),
            origin: Origin::Callback,
            slot: slot.word(),
            secret: None,
            is_test: true,
            forward: None,
            headers: kept_headers(&delivery),
            body: delivery.body,
            reading: Reading::default(),
        };
        let kept = self.store.keep(arrival).await?;
        account.tests.note(if slot == Slot::Unsigned { Came::Unsigned } else { Came::Accepted });
        Ok(Receipt::Kept(kept))
    }
}

/// The slot of a verdict, or why it was refused.
pub(super) fn slot_of(verdict: Verdict<'_>) -> Result<Slot, String> {
    match verdict {
        Verdict::Verified(_, slot) => Ok(slot),
        Verdict::Unsigned(_) => Ok(Slot::Unsigned),
        Verdict::Refused(why) | Verdict::Unsure(why) => Err(why),
    }
}

fn failed(at: Timestamp, told: String) -> Tested {
    Tested { at, arrived: false, told }
}

/// It came to our door, and this is what the sender heard.
fn told_by_us(at: Timestamp, after: u128, came: &Came, knocked: &Knocked) -> Tested {
    let Knocked { host, status, .. } = knocked;
    let told = match came {
        Came::Refused(why) => {
            return failed(at, format!("it arrived after {after} ms and was refused: {why}"));
        }
        _ if *status != 200 => {
            return failed(
                at,
                format!(
                    "it arrived and was accepted, but {host} made the answer a {status}, and a provider that doesn't read \
                     200 sends again or gives up"
                ),
            );
        }
        Came::Accepted => format!("it arrived after {after} ms, was accepted, and is in the inbox as a test"),
        Came::Unsigned => format!(
            "it arrived after {after} ms and is in the inbox as a test; it carried no signature, since only the provider \
             can make one, so the way is open, and whether its signature is accepted this can't tell"
        ),
    };
    Tested { at, arrived: true, told }
}

/// It didn't come to our door.
fn told_by_others(knocked: &Knocked) -> String {
    let Knocked { host, status, elsewhere } = knocked;
    match (elsewhere, status) {
        (Some(elsewhere), _) => format!(
            "{host} answers {status} and leads to {elsewhere}, which no provider follows; set server.public-url to where \
             callbacks are taken"
        ),
        (None, 200..=299) => format!(
            "{host} answered {status}, but nothing arrived here: server.public-url leads to something else, or to another \
             board"
        ),
        (None, 401 | 403 | 407) => format!(
            "{host} answered {status} before the call came to this board: what stands there has to let /callbacks/ pass \
             without asking who calls"
        ),
        (None, 404 | 405) => format!(
            "{host} answered {status}, and nothing arrived here: what stands there has to pass /callbacks/ on to this board"
        ),
        (None, 502..=504) => format!(
            "{host} answered {status}, and nothing was kept here: what stands there doesn't reach this board, or the board \
             can't write"
        ),
        (None, _) => format!("{host} answered {status}, and nothing arrived here"),
    }
}
