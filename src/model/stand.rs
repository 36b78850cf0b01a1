//! A person of whom the provider says how far they are as a whole (rules 19 and 21): the latest word counts, not the sum
//! of what they did.

use super::seat::{Mark, NEVER, Seat, WINDOW_MS};
use super::snapshot::Place;
use super::{SignerStatus, Step, Timestamp};

impl Seat {
    /// Rule 19: the latest word tells all, also when it goes back: what it takes back did not happen. Says whether it did.
    pub(super) fn stand(&mut self, step: Step, mark: Mark) -> bool {
        let back = step.status() < self.status();
        if back {
            (self.viewed, self.consented, self.signing, self.signed) = (None, None, None, None);
            (self.refused, self.declined, self.opted_out) = (None, None, None);
        }
        self.step = Some(step);
        let reached = match step.status() {
            SignerStatus::Viewed => &mut self.viewed,
            SignerStatus::Signing => &mut self.signing,
            SignerStatus::Signed => &mut self.signed,
            SignerStatus::Waiting
            | SignerStatus::Declined
            | SignerStatus::OptedOut
            | SignerStatus::Reassigned => return back,
        };
        *reached = reached.or(Some(mark));
        back
    }

    /// The same of a word without a time, which takes nothing back (rule 4).
    pub(super) fn stand_at_least(&mut self, step: Step, mark: Mark) {
        let status = self.status();
        if step.status() > status {
            self.stand(step, mark);
        } else if status < SignerStatus::Signed {
            // Whoever is through without a signature is through, however far they had come.
            self.step = self.step.max(Some(step));
        }
    }

    pub(super) fn refuse(&mut self, mark: Mark) {
        self.step = None;
        self.refused = self.refused.or(Some(mark));
    }

    /// Rule 21: fields add up, and a rejected one stops nobody.
    pub(super) fn field(&mut self, field: &str, rejected: bool, mark: Mark) {
        let fields = if rejected { &mut self.fields_rejected } else { &mut self.fields_signed };
        fields.insert(field.to_owned());
        self.signing = self.signing.or(Some(mark));
    }

    /// What an answer true at `d` says of it. `false`: a fact near it contradicts, and stands.
    pub(super) fn state_step(&mut self, place: &Place, d: Timestamp) -> bool {
        // A refusal may be told as the package's end.
        let refused = self.refused.is_some() || self.declined.is_some();
        if refused == place.refused && (refused || self.step == place.step) {
            return true;
        }
        let viewed_at = self.viewed.map_or(NEVER, |mark| mark.fact_at);
        let told_at = self.step_at.max(viewed_at).max(self.declined.unwrap_or(NEVER));
        if told_at > d.plus(-WINDOW_MS) {
            return false;
        }
        self.step_at = NEVER;
        let mark = Mark { fact_at: NEVER, shown: place.last_mark };
        let Some(step) = place.step.filter(|_| !place.refused) else {
            self.refuse(mark);
            return true;
        };
        self.stand(step, mark);
        // Rule 12: they got on, which no fact told, so that the mail before it did not keep them.
        let through = step.status() >= SignerStatus::Signing;
        !(through && self.bounced.value) || self.bounced.state(false, d)
    }
}
