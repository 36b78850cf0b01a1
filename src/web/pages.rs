//! The pages: each asks the store, and hands plain values to its view.

use super::error::WebError;
use super::site::Site;
use super::views::{
    AccountLabel, Beside, BoardInput, BoardPage, BoardQuery, Cursor, InboxInput, InboxPage, LoneSigners,
    PackageAlerts, PackageInput, PackagePage, ProviderCard, ProvidersInput, ProvidersPage, PulseFragment,
    ScreenPage, ScreenPulse, board::PulseInput, html, link, providers,
};
use crate::app::people::Who;
use crate::app::{AccountFacts, Look, Order};
use crate::config::{CallbackAuth, Rotates, Rotation, Unsigned};
use crate::model::access::{Needs, Role};
use crate::model::{AccountId, Filter, PackageKey, Timestamp};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use percent_encoding::percent_decode_str;
use std::collections::{BTreeMap, HashMap};

const PAGE: u32 = 50;
const MOST_SENDERS: u32 = 200;
/// So many senders, and so many groups, stand among the facets.
const MOST_VALUES: u32 = 10;
/// So many of what polling found stand on a package's page.
const FINDINGS: u32 = 20;
const INBOX_PAGE: u32 = 50;
const INBOX_PART: u32 = 20;

/// `GET /`: the board.
pub async fn board(site: web::Data<Site>, request: HttpRequest, who: Who) -> Result<HttpResponse, WebError> {
    let query = query_of(&who, &request);
    let filter = query.filter(site.app.now(), &site.zone_of(&who), &site.accounts, &who);
    let store = &site.app.store;
    let board = store.board(&look(&site, &who, &filter), &order(&query), PAGE, MOST_SENDERS).await?;
    let (page, shown) = (board.page, board.around);
    let moment = site.moment_with(&who, shown.open, |it| is_of(&filter, it));
    let around = site.around(&moment);
    let senders: Vec<(String, String)> = board.senders.into_iter().map(|it| (it.clone(), it)).collect();
    let (views, saves) = super::saved::saved(&site, &who, &query).await?;
    let done = request.query_string().rsplit_once("done=").map_or("", |(_, done)| done);
    let notice = super::resync::board_notice(done);
    let named = filter.sender.is_some() || filter.group.is_some();
    let counted = filter.words.is_empty() && !named && filter.updated_since.is_none();
    let total = shown.tallies.iter().find(|(tally, _)| *tally == filter.tally).map(|(_, count)| *count);
    let input = BoardInput {
        around,
        query: &query,
        rows: &page.rows,
        drawn: &site.drawn,
        seq: board.seq,
        tallies: &shown.tallies,
        alerts: &shown.alerts,
        senders: &senders,
        total: total.filter(|_| counted),
        offset: (query.cursor == Cursor::First).then_some(0),
        newer: page.prev.as_deref(),
        older: page.next.as_deref(),
        newest_of: page.newest_of,
        facets: shown.facets.as_ref(),
        beside: Beside {
            views: &views,
            saves,
            may_resync: who.may(Needs::Resync)
                && site.accounts.iter().any(|it| filter.has(&it.id) && site.app.can_ask(&it.id)),
            notice: notice.as_deref(),
        },
    };
    Ok(page_of(if who.screen().is_some() {
        html(&ScreenPage::new(&input))
    } else {
        html(&BoardPage::new(&input))
    }))
}

/// The board that somebody asks for; a wall screen has its own, whatever its address says.
pub fn query_of(who: &Who, request: &HttpRequest) -> BoardQuery {
    BoardQuery::parse(who.screen().unwrap_or_else(|| request.query_string()))
}

