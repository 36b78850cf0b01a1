//! Passes callbacks on to another listener of their account: a provider calls one address only, and whoever was called
//! before must not go without.
//!
//! From the inbox and in the order of arrival, each at least once, one at a time; never on the way of an acknowledgement.
//! What the listener doesn't take is tried again, and whatever is behind it waits for it, so that a listener that was
//! away for hours gets everything in its order. Unless it takes another one meanwhile: then it is that callback alone, which
//! steps aside. After a day in vain a callback is given up; a person can have it sent again.

use super::{Account, App, StoreError};
use crate::config::AccountConfig;
use crate::model::Timestamp;
use crate::provider::listener::{Listener, Relayed, came_from_a_board, came_raw};
use crate::provider::{Delivery, OpenError};
use crate::store::{NewForward, Passing, ToForward, Tried};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// So many are sent, or for so long, before it is noted how that went. After a crash between the two they are sent again.
const BATCH: usize = 64;
const LONGEST: Duration = Duration::from_secs(1);
/// At most so many that stepped aside are tried in a step.
const ASIDES: usize = 8;
/// Among so many behind it a witness is chosen against the first in line.
const WITNESSES: u32 = 100;
/// A listener that doesn't answer may only be away for a moment: so many tries before a witness is asked for.
const PATIENCE: i64 = 3;
const FIRST_GAP_MS: i64 = 10_000;
/// The first in line is tried at least so often: everybody waits for it.
const LONGEST_GAP_MS: i64 = 15 * 60 * 1000;
const LONGEST_ASIDE_MS: i64 = 12 * 60 * 60 * 1000;
/// A try in vain so long after the first one is the last.
const GIVEN_UP_MS: i64 = 24 * 60 * 60 * 1000;

/// The other listener of an account.
#[derive(Debug)]
pub struct Forwarding {
    listener: Listener,
    /// Its host, to be shown.
    pub host: String,
    /// Wakes the worker that passes callbacks on.
    pub wake: Notify,
    /// The last try was in vain, and the log says so.
    troubled: AtomicBool,
}

impl Forwarding {
    pub(super) fn open(account: &AccountConfig) -> Result<Option<Self>, OpenError> {
        let Some(config) = &account.forward else { return Ok(None) };
        Ok(Some(Self {
            listener: Listener::open(config)?,
            host: config.host(),
            wake: Notify::new(),
            troubled: AtomicBool::new(false),
        }))
    }

    /// Logs when trouble begins and when it ends, and not each try.
    fn note(&self, account: &Account, tried: &[Tried]) {
        let Some(last) = tried.last() else { return };
        let error = last.error.as_deref();
        let was = self.troubled.swap(error.is_some(), Ordering::Relaxed);
        let (account, host) = (&account.id, &self.host);
        match error {
            Some(error) if !was => {
                tracing::warn!(%account, host, error, "callbacks can't be passed on; they wait and are tried again");
            }
            None if was => tracing::info!(%account, host, "callbacks are passed on again"),
            _ => {}
        }
    }
}

impl Account {
    /// Whether a callback that is taken is to be passed on, and what has to be known of it then.
    pub(super) fn forward_of(&self, delivery: &Delivery) -> Option<NewForward> {
        self.forwarding.as_ref().filter(|_| !came_from_a_board(delivery))?;
        Some(NewForward { raw: came_raw(&self.config.callback, delivery) })
    }

    /// There is something to pass on.
    pub(super) fn wake_forwarding(&self) {
        if let Some(forwarding) = &self.forwarding {
            forwarding.wake.notify_one();
        }
    }
}

impl App {
    /// Passes on some of what is due of an account. Returns how many were tried.
    pub async fn forward_step(&self, account: &Account) -> Result<usize, StoreError> {
        let Some(forwarding) = &account.forwarding else { return Ok(0) };
        // What can't be noted would be sent again and again.
        if self.store.health().trouble().is_some() {
            return Ok(0);
        }
        // Whoever waits may have a long body, so the time is looked at first.
        if self.next_forward_of(account).await?.is_none_or(|at| at > self.now()) {
            return Ok(0);
        }
        let mut tried = Vec::new();
        let is_clear = self.forward_line(account, forwarding, &mut tried).await?;
        forwarding.note(account, &tried);
        if is_clear {
            self.forward_asides(account, forwarding, &mut tried).await?;
        }
        if !tried.is_empty() {
            self.store.note_forwards(&account.id, &tried).await?;
        }
        Ok(tried.len())
    }

