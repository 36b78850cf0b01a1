//! The packages of a board, asked about in one go.

use crate::support::people::{only, user};
use crate::support::world::{Stage, nda};
use signboard::app::people::NewUser;
use signboard::config::Opens;
use signboard::demo::act::Act;
use signboard::model::access::{Reach, Role, Scope};

/// Presses the button of a board; what the board says then.
async fn ask(stage: &Stage, query: &str) -> String {
    let form =
        format!("query={}", percent_encoding::utf8_percent_encode(query, percent_encoding::NON_ALPHANUMERIC));
    let answer = stage.board.post("/resync", &form).await;
    assert_eq!(answer.status(), 303, "{query}");
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(to.starts_with(&format!("/?{query}")), "{to}");
    notice(&stage.board.text(&to).await)
}

fn notice(page: &str) -> String {
    let said = page.split("<p class=\"notice\" role=\"status\">").nth(1).expect("a notice");
    said.split("</p>").next().unwrap().to_owned()
}

async fn due(stage: &Stage) -> Vec<String> {
    stage.board.sql("SELECT package FROM packages WHERE check_by <= 1 ORDER BY package").await
}

/// Seen red with: a wish that the next callback forgets, and one that the answer doesn't end.
#[actix_web::test]
async fn what_somebody_wants_stays_due_until_the_api_answers() {
    let mut stage = Stage::open().await;
    let ids = stage.sent("os", 3).await;
    let elsewhere = stage.sent("cg", 1).await;
    stage.ask().await;
    assert_eq!(due(&stage).await, [] as [&str; 0]);
    stage.board.clock.advance(3_600_000);
    assert_eq!(
        ask(&stage, "account=os").await,
        "3 packages are asked about now, as fast as the providers allow."
    );
    assert_eq!(ask(&stage, "account=os").await, "3 packages were waiting to be asked about already.");
    assert_eq!(due(&stage).await.len(), 3);
    // One is signed without a word, one tells something meanwhile, and the board is started anew.
    stage.happen("os", &ids[0], &Act::SignAll(0));
    stage.act("os", &ids[1], &Act::SignAll(0)).await;
    stage.board.restart().await;
    assert_eq!(due(&stage).await.len(), 3);
    stage.world.calls().clear();
    assert_eq!(stage.ask().await.answered, 3);
    assert_eq!(stage.world.calls().all().len(), 3);
    assert_eq!(stage.world.calls().count(&elsewhere[0]), 0);
    assert_eq!(due(&stage).await, [] as [&str; 0]);
    let package = stage.board.package("os", &ids[0]).await;
    assert_eq!(package["signers"][0]["status"], "signed", "{package:#}");
    let said = ask(&stage, "account=os").await;
    assert_eq!(said, "3 packages were confirmed within the last minute.");
    assert_eq!(ask(&stage, "q=nothing").await, "There was no package to ask about.");
    assert_eq!(stage.ask().await.answered, 0);
    let audit = crate::people::audit(&stage.board).await;
    assert!(audit.iter().any(|it| it.contains(" resync 3 packages of /?account=os ")), "{audit:#?}");
    assert_eq!(stage.board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    stage.close().await;
}

#[actix_web::test]
async fn no_more_than_five_hundred_at_a_time_and_not_where_there_is_no_api() {
    let stage = Stage::open().await;
    stage.sent("os", 1).await;
    stage.ask().await;
    stage.board.clock.advance(3_600_000);
    stage
        .board
        .sql(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 510) \
             INSERT INTO packages (account, package, seq, shelf, ready, updated, created, due, name, search, state, facts, tries, not_ours) \
             SELECT iif(i > 10, 'cg', 'gone'), 'p' || i, 0, 'sent', 0, 9e12 - i, 0, 0, '', '', '{}', 0, 0, 0 FROM n",
        )
        .await;
    let said = ask(&stage, "status=sent").await;
    for words in [
        "490 packages are asked about now",
        "10 packages can’t be asked about: no API is configured for their account",
        "the first 500 are looked at",
    ] {
        assert!(said.contains(words), "{said}");
    }
    stage.close().await;
}

/// Seen red with: a list that knows no reach.
#[actix_web::test]
async fn people_ask_about_what_they_may_see_and_viewers_about_nothing() {
    let mut stage = Stage::open().await;
    let mut theirs = nda();
    theirs.sender = 1;
    let other = stage.create("os", &theirs).await;
    let mine = stage.sent("os", 2).await;
    stage.sent("cg", 2).await;
    stage.ask().await;
    stage.board.clock.advance(3_600_000);
    stage.board.reconfigure(|config| config.opens = Opens::ToWhoSignsIn).await;
    let board = &stage.board;
    let email = stage.world.world().lock().senders("os")[0].person.email.clone();

    let viewer = board.person("v@example.com", Role::Viewer).await;
    assert_eq!(board.post_as(&viewer, "/resync", "query=").await.status(), 403);
    let page = board.get_as(&viewer, "/").await.text().await.unwrap();
    assert!(!page.contains("Ask the providers") && page.contains("Download as CSV"));
    let read = board.program(Scope::Read, Reach::default(), None).await;
    assert_eq!(board.post_as(&read, "/resync", "query=").await.status(), 403);
    assert_eq!(due(&stage).await, [] as [&str; 0]);

    let sender = board.somebody(NewUser { mine: true, ..user(&email, Role::Sender) }).await;
    assert!(board.get_as(&sender, "/").await.text().await.unwrap().contains("Ask the providers about these"));
    let answer = board.post_as(&sender, "/resync", "query=status%3Dsent").await;
    assert_eq!(answer.status(), 303);
    let mut expected = mine.clone();
    expected.sort();
    let asked = due(&stage).await;
    assert!(expected.iter().all(|it| asked.contains(it)) && !asked.contains(&other), "{asked:?}");
    assert_eq!(stage.ask().await.answered, asked.len());

    let of_cg = NewUser { accounts: only(&["cg"]), ..user("s@example.com", Role::Sender) };
    let of_cg = stage.board.somebody(of_cg).await;
    stage.board.clock.advance(3_600_000);
    let answer = stage.board.post_as(&of_cg, "/resync", "query=account%3Dos").await;
    assert!(super::super::people::to(&answer).ends_with("done=these-0-0-0-0-0"));
    stage.board.post_as(&of_cg, "/resync", "query=").await;
    assert_eq!(stage.board.sql("SELECT DISTINCT account FROM packages WHERE check_by <= 1").await, ["cg"]);
    stage.close().await;
}
