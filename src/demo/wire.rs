//! The bytes of one callback, and how the providers write times. Key order follows what was captured from real accounts.

use jiff::Timestamp;
use serde::Serialize;

use super::legalesign;

/// A callback that a provider wants to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Whose it is: decides URL and header.
    pub account: String,
    /// The package, or the template.
    pub package: String,
    /// The event's name, as in the body.
    pub event: &'static str,
    /// When it happened, ms.
    pub at: i64,
    /// What is posted.
    pub body: Vec<u8>,
    /// Headers of this callback alone.
    pub headers: Vec<(&'static str, String)>,
    /// Not posted by itself: one entry of the next batch (Legalesign).
    pub entry: bool,
}

/// What is really posted: each account's entries of the same `every` milliseconds become one batch (Legalesign), told
/// when that time is over. All in the order of time.
#[must_use]
pub fn posts(callbacks: Vec<Callback>, every: i64) -> Vec<Callback> {
    let (mut entries, mut posts): (Vec<Callback>, Vec<Callback>) =
        callbacks.into_iter().partition(|callback| callback.entry);
    entries.sort_by(|one, other| (&one.account, one.at).cmp(&(&other.account, other.at)));
    let together = |one: &Callback, other: &Callback| {
        let window = |at: i64| at.div_euclid(every.max(1));
        one.account == other.account && window(one.at) == window(other.at)
    };
    posts.extend(entries.chunk_by(together).filter_map(|entries| {
        let account = &entries.first()?.account;
        Some(legalesign::wire::batch(account, entries))
    }));
    posts.sort_by_key(|callback| callback.at);
    posts
}

/// The words of a callback before they become bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) event: &'static str,
    /// The actor: a sender's or a signer's id.
    pub(super) user: &'a str,
    pub(super) package: &'a str,
    pub(super) message: Option<&'a str>,
    pub(super) document: Option<&'a str>,
    pub(super) new_role: Option<&'a str>,
    /// Phone and comment of a call for help.
    pub(super) help: Option<(&'a str, &'a str)>,
    pub(super) at: i64,
}

/// The body as posted.
pub(super) fn body(words: &Words<'_>) -> Vec<u8> {
    let (phone, comment) = words.help.unzip();
    let body = Body {
        class: "com.silanis.esl.packages.event.ESLProcessEvent",
        name: words.event,
        session_user: words.user,
        package_id: words.package,
        message: words.message,
        document_id: words.document,
        new_role_id: words.new_role,
        phone,
        comment,
        selected_support_business_hours: phone.map(|_| [OFFICE_HOURS]),
        created_date: millis(words.at),
    };
    // A struct of strings always serialises.
    serde_json::to_vec(&body).unwrap_or_default()
}

/// Milliseconds, as in callbacks: `2018-06-30T20:04:55.384Z`.
pub(super) fn millis(at: i64) -> String {
    format!("{:.3}", Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Cut to the second, as in REST: `2018-06-30T20:04:55Z`.
pub(super) fn seconds(at: i64) -> String {
    Timestamp::from_second(at.div_euclid(1000)).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// The `Date` header: `Sat, 30 Jun 2018 20:04:55 GMT`.
pub(super) fn http_date(at: i64) -> String {
    let at = Timestamp::from_second(at.div_euclid(1000)).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

const OFFICE_HOURS: &str = "Morning - 9AM to 12PM ((GMT 0:00) GMT)";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(rename = "@class")]
    class: &'static str,
    name: &'a str,
    session_user: &'a str,
    package_id: &'a str,
    message: Option<&'a str>,
    document_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_role_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    selected_support_business_hours: Option<[&'static str; 1]>,
    created_date: String,
}

#[cfg(test)]
mod tests {
    use super::{http_date, millis, seconds};

    #[test]
    fn times_are_written_the_providers_way() {
        let at = 1_530_389_095_999;
        assert_eq!(millis(at), "2018-06-30T20:04:55.999Z");
        assert_eq!(millis(at - 999), "2018-06-30T20:04:55.000Z");
        assert_eq!(seconds(at), "2018-06-30T20:04:55Z");
        assert_eq!(http_date(at), "Sat, 30 Jun 2018 20:04:55 GMT");
    }
}
