//! The keys of the configuration, table by table.
//!
//! Each function first asks for every key and only then uses `?`, so that one bad value hides no other.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use toml::Table;

use super::reader::Reader;
use super::scope::{Read, Scope};
use super::{
    AccountConfig, ApiAuth, ApiConfig, CallbackAuth, Config, ProviderKind, Secret, ServerConfig, address,
};

const CALLS_PER_MINUTE: u32 = 60;
const MAX_CALLS_PER_MINUTE: u32 = 6_000;
const MAX_ID: usize = 64;

/// What the server says about calls to the outside, for accounts that don't say it themselves.
#[derive(Default)]
struct Outbound {
    proxy: Option<String>,
    ca_file: Option<PathBuf>,
}

/// Reads the whole file.
pub(super) fn config(scope: &Scope, table: &Table) -> Read<Config> {
    let mut top = Reader::new(scope, table);
    let server = top.table_or_empty("server").and_then(server);
    let accounts = top.table_or_empty("accounts");
    top.finish();
    // Accounts are walked even when the server's table is wrong: their problems are wanted too.
    let (server, outbound) = match server {
        Ok((server, outbound)) => (Ok(server), outbound),
        Err(reported) => (Err(reported), Outbound::default()),
    };
    let accounts = accounts.and_then(|it| self::accounts(it, &outbound));
    Ok(Config { server: server?, accounts: accounts? })
}

fn server(mut table: Reader<'_>) -> Read<(ServerConfig, Outbound)> {
    let default = ServerConfig::default();
    let listen = table.checked("listen", loopback);
    let callbacks_listen = table.checked("callbacks-listen", socket);
    let public_url = table.checked("public-url", address::web);
    let data = table.text("data");
    let time_zone = table.checked("time-zone", time_zone);
    let proxy = table.checked("proxy", address::proxy);
    let ca_file = table.file("ca-file");
    let listen = listen.map(|it| it.unwrap_or(default.listen));
    if let (Ok(listen), Ok(Some(callbacks))) = (listen, callbacks_listen)
        && listen.port() == callbacks.port()
        && listen.port() != 0
        && (listen.ip() == callbacks.ip() || callbacks.ip().is_unspecified())
    {
        table.report("callbacks-listen", "takes the port that `listen` uses; give it another one");
    }
    table.finish();
    let server = ServerConfig {
        listen: listen?,
        callbacks_listen: callbacks_listen?,
        public_url: public_url?,
        data: data?.map_or(default.data, PathBuf::from),
        time_zone: time_zone?.unwrap_or(default.time_zone),
    };
    Ok((server, Outbound { proxy: proxy?, ca_file: ca_file? }))
}

fn accounts(mut table: Reader<'_>, outbound: &Outbound) -> Read<BTreeMap<String, AccountConfig>> {
    let read: Vec<_> = table
        .keys()
        .into_iter()
        .map(|id| {
            let account = table.table_or_empty(id).and_then(|it| account(id, it, outbound));
            let fits = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
            if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(fits) {
                let sentence = "an account id is 1 to 64 characters out of a-z, 0-9 and -; rename it";
                return Err(table.report(id, sentence));
            }
            Ok((id.to_owned(), account?))
        })
        .collect();
    read.into_iter().collect()
}

fn account(id: &str, mut table: Reader<'_>, outbound: &Outbound) -> Read<AccountConfig> {
    let known = ProviderKind::ALL.map(ProviderKind::as_str).join(", ");
    let provider = table.required_checked("provider", &format!("one of {known}"), |text| {
        let found = ProviderKind::ALL.into_iter().find(|it| it.as_str() == text);
        found.ok_or_else(|| format!("no provider is called {text:?}; known are {known}"))
    });
    let label = table.text("label");
    let callback = table.table("callback").and_then(|it| match it {
        Some(below) => callback(below),
        None => Err(table.missing(
            "callback",
            "add one that says how the provider proves itself, such as callback = { auth = \"key\", key-file = \
             \"path\" }; to take callbacks from anyone, say it: callback = { auth = \"none\" }",
        )),
    });
    let api = table.table("api").and_then(|it| it.map(|below| api(below, outbound)).transpose());
    let calls = table.table_or_empty("reconcile").and_then(|mut it| {
        let calls = it.number("calls-per-minute", 1..=MAX_CALLS_PER_MINUTE);
        it.finish();
        calls
    });
    table.finish();
    Ok(AccountConfig {
        provider: provider?,
        label: label?.unwrap_or_else(|| id.to_owned()),
        callback: callback?,
        path_token: None,
        groups: Vec::new(),
        api: api?,
        calls_per_minute: calls?.unwrap_or(CALLS_PER_MINUTE),
    })
}

