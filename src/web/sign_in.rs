//! Signing in and out: the pages that strangers may see, and the forms on them. Every answer that lets somebody in gives
//! them a new session.

use super::error::WebError;
use super::guard::{COOKIE, is_loopback_host};
use super::people::see;
use super::remote::from;
use super::site::Site;
use super::views::html;
use super::views::sign_in::{CodePage, SecondPage, SignInPage, WelcomePage};
use crate::app::StoreError;
use crate::app::people::{Begun, Comes, Means, Next, Session, Tried, User, Welcomed};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// Whoever sets up a second factor in a whole session must have signed in within this time.
const FRESH_MS: i64 = 10 * 60 * 1000;
const GONE: WebError =
    WebError::NotFound("This link works no more, or never did. An admin of this board can make another.");

/// Where to go afterwards.
#[derive(Debug, Deserialize)]
pub struct Onward {
    #[serde(default)]
    next: String,
}

impl Onward {
    pub(super) fn next(&self) -> &str {
        &self.next
    }
}

/// A mail address and a password. It never prints, like the others here.
#[derive(Deserialize)]
pub(super) struct Shown {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// A code.
#[derive(Deserialize)]
pub(super) struct Code {
    code: String,
    #[serde(default)]
    next: String,
}

/// What is typed behind a link that works once.
#[derive(Deserialize)]
pub(super) struct Taken {
    #[serde(default)]
    email: String,
    password: String,
}

/// `GET /sign-in`.
pub async fn page(
    site: web::Data<Site>,
    request: HttpRequest,
    query: web::Query<Onward>,
) -> Result<HttpResponse, WebError> {
    let is_in = matches!(comes(&site, &request).await?, Comes::Known(_));
    if is_in || !site.app.asks_to_sign_in() {
        return Ok(see(local(&query.next)));
    }
    Ok(sign_in_page(&site, &request, ("", local(&query.next)), None))
}

/// `POST /sign-in`.
pub(super) async fn sign_in(
    site: web::Data<Site>,
    request: HttpRequest,
    form: web::Form<Shown>,
) -> Result<HttpResponse, WebError> {
    let Shown { email, password, next } = form.into_inner();
    let next = local(&next);
    let refused = match site.app.sign_in(&email, &password, &from(&site.app, &request)).await? {
        Tried::Right(begun) => return Ok(onward(&begun, next)),
        Tried::Wrong => Refused::wrong("The mail address or the password is wrong."),
        Tried::Wait(seconds) => Refused::wait(seconds),
    };
    Ok(sign_in_page(&site, &request, (&email, next), Some(refused)))
}

/// `GET /sign-in/code`: half a session is asked for the second factor.
pub async fn code_page(
    site: web::Data<Site>,
    request: HttpRequest,
    query: web::Query<Onward>,
) -> Result<HttpResponse, WebError> {
    let next = local(&query.next);
    match half(&site, &request).await? {
        Some((user, _)) if user.totp.is_some() => {
            Ok(answer(None, html(&CodePage::new(&site.around(&site.outside()), next, None))))
        }
        Some(_) => Ok(see(&with_next("/sign-in/second", next))),
        None => Ok(see(&with_next("/sign-in", next))),
    }
}

/// `POST /sign-in/code`.
pub(super) async fn code(
    site: web::Data<Site>,
    request: HttpRequest,
    form: web::Form<Code>,
) -> Result<HttpResponse, WebError> {
    let next = local(&form.next);
    let Some(half) = half(&site, &request).await? else { return Ok(see(&with_next("/sign-in", next))) };
    let refused = match site.app.show_code(&half, &form.code, &from(&site.app, &request)).await? {
        Tried::Right(begun) => return Ok(onward(&begun, next)),
        Tried::Wrong => Refused::wrong(
            "That code is wrong, or was used before. The app shows a new one every 30 seconds.",
        ),
        Tried::Wait(seconds) => Refused::wait(seconds),
    };
    let page = html(&CodePage::new(&site.around(&site.outside()), next, Some(&refused.sentence)));
    Ok(answer(Some(&refused), page))
}

/// `GET /sign-in/second`: a second factor is set up.
pub async fn second_page(
    site: web::Data<Site>,
    request: HttpRequest,
    query: web::Query<Onward>,
) -> Result<HttpResponse, WebError> {
    let next = local(&query.next);
    match sets_up(&site, &request).await? {
        Some(who) => Ok(second_answer(&site, &who, next, None)),
        None => Ok(see(&with_next("/sign-in", next))),
    }
}

/// `POST /sign-in/second`.
pub(super) async fn second(
    site: web::Data<Site>,
    request: HttpRequest,
    form: web::Form<Code>,
) -> Result<HttpResponse, WebError> {
    let next = local(&form.next);
    let Some(who) = sets_up(&site, &request).await? else { return Ok(see(&with_next("/sign-in", next))) };
    let refused = match site.app.set_up_second(&who, &form.code, &from(&site.app, &request)).await? {
        Tried::Right(begun) => return Ok(onward(&begun, next)),
        Tried::Wrong => Refused::wrong("That code is wrong. Type the one that the app shows now."),
        Tried::Wait(seconds) => Refused::wait(seconds),
    };
    Ok(second_answer(&site, &who, next, Some(&refused)))
}

/// `POST /sign-out`: the session ends, whatever it was.
pub async fn sign_out(site: web::Data<Site>, request: HttpRequest) -> Result<HttpResponse, WebError> {
    if let Some(cookie) = request.cookie(COOKIE) {
        site.app.sign_out(cookie.value(), &from(&site.app, &request)).await?;
    }
    let mut gone = cookie(String::new());
    gone.make_removal();
    Ok(HttpResponse::SeeOther().cookie(gone).insert_header((LOCATION, "/sign-in")).finish())
}

/// `GET /welcome/{secret}`: looking uses nothing up, since mail programs look, too.
pub async fn welcome(site: web::Data<Site>, secret: web::Path<String>) -> Result<HttpResponse, WebError> {
    let (kind, user) = site.app.link(&secret).await?.ok_or(GONE)?;
    let (outside, email) = (site.outside(), user.map(|it| it.email));
    let page = WelcomePage::new(
        &site.around(&outside),
        kind,
        (email.is_none(), email.as_deref().unwrap_or_default()),
        None,
    );
    Ok(unsaid(answer(None, html(&page))))
}

/// `POST /welcome/{secret}`.
pub(super) async fn take_up(
    site: web::Data<Site>,
    request: HttpRequest,
    secret: web::Path<String>,
    form: web::Form<Taken>,
) -> Result<HttpResponse, WebError> {
    let (kind, user) = site.app.link(&secret).await?.ok_or(GONE)?;
    let Taken { email, password } = form.into_inner();
    match site.app.take_up(&secret, &email, &password, &from(&site.app, &request)).await? {
        Welcomed::Right(begun) => Ok(onward(&begun, "/")),
        Welcomed::Gone => Err(GONE),
        Welcomed::Bad(sentence) => {
            let (asks, email) = (user.is_none(), user.map_or(email, |it| it.email));
            let outside = site.outside();
            let page = WelcomePage::new(&site.around(&outside), kind, (asks, &email), Some(&sentence));
            let refused =
                Refused { status: StatusCode::UNPROCESSABLE_ENTITY, wait: None, sentence: sentence.clone() };
            Ok(unsaid(answer(Some(&refused), html(&page))))
        }
    }
}

/// Why somebody is not let in.
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) wait: Option<i64>,
    pub(super) sentence: String,
}

