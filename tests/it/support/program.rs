//! The real program, serving.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

/// A program that doesn't outlive its test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running program, where it listens, and what it goes on to log.
pub struct Served {
    child: Running,
    pub url: String,
    rest: Option<JoinHandle<String>>,
}

impl Served {
    /// Starts it, and waits until it listens.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let (mut log, mut line) = (String::new(), String::new());
        let url = loop {
            line.clear();
            assert!(errors.read_line(&mut line).unwrap() > 0, "it ended: {log}");
            log.push_str(&line);
            if let Some((_, url)) = line.trim_end().split_once("listening on ") {
                break url.trim_end_matches('/').to_owned();
            }
        };
        // Read on, so that it never waits for us.
        let rest = std::thread::spawn(move || {
            errors.read_to_string(&mut log).unwrap();
            log
        });
        Self { child: Running(child), url, rest: Some(rest) }
    }

    /// Kills it: it can't do anything about that.
    pub fn kill(&mut self) {
        self.child.0.kill().unwrap();
        self.child.0.wait().unwrap();
    }

    /// Ends it; all that it logged.
    pub fn stop(mut self) -> String {
        let kill = Command::new("kill").args(["-TERM", &self.child.0.id().to_string()]).status();
        assert!(kill.unwrap().success());
        self.child.0.wait().unwrap();
        self.rest.take().unwrap().join().unwrap()
    }
}
