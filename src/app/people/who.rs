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
        Self { name: "somebody at this machine".to_owned(), means: Means::Here, reach: Reach::default() }
    }

    /// A person by a session.
    #[must_use]
    pub fn person(user: &User, session: i64) -> Self {
        let means = Means::Session { session, user: user.id, role: user.role };
        Self { name: user.email.clone(), means, reach: user.reach() }
    }

    /// A program by its token.
    #[must_use]
    pub fn program(token: &Token) -> Self {
        let means = Means::Token { token: token.id, scope: token.scope, query: token.query.clone() };
        Self { name: format!("token {}", token.name), means, reach: token.reach.clone() }
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
            Needs::Nothing | Needs::Known => true,
            Needs::Person => matches!(self.means, Means::Session { .. }),
            Needs::Resync => role >= Some(Role::Sender) || scope == Some(Scope::Resync),
            Needs::Role(least) => role >= Some(least),
            Needs::AdminOrToken => role == Some(Role::Admin) || scope.is_some_and(|it| it != Scope::Screen),
        }
    }
}
