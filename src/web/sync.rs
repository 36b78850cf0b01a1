//! The sync page, its part that a live page asks for again, and the file with what callbacks missed.

use super::error::WebError;
use super::pages::page_of;
use super::remote::note;
use super::site::Site;
use super::views::sync::{DryRun, Finding, csv_line, csv_title};
use super::views::time::rfc3339;
use super::views::{
    AccountLabel, AccountSync, RunningFragment, SyncInput, SyncPage, SyncQuery, TrafficView, html,
};
use crate::app::people::{DeedKind, Who};
use crate::app::standing::Standing;
use crate::app::{Account, Drift, DriftFilter, DryLine, Run, StoreError};
use crate::model::{AccountId, Package, Timestamp};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use std::collections::HashMap;

/// So many lines and sweeps stand on a page.
const PAGE: u32 = 50;
const RUNS: u32 = 20;
const DRY_LINES: u32 = 200;
/// Among so many of an account's newest sweeps the last whole one is looked for.
const LATELY: u32 = 50;
/// So many lines of the file are read at once.
const CHUNK: u32 = 500;

type Pairs = web::Query<HashMap<String, String>>;

fn asked(pairs: &Pairs) -> SyncQuery {
    SyncQuery::parse(|name| pairs.get(name).cloned())
}

/// `GET /sync`.
pub async fn sync(site: web::Data<Site>, who: Who, pairs: Pairs) -> Result<HttpResponse, WebError> {
    let (query, store, now) = (asked(&pairs), &site.app.store, site.app.now());
    let mut drift = store.drift(&filter(&query, &who, query.before, PAGE + 1, now)).await?;
    let more_findings = cut(&mut drift, PAGE).map(|it| it.id);
    let findings = findings(&site, drift).await?;
    // Those under way stand above; they are few.
    let mut runs = store.runs_within(None, &who.reach, query.runs, RUNS + 1).await?;
    let more_runs = cut(&mut runs, RUNS).map(|it| it.id);
    runs.retain(|run| run.ended_at.is_some());
    unsigned(&mut runs, &who);
    let dry = match query.dry {
        Some(id) => dry(&site, &who, id).await?,
        None => None,
    };
    let notice = pairs.get("done").and_then(|it| super::resync::notice(it));
    let moment = site.moment(&who).await?;
    let accounts = accounts(&site, &who).await?;
    let input = SyncInput {
        around: site.around(&moment),
        query: &query,
        accounts: &accounts,
        findings: &findings,
        more_findings,
        runs: &runs,
        more_runs,
        dry: dry.as_ref().map(|(run, lines, cut)| DryRun { run, lines, cut: *cut }),
        notice: notice.as_deref(),
    };
    Ok(page_of(html(&SyncPage::new(&input))))
}

/// Whoever sees but a part of the board isn't told who else works on it.
pub(super) fn unsigned(runs: &mut [Run], who: &Who) {
    if !who.reach.is_all() {
        runs.iter_mut().for_each(|run| run.asked_by = None);
    }
}

/// `GET /sync/now`: how far the sweeps are, which a live page asks while one goes on.
pub async fn now(site: web::Data<Site>, who: Who) -> Result<HttpResponse, WebError> {
    let mut all = Vec::new();
    let theirs = site.accounts.iter().filter(|it| who.reach.has(&it.id));
    for account in theirs.filter_map(|it| site.app.accounts.get(&it.id)) {
        let mut runs = site.app.store.unended_runs(&account.id).await?;
        unsigned(&mut runs, &who);
        all.push((runs, account.config.calls_per_minute));
    }
    let moment = site.instant_for(&who);
    Ok(page_of(html(&RunningFragment::new(&all, &site.around(&moment)))))
}

/// `GET /sync/missed.csv?account=&standing=`: all of it, a piece at a time.
pub async fn csv(site: web::Data<Site>, request: HttpRequest, who: Who, pairs: Pairs) -> HttpResponse {
    note(&site.app, &request, &who, DeedKind::Export, "what callbacks missed, as CSV").await;
    let (query, now) = (asked(&pairs), site.app.now());
    let day = rfc3339(now).chars().take(10).collect::<String>();
    let site = site.into_inner();
    let lines = stream::unfold(Some(None), move |place: Option<Option<i64>>| {
        let (site, query, who) = (site.clone(), query.clone(), who.clone());
        async move {
            let before = place?;
            let found = async {
                let drift = site.app.store.drift(&filter(&query, &who, before, CHUNK, now)).await?;
                findings(&site, drift).await
            };
            let found = match found.await {
                Ok(found) => found,
                // A file that ends early must not look whole.
                Err(cause) => return Some((Err(WebError::from(cause)), None)),
            };
            let title = if before.is_none() { csv_title() } else { String::new() };
            let text: String =
                std::iter::once(title).chain(found.iter().map(|it| csv_line(it, now))).collect();
            let next = found.last().filter(|_| found.len() == CHUNK as usize).map(|it| Some(it.drift.id));
            Some((Ok(Bytes::from(text)), next))
        }
    });
    super::csv::file(&format!("missed-callbacks-{day}.csv"), lines)
}

