//! Rule 20: signers of whom a provider speaks without naming their package, and what becomes of them.

mod asking;
mod long;
mod order;
mod policies;

use crate::support::board::{Board, NOON};
use crate::support::db;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use signboard::config::{AccountConfig, CallbackAuth, Config, ProviderKind};
use signboard::model::AccountId;
use std::path::Path;

/// A board with an open Legalesign account `ls` beside the others.
async fn board() -> Board {
    Board::with(|config| legalesign(config, CallbackAuth::None)).await
}

fn legalesign(config: &mut Config, callback: CallbackAuth) {
    let account =
        AccountConfig { calls_per_minute: 600, ..AccountConfig::new(ProviderKind::Legalesign, callback) };
    config.accounts.insert("ls".to_owned(), account);
}

fn ls() -> AccountId {
    AccountId("ls".to_owned())
}

/// A time so many seconds after 11:00 UTC, as Legalesign writes it.
fn time(second: i64) -> String {
    format!("{:.0}", jiff::Timestamp::from_millisecond(NOON - 3_600_000 + second * 1_000).unwrap())
}

/// An entry of a batch.
fn entry(kind: &str, id: &str, code: u8, second: i64) -> Value {
    let uri = format!("/api/v1/{kind}/{id}/");
    json!({"timestamp": time(second), "name": "status", "value": code.to_string(), "resource_uri": uri})
}

/// What a signer's entry and a document's are.
fn signer(id: &str, code: u8, second: i64) -> Value {
    entry("signer", id, code, second)
}

/// A batch of entries, without a signature.
fn batch(entries: &[Value]) -> String {
    let data = serde_json::to_string(entries).unwrap();
    format!("data={}", utf8_percent_encode(&data, NON_ALPHANUMERIC))
}

/// A realtime event of a document that lists its signers.
fn document(id: &str, signers: &[&str], group: &str, second: i64) -> String {
    let people: Vec<Value> =
        signers.iter().map(|it| json!({"uuid": it, "email": format!("{it}@a.example")})).collect();
    let data = json!({"uuid": id, "name": "Lease", "group": group, "recipients": people});
    let event = format!("{id} {second}");
    json!({"id": event, "created": time(second), "object": "document", "event": "created", "data": data})
        .to_string()
}

async fn send(board: &Board, body: String) {
    assert_eq!(board.send_as("ls", None, body).await.status(), 200);
}

/// The logs and states by the providers' ids, without the numbers that depend on the order of arrival.
async fn logical(data: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for statement in [
        "SELECT json_array(account, package, shelf, sender, name, search, json(state), attention_until, updated, created, due, facts, \
         check_by) FROM packages ORDER BY account, package",
        "SELECT json_array(p.account, p.package, iif(kind = 'answered', '', hex(fingerprint)), kind, detail, who, f.name, \
         happened_at, received_at, deliveries, origin, answer, unverified) AS line FROM facts f JOIN packages p ON p.id = f.package ORDER BY line",
        "SELECT json_array(account, signer, facts, since, linked, check_by) FROM signers ORDER BY account, signer",
        "SELECT json_array(s.account, s.signer, hex(fingerprint), kind, detail, who, name, happened_at, received_at, deliveries, origin, \
         unverified) AS line FROM signer_facts f JOIN signers s ON s.id = f.signer ORDER BY line",
        "SELECT json_array(s.account, s.signer, p.package) AS line FROM links l JOIN signers s ON s.id = l.signer \
         JOIN packages p ON p.id = l.package ORDER BY line",
        "SELECT json_array(account, word, n) FROM tallies WHERE n <> 0 ORDER BY account, word",
    ] {
        lines.extend(db::run(data, statement).await);
    }
    lines
}

async fn no_difference(board: &Board) {
    assert_eq!(board.app().store.self_check(|_| ()).await.unwrap().difference, None);
}

