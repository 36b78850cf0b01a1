//! `signboard audit`: who did what, as lines for people or for programs; and whether nothing of it was changed.

use super::resync::since_of;
use super::work::say;
use crate::app::App;
use crate::app::people::deeds::line;
use crate::app::people::{DeedFilter, Done};
use crate::clock::Clock;
use crate::config::Config;
use crate::model::Timestamp;
use crate::store::Mode;

const CHUNK: u32 = 500;

/// Which deeds, and how.
#[derive(Debug, clap::Args)]
pub(super) struct AuditArgs {
    /// Only what was done since then: a time such as 2026-11-20T08:00:00Z, a day such as 2026-11-20, or a span such as 2d
    #[arg(long, value_name = "T", conflicts_with = "verify")]
    since: Option<String>,
    /// Lines of JSON, as in the audit's file
    #[arg(long, conflicts_with = "verify")]
    json: bool,
    /// Look whether each deed is as it was noted, and none was taken out; exit status 1: not so
    #[arg(long)]
    verify: bool,
}

/// Prints them, the newest first; the result is the exit status.
pub(super) async fn audit(config: Config, args: AuditArgs) -> anyhow::Result<i32> {
    let from = since_of(&config, args.since.as_deref())?.map(|it| Timestamp(it.as_millisecond()));
    let app = App::open(config, Clock::System, Mode::Beside).await?;
    if args.verify {
        return verify(&app).await;
    }
    let mut filter = DeedFilter { from, ..DeedFilter::default() };
    loop {
        let deeds = app.store.deeds(&filter, CHUNK).await?;
        deeds.iter().try_for_each(|it| say(&if args.json { line(it) } else { plain(it) }))?;
        match deeds.last().filter(|_| deeds.len() == CHUNK as usize) {
            Some(last) => filter.after = Some((last.at, last.id)),
            None => return Ok(0),
        }
    }
}

async fn verify(app: &App) -> anyhow::Result<i32> {
    let check = app.store.check_deeds().await?;
    match check.broken {
        Some(why) => {
            say(&format!("The audit was changed: {why}."))?;
            Ok(1)
        }
        None => {
            let without = match check.without {
                0 => String::new(),
                some => format!(" The first {some} were noted by a version that made no digests."),
            };
            say(&format!("{} deeds, each as it was noted.{without}", check.deeds))?;
            Ok(0)
        }
    }
}

fn plain(it: &Done) -> String {
    let at = jiff::Timestamp::from_millisecond(it.at.0).unwrap_or_default();
    format!("{at:.3}\t{}\t{}\t{}\t{}", it.who, it.kind, it.what, it.remote)
}
