//! People who may use the board, for its admins.

use super::time::When;
use super::words::{count, shown};
use super::{Around, Frame, Place, link};
use crate::app::people::{Rights, Session, User};
use crate::model::AccountId;
use crate::model::access::Role;
use askama::Template;

/// What the list shows.
#[derive(Debug)]
pub struct PeopleInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// Some of them, in the order of their mail addresses.
    pub users: &'a [User],
    /// They are the first.
    pub is_first: bool,
    /// The mail address behind which there are more.
    pub next: Option<&'a str>,
    /// Who was just invited, and the address at which they set a password.
    pub made: Option<(&'a str, String)>,
    /// Why nobody was.
    pub wrong: Option<&'a str>,
    /// What was typed then.
    pub typed: Option<(&'a str, &'a Rights)>,
}

/// The list, and the form for somebody new.
#[derive(Debug, Template)]
#[template(path = "people/list.html")]
pub struct PeoplePage<'a> {
    frame: Frame,
    users: Vec<UserView>,
    is_first: bool,
    next: Option<String>,
    made: Option<(String, String)>,
    wrong: Option<&'a str>,
    email: &'a str,
    rights: RightsView,
}

#[derive(Debug)]
struct UserView {
    href: String,
    name: String,
    email: Option<String>,
    role: &'static str,
    sees: String,
    mine: bool,
    second: &'static str,
    state: Option<&'static str>,
    seen: Option<When>,
}

/// What somebody may do and see, as fields of a form.
#[derive(Debug)]
struct RightsView {
    name: String,
    roles: Vec<(&'static str, &'static str, bool)>,
    accounts: AccountsView,
    mine: bool,
    aliases: String,
}

/// All accounts, or some of them, as fields of a form.
#[derive(Debug)]
pub(super) struct AccountsView {
    pub(super) some: bool,
    pub(super) all: Vec<(String, String, bool)>,
}

impl AccountsView {
    /// An account that is configured no more stays in the list, so that it is not lost unseen.
    pub(super) fn new(chosen: Option<&[AccountId]>, around: &Around<'_>) -> Self {
        let has = |id: &AccountId| chosen.is_some_and(|some| some.contains(id));
        let known = around.accounts.iter().map(|it| (it.id.0.clone(), shown(&it.label), has(&it.id)));
        let gone =
            chosen.into_iter().flatten().filter(|it| around.accounts.iter().all(|known| known.id != **it));
        let gone = gone.map(|it| (it.0.clone(), format!("{} (no longer configured)", shown(&it.0)), true));
        Self { some: chosen.is_some(), all: known.chain(gone).collect() }
    }
}

impl RightsView {
    fn new(rights: &Rights, around: &Around<'_>) -> Self {
        let roles = Role::ALL.map(|it| (it.word(), may(it), it == rights.role));
        Self {
            name: rights.name.clone(),
            roles: roles.into(),
            accounts: AccountsView::new(rights.accounts.as_deref(), around),
            mine: rights.mine,
            aliases: rights.aliases.join("\n"),
        }
    }
}

fn may(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer: looks",
        Role::Sender => "Sender: also resyncs, and pastes lost callbacks",
        Role::Admin => "Admin: everything",
    }
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Sender => "Sender",
        Role::Admin => "Admin",
    }
}

/// The accounts that somebody or a program sees, in words.
pub(super) fn sees(accounts: Option<&[AccountId]>, around: &Around<'_>) -> String {
    match accounts {
        None => "all accounts".to_owned(),
        Some([]) => "no account".to_owned(),
        Some(some) => some.iter().map(|it| shown(&around.account(it).label)).collect::<Vec<_>>().join(", "),
    }
}

fn second(user: &User) -> &'static str {
    match user.totp {
        Some(_) => "set up",
        None if user.subject.is_some() && user.password.is_none() => "by their provider",
        None if user.role == Role::Admin => "asked for at the next sign-in",
        None => "none",
    }
}

