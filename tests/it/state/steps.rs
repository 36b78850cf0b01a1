//! A small Legalesign that plays a document by the codes of rule 19, tells each change in whole seconds as its batches
//! do, and can always say how things stand.

use super::build::{answer_between, record};
use signboard::model::{
    Answer, Bounce, Description, Event, Identity, Person, Place, Record, SignerStatus, Snapshot, Status,
    Step, Timestamp,
};

const SIGNERS: [&str; 3] = ["a", "b", "c"];
const START: i64 = 1_700_000_000_000;
const GROUP: &str = "lettings-team";
/// A batch comes after as long as this.
const BATCH_MS: i64 = 360_000;

/// A wish: which step, by whom, how far, after how long. What isn't legal now is an unknown code.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    pub step: u8,
    pub who: usize,
    pub far: usize,
    pub pause: i64,
}

#[derive(Debug, Clone, Copy)]
pub struct One {
    pub step: Step,
    pub refused: bool,
    pub bounced: bool,
}

/// How things stand.
#[derive(Debug, Clone)]
pub struct Truth {
    now: i64,
    code: u8,
    pub pdf: bool,
    pub signers: [One; 3],
}

/// Everything that was told, and how things stood after each step.
#[derive(Debug)]
pub struct Story {
    pub told: Vec<Record>,
    pub truths: Vec<Truth>,
    last_rank: u8,
}

impl One {
    pub fn status(&self) -> SignerStatus {
        if self.refused { SignerStatus::Declined } else { self.step.status() }
    }

    fn is_out(&self) -> bool {
        self.refused || self.step.is_out()
    }

    fn is_done(&self) -> bool {
        !self.refused && self.step.status() == SignerStatus::Signed
    }
}

/// Plays the wishes.
pub fn play(wishes: &[Wish]) -> Story {
    let new = One { step: Step::Unsent, refused: false, bounced: false };
    let mut truth = Truth { now: START + 300, code: 10, pdf: false, signers: [new; 3] };
    let mut story = Story { told: Vec::new(), truths: Vec::new(), last_rank: 0 };
    story.tell(&mut truth, None, Event::Created, |_| {});
    for wish in wishes {
        truth.now += wish.pause;
        story.step(&mut truth, *wish);
    }
    story
}

impl Story {
    /// Within a second only what sorts that way: nobody could tell it apart (rule 1).
    fn tell(&mut self, truth: &mut Truth, who: Option<usize>, event: Event, change: impl Fn(&mut Truth)) {
        let before = self.truths.last().map_or(0, |it| it.now);
        if event.rank() < self.last_rank && truth.now / 1_000 == before / 1_000 {
            truth.now = (truth.now / 1_000 + 1) * 1_000;
        }
        self.last_rank = event.rank();
        change(truth);
        let received = truth.now + if truth.now % 2 == 0 { 150 } else { BATCH_MS };
        let who = who.map(|n| SIGNERS[n]);
        self.told.push(record(event, who, Some(truth.now / 1_000 * 1_000), received));
        self.truths.push(truth.clone());
        truth.now += 1;
    }

    fn step(&mut self, truth: &mut Truth, wish: Wish) {
        let (n, me, open) = (wish.who, truth.signers[wish.who], truth.code < 30);
        match wish.step {
            0 | 1 if open => {
                for n in 0..SIGNERS.len() {
                    self.stand(truth, n, Step::Sent);
                }
            }
            2..=9 if open && !me.refused => {
                // Nobody gets anywhere before they were written to.
                let most = if me.is_out() { Step::Downloaded } else { Step::Sent };
                let known = Step::ALL.iter().filter(|step| **step != Step::FinishedUnsigned);
                let next = known.filter(|step| me.step < **step && **step <= most);
                if let Some(step) = next.take(1 + wish.far).last() {
                    self.stand(truth, n, *step);
                }
            }
            10 if open && me.is_out() && !me.is_done() && !me.refused => self.refuse(truth, n, wish.far),
            11 if open && (me.refused || me.step >= Step::Visited) => {
                let reset = |truth: &mut Truth| {
                    truth.signers[n].step = Step::Sent;
                    truth.signers[n].refused = false;
                };
                self.tell(truth, Some(n), Event::Stands(Step::Sent), reset);
                if truth.code == 20 {
                    self.tell(truth, None, Event::Created, |truth| truth.code = 10);
                }
            }
            12 if open && me.is_out() => {
                let bounce = |truth: &mut Truth| truth.signers[n].bounced = true;
                self.tell(truth, Some(n), Event::Bounced(Bounce::Returned), bounce);
            }
            13 if open && wish.far == 0 => {
                self.tell(truth, None, Event::Cancelled, |truth| truth.code = 40);
            }
            14 | 15 if truth.code == 30 => {
                let made = |truth: &mut Truth| truth.pdf = true;
                self.tell(truth, None, Event::PdfReady, made);
                // The form tells no time.
                if let Some(it) = self.told.last_mut().filter(|_| wish.far.is_multiple_of(2)) {
                    *it = record(Event::PdfReady, None, None, it.received_at.0);
                }
            }
            16 => self.tell(truth, None, Event::Described(Box::new(description())), |_| {}),
            _ => self.tell(truth, Some(n), Event::Unrecognised, |_| {}),
        }
    }

