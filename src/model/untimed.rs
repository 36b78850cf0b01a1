//! Facts without a time: WebSignatureOffice's, some of Legalesign's, and OneSpan's without a date (rules 4 and 21).

use super::fold::Fact;
use super::walk::Walk;
use super::{DoubtKind, Event, Record, Status, Timestamp};

impl Walk {
    /// Rule 4: a fact without a time is a floor: it raises, and lowers nothing. What is told comes first, and is not
    /// inferred then from a fact that happens to stand before it: among these nobody knows what was first.
    pub(super) fn untimed(&mut self, facts: &[Fact<'_>]) {
        facts.iter().for_each(|fact| self.raise(fact.record));
        facts.iter().for_each(|fact| self.infer(fact.record));
    }

    pub(super) fn raise(&mut self, record: &Record) {
        let at = record.received_at;
        self.saw(record, at);
        let (outranked, unlisted) = (self.is_outranked(record, self.asked_at), self.is_unlisted(record));
        self.raise_signer(record, at, unlisted);
        match &record.event {
            Event::TemplateCreated => self.package.template = true,
            Event::Rendered { failed } => self.package.render_failed |= failed,
            // A success lowers it: that takes a time.
            Event::Deposited { failed: true } => self.deposit_failed.raise(Some(at), at),
            Event::Described(it) if !unlisted => self.describe(it, at, false),
            Event::PdfReady if !unlisted => self.final_pdf.raise(true, at),
            _ => {}
        }
        if outranked {
            return;
        }
        if record.unverified {
            self.unverified(record, at);
        }
        match &record.event {
            Event::Recalled | Event::Trashed | Event::Restored | Event::Deleted => {
                return self.doubt(DoubtKind::Untimed, record, at);
            }
            Event::Declined { reason } | Event::OptedOut { reason } if self.package.reason.is_none() => {
                self.package.reason.clone_from(reason);
            }
            _ => {}
        }
        let sent = record.event.tells_sent().then_some(Status::Sent);
        let Some(status) = record.event.moves_to().or(sent) else { return };
        let before = self.package.status;
        let two_ends = before.is_end() && status.is_end() && before != status;
        let later_end = two_ends && record.event.rank() >= rank_of_end(before);
        if two_ends {
            self.doubt(DoubtKind::TwoEnds, record, at);
        }
        if status.height() > before.height() || later_end {
            self.set_status(status, record, false);
        }
    }

    /// What follows from a fact, where nothing told it.
    pub(super) fn infer(&mut self, record: &Record) {
        if self.is_outranked(record, self.asked_at) {
            return;
        }
        let at = record.received_at;
        if self.package.status == Status::Draft && !self.recalled && record.event.implies_sent() {
            self.set_status(Status::Sent, record, true);
            self.doubt(DoubtKind::SentInferred, record, at);
        }
        match record.event {
            Event::ReadyToComplete => self.ready.value |= self.package.status == Status::Sent,
            Event::PdfReady => self.infer_completed(record, at),
            _ => {}
        }
    }

    /// An answer outranks it only if it was asked for after the receipt. Who refused and why, no answer states that
    /// says that somebody did (rule 15).
    fn is_outranked(&self, record: &Record, asked: Option<Timestamp>) -> bool {
        let refused = matches!(record.event, Event::Declined { .. } | Event::OptedOut { .. });
        asked.is_some_and(|asked| asked > record.received_at) && !(refused && self.refusal_stated)
    }

    /// The same of what only an answer states that is more than a status.
    fn is_unlisted(&self, record: &Record) -> bool {
        self.is_outranked(record, self.listed_at)
    }

    fn raise_signer(&mut self, record: &Record, at: Timestamp, outranked: bool) {
        self.hand_in(record, at);
        let Some(who) = record.signer() else { return };
        if !outranked {
            self.place_and_sheet(&record.event, who, at);
        }
        let unknown = !self.seats.iter().any(|seat| seat.id == who);
        let seat = self.seat(who);
        if outranked {
            // The answer would have listed them.
            seat.left |= unknown;
        } else {
            seat.left = false;
            seat.placeholder = false;
        }
        seat.floor(&record.event, at, outranked);
    }
}

/// The rank of the event that tells an end, for ends that come without a time.
fn rank_of_end(status: Status) -> u8 {
    if status == Status::Completed { Event::Completed.rank() } else { Event::Expired.rank() }
}