fn filter(query: &SyncQuery, who: &Who, before: Option<i64>, limit: u32, now: Timestamp) -> DriftFilter {
    let account = query.account.clone().map(AccountId);
    DriftFilter { account, standing: query.standing, within: who.reach.clone(), before, limit, now }
}

/// Lines of drift, each with its package as it is now.
pub async fn findings(site: &Site, drift: Vec<Drift>) -> Result<Vec<Finding>, StoreError> {
    let packages = site.app.store.states(drift.iter().map(|it| &it.key)).await?;
    let of = |drift: Drift| Finding { package: packages.get(&drift.key).cloned(), drift };
    Ok(drift.into_iter().map(of).collect())
}

type Dry = (Run, Vec<(DryLine, Option<Package>)>, bool);

/// A dry run, the first of what it would change, and whether there is more; `None`: there is no such run for them.
async fn dry(site: &Site, who: &Who, id: i64) -> Result<Option<Dry>, StoreError> {
    let Some(mut run) = site.app.store.run(id).await?.filter(|run| run.dry && sees_all_of(who, &run.account))
    else {
        return Ok(None);
    };
    unsigned(std::slice::from_mut(&mut run), who);
    let mut lines = site.app.store.dry_lines(&run.account, id, DRY_LINES + 1).await?;
    let is_cut = cut(&mut lines, DRY_LINES).is_some();
    let packages = site.app.store.states(lines.iter().map(|it| &it.key)).await?;
    let lines =
        lines.into_iter().map(|it| (packages.get(&it.key).cloned(), it)).map(|(package, it)| (it, package));
    Ok(Some((run, lines.collect(), is_cut)))
}

/// Whether somebody sees every package of an account.
fn sees_all_of(who: &Who, account: &AccountId) -> bool {
    who.reach.senders.is_none() && who.reach.has(account)
}

async fn accounts<'a>(site: &'a Site, who: &Who) -> Result<Vec<AccountSync<'a>>, WebError> {
    let mut all = Vec::new();
    for label in site.accounts.iter().filter(|it| who.reach.has(&it.id)) {
        if let Some(account) = site.app.accounts.get(&label.id) {
            all.push(one(site, label, account, who).await?);
        }
    }
    Ok(all)
}

async fn one<'a>(
    site: &'a Site,
    label: &'a AccountLabel,
    account: &Account,
    who: &Who,
) -> Result<AccountSync<'a>, WebError> {
    let (app, config, now) = (&site.app, &account.config, site.app.now());
    let has_api = config.api.is_some();
    let mut open = app.store.unended_runs(&account.id).await?;
    let mut ended = app.store.runs(Some(&account.id), None, LATELY).await?;
    ended.retain(|run| run.ended_at.is_some());
    unsigned(&mut open, who);
    unsigned(&mut ended, who);
    let api = account.api_state();
    let figures = app.figures(account).await?;
    let hours = app.store.traffic(Some(&account.id), TrafficView::from(now), now.plus(1)).await?;
    let trouble = match account.standing(now) {
        Standing::Unreachable { why, .. } | Standing::Refused { why, .. } => Some(why),
        Standing::Fine | Standing::NotAskedYet | Standing::NoApi | Standing::Resting { .. } => None,
    };
    Ok(AccountSync {
        account: label,
        has_api,
        last_whole: ended.iter().find(|run| run.success && run.is_whole_sweep()).cloned(),
        last: ended.into_iter().next(),
        open,
        next: if has_api { Some(app.next_sweep(account).await?) } else { None },
        every: config.reconcile.every,
        silent_after: config.reconcile.silent_after,
        calls_per_minute: config.calls_per_minute,
        last_callback: account.last_callback(),
        silent: account.silent(now),
        answered: api.answered_at,
        own_only: api.own_only,
        traffic: TrafficView::new(&figures, &hours, &site.around(&site.instant_for(who))),
        trouble,
    })
}

/// Cuts off what was read too much to see whether there is more; then, the last one that stays.
pub fn cut<T>(rows: &mut Vec<T>, limit: u32) -> Option<&T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| more)
}
