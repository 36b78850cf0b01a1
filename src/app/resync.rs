//! What people ask to have compared: everything, an account, a part of the time, or one package now.
//!
//! An account's comparison is a sweep that waits for its turn: see [`reconcile`](super::reconcile). A package is asked
//! about while its person waits.

use super::asking::{Asked, answered};
use super::{Account, App, StoreError};
use crate::model::{AccountId, Answer, Difference, Filter, Package, PackageKey, Timestamp};
use crate::provider::{FetchError, Fetched};
use crate::store::{Foreseen, MOST_WAITING, Order, PEOPLE, RANGE, Run};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

/// One package may be asked about so often.
const ONCE_MS: i64 = 60_000;
/// What came of asking is remembered so long, for the page.
const REMEMBERED_MS: i64 = 10 * 60_000;
const MINUTE_MS: i64 = 60_000;
/// So many packages of a board are asked about at a time.
pub const MOST_OF_A_BOARD: u32 = 500;

/// What to compare, and who wants it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scope {
    /// Which accounts, by their ids; none: all that have an API.
    pub accounts: Vec<String>,
    /// What changed since then, in milliseconds; `None`: all that the configuration's `since` covers.
    pub since: Option<i64>,
    /// What changed later is left alone.
    pub until: Option<i64>,
    /// Say what would change, and change nothing.
    pub dry: bool,
    /// Who asks.
    pub by: String,
}

/// A run that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    /// Through which account.
    pub account: String,
    /// Its number.
    pub run: i64,
}

/// Why nothing is compared.
#[derive(Debug, thiserror::Error)]
pub enum ResyncError {
    /// A name that the configuration doesn't hold.
    #[error("there is no account `{0}`; known are: {1}")]
    NoAccount(String, String),
    /// There is nobody to ask.
    #[error("the account `{0}` has no `api` in the configuration, so there is nothing to compare with")]
    NoApi(String),
    /// Nor anywhere else.
    #[error("no account has an `api` in the configuration, so there is nothing to compare with")]
    NoApis,
    /// The times are the wrong way round.
    #[error("the time begins in the future, or ends before it begins")]
    NoTime,
    /// Too many wait.
    #[error("{MOST_WAITING} comparisons of `{0}` wait already; stop some, or wait for them")]
    TooMany(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What becomes of a board's packages that somebody wants to be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OfBoard {
    /// They are asked about.
    pub asked: u32,
    /// They were due already.
    pub waiting: u32,
    /// The provider confirmed them a moment ago.
    pub confirmed: u32,
    /// Their account has no API.
    pub mute: u32,
    /// The board has more packages than these.
    pub more: bool,
}

/// What came of asking about one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resynced {
    /// It is being asked about.
    UnderWay,
    /// What changed, each as a few words.
    Changed(Vec<String>),
    /// Nothing that callbacks tell; its name, its dates or the like.
    Details,
    /// Nothing had changed.
    Confirmed,
    /// The account has no API.
    NoApi,
    /// The account's API rests until then: it asked for that, or failed.
    Resting(Timestamp),
    /// It was asked and said nothing that counts; why.
    Unanswered(String),
}

impl Resynced {
    /// The API was asked, so that it isn't again for a while.
    fn was_asked(&self) -> bool {
        !matches!(self, Self::NoApi | Self::Resting(_))
    }
}

/// What came of asking about packages lately.
#[derive(Debug, Default)]
pub struct Lately(Mutex<HashMap<PackageKey, (Timestamp, Resynced)>>);

impl Lately {
    /// When somebody last asked about it, and what came of it.
    fn of(&self, key: &PackageKey) -> Option<(Timestamp, Resynced)> {
        self.0.lock().ok()?.get(key).cloned()
    }

    /// Whether it may be asked about now; then, that it is.
    fn begin(&self, key: &PackageKey, now: Timestamp) -> bool {
        let Ok(mut all) = self.0.lock() else { return false };
        // So nobody makes it grow: a package is asked about once a minute, and an account's calls are counted.
        all.retain(|_, (at, _)| now.since(*at).saturating_abs() < REMEMBERED_MS);
        let again = |(at, it): &(Timestamp, Resynced)| !it.was_asked() || now >= may_ask_again(*at);
        let may = all.get(key).is_none_or(again);
        if may {
            all.insert(key.clone(), (now, Resynced::UnderWay));
        }
        may
    }

    fn end(&self, key: &PackageKey, now: Timestamp, came: Resynced) {
        if let Ok(mut all) = self.0.lock() {
            all.insert(key.clone(), (now, came));
        }
    }
}

