//! Reads kept bytes again: what was pending at a start, what a newer version may understand, what an administrator
//! admits. The same bytes give the same facts, so it changes nothing that was right.

use super::ingest::{Receipt, read, read_unsigned};
use super::{Account, App, StoreError};
use crate::config::CallbackAuth;
use crate::model::Origin;
use crate::provider::{Delivery, Slot, Verdict, Verified};
use crate::store::{AskedJob, NewArrival, NewForward, Reading, ToRead};
use std::collections::BTreeMap;

/// How the answer to a job begins that could not be done.
pub const JOB_FAILED: &str = "it failed: ";
/// Arrivals read at a time.
const CHUNK: u32 = 200;

/// The header with a token that nobody could check when it came.
const PROOF: &str = "authorization";

/// Whether a refused call carries what can be looked at again. A token that was wrong when it came isn't kept: then a person
/// may vouch for the call, as for one with a wrong key.
fn is_signed(account: &Account, kept: &BTreeMap<String, String>) -> bool {
    account.provider.keys().is_none() || kept.contains_key(PROOF)
}

/// The same bytes give the same facts, vouched for or not as they came. `None`: the bytes are gone.
fn read_again(account: &Account, arrival: &ToRead) -> Option<Reading> {
    let bytes = Verified::before(arrival.body.as_deref()?);
    Some(if arrival.slot == Slot::Unsigned.word() {
        read_unsigned(account, bytes, arrival.received_at)
    } else {
        read(account, bytes, arrival.received_at, arrival.origin)
    })
}

/// What reading again found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Arrivals that were read.
    pub arrivals: u64,
    /// Facts that the log didn't know.
    pub fresh: u64,
    /// Arrivals in which something still can't be read.
    pub quarantined: u64,
    /// Arrivals whose bytes are not here any more; what was read in them stays.
    pub gone: u64,
}

impl std::fmt::Display for Replayed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { arrivals, fresh, quarantined, gone } = self;
        write!(f, "{arrivals} arrivals were read again: {fresh} new facts, {quarantined} can't be read")?;
        match gone {
            0 => Ok(()),
            _ => write!(f, "; the bytes of {gone} more are gone, what was read in them stays"),
        }
    }
}

impl App {
    /// Digests what is kept and not digested yet.
    pub async fn drain(&self) -> Result<Replayed, StoreError> {
        self.reread(true, |_| ()).await
    }

    /// Reads every arrival again. `told` hears how far it is.
    pub async fn replay(&self, told: impl FnMut(u64)) -> Result<Replayed, StoreError> {
        self.reread(false, told).await
    }

    async fn reread(&self, pending: bool, mut told: impl FnMut(u64)) -> Result<Replayed, StoreError> {
        let newest = self.store.newest_arrival().await?;
        let mut done = Replayed::default();
        let mut last = 0;
        loop {
            let arrivals = self.store.to_read(last, newest, pending, CHUNK).await?;
            let Some(end) = arrivals.last() else { break };
            last = end.id;
            for arrival in arrivals {
                // An account that is configured no more can't be read; its bytes stay as they are.
                let Some(account) = self.accounts.get(&arrival.account) else { continue };
                let Some(reading) = read_again(account, &arrival) else {
                    done.gone += 1;
                    continue;
                };
                let kept = match self.store.reread(arrival.id, reading).await {
                    // This version stumbles over it: it stays as it is, and the others aren't kept waiting.
                    Err(cause @ (StoreError::Unreadable(_) | StoreError::Sql(_))) => {
                        tracing::error!(arrival = arrival.id, %cause, "a callback can't be digested");
                        done.quarantined += 1;
                        continue;
                    }
                    kept => kept?,
                };
                done.arrivals += 1;
                done.fresh += u64::from(kept.fresh);
                done.quarantined += u64::from(kept.quarantined);
            }
            told(done.arrivals);
        }
        Ok(done)
    }

    /// Reads one arrival again. `None`: there is no such arrival, or its account or its bytes are gone.
    pub async fn replay_one(&self, arrival: i64) -> Result<Option<Replayed>, StoreError> {
        let found =
            self.store.to_read(arrival.saturating_sub(1), arrival, false, 1).await?.into_iter().next();
        let Some(found) = found else { return Ok(None) };
        let Some(account) = self.accounts.get(&found.account) else { return Ok(None) };
        let Some(reading) = read_again(account, &found) else { return Ok(None) };
        let kept = self.store.reread(found.id, reading).await?;
        let (fresh, quarantined) = (u64::from(kept.fresh), u64::from(kept.quarantined));
        Ok(Some(Replayed { arrivals: 1, fresh, quarantined, gone: 0 }))
    }

