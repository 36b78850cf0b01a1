//! Alerts on their way to people. `route` looks up whom to tell, `people` who that is, `when` says when they want to hear, `wished` keeps what they say about that,
//! `tell` sends, `words` says what a message says, `acts` does what people want with alerts, `check` asks the provider whether something is mended.
//!
//! Nothing here is on the way of a callback: an alert is a row that its cause wrote, a telling is a row before anything is
//! sent, and a step that dies is done again.

mod acts;
mod check;
mod people;
mod route;
mod tell;
mod when;
mod wished;
mod words;

pub use acts::{Later, MOST_WHY, Wanted, about};
pub use check::Checked;
pub use route::PATIENCE_MS;
pub use tell::{GIVEN_UP_MS, MOST_LISTED, PAUSE_MS};
pub use words::{Said, said};

use super::{App, StoreError};
use crate::config::Config;
use crate::mail::Mailer;
use crate::model::Timestamp;
use crate::model::alert::END_CLOSES_MS;
use std::sync::Mutex;
use tokio::sync::Notify;

/// The channel of mails.
pub const MAIL: &str = "mail";
const FIRST_REST_MS: i64 = 10_000;
const LONGEST_REST_MS: i64 = 15 * 60 * 1000;

/// What sends messages.
#[derive(Debug, Default)]
pub struct Post {
    mailer: Option<Mailer>,
    state: Mutex<PostState>,
    /// Wakes the worker that sends.
    pub wake: Notify,
}

/// How the mail server fares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostState {
    /// Since when nothing goes, and why, as a sentence without a full stop.
    pub trouble: Option<(Timestamp, String)>,
    /// It is left alone until then.
    pub rests_until: Option<Timestamp>,
    failures: u32,
}

impl Post {
    pub(super) fn open(config: &Config) -> Result<Self, String> {
        let mailer = config.mail.as_ref().map(Mailer::open).transpose()?;
        Ok(Self { mailer, ..Self::default() })
    }

    /// How the mail server fares.
    #[must_use]
    pub fn state(&self) -> PostState {
        self.state.lock().map(|it| it.clone()).unwrap_or_default()
    }

    /// Whether a mail server is configured.
    #[must_use]
    pub fn sends_mails(&self) -> bool {
        self.mailer.is_some()
    }

    fn rests(&self, now: Timestamp) -> bool {
        self.state().rests_until.is_some_and(|until| until > now)
    }

    /// Nothing goes; until when it is left alone. The log says when trouble begins, and not each try.
    fn failed(&self, now: Timestamp, why: &str) -> Timestamp {
        let Ok(mut state) = self.state.lock() else { return now.plus(FIRST_REST_MS) };
        let rest = (FIRST_REST_MS << state.failures.min(10)).min(LONGEST_REST_MS);
        let until = now.plus(super::circuit::jittered(rest));
        state.failures = state.failures.saturating_add(1);
        state.rests_until = Some(until);
        let since = state.trouble.as_ref().map_or(now, |(since, _)| *since);
        if state.trouble.is_none() {
            tracing::warn!(why, "no mail can be sent; what is to be told waits, and is tried again");
        }
        state.trouble = Some((since, why.to_owned()));
        until
    }

    fn works(&self) {
        let Ok(mut state) = self.state.lock() else { return };
        if state.trouble.is_some() {
            tracing::info!("mails can be sent again");
        }
        *state = PostState::default();
    }
}

impl App {
    /// Tries the mail server, and sends nothing; `None`: none is configured.
    pub async fn try_mail(&self) -> Option<Result<String, String>> {
        let mailer = self.post.mailer.as_ref()?;
        Some(match mailer.connect().await {
            Ok(line) => {
                line.close().await;
                Ok(format!("{} answers, and takes mails from this board", mailer.server()))
            }
            Err(why) => Err(why),
        })
    }

    /// Closes ends that nobody took note of for a week.
    pub async fn age_step(&self) -> Result<(), StoreError> {
        let now = self.now();
        self.store.age_alerts(now.plus(-END_CLOSES_MS), now).await
    }

    /// Has a telling tried again that was given up. `false`: it wasn't.
    pub async fn tell_again(&self, telling: i64) -> Result<bool, StoreError> {
        let again = self.store.tell_again(telling, self.now()).await?;
        self.post.wake.notify_one();
        Ok(again)
    }
}
