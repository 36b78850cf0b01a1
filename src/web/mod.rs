//! Floor 3: HTTP and HTML, and nothing else knows of them.
//!
//! Every route stands in this file. `/callbacks/` is open to the providers; everything else goes through
//! [`guard::gate`].

pub mod actions;
pub mod alerts;
pub mod api;
pub mod audit;
mod body;
pub mod callbacks;
pub mod csv;
pub mod error;
mod fields;
pub mod forwards;
pub mod guard;
pub mod health;
pub mod hooks;
pub mod live;
pub mod lost;
pub mod me;
pub mod needs;
pub mod oidc;
pub mod pages;
pub mod payload;
pub mod people;
pub mod remote;
pub mod resync;
pub mod retention;
pub mod saved;
pub mod screen;
pub mod sign_in;
pub mod site;
pub mod sync;
pub mod tokens;
pub mod views;
mod who;
mod wishes;

use crate::app::App;
use actix_web::guard::{Any, Get, Head};
use actix_web::http::header::{CACHE_CONTROL, STRICT_TRANSPORT_SECURITY};
use actix_web::middleware::{Compress, DefaultHeaders, from_fn};
use actix_web::{HttpResponse, web};
use error::WebError;
use live::Hub;
use site::Site;

/// Nothing inline, nothing from elsewhere, and no HTML from script but through the one policy of live.js.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types rows";

/// For a year, and for whatever stands below the board's own name.
const HSTS: &str = "max-age=31536000; includeSubDomains";

/// What a server's workers share.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The board.
    pub app: web::Data<App>,
    /// The board as the pages see it.
    pub site: web::Data<Site>,
    /// The live stream.
    pub hub: web::Data<Hub>,
}

impl Shared {
    /// Puts a board and its live stream together.
    #[must_use]
    pub fn new(app: App, hub: Hub) -> Self {
        let site = Site::new(app.clone());
        Self { app: web::Data::new(app), site: web::Data::new(site), hub: web::Data::new(hub) }
    }
}

