//! Bytes that nobody meant to send: whatever they are, they tell one fact or one sentence, and nothing panics.
//!
//! `SIGNBOARD_FUZZ` says how many each of the two services gets; a million:
//! `SIGNBOARD_FUZZ=1000000 cargo test --release --test it wire::hostile`

use crate::wire::mutation::{bytes, half, mutated};
use crate::wire::{account, id_of, told};
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
use signboard::config::ProviderKind;
use signboard::provider::{Provider, Verified};
use std::sync::{Arc, LazyLock};

const SAMPLES: [&str; 4] = [
    r#"{"@class":"com.silanis.esl.packages.event.ESLProcessEvent","name":"DOCUMENT_SIGNED","sessionUser":"7dcdd592-a889-47e1-9b99-54ecb7b73a1d","packageId":"GCa0RHbyo0gm_ZY1z-Ss-ib-87k=","message":null,"documentId":"default-consent","createdDate":"2024-05-06T14:10:51.002Z"}"#,
    r#"{"name":"PACKAGE_DECLINE","sessionUser":"u","packageId":"p=","message":"no — \ud83d\ude00","createdDate":1715004732272}"#,
    r#"{"name":"ROLE_REASSIGN","packageId":"p","newRoleId":"r","createdDate":"2024-05-06T14:10:51+02:00"}"#,
    r#"{"type":{"a":[{}]},"eventType":"COBROWSE_REQUEST","packageId":17,"selectedSupportBusinessHours":["x"]}"#,
];

/// The two services that one reader serves. Made once: there are many inputs.
fn accounts() -> &'static [Arc<dyn Provider>; 2] {
    static ONCE: LazyLock<[Arc<dyn Provider>; 2]> =
        LazyLock::new(|| [ProviderKind::OneSpan, ProviderKind::Conga].map(|kind| account(kind, None, 60)));
    &ONCE
}

proptest! {
    #![proptest_config(half())]

    #[test]
    fn any_bytes(body in bytes()) {
        for provider in accounts() {
            prop_assert_eq!(provider.parse(Verified::before(&body)).len(), 1);
        }
    }

    #[test]
    fn mutated_samples(body in mutated(&SAMPLES)) {
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
