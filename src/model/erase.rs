//! Takes a person out of facts: their name, their mail address, and what they wrote. What happened, and that it was somebody,
//! stays. Pure; whom to take out is asked of [`Known`].

use super::snapshot::Answer;
use super::{Event, Person, Record};
use std::collections::{BTreeMap, BTreeSet};

/// How somebody is called who was taken out.
pub const SOMEBODY: &str = "erased person";
/// What stands for their words.
const WORDS: &str = "(erased)";
/// A shorter name is a word like others: in texts it stays.
const SHORTEST: usize = 3;

/// Who is to be taken out, by the number of their erasing.
pub trait Known {
    /// Whoever has this mail address.
    fn by_mail(&self, mail: &str) -> Option<i64>;
    /// Whoever is called so, where no mail address is told.
    fn by_name(&self, name: &str) -> Option<i64>;
    /// Whoever has this id among the people of the log in question.
    fn by_seat(&self, id: &str) -> Option<i64>;
}

/// What stands for a mail address: two of the same person are the same, and nobody else's.
#[must_use]
pub fn mark(number: i64) -> String {
    format!("erased-{number}")
}

/// Those of one log who are to be taken out, as far as its records name them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Eraser {
    seats: BTreeMap<String, i64>,
    mails: BTreeMap<String, i64>,
    names: BTreeSet<String>,
}

impl Eraser {
    /// Takes this mail address, and this name, out of texts, whoever wrote them.
    #[must_use]
    pub fn of(number: i64, mail: &str, name: Option<&str>) -> Self {
        let mut eraser = Self::default();
        eraser.mails.insert(mail.to_lowercase(), number);
        eraser.call(name);
        eraser
    }

    /// Looks who is in a record.
    pub fn meet(&mut self, record: &Record, known: &impl Known) {
        for person in people(&record.event) {
            let mail = person.email.as_deref();
            let unnamed = mail.is_none_or(str::is_empty);
            let number = mail
                .and_then(|it| known.by_mail(it))
                .or_else(|| person.name.as_deref().filter(|_| unnamed).and_then(|it| known.by_name(it)))
                .or_else(|| known.by_seat(&person.id))
                .or_else(|| known.by_mail(&person.id));
            let Some(number) = number else { continue };
            self.seats.insert(person.id.clone(), number);
            if let Some(mail) = mail.filter(|it| known.by_mail(it).is_some()) {
                self.mails.insert(mail.to_lowercase(), number);
            }
            self.call(person.name.as_deref());
        }
        if let Some(who) = record.who.as_deref() {
            if let Some(number) = known.by_mail(who) {
                self.mails.insert(who.to_lowercase(), number);
                self.seats.insert(who.to_owned(), number);
            } else if let Some(number) = known.by_seat(who) {
                self.seats.insert(who.to_owned(), number);
            }
        }
    }

    fn call(&mut self, name: Option<&str>) {
        let name = name.map(str::trim).filter(|it| it.chars().count() >= SHORTEST && *it != SOMEBODY);
        self.names.extend(name.map(str::to_owned));
    }

    /// The ids under which they are in this log.
    pub fn seats(&self) -> impl Iterator<Item = (&str, i64)> {
        self.seats.iter().map(|(id, number)| (id.as_str(), *number))
    }

    /// Their mail addresses, in lower case, and what stands for each where it was an id.
    pub fn marks(&self) -> impl Iterator<Item = (&str, String)> {
        self.mails.iter().map(|(mail, number)| (mail.as_str(), mark(*number)))
    }

