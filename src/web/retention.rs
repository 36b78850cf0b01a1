//! `/retention`: how long what came is kept, what would go now, and the erasing of a person.

use super::error::WebError;
use super::fields::Fields;
use super::people::{answer_to, see};
use super::remote::remote;
use super::site::Site;
use super::views::html;
use super::views::retention::{ErasePart, RetentionInput, RetentionPage};
use crate::app::Old;
use crate::app::erasing::{EraseError, ToErase};
use crate::app::people::DeedKind;
use crate::app::people::Who;
use actix_web::{HttpRequest, HttpResponse, web};
use std::collections::HashMap;

/// `GET /retention`.
pub async fn page(
    site: web::Data<Site>,
    who: Who,
    query: web::Query<HashMap<String, String>>,
) -> Result<HttpResponse, WebError> {
    let notice = (query.get("done").map(String::as_str) == Some("going"))
        .then_some("What is older than it is kept goes now. It may take a while; nothing else waits for it.");
    shown(&site, &who, notice, None, ErasePart::default()).await
}

async fn shown(
    site: &Site,
    who: &Who,
    notice: Option<&str>,
    old: Option<&[Old]>,
    erase: ErasePart<'_>,
) -> Result<HttpResponse, WebError> {
    let last = site.app.store.last_retention().await?;
    let moment = site.moment(who).await?;
    let kept = site.app.retention();
    let wrong = erase.wrong;
    let input = RetentionInput {
        around: site.around(&moment),
        kept: [kept.raw_days, kept.refused_days, kept.ended_months, kept.audit_days],
        last,
        going: site.app.going(),
        old,
        notice,
        erase,
    };
    Ok(answer_to(wrong, html(&RetentionPage::new(input))))
}

/// `POST /retention`: what the form's button says.
pub async fn act(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    form: web::Form<Fields>,
) -> Result<HttpResponse, WebError> {
    let remote = remote(&site.app, &request);
    match form.one("do") {
        "count" => {
            let old = site.app.old().await?;
            shown(&site, &who, None, Some(&old), ErasePart::default()).await
        }
        "go" => {
            site.app.note(&who.name, &remote, DeedKind::Retention, "now").await;
            let app = site.app.clone();
            actix_web::rt::spawn(async move {
                if let Err(cause) = app.retain().await {
                    tracing::error!(%cause, "what is old can't be let go of");
                }
            });
            Ok(see("/retention?done=going"))
        }
        "look" => erase(&site, &who, &remote, &form, true).await,
        "erase" => erase(&site, &who, &remote, &form, false).await,
        _ => Err(WebError::Bad("The form doesn’t say what to do.".to_owned())),
    }
}

async fn erase(
    site: &Site,
    who: &Who,
    remote: &str,
    form: &Fields,
    look: bool,
) -> Result<HttpResponse, WebError> {
    let typed = [form.one("email").trim(), form.one("name").trim()];
    let [mail, name] = typed.map(str::to_owned);
    let it = ToErase { mail, name: Some(name), by: who.name.clone(), remote: remote.to_owned() };
    let traced = if look {
        site.app.note(&who.name, remote, DeedKind::Erase, "looked where a person is").await;
        site.app.trace(&it).await
    } else {
        // Whoever closes the page must not leave it half done.
        let app = site.app.clone();
        let erasing = actix_web::rt::spawn(async move { app.erase(&it).await });
        let ended = erasing.await;
        ended.map_err(|_| WebError::Bad("It broke off. Erase them once more: it goes on.".to_owned()))?
    };
    match traced {
        Ok(traced) => {
            let lines = traced.lines();
            let part = ErasePart { typed, lines: &lines, erased: !look, wrong: None };
            shown(site, who, None, None, part).await
        }
        Err(EraseError::Store(cause)) => Err(cause.into()),
        Err(EraseError::Mail) => {
            let why = "This is no mail address. Give the one under which they are in the packages.";
            shown(site, who, None, None, ErasePart { typed, wrong: Some(why), ..ErasePart::default() }).await
        }
        Err(EraseError::Name) => {
            let why = "A name to look for has 3 to 200 characters.";
            shown(site, who, None, None, ErasePart { typed, wrong: Some(why), ..ErasePart::default() }).await
        }
    }
}