/// Seen red with: `apply` that doesn't hand a signer's entry on to the linked packages; `link` that copies nothing.
#[actix_web::test]
async fn an_entry_counts_alike_before_and_after_its_package_is_known() {
    let bodies = [
        batch(&[signer("s1", 20, 100)]),
        document("P", &["s1", "s2"], "lettings", 50),
        batch(&[signer("s1", 40, 200), entry("document", "P", 20, 60)]),
        batch(&[signer("s1", 20, 100)]),
    ];
    let mut ends = Vec::new();
    for order in [[0, 1, 2, 3], [1, 0, 2, 3], [0, 2, 3, 1], [3, 2, 1, 0], [2, 1, 3, 0]] {
        let board = board().await;
        for at in order {
            send(&board, bodies[at].clone()).await;
        }
        let package = board.package("ls", "P").await;
        assert_eq!(package["status"], "sent");
        let who = &package["signers"][0];
        assert_eq!((&who["id"], &who["status"]), (&json!("s1"), &json!("signed")), "{order:?}");
        let deliveries: Vec<&Value> = package["events"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["name"] == "signer status 20")
            .map(|it| &it["deliveries"])
            .collect();
        assert_eq!(deliveries, [&json!(2)], "a repeat counts, before the join or after");
        no_difference(&board).await;
        ends.push(logical(&board.data()).await);
        board.stop().await;
    }
    for end in &ends {
        assert_eq!(end, &ends[0]);
    }
}

#[actix_web::test]
async fn a_signer_without_a_package_is_listed_until_one_is_known() {
    let board = board().await;
    let store = &board.app().store;
    send(&board, batch(&[signer("s1", 10, 100), signer("s1", 20, 300), signer("s2", 10, 100)])).await;
    board.clock.advance(1_000);
    send(&board, batch(&[signer("s1", 15, 200), signer("s3", 60, 400)])).await;
    assert_eq!(board.json("/api/v1/packages").await["packages"], json!([]));
    let lone = store.lone_signers(&ls(), None, 2).await.unwrap();
    assert_eq!(lone.iter().map(|it| it.signer.as_str()).collect::<Vec<_>>(), ["s3", "s2"], "newest first");
    let rest = store.lone_signers(&ls(), Some(lone[1].id), 2).await.unwrap();
    assert_eq!(rest.len(), 1);
    let s1 = &rest[0];
    assert_eq!((s1.signer.as_str(), s1.facts, s1.name.as_str()), ("s1", 3, "signer status 20"));
    assert_eq!((s1.since.0, s1.at.0), (NOON, NOON - 3_600_000 + 300_000));
    assert_eq!((s1.tries, s1.ask_at), (0, None), "there is no API to ask");
    assert_eq!(store.account_facts(&ls()).await.unwrap().lone_signers, 3);
    let arrivals = store.arrivals(None, 10).await.unwrap();
    assert_eq!(arrivals[0].name.as_deref(), Some("signer status 15"));
    assert_eq!(arrivals[0].package, None);
    send(&board, document("P", &["s1"], "lettings", 50)).await;
    assert_eq!(store.count_lone_signers(&ls()).await.unwrap(), 2);
    assert_eq!(store.lone_signers(&ls(), None, 9).await.unwrap().len(), 2);
    let arrivals = store.arrivals(None, 10).await.unwrap();
    assert_eq!(arrivals[1].package.as_ref().map(|it| it.package.as_str()), Some("P"), "by its signer");
    no_difference(&board).await;
    board.stop().await;
}

#[actix_web::test]
async fn a_signer_of_two_packages_counts_in_both() {
    let board = board().await;
    send(&board, document("P", &["s1"], "lettings", 10)).await;
    send(&board, batch(&[signer("s1", 20, 100)])).await;
    send(&board, document("Q", &["s1", "s2"], "lettings", 20)).await;
    send(&board, batch(&[signer("s1", 40, 200), signer("s1", 20, 100), signer("s2", 60, 90)])).await;
    for package in ["P", "Q"] {
        let package = board.package("ls", package).await;
        assert_eq!(package["signers"][0]["status"], "signed");
        let viewed = package["events"].as_array().unwrap().iter().find(|it| it["name"] == "signer status 20");
        assert_eq!(viewed.unwrap()["deliveries"], 2);
    }
    assert_eq!(board.package("ls", "P").await["signers"].as_array().unwrap().len(), 1, "s2 is in Q alone");
    assert_eq!(board.package("ls", "Q").await["signers"][1]["status"], "declined");
    no_difference(&board).await;
    board.stop().await;
}

