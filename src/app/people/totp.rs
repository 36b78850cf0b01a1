//! The second factor: codes by time (RFC 6238: HMAC-SHA-1, six digits, thirty seconds).

use crate::model::Timestamp;
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use ring::rand::{SecureRandom as _, SystemRandom};
use subtle::ConstantTimeEq as _;

const STEP_MS: i64 = 30_000;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new secret, in base32: 20 random bytes.
///
/// # Errors
/// The system gives no randomness.
pub fn secret() -> Result<String, String> {
    let mut bytes = [0; 20];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "the system gives no random numbers")?;
    Ok(base32(&bytes))
}

/// What an authenticator app reads.
#[must_use]
pub fn uri(secret: &str, email: &str) -> String {
    let email = percent_encoding::utf8_percent_encode(email, percent_encoding::NON_ALPHANUMERIC);
    format!("otpauth://totp/signboard:{email}?secret={secret}&issuer=signboard")
}

/// The step that a code is for: this one, the one before or the one after. `None`: it is wrong. Each step counts once,
/// which is for the store to see to.
#[must_use]
pub fn step_of(secret: &str, code: &str, now: Timestamp) -> Option<i64> {
    let code: String = code.chars().filter(|it| !it.is_whitespace()).collect();
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes(secret)?);
    let here = now.0.div_euclid(STEP_MS);
    [here, here - 1, here + 1]
        .into_iter()
        .find(|step| code_at(&key, *step).as_bytes().ct_eq(code.as_bytes()).into())
}

/// The code of a time, as an app shows it.
#[must_use]
pub fn code(secret: &str, now: Timestamp) -> Option<String> {
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes(secret)?);
    Some(code_at(&key, now.0.div_euclid(STEP_MS)))
}

fn code_at(key: &Key, step: i64) -> String {
    let tag = sign(key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
    let four = tag.iter().skip(at).take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    format!("{:06}", (four & 0x7fff_ffff) % 1_000_000)
}

fn base32(bytes: &[u8]) -> String {
    let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1));
    let bits: Vec<u8> = bits.collect();
    let letter = |five: &[u8]| five.iter().fold(0_usize, |number, bit| (number << 1) | usize::from(*bit));
    bits.chunks(5).filter_map(|five| ALPHABET.get(letter(five))).map(|it| char::from(*it)).collect()
}

fn bytes(base32: &str) -> Option<Vec<u8>> {
    let mut bits = Vec::new();
    for letter in base32.bytes() {
        let at = ALPHABET.iter().position(|it| *it == letter)?;
        bits.extend((0..5).rev().map(|bit| at >> bit & 1 == 1));
    }
    let byte = |eight: &[bool]| eight.iter().fold(0_u8, |number, bit| (number << 1) | u8::from(*bit));
    Some(bits.chunks_exact(8).map(byte).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of RFC 6238, appendix B, cut to six digits.
    #[test]
    fn the_codes_of_the_rfc() {
        let secret = base32(b"12345678901234567890");
        for (seconds, wanted) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let now = Timestamp(seconds * 1000);
            assert_eq!(code(&secret, now).as_deref(), Some(wanted), "{seconds}");
            assert_eq!(
                step_of(&secret, &format!("{} {}", &wanted[..3], &wanted[3..]), now),
                Some(seconds / 30)
            );
            assert_eq!(step_of(&secret, wanted, now.plus(30_000)), Some(seconds / 30), "a step late");
            assert_eq!(step_of(&secret, wanted, now.plus(90_000)), None, "three steps late");
        }
        assert_eq!(step_of(&secret, "", Timestamp(0)), None);
        assert_eq!(step_of("no base32!", "000000", Timestamp(0)), None);
    }

    #[test]
    fn secrets_are_twenty_bytes_and_differ() {
        let (one, two) = (secret().unwrap(), secret().unwrap());
        assert!(one != two && one.len() == 32 && bytes(&one).unwrap().len() == 20);
        assert_eq!(base32(&bytes(&one).unwrap()), one);
        assert!(uri(&one, "a+b@example.com").contains("signboard:a%2Bb%40example%2Ecom?secret="));
    }
}
