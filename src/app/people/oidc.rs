//! People who come by the firm's identity provider: who they are is its word, what they may do follows from their groups
//! there, and every twelve hours it is asked again. A browser that begins a sign-in carries what must come back, sealed,
//! so that no other browser can end it, and nothing that strangers do fills anything up.

use super::seal::Seal;
use super::sign_in::mail_address;
use super::{Begun, DeedKind, From, NewUser, User, hash_of};
use crate::app::{App, StoreError};
use crate::config::OidcConfig;
use crate::model::Timestamp;
use crate::model::access::Role;
use crate::provider::OpenError;
use crate::provider::issuer::sign_in::{Going, Idp, IdpError, Vouched};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// After so long the provider is asked again.
pub const ASKED_MS: i64 = 12 * 60 * 60 * 1000;
/// Nobody for whom it hasn't vouched for so long is believed to be who they were.
pub const VOUCHED_MS: i64 = 24 * 60 * 60 * 1000;
/// Where it didn't answer it is asked again after so long.
const AGAIN_MS: i64 = 10 * 60 * 1000;
/// Asked about so many at a time.
const CHUNK: u32 = 50;
/// How long a sign-in may take.
const GOING_MS: i64 = 10 * 60 * 1000;
/// So many that were done are remembered.
const MOST_DONE: usize = 10_000;
/// So many at a time may ask the provider, and others wait so long for one of them to be done.
const AT_ONCE: usize = 8;
const WAIT: Duration = Duration::from_secs(5);
/// Who does in the audit what nobody here did.
const PROVIDER: &str = "the identity provider";
const COOKIE: &str = "a sign-in under way";
const REFRESH: &str = "with what the provider is asked again";

/// The identity provider, and what is remembered of sign-ins there.
#[derive(Debug)]
pub struct Oidc {
    config: OidcConfig,
    idp: Idp,
    seal: Seal,
    done: Mutex<VecDeque<([u8; 32], Timestamp)>>,
    free: Semaphore,
}

/// Why nobody is let in, for whoever tried.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// None is configured.
    #[error("This board knows no identity provider.")]
    None,
    /// It can't be asked.
    #[error(
        "{0} can’t be asked just now. Try again in a moment; whoever has a password here can sign in with it below."
    )]
    Down(String),
    /// It is no answer to what this browser asked.
    #[error(
        "This sign-in was begun in another browser, or too long ago, or is done already. Begin it again."
    )]
    Stale,
    /// It says no, or what came can't be believed.
    #[error("{0} didn’t let you in. Begin again; if that doesn’t help, ask an admin of this board.")]
    Refused(String),
    /// None of their groups is anything here.
    #[error("{0} knows you, but none of your groups there may use this board. Ask whoever looks after it.")]
    NoRole(String),
    /// Without a mail address nobody can be told apart.
    #[error("{0} tells no mail address of yours, or none that it has verified. Ask whoever looks after it.")]
    NoMail(String),
    /// Somebody else is called so here.
    #[error(
        "Your mail address belongs to somebody who is known here already. Sign in as you did before, or ask an admin of this board."
    )]
    Taken,
    /// An admin said no.
    #[error("You may not sign in to this board any more. An admin of it can change that.")]
    Disabled,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// With what a browser comes back.
#[derive(Debug, Default)]
pub struct Came<'a> {
    /// What it carried along.
    pub sealed: &'a str,
    /// What the provider repeats.
    pub state: &'a str,
    /// What can be exchanged for a token; empty: it didn't let them in.
    pub code: &'a str,
    /// The issuer that says so, if it does.
    pub issuer: Option<&'a str>,
}

/// What a browser carries along.
#[derive(Serialize, Deserialize)]
struct Carried {
    state: String,
    nonce: String,
    verifier: String,
    back: String,
    next: String,
    at: i64,
}

/// What came of asking about people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// The provider vouches for them on.
    pub vouched: u32,
    /// What was open of them has ended.
    pub ended: u32,
    /// It couldn't be asked.
    pub unasked: u32,
}

