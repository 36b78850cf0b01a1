//! The `api` table of an account: where its provider's API is, and how this board signs in there.

use std::path::PathBuf;

use super::callback::any;
use super::reader::Reader;
use super::scope::Read;
use super::{ApiAuth, ApiConfig, ProviderKind, address};

/// What the server says about calls to the outside, for accounts that don't say it themselves.
#[derive(Default)]
pub(super) struct Outbound {
    pub proxy: Option<String>,
    pub ca_file: Option<PathBuf>,
}

/// The whole table. Where the provider is unknown, that has been reported, and so no key of it is.
pub(super) fn api(
    mut table: Reader<'_>,
    provider: Read<ProviderKind>,
    outbound: &Outbound,
) -> Read<ApiConfig> {
    let base_url = table.required_checked("base-url", "give the root of the provider's API", address::web);
    let proxy = table.checked("proxy", address::proxy);
    let ca_file = table.file("ca-file");
    let cache = match provider {
        Ok(ProviderKind::Legalesign) => table.flag("cache"),
        _ => Ok(None),
    };
    let auth = provider.inspect_err(|_| table.accept_rest()).and_then(|provider| match provider {
        ProviderKind::OneSpan | ProviderKind::Conga => {
            chosen(&mut table, base_url.as_deref().unwrap_or_default())
        }
        ProviderKind::Legalesign => header(&mut table),
        ProviderKind::WebSignatureOffice => tyr(&mut table),
    });
    table.finish();
    Ok(ApiConfig {
        base_url: base_url?,
        auth: auth?,
        proxy: proxy?.or_else(|| outbound.proxy.clone()),
        ca_file: ca_file?.or_else(|| outbound.ca_file.clone()),
        cache: cache?.unwrap_or(false),
    })
}

fn header(table: &mut Reader<'_>) -> Read<ApiAuth> {
    the_only_way(table, "authorization = \"ApiKey user:key\"")?;
    Ok(ApiAuth::Header { authorization: table.required_secret("authorization", any)? })
}

fn tyr(table: &mut Reader<'_>) -> Read<ApiAuth> {
    the_only_way(table, "user, password, customer-key and shared-secret")?;
    let user = table.required("user", "give the name of the user who logs in");
    let password = table.required_secret("password", any);
    let customer_key = table.required_secret("customer-key", any);
    let shared_secret = table.required_secret("shared-secret", any);
    Ok(ApiAuth::Tyr {
        user: user?,
        password: password?,
        customer_key: customer_key?,
        shared_secret: shared_secret?,
    })
}

/// These providers know one way to sign in, which needs no name.
fn the_only_way(table: &mut Reader<'_>, keys: &str) -> Read<()> {
    if !table.keys().contains(&"auth") {
        return Ok(());
    }
    table.accept_rest();
    Err(table.report(
        "auth",
        format!("there is only one way to sign in to this provider; take `auth` out and give {keys}"),
    ))
}

/// OneSpan and Conga know several.
fn chosen(table: &mut Reader<'_>, base_url: &str) -> Read<ApiAuth> {
    const KNOWN: &str = "one of api-key, client, oauth2";
    let auth = table.required("auth", KNOWN).inspect_err(|_| table.accept_rest())?;
    match auth.as_str() {
        "api-key" => Ok(ApiAuth::ApiKey { key: table.required_secret("key", any)? }),
        "client" => {
            let client_id = table.required("client-id", "give the client's id");
            let secret = table.required_secret("secret", any);
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
            let client_secret = table.required_secret("client-secret", any);
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
