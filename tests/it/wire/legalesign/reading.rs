//! What is read in bodies that differ from the samples: other orders, other types, unknown words, broken pieces.

use crate::wire::legalesign::{batch, form, line, only, parse};
use signboard::model::{Event, Step};
use signboard::provider::{Parked, Report};

const DOCUMENT: &str = "/api/v1/document/99344324-1504-5d99-b3f6-4df9971e3f7f/";
const SIGNER: &str = "/api/v1/signer/d7553d92-11c5-5346-b350-8eccd3aadece/";

fn entry(at: &str, name: &str, value: &str, uri: &str) -> String {
    format!(r#"{{"timestamp": "{at}", "name": "{name}", "value": "{value}", "resource_uri": "{uri}"}}"#)
}

fn signed() -> String {
    entry("2025-03-20T07:09:52", "status", "40", SIGNER)
}

/// The one fact of a batch of one entry.
fn told(entry: &str) -> Result<Report, Parked> {
    only(batch(&format!("[{entry}]")))
}

fn fact(entry: &str) -> String {
    line(&told(entry).unwrap())
}

#[test]
fn one_bad_entry_takes_nothing_with_it() {
    let good = [signed(), entry("2025-03-20T07:09:52", "status", "30", DOCUMENT)];
    let bad = [
        ("7", "it is no JSON object"),
        ("null", "it is no JSON object"),
        ("[]", "it is no JSON object"),
        ("{}", "`resource_uri` is missing"),
        (r#"{"resource_uri":"/api/v1/signer/1/","value":"40"}"#, "`name` is missing"),
        (r#"{"resource_uri":"/api/v1/signer/1/","name":"status","value":[40]}"#, "`value` is missing"),
        (r#"{"value":1,"value":2}"#, "duplicate field `value` at line 1 column 18"),
        (r#"{"value":1e999}"#, "number out of range at line 1 column 14"),
        (
            r#"{"resource_uri":"/api/v1/template/1/","name":"status","value":"1"}"#,
            "`resource_uri`: it names a `template`, and only documents and signers are known",
        ),
        (
            r#"{"resource_uri":"nowhere","name":"status","value":"1"}"#,
            "`resource_uri`: it names neither a document nor a signer",
        ),
        (
            r#"{"resource_uri":"/signer/a\u0000b/","name":"status","value":"1"}"#,
            "`resource_uri` names nothing that can be an id",
        ),
    ];
    for (entry, sentence) in bad {
        let reports = parse(batch(&format!("[{}, {entry} ,{}]", good[0], good[1])));
        assert_eq!(reports[1], Err(Parked(format!("entry 2: {sentence}"))), "{entry}");
        let facts: Vec<_> = [&reports[0], &reports[2]].map(|it| line(it.as_ref().unwrap())).into();
        assert_eq!(facts, good.each_ref().map(|it| fact(it)), "{entry}");
        assert_eq!(reports.len(), 3);
    }
}

#[test]
fn the_same_change_however_it_is_written() {
    let change = told(&signed()).unwrap();
    for same in [
        format!(
            r#"{{"value":"40","resource_uri":"{SIGNER}","name":"status","timestamp":"2025-03-20T07:09:52"}}"#
        ),
        signed().replace(r#""40""#, "40"),
        signed().replace(r#""40""#, r#"" 040""#),
        signed().replace("/signer/", "/signers/"),
        signed().replace("/api", "https://eu-api.legalesign.com/api"),
        signed().replace("d7553d92", "D7553D92"),
        signed().replace("09:52", "09:52Z"),
        signed().replace(r#""2025-03-20T07:09:52""#, "1742454592"),
        signed().replace('{', r#"{"more": [{"deep": [1]}], "#),
    ] {
        assert_eq!(told(&same), Ok(change.clone()), "{same}");
    }
    for other in [
        signed().replace("09:52", "09:53"),
        signed().replace("40", "50"),
        signed().replace("status", "Status"),
        signed().replace("/signer/", "/document/"),
        signed().replace("d7553d92", "d7553d93"),
    ] {
        assert_ne!(told(&other).unwrap().fingerprint, change.fingerprint, "{other}");
    }
}

#[test]
fn what_nobody_has_heard_of_is_kept_and_shown() {
    for (name, value, expected) in [
        ("status", "77", "Unrecognised | d7553d92 | 1742454592 | signer status 77"),
        ("status", "-1", "Unrecognised | d7553d92 | 1742454592 | signer status -1"),
        ("status", "forty", "Unrecognised | d7553d92 | 1742454592 | signer status forty"),
        ("email", "40", "Unrecognised | d7553d92 | 1742454592 | signer email 40"),
    ] {
        assert_eq!(
            fact(&entry("2025-03-20T07:09:52", name, value, SIGNER)),
            format!("signer d7553d92 | {expected}")
        );
    }
    // 60 of a document and 100 of a signer are nobody's codes: numbers mean something else for either.
    for (value, uri) in [("60", DOCUMENT), ("4", DOCUMENT), ("100", SIGNER)] {
        assert_eq!(
            told(&entry("2025-03-20T07:09:52", "status", value, uri)).unwrap().event,
            Event::Unrecognised
        );
    }
}

#[test]
fn a_time_that_cannot_be_read_leaves_a_fact_without_one() {
    let untimed = |at: &str| told(&signed().replace("2025-03-20T07:09:52", at)).unwrap();
    let report = untimed("yesterday");
    assert_eq!((report.event.clone(), report.happened_at), (Event::Stands(Step::Signed), None));
    assert_ne!(report.fingerprint, untimed("today").fingerprint);
    assert_ne!(report.fingerprint, untimed("").fingerprint);
    assert_eq!(untimed("").happened_at, None);
}

#[test]
fn batches_of_any_size() {
    assert_eq!(parse(batch("[]")), []);
    assert_eq!(parse(batch(" [ ]\n")), []);
    let many = vec![signed(); 20_003].join(",");
    let reports = parse(batch(&format!("[{many}]")));
    assert_eq!(reports.iter().filter(|it| it.is_ok()).count(), 20_000);
    let sentence = "the 3 entries after the first 20000 were not read";
    assert_eq!(reports[20_000], Err(Parked(sentence.to_owned())));
    let bad = vec!["{}"; 1_000].join(",");
    let reports = parse(batch(&format!("[{bad},{}]", signed())));
    assert_eq!(reports.iter().filter(|it| it.is_err()).count(), 21);
    assert_eq!(reports[21], Err(Parked("980 more entries can't be read either".to_owned())));
    assert!(reports[20].is_ok());
}

#[test]
fn a_list_that_is_none_is_parked_whole() {
    for (data, sentence) in [
        ("{}", "`data` is no JSON list"),
        ("\"secret\"", "`data` is no JSON list"),
        ("[u'a']", "`data` is not JSON: expected value at line 1 column 2"),
        ("[{]", "`data` is not JSON: key must be a string at line 1 column 3"),
        ("[1", "`data` is not JSON: EOF while parsing a list at line 1 column 2"),
        ("[] []", "`data` is not JSON: trailing characters at line 1 column 4"),
    ] {
        assert_eq!(only(batch(data)), Err(Parked(sentence.to_owned())), "{data}");
    }
}

#[test]
fn a_hundred_thousand_brackets_harm_nobody() {
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    let deep = format!("{open}{close}");
    let objects = "{\"data\":".repeat(100_000);
    for body in [batch(&open), batch(&deep), batch(&format!("[{objects}")), objects.clone(), open.clone()] {
        assert!(parse(body).iter().all(Result::is_err));
    }
    assert!(told(&signed().replace('{', &format!(r#"{{"x":{deep},"#))).is_ok());
    for key in ["id", "data", "event", "x"] {
        drop(parse(format!(r#"{{"event":"e","{key}":{deep}}}"#)));
        drop(parse(format!(r#"{{"event":"e","data":{{"uuid":{deep},"recipients":{deep},"x":{deep}}}}}"#)));
    }
    assert!(parse(form(&[("json_signed", &format!(r#"{{"x":{deep}}}"#))])).iter().all(Result::is_err));
}

const UUID: &str = "99344324-1504-5d99-b3f6-4df9971e3f7f";

fn lines_of(body: String) -> Vec<String> {
    parse(body).iter().map(|it| line(it.as_ref().unwrap())).collect()
}

#[test]
fn forms_about_a_document() {
    for (fields, expected) in [
        (vec![("uuid", UUID)], "PdfReady | - | - | signed"),
        (vec![("resource_uri", DOCUMENT)], "PdfReady | - | - | signed"),
        (vec![("uuid", UUID), ("event", "signed")], "PdfReady | - | - | signed"),
        (vec![("uuid", UUID), ("event_code", "sent")], "Sent | - | - | sent"),
        (vec![("uuid", UUID), ("kind", "sent")], "Sent | - | - | sent"),
        (vec![("uuid", UUID), ("status", "30")], "PdfReady | - | - | signed"),
        (vec![("uuid", UUID), ("Code", "rejected")], "Declined { reason: None } | - | - | rejected"),
        (vec![("uuid", UUID), ("event", "failed visit")], "Unrecognised | - | - | failed visit"),
        (vec![("uuid", UUID), ("event", "3")], "Unrecognised | - | - | 3"),
    ] {
        assert_eq!(lines_of(form(&fields)), [format!("document 99344324 | {expected}")], "{fields:?}");
    }
    let tagged = lines_of(form(&[("uuid", UUID), ("tag", "sent")]));
    assert_eq!(tagged[0], "document 99344324 | PdfReady | - | - | signed");
    // The word stands where no signature covers it: nobody vouches for it, and it isn't the kind without a word.
    let json = format!(r#"{{"uuid":"{UUID}"}}"#);
    let body = form(&[("json_signed", &json), ("event", "rejected"), ("uuid", "other"), ("name", "Other")]);
    let expected = "document 99344324 | Unrecognised | - | - | rejected, which is not signed";
    assert_eq!(lines_of(body), [expected]);
    for (fields, sentence) in [
        (vec![("uuid", "1"), ("resource_uri", DOCUMENT)], "`uuid` and `resource_uri` name two documents"),
        (vec![("uuid", "1"), ("resource_uri", SIGNER)], "`resource_uri` names a signer, not a document"),
        (vec![("resource_uri", "x")], "`resource_uri`: it names neither a document nor a signer"),
        (vec![("uuid", "a\0b")], "`uuid` is nothing that can be an id"),
        (vec![("json_signed", "{}"), ("uuid", "1")], "it names no document"),
        (vec![("json_signed", "[]"), ("uuid", "1")], "`json_signed` is no JSON object"),
    ] {
        assert_eq!(only(form(&fields)), Err(Parked(sentence.to_owned())), "{fields:?}");
    }
    let long = format!("{{{}}}", " ".repeat(70_000));
    assert_eq!(
        only(form(&[("json_signed", &long)])).unwrap_err().0,
        "`json_signed` has more than 65536 bytes"
    );
}

#[test]
fn another_name_is_another_fact_and_the_same_one_is_not() {
    let print = |name: &str, tag: &str| {
        let reports = parse(form(&[("uuid", UUID), ("name", name), ("tag", tag)]));
        reports.into_iter().map(|it| it.unwrap().fingerprint).collect::<Vec<_>>()
    };
    let first = print("Lease", "1");
    assert_eq!(first, print("Lease", "1"));
    for other in [print("Lease 2", "1"), print("Lease", "2")] {
        assert_eq!(other[0], first[0]);
        assert_ne!(other[1], first[1]);
    }
}

fn realtime(envelope: &str, data: &str) -> String {
    format!(r#"{{"id":"e1","created":1746525600,{envelope},"data":{{{data}}}}}"#)
}

#[test]
fn realtime_events_as_they_may_come() {
    let signer = r#""uuid":"D7553D92-11c5-5346-b350-8eccd3aadece""#;
    let document = r#""resourceUri":"/api/v1/documents/99344324-1504-5d99-b3f6-4df9971e3f7f/""#;
    let at = "1746525600";
    for (envelope, data, expected) in [
        (r#""event":"recipient.completed""#, signer, "signer d7553d92 | Stands(Signed) | d7553d92"),
        (
            r#""object":"recipient","event":"recipient.visiting""#,
            signer,
            "signer d7553d92 | Viewed { document: None } | d7553d92",
        ),
        // Seen red with: every visit taken for the signer's place. Looking again after signing takes no signature back.
        (
            r#""event":"recipient.visiting""#,
            r#""uuid":"d7553d92-11c5-5346-b350-8eccd3aadece","status":"40""#,
            "signer d7553d92 | Viewed { document: None } | d7553d92",
        ),
        (
            r#""event":"recipient.emailOpened""#,
            r#""uuid":"d7553d92-11c5-5346-b350-8eccd3aadece","status":30"#,
            "signer d7553d92 | Noted | d7553d92",
        ),
        (r#""object":"recipient","event":"reset""#, signer, "signer d7553d92 | Unrecognised | d7553d92"),
        (r#""object":"document","event":"archived""#, document, "document 99344324 | Unrecognised | -"),
        (
            r#""object":"document","event":"rejected""#,
            document,
            "document 99344324 | Declined { reason: None } | -",
        ),
        (r#""object":"audit","event":"made""#, document, "document 99344324 | Unrecognised | -"),
    ] {
        let lines = lines_of(realtime(envelope, data));
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with(&format!("{expected} | {at} | ")), "{lines:?}");
    }
    let named = realtime(
        r#""object":"recipient","event":"rejected""#,
        &format!(r#"{signer},"documentResourceUri":"{DOCUMENT}","rejectReason":" no\u0000 ","group":null"#),
    );
    assert_eq!(
        lines_of(named),
        [
            "document 99344324 | Refused { reason: Some(\"no\u{fffd}\") } | d7553d92 | 1746525600 | recipient.rejected",
            "document 99344324 | Described(-; -; -; d7553d92  <>) | - | 1746525600 | recipient.rejected",
        ]
    );
}

#[test]
fn the_event_id_is_the_identity_and_without_one_the_contents_are() {
    let body = |id: &str, name: &str, created: u32| {
        let data = format!(r#""uuid":"{UUID}","name":"{name}""#);
        let body =
            format!(r#"{{{id}"created":{created},"object":"document","event":"created","data":{{{data}}}}}"#);
        parse(body).into_iter().map(|it| it.unwrap().fingerprint).collect::<Vec<_>>()
    };
    let with_id = body(r#""id":"e1","#, "A", 1_746_525_600);
    assert_eq!(with_id, body(r#""id":"e1","#, "B", 1_746_525_601));
    assert!(with_id[0] != with_id[1]);
    let other = body(r#""id":"e2","#, "A", 1_746_525_600);
    assert!(with_id[0] != other[0] && with_id[1] != other[1]);
    let without = body("", "A", 1_746_525_600);
    assert_eq!(without, body("", "A", 1_746_525_600));
    assert_ne!(without[0], body("", "A", 1_746_525_601)[0]);
    assert_ne!(without[1], body("", "B", 1_746_525_600)[1]);
}

#[test]
fn realtime_bodies_that_cannot_be_read() {
    for (body, sentence) in [
        ("{}".to_owned(), "`data` is missing"),
        (r#"{"event":"x","data":[]}"#.to_owned(), "`data` is missing"),
        (realtime(r#""object":"document""#, ""), "no event name: `event` is missing"),
        (
            realtime(r#""object":"document","event":"created""#, ""),
            "no document: `uuid` is missing, or nothing that can be an id",
        ),
        (
            realtime(r#""object":"recipient","event":"bounced""#, ""),
            "no recipient: `uuid` is missing, or nothing that can be an id",
        ),
        (
            realtime(r#""object":"template","event":"created""#, r#""uuid":"1""#),
            "it is about a `template`, and only documents and recipients are known",
        ),
        ("{".to_owned(), "the body can't be read: EOF while parsing an object at line 1 column 1"),
    ] {
        assert_eq!(only(&body), Err(Parked(sentence.to_owned())), "{body}");
    }
}