impl Oidc {
    /// Sets the way to the provider up; nothing is sent.
    pub(in crate::app) fn open(config: &OidcConfig) -> Result<Idp, OpenError> {
        Idp::open(config)
    }

    /// With the key that lies in the data folder.
    pub(in crate::app) fn new(
        config: &OidcConfig,
        idp: Idp,
        folder: &std::path::Path,
    ) -> Result<Self, StoreError> {
        let (done, free) = (Mutex::default(), Semaphore::new(AT_ONCE));
        Ok(Self { config: config.clone(), idp, seal: Seal::of(folder)?, done, free })
    }

    /// How the way in is called.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.config.label
    }

    /// The highest role that the words give.
    fn role(&self, words: &[String]) -> Option<Role> {
        let roles = [Role::Admin, Role::Sender, Role::Viewer].into_iter().zip(&self.config.roles);
        roles.into_iter().find(|(_, known)| known.iter().any(|it| words.contains(it))).map(|(role, _)| role)
    }

    fn subject(&self, own: &str) -> String {
        format!("{} {own}", self.config.issuer)
    }

    /// Uses a state up. `false`: it was used before.
    fn is_first(&self, state: &str, now: Timestamp) -> bool {
        let (mut done, hash) = (self.done.lock().unwrap_or_else(PoisonError::into_inner), hash_of(state));
        while done.front().is_some_and(|(_, at)| now.since(*at) >= GOING_MS) || done.len() >= MOST_DONE {
            done.pop_front();
        }
        let first = !done.iter().any(|(known, _)| *known == hash);
        if first {
            done.push_back((hash, now));
        }
        first
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, OidcError> {
        match tokio::time::timeout(WAIT, self.free.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(OidcError::Down(self.config.label.clone())),
        }
    }

    fn down(&self, why: &IdpError) -> OidcError {
        tracing::warn!(%why, "nobody can sign in at the identity provider");
        OidcError::Down(self.config.label.clone())
    }
}

impl App {
    /// Whether the identity provider answers, if there is one; why not in words.
    pub async fn ask_identity_provider(&self) -> Option<Result<(), String>> {
        let oidc = self.oidc.as_ref()?;
        Some(oidc.idp.ask(self.now()).await.map_err(|why| why.to_string()))
    }

    /// Where a browser is sent to sign in, and what it carries along; it is to come back to `back`.
    ///
    /// # Errors
    /// There is no provider, or it can't be reached.
    pub async fn begin_oidc(&self, back: &str, next: &str) -> Result<(String, String), OidcError> {
        let oidc = self.oidc.as_ref().ok_or(OidcError::None)?;
        let _turn = oidc.turn().await?;
        let now = self.now();
        let (url, going) = oidc.idp.begin(back, now).await.map_err(|why| oidc.down(&why))?;
        let Going { state, nonce, verifier } = going;
        let (back, next) = (back.to_owned(), next.to_owned());
        let carried = Carried { state, nonce, verifier, back, next, at: now.0 };
        let carried = serde_json::to_vec(&carried).unwrap_or_default();
        Ok((url, URL_SAFE_NO_PAD.encode(oidc.seal.close(COOKIE, &carried)?)))
    }

    /// A browser came back: a session, and where to go on to.
    ///
    /// # Errors
    /// Why nobody is let in.
    pub async fn finish_oidc(&self, came: &Came<'_>, from: &From) -> Result<(Begun, String), OidcError> {
        let oidc = self.oidc.as_ref().ok_or(OidcError::None)?;
        let done = self.finish(oidc, came, from).await;
        if let Err(why) = &done
            && !matches!(why, OidcError::Store(_))
            // Nobody has to know anything to come back with nothing: a stranger shall not fill the audit.
            && self.watch.throttle.is_worth_a_line(&from.remote, self.now())
        {
            let what = match why {
                OidcError::Down(_) => "the identity provider can't be asked",
                OidcError::Stale => "a sign-in that this browser didn't begin, or not lately",
                OidcError::NoRole(_) => "no role by their groups",
                OidcError::NoMail(_) => "no mail address that counts",
                OidcError::Taken => "their mail address is another's",
                OidcError::Disabled => "disabled",
                _ => "refused by the identity provider",
            };
            self.note("somebody unknown", &from.remote, DeedKind::SignInRefused, what).await;
        }
        done
    }

