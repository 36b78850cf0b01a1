//! What to set at OneSpan Sign so that it calls (reference C.1).

use super::super::SetupStep;
use crate::config::CallbackAuth;

/// The events that OneSpan's newest published client can ask for. All are off until they are chosen. TEMPLATE_CREATE is
/// among them since only it tells that an id is no package's.
pub(in super::super) const EVENTS: [&str; 21] = [
    "PACKAGE_CREATE",
    "PACKAGE_ACTIVATE",
    "PACKAGE_DEACTIVATE",
    "PACKAGE_READY_FOR_COMPLETE",
    "PACKAGE_COMPLETE",
    "PACKAGE_DECLINE",
    "PACKAGE_OPT_OUT",
    "PACKAGE_EXPIRE",
    "PACKAGE_ARCHIVE",
    "PACKAGE_TRASH",
    "PACKAGE_RESTORE",
    "PACKAGE_DELETE",
    "PACKAGE_ATTACHMENT",
    "DOCUMENT_SIGNED",
    "DOCUMENT_VIEWED",
    "SIGNER_COMPLETE",
    "SIGNER_LOCKED",
    "KBA_FAILURE",
    "EMAIL_BOUNCE",
    "ROLE_REASSIGN",
    "TEMPLATE_CREATE",
];

/// The page, what to prove oneself with, and the same by one call.
pub(super) fn steps(callback: &CallbackAuth, url: &str) -> Vec<SetupStep> {
    let mut steps = vec![SetupStep {
        what: "In OneSpan Sign, open Admin, Event Notifications; enter this callback URL, and choose all events: \
               they are off by default."
            .to_owned(),
        lines: vec![url.to_owned()],
    }];
    let proof = match callback {
        CallbackAuth::Key { .. } => Some("As the callback key, enter the key that stands under `callback`.".to_owned()),
        CallbackAuth::Basic { username, .. } => Some(format!(
            "As the callback key, enter {username}:<password>, with the password that stands under `callback`."
        )),
        CallbackAuth::Bearer { .. } => Some(
            "Choose OAuth; OneSpan then fetches the token from your own authorization server, which has to give out the \
             one that stands under `callback`."
                .to_owned(),
        ),
        CallbackAuth::Headers(pairs) => {
            let names: Vec<&str> = pairs.keys().map(String::as_str).collect();
            Some(format!(
                "Have OneSpan's support switch on custom headers, then add what stands under `callback`: {}.",
                names.join(", ")
            ))
        }
        CallbackAuth::OAuth2 { issuer, audience, .. } => Some(format!(
            "Choose OAuth and enter a client of your authorization server {issuer}; OneSpan fetches a token there for each \
             callback. Its tokens must be signed (RS256, PS256 or ES256) and name the audience {audience}."
        )),
        CallbackAuth::Signed { .. } | CallbackAuth::None => None,
    };
    steps.extend(proof.map(|what| SetupStep { what, lines: Vec::new() }));
    if matches!(callback, CallbackAuth::Key { .. } | CallbackAuth::None) {
        let key = if matches!(callback, CallbackAuth::None) { "" } else { "<key>" };
        steps.push(SetupStep {
            what: "Or send this to the API in place of all that; it replaces what was registered before."
                .to_owned(),
            lines: vec![
                "POST /api/callback".to_owned(),
                serde_json::json!({ "url": url, "key": key, "events": EVENTS }).to_string(),
            ],
        });
    }
    steps
}
