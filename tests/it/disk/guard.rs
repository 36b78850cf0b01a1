//! A disk that is nearly full is kept for callbacks; a heartbeat goes out while all is well, and never otherwise.

use crate::forwarding::listener::{Listener, Mood};
use crate::support::board::{Board, event};
use crate::support::world::{Stage, nda};
use signboard::app::Room;
use signboard::app::heartbeat::Beat;
use signboard::app::reconcile::Swept;
use signboard::config::{DiskGuard, HeartbeatConfig, Secret};
use signboard::demo::act::Act;
use signboard::model::Timestamp;
use std::time::Duration;

const GIB: u64 = 1024 * 1024 * 1024;
const MINUTE: i64 = 60_000;

fn room(free: u64) -> Room {
    Room { free, total: 100 * GIB }
}

#[actix_web::test]
async fn below_the_limit_everything_but_callbacks_waits_and_goes_on_by_itself() {
    let stage = Stage::open().await;
    let board = &stage.board;
    let app = board.app();
    let id = stage.world.world().lock().create("os", &nda(), board.clock.millis()).unwrap().id;
    stage.world.world().lock().act("os", &id, &Act::Activate, board.clock.millis());
    let banner = "The disk is nearly full: less than 1 GiB is free";
    let gauge = |text: &str, name: &str| {
        text.lines().find_map(|it| it.strip_prefix(name).map(|it| it.trim().to_owned()))
    };
    app.note_room(room(2 * GIB));
    assert!(!board.text("/").await.contains("nearly full"));
    assert_eq!(board.text("/readyz").await, "ready\n");
    app.note_room(room(GIB - 1));
    // Callbacks come, and ask for what is due.
    assert_eq!(board.send("os", event(&id, "PACKAGE_ACTIVATE", "u", None, 0)).await.status(), 200);
    stage.world.calls().clear();
    board.clock.advance(MINUTE);
    let account = app.account("os").unwrap();
    assert_eq!(app.ask_due().await.unwrap().answered, 0);
    assert_eq!(app.sweep_step(account).await.unwrap(), Swept::Idle);
    let job = app.store.ask_job("replay", "", app.now()).await.unwrap();
    app.do_jobs().await.unwrap();
    let told = app.store.job_result(job).await.unwrap().unwrap();
    assert!(told.starts_with("it failed: less than 1 GiB is free"), "{told}");
    assert!(stage.world.calls().all().is_empty());
    for page in ["/", "/inbox", "/providers"] {
        assert!(board.text(page).await.contains(banner), "{page}");
    }
    assert_eq!(
        board.text("/readyz").await,
        "ready; but less than 1 GiB is free on the disk of the data folder\n"
    );
    let metrics = board.text("/metrics").await;
    assert_eq!(gauge(&metrics, "signboard_disk_low ").as_deref(), Some("1"), "{metrics}");
    // The room as it is, not as it was when somebody last looked: that was made up here.
    let free: f64 = gauge(&metrics, "signboard_disk_free_bytes ").unwrap().parse().unwrap();
    assert!(free > 0.0 && free != 1_073_741_823.0, "{free}");
    // A little more is not enough, or what is written then would stop it at once.
    app.note_room(room(GIB + 1));
    assert!(app.disk_low().is_some());
    app.note_room(room(2 * GIB));
    assert_eq!(app.disk_low(), None);
    assert_eq!(app.ask_due().await.unwrap().answered, 1);
    assert_eq!(app.sweep_step(account).await.unwrap(), Swept::Went);
    let job = app.store.ask_job("replay", "", app.now()).await.unwrap();
    app.do_jobs().await.unwrap();
    assert!(app.store.job_result(job).await.unwrap().unwrap().contains("were read again"));
    assert!(!board.text("/").await.contains("nearly full"));
}

#[actix_web::test]
async fn the_real_disk_is_looked_at() {
    let board = Board::with(|config| config.server.disk_guard = DiskGuard::Bytes(u64::MAX / 2)).await;
    assert_eq!(board.app().disk(), None);
    board.app().look_at_disk();
    let seen = board.app().disk().unwrap();
    assert!(seen.low && seen.room.free > 0 && seen.room.free < seen.room.total, "{seen:?}");
    board.stop().await;
}

/// A board that tells a listener each five minutes that all is well.
async fn beating(listener: &Listener) -> Board {
    let url = Secret::new(listener.url("/ping/token-hush?x=1"));
    Board::with(|config| {
        config.server.heartbeat =
            Some(HeartbeatConfig { url, every: Duration::from_secs(300), proxy: None, ca_file: None });
    })
    .await
}

#[actix_web::test]
async fn a_heartbeat_goes_out_while_all_is_well_and_never_otherwise() {
    let mut listener = Listener::start();
    let board = beating(&listener).await;
    let app = board.app();
    assert_eq!(app.beat().await, Beat::Told);
    assert_eq!(listener.got().len(), 1);
    assert_eq!((listener.got()[0].path.as_str(), listener.got()[0].body.len()), ("/ping/token-hush?x=1", 0));
    board.clock.advance(5 * MINUTE - 1);
    assert_eq!(app.beat().await, Beat::NotDue);
    // A nearly full disk, a worker that hangs, callbacks that wait: silence.
    app.note_room(room(1));
    board.clock.advance(1);
    assert_eq!(
        app.beat().await,
        Beat::Silent("less than 1 GiB is free on the disk of the data folder".into())
    );
    app.note_room(room(2 * GIB));
    assert_eq!(app.beat().await, Beat::Told, "at once when it is well again");
    let turn = app.begin_turn("sweep os");
    board.clock.advance(61 * MINUTE);
    assert_eq!(app.beat().await, Beat::Silent("the worker `sweep os` hangs or has ended".into()));
    drop(turn);
    assert_eq!(app.beat().await, Beat::Told);
    let (held, died) = (app.clone(), std::thread::Builder::new());
    let died = died.spawn(move || {
        let _turn = held.begin_turn("digest");
        panic!("a worker dies");
    });
    assert!(died.unwrap().join().is_err());
    board.clock.advance(5 * MINUTE);
    assert_eq!(app.beat().await, Beat::Silent("the worker `digest` hangs or has ended".into()));
    drop(app.begin_turn("digest"));
    assert_eq!(listener.got().len(), 3);
    // Whoever is told may be away, refuse, or lead elsewhere: it is tried again, and nothing else happens.
    for (mood, why) in [
        (Mood::Answers(500), "127.0.0.1 answered 500"),
        (Mood::Redirects, "127.0.0.1 answered 307"),
        (Mood::IsAway, "127.0.0.1 takes no connection"),
    ] {
        listener.now(mood).await;
        let Beat::Untold(told) = app.beat().await else { panic!("{why}") };
        assert!(told.starts_with(why) && !told.contains("hush"), "{told}");
    }
    listener.now(Mood::Answers(204)).await;
    assert_eq!(app.beat().await, Beat::Told);
    assert!(listener.got().iter().all(|it| it.path == "/ping/token-hush?x=1"), "no redirect is followed");
    listener.stop().await;
    board.stop().await;
}

#[actix_web::test]
async fn a_board_that_cannot_write_sends_no_heartbeat() {
    let listener = Listener::start();
    let board = beating(&listener).await;
    let app = board.app().clone();
    board.stop().await;
    assert!(matches!(app.beat().await, Beat::Silent(why) if why == "the board is stopping"));
    assert!(listener.got().is_empty());
    assert!(app.now() > Timestamp(0));
    listener.stop().await;
}
