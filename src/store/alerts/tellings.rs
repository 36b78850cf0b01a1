//! Who is told of alerts, how, and what came of it. Every telling is a row before anything is sent.

use super::super::aside::Aside;
use super::super::packages::json;
use super::super::{Store, StoreError};
use super::occasion::{Because, Occasion};
use super::read::Alert;
use crate::model::{PackageKey, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::collections::{BTreeMap, BTreeSet};

/// `$1`: a JSON array of `[alert, occasion, channel, address, because, due]`. What was not wanted any more, and never sent, is.
/// For whom the same waits already, of an earlier time that it was over or stood again, hears it once.
const TELL: &str = "INSERT INTO tellings (alert, occasion, channel, address, because, due) SELECT n.value ->> 0, n.value ->> 1, \
    n.value ->> 2, n.value ->> 3, n.value ->> 4, n.value ->> 5 FROM json_each($1) n WHERE NOT EXISTS (SELECT 1 FROM tellings o \
    WHERE o.alert = n.value ->> 0 AND o.channel = n.value ->> 2 AND o.address = n.value ->> 3 AND o.state = 0 \
    AND o.occasion <> n.value ->> 1 AND substr(o.occasion, 1, 5) IN ('resol', 'again') \
    AND substr(o.occasion, 1, 5) = substr(n.value ->> 1, 1, 5)) \
    ON CONFLICT (alert, occasion, channel, address) DO UPDATE SET state = 0, due = excluded.due WHERE state = 3 AND message IS NULL";
/// `$1`: a JSON array of `[alert, nag_at, nags, whether that it is mended was looked up]`. What was mended meanwhile, or stands again, has yet to be told.
const ROUTED: &str = "UPDATE alerts SET route_at = iif((resolved_at IS NOT NULL) = (k.value ->> 3), NULL, route_at), nag_at = k.value ->> 1, nags = k.value ->> 2 FROM json_each($1) k \
    WHERE alerts.id = k.value ->> 0";
/// `$1`: a JSON array of `[alert, route_at]`.
const LATER: &str = "UPDATE alerts SET route_at = k.value ->> 1 FROM json_each($1) k WHERE alerts.id = k.value ->> 0 AND resolved_at IS NULL";
/// What was told, or may have been, as it was: a telling that is wanted again keeps its number. What a server refused has no message.
const HEARD: &str = "SELECT channel, address, because, occasion FROM tellings WHERE alert = $1 \
    AND (state = 1 OR message IS NOT NULL) ORDER BY tried_at, id";
/// Of what stands again somebody heard only now, or may have, that it is over. `$1`: a JSON array of numbers.
const STANDS: &str = "UPDATE alerts SET route_at = coalesce(route_at, $2) WHERE resolved_at IS NULL AND id IN (SELECT alert FROM tellings \
    WHERE id IN (SELECT value FROM json_each($1)) AND occasion LIKE 'resolved%' AND (state = 1 OR message IS NOT NULL)) RETURNING id";
pub(super) const NEXT_ROUTE: &str = "SELECT min(at) FROM (SELECT min(route_at) AS at FROM alerts WHERE route_at IS NOT NULL \
    UNION ALL SELECT min(nag_at) FROM alerts WHERE nag_at IS NOT NULL AND resolved_at IS NULL AND taken_at IS NULL)";
macro_rules! last_told {
    () => {
        "(SELECT max(tried_at) FROM tellings o WHERE o.channel = t.channel AND o.address = t.address AND o.state = 1)"
    };
}
const DUE: &str = concat!(
    "SELECT address FROM tellings t WHERE channel = $4 AND state = 0 AND due <= $1 GROUP BY channel, address \
     HAVING coalesce(",
    last_told!(),
    ", 0) <= $2 ORDER BY min(due), address LIMIT $3"
);
const NEXT: &str = concat!(
    "SELECT channel, min(max(due, coalesce(told + $1, 0))) FROM (SELECT channel, min(due) AS due, ",
    last_told!(),
    " AS told FROM tellings t WHERE state = 0 GROUP BY channel, address) GROUP BY channel ORDER BY channel"
);
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.alert, t.occasion, t.channel, t.address, t.because, t.state, t.due, t.tries, t.first_at, t.tried_at, \
             t.error, t.message FROM tellings t ",
            $rest
        )
    };
}
const TO_TELL: &str = select!(
    "WHERE channel = $1 AND address = $2 AND state = 0 AND due <= $3 ORDER BY message IS NULL, id LIMIT $4"
);
const OF_PACKAGE: &str = select!(
    "JOIN alerts a ON a.id = t.alert WHERE a.account = $1 AND a.package = $2 ORDER BY t.id DESC LIMIT $3"
);
const OF_ALERT: &str = select!("WHERE t.alert = $1 ORDER BY t.id DESC LIMIT $2");
/// `$1`: a JSON array of numbers.
const BEGIN: &str = "UPDATE tellings SET message = $2, tried_at = $3, first_at = coalesce(first_at, $3) \
    WHERE id IN (SELECT value FROM json_each($1)) RETURNING id";