    /// Nobody is to be taken out.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.seats.is_empty() && self.mails.is_empty() && self.names.is_empty()
    }

    /// The words by which they are known here: names and mail addresses.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.names.iter().chain(self.mails.keys()).map(String::as_str)
    }

    /// Takes them out. `false`: they weren't in it.
    pub fn redact(&self, record: &mut Record) -> bool {
        let before = record.clone();
        let theirs = match record.who.as_deref() {
            Some(who) => self.seats.contains_key(who) || self.mails.contains_key(&who.to_lowercase()),
            // Nobody says whose words they are: better too few are kept.
            None => !self.seats.is_empty(),
        };
        match &mut record.event {
            Event::Declined { reason } | Event::OptedOut { reason } | Event::Refused { reason } => {
                self.words_of(theirs, reason);
            }
            Event::AttachmentAdded { name } => self.words_of(theirs && record.who.is_some(), name),
            Event::Field { field, .. } => self.scrub(field),
            Event::Described(it) => {
                self.maybe(&mut it.name);
                self.maybe(&mut it.reference);
                it.people.iter_mut().for_each(|person| self.person(person));
            }
            Event::Answered(answer) => {
                if let Answer::Shown(it) = &mut **answer {
                    let sits = |person: &Person| self.seats.contains_key(&person.id);
                    let (mut refused, mut sat) = (None, false);
                    for place in &it.places {
                        let theirs = place.people.iter().any(|(person, _)| sits(person));
                        sat |= theirs;
                        if place.refused {
                            refused = Some(refused.unwrap_or(false) || theirs);
                        }
                    }
                    self.words_of(refused.unwrap_or(sat), &mut it.reason);
                    self.maybe(&mut it.name);
                    self.maybe(&mut it.reference);
                    it.data.iter_mut().for_each(|(_, value)| self.scrub(value));
                    it.sender.iter_mut().for_each(|person| self.person(person));
                    for place in &mut it.places {
                        self.maybe(&mut place.name);
                        self.id(&mut place.role);
                        place.people.iter_mut().for_each(|(person, _)| self.person(person));
                    }
                    for paper in &mut it.papers {
                        self.maybe(&mut paper.name);
                        paper.signed_by.iter_mut().for_each(|id| self.id(id));
                    }
                }
            }
            _ => {}
        }
        if let Some(who) = &mut record.who {
            self.id(who);
        }
        *record != before
    }

    fn person(&self, person: &mut Person) {
        if let Some(number) = self.seats.get(&person.id) {
            person.name = person.name.take().map(|_| SOMEBODY.to_owned());
            person.email = person.email.take().map(|_| mark(*number));
        } else {
            // Somebody else with the same name keeps it; a mail address is of one.
            self.maybe_mail(&mut person.name);
            self.maybe_mail(&mut person.email);
        }
        self.id(&mut person.id);
    }

    /// An id may be a mail address.
    fn id(&self, id: &mut String) {
        if let Some(number) = self.mails.get(&id.to_lowercase()) {
            *id = mark(*number);
        }
    }

    fn words_of(&self, theirs: bool, text: &mut Option<String>) {
        match text {
            Some(text) if theirs && !text.is_empty() => WORDS.clone_into(text),
            text => self.maybe(text),
        }
    }

    fn maybe(&self, text: &mut Option<String>) {
        text.iter_mut().for_each(|text| self.scrub(text));
    }

    fn maybe_mail(&self, text: &mut Option<String>) {
        if let Some(text) = text {
            self.mails.keys().for_each(|mail| replace(text, mail, WORDS));
        }
    }

    /// Takes them out of a text that somebody wrote.
    pub fn scrub(&self, text: &mut String) {
        self.mails.keys().for_each(|mail| replace(text, mail, WORDS));
        self.names.iter().for_each(|name| replace(text, name, SOMEBODY));
    }
}