impl Refused {
    fn wrong(sentence: &str) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, wait: None, sentence: sentence.to_owned() }
    }

    fn wait(seconds: i64) -> Self {
        let wait = super::views::time::lasting(seconds * 1000);
        let sentence = format!("Too many tries from here were wrong. Wait {wait}, then try again.");
        Self { status: StatusCode::TOO_MANY_REQUESTS, wait: Some(seconds), sentence }
    }
}

pub(super) fn sign_in_page(
    site: &Site,
    request: &HttpRequest,
    typed: (&str, &str),
    refused: Option<Refused>,
) -> HttpResponse {
    let here = request.headers().get("host").and_then(|it| it.to_str().ok()).is_some_and(is_loopback_host);
    let tls = request.headers().get("x-forwarded-proto").is_some_and(|it| it == "https");
    let unencrypted = !here && !tls && !site.app.config.is_encrypted();
    let outside = site.outside();
    let sentence = refused.as_ref().map(|it| it.sentence.as_str());
    let elsewhere = site.app.oidc.as_ref().map(crate::app::people::oidc::Oidc::label);
    let page = SignInPage::new(&site.around(&outside), typed, sentence, unencrypted).or_at(elsewhere);
    answer(refused.as_ref(), html(&page))
}

fn second_answer(site: &Site, who: &(User, Session), next: &str, refused: Option<&Refused>) -> HttpResponse {
    let (secret, outside) = (site.app.second_of(&who.1), site.outside());
    let sentence = refused.map(|it| it.sentence.as_str());
    let page = SecondPage::new(&site.around(&outside), (&secret, &who.0.email), next, sentence);
    answer(refused, html(&page))
}

