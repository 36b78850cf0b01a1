//! People on a board under test: each with a session of their own, as if they had signed in.

use super::board::Board;
use reqwest::{RequestBuilder, Response};
use signboard::app::people::{NewSecret, NewUser, Session};
use signboard::config::{Config, Opens};
use signboard::model::AccountId;
use signboard::model::access::{Reach, Role, Scope};

/// What somebody shows with each request.
#[derive(Clone)]
pub enum Shows {
    /// Nothing: a stranger.
    Nothing,
    /// A session's cookie.
    Cookie(String),
    /// A token.
    Bearer(String),
}

impl Board {
    /// A board that asks for a sign-in.
    pub async fn with_people(change: impl FnOnce(&mut Config)) -> Self {
        Self::with(|config| {
            config.opens = Opens::ToWhoSignsIn;
            change(config);
        })
        .await
    }

    /// Somebody new of this role who is signed in.
    pub async fn person(&self, email: &str, role: Role) -> Shows {
        self.somebody(user(email, role)).await
    }

    /// Somebody new who is signed in.
    pub async fn somebody(&self, user: NewUser) -> Shows {
        let app = self.app();
        let id = app.store.add_user(&user, app.now()).await.unwrap().expect("a new mail address");
        self.sign_in(id).await
    }

    /// A session of a user.
    pub async fn sign_in(&self, user: i64) -> Shows {
        let (app, secret) = (self.app(), NewSecret::make("").unwrap());
        let (now, remote, agent) = (app.now(), "127.0.0.1".to_owned(), "a test".to_owned());
        let session = Session { id: 0, user, half: false, created_at: now, seen_at: now, remote, agent };
        app.store.begin_session(&secret.hash(), &session, None).await.unwrap();
        Shows::Cookie(secret.text().to_owned())
    }

    /// A program with a new token.
    pub async fn program(&self, scope: Scope, reach: Reach, query: Option<&str>) -> Shows {
        let made = self.app().make_token("a program", scope, None, None, reach, query.map(ToOwned::to_owned));
        Shows::Bearer(made.await.unwrap().text().to_owned())
    }

    /// Asks as somebody.
    pub async fn get_as(&self, who: &Shows, path: &str) -> Response {
        who.on(self.client.get(format!("{}{path}", self.url))).send().await.unwrap()
    }

    /// Posts a form as somebody, from a page of the board.
    pub async fn post_as(&self, who: &Shows, path: &str, form: &str) -> Response {
        let request = who.on(self.client.post(format!("{}{path}", self.url))).body(form.to_owned());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.header("sec-fetch-site", "same-origin").send().await.unwrap()
    }
}

impl Shows {
    /// The request, with what they show.
    pub fn on(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Nothing => request,
            Self::Cookie(secret) => request.header("cookie", format!("__Host-signboard={secret}")),
            Self::Bearer(token) => request.bearer_auth(token),
        }
    }
}

/// Somebody who sees everything.
pub fn user(email: &str, role: Role) -> NewUser {
    NewUser {
        email: email.to_owned(),
        name: String::new(),
        role,
        accounts: None,
        mine: false,
        aliases: Vec::new(),
        password: None,
        subject: None,
    }
}

/// Those accounts alone.
pub fn only(accounts: &[&str]) -> Option<Vec<AccountId>> {
    Some(accounts.iter().map(|it| AccountId((*it).to_owned())).collect())
}
