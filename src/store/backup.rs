//! Copies of the database, made beside a running board or without one, and the way back.
//!
//! A copy is written under another name, flushed, opened and looked through, and only then gets its own. Its last line
//! is a seal: the SHA-256 of all before it, since SQLite itself doesn't notice when a bit of a text changes. SQLite
//! passes over what stands behind its last page, so a sealed copy can be opened by any of its tools.

use super::check::{self, SelfCheck};
use super::room::{Room, SLACK, amount};
use super::seal::{seal, unsealed};
use super::{Policies, Store, StoreError, open, schema};
use crate::model::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where a restored database stands until it counts.
const STAGE: &str = "restoring";
/// What else may lie in a folder without a board.
const NO_BOARD: [&str; 6] = ["board.lock", "keys.toml", "sign-in.key", LAST, STAGE, "lost+found"];
const LAST: &str = "last-backup";
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// So many copies from before an update are kept.
const KEPT: usize = 2;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes of so many, about.
    Copied(u64, u64),
    /// Page by page.
    Checking,
    /// So many packages were compared with their facts.
    Compared(u64),
}

/// A copy that was made, or a board that was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// How large it is.
    pub bytes: u64,
    /// What comparing its packages with their facts showed. `None`: another version wrote them, and that one compares.
    pub check: Option<SelfCheck>,
}

impl Store {
    /// Copies the database of `folder` to `to`, which only its owner can read. So much room as `spare` has to be left on
    /// the data's own disk.
    ///
    /// # Errors
    /// What was in the way and what to do. Nothing of the copy is left then, and what stood there before stays.
    pub async fn backup(
        folder: &Path,
        to: &Path,
        replace: bool,
        spare: u64,
        mut told: impl FnMut(Progress),
    ) -> Result<Copied, StoreError> {
        let source = folder.join(open::FILE);
        if !source.exists() {
            return Err(StoreError::Folder(format!("there is no board in {} yet", folder.display())));
        }
        if to.exists() && !replace {
            let to = to.display();
            return Err(StoreError::Folder(format!(
                "{to} is there already; give another name, or --replace"
            )));
        }
        let mut connection = open::options(folder).read_only(true).connect().await?;
        let copied = copy(&mut connection, &source, to, spare, true, &mut told).await;
        let closed = connection.close().await;
        let copied = copied?;
        closed?;
        Ok(copied)
    }

    /// Makes the board of `folder`, which must have none, out of a copy. Nothing counts before all of it was looked
    /// through and brought up to this version.
    ///
    /// # Errors
    /// What is wrong with the copy or the folder. There is still no board in the folder then.
    pub async fn restore(
        file: &Path,
        folder: &Path,
        policies: Policies,
        mut told: impl FnMut(Progress),
    ) -> Result<Copied, StoreError> {
        open::make(folder)?;
        let _lock = open::lock(folder).await?;
        must_be_empty(folder)?;
        let stage = folder.join(STAGE);
        // What a restore left that was killed.
        remove(std::fs::remove_dir_all(&stage))?;
        open::make(&stage)?;
        let restored = stage_in(file, &stage, policies, &mut told).await;
        let counted = restored.and_then(|copied| {
            owned_like(folder, &stage.join(open::FILE))
                .and_then(|()| owned_like(folder, &folder.join(open::LOCK)))
                .and_then(|()| std::fs::rename(stage.join(open::FILE), folder.join(open::FILE)))
                .and_then(|()| flush(folder))
                .map_err(|cause| trouble(folder, "can't be written", &cause))?;
            Ok(copied)
        });
        // Whatever became of it; what can't be removed is in nobody's way.
        let _ = std::fs::remove_dir_all(&stage);
        counted
    }

    /// Notes in the data folder that a backup was made, for `doctor`.
    ///
    /// # Errors
    /// What the system said.
    pub fn note_backup(folder: &Path, at: Timestamp, file: &Path) -> std::io::Result<()> {
        let new = folder.join(format!("{LAST}.new"));
        std::fs::write(&new, format!("{}\n{}\n", at.0, file.display()))?;
        std::fs::rename(&new, folder.join(LAST))
    }

    /// When the last backup was made, and where it was put.
    #[must_use]
    pub fn last_backup(folder: &Path) -> Option<(Timestamp, PathBuf)> {
        let text = std::fs::read_to_string(folder.join(LAST)).ok()?;
        let (at, file) = text.split_once('\n')?;
        Some((Timestamp(at.parse().ok()?), PathBuf::from(file.trim_end())))
    }
}

