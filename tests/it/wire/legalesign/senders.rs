//! Who sent a callback: the right signature, the wrong one, none.

use crate::wire::legalesign::{
    CERTIFICATE, CERTIFICATE_V3, HMAC_SECRET, NEXT_CERTIFICATE, account, body_of, delivery, delivery_of,
    form, opened, parse, samples, signed, verdict,
};
use signboard::config::{CallbackAuth, Secret};
use signboard::provider::{Provider, Verified};

const DATA: &str = include_str!("../../../data/legalesign/batch_data.json");
const SIGNATURE: &str = include_str!("../../../data/legalesign/batch_signature.b64");
const NEXT_SIGNATURE: &str = include_str!("../../../data/legalesign/batch_signature_next.b64");
const JSON_SIGNED: &str = include_str!("../../../data/legalesign/json_signed_data.json");
const X_SIGNED: &str = include_str!("../../../data/legalesign/json_signed_x_signed.b64");
const WEAK_CERTIFICATE: &str = include_str!("../../../data/legalesign/certificate_1024.pem");
const EC_CERTIFICATE: &str = include_str!("../../../data/legalesign/certificate_ec.pem");

const WRONG: &str = "refused: the field signed is there and doesn't fit the body";

fn of_body(provider: &dyn Provider, body: impl AsRef<[u8]>) -> String {
    verdict(provider, &delivery(&[], body.as_ref()))
}

fn batch_with(signature: &str) -> String {
    form(&[("data", DATA), ("signed", signature)])
}

#[test]
fn the_key_of_either_version_of_certificate_fits() {
    let both = format!("in use:\n{CERTIFICATE}\nto come:\r\n{}", NEXT_CERTIFICATE.replace('\n', "\r\n"));
    let other_way_round = format!("{NEXT_CERTIFICATE}{CERTIFICATE}");
    for (certificates, signature, expected) in [
        (CERTIFICATE, SIGNATURE, "current"),
        (CERTIFICATE_V3, SIGNATURE, "current"),
        (NEXT_CERTIFICATE, SIGNATURE, WRONG),
        (CERTIFICATE, NEXT_SIGNATURE, WRONG),
        (&both, SIGNATURE, "current"),
        (&both, NEXT_SIGNATURE, "next"),
        (&other_way_round, SIGNATURE, "next"),
    ] {
        let provider = opened(signed(certificates, None)).unwrap();
        assert_eq!(of_body(&*provider, batch_with(signature)), expected);
    }
}

