//! The gate before every page: it finds out who comes, and lets them where they may go. It changes nothing for a page of
//! another site. Callbacks come in by another door.
//!
//! A board without sign-in answers to its own machine alone: a loopback peer, a loopback Host, no proxy in between.

use super::error::WebError;
use super::needs::{self, Verb};
use super::remote::remote;
use crate::app::people::{Comes, DeedKind, Who};
use crate::app::{App, StoreError};
use crate::model::access::Needs;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, HOST, HeaderMap, HeaderValue, LOCATION, ORIGIN};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpResponse, ResponseError as _, web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::net::IpAddr;

/// Whoever they are, as the audit calls them.
const SOMEBODY: &str = "somebody unknown";
const ONLY_HERE: &str = "This board asks for no sign-in, so it answers only to the machine on which it runs.";
const OTHER_SITE: &str = "A page of another site may not change anything here.";
/// What somebody is told who may not.
pub(super) const NOT_YOURS: &str =
    "That is not for you to see or do; an admin of this board can change what you may do.";
const NO_SCREEN: &str =
    "This screen’s link works no more, or was never opened here; an admin of this board can make another.";
/// The cookie of a session: for this host and path alone, over TLS or to the own machine.
pub const COOKIE: &str = "__Host-signboard";

/// The cookie of a wall screen.
pub const SCREEN_COOKIE: &str = "__Host-signboard-screen";

/// Lets a request through, or refuses it.
pub async fn gate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let bearer = bearer(request.headers());
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else {
        return Ok(refused(request, WebError::Forbidden(ONLY_HERE)));
    };
    if !reads && bearer.is_none() && !is_same_site(request.headers()) {
        note_refused(&app, &request, SOMEBODY, "a form of another site").await;
        return Ok(refused(request, WebError::Forbidden(OTHER_SITE)));
    }
    let pattern = request.match_pattern().unwrap_or_default();
    let shows_token = bearer.is_some();
    let needs = needs::of(if reads { Verb::Read } else { Verb::Do }, Some(&pattern));
    let comes = if !app.asks_to_sign_in() {
        let peer = request.peer_addr().map(|it| it.ip());
        if !is_local(peer, request.headers(), request.uri()) {
            return Ok(refused(request, WebError::Forbidden(ONLY_HERE)));
        }
        Ok(Comes::Known(Who::here()))
    } else if needs == Needs::Nothing {
        Ok(Comes::Nobody)
    } else {
        who(&app, &request, bearer, needs).await
    };
    match comes {
        Err(cause) => return Ok(refused(request, cause.into())),
        Ok(Comes::Known(who)) if who.may(needs) => {
            request.extensions_mut().insert(who);
        }
        Ok(_) if needs == Needs::Screen => return Ok(refused(request, WebError::Forbidden(NO_SCREEN))),
        Ok(Comes::Known(who)) => {
            note_refused(&app, &request, &who.name, &pattern).await;
            return Ok(refused(request, WebError::Forbidden(NOT_YOURS)));
        }
        Ok(Comes::Nobody | Comes::Half(_)) if needs == Needs::Nothing => {}
        Ok(Comes::Nobody | Comes::Half(_)) => {
            if shows_token {
                note_refused(&app, &request, SOMEBODY, "a token that opens nothing").await;
            }
            return Ok(asked_in(request));
        }
    }
    let mut answer = next.call(request).await?.map_into_boxed_body();
    if !answer.headers().contains_key(CACHE_CONTROL) {
        // Whatever doesn't say otherwise is for whoever asked, and for now.
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if answer.status() == StatusCode::FORBIDDEN {
        let who = answer.request().extensions().get::<Who>().map(|it| it.name.clone());
        if let Some(who) = who {
            let remote = remote(&app, answer.request());
            app.note_refused(&who, &remote, DeedKind::Refused, &pattern).await;
        }
    }
    Ok(answer)
}

/// By its pattern and not by its path: what somebody made up shall not stand in the audit.
async fn note_refused(app: &App, request: &ServiceRequest, who: &str, what: &str) {
    let remote = remote(app, request.request());
    app.note_refused(who, &remote, DeedKind::Refused, what).await;
}

