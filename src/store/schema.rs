//! Which changes of the schema a database has, and making those that it lacks. The changes themselves stand in `open`.

use super::open::{self, MIGRATIONS};
use super::{Policies, SelfCheck, StoreError, check};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Row as _};
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc};

/// Brings a restored database up to this version, compares it with its facts, and closes it.
pub(super) async fn brought_up(
    mut connection: SqliteConnection,
    policies: Policies,
    told: &mut impl FnMut(u64),
) -> Result<SelfCheck, StoreError> {
    let applied = applied(&mut connection).await?;
    if applied.is_empty() {
        return Err(StoreError::Folder("it is no database of a board".to_owned()));
    }
    next(&applied)?;
    migrate(&mut connection).await?;
    let shared = open::Shared { policies: Arc::new(policies), ..open::Shared::default() };
    let mut writer = open::writer(connection, mpsc::channel(1).1, broadcast::channel(1).0, shared).await?;
    writer.agree_on_fold().await?;
    writer.agree_on_groups().await?;
    let mut check = check::compare(&mut writer.connection, told).await?;
    if let Some(difference) = check.difference.take() {
        tracing::warn!(difference, "the packages are folded again");
        writer.rebuild().await?;
        check = check::compare(&mut writer.connection, told).await?;
    }
    if let Some(difference) = check.difference {
        return Err(StoreError::Folder(format!("it is not what its facts say: {difference}")));
    }
    // All of it into the one file, which alone is moved to its place.
    let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut writer.connection).await?;
    if row.try_get::<i64, _>(0)? != 0 {
        return Err(StoreError::Folder("somebody else has opened it".to_owned()));
    }
    writer.connection.close().await?;
    Ok(check)
}

/// Which changes of the schema were made.
pub(super) async fn applied(connection: &mut SqliteConnection) -> Result<Vec<i64>, StoreError> {
    const TABLE: &str = "SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'";
    const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
    if sqlx::query(TABLE).fetch_optional(&mut *connection).await?.is_none() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(APPLIED).fetch_all(connection).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The first change that a database still needs; `None`: it is new, or as it should be.
pub(super) fn next(applied: &[i64]) -> Result<Option<i64>, StoreError> {
    let known = || MIGRATIONS.iter().map(|(version, _, _)| *version);
    if let Some(odd) = applied.iter().find(|it| !known().any(|known| known == **it)) {
        return Err(StoreError::Folder(format!(
            "the database was written by a newer version of signboard, whose schema {odd} this one doesn't know; \
             start that version"
        )));
    }
    Ok(known().find(|it| !applied.is_empty() && !applied.contains(it)))
}

/// Whether this version's schema is in it, all of it and nothing else.
pub(super) async fn is_current(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let applied = applied(connection).await?;
    Ok(applied.iter().eq(MIGRATIONS.iter().map(|(version, _, _)| version)))
}

/// Makes every change that the database lacks.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sqlx::SqlStr::from_static(sql), false)
    };
    let migrator = Migrator::with_migrations(MIGRATIONS.iter().copied().map(migration).collect());
    migrator.run_direct(None, connection, false).await.map_err(|cause| {
        StoreError::Folder(format!("the database can't be brought up to this version: {cause}"))
    })
}
