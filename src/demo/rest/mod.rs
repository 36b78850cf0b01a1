//! The providers' REST side: all of them on one port, each account under its own path. It reads the truth of the moment
//! and changes nothing but tokens and the registered callback address.

mod legalesign;
mod list;
mod registrations;
mod routes;
mod tokens;
mod tyr;

use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::body::BoxBody;
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, DATE, HeaderValue, RETRY_AFTER};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpResponse, HttpServer, web};
use serde_json::json;

use super::faults::{Call, Calls, Faults, Refusal};
use super::package::Package;
use super::world::WorldHandle;
use super::{Account, Kind, wire};
use crate::clock::Clock;
pub use registrations::Registrations;
use tokens::Tokens;

/// What the handlers of one account need.
#[derive(Debug)]
struct Desk {
    account: Account,
    path: String,
    clock: Clock,
    world: WorldHandle,
    faults: Faults,
    calls: Calls,
    tokens: Tokens,
    registrations: Registrations,
    /// What the cached list shows, and since when.
    cached: Mutex<(i64, Vec<Package>)>,
}

/// Where each account is served: `/onespan`, or `/onespan/{account}` where there are several of the kind.
pub(super) fn paths(accounts: &[Account]) -> Vec<String> {
    let path = |account: &Account| {
        let kind = account.kind.word();
        let alone = accounts.iter().filter(|other| other.kind == account.kind).count() == 1;
        if alone { format!("/{kind}") } else { format!("/{kind}/{}", account.id) }
    };
    accounts.iter().map(path).collect()
}

/// Serves the accounts on a bound socket until the handle stops it.
pub(super) fn serve(
    listener: TcpListener,
    clock: &Clock,
    world: &WorldHandle,
    faults: &Faults,
    calls: &Calls,
    registrations: &Registrations,
    accounts: &[Account],
) -> std::io::Result<ServerHandle> {
    let desks = accounts.iter().zip(paths(accounts)).enumerate().map(|(place, (account, path))| {
        web::Data::new(Desk {
            account: account.clone(),
            path,
            clock: clock.clone(),
            world: world.clone(),
            faults: faults.clone(),
            calls: calls.clone(),
            tokens: Tokens::with_seed(place as u64 + 1),
            registrations: registrations.clone(),
            cached: Mutex::default(),
        })
    });
    let desks: Arc<[web::Data<Desk>]> = desks.collect();
    let server = HttpServer::new(move || {
        let mut app = App::new().default_service(web::to(|| async { nothing_here() }));
        for desk in desks.iter() {
            let at_gate = desk.clone();
            let scope = web::scope(&desk.path)
                .app_data(desk.clone())
                .app_data(
                    web::QueryConfig::default().error_handler(|error, _| unreadable(&error.to_string())),
                )
                .app_data(web::JsonConfig::default().error_handler(|error, _| unreadable(&error.to_string())))
                .app_data(web::FormConfig::default().error_handler(|error, _| unreadable(&error.to_string())))
                .configure(|scope| routes::routes(scope, desk.account.kind))
                .default_service(web::to(|| async { nothing_here() }))
                .wrap(from_fn(move |request, next| gate(at_gate.clone(), request, next)));
            app = app.service(scope);
        }
        app
    });
    let server = server.workers(1).disable_signals().listen(listener)?.run();
    let handle = server.handle();
    tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::warn!(%error, "the demo's REST side ended");
        }
    });
    Ok(handle)
}

/// Every call passes here: it is logged, slowed, admitted or turned away, and its answer is dated.
async fn gate(
    desk: web::Data<Desk>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let delay = desk.faults.delay();
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let query = request.query_string().to_owned();
    let for_token = path.ends_with("oken");
    let refusal = desk.faults.next_refusal();
    let mut response = match refusal {
        Some(Refusal::TooMany(seconds)) => {
            let mut answer =
                desk.refuse(StatusCode::TOO_MANY_REQUESTS, "error.tooManyRequests", "Too many requests.");
            // Legalesign documents no such header.
            if desk.account.kind != Kind::Legalesign {
                answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            request.into_response(answer)
        }
        Some(Refusal::Broken) => request.into_response(desk.refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            "error.internal.default",
            "Unexpected error.",
        )),
        Some(Refusal::Unauthorised) => request.into_response(desk.unauthorised()),
        None if !for_token && !desk.admits(&request) => request.into_response(desk.unauthorised()),
        None => next.call(request).await?,
    };
    let now = desk.clock.millis();
    if let Ok(date) = HeaderValue::from_str(&wire::http_date(now)) {
        response.headers_mut().insert(DATE, date);
    }
    let (account, status) = (desk.account.id.clone(), response.status().as_u16());
    desk.calls.push(Call { at: now, account, method, path, query, status });
    Ok(response)
}

/// So old a cache may be.
const CACHE_MS: i64 = 3_600_000;

impl Desk {
    /// The account's packages as they were up to an hour ago.
    fn cached(&self) -> Vec<Package> {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.millis();
        if now - cached.0 >= CACHE_MS {
            *cached = (now, self.world.lock().packages(&self.account.id).to_vec());
        }
        cached.1.clone()
    }

    fn admits(&self, request: &ServiceRequest) -> bool {
        let now = self.clock.millis();
        match self.account.kind {
            Kind::OneSpan | Kind::Conga => {
                self.tokens.admit(request.headers(), &self.account.api_key, &self.faults, now)
            }
            Kind::Legalesign => {
                request.headers().get(AUTHORIZATION).is_some_and(|told| told == self.account.api_key.as_str())
            }
            // Each call of Tyr's says for itself who it is.
            Kind::WebSignatureOffice => true,
        }
    }

    fn refuse(&self, status: StatusCode, key: &str, message: &str) -> HttpResponse {
        match self.account.kind {
            Kind::OneSpan | Kind::Conga => refuse(status, key, message),
            Kind::Legalesign | Kind::WebSignatureOffice => HttpResponse::build(status).finish(),
        }
    }

    fn unauthorised(&self) -> HttpResponse {
        match self.account.kind {
            Kind::OneSpan | Kind::Conga => unauthorised(),
            Kind::Legalesign => HttpResponse::Unauthorized().finish(),
            Kind::WebSignatureOffice => tyr::login_failed(),
        }
    }
}

/// An error in the providers' shape.
fn refuse(status: StatusCode, key: &str, message: &str) -> HttpResponse {
    HttpResponse::build(status)
        .json(json!({ "code": status.as_u16(), "messageKey": key, "message": message }))
}

fn unauthorised() -> HttpResponse {
    refuse(
        StatusCode::UNAUTHORIZED,
        "error.unauthorised.invalidCredentials",
        "The credentials are not valid.",
    )
}

fn nothing_here() -> HttpResponse {
    refuse(StatusCode::NOT_FOUND, "error.notFound.resource", "There is no such resource.")
}

fn unreadable(message: &str) -> Error {
    let answer = refuse(StatusCode::BAD_REQUEST, "error.validation.badRequest", message);
    actix_web::error::InternalError::from_response(message.to_owned(), answer).into()
}