    /// An administrator vouches for a refused call: it becomes an arrival, with the time at which it came. What carries a
    /// wrong signature stays refused.
    pub async fn admit(&self, refused: i64) -> Result<Option<Receipt>, StoreError> {
        let Some((call, headers, body)) = self.store.refused_call(refused).await? else { return Ok(None) };
        let Some(account) = self.accounts.get(&call.account) else { return Ok(None) };
        let mut kept: BTreeMap<String, String> = serde_json::from_str(&headers).unwrap_or_default();
        let (reading, slot) = match account.config.callback {
            // No person can vouch for what a signature denies: it is looked at once more, by the time at which it came.
            CallbackAuth::Signed { .. } | CallbackAuth::OAuth2 { .. } if is_signed(account, &kept) => {
                let delivery = Delivery {
                    headers: kept.clone().into_iter().collect(),
                    body: body.clone(),
                    path_token: None,
                    remote: call.remote.clone(),
                    received_at: call.received_at,
                };
                if let Some(keys) = account.provider.keys() {
                    keys.ready(Some(&delivery), self.now()).await;
                }
                match account.provider.verify(&delivery) {
                    Verdict::Verified(it, slot) => (read(account, it, call.received_at, Origin::Hand), slot),
                    Verdict::Unsigned(it) => (read_unsigned(account, it, call.received_at), Slot::Unsigned),
                    Verdict::Refused(_) => return Ok(Some(Receipt::Refused)),
                    Verdict::Unsure(_) => return Ok(Some(Receipt::Unsure)),
                }
            }
            _ => (read(account, Verified::before(&body), call.received_at, Origin::Hand), Slot::Open),
        };
        // It has done what it was kept for.
        let headers = match kept.remove(PROOF) {
            Some(_) => serde_json::to_string(&kept).unwrap_or_default(),
            None => headers,
        };
        // The name and the password came wrong, so nothing is known of their spelling.
        let forward = account.forwarding.as_ref().map(|_| NewForward { raw: false });
        let arrival = NewArrival {
            account: call.account,
            received_at: call.received_at,
            remote: call.remote,
            origin: Origin::Hand,
            slot: slot.word(),
            secret: None,
            is_test: false,
            headers,
            body,
            reading,
            forward,
        };
        let kept = self.store.keep(arrival).await?;
        // Only when it is on disk as an arrival; between the two a crash leaves it in both places, and a second
        // admission is a repeat.
        self.store.forget_refused(refused).await?;
        account.due.notify_one();
        account.wake_forwarding();
        Ok(Some(Receipt::Kept(kept)))
    }

    /// Does what commands beside this board asked for.
    pub async fn do_jobs(&self) -> Result<usize, StoreError> {
        if self.store.health().trouble().is_some() {
            self.store.try_again().await?;
        }
        let jobs = self.store.open_jobs().await?;
        let count = jobs.len();
        for AskedJob { id, kind, input } in jobs {
            let result = match kind.as_str() {
                "replay" | "rebuild" | "resync" if self.disk_low().is_some() => {
                    Ok(format!("{JOB_FAILED}{}; make room first", self.disk_low().unwrap_or_default()))
                }
                "replay" => self.replay(|_| ()).await.map(|done| done.to_string()),
                "rebuild" => self.rebuild().await,
                "retention" => self.retention_job(&input).await,
                "erase" => self.erase_job(&input).await,
                "import" => self.import_job(&input).await,
                "rotate" | "remember" | "retire" | "test" => Ok(self.secrets_job(&kind, &input).await),
                "resync" => self.resync_job(&input).await,
                other => Ok(format!("this board doesn't know how to `{other}`")),
            };
            // Whoever asked is told; a job that fails would fail again a moment later.
            let result = result.unwrap_or_else(|cause| format!("{JOB_FAILED}{cause}"));
            tracing::info!(job = id, kind, result, "a job is done");
            self.store.job_done(id, self.now(), result).await?;
            if kind == "erase" {
                // Who it was stood in the job.
                self.store.settle().await?;
            }
        }
        Ok(count)
    }

    /// Folds every package again; the answer is a sentence.
    pub async fn rebuild(&self) -> Result<String, StoreError> {
        let done = self.store.rebuild().await?;
        Ok(format!("{} packages were folded again, {} of them changed", done.packages, done.changed))
    }

    /// What waits to be digested, for /readyz.
    #[must_use]
    pub fn backlog(&self) -> i64 {
        self.store.health().pending() + self.store.health().waiting()
    }
}
