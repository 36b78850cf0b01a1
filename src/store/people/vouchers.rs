//! What is kept to ask the identity provider again about somebody, and who is to be asked about.

use super::super::aside::Aside;
use super::super::{Store, StoreError};
use super::users::{end_sessions, end_tokens};
use crate::model::Timestamp;
use sqlx::Row as _;

const KEEP: &str = "INSERT INTO vouchers (user, refresh, tried_at) VALUES ($1, $2, $3) \
    ON CONFLICT (user) DO UPDATE SET refresh = excluded.refresh, tried_at = excluded.tried_at";
const TRIED: &str = "INSERT INTO vouchers (user, refresh, tried_at) VALUES ($1, x'', $2) \
    ON CONFLICT (user) DO UPDATE SET tried_at = excluded.tried_at";
const SUBJECT: &str =
    "UPDATE users SET subject = $2 WHERE id = $1 AND subject IS NULL AND password IS NULL RETURNING id";
const DROP: &str = "DELETE FROM vouchers WHERE user = $1";
const UNVOUCH: &str = "UPDATE users SET checked_at = NULL WHERE id = $1";
/// Those of whom something is open, the longest unasked first.
const DUE: &str = "SELECT u.id, coalesce(v.refresh, x'') AS refresh FROM users u LEFT JOIN vouchers v ON v.user = u.id \
    WHERE u.subject IS NOT NULL AND u.disabled_at IS NULL AND coalesce(u.checked_at, 0) <= $1 \
    AND coalesce(v.tried_at, 0) <= $2 AND (EXISTS (SELECT 1 FROM sessions s WHERE s.user = u.id) \
    OR (coalesce(v.refresh, x'') != x'' AND EXISTS (SELECT 1 FROM tokens t WHERE t.user = u.id AND t.ended_at IS NULL))) \
    ORDER BY coalesce(v.tried_at, 0), u.id LIMIT $3";

/// Somebody about whom the identity provider is to be asked.
#[derive(Clone)]
pub struct Due {
    /// Their number.
    pub user: i64,
    /// What it is asked with, sealed; empty: there is nothing.
    pub refresh: Vec<u8>,
}

impl std::fmt::Debug for Due {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Due").field("user", &self.user).finish_non_exhaustive()
    }
}

pub(super) fn drop_voucher(user: i64) -> Aside {
    Aside::new(DROP).number(user)
}

impl Store {
    /// Keeps what the identity provider is asked with next time; nothing if it gave nothing.
    pub async fn keep_voucher(&self, user: i64, refresh: &[u8], now: Timestamp) -> Result<(), StoreError> {
        self.aside(vec![Aside::new(KEEP).number(user).bytes(refresh).number(now.0)]).await.map(|_| ())
    }

    /// The identity provider was asked, and didn't answer.
    pub async fn voucher_tried(&self, user: i64, now: Timestamp) -> Result<(), StoreError> {
        self.aside(vec![Aside::new(TRIED).number(user).number(now.0)]).await.map(|_| ())
    }

    /// Somebody who was invited here, and has no password, comes in by this subject from now on. `false`: they have one.
    pub async fn link_subject(&self, user: i64, subject: &str) -> Result<bool, StoreError> {
        self.aside(vec![Aside::new(SUBJECT).number(user).text(subject)]).await.map(|it| it.is_some())
    }

    /// Nobody vouches for somebody any more: their sessions and tokens end. They may sign in again, if they can.
    pub async fn unvouch(&self, user: i64, now: Timestamp) -> Result<(), StoreError> {
        let unvouch = Aside::new(UNVOUCH).number(user);
        self.aside(vec![end_sessions(user, None), end_tokens(user, now), drop_voucher(user), unvouch])
            .await
            .map(|_| ())
    }

    /// Whom the identity provider last vouched for at `checked` or before, and about whom it was last asked at `tried`
    /// or before, if something of theirs is open.
    pub async fn due_vouchers(
        &self,
        checked: Timestamp,
        tried: Timestamp,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        let query = sqlx::query(DUE).bind(checked.0).bind(tried.0).bind(i64::from(limit));
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter()
            .map(|row| Ok(Due { user: row.try_get("id")?, refresh: row.try_get("refresh")? }))
            .collect()
    }
}
