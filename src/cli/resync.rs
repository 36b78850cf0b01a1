//! `resync`: has accounts compared with their providers, by the running board or by this process in its place, and
//! follows that until it is done.

use super::work::{by_the_board, caller, noted, say};
use crate::app::people::DeedKind;
use crate::app::people::deeds::by_command;
use crate::app::reconcile::Swept;
use crate::app::resync::{Asking, Scope, change};
use crate::app::{App, Run};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::{MOST_DRY_LINES, Mode, Store};
use anyhow::Context as _;
use futures_util::future::join_all;
use jiff::tz::TimeZone;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(300);
/// An account that rests is looked at again after this long at the latest.
const LONGEST_NAP_MS: i64 = 1_000;

/// What to compare.
#[derive(Debug, clap::Args)]
pub(super) struct ResyncArgs {
    /// The accounts' ids in the configuration; without any, all that have an API
    #[arg(value_name = "ACCOUNT")]
    accounts: Vec<String>,
    /// Only what changed since then: a time such as 2026-11-20T08:00:00Z, a day such as 2026-11-20, or a span such as 2d
    #[arg(long, value_name = "T")]
    since: Option<String>,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Wait no longer once nothing has moved for so long; what was asked for goes on all the same
    #[arg(long, value_name = "SPAN", default_value = "10m")]
    patience: String,
}

/// Prints all of it; the result is the exit status.
pub(super) async fn resync(config: Config, args: ResyncArgs) -> anyhow::Result<i32> {
    let since = since_of(&config, args.since.as_deref())?;
    let patience = span(&args.patience).and_then(|it| Duration::try_from(it).ok());
    let patience =
        patience.with_context(|| format!("{:?} is no span of time, such as 10m", args.patience))?;
    let scope = Scope {
        accounts: args.accounts,
        since: since.map(jiff::Timestamp::as_millisecond),
        until: None,
        dry: args.dry_run,
        by: by_command(&caller()),
    };
    let told = by_the_board(&config, "resync", &serde_json::to_string(&scope)?).await?;
    let (app, asked) = match &told {
        Some(told) => {
            let app = App::open(config.clone(), Clock::System, Mode::Beside).await?;
            (app, serde_json::from_str::<Vec<Asking>>(told)?)
        }
        None => {
            let app = App::open(config.clone(), Clock::System, Mode::Board).await?;
            let asked = app.resync(&scope).await;
            if asked.is_err() {
                app.store.close().await;
            }
            (app, asked?)
        }
    };
    let accounts: Vec<&str> = asked.iter().map(|it| it.account.as_str()).collect();
    let dry = if scope.dry { ", only saying what would change" } else { "" };
    noted(&config, DeedKind::Resync, &format!("{}{dry}", accounts.join(", "))).await;
    let work = async {
        if told.is_none() {
            join_all(asked.iter().map(|it| sweep(&app, it))).await.into_iter().collect::<Result<(), _>>()?;
        }
        // Beside a board that does it, this process only looks.
        std::future::pending::<anyhow::Result<()>>().await
    };
    let board = Path::new(&config.server.data);
    let followed = tokio::select! {
        runs = follow(&app, &asked, told.is_some().then_some(board), patience) => runs?,
        failed = work => return failed.map(|()| 2),
        () = super::until_stopped() => look(&app, &asked).await?,
    };
    let mut whole = true;
    for run in &followed {
        whole &= is_whole(run);
        say(&summary(run))?;
        if run.dry {
            say_lines(&app, run).await?;
        }
    }
    if followed.iter().any(|run| run.ended_at.is_none()) {
        let who = if told.is_some() { "the board" } else { "a board that starts here" };
        eprintln!("not waited for any longer; {who} goes on with it");
    }
    app.store.close().await;
    Ok(i32::from(!whole))
}

