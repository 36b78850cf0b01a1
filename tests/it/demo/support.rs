//! Simulators, accounts and questions.

use reqwest::header::AUTHORIZATION;
use serde_json::Value;
use signboard::clock::Clock;
use signboard::demo::act::Draft;
use signboard::demo::{Account, Kind, Simulator};

/// Monday, 2 November 2026, 09:30:00.500 UTC.
pub(crate) const NOW: i64 = 1_793_611_800_500;

pub(crate) fn onespan(id: &str) -> Account {
    account(id, Kind::OneSpan, "Basic onespan-key")
}

pub(crate) fn conga(id: &str) -> Account {
    account(id, Kind::Conga, "Basic conga-key")
}

fn account(id: &str, kind: Kind, key: &str) -> Account {
    Account { callback_authorization: key.to_owned(), api_key: "secret".to_owned(), ..Account::new(id, kind) }
}

pub(crate) async fn start(accounts: Vec<Account>) -> Simulator {
    Simulator::start(Clock::manual(NOW), 1, accounts).await.unwrap()
}

/// Packages with one signer, a minute apart, the last one an hour ago.
pub(crate) fn make(simulator: &Simulator, account: &str, count: i64) -> Vec<String> {
    let draft = Draft::named("NDA").signer("Ana", "Souza").document("NDA");
    let world = simulator.world();
    let made = (0..count).map(|place| {
        let at = NOW - 3_600_000 - (count - place) * 60_000;
        world.lock().create(account, &draft, at).unwrap().id
    });
    made.collect()
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) date: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) json: Value,
}

pub(crate) async fn get(simulator: &Simulator, account: &str, path: &str) -> Answer {
    ask(simulator, account, path, Some("Basic secret")).await
}

pub(crate) async fn ask(
    simulator: &Simulator,
    account: &str,
    path: &str,
    authorization: Option<&str>,
) -> Answer {
    let mut request = reqwest::Client::new().get(format!("{}{path}", simulator.base_url(account)));
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    let answer = request.send().await.unwrap();
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, date, retry_after) = (answer.status().as_u16(), header("date"), header("retry-after"));
    Answer { status, date, retry_after, json: answer.json().await.unwrap_or_default() }
}
