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
/// In the order of the index: whoever asks for the next of them all the time goes through none of the others.
const UNROUTED: &str =
    due!("a.route_at IS NOT NULL AND (a.route_at, a.id) > ($1, $2) ORDER BY a.route_at, a.id LIMIT $3");
const TO_NAG: &str = due!(
    "a.nag_at <= $1 AND a.resolved_at IS NULL AND a.taken_at IS NULL AND a.route_at IS NULL ORDER BY a.nag_at, a.id LIMIT $2"
);

/// An alert of which it is due to look up whom to tell.
#[derive(Debug)]
pub struct ToRoute {
    /// Which.
    pub alert: Alert,
    /// Since when it is due, or how long that waits; 0: it is one to be reminded of.
    pub route_at: Timestamp,
    /// Somebody heard of it, or may have.
    pub is_heard: bool,
    /// The numbers of those who follow its package.
    pub followers: Vec<i64>,
}

impl Store {
    /// Those of whom it has yet to be looked up whom to tell, or to tell that they are mended, behind one that is due since a time
    /// and has a number.
    pub async fn unrouted(&self, after: (Timestamp, i64), limit: u32) -> Result<Vec<ToRoute>, StoreError> {
        self.due(Ask::new(UNROUTED).number(after.0.0).number(after.1).number(i64::from(limit))).await
    }

    /// Those to be reminded of that nobody sees to.
    pub async fn to_nag(&self, now: Timestamp, limit: u32) -> Result<Vec<ToRoute>, StoreError> {
        self.due(Ask::new(TO_NAG).number(now.0).number(i64::from(limit))).await
    }

    async fn due(&self, ask: Ask) -> Result<Vec<ToRoute>, StoreError> {
        let told: Vec<(Told, i64, Vec<i64>)> = read(&self.one(ask).await?)?;
        let one = |(told, is_heard, followers): (Told, i64, Vec<i64>)| {
            let route_at = Timestamp(told.route_at.unwrap_or_default());
            Ok::<_, StoreError>(ToRoute {
                alert: told.alert()?,
                route_at,
                is_heard: is_heard != 0,
                followers,
            })
        };
        let mut all: Vec<ToRoute> = told.into_iter().map(one).collect::<Result<_, _>>()?;
        all.sort_by_key(|it| (it.route_at, it.alert.id));
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tellings::NEXT_ROUTE;
    use super::*;
    use crate::store::open::connect_beside;
    use crate::store::{Mode, Policies, steps};
    use std::sync::atomic::Ordering;

    /// Alerts of which nobody is to be told any more, some of them over, and a few of which somebody is.
    const MORE: &str = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
        INSERT INTO alerts (account, package, kind, signer, began, raised_at, late, resolved_at, route_at, nag_at) \
        SELECT 'os', 'p', 'bounced', hex(randomblob(8)), 0, 0, 0, iif(i % 2, 1, NULL), iif(i < 4, 9 - i, NULL), iif(i = 6, 9, NULL) FROM n";

    /// Seen red with: those that are due looked for by their numbers, among all that ever were.
    #[tokio::test]
    async fn what_is_due_costs_the_same_however_many_alerts_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
        let mut beside = connect_beside(folder.path()).await.unwrap();
        let steps = steps::counted(&mut beside).await;
        let mut costs = Vec::new();
        for more in [100, 30_000] {
            sqlx::query("DELETE FROM alerts").execute(&mut beside).await.unwrap();
            sqlx::query(MORE).bind(more).execute(&mut beside).await.unwrap();
            steps.store(0, Ordering::Relaxed);
            for sql in [UNROUTED, TO_NAG, NEXT_ROUTE] {
                sqlx::query(sql).bind(10).bind(5).bind(5).fetch_all(&mut beside).await.unwrap();
            }
            costs.push(steps.load(Ordering::Relaxed));
        }
        assert!(costs[0] > 50 && costs[1] < costs[0] + costs[0] / 4, "{costs:?}");
        // In pages, the longest due first, and each once.
        let (mut after, mut seen) = ((Timestamp::default(), 0), Vec::new());
        while let Some(last) = store.unrouted(after, 2).await.unwrap().last() {
            after = (last.route_at, last.alert.id);
            seen.push(after.0.0);
        }
        assert_eq!(seen, [7, 8]);
        let nagged = store.to_nag(Timestamp(9), 5).await.unwrap();
        assert!(nagged.len() == 1 && !nagged[0].is_heard && nagged[0].followers.is_empty(), "{nagged:?}");
        store.close().await;
    }
}
