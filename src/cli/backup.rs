//! `signboard backup` and `signboard restore`.

use super::work::{noted, say};
use crate::app::App;
use crate::app::people::DeedKind;
use crate::clock::Clock;
use crate::config::{Config, Keys};
use crate::model::Timestamp;
use crate::store::{Progress, Room, Store, amount};
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

/// The options of `backup`.
#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    /// Where to; only its owner will be able to read it
    file: PathBuf,
    /// Replace a file that is there already, once the new one is whole
    #[arg(long)]
    replace: bool,
}

/// The options of `restore`.
#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// What `signboard backup` made
    file: PathBuf,
}

/// Makes a backup; the result is the exit status.
pub(super) async fn backup(config: &Config, args: &BackupArgs) -> anyhow::Result<i32> {
    let (data, file) = (&config.server.data, &args.file);
    // The board spares its disk below this, and a backup shall not bring it there.
    let spare = Room::at(data).map_or(0, |room| config.server.disk_guard.limit(room.total));
    let copied = Store::backup(data, file, args.replace, spare, progress()).await?;
    let whole = std::path::absolute(file).unwrap_or_else(|_| file.clone());
    if let Err(cause) = Store::note_backup(data, Timestamp(Clock::System.millis()), &whole) {
        eprintln!("the backup is made; that it was could not be noted for `signboard doctor`: {cause}");
    }
    noted(config, DeedKind::Backup, &whole.display().to_string()).await;
    end_progress();
    say(&format!("{} holds the board: {}", file.display(), amount(copied.bytes)))?;
    let keys = Keys::path(data);
    let keys = if keys.exists() { format!(", and {}", keys.display()) } else { String::new() };
    say(&format!(
        "Not in it, to be saved apart as secrets: the configuration with the files that it names{keys}."
    ))?;
    match copied.check {
        None => say(
            "Every page of it is sound. Another version of signboard wrote it, so its packages are compared with their \
             facts when it is restored.",
        )
        .map(|()| 0),
        Some(check) => match check.difference {
            None => say(&format!(
                "Every page of it is sound, and {} packages are what their {} facts say.",
                check.packages, check.facts
            ))
            .map(|()| 0),
            Some(difference) => {
                eprintln!("All facts are in it, but not all packages are what these say: {difference}; run `signboard rebuild`");
                Ok(1)
            }
        },
    }
}

/// Makes a board out of a backup.
pub(super) async fn restore(config: &Config, args: &RestoreArgs) -> anyhow::Result<()> {
    let copied = App::restore(config, &args.file, progress()).await?;
    noted(config, DeedKind::Restore, &format!("out of {}", args.file.display())).await;
    end_progress();
    let data = config.server.data.display();
    let check = copied.check.unwrap_or_default();
    say(&format!(
        "{data} is a board again: {} packages are what their {} facts say.",
        check.packages, check.facts
    ))?;
    if !Keys::path(&config.server.data).exists() {
        say(&format!(
            "If the old one had a keys.toml, put it into {data} before you start: secrets that were rotated stand there."
        ))?;
    }
    say(
        "Callbacks that came since the backup are not in it: `signboard resync` asks the providers for what they told.",
    )
}

fn progress() -> impl FnMut(Progress) {
    let watched = std::io::stderr().is_terminal();
    move |progress| {
        if !watched {
            return;
        }
        match progress {
            Progress::Copied(done, of) => eprint!("\r\x1b[K{} of {} copied", amount(done), amount(of)),
            Progress::Checking => eprint!("\r\x1b[Klooking through every page"),
            Progress::Compared(count) => eprint!("\r\x1b[K{count} packages compared"),
        }
        let _ = std::io::stderr().flush();
    }
}

fn end_progress() {
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
}
