//! The configuration: one TOML file, overridden by `SIGNBOARD__…` variables, read whole before anything starts.
//!
//! Every problem is collected and told at once, each with its path, so that an operator repairs a file in one
//! round. Reading is therefore done by hand over a `toml::Table` (`reader`) and not by serde, which stops at
//! the first. Nothing else of the crate may be imported here, and nothing is touched but the configuration file,
//! the secret files it names and the file of rotated secrets (`keys`); the environment is an argument.

mod address;
mod alerts;
mod api;
mod audit;
mod callback;
mod channels;
mod effective;
mod forward;
mod hooks;
mod keys;
mod mail;
mod network;
mod oidc;
mod overrides;
mod problem;
mod reader;
mod reconcile;
mod retention;
mod scope;
mod secret;
mod sections;
#[cfg(test)]
mod tests;
mod upkeep;
mod warnings;

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use toml::Table;

pub use alerts::{AlertRule, AlertsConfig};
pub use audit::AuditTo;
pub use channels::{ALERT_KINDS, ChannelConfig, ChannelKind};
pub use forward::ForwardConfig;
pub use hooks::{HOOK_EVENTS, HookConfig, is_public};
pub use keys::{AccountKeys, Keys, KeysError, MadeSecret, Rotates, Rotation};
pub use mail::{MailConfig, MailTls};
pub use network::{Network, client};
pub use oidc::OidcConfig;
pub use problem::{Problem, Problems};
pub use reconcile::ReconcileConfig;
pub use retention::RetentionConfig;
pub use secret::Secret;
pub use upkeep::{DiskGuard, HeartbeatConfig};

use scope::Scope;

/// The budget of calls to an account's API, unless configured.
const CALLS_PER_MINUTE: u32 = 60;

/// What is read when no file is named and it is there.
const DEFAULT_FILE: &str = "signboard.toml";

/// What stands for an account's path token where the token itself must not be seen.
pub const PATH_TOKEN: &str = "<path-token>";

/// Where Conga takes registrations, by its documents, which disagree. All but the last are its own form, which knows a
/// user name and a password, a token, or nothing; the last is OneSpan's, which knows a key or headers.
pub const REGISTER_PATHS: [&str; 4] = [
    "/api/sign/v1/callback/register",
    "/api/sign/callback/v1/register",
    "/api/callback/register",
    "/api/sign/v1/cs-callback",
];

/// The whole configuration, checked.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// How this board is reached and where it keeps its data.
    pub server: ServerConfig,
    /// Whom the pages answer to.
    pub opens: Opens,
    /// Where each deed is told beside the database; `None`: nowhere.
    pub audit: Option<AuditTo>,
    /// How long what came is kept.
    pub retention: RetentionConfig,
    /// The identity provider at which people may sign in.
    pub oidc: Option<OidcConfig>,
    /// How mails leave this board, if they do.
    pub mail: Option<MailConfig>,
    /// Who hears of what is worth telling.
    pub alerts: AlertsConfig,
    /// The configured connections to providers, by account id.
    pub accounts: BTreeMap<String, AccountConfig>,
    /// Where alerts are told beside mailboxes.
    pub channels: Vec<ChannelConfig>,
    /// Who of the firm's own logic is told what happens.
    pub hooks: Vec<HookConfig>,
}

/// Whom the pages answer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Opens {
    /// Whoever signs in, or shows a token.
    #[default]
    ToWhoSignsIn,
    /// Whoever sits at the machine on which it runs, without a sign-in: for a demo.
    ToItsMachine,
}

