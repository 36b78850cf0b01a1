//! What an account's configuration decides: callbacks without a signature, and groups that aren't shown.

use super::{batch, board, document, entry, legalesign, logical, no_difference, send, signer};
use crate::support::board::{Board, client};
use base64::Engine as _;
use serde_json::{Value, json};
use signboard::app::ArrivalState;
use signboard::config::{CallbackAuth, Secret, Unsigned};

fn signed(unsigned: Unsigned) -> CallbackAuth {
    let certificate = include_str!("../../data/legalesign/certificate_v3.pem").to_owned();
    CallbackAuth::Signed { certificate, unsigned, hmac_secret: None }
}

/// The vendor's batch as it was signed, and the same without its signature.
fn vendors() -> (String, String) {
    let body = include_str!("../../data/legalesign/batch_body.form").trim_end().to_owned();
    let pairs: Vec<&str> = body.split('&').filter(|pair| !pair.starts_with("signed=")).collect();
    let bare = pairs.join("&");
    (body, bare)
}

async fn unverified(board: &Board) -> Vec<String> {
    board
        .sql("SELECT DISTINCT unverified FROM (SELECT unverified FROM facts UNION ALL SELECT unverified FROM signer_facts)")
        .await
}

#[actix_web::test]
async fn without_a_signature_a_callback_waits_or_counts_unverified_as_the_account_says() {
    let mut board = Board::with(|config| legalesign(config, signed(Unsigned::Quarantine))).await;
    let (sealed, bare) = vendors();
    send(&board, bare.clone()).await;
    let arrival = board.app().store.arrivals(None, 1).await.unwrap().remove(0);
    assert_eq!(arrival.state, ArrivalState::Quarantined);
    assert!(arrival.note.unwrap().contains("unsigned = \"accept\""));
    assert_eq!(board.sql("SELECT count(*) FROM facts").await, ["0"]);
    let before = board.dump().await;
    board.app().replay(|_| ()).await.unwrap();
    board.app().replay_one(arrival.id).await.unwrap();
    assert_eq!(board.dump().await, before, "read again, it waits as before");

    board.reconfigure(|config| legalesign(config, signed(Unsigned::Accept))).await;
    let again = board.app().replay_one(arrival.id).await.unwrap().unwrap();
    assert!(again.fresh > 0 && again.quarantined == 0, "the policy of today decides: {again:?}");
    assert_eq!(unverified(&board).await, ["1"], "whoever sent it");
    send(&board, bare).await;
    assert_eq!(unverified(&board).await, ["1"], "however often it comes");
    assert_eq!(board.app().store.arrivals(None, 1).await.unwrap()[0].state, ArrivalState::Digested);
    let before = board.dump().await;
    board.app().replay(|_| ()).await.unwrap();
    board.app().rebuild().await.unwrap();
    assert_eq!(board.dump().await, before);
    no_difference(&board).await;

    send(&board, sealed).await;
    assert_eq!(unverified(&board).await, ["0"], "somebody vouches for it now");
    board.restart().await;
    board.app().replay(|_| ()).await.unwrap();
    assert_eq!(unverified(&board).await, ["0"]);
    no_difference(&board).await;
    board.stop().await;
}

/// An event's id makes the fact, and a stranger may send any id. Seen red with: the first to come gives the content.
#[actix_web::test]
async fn what_an_event_says_is_said_by_whoever_is_vouched_for() {
    let mut boards = Vec::new();
    for stranger_first in [true, false] {
        let board = Board::with(|config| {
            let CallbackAuth::Signed { certificate, .. } = signed(Unsigned::Accept) else { unreachable!() };
            let hmac_secret = Some(Secret::new("hush"));
            legalesign(config, CallbackAuth::Signed { certificate, unsigned: Unsigned::Accept, hmac_secret });
        })
        .await;
        let true_one = document("P", &["s1"], "lettings", 10);
        let forged = true_one.replace("created\",", "rejected\",").replace("Lease", "Pay here");
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"hush");
        let tag =
            base64::engine::general_purpose::STANDARD.encode(ring::hmac::sign(&key, true_one.as_bytes()));
        let mut calls = vec![(forged, None), (true_one, Some(tag))];
        if !stranger_first {
            calls.reverse();
        }
        for (body, tag) in calls {
            let call = client().post(format!("{}/callbacks/ls", board.url)).body(body);
            let call = tag.into_iter().fold(call, |call, tag| call.header("X-Hmac-Sha256", tag));
            assert_eq!(call.send().await.unwrap().status(), 200);
        }
        assert_eq!(unverified(&board).await, ["0"]);
        let before = board.dump().await;
        board.app().replay(|_| ()).await.unwrap();
        board.app().rebuild().await.unwrap();
        assert_eq!(board.dump().await, before);
        no_difference(&board).await;
        let package = board.package("ls", "P").await;
        assert_eq!((&package["name"], &package["status"]), (&json!("Lease"), &json!("draft")));
        boards.push(logical(&board.data()).await);
        board.stop().await;
    }
    assert_eq!(boards[0], boards[1]);
}