/// All of the board, for `listen`.
pub fn routes(shared: &Shared, config: &mut web::ServiceConfig) {
    let Shared { app, site, hub } = shared.clone();
    let encrypted = app.config.is_encrypted();
    config.app_data(app).app_data(site).app_data(hub).configure(callbacks::routes).service(
        web::scope("")
            .wrap(from_fn(guard::gate))
            .wrap(from_fn(error::shaped))
            .wrap(headers(encrypted))
            .wrap(Compress::default())
            .route("/", read().to(pages::board))
            .route("/pulse", read().to(pages::pulse))
            .route("/live", read().to(live::live))
            .route("/packages.csv", read().to(csv::packages))
            .route("/packages/{package:.*}", read().to(pages::package))
            .route("/packages/{package:.*}", web::post().to(resync::package))
            .route("/resync", web::post().to(resync::board))
            .route("/views", web::post().to(saved::save))
            .route("/views/end", web::post().to(saved::end))
            .route("/alerts", read().to(alerts::page))
            .route("/alerts", web::post().to(alerts::act))
            .route("/follow/packages/{package:.*}", web::post().to(alerts::follow))
            .route("/sync/resync", web::post().to(resync::resync))
            .route("/sync/stop", web::post().to(resync::stop))
            .route("/sync", read().to(sync::sync))
            .route("/sync/now", read().to(sync::now))
            .route("/sync/missed.csv", read().to(sync::csv))
            .service(
                web::resource("/lost")
                    .app_data(actions::pasted_within())
                    .route(read().to(lost::page))
                    .route(web::post().to(lost::paste)),
            )
            .route("/inbox", read().to(pages::inbox))
            .route("/inbox/payload/{arrival}", read().to(payload::of_inbox))
            .route("/inbox/waiting/{id}", read().to(payload::of_waiting))
            .service(
                web::resource("/inbox/import")
                    .app_data(actions::pasted_within())
                    .route(web::post().to(actions::import)),
            )
            .route("/inbox/waiting", web::post().to(actions::admit_waiting))
            .route("/inbox/forget", web::post().to(actions::forget_waiting))
            .route("/inbox/replay", web::post().to(actions::replay))
            .route("/inbox/admit", web::post().to(actions::admit))
            .route("/providers", read().to(pages::providers))
            .route("/providers/test", web::post().to(actions::test))
            .route("/forwards/{account}", read().to(forwards::forwards))
            .route("/forwards/{account}", web::post().to(forwards::again))
            .route("/hooks", read().to(hooks::list))
            .route("/hooks/{hook}", read().to(hooks::one))
            .route("/hooks/{hook}", web::post().to(hooks::act))
            .route("/people", read().to(people::page))
            .route("/people", web::post().to(people::invite))
            .route("/people/{id}", read().to(people::person))
            .route("/people/{id}", web::post().to(people::act))
            .route("/retention", read().to(retention::page))
            .route("/retention", web::post().to(retention::act))
            .route("/tokens", read().to(tokens::page))
            .route("/tokens", web::post().to(tokens::make))
            .route("/tokens/end", web::post().to(tokens::end))
            .route("/audit", read().to(audit::page))
            .route("/audit/deeds.csv", read().to(audit::csv))
            .route("/audit/deeds.jsonl", read().to(audit::lines))
            .route("/me", read().to(me::page))
            .route("/me", web::post().to(me::act))
            .route("/screen/{secret}", read().to(screen::enter))
            .route("/screen", read().to(screen::board))
            .route("/screen-pulse", read().to(pages::pulse))
            .route("/screen-live", read().to(live::live))
            .route("/api/v1/packages", read().to(api::packages))
            .route("/api/v1/packages/{package:.*}", read().to(api::package))
            .route("/api/v1/alerts", read().to(alerts::list))
            .route("/api/v1/accounts", read().to(api::accounts))
            .route("/api/v1/drift", read().to(api::drift))
            .route("/api/v1/runs", read().to(api::runs))
            .route("/api/v1/traffic", read().to(api::traffic))
            .route("/api/v1/hooks", read().to(hooks::json))
            .route("/sign-in", read().to(sign_in::page))
            .route("/sign-in", web::post().to(sign_in::sign_in))
            .route("/sign-in/oidc", read().to(oidc::begin))
            .route("/sign-in/oidc/back", read().to(oidc::back))
            .route("/sign-in/code", read().to(sign_in::code_page))
            .route("/sign-in/code", web::post().to(sign_in::code))
            .route("/sign-in/second", read().to(sign_in::second_page))
            .route("/sign-in/second", web::post().to(sign_in::second))
            .route("/sign-out", web::post().to(sign_in::sign_out))
            .route("/welcome/{secret}", read().to(sign_in::welcome))
            .route("/welcome/{secret}", web::post().to(sign_in::take_up))
            .route("/healthz", read().to(health::healthz))
            .route("/readyz", read().to(health::readyz))
            .route("/metrics", read().to(health::metrics))
            .route("/static/{file}", read().to(static_file))
            .default_service(web::to(nothing)),
    );
}

/// Callbacks and nothing else, for `callbacks-listen`.
pub fn callback_routes(shared: &Shared, config: &mut web::ServiceConfig) {
    config.app_data(shared.app.clone()).configure(callbacks::routes);
}

/// A route for GET, and for HEAD: the same answer without its body.
fn read() -> actix_web::Route {
    web::route().guard(Any(Get()).or(Head()))
}

/// `encrypted`: whoever came once by TLS shall never come without it again.
fn headers(encrypted: bool) -> DefaultHeaders {
    let headers = DefaultHeaders::new();
    let headers = if encrypted { headers.add((STRICT_TRANSPORT_SECURITY, HSTS)) } else { headers };
    headers
        .add(("Content-Security-Policy", CSP))
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("Referrer-Policy", "same-origin"))
        .add(("X-Frame-Options", "DENY"))
        .add(("Cross-Origin-Opener-Policy", "same-origin"))
        .add(("Cross-Origin-Resource-Policy", "same-origin"))
}

async fn static_file(file: web::Path<String>) -> Result<HttpResponse, WebError> {
    let asset = views::assets::asset(&file).ok_or(WebError::NotFound("There is no such file."))?;
    let mut answer = HttpResponse::Ok();
    // Its hash is in its name: it never changes.
    answer.insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"));
    Ok(answer.content_type(asset.mime).body(asset.bytes.as_slice()))
}

async fn nothing() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound("There is nothing at this address."))
}