/// The `[server]` table.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Where the pages are served.
    pub listen: SocketAddr,
    /// A second address that serves only `/callbacks/`; may be any address.
    pub callbacks_listen: Option<SocketAddr>,
    /// The address the outside world uses, without a slash at the end.
    pub public_url: Option<String>,
    /// The proxies whose word counts for whom a call comes from; this machine unless configured.
    pub trusted_proxies: Vec<Network>,
    /// The data folder, as written: a relative one starts at the working directory.
    pub data: PathBuf,
    /// The IANA name of the zone in which the server prints times; jiff knows it.
    pub time_zone: String,
    /// From how little room on the data's disk on it is spared.
    pub disk_guard: DiskGuard,
    /// Who is told that all is well.
    pub heartbeat: Option<HeartbeatConfig>,
    /// The database is copied before it is brought up to a newer version; the command line may say no.
    pub copies_before_update: bool,
}

/// The kind of service an account connects to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProviderKind {
    /// OneSpan Sign.
    OneSpan,
    /// Conga Sign.
    Conga,
    /// Legalesign.
    Legalesign,
    /// StepOver WebSignatureOffice.
    WebSignatureOffice,
}

/// One `[accounts.<id>]` table.
#[derive(Debug, Clone)]
pub struct AccountConfig {
    /// Whose service this is.
    pub provider: ProviderKind,
    /// What the pages call the account; the account id unless configured.
    pub label: String,
    /// How a callback proves where it comes from.
    pub callback: CallbackAuth,
    /// What must follow the account in the callback's path, beside `callback`.
    pub path_token: Option<Secret>,
    /// The path token that will follow; only a rotation has one.
    pub next_path_token: Option<Secret>,
    /// How the rotation of its secret stands, if there was one: then that is not the configuration's.
    pub rotation: Option<Rotation>,
    /// The provider's teams whose packages are shown; empty: all. Others are kept.
    pub groups: Vec<String>,
    /// Where people look at a package at the provider: an address with `{id}` in the place of its id.
    pub app_url: Option<String>,
    /// How the provider's API is asked, if it may be.
    pub api: Option<ApiConfig>,
    /// The budget of all calls to this account's API.
    pub calls_per_minute: u32,
    /// When the provider is gone through for what callbacks missed.
    pub reconcile: ReconcileConfig,
    /// What `signboard register` is to tell the provider beside the address and the secret.
    pub registering: Registering,
    /// Another listener, to which every callback that is taken is passed on.
    pub forward: Option<ForwardConfig>,
    /// Whom to tell of its packages' alerts where nobody else is found: mail addresses, in lower case.
    pub fallback: Vec<String>,
}

/// How an account's callback address is registered at its provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registering {
    /// The events to ask for (OneSpan, Conga); empty: all that mean something to the board.
    pub events: Vec<String>,
    /// Where Conga takes registrations, from the root of its host on; one of [`REGISTER_PATHS`].
    pub path: Option<String>,
}

/// How a callback proves where it comes from. `next` is the second secret that is live during a rotation.
#[derive(Debug, Clone)]
pub enum CallbackAuth {
    /// `Authorization: Basic <key>`, raw.
    Key {
        /// The key in use.
        key: Secret,
        /// The key that will follow.
        next: Option<Secret>,
    },
    /// `Authorization: Basic base64(username:password)`.
    Basic {
        /// The user name, without a colon.
        username: String,
        /// The password in use.
        password: Secret,
        /// The password that will follow.
        next: Option<Secret>,
    },
    /// `Authorization: Bearer <token>`.
    Bearer {
        /// The token in use.
        token: Secret,
        /// The token that will follow.
        next: Option<Secret>,
    },
    /// Every one of these headers must carry its value. Never empty; names as written, none twice in any case.
    Headers(BTreeMap<String, Secret>),
    /// The body is signed (Legalesign).
    Signed {
        /// PEM: the provider's certificate, pinned; a second one in it is the one that will follow.
        certificate: String,
        /// What becomes of a callback that could be signed and isn't.
        unsigned: Unsigned,
        /// The secret behind `X-Hmac-Sha256` of the realtime kind.
        hmac_secret: Option<Secret>,
    },
    /// `Authorization: Bearer <token>`, which the firm's own authorization server gave to the provider.
    OAuth2 {
        /// The server's issuer, letter by letter as it calls itself.
        issuer: String,
        /// For whom the token must be.
        audience: String,
        /// The proxy on the way to its keys, the server's. May carry a password.
        proxy: Option<Secret>,
        /// A private certificate authority, the server's.
        ca_file: Option<PathBuf>,
    },
    /// Anyone may send.
    None,
}