#[test]
fn every_changed_byte_shows() {
    let provider = account();
    for at in 0..DATA.len() {
        let mut data = DATA.as_bytes().to_vec();
        data[at] ^= 1;
        let body = form(&[("data", std::str::from_utf8(&data).unwrap()), ("signed", SIGNATURE)]);
        assert_eq!(of_body(&*provider, body), WRONG, "byte {at}");
    }
    for at in (0..SIGNATURE.len() - 1).step_by(7) {
        let mut signature = SIGNATURE.as_bytes().to_vec();
        signature[at] = if signature[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(
            of_body(&*provider, batch_with(std::str::from_utf8(&signature).unwrap())),
            WRONG,
            "byte {at}"
        );
    }
    for (data, signature) in
        [(format!("{DATA}\n"), SIGNATURE), (DATA.to_owned(), "x"), (DATA.to_owned(), "é!")]
    {
        assert_eq!(of_body(&*provider, form(&[("data", &data), ("signed", signature)])), WRONG);
    }
}

#[test]
fn base64_as_it_really_comes() {
    let provider = account();
    assert!(SIGNATURE.contains('+'));
    let lines = |by: usize, end: &str| {
        let lines = SIGNATURE.as_bytes().chunks(by).map(|it| std::str::from_utf8(it).unwrap());
        lines.collect::<Vec<_>>().join(end) + end
    };
    for signature in [
        SIGNATURE.replace('+', " "),
        lines(64, "\n"),
        lines(76, "\r\n").replace('+', " "),
        SIGNATURE.trim_end_matches('=').to_owned(),
        format!(" {SIGNATURE}\t"),
    ] {
        assert_eq!(of_body(&*provider, batch_with(&signature)), "current", "{signature}");
    }
    // A sender that escapes nothing in the signature: the form's own rule turns each `+` into a blank.
    let bare = format!("{}&signed={SIGNATURE}", form(&[("data", DATA)]));
    assert_eq!(of_body(&*provider, bare), "current");
    let x_signed = |value: &str| verdict(&*provider, &delivery(&[("X-Signed", value)], notice().as_bytes()));
    assert_eq!(x_signed(&format!(" {} {}", &X_SIGNED[..90], &X_SIGNED[90..])), "current");
}

#[test]
fn a_multipart_form_is_read_whatever_the_header_says() {
    let provider = account();
    let part = |name: &str, value: &str| {
        format!("------Ab7\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = format!("{}{}------Ab7--\r\n", part("data", DATA), part("signed", SIGNATURE));
    for content_type in ["multipart/form-data; boundary=----Ab7", "text/plain", "application/json"] {
        let delivery = delivery(&[("Content-Type", content_type)], body.as_bytes());
        assert_eq!(verdict(&*provider, &delivery), "current");
    }
    assert_eq!(parse(&body), parse(batch_with(SIGNATURE)));
    assert_eq!(of_body(&*provider, body.replace("\"40\"", "\"60\"")), WRONG);
}

#[test]
fn empty_means_missing_and_wrong_is_never_unsigned() {
    let provider = account();
    for body in [
        form(&[("data", DATA)]),
        batch_with(""),
        batch_with(" \r\n"),
        form(&[("signed", SIGNATURE)]),
        body_of("realtime.signed"),
        String::new(),
        "[]".to_owned(),
        DATA.to_owned(),
        "hello".to_owned(),
    ] {
        assert_eq!(of_body(&*provider, &body), "unsigned", "{body}");
    }
    // The first that says something counts, for the signature as for the facts.
    let twice = format!("{}&{}", form(&[("data", "[]")]), batch_with(SIGNATURE));
    assert_eq!(of_body(&*provider, twice), WRONG);
    let behind = format!("{}&data=%5B%5D&signed=x", batch_with(SIGNATURE));
    assert_eq!(of_body(&*provider, &behind), "current");
    assert_eq!(parse(behind), parse(batch_with(SIGNATURE)));
}

fn notice() -> String {
    form(&[("uuid", "somebody-else"), ("json_signed", JSON_SIGNED)])
}

#[test]
fn the_header_of_a_form_covers_json_signed_alone() {
    let provider = account();
    let with =
        |headers: &[(&str, &str)], body: &str| verdict(&*provider, &delivery(headers, body.as_bytes()));
    for spelling in ["X-Signed", "HTTP-X-SIGNED", "X_SIGNED", "HTTP_X_SIGNED"] {
        assert_eq!(with(&[(spelling, X_SIGNED)], &notice()), "current", "{spelling}");
    }
    assert_eq!(with(&[("X-Signed", ""), ("HTTP-X-SIGNED", X_SIGNED)], &notice()), "current");
    let wrong = "refused: X-Signed is there and doesn't fit the body";
    assert_eq!(with(&[("X-Signed", SIGNATURE)], &notice()), wrong);
    assert_eq!(with(&[("X-Signed", X_SIGNED)], &notice().replace("lettings", "somebodys")), wrong);
    assert_eq!(with(&[], &notice()), "unsigned");
    assert_eq!(with(&[("X-Signed", " ")], &notice()), "unsigned");
    assert_eq!(with(&[("X-Signed", X_SIGNED)], &body_of("realtime.signed")), "unsigned");
    // The loose field names another document; nothing of it is read.
    assert!(parse(notice()).iter().all(|it| format!("{it:?}").contains("99344324")));
}

#[test]
fn a_signature_of_one_kind_opens_no_other() {
    let provider = account();
    let as_notice = form(&[("json_signed", DATA)]);
    assert_eq!(verdict(&*provider, &delivery(&[("X-Signed", SIGNATURE)], as_notice.as_bytes())), "current");
    assert_eq!(parse(as_notice)[0].as_ref().unwrap_err().0, "`json_signed` is no JSON object");
    let as_batch = form(&[("data", JSON_SIGNED), ("signed", X_SIGNED)]);
    assert_eq!(of_body(&*provider, &as_batch), "current");
    assert_eq!(parse(as_batch)[0].as_ref().unwrap_err().0, "`data` is no JSON list");
}

#[test]
fn the_realtime_kind_by_its_secret() {
    let lines = samples();
    let line = lines.iter().find(|it| it["event"] == "realtime-json recipient.completed").unwrap();
    let good = delivery_of(line);
    let hex = good.header("x-hmac-sha256").unwrap().to_owned();
    let with = |header: Option<&str>, secret: Option<&str>, body: &[u8]| {
        let headers: Vec<_> = header.map(|it| ("X-Hmac-Sha256", it)).into_iter().collect();
        verdict(&*opened(signed(CERTIFICATE, secret)).unwrap(), &delivery(&headers, body))
    };
    let secret = Some(HMAC_SECRET);
    let wrong = "refused: X-Hmac-Sha256 is there and doesn't fit the body";
    assert_eq!(with(Some(&hex), secret, &good.body), "current");
    assert_eq!(with(Some(&hex.to_uppercase()), secret, &good.body), "current");
    assert_eq!(with(Some(&base64_of(&hex)), secret, &good.body), "current");
    assert_eq!(with(Some(base64_of(&hex).trim_end_matches('=')), secret, &good.body), "current");
    assert_eq!(with(Some(&hex), Some("another"), &good.body), wrong);
    assert_eq!(with(Some(&hex[2..]), secret, &good.body), wrong);
    assert_eq!(with(Some("00"), secret, &good.body), wrong);
    assert_eq!(with(Some(&hex), secret, &[&good.body[..], b"\n"].concat()), wrong);
    for missing in [None, Some(""), Some("  ")] {
        assert_eq!(with(missing, secret, &good.body), "unsigned");
    }
    assert_eq!(with(Some(&hex), None, &good.body), "unsigned");
}

fn base64_of(hex: &str) -> String {
    use base64::Engine as _;
    let bytes: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    base64::prelude::BASE64_STANDARD.encode(bytes)
}

#[test]
fn another_kind_of_secret_is_compared_as_with_others() {
    let pairs = [("X-Key".to_owned(), Secret::new("one"))];
    let provider = opened(CallbackAuth::Headers(pairs.into())).unwrap();
    let body = body_of("batch.all");
    assert_eq!(verdict(&*provider, &delivery(&[("X-Key", "one")], body.as_bytes())), "current");
    assert_eq!(of_body(&*provider, &body), "refused: header X-Key is missing");
    assert_eq!(of_body(&*opened(CallbackAuth::None).unwrap(), &body), "open");
    assert_eq!(provider.parse(Verified::before(body.as_bytes())), parse(body));
}

#[test]
fn a_certificate_that_is_none_is_told() {
    let cannot = "the certificate of `callback` can't be used: ";
    let half = CERTIFICATE.replace("-----END CERTIFICATE-----", "");
    let garbled = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let second = format!("{CERTIFICATE}{garbled}");
    for (pem, sentence) in [
        ("", "it holds no block that begins with -----BEGIN CERTIFICATE-----"),
        ("MIIFRzCCAy8", "it holds no block that begins with -----BEGIN CERTIFICATE-----"),
        (&half, "it is not PEM: "),
        (garbled, "number 1 in it is no certificate: "),
        (&second, "number 2 in it is no certificate: "),
        (EC_CERTIFICATE, "number 1 in it holds no RSA key"),
        (WEAK_CERTIFICATE, "number 1 in it holds a key of 1024 bits, and 2048 to 8192 can be checked"),
    ] {
        let told = opened(signed(pem, None)).unwrap_err().to_string();
        assert!(told.starts_with(&format!("{cannot}{sentence}")), "{told}");
    }
}

#[test]
fn an_administrator_is_told_what_to_set() {
    let provider = account();
    let habits = provider.habits();
    assert_eq!(
        (habits.signers_alone, habits.told_every_minutes, habits.tells_no_names),
        (true, Some(6), false)
    );
    let url = "https://board.example/callbacks/legalesign";
    let steps = provider.setup(url);
    let lines: Vec<_> = steps.iter().flat_map(|it| &it.lines).map(String::as_str).collect();
    for kind in ["all", "signed", "realtime"] {
        let body = format!(r#"{{"notify":"{kind}","url":"{url}"}}"#);
        let line = format!(
            "curl -H 'Authorization: ApiKey USER:KEY' -H 'Content-Type: application/json' -d '{body}' \
             'https://eu-api.legalesign.com/api/v1/subscribe/'"
        );
        assert!(lines.contains(&line.as_str()), "{lines:?}");
    }
    assert!(steps[0].what.contains("certificate") && steps.iter().all(|it| !it.what.contains("  ")));
    // An address can't end the word that it stands in.
    let odd = provider.setup("https://board.example/it's");
    assert!(odd.iter().flat_map(|it| &it.lines).all(|it| it.matches('\'').count() % 2 == 0));
}
