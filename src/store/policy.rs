//! What the store has to know of the configured accounts, and with what of it the projection was made.

use super::StoreError;
use super::packages::json;
use crate::model::standing::Words;
use crate::model::{AccountId, Package, PackageKey, Record, SignerId, SignerKey};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const GROUPS: &str = "SELECT value FROM settings WHERE name = 'groups'";
const SET_GROUPS: &str = "INSERT INTO settings (name, value) VALUES ('groups', $1) \
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// What the store has to know of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// It has an API to ask: packages of others are never due.
    pub asks: bool,
    /// Its provider speaks of signers without naming their package (rule 20).
    pub signers_alone: bool,
    /// The groups whose packages are shown; empty: all.
    pub groups: BTreeSet<String>,
    /// What its provider calls its callbacks.
    pub words: Words,
    /// A callback that didn't come within so many milliseconds is missed, or late.
    pub told_within_ms: i64,
    /// What hooks want to hear of it; `None`: nothing.
    pub hooks: Option<super::Wants>,
}

/// What the store has to know of each account. Of one that isn't configured: the default.
pub type Policies = HashMap<AccountId, Policy>;

/// Rule 20: whom a record filed under a package names, in an account where that matters.
pub(super) fn names(policies: &Policies, package: &PackageKey, record: &Record) -> Vec<SignerKey> {
    if !policies.get(&package.account).is_some_and(|policy| policy.signers_alone) {
        return Vec::new();
    }
    let signers = record.names().into_iter().filter_map(SignerId::parse);
    signers.map(|signer| SignerKey { account: package.account.clone(), signer }).collect()
}

/// Whether a package belongs to a group that its account doesn't show. Of an unknown group it is shown.
pub(super) fn is_elsewhere(policies: &Policies, account: &AccountId, package: &Package) -> bool {
    let Some(policy) = policies.get(account).filter(|policy| !policy.groups.is_empty()) else { return false };
    package.group.as_ref().is_some_and(|group| !policy.groups.contains(group))
}

/// The groups that each account shows, as they are remembered.
pub(super) fn groups_of(policies: &Policies) -> Groups {
    let some = policies.iter().filter(|(_, policy)| !policy.groups.is_empty());
    some.map(|(account, policy)| (account.0.clone(), policy.groups.clone())).collect()
}

pub(super) type Groups = BTreeMap<String, BTreeSet<String>>;

/// The groups with which the projection was made.
pub(super) async fn load_groups(connection: &mut SqliteConnection) -> Result<Groups, StoreError> {
    let Some(row) = sqlx::query(GROUPS).fetch_optional(connection).await? else { return Ok(Groups::new()) };
    serde_json::from_str(row.try_get(0)?).map_err(StoreError::json)
}

/// Remembers with which groups the projection was made.
pub(super) async fn save_groups(
    connection: &mut SqliteConnection,
    groups: &Groups,
) -> Result<(), StoreError> {
    sqlx::query(SET_GROUPS).bind(json(groups)?).execute(connection).await?;
    Ok(())
}
