//! Bytes that nobody meant to send: whatever they are, they tell one fact or one sentence, and nothing panics.
//!
//! `SIGNBOARD_FUZZ` says how many each of the two services gets; a million:
//! `SIGNBOARD_FUZZ=1000000 cargo test --release --test it wire::hostile`

use crate::wire::{account, id_of, told};
use proptest::prelude::*;
use signboard::config::ProviderKind;
use signboard::provider::{Provider, Verified};
use std::sync::{Arc, LazyLock};

const SAMPLES: [&str; 4] = [
    r#"{"@class":"com.silanis.esl.packages.event.ESLProcessEvent","name":"DOCUMENT_SIGNED","sessionUser":"7dcdd592-a889-47e1-9b99-54ecb7b73a1d","packageId":"GCa0RHbyo0gm_ZY1z-Ss-ib-87k=","message":null,"documentId":"default-consent","createdDate":"2024-05-06T14:10:51.002Z"}"#,
    r#"{"name":"PACKAGE_DECLINE","sessionUser":"u","packageId":"p=","message":"no — \ud83d\ude00","createdDate":1715004732272}"#,
    r#"{"name":"ROLE_REASSIGN","packageId":"p","newRoleId":"r","createdDate":"2024-05-06T14:10:51+02:00"}"#,
    r#"{"type":{"a":[{}]},"eventType":"COBROWSE_REQUEST","packageId":17,"selectedSupportBusinessHours":["x"]}"#,
];

/// Pieces that a mutation puts in: the ones that break readers.
const PIECES: [&str; 16] = [
    "\0",
    "\\u0000",
    "\\ud800",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\\",
    "null",
    "1e999",
    "-0",
    ":",
    ",",
    "\u{feff}",
    "\u{1f600}",
];

/// Half of the inputs for each of the two tests.
fn config() -> ProptestConfig {
    let inputs =
        std::env::var("SIGNBOARD_FUZZ").map_or(20_000, |it| it.parse().expect("SIGNBOARD_FUZZ is a number"));
    ProptestConfig { cases: u32::div_ceil(inputs, 2), ..ProptestConfig::default() }
}

/// The two services that one reader serves. Made once: there are many inputs.
fn accounts() -> &'static [Arc<dyn Provider>; 2] {
    static ONCE: LazyLock<[Arc<dyn Provider>; 2]> =
        LazyLock::new(|| [ProviderKind::OneSpan, ProviderKind::Conga].map(|kind| account(kind, None, 60)));
    &ONCE
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..400)) {
        for provider in accounts() {
            prop_assert_eq!(provider.parse(Verified::before(&body)).len(), 1);
        }
    }

    #[test]
    fn mutated_samples(
        sample in 0..SAMPLES.len(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..20, 0..PIECES.len()), 1..6),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
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
        for provider in accounts() {
            match told(&**provider, &body) {
                // The same bytes are the same fact, and what it says can be kept in a database.
                Ok(report) => {
                    prop_assert_eq!(told(&**provider, &body), Ok(report.clone()));
                    prop_assert!(!report.name.is_empty() && !report.name.contains('\0'));
                    prop_assert!(!id_of(&report).contains('\0'));
                    prop_assert!(report.who.is_none_or(|who| !who.is_empty() && !who.contains('\0')));
                }
                Err(parked) => prop_assert!(!parked.0.is_empty() && parked.0.len() < 400, "{}", parked),
            }
        }
    }
}

/// A measurement, not a check: `cargo test --release --test wire reading -- --ignored --nocapture`.
#[test]
#[ignore = "prints how long one body takes"]
fn reading_a_body_is_quick() {
    let provider = account(ProviderKind::OneSpan, None, 60);
    let body = SAMPLES[0].as_bytes();
    let rounds = 300_000_u32;
    let start = std::time::Instant::now();
    for _ in 0..rounds {
        std::hint::black_box(provider.parse(Verified::before(std::hint::black_box(body))));
    }
    println!("{:?} for {} bytes, the hash included", start.elapsed() / rounds, body.len());
}
