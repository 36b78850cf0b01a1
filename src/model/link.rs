//! Addresses of packages within the board. A package id is any text, so nothing of it reaches a path without being encoded.

use super::{AccountId, PackageId, PackageKey};
use std::fmt::Write as _;

/// A package's page: `/packages/{account}/{id}`.
#[must_use]
pub fn package(key: &PackageKey) -> String {
    let mut path = String::from("/packages/");
    encode(&key.account.0, &mut path);
    path.push('/');
    let id = key.package.as_str();
    if matches!(id, "." | "..") || is_guarded(id) {
        path.push('~');
    }
    encode(id, &mut path);
    path
}

/// A package's page at its provider, by the address that the configuration gives for it. `None`: an id that a browser would
/// take for a step up in the path.
#[must_use]
pub fn at_provider(address: &str, id: &PackageId) -> Option<String> {
    let id = id.as_str();
    if matches!(id, "." | "..") {
        return None;
    }
    let mut encoded = String::new();
    encode(id, &mut encoded);
    Some(address.replace("{id}", &encoded))
}

/// The page on which callbacks of an account are passed on: `/forwards/{account}`.
#[must_use]
pub fn forwards(account: &AccountId) -> String {
    let mut path = String::from("/forwards/");
    encode(&account.0, &mut path);
    path
}

/// A hook's page: `/hooks/{hook}`.
#[must_use]
pub fn hook(name: &str) -> String {
    let mut path = String::from("/hooks/");
    encode(name, &mut path);
    path
}

/// A browser takes `.` and `..` for steps in a path, even percent-encoded. A `~` in front keeps such an id whole; an id
/// that already looks like that gets one more, so that every id has a link of its own.
#[must_use]
pub fn is_guarded(text: &str) -> bool {
    text.starts_with('~') && matches!(text.trim_start_matches('~'), "." | "..")
}

/// Everything but the unreserved characters of RFC 3986.
fn encode(text: &str, path: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
}
