//! What a provider was told about whom to call, what it should be told, and the difference: plain values, compared without
//! asking anybody.
//!
//! Nothing here shows a secret. Of a key there is only whether it is ours; of an address that isn't ours only its host,
//! since the rest may be somebody's token; names that a provider repeats are shown only if they look like names.

use crate::config::{CallbackAuth, Config, Secret};
use reqwest::Url;
use std::collections::BTreeSet;
use std::fmt;

/// The longest name of an event that is shown.
const LONGEST_NAME: usize = 64;

/// What is wanted of a provider: that it calls our address, or that it no longer does.
#[derive(Debug, Clone)]
pub struct Wanted {
    url: Secret,
    /// With a placeholder for the path token.
    shown: String,
    /// Without the path token.
    base: String,
    is_on: bool,
}

/// Whom a registration calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Nobody: there is no address.
    Nobody,
    /// Our address for this account, with a placeholder for the path token.
    Ours(String),
    /// An address of this account on this board, but not the one that it should be.
    Nearly(String),
    /// Somebody else, by the host.
    Other(String),
}

/// With which secret a registration calls. A secret itself never gets here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// With none.
    Nothing,
    /// With the one that the configuration wants.
    Wanted,
    /// With the one that is to be replaced by the next.
    Former,
    /// With another.
    Other,
    /// That is not told.
    NotTold,
    /// There is none to be told: the provider signs, or the headers are set elsewhere.
    NoMatter,
}

/// One thing that is registered, or that should be.
#[derive(Debug, Clone)]
pub struct Hook {
    /// Whom it calls.
    pub target: Target,
    /// The provider's word for what it brings, where there are several kinds.
    pub kind: Option<String>,
    /// Which events it brings; `None`: all, or there is nothing to choose.
    pub events: Option<BTreeSet<String>>,
    /// With which secret it calls.
    pub proof: Proof,
    /// What keeps it from doing all that it should.
    pub flaw: Option<&'static str>,
    /// What the adapter takes it back by.
    pub(super) handle: Option<Handle>,
}

/// How a provider with several registrations tells one from another.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    pub(super) url: Secret,
    pub(super) filter: Option<String>,
    pub(super) group: Option<String>,
}

/// What stands registered now.
#[derive(Debug, Clone)]
pub enum Registered {
    /// The provider told.
    Hooks(Vec<Hook>),
    /// The provider can't be asked; the sentence says where a person can look.
    NotTold(&'static str),
    /// No call can read or change it; the sentence says why. What to do stands in the account's setup.
    ByHand(&'static str),
}

/// A change that has to be made at the provider.
#[derive(Debug, Clone)]
pub enum Change {
    /// This is to be registered, in place of that.
    Set {
        /// What stands there now, if that is known.
        was: Option<Hook>,
        /// What shall stand there.
        hook: Hook,
    },
    /// This is to be taken back.
    Remove(Hook),
}

/// What stands registered, and what has to be changed.
#[derive(Debug, Clone)]
pub struct Registration {
    /// What stands there now.
    pub now: Registered,
    /// In the order in which they are to be made; none: it is as it should be.
    pub changes: Vec<Change>,
    /// What of [`Habits::words`](super::Habits::words) comes to this board by it; `None`: nobody tells.
    pub words: Option<BTreeSet<String>>,
}

impl Wanted {
    /// Calls to the address that the configuration gives to this account; without `is_on`, an end of them.
    ///
    /// # Errors
    /// Why that address can't be registered, and what to put right.
    pub fn of(config: &Config, account: &str, is_on: bool) -> Result<Self, String> {
        let shown = config.callback_url(account);
        let base = shown.strip_suffix(crate::config::PATH_TOKEN).unwrap_or(&shown);
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { url: config.own_callback_url(account)?, shown, base, is_on })
    }

    /// Whether calls are wanted at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// The address, with a placeholder for the path token.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The address itself, for the one call that registers it.
    pub(super) fn url(&self) -> &str {
        self.url.expose()
    }

    /// Our address, as a target.
    pub(super) fn ours(&self) -> Target {
        Target::Ours(self.shown.clone())
    }

    /// Whose address the provider told.
    pub(super) fn target(&self, told: &str) -> Target {
        if told.trim().is_empty() {
            return Target::Nobody;
        }
        if self.url.matches(told.as_bytes()) {
            return self.ours();
        }
        let Ok(url) = Url::parse(told) else { return Target::Other("unreadable".to_owned()) };
        let place = |url: &Url| url.host_str().map(|host| (host.to_owned(), url.port()));
        let ours = Url::parse(&self.base).ok();
        let is_near = ours.is_some_and(|ours| {
            let rest = url.path().strip_prefix(ours.path());
            place(&ours) == place(&url)
                && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '%', '>']))
        });
        if is_near {
            return Target::Nearly(format!("{}/…", self.base));
        }
        Target::Other(url.host_str().unwrap_or("no host").to_owned())
    }
}

