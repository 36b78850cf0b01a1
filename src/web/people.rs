//! `/people`: who may use the board, and what an admin does about that.

use super::error::WebError;
use super::fields::Fields;
use super::remote::remote;
use super::site::Site;
use super::views::html;
use super::views::users::{PeopleInput, PeoplePage, PersonInput, PersonPage};
use crate::app::people::{Managed, NewSecret, Rights, User, Who};
use crate::model::AccountId;
use crate::model::access::Role;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use std::collections::HashMap;

const PAGE: u32 = 100;
const NO_PEOPLE: WebError =
    WebError::NotFound("This board asks for no sign-in, so it knows neither people nor tokens.");
const NOBODY: WebError = WebError::NotFound("There is no such person on this board.");

/// A board without sign-in has no people.
pub(super) fn has_people(site: &Site) -> Result<(), WebError> {
    if site.app.asks_to_sign_in() { Ok(()) } else { Err(NO_PEOPLE) }
}

/// A page that may hold a secret, and is of its moment.
pub(super) fn answer(status: StatusCode, html: String) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    answer.content_type("text/html; charset=utf-8").insert_header((CACHE_CONTROL, "no-store")).body(html)
}

/// The same; refused where something was wrong with what a form said.
pub(super) fn answer_to(wrong: Option<&str>, html: String) -> HttpResponse {
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    answer(status, html)
}

/// Leads back to a page after a form.
pub(super) fn see(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, to)).finish()
}

/// `GET /people`.
pub async fn page(
    site: web::Data<Site>,
    who: Who,
    query: web::Query<HashMap<String, String>>,
) -> Result<HttpResponse, WebError> {
    has_people(&site)?;
    let after = query.get("after").map_or("", String::as_str);
    list(&site, &who, after, None, Said::Nothing).await
}

/// What the page says beside the list.
enum Said<'a> {
    Nothing,
    Made(&'a str, String),
    Wrong(&'a str),
}

async fn list(
    site: &Site,
    who: &Who,
    after: &str,
    typed: Option<(&str, &Rights)>,
    said: Said<'_>,
) -> Result<HttpResponse, WebError> {
    let mut users = site.app.store.users(after, PAGE + 1).await?;
    let more = users.len() > PAGE as usize;
    users.truncate(PAGE as usize);
    let next = users.last().filter(|_| more).map(|it| it.email.clone());
    let moment = site.moment(who).await?;
    let (made, wrong) = match said {
        Said::Nothing => (None, None),
        Said::Made(email, link) => (Some((email, link)), None),
        Said::Wrong(why) => (None, Some(why)),
    };
    let input = PeopleInput {
        around: site.around(&moment),
        users: &users,
        is_first: after.is_empty(),
        next: next.as_deref(),
        made,
        wrong,
        typed,
    };
    Ok(answer_to(wrong, html(&PeoplePage::new(input))))
}

/// `POST /people`: somebody new. Their link is shown in the answer and nowhere else.
pub async fn invite(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    form: web::Form<Fields>,
) -> Result<HttpResponse, WebError> {
    has_people(&site)?;
    let (email, rights, remote) = (form.one("email"), rights_of(&form)?, remote(&site.app, &request));
    match site.app.invite(email, rights.clone(), (&who, &remote)).await? {
        Managed::Done((email, secret)) => {
            let link = address(&site, &request, &secret);
            list(&site, &who, "", None, Said::Made(&email, link)).await
        }
        Managed::Refused(why) => list(&site, &who, "", Some((email, &rights)), Said::Wrong(&why)).await,
    }
}

/// `GET /people/{id}`.
pub async fn person(
    site: web::Data<Site>,
    who: Who,
    id: web::Path<i64>,
    query: web::Query<HashMap<String, String>>,
) -> Result<HttpResponse, WebError> {
    has_people(&site)?;
    let user = site.app.store.user(*id).await?.ok_or(NOBODY)?;
    let done = query.get("done").and_then(|it| told(it));
    one(&site, &who, &user, (done, None, None)).await
}

/// What a form has done, as a sentence.
fn told(word: &str) -> Option<&'static str> {
    Some(match word {
        "changed" => "It is changed. Pages that they have open follow at once.",
        "disabled" => "They may sign in no more; their sessions and the tokens that they made have ended.",
        "enabled" => "They may sign in again.",
        "ended" => "All of their sessions have ended.",
        "second" => "Their second factor is taken away, and their sessions have ended.",
        _ => return None,
    })
}

