//! A package as OneSpan's REST API shows it, and Conga's, which is the same: JSON in, a [`Snapshot`] out. Pure.
//!
//! The fields come from the reference, D.3; what tells a signer's state, from D.5; the statuses, from E.1.
//!
//! Known quirks: null, "" and missing mean the same, and the keys come in any order. Dates are whole seconds.
//! An approval names a role, not a signer. A person's `name` is usually empty, the two parts of it are not. Agreements
//! are documents like others, but accepting one is no signature.

use super::CONSENT;
use crate::model::{Identity, PackageId, Paper, Person, Place, Snapshot, Status, Timestamp};
use crate::provider::FetchError;
use crate::provider::lenient::{Flag, Many, Maybe, Number, Scalar, Time, Word};
use serde::Deserialize;
use serde::de::Deserializer;
use std::collections::BTreeMap;

/// The longest reference that is kept, in characters.
const REFERENCE_CHARS: usize = 500;
/// So much of the customer's `data` is kept as it is.
const MOST_DATA: usize = 50;

/// The JSON of a package, as far as the board has a use for it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PackageJson {
    id: Word,
    name: Word,
    status: Word,
    #[serde(rename = "type")]
    kind: Word,
    trashed: Flag,
    autocomplete: Flag,
    consent: Word,
    due: Time,
    created: Time,
    updated: Time,
    data: Data,
    sender: Maybe<PersonJson>,
    /// `None` only where the key is missing.
    #[serde(deserialize_with = "told")]
    roles: Option<Many<RoleJson>>,
    #[serde(deserialize_with = "told")]
    documents: Option<Many<DocumentJson>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PersonJson {
    id: Word,
    name: Word,
    first_name: Word,
    last_name: Word,
    email: Word,
    knowledge_based_authentication: Maybe<CheckJson>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CheckJson {
    knowledge_based_authentication_status: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RoleJson {
    id: Word,
    index: Number,
    name: Word,
    locked: Flag,
    signers: Many<PersonJson>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DocumentJson {
    id: Word,
    name: Word,
    approvals: Many<ApprovalJson>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ApprovalJson {
    role: Word,
    accepted: Time,
    signed: Time,
    optional: Flag,
    disabled: Flag,
}

impl PackageJson {
    /// The package's id, if it is one that can be kept.
    pub(super) fn id(&self) -> Option<PackageId> {
        self.id.0.as_deref().and_then(PackageId::parse)
    }

    /// Whether it describes the package at all: a list can be asked for ids alone, or an edition may shorten its rows.
    pub(super) fn is_whole(&self) -> bool {
        self.status.0.is_some() && self.roles.is_some() && self.documents.is_some()
    }

    /// The package in the house's words.
    ///
    /// # Errors
    /// A status that is missing or that we have no word for: to guess one would move the board.
    pub(super) fn into_snapshot(self) -> Result<Snapshot, FetchError> {
        let status = status(self.status.0.as_deref())?;
        let consent = self.consent.0;
        let documents: Vec<Sheet> = self
            .documents
            .unwrap_or_default()
            .0
            .into_iter()
            .filter_map(|document| Sheet::of(document, consent.as_deref()))
            .collect();
        let roles = self.roles.unwrap_or_default().0;
        Ok(Snapshot {
            status,
            trashed: self.trashed.0.unwrap_or(false),
            template: matches!(self.kind.0.as_deref(), Some("TEMPLATE" | "LAYOUT")),
            name: self.name.0,
            sender: self.sender.0.and_then(PersonJson::into_person),
            reference: self.data.reference(),
            data: self.data.0,
            created: self.created.0,
            updated: self.updated.0,
            due: self.due.0,
            // The provider's default; and an answer that doesn't say must not put the package on the sender's desk.
            autocomplete: self.autocomplete.0.unwrap_or(true),
            places: roles.into_iter().filter_map(|role| place(role, &documents)).collect(),
            papers: documents.into_iter().map(Sheet::into_paper).collect(),
            ..Snapshot::default()
        })
    }
}

/// A key that is there, be it with null.
fn told<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Many<T>>, D::Error> {
    Many::deserialize(deserializer).map(Some)
}

/// Reference E.1: seven words. The trash is a flag, and "deleted" is a 404.
pub(super) fn status(word: Option<&str>) -> Result<Status, FetchError> {
    Ok(match word {
        Some("DRAFT") => Status::Draft,
        Some("SENT") => Status::Sent,
        Some("COMPLETED") => Status::Completed,
        Some("ARCHIVED") => Status::Archived,
        Some("DECLINED") => Status::Declined,
        Some("OPTED_OUT") => Status::OptedOut,
        Some("EXPIRED") => Status::Expired,
        Some(other) => {
            let short: String = other.chars().take(40).collect();
            return Err(FetchError::Unreadable(format!("a package of the unknown status {short:?}")));
        }
        None => return Err(FetchError::Unreadable("a package without a status".to_owned())),
    })
}

/// A document and the approvals in it.
struct Sheet {
    id: String,
    name: Option<String>,
    agreement: bool,
    approvals: Vec<Approval>,
}

/// A signature field's place in a document: one role has to accept it, and then to confirm the document.
struct Approval {
    role: String,
    accepted: Option<Timestamp>,
    signed: Option<Timestamp>,
    required: bool,
}

impl Sheet {
    /// `consent`, where a package has it, names the document that serves as its consent.
    fn of(json: DocumentJson, consent: Option<&str>) -> Option<Self> {
        let id = json.id.0?;
        let agreement = id == CONSENT || Some(id.as_str()) == consent;
        let approvals = json.approvals.0.into_iter().filter_map(Approval::of).collect();
        Some(Self { id, name: json.name.0, agreement, approvals })
    }

    /// A role has confirmed a document when all that is required of it there is signed.
    fn into_paper(self) -> Paper {
        let mut roles: BTreeMap<String, bool> = BTreeMap::new();
        for approval in self.approvals.into_iter().filter(|approval| approval.required) {
            *roles.entry(approval.role).or_insert(true) &= approval.signed.is_some();
        }
        let signed_by = roles.into_iter().filter_map(|(role, signed)| signed.then_some(role)).collect();
        Paper { id: self.id, name: self.name, agreement: self.agreement, signed_by }
    }
}

impl Approval {
    fn of(json: ApprovalJson) -> Option<Self> {
        let spare = json.optional.0.unwrap_or(false) || json.disabled.0.unwrap_or(false);
        Some(Self { role: json.role.0?, accepted: json.accepted.0, signed: json.signed.0, required: !spare })
    }
}

fn place(json: RoleJson, documents: &[Sheet]) -> Option<Place> {
    let mut place = Place {
        role: json.id.0?,
        name: json.name.0,
        index: json.index.0.unwrap_or_default(),
        locked: json.locked.0,
        people: json.signers.0.into_iter().filter_map(PersonJson::into_signer).collect(),
        ..Place::default()
    };
    for document in documents {
        for approval in document.approvals.iter().filter(|approval| approval.role == place.role) {
            let mark = approval.accepted.max(approval.signed);
            place.started |= mark.is_some();
            place.last_mark = place.last_mark.max(mark);
            if approval.required && !document.agreement {
                place.required = place.required.saturating_add(1);
                place.signed = place.signed.saturating_add(u32::from(approval.signed.is_some()));
            }
        }
    }
    Some(place)
}

impl PersonJson {
    fn into_person(self) -> Option<Person> {
        let parts = [self.first_name.0, self.last_name.0];
        let full = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let name = Some(full.trim()).filter(|full| !full.is_empty()).map(str::to_owned).or(self.name.0);
        Some(Person { id: self.id.0?, name, email: self.email.0 })
    }

    /// Reference D.5. NOT_YET_ATTEMPTED, INVALID_SIGNER and UPDATED say nothing that the board could show.
    fn into_signer(mut self) -> Option<(Person, Identity)> {
        let check = self.knowledge_based_authentication.0.take();
        let word = check.and_then(|check| check.knowledge_based_authentication_status.0);
        let identity = match word.as_deref() {
            Some("PASSED") => Identity::Passed,
            Some("FAILED" | "LOCKED") => Identity::Failed,
            _ => Identity::Untold,
        };
        self.into_person().map(|person| (person, identity))
    }
}

/// The customer's own `data`, sorted by its keys.
#[derive(Debug, Default)]
struct Data(Vec<(String, String)>);

impl Data {
    /// As one text: a single value stands alone, several with their keys.
    fn reference(&self) -> Option<String> {
        let text = match self.0.as_slice() {
            [] => return None,
            [(_, value)] => value.clone(),
            several => {
                several.iter().map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join(", ")
            }
        };
        Some(cut(&text))
    }
}

fn cut(text: &str) -> String {
    text.chars().take(REFERENCE_CHARS).collect()
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Maybe(data) = Maybe::<BTreeMap<String, Scalar>>::deserialize(deserializer)?;
        let told = data.unwrap_or_default().into_iter();
        let told = told.filter_map(|(key, value)| Some((cut(&key), cut(&Word::from(value).0?))));
        Ok(Self(told.take(MOST_DATA).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Snapshot, FetchError> {
        serde_json::from_str::<PackageJson>(json)
            .unwrap_or_else(|error| panic!("{json}: {error}"))
            .into_snapshot()
    }

    /// Two roles and two documents; the first role has signed all but an optional and a disabled field.
    const SIGNED_BY_ONE: &str = r#"{"id":"p=","status":"SENT","autocomplete":"false","consent":"house-rules",
        "roles":[
            {"id":"r1","index":"2","locked":null,"signers":[
                {"id":"s1","firstName":"Jo","lastName":"Weber","name":"","email":"jo@example.org",
                 "knowledgeBasedAuthentication":{"knowledgeBasedAuthenticationStatus":"PASSED"}},
                {"id":"s2","name":"The Board","knowledgeBasedAuthentication":{"knowledgeBasedAuthenticationStatus":"LOCKED"}},
                {"firstName":"Nobody"}]},
            {"id":"r2","index":1,"locked":true,"signers":[]},
            {"id":"r3"}, null, {"index":4}],
        "documents":[
            {"id":"house-rules","approvals":[
                {"role":"r1","accepted":"2024-06-04T16:30:05Z","signed":"2024-06-04T16:30:05Z"},
                {"role":"r2","accepted":1717518580900,"signed":null}]},
            {"id":"d","name":"Form","approvals":[
                {"role":"r1","accepted":"2024-06-04T16:31:00Z","signed":"2024-06-04T16:31:18Z"},
                {"role":"r1","accepted":"2024-06-04T16:31:09Z","signed":"2024-06-04T16:31:18Z"},
                {"role":"r1","optional":true}, {"role":"r1","disabled":"true"}, {"role":"r2"}, {"signed":"x"}]}]}"#;

    #[test]
    fn places_count_what_is_required_of_them() {
        let snapshot = read(SIGNED_BY_ONE).unwrap();
        let told: Vec<_> = snapshot
            .places
            .iter()
            .map(|it| (it.role.as_str(), it.index, it.locked, it.required, it.signed, it.started))
            .collect();
        assert_eq!(
            told,
            [
                ("r1", 2, None, 2, 2, true),
                // Has clicked in the agreement, and nothing else.
                ("r2", 1, Some(true), 1, 0, true),
                ("r3", 0, None, 0, 0, false),
            ]
        );
        assert!(snapshot.places[0].is_signed() && !snapshot.places[1].is_signed());
        assert_eq!(snapshot.places[0].last_mark, Some(Timestamp(1_717_518_678_000)));
        assert_eq!(snapshot.places[1].last_mark, Some(Timestamp(1_717_518_580_900)));
        let people: Vec<_> = snapshot.places[0]
            .people
            .iter()
            .map(|(it, identity)| (it.id.as_str(), it.name.as_deref(), it.email.as_deref(), *identity))
            .collect();
        assert_eq!(
            people,
            [
                ("s1", Some("Jo Weber"), Some("jo@example.org"), Identity::Passed),
                ("s2", Some("The Board"), None, Identity::Failed),
            ]
        );
        assert!(!snapshot.autocomplete);
    }

    #[test]
    fn papers_know_agreements_and_who_confirmed_them() {
        let papers = read(SIGNED_BY_ONE).unwrap().papers;
        let told: Vec<_> =
            papers.iter().map(|it| (it.id.as_str(), it.agreement, it.signed_by.join(" "))).collect();
        assert_eq!(told, [("house-rules", true, "r1".to_owned()), ("d", false, "r1".to_owned())]);
    }

    #[test]
    fn null_empty_and_missing_are_the_same() {
        let full = r#"{"status":"DRAFT","name":null,"type":"","trashed":null,"autocomplete":null,"consent":"","due":"",
            "created":null,"updated":"","data":{},"sender":{},"roles":null,"documents":""}"#;
        let snapshot = read(full).unwrap();
        assert_eq!(Ok(snapshot.clone()), read(r#"{"status":"DRAFT"}"#));
        assert_eq!(snapshot, Snapshot { autocomplete: true, ..Snapshot::default() });
    }

    #[test]
    fn the_reference_is_one_short_text() {
        let told = |data: &str| read(&format!(r#"{{"status":"SENT","data":{data}}}"#)).unwrap().reference;
        assert_eq!(
            told(r#"{"crmId":"OPP-1182","origin":"","x":null,"deep":{"a":["b"]}}"#).as_deref(),
            Some("OPP-1182")
        );
        assert_eq!(told(r#"{"b":"two","a":1,"c":true}"#).as_deref(), Some("a: 1, b: two, c: true"));
        let data = read(r#"{"status":"SENT","data":{"b":"two","a":1,"x":null}}"#).unwrap().data;
        assert_eq!(data, [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "two".to_owned())]);
        assert_eq!((told("null"), told("\"\""), told("[1]"), told("{}")), (None, None, None, None));
        let long = told(&format!(r#"{{"a":"{}"}}"#, "é".repeat(600)));
        assert_eq!(long.map(|it| it.chars().count()), Some(500));
    }

    #[test]
    fn a_status_is_never_guessed() {
        for (word, status) in [
            ("DRAFT", Status::Draft),
            ("SENT", Status::Sent),
            ("COMPLETED", Status::Completed),
            ("ARCHIVED", Status::Archived),
            ("DECLINED", Status::Declined),
            ("OPTED_OUT", Status::OptedOut),
            ("EXPIRED", Status::Expired),
        ] {
            let snapshot = read(&format!(r#"{{"status":"{word}","type":"LAYOUT","trashed":true}}"#)).unwrap();
            assert_eq!((snapshot.status, snapshot.trashed, snapshot.template), (status, true, true));
        }
        let unknown = read(r#"{"status":"PAUSED"}"#).unwrap_err().to_string();
        assert!(unknown.contains("the unknown status \"PAUSED\""), "{unknown}");
        assert!(read("{}").unwrap_err().to_string().contains("without a status"));
    }
}
