//! The sync page: how each account's sweeps stand, what they found that callbacks had not told, and the way to start one.

mod finding;
mod run;
mod sheet;

pub use finding::{Finding, FindingView, What, csv_line, csv_title};
pub use sheet::AccountSync;

use super::{Around, Frame, Place, link};
use crate::app::{DryLine, Run};
use crate::model::{Package, Standing};
use askama::Template;
use run::RunView;
use sheet::{OpenRun, Sheet};

/// What the page shows.
#[derive(Debug)]
pub struct SyncInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// What the address asks for.
    pub query: &'a SyncQuery,
    /// The accounts, in order.
    pub accounts: &'a [AccountSync<'a>],
    /// What callbacks missed, the newest first.
    pub findings: &'a [Finding],
    /// The last of these, where others follow.
    pub more_findings: Option<i64>,
    /// Sweeps that have ended, the newest first.
    pub runs: &'a [Run],
    /// The last of these, where others follow.
    pub more_runs: Option<i64>,
    /// The dry run that the address names, its lines and their packages, and whether these are all.
    pub dry: Option<DryRun<'a>>,
    /// What a button has just done, as a sentence.
    pub notice: Option<&'a str>,
}

/// A dry run and what it would change.
#[derive(Debug)]
pub struct DryRun<'a> {
    /// The run.
    pub run: &'a Run,
    /// What it would change, each with the package as it is now.
    pub lines: &'a [(DryLine, Option<Package>)],
    /// There is more.
    pub cut: bool,
}

/// What the address of the page asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncQuery {
    /// Only this account.
    pub account: Option<String>,
    /// Only what became of the callback.
    pub standing: Option<Standing>,
    /// Only lines before this one.
    pub before: Option<i64>,
    /// Only sweeps before this one.
    pub runs: Option<i64>,
    /// What this dry run would change.
    pub dry: Option<i64>,
}

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "sync.html")]
pub struct SyncPage {
    frame: Frame,
    notice: Option<String>,
    /// How often providers are polled, as the beginning of a sentence.
    often: String,
    now: Now,
    /// The accounts that can be asked: id and label.
    askable: Vec<(String, String)>,
    accounts: Vec<(String, String, bool)>,
    standings: Vec<(&'static str, &'static str, bool)>,
    findings: Vec<FindingView>,
    is_narrowed: bool,
    dry: Option<DryView>,
    csv: String,
    newest: Option<String>,
    older: Option<String>,
    runs: Vec<RunView>,
    newest_runs: Option<String>,
    older_runs: Option<String>,
}

#[derive(Debug)]
struct DryView {
    run: RunView,
    lines: Vec<What>,
    cut: bool,
}

/// The accounts' sheets.
#[derive(Debug)]
struct Now {
    /// Changes when a sweep begins, waits or ends.
    key: String,
    running: bool,
    /// What a screen reader hears of it.
    said: String,
    sheets: Vec<Sheet>,
}

/// How far the sweeps are that have not ended: an answer of its own for a live page.
#[derive(Debug, Template)]
#[template(path = "sync/_running.html")]
pub struct RunningFragment {
    key: String,
    runs: Vec<OpenRun>,
}

impl SyncQuery {
    /// Reads the pairs of a query; what can't be understood is as if it weren't there.
    #[must_use]
    pub fn parse(value: impl Fn(&str) -> Option<String>) -> Self {
        let number = |name: &str| value(name).and_then(|it| it.parse().ok());
        Self {
            account: value("account").filter(|it| !it.is_empty()),
            standing: value("standing").and_then(|it| Standing::from_word(&it)),
            before: number("before"),
            runs: number("runs"),
            dry: number("dry"),
        }
    }

    fn href(&self, path: &str, part: &str) -> String {
        let pairs = [
            ("account", self.account.as_deref().map(link::encode)),
            ("standing", self.standing.map(|it| it.word().to_owned())),
            ("before", self.before.map(|it| it.to_string())),
            ("runs", self.runs.map(|it| it.to_string())),
            ("dry", self.dry.map(|it| it.to_string())),
        ];
        let pairs = pairs.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        let query = pairs.collect::<Vec<_>>().join("&");
        if query.is_empty() { format!("{path}{part}") } else { format!("{path}?{query}{part}") }
    }
}

impl SyncPage {
    /// Puts the page into words.
    #[must_use]
    pub fn new(input: &SyncInput<'_>) -> Self {
        let (around, query) = (&input.around, input.query);
        let of = |before| SyncQuery { before, ..query.clone() }.href("/sync", "#missed");
        let of_runs = |runs| SyncQuery { runs, ..query.clone() }.href("/sync", "#runs");
        let csv = SyncQuery { before: None, runs: None, dry: None, ..query.clone() };
        let askable = input.accounts.iter().filter(|it| it.has_api);
        Self {
            frame: Frame::new("Sync", Place::Sync, around),
            notice: input.notice.map(str::to_owned),
            often: sheet::often(input.accounts),
            now: Now::new(input.accounts, around),
            askable: askable.map(|it| (it.account.id.0.clone(), it.account.label.clone())).collect(),
            accounts: around
                .accounts
                .iter()
                .map(|it| (it.id.0.clone(), it.label.clone(), query.account.as_ref() == Some(&it.id.0)))
                .collect(),
            standings: Standing::ALL
                .map(|it| (it.word(), finding::choice(it), query.standing == Some(it)))
                .to_vec(),
            findings: input.findings.iter().map(|it| FindingView::new(it, around)).collect(),
            is_narrowed: query.account.is_some() || query.standing.is_some() || query.before.is_some(),
            dry: input.dry.as_ref().map(|dry| DryView {
                run: RunView::new(dry.run, around),
                lines: dry
                    .lines
                    .iter()
                    .map(|(it, package)| What::would(it, package.as_ref(), around))
                    .collect(),
                cut: dry.cut,
            }),
            csv: csv.href("/sync/missed.csv", ""),
            newest: query.before.map(|_| of(None)),
            older: input.more_findings.map(|it| of(Some(it))),
            runs: input.runs.iter().map(|it| RunView::new(it, around)).collect(),
            newest_runs: query.runs.map(|_| of_runs(None)),
            older_runs: input.more_runs.map(|it| of_runs(Some(it))),
        }
    }
}

impl Now {
    fn new(accounts: &[AccountSync<'_>], around: &Around<'_>) -> Self {
        let key = key(accounts.iter().flat_map(|it| &it.open));
        Self {
            running: !key.is_empty(),
            key,
            said: sheet::said(accounts, around),
            sheets: accounts.iter().map(|it| Sheet::new(it, around)).collect(),
        }
    }
}

/// Which sweeps there are, and which of them wait.
fn key<'a>(open: impl Iterator<Item = &'a Run>) -> String {
    let word = |run: &Run| format!("{}{}", run.id, if run.begun { "" } else { "w" });
    open.map(word).collect::<Vec<_>>().join(" ")
}

impl RunningFragment {
    /// Puts each account's sweeps that have not ended into words, with the calls that it may make a minute.
    #[must_use]
    pub fn new(accounts: &[(Vec<Run>, u32)], around: &Around<'_>) -> Self {
        let open = accounts.iter().flat_map(|(open, calls)| open.iter().map(|run| (run, *calls)));
        Self {
            key: key(open.clone().map(|(run, _)| run)),
            runs: open.map(|(run, calls)| OpenRun::new(run, calls, around)).collect(),
        }
    }
}