impl Proof {
    /// What the told secret is, if it has to be `next` or, without one, `current`.
    pub(super) fn of(told: Option<&str>, current: &Secret, next: Option<&Secret>) -> Self {
        // Nobody documents whether a secret comes back as it is, masked, or not at all.
        let is_mask = |it: &str| it.chars().all(|it| "*•xX.".contains(it)) || it.contains("***");
        let Some(told) = told.filter(|it| !it.is_empty() && !is_mask(it)) else { return Self::NotTold };
        let (is_current, is_next) =
            (current.matches(told.as_bytes()), next.map(|it| it.matches(told.as_bytes())));
        match (is_current, is_next) {
            (true, None) | (_, Some(true)) => Self::Wanted,
            (true, Some(false)) => Self::Former,
            (false, _) => Self::Other,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Nothing => "without a secret",
            Self::Wanted => "with the configured secret",
            Self::Former => "with the secret that the next one is to replace",
            Self::Other => "with another secret",
            Self::NotTold => "with a secret that isn't told",
            Self::NoMatter => "",
        }
    }
}

impl Hook {
    /// Whether it brings anything to this board, be it to an address that it should no longer use.
    pub(super) fn calls_us(&self) -> bool {
        matches!(self.target, Target::Ours(_) | Target::Nearly(_)) && self.flaw != Some(ASLEEP)
    }

    /// Whether it is as `wanted` is; what isn't told isn't taken for granted.
    fn is(&self, wanted: &Self) -> bool {
        self.target == wanted.target
            && self.kind == wanted.kind
            && self.events == wanted.events
            && self.flaw.is_none()
            && self.proof == wanted.proof
    }
}

/// What has to change where a provider knows one registration only.
pub(super) fn only(now: Vec<Hook>, mut hook: Hook, wanted: &Wanted) -> Vec<Change> {
    let was = now.into_iter().next();
    if !wanted.is_on {
        let is_quiet = |it: &Hook| it.events.as_ref().is_some_and(BTreeSet::is_empty);
        let Some(was) = was.filter(|it| it.calls_us() && !is_quiet(it)) else { return Vec::new() };
        hook.events = Some(BTreeSet::new());
        return vec![Change::Set { was: Some(was), hook }];
    }
    match was {
        Some(was) if was.is(&hook) => Vec::new(),
        was => vec![Change::Set { was: was.filter(|it| it.target != Target::Nobody), hook }],
    }
}

/// What has to change where a provider knows several: each wanted one is to be there, and what else calls this account's
/// address is to be taken back. What calls others is none of our business.
pub(super) fn several(now: Vec<Hook>, wished: Vec<Hook>, wanted: &Wanted) -> Vec<Change> {
    let wished = if wanted.is_on { wished } else { Vec::new() };
    let missing = wished.iter().filter(|it| !now.iter().any(|is| is.is(it)));
    let added: Vec<Change> = missing.map(|it| Change::Set { was: None, hook: it.clone() }).collect();
    // One that sleeps is woken by registering it again.
    let sleeps =
        |is: &Hook, it: &Hook| is.flaw == Some(ASLEEP) && is.kind == it.kind && is.target == it.target;
    let removed = now.into_iter().filter(|is| match is.target {
        Target::Ours(_) => !wished.iter().any(|it| is.is(it) || sleeps(is, it)),
        Target::Nearly(_) => true,
        Target::Nobody | Target::Other(_) => false,
    });
    // What is taken back goes first: at Legalesign that may take others of the same address with it.
    removed.map(Change::Remove).chain(added).collect()
}

