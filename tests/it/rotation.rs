//! Rotation of secrets and the test callback: the command as a person runs it, beside a board that runs, against the
//! simulator. Every configured secret has "hush" in it; after each run nothing that was printed has, nor any that was made.

mod door;
mod file;
mod logs;
mod turning;

use crate::support::board::{Board, NOON};
use signboard::clock::Clock;
use signboard::config::Config;
use signboard::demo::{Account, Kind, Simulator};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const CERTIFICATE: &str = include_str!("../data/legalesign/certificate_v3.pem");
const ID: &str = "acc";
const KEY: &str = "{ auth = \"key\", key = \"old-hush\" }";

struct House {
    simulator: Simulator,
    kind: Kind,
    board: Board,
    folder: TempDir,
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn all(&self) -> String {
        format!("{}\n{}\n{}", self.code, self.out, self.err)
    }
}

impl House {
    /// A board with one account, whose `callback` is this.
    async fn new(kind: Kind, callback: &str) -> Self {
        let api_key = if kind == Kind::Legalesign { "ApiKey us:api-hush" } else { "api-hush" }.to_owned();
        let account = Account { api_key, shared_secret: "tyr-hush".to_owned(), ..Account::new(ID, kind) };
        let clock = Clock::manual(NOON);
        let simulator = Simulator::start(clock.clone(), 1, vec![account]).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("certificate.pem"), CERTIFICATE).unwrap();
        let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (provider, auth) = match kind {
            Kind::OneSpan => ("onespan", "auth = \"api-key\", key = \"api-hush\""),
            Kind::Conga => ("conga", "auth = \"api-key\", key = \"api-hush\""),
            Kind::Legalesign => ("legalesign", "authorization = \"ApiKey us:api-hush\""),
            Kind::WebSignatureOffice => (
                "websignatureoffice",
                "user = \"u\", password = \"api-hush\", customer-key = \"api-hush\", shared-secret = \"tyr-hush\"",
            ),
        };
        let text = format!(
            "[server]\nlisten = \"{listen}\"\npublic-url = \"http://{listen}\"\ndata = {:?}\n[accounts.{ID}]\n\
             provider = \"{provider}\"\napi = {{ base-url = \"{}\", {auth} }}\ncallback = {callback}\n",
            folder.path().join("data"),
            simulator.base_url(ID)
        );
        let file = folder.path().join("signboard.toml");
        std::fs::write(&file, text).unwrap();
        let config = Config::load(Some(&file), []).unwrap();
        let board = Board::on(clock, |it| *it = config).await;
        Self { simulator, kind, board, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("data/keys.toml")
    }

    async fn sql(&self, statement: &str) -> Vec<String> {
        crate::support::db::run(&self.folder.path().join("data"), statement).await
    }

    /// What the file has under this name; it must be there.
    fn made(&self, name: &str) -> String {
        let table: toml::Table = std::fs::read_to_string(self.file()).unwrap().parse().unwrap();
        table[ID][name].as_str().unwrap().to_owned()
    }

    /// `signboard register acc …`, while the board, if it runs, does its jobs.
    async fn register(&self, args: &[&str]) -> Ran {
        self.run(&[&["register", ID], args].concat()).await
    }

    async fn run(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
        command.args(args).current_dir(self.folder.path()).env("RUST_LOG", "trace");
        command.stdin(Stdio::null());
        let waited = tokio::task::spawn_blocking(move || command.output().unwrap());
        tokio::pin!(waited);
        let output = loop {
            tokio::select! {
                output = &mut waited => break output.unwrap(),
                () = tokio::time::sleep(Duration::from_millis(20)), if self.board.runs() => {
                    self.board.app().do_jobs().await.unwrap();
                }
            }
        };
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran =
            Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) };
        for secret in self.secrets() {
            assert!(!ran.out.contains(&secret) && !ran.err.contains(&secret), "{}", ran.all());
        }
        ran
    }

    /// Whatever must never be seen.
    fn secrets(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.file()).unwrap_or_default();
        let table: toml::Table = text.parse().unwrap_or_default();
        let of = |name| table.get(ID)?.get(name)?.as_str().map(str::to_owned);
        ["current", "next"].into_iter().filter_map(of).chain(["hush".to_owned()]).collect()
    }

    /// A callback's status, with this in the header and behind the account.
    async fn post(&self, authorization: &str, path: &str) -> u16 {
        let mut request = self.board.client.post(format!("{}/callbacks/{ID}{path}", self.board.url));
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        // Another account's body than a provider sends is kept all the same.
        request
            .body(format!("{{\"at\":{}}}", self.board.clock.millis()))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    }

    async fn stop(self) {
        if self.board.runs() {
            self.board.stop().await;
        }
        self.simulator.stop().await;
    }
}