/// `GET /pulse?<the board's query>`: what an open board fetches after changes.
pub async fn pulse(site: web::Data<Site>, request: HttpRequest, who: Who) -> Result<HttpResponse, WebError> {
    let query = query_of(&who, &request);
    let filter = query.filter(site.app.now(), &site.zone_of(&who), &site.accounts, &who);
    let shown = site.app.store.surroundings(&look(&site, &who, &filter)).await?;
    let moment = site.moment_with(&who, shown.open, |it| is_of(&filter, it));
    let around = site.around(&moment);
    let (tallies, alerts, facets) = (&*shown.tallies, &*shown.alerts, shown.facets.as_ref());
    let input = PulseInput { around: &around, query: &query, tallies, alerts, facets };
    Ok(page_of(if who.screen().is_some() {
        html(&ScreenPulse::new(&input))
    } else {
        html(&PulseFragment::new(&input))
    }))
}

/// `GET /packages/{account}/{id}` and `…/payload/{arrival}`. The id is any text, so the path is taken apart here.
pub async fn package(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
) -> Result<HttpResponse, WebError> {
    let (key, rest) = key_of(&request, "/packages/")?;
    if let Some(arrival) = rest.as_deref().and_then(|rest| rest.strip_prefix("payload/")) {
        if !who.may(Needs::Role(Role::Admin)) {
            return Err(WebError::Forbidden(super::guard::NOT_YOURS));
        }
        let arrival = arrival.parse().map_err(|_| WebError::NotFound("There is no such payload."))?;
        return super::payload::payload(&site, (&request, &who), arrival, Some(&key.account)).await;
    }
    if rest.is_some() {
        return Err(WebError::NotFound("There is no such page."));
    }
    let detail = detail(&site, &who, &key).await?;
    let moment = site.moment_of(&who, |it| *it == key.account).await?;
    let pairs = web::Query::<HashMap<String, String>>::from_query(request.query_string());
    let pairs = pairs.map(web::Query::into_inner).unwrap_or_default();
    let asked =
        pairs.get("done").filter(|it| *it == "asked").and_then(|_| super::resync::told(&site, &key, &who));
    let asked = match asked {
        None => super::alerts::notice(&site, &who, &pairs).await?,
        asked => asked,
    };
    let (alerts, told) = super::alerts::of_package(&site, &who, &key).await?;
    let has_api = site.app.can_ask(&key.account);
    let findings = super::sync::findings(&site, site.app.store.drift_of(&key, FINDINGS).await?).await?;
    let input = PackageInput {
        around: site.around(&moment),
        detail: &detail,
        findings: &findings,
        may_ask: has_api && who.may(Needs::Resync),
        asked: asked.as_deref(),
        alerts: PackageAlerts {
            all: &alerts,
            told: &told,
            follows: super::alerts::follows(&site, &who, &key).await?,
        },
    };
    Ok(page_of(html(&PackagePage::new(&input))))
}

/// A package that is one, since a template is never shown, and that `who` may see. Of one that they may not, nothing is
/// said but that it isn't there.
pub async fn detail(site: &Site, who: &Who, key: &PackageKey) -> Result<crate::app::Detail, WebError> {
    let detail = site.app.store.package(key).await?;
    detail
        .filter(|it| !it.row.package.template && who.reach.admits(&key.account, &it.row.package))
        .ok_or(WebError::NotFound("There is no such package on this board."))
}