    async fn finish(&self, oidc: &Oidc, came: &Came<'_>, from: &From) -> Result<(Begun, String), OidcError> {
        let (now, label) = (self.now(), || oidc.config.label.clone());
        let sealed = URL_SAFE_NO_PAD.decode(came.sealed).map_err(|_| OidcError::Stale)?;
        let carried = oidc.seal.open(COOKIE, &sealed).ok_or(OidcError::Stale)?;
        let carried: Carried = serde_json::from_slice(&carried).map_err(|_| OidcError::Stale)?;
        let lasts = (0..GOING_MS).contains(&now.since(Timestamp(carried.at)));
        if !lasts || hash_of(&carried.state) != hash_of(came.state) || !oidc.is_first(came.state, now) {
            return Err(OidcError::Stale);
        }
        if came.code.is_empty() || came.issuer.is_some_and(|it| it != oidc.config.issuer) {
            return Err(OidcError::Refused(label()));
        }
        let _turn = oidc.turn().await?;
        let Carried { state, nonce, verifier, back, next, .. } = carried;
        let going = Going { state, nonce, verifier };
        let vouched = match oidc.idp.finish(&going, came.code, &back, now).await {
            Ok(vouched) => vouched,
            Err(why @ IdpError::Unreachable(_)) => return Err(oidc.down(&why)),
            Err(IdpError::No) => return Err(OidcError::Refused(label())),
            Err(why @ IdpError::Untrusted(_)) => {
                tracing::warn!(%why, "somebody could not sign in at the identity provider");
                return Err(OidcError::Refused(label()));
            }
        };
        let user = self.somebody(oidc, &vouched).await?;
        let refresh = vouched.refresh.as_ref().map(|it| oidc.seal.close(REFRESH, it.expose().as_bytes()));
        self.store.keep_voucher(user.id, &refresh.transpose()?.unwrap_or_default(), now).await?;
        // The provider answers for how they proved who they are, a second factor included.
        Ok((self.let_in(&user, from, None, true).await?, next))
    }

    /// The user that somebody is, known already or not, with the role of today.
    async fn somebody(&self, oidc: &Oidc, vouched: &Vouched) -> Result<User, OidcError> {
        let (now, label) = (self.now(), || oidc.config.label.clone());
        let subject = oidc.subject(&vouched.subject);
        let role = oidc.role(&vouched.words);
        if let Some(user) = self.store.user_by_subject(&subject).await? {
            let Some(role) = role else {
                self.leave(&user, "none of their groups may use this board").await?;
                return Err(OidcError::NoRole(label()));
            };
            return self.as_today(user, role, &subject).await;
        }
        let role = role.ok_or_else(|| OidcError::NoRole(label()))?;
        let email = vouched.email.as_deref().and_then(mail_address);
        let email = email.filter(|_| vouched.email_verified != Some(false));
        let email = email.ok_or_else(|| OidcError::NoMail(label()))?;
        if let Some(user) = self.store.user_by_email(&email).await? {
            // Whoever has a password is somebody by that alone: an account must not be taken over by a mail address.
            let may = oidc.config.link_verified && vouched.email_verified == Some(true);
            if !may || !self.store.link_subject(user.id, &subject).await? {
                return Err(OidcError::Taken);
            }
            self.note(
                &user.email,
                "",
                DeedKind::UserChanged,
                format!("{}: known to {}", user.email, label()),
            )
            .await;
            return self.as_today(user, role, &subject).await;
        }
        let name = vouched.name.as_deref().unwrap_or_default();
        let user = NewUser {
            email,
            name: name.chars().filter(|it| !it.is_control()).take(100).collect(),
            role,
            accounts: None,
            mine: false,
            aliases: Vec::new(),
            password: None,
            subject: Some(subject),
        };
        let id = self.store.add_user(&user, now).await?.ok_or(OidcError::Taken)?;
        let what = format!("{} as {}", user.email, role.word());
        self.note(PROVIDER, "", DeedKind::UserAdded, what).await;
        self.store.user(id).await?.ok_or(OidcError::Taken)
    }

