//! The board as a process of its own, over and over on the same folder; what it did is read off its database.

use anyhow::Context as _;
use signboard::clock::Clock;
use signboard::demo::{Account, Kind, Simulator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Row as _};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// No sweep takes longer.
const PATIENCE: Duration = Duration::from_secs(900);

/// A folder with a configuration and a database.
pub struct Board {
    folder: tempfile::TempDir,
}

/// A board that runs.
pub struct Process {
    pub url: String,
    child: Child,
}

/// What is written down of a sweep.
#[derive(Debug)]
pub struct Run {
    pub account: String,
    pub calls: i64,
    pub compared: i64,
    pub found: usize,
    pub success: bool,
    pub seconds: f64,
}

impl Board {
    pub fn new(accounts: &[Account], world: &Simulator, overlap: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (data, pem) = (folder.path().join("data"), folder.path().join("legalesign.pem"));
        std::fs::write(&pem, Simulator::certificate())?;
        let mut text = format!("[server]\nlisten = \"127.0.0.1:0\"\ndata = {data:?}\n");
        for it in accounts {
            let (id, base, key) = (&it.id, world.base_url(&it.id), &it.api_key);
            let (provider, callback, api) = match it.kind {
                Kind::OneSpan => (
                    "onespan",
                    format!("{{ auth = \"key\", key = \"{id}-key\" }}"),
                    format!("auth = \"api-key\", key = \"{key}\""),
                ),
                Kind::Legalesign => (
                    "legalesign",
                    format!("{{ auth = \"signed\", certificate-file = {pem:?} }}"),
                    format!("authorization = \"{key}\""),
                ),
                Kind::WebSignatureOffice => (
                    "websignatureoffice",
                    format!(
                        "{{ auth = \"headers\", headers = {{ Authorization = \"{}\" }} }}",
                        it.callback_authorization
                    ),
                    format!(
                        "user = \"bench\", password = \"{key}\", customer-key = \"{key}\", shared-secret = \"{}\"",
                        it.shared_secret
                    ),
                ),
                Kind::Conga => anyhow::bail!("Conga is asked as OneSpan is"),
            };
            write!(
                text,
                "[accounts.{id}]\nprovider = \"{provider}\"\ncallback = {callback}\napi = {{ base-url = \"{base}\", {api} }}\n\
                 reconcile = {{ calls-per-minute = 6000, overlap = \"{overlap}\" }}\n"
            )?;
        }
        std::fs::write(folder.path().join("signboard.toml"), text)?;
        Ok(Self { folder })
    }

    /// Starts it and waits until it says where it listens.
    pub async fn start(&self) -> anyhow::Result<Process> {
        let config = self.folder.path().join("signboard.toml");
        let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
        command.args(["serve", "--config"]).arg(config).env("RUST_LOG", "info").env("NO_COLOR", "1");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stderr.take().context("no stderr")?).lines();
        let url = loop {
            let Some(Ok(line)) = lines.next() else { anyhow::bail!("it does not say where it listens") };
            if let Some((_, url)) = line.split_once("listening on ") {
                break url.trim().trim_end_matches('/').to_owned();
            }
        };
        // Read on, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Process { url, child })
    }

    async fn database(&self) -> anyhow::Result<SqliteConnection> {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join("data/signboard.sqlite"));
        Ok(options.read_only(true).busy_timeout(Duration::from_secs(10)).connect().await?)
    }

    /// Waits until so many sweeps have ended in all.
    pub async fn ended(&self, runs: usize) -> anyhow::Result<()> {
        self.wait("SELECT count(*) >= ? FROM runs WHERE ended_at IS NOT NULL", i64::try_from(runs)?).await
    }

    /// Waits until everything that is due now was asked about.
    pub async fn asked(&self) -> anyhow::Result<()> {
        let due = "SELECT NOT EXISTS (SELECT 1 FROM packages WHERE check_by <= ?)";
        self.wait(due, Clock::System.millis()).await
    }

    async fn wait(&self, until: &'static str, value: i64) -> anyhow::Result<()> {
        let (began, mut database) = (Instant::now(), self.database().await?);
        loop {
            let row = sqlx::query(until).bind(value).fetch_one(&mut database).await?;
            if row.try_get::<i64, _>(0)? == 1 {
                return Ok(());
            }
            anyhow::ensure!(began.elapsed() < PATIENCE, "in vain: {until} {value}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The last sweeps, the oldest first.
    pub async fn last_runs(&self, count: usize) -> anyhow::Result<Vec<Run>> {
        let query = "SELECT account, calls, compared, success, (ended_at - started_at) / 1000.0 AS seconds, \
                     (SELECT count(*) FROM drift WHERE run = runs.id) AS found FROM runs ORDER BY id DESC LIMIT ?";
        let query = sqlx::query(query).bind(i64::try_from(count)?);
        let rows = query.fetch_all(&mut self.database().await?).await?;
        let run = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Run {
                account: row.try_get("account")?,
                calls: row.try_get("calls")?,
                compared: row.try_get("compared")?,
                found: usize::try_from(row.try_get::<i64, _>("found")?)?,
                success: row.try_get::<i64, _>("success")? == 1,
                seconds: row.try_get("seconds")?,
            })
        };
        rows.iter().rev().map(run).collect()
    }
}

impl Process {
    /// A line of its memory, in MiB: what it holds, or held at most since its start.
    pub fn memory(&self, line: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let kib = status.lines().find_map(|it| it.strip_prefix(line));
        let kib = kib.and_then(|it| it.trim().trim_end_matches(" kB").parse::<f64>().ok());
        kib.unwrap_or(f64::NAN) / 1024.0
    }

    /// The processor time that it took, in microseconds.
    pub fn cpu_us(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let after = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        // The kernel counts in hundredths of a second, whatever its own clock is.
        after.split(' ').skip(11).take(2).filter_map(|it| it.parse::<f64>().ok()).sum::<f64>() * 10_000.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