#[actix_web::test]
async fn replay_rebuild_and_a_restart_change_no_row() {
    let mut board = board().await;
    for n in 0..12_i64 {
        let (own, other) = (format!("s{}", n % 5), format!("s{}", (n + 2) % 5));
        send(&board, batch(&[signer(&own, 10, n), signer(&other, 20, n), entry("document", "P0", 20, n)]))
            .await;
        if n % 3 == 0 {
            send(&board, document(&format!("P{}", n / 3), &[&own], "lettings", n)).await;
        }
        send(&board, batch(&[signer(&own, 10, n)])).await;
        board.clock.advance(1_000);
    }
    let before = board.dump().await;
    for restart in [false, true] {
        if restart {
            board.restart().await;
        }
        let again = board.app().replay(|_| ()).await.unwrap();
        assert_eq!((again.arrivals, again.fresh), (28, 0));
        board.app().rebuild().await.unwrap();
        assert_eq!(board.dump().await, before);
        no_difference(&board).await;
    }
    // Numbers go on where they were.
    send(&board, batch(&[signer("new", 10, 1)])).await;
    assert_eq!(board.sql("SELECT signer FROM signers ORDER BY id DESC LIMIT 1").await, ["new"]);
    board.stop().await;
}

#[actix_web::test]
async fn what_was_kept_and_not_digested_joins_when_it_is() {
    let board = board().await;
    board
        .sql("CREATE TRIGGER poison BEFORE INSERT ON signer_facts BEGIN SELECT RAISE(ABORT, 'poison'); END")
        .await;
    send(&board, batch(&[signer("s1", 40, 100)])).await;
    send(&board, document("P", &["s1"], "lettings", 10)).await;
    assert_eq!(board.app().store.health().pending(), 1);
    assert_eq!(board.package("ls", "P").await["signers"][0]["status"], "waiting");
    board.sql("DROP TRIGGER poison").await;
    assert_eq!(board.app().drain().await.unwrap().fresh, 1);
    assert_eq!(board.package("ls", "P").await["signers"][0]["status"], "signed");
    no_difference(&board).await;
    board.stop().await;
}

#[actix_web::test]
async fn a_lost_copy_is_named_and_mended() {
    let board = board().await;
    send(&board, batch(&[signer("s1", 20, 100), signer("s1", 40, 200)])).await;
    send(&board, document("P", &["s1"], "lettings", 10)).await;
    let before = board.dump().await;
    for (broken, named) in [
        ("DELETE FROM facts WHERE name = 'signer status 40'", "`state` says"),
        ("UPDATE signers SET facts = 7", "what is counted of the signer s1"),
        ("UPDATE signers SET linked = 0", "what is counted of the signer s1"),
    ] {
        board.sql(broken).await;
        let difference = board.app().store.self_check(|_| ()).await.unwrap().difference.unwrap();
        assert!(difference.contains(named), "{broken}: {difference}");
        board.app().rebuild().await.unwrap();
        assert_eq!(board.dump().await, before, "{broken}");
    }
    // A copy that nobody misses, for the state was made without it.
    board.sql("DELETE FROM facts WHERE name = 'signer status 20'").await;
    board.sql("UPDATE packages SET facts = facts - 1, state = json_set(state, '$.k', facts - 1)").await;
    let difference = board.app().store.self_check(|_| ()).await.unwrap().difference.unwrap();
    assert!(difference.contains("ls/P"), "{difference}");
    board.stop().await;
}

#[actix_web::test]
async fn accounts_whose_provider_names_packages_have_no_signers_of_their_own() {
    let board = board().await;
    board.event("P", "RECIPIENT_VIEWED", "s1", 0).await;
    board.event("P", "SIGNER_COMPLETE", "s1", 10).await;
    assert_eq!(board.sql("SELECT count(*) FROM signers").await, ["0"]);
    board.stop().await;
}
