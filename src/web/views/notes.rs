//! What came of a package's alerts, for its timeline: who was told, who sees to it, and how it ended.

use super::Around;
use super::alert::{because, resolved, word};
use super::time::When;
use super::timeline::Entry;
use super::words::{Phrase, shown};
use crate::app::alerts::MAIL;
use crate::app::{Alert, Occasion, Resolution, Telling, TellingState};
use crate::model::Timestamp;

/// The newest come first.
pub(super) fn notes(
    alerts: &[(Alert, bool)],
    told: &[Telling],
    around: &Around<'_>,
) -> Vec<(Timestamp, Entry)> {
    let entry = |at: Timestamp, class, phrase, origin: Vec<String>| {
        let when = When::clock(at, around.zone);
        (at, Entry { when, class, phrase, origin, odd: Vec::new(), payload: None })
    };
    let mut all = Vec::new();
    for (alert, _) in alerts {
        let what = word(alert.kind);
        for telling in told.iter().filter(|it| it.alert == alert.id) {
            if let Some((at, class, phrase)) = sent(telling, what) {
                all.push(entry(at, class, phrase, vec![by(telling), because(telling.because).to_owned()]));
            }
        }
        let mut from: Option<&str> = None;
        for taken in alert.taken_before.iter().chain(&alert.taken) {
            let why = Some(&taken.why).filter(|it| !it.is_empty()).map(|it| shown(it));
            let after = match from.replace(&taken.by).filter(|from| *from != taken.by) {
                Some(from) => format!(" takes over from {}: {what}", shown(from)),
                None => format!(" sees to it: {what}"),
            };
            let phrase = Phrase { name: shown(&taken.by), after, quote: why, ..Phrase::default() };
            all.push(entry(taken.at, "on", phrase, vec!["on the page of alerts".to_owned()]));
        }
        if let Some((at, why)) = alert.resolved {
            let class = if why == Resolution::Cleared { "good" } else { "plain" };
            let phrase = Phrase { before: format!("Alert over: {what}"), ..Phrase::default() };
            all.push(entry(at, class, phrase, vec![resolved(why).to_owned()]));
        }
    }
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    all
}

fn sent(telling: &Telling, what: &str) -> Option<(Timestamp, &'static str, Phrase)> {
    let (class, verb) = match telling.state {
        TellingState::Told => ("plain", "was told"),
        TellingState::GivenUp => ("bad", "could not be told"),
        TellingState::Waiting | TellingState::Unwanted => return None,
    };
    let of = match telling.occasion {
        Occasion::Raised => "",
        Occasion::Reminder(_) => "once more, ",
        Occasion::Resolved(_) => "that it is resolved, ",
        Occasion::Again(_) => "that it stands again, ",
    };
    let name = shown(if telling.address.is_empty() { &telling.channel } else { &telling.address });
    let phrase = Phrase { name, after: format!(" {verb}: {of}{what}"), ..Phrase::default() };
    Some((telling.tried_at?, class, phrase))
}

fn by(telling: &Telling) -> String {
    if telling.channel == MAIL { "by mail".to_owned() } else { format!("by {}", shown(&telling.channel)) }
}
