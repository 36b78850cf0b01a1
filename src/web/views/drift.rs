//! What callbacks missed, and the sweeps that found it, as JSON: a contract with programs. Keys are only ever added.

use super::time::rfc3339;
use crate::app::{Drift, Run};
use crate::model::Timestamp;
use serde::Serialize;

/// The answer to `GET /api/v1/drift`.
#[derive(Debug, Serialize)]
pub struct DriftList<'a> {
    drift: Vec<DriftJson<'a>>,
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct DriftJson<'a> {
    account: &'a str,
    package: &'a str,
    signer: Option<&'a str>,
    field: &'a str,
    board: Option<&'a str>,
    provider: &'a str,
    missed: &'a str,
    word: Option<&'a str>,
    subscribed: bool,
    happened_at: Option<String>,
    found_at: String,
    came_at: Option<String>,
    standing: &'static str,
    run: Option<i64>,
}

/// The answer to `GET /api/v1/runs`.
#[derive(Debug, Serialize)]
pub struct RunList<'a> {
    runs: Vec<RunJson<'a>>,
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct RunJson<'a> {
    id: i64,
    account: &'a str,
    reason: &'a str,
    asked_by: Option<&'a str>,
    /// `waiting`, `running`, `stopping`, `ended`.
    state: &'static str,
    dry: bool,
    full: bool,
    baseline: bool,
    since: Option<String>,
    until: Option<String>,
    started_at: String,
    ended_at: Option<String>,
    success: bool,
    pages: u32,
    compared: u32,
    /// How many it will have looked at in the end, as far as is known.
    expected: u64,
    unread: u32,
    found: u32,
    calls: u32,
    trouble: Option<&'a str>,
}

impl<'a> DriftList<'a> {
    /// The lines as they stand at `now`, and the number behind which the next page begins.
    #[must_use]
    pub fn new(found: &'a [Drift], next: Option<i64>, now: Timestamp) -> Self {
        let line = |it: &'a Drift| DriftJson {
            account: &it.key.account.0,
            package: it.key.package.as_str(),
            signer: it.signer.as_deref(),
            field: &it.field,
            board: it.board.as_deref(),
            provider: &it.provider,
            missed: &it.missed,
            word: it.word.as_deref(),
            subscribed: it.subscribed,
            happened_at: it.happened_at.map(rfc3339),
            found_at: rfc3339(it.found_at),
            came_at: it.came_at.map(rfc3339),
            standing: it.standing(now).word(),
            run: it.run,
        };
        Self { drift: found.iter().map(line).collect(), next: next.map(|it| it.to_string()) }
    }
}

impl<'a> RunList<'a> {
    /// The sweeps, and the number behind which the next page begins.
    #[must_use]
    pub fn new(runs: &'a [Run], next: Option<i64>) -> Self {
        let run = |it: &'a Run| RunJson {
            id: it.id,
            account: &it.account.0,
            reason: &it.reason,
            asked_by: it.asked_by.as_deref(),
            state: match it {
                Run { ended_at: Some(_), .. } => "ended",
                Run { begun: false, .. } => "waiting",
                Run { stop: true, .. } => "stopping",
                Run { .. } => "running",
            },
            dry: it.dry,
            full: it.full,
            baseline: it.baseline,
            since: it.since.map(rfc3339),
            until: it.until.map(rfc3339),
            started_at: rfc3339(it.started_at),
            ended_at: it.ended_at.map(rfc3339),
            success: it.success,
            pages: it.pages,
            compared: it.compared,
            expected: it.expected(),
            unread: it.unread,
            found: it.found,
            calls: it.calls,
            trouble: it.trouble.as_deref(),
        };
        Self { runs: runs.iter().map(run).collect(), next: next.map(|it| it.to_string()) }
    }
}
