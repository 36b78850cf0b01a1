//! Another listener of an account: gets what came, byte for byte, with the headers by which it knows the provider.
//!
//! The secret in those headers is never kept with a callback. It is put together again from the configuration and from
//! what was noted at the arrival: which secret it was, and in which of its spellings. A token in a path stays ours.
//!
//! Known quirk: what is sent carries `Via: 1.1 signboard`. A callback that comes with it was passed on by a board already,
//! and isn't once more: two boards that name each other must not play ball.

use super::client::{self, Outbound};
use super::{Delivery, OpenError, Slot};
use crate::config::{CallbackAuth, ForwardConfig, Secret};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use reqwest::RequestBuilder;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, VIA};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a whole call may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// So much of an answer is read, for the sake of the connection; nobody looks at it.
const ANSWER_CAP: usize = 4 * 1024;
/// Our name in `Via`.
const US: &str = "signboard";
/// Headers that are kept with a callback and say nothing to another listener.
const NOT_RELAYED: [&str; 3] = ["content-length", "date", "user-agent"];

/// The way to a listener.
#[derive(Debug)]
pub struct Listener {
    http: reqwest::Client,
    url: Secret,
}

/// A callback as it came, as far as that was kept.
#[derive(Debug, Clone)]
pub struct Relayed {
    /// The kept headers.
    pub headers: BTreeMap<String, String>,
    /// Which of the account's secrets it carried, by [`Slot::word`].
    pub slot: String,
    /// The user name and password came as they are, not in base64.
    pub raw: bool,
    /// The body.
    pub body: Vec<u8>,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The listener answered 2xx.
    Taken(u16),
    /// It answered something else.
    Answered(u16),
    /// It didn't answer; why, as a sentence without a full stop.
    Silent(String),
}

impl Listener {
    /// Sets the connections up; nothing is sent.
    ///
    /// # Errors
    /// A proxy or a certificate authority that can't be used.
    pub fn open(config: &ForwardConfig) -> Result<Self, OpenError> {
        let addresses = [Some(config.url.expose()), config.proxy.as_deref()];
        let outbound = Outbound {
            proxy: config.proxy.as_deref(),
            ca_file: config.ca_file.as_deref(),
            needs_tls: client::needs_tls(addresses.into_iter().flatten()),
        };
        Ok(Self { http: client::build(&outbound, TIMEOUT)?, url: config.url.clone() })
    }

    /// Sends a callback once. `auth` says how callbacks of the account prove themselves.
    pub async fn send(&self, auth: &CallbackAuth, it: Relayed) -> Told {
        let headers = headers(auth, &it);
        let request = self.http.post(self.url.expose()).headers(headers).body(it.body);
        call(request, TIMEOUT, ANSWER_CAP).await.told
    }
}

/// What came of a call.
pub(super) struct Called {
    pub(super) told: Told,
    /// As much of the answer as is read at most.
    pub(super) answer: Vec<u8>,
    pub(super) headers: HeaderMap,
    /// Something may have arrived.
    pub(super) reached: bool,
}

/// Makes a call once.
pub(super) async fn call(request: RequestBuilder, timeout: Duration, cap: usize) -> Called {
    let mut answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => {
            let (told, reached) = (Told::Silent(client::sentence(&error, timeout)), !error.is_connect());
            return Called { told, answer: Vec::new(), headers: HeaderMap::new(), reached };
        }
    };
    let headers = answer.headers().clone();
    let mut read = Vec::new();
    while read.len() < cap
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        let room = cap - read.len();
        read.extend(chunk.into_iter().take(room));
    }
    let told = match answer.status().as_u16() {
        taken @ 200..=299 => Told::Taken(taken),
        other => Told::Answered(other),
    };
    Called { told, answer: read, headers, reached: true }
}

impl Told {
    /// What was answered, and why that is not taken, as a sentence without a full stop.
    #[must_use]
    pub fn outcome(self) -> (Option<u16>, Option<String>) {
        match self {
            Self::Taken(status) => (Some(status), None),
            Self::Answered(status @ 300..=399) => {
                (Some(status), Some(format!("it answers {status}, a redirect, and those are not followed")))
            }
            Self::Answered(status) => (Some(status), Some(format!("it answers {status}"))),
            Self::Silent(why) => (None, Some(why)),
        }
    }
}

/// Whether a callback's name and password came as they are: no base64 holds a colon, and no pair is without one.
#[must_use]
pub fn came_raw(auth: &CallbackAuth, delivery: &Delivery) -> bool {
    matches!(auth, CallbackAuth::Basic { .. })
        && delivery.header("authorization").is_some_and(|header| header.contains(':'))
}

