//! Floor 0: what signboard knows about packages, in the house's own words.
//!
//! Nothing here does I/O, asks the time, or knows that four providers exist: the standard library only. The heart
//! is [`fold()`], one pure function over the whole log of a package; [`log`] says when two facts are the same one.

pub mod access;
pub mod ail;
pub mod alert;
mod answered;
pub mod confirm;
pub mod deed;
mod delays;
pub mod diff;
pub mod erase;
pub mod event;
pub mod filter;
pub mod fold;
pub mod glance;
pub mod hook;
pub mod link;
pub mod log;
pub mod package;
mod people;
pub mod record;
mod seat;
pub mod snapshot;
mod stand;
pub mod standing;
pub mod status;
pub mod step;
pub mod text;
mod untimed;
mod walk;
pub mod wishes;

pub use delays::Delays;
pub use diff::{Difference, Field, Missed, can_be_missed, diff};
pub use event::{Bounce, Description, Event};
pub use filter::{Filter, Sort, Tally};
pub use fold::fold;
pub use package::{Attachment, Decided, Document, Doubt, DoubtKind, Package, Person, Signer};
pub use record::{Origin, Record};
pub use snapshot::{Answer, Identity, Paper, Place, Snapshot};
pub use standing::Standing;
pub use status::{SignerStatus, Status};
pub use step::Step;

use std::fmt;

/// One configured connection to a provider, as in the callback URL: `onespan-eu`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub String);

/// The provider's id of a package: any text of 1 to 255 characters without NUL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(String);

impl PackageId {
    /// The longest id that a provider documents (reference A.1).
    pub const MAX_CHARS: usize = 255;

    /// Takes an id as it came. `None` if it is empty, longer than 255 characters, or holds a NUL.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let fits = !raw.is_empty() && raw.chars().count() <= Self::MAX_CHARS && !raw.contains('\0');
        fits.then(|| Self(raw.to_owned()))
    }

    /// The id as the provider writes it, never trimmed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The provider's id of a signer of whom it speaks without naming a package: bounds as of a [`PackageId`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignerId(String);

impl SignerId {
    /// Takes an id as it came; `None` where [`PackageId::parse`] says so.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        PackageId::parse(raw).map(|it| Self(it.0))
    }

    /// The id as the provider writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A signer of whom facts came that name no package (rule 20).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignerKey {
    /// The account it belongs to.
    pub account: AccountId,
    /// The provider's id.
    pub signer: SignerId,
}

/// A package, named for good: ids are unique per account at best.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageKey {
    /// The account it belongs to.
    pub account: AccountId,
    /// The provider's id.
    pub package: PackageId,
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for SignerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PackageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.package)
    }
}

/// The place of a change in the order in which the board learned of it; the id of a live event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seq(pub i64);

/// An instant: milliseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This instant and `millis` more (or fewer, when negative), held within bounds.
    #[must_use]
    pub const fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The same instant cut to whole seconds, as the providers' REST answers are.
    #[must_use]
    pub const fn cut_to_second(self) -> Self {
        Self(self.0.div_euclid(1000).saturating_mul(1000))
    }

    /// Milliseconds from `earlier` to this instant.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The identity of a fact across repeats: the first 16 bytes of a SHA-256 (state.md rule 2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fingerprint(pub [u8; 16]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_id_is_any_text_within_bounds() {
        for good in ["GCa0RHbyo0gm_ZY1z-Ss-ib-87k=", " ", "<b>", &"é".repeat(255)] {
            assert_eq!(PackageId::parse(good).map(|id| id.as_str().to_owned()).as_deref(), Some(good));
        }
        for bad in ["", "a\0b", &"é".repeat(256)] {
            assert_eq!(PackageId::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn seconds_are_cut_downwards_before_1970_too() {
        assert_eq!(Timestamp(1_999).cut_to_second(), Timestamp(1_000));
        assert_eq!(Timestamp(-1).cut_to_second(), Timestamp(-1_000));
    }
}
