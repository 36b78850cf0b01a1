//! The keys of the configuration, table by table.
//!
//! Each function first asks for every key and only then uses `?`, so that one bad value hides no other.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use toml::Table;

use super::alerts::{self, alerts};
use super::api::{Outbound, api};
use super::audit::audit;
use super::callback::callback;
use super::forward::forward;
use super::mail::{addresses, mail};
use super::network::{Network, network};
use super::oidc;
use super::reader::Reader;
use super::reconcile::reconcile;
use super::scope::{Read, Scope, join};
use super::{
    AccountConfig, Config, HeartbeatConfig, ProviderKind, REGISTER_PATHS, Registering, ServerConfig, address,
    retention, upkeep,
};

const MAX_ID: usize = 64;

/// Reads the whole file.
pub(super) fn config(scope: &Scope, table: &Table) -> Read<Config> {
    let mut top = Reader::new(scope, table);
    let server = top.table_or_empty("server").and_then(server);
    let audit = top.table_or_empty("audit").and_then(audit);
    let sign_in = top.table_or_empty("sign-in");
    let accounts = top.table_or_empty("accounts");
    let retention = top.table_or_empty("retention").and_then(retention::retention);
    let mail = top.table("mail");
    let alerts = top.table_or_empty("alerts").and_then(alerts);
    let hooks = top.tables("hooks");
    let channels = top.tables("channels");
    top.finish();
    // Accounts are walked even when the server's table is wrong: their problems are wanted too.
    let (server, outbound) = match server {
        Ok((server, outbound)) => (Ok(server), outbound),
        Err(reported) => (Err(reported), Outbound::default()),
    };
    let oidc = sign_in.and_then(|mut it| {
        let oidc = it.table("oidc");
        it.finish();
        oidc?.map(|below| oidc::oidc(below, &outbound)).transpose()
    });
    let accounts = accounts.and_then(|it| self::accounts(it, &outbound));
    let mail = mail.and_then(|it| it.map(|below| self::mail(below, &outbound)).transpose());
    let hooks = hooks.and_then(|it| super::hooks::hooks(it, &outbound));
    let channels = channels.and_then(|it| super::channels::channels(it, &outbound));
    let (server, audit, accounts, oidc) = (server?, audit?, accounts?, oidc?);
    let (opens, retention) = (super::Opens::ToWhoSignsIn, retention?);
    let (mail, alerts, channels, hooks) = (mail?, alerts?, channels?, hooks?);
    let config = Config { server, opens, audit, retention, oidc, mail, alerts, accounts, channels, hooks };
    alerts::look_over(scope, &config);
    super::hooks::agree(&config, scope);
    super::channels::agree(&config, scope);
    for (id, account) in &config.accounts {
        if account.forward.as_ref().is_some_and(|it| it.is_own(&config.server)) {
            let path = format!("{}.forward.url", join("accounts", id));
            let sentence = "is an address of this board, so every callback would come again for ever; give that of the \
                            other listener";
            scope.report(&path, sentence);
        }
    }
    Ok(config)
}

fn server(mut table: Reader<'_>) -> Read<(ServerConfig, Outbound)> {
    let default = ServerConfig::default();
    let listen = table.checked("listen", socket);
    let callbacks_listen = table.checked("callbacks-listen", socket);
    let public_url = table.checked("public-url", address::web);
    let trusted = trusted(&mut table);
    let data = table.text("data");
    let time_zone = table.checked("time-zone", time_zone);
    let proxy = table.checked("proxy", address::proxy);
    let ca_file = table.file("ca-file");
    let disk_guard = table.checked("disk-guard", upkeep::disk_guard);
    let heartbeat = upkeep::heartbeat(&mut table);
    let listen = listen.map(|it| it.unwrap_or(default.listen));
    if let (Ok(listen), Ok(Some(callbacks))) = (listen, callbacks_listen)
        && listen.port() == callbacks.port()
        && listen.port() != 0
        && (listen.ip() == callbacks.ip() || callbacks.ip().is_unspecified())
    {
        table.report("callbacks-listen", "takes the port that `listen` uses; give it another one");
    }
    table.finish();
    let outbound = Outbound { proxy: proxy?, ca_file: ca_file? };
    let way_out = |it: HeartbeatConfig| HeartbeatConfig {
        proxy: outbound.proxy.clone(),
        ca_file: outbound.ca_file.clone(),
        ..it
    };
    let server = ServerConfig {
        listen: listen?,
        callbacks_listen: callbacks_listen?,
        public_url: public_url?,
        trusted_proxies: trusted?.unwrap_or(default.trusted_proxies),
        data: data?.map_or(default.data, PathBuf::from),
        time_zone: time_zone?.unwrap_or(default.time_zone),
        disk_guard: disk_guard?.unwrap_or_default(),
        heartbeat: heartbeat?.map(way_out),
        copies_before_update: true,
    };
    Ok((server, outbound))
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
        Some(below) => callback(below, provider, outbound),
        None => Err(table.missing(
            "callback",
            "add one that says how the provider proves itself, such as callback = { auth = \"key\", key-file = \
             \"path\" }; to take callbacks from anyone, say it: callback = { auth = \"none\" }",
        )),
    });
    let groups = groups(&mut table, provider);
    let app_url = table.checked("app-url", super::address::page_of_package);
    let api = table.table("api").and_then(|it| it.map(|below| api(below, provider, outbound)).transpose());
    let swept = table.table_or_empty("reconcile").and_then(reconcile);
    let registering = registering(&mut table, provider);
    let forward = table.table("forward").and_then(|it| it.map(|it| forward(it, outbound)).transpose());
    let fallback = addresses(&mut table, "fallback");
    table.finish();
    let (callback, path_token) = callback?;
    Ok(AccountConfig {
        provider: provider?,
        label: label?.unwrap_or_else(|| id.to_owned()),
        callback,
        path_token,
        next_path_token: None,
        rotation: None,
        groups: groups?,
        app_url: app_url?,
        api: api?,
        calls_per_minute: swept?.1,
        reconcile: swept?.0,
        registering: registering?,
        forward: forward?,
        fallback: fallback?,
    })
}

