//! Writes a configuration as the TOML it could have been read from, with every secret hidden.
//!
//! By hand, so that the tables stand in the order the README explains them, and inline where people write them so.

use super::{
    AccountConfig, ApiAuth, ApiConfig, AuditTo, CallbackAuth, Config, ForwardConfig, MailConfig, Network,
    Secret, Unsigned, address, alerts, channels,
};
use std::path::Path;

/// What stands for a secret.
const HIDDEN: &str = "(hidden)";

/// An inline table in the making.
#[derive(Default)]
struct Inline(Vec<String>);

pub(super) fn text(config: &Config) -> String {
    let server = &config.server;
    let mut lines = vec!["[server]".to_owned(), pair("listen", &server.listen.to_string())];
    if let Some(address) = server.callbacks_listen {
        lines.push(pair("callbacks-listen", &address.to_string()));
    }
    if let Some(url) = &server.public_url {
        lines.push(pair("public-url", url));
    }
    if server.trusted_proxies != Network::loopback() {
        let all: Vec<String> = server.trusted_proxies.iter().map(|it| quoted(&it.to_string())).collect();
        lines.push(format!("trusted-proxies = [{}]", all.join(", ")));
    }
    lines.push(pair("data", &server.data.to_string_lossy()));
    lines.push(pair("time-zone", &server.time_zone));
    lines.extend(server.disk_guard.text().map(|it| pair("disk-guard", &it)));
    if let Some(heartbeat) = &server.heartbeat {
        lines.push(pair("heartbeat-url", HIDDEN));
        lines.push(pair("heartbeat-every", &heartbeat.every_text()));
    }
    if let Some(to) = &config.audit {
        lines.extend([String::new(), "[audit]".to_owned()]);
        lines.push(match to {
            AuditTo::File(file) => pair("file", &file.to_string_lossy()),
            AuditTo::Stdout => "stdout = true".to_owned(),
        });
    }
    if !config.retention.keeps_all() {
        lines.extend([String::new(), "[retention]".to_owned()]);
        lines.extend(config.retention.lines());
    }
    if let Some(oidc) = &config.oidc {
        lines.push(String::new());
        lines.extend(oidc.lines(HIDDEN));
    }
    for (id, account) in &config.accounts {
        lines.push(String::new());
        lines.push(format!("[accounts.{id}]"));
        lines.push(pair("provider", account.provider.as_str()));
        lines.push(pair("label", &account.label));
        lines.push(format!("callback = {}", callback(account)));
        if !account.groups.is_empty() {
            let groups: Vec<String> = account.groups.iter().map(|it| quoted(it)).collect();
            lines.push(format!("groups = [{}]", groups.join(", ")));
        }
        lines.extend(account.app_url.as_deref().map(|it| pair("app-url", it)));
        if !account.registering.events.is_empty() {
            let events: Vec<String> = account.registering.events.iter().map(|it| quoted(it)).collect();
            lines.push(format!("events = [{}]", events.join(", ")));
        }
        if let Some(path) = &account.registering.path {
            lines.push(pair("register-path", path));
        }
        if let Some(api) = &account.api {
            lines.push(format!("api = {}", self::api(api)));
        }
        if let Some(forward) = &account.forward {
            lines.push(format!("forward = {}", self::forward(forward)));
        }
        if !account.fallback.is_empty() {
            lines.push(format!("fallback = [{}]", list(&account.fallback)));
        }
        lines.push(format!("reconcile = {}", account.reconcile.text(account.calls_per_minute)));
    }
    lines.extend(config.mail.iter().flat_map(mail));
    lines.extend(alerts::text(&config.alerts, quoted));
    lines.extend(channels::text(&config.channels, HIDDEN, quoted));
    for hook in &config.hooks {
        let list = |all: &[String]| all.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(", ");
        lines.extend([String::new(), "[[hooks]]".to_owned(), pair("name", &hook.name)]);
        lines.push(format!("on = [{}]", list(&hook.on)));
        if !hook.accounts.is_empty() {
            lines.push(format!("accounts = [{}]", list(&hook.accounts)));
        }
        lines.extend([pair("url", &hook.to.shown()), pair("secret", HIDDEN)]);
        lines.extend(hook.allow_private.then(|| "allow-private = true".to_owned()));
        lines.extend(hook.to.ca_file.as_ref().map(|it| pair("ca-file", &it.to_string_lossy())));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn mail(mail: &MailConfig) -> Vec<String> {
    let mut lines = vec![String::new(), "[mail]".to_owned(), pair("server", &mail.server())];
    lines.extend(mail.starttls().map(|word| pair("starttls", word)));
    if let Some((username, _)) = &mail.login {
        lines.extend([pair("username", username), pair("password", HIDDEN)]);
    }
    lines.push(pair("from", &mail.from));
    lines.extend(mail.allowed_domains.as_ref().map(|all| format!("allowed-domains = [{}]", list(all))));
    lines.push(format!("names = {}", mail.names));
    lines
}

fn list(all: &[String]) -> String {
    all.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(", ")
}

fn callback(account: &AccountConfig) -> String {
    let table = match &account.callback {
        CallbackAuth::Key { key, next } => {
            Inline::new("key").secret("key", Some(key)).secret("next-key", next.as_ref())
        }
        CallbackAuth::Basic { username, password, next } => Inline::new("basic")
            .text("username", Some(username))
            .secret("password", Some(password))
            .secret("next-password", next.as_ref()),
        CallbackAuth::Bearer { token, next } => {
            Inline::new("bearer").secret("token", Some(token)).secret("next-token", next.as_ref())
        }
        CallbackAuth::Headers(headers) => {
            let pairs: Vec<String> =
                headers.keys().map(|name| format!("{} = {}", quoted(name), quoted(HIDDEN))).collect();
            Inline::new("headers").raw("headers", &format!("{{ {} }}", pairs.join(", ")))
        }
        CallbackAuth::Signed { certificate, unsigned, hmac_secret } => {
            let unsigned = match unsigned {
                Unsigned::Quarantine => "quarantine",
                Unsigned::Accept => "accept",
            };
            Inline::new("signed")
                .text("certificate", Some(certificate))
                .text("unsigned", Some(unsigned))
                .secret("hmac-secret", hmac_secret.as_ref())
        }
        CallbackAuth::OAuth2 { issuer, audience, .. } => {
            Inline::new("oauth2").text("issuer", Some(issuer)).text("audience", Some(audience))
        }
        CallbackAuth::None => Inline::new("none"),
    };
    table.secret("path-token", account.path_token.as_ref()).finish()
}

fn api(api: &ApiConfig) -> String {
    let table = Inline::default().text("base-url", Some(&api.base_url));
    let table = match &api.auth {
        ApiAuth::ApiKey { key } => table.text("auth", Some("api-key")).secret("key", Some(key)),
        ApiAuth::Header { authorization } => table.secret("authorization", Some(authorization)),
        ApiAuth::Tyr { user, password, customer_key, shared_secret } => table
            .text("user", Some(user))
            .secret("password", Some(password))
            .secret("customer-key", Some(customer_key))
            .secret("shared-secret", Some(shared_secret)),
        ApiAuth::Client { client_id, secret, sender_email, token_url } => table
            .text("auth", Some("client"))
            .text("client-id", Some(client_id))
            .secret("secret", Some(secret))
            .text("sender-email", sender_email.as_deref())
            .text("token-url", Some(token_url)),
        ApiAuth::OAuth2 { token_url, client_id, client_secret, scope } => table
            .text("auth", Some("oauth2"))
            .text("token-url", Some(token_url))
            .text("client-id", Some(client_id))
            .secret("client-secret", Some(client_secret))
            .text("scope", scope.as_deref()),
    };
    let table = table.way_out(api.proxy.as_deref(), api.ca_file.as_deref());
    if api.cache { table.raw("cache", "true").finish() } else { table.finish() }
}

fn forward(forward: &ForwardConfig) -> String {
    let table = Inline::default().text("url", Some(&forward.shown()));
    table.way_out(forward.proxy.as_deref(), forward.ca_file.as_deref()).finish()
}

impl Inline {
    fn new(auth: &str) -> Inline {
        Inline(vec![pair("auth", auth)])
    }

    fn text(mut self, key: &str, text: Option<&str>) -> Inline {
        self.0.extend(text.map(|it| pair(key, it)));
        self
    }

    fn way_out(self, proxy: Option<&str>, ca_file: Option<&Path>) -> Inline {
        self.text("proxy", proxy.map(address::without_login).as_deref())
            .text("ca-file", ca_file.map(Path::to_string_lossy).as_deref())
    }

    fn secret(self, key: &str, secret: Option<&Secret>) -> Inline {
        self.text(key, secret.map(|_| HIDDEN))
    }

    fn raw(mut self, key: &str, value: &str) -> Inline {
        self.0.push(format!("{key} = {value}"));
        self
    }

    fn finish(self) -> String {
        format!("{{ {} }}", self.0.join(", "))
    }
}

fn pair(key: &str, text: &str) -> String {
    format!("{key} = {}", quoted(text))
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
