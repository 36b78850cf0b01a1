//! What `signboard demo --trouble` lets go wrong with a board, for whoever wants to see what it says then.

use crate::config::{
    ApiAuth, Config, DiskGuard, ForwardConfig, HOOK_EVENTS, HookConfig, MailConfig, MailTls, Secret,
};
use crate::model::alert::AlertKind;
use std::time::Duration;

/// Where nobody listens on any machine: discarding is a service of old.
const NOBODY: &str = "http://127.0.0.1:9/";
/// Signs what nobody takes.
const SECRET: &str = "whsec_ZGVtby1kZW1vLWRlbW8tZGVtby1kZW1v";

/// Something that goes wrong with a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Trouble {
    /// No account may be quiet for more than two seconds
    Silent,
    /// A third of the live callbacks is lost, and one is too many
    Drifting,
    /// The first account's API takes its key no more
    ApiRefuses,
    /// The whole disk is to be free
    DiskLow,
    /// Callbacks of the first account are passed on to nobody; it takes five minutes to be told of
    ForwardingFails,
    /// A hook is at an address where nobody is; it takes five minutes to be told of
    HookFails,
    /// Mails go to a server that isn't there; it takes five minutes to be told of
    MessagesFail,
}

impl Trouble {
    /// Each.
    pub const ALL: [Self; 7] = [
        Self::Silent,
        Self::Drifting,
        Self::ApiRefuses,
        Self::DiskLow,
        Self::ForwardingFails,
        Self::HookFails,
        Self::MessagesFail,
    ];

    /// The alert that comes of it.
    #[must_use]
    pub fn kind(self) -> AlertKind {
        match self {
            Self::Silent => AlertKind::Silent,
            Self::Drifting => AlertKind::Drifting,
            Self::ApiRefuses => AlertKind::ApiRefuses,
            Self::DiskLow => AlertKind::DiskLow,
            Self::ForwardingFails => AlertKind::ForwardingFails,
            Self::HookFails => AlertKind::HookFails,
            Self::MessagesFail => AlertKind::MessagesFail,
        }
    }

    /// The share of live callbacks that is lost at least.
    #[must_use]
    pub fn loses(self) -> f64 {
        if self == Self::Drifting { 0.33 } else { 0.0 }
    }

    /// Makes a board's configuration one with which it goes wrong.
    pub fn befall(self, config: &mut Config) {
        let nobody = || ForwardConfig { url: Secret::new(NOBODY), proxy: None, ca_file: None };
        let first = config.accounts.values_mut().next();
        match self {
            Self::Silent => {
                let after = Duration::from_secs(2);
                config.accounts.values_mut().for_each(|it| it.reconcile.silent_after = after);
            }
            Self::Drifting => {
                config.alerts.drift_per_day = 0;
                let every = Duration::from_secs(60);
                config.accounts.values_mut().for_each(|it| it.reconcile.every = every);
            }
            Self::ApiRefuses => {
                if let Some(api) = first.and_then(|it| it.api.as_mut()) {
                    api.auth = ApiAuth::ApiKey { key: Secret::new("taken away") };
                }
            }
            Self::DiskLow => config.server.disk_guard = DiskGuard::Percent(100),
            Self::ForwardingFails => {
                if let Some(account) = first {
                    account.forward = Some(nobody());
                }
            }
            Self::HookFails => config.hooks.push(HookConfig {
                name: "nobody".to_owned(),
                on: HOOK_EVENTS.map(str::to_owned).to_vec(),
                accounts: Vec::new(),
                to: nobody(),
                secret: Secret::new(SECRET),
                allow_private: true,
            }),
            Self::MessagesFail => {
                config.mail = Some(MailConfig {
                    host: "127.0.0.1".to_owned(),
                    port: 9,
                    tls: MailTls::Never,
                    login: None,
                    from: "signboard <board@example.com>".to_owned(),
                    allowed_domains: None,
                    names: true,
                    ca_file: None,
                });
                let fallback = || vec!["ops@example.com".to_owned()];
                config.accounts.values_mut().for_each(|it| it.fallback = fallback());
            }
        }
    }
}
