//! The `callback` table of an account: how a callback proves where it comes from, as far as its provider can.

use std::collections::BTreeMap;

use super::api::Outbound;
use super::oidc::issuer;
use super::reader::Reader;
use super::scope::Read;
use super::{CallbackAuth, ProviderKind, Secret, Unsigned};

/// A short one would be tried out; the address is open to everyone.
const SHORTEST_TOKEN: usize = 16;

/// The whole table, with the path token if there is one. Where the provider is unknown, that has been reported, and any way may be meant.
pub(super) fn callback(
    mut table: Reader<'_>,
    provider: Read<ProviderKind>,
    outbound: &Outbound,
) -> Read<(CallbackAuth, Option<Secret>)> {
    let can_sign = provider.map_or(true, |it| it == ProviderKind::Legalesign);
    let can_fetch = provider.is_ok_and(|it| matches!(it, ProviderKind::OneSpan | ProviderKind::Conga));
    let known = if can_sign {
        "one of signed, key, basic, bearer, headers, none"
    } else if can_fetch {
        "one of key, basic, bearer, oauth2, headers, none"
    } else {
        "one of key, basic, bearer, headers, none"
    };
    // No finish() when `auth` is wrong: which other keys are known depends on it.
    let auth = table.required("auth", known)?;
    let sendable = |secret: &str| provider.map_or(Ok(()), |it| sendable(it, secret));
    let callback = match auth.as_str() {
        "key" => {
            let (key, next) =
                (table.required_secret("key", sendable), table.checked_secret("next-key", sendable));
            key.and_then(|key| Ok(CallbackAuth::Key { key, next: next? }))
        }
        "basic" => {
            let username = table.required_checked("username", "give the user name", |it| {
                // Basic ends the user name at the first colon, so such a name could never match.
                if it.contains(':') { Err("must not hold a colon".into()) } else { Ok(it.to_owned()) }
            });
            let (password, next) = (table.required_secret("password", any), table.secret("next-password"));
            username
                .and_then(|username| Ok(CallbackAuth::Basic { username, password: password?, next: next? }))
        }
        "bearer" => {
            let (token, next) =
                (table.required_secret("token", sendable), table.checked_secret("next-token", sendable));
            token.and_then(|token| Ok(CallbackAuth::Bearer { token, next: next? }))
        }
        "headers" => table.table("headers").and_then(|it| match it {
            Some(below) => headers(below, sendable).map(CallbackAuth::Headers),
            None => Err(table.missing("headers", "write it as headers = { \"X-Key\" = \"…\" }")),
        }),
        "oauth2" if can_fetch => {
            let issuer = table.required_checked("issuer", "give your authorization server's issuer", issuer);
            let audience = table.required("audience", "give the audience for which its tokens are");
            issuer.and_then(|issuer| {
                let proxy = outbound.proxy.as_deref().map(Secret::new);
                Ok(CallbackAuth::OAuth2 {
                    issuer,
                    audience: audience?,
                    proxy,
                    ca_file: outbound.ca_file.clone(),
                })
            })
        }
        "signed" if can_sign => signed(&mut table),
        "none" => Ok(CallbackAuth::None),
        "signed" => {
            let title = provider.map_or("this provider", ProviderKind::title);
            let sentence = format!("\"signed\" is for legalesign alone: {title} signs nothing; {known}");
            return Err(table.report("auth", sentence));
        }
        other => {
            return Err(table.report("auth", format!("{other:?} is not a way to prove oneself; {known}")));
        }
    };
    let token = table.checked_secret("path-token", path_token);
    table.finish();
    Ok((callback?, token?))
}

/// Whether a text can be an account's path token: long enough, and the same in every path whoever writes it.
fn path_token(text: &str) -> Result<(), String> {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"-_.~".contains(&it);
    if !text.bytes().all(plain) {
        return Err(
            "holds a character that a path can't carry as it is; use letters, digits and - _ . ~".into()
        );
    }
    if text.len() < SHORTEST_TOKEN {
        return Err(format!(
            "is too short to keep strangers out; give at least {SHORTEST_TOKEN} random characters"
        ));
    }
    Ok(())
}

/// Any secret at all.
pub(super) fn any(_: &str) -> Result<(), String> {
    Ok(())
}

/// Whether the provider can send this in a header. StepOver's configuration separates the values by commas and knows no
/// way to write one that holds a comma.
fn sendable(provider: ProviderKind, secret: &str) -> Result<(), String> {
    if provider == ProviderKind::WebSignatureOffice && secret.contains(',') {
        return Err(
            "holds a comma, which ends a value in webso_events_values; choose a secret without one".into()
        );
    }
    Ok(())
}

fn signed(table: &mut Reader<'_>) -> Read<CallbackAuth> {
    let certificate = table.certificate("certificate");
    let unsigned = table.checked("unsigned", |text| match text {
        "quarantine" => Ok(Unsigned::Quarantine),
        "accept" => Ok(Unsigned::Accept),
        other => Err(format!(
            "{other:?} is nothing that can become of an unsigned callback; write \"quarantine\" to keep it unread, or \
             \"accept\" to take it, marked as unverified"
        )),
    });
    let hmac_secret = table.secret("hmac-secret");
    Ok(CallbackAuth::Signed {
        certificate: certificate?,
        unsigned: unsigned?.unwrap_or_default(),
        hmac_secret: hmac_secret?,
    })
}

fn headers(
    mut table: Reader<'_>,
    sendable: impl Fn(&str) -> Result<(), String> + Copy,
) -> Read<BTreeMap<String, Secret>> {
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
            let secret = table.secret_entry(name, sendable);
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

/// RFC 9110: the characters of a token.
fn is_header_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
