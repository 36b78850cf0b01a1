//! Reads, now and then, whom each provider was told to call, so that the page can say it. Changes nothing: that is for a
//! person at the command line.

use super::{Account, App};
use crate::model::Timestamp;
use crate::provider::FetchError;
use crate::provider::registration::{Registered, Wanted};

/// Read again after this long: a call of an account's budget, now and then.
const EVERY_MS: i64 = 15 * 60 * 1000;

/// More registrations than this are counted, not named.
const MOST: usize = 10;

/// What a provider said of its registrations, as sentences without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When it was read.
    pub at: Timestamp,
    /// What stands there, or why that isn't known.
    pub now: Vec<String>,
    /// What `signboard register` would change; none: it is as it should be, or nobody can tell.
    pub changes: Vec<String>,
}

impl App {
    /// Reads it, unless that was done a moment ago.
    pub async fn look_at_registration(&self, account: &Account) {
        let now = self.now();
        let state = account.api_state();
        let is_fresh =
            state.registration.as_ref().is_some_and(|it| now.since(it.at).saturating_abs() < EVERY_MS);
        let Some(_turn) = account.turn(now).filter(|_| !is_fresh) else { return };
        let told = self.read_registration(account, now).await;
        account.note_api(|state| state.registration = told.or(state.registration.take()));
    }

    /// `None`: the budget of calls has no place for it now.
    async fn read_registration(&self, account: &Account, at: Timestamp) -> Option<Told> {
        let unknown = |why: String| Told { at, now: vec![why], changes: Vec::new() };
        let wanted = match Wanted::of(&self.keyed(), &account.id.0, true) {
            Ok(wanted) => wanted,
            Err(why) => return Some(unknown(format!("Not read: {why}."))),
        };
        let found = match account.provider.registered(&wanted, at).await {
            Ok(found) => found,
            Err(error) => {
                // A refusal here says nothing of what else it refuses; not to be there does.
                let waits = matches!(error, FetchError::Full(_) | FetchError::Throttled(_));
                if waits || matches!(error, FetchError::Unavailable(_)) {
                    account.failed(&error, at);
                }
                return (!waits).then(|| unknown(format!("It can’t be read: {error}.")));
            }
        };
        if let Some(words) = &found.words
            && let Err(cause) = self.store.note_registered(&account.id, words, at).await
        {
            tracing::error!(account = %account.id, %cause, "what is registered can't be kept");
        }
        let now = match &found.now {
            Registered::Hooks(hooks) if hooks.is_empty() => vec!["Nothing.".to_owned()],
            Registered::Hooks(hooks) => {
                let mut lines: Vec<String> = hooks.iter().take(MOST).map(|it| format!("{it}.")).collect();
                lines.extend((hooks.len() > MOST).then(|| format!("And {} more.", hooks.len() - MOST)));
                lines
            }
            // Neither says whether anything has to change.
            Registered::NotTold(why) | Registered::ByHand(why) => return Some(unknown((*why).to_owned())),
        };
        let changes = found.changes.iter().filter(|it| !it.is_all_that_is_told());
        Some(Told { at, now, changes: changes.map(|it| format!("{it}.")).collect() })
    }
}