fn answer(refused: Option<&Refused>, html: String) -> HttpResponse {
    let mut answer = HttpResponse::build(refused.map_or(StatusCode::OK, |it| it.status));
    if let Some(seconds) = refused.and_then(|it| it.wait) {
        answer.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    answer.content_type("text/html; charset=utf-8").insert_header((CACHE_CONTROL, "no-store")).body(html)
}

/// The address is a secret: nobody is told that one came from there. Its origin stays, since the gate looks at it.
fn unsaid(mut answer: HttpResponse) -> HttpResponse {
    let only = actix_web::http::header::HeaderValue::from_static("strict-origin");
    answer.headers_mut().insert(REFERRER_POLICY, only);
    answer
}

/// Gives the cookie, and leads on.
pub(super) fn onward(begun: &Begun, next: &str) -> HttpResponse {
    let to = match begun.next {
        Next::In => next.to_owned(),
        Next::Code => with_next("/sign-in/code", next),
        Next::Second => with_next("/sign-in/second", next),
    };
    let cookie = cookie(begun.secret.text().to_owned());
    HttpResponse::SeeOther().cookie(cookie).insert_header((LOCATION, to)).finish()
}

fn cookie(secret: String) -> Cookie<'static> {
    Cookie::build(COOKIE, secret).path("/").secure(true).http_only(true).same_site(SameSite::Lax).finish()
}

fn with_next(to: &str, next: &str) -> String {
    if next == "/" {
        to.to_owned()
    } else {
        format!("{to}?next={}", utf8_percent_encode(next, NON_ALPHANUMERIC))
    }
}

/// An address of this board, and of no other: a link to the sign-in must not lead elsewhere.
pub(super) fn local(next: &str) -> &str {
    let own = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    let fits = own && next.len() <= 2000 && next.bytes().all(|it| it.is_ascii_graphic());
    if fits && !next.starts_with("/sign-") { next } else { "/" }
}

async fn comes(site: &Site, request: &HttpRequest) -> Result<Comes, StoreError> {
    match request.cookie(COOKIE) {
        Some(cookie) => site.app.by_cookie(cookie.value(), false).await,
        None => Ok(Comes::Nobody),
    }
}

async fn half(site: &Site, request: &HttpRequest) -> Result<Option<(User, Session)>, StoreError> {
    Ok(match comes(site, request).await? {
        Comes::Half(half) => Some(*half),
        Comes::Nobody | Comes::Known(_) => None,
    })
}

/// Who may set up a second factor: somebody who must, or somebody who wants to and has just signed in.
async fn sets_up(site: &Site, request: &HttpRequest) -> Result<Option<(User, Session)>, StoreError> {
    let found = match comes(site, request).await? {
        Comes::Half(half) => Some(*half),
        Comes::Known(who) => {
            let Means::Session { session, user, .. } = who.means else { return Ok(None) };
            let sessions = site.app.store.sessions_of(user).await?;
            let session = sessions.into_iter().find(|it| it.id == session);
            let session = session.filter(|it| site.app.now().since(it.created_at) < FRESH_MS);
            site.app.store.user(user).await?.zip(session)
        }
        Comes::Nobody => None,
    };
    Ok(found.filter(|(user, _)| user.totp.is_none()))
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn nobody_is_led_to_another_site() {
        for own in ["/", "/?q=a%20b", "/packages/os/p1", "/inbox?signers=os#x"] {
            assert_eq!(local(own), own);
        }
        for other in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "evil",
            "/a\r\nb: c",
            "/sign-in",
            "/ä",
        ] {
            assert_eq!(local(other), "/", "{other}");
        }
    }
}