/// The flaw of a registration that its provider has put to sleep.
pub(super) const ASLEEP: &str = "switched off";

/// The secret with which a provider is to call: the next one, once there is one.
pub(super) fn secret_of(auth: &CallbackAuth) -> Option<(&Secret, Option<&Secret>)> {
    match auth {
        CallbackAuth::Key { key, next } => Some((key, next.as_ref())),
        CallbackAuth::Basic { password, next, .. } => Some((password, next.as_ref())),
        CallbackAuth::Bearer { token, next } => Some((token, next.as_ref())),
        CallbackAuth::Headers(_)
        | CallbackAuth::Signed { .. }
        | CallbackAuth::OAuth2 { .. }
        | CallbackAuth::None => None,
    }
}

/// Whether the configuration has a secret that is to follow.
#[must_use]
pub fn has_next(auth: &CallbackAuth) -> bool {
    secret_of(auth).is_some_and(|(_, next)| next.is_some())
}

/// A name that a provider told, if it looks like one.
pub(super) fn name(told: &str) -> String {
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"_-.*".contains(&it);
    if told.len() <= LONGEST_NAME && !told.is_empty() && told.bytes().all(is_plain) {
        told.to_owned()
    } else {
        "(unreadable)".to_owned()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody"),
            Self::Ours(shown) => f.write_str(shown),
            Self::Nearly(shown) => write!(f, "{shown}, which is not the address that it should be"),
            Self::Other(host) => write!(f, "another listener, at {host}"),
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(kind) = &self.kind {
            write!(f, "`{kind}`: ")?;
        }
        write!(f, "calls {}", self.target)?;
        if self.target == Target::Nobody {
            return Ok(());
        }
        match self.events.as_ref().map(BTreeSet::len) {
            None => {}
            Some(0) => f.write_str(", for no event")?,
            Some(1) => f.write_str(", for 1 event")?,
            Some(many) => write!(f, ", for {many} events")?,
        }
        if self.proof != Proof::NoMatter {
            write!(f, ", {}", self.proof.words())?;
        }
        self.flaw.map_or(Ok(()), |flaw| write!(f, ", {flaw}"))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remove(hook) => write!(f, "take back {hook}"),
            Self::Set { hook: Hook { target: Target::Nobody, .. }, .. } => {
                f.write_str("end the registration")
            }
            Self::Set { was, hook } => {
                let colon = if hook.kind.is_none() { ":" } else { "" };
                write!(f, "register{colon} {hook}")?;
                let Some(was) = was else { return Ok(()) };
                if was.target != hook.target {
                    write!(f, "; it called {}", was.target)?;
                }
                let none = BTreeSet::new();
                let (before, after) =
                    (was.events.as_ref().unwrap_or(&none), hook.events.as_ref().unwrap_or(&none));
                list(f, "; new events: ", after.difference(before))?;
                list(f, "; no longer: ", before.difference(after))?;
                if was.proof != hook.proof {
                    write!(f, "; it called {}", was.proof.words())?;
                }
                Ok(())
            }
        }
    }
}

fn list<'a>(f: &mut fmt::Formatter<'_>, title: &str, names: impl Iterator<Item = &'a String>) -> fmt::Result {
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.is_empty() { Ok(()) } else { write!(f, "{title}{}", names.join(", ")) }
}

impl Change {
    /// Whether all that is told is as it should be, and only the secret isn't told.
    #[must_use]
    pub fn is_all_that_is_told(&self) -> bool {
        match self {
            Self::Set { was: Some(was), hook } => {
                was.proof == Proof::NotTold && Hook { proof: hook.proof, ..was.clone() }.is(hook)
            }
            Self::Set { was: None, .. } | Self::Remove(_) => false,
        }
    }

