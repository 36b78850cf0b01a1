//! Links that work once.

use super::super::aside::Aside;
use super::super::{Store, StoreError};
use crate::model::Timestamp;
use sqlx::Row as _;

const ADD: &str = "INSERT INTO once_links (hash, kind, user, expires_at) VALUES ($1, $2, $3, $4)";
const USE: &str = "DELETE FROM once_links WHERE hash = $1 AND expires_at > $2 RETURNING 1";
const DROP: &str = "DELETE FROM once_links WHERE expires_at <= $1 OR (kind = $2 AND user IS $3)";
/// Whatever is left for somebody: with another password, and once they may come no more, nothing opens by an older link.
const DROP_OF: &str = "DELETE FROM once_links WHERE user = $1";
const ONE: &str = "SELECT kind, user, expires_at FROM once_links WHERE hash = $1 AND expires_at > $2";

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// To become the first admin.
    First,
    /// To take up an invitation.
    Invite,
    /// To set another password.
    Reset,
}

impl LinkKind {
    fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Invite => "invite",
            Self::Reset => "reset",
        }
    }
}

/// A link that works once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// What it is for.
    pub kind: LinkKind,
    /// For whom; `None`: whoever becomes the first admin.
    pub user: Option<i64>,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// Ends every link of somebody.
pub(super) fn end_links(user: i64) -> Aside {
    Aside::new(DROP_OF).number(user)
}

impl Store {
    /// Makes a link; `hash` is of its secret. Others of the same kind for the same person end.
    pub async fn add_link(&self, hash: &[u8], link: &Link, now: Timestamp) -> Result<(), StoreError> {
        let drop = Aside::new(DROP).number(now.0).text(link.kind.word()).number(link.user);
        let add = Aside::new(ADD).bytes(hash).text(link.kind.word()).number(link.user);
        self.aside(vec![drop, add.number(link.expires_at.0)]).await.map(|_| ())
    }

    /// A link that works.
    pub async fn link(&self, hash: &[u8], now: Timestamp) -> Result<Option<Link>, StoreError> {
        let row = sqlx::query(ONE).bind(hash.to_vec()).bind(now.0).fetch_optional(&self.readers).await?;
        let Some(row) = row else { return Ok(None) };
        let kind = match row.try_get("kind")? {
            "first" => LinkKind::First,
            "invite" => LinkKind::Invite,
            _ => LinkKind::Reset,
        };
        let expires_at = Timestamp(row.try_get("expires_at")?);
        Ok(Some(Link { kind, user: row.try_get("user")?, expires_at }))
    }

    /// Uses a link up. `false`: it works no more.
    pub async fn use_link(&self, hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
        self.aside(vec![Aside::new(USE).bytes(hash).number(now.0)]).await.map(|it| it.is_some())
    }
}
