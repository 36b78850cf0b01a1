//! Secrets that this board gives out: random, told once, kept as a hash.

use crate::app::StoreError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};

/// A secret that was just made. It never prints.
#[derive(Clone)]
pub struct NewSecret(String);

impl NewSecret {
    /// 32 random bytes behind a beginning that says what it is for.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn make(prefix: &str) -> Result<Self, StoreError> {
        let mut bytes = [0; 32];
        let random = SystemRandom::new().fill(&mut bytes);
        random.map_err(|_| StoreError::Folder("the system gives no random numbers".to_owned()))?;
        Ok(Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// The secret itself, for whoever it is given to.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        hash_of(&self.0)
    }
}

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewSecret(…)")
    }
}

/// What is kept of a secret. It is random and long, so that nothing slower is needed, and looking it up by its hash tells
/// nothing of it by the time that takes.
#[must_use]
pub fn hash_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}
