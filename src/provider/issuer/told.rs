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

/// A person is in so many groups at most, as far as we look.
const MOST_WORDS: usize = 2_000;

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

/// Whether a token was made for this client, if it says for which.
pub(super) fn is_for(claims: &Value, client: &str) -> bool {
    claims.get("azp").is_none_or(|it| it.as_str() == Some(client))
}

/// Whether the provider has verified that the mail address of this claim is theirs, if it says so. It says so of `email`
/// alone; some write the word as a text.
pub(super) fn is_verified(claims: &Value, claim: &str) -> Option<bool> {
    let same = at(claims, claim) == claims.get("email");
    match claims.get("email_verified").filter(|_| same)? {
        Value::Null => None,
        Value::Bool(verified) => Some(*verified),
        other => Some(other.as_str() == Some("true")),
    }
}

/// The words of the claim that decides on the role: one text, or a list of them.
pub(super) fn roles(claims: &Value, claim: &str) -> Vec<String> {
    match at(claims, claim) {
        Some(Value::String(word)) => vec![word.clone()],
        Some(Value::Array(all)) => {
            all.iter().take(MOST_WORDS).filter_map(|it| it.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    }
}

/// A claim by its name, or, where none is called so, what its dots lead to.
pub(super) fn at<'a>(claims: &'a Value, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| path.split('.').try_fold(claims, |value, key| value.get(key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_claim_is_found_by_its_name_and_by_the_dots_in_it() {
        let claims = json!({
            "groups": ["a", 7, { "name": "c" }, "b"],
            "role": "admin user",
            "https://example.com/roles": ["d"],
            "realm_access": { "roles": ["e"] },
            "odd": { "roles": true },
        });
        let table: [(&str, &[&str]); 8] = [
            ("groups", &["a", "b"]),
            // Never taken apart: a group may have a space in its name.
            ("role", &["admin user"]),
            ("https://example.com/roles", &["d"]),
            ("realm_access.roles", &["e"]),
            ("realm_access", &[]),
            ("odd.roles", &[]),
            ("groups.0", &[]),
            ("none", &[]),
        ];
        for (claim, words) in table {
            assert_eq!(roles(&claims, claim), words, "{claim}");
        }
        let many: Vec<String> = (0..MOST_WORDS + 1).map(|it| it.to_string()).collect();
        assert_eq!(roles(&json!({ "groups": many }), "groups").len(), MOST_WORDS);
    }

    #[test]
    fn what_is_verified_is_the_address_of_the_email_claim() {
        let of = |verified: Value, claim: &str| {
            let claims = json!({ "email": "a@x", "upn": "b@x", "same": "a@x", "email_verified": verified });
            is_verified(&claims, claim)
        };
        for (said, known) in [
            (json!(true), Some(true)),
            (json!("true"), Some(true)),
            (json!(false), Some(false)),
            (json!("false"), Some(false)),
            (json!(1), Some(false)),
            (Value::Null, None),
        ] {
            assert_eq!(of(said.clone(), "email"), known, "{said}");
            assert_eq!(of(said.clone(), "same"), known, "{said}");
            assert_eq!(of(said.clone(), "upn"), None, "{said}: nothing is said of another address");
        }
        assert_eq!(is_verified(&json!({ "email": "a@x" }), "email"), None);
    }
}
