//! Asking Legalesign's REST API about documents, in which group they are, and which document a signer is in.
//!
//! Known quirks: every path ends in `/`. A list is one group's, and shows what is archived or what isn't, never both: a walk
//! goes through all groups, and then through all that is archived (so a document that vanished from a list may only be
//! archived). Lists have no order that anybody promises, and rows may move between two pages of them: pages overlap.
//! A 429 comes without a time. What `cache=1` answers is documented nowhere, nor how old it may be: its rows are no answers,
//! since one that is older than its `Date` would override newer facts. They only show which documents have to be asked for,
//! and what changed within the last day before the sweep's time is looked at once more. `modified_gt` leaves out the second it names, and of no zone is said what times are in: UTC is
//! the guess, and a sender that lives by the clock of London only makes a list longer.

use super::document::DocumentJson;
use super::terms::{Kind, bare, last_segment, prose, resource};
use crate::config::{ApiAuth, ApiConfig};
use crate::model::{AccountId, Answer, PackageId, SignerId, Snapshot, Status, Timestamp};
use crate::provider::client::{Client, Reply};
use crate::provider::credentials::OAuthStyle;
use crate::provider::lenient::{Maybe, Number, Word};
use crate::provider::rest::{Rest, read_json, segment};
use crate::provider::{Bare, FetchError, Fetched, Listing, Located, OpenError, instant};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::Mutex;

/// How many rows are asked for at once; the largest number that is granted is not documented, so fewer may come.
const PAGE: u32 = 100;

/// So many rows of a page are shown once more by the next one: rows move up when another leaves the list meanwhile.
const OVERLAP: u32 = 10;

/// Positions of a walk: this many for each shelf, which is one group's open or its archived documents.
const SHELF: u32 = 1_000_000;

/// More groups than this are not walked; their shelves would leave no room for positions.
const MOST_GROUPS: usize = 2_000;

/// How long the list of groups is believed.
const GROUPS_KEPT_MS: i64 = 10 * 60 * 1000;

/// The vendor's one documented limit counts the calls of a minute.
const WAIT: Duration = Duration::from_secs(60);

/// A cached list may be so old, for all that is known.
const CACHE_AGE_MS: i64 = 24 * 60 * 60 * 1000;

/// At most this many signers who refused are asked why.
const MOST_REASONS: usize = 3;

/// One account's API.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) rest: Rest,
    /// The groups to walk; empty: all that the API names.
    groups: Vec<String>,
    /// Sweeps are given the cached list.
    cache: bool,
    walk: Mutex<Walk>,
}

/// What is remembered between two pages.
#[derive(Debug, Default)]
struct Walk {
    /// The groups that the API named, and when.
    named: Option<(Timestamp, Vec<String>)>,
    /// How many rows each shelf holds.
    totals: BTreeMap<u32, u64>,
}

impl Api {
    /// Makes an account's API ready; nothing is sent.
    ///
    /// # Errors
    /// What in the configuration can't be used.
    pub(super) fn open(
        account: &AccountId,
        config: &ApiConfig,
        calls_per_minute: u32,
        groups: &[String],
    ) -> Result<Self, OpenError> {
        if !matches!(config.auth, ApiAuth::Header { .. }) {
            return Err(OpenError::Credentials(
                "`authorization`, the whole value of that header (`ApiKey user:key`), and no other key",
            ));
        }
        let client = Client::open(account, config, calls_per_minute)?.waiting(WAIT);
        let rest = Rest::open(client, config, "", "application/json", OAuthStyle::Header)?;
        Ok(Self { rest, groups: groups.to_vec(), cache: config.cache, walk: Mutex::default() })
    }

    /// One document, archived or not. A 404 is an answer. Of a rejected one the reason is asked for as well.
    pub(super) async fn fetch(&self, package: &PackageId, now: Timestamp) -> Result<Fetched, FetchError> {
        let url = self.rest.address(&format!("/document/{}/", segment(package.as_str())?))?;
        let read = |reply: Reply| {
            let answer = if reply.status == 404 { Answer::NotFound } else { shown(&reply.body, package)? };
            Ok(Fetched { answer, date: reply.date })
        };
        let mut fetched = self.rest.get(url, now, read).await?;
        if let Answer::Shown(snapshot) = &mut fetched.answer
            && snapshot.status == Status::Declined
        {
            snapshot.reason = self.reason(snapshot, now).await;
        }
        Ok(fetched)
    }

