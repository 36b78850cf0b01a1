//! `signboard register`: what a provider has registered, what has to change, and the change.

use super::secrets;
use super::work::{noted, say};
use crate::app::people::DeedKind;
use crate::clock::Clock;
use crate::config::{AccountConfig, Config, ForwardConfig};
use crate::model::{AccountId, Timestamp};
use crate::provider::registration::{Change, Registered, Registration, Wanted};
use crate::provider::{self, FetchError, Provider};
use anyhow::Context as _;

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
    /// Make a new secret first, which the board accepts beside the old one; goes on where it was if it was broken off
    #[arg(long, conflicts_with_all = ["dry_run", "disable"])]
    rotate: bool,
    /// End a rotation: the old secret is accepted no more
    #[arg(long, conflicts_with_all = ["rotate", "dry_run", "disable", "replace"])]
    retire: bool,
    /// With --retire: also when no callback has come with the new secret
    #[arg(long, requires = "retire")]
    force: bool,
    /// Register nothing: have the running board send itself a test callback through the public address
    #[arg(long, conflicts_with_all = ["rotate", "retire", "dry_run", "disable", "replace"])]
    test: bool,
}

/// How a registration ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// The provider has it.
    Held,
    /// Nothing was to be changed, or could be; all of it was said.
    Told,
    /// Why not was said.
    Refused,
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
    if args.test {
        return secrets::test(config, &args.account).await;
    }
    if args.retire {
        return secrets::retire(config, &args.account, args.force).await;
    }
    let mut keyed = secrets::keyed(config)?;
    if args.rotate {
        if let Err(why) = Wanted::of(&keyed, &args.account, true) {
            return refused(&format!("Nothing can be registered, so no secret was made: {why}."));
        }
        let by_hand = needs_a_person(&keyed, args).await.context("no secret was made")?;
        keyed = secrets::rotate(config, &args.account).await?;
        if by_hand {
            let provider = provider::open(&AccountId(args.account.clone()), account)?;
            say_setup(&*provider, &keyed.callback_url(&args.account))?;
            return secrets::say_where(&keyed, &args.account).map(|()| 0);
        }
    }
    let ended = registered(&keyed, args).await;
    if args.rotate && !matches!(ended, Ok(Ended::Held)) {
        eprintln!(
            "The new secret isn't registered yet; it is kept and accepted beside the old one. Run this again when the \
             reason is gone."
        );
    }
    match ended? {
        Ended::Held if !args.disable && !args.dry_run => {
            secrets::remember(&keyed, &args.account).await.map(|()| 0)
        }
        Ended::Held | Ended::Told => Ok(0),
        Ended::Refused => Ok(2),
    }
}

/// Whether no call can tell the provider; asked before a secret is made, so that none is made in vain.
async fn needs_a_person(config: &Config, args: &RegisterArgs) -> anyhow::Result<bool> {
    let (Some(account), Ok(wanted)) =
        (config.accounts.get(&args.account), Wanted::of(config, &args.account, true))
    else {
        return Ok(true);
    };
    let provider = provider::open(&AccountId(args.account.clone()), account)?;
    match provider.registered(&wanted, now()).await {
        Ok(found) => {
            if let Some(host) = unnamed(&found, args.replace.as_deref()) {
                anyhow::bail!("{}", replaces(&host, account.forward.as_ref()));
            }
            Ok(matches!(found.now, Registered::ByHand(_)))
        }
        Err(FetchError::NoApi) => Ok(true),
        Err(error) => Err(error).context("what is registered can't be read"),
    }
}

