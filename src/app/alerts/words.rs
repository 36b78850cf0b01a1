//! What is said of an alert: what happened, to whom, what to do. Known facts only. Where no names may be said, none are: not the
//! signer's, not the signer's words, and not the package's name, which often holds one.

use super::{MAIL, when};
use crate::app::App;
use crate::app::text::shown;
use crate::mail::{Item, Letter};
use crate::model::alert::AlertKind;
use crate::model::{Package, PackageKey, Signer, SignerStatus, Timestamp, link};
use crate::store::{Alert, Because, Occasion, Telling};
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// What is said of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// What happened, and to whom, as a sentence without a full stop.
    pub what: String,
    /// Of which package, or account.
    pub of: String,
    /// The signer's own words.
    pub quote: Option<String>,
    /// What to do, as sentences.
    pub todo: String,
}

/// What is said at `now` of an alert of an account with this label, with names or without.
#[must_use]
pub fn said(alert: &Alert, label: &str, names: bool, now: Timestamp) -> Said {
    let package = alert.state_of.as_deref();
    let signer = package.and_then(|it| befell(alert, it));
    let who = signer.filter(|_| names).map_or_else(|| "A signer".to_owned(), called);
    let mailed = signer.filter(|_| names).map_or_else(|| "a signer".to_owned(), written_to);
    let at = shown(label);
    let (what, todo) = match alert.kind {
        AlertKind::Locked => (
            format!("{who} was locked out"),
            format!("Unlock the signer at {at}; until then the signer can’t sign."),
        ),
        AlertKind::Bounced => (
            format!("The e-mail to {mailed} came back"),
            format!("Correct the e-mail address at {at}, or reach the signer another way."),
        ),
        AlertKind::IdentityFailed => (
            format!("{who} did not pass an identity check"),
            format!("See at {at} whether the check can be repeated, or identify the signer another way."),
        ),
        AlertKind::FieldRejected => (
            format!("{who} rejected a field"),
            format!("See at {at} which field it is, and ask the signer what is wrong with it."),
        ),
        AlertKind::ReadyToComplete => (
            "Everybody has signed, and the package waits for its sender".to_owned(),
            format!("Complete the package at {at}; until then it is not finished."),
        ),
        AlertKind::RenderFailed => (
            "The provider could not draw the pages of the document".to_owned(),
            format!("Open the document at {at}; if its pages can’t be read there, send it anew."),
        ),
        AlertKind::DepositFailed => (
            "What was signed could not be put into the electronic vault".to_owned(),
            format!("See at {at} why, and have it put there again or another way."),
        ),
        AlertKind::Declined => (
            format!("{who} declined to sign"),
            "Talk to the signer; if a signature is still needed, send a new package.".to_owned(),
        ),
        AlertKind::OptedOut => (
            format!("{who} opted out of signing electronically"),
            "Have the documents signed on paper, or talk to the signer and send a new package.".to_owned(),
        ),
        AlertKind::Expired => (
            "The time to sign ran out".to_owned(),
            format!("If a signature is still needed, send the package again at {at}."),
        ),
        AlertKind::Failed => (
            "The package failed: not everybody signed".to_owned(),
            format!("See at {at} why; if a signature is still needed, send a new package."),
        ),
        AlertKind::Cancelled => {
            ("The package was called off".to_owned(), "If that was not meant, send a new package.".to_owned())
        }
        AlertKind::Inactive => (
            format!("Nothing has happened for {}", lasted(alert, now)),
            format!("Remind at {at} the signer whom the package waits for."),
        ),
        AlertKind::Silent
        | AlertKind::Drifting
        | AlertKind::ApiRefuses
        | AlertKind::WrongSecrets
        | AlertKind::Quarantine
        | AlertKind::DiskLow
        | AlertKind::ForwardingFails
        | AlertKind::HookFails
        | AlertKind::MessagesFail => of_board(alert),
    };
    let reason = || package.and_then(|it| it.reason.as_deref()).filter(|it| !it.trim().is_empty());
    let quote = matches!(alert.kind, AlertKind::Declined | AlertKind::OptedOut).then(reason).flatten();
    Said { what, of: of(alert, &at, names), quote: quote.filter(|_| names).map(shown), todo }
}

