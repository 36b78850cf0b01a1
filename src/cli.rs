//! The command line: what each command is for, and a short function per command.

mod audit;
mod backup;
mod check;
mod demo;
mod doctor;
mod erase;
mod import;
mod people;
mod register;
mod resync;
mod retention;
mod secrets;
mod trouble;
mod work;

pub use demo::{STILL_AFTER, played};
pub use trouble::Trouble;

use crate::app::people::{DeedKind, LinkKind};
use crate::clock::Clock;
use crate::config::{Config, Problems};
use crate::serve::Server;
use clap::{Parser, Subcommand};
use std::io::IsTerminal as _;
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
    Serve(ServeArgs),
    /// Run a board on which invented packages are being signed
    ///
    /// Starts a board and a simulator that plays all four providers, with a week of history and then live.
    Demo(demo::DemoArgs),
    /// Look the configuration over
    ///
    /// Prints every problem with its path, or the effective configuration with secrets hidden, and for each account the
    /// callback address and what to set at its provider.
    Check(check::CheckArgs),
    /// Copy the database into a file, beside a running board or without one
    ///
    /// The copy is looked through before it gets its name. Exit status 0: it is whole; 1: it is, but its packages are not
    /// what their facts say, so run `signboard rebuild`; 2: there is none. The configuration and keys.toml aren't in it.
    Backup(backup::BackupArgs),
    /// Make the board of an empty data folder out of a backup
    ///
    /// Checks the backup and brings it up to this version before anything of it counts. Without success the folder stays
    /// without a board.
    Restore(backup::RestoreArgs),
    /// Look over the whole installation, and say what to do
    ///
    /// Configuration, folder, disk, database, clock, people, backups, the public address, and each account with its API. A
    /// line for each; exit status 0: all is well; 1: somebody should look; 2: something doesn't work.
    Doctor(doctor::DoctorArgs),
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
    /// Who may use the board: add, list, disable, enable, passwd, totp-reset
    ///
    /// Beside a running board or without one. The first admin can be made here, too.
    #[command(subcommand)]
    User(people::UserCommand),
    /// What programs show instead of a sign-in: add, list, end
    ///
    /// Beside a running board or without one. A token goes into `Authorization: Bearer`.
    #[command(subcommand)]
    Token(people::TokenCommand),
    /// Who did what on the board, the newest first
    ///
    /// Reads only, beside a running board or without one. `--json` prints what the audit's file holds, `--verify` looks
    /// whether anything of it was changed.
    Audit(audit::AuditArgs),
    /// Compare with the providers what the board shows, and repair it
    ///
    /// Everything, or the named accounts; then waits until it is done. Beside a running board the board does it. Exit
    /// status 0: everything was gone through and everything that was asked was answered; 1: not so.
    Resync(resync::ResyncArgs),
    /// Let go of what is older than the configuration keeps it
    ///
    /// The board does so every night; this does it now, or says with --dry-run what would go.
    Retention(retention::RetentionArgs),
    /// Erase a person: name, mail address and what they wrote, wherever the board has it
    ///
    /// Facts and counts stay, without the person. Try --dry-run first: it says where they are. Beside a running board the
    /// board does it.
    Erase(erase::EraseArgs),
    /// Write the database anew, without what unused places of the file still hold
    ///
    /// While no board runs. Needs as much free room as the database has.
    Compact,
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

/// The options of `serve`.
#[derive(Debug, clap::Args)]
struct ServeArgs {
    /// Change the database of an older version without copying it before
    ///
    /// Otherwise it is copied to before-….sqlite in the data folder, where the newest two stay.
    #[arg(long)]
    no_backup: bool,
}

/// Runs a command; the result is the exit status.
///
/// # Errors
/// A sentence for the person at the terminal.
pub async fn run(cli: Cli) -> anyhow::Result<i32> {
    if let Command::Demo(args) = cli.command {
        return demo::demo(args).await.map(|()| 0);
    }
    let config = load(cli.config.as_deref());
    if let Command::Doctor(args) = cli.command {
        return doctor::doctor(config, &args).await;
    }
    let config = match config {
        Ok(config) => config,
        Err(problems) => {
            say_problems(&problems);
            return Ok(2);
        }
    };
    match cli.command {
        Command::Serve(args) => serve(config, &args).await.map(|()| 0),
        Command::Backup(args) => backup::backup(&config, &args).await,
        Command::Restore(args) => backup::restore(&config, &args).await.map(|()| 0),
        Command::Check(args) => check::check(&config, &args),
        Command::Import(args) => import::import(config, args).await,
        Command::Register(args) => register::register(&config, &args).await,
        Command::User(command) => people::user(config, command).await.map(|()| 0),
        Command::Token(command) => people::token(config, command).await.map(|()| 0),
        Command::Audit(args) => audit::audit(config, args).await,
        Command::Resync(args) => resync::resync(config, args).await,
        Command::Retention(args) => retention::retention(config, &args).await.map(|()| 0),
        Command::Erase(args) => erase::erase(config, args).await.map(|()| 0),
        Command::Compact => erase::compact(config).await.map(|()| 0),
        Command::Replay => work::replay(config).await.map(|()| 0),
        Command::Rebuild => work::rebuild(config).await.map(|()| 0),
        Command::Selfcheck => work::self_check(config).await,
        Command::Demo(_) | Command::Doctor(_) => Ok(0),
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

async fn serve(mut config: Config, args: &ServeArgs) -> anyhow::Result<()> {
    config.server.copies_before_update &= !args.no_backup;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let server = Server::start(config, Clock::System).await?;
    server.work();
    for address in server.addresses() {
        tracing::info!("listening on http://{address}/");
    }
    say_first(&server).await?;
    until_stopped().await;
    tracing::info!("stopping");
    server.stop().await;
    Ok(())
}

/// While nobody can sign in as admin: the link to the first one, for whoever sits at a terminal and nowhere else.
async fn say_first(server: &Server) -> anyhow::Result<()> {
    let app = server.app();
    if !app.asks_to_sign_in() || app.store.admins().await? > 0 {
        return Ok(());
    }
    if !std::io::stdout().is_terminal() {
        tracing::warn!(
            "nobody can sign in as admin yet; make one with `signboard user add EMAIL --role admin`, which prints a link"
        );
        return Ok(());
    }
    let secret = app.make_link(LinkKind::First, None).await?;
    work::note(app, DeedKind::Link, "that makes the first admin").await;
    let address = app.link_address(&secret, server.addresses().first().copied());
    work::say(&format!(
        "Nobody can sign in as admin yet. Open this address to become the first one; it works once, within 24 hours:\n\n    {address}\n"
    ))
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
