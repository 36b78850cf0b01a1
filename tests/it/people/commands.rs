//! Every command that changes something, or gives the board's data out, leaves its deed: with who ran it.

use crate::support::board::event;
use clap::CommandFactory as _;
use signboard::cli::Cli;
use signboard::clock::Clock;
use signboard::demo::{Account, Kind, Simulator};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What a command does that is worth a deed, or why none is.
#[derive(Clone, Copy)]
enum Leaves {
    Deed(&'static str),
    Nothing(&'static str),
}
use Leaves::{Deed, Nothing};

/// Each command, what is said after it, and what it leaves; those that begin with `-` go on with the one before.
const COMMANDS: [(&str, &str, Leaves); 31] = [
    ("user add", "a@example.com --role viewer --password-stdin", Deed("user-added")),
    ("user list", "", Nothing("it only reads")),
    ("user disable", "a@example.com", Deed("user-disabled")),
    ("user enable", "a@example.com", Deed("user-enabled")),
    ("user passwd", "a@example.com", Deed("link")),
    ("user passwd", "a@example.com --password-stdin", Deed("password")),
    ("user totp-reset", "a@example.com", Deed("second-factor")),
    ("token add", "t --scope read", Deed("token-added")),
    ("token list", "", Nothing("it only reads")),
    ("token end", "1", Deed("token-ended")),
    ("import", "lost.eml", Deed("import")),
    ("replay", "", Deed("replay")),
    ("rebuild", "", Deed("rebuild")),
    ("resync", "acc", Deed("resync")),
    ("register", "acc", Deed("register")),
    ("register", "acc --rotate", Deed("register")),
    ("register", "acc --retire --force", Deed("retire")),
    ("retention", "--dry-run", Nothing("it only counts")),
    ("retention", "", Deed("retention")),
    ("erase", "--email no@example.com", Deed("erase")),
    ("compact", "", Nothing("nothing of what the board knows is other than before")),
    ("backup", "a.backup", Deed("backup")),
    ("audit", "", Nothing("it only reads")),
    ("audit", "--verify", Nothing("it only reads")),
    ("selfcheck", "", Nothing("it only reads")),
    ("check", "", Nothing("it reads the configuration alone")),
    ("doctor", "", Nothing("it only reads")),
    ("serve", "", Nothing("what is done while it runs has deeds of its own")),
    ("demo", "", Nothing("its board goes with it")),
    ("help", "", Nothing("it says what there is")),
    ("restore", "a.backup", Deed("restore")),
];

struct House(TempDir);

impl House {
    fn new(api: &str) -> Self {
        let house = Self(tempfile::tempdir().unwrap());
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\ndata = \"data\"\npublic-url = \"https://board.example.com\"\n\
             [retention]\nraw-days = 400\n[accounts.acc]\nprovider = \"onespan\"\ncallback = {{ auth = \"key\", key = \"cb-key\" }}\n\
             api = {{ base-url = {api:?}, auth = \"api-key\", key = \"api-key\" }}\n"
        );
        std::fs::write(house.path().join("signboard.toml"), text).unwrap();
        std::fs::write(house.path().join("lost.eml"), event("P", "PACKAGE_ACTIVATE", "u", None, 0)).unwrap();
        house
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    async fn run(&self, words: &str) -> (String, Option<i32>) {
        use std::io::Write as _;
        let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
        command
            .args(words.split_whitespace())
            .current_dir(self.path())
            .env("USER", "anna")
            .env_remove("SUDO_USER");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().unwrap();
            child.stdin.take().unwrap().write_all(b"tailor prism otter nine\n").unwrap();
            child.wait_with_output().unwrap()
        });
        let output = output.await.unwrap();
        let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
        (text, output.status.code())
    }

    /// The newest deed and its number.
    async fn newest(&self) -> (i64, String) {
        let data = self.path().join("data");
        if !data.exists() {
            return (0, String::new());
        }
        let rows = crate::support::db::run(
            &data,
            "SELECT id || ' ' || kind || ' by ' || who || ' from ' || remote FROM audit ORDER BY id DESC LIMIT 1",
        );
        let row = rows.await.into_iter().next().unwrap_or_default();
        row.split_once(' ').map_or((0, String::new()), |(id, rest)| (id.parse().unwrap(), rest.to_owned()))
    }
}

#[test]
fn every_command_is_in_the_list() {
    let mut there = BTreeSet::new();
    for command in Cli::command().get_subcommands() {
        let below: Vec<_> = command.get_subcommands().filter(|it| it.get_name() != "help").collect();
        if below.is_empty() {
            there.insert(command.get_name().to_owned());
        }
        there.extend(below.iter().map(|it| format!("{} {}", command.get_name(), it.get_name())));
    }
    there.insert("help".to_owned());
    let listed: BTreeSet<String> = COMMANDS.iter().map(|it| it.0.to_owned()).collect();
    assert_eq!(listed, there, "each command needs its line here, and its deed if it does something");
}

/// Seen red with: a backup that notes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn every_command_leaves_its_deed() {
    let simulator = Simulator::start(
        Clock::System,
        1,
        vec![Account { api_key: "api-key".to_owned(), ..Account::new("acc", Kind::OneSpan) }],
    );
    let simulator = simulator.await.unwrap();
    let house = House::new(&simulator.base_url("acc"));
    for (command, more, leaves) in COMMANDS {
        let kind = match leaves {
            Deed(kind) => kind,
            Nothing(why) => {
                assert!(!why.is_empty());
                if ["serve", "demo", "help", "doctor", "check"].contains(&command) {
                    continue;
                }
                let before = house.newest().await;
                let (said, code) = house.run(&format!("{command} {more}")).await;
                assert_eq!(code, Some(0), "{command}: {said}");
                assert_eq!(house.newest().await, before, "{command} {more} left a deed");
                continue;
            }
        };
        if command == "restore" {
            std::fs::rename(house.path().join("data"), house.path().join("before")).unwrap();
        }
        let before = house.newest().await.0;
        let (said, code) = house.run(&format!("{command} {more}")).await;
        assert_eq!(code, Some(0), "{command} {more}: {said}");
        let (id, deed) = house.newest().await;
        assert!(id > before, "{command} {more} left no deed: {said}");
        assert_eq!(deed, format!("{kind} by anna, by command from command line"), "{command} {more}");
    }
    let (said, code) = house.run("audit --verify").await;
    assert_eq!(code, Some(0), "{said}");
}