/// Before a database is brought up to date it is copied, to `before-<schema>.sqlite` beside it.
pub(super) async fn before_update(
    folder: &Path,
    connection: &mut SqliteConnection,
    schema: i64,
) -> Result<(), StoreError> {
    let to = folder.join(format!("before-{schema}.sqlite"));
    tracing::info!("this version changes the database; it is copied to {} first", to.display());
    let source = folder.join(open::FILE);
    copy(connection, &source, &to, 0, false, &mut |_| ()).await.map_err(|cause| {
        StoreError::Folder(format!(
            "the database has to be brought up to this version, and could not be copied before: {cause}. Start once \
             with `signboard serve --no-backup` to go on without a copy"
        ))
    })?;
    for old in older(folder) {
        tracing::info!("the older copy {} is removed", old.display());
        remove(std::fs::remove_file(&old))?;
    }
    Ok(())
}

/// The copies from before updates, but for the newest.
fn older(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let copy = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let schema: i64 = name.strip_prefix("before-")?.strip_suffix(".sqlite")?.parse().ok()?;
        Some((entry.metadata().ok()?.modified().ok()?, schema, entry.path()))
    };
    let mut copies: Vec<_> = entries.filter_map(copy).collect();
    copies.sort();
    copies.into_iter().rev().skip(KEPT).map(|(_, _, path)| path).collect()
}

/// Copies the database behind `connection`.
async fn copy(
    connection: &mut SqliteConnection,
    source: &Path,
    to: &Path,
    spare: u64,
    compares: bool,
    told: &mut impl FnMut(Progress),
) -> Result<Copied, StoreError> {
    let parent = to.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let bytes = needed(connection).await?;
    let cant = |cause: &std::io::Error| trouble(parent, "can't be written", cause);
    let is_own = |of: &Path| std::fs::metadata(of).map(|it| it.dev());
    let same =
        is_own(parent).map_err(|cause| cant(&cause))? == is_own(source).map_err(|cause| cant(&cause))?;
    let least = bytes + SLACK + if same { spare } else { 0 };
    let room = Room::at(parent).map_err(|cause| cant(&cause))?;
    if room.free < least {
        return Err(StoreError::Folder(format!(
            "the copy needs {} and {} has to be left free, but {} of the disk of {} are; make room, or choose another disk",
            amount(bytes),
            amount(least - bytes),
            amount(room.free),
            parent.display()
        )));
    }
    let part = Part::begin(to)?;
    fill(connection, &part, bytes, told).await?;
    told(Progress::Checking);
    let mut copy = reader(&part.path).await?;
    let looked = looked_through(&mut copy, compares, told).await;
    let closed = copy.close().await;
    let check = looked?;
    closed?;
    let bytes = seal(&part.path).map_err(|cause| trouble(&part.path, "can't be written", &cause))?;
    part.name(to).map_err(|cause| trouble(to, "can't be written", &cause))?;
    flush(parent).map_err(|cause| cant(&cause))?;
    Ok(Copied { bytes, check })
}

/// How large a copy will be, at most.
async fn needed(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    const PAGES: &str = "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count), \
        (SELECT page_size FROM pragma_page_size)";
    let row = sqlx::query(PAGES).fetch_one(connection).await?;
    let (pages, size): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(pages.unsigned_abs().saturating_mul(size.unsigned_abs()))
}

async fn fill(
    connection: &mut SqliteConnection,
    part: &Part,
    bytes: u64,
    told: &mut impl FnMut(Progress),
) -> Result<(), StoreError> {
    let path = part.path.to_str().ok_or_else(|| {
        StoreError::Folder(format!("{} is not UTF-8; give another name", part.path.display()))
    })?;
    let filling = sqlx::query("VACUUM INTO $1").bind(path).execute(connection);
    tokio::pin!(filling);
    loop {
        tokio::select! {
            done = &mut filling => return done.map(|_| ()).map_err(StoreError::from),
            () = tokio::time::sleep(LOOK_EVERY) => {
                let now = std::fs::metadata(&part.path).map_or(0, |it| it.len());
                told(Progress::Copied(now.min(bytes), bytes));
            }
        }
    }
}

/// A copy in the making: nobody else makes it at the same time, and it goes when it isn't finished.
struct Part {
    path: PathBuf,
    /// Locked. Closed last: that would end SQLite's own locks.
    _file: File,
    named: bool,
}

