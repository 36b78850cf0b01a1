//! Bytes that nobody meant to send: whatever they are, they tell one fact or one sentence, and nothing panics.

use crate::wire::{account, id_of, told};
use proptest::prelude::*;
use signboard::config::ProviderKind;
use signboard::provider::Verified;

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

proptest! {
    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..400)) {
        let reports = account(ProviderKind::OneSpan, None, 60).parse(Verified::before(&body));
        prop_assert_eq!(reports.len(), 1);
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
        let provider = account(ProviderKind::Conga, None, 60);
        match told(&*provider, &body) {
            // The same bytes are the same fact, and what it says can be kept in a database.
            Ok(report) => {
                prop_assert_eq!(told(&*provider, &body), Ok(report.clone()));
                prop_assert!(!report.name.is_empty() && !report.name.contains('\0'));
                prop_assert!(!id_of(&report).contains('\0'));
                prop_assert!(report.who.is_none_or(|who| !who.is_empty() && !who.contains('\0')));
            }
            Err(parked) => prop_assert!(!parked.0.is_empty() && parked.0.len() < 400, "{}", parked),
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
