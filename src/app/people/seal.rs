//! What must come back unread and unchanged: sealed with a key that lies in a file of the data folder, beside the
//! database and not in it.

use crate::app::StoreError;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::Path;

/// The file of the key. Without it nobody is asked about any more, so everybody signs in again; nothing else is lost.
const FILE: &str = "sign-in.key";
const LENGTH: usize = 32;

/// Seals and opens.
pub struct Seal(LessSafeKey);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Seal {
    /// Reads the key, or makes one.
    ///
    /// # Errors
    /// A sentence that says what to do about the file.
    pub fn of(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        let told = |what: String| StoreError::Folder(format!("{} {what}", path.display()));
        let io = |cause: std::io::Error| told(format!("can't be used: {cause}"));
        let key = match File::open(&path) {
            Ok(file) => {
                if file.metadata().map_err(io)?.permissions().mode() & 0o077 != 0 {
                    return Err(told(
                        "can be read by others than its owner; take that right away: chmod 600".to_owned(),
                    ));
                }
                let mut key = Vec::new();
                file.take(LENGTH as u64 + 1).read_to_end(&mut key).map_err(io)?;
                key
            }
            Err(cause) if cause.kind() == ErrorKind::NotFound => {
                let mut key = vec![0; LENGTH];
                fill(&mut key)?;
                let new = folder.join(format!("{FILE}.new"));
                match std::fs::remove_file(&new) {
                    Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(io(cause)),
                    _ => {}
                }
                let mut file =
                    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(io)?;
                file.write_all(&key).and_then(|()| file.sync_all()).map_err(io)?;
                // Whoever runs the board reads it, also after an administrator has run a command.
                let owner = std::fs::metadata(folder).map_err(io)?;
                if file.metadata().map_err(io)?.uid() != owner.uid() {
                    chown(&new, Some(owner.uid()), Some(owner.gid())).map_err(io)?;
                }
                std::fs::rename(&new, &path).map_err(io)?;
                key
            }
            Err(cause) => return Err(io(cause)),
        };
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| {
            told("is not as the board makes it; delete it, and everybody signs in again".to_owned())
        })?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals for one purpose; what is sealed for another doesn't open.
    pub fn close(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_LEN];
        fill(&mut nonce)?;
        let mut sealed = plain.to_vec();
        let aad = Aad::from(purpose.as_bytes());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| StoreError::Folder("a secret is too long to be sealed".to_owned()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What was sealed for this purpose by this key; `None`: it wasn't.
    #[must_use]
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
        let (nonce, mut plain) = (Nonce::try_assume_unique_for_key(nonce).ok()?, rest.to_vec());
        let opened = self.0.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut plain).ok()?.len();
        plain.truncate(opened);
        Some(plain)
    }
}

fn fill(bytes: &mut [u8]) -> Result<(), StoreError> {
    let random = SystemRandom::new().fill(bytes);
    random.map_err(|_| StoreError::Folder("the system gives no random numbers".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_alone() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::of(folder.path()).unwrap();
        let sealed = seal.close("a", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|it| it == b"secret"));
        assert_eq!(Seal::of(folder.path()).unwrap().open("a", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(seal.open("b", &sealed), None);
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert_eq!(seal.open("a", &bent), None, "{at}");
        }
        assert_eq!(seal.open("a", &[]), None);
        let path = folder.path().join(FILE);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Seal::of(folder.path()).unwrap_err().to_string().contains("chmod 600"));
    }
}