    /// The host of somebody else's listener that this change would put out.
    #[must_use]
    pub fn puts_out(&self) -> Option<&str> {
        match self {
            Self::Set { was: Some(Hook { target: Target::Other(host), .. }), .. } => Some(host),
            Self::Set { .. } | Self::Remove(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            url: Secret::new("https://board.example.com/callbacks/a/tok-0123456789abc"),
            shown: "https://board.example.com/callbacks/a/<path-token>".to_owned(),
            base: "https://board.example.com/callbacks/a".to_owned(),
            is_on: true,
        }
    }

    #[test]
    fn an_address_is_ours_nearly_ours_or_shown_by_its_host_alone() {
        let nearly = "https://board.example.com/callbacks/a/…";
        let table = [
            ("https://board.example.com/callbacks/a/tok-0123456789abc", Target::Ours(wanted().shown)),
            ("https://board.example.com/callbacks/a/other-token-hush", Target::Nearly(nearly.to_owned())),
            ("https://board.example.com/callbacks/a", Target::Nearly(nearly.to_owned())),
            ("http://board.example.com/callbacks/a%3E", Target::Nearly(nearly.to_owned())),
            ("https://board.example.com/callbacks/ab", Target::Other("board.example.com".to_owned())),
            ("https://board.example.com:8443/callbacks/a", Target::Other("board.example.com".to_owned())),
            ("https://u:hush@old.example.com/x/hush?k=hush", Target::Other("old.example.com".to_owned())),
            ("hush", Target::Other("unreadable".to_owned())),
            (" ", Target::Nobody),
        ];
        for (told, target) in table {
            assert_eq!(wanted().target(told), target, "{told}");
            assert!(!format!("{target} {target:?}").contains("hush"));
        }
    }

    #[test]
    fn a_secret_that_comes_back_is_compared_and_a_mask_is_not() {
        let (one, two) = (Secret::new("first-key"), Secret::new("second-key"));
        for (told, next, proof) in [
            (Some("first-key"), None, Proof::Wanted),
            (Some("first-key"), Some(&two), Proof::Former),
            (Some("second-key"), Some(&two), Proof::Wanted),
            (Some("third-key"), Some(&two), Proof::Other),
            (Some("********"), None, Proof::NotTold),
            (Some("fir***"), None, Proof::NotTold),
            (Some(""), None, Proof::NotTold),
            (None, None, Proof::NotTold),
        ] {
            assert_eq!(Proof::of(told, &one, next), proof, "{told:?}");
        }
    }

    #[test]
    fn what_calls_others_is_left_alone_and_what_is_ours_and_wrong_is_not() {
        let hook = |target: &str, kind: &str, flaw| Hook {
            target: wanted().target(target),
            kind: Some(kind.to_owned()),
            events: None,
            proof: Proof::NoMatter,
            flaw,
            handle: None,
        };
        let ours = wanted().url().to_owned();
        let wished = || vec![hook(&ours, "all", None), hook(&ours, "signed", None)];
        let told = |now: Vec<Hook>, wanted: &Wanted| -> Vec<String> {
            several(now, wished(), wanted).iter().map(Change::to_string).collect()
        };
        let other = hook("https://old.example.com/a", "all", None);
        let changes = told(vec![other.clone()], &wanted());
        assert_eq!(changes.len(), 2);
        assert!(changes.iter().all(|it| it.starts_with("register ")), "{changes:?}");
        let asleep = hook(&ours, "signed", Some(ASLEEP));
        let near = hook("https://board.example.com/callbacks/a", "all", None);
        let changes = told(vec![other.clone(), hook(&ours, "all", None), asleep, near], &wanted());
        assert_eq!(changes.len(), 2, "{changes:?}");
        assert!(changes[0].starts_with("take back `all`: calls https://board.example.com/callbacks/a/…"));
        assert!(changes[1].starts_with("register `signed`"), "{changes:?}");
        assert!(told([wished(), vec![other.clone()]].concat(), &wanted()).is_empty());
        let off = Wanted { is_on: false, ..wanted() };
        let changes = told([wished(), vec![other]].concat(), &off);
        assert!(changes.len() == 2 && changes.iter().all(|it| it.starts_with("take back")), "{changes:?}");
    }
}
