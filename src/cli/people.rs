//! `user` and `token`: who may use the board. Beside a running board or without one; the board knows at its next request.

use super::work::{note, say};
use crate::app::people::{
    DeedKind, LAST_ADMIN, LinkKind, NO_ADDRESS, NewUser, Token, User, mail_address, passwords,
};
use crate::app::{App, BuildError};
use crate::clock::Clock;
use crate::config::Config;
use crate::model::access::{Reach, Role, Scope};
use crate::model::{AccountId, Timestamp};
use crate::store::{Mode, Store};
use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;
use std::io::{BufRead as _, Read as _};
use std::path::Path;
use std::time::Duration;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const MOST: u32 = 10_000;

/// What to do with somebody.
#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Let somebody use the board; prints a link that sets their password, unless it is given
    Add {
        /// Their mail address
        email: String,
        /// What they may do
        #[arg(long, value_parser = role)]
        role: Role,
        /// The accounts that they see; without it all
        #[arg(long, value_delimiter = ',', value_name = "ID,ID")]
        accounts: Option<Vec<String>>,
        /// They see only what they sent
        #[arg(long)]
        mine: bool,
        /// Another mail address under which they send; may be said again
        #[arg(long, value_name = "EMAIL")]
        alias: Vec<String>,
        /// How they are called
        #[arg(long, default_value = "")]
        name: String,
        /// Read their password from standard input, its first line
        #[arg(long)]
        password_stdin: bool,
    },
    /// Everybody, one a line
    List,
    /// Let somebody in no more: what they have open ends at once
    Disable {
        /// Their mail address
        email: String,
    },
    /// Let somebody in again
    Enable {
        /// Their mail address
        email: String,
    },
    /// Give somebody another password; prints a link that sets it, unless it is given
    Passwd {
        /// Their mail address
        email: String,
        /// Read it from standard input, its first line
        #[arg(long)]
        password_stdin: bool,
    },
    /// Take somebody's second factor away, and end their sessions: an admin sets up another at the next sign-in
    TotpReset {
        /// Their mail address
        email: String,
    },
}

/// What to do with a token.
#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token for a program and print it, once and never again
    Add {
        /// What to call it
        name: String,
        /// What it opens: `read`, or `resync` for both
        #[arg(long, value_parser = scope)]
        scope: Scope,
        /// The accounts that it shows; without it all
        #[arg(long, value_delimiter = ',', value_name = "ID,ID")]
        accounts: Option<Vec<String>>,
        /// How long it works; without it until it is ended
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
        days: Option<u16>,
    },
    /// All tokens but their secrets, one a line
    List,
    /// End a token
    End {
        /// Its number in the list
        number: i64,
    },
}

/// `signboard user …`.
pub(super) async fn user(config: Config, command: UserCommand) -> anyhow::Result<()> {
    // What is slow, or wrong by itself, comes before a board is kept from starting.
    let (email, password) = match &command {
        UserCommand::Add { email, password_stdin, accounts, alias, .. } => {
            known(&config, accounts.as_ref())?;
            alias.iter().try_for_each(|it| address(it).map(|_| ()))?;
            (address(email)?, password(email, *password_stdin).await?)
        }
        UserCommand::Passwd { email, password_stdin } => {
            (address(email)?, password(email, *password_stdin).await?)
        }
        UserCommand::Disable { email } | UserCommand::Enable { email } | UserCommand::TotpReset { email } => {
            (address(email)?, None)
        }
        UserCommand::List => (String::new(), None),
    };
    let app = open(&config).await?;
    let done = do_user(&app, command, &email, password).await;
    app.store.close().await;
    done
}