/// Whether a board passed it on already.
#[must_use]
pub fn came_from_a_board(delivery: &Delivery) -> bool {
    let vias = delivery.headers.iter().filter(|(name, _)| name == "via");
    vias.flat_map(|(_, value)| value.split(',')).any(|it| it.split_whitespace().nth(1) == Some(US))
}

fn headers(auth: &CallbackAuth, it: &Relayed) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let kept = it.headers.iter().filter(|(name, _)| !NOT_RELAYED.contains(&name.as_str()));
    let kept = kept.map(|(name, value)| (name.clone(), value.clone(), false));
    let proofs = proofs(auth, it).into_iter().map(|(name, value)| (name, value, true));
    for (name, value, secret) in kept.chain(proofs) {
        // What can't be sent never came.
        let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            continue;
        };
        value.set_sensitive(secret);
        headers.insert(name, value);
    }
    headers.insert(VIA, HeaderValue::from_static("1.1 signboard"));
    headers
}

/// The headers by which the callback proved itself. What was admitted by a person gets the secret in use.
fn proofs(auth: &CallbackAuth, it: &Relayed) -> Vec<(String, String)> {
    let is_next = it.slot == Slot::Next.word();
    // Once the next secret has become the one in use, there is no next one.
    let live = |current: &Secret, next: &Option<Secret>| {
        next.as_ref().filter(|_| is_next).unwrap_or(current).expose().to_owned()
    };
    let authorization = match auth {
        CallbackAuth::Key { key, next } => format!("Basic {}", live(key, next)),
        CallbackAuth::Basic { username, password, next } => {
            let pair = format!("{username}:{}", live(password, next));
            format!("Basic {}", if it.raw { pair } else { BASE64_STANDARD.encode(pair) })
        }
        CallbackAuth::Bearer { token, next } => format!("Bearer {}", live(token, next)),
        CallbackAuth::Headers(pairs) => {
            return pairs.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect();
        }
        // Its signature is among the headers that are kept; a token is kept nowhere.
        CallbackAuth::Signed { .. } | CallbackAuth::OAuth2 { .. } | CallbackAuth::None => return Vec::new(),
    };
    vec![("authorization".to_owned(), authorization)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn delivery(headers: &[(&str, &str)]) -> Delivery {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (body, path_token, remote) = (Vec::new(), None, String::new());
        Delivery { headers, body, path_token, remote, received_at: Timestamp(0) }
    }

    #[test]
    fn what_a_board_passed_on_is_known_by_its_way() {
        let came = |values: &[&str]| {
            came_from_a_board(&delivery(&values.iter().map(|it| ("via", *it)).collect::<Vec<_>>()))
        };
        assert!(
            came(&["1.1 signboard"])
                && came(&["1.0 fred, 1.1 signboard (x)"])
                && came(&["1.1 a", "2 signboard"])
        );
        assert!(!came(&[]) && !came(&["1.1 notsignboard, 1.1 vegur"]) && !came(&["signboard"]));
    }

    #[test]
    fn each_proof_is_put_together_again_as_it_came() {
        let secret = |text: &str| Secret::new(text);
        let next = || Some(secret("two"));
        let key = CallbackAuth::Key { key: secret("one"), next: next() };
        let pair = CallbackAuth::Basic { username: "me".into(), password: secret("one"), next: next() };
        let bearer = CallbackAuth::Bearer { token: secret("one"), next: None };
        for (auth, slot, raw, expected) in [
            (&key, "current", false, "Basic one"),
            (&key, "next", false, "Basic two"),
            (&key, "open", false, "Basic one"),
            (&pair, "current", true, "Basic me:one"),
            (&pair, "next", false, "Basic bWU6dHdv"),
            (&bearer, "next", false, "Bearer one"),
            (&CallbackAuth::None, "open", false, ""),
        ] {
            let it = Relayed { headers: BTreeMap::new(), slot: slot.to_owned(), raw, body: Vec::new() };
            let headers = headers(auth, &it);
            let sent = headers.get("authorization");
            assert_eq!(sent.map_or("", |it| it.to_str().unwrap()), expected);
            assert!(sent.is_none_or(HeaderValue::is_sensitive));
        }
        let came = |value| came_raw(&pair, &delivery(&[("authorization", value)]));
        assert!(came("Basic me:one") && !came("Basic bWU6dHdv"));
        assert!(!came_raw(&key, &delivery(&[("authorization", "Basic a:b")])));
    }
}
