//! What a callback missed, in words: on the page, and as a line of CSV for spreadsheets.

use super::super::time::{When, rfc3339, span};
use super::super::words::{self, capital, shown, status_class};
use super::super::{Around, csv, link};
use crate::app::{Drift, DryLine};
use crate::model::{Package, PackageKey, Signer, SignerStatus, Standing, Status, Step, Timestamp};

/// A line of drift and its package.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The line.
    pub drift: Drift,
    /// The package as it is now; `None`: the board forgot it.
    pub package: Option<Package>,
}

/// What differs.
#[derive(Debug)]
pub struct What {
    /// The package's page, if there is one.
    pub href: Option<String>,
    /// The package's name, or its id.
    pub name: String,
    /// Whom it is about.
    pub signer: Option<String>,
    /// What its account is called.
    pub account: String,
    /// What the board said: colour and words.
    pub board: (&'static str, String),
    /// What the provider said.
    pub provider: (&'static str, String),
}

/// A line of drift.
#[derive(Debug)]
pub struct FindingView {
    /// What differed.
    pub what: What,
    /// When that happened.
    pub happened: Option<When>,
    /// The callback that would have told it.
    pub callback: String,
    /// It is the provider's own word.
    pub is_word: bool,
    /// What became of the callback.
    pub standing: String,
    /// How long the board did not know.
    pub late: Option<String>,
    /// When it was found.
    pub found: When,
}

impl FindingView {
    /// Puts a line into words.
    #[must_use]
    pub fn new(it: &Finding, around: &Around<'_>) -> Self {
        let drift = &it.drift;
        let (callback, is_word) = match &drift.word {
            Some(word) => (shown(word), true),
            None => (drift.missed.replace('_', " "), false),
        };
        Self {
            what: What::new(it, around),
            happened: drift.happened_at.map(|at| When::at(at, around.now, around.zone)),
            callback,
            is_word,
            standing: standing(drift, around.now),
            late: late(it).map(span),
            found: When::at(drift.found_at, around.now, around.zone),
        }
    }
}

impl What {
    fn new(it: &Finding, around: &Around<'_>) -> Self {
        let drift = &it.drift;
        let of = (&drift.key, drift.signer.as_deref(), it.package.as_ref());
        Self::of(of, (&drift.field, drift.board.as_deref(), &drift.provider), around)
    }

    /// What a dry run would change.
    #[must_use]
    pub fn would(it: &DryLine, package: Option<&Package>, around: &Around<'_>) -> Self {
        let of = (&it.key, it.signer.as_deref(), package);
        Self::of(of, (&it.field, it.board.as_deref(), &it.provider), around)
    }

    fn of(
        (key, signer, package): (&PackageKey, Option<&str>, Option<&Package>),
        (field, board, provider): (&str, Option<&str>, &str),
        around: &Around<'_>,
    ) -> Self {
        let (board, provider) = match (field, board) {
            // Nobody compared it word by word.
            ("details", _) => (("", "–".to_owned()), ("", "Other names, dates or the like".to_owned())),
            (_, None) => (("", "Nothing of this package".to_owned()), value(field, provider)),
            (_, Some(board)) => (value(field, board), value(field, provider)),
        };
        let name = package.and_then(|it| it.name.as_deref()).unwrap_or(key.package.as_str());
        Self {
            href: package.filter(|it| !it.template).map(|_| link::package(key)),
            name: shown(name),
            signer: signer.map(|id| signer_name(id, package)),
            account: around.account(&key.account).label,
            board,
            provider,
        }
    }
}

fn signer_name(id: &str, package: Option<&Package>) -> String {
    let known = package.and_then(|package| package.signers.iter().find(|it| it.id == id));
    known.map_or_else(|| shown(id), words::signer_name)
}

/// The words of the filter.
pub(super) fn choice(standing: Standing) -> &'static str {
    match standing {
        Standing::Missed => "Missed",
        Standing::OnItsWay => "May be on its way",
        Standing::CameLate => "Came late",
        Standing::NotSubscribed => "Not subscribed",
    }
}

fn standing(it: &Drift, now: Timestamp) -> String {
    match (it.standing(now), it.came_at) {
        (Standing::CameLate, Some(at)) => format!("came {} later", span(at.since(it.found_at))),
        (Standing::CameLate, None) => "came late".to_owned(),
        (Standing::Missed, _) => "never came".to_owned(),
        (Standing::OnItsWay, _) => "may be on its way".to_owned(),
        (Standing::NotSubscribed, _) => "not subscribed".to_owned(),
    }
}

/// How long the board did not know it: until it was found.
fn late(it: &Finding) -> Option<i64> {
    it.drift.happened_at.map(|at: Timestamp| it.drift.found_at.since(at).max(0))
}

/// A word of the store as the pages say it, with its colour and shape.
fn value(field: &str, word: &str) -> (&'static str, String) {
    let said = match (field, word) {
        ("status", word) => Status::from_word(word).map(|it| (status_class(it), it.title().to_owned())),
        ("trashed", "yes") => Some(("in-trash", "In the trash".to_owned())),
        ("trashed", "no") => Some(("", "Not in the trash".to_owned())),
        ("locked", "yes") => Some(("locked", "Locked out".to_owned())),
        ("locked", "no") => Some(("", "Not locked out".to_owned())),
        ("identity", "failed") => Some(("unidentified", "Identity check failed".to_owned())),
        ("identity", "no") => Some(("", "No check failed".to_owned())),
        ("progress", word) => progress(word),
        _ => None,
    };
    said.unwrap_or_else(|| ("", shown(word)))
}

fn progress(word: &str) -> Option<(&'static str, String)> {
    let step = Step::from_word(word);
    let status = SignerStatus::from_word(word).or_else(|| step.map(Step::status))?;
    let signer = Signer { status, step, ..Signer::default() };
    let words = words::step(&signer).map_or_else(|| words::progress(status).to_owned(), capital);
    Some((words::progress_class(status), words))
}

const COLUMNS: [&str; 14] = [
    "found at",
    "account",
    "package",
    "name",
    "signer id",
    "signer",
    "field",
    "the board said",
    "the provider says",
    "missed callback",
    "what became of it",
    "happened at",
    "late by seconds",
    "came at",
];

/// The first line of the file.
#[must_use]
pub fn csv_title() -> String {
    csv::line(COLUMNS.map(str::to_owned))
}

/// A line of drift as RFC 4180 has it.
#[must_use]
pub fn csv_line(it: &Finding, now: Timestamp) -> String {
    let drift = &it.drift;
    let at = |at: Option<Timestamp>| at.map(rfc3339).unwrap_or_default();
    csv::line([
        rfc3339(drift.found_at),
        drift.key.account.0.clone(),
        drift.key.package.as_str().to_owned(),
        it.package.as_ref().and_then(|package| package.name.clone()).unwrap_or_default(),
        drift.signer.clone().unwrap_or_default(),
        drift.signer.as_deref().map(|id| signer_name(id, it.package.as_ref())).unwrap_or_default(),
        drift.field.clone(),
        drift.board.clone().unwrap_or_default(),
        drift.provider.clone(),
        drift.word.clone().unwrap_or_else(|| drift.missed.clone()),
        drift.standing(now).word().to_owned(),
        at(drift.happened_at),
        late(it).map(|millis| (millis / 1_000).to_string()).unwrap_or_default(),
        at(drift.came_at),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_store_has_words_of_its_own() {
        let words = Status::ALL.map(|it| ("status", it.word()));
        let steps = Step::ALL.map(|it| ("progress", it.word()));
        let flags = ["trashed", "locked"].into_iter().flat_map(|it| [(it, "yes"), (it, "no")]);
        let checks = [("identity", "failed"), ("identity", "no")];
        let all: Vec<(&str, &str)> = words.into_iter().chain(steps).chain(flags).chain(checks).collect();
        for (at, (field, word)) in all.iter().enumerate() {
            let said = value(field, word);
            assert!(said.1.starts_with(char::is_uppercase) && !said.1.contains('_'), "{said:?}");
            let before = all[..at].iter().filter(|it| it.0 == *field);
            assert!(before.map(|it| value(it.0, it.1)).all(|it| it.1 != said.1), "{said:?}");
        }
        assert_eq!(value("novel", "<b>"), ("", "<b>".to_owned()));
    }
}
