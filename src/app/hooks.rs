//! Tells the firm's own logic what happened to packages: what hooks of the configuration ask for, each at least once.
//!
//! Within a package in the order in which the board learned of it; no package waits for another. What a receiver doesn't
//! take is tried ten times over three days, then given up; a person can have it sent again. Where nobody answers at all,
//! the hook rests more and more between tries, so that not everything uses up its tries on a receiver that is away, and
//! when it is back, whatever had no answer goes at once.

use super::people::DeedKind;
use super::{App, StoreError};
use crate::config::{Config, HookConfig};
use crate::model::Timestamp;
use crate::model::hook::HookEvent;
use crate::provider::OpenError;
use crate::provider::hook::Receiver;
use crate::store::{HookState, HookTried, ToTell, Wake, Wanted, Wants};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many are sent, or for so long, before it is noted how that went. After a crash between the two they are sent again.
const BATCH: u32 = 64;
const LONGEST: Duration = Duration::from_secs(1);
const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// How long after each try in vain it is tried again; after the last of them it is given up.
const GAPS_MS: [i64; 9] = [
    10 * SECOND_MS,
    MINUTE_MS,
    10 * MINUTE_MS,
    HOUR_MS,
    3 * HOUR_MS,
    7 * HOUR_MS,
    12 * HOUR_MS,
    20 * HOUR_MS,
    28 * HOUR_MS,
];
/// After so many tries without an answer, one behind the other, the hook rests.
const SILENT: u32 = 2;
const SHORTEST_REST_MS: i64 = 10 * SECOND_MS;
const LONGEST_REST_MS: i64 = 15 * MINUTE_MS;
/// What waits for so long, because the hook is paused, is given up.
const TOO_OLD_MS: i64 = 30 * 24 * HOUR_MS;
/// By this answer a receiver says that it wants to hear no more.
const GONE_STATUS: u16 = 410;
/// Why the board itself pauses a hook.
pub(super) const GONE: &str = "it answers 410, so it wants to hear no more";

/// A receiver of the firm's own logic.
#[derive(Debug)]
pub struct Hook {
    /// What the configuration says of it. Holds secrets, which never print.
    pub config: HookConfig,
    receiver: Receiver,
    /// Wakes the worker that sends.
    pub wake: Wake,
    trouble: Mutex<Trouble>,
}

#[derive(Debug, Default)]
struct Trouble {
    /// How many tries in a row had no answer.
    silent: u32,
    rests_until: Option<Timestamp>,
    /// The last try was in vain, and the log says so.
    is_told: bool,
}

impl Hook {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.config.name
    }

    fn rests_until(&self) -> Option<Timestamp> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).rests_until
    }

    fn not_before(&self, due: Timestamp) -> Timestamp {
        self.rests_until().map_or(due, |until| until.max(due))
    }

    /// Takes down how a try went. Whether the receiver was away until now.
    fn note(&self, tried: &HookTried, now: Timestamp) -> bool {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let (hook, error) = (self.name(), tried.error.as_deref());
        // Logged when it begins and when it ends, and not at each try.
        match error {
            Some(error) if !trouble.is_told => {
                tracing::warn!(
                    hook,
                    error,
                    "a hook doesn't take what it is told; that waits and is tried again"
                );
            }
            None if trouble.is_told => tracing::info!(hook, "a hook takes again what it is told"),
            _ => {}
        }
        trouble.is_told = error.is_some();
        if is_away(tried) {
            trouble.silent = trouble.silent.saturating_add(1);
            if let Some(more) = trouble.silent.checked_sub(SILENT) {
                let rest = SHORTEST_REST_MS.saturating_mul(1_i64 << more.min(20)).min(LONGEST_REST_MS);
                trouble.rests_until = Some(now.plus(super::circuit::jittered(rest)));
            }
            return false;
        }
        trouble.rests_until = None;
        std::mem::take(&mut trouble.silent) >= SILENT
    }

    fn forget(&self) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        (trouble.silent, trouble.rests_until) = (0, None);
    }
}

/// Nobody answered, or somebody on the way who says that the receiver can't now.
fn is_away(tried: &HookTried) -> bool {
    tried.status.is_none_or(|status| matches!(status, 429 | 502 | 503 | 504))
}

/// The hooks of a configuration, by name.
pub(super) fn open(config: &Config) -> Result<BTreeMap<String, Hook>, OpenError> {
    let hook = |it: &HookConfig| {
        let receiver = Receiver::open(&it.to, Some(&it.key()), it.allow_private)?;
        let hook = Hook { config: it.clone(), receiver, wake: Wake::default(), trouble: Mutex::default() };
        Ok((it.name.clone(), hook))
    };
    config.hooks.iter().map(hook).collect()
}

/// What hooks want to hear of an account; `None`: nothing, and nothing is written for it.
pub(super) fn wants(
    hooks: &BTreeMap<String, Hook>,
    config: &Config,
    account: &str,
    provider: &str,
) -> Option<Wants> {
    let wanted = |hook: &Hook| Wanted {
        hook: hook.name().to_owned(),
        on: hook.config.on.iter().filter_map(|it| HookEvent::parse(it)).collect(),
        wake: hook.wake.clone(),
    };
    let hooks: Vec<Wanted> = hooks.values().filter(|it| it.config.hears(account)).map(wanted).collect();
    let (provider, board) = (provider.to_owned(), config.server.public_url.clone());
    (!hooks.is_empty()).then_some(Wants { provider, board, hooks })
}

