//! A database of an older version is copied before it is changed.

use super::{configured, names, path, run, text};
use crate::disk::Tiny;
use crate::support::board::{NOON, config, event};
use crate::support::db;
use signboard::clock::Clock;
use signboard::serve::Server;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use std::path::Path;

/// The database of a version that knew the changes up to `newest` alone, with a callback that it had not read yet.
async fn older(data: &Path, newest: i64) {
    std::fs::create_dir_all(data).unwrap();
    let options = SqliteConnectOptions::new().filename(data.join("signboard.sqlite")).create_if_missing(true);
    let mut connection = options.journal_mode(sqlx::sqlite::SqliteJournalMode::Wal).connect().await.unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let (number, rest) = name.trim_end_matches(".sql").split_once('_').unwrap();
        let number: i64 = number.parse().unwrap();
        let text = AssertSqlSafe(std::fs::read_to_string(entry.path()).unwrap());
        let sql = sqlx::SqlSafeStr::into_sql_str(text);
        if number <= newest {
            all.push(Migration::new(number, rest.to_owned().into(), MigrationType::Simple, sql, false));
        }
    }
    all.sort_by_key(|it| it.version);
    Migrator::with_migrations(all).run_direct(None, &mut connection, false).await.unwrap();
    connection.close().await.unwrap();
    let body = event("old", "PACKAGE_CREATE", "u", None, 0).replace('\'', "''");
    db::run(
        data,
        &format!(
            "INSERT INTO arrivals (id, account, received_at, remote, origin, slot, headers, hash, size, body, state, facts) \
             VALUES (1, 'os', {NOON}, '', 'callback', 'current', '{{}}', x'00', {}, CAST('{body}' AS BLOB), 0, x'')",
            body.len()
        ),
    )
    .await;
}

async fn schemas(data: &Path) -> Vec<String> {
    db::run(data, "SELECT version FROM _sqlx_migrations ORDER BY version").await
}

async fn start(data: &Path, copies: bool) -> Result<Server, String> {
    let mut config = config(data.to_owned(), [None, None]);
    config.server.copies_before_update = copies;
    Server::start(config, Clock::manual(NOON)).await.map_err(|cause| cause.to_string())
}

#[actix_web::test]
async fn a_database_is_copied_before_it_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    older(&data, 13).await;
    for schema in [3, 5, 7] {
        std::fs::write(data.join(format!("before-{schema}.sqlite")), "").unwrap();
        // Younger one after another.
        let at = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(schema);
        std::fs::File::options()
            .write(true)
            .open(data.join(format!("before-{schema}.sqlite")))
            .unwrap()
            .set_modified(at)
            .unwrap();
    }
    // A backup of it can be made too, and says what it can't know.
    let backup = folder.path().join("old.backup");
    let done = run(&data, &["backup", path(&backup)]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done));
    assert!(text(&done).contains("Another version of signboard wrote it"), "{}", text(&done));
    let server = start(&data, true).await.unwrap();
    assert_eq!(server.app().drain().await.unwrap().fresh, 1);
    let dump = db::dump(&data).await;
    server.stop().await;
    let kept: Vec<String> = names(&data).into_iter().filter(|it| it.starts_with("before")).collect();
    assert_eq!(kept, ["before-30.sqlite", "before-7.sqlite"], "the newest two");
    // Both are what it was before, and what it is now can be made of them.
    for (number, copy) in [data.join("before-30.sqlite"), backup].into_iter().enumerate() {
        let other = folder.path().join(format!("other{number}"));
        std::fs::create_dir(&other).unwrap();
        std::fs::copy(&copy, other.join("signboard.sqlite")).unwrap();
        assert_eq!(schemas(&other).await.last().unwrap(), "13");
        std::fs::remove_file(other.join("signboard.sqlite")).unwrap();
        let restored = run(&other, &["restore", path(&copy)]);
        assert_eq!(restored.status.code(), Some(0), "{}", text(&restored));
        let server = start(&other, true).await.unwrap();
        server.app().drain().await.unwrap();
        assert_eq!(db::dump(&other).await, dump);
        server.stop().await;
        assert!(!names(&other).iter().any(|it| it.starts_with("before")), "it was up to date");
    }
}

#[actix_web::test]
async fn without_room_for_the_copy_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let Some(_tiny) = Tiny::mount(&data) else {
        println!("skipped: no file system can be mounted here");
        return;
    };
    older(&data, 13).await;
    let before = schemas(&data).await;
    // Room for the change, and not for a copy too.
    std::fs::write(data.join("filler"), vec![0; 1_700_000]).unwrap();
    let refused = start(&data, true).await.unwrap_err();
    assert!(refused.contains("--no-backup") && refused.contains("the copy needs"), "{refused}");
    assert_eq!(schemas(&data).await, before);
    assert!(!names(&data).iter().any(|it| it.starts_with("before")), "{:?}", names(&data));
    start(&data, false).await.unwrap().stop().await;
    assert_ne!(schemas(&data).await, before);
}

#[actix_web::test]
async fn what_a_newer_version_wrote_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    start(&data, true).await.unwrap().stop().await;
    db::run(
        &data,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'x', 1, x'00', 0)",
    )
    .await;
    let refused = start(&data, true).await.unwrap_err();
    assert!(refused.contains("newer version of signboard, whose schema 9999"), "{refused}");
    let file = folder.path().join("new.backup");
    let done = run(&data, &["backup", path(&file)]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done));
    let other = folder.path().join("other");
    configured(folder.path(), &other);
    let restored = run(&other, &["restore", path(&file)]);
    assert_eq!(restored.status.code(), Some(2));
    assert!(text(&restored).contains("newer version of signboard"), "{}", text(&restored));
    assert_eq!(names(&other), [""; 0]);
}
