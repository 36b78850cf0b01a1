//! Checks on the addresses of web servers and proxies. The sentences never quote one: it may hold a password.

use reqwest::Url;

/// An http or https address in its normal form, without a slash at the end; `Err` says what is wrong with it.
pub(super) fn web(text: &str) -> Result<String, String> {
    let url = parse(text)?;
    if has_login(&url) {
        return Err(
            "holds a user name or password, which do not belong in this address; take them out".into()
        );
    }
    Ok(trimmed(&url))
}

/// As [`web`], but a proxy may want a login.
pub(super) fn proxy(text: &str) -> Result<String, String> {
    parse(text).map(|url| trimmed(&url))
}

/// The address of a listener, as it is: its path may end in a slash, and it may ask for a query.
pub(super) fn listener(text: &str) -> Result<Url, String> {
    let url = split(text)?;
    if has_login(&url) {
        return Err(
            "holds a user name or password, in whose place the callback's own Authorization header goes; take them out"
                .into(),
        );
    }
    if url.fragment().is_some() {
        return Err("must end before any `#`".into());
    }
    Ok(url)
}

/// Where people look at a package at its provider, with `{id}` in the place of its id. What is in an id is anybody's, so it
/// may stand where it can't lead to another host.
pub(super) fn page_of_package(text: &str) -> Result<String, String> {
    const ID: &str = "{id}";
    if text.matches(ID).count() != 1 {
        return Err(
            "must hold {id} once, in the place of the package's id, such as https://host/path/{id}".into()
        );
    }
    let url = split(&text.replace(ID, "id"))?;
    let other = split(&text.replace(ID, "other.example"))?;
    if url.scheme() != "https" {
        return Err("must begin with https://".into());
    }
    if has_login(&url) || has_login(&other) {
        return Err("holds a user name or password; take them out".into());
    }
    if url.host_str() != other.host_str() || url.port() != other.port() {
        return Err("must hold {id} behind the host, such as https://host/path/{id}".into());
    }
    Ok(text.to_owned())
}

/// The address with its login hidden, to be shown.
pub(super) fn without_login(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return "(hidden)".to_owned() };
    // Both setters fail only where there is no host, and then there is no login either.
    if has_login(&url) && (url.set_username("(hidden)").is_err() || url.set_password(None).is_err()) {
        return "(hidden)".to_owned();
    }
    trimmed(&url)
}

/// Whether what is sent there crosses a network unencrypted.
pub(super) fn is_unprotected(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let local = host == "localhost" || host.parse().is_ok_and(|it: std::net::IpAddr| it.is_loopback());
        url.scheme() == "http" && !local
    })
}

fn split(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("is not a web address ({error}); write it as https://host/path"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must begin with https:// or http://".into());
    }
    Ok(url)
}

fn parse(text: &str) -> Result<Url, String> {
    let url = split(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must end before any `?` or `#`".into());
    }
    Ok(url)
}

fn has_login(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn trimmed(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}
