//! `/me`: what people see and change of themselves.

use super::error::WebError;
use super::fields::Fields;
use super::people::{answer, see};
use super::remote::from;
use super::site::Site;
use super::views::me::{MeInput, MePage};
use super::views::{html, time};
use crate::app::people::{Managed, Means, Owned, User, Who};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use std::collections::HashMap;

/// `GET /me`.
pub async fn page(
    site: web::Data<Site>,
    who: Who,
    query: web::Query<HashMap<String, String>>,
) -> Result<HttpResponse, WebError> {
    let (user, session) = own(&site, &who).await?;
    let notice = match query.get("done").map(String::as_str) {
        Some("name") => Some("Your name is changed."),
        Some("zone") => Some("From now on every page says times in that zone."),
        Some("password") => {
            Some("Your password is changed; wherever else you were signed in, that has ended.")
        }
        Some("wishes") => Some("What you are told is changed; it counts from now on."),
        Some("ended") => Some("That session has ended."),
        Some("others") => Some("All other sessions of yours have ended."),
        _ => None,
    };
    shown(&site, &who, (&user, session), notice, None).await
}

async fn shown(
    site: &Site,
    who: &Who,
    (user, session): (&User, i64),
    notice: Option<&str>,
    refused: Option<(StatusCode, &str)>,
) -> Result<HttpResponse, WebError> {
    let sessions = site.app.store.sessions_of(user.id).await?;
    let (wishes, moment) = (site.app.store.wishes(user.id).await?, site.moment(who).await?);
    let wrong = refused.map(|(_, why)| why);
    let input = MeInput {
        around: site.around(&moment),
        user,
        sessions: &sessions,
        session,
        boards_zone: site.zone.name(),
        wishes: &wishes,
        mails: site.app.post.sends_mails(),
        notice,
        wrong,
    };
    Ok(answer(refused.map_or(StatusCode::OK, |(status, _)| status), html(&MePage::new(input))))
}

/// `POST /me`: what the form's button says.
pub async fn act(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    form: web::Form<Fields>,
) -> Result<HttpResponse, WebError> {
    let (user, session) = own(&site, &who).await?;
    let (app, from) = (&site.app, from(&site.app, &request));
    let word = match form.one("do") {
        "name" => {
            app.rename(&user, form.one("name"), &from.remote).await?;
            "name"
        }
        "zone" => {
            let zone = Some(form.one("zone")).filter(|it| !it.is_empty());
            if zone.is_some_and(|it| !time::zones().iter().any(|known| known == it)) {
                return Err(WebError::Bad("No time zone is called that.".to_owned()));
            }
            app.choose_zone(&user, zone.map(str::to_owned), &from.remote).await?;
            "zone"
        }
        "password" => {
            let passwords = (form.one("old"), form.one("password"));
            let (status, why) = match app.change_password(&user, session, passwords, &from).await? {
                Owned::Done => return Ok(see("/me?done=password")),
                Owned::Refused(why) => (StatusCode::UNPROCESSABLE_ENTITY, why),
                Owned::Wait(seconds) => {
                    let wait = time::lasting(seconds * 1000);
                    (
                        StatusCode::TOO_MANY_REQUESTS,
                        format!("Too many tries were wrong. Wait {wait}, then try again."),
                    )
                }
            };
            return shown(&site, &who, (&user, session), None, Some((status, &why))).await;
        }
        "wishes" => {
            let wishes = super::wishes::wishes_of(&form)?;
            match app.wish(&user, wishes, &from.remote).await? {
                Managed::Done(()) => "wishes",
                Managed::Refused(why) => {
                    let refused = (StatusCode::UNPROCESSABLE_ENTITY, why.as_str());
                    return shown(&site, &who, (&user, session), None, Some(refused)).await;
                }
            }
        }
        "end" => {
            if !app.end_own(&user, form.id()?, &from.remote).await? {
                return Err(WebError::NotFound("That session has ended already."));
            }
            "ended"
        }
        "others" => {
            app.end_others(&user, session, &from.remote).await?;
            "others"
        }
        _ => return Err(WebError::Bad("The form doesn’t say what to do.".to_owned())),
    };
    Ok(see(&format!("/me?done={word}")))
}

async fn own(site: &Site, who: &Who) -> Result<(User, i64), WebError> {
    let Means::Session { session, user, .. } = who.means else { return Err(WebError::SignIn) };
    Ok((site.app.store.user(user).await?.ok_or(WebError::SignIn)?, session))
}