/// What becomes of a callback without a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unsigned {
    /// Kept and shown in the inbox, not applied.
    #[default]
    Quarantine,
    /// Applied, marked as unverified, and the API is asked.
    Accept,
}

/// How a provider's API is asked.
#[derive(Clone)]
pub struct ApiConfig {
    /// The root of the API, without a slash at the end.
    pub base_url: String,
    /// How this board proves who it is.
    pub auth: ApiAuth,
    /// The outbound proxy, the account's own or else the server's. May carry a password: do not log it.
    pub proxy: Option<String>,
    /// A private certificate authority, the account's own or else the server's.
    pub ca_file: Option<PathBuf>,
    /// Sweeps ask for the provider's cached list, at one that has such a thing.
    pub cache: bool,
}

/// How this board proves to an API who it is.
#[derive(Debug, Clone)]
pub enum ApiAuth {
    /// A key that never changes.
    ApiKey {
        /// The key.
        key: Secret,
    },
    /// A client id and secret, exchanged for an access token at OneSpan's own endpoint.
    Client {
        /// The client id.
        client_id: String,
        /// The client's secret.
        secret: Secret,
        /// Absent: a token of type OWNER. Present: of type SENDER, for this sender.
        sender_email: Option<String>,
        /// Where the exchange happens.
        token_url: String,
    },
    /// The whole value of the `Authorization` header (Legalesign).
    Header {
        /// `ApiKey user:key`.
        authorization: Secret,
    },
    /// StepOver's web service "Tyr".
    Tyr {
        /// The user who logs in.
        user: String,
        /// The user's password.
        password: Secret,
        /// The application's key, given out by StepOver.
        customer_key: Secret,
        /// What requests are signed with, given out by StepOver.
        shared_secret: Secret,
    },
    /// OAuth 2 client credentials.
    OAuth2 {
        /// Where the exchange happens.
        token_url: String,
        /// The client id.
        client_id: String,
        /// The client's secret.
        client_secret: Secret,
        /// The scope to ask for.
        scope: Option<String>,
    },
}

impl Config {
    /// Reads `file`, else `./signboard.toml` if it is there, else nothing; lets `env` override; checks the whole.
    ///
    /// # Errors
    /// All problems of the whole configuration; a TOML syntax error is the only one that hides others.
    pub fn load(
        file: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, Problems> {
        Config::load_in(Path::new(""), file, env)
    }

    /// The effective configuration as TOML, every secret shown as `(hidden)`.
    #[must_use]
    pub fn effective(&self) -> String {
        effective::text(self)
    }

    /// What is allowed but should not go unsaid, a sentence each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        warnings::of(self)
    }

    /// The address to give to an account's provider. A path token is a secret, so [`PATH_TOKEN`] stands for it.
    #[must_use]
    pub fn callback_url(&self, account: &str) -> String {
        let server = &self.server;
        let local = || format!("http://{}", server.callbacks_listen.unwrap_or(server.listen));
        let url = format!("{}/callbacks/{account}", server.public_url.clone().unwrap_or_else(local));
        match self.accounts.get(account).and_then(|it| it.path_token.as_ref()) {
            Some(_) => format!("{url}/{PATH_TOKEN}"),
            None => url,
        }
    }

    /// Whether the outside world reaches this board encrypted, as far as it was told.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.server.public_url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }

