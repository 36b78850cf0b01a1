//! Addresses of packages within the board.
//!
//! A package id is any text, so nothing of it may reach a path or an attribute without being encoded.

use crate::model::{PackageId, PackageKey};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

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
    format!("/packages/{}/{}", encode(&key.account.0), segment(key.package.as_str()))
}

/// The package id that a decoded path segment of one of these links means.
#[must_use]
pub fn package_id(segment: &str) -> Option<PackageId> {
    PackageId::parse(if is_guarded(segment) { &segment[1..] } else { segment })
}

/// A browser takes `.` and `..` for steps in a path, even percent-encoded. A `~` in front keeps such an id whole; an id
/// that already looks like that gets one more, so that every id has a link of its own.
fn segment(id: &str) -> String {
    if matches!(id, "." | "..") || is_guarded(id) { format!("~{}", encode(id)) } else { encode(id) }
}

fn is_guarded(text: &str) -> bool {
    text.starts_with('~') && matches!(text.trim_start_matches('~'), "." | "..")
}
