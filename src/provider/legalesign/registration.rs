//! Registering at Legalesign: subscriptions of several kinds, each for itself (reference A1).
//!
//! Known quirks: a kind is a word when it is subscribed and a number when it is listed. An unsubscribing call names the
//! address, a filter and a group, but no kind, so it may take every kind of that address with it; what is missing then is
//! subscribed once more. It answers 200 also when nothing was subscribed: whether it worked is seen in the list alone.

use super::api::Api;
use super::terms::WORDS;
use crate::config::Secret;
use crate::model::Timestamp;
use crate::provider::FetchError;
use crate::provider::lenient::{Flag, Word};
use crate::provider::registration::{
    ASLEEP, Change, Handle, Hook, Proof, Registered, Registration, Wanted, name, several,
};
use crate::provider::rest::{read_json, registering, there};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The kinds by number and by word; the first three bring all that the board can use.
const KINDS: [(&str, &str); 5] =
    [("1", "all"), ("2", "signed"), ("10", "realtime"), ("3", "sent"), ("4", "rejected")];

const WISHED: usize = 3;

/// More subscriptions than this are not looked at.
const MOST: usize = 1_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SubscriptionJson {
    active: Flag,
    notify_when: Word,
    url: Word,
    group_id: Word,
    event_filter: Word,
}

impl Api {
    /// What is subscribed, and what has to change.
    pub(super) async fn registered(
        &self,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<Registration, FetchError> {
        let url = self.rest.address("/notifications/")?;
        let read = |reply| {
            let told: Value = read_json(&there(reply)?.body, "subscriptions")?;
            let told = told.get("objects").unwrap_or(&told).as_array().cloned();
            let told = told.ok_or_else(|| FetchError::Unreadable("no list of subscriptions".to_owned()))?;
            if told.len() > MOST {
                return Err(FetchError::Unreadable(format!("more than {MOST} subscriptions")));
            }
            Ok(told.into_iter().filter_map(|row| hook(row, wanted)).collect())
        };
        let hooks: Vec<Hook> = self.rest.get(url, now, read).await.map_err(registering)?;
        let wished = KINDS.iter().take(WISHED).map(|(_, kind)| Hook {
            target: wanted.ours(),
            kind: Some((*kind).to_owned()),
            events: None,
            proof: Proof::NoMatter,
            flaw: None,
            handle: None,
        });
        let changes = several(hooks.clone(), wished.collect(), wanted);
        let words = hooks.iter().filter(|it| it.calls_us()).flat_map(words).map(str::to_owned).collect();
        Ok(Registration { now: Registered::Hooks(hooks), changes, words: Some(words) })
    }

    /// Subscribes, or takes a subscription back.
    pub(super) async fn register(
        &self,
        wanted: &Wanted,
        change: &Change,
        now: Timestamp,
    ) -> Result<(), FetchError> {
        let (path, body) = match change {
            Change::Set { hook, .. } => ("/subscribe/", json!({ "url": wanted.url(), "notify": hook.kind })),
            Change::Remove(hook) => {
                let Some(handle) = &hook.handle else { return Ok(()) };
                let mut body = Map::from_iter([("url".to_owned(), json!(handle.url.expose()))]);
                body.extend(handle.filter.as_ref().map(|it| ("eventFilter".to_owned(), json!(it))));
                body.extend(handle.group.as_ref().map(|it| ("group".to_owned(), json!(it))));
                ("/unsubscribe/", Value::Object(body))
            }
        };
        let url = self.rest.address(path)?;
        let done = self.rest.call(Method::POST, url, Some(&body), now, |reply| there(reply).map(drop));
        done.await.map_err(registering)
    }
}

/// The entries of the batch for which a realtime event comes as well.
const REALTIME: [(&str, &str); 7] = [
    ("document.created", "document status 10"),
    ("document.finalPdfCreated", "document status 30"),
    ("document.rejected", "document status 50"),
    ("recipient.emailOpened", "signer status 15"),
    ("recipient.visiting", "signer status 20"),
    ("recipient.completed", "signer status 40"),
    ("recipient.rejected", "signer status 60"),
];

/// What a subscription tells, in the words of the batch.
fn words(hook: &Hook) -> Vec<&'static str> {
    let filter = hook.handle.as_ref().and_then(|it| it.filter.as_deref()).unwrap_or("*");
    let passes = |event: &str| match filter.strip_suffix('*') {
        Some(start) => event.starts_with(start),
        None => event == filter,
    };
    match hook.kind.as_deref() {
        Some("all") => WORDS.iter().map(|(_, _, word)| *word).collect(),
        Some("realtime") => REALTIME.iter().filter(|it| passes(it.0)).map(|(_, word)| *word).collect(),
        // The final PDF is made when everybody has signed.
        Some("signed") => vec!["document status 30"],
        Some("sent") => vec!["signer status 10"],
        Some("rejected") => vec!["document status 50"],
        _ => Vec::new(),
    }
}

/// A row of the list. One that can't be read calls nobody that we know of.
fn hook(row: Value, wanted: &Wanted) -> Option<Hook> {
    let row: SubscriptionJson = serde_json::from_value(row).ok()?;
    let url = row.url.0?;
    let told = row.notify_when.0.unwrap_or_default();
    let known = KINDS.iter().find(|(number, word)| *number == told || word.eq_ignore_ascii_case(&told));
    let kind = known.map_or_else(|| name(&told), |(_, word)| (*word).to_owned());
    let full = |it: &Option<String>| it.as_ref().is_none_or(String::is_empty);
    let (filter, group) = (row.event_filter.0, row.group_id.0);
    let flaw = match (full(&filter), full(&group)) {
        (false, _) => Some("for some events only"),
        (_, false) => Some("for one group only"),
        (true, true) => (row.active.0 == Some(false)).then_some(ASLEEP),
    };
    let given = |it: Option<String>| it.filter(|it| !it.is_empty());
    let handle = Handle { url: Secret::new(url.as_str()), filter: given(filter), group: given(group) };
    let target = wanted.target(&url);
    Some(Hook { target, kind: Some(kind), events: None, proof: Proof::NoMatter, flaw, handle: Some(handle) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen red with: filters not looked at.
    #[test]
    fn a_subscription_tells_what_its_kind_and_its_filter_let_through() {
        let told = |kind: &str, filter: Option<&str>| {
            let (filter, url) = (filter.map(str::to_owned), Secret::new("https://board.example.com"));
            let handle = Some(Handle { url, filter, group: None });
            let kind = Some(kind.to_owned());
            let target = crate::provider::registration::Target::Nobody;
            words(&Hook { target, kind, events: None, proof: Proof::NoMatter, flaw: None, handle })
        };
        assert_eq!(told("all", None).len(), WORDS.len());
        assert_eq!(told("realtime", None).len(), REALTIME.len());
        assert_eq!(told("realtime", Some("document.*")).len(), 3);
        assert_eq!(told("realtime", Some("recipient.completed")), ["signer status 40"]);
        assert_eq!(told("signed", None), ["document status 30"]);
        assert!(told("7", None).is_empty());
        let known = |it: &str| WORDS.iter().any(|(_, _, word)| *word == it);
        assert!(REALTIME.iter().all(|(_, word)| known(word)));
    }
}
