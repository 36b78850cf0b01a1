//! Telling channels of the configuration: Slack, Teams, or a program. What is due for one becomes one message, like a mail;
//! nobody's wishes hold it back.
//!
//! What a receiver says for later, or doesn't say at all, is tried again; what it refuses is given up, and the page of
//! messages says why. Where the line broke off before an answer, nobody can know whether it was taken: the same message is
//! sent again, under the same number, and nothing else goes with it.

use super::fares::{Fares, PostState};
use super::formats;
use crate::app::{App, StoreError};
use crate::config::{ChannelConfig, ChannelKind, Config};
use crate::mail::Unsent;
use crate::model::Timestamp;
use crate::provider::hook::{Receiver, Sent};
use std::collections::BTreeMap;

/// Where alerts are told.
#[derive(Debug)]
pub struct Channel {
    /// What the configuration says of it. Holds secrets, which never print.
    pub config: ChannelConfig,
    receiver: Receiver,
    fares: Fares,
}

impl Channel {
    /// How it fares.
    #[must_use]
    pub fn state(&self) -> PostState {
        self.fares.state()
    }

    pub(super) fn forget(&self) {
        self.fares.forget();
    }
}

pub(super) fn open(config: &Config) -> Result<BTreeMap<String, Channel>, String> {
    let channel = |it: &ChannelConfig| {
        let receiver = Receiver::open(&it.to, it.key().as_deref(), it.allow_private);
        let receiver = receiver.map_err(|why| format!("the channel {}: {why}", it.name))?;
        Ok((it.name.clone(), Channel { config: it.clone(), receiver, fares: Fares::default() }))
    };
    config.channels.iter().map(channel).collect()
}

impl App {
    /// Tells a channel what is due. Whether that was tried.
    pub(super) async fn tell_channel(&self, channel: &Channel) -> Result<bool, StoreError> {
        let (config, now) = (&channel.config, self.now());
        if channel.fares.rests(now) {
            return Ok(false);
        }
        let due = self.due((&config.name, "")).await?;
        let Some(picked) = self.pick(due, |_| true).await? else { return Ok(true) };
        let body = match config.kind {
            ChannelKind::Slack => self.for_slack(&picked, config.names),
            ChannelKind::Teams => self.for_teams(&picked, config.names),
            ChannelKind::Webhook => formats::program(&self.facts(&picked, config.names)),
        };
        if !self.store.begin_telling(&picked.ids, &picked.number, now).await? {
            return Ok(true);
        }
        let sent = channel.receiver.send(&picked.number, body, now).await;
        let (sent, again) = outcome(channel, sent, self.now());
        self.note_message(&config.name, &picked, sent, again).await?;
        Ok(true)
    }
}

/// What came of it, and when it is tried again.
fn outcome(channel: &Channel, sent: Sent, now: Timestamp) -> (Result<(), Unsent>, Option<Timestamp>) {
    let name = &channel.config.name;
    let (status, error) = sent.told.outcome();
    let Some(why) = error else {
        channel.fares.works(name);
        return (Ok(()), None);
    };
    let until = channel.fares.failed(name, now, &why, sent.retry_after);
    let unsent = match status {
        Some(408 | 429 | 500..) => Unsent::NotNow(why),
        Some(_) => Unsent::Never(why),
        None if sent.reached => Unsent::Unknown(why),
        None => Unsent::NotNow(why),
    };
    (Err(unsent), Some(until))
}