const NOTE: &str = "UPDATE tellings SET state = $2, due = $3, error = $4, tries = tries + $5, tried_at = $6, \
    first_at = coalesce(first_at, $6), message = iif($7, message, NULL) WHERE id IN (SELECT value FROM json_each($1)) RETURNING id";
const POSTPONE: &str =
    "UPDATE tellings SET due = $2 WHERE id IN (SELECT value FROM json_each($1)) RETURNING id";
const UNWANTED: &str =
    "UPDATE tellings SET state = 3 WHERE id IN (SELECT value FROM json_each($1)) RETURNING id";
/// `$6`: a JSON array of those that were not taken for certain.
const FAILED: &str = "UPDATE tellings SET tries = tries + 1, tried_at = $2, first_at = coalesce(first_at, $2), error = $3, due = $4, \
    state = iif(first_at <= $5, 2, 0), message = iif(id IN (SELECT value FROM json_each($6)), NULL, message) \
    WHERE channel = $1 AND state = 0 AND due <= $2 RETURNING id";
const CHANGES: &str = "SELECT changes()";
/// `$1`: one; NULL: the oldest `$3` of all.
const AGAIN: &str = "UPDATE tellings SET state = 0, due = $2, tries = 0, first_at = NULL WHERE id IN (SELECT id FROM tellings \
    WHERE state = 2 AND ($1 IS NULL OR id = $1) ORDER BY id LIMIT $3) RETURNING id";

/// How a telling stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TellingState {
    /// It waits, or is being sent.
    Waiting,
    /// Whoever takes such messages has it.
    Told,
    /// It can't be told, or was tried for too long.
    GivenUp,
    /// There was nothing to tell any more.
    Unwanted,
}

impl TellingState {
    fn number(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Told => 1,
            Self::GivenUp => 2,
            Self::Unwanted => 3,
        }
    }

    fn of(number: i64) -> Self {
        let all = [Self::Told, Self::GivenUp, Self::Unwanted];
        all.into_iter().find(|it| it.number() == number).unwrap_or(Self::Waiting)
    }
}

/// Somebody to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTelling {
    /// By which channel: `mail`, or one of the configuration.
    pub channel: String,
    /// A mail address in lower case; empty for a channel that is its own.
    pub address: String,
    /// Why they.
    pub because: Because,
    /// Not before.
    pub due: Timestamp,
}

/// Who is to be told of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed {
    /// Which alert.
    pub alert: i64,
    /// On what occasion.
    pub occasion: Occasion,
    /// Whom.
    pub to: Vec<NewTelling>,
    /// When they are reminded.
    pub nag_at: Option<Timestamp>,
    /// How often they were by then.
    pub nags: i64,
}

/// Who heard of an alert.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// By which channel and address, why they, and of what last.
    pub last: BTreeMap<(String, String), (Because, Occasion)>,
    /// How often somebody heard that it is over.
    pub ends: i64,
}

