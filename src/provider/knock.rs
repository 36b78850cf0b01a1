//! A callback to ourselves, by the way that a provider's takes: over HTTP to the public address. Says what the way was
//! like; whether it was our door at its end, only whoever stands behind that door can tell.
//!
//! Nothing said here holds the address, which may end in a path token, or a header.

use super::client::{authority, builder, root_cause};
use super::{OpenError, Sample};
use crate::config::Secret;
use reqwest::header::{HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Url};
use std::error::Error;
use std::path::Path;
use std::time::Duration;

/// A provider would wait no longer, and neither would the person who looks on.
const LONGEST: Duration = Duration::from_secs(10);

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knocked {
    /// The host that was called.
    pub host: String,
    /// The HTTP status.
    pub status: u16,
    /// The host to which it leads elsewhere, if it does.
    pub elsewhere: Option<String>,
}

/// Sends it once; follows nothing and reads no answer's body.
///
/// # Errors
/// What was in the way, as a sentence without a full stop.
pub async fn knock(url: &Secret, ca_file: Option<&Path>, sample: Sample) -> Result<Knocked, String> {
    let url = Url::parse(url.expose()).map_err(|error| format!("the address can't be used: {error}"))?;
    let http = client(&url, ca_file).map_err(|error| error.to_string())?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let mut request = http.post(url).body(sample.body);
    for (name, value) in &sample.headers {
        let unusable = || format!("the header {name} holds something that can't be sent in one");
        let mut value = HeaderValue::from_bytes(value.expose().as_bytes()).map_err(|_| unusable())?;
        value.set_sensitive(true);
        request = request.header(HeaderName::try_from(name).map_err(|_| unusable())?, value);
    }
    let answer = request.send().await.map_err(|error| trouble(&error, &host))?;
    let location = answer.headers().get(LOCATION).and_then(|it| it.to_str().ok());
    // One without a host leads to another path of the same.
    let place = |location: &str| Url::parse(location).ok().and_then(|it| it.host_str().map(str::to_owned));
    let elsewhere = location.map(|it| place(it).unwrap_or_else(|| host.clone()));
    let elsewhere = elsewhere.filter(|_| answer.status().is_redirection());
    Ok(Knocked { host, status: answer.status().as_u16(), elsewhere })
}

fn client(url: &Url, ca_file: Option<&Path>) -> Result<Client, OpenError> {
    let builder = builder().timeout(LONGEST);
    let builder = match ca_file {
        Some(path) => builder.tls_certs_merge(authority(path)?),
        // The system's roots are not even looked for, so that a machine without any can try its own door.
        None if url.scheme() == "http" => builder.tls_certs_only([]),
        None => builder,
    };
    builder.build().map_err(|error| OpenError::Tls(root_cause(&error)))
}

/// Why no answer came: the usual reasons by their names.
fn trouble(error: &reqwest::Error, host: &str) -> String {
    let cause = root_cause(error);
    let mut layers = std::iter::successors(error.source(), |it| (*it).source()).map(ToString::to_string);
    if error.is_timeout() {
        format!("{host} gave no answer within {} s", LONGEST.as_secs())
    } else if layers.any(|it| it.contains("dns error")) {
        format!("the name {host} can't be found: {cause}")
    } else if cause.contains("certificate") {
        format!("{host} shows a certificate that can't be trusted: {cause}")
    } else if error.is_connect() {
        format!("{host} takes no connection: {cause}")
    } else {
        format!("the call to {host} broke off: {cause}")
    }
}
