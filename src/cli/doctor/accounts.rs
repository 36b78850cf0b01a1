//! What `doctor` looks at outside: the public address, each provider's API, and what came from there.

use super::Findings;
use super::house::ago;
use crate::app::{Account, App};
use crate::cli::work::by_the_board;
use crate::config::Secret;
use crate::model::Timestamp;
use crate::provider::knock;
use crate::provider::registration::{Registered, Wanted};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A certificate that ends sooner should have been renewed by itself.
const CERTIFICATE_DAYS: i64 = 14;
/// A clock further off than this makes signatures and tokens fail.
const OFF_MS: i64 = 60_000;

/// The public address: is there anybody, and until when does the certificate last?
pub(super) async fn door(findings: &mut Findings, app: &App) {
    let about = "public address";
    let Some(url) = &app.config.server.public_url else {
        return findings.warn(about, "server.public-url is not set, so nothing can be registered or tried");
    };
    // An address that takes POST alone: whatever the answer is, somebody is there.
    let ca_file = app.accounts.values().find_map(|it| it.config.api.as_ref()?.ca_file.as_deref());
    let answer = match knock::get(&Secret::new(format!("{url}/callbacks/")), None, ca_file).await {
        Ok(answer) => answer,
        Err(why) => return findings.fail(about, format!("{why}; callbacks can't come")),
    };
    let status = answer.status;
    match answer.certificate_ends.map(|end| end.since(app.now()) / DAY_MS) {
        _ if (502..=504).contains(&status) => {
            findings
                .fail(about, format!("{url} answers {status}: what stands there doesn't reach this board"));
        }
        Some(days) if days < CERTIFICATE_DAYS => {
            findings.warn(about, format!("{url} answers, and its certificate ends in {days} days; renew it"));
        }
        Some(days) => findings.good(about, format!("{url} answers, and its certificate lasts {days} days")),
        None if url.starts_with("https:") => {
            findings.warn(about, format!("{url} answers, and how long its certificate lasts can't be told"));
        }
        None => findings.warn(about, format!("{url} answers, unprotected; use https")),
    }
}

/// One account: what came, what its API says, whether it is told to call us, and, if so asked, whether a call comes in.
pub(super) async fn account(findings: &mut Findings, app: &App, account: &Account, knocks: bool) {
    let name = &account.id.0;
    came(findings, app, account, &format!("{name}, callbacks")).await;
    keys(findings, app, account, &format!("{name}, keys of its tokens")).await;
    if account.config.api.is_some() {
        api(findings, app, account, &format!("{name}, API")).await;
        registration(findings, app, account, &format!("{name}, registration")).await;
    } else {
        findings
            .warn(&format!("{name}, API"), "none is configured, so what callbacks don't tell stays unknown");
    }
    if knocks && app.config.server.public_url.is_some() {
        let about = format!("{name}, test callback");
        match by_the_board(&app.config, "test", name).await {
            Ok(Some(told))
                if told.starts_with("it arrived") && !told.contains("refused") && !told.contains(" but ") =>
            {
                findings.good(&about, told);
            }
            Ok(Some(told)) => findings.fail(&about, told),
            Ok(None) => findings.warn(&about, "the board has stopped meanwhile"),
            Err(why) => findings.fail(&about, format!("{why:#}")),
        }
    }
}

/// Where people may sign in elsewhere: does that place answer?
pub(super) async fn identity_provider(findings: &mut Findings, app: &App) {
    let about = "identity provider";
    match app.ask_identity_provider().await {
        None => {}
        Some(Ok(())) => findings.good(about, "answers, and calls itself as `issuer` does"),
        Some(Err(why)) => {
            findings
                .fail(about, format!("{why}; until then people come in by a password of this board alone"));
        }
    }
}

async fn keys(findings: &mut Findings, app: &App, account: &Account, about: &str) {
    let Some(keys) = account.provider.keys() else { return };
    keys.ready(None, app.now()).await;
    match keys.trouble(app.now()) {
        None => findings.good(about, "were fetched from the issuer"),
        Some((why, _)) => findings.fail(
            about,
            format!(
                "the issuer doesn't give them: {why}; callbacks can't be checked, and wait to be admitted"
            ),
        ),
    }
}

async fn came(findings: &mut Findings, app: &App, account: &Account, about: &str) {
    let facts = match app.store.account_facts(&account.id).await {
        Ok(facts) => facts,
        Err(cause) => return findings.fail(about, cause.to_string()),
    };
    let now = app.now();
    let silent = i64::try_from(account.config.reconcile.silent_after.as_millis()).unwrap_or(i64::MAX);
    let last = facts.last_callback.map(|at| format!("the last came {}", ago(now, at)));
    let mut odd = Vec::new();
    match facts.last_callback {
        None => odd.push("none ever came: see what `signboard check` says to set at the provider".to_owned()),
        Some(at) if now.since(at) > silent => {
            odd.push("that is longer than `silent-after`: is it still told to call?".to_owned());
        }
        Some(_) => {}
    }
    odd.extend((facts.refused > 0).then(|| format!("{} were refused; the inbox says why", facts.refused)));
    odd.extend(
        (facts.quarantined > 0)
            .then(|| format!("{} can't be read, or weren't yet; the inbox says why", facts.quarantined)),
    );
    let told: Vec<String> = last.into_iter().chain(odd.iter().cloned()).collect();
    if odd.is_empty() { findings.good(about, told.join("; ")) } else { findings.warn(about, told.join("; ")) }
}

/// One page of its list, outside of the running board's budget.
async fn api(findings: &mut Findings, app: &App, account: &Account, about: &str) {
    let now = app.now();
    let date = match account.provider.list(Some(now.plus(-60 * 60 * 1000)), 0, now).await {
        Ok(listing) => listing.date,
        Err(error) => return findings.fail(about, error.to_string()),
    };
    let off = date.map(|date: Timestamp| now.since(date)).filter(|off| off.saturating_abs() > OFF_MS);
    match off {
        None => findings.good(about, "answers, and takes our credentials"),
        Some(off) => findings.warn(
            about,
            format!(
                "answers, and its clock and this machine's are {} s apart; keep this one right with NTP",
                off.saturating_abs() / 1000
            ),
        ),
    }
}

async fn registration(findings: &mut Findings, app: &App, account: &Account, about: &str) {
    let wanted = match Wanted::of(&app.keyed(), &account.id.0, true) {
        Ok(wanted) => wanted,
        Err(why) => return findings.warn(about, format!("not read: {why}")),
    };
    let found = match account.provider.registered(&wanted, app.now()).await {
        Ok(found) => found,
        Err(error) => return findings.fail(about, format!("it can't be read: {error}")),
    };
    let changes: Vec<String> =
        found.changes.iter().filter(|it| !it.is_all_that_is_told()).map(ToString::to_string).collect();
    match &found.now {
        Registered::NotTold(why) | Registered::ByHand(why) => findings.good(about, (*why).to_owned()),
        Registered::Hooks(_) if changes.is_empty() => findings.good(about, "is as it should be"),
        Registered::Hooks(_) => findings.fail(
            about,
            format!("to change: {}; run `signboard register {}`", changes.join("; "), account.id.0),
        ),
    }
}
