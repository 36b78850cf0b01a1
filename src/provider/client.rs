//! Outbound HTTP of one account: time-outs, a cap on what is read, no redirects, its proxy and certificate authority, and
//! its budget of calls. What a status means beyond "wait" is for the caller.
//!
//! A `ca-file` must hold the authority that signed the service's certificate: rustls takes no certificate that names
//! itself an authority for a server's own (`CaUsedAsEndEntity`).
//!
//! Never logged and never part of an error: bodies, names, mails, keys, the proxy's address.

use super::budget::Budget;
use super::{FetchError, LONGEST_WAIT, OpenError, instant};
use crate::config::{ApiAuth, ApiConfig};
use crate::model::{AccountId, Timestamp};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Certificate, Proxy, RequestBuilder, Response, redirect};
use std::error::Error;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

/// How long a connection may take, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a whole call may take, its answer read.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The most that is read of an answer, unpacked: 100 packages with hundreds of fields each are a few MiB.
const ANSWER_CAP: usize = 16 * 1024 * 1024;

/// The counter of calls; the label `outcome` is `ok` or one of [`outcome`].
const CALLS: &str = "signboard_api_calls_total";

/// One account's way out.
pub(super) struct Client {
    account: AccountId,
    http: reqwest::Client,
    budget: Mutex<Budget>,
    /// How long a 429 without a time means, where that is known.
    untold_wait: Option<Duration>,
}

/// An answer that isn't about waiting.
#[derive(Debug)]
pub(super) struct Reply {
    /// The HTTP status; never 429 or 503.
    pub(super) status: u16,
    /// The `Date` header, if it can be read.
    pub(super) date: Option<Timestamp>,
    /// The body, unpacked.
    pub(super) body: Vec<u8>,
}

impl Client {
    /// Sets an account's connections up; nothing is sent.
    ///
    /// # Errors
    /// A proxy or a certificate authority that can't be used.
    pub(super) fn open(
        account: &AccountId,
        api: &ApiConfig,
        calls_per_minute: u32,
    ) -> Result<Self, OpenError> {
        let outbound = Outbound {
            proxy: api.proxy.as_deref(),
            ca_file: api.ca_file.as_deref(),
            needs_tls: needs_tls(addresses(api)),
        };
        let http = build(&outbound, CALL_TIMEOUT)?;
        let budget = Mutex::new(Budget::new(calls_per_minute));
        Ok(Self { account: account.clone(), http, budget, untold_wait: None })
    }

    /// The same for a service that answers 429 without a time, and whose limit is over after this long.
    pub(super) fn waiting(self, untold: Duration) -> Self {
        Self { untold_wait: Some(untold), ..self }
    }

    /// What requests are built with.
    pub(super) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Makes one call within the budget, has `read` judge its answer, and counts the outcome. A call that isn't made
    /// isn't counted.
    ///
    /// # Errors
    /// `Full` when there is no place, `Throttled` when the provider asks to wait, `Unavailable` when no answer comes, and
    /// whatever `read` says.
    pub(super) async fn call<T>(
        &self,
        request: RequestBuilder,
        now: Timestamp,
        read: impl FnOnce(Reply) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner).take(now)?;
        let (status, result) = match self.send(request, now).await {
            Ok(reply) => (reply.status, read(reply)),
            Err(error) => (0, Err(error)),
        };
        let outcome = match &result {
            Ok(_) if status == 404 => "not_found",
            Ok(_) => "ok",
            Err(error) => outcome(error),
        };
        metrics::counter!(CALLS, "account" => self.account.0.clone(), "outcome" => outcome).increment(1);
        result
    }

    async fn send(&self, request: RequestBuilder, now: Timestamp) -> Result<Reply, FetchError> {
        let mut response = request.send().await.map_err(unavailable)?;
        let status = response.status().as_u16();
        if status == 429 || status == 503 {
            let untold = self.untold_wait.filter(|_| status == 429);
            return Err(match retry_after(response.headers(), now).or(untold) {
                Some(asked) => {
                    let wait = asked.min(LONGEST_WAIT);
                    if asked > wait {
                        tracing::warn!(account = %self.account, ?asked, "the API asks to wait for longer than a day; it is asked again after one");
                    }
                    let until = now.plus(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
                    self.budget.lock().unwrap_or_else(PoisonError::into_inner).rest_until(until);
                    FetchError::Throttled(wait)
                }
                None => FetchError::Unavailable(format!("it answers {status} and doesn't say until when")),
            });
        }
        let date = header(response.headers(), &DATE).and_then(instant::from_http);
        let body = read_capped(&mut response).await?;
        Ok(Reply { status, date, body })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By hand: the HTTP client inside would show its proxy, and that may carry a password.
        f.debug_struct("Client").field("account", &self.account).finish_non_exhaustive()
    }
}

