//! The providers: for each account the address to give away, how it authenticates, and whether both ways work.

use super::row::group_of;
use super::time::When;
use super::words::{capital, count, number, shown};
use super::{AccountLabel, Around, Frame, Place, forwards};
use crate::app::circuit::Circuit;
use crate::app::registering::Told;
use crate::app::standing::Standing;
use crate::app::testing::Tested;
use crate::app::{AccountFacts, ForwardFacts};
use crate::model::Timestamp;
use askama::Template;

/// What the page shows.
#[derive(Debug)]
pub struct ProvidersInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// The accounts, in order.
    pub cards: &'a [ProviderCard<'a>],
}

/// One account.
#[derive(Debug)]
pub struct ProviderCard<'a> {
    /// What it is called.
    pub account: &'a AccountLabel,
    /// The address that its provider must call.
    pub callback_url: String,
    /// How a callback proves where it comes from.
    pub auth: AuthKind,
    /// Why the keys of its tokens can't be fetched, and whether earlier ones still count.
    pub keys: Option<(String, bool)>,
    /// Whether a second secret may be used already.
    pub next: bool,
    /// Whether the path must carry a token.
    pub path_token: bool,
    /// How the rotation of its secret stands, if there was one.
    pub rotation: Option<RotationFacts>,
    /// How the last test callback went.
    pub tested: Option<Tested>,
    /// When a callback last came to an address that ends in the vendor's stray `>`.
    pub misprint: Option<Timestamp>,
    /// What to do at the provider, and the lines to write there.
    pub setup: Vec<(String, Vec<String>)>,
    /// The teams whose packages are shown; none: all.
    pub groups: &'a [String],
    /// What the store counts.
    pub facts: &'a AccountFacts,
    /// The API's address, if one is configured.
    pub api: Option<String>,
    /// How the API stands.
    pub standing: Standing,
    /// When it last answered.
    pub answered_at: Option<Timestamp>,
    /// Whether it may be asked now.
    pub circuit: Circuit,
    /// The key sees the packages of its own sender only.
    pub own_only: bool,
    /// Whom the provider was told to call, when last read.
    pub registration: Option<Told>,
    /// The host to which callbacks are passed on, and how that fares.
    pub forward: Option<(&'a str, &'a ForwardFacts)>,
}

/// How the rotation of a secret stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationFacts {
    /// It is the path token that is rotated.
    pub is_path_token: bool,
    /// When the one in use was made; 0: it stands in the configuration.
    pub current: Timestamp,
    /// When the one that follows was made, and when the provider took it.
    pub next: Option<(Timestamp, Option<Timestamp>)>,
}

/// How a callback proves where it comes from; the secret itself never gets here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthKind {
    /// A key, raw behind `Basic`.
    Key,
    /// A user name and a password.
    Basic,
    /// A bearer token.
    Bearer,
    /// Headers with these names.
    Headers(Vec<String>),
    /// A token of the firm's own authorization server.
    OAuth2 {
        /// Which one.
        issuer: String,
        /// For whom the token must be.
        audience: String,
    },
    /// The provider's signature on the body.
    Signed {
        /// What is not signed is applied all the same, marked.
        accepts_unsigned: bool,
        /// A secret for the realtime kind is configured.
        hmac: bool,
    },
    /// Nothing: anybody may call.
    Open,
}

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "providers.html")]
pub struct ProvidersPage {
    frame: Frame,
    cards: Vec<CardView>,
}

#[derive(Debug)]
struct CardView {
    id: String,
    label: String,
    provider: String,
    callback_url: String,
    auth: String,
    path_token: bool,
    open: bool,
    /// What becomes of a callback without a signature.
    unsigned: Option<String>,
    keys: Option<(String, bool)>,
    misprint: Option<When>,
    /// The sentence in parts, of which some are to be typed, and the lines.
    setup: Vec<(Vec<(bool, String)>, String)>,
    /// The teams shown, and the boards of their packages.
    groups: Vec<(String, String)>,
    lag: Option<String>,
    tells_names: bool,
    last_callback: Option<When>,
    slots: Vec<SlotView>,
    tested: Option<(bool, When, String)>,
    last_unsigned: Option<When>,
    api: Option<String>,
    health: (&'static str, &'static str),
    health_why: Option<String>,
    health_at: Option<When>,
    rests_until: Option<When>,
    tried_at: Option<When>,
    own_only: bool,
    registration: Option<RegistrationView>,
    forward: Option<ForwardView>,
    packages: String,
    named: String,
    quarantined: Option<String>,
    refused: Option<String>,
    lone_signers: Option<String>,
}

/// A secret: what it is for, and when it was made, taken by the provider and used.
#[derive(Debug)]
struct SlotView {
    title: &'static str,
    made: Option<When>,
    registered: Option<When>,
    first: Option<When>,
    last: Option<When>,
}

#[derive(Debug)]
struct ForwardView {
    host: String,
    href: String,
    taken: Option<When>,
    summary: String,
    /// Why the last try was in vain, and when it was.
    trouble: Option<(String, When)>,
}

#[derive(Debug)]
struct RegistrationView {
    at: When,
    now: Vec<String>,
    changes: Vec<String>,
}

