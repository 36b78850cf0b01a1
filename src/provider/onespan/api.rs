//! Asking OneSpan's REST API about packages, and Conga's, which differs in its addresses (reference D.2, D.3, D.7).
//!
//! Known quirks: positions in the list start at 1 and `to` is included. The date of a sweep has two spellings, the
//! specification's and the SDKs'; both are sent. Without `query` the trash is left out, so a sweep asks for it by itself. The list shows only what the
//! credentials' own sender may see. The specification of Conga's list names no parameters at all, so an answer may
//! hold more rows than were asked for.

use super::{package::PackageJson, report};
use crate::config::ApiConfig;
use crate::model::{AccountId, Answer, PackageId, Timestamp};
use crate::provider::client::{Client, Reply};
use crate::provider::credentials::OAuthStyle;
use crate::provider::lenient::Number;
use crate::provider::rest::{Rest, read_json, segment};
use crate::provider::{Bare, FetchError, Fetched, Listing, OpenError, instant};
use serde::Deserialize;
use serde_json::value::RawValue;

/// How many packages a page holds: the largest that the SDKs ask for.
const PAGE: u32 = 100;

/// Positions from here on are those in the trash.
pub(super) const TRASH: u32 = 1 << 31;
/// Positions from here on are slices of the report on all senders.
pub(super) const EVERYBODY: u32 = TRASH | 1 << 30;

/// In what the two services differ.
#[derive(Debug, Clone, Copy)]
pub(in crate::provider) struct Dialect {
    /// The path of the packages below the base address.
    pub(in crate::provider) packages: &'static str,
    /// The path of the report on all packages.
    pub(in crate::provider) report: &'static str,
    /// The Accept header.
    pub(in crate::provider) accept: &'static str,
    /// Where an OAuth client names itself.
    pub(in crate::provider) oauth: OAuthStyle,
}

/// One account's API.
#[derive(Debug)]
pub(in crate::provider) struct Api {
    pub(in crate::provider) rest: Rest,
    report: String,
}

impl Api {
    /// Makes an account's API ready; nothing is sent.
    ///
    /// # Errors
    /// What in the configuration can't be used.
    pub(in crate::provider) fn open(
        account: &AccountId,
        config: &ApiConfig,
        calls_per_minute: u32,
        dialect: Dialect,
    ) -> Result<Self, OpenError> {
        let client = Client::open(account, config, calls_per_minute)?;
        let rest = Rest::open(client, config, dialect.packages, dialect.accept, dialect.oauth)?;
        let report = format!("{}{}", config.base_url.trim_end_matches('/'), dialect.report);
        Ok(Self { rest, report })
    }

    /// One package. A 404 is an answer, with a body or without.
    pub(in crate::provider) async fn fetch(
        &self,
        package: &PackageId,
        now: Timestamp,
    ) -> Result<Fetched, FetchError> {
        let url = self.rest.address(&format!("/{}", segment(package.as_str())?))?;
        self.rest
            .get(url, now, |reply| {
                let answer =
                    if reply.status == 404 { Answer::NotFound } else { shown(&reply.body, package)? };
                Ok(Fetched { answer, date: reply.date })
            })
            .await
    }

    /// A page of the list, newest change first, from position `from` (0 is the first).
    pub(in crate::provider) async fn list(
        &self,
        changed_since: Option<Timestamp>,
        from: u32,
        now: Timestamp,
    ) -> Result<Listing, FetchError> {
        if let Some(number) = from.checked_sub(EVERYBODY) {
            let mut listing = report::slice(&self.rest, &self.report, changed_since, number, now).await?;
            listing.next = listing.next.map(|number| EVERYBODY + number);
            return Ok(listing);
        }
        let mut url = self.rest.address("")?;
        let (offset, is_trash) = (from % TRASH, from >= TRASH);
        let first = offset.saturating_add(1);
        let last = offset.saturating_add(PAGE);
        let since = changed_since.map(instant::to_seconds);
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("from", &first.to_string()).append_pair("to", &last.to_string());
            query.append_pair("sort", "updated").append_pair("dir", "desc");
            if is_trash {
                query.append_pair("query", "trashed");
            }
            if let Some(since) = &since {
                query.append_pair("lastUpdatedStartDate", since).append_pair("startDate", since);
            }
        }
        let listed = self.rest.get(url, now, |reply| match reply.status {
            404 => Err(FetchError::Unavailable("there is no list at its address (404)".to_owned())),
            _ => listing(&reply, from),
        });
        listed.await.map_err(|error| match error {
            // It is no package that is refused here, but us.
            FetchError::NotOurs => FetchError::Refused("we may not list packages (403)".to_owned()),
            other => other,
        })
    }
}

fn shown(body: &[u8], asked: &PackageId) -> Result<Answer, FetchError> {
    let json: PackageJson = read_json(body, "a package")?;
    if json.id().is_some_and(|told| told != *asked) {
        return Err(FetchError::Unreadable("it tells of another package than the one asked for".to_owned()));
    }
    json.into_snapshot().map(Answer::Shown)
}

/// `{"count": all that match, "results": [packages]}`; the rows are read one by one.
#[derive(Deserialize)]
struct ListJson<'a> {
    #[serde(default)]
    count: Number,
    #[serde(borrow)]
    results: Option<Vec<&'a RawValue>>,
}

fn listing(reply: &Reply, from: u32) -> Result<Listing, FetchError> {
    let json: ListJson<'_> = read_json(&reply.body, "a list of packages")?;
    let rows = json.results.unwrap_or_default();
    let received = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let end = from.saturating_add(received);
    let shown = u64::from(end % TRASH);
    let total = json.count.0.and_then(|count| u64::try_from(count).ok());
    let is_last = received < PAGE || total.is_some_and(|total| shown >= total);
    let mut listing = Listing {
        total: total.unwrap_or(shown),
        next: (!is_last).then_some(end),
        date: reply.date,
        ..Listing::default()
    };
    for row in rows {
        let package = serde_json::from_str::<PackageJson>(row.get()).ok();
        let Some((id, package)) = package.and_then(|package| Some((package.id()?, package))) else {
            listing.unreadable += 1;
            continue;
        };
        let is_whole = package.is_whole();
        match package.into_snapshot() {
            Ok(snapshot) if is_whole => listing.rows.push((id, snapshot)),
            glance => listing.bare.push(Bare { package: id, glance: glance.ok() }),
        }
    }
    Ok(listing)
}
