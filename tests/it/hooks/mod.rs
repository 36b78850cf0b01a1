//! The firm's own logic is told what happens to packages: by a real receiver, what it gets, in which order, and whatever it
//! does with it.

mod delivery;
mod happening;
mod page;
mod program;

use crate::forwarding::listener::{Got, Listener};
use crate::support::board::Board;
use serde_json::Value;
use signboard::config::{Config, ForwardConfig, HookConfig, Secret};

/// What messages of these tests are signed with.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const HOUR: i64 = 3_600_000;

/// A hook `crm` that hears of everything.
fn hook(url: String) -> HookConfig {
    HookConfig {
        on: signboard::config::HOOK_EVENTS.map(str::to_owned).to_vec(),
        to: ForwardConfig { url: Secret::new(url), proxy: None, ca_file: None },
        ..crate::support::board::hook("crm")
    }
}

/// A board with that hook, and the public address of a firm.
async fn board(receiver: &Listener) -> Board {
    board_with(receiver, |_| ()).await
}

async fn board_with(receiver: &Listener, change: impl FnOnce(&mut Config)) -> Board {
    let url = receiver.url("/in?token=url-hush");
    Board::with(|config| {
        config.server.public_url = Some("https://board.example.com".to_owned());
        config.hooks.push(hook(url));
        change(config);
    })
    .await
}

/// Steps until nothing is due at this instant.
async fn tell(board: &Board) {
    let hook = &board.app().hooks["crm"];
    for _ in 0..1_000 {
        if board.app().hook_step(hook).await.unwrap() == 0 {
            return;
        }
    }
    panic!("it never rests");
}

/// The same for so many hours, as the worker does: whenever something is due.
async fn hours(board: &Board, hours: i64) {
    let end = board.clock.millis() + hours * HOUR;
    loop {
        tell(board).await;
        let next = board.app().next_hook_of(&board.app().hooks["crm"]).await.unwrap();
        let next = next.map_or(i64::MAX, |it| it.0).min(end);
        assert!(next > board.clock.millis() || next == end, "what is due is done");
        board.clock.advance(next - board.clock.millis());
        if next == end {
            return;
        }
    }
}

fn body(got: &Got) -> Value {
    serde_json::from_slice(&got.body).unwrap()
}

/// What was told, as `event package signer`.
fn words(got: &[Got]) -> Vec<String> {
    let word = |got: &Got| {
        let it = body(got);
        let signer = it["data"]["signer"]["id"].as_str().unwrap_or_default();
        format!("{} {} {signer}", it["type"].as_str().unwrap(), it["data"]["package"].as_str().unwrap())
    };
    got.iter().map(|it| word(it).trim_end().to_owned()).collect()
}

/// The same of what was answered with 200.
fn taken(receiver: &Listener) -> Vec<String> {
    let taken: Vec<Got> = receiver.got().into_iter().filter(|it| it.is_taken).collect();
    words(&taken)
}
