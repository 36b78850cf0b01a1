//! Bytes that nobody meant to send: whatever they are, nothing panics, and they tell facts that can be kept, the same
//! each time, or one sentence.
//!
//! `SIGNBOARD_FUZZ` says how many there are in all; a million: `SIGNBOARD_FUZZ=1000000 cargo test --release --test it fuzz`.

use crate::wire::{account, id_of};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use signboard::config::ProviderKind;
use signboard::provider::{Provider, Report, Verified};

/// How many bodies are read unless the environment says otherwise.
const BODIES: u32 = 20_000;

const SAMPLES: [&str; 6] = [
    r#"{"from":"1","to":"3","event":"STATUS_CHANGE","document_id":"41208"}"#,
    r#"{"from":3,"to":4,"event":"STATUS_CHANGE","document_id":41208}"#,
    r#"{"user_id":"88","event":"USER_FINISH","document_id":"41207","fields_signed":"0"}"#,
    r#"{"field_id":"13","field_status":"rejected","event":"FIELD_SIGNED_OR_REJECTED","document_id":"41210","user_id":"88"}"#,
    r#"{event:"RENDER_RETURN","status":"success","document_id":"41207"}"#,
    "\u{feff}{event:ENVELOPE_SEALED,document_id:007,\"pages\":[1,{\"a\":\"\\ud83d\\ude00\"}],x:null}",
];

/// Pieces that a mutation puts in: the ones that break readers.
const PIECES: [&str; 24] = [
    "\0",
    "\\u0000",
    "\\ud800",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\\",
    "'",
    "null",
    "true",
    "1e999",
    "-0",
    "007",
    ":",
    ",",
    " ",
    "\n",
    "a",
    "\u{feff}",
    "\u{1f600}",
    "event:",
    "\"to\":\"4\",",
];

fn runner() -> TestRunner {
    let bodies =
        std::env::var("SIGNBOARD_FUZZ").ok().map(|it| it.parse().expect("SIGNBOARD_FUZZ is a number"));
    let config = ProptestConfig { cases: bodies.unwrap_or(BODIES).div_ceil(2), ..ProptestConfig::default() };
    TestRunner::new(config)
}

/// Reads a body twice.
fn check(provider: &dyn Provider, body: &[u8]) -> Result<(), TestCaseError> {
    let told = provider.parse(Verified::before(body));
    prop_assert!(told.len() == 1 || told.len() == 2 && told.iter().all(Result::is_ok));
    for one in &told {
        match one {
            Ok(report) => can_be_kept(report)?,
            Err(parked) => prop_assert!(!parked.0.is_empty() && parked.0.len() < 400, "{}", parked),
        }
    }
    prop_assert_eq!(provider.parse(Verified::before(body)), told);
    Ok(())
}

fn can_be_kept(report: &Report) -> Result<(), TestCaseError> {
    prop_assert!(report.happened_at.is_none());
    for text in [Some(report.name.as_str()), Some(id_of(report)), report.who.as_deref()].into_iter().flatten()
    {
        prop_assert!(!text.is_empty() && !text.contains('\0') && text.chars().count() < 400);
    }
    Ok(())
}

#[test]
fn any_bytes() {
    let provider = account(ProviderKind::WebSignatureOffice, None, 60);
    let bytes = prop::collection::vec(any::<u8>(), 0..400);
    runner().run(&bytes, |body| check(&*provider, &body)).unwrap();
}

#[test]
fn mutated_samples() {
    let provider = account(ProviderKind::WebSignatureOffice, None, 60);
    let cut = (any::<Index>(), 0_usize..12, 0..PIECES.len());
    let cuts = prop::collection::vec(cut, 1..5);
    let flips = prop::collection::vec((any::<Index>(), any::<u8>()), 0..3);
    let bodies =
        (0..SAMPLES.len(), cuts, flips).prop_map(|(sample, cuts, flips)| mutated(sample, cuts, flips));
    runner().run(&bodies, |body| check(&*provider, &body)).unwrap();
}

fn mutated(sample: usize, cuts: Vec<(Index, usize, usize)>, flips: Vec<(Index, u8)>) -> Vec<u8> {
    let mut body = SAMPLES[sample].as_bytes().to_vec();
    for (at, length, piece) in cuts {
        let from = at.index(body.len() + 1);
        let to = (from + length).min(body.len());
        body.splice(from..to, PIECES[piece].bytes());
    }
    for (at, byte) in flips {
        if !body.is_empty() {
            let at = at.index(body.len());
            body[at] = byte;
        }
    }
    body
}
