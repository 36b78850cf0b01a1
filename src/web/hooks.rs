//! `/hooks`: the receivers of the firm's own logic, what each was told, how that went, and the buttons to send again, to
//! pause and to go on; and the same as JSON.

use super::error::WebError;
use super::fields::Fields;
use super::people::{answer, see};
use super::remote::remote;
use super::site::Site;
use super::views::hooks::{HookInput, HookList, HookPage, HooksPage, page as page_of};
use super::views::html;
use super::views::words::count;
use crate::app::hooks::Hook;
use crate::app::people::Who;
use crate::app::{HookFacts, HookState};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use std::collections::HashMap;

/// So many are shown.
const PAGE: u32 = 100;

async fn facts(site: &Site) -> Result<Vec<(&Hook, HookFacts)>, WebError> {
    let mut all = Vec::with_capacity(site.app.hooks.len());
    for hook in site.app.hooks.values() {
        all.push((hook, site.app.store.hook_facts(hook.name()).await?));
    }
    Ok(all)
}

/// `GET /hooks`.
pub async fn list(site: web::Data<Site>, who: Who) -> Result<HttpResponse, WebError> {
    let hooks = facts(&site).await?;
    let moment = site.moment(&who).await?;
    Ok(answer(StatusCode::OK, html(&HooksPage::new(&hooks, &site.around(&moment)))))
}

/// `GET /api/v1/hooks`.
pub async fn json(site: web::Data<Site>) -> Result<HttpResponse, WebError> {
    Ok(HttpResponse::Ok().json(HookList::new(&facts(&site).await?)))
}

/// `GET /hooks/{hook}`.
pub async fn one(
    site: web::Data<Site>,
    who: Who,
    hook: web::Path<String>,
    query: web::Query<HashMap<String, String>>,
) -> Result<HttpResponse, WebError> {
    let hook = found(&site, &hook)?;
    let only = query.get("only").and_then(|it| HookState::parse(it));
    let before = query.get("before").and_then(|it| it.parse().ok());
    let mut rows = site.app.store.hook_deliveries(hook.name(), only, before, PAGE + 1).await?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    let facts = site.app.store.hook_facts(hook.name()).await?;
    let notice = match query.get("done").map(String::as_str) {
        Some("paused") => Some("It is paused. What it is to be told waits.".to_owned()),
        Some("resumed") => Some("It goes on. What waited is told now.".to_owned()),
        _ => query
            .get("again")
            .and_then(|it| it.parse().ok())
            .map(|it| format!("{} sent again.", count(it, "message is", "messages are"))),
    };
    let moment = site.moment(&who).await?;
    let input =
        HookInput { around: site.around(&moment), hook, facts: &facts, rows: &rows, only, more, notice };
    Ok(answer(StatusCode::OK, html(&HookPage::new(input))))
}

/// `POST /hooks/{hook}`: what the form's button says.
pub async fn act(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    hook: web::Path<String>,
    form: web::Form<Fields>,
) -> Result<HttpResponse, WebError> {
    let hook = found(&site, &hook)?;
    let (app, remote) = (&site.app, remote(&site.app, &request));
    let page = page_of(hook.name());
    match form.one("do") {
        "pause" => {
            app.pause_hook(hook, &who.name, &remote, "an admin paused it").await?;
            Ok(see(&format!("{page}?done=paused")))
        }
        "resume" => {
            app.resume_hook(hook, (&who.name, &remote)).await?;
            Ok(see(&format!("{page}?done=resumed")))
        }
        "again" => {
            let one = if form.one("id").is_empty() { None } else { Some(form.id()?) };
            let count = app.hook_again(hook, one, (&who.name, &remote)).await?;
            if count == 0 && one.is_some() {
                return Err(WebError::NotFound("That message waits already, or is no longer kept."));
            }
            Ok(see(&format!("{page}?again={count}")))
        }
        _ => Err(WebError::Bad("The form doesn’t say what to do.".to_owned())),
    }
}

fn found<'a>(site: &'a Site, hook: &str) -> Result<&'a Hook, WebError> {
    site.app.hooks.get(hook).ok_or(WebError::NotFound("No hook of this name is configured."))
}
