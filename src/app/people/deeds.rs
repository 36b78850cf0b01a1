//! What was done is noted, and told elsewhere: each deed as a line of JSON in a file or on standard output, for whoever
//! watches over a firm's systems.
//!
//! The file is written by the board behind the database, from where it stands there: so deeds of commands beside it get
//! there, none is told before it is kept, and a file that can't be written holds nobody up and misses nothing. After a crash
//! the last ones may come twice; they have numbers.

use super::Deed;
use crate::app::{App, StoreError};
use crate::config::AuditTo;
use crate::model::Timestamp;
use crate::model::deed::DeedKind;
use crate::store::people::Done;
use serde::Serialize;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Mutex;

/// So many are told at once.
const CHUNK: u32 = 500;
/// No word of a deed is longer.
const MOST: usize = 500;

/// Why the deeds can't be told, as a sentence without a full stop.
#[derive(Debug, Default)]
pub struct Telling(Mutex<Option<String>>);

/// From where a command comes.
pub const COMMAND_LINE: &str = "command line";

/// Who does something by a command.
#[must_use]
pub fn by_command(caller: &str) -> String {
    format!("{caller}, by command")
}

impl App {
    /// Notes what somebody did, or was refused. It must not fail what was done: where it can't be noted, the log says so.
    pub async fn note(&self, who: &str, remote: &str, kind: DeedKind, what: impl Into<String>) {
        let deed =
            Deed { at: self.now(), who: plain(who), kind, what: plain(&what.into()), remote: plain(remote) };
        if let Err(cause) = self.store.note_deed(&deed).await {
            tracing::error!(%cause, kind = kind.word(), "the audit can't be written");
        }
    }

    /// Notes what was refused to somebody, once an hour for the same: nobody shall fill the audit by asking.
    pub async fn note_refused(&self, who: &str, remote: &str, kind: DeedKind, what: &str) {
        if self.refusals.note(&format!("{who} {remote} {what}"), self.now()) {
            self.note(who, remote, kind, what).await;
        }
    }

    /// Tells elsewhere what was done since the last time, if the configuration says where. Returns how many deeds.
    ///
    /// # Errors
    /// The store. That the file can't be written is no error here: see [`App::untold`].
    pub async fn tell_deeds(&self) -> Result<usize, StoreError> {
        let Some(to) = &self.config.audit else { return Ok(0) };
        // What can't be noted would be told again and again.
        if self.store.health().trouble().is_some() {
            return Ok(0);
        }
        let deeds = self.store.untold_deeds(CHUNK).await?;
        let Some(last) = deeds.last().map(|it| it.id) else { return Ok(0) };
        let text: String = deeds.iter().map(|it| format!("{}\n", line(it))).collect();
        let to = to.clone();
        // A file on a slow disk keeps this worker waiting and nobody else.
        let written = tokio::task::spawn_blocking(move || write(&to, text.as_bytes())).await;
        let written = written.unwrap_or_else(|cause| Err(std::io::Error::other(cause)));
        self.note_telling(written.err().map(|cause| format!("the audit’s lines can’t be written: {cause}")));
        if self.untold().is_some() {
            return Ok(0);
        }
        self.store.told_deeds(last).await?;
        Ok(deeds.len())
    }

    /// Where each deed goes, too, in words.
    #[must_use]
    pub fn tells_deeds(&self) -> Option<String> {
        self.config.audit.as_ref().map(|to| match to {
            AuditTo::File(file) => format!("to {}", file.display()),
            AuditTo::Stdout => "to the board’s standard output".to_owned(),
        })
    }

    /// Why deeds can't be told elsewhere now, as a sentence without a full stop.
    #[must_use]
    pub fn untold(&self) -> Option<String> {
        self.telling.0.lock().ok().and_then(|it| it.clone())
    }

    fn note_telling(&self, trouble: Option<String>) {
        let Ok(mut it) = self.telling.0.lock() else { return };
        match &trouble {
            Some(why) if it.as_ref() != Some(why) => {
                tracing::error!(why, "deeds wait in the database until they can be told");
            }
            None if it.is_some() => tracing::info!("the audit’s lines are written again"),
            Some(_) | None => {}
        }
        *it = trouble;
    }
}

fn write(to: &AuditTo, text: &[u8]) -> std::io::Result<()> {
    match to {
        AuditTo::Stdout => {
            let mut out = std::io::stdout().lock();
            out.write_all(text)?;
            out.flush()
        }
        AuditTo::File(path) => append(path, text),
    }
}

/// Opened anew each time, so that whoever turns log files over may move it away.
fn append(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    let before = file.metadata()?.len();
    let written = file.write_all(text).and_then(|()| file.sync_data());
    if written.is_err() {
        // Half a line would spoil the next one.
        let _ = file.set_len(before);
    }
    written
}

#[derive(Serialize)]
struct Line<'a> {
    id: i64,
    at: String,
    who: &'a str,
    kind: &'a str,
    what: &'a str,
    from: &'a str,
    chain: Option<String>,
}

/// A deed as a line of JSON, without its end.
#[must_use]
pub fn line(deed: &Done) -> String {
    let Done { id, at, who, kind, what, remote, chain } = deed;
    let chain = chain.as_ref().map(|it| it.iter().map(|byte| format!("{byte:02x}")).collect());
    let line = Line { id: *id, at: rfc3339(*at), who, kind, what, from: remote, chain };
    serde_json::to_string(&line).unwrap_or_default()
}

fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|it| format!("{it:.3}")).unwrap_or_default()
}

/// On one line, and not too long.
fn plain(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).take(MOST).collect()
}
