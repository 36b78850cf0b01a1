//! What `signboard doctor` asks of a data folder and its database.

use super::{Store, StoreError, backup, check, open, schema};
use std::path::{Path, PathBuf};

impl Store {
    /// Where the database of a data folder is, or would be.
    #[must_use]
    pub fn file(folder: &Path) -> PathBuf {
        folder.join(open::FILE)
    }

    /// Whether the folder lies on a disk of this machine.
    ///
    /// # Errors
    /// What it lies on instead.
    pub fn is_local(folder: &Path) -> Result<(), StoreError> {
        open::refuse_network(folder)
    }

    /// Looks whether the pages of the database are in order, and, if it is to be `full`, its indexes. `false`: they are,
    /// but another version wrote them.
    ///
    /// # Errors
    /// What is damaged.
    pub async fn integrity(&self, full: bool) -> Result<bool, StoreError> {
        let mut connection = self.readers.acquire().await?;
        backup::integrity(&mut connection, full).await?;
        Ok(schema::is_current(&mut connection).await? && check::is_folded(&mut connection).await?)
    }
}
