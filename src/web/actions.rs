//! What a person does from the inbox: forms that post, and a redirect after each.

use super::error::WebError;
use super::site::Site;
use super::views::words::count;
use crate::app::ingest::Receipt;
use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

/// Which arrival or call a form is about.
#[derive(Debug, Deserialize)]
pub struct Which {
    id: Option<i64>,
}

/// `POST /inbox/replay`: one arrival, or everything.
pub async fn replay(site: web::Data<Site>, which: web::Form<Which>) -> Result<HttpResponse, WebError> {
    let done = match which.id {
        Some(id) => {
            let done = site.app.replay_one(id).await?;
            done.ok_or(WebError::NotFound(
                "There is no such arrival, or its account is no longer configured.",
            ))?
        }
        None => site.app.replay(|_| ()).await?,
    };
    Ok(back(&format!("replayed-{}-{}-{}", done.arrivals, done.fresh, done.quarantined)))
}

/// `POST /inbox/admit`: an administrator vouches for a refused call.
pub async fn admit(site: web::Data<Site>, which: web::Form<Which>) -> Result<HttpResponse, WebError> {
    let id = which.id.ok_or_else(|| WebError::Bad("The form names no call.".to_owned()))?;
    let admitted = site.app.admit(id).await?;
    let receipt = admitted
        .ok_or(WebError::NotFound("There is no such call, or its account is no longer configured."))?;
    Ok(back(if receipt == Receipt::Refused { "not-admitted" } else { "admitted" }))
}

/// The sentence for what a form has done; `None` for anything that no form says.
#[must_use]
pub fn notice(word: &str) -> Option<String> {
    if word == "admitted" {
        return Some("The call was admitted and read.".to_owned());
    }
    if word == "not-admitted" {
        return Some(
            "The call stays refused: its signature is wrong, so its provider did not send these bytes."
                .to_owned(),
        );
    }
    let mut numbers = word.strip_prefix("replayed-")?.split('-').map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    let (arrivals, fresh, quarantined) = (next()?, next()?, next()?);
    Some(format!(
        "{} read again: {}, {} set aside.",
        count(arrivals, "callback was", "callbacks were"),
        count(fresh, "new fact", "new facts"),
        quarantined
    ))
}

fn back(word: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, format!("/inbox?done={word}"))).finish()
}
