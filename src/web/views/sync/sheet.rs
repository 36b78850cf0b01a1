//! An account's sheet on the sync page: what goes on, what comes next, and how true its callbacks were.

use super::super::time::{When, span};
use super::super::words::{capital, count, list, number, shown};
use super::super::{AccountLabel, Around, TrafficView};
use super::run::{found, progress, what, why};
use crate::app::Run;
use crate::model::Timestamp;
use std::time::Duration;

/// What the sheet is made of.
#[derive(Debug)]
pub struct AccountSync<'a> {
    /// What it is called.
    pub account: &'a AccountLabel,
    /// It has an API that can be asked.
    pub has_api: bool,
    /// Its sweeps that have not ended: the one under way, then those that wait.
    pub open: Vec<Run>,
    /// Its sweep that ended last.
    pub last: Option<Run>,
    /// Its last sweep that was whole.
    pub last_whole: Option<Run>,
    /// When the next one is due.
    pub next: Option<Timestamp>,
    /// From one sweep to the next.
    pub every: Duration,
    /// Silence for so long is unusual.
    pub silent_after: Duration,
    /// Its budget.
    pub calls_per_minute: u32,
    /// When its last callback came.
    pub last_callback: Option<Timestamp>,
    /// Since when it has been silent for too long.
    pub silent: Option<Timestamp>,
    /// When its API last answered.
    pub answered: Option<Timestamp>,
    /// How well its callbacks do.
    pub traffic: TrafficView,
    /// Why its API is not asked now, as a sentence without a full stop.
    pub trouble: Option<String>,
}

#[derive(Debug)]
pub(super) struct Sheet {
    pub id: String,
    pub label: String,
    /// What goes on, and since when.
    pub state: String,
    pub since: Option<When>,
    pub open: Vec<OpenRun>,
    pub trouble: Option<String>,
    pub figures: Vec<Figure>,
    pub notes: Vec<Note>,
    pub traffic: TrafficView,
}

/// A sweep that has not ended.
#[derive(Debug)]
pub(super) struct OpenRun {
    pub id: i64,
    pub begun: bool,
    pub what: String,
    pub compared: u64,
    pub total: u64,
    pub progress: String,
    /// Why it does not go on, and what will happen.
    pub trouble: Option<String>,
    /// Somebody has already asked it to end.
    pub stopping: bool,
}

/// A fact around a time.
#[derive(Debug)]
pub(super) struct Note {
    pub before: String,
    pub when: Option<When>,
    pub after: String,
}

/// A number and what it counts.
#[derive(Debug)]
pub(super) struct Figure {
    pub value: String,
    /// The time itself, where the value is one.
    pub when: Option<When>,
    pub title: String,
}

impl Sheet {
    pub fn new(it: &AccountSync<'_>, around: &Around<'_>) -> Self {
        let ago = |at| When::ago(at, around.now, around.zone);
        let running = it.open.iter().find(|run| run.begun);
        let state = match (running, it.has_api) {
            (_, false) => "no API is configured, so nothing can be polled".to_owned(),
            (Some(run), _) => format!("running, {}, begun", why(run)),
            (None, _) if !it.open.is_empty() => "waiting".to_owned(),
            (None, _) => String::new(),
        };
        Self {
            id: it.account.id.0.clone(),
            label: it.account.label.clone(),
            state,
            since: running.map(|run| ago(run.started_at)),
            open: it.open.iter().map(|run| OpenRun::new(run, it.calls_per_minute, around)).collect(),
            trouble: it.trouble.as_deref().map(|why| capital(&shown(why))),
            figures: figures(it, around),
            notes: notes(it, around),
            traffic: it.traffic.clone(),
        }
    }
}

impl OpenRun {
    pub fn new(run: &Run, calls_per_minute: u32, around: &Around<'_>) -> Self {
        let what = what(run, around);
        let waits = format!("Waits for its turn: {what}, {}", why(run));
        Self {
            id: run.id,
            begun: run.begun,
            compared: run.done(),
            total: run.expected(),
            progress: if run.begun { progress(run, calls_per_minute, around.now) } else { waits },
            what: capital(&what),
            trouble: run
                .trouble
                .as_deref()
                .filter(|_| run.begun)
                .map(|why| format!("It rests, and goes on where it was: {}", shown(why))),
            stopping: run.stop,
        }
    }
}