async fn do_user(
    app: &App,
    command: UserCommand,
    email: &str,
    password: Option<String>,
) -> anyhow::Result<()> {
    let now = app.now();
    match command {
        UserCommand::Add { role, accounts, mine, alias, name, .. } => {
            let invited = password.is_none();
            let new = NewUser {
                role,
                name,
                accounts: accounts.map(ids),
                mine,
                aliases: alias,
                password,
                ..NewUser::admin(email, String::new())
            };
            let id = app.store.add_user(&new, now).await?;
            let id = id.with_context(|| format!("{email} is known already; see `signboard user list`"))?;
            note(app, DeedKind::UserAdded, &format!("{email} as {}", role.word())).await;
            if invited {
                return invite(app, LinkKind::Invite, id, email).await;
            }
            eprintln!("{email} may sign in.");
        }
        UserCommand::List => {
            let mut after = String::new();
            loop {
                let some = app.store.users(&after, 500).await?;
                let Some(last) = some.last() else { break };
                after.clone_from(&last.email);
                some.iter().try_for_each(|it| say(&line_of_user(it)))?;
            }
        }
        UserCommand::Disable { .. } => {
            let user = somebody(app, email).await?;
            let is_last = user.role == Role::Admin && !app.store.has_other_admin(user.id).await?;
            ensure!(!is_last, LAST_ADMIN);
            app.store.disable_user(user.id, Some(now), now).await?;
            note(app, DeedKind::UserDisabled, email).await;
            eprintln!("{email} may sign in no more; what they had open and their tokens have ended.");
        }
        UserCommand::Enable { .. } => {
            let user = somebody(app, email).await?;
            app.store.disable_user(user.id, None, now).await?;
            note(app, DeedKind::UserEnabled, email).await;
            eprintln!("{email} may sign in.");
        }
        UserCommand::Passwd { .. } => {
            let user = somebody(app, email).await?;
            let Some(password) = password else {
                ensure!(
                    user.subject.is_none(),
                    "{email} signs in at the identity provider; with --password-stdin they get a password instead, and \
                     come in by that alone"
                );
                note(app, DeedKind::Link, &format!("to a password for {email}")).await;
                return invite(app, LinkKind::Reset, user.id, email).await;
            };
            app.store.set_password(user.id, &password, None).await?;
            note(app, DeedKind::Password, &format!("of {email}")).await;
            eprintln!("{email} has another password; wherever they were signed in, that has ended.");
        }
        UserCommand::TotpReset { .. } => {
            let user = somebody(app, email).await?;
            app.store.take_totp(user.id).await?;
            note(app, DeedKind::SecondFactor, &format!("of {email} taken away")).await;
            eprintln!("{email} has no second factor; wherever they were signed in, that has ended.");
        }
    }
    Ok(())
}

/// `signboard token …`.
pub(super) async fn token(config: Config, command: TokenCommand) -> anyhow::Result<()> {
    if let TokenCommand::Add { accounts, .. } = &command {
        known(&config, accounts.as_ref())?;
    }
    let app = open(&config).await?;
    let done = do_token(&app, command).await;
    app.store.close().await;
    done
}

async fn do_token(app: &App, command: TokenCommand) -> anyhow::Result<()> {
    match command {
        TokenCommand::Add { name, scope, accounts, days } => {
            let expires = days.map(|days| app.now().plus(i64::from(days) * DAY_MS));
            let reach = Reach { accounts: accounts.map(ids), senders: None };
            let secret = app.make_token(&name, scope, None, expires, reach, None).await?;
            note(app, DeedKind::TokenAdded, &format!("{name} to {}", scope.word())).await;
            say(secret.text())
        }
        TokenCommand::List => {
            let all = app.store.tokens(MOST).await?;
            all.iter().try_for_each(|it| say(&line_of_token(it, app.now())))
        }
        TokenCommand::End { number } => {
            ensure!(
                app.store.end_token(number, app.now()).await?,
                "no token with the number {number} works; see `signboard token list`"
            );
            note(app, DeedKind::TokenEnded, &format!("number {number}")).await;
            eprintln!("The token works no more.");
            Ok(())
        }
    }
}

