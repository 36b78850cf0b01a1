//! Alerts as they are raised and cleared: in the transaction of the fact that does it, so that none is forgotten, and none
//! is there without its cause.

use super::super::StoreError;
use super::super::batch::Batch;
use super::super::packages::json;
use super::super::script::Script;
use super::super::shelf::Entry;
use super::read::{Alert, Resolution};
use crate::model::alert::{AlertKind, Concern, OLD_MS, Turn, concerns, turns};
use crate::model::{AccountId, Package, PackageId, PackageKey, Status, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// What changed more lately than this is not called still: `inactive-after` is no shorter.
const STILL_MS: i64 = 60 * 60 * 1000;

/// What is returned of alerts that are raised or cleared; of those that stand again, which may be anything, less.
macro_rules! returning {
    ($changes:literal) => {
        concat!(
            $changes,
            " RETURNING id, account, package, kind, signer, began, raised_at, late, resolved_at"
        )
    };
}
/// One that a fact had cleared and that stands again by what was told of before: who heard that it is over is told so, and nobody else
/// once more. `?`: a JSON array of `[account, package, kind, signer, began, raised_at, late, route_at]`.
pub(super) const REOPEN: &str = "UPDATE alerts SET resolved_at = NULL, resolution = NULL, route_at = coalesce(k.value ->> 7, iif(EXISTS \
    (SELECT 1 FROM tellings t WHERE t.alert = alerts.id AND t.occasion LIKE 'resolved%' AND (t.state = 1 OR t.message IS NOT NULL)), \
    k.value ->> 5, NULL)) FROM json_each(?) k \
    WHERE account = k.value ->> 0 AND package = k.value ->> 1 AND alerts.kind = k.value ->> 2 AND signer = k.value ->> 3 \
    AND resolution = 'cleared' AND began >= k.value ->> 4 AND NOT EXISTS (SELECT 1 FROM alerts o WHERE o.account = alerts.account \
    AND o.package = alerts.package AND o.kind = alerts.kind AND o.signer = alerts.signer AND o.id > alerts.id) RETURNING id";
pub(super) const RAISE: &str = returning!(
    "INSERT OR IGNORE INTO alerts (account, package, kind, signer, began, raised_at, late, route_at) \
    SELECT k.value ->> 0, k.value ->> 1, k.value ->> 2, k.value ->> 3, k.value ->> 4, k.value ->> 5, k.value ->> 6, k.value ->> 7 \
    FROM json_each(?) k WHERE NOT EXISTS (SELECT 1 FROM alerts o WHERE o.account = k.value ->> 0 AND o.package = k.value ->> 1 \
    AND o.kind = k.value ->> 2 AND o.signer = k.value ->> 3 AND (o.resolved_at IS NULL OR o.began >= k.value ->> 4))"
);
/// Who was told hears of that, too. `?`: a JSON array of `[account, package, kind, signer, resolved_at]`.
pub(super) const CLEAR: &str = returning!(
    "UPDATE alerts SET resolved_at = k.value ->> 4, resolution = 'cleared', \
    route_at = iif(EXISTS (SELECT 1 FROM tellings t WHERE t.alert = alerts.id), k.value ->> 4, NULL), snoozed_until = NULL \
    FROM json_each(?) k WHERE account = k.value ->> 0 AND package = k.value ->> 1 AND alerts.kind = k.value ->> 2 \
    AND signer = k.value ->> 3 AND resolved_at IS NULL"
);
/// Of packages that are folded again, but what only time raises: `?`: a JSON array of `[account, package, resolved_at, [what stands, as "kind signer"]]`.
const CLEAR_THE_REST: &str = "UPDATE alerts SET resolved_at = k.value ->> 2, resolution = 'cleared', \
    route_at = iif(EXISTS (SELECT 1 FROM tellings t WHERE t.alert = alerts.id), k.value ->> 2, NULL), snoozed_until = NULL FROM json_each(?) k WHERE account = k.value ->> 0 AND package = k.value ->> 1 AND resolved_at IS NULL \
    AND alerts.kind <> 'inactive' AND (alerts.kind || ' ' || signer) NOT IN (SELECT value FROM json_each(k.value -> 3))";

/// Some ids of signers are mail addresses, and get another when that is erased: an alert is of the same signer still. `?`: a JSON
/// array of `[account, package, the address in lower case, what stands for it]`.
const RENAME: &str = "UPDATE alerts SET signer = k.value ->> 3 FROM json_each(?) k WHERE account = k.value ->> 0 \
    AND package = k.value ->> 1 AND lower(signer) = k.value ->> 2";

type Raised = (String, String, &'static str, String, i64, i64, i64, Option<i64>);
type Cleared = (String, String, &'static str, String, i64);

/// What a batch makes of alerts.
#[derive(Default)]
pub(in crate::store) struct Alerts {
    raised: Vec<Raised>,
    cleared: Vec<Cleared>,
    rest: Vec<(String, String, i64, Vec<String>)>,
    renamed: Vec<(String, String, String, String)>,
}

impl Alerts {
    /// A package changed at `now`, by our clock.
    pub(in crate::store) fn changed(
        &mut self,
        key: &PackageKey,
        (before, after): (Option<&Package>, &Package),
        now: Timestamp,
    ) {
        if before.is_some_and(|before| stirs(before, after, now)) {
            let (account, package) = names(key);
            self.cleared.push((account, package, AlertKind::Inactive.word(), String::new(), now.0));
        }
        for turn in turns(before, after) {
            match turn {
                Turn::Raised(concern) => {
                    // An answer is true now, and may tell of an end of years ago: that moved the package then.
                    let moved = before.is_none_or(|before| before.updated < after.updated);
                    let at = if moved { concern.began.min(after.updated) } else { concern.began };
                    let late = now.since(at) > OLD_MS;
                    self.raise(key, concern, (now, late));
                }
                Turn::Cleared(kind, signer) => {
                    let (account, package) = names(key);
                    self.cleared.push((account, package, kind.word(), signer, now.0));
                }
            }
        }
    }

    /// A package was folded again, by this version perhaps for the first time: what stands and has no row gets one, of which
    /// nobody is told. Who heard that it is over, and it isn't, is told so, as is who heard of it and it is over.
    pub(in crate::store) fn again(&mut self, key: &PackageKey, package: &Package, now: Timestamp) {
        let stands = concerns(package);
        let words = stands.iter().map(|it| format!("{} {}", it.kind.word(), it.signer)).collect();
        let (account, id) = names(key);
        self.rest.push((account, id, now.0, words));
        for concern in stands {
            self.raise(key, concern, (now, true));
        }
    }

    fn raise(&mut self, key: &PackageKey, concern: Concern, (now, late): (Timestamp, bool)) {
        let (account, package) = names(key);
        let Concern { kind, signer, began } = concern;
        let route_at = (!late).then_some(now.0);
        let kind = kind.word();
        self.raised.push((account, package, kind, signer, began.0, now.0, i64::from(late), route_at));
    }

    /// Signers of a package go by another id from now on.
    pub(in crate::store) fn rename<'a>(
        &mut self,
        key: &PackageKey,
        marks: impl Iterator<Item = (&'a str, String)>,
    ) {
        let (account, package) = names(key);
        self.renamed.extend(marks.map(|(from, to)| (account.clone(), package.clone(), from.to_owned(), to)));
    }

    /// Whether somebody may have to be told something.
    pub(in crate::store) fn is_news(&self) -> bool {
        !self.raised.is_empty() || !self.cleared.is_empty()
    }

    pub(in crate::store) fn write(&self, script: &mut Script) -> Result<(), StoreError> {
        let mut each = |sql, rows: Option<String>| match rows {
            Some(rows) => script.statement(sql, |cells| cells.bind(rows).map(|_| ())),
            None => Ok(()),
        };
        each(RENAME, some(&self.renamed)?)?;
        each(CLEAR_THE_REST, some(&self.rest)?)?;
        each(CLEAR, some(&self.cleared)?)?;
        each(REOPEN, some(&self.raised)?)?;
        each(RAISE, some(&self.raised)?)
    }
}

impl Batch<'_> {
    pub(in crate::store) fn alerts_into(&self, script: &mut Script) -> Result<(), StoreError> {
        self.alerts.write(script)
    }

    /// What became of alerts is told with the changes of their packages. `false`: not all of it is.
    pub(in crate::store) fn tell_alerts(&mut self, rows: &[SqliteRow]) -> bool {
        let mut all = self.alerts.rest.is_empty() && self.alerts.renamed.is_empty();
        for row in rows {
            let alert = alert_of(row);
            let change = alert
                .as_ref()
                .and_then(|it| self.changes.iter_mut().find(|change| it.is_of(&change.row.key)));
            match (alert, change) {
                (Some(alert), Some(change)) => change.alerts.push(alert),
                (None, _) | (_, None) => all = false,
            }
        }
        all
    }
}

/// As it stands where nobody has seen to it yet. `None`: a row that doesn't say so.
fn alert_of(row: &SqliteRow) -> Option<Alert> {
    let at = |column| row.try_get(column).ok().map(Timestamp);
    let resolved: Option<i64> = row.try_get("resolved_at").ok()?;
    Some(Alert {
        id: row.try_get("id").ok()?,
        account: AccountId(row.try_get("account").ok()?),
        package: PackageId::parse(row.try_get("package").ok()?),
        state_of: None,
        kind: AlertKind::parse(row.try_get("kind").ok()?)?,
        signer: row.try_get("signer").ok()?,
        began: at("began")?,
        raised_at: at("raised_at")?,
        late: row.try_get::<i64, _>("late").ok()? != 0,
        taken: None,
        taken_before: Vec::new(),
        snoozed: None,
        resolved: resolved.map(|at| (Timestamp(at), Resolution::Cleared)),
        nags: 0,
    })
}

impl Entry {
    /// When its newest fact came, by our clock.
    pub(in crate::store) fn newest(&self) -> Timestamp {
        self.log.iter().map(|record| record.received_at).max().unwrap_or_default()
    }
}

/// A package that was sent and may have been called still is so no more.
fn stirs(before: &Package, after: &Package, now: Timestamp) -> bool {
    let is_sent = |it: &Package| it.status == Status::Sent && it.is_shown() && !it.trashed;
    is_sent(before)
        && now.since(before.updated) >= STILL_MS
        && (after.updated > before.updated || !is_sent(after))
}

fn names(key: &PackageKey) -> (String, String) {
    (key.account.0.clone(), key.package.as_str().to_owned())
}

fn some<T: serde::Serialize>(rows: &[T]) -> Result<Option<String>, StoreError> {
    if rows.is_empty() { Ok(None) } else { json(rows).map(Some) }
}
