//! Lost callbacks, pasted by a person: found in whatever a mail program made of them, waiting until the API says the same
//! or somebody admits them, and never a second fact.

mod command;
mod mails;

use crate::support::board::{Board, KEY, NOON, event};
use crate::support::world::Stage;
use reqwest::Response;
use serde_json::{Value, json};
use signboard::demo::act::{Act, Draft};

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

async fn paste(board: &Board, account: &str, text: &str) -> Response {
    let form = format!("account={account}&text={}", encode(text));
    board.post("/inbox/import", &form).await
}

/// Pastes, follows the redirect, and gives the sentence on the page.
async fn pasted(board: &Board, account: &str, text: &str) -> String {
    let answer = paste(board, account, text).await;
    assert_eq!(answer.status(), 303);
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    let page = board.text(&to).await;
    page.split("class=\"notice\" role=\"status\">").nth(1).unwrap().split("</p>").next().unwrap().to_owned()
}

async fn waiting(board: &Board) -> Vec<i64> {
    board.app().store.waiting(0, 100).await.unwrap().iter().map(|it| it.id).collect()
}

#[actix_web::test]
async fn a_pasted_callback_changes_nothing_until_it_is_admitted() {
    let mut board = Board::start().await;
    let body = event("P=", "PACKAGE_ACTIVATE", "u", None, 0);
    let mail = format!("The following callback failed:\n\n{body}\n\nRegards");
    let said = pasted(&board, "os", &mail).await;
    assert_eq!(
        said,
        "1 callback was found: 0 known already, 1 new one waits for the API or for somebody to admit."
    );
    assert_eq!(board.get("/api/v1/packages/os/P%3D").await.status(), 404);
    let page = board.text("/inbox").await;
    for word in ["PACKAGE_ACTIVATE", "P=", "not on this board", "by hand, <bdi>127.0.0.1", "no API to ask"] {
        assert!(page.contains(word), "{word}");
    }
    let before = board.dump().await;
    board.app().replay(|_| ()).await.unwrap();
    board.app().rebuild().await.unwrap();
    board.restart().await;
    assert_eq!(board.dump().await, before, "it survives, and nobody else knows of it");
    let again = pasted(&board, "os", &mail).await;
    assert!(again.contains("1 known already, 0 new ones"), "{again}");
    let id = waiting(&board).await;
    assert_eq!(id.len(), 1);
    assert_eq!(board.text(&format!("/inbox/waiting/{}", id[0])).await, body, "byte for byte");

    board.clock.advance(3_600_000);
    assert_eq!(board.post("/inbox/waiting", &format!("id={}", id[0])).await.status(), 303);
    let package = board.package("os", "P=").await;
    assert_eq!((&package["status"], &package["events"][0]["origin"]), (&json!("sent"), &json!("hand")));
    assert_eq!(package["events"][0]["received_at"], "2026-11-22T12:00:00.000Z");
    assert!(waiting(&board).await.is_empty());
    let before = board.dump().await;
    board.app().replay(|_| ()).await.unwrap();
    board.app().rebuild().await.unwrap();
    assert_eq!(board.dump().await, before);
    assert_eq!(board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    assert_eq!(board.post("/inbox/waiting", &format!("id={}", id[0])).await.status(), 404);
    assert!(pasted(&board, "os", &mail).await.contains("1 known already, 0 new ones"));
    board.stop().await;
}

/// Seen red with: `take_in` that doesn't look whether the callback came.
#[actix_web::test]
async fn what_came_after_all_is_no_second_fact() {
    let board = Board::start().await;
    let body = event("P", "PACKAGE_ACTIVATE", "u", None, 0);
    let other = event("P", "SIGNER_LOCKED", "s", None, 9);
    let said = pasted(&board, "os", &format!("{body}\n{other}\n{body}")).await;
    assert!(said.starts_with("2 callbacks were found: 0 known already, 2 new ones wait"), "{said}");
    assert_eq!(board.send_as("os", Some(KEY), body).await.status(), 200);
    // All of them: one came meanwhile, the other is admitted.
    assert_eq!(board.post("/inbox/waiting", "").await.status(), 303);
    let package = board.package("os", "P").await;
    let events = package["events"].as_array().unwrap();
    let origins: Vec<(&Value, &Value)> = events.iter().map(|it| (&it["origin"], &it["deliveries"])).collect();
    assert_eq!(origins, [(&json!("callback"), &json!(1)), (&json!("hand"), &json!(1))]);
    assert!(waiting(&board).await.is_empty());
    board.stop().await;
}

/// Seen red with: a form whose unknown fields are passed over, which then means all that wait.
#[actix_web::test]
async fn a_form_that_makes_no_sense_vouches_for_nothing() {
    let board = Board::start().await;
    pasted(&board, "os", &event("P", "PACKAGE_ACTIVATE", "u", None, 0)).await;
    for form in ["\u{1}\u{7f}rubbish", "ID=1", "id=1&id=2", "i"] {
        for path in ["/inbox/waiting", "/inbox/replay"] {
            assert_eq!(board.post(path, form).await.status(), 400, "{path} {form}");
        }
    }
    assert_eq!(waiting(&board).await.len(), 1);
    board.stop().await;
}

#[actix_web::test]
async fn what_is_not_wanted_is_forgotten() {
    let board = Board::start().await;
    pasted(&board, "os", &event("P", "PACKAGE_ACTIVATE", "u", None, 0)).await;
    let id = waiting(&board).await[0];
    assert_eq!(board.post("/inbox/forget", &format!("id={id}")).await.status(), 303);
    assert_eq!(board.get(&format!("/inbox/waiting/{id}")).await.status(), 404);
    assert_eq!(board.post("/inbox/forget", "").await.status(), 400);
    // It is not said that something was forgotten when nothing was.
    for gone in [id, -1, 99] {
        assert_eq!(board.post("/inbox/forget", &format!("id={gone}")).await.status(), 404, "{gone}");
    }
    // A number is never given twice.
    pasted(&board, "os", &event("Q", "PACKAGE_ACTIVATE", "u", None, 0)).await;
    assert_ne!(waiting(&board).await[0], id);
    assert_eq!(board.sql("SELECT count(*) FROM packages").await, ["0"]);
    board.stop().await;
}

#[actix_web::test]
async fn the_account_is_the_one_that_is_named_or_that_knows_the_package() {
    let board = Board::start().await;
    board.send("cg", event("C", "PACKAGE_CREATE", "u", None, 0)).await;
    let both = [event("C", "PACKAGE_ACTIVATE", "u", None, 1), event("N", "PACKAGE_ACTIVATE", "u", None, 1)];
    let said = pasted(&board, "", &both.concat()).await;
    assert!(said.contains("2 callbacks were found: 0 known already, 1 new one waits"), "{said}");
    assert!(said.contains("1 is of a package that no account knows yet: choose the account"), "{said}");
    assert!(pasted(&board, "os", &both[1]).await.contains("1 new one waits"));
    let store = &board.app().store;
    let keys: Vec<String> =
        store.waiting(0, 9).await.unwrap().iter().map(|it| it.it.key.to_string()).collect();
    assert_eq!(keys, ["cg/C", "os/N"]);
    for (account, word) in [("nobody", "There is no account `nobody`."), ("os&text=x", "")] {
        let answer = paste(&board, account, &both[0]).await;
        assert_eq!(answer.status(), 400);
        assert!(answer.text().await.unwrap().contains(word), "{account}");
    }
    board.stop().await;
}

#[actix_web::test]
async fn nothing_found_is_said_and_so_is_what_is_damaged() {
    let board = Board::start().await;
    let said = pasted(&board, "os", "Dear all, {this} is no callback: {\"a\": 1}").await;
    assert!(said.starts_with("No callback was found"), "{said}");
    let cut = event("P", "PACKAGE_ACTIVATE", "u", None, 0);
    let text = format!("{}\n{{\"packageId\":\"Q\"}}", &cut[..cut.len() - 9]);
    let said = pasted(&board, "os", &text).await;
    assert_eq!(said, "2 callbacks can’t be read: cut off, damaged, or without an event’s name.");
    assert!(waiting(&board).await.is_empty());
    let long = "x".repeat(13 * 1024 * 1024);
    let answer = board.post("/inbox/import", &format!("text={long}")).await;
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains("longer than 4 MiB"));
    for word in ["imported-1", "imported-1-2-3-4-5-x", "taken", "nonsense-1"] {
        assert!(!board.text(&format!("/inbox?done={word}")).await.contains("class=\"notice\""), "{word}");
    }
    board.stop().await;
}

