//! JSON: a contract with programs.

use super::super::sample::{self, around, berlin};
use super::super::*;

#[test]
fn json_is_the_contract() {
    let mut detail = sample::detail();
    detail.log.truncate(2);
    let (accounts, zone) = (sample::accounts(), berlin());
    let around = around(&accounts, &zone);
    let answer = serde_json::to_value(json::PackageAnswer::new(&detail, &around)).expect("serializes");
    let signer = |id: &str, name: &str, order: u32, status: &str, locked: bool| {
        let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        serde_json::json!({
            "id": id, "name": name, "email": email, "order": order, "status": status,
            "step": null, "fields_signed": 0, "fields_rejected": 0,
            "locked": locked, "bounced": false, "kba_failed": false,
        })
    };
    let event = |happened: &str, received: &str| {
        serde_json::json!({
            "name": "A_WORD", "happened_at": happened, "received_at": received, "origin": "callback", "deliveries": 1,
            "unverified": false,
        })
    };
    let expected = serde_json::json!({
        "account": "onespan-eu", "id": "5n4obeO8jYoPp126Cm-Y3fxdfbo=", "name": "Mortgage refinance 20413",
        "status": "sent", "trashed": false, "archived": false, "ready_to_complete": false, "final_pdf": false,
        "render_failed": false, "deposit_failed": false, "unverified": false, "group": null, "elsewhere": false, "reason": null, "reference": "CRM-20413",
        "sender": {"id": "dana", "name": "Dana Reyes", "email": "dana.reyes@bank.example"},
        "created": "2026-11-18T12:57:11.000Z", "updated": "2026-11-21T13:02:01.000Z",
        "due": "2026-11-30T13:02:11.000Z", "confirmed_at": "2026-11-21T11:02:11.000Z",
        "waiting_for": ["s3"],
        "signers": [
            signer("s1", "Henrik Dahl", 1, "signed", false), signer("s2", "Asha Verma", 2, "signed", false),
            signer("s3", "Marta Oliveira", 3, "signing", true), signer("s4", "Dana Reyes", 4, "waiting", false),
        ],
        "documents": [{"id": "d1", "name": "Loan agreement", "signed_by": ["s1", "s2"]}],
        "attachments": [{"name": "passport.pdf", "signer": "s1", "at": "2026-11-18T13:02:11.000Z"}],
        "events": [
            event("2026-11-18T13:02:11.000Z", "2026-11-18T13:02:11.400Z"),
            event("2026-11-18T14:17:11.000Z", "2026-11-18T14:17:11.400Z"),
        ],
        "why": "Sent, since “PACKAGE_ACTIVATE” of 18 Nov 2026 13:02:11, told by callback; nothing speaks against it; \
                the provider’s API agreed on 21 Nov 2026 11:02:11 (times in UTC).",
    });
    assert_eq!(answer, expected);
    let item = serde_json::to_value(json::PackageItem::new(&detail.row, &around)).expect("serializes");
    let keys = |it: &serde_json::Value| it.as_object().map(|it| it.keys().cloned().collect::<Vec<_>>());
    let mut without = expected;
    for key in ["documents", "events", "why"] {
        without.as_object_mut().expect("an object").remove(key);
    }
    assert_eq!(keys(&item), keys(&without));
}
