//! What mail programs make of a piece of JSON, undone.

use crate::support::board::event;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use signboard::app::import::{Found, MOST_BYTES, MOST_FOUND, find};
use std::time::{Duration, Instant};

fn body() -> String {
    event("GCa0RHbyo0gm_ZY1z-Ss-ib-87k=", "PACKAGE_ACTIVATE", "I1JSMcAdaOzU", None, 0)
}

fn declined(reason: &str) -> String {
    body()
        .replace("PACKAGE_ACTIVATE", "PACKAGE_DECLINE")
        .replace("\"message\":null", &format!("\"message\":{reason:?}"))
}

fn found(text: &str) -> Vec<String> {
    let found = find(text.as_bytes());
    assert_eq!((found.broken, found.more), (0, false), "{text}");
    found.bodies
}

fn only(body: &str) -> Vec<String> {
    vec![body.to_owned()]
}

fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let line = out.rsplit('\n').next().unwrap().len();
        if line > 70 {
            out.push_str("=\r\n");
        }
        match byte {
            b'=' | 128.. => out.push_str(&format!("={byte:02X}")),
            _ => out.push(char::from(byte)),
        }
    }
    out
}

fn wrapped(text: &str) -> String {
    text.as_bytes().chunks(76).map(|line| format!("{}\r\n", std::str::from_utf8(line).unwrap())).collect()
}

fn mail(headers: &str, body: &str) -> String {
    format!(
        "Return-Path: <x@example.com>\r\nSubject: Callback failed\r\nMIME-Version: 1.0\r\n{headers}\r\n\r\n{body}\r\n"
    )
}

#[test]
fn as_it_stands_pretty_or_many() {
    let (one, two) = (body(), declined("no, {thanks}; 3 > 2 \\u00e9"));
    assert_eq!(found(&format!("before {{ {one} }} after")), only(&one));
    assert_eq!(found(&format!("[{one},{two}]{one}")), [one.clone(), two.clone()]);
    let pretty =
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&two).unwrap()).unwrap();
    assert_eq!(found(&pretty), only(&pretty));
    let windows = pretty.replace('\n', "\r\n");
    assert_eq!(found(&windows), only(&windows), "byte for byte");
    assert_eq!(found(&format!("{{\"events\":[{one}]}}")), [one]);
    assert!(found("{}{\"a\":{}} { \"x\" {{{{").is_empty());
    assert_eq!(find(b""), Found::default());
}

/// Seen red with: `lift` that forgets where a string was broken.
#[test]
fn quoted_and_wrapped_by_whoever_forwarded_it() {
    let (one, two) = (body(), declined("I will not sign this at all"));
    let broken = one.replace("\",\"", "\",\n> \"");
    assert_eq!(found(&format!("> {broken}")), [one.replace("\",\"", "\",\n\"")]);
    for prefix in ["", "> ", ">> ", "> > "] {
        for end in ["\n", "\r\n"] {
            // A mail program breaks a line anywhere: in an id, and at a blank.
            let text = one.replace("gm_ZY1", &format!("gm_{end}{prefix}ZY1"));
            assert_eq!(found(&format!("{prefix}{text}")), only(&one), "{text}");
            let text = two.replace("not sign", &format!("not{end}{prefix}sign"));
            assert_eq!(found(&format!("{prefix}{text}")), only(&two), "{text}");
            // format=flowed keeps the blank.
            let text = two.replace("not sign", &format!("not {end}{prefix}sign"));
            assert_eq!(found(&format!("{prefix}{text}")), only(&two), "{text}");
        }
    }
}

#[test]
fn as_html() {
    let (one, two) = (body(), declined("a&b"));
    let html = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace("\",\"", "\",<wbr>\"");
    let page = format!("<html><body><style>p {{ margin: 0 }}</style><p>{}</p></body></html>", html(&two));
    assert_eq!(found(&page), only(&two));
    assert_eq!(found(&format!("{one} {page}")), [one, two.clone()], "both in one paste");
    assert_eq!(found(&mail("Content-Type: text/html; charset=utf-8", &page)), [two]);
}

