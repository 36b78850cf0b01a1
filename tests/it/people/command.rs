//! `signboard user` and `signboard token`, before the first start, beside a running board and without one; and the first
//! start itself.

use super::{EMAIL, PASSWORD};
use crate::support::board::client;
use crate::support::program::{Running, Served};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

struct House(tempfile::TempDir);

impl House {
    fn new() -> Self {
        let house = Self(tempfile::tempdir().unwrap());
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\ndata = {:?}\n[accounts.os]\nprovider = \"onespan\"\n\
             callback = {{ auth = \"key\", key = \"cb-key\" }}\n",
            house.0.path().join("data")
        );
        std::fs::write(house.config(), text).unwrap();
        house
    }

    fn config(&self) -> PathBuf {
        self.0.path().join("signboard.toml")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
        command.args(words).arg("--config").arg(self.config()).env("NO_COLOR", "1").env("RUST_LOG", "trace");
        command.env("USER", "anna").env_remove("SUDO_USER");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, words: &[&str], stdin: &str) -> Output {
        let mut child = self.command(words).spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// What it prints; it must end well.
    fn out(&self, words: &[&str], stdin: &str) -> String {
        let output = self.run(words, stdin);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", err(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn serve(&self) -> Served {
        Served::start(self.command(&["serve"]))
    }
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn status(url: &str, token: &str) -> u16 {
    let request = client().get(format!("{url}/api/v1/packages")).bearer_auth(token.trim());
    request.send().await.unwrap().status().as_u16()
}

/// Seen red with: a log line that held the path of a request.
#[actix_web::test]
async fn before_the_first_start_and_beside_a_board_and_no_log_holds_a_secret() {
    let house = House::new();
    let early = house.out(&["token", "add", "early", "--scope", "read", "--accounts", "os"], "");
    assert!(early.starts_with("sbt_") && early.lines().count() == 1, "the token alone: {early}");
    assert_eq!(
        house.out(&["user", "add", EMAIL, "--role", "viewer", "--password-stdin"], &format!("{PASSWORD}\n")),
        ""
    );
    let served = house.serve();
    let url = served.url.clone();
    assert_eq!(status(&url, &early).await, 200);
    assert_eq!(status(&url, "sbt_wrong").await, 401);
    let late = house.out(&["token", "add", "late", "--scope", "resync", "--days", "3"], "");
    assert_eq!(status(&url, &late).await, 200);
    let link = house.out(&["user", "add", "ben@example.com", "--role", "admin"], "");
    assert!(link.starts_with("http://127.0.0.1:0/welcome/") && link.lines().count() == 1, "{link}");
    let secret = link.trim().rsplit('/').next().unwrap().to_owned();
    let page = client().get(format!("{url}/welcome/{secret}")).send().await.unwrap();
    assert!(page.status() == 200 && page.text().await.unwrap().contains("ben@example.com"));
    let form = [("email", EMAIL), ("password", PASSWORD)];
    let answer = client().post(format!("{url}/sign-in")).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let board =
        || async { client().get(&url).header("cookie", &cookie).send().await.unwrap().status().as_u16() };
    assert_eq!(board().await, 200);
    let output = house.run(&["user", "disable", EMAIL], "");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(board().await, 303, "at the next request");
    assert_eq!(house.out(&["token", "end", "1"], ""), "");
    assert_eq!(status(&url, &early).await, 401);
    let tokens = house.out(&["token", "list"], "");
    assert!(
        tokens.contains("early\tread\tos\tsbt_") && tokens.contains("ended ") && tokens.contains("until "),
        "{tokens}"
    );
    let users = house.out(&["user", "list"], "");
    assert!(
        users
            .contains(&format!("{EMAIL}\tviewer\tall accounts\twhoever sent it\tno second factor\tdisabled")),
        "{users}"
    );
    assert_eq!(house.out(&["user", "enable", EMAIL], ""), "");
    assert_eq!(board().await, 303, "its sessions have ended");
    let answer = client().post(format!("{url}/sign-in")).form(&form).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let board =
        || async { client().get(&url).header("cookie", &cookie).send().await.unwrap().status().as_u16() };
    assert_eq!(board().await, 200);
    assert_eq!(house.out(&["user", "totp-reset", EMAIL], ""), "");
    assert_eq!(board().await, 303, "who took the second factor over is out");
    let log = served.stop();
    let hidden =
        [early.trim(), late.trim(), &secret, PASSWORD, cookie.split_once('=').unwrap().1, EMAIL, "ben@"];
    for it in hidden {
        assert!(!log.contains(it), "{it}: {}", log.lines().find(|line| line.contains(it)).unwrap());
        assert!(it == EMAIL || !err(&output).contains(it), "{it}");
    }
    assert!(log.contains("make one with `signboard user add EMAIL --role admin`"), "{log}");
}

#[test]
fn what_makes_no_sense_is_refused_in_a_sentence() {
    let house = House::new();
    let add = ["user", "add", EMAIL, "--role", "sender"];
    house.out(&add, "");
    let boss = ["user", "add", "boss@example.com", "--role", "admin", "--password-stdin"];
    house.out(&boss, &format!("{PASSWORD}\n"));
    // Who was only invited can't look after the board.
    house.out(&["user", "add", "next@example.com", "--role", "admin"], "");
    for (words, stdin, why) in [
        (&add[..], "", "is known already"),
        (&["user", "add", "b@x.example", "--role", "owner"], "", "a role is viewer, sender or admin"),
        (&["user", "add", "b@x.example", "--role", "viewer", "--accounts", "no"], "", "known are: os"),
        (&["user", "add", "nobody", "--role", "viewer"], "", "That is no mail address."),
        (&["user", "passwd", EMAIL, "--password-stdin"], "password1\n", "guessed first"),
        (&["user", "disable", "b@x.example"], "", "nobody is called b@x.example"),
        (&["user", "disable", "boss@example.com"], "", "Nobody else could look after this board"),
        (&["token", "add", "x", "--scope", "screen"], "", "a scope is read or resync"),
        (&["token", "add", "x", "--scope", "read", "--days", "0"], "", "not in 1.."),
        (&["token", "end", "7"], "", "no token with the number 7 works"),
    ] {
        let output = house.run(words, stdin);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(err(&output).contains(why) && output.stdout.is_empty(), "{words:?}: {}", err(&output));
    }
    assert!(house.out(&["user", "list"], "").starts_with(&format!("{EMAIL}\tsender\t")));
    assert_eq!(house.out(&["user", "passwd", EMAIL, "--password-stdin"], &format!("{PASSWORD}\r\n")), "");
    assert_eq!(house.out(&["user", "totp-reset", EMAIL], ""), "");
    assert!(house.out(&["user", "passwd", EMAIL], "").contains("/welcome/"));
}

/// A terminal of its own is given to the program by `script`, which every Debian has.
#[actix_web::test]
async fn the_first_start_on_a_terminal_prints_the_link_there_and_not_in_the_log() {
    let house = House::new();
    let log = house.0.path().join("log");
    let line = format!(
        "exec {} serve --config {} 2>{}",
        env!("CARGO_BIN_EXE_signboard"),
        house.config().display(),
        log.display()
    );
    let mut command = Command::new("script");
    command
        .args(["-qec", &line, "/dev/null"])
        .env("RUST_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let Ok(child) = command.spawn() else {
        println!("skipped: there is no `script` here");
        return;
    };
    let mut running = Running(child);
    let mut said = BufReader::new(running.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    let address = said.find(|line| line.contains("/welcome/")).expect("the link");
    let page = client().get(address.trim()).send().await.unwrap();
    assert!(page.status() == 200 && page.text().await.unwrap().contains("The first admin"));
    // Ctrl-C, as somebody at a terminal types it.
    running.0.stdin.take().unwrap().write_all(b"\x03").unwrap();
    said.for_each(drop);
    assert!(running.0.wait().unwrap().success(), "it ends well");
    let log = std::fs::read_to_string(log).unwrap();
    let secret = address.trim().rsplit('/').next().unwrap();
    assert!(log.contains("listening on") && !log.contains(secret));
}
