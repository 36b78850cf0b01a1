//! Looks now and then whether something is wrong with the board itself, and whether packages lie still. What is known anyway is
//! gathered, a pure function says what of it somebody has to see to, and `model::ail` what of that is news.

use super::MAIL;
use crate::app::hooks::GONE;
use crate::app::standing::Standing;
use crate::app::{Account, App, StoreError};
use crate::model::ail::{Ail, Seen, steps};
use crate::model::alert::AlertKind;
use crate::model::{AccountId, Timestamp};
use std::sync::Mutex;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// What doesn't answer for less than this may only be started anew.
const PATIENCE_MS: i64 = 5 * MINUTE_MS;
/// A single mail may wait longer: some servers take mails of strangers at the second try only.
const UNTOLD_MS: i64 = HOUR_MS;
/// What was given up is told of for so long.
const GIVEN_UP_MS: i64 = DAY_MS;
/// So many packages are looked at in a step, and so many alerts cleared.
const PAGE: u32 = 500;

/// Where the walk along packages that lie still has come to; it begins anew at the start, and at its end.
#[derive(Debug, Default)]
pub struct Walked(Mutex<Option<(i64, i64)>>);

/// What is known of an account.
struct OfAccount {
    id: AccountId,
    standing: Standing,
    /// When its last callback came, if that is too long ago.
    silent: Option<Timestamp>,
    /// How many callbacks were missed in a day.
    missed: u64,
    refused_at: Option<Timestamp>,
    is_quarantined: bool,
    forwarding_fails: Option<Timestamp>,
}

/// What is known of the board.
struct Known {
    accounts: Vec<OfAccount>,
    /// The hooks, and since when they fail.
    hooks: Vec<(String, Option<Timestamp>)>,
    /// The channels that fail, and since when.
    channels: Vec<(String, Timestamp)>,
    /// The disk is nearly full; `None`: nobody has looked yet.
    is_low: Option<bool>,
}

/// What of it whoever runs the board has to see to.
fn ails(known: &Known, drift_per_day: u32, now: Timestamp) -> Vec<(Ail, Seen)> {
    let lasting = |since: Option<Timestamp>| match since {
        Some(since) if now.since(since) >= PATIENCE_MS => Seen::Stands(since),
        Some(_) | None => Seen::Away,
    };
    let if_so = |it: bool| if it { Seen::Stands(now) } else { Seen::Away };
    let of = |account: &AccountId, kind, subject: &str, seen| {
        (Ail { account: account.clone(), kind, subject: subject.to_owned() }, seen)
    };
    let mut all = Vec::new();
    for it in &known.accounts {
        let api = match &it.standing {
            // That is no hiccup: it answers, and says no.
            Standing::Refused { since, .. } => Seen::Stands(*since),
            Standing::Unreachable { since, .. } => lasting(Some(*since)),
            Standing::NotAskedYet => Seen::Unknown,
            Standing::Fine | Standing::NoApi | Standing::Resting { .. } => Seen::Away,
        };
        let refused = it.refused_at.filter(|at| now.since(*at) < HOUR_MS);
        all.extend(
            [
                (AlertKind::ApiRefuses, api),
                (AlertKind::Silent, it.silent.map_or(Seen::Away, Seen::Stands)),
                (AlertKind::Drifting, if_so(it.missed > u64::from(drift_per_day))),
                (AlertKind::WrongSecrets, refused.map_or(Seen::Away, Seen::Stands)),
                (AlertKind::Quarantine, if_so(it.is_quarantined)),
                (AlertKind::ForwardingFails, lasting(it.forwarding_fails)),
            ]
            .map(|(kind, seen)| of(&it.id, kind, "", seen)),
        );
    }
    let board = AccountId(String::new());
    all.push(of(&board, AlertKind::DiskLow, "", known.is_low.map_or(Seen::Unknown, if_so)));
    let hooks = known.hooks.iter();
    all.extend(hooks.map(|(hook, since)| of(&board, AlertKind::HookFails, hook, lasting(*since))));
    let channels = known.channels.iter();
    all.extend(channels.map(|(it, since)| of(&board, AlertKind::MessagesFail, it, Seen::Stands(*since))));
    all
}

