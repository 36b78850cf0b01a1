//! The audit: who did what, when, from where.

use super::time::{When, rfc3339};
use super::words::shown;
use super::{Around, Frame, Place, csv, link};
use crate::app::people::{DeedFilter, DeedKind, Done};
use crate::model::Timestamp;
use askama::Template;

/// What the page shows.
#[derive(Debug)]
pub struct AuditInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// What the address asks for.
    pub query: &'a AuditQuery,
    /// The deeds, the newest first.
    pub deeds: &'a [Done],
    /// There are older ones.
    pub more: bool,
    /// Where each deed is told, too.
    pub to: Option<String>,
    /// Why that fails, as a sentence without a full stop.
    pub untold: Option<String>,
}

/// What the address of the page asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditQuery {
    /// Only of this kind.
    pub kind: Option<DeedKind>,
    /// Only by them.
    pub who: Option<String>,
    /// Not earlier: a day and time in the server's zone, as the field sends it.
    pub from: Option<String>,
    /// Earlier.
    pub until: Option<String>,
    /// Only what comes after this deed, by its time and its number.
    pub after: Option<(Timestamp, i64)>,
}

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "audit.html")]
pub struct AuditPage {
    frame: Frame,
    kinds: Vec<(&'static str, &'static str, bool)>,
    who: String,
    from: String,
    until: String,
    deeds: Vec<DeedView>,
    is_narrowed: bool,
    csv: String,
    lines: String,
    newest: Option<String>,
    older: Option<String>,
    to: Option<String>,
    untold: Option<String>,
}

#[derive(Debug)]
struct DeedView {
    who: String,
    theirs: String,
    title: String,
    refused: bool,
    what: String,
    remote: String,
    at: When,
}

impl AuditQuery {
    /// Reads the pairs of a query; what can't be understood is as if it weren't there.
    #[must_use]
    pub fn parse(value: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| value(name).map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
        let after = |text: String| {
            let (at, id) = text.split_once('.')?;
            Some((Timestamp(at.parse().ok()?), id.parse().ok()?))
        };
        Self {
            kind: text("kind").and_then(|it| DeedKind::from_word(&it)),
            who: text("who"),
            from: text("from"),
            until: text("until"),
            after: text("after").and_then(after),
        }
    }

    /// The deeds that it asks for.
    #[must_use]
    pub fn filter(&self, around: &Around<'_>) -> DeedFilter {
        let time = |text: &Option<String>| around.zone.instant(text.as_deref()?);
        let (from, until) = (time(&self.from), time(&self.until));
        DeedFilter { kind: self.kind, who: self.who.clone(), from, until, after: self.after }
    }

    fn href(&self, path: &str) -> String {
        let pairs = [
            ("kind", self.kind.map(|it| it.word().to_owned())),
            ("who", self.who.as_deref().map(link::encode)),
            ("from", self.from.as_deref().map(link::encode)),
            ("until", self.until.as_deref().map(link::encode)),
            ("after", self.after.map(|(at, id)| format!("{}.{id}", at.0))),
        ];
        let pairs: Vec<String> =
            pairs.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect();
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
    }
}

impl AuditPage {
    /// Puts them into words.
    #[must_use]
    pub fn new(input: &AuditInput<'_>) -> Self {
        let (around, query) = (&input.around, input.query);
        let of = |after| AuditQuery { after, ..query.clone() };
        let last = input.deeds.last().filter(|_| input.more);
        Self {
            frame: Frame::new("Audit", Place::Audit, around),
            kinds: DeedKind::ALL.map(|it| (it.word(), title(it), query.kind == Some(it))).to_vec(),
            who: query.who.clone().unwrap_or_default(),
            from: query.from.clone().unwrap_or_default(),
            until: query.until.clone().unwrap_or_default(),
            deeds: input.deeds.iter().map(|it| DeedView::new(it, around)).collect(),
            is_narrowed: *query != AuditQuery::default(),
            csv: of(None).href("/audit/deeds.csv"),
            lines: of(None).href("/audit/deeds.jsonl"),
            newest: query.after.map(|_| of(None).href("/audit")),
            older: last.map(|it| of(Some((it.at, it.id))).href("/audit")),
            to: input.to.clone(),
            untold: input.untold.clone(),
        }
    }
}

