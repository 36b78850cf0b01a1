//! Access to the REST side: raw API keys, and tokens against an account's id and key, with an end.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::faults::Faults;
use super::super::ids::Ids;

/// The tokens of one account.
#[derive(Debug)]
pub(super) struct Tokens {
    inner: Mutex<(Ids, VecDeque<Token>)>,
}

#[derive(Debug)]
struct Token {
    text: String,
    issued: i64,
    expires: i64,
}

/// Tokens beyond this many are forgotten, oldest first.
const MOST_TOKENS: usize = 64;

impl Tokens {
    pub(super) fn with_seed(seed: u64) -> Self {
        Self { inner: Mutex::new((Ids::with_seed(seed), VecDeque::new())) }
    }

    /// A new token that is good until `expires`.
    pub(super) fn issue(&self, now: i64, expires: i64) -> String {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let text = inner.0.document();
        if inner.1.len() >= MOST_TOKENS {
            inner.1.pop_front();
        }
        inner.1.push_back(Token { text: text.clone(), issued: now, expires });
        text
    }

    /// Whether the caller may come in: the key as it is after `Basic`, or a token that is still good after `Bearer`.
    pub(super) fn admit(&self, headers: &HeaderMap, key: &str, faults: &Faults, now: i64) -> bool {
        let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if let Some(basic) = value.strip_prefix("Basic ") {
            return basic == key;
        }
        value.strip_prefix("Bearer ").is_some_and(|bearer| self.is_good(bearer, faults, now))
    }

    /// Whether it was handed out and has not ended.
    pub(super) fn is_good(&self, text: &str, faults: &Faults, now: i64) -> bool {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let token = inner.1.iter().find(|token| token.text == text);
        token.is_some_and(|token| token.expires > now && !faults.token_void(token.issued))
    }
}

/// The secret in `Basic base64(client:secret)`.
pub(super) fn basic_secret(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let pair = String::from_utf8(STANDARD.decode(value.strip_prefix("Basic ")?).ok()?).ok()?;
    pair.split_once(':').map(|(_, secret)| secret.to_owned())
}