    /// The same with its path token, to be registered at the provider. Nothing else is ever registered: it has to be
    /// the public address, and one to which secrets can be sent.
    ///
    /// # Errors
    /// What to put right in the configuration.
    pub fn own_callback_url(&self, account: &str) -> Result<Secret, String> {
        let public = self.server.public_url.as_deref().ok_or(
            "server.public-url is not set, and no other address is ever registered; set it to the address under which \
             the provider reaches this board",
        )?;
        if address::is_unprotected(public) {
            return Err(
                "server.public-url is http, so callbacks and their secrets would cross the network unprotected; it is \
                 registered only as https"
                    .to_owned(),
            );
        }
        let url = self.callback_url(account);
        let token = self.accounts.get(account).and_then(AccountConfig::newest_path_token);
        Ok(Secret::new(token.map_or(url.clone(), |token| url.replace(PATH_TOKEN, token.expose()))))
    }

    fn load_in(
        folder: &Path,
        file: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, Problems> {
        let default = folder.join(DEFAULT_FILE);
        let path = file.unwrap_or(&default);
        let mut table = match std::fs::read_to_string(path) {
            Ok(text) => parse(path, &text)?,
            Err(error) if file.is_none() && error.kind() == ErrorKind::NotFound => Table::new(),
            Err(error) => {
                let sentence = format!("this configuration file cannot be read: {error}");
                return Err(Problem { path: path.display().to_string(), sentence }.into());
            }
        };
        let mut scope = Scope::new(path.parent().unwrap_or(folder), env.into_iter().collect());
        overrides::apply(&mut scope, &mut table);
        let config = sections::config(&scope, &table);
        scope.conclude(config)
    }
}

impl Default for ServerConfig {
    fn default() -> ServerConfig {
        ServerConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            callbacks_listen: None,
            public_url: None,
            trusted_proxies: Network::loopback(),
            data: PathBuf::from("data"),
            time_zone: "UTC".to_owned(),
            disk_guard: DiskGuard::default(),
            heartbeat: None,
            copies_before_update: true,
        }
    }
}

impl AccountConfig {
    /// An account with nothing but what it must have: called as its provider is, without an API.
    #[must_use]
    pub fn new(provider: ProviderKind, callback: CallbackAuth) -> AccountConfig {
        AccountConfig {
            provider,
            label: provider.title().to_owned(),
            callback,
            path_token: None,
            next_path_token: None,
            rotation: None,
            groups: Vec::new(),
            app_url: None,
            api: None,
            calls_per_minute: CALLS_PER_MINUTE,
            reconcile: ReconcileConfig::default(),
            registering: Registering::default(),
            forward: None,
            fallback: Vec::new(),
        }
    }
}

impl ProviderKind {
    /// All of them, in the order they are offered.
    pub const ALL: [ProviderKind; 4] = [
        ProviderKind::OneSpan,
        ProviderKind::Conga,
        ProviderKind::Legalesign,
        ProviderKind::WebSignatureOffice,
    ];

    /// The word in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ProviderKind::OneSpan => "onespan",
            ProviderKind::Conga => "conga",
            ProviderKind::Legalesign => "legalesign",
            ProviderKind::WebSignatureOffice => "websignatureoffice",
        }
    }

    /// The product's own name, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            ProviderKind::OneSpan => "OneSpan Sign",
            ProviderKind::Conga => "Conga Sign",
            ProviderKind::Legalesign => "Legalesign",
            ProviderKind::WebSignatureOffice => "WebSignatureOffice",
        }
    }
}

impl fmt::Debug for ApiConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiConfig")
            .field("base_url", &self.base_url)
            .field("auth", &self.auth)
            // By hand for the sake of this line: a proxy's address may carry its password.
            .field("proxy", &self.proxy.as_deref().map(address::without_login))
            .field("ca_file", &self.ca_file)
            .field("cache", &self.cache)
            .finish()
    }
}

fn parse(path: &Path, text: &str) -> Result<Table, Problem> {
    text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|it| *it != '\n').count() + 1;
        Problem {
            path: format!("{} line {line}, column {column}", path.display()),
            // Only the message: the error's Display quotes the line, and a secret may stand on it.
            sentence: format!("not TOML: {}", error.message().trim().replace('\n', ", ")),
        }
    })
}
