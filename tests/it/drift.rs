//! Lines of drift say the truth: what was missed, what is on its way, what came late, what nobody asked for.

use crate::support::world::{Stage, all_four, nda, sweep};
use serde_json::{Value, json};
use signboard::app::{DriftCounts, DriftFilter};
use signboard::demo::act::Act;
use signboard::demo::wire::Callback;
use signboard::model::fold::answer_record;
use signboard::model::{AccountId, Answer, PackageId, PackageKey, Standing, Timestamp};

const HOUR: i64 = 3_600_000;

async fn drift(stage: &Stage) -> Vec<Value> {
    stage.board.json("/api/v1/drift?limit=500").await["drift"].as_array().unwrap().clone()
}

/// (word, standing) of each line, in order.
async fn lines(stage: &Stage) -> Vec<(String, String)> {
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let mut lines: Vec<_> =
        drift(stage).await.iter().map(|it| (text(&it["word"]), text(&it["standing"]))).collect();
    lines.sort();
    lines
}

fn are(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(word, standing)| ((*word).to_owned(), (*standing).to_owned())).collect()
}

/// Something happens ten seconds ago that nobody tells the board of.
fn just(stage: &Stage, account: &str, package: &str, act: &Act) -> Vec<Callback> {
    stage.board.clock.advance(20_000);
    stage.world.world().lock().act(account, package, act, stage.now() - 10_000)
}

async fn counts(stage: &Stage, account: &str) -> DriftCounts {
    let account = AccountId(account.to_owned());
    let since = Timestamp(stage.now() - 24 * HOUR);
    stage.board.app().store.missed_counts(&account, since, Timestamp(stage.now())).await.unwrap()
}

/// A signer hands something in, which the board is told, so that it asks the API about the package.
async fn make_it_ask(stage: &Stage, account: &str, package: &str, signer: usize) {
    let told = just(stage, account, package, &Act::Attach(signer, "Scan".into(), "scan.pdf".into()));
    stage.tell(told).await;
    assert!(stage.ask().await.answered > 0);
}

/// Seen red with: whatever came in time stays as a line; what happened after the answer taken for told.
#[actix_web::test]
async fn a_callback_is_on_its_way_then_missed_then_late() {
    let mut stage = Stage::open().await;
    let id = stage.sent("os", 1).await.remove(0);
    sweep(&stage, "os").await;
    let one = just(&stage, "os", &id, &Act::SignAll(0));
    make_it_ask(&stage, "os", &id, 1).await;
    assert_eq!(lines(&stage).await, are(&[("SIGNER_COMPLETE", "on_its_way")]));
    assert_eq!(drift(&stage).await[0]["run"], Value::Null);
    // It comes, and nothing was missed.
    stage.tell(one).await;
    assert_eq!(lines(&stage).await, []);

    let two = just(&stage, "os", &id, &Act::SignAll(1));
    stage.board.clock.advance(7 * HOUR);
    let run = sweep(&stage, "os").await;
    assert_eq!(lines(&stage).await, are(&[("PACKAGE_COMPLETE", "missed"), ("SIGNER_COMPLETE", "missed")]));
    assert_eq!(drift(&stage).await[0]["run"], run.id);
    // Asking about it once more finds nothing twice, and one that tells of something else closes nothing.
    stage.board.restart().await;
    sweep(&stage, "os").await;
    let (complete, others): (Vec<_>, Vec<_>) = two.into_iter().partition(|it| it.event == "SIGNER_COMPLETE");
    let archived = just(&stage, "os", &id, &Act::Archive);
    stage.tell(archived).await;
    let missed = are(&[("PACKAGE_COMPLETE", "missed"), ("SIGNER_COMPLETE", "missed")]);
    assert_eq!(lines(&stage).await, missed);
    assert_eq!(counts(&stage, "os").await, DriftCounts { missed: 2, ..DriftCounts::default() });
    stage.tell(complete.clone()).await;
    assert_eq!(lines(&stage).await, are(&[("PACKAGE_COMPLETE", "missed"), ("SIGNER_COMPLETE", "came_late")]));
    let late = drift(&stage).await.into_iter().find(|it| it["standing"] == "came_late").unwrap();
    assert!(late["came_at"].as_str() > late["found_at"].as_str(), "{late}");
    // A repeat moves nothing.
    stage.board.clock.advance(HOUR);
    stage.tell(complete).await;
    assert!(drift(&stage).await.contains(&late));
    stage.tell(others).await;
    assert_eq!(
        lines(&stage).await,
        are(&[("PACKAGE_COMPLETE", "came_late"), ("SIGNER_COMPLETE", "came_late")])
    );
    assert_eq!(counts(&stage, "os").await, DriftCounts { came_late: 2, ..DriftCounts::default() });
    let filter = |standing| DriftFilter {
        account: Some(AccountId("os".to_owned())),
        standing: Some(standing),
        limit: 9,
        now: Timestamp(stage.now()),
        ..DriftFilter::default()
    };
    for (standing, count) in Standing::ALL.into_iter().zip([0, 0, 2, 0]) {
        let found = stage.board.app().store.drift(&filter(standing)).await.unwrap();
        assert_eq!(found.len(), count, "{standing:?}");
        assert!(found.iter().all(|it| it.standing(Timestamp(stage.now())) == standing));
    }
    stage.close().await;
}