impl App {
    /// Raises what is wrong with the board, clears what was away for a while, and the same of packages that lie still. Returns how
    /// much of it was news.
    pub async fn watch_step(&self) -> Result<usize, StoreError> {
        // Nothing could be noted.
        if self.store.health().trouble().is_some() {
            return Ok(0);
        }
        let now = self.now();
        let seen = ails(&self.known(now).await?, self.config.alerts.drift_per_day, now);
        let news = steps(&seen, &self.store.ails().await?, now);
        if !news.is_empty() {
            self.store.note_ails(&news, now).await?;
        }
        Ok(news.len() + self.still_step(now).await?)
    }

    async fn known(&self, now: Timestamp) -> Result<Known, StoreError> {
        let mut accounts = Vec::new();
        for account in self.accounts.values() {
            accounts.push(self.known_of(account, now).await?);
        }
        let mut hooks = Vec::new();
        for name in self.hooks.keys() {
            let since = match self.store.hook_pause(name).await? {
                // Whoever paused it knows; the board pauses it only where the receiver wants to hear no more.
                Some((at, why)) => (why == GONE).then(|| at.plus(-PATIENCE_MS)),
                None => self.store.hook_fails(name, now.plus(-GIVEN_UP_MS)).await?,
            };
            hooks.push((name.clone(), since));
        }
        let mut channels = self.store.channels_fail(now.plus(-UNTOLD_MS), now.plus(-GIVEN_UP_MS)).await?;
        let mail = self.post.state().trouble.map(|(since, _)| since);
        let mail = mail.filter(|since| now.since(*since) >= PATIENCE_MS);
        if let Some(since) = mail.filter(|_| channels.iter().all(|(it, _)| it != MAIL)) {
            channels.push((MAIL.to_owned(), since));
        }
        Ok(Known { accounts, hooks, channels, is_low: self.disk().map(|it| it.low) })
    }

    async fn known_of(&self, account: &Account, now: Timestamp) -> Result<OfAccount, StoreError> {
        let (id, store) = (&account.id, &self.store);
        let forwarding_fails = match account.forwarding {
            Some(_) => store.forwarding_fails(id, now.plus(-GIVEN_UP_MS)).await?,
            None => None,
        };
        Ok(OfAccount {
            standing: account.standing(now),
            silent: account.silent(now),
            missed: store.missed_counts(id, now.plus(-DAY_MS), now).await?.missed,
            refused_at: store.refused_at(id).await?,
            is_quarantined: store.is_quarantined(id).await?,
            forwarding_fails,
            id: id.clone(),
        })
    }

