//! Posts callbacks to the board as the providers do: the account's header, one event per call, never a second time if the
//! board says no.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::chaos::Chaos;
use super::wire::Callback;
use super::{Account, Options};

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
    fn add(&mut self, answer: Answer) {
        match answer {
            Answer::Accepted => self.accepted += 1,
            Answer::Refused => self.refused += 1,
            Answer::None => self.unanswered += 1,
        }
    }

    fn merge(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            refused: self.refused + other.refused,
            unanswered: self.unanswered + other.unanswered,
            dropped: self.dropped + other.dropped,
        }
    }
}

#[derive(Debug)]
enum Answer {
    Accepted,
    Refused,
    None,
}

/// One board and the way to it.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    client: &'a reqwest::Client,
    doors: HashMap<&'a str, (String, Option<HeaderValue>)>,
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
        .timeout(Duration::from_secs(30))
        .build()
        .map_err(std::io::Error::other)
}

impl<'a> Teller<'a> {
    pub(super) fn new(client: &'a reqwest::Client, board_url: &str, accounts: &'a [Account]) -> Self {
        let board_url = board_url.trim_end_matches('/');
        let door = |account: &'a Account| {
            let header = HeaderValue::from_str(&account.callback_authorization).ok();
            let header = header.filter(|header| !header.is_empty());
            (account.id.as_str(), (format!("{board_url}/callbacks/{}", account.id), header))
        };
        Self { client, doors: accounts.iter().map(door).collect() }
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
                told.add(self.post(&callback).await);
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
        let mut held_back: BTreeMap<(Instant, u64), Callback> = BTreeMap::new();
        let (mut told, mut number) = (Told::default(), 0);
        let mut next_act = Instant::now();
        loop {
            let first = held_back.first_key_value().map(|((due, _), _)| *due);
            let wake = first.map_or(next_act, |due| due.min(next_act));
            tokio::select! {
                biased;
                () = stop.cancelled() => return told,
                () = tokio::time::sleep_until(wake) => {}
            }
            let now = Instant::now();
            if now >= next_act {
                next_act = now + gap(options, &mut pace);
                for callback in act() {
                    let copies = chaos.copies();
                    told.dropped += usize::from(copies.is_empty());
                    for wait in copies.into_iter().take(MOST_HELD_BACK.saturating_sub(held_back.len())) {
                        number += 1;
                        held_back.insert((now + wait, number), callback.clone());
                    }
                }
            }
            while let Some(entry) = held_back.first_entry().filter(|entry| entry.key().0 <= now) {
                let callback = entry.remove();
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return told,
                    answer = self.post(&callback) => told.add(answer),
                }
            }
        }
    }

    async fn post(&self, callback: &Callback) -> Answer {
        let Some((url, authorization)) = self.doors.get(callback.account.as_str()) else {
            return Answer::None;
        };
        let mut request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header(ACCEPT_ENCODING, "gzip,deflate")
            .header(USER_AGENT, "")
            .body(callback.body.clone());
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let (account, event) = (callback.account.as_str(), callback.event);
        match request.send().await {
            Ok(answer) if answer.status() == reqwest::StatusCode::OK => Answer::Accepted,
            Ok(answer) => {
                let status = answer.status().as_u16();
                tracing::warn!(%account, event, status, "the board refused a callback");
                Answer::Refused
            }
            Err(error) => {
                tracing::warn!(%account, event, %error, "the board did not answer a callback");
                Answer::None
            }
        }
    }
}

/// The time until the next act: on average what the rate says, never more than half again as long.
fn gap(options: &Options, pace: &mut fastrand::Rng) -> Duration {
    let rate =
        if options.rate_per_minute.is_nan() { 1.0 } else { options.rate_per_minute.clamp(0.1, 60_000.0) };
    Duration::from_secs_f64(60.0 / rate * (0.5 + pace.f64()))
}