/// Seen red with: whatever came in time stays as a line.
#[actix_web::test]
async fn the_normal_course_leaves_no_line() {
    let stage = Stage::open().await;
    for account in ["os", "cg"] {
        sweep(&stage, account).await;
        let id = stage.create(account, &nda()).await;
        assert!(stage.ask().await.answered > 0, "for its name");
        for act in [
            Act::Activate,
            Act::Open(0),
            Act::Consent(0),
            Act::SignAll(0),
            Act::Deactivate,
            Act::Activate,
            Act::SignAll(0),
            Act::SignAll(1),
            Act::Archive,
        ] {
            stage.act(account, &id, &act).await;
            stage.ask().await;
            assert_eq!(lines(&stage).await, [], "{act:?}");
        }
        // The answer knows already that it was sent, and the callback is on its way.
        let id = stage.create(account, &nda()).await;
        let sent = just(&stage, account, &id, &Act::Activate);
        stage.ask().await;
        assert_eq!(lines(&stage).await, are(&[("PACKAGE_ACTIVATE", "on_its_way")]));
        stage.tell(sent).await;
        assert_eq!(lines(&stage).await, []);
    }
    stage.close().await;
}

/// Seen red with: an account without a sweep taken for a watched one.
#[actix_web::test]
async fn before_the_first_sweep_has_ended_nothing_is_missed() {
    let stage = Stage::open().await;
    let id = stage.sent("os", 1).await.remove(0);
    stage.ask().await;
    just(&stage, "os", &id, &Act::SignAll(0));
    make_it_ask(&stage, "os", &id, 1).await;
    assert_eq!(lines(&stage).await, []);
    sweep(&stage, "os").await;
    just(&stage, "os", &id, &Act::Lock(1));
    make_it_ask(&stage, "os", &id, 1).await;
    assert_eq!(lines(&stage).await, are(&[("SIGNER_LOCKED", "on_its_way")]));
    stage.close().await;
}

/// Seen red with: a first answer that is compared as any other.
#[actix_web::test]
async fn what_happened_before_the_board_was_there_was_not_missed() {
    let stage = Stage::open().await;
    let old = stage.now() - 100 * 24 * HOUR;
    let id = {
        let world = stage.world.world();
        let mut world = world.lock();
        let id = world.create("os", &nda(), old).unwrap().id;
        world.act("os", &id, &Act::Activate, old + 1_000);
        world.act("os", &id, &Act::SignAll(0), old + 2_000);
        id
    };
    assert_eq!(sweep(&stage, "os").await.compared, 0, "it is older than what is gone through");
    let looked = just(&stage, "os", &id, &Act::Open(1));
    just(&stage, "os", &id, &Act::SignAll(1));
    stage.tell(looked).await;
    assert!(stage.ask().await.answered > 0);
    assert_eq!(lines(&stage).await, are(&[("SIGNER_COMPLETE", "on_its_way")]), "of the second signer alone");
    stage.close().await;
}

/// Seen red with: the old answer of an API that flaps compared as any other.
#[actix_web::test]
async fn an_api_that_flaps_shows_one_missing_callback_once() {
    let stage = Stage::open().await;
    let id = stage.sent("os", 1).await.remove(0);
    sweep(&stage, "os").await;
    let app = stage.board.app();
    let account = app.account("os").unwrap();
    let key = PackageKey { account: account.id.clone(), package: PackageId::parse(&id).unwrap() };
    let fetch = || async { account.provider.fetch(&key.package, app.now()).await.unwrap().answer };
    let before: Answer = fetch().await;
    just(&stage, "os", &id, &Act::Expire);
    let after = fetch().await;
    for (answer, status) in
        [(&after, "expired"), (&before, "sent"), (&after, "expired"), (&before, "sent"), (&after, "expired")]
    {
        stage.board.clock.advance(HOUR);
        let d = app.now();
        let print = signboard::store::answer_fingerprint(&key, answer, d).unwrap();
        app.store.learn(key.clone(), answer_record(answer.clone(), d, d, print)).await.unwrap();
        assert_eq!(stage.board.package("os", &id).await["status"], status);
    }
    assert_eq!(lines(&stage).await, are(&[("PACKAGE_EXPIRE", "missed")]));
    stage.close().await;
}