/// For how long it has stood, or did: `an hour`, `36 hours`, `14 days`.
fn lasted(alert: &Alert, now: Timestamp) -> String {
    let until = alert.resolved.map_or(now, |(at, _)| at);
    match until.since(alert.began).max(0) / HOUR_MS {
        0 => "less than an hour".to_owned(),
        1 => "an hour".to_owned(),
        hours @ ..48 => format!("{hours} hours"),
        hours => format!("{} days", hours / 24),
    }
}

/// What is wrong with the board, and what to do.
fn of_board(alert: &Alert) -> (String, String) {
    let subject = shown(&alert.signer);
    let (what, todo) = match alert.kind {
        AlertKind::Silent => (
            "No callback has come for too long",
            "See on the page Providers whether the provider is still told to call this board, and send a test callback from there.",
        ),
        AlertKind::Drifting => (
            "Too many callbacks were missed within a day",
            "See on the page Sync which ones, and on the page Providers whether all callbacks are asked for.",
        ),
        AlertKind::ApiRefuses => (
            "The provider’s API does not answer, or refuses",
            "See on the page Providers what it says; the credentials may have to be renewed.",
        ),
        AlertKind::WrongSecrets => (
            "Callbacks with a wrong or missing secret arrive",
            "See in the inbox what was refused. If it was the provider, put the secret right there or in the configuration.",
        ),
        AlertKind::Quarantine => (
            "Callbacks can’t be read and wait in quarantine",
            "See in the inbox why, and read them again there once the cause is mended.",
        ),
        AlertKind::DiskLow => (
            "The disk is nearly full",
            "Make room on the disk of the data folder, or keep things for a shorter time. Callbacks are taken meanwhile; asking, comparing \
             and reading again wait.",
        ),
        AlertKind::ForwardingFails => (
            "Callbacks can’t be passed on to the other listener",
            "See on its page what the listener answers; what waits is tried again by itself, what was given up is sent again from there.",
        ),
        AlertKind::HookFails => {
            return (
                format!("The hook {subject} does not take what it is told"),
                "See on its page what the receiver answers; what waits is tried again by itself, what was given up is sent again from \
                 there."
                    .to_owned(),
            );
        }
        AlertKind::MessagesFail if alert.signer == MAIL => (
            "Mails about alerts can’t be sent",
            "See on the page Messages who was not told and why; `signboard doctor` tries the mail server.",
        ),
        _ => {
            return (
                format!("The channel {subject} can’t tell people of alerts"),
                "See on the page Messages who was not told and why.".to_owned(),
            );
        }
    };
    (what.to_owned(), todo.to_owned())
}

/// Where something is done about what is wrong with the board: an address on it, and what that page is called. `None`: it is of a package.
#[must_use]
pub fn page(alert: &Alert) -> Option<(String, &'static str)> {
    let (path, title) = match alert.kind {
        AlertKind::Silent | AlertKind::ApiRefuses => ("/providers", "Providers"),
        AlertKind::Drifting => ("/sync#missed", "Sync"),
        AlertKind::WrongSecrets => ("/inbox#refused", "Inbox"),
        AlertKind::Quarantine => ("/inbox#quarantine", "Inbox"),
        AlertKind::DiskLow => ("/retention", "Retention"),
        AlertKind::ForwardingFails => return Some((link::forwards(&alert.account), "Passing on")),
        AlertKind::HookFails => return Some((link::hook(&alert.signer), "Hook")),
        AlertKind::MessagesFail => ("/messages", "Messages"),
        _ => return None,
    };
    Some((path.to_owned(), title))
}

/// `“NDA” (OneSpan EU)`, `package 4711 (OneSpan EU)`, `OneSpan EU`, `this board`.
fn of(alert: &Alert, label: &str, names: bool) -> String {
    let Some(package) = &alert.package else {
        return if alert.account.0.is_empty() { "this board".to_owned() } else { label.to_owned() };
    };
    let name = alert.state_of.as_ref().filter(|_| names).and_then(|it| it.name.as_deref());
    match name {
        Some(name) => format!("“{}” ({label})", shown(name)),
        None => format!("package {} ({label})", shown(package.as_str())),
    }
}

