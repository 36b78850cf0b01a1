//! `[[channels]]`: where alerts are told beside people's mailboxes: Slack, Teams, or a program.

use std::collections::BTreeSet;

use super::api::Outbound;
use super::forward::ForwardConfig;
use super::hooks::{accounts, bytes, named, sound, way};
use super::reader::Reader;
use super::scope::{Read, Scope};
use super::{Config, Secret};

/// What a channel can be told of, the gravest first.
pub const ALERT_KINDS: &[&str] = &[
    "locked",
    "bounced",
    "identity_failed",
    "failed",
    "declined",
    "opted_out",
    "field_rejected",
    "render_failed",
    "deposit_failed",
    "ready_to_complete",
    "expired",
    "cancelled",
    "inactive",
    "disk_low",
    "api_refuses",
    "wrong_secrets",
    "silent",
    "quarantine",
    "drifting",
    "forwarding_fails",
    "hook_fails",
    "messages_fail",
];
/// The store knows mails by this name.
const TAKEN: &str = "mail";
const MOST: usize = 20;

/// In which format a channel is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelKind {
    /// An incoming webhook of Slack.
    Slack,
    /// A webhook of the Workflows of Teams, which takes Adaptive Cards.
    Teams,
    /// A program, which takes JSON.
    Webhook,
}

impl ChannelKind {
    const ALL: [Self; 3] = [Self::Slack, Self::Teams, Self::Webhook];

    /// The word in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Webhook => "webhook",
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|it| it.word() == text);
        found.ok_or_else(|| format!("{text:?} is none of \"slack\", \"teams\" and \"webhook\""))
    }
}

/// Where alerts are told.
#[derive(Debug, Clone)]
pub struct ChannelConfig {
    /// By what it is known, on the pages and in the store.
    pub name: String,
    /// In which format it is told.
    pub kind: ChannelKind,
    /// Where it is; without a proxy.
    pub to: ForwardConfig,
    /// What messages to a program are signed with, if they are: `whsec_` and base64.
    pub secret: Option<Secret>,
    /// Of what it is told, out of [`ALERT_KINDS`]; empty: of everything.
    pub kinds: Vec<String>,
    /// Of which accounts; empty: of all.
    pub accounts: Vec<String>,
    /// Messages may hold names, mail addresses and words of signers, and the names of packages.
    pub names: bool,
    /// It may be in one's own network.
    pub allow_private: bool,
}

impl ChannelConfig {
    /// What messages are signed with.
    #[must_use]
    pub fn key(&self) -> Option<Vec<u8>> {
        bytes(self.secret.as_ref()?.expose())
    }

    /// Whether it is told of such an alert of an account; what is the whole board's has none.
    #[must_use]
    pub fn hears(&self, kind: &str, account: &str) -> bool {
        let among = |all: &[String], it: &str| all.is_empty() || all.iter().any(|one| one == it);
        among(&self.kinds, kind) && (account.is_empty() || among(&self.accounts, account))
    }
}

/// All of them.
pub(super) fn channels(tables: Vec<Reader<'_>>, outbound: &Outbound) -> Read<Vec<ChannelConfig>> {
    if let Some(table) = tables.get(MOST) {
        return Err(table.report_self(format!("is one too many; {MOST} channels are the most")));
    }
    let mut seen = BTreeSet::new();
    let read: Vec<Read<_>> = tables.into_iter().map(|table| channel(table, outbound, &mut seen)).collect();
    read.into_iter().collect()
}

fn channel(mut table: Reader<'_>, outbound: &Outbound, seen: &mut BTreeSet<String>) -> Read<ChannelConfig> {
    let name = table.required_checked("name", "what it is called, such as \"sales\", for good", |text| {
        let name = named(text)?;
        match name.as_str() {
            TAKEN => Err("\"mail\" is what mails are called; give it another name".to_owned()),
            _ => Ok(name),
        }
    });
    let kind = table.required_checked("kind", "\"slack\", \"teams\" or \"webhook\"", ChannelKind::parse);
    let way = way(&mut table, outbound);
    let secret = table.checked_secret("secret", sound);
    let kinds = kinds(&mut table);
    let accounts = accounts(&mut table);
    let names = table.flag("names");
    if let Ok(name) = &name
        && !seen.insert(name.clone())
    {
        let sentence = format!("{name:?} is the name of two channels; give each a name of its own, for good");
        table.report("name", sentence);
    }
    if let (Ok(Some(_)), Ok(ChannelKind::Slack | ChannelKind::Teams)) = (&secret, &kind) {
        let sentence = "is for kind = \"webhook\"; Slack and Teams look at no signature, so take it out";
        table.report("secret", sentence);
    }
    table.finish();
    let (name, kind, (to, allow_private)) = (name?, kind?, way?);
    let (secret, kinds, accounts, names) = (secret?, kinds?, accounts?, names?.unwrap_or(false));
    Ok(ChannelConfig { name, kind, to, secret, kinds, accounts, names, allow_private })
}

fn kinds(table: &mut Reader<'_>) -> Read<Vec<String>> {
    let Some(kinds) = table.texts("kinds")? else { return Ok(Vec::new()) };
    if kinds.is_empty() {
        let sentence = "is empty; name a kind of alerts, or take it out to hear of all of them";
        return Err(table.report("kinds", sentence));
    }
    if let Some(odd) = kinds.iter().find(|it| !ALERT_KINDS.contains(&it.as_str())) {
        let known = ALERT_KINDS.join(", ");
        return Err(table.report("kinds", format!("no alert is called {odd:?}; known are {known}")));
    }
    Ok(kinds)
}

