//! What the store tells its readers: plain values, no SQL.

use super::Alert;
use crate::model::{AccountId, Origin, Package, PackageKey, Record, Seq, SignerId, Timestamp};
use std::sync::Arc;

/// A package as a list shows it, and a change as subscribers hear of it.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its number in the store: it stays, whatever becomes of the package.
    pub id: i64,
    /// Which package.
    pub key: PackageKey,
    /// Its last change.
    pub seq: Seq,
    /// Its state.
    pub package: Arc<Package>,
}

/// One page of a list.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The rows, in the order asked for.
    pub rows: Vec<Row>,
    /// Where the next page begins; `None`: this is the last one.
    pub next: Option<String>,
    /// Where the page before this one begins, when walking back; `None`: this is the first one.
    pub prev: Option<String>,
    /// The words find more than so many packages, and the list is of the newest of these alone; `None`: it is of all.
    pub newest_of: Option<u32>,
}

/// A package and everything known of it.
#[derive(Debug, Clone)]
pub struct Detail {
    /// Its state.
    pub row: Row,
    /// Its log, oldest first.
    pub log: Vec<Record>,
}

/// What became of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrivalState {
    /// Kept, not read yet.
    Pending,
    /// Read.
    Digested,
    /// Something in it can't be read; the note says what.
    Quarantined,
    /// The board sent it itself; it is not to be read.
    Test,
}

/// Why bytes are not here any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyGone {
    /// They were kept for as long as the configuration says.
    Age,
    /// They went with their package, which had ended long ago.
    Package,
    /// They held somebody who was erased.
    Erased,
}

/// A callback that came with the right secret.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Its number, in order of arrival.
    pub id: i64,
    /// Which account it came to.
    pub account: AccountId,
    /// When.
    pub received_at: Timestamp,
    /// From where.
    pub remote: String,
    /// How it came.
    pub origin: Origin,
    /// What became of it.
    pub state: ArrivalState,
    /// The reader's sentence, when something can't be read.
    pub note: Option<String>,
    /// Why its bytes are not here any more; `None`: they are.
    pub gone: Option<WhyGone>,
    /// Bytes in its body.
    pub size: i64,
    /// The first package it told of.
    pub package: Option<PackageKey>,
    /// The provider's word for the first fact in it.
    pub name: Option<String>,
}

/// A call with a wrong or missing secret, kept because nobody sends it again.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Its number.
    pub id: i64,
    /// Which account it was sent to.
    pub account: AccountId,
    /// When.
    pub received_at: Timestamp,
    /// From where.
    pub remote: String,
    /// What was wrong, in words that name no secret.
    pub why: String,
    /// Bytes in its body.
    pub size: i64,
    /// How often the same came.
    pub times: u64,
    /// When it came last.
    pub last_at: Timestamp,
}

/// When a rotated secret came with a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretUse {
    /// When the secret was made; 0: it stands in the configuration.
    pub made_at: Timestamp,
    /// When it came first.
    pub first_at: Timestamp,
    /// When it came last.
    pub last_at: Timestamp,
}

/// What the store counts for one account.
#[derive(Debug, Clone, Default)]
pub struct AccountFacts {
    /// When the last accepted callback came.
    pub last_callback: Option<Timestamp>,
    /// When each secret was last used: slot word and time.
    pub slots_used: Vec<(String, Timestamp)>,
    /// When each secret was used, where it is rotated.
    pub secret_uses: Vec<SecretUse>,
    /// Packages in all.
    pub packages: u64,
    /// Of these, how many have a name.
    pub named: u64,
    /// Of these, how many the API says are not ours to see.
    pub not_ours: u64,
    /// Arrivals in quarantine.
    pub quarantined: u64,
    /// How often calls were refused, of those that are kept.
    pub refused: u64,
    /// Signers of whom no package is known yet (rule 20).
    pub lone_signers: u64,
}

/// A signer of whom the provider spoke without naming a package, and whom nothing has linked to one yet (rule 20).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoneSigner {
    /// The place in the list, which begins with the newest signer.
    pub id: i64,
    /// Who.
    pub signer: SignerId,
    /// When the first fact was received.
    pub since: Timestamp,
    /// How many facts wait.
    pub facts: u64,
    /// The provider's word for the latest of them.
    pub name: String,
    /// When that one happened; if that wasn't told, when it was received.
    pub at: Timestamp,
    /// How often the API was asked and didn't know.
    pub tries: u32,
    /// When the API will be asked for the package. `None`: it won't, since the account has none, or it was asked in
    /// vain too often.
    pub ask_at: Option<Timestamp>,
}

/// A change as the writer tells it: the package as it is now, and as it was.
#[derive(Debug, Clone)]
pub struct Change {
    /// The package now.
    pub row: Row,
    /// The package before; `None`: it is new.
    pub before: Option<Arc<Package>>,
    /// Its alerts that were raised or are over with that, as they are now, but for the package.
    pub alerts: Vec<Alert>,
}
