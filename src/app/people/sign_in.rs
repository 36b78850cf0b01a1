//! Signing in: a password, then a second factor for whoever has one and every admin. Between the two stands half a
//! session, which opens nothing else. Nothing here tells whether an account exists.

use super::{DeedKind, Link, LinkKind, NewSecret, NewUser, Session, User, hash_of, passwords, totp};
use crate::app::{App, StoreError};
use crate::model::Timestamp;
use crate::model::access::Role;

/// How long a link works that makes the first admin.
pub const FIRST_MS: i64 = 24 * 60 * 60 * 1000;
/// How long an invitation works, and a link to another password.
pub const INVITED_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// From where somebody comes.
#[derive(Debug, Clone, Default)]
pub struct From {
    /// The address.
    pub remote: String,
    /// The browser, as it calls itself.
    pub agent: String,
    /// The hash of the secret by which it is signed in already: that session ends with the next one.
    pub before: Option<[u8; 32]>,
}

/// What comes after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: they are in.
    In,
    /// The code of their second factor.
    Code,
    /// They must set up a second factor.
    Second,
}

/// A session that was just begun.
#[derive(Debug)]
pub struct Begun {
    /// What the cookie holds.
    pub secret: NewSecret,
    /// What is still to come.
    pub next: Next,
}

/// What came of a try.
#[derive(Debug)]
pub enum Tried {
    /// It was right.
    Right(Begun),
    /// It was wrong.
    Wrong,
    /// So many seconds have to pass first.
    Wait(i64),
}

/// What came of a link that works once.
#[derive(Debug)]
pub enum Welcomed {
    /// It was used up, and somebody is signed in.
    Right(Begun),
    /// It works no more.
    Gone,
    /// What was typed won't do; a sentence. The link still works.
    Bad(String),
}

impl App {
    /// Somebody shows a mail address and a password.
    pub async fn sign_in(&self, email: &str, password: &str, from: &From) -> Result<Tried, StoreError> {
        let email = email.trim().to_lowercase();
        if let Err(seconds) = self.watch.throttle.tries(&email, &from.remote, self.now()) {
            if self.watch.throttle.is_news(&email, &from.remote) {
                let user = self.store.user_by_email(&email).await?;
                self.note(&known_as(user), &from.remote, DeedKind::SignInRefused, TOO_MANY).await;
            }
            return Ok(Tried::Wait(seconds));
        }
        let tried = self.compare(&email, password, from).await;
        if tried.is_err() {
            // The board failed, nobody was wrong.
            self.watch.throttle.undone(&email, &from.remote);
        }
        tried
    }

    /// Somebody who is known tries something; the seconds that have to pass first are noted.
    pub(super) async fn held_up(&self, user: &User, from: &From) -> Result<(), i64> {
        let tries = self.watch.throttle.tries(&user.email, &from.remote, self.now());
        if tries.is_err() && self.watch.throttle.is_news(&user.email, &from.remote) {
            self.note(&user.email, &from.remote, DeedKind::SignInRefused, TOO_MANY).await;
        }
        tries
    }

    async fn compare(&self, email: &str, password: &str, from: &From) -> Result<Tried, StoreError> {
        let known = self.store.user_by_email(email).await?;
        let user = known.clone().filter(|it| it.disabled_at.is_none());
        let kept = user.as_ref().and_then(|it| it.password.as_deref());
        let right = passwords::is_right(password, kept).await?;
        self.watch.compared.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let Some(user) = user.as_ref().filter(|_| right) else {
            let gone = known.as_ref().is_some_and(|it| it.disabled_at.is_some());
            let why = if gone { "they may sign in no more" } else { "wrong password" };
            self.note(&known_as(known), &from.remote, DeedKind::SignInRefused, why).await;
            return Ok(Tried::Wrong);
        };
        if kept.is_some_and(passwords::is_old) {
            self.store.keep_password(user.id, &passwords::hash(password).await?).await?;
        }
        let begun = self.let_in(user, from, None, false).await?;
        if begun.next != Next::In {
            self.watch.throttle.undone(email, &from.remote);
        }
        Ok(Tried::Right(begun))
    }

