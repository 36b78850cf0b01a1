//! The real program: killed at any instant, on a full disk, beside another one, and told to stop.

mod full;
mod swept;

use crate::support::board::{client, event};
use crate::support::db;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder with a configuration for one OneSpan account `os`.
struct House {
    folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        Self::with("")
    }

    /// With more lines about the account.
    fn with(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\ndata = {data:?}\n[accounts.os]\nprovider = \"onespan\"\n\
             callback = {{ auth = \"key\", key = \"cb-key\" }}\n{more}"
        );
        std::fs::write(folder.path().join("signboard.toml"), text).unwrap();
        Self { folder }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
        command.arg(name).arg("--config").arg(self.folder.path().join("signboard.toml"));
        command.env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, name: &str) -> Output {
        self.command(name).output().unwrap()
    }

    fn serve(&self) -> Served {
        Served::start(self.command("serve"))
    }
}

/// A running program and its address.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let began = Instant::now();
        let url = loop {
            let line = lines.next().expect("it says where it listens").unwrap();
            if let Some((_, url)) = line.split_once("listening on ") {
                break url.trim_end_matches(['/', '\u{1b}']).split("/\u{1b}").next().unwrap().to_owned();
            }
            assert!(began.elapsed() < PATIENCE);
        };
        // Read on, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    async fn post(&self, client: &reqwest::Client, body: String) -> Option<u16> {
        post(client, &self.url, body).await
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; returns the exit status.
    fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(began.elapsed() < Duration::from_secs(5), "it must end within 5 s");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn post(client: &reqwest::Client, url: &str, body: String) -> Option<u16> {
    let request = client.post(format!("{url}/callbacks/os")).header("authorization", "Basic cb-key");
    request.body(body).send().await.ok().map(|answer| answer.status().as_u16())
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[actix_web::test]
async fn after_kill_9_every_callback_that_got_a_200_is_there_once() {
    let kills: usize = std::env::var("SIGNBOARD_KILLS").ok().and_then(|it| it.parse().ok()).unwrap_or(10);
    let house = House::new();
    let answered: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
    let mut random = fastrand::Rng::with_seed(9);
    for kill in 0..kills {
        let mut served = house.serve();
        let senders: Vec<_> = (0..8)
            .map(|sender| {
                let (url, answered) = (served.url.clone(), Arc::clone(&answered));
                actix_web::rt::spawn(async move {
                    let client = client();
                    for number in 0_i64.. {
                        // Every third body is sent twice, and packages are shared between senders.
                        let package = format!("{kill}-{}", number % 40);
                        let body = event(
                            &package,
                            "DOCUMENT_SIGNED",
                            &format!("s{sender}"),
                            Some("d"),
                            number / 3 * 3,
                        );
                        match post(&client, &url, body.clone()).await {
                            Some(200) => *answered.lock().unwrap().entry(body).or_default() += 1,
                            Some(other) => panic!("answered {other}"),
                            None => return,
                        }
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(random.u64(20..400))).await;
        served.kill();
        for sender in senders {
            sender.await.unwrap();
        }
    }
    let served = house.serve();
    let client = client();
    assert_eq!(served.post(&client, event("last", "PACKAGE_CREATE", "u", None, 0)).await, Some(200));
    let answered = answered.lock().unwrap().clone();
    let data = house.data();
    let stored = db::run(
        &data,
        "SELECT CAST(b.body AS TEXT) FROM arrivals a JOIN arrivals b ON b.id = coalesce(a.same_as, a.id)",
    )
    .await;
    let mut rows: BTreeMap<&str, u64> = BTreeMap::new();
    for body in &stored {
        *rows.entry(body).or_default() += 1;
    }
    let lost = answered
        .iter()
        .filter(|(body, times)| rows.get(body.as_str()).is_none_or(|rows| rows < times))
        .count();
    assert_eq!(lost, 0, "of {} answered", answered.len());
    let count = |sql: &'static str| {
        let data = data.clone();
        async move { db::run(&data, sql).await[0].parse::<u64>().unwrap() }
    };
    let total: u64 = answered.values().sum();
    // At most what each sender was waiting for when the program died is there without having been answered.
    let unanswered = stored.len() as u64 - 1 - total;
    let facts = count("SELECT count(*) FROM facts").await;
    let bodies = count("SELECT count(body) FROM arrivals").await;
    let deliveries = count("SELECT sum(deliveries) FROM facts").await;
    eprintln!("{kills} kills, {total} answered, {lost} lost, {unanswered} kept but not answered");
    assert!(unanswered <= 8 * kills as u64);
    assert_eq!(
        (facts, deliveries),
        (bodies, stored.len() as u64),
        "each body once, each arrival counted once"
    );
    assert_eq!(count("SELECT count(*) FROM arrivals WHERE state <> 1").await, 0, "nothing is pending");
    let check = house.run("selfcheck");
    assert_eq!(check.status.code(), Some(0), "{}", text(&check));
    assert_eq!(served.stop(), Some(0));
}

#[actix_web::test]
async fn commands_work_beside_a_running_board_and_without_one() {
    let house = House::new();
    let none = house.run("selfcheck");
    assert!(none.status.code() != Some(0) && text(&none).contains("there is no board in"), "{}", text(&none));
    let mut served = house.serve();
    let client = client();
    for at in 0..20 {
        served.post(&client, event(&format!("P{}", at % 3), "PACKAGE_ACTIVATE", "u", None, at)).await;
    }
    let second = house.run("serve");
    assert_eq!(second.status.code(), Some(2));
    assert!(text(&second).contains("a board is already running on"), "{}", text(&second));
    for running in [true, false] {
        if !running {
            let pid = served.child.id().to_string();
            assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
            assert_eq!(served.child.wait().unwrap().code(), Some(0));
        }
        let said = |name: &str, expected: &str| {
            let output = house.run(name);
            assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output));
            let out = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(out.contains(expected), "{name}: {out}");
        };
        said("replay", "20 arrivals were read again: 0 new facts, 0 can't be read");
        said("rebuild", "3 packages were folded again, 0 of them changed");
        said("selfcheck", "3 packages with 20 facts: all are equal");
        if running {
            db::run(&house.data(), "UPDATE packages SET shelf = 'draft' WHERE package = 'P1'").await;
            let output = house.run("selfcheck");
            assert_eq!(output.status.code(), Some(1));
            assert!(text(&output).contains("different: os/P1: `shelf` says draft"), "{}", text(&output));
            house.run("rebuild");
            said("selfcheck", "all are equal");
        }
    }
}

/// Stops the program that listens at `url`.

#[actix_web::test]
async fn sigterm_ends_it_clean_with_a_reader_at_the_stream() {
    let house = House::new();
    let served = house.serve();
    let client = client();
    let mut reader = client.get(format!("{}/live", served.url)).send().await.unwrap();
    served.post(&client, event("P", "PACKAGE_CREATE", "u", None, 0)).await;
    assert!(reader.chunk().await.unwrap().is_some());
    assert_eq!(served.stop(), Some(0));
    assert_eq!(house.run("selfcheck").status.code(), Some(0));
}

#[test]
fn check_tells_all_problems_at_once() {
    let house = House::new();
    let good = house.run("check");
    assert_eq!(good.status.code(), Some(0), "{}", text(&good));
    let out = text(&good);
    assert!(out.contains("/callbacks/os") && !out.contains("cb-key"), "{out}");
    let bad = "[server]\nlisten = \"0.0.0.0:80\"\ntime-zone = \"Mars\"\nnonsense = 1\n[accounts.A]\nprovider = \"fax\"\n";
    std::fs::write(house.folder.path().join("signboard.toml"), bad).unwrap();
    let output = house.run("check");
    assert_eq!(output.status.code(), Some(2));
    for path in [
        "server.listen",
        "server.time-zone",
        "server.nonsense",
        "accounts.A",
        "accounts.A.provider",
        "accounts.A.callback",
    ] {
        assert!(text(&output).contains(path), "{path}: {}", text(&output));
    }
}
