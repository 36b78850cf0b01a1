//! The real program: killed while it tells a hook; and what `check` says of hooks.

use super::{SECRET, taken};
use crate::forwarding::listener::{Listener, Mood};
use crate::support::board::{client, event};
use crate::support::program::Served;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long something may take.
const PATIENCE: Duration = Duration::from_secs(30);

fn command(folder: &Path, name: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
    command.arg(name).current_dir(folder).env("RUST_LOG", "trace");
    command
}

fn configure(folder: &Path, url: &str, more: &str) {
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ndata = \"data\"\n[accounts.os]\nprovider = \"onespan\"\n\
         callback = {{ auth = \"key\", key = \"key-hush\" }}\n[[hooks]]\nname = \"crm\"\nurl = \"{url}\"\n\
         on = [\"package.created\", \"package.sent\", \"package.completed\"]\nsecret = \"{SECRET}\"\n{more}\n"
    );
    std::fs::write(folder.join("signboard.toml"), text).unwrap();
}

/// Looks until it is true.
async fn until(what: impl Fn() -> bool) {
    let began = Instant::now();
    while !what() {
        assert!(began.elapsed() < PATIENCE, "it never comes true");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[actix_web::test]
async fn what_happened_before_a_kill_9_is_told_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut receiver = Listener::start();
    configure(folder.path(), &receiver.url("/in?token=url-hush"), "allow-private = true");
    receiver.now(Mood::Hangs).await;
    let served = Served::start(command(folder.path(), "serve"));
    let (client, mut expected) = (client(), Vec::new());
    for number in 0..10 {
        let package = format!("p{number}");
        for (at, name) in (0..).zip(["PACKAGE_CREATE", "PACKAGE_ACTIVATE", "PACKAGE_COMPLETE"]) {
            let body = event(&package, name, "u", None, at);
            let request = client.post(format!("{}/callbacks/os", served.url)).body(body);
            let answer = request.header("authorization", "Basic key-hush").send().await.unwrap();
            assert_eq!(answer.status(), 200);
        }
        expected.extend(["created", "sent", "completed"].map(|it| format!("package.{it} {package}")));
    }
    // It is in the middle of telling the first one.
    until(|| !receiver.got().is_empty()).await;
    drop(served);
    assert!(taken(&receiver).is_empty());
    receiver.now(Mood::Answers(200)).await;
    let served = Served::start(command(folder.path(), "serve"));
    until(|| taken(&receiver).len() >= expected.len()).await;
    let log = served.stop();
    let told = taken(&receiver);
    for number in 0..10 {
        let of = |all: &[String]| -> Vec<String> {
            all.iter().filter(|it| it.ends_with(&format!(" p{number}"))).cloned().collect()
        };
        assert_eq!(of(&told), of(&expected));
    }
    assert!(!log.contains("hush") && !log.contains("whsec"), "{log}");
    receiver.stop().await;
}

#[test]
fn check_says_what_hooks_there_are_and_hides_their_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let check = |url: &str, more: &str| {
        configure(folder.path(), url, more);
        let output = command(folder.path(), "check").output().unwrap();
        let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
        assert!(!text.contains("hush") && !text.contains("MfKQ"), "{text}");
        (output.status.code(), text)
    };
    let (code, text) = check("http://crm.example.com/hush", "accounts = [\"os\"]");
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("url = \"http://crm.example.com/(hidden)\"") && text.contains("crosses the Internet"),
        "{text}"
    );
    let (code, text) = check("http://127.0.0.1:9/hush", "");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("hooks[1].url: is no address of the public network"), "{text}");
}
