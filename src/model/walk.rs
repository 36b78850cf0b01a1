//! The walk over a package's facts: what each one changes. Answers of the API are in [`super::answered`].

use super::fold::{ANSWER_NAME, Fact, ask_at};
use super::package::{Attachment, Decided, Document, Doubt, DoubtKind};
use super::seat::{NEVER, Register, Seat};
use super::{Bounce, Event, Package, Record, Signer, Status, Timestamp};

/// A document while the log is folded: who signed it, and when by a fact.
pub(super) struct Sheet {
    pub id: String,
    pub name: Option<String>,
    pub signed_by: Vec<(String, Timestamp)>,
}

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
    /// It was taken back or ended since it was last sent: sending it again opens a new round (rule 7).
    pub(super) closed: bool,
    /// A fact took it back and none sent it since: late signing facts say nothing (rule 6).
    pub(super) recalled: bool,
    pub(super) refused_at: Timestamp,
    pub(super) created_told: bool,
    pub(super) seats: Vec<Seat>,
    pub(super) sheets: Vec<Sheet>,
    /// When the newest answer was asked for, by our clock.
    pub(super) asked_at: Option<Timestamp>,
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
            closed: false,
            recalled: false,
            refused_at: NEVER,
            created_told: false,
            seats: Vec::new(),
            sheets: Vec::new(),
            asked_at: None,
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
        if fact.absurd {
            self.doubt(DoubtKind::AbsurdClock, record, at);
        }
        if self.package.status == Status::Deleted && !matches!(record.event, Event::Sent) {
            // Rule 9: a deletion is final but for an activation or an answer.
            if !record.event.is_informational() && !matches!(record.event, Event::Deleted) {
                self.doubt(DoubtKind::AfterDeletion, record, at);
            }
            return;
        }
        self.infer_sent(record, at);
        self.signer_fact(record, at);
        match &record.event {
            Event::Created => {
                let first =
                    self.package.created.filter(|_| self.created_told).map_or(at, |known| known.min(at));
                self.package.created = Some(first);
                self.created_told = true;
            }
            Event::Recalled => {
                self.ready.tell(false, at);
                self.closed = true;
                self.recalled = true;
            }
            Event::Sent => {
                self.note_trash(false, record, at, false);
                self.ready.tell(false, at);
                if std::mem::take(&mut self.closed) {
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
            Event::Completed | Event::Archived | Event::Deleted => self.ready.tell(false, at),
            Event::Declined { reason } | Event::OptedOut { reason } => {
                self.package.reason.clone_from(reason);
                self.refused_at = at;
                self.ready.tell(false, at);
                self.closed = true;
            }
            Event::Expired => {
                self.ready.tell(false, at);
                self.closed = true;
            }
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

    /// Rule 6: what a signer does while the package is a draft means that it was sent, unless it was taken back.
    fn infer_sent(&mut self, record: &Record, at: Timestamp) {
        if self.package.status == Status::Draft && !self.recalled && record.event.implies_sent() {
            self.status_at = at;
            self.closed = false;
            self.set_status(Status::Sent, record, true);
            self.doubt(DoubtKind::SentInferred, record, at);
        }
    }

    /// What a fact says of the signer whom it names (rules 11 and 12).
    fn signer_fact(&mut self, record: &Record, at: Timestamp) {
        if let Event::AttachmentAdded { name } = &record.event {
            let attachment = Attachment { name: name.clone(), signer: record.who.clone(), at };
            self.package.attachments.push(attachment);
        }
        if !record.event.names_a_signer() {
            return;
        }
        let Some(who) = &record.who else { return };
        if let Event::Consented { .. } = &record.event
            && !self.package.consented.contains(who)
        {
            self.package.consented.push(who.clone());
        }
        if let Event::DocumentSigned { document: Some(document) } = &record.event {
            self.sheet(document).sign(who, at);
        }
        if let Event::Reassigned { new_role: Some(role) } = &record.event
            && !self.seats.iter().any(|seat| seat.id == *role || seat.role.as_ref() == Some(role))
        {
            let mut place = Seat::new(role);
            place.role = Some(role.clone());
            place.placeholder = true;
            place.named_at = at;
            self.seats.push(place);
        }
        let seat = self.seat(who);
        seat.named_at = seat.named_at.max(at);
        seat.left = false;
        seat.placeholder = false;
        if record.event.is_positive() {
            seat.got_through(at);
        }
        match &record.event {
            Event::Viewed { .. } => seat.view(at),
            Event::Consented { .. } => seat.consent(at),
            Event::DocumentSigned { .. } => seat.sign_one(at),
            Event::SignerCompleted => seat.complete(at),
            Event::Locked => seat.locked.tell(true, at),
            Event::IdentityFailed => seat.kba_failed.tell(true, at),
            Event::Bounced(Bounce::Returned) => seat.bounced.tell(true, at),
            Event::Reassigned { .. } => seat.reassigned = Some(at),
            Event::Declined { .. } => seat.declined = Some(at),
            Event::OptedOut { .. } => seat.opted_out = Some(at),
            _ => {}
        }
    }

    /// Rule 4: a fact without a time is a floor. An answer outranks it only if it was asked for after the receipt.
    pub(super) fn untimed(&mut self, fact: &Fact<'_>) {
        let (record, at) = (fact.record, fact.record.received_at);
        self.saw(record, at);
        let outranked = self.asked_at.is_some_and(|asked| asked > at);
        match &record.event {
            Event::TemplateCreated => self.package.template = true,
            Event::Recalled | Event::Trashed | Event::Restored | Event::Deleted => {
                if !outranked {
                    self.doubt(DoubtKind::Untimed, record, at);
                }
                return;
            }
            Event::Declined { reason } | Event::OptedOut { reason } if self.package.reason.is_none() => {
                self.package.reason.clone_from(reason);
            }
            Event::ReadyToComplete if !outranked && self.package.status == Status::Sent => {
                self.ready.value = true;
            }
            _ => {}
        }
        self.untimed_signer(record, at, outranked);
        if outranked {
            return;
        }
        if self.package.status == Status::Draft && !self.recalled && record.event.implies_sent() {
            self.set_status(Status::Sent, record, true);
            self.doubt(DoubtKind::SentInferred, record, at);
        }
        let Some(status) = record.event.moves_to() else { return };
        let before = self.package.status;
        let two_ends = before.is_end() && status.is_end() && before != status;
        let later_end = two_ends && record.event.rank() >= rank_of_end(before);
        if two_ends {
            self.doubt(DoubtKind::TwoEnds, record, at);
        }
        if status.height() > before.height() || later_end {
            self.ready.value &= status == Status::Sent;
            self.set_status(status, record, false);
        }
    }

    fn untimed_signer(&mut self, record: &Record, at: Timestamp, outranked: bool) {
        let known =
            record.who.as_ref().and_then(|who| self.seats.iter().find(|seat| seat.id == *who)).cloned();
        self.signer_fact(record, at);
        let Some(who) = &record.who else { return };
        if !record.event.names_a_signer() {
            return;
        }
        let seat = self.seat(who);
        let Some(before) = known else { return };
        // It only raises: what was told with a time, or answered later, stays.
        seat.locked = raised(before.locked, seat.locked, at, outranked);
        seat.bounced = raised(before.bounced, seat.bounced, at, outranked);
        seat.kba_failed = raised(before.kba_failed, seat.kba_failed, at, outranked);
        seat.reassigned = before.reassigned.or(seat.reassigned.filter(|_| !outranked));
        seat.left = before.left && outranked;
        if outranked {
            seat.signed = before.signed;
            seat.signing = before.signing;
        } else {
            seat.signed = before.signed.or(seat.signed);
            seat.signing = before.signing.or(seat.signing);
        }
        seat.named_at = before.named_at;
    }

    fn saw(&mut self, record: &Record, at: Timestamp) {
        self.package.updated = self.package.updated.max(at);
        let stranger =
            record.event.names_a_signer() && record.who.as_ref().is_some_and(|who| !self.is_named(who));
        if record.event.asks_at_once() || stranger {
            self.asking = self.asking.max(Some(record.received_at));
        }
    }

    fn is_named(&self, who: &str) -> bool {
        self.seats.iter().any(|seat| seat.id == who && (seat.name.is_some() || seat.email.is_some()))
    }

    pub(super) fn doubt(&mut self, kind: DoubtKind, record: &Record, at: Timestamp) {
        let name = if record.answer().is_some() { ANSWER_NAME.to_owned() } else { record.name.clone() };
        self.package.doubts.push(Doubt { kind, name, at, received_at: record.received_at });
    }

    pub(super) fn seat(&mut self, id: &str) -> &mut Seat {
        let at = self.seats.iter().position(|seat| seat.id == id).unwrap_or_else(|| {
            self.seats.push(Seat::new(id));
            self.seats.len() - 1
        });
        &mut self.seats[at]
    }

    pub(super) fn sheet(&mut self, id: &str) -> &mut Sheet {
        let at = self.sheets.iter().position(|sheet| sheet.id == id).unwrap_or_else(|| {
            self.sheets.push(Sheet { id: id.to_owned(), name: None, signed_by: Vec::new() });
            self.sheets.len() - 1
        });
        &mut self.sheets[at]
    }

    pub(super) fn finish(mut self) -> Package {
        let mut package = std::mem::take(&mut self.package);
        package.trashed = self.trashed.value;
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

impl Sheet {
    pub(super) fn sign(&mut self, who: &str, at: Timestamp) {
        match self.signed_by.iter_mut().find(|(id, _)| id == who) {
            Some((_, known)) => *known = at.max(*known),
            None => self.signed_by.push((who.to_owned(), at)),
        }
    }
}

/// A flag that an untimed fact of the receipt `at` may raise, unless a fact that happened later lowered it.
fn raised(before: Register<bool>, now: Register<bool>, at: Timestamp, outranked: bool) -> Register<bool> {
    let raises = now.value && !before.value && !outranked && before.fact_at <= at;
    if raises { now } else { before }
}

/// The rank of the event that tells an end, for ends that come without a time.
fn rank_of_end(status: Status) -> u8 {
    if status == Status::Completed { Event::Completed.rank() } else { Event::Expired.rank() }
}
