//! Opening a data folder: who may write, which SQLite, and that it keeps what it promises.

use super::erased::Erased;
use super::health::Trouble;
use super::lines::Lines;
use super::numbers::Numbers;
use super::read::Change;
use super::recent::Recent;
use super::refused::Shed;
use super::shelf::Shelf;
use super::tallies::Tallies;
use super::writer::{Job, Writer};
use super::{CHANGES, Health, Policies, QUEUE, Store, StoreError, backup, candidates, removal, schema};
use crate::model::{AccountId, Seq};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Row as _};
use std::fs::{File, TryLockError};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{Notify, broadcast, mpsc};

pub(super) const FILE: &str = "signboard.sqlite";
pub(super) const LOCK: &str = "board.lock";
const READERS: u32 = 4;
/// Older ones can corrupt a database when the write-ahead log is reset (fixed in 3.51.3).
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);
/// File systems over a network lock too loosely for SQLite.
const NETWORK: [&str; 6] = ["nfs", "nfs4", "cifs", "smb3", "ceph", "fuse.sshfs"];
/// A log of so many pages is begun again from its start: see [`checkpoints`].
const WAL_PAGES: i64 = 8192;
/// When it is begun again, what is longer is cut off.
const WAL_BYTES: &str = "67108864";
const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);
/// So many turns are left out after one that failed.
const CHECKPOINT_RESTS: u32 = 20;

/// Every change of the schema, in order.
pub(super) const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "init", include_str!("../../migrations/0001_init.sql")),
    (2, "signers", include_str!("../../migrations/0002_signers.sql")),
    (3, "refused", include_str!("../../migrations/0003_refused.sql")),
    (4, "runs", include_str!("../../migrations/0004_runs.sql")),
    (5, "waiting", include_str!("../../migrations/0005_waiting.sql")),
    (6, "resync", include_str!("../../migrations/0006_resync.sql")),
    (7, "drift", include_str!("../../migrations/0007_drift.sql")),
    (8, "people", include_str!("../../migrations/0008_people.sql")),
    (9, "standing", include_str!("../../migrations/0009_standing.sql")),
    (11, "traffic", include_str!("../../migrations/0011_traffic.sql")),
    (12, "secret_uses", include_str!("../../migrations/0012_secret_uses.sql")),
    (13, "forwards", include_str!("../../migrations/0013_forwards.sql")),
    (30, "people", include_str!("../../migrations/0030_people.sql")),
    (32, "ends", include_str!("../../migrations/0032_ends.sql")),
    (33, "senders", include_str!("../../migrations/0033_senders.sql")),
    (39, "session_numbers", include_str!("../../migrations/0039_session_numbers.sql")),
    (40, "vouchers", include_str!("../../migrations/0040_vouchers.sql")),
    (41, "audit", include_str!("../../migrations/0041_audit.sql")),
    (42, "retention", include_str!("../../migrations/0042_retention.sql")),
    (43, "search", include_str!("../../migrations/0043_search.sql")),
    (44, "views", include_str!("../../migrations/0044_views.sql")),
    (45, "zones", include_str!("../../migrations/0045_zones.sql")),
    (46, "alerts", include_str!("../../migrations/0046_alerts.sql")),
    (47, "tellings", include_str!("../../migrations/0047_tellings.sql")),
    (48, "hooks", include_str!("../../migrations/0048_hooks.sql")),
    (49, "alerts_open", include_str!("../../migrations/0049_alerts_open.sql")),
    (50, "watch", include_str!("../../migrations/0050_watch.sql")),
    (51, "messages", include_str!("../../migrations/0051_messages.sql")),
    (52, "deposits", include_str!("../../migrations/0052_deposits.sql")),
    (53, "hooks_of_packages", include_str!("../../migrations/0053_hooks_of_packages.sql")),
    (54, "takes", include_str!("../../migrations/0054_takes.sql")),
    (56, "hooks_next", include_str!("../../migrations/0056_hooks_next.sql")),
    (57, "alerts_sender", include_str!("../../migrations/0057_alerts_sender.sql")),
];

