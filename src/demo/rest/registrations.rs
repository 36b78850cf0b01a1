//! Whom each account's provider was told to call, and the calls by which it is told. Nothing follows from it: the teller
//! knows its board.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::super::Kind;
use super::{Desk, refuse};

/// What stands registered, by account, shared with the REST side.
#[derive(Debug, Clone, Default)]
pub struct Registrations(Arc<Mutex<BTreeMap<String, Value>>>);

impl Registrations {
    /// What was told last, secrets included; null if nothing was.
    #[must_use]
    pub fn of(&self, account: &str) -> Value {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(account).cloned().unwrap_or_default()
    }

    /// Somebody registered this before.
    pub fn set(&self, account: &str, told: Value) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(account.to_owned(), told);
    }
}

pub(super) fn routes(scope: &mut ServiceConfig, kind: Kind) -> &mut ServiceConfig {
    match kind {
        Kind::OneSpan => scope
            .route("/api/callback", web::get().to(registration))
            .route("/api/callback", web::post().to(register)),
        // The documents disagree on the place of Conga's own form; here it is at all of them.
        Kind::Conga => scope
            .route("/api/callback/register", web::put().to(register_plain))
            .route("/api/sign/v1/callback/register", web::put().to(register_plain))
            .route("/api/sign/callback/v1/register", web::put().to(register_plain))
            .route("/api/sign/v1/cs-callback", web::get().to(registration))
            .route("/api/sign/v1/cs-callback", web::post().to(register)),
        Kind::Legalesign => scope
            .route("/api/v1/notifications/", web::get().to(subscriptions))
            .route("/api/v1/subscribe/", web::post().to(subscribe))
            .route("/api/v1/unsubscribe/", web::post().to(unsubscribe)),
        Kind::WebSignatureOffice => scope,
    }
}

async fn registration(desk: Data<Desk>) -> HttpResponse {
    let mut told = desk.registrations.of(&desk.account.id);
    if !told.is_object() {
        told = json!({ "url": "", "key": "", "events": [] });
    }
    if desk.faults.masks_secrets()
        && let Some(key) = told.get_mut("key")
    {
        *key = json!("********");
    }
    HttpResponse::Ok().json(told)
}

async fn register(desk: Data<Desk>, told: Json<Value>) -> HttpResponse {
    let is_text = |key: &str| told.get(key).is_some_and(Value::is_string);
    let events = told.get("events").and_then(Value::as_array);
    let has_secret = is_text("key") || told.get("customHeaders").is_some_and(Value::is_array);
    if !is_text("url") || !has_secret || !events.is_some_and(|it| it.iter().all(Value::is_string)) {
        return incomplete();
    }
    desk.registrations.set(&desk.account.id, told.clone());
    match desk.account.kind {
        Kind::Conga => HttpResponse::Ok().json(json!({ "count": 1, "results": [told.0] })),
        _ => HttpResponse::Ok().json(told.0),
    }
}

/// Every field is required; the answer repeats them.
async fn register_plain(desk: Data<Desk>, request: HttpRequest, told: Json<Value>) -> HttpResponse {
    let text = |key: &str| told.get(key).and_then(Value::as_str);
    let fields: &[&str] = match text("authType") {
        Some("Basic") => &["username", "password"],
        Some("Bearer") => &["bearerToken"],
        Some("None") => &[],
        _ => return incomplete(),
    };
    if text("callbackUrl").is_none() || !fields.iter().all(|key| text(key).is_some_and(|it| !it.is_empty())) {
        return incomplete();
    }
    let (mut kept, mut answer) = (told.clone(), told.0);
    if let Some(kept) = kept.as_object_mut() {
        kept.insert("path".to_owned(), json!(request.path()));
    }
    desk.registrations.set(&desk.account.id, kept);
    if desk.faults.garbles_registrations()
        && let Some(url) = answer.get_mut("callbackUrl")
    {
        *url = json!("https://elsewhere.example.com/");
    }
    HttpResponse::Ok().json(answer)
}

/// The numbers by which subscriptions are listed.
fn number(kind: &str) -> Option<u8> {
    [("all", 1), ("signed", 2), ("sent", 3), ("rejected", 4), ("realtime", 10)]
        .iter()
        .find_map(|(word, number)| (*word == kind).then_some(*number))
}

async fn subscriptions(desk: Data<Desk>) -> HttpResponse {
    HttpResponse::Ok().json(desk.subscribed())
}

async fn subscribe(desk: Data<Desk>, told: Json<Value>) -> HttpResponse {
    let text = |key: &str| told.get(key).and_then(Value::as_str);
    let (Some(url), Some(kind)) = (text("url"), text("notify").and_then(number)) else {
        return HttpResponse::BadRequest().body("url and notify are required");
    };
    let row = json!({
        "active": true,
        "notify_when": kind,
        "url": url,
        "group_id": text("group"),
        "event_filter": text("eventFilter").unwrap_or_default(),
    });
    let mut all = desk.subscribed();
    // Once more wakes the same one.
    let is_same = |it: &Value| {
        ["notify_when", "url", "group_id", "event_filter"].iter().all(|key| it[*key] == row[*key])
    };
    all.retain(|it| !is_same(it));
    all.push(row);
    desk.registrations.set(&desk.account.id, Value::Array(all));
    HttpResponse::Created().finish()
}

/// Takes back whatever has this address, filter and group, of every kind; 200 also if nothing has.
async fn unsubscribe(desk: Data<Desk>, told: Json<Value>) -> HttpResponse {
    let Some(url) = told.get("url").and_then(Value::as_str) else {
        return HttpResponse::BadRequest().body("url is required");
    };
    let same = |it: &Value, theirs: &str, ours: &str| {
        it[theirs].as_str().unwrap_or_default() == told.get(ours).and_then(Value::as_str).unwrap_or_default()
    };
    let mut all = desk.subscribed();
    all.retain(|it| {
        it["url"] != url || !same(it, "event_filter", "eventFilter") || !same(it, "group_id", "group")
    });
    desk.registrations.set(&desk.account.id, Value::Array(all));
    HttpResponse::Ok().finish()
}

impl Desk {
    fn subscribed(&self) -> Vec<Value> {
        self.registrations.of(&self.account.id).as_array().cloned().unwrap_or_default()
    }
}

fn incomplete() -> HttpResponse {
    refuse(StatusCode::BAD_REQUEST, "error.validation.badRequest", "A field is missing.")
}