    fn stand(&mut self, truth: &mut Truth, n: usize, step: Step) {
        if truth.signers[n].refused || truth.signers[n].step >= step {
            return;
        }
        self.tell(truth, Some(n), Event::Stands(step), |truth| {
            truth.signers[n].step = step;
            truth.signers[n].bounced &= !step.is_positive();
        });
        let filled = |one: &One| !one.refused && one.step.status() >= SignerStatus::Signing;
        if truth.code == 10 && truth.signers.iter().all(filled) {
            self.tell(truth, None, Event::Sent, |truth| truth.code = 20);
        }
        if truth.code < 30 && truth.signers.iter().all(One::is_done) {
            self.tell(truth, None, Event::Completed, |truth| truth.code = 30);
        }
    }

    fn refuse(&mut self, truth: &mut Truth, n: usize, far: usize) {
        let refused = |truth: &mut Truth| truth.signers[n].refused = true;
        let reason = (far > 0).then(|| "too dear".to_owned());
        self.tell(truth, Some(n), Event::Refused { reason: reason.clone() }, refused);
        match far {
            // It may take a word of somebody else before the document is rejected, or none.
            0 => {}
            1 => self.tell(truth, None, Event::Declined { reason: None }, |truth| truth.code = 50),
            _ => self.tell(truth, Some(n), Event::Declined { reason }, |truth| truth.code = 50),
        }
    }

    /// How things stand at the end.
    pub fn end_truth(&self) -> &Truth {
        self.truths.last().expect("a story begins with its creation")
    }

    /// What the API says after the step `n` (of as many as there are), `later` into the pause before the next one. With
    /// `cut`, D is cut to the second, as a `Date` header is.
    pub fn answer(&self, n: usize, later: i64, cut: bool) -> Record {
        let n = n % self.truths.len();
        let truth = &self.truths[n];
        let next = self.truths.get(n + 1).map(|next| next.now);
        answer_between(Answer::Shown(truth.shown()), truth.now, next, later, cut)
    }
}

impl Truth {
    pub fn status(&self) -> Status {
        match self.code {
            10 | 20 if self.signers.iter().any(One::is_out) => Status::Sent,
            10 | 20 => Status::Draft,
            30 => Status::Completed,
            40 => Status::Cancelled,
            _ => Status::Declined,
        }
    }

    fn shown(&self) -> Snapshot {
        let second = Some(Timestamp(self.now / 1_000 * 1_000));
        let place = |(index, (id, one)): (i64, (&str, &One))| Place {
            role: id.to_owned(),
            index,
            required: 1,
            signed: u32::from(one.is_done()),
            started: one.status() >= SignerStatus::Signing,
            step: (!one.refused).then_some(one.step),
            refused: one.refused,
            people: vec![(person(id), Identity::Untold)],
            ..Place::default()
        };
        let Description { name, reference, group, .. } = description();
        Snapshot {
            status: self.status(),
            name,
            reference,
            group,
            created: Some(Timestamp(START)),
            updated: second,
            archived: self.code == 40,
            final_pdf: self.pdf,
            reason: (self.code == 50).then(|| "too dear".to_owned()),
            places: (0..).zip(SIGNERS.into_iter().zip(&self.signers)).map(place).collect(),
            ..Snapshot::default()
        }
    }

    /// The signers and their ids.
    pub fn people(&self) -> impl Iterator<Item = (&'static str, &One)> {
        SIGNERS.into_iter().zip(&self.signers)
    }
}

fn person(id: &str) -> Person {
    Person { id: id.to_owned(), name: Some(id.to_uppercase()), email: Some(format!("{id}@a.example")) }
}

fn description() -> Description {
    Description {
        name: Some("Lease".into()),
        reference: Some("flat 7".into()),
        group: Some(GROUP.into()),
        people: SIGNERS.map(person).to_vec(),
    }
}
