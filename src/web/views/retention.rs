//! How long what came is kept, in words.

use super::time::When;
use super::words::{count, number};
use super::{Around, Frame, Place};
use crate::app::{Gone, Old, OldKind, amount};
use crate::model::Timestamp;
use askama::Template;

/// What the page shows.
#[derive(Debug)]
pub struct RetentionInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// Days for bytes, days for refused calls, months for packages that have ended, days for the audit; `None`: for ever.
    pub kept: [Option<u32>; 4],
    /// When it was last seen to, and what went.
    pub last: Option<(Timestamp, Gone)>,
    /// What went until now, while it is being seen to.
    pub going: Option<Gone>,
    /// What would go now, if somebody asked.
    pub old: Option<&'a [Old]>,
    /// What a button has just done.
    pub notice: Option<&'a str>,
    /// The erasing of a person.
    pub erase: ErasePart<'a>,
}

/// What the part of the page shows that erases a person.
#[derive(Debug, Default, Clone, Copy)]
pub struct ErasePart<'a> {
    /// The mail address and the name that were typed.
    pub typed: [&'a str; 2],
    /// What was found, or done.
    pub lines: &'a [String],
    /// It was done.
    pub erased: bool,
    /// Why nobody can be erased so.
    pub wrong: Option<&'a str>,
}

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "retention.html")]
pub struct RetentionPage<'a> {
    frame: Frame,
    rows: Vec<KeptView>,
    keeps_all: bool,
    last: Option<(When, String)>,
    going: Option<String>,
    old: Option<Vec<(String, String)>>,
    notice: Option<&'a str>,
    erase: ErasePart<'a>,
}

#[derive(Debug)]
struct KeptView {
    what: &'static str,
    stays: &'static str,
    kept: String,
    key: &'static str,
}

impl<'a> RetentionPage<'a> {
    /// Puts it into words.
    #[must_use]
    pub fn new(input: RetentionInput<'a>) -> Self {
        let around = &input.around;
        let what = [
            ("Bytes of callbacks", "What was read in them stays. What can’t be read is kept.", "raw-days"),
            ("Refused calls", "", "refused-days"),
            (
                "Packages that have ended",
                "They go whole, with their bytes; late callbacks bring none back.",
                "ended-months",
            ),
            ("The audit", "", "audit-days"),
        ];
        let units = [("day", "days"), ("day", "days"), ("month", "months"), ("day", "days")];
        let rows = what.iter().zip(units).zip(input.kept);
        let row = |(((what, stays, key), (one, many)), kept): (
            (&(&'static str, &'static str, &'static str), _),
            Option<u32>,
        )| {
            let kept = kept.map_or_else(|| "for ever".to_owned(), |it| count(u64::from(it), one, many));
            KeptView { what, stays, kept, key }
        };
        Self {
            frame: Frame::new("Retention", Place::Audit, around),
            rows: rows.map(row).collect(),
            keeps_all: input.kept.iter().all(Option::is_none),
            last: input.last.map(|(at, gone)| (When::ago(at, around.now, around.zone), told(gone))),
            going: input.going.map(told),
            old: input.old.map(|old| old.iter().map(|it| line(it, around)).collect()),
            notice: input.notice,
            erase: input.erase,
        }
    }
}

fn told(gone: Gone) -> String {
    if gone.is_nothing() {
        return "nothing had to go".to_owned();
    }
    let parts = [
        (gone.packages, "package", "packages"),
        (gone.bodies, "callback’s bytes", "callbacks’ bytes"),
        (gone.refused, "refused call", "refused calls"),
        (gone.deeds, "entry of the audit", "entries of the audit"),
    ];
    let parts = parts.into_iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| count(n, one, many));
    format!("{} went", parts.collect::<Vec<_>>().join(", "))
}

/// What would go, and of which account.
fn line(it: &Old, around: &Around<'_>) -> (String, String) {
    let what = match it.kind {
        OldKind::Packages => {
            format!("{} with {} facts", count(it.count, "package", "packages"), number(it.size))
        }
        OldKind::Bodies => {
            format!("the bytes of {}, {}", count(it.count, "callback", "callbacks"), amount(it.size))
        }
        OldKind::Refused => {
            format!("{}, {}", count(it.count, "refused call", "refused calls"), amount(it.size))
        }
        OldKind::Deeds => count(it.count, "entry of the audit", "entries of the audit"),
    };
    (it.account.as_ref().map(|id| around.account(id).label).unwrap_or_default(), what)
}
