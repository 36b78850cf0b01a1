//! One person's marks while a log is folded: what they did, what keeps them from signing, and which of it an answer
//! of the API may deny.

use super::snapshot::{Identity, Place};
use super::{Bounce, Event, Person, Signer, SignerStatus, Step, Timestamp};
use std::collections::BTreeSet;

/// A contradicting fact this near to an answer stands (rule 15).
pub(super) const WINDOW_MS: i64 = 2_000;

/// Before all time: the time of a value that no fact set.
pub(super) const NEVER: Timestamp = Timestamp(i64::MIN);

/// A value and the time of the fact that set it; [`NEVER`] if an answer set it, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Register<T> {
    pub value: T,
    pub fact_at: Timestamp,
}

impl<T: PartialEq> Register<T> {
    pub(super) const fn new(value: T) -> Self {
        Self { value, fact_at: NEVER }
    }

    /// A fact of the time `at` sets the value.
    pub(super) fn tell(&mut self, value: T, at: Timestamp) {
        *self = Self { value, fact_at: at };
    }

    /// An untimed fact received at `at` sets the value, unless a fact that happened later did (rule 4).
    pub(super) fn raise(&mut self, value: T, at: Timestamp) {
        if self.fact_at <= at {
            self.tell(value, at);
        }
    }

    /// An answer true at `d` states the value. `false`: a fact within the window contradicts it, and stands.
    pub(super) fn state(&mut self, value: T, d: Timestamp) -> bool {
        if self.value == value {
            return true;
        }
        if self.fact_at > d.plus(-WINDOW_MS) {
            return false;
        }
        *self = Self::new(value);
        true
    }
}

/// That a person did something, and when by the provider's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The time of the fact; [`NEVER`] if only an answer says so.
    pub fact_at: Timestamp,
    /// What to show.
    pub shown: Option<Timestamp>,
}

impl Mark {
    pub(super) fn fact(at: Timestamp) -> Self {
        Self { fact_at: at, shown: Some(at) }
    }
}

/// A person, or a place that waits for one, while the log is folded.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub id: String,
    pub role: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub order: Option<u32>,
    /// The API says that something is required of this place; `None`: nobody said.
    pub required: Option<bool>,
    pub placeholder: bool,
    pub left: bool,
    /// The newest fact that names this person.
    pub named_at: Timestamp,
    /// The last word on how far they are, and when a fact said it.
    pub step: Option<Step>,
    pub step_at: Timestamp,
    pub fields_signed: BTreeSet<String>,
    pub fields_rejected: BTreeSet<String>,
    pub viewed: Option<Mark>,
    pub consented: Option<Timestamp>,
    pub signing: Option<Mark>,
    pub signed: Option<Mark>,
    /// Refused, where the last word on them says so.
    pub refused: Option<Mark>,
    /// Why, in their words.
    pub because: Option<String>,
    pub declined: Option<Timestamp>,
    pub opted_out: Option<Timestamp>,
    pub reassigned: Option<Timestamp>,
    pub locked: Register<bool>,
    pub bounced: Register<bool>,
    pub kba_failed: Register<bool>,
}

