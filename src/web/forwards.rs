//! `/forwards/{account}`: what was passed on to another listener, how that went, and the buttons to send again.

use super::error::WebError;
use super::remote::note;
use super::site::Site;
use super::views::words::count;
use super::views::{ForwardsInput, ForwardsPage, html, link};
use crate::app::people::{DeedKind, Who};
use crate::app::{Account, Passing};
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use std::collections::HashMap;

/// So many are shown.
const PAGE: u32 = 100;

/// What a form is about; without a number all that wait or were given up.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    id: Option<i64>,
}

/// The page.
pub async fn forwards(
    site: web::Data<Site>,
    who: Who,
    account: web::Path<String>,
    query: web::Query<HashMap<String, String>>,
) -> Result<HttpResponse, WebError> {
    let account = found(&site, &account)?;
    let only = query.get("only").is_some_and(|it| it == "given-up");
    let rows = site.app.store.forwards(&account.id, only.then_some(Passing::GivenUp), PAGE).await?;
    let facts = site.app.store.forward_facts(&account.id).await?;
    let notice = query.get("again").and_then(|it| it.parse().ok());
    let notice = notice.map(|it| format!("{} sent again.", count(it, "callback is", "callbacks are")));
    let moment = site.moment(&who).await?;
    let input = ForwardsInput {
        around: site.around(&moment),
        account: &account.id,
        host: account.forwarding.as_ref().map_or("", |it| &it.host),
        facts: &facts,
        rows: &rows,
        only,
        notice: notice.as_deref(),
    };
    let mut answer = HttpResponse::Ok();
    answer.content_type("text/html; charset=utf-8").insert_header((CACHE_CONTROL, "no-store"));
    Ok(answer.body(html(&ForwardsPage::new(&input))))
}

/// Sends again: one, or all that wait or were given up.
pub async fn again(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    account: web::Path<String>,
    which: web::Form<Which>,
) -> Result<HttpResponse, WebError> {
    let account = found(&site, &account)?;
    let count = site.app.forward_again(account, which.id).await?;
    if count == 0 && which.id.is_some() {
        return Err(WebError::NotFound(
            "That callback waits already, or is no longer kept for sending again.",
        ));
    }
    let what =
        which.id.map_or_else(|| format!("{count} of {}", account.id), |id| format!("{id} of {}", account.id));
    note(&site.app, &request, &who, DeedKind::SentAgain, what).await;
    let page = format!("/forwards/{}?again={count}", link::encode(&account.id.0));
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, page)).finish())
}

fn found<'a>(site: &'a Site, account: &str) -> Result<&'a Account, WebError> {
    let account = site.app.account(account).filter(|it| it.forwarding.is_some());
    account.ok_or(WebError::NotFound("No account of this name passes its callbacks on."))
}
