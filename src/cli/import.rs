//! `import`: lost callbacks out of files of mails. What they hold is found here; the board, or this process in its
//! place, takes it in.

use super::work::{by_the_board, caller, noted, say};
use crate::app::App;
use crate::app::import::{Imported, MOST_BYTES, Pasted, find};
use crate::app::people::DeedKind;
use crate::app::people::deeds::by_command;
use crate::clock::Clock;
use crate::config::Config;
use crate::model::access::Reach;
use crate::store::Mode;
use anyhow::Context as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Which files, and for whom.
#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// Mails or other texts that hold the JSON of callbacks; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The account; without it the only one of OneSpan or Conga, or the one that knows the package
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

pub(super) async fn import(config: Config, args: ImportArgs) -> anyhow::Result<i32> {
    // Before anything is taken in: a missing file shall not leave half of it done.
    let texts = args.files.iter().map(|file| read(file)).collect::<anyhow::Result<Vec<_>>>()?;
    let by = by_command(&caller());
    let mut whole = true;
    for (file, text) in args.files.iter().zip(texts) {
        let pasted = Pasted::new(args.account.clone(), by.as_str(), find(&text));
        let input = serde_json::to_string(&pasted)?;
        let done: Imported = match by_the_board(&config, "import", &input).await? {
            Some(told) => serde_json::from_str(&told)?,
            None => {
                let app = App::open(config.clone(), Clock::System, Mode::Board).await?;
                let done = app.import(&pasted, &Reach::default()).await;
                app.store.close().await;
                done?
            }
        };
        noted(&config, DeedKind::Import, &done.to_string()).await;
        whole &= done.is_whole();
        say(&format!("{}: {done}", file.display()))?;
    }
    Ok(i32::from(!whole))
}

/// A file's bytes, and no more than are looked through.
fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let most = MOST_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|it| it.take(most).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("{} can't be read", file.display()))?;
    anyhow::ensure!(
        bytes.len() <= MOST_BYTES,
        "{} is larger than {} MiB; cut it into several files",
        file.display(),
        MOST_BYTES / 1024 / 1024
    );
    Ok(bytes)
}