/// How a data folder is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// This process is the board, or does its work while none runs: it writes.
    Board,
    /// The same, but a database that is brought up to this version is not copied before.
    Uncopied,
    /// Reading only, beside a running board or without one.
    Beside,
}

impl Store {
    /// Opens `folder`, makes it if it is missing, and starts the writer. In [`Mode::Board`] a second board on the same
    /// folder is refused, and packages are folded again where `policies` show other groups than before.
    ///
    /// # Errors
    /// A [`StoreError::Folder`] says what is wrong with the folder and what to do.
    pub async fn open(folder: &Path, mode: Mode, policies: Policies) -> Result<Self, StoreError> {
        let writes = mode != Mode::Beside;
        if writes {
            make(folder)?;
        } else if !folder.join(FILE).exists() {
            return Err(StoreError::Folder(format!("there is no board in {} yet", folder.display())));
        }
        refuse_network(folder)?;
        let lock = if writes { Some(Arc::new(lock(folder).await?)) } else { None };
        let policies = Arc::new(policies);
        let tallies = Tallies::default();
        let health = Arc::new(Health::default());
        let changes = broadcast::channel(CHANGES).0;
        let (alerted, recent) = (Arc::default(), Arc::<Recent>::default());
        let door = if writes {
            let (door, inbox) = mpsc::channel(QUEUE);
            let mut connection = connect(folder).await?;
            if let Some(schema) = schema::next(&schema::applied(&mut connection).await?)?
                && mode == Mode::Board
            {
                backup::before_update(folder, &mut connection, schema).await?;
            }
            schema::migrate(&mut connection).await?;
            assert_sqlite(&mut connection).await?;
            let pending = super::inbox::pending(&mut connection).await?;
            health.pending.store(pending, Ordering::Relaxed);
            let shared = Shared {
                tallies: tallies.clone(),
                health: Arc::clone(&health),
                policies: Arc::clone(&policies),
                alerted: Arc::clone(&alerted),
                recent: Arc::clone(&recent),
            };
            let mut writer = writer(connection, inbox, changes.clone(), shared).await?;
            writer.agree_on_fold().await?;
            writer.agree_on_groups().await?;
            tokio::spawn(writer.run());
            let mut checkpointer = connect(folder).await?;
            // While it waits for a long reader, nobody writes: better the log grows a little more.
            sqlx::query("PRAGMA busy_timeout = 200").execute(&mut checkpointer).await?;
            tokio::spawn(checkpoints(checkpointer, folder.join(format!("{FILE}-wal")), door.downgrade()));
            Some(door)
        } else {
            None
        };
        let options = options(folder).read_only(true);
        // A file needs no trying whether it is still there, each time that it is read.
        let pool = SqlitePoolOptions::new().max_connections(READERS).test_before_acquire(false);
        let pool = pool.after_connect(|it, _| Box::pin(candidates::see_terms(it)));
        let readers = pool.connect_with(options).await?;
        if !writes {
            load_tallies(&mut *readers.acquire().await?, &tallies).await?;
        }
        let folder = folder.to_owned();
        let (memo, shown, wrote_aside, took_away) =
            (Arc::default(), Arc::default(), Arc::default(), Arc::default());
        Ok(Self {
            readers,
            door,
            changes,
            tallies,
            health,
            folder,
            policies,
            memo,
            recent,
            shown,
            wrote_aside,
            took_away,
            alerted,
            lock,
        })
    }

    /// Whether a board runs on `folder` now.
    #[must_use]
    pub fn is_running(folder: &Path) -> bool {
        File::open(folder.join(LOCK))
            .is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }
}

/// Makes the data folder, if it is missing.
pub(super) fn make(folder: &Path) -> Result<(), StoreError> {
    // Names and mail addresses lie in it: a folder that we make is for its owner alone.
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|cause| trouble(folder, "can't be made", &cause))?;
    refuse_network(folder)
}

/// What the writer has in common with everybody who reads.
#[derive(Default)]
pub(super) struct Shared {
    pub tallies: Tallies,
    pub health: Arc<Health>,
    pub policies: Arc<Policies>,
    pub alerted: Arc<Notify>,
    pub recent: Arc<Recent>,
}