fn callback(mut table: Reader<'_>) -> Read<CallbackAuth> {
    const KNOWN: &str = "one of key, basic, bearer, headers, none";
    // No finish() when `auth` is wrong: which other keys are known depends on it.
    let auth = table.required("auth", KNOWN)?;
    let callback = match auth.as_str() {
        "key" => {
            let (key, next) = (table.required_secret("key"), table.secret("next-key"));
            key.and_then(|key| Ok(CallbackAuth::Key { key, next: next? }))
        }
        "basic" => {
            let username = table.required_checked("username", "give the user name", |it| {
                // Basic ends the user name at the first colon, so such a name could never match.
                if it.contains(':') { Err("must not hold a colon".into()) } else { Ok(it.to_owned()) }
            });
            let (password, next) = (table.required_secret("password"), table.secret("next-password"));
            username
                .and_then(|username| Ok(CallbackAuth::Basic { username, password: password?, next: next? }))
        }
        "bearer" => {
            let (token, next) = (table.required_secret("token"), table.secret("next-token"));
            token.and_then(|token| Ok(CallbackAuth::Bearer { token, next: next? }))
        }
        "headers" => table.table("headers").and_then(|it| match it {
            Some(below) => headers(below).map(CallbackAuth::Headers),
            None => Err(table.missing("headers", "write it as headers = { \"X-Key\" = \"…\" }")),
        }),
        "none" => Ok(CallbackAuth::None),
        other => {
            return Err(table.report("auth", format!("{other:?} is not a way to prove oneself; {KNOWN}")));
        }
    };
    table.finish();
    callback
}

fn headers(mut table: Reader<'_>) -> Read<BTreeMap<String, Secret>> {
    if !table.variables().is_empty() {
        return Err(table.report_self("a map cannot be set by variables; write the headers in the file"));
    }
    let names = table.keys();
    if names.is_empty() {
        return Err(table.report_self("is empty, so every callback would be taken; name at least one header"));
    }
    let read: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let secret = table.secret_entry(name);
            if name.is_empty() || !name.bytes().all(is_header_byte) {
                return Err(
                    table.report(name, "no header can have this name; use letters, digits and dashes")
                );
            }
            if names.iter().take(index).any(|it| it.eq_ignore_ascii_case(name)) {
                return Err(
                    table.report(name, "is there twice: headers ignore upper and lower case; keep one")
                );
            }
            Ok(((*name).to_owned(), secret?))
        })
        .collect();
    read.into_iter().collect()
}

fn api(mut table: Reader<'_>, outbound: &Outbound) -> Read<ApiConfig> {
    let base_url = table.required_checked("base-url", "give the root of the provider's API", address::web);
    let proxy = table.checked("proxy", address::proxy);
    let ca_file = table.file("ca-file");
    let auth = api_auth(&mut table, base_url.as_deref().unwrap_or_default());
    table.finish();
    Ok(ApiConfig {
        base_url: base_url?,
        auth: auth?,
        proxy: proxy?.or_else(|| outbound.proxy.clone()),
        ca_file: ca_file?.or_else(|| outbound.ca_file.clone()),
    })
}

fn api_auth(table: &mut Reader<'_>, base_url: &str) -> Read<ApiAuth> {
    const KNOWN: &str = "one of api-key, client, oauth2";
    let auth = table.required("auth", KNOWN).inspect_err(|_| table.accept_rest())?;
    match auth.as_str() {
        "api-key" => Ok(ApiAuth::ApiKey { key: table.required_secret("key")? }),
        "client" => {
            let client_id = table.required("client-id", "give the client's id");
            let secret = table.required_secret("secret");
            let sender_email = table.checked("sender-email", |it| {
                if it.contains('@') { Ok(it.to_owned()) } else { Err("is not a mail address".into()) }
            });
            let token_url = table.checked("token-url", address::web);
            Ok(ApiAuth::Client {
                client_id: client_id?,
                secret: secret?,
                sender_email: sender_email?,
                token_url: token_url?.unwrap_or_else(|| default_token_url(base_url)),
            })
        }
        "oauth2" => {
            let token_url =
                table.required_checked("token-url", "give the address of the tokens", address::web);
            let client_id = table.required("client-id", "give the client's id");
            let client_secret = table.required_secret("client-secret");
            let scope = table.text("scope");
            Ok(ApiAuth::OAuth2 {
                token_url: token_url?,
                client_id: client_id?,
                client_secret: client_secret?,
                scope: scope?,
            })
        }
        other => {
            table.accept_rest();
            Err(table.report("auth", format!("{other:?} is not a way to sign in; {KNOWN}")))
        }
    }
}

/// OneSpan keeps the exchange beside its API, not below it.
fn default_token_url(base_url: &str) -> String {
    let root = base_url.strip_suffix("/api").unwrap_or(base_url);
    format!("{root}/apitoken/clientApp/accessToken")
}

fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("{text:?} is not an IP address with a port, such as 127.0.0.1:8080"))
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address = socket(text)?;
    if address.ip().to_canonical().is_loopback() {
        return Ok(address);
    }
    Err(format!(
        "{address} is not a loopback address, and there is no sign-in yet: everyone who reaches it would see every \
         package; listen on 127.0.0.1:{0} or [::1]:{0}, and set `callbacks-listen`, which may be any address, \
         for the provider's callbacks",
        address.port()
    ))
}

fn time_zone(text: &str) -> Result<String, String> {
    let zone = TimeZone::get(text).map_err(|_| {
        format!(
            "{text:?} is not a time zone this machine knows; write one such as Europe/Berlin, and see that the \
             system's zone data (tzdata) is installed"
        )
    })?;
    Ok(zone.iana_name().unwrap_or(text).to_owned())
}

/// RFC 9110: the characters of a token.
fn is_header_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
