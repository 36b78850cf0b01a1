//! Issuers of tokens: the identity provider at which people sign in ([`sign_in`]), and the authorization server whose
//! tokens come with callbacks. Here is how both are asked: no redirects, time-outs, a cap on what is read, and
//! nothing over an open network but to this machine.

pub mod keys;
pub mod sign_in;
mod told;

use super::OpenError;
use super::client::{Outbound, build, needs_tls, sentence};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

/// How long a call may take: somebody waits for it.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The most that is read of an answer; keys and tokens are a few KiB.
const MOST_BYTES: usize = 1024 * 1024;
/// What was published is believed for so long without looking again,
const FRESH_MS: i64 = 60 * 60 * 1000;
/// and while the issuer can't be reached for so long,
const STALE_MS: i64 = 24 * 60 * 60 * 1000;
/// and is looked at this often at most, whatever comes.
const LOOK_MS: i64 = 60 * 1000;
/// Clocks may differ by so much.
const SKEW_MS: i64 = 60 * 1000;

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
struct WireError(String);

/// The way to an issuer.
#[derive(Debug)]
struct Wire(reqwest::Client);

impl Wire {
    fn open(issuer: &str, proxy: Option<&str>, ca_file: Option<&Path>) -> Result<Self, OpenError> {
        let needs_tls = needs_tls([issuer].into_iter().chain(proxy));
        build(&Outbound { proxy, ca_file, needs_tls }, TIMEOUT).map(Self)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, WireError> {
        let told = |error: &reqwest::Error| WireError(sentence(error, TIMEOUT));
        let request = reqwest::Request::try_from(request).map_err(|error| told(&error))?;
        // An issuer names its other addresses itself; no secret goes to one that anybody could listen to.
        if request.url().scheme() != "https" && !is_here(request.url()) {
            return Err(WireError("it names an address that is not https".to_owned()));
        }
        let mut response = self.0.execute(request).await.map_err(|error| told(&error))?;
        let mut answer = http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| told(&error))? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(WireError("it answers more than 1 MiB".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        answer.body(body).map_err(|_| WireError("its answer can't be read".to_owned()))
    }
}

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = WireError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, WireError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

fn is_here(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|it: std::net::IpAddr| it.is_loopback())
}
