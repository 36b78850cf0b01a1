//! Who may come in, what they may do and see, and that it is written down.

mod asvs;
mod audit;
mod command;
mod commands;
mod deeds;
mod elsewhere;
mod forged;
mod gate;
mod links;
mod oidc;
mod pages;
mod reach;
mod routes;
mod screens;
mod sign_in;
mod streams;
mod tokens;
mod totp;
mod zone;

use crate::support::board::Board;
use crate::support::people::Shows;
use reqwest::Response;
use signboard::app::people::{DeedFilter, NewUser, passwords};
use signboard::model::access::Role;

pub const EMAIL: &str = "asha@example.com";
pub const PASSWORD: &str = "tailor prism otter nine";

/// Somebody with a password.
pub async fn with_password(board: &Board, email: &str, role: Role) -> i64 {
    let password = passwords::hash(PASSWORD).await.unwrap();
    let user = NewUser { role, ..NewUser::admin(email, password) };
    board.app().store.add_user(&user, board.app().now()).await.unwrap().unwrap()
}

/// The form of the sign-in, sent from an address.
pub async fn try_from(board: &Board, remote: &str, email: &str, password: &str) -> Response {
    let form = format!("email={}&password={}&next=%2Finbox", plain(email), plain(password));
    let request = board.client.post(format!("{}/sign-in", board.url)).body(form);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.header("x-forwarded-for", remote).send().await.unwrap()
}

pub fn plain(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

pub fn to(answer: &Response) -> String {
    answer.headers().get("location").map_or("", |it| it.to_str().unwrap()).to_owned()
}

/// What the answer's cookie lets somebody show.
pub fn shows(answer: &Response) -> Shows {
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    let value = cookie.strip_prefix("__Host-signboard=").unwrap().split(';').next().unwrap();
    Shows::Cookie(value.to_owned())
}

/// What was noted, the newest first: who, kind, what, from where.
pub async fn audit(board: &Board) -> Vec<String> {
    let deeds = board.app().store.deeds(&DeedFilter::default(), 100).await.unwrap();
    deeds.into_iter().map(|it| format!("{} {} {} {}", it.who, it.kind, it.what, it.remote)).collect()
}