/// The writer as it stands before its first job.
pub(super) async fn writer(
    mut connection: SqliteConnection,
    inbox: mpsc::Receiver<Job>,
    changes: broadcast::Sender<Arc<Change>>,
    Shared { tallies, health, policies, alerted, recent }: Shared,
) -> Result<Writer, StoreError> {
    load_tallies(&mut connection, &tallies).await?;
    let erased = Erased::load(&mut connection).await?;
    let has_removed = removal::any(&mut connection).await?;
    let numbers = Numbers::load(&mut connection).await?;
    recent.begin(Seq(numbers.seq));
    Ok(Writer {
        numbers,
        recent,
        shed: Shed::load(&mut connection).await?,
        lines: Lines::load(&mut connection).await?,
        alerted,
        connection,
        inbox,
        changes,
        tallies,
        health,
        policies,
        shelf: Shelf::default(),
        erased,
        has_removed,
    })
}

pub(super) fn options(folder: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(folder.join(FILE))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .pragma("cache_size", "-32768")
        .pragma("temp_store", "memory")
        .disable_statement_logging()
}

/// A connection for the one write that a process beside the board may do.
pub(super) async fn connect_beside(folder: &Path) -> Result<SqliteConnection, StoreError> {
    connect(folder).await
}

async fn connect(folder: &Path) -> Result<SqliteConnection, StoreError> {
    // Checkpoints flush the whole database file; they run on a connection of their own, never inside a commit.
    let options = options(folder).create_if_missing(true).pragma("wal_autocheckpoint", "0");
    // A commit that split a page walks through the whole cache, so the writer has a small one.
    let options = options.pragma("journal_size_limit", WAL_BYTES).pragma("cache_size", "-8192");
    // What goes is overwritten, and not only forgotten.
    let options = options.pragma("secure_delete", "ON");
    Ok(options.connect().await?)
}

/// Marks the folder as a board's, which nobody else may be then.
pub(super) async fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).read(true).open(&path);
    let file = file.map_err(|cause| trouble(folder, "can't be written", &cause))?;
    let mut locked = file.try_lock();
    for _ in 0..20 {
        if !matches!(locked, Err(TryLockError::WouldBlock)) {
            break;
        }
        // A command that looks whether a board runs holds it for an instant, one that adds somebody for a little longer.
        tokio::time::sleep(Duration::from_millis(100)).await;
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let folder = folder.display();
            Err(StoreError::Folder(format!(
                "a board is already running on {folder}; stop it first, or give another `data`"
            )))
        }
        Err(TryLockError::Error(cause)) => Err(trouble(folder, "can't be locked", &cause)),
    }
}

/// Refuses folders on a network file system.
pub(super) fn refuse_network(folder: &Path) -> Result<(), StoreError> {
    let Ok(folder) = folder.canonicalize() else { return Ok(()) };
    let Ok(mounts) = std::fs::read_to_string("/proc/self/mounts") else { return Ok(()) };
    match network_mount(&mounts, &folder) {
        None => Ok(()),
        Some(kind) => Err(StoreError::Folder(format!(
            "{} lies on a network file system ({kind}), which can lose what was written; put `data` on a local disk",
            folder.display()
        ))),
    }
}

/// The kind of the network file system that `folder` lies on, by the lines of /proc/self/mounts.
fn network_mount<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    let mount = |line: &'a str| {
        let mut words = line.split(' ');
        let (_, at, kind) = (words.next()?, words.next()?, words.next()?);
        folder.starts_with(at.replace("\\040", " ")).then_some((at.len(), kind))
    };
    // The longest mount point that holds the folder; of two at the same place, the later one covers the other.
    let (_, kind) = mounts.lines().filter_map(mount).max_by_key(|(length, _)| *length)?;
    NETWORK.contains(&kind).then_some(kind)
}

