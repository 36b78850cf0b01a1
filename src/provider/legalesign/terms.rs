//! Ids, codes, times and texts as Legalesign writes them, in callbacks and in its REST answers alike.

use crate::model::standing::Words;
use crate::model::{Missed, Step, Timestamp};
use crate::provider::instant;

/// The longest text for people that is taken from a callback; the raw body keeps the rest.
const MOST_CHARS: usize = 4_000;

/// What a URI names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Document,
    Signer,
}

impl Kind {
    /// The word in a path; the vendor's own pages write it in the singular and in the plural.
    fn from_word(word: &str) -> Option<Self> {
        match word {
            "document" | "documents" => Some(Self::Document),
            "signer" | "signers" => Some(Self::Signer),
            _ => None,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Signer => "signer",
        }
    }
}

/// The kind and the bare id behind `/api/v1/signer/<uuid>/`, with a host before it or without.
pub(super) fn resource(uri: &str) -> Result<(Kind, String), String> {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    let mut segments = path.rsplit('/').map(str::trim).filter(|it| !it.is_empty());
    match (segments.next(), segments.next()) {
        (Some(id), Some(word)) => match Kind::from_word(word) {
            Some(kind) => Ok((kind, bare(id))),
            None => Err(format!("it names a `{}`, and only documents and signers are known", brief(word))),
        },
        _ => Err("it names neither a document nor a signer".to_owned()),
    }
}

/// The last segment of a URI, or the whole of what is none: a group's slug from `/api/v1/group/<slug>/`, an id from either
/// spelling.
pub(super) fn last_segment(uri: &str) -> Option<&str> {
    uri.rsplit('/').map(str::trim).find(|it| !it.is_empty())
}

/// An id in one spelling: a UUID means the same in capitals.
pub(super) fn bare(id: &str) -> String {
    let is_uuid = id.len() == 36 && id.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-');
    if is_uuid { id.to_ascii_lowercase() } else { id.to_owned() }
}

/// Rule 19: the codes of signers but 60, which is a refusal.
pub(super) fn step(code: i64) -> Option<Step> {
    Some(match code {
        4 => Step::Unsent,
        5 => Step::Scheduled,
        10 => Step::Sent,
        15 => Step::MailOpened,
        20 => Step::Visited,
        30 => Step::Filled,
        35 => Step::FilledButSignature,
        39 => Step::AwaitsWitness,
        40 => Step::Signed,
        50 => Step::Downloaded,
        _ => return None,
    })
}

/// What the entries of the batch are called of which answers of the API show whether they came: the words under which
/// they stand in a timeline. That a document was deleted for good, nothing tells.
pub(super) const WORDS: Words = &[
    (Missed::Created, "", "document status 10"),
    // That it went out, its first signer's code says.
    (Missed::Sent, "", "signer status 10"),
    (Missed::Completed, "", "document status 30"),
    (Missed::Cancelled, "", "document status 40"),
    (Missed::Declined, "", "document status 50"),
    (Missed::Stands, "unsent", "signer status 4"),
    (Missed::Stands, "scheduled", "signer status 5"),
    (Missed::Stands, "sent", "signer status 10"),
    (Missed::Stands, "mail_opened", "signer status 15"),
    (Missed::Stands, "visited", "signer status 20"),
    (Missed::Stands, "filled", "signer status 30"),
    (Missed::Stands, "filled_but_signature", "signer status 35"),
    (Missed::Stands, "awaits_witness", "signer status 39"),
    (Missed::Stands, "signed", "signer status 40"),
    (Missed::Stands, "downloaded", "signer status 50"),
    (Missed::Refused, "", "signer status 60"),
];

/// The code of a signer who refused.
pub(super) const REFUSED: i64 = 60;

/// The code of a document that everybody signed.
pub(super) const COMPLETED: i64 = 30;

/// Reads a time. Legalesign writes `2025-03-20T07:09:52` and says of no zone what it is (reference A2); UTC is the working
/// guess, and here alone is it made. A zone that is written is taken; so are seconds since 1970, as the realtime kind sends
/// them.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return instant::from_number(number).or_else(|| instant::from_number(number.checked_mul(1_000)?));
    }
    // A bare date is no instant, though a reader of dates would take midnight for it.
    instant::from_text(text)
        .or_else(|| instant::from_text(&format!("{text}Z")).filter(|_| text.contains(':')))
}

/// The customer's own words for a document: its tags, as far as there are any.
pub(super) fn reference<'a>(tags: impl IntoIterator<Item = Option<&'a str>>) -> Option<String> {
    let tags: Vec<String> = tags.into_iter().filter_map(prose).collect();
    (!tags.is_empty()).then(|| tags.join(" · "))
}

/// A text for people: without NULs, without blanks around it, of a length that a page can bear; "" is nothing.
pub(super) fn prose(text: Option<&str>) -> Option<String> {
    let text = text?.trim();
    (!text.is_empty()).then(|| text.replace('\0', "\u{fffd}").chars().take(MOST_CHARS).collect())
}

/// As much of a word from outside as a sentence or a display name may repeat.
pub(super) fn brief(word: &str) -> String {
    let plain = word.chars().map(|it| if it.is_control() { '\u{fffd}' } else { it });
    plain.take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_uri_are_one_resource() {
        let id = "d7553d92-11c5-5346-b350-8eccd3aadece";
        for uri in [
            "/api/v1/signer/d7553d92-11c5-5346-b350-8eccd3aadece/",
            "/api/v1/signers/d7553d92-11c5-5346-b350-8eccd3aadece",
            "https://eu-api.legalesign.com/api/v1/signer/D7553D92-11C5-5346-B350-8ECCD3AADECE/?x=/document/1/",
            "signer/d7553d92-11c5-5346-b350-8eccd3aadece",
        ] {
            assert_eq!(resource(uri), Ok((Kind::Signer, id.to_owned())), "{uri}");
        }
        assert_eq!(resource("/api/v1/documents/Ab/"), Ok((Kind::Document, "Ab".to_owned())));
        assert_eq!(
            resource("/api/v1/template/7/").unwrap_err(),
            "it names a `template`, and only documents and signers are known"
        );
        for uri in ["", "/", id, "/document/"] {
            assert!(resource(uri).is_err(), "{uri}");
        }
        assert_eq!(last_segment("/api/v1/group/lettings-team/"), Some("lettings-team"));
        assert_eq!(last_segment("lettings-team"), Some("lettings-team"));
        assert_eq!(last_segment("//"), None);
    }

    #[test]
    fn a_time_without_a_zone_is_utc() {
        let at = Some(Timestamp(1_742_454_592_000));
        for text in [
            "2025-03-20T07:09:52",
            "2025-03-20 07:09:52",
            "2025-03-20T07:09:52.000",
            "2025-03-20T07:09:52Z",
            "2025-03-20T08:09:52+01:00",
            " 1742454592 ",
            "1742454592000",
        ] {
            assert_eq!(moment(text), at, "{text}");
        }
        for text in ["", "2025-03-20", "20 March", "0", "-5", "99999999999999999999", "9223372036854775807"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn texts_for_people() {
        assert_eq!(reference([Some("a"), None, Some(" "), Some("b")]).as_deref(), Some("a · b"));
        assert_eq!(reference([None, Some("")]), None);
        assert_eq!(prose(Some(" a\0b ")).as_deref(), Some("a\u{fffd}b"));
        assert_eq!(prose(Some(&"é".repeat(9_000))).map(|it| it.chars().count()), Some(MOST_CHARS));
        assert_eq!(brief(&format!("a\n{}", "b".repeat(99))).chars().count(), 60);
    }
}
