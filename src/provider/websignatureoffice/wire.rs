//! WebSignatureOffice's callback bodies: bytes in, facts or one sentence out (state.md rules 2 and 21). Pure; the
//! sender was looked at before.
//!
//! Known quirks: nothing tells when it happened or who the people are, so every fact is untimed. A real repeat looks
//! like a body that was delivered twice, and is taken for one. The documentation lists a `status` among the fields of
//! STATUS_CHANGE and has none in its example; should it come, it is read like `to`.
//!
//! Only an event's name and the document's id are needed. The fingerprint covers every field, read or not, so whatever
//! the reader learns later changes no fact's identity; and a field of a shape that makes no sense leaves an event that is
//! shown and changes nothing, instead of a body in quarantine.

use super::body::Body;
use crate::model::standing::Words;
use crate::model::{AccountId, Event, Missed, PackageId, Step};
use crate::provider::{About, Parked, Report, fingerprint};

/// A word of the provider longer than this is not repeated in a fact's name.
const MAX_WORD: usize = 32;

/// What the callbacks are called that tell what the web service states: the status alone.
pub(super) const WORDS: Words = &[
    (Missed::Sent, "", STATUS_CHANGE),
    (Missed::Completed, "", STATUS_CHANGE),
    (Missed::Failed, "", STATUS_CHANGE),
];
const STATUS_CHANGE: &str = "STATUS_CHANGE";

/// Reads the facts that a body tells: one, or two if it names both ends.
pub(super) fn read(account: &AccountId, bytes: &[u8]) -> Vec<Result<Report, Parked>> {
    match told(account, bytes) {
        Ok(reports) => reports.into_iter().map(Ok).collect(),
        Err(parked) => vec![Err(parked)],
    }
}