/// The signer whom it befell, as far as that is known.
fn befell<'a>(alert: &Alert, package: &'a Package) -> Option<&'a Signer> {
    let refused = match alert.kind {
        AlertKind::Declined => Some(SignerStatus::Declined),
        AlertKind::OptedOut => Some(SignerStatus::OptedOut),
        _ => None,
    };
    let by_status = || package.present().find(|it| Some(it.status) == refused);
    package.signers.iter().find(|it| it.id == alert.signer && !alert.signer.is_empty()).or_else(by_status)
}

fn called(signer: &Signer) -> String {
    shown(signer.name.as_deref().or(signer.email.as_deref()).unwrap_or(&signer.id))
}

fn written_to(signer: &Signer) -> String {
    match (&signer.name, &signer.email) {
        (Some(name), Some(email)) => format!("{} ({})", shown(name), shown(email)),
        _ => called(signer),
    }
}

/// By what letters about one package are shown together.
fn thread(key: &PackageKey) -> String {
    let digest = Sha256::digest(key.to_string().as_bytes());
    digest.iter().take(12).fold("package-".to_owned(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

fn why(because: Because) -> &'static str {
    match because {
        Because::Follower => "who follows the package",
        Because::Sender => "under which the package was sent",
        Because::StandIn => "who stands in for somebody",
        Because::Rule => "which a rule of this board names",
        Because::Operator => "which hears of what is wrong with this board",
        Because::Fallback => "which hears of it where nobody else is found",
    }
}

impl App {
    /// The letter that tells an address of these, the oldest first.
    pub(super) fn letter(
        &self,
        (address, number): (&str, &str),
        tellings: &[(Telling, Alert)],
        (now, zone): (Timestamp, &TimeZone),
        (names, most): (bool, usize),
    ) -> Letter {
        let mut letter =
            Letter { number: number.to_owned(), to: address.to_owned(), at: now, ..Letter::default() };
        let board = self.config.server.public_url.as_deref();
        letter.all = board.map(|board| format!("{board}/alerts"));
        let (mut seen, mut first) = (Vec::new(), None);
        for (telling, alert) in tellings {
            // Raised and reminded of at once is one thing to say.
            if seen.contains(&alert.id) {
                continue;
            }
            seen.push(alert.id);
            if letter.items.len() + letter.resolved.len() >= most {
                letter.more += 1;
                continue;
            }
            let item = self.item(telling, alert, zone, names);
            first.get_or_insert_with(|| subject(telling.occasion, &item));
            if matches!(telling.occasion, Occasion::Resolved(_)) {
                letter.resolved.push(item);
            } else {
                letter.items.push(item);
            }
        }
        letter.subject = match seen.len() {
            0 | 1 => first.unwrap_or_default(),
            several => format!("{several} alerts"),
        };
        let mut keys = tellings.iter().map(|(_, alert)| alert.key());
        let key = keys.next().flatten();
        letter.thread = key.filter(|key| keys.all(|it| it.as_ref() == Some(key))).map(|key| thread(&key));
        let mut reasons: Vec<Because> = tellings.iter().map(|(it, _)| it.because).collect();
        reasons.sort();
        reasons.dedup();
        let reasons: Vec<&str> = reasons.into_iter().map(why).collect();
        letter.why.push(format!("From signboard to {address}, {}.", reasons.join(", ")));
        letter.why.extend(board.map(|board| format!("What is told, and when: {board}/me")));
        letter
    }

    /// Where an alert's package is, on the board and at its provider.
    pub(super) fn links(&self, alert: &Alert) -> (Option<String>, Option<String>) {
        let board = self.config.server.public_url.as_deref();
        let key = alert.key();
        let path = key.as_ref().map(link::package).or_else(|| page(alert).map(|(path, _)| path));
        let there = key.and_then(|key| {
            let app_url = self.accounts.get(&key.account)?.config.app_url.as_deref()?;
            link::at_provider(app_url, &key.package)
        });
        (board.zip(path).map(|(board, path)| format!("{board}{path}")), there)
    }

    /// What an account is called.
    pub(super) fn label_of<'a>(&'a self, alert: &'a Alert) -> &'a str {
        let account = self.accounts.get(&alert.account);
        account.map_or(alert.account.0.as_str(), |it| it.config.label.as_str())
    }

    fn item(&self, telling: &Telling, alert: &Alert, zone: &TimeZone, names: bool) -> Item {
        let said = said(alert, self.label_of(alert), names, self.now());
        let (link, provider) = self.links(alert);
        let since = match telling.occasion {
            Occasion::Raised => format!("since {}", when::stamp(alert.began, zone)),
            Occasion::Reminder(_) => format!("still, since {}", when::stamp(alert.began, zone)),
            Occasion::Again(_) => format!("again, since {}", when::stamp(alert.began, zone)),
            Occasion::Resolved(_) => String::new(),
        };
        Item { what: said.what, of: said.of, since, quote: said.quote, todo: said.todo, link, provider }
    }
}

fn subject(occasion: Occasion, item: &Item) -> String {
    let begin = match occasion {
        Occasion::Raised => "",
        Occasion::Reminder(_) => "Reminder: ",
        Occasion::Again(_) => "Again: ",
        Occasion::Resolved(_) => "Resolved: ",
    };
    format!("{begin}{} – {}", item.what, item.of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountId, PackageId, Status};
    use crate::store::Resolution;
    use std::sync::Arc;

    const NOW: Timestamp = Timestamp(14 * 24 * HOUR_MS);

    /// Ana Souza, who said something, of the package “NDA”.
    fn alert(kind: AlertKind) -> Alert {
        let of_package = !kind.is_the_operators();
        let signer = Signer {
            id: "s1".to_owned(),
            name: Some("Ana Souza".to_owned()),
            email: Some("ana@example.com".to_owned()),
            status: if kind == AlertKind::OptedOut { SignerStatus::OptedOut } else { SignerStatus::Declined },
            ..Signer::default()
        };
        let package = Package {
            name: Some("NDA".to_owned()),
            status: Status::Sent,
            reason: Some("too dear".to_owned()),
            signers: vec![signer],
            ..Package::default()
        };
        Alert {
            id: 1,
            account: AccountId("os".to_owned()),
            package: of_package.then(|| PackageId::parse("4711").unwrap()),
            state_of: of_package.then(|| Arc::new(package)),
            kind,
            signer: if of_package { "s1".to_owned() } else { String::new() },
            began: Timestamp(0),
            raised_at: Timestamp(0),
            late: false,
            taken: None,
            taken_before: Vec::new(),
            snoozed: None,
            resolved: None,
            nags: 0,
        }
    }

    /// Each sentence as a sender reads it: a kind that is not here has none that anybody has read.
    #[test]
    fn a_sender_reads_what_happened_to_whom_and_what_to_do() {
        let read = |kind| {
            let said = said(&alert(kind), "OneSpan", true, NOW);
            format!("{} – {}. {}", said.what, said.of, said.todo)
        };
        let table = [
            (
                AlertKind::Locked,
                "Ana Souza was locked out – “NDA” (OneSpan). Unlock the signer at OneSpan; until then the signer can’t sign.",
            ),
            (
                AlertKind::Bounced,
                "The e-mail to Ana Souza (ana@example.com) came back – “NDA” (OneSpan). Correct the e-mail address at OneSpan, or reach the signer another way.",
            ),
            (
                AlertKind::IdentityFailed,
                "Ana Souza did not pass an identity check – “NDA” (OneSpan). See at OneSpan whether the check can be repeated, or identify the signer another way.",
            ),
            (
                AlertKind::FieldRejected,
                "Ana Souza rejected a field – “NDA” (OneSpan). See at OneSpan which field it is, and ask the signer what is wrong with it.",
            ),
            (
                AlertKind::ReadyToComplete,
                "Everybody has signed, and the package waits for its sender – “NDA” (OneSpan). Complete the package at OneSpan; until then it is not finished.",
            ),
            (
                AlertKind::RenderFailed,
                "The provider could not draw the pages of the document – “NDA” (OneSpan). Open the document at OneSpan; if its pages can’t be read there, send it anew.",
            ),
            (
                AlertKind::DepositFailed,
                "What was signed could not be put into the electronic vault – “NDA” (OneSpan). See at OneSpan why, and have it put there again or another way.",
            ),
            (
                AlertKind::Declined,
                "Ana Souza declined to sign – “NDA” (OneSpan). Talk to the signer; if a signature is still needed, send a new package.",
            ),
            (
                AlertKind::OptedOut,
                "Ana Souza opted out of signing electronically – “NDA” (OneSpan). Have the documents signed on paper, or talk to the signer and send a new package.",
            ),
            (
                AlertKind::Expired,
                "The time to sign ran out – “NDA” (OneSpan). If a signature is still needed, send the package again at OneSpan.",
            ),
            (
                AlertKind::Failed,
                "The package failed: not everybody signed – “NDA” (OneSpan). See at OneSpan why; if a signature is still needed, send a new package.",
            ),
            (
                AlertKind::Cancelled,
                "The package was called off – “NDA” (OneSpan). If that was not meant, send a new package.",
            ),
            (
                AlertKind::Inactive,
                "Nothing has happened for 14 days – “NDA” (OneSpan). Remind at OneSpan the signer whom the package waits for.",
            ),
        ];
        for (kind, sentence) in table {
            assert_eq!(read(kind), sentence);
        }
        let of_packages = AlertKind::ALL.into_iter().filter(|it| !it.is_the_operators());
        let unread: Vec<_> = of_packages.filter(|it| table.iter().all(|(kind, _)| kind != it)).collect();
        assert_eq!(unread, []);
    }

    /// Seen red with: `for days`, whatever the configuration calls long.
    #[test]
    fn how_long_nothing_has_happened_is_said_as_it_is() {
        let mut still = alert(AlertKind::Inactive);
        let read = |it: &Alert, hours: i64| said(it, "OneSpan", true, Timestamp(hours * HOUR_MS + 1)).what;
        for (hours, long) in
            [(1, "an hour"), (6, "6 hours"), (47, "47 hours"), (48, "2 days"), (24 * 15 - 1, "14 days")]
        {
            assert_eq!(read(&still, hours), format!("Nothing has happened for {long}"));
        }
        still.resolved = Some((Timestamp(7 * HOUR_MS), Resolution::Cleared));
        assert_eq!(read(&still, 900), "Nothing has happened for 7 hours", "until something did");
    }

    #[test]
    fn every_kind_says_one_thing_that_happened_and_something_to_do() {
        let mut whats = Vec::new();
        for kind in AlertKind::ALL {
            let said = said(&alert(kind), "OneSpan", true, NOW);
            assert!(!said.what.is_empty() && !said.what.ends_with('.'), "{kind:?}: {said:?}");
            assert!(said.what.starts_with(char::is_uppercase), "{kind:?}: {said:?}");
            assert!(said.todo.ends_with('.') && said.todo.len() > 20, "{kind:?}: {said:?}");
            assert!(!whats.contains(&said.what), "two kinds say: {}", said.what);
            let quoted = matches!(kind, AlertKind::Declined | AlertKind::OptedOut);
            assert_eq!(said.quote.is_some(), quoted, "{kind:?}");
            whats.push(said.what);
        }
    }

    #[test]
    fn without_names_nothing_that_a_signer_is_called_or_said_is_said() {
        for kind in AlertKind::ALL {
            let said = format!("{:?}", said(&alert(kind), "OneSpan", false, NOW));
            for name in ["Ana", "Souza", "ana@", "NDA", "too dear", "s1"] {
                assert!(!said.contains(name), "{kind:?}: {said}");
            }
        }
    }

    /// What the board doesn't know yet, it doesn't say.
    #[test]
    fn a_signer_whom_nobody_named_is_a_signer() {
        for kind in [AlertKind::Locked, AlertKind::Bounced, AlertKind::Declined, AlertKind::OptedOut] {
            let mut unknown = alert(kind);
            let nameless = Package { status: Status::Sent, ..Package::default() };
            (unknown.state_of, unknown.signer) = (Some(Arc::new(nameless)), String::new());
            let said = said(&unknown, "OneSpan", true, NOW);
            assert!(said.what.to_lowercase().contains("a signer"), "{said:?}");
            assert_eq!((said.of.as_str(), said.quote), ("package 4711 (OneSpan)", None));
        }
    }
}
