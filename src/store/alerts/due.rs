//! Alerts of which it is due to look up whom to tell, with what that takes: much may come at once, so it is one statement for many.

use super::super::ask::{Ask, read};
use super::super::{Store, StoreError};
use super::read::{Alert, Told, alerts, in_one};
use crate::model::Timestamp;

/// With whether somebody heard of it, or may have, and who follows its package; more of these are not looked for.
macro_rules! due {
    ($which:literal) => {
        in_one!(concat!(
            "SELECT a.id, json_array(json(a.told), EXISTS (SELECT 1 FROM tellings t WHERE t.alert = a.id AND (t.state = 1 OR t.message IS NOT NULL)), \
             (SELECT json_group_array(user) FROM (SELECT f.user FROM followers f WHERE f.account = a.told ->> 'account' \
             AND f.package = a.told ->> 'package' ORDER BY f.user LIMIT 1000))) AS told FROM (",
            alerts!($which),
            ") a"
        ))
    };
}
const UNROUTED: &str = due!("a.route_at IS NOT NULL AND a.id > $1 ORDER BY a.id LIMIT $2");
const TO_NAG: &str = due!(
    "a.nag_at <= $1 AND a.resolved_at IS NULL AND a.taken_at IS NULL AND a.route_at IS NULL ORDER BY a.nag_at, a.id LIMIT $2"
);

/// An alert of which it is due to look up whom to tell.
#[derive(Debug)]
pub struct ToRoute {
    /// Which.
    pub alert: Alert,
    /// Since when it is due, or how long that waits; `None`: it is one to be reminded of.
    pub route_at: Option<Timestamp>,
    /// Somebody heard of it, or may have.
    pub is_heard: bool,
    /// The numbers of those who follow its package.
    pub followers: Vec<i64>,
}

impl Store {
    /// Those behind the number `after` of whom it has yet to be looked up whom to tell, or to tell that they are mended.
    pub async fn unrouted(&self, after: i64, limit: u32) -> Result<Vec<ToRoute>, StoreError> {
        self.due(Ask::new(UNROUTED).number(after).number(i64::from(limit))).await
    }

    /// Those to be reminded of that nobody sees to.
    pub async fn to_nag(&self, now: Timestamp, limit: u32) -> Result<Vec<ToRoute>, StoreError> {
        self.due(Ask::new(TO_NAG).number(now.0).number(i64::from(limit))).await
    }

    /// In the order of their numbers.
    async fn due(&self, ask: Ask) -> Result<Vec<ToRoute>, StoreError> {
        let told: Vec<(Told, i64, Vec<i64>)> = read(&self.one(ask).await?)?;
        let one = |(told, is_heard, followers): (Told, i64, Vec<i64>)| {
            let route_at = told.route_at.map(Timestamp);
            Ok(ToRoute { alert: told.alert()?, route_at, is_heard: is_heard != 0, followers })
        };
        told.into_iter().rev().map(one).collect()
    }
}
