//! The lives of packages as OneSpan tells them: no two callbacks are alike, and each package's come in their order.

use std::fmt::Write as _;

/// How many packages of one sender are under way at a time.
const UNDER_WAY: usize = 16;
/// The length of the part of an id that looks the same in a body, an address and HTML.
pub const PLAIN: usize = 27;
const STEPS: [&str; 10] = [
    "PACKAGE_CREATE",
    "PACKAGE_ACTIVATE",
    "DOCUMENT_VIEWED",
    "DOCUMENT_SIGNED",
    "SIGNER_COMPLETE",
    "DOCUMENT_VIEWED",
    "DOCUMENT_SIGNED",
    "SIGNER_COMPLETE",
    "PACKAGE_READY_FOR_COMPLETE",
    "PACKAGE_COMPLETE",
];
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct Life {
    id: String,
    step: usize,
    signers: [u64; 2],
    document: u64,
}

/// A sender of callbacks: some packages, each at its own step.
pub struct Sender {
    lives: Vec<Life>,
    random: fastrand::Rng,
    millis: i64,
}

impl Sender {
    /// A sender whose packages nobody else has.
    pub fn new() -> Self {
        let mut random = fastrand::Rng::new();
        let lives = (0..UNDER_WAY).map(|_| Life::new(&mut random)).collect();
        Self { lives, random, millis: 0 }
    }

    /// The next callback of some package under way: the plain part of its id, and the body.
    pub fn next(&mut self) -> (String, String) {
        let at = self.random.usize(..self.lives.len());
        let life = &mut self.lives[at];
        let told = (life.id.clone(), life.tell(self.millis));
        self.millis += 1;
        if life.step == STEPS.len() {
            *life = Life::new(&mut self.random);
        }
        told
    }

    /// The first callback of a package that nobody has heard of.
    pub fn stranger(&mut self) -> (String, String) {
        let mut life = Life::new(&mut self.random);
        self.millis += 1;
        (life.id.clone(), life.tell(self.millis))
    }
}

impl Life {
    fn new(random: &mut fastrand::Rng) -> Self {
        let id = (0..PLAIN).map(|_| char::from(LETTERS[random.usize(..64)])).collect();
        Self { id, step: 0, signers: [random.u64(..), random.u64(..)], document: random.u64(..) }
    }

    fn tell(&mut self, millis: i64) -> String {
        let name = STEPS[self.step];
        let signer = self.signers[usize::from(self.step > 4)];
        self.step += 1;
        let at = jiff::Timestamp::from_millisecond(1_767_225_600_000 + millis).unwrap_or_default();
        let mut body = String::with_capacity(320);
        let _ = write!(
            body,
            "{{\"@class\":\"com.silanis.esl.packages.event.ESLProcessEvent\",\"name\":\"{name}\",\
             \"sessionUser\":\"{:08x}-7c1d-4b52-a{:03x}-{:012x}\",\"packageId\":\"{}=\",\"message\":null,",
            signer >> 32,
            signer & 0xfff,
            signer & 0xffff_ffff_ffff,
            self.id
        );
        if name.starts_with("DOCUMENT") {
            let _ = write!(body, "\"documentId\":\"{:016x}{:016x}\",", self.document, self.signers[0]);
        } else {
            body.push_str("\"documentId\":null,");
        }
        let _ = write!(body, "\"createdDate\":\"{at:.3}\"}}");
        body
    }
}
