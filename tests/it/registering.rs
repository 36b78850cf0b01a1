//! `signboard register`, run as a person runs it, against the simulator. Every secret, on either side, has "hush" in it,
//! and after each run nothing that was printed has.

mod conga;
mod legalesign;
mod onespan;
mod page;
mod refusals;

use serde_json::Value;
use signboard::clock::Clock;
use signboard::demo::{Account, Kind, Simulator};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const CERTIFICATE: &str = include_str!("../data/legalesign/certificate_v3.pem");
/// The account, at each provider.
const ID: &str = "acc";

/// A simulator with one account, and a folder for the configuration.
struct Stage {
    simulator: Simulator,
    kind: Kind,
    folder: TempDir,
}

/// What a run printed, and its exit status.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Stage {
    async fn new(kind: Kind) -> Self {
        let api_key = if kind == Kind::Legalesign { "ApiKey us:api-hush" } else { "api-hush" }.to_owned();
        let account = Account { api_key, shared_secret: "tyr-hush".to_owned(), ..Account::new(ID, kind) };
        let simulator = Simulator::start(Clock::System, 1, vec![account]).await.unwrap();
        Self { simulator, kind, folder: tempfile::tempdir().unwrap() }
    }

    /// Runs it with these lines in the account's table, at the usual public address.
    async fn run(&self, lines: &str, args: &[&str]) -> Ran {
        self.run_at("public-url = \"https://board.example.com\"", lines, args).await
    }

    async fn run_at(&self, server: &str, lines: &str, args: &[&str]) -> Ran {
        let base_url = self.simulator.base_url(ID);
        let (provider, auth) = match self.kind {
            Kind::OneSpan => ("onespan", "auth = \"api-key\", key = \"api-hush\""),
            Kind::Conga => ("conga", "auth = \"api-key\", key = \"api-hush\""),
            Kind::Legalesign => ("legalesign", "authorization = \"ApiKey us:api-hush\""),
            Kind::WebSignatureOffice => (
                "websignatureoffice",
                "user = \"u\", password = \"api-hush\", customer-key = \"api-hush\", shared-secret = \"tyr-hush\"",
            ),
        };
        let text = format!(
            "[server]\n{server}\n[accounts.{ID}]\nprovider = \"{provider}\"\n\
             api = {{ base-url = \"{base_url}\", {auth} }}\n{lines}\n"
        );
        std::fs::write(self.folder.path().join("signboard.toml"), text).unwrap();
        std::fs::write(self.folder.path().join("certificate.pem"), CERTIFICATE).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
        command.args(["register", ID]).args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("RUST_LOG", "trace");
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran = Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        assert!(!ran.out.contains("hush") && !ran.err.contains("hush"), "{}\n{}", ran.out, ran.err);
        ran
    }

    /// What stands registered at the provider, secrets included.
    fn told(&self) -> Value {
        self.simulator.registrations().of(ID)
    }

    /// Somebody registered this before us.
    fn before(&self, told: Value) {
        self.simulator.registrations().set(ID, told);
    }

    /// The calls that changed something, or could have.
    fn writes(&self) -> Vec<String> {
        let calls = self.simulator.calls().all();
        let calls = calls.iter().filter(|call| call.method != "GET");
        calls.map(|call| format!("{} {}", call.method, call.path)).collect()
    }
}

impl Ran {
    fn code(&self) -> i32 {
        self.code.unwrap()
    }

    /// Everything that was printed, for the message of a failure.
    fn all(&self) -> String {
        format!("{:?}\n{}\n{}", self.code, self.out, self.err)
    }
}