impl App {
    /// Tells a hook some of what is due. Returns how many were tried.
    pub async fn hook_step(&self, hook: &Hook) -> Result<usize, StoreError> {
        // What can't be noted would be sent again and again.
        if self.store.health().trouble().is_some() {
            return Ok(0);
        }
        let (name, now) = (hook.name(), self.now());
        let Some((due, since)) = self.store.next_for_hook(name).await? else { return Ok(0) };
        if now.since(since) >= TOO_OLD_MS {
            let why = "it waited for a month";
            self.store.give_up_for_hook(name, now.plus(-TOO_OLD_MS), why).await?;
        }
        if hook.not_before(due) > now || self.store.hook_pause(name).await?.is_some() {
            return Ok(0);
        }
        let (began, mut tried, mut back) = (Instant::now(), Vec::new(), false);
        for it in self.store.due_for_hook(name, now, BATCH).await? {
            let outcome = self.tell_hook(hook, it).await;
            back |= hook.note(&outcome, self.now());
            let is_gone = outcome.status == Some(GONE_STATUS);
            tried.push(outcome);
            if is_gone {
                self.pause_hook(hook, "the board", "", GONE).await?;
            }
            if is_gone || hook.rests_until().is_some() || began.elapsed() >= LONGEST {
                break;
            }
        }
        self.store.note_hook(name, &tried, back).await?;
        Ok(tried.len())
    }

    /// When to look again. `None`: nothing waits, or the hook is paused.
    pub async fn next_hook_of(&self, hook: &Hook) -> Result<Option<Timestamp>, StoreError> {
        if self.store.hook_pause(hook.name()).await?.is_some() {
            return Ok(None);
        }
        let next = self.store.next_for_hook(hook.name()).await?;
        Ok(next.map(|(due, _)| hook.not_before(due)))
    }

    /// Tells once more what was given up, or one, also one that was taken. Returns how many.
    pub async fn hook_again(
        &self,
        hook: &Hook,
        one: Option<i64>,
        (who, remote): (&str, &str),
    ) -> Result<u64, StoreError> {
        let count = self.store.hook_again(hook.name(), one).await?;
        if count > 0 {
            self.note(who, remote, DeedKind::SentAgain, format!("{count} of {}", hook.name())).await;
            hook.forget();
            hook.wake.wake();
        }
        Ok(count)
    }

    /// Nothing is told to a hook until somebody lets it go on. `false`: that was so already.
    pub async fn pause_hook(
        &self,
        hook: &Hook,
        who: &str,
        remote: &str,
        why: &str,
    ) -> Result<bool, StoreError> {
        let paused = self.store.pause_hook(hook.name(), why, self.now()).await?;
        if paused {
            tracing::warn!(hook = hook.name(), why, "a hook is paused; what it is to be told waits");
            self.note(who, remote, DeedKind::HookPaused, format!("{}: {why}", hook.name())).await;
        }
        Ok(paused)
    }

    /// A hook goes on. `false`: it was not paused.
    pub async fn resume_hook(&self, hook: &Hook, (who, remote): (&str, &str)) -> Result<bool, StoreError> {
        let resumed = self.store.resume_hook(hook.name()).await?;
        if resumed {
            self.note(who, remote, DeedKind::HookResumed, hook.name()).await;
            hook.forget();
            hook.wake.wake();
        }
        Ok(resumed)
    }

    /// Tells one, once. What isn't taken waits, or is given up.
    async fn tell_hook(&self, hook: &Hook, it: ToTell) -> HookTried {
        let (now, began) = (self.now(), Instant::now());
        let sent = hook.receiver.send(&it.message, it.body, now).await;
        let ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let (status, error) = sent.told.outcome();
        let gap = usize::try_from(it.tries).ok().and_then(|tries| GAPS_MS.get(tries));
        // Whoever wants to hear no more pauses everything: that is no try of this one.
        let (state, due, counts) = match (&error, gap) {
            (None, _) => (HookState::Taken, 0, 1),
            (Some(_), _) if status == Some(GONE_STATUS) => (HookState::Waits, 0, 0),
            (Some(_), Some(gap)) => (HookState::Waits, now.plus(super::circuit::jittered(*gap)).0, 1),
            (Some(_), None) => (HookState::GivenUp, 0, 1),
        };
        let outcome = match state {
            HookState::Taken => "taken",
            HookState::GivenUp => "given_up",
            HookState::Waits => "failed",
        };
        metrics::counter!("signboard_hooks_total", "hook" => hook.name().to_owned(), "outcome" => outcome)
            .increment(1);
        let answer = Some(sent.answer).filter(|it| !it.is_empty());
        HookTried { id: it.id, state, due, counts, at: now.0, ms, status, error, answer }
    }
}