#[actix_web::test]
async fn a_thousand_at_once_and_ten_thousand_in_all() {
    let board = Board::start().await;
    let some = |from: i64, count: i64| -> String {
        (from..from + count).map(|at| event("P", "DOCUMENT_VIEWED", "s", None, at)).collect()
    };
    for round in 0..10 {
        let said = pasted(&board, "os", &some(round * 1_000, 1_000)).await;
        assert!(said.contains("1000 new ones wait"), "{said}");
    }
    let said = pasted(&board, "os", &some(0, 1_001)).await;
    assert!(said.contains("1000 known already") && said.contains("more than is taken at once"), "{said}");
    let answer = paste(&board, "os", &some(10_000, 1)).await;
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains("10000 pasted callbacks wait already"));
    let page = board.text("/inbox").await;
    assert!(page.contains("10 000 pasted callbacks") || page.contains("10,000 pasted callbacks"));
    assert!(page.contains("/inbox?waiting=20#waiting"));
    board.stop().await;
}

/// The world: `told` is what the board never heard of.
async fn missed(stage: &Stage, id: &str, act: &Act) -> String {
    stage.happen("os", id, act).iter().map(|it| String::from_utf8(it.body.clone()).unwrap()).collect()
}

fn draft() -> Draft {
    Draft::named("NDA").signer("Ana", "Souza").document("NDA")
}

