//! A wall screen: its link is opened once, then a cookie shows its one board, without an end by idling. Nothing else opens.

use super::error::WebError;
use super::guard::SCREEN_COOKIE;
use super::pages;
use super::remote::note;
use super::site::Site;
use crate::app::people::{Comes, DeedKind, Who};
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, LOCATION, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse, web};

/// Browsers forget a cookie after 400 days at most; each look at the screen begins them anew.
const DAYS: i64 = 400;

/// `GET /screen/{token}`: takes the secret out of the address and into a cookie.
pub async fn enter(
    site: web::Data<Site>,
    request: HttpRequest,
    secret: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    const GONE: WebError = WebError::NotFound(
        "This screen’s link works no more, or never did. An admin of this board can make another.",
    );
    match site.app.by_token(&secret).await? {
        Comes::Known(who) if who.screen().is_some() => {
            note(&site.app, &request, &who, DeedKind::SignIn, "on a wall screen").await;
        }
        Comes::Known(_) | Comes::Half(_) | Comes::Nobody => return Err(GONE),
    }
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, "/screen")).insert_header((CACHE_CONTROL, "no-store"));
    // The address is a secret: nobody is told that one came from there.
    answer.insert_header((REFERRER_POLICY, HeaderValue::from_static("no-referrer")));
    Ok(answer.cookie(cookie(secret.into_inner())).finish())
}

/// `GET /screen`: the board, and the cookie for as long again.
pub async fn board(site: web::Data<Site>, request: HttpRequest, who: Who) -> Result<HttpResponse, WebError> {
    let shown = request.cookie(SCREEN_COOKIE).map(|it| it.value().to_owned());
    let mut answer = pages::board(site, request, who).await?;
    if let Some(secret) = shown
        && let Ok(value) = HeaderValue::try_from(cookie(secret).to_string())
    {
        answer.headers_mut().append(actix_web::http::header::SET_COOKIE, value);
    }
    Ok(answer)
}

fn cookie(secret: String) -> Cookie<'static> {
    let cookie = Cookie::build(SCREEN_COOKIE, secret).path("/").secure(true).http_only(true);
    cookie.same_site(SameSite::Lax).max_age(Duration::days(DAYS)).finish()
}
