//! How it is told: in order within a package, without one waiting for another, and whatever the receiver does.

use super::{HOUR, board, board_with, body, hours, taken, tell, words};
use crate::forwarding::listener::{Listener, Mood};
use crate::support::board::Board;
use serde_json::Value;
use signboard::app::HookState;
use signboard::app::people::{DeedFilter, DeedKind};

/// Three things happen to each package, one after the other.
async fn happen(board: &Board, packages: &[&str]) {
    for (at, name) in (0..).zip(["PACKAGE_ACTIVATE", "PACKAGE_COMPLETE"]) {
        for package in packages {
            board.event(package, name, "u", 1000 * at).await;
        }
    }
}

async fn states(board: &Board) -> Vec<String> {
    board
        .sql(
            "SELECT package || ' ' || event || ' ' || state || ' ' || tries FROM hook_deliveries ORDER BY id",
        )
        .await
}

/// Seen red with: all that is due taken by its number alone.
#[actix_web::test]
async fn a_package_keeps_its_order_and_others_pass_it() {
    let mut receiver = Listener::start();
    let board = board(&receiver).await;
    receiver.now(Mood::Dislikes("\"package\":\"bad\"", 500)).await;
    happen(&board, &["bad", "p", "q"]).await;
    tell(&board).await;
    let of = |package: &str| {
        let all: Vec<String> = taken(&receiver).into_iter().filter(|it| it.ends_with(package)).collect();
        all
    };
    for package in ["p", "q"] {
        let all = ["created", "sent", "completed"].map(|it| format!("package.{it} {package}"));
        assert_eq!(of(package), all);
    }
    assert!(of("bad").is_empty());
    let bad = || receiver.got().iter().filter(|it| !it.is_taken).count();
    assert_eq!(bad(), 1, "what is behind it waits");
    receiver.now(Mood::Answers(204)).await;
    hours(&board, 1).await;
    let order: Vec<String> = words(&receiver.got()).into_iter().filter(|it| it.ends_with("bad")).collect();
    let all = ["created", "created", "sent", "completed"].map(|it| format!("package.{it} bad"));
    assert_eq!(order, all, "204 is taken, too");
    let got = receiver.got();
    let tries: Vec<&str> = got
        .iter()
        .filter(|it| body(it)["data"]["package"] == "bad")
        .map(|it| it.header("webhook-id"))
        .collect();
    assert_eq!(tries[0], tries[1], "it is known by its number");
    assert_ne!(tries[1], tries[2]);
    board.stop().await;
    receiver.stop().await;
}

#[actix_web::test]
async fn ten_tries_in_three_days_and_then_it_is_given_up_until_somebody_sends_it_again() {
    let mut receiver = Listener::start();
    let board = board(&receiver).await;
    receiver.now(Mood::Answers(500)).await;
    board.event("p", "PACKAGE_ACTIVATE", "u", 0).await;
    let began = board.clock.millis();
    hours(&board, 1).await;
    assert_eq!(receiver.got().len(), 4, "often at first");
    hours(&board, 60).await;
    assert_eq!(states(&board).await, ["p package.created 0 9", "p package.sent 0 0"]);
    hours(&board, 26).await;
    assert_eq!(states(&board).await[0], "p package.created 2 10");
    let tried = board.sql("SELECT tried_at FROM hook_deliveries ORDER BY id LIMIT 1").await;
    let lasted = (tried[0].parse::<i64>().unwrap() - began) / HOUR;
    assert!((70..=86).contains(&lasted), "{lasted} hours");
    // The next one of the package has its own.
    assert!(receiver.got().len() > 10);
    let again = board.post("/hooks/crm", "do=again").await;
    assert_eq!(again.status(), 303);
    assert_eq!(again.headers()["location"], "/hooks/crm?again=1");
    receiver.now(Mood::Answers(200)).await;
    hours(&board, 72).await;
    let states = states(&board).await;
    assert_eq!(states[0], "p package.created 1 1", "counted anew");
    assert!(states[1].starts_with("p package.sent 1 "), "{states:?}");
    board.stop().await;
    receiver.stop().await;
}

/// Seen red with: no rest, so that everything uses up its tries.
#[actix_web::test]
async fn a_receiver_that_comes_back_after_a_day_gets_everything_at_once() {
    let mut receiver = Listener::start();
    let board = board(&receiver).await;
    receiver.now(Mood::IsAway).await;
    let packages: Vec<String> = (0..40).map(|it| format!("p{it:02}")).collect();
    happen(&board, &packages.iter().map(String::as_str).collect::<Vec<_>>()).await;
    hours(&board, 24).await;
    let most = board.sql("SELECT max(tries) FROM hook_deliveries").await;
    assert!(most[0].parse::<i64>().unwrap() < 9, "{most:?}");
    receiver.now(Mood::Answers(200)).await;
    // At the next try, which is within a quarter of an hour and its jitter, or by a step of a person.
    hours(&board, 1).await;
    assert_eq!(taken(&receiver).len(), 120);
    for package in &packages {
        let of: Vec<String> =
            taken(&receiver).into_iter().filter(|it| it.ends_with(package.as_str())).collect();
        assert_eq!(of, ["created", "sent", "completed"].map(|it| format!("package.{it} {package}")));
    }
    board.stop().await;
    receiver.stop().await;
}

/// Its own next try would be hours away.
#[actix_web::test]
async fn what_had_no_answer_goes_as_soon_as_another_message_has_one() {
    let mut receiver = Listener::start();
    let board = board(&receiver).await;
    receiver.now(Mood::IsAway).await;
    happen(&board, &["p", "q"]).await;
    hours(&board, 20).await;
    receiver.now(Mood::Answers(200)).await;
    hours(&board, 1).await;
    assert!(taken(&receiver).is_empty());
    board.event("new", "PACKAGE_CREATE", "u", 0).await;
    hours(&board, 1).await;
    assert_eq!(taken(&receiver).len(), 7);
    board.stop().await;
    receiver.stop().await;
}

