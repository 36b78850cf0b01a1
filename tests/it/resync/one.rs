//! One package, asked about while somebody waits.

use super::sweep;
use crate::support::world::Stage;
use signboard::demo::Refusal;
use signboard::demo::act::Act;

/// Presses the button of a package's page; what the page says then.
async fn ask(stage: &Stage, account: &str, id: &str) -> String {
    let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
    let answer = stage.board.post(&format!("/packages/{account}/{id}/resync"), "").await;
    assert_eq!(answer.status(), 303);
    let page = stage.board.text(answer.headers()["location"].to_str().unwrap()).await;
    let said = page.split("<p class=\"notice\" role=\"status\"><bdi>").nth(1).unwrap();
    said.split("</bdi>").next().unwrap().to_owned()
}

#[actix_web::test]
async fn the_answer_is_a_sentence_and_once_a_minute() {
    let stage = Stage::open().await;
    let ids = stage.sent("os", 2).await;
    let id = &ids[0];
    sweep(&stage, "os").await;
    stage.happen("os", id, &Act::SignAll(0));
    stage.happen("os", id, &Act::SignAll(1));
    stage.world.calls().clear();
    let first = ask(&stage, "os", id).await;
    for words in ["3 changes: status sent → completed", "Ana Souza, progress waiting → signed", "Ben Okri"]
    {
        assert!(first.contains(words), "{first}");
    }
    assert_eq!(stage.board.package("os", id).await["status"], "completed");
    assert!(
        stage
            .board
            .text(&format!("/packages/os/{id}", id = id.replace('=', "%3D")))
            .await
            .contains("Ask OneSpan Sign now")
    );

    // Twice in a minute is once; another package is another.
    stage.board.clock.advance(59_999);
    assert_eq!(ask(&stage, "os", id).await, first);
    assert_eq!(stage.world.calls().all().len(), 1);
    assert!(ask(&stage, "os", &ids[1]).await.contains("confirmed, nothing had changed"));
    stage.board.clock.advance(1);
    assert!(ask(&stage, "os", id).await.contains("confirmed, nothing had changed"));
    assert_eq!(stage.world.calls().all().len(), 3);

    // A provider that asks to wait is left alone, and then the minute has not begun.
    stage.board.clock.advance(60_000);
    stage.world.faults().refuse_next(1, Refusal::TooMany(30));
    for _ in 0..2 {
        assert!(ask(&stage, "os", id).await.contains("its API rests until"));
    }
    assert_eq!(stage.world.calls().all().len(), 4);
    stage.board.clock.advance(30_000);
    assert!(ask(&stage, "os", id).await.contains("confirmed"));
    stage.board.clock.advance(60_000);
    stage.world.faults().garble_package(id);
    assert!(ask(&stage, "os", id).await.contains("no answer that counts: the provider"));
    stage.board.clock.advance(60_000);
    stage.world.faults().hide_package(&ids[1]);
    assert!(ask(&stage, "os", &ids[1]).await.contains("1 change: status sent → deleted"));

    for path in ["os/unknown/resync", "no/x/resync", "os/unknown", "os/unknown/resync/more"] {
        assert_eq!(stage.board.post(&format!("/packages/{path}"), "").await.status(), 404, "{path}");
    }
    stage.close().await;
}