    async fn as_today(&self, user: User, role: Role, subject: &str) -> Result<User, OidcError> {
        if user.disabled_at.is_some() {
            return Err(OidcError::Disabled);
        }
        self.as_vouched(&user, role, subject).await?;
        self.store.user(user.id).await?.ok_or(OidcError::Disabled)
    }

    async fn as_vouched(&self, user: &User, role: Role, subject: &str) -> Result<(), StoreError> {
        let now = self.now();
        if role < user.role {
            // What they made when they might do more may do more than they.
            self.store.end_tokens_of(user.id, now).await?;
        }
        self.store.vouched(user.id, role, subject, now).await?;
        if role != user.role {
            self.note(PROVIDER, "", DeedKind::UserChanged, format!("{}: {}", user.email, role.word())).await;
        }
        Ok(())
    }

    /// Ends what is open of somebody who is not to come in any more.
    async fn leave(&self, user: &User, why: &str) -> Result<(), StoreError> {
        self.store.unvouch(user.id, self.now()).await?;
        self.note(&user.email, "", DeedKind::SignOut, why).await;
        Ok(())
    }

    /// Asks the identity provider about everybody for whom it hasn't vouched for twelve hours: their role is read again,
    /// and whoever has left loses their sessions and tokens. A step, to be repeated.
    ///
    /// # Errors
    /// The store.
    pub async fn vouch_due(&self) -> Result<Asked, StoreError> {
        let Some(oidc) = &self.oidc else { return Ok(Asked::default()) };
        let (now, mut asked) = (self.now(), Asked::default());
        let due = self.store.due_vouchers(now.plus(-ASKED_MS), now.plus(-AGAIN_MS), CHUNK).await?;
        for it in due {
            let Some(user) = self.store.user(it.user).await? else { continue };
            let issuer = format!("{} ", oidc.config.issuer);
            let subject = user.subject.as_deref().and_then(|it| it.strip_prefix(&issuer));
            let refresh = oidc.seal.open(REFRESH, &it.refresh).and_then(|it| String::from_utf8(it).ok());
            let Some((subject, refresh)) = subject.zip(refresh) else {
                // There is nothing to ask with, so they are asked to show themselves.
                self.store.end_sessions_of(user.id, None).await?;
                self.note(&user.email, "", DeedKind::SignOut, "to be vouched for again").await;
                asked.ended += 1;
                continue;
            };
            // First, since what it answers must be kept: where nothing can be written it isn't asked.
            self.store.voucher_tried(user.id, now).await?;
            match oidc.idp.again(subject, &refresh, now).await {
                Ok(vouched) => {
                    let refresh = vouched.refresh.as_ref().map_or("", |it| it.expose());
                    self.store
                        .keep_voucher(user.id, &oidc.seal.close(REFRESH, refresh.as_bytes())?, now)
                        .await?;
                    match oidc.role(&vouched.words) {
                        Some(role) => {
                            self.as_vouched(&user, role, &oidc.subject(subject)).await?;
                            asked.vouched += 1;
                        }
                        None => {
                            self.leave(&user, "none of their groups may use this board").await?;
                            asked.ended += 1;
                        }
                    }
                }
                Err(IdpError::No) => {
                    self.leave(&user, "the identity provider vouches for them no more").await?;
                    asked.ended += 1;
                }
                Err(why) => {
                    tracing::warn!(%why, user = user.id, "whether somebody may still use the board can't be asked");
                    asked.unasked += 1;
                    // The others don't wait long for a provider that answers nobody.
                    break;
                }
            }
        }
        Ok(asked)
    }
}

/// Whether somebody is still believed to be who they were: the identity provider, if they come by one, vouched for them
/// within the day. Where it can't be asked for longer, what is theirs rests until it can.
pub(super) fn is_vouched(user: &User, now: Timestamp) -> bool {
    user.subject.is_none() || user.checked_at.is_some_and(|at| now.since(at) < VOUCHED_MS)
}
