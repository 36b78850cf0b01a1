//! `[[hooks]]`: receivers of the firm's own logic, which are told what happens to packages.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::api::Outbound;
use super::forward::ForwardConfig;
use super::reader::Reader;
use super::scope::{Read, Scope};
use super::{Config, Secret, address};

/// What a hook can be told, in the order of the documentation.
pub const HOOK_EVENTS: [&str; 18] = [
    "package.created",
    "package.sent",
    "package.recalled",
    "package.ready_to_complete",
    "package.completed",
    "package.declined",
    "package.opted_out",
    "package.expired",
    "package.cancelled",
    "package.failed",
    "package.deleted",
    "signer.viewed",
    "signer.completed",
    "signer.locked",
    "signer.bounced",
    "signer.identity_failed",
    "document.final",
    "attachment.added",
];
const PREFIX: &str = "whsec_";
const MAX_NAME: usize = 64;
const MOST: usize = 50;

/// A receiver of the firm's own logic.
#[derive(Debug, Clone)]
pub struct HookConfig {
    /// By what it is known, on the pages and in the store.
    pub name: String,
    /// What it is told, out of [`HOOK_EVENTS`].
    pub on: Vec<String>,
    /// Of which accounts; empty: of all.
    pub accounts: Vec<String>,
    /// Where it is; without a proxy.
    pub to: ForwardConfig,
    /// What messages are signed with: `whsec_` and base64.
    pub secret: Secret,
    /// It may be in one's own network.
    pub allow_private: bool,
}

impl HookConfig {
    /// What messages are signed with.
    #[must_use]
    pub fn key(&self) -> Vec<u8> {
        bytes(self.secret.expose()).unwrap_or_default()
    }

    /// Whether it is told of an account.
    #[must_use]
    pub fn hears(&self, account: &str) -> bool {
        self.accounts.is_empty() || self.accounts.iter().any(|it| it == account)
    }
}

