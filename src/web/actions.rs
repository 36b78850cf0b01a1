//! What a person does from the inbox and the page of providers: forms that post, and a redirect after each.

use super::error::WebError;
use super::remote::note;
use super::site::Site;
use super::views::words::count;
use crate::app::import::{self, ImportError, Imported, Pasted};
use crate::app::ingest::Receipt;
use crate::app::people::{DeedKind, Who};
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

/// Which arrival or call a form is about. Where a form without a number means all, one that can't be understood mustn't.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    id: Option<i64>,
}

/// `POST /inbox/replay`: one arrival, or everything.
pub async fn replay(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    which: web::Form<Which>,
) -> Result<HttpResponse, WebError> {
    let done = match which.id {
        Some(id) => {
            let done = site.app.replay_one(id).await?;
            done.ok_or(WebError::NotFound(
                "There is no such arrival, or its account is no longer configured.",
            ))?
        }
        None => site.app.replay(|_| ()).await?,
    };
    let what = which.id.map_or_else(|| "every callback".to_owned(), |id| format!("callback {id}"));
    note(&site.app, &request, &who, DeedKind::Replay, what).await;
    Ok(back(&format!("replayed-{}-{}-{}", done.arrivals, done.fresh, done.quarantined)))
}

/// `POST /inbox/admit`: an administrator vouches for a refused call.
pub async fn admit(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    which: web::Form<Which>,
) -> Result<HttpResponse, WebError> {
    let id = which.id.ok_or_else(|| WebError::Bad("The form names no call.".to_owned()))?;
    let admitted = site.app.admit(id).await?;
    let receipt = admitted
        .ok_or(WebError::NotFound("There is no such call, or its account is no longer configured."))?;
    let (said, but) = match receipt {
        Receipt::Refused => ("not-admitted", ", which stays refused: its signature is wrong"),
        Receipt::Unsure => ("not-yet-admitted", ", which waits until its token can be checked"),
        Receipt::Kept(_) | Receipt::NoAccount => ("admitted", ""),
    };
    note(&site.app, &request, &who, DeedKind::Admit, format!("refused call {id}{but}")).await;
    Ok(back(said))
}

/// What a person pastes, and for which account.
#[derive(Debug, Deserialize)]
pub struct Paste {
    text: String,
    #[serde(default)]
    account: String,
}

/// How long a form with a paste may be: each of its bytes takes up to three there.
pub fn pasted_within() -> web::FormConfig {
    web::FormConfig::default().limit(3 * import::MOST_BYTES + 1024).error_handler(|_, _| {
        let most = import::MOST_BYTES / 1024 / 1024;
        WebError::Bad(format!("What was pasted can't be read, or is longer than {most} MiB.")).into()
    })
}

/// `POST /inbox/import`: lost callbacks, pasted.
pub async fn import(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    paste: web::Form<Paste>,
) -> Result<HttpResponse, WebError> {
    Ok(back(&take(&site, &request, &who, paste.into_inner()).await?))
}

/// Takes what somebody pasted of the packages that they may see; the word for what became of it.
pub(super) async fn take(
    site: &Site,
    request: &HttpRequest,
    who: &Who,
    paste: Paste,
) -> Result<String, WebError> {
    let by = super::resync::by(&site.app, request, who);
    let Paste { text, account } = paste;
    // A long text takes a moment, in which others want to be served.
    let found = web::block(move || import::find(text.as_bytes())).await;
    let found = found.map_err(|_| WebError::Bad("The board is stopping.".to_owned()))?;
    let done = match site.app.import(&Pasted::new(Some(account), by, found), &who.reach).await {
        Ok(done) => done,
        Err(ImportError::Store(cause)) => return Err(cause.into()),
        Err(cause) => return Err(WebError::Bad(sentence(&cause.to_string()))),
    };
    note(&site.app, request, who, DeedKind::Import, done.to_string()).await;
    let Imported { found, known, waiting, unplaced, unreadable, more, foreign } = done;
    let more = u64::from(more);
    Ok(format!("imported-{found}-{known}-{waiting}-{unplaced}-{unreadable}-{more}-{foreign}"))
}

/// `POST /inbox/waiting`: somebody vouches for a pasted callback, or for all that wait.
pub async fn admit_waiting(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    which: web::Form<Which>,
) -> Result<HttpResponse, WebError> {
    let admitted = site.app.admit_waiting(which.id).await?;
    if admitted == 0 && which.id.is_some() {
        return Err(WebError::NotFound(
            "That callback waits no more, or its account is no longer configured.",
        ));
    }
    let what = match which.id {
        Some(id) => format!("pasted callback {id}"),
        None => count(admitted, "pasted callback", "pasted callbacks"),
    };
    note(&site.app, &request, &who, DeedKind::Admit, what).await;
    Ok(back(&format!("taken-{admitted}")))
}

/// `POST /inbox/forget`: a pasted callback is not wanted.
pub async fn forget_waiting(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    which: web::Form<Which>,
) -> Result<HttpResponse, WebError> {
    let id = which.id.ok_or_else(|| WebError::Bad("The form names no callback.".to_owned()))?;
    if !site.app.store.forget_waiting(id).await? {
        return Err(WebError::NotFound("That callback waits no more."));
    }
    note(&site.app, &request, &who, DeedKind::Forget, format!("pasted callback {id}")).await;
    Ok(back("forgotten"))
}

/// Which account a form is about.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    account: String,
}

/// `POST /providers/test`: the board calls itself; how that went stands on the page then.
pub async fn test(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    whose: web::Form<Whose>,
) -> Result<HttpResponse, WebError> {
    let account = site.app.account(&whose.account);
    let account = account.ok_or(WebError::NotFound("There is no such account on this board."))?;
    site.app.test_callback(account).await;
    note(&site.app, &request, &who, DeedKind::TestCallback, &account.id.0).await;
    let place = format!("/providers#account-{}", account.id.0);
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, place)).finish())
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
    if word == "not-yet-admitted" {
        return Some(
            "The call stays refused: its issuer can’t be reached, or doesn’t publish the key of its token, so nobody knows \
             whether it is right. Try again when the issuer is there; if it has other keys by now, paste the call below as a \
             lost one."
                .to_owned(),
        );
    }
    if word == "forgotten" {
        return Some("The pasted callback was forgotten.".to_owned());
    }
    let (kind, numbers) = word.split_once('-')?;
    let mut numbers = numbers.split('-').map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    if kind == "taken" {
        return Some(format!(
            "{} admitted and read.",
            count(next()?, "pasted callback was", "pasted callbacks were")
        ));
    }
    if kind == "imported" {
        let done = Imported {
            found: next()?,
            known: next()?,
            waiting: next()?,
            unplaced: next()?,
            unreadable: next()?,
            more: next()? > 0,
            foreign: next().unwrap_or(0),
        };
        return Some(sentence(&done.to_string()));
    }
    if kind != "replayed" {
        return None;
    }
    let (arrivals, fresh, quarantined) = (next()?, next()?, next()?);
    Some(format!(
        "{} read again: {}, {} set aside.",
        count(arrivals, "callback was", "callbacks were"),
        count(fresh, "new fact", "new facts"),
        quarantined
    ))
}

/// What the board says in passing, as a sentence on a page.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|it| it.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str()).replace('\'', "’")
}

fn back(word: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, format!("/inbox?done={word}"))).finish()
}
