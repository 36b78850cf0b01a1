//! A document as Legalesign's REST API shows it: JSON in, a [`Snapshot`] out. Pure.
//!
//! | of the board | from |
//! |---|---|
//! | status | `status`; for 10 also the signers', which alone say whether it went out (state.md rule 19) |
//! | name, group, sender | `name`; the last segments of `group` and `user`, since a user's name is told elsewhere |
//! | reference | `tag`, `tag1`, `tag2` |
//! | archived, final PDF | `archived`, `download_final` |
//! | created, updated | `created`, `modified` |
//! | signers and how far they are | `signer_objects`, else `signers`; their order only if `signers_in_order` |
//! | the reason of a refusal | not told here: [`super::api`] asks for it |
//!
//! Known quirks: a signer in `signers` is a list of eight values, `[uri, first name, last name, e-mail, phone, has_fields,
//! status, order]`; the vendor's schema calls all of them texts, its example shows flags and numbers. `signer_objects` came
//! in 2026 and isn't everywhere. URIs say `/signer/` and `/signers/`. `signers_in_order` is 0 or 1 in a list and a flag
//! elsewhere. A signer may be decided on later, and has neither name nor mail until then. When somebody signed isn't told.

use super::terms::{REFUSED, bare, brief, last_segment, moment, prose, reference, step};
use crate::model::{Identity, PackageId, Person, Place, SignerId, SignerStatus, Snapshot, Status};
use crate::provider::FetchError;
use crate::provider::lenient::{Flag, Number, Word};
use serde::Deserialize;
use serde_json::Value;

/// From this code on, somebody wrote to the signer.
const WRITTEN_TO: i64 = 10;

/// The JSON of a document, as far as the board has a use for it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DocumentJson {
    uuid: Word,
    resource_uri: Word,
    name: Word,
    status: Word,
    archived: Flag,
    download_final: Flag,
    group: Word,
    user: Word,
    tag: Word,
    tag1: Word,
    tag2: Word,
    created: Word,
    modified: Word,
    signers_in_order: Flag,
    signers: Value,
    signer_objects: Value,
}

/// A signer in either of the two spellings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SignerJson {
    uuid: Word,
    resource_uri: Word,
    firstname: Word,
    lastname: Word,
    email: Word,
    status: Number,
    order: Number,
}

impl DocumentJson {
    /// The document's id, if it is one that can be kept.
    pub(super) fn id(&self) -> Option<PackageId> {
        id(&self.uuid, &self.resource_uri).as_deref().and_then(PackageId::parse)
    }

    /// The document in the house's words.
    ///
    /// # Errors
    /// A status that is missing or that we have no word for, and signers that were left out: to guess would move the board.
    pub(super) fn into_snapshot(self) -> Result<Snapshot, FetchError> {
        let signers = self.signers()?;
        let status = status(self.status.0.as_deref(), &signers)?;
        let in_order = self.signers_in_order.0.unwrap_or(false);
        let places = signers.into_iter().zip(0..);
        let places = places.filter_map(|(it, position)| it.into_place(position, in_order)).collect();
        let text = |word: &Word| prose(word.0.as_deref());
        let named = |word: &Word| prose(word.0.as_deref().and_then(last_segment));
        Ok(Snapshot {
            status,
            name: text(&self.name),
            sender: named(&self.user).map(|id| Person { id: bare(&id), name: None, email: None }),
            group: named(&self.group),
            reference: reference([&self.tag, &self.tag1, &self.tag2].map(|tag| tag.0.as_deref())),
            data: [("tag", &self.tag), ("tag1", &self.tag1), ("tag2", &self.tag2)]
                .into_iter()
                .filter_map(|(name, tag)| Some((name.to_owned(), text(tag)?)))
                .collect(),
            created: self.created.0.as_deref().and_then(moment),
            updated: self.modified.0.as_deref().and_then(moment),
            // It ends with its last signature: nobody's desk has it in between.
            autocomplete: true,
            archived: self.archived.0.unwrap_or(false),
            final_pdf: self.download_final.0.unwrap_or(false),
            places,
            ..Snapshot::default()
        })
    }

    fn signers(&self) -> Result<Vec<SignerJson>, FetchError> {
        let lists = [&self.signer_objects, &self.signers].map(Value::as_array);
        if lists.iter().all(Option::is_none) {
            return Err(FetchError::Unreadable("a document without its signers".to_owned()));
        }
        let read = |list: &Vec<Value>| list.iter().filter_map(SignerJson::read).collect::<Vec<_>>();
        let mut found = lists.into_iter().flatten().map(read).filter(|signers| !signers.is_empty());
        Ok(found.next().unwrap_or_default())
    }
}

impl SignerJson {
    fn read(value: &Value) -> Option<Self> {
        let signer = match value.as_array() {
            Some(values) => Self::of_eight(values),
            None => Self::deserialize(value).ok()?,
        };
        signer.id().is_some().then_some(signer)
    }

