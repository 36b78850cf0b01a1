//! The accounts that are played: whose they are, how they prove who calls, and what their provider was told to do.

use std::time::Duration;

/// Which provider is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// OneSpan Sign.
    OneSpan,
    /// Conga Sign.
    Conga,
    /// Legalesign.
    Legalesign,
    /// StepOver WebSignatureOffice.
    WebSignatureOffice,
}

impl Kind {
    /// Its place in the paths of the REST side.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::OneSpan => "onespan",
            Self::Conga => "conga",
            Self::Legalesign => "legalesign",
            Self::WebSignatureOffice => "websignatureoffice",
        }
    }
}

/// One account at a provider, as the board has it configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account's id in the board's callback URL.
    pub id: String,
    /// Whose account it is.
    pub kind: Kind,
    /// The whole `Authorization` header of a callback, such as `Basic demo-key`; empty: none is sent.
    pub callback_authorization: String,
    /// What follows the account in the callback's path; empty: nothing does.
    pub path_token: String,
    /// Opens the REST side: raw after `Basic`, also the client secret that tokens are given for, to any client id; at
    /// Legalesign the whole `Authorization` header; at Tyr the password of any user, and the customer key.
    pub api_key: String,
    /// Legalesign signs realtime callbacks with it, and Tyr wants every call signed with it.
    pub shared_secret: String,
    /// How WebSignatureOffice is set up to call.
    pub events: Events,
}

impl Account {
    /// An account whose secrets are made from its id.
    #[must_use]
    pub fn new(id: &str, kind: Kind) -> Self {
        let (authorization, path_token, api_key) = match kind {
            Kind::OneSpan | Kind::Conga => (format!("Basic {id}-key"), String::new(), format!("{id}-api")),
            Kind::Legalesign => (String::new(), String::new(), format!("ApiKey demo:{id}-api")),
            Kind::WebSignatureOffice => {
                (format!("Basic {id}-key"), format!("{id}-path"), format!("{id}-api"))
            }
        };
        Self {
            id: id.to_owned(),
            kind,
            callback_authorization: authorization,
            path_token,
            api_key,
            shared_secret: format!("{id}-secret"),
            events: Events::default(),
        }
    }
}

/// What stands in WebSignatureOffice's `config.ini` about callbacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    /// `webso_events_retry`: so long until a call is made again; `None`: it isn't.
    pub retry: Option<Duration>,
    /// `webso_events_retries`: so often at most; `None`: without end.
    pub retries: Option<u32>,
    /// `webso_events_filter`: only these events; empty: all.
    pub filter: Vec<String>,
    /// `webso_events_keys` and `webso_events_values`: headers beside `Authorization`.
    pub headers: Vec<(String, String)>,
}

impl Default for Events {
    fn default() -> Self {
        Self { retry: Some(Duration::from_secs(5)), retries: None, filter: Vec::new(), headers: Vec::new() }
    }
}

impl Events {
    pub(super) fn wants(&self, event: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|wanted| wanted == event)
    }
}
