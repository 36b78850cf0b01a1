//! What an answer of the API changes in the walk: it overrides the facts up to its time, in the fields that it states.

use super::record::CLOCK_TOLERANCE_MS;
use super::seat::{NEVER, WINDOW_MS};
use super::walk::Walk;
use super::{Answer, Doubt, DoubtKind, Record, Snapshot, Status, Timestamp};

impl Walk {
    pub(super) fn answered(&mut self, answer: &Answer, record: &Record, d: Timestamp) {
        let asked = Some(record.received_at);
        self.asked_at = self.asked_at.max(asked);
        let lists = matches!(answer, Answer::Shown(it) if !it.status_only);
        self.listed_at = self.listed_at.max(asked.filter(|_| lists));
        self.package.confirmed_at = self.package.confirmed_at.max(Some(d));
        // What was doubted before it is settled by it.
        self.package.doubts.retain(|doubt| doubt.at > d.plus(-WINDOW_MS));
        let agreed = match answer {
            Answer::NotFound => self.not_found(record, d),
            Answer::Shown(snapshot) => self.shown(snapshot, record, d),
        };
        if !agreed {
            self.doubt(DoubtKind::AgainstAnswer, record, d);
        }
    }

    /// Rule 9: an open package that the API doesn't know is deleted; one that had ended was purged.
    fn not_found(&mut self, record: &Record, d: Timestamp) -> bool {
        let status = self.package.status;
        if status == Status::Deleted {
            return true;
        }
        if !status.is_open() && self.status_at <= d.plus(-WINDOW_MS) {
            self.package.gone = true;
            return true;
        }
        self.state_status(Status::Deleted, record, d)
    }

    /// Rule 15: an answer overrides the facts up to its time, in the fields that it states.
    fn shown(&mut self, it: &Snapshot, record: &Record, d: Timestamp) -> bool {
        self.package.gone = false;
        if it.status_only {
            return self.state_status(it.status, record, d);
        }
        let package = &mut self.package;
        package.archived = it.archived;
        package.template |= it.template;
        package.sender.clone_from(&it.sender);
        package.due = it.due;
        package.data.clone_from(&it.data);
        // Not from the future either (rule 3).
        let updated = it.updated.map(|at| at.min(record.received_at.plus(CLOCK_TOLERANCE_MS)));
        package.updated = package.updated.max(updated.unwrap_or(NEVER));
        if !self.created_told {
            package.created = it.created;
        }
        let mut agreed = self.state_status(it.status, record, d);
        if it.reason.is_some() && self.package.status == it.status {
            self.package.reason.clone_from(&it.reason);
        }
        agreed &= self.name.state(it.name.clone(), d);
        agreed &= self.reference.state(it.reference.clone(), d);
        agreed &= self.group.state(it.group.clone(), d);
        agreed &= self.final_pdf.state(it.final_pdf, d);
        agreed &= self.trashed.state(it.trashed, d);
        agreed &= self.ready.state(it.is_ready_to_complete(), d);
        agreed & self.state_places(it, d)
    }

    /// `false`: a fact within the window contradicts, and stands; if it can be named, it is doubted here.
    fn state_status(&mut self, status: Status, record: &Record, d: Timestamp) -> bool {
        let before = self.package.status;
        self.refusal_stated = matches!(status, Status::Declined | Status::OptedOut);
        if before != status && self.status_at > d.plus(-WINDOW_MS) {
            // Named by the fact that stands: the status has one. Of flags and marks nobody keeps which fact it was.
            let Some(fact) = &self.package.decided else { return false };
            let (name, received_at) = (fact.name.clone(), fact.received_at);
            let kind = DoubtKind::AgainstAnswer;
            self.package.doubts.push(Doubt { kind, name, at: self.status_at, received_at });
            return true;
        }
        let untold = self.package.decided.as_ref().is_none_or(|decided| decided.inferred);
        if before != status || untold {
            self.status_at = NEVER;
            self.moved_by = None;
            self.set_status(status, record, false);
        }
        // Sent opens nothing: the activation that the answer saw may yet follow, and is to open its round (rule 7) as it
        // does without this answer.
        let ended = status.is_end() && status != Status::Completed;
        if ended || status == Status::Draft && before != Status::Draft {
            self.closed = self.closed.or(Some(d.plus(999)));
        }
        self.recalled &= status == Status::Draft;
        if matches!(status, Status::Sent | Status::Completed | Status::Expired) {
            self.package.reason = None;
            for seat in &mut self.seats {
                seat.declined = None;
                seat.opted_out = None;
            }
        }
        true
    }

    /// The people and documents of an answer. Whoever isn't listed has left, unless a newer fact names them.
    fn state_places(&mut self, it: &Snapshot, d: Timestamp) -> bool {
        let near = d.plus(-WINDOW_MS);
        let mut turns: Vec<i64> =
            it.places.iter().filter(|place| place.required > 0).map(|place| place.index).collect();
        turns.sort_unstable();
        turns.dedup();
        let lists_agreements = it.papers.iter().any(|paper| paper.agreement);
        let mut agreed = true;
        let mut listed: Vec<String> = Vec::new();
        for place in &it.places {
            let turn = turns.iter().position(|turn| *turn == place.index && place.required > 0);
            let order = turn.and_then(|turn| u32::try_from(turn + 1).ok());
            if place.people.is_empty() {
                let seat = self.seat(&place.role);
                agreed &= seat.state(place, None, d);
                seat.order = order;
                listed.push(place.role.clone());
                continue;
            }
            self.seats.retain(|seat| !(seat.placeholder && seat.id == place.role));
            for (person, identity) in &place.people {
                let seat = self.seat(&person.id);
                agreed &= seat.state(place, Some((person, *identity)), d);
                if lists_agreements && !place.started {
                    agreed &= seat.state_not_consented(d);
                }
                seat.order = order;
                listed.push(person.id.clone());
            }
        }
        for seat in &mut self.seats {
            if !listed.contains(&seat.id) && seat.reassigned.is_none() {
                seat.left = seat.named_at <= near;
                agreed &= seat.left;
            }
        }
        self.state_papers(it, near);
        agreed
    }

    fn state_papers(&mut self, it: &Snapshot, near: Timestamp) {
        let roles: Vec<(String, Option<String>)> =
            self.seats.iter().map(|seat| (seat.id.clone(), seat.role.clone())).collect();
        let role_of = |who: &str| roles.iter().find(|(id, _)| id == who).and_then(|(_, role)| role.clone());
        for sheet in &mut self.sheets {
            let paper = it.papers.iter().find(|paper| paper.id == sheet.id);
            sheet.signed_by.retain(|(who, at)| {
                *at > near
                    || paper
                        .is_some_and(|paper| role_of(who).is_none_or(|role| paper.signed_by.contains(&role)))
            });
        }
        self.sheets.retain(|sheet| {
            let paper = it.papers.iter().find(|paper| paper.id == sheet.id);
            paper.map_or(!sheet.signed_by.is_empty(), |paper| !paper.agreement)
        });
        for paper in it.papers.iter().filter(|paper| !paper.agreement) {
            let sheet = self.sheet(&paper.id);
            sheet.name.clone_from(&paper.name);
            for (who, role) in &roles {
                if role.as_ref().is_some_and(|role| paper.signed_by.contains(role)) {
                    sheet.sign(who, NEVER);
                }
            }
        }
        // In the order in which the provider lists them; what it doesn't list comes last.
        let place = |id: &str| it.papers.iter().position(|paper| paper.id == id).unwrap_or(usize::MAX);
        self.sheets.sort_by_key(|sheet| place(&sheet.id));
    }
}
