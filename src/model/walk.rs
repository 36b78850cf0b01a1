//! The walk over a package's facts: what each one changes. Answers of the API are in [`super::answered`].

use super::fold::{ANSWER_NAME, Fact, ask_at};
use super::package::{Decided, Document, Doubt, DoubtKind};
use super::people::Sheet;
use super::seat::{NEVER, Register, Seat};
use super::{Event, Package, Record, Signer, Status, Timestamp};

pub(super) struct Walk {
    pub(super) package: Package,
    /// The time of the fact that set the status.
    pub(super) status_at: Timestamp,
    /// The last fact that moved the status, to see opposites.
    pub(super) moved_by: Option<(Timestamp, Status)>,
    pub(super) trashed: Register<bool>,
    /// The last fact about the trash, to see opposites.
    pub(super) trashed_by: Option<(Timestamp, bool)>,
    pub(super) ready: Register<bool>,
    pub(super) final_pdf: Register<bool>,
    /// Since when its deposit failed.
    pub(super) deposit_failed: Register<Option<Timestamp>>,
    pub(super) name: Register<Option<String>>,
    pub(super) reference: Register<Option<String>>,
    pub(super) group: Register<Option<String>>,
    /// It was taken back or ended since it was last sent: sending it again opens a new round (rule 7).
    /// Since when at the latest: an answer's `Date` is cut to the second.
    pub(super) closed: Option<Timestamp>,
    /// A fact took it back and none sent it since: late signing facts say nothing (rule 6).
    pub(super) recalled: bool,
    pub(super) created_told: bool,
    /// The newest answer says that somebody refused; who and why, it can't say.
    pub(super) refusal_stated: bool,
    pub(super) seats: Vec<Seat>,
    pub(super) sheets: Vec<Sheet>,
    /// When the newest answer was asked for, by our clock.
    pub(super) asked_at: Option<Timestamp>,
    /// The same of an answer that lists its signers, and states all that an API can state.
    pub(super) listed_at: Option<Timestamp>,
    /// The newest receipt of a fact that makes us ask.
    pub(super) asking: Option<Timestamp>,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            package: Package { updated: NEVER, ..Package::default() },
            status_at: NEVER,
            moved_by: None,
            trashed: Register::new(false),
            trashed_by: None,
            ready: Register::new(false),
            final_pdf: Register::new(false),
            deposit_failed: Register::new(None),
            name: Register::new(None),
            reference: Register::new(None),
            group: Register::new(None),
            closed: None,
            recalled: false,
            created_told: false,
            refusal_stated: false,
            seats: Vec::new(),
            sheets: Vec::new(),
            asked_at: None,
            listed_at: None,
            asking: None,
        }
    }
}

