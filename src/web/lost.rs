//! `/lost`: the form for lost callbacks, for whoever may not open the inbox. What is pasted counts for packages that they
//! may see.

use super::actions::{self, Paste};
use super::error::WebError;
use super::pages::{page_of, takers};
use super::site::Site;
use super::views::{AccountLabel, LostInput, LostPage, html};
use crate::app::people::Who;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use std::collections::HashMap;

/// `GET /lost`.
pub async fn page(
    site: web::Data<Site>,
    who: Who,
    query: web::Query<HashMap<String, String>>,
) -> Result<HttpResponse, WebError> {
    let notice = query.get("done").and_then(|it| actions::notice(it));
    let moment = site.moment(&who).await?;
    let takers: Vec<&AccountLabel> = takers(&site, &who).into_iter().map(|(label, _)| label).collect();
    let input = LostInput {
        around: site.around(&moment),
        takers: &takers,
        only_sent: who.reach.senders.is_some(),
        notice: notice.as_deref(),
    };
    Ok(page_of(html(&LostPage::new(&input))))
}

/// `POST /lost`.
pub async fn paste(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    paste: web::Form<Paste>,
) -> Result<HttpResponse, WebError> {
    let word = actions::take(&site, &request, &who, paste.into_inner()).await?;
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("/lost?done={word}"))).finish())
}
