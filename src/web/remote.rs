//! From where a request comes.

use super::guard::COOKIE;
use crate::app::App;
use crate::app::people::{DeedKind, From, Who, hash_of};
use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;

/// The address of whoever calls, which a trusted proxy may tell; empty if the connection is gone.
#[must_use]
pub fn remote(app: &App, request: &HttpRequest) -> String {
    let Some(peer) = request.peer_addr() else { return String::new() };
    let forwarded: Vec<&str> =
        request.headers().get_all("x-forwarded-for").filter_map(|it| it.to_str().ok()).collect();
    app.client(peer.ip(), &forwarded).to_string()
}

/// The same, with the browser's name, and by which cookie it is signed in.
#[must_use]
pub fn from(app: &App, request: &HttpRequest) -> From {
    let agent = request.headers().get(USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let before = request.cookie(COOKIE).map(|it| hash_of(it.value()));
    From { remote: remote(app, request), agent: agent.to_owned(), before }
}

/// Notes what somebody did by a request.
pub async fn note(app: &App, request: &HttpRequest, who: &Who, kind: DeedKind, what: impl Into<String>) {
    app.note(&who.name, &remote(app, request), kind, what).await;
}