/// Seen red with: `word` that takes everything for confirmed.
#[actix_web::test]
async fn the_api_is_asked_at_once_and_what_it_says_too_is_taken_in() {
    let stage = Stage::open().await;
    let id = stage.create("os", &draft()).await;
    stage.ask().await;
    let body = missed(&stage, &id, &Act::Activate).await;
    assert_eq!(stage.board.package("os", &id).await["status"], "draft");
    assert!(pasted(&stage.board, "", &body).await.contains("1 new one waits"));
    assert_eq!(stage.board.package("os", &id).await["status"], "draft", "not before the API says so");
    assert_eq!(stage.board.app().next_round().await.unwrap().unwrap().0, stage.now());
    stage.ask().await;
    let package = stage.board.package("os", &id).await;
    assert_eq!(package["status"], "sent");
    let by_hand = package["events"].as_array().unwrap().iter().find(|it| it["origin"] == "hand");
    assert_eq!(by_hand.unwrap()["name"], "PACKAGE_ACTIVATE");
    assert!(waiting(&stage.board).await.is_empty());

    // A lie about it, and something that the API can't state: they wait, and it says why.
    let lie = event(&id, "PACKAGE_COMPLETE", "u", None, 0);
    let view = event(&id, "DOCUMENT_VIEWED", "u", None, 0);
    let strange = event("nobody", "PACKAGE_ACTIVATE", "u", None, 0);
    pasted(&stage.board, "os", &[lie, view, strange].concat()).await;
    stage.world.calls().clear();
    stage.ask().await;
    assert_eq!(stage.world.calls().all().len(), 2, "each package once, and not again");
    let page = stage.board.text("/inbox").await;
    for word in ["says something else", "can’t tell of such an event", "does not show this package"] {
        assert!(page.contains(word), "{word}");
    }
    assert_eq!(stage.board.package("os", &id).await["status"], "sent");
    assert_eq!(stage.board.get("/api/v1/packages/os/nobody").await.status(), 404);
    assert_eq!(waiting(&stage.board).await.len(), 3);
    assert_eq!(stage.board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    stage.close().await;
}

#[actix_web::test]
async fn an_api_that_rests_is_asked_later_and_an_unknown_package_comes_with_its_answer() {
    let stage = Stage::open().await;
    let made = stage.world.world().lock().create("cg", &draft(), NOON - 60_000).unwrap();
    let body: String = made.callbacks.iter().map(|it| String::from_utf8(it.body.clone()).unwrap()).collect();
    pasted(&stage.board, "cg", &body).await;
    stage.world.faults().refuse_next(1, signboard::demo::Refusal::TooMany(17));
    stage.ask().await;
    assert_eq!(waiting(&stage.board).await.len(), 1);
    stage.board.clock.advance(17_000);
    stage.ask().await;
    assert!(waiting(&stage.board).await.is_empty());
    let package = stage.board.package("cg", &made.id).await;
    assert_eq!((&package["name"], &package["status"]), (&json!("NDA"), &json!("draft")));
    stage.close().await;
}
