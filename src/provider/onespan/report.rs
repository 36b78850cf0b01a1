//! The completion report, which alone names the packages of every sender of an account (reference D.4 and F.8).
//!
//! Known quirks: a key without the permission gets a 403, and then sees the packages of its own sender only. The report
//! has no pages, so it is asked for in slices of time. Whether a package is in the trash is a date in one specification and
//! a flag in the other. Conga's specification has no report; where there is none, nothing is known.

use super::package::status;
use crate::model::{PackageId, Snapshot, Timestamp};
use crate::provider::lenient::{Many, Maybe, Time, Word};
use crate::provider::rest::{Rest, read_json};
use crate::provider::{Bare, FetchError, Listing, instant};
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

/// So long a time is asked for at once, and at the end up to so much more.
const MOST_MORE_MS: i64 = 24 * 60 * 60 * 1000;
const SLICE_MS: i64 = 30 * 24 * 60 * 60 * 1000;

#[derive(Deserialize)]
struct ReportJson {
    senders: Many<SenderJson>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SenderJson {
    packages: Many<Maybe<RowJson>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RowJson {
    id: Word,
    status: Word,
    trashed: Value,
    updated: Time,
}

/// The slice of this number, from `since` on; the next one, until now.
pub(super) async fn slice(
    rest: &Rest,
    address: &str,
    since: Option<Timestamp>,
    number: u32,
    now: Timestamp,
) -> Result<Listing, FetchError> {
    let mut url = Url::parse(address).map_err(|error| FetchError::Unreadable(error.to_string()))?;
    let begin = since.map(|since| since.plus(i64::from(number).saturating_mul(SLICE_MS)));
    // The last one is a little longer rather than followed by a tiny one.
    let end = begin.map(|begin| begin.plus(SLICE_MS)).filter(|end| now.since(*end) > MOST_MORE_MS);
    if let Some(begin) = begin {
        let [begin, end] = [begin, end.unwrap_or(now)].map(instant::to_seconds);
        url.query_pairs_mut().append_pair("from", &begin).append_pair("to", &end);
    }
    let read = |reply: crate::provider::client::Reply| {
        if reply.status == 404 {
            return Ok(Listing { date: reply.date, ..Listing::default() });
        }
        let json: ReportJson = read_json(&reply.body, "a completion report")?;
        let mut listing = Listing { date: reply.date, own_only: Some(false), ..Listing::default() };
        for row in json.senders.0.into_iter().flat_map(|sender| sender.packages.0) {
            match row.0.and_then(RowJson::into_bare) {
                Some(bare) => listing.bare.push(bare),
                None => listing.unreadable += 1,
            }
        }
        listing.total = listing.bare.len() as u64;
        listing.next = end.map(|_| number + 1);
        Ok(listing)
    };
    match rest.get(url, now, read).await {
        Err(FetchError::NotOurs) => Ok(Listing { own_only: Some(true), ..Listing::default() }),
        other => other,
    }
}

impl RowJson {
    fn into_bare(self) -> Option<Bare> {
        let package = PackageId::parse(self.id.0.as_deref()?)?;
        let trashed = !matches!(self.trashed, Value::Null | Value::Bool(false)) && self.trashed != "";
        let glance = status(self.status.0.as_deref()).ok().map(|status| Snapshot {
            status,
            trashed,
            updated: self.updated.0,
            status_only: true,
            ..Snapshot::default()
        });
        Some(Bare { package, glance })
    }
}
