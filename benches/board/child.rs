//! The programs that are measured: started with a port and a database of their own, ended by their process id.

use crate::client::Client;
use crate::flushes::{Count, Flushes};
use anyhow::Context as _;
use sqlx::{ConnectOptions as _, Row as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Ours.
    Board,
    /// The same stack without a product in it.
    Ceiling,
    /// The listener that somebody would write.
    Express,
}

impl Kind {
    /// Its name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Board => "signboard",
            Self::Ceiling => "ceiling",
            Self::Express => "Express",
        }
    }

    /// The environment variable that says how to start it.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Board => "",
            Self::Ceiling => "SIGNBOARD_BENCH_CEILING",
            Self::Express => "SIGNBOARD_BENCH_EXPRESS",
        }
    }

    /// The words of its command; `None`: nobody said it.
    pub fn command(self) -> Option<Vec<String>> {
        if self == Self::Board {
            return Some(vec![env!("CARGO_BIN_EXE_signboard").to_owned()]);
        }
        let words: Vec<String> =
            std::env::var(self.variable()).ok()?.split_whitespace().map(ToOwned::to_owned).collect();
        (!words.is_empty()).then_some(words)
    }

    /// Where it takes callbacks.
    pub fn callbacks(self) -> &'static str {
        if self == Self::Board { "/callbacks/bench" } else { "/callback" }
    }

    /// Where it streams what changes.
    pub fn stream(self) -> Option<&'static str> {
        match self {
            Self::Board => Some("/live"),
            Self::Ceiling => Some("/sse"),
            Self::Express => None,
        }
    }
}

/// A program that runs.
pub struct Child {
    pub kind: Kind,
    pub address: SocketAddr,
    pub flushes: Option<Count>,
    /// Opens its pages.
    pub token: String,
    folder: PathBuf,
    process: std::process::Child,
}

impl Child {
    /// Starts it and waits until it answers.
    pub async fn start(kind: Kind, folder: &Path, flushes: Option<&Flushes>) -> anyhow::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let folder = folder.join(kind.name());
        std::fs::create_dir_all(&folder)?;
        let mut words = kind.command().context("no command")?;
        if kind == Kind::Board {
            let config = folder.join("signboard.toml");
            let data = folder.join("data");
            let text = format!(
                "[server]\nlisten = \"{address}\"\npublic-url = \"http://{address}\"\ndata = {data:?}\n\n\
                 [accounts.bench]\nprovider = \"onespan\"\ncallback = {{ auth = \"key\", key = \"c2VjcmV0\" }}\n\n\
                 [accounts.batches]\nprovider = \"legalesign\"\ncallback = {{ auth = \"signed\", certificate-file = {:?} }}\n",
                crate::batches::CERTIFICATE
            );
            std::fs::write(&config, text)?;
            words.extend(["serve".to_owned(), "--config".to_owned(), config.display().to_string()]);
        } else {
            words.extend([port.to_string(), folder.join("peer.sqlite").display().to_string()]);
        }
        if has("taskset") && std::thread::available_parallelism().is_ok_and(|it| it.get() > 1) {
            words.splice(0..0, ["taskset", "-c", "0"].map(ToOwned::to_owned));
        }
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env("RUST_LOG", "warn").env("NODE_ENV", "production").stdout(Stdio::null());
        let count = flushes.map(|it| it.attach(&mut command, &folder.join("flushes"))).transpose()?;
        let process = command.spawn().with_context(|| format!("starting {words:?}"))?;
        let mut child = Self { kind, address, flushes: count, folder, process, token: String::new() };
        child.wait_until_up().await?;
        if kind == Kind::Board {
            let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
            command.args(["token", "add", "bench", "--scope", "read", "--config"]);
            let output = command.arg(child.folder.join("signboard.toml")).output()?;
            child.token = String::from_utf8(output.stdout)?.trim().to_owned();
            anyhow::ensure!(!child.token.is_empty(), "the board gave no token");
        }
        Ok(child)
    }

    async fn wait_until_up(&self) -> anyhow::Result<()> {
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if let Ok(mut client) = Client::connect(self.address).await {
                let answer = tokio::time::timeout(Duration::from_secs(1), client.get("/readyz")).await;
                if matches!(answer, Ok(Ok(_))) {
                    return Ok(());
                }
            }
        }
        anyhow::bail!("{} did not come up within ten seconds", self.kind.name())
    }

    /// Its resident memory.
    pub fn rss_mib(&self) -> f64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|it| it.trim().trim_end_matches(" kB").parse::<f64>().ok());
        kib.unwrap_or(f64::NAN) / 1024.0
    }

    /// The processor time that it took, in microseconds.
    pub fn cpu_us(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        let after = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        // The kernel counts in hundredths of a second, whatever its own clock is.
        after.split(' ').skip(11).take(2).filter_map(|it| it.parse::<f64>().ok()).sum::<f64>() * 10_000.0
    }

    /// Ends it.
    pub fn stop(mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
    }
}

/// What the board's own connections promise, read over another that can't write.
pub async fn read_back(board: &Child) -> anyhow::Result<String> {
    let file = board.folder.join("data/signboard.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = options.connect().await?;
    let mut ask = async |pragma: &'static str| -> anyhow::Result<String> {
        let row = sqlx::query(pragma).fetch_one(&mut connection).await?;
        Ok(row.try_get::<String, _>(0).or_else(|_| row.try_get::<i64, _>(0).map(|it| it.to_string()))?)
    };
    let journal = ask("PRAGMA journal_mode").await?;
    let synchronous = ask("PRAGMA synchronous").await?;
    let version = ask("SELECT sqlite_version()").await?;
    anyhow::ensure!(journal == "wal" && synchronous == "2", "journal {journal}, synchronous {synchronous}");
    Ok(format!(
        "SQLite {version}, journal_mode={journal}, synchronous=2 (FULL): read back over a read-only connection; that the \
         board's own writer flushes is counted below."
    ))
}

/// Keeps this process and its threads off the server's core.
pub fn pin_myself() {
    if std::thread::available_parallelism().is_ok_and(|it| it.get() > 1) {
        let pid = std::process::id().to_string();
        let _ = Command::new("taskset").args(["-acp", "1", &pid]).stdout(Stdio::null()).status();
    }
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}
