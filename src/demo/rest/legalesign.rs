//! Legalesign's REST side: groups, documents in pages, one document, one signer and the reason of a rejection. Refusals
//! have no body, as none is documented.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::firm::{self, GROUPS};
use super::super::legalesign::document_code;
use super::super::legalesign::wire::{document_uri, group_uri, signer_id, signer_uri, stamp, tag};
use super::super::package::{Package, Role};
use super::Desk;

pub(super) fn routes(scope: &mut ServiceConfig) -> &mut ServiceConfig {
    scope
        .route("/api/v1/group/", web::get().to(groups))
        .route("/api/v1/document/", web::get().to(documents))
        .route("/api/v1/document/{id}/", web::get().to(document))
        .route("/api/v1/signer/{id}/", web::get().to(signer))
        .route("/api/v1/signer/{id}/rejection/", web::get().to(rejection))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    group: Option<String>,
    archived: Option<String>,
    status: Option<u8>,
    email: Option<String>,
    nosigners: Option<String>,
    cache: Option<String>,
    created_gt: Option<String>,
    modified_gt: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

/// So many rows if nothing is said, and at most.
const LIMITS: (usize, usize) = (20, 100);

async fn documents(desk: Data<Desk>, wanted: Query<Wanted>) -> HttpResponse {
    let Some(group) = wanted.group.as_deref() else { return bad("group is required") };
    let times = [&wanted.created_gt, &wanted.modified_gt].map(|text| text.as_deref().map(seconds));
    let [Ok(created), Ok(modified)] = times.map(Option::transpose) else { return bad("no such date") };
    let archived = matches!(wanted.archived.as_deref(), Some("true" | "True" | "1"));
    let mails = |package: &Package, email: &str| {
        let mut people = package.roles.iter().filter_map(|role| role.signer.as_ref());
        people.any(|signer| signer.person.email == email)
    };
    let cached = wanted.cache.as_deref().is_some_and(|it| it == "1").then(|| desk.cached());
    let world = desk.world.lock();
    let packages = cached.as_deref().unwrap_or_else(|| world.packages(&desk.account.id));
    let mut found: Vec<&Package> = packages
        .iter()
        .filter(|package| package.group == group && package.archived == archived && desk.shows(package))
        .filter(|package| wanted.status.is_none_or(|status| document_code(package) == status))
        .filter(|package| wanted.email.as_deref().is_none_or(|email| mails(package, email)))
        .filter(|package| created.is_none_or(|after| package.created.div_euclid(1_000) > after))
        .filter(|package| modified.is_none_or(|after| package.updated.div_euclid(1_000) > after))
        .collect();
    found.sort_by_key(|package| std::cmp::Reverse(package.created));
    let (limit, offset) = (wanted.limit.unwrap_or(LIMITS.0).clamp(1, LIMITS.1), wanted.offset.unwrap_or(0));
    let page = |offset: usize| {
        format!("/api/v1/document/?group={group}&archived={archived}&limit={limit}&offset={offset}")
    };
    let rows = found.iter().enumerate().skip(offset).take(limit);
    let rows: Vec<Value> =
        rows.map(|(place, package)| row(package, place, wanted.nosigners.is_none())).collect();
    let meta = json!({
        "limit": limit,
        "next": (offset + limit < found.len()).then(|| page(offset + limit)),
        "offset": offset,
        "previous": (offset > 0).then(|| page(offset.saturating_sub(limit))),
        "total_count": found.len(),
    });
    HttpResponse::Ok().json(json!({ "meta": meta, "objects": rows }))
}

async fn document(desk: Data<Desk>, id: Path<String>) -> HttpResponse {
    let world = desk.world.lock();
    let found = world.package(&desk.account.id, &id).filter(|package| desk.shows(package));
    found.map_or_else(not_found, |package| HttpResponse::Ok().json(whole(package)))
}

async fn signer(desk: Data<Desk>, id: Path<String>) -> HttpResponse {
    about_signer(&desk, &id, |package, role| {
        let person = role.signer.as_ref().map(|signer| &signer.person);
        Some(json!({
            "document": document_uri(package),
            "email": person.map(|person| person.email.as_str()),
            "first_name": person.map(|person| person.first.as_str()),
            "has_fields": true,
            "last_name": person.map(|person| person.last.as_str()),
            "order": role.index.saturating_sub(1),
            "resource_uri": signer_uri(role),
            "status": role.code,
        }))
    })
}

async fn rejection(desk: Data<Desk>, id: Path<String>) -> HttpResponse {
    about_signer(&desk, &id, |_, role| {
        role.refusal.as_ref().map(|reason| json!({ "status": role.code, "reason": reason }))
    })
}

async fn groups() -> HttpResponse {
    let objects: Vec<Value> = GROUPS
        .iter()
        .map(|slug| {
            json!({
                "name": format!("{} · {slug}", firm::NAME),
                "resource_uri": format!("/api/v1/group/{slug}/"),
                "slug": slug,
            })
        })
        .collect();
    let meta = json!({
        "limit": LIMITS.0, "next": null, "offset": 0, "previous": null, "total_count": objects.len(),
    });
    HttpResponse::Ok().json(json!({ "meta": meta, "objects": objects }))
}

impl Desk {
    fn shows(&self, package: &Package) -> bool {
        !self.faults.hides(&package.id) && !self.faults.forbids(&package.sender.id)
    }
}

fn about_signer(
    desk: &Desk,
    id: &str,
    answer: impl FnOnce(&Package, &Role) -> Option<Value>,
) -> HttpResponse {
    let world = desk.world.lock();
    let mut places = world.packages(&desk.account.id).iter().flat_map(|package| {
        package.roles.iter().filter(|role| signer_id(role) == id).map(move |role| (package, role))
    });
    let found = places.next().filter(|(package, _)| desk.shows(package));
    let answer = found.and_then(|(package, role)| answer(package, role));
    answer.map_or_else(not_found, |answer| HttpResponse::Ok().json(answer))
}

/// A row of the list.
fn row(package: &Package, place: usize, with_signers: bool) -> Value {
    let signers: Vec<Value> = package.roles.iter().map(|role| array(role, place % 2 == 1)).collect();
    json!({
        "archived": package.archived,
        "auto_archive": package.archived,
        "cc_emails": "",
        "created": stamp(package.created),
        "do_email": true,
        "download_final": package.final_pdf,
        "group": group_uri(package),
        "modified": stamp(package.updated),
        "name": package.name,
        "pdftext": null,
        "redirect": "",
        "resource_uri": document_uri(package),
        "return_signer_links": false,
        "signers": if with_signers { signers } else { Vec::new() },
        "signers_in_order": 1,
        "status": document_code(package),
        "tag": tag(package),
        "tag1": "",
        "tag2": "",
        "template": null,
        "templatepdf": format!("/api/v1/templatepdf/{}/", package.id),
        "text": null,
        "user": format!("/api/v1/user/{}/", package.sender.id),
        "uuid": package.id,
    })
}

/// A signer in a list of eight. The vendor's schema has texts only and another path than its example.
fn array(role: &Role, as_texts: bool) -> Value {
    let person = role.signer.as_ref().map(|signer| &signer.person);
    let (first, last) = person.map_or(("", ""), |person| (&person.first, &person.last));
    let email = person.map_or("", |person| &person.email);
    let (uri, order) = (signer_uri(role), role.index.saturating_sub(1));
    if as_texts {
        let uri = uri.replace("/signer/", "/signers/");
        json!([uri, first, last, email, "", "true", role.code.to_string(), order.to_string()])
    } else {
        json!([uri, first, last, email, "", true, role.code, order])
    }
}

/// One document: the row, and what only the single answer has.
fn whole(package: &Package) -> Value {
    let mut all = row(package, 0, true);
    let signers = package.roles.iter().map(|role| {
        let person = role.signer.as_ref().map(|signer| &signer.person);
        json!({
            "firstname": person.map(|person| person.first.as_str()),
            "lastname": person.map(|person| person.last.as_str()),
            "email": person.map(|person| person.email.as_str()),
            "order": role.index.saturating_sub(1),
            "role": "signer",
            "tel": "",
            "status": role.code,
            "uuid": signer_id(role),
            "resource_uri": signer_uri(role),
        })
    });
    let more = json!({
        "append_pdf": true,
        "append_history": true,
        "footer": "",
        "footer_height": null,
        "has_fields": true,
        "hash_value": if package.final_pdf { "0".repeat(64) } else { String::new() },
        "header": "",
        "header_height": null,
        "pdf_password": null,
        "pdf_password_type": null,
        "sign_mouse": true,
        "sign_time": package.completed.map(stamp).unwrap_or_default(),
        "sign_type": true,
        "sign_upload": true,
        "signature_placement": 2,
        "signature_type": 4,
        "signers_in_order": true,
        "signer_objects": signers.collect::<Vec<_>>(),
    });
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
        all.extend(more);
    }
    all
}

fn bad(reason: &str) -> HttpResponse {
    HttpResponse::BadRequest().body(reason.to_owned())
}

fn not_found() -> HttpResponse {
    HttpResponse::build(StatusCode::NOT_FOUND).finish()
}

/// A time without a zone, in seconds.
fn seconds(text: &str) -> Result<i64, jiff::Error> {
    Ok(text.parse::<DateTime>()?.to_zoned(TimeZone::UTC)?.timestamp().as_second())
}
