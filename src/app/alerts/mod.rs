//! Alerts on their way to people. `watch` looks whether something is wrong with the board, `route` looks up whom to tell,
//! `people` who that is, `when` says when they want to hear, `wished` keeps what they say about that. `tell` sends mails and
//! `channels` the rest, out of what `pick` finds, in the `formats` that they take; `fares` says how that goes. `words` says what
//! a message says, `acts` does what people want with alerts, `check` asks the provider whether something is mended.
//!
//! Nothing here is on the way of a callback: an alert is a row that its cause wrote, a telling is a row before anything is
//! sent, and a step that dies is done again.

mod acts;
mod channels;
mod check;
mod fares;
mod formats;
mod people;
mod pick;
mod route;
mod tell;
mod watch;
mod when;
mod wished;
mod words;

pub use acts::{Later, MOST_WHY, Wanted, about};
pub use channels::Channel;
pub use check::Checked;
pub use fares::PostState;
pub use route::PATIENCE_MS;
pub use tell::{GIVEN_UP_MS, MOST_LISTED, PAUSE_MS};
pub use watch::Walked;
pub use words::{Said, page, said};

use super::people::DeedKind;
use super::{App, StoreError};
use crate::config::Config;
use crate::mail::Mailer;
use crate::model::Timestamp;
use crate::model::alert::END_CLOSES_MS;
use fares::Fares;
use std::collections::BTreeMap;
use tokio::sync::Notify;

/// The channel of mails.
pub const MAIL: &str = "mail";
/// So many messages are sent again by one word.
const MOST_AGAIN: u32 = 1_000;

/// What sends messages.
#[derive(Debug, Default)]
pub struct Post {
    mailer: Option<Mailer>,
    mails: Fares,
    /// The channels of the configuration, by name.
    pub channels: BTreeMap<String, Channel>,
    /// Wakes the worker that sends.
    pub wake: Notify,
}

impl Post {
    pub(super) fn open(config: &Config) -> Result<Self, String> {
        let mailer = config.mail.as_ref().map(Mailer::open).transpose()?;
        Ok(Self { mailer, channels: channels::open(config)?, ..Self::default() })
    }

    /// How the mail server fares.
    #[must_use]
    pub fn state(&self) -> PostState {
        self.mails.state()
    }

    /// Whether a mail server is configured.
    #[must_use]
    pub fn sends_mails(&self) -> bool {
        self.mailer.is_some()
    }

    /// Whether anything is told to anybody.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.sends_mails() || !self.channels.is_empty()
    }

    /// The mail server's address, if there is one.
    #[must_use]
    pub fn mail_server(&self) -> Option<String> {
        self.mailer.as_ref().map(Mailer::server)
    }

    /// Until when nothing goes by a channel.
    fn rests_until(&self, channel: &str) -> Option<Timestamp> {
        let of = self.channels.get(channel).map(Channel::state);
        of.unwrap_or_else(|| self.state()).rests_until
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

    /// Has tellings tried again that were given up: one, or some of all of them, the oldest first. Returns how many.
    pub async fn tell_again(&self, one: Option<i64>, (who, remote): (&str, &str)) -> Result<u64, StoreError> {
        let count = self.store.tell_again(one, MOST_AGAIN, self.now()).await?;
        if count > 0 {
            let said = if count == 1 { "a message".to_owned() } else { format!("{count} messages") };
            self.note(who, remote, DeedKind::SentAgain, said).await;
            // Whoever asks for it has mended something.
            self.post.mails.forget();
            self.post.channels.values().for_each(Channel::forget);
            self.post.wake.notify_one();
        }
        Ok(count)
    }
}
