//! What needs a person: the strip at the top of the board and of a package's page.

use super::time::When;
use super::words::{self, shown};
use super::{Around, link};
use crate::app::Row;
use crate::model::{Package, Signer, SignerStatus, Status, Timestamp};

/// One thing that is wrong: a word for it, a sentence around a name, and what to do about it.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// The kind, in a word or two.
    pub word: &'static str,
    /// What stands before the person's name.
    pub before: &'static str,
    /// The person; empty if nobody was named.
    pub who: String,
    /// What stands between the person and the package.
    pub after: &'static str,
    /// The same where the package need not be named.
    pub alone: &'static str,
    /// What to do next.
    pub todo: String,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// An entry of the board's strip.
#[derive(Debug)]
pub struct StripItem {
    /// What is wrong with it, the gravest first.
    pub trouble: Trouble,
    /// How many other things are wrong with it.
    pub others: usize,
    /// Its page.
    pub href: String,
    /// Its name, or its id.
    pub name: String,
    /// Since when.
    pub when: Option<When>,
    key: String,
}

/// At most this many are shown, then "and 9 more".
const MOST_SHOWN: usize = 3;

/// The board's strip.
#[derive(Debug)]
pub struct Strip {
    /// The first ones.
    pub items: Vec<StripItem>,
    /// How many more there are.
    pub more: u64,
    /// Where all of them are.
    pub all: String,
    /// Changes when what the strip says changes, and not when only a minute has passed: a screen reader speaks once.
    pub key: String,
}

impl Strip {
    pub(super) fn new(rows: &[Row], total: u64, all: String, around: &Around<'_>) -> Self {
        let items: Vec<StripItem> =
            rows.iter().filter_map(|row| StripItem::new(row, around)).take(MOST_SHOWN).collect();
        let more = total.saturating_sub(items.len() as u64);
        let keys: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
        Self { more, all, key: format!("{} {more}", keys.join(" ")), items }
    }
}

impl StripItem {
    fn new(row: &Row, around: &Around<'_>) -> Option<Self> {
        let account = around.account(&row.key.account);
        let mut troubles = of(&row.package, &account.provider_title).into_iter();
        let trouble = troubles.next()?;
        Some(Self {
            when: trouble.since.map(|at| When::ago(at, around.now, around.zone)),
            key: format!("{}:{}", link::row_id(&row.key), row.seq.0),
            href: link::package(&row.key),
            // A bare number would leave open whose it is.
            name: match &row.package.name {
                Some(name) => shown(name),
                None => format!("{} {}", account.label, shown(row.key.package.as_str())),
            },
            others: troubles.count(),
            trouble,
        })
    }
}

/// Everything that is wrong with a package, the gravest first.
pub(super) fn of(package: &Package, provider: &str) -> Vec<Trouble> {
    match package.status {
        Status::Draft | Status::Sent => {
            package.troubled().flat_map(|signer| of_signer(signer, provider)).collect()
        }
        Status::Declined => vec![refused(package, SignerStatus::Declined, provider)],
        Status::OptedOut => vec![refused(package, SignerStatus::OptedOut, provider)],
        Status::Failed => vec![Trouble {
            word: "Failed",
            before: "Signing failed at the provider",
            who: String::new(),
            after: ", ",
            alone: "",
            todo: format!("Look at the package in {provider}, and send it anew if it is still wanted."),
            since: decided_at(package),
        }],
        Status::Completed | Status::Expired | Status::Archived | Status::Cancelled | Status::Deleted => {
            Vec::new()
        }
    }
}

fn of_signer(signer: &Signer, provider: &str) -> Vec<Trouble> {
    let trouble = |word, before, [after, alone]: [&'static str; 2], todo: String| Trouble {
        word,
        before,
        who: words::signer_name(signer),
        after,
        alone,
        todo,
        since: signer.since,
    };
    let mut all = Vec::new();
    if signer.locked {
        let todo = format!("Unlock this signer in {provider}, or give the place to someone else.");
        all.push(trouble("Signer locked", "", [" is locked out of ", " is locked out"], todo));
    }
    if signer.bounced {
        let todo = format!("Put the address right in {provider}, or reach this signer another way.");
        all.push(trouble("E-mail came back", "The e-mail to ", [" came back, ", " came back"], todo));
    }
    if signer.kba_failed {
        let todo = format!("Look at the identity check in {provider}, or give the place to someone else.");
        let words = [" did not pass an identity check, ", " did not pass an identity check"];
        all.push(trouble("Identity check failed", "", words, todo));
    }
    all
}

fn refused(package: &Package, status: SignerStatus, provider: &str) -> Trouble {
    let signer = package.present().find(|signer| signer.status == status);
    let opted_out = status == SignerStatus::OptedOut;
    Trouble {
        word: if opted_out { "Opted out" } else { "Declined" },
        before: if signer.is_some() { "" } else { "A signer" },
        who: signer.map(words::signer_name).unwrap_or_default(),
        after: if opted_out { " opted out of signing electronically, " } else { " declined to sign " },
        alone: if opted_out { " opted out of signing electronically" } else { " declined to sign" },
        todo: format!("Settle it with this signer, then change the package in {provider} and send it again."),
        since: signer.and_then(|signer| signer.since).or_else(|| decided_at(package)),
    }
}

fn decided_at(package: &Package) -> Option<Timestamp> {
    package.decided.as_ref().map(|it| it.happened_at.unwrap_or(it.received_at))
}
