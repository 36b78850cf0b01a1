//! `/alerts`: what needs a person, and what somebody does about it; and the same for programs, who may only look.

use super::error::WebError;
use super::fields::Fields;
use super::pages::{detail, key_of, page_of};
use super::people::see;
use super::remote::remote;
use super::resync::by;
use super::site::{Moment, Site};
use super::sync::cut;
use super::views::alerts::{AlertList, AlertQuery, AlertsInput, AlertsPage};
use super::views::words::count;
use super::views::{Strip, html, link};
use crate::app::alerts::{Later, Wanted};
use crate::app::people::{Means, Who};
use crate::app::{Alert, AlertFilter, AlertState, StoreError, Telling};
use crate::model::alert::AlertKind;
use crate::model::deed::DeedKind;
use crate::model::{AccountId, PackageKey, Timestamp};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use std::collections::HashMap;

const PAGE: u32 = 50;
/// So many people who were told stand under an alert.
const TOLD: u32 = 20;
/// So many alerts of a package stand on its page.
const OF_PACKAGE: u32 = 30;
/// So many alerts stand in the strip; the rest is a number.
pub(super) const STRIP: u32 = 3;

/// `GET /alerts`.
pub async fn page(
    site: web::Data<Site>,
    who: Who,
    pairs: web::Query<HashMap<String, String>>,
) -> Result<HttpResponse, WebError> {
    let (query, store) = (AlertQuery::parse(|name| pairs.get(name).cloned()), &site.app.store);
    let moment = site.moment(&who).await?;
    let seq = store.last_seq().await?;
    let filter = filter(&site, &query, &who, PAGE + 1, moment.now());
    let mut alerts = store.alerts(&filter).await?;
    let older = cut(&mut alerts, PAGE).map(|it| it.id);
    let told = told(&site, &alerts).await?;
    let standing = store.standing_alerts(&filter).await?;
    let open = open(&site, &who, &moment).await?;
    let around = site.around(&moment);
    let key = Strip::new(&open, &around).key;
    let alerts = site.app.may_see_to(&who, alerts).await?;
    let notice = notice(&site, &who, &pairs).await?;
    let input = AlertsInput {
        around,
        query: &query,
        alerts: &alerts,
        told: &told,
        standing,
        older,
        notice: notice.as_deref(),
        key: &key,
        seq: seq.0,
    };
    Ok(page_of(html(&AlertsPage::new(&input))))
}

/// The newest open alerts that somebody sees: what stands in the strip.
pub async fn open(site: &Site, who: &Who, moment: &Moment) -> Result<Vec<Alert>, StoreError> {
    site.app.store.alerts(&site.app.open_to(who, moment.now(), STRIP)).await
}

/// The alerts of a package, whether somebody may see to each, and who was told.
pub async fn of_package(
    site: &Site,
    who: &Who,
    key: &PackageKey,
) -> Result<(Vec<(Alert, bool)>, Vec<Telling>), StoreError> {
    let alerts = site.app.store.alerts_of(key, OF_PACKAGE).await?;
    let told = told(site, &alerts).await?;
    Ok((site.app.may_see_to(who, alerts).await?, told))
}

/// Whether somebody follows a package; `None`: they are no person of this board.
pub async fn follows(site: &Site, who: &Who, key: &PackageKey) -> Result<Option<bool>, StoreError> {
    let Means::Session { user, .. } = who.means else { return Ok(None) };
    site.app.store.follows(user, key).await.map(Some)
}

/// `POST /follow/packages/{account}/{id}`: somebody wants to hear of its alerts, or no more.
pub async fn follow(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    form: web::Form<Fields>,
) -> Result<HttpResponse, WebError> {
    let Means::Session { user, .. } = who.means else { return Err(WebError::SignIn) };
    let (key, rest) = key_of(&request, "/follow/packages/")?;
    if rest.is_some() {
        return Err(WebError::NotFound("There is no such package on this board."));
    }
    detail(&site, &who, &key).await?;
    let (follows, word) = match form.one("do") {
        "follow" => (true, "followed"),
        "unfollow" => (false, "left"),
        _ => return Err(WebError::Bad("The form doesn’t say what to do.".to_owned())),
    };
    if site.app.store.follow(user, &key, follows, site.app.now()).await? {
        let from = remote(&site.app, &request);
        site.app.note(&who.name, &from, DeedKind::Follow, format!("{key}: {word}")).await;
    }
    Ok(see(&link::package(&key)))
}

/// Who was told of these.
pub async fn told(site: &Site, alerts: &[Alert]) -> Result<Vec<Telling>, StoreError> {
    let ids: Vec<i64> = alerts.iter().map(|it| it.id).collect();
    site.app.store.tellings_of(&ids, TOLD).await
}

fn filter(site: &Site, query: &AlertQuery, who: &Who, limit: u32, now: Timestamp) -> AlertFilter {
    AlertFilter {
        state: query.state,
        kind: query.kind,
        account: query.account.clone().map(AccountId),
        within: who.reach.clone(),
        operators: site.app.sees_operators(who),
        before: query.before,
        limit,
        now,
    }
}

