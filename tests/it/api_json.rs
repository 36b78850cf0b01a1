//! The contract with programs: every field of a package, from callbacks and from the provider's API.

use crate::support::world::Stage;
use serde_json::{Value, json};
use signboard::demo::act::{Act, Bounce, Draft};
use std::collections::BTreeSet;

const FIELDS: [&str; 26] = [
    "account",
    "id",
    "name",
    "status",
    "trashed",
    "archived",
    "ready_to_complete",
    "final_pdf",
    "render_failed",
    "deposit_failed",
    "unverified",
    "group",
    "elsewhere",
    "reason",
    "reference",
    "sender",
    "created",
    "updated",
    "due",
    "confirmed_at",
    "waiting_for",
    "signers",
    "documents",
    "attachments",
    "events",
    "why",
];

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|it| it.len() == 24 && it.ends_with('Z') && it.as_bytes()[19] == b'.')
}

#[actix_web::test]
async fn the_whole_life_of_a_package() {
    let stage = Stage::open().await;
    let mut draft =
        Draft::named("Lease · Straße 5").signer("Ana", "Souza").signer("Ben", "Okri").closed_by_hand();
    draft.documents.push(signboard::demo::act::DraftDocument {
        name: "Lease".to_owned(),
        signed_by: vec![0, 1],
        optional_block: false,
    });
    draft.due_after = Some(30 * 24 * 3_600_000);
    draft.data = vec![("reference".to_owned(), "L-2026/77".to_owned())];
    let id = stage.create("os", &draft).await;
    let told = stage.board.package("os", &id).await;
    let mut expected: BTreeSet<&str> = FIELDS.into();
    assert_eq!(keys(&told), expected);
    for (field, value) in [
        ("account", json!("os")),
        ("id", json!(id)),
        ("name", Value::Null),
        ("status", json!("draft")),
        ("trashed", json!(false)),
        ("ready_to_complete", json!(false)),
        ("archived", json!(false)),
        ("final_pdf", json!(false)),
        ("render_failed", json!(false)),
        ("deposit_failed", json!(false)),
        ("unverified", json!(false)),
        ("group", Value::Null),
        ("elsewhere", json!(false)),
        ("reason", Value::Null),
        ("reference", Value::Null),
        ("sender", Value::Null),
        ("due", Value::Null),
        ("confirmed_at", Value::Null),
        ("waiting_for", json!([])),
        ("signers", json!([])),
        ("documents", json!([])),
        ("attachments", json!([])),
    ] {
        assert_eq!(told[field], value, "{field}");
    }
    assert!(is_time(&told["created"]) && is_time(&told["updated"]));
    assert!(stage.board.text("/").await.contains(&id[..8]), "the id, honestly");

    stage.act("os", &id, &Act::Activate).await;
    stage.ask().await;
    let told = stage.board.package("os", &id).await;
    assert_eq!((&told["name"], &told["status"]), (&json!("Lease · Straße 5"), &json!("sent")));
    assert!(told["reference"].as_str().is_some_and(|it| it.contains("L-2026/77")), "{}", told["reference"]);
    assert_eq!(keys(&told["sender"]), ["id", "name", "email"].into());
    assert!(is_time(&told["due"]) && is_time(&told["confirmed_at"]));
    let signers = told["signers"].as_array().unwrap();
    let fields = [
        "id",
        "name",
        "email",
        "order",
        "status",
        "step",
        "fields_signed",
        "fields_rejected",
        "locked",
        "bounced",
        "kba_failed",
    ];
    assert!(signers.iter().all(|signer| keys(signer) == fields.into()));
    assert_eq!((&signers[0]["name"], &signers[1]["name"]), (&json!("Ana Souza"), &json!("Ben Okri")));
    assert_eq!((&signers[0]["order"], &signers[1]["order"]), (&json!(1), &json!(2)));
    assert_eq!(told["waiting_for"], json!([signers[0]["id"]]));
    let (ana, ben) = (signers[0]["id"].clone(), signers[1]["id"].clone());
    for needle in ["souza", "l-2026", "stra%C3%9Fe", "STRASSE"] {
        let found = stage.board.json(&format!("/api/v1/packages?q={needle}")).await;
        assert_eq!(found["packages"].as_array().unwrap().len(), 1, "{needle}");
    }

    for (act, flag) in [(Act::Lock(0), "locked"), (Act::Bounce(0, Bounce::Hard), "bounced")] {
        stage.act("os", &id, &act).await;
        assert_eq!(stage.board.package("os", &id).await["signers"][0][flag], true, "{flag}");
    }
    let found = stage.board.json("/api/v1/packages?status=attention").await;
    assert_eq!(found["packages"][0]["id"], json!(id));
    stage.act("os", &id, &Act::Unlock(0)).await;
    stage.act("os", &id, &Act::SignAll(0)).await;
    stage.act("os", &id, &Act::Attach(1, "Passport".to_owned(), "passport.pdf".to_owned())).await;
    let told = stage.board.package("os", &id).await;
    assert_eq!(
        (&told["signers"][0]["status"], &told["signers"][0]["locked"]),
        (&json!("signed"), &json!(false))
    );
    assert_eq!(told["waiting_for"], json!([ben]));
    assert_eq!(told["documents"][0]["signed_by"], json!([ana]));
    assert_eq!(keys(&told["documents"][0]), ["id", "name", "signed_by"].into());
    let attachment = &told["attachments"][0];
    assert_eq!((&attachment["name"], &attachment["signer"]), (&json!("passport.pdf"), &ben));
    assert!(is_time(&attachment["at"]));
    stage.act("os", &id, &Act::SignAll(1)).await;
    let told = stage.board.package("os", &id).await;
    assert_eq!(
        (&told["status"], &told["ready_to_complete"], &told["waiting_for"]),
        (&json!("sent"), &json!(true), &json!([]))
    );
    stage.act("os", &id, &Act::Complete).await;
    stage.ask().await;
    let told = stage.board.package("os", &id).await;
    assert_eq!((&told["status"], &told["ready_to_complete"]), (&json!("completed"), &json!(false)));
    let events = told["events"].as_array().unwrap();
    let event = ["name", "happened_at", "received_at", "origin", "deliveries", "unverified"];
    assert!(events.iter().all(|it| keys(it) == event.into() && is_time(&it["received_at"])));
    let times: Vec<&str> = events.iter().filter_map(|it| it["happened_at"].as_str()).collect();
    assert!(times.is_sorted(), "oldest first");
    let origins: BTreeSet<&str> = events.iter().filter_map(|it| it["origin"].as_str()).collect();
    assert_eq!(origins, ["callback", "poll"].into());
    assert!(told["why"].as_str().is_some_and(|why| why.ends_with('.')));

    let list = stage.board.json("/api/v1/packages").await;
    assert_eq!(keys(&list), ["packages", "next", "newest_of"].into());
    for left_out in ["documents", "events", "why"] {
        expected.remove(left_out);
    }
    assert_eq!(keys(&list["packages"][0]), expected);
    stage.close().await;
}