/// What the configuration says of a way out.
pub(super) struct Outbound<'a> {
    pub(super) proxy: Option<&'a str>,
    pub(super) ca_file: Option<&'a Path>,
    pub(super) needs_tls: bool,
}

/// The HTTP client of one way out; nothing is sent.
pub(super) fn build(outbound: &Outbound<'_>, timeout: Duration) -> Result<reqwest::Client, OpenError> {
    build_on(builder().timeout(timeout), outbound)
}

/// The same, begun otherwise.
pub(super) fn build_on(
    mut builder: reqwest::ClientBuilder,
    outbound: &Outbound<'_>,
) -> Result<reqwest::Client, OpenError> {
    if let Some(proxy) = outbound.proxy {
        let proxy = Proxy::all(proxy).map_err(|error| OpenError::Proxy(root_cause(&error)))?;
        builder = builder.proxy(proxy);
    }
    if let Some(path) = outbound.ca_file {
        builder = builder.tls_certs_merge(authority(path)?);
    } else if !outbound.needs_tls {
        // The system's roots are not even looked for, so that a machine without any can still run the demo.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| OpenError::Tls(root_cause(&error)))
}

/// The error's word among the outcomes that are counted.
fn outcome(error: &FetchError) -> &'static str {
    match error {
        FetchError::NotOurs => "forbidden",
        FetchError::Throttled(_) | FetchError::Full(_) => "throttled",
        FetchError::Refused(_) => "refused",
        FetchError::NoApi | FetchError::Unavailable(_) => "unavailable",
        FetchError::Unreadable(_) => "unreadable",
    }
}

/// What every way out begins with.
pub(super) fn builder() -> reqwest::ClientBuilder {
    install_crypto();
    reqwest::Client::builder()
        .user_agent(concat!("signboard/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        // A redirect would carry our credentials to an address that nobody configured.
        .redirect(redirect::Policy::none())
        .referer(false)
        // Only what the configuration says counts, not HTTP_PROXY of whoever started us.
        .no_proxy()
}

/// rustls is built without a default for its cryptography; ring, once, for the whole process.
fn install_crypto() {
    static ONCE: Once = Once::new();
    // An error means that somebody installed one before us, which is as good.
    ONCE.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

/// Whether one of these addresses is not plain HTTP.
pub(super) fn needs_tls<'a>(mut addresses: impl Iterator<Item = &'a str>) -> bool {
    let plain = |address: &str| address.get(..7).is_some_and(|it| it.eq_ignore_ascii_case("http://"));
    !addresses.all(plain)
}

fn addresses(api: &ApiConfig) -> impl Iterator<Item = &str> {
    let token_url = match &api.auth {
        ApiAuth::ApiKey { .. } | ApiAuth::Header { .. } | ApiAuth::Tyr { .. } => None,
        ApiAuth::Client { token_url, .. } | ApiAuth::OAuth2 { token_url, .. } => Some(token_url),
    };
    [Some(&api.base_url), token_url, api.proxy.as_ref()].into_iter().flatten().map(String::as_str)
}

pub(super) fn authority(path: &Path) -> Result<Vec<Certificate>, OpenError> {
    let failed = |cause: String| OpenError::CaFile { path: path.display().to_string(), cause };
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| failed(root_cause(&error)))?;
    if certificates.is_empty() {
        return Err(failed("there is no certificate in it".to_owned()));
    }
    Ok(certificates)
}

fn header<'a>(headers: &'a HeaderMap, name: &reqwest::header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Seconds, or a date (RFC 9110, section 10.2.3). A date that has passed tells nothing.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = header(headers, &RETRY_AFTER)?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let wait = instant::from_http(text)?.since(now);
    u64::try_from(wait).ok().filter(|wait| *wait > 0).map(Duration::from_millis)
}

