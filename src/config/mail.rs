//! The `[mail]` table: the server that takes the board's mails, and what they may hold and whom they may go to.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use lettre::Address;
use lettre::message::Mailbox;
use reqwest::Url;

use super::Secret;
use super::api::Outbound;
use super::reader::Reader;
use super::scope::Read;

/// Where mails are handed in by people's programs, unless the address says otherwise.
const SUBMISSION: u16 = 587;
const SUBMISSIONS: u16 = 465;

/// How mails leave this board.
#[derive(Clone)]
pub struct MailConfig {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is encrypted.
    pub tls: MailTls,
    /// The user name and password that the server asks for.
    pub login: Option<(String, Secret)>,
    /// Whom mails come from, as written.
    pub from: String,
    /// Mails go to addresses of these domains alone, in lower case; `None`: to any.
    pub allowed_domains: Option<Vec<String>>,
    /// Mails may hold names, mail addresses and words of signers, and the names of packages.
    pub names: bool,
    /// A private certificate authority; the server's.
    pub ca_file: Option<PathBuf>,
}

/// How the way to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// From the first byte on: `smtps://`.
    Whole,
    /// The server has to offer STARTTLS, with a certificate that can be trusted.
    Required,
    /// Where the server offers STARTTLS, whatever its certificate: whoever can forge one could hide the offer, too.
    Opportunistic,
    /// Not at all.
    Never,
}

impl MailTls {
    const STARTTLS: [(&'static str, Self); 3] =
        [("required", Self::Required), ("opportunistic", Self::Opportunistic), ("never", Self::Never)];
}

/// The whole table.
pub(super) fn mail(mut table: Reader<'_>, outbound: &Outbound) -> Read<MailConfig> {
    let advice = "the address of a mail server, such as \"smtps://mail.example.com\"";
    let server = table.required_checked("server", advice, server);
    let starttls = table.checked("starttls", |text| {
        let found = MailTls::STARTTLS.into_iter().find(|(word, _)| *word == text);
        found
            .map(|(_, it)| it)
            .ok_or_else(|| format!("{text:?} is none of \"required\", \"opportunistic\" and \"never\""))
    });
    let username = table.text("username");
    let password = table.secret("password");
    let from = table.required_checked(
        "from",
        "whom mails come from, such as \"signboard <board@example.com>\"",
        mailbox,
    );
    let allowed_domains = domains(&mut table);
    let names = table.flag("names");
    let (starttls, username, password) = (starttls?, username?, password?);
    let tls = match (&server, starttls) {
        (Ok((_, _, true)), Some(_)) => Err(table.report(
            "starttls",
            "is for smtp:// addresses; smtps:// is encrypted from the start, so take it out",
        )),
        (Ok((_, _, true)), None) => Ok(MailTls::Whole),
        (_, Some(starttls)) => Ok(starttls),
        // What stays on this machine nobody else reads.
        (Ok((host, _, false)), None) if is_here(host) => Ok(MailTls::Opportunistic),
        (_, None) => Ok(MailTls::Required),
    };
    let login = match (username, password) {
        (Some(username), Some(password)) => Ok(Some((username, password))),
        (None, None) => Ok(None),
        (Some(_), None) => {
            Err(table.missing("password", "a username has one; give it as password or password-file"))
        }
        (None, Some(_)) => Err(table.missing("username", "a password belongs to one")),
    };
    table.finish();
    let (host, port, _) = server?;
    Ok(MailConfig {
        host,
        port,
        tls: tls?,
        login: login?,
        from: from?,
        allowed_domains: allowed_domains?,
        names: names?.unwrap_or(true),
        ca_file: outbound.ca_file.clone(),
    })
}

/// Mail addresses in lower case, of which none stands there twice.
pub(super) fn addresses(table: &mut Reader<'_>, key: &str) -> Read<Vec<String>> {
    let Some(texts) = table.texts(key)? else { return Ok(Vec::new()) };
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        let address = text.trim().to_lowercase();
        if address.parse::<Address>().is_err() {
            return Err(
                table.report(key, format!("{text:?} is no mail address, such as \"ops@example.com\""))
            );
        }
        if !all.contains(&address) {
            all.push(address);
        }
    }
    Ok(all)
}

/// Host, port, and whether it is encrypted from the start.
fn server(text: &str) -> Result<(String, u16, bool), String> {
    let wrong = || "is no address of a mail server; write it as smtp://host:port or smtps://host".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let (port, whole) = match url.scheme() {
        "smtp" => (SUBMISSION, false),
        "smtps" => (SUBMISSIONS, true),
        _ => return Err(wrong()),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or password; write them as username and password-file".to_owned());
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if host.is_empty() || !bare {
        return Err(wrong());
    }
    Ok((host.to_owned(), url.port().unwrap_or(port), whole))
}

fn mailbox(text: &str) -> Result<String, String> {
    text.parse::<Mailbox>()
        .map(|_| text.to_owned())
        .map_err(|_| format!("{text:?} is no mail address, such as \"signboard <board@example.com>\""))
}

fn domains(table: &mut Reader<'_>) -> Read<Option<Vec<String>>> {
    let key = "allowed-domains";
    let Some(texts) = table.texts(key)? else { return Ok(None) };
    let all: Vec<String> = texts.iter().map(|it| it.trim().trim_start_matches('@').to_lowercase()).collect();
    if all.is_empty() {
        return Err(
            table.report(key, "is empty, so nobody could be written to; name a domain, or take it out")
        );
    }
    if let Some(odd) = all.iter().find(|it| format!("a@{it}").parse::<Address>().is_err()) {
        return Err(
            table.report(key, format!("{odd:?} is no domain of mail addresses, such as \"example.com\""))
        );
    }
    Ok(Some(all))
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|it| it.to_canonical().is_loopback())
}

impl MailConfig {
    /// Whether mails may go to this address.
    #[must_use]
    pub fn allows(&self, address: &str) -> bool {
        let domain = address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
        self.allowed_domains.as_ref().is_none_or(|some| domain.is_some_and(|it| some.contains(&it)))
    }

