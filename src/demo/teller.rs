//! Posts callbacks to the board as the providers do: the account's headers, one event per call. Legalesign collects
//! changes into batches; only WebSignatureOffice calls again if the board says no.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::chaos::Chaos;
use super::wire::{self, Callback};
use super::{Account, Events, Kind, Options};

/// How the board took what it was told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Answered with 200.
    pub accepted: usize,
    /// Answered with anything else.
    pub refused: usize,
    /// Not answered at all.
    pub unanswered: usize,
    /// Lost on purpose, never posted.
    pub dropped: usize,
}

impl Told {
    fn merge(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            refused: self.refused + other.refused,
            unanswered: self.unanswered + other.unanswered,
            dropped: self.dropped + other.dropped,
        }
    }
}

/// One board and the way to it.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    client: &'a reqwest::Client,
    doors: HashMap<&'a str, Door<'a>>,
    /// Entries of so many milliseconds make one batch.
    every: i64,
}

/// One account's way in.
#[derive(Debug)]
struct Door<'a> {
    url: String,
    headers: HeaderMap,
    /// For WebSignatureOffice alone.
    again: Option<&'a Events>,
}

/// A callback that waits to be posted, and how often it has been.
#[derive(Debug)]
struct Waiting {
    callback: Callback,
    posted: u32,
}

/// So many callbacks under way at once while history is told.
const LANES: usize = 32;
/// Callbacks held back beyond this many are lost.
const MOST_HELD_BACK: usize = 10_000;

/// A client without a proxy and with the providers' patience.
pub(super) fn client() -> std::io::Result<reqwest::Client> {
    // Plain HTTP too wants a provider of cryptography; a second installation is refused and does no harm.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        // Sooner than the board ends a connection on which nothing comes, lest a callback goes into one that ends.
        .pool_idle_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(30))
        .build()
        .map_err(std::io::Error::other)
}

impl<'a> Teller<'a> {
    pub(super) fn new(
        client: &'a reqwest::Client,
        board_url: &str,
        accounts: &'a [Account],
        batch_seconds: f64,
    ) -> Self {
        let board_url = board_url.trim_end_matches('/');
        let doors = accounts.iter().map(|account| (account.id.as_str(), Door::new(board_url, account)));
        #[expect(clippy::cast_possible_truncation, reason = "a day at most")]
        // What is no number becomes the least.
        let every = ((batch_seconds.min(86_400.0) * 1_000.0) as i64).max(100);
        Self { client, doors: doors.collect(), every }
    }

    /// Makes batches of entries (Legalesign).
    pub(super) fn posts(&self, callbacks: Vec<Callback>) -> Vec<Callback> {
        wire::posts(callbacks, self.every)
    }

    /// Tells what has happened at full speed; within a package the order is kept.
    pub(super) async fn history(&self, callbacks: Vec<Callback>) -> Told {
        let mut lanes: Vec<Vec<Callback>> = (0..LANES).map(|_| Vec::new()).collect();
        let mut lane_of: HashMap<String, usize> = HashMap::new();
        for callback in callbacks {
            let next = lane_of.len() % LANES;
            let lane = *lane_of.entry(callback.package.clone()).or_insert(next);
            lanes[lane].push(callback);
        }
        let lanes = lanes.into_iter().map(|lane| async move {
            let mut told = Told::default();
            for callback in lane {
                let mut waiting = Waiting { callback, posted: 0 };
                while let Some(wait) = self.post(&mut waiting, &mut told).await {
                    tokio::time::sleep(wait).await;
                }
            }
            told
        });
        let told = futures_util::future::join_all(lanes).await;
        told.into_iter().fold(Told::default(), Told::merge)
    }

