//! Spares a disk that is nearly full for callbacks: below a limit the board neither sweeps nor asks nor reads again,
//! says so, and goes on by itself when there is room again.

use super::App;
use crate::store::{Room, amount};
use std::sync::Mutex;

/// What was seen last.
#[derive(Debug, Default)]
pub struct Disk(Mutex<Option<Seen>>);

/// The room, and whether that is too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// How much there is.
    pub room: Room,
    /// Below this the disk is spared.
    pub limit: u64,
    /// It is spared.
    pub low: bool,
}

impl App {
    /// Looks how much room there is where the data lies.
    pub fn look_at_disk(&self) {
        match Room::at(self.store.folder()) {
            Ok(room) => self.note_room(room),
            Err(cause) => tracing::warn!(%cause, "how much room the disk has can't be told"),
        }
    }

    /// So much room there is.
    pub fn note_room(&self, room: Room) {
        let limit = self.config.server.disk_guard.limit(room.total);
        let Ok(mut seen) = self.disk.0.lock() else { return };
        let was_low = seen.is_some_and(|it| it.low);
        // A tenth more before it goes on, so that what it writes then doesn't stop it at once.
        let low = room.free < if was_low { limit.saturating_add(limit / 10) } else { limit };
        *seen = Some(Seen { room, limit, low });
        drop(seen);
        let (free, limit) = (amount(room.free), amount(limit));
        match (was_low, low) {
            (false, true) => tracing::error!(
                free,
                limit,
                "the disk is nearly full; callbacks are taken, and nothing is asked, swept or read again until there is room"
            ),
            (true, false) => tracing::info!(free, limit, "the disk has room again"),
            _ => {}
        }
    }

    /// How much may still be written where the data lies; `None`: it can't be told.
    #[must_use]
    pub fn free_now(&self) -> Option<u64> {
        Room::at(self.store.folder()).ok().map(|it| it.free)
    }

    /// What was seen last of the disk; `None`: nobody has looked yet.
    #[must_use]
    pub fn disk(&self) -> Option<Seen> {
        self.disk.0.lock().ok().and_then(|it| *it)
    }

    /// Why the disk is spared now, as a sentence without a full stop. It stays the same while that lasts.
    #[must_use]
    pub fn disk_low(&self) -> Option<String> {
        let seen = self.disk().filter(|it| it.low)?;
        Some(format!("less than {} is free on the disk of the data folder", amount(seen.limit)))
    }
}
