//! An [`Event`] with its origin: one entry of a package's log.

use super::snapshot::Answer;
use super::{Event, Fingerprint, Timestamp};

/// How the board learned of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The provider called.
    Callback,
    /// The provider's API was asked.
    Poll,
    /// A person pasted it.
    Hand,
}

/// An [`Event`] with its origin: one entry of a package's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What happened.
    pub event: Event,
    /// The person whom the provider names with it: a signer, or whoever acted.
    pub who: Option<String>,
    /// When it happened by the provider's clock; some never say. For an answer: the time at which it was true (D).
    pub happened_at: Option<Timestamp>,
    /// By our clock: its earliest receipt. For an answer: when we asked. Decides nothing but rules 3 and 4.
    pub received_at: Timestamp,
    /// The same fact has the same fingerprint, however often it is delivered.
    pub fingerprint: Fingerprint,
    /// How often it came.
    pub deliveries: u32,
    /// How it came first.
    pub origin: Origin,
    /// The provider's word as sent; for display only.
    pub name: String,
    /// The arrival whose bytes told it first.
    pub arrival: Option<i64>,
    /// Nothing vouched for its sender, however often it came; the API is asked.
    pub unverified: bool,
}

/// A time later than this after its first receipt is absurd (rule 3).
pub const CLOCK_TOLERANCE_MS: i64 = 5 * 60 * 1000;

impl Record {
    /// The time by which the fact sorts, and whether its own clock was absurd (rule 3). `None`: it has no time.
    /// An answer always has one: when it was asked for, at the least (rule 14).
    #[must_use]
    pub fn sort_time(&self) -> Option<(Timestamp, bool)> {
        let asked = self.answer().map(|_| self.received_at);
        let told = self.happened_at.or(asked)?;
        let absurd = told > self.received_at.plus(CLOCK_TOLERANCE_MS);
        Some(if absurd { (self.received_at, true) } else { (told, false) })
    }

    /// A time for display and for "updated": the sorting time, else the first receipt.
    #[must_use]
    pub fn shown_time(&self) -> Timestamp {
        self.sort_time().map_or(self.received_at, |(at, _)| at)
    }

    /// Rule 11: the signer whom it names. Every other event names whoever acted.
    #[must_use]
    pub fn signer(&self) -> Option<&str> {
        self.who.as_deref().filter(|_| self.event.names_a_signer())
    }

    /// Rule 20: the signers who, as it says, are in the package it is about.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match &self.event {
            Event::Answered(answer) => match &**answer {
                Answer::Shown(it) => it.people().map(|person| person.id.as_str()).collect(),
                Answer::NotFound => Vec::new(),
            },
            Event::Described(it) => it.people.iter().map(|person| person.id.as_str()).collect(),
            _ => self.signer().into_iter().collect(),
        }
    }

    /// The answer that this record holds, if it holds one.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match &self.event {
            Event::Answered(answer) => Some(answer),
            _ => None,
        }
    }
}