/// A telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// Its number.
    pub id: i64,
    /// Of which alert.
    pub alert: i64,
    /// On what occasion.
    pub occasion: Occasion,
    /// By which channel.
    pub channel: String,
    /// To whom.
    pub address: String,
    /// Why they.
    pub because: Because,
    /// How it stands.
    pub state: TellingState,
    /// Not before.
    pub due: Timestamp,
    /// How often it was tried.
    pub tries: i64,
    /// When first.
    pub first_at: Option<Timestamp>,
    /// When last; once it is told: when it was.
    pub tried_at: Option<Timestamp>,
    /// Why it isn't told, as a sentence without a full stop.
    pub error: Option<String>,
    /// The number of the message that it went with, or may have gone with.
    pub message: Option<String>,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TellingTried {
    /// How they stand now.
    pub state: TellingState,
    /// When they were tried.
    pub at: Timestamp,
    /// When they are tried again, if they are.
    pub due: Timestamp,
    /// Why they aren't told.
    pub error: Option<String>,
    /// They may have arrived: what is sent again is the same message.
    pub unsure: bool,
}

impl Store {
    /// Notes whom to tell of alerts, all or none.
    pub async fn routed(&self, all: &[Routed]) -> Result<(), StoreError> {
        let rows = |it: &Routed| {
            let (alert, occasion) = (it.alert, it.occasion.word());
            let row = move |to: &NewTelling| {
                (alert, occasion.clone(), to.channel.clone(), to.address.clone(), to.because.word(), to.due.0)
            };
            it.to.iter().map(row).collect::<Vec<_>>()
        };
        let tellings: Vec<_> = all.iter().flat_map(rows).collect();
        let alerts: Vec<_> = all
            .iter()
            .map(|it| {
                (it.alert, it.nag_at.map(|at| at.0), it.nags, matches!(it.occasion, Occasion::Resolved(_)))
            })
            .collect();
        let mut writes =
            vec![Aside::new(TELL).text(json(&tellings)?), Aside::new(ROUTED).text(json(&alerts)?)];
        if !all.iter().any(|it| matches!(it.occasion, Occasion::Reminder(_))) {
            // How often somebody was reminded stays as it is, and whom to tell of it is no board's.
            writes = writes.into_iter().map(Aside::unseen).collect();
        }
        self.aside(writes).await.map(|_| ())
    }

    /// Alerts for which it isn't known yet whom to tell: they are looked at again, at the latest then.
    pub async fn route_later(&self, all: &[(i64, Timestamp)]) -> Result<(), StoreError> {
        let rows: Vec<_> = all.iter().map(|(alert, at)| (*alert, at.0)).collect();
        self.aside(vec![Aside::new(LATER).text(json(&rows)?).unseen()]).await.map(|_| ())
    }

    /// Who heard of an alert, or may have, and what last.
    pub async fn heard(&self, alert: i64) -> Result<Heard, StoreError> {
        let (mut heard, mut ends) = (Heard::default(), BTreeSet::new());
        for row in sqlx::query(HEARD).bind(alert).fetch_all(&self.readers).await? {
            let (channel, address): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let (because, occasion) = (Because::of(row.try_get(2)?), Occasion::of(row.try_get(3)?));
            if matches!(occasion, Occasion::Resolved(_)) {
                ends.insert(occasion);
            }
            heard.last.insert((channel, address), (because, occasion));
        }
        heard.ends = i64::try_from(ends.len()).unwrap_or(i64::MAX);
        Ok(heard)
    }

    /// When it has to be looked up whom to tell, or to remind. `None`: there is nothing.
    pub async fn next_route(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query(NEXT_ROUTE).fetch_one(&self.readers).await?;
        Ok(row.try_get::<Option<i64>, _>(0)?.map(Timestamp))
    }

