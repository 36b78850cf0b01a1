//! Why the store couldn't do something.

/// Why the store couldn't do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The disk is full, broken, or held by somebody else: no statement is at fault.
    #[error("the database can't be written or read: {0}")]
    Disk(String),
    /// SQLite said no to a statement.
    #[error("the database can't be written or read: {0}")]
    Sql(String),
    /// It took longer than it may.
    #[error("the database took too long to answer; ask for less at once")]
    Interrupted,
    /// More waits to be written than fits the queue.
    #[error("too much waits to be written; try again in a moment")]
    Busy,
    /// The writer has stopped.
    #[error("the board is stopping")]
    Stopped,
    /// Something in the database is not what this version writes.
    #[error("the database holds something that this version can't read: {0}")]
    Unreadable(String),
    /// The data folder can't be used.
    #[error("{0}")]
    Folder(String),
    /// This store was opened beside a running board, for reading.
    #[error("a board is running on this data folder, and it alone writes")]
    ReadOnly,
}

impl StoreError {
    pub(super) fn json(cause: impl std::fmt::Display) -> Self {
        Self::Unreadable(cause.to_string())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(cause: sqlx::Error) -> Self {
        // SQLITE_BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB; the upper bits tell them finer apart.
        const OF_THE_DISK: [i32; 8] = [5, 6, 8, 10, 11, 13, 14, 26];
        let code = cause.as_database_error().and_then(|it| it.code()?.parse::<i32>().ok());
        let text = cause.to_string();
        // SQLITE_INTERRUPT: our own limit.
        if code == Some(9) {
            return Self::Interrupted;
        }
        if code.is_some_and(|code| OF_THE_DISK.contains(&(code & 0xff))) {
            Self::Disk(text)
        } else {
            Self::Sql(text)
        }
    }
}
