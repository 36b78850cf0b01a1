//! A real mail server, in a process of its own, and what it took.

use mail_parser::{Message, MessageParser};
use serde_json::Value;
use signboard::config::{MailConfig, MailTls, Secret};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use tempfile::TempDir;

/// The server.
pub struct Mailbox {
    process: Child,
    folder: TempDir,
    options: Vec<String>,
    pub port: u16,
}

/// A letter that it took.
#[derive(Debug, Clone)]
pub struct Taken {
    pub to: String,
    pub secure: bool,
    raw: String,
}

impl Mailbox {
    /// `None`: it isn't installed, and nobody said that it must be.
    pub fn open(options: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options: Vec<String> = options.iter().map(|it| (*it).to_owned()).collect();
        let (process, port) = run(file(&folder), &options)?;
        Some(Self { process, folder, options, port })
    }

    /// It is down.
    pub fn shut(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// It is up again where it was.
    pub fn reopen(&mut self) {
        self.shut();
        let port = format!("port={}", self.port);
        let options: Vec<String> = self.options.iter().cloned().chain([port]).collect();
        self.process = run(file(&self.folder), &options).unwrap().0;
    }

    /// All that it took, in order.
    pub fn letters(&self) -> Vec<Taken> {
        let text = std::fs::read_to_string(file(&self.folder)).unwrap_or_default();
        text.lines().map(taken).collect()
    }

    /// What an address got.
    pub fn of(&self, address: &str) -> Vec<Taken> {
        self.letters().into_iter().filter(|it| it.to == address).collect()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.shut();
    }
}

/// A board's mail configuration.
pub fn config(port: u16) -> MailConfig {
    MailConfig {
        host: "127.0.0.1".to_owned(),
        port,
        tls: MailTls::Opportunistic,
        login: None,
        from: "signboard <board@example.com>".to_owned(),
        allowed_domains: None,
        names: true,
        ca_file: None,
    }
}

/// A user name and a password.
pub fn login(user: &str, password: &str) -> Option<(String, Secret)> {
    Some((user.to_owned(), Secret::new(password)))
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("letters.jsonl")
}

fn run(file: PathBuf, options: &[String]) -> Option<(Child, u16)> {
    let mut command = super::node::node("smtp")?;
    command.arg("server.mjs").arg(file).args(options);
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("node");
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    Some((process, line.trim().parse().expect("a port")))
}

fn taken(line: &str) -> Taken {
    let value: Value = serde_json::from_str(line).unwrap();
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    assert_eq!(value["to"].as_array().unwrap().len(), 1, "one address, one letter");
    Taken { to: text(&value["to"][0]), secure: value["secure"] == true, raw: text(&value["raw"]) }
}

impl Taken {
    pub fn mail(&self) -> Message<'_> {
        MessageParser::default().parse(self.raw.as_bytes()).unwrap()
    }

    pub fn subject(&self) -> String {
        self.mail().subject().unwrap_or_default().to_owned()
    }

    pub fn text(&self) -> String {
        self.mail().body_text(0).unwrap().into_owned()
    }

    pub fn html(&self) -> String {
        self.mail().body_html(0).unwrap().into_owned()
    }

    pub fn number(&self) -> String {
        self.mail().message_id().unwrap().to_owned()
    }
}