fn groups(table: &mut Reader<'_>, provider: Read<ProviderKind>) -> Read<Vec<String>> {
    let Some(groups) = table.texts("groups")? else { return Ok(Vec::new()) };
    if let Ok(provider) = provider
        && provider != ProviderKind::Legalesign
    {
        let sentence = format!("is for legalesign alone: {} tells no groups; take it out", provider.title());
        return Err(table.report("groups", sentence));
    }
    if groups.is_empty() {
        return Err(table.report("groups", "is empty; name a group, or take it out to show all of them"));
    }
    for (index, group) in groups.iter().enumerate() {
        let before = groups.iter().take(index);
        let sentence = if before.clone().any(|it| it == group) {
            format!("names {group:?} twice; keep one")
        } else if group.contains('/') {
            // As the API spells it, but nothing that is compared with it does.
            format!("{group:?} is an address; write the last part of it alone, such as \"lettings-team\"")
        } else {
            continue;
        };
        return Err(table.report("groups", sentence));
    }
    Ok(groups)
}

/// `events` and `register-path`.
fn registering(table: &mut Reader<'_>, provider: Read<ProviderKind>) -> Read<Registering> {
    let events = table.texts("events");
    let path = table.checked("register-path", |text| {
        let known = REGISTER_PATHS.contains(&text);
        known.then(|| text.to_owned()).ok_or_else(|| {
            format!(
                "{text:?} is no place where Conga takes registrations; known are {}",
                REGISTER_PATHS.join(", ")
            )
        })
    });
    let (events, path) = (events?, path?);
    let foreign = |key: &str, whose: &str| {
        table.report(key, format!("is for {whose}: the others can't be told so; take it out"))
    };
    match provider {
        Ok(ProviderKind::Legalesign | ProviderKind::WebSignatureOffice) if events.is_some() => {
            return Err(foreign("events", "onespan and conga"));
        }
        Ok(kind) if kind != ProviderKind::Conga && path.is_some() => {
            return Err(foreign("register-path", "conga alone"));
        }
        Ok(_) | Err(_) => {}
    }
    let is_name =
        |it: &String| it.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_');
    if let Some(odd) = events.iter().flatten().find(|it| !is_name(it)) {
        let sentence = format!("{odd:?} is not how an event is called, such as PACKAGE_COMPLETE");
        return Err(table.report("events", sentence));
    }
    if events.as_ref().is_some_and(Vec::is_empty) {
        let sentence = "is empty; name an event, or take it out to be told of all that mean something here";
        return Err(table.report("events", sentence));
    }
    Ok(Registering { events: events.unwrap_or_default(), path })
}

fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("{text:?} is not an IP address with a port, such as 127.0.0.1:8080"))
}

fn trusted(table: &mut Reader<'_>) -> Read<Option<Vec<Network>>> {
    let Some(texts) = table.texts("trusted-proxies")? else { return Ok(None) };
    let read: Result<_, _> = texts.iter().filter(|it| !it.is_empty()).map(|it| network(it)).collect();
    read.map(Some).map_err(|sentence| table.report("trusted-proxies", sentence))
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
