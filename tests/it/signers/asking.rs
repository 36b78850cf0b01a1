//! Which package a signer is in, asked of the API: after the packages, within the budget, and not for ever.

use super::{batch, document, entry, legalesign, ls, no_difference, send, signer};
use crate::support::board::Board;
use crate::wire::fake::{Asked, Fake};
use actix_web::HttpResponse;
use serde_json::{Value, json};
use signboard::config::{ApiAuth, ApiConfig, CallbackAuth, Secret, Unsigned};
use signboard::model::{SignerId, SignerKey, Timestamp};
use signboard::store::MOST_TRIES;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

/// When the API answers: at noon, however long it takes.
const DATE: &str = "Sun, 22 Nov 2026 12:00:00 GMT";

/// A board whose account `ls` asks `fake`.
async fn asking(fake: &Fake, calls_per_minute: u32) -> Board {
    let base_url = format!("{}/api/v1", fake.url);
    let auth = ApiAuth::Header { authorization: Secret::new("ApiKey user:key") };
    Board::with(|config| {
        legalesign(config, CallbackAuth::None);
        let account = config.accounts.get_mut("ls").unwrap();
        account.calls_per_minute = calls_per_minute;
        account.api = Some(ApiConfig { base_url, auth, proxy: None, ca_file: None, cache: false });
    })
    .await
}

/// An API in which the signers `s…` are in the documents `P…` of the same number; it knows nobody else.
fn knows(asked: &Asked) -> HttpResponse {
    let ok = |body: Value| HttpResponse::Ok().insert_header(("Date", DATE)).json(body);
    let path = asked.what.strip_prefix("GET /api/v1/").unwrap_or_default().trim_end_matches('/');
    match path.split_once('/') {
        Some(("signer", id)) if id.starts_with('s') => {
            let document = format!("/api/v1/document/{}/", id.replacen('s', "P", 1));
            ok(json!({"document": document, "resource_uri": format!("/api/v1/signer/{id}/")}))
        }
        Some(("document", id)) => ok(shown(id)),
        _ if ["group", "document"].contains(&path) => {
            ok(json!({"meta": {"next": null, "total_count": 0}, "objects": []}))
        }
        _ => HttpResponse::NotFound().finish(),
    }
}

fn shown(document: &str) -> Value {
    let signer = json!([
        format!("/api/v1/signer/{}/", document.replacen('P', "s", 1)),
        "Ada",
        "L",
        "a@a.example",
        "",
        true,
        20,
        0
    ]);
    json!({"uuid": document, "name": "Lease", "status": 20, "group": "/api/v1/group/lettings/", "signers": [signer]})
}

/// Rounds until nothing is due, each a millisecond later: what came in the millisecond of an answer may be newer than it.
async fn ask(board: &Board) {
    for _ in 0..100 {
        board.clock.advance(1);
        let asked = board.app().ask_due().await.unwrap();
        if (asked.answered, asked.failed) == (0, 0) {
            return;
        }
    }
    panic!("it never ends");
}