/// Seen red with: lines of the same batch not looked at.
#[actix_web::test]
async fn a_callback_in_the_transaction_of_the_answer_closes_its_line() {
    let stage = Stage::open().await;
    let id = stage.sent("os", 1).await.remove(0);
    sweep(&stage, "os").await;
    let told = just(&stage, "os", &id, &Act::Expire).remove(0);
    let app = stage.board.app();
    let account = app.account("os").unwrap();
    let key = PackageKey { account: account.id.clone(), package: PackageId::parse(&id).unwrap() };
    let fetched = account.provider.fetch(&key.package, app.now()).await.unwrap();
    let d = fetched.date.unwrap();
    let print = signboard::store::answer_fingerprint(&key, &fetched.answer, d).unwrap();
    let delivery = signboard::provider::Delivery {
        headers: vec![("authorization".to_owned(), crate::support::board::KEY.to_owned())],
        body: told.body,
        path_token: None,
        remote: "there".to_owned(),
        received_at: app.now(),
    };
    let record = answer_record(fetched.answer, d, app.now(), print);
    // Both wait before the writer looks.
    let (learned, received) = tokio::join!(app.store.learn(key, record), app.receive("os", delivery));
    assert_eq!(learned.unwrap().drift, 1);
    assert!(matches!(received.unwrap(), signboard::app::ingest::Receipt::Kept(kept) if kept.fresh == 1));
    assert_eq!(lines(&stage).await, []);
    stage.close().await;
}

/// What stands registered at OneSpan: an address, and the events.
async fn register(stage: &Stage, url: &str, events: &[&str]) {
    let key = "cb-next";
    stage.world.registrations().set("os", json!({ "url": url, "key": key, "events": events }));
    stage.board.clock.advance(HOUR);
    stage.board.app().look_at_registration(stage.board.app().account("os").unwrap()).await;
}

/// Seen red with: what is registered not read again; a registration of somebody else taken for ours.
#[actix_web::test]
async fn what_nobody_asked_for_is_not_missed() {
    let mut stage = Stage::open().await;
    stage
        .board
        .reconfigure(|config| config.server.public_url = Some("https://board.example.com".to_owned()))
        .await;
    let ids = stage.sent("os", 4).await;
    sweep(&stage, "os").await;
    let mut expected = Vec::new();
    let mut find = async |stage: &Stage, id: &str, locked: &str, completed: &str| {
        just(stage, "os", id, &Act::SignAll(0));
        just(stage, "os", id, &Act::Lock(1));
        stage.board.clock.advance(7 * HOUR);
        sweep(stage, "os").await;
        // Of a lock no answer says when it was.
        stage.board.clock.advance(2 * 60_000);
        expected.extend(are(&[("SIGNER_LOCKED", locked), ("SIGNER_COMPLETE", completed)]));
        expected.sort();
        assert_eq!(lines(stage).await, expected);
    };
    // Nobody has looked yet.
    find(&stage, &ids[0], "missed", "missed").await;
    let ours = "https://board.example.com/callbacks/os";
    register(&stage, ours, &["SIGNER_COMPLETE", "PACKAGE_COMPLETE"]).await;
    find(&stage, &ids[1], "not_subscribed", "missed").await;
    // It is known after a restart as well, before anybody looks.
    stage.board.restart().await;
    find(&stage, &ids[2], "not_subscribed", "missed").await;
    register(&stage, "https://other.example.com/", &["SIGNER_COMPLETE", "SIGNER_LOCKED"]).await;
    find(&stage, &ids[3], "not_subscribed", "not_subscribed").await;
    assert_eq!(
        counts(&stage, "os").await,
        DriftCounts { missed: 4, not_subscribed: 4, ..DriftCounts::default() }
    );
    stage.close().await;
}