async fn shown(board: &Board) -> Vec<Value> {
    let list = board.json("/api/v1/packages?sort=name").await;
    let mut ids: Vec<Value> =
        list["packages"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    ids.sort_by_key(ToString::to_string);
    ids
}

/// Seen red with: groups that are not remembered.
#[actix_web::test]
async fn packages_of_other_groups_are_kept_and_not_shown_until_the_configuration_says_so() {
    let mut board = board().await;
    send(&board, document("P", &["s1"], "lettings", 10)).await;
    send(&board, document("Q", &["s2"], "sandbox", 10)).await;
    send(&board, batch(&[entry("document", "R", 20, 10), signer("s2", 60, 20)])).await;
    assert_eq!(shown(&board).await, ["P", "Q", "R"]);
    let all = logical(&board.data()).await;

    board
        .reconfigure(|config| config.accounts.get_mut("ls").unwrap().groups = vec!["lettings".to_owned()])
        .await;
    assert_eq!(shown(&board).await, ["P", "R"], "of an unknown group it is shown");
    assert_eq!(board.sql("SELECT shelf FROM packages WHERE package = 'Q'").await, ["elsewhere"]);
    assert_eq!(board.sql("SELECT n FROM tallies WHERE account = 'ls' AND word = 'packages'").await, ["2"]);
    assert_eq!(board.json("/api/v1/packages?status=attention").await["packages"], json!([]));
    send(&board, document("R", &[], "sandbox", 30)).await;
    send(&board, document("S", &[], "sandbox", 30)).await;
    assert_eq!(shown(&board).await, ["P"], "once its group is known");
    no_difference(&board).await;
    let before = board.dump().await;
    board.app().rebuild().await.unwrap();
    board.restart().await;
    assert_eq!(board.dump().await, before, "the same groups change nothing");

    board
        .reconfigure(|config| config.accounts.get_mut("ls").unwrap().groups = vec!["sandbox".to_owned()])
        .await;
    assert_eq!(shown(&board).await, ["Q", "R", "S"]);
    no_difference(&board).await;
    board.reconfigure(|config| config.accounts.get_mut("ls").unwrap().groups.clear()).await;
    assert_eq!(shown(&board).await, ["P", "Q", "R", "S"]);
    no_difference(&board).await;
    let again = logical(&board.data()).await;
    let of_q = |lines: &[String]| -> Vec<String> {
        lines.iter().filter(|it| it.contains("\"Q\"")).cloned().collect()
    };
    assert_eq!(of_q(&again), of_q(&all), "nothing of it was lost");
    board.stop().await;
}

/// Rows of a version that knew no `settings` may say what logs no longer fold to. Seen red with: rows taken as they are.
#[actix_web::test]
async fn after_an_update_every_package_is_folded_again() {
    let mut board = board().await;
    send(&board, document("P", &["s1"], "lettings", 10)).await;
    let before = board.dump().await;
    board.halt().await;
    board.sql("DELETE FROM settings").await;
    board.sql("UPDATE packages SET attention_until = 5, shelf = 'declined'").await;
    board.resume(None).await;
    no_difference(&board).await;
    assert_eq!(board.dump().await, before);
    board.stop().await;
}

/// Seen red with: whatever was refused taken as verified, once an administrator admits it.
#[actix_web::test]
async fn nobody_can_admit_what_its_signature_denies() {
    let board = Board::with(|config| {
        legalesign(config, signed(Unsigned::Accept));
        config.accounts.get_mut("ls").unwrap().path_token = Some(Secret::new("tok-0123456789-abcdef"));
    })
    .await;
    let (sealed, _) = vendors();
    let at = format!("{}/callbacks/ls/tok-0123456789-abcdef", board.url);
    let forged = sealed.replacen("signed=", "signed=AAAA", 1);
    assert_eq!(client().post(&at).body(forged).send().await.unwrap().status(), 401);
    let notice = "uuid=99344324-1504-5d99-b3f6-4df9971e3f7f&json_signed=%7B%7D";
    assert_eq!(
        client().post(&at).header("X-Signed", "AAAA").body(notice).send().await.unwrap().status(),
        401
    );
    for call in board.app().store.refused(None, 9).await.unwrap() {
        let answer = board.post("/inbox/admit", &format!("id={}", call.id)).await;
        assert_eq!(answer.headers()["location"], "/inbox?done=not-admitted", "{}", call.why);
    }
    assert_eq!(board.sql("SELECT count(*) FROM facts").await, ["0"]);
    assert_eq!(board.app().store.refused(None, 9).await.unwrap().len(), 2, "they stay");
    assert!(board.text("/inbox?done=not-admitted").await.contains("stays refused"));

    // What only took the wrong way is what its signature says.
    assert_eq!(board.send_as("ls", None, sealed).await.status(), 401);
    let call = board.app().store.refused(None, 9).await.unwrap().remove(0);
    assert_eq!(
        board.post("/inbox/admit", &format!("id={}", call.id)).await.headers()["location"],
        "/inbox?done=admitted"
    );
    assert_eq!(unverified(&board).await, ["0"]);
    board.stop().await;
}