/// Registers what `config` has.
async fn registered(config: &Config, args: &RegisterArgs) -> anyhow::Result<Ended> {
    let account = config.accounts.get(&args.account).context("the account is gone")?;
    let wanted = match Wanted::of(config, &args.account, !args.disable) {
        Ok(wanted) => wanted,
        Err(why) => return no(&format!("Nothing can be registered: {why}.")),
    };
    let provider = provider::open(&AccountId(args.account.clone()), account)?;
    say(&format!("{} · {} · {}", account.label, account.provider.title(), wanted.shown()))?;
    let found = match provider.registered(&wanted, now()).await {
        Ok(found) => found,
        Err(FetchError::NoApi) => {
            say_setup(&*provider, wanted.shown())?;
            return no(
                "No API is configured for this account, so it can't be registered by a call. What to set by hand stands above.",
            );
        }
        Err(error) => return Err(error).context("what is registered can't be read"),
    };
    say_found(&found, account)?;
    if matches!(found.now, Registered::ByHand(_)) {
        return say_setup(&*provider, wanted.shown()).map(|()| Ended::Told);
    }
    if found.changes.is_empty() {
        return say("It is as it should be: nothing to change.").map(|()| Ended::Held);
    }
    for change in &found.changes {
        say(&format!("To change: {change}."))?;
    }
    if args.dry_run {
        return say("Nothing was changed: this was a dry run.").map(|()| Ended::Told);
    }
    change_all(&*provider, &wanted, found, (config, account), args).await
}

/// Makes the changes, then looks whether they hold.
async fn change_all(
    provider: &dyn Provider,
    wanted: &Wanted,
    mut found: Registration,
    (config, account): (&Config, &AccountConfig),
    args: &RegisterArgs,
) -> anyhow::Result<Ended> {
    for _ in 0..ROUNDS {
        if let Some(host) = unnamed(&found, args.replace.as_deref()) {
            return no(&replaces(&host, account.forward.as_ref()));
        }
        let removes = |change: &Change| matches!(change, Change::Remove(_));
        let takes_back = found.changes.iter().any(removes);
        for change in found.changes.iter().filter(|change| removes(change) == takes_back) {
            provider.register(wanted, change, now()).await.with_context(|| {
                format!("this could not be done: {change}; what was done before it holds, so run it again")
            })?;
            noted(config, DeedKind::Register, &format!("{}: {change}", args.account)).await;
            say(&format!("Done: {change}."))?;
        }
        found = provider.registered(wanted, now()).await.context("whether it holds can't be read")?;
        if matches!(found.now, Registered::NotTold(_)) {
            let sentence = "The provider answered as it should. Whether it holds it doesn't tell.";
            return say(sentence).map(|()| Ended::Held);
        }
        found.changes.retain(|change| !change.is_all_that_is_told());
        if found.changes.is_empty() {
            return say("The provider confirms it.").map(|()| Ended::Held);
        }
        if !takes_back {
            break;
        }
    }
    for change in &found.changes {
        eprintln!("Still to change: {change}.");
    }
    no("The provider took the change and doesn't show it.")
}

/// The host of another listener that would be put out and was not named.
fn unnamed(found: &Registration, replace: Option<&str>) -> Option<String> {
    let named = |host: &&str| replace.is_some_and(|named| named.eq_ignore_ascii_case(host));
    found.changes.iter().filter_map(Change::puts_out).find(|host| !named(host)).map(str::to_owned)
}

fn replaces(host: &str, forward: Option<&ForwardConfig>) -> String {
    let told = match forward.map(ForwardConfig::host) {
        Some(to) if to.eq_ignore_ascii_case(host) => {
            "from then on this board passes callbacks on to it, since `forward` says so".to_owned()
        }
        Some(_) | None => "it would be told nothing more. To let it hear all that this board hears, set forward = { url = \"…\" } for \
             this account to its address, give this account the secret that it knows, and start the board again"
            .to_owned(),
    };
    format!(
        "Another listener is registered, at {host}, and an account has one: {told}. If that is meant, say --replace {host}. \
         Nothing was changed."
    )
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

fn say_setup(provider: &dyn Provider, url: &str) -> anyhow::Result<()> {
    for step in provider.setup(url) {
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

fn no(why: &str) -> anyhow::Result<Ended> {
    eprintln!("{why}");
    Ok(Ended::Refused)
}