    /// When to look again. `None`: nothing waits.
    pub async fn next_forward_of(&self, account: &Account) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_forward(&account.id).await
    }

    /// Makes due what waits or was given up: all of an account, or one arrival, also one that was taken. Returns how many.
    pub async fn forward_again(&self, account: &Account, one: Option<i64>) -> Result<u64, StoreError> {
        let count = self.store.forward_again(&account.id, one).await?;
        account.wake_forwarding();
        Ok(count)
    }

    /// Goes along the line; `false`: its first one waits, and so does everything.
    async fn forward_line(
        &self,
        account: &Account,
        forwarding: &Forwarding,
        tried: &mut Vec<Tried>,
    ) -> Result<bool, StoreError> {
        let (began, mut last) = (Instant::now(), 0);
        while tried.len() < BATCH && began.elapsed() < LONGEST {
            let Some(it) = self.store.first_in_line(&account.id, last).await? else { return Ok(true) };
            if it.due > self.now() {
                return Ok(false);
            }
            let (arrival, tries) = (it.arrival, it.tries);
            let outcome = self.forward(account, forwarding, it).await;
            let is_taken = outcome.state == Passing::Taken;
            let may_ask = outcome.status.is_some() || tries + 1 >= PATIENCE;
            tried.push(outcome);
            if !is_taken {
                return Ok(may_ask && self.witness(account, forwarding, (arrival, tries), tried).await?);
            }
            last = arrival;
        }
        Ok(true)
    }

    /// The first in line was not taken. Is another one? Then it steps aside.
    async fn witness(
        &self,
        account: &Account,
        forwarding: &Forwarding,
        (arrival, tries): (i64, i64),
        tried: &mut Vec<Tried>,
    ) -> Result<bool, StoreError> {
        let behind = self.store.in_line_behind(&account.id, arrival, WITNESSES).await?;
        // Each time one twice as far away: those that the listener doesn't want often come together.
        let turn = ((1_usize << tries.clamp(0, 20)) - 1) % behind.len().max(1);
        let Some(before) = behind.get(turn).map(|it| it - 1) else { return Ok(false) };
        let Some(other) = self.store.first_in_line(&account.id, before).await? else { return Ok(false) };
        let outcome = self.forward(account, forwarding, other).await;
        // In vain it counts for nothing: it was not its turn.
        if outcome.state != Passing::Taken {
            return Ok(false);
        }
        if let Some(first) = tried.last_mut().filter(|it| it.state == Passing::InLine) {
            first.state = Passing::Aside;
        }
        tried.push(outcome);
        Ok(true)
    }

    /// Those that stepped aside: each has its own time, and one in vain holds up nobody.
    async fn forward_asides(
        &self,
        account: &Account,
        forwarding: &Forwarding,
        tried: &mut Vec<Tried>,
    ) -> Result<(), StoreError> {
        let (began, mut last) = (Instant::now(), 0);
        for _ in 0..ASIDES {
            let found = self.store.first_aside(&account.id, last, self.now()).await?;
            let Some(it) = found.filter(|_| began.elapsed() < LONGEST) else { break };
            let tries = it.tries;
            last = it.arrival;
            let mut outcome = self.forward(account, forwarding, it).await;
            if outcome.state == Passing::InLine {
                outcome.state = Passing::Aside;
                outcome.due = outcome.at + gap(tries, 3, LONGEST_ASIDE_MS);
            }
            tried.push(outcome);
        }
        Ok(())
    }

    /// Sends one, once. What isn't taken stays in line, or is given up.
    async fn forward(&self, account: &Account, forwarding: &Forwarding, it: ToForward) -> Tried {
        let (now, began) = (self.now(), Instant::now());
        let relayed = Relayed {
            headers: serde_json::from_str(&it.headers).unwrap_or_default(),
            slot: it.slot,
            raw: it.raw,
            body: it.body,
        };
        // The secret may have been turned since it came.
        let keyed = self.keyed();
        let callback = keyed.accounts.get(&account.id.0).map_or(&account.config.callback, |it| &it.callback);
        let told = forwarding.listener.send(callback, relayed).await;
        let ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let (status, error) = told.outcome();
        let state = match &error {
            None => Passing::Taken,
            Some(_) if it.first_at.is_some_and(|first| now.since(first) >= GIVEN_UP_MS) => Passing::GivenUp,
            Some(_) => Passing::InLine,
        };
        let outcome = match state {
            Passing::Taken => "taken",
            Passing::GivenUp => "given_up",
            Passing::InLine | Passing::Aside => "failed",
        };
        metrics::counter!("signboard_forwards_total", "account" => account.id.0.clone(), "outcome" => outcome)
            .increment(1);
        let due = now.plus(gap(it.tries, 2, LONGEST_GAP_MS)).0;
        Tried { arrival: it.arrival, state, due, at: now.0, ms, status, error }
    }
}

/// How long to wait after one more try in vain.
fn gap(tries: i64, factor: i64, longest: i64) -> i64 {
    let power = u32::try_from(tries.clamp(0, 20)).unwrap_or_default();
    super::circuit::jittered(FIRST_GAP_MS.saturating_mul(factor.saturating_pow(power)).min(longest))
}
