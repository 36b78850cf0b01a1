//! The providers' APIs are asked: about what, how often, and what is made of their answers.

use crate::support::sse::Reader;
use crate::support::world::{Stage, nda};
use serde_json::{Value, json};
use signboard::demo::Refusal;
use signboard::demo::act::Act;

async fn name(stage: &Stage, account: &str, id: &str) -> Value {
    stage.board.package(account, id).await["name"].clone()
}

#[actix_web::test]
async fn a_few_are_asked_for_one_by_one_and_many_by_pages_of_the_list() {
    let stage = Stage::open().await;
    let few = stage.sent("os", 3).await;
    assert_eq!(name(&stage, "os", &few[0]).await, Value::Null);
    assert!(
        stage
            .board
            .text(&format!("/packages/os/{}", few[0].replace('=', "%3D")))
            .await
            .contains(&few[0][..20])
    );
    assert_eq!(stage.ask().await.answered, 3);
    assert_eq!(stage.world.calls().all().len(), 3);
    assert_eq!(name(&stage, "os", &few[2]).await, "NDA");
    stage.world.calls().clear();
    let many = stage.sent("cg", 130).await;
    assert_eq!(stage.ask().await.answered, 130);
    assert_eq!(stage.world.calls().all().len(), 2, "100 packages a call");
    for id in many {
        assert_eq!(name(&stage, "cg", &id).await, "NDA");
    }
    assert_eq!(stage.ask().await.answered, 0, "nothing is due");
    stage.close().await;
}

#[actix_web::test]
async fn what_belongs_to_others_is_counted_and_not_asked_for_again() {
    let stage = Stage::open().await;
    let ids = stage.sent("os", 4).await;
    let mut other = nda();
    other.sender = 1;
    let theirs = stage.create("os", &other).await;
    let sender = stage.world.world().lock().senders("os")[1].id.clone();
    stage.world.faults().forbid_sender(&sender);
    let asked = stage.ask().await;
    assert_eq!((asked.answered, asked.failed), (4, 1));
    assert_eq!(name(&stage, "os", &theirs).await, Value::Null);
    let page = stage.board.text("/providers").await;
    assert!(page.contains("4 of 5; 1 belongs to another sender"));
    stage.board.clock.advance(3_600_000);
    stage.world.calls().clear();
    assert_eq!(stage.ask().await.failed, 0, "a day must pass");
    assert_eq!(stage.world.calls().count(&theirs), 0);
    stage.world.faults().clear();
    stage.board.clock.advance(23 * 3_600_000);
    stage.ask().await;
    assert_eq!(name(&stage, "os", &theirs).await, "NDA", "{ids:?}");
    stage.close().await;
}

#[actix_web::test]
async fn rule_9_a_404_counts_only_while_the_list_works_and_not_in_crowds() {
    let stage = Stage::open().await;
    let ids = stage.sent("os", 7).await;
    stage.ask().await;
    // One is gone: it was open, so it was deleted.
    stage.world.faults().hide_package(&ids[0]);
    stage.act("os", &ids[0], &Act::Deactivate).await;
    stage.ask().await;
    assert_eq!(stage.board.package("os", &ids[0]).await["status"], "deleted");
    // A crowd at once: nothing is marked, and it is said aloud.
    for id in &ids[1..] {
        let told = stage.happen("os", id, &Act::Deactivate);
        stage.tell(told).await;
    }
    let more = stage.sent("os", 1).await;
    for id in ids[1..].iter().chain(&more) {
        stage.world.faults().hide_package(id);
    }
    let asked = stage.ask().await;
    assert_eq!((asked.answered, asked.failed), (0, 7));
    for id in &ids[1..] {
        assert_eq!(stage.board.package("os", id).await["status"], "draft");
    }
    assert!(stage.board.text("/providers").await.contains("none was marked as deleted"));
    stage.close().await;
}

