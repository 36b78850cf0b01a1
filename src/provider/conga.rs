//! Conga Sign: OneSpan's callbacks and packages under Conga's addresses and with Conga's tokens (reference D.1, D.7).
//!
//! Known quirks: the documents disagree on the path of the packages (`/api/sign/v1/cs-packages` and three others), so
//! the base address is configured up to `/api/sign` and may be bent to what a tenant has. The token's client goes into the
//! form, with `scope=sign`. A callback set up with a user name and a password comes in a form that nobody published;
//! [`super::auth`] takes both that are likely.

pub(super) mod registration;

use super::credentials::OAuthStyle;
use super::onespan::api::Dialect;
use super::onespan::setup::EVENTS;
use super::onespan::{Form, OneSpan};
use super::{OpenError, SetupStep};
use crate::config::{AccountConfig, ApiConfig, CallbackAuth, REGISTER_PATHS};
use crate::model::AccountId;
use serde_json::json;

/// Paths below `https://rls.congacloud.com/api/sign`.
const CONGA: Dialect = Dialect {
    packages: "/v1/cs-packages",
    report: "/v1/reports/completion",
    accept: "application/json",
    oauth: OAuthStyle::Form,
};

/// Registering by Conga's own form, which has no list of events.
const REGISTER: &str = "PUT /api/sign/v1/callback/register";
const REGISTER_ELSEWHERE: [&str; 2] = ["PUT /api/sign/callback/v1/register", "PUT /api/callback/register"];
/// Registering by OneSpan's form, which alone knows keys and headers.
const CALLBACK: &str = "POST /api/sign/v1/cs-callback";

/// An account at Conga Sign. Callback bodies, names and package JSON are OneSpan's word for word, so there is no second
/// adapter, only a second dialect.
pub(super) fn open(account: &AccountId, config: &AccountConfig) -> Result<OneSpan, OpenError> {
    OneSpan::open_as(account, config, CONGA, setup, |api| form(config, api))
}

/// A key and headers go into OneSpan's form alone; else Conga's own is the one that its present pages teach.
fn form(config: &AccountConfig, api: &ApiConfig) -> Form {
    let [usual, .., events] = REGISTER_PATHS;
    let needs_events = matches!(config.callback, CallbackAuth::Key { .. } | CallbackAuth::Headers(_));
    let path = config.registering.path.as_deref().unwrap_or(if needs_events { events } else { usual });
    let base = &api.base_url;
    let root = base.strip_suffix("/api/sign").or_else(|| base.strip_suffix("/api")).unwrap_or(base);
    let place = format!("{root}{path}");
    if path == events { Form::EventsOrHeaders(place) } else { Form::Plain(place) }
}

/// Registering is a call; the documents disagree on its path as well (reference C.2).
fn setup(callback: &CallbackAuth, url: &str) -> Vec<SetupStep> {
    let (path, body) = match callback {
        CallbackAuth::Basic { username, .. } => (
            REGISTER,
            json!({ "callbackUrl": url, "authType": "Basic", "username": username, "password": "<password>" }),
        ),
        CallbackAuth::Bearer { .. } => {
            (REGISTER, json!({ "callbackUrl": url, "authType": "Bearer", "bearerToken": "<token>" }))
        }
        CallbackAuth::Key { .. } => (CALLBACK, json!({ "url": url, "key": "<key>", "events": EVENTS })),
        CallbackAuth::Headers(pairs) => {
            let pairs: Vec<_> = pairs.keys().map(|name| json!({ "key": name, "value": "<value>" })).collect();
            (CALLBACK, json!({ "url": url, "events": EVENTS, "customHeaders": pairs }))
        }
        CallbackAuth::OAuth2 { issuer, .. } => (
            CALLBACK,
            json!({ "url": url, "events": EVENTS, "authType": "OAUTH2", "oauthSetting": {
                "grantType": "CLIENT_CREDENTIALS", "authorizationServerUrl": format!("<token address of {issuer}>"),
                "clientId": "<client id>", "clientSecret": "<client secret>" } }),
        ),
        CallbackAuth::Signed { .. } | CallbackAuth::None => {
            (REGISTER, json!({ "callbackUrl": url, "authType": "None" }))
        }
    };
    let mut steps = vec![SetupStep {
        what:
            "Register the address with Conga Sign's API, with what stands under `callback` in place of <…>."
                .to_owned(),
        lines: vec![path.to_owned(), body.to_string()],
    }];
    if path == REGISTER {
        let what = "If that path isn't there, your edition of Conga Sign has it at one of these; what it answers repeats \
                    the secrets, so keep it out of logs."
            .to_owned();
        steps.push(SetupStep { what, lines: REGISTER_ELSEWHERE.map(str::to_owned).to_vec() });
    }
    steps
}
