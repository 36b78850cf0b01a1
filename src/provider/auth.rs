//! Who sent a callback: compares what its headers carry with what the account's configuration expects.
//!
//! A pure function over headers. Secrets are compared in constant time, and every live secret is compared each
//! time. A refusal says what was wrong from a fixed stock of words; nothing that was sent or kept secret can be in it.
//!
//! Known quirks: OneSpan and Conga put the callback key raw behind the word `Basic`, neither base64 nor `user:password`
//! (reference B). Conga can also be given a user name and a password; what it then sends nobody has published, so the
//! raw pair is taken as well as its base64 form.

use super::issuer::keys::{Keys, Wrong};
use super::{Delivery, OpenError, Slot, Verdict, Verified};
use crate::config::{CallbackAuth, Secret};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What an adapter expects of callbacks; its secrets may change while the board runs.
#[derive(Debug)]
pub(super) struct Lock {
    auth: RwLock<Arc<CallbackAuth>>,
    /// The keys for tokens, if it expects any.
    keys: Option<Keys>,
}

impl Lock {
    /// # Errors
    /// The way to the keys can't be set up.
    pub(super) fn new(auth: &CallbackAuth) -> Result<Self, OpenError> {
        let keys = match auth {
            CallbackAuth::OAuth2 { issuer, audience, proxy, ca_file } => {
                let proxy = proxy.as_ref().map(Secret::expose);
                Some(Keys::open(issuer, audience, proxy, ca_file.as_deref())?)
            }
            _ => None,
        };
        Ok(Self { auth: RwLock::new(Arc::new(auth.clone())), keys })
    }

    /// The keys for tokens, if it expects any.
    pub(super) fn keys(&self) -> Option<&Keys> {
        self.keys.as_ref()
    }

    /// Says whether `delivery` carries what is expected.
    pub(super) fn check<'a>(&self, delivery: &'a Delivery) -> Verdict<'a> {
        match self.keys.as_ref().map(|keys| keys.check(delivery)) {
            None => check(&self.auth(), delivery),
            Some(Ok(())) => Verdict::Verified(Verified { body: &delivery.body }, Slot::Current),
            Some(Err(Wrong::Refused(why))) => Verdict::Refused(why.to_owned()),
            Some(Err(Wrong::Unsure(why))) => Verdict::Unsure(why.to_owned()),
        }
    }

    /// What counts now.
    pub(super) fn auth(&self) -> Arc<CallbackAuth> {
        Arc::clone(&self.auth.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on this counts.
    pub(super) fn change(&self, auth: &CallbackAuth) {
        *self.auth.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(auth.clone());
    }
}

/// The headers by which the provider would prove itself, with the newest secret.
pub(super) fn headers(auth: &CallbackAuth) -> Vec<(String, Secret)> {
    let authorization = |value: String| vec![("authorization".to_owned(), Secret::new(value))];
    let (secret, next) = match auth {
        CallbackAuth::Key { key, next } => (key, next),
        CallbackAuth::Basic { password, next, .. } => (password, next),
        CallbackAuth::Bearer { token, next } => (token, next),
        CallbackAuth::Headers(pairs) => {
            return pairs.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        }
        CallbackAuth::Signed { .. } | CallbackAuth::OAuth2 { .. } | CallbackAuth::None => return Vec::new(),
    };
    let secret = next.as_ref().unwrap_or(secret).expose();
    match auth {
        CallbackAuth::Basic { username, .. } => {
            authorization(format!("Basic {}", BASE64_STANDARD.encode(format!("{username}:{secret}"))))
        }
        CallbackAuth::Bearer { .. } => authorization(format!("Bearer {secret}")),
        _ => authorization(format!("Basic {secret}")),
    }
}

/// Says whether `delivery` carries what `auth` asks for, and in which of the two live secrets.
pub(super) fn check<'a>(auth: &CallbackAuth, delivery: &'a Delivery) -> Verdict<'a> {
    let found = match auth {
        CallbackAuth::Key { key, next } => key_sent(delivery, key, next.as_ref()),
        CallbackAuth::Basic { username, password, next } => {
            pair_sent(delivery, username, password, next.as_ref())
        }
        CallbackAuth::Bearer { token, next } => token_sent(delivery, token, next.as_ref()),
        CallbackAuth::Headers(expected) => headers_sent(delivery, expected),
        // Read by the one adapter whose provider signs.
        CallbackAuth::Signed { .. } => Err("this provider signs nothing".to_owned()),
        // Checked by keys, see `Lock::check`.
        CallbackAuth::OAuth2 { .. } => Err("the token can't be checked".to_owned()),
        CallbackAuth::None => Ok(Slot::Open),
    };
    match found {
        Ok(slot) => Verdict::Verified(Verified { body: &delivery.body }, slot),
        Err(why) => Verdict::Refused(why),
    }
}