#[actix_web::test]
async fn ends_keep_the_words_of_the_signer() {
    let stage = Stage::open().await;
    let draft = Draft::named("NDA").signer("Ana", "Souza").document("NDA");
    for (account, act, status, signer) in [
        ("os", Act::Decline(0, "wrong <name>".to_owned()), "declined", "declined"),
        ("cg", Act::OptOut(0, "on paper, please".to_owned()), "opted_out", "opted_out"),
    ] {
        let id = stage.create(account, &draft).await;
        stage.act(account, &id, &Act::Activate).await;
        stage.act(account, &id, &act).await;
        for asked in [false, true] {
            if asked {
                stage.ask().await;
            }
            let told = stage.board.package(account, &id).await;
            assert_eq!((&told["status"], &told["signers"][0]["status"]), (&json!(status), &json!(signer)));
            let (Act::Decline(_, reason) | Act::OptOut(_, reason)) = &act else { continue };
            assert_eq!(told["reason"], json!(reason), "asked: {asked}");
        }
    }
    let id = stage.create("os", &draft).await;
    for (act, trashed) in
        [(Act::Activate, false), (Act::Trash, true), (Act::Restore, false), (Act::Trash, true)]
    {
        stage.act("os", &id, &act).await;
        let told = stage.board.package("os", &id).await;
        assert_eq!((&told["status"], &told["trashed"]), (&json!("sent"), &json!(trashed)));
    }
    let listed = stage.board.json("/api/v1/packages").await;
    assert_eq!(listed["packages"].as_array().unwrap().len(), 2, "the trashed only when asked for");
    stage.close().await;
}
