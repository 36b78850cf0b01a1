//! Tokens that come with callbacks: the firm's own authorization server gives them to the provider (RFC 6749, RFC 9068).
//! They are checked by the keys that it publishes, which are in memory: checking asks nobody.
//!
//! Where the keys aren't there, nobody can say whether a token is right. Then that is said, and the call is not lost.

use super::{FRESH_MS, LOOK_MS, SKEW_MS, STALE_MS, TIMEOUT, Wire, WireError};
use crate::model::Timestamp;
use crate::provider::{Delivery, OpenError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, http};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// No token is longer.
const MOST_BYTES: usize = 16 * 1024;

/// An authorization server, and what it publishes.
#[derive(Debug)]
pub struct Keys {
    issuer: String,
    audience: String,
    wire: Wire,
    known: RwLock<Known>,
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    keys: Option<(Arc<CoreJsonWebKeySet>, Timestamp)>,
    looked_at: Option<Timestamp>,
    trouble: Option<String>,
}

/// What is said of a token that doesn't open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::provider) enum Wrong {
    /// It is wrong, and stays so.
    Refused(&'static str),
    /// Without other keys nobody can tell.
    Unsure(&'static str),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<Audience>,
    exp: Option<f64>,
    nbf: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Published {
    issuer: String,
    jwks_uri: String,
}

impl Keys {
    pub(in crate::provider) fn open(
        issuer: &str,
        audience: &str,
        proxy: Option<&str>,
        ca_file: Option<&Path>,
    ) -> Result<Self, OpenError> {
        let wire = Wire::open(issuer, proxy, ca_file)?;
        let (issuer, audience) = (issuer.to_owned(), audience.to_owned());
        Ok(Self { issuer, audience, wire, known: RwLock::default(), turn: tokio::sync::Mutex::default() })
    }

    /// Whether the token of a call is the issuer's, for us, and was good when the call came.
    pub(in crate::provider) fn check(&self, delivery: &Delivery) -> Result<(), Wrong> {
        let token = token(delivery)?;
        let mut parts = token.split('.');
        let (Some(head), Some(body), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Wrong::Refused("Bearer, but what follows is no signed token"));
        };
        let header: Header =
            part(head).ok_or(Wrong::Refused("Bearer, but the token's header can't be read"))?;
        let by = match header.alg.as_str() {
            "RS256" => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            "PS256" => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
            "ES256" => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            _ => return Err(Wrong::Refused("the token is not signed by RS256, PS256 or ES256")),
        };
        if header.crit.is_some() {
            return Err(Wrong::Refused("the token asks for what this board doesn't know"));
        }
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| Wrong::Refused("the token's signature can't be read"))?;
        let keys = self.keys(delivery.received_at).ok_or(Wrong::Unsure(
            "the issuer of its token can't be reached, so nobody knows yet whether the token is right",
        ))?;
        let fits = |id: Option<&str>| header.kid.is_none() || id == header.kid.as_deref();
        let mut candidates =
            keys.keys().iter().filter(|it| fits(it.key_id().map(|id| id.as_str()))).peekable();
        if candidates.peek().is_none() {
            return Err(Wrong::Unsure("its token is signed with a key that the issuer hasn't published yet"));
        }
        let signed = format!("{head}.{body}");
        if !candidates.any(|it| it.verify_signature(&by, signed.as_bytes(), &signature).is_ok()) {
            return Err(Wrong::Refused("the token's signature is wrong"));
        }
        let claims: Claims = part(body).ok_or(Wrong::Refused("the token's claims can't be read"))?;
        self.judge(&claims, delivery.received_at).map_err(Wrong::Refused)
    }

    fn judge(&self, claims: &Claims, now: Timestamp) -> Result<(), &'static str> {
        if claims.iss.as_deref() != Some(self.issuer.as_str()) {
            return Err("the token comes from another issuer");
        }
        let is_ours = match &claims.aud {
            Some(Audience::One(aud)) => *aud == self.audience,
            Some(Audience::Several(all)) => all.contains(&self.audience),
            None => false,
        };
        if !is_ours {
            return Err("the token is for another audience");
        }
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of our time fit")]
        let (now, skew) = (now.0 as f64, SKEW_MS as f64);
        match claims.exp {
            None => return Err("the token never expires"),
            Some(exp) if exp * 1000.0 <= now - skew => return Err("the token has expired"),
            Some(_) => {}
        }
        if claims.nbf.is_some_and(|nbf| nbf * 1000.0 > now + skew) {
            return Err("the token is not good yet");
        }
        Ok(())
    }

    /// Looks at what the issuer publishes, if that is due: every hour, and at once for a call whose token can't be checked by
    /// the keys that are there; at most once a minute, whatever comes.
    pub async fn ready(&self, delivery: Option<&Delivery>, now: Timestamp) {
        if !self.is_due(delivery, now) {
            return;
        }
        let _turn = self.turn.lock().await;
        // Whoever had the turn before may have looked.
        if !self.is_due(delivery, now) {
            return;
        }
        let found = tokio::time::timeout(TIMEOUT, self.fetch()).await;
        let found = found.unwrap_or_else(|_| Err(WireError("it takes too long".to_owned())));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.looked_at = Some(now);
        match found {
            Ok(keys) => (known.keys, known.trouble) = (Some((Arc::new(keys), now)), None),
            Err(why) => {
                tracing::warn!(issuer = self.issuer, %why, "the keys for the tokens of callbacks can't be fetched");
                known.trouble = Some(why.to_string());
            }
        }
    }

    /// Why the keys couldn't be fetched when that was last tried, and whether earlier ones still count; `None`: they could.
    #[must_use]
    pub fn trouble(&self, now: Timestamp) -> Option<(String, bool)> {
        let trouble = self.known.read().unwrap_or_else(PoisonError::into_inner).trouble.clone();
        trouble.map(|why| (why, self.keys(now).is_some()))
    }

    fn is_due(&self, delivery: Option<&Delivery>, now: Timestamp) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let within = |at: Timestamp, ms: i64| (0..ms).contains(&now.since(at));
        if known.looked_at.is_some_and(|at| within(at, LOOK_MS)) {
            return false;
        }
        let Some((keys, at)) = &known.keys else { return true };
        let Some(delivery) = delivery else { return !within(*at, FRESH_MS) };
        // A call doesn't wait for keys that are there: who looks every hour is another.
        let is_new =
            |kid: &str| !keys.keys().iter().any(|it| it.key_id().is_some_and(|id| id.as_str() == kid));
        let header = token(delivery).ok().and_then(|it| part::<Header>(it.split('.').next()?));
        !within(*at, STALE_MS) || header.and_then(|it| it.kid).is_some_and(|kid| is_new(&kid))
    }

    /// The keys, unless they are so old that a withdrawn one could be among them.
    fn keys(&self, now: Timestamp) -> Option<Arc<CoreJsonWebKeySet>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        // What came before they were fetched is checked by them all the same.
        known.keys.as_ref().filter(|(_, at)| now.since(*at) < STALE_MS).map(|(keys, _)| Arc::clone(keys))
    }

    async fn fetch(&self) -> Result<CoreJsonWebKeySet, WireError> {
        let issuer = self.issuer.trim_end_matches('/');
        let published: Published =
            match self.json(&format!("{issuer}/.well-known/openid-configuration")).await {
                Ok(published) => published,
                // RFC 8414 puts its word between the host and the path.
                Err(why) => match reqwest::Url::parse(issuer) {
                    Ok(mut url) => {
                        let path = url.path().trim_end_matches('/').to_owned();
                        url.set_path(&format!("/.well-known/oauth-authorization-server{path}"));
                        self.json(url.as_str()).await.map_err(|_| why)?
                    }
                    Err(_) => return Err(why),
                },
            };
        if published.issuer != self.issuer {
            return Err(WireError("it calls itself otherwise than `issuer` in the configuration".to_owned()));
        }
        self.json(&published.jwks_uri).await
    }

    async fn json<T: DeserializeOwned>(&self, url: &str) -> Result<T, WireError> {
        let request = http::Request::get(url).header("accept", "application/json").body(Vec::new());
        let request = request.map_err(|_| WireError("it names no address of its keys".to_owned()))?;
        let answer = self.wire.send(request).await?;
        if answer.status().as_u16() != 200 {
            return Err(WireError(format!("it answers {}", answer.status().as_u16())));
        }
        serde_json::from_slice(answer.body())
            .map_err(|_| WireError("how it describes itself can't be read".to_owned()))
    }
}

fn token(delivery: &Delivery) -> Result<&str, Wrong> {
    let header = delivery.header("authorization").ok_or(Wrong::Refused("no Authorization header"))?;
    let (scheme, token) =
        header.trim().split_once(' ').ok_or(Wrong::Refused("no Bearer in the Authorization header"))?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Wrong::Refused("another scheme instead of Bearer"));
    }
    let token = token.trim();
    if token.len() > MOST_BYTES { Err(Wrong::Refused("the token is too long")) } else { Ok(token) }
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
