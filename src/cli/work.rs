//! `replay`, `rebuild`, `selfcheck`: beside a running board the board does what writes; without one, this process is
//! the board for as long as it takes.

use crate::app::App;
use crate::app::people::DeedKind;
use crate::app::people::deeds::{COMMAND_LINE, by_command};
use crate::app::replay::JOB_FAILED;
use crate::clock::Clock;
use crate::config::Config;
use crate::store::{Mode, Store};
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Reads every kept callback again.
pub(super) async fn replay(config: Config) -> anyhow::Result<()> {
    let result = match by_the_board(&config, "replay", "").await? {
        Some(result) => result,
        None => {
            let app = alone(config.clone()).await?;
            let done = app.replay(progress("callbacks read")).await?;
            app.store.close().await;
            eprintln!();
            done.to_string()
        }
    };
    noted(&config, DeedKind::Replay, "every callback").await;
    say(&result)
}

/// Folds every package again.
pub(super) async fn rebuild(config: Config) -> anyhow::Result<()> {
    let result = match by_the_board(&config, "rebuild", "").await? {
        Some(result) => result,
        None => {
            let app = alone(config.clone()).await?;
            let result = app.rebuild().await?;
            app.store.close().await;
            result
        }
    };
    noted(&config, DeedKind::Rebuild, "every package").await;
    say(&result)
}

/// Compares every package with a fresh fold; the exit status says whether all are equal.
pub(super) async fn self_check(config: Config) -> anyhow::Result<i32> {
    let app = App::open(config, Clock::System, Mode::Beside).await?;
    let check = app.store.self_check(progress("packages compared")).await?;
    eprintln!();
    match check.difference {
        None => {
            say(&format!("{} packages with {} facts: all are equal", check.packages, check.facts))?;
            Ok(0)
        }
        Some(difference) => {
            say(&format!("different: {difference}"))?;
            Ok(1)
        }
    }
}

/// Asks the running board, if there is one, and waits for its answer.
pub(super) async fn by_the_board(config: &Config, kind: &str, input: &str) -> anyhow::Result<Option<String>> {
    let folder = Path::new(&config.server.data);
    if !Store::is_running(folder) {
        return Ok(None);
    }
    let app = App::open(config.clone(), Clock::System, Mode::Beside).await?;
    let job = app.store.ask_job(kind, input, app.now()).await?;
    eprintln!("the running board was asked to {kind}; waiting for it");
    loop {
        if let Some(result) = app.store.job_result(job).await? {
            anyhow::ensure!(
                !result.starts_with(JOB_FAILED),
                "the running board was asked to {kind}, but {result}"
            );
            return Ok(Some(result));
        }
        if !Store::is_running(folder) {
            anyhow::bail!("the board has stopped; it will {kind} when it runs again");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn progress(what: &'static str) -> impl FnMut(u64) {
    let watched = std::io::stderr().is_terminal();
    move |count| {
        if !watched {
            return;
        }
        eprint!("\r{count} {what}");
        let _ = std::io::stderr().flush();
    }
}

/// This process is the board for as long as it takes; not on a disk that is nearly full.
pub(super) async fn alone(config: Config) -> anyhow::Result<App> {
    let app = App::open(config, Clock::System, Mode::Board).await?;
    app.look_at_disk();
    if let Some(low) = app.disk_low() {
        app.store.close().await;
        anyhow::bail!("{low}; make room first");
    }
    Ok(app)
}

pub(super) fn say(sentence: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{sentence}")?;
    Ok(())
}

/// Notes what was done by this command, whoever did it: the running board or this process.
pub(super) async fn noted(config: &Config, kind: DeedKind, what: &str) {
    match App::open(config.clone(), Clock::System, Mode::Beside).await {
        Ok(app) => {
            note(&app, kind, what).await;
            app.store.close().await;
        }
        Err(cause) => tracing::error!(%cause, kind = kind.word(), "the audit can't be written"),
    }
}

/// The same where the board is open already.
pub(super) async fn note(app: &App, kind: DeedKind, what: &str) {
    app.note(&by_command(&caller()), COMMAND_LINE, kind, what).await;
}

/// Who runs this, as far as the environment says.
pub(super) fn caller() -> String {
    let name = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|it| std::env::var(it).ok());
    name.filter(|it| !it.is_empty()).unwrap_or_else(|| "somebody".to_owned())
}