async fn who(
    app: &App,
    request: &ServiceRequest,
    bearer: Option<String>,
    needs: Needs,
) -> Result<Comes, StoreError> {
    // A screen's cookie opens a screen's addresses and nothing else.
    let screen = || request.cookie(SCREEN_COOKIE).filter(|_| needs == Needs::Screen);
    if let Some(token) = bearer.or_else(|| screen().map(|it| it.value().to_owned())) {
        return app.by_token(&token).await;
    }
    match request.cookie(COOKIE) {
        Some(cookie) => {
            let by_itself = matches!(request.path(), "/live" | "/pulse");
            app.by_cookie(cookie.value(), by_itself).await
        }
        None => Ok(Comes::Nobody),
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (kind, token) = value.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// A program is told that it must sign in; a person is led there, and back.
fn asked_in(request: ServiceRequest) -> ServiceResponse<BoxBody> {
    let is_page = request.method() == Method::GET && !request.path().starts_with("/api/");
    if !is_page || matches!(request.path(), "/live" | "/pulse" | "/metrics") {
        return refused(request, WebError::SignIn);
    }
    let from = request.uri().path_and_query().map_or("/", |it| it.as_str());
    let to = format!("/sign-in?next={}", utf8_percent_encode(from, NON_ALPHANUMERIC));
    request.into_response(HttpResponse::SeeOther().insert_header((LOCATION, to)).finish())
}

/// An answer, not an error: it still gets its page and its headers on the way out.
fn refused(request: ServiceRequest, why: WebError) -> ServiceResponse<BoxBody> {
    request.into_response(why.error_response())
}

fn is_local(peer: Option<IpAddr>, headers: &HeaderMap, uri: &Uri) -> bool {
    let proxied = ["forwarded", "x-forwarded-for"].into_iter().any(|name| headers.contains_key(name));
    let host = headers.get(HOST).and_then(|it| it.to_str().ok()).or_else(|| uri.host());
    peer.is_some_and(|ip| ip.to_canonical().is_loopback()) && !proxied && host.is_some_and(is_loopback_host)
}

/// Whether a Host names the machine itself.
pub(super) fn is_loopback_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(six) => six.split_once(']').map_or("", |(name, _)| name),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A browser says where a request comes from; a program that says nothing is no browser.
fn is_same_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|it| it.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin = headers.get(ORIGIN).is_none_or(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        let host = headers.get(HOST).and_then(|it| it.to_str().ok());
        origin.split_once("://").is_some_and(|(_, at)| Some(at) == host)
    });
    site && origin
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        map
    }

    #[test]
    fn only_the_own_machine_is_local() {
        let here: Option<IpAddr> = Some("127.0.0.1".parse().unwrap());
        let uri = Uri::from_static("/");
        let local = |peer, pairs: &[(&str, &str)]| is_local(peer, &headers(pairs), &uri);
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.8.8.8", "[::1]:80", "[::1]"] {
            assert!(local(here, &[("host", host)]), "{host}");
        }
        for host in
            ["board.example.com", "localhost.example.com", "127.0.0.1.example.com", "10.0.0.1", "", "[::2]"]
        {
            assert!(!local(here, &[("host", host)]), "{host}");
        }
        assert!(!local(here, &[]), "no Host");
        assert!(!local(Some("10.0.0.7".parse().unwrap()), &[("host", "localhost")]));
        assert!(local(Some("::ffff:127.0.0.1".parse().unwrap()), &[("host", "localhost")]));
        for proxied in ["x-forwarded-for", "forwarded"] {
            assert!(!local(here, &[("host", "localhost"), (proxied, "for=10.0.0.1")]), "{proxied}");
        }
    }

    #[test]
    fn another_site_changes_nothing() {
        assert!(is_same_site(&headers(&[("host", "localhost:1")])), "a program");
        assert!(is_same_site(&headers(&[("host", "localhost:1"), ("origin", "http://localhost:1")])));
        assert!(!is_same_site(&headers(&[("host", "localhost:1"), ("origin", "http://localhost:2")])));
        assert!(!is_same_site(&headers(&[("host", "localhost:1"), ("origin", "null")])));
        for site in ["cross-site", "same-site", "é"] {
            assert!(!is_same_site(&headers(&[("sec-fetch-site", site)])), "{site}");
        }
        assert!(is_same_site(&headers(&[("sec-fetch-site", "same-origin")])));
    }
}
