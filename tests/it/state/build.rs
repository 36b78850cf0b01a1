//! A log in a few words. Times are milliseconds; a fact is received when it happens, unless said otherwise.

use signboard::model::fold::ANSWER_NAME;
use signboard::model::{
    Answer, Description, DoubtKind, Event, Fingerprint, Identity, Origin, Package, Person, Place, Record,
    Signer, SignerStatus, Snapshot, Status, Step, Timestamp, fold,
};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A minute: far outside the window of rule 15.
pub const MIN: i64 = 60_000;

/// A fact as an adapter makes it: what is the same has the same fingerprint.
pub fn record(event: Event, who: Option<&str>, at: Option<i64>, received_at: i64) -> Record {
    let half = |salt: u8| {
        let mut hash = DefaultHasher::new();
        (salt, format!("{event:?}"), who, at).hash(&mut hash);
        hash.finish().to_be_bytes()
    };
    let mut fingerprint = [0; 16];
    fingerprint[..8].copy_from_slice(&half(0));
    fingerprint[8..].copy_from_slice(&half(1));
    let answered = matches!(event, Event::Answered(_));
    let word = format!("{event:?}").split([' ', '(']).next().unwrap_or_default().to_owned();
    Record {
        name: if answered { ANSWER_NAME.to_owned() } else { word },
        event,
        who: who.map(str::to_owned),
        happened_at: at.map(Timestamp),
        received_at: Timestamp(received_at),
        fingerprint: Fingerprint(fingerprint),
        deliveries: 1,
        origin: if answered { Origin::Poll } else { Origin::Callback },
        arrival: None,
        unverified: false,
    }
}

/// An answer true at `d`, asked for then.
pub fn answer(answer: Answer, d: i64) -> Record {
    record(Event::Answered(Box::new(answer)), None, Some(d), d)
}

/// A log in the making; it folds in the order in which it was told, which must not matter.
#[derive(Clone, Default)]
pub struct Log(pub Vec<Record>);

impl Log {
    pub fn at(mut self, at: i64, event: Event) -> Self {
        self.0.push(record(event, None, Some(at), at));
        self
    }

    pub fn by(mut self, at: i64, who: &str, event: Event) -> Self {
        self.0.push(record(event, Some(who), Some(at), at));
        self
    }

    /// A fact without a time.
    pub fn untimed(mut self, received_at: i64, who: &str, event: Event) -> Self {
        self.0.push(record(event, Some(who), None, received_at));
        self
    }

    pub fn shown(mut self, d: i64, snapshot: Snapshot) -> Self {
        self.0.push(answer(Answer::Shown(snapshot), d));
        self
    }

    pub fn missing(mut self, d: i64) -> Self {
        self.0.push(answer(Answer::NotFound, d));
        self
    }

    pub fn sent() -> Self {
        Self::default().at(0, Event::Created).at(1, Event::Sent)
    }

    pub fn fold(&self) -> Package {
        fold(&self.0)
    }
}

/// What the API says of a package with these places.
pub fn snapshot(status: Status, places: impl IntoIterator<Item = Place>) -> Snapshot {
    Snapshot { status, autocomplete: true, places: places.into_iter().collect(), ..Snapshot::default() }
}

/// A place with one person, both of the same id, who has signed `signed` of two.
pub fn place(id: &str, signed: u32) -> Place {
    let person =
        Person { id: id.to_owned(), name: Some(id.to_uppercase()), email: Some(format!("{id}@a.example")) };
    Place {
        role: format!("role-{id}"),
        locked: Some(false),
        required: 2,
        signed,
        started: signed > 0,
        people: vec![(person, Identity::Untold)],
        ..Place::default()
    }
}

pub fn signer<'a>(package: &'a Package, id: &str) -> &'a Signer {
    let found = package.signers.iter().find(|signer| signer.id == id);
    found.unwrap_or_else(|| panic!("no signer {id} among {:?}", package.signers))
}

pub fn progress(package: &Package, id: &str) -> SignerStatus {
    signer(package, id).status
}

pub fn doubts(package: &Package) -> Vec<DoubtKind> {
    package.doubts.iter().map(|doubt| doubt.kind).collect()
}

pub fn viewed() -> Event {
    Event::Viewed { document: None }
}

pub fn consented() -> Event {
    Event::Consented { document: "default-consent".to_owned() }
}

pub fn signed(document: &str) -> Event {
    Event::DocumentSigned { document: Some(document.to_owned()) }
}

pub fn declined() -> Event {
    Event::Declined { reason: Some("too dear".to_owned()) }
}

/// The codes of a signer in the order in which those of one second come.
pub const CODES: [Step; 10] = [
    Step::Unsent,
    Step::Scheduled,
    Step::Sent,
    Step::MailOpened,
    Step::Visited,
    Step::FilledButSignature,
    Step::Filled,
    Step::AwaitsWitness,
    Step::Signed,
    Step::Downloaded,
];

pub fn refused(reason: Option<&str>) -> Event {
    Event::Refused { reason: reason.map(str::to_owned) }
}

/// A document with a signer at `step`.
pub fn at_step(step: Step) -> Log {
    Log::default().at(1_000, Event::Created).by(2_000, "s", Event::Stands(step))
}

/// A place as the API tells it.
pub fn stands(id: &str, step: Option<Step>) -> Place {
    Place { required: 1, signed: 0, started: false, locked: None, step, ..place(id, 0) }
}

pub fn in_steps(status: Status, step: Step) -> Snapshot {
    snapshot(status, [stands("s", Some(step))])
}

pub fn description(name: &str, people: &[(&str, &str)]) -> Event {
    let person = |(id, email): &(&str, &str)| Person {
        id: (*id).to_owned(),
        name: Some(id.to_uppercase()),
        email: Some((*email).to_owned()),
    };
    Event::Described(Box::new(Description {
        name: Some(name.to_owned()),
        reference: Some("flat 7".into()),
        group: Some("lettings".into()),
        people: people.iter().map(person).collect(),
    }))
}

/// An answer true `later` after the moment `now`, and before the `next` thing happens. With `cut`, D is cut to the second,
/// as a `Date` header is.
pub fn answer_between(told: Answer, now: i64, next: Option<i64>, later: i64, cut: bool) -> Record {
    let moment = next.map_or(now + later, |next| (now + later).min(next - 1));
    let d = if cut { moment / 1_000 * 1_000 } else { moment };
    Record { received_at: Timestamp(moment + 120), ..answer(told, d) }
}
