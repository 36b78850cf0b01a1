//! What a person asks to have compared with the providers: forms that post, and a redirect after each.

use super::error::WebError;
use super::fields::Fields;
use super::pages::{detail, key_of, order};
use super::remote::{note, remote};
use super::site::Site;
use super::views::words::{count, number, shown};
use super::views::{BoardQuery, Cursor, Zone, link, time};
use crate::app::App;
use crate::app::people::{DeedKind, Means, Who};
use crate::app::resync::{MOST_OF_A_BOARD, OfBoard, ResyncError, Resynced, Scope, may_ask_again};
use crate::model::{AccountId, PackageKey, Timestamp};
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

const ONE_BY_ONE: &str = "You see single packages of an account: ask about each on its page.";
const NONE_OF_THEM: &str = "No account that you see can be asked.";

/// What the form of `/sync` sends. Empty fields mean all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(default)]
    account: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
    dry: Option<String>,
}

/// `POST /sync/resync`: everything, or one account; of all times, or of a part.
pub async fn resync(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    wanted: web::Form<Wanted>,
) -> Result<HttpResponse, WebError> {
    let Wanted { account, since, until, dry } = wanted.into_inner();
    if who.reach.senders.is_some() {
        return Err(WebError::Forbidden(ONE_BY_ONE));
    }
    let named = Some(AccountId(account)).filter(|it| !it.0.is_empty());
    // Whoever sees some accounts is told of no others, not even that they aren't theirs.
    if named.as_ref().is_some_and(|it| !who.reach.has(it)) {
        return Err(WebError::NotFound("There is no such account on this board."));
    }
    // No name means all of them: whoever sees some names those, and whoever sees none of them asks for nothing.
    let accounts: Vec<String> = match (named, &who.reach.accounts) {
        (Some(it), _) => vec![it.0],
        (None, Some(theirs)) => {
            theirs.iter().filter(|it| site.app.can_ask(it)).map(|it| it.0.clone()).collect()
        }
        (None, None) => Vec::new(),
    };
    if accounts.is_empty() && who.reach.accounts.is_some() {
        return Err(WebError::Forbidden(NONE_OF_THEM));
    }
    let zone = site.zone_of(&who);
    let scope = Scope {
        accounts,
        since: time_of(&since, &zone)?,
        until: time_of(&until, &zone)?,
        dry: dry.is_some(),
        by: by(&site.app, &request, &who),
    };
    match site.app.resync(&scope).await {
        Ok(asked) => {
            let accounts: Vec<&str> = asked.iter().map(|it| it.account.as_str()).collect();
            let dry = if scope.dry { ", only saying what would change" } else { "" };
            let what = format!("{}{dry}", accounts.join(", "));
            note(&site.app, &request, &who, DeedKind::Resync, what).await;
            Ok(back(&format!("asked-{}-{}", asked.len(), u8::from(scope.dry))))
        }
        Err(ResyncError::Store(cause)) => Err(cause.into()),
        Err(cause) => Err(WebError::Bad(format!("Nothing is compared: {cause}."))),
    }
}

/// Which run a form is about.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    run: i64,
}

/// `POST /sync/stop`: a run that waits or goes on shall end.
pub async fn stop(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    which: web::Form<Which>,
) -> Result<HttpResponse, WebError> {
    let stopped = site.app.stop_run(which.run, &by(&site.app, &request, &who)).await?;
    if stopped {
        note(&site.app, &request, &who, DeedKind::ResyncStopped, format!("comparison {}", which.run)).await;
    }
    Ok(back(if stopped { "stopped" } else { "over" }))
}

/// `POST /packages/{account}/{id}/resync`: one package, now.
pub async fn package(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
) -> Result<HttpResponse, WebError> {
    const NONE: WebError = WebError::NotFound("There is no such package on this board.");
    let (key, rest) = key_of(&request, "/packages/")?;
    if rest.as_deref() != Some("resync") {
        return Err(NONE);
    }
    detail(&site, &who, &key).await?;
    if !site.app.resync_package(&key).await? {
        return Err(NONE);
    }
    note(&site.app, &request, &who, DeedKind::Resync, told_as(&key)).await;
    let page = format!("{}?done=asked", link::package(&key));
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, page)).finish())
}

