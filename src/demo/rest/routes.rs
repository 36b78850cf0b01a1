//! Every route of the REST side on one screen, and what each answers.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Kind;
use super::super::package::Package;
use super::super::shape;
use super::list::{self, Wanted};
use super::tokens::basic_secret;
use super::{Desk, legalesign, refuse, registrations, tyr, unauthorised, unreadable};

pub(super) fn routes(scope: &mut ServiceConfig, kind: Kind) {
    match kind {
        Kind::OneSpan => scope
            .route("/apitoken/clientApp/accessToken", web::post().to(api_token))
            .route("/oauth2/token", web::post().to(oauth_token))
            .route("/api/packages", web::get().to(packages))
            .route("/api/packages/{id}", web::get().to(package))
            .route("/api/packages/{id}/signingStatus", web::get().to(signing_status))
            .route("/api/packages/{id}/roles", web::get().to(roles))
            .route("/api/reports/completion", web::get().to(completion))
            .route("/api/reports/transaction-detail/{id}", web::get().to(detail)),
        Kind::Conga => scope
            .route("/api/v1/auth/connect/token", web::post().to(oauth_token))
            .route("/api/sign/v1/cs-packages", web::get().to(packages))
            .route("/api/sign/v1/cs-packages/{id}", web::get().to(package))
            .route("/api/sign/v1/cs-packages/{id}/signingStatus", web::get().to(signing_status))
            .route("/api/sign/v1/cs-packages/{id}/roles", web::get().to(roles))
            .route("/api/sign/v1/reports/completion", web::get().to(completion)),
        Kind::Legalesign => legalesign::routes(scope),
        Kind::WebSignatureOffice => tyr::routes(scope),
    };
    registrations::routes(scope, kind);
}

async fn packages(desk: Data<Desk>, wanted: Query<Wanted>) -> Result<HttpResponse, actix_web::Error> {
    let world = desk.world.lock();
    let page = list::page(world.packages(&desk.account.id), &wanted, &desk.faults, desk.clock.millis());
    page.map(|page| HttpResponse::Ok().json(page)).map_err(|sentence| unreadable(&sentence))
}

async fn package(desk: Data<Desk>, id: Path<String>) -> HttpResponse {
    desk.about(&id, shape::package)
}

async fn roles(desk: Data<Desk>, id: Path<String>) -> HttpResponse {
    desk.about(&id, |package| {
        let roles: Vec<Value> = package.roles.iter().map(shape::role).collect();
        json!({ "count": roles.len(), "results": roles })
    })
}

#[derive(Deserialize)]
struct Whose {
    signer: Option<String>,
    document: Option<String>,
}

async fn signing_status(desk: Data<Desk>, id: Path<String>, whose: Query<Whose>) -> HttpResponse {
    let world = desk.world.lock();
    match world.package(&desk.account.id, &id) {
        // Of all questions this one is answered for a deleted package too.
        Some(package) if package.deleted => HttpResponse::Ok().json(json!({ "status": "DELETED" })),
        _ => {
            drop(world);
            desk.about(&id, |package| {
                let status =
                    shape::signing_status(package, whose.signer.as_deref(), whose.document.as_deref());
                json!({ "status": status })
            })
        }
    }
}

async fn detail(desk: Data<Desk>, id: Path<String>) -> HttpResponse {
    if !desk.faults.reports_allowed() {
        return forbidden();
    }
    desk.about(&id, shape::report)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReportOf {
    sender_id: Option<String>,
    status: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// The whole account, grouped by sender: what was made in that time, also where the key may not see the packages
/// themselves.
async fn completion(desk: Data<Desk>, of: Query<ReportOf>) -> Result<HttpResponse, actix_web::Error> {
    if !desk.faults.reports_allowed() {
        return Ok(forbidden());
    }
    let date = |text: &Option<String>| text.as_deref().map(list::date).transpose();
    let (from, to) =
        date(&of.from).and_then(|from| Ok((from, date(&of.to)?))).map_err(|it| unreadable(&it))?;
    let within = |at: i64| {
        let at = at.div_euclid(1_000);
        from.is_none_or(|from| from <= at) && to.is_none_or(|to| at < to)
    };
    let world = desk.world.lock();
    let packages = world.packages(&desk.account.id);
    let wanted = |package: &&Package| {
        let status = if package.trashed { "TRASHED" } else { package.status.word() };
        let listed = !package.deleted && !package.template && !desk.faults.hides(&package.id);
        listed && within(package.created) && of.status.as_deref().is_none_or(|wanted| wanted == status)
    };
    let senders = world.senders(&desk.account.id).iter();
    let senders = senders.filter(|sender| of.sender_id.as_deref().is_none_or(|wanted| wanted == sender.id));
    let senders = senders.map(|sender| {
        let theirs = packages.iter().filter(|package| package.sender.id == sender.id).filter(wanted);
        json!({ "sender": shape::sender_brief(sender), "packages": theirs.map(shape::report).collect::<Vec<_>>() })
    });
    let senders: Vec<Value> = senders.collect();
    Ok(HttpResponse::Ok().json(json!({ "from": of.from, "to": of.to, "senders": senders })))
}

#[derive(Deserialize)]
struct ClientApp {
    secret: Option<String>,
}

/// OneSpan's own tokens: good for half an hour, the end in milliseconds.
async fn api_token(desk: Data<Desk>, app: Json<ClientApp>) -> HttpResponse {
    if app.secret.as_deref() != Some(&desk.account.api_key) {
        return unauthorised();
    }
    let now = desk.clock.millis();
    let expires = now + 1_800_000;
    HttpResponse::Ok().json(json!({ "accessToken": desk.tokens.issue(now, expires), "expiresAt": expires }))
}

#[derive(Deserialize)]
struct Grant {
    grant_type: Option<String>,
    client_secret: Option<String>,
}

/// Client credentials: OneSpan takes them in the header, Conga in the form; both are taken from both.
async fn oauth_token(desk: Data<Desk>, request: HttpRequest, grant: web::Form<Grant>) -> HttpResponse {
    if grant.grant_type.as_deref() != Some("client_credentials") {
        return HttpResponse::BadRequest().json(json!({ "error": "unsupported_grant_type" }));
    }
    let secret = grant.client_secret.clone().or_else(|| basic_secret(request.headers()));
    if secret.as_deref() != Some(&desk.account.api_key) {
        return HttpResponse::Unauthorized().json(json!({ "error": "invalid_client" }));
    }
    let seconds = match desk.account.kind {
        Kind::OneSpan => 299,
        _ => 3_600,
    };
    let now = desk.clock.millis();
    let token = desk.tokens.issue(now, now + seconds * 1_000);
    HttpResponse::Ok().json(json!({ "access_token": token, "token_type": "Bearer", "expires_in": seconds }))
}

impl Desk {
    /// Answers a question about one package, or says why not.
    fn about(&self, id: &str, answer: impl FnOnce(&Package) -> Value) -> HttpResponse {
        let world = self.world.lock();
        match world.package(&self.account.id, id) {
            Some(package) if self.faults.forbids(&package.sender.id) => forbidden(),
            Some(_) if self.faults.garbles(id) => HttpResponse::Ok().json(json!({ "id": id })),
            Some(package) if !package.deleted && !self.faults.hides(id) => {
                HttpResponse::Ok().json(answer(package))
            }
            _ => refuse(
                StatusCode::NOT_FOUND,
                "error.notFound.package",
                "The specified resource was not found.",
            ),
        }
    }
}

fn forbidden() -> HttpResponse {
    refuse(StatusCode::FORBIDDEN, "error.forbidden", "You are not allowed to see this resource.")
}
