//! Samples, and what is left of them after somebody cut into them: for the tests that read bytes nobody meant to send.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::sample::{Index, select};

/// Pieces that a mutation puts in: the ones that break readers.
pub const PIECES: [&str; 26] = [
    "\0",
    "\\u0000",
    "\\ud800",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\\",
    "'",
    "null",
    "true",
    "1e999",
    "-0",
    "007",
    ":",
    ",",
    " ",
    "\n",
    "a",
    "\u{feff}",
    "\u{1f600}",
    "&",
    "=",
    "%",
    "+",
];

/// How many inputs each provider gets: `SIGNBOARD_FUZZ`, else 20,000.
pub fn inputs() -> u32 {
    std::env::var("SIGNBOARD_FUZZ").map_or(20_000, |it| it.parse().expect("SIGNBOARD_FUZZ is a number"))
}

/// Half of the inputs: one of two tests.
pub fn half() -> ProptestConfig {
    ProptestConfig { cases: inputs().div_ceil(2), ..ProptestConfig::default() }
}

/// Any bytes at all.
pub fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..400)
}

/// One of the samples with pieces cut out, pieces put in and bytes changed.
pub fn mutated(samples: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let cuts = vec((any::<Index>(), 0_usize..20, select(&PIECES[..])), 1..6);
    let flips = vec((any::<Index>(), any::<u8>()), 0..4);
    (select(samples), cuts, flips).prop_map(|(sample, cuts, flips)| {
        let mut body = sample.as_bytes().to_vec();
        for (at, length, piece) in cuts {
            let from = at.index(body.len() + 1);
            body.splice(from..(from + length).min(body.len()), piece.bytes());
        }
        for (at, byte) in flips {
            if !body.is_empty() {
                let at = at.index(body.len());
                body[at] = byte;
            }
        }
        body
    })
}