#[actix_web::test]
async fn the_api_tells_the_package_and_then_of_the_package() {
    let fake = Fake::start(knows);
    let board = asking(&fake, 600).await;
    send(&board, batch(&[signer("s1", 20, 100), signer("s1", 40, 200), signer("s2", 10, 100)])).await;
    assert_eq!(board.app().next_round().await.unwrap(), Some(board.app().now()), "it is due at once");
    let waits = board.app().store.lone_signers(&ls(), None, 9).await.unwrap();
    assert_eq!(waits[0].ask_at, Some(board.app().now()));
    ask(&board).await;
    let package = board.package("ls", "P1").await;
    assert_eq!((&package["name"], &package["status"]), (&json!("Lease"), &json!("sent")));
    assert_eq!(
        (&package["signers"][0]["name"], &package["signers"][0]["id"]),
        (&json!("Ada L"), &json!("s1"))
    );
    let names: Vec<&Value> = package["events"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert!(
        names.contains(&&json!("signer status 40")) && names.contains(&&json!("API: signer of this package"))
    );
    assert_eq!(board.app().store.count_lone_signers(&ls()).await.unwrap(), 0);
    assert_eq!((fake.count("GET /api/v1/signer/"), fake.count("GET /api/v1/document/P")), (2, 2));
    // What comes now needs no question.
    send(&board, batch(&[signer("s2", 40, 3_660)])).await;
    assert_eq!(fake.count("GET /api/v1/signer/"), 2);
    assert_eq!(board.package("ls", "P2").await["signers"][0]["status"], "signed");
    no_difference(&board).await;
    board.stop().await;
}

/// Seen red with: as many signers beside packages as without.
#[actix_web::test]
async fn whom_a_package_lists_nobody_has_to_ask_about() {
    let fake = Fake::start(knows);
    let board = asking(&fake, 600).await;
    let entries: Vec<Value> = (0..30)
        .flat_map(|n| [signer(&format!("s{n}"), 20, n), entry("document", &format!("P{n}"), 20, n)])
        .collect();
    send(&board, batch(&entries)).await;
    let mut most = 0;
    for _ in 0..10 {
        let before = fake.count("GET /api/v1/signer/");
        board.clock.advance(1);
        board.app().ask_due().await.unwrap();
        let due = board.app().store.next_due(&ls()).await.unwrap();
        if due.is_none_or(|due| due > board.app().now()) {
            break;
        }
        most = most.max(fake.count("GET /api/v1/signer/") - before);
    }
    assert!(most <= 1, "while packages are due, one signer a round: {most}");
    ask(&board).await;
    assert_eq!(board.app().store.count_lone_signers(&ls()).await.unwrap(), 0);
    let (signers, documents) = (fake.count("GET /api/v1/signer/"), fake.count("GET /api/v1/document/P"));
    assert!(signers <= 2 && documents == 30, "{signers} {documents}");
    board.stop().await;
}

#[actix_web::test]
async fn a_signer_whom_the_api_does_not_know_is_given_up_and_stays_listed() {
    let fake = Fake::start(knows);
    let board = asking(&fake, 600).await;
    send(&board, batch(&[signer("x1", 20, 100)])).await;
    let mut waits = Vec::new();
    for _ in 0..30 {
        ask(&board).await;
        let Some(next) = board.app().store.next_due_signer(&ls()).await.unwrap() else { break };
        waits.push(next.since(board.app().now()));
        board.clock.advance(waits.last().unwrap() + 1);
    }
    assert_eq!(fake.count("GET /api/v1/signer/x1/"), 10);
    assert!(waits.windows(2).take(5).all(|pair| pair[0] < pair[1]), "longer each time: {waits:?}");
    let lone = board.app().store.lone_signers(&ls(), None, 9).await.unwrap();
    assert_eq!((i64::from(lone[0].tries), lone[0].ask_at), (MOST_TRIES, None));
    board.clock.advance(90 * 24 * 3_600_000);
    send(&board, batch(&[signer("x1", 40, 200)])).await;
    ask(&board).await;
    assert_eq!(fake.count("GET /api/v1/signer/"), 10, "never again");
    // Somebody else tells.
    send(&board, document("P9", &["x1"], "lettings", 50)).await;
    assert_eq!(board.app().store.count_lone_signers(&ls()).await.unwrap(), 0);
    assert_eq!(board.package("ls", "P9").await["signers"][0]["status"], "signed");
    no_difference(&board).await;
    board.stop().await;
}

/// Seen red with: a failed call that counts as a try.
#[actix_web::test]
async fn an_api_that_cannot_be_reached_says_nothing_of_a_signer() {
    let status = Arc::new(AtomicU16::new(500));
    let answers = Arc::clone(&status);
    let fake = Fake::start(move |asked| match answers.load(Ordering::SeqCst) {
        200 => knows(asked),
        other => HttpResponse::build(other.try_into().unwrap()).finish(),
    });
    let board = asking(&fake, 600).await;
    send(&board, batch(&[signer("s1", 20, 100)])).await;
    for (down, rounds) in [(500, 12), (401, 6), (429, 6)] {
        status.store(down, Ordering::SeqCst);
        for _ in 0..rounds {
            ask(&board).await;
            board.clock.advance(11 * 60_000);
        }
        assert!(board.app().account("ls").unwrap().api_state().rests_until.is_some(), "{down}");
    }
    assert!(fake.count("GET /api/v1/signer/s1/") > 10);
    assert_eq!(board.app().store.lone_signers(&ls(), None, 9).await.unwrap()[0].tries, 0);
    status.store(200, Ordering::SeqCst);
    board.clock.advance(11 * 60_000);
    ask(&board).await;
    assert_eq!(board.package("ls", "P1").await["signers"][0]["status"], "viewed");
    board.stop().await;
}

#[actix_web::test]
async fn the_budget_of_calls_holds_for_signers_too() {
    let fake = Fake::start(knows);
    let board = asking(&fake, 4).await;
    let entries: Vec<Value> = (0..3).map(|n| signer(&format!("x{n}"), 20, 100)).collect();
    send(&board, batch(&entries)).await;
    send(&board, batch(&[signer("s1", 20, 100), signer("s2", 20, 100), signer("s3", 20, 100)])).await;
    ask(&board).await;
    assert_eq!(fake.asked().len(), 4);
    let next = board.app().next_round().await.unwrap().unwrap();
    assert!((59_000..=60_000).contains(&next.since(board.app().now())), "and then a minute of rest");
    for _ in 0..4 {
        board.clock.advance(61_000);
        ask(&board).await;
    }
    let lone = board.app().store.lone_signers(&ls(), None, 9).await.unwrap();
    assert!(lone.iter().all(|it| it.signer.as_str().starts_with('x')), "{lone:?}");
    board.stop().await;
}

#[actix_web::test]
async fn what_is_linked_meanwhile_is_not_asked_for_any_more() {
    let fake = Fake::start(knows);
    let board = asking(&fake, 600).await;
    send(&board, batch(&[signer("s1", 20, 100)])).await;
    send(&board, document("P1", &["s1"], "lettings", 50)).await;
    let key = SignerKey { account: ls(), signer: SignerId::parse("s1").unwrap() };
    board.app().store.postpone_signer(key, Timestamp(0), true).await.unwrap();
    assert_eq!(board.app().store.next_due_signer(&ls()).await.unwrap(), None);
    no_difference(&board).await;
    board.stop().await;
}

/// Seen red with: nothing elsewhere is asked about.
#[actix_web::test]
async fn whoever_proves_nothing_hides_no_package() {
    let fake = Fake::start(knows);
    let mut board = asking(&fake, 600).await;
    send(&board, document("P1", &["s1"], "lettings", 50)).await;
    let certificate = include_str!("../../data/legalesign/certificate_v3.pem").to_owned();
    board
        .reconfigure(|config| {
            let account = config.accounts.get_mut("ls").unwrap();
            account.groups = vec!["lettings".to_owned()];
            account.callback =
                CallbackAuth::Signed { certificate, unsigned: Unsigned::Accept, hmac_secret: None };
        })
        .await;
    send(&board, document("P1", &[], "sandbox", 60)).await;
    assert_eq!(board.package("ls", "P1").await["elsewhere"], true);
    ask(&board).await;
    let package = board.package("ls", "P1").await;
    assert_eq!((&package["elsewhere"], &package["group"]), (&json!(false), &json!("lettings")));
    no_difference(&board).await;
    board.stop().await;
}