/// `POST /alerts`: what the form's button says, with the alerts that it names.
pub async fn act(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    form: web::Form<Fields>,
) -> Result<HttpResponse, WebError> {
    const NOTHING: &str = "The form names no alert; tick those that you mean, then try again.";
    let ids: Vec<i64> = form.all("id").take(PAGE as usize).filter_map(|it| it.parse().ok()).collect();
    if ids.is_empty() {
        return Err(WebError::Bad(NOTHING.to_owned()));
    }
    let (name, from) = (by(&site.app, &request, &who), remote(&site.app, &request));
    let (wanted, word) = match form.one("do") {
        "check" => return check(&site, &form, &who, (&name, &from)).await,
        "take" => (Wanted::Take(form.one("why").to_owned()), "taken"),
        "hour" => (Wanted::Snooze(Later::Hour), "snoozed"),
        "four" => (Wanted::Snooze(Later::FourHours), "snoozed"),
        "tomorrow" => (Wanted::Snooze(Later::Tomorrow), "snoozed"),
        _ => return Err(WebError::Bad("The form doesn’t say what to do.".to_owned())),
    };
    let done = site.app.act_on_alerts(&ids, &wanted, (&who, &name, &from)).await?;
    Ok(see(&back(&form, &format!("done={word}-{done}-{}", ids.len()))))
}

/// Asks the provider whether it is mended; the page says what came of it.
async fn check(
    site: &Site,
    form: &Fields,
    who: &Who,
    (name, from): (&str, &str),
) -> Result<HttpResponse, WebError> {
    const NONE: WebError = WebError::NotFound("There is no such alert on this board.");
    let alerts: Vec<Alert> = site.app.store.alert(form.id()?).await?.into_iter().collect();
    let alert = site.app.may_see_to(who, alerts).await?.into_iter().find(|(_, may)| *may).ok_or(NONE)?.0;
    if alert.package.is_none() {
        return Err(NONE);
    }
    site.app.check_alert(alert.id).await?;
    let about = format!("{}: checked", crate::app::alerts::about(&alert));
    site.app.note(name, from, DeedKind::Alert, about).await;
    Ok(see(&back(form, &format!("checked={}", alert.id))))
}

/// Where a form was, with what it did; somewhere on this board.
fn back(form: &Fields, done: &str) -> String {
    let back = form.one("back");
    let is_ours = (back == "/alerts" || back.starts_with("/alerts?") || back.starts_with("/packages/"))
        && back.bytes().all(|it| it.is_ascii_graphic());
    let back = if is_ours { back } else { "/alerts" };
    let join = if back.contains('?') { '&' } else { '?' };
    format!("{back}{join}{done}")
}

/// What a form has done, as a sentence; `None` for anything that no form says.
pub async fn notice(
    site: &Site,
    who: &Who,
    pairs: &HashMap<String, String>,
) -> Result<Option<String>, WebError> {
    if let Some(id) = pairs.get("checked").and_then(|it| it.parse().ok()) {
        let alert = site.app.store.alert(id).await?.filter(|it| site.app.sees(who, it));
        let Some(alert) = alert else { return Ok(None) };
        return Ok(site.app.checked_alert(alert.id).await?.map(|it| it.told));
    }
    Ok(pairs.get("done").and_then(|it| done(it)))
}

fn done(word: &str) -> Option<String> {
    let mut parts = word.split('-');
    let (word, done, of) = (parts.next()?, parts.next()?, parts.next()?);
    let (done, of): (u64, u64) = (done.parse().ok()?, of.parse().ok()?);
    let left = of.checked_sub(done).filter(|it| *it > 0);
    let left = left.map(|it| {
        let over = count(
            it,
            "was over already, taken by somebody, or is not yours",
            "were over already, taken by somebody, or are not yours",
        );
        format!(" {over} to see to.")
    });
    let what = match word {
        "taken" => format!("{} by you.", count(done, "alert is taken", "alerts are taken")),
        "snoozed" => format!("{} until then.", count(done, "alert is silent", "alerts are silent")),
        _ => return None,
    };
    Some(format!("{what}{}", left.unwrap_or_default()))
}

/// What `GET /api/v1/alerts` can be asked.
#[derive(Debug, Deserialize)]
pub struct Asked {
    state: Option<String>,
    kind: Option<String>,
    account: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

/// `GET /api/v1/alerts`: the newest first.
pub async fn list(
    site: web::Data<Site>,
    who: Who,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, WebError> {
    let filled = |it: Option<String>| it.filter(|it| !it.is_empty());
    let asked = asked.into_inner();
    let bad = |what: &str, it: &str| WebError::Bad(format!("There is no {what} `{it}`."));
    let state = filled(asked.state).map(|it| AlertState::parse(&it).ok_or_else(|| bad("state", &it)));
    let kind = filled(asked.kind).map(|it| AlertKind::parse(&it).ok_or_else(|| bad("kind", &it)));
    let after = filled(asked.after).map(|it| it.parse().ok());
    if after == Some(None) {
        return Err(WebError::Bad("`after` is no `next` of an answer.".to_owned()));
    }
    let query = AlertQuery {
        state: state.transpose()?.unwrap_or(AlertState::Open),
        kind: kind.transpose()?,
        account: filled(asked.account),
        before: after.flatten(),
    };
    let limit = super::api::limit_of(asked.limit)?;
    let moment = site.instant_for(&who);
    let mut alerts = site.app.store.alerts(&filter(&site, &query, &who, limit + 1, moment.now())).await?;
    let next = cut(&mut alerts, limit).map(|it| it.id);
    let told = told(&site, &alerts).await?;
    Ok(HttpResponse::Ok().json(AlertList::new(&alerts, &told, next, &site.around(&moment))))
}

#[cfg(test)]
mod tests {
    use super::done;

    #[test]
    fn a_form_says_what_it_did_and_what_it_left() {
        assert_eq!(done("taken-1-1").unwrap(), "1 alert is taken by you.");
        assert!(done("snoozed-2-3").unwrap().starts_with("2 alerts are silent until then. 1 was over"));
        for word in ["", "taken", "taken-x-1", "given-1-1", "taken-1"] {
            assert_eq!(done(word), None, "{word}");
        }
    }
}
