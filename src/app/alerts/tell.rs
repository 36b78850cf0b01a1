//! Telling: what is due for an address becomes one message, and what came of it is noted.
//!
//! An address gets a message at once, and then at most one a minute: what comes meanwhile is collected. Just before the mail
//! server takes the text, it is noted that the message is being sent. Whoever dies between that and its answer can't know
//! whether it was taken: it is sent again, under the same number, by which mail programs know it for the same one. All else that
//! fails was not sent, and goes with the next message.

use super::people::may_hear;
use super::{MAIL, when};
use crate::app::{App, StoreError};
use crate::mail::{Letter, Line, Mailer, Unsent};
use crate::model::Timestamp;
use crate::store::{Alert, AlertState, Occasion, Telling, TellingState, TellingTried};
use std::collections::HashMap;
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
/// So many go into one message at most.
const MOST_TOLD: u32 = 2_000;
const FIRST_GAP_MS: i64 = 60_000;
const LONGEST_GAP_MS: i64 = 2 * 60 * 60 * 1000;

/// A message to send: what it tells, by their numbers, and itself.
struct Message {
    ids: Vec<i64>,
    number: String,
    letter: Letter,
    /// How often it was tried, and when first.
    tried: (i64, Option<Timestamp>),
}

impl App {
    /// Tells some of what is due. Returns to how many addresses that was tried.
    pub async fn tell_step(&self) -> Result<usize, StoreError> {
        // What can't be noted would be sent again and again.
        if self.store.health().trouble().is_some() {
            return Ok(0);
        }
        let now = self.now();
        let due = self.store.due_addresses(now, now.plus(-PAUSE_MS), ADDRESSES).await?;
        let (began, mut line, mut tried) = (Instant::now(), None, 0);
        for (channel, address) in due {
            if began.elapsed() > LONGEST {
                break;
            }
            match (channel.as_str(), &self.post.mailer) {
                (MAIL, Some(_)) if self.post.rests(now) => continue,
                (MAIL, Some(mailer)) => self.mail_to(mailer, &address, &mut line).await?,
                _ => self.no_channel(&channel, &address).await?,
            }
            tried += 1;
        }
        if let Some(line) = line {
            line.close().await;
        }
        Ok(tried)
    }

    /// When the next message may go. `None`: nothing waits.
    pub async fn next_telling(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = self.store.next_telling(PAUSE_MS).await?;
        let rests = self.post.state().rests_until;
        Ok(next.map(|at| rests.map_or(at, |until| at.max(until))))
    }

    async fn mail_to(
        &self,
        mailer: &Mailer,
        address: &str,
        line: &mut Option<Line>,
    ) -> Result<(), StoreError> {
        let Some(message) = self.message_to(mailer, address).await? else { return Ok(()) };
        let sent = match mailer.write(&message.letter) {
            Ok(bytes) => self.send(mailer, &message, &bytes, line).await?,
            Err(why) => Err(Unsent::Never(why)),
        };
        if line.as_ref().is_some_and(|line| !line.is_open()) {
            *line = None;
        }
        self.note_message(&message, sent).await
    }

    async fn send(
        &self,
        mailer: &Mailer,
        message: &Message,
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
        if let Err(unsent) = line.address(&message.letter.to).await {
            return Ok(Err(unsent));
        }
        if !self.store.begin_telling(&message.ids, &message.number, self.now()).await? {
            return Ok(Err(Unsent::NotNow("it is gone".to_owned())));
        }
        Ok(line.deliver(bytes).await)
    }

    async fn note_message(&self, message: &Message, sent: Result<(), Unsent>) -> Result<(), StoreError> {
        let now = self.now();
        let (tries, first) = message.tried;
        let too_long = first.is_some_and(|first| now.since(first) >= GIVEN_UP_MS);
        let (mut state, mut due) = (TellingState::Waiting, now.plus(gap(tries)));
        let mut error = None;
        let mut unsure = false;
        match sent {
            Ok(()) => {
                self.post.works();
                (state, due) = (TellingState::Told, now);
            }
            Err(Unsent::Never(why)) => (state, error) = (TellingState::GivenUp, Some(why)),
            Err(Unsent::NotNow(why)) => error = Some(why),
            Err(Unsent::Unknown(why)) => (unsure, error) = (true, Some(why)),
            Err(Unsent::Nothing(why)) => {
                due = self.post.failed(now, &why);
                let times = (now, due, now.plus(-GIVEN_UP_MS));
                // What is due is all in the same case; and these were not sent, whatever was noted before.
                self.store.channel_failed(MAIL, times, &why).await?;
                return Ok(());
            }
        }
        if state == TellingState::Waiting && too_long {
            state = TellingState::GivenUp;
        }
        let outcome = match state {
            TellingState::Told => "told",
            TellingState::GivenUp => "given_up",
            TellingState::Waiting | TellingState::Unwanted => "failed",
        };
        metrics::counter!("signboard_messages_total", "channel" => MAIL, "outcome" => outcome).increment(1);
        let tried = TellingTried { state, at: now, due, error, unsure };
        self.store.note_tellings(&message.ids, &tried).await
    }