/// A package, as the audit calls it.
pub(super) fn told_as(key: &PackageKey) -> String {
    format!("package {} of {}", key.package.as_str(), key.account)
}

/// `POST /resync`: the first packages of a board, one by one.
pub async fn board(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
    form: web::Form<Fields>,
) -> Result<HttpResponse, WebError> {
    let query = BoardQuery::parse(form.one("query")).at(Cursor::First);
    let filter = query.filter(site.app.now(), &site.zone_of(&who), &site.accounts, &who);
    let of = site.app.resync_board(&filter, &order(&query)).await?;
    let what = format!("{} of {}", count(of.asked.into(), "package", "packages"), query.href());
    note(&site.app, &request, &who, DeedKind::Resync, what).await;
    let OfBoard { asked, waiting, confirmed, mute, more } = of;
    let done = format!("done=these-{asked}-{waiting}-{confirmed}-{mute}-{}", u8::from(more));
    let (back, query) = (query.href(), query.to_query());
    let sign = if query.is_empty() { '?' } else { '&' };
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("{back}{sign}{done}"))).finish())
}

/// The sentences for what was asked about from a board; `None` for anything that no form says.
#[must_use]
pub fn board_notice(word: &str) -> Option<String> {
    let mut numbers = word.strip_prefix("these-")?.split('-').map(|it| it.parse::<u64>().ok());
    let mut next = || numbers.next().flatten();
    let (asked, waiting, confirmed, mute, more) = (next()?, next()?, next()?, next()?, next()?);
    let told = [
        (
            asked,
            "is asked about now, as fast as the providers allow.",
            "are asked about now, as fast as the providers allow.",
        ),
        (waiting, "was waiting to be asked about already.", "were waiting to be asked about already."),
        (confirmed, "was confirmed within the last minute.", "were confirmed within the last minute."),
        (
            mute,
            "can’t be asked about: no API is configured for its account.",
            "can’t be asked about: no API is configured for their account.",
        ),
    ];
    let said = |(n, one, many): (u64, &str, &str)| {
        (n > 0).then(|| format!("{} {}", count(n, "package", "packages"), if n == 1 { one } else { many }))
    };
    let mut sentences: Vec<String> = told.into_iter().filter_map(said).collect();
    if sentences.is_empty() {
        sentences.push("There was no package to ask about.".to_owned());
    }
    if more > 0 {
        let most = number(MOST_OF_A_BOARD.into());
        sentences.push(format!("More stand in this list: the first {most} are looked at, in its order."));
    }
    Some(sentences.join(" "))
}

/// The sentence for what a form of `/sync` has done; `None` for anything that no form says.
#[must_use]
pub fn notice(word: &str) -> Option<String> {
    let sentence = match word {
        "stopped" => {
            "It ends after the calls that are under way. What it repaired stays repaired.".to_owned()
        }
        "over" => "It had ended already.".to_owned(),
        asked => {
            let (accounts, dry) = asked.strip_prefix("asked-")?.split_once('-')?;
            let accounts = count(accounts.parse().ok()?, "account is", "accounts are");
            let dry = if dry == "1" { " It only says what would change." } else { "" };
            format!("{accounts} compared with the provider, as soon as what was begun before has ended.{dry}")
        }
    };
    Some(sentence)
}

/// What came of asking about a package, for its page; `None`: nobody asked lately.
#[must_use]
pub fn told(site: &Site, key: &PackageKey, who: &Who) -> Option<String> {
    let (at, came) = site.app.resynced(key)?;
    let provider = site.app.accounts.get(&key.account)?.config.provider.title();
    Some(sentence(provider, at, &came, &site.zone_of(who)))
}

