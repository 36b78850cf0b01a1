//! Several statements of the writer as one transaction. Not sqlx's own: when SQLite ends a transaction by itself, as it does
//! on a full disk, sqlx 0.9 counts it as open for ever, and begins no other on that connection.

use super::StoreError;
use sqlx::sqlite::SqliteConnection;

/// Begins.
pub(super) async fn begin(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("BEGIN IMMEDIATE").execute(connection).await?;
    Ok(())
}

/// Ends what was begun: all of it is on disk if it went well and this does, else none of it.
pub(super) async fn end<T>(
    connection: &mut SqliteConnection,
    done: Result<T, StoreError>,
) -> Result<T, StoreError> {
    let done = match done {
        Ok(done) => sqlx::query("COMMIT").execute(&mut *connection).await.map(|_| done).map_err(Into::into),
        Err(cause) => Err(cause),
    };
    if done.is_err() {
        // It may be over already; then this is refused, and that is fine.
        let _ = sqlx::query("ROLLBACK").execute(connection).await;
    }
    done
}