impl Walk {
    pub(super) fn timed(&mut self, fact: &Fact<'_>) {
        let (record, at) = (fact.record, fact.at);
        if let Event::Answered(answer) = &record.event {
            return self.answered(answer, record, at);
        }
        self.saw(record, at);
        if record.unverified {
            self.unverified(record, at);
        }
        if fact.absurd {
            self.doubt(DoubtKind::AbsurdClock, record, at);
        }
        let expected =
            matches!(record.event, Event::Sent | Event::Deleted) || record.event.is_informational();
        if self.package.status == Status::Deleted && !expected {
            self.doubt(DoubtKind::AfterDeletion, record, at);
        }
        self.infer_sent(record, at);
        self.signer_fact(record, at);
        match &record.event {
            Event::Created => {
                let first =
                    self.package.created.filter(|_| self.created_told).map_or(at, |known| known.min(at));
                self.package.created = Some(first);
                self.created_told = true;
                if self.package.decided.is_none() {
                    self.set_status(Status::Draft, record, false);
                }
            }
            Event::Recalled => {
                self.ready.tell(false, at);
                self.closed = Some(at);
                self.recalled = true;
            }
            Event::Sent => {
                self.note_trash(false, record, at, false);
                self.ready.tell(false, at);
                if self.closed.is_some_and(|since| since <= at) {
                    self.closed = None;
                    self.package.reason = None;
                    self.seats.iter_mut().for_each(|seat| seat.begin_round(at));
                }
                self.recalled = false;
            }
            Event::ReadyToComplete => {
                if self.package.status == Status::Sent {
                    self.ready.tell(true, at);
                }
            }
            Event::Completed => {
                self.ready.tell(false, at);
                self.package.doubts.retain(|doubt| doubt.kind != DoubtKind::CompletedInferred);
            }
            Event::Archived => self.ready.tell(false, at),
            Event::Deleted => {
                self.package.gone = false;
                self.ready.tell(false, at);
            }
            Event::Declined { reason } | Event::OptedOut { reason } => {
                // Rule 19: a signer's own word came before the package's, which may have none.
                self.package.reason = reason.clone().or(self.package.reason.take());
                self.ready.tell(false, at);
                self.closed = Some(at);
            }
            Event::Expired | Event::Cancelled | Event::Failed => {
                self.ready.tell(false, at);
                self.closed = Some(at);
            }
            Event::PdfReady => {
                self.final_pdf.tell(true, at);
                self.infer_completed(record, at);
            }
            Event::Described(it) => self.describe(it, at, true),
            Event::Rendered { failed } => self.package.render_failed |= failed,
            Event::Deposited { failed } => self.deposit_failed.tell(failed.then_some(at), at),
            Event::Trashed => self.note_trash(true, record, at, true),
            Event::Restored => self.note_trash(false, record, at, true),
            Event::TemplateCreated => self.package.template = true,
            Event::Viewed { .. }
            | Event::Locked
            | Event::IdentityFailed
            | Event::Bounced(_)
            | Event::Consented { .. }
            | Event::DocumentSigned { .. }
            | Event::SignerCompleted
            | Event::Reassigned { .. }
            | Event::AttachmentAdded { .. }
            | Event::Stands(_)
            | Event::Refused { .. }
            | Event::Field { .. }
            | Event::Linked
            | Event::Mentioned
            | Event::Noted
            | Event::Unrecognised
            | Event::Answered(_) => {}
        }
        if let Some(status) = record.event.moves_to() {
            self.move_to(status, record, at);
        }
    }

    /// A fact moves the status: the latest wins, and what can't both be true is doubted.
    fn move_to(&mut self, status: Status, record: &Record, at: Timestamp) {
        let before = self.package.status;
        if before == Status::Deleted && status != Status::Sent {
            // Rule 9: a deletion is final but for an activation or an answer. What else is told fills in around it.
            return;
        }
        if let Some((when, told)) = self.moved_by
            && when == at
            && told != status
            && (told.is_end() && status.is_end() || told == Status::Draft && status == Status::Sent)
        {
            self.doubt(DoubtKind::OppositesAtOnce, record, at);
        } else if before.is_end() && status.is_end() && before != status {
            self.doubt(DoubtKind::TwoEnds, record, at);
        }
        self.moved_by = Some((at, status));
        self.status_at = at;
        self.set_status(status, record, false);
    }

    pub(super) fn set_status(&mut self, status: Status, record: &Record, inferred: bool) {
        self.package.status = status;
        self.package.decided = Some(Decided {
            name: if record.answer().is_some() { ANSWER_NAME.to_owned() } else { record.name.clone() },
            happened_at: record.happened_at,
            received_at: record.received_at,
            origin: record.origin,
            fingerprint: record.fingerprint,
            inferred,
            unverified: record.unverified,
        });
    }

    /// Rule 8: the latest of trash, restore, activation and an answer's flag.
    fn note_trash(&mut self, trashed: bool, record: &Record, at: Timestamp, said: bool) {
        if said {
            if self.trashed_by.is_some_and(|(when, told)| when == at && told != trashed) {
                self.doubt(DoubtKind::OppositesAtOnce, record, at);
            }
            self.trashed_by = Some((at, trashed));
        }
        self.trashed.tell(trashed, at);
    }