fn sentence(provider: &str, at: Timestamp, came: &Resynced, zone: &Zone) -> String {
    let clock = |at| time::clock(at, zone);
    let answer = match came {
        Resynced::NoApi => {
            return format!("{provider} can’t be asked: no API is configured for this account.");
        }
        Resynced::Resting(until) => {
            return format!("{provider} was not asked: its API rests until {}.", clock(*until));
        }
        Resynced::UnderWay => return format!("{provider} is being asked since {}.", clock(at)),
        Resynced::Changed(changes) => {
            let words: Vec<String> = changes.iter().map(|it| shown(it)).collect();
            format!("{}: {}", count(words.len() as u64, "change", "changes"), words.join("; "))
        }
        Resynced::Details => {
            "no callback was missed; its name, dates or the like were brought up to date".to_owned()
        }
        Resynced::Confirmed => "confirmed, nothing had changed".to_owned(),
        Resynced::Unanswered(why) => format!("no answer that counts: {}", shown(why)),
    };
    let again = clock(may_ask_again(at));
    format!("{provider} was asked at {}: {answer}. It can be asked again at {again}.", clock(at))
}

/// What a `datetime-local` field holds, in the zone of whoever filled it in; `None`: it is empty.
fn time_of(text: &str, zone: &Zone) -> Result<Option<i64>, WebError> {
    if text.is_empty() {
        return Ok(None);
    }
    let at = zone.instant(text);
    at.map(|at| Some(at.0)).ok_or_else(|| WebError::Bad(format!("“{}” is no day and time.", shown(text))))
}

/// Who asks; at a board without sign-in, from which address.
pub(super) fn by(app: &App, request: &HttpRequest, who: &Who) -> String {
    if who.means == Means::Here { remote(app, request) } else { who.name.clone() }
}

fn back(word: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, format!("/sync?done={word}"))).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_say_what_they_did_and_nobody_else_does() {
        assert!(notice("asked-1-0").unwrap().starts_with("1 account is compared"));
        assert!(notice("asked-4-1").unwrap().ends_with("It only says what would change."));
        for word in ["", "asked", "asked-x-0", "<b>", "asked-1"] {
            assert_eq!(notice(word), None, "{word}");
        }
    }

    #[test]
    fn a_board_says_what_was_asked_about_and_nobody_else_does() {
        assert_eq!(
            board_notice("these-1-2-0-1-1").unwrap(),
            "1 package is asked about now, as fast as the providers allow. 2 packages were waiting to be asked about \
             already. 1 package can’t be asked about: no API is configured for its account. More stand in this list: the \
             first 500 are looked at, in its order."
        );
        assert_eq!(board_notice("these-0-0-0-0-0").unwrap(), "There was no package to ask about.");
        for word in ["", "these", "these-1", "these-1-2-3-4-x", "these-<b>-0-0-0-0", "asked-1-0"] {
            assert_eq!(board_notice(word), None, "{word}");
        }
    }

    #[test]
    fn a_time_of_a_form_is_in_the_servers_zone() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        assert_eq!(time_of("2026-11-22T13:00", &zone).unwrap(), Some(1_795_348_800_000));
        assert_eq!(time_of("", &zone).unwrap(), None);
        for bad in ["tomorrow", "2026-13-01T00:00", "2026-11-22T13:00Z[Asia/Tokyo]"] {
            assert!(time_of(bad, &zone).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_came_of_asking_is_a_sentence() {
        let (at, zone) = (Timestamp(1_795_348_800_000), Zone::utc());
        let changed =
            Resynced::Changed(vec!["status sent → completed".into(), "Ana\r\n, progress a → b".into()]);
        assert_eq!(
            sentence("OneSpan", at, &changed, &zone),
            "OneSpan was asked at 12:00:00: 2 changes: status sent → completed; Ana  , progress a → b. It can be asked again \
             at 12:01:00."
        );
        let resting = Resynced::Resting(Timestamp(at.0 + 5_000));
        assert_eq!(
            sentence("OneSpan", at, &resting, &zone),
            "OneSpan was not asked: its API rests until 12:00:05."
        );
    }
}