    /// Tells what happens, one by one, until it is stopped. `act` makes the next thing happen.
    pub(super) async fn live(
        &self,
        options: &Options,
        stop: &CancellationToken,
        mut act: impl FnMut() -> Vec<Callback>,
    ) -> Told {
        let (mut chaos, mut pace) = (Chaos::new(options), fastrand::Rng::with_seed(options.seed));
        let mut held_back: BTreeMap<(Instant, u64), Waiting> = BTreeMap::new();
        let (mut told, mut number) = (Told::default(), 0);
        let mut entries: Vec<Callback> = Vec::new();
        let every = Duration::from_millis(self.every.unsigned_abs());
        let (mut next_act, mut next_batch) = (Instant::now(), Instant::now() + every);
        loop {
            let first = held_back.first_key_value().map_or(next_act, |((due, _), _)| *due);
            let wake = first.min(next_act).min(next_batch);
            tokio::select! {
                biased;
                () = stop.cancelled() => return told,
                () = tokio::time::sleep_until(wake) => {}
            }
            let now = Instant::now();
            let mut posts = Vec::new();
            if now >= next_act {
                next_act = now + gap(options, &mut pace);
                for callback in act() {
                    if callback.entry { &mut entries } else { &mut posts }.push(callback);
                }
            }
            if now >= next_batch {
                next_batch = now + every;
                // However long the entries took: what has collected is one batch for each account.
                posts.extend(wire::posts(std::mem::take(&mut entries), i64::MAX));
            }
            for callback in posts {
                let copies = chaos.copies();
                told.dropped += usize::from(copies.is_empty());
                for wait in copies.into_iter().take(MOST_HELD_BACK.saturating_sub(held_back.len())) {
                    number += 1;
                    held_back.insert((now + wait, number), Waiting { callback: callback.clone(), posted: 0 });
                }
            }
            while let Some(entry) = held_back.first_entry().filter(|entry| entry.key().0 <= now) {
                let mut waiting = entry.remove();
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return told,
                    again = self.post(&mut waiting, &mut told) => {
                        let room = held_back.len() < MOST_HELD_BACK;
                        if let Some(wait) = again.filter(|_| room) {
                            number += 1;
                            held_back.insert((Instant::now() + wait, number), waiting);
                        }
                    }
                }
            }
        }
    }

    /// Posts a callback; how long until it is posted again, if it is.
    async fn post(&self, waiting: &mut Waiting, told: &mut Told) -> Option<Duration> {
        let callback = &waiting.callback;
        let (account, event) = (callback.account.as_str(), callback.event);
        let Some(door) = self.doors.get(account) else {
            told.unanswered += 1;
            return None;
        };
        let mut headers = door.headers.clone();
        for (name, value) in &callback.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(*name, value);
            }
        }
        waiting.posted += 1;
        let request = self.client.post(&door.url).headers(headers).body(callback.body.clone());
        match request.send().await {
            Ok(answer) if answer.status() == reqwest::StatusCode::OK => {
                told.accepted += 1;
                return None;
            }
            Ok(answer) => {
                let status = answer.status().as_u16();
                tracing::warn!(%account, event, status, "the board refused a callback");
                told.refused += 1;
            }
            Err(error) => {
                tracing::warn!(%account, event, %error, "the board did not answer a callback");
                told.unanswered += 1;
            }
        }
        let again = door.again.filter(|again| again.retries.is_none_or(|most| waiting.posted <= most));
        again.and_then(|again| again.retry)
    }
}

impl<'a> Door<'a> {
    fn new(board_url: &str, account: &'a Account) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip,deflate"));
        headers.insert(USER_AGENT, HeaderValue::from_static(""));
        let own = account.events.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let key = (AUTHORIZATION.as_str(), account.callback_authorization.as_str());
        for (name, value) in own.chain([key].into_iter().filter(|(_, value)| !value.is_empty())) {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
                headers.insert(name, value);
            }
        }
        let slash = if account.path_token.is_empty() { "" } else { "/" };
        let url = format!("{board_url}/callbacks/{}{slash}{}", account.id, account.path_token);
        let again = (account.kind == Kind::WebSignatureOffice).then_some(&account.events);
        Self { url, headers, again }
    }
}

/// The time until the next act: on average what the rate says, never more than half again as long.
fn gap(options: &Options, pace: &mut fastrand::Rng) -> Duration {
    let rate =
        if options.rate_per_minute.is_nan() { 1.0 } else { options.rate_per_minute.clamp(0.1, 60_000.0) };
    Duration::from_secs_f64(60.0 / rate * (0.5 + pace.f64()))
}
