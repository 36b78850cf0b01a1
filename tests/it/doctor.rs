//! `signboard doctor`: what is wrong is found, said with what to do, and counted in the exit status; no secret is.

use crate::support::board::{Board, event};
use crate::support::issuer::{Forger, Key};
use crate::support::people::user;
use serde_json::Value;
use signboard::clock::Clock;
use signboard::demo::{Account, Kind, Simulator};
use signboard::model::access::Role;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A configuration file beside `data`.
fn configured(data: &Path, server: &str, account: &str) -> PathBuf {
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ndata = {data:?}\n{server}\n[accounts.os]\nprovider = \"onespan\"\n\
         callback = {{ auth = \"key\", key = \"cb-key-hush\" }}\n{account}"
    );
    let file = data.parent().unwrap().join("signboard.toml");
    std::fs::write(&file, text).unwrap();
    file
}

async fn doctor(config: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
    command.arg("doctor").args(more).arg("--config").arg(config).env_remove("RUST_LOG").stdin(Stdio::null());
    let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let all = [&done.stdout[..], &done.stderr[..]].concat();
    assert!(!String::from_utf8_lossy(&all).contains("hush"), "{}", String::from_utf8_lossy(&all));
    done
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The lines about one thing.
fn about(output: &Output, what: &str) -> String {
    let start = |line: &&str| line.get(5..).is_some_and(|it| it.starts_with(&format!("{what}:")));
    out(output).lines().filter(start).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_house_is_all_ok_but_for_what_somebody_should_look_at() {
    let world = Simulator::start(
        Clock::System,
        7,
        vec![Account { api_key: "api-hush".to_owned(), ..Account::new("os", Kind::OneSpan) }],
    )
    .await
    .unwrap();
    let board = Board::on(Clock::System, |config| {
        config.accounts.remove("cg");
    })
    .await;
    board.send("os", event("P", "PACKAGE_CREATE", "u", None, 0)).await;
    board.app().store.add_user(&user("asha@example.com", Role::Admin), board.app().now()).await.unwrap();
    let api = |key: &str| {
        format!("api = {{ base-url = \"{}\", auth = \"api-key\", key = \"{key}\" }}\n", world.base_url("os"))
    };
    let file = configured(&board.data(), "disk-guard = \"1 MiB\"", &api("api-hush"));
    let backup = Command::new(env!("CARGO_BIN_EXE_signboard"))
        .args([
            "backup",
            board.data().parent().unwrap().join("b").to_str().unwrap(),
            "--config",
            file.to_str().unwrap(),
        ])
        .output()
        .unwrap();
    assert!(backup.status.success());
    let done = doctor(&file, &["--full"]).await;
    for (what, line) in [
        ("data folder", "ok   data folder: "),
        ("disk", "ok   disk: "),
        ("time zone", "ok   time zone: UTC"),
        ("board", "ok   board: one runs"),
        ("database", "ok   database: its pages are in order, and 1 packages are what their 1 facts say"),
        ("clock", "ok   clock: "),
        ("backup", "ok   backup: the last one is 0 days old"),
        ("os, callbacks", "ok   os, callbacks: the last came 0 minutes ago"),
        ("os, API", "ok   os, API: answers, and takes our credentials"),
        ("people", "warn people: admins: 1, of whom 1 have no second factor yet"),
        ("public address", "warn public address: server.public-url is not set"),
        ("os, registration", "warn os, registration: not read: server.public-url is not set"),
    ] {
        assert!(about(&done, what).starts_with(line), "{what}: {}", out(&done));
    }
    assert_eq!(done.status.code(), Some(1), "{}", out(&done));
    // The same for a program.
    let json = doctor(&file, &["--json"]).await;
    let lines: Vec<Value> = serde_json::from_slice(&json.stdout).unwrap();
    assert!(lines.iter().any(|it| it["about"] == "os, API" && it["state"] == "ok" && it["told"].is_string()));
    assert_eq!(json.status.code(), Some(1));
    // Credentials that the API doesn't take; a door behind which nobody is.
    let file = configured(
        &board.data(),
        "public-url = \"http://127.0.0.1:9\"\ndisk-guard = \"90%\"",
        &api("wrong-hush"),
    );
    let done = doctor(&file, &[]).await;
    assert_eq!(done.status.code(), Some(2), "{}", out(&done));
    assert!(
        about(&done, "os, API").starts_with("fail os, API: the provider's API refuses our credentials"),
        "{}",
        out(&done)
    );
    assert!(
        about(&done, "public address").starts_with("fail public address: 127.0.0.1 takes no connection"),
        "{}",
        out(&done)
    );
    board.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_house_is_found() {
    let board = Board::on(Clock::System, |config| {
        config.accounts.remove("cg");
    })
    .await;
    board.send("os", event("P", "PACKAGE_CREATE", "u", None, 0)).await;
    board.send_as("os", Some("Basic wrong"), "{}").await;
    board.send("os", "no JSON").await;
    let data = board.data();
    board.sql("UPDATE packages SET shelf = 'sent'").await;
    let ahead = Clock::System.millis() + 10 * 60_000;
    board.sql(&format!("UPDATE slots SET used_at = {ahead}")).await;
    let folder = board.stop().await;
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(data.join("last-backup"), "1000\n/mnt/b\n").unwrap();
    std::fs::write(data.join("keys.toml"), "x").unwrap();
    std::fs::set_permissions(data.join("keys.toml"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let file = configured(&data, "", "");
    let done = doctor(&file, &["--full"]).await;
    assert_eq!(done.status.code(), Some(2));
    assert!(about(&done, "secrets").contains("chmod 600"), "{}", out(&done));
    assert!(about(&done, "data folder").contains("chmod 700"), "{}", out(&done));
    assert!(about(&done, "board").starts_with("warn board: none runs"), "{}", out(&done));
    std::fs::remove_file(data.join("keys.toml")).unwrap();
    let done = doctor(&file, &["--full"]).await;
    for (what, line) in [
        ("database", "fail database: os/P: `shelf` says sent"),
        ("clock", "fail clock: the last callback was received in the future"),
        ("backup", "warn backup: the last one is "),
        ("os, callbacks", "warn os, callbacks: "),
        ("os, API", "warn os, API: none is configured"),
    ] {
        assert!(about(&done, what).starts_with(line), "{what}: {}", out(&done));
    }
    assert!(
        about(&done, "os, callbacks").contains("1 were refused; the inbox says why; 1 can't be read"),
        "{}",
        out(&done)
    );
    // A page that is no page any more.
    let database = data.join("signboard.sqlite");
    let mut bytes = std::fs::read(&database).unwrap();
    for byte in bytes.iter_mut().skip(8 * 4096).take(40 * 4096) {
        *byte = 0xa5;
    }
    std::fs::write(&database, bytes).unwrap();
    let done = doctor(&file, &[]).await;
    assert_eq!(done.status.code(), Some(2));
    assert!(about(&done, "database").starts_with("fail database: "), "{}", out(&done));
    // And a configuration that can't be used is no reason to say nothing.
    std::fs::write(&file, "[server]\ntime-zone = \"Mars\"\n").unwrap();
    let done = doctor(&file, &["--json"]).await;
    let lines: Vec<Value> = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((done.status.code(), &lines[0]["state"]), (Some(2), &Value::from("fail")));
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn issuers_are_asked_whether_they_are_there() {
    let forger = Forger::start(&Key::new("one"));
    let board = Board::start().await;
    let data = board.data();
    let _folder = board.stop().await;
    let issuer = &forger.url;
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ndata = {data:?}\n[sign-in.oidc]\nissuer = \"{issuer}\"\nclient-id = \"b\"\n\
         client-secret = \"oidc-hush\"\nroles = {{ viewer = [\"staff\"] }}\n[accounts.os]\nprovider = \"onespan\"\n\
         callback = {{ auth = \"oauth2\", issuer = \"{issuer}\", audience = \"board\" }}\n"
    );
    let file = data.parent().unwrap().join("signboard.toml");
    std::fs::write(&file, text).unwrap();
    let done = doctor(&file, &[]).await;
    assert!(about(&done, "identity provider").starts_with("ok"), "{}", out(&done));
    assert!(about(&done, "os, keys of its tokens").starts_with("ok"), "{}", out(&done));
    forger.answers(503);
    let done = doctor(&file, &[]).await;
    let (people, calls) = (about(&done, "identity provider"), about(&done, "os, keys of its tokens"));
    assert!(people.starts_with("fail") && people.contains("a password of this board alone"), "{people}");
    assert!(calls.starts_with("fail") && calls.contains("it answers 503"), "{calls}");
}
