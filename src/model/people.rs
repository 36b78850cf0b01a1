//! The people and documents of a walk: whom a fact names, and what it says of them (rules 11 and 12).

use super::package::Attachment;
use super::seat::Seat;
use super::walk::Walk;
use super::{Description, Event, Record, Timestamp};

/// A document while the log is folded: who signed it, and when by a fact.
pub(super) struct Sheet {
    pub id: String,
    pub name: Option<String>,
    pub signed_by: Vec<(String, Timestamp)>,
}

impl Walk {
    /// What a fact says of the signer whom it names (rules 11 and 12).
    pub(super) fn signer_fact(&mut self, record: &Record, at: Timestamp) {
        self.hand_in(record, at);
        let Some(who) = record.signer() else { return };
        self.place_and_sheet(&record.event, who, at);
        let seat = self.seat(who);
        seat.named_at = seat.named_at.max(at);
        seat.left = false;
        seat.placeholder = false;
        if seat.fact(&record.event, at) {
            // Whoever was set back was so for a reason, and the package perhaps with them.
            self.asking = self.asking.max(Some(record.received_at));
        }
    }

    /// What no answer of the API can deny: who accepted an agreement, and what was handed in.
    pub(super) fn hand_in(&mut self, record: &Record, at: Timestamp) {
        match (&record.event, &record.who) {
            (Event::AttachmentAdded { name }, who) => {
                let attachment = Attachment { name: name.clone(), signer: who.clone(), at };
                self.package.attachments.push(attachment);
            }
            (Event::Consented { .. }, Some(who)) if !self.package.consented.contains(who) => {
                self.package.consented.push(who.clone());
            }
            _ => {}
        }
    }

    /// The document that a signer signed; the place that a signer made for someone else.
    pub(super) fn place_and_sheet(&mut self, event: &Event, who: &str, at: Timestamp) {
        match event {
            Event::DocumentSigned { document: Some(document) } => self.sheet(document).sign(who, at),
            Event::Reassigned { new_role: Some(role) } if !self.has_place(role) => {
                let mut place = Seat::new(role);
                place.role = Some(role.clone());
                place.placeholder = true;
                place.named_at = at;
                self.seats.push(place);
            }
            _ => {}
        }
    }

    fn has_place(&self, role: &str) -> bool {
        self.seats.iter().any(|seat| seat.id == role || seat.role.as_deref() == Some(role))
    }

    /// What a callback says of the package and its people.
    pub(super) fn describe(&mut self, it: &Description, at: Timestamp, timed: bool) {
        let told = [&it.name, &it.reference, &it.group];
        for (known, told) in [&mut self.name, &mut self.reference, &mut self.group].into_iter().zip(told) {
            if told.is_some() {
                known.raise(told.clone(), at);
            }
        }
        for person in &it.people {
            let seat = self.seat(&person.id);
            seat.left = false;
            seat.placeholder = false;
            if timed {
                seat.named_at = seat.named_at.max(at);
            }
            seat.describe(person, at, timed);
        }
    }

    pub(super) fn is_named(&self, who: &str) -> bool {
        self.seats.iter().any(|seat| seat.id == who && (seat.name.is_some() || seat.email.is_some()))
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
}

impl Sheet {
    pub(super) fn sign(&mut self, who: &str, at: Timestamp) {
        match self.signed_by.iter_mut().find(|(id, _)| id == who) {
            Some((_, known)) => *known = at.max(*known),
            None => self.signed_by.push((who.to_owned(), at)),
        }
    }
}
