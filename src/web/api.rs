//! The same data as JSON: a contract with programs.

use super::error::WebError;
use super::pages::{detail, key_of};
use super::site::Site;
use super::sync::cut;
use super::views::accounts::AccountList;
use super::views::drift::{DriftList, RunList};
use super::views::json::{PackageAnswer, PackageItem, PackageList};
use super::views::{TrafficList, query};
use crate::app::people::Who;
use crate::app::{DriftFilter, Order};
use crate::model::{AccountId, Filter, Tally, Timestamp};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

const USUAL: u32 = 50;
const MOST: u32 = 500;
/// Hours of traffic: two days, and of one account at most as many as are kept.
const USUAL_HOURS: u32 = 48;
const MOST_HOURS: u32 = 400 * 24;
/// Of all accounts together fewer.
const MOST_HOURS_OF_ALL: u32 = 31 * 24;
const HOUR_MS: i64 = 60 * 60 * 1000;

/// What `GET /api/v1/packages` can be asked.
#[derive(Debug, Deserialize)]
pub struct Asked {
    status: Option<String>,
    q: Option<String>,
    account: Option<String>,
    sender: Option<String>,
    group: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

/// `GET /api/v1/packages`.
pub async fn packages(
    site: web::Data<Site>,
    who: Who,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, WebError> {
    let asked = asked.into_inner();
    let word = asked.status.unwrap_or_default();
    let tally =
        Tally::from_word(&word).ok_or_else(|| WebError::Bad(format!("There is no status `{word}`.")))?;
    let limit = limit_of(asked.limit)?;
    let filter = Filter {
        tally,
        account: asked.account.filter(|it| !it.is_empty()).map(AccountId),
        sender: asked.sender.filter(|it| !it.is_empty()).map(|it| it.to_lowercase()),
        group: asked.group.filter(|it| !it.is_empty()),
        words: query::words(&asked.q.unwrap_or_default()),
        within: who.reach,
        ..Filter::default()
    };
    let after = asked.after.filter(|it| !it.is_empty());
    if after.as_deref().is_some_and(|it| !Order::is_place(it)) {
        return Err(WebError::Bad("`after` is no `next` of an answer.".to_owned()));
    }
    let order = Order { after, ..Order::default() };
    let page = site.app.store.list(&filter, &order, limit, site.app.now()).await?;
    let moment = site.instant();
    let around = site.around(&moment);
    let packages = page.rows.iter().map(|row| PackageItem::new(row, &around)).collect();
    let list = PackageList { packages, next: page.next, newest_of: page.newest_of };
    Ok(HttpResponse::Ok().json(list))
}

/// `GET /api/v1/packages/{account}/{id}`.
pub async fn package(
    site: web::Data<Site>,
    who: Who,
    request: HttpRequest,
) -> Result<HttpResponse, WebError> {
    let (key, rest) = key_of(&request, "/api/v1/packages/")?;
    if rest.is_some() {
        return Err(WebError::NotFound("There is no such address."));
    }
    let detail = detail(&site, &who, &key).await?;
    let moment = site.instant();
    Ok(HttpResponse::Ok().json(PackageAnswer::new(&detail, &site.around(&moment))))
}

/// `GET /api/v1/accounts`: how each account is.
pub async fn accounts(site: web::Data<Site>, who: Who) -> HttpResponse {
    let theirs = site.app.accounts.values().filter(|it| who.reach.has(&it.id));
    HttpResponse::Ok().json(AccountList::new(theirs, site.app.now()))
}

/// What `GET /api/v1/drift` and `GET /api/v1/runs` can be asked.
#[derive(Debug, Deserialize)]
pub struct Found {
    account: Option<String>,
    after: Option<String>,
    limit: Option<String>,
}

impl Found {
    /// The account, the number before which to go on, and how many.
    fn read(self) -> Result<(Option<AccountId>, Option<i64>, u32), WebError> {
        let after = self.after.filter(|it| !it.is_empty()).map(|text| text.parse().ok());
        if after == Some(None) {
            return Err(WebError::Bad("`after` is no `next` of an answer.".to_owned()));
        }
        let account = self.account.filter(|it| !it.is_empty()).map(AccountId);
        Ok((account, after.flatten(), limit_of(self.limit)?))
    }
}

/// `GET /api/v1/drift`: what callbacks missed, the newest first.
pub async fn drift(
    site: web::Data<Site>,
    who: Who,
    asked: web::Query<Found>,
) -> Result<HttpResponse, WebError> {
    let (account, after, limit) = asked.into_inner().read()?;
    let now = site.app.now();
    let filter = DriftFilter {
        account,
        within: who.reach,
        before: after,
        limit: limit + 1,
        now,
        ..DriftFilter::default()
    };
    let mut found = site.app.store.drift(&filter).await?;
    let next = cut(&mut found, limit).map(|it| it.id);
    Ok(HttpResponse::Ok().json(DriftList::new(&found, next, now)))
}

/// `GET /api/v1/runs`: sweeps, the newest first.
pub async fn runs(
    site: web::Data<Site>,
    who: Who,
    asked: web::Query<Found>,
) -> Result<HttpResponse, WebError> {
    let (account, after, limit) = asked.into_inner().read()?;
    let mut runs = site.app.store.runs_within(account.as_ref(), &who.reach, after, limit + 1).await?;
    let next = cut(&mut runs, limit).map(|it| it.id);
    super::sync::unsigned(&mut runs, &who);
    Ok(HttpResponse::Ok().json(RunList::new(&runs, next)))
}

/// What `GET /api/v1/traffic` can be asked.
#[derive(Debug, Deserialize)]
pub struct Traffic {
    account: Option<String>,
    hours: Option<String>,
}

/// `GET /api/v1/traffic`: what came in each hour, the oldest first, and how well the callbacks of each account do.
pub async fn traffic(
    site: web::Data<Site>,
    who: Who,
    asked: web::Query<Traffic>,
) -> Result<HttpResponse, WebError> {
    let Traffic { account, hours } = asked.into_inner();
    let only = account.filter(|it| !it.is_empty()).map(AccountId);
    let most = if only.is_some() { MOST_HOURS } else { MOST_HOURS_OF_ALL };
    let hours = number_of("hours", hours, USUAL_HOURS)?.min(most);
    let now = site.app.now();
    let this_hour = now.0.div_euclid(HOUR_MS);
    let from = Timestamp((this_hour + 1 - i64::from(hours)) * HOUR_MS);
    let mut figures = Vec::new();
    let theirs = |it: &AccountId| only.as_ref().is_none_or(|only| only == it) && who.reach.has(it);
    for account in site.app.accounts.values().filter(|it| theirs(&it.id)) {
        figures.push(site.app.figures(account).await?);
    }
    let mut hours = site.app.store.traffic(only.as_ref(), from, now.plus(1)).await?;
    hours.retain(|hour| theirs(&hour.account));
    Ok(HttpResponse::Ok().json(TrafficList::new(&figures, &hours)))
}

pub(super) fn limit_of(asked: Option<String>) -> Result<u32, WebError> {
    Ok(number_of("limit", asked, USUAL)?.min(MOST))
}

fn number_of(name: &str, asked: Option<String>, usual: u32) -> Result<u32, WebError> {
    let Some(text) = asked.filter(|it| !it.is_empty()) else { return Ok(usual) };
    let number = text.parse().ok().filter(|it| *it > 0);
    number.ok_or_else(|| WebError::Bad(format!("`{name}` is a number from 1 on, not `{text}`.")))
}
