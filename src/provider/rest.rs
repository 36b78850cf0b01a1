//! What asking any REST API has in common: our credentials, what a status means, an id as a step in a path, JSON that may
//! be anything.

use super::client::{Client, Reply};
use super::credentials::{Credentials, OAuthStyle};
use super::{FetchError, OpenError};
use crate::config::ApiConfig;
use crate::model::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, AUTHORIZATION};
use reqwest::{Method, Url};
use serde::Deserialize;

/// What of an id may stand in a path as it is; `=` becomes `%3D`, as OneSpan wants it.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One account's REST API.
#[derive(Debug)]
pub(super) struct Rest {
    client: Client,
    credentials: Credentials,
    base: String,
    accept: &'static str,
}

impl Rest {
    /// Makes ready what lies under the configured address and this path below it; nothing is sent.
    ///
    /// # Errors
    /// What in the configuration can't be used.
    pub(super) fn open(
        client: Client,
        config: &ApiConfig,
        path: &str,
        accept: &'static str,
        style: OAuthStyle,
    ) -> Result<Self, OpenError> {
        let base = format!("{}{path}", config.base_url.trim_end_matches('/'));
        Url::parse(&base).map_err(|error| OpenError::BaseUrl(error.to_string()))?;
        Ok(Self { client, credentials: Credentials::open(&config.auth, style)?, base, accept })
    }

    /// The address of what lies at this path below the API's root.
    pub(super) fn address(&self, path: &str) -> Result<Url, FetchError> {
        Url::parse(&format!("{}{path}", self.base)).map_err(|error| FetchError::Unreadable(error.to_string()))
    }

    /// Asks with our credentials; `read` gets answers and 404s.
    pub(super) async fn get<T>(
        &self,
        url: Url,
        now: Timestamp,
        read: impl Fn(Reply) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        self.call(Method::GET, url, None, now, read).await
    }

    /// Sends JSON with our credentials, or nothing. A refused token is replaced once, since it may have been withdrawn
    /// early.
    pub(super) async fn call<T>(
        &self,
        method: Method,
        url: Url,
        body: Option<&serde_json::Value>,
        now: Timestamp,
        read: impl Fn(Reply) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        let mut is_first = true;
        loop {
            let header = self.credentials.header(&self.client, now).await?;
            let request = self.client.http().request(method.clone(), url.clone());
            let request = request.header(ACCEPT, self.accept).header(AUTHORIZATION, header.clone());
            let request = match body {
                Some(body) => request.json(body),
                None => request,
            };
            let result = self.client.call(request, now, |reply| judged(reply).and_then(&read)).await;
            let refused = matches!(result, Err(FetchError::Refused(_)));
            if !(refused && is_first && self.credentials.forget(&header).await) {
                return result;
            }
            is_first = false;
        }
    }
}

/// What a refusal means where a registration is read or changed: it is no package that we may not see.
pub(super) fn registering(error: FetchError) -> FetchError {
    match error {
        FetchError::NotOurs => FetchError::Refused(
            "our key may neither read nor change who is called (403); it takes one of an administrator"
                .to_owned(),
        ),
        other => other,
    }
}

/// The answer to a call that has nothing to do with a package: a 404 means that the address is wrong.
pub(super) fn there(reply: Reply) -> Result<Reply, FetchError> {
    match reply.status {
        404 => Err(FetchError::Unavailable("there is nothing at its address (404)".to_owned())),
        _ => Ok(reply),
    }
}

/// An id as one segment of a path.
pub(super) fn segment(id: &str) -> Result<String, FetchError> {
    // However they are escaped, these two are steps in a path and not names (WHATWG URL, "double-dot segment").
    if matches!(id, "." | "..") {
        return Err(FetchError::Unreadable("an id that can't stand in an address".to_owned()));
    }
    Ok(utf8_percent_encode(id, PLAIN).to_string())
}

/// Says where, but not with the parser's own words: they could repeat a piece of the body.
pub(super) fn read_json<'a, T: Deserialize<'a>>(body: &'a [u8], what: &str) -> Result<T, FetchError> {
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        FetchError::Unreadable(format!("no JSON of {what}, at line {line} column {column}"))
    })
}

/// Lets answers and 404s pass. A redirect is not followed, so it isn't one.
fn judged(reply: Reply) -> Result<Reply, FetchError> {
    match reply.status {
        200..=299 | 404 => Ok(reply),
        401 => Err(FetchError::Refused("it answers 401".to_owned())),
        403 => Err(FetchError::NotOurs),
        status @ 300..=399 => Err(FetchError::Unavailable(format!(
            "it answers {status}, a redirect, and those are not followed"
        ))),
        status => Err(FetchError::Unavailable(format!("it answers {status}"))),
    }
}
