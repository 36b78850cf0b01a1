//! What came back from the identity provider: whether it can be believed, and why not in words.

use super::sign_in::{Client, IdpError};
use super::{SKEW_MS, WireError};
use crate::model::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreErrorResponseType, CoreIdToken, CoreJwsSigningAlgorithm};
use openidconnect::{ClaimsVerificationError, Nonce, RequestTokenError};
use serde_json::Value;

/// Signed by the provider's private key; what is signed with a secret that we share, or by nothing, is not.
const SIGNED_BY: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];
/// A token that was issued longer ago is none that was just asked for.
const OLDEST_MS: i64 = 24 * 60 * 60 * 1000;

/// It has published no address for them.
pub(super) const NO_TOKENS: IdpError = IdpError::Untrusted("it names no address for tokens");

pub(super) fn no_tokens(
    error: &RequestTokenError<WireError, openidconnect::StandardErrorResponse<CoreErrorResponseType>>,
) -> IdpError {
    match error {
        RequestTokenError::ServerResponse(said) if *said.error() == CoreErrorResponseType::InvalidGrant => {
            IdpError::No
        }
        RequestTokenError::ServerResponse(said) if *said.error() == CoreErrorResponseType::InvalidClient => {
            IdpError::Unreachable("it refuses this board's client-id or client-secret".to_owned())
        }
        RequestTokenError::ServerResponse(_) => IdpError::Unreachable("it gives no token".to_owned()),
        RequestTokenError::Request(why) => IdpError::Unreachable(why.to_string()),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            IdpError::Unreachable("it answers something else than tokens".to_owned())
        }
    }
}

/// The subject of an ID token that can be believed.
pub(super) fn check(
    client: &Client,
    token: &CoreIdToken,
    nonce: impl Fn(Option<&Nonce>) -> Result<(), String>,
    now: Timestamp,
) -> Result<String, ClaimsVerificationError> {
    let clock = |ms: i64| chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
    let verifier = client
        .id_token_verifier()
        .set_allowed_algs(SIGNED_BY)
        .set_time_fn(move || clock(now.0 - SKEW_MS))
        .set_issue_time_verifier_fn(move |at| {
            let age = now.0 - at.timestamp_millis();
            let fits = (-SKEW_MS..=OLDEST_MS).contains(&age);
            if fits { Ok(()) } else { Err("issued at another time".to_owned()) }
        });
    token.claims(&verifier, nonce).map(|claims| claims.subject().as_str().to_owned())
}

pub(super) fn words_of(why: &ClaimsVerificationError) -> &'static str {
    match why {
        ClaimsVerificationError::Expired(_) => "its token has expired, or one of the clocks is wrong",
        ClaimsVerificationError::InvalidAudience(_) => "its token is for somebody else",
        ClaimsVerificationError::InvalidIssuer(_) => "its token comes from somebody else",
        ClaimsVerificationError::InvalidNonce(_) => "its token belongs to another sign-in",
        ClaimsVerificationError::SignatureVerification(_) => "its token is not signed as it should be",
        _ => "its token is not as it should be",
    }
}

/// The claims of a token that was checked.
pub(super) fn payload(token: &CoreIdToken) -> Option<Value> {
    let text = token.to_string();
    let bytes = URL_SAFE_NO_PAD.decode(text.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

/// A claim by its name, or, where none is called so, what its dots lead to.
pub(super) fn at<'a>(claims: &'a Value, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| path.split('.').try_fold(claims, |value, key| value.get(key)))
}
