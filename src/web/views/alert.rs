//! One alert in words: as an entry of the strip, of the page of alerts and of its package's page.

use super::time::When;
use super::words::shown;
use super::{Around, link};
use crate::app::alerts::{MAIL, Said, page, said};
use crate::app::{Alert, AlertState, Because, Occasion, Resolution, Taken, Telling, TellingState};
use crate::model::alert::AlertKind;

/// When the board learned of something is said where that was so much later.
const LATER_MS: i64 = 60_000;

/// An alert as a person reads it.
#[derive(Debug, Clone)]
pub struct AlertView {
    /// Its number.
    pub id: i64,
    /// Colour and shape of its word.
    pub class: &'static str,
    /// What it is, in a word or two.
    pub word: &'static str,
    /// What happened, to whom, and what to do.
    pub said: Said,
    /// The package's page, or the one where something is done about what is wrong with the board.
    pub href: String,
    /// The package's name, or its id; or that page, and the account.
    pub name: String,
    /// The account; empty: it is of the whole board, or said already.
    pub account: String,
    /// Since when.
    pub since: When,
    /// When the board learned of it, where that was a good while later.
    pub raised: Option<When>,
    /// It was old by then: nobody was told.
    pub late: bool,
    /// Who sees to it, or until when it is silent, or why it is over.
    pub life: Vec<Lived>,
    /// Who was told.
    pub told: Vec<ToldView>,
    /// Whoever looks may see to it.
    pub may: bool,
    /// Somebody sees to it already.
    pub taken: bool,
    /// It closes with that.
    pub ends: bool,
    /// Where to act; `None`: nobody has said where that is.
    pub there: Option<String>,
    /// How its provider is called, where it is of a package that stands.
    pub provider: String,
    /// How its provider calls the package.
    pub called: String,
    /// Its provider can be asked whether it is mended; how that is called.
    pub asks: Option<String>,
}

/// Something that came of an alert: words, who, more words, when, and what they said.
#[derive(Debug, Clone)]
pub struct Lived {
    /// What came of it.
    pub words: &'static str,
    /// Who did it; empty: nobody.
    pub who: String,
    /// When, or until when.
    pub when: When,
    /// What they said.
    pub why: Option<String>,
}

/// Somebody who was told, or is to be.
#[derive(Debug, Clone)]
pub struct ToldView {
    /// To whom it went, or by which channel.
    pub who: String,
    /// Of what, why they, and what came of it.
    pub words: String,
    /// When, where that is known.
    pub when: Option<When>,
    /// Why it didn't, the last time.
    pub error: Option<String>,
    /// It did not get there.
    pub failed: bool,
}

impl AlertView {
    /// An alert, and who was told of it.
    #[must_use]
    pub fn new(alert: &Alert, told: &[Telling], may: bool, around: &Around<'_>) -> Self {
        let account = around.account(&alert.account);
        let ago = |at| When::ago(at, around.now, around.zone);
        let name = alert.state_of.as_ref().and_then(|it| it.name.as_deref()).map(shown);
        let id = alert.package.as_ref().map(|it| shown(it.as_str())).unwrap_or_default();
        let over = alert.resolved.is_some();
        let there = alert.package.as_ref().filter(|_| !over);
        let there = there.zip(account.app_url.as_deref()).and_then(|(id, it)| link::at_provider(it, id));
        // Those pages open to whoever runs the board.
        let opens = around.who.is_some_and(|it| it.inbox);
        let of_board = page(alert).filter(|_| opens).map(|(path, title)| match account.label.as_str() {
            _ if alert.account.0.is_empty() => (path, title.to_owned()),
            label => (path, format!("{title} ({label})")),
        });
        let (of_board, done_at) = of_board.unzip();
        let can_ask = alert.package.is_some() && !over && !account.provider.is_empty();
        Self {
            id: alert.id,
            class: class(alert.kind),
            word: word(alert.kind),
            said: said(alert, &account.label, true, around.now),
            href: of_board.or_else(|| alert.key().map(|key| link::package(&key))).unwrap_or_default(),
            // A bare number would leave open whose it is.
            name: done_at.clone().or(name).unwrap_or_else(|| {
                if id.is_empty() { String::new() } else { format!("{} {id}", account.label) }
            }),
            since: ago(alert.began),
            raised: (alert.raised_at.since(alert.began) > LATER_MS).then(|| ago(alert.raised_at)),
            late: alert.late,
            life: life(alert, around),
            told: told.iter().filter(|it| it.alert == alert.id).map(|it| ToldView::new(it, around)).collect(),
            may: may && !over,
            taken: alert.taken.is_some(),
            ends: alert.kind.is_an_end(),
            there,
            provider: if alert.package.is_some() && !over {
                account.provider_title.clone()
            } else {
                String::new()
            },
            called: id,
            asks: can_ask.then_some(account.provider_title),
            account: if done_at.is_some() { String::new() } else { account.label },
        }
    }

    /// The same on the page of its package, which names that already.
    pub(super) fn at_home(self) -> Self {
        Self { href: String::new(), account: String::new(), ..self }
    }

    /// What a screen reader and a notification say of it.
    pub(super) fn spoken(&self) -> String {
        let of = if self.name.is_empty() { &self.account } else { &self.name };
        let of = if of.is_empty() { String::new() } else { format!(" – {of}") };
        format!("{}: {}{of}", self.word, self.said.what)
    }
}

