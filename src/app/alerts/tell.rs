//! Telling: what is due for an address becomes one message, and what came of it is noted.
//!
//! An address gets a message at once, and then at most one a minute: what comes meanwhile is collected. Just before the mail
//! server takes the text, it is noted that the message is being sent. Whoever dies between that and its answer can't know
//! whether it was taken: it is sent again, under the same number, by which mail programs know it for the same one. All else that
//! fails was not sent, and goes with the next message.

use super::people::may_hear;
use super::pick::{Due, Picked};
use super::{Channel, MAIL, when};
use crate::app::{App, StoreError};
use crate::mail::{Letter, Line, Mailer, Unsent};
use crate::model::Timestamp;
use crate::store::{TellingState, TellingTried};
use futures_util::future::try_join_all;
use std::time::{Duration, Instant};

/// An address gets no second message within this time.
pub const PAUSE_MS: i64 = 60_000;
/// A message lists so many, and says how many more there are.
pub const MOST_LISTED: usize = 50;
/// What was tried first so long ago is given up.
pub const GIVEN_UP_MS: i64 = 3 * 24 * 60 * 60 * 1000;
/// So many addresses are written to in a step, for so long.
const ADDRESSES: u32 = 50;
const LONGEST: Duration = Duration::from_secs(20);
const FIRST_GAP_MS: i64 = 60_000;
const LONGEST_GAP_MS: i64 = 2 * 60 * 60 * 1000;

impl App {
    /// Tells some of what is due. Returns to how many addresses and channels that was tried.
    pub async fn tell_step(&self) -> Result<usize, StoreError> {
        // What can't be noted would be sent again and again.
        if self.store.health().trouble().is_some() {
            return Ok(0);
        }
        let (now, mut mails, mut tried) = (self.now(), None, 0);
        let mut channels: Vec<&Channel> = Vec::new();
        for (channel, at) in self.store.next_tellings(PAUSE_MS).await? {
            match (self.post.channels.get(&channel), &self.post.mailer) {
                _ if at > now => {}
                (Some(it), _) => channels.push(it),
                (None, Some(mailer)) if channel == MAIL => mails = Some(mailer),
                (None, _) => tried += self.no_channel(&channel).await?,
            }
        }
        let mails = async {
            match mails {
                Some(mailer) if !self.post.mails.rests(now) => self.tell_mails(mailer).await,
                _ => Ok(0),
            }
        };
        // A slow one holds up none of the others.
        let channels = try_join_all(channels.into_iter().map(|it| self.tell_channel(it)));
        let (mailed, told) = tokio::join!(mails, channels);
        Ok(tried + mailed? + told?.into_iter().filter(|it| *it).count())
    }

    /// When the next message may go. `None`: nothing waits.
    pub async fn next_telling(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = self.store.next_tellings(PAUSE_MS).await?.into_iter();
        let next =
            next.map(|(channel, at)| self.post.rests_until(&channel).map_or(at, |until| at.max(until)));
        Ok(next.min())
    }

    async fn tell_mails(&self, mailer: &Mailer) -> Result<usize, StoreError> {
        let now = self.now();
        let due = self.store.due_addresses(MAIL, now, now.plus(-PAUSE_MS), ADDRESSES).await?;
        let (began, mut line, mut tried) = (Instant::now(), None, 0);
        for address in due {
            if began.elapsed() > LONGEST || self.post.mails.rests(now) {
                break;
            }
            self.mail_to(mailer, &address, &mut line).await?;
            tried += 1;
        }
        if let Some(line) = line {
            line.close().await;
        }
        Ok(tried)
    }

    async fn mail_to(
        &self,
        mailer: &Mailer,
        address: &str,
        line: &mut Option<Line>,
    ) -> Result<(), StoreError> {
        let Some((picked, letter)) = self.message_to(mailer, address).await? else { return Ok(()) };
        let sent = match mailer.write(&letter) {
            Ok(bytes) => self.send(mailer, (&picked, &letter), &bytes, line).await?,
            Err(why) => Err(Unsent::Never(why)),
        };
        if line.as_ref().is_some_and(|line| !line.is_open()) {
            *line = None;
        }
        match sent {
            Ok(()) => self.post.mails.works(MAIL),
            Err(Unsent::Nothing(why)) => {
                let now = self.now();
                let due = self.post.mails.failed(MAIL, now, &why, None);
                let times = (now, due, now.plus(-GIVEN_UP_MS));
                // What is due is all in the same case; and these were not taken, though it was noted that they are being sent.
                let untaken = if picked.unsure { &[] } else { picked.ids.as_slice() };
                return self.store.channel_failed(MAIL, times, &why, untaken).await;
            }
            Err(_) => {}
        }
        self.note_message(MAIL, &picked, sent, None).await
    }

