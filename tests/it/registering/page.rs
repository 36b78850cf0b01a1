//! The page of providers says what was registered when last read, and how to change it.

use super::{ID, Stage};
use crate::support::board::Board;
use serde_json::json;
use signboard::cli::played;
use signboard::demo::{Account, Kind};

/// A board with the simulator's account.
async fn board(stage: &Stage, public_url: Option<&str>) -> Board {
    let account = Account { api_key: "api-hush".to_owned(), ..Account::new(ID, stage.kind) };
    let base_url = stage.simulator.base_url(ID);
    let public_url = public_url.map(str::to_owned);
    Board::with(|config| {
        config.server.public_url = public_url;
        config.accounts = [(ID.to_owned(), played(&account, base_url))].into();
    })
    .await
}

/// The page after one look.
async fn page(board: &Board) -> String {
    board.app().look_at_registration(board.app().account(ID).unwrap()).await;
    let text =
        board.client.get(format!("{}/providers", board.url)).send().await.unwrap().text().await.unwrap();
    assert!(!text.contains("hush"), "{text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_what_stands_there_and_which_command_changes_it() {
    let stage = Stage::new(Kind::OneSpan).await;
    stage.before(json!({ "url": "https://old.example.com/hush", "key": "old-hush", "events": [] }));
    let board = board(&stage, Some("https://board.example.com")).await;
    let text = page(&board).await;
    assert!(
        text.contains("Calls another listener, at old.example.com, for no event, with another secret."),
        "{text}"
    );
    assert!(text.contains("<code>signboard register acc</code>"), "{text}");
    // A moment later nobody is asked again.
    page(&board).await;
    assert_eq!(stage.simulator.calls().count("/api/callback"), 1);
    assert!(stage.writes().is_empty());

    let lines = "callback = { auth = \"key\", key = \"acc-key\" }";
    let ran = stage.run(lines, &["--replace", "old.example.com"]).await;
    assert_eq!(ran.code(), 0, "{}", ran.all());
    board.clock.advance(16 * 60_000);
    let text = page(&board).await;
    assert!(text.contains(
        "Calls https://board.example.com/callbacks/acc, for 21 events, with the configured secret."
    ));
    assert!(!text.contains("signboard register"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_why_nothing_could_be_read() {
    let stage = Stage::new(Kind::Conga).await;
    let text = page(&board(&stage, None).await).await;
    assert!(text.contains("Not read: server.public-url is not set"), "{text}");
    let stage = Stage::new(Kind::OneSpan).await;
    stage.simulator.faults().refuse_next(1, signboard::demo::Refusal::Broken);
    let text = page(&board(&stage, Some("https://board.example.com")).await).await;
    assert!(
        text.contains("It can’t be read: the provider&#39;s API") && text.contains("it answers 500"),
        "{text}"
    );
}