/// In the board's place: turns the steps of an account's sweep until this run has ended.
async fn sweep(app: &App, asking: &Asking) -> anyhow::Result<()> {
    let Some(account) = app.account(&asking.account) else { return Ok(()) };
    loop {
        match app.sweep_step(account).await? {
            Swept::Ended(run) if run.id == asking.run => return Ok(()),
            Swept::Ended(_) | Swept::Went => {}
            Swept::Idle => {
                let now = app.now();
                let rest = account.api_state().waits_until(now).map_or(0, |until| until.since(now));
                let nap = rest.clamp(50, LONGEST_NAP_MS).unsigned_abs();
                tokio::time::sleep(Duration::from_millis(nap)).await;
            }
        }
    }
}

/// The runs as they stand once all have ended, or once nothing has moved for too long.
async fn follow(
    app: &App,
    asked: &[Asking],
    board: Option<&Path>,
    patience: Duration,
) -> anyhow::Result<Vec<Run>> {
    let watched = std::io::stderr().is_terminal();
    let (mut last, mut since) = (Vec::new(), tokio::time::Instant::now());
    loop {
        let runs = look(app, asked).await?;
        if watched {
            show_progress(&runs);
        }
        if runs.iter().all(|run| run.ended_at.is_some()) {
            return Ok(runs);
        }
        let moved = moved(app, &runs).await?;
        if moved != last {
            (last, since) = (moved, tokio::time::Instant::now());
        }
        if since.elapsed() >= patience {
            eprintln!("nothing has moved for {patience:?}");
            return Ok(runs);
        }
        if board.is_some_and(|folder| !Store::is_running(folder)) {
            eprintln!("the board has stopped");
            return Ok(runs);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// How far each account is: the run that was asked for, or the one that it waits for.
async fn moved(app: &App, runs: &[Run]) -> anyhow::Result<Vec<(i64, u64, u32, i64)>> {
    let mut moved = Vec::new();
    for run in runs.iter().filter(|run| run.ended_at.is_none()) {
        let first = app.store.unended_runs(&run.account).await?.into_iter().next();
        moved.extend(first.map(|it| (it.id, it.done(), it.pages, it.row)));
    }
    Ok(moved)
}

async fn look(app: &App, asked: &[Asking]) -> anyhow::Result<Vec<Run>> {
    let mut runs = Vec::with_capacity(asked.len());
    for asking in asked {
        let run = app.store.run(asking.run).await?;
        runs.push(run.with_context(|| format!("the comparison of {} is gone", asking.account))?);
    }
    Ok(runs)
}

fn show_progress(runs: &[Run]) {
    let words = |run: &Run| match run {
        Run { ended_at: Some(_), .. } => format!("{} done", run.account),
        Run { begun: false, .. } => format!("{} waits", run.account),
        _ => {
            let (done, expected, found) = (run.done(), run.expected(), run.found);
            format!("{} {done} of {expected}, {found} found, {} calls", run.account, run.calls)
        }
    };
    let line: Vec<String> = runs.iter().map(words).collect();
    eprint!("\r\x1b[2K{}", line.join(" · "));
    let _ = std::io::stderr().flush();
}

/// Everything was gone through, and everything that was asked about was answered.
fn is_whole(run: &Run) -> bool {
    run.success && run.unread == 0
}

fn summary(run: &Run) -> String {
    let many = |n: u64, one: &str, more: &str| format!("{n} {}", if n == 1 { one } else { more });
    let compared = many(run.compared.into(), "package", "packages");
    let calls = many(run.calls.into(), "call", "calls");
    let found = match run {
        Run { dry: true, .. } => format!("{} would be made", many(run.found.into(), "change", "changes")),
        Run { baseline: true, .. } => "the first comparison, so nothing counts as missed".to_owned(),
        Run { .. } => {
            format!("{} found and repaired", many(run.found.into(), "missed change", "missed changes"))
        }
    };
    let unread = match run.unread {
        0 => String::new(),
        n => format!("; {} could not be read", many(n.into(), "package", "packages")),
    };
    let how = match (&run.ended_at, &run.trouble) {
        (Some(_), _) if run.success => String::new(),
        (Some(_), Some(why)) => format!("not whole: {why}; "),
        (None, Some(why)) => format!("not done: {why}; "),
        (_, None) => "not done; ".to_owned(),
    };
    format!("{}: {how}{compared} compared in {calls}, {found}{unread}", run.account)
}

async fn say_lines(app: &App, run: &Run) -> anyhow::Result<()> {
    let lines = app.store.dry_lines(&run.account, run.id, MOST_DRY_LINES).await?;
    for it in &lines {
        let words = change(it.signer.as_deref(), &it.field, it.board.as_deref(), &it.provider);
        // A package is called what its provider likes.
        let line = format!("  {}: {words}", it.key.package.as_str());
        say(&line.replace(char::is_control, " "))?;
    }
    if lines.len() >= MOST_DRY_LINES as usize {
        say("  and maybe more: only so many are kept")?;
    }
    Ok(())
}

/// The time that a `--since` names, in the server's zone.
pub(super) fn since_of(config: &Config, text: Option<&str>) -> anyhow::Result<Option<jiff::Timestamp>> {
    let now = jiff::Timestamp::from_millisecond(Clock::System.millis())?;
    let zone = TimeZone::get(&config.server.time_zone).unwrap_or(TimeZone::UTC);
    text.map(|text| since(text, now, &zone)).transpose()
}

/// What a person may write for a time in the past.
fn since(text: &str, now: jiff::Timestamp, zone: &TimeZone) -> anyhow::Result<jiff::Timestamp> {
    let day = || {
        // With a time or without: without it is midnight.
        let day: jiff::civil::DateTime = text.parse().ok()?;
        Some(day.to_zoned(zone.clone()).ok()?.timestamp())
    };
    let back = || Some(now.to_zoned(zone.clone()).checked_sub(span(text)?).ok()?.timestamp());
    let at = text.parse().ok().or_else(day).or_else(back);
    at.with_context(|| {
        format!("{text:?} is no time; write one such as 2026-11-20T08:00:00Z, a day such as 2026-11-20, or a span such as 2d")
    })
}

/// A span such as `2d`, never backwards.
fn span(text: &str) -> Option<jiff::Span> {
    text.parse().ok().filter(|span: &jiff::Span| span.is_positive())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_a_day_or_a_span() {
        let now: jiff::Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| since(text, now, &zone).map(|it| it.to_string()).unwrap_or_default();
        assert_eq!(at("2026-11-20T08:00:00+01:00"), "2026-11-20T07:00:00Z");
        assert_eq!(at("2026-11-20"), "2026-11-19T23:00:00Z");
        assert_eq!(at("2026-11-20T08:00"), "2026-11-20T07:00:00Z");
        assert_eq!(at("2d"), "2026-11-20T12:00:00Z");
        assert_eq!(at("90m"), "2026-11-22T10:30:00Z");
        for bad in ["", "yesterday", "-2d", "0d", "2026-13-01", "2"] {
            assert_eq!(at(bad), "", "{bad}");
        }
    }

    #[test]
    fn a_summary_says_what_is_missing() {
        let account = crate::model::AccountId("os".into());
        let now = crate::model::Timestamp(1);
        let run = Run { compared: 3, calls: 2, found: 1, ..Run::new(account, "people", None, now) };
        assert_eq!(
            summary(&run),
            "os: not done; 3 packages compared in 2 calls, 1 missed change found and repaired"
        );
        let run = Run { ended_at: Some(now), success: true, unread: 1, ..run };
        assert!(summary(&run).ends_with("repaired; 1 package could not be read") && !is_whole(&run));
        let run = Run { dry: true, unread: 0, ..run };
        assert_eq!(summary(&run), "os: 3 packages compared in 2 calls, 1 change would be made");
    }
}
