//! What is allowed but should not go unsaid: said at the start, by `check`, a sentence each.

use super::{AccountConfig, ApiAuth, ApiConfig, CallbackAuth, Config, ProviderKind, Unsigned, address};

pub(super) fn of(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    if config.accounts.is_empty() {
        warnings.push(
            "no account is configured, so no callback can be taken; add an [accounts.…] table".to_owned(),
        );
    }
    if config.server.public_url.is_none() {
        warnings.push(
            "server.public-url is not set, so the callback addresses shown are only this machine's"
                .to_owned(),
        );
    }
    if config.oidc.is_some() && config.server.public_url.is_none() {
        warnings.push(
            "sign-in.oidc needs server.public-url: without it people can sign in there from this machine alone"
                .to_owned(),
        );
    }
    warnings.extend(unencrypted(config).map(ToOwned::to_owned));
    warnings.extend(mail(config));
    for (id, account) in &config.accounts {
        let sentences = callback(account).into_iter().chain(api(account)).chain(forward(account));
        warnings.extend(sentences.map(|sentence| format!("accounts.{id}{sentence}")));
    }
    for (hook, number) in config.hooks.iter().zip(1..).filter(|(hook, _)| hook.to.is_unprotected()) {
        let name = &hook.name;
        warnings.push(format!(
            "hooks[{number}].url ({name}) is http, so what happens to packages crosses the Internet for all to read; use https"
        ));
    }
    warnings.extend(channels(config));
    warnings
}

/// Messages that everybody could read, and that lead nowhere.
fn channels(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    for (it, number) in config.channels.iter().zip(1..).filter(|(it, _)| it.to.is_unprotected()) {
        let name = &it.name;
        warnings.push(format!(
            "channels[{number}].url ({name}) is http, so alerts cross the Internet for all to read; use https"
        ));
    }
    if !config.channels.is_empty() && config.server.public_url.is_none() {
        warnings.push(
            "messages to channels have no links to this board, since server.public-url is not set".to_owned(),
        );
    }
    warnings
}

/// Mails that nobody could get, and mails that everybody could read.
fn mail(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    let Some(mail) = &config.mail else {
        let named = config.accounts.values().any(|it| !it.fallback.is_empty())
            || !config.alerts.rules.is_empty()
            || !config.alerts.operators.is_empty();
        let nobody = "there is no [mail], so the people of `fallback`, `alerts.rules` and `alerts.operators` hear of nothing by mail";
        warnings.extend(named.then(|| nobody.to_owned()));
        return warnings;
    };
    if mail.is_unprotected() {
        warnings.push(
            "mail.starttls lets mails, and the password if there is one, cross the network unprotected; write \"required\""
                .to_owned(),
        );
    }
    if config.server.public_url.is_none() {
        warnings.push("mails have no links, since server.public-url is not set".to_owned());
    }
    let without = config.accounts.iter().filter(|(_, it)| it.fallback.is_empty());
    warnings.extend(without.map(|(id, _)| {
        format!("accounts.{id} has no fallback: where nobody is found who sent or follows a package, nobody gets a mail")
    }));
    warnings
}

/// Passwords and sessions would cross a network for all to read; browsers keep nobody signed in there.
fn unencrypted(config: &Config) -> Option<&'static str> {
    let server = &config.server;
    if server.public_url.as_deref().is_some_and(address::is_unprotected) {
        return Some(
            "server.public-url is http, so passwords would cross the network unprotected, and browsers keep nobody \
             signed in there; put a proxy with TLS before the board and write its https address",
        );
    }
    let alone = server.listen.ip().to_canonical().is_loopback() || config.is_encrypted();
    (!alone).then_some(
        "server.listen can be reached from other machines, and public-url is no https address: passwords would cross \
         the network unprotected, and browsers keep nobody signed in there; put a proxy with TLS before the board and \
         write its https address as public-url",
    )
}

fn callback(account: &AccountConfig) -> Option<String> {
    let guarded = account.path_token.is_some();
    match &account.callback {
        CallbackAuth::None if !guarded => Some(
            ".callback has auth = \"none\": whoever knows the address can send callbacks; a path-token keeps \
             strangers out"
                .to_owned(),
        ),
        CallbackAuth::Signed { unsigned: Unsigned::Quarantine, .. } if !guarded => Some(
            ".callback has no path-token: what strangers send without a signature is kept, and can fill the disk".to_owned(),
        ),
        CallbackAuth::Signed { unsigned: Unsigned::Accept, .. } => {
            let who = if guarded { "whoever knows the path token" } else { "whoever knows the address" };
            let checked = match account.api {
                Some(_) => "until the API has been asked",
                None => "and without an api nobody can confirm them",
            };
            Some(format!(
                ".callback has unsigned = \"accept\": what {who} sends without a signature counts, marked as \
                 unverified, {checked}"
            ))
        }
        CallbackAuth::Key { .. }
        | CallbackAuth::Basic { .. }
        | CallbackAuth::Bearer { .. }
        | CallbackAuth::Headers(_)
            if account.provider == ProviderKind::Legalesign =>
        {
            Some(
                ".callback asks for a header, and Legalesign can't be told to send one: unless something before this \
                 board adds it, every callback is refused; use auth = \"signed\""
                    .to_owned(),
            )
        }
        _ => None,
    }
}

fn api(account: &AccountConfig) -> Option<String> {
    let Some(api) = &account.api else {
        return (account.provider == ProviderKind::Legalesign).then(|| {
            " has no api: most of what Legalesign tells names a signer and no document, and waits until something tells \
             which document it is"
                .to_owned()
        });
    };
    let key = unprotected(api)?;
    Some(format!(".api.{key} is http, so credentials cross the network unprotected; use https"))
}

fn forward(account: &AccountConfig) -> Option<String> {
    account.forward.as_ref().filter(|it| it.is_unprotected()).map(|_| {
        ".forward.url is http, so callbacks and their secrets cross the Internet unprotected; use https"
            .to_owned()
    })
}

/// The key of the address to which credentials would travel in the clear.
fn unprotected(api: &ApiConfig) -> Option<&'static str> {
    if address::is_unprotected(&api.base_url) {
        return Some("base-url");
    }
    match &api.auth {
        ApiAuth::ApiKey { .. } | ApiAuth::Header { .. } | ApiAuth::Tyr { .. } => None,
        ApiAuth::Client { token_url, .. } | ApiAuth::OAuth2 { token_url, .. } => {
            address::is_unprotected(token_url).then_some("token-url")
        }
    }
}
