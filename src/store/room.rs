//! How much room there is on a disk, and how many bytes are in words.

use std::path::Path;

const MIB: u64 = 1024 * 1024;
/// More room than a copy itself takes.
pub(super) const SLACK: u64 = MIB;

/// The room on a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What may still be written by whoever isn't root.
    pub free: u64,
    /// The whole disk.
    pub total: u64,
}

impl Room {
    /// On the disk on which `path` lies.
    ///
    /// # Errors
    /// What the system said: there is no such path, for instance.
    pub fn at(path: &Path) -> std::io::Result<Self> {
        let it = rustix::fs::statvfs(path)?;
        let bytes = |blocks: u64| blocks.saturating_mul(it.f_frsize);
        Ok(Self { free: bytes(it.f_bavail), total: bytes(it.f_blocks) })
    }
}

/// Bytes in words, such as `1.5 GiB`.
#[must_use]
pub fn amount(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..MIB => (1024, "KiB"),
        MIB..1_073_741_824 => (MIB, "MiB"),
        _ => (1024 * MIB, "GiB"),
    };
    let tenths = bytes.saturating_mul(10) / unit;
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} {name}"),
        (whole, tenth) => format!("{whole}.{tenth} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        for (bytes, words) in [
            (0, "0 KiB"),
            (1_536, "1.5 KiB"),
            (MIB, "1 MiB"),
            (1_073_741_824, "1 GiB"),
            (u64::MAX, "1717986918.3 GiB"),
        ] {
            assert_eq!(amount(bytes), words);
        }
    }
}