/// Whether an address is one of the public network: not this machine's, not of one's own network, not of a link, no
/// group's, and none at which clouds tell secrets.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let own = ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_documentation();
    let odd = match a {
        0 | 224.. => true,
        100 => (64..128).contains(&b),
        192 => b == 0 && c == 0,
        198 => matches!(b, 18 | 19),
        _ => false,
    };
    !own && !odd
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, high, low] = ip.segments();
    let four = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match (a, b) {
        // An IPv4 address in the clothes of an IPv6 one: behind a translator, and by 6to4.
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => is_public_v4(four(high, low)),
        (0x2002, _) => is_public_v4(four(b, c)),
        // Teredo and ORCHID, and what only documents show.
        (0x2001, 0 | 0x10..=0x2f | 0xdb8) => false,
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

/// All of them.
pub(super) fn hooks(tables: Vec<Reader<'_>>, outbound: &Outbound) -> Read<Vec<HookConfig>> {
    if let Some(table) = tables.get(MOST) {
        return Err(table.report_self(format!("is one too many; {MOST} hooks are the most")));
    }
    let mut seen = BTreeSet::new();
    let read: Vec<Read<HookConfig>> =
        tables.into_iter().map(|table| hook(table, outbound, &mut seen)).collect();
    read.into_iter().collect()
}

fn hook(mut table: Reader<'_>, outbound: &Outbound, seen: &mut BTreeSet<String>) -> Read<HookConfig> {
    let name = table.checked("name", named);
    let on = on(&mut table);
    let accounts = accounts(&mut table);
    let secret = table.required_secret("secret", sound);
    let way = way(&mut table, outbound);
    let to = way.as_ref().map(|(to, _)| to).map_err(|reported| *reported);
    let name = match (name, to) {
        (Ok(None), Ok(to)) => named(&to.host()).map_err(|_| {
            table.missing("name", "its host can't stand for it; give it one, such as name = \"crm\"")
        }),
        (Ok(Some(name)), _) => Ok(name),
        (Err(reported), _) => Err(reported),
        (Ok(None), Err(reported)) => Err(reported),
    };
    if let Ok(name) = &name
        && !seen.insert(name.clone())
    {
        let sentence = format!("{name:?} is the name of two hooks; give each a name of its own, for good");
        table.report("name", sentence);
    }
    table.finish();
    let (name, on, accounts, secret, (to, allow_private)) = (name?, on?, accounts?, secret?, way?);
    Ok(HookConfig { name, on, accounts, to, secret, allow_private })
}

/// Where a receiver is, and whether that may be in one's own network.
pub(super) fn way(table: &mut Reader<'_>, outbound: &Outbound) -> Read<(ForwardConfig, bool)> {
    let url = table.required_secret("url", |text| address::listener(text).map(|_| ()));
    let allow_private = table.flag("allow-private");
    let ca_file = table.file("ca-file");
    let (url, allow_private, ca_file) = (url?, allow_private?.unwrap_or(false), ca_file?);
    let to = ForwardConfig { url, proxy: None, ca_file: ca_file.or_else(|| outbound.ca_file.clone()) };
    if !allow_private && is_inside(&to.host()) {
        let sentence = "is no address of the public network; where it shall be reached all the same, add allow-private = true";
        return Err(table.report("url", sentence));
    }
    Ok((to, allow_private))
}

/// Of which accounts a receiver hears; empty: of all.
pub(super) fn accounts(table: &mut Reader<'_>) -> Read<Vec<String>> {
    let accounts = table.texts("accounts")?;
    if accounts.as_ref().is_some_and(Vec::is_empty) {
        let sentence = "is empty; name an account, or take it out to hear of all of them";
        return Err(table.report("accounts", sentence));
    }
    Ok(accounts.unwrap_or_default())
}

/// What only the whole configuration shows: accounts that aren't there, and a way back to this board.
pub(super) fn agree(config: &Config, scope: &Scope) {
    for (hook, number) in config.hooks.iter().zip(1..) {
        if let Some(odd) = hook.accounts.iter().find(|it| !config.accounts.contains_key(*it)) {
            let sentence = format!("no account is called {odd:?}; name those of [accounts.…]");
            scope.report(&format!("hooks[{number}].accounts"), sentence);
        }
        if hook.to.is_own(&config.server) {
            let sentence = "is an address of this board, which knows already; give that of the receiver";
            scope.report(&format!("hooks[{number}].url"), sentence);
        }
    }
}

pub(super) fn named(text: &str) -> Result<String, String> {
    let fits = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-._".contains(&it);
    if text.len() > MAX_NAME || !text.bytes().all(fits) || text.trim_matches('.').is_empty() {
        return Err(format!("{text:?} is no name: 1 to {MAX_NAME} characters out of a-z, 0-9, -, _ and ."));
    }
    Ok(text.to_owned())
}

fn on(table: &mut Reader<'_>) -> Read<Vec<String>> {
    let known = || HOOK_EVENTS.join(", ");
    let on = table.texts("on")?;
    let on = on.filter(|it| !it.is_empty());
    let on = on.ok_or_else(|| table.missing("on", &format!("say what it is told, out of {}", known())))?;
    for (index, event) in on.iter().enumerate() {
        if !HOOK_EVENTS.contains(&event.as_str()) {
            let sentence = format!("nothing is called {event:?}; known are {}", known());
            return Err(table.report("on", sentence));
        }
        if on.iter().take(index).any(|it| it == event) {
            return Err(table.report("on", format!("names {event:?} twice; keep one")));
        }
    }
    Ok(on)
}

/// What is wrong with a secret, without repeating it.
pub(super) fn sound(text: &str) -> Result<(), String> {
    let length = bytes(text).map(|it| it.len());
    if length.is_some_and(|it| (24..=64).contains(&it)) {
        return Ok(());
    }
    Err(format!(
        "must be {PREFIX} and then the base64 of 24 to 64 random bytes; make one with: echo {PREFIX}$(openssl rand -base64 32)"
    ))
}

pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text.strip_prefix(PREFIX)?).ok()
}

