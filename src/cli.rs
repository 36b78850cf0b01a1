//! The command line: what each command is for, and a short function per command.

mod check;
mod demo;
mod import;
mod register;
mod resync;
mod secrets;
mod work;

pub use demo::played;

use crate::clock::Clock;
use crate::config::{Config, Problems};
use crate::serve::Server;
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};

/// signboard: the board on which a business watches its documents get signed.
#[derive(Debug, Parser)]
#[command(
    name = "signboard",
    version,
    about = "The board on which a business watches its documents get signed.",
    long_about = "signboard receives the callbacks of e-signature services (OneSpan Sign, Conga Sign, Legalesign, \
                  WebSignatureOffice), keeps every byte, shows live where each package stands, and asks the services' APIs for what callbacks don't tell.\n\n\
                  Try it: `signboard demo`, then open http://127.0.0.1:8080/.\n\
                  For real: write signboard.toml (see the README), look it over with `signboard check`, then `signboard serve`."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// The configuration file [default: ./signboard.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the board
    ///
    /// Receives callbacks and serves the pages until Ctrl-C or SIGTERM. Everything that was answered with 200 is on
    /// disk, whatever happens then.
    Serve,
    /// Run a board on which invented packages are being signed
    ///
    /// Starts a board and a simulator that plays all four providers, with a week of history and then live.
    Demo(demo::DemoArgs),
    /// Look the configuration over
    ///
    /// Prints every problem with its path, or the effective configuration with secrets hidden, and for each account the
    /// callback address and what to set at its provider.
    Check(check::CheckArgs),
    /// Take in callbacks that got lost, out of the mails that OneSpan sends about them
    ///
    /// Each waits in the inbox until the API says the same or somebody admits it; what is known already is passed over.
    /// Beside a running board the board does it. Exit status 1: nothing was found, or not everything could be taken.
    Import(import::ImportArgs),
    /// Tell a provider to call this board
    ///
    /// Prints what the provider has registered now and what has to change, then changes it. Only the address under
    /// server.public-url is ever registered. Another listener is replaced only if its host is named.
    ///
    /// With --rotate a new secret is made, accepted beside the old one, and registered; with --test the board calls itself.
    Register(register::RegisterArgs),
    /// Compare with the providers what the board shows, and repair it
    ///
    /// Everything, or the named accounts; then waits until it is done. Beside a running board the board does it. Exit
    /// status 0: everything was gone through and everything that was asked was answered; 1: not so.
    Resync(resync::ResyncArgs),
    /// Read every kept callback again
    ///
    /// After an upgrade that understands more. What was right stays as it is. Beside a running board the board does it.
    Replay,
    /// Fold every package's facts again
    ///
    /// The states are a cache of the facts; this makes it anew. Beside a running board the board does it.
    Rebuild,
    /// Compare every package with a fresh fold of its facts
    ///
    /// Reads only, beside a running board or without one. Exit status 0: all are equal; 1: the first difference is
    /// printed.
    Selfcheck,
}

/// Runs a command; the result is the exit status.
///
/// # Errors
/// A sentence for the person at the terminal.
pub async fn run(cli: Cli) -> anyhow::Result<i32> {
    if let Command::Demo(args) = cli.command {
        return demo::demo(args).await.map(|()| 0);
    }
    let config = match load(cli.config.as_deref()) {
        Ok(config) => config,
        Err(problems) => {
            say_problems(&problems);
            return Ok(2);
        }
    };
    match cli.command {
        Command::Serve => serve(config).await.map(|()| 0),
        Command::Check(args) => check::check(&config, &args),
        Command::Import(args) => import::import(config, args).await,
        Command::Register(args) => register::register(&config, &args).await,
        Command::Resync(args) => resync::resync(config, args).await,
        Command::Replay => work::replay(config).await.map(|()| 0),
        Command::Rebuild => work::rebuild(config).await.map(|()| 0),
        Command::Selfcheck => work::self_check(config).await,
        Command::Demo(_) => Ok(0),
    }
}

fn load(file: Option<&Path>) -> Result<Config, Problems> {
    // A variable that isn't text can't be one of ours.
    let env = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Config::load(file, env)
}

fn say_problems(problems: &Problems) {
    eprintln!("The configuration can't be used:");
    for problem in problems {
        eprintln!("  {problem}");
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let server = Server::start(config, Clock::System).await?;
    server.work();
    for address in server.addresses() {
        tracing::info!("listening on http://{address}/");
    }
    until_stopped().await;
    tracing::info!("stopping");
    server.stop().await;
    Ok(())
}

/// Waits for Ctrl-C or SIGTERM.
async fn until_stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! { _ = tokio::signal::ctrl_c() => (), _ = terminate.recv() => () }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
