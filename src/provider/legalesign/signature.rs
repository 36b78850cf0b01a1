//! Who sent a callback: the signature on the batch, on `json_signed` and on the realtime kind (reference A3 and A5).
//!
//! The certificate is pinned: it holds a key and vouches for nothing else, so there is no chain to build, and its dates
//! decide nothing; the one that the vendor prints says 2033 and is signed by itself. No nonce and no time is covered: a
//! repeat is a repeat, and merges by its fingerprint. The comparison of an RSA signature needs no constant time, since
//! nothing in it is secret.

use super::form::Body;
use crate::config::Secret;
use crate::provider::{Delivery, OpenError, Slot, Verdict, Verified};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::hmac;
use ring::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::der::asn1::{AnyRef, UintRef};

/// The spellings of the header in the vendor's page, and what servers between make of them.
const X_SIGNED: [&str; 4] = ["x-signed", "http-x-signed", "x_signed", "http_x_signed"];

const X_HMAC: &str = "x-hmac-sha256";

/// What the sizes of RSA keys are that can be checked, in bits.
const KEY_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// What the callbacks of one account are checked against.
#[derive(Debug)]
pub(super) struct Seals {
    /// Public keys as PKCS#1; the first is the one in use, the others will follow.
    keys: Vec<Vec<u8>>,
    hmac: Option<hmac::Key>,
}

impl Seals {
    /// Takes the public keys out of the certificates of a PEM text, of whatever version of X.509.
    pub(super) fn open(certificates: &str, hmac_secret: Option<&Secret>) -> Result<Self, OpenError> {
        let keys = CertificateDer::pem_slice_iter(certificates.as_bytes()).enumerate().map(|(at, der)| {
            let der = der.map_err(|cause| format!("it is not PEM: {cause}"))?;
            public_key(&der).map_err(|cause| format!("number {} in it {cause}", at + 1))
        });
        let keys = keys.collect::<Result<Vec<_>, String>>().map_err(OpenError::Certificate)?;
        if keys.is_empty() {
            let sentence = "it holds no block that begins with -----BEGIN CERTIFICATE-----";
            return Err(OpenError::Certificate(sentence.to_owned()));
        }
        let hmac = hmac_secret.map(|it| hmac::Key::new(hmac::HMAC_SHA256, it.expose().as_bytes()));
        Ok(Self { keys, hmac })
    }

    /// The verdict on a delivery. What can't be read carries no signature: it is kept, and its reader says why.
    pub(super) fn check<'a>(&self, delivery: &'a Delivery) -> Verdict<'a> {
        let verified = Verified { body: &delivery.body };
        let (name, found) = match Body::read(&delivery.body) {
            Ok(Body::Batch { data, signed: Some(signed) }) => {
                ("the field signed", self.rsa(&data, &unescaped(&signed)))
            }
            Ok(Body::Notice { json_signed: Some(json), .. }) => match header(delivery, &X_SIGNED) {
                Some(signed) => ("X-Signed", self.rsa(&json, &without_blanks(signed.as_bytes()))),
                None => return Verdict::Unsigned(verified),
            },
            Ok(Body::Realtime(_)) => match (&self.hmac, header(delivery, &[X_HMAC])) {
                (Some(key), Some(tag)) => {
                    ("X-Hmac-Sha256", is_hmac(key, &delivery.body, tag).then_some(Slot::Current))
                }
                _ => return Verdict::Unsigned(verified),
            },
            // Without `json_signed` an X-Signed covers nothing that came.
            Ok(Body::Batch { .. } | Body::Notice { .. }) | Err(_) => return Verdict::Unsigned(verified),
        };
        match found {
            Some(slot) => Verdict::Verified(verified, slot),
            None => Verdict::Refused(format!("{name} is there and doesn't fit the body")),
        }
    }

    /// The header that signs a body of the realtime kind, if we know the secret.
    pub(super) fn hmac(&self, body: &[u8]) -> Option<(String, Secret)> {
        let tag = hmac::sign(self.hmac.as_ref()?, body);
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Some((X_HMAC.to_owned(), Secret::new(hex)))
    }

    /// RSA PKCS#1 v1.5 with SHA-1 over exactly these bytes; which of the keys made it.
    fn rsa(&self, message: &[u8], signature: &[u8]) -> Option<Slot> {
        let signature = from_base64(signature)?;
        let fits = |key: &Vec<u8>| {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, key)
                .verify(message, &signature)
                .is_ok()
        };
        let at = self.keys.iter().position(fits)?;
        Some(if at == 0 { Slot::Current } else { Slot::Next })
    }
}

/// Whether `tag` is the realtime kind's X-Hmac-Sha256 of the body.
///
/// UNCERTAIN: the vendor publishes the header's name and nothing else. Taken here, as it is most often done: HMAC-SHA256
/// with the secret's own bytes as the key, over the raw body, written as hex or as base64. An account for which this turns
/// out to be wrong is one without `hmac-secret`, so that its realtime callbacks count as unsigned.
fn is_hmac(key: &hmac::Key, body: &[u8], tag: &str) -> bool {
    let tag = tag.trim();
    let fits = |tag: Option<Vec<u8>>| tag.is_some_and(|tag| hmac::verify(key, body, &tag).is_ok());
    fits(from_hex(tag)) || fits(from_base64(tag.as_bytes()))
}

/// The key of a certificate as `ring` wants it: the PKCS#1 inside of its SubjectPublicKeyInfo.
fn public_key(der: &[u8]) -> Result<Vec<u8>, String> {
    let certificate = Certificate::from_der(der).map_err(|cause| format!("is no certificate: {cause}"))?;
    let key = certificate.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes();
    let bits = AnyRef::from_der(key).and_then(|it| {
        it.sequence(|reader| {
            let (modulus, _exponent) = (UintRef::decode(reader)?, UintRef::decode(reader)?);
            Ok(modulus.as_bytes().len() * 8)
        })
    });
    match bits {
        Err(_) => Err("holds no RSA key".to_owned()),
        Ok(bits) if KEY_BITS.contains(&bits) => Ok(key.to_vec()),
        Ok(bits) => Err(format!(
            "holds a key of {bits} bits, and {} to {} can be checked",
            KEY_BITS.start(),
            KEY_BITS.end()
        )),
    }
}

/// The first of these headers that says something: empty means missing.
fn header<'a>(delivery: &'a Delivery, names: &[&str]) -> Option<&'a str> {
    let said = |it: &&(String, String)| names.contains(&it.0.as_str()) && !it.1.trim().is_empty();
    delivery.headers.iter().find(said).map(|(_, value)| value.as_str())
}

/// Base64 out of a form: line breaks mean nothing, and a blank inside is a `+` that was not escaped.
fn unescaped(signature: &[u8]) -> Vec<u8> {
    let kept = signature.trim_ascii().iter().filter(|byte| !matches!(byte, b'\r' | b'\n' | b'\t'));
    kept.map(|byte| if *byte == b' ' { b'+' } else { *byte }).collect()
}

/// Base64 out of a header: nobody reads a `+` as a blank there, so a blank is what is left of a line break.
fn without_blanks(signature: &[u8]) -> Vec<u8> {
    signature.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&STANDARD, lenient).decode(text).ok()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    pairs.collect()
}