impl Seat {
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            role: None,
            name: None,
            email: None,
            order: None,
            required: None,
            placeholder: false,
            left: false,
            named_at: NEVER,
            step: None,
            step_at: NEVER,
            fields_signed: BTreeSet::new(),
            fields_rejected: BTreeSet::new(),
            viewed: None,
            consented: None,
            signing: None,
            signed: None,
            refused: None,
            because: None,
            declined: None,
            opted_out: None,
            reassigned: None,
            locked: Register::new(false),
            bounced: Register::new(false),
            kba_failed: Register::new(false),
        }
    }

    /// What this person did, or what befell them, at `at`. Says whether it takes back what was known.
    pub(super) fn fact(&mut self, event: &Event, at: Timestamp) -> bool {
        if event.is_positive() {
            self.got_through(at);
        }
        match event {
            Event::Viewed { .. } => self.view(at),
            Event::Consented { .. } => self.consent(at),
            Event::DocumentSigned { .. } => self.signing = Some(Mark::fact(at)),
            Event::SignerCompleted => self.signed = Some(Mark::fact(at)),
            Event::Locked => self.locked.tell(true, at),
            Event::IdentityFailed => self.kba_failed.tell(true, at),
            Event::Bounced(Bounce::Returned) => self.bounced.tell(true, at),
            Event::Reassigned { .. } => self.reassigned = Some(at),
            Event::Declined { .. } => self.declined = Some(at),
            Event::OptedOut { .. } => self.opted_out = Some(at),
            Event::Stands(step) => {
                self.step_at = at;
                return self.stand(*step, Mark::fact(at));
            }
            Event::Refused { reason } => {
                self.step_at = at;
                self.refuse_because(reason.as_ref(), at);
            }
            Event::Field { field, rejected } => self.field(field, *rejected, Mark::fact(at)),
            _ => {}
        }
        false
    }

    /// Rule 4: the same of an untimed fact received at `at`, which lowers nothing. What no answer states, none outranks
    /// (rule 15).
    pub(super) fn floor(&mut self, event: &Event, at: Timestamp, outranked: bool) {
        match event {
            Event::Viewed { .. } => self.view(at),
            Event::Consented { .. } => self.consent(at),
            Event::Bounced(Bounce::Returned) if self.signed.is_none() => self.bounced.raise(true, at),
            _ if outranked => {}
            Event::Stands(step) => self.stand_at_least(*step, Mark::fact(at)),
            Event::Refused { reason } => self.refuse_because(reason.as_ref(), at),
            Event::Field { field, rejected } => self.field(field, *rejected, Mark::fact(at)),
            Event::DocumentSigned { .. } => self.signing = self.signing.or(Some(Mark::fact(at))),
            Event::SignerCompleted => {
                self.step = self.step.filter(|step| step.status() == SignerStatus::Signed);
                self.signed = self.signed.or(Some(Mark::fact(at)));
            }
            Event::Locked => self.locked.raise(true, at),
            Event::IdentityFailed => self.kba_failed.raise(true, at),
            Event::Reassigned { .. } => self.reassigned = self.reassigned.or(Some(at)),
            Event::Declined { .. } => self.declined = self.declined.or(Some(at)),
            Event::OptedOut { .. } => self.opted_out = self.opted_out.or(Some(at)),
            _ => {}
        }
    }

    /// The signer got through: nothing keeps them from signing any more (rule 12).
    fn got_through(&mut self, at: Timestamp) {
        for flag in [&mut self.locked, &mut self.bounced, &mut self.kba_failed] {
            flag.tell(false, at);
        }
        self.reassigned = None;
    }

    fn view(&mut self, at: Timestamp) {
        self.viewed = self.viewed.or(Some(Mark::fact(at)));
    }

    /// What a callback says of this person's name and address. Without a time it fills in only what nobody told.
    pub(super) fn describe(&mut self, person: &Person, at: Timestamp, timed: bool) {
        let moved = self.email.is_some() && person.email.is_some() && self.email != person.email;
        if timed && moved {
            // The mail that came back went to the other address (rule 12).
            self.bounced.tell(false, at);
        }
        for (known, told) in [(&mut self.name, &person.name), (&mut self.email, &person.email)] {
            if told.is_some() && (timed || known.is_none()) {
                known.clone_from(told);
            }
        }
    }

    fn refuse_because(&mut self, reason: Option<&String>, at: Timestamp) {
        self.because = reason.cloned().or(self.because.take());
        self.refuse(Mark::fact(at));
    }

    fn consent(&mut self, at: Timestamp) {
        self.consented = self.consented.or(Some(at));
    }

    /// A new round begins: refusals, locks and bounces are forgotten, signatures are not (rule 7).
    pub(super) fn begin_round(&mut self, at: Timestamp) {
        self.declined = None;
        self.opted_out = None;
        self.locked.tell(false, at);
        self.bounced.tell(false, at);
    }

    /// What an answer true at `d` says of the place and of this person. `false`: a fact near it contradicts.
    pub(super) fn state(&mut self, place: &Place, person: Option<(&Person, Identity)>, d: Timestamp) -> bool {
        let near = d.plus(-WINDOW_MS);
        let mut agreed = true;
        self.role = Some(place.role.clone());
        self.required = Some(place.required > 0);
        self.placeholder = person.is_none();
        self.left = false;
        if self.reassigned.is_some_and(|at| at <= near) {
            self.reassigned = None;
        }
        let moved = person
            .is_some_and(|(it, _)| self.email.is_some() && it.email.is_some() && self.email != it.email);
        match person {
            Some((person, identity)) => {
                self.name.clone_from(&person.name);
                self.email.clone_from(&person.email);
                match identity {
                    Identity::Passed => agreed &= self.kba_failed.state(false, d),
                    Identity::Failed => agreed &= self.kba_failed.state(true, d),
                    Identity::Untold => {}
                }
            }
            None => self.name.clone_from(&place.name),
        }
        if place.is_signed() {
            // Who refused survives an answer, but not that they signed everything since.
            self.declined = self.declined.filter(|at| *at > near);
            self.opted_out = self.opted_out.filter(|at| *at > near);
        }
        if let Some(locked) = place.locked {
            agreed &= self.locked.state(locked, d);
        }
        // A bounce can't be denied by REST, but it is over when the signer got through or has another address.
        let through = place.last_mark.is_some_and(|mark| mark >= self.bounced.fact_at.cut_to_second());
        if self.bounced.value && (through || moved) {
            agreed &= self.bounced.state(false, d);
        }
        if place.untold {
            return agreed;
        }
        if place.tells_step() {
            return agreed & self.state_step(place, d);
        }
        let by_answer = Mark { fact_at: NEVER, shown: place.last_mark };
        agreed &= overlay(&mut self.signed, place.is_signed(), by_answer, near);
        agreed &= overlay(&mut self.signing, place.started || place.signed > 0, by_answer, near);
        agreed
    }

    /// An answer true at `d` shows that nobody here accepted the agreements: whoever takes a package back takes that back
    /// too. `false`: a fact near it contradicts, and stands.
    pub(super) fn state_not_consented(&mut self, d: Timestamp) -> bool {
        self.consented = self.consented.filter(|at| *at > d.plus(-WINDOW_MS));
        self.consented.is_none()
    }

    /// The signer as the board shows it.
    pub(super) fn into_signer(self) -> Signer {
        let status = self.status();
        let shown = |mark: Mark| mark.shown;
        let done = match status {
            SignerStatus::Waiting => None,
            SignerStatus::Viewed => self.viewed.and_then(shown),
            SignerStatus::Signing => self.signing_since(),
            SignerStatus::Signed => self.signed.and_then(shown),
            SignerStatus::Declined => self.refused.map_or(self.declined, shown),
            SignerStatus::OptedOut => self.opted_out,
            SignerStatus::Reassigned => self.reassigned,
        };
        let flags = [self.locked, self.bounced, self.kba_failed];
        let is_troubled = flags.iter().any(|flag| flag.value);
        let trouble =
            flags.iter().filter(|flag| flag.value && flag.fact_at != NEVER).map(|flag| flag.fact_at).max();
        Signer {
            counted: !self.left && status != SignerStatus::Reassigned && self.required != Some(false),
            status,
            // Trouble of which only an answer tells has no time, and not that of what was done before.
            since: if is_troubled { trouble } else { done },
            step: self.step.filter(|_| status <= SignerStatus::Signed),
            fields_signed: count(&self.fields_signed),
            fields_rejected: count(&self.fields_rejected),
            locked: self.locked.value,
            bounced: self.bounced.value,
            kba_failed: self.kba_failed.value,
            id: self.id,
            role: self.role,
            name: self.name,
            email: self.email,
            order: self.order,
            placeholder: self.placeholder,
            left: self.left,
        }
    }

    /// A fact's milliseconds before an answer's seconds (rule 17).
    fn signing_since(&self) -> Option<Timestamp> {
        let by_fact = self.signing.filter(|mark| mark.fact_at != NEVER);
        let shown = |mark: Mark| mark.shown;
        by_fact.and_then(shown).or(self.consented).or(self.signing.and_then(shown))
    }

    pub(super) fn status(&self) -> SignerStatus {
        if self.reassigned.is_some() {
            SignerStatus::Reassigned
        } else if self.declined.is_some() || self.refused.is_some() {
            SignerStatus::Declined
        } else if self.opted_out.is_some() {
            SignerStatus::OptedOut
        } else if self.signed.is_some() {
            SignerStatus::Signed
        } else if self.signing.is_some() || self.consented.is_some() {
            SignerStatus::Signing
        } else if self.viewed.is_some() {
            SignerStatus::Viewed
        } else {
            SignerStatus::Waiting
        }
    }
}

fn count(fields: &BTreeSet<String>) -> u32 {
    u32::try_from(fields.len()).unwrap_or(u32::MAX)
}

/// An answer states whether a mark is there. `false`: a fact near it contradicts, and stands.
fn overlay(mark: &mut Option<Mark>, stated: bool, by_answer: Mark, near: Timestamp) -> bool {
    match (&mark, stated) {
        (Some(_), true) | (None, false) => true,
        (None, true) => {
            *mark = Some(by_answer);
            true
        }
        (Some(known), false) if known.fact_at > near => false,
        (Some(_), false) => {
            *mark = None;
            true
        }
    }
}