    /// Rule 6: what a signer does while the package is a draft means that it was sent, unless it was taken back. Rule 19:
    /// of some of it no inference is needed.
    fn infer_sent(&mut self, record: &Record, at: Timestamp) {
        let told = record.event.tells_sent();
        if self.package.status != Status::Draft || !told && (self.recalled || !record.event.implies_sent()) {
            return;
        }
        self.status_at = at;
        self.closed = None;
        self.set_status(Status::Sent, record, !told);
        if !told {
            self.doubt(DoubtKind::SentInferred, record, at);
        }
    }

    /// Rule 19: the final PDF is made when everybody has signed. If nothing said so, that is inferred; if something else
    /// was said, both can't be true.
    pub(super) fn infer_completed(&mut self, record: &Record, at: Timestamp) {
        match self.package.status {
            Status::Draft | Status::Sent => {
                self.status_at = at;
                self.ready.tell(false, at);
                self.set_status(Status::Completed, record, true);
                self.doubt(DoubtKind::CompletedInferred, record, at);
            }
            Status::Declined | Status::OptedOut | Status::Expired | Status::Cancelled | Status::Failed => {
                self.doubt(DoubtKind::TwoEnds, record, at);
            }
            Status::Completed | Status::Archived | Status::Deleted => {}
        }
    }

    pub(super) fn saw(&mut self, record: &Record, at: Timestamp) {
        // That somebody asked to whom a signer belongs is nothing that happened to the package.
        if record.event != Event::Linked {
            self.package.updated = self.package.updated.max(at);
        }
        let stranger =
            record.event.names_a_signer() && record.who.as_ref().is_some_and(|who| !self.is_named(who));
        if record.event.asks_at_once() || record.unverified || stranger {
            self.asking = self.asking.max(Some(record.received_at));
        }
    }

    pub(super) fn doubt(&mut self, kind: DoubtKind, record: &Record, at: Timestamp) {
        let name = if record.answer().is_some() { ANSWER_NAME.to_owned() } else { record.name.clone() };
        self.package.doubts.push(Doubt { kind, name, at, received_at: record.received_at });
    }

    /// One doubt for all that nothing vouches for: an account may have nothing else.
    pub(super) fn unverified(&mut self, record: &Record, at: Timestamp) {
        let known = self.package.doubts.iter_mut().find(|doubt| doubt.kind == DoubtKind::Unverified);
        let Some(doubt) = known else { return self.doubt(DoubtKind::Unverified, record, at) };
        doubt.name.clone_from(&record.name);
        doubt.at = doubt.at.max(at);
        doubt.received_at = doubt.received_at.max(record.received_at);
    }

    pub(super) fn finish(mut self) -> Package {
        let mut package = std::mem::take(&mut self.package);
        package.trashed = self.trashed.value;
        package.final_pdf = self.final_pdf.value;
        package.deposit_failed = self.deposit_failed.value;
        package.name = self.name.value;
        package.reference = self.reference.value;
        package.group = self.group.value;
        let refused = self.seats.iter().filter(|seat| seat.refused.is_some() && seat.because.is_some());
        let last = refused.max_by_key(|seat| (seat.refused.map(|mark| mark.fact_at), seat.id.as_str()));
        package.reason = package.reason.or_else(|| last.and_then(|seat| seat.because.clone()));
        if package.updated == NEVER {
            // Nothing but answers, and none of them told it.
            package.updated = package.created.or(package.confirmed_at).or(self.asking).unwrap_or_default();
        }
        package.ready_to_complete = self.ready.value && package.status == Status::Sent;
        let mut signers: Vec<Signer> = self.seats.into_iter().map(Seat::into_signer).collect();
        signers.sort_by_key(|signer| (signer.left, signer.order.unwrap_or(u32::MAX)));
        package.signers = signers;
        package.documents = self
            .sheets
            .into_iter()
            .map(|sheet| Document {
                id: sheet.id,
                name: sheet.name,
                signed_by: sheet.signed_by.into_iter().map(|(who, _)| who).collect(),
            })
            .collect();
        package.ask_at = ask_at(&package, self.asked_at, self.asking);
        package
    }
}
