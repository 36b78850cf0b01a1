//! Addresses within the board: links to packages, and the ids of their rows in a page.
//!
//! A package id is any text, so nothing of it may reach a path or an attribute without being encoded.

pub use crate::model::link::at_provider;
use crate::model::{PackageId, PackageKey};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// `text` as one part of an address: a path segment, or a name or value in a query.
#[must_use]
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A package's page: `/packages/{account}/{id}`.
#[must_use]
pub fn package(key: &PackageKey) -> String {
    crate::model::link::package(key)
}

/// A package as JSON: `/api/v1/packages/{account}/{id}`.
#[must_use]
pub fn package_json(key: &PackageKey) -> String {
    format!("/api/v1{}", package(key))
}

/// The bytes that told a fact of a package: `/packages/{account}/{id}/payload/{arrival}`.
#[must_use]
pub fn payload(key: &PackageKey, arrival: i64) -> String {
    format!("{}/payload/{arrival}", package(key))
}

/// The bytes of an arrival that told of no package.
#[must_use]
pub fn stray_payload(arrival: i64) -> String {
    format!("/inbox/payload/{arrival}")
}

/// The package id that a decoded path segment of one of these links means.
#[must_use]
pub fn package_id(segment: &str) -> Option<PackageId> {
    PackageId::parse(if crate::model::link::is_guarded(segment) { &segment[1..] } else { segment })
}

/// The id of a package's row in a page: safe in HTML whatever the package is called.
#[must_use]
pub fn row_id(key: &PackageKey) -> String {
    // An account id holds no slash, so two different keys can't give the same text.
    let digest = Sha256::digest(key.to_string().as_bytes());
    let mut id = String::with_capacity(22);
    id.push_str("p-");
    for byte in digest.iter().take(10) {
        let _ = write!(id, "{byte:02x}");
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AccountId;
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    fn key(id: &str) -> PackageKey {
        PackageKey { account: AccountId("a".into()), package: PackageId::parse(id).expect("an id") }
    }

    fn linked(id: &str) -> String {
        package(&key(id)).strip_prefix("/packages/a/").expect("a link").to_owned()
    }

    fn read_back(link: &str) -> Option<PackageId> {
        package_id(&percent_decode_str(link).decode_utf8().expect("text"))
    }

    #[test]
    fn hostile_ids_stay_one_segment() {
        for (id, link) in [
            ("fbo=", "fbo%3D"),
            ("a/b?c#d%", "a%2Fb%3Fc%23d%25"),
            ("é\r\n", "%C3%A9%0D%0A"),
            ("\"><script>", "%22%3E%3Cscript%3E"),
            (".", "~."),
            ("..", "~.."),
            ("~..", "~~.."),
            ("...", "..."),
            ("~", "~"),
        ] {
            assert_eq!(linked(id), link, "{id:?}");
            assert_eq!(read_back(link), PackageId::parse(id), "{id:?}");
        }
    }

    proptest! {
        #[test]
        fn every_id_has_a_link_that_reads_back(id in "[~./a%é]{1,6}|.{1,40}") {
            prop_assume!(!id.contains('\0'));
            prop_assert_eq!(read_back(&linked(&id)), PackageId::parse(&id));
        }
    }

    #[test]
    fn a_row_id_is_plain_and_its_own() {
        let ids = [".", "..", "<b>", "\u{202e}"].map(|id| row_id(&key(id)));
        for id in &ids {
            assert!(id.strip_prefix("p-").is_some_and(|hex| hex.bytes().all(|it| it.is_ascii_hexdigit())));
            assert_eq!(ids.iter().filter(|it| *it == id).count(), 1);
        }
    }
}