impl Part {
    fn begin(to: &Path) -> Result<Self, StoreError> {
        let mut path = OsString::from(to);
        path.push(".part");
        let path = PathBuf::from(path);
        let cant = |cause: &std::io::Error| trouble(&path, "can't be written", cause);
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(|cause| cant(&cause))?;
        if file.try_lock().is_err() {
            return Err(StoreError::Folder(format!("another copy to {} is being made", to.display())));
        }
        // What one left that was killed may not be ours alone.
        let ours = file.set_permissions(PermissionsExt::from_mode(0o600)).and_then(|()| file.set_len(0));
        ours.map_err(|cause| cant(&cause))?;
        Ok(Self { path, _file: file, named: false })
    }

    fn name(mut self, to: &Path) -> std::io::Result<()> {
        std::fs::rename(&self.path, to)?;
        self.named = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.named {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Opens a copy as it is: no log is begun beside it.
async fn reader(path: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).disable_statement_logging();
    Ok(options.connect().await?)
}

/// Every page, and every package if this version wrote them.
async fn looked_through(
    copy: &mut SqliteConnection,
    compares: bool,
    told: &mut impl FnMut(Progress),
) -> Result<Option<SelfCheck>, StoreError> {
    integrity(copy, true).await?;
    if !compares || !schema::is_current(copy).await? || !check::is_folded(copy).await? {
        return Ok(None);
    }
    check::compare(copy, &mut |count| told(Progress::Compared(count))).await.map(Some)
}

/// Whether SQLite finds all of its pages in order; `full` looks into the indexes too.
pub(super) async fn integrity(connection: &mut SqliteConnection, full: bool) -> Result<(), StoreError> {
    let sql = if full { "PRAGMA integrity_check(1)" } else { "PRAGMA quick_check(1)" };
    let found: String = sqlx::query(sql).fetch_one(connection).await?.try_get(0)?;
    if found == "ok" {
        return Ok(());
    }
    Err(StoreError::Folder(format!("the database is damaged: {found}")))
}

fn must_be_empty(folder: &Path) -> Result<(), StoreError> {
    let entries = std::fs::read_dir(folder).map_err(|cause| trouble(folder, "can't be read", &cause))?;
    let other = entries.flatten().map(|it| it.file_name()).find(|it| !NO_BOARD.iter().any(|name| it == name));
    match other {
        None => Ok(()),
        Some(other) => Err(StoreError::Folder(format!(
            "{} is not empty ({}); a backup is restored only where there is nothing to lose: move what is there away, or \
             give another `data`",
            folder.display(),
            other.display()
        ))),
    }
}

/// Puts the copy into `stage` and makes a database of this version out of it.
async fn stage_in(
    file: &Path,
    stage: &Path,
    policies: Policies,
    told: &mut impl FnMut(Progress),
) -> Result<Copied, StoreError> {
    let bytes = unsealed(file, &stage.join(open::FILE), |done, of| told(Progress::Copied(done, of)))?;
    told(Progress::Checking);
    let mut connection = open::connect_beside(stage).await?;
    let ended = match integrity(&mut connection, true).await {
        Ok(()) => {
            schema::brought_up(connection, policies, &mut |count| told(Progress::Compared(count))).await
        }
        Err(cause) => Err(cause),
    };
    let check = ended.map_err(|cause| match cause {
        StoreError::Folder(sentence) => {
            StoreError::Folder(format!("{} can't be restored: {sentence}", file.display()))
        }
        StoreError::Disk(cause) | StoreError::Sql(cause) | StoreError::Unreadable(cause) => {
            StoreError::Folder(format!("{} can't be restored: {cause}", file.display()))
        }
        other => other,
    })?;
    Ok(Copied { bytes, check: Some(check) })
}

/// Whoever runs the board writes it, also after an administrator has run a command.
fn owned_like(folder: &Path, file: &Path) -> std::io::Result<()> {
    let (owner, now) = (std::fs::metadata(folder)?, std::fs::metadata(file)?);
    if owner.uid() == now.uid() {
        return Ok(());
    }
    chown(file, Some(owner.uid()), Some(owner.gid()))
}

fn flush(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

fn remove(done: std::io::Result<()>) -> Result<(), StoreError> {
    match done {
        Err(cause) if cause.kind() != ErrorKind::NotFound => {
            Err(StoreError::Folder(format!("an older copy can't be removed: {cause}")))
        }
        _ => Ok(()),
    }
}

fn trouble(path: &Path, what: &str, cause: &std::io::Error) -> StoreError {
    StoreError::Folder(format!("{} {what}: {cause}", path.display()))
}
