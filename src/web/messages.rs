//! `/messages`: what is told of alerts, by mail and by channels, how that goes, and the button to send again what was given up.

use super::error::WebError;
use super::fields::Fields;
use super::people::{answer, see};
use super::remote::remote;
use super::site::Site;
use super::sync::cut;
use super::views::html;
use super::views::messages::{MessagesInput, MessagesPage, Way, parse};
use super::views::words::count;
use crate::app::alerts::{Channel, MAIL};
use crate::app::people::Who;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use std::collections::HashMap;

/// So many are shown.
const PAGE: u32 = 100;

/// `GET /messages`.
pub async fn page(
    site: web::Data<Site>,
    who: Who,
    query: web::Query<HashMap<String, String>>,
) -> Result<HttpResponse, WebError> {
    let (store, post) = (&site.app.store, &site.app.post);
    let only = query.get("only").and_then(|it| parse(it));
    let before = query.get("before").and_then(|it| it.parse().ok());
    let mut rows = store.messages(only, before, PAGE + 1).await?;
    let older = cut(&mut rows, PAGE).map(|it| it.telling.id);
    let facts = store.message_facts().await?;
    let again = query.get("again").and_then(|it| it.parse().ok());
    let notice = again.map(|it| format!("{} sent again.", count(it, "message is", "messages are")));
    let mails = post.mail_server();
    let mails = mails.map(|to| Way { name: MAIL.to_owned(), kind: "mail", to, state: post.state() });
    let channel = |it: &Channel| {
        let (name, kind, to) = (it.config.name.clone(), it.config.kind.word(), it.config.to.host());
        Way { name, kind, to, state: it.state() }
    };
    let ways: Vec<Way> = mails.into_iter().chain(post.channels.values().map(channel)).collect();
    let moment = site.moment(&who).await?;
    let around = site.around(&moment);
    let input = MessagesInput { around, ways: &ways, facts, rows: &rows, only, older, notice };
    Ok(answer(StatusCode::OK, html(&MessagesPage::new(input))))
}

/// `POST /messages`: one is sent again, or all that were given up.
pub async fn again(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    form: web::Form<Fields>,
) -> Result<HttpResponse, WebError> {
    let one = match form.one("do") {
        "again" => Some(form.id()?),
        "all" => None,
        _ => return Err(WebError::Bad("The form doesn’t say what to do.".to_owned())),
    };
    let app = &site.app;
    let count = app.tell_again(one, (&who.name, &remote(app, &request))).await?;
    if count == 0 && one.is_some() {
        return Err(WebError::NotFound("That message waits already, or was told, or is no longer kept."));
    }
    Ok(see(&format!("/messages?again={count}")))
}
