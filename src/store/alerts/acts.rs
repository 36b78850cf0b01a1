//! What people make of alerts, and what time does.

use super::super::aside::Aside;
use super::super::packages::json;
use super::super::{Store, StoreError};
use super::read::Resolution;
use crate::model::Timestamp;
use crate::model::alert::AlertKind;

/// An end that somebody takes note of is over. From whom it is taken over is kept: the last twenty. Who says the same once more adds nothing.
const TAKE: &str = "UPDATE alerts SET taken_before = iif(taken_at IS NULL OR (taken_by = $3 AND taken_why IS $4), taken_before, json_insert(iif(json_array_length(taken_before) >= 20, \
    json_remove(taken_before, '$[0]'), coalesce(taken_before, '[]')), '$[#]', json_array(taken_at, taken_by, taken_why))), taken_at = $2, taken_by = $3, taken_why = $4, snoozed_until = NULL, route_at = NULL, \
    resolved_at = iif($5, $2, NULL), resolution = iif($5, 'noted', NULL) WHERE id = $1 AND resolved_at IS NULL RETURNING id";
const SNOOZE: &str = "UPDATE alerts SET snoozed_until = $2, snoozed_by = $3, nag_at = $2 WHERE id = $1 AND resolved_at IS NULL \
    AND taken_at IS NULL RETURNING id";
const AGE: &str = "UPDATE alerts SET resolved_at = $1, resolution = $3, route_at = NULL, snoozed_until = NULL \
    WHERE resolved_at IS NULL AND raised_at <= $2 AND kind IN (SELECT value FROM json_each($4)) RETURNING id";

/// Of these alerts, those of which somebody is told by one of these addresses, or whose package they follow.
const THEIRS: &str = "SELECT id FROM alerts a WHERE id IN (SELECT value FROM json_each($1)) \
    AND (EXISTS (SELECT 1 FROM tellings t WHERE t.alert = a.id AND t.address IN (SELECT value FROM json_each($2))) \
    OR EXISTS (SELECT 1 FROM followers f WHERE f.user = $3 AND f.account = a.account AND f.package = a.package))";

/// What somebody does with an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// They see to it, and may say how.
    Take(String),
    /// They want to hear of it later.
    Snooze(Timestamp),
}

impl Store {
    /// Waits until alerts were raised or cleared.
    pub async fn alerted(&self) {
        self.alerted.notified().await;
    }

    /// Somebody does something with an alert at `at`. `false`: it is over, or somebody sees to it already.
    pub async fn act_on_alert(
        &self,
        (id, kind): (i64, AlertKind),
        act: &Act,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let write = match act {
            Act::Take(why) => {
                let write = Aside::new(TAKE).number(id).number(at.0).text(by).text(why);
                write.number(i64::from(kind.is_an_end()))
            }
            Act::Snooze(until) => Aside::new(SNOOZE).number(id).number(until.0).text(by),
        };
        Ok(self.aside(vec![write]).await?.is_some())
    }

    /// Which of these alerts a user hears of, by one of their addresses, in lower case, or by following the package.
    pub async fn heard_of(
        &self,
        ids: &[i64],
        addresses: &[String],
        user: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let query = sqlx::query_scalar(THEIRS).bind(json(&ids)?).bind(json(&addresses)?).bind(user);
        Ok(query.fetch_all(&self.readers).await?)
    }

    /// Ends that nobody took note of and that were raised before `before` are over.
    pub async fn age_alerts(&self, before: Timestamp, at: Timestamp) -> Result<(), StoreError> {
        let ends: Vec<&str> =
            AlertKind::ALL.into_iter().filter(|it| it.is_an_end()).map(AlertKind::word).collect();
        let write =
            Aside::new(AGE).number(at.0).number(before.0).text(Resolution::Aged.word()).text(&json(&ends)?);
        self.aside(vec![write]).await.map(|_| ())
    }
}