    /// Why the document was rejected. Whatever hinders it: the document's own answer holds without.
    async fn reason(&self, snapshot: &Snapshot, now: Timestamp) -> Option<String> {
        let refused = snapshot.places.iter().filter(|place| place.refused);
        for place in refused.take(MOST_REASONS) {
            let path = format!("/signer/{}/rejection/", segment(&place.role).ok()?);
            let read = |reply: Reply| match reply.status {
                404 => Ok(RejectionJson::default()),
                _ => read_json(&reply.body, "a rejection"),
            };
            let rejection = self.rest.get(self.rest.address(&path).ok()?, now, read).await;
            let reason = rejection.ok().and_then(|it| prose(it.reason.0.as_deref()));
            if reason.is_some() {
                return reason;
            }
        }
        None
    }

    /// The document that a signer is in.
    pub(super) async fn locate(&self, signer: &SignerId, now: Timestamp) -> Result<Located, FetchError> {
        let url = self.rest.address(&format!("/signer/{}/", segment(signer.as_str())?))?;
        let read = |reply: Reply| {
            let package = if reply.status == 404 { None } else { Some(document_of(&reply.body, signer)?) };
            Ok(Located { package, date: reply.date })
        };
        self.rest.get(url, now, read).await
    }

    /// A page of the walk through all shelves. `from` is the shelf's number times a million, plus the position on it.
    pub(super) async fn list(
        &self,
        changed_since: Option<Timestamp>,
        from: u32,
        now: Timestamp,
    ) -> Result<Listing, FetchError> {
        let mut walk = self.walk.lock().await;
        if from == 0 {
            walk.totals.clear();
        }
        let groups = self.groups(&mut walk, from == 0, now).await?;
        let (shelf, offset) = (from / SHELF, from % SHELF);
        let at = usize::try_from(shelf).unwrap_or(usize::MAX);
        let archived = at >= groups.len();
        let Some(group) = groups.get(if archived { at.saturating_sub(groups.len()) } else { at }) else {
            // There is no group, or the walk began when there were more.
            return Ok(Listing { total: walk.totals.values().sum(), ..Listing::default() });
        };
        let mut url = self.rest.address("/document/")?;
        let cached = self.cache && changed_since.is_some();
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("group", group);
            if archived {
                query.append_pair("archived", "true");
            }
            if cached {
                query.append_pair("cache", "1");
            }
            if let Some(since) = changed_since {
                let since = instant::to_seconds(since.plus(if cached { -CACHE_AGE_MS } else { -1_000 }));
                query.append_pair("modified_gt", since.trim_end_matches('Z'));
            }
            query.append_pair("limit", &PAGE.to_string()).append_pair("offset", &offset.to_string());
        }
        let page = self.page(url, now, &format!("the documents of the group `{group}`")).await?;
        let mut listing = Listing { date: page.date, ..Listing::default() };
        for row in &page.rows {
            keep(&mut listing, serde_json::from_str(row.get()).ok(), cached);
        }
        walk.totals
            .insert(shelf, page.total.unwrap_or_else(|| u64::from(offset) + u64::from(page.received())));
        listing.total = walk.totals.values().sum();
        // What lies beyond a million in one group is for later walks, when others are archived.
        let next_row = page.next_offset(offset).filter(|offset| *offset < SHELF);
        let is_last_shelf = at + 1 >= groups.len() * 2;
        listing.next = match next_row {
            Some(offset) => Some(shelf * SHELF + offset),
            None => (!is_last_shelf).then_some((shelf + 1) * SHELF),
        };
        Ok(listing)
    }

    /// The groups of a walk. Within one the list stays as it is, so that a shelf keeps its number.
    async fn groups(
        &self,
        walk: &mut Walk,
        is_start: bool,
        now: Timestamp,
    ) -> Result<Vec<String>, FetchError> {
        if !self.groups.is_empty() {
            return Ok(self.groups.clone());
        }
        if let Some((at, groups)) = &walk.named
            && (!is_start || now.since(*at).saturating_abs() < GROUPS_KEPT_MS)
        {
            return Ok(groups.clone());
        }
        let (mut groups, mut offset) = (Vec::new(), Some(0));
        while let Some(from) = offset.filter(|_| groups.len() < MOST_GROUPS) {
            let mut url = self.rest.address("/group/")?;
            url.query_pairs_mut()
                .append_pair("limit", &PAGE.to_string())
                .append_pair("offset", &from.to_string());
            let page = self.page(url, now, "our groups").await?;
            groups.extend(page.rows.iter().filter_map(|row| slug(row)));
            offset = page.next_offset(from);
        }
        groups.sort_unstable();
        groups.dedup();
        groups.truncate(MOST_GROUPS);
        walk.named = Some((now, groups.clone()));
        Ok(groups)
    }

    async fn page(&self, url: reqwest::Url, now: Timestamp, what: &str) -> Result<Page, FetchError> {
        let read = |reply: Reply| match reply.status {
            404 => Err(FetchError::Unavailable(format!("there is no list of {what} (404)"))),
            _ => Page::read(&reply, what),
        };
        self.rest.get(url, now, read).await.map_err(|error| match error {
            // It is no document that is refused here, but us.
            FetchError::NotOurs => FetchError::Refused(format!("we may not list {what} (403)")),
            other => other,
        })
    }
}