async fn read_capped(response: &mut Response) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
        if body.len() + chunk.len() > ANSWER_CAP {
            return Err(FetchError::Unreadable("an answer of more than 16 MiB".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unavailable(error: reqwest::Error) -> FetchError {
    FetchError::Unavailable(sentence(&error, CALL_TIMEOUT))
}

/// Why no answer came; `timeout` is how long the whole call could take.
pub(super) fn sentence(error: &reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() && error.is_connect() {
        format!("no connection within {} s", CONNECT_TIMEOUT.as_secs())
    } else if error.is_timeout() {
        format!("no answer within {} s", timeout.as_secs())
    } else if error.is_connect() {
        format!("no connection: {}", root_cause(error))
    } else {
        format!("the call broke off: {}", root_cause(error))
    }
}

/// The innermost cause: the outer layers repeat the address, which may hold a package's id or a login.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = match error.source() {
        Some(source) => source,
        None => return "it can't be used".to_owned(),
    };
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use reqwest::header::HeaderValue;

    #[test]
    fn retry_after_is_seconds_or_a_date_to_come() {
        let now = Timestamp(784_111_777_000); // Sun, 06 Nov 1994 08:49:37 GMT
        for (text, wait) in [
            ("7", Some(7_000)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:49:39 GMT", Some(2_000)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", None),
            ("Sat, 05 Nov 1994 08:49:37 GMT", None),
            ("-1", None),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            assert_eq!(retry_after(&headers, now), wait.map(Duration::from_millis), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn what_cannot_be_used_is_told_at_once_and_without_secrets() {
        let open = |proxy: Option<&str>, ca_file: Option<&Path>| {
            let api = ApiConfig {
                base_url: "https://sandbox.example/api".to_owned(),
                auth: ApiAuth::ApiKey { key: Secret::new("k") },
                proxy: proxy.map(str::to_owned),
                ca_file: ca_file.map(Path::to_owned),
                cache: false,
            };
            Client::open(&AccountId("a".to_owned()), &api, 60).map(drop).map_err(|error| error.to_string())
        };
        let told = open(Some("http://user:hush@[::1"), None).unwrap_err();
        assert!(told.starts_with("the proxy can't be used: ") && !told.contains("hush"), "{told}");

        let file = tempfile::NamedTempFile::new().unwrap();
        let told = open(None, Some(file.path())).unwrap_err();
        assert!(told.ends_with("there is no certificate in it"), "{told}");
        let told = open(None, Some(Path::new("/nowhere/ca.pem"))).unwrap_err();
        assert!(told.starts_with("the certificate authority in /nowhere/ca.pem can't be used: "), "{told}");
    }

    #[test]
    fn a_client_shows_nothing_but_its_account() {
        let api = ApiConfig {
            base_url: "http://127.0.0.1:1".to_owned(),
            auth: ApiAuth::ApiKey { key: Secret::new("hush") },
            proxy: Some("http://user:hush@127.0.0.1:2".to_owned()),
            ca_file: None,
            cache: false,
        };
        let client = Client::open(&AccountId("a".to_owned()), &api, 60).unwrap();
        assert_eq!(format!("{client:?}"), "Client { account: AccountId(\"a\"), .. }");
    }
}
