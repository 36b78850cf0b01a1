//! What people do about themselves.

use super::sign_in::From;
use super::{DeedKind, User, passwords};
use crate::app::{App, StoreError};

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Owned {
    /// It is done.
    Done,
    /// It can't be; a sentence says why.
    Refused(String),
    /// So many seconds have to pass first.
    Wait(i64),
}

impl App {
    /// Somebody calls themselves otherwise.
    pub async fn rename(&self, user: &User, name: &str, remote: &str) -> Result<(), StoreError> {
        let name: String = name.trim().chars().filter(|it| !it.is_control()).take(100).collect();
        self.store.rename_user(user.id, &name).await?;
        self.note(&user.email, remote, DeedKind::UserChanged, "their own name").await;
        Ok(())
    }

    /// Somebody reads times in another zone, whose name is one; `None`: in the board's.
    pub async fn choose_zone(
        &self,
        user: &User,
        zone: Option<String>,
        remote: &str,
    ) -> Result<(), StoreError> {
        let what = format!("their time zone: {}", zone.as_deref().unwrap_or("the board’s"));
        self.store.set_zone(user.id, zone).await?;
        self.note(&user.email, remote, DeedKind::UserChanged, what).await;
        Ok(())
    }

    /// Somebody with a session changes their password: they must know the old one. Their other sessions end.
    pub async fn change_password(
        &self,
        user: &User,
        session: i64,
        (old, new): (&str, &str),
        from: &From,
    ) -> Result<Owned, StoreError> {
        if let Err(seconds) = self.held_up(user, from).await {
            return Ok(Owned::Wait(seconds));
        }
        if !passwords::is_right(old, user.password.as_deref()).await? {
            self.note(&user.email, &from.remote, DeedKind::SignInRefused, "wrong old password").await;
            return Ok(Owned::Refused("The old password is wrong.".to_owned()));
        }
        self.watch.throttle.right(&user.email, &from.remote, self.now());
        if let Err(weak) = passwords::judge(new, &user.email) {
            return Ok(Owned::Refused(weak.to_string()));
        }
        self.store.set_password(user.id, &passwords::hash(new).await?, Some(session)).await?;
        self.note(&user.email, &from.remote, DeedKind::Password, "changed").await;
        Ok(Owned::Done)
    }

    /// Somebody ends a session of theirs. `false`: it is none of theirs, or has ended.
    pub async fn end_own(&self, user: &User, session: i64, remote: &str) -> Result<bool, StoreError> {
        let own = self.store.session_by_id(session).await?.is_some_and(|it| it.user == user.id);
        let ended = own && self.store.end_session(session).await?;
        if ended {
            self.note(&user.email, remote, DeedKind::SessionsEnded, "their own").await;
        }
        Ok(ended)
    }

    /// Somebody ends all of their sessions but the one they are in.
    pub async fn end_others(&self, user: &User, session: i64, remote: &str) -> Result<(), StoreError> {
        self.store.end_sessions_of(user.id, Some(session)).await?;
        self.note(&user.email, remote, DeedKind::SessionsEnded, "their own others").await;
        Ok(())
    }
}