/// `GET /inbox`.
pub async fn inbox(
    site: web::Data<Site>,
    who: Who,
    query: web::Query<HashMap<String, String>>,
) -> Result<HttpResponse, WebError> {
    let store = &site.app.store;
    let before: Option<i64> = query.get("before").and_then(|it| it.parse().ok());
    let mut arrivals = store.arrivals(before, INBOX_PAGE + 1).await?;
    let more = arrivals.len() > INBOX_PAGE as usize;
    arrivals.truncate(INBOX_PAGE as usize);
    let older = arrivals.last().filter(|_| more).map(|it| format!("/inbox?before={}", it.id));
    let newer = before.map(|_| "/inbox".to_owned());
    let (quarantined, refused) =
        (store.quarantine(None, INBOX_PART).await?, store.refused(None, INBOX_PART).await?);
    let mut totals = AccountFacts::default();
    let mut lone = Vec::new();
    for account in &site.accounts {
        let facts = store.account_facts(&account.id).await?;
        totals.quarantined += facts.quarantined;
        totals.refused += facts.refused;
        let only = query.get("signers").filter(|it| !it.is_empty());
        if facts.lone_signers > 0 && only.is_none_or(|only| *only == account.id.0) {
            let before = query.get("signer").filter(|_| only.is_some()).and_then(|it| it.parse().ok());
            lone.push(lone_signers(&site, account, facts.lone_signers, before).await?);
        }
    }
    let after = query.get("waiting").and_then(|it| it.parse().ok()).unwrap_or(0);
    let mut waiting = store.waiting(after, INBOX_PART + 1).await?;
    let more = waiting.len() > INBOX_PART as usize;
    waiting.truncate(INBOX_PART as usize);
    let more_waiting = waiting.last().filter(|_| more).map(|it| it.id);
    let notice = query.get("done").and_then(|it| super::actions::notice(it));
    let moment = site.moment(&who).await?;
    let input = InboxInput {
        around: site.around(&moment),
        arrivals: &arrivals,
        quarantined: &quarantined,
        quarantined_total: totals.quarantined.max(quarantined.len() as u64),
        refused: &refused,
        refused_total: totals.refused.max(refused.len() as u64),
        lone: &lone,
        waiting: &waiting,
        waiting_total: store.count_waiting().await?,
        more_waiting,
        takers: &takers(&site, &who),
        notice: notice.as_deref(),
        older: older.as_deref(),
        newer: newer.as_deref(),
    };
    Ok(page_of(html(&InboxPage::new(&input))))
}

/// The accounts for which somebody may paste callbacks, and whether each has an API that can confirm them.
pub fn takers<'a>(site: &'a Site, who: &Who) -> Vec<(&'a AccountLabel, bool)> {
    let taker = |label: &AccountLabel| {
        let it = site.app.accounts.get(&label.id)?;
        it.takes_pasted().then_some(it.config.api.is_some())
    };
    let theirs = site.accounts.iter().filter(|label| who.reach.has(&label.id));
    theirs.filter_map(|label| Some((label, taker(label)?))).collect()
}

/// A page of an account's signers of whom no package is known.
async fn lone_signers<'a>(
    site: &'a Site,
    account: &'a AccountLabel,
    total: u64,
    before: Option<i64>,
) -> Result<LoneSigners<'a>, WebError> {
    let mut signers = site.app.store.lone_signers(&account.id, before, INBOX_PART + 1).await?;
    let more = signers.len() > INBOX_PART as usize;
    signers.truncate(INBOX_PART as usize);
    let older = signers.last().filter(|_| more).map(|it| it.id);
    let has_api = site.app.can_ask(&account.id);
    Ok(LoneSigners { account, total, signers, has_api, older, is_first: before.is_none() })
}

/// `GET /providers`.
pub async fn providers(site: web::Data<Site>, who: Who) -> Result<HttpResponse, WebError> {
    let mut facts = Vec::new();
    for account in &site.accounts {
        facts.push(site.app.store.account_facts(&account.id).await?);
    }
    let mut forwards = BTreeMap::new();
    for account in site.app.accounts.values().filter(|it| it.forwarding.is_some()) {
        forwards.insert(&account.id, site.app.store.forward_facts(&account.id).await?);
    }
    let mut cards = Vec::new();
    let keyed = site.app.keyed();
    for (label, facts) in site.accounts.iter().zip(&facts) {
        let Some(account) = site.app.accounts.get(&label.id) else { continue };
        let Some(config) = keyed.accounts.get(&label.id.0) else { continue };
        let (auth, next) = auth_of(&config.callback);
        let callback_url = site.app.config.callback_url(&label.id.0);
        let setup = account.provider.setup(&callback_url).into_iter();
        let (state, now) = (account.api_state(), site.app.now());
        cards.push(ProviderCard {
            account: label,
            callback_url,
            auth,
            keys: account.provider.keys().and_then(|it| it.trouble(now)),
            next,
            path_token: config.path_token.is_some(),
            rotation: config.rotation.map(rotation_of),
            tested: account.tests.last(),
            misprint: account.misprint_at(),
            setup: setup.map(|step| (step.what, step.lines)).collect(),
            groups: &account.config.groups,
            facts,
            api: account.config.api.as_ref().map(|api| api.base_url.clone()),
            standing: account.standing(now),
            answered_at: state.answered_at,
            circuit: state.circuit(now),
            own_only: state.own_only,
            registration: state.registration,
            forward: account.forwarding.as_ref().map(|it| it.host.as_str()).zip(forwards.get(&label.id)),
        });
    }
    let moment = site.moment(&who).await?;
    let input = ProvidersInput { around: site.around(&moment), cards: &cards };
    Ok(page_of(html(&ProvidersPage::new(&input))))
}