fn key_sent(delivery: &Delivery, key: &Secret, next: Option<&Secret>) -> Result<Slot, String> {
    let given = credentials(delivery, "Basic", key, next)?;
    if let Some(slot) = slot_of(given, key, next) {
        return Ok(slot);
    }
    // The usual mistake of a proxy or of a test by hand: the key was treated as a name or as a password.
    let encoded = decoded(given).is_some_and(|plain| {
        let name = plain.strip_suffix(b":").unwrap_or(&plain);
        let password = plain.strip_prefix(b":").unwrap_or(&plain);
        slot_of(name, key, next).or(slot_of(password, key, next)).is_some()
    });
    Err(if encoded { "Basic, but base64" } else { "Basic, but the key is wrong" }.to_owned())
}

fn pair_sent(
    delivery: &Delivery,
    username: &str,
    password: &Secret,
    next: Option<&Secret>,
) -> Result<Slot, String> {
    let pair = |password: &Secret| Secret::new(format!("{username}:{}", password.expose()));
    let (current, next) = (pair(password), next.map(pair));
    let given = credentials(delivery, "Basic", &current, next.as_ref())?;
    let plain = decoded(given).unwrap_or_default();
    let (raw, encoded) = (slot_of(given, &current, next.as_ref()), slot_of(&plain, &current, next.as_ref()));
    raw.or(encoded).ok_or_else(|| "Basic, but the user name or the password is wrong".to_owned())
}

fn token_sent(delivery: &Delivery, token: &Secret, next: Option<&Secret>) -> Result<Slot, String> {
    let given = credentials(delivery, "Bearer", token, next)?;
    slot_of(given, token, next).ok_or_else(|| "Bearer, but the token is wrong".to_owned())
}

/// All of them are compared before any of them is spoken of.
fn headers_sent(delivery: &Delivery, expected: &BTreeMap<String, Secret>) -> Result<Slot, String> {
    let mut wrong = None;
    for (name, value) in expected {
        // An empty secret would let everybody in; the configuration refuses it, and so does this.
        let given = delivery.header(&name.to_ascii_lowercase()).filter(|value| !value.is_empty());
        let right = value.matches(given.unwrap_or_default().as_bytes());
        if given.is_none() {
            wrong.get_or_insert(format!("header {name} is missing"));
        } else if !right {
            wrong.get_or_insert(format!("header {name} is wrong"));
        }
    }
    // No pair at all would let everybody in; the configuration refuses it, and so does this.
    if expected.is_empty() {
        wrong = Some("no header is configured to be compared".to_owned());
    }
    wrong.map_or(Ok(Slot::Current), Err)
}

