//! `signboard check`: the configuration as it will be used, and what to set at each provider.

use crate::config::{AccountConfig, Config, Keys, PATH_TOKEN};
use crate::mail::Mailer;
use crate::model::AccountId;
use crate::provider::hook::Receiver;
use crate::provider::listener::Listener;
use crate::provider::{self, Provider};
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

/// The options of `check`.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// Show the path tokens in the callback addresses; on a terminal only
    ///
    /// No other secret is ever shown.
    #[arg(long)]
    show_secrets: bool,
}

/// Prints all of it; the result is the exit status.
pub(super) fn check(config: &Config, args: &CheckArgs) -> anyhow::Result<i32> {
    let mut out = std::io::stdout();
    // A file or a pipe is kept or read by others; a token that got there would be none any more.
    if args.show_secrets && !out.is_terminal() {
        eprintln!(
            "--show-secrets shows path tokens on a terminal only, and the output goes elsewhere; leave it away, or don't \
             redirect the output"
        );
        return Ok(2);
    }
    let keys = match Keys::read(&config.server.data) {
        Ok(keys) => keys,
        Err(problem) => {
            eprintln!("The configuration can't be used:\n  {problem}");
            return Ok(2);
        }
    };
    let keyed = config.with_keys(&keys);
    write!(out, "{}", keyed.effective())?;
    // What only the adapters can say: certificates, authorities, proxies. Nothing is sent.
    let mut opened = Vec::new();
    let mut problems = Vec::new();
    for (id, account) in &keyed.accounts {
        let listener = account.forward.as_ref().map(Listener::open).transpose();
        match listener.and_then(|_| provider::open(&AccountId(id.clone()), account)) {
            Ok(provider) => opened.push((id.as_str(), account, provider)),
            Err(problem) => problems.push(format!("accounts.{id}: {problem}")),
        }
    }
    let mail = keyed.mail.as_ref().map(Mailer::open).transpose();
    problems.extend(mail.err().map(|problem| format!("mail: {problem}")));
    for it in &keyed.channels {
        let receiver = Receiver::open(&it.to, it.key().as_deref(), it.allow_private);
        problems.extend(receiver.err().map(|problem| format!("the channel {}: {problem}", it.name)));
    }
    if !problems.is_empty() {
        eprintln!("The configuration can't be used:");
        problems.iter().for_each(|problem| eprintln!("  {problem}"));
        return Ok(2);
    }
    for (id, account, provider) in &opened {
        writeln!(out, "\n{}", guide(&keyed, id, account, provider, args.show_secrets).trim_end())?;
    }
    writeln!(out)?;
    for warning in config.warnings().into_iter().chain(keys.notes(config)) {
        writeln!(out, "# note: {warning}")?;
    }
    writeln!(out, "# The configuration can be used.")?;
    Ok(0)
}

/// What an account's provider has to be told. Sentences are comments; what is to be copied stands bare.
fn guide(
    config: &Config,
    id: &str,
    account: &AccountConfig,
    provider: &Arc<dyn Provider>,
    show_secrets: bool,
) -> String {
    let mut text = format!("# {}: give {} this callback address", account.label, account.provider.title());
    let mut url = config.callback_url(id);
    match account.newest_path_token() {
        Some(token) if show_secrets => url = url.replace(PATH_TOKEN, token.expose()),
        Some(_) => text.push_str(", with the path token at its end (check --show-secrets fills it in)"),
        None => (),
    }
    let _ = writeln!(text, ": {url}");
    if let Some(forward) = &account.forward {
        let _ = writeln!(
            text,
            "# What comes is passed on to {}, with the secret that stands under `callback`.",
            forward.host()
        );
    }
    for step in provider.setup(&url) {
        let _ = writeln!(text, "# - {}", step.what);
        for line in step.lines {
            let _ = writeln!(text, "    {line}");
        }
    }
    let habits = provider.habits();
    if let Some(minutes) = habits.told_every_minutes {
        let _ = writeln!(
            text,
            "# It tells what changed every {minutes} minutes, so the board may lag by as much."
        );
    }
    if habits.tells_no_names {
        let _ =
            writeln!(text, "# It tells neither names nor senders nor how many sign, and the board says so.");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        [server]
        public-url = "https://board.example.com"
        [accounts.a]
        provider = "onespan"
        callback = { auth = "key", key = "cb-key-77", path-token = "tok-0123456789abc" }
        api = { base-url = "https://x.example.com/api", auth = "api-key", key = "api-key-77" }
    "#;

    fn told(show_secrets: bool) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("signboard.toml");
        std::fs::write(&file, FILE).unwrap();
        let config = Config::load(Some(&file), []).unwrap();
        let account = &config.accounts["a"];
        let provider = provider::open(&AccountId("a".to_owned()), account).unwrap();
        guide(&config, "a", account, &provider, show_secrets)
    }

    #[test]
    fn of_all_secrets_only_the_path_token_is_shown_and_only_when_asked_for() {
        let (hidden, shown) = (told(false), told(true));
        assert!(
            hidden.contains(
                "--show-secrets fills it in): https://board.example.com/callbacks/a/<path-token>\n"
            )
        );
        assert!(!hidden.contains("tok-0123456789abc"), "{hidden}");
        assert!(
            shown.contains("address: https://board.example.com/callbacks/a/tok-0123456789abc\n"),
            "{shown}"
        );
        // In the lines to be copied too.
        assert!(shown.contains("\n    https://board.example.com/callbacks/a/tok-0123456789abc\n"), "{shown}");
        for text in [hidden, shown] {
            assert!(!text.contains("-77"), "{text}");
        }
    }
}
