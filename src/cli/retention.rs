//! `retention`: what is older than it is kept goes now, or is counted.

use super::work::{by_the_board, caller, note, say};
use crate::app::people::DeedKind;
use crate::app::{App, Old, OldKind, amount};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::Mode;

/// The options of `retention`.
#[derive(Debug, clap::Args)]
pub(super) struct RetentionArgs {
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
}

/// `signboard retention`.
pub(super) async fn retention(config: Config, args: &RetentionArgs) -> anyhow::Result<()> {
    if config.retention.keeps_all() {
        return say(
            "Everything is kept: the configuration has no [retention]. See raw-days, refused-days, ended-months and audit-days \
             in the README.",
        );
    }
    if args.dry_run {
        let app = App::open(config, Clock::System, Mode::Beside).await?;
        let old = app.old().await?;
        if old.is_empty() {
            return say("Nothing is older than it is kept.");
        }
        say("This would go:")?;
        return old.iter().try_for_each(|it| say(&format!("  {}", line(it))));
    }
    if let Some(result) = by_the_board(&config, "retention", &caller()).await? {
        return say(&result);
    }
    // Not as other work: what goes makes room.
    let app = App::open(config, Clock::System, Mode::Board).await?;
    note(&app, DeedKind::Retention, "now").await;
    let result = app.retain().await?.map(|gone| gone.to_string()).unwrap_or_default();
    app.store.close().await;
    say(&result)
}

fn line(it: &Old) -> String {
    let (count, size) = (it.count, it.size);
    let what = match it.kind {
        OldKind::Packages => format!("{count} packages that have ended, with {size} facts"),
        OldKind::Bodies => format!("the bytes of {count} callbacks, {}", amount(size)),
        OldKind::Refused => format!("{count} refused calls, {}", amount(size)),
        OldKind::Deeds => format!("{count} entries of the audit"),
    };
    it.account.as_ref().map_or(what.clone(), |account| format!("{account}: {what}"))
}