/// What only the whole configuration shows.
pub(super) fn agree(config: &Config, scope: &Scope) {
    for (channel, number) in config.channels.iter().zip(1..) {
        if let Some(odd) = channel.accounts.iter().find(|it| !config.accounts.contains_key(*it)) {
            let sentence = format!("no account is called {odd:?}; name those of [accounts.…]");
            scope.report(&format!("channels[{number}].accounts"), sentence);
        }
        if channel.to.is_own(&config.server) {
            let sentence = "is an address of this board; give that of the receiver";
            scope.report(&format!("channels[{number}].url"), sentence);
        }
    }
}

/// The tables as they could have been written, a line each, with `hidden` for a secret.
pub(super) fn text(all: &[ChannelConfig], hidden: &str, quoted: impl Fn(&str) -> String) -> Vec<String> {
    let mut lines = Vec::new();
    let list = |all: &[String]| all.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(", ");
    let pair = |key: &str, text: &str| format!("{key} = {}", quoted(text));
    for it in all {
        lines.extend([String::new(), "[[channels]]".to_owned(), pair("name", &it.name)]);
        lines.extend([pair("kind", it.kind.word()), pair("url", &it.to.shown())]);
        lines.extend(it.secret.as_ref().map(|_| pair("secret", hidden)));
        for (key, some) in [("kinds", &it.kinds), ("accounts", &it.accounts)] {
            lines.extend((!some.is_empty()).then(|| format!("{key} = [{}]", list(some))));
        }
        lines.push(format!("names = {}", it.names));
        lines.extend(it.allow_private.then(|| "allow-private = true".to_owned()));
        lines.extend(it.to.ca_file.as_ref().map(|file| pair("ca-file", &file.to_string_lossy())));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::load;

    const SLACK: &str = "[[channels]]\nname = \"s\"\nkind = \"slack\"\nurl = \"https://hooks.example.com/services/T0/hush\"\n";

    #[test]
    fn a_channel_is_read_and_written_without_what_is_secret() {
        let hook = "secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"";
        let config = load(&format!(
            "{SLACK}kinds = [\"locked\", \"disk_low\"]\n[[channels]]\nname = \"p\"\nkind = \"webhook\"\nnames = true\n\
             url = \"https://p.example.com\"\n{hook}\n"
        ))
        .unwrap();
        let [slack, program] = &config.channels[..] else { panic!("two") };
        assert!(
            slack.hears("locked", "any") && slack.hears("disk_low", "") && !slack.hears("declined", "any")
        );
        assert!((slack.names, program.names, program.key().map(|it| it.len())) == (false, true, Some(24)));
        let shown = format!("{}{config:?}", config.effective());
        assert!(!shown.contains("hush") && !shown.contains("MfKQ"), "{shown}");
        let effective = config.effective();
        assert!(effective.contains("url = \"https://hooks.example.com/(hidden)\""), "{effective}");
        assert!(effective.contains("kinds = [\"locked\", \"disk_low\"]\nnames = false\n"), "{effective}");
        let only = ChannelConfig { accounts: vec!["a".to_owned()], ..program.clone() };
        assert!(only.hears("locked", "a") && !only.hears("locked", "b") && only.hears("disk_low", ""));
    }

    #[test]
    fn what_crosses_the_internet_unprotected_or_leads_nowhere_is_said() {
        let warned = |lines: &str| load(lines).unwrap().warnings().join("\n");
        let open = warned(&SLACK.replace("https", "http"));
        assert!(open.contains("channels[1].url (s) is http") && !open.contains("hush"), "{open}");
        assert!(open.contains("messages to channels have no links"), "{open}");
        let good = warned(&format!("[server]\npublic-url = \"https://board.example.com\"\n{SLACK}"));
        assert!(!good.contains("channel"), "{good}");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let program = SLACK.replace("slack", "webhook");
        for (lines, place) in [
            (SLACK.replace("name = \"s\"\n", ""), "channels[1].name"),
            (SLACK.replace("\"s\"", "\"mail\""), "channels[1].name"),
            (SLACK.replace("\"s\"", "\"A b\""), "channels[1].name"),
            (format!("{SLACK}{SLACK}"), "channels[2].name"),
            (SLACK.replace("slack", "irc"), "channels[1].kind"),
            (SLACK.replace("https://hooks.example.com", "http://10.0.0.1"), "channels[1].url"),
            (SLACK.replace("https://hooks.example.com", "https://localhost"), "channels[1].url"),
            (SLACK.replace("https", "ftp"), "channels[1].url"),
            (format!("{SLACK}secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\""), "channels[1].secret"),
            (format!("{program}secret = \"hush\""), "channels[1].secret"),
            (format!("{SLACK}kinds = []"), "channels[1].kinds"),
            (format!("{SLACK}kinds = [\"lost\"]"), "channels[1].kinds"),
            (format!("{SLACK}accounts = [\"x\"]"), "channels[1].accounts"),
            (format!("{SLACK}on = 1"), "channels[1].on"),
        ] {
            let problems = load(&lines).unwrap_err();
            assert!(problems.iter().any(|it| it.path == place), "{lines}: {problems}");
            assert!(!problems.to_string().contains("hush"), "{problems}");
        }
        assert!(
            load(&format!("{SLACK}allow-private = true").replace("hooks.example.com", "10.0.0.1")).is_ok()
        );
    }
}
