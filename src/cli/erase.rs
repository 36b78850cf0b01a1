//! `erase` and `compact`: a person goes, wherever the board has them; and what unused places of the file still hold.

use super::work::{by_the_board, caller, say};
use crate::app::App;
use crate::app::erasing::ToErase;
use crate::app::people::deeds::{COMMAND_LINE, by_command};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::{Mode, Room, Store};
use std::path::Path;

/// The options of `erase`.
#[derive(Debug, clap::Args)]
pub(super) struct EraseArgs {
    /// Their mail address, as it is in the packages
    #[arg(long)]
    email: String,
    /// Their name: texts are looked through for it, and people of whom no mail address is told
    #[arg(long)]
    name: Option<String>,
    /// Only say where they are
    #[arg(long)]
    dry_run: bool,
}

/// `signboard erase`.
pub(super) async fn erase(config: Config, args: EraseArgs) -> anyhow::Result<()> {
    let (by, remote) = (by_command(&caller()), COMMAND_LINE.to_owned());
    let it = ToErase { mail: args.email, name: args.name, by, remote };
    if args.dry_run {
        let app = App::open(config, Clock::System, Mode::Beside).await?;
        return say(&app.trace(&it).await?.to_string());
    }
    if let Some(result) = by_the_board(&config, "erase", &serde_json::to_string(&it)?).await? {
        say(&result)?;
        return say(
            "Unused places of the database file may still hold parts of what is gone: when the board may pause, stop it and run \
             `signboard compact`.",
        );
    }
    // Not as other work: a disk that is nearly full keeps nobody.
    let app = App::open(config, Clock::System, Mode::Board).await?;
    let result = app.erase(&it).await?;
    let compacted = compact_within(&app).await;
    app.store.close().await;
    say(&result.to_string())?;
    compacted
}

/// `signboard compact`.
pub(super) async fn compact(config: Config) -> anyhow::Result<()> {
    let folder = Path::new(&config.server.data);
    anyhow::ensure!(
        !Store::is_running(folder),
        "a board runs on {}, and callbacks would have to wait: stop it first",
        folder.display()
    );
    let app = App::open(config, Clock::System, Mode::Board).await?;
    let done = compact_within(&app).await;
    app.store.close().await;
    done
}

async fn compact_within(app: &App) -> anyhow::Result<()> {
    let file = Store::file(app.store.folder());
    let size = std::fs::metadata(&file)?.len();
    // Once beside it, and once in its log.
    let free = Room::at(app.store.folder())?.free;
    anyhow::ensure!(
        free / 2 > size,
        "there is not enough room to write the database anew, so unused places of its file may still hold parts of what is \
         gone; make room, then run `signboard compact`"
    );
    app.store.compact().await?;
    app.store.settle().await?;
    say("The database was written anew; unused places of its file hold nothing.")
}