fn figures(it: &AccountSync<'_>, around: &Around<'_>) -> Vec<Figure> {
    let text = |value: String, title: String| Figure { value, when: None, title };
    let traffic = &it.traffic;
    let mut all = Vec::new();
    if it.has_api {
        let arrived = format!("of what polling can check arrived, {}", traffic.span);
        all.push(text(traffic.arrived.clone(), arrived));
        let run = it.open.iter().find(|run| run.begun).or(it.last.as_ref());
        if let Some(run) = run.filter(|run| !run.baseline && !run.dry) {
            let which = if run.ended_at.is_none() { "this" } else { "the last" };
            let what = if run.found == 1 { "missed callback" } else { "missed callbacks" };
            all.push(text(number(run.found.into()), format!("{what} repaired by {which} sync")));
        }
    }
    if let Some(median) = &traffic.median {
        let p95 = traffic.p95.as_ref().map(|p95| format!("; 95 % came in {p95}")).unwrap_or_default();
        let lag = traffic.lag.as_ref().map(|lag| format!("; {lag}")).unwrap_or_default();
        all.push(text(median.clone(), format!("median callback delay{p95}{lag}")));
    }
    if let Some(next) = it.next {
        let when = (next > around.now).then(|| When::near(next, around.now, around.zone));
        let title = format!("next sync, every {}", interval(it.every));
        all.push(Figure { value: "now".to_owned(), when, title });
    }
    all
}

fn notes(it: &AccountSync<'_>, around: &Around<'_>) -> Vec<Note> {
    let ago = |at| Some(When::ago(at, around.now, around.zone));
    let note =
        |before: &str, when: Option<When>, after: String| Note { before: before.to_owned(), when, after };
    let mut all = Vec::new();
    if it.has_api {
        all.push(match &it.last_whole {
            Some(run) => {
                let compared = count(run.compared.into(), "package", "packages");
                note("last whole sync ", ago(run.started_at), format!(", {compared} compared"))
            }
            None => note("no whole sync yet", None, String::new()),
        });
        all.push(match it.answered {
            Some(at) => note("last confirmed by the provider ", ago(at), String::new()),
            None => note("not confirmed by the provider since the start", None, String::new()),
        });
    }
    let silent = interval(it.silent_after);
    let silence = if it.silent.is_some() { "silent for longer than" } else { "silent after" };
    all.push(match it.last_callback {
        Some(at) => note("last callback ", ago(at), format!(", {silence} {silent}")),
        None => note("no callback yet", None, String::new()),
    });
    let TrafficView { repeats, refused, span, .. } = &it.traffic;
    all.push(note("", None, format!("repeats: {repeats}, refused: {refused}, {span}")));
    all
}

/// A configured length of time: `6 hours`, `15 minutes`, `90 days`.
fn interval(of: Duration) -> String {
    let seconds = of.as_secs();
    match seconds {
        it if it >= 172_800 && it % 86_400 == 0 => count(it / 86_400, "day", "days"),
        it if it >= 3_600 && it % 3_600 == 0 => count(it / 3_600, "hour", "hours"),
        it if it >= 60 && it % 60 == 0 => count(it / 60, "minute", "minutes"),
        it => span(i64::try_from(it).unwrap_or(i64::MAX).saturating_mul(1_000)),
    }
}

/// How often the accounts are polled, as the beginning of a sentence.
pub(super) fn often(accounts: &[AccountSync<'_>]) -> String {
    let mut all = accounts.iter().filter(|it| it.has_api).map(|it| it.every);
    match all.next() {
        Some(first) if all.all(|it| it == first) => format!("Every {}", interval(first)),
        Some(_) | None => "Every so often".to_owned(),
    }
}

/// What is told once when a sweep begins and once when it has ended, and not each second in between.
pub(super) fn said(accounts: &[AccountSync<'_>], around: &Around<'_>) -> String {
    let running = accounts.iter().filter(|it| it.open.iter().any(|run| run.begun));
    let running: Vec<String> = running.map(|it| it.account.label.clone()).collect();
    if !running.is_empty() {
        let verb = if running.len() == 1 { "is" } else { "are" };
        return format!("{} {verb} being compared with what the provider says.", list(&running));
    }
    let ended = accounts.iter().filter_map(|it| Some((it.account, it.last.as_ref()?)));
    let Some((account, run)) = ended.max_by_key(|(_, run)| (run.ended_at, run.id)) else {
        return String::new();
    };
    let how = match (run.success, run.stop) {
        (true, _) => "was whole",
        (false, true) => "was stopped",
        (false, false) => "was not whole",
    };
    let at = run.ended_at.map(|at| When::at(at, around.now, around.zone).shown().to_owned());
    format!(
        "The last sync, of {}, {how}: {} compared, {}, {}.",
        account.label,
        count(u64::from(run.compared), "package", "packages"),
        found(run),
        at.unwrap_or_default()
    )
}
