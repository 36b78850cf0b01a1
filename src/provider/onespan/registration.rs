//! Registering at OneSpan, and at Conga in OneSpan's form: one object with address, key and events, which can be read back
//! (reference C.1, C.2).
//!
//! Known quirks: an account has one registration, and another replaces it without a word. Whether the key comes back as it
//! is, masked or not at all is not documented. An end of it isn't either: a registration for no event is one.

use super::setup::EVENTS;
use crate::config::{CallbackAuth, Registering, Secret};
use crate::model::Timestamp;
use crate::provider::FetchError;
use crate::provider::registration::{
    Change, Hook, Proof, Registered, Registration, Wanted, name, only, secret_of,
};
use crate::provider::rest::{Rest, read_json, registering, there};
use reqwest::{Method, Url};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// More events or headers than this are not looked at in an answer.
const MOST: usize = 200;

/// An account's registration in this form.
#[derive(Debug)]
pub(in crate::provider) struct Desk<'a> {
    pub(in crate::provider) rest: &'a Rest,
    pub(in crate::provider) place: &'a str,
    pub(in crate::provider) auth: &'a CallbackAuth,
    pub(in crate::provider) registering: &'a Registering,
    /// Whether headers can be registered.
    pub(in crate::provider) takes_headers: bool,
}

impl Desk<'_> {
    /// What stands there, and what has to change.
    pub(in crate::provider) async fn read(
        &self,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<Registration, FetchError> {
        match self.auth {
            CallbackAuth::Bearer { .. } | CallbackAuth::OAuth2 { .. } | CallbackAuth::Signed { .. } => {
                return Ok(by_hand(
                    "This provider fetches a token from an authorization server of yours, and how that is registered by a call \
                 is not documented.",
                ));
            }
            CallbackAuth::Headers(_) if !self.takes_headers => {
                return Ok(by_hand("How headers are registered by a call is not documented."));
            }
            CallbackAuth::Headers(_)
            | CallbackAuth::Key { .. }
            | CallbackAuth::Basic { .. }
            | CallbackAuth::None => {}
        }
        let url = self.url()?;
        let read = |reply| {
            let json: Value = read_json(&there(reply)?.body, "a registration")?;
            self.hook(&json, wanted)
        };
        let hook = self.rest.call(Method::GET, url, None, now, read).await.map_err(registering)?;
        let changes = only(vec![hook.clone()], self.wish(wanted), wanted);
        let words = Some(hook.events.clone().filter(|_| hook.calls_us()).unwrap_or_default());
        Ok(Registration { now: Registered::Hooks(vec![hook]), changes, words })
    }

    /// Registers in place of whatever stands there. That it worked is seen by reading it again.
    pub(in crate::provider) async fn write(
        &self,
        wanted: &Wanted,
        change: &Change,
        now: Timestamp,
    ) -> Result<(), FetchError> {
        let Change::Set { hook, .. } = change else { return Ok(()) };
        let mut body = Map::from_iter([
            ("url".to_owned(), json!(wanted.url())),
            ("key".to_owned(), json!(self.key(true).unwrap_or_default())),
            ("events".to_owned(), json!(hook.events)),
        ]);
        if let CallbackAuth::Headers(pairs) = self.auth {
            let pairs = pairs.iter().map(|(name, value)| json!({ "key": name, "value": value.expose() }));
            body.insert("customHeaders".to_owned(), pairs.collect());
            body.remove("key");
        }
        let body = Value::Object(body);
        let done =
            self.rest.call(Method::POST, self.url()?, Some(&body), now, |reply| there(reply).map(drop));
        done.await.map_err(registering)
    }

    fn url(&self) -> Result<Url, FetchError> {
        Url::parse(self.place).map_err(|error| FetchError::Unreadable(error.to_string()))
    }

    fn wish(&self, wanted: &Wanted) -> Hook {
        let chosen = &self.registering.events;
        let events = if chosen.is_empty() {
            EVENTS.map(str::to_owned).into_iter().collect()
        } else {
            chosen.iter().cloned().collect()
        };
        let proof = if matches!(self.auth, CallbackAuth::None) { Proof::Nothing } else { Proof::Wanted };
        Hook { target: wanted.ours(), kind: None, events: Some(events), proof, flaw: None, handle: None }
    }

    /// What goes behind `Basic`, raw: a key, or a name and a password in the place of one.
    fn key(&self, is_newest: bool) -> Option<String> {
        let (current, next) = secret_of(self.auth)?;
        let secret = if is_newest { next.unwrap_or(current) } else { current }.expose();
        Some(match self.auth {
            CallbackAuth::Basic { username, .. } => format!("{username}:{secret}"),
            _ => secret.to_owned(),
        })
    }

    /// The object itself, or the first of a list of them.
    fn hook(&self, json: &Value, wanted: &Wanted) -> Result<Hook, FetchError> {
        let nobody = Value::Object(Map::new());
        let it = match json.get("results").and_then(Value::as_array) {
            Some(results) => results.first().unwrap_or(&nobody),
            None => json,
        };
        if !it.is_object() {
            return Err(FetchError::Unreadable("no JSON object of a registration".to_owned()));
        }
        let text = |key: &str| it.get(key).and_then(Value::as_str);
        let events = it.get("events").and_then(Value::as_array).into_iter().flatten().take(MOST);
        let events: BTreeSet<String> = events.map(|it| name(it.as_str().unwrap_or_default())).collect();
        let target = wanted.target(text("url").unwrap_or_default());
        Ok(Hook { target, kind: None, events: Some(events), proof: self.proof(it), flaw: None, handle: None })
    }

    fn proof(&self, json: &Value) -> Proof {
        let key = json.get("key").and_then(Value::as_str);
        match self.auth {
            CallbackAuth::None if key.unwrap_or_default().is_empty() => Proof::Nothing,
            CallbackAuth::None => Proof::Other,
            CallbackAuth::Headers(pairs) => {
                let told = json.get("customHeaders").and_then(Value::as_array);
                let Some(told) = told else { return Proof::NotTold };
                let value = |name: &str| {
                    let named = |it: &&Value| {
                        it.get("key").and_then(Value::as_str).is_some_and(|it| it.eq_ignore_ascii_case(name))
                    };
                    told.iter().take(MOST).find(named)?.get("value")?.as_str()
                };
                let proofs = pairs.iter().map(|(name, secret)| match value(name) {
                    None => Proof::Other,
                    told => Proof::of(told, secret, None),
                });
                proofs
                    .reduce(|one, other| if one == Proof::Wanted { other } else { one })
                    .unwrap_or(Proof::Nothing)
            }
            _ => {
                let (current, newest) = (self.key(false).map(Secret::new), self.key(true).map(Secret::new));
                let has_next = secret_of(self.auth).is_some_and(|(_, next)| next.is_some());
                current.map_or(Proof::Nothing, |it| Proof::of(key, &it, newest.as_ref().filter(|_| has_next)))
            }
        }
    }
}

fn by_hand(why: &'static str) -> Registration {
    Registration { now: Registered::ByHand(why), changes: Vec::new(), words: None }
}