#[actix_web::test]
async fn whoever_hangs_redirects_or_answers_without_end_is_told_from_whoever_takes() {
    let mut receiver = Listener::start();
    let board = board(&receiver).await;
    receiver.now(Mood::Floods).await;
    board.event("flood", "PACKAGE_CREATE", "u", 0).await;
    tell(&board).await;
    receiver.now(Mood::Redirects).await;
    board.event("redirect", "PACKAGE_CREATE", "u", 0).await;
    tell(&board).await;
    receiver.now(Mood::Hangs).await;
    board.event("hang", "PACKAGE_CREATE", "u", 0).await;
    tell(&board).await;
    let paths: Vec<String> = receiver.got().into_iter().map(|it| it.path).collect();
    assert_eq!(paths, ["/in?token=url-hush"; 3], "nothing is followed");
    let all = board.app().store.hook_deliveries("crm", None, None, 9).await.unwrap();
    let of = |package: &str| all.iter().find(|it| it.key.package.as_str() == package).unwrap();
    let last = |package: &str| of(package).last.as_ref().unwrap();
    assert_eq!(of("flood").state, HookState::Taken);
    assert_eq!(last("flood").answer.as_ref().unwrap().len(), 500, "so much is kept");
    assert_eq!((of("redirect").state, last("redirect").status), (HookState::Waits, Some(307)));
    assert!(last("redirect").error.as_ref().unwrap().contains("not followed"));
    assert_eq!(last("hang").error.as_deref(), Some("no answer within 15 s"));
    assert!(last("hang").ms >= 15_000 && last("flood").ms < 5_000);
    board.stop().await;
    receiver.stop().await;
}

/// By its address, by a name, and by an address in another dress. Seen red with: no look at literal addresses, and with
/// the system's own resolving.
#[actix_web::test]
async fn ones_own_network_is_not_reached_unless_that_is_said() {
    let receiver = Listener::start();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.0.0.1"] {
        let url = receiver.url("/in").replace("127.0.0.1", host);
        let private = |config: &mut signboard::config::Config| {
            config.hooks[0].to.url = signboard::config::Secret::new(url.clone());
            config.hooks[0].allow_private = false;
        };
        let board = board_with(&receiver, private).await;
        board.event("p", "PACKAGE_CREATE", "u", 0).await;
        tell(&board).await;
        let all = board.app().store.hook_deliveries("crm", None, None, 9).await.unwrap();
        let last = all[0].last.as_ref().unwrap();
        let error = last.error.as_deref().unwrap();
        assert!(
            error.contains("none of the public network") && error.contains("allow-private"),
            "{host}: {error}"
        );
        assert_eq!(last.status, None);
        board.stop().await;
    }
    assert!(receiver.got().is_empty());
    receiver.stop().await;
}

#[actix_web::test]
async fn whoever_is_gone_is_told_nothing_until_somebody_lets_it_go_on() {
    let mut receiver = Listener::start();
    let mut board = board(&receiver).await;
    receiver.now(Mood::Answers(410)).await;
    happen(&board, &["p", "q"]).await;
    hours(&board, 30).await;
    assert_eq!(receiver.got().len(), 1, "it wants to hear no more");
    let json: Value = board.json("/api/v1/hooks").await;
    assert_eq!(json["hooks"][0]["paused_because"], "it answers 410, so it wants to hear no more");
    assert_eq!(
        (&json["hooks"][0]["waiting"], &json["hooks"][0]["last_try"]["status"]),
        (&6.into(), &410.into())
    );
    let paused = DeedFilter { kind: Some(DeedKind::HookPaused), ..DeedFilter::default() };
    let deeds = board.app().store.deeds(&paused, 9).await.unwrap();
    assert_eq!((deeds.len(), deeds[0].who.as_str()), (1, "the board"));
    receiver.now(Mood::Answers(200)).await;
    board.restart().await;
    hours(&board, 1).await;
    assert_eq!(receiver.got().len(), 1, "also after a restart");
    assert_eq!(board.post("/hooks/crm", "do=resume").await.status(), 303);
    tell(&board).await;
    assert_eq!(taken(&receiver).len(), 6);
    board.stop().await;
    receiver.stop().await;
}

#[actix_web::test]
async fn what_is_over_is_forgotten_after_a_while_and_what_waits_for_a_month_is_given_up() {
    let receiver = Listener::start();
    let board = board(&receiver).await;
    board
        .sql(
            "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 25000) \
             INSERT INTO hook_deliveries (hook, account, package, event, subject, turn, made_at, body, state, tries, tried_at) \
             SELECT 'crm', 'os', 'p' || i, 'package.sent', '', 1, 0, '{}', 1 + i % 2, 1, 0 FROM n",
        )
        .await;
    board.event("new", "PACKAGE_CREATE", "u", 0).await;
    tell(&board).await;
    let count = "SELECT state || ':' || count(*) FROM hook_deliveries GROUP BY state ORDER BY state";
    assert_eq!(board.sql(count).await, ["1:1000", "2:10000"]);
    assert_eq!(board.post("/hooks/crm", "do=pause").await.status(), 303);
    board.event("old", "PACKAGE_CREATE", "u", 0).await;
    board.clock.advance(31 * 24 * HOUR);
    tell(&board).await;
    assert_eq!(
        board.sql("SELECT state || error FROM hook_deliveries WHERE package = 'old'").await,
        ["2it waited for a month"]
    );
    board.stop().await;
    receiver.stop().await;
}
