//! The token in a callback's path: it stands beside the account's own secret, whatever the adapter does.

use crate::support::board::{Board, KEY, NOON, event};
use signboard::app::ingest::Receipt;
use signboard::config::{CallbackAuth, Secret};
use signboard::model::{AccountId, Timestamp};
use signboard::provider::Delivery;

const TOKEN: &str = "tok-0123456789abc";

/// `os` asks for the token beside its key, `cg` for the token alone.
async fn board() -> Board {
    Board::with(|config| {
        let token = || Some(Secret::new(TOKEN));
        config.accounts.get_mut("os").unwrap().path_token = token();
        let cg = config.accounts.get_mut("cg").unwrap();
        (cg.path_token, cg.callback) = (token(), CallbackAuth::None);
    })
    .await
}

async fn send(board: &Board, account: &str, token: Option<&str>, key: Option<&str>) -> Receipt {
    let delivery = Delivery {
        headers: key.map(|key| ("authorization".to_owned(), key.to_owned())).into_iter().collect(),
        body: event("P1=", "PACKAGE_ACTIVATE", "u", None, 0).into_bytes(),
        path_token: token.map(str::to_owned),
        remote: String::new(),
        received_at: Timestamp(NOON),
    };
    board.app().receive(account, delivery).await.unwrap()
}

async fn why(board: &Board) -> Vec<String> {
    board.app().store.refused(None, 10).await.unwrap().into_iter().map(|it| it.why).collect()
}

#[actix_web::test]
async fn without_the_right_token_nothing_counts() {
    let board = board().await;
    assert_eq!(send(&board, "os", None, Some(KEY)).await, Receipt::Refused);
    assert_eq!(send(&board, "cg", Some("tok-0123456789abd"), None).await, Receipt::Refused);
    // Nor is the token enough where a key is asked for too.
    assert_eq!(send(&board, "os", Some(TOKEN), None).await, Receipt::Refused);
    assert_eq!(
        why(&board).await,
        ["no Authorization header", "the path token is wrong", "the path token is missing"]
    );
    assert!(board.app().store.arrivals(None, 10).await.unwrap().is_empty());
    assert!(matches!(send(&board, "os", Some(TOKEN), Some(KEY)).await, Receipt::Kept(_)));
    assert!(matches!(send(&board, "cg", Some(TOKEN), None).await, Receipt::Kept(_)));
    // A token alone is a secret in use, not an open door.
    let facts = board.app().store.account_facts(&AccountId("cg".to_owned())).await.unwrap();
    assert_eq!(facts.slots_used, [("current".to_owned(), Timestamp(NOON))]);
    board.stop().await;
}

#[actix_web::test]
async fn the_vendors_stray_mark_is_remembered_once_a_callback_was_taken() {
    let board = board().await;
    let seen = |id: &str| board.app().account(id).unwrap().misprint_at();
    assert_eq!(send(&board, "cg", Some("tok-0123456789abd>"), None).await, Receipt::Refused);
    assert_eq!(send(&board, "cg>", None, None).await, Receipt::Refused);
    assert_eq!(send(&board, "nobody>", None, None).await, Receipt::NoAccount);
    assert_eq!(seen("cg"), None);
    let marked = format!("{TOKEN}>");
    assert!(matches!(send(&board, "cg", Some(&marked), None).await, Receipt::Kept(_)));
    assert_eq!((seen("cg"), seen("os")), (Some(Timestamp(NOON)), None));
    board.stop().await;
}
