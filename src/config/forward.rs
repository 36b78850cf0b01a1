//! The `forward` table of an account: another listener, to which what comes is passed on.
//!
//! Its address is a secret but for the host: listeners often carry a token in their path or behind the question mark.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use reqwest::Url;

use super::api::Outbound;
use super::reader::Reader;
use super::scope::Read;
use super::{Secret, ServerConfig, address};

/// Endings of names that mean something in one's own network alone.
const INSIDE: [&str; 6] = [".local", ".internal", ".lan", ".home.arpa", ".localhost", ".test"];

/// Another listener of an account's callbacks.
#[derive(Clone)]
pub struct ForwardConfig {
    /// Its whole address.
    pub url: Secret,
    /// The proxy on the way to it. The server's own is for providers: a listener mostly is on this side of it. May carry a
    /// password: do not log it.
    pub proxy: Option<String>,
    /// A private certificate authority, the listener's own or else the server's.
    pub ca_file: Option<PathBuf>,
}

/// The whole table.
pub(super) fn forward(mut table: Reader<'_>, outbound: &Outbound) -> Read<ForwardConfig> {
    let url = table.required_secret("url", |text| address::listener(text).map(|_| ()));
    let proxy = table.checked("proxy", address::proxy);
    let ca_file = table.file("ca-file");
    table.finish();
    Ok(ForwardConfig { url: url?, proxy: proxy?, ca_file: ca_file?.or_else(|| outbound.ca_file.clone()) })
}

impl ForwardConfig {
    /// The host alone, to be shown.
    #[must_use]
    pub fn host(&self) -> String {
        self.parsed().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The address without what may be secret in it.
    pub(super) fn shown(&self) -> String {
        let Some(mut url) = self.parsed() else { return "(hidden)".to_owned() };
        if url.path() != "/" || url.query().is_some() {
            url.set_query(None);
            url.set_path("/");
            return format!("{url}(hidden)");
        }
        url.to_string()
    }

    /// Whether what comes to this board would come to it again for ever.
    pub(super) fn is_own(&self, server: &ServerConfig) -> bool {
        let Some(url) = self.parsed() else { return false };
        let public = server.public_url.as_deref().and_then(|it| Url::parse(it).ok());
        let is_public = public.is_some_and(|public| {
            let callbacks = format!("{}/callbacks/", public.path().trim_end_matches('/'));
            url.origin() == public.origin() && url.path().starts_with(&callbacks)
        });
        let listens = |at: SocketAddr| {
            let ip = ip(&url);
            let here = url.host_str() == Some("localhost")
                || ip.is_some_and(|ip| ip.is_loopback() || ip.is_unspecified() || ip == at.ip());
            at.port() != 0 && url.port_or_known_default() == Some(at.port()) && here
        };
        is_public || listens(server.listen) || server.callbacks_listen.is_some_and(listens)
    }

    /// Whether callbacks and their secrets would cross the Internet as plain text.
    pub(super) fn is_unprotected(&self) -> bool {
        let Some(url) = self.parsed().filter(|url| url.scheme() == "http") else { return false };
        match ip(&url) {
            Some(IpAddr::V4(ip)) => !(ip.is_loopback() || ip.is_private() || ip.is_link_local()),
            Some(IpAddr::V6(ip)) => !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()),
            None => {
                let host = url.host_str().unwrap_or_default().trim_end_matches('.');
                host.contains('.') && !INSIDE.iter().any(|ending| host.ends_with(ending))
            }
        }
    }

    fn parsed(&self) -> Option<Url> {
        Url::parse(self.url.expose()).ok()
    }
}

fn ip(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?.trim_matches(['[', ']']);
    host.parse().ok().map(|ip: IpAddr| ip.to_canonical())
}

impl fmt::Debug for ForwardConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForwardConfig")
            .field("url", &self.url)
            // By hand for the sake of this line: a proxy's address may carry its password.
            .field("proxy", &self.proxy.as_deref().map(address::without_login))
            .field("ca_file", &self.ca_file)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(url: &str) -> ForwardConfig {
        assert!(address::listener(url).is_ok(), "{url}");
        ForwardConfig { url: Secret::new(url), proxy: None, ca_file: None }
    }

    #[test]
    fn only_the_host_is_shown() {
        for (url, shown) in [
            ("https://old.example.com", "https://old.example.com/"),
            ("https://old.example.com/hush/", "https://old.example.com/(hidden)"),
            ("http://10.0.0.5:8090/?k=hush", "http://10.0.0.5:8090/(hidden)"),
            ("http://[fd00::5]/hush", "http://[fd00::5]/(hidden)"),
        ] {
            assert_eq!(to(url).shown(), shown);
            assert!(!format!("{:?} {}", to(url), to(url).host()).contains("hush"));
        }
        assert_eq!(to("https://old.example.com:9443/x").host(), "old.example.com");
    }

    #[test]
    fn a_way_back_to_this_board_is_seen() {
        let server = ServerConfig {
            callbacks_listen: Some(SocketAddr::from(([0, 0, 0, 0], 8081))),
            public_url: Some("https://hooks.example.com/board".to_owned()),
            ..ServerConfig::default()
        };
        for own in [
            "https://hooks.example.com/board/callbacks/a",
            "https://HOOKS.example.com:443/board/callbacks/other?x=1",
            "http://127.0.0.1:8080/callbacks/a",
            "http://localhost:8081/",
            "http://[::1]:8081/x",
            "http://0.0.0.0:8080/x",
            "http://[::ffff:127.0.0.1]:8080/x",
        ] {
            assert!(to(own).is_own(&server), "{own}");
        }
        for other in [
            "https://hooks.example.com/esl",
            "https://hooks.example.com/board/callback",
            "http://hooks.example.com/board/callbacks/a",
            "http://127.0.0.1:9000/callbacks/a",
            "http://10.0.0.7:8081/callbacks/a",
        ] {
            assert!(!to(other).is_own(&server), "{other}");
        }
    }

    #[test]
    fn plain_text_is_for_ones_own_network() {
        for inside in [
            "https://old.example.com/",
            "http://localhost:1/",
            "http://127.0.0.1/",
            "http://192.168.1.5/",
            "http://[fd00::1]/",
            "http://listener:8090/",
            "http://app.corp.internal/",
        ] {
            assert!(!to(inside).is_unprotected(), "{inside}");
        }
        for outside in ["http://old.example.com/", "http://8.8.8.8/", "http://[2001:db8::1]/"] {
            assert!(to(outside).is_unprotected(), "{outside}");
        }
    }
}
