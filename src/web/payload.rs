//! The bytes of callbacks, as they came.

use super::error::WebError;
use super::remote::note;
use super::site::Site;
use crate::app::WhyGone;
use crate::app::people::{DeedKind, Who};
use crate::model::AccountId;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpRequest, HttpResponse, web};

/// `GET /inbox/payload/{arrival}`: the bytes of an arrival that told of no package.
pub async fn of_inbox(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    arrival: web::Path<i64>,
) -> Result<HttpResponse, WebError> {
    payload(&site, (&request, &who), *arrival, None).await
}

/// `GET /inbox/waiting/{id}`: what was pasted, as found.
pub async fn of_waiting(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    id: web::Path<i64>,
) -> Result<HttpResponse, WebError> {
    let found = site.app.store.waiting_one(*id).await?;
    let found = found.ok_or(WebError::NotFound("That callback waits no more."))?;
    note(&site.app, &request, &who, DeedKind::PayloadRead, format!("of pasted callback {id}")).await;
    let mut answer = HttpResponse::Ok();
    answer.content_type("text/plain; charset=utf-8").insert_header((CACHE_CONTROL, "no-store"));
    Ok(answer.body(found.it.body))
}

/// A body as it came. It is somebody else's text, so it is never shown as anything but text.
pub(super) async fn payload(
    site: &Site,
    (request, who): (&HttpRequest, &Who),
    arrival: i64,
    of: Option<&AccountId>,
) -> Result<HttpResponse, WebError> {
    let found = site.app.store.body(arrival).await?;
    let found = found.filter(|(account, _)| of.is_none_or(|of| of == account));
    let (account, body) = found.ok_or(WebError::NotFound("There is no such payload."))?;
    let body = body.map_err(|why| {
        WebError::NotFound(match why {
            WhyGone::Age => "The bytes of this callback were kept for as long as they should be; what was read in them stays.",
            WhyGone::Package => "The bytes of this callback went with its package, which had ended long ago.",
            WhyGone::Erased => "The bytes of this callback held somebody who was erased; what was read in them stays without that person.",
        })
    })?;
    note(&site.app, request, who, DeedKind::PayloadRead, format!("of callback {arrival} of {account}")).await;
    let mut answer = HttpResponse::Ok();
    answer.content_type("text/plain; charset=utf-8").insert_header((CACHE_CONTROL, "no-store"));
    if std::str::from_utf8(&body).is_err() {
        let name = format!("attachment; filename=\"callback-{arrival}.bin\"");
        answer.content_type("application/octet-stream").insert_header((CONTENT_DISPOSITION, name));
    }
    Ok(answer.body(body))
}