/// A notice, a refusal, and a link that is shown once.
type Told<'a> = (Option<&'a str>, Option<&'a str>, Option<String>);

async fn one(
    site: &Site,
    who: &Who,
    user: &User,
    (notice, wrong, link): Told<'_>,
) -> Result<HttpResponse, WebError> {
    let sessions = site.app.store.sessions_of(user.id).await?;
    let moment = site.moment(who).await?;
    let input = PersonInput { around: site.around(&moment), user, sessions: &sessions, notice, wrong, link };
    Ok(answer_to(wrong, html(&PersonPage::new(input))))
}

/// `POST /people/{id}`: what the form's button says.
pub async fn act(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    id: web::Path<i64>,
    form: web::Form<Fields>,
) -> Result<HttpResponse, WebError> {
    has_people(&site)?;
    let (app, remote) = (&site.app, remote(&site.app, &request));
    let (user, by) = (app.store.user(*id).await?.ok_or(NOBODY)?, (&who, remote.as_str()));
    let (managed, word) = match form.one("do") {
        "change" => (app.change_rights(&user, rights_of(&form)?, by).await?, "changed"),
        "disable" => (app.let_in_or_not(&user, false, by).await?, "disabled"),
        "enable" => (app.let_in_or_not(&user, true, by).await?, "enabled"),
        "end" => (Managed::Done(app.end_all_of(&user, by).await?), "ended"),
        "second" => (Managed::Done(app.take_second(&user, by).await?), "second"),
        "link" => {
            let secret = app.link_for(&user, by).await?;
            let link = address(&site, &request, &secret);
            return one(&site, &who, &user, (None, None, Some(link))).await;
        }
        _ => return Err(WebError::Bad("The form doesn’t say what to do.".to_owned())),
    };
    match managed {
        Managed::Done(()) => Ok(see(&format!("/people/{id}?done={word}"))),
        Managed::Refused(why) => one(&site, &who, &user, (None, Some(&why), None)).await,
    }
}

/// Where a link leads, as whoever made it reached the board.
fn address(site: &Site, request: &HttpRequest, secret: &NewSecret) -> String {
    site.app.link_address(secret, request.app_config().local_addr().into())
}

/// What the fields of a person's rights say. A list that can't be understood must not come to mean everything.
fn rights_of(form: &Fields) -> Result<Rights, WebError> {
    let role = Role::from_word(form.one("role"));
    let role = role.ok_or_else(|| WebError::Bad("The form names no role.".to_owned()))?;
    let aliases = form.one("aliases").split([',', ';', '\n', ' ', '\r', '\t']).map(str::trim);
    Ok(Rights {
        name: form.one("name").to_owned(),
        role,
        accounts: accounts_of(form)?,
        mine: form.one("mine") == "yes",
        aliases: aliases.filter(|it| !it.is_empty()).map(str::to_owned).collect(),
    })
}

/// All accounts, or those that are ticked.
pub(super) fn accounts_of(form: &Fields) -> Result<Option<Vec<AccountId>>, WebError> {
    match form.one("sees") {
        "all" => Ok(None),
        "some" => Ok(Some(form.all("account").map(|it| AccountId(it.to_owned())).collect())),
        _ => Err(WebError::Bad("The form doesn’t say which accounts.".to_owned())),
    }
}
