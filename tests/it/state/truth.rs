//! A small provider that plays a package by the rules of reference E.2, tells each step, and can always say how things
//! stand. Everything that it changes it tells, but for what a signer's next step shows: that a lock was opened, that an
//! identity was proven.

use super::build::{answer_between, declined, record, signed, viewed};
use signboard::model::{
    Answer, Bounce, Event, Identity, Paper, Person, Place, Record, SignerStatus, Snapshot, Status, Timestamp,
};

const PEOPLE: [&str; 3] = ["a", "b", "c"];
const PAPERS: [&str; 2] = ["d", "e"];
const START: i64 = 1_700_000_000_000;

/// A wish: which step, by whom, after how long. What isn't legal now becomes a note.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    pub step: u8,
    pub who: usize,
    pub pause: i64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Person3 {
    pub viewed: bool,
    pub consented: bool,
    pub papers: [bool; 2],
    pub refused: Option<Status>,
    pub locked: bool,
    pub bounced: bool,
    pub identity: Identity,
    pub last_mark: Option<i64>,
}

/// How things stand.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    pub now: i64,
    /// The last step, as the API's `updated`.
    pub updated: i64,
    pub status: Status,
    pub trashed: bool,
    pub autocomplete: bool,
    pub ready: bool,
    pub people: [Person3; 3],
}

/// Everything that was told, and how things stood after each step.
#[derive(Debug)]
pub struct Story {
    pub told: Vec<Record>,
    pub truths: Vec<Truth>,
}

impl Person3 {
    fn is_done(&self) -> bool {
        self.papers == [true, true]
    }

    pub fn status(&self) -> SignerStatus {
        match self.refused {
            Some(Status::OptedOut) => SignerStatus::OptedOut,
            Some(_) => SignerStatus::Declined,
            None if self.is_done() => SignerStatus::Signed,
            None if self.consented || self.papers != [false, false] => SignerStatus::Signing,
            None if self.viewed => SignerStatus::Viewed,
            None => SignerStatus::Waiting,
        }
    }

    /// Whoever gets on was let in.
    fn gets_through(&mut self) {
        self.locked = false;
        self.bounced = false;
        if self.identity == Identity::Failed {
            self.identity = Identity::Passed;
        }
    }
}

/// Plays the wishes.
pub fn play(autocomplete: bool, wishes: &[Wish]) -> Story {
    let mut truth = Truth { now: START, updated: START, autocomplete, ..Truth::default() };
    let mut story = Story { told: Vec::new(), truths: Vec::new() };
    story.tell(&mut truth, "sender", Event::Created);
    for wish in wishes {
        truth.now += wish.pause;
        story.step(&mut truth, wish);
    }
    story
}

impl Story {
    fn tell(&mut self, truth: &mut Truth, who: &str, event: Event) {
        truth.updated = truth.now;
        self.told.push(record(event, Some(who), Some(truth.now), truth.now + 150));
        self.truths.push(truth.clone());
        truth.now += 1;
    }

    fn step(&mut self, truth: &mut Truth, wish: &Wish) {
        let (n, id) = (wish.who, PEOPLE[wish.who]);
        let me = truth.people[n];
        let sent = truth.status == Status::Sent && !truth.trashed;
        let ended = matches!(truth.status, Status::Declined | Status::OptedOut | Status::Expired);
        match wish.step {
            _ if truth.status == Status::Deleted => {}
            0..=2
                if truth.status == Status::Draft
                    || ended
                    || truth.trashed && truth.status == Status::Sent =>
            {
                self.activate(truth, ended);
            }
            3 if sent => {
                truth.people[n].viewed = true;
                truth.people[n].gets_through();
                self.tell(truth, id, viewed());
            }
            4 | 5 if sent && !me.consented => {
                truth.people[n].consented = true;
                truth.people[n].last_mark = Some(truth.now);
                truth.people[n].gets_through();
                self.tell(truth, id, Event::Consented { document: "default-consent".into() });
            }
            6..=12 if sent && !me.is_done() => self.sign(truth, n),
            13 if sent && !me.is_done() => {
                truth.people[n].locked = true;
                self.tell(truth, id, Event::Locked);
            }
            14 if sent && !me.is_done() => {
                truth.people[n].identity = Identity::Failed;
                self.tell(truth, id, Event::IdentityFailed);
            }
            15 if sent && !me.is_done() => {
                // To the second it can't be told whether they got through before the mail came back.
                if me.last_mark.is_some_and(|mark| mark / 1_000 == truth.now / 1_000) {
                    truth.now += 1_000;
                }
                truth.people[n].bounced = true;
                self.tell(truth, id, Event::Bounced(Bounce::Returned));
            }
            16 if sent && !me.is_done() => self.refuse(truth, n, Status::Declined, declined()),
            17 if sent && !me.is_done() => {
                self.refuse(truth, n, Status::OptedOut, Event::OptedOut { reason: Some("on paper".into()) });
            }
            18 if sent => self.end(truth, Status::Expired, Event::Expired),
            19 if sent => self.end(truth, Status::Draft, Event::Recalled),
            20 if sent && truth.ready => self.end(truth, Status::Completed, Event::Completed),
            21 if ended || truth.status == Status::Completed => {
                self.end(truth, Status::Archived, Event::Archived);
            }
            22 if !truth.trashed => {
                truth.trashed = true;
                self.tell(truth, "sender", Event::Trashed);
            }
            23 | 24 if truth.trashed => {
                truth.trashed = false;
                self.tell(truth, "sender", Event::Restored);
            }
            25 => self.end(truth, Status::Deleted, Event::Deleted),
            26 if sent => self.tell(truth, id, Event::AttachmentAdded { name: Some("id.png".into()) }),
            27 if sent => self.tell(truth, id, Event::Bounced(Bounce::OutOfOffice)),
            _ => self.tell(truth, "sender", Event::Noted),
        }
    }

