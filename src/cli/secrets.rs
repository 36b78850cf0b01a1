//! The parts of `signboard register` that rotate a secret or try the door. No secret is ever an argument, a job's input or
//! printed: the board makes it, and it is read from the board's own file.

use super::work::{by_the_board, noted, say};
use crate::app::App;
use crate::app::people::DeedKind;
use crate::clock::Clock;
use crate::config::{Config, Keys, Rotates};
use crate::store::{Mode, Store};
use anyhow::Context as _;
use std::path::Path;

/// The configuration with the secrets that count now.
pub(super) fn keyed(config: &Config) -> anyhow::Result<Config> {
    Ok(config.with_keys(&Keys::read(&config.server.data)?))
}

/// Lets the board make a new secret and accept it beside the old one.
pub(super) async fn rotate(config: &Config, account: &str) -> anyhow::Result<Config> {
    let told = match by_a_board(config, "rotate", account).await? {
        Some(told) => told,
        None => {
            let app = alone(config).await?;
            let told = app.rotate(account);
            app.store.close().await;
            told?
        }
    };
    noted(config, DeedKind::Rotate, account).await;
    say(&format!("Done: {told}."))?;
    keyed(config)
}

/// Lets the board note that the provider took the new secret, if there is one that it didn't know of.
pub(super) async fn remember(config: &Config, account: &str) -> anyhow::Result<()> {
    let rotation = config.accounts.get(account).and_then(|it| it.rotation);
    if !rotation.is_some_and(|it| it.next_made.is_some() && it.registered_at.is_none()) {
        return Ok(());
    }
    if by_a_board(config, "remember", account).await?.is_none() {
        let app = alone(config).await?;
        let told = app.remember_registered(account);
        app.store.close().await;
        told?;
    }
    say(&format!(
        "The old one is accepted until callbacks have come with the new one for a day and none with the old one; \
         `signboard register {account} --retire` ends that sooner."
    ))
}

/// Where a person finds the new secret, to set it at the provider by hand.
pub(super) fn say_where(config: &Config, account: &str) -> anyhow::Result<()> {
    match config.accounts.get(account).and_then(|it| it.rotation).map(|it| it.of) {
        Some(Rotates::PathToken) => say(
            "This provider can't be told by a call. Set the new address by hand, as above; `signboard check --show-secrets` prints it.",
        ),
        Some(Rotates::Secret) | None => say(&format!(
            "This provider can't be told by a call. Set the new secret by hand, as above; it stands in {} under [{account}], as `next`.",
            Keys::path(&config.server.data).display()
        )),
    }
}

/// Ends a rotation.
pub(super) async fn retire(config: &Config, account: &str, force: bool) -> anyhow::Result<i32> {
    let input = if force { format!("{account} force") } else { account.to_owned() };
    let told = match by_a_board(config, "retire", &input).await? {
        Some(told) => told,
        None => {
            let app = alone(config).await?;
            let told = app.retire(account, force).await;
            app.store.close().await;
            told?
        }
    };
    noted(config, DeedKind::Retire, account).await;
    say(&format!("Done: {told}.")).map(|()| 0)
}

/// Has the running board send itself a test callback.
pub(super) async fn test(config: &Config, account: &str) -> anyhow::Result<i32> {
    let told = by_a_board(config, "test", account).await?;
    let told =
        told.context("no board is running on this data folder, so nothing could arrive; start it first")?;
    noted(config, DeedKind::TestCallback, account).await;
    say(&format!("The test callback: {told}.")).map(|()| 0)
}

/// `None`: no board is running.
async fn by_a_board(config: &Config, kind: &str, input: &str) -> anyhow::Result<Option<String>> {
    if !Store::is_running(Path::new(&config.server.data)) {
        return Ok(None);
    }
    let told = by_the_board(config, kind, input).await?;
    let is_old = told.as_ref().is_some_and(|it| it.starts_with("this board doesn't know"));
    anyhow::ensure!(!is_old, "the running board is of an older version; start it again with this one");
    Ok(told)
}

/// This process is the board for as long as a step takes.
async fn alone(config: &Config) -> anyhow::Result<App> {
    Ok(App::open(config.clone(), Clock::System, Mode::Board).await?)
}
