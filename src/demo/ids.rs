//! Ids in the shapes the providers use, drawn from one seeded source. Nothing here knows what an id is for.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Draws ids; the same seed draws the same ones.
#[derive(Debug, Clone)]
pub(super) struct Ids(fastrand::Rng);

impl Ids {
    pub(super) fn with_seed(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// 20 bytes in URL-safe base64: 28 characters, the last one `=`.
    pub(super) fn package(&mut self) -> String {
        URL_SAFE.encode(self.bytes::<20>())
    }

    /// The digest of a signed file: 20 bytes in ordinary base64.
    pub(super) fn digest(&mut self) -> String {
        STANDARD.encode(self.bytes::<20>())
    }

    /// 12 letters and digits: senders, approvals, fields, attachment requirements.
    pub(super) fn short(&mut self) -> String {
        (0..12).map(|_| self.0.alphanumeric()).collect()
    }

    /// A random UUID: signers, and roles made in the provider's own pages.
    pub(super) fn uuid(&mut self) -> String {
        let mut bytes = self.bytes::<16>();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = hex(&bytes);
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// 48 hex digits: documents.
    pub(super) fn document(&mut self) -> String {
        hex(&self.bytes::<24>())
    }

    /// A decimal number, as text.
    pub(super) fn number(&mut self) -> String {
        self.0.u32(100_000..100_000_000).to_string()
    }

    /// A number for what has no shape: sizes, pages, seconds.
    pub(super) fn within(&mut self, range: std::ops::Range<i64>) -> i64 {
        self.0.i64(range)
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn the_shapes_are_the_providers_and_the_seed_decides() {
        let mut ids = Ids::with_seed(7);
        let package = ids.package();
        assert_eq!(package.len(), 28);
        assert!(package.ends_with('=') && !package.contains(['+', '/']));
        assert_eq!(ids.short().len(), 12);
        assert_eq!(ids.document().len(), 48);
        let uuid = ids.uuid();
        assert_eq!((uuid.len(), uuid.as_bytes()[14]), (36, b'4'));
        assert_eq!(Ids::with_seed(7).package(), package);
    }
}
