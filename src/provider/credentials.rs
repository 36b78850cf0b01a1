//! How we prove to an account's API who we are: a key that never changes, or a token that is fetched, kept, and
//! fetched anew shortly before it runs out (reference D.1).
//!
//! Known quirks: an API key is sent raw behind `Basic`, as issued. OneSpan's client tokens say in milliseconds since
//! 1970 when they end; OAuth says in seconds how long it lasts. OneSpan wants the OAuth client in a header, Conga in
//! the form.

use super::client::{Client, Reply};
use super::lenient::{Number, Word};
use super::{FetchError, OpenError};
use crate::config::{ApiAuth, Secret};
use crate::model::Timestamp;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, HeaderValue};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

/// A token is replaced this long before it runs out, as OneSpan's own SDK does.
const EARLY_MS: i64 = 60_000;

/// The same for tokens of a few minutes, at least; else a fifth of their life.
const EARLY_SHORT_MS: i64 = 10_000;

/// How long a token is used whose answer doesn't tell.
const UNTOLD_LIFE_MS: i64 = 300_000;

/// Where an OAuth client names itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OAuthStyle {
    /// In an Authorization header.
    Header,
    /// Among the fields of the form.
    Form,
}

/// What stands in the Authorization header of an API call.
#[derive(Debug)]
pub(super) enum Credentials {
    /// The same for ever.
    Fixed(HeaderValue),
    /// A token. The lock is held while one is fetched, so that it is asked for once.
    Exchanged(Exchange, Mutex<Option<Token>>),
}

/// How a token is had.
#[derive(Debug)]
pub(super) struct Exchange {
    token_url: String,
    client_id: String,
    client_secret: Secret,
    grant: Grant,
}

#[derive(Debug)]
enum Grant {
    /// OneSpan's own: JSON in, JSON out.
    Client { sender_email: Option<String> },
    /// OAuth 2 client credentials (RFC 6749, section 4.4).
    OAuth { scope: Option<String>, style: OAuthStyle },
}

/// A token as the header that it makes.
#[derive(Debug)]
pub(super) struct Token {
    header: HeaderValue,
    use_until: Timestamp,
}

impl Credentials {
    /// Makes ready what the configuration says; nothing is sent.
    ///
    /// # Errors
    /// A key that no header can carry.
    pub(super) fn open(auth: &ApiAuth, style: OAuthStyle) -> Result<Self, OpenError> {
        let exchange = match auth {
            ApiAuth::ApiKey { key } => {
                return authorization("Basic", key.expose()).map(Self::Fixed).ok_or(OpenError::ApiKey);
            }
            ApiAuth::Header { authorization } => {
                let mut value =
                    HeaderValue::from_str(authorization.expose()).map_err(|_| OpenError::ApiKey)?;
                value.set_sensitive(true);
                return Ok(Self::Fixed(value));
            }
            // Logs in by calls of its own.
            ApiAuth::Tyr { .. } => return Err(OpenError::ApiKey),
            ApiAuth::Client { client_id, secret, sender_email, token_url } => Exchange {
                token_url: token_url.clone(),
                client_id: client_id.clone(),
                client_secret: secret.clone(),
                grant: Grant::Client { sender_email: sender_email.clone() },
            },
            ApiAuth::OAuth2 { token_url, client_id, client_secret, scope } => Exchange {
                token_url: token_url.clone(),
                client_id: client_id.clone(),
                client_secret: client_secret.clone(),
                grant: Grant::OAuth { scope: scope.clone(), style },
            },
        };
        Ok(Self::Exchanged(exchange, Mutex::new(None)))
    }

    /// The header's value; fetches a token if there is none that lasts.
    pub(super) async fn header(&self, client: &Client, now: Timestamp) -> Result<HeaderValue, FetchError> {
        let (exchange, kept) = match self {
            Self::Fixed(header) => return Ok(header.clone()),
            Self::Exchanged(exchange, kept) => (exchange, kept),
        };
        let mut kept = kept.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| now < token.use_until) {
            return Ok(token.header.clone());
        }
        let token = client.call(exchange.request(client), now, |reply| exchange.read(&reply, now)).await?;
        Ok(kept.insert(token).header.clone())
    }

    /// Drops a token that the API refused, unless another call has replaced it since. Says whether a new one may help.
    pub(super) async fn forget(&self, refused: &HeaderValue) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Exchanged(_, kept) => {
                let mut kept = kept.lock().await;
                if kept.as_ref().is_some_and(|token| token.header == refused) {
                    *kept = None;
                }
                true
            }
        }
    }
}

