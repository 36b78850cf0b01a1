//! Listeners that are away, slow, broken or choosy.

use super::{Listener, Mood, board, hours, pass_on, send};
use std::time::Duration;

/// Seen red with: a line that passes by a first one that isn't due yet.
#[actix_web::test]
async fn a_listener_that_was_away_for_hours_gets_everything_in_its_order() {
    for mood in [Mood::IsAway, Mood::Answers(500), Mood::Answers(404), Mood::Redirects] {
        let mut listener = Listener::start();
        let mut board = board(&listener).await;
        let mut sent = send(&board, 0..3).await;
        pass_on(&board, "os").await;
        listener.now(mood.clone()).await;
        for part in 1..4 {
            sent.extend(send(&board, part * 10..part * 10 + 5).await);
            hours(&board, 2).await;
            board.restart().await;
        }
        assert_eq!(listener.taken(), sent[..3], "{mood:?}");
        assert!(listener.got().iter().all(|it| it.path == "/old?token=url-hush"), "no redirect is followed");
        let page = board.text("/providers").await;
        assert!(page.contains("15 wait") && page.contains("was in vain"), "{page}");
        assert!(!page.contains("hush") && !board.text("/forwards/os").await.contains("hush"));
        let figures = board.text("/metrics").await;
        assert!(figures.contains("signboard_forwards_waiting{account=\"os\"}"), "{figures}");
        let tries = board.sql("SELECT max(tries) FROM forwards WHERE state = 0").await;
        assert!(tries[0].parse::<u32>().unwrap() < 50, "it is not hammered: {tries:?}");

        listener.now(Mood::Answers(200)).await;
        sent.extend(send(&board, 50..52).await);
        hours(&board, 1).await;
        assert_eq!(listener.taken(), sent, "{mood:?}");
        assert!(board.text("/providers").await.contains("nothing waits"));
        board.stop().await;
        listener.stop().await;
    }
}

#[actix_web::test]
async fn while_a_listener_hangs_callbacks_are_acknowledged_and_after_ten_seconds_it_is_left() {
    let mut listener = Listener::start();
    let board = board(&listener).await;
    listener.now(Mood::Hangs).await;
    let mut sent = send(&board, 0..1).await;
    let step = async {
        let account = board.app().account("os").unwrap();
        board.app().forward_step(account).await.unwrap()
    };
    let others = async {
        while listener.got().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Ten seconds would do for none of them.
        tokio::time::timeout(Duration::from_secs(9), send(&board, 1..20)).await.unwrap()
    };
    let (tried, more) = tokio::join!(step, others);
    sent.extend(more);
    assert_eq!(tried, 1);
    let error = board.sql("SELECT error FROM forwards WHERE error IS NOT NULL").await;
    assert_eq!(error, ["no answer within 10 s"]);
    listener.now(Mood::Answers(204)).await;
    hours(&board, 1).await;
    assert_eq!(listener.got().len(), sent.len() + 1);
    assert!(board.text("/providers").await.contains("nothing waits"), "204 is an answer like 200");
    board.stop().await;
    listener.stop().await;
}

/// Seen red with: no witness asked for.
#[actix_web::test]
async fn one_that_is_not_wanted_holds_up_nobody_and_can_be_sent_again_when_given_up() {
    let mut listener = Listener::start();
    let board = board(&listener).await;
    listener.now(Mood::Dislikes("\"s1", 400)).await;
    let sent = send(&board, 0..30).await;
    let wanted: Vec<&String> = sent.iter().filter(|it| !it.contains("\"s1")).collect();
    assert_eq!(wanted.len(), 19);
    hours(&board, 1).await;
    // Those that spoke for others came before their turn, and nobody else.
    let mut taken = listener.taken();
    taken.sort_by_key(|body| sent.iter().position(|it| it == body));
    assert_eq!(taken.iter().collect::<Vec<_>>(), wanted);
    assert!(board.text("/providers").await.contains("11 wait"));

    hours(&board, 40).await;
    let page = board.text("/forwards/os?only=given-up").await;
    assert!(page.contains("nothing waits, 11 were given up") && page.contains("It answers 400"), "{page}");
    let tries = board.sql("SELECT max(tries) FROM forwards").await[0].parse::<u32>().unwrap();
    assert!((5..25).contains(&tries), "{tries} tries");
    let quiet = listener.got().len();
    hours(&board, 40).await;
    assert_eq!(listener.got().len(), quiet, "given up is given up");

    listener.now(Mood::Answers(200)).await;
    let one = board.sql("SELECT min(arrival) FROM forwards WHERE state = 2").await;
    let again = board.post("/forwards/os", &format!("id={}", one[0])).await;
    assert_eq!(again.headers()["location"], "/forwards/os?again=1");
    hours(&board, 1).await;
    assert_eq!(listener.taken().len(), 20);
    assert!(board.text("/forwards/os?again=1").await.contains("1 callback is sent again."));
    assert_eq!(board.post("/forwards/os", "").await.status(), 303);
    hours(&board, 1).await;
    assert_eq!(listener.taken().len(), 30);
    // What was taken can be asked for, too; what was never passed on can't.
    assert_eq!(board.post("/forwards/os", &format!("id={}", one[0])).await.status(), 303);
    hours(&board, 1).await;
    assert_eq!(listener.taken().len(), 31);
    assert_eq!(board.post("/forwards/os", "id=4711").await.status(), 404);
    assert_eq!(board.post("/forwards/cg", "").await.status(), 404);
    board.stop().await;
    listener.stop().await;
}

/// A listener that is away for good costs one callback a day, and a button brings them back.
#[actix_web::test]
async fn a_day_in_vain_is_enough_and_whoever_repaired_it_need_not_wait() {
    let mut listener = Listener::start();
    let board = board(&listener).await;
    listener.now(Mood::IsAway).await;
    let sent = send(&board, 0..5).await;
    hours(&board, 60).await;
    assert_eq!(
        board.sql("SELECT state || ':' || count(*) FROM forwards GROUP BY state").await,
        ["0:3", "2:2"]
    );
    listener.now(Mood::Answers(200)).await;
    pass_on(&board, "os").await;
    assert!(listener.taken().is_empty(), "not due yet");
    assert_eq!(board.post("/forwards/os", "").await.headers()["location"], "/forwards/os?again=5");
    pass_on(&board, "os").await;
    let taken = listener.taken();
    assert_eq!((&taken[..3], taken.len()), (&sent[2..], 5));
    board.stop().await;
    listener.stop().await;
}