/// When a package that was asked about may be again.
#[must_use]
pub fn may_ask_again(at: Timestamp) -> Timestamp {
    at.plus(ONCE_MS)
}

impl App {
    /// Puts a comparison behind the others of each account. One that waits already with the same scope is joined.
    ///
    /// # Errors
    /// A sentence that says which account, and what to do.
    pub async fn resync(&self, scope: &Scope) -> Result<Vec<Asking>, ResyncError> {
        let now = self.now();
        // To the minute, outwards, so that people who mean the same get the same.
        let since = scope.since.map(|at| Timestamp(at - at.rem_euclid(MINUTE_MS)));
        let until = scope.until.map(|at| Timestamp(at + (-at).rem_euclid(MINUTE_MS)));
        let starts_late = since.is_some_and(|since| since > now || until.is_some_and(|until| until <= since));
        if starts_late {
            return Err(ResyncError::NoTime);
        }
        let mut asked = Vec::new();
        for account in self.in_scope(scope)? {
            let reason = if since.is_some() || until.is_some() { RANGE } else { PEOPLE };
            let mut run = Run::new(account.id.clone(), reason, since, now);
            run.full = reason == PEOPLE;
            run.until = until;
            run.dry = scope.dry;
            run.asked_by = Some(scope.by.clone());
            let id = self.store.ask_run(run).await?;
            let run = id.ok_or_else(|| ResyncError::TooMany(account.id.0.clone()))?;
            tracing::info!(account = %account.id, run, dry = scope.dry, "a comparison was asked for");
            account.sweep_due.notify_one();
            asked.push(Asking { account: account.id.0.clone(), run });
        }
        Ok(asked)
    }

    /// Whether an account is configured, and has an API.
    #[must_use]
    pub fn can_ask(&self, account: &AccountId) -> bool {
        self.accounts.get(account).is_some_and(|it| it.config.api.is_some())
    }

    fn in_scope(&self, scope: &Scope) -> Result<Vec<&Account>, ResyncError> {
        let has_api = |account: &&Account| account.config.api.is_some();
        if scope.accounts.is_empty() {
            let all: Vec<&Account> = self.accounts.values().filter(has_api).collect();
            return if all.is_empty() { Err(ResyncError::NoApis) } else { Ok(all) };
        }
        let mut accounts: Vec<&Account> = Vec::new();
        for id in &scope.accounts {
            let known = || self.accounts.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let account = self.account(id).ok_or_else(|| ResyncError::NoAccount(id.clone(), known()))?;
            if !has_api(&account) {
                return Err(ResyncError::NoApi(id.clone()));
            }
            if !accounts.iter().any(|it| it.id == account.id) {
                accounts.push(account);
            }
        }
        Ok(accounts)
    }

    /// Ends a run: at once if it waits, else after the calls that are under way. `false`: it has ended, or somebody
    /// stopped it before.
    pub async fn stop_run(&self, id: i64, by: &str) -> Result<bool, StoreError> {
        let Some(run) = self.store.run(id).await? else { return Ok(false) };
        let account = self.accounts.get(&run.account);
        let nobodys = !self.can_ask(&run.account);
        let stopped = self.store.stop_run(id, by, self.now(), nobodys).await?;
        if let Some(account) = account {
            account.sweep_due.notify_one();
        }
        Ok(stopped)
    }

    /// What came of asking about a package lately, and when it was asked.
    #[must_use]
    pub fn resynced(&self, key: &PackageKey) -> Option<(Timestamp, Resynced)> {
        self.lately.of(key)
    }

    /// Asks about one package now, unless that was done a moment ago; [`App::resynced`] says what came of it. `false`:
    /// the board doesn't know the package.
    pub async fn resync_package(&self, key: &PackageKey) -> Result<bool, StoreError> {
        let Some(account) = self.accounts.get(&key.account) else { return Ok(false) };
        if self.store.package(key).await?.is_none_or(|it| it.row.package.template) {
            return Ok(false);
        }
        let now = self.now();
        if !self.lately.begin(key, now) {
            return Ok(true);
        }
        let came = self.ask_one(account, key, now).await;
        let failed = || Resynced::Unanswered("the answer could not be kept".to_owned());
        self.lately.end(key, now, came.as_ref().map_or_else(|_| failed(), Clone::clone));
        came.map(|_| true)
    }

