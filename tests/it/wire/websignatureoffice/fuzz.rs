//! Bytes that nobody meant to send: whatever they are, nothing panics, and they tell facts that can be kept, the same
//! each time, or one sentence.
//!
//! `SIGNBOARD_FUZZ` says how many there are in all; a million: `SIGNBOARD_FUZZ=1000000 cargo test --release --test it wire::`.

use crate::wire::mutation::{bytes, half, mutated};
use crate::wire::{account, id_of};
use proptest::prelude::{TestCaseError, prop_assert, prop_assert_eq, proptest};
use signboard::config::ProviderKind;
use signboard::provider::{Provider, Report, Verified};
use std::sync::{Arc, LazyLock};

const SAMPLES: [&str; 6] = [
    r#"{"from":"1","to":"3","event":"STATUS_CHANGE","document_id":"41208"}"#,
    r#"{"from":3,"to":4,"event":"STATUS_CHANGE","document_id":41208}"#,
    r#"{"user_id":"88","event":"USER_FINISH","document_id":"41207","fields_signed":"0"}"#,
    r#"{"field_id":"13","field_status":"rejected","event":"FIELD_SIGNED_OR_REJECTED","document_id":"41210","user_id":"88"}"#,
    r#"{event:"RENDER_RETURN","status":"success","document_id":"41207"}"#,
    "\u{feff}{event:ENVELOPE_SEALED,document_id:007,\"pages\":[1,{\"a\":\"\\ud83d\\ude00\"}],x:null}",
];

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

proptest! {
    #![proptest_config(half())]

    #[test]
    fn any_bytes(body in bytes()) {
        check(&**provider(), &body)?;
    }

    #[test]
    fn mutated_samples(body in mutated(&SAMPLES)) {
        check(&**provider(), &body)?;
    }
}

/// Made once: there are many inputs.
fn provider() -> &'static Arc<dyn Provider> {
    static ONCE: LazyLock<Arc<dyn Provider>> =
        LazyLock::new(|| account(ProviderKind::WebSignatureOffice, None, 60));
    &ONCE
}