    /// What is due for an address as one message. `None`: nothing of it is to be told, or not now.
    async fn message_to(&self, mailer: &Mailer, address: &str) -> Result<Option<Message>, StoreError> {
        let now = self.now();
        let mut due = self.store.due_tellings((MAIL, address), now, MOST_TOLD).await?;
        // What may have arrived goes as it went, and nothing else with it.
        let unsure = due.first().and_then(|it| it.message.clone());
        if unsure.is_some() {
            due.retain(|it| it.message == unsure);
        }
        let all: Vec<i64> = due.iter().map(|it| it.id).collect();
        if !mailer.allows(address) {
            self.give_up(&all, "mail.allowed-domains does not allow this address").await?;
            return Ok(None);
        }
        let user = self.store.user_by_email(address).await?;
        let zone = self.zone_of(user.as_ref());
        if let Some(user) = &user {
            let wishes = self.store.wishes(user.id).await?;
            let until = when::after_quiet(&wishes, now, &zone);
            if !wishes.mail {
                self.store.drop_tellings(&all).await?;
                return Ok(None);
            } else if until > now {
                self.store.postpone_tellings(&all, until).await?;
                return Ok(None);
            }
        }
        let mut alerts: Vec<i64> = due.iter().map(|it| it.alert).collect();
        alerts.sort_unstable();
        alerts.dedup();
        let alerts = self.store.these_alerts(&alerts).await?;
        let alerts: HashMap<i64, Alert> = alerts.into_iter().map(|it| (it.id, it)).collect();
        let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
        for telling in due {
            let alert = alerts.get(&telling.alert);
            let may = |alert: &&Alert| user.as_ref().is_none_or(|user| may_hear(user, alert));
            match alert.filter(may) {
                Some(alert) if is_news(&telling, alert, now) => {
                    if let Some(until) = snoozed(&telling, alert, now) {
                        self.store.postpone_tellings(&[telling.id], until).await?;
                    } else {
                        wanted.push((telling, alert.clone()));
                    }
                }
                _ => unwanted.push(telling.id),
            }
        }
        if !unwanted.is_empty() {
            self.store.drop_tellings(&unwanted).await?;
        }
        let Some((first, _)) = wanted.first() else { return Ok(None) };
        let tried = (first.tries, wanted.iter().filter_map(|(it, _)| it.first_at).min());
        let number = unsure.unwrap_or_else(|| format!("t{}-{}", first.id, now.0));
        let letter = self.letter((address, &number), &wanted, (now, &zone), mailer.names());
        let ids = wanted.iter().map(|(it, _)| it.id).collect();
        Ok(Some(Message { ids, number, letter, tried }))
    }

    /// What waits for a channel that is not there any more.
    async fn no_channel(&self, channel: &str, address: &str) -> Result<(), StoreError> {
        let due = self.store.due_tellings((channel, address), self.now(), MOST_TOLD).await?;
        let ids: Vec<i64> = due.iter().map(|it| it.id).collect();
        self.give_up(&ids, "the configuration has no such channel any more").await
    }

    async fn give_up(&self, ids: &[i64], why: &str) -> Result<(), StoreError> {
        let (at, state) = (self.now(), TellingState::GivenUp);
        let tried = TellingTried { state, at, due: at, error: Some(why.to_owned()), unsure: false };
        self.store.note_tellings(ids, &tried).await
    }
}

/// Whether there still is something to tell: of what somebody sees to, or what is mended, nobody has to hear that it was raised.
fn is_news(telling: &Telling, alert: &Alert, now: Timestamp) -> bool {
    let state = alert.state(now);
    match telling.occasion {
        Occasion::Raised | Occasion::Reminder(_) => matches!(state, AlertState::Open | AlertState::Snoozed),
        Occasion::Resolved => state == AlertState::Resolved,
    }
}

fn snoozed(telling: &Telling, alert: &Alert, now: Timestamp) -> Option<Timestamp> {
    let until = alert.snoozed.as_ref().map(|(until, _)| *until).filter(|until| *until > now);
    until.filter(|_| telling.occasion != Occasion::Resolved)
}

/// How long to wait after one more try in vain.
fn gap(tries: i64) -> i64 {
    let doubled = FIRST_GAP_MS << tries.clamp(0, 10);
    crate::app::circuit::jittered(doubled.min(LONGEST_GAP_MS))
}
