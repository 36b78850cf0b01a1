//! A board that is killed while it delivers.

use crate::support::board::event;
use crate::support::mailbox::Mailbox;
use crate::support::program::Served;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const PEOPLE: usize = 24;

fn start(folder: &Path) -> Served {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
    command.current_dir(folder).env("RUST_LOG", "info").args(["--config", "signboard.toml", "serve"]);
    Served::start(command)
}

async fn count(folder: &Path, state: u8) -> usize {
    let count = format!("SELECT count(*) FROM tellings WHERE state = {state}");
    crate::support::db::run(&folder.join("data"), &count).await[0].parse().unwrap()
}

/// Seen red with: tellings that are noted as told before the server has taken them.
#[actix_web::test]
async fn a_board_that_is_killed_while_it_delivers_loses_nothing() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let folder = tempfile::tempdir().unwrap();
    // Each takes a second.
    let people: Vec<String> = (0..PEOPLE).map(|at| format!("\"slow@{at}.example.com\"")).collect();
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ndata = {:?}\n[mail]\nserver = \"smtp://127.0.0.1:{}\"\n\
         from = \"signboard <board@example.com>\"\n[accounts.os]\nprovider = \"onespan\"\n\
         callback = {{ auth = \"key\", key = \"cb-key\" }}\nfallback = [{}]\n",
        folder.path().join("data"),
        mailbox.port,
        people.join(", ")
    );
    std::fs::write(folder.path().join("signboard.toml"), config).unwrap();
    let mut board = start(folder.path());
    let now = signboard::clock::Clock::System.millis();
    let at = now - (crate::support::board::NOON - 3_600_000);
    let request = crate::support::board::client().post(format!("{}/callbacks/os", board.url));
    let request =
        request.header("authorization", "Basic cb-key").body(event("p", "SIGNER_LOCKED", "s1", None, at));
    assert_eq!(request.send().await.unwrap().status(), 200);
    let (began, mut kills, mut before) = (Instant::now(), 0, Vec::new());
    while count(folder.path(), 1).await < PEOPLE {
        assert!(began.elapsed() < Duration::from_secs(150), "{before:?}");
        tokio::time::sleep(Duration::from_millis(300)).await;
        let told = count(folder.path(), 1).await;
        if kills < 3 && told >= (kills + 1) * 5 {
            board.kill();
            before.push((mailbox.letters().len(), count(folder.path(), 1).await));
            board = start(folder.path());
            kills += 1;
        }
    }
    let letters = mailbox.letters();
    let to: BTreeSet<String> = letters.iter().map(|it| it.to.clone()).collect();
    let twice = letters.len() - to.len();
    eprintln!(
        "killed {kills} times, (letters taken, noted) then: {before:?}; at the end {} letters to {} people",
        letters.len(),
        to.len()
    );
    assert_eq!(kills, 3);
    assert_eq!(to.len(), PEOPLE, "nobody was forgotten");
    assert!(twice <= kills, "one at most for each kill");
    let mut numbers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for letter in &letters {
        numbers.entry(letter.to.clone()).or_default().insert(letter.number());
    }
    assert!(numbers.values().all(|it| it.len() == 1), "what came twice has one number: {numbers:?}");
    board.stop();
}
