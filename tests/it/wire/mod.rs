//! What the adapters make of bytes: callbacks, and answers of a fake API on loopback. Speaks the public interface only.

mod api;
pub mod fake;
mod hostile;
mod legalesign;
mod legalesign_api;
mod mutation;
mod samples;
mod websignatureoffice;

use signboard::config::{AccountConfig, ApiConfig, CallbackAuth, ProviderKind, Secret};
use signboard::model::AccountId;
use signboard::provider::{About, Parked, Provider, Report, Verified, open};
use std::sync::Arc;

/// An account of either service, with an API or without.
fn account(provider: ProviderKind, api: Option<ApiConfig>, calls_per_minute: u32) -> Arc<dyn Provider> {
    let callback = CallbackAuth::Key { key: Secret::new("cb-key-7f3e91"), next: None };
    let config = AccountConfig { api, calls_per_minute, ..AccountConfig::new(provider, callback) };
    open(&AccountId("test".to_owned()), &config).expect("the account opens")
}

/// The id of what a report is about.
fn id_of(report: &Report) -> &str {
    match &report.about {
        About::Package(id) => id.as_str(),
        About::Signer(id) => id.as_str(),
    }
}

/// What a body tells: one fact, or why not.
fn told(provider: &dyn Provider, body: &[u8]) -> Result<Report, Parked> {
    let mut reports = provider.parse(Verified::before(body));
    assert_eq!(reports.len(), 1, "these bodies tell one fact each");
    reports.remove(0)
}
