//! A package's page: how it stands, who signs, what happened, and why the board says so.

use super::alert::AlertView;
use super::lines::Lines;
use super::notes::notes;
use super::people::{self, AttachmentView, DocumentView, SignerView};
use super::query::BoardQuery;
use super::row::{group, marks, sender};
use super::sync::{Finding, FindingView};
use super::time::When;
use super::timeline::{self, Day};
use super::words::{self, number, shown, status_class};
use super::{Around, Frame, Place, link, why};
use crate::app::{Alert, Detail, Telling};
use crate::model::{Package, Tally};
use askama::Template;

/// What a package's page shows.
#[derive(Debug)]
pub struct PackageInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// The package and its log.
    pub detail: &'a Detail,
    /// What polling found of it that callbacks had not told, the newest first.
    pub findings: &'a [Finding],
    /// Its account has an API.
    pub may_ask: bool,
    /// What came of asking it just now, or of another button.
    pub asked: Option<&'a str>,
    /// Its alerts.
    pub alerts: PackageAlerts<'a>,
}

/// What of a package is worth telling, or was.
#[derive(Debug, Clone, Copy, Default)]
pub struct PackageAlerts<'a> {
    /// The newest first; and whether whoever looks may see to each.
    pub all: &'a [(Alert, bool)],
    /// Who was told of them.
    pub told: &'a [Telling],
    /// Whether whoever looks follows the package; `None`: they can't.
    pub follows: Option<bool>,
}

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "packages/one.html")]
pub struct PackagePage {
    frame: Frame,
    row: String,
    seq: i64,
    live: String,
    pulse: String,
    name: String,
    /// Said where the name would be told by the provider's API and wasn't.
    unnamed: Option<String>,
    id: String,
    account: String,
    board: String,
    class: &'static str,
    status: &'static str,
    marks: Vec<&'static str>,
    trashed: bool,
    sender: Option<String>,
    /// Said in the sender's place.
    no_sender: String,
    reference: Option<String>,
    /// The team, and the board of its packages.
    group: Option<(String, String)>,
    /// Said of a package of a team that isn't shown.
    elsewhere: Option<String>,
    /// How late it may be by design.
    lag: Option<String>,
    /// Where it is changed, since nothing here does that.
    provider: String,
    created: Option<When>,
    due: Option<(&'static str, When)>,
    ready: bool,
    alerts: Vec<AlertView>,
    /// Its own address, to come back to.
    back: String,
    /// Where to post that somebody follows it, or no more; and whether they do.
    follow: Option<(String, bool)>,
    lines: Lines,
    count: String,
    /// Said where the provider never tells how many sign.
    no_count: Option<String>,
    signers: Vec<SignerView>,
    documents: Vec<DocumentView>,
    /// Said where no document is known.
    no_documents: String,
    consented: Option<String>,
    attachments: Vec<AttachmentView>,
    confirmed: Option<When>,
    days: Vec<Day>,
    /// Its provider told no times.
    untimed: bool,
    left_out: usize,
    facts: String,
    too_many: bool,
    json: String,
    why: String,
    /// Where to post that the provider shall be asked now, and how it is called.
    ask: Option<(String, String)>,
    asked: Option<String>,
    missed: Vec<FindingView>,
}

impl PackagePage {
    /// Puts a package into words.
    #[must_use]
    pub fn new(input: &PackageInput<'_>) -> Self {
        let (around, key, package) = (&input.around, &input.detail.row.key, &*input.detail.row.package);
        let account = around.account(&key.account);
        let id = shown(key.package.as_str());
        let name = package.name.as_deref().map_or_else(|| id.clone(), shown);
        let (days, left_out) = timeline::days(
            key,
            package,
            &input.detail.log,
            notes(input.alerts.all, input.alerts.told, around),
            around,
        );
        let never = account.never_tells(package);
        let lines = Lines::of(package, never);
        let ago = |at| When::ago(at, around.now, around.zone);
        let standing = input.alerts.all.iter().filter(|(it, _)| it.resolved.is_none());
        let stream = stream(input);
        let of_account = BoardQuery { account: Some(key.account.0.clone()), ..BoardQuery::default() };
        Self {
            frame: Frame::new(&name, Place::Packages, around).live(),
            row: link::row_id(key),
            seq: input.detail.row.seq.0,
            live: stream.live_href(),
            pulse: stream.pulse_href(),
            unnamed: package.name.is_none().then(|| account.name_not_told()),
            name,
            id,
            board: of_account.href(),
            class: status_class(package.status),
            status: package.status.title(),
            marks: marks(package),
            trashed: package.trashed || package.gone,
            sender: sender(package),
            no_sender: if never {
                format!("sender {}", account.not_told())
            } else {
                "sender not told".to_owned()
            },
            reference: package.reference.as_deref().map(shown),
            elsewhere: package.elsewhere.then(|| elsewhere(package, &account.label)),
            group: group(package, &key.account).filter(|_| !package.elsewhere),
            lag: account.lag(),
            provider: account.provider_title.clone(),
            created: package.created.map(|at| When::at(at, around.now, around.zone)),
            due: due(package, around),
            ready: package.ready_to_complete,
            alerts: standing
                .map(|(it, may)| AlertView::new(it, input.alerts.told, *may, around).at_home())
                .collect(),
            back: link::package(key),
            follow: input.alerts.follows.map(|it| (format!("/follow{}", link::package(key)), it)),
            count: lines.count(),
            lines,
            no_count: never.then(|| format!("how many sign is {}", account.not_told())),
            signers: package
                .signers
                .iter()
                .map(|it| SignerView::new(it, package, &account, around))
                .collect(),
            documents: package.documents.iter().map(|it| DocumentView::new(it, package)).collect(),
            no_documents: if account.tells_no_documents {
                format!("What is in a package is {}.", account.not_told())
            } else {
                "No document is known yet.".to_owned()
            },
            consented: people::consented(package),
            attachments: package
                .attachments
                .iter()
                .map(|it| AttachmentView::new(it, package, around))
                .collect(),
            confirmed: package.confirmed_at.map(ago),
            days,
            untimed: timeline::is_untimed(&input.detail.log),
            left_out,
            facts: words::number(u64::from(package.facts)),
            too_many: package.too_many_facts,
            json: link::package_json(key),
            ask: input
                .may_ask
                .then(|| (format!("{}/resync", link::package(key)), account.provider_title.clone())),
            asked: input.asked.map(str::to_owned),
            missed: input.findings.iter().map(|it| FindingView::new(it, around)).collect(),
            why: why::sentence(package, around.zone),
            account: account.label,
        }
    }

    fn left_out(&self) -> String {
        number(self.left_out as u64)
    }
}

/// The stream that tells of this package: the board's, narrowed to its id.
fn stream(input: &PackageInput<'_>) -> BoardQuery {
    let row = &input.detail.row;
    BoardQuery {
        q: row.key.package.as_str().trim().chars().take(200).collect(),
        account: Some(row.key.account.0.clone()),
        tally: if row.package.trashed { Tally::Trashed } else { Tally::All },
        ..BoardQuery::default()
    }
}

/// Why a package that has a page stands on no board.
fn elsewhere(package: &Package, account: &str) -> String {
    let group = package
        .group
        .as_deref()
        .map_or_else(|| "another group".to_owned(), |it| format!("the group “{}”", shown(it)));
    format!(
        "This package belongs to {group}, which the account {account} does not show. What comes of it is kept, and it \
         stands on no board; name the group under “groups” in the configuration to show it."
    )
}

fn due(package: &Package, around: &Around<'_>) -> Option<(&'static str, When)> {
    let at = package.due?;
    let word = if at < around.now { "expired" } else { "expires" };
    package.status.is_open().then(|| (word, When::due(at, around.now, around.zone)))
}