/// What follows the scheme in the Authorization header.
fn credentials<'a>(
    delivery: &'a Delivery,
    scheme: &str,
    current: &Secret,
    next: Option<&Secret>,
) -> Result<&'a [u8], String> {
    let header = delivery.header("authorization").ok_or("no Authorization header")?.trim();
    let Some((word, rest)) = header.split_once(char::is_whitespace) else {
        return Err(match known_scheme(header) {
            Some(known) if known.eq_ignore_ascii_case(scheme) => format!("{scheme}, but nothing after it"),
            Some(known) => format!("{known} instead of {scheme}"),
            None if header.is_empty() => "an empty Authorization header".to_owned(),
            None if slot_of(header.as_bytes(), current, next).is_some() => {
                format!("the secret without the word {scheme} before it")
            }
            None => format!("no {scheme} in the Authorization header"),
        });
    };
    if word.eq_ignore_ascii_case(scheme) {
        return Ok(rest.trim().as_bytes());
    }
    Err(match known_scheme(word) {
        Some(known) => format!("{known} instead of {scheme}"),
        None => format!("another scheme instead of {scheme}"),
    })
}

/// The names that a refusal may repeat; any other word could be part of a secret.
fn known_scheme(word: &str) -> Option<&'static str> {
    ["Basic", "Bearer", "Digest", "Negotiate"].into_iter().find(|known| known.eq_ignore_ascii_case(word))
}

/// Which secret `given` is. Both are compared, whatever the first comparison says.
fn slot_of(given: &[u8], current: &Secret, next: Option<&Secret>) -> Option<Slot> {
    let is_current = current.matches(given);
    let is_next = next.is_some_and(|secret| secret.matches(given));
    match (is_current, is_next) {
        (true, _) => Some(Slot::Current),
        (false, true) => Some(Slot::Next),
        (false, false) => None,
    }
}

