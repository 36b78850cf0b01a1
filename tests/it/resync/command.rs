//! `signboard resync`, beside a running board and without one: what it says, and its exit status.

use crate::support::board::Board;
use crate::support::world::{Stage, nda};
use signboard::app::reconcile::Swept;
use signboard::clock::Clock;
use signboard::demo::act::Act;
use signboard::demo::{Account, Kind, Refusal, Simulator};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

fn configure(data: &Path, api: &str) {
    let text = format!(
        "[server]\ndata = {data:?}\n[accounts.os]\nprovider = \"onespan\"\ncallback = {{ auth = \"key\", key = \"cb-key\" }}\n\
         api = {{ base-url = {api:?}, auth = \"api-key\", key = \"api-key\" }}\nreconcile = {{ calls-per-minute = 600 }}\n\
         [accounts.mute]\nprovider = \"onespan\"\ncallback = {{ auth = \"none\" }}\n"
    );
    std::fs::write(data.with_file_name("signboard.toml"), text).unwrap();
}

/// Runs the command on a data folder; the board, if one runs on it, does its jobs and steps meanwhile.
async fn resync(data: &Path, args: &[&str], board: Option<&Board>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
    command.arg("resync").args(args).arg("--config").arg(data.with_file_name("signboard.toml"));
    command.env("USER", "anna").env_remove("SUDO_USER").stdin(Stdio::null());
    let waited = tokio::task::spawn_blocking(move || command.output().unwrap());
    tokio::pin!(waited);
    loop {
        tokio::select! {
            output = &mut waited => return output.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(20)), if board.is_some() => {
                let app = board.unwrap().app();
                app.do_jobs().await.unwrap();
                app.sweep_step(app.account("os").unwrap()).await.unwrap();
            }
        }
    }
}

/// Standard output, standard error, exit status.
fn said(output: &Output) -> (String, String, Option<i32>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

#[actix_web::test]
async fn beside_a_board_it_is_the_boards_work() {
    let stage = Stage::open().await;
    let ids = stage.sent("os", 3).await;
    let data = stage.board.data();
    configure(&data, "http://127.0.0.1:1/");
    super::sweep(&stage, "os").await;
    let beside = |args: &'static [&str]| resync(&data, args, Some(&stage.board));
    let (out, err, code) = said(&beside(&["os"]).await);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("os: 3 packages compared in 5 calls, 0 missed changes found and repaired"), "{out}");
    let run = stage.board.json("/api/v1/runs").await["runs"][0].clone();
    assert_eq!((&run["asked_by"], &run["success"]), (&"anna, by command".into(), &true.into()));

    stage.happen("os", &ids[0], &Act::Expire);
    let (out, err, code) = said(&beside(&["os", "--dry-run"]).await);
    assert_eq!(code, Some(0), "{out}{err}");
    let line = format!("  {}: status sent → expired", ids[0]);
    assert!(
        out.contains("3 packages compared in 5 calls, 1 change would be made") && out.contains(&line),
        "{out}"
    );
    assert_eq!(stage.board.package("os", &ids[0]).await["status"], "sent");

    // One that can't be read: the sweep is whole, and not everything was answered.
    stage.world.faults().garble_package(&ids[1]);
    let (out, err, code) = said(&beside(&["os"]).await);
    assert_eq!(code, Some(1), "{out}{err}");
    let words =
        "2 packages compared in 6 calls, 1 missed change found and repaired; 1 package could not be read";
    assert!(out.contains(words), "{out}");
    assert_eq!(stage.board.package("os", &ids[0]).await["status"], "expired");
    assert_eq!(stage.board.json("/api/v1/runs").await["runs"][0]["success"], true);

    // The board's accounts count, not the command's.
    for (args, words) in [
        (&["nobody"][..], "there is no account `nobody`; known are: cg, os"),
        (&["os", "--since", "soon"], "\"soon\" is no time"),
        (&["os", "--since", "2999-01-01"], "the time begins in the future"),
    ] {
        let (out, err, code) = said(&resync(&data, args, Some(&stage.board)).await);
        assert!(code == Some(2) && err.contains(words) && out.is_empty(), "{out}{err}");
    }
    stage.close().await;
}

#[actix_web::test]
async fn a_provider_that_goes_away_mid_way_is_not_waited_for_for_ever() {
    let stage = Stage::open().await;
    stage.sent("os", 130).await;
    let data = stage.board.data();
    configure(&data, "http://127.0.0.1:1/");
    let app = stage.board.app();
    let scope = signboard::app::resync::Scope { accounts: vec!["os".into()], ..Default::default() };
    app.resync(&scope).await.unwrap();
    assert_eq!(app.sweep_step(app.account("os").unwrap()).await.unwrap(), Swept::Went);
    stage.world.faults().refuse_next(1_000, Refusal::Broken);
    // What it asks for waits behind the one that can't go on.
    let args = ["os", "--patience", "1s"];
    let (out, err, code) = said(&resync(&data, &args, Some(&stage.board)).await);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("os: not done; 0 packages compared in 0 calls"), "{out}");
    assert!(err.contains("nothing has moved for 1s") && err.contains("the board goes on with it"), "{err}");
    stage.world.faults().clear();
    stage.board.clock.advance(3_600_000);
    let (first, second) = (super::sweep(&stage, "os").await, super::sweep(&stage, "os").await);
    assert!(first.success && first.compared == 130 && first.id < second.id && second.success);
    assert_eq!(second.asked_by.as_deref(), Some("anna, by command"));
    stage.close().await;
}

#[actix_web::test]
async fn without_a_board_this_process_is_it() {
    let account = Account { api_key: "api-key".to_owned(), ..Account::new("os", Kind::OneSpan) };
    let world = Simulator::start(Clock::System, 7, vec![account]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    configure(&data, &world.base_url("os"));
    for n in 0..3 {
        world.world().lock().create("os", &nda(), Clock::System.millis() - 60_000 + n).unwrap();
    }
    // The API is down from the first call on.
    world.faults().refuse_next(1_000, Refusal::Broken);
    let (out, err, code) = said(&resync(&data, &["--patience", "1s"], None).await);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("os: not done: the provider's API can't be reached"), "{out}");
    assert!(err.contains("a board that starts here goes on with it"), "{err}");
    world.faults().clear();
    // That one is finished first; then the one that is asked for now.
    let (out, err, code) = said(&resync(&data, &[], None).await);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("os: 3 packages compared in 5 calls, 0 missed changes found"), "{out}");
    for (args, words) in
        [(&["nobody"][..], "there is no account `nobody`"), (&["mute"], "the account `mute` has no `api`")]
    {
        let (out, err, code) = said(&resync(&data, args, None).await);
        assert!(code == Some(2) && err.contains(words), "{out}{err}");
    }
    let counted = crate::support::db::run(&data, "SELECT count(*) FROM runs WHERE success = 1").await;
    assert_eq!(counted, ["2"]);
    world.stop().await;
}
