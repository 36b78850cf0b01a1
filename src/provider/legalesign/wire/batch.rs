//! The batch "all": a list of changes of many documents and signers, each read on its own (reference A2 and A4).
//!
//! The place in the list decides nothing: facts sort by their time and the rank of their code. An entry whose time is
//! missing or can't be read stays a fact without one, since a refusal must not be missed for the spelling of a date; its
//! text goes into the fingerprint, so that two of them stay two.

use super::parked;
use crate::model::{AccountId, Event, PackageId, SignerId, Step, Timestamp};
use crate::provider::legalesign::terms::{self, Kind};
use crate::provider::lenient::Word;
use crate::provider::{About, Parked, Report, fingerprint};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// More entries than this are kept as bytes and not read. Hundreds are normal; a body at its limit can hold some more.
const MOST_ENTRIES: usize = 20_000;

/// So many entries say each for itself why they can't be read; the others are counted.
const MOST_SENTENCES: usize = 20;

pub(super) fn read(account: &AccountId, data: &[u8]) -> Vec<Result<Report, Parked>> {
    if !data.trim_ascii_start().starts_with(b"[") {
        return vec![Err(parked("`data` is no JSON list"))];
    }
    let Entries { entries, beyond } = match serde_json::from_slice(data) {
        Ok(entries) => entries,
        Err(error) => return vec![Err(parked(format!("`data` is not JSON: {error}")))],
    };
    let mut told = Vec::with_capacity(entries.len());
    let mut unread = 0;
    for (at, entry) in entries.iter().enumerate() {
        match read_entry(account, entry.get()) {
            Ok(report) => told.push(Ok(report)),
            Err(why) => {
                unread += 1;
                if unread <= MOST_SENTENCES {
                    told.push(Err(parked(format!("entry {}: {why}", at + 1))));
                }
            }
        }
    }
    if unread > MOST_SENTENCES {
        let more = unread - MOST_SENTENCES;
        told.push(Err(parked(format!("{more} more entries can't be read either"))));
    }
    if beyond > 0 {
        let sentence = format!("the {beyond} entries after the first {MOST_ENTRIES} were not read");
        told.push(Err(parked(sentence)));
    }
    told
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    timestamp: Word,
    name: Word,
    value: Word,
    resource_uri: Word,
}

fn read_entry(account: &AccountId, json: &str) -> Result<Report, String> {
    if !json.starts_with('{') {
        return Err("it is no JSON object".to_owned());
    }
    let entry: Entry = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let text = |word: Word, key: &str| word.0.ok_or_else(|| format!("`{key}` is missing"));
    let uri = text(entry.resource_uri, "resource_uri")?;
    let name = text(entry.name, "name")?;
    let value = text(entry.value, "value")?;
    let (kind, id) = terms::resource(&uri).map_err(|why| format!("`resource_uri`: {why}"))?;
    let code = value.trim().parse::<i64>().ok();
    let value = code.map_or(value, |code| code.to_string());
    let happened_at = entry.timestamp.0.as_deref().and_then(terms::moment);
    let time = match happened_at {
        Some(Timestamp(millis)) => Some(millis.to_string()),
        None => entry.timestamp.0.map(|text| format!("?{text}")),
    };
    let fingerprint = fingerprint(&[
        Some(&account.0),
        Some(kind.word()),
        Some(&id),
        Some(&name),
        Some(&value),
        time.as_deref(),
    ]);
    let code = code.filter(|_| name == "status");
    let (about, who, event) = match kind {
        Kind::Document => (PackageId::parse(&id).map(About::Package), None, document(code)),
        Kind::Signer => (SignerId::parse(&id).map(About::Signer), Some(id), signer(code)),
    };
    let about = about.ok_or("`resource_uri` names nothing that can be an id")?;
    let name = terms::brief(&format!("{} {name} {value}", kind.word()));
    Ok(Report { about, event, who, name, happened_at, fingerprint })
}

/// What a code of a document means; another name than `status` has no code.
fn document(code: Option<i64>) -> Event {
    match code {
        Some(10) => Event::Created,
        Some(20) => Event::Sent,
        Some(30) => Event::Completed,
        Some(40) => Event::Cancelled,
        Some(50) => Event::Declined { reason: None },
        // No status: it comes beside 30, once the final PDF is made (reference A2).
        Some(100) => Event::PdfReady,
        _ => Event::Unrecognised,
    }
}

fn signer(code: Option<i64>) -> Event {
    let step: Option<Step> = code.and_then(terms::step);
    match (step, code) {
        (Some(step), _) => Event::Stands(step),
        (None, Some(terms::REFUSED)) => Event::Refused { reason: None },
        (None, _) => Event::Unrecognised,
    }
}

/// The entries as they stand in the text, none of them read yet, so that none can spoil another; and how many there are
/// beyond the bound.
#[derive(Debug, Default)]
struct Entries<'a> {
    entries: Vec<&'a RawValue>,
    beyond: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entries<'de>, A::Error> {
                let mut found = Entries::default();
                while found.entries.len() < MOST_ENTRIES {
                    let Some(entry) = list.next_element()? else { return Ok(found) };
                    found.entries.push(entry);
                }
                while list.next_element::<IgnoredAny>()?.is_some() {
                    found.beyond += 1;
                }
                Ok(found)
            }
        }

        deserializer.deserialize_seq(List)
    }
}