/// The data folder, whoever has it: a running board, or nobody.
async fn open(config: &Config) -> anyhow::Result<App> {
    let folder = Path::new(&config.server.data);
    let mut tries = 0;
    loop {
        let mode = if Store::is_running(folder) { Mode::Beside } else { Mode::Board };
        match App::open(config.clone(), Clock::System, mode).await {
            Ok(app) => return Ok(app),
            // A board that is just starting or ending: its database may be about to come, or its lock to go.
            Err(BuildError::Store(cause)) if tries < 20 && Store::is_running(folder) => {
                tracing::debug!(%cause, "looking again");
                tries += 1;
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            Err(cause) => return Err(cause.into()),
        }
    }
}

async fn invite(app: &App, kind: LinkKind, user: i64, email: &str) -> anyhow::Result<()> {
    let secret = app.make_link(kind, Some(user)).await?;
    eprintln!("{email} sets a password at this address, once, within a week:");
    say(&app.link_address(&secret, None))
}

async fn somebody(app: &App, email: &str) -> anyhow::Result<User> {
    let user = app.store.user_by_email(email).await?;
    user.with_context(|| format!("nobody is called {email}; see `signboard user list`"))
}

fn address(text: &str) -> anyhow::Result<String> {
    mail_address(text).with_context(|| format!("{text:?}: {NO_ADDRESS}"))
}

/// The password on standard input, hashed; `None`: it isn't given there.
async fn password(email: &str, given: bool) -> anyhow::Result<Option<String>> {
    if !given {
        return Ok(None);
    }
    let mut line = String::new();
    std::io::stdin().lock().take(4096).read_line(&mut line).context("the password can't be read")?;
    let password = line.trim_end_matches(['\r', '\n']);
    passwords::judge(password, email).map_err(|weak| anyhow::anyhow!("{weak}"))?;
    Ok(Some(passwords::hash(password).await?))
}

fn known(config: &Config, accounts: Option<&Vec<String>>) -> anyhow::Result<()> {
    let Some(odd) = accounts.into_iter().flatten().find(|it| !config.accounts.contains_key(*it)) else {
        return Ok(());
    };
    let all: Vec<&str> = config.accounts.keys().map(String::as_str).collect();
    bail!("no account is called {odd:?}; known are: {}", all.join(", "))
}

fn ids(accounts: Vec<String>) -> Vec<AccountId> {
    accounts.into_iter().map(AccountId).collect()
}

fn role(word: &str) -> Result<Role, String> {
    Role::from_word(word).ok_or_else(|| "a role is viewer, sender or admin".to_owned())
}

fn scope(word: &str) -> Result<Scope, String> {
    let scope = Scope::from_word(word).filter(|it| *it != Scope::Screen);
    scope.ok_or_else(|| "a scope is read or resync; screens are made on the page of tokens".to_owned())
}

fn line_of_user(user: &User) -> String {
    let mut words = vec![user.email.clone(), user.role.word().to_owned()];
    words.push(accounts_of(user.accounts.as_deref()));
    words.push(if user.mine { "what they sent" } else { "whoever sent it" }.to_owned());
    words.push(if user.totp.is_some() { "second factor" } else { "no second factor" }.to_owned());
    let by = if user.password.is_some() { "password" } else { "no password" };
    words.push(user.disabled_at.map_or(by, |_| "disabled").to_owned());
    words.join("\t")
}

fn line_of_token(token: &Token, now: Timestamp) -> String {
    let state = match (token.ended_at, token.expires_at) {
        (Some(at), _) => format!("ended {}", day(at)),
        (None, Some(at)) if at <= now => format!("expired {}", day(at)),
        (None, Some(at)) => format!("until {}", day(at)),
        (None, None) => "until ended".to_owned(),
    };
    let used = token.used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {}", day(at)));
    let accounts = accounts_of(token.reach.accounts.as_deref());
    let words = [token.id.to_string(), token.name.clone(), token.scope.word().to_owned(), accounts];
    format!("{}\t{}…\t{state}\t{used}", words.join("\t"), token.prefix)
}

fn accounts_of(accounts: Option<&[AccountId]>) -> String {
    accounts.map_or_else(
        || "all accounts".to_owned(),
        |some| some.iter().map(|it| it.0.as_str()).collect::<Vec<_>>().join(","),
    )
}

fn day(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().strftime("%F").to_string()
}
