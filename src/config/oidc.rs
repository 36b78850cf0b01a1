//! The `sign-in.oidc` table: the firm's own identity provider, at which people sign in.

use std::fmt;
use std::path::PathBuf;

use reqwest::Url;

use super::api::Outbound;
use super::callback::any;
use super::reader::Reader;
use super::scope::Read;
use super::{Secret, address};

/// The identity provider at which people sign in.
#[derive(Clone)]
pub struct OidcConfig {
    /// Its issuer, letter by letter as it calls itself.
    pub issuer: String,
    /// The id under which it knows this board.
    pub client_id: String,
    /// The secret that goes with it.
    pub client_secret: Secret,
    /// How the way in is called: "Sign in with …".
    pub label: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that decides on the role; dots lead into it.
    pub role_claim: String,
    /// The claim with the mail address.
    pub email_claim: String,
    /// Which values of the claim make an admin, a sender and a viewer, in this order.
    pub roles: [Vec<String>; 3],
    /// Somebody whom an admin invited here is known by a mail address that the provider has verified.
    pub link_verified: bool,
    /// The proxy on the way to it, the server's. May carry a password: do not log it.
    pub proxy: Option<String>,
    /// A private certificate authority, the server's.
    pub ca_file: Option<PathBuf>,
}

/// The words of the roles, in the order of [`OidcConfig::roles`].
const ROLES: [&str; 3] = ["admin", "sender", "viewer"];

/// The whole table.
pub(super) fn oidc(mut table: Reader<'_>, outbound: &Outbound) -> Read<OidcConfig> {
    let issuer = table.required_checked("issuer", "give the address of your identity provider", issuer);
    let client_id = table.required("client-id", "give the id under which it knows this board");
    let client_secret = table.required_secret("client-secret", any);
    let label = table.text("label");
    let scopes = table.texts("scopes");
    let role_claim = table.text("role-claim");
    let email_claim = table.text("email-claim");
    let is_email = !matches!(&email_claim, Ok(Some(it)) if it != "email");
    let roles = table.table("roles").and_then(|it| match it {
        Some(below) => roles(below),
        None => Err(table.missing(
            "roles",
            "say who may do what, such as roles = { admin = [\"signboard-admins\"], viewer = [\"staff\"] }",
        )),
    });
    let link_verified = table.checked("link", |text| match text {
        "never" => Ok(false),
        "verified-email" if is_email => Ok(true),
        "verified-email" => {
            Err("is for email-claim = \"email\" alone: of other claims no provider says that it verified them"
                .to_owned())
        }
        other => Err(format!(
            "{other:?} is no way to know somebody again; write \"never\", or \"verified-email\" to let whoever was \
             invited here come in by a mail address that the identity provider has verified"
        )),
    });
    table.finish();
    let issuer = issuer?;
    let host = Url::parse(&issuer).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    Ok(OidcConfig {
        issuer,
        client_id: client_id?,
        client_secret: client_secret?,
        label: label?.unwrap_or(host),
        scopes: scopes?.unwrap_or_else(|| vec!["email".to_owned(), "profile".to_owned()]),
        role_claim: role_claim?.unwrap_or_else(|| "groups".to_owned()),
        email_claim: email_claim?.unwrap_or_else(|| "email".to_owned()),
        roles: roles?,
        link_verified: link_verified?.unwrap_or_default(),
        proxy: outbound.proxy.clone(),
        ca_file: outbound.ca_file.clone(),
    })
}

fn roles(mut table: Reader<'_>) -> Read<[Vec<String>; 3]> {
    let [admin, sender, viewer] = ROLES.map(|role| table.texts(role));
    let all = [admin?.unwrap_or_default(), sender?.unwrap_or_default(), viewer?.unwrap_or_default()];
    if all.iter().all(Vec::is_empty) {
        return Err(table.report_self("names no group, so nobody could come in; name one"));
    }
    table.finish();
    Ok(all)
}

/// An issuer is compared letter by letter, so it stays as it was written; its keys must not come over an open network.
pub(super) fn issuer(text: &str) -> Result<String, String> {
    address::web(text)?;
    if address::is_unprotected(text) {
        return Err("must begin with https://, since its keys say who may come in".to_owned());
    }
    Ok(text.to_owned())
}

impl OidcConfig {
    /// The table's lines, its secret hidden.
    pub(super) fn lines(&self, hidden: &str) -> Vec<String> {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let list =
            |all: &[String]| format!("[{}]", all.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(", "));
        let roles: Vec<String> = ROLES
            .iter()
            .zip(&self.roles)
            .filter(|(_, all)| !all.is_empty())
            .map(|(role, all)| format!("{role} = {}", list(all)))
            .collect();
        let link = if self.link_verified { "verified-email" } else { "never" };
        vec![
            "[sign-in.oidc]".to_owned(),
            format!("issuer = {}", quoted(&self.issuer)),
            format!("client-id = {}", quoted(&self.client_id)),
            format!("client-secret = {}", quoted(hidden)),
            format!("label = {}", quoted(&self.label)),
            format!("scopes = {}", list(&self.scopes)),
            format!("role-claim = {}", quoted(&self.role_claim)),
            format!("email-claim = {}", quoted(&self.email_claim)),
            format!("roles = {{ {} }}", roles.join(", ")),
            format!("link = {}", quoted(link)),
        ]
    }
}

impl fmt::Debug for OidcConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By hand for the sake of the proxy: its address may carry its password.
        f.debug_struct("OidcConfig").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
