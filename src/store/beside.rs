//! What a command writes beside a running board, the board knows of at once: with each such write the file that marks a board's
//! folder grows by a byte, and how long a file is can be asked at every request.

use super::StoreError;
use super::open::LOCK;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

/// The file, ready to grow: nothing is written where it can't.
pub(super) struct Mark(File);

impl Mark {
    /// Before something is written.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let file = File::options().create(true).append(true).open(folder.join(LOCK));
        let why =
            |cause| format!("{} can't be written, so nothing was: {cause}", folder.join(LOCK).display());
        file.map(Self).map_err(|cause| StoreError::Folder(why(cause)))
    }

    /// After it was written.
    pub(super) fn wrote(mut self) -> Result<(), StoreError> {
        let why = |cause| {
            format!("it is done, but a running board may not know of it for another minute: {LOCK}: {cause}")
        };
        self.0.write_all(b"+").map_err(|cause| StoreError::Folder(why(cause)))
    }
}

/// How often something was written beside the board. `None`: that can't be told.
pub(super) fn writes(folder: &Path) -> Option<u64> {
    fs::metadata(folder.join(LOCK)).ok().map(|it| it.len())
}
