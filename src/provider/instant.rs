//! Times as the providers write them, in bodies and in headers. Nothing here asks what time it is.

use crate::model::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// Below this a number of milliseconds lies before March 1973: no provider is that old, so it must be something else.
const EARLIEST_MS: i64 = 100_000_000_000;

/// Reads RFC 3339 with any fraction and any offset, cut to the millisecond. Without an offset it is no instant.
pub(super) fn from_text(text: &str) -> Option<Timestamp> {
    text.trim().parse::<jiff::Timestamp>().ok().map(|at| Timestamp(at.as_millisecond()))
}

/// Reads milliseconds since 1970, as OneSpan writes a few of its REST dates (`insertDate` of an attachment's file).
pub(super) fn from_number(millis: i64) -> Option<Timestamp> {
    (millis >= EARLIEST_MS && jiff::Timestamp::from_millisecond(millis).is_ok()).then_some(Timestamp(millis))
}

/// Reads the date of an HTTP header, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
pub(super) fn from_http(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text.trim()).ok().map(|at| Timestamp(at.as_millisecond()))
}

/// Writes whole seconds in UTC, such as `2018-01-01T12:30:00Z`; the fraction is cut off, and what lies outside of 1970
/// to 9999 is held at the edge.
pub(super) fn to_seconds(at: Timestamp) -> String {
    let held = jiff::Timestamp::from_millisecond(at.0.max(0)).unwrap_or(jiff::Timestamp::MAX);
    held.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_one_instant() {
        let expected = Some(Timestamp(1_717_412_564_907));
        for text in [
            "2024-06-03T11:02:44.907Z",
            "2024-06-03T11:02:44.907123Z",
            "2024-06-03T13:02:44.907+02:00",
            "2024-06-03T13:02:44.907+0200",
            "2024-06-03T11:02:44.907+0000",
            "2024-06-03t11:02:44.907z",
            "2024-06-03 11:02:44.907Z",
            " 2024-06-03T11:02:44.907Z ",
        ] {
            assert_eq!(from_text(text), expected, "{text}");
        }
        assert_eq!(from_text("2024-06-03T11:02:44Z"), Some(Timestamp(1_717_412_564_000)));
        assert_eq!(from_number(1_717_412_564_907), expected);
    }

    #[test]
    fn what_is_no_instant() {
        for text in
            ["", "yesterday", "2024-06-03", "2024-06-03T11:02:44", "2024-13-01T00:00:00Z", "1717412564907"]
        {
            assert_eq!(from_text(text), None, "{text}");
        }
        for number in [0, -1, 1_717_412_564, i64::MAX, i64::MIN] {
            assert_eq!(from_number(number), None, "{number}");
        }
    }

    #[test]
    fn http_dates_and_back() {
        let at = from_http("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(to_seconds(at.plus(999)), "1994-11-06T08:49:37Z");
        assert_eq!(from_http("soon"), None);
        assert_eq!(to_seconds(Timestamp(i64::MIN)), "1970-01-01T00:00:00Z");
        assert_eq!(to_seconds(Timestamp(i64::MAX)), "9999-12-30T22:00:00Z");
    }
}