impl ToldView {
    fn new(it: &Telling, around: &Around<'_>) -> Self {
        let (by, because) =
            if it.channel == MAIL { ("by mail", because(it.because)) } else { ("there", "a channel") };
        let who = if it.address.is_empty() { &it.channel } else { &it.address };
        let of = match it.occasion {
            Occasion::Raised => "",
            Occasion::Reminder(_) => "reminder, ",
            Occasion::Resolved(_) => "that it is resolved, ",
            Occasion::Again(_) => "that it stands again, ",
        };
        let at = |at| When::ago(at, around.now, around.zone);
        let (state, when) = match it.state {
            TellingState::Told => ("told", it.tried_at.map(at)),
            TellingState::Waiting => (
                "waits until",
                Some(When::near(it.due, around.now, around.zone)).filter(|_| it.due > around.now),
            ),
            TellingState::GivenUp => ("could not be told", it.tried_at.map(at)),
            TellingState::Unwanted => ("not told: there was nothing to tell any more", None),
        };
        let state =
            if it.state == TellingState::Waiting && when.is_none() { "is about to be told" } else { state };
        let error = it.error.as_deref().filter(|_| it.state != TellingState::Told);
        Self {
            who: shown(who),
            words: format!("{because}, {of}{by}: {state}"),
            when,
            error: error.map(shown),
            failed: it.state == TellingState::GivenUp,
        }
    }
}

/// Why somebody hears of it.
pub(super) fn because(it: Because) -> &'static str {
    match it {
        Because::Follower => "follows the package",
        Because::Sender => "sent the package",
        Because::StandIn => "stands in for somebody",
        Because::Rule => "named by a rule",
        Because::Operator => "looks after the board",
        Because::Fallback => "of the list of last resort",
    }
}

fn life(alert: &Alert, around: &Around<'_>) -> Vec<Lived> {
    let ago = |at| When::ago(at, around.now, around.zone);
    let mut all = Vec::new();
    if let Some((at, resolution)) = alert.resolved {
        let words = resolved(resolution);
        all.push(Lived { words, who: String::new(), when: ago(at), why: None });
    }
    let mut next: Option<&Taken> = None;
    for taken in alert.taken_before.iter().chain(&alert.taken).rev() {
        let (words, who) = match next {
            None => ("Taken by", shown(&taken.by)),
            Some(next) if next.by == taken.by => ("Taken before by", shown(&taken.by)),
            Some(_) => ("Taken over from", format!("{}, who took it", shown(&taken.by))),
        };
        let why = Some(&taken.why).filter(|it| !it.is_empty()).map(|it| shown(it));
        all.push(Lived { words, who, when: ago(taken.at), why });
        next = Some(taken);
    }
    if let (AlertState::Snoozed, Some((until, by))) = (alert.state(around.now), &alert.snoozed) {
        let when = When::near(*until, around.now, around.zone);
        all.push(Lived {
            words: "Silent, as asked by",
            who: format!("{}, until", shown(by)),
            when,
            why: None,
        });
    }
    all
}

/// Why it is over.
pub(super) fn resolved(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Cleared => "Resolved by itself: a later fact says that it stands no more",
        Resolution::Noted => "Closed, since somebody took note of it",
        Resolution::Aged => "Closed after a week in which nobody took note of it",
    }
}

/// A kind in a word or two.
#[must_use]
pub fn word(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Locked => "Signer locked",
        AlertKind::Bounced => "E-mail came back",
        AlertKind::IdentityFailed => "Identity check failed",
        AlertKind::FieldRejected => "Field rejected",
        AlertKind::ReadyToComplete => "Ready to complete",
        AlertKind::RenderFailed => "Pages not drawn",
        AlertKind::DepositFailed => "Not in the vault",
        AlertKind::Declined => "Declined",
        AlertKind::OptedOut => "Opted out",
        AlertKind::Expired => "Expired",
        AlertKind::Failed => "Failed",
        AlertKind::Cancelled => "Cancelled",
        AlertKind::Inactive => "No activity",
        AlertKind::Silent => "Account silent",
        AlertKind::Drifting => "Callbacks missed",
        AlertKind::ApiRefuses => "API refuses",
        AlertKind::WrongSecrets => "Wrong secrets",
        AlertKind::Quarantine => "Quarantine",
        AlertKind::DiskLow => "Disk nearly full",
        AlertKind::ForwardingFails => "Passing on fails",
        AlertKind::HookFails => "Hook fails",
        AlertKind::MessagesFail => "Messages fail",
    }
}

fn class(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Locked => "locked",
        AlertKind::Bounced => "bounced",
        AlertKind::IdentityFailed => "unidentified",
        AlertKind::ReadyToComplete => "with-sender",
        AlertKind::RenderFailed | AlertKind::DepositFailed | AlertKind::Failed => "failed",
        AlertKind::Declined => "declined",
        AlertKind::OptedOut => "opted-out",
        AlertKind::Expired => "expired",
        AlertKind::Cancelled => "cancelled",
        AlertKind::FieldRejected
        | AlertKind::Inactive
        | AlertKind::Silent
        | AlertKind::Drifting
        | AlertKind::ApiRefuses
        | AlertKind::WrongSecrets
        | AlertKind::Quarantine
        | AlertKind::DiskLow
        | AlertKind::ForwardingFails
        | AlertKind::HookFails
        | AlertKind::MessagesFail => "needs",
    }
}
