//! Who makes a request, and what they may do.

use crate::model::access::{Needs, Reach, Role, Scope};
use crate::store::people::{Token, User};

/// Somebody who is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// As the audit calls them: a mail address, a token's name, or how else they came.
    pub name: String,
    /// By what they are known.
    pub means: Means,
    /// Which packages they may see.
    pub reach: Reach,
    /// The mail addresses under which they send, in lower case; a program has none.
    pub sends_as: Vec<String>,
    /// The zone in which they read times; `None`: the board's.
    pub zone: Option<String>,
}

/// By what somebody is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// They sit at the machine of a board that asks for no sign-in: they may do everything.
    Here,
    /// A session of a person.
    Session {
        /// Its number.
        session: i64,
        /// The person's.
        user: i64,
        /// What they may do.
        role: Role,
    },
    /// A token of a program.
    Token {
        /// Its number.
        token: i64,
        /// What it opens.
        scope: Scope,
        /// The one board that a screen shows, as in its address.
        query: Option<String>,
    },
}

impl Who {
    /// Whoever sits at the machine.
    #[must_use]
    pub fn here() -> Self {
        let name = "somebody at this machine".to_owned();
        Self { name, means: Means::Here, reach: Reach::default(), sends_as: Vec::new(), zone: None }
    }

    /// A person by a session.
    #[must_use]
    pub fn person(user: &User, session: i64) -> Self {
        let means = Means::Session { session, user: user.id, role: user.role };
        Self {
            name: user.email.clone(),
            means,
            reach: user.reach(),
            sends_as: user.sends_as(),
            zone: user.zone.clone(),
        }
    }

    /// A program by its token.
    #[must_use]
    pub fn program(token: &Token) -> Self {
        let means = Means::Token { token: token.id, scope: token.scope, query: token.query.clone() };
        let name = format!("token {}", token.name);
        Self { name, means, reach: token.reach.clone(), sends_as: Vec::new(), zone: None }
    }

    /// What they see of the board; with `mine`, of that only what they sent. That narrows nothing for whoever never
    /// sends, and for whom it is all there is anyway.
    #[must_use]
    pub fn sees(&self, mine: bool) -> Reach {
        let narrows = mine && self.reach.senders.is_none() && !self.sends_as.is_empty();
        let senders = if narrows { Some(self.sends_as.clone()) } else { self.reach.senders.clone() };
        Reach { senders, accounts: self.reach.accounts.clone() }
    }

    /// The board of a wall screen, as in its address; `None`: they are none, and choose.
    #[must_use]
    pub fn screen(&self) -> Option<&str> {
        match &self.means {
            Means::Token { scope: Scope::Screen, query, .. } => Some(query.as_deref().unwrap_or_default()),
            Means::Here | Means::Session { .. } | Means::Token { .. } => None,
        }
    }

    /// What a person may do; a program has no role.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        match self.means {
            Means::Here => Some(Role::Admin),
            Means::Session { role, .. } => Some(role),
            Means::Token { .. } => None,
        }
    }

    /// Whether they are given what an address asks for.
    #[must_use]
    pub fn may(&self, needs: Needs) -> bool {
        let role = self.role();
        let scope = match &self.means {
            Means::Token { scope, .. } => Some(*scope),
            Means::Here | Means::Session { .. } => None,
        };
        match needs {
            Needs::Nothing => true,
            Needs::Known => scope != Some(Scope::Screen),
            Needs::Screen => scope == Some(Scope::Screen),
            Needs::Person => matches!(self.means, Means::Session { .. }),
            Needs::Resync => role >= Some(Role::Sender) || scope == Some(Scope::Resync),
            Needs::Role(least) => role >= Some(least),
            Needs::AdminOrToken => {
                role == Some(Role::Admin)
                    || self.reach.is_all() && scope.is_some_and(|it| it != Scope::Screen)
            }
        }
    }
}
