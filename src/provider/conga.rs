//! Conga Sign: OneSpan's callbacks and packages under Conga's addresses and with Conga's tokens (reference D.1, D.7).
//!
//! Known quirks: the documents disagree on the path of the packages (`/api/sign/v1/cs-packages` and three others), so
//! the base address is configured up to `/api/sign` and may be bent to what a tenant has. The token's client goes into the
//! form, with `scope=sign`. A callback set up with a user name and a password comes in a form that nobody published;
//! [`super::auth`] takes both that are likely.

use super::OpenError;
use super::credentials::OAuthStyle;
use super::onespan::OneSpan;
use super::onespan::api::Dialect;
use crate::config::AccountConfig;
use crate::model::AccountId;

/// Paths below `https://rls.congacloud.com/api/sign`.
const CONGA: Dialect =
    Dialect { packages: "/v1/cs-packages", accept: "application/json", oauth: OAuthStyle::Form };

/// An account at Conga Sign. Callback bodies, names and package JSON are OneSpan's word for word, so there is no second
/// adapter, only a second dialect.
pub(super) fn open(account: &AccountId, config: &AccountConfig) -> Result<OneSpan, OpenError> {
    OneSpan::open_as(account, config, CONGA)
}
