//! Who hears of what is worth telling: the `[alerts]` table, and the lists of last resort of the accounts.

use std::time::Duration;

use super::Config;
use super::mail::addresses;
use super::reader::Reader;
use super::reconcile::{span, words};
use super::scope::{Read, Scope, join};

const HOUR: u64 = 60 * 60;

/// The `[alerts]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertsConfig {
    /// Who was told is reminded after so long, as long as nobody sees to it; `None`: never.
    pub nag_after: Option<Duration>,
    /// Who hears, beside the admins, of what is wrong with the board itself: mail addresses, in lower case.
    pub operators: Vec<String>,
    /// More missed callbacks of an account a day are wrong.
    pub drift_per_day: u32,
    /// A package that was sent and did not change for so long is told of; `None`: none is.
    pub inactive_after: Option<Duration>,
    /// Who hears of packages beside their followers and senders.
    pub rules: Vec<AlertRule>,
}

impl Default for AlertsConfig {
    fn default() -> Self {
        Self {
            nag_after: None,
            operators: Vec::new(),
            drift_per_day: 20,
            inactive_after: None,
            rules: Vec::new(),
        }
    }
}

/// Who hears of the packages that all of it is true of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertRule {
    /// They are of this account.
    pub account: Option<String>,
    /// They belong to this group.
    pub group: Option<String>,
    /// The customer's own reference is this; or begins so, where a `*` ends it. Whatever the case.
    pub tag: Option<String>,
    /// Mail addresses, in lower case.
    pub to: Vec<String>,
}

impl AlertRule {
    /// Whether all of it is true of a package.
    #[must_use]
    pub fn fits(&self, account: &str, group: Option<&str>, reference: Option<&str>) -> bool {
        let is = |wanted: &Option<String>, it: Option<&str>| {
            wanted.as_ref().is_none_or(|wanted| it.is_some_and(|it| it == wanted))
        };
        let tagged = |wanted: &String| {
            let (wanted, it) = (wanted.to_lowercase(), reference.unwrap_or_default().to_lowercase());
            reference.is_some()
                && wanted.strip_suffix('*').map_or(it == wanted, |begin| it.starts_with(begin))
        };
        is(&self.account, Some(account)) && is(&self.group, group) && self.tag.as_ref().is_none_or(tagged)
    }
}

/// The whole table.
pub(super) fn alerts(mut table: Reader<'_>) -> Read<AlertsConfig> {
    let nag_after = table.checked("nag-after", |it| span(it, HOUR / 4, 30 * 24 * HOUR));
    let operators = addresses(&mut table, "operators");
    let drift_per_day = table.number("drift-per-day", 0..=1_000_000);
    let inactive_after = table.checked("inactive-after", |it| span(it, HOUR, 365 * 24 * HOUR));
    let rules: Read<Vec<_>> = table.tables("rules").and_then(|all| all.into_iter().map(rule).collect());
    table.finish();
    Ok(AlertsConfig {
        nag_after: nag_after?,
        operators: operators?,
        drift_per_day: drift_per_day?.unwrap_or(AlertsConfig::default().drift_per_day),
        inactive_after: inactive_after?,
        rules: rules?,
    })
}

fn rule(mut table: Reader<'_>) -> Read<AlertRule> {
    let (account, group, tag) = (table.text("account"), table.text("group"), table.text("tag"));
    let to = addresses(&mut table, "to").and_then(|to| {
        let none = || table.missing("to", "whom to tell, such as to = [\"ops@example.com\"]");
        if to.is_empty() { Err(none()) } else { Ok(to) }
    });
    table.finish();
    Ok(AlertRule { account: account?, group: group?, tag: tag?, to: to? })
}

/// What can't be right of several tables together.
pub(super) fn look_over(scope: &Scope, config: &Config) {
    for (at, rule) in config.alerts.rules.iter().enumerate() {
        let path = format!("alerts.rules[{}]", at + 1);
        if let Some(odd) = rule.account.as_ref().filter(|it| !config.accounts.contains_key(*it)) {
            scope.report(&format!("{path}.account"), format!("no account is called {odd:?}"));
        }
        refused(scope, config, &format!("{path}.to"), &rule.to);
    }
    refused(scope, config, "alerts.operators", &config.alerts.operators);
    for (id, account) in &config.accounts {
        refused(scope, config, &format!("{}.fallback", join("accounts", id)), &account.fallback);
    }
}

fn refused(scope: &Scope, config: &Config, path: &str, to: &[String]) {
    let Some(mail) = &config.mail else { return };
    for address in to.iter().filter(|it| !mail.allows(it)) {
        scope.report(
            path,
            format!("{address:?} is of no domain in mail.allowed-domains, so no mail would go there"),
        );
    }
}

