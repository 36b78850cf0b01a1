//! `signboard check`: the README's own configuration is accepted, and what is secret stays so.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The one complete file that the README shows.
fn readme() -> String {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    rest.split_once("\n```").unwrap().0.to_owned()
}

/// A folder with this configuration and the certificate that it names.
fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("signboard.toml"), text).unwrap();
    let certificate = root().join("tests/data/legalesign/certificate_v1.pem");
    fs::copy(certificate, folder.path().join("legalesign.pem")).unwrap();
    folder
}

fn check(folder: &tempfile::TempDir, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
    command.arg("check").args(more).current_dir(folder.path()).env_remove("RUST_LOG");
    command.stdin(Stdio::null()).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_readmes_configuration_can_be_used() {
    let text = readme();
    let output = check(&folder(&text), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let out = out(&output);
    assert!(out.ends_with("# The configuration can be used.\n"), "{out}");
    // Nothing in it is worth a note, and every secret in it reads change-me.
    assert!(!out.contains("# note:"), "{out}");
    assert!(text.matches("change-me").count() > 10 && !out.contains("change-me"), "{out}");
    for address in ["onespan-eu", "conga", "legalesign/<path-token>", "webso/<path-token>"] {
        assert!(
            out.contains(&format!(": https://board.example.com/callbacks/{address}\n")),
            "{address}: {out}"
        );
    }
    let config: toml::Table = out.split("\n# ").next().unwrap().parse().unwrap();
    assert_eq!(config["accounts"].as_table().unwrap().len(), 4);
}

#[test]
fn it_tells_what_to_set_at_each_provider() {
    let out = out(&check(&folder(&readme()), &[]));
    let (_, guides) = out.split_once("\n# ").unwrap();
    let guide =
        |label: &str| guides.split("\n\n").find(|it| it.contains(&format!("/callbacks/{label}"))).unwrap();
    let onespan = guide("onespan-eu");
    assert!(onespan.contains("Admin, Event Notifications"), "{onespan}");
    assert!(onespan.contains("\n    https://board.example.com/callbacks/onespan-eu\n"), "{onespan}");
    assert!(onespan.contains("\"SIGNER_LOCKED\"") && onespan.contains("\"key\":\"<key>\""), "{onespan}");
    let conga = guide("conga");
    assert!(conga.contains("\n    PUT /api/sign/v1/callback/register\n"), "{conga}");
    assert!(conga.contains("\"username\":\"signboard\"") && conga.contains("<password>"), "{conga}");
    let legal = guide("legalesign");
    assert!(legal.contains("every 6 minutes, so the board may lag"), "{legal}");
    assert!(legal.contains("\"notify\":\"realtime\"") && legal.contains("/api/v1/subscribe/'\n"), "{legal}");
    let webso = guide("webso");
    for line in [
        "webso_events_url=https://board.example.com/callbacks/webso/<path-token>",
        "webso_events_retries=-1",
        "webso_events_keys=Authorization",
        "<CallbackUrl>https://board.example.com/callbacks/webso/<path-token></CallbackUrl>",
    ] {
        assert!(webso.contains(&format!("\n    {line}\n")), "{line}: {webso}");
    }
    assert!(webso.contains("neither names nor senders"), "{webso}");
}

#[test]
fn a_path_token_is_shown_on_a_terminal_only() {
    let folder = folder(&readme());
    let output = check(&folder, &["--show-secrets"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(out(&output), "");
    assert!(err(&output).contains("on a terminal only") && !err(&output).contains("change-me"));
}

#[test]
fn a_certificate_that_cannot_be_read_is_told_with_its_account() {
    let folder = folder(&readme());
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    fs::write(folder.path().join("legalesign.pem"), bad).unwrap();
    let output = check(&folder, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        err(&output).contains("  accounts.legalesign: the certificate of `callback` can't be used"),
        "{}",
        err(&output)
    );
    assert!(!out(&output).contains("can be used"));
}