#[actix_web::test]
async fn rule_9_a_404_waits_until_the_list_could_be_tried() {
    // One call a minute: the package's own 404 leaves none for the list.
    let stage = Stage::with_calls(1).await;
    let id = stage.sent("os", 1).await.remove(0);
    stage.ask().await;
    stage.board.clock.advance(60_000);
    stage.world.faults().hide_package(&id);
    stage.act("os", &id, &Act::Deactivate).await;
    assert_eq!(stage.board.app().ask_due().await.unwrap().failed, 1);
    assert_eq!(stage.board.package("os", &id).await["status"], "draft");
    // The next call is the list's, and the one after it the package's.
    stage.board.clock.advance(60_000);
    stage.board.app().ask_due().await.unwrap();
    assert_eq!(stage.board.package("os", &id).await["status"], "draft");
    stage.board.clock.advance(60_000);
    assert_eq!(stage.board.app().ask_due().await.unwrap().answered, 1);
    assert_eq!(stage.board.package("os", &id).await["status"], "deleted");
    stage.close().await;
}

#[actix_web::test]
async fn a_package_that_cannot_be_answered_holds_no_other_up() {
    let stage = Stage::open().await;
    let ids = stage.sent("os", 3).await;
    stage.world.faults().refuse_next(1, Refusal::Broken);
    assert_eq!(stage.board.app().ask_due().await.unwrap().failed, 1);
    let next = stage.board.app().next_round().await.unwrap().unwrap();
    stage.board.clock.advance(next.0 - stage.now());
    // The one that failed waits longer than its account.
    assert_eq!(stage.board.app().ask_due().await.unwrap().answered, 2);
    let mut named = 0;
    for id in &ids {
        named += usize::from(name(&stage, "os", id).await == "NDA");
    }
    assert_eq!(named, 2);
    stage.close().await;
}

#[actix_web::test]
async fn retry_after_is_kept_to_the_second() {
    let stage = Stage::open().await;
    let id = stage.sent("os", 1).await.remove(0);
    stage.world.faults().refuse_next(1, Refusal::TooMany(17));
    assert_eq!(stage.board.app().ask_due().await.unwrap().failed, 1);
    stage.board.clock.advance(16_999);
    for _ in 0..3 {
        stage.board.app().ask_due().await.unwrap();
    }
    assert_eq!(stage.world.calls().all().len(), 1, "not a millisecond early");
    let next = stage.board.app().next_round().await.unwrap().unwrap();
    assert_eq!(next.0, stage.now() + 1);
    stage.board.clock.advance(1);
    assert_eq!(stage.board.app().ask_due().await.unwrap().answered, 1);
    assert_eq!(name(&stage, "os", &id).await, "NDA");
    stage.close().await;
}

#[actix_web::test]
async fn an_api_that_is_broken_is_asked_less_and_less_and_holds_no_other_up() {
    let stage = Stage::open().await;
    let id = stage.sent("os", 1).await.remove(0);
    let mut waits = Vec::new();
    for _ in 0..5 {
        stage.world.faults().refuse_next(1, Refusal::Broken);
        assert_eq!(stage.board.app().ask_due().await.unwrap().failed, 1);
        let next = stage.board.app().next_round().await.unwrap().unwrap();
        waits.push(next.0 - stage.now());
        stage.board.clock.advance(next.0 - stage.now());
    }
    assert!(waits.windows(2).all(|pair| pair[1] * 10 > pair[0] * 15), "{waits:?}");
    stage.world.faults().refuse_next(1, Refusal::Unauthorised);
    stage.board.app().ask_due().await.unwrap();
    assert!(stage.board.text("/providers").await.contains("401"));
    // The other account's packages are due now, whatever this one waits for.
    let other = stage.sent("cg", 1).await.remove(0);
    assert!(stage.board.app().next_round().await.unwrap().unwrap().0 <= stage.now());
    stage.board.clock.advance(-600_000);
    stage.ask().await;
    assert_eq!(name(&stage, "cg", &other).await, "NDA");
    stage.board.clock.advance(1_200_000);
    stage.ask().await;
    assert_eq!(name(&stage, "os", &id).await, "NDA");
    stage.close().await;
}

#[actix_web::test]
async fn the_budget_is_never_exceeded() {
    let stage = Stage::with_calls(5).await;
    for _ in 0..7 {
        for account in ["os", "cg"] {
            let made = stage.world.world().lock().create(account, &nda(), stage.now() - 1_000).unwrap();
            stage.tell(made.callbacks).await;
        }
    }
    for _ in 0..60 {
        stage.board.app().ask_due().await.unwrap();
        stage.board.clock.advance(5_000);
    }
    let calls = stage.world.calls().all();
    for account in ["os", "cg"] {
        let at: Vec<i64> = calls.iter().filter(|call| call.account == account).map(|call| call.at).collect();
        assert_eq!(at.len(), 7);
        assert!(at.windows(6).all(|six| six[5] - six[0] >= 60_000), "{at:?}");
    }
    stage.close().await;
}

