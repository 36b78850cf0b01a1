//! Bytes that nobody meant to send: nothing panics, what is read can be kept, and reading again reads the same.
//!
//! `SIGNBOARD_FUZZ` says how many inputs. A million:
//! `SIGNBOARD_FUZZ=1000000 cargo test --release --test it wire::legalesign::hostile`

use crate::wire::id_of;
use crate::wire::legalesign::{account, delivery_of, samples};
use crate::wire::mutation::{self, inputs};
use fastrand::Rng;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode, percent_encode};
use serde_json::Value;
use signboard::model::Event;
use signboard::provider::{Delivery, Provider, Report, Verdict, Verified};

/// Pieces beside those that break any reader: of forms and of this provider.
const PIECES: [&str; 12] = [
    "%00",
    "data=",
    "&data=",
    "json_signed=",
    "\r\n",
    "--b",
    "\r\n\r\n",
    "name=\"data\"",
    "/signer/",
    "/documents/",
    "9223372036854775808",
    "2025-13-45T99:99:99",
];

/// How a body of any bytes may begin, so that it gets past the first look.
const BEGINNINGS: [&str; 7] = ["", "{", "{\"data\":{", "data=[", "--b\r\n", "json_signed={", "uuid="];

/// A sample, and its form if it is one.
struct Sample {
    delivery: Delivery,
    fields: Vec<(String, Vec<u8>)>,
    told: String,
}

#[test]
fn any_bytes() {
    let provider = account();
    let mut rng = Rng::with_seed(1);
    for _ in 0..inputs() / 4 {
        let mut delivery = delivery_of(&samples_once()[0]);
        delivery.body = rng.choice(BEGINNINGS).unwrap_or_default().as_bytes().to_vec();
        for _ in 0..rng.usize(..400) {
            delivery.body.push(rng.u8(..));
        }
        check(&*provider, &delivery);
        let trusted = matches!(provider.verify(&delivery), Verdict::Verified(..));
        assert!(!trusted, "{delivery:?}");
    }
}

#[test]
fn mutated_samples() {
    let provider = account();
    let mut rng = Rng::with_seed(2);
    let samples: Vec<_> = samples_once().iter().map(|line| sample(&*provider, line)).collect();
    let mut trusted = 0;
    for _ in 0..inputs() - inputs() / 4 {
        let Some(sample) = rng.choice(&samples) else { break };
        let mut fields = sample.fields.clone();
        let mut delivery = sample.delivery.clone();
        match rng.u8(..4) {
            0 => mutate(&mut rng, &mut delivery.body),
            _ if fields.is_empty() => mutate(&mut rng, &mut delivery.body),
            encoding => {
                let at = rng.usize(..fields.len());
                mutate(&mut rng, &mut fields[at].1);
                delivery.body = if encoding == 1 { multipart(&fields) } else { urlencoded(&fields) };
            }
        }
        let told = check(&*provider, &delivery);
        if matches!(provider.verify(&delivery), Verdict::Verified(..)) {
            // What is vouched for is what was signed, wherever else the body was changed.
            trusted += 1;
            assert_eq!(told, sample.told, "{delivery:?}");
        }
    }
    assert!(trusted > 0 || inputs() < 1_000, "every change hit a signature");
}

fn samples_once() -> &'static [Value] {
    static ONCE: std::sync::LazyLock<Vec<Value>> = std::sync::LazyLock::new(samples);
    &ONCE
}

fn sample(provider: &dyn Provider, line: &Value) -> Sample {
    let delivery = delivery_of(line);
    let form = !delivery.body.starts_with(b"{");
    let pairs = delivery.body.split(|byte| form && *byte == b'&').filter(|_| form);
    let fields = pairs.map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap();
        let plus: Vec<u8> = pair[at + 1..].iter().map(|it| if *it == b'+' { b' ' } else { *it }).collect();
        (String::from_utf8(pair[..at].to_vec()).unwrap(), percent_decode(&plus).collect())
    });
    let fields = fields.collect();
    let told = check(provider, &delivery);
    Sample { delivery, fields, told }
}

fn mutate(rng: &mut Rng, text: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..5) {
        let from = rng.usize(..=text.len());
        let to = (from + rng.usize(..20)).min(text.len());
        let pieces = mutation::PIECES.into_iter().chain(PIECES);
        text.splice(from..to, rng.choice(pieces.collect::<Vec<_>>()).unwrap_or_default().bytes());
    }
    for _ in 0..rng.usize(..3) {
        if !text.is_empty() {
            let at = rng.usize(..text.len());
            text[at] = rng.u8(..);
        }
    }
}

fn urlencoded(fields: &[(String, Vec<u8>)]) -> Vec<u8> {
    let pair =
        |(name, value): &(String, Vec<u8>)| format!("{name}={}", percent_encode(value, NON_ALPHANUMERIC));
    fields.iter().map(pair).collect::<Vec<_>>().join("&").into_bytes()
}

fn multipart(fields: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").bytes());
        body.extend_from_slice(value);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    body
}

/// Reads a body twice, looks at all that it tells, and gives it back.
fn check(provider: &dyn Provider, delivery: &Delivery) -> String {
    let told = provider.parse(Verified::before(&delivery.body));
    assert_eq!(told, provider.parse(Verified::before(&delivery.body)));
    for report in &told {
        match report {
            Ok(report) => look_at(report),
            Err(parked) => assert!(!parked.0.is_empty() && parked.0.len() < 400, "{parked}"),
        }
    }
    format!("{told:?}")
}

/// All that may lie in a database is text that a database takes, of a length that it can bear.
fn look_at(report: &Report) {
    assert!(!report.name.is_empty() && report.name.chars().count() <= 60, "{report:?}");
    let mut ids: Vec<&str> = vec![id_of(report)];
    ids.extend(report.who.as_deref());
    let mut texts = vec![Some(&report.name)];
    match &report.event {
        Event::Described(it) => {
            texts.extend([it.name.as_ref(), it.reference.as_ref(), it.group.as_ref()]);
            ids.extend(it.people.iter().map(|it| it.id.as_str()));
            texts.extend(it.people.iter().flat_map(|it| [it.name.as_ref(), it.email.as_ref()]));
        }
        Event::Declined { reason } | Event::Refused { reason } => texts.push(reason.as_ref()),
        _ => {}
    }
    assert!(ids.iter().all(|it| !it.is_empty() && it.chars().count() <= 255), "{report:?}");
    assert!(texts.iter().flatten().all(|it| !it.is_empty() && it.chars().count() <= 13_000), "{report:?}");
    let all = ids.into_iter().chain(texts.into_iter().flatten().map(String::as_str));
    assert!(all.into_iter().all(|it| !it.contains('\0')), "{report:?}");
}