    async fn send(
        &self,
        mailer: &Mailer,
        (picked, letter): (&Picked, &Letter),
        bytes: &[u8],
        open: &mut Option<Line>,
    ) -> Result<Result<(), Unsent>, StoreError> {
        let line = match open {
            Some(line) => line,
            None => match mailer.connect().await {
                Ok(line) => open.insert(line),
                Err(why) => return Ok(Err(Unsent::Nothing(why))),
            },
        };
        if let Err(unsent) = line.address(&letter.to).await {
            return Ok(Err(unsent));
        }
        if !self.store.begin_telling(&picked.ids, &picked.number, self.now()).await? {
            return Ok(Err(Unsent::NotNow("it is gone".to_owned())));
        }
        Ok(line.deliver(bytes).await)
    }

    /// Notes what came of a message; what isn't told is tried `again` then.
    pub(super) async fn note_message(
        &self,
        channel: &str,
        picked: &Picked,
        sent: Result<(), Unsent>,
        again: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let (tries, first) = picked.tried;
        let too_long = first.is_some_and(|first| now.since(first) >= GIVEN_UP_MS);
        let (mut state, mut due) = (TellingState::Waiting, again.unwrap_or_else(|| now.plus(gap(tries))));
        let mut error = None;
        // A later refusal says nothing of what may have arrived before.
        let mut unsure = picked.unsure;
        match sent {
            Ok(()) => (state, due) = (TellingState::Told, now),
            Err(Unsent::Never(why)) => (state, error) = (TellingState::GivenUp, Some(why)),
            Err(Unsent::NotNow(why) | Unsent::Nothing(why)) => error = Some(why),
            Err(Unsent::Unknown(why)) => (unsure, error) = (true, Some(why)),
        }
        if state == TellingState::Waiting && too_long {
            state = TellingState::GivenUp;
        }
        let outcome = match state {
            TellingState::Told => "told",
            TellingState::GivenUp => "given_up",
            TellingState::Waiting | TellingState::Unwanted => "failed",
        };
        let labels = [("channel", channel.to_owned()), ("outcome", outcome.to_owned())];
        metrics::counter!("signboard_messages_total", &labels).increment(1);
        let tried = TellingTried { state, at: now, due, error, unsure };
        self.store.note_tellings(&picked.ids, &tried).await
    }

    /// What is due for an address as one message. `None`: nothing of it is to be told, or not now.
    async fn message_to(
        &self,
        mailer: &Mailer,
        address: &str,
    ) -> Result<Option<(Picked, Letter)>, StoreError> {
        let now = self.now();
        let due = self.due((MAIL, address)).await?;
        if !mailer.allows(address) {
            self.give_up(&due, "mail.allowed-domains does not allow this address").await?;
            return Ok(None);
        }
        let user = self.store.user_by_email(address).await?;
        let zone = self.zone_of(user.as_ref());
        if let Some(user) = &user {
            let wishes = self.store.wishes(user.id).await?;
            let until = when::after_quiet(&wishes, now, &zone);
            if !wishes.mail {
                self.store.drop_tellings(&due.ids(), now).await?;
                return Ok(None);
            } else if until > now {
                self.store.postpone_tellings(&due.ids(), until).await?;
                return Ok(None);
            }
        }
        let may = |alert: &_| user.as_ref().is_none_or(|user| may_hear(user, alert));
        let Some(picked) = self.pick(due, may).await? else { return Ok(None) };
        let to = (address, picked.number.as_str());
        let letter = self.letter(to, &picked.wanted, (now, &zone), (mailer.names(), MOST_LISTED));
        Ok(Some((picked, letter)))
    }

    /// What waits for a channel that is not there any more.
    async fn no_channel(&self, channel: &str) -> Result<usize, StoreError> {
        let now = self.now();
        let due = self.store.due_addresses(channel, now, now, ADDRESSES).await?;
        for address in &due {
            let due = self.due((channel, address)).await?;
            self.give_up(&due, "the configuration has no such channel any more").await?;
        }
        Ok(due.len())
    }

    async fn give_up(&self, due: &Due, why: &str) -> Result<(), StoreError> {
        let (at, state, unsure) = (self.now(), TellingState::GivenUp, due.unsure.is_some());
        let tried = TellingTried { state, at, due: at, error: Some(why.to_owned()), unsure };
        self.store.note_tellings(&due.ids(), &tried).await
    }
}

/// How long to wait after one more try in vain.
fn gap(tries: i64) -> i64 {
    let doubled = FIRST_GAP_MS << tries.clamp(0, 10);
    crate::app::circuit::jittered(doubled.min(LONGEST_GAP_MS))
}