/// Believes nothing: which SQLite is inside, and that it flushes.
async fn assert_sqlite(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let version: String =
        sqlx::query("SELECT sqlite_version()").fetch_one(&mut *connection).await?.try_get(0)?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < OLDEST_SQLITE {
        return Err(StoreError::Folder(format!("SQLite {version} can lose data; 3.51.3 or newer is needed")));
    }
    let journal: String = sqlx::query("PRAGMA journal_mode").fetch_one(&mut *connection).await?.try_get(0)?;
    let synchronous: i64 = sqlx::query("PRAGMA synchronous").fetch_one(&mut *connection).await?.try_get(0)?;
    if journal != "wal" || synchronous != 2 {
        return Err(StoreError::Folder(format!(
            "SQLite would not promise to keep what it wrote (journal_mode {journal}, synchronous {synchronous}); \
             put `data` on a local disk"
        )));
    }
    tracing::info!(version, journal, synchronous = "full", "the database is open");
    Ok(())
}

async fn load_tallies(connection: &mut SqliteConnection, tallies: &Tallies) -> Result<(), StoreError> {
    tallies.clear();
    for row in sqlx::query("SELECT account, word, n FROM tallies ORDER BY account, word")
        .fetch_all(connection)
        .await?
    {
        tallies.set(AccountId(row.try_get(0)?), row.try_get(1)?, row.try_get(2)?);
    }
    Ok(())
}

/// Moves what was committed from the log into the database, off the writer, until the writer is gone.
///
/// While callbacks keep coming, this never catches up with the end of the log, and only a log that is done to its end
/// is begun again from its start. So when it is long, the writer does the little that is left between two batches.
/// Nobody ever waits for a reader.
async fn checkpoints(
    mut connection: SqliteConnection,
    wal: std::path::PathBuf,
    door: mpsc::WeakSender<super::writer::Job>,
) {
    let mut tick = tokio::time::interval(CHECKPOINT_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut last, mut rests) = (None, 0);
    let mut trouble = Trouble::new("checkpoints", "a checkpoint failed; the log grows until one goes well");
    loop {
        tick.tick().await;
        let Some(door) = door.upgrade().filter(|door| !door.is_closed()) else { break };
        if rests > 0 {
            rests -= 1;
            continue;
        }
        let written = std::fs::metadata(&wal).and_then(|it| it.modified()).ok();
        if written == last {
            continue;
        }
        last = written;
        let row = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&mut connection).await;
        match row.and_then(|row| row.try_get::<i64, _>(1)) {
            Ok(pages) => {
                trouble.is_over();
                if pages > WAL_PAGES {
                    let (done, _) = tokio::sync::oneshot::channel();
                    let finish = super::jobs::Chore::FinishCheckpoint;
                    // A full queue is no harm: the next turn will do.
                    let _ = door.try_send(super::writer::Job::Chore(finish, done));
                }
            }
            Err(cause) => {
                trouble.begins(&cause);
                // It is tried again whether or not more is written.
                (last, rests) = (None, CHECKPOINT_RESTS);
            }
        }
    }
    let _ = connection.close().await;
}

fn trouble(folder: &Path, what: &str, cause: &std::io::Error) -> StoreError {
    StoreError::Folder(format!("the data folder {} {what}: {cause}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `.cargo/config.toml` asks for it.
    #[tokio::test]
    async fn the_sqlite_inside_plans_a_statement_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = connect(folder.path()).await.unwrap();
        let rows = sqlx::query("PRAGMA compile_options").fetch_all(&mut connection).await.unwrap();
        let options: Vec<String> = rows.iter().map(|it| it.get(0)).collect();
        let has = |option: &str| options.iter().any(|it| it == option);
        let as_asked = has("ENABLE_QPSG") && has("DEFAULT_MEMSTATUS=0") && !has("ENABLE_MEMORY_MANAGEMENT");
        assert!(as_asked, "SQLite was built without LIBSQLITE3_FLAGS of .cargo/config.toml: {options:?}");
    }

    #[test]
    fn network_file_systems_are_seen() {
        let mounts = "/dev/vda / ext4 rw 0 0\nhost:/x /srv nfs4 rw 0 0\n/dev/vdb /srv/local ext4 rw 0 0\n";
        let kind = |folder| network_mount(mounts, Path::new(folder));
        assert_eq!(kind("/srv/board"), Some("nfs4"));
        assert_eq!(kind("/srv/local/board"), None);
        assert_eq!(kind("/var/lib"), None);
    }
}