    /// Begins a session of somebody who proved who they are; `whole`: with a second factor, or by somebody who vouches
    /// for one. The session that it `follows` ends.
    pub async fn let_in(
        &self,
        user: &User,
        from: &From,
        follows: Option<i64>,
        whole: bool,
    ) -> Result<Begun, StoreError> {
        let next = match &user.totp {
            _ if whole => Next::In,
            Some(_) => Next::Code,
            None if user.role == Role::Admin => Next::Second,
            None => Next::In,
        };
        let (now, secret) = (self.now(), NewSecret::make("")?);
        // A browser holds one cookie: what it was signed in by before nobody could end any more.
        let follows = match (follows, &from.before) {
            (None, Some(hash)) => self.store.session(hash).await?.map(|it| it.id),
            (follows, _) => follows,
        };
        self.store.prune_sessions(now.plus(-super::IDLE_MS), now.plus(-super::LONGEST_MS)).await?;
        let session = Session {
            id: 0,
            user: user.id,
            half: next != Next::In,
            created_at: now,
            seen_at: now,
            remote: from.remote.clone(),
            agent: from.agent.chars().take(200).collect(),
        };
        self.store.begin_session(&secret.hash(), &session, follows).await?;
        if next == Next::In {
            self.watch.throttle.right(&user.email, &from.remote, now);
            self.note(&user.email, &from.remote, DeedKind::SignIn, "").await;
        }
        Ok(Begun { secret, next })
    }

    /// Somebody with half a session shows the code of their second factor. Each counts once.
    pub async fn show_code(
        &self,
        (user, session): &(User, Session),
        code: &str,
        from: &From,
    ) -> Result<Tried, StoreError> {
        if let Err(seconds) = self.held_up(user, from).await {
            return Ok(Tried::Wait(seconds));
        }
        let step = user.totp.as_deref().and_then(|secret| totp::step_of(secret, code, self.now()));
        let counts = match step {
            Some(step) => self.store.use_totp(user.id, step).await?,
            None => false,
        };
        if !counts {
            self.note(&user.email, &from.remote, DeedKind::SignInRefused, "wrong code").await;
            return Ok(Tried::Wrong);
        }
        self.let_in(user, from, Some(session.id), true).await.map(Tried::Right)
    }

    /// The second factor that somebody could set up by this session: the same one however often it is shown.
    #[must_use]
    pub fn second_of(&self, session: &Session) -> String {
        totp::secret(&self.watch.key, &format!("{} {} {}", session.user, session.id, session.created_at.0))
    }

    /// Somebody shows that they have set up what [`App::second_of`] says: from now on it is asked for.
    pub async fn set_up_second(
        &self,
        (user, session): &(User, Session),
        code: &str,
        from: &From,
    ) -> Result<Tried, StoreError> {
        if let Err(seconds) = self.held_up(user, from).await {
            return Ok(Tried::Wait(seconds));
        }
        let secret = self.second_of(session);
        let Some(step) = totp::step_of(&secret, code, self.now()).filter(|_| user.totp.is_none()) else {
            self.note(&user.email, &from.remote, DeedKind::SignInRefused, "wrong code").await;
            return Ok(Tried::Wrong);
        };
        self.store.set_totp(user.id, secret, step).await?;
        self.note(&user.email, &from.remote, DeedKind::SecondFactor, "set up").await;
        self.let_in(user, from, Some(session.id), true).await.map(Tried::Right)
    }

    /// Ends the session of a cookie's secret.
    pub async fn sign_out(&self, secret: &str, from: &From) -> Result<(), StoreError> {
        let Some(session) = self.store.session(&hash_of(secret)).await? else { return Ok(()) };
        self.store.end_session(session.id).await?;
        if let Some(user) = self.store.user(session.user).await? {
            self.note(&user.email, &from.remote, DeedKind::SignOut, "").await;
        }
        Ok(())
    }

    /// Makes a link that works once; its secret is told now and never again.
    pub async fn make_link(&self, kind: LinkKind, user: Option<i64>) -> Result<NewSecret, StoreError> {
        let (now, secret) = (self.now(), NewSecret::make("")?);
        let lasts = if kind == LinkKind::First { FIRST_MS } else { INVITED_MS };
        self.store.add_link(&secret.hash(), &Link { kind, user, expires_at: now.plus(lasts) }, now).await?;
        Ok(secret)
    }

    /// The address of a link that works once.
    #[must_use]
    pub fn link_address(&self, secret: &NewSecret, local: Option<std::net::SocketAddr>) -> String {
        format!("{}/welcome/{}", self.outside_address(local), secret.text())
    }

    /// The address that a wall screen opens once.
    #[must_use]
    pub fn screen_address(&self, secret: &NewSecret, local: Option<std::net::SocketAddr>) -> String {
        format!("{}/screen/{}", self.outside_address(local), secret.text())
    }

    fn outside_address(&self, local: Option<std::net::SocketAddr>) -> String {
        let server = &self.config.server;
        let local = || format!("http://{}", local.unwrap_or(server.listen));
        server.public_url.clone().unwrap_or_else(local)
    }