/// Seen red with: no time given to a batch.
#[actix_web::test]
async fn a_batch_is_on_its_way_for_minutes_and_may_come_late_and_the_wrong_way_round() {
    let stage = Stage::of(all_four(), true).await;
    let (early, late) = (stage.create("ls", &nda()).await, stage.create("ls", &nda()).await);
    for id in [&early, &late] {
        stage.act("ls", id, &Act::Activate).await;
    }
    sweep(&stage, "ls").await;
    stage.board.clock.advance(7 * HOUR);
    let soon = just(&stage, "ls", &early, &Act::SignAll(0));
    let mut lost = just(&stage, "ls", &late, &Act::SignAll(0));
    sweep(&stage, "ls").await;
    // Of each the one who signed, and the one who was written to then.
    let [sent, signed] = ["signer status 10", "signer status 40"].map(|word| (word, "on_its_way"));
    assert_eq!(lines(&stage).await, are(&[sent, sent, signed, signed]));
    stage.board.clock.advance(6 * 60_000);
    stage.tell(soon).await;
    let open = drift(&stage).await;
    assert!(open.iter().all(|it| it["package"] == late.as_str() && it["standing"] == "on_its_way"));
    stage.board.clock.advance(20 * 60_000);
    assert!(lines(&stage).await.iter().all(|it| it.1 == "missed"));
    // One batch after the other, the last first.
    lost.reverse();
    for one in lost {
        stage.tell(vec![one]).await;
    }
    let closed = lines(&stage).await;
    assert!(closed.len() == open.len() && closed.iter().all(|it| it.1 == "came_late"), "{closed:?}");

    let refused = just(&stage, "ls", &late, &Act::Decline(1, "No.".to_owned()));
    stage.board.clock.advance(7 * HOUR);
    sweep(&stage, "ls").await;
    let new: Vec<_> = lines(&stage).await.into_iter().filter(|it| it.1 != "came_late").collect();
    // Of the document it is told when that was, of a signer it isn't.
    assert_eq!(new, are(&[("document status 50", "missed"), ("signer status 60", "on_its_way")]));
    stage.tell(refused).await;
    assert!(lines(&stage).await.iter().all(|it| it.1 == "came_late"));
    // Deleted for good: that Legalesign tells nobody, so nobody missed it.
    let all = lines(&stage).await;
    stage.world.faults().hide_package(&early);
    stage.board.clock.advance(24 * HOUR);
    sweep(&stage, "ls").await;
    assert_eq!(stage.board.package("ls", &early).await["status"], "deleted");
    assert_eq!(lines(&stage).await, all);
    stage.close().await;
}

/// What is told again until it is taken, without a time. Seen red with: the answer itself taken for told.
#[actix_web::test]
async fn a_status_without_a_time_closes_its_line() {
    let stage = Stage::of(all_four(), true).await;
    let id = stage.create("wo", &nda()).await;
    stage.act("wo", &id, &Act::Activate).await;
    sweep(&stage, "wo").await;
    let mut told = just(&stage, "wo", &id, &Act::SignAll(0));
    told.extend(just(&stage, "wo", &id, &Act::SignAll(1)));
    stage.board.clock.advance(7 * HOUR);
    sweep(&stage, "wo").await;
    assert_eq!(lines(&stage).await, are(&[("STATUS_CHANGE", "on_its_way")]));
    stage.board.clock.advance(7 * 60_000);
    assert_eq!(lines(&stage).await, are(&[("STATUS_CHANGE", "missed")]));
    let end = told.pop().unwrap();
    stage.tell(told).await;
    assert_eq!(lines(&stage).await, are(&[("STATUS_CHANGE", "missed")]));
    stage.tell(vec![end]).await;
    assert_eq!(lines(&stage).await, are(&[("STATUS_CHANGE", "came_late")]));
    stage.close().await;
}

/// Seen red with: what a person brought soon after the answer taken for a callback in time.
#[actix_web::test]
async fn what_a_person_pastes_closes_a_line_and_was_late() {
    let stage = Stage::open().await;
    let ids = stage.sent("os", 2).await;
    sweep(&stage, "os").await;
    let lost = just(&stage, "os", &ids[0], &Act::Expire).remove(0);
    let unseen = just(&stage, "os", &ids[1], &Act::Expire).remove(0);
    stage.board.clock.advance(7 * HOUR);
    let missing = |it: &Callback| {
        format!(
            "text={}",
            percent_encoding::utf8_percent_encode(
                std::str::from_utf8(&it.body).unwrap(),
                percent_encoding::NON_ALPHANUMERIC,
            )
        )
    };
    // Nobody has swept: the answer that confirms it is the one that shows it.
    assert_eq!(
        stage.board.post("/inbox/import", &format!("account=os&{}", missing(&unseen))).await.status(),
        303
    );
    stage.ask().await;
    assert_eq!(lines(&stage).await, are(&[("PACKAGE_EXPIRE", "came_late")]));
    sweep(&stage, "os").await;
    assert_eq!(lines(&stage).await, are(&[("PACKAGE_EXPIRE", "came_late"), ("PACKAGE_EXPIRE", "missed")]));
    assert_eq!(
        stage.board.post("/inbox/import", &format!("account=os&{}", missing(&lost))).await.status(),
        303
    );
    stage.ask().await;
    assert_eq!(lines(&stage).await, are(&[("PACKAGE_EXPIRE", "came_late"), ("PACKAGE_EXPIRE", "came_late")]));
    stage.close().await;
}
