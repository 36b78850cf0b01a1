//! What an administrator sets at WebSignatureOffice so that it calls the board: the exact lines, without a secret.

use crate::config::{CallbackAuth, Secret};
use crate::provider::SetupStep;

/// The steps for callbacks to `url`, which may hold a placeholder.
pub(super) fn steps(url: &str, auth: &CallbackAuth, asks_tyr: bool) -> Vec<SetupStep> {
    let headers = headers(auth);
    let mut steps = vec![config_ini(url, &headers)];
    if headers.iter().any(|header| header.has_comma) {
        steps.push(note(
            "The configured secret holds a comma. `config.ini` separates its lists by commas, so that secret can never \
             arrive: choose one without.",
        ));
    }
    steps.push(per_document(url));
    steps.push(note(
        "The printed example of the manual has a `>` too many, just before `</CallbackUrl>`. Copied as it is, every \
         callback goes to an address that ends in `>`.",
    ));
    if !headers.is_empty() {
        steps.push(note(
            "It is not documented whether the extra headers are sent to a document's own `CallbackUrl` too. If such \
             calls are refused, use `auth = \"none\"` with a `path-token` instead: the token is part of the address.",
        ));
    }
    if !asks_tyr {
        steps.push(note(
            "If the board is to ask for the status of a document by itself, have StepOver give you a customer key and a \
             shared secret for the web service Tyr, and configure them as this account's `api`. Callbacks work without it.",
        ));
    }
    steps
}

fn config_ini(url: &str, headers: &[Header<'_>]) -> SetupStep {
    let mut lines = vec![
        format!("webso_events_url={url}"),
        // Both are written out: by the newer manual nothing is ever sent again unless the first is set.
        "webso_events_retry=5000".to_owned(),
        "webso_events_retries=-1".to_owned(),
    ];
    if !headers.is_empty() {
        let (names, values): (Vec<_>, Vec<_>) = headers.iter().map(|it| (it.name, it.value.as_str())).unzip();
        lines.push(format!("webso_events_keys={}", names.join(",")));
        lines.push(format!("webso_events_values={}", values.join(",")));
    }
    SetupStep {
        what: "Write these lines into `config.ini` of WebSignatureOffice, with the real value in place of each `<…>`, and \
               leave `webso_events_filter` out, so that every event is sent. They hold for the whole server. The file is yours on your own installation; where StepOver \
               hosts it for you, ask StepOver to set them."
            .to_owned(),
        lines,
    }
}

fn per_document(url: &str) -> SetupStep {
    SetupStep {
        what: "Or name the address for one document at a time, in the XML that is uploaded by `processXML`: the line \
               stands directly under `<ESign>`, before `<PDF>`; in an envelope once in each `<Document>` under \
               `<ESign><SignatureRequestEnvelope><Documents>`. A document without it uses the server's address."
            .to_owned(),
        // The only character of an address that XML reads otherwise.
        lines: vec![format!("<CallbackUrl>{}</CallbackUrl>", url.replace('&', "&amp;"))],
    }
}

fn note(what: &str) -> SetupStep {
    SetupStep { what: what.to_owned(), lines: Vec::new() }
}

/// A header that has to be sent along.
struct Header<'a> {
    name: &'a str,
    /// What stands for its value.
    value: String,
    /// Whether the real value holds a comma.
    has_comma: bool,
}

/// The headers that `auth` expects, in the order of their names.
fn headers(auth: &CallbackAuth) -> Vec<Header<'_>> {
    let one = |value: &str, secrets: &[&Secret]| {
        let has_comma = secrets.iter().any(|secret| secret.expose().contains(','));
        vec![Header { name: "Authorization", value: value.to_owned(), has_comma }]
    };
    match auth {
        CallbackAuth::Headers(pairs) => pairs
            .iter()
            .map(|(name, secret)| Header {
                name,
                value: format!("<value of {name}>"),
                has_comma: secret.expose().contains(','),
            })
            .collect(),
        CallbackAuth::Key { key, .. } => one("Basic <key>", &[key]),
        // Base64 has no commas.
        CallbackAuth::Basic { .. } => one("Basic <base64 of username:password>", &[]),
        CallbackAuth::Bearer { token, .. } => one("Bearer <token>", &[token]),
        CallbackAuth::Signed { .. } | CallbackAuth::OAuth2 { .. } | CallbackAuth::None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://board.example/callbacks/webso/<path-token>";

    fn with_headers(pairs: &[(&str, &str)]) -> CallbackAuth {
        CallbackAuth::Headers(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect(),
        )
    }

    #[test]
    fn the_lines_can_be_copied() {
        let auth = with_headers(&[("user", "hush"), ("Authorization", "Basic hush")]);
        let steps = steps(URL, &auth, true);
        assert_eq!(
            steps[0].lines,
            [
                "webso_events_url=https://board.example/callbacks/webso/<path-token>",
                "webso_events_retry=5000",
                "webso_events_retries=-1",
                "webso_events_keys=Authorization,user",
                "webso_events_values=<value of Authorization>,<value of user>",
            ]
        );
        assert_eq!(
            steps[1].lines,
            ["<CallbackUrl>https://board.example/callbacks/webso/<path-token></CallbackUrl>"]
        );
        assert!(steps[2].what.contains("example of the manual has a `>`"), "{steps:?}");
        assert!(!format!("{steps:?}").contains("hush"));
    }

    #[test]
    fn a_comma_in_a_header_is_told() {
        let comma = |auth: &CallbackAuth| {
            let steps = steps(URL, auth, true);
            assert!(!format!("{steps:?}").contains("hush"));
            steps.iter().any(|step| step.what.contains("holds a comma"))
        };
        assert!(comma(&with_headers(&[("a", "hush"), ("b", "hush,hush")])));
        assert!(!comma(&with_headers(&[("a", "hush")])));
        assert!(comma(&CallbackAuth::Bearer { token: Secret::new("hush,"), next: None }));
        assert!(!comma(&CallbackAuth::None));
    }

    #[test]
    fn without_headers_there_are_no_lists_of_them() {
        let open = steps(URL, &CallbackAuth::None, false);
        assert_eq!(open[0].lines.len(), 3);
        assert!(open.iter().any(|step| step.what.contains("Tyr")));
        assert!(!steps(URL, &CallbackAuth::None, true).iter().any(|step| step.what.contains("Tyr")));
    }
}