/// A body as the provider writes it, about a document of this id, which is out of plain characters.
pub(super) fn sample(id: &str) -> Vec<u8> {
    format!(r#"{{"from":"1","to":"2","event":"STATUS_CHANGE","document_id":"{id}"}}"#).into_bytes()
}

fn told(account: &AccountId, bytes: &[u8]) -> Result<Vec<Report>, Parked> {
    let body = Body::read(bytes)?;
    let name = body.required("event")?;
    let document = body.required("document_id")?;
    let package = PackageId::parse(document)
        .ok_or_else(|| Parked("`document_id` can't be the id of a package".to_owned()))?;
    let mut parts = vec![Some(account.0.as_str())];
    parts.extend(body.fields().flat_map(|(key, text)| [Some(key), Some(text)]));
    let mut reports = Vec::with_capacity(1);
    for event in events(name, &body) {
        reports.push(Report {
            about: About::Package(package.clone()),
            event,
            who: body.text("user_id").map(str::to_owned),
            name: worded(name, &body),
            happened_at: None,
            fingerprint: fingerprint(&parts),
        });
        // The second fact of the same body is a fact of its own.
        parts.push(None);
    }
    Ok(reports)
}

/// What an event means, by its name; at least one fact.
fn events(name: &str, body: &Body) -> Vec<Event> {
    let event = match name {
        STATUS_CHANGE => return status_changes(body),
        "USER_FINISH" => match body.text("fields_signed").map(|text| text.trim().parse::<u64>()) {
            Some(Ok(0)) => Event::Stands(Step::FinishedUnsigned),
            // How many there are, the field events say; this one says that the user is through.
            Some(_) | None => Event::SignerCompleted,
        },
        "FIELD_SIGNED_OR_REJECTED" => match (body.text("field_id"), body.text("field_status")) {
            (Some(field), Some("signed")) => Event::Field { field: field.to_owned(), rejected: false },
            (Some(field), Some("rejected")) => Event::Field { field: field.to_owned(), rejected: true },
            _ => Event::Mentioned,
        },
        "RENDER_RETURN" => match body.text("status") {
            Some("success") => Event::Rendered { failed: false },
            Some("error") => Event::Rendered { failed: true },
            _ => Event::Mentioned,
        },
        _ => Event::Mentioned,
    };
    vec![event]
}

/// Rule 21: the furthest status that is told, wherever it stands; both ends are two facts, and make a doubt.
fn status_changes(body: &Body) -> Vec<Event> {
    let codes = ["from", "to", "status"].map(|key| body.text(key).map(str::trim));
    let tells = |code: &str| codes.contains(&Some(code));
    match (tells("3"), tells("4")) {
        (true, true) => vec![Event::Completed, Event::Failed],
        (true, false) => vec![Event::Completed],
        (false, true) => vec![Event::Failed],
        (false, false) if tells("1") || tells("2") => vec![Event::Sent],
        (false, false) => vec![Event::Mentioned],
    }
}

/// The event's name and the word or the codes that came with it: what nobody has a meaning for is read there.
fn worded(name: &str, body: &Body) -> String {
    let word = |key| {
        let short = |text: &&str| text.chars().count() <= MAX_WORD && !text.contains(char::is_control);
        body.text(key).filter(short)
    };
    let (from, to) = (word("from"), word("to"));
    let words = match name {
        STATUS_CHANGE => from.zip(to).map(|(from, to)| format!("{from} to {to}")),
        "FIELD_SIGNED_OR_REJECTED" => word("field_status").map(str::to_owned),
        "RENDER_RETURN" => word("status").map(str::to_owned),
        _ => None,
    };
    words.map_or_else(|| name.to_owned(), |words| format!("{name} {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> Vec<Report> {
        let read = read(&AccountId("webso".to_owned()), body.as_bytes());
        read.into_iter().map(|it| it.unwrap_or_else(|parked| panic!("{body}: {parked}"))).collect()
    }

    fn events(fields: &str) -> Vec<Event> {
        told(&format!(r#"{{"document_id":"1",{fields}}}"#)).into_iter().map(|it| it.event).collect()
    }

    fn parked(body: &str) -> String {
        read(&AccountId("webso".to_owned()), body.as_bytes()).remove(0).expect_err(body).0
    }

    #[test]
    fn the_furthest_code_counts_wherever_it_stands() {
        let changed =
            |from: &str, to: &str| events(&format!(r#""event":"STATUS_CHANGE","from":{from},"to":{to}"#));
        for (from, to, expected) in [
            ("\"1\"", "\"2\"", vec![Event::Sent]),
            ("\"2\"", "\"1\"", vec![Event::Sent]),
            ("1", "3", vec![Event::Completed]),
            ("3", "1", vec![Event::Completed]),
            ("2", "\" 4 \"", vec![Event::Failed]),
            ("3", "4", vec![Event::Completed, Event::Failed]),
            ("4", "3", vec![Event::Completed, Event::Failed]),
            ("1", "7", vec![Event::Sent]),
            ("7", "\"x\"", vec![Event::Mentioned]),
            ("null", "[3]", vec![Event::Mentioned]),
            ("\"03\"", "3.0", vec![Event::Mentioned]),
        ] {
            assert_eq!(changed(from, to), expected, "{from} to {to}");
        }
        assert_eq!(events(r#""event":"STATUS_CHANGE","status":"3""#), [Event::Completed]);
        assert_eq!(events(r#""event":"STATUS_CHANGE""#), [Event::Mentioned]);
    }

    #[test]
    fn two_facts_of_one_body_are_two() {
        let reports = told(r#"{"event":"STATUS_CHANGE","document_id":"1","from":"3","to":"4"}"#);
        assert_ne!(reports[0].fingerprint, reports[1].fingerprint);
        assert_eq!((&reports[0].about, &reports[0].name), (&reports[1].about, &reports[1].name));
    }

    #[test]
    fn a_user_who_signed_nothing_is_through() {
        for (count, step) in [
            ("\"0\"", true),
            ("0", true),
            ("\"00\"", true),
            ("\"2\"", false),
            ("\"x\"", false),
            ("null", false),
        ] {
            let event = events(&format!(r#""event":"USER_FINISH","user_id":"88","fields_signed":{count}"#));
            let expected = if step { Event::Stands(Step::FinishedUnsigned) } else { Event::SignerCompleted };
            assert_eq!(event, [expected], "{count}");
        }
    }

    #[test]
    fn what_has_no_meaning_is_mentioned_under_its_words() {
        for (fields, name) in [
            (
                r#""event":"FIELD_SIGNED_OR_REJECTED","field_id":"12","field_status":"skipped""#,
                "FIELD_SIGNED_OR_REJECTED skipped",
            ),
            (
                r#""event":"FIELD_SIGNED_OR_REJECTED","field_status":"signed""#,
                "FIELD_SIGNED_OR_REJECTED signed",
            ),
            (
                r#""event":"FIELD_SIGNED_OR_REJECTED","field_id":["12"],"field_status":"signed""#,
                "FIELD_SIGNED_OR_REJECTED signed",
            ),
            (r#""event":"RENDER_RETURN","status":"pending""#, "RENDER_RETURN pending"),
            (r#""event":"RENDER_RETURN","status":3"#, "RENDER_RETURN 3"),
            (r#""event":"RENDER_RETURN""#, "RENDER_RETURN"),
            (r#""event":"STATUS_CHANGE","from":"1","to":"7""#, "STATUS_CHANGE 1 to 7"),
            (r#""event":"ENVELOPE_SEALED","from":"1","to":"3","status":"error""#, "ENVELOPE_SEALED"),
            (r#""event":"status_change","from":"1","to":"3""#, "status_change"),
            (r#""event":"RENDER_RETURN","status":"a\nb""#, "RENDER_RETURN"),
        ] {
            let report = told(&format!(r#"{{"document_id":"1",{fields}}}"#)).remove(0);
            assert_eq!(report.name, name);
            let known = name == "STATUS_CHANGE 1 to 7";
            assert_eq!(report.event, if known { Event::Sent } else { Event::Mentioned }, "{fields}");
        }
    }

    #[test]
    fn one_fact_however_it_is_written() {
        let base = told(r#"{"from":"1","to":"2","event":"STATUS_CHANGE","document_id":"41207"}"#);
        for body in [
            r#"{"document_id":41207,"event":"STATUS_CHANGE","to":2,"from":1}"#,
            r#"{event:STATUS_CHANGE, document_id:41207, to:2, from:1}"#,
            r#"{"document_id":"41207","event":"STATUS_CHANGE","to":"2","from":"1","user_id":null,"x":""}"#,
            r#"{"document_id":"41207","event":"STATUS\u005fCHANGE","to":"2","from":"1","to":"2"}"#,
        ] {
            assert_eq!(told(body), base, "{body}");
        }
    }

    #[test]
    fn every_field_tells_facts_apart() {
        let base = r#"{"event":"USER_FINISH","document_id":"7","user_id":"88","fields_signed":"2"}"#;
        let print = |body: &str| told(body).remove(0).fingerprint;
        for (from, to) in [
            ("USER_FINISH", "USER_FINISHED"),
            (r#""7""#, r#""007""#),
            (r#""7""#, r#""8""#),
            (r#""88""#, r#""89""#),
            (r#""88""#, "[88]"),
            (r#""2""#, r#""3""#),
            (r#""2"}"#, r#""2","page":1}"#),
            (r#""2"}"#, r#""2","page":[1]}"#),
        ] {
            assert_ne!(print(base), print(&base.replace(from, to)), "{from} became {to}");
        }
        let elsewhere = read(&AccountId("other".to_owned()), base.as_bytes()).remove(0).unwrap();
        assert_ne!(print(base), elsewhere.fingerprint);
    }

    /// Fingerprints lie in databases: whoever changes what they are made of doubles every fact that comes again.
    #[test]
    fn a_fingerprint_never_changes() {
        let report = told(r#"{"from":"1","to":"2","event":"STATUS_CHANGE","document_id":"41207"}"#).remove(0);
        assert_eq!(report.fingerprint.to_string(), "6a6cfa2a62fa7141404a90b39ea037a4");
    }

    #[test]
    fn what_can_be_no_fact_is_parked_with_a_reason() {
        let long = "9".repeat(256);
        for (body, reason) in [
            (r#"{"event":"STATUS_CHANGE","from":"1","to":"2"}"#.to_owned(), "`document_id` is missing"),
            (r#"{"event":"X","document_id":null}"#.to_owned(), "`document_id` is missing"),
            (r#"{"event":"X","document_id":""}"#.to_owned(), "`document_id` is missing"),
            (r#"{"event":"X","document_id":["1"]}"#.to_owned(), "`document_id` is no text"),
            (r#"{"event":"X","document_id":true}"#.to_owned(), "`document_id` is no text"),
            (r#"{"event":"X","document_id":"\ud800"}"#.to_owned(), "`document_id` is no text"),
            (r#"{"event":"X","document_id":"a\u0000"}"#.to_owned(), "`document_id` holds a NUL"),
            (
                format!(r#"{{"event":"X","document_id":"{long}"}}"#),
                "`document_id` is longer than 255 characters",
            ),
            (format!(r#"{{"event":"{long}","document_id":"1"}}"#), "`event` is longer than 255 characters"),
            (r#"{"from":"1","to":"2","document_id":"1"}"#.to_owned(), "`event` is missing"),
            (r#"{"event":{},"document_id":"1"}"#.to_owned(), "`event` is no text"),
        ] {
            assert_eq!(parked(&body), reason, "{body}");
        }
        assert_eq!(told(r#"{"event":"X","document_id":" 007"}"#).len(), 1);
    }
}
