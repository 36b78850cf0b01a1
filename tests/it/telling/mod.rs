//! Alerts on their way to people: who is told, when, by which mails, and what becomes of it when something is down.

mod again;
pub mod channels;
mod down;
mod formats;
mod inactive;
mod killed;
mod life;
mod mails;
mod operators;
mod page;
mod routing;
mod storm;
mod wishes;

use crate::support::board::Board;
use crate::support::mailbox::{self, Mailbox};
use signboard::config::Config;

pub const OPS: &str = "ops@example.com";

/// A board whose mails go to this port, with a list of last resort.
fn mailed(port: u16) -> impl FnOnce(&mut Config) {
    move |config| {
        config.server.public_url = Some("https://board.example.com".to_owned());
        config.mail = Some(mailbox::config(port));
        for account in config.accounts.values_mut() {
            account.fallback = vec![OPS.to_owned()];
        }
    }
}

/// A board that mails to a real server.
pub async fn board(mailbox: &Mailbox) -> Board {
    Board::with(mailed(mailbox.port)).await
}

/// Looks up whom to tell, and tells until nothing is due.
pub async fn tell(board: &Board) {
    board.app().route_step().await.unwrap();
    for _ in 0..100 {
        if board.app().tell_step().await.unwrap() == 0 {
            return;
        }
    }
    panic!("there is no end of telling");
}

/// Who is to be told, or was, in lines.
async fn tellings(board: &Board) -> Vec<String> {
    let lines =
        "SELECT occasion || ' ' || address || ' ' || because || ' ' || state FROM tellings ORDER BY id";
    board.sql(lines).await
}
