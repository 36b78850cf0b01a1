//! OneSpan's callback bodies, and Conga's, which are the same: bytes in, one fact or one sentence out. Pure; the
//! sender was looked at before.
//!
//! What each name means comes from the reference, A.2; the spellings from A.3; the fields (`body`) from A.1.
//!
//! A body whose *shape* is wrong (a list where an id should be, a NUL, no package) is parked whole, and never taken
//! with that field left out: the fact would then change its fingerprint once the reader learns to read it, and replay
//! would tell it twice. Two things are looser. A `createdDate` that can't be read leaves the fact untimed: a decline
//! must not stay unseen for the spelling of a date, rule 4 holds untimed facts to raising only, and the text itself goes
//! into the fingerprint, so that two such facts stay two. And a `message` that a sender cut in the middle of a
//! character is repaired: it is read by people only.

use super::CONSENT;
use super::body::{Body, Created};
use crate::model::standing::Words;
use crate::model::{AccountId, Bounce, Event, Missed, PackageId, Timestamp};
use crate::provider::{About, Parked, Report, fingerprint, instant};
use std::borrow::Cow;

/// The longest id or event name that is taken: one more than the providers document (reference A.1).
const MAX_CHARS: usize = 256;

/// What the callbacks are called of which answers of the API show whether they came.
pub(super) const WORDS: Words = &[
    (Missed::Created, "", "PACKAGE_CREATE"),
    (Missed::Sent, "", "PACKAGE_ACTIVATE"),
    (Missed::Recalled, "", "PACKAGE_DEACTIVATE"),
    (Missed::Completed, "", "PACKAGE_COMPLETE"),
    (Missed::Declined, "", "PACKAGE_DECLINE"),
    (Missed::OptedOut, "", "PACKAGE_OPT_OUT"),
    (Missed::Expired, "", "PACKAGE_EXPIRE"),
    (Missed::Archived, "", "PACKAGE_ARCHIVE"),
    (Missed::Trashed, "", "PACKAGE_TRASH"),
    (Missed::Restored, "", "PACKAGE_RESTORE"),
    (Missed::Deleted, "", "PACKAGE_DELETE"),
    (Missed::DocumentSigned, "", "DOCUMENT_SIGNED"),
    (Missed::SignerCompleted, "", "SIGNER_COMPLETE"),
    (Missed::Locked, "", "SIGNER_LOCKED"),
    (Missed::IdentityFailed, "", "KBA_FAILURE"),
];

/// Reads the one fact that a body tells.
pub(in crate::provider) fn read(account: &AccountId, body: &[u8]) -> Result<Report, Parked> {
    let mut body = Body::read(body)?;
    let name = body.take_name().ok_or_else(|| parked("no event name: `name` is missing"))?;
    let package = body.package.ok_or_else(|| parked("no package: `packageId` is missing"))?;
    for (key, text) in [
        ("name", Some(&name)),
        ("packageId", Some(&package)),
        ("sessionUser", body.user.as_ref()),
        ("documentId", body.document.as_ref()),
        ("newRoleId", body.new_role.as_ref()),
    ] {
        hold_within_bounds(key, text)?;
    }
    if body.message.as_ref().is_some_and(|text| text.contains('\0')) {
        return Err(parked("`message` holds a NUL"));
    }
    let id = PackageId::parse(&package).ok_or_else(|| parked("`packageId` is longer than 255 characters"))?;

    let canonical = canonical(&name);
    let happened_at = body.created.as_ref().and_then(Created::instant);
    let time = body.created.as_ref().map(Created::identity);
    let fingerprint = fingerprint(&[
        Some(&account.0),
        Some(&package),
        Some(canonical),
        body.user.as_deref(),
        body.document.as_deref(),
        body.message.as_deref(),
        body.new_role.as_deref(),
        time.as_deref(),
    ]);
    let event = event(canonical, body.document, body.message, body.new_role);
    let who = body.user.map(Cow::into_owned);
    Ok(Report { about: About::Package(id), event, who, name: name.into_owned(), happened_at, fingerprint })
}

