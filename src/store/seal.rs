//! The line that ends a copy of the database: the SHA-256 of all before it, since SQLite itself doesn't notice when a bit
//! of a text changes. SQLite passes over what stands behind its last page.

use super::StoreError;
use super::room::{Room, SLACK, amount};
use sha2::{Digest as _, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

const SEAL: &str = "signboard backup 1, sha256 ";
/// The seal, 64 digits and the end of the line.
const SEAL_BYTES: u64 = SEAL.len() as u64 + 65;
const HEAD: &[u8] = b"SQLite format 3\0";
const BUFFER: usize = 256 * 1024;

/// Writes the seal behind a copy; returns how long it is then.
pub(super) fn seal(path: &Path) -> std::io::Result<u64> {
    let mut file = OpenOptions::new().read(true).append(true).open(path)?;
    // First what SQLite wrote, so that what is sealed is what lies on the disk.
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    let digest = passed_on(&mut file, bytes, &mut std::io::sink(), &mut |_| ())?;
    file.write_all(format!("{SEAL}{digest}\n").as_bytes())?;
    file.sync_all()?;
    Ok(bytes + SEAL_BYTES)
}

/// Passes on so many bytes; returns their SHA-256 in hexadecimal digits.
fn passed_on(
    from: &mut impl std::io::Read,
    bytes: u64,
    to: &mut impl std::io::Write,
    told: &mut impl FnMut(u64),
) -> std::io::Result<String> {
    let (mut hash, mut buffer, mut left) = (Sha256::new(), vec![0; BUFFER], bytes);
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
        let Some(piece) = buffer.get_mut(..most) else { break };
        from.read_exact(piece)?;
        hash.update(&*piece);
        to.write_all(piece)?;
        left -= most as u64;
        told(bytes - left);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Copies what stands before the seal, if it is what was sealed.
pub(super) fn unsealed(file: &Path, to: &Path, mut told: impl FnMut(u64, u64)) -> Result<u64, StoreError> {
    let name = file.display();
    let refused = |why: String| Err(StoreError::Folder(format!("{name} can't be restored: {why}")));
    let io = |cause: std::io::Error| StoreError::Folder(format!("{name} can't be restored: {cause}"));
    let mut from = File::open(file).map_err(io)?;
    let length = from.metadata().map_err(io)?.len();
    let mut head = [0; 16];
    if length < 16 || from.read_exact(&mut head).is_err() || head != HEAD {
        return refused("it is no backup of a board, which is a SQLite database".to_owned());
    }
    let bytes = length.saturating_sub(SEAL_BYTES);
    let mut last = Vec::new();
    from.seek(SeekFrom::Start(bytes)).map_err(io)?;
    (&from).take(SEAL_BYTES).read_to_end(&mut last).map_err(io)?;
    let sealed = String::from_utf8(last).ok();
    let Some(digest) = sealed.as_deref().and_then(|it| it.strip_prefix(SEAL)?.strip_suffix('\n')) else {
        return refused(
            "the line is missing that ends a backup, so it was cut off, or something else made it".to_owned(),
        );
    };
    let parent = to.parent().unwrap_or(to);
    let room = Room::at(parent).map_err(io)?;
    if room.free < bytes + SLACK {
        return refused(format!(
            "{} are needed, and {} of the disk of {} are free",
            amount(bytes + SLACK),
            amount(room.free),
            parent.display()
        ));
    }
    from.rewind().map_err(io)?;
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(io)?;
    let found = passed_on(&mut from, bytes, &mut out, &mut |done| told(done, bytes)).map_err(io)?;
    out.sync_all().map_err(io)?;
    if found != digest {
        return refused("it is damaged: it is not what was sealed when it was made".to_owned());
    }
    Ok(length)
}
