//! What a command writes of people beside a running board, the board knows of at once: with each such write the file that marks
//! a board's folder grows, and how long a file is can be asked at every request.

use super::StoreError;
use super::open::LOCK;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// The file, ready to grow.
pub(super) struct Mark(File);

impl Mark {
    /// Before something is written, which it isn't where the file can't grow.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(LOCK);
        // What grew once has room for what comes after the write.
        let open = || -> io::Result<File> {
            let mut file = File::options().create(true).append(true).open(&path)?;
            file.write_all(b"+")?;
            Ok(file)
        };
        let why = |cause| format!("{} can't be written, so nothing was: {cause}", path.display());
        open().map(Self).map_err(|cause| StoreError::Folder(why(cause)))
    }

    /// After it was written, which counts in any case.
    pub(super) fn wrote(mut self) {
        if let Err(cause) = self.0.write_all(b"+") {
            tracing::warn!(%cause, "it is done, but {LOCK} can't be written: a running board knows of it only in a moment");
        }
    }
}

/// How often something was written beside the board. `None`: that can't be told.
pub(super) fn writes(folder: &Path) -> Option<u64> {
    fs::metadata(folder.join(LOCK)).ok().map(|it| it.len())
}
