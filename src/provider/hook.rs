//! The way to a receiver of the firm's own logic, or of alerts: signed after the Standard Webhooks specification where
//! there is a secret, and only to where the configuration lets it go.
//!
//! A name is resolved once, and the connection goes to the addresses that were looked at then: one that answers otherwise a
//! moment later is not asked again. Redirects are not followed, and there is no proxy, which would resolve by itself.

use super::OpenError;
use super::client::{self, Outbound};
use super::listener::{Told, call};
use crate::config::{ForwardConfig, Secret, is_public};
use crate::model::Timestamp;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use ring::hmac;
use std::io::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How long a whole call may take.
const TIMEOUT: Duration = Duration::from_secs(15);
/// So much of an answer is read,
const ANSWER_CAP: usize = 64 * 1024;
/// and so many characters of it are kept.
const ANSWER_KEPT: usize = 500;

/// The way to a receiver.
pub struct Receiver {
    http: reqwest::Client,
    url: Secret,
    key: Option<hmac::Key>,
    allow_private: bool,
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // By hand: the HTTP client inside would show too much, and the key is a secret.
        f.debug_struct("Receiver").field("allow_private", &self.allow_private).finish_non_exhaustive()
    }
}

/// What came of sending a message.
#[derive(Debug)]
pub struct Sent {
    /// What became of it.
    pub told: Told,
    /// How the answer begins.
    pub answer: String,
    /// It may have arrived, whatever was answered.
    pub reached: bool,
    /// How long the receiver wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl Receiver {
    /// Sets the connections up; nothing is sent.
    ///
    /// # Errors
    /// A certificate authority that can't be used.
    pub fn open(to: &ForwardConfig, key: Option<&[u8]>, allow_private: bool) -> Result<Self, OpenError> {
        let outbound = Outbound {
            proxy: None,
            ca_file: to.ca_file.as_deref(),
            needs_tls: client::needs_tls([to.url.expose()].into_iter()),
        };
        let mut builder = client::builder().timeout(TIMEOUT);
        if !allow_private {
            builder = builder.dns_resolver(Arc::new(PublicOnly));
        }
        Ok(Self {
            http: client::build_on(builder, &outbound)?,
            url: to.url.clone(),
            key: key.map(|it| hmac::Key::new(hmac::HMAC_SHA256, it)),
            allow_private,
        })
    }

    /// Sends a message once.
    pub async fn send(&self, message: &str, body: String, now: Timestamp) -> Sent {
        // An address that is one already is never resolved.
        if let Some(ip) = self.literal().filter(|ip| !self.allow_private && !is_public(*ip)) {
            let (told, answer) = (Told::Silent(refusal(ip)), String::new());
            return Sent { told, answer, reached: false, retry_after: None };
        }
        let request = self.http.post(self.url.expose());
        let mut request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = &self.key {
            let seconds = now.0.div_euclid(1000).to_string();
            let signature = signature(key, message, &seconds, &body);
            request = request.header("webhook-id", message).header("webhook-timestamp", seconds);
            request = request.header("webhook-signature", signature);
        }
        let called = call(request.body(body), TIMEOUT, ANSWER_CAP).await;
        let answer = String::from_utf8_lossy(&called.answer).chars().take(ANSWER_KEPT).collect();
        let retry_after = client::retry_after(&called.headers, now);
        Sent { told: called.told, answer, reached: called.reached, retry_after }
    }

    fn literal(&self) -> Option<IpAddr> {
        let url = Url::parse(self.url.expose()).ok()?;
        url.host_str()?.trim_matches(['[', ']']).parse().ok()
    }
}

/// `v1,` and the signature over the message's id, the time in seconds and the body.
fn signature(key: &hmac::Key, message: &str, seconds: &str, body: &str) -> String {
    let signed = hmac::sign(key, format!("{message}.{seconds}.{body}").as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(signed))
}

fn refusal(ip: IpAddr) -> String {
    format!(
        "its address {ip} is none of the public network; where it shall be reached, say allow-private = true"
    )
}

/// Finds the addresses of a name, as far as they are public.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let all: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let (public, private): (Vec<_>, Vec<_>) = all.into_iter().partition(|it| is_public(it.ip()));
            match (public.is_empty(), private.first()) {
                (true, Some(first)) => Err(Error::other(refusal(first.ip())).into()),
                _ => Ok(Box::new(public.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The one that the specification's own libraries are tested with.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let secret = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