/// The tables as they could have been written, a line each.
pub(super) fn text(config: &AlertsConfig, quoted: impl Fn(&str) -> String) -> Vec<String> {
    let list = |all: &[String]| all.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(", ");
    let mut lines = Vec::new();
    if *config != AlertsConfig::default() {
        lines.extend([String::new(), "[alerts]".to_owned()]);
    }
    lines.extend(config.nag_after.map(|it| format!("nag-after = {}", quoted(&words(it)))));
    if !config.operators.is_empty() {
        lines.push(format!("operators = [{}]", list(&config.operators)));
    }
    if config.drift_per_day != AlertsConfig::default().drift_per_day {
        lines.push(format!("drift-per-day = {}", config.drift_per_day));
    }
    lines.extend(config.inactive_after.map(|it| format!("inactive-after = {}", quoted(&words(it)))));
    for rule in &config.rules {
        lines.extend([String::new(), "[[alerts.rules]]".to_owned()]);
        for (key, value) in [("account", &rule.account), ("group", &rule.group), ("tag", &rule.tag)] {
            lines.extend(value.as_ref().map(|it| format!("{key} = {}", quoted(it))));
        }
        lines.push(format!("to = [{}]", list(&rule.to)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::load;

    const ACCOUNT: &str =
        "[accounts.a]\nprovider = \"onespan\"\ncallback = { auth = \"key\", key = \"k\" }\n";
    const MAIL: &str = "[mail]\nserver = \"smtp://127.0.0.1:1\"\nfrom = \"b@example.com\"\nallowed-domains = [\"example.com\"]\n";

    #[test]
    fn rules_and_fallbacks_are_read_and_written() {
        let lines = format!(
            "{ACCOUNT}fallback = [\"Ops@example.com\", \"ops@example.com\"]\n{MAIL}[alerts]\nnag-after = \"4h\"\n\
             [[alerts.rules]]\naccount = \"a\"\ntag = \"LOAN-*\"\nto = [\"loans@example.com\"]\n[[alerts.rules]]\nto = [\"all@example.com\"]\n"
        );
        let config = load(&lines).unwrap();
        assert_eq!(config.accounts["a"].fallback, ["ops@example.com"]);
        assert_eq!(config.alerts.nag_after, Some(Duration::from_secs(4 * HOUR)));
        assert_eq!(config.alerts.rules.len(), 2);
        let effective = config.effective();
        assert!(effective.contains("fallback = [\"ops@example.com\"]"), "{effective}");
        assert!(effective.contains("nag-after = \"4h\""), "{effective}");
        assert!(effective.contains("tag = \"LOAN-*\"\nto = [\"loans@example.com\"]"), "{effective}");
    }

    #[test]
    fn what_operators_hear_of_is_read_and_written() {
        let text = "operators = [\"ops@example.com\"]\ndrift-per-day = 5\ninactive-after = \"14d\"";
        let config = load(&format!("{ACCOUNT}[alerts]\n{text}\n")).unwrap();
        assert_eq!(config.alerts.operators, ["ops@example.com"]);
        assert_eq!(config.alerts.drift_per_day, 5);
        assert_eq!(config.alerts.inactive_after, Some(Duration::from_secs(14 * 24 * HOUR)));
        assert!(config.effective().contains(text), "{}", config.effective());
        let config = load(ACCOUNT).unwrap();
        assert_eq!((config.alerts.drift_per_day, config.alerts.inactive_after), (20, None));
        assert!(!config.effective().contains("[alerts]"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (lines, place) in [
            (format!("{ACCOUNT}fallback = [\"ops\"]"), "accounts.a.fallback"),
            (format!("{ACCOUNT}fallback = [\"ops@example.org\"]\n{MAIL}"), "accounts.a.fallback"),
            (format!("{MAIL}[[alerts.rules]]\nto = [\"a@example.org\"]"), "alerts.rules[1].to"),
            (
                "[[alerts.rules]]\naccount = \"x\"\nto = [\"a@example.org\"]".to_owned(),
                "alerts.rules[1].account",
            ),
            ("[[alerts.rules]]\ngroup = \"x\"".to_owned(), "alerts.rules[1].to"),
            ("[[alerts.rules]]\nto = [\"a@b\"]\nwho = 1".to_owned(), "alerts.rules[1].who"),
            ("[alerts]\nrules = 1".to_owned(), "alerts.rules"),
            ("[alerts]\nnag-after = \"1m\"".to_owned(), "alerts.nag-after"),
            ("[alerts]\ninactive-after = \"10m\"".to_owned(), "alerts.inactive-after"),
            ("[alerts]\ndrift-per-day = -1".to_owned(), "alerts.drift-per-day"),
            (format!("{MAIL}[alerts]\noperators = [\"a@example.org\"]"), "alerts.operators"),
        ] {
            let problems = load(&lines).unwrap_err();
            assert!(problems.iter().any(|it| it.path == place), "{lines}: {problems}");
        }
    }

    #[test]
    fn a_rule_fits_where_all_of_it_is_true() {
        let some = |text: &str| Some(text.to_owned());
        let rule = AlertRule { account: some("a"), group: None, tag: some("loan-*"), to: Vec::new() };
        assert!(rule.fits("a", None, Some("LOAN-7")));
        assert!(
            !rule.fits("b", None, Some("LOAN-7"))
                && !rule.fits("a", None, None)
                && !rule.fits("a", None, Some("x"))
        );
        let rule = AlertRule { group: some("g"), tag: some("T"), ..AlertRule::default() };
        assert!(rule.fits("a", Some("g"), Some("t")) && !rule.fits("a", Some("g"), Some("tt")));
        assert!(!rule.fits("a", None, Some("t")));
    }
}