fn rotation_of(it: Rotation) -> providers::RotationFacts {
    providers::RotationFacts {
        is_path_token: it.of == Rotates::PathToken,
        current: Timestamp(it.current_made),
        next: it.next_made.map(|made| (Timestamp(made), it.registered_at.map(Timestamp))),
    }
}

fn auth_of(auth: &CallbackAuth) -> (providers::AuthKind, bool) {
    match auth {
        CallbackAuth::Key { next, .. } => (providers::AuthKind::Key, next.is_some()),
        CallbackAuth::Basic { next, .. } => (providers::AuthKind::Basic, next.is_some()),
        CallbackAuth::Bearer { next, .. } => (providers::AuthKind::Bearer, next.is_some()),
        CallbackAuth::Headers(pairs) => {
            (providers::AuthKind::Headers(pairs.keys().cloned().collect()), false)
        }
        CallbackAuth::Signed { certificate, unsigned, hmac_secret } => {
            let accepts_unsigned = *unsigned == Unsigned::Accept;
            let kind = providers::AuthKind::Signed { accepts_unsigned, hmac: hmac_secret.is_some() };
            (kind, certificate.matches("-----BEGIN").count() > 1)
        }
        CallbackAuth::OAuth2 { issuer, audience, .. } => {
            (providers::AuthKind::OAuth2 { issuer: issuer.clone(), audience: audience.clone() }, false)
        }
        CallbackAuth::None => (providers::AuthKind::Open, false),
    }
}

/// How the store sorts what a query asks for.
#[must_use]
pub fn order(query: &BoardQuery) -> Order {
    let (after, before) = match &query.cursor {
        Cursor::First => (None, None),
        Cursor::After(at) => (Some(at.clone()), None),
        Cursor::Before(at) => (None, Some(at.clone())),
    };
    Order { sort: query.sort, ascending: !query.descending(), after, before, whole: false }
}

/// Whether a filter lets an account's packages through.
fn is_of(filter: &Filter, account: &AccountId) -> bool {
    filter.account.as_ref().is_none_or(|only| only == account)
        && (filter.accounts.is_empty() || filter.accounts.contains(account))
}

/// What a board asks the store for. A wall screen shows its one board, so nobody is there to narrow it; and what stands in
/// the strip is of all accounts that they see.
fn look<'a>(site: &Site, who: &'a Who, filter: &'a Filter) -> Look<'a> {
    let values = who.screen().is_none().then_some(MOST_VALUES);
    let now = site.app.now();
    Look { filter, open: site.app.open_to(who, now, super::alerts::STRIP), now, values }
}

/// The package that a path names, and what follows it.
pub fn key_of(request: &HttpRequest, prefix: &str) -> Result<(PackageKey, Option<String>), WebError> {
    const NONE: WebError = WebError::NotFound("There is no such package on this board.");
    let path = request.uri().path().strip_prefix(prefix).ok_or(NONE)?;
    let mut segments = path.splitn(3, '/');
    let mut next = || segments.next().map(|it| percent_decode_str(it).decode_utf8_lossy().into_owned());
    let (account, id, rest) = (next().ok_or(NONE)?, next().ok_or(NONE)?, next());
    let package = link::package_id(&id).ok_or(NONE)?;
    Ok((PackageKey { account: AccountId(account), package }, rest))
}

/// An answer that is a page, or a part of one.
pub fn page_of(html: String) -> HttpResponse {
    // A page is of its moment; going back in history must not show an old one as new.
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(html)
}
