//! `signboard doctor`: the whole installation, a line for each thing that can be wrong, and what to do about it.
//!
//! It changes nothing but what its test callbacks leave in the inbox. No line holds a secret.

mod accounts;
mod house;

use crate::app::{App, BuildError, StoreError};
use crate::clock::Clock;
use crate::config::{Config, Problems};
use crate::store::{Mode, Store};
use std::io::Write as _;

/// The options of `doctor`.
#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    /// Also look through every page and package of the database, and send a test callback to each account
    ///
    /// The first takes minutes where there are millions. The second needs a running board, and server.public-url.
    #[arg(long)]
    full: bool,
    /// Print JSON: an array of {"about", "state", "told"}
    #[arg(long)]
    json: bool,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Good,
    /// It works, and somebody should look at it.
    Warn,
    /// It doesn't work.
    Fail,
}

/// What was found of one thing.
struct Finding {
    about: String,
    state: State,
    told: String,
}

/// All that was found, in order; each is printed at once, since the next may take a while.
struct Findings {
    all: Vec<Finding>,
    json: bool,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl Findings {
    fn add(&mut self, state: State, about: &str, told: impl Into<String>) {
        let finding = Finding { about: about.to_owned(), state, told: told.into() };
        if !self.json {
            // A pipe that was closed ends nothing: the exit status still tells.
            let _ = writeln!(std::io::stdout(), "{:4} {}: {}", state.word(), finding.about, finding.told);
        }
        self.all.push(finding);
    }

    fn good(&mut self, about: &str, told: impl Into<String>) {
        self.add(State::Good, about, told);
    }

    fn warn(&mut self, about: &str, told: impl Into<String>) {
        self.add(State::Warn, about, told);
    }

    fn fail(&mut self, about: &str, told: impl Into<String>) {
        self.add(State::Fail, about, told);
    }

    /// Prints what is left to print; the result is the exit status.
    fn end(self) -> anyhow::Result<i32> {
        if self.json {
            let line = |it: &Finding| serde_json::json!({ "about": it.about, "state": it.state.word(), "told": it.told });
            let lines: Vec<_> = self.all.iter().map(line).collect();
            writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&lines)?)?;
        }
        Ok(match self.all.iter().map(|it| it.state).max() {
            None | Some(State::Good) => 0,
            Some(State::Warn) => 1,
            Some(State::Fail) => 2,
        })
    }
}

/// Looks at everything; the result is the exit status: 0 all is well, 1 somebody should look, 2 something doesn't work.
pub(super) async fn doctor(config: Result<Config, Problems>, args: &DoctorArgs) -> anyhow::Result<i32> {
    let mut findings = Findings { all: Vec::new(), json: args.json };
    let config = match config {
        Ok(config) => config,
        Err(problems) => {
            problems.iter().for_each(|it| findings.fail("configuration", it.to_string()));
            return findings.end();
        }
    };
    house::configuration(&mut findings, &config);
    house::folder(&mut findings, &config);
    house::audit(&mut findings, &config);
    house::disk(&mut findings, &config);
    house::zone(&mut findings, &config);
    let runs = Store::is_running(&config.server.data);
    house::running(&mut findings, &config, runs).await;
    if !Store::file(&config.server.data).exists() {
        findings.warn("database", "there is none yet; `signboard serve` makes it");
        return findings.end();
    }
    let app = match App::open(config, Clock::System, Mode::Beside).await {
        Ok(app) => app,
        Err(BuildError::Store(cause @ StoreError::Disk(_))) => {
            findings.fail("database", format!("{cause}; {}", house::DAMAGED));
            return findings.end();
        }
        Err(cause) => {
            findings.fail("database", cause.to_string());
            return findings.end();
        }
    };
    if house::database(&mut findings, &app, args.full).await {
        house::clock(&mut findings, &app);
        house::people(&mut findings, &app).await;
        house::backups(&mut findings, &app);
        house::retention(&mut findings, &app).await;
        house::mail(&mut findings, &app).await;
        accounts::door(&mut findings, &app).await;
        accounts::identity_provider(&mut findings, &app).await;
        for account in app.accounts.values() {
            accounts::account(&mut findings, &app, account, args.full && runs).await;
        }
    }
    app.store.close().await;
    findings.end()
}
