//! `signboard import`, beside a running board and without one.

use super::waiting;
use crate::support::board::{Board, event};
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// Runs the command on the board's folder; the board, if it runs, does its jobs meanwhile.
async fn import(board: &Board, args: &[&str], stdin: &str) -> Output {
    let config = board.data().with_file_name("signboard.toml");
    let text = format!(
        "[server]\ndata = {:?}\n[accounts.os]\nprovider = \"onespan\"\ncallback = {{ auth = \"none\" }}\n\
         [accounts.wo]\nprovider = \"websignatureoffice\"\ncallback = {{ auth = \"none\" }}\n",
        board.data()
    );
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
    command.arg("import").args(args).arg("--config").arg(config).env("USER", "anna").env_remove("SUDO_USER");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let waited = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    tokio::pin!(waited);
    loop {
        tokio::select! {
            output = &mut waited => return output.unwrap(),
            () = tokio::time::sleep(std::time::Duration::from_millis(20)), if board.runs() => {
                board.app().do_jobs().await.unwrap();
            }
        }
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[actix_web::test]
async fn beside_a_board_and_without_one() {
    let mut board = Board::start().await;
    let mail = board.data().with_file_name("lost.eml");
    std::fs::write(&mail, event("P", "PACKAGE_ACTIVATE", "u", None, 0)).unwrap();
    let mail = mail.to_str().unwrap().to_owned();
    let output = import(&board, &[&mail, "-", "--account", "os"], &event("Q", "X", "u", None, 0)).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(said.matches("1 callback was found: 0 known already, 1 new one waits").count(), 2, "{said}");
    assert_eq!(waiting(&board).await.len(), 2);
    assert!(board.text("/inbox").await.contains("anna, by command"));
    assert_eq!(board.sql("SELECT count(*) FROM job_inputs").await, ["0"], "names and mails aren't kept");

    for (args, word, code) in [
        (&["--account", "no", &mail][..], "there is no account `no`", 2),
        (&["--account", "wo", &mail], "`wo` is none", 2),
        (&["nowhere.eml"], "nowhere.eml can't be read", 2),
        (&["-"], "no callback was found", 1),
    ] {
        // Another configuration than the board's: the command's own accounts don't matter beside it.
        let output = import(&board, args, "nothing").await;
        if args.contains(&"wo") {
            assert!(text(&output).contains("there is no account `wo`"), "{}", text(&output));
        } else {
            assert!(text(&output).contains(word), "{}", text(&output));
        }
        assert_eq!(output.status.code(), Some(code), "{}", text(&output));
    }

    board.halt().await;
    let output = import(&board, &[&mail], "").await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("1 known already"), "{}", text(&output));
    let output = import(&board, &["--account", "wo", &mail], "").await;
    assert!(output.status.code() == Some(2) && text(&output).contains("`wo` is none"), "{}", text(&output));
    board.resume(None).await;
    assert_eq!(waiting(&board).await.len(), 2);
    board.stop().await;
}