    /// A link that works, and for whom; nobody for the one that makes the first admin.
    pub async fn link(&self, secret: &str) -> Result<Option<(LinkKind, Option<User>)>, StoreError> {
        let Some(link) = self.store.link(&hash_of(secret), self.now()).await? else { return Ok(None) };
        let Some(user) = link.user else {
            let is_first = link.kind == LinkKind::First && self.store.admins().await? == 0;
            return Ok(is_first.then_some((link.kind, None)));
        };
        let user = self.store.user(user).await?.filter(|it| it.disabled_at.is_none());
        // Whoever has come by the identity provider since comes by that alone.
        let user = user.filter(|it| it.subject.is_none());
        Ok(user.map(|user| (link.kind, Some(user))))
    }

    /// Somebody takes a link up: sets their password, and with the first link says who they are.
    pub async fn take_up(
        &self,
        secret: &str,
        email: &str,
        password: &str,
        from: &From,
    ) -> Result<Welcomed, StoreError> {
        let Some((_, link)) = self.link(secret).await? else { return Ok(Welcomed::Gone) };
        let email = match &link {
            Some(user) => user.email.clone(),
            None => match mail_address(email) {
                Some(email) => email,
                None => return Ok(Welcomed::Bad(NO_ADDRESS.to_owned())),
            },
        };
        if let Err(weak) = passwords::judge(password, &email) {
            return Ok(Welcomed::Bad(weak.to_string()));
        }
        if link.is_none() && self.store.user_by_email(&email).await?.is_some() {
            return Ok(Welcomed::Bad(
                "Somebody with that mail address is known already; take another.".to_owned(),
            ));
        }
        let hashed = passwords::hash(password).await?;
        if !self.store.use_link(&hash_of(secret), self.now()).await? {
            return Ok(Welcomed::Gone);
        }
        let id = match &link {
            Some(user) => {
                self.store.set_password(user.id, &hashed, None).await?;
                Some(user.id)
            }
            None => self.store.add_user(&NewUser::admin(&email, hashed), self.now()).await?,
        };
        let user = match id {
            Some(id) => self.store.user(id).await?,
            None => None,
        };
        let Some(user) = user else { return Ok(Welcomed::Gone) };
        if link.is_none() {
            let what = format!("{email} as admin, by the first link");
            self.note(&email, &from.remote, DeedKind::UserAdded, what).await;
        }
        self.note(&email, &from.remote, DeedKind::Password, "set by a link").await;
        self.let_in(&user, from, None, false).await.map(Welcomed::Right)
    }
}

const TOO_MANY: &str = "too many tries were wrong";

/// Whoever types a password where the mail address belongs shall not find it in the audit.
fn known_as(user: Option<User>) -> String {
    user.map_or_else(|| "somebody unknown".to_owned(), |it| it.email)
}

/// Said of what is no mail address.
pub const NO_ADDRESS: &str = "That is no mail address.";

/// A mail address as it is kept; `None`: it is none.
#[must_use]
pub fn mail_address(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (name, host) = text.split_once('@')?;
    let odd = |it: char| it.is_whitespace() || it.is_control() || matches!(it, '@' | ',' | '<' | '>' | '"');
    let fits = !name.is_empty() && !host.is_empty() && text.len() <= 254;
    (fits && !name.contains(odd) && !host.contains(odd)).then_some(text)
}

/// What is remembered of sign-ins while the board runs.
#[derive(Debug)]
pub struct Watch {
    pub(super) throttle: super::throttle::Throttle,
    compared: std::sync::atomic::AtomicU64,
    key: ring::hmac::Key,
}

impl Watch {
    /// # Errors
    /// The system gives no randomness.
    pub fn new() -> Result<Self, StoreError> {
        let secret = NewSecret::make("")?;
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.text().as_bytes());
        Ok(Self { throttle: super::throttle::Throttle::default(), compared: 0.into(), key })
    }

    /// How many passwords were compared: one for each try, whether or not there is such an account.
    #[must_use]
    pub fn compared(&self) -> u64 {
        self.compared.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// A half session that began so long ago has ended.
pub(super) fn is_stale(session: &Session, now: Timestamp) -> bool {
    const HALF_MS: i64 = 10 * 60 * 1000;
    let age = now.since(session.created_at);
    age >= super::LONGEST_MS
        || now.since(session.seen_at) >= super::IDLE_MS
        || (session.half && age >= HALF_MS)
}

#[cfg(test)]
mod tests {
    use super::mail_address;

    #[test]
    fn a_mail_address_has_a_name_and_a_host() {
        assert_eq!(mail_address(" Asha@Example.com ").as_deref(), Some("asha@example.com"));
        for none in ["", "asha", "@example.com", "asha@", "a b@c", "a@b@c", "a@b,c@d", "Asha <a@b>"] {
            assert_eq!(mail_address(none), None, "{none}");
        }
    }
}