fn state(user: &User) -> Option<&'static str> {
    let waits = user.password.is_none() && user.subject.is_none();
    user.disabled_at.map(|_| "disabled").or(waits.then_some("invited, no password yet"))
}

impl UserView {
    fn new(user: &User, around: &Around<'_>) -> Self {
        let email = shown(&user.email);
        let (name, email) =
            if user.name.is_empty() { (email, None) } else { (shown(&user.name), Some(email)) };
        Self {
            href: format!("/people/{}", user.id),
            name,
            email,
            role: role_word(user.role),
            sees: sees(user.accounts.as_deref(), around),
            mine: user.mine,
            second: second(user),
            state: state(user),
            seen: user.seen_at.map(|at| When::ago(at, around.now, around.zone)),
        }
    }
}

impl<'a> PeoplePage<'a> {
    /// Puts the list into words.
    #[must_use]
    pub fn new(input: PeopleInput<'a>) -> Self {
        let new = Rights {
            name: String::new(),
            role: Role::Viewer,
            accounts: None,
            mine: false,
            aliases: Vec::new(),
        };
        let (email, rights) = input.typed.unwrap_or(("", &new));
        Self {
            frame: Frame::new("People", Place::People, &input.around),
            users: input.users.iter().map(|it| UserView::new(it, &input.around)).collect(),
            is_first: input.is_first,
            next: input.next.map(|it| format!("/people?after={}", link::encode(it))),
            made: input.made.map(|(email, link)| (shown(email), link)),
            wrong: input.wrong,
            email,
            rights: RightsView::new(rights, &input.around),
        }
    }
}

/// What the page of one person shows.
#[derive(Debug)]
pub struct PersonInput<'a> {
    /// What every page knows.
    pub around: Around<'a>,
    /// Who.
    pub user: &'a User,
    /// Their sessions.
    pub sessions: &'a [Session],
    /// What a button has just done.
    pub notice: Option<&'a str>,
    /// Why it hasn't.
    pub wrong: Option<&'a str>,
    /// The address at which they set a password; it is shown once.
    pub link: Option<String>,
}

/// One person.
#[derive(Debug, Template)]
#[template(path = "people/one.html")]
pub struct PersonPage<'a> {
    frame: Frame,
    id: i64,
    name: String,
    email: String,
    role: &'static str,
    state: Option<&'static str>,
    disabled: bool,
    /// They come by an OpenID Connect provider and have no password here.
    by_provider: bool,
    has_password: bool,
    has_second: bool,
    second: &'static str,
    since: When,
    seen: Option<When>,
    sessions: String,
    has_sessions: bool,
    rights: RightsView,
    notice: Option<&'a str>,
    wrong: Option<&'a str>,
    link: Option<String>,
}

impl<'a> PersonPage<'a> {
    /// Puts somebody into words.
    #[must_use]
    pub fn new(input: PersonInput<'a>) -> Self {
        let (user, around) = (input.user, &input.around);
        let whole = input.sessions.iter().filter(|it| !it.half).count();
        let rights = Rights {
            name: user.name.clone(),
            role: user.role,
            accounts: user.accounts.clone(),
            mine: user.mine,
            aliases: user.aliases.clone(),
        };
        let name = if user.name.is_empty() { &user.email } else { &user.name };
        Self {
            frame: Frame::new(&format!("{} · People", shown(name)), Place::People, around),
            id: user.id,
            name: shown(name),
            email: shown(&user.email),
            role: role_word(user.role),
            state: state(user),
            disabled: user.disabled_at.is_some(),
            by_provider: user.subject.is_some() && user.password.is_none(),
            has_password: user.password.is_some(),
            has_second: user.totp.is_some(),
            second: second(user),
            since: When::ago(user.created_at, around.now, around.zone),
            seen: user.seen_at.map(|at| When::ago(at, around.now, around.zone)),
            sessions: count(whole as u64, "session", "sessions"),
            has_sessions: !input.sessions.is_empty(),
            rights: RightsView::new(&rights, around),
            notice: input.notice,
            wrong: input.wrong,
            link: input.link,
        }
    }
}