/// Whether it needs no looking up to see that a host is not public.
fn is_inside(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']).trim_end_matches('.');
    bare.parse().map_or(bare == "localhost" || bare.ends_with(".localhost"), |ip| !is_public(ip))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Problems};

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn load(lines: &str) -> Result<Config, Problems> {
        let account = "[accounts.a]\nprovider = \"onespan\"\ncallback = { auth = \"none\" }\n";
        crate::config::tests::load(&format!("{account}{lines}\n"))
    }

    fn hook(lines: &str) -> String {
        let url = if lines.contains("url") { "" } else { "url = \"https://crm.example.com/hush\"\n" };
        let on = if lines.contains("on =") { "" } else { "on = [\"package.completed\"]\n" };
        let secret =
            if lines.contains("secret") { String::new() } else { format!("secret = \"{SECRET}\"\n") };
        format!("[[hooks]]\n{url}{on}{secret}{lines}\n")
    }

    #[test]
    fn a_hook_is_read_and_its_secrets_are_hidden() {
        let text = format!("{}{}", hook("accounts = [\"a\"]"), hook("name = \"two\"\nallow-private = true"));
        let config = load(&text).unwrap();
        let [one, two] = &config.hooks[..] else { panic!("two") };
        assert_eq!((one.name.as_str(), two.name.as_str()), ("crm.example.com", "two"));
        assert!(one.hears("a") && !one.hears("b") && two.hears("b"));
        assert!(two.allow_private && !one.allow_private && one.key().len() == 24);
        let shown = format!("{}{config:?}", config.effective());
        assert!(shown.contains("https://crm.example.com/(hidden)"), "{shown}");
        assert!(!shown.contains("hush") && !shown.contains("MfKQ"));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{SECRET}\n")).unwrap();
        assert!(load(&hook(&format!("secret-file = {:?}", file.path().display().to_string()))).is_ok());
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        for (lines, place, word) in [
            (hook("on = [\"package.done\"]"), "hooks[1].on", "known are"),
            (hook("on = []"), "hooks[1].on", "is missing"),
            (hook("on = [\"signer.locked\", \"signer.locked\"]"), "hooks[1].on", "twice"),
            (hook("accounts = [\"b\"]"), "hooks[1].accounts", "\"b\""),
            (hook("accounts = []"), "hooks[1].accounts", "is empty"),
            (hook("secret = \"hush\""), "hooks[1].secret", "whsec_"),
            (hook("secret = \"whsec_aHVzaA==\""), "hooks[1].secret", "24"),
            (hook("url = \"ftp://crm.example.com/hush\""), "hooks[1].url", "https"),
            (hook("url = \"http://10.0.0.5/hush\""), "hooks[1].url", "allow-private"),
            (hook("url = \"http://localhost:9/hush\""), "hooks[1].url", "allow-private"),
            (hook("url = \"http://0x7f.1/hush\""), "hooks[1].url", "allow-private"),
            (hook("url = \"http://[2606:4700::1]/hush\""), "hooks[1].name", "is missing"),
            (hook("name = \"Two Words\""), "hooks[1].name", "is no name"),
            (hook("nome = \"x\""), "hooks[1].nome", "name"),
            (hook("") + &hook(""), "hooks[2].name", "two hooks"),
            ("[hooks]\nurl = 1".to_owned(), "hooks", "[[hooks]]"),
            (
                hook("url = \"http://127.0.0.1:8080/callbacks/a\"\nallow-private = true"),
                "hooks[1].url",
                "this board",
            ),
        ] {
            let problems = load(&lines).unwrap_err();
            let all = problems.to_string();
            assert!(problems.iter().any(|it| it.path == place && it.sentence.contains(word)), "{lines}{all}");
            assert!(!all.contains("hush"), "{all}");
        }
    }

    #[test]
    fn own_networks_are_told_from_the_public_one() {
        for inside in [
            "127.0.0.1",
            "127.9.9.9",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "2002:808:808::1",
            "64:ff9b::8.8.8.8",
            "2001:4860:4860::8888",
        ] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }
}
