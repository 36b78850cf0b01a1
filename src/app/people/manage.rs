//! What an admin does about other people. One admin who can come in by a password is always left.

use super::{DeedKind, LinkKind, NewSecret, NewUser, User, Who, mail_address};
use crate::app::{App, StoreError};
use crate::model::AccountId;
use crate::model::access::Role;

/// Said where the board would be left to nobody.
pub const LAST_ADMIN: &str =
    "Nobody else could look after this board: let another admin set a password first, then try again.";

/// What somebody may do and see, and how they are called.
#[derive(Clone)]
pub struct Rights {
    /// As shown; may be empty.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The accounts that they see; `None`: all.
    pub accounts: Option<Vec<AccountId>>,
    /// They see only what they sent.
    pub mine: bool,
    /// Other mail addresses under which they send.
    pub aliases: Vec<String>,
}

impl std::fmt::Debug for Rights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rights").field("role", &self.role).finish_non_exhaustive()
    }
}

/// What came of it.
#[derive(Debug)]
pub enum Managed<T = ()> {
    /// It is done.
    Done(T),
    /// It can't be; a sentence says why.
    Refused(String),
}

impl App {
    /// Lets somebody new in; the secret is of the link by which they set a password.
    pub async fn invite(
        &self,
        email: &str,
        rights: Rights,
        (by, remote): (&Who, &str),
    ) -> Result<Managed<(String, NewSecret)>, StoreError> {
        let Some(email) = mail_address(email) else { return refused(super::NO_ADDRESS) };
        let rights = match checked(rights) {
            Ok(rights) => rights,
            Err(why) => return refused(&why),
        };
        let Rights { name, role, accounts, mine, aliases } = rights;
        let new = NewUser {
            email: email.clone(),
            name,
            role,
            accounts,
            mine,
            aliases,
            password: None,
            subject: None,
        };
        let Some(id) = self.store.add_user(&new, self.now()).await? else {
            return refused("Somebody with that mail address is known already.");
        };
        self.note(&by.name, remote, DeedKind::UserAdded, format!("{email} as {}", role.word())).await;
        let secret = self.make_link(LinkKind::Invite, Some(id)).await?;
        Ok(Managed::Done((email, secret)))
    }

    /// Changes what somebody may do and see.
    pub async fn change_rights(
        &self,
        user: &User,
        rights: Rights,
        (by, remote): (&Who, &str),
    ) -> Result<Managed, StoreError> {
        let rights = match checked(rights) {
            Ok(rights) => rights,
            Err(why) => return refused(&why),
        };
        let _one_by_one = self.ends.managing().await;
        let leaves = user.role == Role::Admin && rights.role != Role::Admin;
        if leaves && !self.store.has_other_admin(user.id).await? {
            return refused(LAST_ADMIN);
        }
        let Rights { name, role, accounts, mine, aliases } = rights;
        let changed = User { name, role, accounts, mine, aliases, ..user.clone() };
        // An admin has a second factor: they set it up when they sign in again.
        let ends = role == Role::Admin && user.role != Role::Admin && user.totp.is_none();
        self.store.change_user(&changed, ends).await?;
        if leaves {
            self.store.end_tokens_of(user.id, self.now()).await?;
        }
        let sees = changed.accounts.as_ref().map_or_else(
            || "all accounts".to_owned(),
            |some| some.iter().map(|it| it.0.as_str()).collect::<Vec<_>>().join(", "),
        );
        let whose = if mine { ", only what they sent" } else { "" };
        let what = format!("{}: {}, {sees}{whose}", user.email, role.word());
        self.note(&by.name, remote, DeedKind::UserChanged, what).await;
        Ok(Managed::Done(()))
    }

    /// Lets somebody in no more, or again.
    pub async fn let_in_or_not(
        &self,
        user: &User,
        may_come: bool,
        (by, remote): (&Who, &str),
    ) -> Result<Managed, StoreError> {
        let _one_by_one = self.ends.managing().await;
        if !may_come && user.role == Role::Admin && !self.store.has_other_admin(user.id).await? {
            return refused(LAST_ADMIN);
        }
        let now = self.now();
        self.store.disable_user(user.id, (!may_come).then_some(now), now).await?;
        let kind = if may_come { DeedKind::UserEnabled } else { DeedKind::UserDisabled };
        self.note(&by.name, remote, kind, &user.email).await;
        Ok(Managed::Done(()))
    }

    /// Ends all sessions of somebody.
    pub async fn end_all_of(&self, user: &User, (by, remote): (&Who, &str)) -> Result<(), StoreError> {
        self.store.end_sessions_of(user.id, None).await?;
        self.note(&by.name, remote, DeedKind::SessionsEnded, format!("of {}", user.email)).await;
        Ok(())
    }

    /// Takes somebody's second factor away, and ends their sessions: an admin sets up another at the next sign-in.
    pub async fn take_second(&self, user: &User, (by, remote): (&Who, &str)) -> Result<(), StoreError> {
        self.store.take_totp(user.id).await?;
        self.note(&by.name, remote, DeedKind::SecondFactor, format!("of {} taken away", user.email)).await;
        Ok(())
    }

    /// A link by which somebody sets another password.
    pub async fn link_for(&self, user: &User, (by, remote): (&Who, &str)) -> Result<NewSecret, StoreError> {
        let kind = if user.password.is_some() { LinkKind::Reset } else { LinkKind::Invite };
        let secret = self.make_link(kind, Some(user.id)).await?;
        self.note(&by.name, remote, DeedKind::Link, format!("to a password for {}", user.email)).await;
        Ok(secret)
    }
}

fn refused<T>(why: &str) -> Result<Managed<T>, StoreError> {
    Ok(Managed::Refused(why.to_owned()))
}

/// The same, as it is kept; or what is wrong with it.
fn checked(rights: Rights) -> Result<Rights, String> {
    const MOST_ALIASES: usize = 50;
    let name: String = rights.name.trim().chars().filter(|it| !it.is_control()).take(100).collect();
    if rights.aliases.len() > MOST_ALIASES {
        return Err(format!("Nobody has more than {MOST_ALIASES} other mail addresses."));
    }
    let mut aliases = Vec::new();
    for alias in &rights.aliases {
        aliases.push(mail_address(alias).ok_or_else(|| format!("“{alias}” is no mail address."))?);
    }
    Ok(Rights { name, aliases, ..rights })
}