/// A body as the providers write it, about a package of this id, which is out of plain characters.
pub(super) fn sample(id: &str, now: Timestamp) -> Vec<u8> {
    let at = instant::to_seconds(now);
    format!(
        r#"{{"@class":"com.silanis.esl.packages.event.ESLProcessEvent","name":"PACKAGE_CREATE","sessionUser":"{id}","packageId":"{id}","message":null,"documentId":null,"createdDate":"{at}"}}"#
    )
    .into_bytes()
}

/// Misprints of the vendors' own tables, which are accepted for the name they mean (reference A.3).
fn canonical(name: &str) -> &str {
    match name {
        "BA_FAILURE" => "KBA_FAILURE",
        "PACKAGE_READY_FOR_COMPLETION" => "PACKAGE_READY_FOR_COMPLETE",
        other => other,
    }
}

/// The 30 names of the reference, A.2. The list is open: vendors add to it without notice.
fn event(
    name: &str,
    document: Option<Cow<'_, str>>,
    message: Option<Cow<'_, str>>,
    new_role: Option<Cow<'_, str>>,
) -> Event {
    let document = document.map(Cow::into_owned);
    match name {
        "PACKAGE_CREATE" => Event::Created,
        "PACKAGE_ACTIVATE" => Event::Sent,
        "PACKAGE_DEACTIVATE" => Event::Recalled,
        "PACKAGE_READY_FOR_COMPLETE" => Event::ReadyToComplete,
        "PACKAGE_COMPLETE" => Event::Completed,
        "PACKAGE_DECLINE" => Event::Declined { reason: message.map(Cow::into_owned) },
        "PACKAGE_OPT_OUT" => Event::OptedOut { reason: message.map(Cow::into_owned) },
        "PACKAGE_EXPIRE" => Event::Expired,
        "PACKAGE_ARCHIVE" => Event::Archived,
        "PACKAGE_TRASH" => Event::Trashed,
        "PACKAGE_RESTORE" => Event::Restored,
        "PACKAGE_DELETE" => Event::Deleted,
        "PACKAGE_ATTACHMENT" => Event::AttachmentAdded { name: message.map(Cow::into_owned) },
        // Accepting the consent is told like a signature, before the first real one (reference A.4).
        "DOCUMENT_SIGNED" => match document {
            Some(document) if document == CONSENT => Event::Consented { document },
            document => Event::DocumentSigned { document },
        },
        "DOCUMENT_VIEWED" => Event::Viewed { document },
        "SIGNER_COMPLETE" => Event::SignerCompleted,
        "SIGNER_LOCKED" => Event::Locked,
        "KBA_FAILURE" => Event::IdentityFailed,
        "EMAIL_BOUNCE" => Event::Bounced(bounce(message.as_deref())),
        "ROLE_REASSIGN" => Event::Reassigned { new_role: new_role.map(Cow::into_owned) },
        "TEMPLATE_CREATE" => Event::TemplateCreated,
        "EDEPOSIT_SUCCESS" => Event::Deposited { failed: false },
        "EDEPOSIT_FAILURE" => Event::Deposited { failed: true },
        // Another attempt follows each that failed, and its own word the last.
        "COBROWSE_REQUEST"
        | "RECORDINGS_READY"
        | "NOTARY_COMMISSION_CREATED"
        | "COMPOSITION_FAILED"
        | "EDEPOSIT_ATTEMPT_FAILURE"
        | "PACKAGE_SMS_NOTIFICATIONS_LIMIT_REACHED"
        | "RECIPIENT_OPT_OUT_SMS" => Event::Noted,
        _ => Event::Unrecognised,
    }
}

/// Rule 12: only these two words are harmless; BOUNCE, UNKNOWN, a missing and a new word are a mail that came back.
fn bounce(kind: Option<&str>) -> Bounce {
    match kind {
        Some("COMPLAINT") => Bounce::Complaint,
        Some("OOTO") => Bounce::OutOfOffice,
        _ => Bounce::Returned,
    }
}

fn parked(sentence: impl Into<String>) -> Parked {
    Parked(sentence.into())
}