#[actix_web::test]
async fn what_changes_people_is_asked_about_at_once_and_nothing_else_is() {
    let stage = Stage::open().await;
    let id = stage.sent("os", 1).await.remove(0);
    stage.ask().await;
    let someone = signboard::demo::package::Person::named("Cleo", "Tan");
    for (act, asks) in [
        (Act::Open(0), 0),
        (Act::Consent(0), 0),
        (Act::Attach(0, "Id".to_owned(), "id.pdf".to_owned()), 1),
        (Act::Reassign(1, someone), 1),
        (Act::View(0, 0), 0),
        (Act::Deactivate, 1),
        (Act::Activate, 1),
    ] {
        stage.world.calls().clear();
        stage.act("os", &id, &act).await;
        stage.ask().await;
        assert_eq!(stage.world.calls().all().len(), asks, "{act:?}");
    }
    let told = stage.board.package("os", &id).await;
    assert!(told["signers"].as_array().unwrap().iter().any(|signer| signer["name"] == "Cleo Tan"), "{told}");
    stage.close().await;
}

#[actix_web::test]
async fn an_answer_that_agrees_is_no_change_and_a_late_old_fact_flips_nothing() {
    let stage = Stage::open().await;
    let id = stage.create("os", &nda()).await;
    let activated = stage.happen("os", &id, &Act::Activate);
    let recalled = stage.happen("os", &id, &Act::Deactivate);
    let again = stage.happen("os", &id, &Act::Activate);
    stage.tell(again).await;
    stage.ask().await;
    let before = stage.board.package("os", &id).await;
    let seq = stage.board.app().store.last_seq().await.unwrap();
    let mut reader = Reader::open(&stage.board, "/live").await;
    // A day later the same is said once more.
    stage.board.clock.advance(25 * 3_600_000);
    assert_eq!(stage.ask().await.answered, 1);
    let after = stage.board.package("os", &id).await;
    assert_ne!(before["confirmed_at"], after["confirmed_at"]);
    assert_eq!(before["events"].as_array().unwrap().len(), after["events"].as_array().unwrap().len());
    assert_eq!(stage.board.app().store.last_seq().await.unwrap(), seq, "rule 16: no number");
    stage.board.event("next", "PACKAGE_CREATE", "u", 0).await;
    let heard = reader.take(1).await.remove(0);
    assert_eq!(heard.id, Some(seq.0 + 1), "rule 16: no event");
    // What came late is in the timeline and changes nothing else.
    stage.tell(recalled).await;
    stage.tell(activated).await;
    stage.ask().await;
    let late = stage.board.package("os", &id).await;
    assert_eq!((&late["status"], &late["signers"]), (&json!("sent"), &before["signers"]));
    assert!(late["events"].as_array().unwrap().len() > after["events"].as_array().unwrap().len());
    stage.close().await;
}

/// Seen red with: each failure put in the place of the one before, so that an API that was down for a night didn't
/// answer "since just now".
#[actix_web::test]
async fn an_api_that_fails_does_so_since_its_first_failure() {
    let stage = Stage::open().await;
    stage.sent("os", 1).await;
    let api = || stage.board.app().account("os").unwrap().api_state();
    let began = stage.now();
    stage.world.faults().refuse_next(1, Refusal::Broken);
    stage.world.faults().refuse_next(1, Refusal::Unauthorised);
    while api().failures < 2 {
        stage.board.app().ask_due().await.unwrap();
        stage.board.clock.advance(1_000);
        assert!(stage.now() - began < 3_600_000);
    }
    assert!(stage.now() - began > 20_000, "it rested between the two");
    let (since, why) = api().trouble.unwrap();
    assert!(since.0 - began < 5_000, "{}", since.0 - began);
    assert!(why.contains("401"), "the latest cause: {why}");
    stage.board.clock.advance(3_600_000);
    stage.ask().await;
    assert_eq!(api().trouble, None);
    stage.close().await;
}
