//! A backup is whole or isn't there; a board is restored whole or not at all.

mod broken;
mod update;

use crate::support::board::{Board, event};
use crate::support::db;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The configuration of a test board, for the program itself.
fn configured(folder: &Path, data: &Path) -> PathBuf {
    let account = |id: &str, provider: &str| {
        format!(
            "[accounts.{id}]\nprovider = \"{provider}\"\ncallback = {{ auth = \"key\", key = \"cb-key\" }}\n"
        )
    };
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ndata = {data:?}\ndisk-guard = \"0 MiB\"\n{}{}",
        account("os", "onespan"),
        account("cg", "conga")
    );
    let file = folder.join(format!("{}.toml", data.file_name().unwrap().to_str().unwrap()));
    std::fs::write(&file, text).unwrap();
    file
}

/// Runs the program on a data folder.
fn run(data: &Path, words: &[&str]) -> Output {
    command(data, words).output().unwrap()
}

fn command(data: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
    command.args(words).arg("--config").arg(configured(data.parent().unwrap(), data));
    command.env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A board with a few packages, whose every table of people has something in it.
async fn filled() -> Board {
    let board = Board::start().await;
    for at in 0..40 {
        board.event(&format!("P{}", at % 9), "DOCUMENT_SIGNED", &format!("u{at}"), at).await;
    }
    board.send("cg", event("C", "PACKAGE_CREATE", "u", None, 1)).await;
    assert_eq!(board.send_as("os", Some("Basic wrong"), "{}").await.status(), 401);
    board
}

/// What lies in a folder, but for the file by which a board locks it.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|it| it != "board.lock");
    names.sort();
    names
}

/// A backup of a board that has stopped, and a folder around both.
async fn made() -> (TempDir, PathBuf) {
    let folder = filled().await.stop().await;
    let file = folder.path().join("b.backup");
    let done = run(&folder.path().join("data"), &["backup", path(&file)]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done));
    (folder, file)
}

#[actix_web::test]
async fn beside_a_running_board_it_is_backed_up_and_restored_as_it_was() {
    let board = filled().await;
    let data = board.data();
    let file = data.parent().unwrap().join("b.backup");
    let before = board.dump().await;
    let done = run(&data, &["backup", path(&file)]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done));
    assert!(text(&done).contains("10 packages are what their 41 facts say"), "{}", text(&done));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // What comes later isn't in it.
    board.event("later", "PACKAGE_CREATE", "u", 99).await;
    let other = data.parent().unwrap().join("other");
    let restored = run(&other, &["restore", path(&file)]);
    assert_eq!(restored.status.code(), Some(0), "{}", text(&restored));
    assert!(text(&restored).contains("10 packages are what their 41 facts say"), "{}", text(&restored));
    assert_eq!(names(&other), ["signboard.sqlite"], "no stage and no log is left");
    assert_eq!(db::dump(&other).await, before);
    assert_eq!(std::fs::metadata(other.join("signboard.sqlite")).unwrap().permissions().mode() & 0o077, 0);
    let check = run(&other, &["selfcheck"]);
    assert_eq!(check.status.code(), Some(0), "{}", text(&check));
    board.stop().await;
}

#[actix_web::test]
async fn nothing_is_overwritten_unless_it_is_asked_for() {
    let (folder, file) = made().await;
    let data = folder.path().join("data");
    let first = std::fs::read(&file).unwrap();
    std::fs::write(&file, "mine").unwrap();
    let done = run(&data, &["backup", path(&file)]);
    assert_eq!((done.status.code(), std::fs::read(&file).unwrap()), (Some(2), b"mine".to_vec()));
    assert!(text(&done).contains("--replace"), "{}", text(&done));
    let done = run(&data, &["backup", path(&file), "--replace"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done));
    assert_eq!(std::fs::read(&file).unwrap().len(), first.len());
    // And a board is never restored over another.
    let restored = run(&data, &["restore", path(&file)]);
    assert_eq!(restored.status.code(), Some(2));
    assert!(text(&restored).contains("is not empty"), "{}", text(&restored));
    assert_eq!(run(&folder.path().join("none"), &["backup", "x"]).status.code(), Some(2));
}

#[actix_web::test]
async fn what_is_no_whole_backup_is_refused_and_leaves_no_board() {
    let (folder, file) = made().await;
    let good = std::fs::read(&file).unwrap();
    let needle = b"DOCUMENT_SIGNED";
    let body = good.windows(needle.len()).position(|it| it == needle).unwrap();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let data = std::fs::read(folder.path().join("data/signboard.sqlite")).unwrap();
    for (bytes, why) in [
        (flipped(body), "it is damaged"),
        (flipped(good.len() / 2), "it is damaged"),
        (flipped(good.len() - 3), "it is damaged"),
        (flipped(0), "it is no backup"),
        (good[..good.len() / 2].to_vec(), "it was cut off"),
        (good[..good.len() - 1].to_vec(), "it was cut off"),
        ([&good[..], b"x"].concat(), "it was cut off"),
        (Vec::new(), "it is no backup"),
        (b"SQLite format 3\0".to_vec(), "it was cut off"),
        // The database of a board, but nobody sealed it.
        (data, "it was cut off, or something else made it"),
    ] {
        let bad = folder.path().join("bad");
        std::fs::write(&bad, bytes).unwrap();
        let target = folder.path().join("target");
        let restored = run(&target, &["restore", path(&bad)]);
        assert_eq!(restored.status.code(), Some(2), "{why}");
        assert!(text(&restored).contains(why), "{why}: {}", text(&restored));
        assert_eq!(names(&target), [""; 0], "{why}");
    }
    // The folder is still good for the right one.
    let restored = run(&folder.path().join("target"), &["restore", path(&file)]);
    assert_eq!(restored.status.code(), Some(0), "{}", text(&restored));
}

#[actix_web::test]
async fn a_difference_in_the_board_is_told_and_mended_on_the_way_back() {
    let board = filled().await;
    let (data, before) = (board.data(), board.dump().await);
    board.sql("UPDATE packages SET shelf = 'draft' WHERE package = 'P1'").await;
    let file = data.parent().unwrap().join("b.backup");
    let done = run(&data, &["backup", path(&file)]);
    assert_eq!(done.status.code(), Some(1), "{}", text(&done));
    assert!(text(&done).contains("os/P1: `shelf` says draft"), "{}", text(&done));
    let other = data.parent().unwrap().join("other");
    assert_eq!(run(&other, &["restore", path(&file)]).status.code(), Some(0));
    let shelf =
        |lines: &[String]| lines.iter().find(|it| it.contains("\"P1\"")).unwrap().contains("\"draft\"");
    assert!(!shelf(&db::dump(&other).await) && !shelf(&before));
    board.stop().await;
}
