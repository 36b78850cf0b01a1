//! There is no sign-in yet, so the board answers to its own machine alone: a loopback peer, a loopback Host, no proxy
//! in between; and it changes nothing for a page of another site. Callbacks come in by another door.

use super::error::WebError;
use actix_web::ResponseError as _;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use actix_web::http::{Method, Uri};
use actix_web::middleware::Next;
use std::net::IpAddr;

const ONLY_HERE: &str = "This board has no sign-in yet, so it answers only to the machine on which it runs.";
const OTHER_SITE: &str = "A page of another site may not change anything here.";

/// Lets a request through, or refuses it.
pub async fn local_only(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let peer = request.peer_addr().map(|it| it.ip());
    if !is_local(peer, request.headers(), request.uri()) {
        return Ok(refused(request, ONLY_HERE));
    }
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !safe && !is_same_site(request.headers()) {
        return Ok(refused(request, OTHER_SITE));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// An answer, not an error: it still gets its page and its headers on the way out.
fn refused(request: ServiceRequest, why: &'static str) -> ServiceResponse<BoxBody> {
    request.into_response(WebError::Forbidden(why).error_response())
}

fn is_local(peer: Option<IpAddr>, headers: &HeaderMap, uri: &Uri) -> bool {
    let proxied = ["forwarded", "x-forwarded-for"].into_iter().any(|name| headers.contains_key(name));
    let host = headers.get(HOST).and_then(|it| it.to_str().ok()).or_else(|| uri.host());
    peer.is_some_and(|ip| ip.to_canonical().is_loopback()) && !proxied && host.is_some_and(is_loopback_host)
}

fn is_loopback_host(host: &str) -> bool {
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