    fn of_eight(values: &[Value]) -> Self {
        let word = |at| values.get(at).and_then(|value| Word::deserialize(value).ok()).unwrap_or_default();
        let number =
            |at| values.get(at).and_then(|value| Number::deserialize(value).ok()).unwrap_or_default();
        Self {
            uuid: Word(None),
            resource_uri: word(0),
            firstname: word(1),
            lastname: word(2),
            email: word(3),
            status: number(6),
            order: number(7),
        }
    }

    fn id(&self) -> Option<SignerId> {
        id(&self.uuid, &self.resource_uri).as_deref().and_then(SignerId::parse)
    }

    /// A place with its one signer: at Legalesign they are the same.
    fn into_place(self, position: i64, in_order: bool) -> Option<Place> {
        let id = self.id()?.as_str().to_owned();
        let step = self.status.0.and_then(step);
        let refused = self.status.0 == Some(REFUSED);
        let reached = |status| step.is_some_and(|step| step.status() >= status);
        let parts = [self.firstname.0, self.lastname.0];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let person = Person {
            id: id.clone(),
            name: prose(Some(name.as_str())),
            email: prose(self.email.0.as_deref()),
        };
        Some(Place {
            role: id,
            index: if in_order { self.order.0.unwrap_or(position) } else { 0 },
            required: 1,
            signed: u32::from(reached(SignerStatus::Signed)),
            started: reached(SignerStatus::Signing),
            step,
            refused,
            untold: step.is_none() && !refused,
            people: vec![(person, Identity::Untold)],
            ..Place::default()
        })
    }
}

fn id(uuid: &Word, uri: &Word) -> Option<String> {
    uuid.0.as_deref().or_else(|| uri.0.as_deref().and_then(last_segment)).map(bare)
}

fn status(word: Option<&str>, signers: &[SignerJson]) -> Result<Status, FetchError> {
    let Some(word) = word else {
        return Err(FetchError::Unreadable("a document without a status".to_owned()));
    };
    Ok(match word.trim() {
        "10" if signers.iter().any(|it| it.status.0 >= Some(WRITTEN_TO)) => Status::Sent,
        "10" => Status::Draft,
        "20" => Status::Sent,
        "30" => Status::Completed,
        "40" => Status::Cancelled,
        "50" => Status::Declined,
        other => {
            return Err(FetchError::Unreadable(format!("a document of the unknown status {}", brief(other))));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const KEYS: [&str; 16] = [
        "uuid",
        "resource_uri",
        "name",
        "status",
        "archived",
        "download_final",
        "group",
        "user",
        "tag",
        "tag1",
        "created",
        "modified",
        "signers_in_order",
        "signers",
        "signer_objects",
        "firstname",
    ];

    fn text() -> impl Strategy<Value = Value> {
        let odd = prop::sample::select(vec![
            "",
            "/",
            "//",
            "10",
            "50",
            " 30 ",
            "\0",
            "a\0b",
            "..",
            "/api/v1/signer/s/",
            "0000-00-00T99:99:99",
            "9999-12-31T23:59:60",
            "-9223372036854775808",
            "true",
        ]);
        prop_oneof![3 => odd.prop_map(Value::from), 1 => any::<String>().prop_map(Value::from)]
    }

    /// Values that stand where others should, some of them nearly right.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            prop::sample::select(vec![4_i64, 10, 20, 30, 40, 50, 60, 100]).prop_map(Value::from),
            text(),
        ];
        leaf.prop_recursive(3, 24, 9, |inner| {
            let key = prop::sample::select(&KEYS[..]).prop_map(str::to_owned);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..10).prop_map(Value::from),
                prop::collection::hash_map(key, inner, 0..8)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Whatever stands in a document, it is read or refused; and what is read can be kept in a database.
        #[test]
        fn any_json(
            changes in prop::collection::vec((prop::sample::select(&KEYS[..]), prop_oneof![text(), value()]), 0..6),
            row in prop::collection::vec(value(), 0..10),
            status in prop::sample::select(vec![10, 20, 30, 40, 50]),
        ) {
            let mut json = json!({ "uuid": "p", "status": status, "signers": [row, ["/signer/s/"]] });
            for (key, value) in changes {
                json[key] = value;
            }
            let text = json.to_string();
            let document: DocumentJson = serde_json::from_str(&text).unwrap_or_else(|it| panic!("{text}: {it}"));
            prop_assert!(document.id().is_none_or(|id| !id.as_str().contains('\0')));
            match document.into_snapshot() {
                Ok(it) => {
                    let people = it.people().flat_map(|it| [Some(&it.id), it.name.as_ref(), it.email.as_ref()]);
                    let texts = [&it.name, &it.group, &it.reference].map(Option::as_ref);
                    for text in people.chain(texts).chain([it.sender.as_ref().map(|it| &it.id)]).flatten() {
                        prop_assert!(!text.is_empty() && !text.contains('\0'), "{:?}", text);
                    }
                    prop_assert!(it.places.iter().all(|it| it.signed <= it.required && it.people.len() == 1));
                }
                Err(FetchError::Unreadable(why)) => prop_assert!(why.len() < 300, "{}", why),
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}
