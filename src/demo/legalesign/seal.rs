//! How Legalesign vouches for what it sends: SHA-1 with RSA (PKCS#1 v1.5) over signed texts, and HMAC-SHA256 over
//! realtime bodies.
//!
//! The key beside this file is thrown away: it is public, guards nothing but the demo, and is made for nothing else.
//! `ring` makes no SHA-1 signatures any more, so the few lines of arithmetic are here.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigUint;
use ring::{digest, hmac};

/// The certificate that a board pins to hear this Legalesign, in PEM.
pub(in super::super) const CERTIFICATE: &str = include_str!("throwaway_certificate.pem");

const KEY: &[u8] = include_bytes!("throwaway_key.der");

/// The signature of a text, in base64.
pub(in super::super) fn sign(text: &[u8]) -> String {
    static READ: OnceLock<Option<Key>> = OnceLock::new();
    let key = READ.get_or_init(|| Key::read(KEY)).as_ref();
    key.map_or_else(String::new, |key| STANDARD.encode(key.sign(text)))
}

/// What `X-Hmac-Sha256` says of a body, in hexadecimal digits: a guess, as the recipe is not documented.
pub(in super::super) fn hmac_sha256(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::sign(&key, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An RSA key as its primes have it.
struct Key {
    size: usize,
    p: BigUint,
    q: BigUint,
    dp: BigUint,
    dq: BigUint,
    q_inverse: BigUint,
}

/// What stands before a SHA-1 digest in a signature (RFC 8017, section 9.2).
const SHA1: [u8; 15] =
    [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];

impl Key {
    /// Reads an `RSAPrivateKey` (RFC 8017, appendix A.1.2).
    fn read(der: &[u8]) -> Option<Self> {
        let mut numbers = integers(der)?.into_iter();
        let (_version, n, _e, _d) = (numbers.next()?, numbers.next()?, numbers.next()?, numbers.next()?);
        let size = usize::try_from(n.bits().div_ceil(8)).ok()?;
        let (p, q) = (numbers.next()?, numbers.next()?);
        Some(Self { size, p, q, dp: numbers.next()?, dq: numbers.next()?, q_inverse: numbers.next()? })
    }

    fn sign(&self, text: &[u8]) -> Vec<u8> {
        let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text);
        let mut padded = vec![0xff; self.size.saturating_sub(SHA1.len() + digest.as_ref().len() + 1)];
        if let [first, second, ..] = padded.as_mut_slice() {
            (*first, *second) = (0, 1);
        }
        padded.push(0);
        padded.extend(SHA1);
        padded.extend(digest.as_ref());
        let padded = BigUint::from_bytes_be(&padded);
        // By the Chinese remainder theorem: four times as fast as with the whole exponent.
        let of_p = padded.modpow(&self.dp, &self.p);
        let of_q = padded.modpow(&self.dq, &self.q);
        let apart = (of_p + &self.p - &of_q % &self.p) * &self.q_inverse % &self.p;
        let signature = (of_q + apart * &self.q).to_bytes_be();
        let mut whole = vec![0; self.size.saturating_sub(signature.len())];
        whole.extend(signature);
        whole
    }
}

/// The integers of a DER sequence.
fn integers(der: &[u8]) -> Option<Vec<BigUint>> {
    let (0x30, mut rest, _) = element(der)? else { return None };
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (0x02, number, after) = element(rest)? else { return None };
        found.push(BigUint::from_bytes_be(number));
        rest = after;
    }
    Some(found)
}

/// The first element: its tag, what is in it, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk()?;
    let (length, rest) = match first {
        0..0x80 => (usize::from(first), rest),
        _ => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
    };
    let (inside, after) = rest.split_at_checked(length)?;
    Some((tag, inside, after))
}

#[cfg(test)]
mod tests {
    use super::{CERTIFICATE, KEY, hmac_sha256, integers, sign};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use ring::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY as SHA1, RsaPublicKeyComponents};

    #[test]
    fn a_signature_is_good_for_its_text_and_for_the_pinned_certificate() {
        let numbers = integers(KEY).unwrap();
        let (n, e) = (numbers[1].to_bytes_be(), numbers[2].to_bytes_be());
        let key = RsaPublicKeyComponents { n: &n, e: &e };
        for text in ["[]", "[{\"timestamp\": \"2026-11-02T09:30:00\"}]", ""] {
            let signature = STANDARD.decode(sign(text.as_bytes())).unwrap();
            key.verify(&SHA1, text.as_bytes(), &signature).unwrap();
            assert!(key.verify(&SHA1, b"another", &signature).is_err());
        }
        let lines: String = CERTIFICATE.lines().filter(|line| !line.starts_with('-')).collect();
        let certificate = STANDARD.decode(lines).unwrap();
        assert!(certificate.windows(n.len()).any(|part| part == n), "the certificate is another key's");
    }

    #[test]
    fn a_realtime_body_is_sealed_as_rfc_4231_has_it() {
        let tag = hmac_sha256("Jefe", b"what do ya want for nothing?");
        assert_eq!(tag, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
