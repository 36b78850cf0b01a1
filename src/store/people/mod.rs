//! People and programs that use the board: who they are, what they show to prove it, and what they did. None of it is
//! a fact about a package. What proves who somebody is lies here as a hash alone, but for the secret of a second factor, of
//! which codes are made.

pub(super) mod audit;
mod ends;
mod links;
mod sessions;
mod shown;
mod tokens;
mod users;
mod vouchers;

pub use audit::{Aged, Deed, DeedCheck, DeedFilter, Done};
pub use links::{Link, LinkKind};
pub use sessions::Session;
pub(super) use shown::Shown;
pub use tokens::{NewToken, Token};
pub use users::{NewUser, User};
pub use vouchers::Due;

use super::StoreError;
use super::packages::json;
use crate::model::AccountId;
use serde::de::DeserializeOwned;

/// A JSON list in a column that may be NULL.
fn list<T: DeserializeOwned>(text: Option<&str>) -> Result<Option<Vec<T>>, StoreError> {
    text.map(|it| serde_json::from_str(it).map_err(StoreError::json)).transpose()
}

fn some_json<T: serde::Serialize>(value: Option<&Vec<T>>) -> Result<Option<String>, StoreError> {
    value.map(json).transpose()
}

fn words(accounts: &[AccountId]) -> Vec<String> {
    accounts.iter().map(|it| it.0.clone()).collect()
}
