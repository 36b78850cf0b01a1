//! Facts without a time: WebSignatureOffice's, and OneSpan's without a date (rules 4 and 21).

use super::fold::Fact;
use super::walk::Walk;
use super::{DoubtKind, Event, Record, Status, Timestamp};

impl Walk {
    /// Rule 4: a fact without a time is a floor: it raises, and lowers nothing. An answer outranks it only if it was
    /// asked for after the receipt, and only in what an answer states.
    pub(super) fn untimed(&mut self, fact: &Fact<'_>) {
        let (record, at) = (fact.record, fact.record.received_at);
        self.saw(record, at);
        let asked_later = self.asked_at.is_some_and(|asked| asked > at);
        let refused = matches!(record.event, Event::Declined { .. } | Event::OptedOut { .. });
        let outranked = asked_later && !(refused && self.refusal_stated);
        let unlisted = self.listed_at.is_some_and(|asked| asked > at) && !(refused && self.refusal_stated);
        self.untimed_signer(record, at, unlisted);
        match &record.event {
            Event::Described(it) => self.describe(it, false),
            Event::Rendered { failed } => self.package.render_failed |= failed,
            Event::PdfReady => self.package.final_pdf = true,
            _ => {}
        }
        if record.unverified && !outranked {
            self.doubt(DoubtKind::Unverified, record, at);
        }
        match &record.event {
            Event::TemplateCreated => self.package.template = true,
            _ if outranked => return,
            Event::Recalled | Event::Trashed | Event::Restored | Event::Deleted => {
                return self.doubt(DoubtKind::Untimed, record, at);
            }
            Event::Declined { reason } | Event::OptedOut { reason } | Event::Refused { reason }
                if self.package.reason.is_none() =>
            {
                self.package.reason.clone_from(reason);
            }
            Event::PdfReady => self.final_pdf(record, at),
            _ => {}
        }
        let mut inferred = self.package.decided.as_ref().is_some_and(|decided| decided.inferred);
        if self.package.status == Status::Draft && !self.recalled {
            if record.event.tells_sent() {
                self.set_status(Status::Sent, record, false);
            } else if record.event.implies_sent() {
                self.set_status(Status::Sent, record, true);
                self.doubt(DoubtKind::SentInferred, record, at);
                inferred = true;
            }
        }
        if matches!(record.event, Event::ReadyToComplete) {
            self.ready.value |= self.package.status == Status::Sent;
        }
        let Some(status) = record.event.moves_to() else { return };
        let before = self.package.status;
        let two_ends = before.is_end() && status.is_end() && before != status;
        let later_end = two_ends && record.event.rank() >= rank_of_end(before);
        if two_ends {
            self.doubt(DoubtKind::TwoEnds, record, at);
        }
        if status.height() > before.height() || later_end || status == before && inferred {
            self.set_status(status, record, false);
            // What is told now was not inferred for want of it.
            self.package.doubts.retain(|doubt| !inferred || doubt.kind != DoubtKind::SentInferred);
        }
    }

    fn untimed_signer(&mut self, record: &Record, at: Timestamp, outranked: bool) {
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