fn hold_within_bounds(key: &str, text: Option<&Cow<'_, str>>) -> Result<(), Parked> {
    let Some(text) = text else { return Ok(()) };
    if text.contains('\0') {
        return Err(parked(format!("`{key}` holds a NUL")));
    }
    if text.len() > MAX_CHARS && text.chars().count() > MAX_CHARS {
        return Err(parked(format!("`{key}` is longer than {MAX_CHARS} characters")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn told(body: &str) -> Result<Report, Parked> {
        read(&AccountId("onespan-eu".to_owned()), body.as_bytes())
    }

    fn parked_with(body: &str) -> String {
        told(body).expect_err(body).0
    }

    #[test]
    fn null_empty_and_absent_are_one_fact() {
        let full = r#"{"@class":"com.silanis.esl.packages.event.ESLProcessEvent","name":"SIGNER_COMPLETE","sessionUser":"u",
            "packageId":"p=","message":null,"documentId":"","newRoleId":null,"createdDate":"2024-05-06T14:12:12.272Z"}"#;
        let minimal =
            "\u{feff} {\"createdDate\":\"2024-05-06T16:12:12.272+02:00\",\"packageId\":\"p=\",\"extra\":[{}],
            \"eventName\":\"SIGNER_COMPLETE\",\"sessionUser\":\"u\"}\r\n ";
        let report = told(full).unwrap();
        assert_eq!(told(minimal), Ok(report.clone()));
        assert_eq!(report.happened_at, Some(Timestamp(1_715_004_732_272)));
        assert_eq!((report.event, report.who.as_deref()), (Event::SignerCompleted, Some("u")));
    }

    #[test]
    fn a_misprint_is_the_same_fact_under_its_own_word() {
        let body = |name: &str| format!(r#"{{"name":"{name}","packageId":"p","sessionUser":"u"}}"#);
        for (misprint, name) in
            [("BA_FAILURE", "KBA_FAILURE"), ("PACKAGE_READY_FOR_COMPLETION", "PACKAGE_READY_FOR_COMPLETE")]
        {
            let (odd, right) = (told(&body(misprint)).unwrap(), told(&body(name)).unwrap());
            assert_eq!((odd.name.as_str(), right.name.as_str()), (misprint, name));
            assert_eq!((odd.event, odd.fingerprint), (right.event, right.fingerprint));
        }
    }

    #[test]
    fn every_part_tells_facts_apart() {
        let base = r#"{"name":"X","packageId":"p","sessionUser":"u","documentId":"d","message":"m","newRoleId":"r",
            "createdDate":"2024-05-06T14:12:12.272Z"}"#;
        let print = |body: &str| told(body).unwrap().fingerprint;
        for (from, to) in [
            (r#""X""#, r#""Y""#),
            (r#""p""#, r#""q""#),
            (r#""u""#, r#""v""#),
            (r#""d""#, "null"),
            (r#""m""#, r#""n""#),
            (r#""r""#, r#""d""#),
            (".272Z", ".273Z"),
            (r#""2024-05-06T14:12:12.272Z""#, r#""1715004732272 or so""#),
        ] {
            assert_ne!(print(base), print(&base.replace(from, to)), "{from} became {to}");
        }
        let elsewhere = read(&AccountId("onespan-us".to_owned()), base.as_bytes()).unwrap();
        assert_ne!(print(base), elsewhere.fingerprint);
    }

    #[test]
    fn loose_texts() {
        let report = told(
            r#"{"type":{"a":[1]},"event":"E","packageId":17,"sessionUser":-3,"createdDate":1715004732272}"#,
        );
        let report = report.unwrap();
        assert_eq!(report.about, About::Package(PackageId::parse("17").unwrap()));
        assert_eq!(report.who.as_deref(), Some("-3"));
        assert_eq!((report.name.as_str(), report.event), ("E", Event::Unrecognised));
        assert_eq!(report.happened_at, Some(Timestamp(1_715_004_732_272)));

        let untimed = |date: &str| {
            told(&format!(r#"{{"name":"PACKAGE_EXPIRE","packageId":"p","createdDate":{date}}}"#)).unwrap()
        };
        assert_eq!((untimed("\"yesterday\"").happened_at, untimed("12").happened_at), (None, None));
        assert_ne!(untimed("\"yesterday\"").fingerprint, untimed("\"today\"").fingerprint);
        assert_eq!(untimed("null").fingerprint, untimed("\"\"").fingerprint);

        let cut = told(r#"{"name":"PACKAGE_DECLINE","packageId":"p","message":"no \ud83d"}"#).unwrap();
        let Event::Declined { reason: Some(reason) } = cut.event else { panic!("{cut:?}") };
        assert!(reason.starts_with("no \u{fffd}"), "{reason:?}");
    }

    #[test]
    fn only_two_words_of_a_bounce_are_harmless() {
        for (message, bounce) in [
            ("\"BOUNCE\"", Bounce::Returned),
            ("\"UNKNOWN\"", Bounce::Returned),
            ("\"SOMETHING NEW\"", Bounce::Returned),
            ("null", Bounce::Returned),
            ("\"COMPLAINT\"", Bounce::Complaint),
            ("\"OOTO\"", Bounce::OutOfOffice),
        ] {
            let body =
                format!(r#"{{"name":"EMAIL_BOUNCE","packageId":"p","sessionUser":"u","message":{message}}}"#);
            assert_eq!(told(&body).unwrap().event, Event::Bounced(bounce), "{message}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_parked_with_its_reason() {
        let long = "x".repeat(300);
        let table = [
            ("", "the body is empty"),
            (" \n", "the body is empty"),
            ("[]", "the body is a list, not one JSON object"),
            ("\"secret\"", "the body is a text, not one JSON object"),
            (
                "17",
                "the body can't be understood: invalid type: integer `17`, expected one JSON object at line 1 column 2",
            ),
            ("name=X", "the body is not JSON: expected ident at line 1 column 2"),
            ("<p>", "the body is not JSON: expected value at line 1 column 1"),
            ("{}", "no event name: `name` is missing"),
            (r#"{"name":null,"packageId":"p"}"#, "no event name: `name` is missing"),
            (r#"{"name":"X","packageId":""}"#, "no package: `packageId` is missing"),
            (
                "{\"name\":\"X\",\n\"packageId\":[]}",
                "the body can't be understood: invalid type: sequence, expected text in `packageId` at line 2 column 14",
            ),
            (
                r#"{"name":true,"packageId":"p"}"#,
                "the body can't be understood: invalid type: boolean `true`, expected text in `name` at line 1 column 12",
            ),
            (
                r#"{"name":"X","packageId":1.5}"#,
                "the body can't be understood: invalid type: floating point `1.5`, expected text in `packageId` at line 1 column 27",
            ),
            (r#"{"name":"X","packageId":"a\u0000b"}"#, "`packageId` holds a NUL"),
            (r#"{"name":"X","packageId":"p","message":"a\u0000b"}"#, "`message` holds a NUL"),
            (
                r#"{"name":"X","packageId":"p"} {}"#,
                "the body is not JSON: trailing characters at line 1 column 30",
            ),
            (
                r#"{"name":"X","packageId":"p","a":"#,
                "the body is not JSON: EOF while parsing a value at line 1 column 32",
            ),
        ];
        for (body, sentence) in table {
            assert_eq!(parked_with(body), sentence, "{body}");
        }
        let long_id = format!(r#"{{"name":"X","packageId":"{long}"}}"#);
        assert_eq!(parked_with(&long_id), "`packageId` is longer than 256 characters");
        let limit = format!(r#"{{"name":"X","packageId":"{}"}}"#, "é".repeat(256));
        assert_eq!(parked_with(&limit), "`packageId` is longer than 255 characters");
        assert!(told(&limit.replacen('é', "", 1)).is_ok());
    }

    #[test]
    fn a_hundred_thousand_brackets_harm_nobody() {
        let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
        let objects = "{\"a\":".repeat(100_000);
        for value in [&open, &objects] {
            for key in ["name", "packageId", "message", "createdDate", "type", "elsewhere"] {
                assert!(told(&format!("{{\"{key}\":{value}")).is_err(), "{key}");
            }
            assert!(told(value).is_err());
        }
        for key in ["type", "elsewhere"] {
            let body = format!(r#"{{"name":"X","packageId":"p","{key}":{open}{close}}}"#);
            assert_eq!(told(&body).map(|it| it.event), Ok(Event::Unrecognised), "{key}");
        }
    }
}
