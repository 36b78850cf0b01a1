//! Signing in at the firm's identity provider: the browser is sent there, and comes back with a code.

use super::error::WebError;
use super::guard::is_loopback_host;
use super::people::see;
use super::remote::from;
use super::sign_in::{Onward, Refused, local, onward, sign_in_page};
use super::site::Site;
use crate::app::App;
use crate::app::people::oidc::{Came, OidcError};
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

/// What a browser carries along while it signs in. It comes back from another site, so it can't be strict.
const COOKIE: &str = "__Host-signboard-sign-in";
/// Nothing longer was given out.
const MOST_BYTES: usize = 8 * 1024;

/// With what the identity provider sends a browser back. It never prints.
#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    iss: Option<String>,
}

/// `GET /sign-in/oidc`: off to the identity provider.
pub async fn begin(
    site: web::Data<Site>,
    request: HttpRequest,
    query: web::Query<Onward>,
) -> Result<HttpResponse, WebError> {
    if !site.app.asks_to_sign_in() {
        return Ok(see("/"));
    }
    let next = local(query.next());
    let Some(back) = back_address(&site.app, &request) else {
        return Err(WebError::Bad(
            "This board doesn’t know its own address. An admin has to set server.public-url in its configuration."
                .to_owned(),
        ));
    };
    match site.app.begin_oidc(&back, next).await {
        Ok((url, sealed)) => {
            let mut cookie = carried(sealed);
            cookie.set_max_age(Duration::minutes(10));
            let mut answer = HttpResponse::SeeOther();
            answer.insert_header((LOCATION, url)).insert_header((CACHE_CONTROL, "no-store"));
            Ok(answer.cookie(cookie).finish())
        }
        Err(why) => refused(&site, &request, next, why),
    }
}

/// `GET /sign-in/oidc/back`: a browser comes back.
pub(super) async fn back(
    site: web::Data<Site>,
    request: HttpRequest,
    query: web::Query<Back>,
) -> Result<HttpResponse, WebError> {
    let sealed = request.cookie(COOKIE).map(|it| it.value().to_owned()).unwrap_or_default();
    let sealed = if sealed.len() <= MOST_BYTES { sealed.as_str() } else { "" };
    let came = Came { sealed, state: &query.state, code: &query.code, issuer: query.iss.as_deref() };
    let mut answer = match site.app.finish_oidc(&came, &from(&site.app, &request)).await {
        Ok((begun, next)) => onward(&begun, local(&next)),
        Err(why) => refused(&site, &request, "/", why)?,
    };
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !sealed.is_empty() {
        let mut gone = carried(String::new());
        gone.make_removal();
        let _ = answer.add_cookie(&gone);
    }
    Ok(answer)
}

fn refused(site: &Site, request: &HttpRequest, next: &str, why: OidcError) -> Result<HttpResponse, WebError> {
    let status = match why {
        OidcError::Store(cause) => return Err(cause.into()),
        OidcError::None => return Err(WebError::NotFound("This board knows no identity provider.")),
        OidcError::Down(_) => StatusCode::SERVICE_UNAVAILABLE,
        OidcError::Stale => StatusCode::BAD_REQUEST,
        OidcError::Refused(_) => StatusCode::UNAUTHORIZED,
        OidcError::NoRole(_) | OidcError::NoMail(_) | OidcError::Taken | OidcError::Disabled => {
            StatusCode::FORBIDDEN
        }
    };
    let refused = Refused { status, wait: None, sentence: why.to_string() };
    Ok(sign_in_page(site, request, ("", next), Some(refused)))
}

fn carried(sealed: String) -> Cookie<'static> {
    Cookie::build(COOKIE, sealed).path("/").secure(true).http_only(true).same_site(SameSite::Lax).finish()
}

/// The address to come back to. Where none is configured only this machine's own will do: what a stranger writes into
/// `Host` must not become part of one.
fn back_address(app: &App, request: &HttpRequest) -> Option<String> {
    let host = || request.headers().get("host").and_then(|it| it.to_str().ok());
    let own = app.public_url().map(str::to_owned);
    let root = own.or_else(|| host().filter(|it| is_loopback_host(it)).map(|it| format!("http://{it}")))?;
    Some(format!("{root}/sign-in/oidc/back"))
}
