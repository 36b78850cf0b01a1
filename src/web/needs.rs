//! What each address asks of whoever comes: one table, which the gate reads and the tests walk.

use crate::model::access::{Needs, Role};

/// Whether an address is read, or something is done by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// GET and HEAD.
    Read,
    /// POST.
    Do,
}

const ADMIN: Needs = Needs::Role(Role::Admin);
const SENDER: Needs = Needs::Role(Role::Sender);

/// Every address behind the gate, as the router spells it.
pub const ADDRESSES: &[(Verb, &str, Needs)] = &[
    (Verb::Read, "/", Needs::Known),
    (Verb::Read, "/pulse", Needs::Known),
    (Verb::Read, "/live", Needs::Known),
    (Verb::Read, "/packages.csv", Needs::Known),
    (Verb::Read, "/packages/{package:.*}", Needs::Known),
    (Verb::Do, "/packages/{package:.*}", Needs::Resync),
    (Verb::Do, "/resync", Needs::Resync),
    (Verb::Do, "/views", Needs::Role(Role::Viewer)),
    (Verb::Do, "/views/end", Needs::Role(Role::Viewer)),
    (Verb::Do, "/follow/packages/{package:.*}", Needs::Person),
    (Verb::Read, "/alerts", Needs::Known),
    (Verb::Do, "/alerts", SENDER),
    (Verb::Read, "/sync", Needs::Known),
    (Verb::Read, "/sync/now", Needs::Known),
    (Verb::Read, "/sync/missed.csv", Needs::Known),
    (Verb::Do, "/sync/resync", Needs::Resync),
    (Verb::Do, "/sync/stop", ADMIN),
    (Verb::Read, "/lost", SENDER),
    (Verb::Do, "/lost", SENDER),
    (Verb::Read, "/inbox", ADMIN),
    (Verb::Read, "/inbox/payload/{arrival}", ADMIN),
    (Verb::Read, "/inbox/waiting/{id}", ADMIN),
    (Verb::Do, "/inbox/import", ADMIN),
    (Verb::Do, "/inbox/waiting", ADMIN),
    (Verb::Do, "/inbox/forget", ADMIN),
    (Verb::Do, "/inbox/replay", ADMIN),
    (Verb::Do, "/inbox/admit", ADMIN),
    (Verb::Read, "/providers", ADMIN),
    (Verb::Do, "/providers/test", ADMIN),
    (Verb::Read, "/forwards/{account}", ADMIN),
    (Verb::Do, "/forwards/{account}", ADMIN),
    (Verb::Read, "/hooks", ADMIN),
    (Verb::Read, "/hooks/{hook}", ADMIN),
    (Verb::Do, "/hooks/{hook}", ADMIN),
    (Verb::Read, "/people", ADMIN),
    (Verb::Do, "/people", ADMIN),
    (Verb::Read, "/people/{id}", ADMIN),
    (Verb::Do, "/people/{id}", ADMIN),
    (Verb::Read, "/retention", ADMIN),
    (Verb::Do, "/retention", ADMIN),
    (Verb::Read, "/tokens", ADMIN),
    (Verb::Do, "/tokens", ADMIN),
    (Verb::Do, "/tokens/end", ADMIN),
    (Verb::Read, "/audit", ADMIN),
    (Verb::Read, "/audit/deeds.csv", ADMIN),
    (Verb::Read, "/audit/deeds.jsonl", ADMIN),
    (Verb::Read, "/me", Needs::Person),
    (Verb::Do, "/me", Needs::Person),
    (Verb::Read, "/screen/{secret}", Needs::Nothing),
    (Verb::Read, "/screen", Needs::Screen),
    (Verb::Read, "/screen-pulse", Needs::Screen),
    (Verb::Read, "/screen-live", Needs::Screen),
    (Verb::Read, "/api/v1/packages", Needs::Known),
    (Verb::Read, "/api/v1/packages/{package:.*}", Needs::Known),
    (Verb::Read, "/api/v1/alerts", Needs::Known),
    (Verb::Read, "/api/v1/accounts", Needs::Known),
    (Verb::Read, "/api/v1/drift", Needs::Known),
    (Verb::Read, "/api/v1/runs", Needs::Known),
    (Verb::Read, "/api/v1/traffic", Needs::Known),
    (Verb::Read, "/api/v1/hooks", Needs::AdminOrToken),
    (Verb::Read, "/sign-in", Needs::Nothing),
    (Verb::Do, "/sign-in", Needs::Nothing),
    (Verb::Read, "/sign-in/oidc", Needs::Nothing),
    (Verb::Read, "/sign-in/oidc/back", Needs::Nothing),
    (Verb::Read, "/sign-in/code", Needs::Nothing),
    (Verb::Do, "/sign-in/code", Needs::Nothing),
    (Verb::Read, "/sign-in/second", Needs::Nothing),
    (Verb::Do, "/sign-in/second", Needs::Nothing),
    (Verb::Do, "/sign-out", Needs::Nothing),
    (Verb::Read, "/welcome/{secret}", Needs::Nothing),
    (Verb::Do, "/welcome/{secret}", Needs::Nothing),
    (Verb::Read, "/healthz", Needs::Nothing),
    (Verb::Read, "/readyz", Needs::Nothing),
    (Verb::Read, "/metrics", Needs::AdminOrToken),
    (Verb::Read, "/static/{file}", Needs::Nothing),
];

/// What the address of a route asks for. What stands in no table is asked for like a page: strangers don't learn what
/// there is.
#[must_use]
pub fn of(verb: Verb, pattern: Option<&str>) -> Needs {
    let found = ADDRESSES.iter().find(|(what, address, _)| *what == verb && Some(*address) == pattern);
    match (found, verb) {
        (Some((_, _, needs)), _) => *needs,
        (None, Verb::Read) => Needs::Known,
        (None, Verb::Do) => ADMIN,
    }
}
