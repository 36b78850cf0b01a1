//! Rotation: a new secret is accepted beside the old one, the provider is told, and once callbacks come with it the old
//! one is retired. Each step is on disk before it counts, and doing one again changes nothing.

use super::people::DeedKind;
use super::replay::JOB_FAILED;
use super::{App, StoreError};
use crate::config::{AccountKeys, Config, Keys, KeysError, MadeSecret, Rotates, Secret};
use crate::model::{AccountId, Timestamp};
use crate::provider::registration;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::sync::{Arc, PoisonError};

/// The new secret has been in use for so long, and the old one has not: then it is retired.
const QUIET_MS: i64 = 24 * 60 * 60 * 1000;
/// 192 bits: nobody tries them out.
const BYTES: usize = 24;

/// Why a rotation can't go on.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// It makes no sense, or is not safe.
    #[error("{0}")]
    Refused(String),
    /// The file of secrets.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// The configuration with the secrets that count now.
    #[must_use]
    pub fn keyed(&self) -> Arc<Config> {
        Arc::clone(&self.keyed.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the file of rotated secrets has to say, in sentences.
    #[must_use]
    pub fn key_notes(&self) -> Vec<String> {
        Keys::read(self.store.folder()).map(|keys| keys.notes(&self.config)).unwrap_or_default()
    }

    /// Makes a new secret for an account and accepts it beside the old one; one that was made and didn't follow yet is
    /// kept. Returns a sentence.
    ///
    /// # Errors
    /// Why there is none; everything is as it was.
    pub fn rotate(&self, account: &str) -> Result<String, TurnError> {
        let config = self.config.accounts.get(account).ok_or_else(|| unknown(account))?;
        let of = Rotates::of(config).map_err(|why| {
            TurnError::Refused(format!("{account} has no secret that could be rotated: {why}"))
        })?;
        let now = self.now().0;
        let what = of.word();
        let file = Keys::path(self.store.folder()).display().to_string();
        self.turn(|keys| {
            let known = keys.0.get(account).filter(|it| it.of == of);
            if known.is_none() && registration::has_next(&config.callback) {
                return Err(format!(
                    "the configuration of {account} has a next secret already; finish that first: register, wait until it \
                     was used, and make it the only one"
                ));
            }
            if known.is_some_and(|it| it.next.is_some()) {
                return Ok(format!(
                    "a new {what} was made before, stands in {file}, and is accepted beside the old one"
                ));
            }
            let current = known.and_then(|it| it.current.clone());
            // It is known by this time, so two have never the same.
            let made_at = current.as_ref().map_or(now, |it| now.max(it.made_at + 1));
            let next = MadeSecret { secret: Secret::new(random()?), made_at };
            keys.0.insert(
                account.to_owned(),
                AccountKeys { of, current, next: Some(next), registered_at: None },
            );
            Ok(format!("a new {what} was made, stands in {file}, and is accepted beside the old one"))
        })
    }

    /// The provider took the new secret.
    ///
    /// # Errors
    /// The file.
    pub fn remember_registered(&self, account: &str) -> Result<String, TurnError> {
        let now = self.now().0;
        self.turn(|keys| {
            if let Some(keys) = keys.0.get_mut(account).filter(|it| it.next.is_some()) {
                keys.registered_at.get_or_insert(now);
            }
            Ok("it is noted that the provider took the new secret".to_owned())
        })
    }

    /// Ends a rotation: from now on only the new secret counts. Returns a sentence.
    ///
    /// # Errors
    /// There is no rotation, or, without `even_unused`, no callback has come with the new secret.
    pub async fn retire(&self, account: &str, even_unused: bool) -> Result<String, TurnError> {
        if !self.config.accounts.contains_key(account) {
            return Err(unknown(account));
        }
        let uses = self.store.secret_uses(&AccountId(account.to_owned())).await?;
        self.turn(|keys| {
            let none = || format!("no rotation of {account} is under way, so there is no old secret to retire");
            let keys = keys.0.get_mut(account).ok_or_else(none)?;
            let next = keys.next.take().ok_or_else(none)?;
            if !even_unused && !uses.iter().any(|it| it.made_at.0 == next.made_at) {
                return Err(format!(
                    "no callback has come to {account} with the new secret, so its provider may still call with the old \
                     one; --force retires that all the same"
                ));
            }
            (keys.current, keys.registered_at) = (Some(next), None);
            Ok(format!("the old {} of {account} is retired: what comes with it is refused", keys.of.word()))
        })
    }

    /// Retires each old secret that was not used for a day, while the new one has been for as long. Returns how many.
    ///
    /// # Errors
    /// The store or the file.
    pub async fn retire_quiet_secrets(&self) -> Result<usize, TurnError> {
        let (now, mut retired) = (self.now(), 0);
        for (id, account) in &self.keyed().accounts {
            let Some((rotation, next)) = account.rotation.and_then(|it| Some((it, it.next_made?))) else {
                continue;
            };
            let uses = self.store.secret_uses(&AccountId(id.clone())).await?;
            let of = |made_at| uses.iter().find(|it| it.made_at == Timestamp(made_at));
            let is_long_ago = |at: Timestamp| now.since(at) >= QUIET_MS;
            let is_settled = of(next).is_some_and(|it| is_long_ago(it.first_at));
            if is_settled && of(rotation.current_made).is_none_or(|it| is_long_ago(it.last_at)) {
                let told = self.retire(id, false).await?;
                tracing::info!(account = %id, told, "a rotation has ended by itself");
                self.note("the board", "", DeedKind::Retire, id.as_str()).await;
                retired += 1;
            }
        }
        Ok(retired)
    }

    /// What a command beside this board asks for; `input` is the account, and no secret is ever in it.
    pub(super) async fn secrets_job(&self, kind: &str, input: &str) -> String {
        let (account, more) = input.split_once(' ').unwrap_or((input, ""));
        let done = match kind {
            "rotate" => self.rotate(account).map_err(|why| why.to_string()),
            "remember" => self.remember_registered(account).map_err(|why| why.to_string()),
            "retire" => self.retire(account, more == "force").await.map_err(|why| why.to_string()),
            _ => match self.account(account) {
                Some(account) => {
                    let tested = self.test_callback(account).await;
                    if tested.arrived { Ok(tested.told) } else { Err(tested.told) }
                }
                None => Err(unknown(account).to_string()),
            },
        };
        done.unwrap_or_else(|why| format!("{JOB_FAILED}{why}"))
    }

    /// Changes the file, then what is accepted. An error leaves both as they were.
    fn turn(&self, change: impl FnOnce(&mut Keys) -> Result<String, String>) -> Result<String, TurnError> {
        let _one_at_a_time = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = self.store.folder();
        let mut keys = Keys::read(folder)?;
        let told = change(&mut keys).map_err(TurnError::Refused)?;
        keys.save(folder)?;
        let keyed = self.config.with_keys(&keys);
        for (id, account) in &self.accounts {
            if let Some(keyed) = keyed.accounts.get(&id.0) {
                account.provider.rekey(&keyed.callback);
            }
            // What was read of a registration may name another secret as the right one.
            account.note_api(|state| state.registration = None);
        }
        *self.keyed.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keyed);
        Ok(told)
    }
}

/// Random characters that can stand in a header and in an address.
pub(super) fn random() -> Result<String, String> {
    let mut bytes = [0; BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "the system gives no random numbers".to_owned())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn unknown(account: &str) -> TurnError {
    TurnError::Refused(format!("the board has no account {account:?}; if it is new, start the board again"))
}
