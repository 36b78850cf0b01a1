//! Registering in Conga's own form: an address and a way to prove oneself, all of it each time (reference C.2).
//!
//! Known quirks: it can't be read back, so what stood there before is never known. An empty address ends it, and wants
//! all other fields as well. The answer repeats what was sent, secrets included: they are compared and dropped.

use crate::config::{CallbackAuth, Secret};
use crate::model::Timestamp;
use crate::provider::FetchError;
use crate::provider::registration::{
    Change, Hook, Proof, Registered, Registration, Target, Wanted, secret_of,
};
use crate::provider::rest::{Rest, read_json, registering, there};
use reqwest::{Method, Url};
use serde_json::{Value, json};

const UNKNOWN: &str = "Unknown: Conga Sign doesn't tell what is registered. A person sees it there under Admin > Event \
                       Notification.";

/// What is to be registered; what stands there nobody tells.
pub(in crate::provider) fn read(auth: &CallbackAuth, wanted: &Wanted) -> Registration {
    let proof = match auth {
        CallbackAuth::Basic { .. } | CallbackAuth::Bearer { .. } => Proof::Wanted,
        CallbackAuth::None => Proof::Nothing,
        CallbackAuth::OAuth2 { .. } => {
            let why = "How a client of an authorization server of yours is registered by a call is not documented well enough; \
                       a person enters it at Admin > Event Notification.";
            return Registration { now: Registered::ByHand(why), changes: Vec::new(), words: None };
        }
        CallbackAuth::Key { .. } | CallbackAuth::Headers(_) | CallbackAuth::Signed { .. } => {
            let why = "The form at this `register-path` knows a user name and a password, a token, or nothing; take \
                       register-path = \"/api/sign/v1/cs-callback\" for a key or headers.";
            return Registration { now: Registered::ByHand(why), changes: Vec::new(), words: None };
        }
    };
    let target = if wanted.is_on() { wanted.ours() } else { Target::Nobody };
    let hook = Hook { target, kind: None, events: None, proof, flaw: None, handle: None };
    let changes = vec![Change::Set { was: None, hook }];
    // It has no list of events: whoever is called at all is called for each.
    Registration { now: Registered::NotTold(UNKNOWN), changes, words: None }
}

/// Registers, or ends it.
pub(in crate::provider) async fn write(
    rest: &Rest,
    place: &str,
    auth: &CallbackAuth,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<(), FetchError> {
    let url = Url::parse(place).map_err(|error| FetchError::Unreadable(error.to_string()))?;
    let address = if wanted.is_on() { wanted.url() } else { "" };
    let secret = secret_of(auth).map(|(current, next)| next.unwrap_or(current));
    let text = secret.map(Secret::expose).unwrap_or_default();
    let body = match auth {
        CallbackAuth::Basic { username, .. } => {
            json!({ "callbackUrl": address, "authType": "Basic", "username": username, "password": text })
        }
        CallbackAuth::Bearer { .. } => {
            json!({ "callbackUrl": address, "authType": "Bearer", "bearerToken": text })
        }
        CallbackAuth::Key { .. }
        | CallbackAuth::Headers(_)
        | CallbackAuth::Signed { .. }
        | CallbackAuth::OAuth2 { .. }
        | CallbackAuth::None => {
            json!({ "callbackUrl": address, "authType": "None" })
        }
    };
    let read = |reply| {
        let told: Value = read_json(&there(reply)?.body, "a registration")?;
        compared(&told, &body)
    };
    rest.call(Method::PUT, url, Some(&body), now, read).await.map_err(registering)
}

/// Whether the answer repeats what was sent. Names the field that doesn't, never a value.
fn compared(told: &Value, sent: &Value) -> Result<(), FetchError> {
    for (key, value) in sent.as_object().into_iter().flatten() {
        let (told, sent) = (told.get(key).and_then(Value::as_str), value.as_str().unwrap_or_default());
        let is_same = match key.as_str() {
            "password" | "bearerToken" => {
                let secret = Secret::new(sent);
                matches!(Proof::of(told, &secret, None), Proof::Wanted | Proof::NotTold)
            }
            "authType" => told.is_some_and(|told| told.eq_ignore_ascii_case(sent)),
            _ => told.unwrap_or_default() == sent,
        };
        if !is_same {
            return Err(FetchError::Unreadable(format!(
                "it answers with another {key} than was sent; see Admin > Event Notification in Conga Sign"
            )));
        }
    }
    Ok(())
}