fn people(event: &Event) -> Vec<&Person> {
    match event {
        Event::Described(it) => it.people.iter().collect(),
        Event::Answered(answer) => match &**answer {
            Answer::Shown(it) => it.people().chain(&it.sender).collect(),
            Answer::NotFound => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Puts `with` for each `word` that stands by itself, however it is spelt.
fn replace(text: &mut String, word: &str, with: &str) {
    let low = |it: char| it.to_lowercase().next().unwrap_or(it);
    let chars: Vec<char> = text.chars().collect();
    let word: Vec<char> = word.chars().map(low).collect();
    if word.is_empty() || chars.len() < word.len() {
        return;
    }
    let alone = |at: usize| {
        let before = at.checked_sub(1).and_then(|it| chars.get(it));
        let after = chars.get(at + word.len());
        ![before, after].into_iter().flatten().any(|it| it.is_alphanumeric())
    };
    let is_at =
        |at: usize| chars.iter().skip(at).take(word.len()).map(|it| low(*it)).eq(word.iter().copied());
    let (mut done, mut at) = (String::with_capacity(text.len()), 0);
    while let Some(next) = chars.get(at) {
        if is_at(at) && alone(at) {
            done.push_str(with);
            at += word.len();
        } else {
            done.push(*next);
            at += 1;
        }
    }
    *text = done;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Description, Fingerprint, Identity, Origin, Place, Snapshot, Timestamp};

    struct Ana;

    impl Known for Ana {
        fn by_mail(&self, mail: &str) -> Option<i64> {
            mail.eq_ignore_ascii_case("ana@a.example").then_some(7)
        }
        fn by_name(&self, name: &str) -> Option<i64> {
            (name == "Ana Souza").then_some(7)
        }
        fn by_seat(&self, _: &str) -> Option<i64> {
            None
        }
    }

    fn record(event: Event, who: Option<&str>) -> Record {
        Record {
            event,
            who: who.map(str::to_owned),
            happened_at: None,
            received_at: Timestamp(1),
            fingerprint: Fingerprint::default(),
            deliveries: 1,
            origin: Origin::Callback,
            name: "WORD".to_owned(),
            arrival: None,
            unverified: false,
        }
    }

    fn person(id: &str, name: &str, email: Option<&str>) -> Person {
        Person { id: id.to_owned(), name: Some(name.to_owned()), email: email.map(str::to_owned) }
    }

    fn answer() -> Record {
        let people = |it: Person| vec![(it, Identity::Untold)];
        let place =
            |role: &str, it: Person| Place { role: role.into(), people: people(it), ..Place::default() };
        let shown = Snapshot {
            name: Some("Lease of ANA SOUZA, Anas house".to_owned()),
            reason: Some("I don't want".to_owned()),
            sender: Some(person("s", "Ben", Some("ben@a.example"))),
            places: vec![
                place("r1", person("u1", "Ana Souza", Some("Ana@a.example"))),
                place("r2", person("u2", "Ana Souza", Some("other@a.example"))),
                place("ana@a.example", person("ana@a.example", "Ana S.", None)),
            ],
            ..Snapshot::default()
        };
        record(Event::Answered(Box::new(Answer::Shown(shown))), None)
    }

    #[test]
    fn somebody_is_taken_out_and_nobody_else() {
        let mut eraser = Eraser::default();
        let mut shown = answer();
        let mut declined = record(Event::Declined { reason: Some("My name is Ana".to_owned()) }, Some("u1"));
        let mut other = record(Event::Declined { reason: Some("Ask ana souza!".to_owned()) }, Some("u2"));
        for it in [&shown, &declined, &other] {
            eraser.meet(it, &Ana);
        }
        assert_eq!(eraser.seats().collect::<Vec<_>>(), [("ana@a.example", 7), ("u1", 7)]);
        assert!([&mut shown, &mut declined, &mut other].into_iter().all(|it| eraser.redact(it)));
        let text = format!("{shown:?}");
        assert!(!text.to_lowercase().contains("ana@a.example") && !text.contains("ANA"), "{text}");
        let Some(Answer::Shown(it)) = shown.answer() else { panic!("{shown:?}") };
        assert_eq!(it.name.as_deref(), Some("Lease of erased person, Anas house"));
        assert_eq!(it.places[0].people[0].0, person("u1", SOMEBODY, Some("erased-7")));
        assert_eq!(it.places[1].people[0].0, person("u2", "Ana Souza", Some("other@a.example")));
        assert_eq!(it.places[2].people[0].0, person("erased-7", SOMEBODY, None));
        assert_eq!(it.reason.as_deref(), Some(WORDS));
        assert_eq!(declined.event, Event::Declined { reason: Some(WORDS.to_owned()) });
        assert_eq!(other.event, Event::Declined { reason: Some("Ask erased person!".to_owned()) });
        // Once is enough.
        let again = shown.clone();
        let mut eraser = Eraser::default();
        eraser.meet(&again, &Ana);
        assert!(!eraser.redact(&mut shown), "{shown:?}");
    }

    #[test]
    fn where_no_mail_address_is_told_the_name_decides() {
        let described =
            Description { people: vec![person("u", "Ana Souza", None)], ..Description::default() };
        let mut record = record(Event::Described(Box::new(described)), None);
        let mut eraser = Eraser::default();
        eraser.meet(&record, &Ana);
        assert!(eraser.redact(&mut record));
        let Event::Described(it) = &record.event else { panic!("{record:?}") };
        assert_eq!(it.people, [person("u", SOMEBODY, None)]);
    }

    #[test]
    fn a_word_within_a_word_stays() {
        for (text, word, done) in [
            ("Ana, ana; ANA", "ana", "x, x; x"),
            ("banana Anatol", "ana", "banana Anatol"),
            ("Jürgen GROSS", "jürgen gross", "x"),
            ("", "ana", ""),
        ] {
            let mut said = text.to_owned();
            replace(&mut said, word, "x");
            assert_eq!(said, done, "{text}");
        }
    }
}