/// A page of any list: `{"meta": {…}, "objects": […]}`; the rows are read one by one.
#[derive(Debug)]
struct Page {
    rows: Vec<Box<RawValue>>,
    total: Option<u64>,
    is_last: bool,
    date: Option<Timestamp>,
}

#[derive(Deserialize)]
struct PageJson {
    #[serde(default)]
    meta: Maybe<MetaJson>,
    objects: Vec<Box<RawValue>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MetaJson {
    next: Word,
    total_count: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GroupJson {
    slug: Word,
    resource_uri: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SignerJson {
    document: Word,
    resource_uri: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RejectionJson {
    reason: Word,
}

impl Page {
    fn read(reply: &Reply, what: &str) -> Result<Self, FetchError> {
        let json: PageJson = read_json(&reply.body, what)?;
        let meta = json.meta.0.unwrap_or_default();
        Ok(Self {
            rows: json.objects,
            total: meta.total_count.0.and_then(|total| u64::try_from(total).ok()),
            is_last: meta.next.0.is_none(),
            date: reply.date,
        })
    }

    fn received(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    /// Where the next page begins, always further than this one did. A page may hold fewer rows than were asked for.
    fn next_offset(&self, offset: u32) -> Option<u32> {
        let received = self.received();
        let step = received - OVERLAP.min(received / 2);
        (!self.is_last && step > 0).then(|| offset.saturating_add(step))
    }
}

fn shown(body: &[u8], asked: &PackageId) -> Result<Answer, FetchError> {
    let json: DocumentJson = read_json(body, "a document")?;
    if json.id().is_some_and(|told| told.as_str() != bare(asked.as_str())) {
        return Err(FetchError::Unreadable("it tells of another document than the one asked for".to_owned()));
    }
    json.into_snapshot().map(Answer::Shown)
}

/// A row that says less than the document itself would leaves it to be asked for: so a rejected one, whose reason only
/// its signer tells, and whatever comes from a cache.
fn keep(listing: &mut Listing, row: Option<DocumentJson>, cached: bool) {
    let Some((id, json)) = row.and_then(|json| Some((json.id()?, json))) else {
        listing.unreadable += 1;
        return;
    };
    match json.into_snapshot() {
        Ok(snapshot) if !cached && snapshot.status != Status::Declined => listing.rows.push((id, snapshot)),
        glance => listing.bare.push(Bare { package: id, glance: glance.ok() }),
    }
}

fn slug(row: &RawValue) -> Option<String> {
    let group: GroupJson = serde_json::from_str(row.get()).ok()?;
    let named = group.resource_uri.0.as_deref().and_then(last_segment).map(str::to_owned);
    group.slug.0.or(named)
}

fn document_of(body: &[u8], asked: &SignerId) -> Result<PackageId, FetchError> {
    let json: SignerJson = read_json(body, "a signer")?;
    if json
        .resource_uri
        .0
        .as_deref()
        .and_then(last_segment)
        .is_some_and(|told| bare(told) != bare(asked.as_str()))
    {
        return Err(FetchError::Unreadable("it tells of another signer than the one asked for".to_owned()));
    }
    match json.document.0.as_deref().map(resource) {
        Some(Ok((Kind::Document, id))) => PackageId::parse(&id),
        _ => None,
    }
    .ok_or_else(|| FetchError::Unreadable("a signer without its document".to_owned()))
}
