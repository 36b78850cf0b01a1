//! `signboard register`: what a provider has registered, what has to change, and the change.

use crate::clock::Clock;
use crate::config::{AccountConfig, Config, ForwardConfig};
use crate::model::{AccountId, Timestamp};
use crate::provider::registration::{Change, Registered, Registration, Wanted};
use crate::provider::{self, FetchError, Provider};
use anyhow::Context as _;
use std::io::Write as _;

/// Taking back, then registering: after the first some may be missing that were there before.
const ROUNDS: usize = 2;

/// The options of `register`.
#[derive(Debug, clap::Args)]
pub(super) struct RegisterArgs {
    /// The account's id in the configuration
    account: String,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Replace another listener that is registered: its host, as it is shown
    #[arg(long, value_name = "HOST")]
    replace: Option<String>,
    /// End the callbacks to this board
    #[arg(long, conflicts_with = "replace")]
    disable: bool,
}

/// Prints all of it; the result is the exit status.
pub(super) async fn register(config: &Config, args: &RegisterArgs) -> anyhow::Result<i32> {
    let Some(account) = config.accounts.get(&args.account) else {
        let known: Vec<&str> = config.accounts.keys().map(String::as_str).collect();
        return refused(&format!(
            "No account is called {:?}; known are: {}.",
            args.account,
            known.join(", ")
        ));
    };
    let wanted = match Wanted::of(config, &args.account, !args.disable) {
        Ok(wanted) => wanted,
        Err(why) => return refused(&format!("Nothing can be registered: {why}.")),
    };
    let provider = provider::open(&AccountId(args.account.clone()), account)?;
    say(&format!("{} · {} · {}", account.label, account.provider.title(), wanted.shown()))?;
    let found = match provider.registered(&wanted, now()).await {
        Ok(found) => found,
        Err(FetchError::NoApi) => {
            say_setup(&*provider, &wanted)?;
            return refused(
                "No API is configured for this account, so it can't be registered by a call. What to set by hand stands above.",
            );
        }
        Err(error) => return Err(error).context("what is registered can't be read"),
    };
    say_found(&found, account)?;
    if matches!(found.now, Registered::ByHand(_)) {
        return say_setup(&*provider, &wanted).map(|()| 0);
    }
    if found.changes.is_empty() {
        return say("It is as it should be: nothing to change.").map(|()| 0);
    }
    for change in &found.changes {
        say(&format!("To change: {change}."))?;
    }
    if args.dry_run {
        return say("Nothing was changed: this was a dry run.").map(|()| 0);
    }
    change_all(&*provider, &wanted, found, account, args.replace.as_deref()).await
}

/// Makes the changes, then looks whether they hold.
async fn change_all(
    provider: &dyn Provider,
    wanted: &Wanted,
    mut found: Registration,
    account: &AccountConfig,
    replace: Option<&str>,
) -> anyhow::Result<i32> {
    for _ in 0..ROUNDS {
        let others = found.changes.iter().filter_map(Change::puts_out);
        let unnamed = |host: &&str| !replace.is_some_and(|named| named.eq_ignore_ascii_case(host));
        if let Some(host) = others.into_iter().find(unnamed) {
            let told = match account.forward.as_ref().map(ForwardConfig::host) {
                Some(to) if to.eq_ignore_ascii_case(host) => {
                    "from then on this board passes callbacks on to it, since `forward` says so".to_owned()
                }
                Some(_) | None => format!(
                    "it would be told nothing more. To let it hear all that this board hears, set forward = {{ url = \"…\" }} \
                     for this account to its address, give this account the secret that it knows, and start the board again"
                ),
            };
            return refused(&format!(
                "Another listener is registered, at {host}, and an account has one: {told}. If that is meant, say --replace \
                 {host}. Nothing was changed."
            ));
        }
        let removes = |change: &Change| matches!(change, Change::Remove(_));
        let takes_back = found.changes.iter().any(removes);
        for change in found.changes.iter().filter(|change| removes(change) == takes_back) {
            provider.register(wanted, change, now()).await.with_context(|| {
                format!("this could not be done: {change}; what was done before it holds, so run it again")
            })?;
            say(&format!("Done: {change}."))?;
        }
        found = provider.registered(wanted, now()).await.context("whether it holds can't be read")?;
        if matches!(found.now, Registered::NotTold(_)) {
            let sentence = "The provider answered as it should. Whether it holds it doesn't tell.";
            return say(sentence).map(|()| 0);
        }
        found.changes.retain(|change| !change.is_all_that_is_told());
        if found.changes.is_empty() {
            return say("The provider confirms it.").map(|()| 0);
        }
        if !takes_back {
            break;
        }
    }
    for change in &found.changes {
        eprintln!("Still to change: {change}.");
    }
    refused("The provider took the change and doesn't show it.")
}

fn say_found(found: &Registration, account: &AccountConfig) -> anyhow::Result<()> {
    match &found.now {
        Registered::Hooks(hooks) if hooks.is_empty() => say("Registered now: nothing."),
        Registered::Hooks(hooks) => {
            hooks.iter().try_for_each(|hook| say(&format!("Registered now: {hook}.")))
        }
        Registered::NotTold(why) => say(&format!("Registered now: {why}")),
        Registered::ByHand(why) => say(&format!("{why} Set this at {}:", account.provider.title())),
    }
}

fn say_setup(provider: &dyn Provider, wanted: &Wanted) -> anyhow::Result<()> {
    for step in provider.setup(wanted.shown()) {
        say(&format!("- {}", step.what))?;
        step.lines.iter().try_for_each(|line| say(&format!("    {line}")))?;
    }
    Ok(())
}

fn now() -> Timestamp {
    Timestamp(Clock::System.millis())
}

fn refused(why: &str) -> anyhow::Result<i32> {
    eprintln!("{why}");
    Ok(2)
}

fn say(sentence: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{sentence}")?;
    Ok(())
}
