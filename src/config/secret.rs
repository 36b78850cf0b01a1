//! A value that must not be seen: no Display, no Serialize, no `==`.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A key, password or token.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret; reading a configuration only makes non-empty ones.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Secret {
        Secret(secret.into())
    }

    /// The secret itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `given` is this secret. The time it takes tells nothing about the secret.
    #[must_use]
    pub fn matches(&self, given: &[u8]) -> bool {
        // Digests are of one length, so that not even the secret's length shows in the comparison.
        Sha256::digest(self.0.as_bytes()).as_slice().ct_eq(Sha256::digest(given).as_slice()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
