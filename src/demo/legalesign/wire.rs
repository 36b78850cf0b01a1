//! Legalesign's bytes: one entry of a batch, the batch, the 'signed' form, and realtime JSON.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::super::Account;
use super::super::package::{Package, Role};
use super::super::wire::Callback;
use super::seal;

/// A change of a status as one entry of a batch: `uri` is the path of a document or a signer.
pub(super) fn entry(
    account: &str,
    package: &Package,
    event: &'static str,
    uri: &str,
    code: u8,
    at: i64,
) -> Callback {
    let time = stamp(at);
    let body = format!(
        "{{\"timestamp\": \"{time}\", \"name\": \"status\", \"value\": \"{code}\", \"resource_uri\": \"{uri}\"}}"
    );
    Callback {
        account: account.to_owned(),
        package: package.id.clone(),
        event,
        at,
        body: body.into_bytes(),
        headers: Vec::new(),
        entry: true,
    }
}

/// What is posted when entries have collected: the list and its signature.
pub(in super::super) fn batch(account: &str, entries: &[Callback]) -> Callback {
    let mut data = b"[".to_vec();
    for (place, entry) in entries.iter().enumerate() {
        data.extend_from_slice(if place == 0 { b"" } else { b", " });
        data.extend_from_slice(&entry.body);
    }
    data.push(b']');
    let signed = seal::sign(&data);
    let at = entries.iter().map(|entry| entry.at).max().unwrap_or_default();
    let data = String::from_utf8(data).unwrap_or_default();
    let body = form(&[("data", &data), ("signed", &signed)]);
    Callback {
        account: account.to_owned(),
        // Batches are of no package; those of different times may overtake each other.
        package: format!("batch of {at}"),
        event: "batch",
        at,
        body,
        headers: vec![("content-type", FORM.to_owned())],
        entry: false,
    }
}

/// What is told once the final PDF exists.
pub(super) fn signed(account: &str, package: &Package, at: i64) -> Callback {
    let (uri, group) = (document_uri(package), group_uri(package));
    let tag = tag(package);
    let fields: [(&str, &str); 5] = [
        ("resource_uri", &uri),
        ("group", &group),
        ("name", &package.name),
        ("uuid", &package.id),
        ("tag", tag),
    ];
    let json: serde_json::Map<String, Value> =
        fields.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect();
    let json = Value::Object(json).to_string();
    let mut all = fields.to_vec();
    all.push(("json_signed", &json));
    Callback {
        account: account.to_owned(),
        package: package.id.clone(),
        event: "signed",
        at,
        body: form(&all),
        headers: vec![("content-type", FORM.to_owned()), ("x-signed", seal::sign(json.as_bytes()))],
        entry: false,
    }
}

/// What is told about a document as it happens.
pub(super) fn document_event(
    account: &Account,
    package: &Package,
    event: &'static str,
    id: &str,
    at: i64,
) -> Callback {
    let recipients: Vec<Value> = package.roles.iter().map(recipient).collect();
    let mut data = named(package);
    let status = super::document_code(package);
    data.extend([
        ("uuid".to_owned(), json!(package.id)),
        ("name".to_owned(), json!(package.name)),
        ("resourceUri".to_owned(), json!(document_uri(package))),
        ("status".to_owned(), json!(status)),
        ("statusText".to_owned(), json!(super::document_text(status))),
        ("recipients".to_owned(), json!(recipients)),
    ]);
    realtime(account, package, event, id, data, at)
}

/// What is told about a signer as it happens; the message is a bounced mail's.
pub(super) fn recipient_event(
    account: &Account,
    package: &Package,
    role: &Role,
    event: &'static str,
    id: &str,
    bounce: Option<&str>,
    at: i64,
) -> Callback {
    let mut data = named(package);
    if let Value::Object(person) = recipient(role) {
        data.extend(person);
    }
    data.extend([
        ("document".to_owned(), json!(package.id)),
        ("documentName".to_owned(), json!(package.name)),
        ("documentResourceUri".to_owned(), json!(document_uri(package))),
        ("emailBounce".to_owned(), json!(u8::from(bounce.is_some()))),
        ("emailBounceMessage".to_owned(), json!(bounce.unwrap_or_default())),
    ]);
    realtime(account, package, event, id, data, at)
}

/// `YYYY-MM-DDTHH:MM:SS`, without a zone.
pub(in super::super) fn stamp(at: i64) -> String {
    super::super::wire::seconds(at).trim_end_matches('Z').to_owned()
}

/// Where a document is.
pub(in super::super) fn document_uri(package: &Package) -> String {
    format!("/api/v1/document/{}/", package.id)
}

/// Where a signer is.
pub(in super::super) fn signer_uri(role: &Role) -> String {
    format!("/api/v1/signer/{}/", signer_id(role))
}

/// The signer's UUID; a role of Legalesign's is never empty.
pub(in super::super) fn signer_id(role: &Role) -> &str {
    role.signer.as_ref().map_or("", |signer| &signer.id)
}

/// Where a document's group is.
pub(in super::super) fn group_uri(package: &Package) -> String {
    format!("/api/v1/group/{}/", package.group)
}

/// The customer's own word for a document.
pub(in super::super) fn tag(package: &Package) -> &str {
    package.data.iter().find(|(key, _)| key != "origin").map_or("", |(_, value)| value)
}

const FORM: &str = "application/x-www-form-urlencoded";

type Object = serde_json::Map<String, Value>;

/// What both kinds of realtime event say of where they belong.
fn named(package: &Package) -> Object {
    let words = [
        ("tag", tag(package).to_owned()),
        ("tag1", String::new()),
        ("tag2", String::new()),
        ("group", package.group.clone()),
        ("groupResourceUri", group_uri(package)),
    ];
    words.into_iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect()
}

fn recipient(role: &Role) -> Value {
    let person = role.signer.as_ref().map(|signer| &signer.person);
    json!({
        "uuid": signer_id(role),
        "email": person.map(|person| person.email.as_str()),
        "firstname": person.map(|person| person.first.as_str()),
        "lastname": person.map(|person| person.last.as_str()),
        "order": role.index.saturating_sub(1),
        "roleText": "signer",
        "status": role.code,
        "statusText": super::signer_text(role.code),
        "resourceUri": signer_uri(role),
        "rejectReason": role.refusal.as_deref().unwrap_or_default(),
    })
}

fn realtime(
    account: &Account,
    package: &Package,
    event: &'static str,
    id: &str,
    data: Object,
    at: i64,
) -> Callback {
    let (object, word) = event.split_once('.').unwrap_or((event, ""));
    let body = json!({
        "version": "1.0",
        "id": id,
        "created": at.div_euclid(1_000),
        "object": object,
        "event": word,
        "data": data,
    });
    let body = body.to_string().into_bytes();
    let seal = seal::hmac_sha256(&account.shared_secret, &body);
    Callback {
        account: account.id.clone(),
        package: package.id.clone(),
        event,
        at,
        body,
        headers: vec![("content-type", "application/json".to_owned()), ("x-hmac-sha256", seal)],
        entry: false,
    }
}

fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    let fields: Vec<String> = fields
        .iter()
        .map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        .collect();
    fields.join("&").into_bytes()
}