    /// The addresses of a channel for which something is due, without those that were last told after `told_before`.
    pub async fn due_addresses(
        &self,
        channel: &str,
        now: Timestamp,
        told_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let query = sqlx::query(DUE).bind(now.0).bind(told_before.0).bind(i64::from(limit)).bind(channel);
        query.fetch_all(&self.readers).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// For which channels something waits, and when the next message of each may go, if an address gets one every `pause`
    /// milliseconds.
    pub async fn next_tellings(&self, pause: i64) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let rows = sqlx::query(NEXT).bind(pause).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, Timestamp(row.try_get(1)?)))).collect()
    }

    /// What is due for an address; what may have arrived comes first.
    pub async fn due_tellings(
        &self,
        (channel, address): (&str, &str),
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Telling>, StoreError> {
        let query = sqlx::query(TO_TELL).bind(channel).bind(address).bind(now.0).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(telling_of).collect()
    }

    /// Who was told, or is to be, of the alerts of a package; the newest first.
    pub async fn tellings_of_package(
        &self,
        key: &PackageKey,
        limit: u32,
    ) -> Result<Vec<Telling>, StoreError> {
        let query = sqlx::query(OF_PACKAGE).bind(&key.account.0).bind(key.package.as_str());
        query.bind(i64::from(limit)).fetch_all(&self.readers).await?.iter().map(telling_of).collect()
    }

    /// The same of one alert.
    pub async fn tellings(&self, alert: &Alert, limit: u32) -> Result<Vec<Telling>, StoreError> {
        let query = sqlx::query(OF_ALERT).bind(alert.id).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(telling_of).collect()
    }

    /// They are being sent with this message. `false`: they aren't there any more.
    pub async fn begin_telling(&self, ids: &[i64], message: &str, at: Timestamp) -> Result<bool, StoreError> {
        let write = Aside::new(BEGIN).text(json(ids)?).text(message).number(at.0);
        Ok(self.aside(vec![write]).await?.is_some())
    }

    /// Notes what came of a try.
    pub async fn note_tellings(&self, ids: &[i64], tried: &TellingTried) -> Result<(), StoreError> {
        let keeps = tried.unsure || tried.state == TellingState::Told;
        let stands = Aside::new(STANDS).text(json(ids)?).number(tried.at.0);
        let write = Aside::new(NOTE).text(json(ids)?).number(tried.state.number()).number(tried.due.0);
        let write = write.maybe(tried.error.clone()).number(1).number(tried.at.0).number(i64::from(keeps));
        self.route_what_stands(write, stands).await
    }

    async fn route_what_stands(&self, write: Aside, stands: Aside) -> Result<(), StoreError> {
        if self.aside(vec![write, stands]).await?.is_some() {
            self.alerted.notify_one();
        }
        Ok(())
    }

    /// They go out later.
    pub async fn postpone_tellings(&self, ids: &[i64], until: Timestamp) -> Result<(), StoreError> {
        self.aside(vec![Aside::new(POSTPONE).text(json(ids)?).number(until.0)]).await.map(|_| ())
    }

    /// There is nothing to tell any more.
    pub async fn drop_tellings(&self, ids: &[i64], now: Timestamp) -> Result<(), StoreError> {
        let stands = Aside::new(STANDS).text(json(ids)?).number(now.0);
        self.route_what_stands(Aside::new(UNWANTED).text(json(ids)?), stands).await
    }

    /// Nothing goes through a channel: whatever is due waits, and what was tried first before `given_up` is given up. The server
    /// said of `untaken` that it did not take them.
    pub async fn channel_failed(
        &self,
        channel: &str,
        (now, until, given_up): (Timestamp, Timestamp, Timestamp),
        error: &str,
        untaken: &[i64],
    ) -> Result<(), StoreError> {
        let write = Aside::new(FAILED).text(channel).number(now.0).text(error);
        let write = write.number(until.0).number(given_up.0).text(json(untaken)?);
        self.aside(vec![write]).await.map(|_| ())
    }

    /// Has one tried again that was given up, or the oldest of all. Returns how many.
    pub async fn tell_again(&self, one: Option<i64>, limit: u32, now: Timestamp) -> Result<u64, StoreError> {
        let write = Aside::new(AGAIN).number(one).number(now.0).number(i64::from(limit));
        let count = self.aside(vec![write, Aside::new(CHANGES)]).await?;
        Ok(count.unwrap_or_default().unsigned_abs())
    }
}

pub(super) fn telling_of(row: &SqliteRow) -> Result<Telling, StoreError> {
    let at = |column: &str| Ok::<_, StoreError>(row.try_get::<Option<i64>, _>(column)?.map(Timestamp));
    Ok(Telling {
        id: row.try_get("id")?,
        alert: row.try_get("alert")?,
        occasion: Occasion::of(row.try_get("occasion")?),
        channel: row.try_get("channel")?,
        address: row.try_get("address")?,
        because: Because::of(row.try_get("because")?),
        state: TellingState::of(row.try_get("state")?),
        due: Timestamp(row.try_get("due")?),
        tries: row.try_get("tries")?,
        first_at: at("first_at")?,
        tried_at: at("tried_at")?,
        error: row.try_get("error")?,
        message: row.try_get("message")?,
    })
}

#[cfg(test)]
mod tests;