impl ProvidersPage {
    /// Puts the accounts into words.
    #[must_use]
    pub fn new(input: &ProvidersInput<'_>) -> Self {
        Self {
            frame: Frame::new("Providers", Place::Providers, &input.around),
            cards: input.cards.iter().map(|card| CardView::new(card, &input.around)).collect(),
        }
    }
}

impl CardView {
    fn new(card: &ProviderCard<'_>, around: &Around<'_>) -> Self {
        let ago = |at| When::ago(at, around.now, around.zone);
        let facts = card.facts;
        let trouble = |since: Timestamp, why: &str| (Some(ago(since)), Some(capital(&shown(why))));
        let answered = (card.answered_at.map(ago), None);
        let (health, (health_at, health_why)) = match &card.standing {
            Standing::NoApi => (("archived", "Not configured"), (None, None)),
            Standing::NotAskedYet => (("draft", "Not asked yet"), (None, None)),
            Standing::Fine => (("completed", "Reachable"), answered),
            Standing::Resting { .. } => (("draft", "Asks to wait"), answered),
            Standing::Unreachable { since, why } => (("failed", "Does not answer"), trouble(*since, why)),
            Standing::Refused { since, why } => (("failed", "Refuses us"), trouble(*since, why)),
        };
        let at = |at: Timestamp| When::at(at, around.now, around.zone);
        let (rests_until, tried_at) = match card.circuit {
            Circuit::Resting { until } => (Some(at(until)), None),
            Circuit::Open { until, .. } => (None, Some(at(until))),
            Circuit::Closed | Circuit::HalfOpen { .. } => (None, None),
        };
        let some = |total, one, many| (total > 0).then(|| count(total, one, many));
        Self {
            id: card.account.id.0.clone(),
            label: card.account.label.clone(),
            provider: card.account.provider_title.clone(),
            callback_url: card.callback_url.clone(),
            auth: auth(&card.auth, card.path_token),
            path_token: card.path_token,
            open: card.auth == AuthKind::Open && !card.path_token,
            unsigned: unsigned(&card.auth, card.api.is_some()),
            keys: card.keys.clone(),
            misprint: card.misprint.map(ago),
            setup: card.setup.iter().map(|(what, lines)| (parts(what), lines.join("\n"))).collect(),
            groups: card.groups.iter().map(|group| group_of(group, &card.account.id)).collect(),
            lag: card.account.lag(),
            tells_names: !card.account.tells_no_names,
            last_callback: facts.last_callback.map(ago),
            slots: slots(card, around),
            tested: card.tested.as_ref().map(|it| (it.arrived, ago(it.at), capital(&shown(&it.told)))),
            last_unsigned: used("unsigned", card, around),
            api: card.api.as_deref().map(shown),
            health,
            health_at,
            health_why,
            rests_until,
            tried_at,
            own_only: card.own_only,
            registration: card.registration.as_ref().map(|told| RegistrationView {
                at: ago(told.at),
                now: told.now.iter().map(|it| capital(&shown(it))).collect(),
                changes: told.changes.iter().map(|it| capital(&shown(it))).collect(),
            }),
            forward: card.forward.map(|(host, facts)| ForwardView {
                host: shown(host),
                href: forwards::page(&card.account.id),
                taken: facts.taken_at.map(ago),
                summary: forwards::summary(facts),
                trouble: facts.latest.as_ref().and_then(|it| {
                    let why = shown(it.last.error.as_deref()?);
                    Some((why, ago(Timestamp(it.last.at))))
                }),
            }),
            packages: number(facts.packages),
            named: if card.account.tells_no_names && facts.named == 0 {
                format!("names are {}", card.account.not_told())
            } else {
                named(facts)
            },
            quarantined: some(facts.quarantined, "callback", "callbacks"),
            refused: some(facts.refused, "call", "calls"),
            lone_signers: some(facts.lone_signers, "signer", "signers"),
        }
    }
}

fn auth(kind: &AuthKind, path_token: bool) -> String {
    let auth = match kind {
        AuthKind::Key => "a key, sent raw: Authorization: Basic <key>".to_owned(),
        AuthKind::Basic => "a user name and a password: Authorization: Basic <base64>".to_owned(),
        AuthKind::Bearer => "a token: Authorization: Bearer <token>".to_owned(),
        AuthKind::Headers(names) => {
            let names: Vec<String> = names.iter().map(|name| shown(name)).collect();
            let header = if names.len() == 1 { "the header" } else { "every one of the headers" };
            format!("{header} {}", super::words::list(&names))
        }
        AuthKind::OAuth2 { issuer, audience } => {
            format!("a token of {} for {}, checked with that server’s keys", shown(issuer), shown(audience))
        }
        AuthKind::Signed { .. } => {
            "the provider’s signature on the body, checked with the pinned certificate".to_owned()
        }
        AuthKind::Open if path_token => return "the token in the path and nothing else".to_owned(),
        AuthKind::Open => "nothing: whoever knows the address can tell this board anything".to_owned(),
    };
    if path_token { format!("{auth}; and by the token in the path") } else { auth }
}