/// The bytes behind a base64 text, padded or not.
fn decoded(given: &[u8]) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&STANDARD, lenient).decode(given).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use proptest::prelude::*;

    fn delivery(headers: &[(&str, &str)]) -> Delivery {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let received_at = Timestamp(0);
        Delivery { headers, body: b"{}".to_vec(), path_token: None, remote: String::new(), received_at }
    }

    /// "current", "next", "open", or the words of the refusal.
    fn told(auth: &CallbackAuth, headers: &[(&str, &str)]) -> String {
        match check(auth, &delivery(headers)) {
            Verdict::Verified(verified, slot) => {
                assert_eq!(verified.body(), b"{}");
                slot.word().to_owned()
            }
            Verdict::Unsure(why) => why,
            Verdict::Unsigned(_) => panic!("no callback of these providers can be signed"),
            Verdict::Refused(why) => why,
        }
    }

    fn key() -> CallbackAuth {
        CallbackAuth::Key { key: Secret::new("cb-key-7f3e91"), next: Some(Secret::new("cb-key-2")) }
    }

    #[test]
    fn a_key_is_raw_behind_basic() {
        let base64 = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        let table: [(&str, &str); 15] = [
            ("Basic cb-key-7f3e91", "current"),
            ("Basic cb-key-2", "next"),
            ("bAsIc   cb-key-7f3e91 ", "current"),
            (&base64("cb-key-7f3e91"), "Basic, but base64"),
            (&base64("cb-key-2:"), "Basic, but base64"),
            (&base64(":cb-key-2"), "Basic, but base64"),
            (&base64("cb-key-3"), "Basic, but the key is wrong"),
            ("Basic cb-key-7f3e9", "Basic, but the key is wrong"),
            ("Basic cb-key-7f3e911", "Basic, but the key is wrong"),
            ("Basic", "Basic, but nothing after it"),
            ("Bearer cb-key-7f3e91", "Bearer instead of Basic"),
            ("Hawk cb-key-7f3e91", "another scheme instead of Basic"),
            ("cb-key-2", "the secret without the word Basic before it"),
            ("cb-key-3", "no Basic in the Authorization header"),
            ("", "an empty Authorization header"),
        ];
        for (sent, expected) in table {
            assert_eq!(told(&key(), &[("authorization", sent)]), expected, "{sent:?}");
        }
        assert_eq!(told(&key(), &[("x-key", "cb-key-7f3e91")]), "no Authorization header");
    }

    #[test]
    fn a_pair_is_base64_or_raw() {
        let auth = CallbackAuth::Basic {
            username: "conga".to_owned(),
            password: Secret::new("s3:cret"),
            next: Some(Secret::new("newer")),
        };
        let wrong = "Basic, but the user name or the password is wrong";
        for (plain, expected) in [("conga:s3:cret", "current"), ("conga:newer", "next"), ("s3:cret", wrong)] {
            assert_eq!(told(&auth, &[("authorization", &format!("basic {plain}"))]), expected);
            let padded = BASE64_STANDARD.encode(plain);
            assert_eq!(told(&auth, &[("authorization", &format!("Basic {padded}"))]), expected);
            let bare = padded.trim_end_matches('=');
            assert_eq!(told(&auth, &[("authorization", &format!("Basic {bare}"))]), expected);
        }
    }

    #[test]
    fn a_token_stands_behind_bearer() {
        let auth = CallbackAuth::Bearer { token: Secret::new("t1"), next: None };
        for (sent, expected) in [
            ("Bearer t1", "current"),
            ("BEARER t1", "current"),
            ("Bearer t2", "Bearer, but the token is wrong"),
            ("Basic t1", "Basic instead of Bearer"),
        ] {
            assert_eq!(told(&auth, &[("authorization", sent)]), expected);
        }
    }

    #[test]
    fn every_configured_header_must_match() {
        let pairs = [("X-Key".to_owned(), Secret::new("one")), ("X-Other".to_owned(), Secret::new("two"))];
        let auth = CallbackAuth::Headers(pairs.into());
        assert_eq!(told(&auth, &[("x-key", "one"), ("x-other", "two")]), "current");
        assert_eq!(told(&auth, &[("x-key", "one")]), "header X-Other is missing");
        assert_eq!(told(&auth, &[("x-key", "one"), ("x-other", "no")]), "header X-Other is wrong");
        assert_eq!(told(&auth, &[("x-other", "two"), ("x-key", "")]), "header X-Key is missing");
        let none = CallbackAuth::Headers(BTreeMap::new());
        assert_eq!(told(&none, &[("x-key", "one")]), "no header is configured to be compared");
    }

    #[test]
    fn none_is_open_and_an_empty_secret_is_not() {
        assert_eq!(told(&CallbackAuth::None, &[]), "open");
        let empty = || Secret::new("");
        for auth in [
            CallbackAuth::Key { key: empty(), next: Some(empty()) },
            CallbackAuth::Bearer { token: empty(), next: Some(empty()) },
            CallbackAuth::Headers([("X-Key".to_owned(), empty())].into()),
        ] {
            for sent in ["Basic ", "Basic", "", "Basic Og==", "Bearer ", "Bearer"] {
                let told = told(&auth, &[("authorization", sent), ("x-key", "")]);
                assert!(!["current", "next"].contains(&told.as_str()), "{sent:?}");
            }
        }
    }

    proptest! {
        /// Whatever is sent, whatever is configured: none of it stands in a refusal.
        #[test]
        fn a_refusal_holds_nothing_of_what_was_sent_or_configured(
            configured in "[!-~]{6,20}",
            sent in "[!-~]{6,20}",
            scheme in prop_oneof![Just("Basic "), Just("Bearer "), Just("Hawk "), Just("")],
            how in 0..4,
        ) {
            let secret = || Secret::new(configured.clone());
            let auth = match how {
                0 => CallbackAuth::Key { key: secret(), next: None },
                1 => CallbackAuth::Basic { username: "user".to_owned(), password: secret(), next: None },
                2 => CallbackAuth::Bearer { token: secret(), next: Some(secret()) },
                _ => CallbackAuth::Headers([("X-Key".to_owned(), secret())].into()),
            };
            let header = format!("{scheme}{sent}");
            if let Verdict::Refused(why) =
                check(&auth, &delivery(&[("authorization", &header), ("x-key", &sent)]))
            {
                // A secret that is itself a piece of the stock of words can't be told from it.
                let stock = "another scheme instead of Authorization header Bearer password";
                prop_assert!(!why.contains(&sent) || stock.contains(&sent), "{why}");
                prop_assert!(!why.contains(&configured) || stock.contains(&configured), "{why}");
            }
        }
    }
}
