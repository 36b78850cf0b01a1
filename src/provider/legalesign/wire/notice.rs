//! The forms about one document: 'signed' ("the final PDF exists"), and the older 'sent' and 'rejected' (reference A1, A3).
//!
//! Only `json_signed` is covered by the signature, so where it came it alone is read. Its keys, and the key under which
//! 'sent' and 'rejected' say which they are, are published nowhere; 'signed' has no such key. So whatever key of unknown
//! meaning speaks of an event is taken for it: a word that we don't know is shown, where a final PDF that doesn't exist
//! would mislead. None of them tells a time.

use super::{described, parked};
use crate::model::{AccountId, Description, Event, PackageId};
use crate::provider::legalesign::form::Fields;
use crate::provider::legalesign::terms::{self, Kind};
use crate::provider::lenient::Word;
use crate::provider::{About, Parked, Report, fingerprint};
use std::collections::BTreeMap;

/// The longest `json_signed` that is read: a name, a group, tags of 250 characters each.
const MOST_BYTES: usize = 64 * 1024;

/// The keys whose meaning is published; a tag may well say "sent".
const PLAIN: [&str; 7] = ["resource_uri", "group", "name", "uuid", "tag", "tag1", "tag2"];

/// Keys by name; what came empty isn't there.
struct Keys(BTreeMap<String, String>);

pub(super) fn read(
    account: &AccountId,
    loose: &Fields<'_>,
    json_signed: Option<&[u8]>,
) -> Vec<Result<Report, Parked>> {
    match told(account, loose, json_signed) {
        Ok((fact, description)) => [Some(fact), description].into_iter().flatten().map(Ok).collect(),
        Err(why) => vec![Err(why)],
    }
}

fn told(
    account: &AccountId,
    loose: &Fields<'_>,
    json_signed: Option<&[u8]>,
) -> Result<(Report, Option<Report>), Parked> {
    let loose = Keys::of_form(loose);
    let keys = match json_signed {
        Some(json) => &Keys::of_json(json)?,
        None => &loose,
    };
    let package = keys.document()?;
    let (event, name) = match (keys.event(), loose.event()) {
        // Nobody vouches for this word, but it says that the form is not of the kind without one.
        (None, Some(word)) => (Event::Unrecognised, terms::brief(&format!("{word}, which is not signed"))),
        (Some("signed") | None, _) => (Event::PdfReady, "signed".to_owned()),
        (Some("sent"), _) => (Event::Sent, "sent".to_owned()),
        (Some("rejected"), _) => (Event::Declined { reason: None }, "rejected".to_owned()),
        (Some(word), _) => (Event::Unrecognised, terms::brief(word)),
    };
    // Another word can't be taken for the one that stands for the PDF.
    let (identity, word) =
        if event == Event::PdfReady { ("final_pdf", None) } else { ("notice", Some(name.as_str())) };
    let fingerprint = fingerprint(&[Some(&account.0), Some(identity), word, Some(package.as_str())]);
    let group = keys.get("group").and_then(terms::last_segment);
    let description = Description {
        name: terms::prose(keys.get("name")),
        reference: terms::reference(["tag", "tag1", "tag2"].map(|key| keys.get(key))),
        group: terms::prose(group),
        people: Vec::new(),
    };
    let description = described(account, &package, description, None, &name, None);
    let about = About::Package(package);
    Ok((Report { about, event, who: None, name, happened_at: None, fingerprint }, description))
}

impl Keys {
    /// Of a field that came twice the first counts.
    fn of_form(fields: &Fields<'_>) -> Self {
        let mut keys = BTreeMap::new();
        for (name, value) in fields.texts().filter(|(_, value)| !value.is_empty()) {
            keys.entry(name.into_owned()).or_insert_with(|| value.into_owned());
        }
        Self(keys)
    }

    fn of_json(json: &[u8]) -> Result<Self, Parked> {
        if json.len() > MOST_BYTES {
            return Err(parked(format!("`json_signed` has more than {MOST_BYTES} bytes")));
        }
        if !json.trim_ascii_start().starts_with(b"{") {
            return Err(parked("`json_signed` is no JSON object"));
        }
        let keys: BTreeMap<String, Word> = serde_json::from_slice(json)
            .map_err(|error| parked(format!("`json_signed` is not JSON: {error}")))?;
        Ok(Self(keys.into_iter().filter_map(|(key, Word(value))| Some((key, value?))).collect()))
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The document that it is about; two that differ are none.
    fn document(&self) -> Result<PackageId, Parked> {
        let named = match self.get("resource_uri").map(terms::resource) {
            None => None,
            Some(Ok((Kind::Document, id))) => Some(id),
            Some(Ok((Kind::Signer, _))) => {
                return Err(parked("`resource_uri` names a signer, not a document"));
            }
            Some(Err(why)) => return Err(parked(format!("`resource_uri`: {why}"))),
        };
        let uuid = self.get("uuid").map(terms::bare);
        if let (Some(named), Some(uuid)) = (&named, &uuid)
            && named != uuid
        {
            return Err(parked("`uuid` and `resource_uri` name two documents"));
        }
        let id = uuid.or(named).ok_or_else(|| parked("it names no document"))?;
        PackageId::parse(&id).ok_or_else(|| parked("`uuid` is nothing that can be an id"))
    }

    /// The word that says of which kind the form is: the vendor calls it the event's code.
    fn event(&self) -> Option<&str> {
        let speaks_of_it = |(key, value): &(&String, &String)| {
            let key = key.to_ascii_lowercase();
            let named = ["event", "code", "notif"].iter().any(|word| key.contains(word));
            !PLAIN.contains(&key.as_str()) && (named || ["sent", "rejected"].contains(&value.as_str()))
        };
        let guessed = || self.0.iter().find(speaks_of_it).map(|(_, value)| value.as_str());
        self.get("event").or_else(guessed)
    }
}