    /// Goes a few steps along the packages that were sent and did not change for long, from the one that lies still longest.
    async fn still_step(&self, now: Timestamp) -> Result<usize, StoreError> {
        let after = self.config.alerts.inactive_after;
        let after = after.map_or(i64::MAX, |it| i64::try_from(it.as_millis()).unwrap_or(i64::MAX));
        // Where nobody asked for it nothing is still, and what was told of once is over.
        let until = Timestamp(now.0.saturating_sub(after));
        let begin = self.walked.0.lock().map(|it| *it).unwrap_or_default();
        let cleared = match begin {
            None => self.store.not_still(until, PAGE).await?,
            Some(_) => Vec::new(),
        };
        let page = self.store.still(begin.unwrap_or((i64::MIN, 0)), until, PAGE).await?;
        let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        let end = page.last().filter(|_| !is_last).map(|it| it.place);
        let is_news = |it: &crate::store::Still| !it.is_known && self.accounts.contains_key(&it.key.account);
        let raised: Vec<_> = page.into_iter().filter(is_news).collect();
        if !raised.is_empty() || !cleared.is_empty() {
            self.store.note_still((&raised, &cleared), after, now).await?;
        }
        if let Ok(mut place) = self.walked.0.lock() {
            *place = end;
        }
        Ok(raised.len() + cleared.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_348_800_000);

    fn well() -> Known {
        let account = OfAccount {
            id: AccountId("os".to_owned()),
            standing: Standing::Fine,
            silent: None,
            missed: 20,
            refused_at: Some(NOW.plus(-HOUR_MS)),
            is_quarantined: false,
            forwarding_fails: Some(NOW.plus(1 - PATIENCE_MS)),
        };
        let hooks = vec![("crm".to_owned(), None)];
        Known { accounts: vec![account], hooks, channels: Vec::new(), is_low: Some(false) }
    }

    fn stands(change: impl FnOnce(&mut Known)) -> Vec<(String, &'static str, String)> {
        let mut known = well();
        change(&mut known);
        let all = ails(&known, 20, NOW).into_iter();
        let all = all.filter(|(_, seen)| matches!(seen, Seen::Stands(_)));
        all.map(|(it, _)| (it.account.0, it.kind.word(), it.subject)).collect()
    }

    #[test]
    fn a_board_that_is_well_ails_of_nothing() {
        assert!(stands(|_| ()).is_empty());
        assert!(ails(&well(), 20, NOW).iter().all(|(_, seen)| *seen == Seen::Away));
    }

    #[test]
    fn each_thing_that_is_wrong_is_one_ail() {
        let at = |known: &mut Known, standing| known.accounts[0].standing = standing;
        let why = String::new;
        let of_os = |kind| vec![("os".to_owned(), kind, String::new())];
        let refused = Standing::Refused { since: NOW, why: why() };
        assert_eq!(stands(|it| at(it, refused)), of_os("api_refuses"));
        let away = |ms: i64| Standing::Unreachable { since: NOW.plus(-ms), why: why() };
        assert_eq!(stands(|it| at(it, away(PATIENCE_MS))), of_os("api_refuses"));
        assert_eq!(stands(|it| at(it, away(PATIENCE_MS - 1))), []);
        assert_eq!(stands(|it| at(it, Standing::Resting { until: NOW })), []);
        assert_eq!(stands(|it| it.accounts[0].silent = Some(NOW)), of_os("silent"));
        assert_eq!(stands(|it| it.accounts[0].missed = 21), of_os("drifting"));
        assert_eq!(
            stands(|it| it.accounts[0].refused_at = Some(NOW.plus(1 - HOUR_MS))),
            of_os("wrong_secrets")
        );
        assert_eq!(stands(|it| it.accounts[0].is_quarantined = true), of_os("quarantine"));
        let fails = Some(NOW.plus(-PATIENCE_MS));
        assert_eq!(stands(|it| it.accounts[0].forwarding_fails = fails), of_os("forwarding_fails"));
        let of_board = |kind, subject: &str| vec![(String::new(), kind, subject.to_owned())];
        assert_eq!(stands(|it| it.is_low = Some(true)), of_board("disk_low", ""));
        assert_eq!(stands(|it| it.hooks[0].1 = fails), of_board("hook_fails", "crm"));
        assert_eq!(stands(|it| it.channels.push((MAIL.to_owned(), NOW))), of_board("messages_fail", "mail"));
    }

    #[test]
    fn what_nobody_has_looked_at_yet_is_unknown() {
        let mut known = well();
        (known.is_low, known.accounts[0].standing) = (None, Standing::NotAskedYet);
        let unknown: Vec<_> =
            ails(&known, 20, NOW).into_iter().filter(|(_, it)| *it == Seen::Unknown).collect();
        let kinds: Vec<_> = unknown.iter().map(|(it, _)| it.kind).collect();
        assert_eq!(kinds, [AlertKind::ApiRefuses, AlertKind::DiskLow]);
    }
}