/// What becomes of a callback without a signature, where signatures are asked for.
fn unsigned(kind: &AuthKind, has_api: bool) -> Option<String> {
    let AuthKind::Signed { accepts_unsigned, hmac } = kind else { return None };
    let becomes = match (accepts_unsigned, has_api) {
        (false, _) => "kept in the inbox, not applied",
        (true, true) => "applied, marked as unverified, and the API is asked",
        (true, false) => "applied, marked as unverified; no API is configured that could confirm it",
    };
    let realtime = "; that holds for realtime callbacks too, since no hmac-secret is set";
    Some(format!("{becomes}{}", if *hmac { "" } else { realtime }))
}

/// A sentence cut at its backticks; true: what stood between two of them.
fn parts(what: &str) -> Vec<(bool, String)> {
    what.split('`').enumerate().map(|(at, part)| (at % 2 == 1, part.to_owned())).collect()
}

/// When a callback last came that proved itself by `slot`.
fn used(slot: &str, card: &ProviderCard<'_>, around: &Around<'_>) -> Option<When> {
    let found = card.facts.slots_used.iter().find(|(word, _)| word == slot);
    found.map(|(_, at)| When::ago(*at, around.now, around.zone))
}

fn slots(card: &ProviderCard<'_>, around: &Around<'_>) -> Vec<SlotView> {
    let slot = |title, word| SlotView {
        title,
        made: None,
        registered: None,
        first: None,
        last: used(word, card, around),
    };
    let mut slots = Vec::new();
    // Where a path token is all that there is, or the header's secret is rotated, more is known of it below.
    let is_told_below = card.rotation.is_some_and(|it| !it.is_path_token || card.auth == AuthKind::Open);
    if !is_told_below && (card.auth != AuthKind::Open || card.path_token) {
        let signed = matches!(card.auth, AuthKind::Signed { .. });
        let what = match card.auth {
            AuthKind::Signed { .. } => "Certificate in use",
            AuthKind::OAuth2 { .. } => "Token",
            _ => "Secret in use",
        };
        slots.push(slot(what, "current"));
        if card.next {
            slots.push(slot(if signed { "Next certificate" } else { "Next secret" }, "next"));
        }
    }
    slots.extend(card.rotation.into_iter().flat_map(|it| rotated(it, card, around)));
    slots
}

/// What a rotation knows of the secret in use and of the one that follows.
fn rotated(it: RotationFacts, card: &ProviderCard<'_>, around: &Around<'_>) -> Vec<SlotView> {
    let ago = |at| When::ago(at, around.now, around.zone);
    let slot = |title, made: Timestamp, registered: Option<Timestamp>| {
        let used = card.facts.secret_uses.iter().find(|it| it.made_at == made);
        let made = (made != Timestamp(0)).then_some(made);
        SlotView {
            title,
            made: made.map(ago),
            registered: registered.map(ago),
            // Of one that the configuration has, nobody knows when it came first.
            first: used.filter(|_| made.is_some()).map(|it| ago(it.first_at)),
            last: used.map(|it| ago(it.last_at)),
        }
    };
    let (current, next) = if it.is_path_token {
        ("Path token in use", "Next path token")
    } else {
        ("Secret in use", "Next secret")
    };
    let mut slots = vec![slot(current, it.current, None)];
    slots.extend(it.next.map(|(made, registered)| slot(next, made, registered)));
    slots
}

/// "812 of 12,408; 11,596 belong to other senders".
fn named(facts: &AccountFacts) -> String {
    let mut text = format!("{} of {}", number(facts.named), number(facts.packages));
    match facts.not_ours {
        0 => {}
        1 => text.push_str("; 1 belongs to another sender"),
        many => text.push_str(&format!("; {} belong to other senders", number(many))),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_in_words() {
        let facts =
            AccountFacts { packages: 12_408, named: 812, not_ours: 11_596, ..AccountFacts::default() };
        assert_eq!(named(&facts), "812 of 12,408; 11,596 belong to other senders");
        assert_eq!(named(&AccountFacts::default()), "0 of 0");
    }

    #[test]
    fn no_way_to_authenticate_goes_unsaid() {
        let all = [
            AuthKind::Key,
            AuthKind::Basic,
            AuthKind::Bearer,
            AuthKind::Headers(vec!["X-Key".into(), "X-Two".into()]),
            AuthKind::Open,
        ];
        let said = all.clone().map(|kind| auth(&kind, false));
        assert!(said[3].starts_with("every one of the headers X-Key and X-Two"));
        assert!(said[4].starts_with("nothing"));
        assert!(all.iter().all(|kind| auth(kind, true).contains("the token in the path")));
        let signed = |accepts_unsigned, hmac| AuthKind::Signed { accepts_unsigned, hmac };
        let said = [signed(false, true), signed(false, false), signed(true, true), signed(true, false)];
        let said = said.map(|kind| unsigned(&kind, true).expect("a sentence"));
        assert!((0..4).all(|at| !said[..at].contains(&said[at])), "{said:?}");
        assert!(!unsigned(&signed(true, true), false).expect("a sentence").contains("is asked"));
    }
}