    /// The server's address, as it could have been written.
    #[must_use]
    pub fn server(&self) -> String {
        let scheme = if self.tls == MailTls::Whole { "smtps" } else { "smtp" };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{scheme}://{host}:{}", self.port)
    }

    /// What `starttls` says; `None`: it doesn't stand there.
    pub(super) fn starttls(&self) -> Option<&'static str> {
        MailTls::STARTTLS.into_iter().find(|(_, it)| *it == self.tls).map(|(word, _)| word)
    }

    /// Whether mails, and perhaps a password, may cross a network for all to read.
    pub(super) fn is_unprotected(&self) -> bool {
        matches!(self.tls, MailTls::Opportunistic | MailTls::Never) && !is_here(&self.host)
    }
}

impl fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailConfig")
            .field("server", &self.server())
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::load;

    const FROM: &str = "from = \"signboard <board@example.com>\"";

    #[test]
    fn the_way_to_the_server_is_encrypted_unless_it_stays_on_this_machine_or_somebody_says_so() {
        for (server, starttls, tls, shown) in [
            ("smtp://127.0.0.1:2525", "", MailTls::Opportunistic, "smtp://127.0.0.1:2525"),
            ("smtp://[::1]:25", "", MailTls::Opportunistic, "smtp://[::1]:25"),
            ("smtp://mail.example.com", "", MailTls::Required, "smtp://mail.example.com:587"),
            (
                "smtp://mail.example.com:25/",
                "starttls = \"never\"",
                MailTls::Never,
                "smtp://mail.example.com:25",
            ),
            ("smtp://localhost", "starttls = \"required\"", MailTls::Required, "smtp://localhost:587"),
            ("smtps://mail.example.com", "", MailTls::Whole, "smtps://mail.example.com:465"),
        ] {
            let config = load(&format!("[mail]\nserver = \"{server}\"\n{starttls}\n{FROM}")).unwrap();
            let mail = config.mail.clone().unwrap();
            assert_eq!((mail.tls, mail.server().as_str()), (tls, shown), "{server}");
            assert_eq!(load(&config.effective()).unwrap().effective(), config.effective(), "{server}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_and_no_password_is_shown() {
        let good = "server = \"smtp://127.0.0.1:2525\"";
        for (lines, place) in [
            (FROM.to_owned(), "mail.server"),
            (format!("server = \"http://x\"\n{FROM}"), "mail.server"),
            (format!("server = \"smtp://a:hush@x\"\n{FROM}"), "mail.server"),
            (format!("server = \"smtp://x/path\"\n{FROM}"), "mail.server"),
            (good.to_owned(), "mail.from"),
            (format!("{good}\nfrom = \"board\""), "mail.from"),
            (format!("{good}\n{FROM}\nstarttls = \"maybe\""), "mail.starttls"),
            (format!("server = \"smtps://x\"\n{FROM}\nstarttls = \"never\""), "mail.starttls"),
            (format!("{good}\n{FROM}\nusername = \"u\""), "mail.password"),
            (format!("{good}\n{FROM}\npassword = \"hush\""), "mail.username"),
            (format!("{good}\n{FROM}\nallowed-domains = []"), "mail.allowed-domains"),
            (format!("{good}\n{FROM}\nallowed-domains = [\"a b\"]"), "mail.allowed-domains"),
            (format!("{good}\n{FROM}\nname = false"), "mail.name"),
        ] {
            let problems = load(&format!("[mail]\n{lines}")).unwrap_err();
            assert!(problems.iter().any(|it| it.path == place), "{lines}: {problems}");
            assert!(!problems.to_string().contains("hush"), "{problems}");
        }
        let lines = format!("[mail]\n{good}\n{FROM}\nusername = \"u\"\npassword = \"hush\"\nnames = false");
        let config = load(&lines).unwrap();
        assert!(!format!("{config:?}{}", config.effective()).contains("hush"));
        assert!(config.effective().contains("names = false"));
    }

    #[test]
    fn mails_go_to_allowed_domains_alone() {
        let lines =
            "[mail]\nserver = \"smtp://127.0.0.1:1\"\nallowed-domains = [\"Example.com\", \"@example.org\"]";
        let mail = load(&format!("{lines}\n{FROM}")).unwrap().mail.unwrap();
        for (address, may) in [
            ("a@example.com", true),
            ("A@EXAMPLE.ORG", true),
            ("a@sub.example.com", false),
            ("a@example.com.evil.net", false),
            ("\"a@example.com\"@evil.net", false),
            ("example.com", false),
        ] {
            assert_eq!(mail.allows(address), may, "{address}");
        }
    }
}