    /// Asks about the first packages of a board, in its order and at most [`MOST_OF_A_BOARD`], as soon as the budgets of
    /// their APIs allow.
    pub async fn resync_board(&self, filter: &Filter, order: &Order) -> Result<OfBoard, StoreError> {
        let now = self.now();
        let page = self.store.list(filter, order, MOST_OF_A_BOARD, now).await?;
        let mut of = OfBoard { more: page.next.is_some(), ..OfBoard::default() };
        let mut keys = Vec::new();
        for row in page.rows {
            let lately = |at: Timestamp| now.since(at).saturating_abs() < ONCE_MS;
            let confirmed = row.package.confirmed_at.is_some_and(lately);
            if !self.can_ask(&row.key.account) {
                of.mute += 1;
            } else if confirmed {
                of.confirmed += 1;
            } else {
                keys.push(row.key);
            }
        }
        (of.asked, of.waiting) = self.store.want(&keys, now).await?;
        let accounts: BTreeSet<&AccountId> = keys.iter().map(|key| &key.account).collect();
        accounts.into_iter().filter_map(|it| self.accounts.get(it)).for_each(|it| it.due.notify_one());
        Ok(of)
    }

    async fn ask_one(
        &self,
        account: &Account,
        key: &PackageKey,
        now: Timestamp,
    ) -> Result<Resynced, StoreError> {
        if account.config.api.is_none() {
            return Ok(Resynced::NoApi);
        }
        let Some(_turn) = account.turn(now) else {
            let tried = || Resynced::Unanswered("it is being tried at this moment".to_owned());
            return Ok(account.api_state().waits_until(now).map_or_else(tried, Resynced::Resting));
        };
        let (answer, date) = match account.provider.fetch(&key.package, now).await {
            Ok(Fetched { answer, date }) => (answer, date),
            Err(error @ (FetchError::NotOurs | FetchError::Unreadable(_))) => {
                return Ok(Resynced::Unanswered(error.to_string()));
            }
            Err(error) => {
                account.failed(&error, now);
                let until = account.api_state().waits_until(now);
                return Ok(match (error, until) {
                    (FetchError::Throttled(_) | FetchError::Full(_), Some(until)) => Resynced::Resting(until),
                    (error, _) => Resynced::Unanswered(error.to_string()),
                });
            }
        };
        let foreseen =
            self.store.foresee(key.clone(), answered(account, key, answer.clone(), date, now)?).await?;
        if answer == Answer::NotFound {
            let mut asked = Asked::default();
            self.learn_missing(account, vec![(key.clone(), date, now)], &mut asked).await?;
            if asked.answered == 0 {
                let why = account.api_state().trouble.map(|(_, why)| why);
                return Ok(Resynced::Unanswered(
                    why.unwrap_or_else(|| "it can’t be believed yet".to_owned()),
                ));
            }
        } else {
            self.learn(account, key.clone(), answer, date, now).await?;
        }
        let after = self.store.package(key).await?.map(|it| it.row.package);
        Ok(came_of(&foreseen, after.as_deref()))
    }

    /// Asks for comparisons that a command beside this board wants; the result is [`Asking`]s as JSON.
    pub(super) async fn resync_job(&self, input: &str) -> Result<String, StoreError> {
        let unreadable = |cause: serde_json::Error| StoreError::Unreadable(cause.to_string());
        let scope: Scope = serde_json::from_str(input).map_err(unreadable)?;
        match self.resync(&scope).await {
            Ok(asked) => serde_json::to_string(&asked).map_err(unreadable),
            Err(ResyncError::Store(cause)) => Err(cause),
            Err(cause) => Ok(format!("{}{cause}", super::replay::JOB_FAILED)),
        }
    }
}

fn came_of(foreseen: &Foreseen, after: Option<&Package>) -> Resynced {
    if foreseen.differences.is_empty() {
        return if foreseen.looks_otherwise { Resynced::Details } else { Resynced::Confirmed };
    }
    let words = |it: &Difference| {
        let named =
            after.and_then(|it_is| it_is.signers.iter().find(|one| Some(&one.id) == it.signer.as_ref()));
        let name = named.and_then(|it| it.name.as_deref().or(it.email.as_deref()));
        let who = name.or(it.signer.as_deref());
        change(who, it.field.word(), it.board, it.provider)
    };
    Resynced::Changed(foreseen.differences.iter().map(words).collect())
}

/// A difference in a few words: `status sent → completed`, `Ana Souza, progress waiting → signed`.
#[must_use]
pub fn change(who: Option<&str>, field: &str, board: Option<&str>, provider: &str) -> String {
    let field = match field {
        "trashed" => "in the trash",
        "identity" => "identity check",
        "details" => return "name, dates or other details that no callback tells".to_owned(),
        other => other,
    };
    let who = who.map(|who| format!("{who}, ")).unwrap_or_default();
    let board = board.unwrap_or("not known here");
    format!("{who}{field} {} → {}", board.replace('_', " "), provider.replace('_', " "))
}
