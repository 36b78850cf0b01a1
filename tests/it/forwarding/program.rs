//! The real program: killed between the acknowledgement and the passing on; and what its commands say.

use super::{Listener, Mood};
use crate::support::board::{client, event};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a start, or a call, may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running program; everything that it logs.
struct Served {
    child: Child,
    url: String,
    log: Arc<Mutex<String>>,
}

fn command(folder: &std::path::Path, name: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
    command.arg(name).current_dir(folder).env("RUST_LOG", "trace").stdin(Stdio::null());
    command
}

fn configure(folder: &std::path::Path, url: &str) {
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ndata = \"data\"\n[accounts.os]\nprovider = \"onespan\"\n\
         callback = {{ auth = \"key\", key = \"key-hush\" }}\nforward = {{ url = \"{url}\" }}\n"
    );
    std::fs::write(folder.join("signboard.toml"), text).unwrap();
}

impl Served {
    fn start(folder: &std::path::Path) -> Self {
        let mut child =
            command(folder, "serve").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let (log, began) = (Arc::<Mutex<String>>::default(), Instant::now());
        let url = loop {
            let line = lines.next().expect("it says where it listens");
            log.lock().unwrap().push_str(&line);
            if let Some((_, url)) = line.split_once("listening on ") {
                break url.trim_end_matches(['/', '\u{1b}']).split("/\u{1b}").next().unwrap().to_owned();
            }
            assert!(began.elapsed() < PATIENCE);
        };
        let all = Arc::clone(&log);
        std::thread::spawn(move || lines.for_each(|line| all.lock().unwrap().push_str(&line)));
        Self { child, url, log }
    }

    /// Kill -9; what it logged.
    fn kill(&mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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
async fn what_was_acknowledged_before_a_kill_9_is_passed_on_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut listener = Listener::start();
    configure(folder.path(), &listener.url("/old?token=url-hush"));
    listener.now(Mood::Hangs).await;
    let mut served = Served::start(folder.path());
    let (client, mut sent) = (client(), Vec::new());
    for number in 0..20 {
        let body = event("P", "SIGNER_COMPLETE", &format!("s{number}"), None, number);
        let request = client.post(format!("{}/callbacks/os", served.url)).body(body.clone());
        let answer = request.header("authorization", "Basic key-hush").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        sent.push(body);
    }
    until(|| !listener.got().is_empty()).await;
    let mut log = served.kill();
    listener.now(Mood::Answers(200)).await;
    let mut served = Served::start(folder.path());
    until(|| listener.taken().len() >= sent.len()).await;
    assert_eq!(listener.taken(), sent);
    log.push_str(&served.kill());
    assert!(log.contains("listening on") && !log.contains("hush"), "{log}");
    listener.stop().await;
}

#[test]
fn check_says_where_callbacks_go_and_refuses_a_ring() {
    let folder = tempfile::tempdir().unwrap();
    let check = |url: &str| {
        configure(folder.path(), url);
        let output = command(folder.path(), "check").output().unwrap();
        let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
        assert!(!text.contains("hush"), "{text}");
        (output.status.code(), text)
    };
    let (code, text) = check("https://old.example.com/hush?hush");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("forward = { url = \"https://old.example.com/(hidden)\" }"), "{text}");
    assert!(text.contains("# What comes is passed on to old.example.com, "), "{text}");
    let ring = "http://localhost:8080/callbacks/os?hush";
    configure(folder.path(), ring);
    let file = folder.path().join("signboard.toml");
    let text = std::fs::read_to_string(&file).unwrap().replace("127.0.0.1:0", "127.0.0.1:8080");
    std::fs::write(&file, text).unwrap();
    let output = command(folder.path(), "serve").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("accounts.os.forward.url: is an address of this board"), "{text}");
    assert!(!text.contains("hush"));
}