impl DeedView {
    fn new(it: &Done, around: &Around<'_>) -> Self {
        let kind = DeedKind::from_word(&it.kind);
        Self {
            who: shown(&it.who),
            theirs: AuditQuery { who: Some(it.who.clone()), ..AuditQuery::default() }.href("/audit"),
            title: kind.map_or_else(|| shown(&it.kind), |it| title(it).to_owned()),
            refused: matches!(kind, Some(DeedKind::Refused | DeedKind::SignInRefused)),
            // A deed whose name says all has no more words: nothing stands there, not even that it is blank.
            what: if it.what.is_empty() { String::new() } else { shown(&it.what) },
            remote: shown(&it.remote),
            at: When::at(it.at, around.now, around.zone),
        }
    }
}

/// What a kind of deed is called.
fn title(kind: DeedKind) -> &'static str {
    match kind {
        DeedKind::SignIn => "Signed in",
        DeedKind::SignInRefused => "Sign-in refused",
        DeedKind::SignOut => "Signed out",
        DeedKind::Refused => "Refused",
        DeedKind::Password => "Password set",
        DeedKind::SecondFactor => "Second factor",
        DeedKind::SessionsEnded => "Sessions ended",
        DeedKind::Link => "Link made",
        DeedKind::UserAdded => "Person added",
        DeedKind::UserChanged => "Person changed",
        DeedKind::UserDisabled => "Person disabled",
        DeedKind::UserEnabled => "Person let in again",
        DeedKind::TokenAdded => "Token made",
        DeedKind::TokenEnded => "Token ended",
        DeedKind::PayloadRead => "Callback’s bytes read",
        DeedKind::Export => "Exported",
        DeedKind::Resync => "Resync asked for",
        DeedKind::ResyncStopped => "Resync stopped",
        DeedKind::Replay => "Callbacks read again",
        DeedKind::Rebuild => "Packages folded again",
        DeedKind::Import => "Callbacks pasted",
        DeedKind::Admit => "Callback admitted",
        DeedKind::Forget => "Callback forgotten",
        DeedKind::Register => "Registered",
        DeedKind::Rotate => "Secret made",
        DeedKind::Retire => "Old secret ended",
        DeedKind::TestCallback => "Test callback",
        DeedKind::SentAgain => "Passed on again",
        DeedKind::Backup => "Backup made",
        DeedKind::Restore => "Restored",
        DeedKind::Retention => "Old data removed",
        DeedKind::Erase => "Person erased",
        DeedKind::View => "View",
        DeedKind::HookPaused => "Hook paused",
        DeedKind::HookResumed => "Hook resumed",
        DeedKind::Alert => "Alert",
        DeedKind::Follow => "Followed or left",
        DeedKind::Wishes => "Wishes",
    }
}

/// The first line of the file.
#[must_use]
pub fn csv_title() -> String {
    csv::line(["number", "at", "who", "kind", "what", "from"].map(str::to_owned))
}

/// A deed as a line of the file.
#[must_use]
pub fn csv_line(it: &Done) -> String {
    let Done { id, at, who, kind, what, remote, .. } = it;
    csv::line([id.to_string(), rfc3339(*at), who.clone(), kind.clone(), what.clone(), remote.clone()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_deed_has_words_of_its_own() {
        for (at, kind) in DeedKind::ALL.into_iter().enumerate() {
            assert!(DeedKind::ALL[..at].iter().all(|it| title(*it) != title(kind)), "{kind:?}");
        }
    }

    #[test]
    fn an_address_leads_back_to_what_it_asks_for() {
        let pairs =
            [("kind", "export"), ("who", "a+b@example.com"), ("from", "2026-11-22T10:00"), ("after", "5.7")];
        let value = |name: &str| pairs.iter().find(|it| it.0 == name).map(|it| it.1.to_owned());
        let query = AuditQuery::parse(value);
        assert_eq!(
            query.href("/audit"),
            "/audit?kind=export&who=a%2Bb%40example.com&from=2026-11-22T10%3A00&after=5.7"
        );
        let odd = |name: &str| (name == "kind" || name == "after").then(|| "nonsense".to_owned());
        assert_eq!(AuditQuery::parse(odd), AuditQuery::default());
    }
}