/// OneSpan's request for a token. An OWNER sees the whole account, a SENDER what that sender sees.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientRequest<'a> {
    client_id: &'a str,
    secret: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

/// What both kinds answer: `accessToken` and `expiresAt` (ms), or `access_token` and `expires_in` (s).
#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenJson {
    #[serde(rename = "accessToken")]
    client_token: Word,
    #[serde(rename = "expiresAt")]
    expires_at: Number,
    access_token: Word,
    expires_in: Number,
}

impl Exchange {
    fn request(&self, client: &Client) -> RequestBuilder {
        let (id, secret) = (self.client_id.as_str(), self.client_secret.expose());
        let request = client.http().post(&self.token_url).header(ACCEPT, "application/json");
        match &self.grant {
            Grant::Client { sender_email } => {
                let email = sender_email.as_deref();
                let kind = if email.is_some() { "SENDER" } else { "OWNER" };
                request.json(&ClientRequest { client_id: id, secret, kind, email })
            }
            Grant::OAuth { scope, style } => {
                let mut form = vec![("grant_type", "client_credentials")];
                form.extend(scope.as_deref().map(|scope| ("scope", scope)));
                match style {
                    OAuthStyle::Header => {
                        let pair = BASE64_STANDARD.encode(format!("{id}:{secret}"));
                        request.header(reqwest::header::AUTHORIZATION, format!("Basic {pair}")).form(&form)
                    }
                    OAuthStyle::Form => {
                        form.extend([("client_id", id), ("client_secret", secret)]);
                        request.form(&form)
                    }
                }
            }
        }
    }

    fn read(&self, reply: &Reply, now: Timestamp) -> Result<Token, FetchError> {
        match reply.status {
            200..=299 => {}
            400..=499 => {
                return Err(FetchError::Refused(format!("the token address answers {}", reply.status)));
            }
            status => {
                return Err(FetchError::Unavailable(format!("the token address answers {status}")));
            }
        }
        let json: TokenJson = serde_json::from_slice(&reply.body)
            .map_err(|_| FetchError::Unreadable("the token address answers no JSON object".to_owned()))?;
        let (word, life) = match &self.grant {
            Grant::Client { .. } => {
                (json.client_token.0, json.expires_at.0.map(|end| end.saturating_sub(now.0)))
            }
            Grant::OAuth { .. } => (json.access_token.0, json.expires_in.0.map(|s| s.saturating_mul(1_000))),
        };
        let header = word.and_then(|word| authorization("Bearer", &word));
        let header =
            header.ok_or_else(|| FetchError::Unreadable("the token address gives no token".to_owned()))?;
        Ok(Token { header, use_until: now.plus(usable(life.unwrap_or(UNTOLD_LIFE_MS))) })
    }
}

/// How much of a token's life it is used: all but a minute; of a short one all but a fifth, or ten seconds if that is
/// more; and never less than half, or a very short one would be fetched for every call.
fn usable(life_ms: i64) -> i64 {
    let life = life_ms.max(0);
    let early = (life / 5).clamp(EARLY_SHORT_MS, EARLY_MS).min(life / 2);
    life - early
}

/// `None` if the secret holds a character that no header can carry.
fn authorization(scheme: &str, secret: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(&format!("{scheme} {secret}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_replaced_before_it_runs_out() {
        for (life_s, used_s) in [(3_600, 3_540), (300, 240), (100, 80), (40, 30), (10, 5), (0, 0), (-5, 0)] {
            assert_eq!(usable(life_s * 1_000), used_s * 1_000, "{life_s} s");
        }
        assert!(usable(i64::MAX) > 0);
    }

    #[test]
    fn no_secret_shows_itself() {
        let key = ApiAuth::ApiKey { key: Secret::new("hush-hush") };
        let credentials = Credentials::open(&key, OAuthStyle::Header).unwrap();
        assert!(!format!("{credentials:?}").contains("hush"));
        let odd = ApiAuth::ApiKey { key: Secret::new("line\nbreak") };
        assert!(matches!(Credentials::open(&odd, OAuthStyle::Header), Err(OpenError::ApiKey)));
    }
}