    fn activate(&mut self, truth: &mut Truth, ended: bool) {
        if ended || truth.status == Status::Draft {
            for person in &mut truth.people {
                person.refused = None;
                person.locked = false;
                person.bounced = false;
            }
        }
        truth.status = Status::Sent;
        truth.trashed = false;
        truth.ready = !truth.autocomplete && truth.people.iter().all(Person3::is_done);
        self.tell(truth, "sender", Event::Sent);
        self.finish(truth);
    }

    fn sign(&mut self, truth: &mut Truth, n: usize) {
        let me = &mut truth.people[n];
        let paper = usize::from(me.papers[0]);
        me.papers[paper] = true;
        me.last_mark = Some(truth.now);
        me.gets_through();
        let done = me.is_done();
        truth.ready = !truth.autocomplete && truth.people.iter().all(Person3::is_done);
        self.tell(truth, PEOPLE[n], signed(PAPERS[paper]));
        if done {
            truth.now += 15;
            self.tell(truth, PEOPLE[n], Event::SignerCompleted);
            self.finish(truth);
        }
    }

    /// Everybody has signed: done, or to be finished by the sender.
    fn finish(&mut self, truth: &mut Truth) {
        if truth.people.iter().all(Person3::is_done) {
            truth.now += 15;
            if truth.autocomplete {
                self.end(truth, Status::Completed, Event::Completed);
            } else {
                self.tell(truth, "sender", Event::ReadyToComplete);
            }
        }
    }

    fn refuse(&mut self, truth: &mut Truth, n: usize, status: Status, event: Event) {
        truth.people[n].refused = Some(status);
        truth.status = status;
        self.tell(truth, PEOPLE[n], event);
    }

    fn end(&mut self, truth: &mut Truth, status: Status, event: Event) {
        truth.status = status;
        truth.ready = false;
        self.tell(truth, "sender", event);
    }

    /// How things stand at the end.
    pub fn end_truth(&self) -> &Truth {
        self.truths.last().expect("a story begins with its creation")
    }

    /// What the API says after the step `n` (of as many as there are), `later` into the pause before the next one. With
    /// `cut`, D is cut to the second, as a `Date` header is: it may then lie before facts that the answer knows.
    pub fn answer(&self, n: usize, later: i64, cut: bool) -> Record {
        let n = n % self.truths.len();
        let truth = &self.truths[n];
        let next = self.truths.get(n + 1).map(|next| next.updated);
        answer_between(truth.answer(), truth.updated, next, later, cut)
    }
}

impl Truth {
    /// What the API states, with its whole seconds.
    pub fn answer(&self) -> Answer {
        if self.status == Status::Deleted {
            return Answer::NotFound;
        }
        let second = |at: i64| Some(Timestamp(at / 1_000 * 1_000));
        let place = |(index, (id, person)): (i64, (&str, &Person3))| Place {
            role: format!("role-{id}"),
            index,
            locked: Some(person.locked),
            required: 2,
            signed: person.papers.iter().map(|it| u32::from(*it)).sum(),
            started: person.last_mark.is_some(),
            last_mark: person.last_mark.and_then(second),
            people: vec![(
                Person {
                    id: id.to_owned(),
                    name: Some(id.to_uppercase()),
                    email: Some(format!("{id}@a.example")),
                },
                person.identity,
            )],
            ..Place::default()
        };
        let paper = |(n, id): (usize, &str)| Paper {
            id: id.to_owned(),
            signed_by: PEOPLE
                .iter()
                .zip(&self.people)
                .filter(|(_, person)| person.papers[n])
                .map(|(id, _)| format!("role-{id}"))
                .collect(),
            ..Paper::default()
        };
        Answer::Shown(Snapshot {
            status: self.status,
            trashed: self.trashed,
            created: second(START),
            updated: second(self.updated),
            autocomplete: self.autocomplete,
            places: (1..).zip(PEOPLE.into_iter().zip(&self.people)).map(place).collect(),
            papers: PAPERS.into_iter().enumerate().map(paper).collect(),
            ..Snapshot::default()
        })
    }

    /// The people and their ids.
    pub fn people(&self) -> impl Iterator<Item = (&'static str, &Person3)> {
        PEOPLE.into_iter().zip(&self.people)
    }
}
