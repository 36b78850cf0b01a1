//! The identity of a fact across repeats (state.md rule 2): which parts make it up, each adapter decides.

use crate::model::Fingerprint;
use sha2::{Digest, Sha256};

/// The first 16 bytes of a SHA-256 over `parts`, in their order. A part that is absent is not the same as an empty
/// one: whoever wants them to be must say `None` for both.
///
/// Each part is written with a mark and its length before it, so that no two lists of parts read alike: neither
/// `["ab", "c"]` and `["a", "bc"]`, nor an absent part and any text.
#[must_use]
pub fn fingerprint(parts: &[Option<&str>]) -> Fingerprint {
    let mut hash = Sha256::new();
    for part in parts {
        match part {
            None => hash.update([0]),
            Some(text) => {
                hash.update([1]);
                hash.update((text.len() as u64).to_le_bytes());
                hash.update(text.as_bytes());
            }
        }
    }
    let digest = hash.finalize();
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    Fingerprint(first)
}

#[cfg(test)]
mod tests {
    use super::fingerprint;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_lists_of_parts_read_alike() {
        let lists: [&[Option<&str>]; 10] = [
            &[Some("ab"), Some("c")],
            &[Some("a"), Some("bc")],
            &[Some("abc"), None],
            &[None, Some("abc")],
            &[Some("abc"), Some("")],
            &[Some("abc")],
            &[Some("a\u{1}b")],
            &[Some("a"), Some("b")],
            &[],
            &[None],
        ];
        let seen: BTreeSet<_> = lists.iter().map(|parts| fingerprint(parts)).collect();
        assert_eq!(seen.len(), lists.len());
    }

    /// Fingerprints lie in databases: whoever changes the encoding doubles every fact that comes again.
    #[test]
    fn it_never_changes() {
        let known = fingerprint(&[Some("onespan-eu"), None, Some("é")]);
        assert_eq!(known.to_string(), "98ed4338bb626f3ccf77d3d7124c5f5b");
    }
}