#[test]
fn in_every_encoding_of_a_mail() {
    for one in [body(), declined("für später"), declined("a=20b = c")] {
        let encoded = quoted_printable(&one);
        assert_eq!(found(&encoded), only(&one), "without its headers");
        let quoted = mail(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable",
            &encoded,
        );
        assert_eq!(found(&quoted), only(&one));
        let base = wrapped(&STANDARD.encode(format!("Dear sender,\r\n{one}\r\n")));
        let part = format!(
            "Content-Type: text/plain; charset=\"utf-8\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{base}"
        );
        assert_eq!(found(&part), only(&one), "a part of its source");
        // The same twice, as text and as HTML; and once more, attached.
        let html = STANDARD.encode(format!("<p>{}</p>", one.replace('"', "&quot;").replace(' ', "\r\n")));
        let both = format!(
            "--b\r\n{part}\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n{}--b--\r\n",
            wrapped(&html)
        );
        let alternative = mail("Content-Type: multipart/alternative; boundary=\"b\"", &both);
        assert_eq!(found(&alternative), only(&one), "{alternative}");
        let forwarded = format!("--c\r\nContent-Type: message/rfc822\r\n\r\n{alternative}\r\n--c--\r\n");
        assert_eq!(found(&mail("Content-Type: multipart/mixed; boundary=c", &forwarded)), only(&one));
        let attached = format!(
            "--d\r\nContent-Type: text/plain\r\n\r\nSee there.\r\n--d\r\nContent-Type: application/json; name=c.json\r\n\
             Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n{}--d--\r\n",
            wrapped(&STANDARD.encode(&one))
        );
        assert_eq!(found(&mail("Content-Type: multipart/mixed; boundary=d", &attached)), [one]);
    }
}

#[test]
fn other_alphabets() {
    let mut text = mail("Content-Type: text/plain; charset=iso-8859-1", "").into_bytes();
    text.extend(declined("für später").chars().map(|it| u8::try_from(u32::from(it)).unwrap()));
    assert_eq!(find(&text).bodies, [declined("für später")]);
}

#[test]
fn many_mails_in_one_text() {
    let bodies: Vec<String> = (0..5).map(|at| event("P=", "DOCUMENT_VIEWED", "s", None, at)).collect();
    let headers = "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable";
    let mails: Vec<String> = bodies.iter().map(|it| mail(headers, &quoted_printable(it))).collect();
    assert_eq!(found(&mails.join("\r\n")), bodies);
    let mailbox: String =
        mails.iter().map(|it| format!("From x@example.com Sun Nov 22 2026\n{it}\n")).collect();
    assert_eq!(found(&mailbox), bodies);
    let forwarded: Vec<String> =
        mails.iter().map(|it| format!("-----Original Message-----\r\n{it}")).collect();
    assert_eq!(found(&format!("{}\r\n{}", bodies[0], forwarded.join("\r\n"))), bodies);
}

#[test]
fn what_is_damaged_is_counted() {
    let one = body();
    for text in [&one[..60], &one.replace("\"name\"", "name"), &one.replace("\"}", "")] {
        let text = format!("{text} {}", declined("no"));
        let all = find(text.as_bytes());
        assert_eq!((all.bodies, all.broken), (vec![declined("no")], 1), "{text}");
    }
    let curly = one.replace('"', "”");
    assert_eq!(find(curly.as_bytes()), Found { broken: 1, ..Found::default() });
}

#[test]
fn nothing_takes_long() {
    let many: String = (0..1_200).map(|at| event("P", "DOCUMENT_VIEWED", "s", None, at)).collect();
    let all = find(many.as_bytes());
    assert_eq!((all.bodies.len(), all.more), (MOST_FOUND, true));
    assert_eq!(find(&vec![b'x'; MOST_BYTES + 1]), Found { more: true, ..Found::default() });
    for unit in
        ["{", "{\"", "{\"a\":", "{\"packageId\":", "{\"a\n>", "=3D", "--\nMIME-Version: 1\n\n", "&quot;{"]
    {
        let began = Instant::now();
        let all = find(unit.repeat(MOST_BYTES / unit.len()).as_bytes());
        assert!(all.bodies.is_empty());
        assert!(began.elapsed() < Duration::from_secs(20), "{unit:?} took {:?}", began.elapsed());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_harms_nobody_and_hides_no_neighbour(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "\"", "\\", "\n", "> ", "=3D", "=\r\n", "&quot;", "&", ";", "<p>", "--b", "\r\n\r\n", ": ", "é", "packageId",
            "MIME-Version: 1.0\r\n", "Content-Type: multipart/mixed; boundary=b\r\n", "Content-Type: message/rfc822\r\n",
            "Content-Transfer-Encoding: base64\r\n", "e30=", "From x\n",
        ]), 0..60),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = find(&bytes);
        let _ = find(parts.concat().as_bytes());
        let plain: String = parts.iter().filter(|it| !it.contains(['=', ':', '-', '\n', '<'])).copied().collect();
        let text = format!("{}\n{plain}", body());
        prop_assert!(find(text.as_bytes()).bodies.contains(&body()));
    }
}
