//! Records of every kind, legal or not: few ids and few times, so that they meet.

use super::build::{answer, declined, record, signed, viewed};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use signboard::model::{
    Answer, Bounce, Description, Event, Identity, Paper, Person, Place, Record, Snapshot, Status, Step,
    Timestamp,
};

/// Before this moment everything ordinary happens, and after it.
const NOON: i64 = 1_700_000_000_000;

/// Times that meet, that lie around the window of rule 15, that are minutes apart, and that are absurd.
pub fn time() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => (0..8_i64).prop_map(|n| NOON + n * 700),
        3 => (0..5_i64).prop_map(|n| NOON + n * 600_000),
        1 => select(vec![0, -1, i64::MIN, i64::MIN + 1, i64::MAX, i64::MAX - 1, 4_102_444_800_000]),
    ]
}

/// A receipt: as a rule soon, sometimes days later, sometimes at no time that there is.
fn receipt() -> impl Strategy<Value = i64> {
    prop_oneof![6 => time(), 2 => Just(NOON + 86_400_000), 1 => select(vec![i64::MIN, i64::MAX])]
}

fn who() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c", "role-a", "role-b", ""]).prop_map(str::to_owned)
}

/// Every event but an answer.
pub fn event() -> impl Strategy<Value = Event> {
    let plain = select(vec![
        Event::Created,
        Event::Recalled,
        Event::Sent,
        Event::Locked,
        Event::IdentityFailed,
        Event::SignerCompleted,
        Event::ReadyToComplete,
        Event::Completed,
        Event::Expired,
        Event::Archived,
        Event::Trashed,
        Event::Restored,
        Event::Deleted,
        Event::Noted,
        Event::Unrecognised,
        Event::Bounced(Bounce::Returned),
        Event::Bounced(Bounce::OutOfOffice),
        Event::OptedOut { reason: None },
        Event::AttachmentAdded { name: Some("a.pdf".into()) },
        Event::Cancelled,
        Event::Failed,
        Event::PdfReady,
        Event::Rendered { failed: false },
        Event::Rendered { failed: true },
        Event::Deposited { failed: false },
        Event::Deposited { failed: true },
        Event::Linked,
        Event::Mentioned,
    ]);
    let rounds =
        select(vec![Event::Recalled, Event::Sent, Event::Trashed, Event::Restored, declined(), viewed()]);
    prop_oneof![
        10 => plain,
        5 => rounds,
        2 => select(vec!["d", "e"]).prop_map(signed),
        1 => Just(Event::Consented { document: "default-consent".into() }),
        1 => option::of(who()).prop_map(|new_role| Event::Reassigned { new_role }),
        5 => select(&Step::ALL[..]).prop_map(Event::Stands),
        1 => word().prop_map(|reason| Event::Refused { reason }),
        1 => (select(vec!["1", "2"]), any::<bool>())
            .prop_map(|(field, rejected)| Event::Field { field: field.into(), rejected }),
        2 => (word(), word(), vec(person(), 0..3)).prop_map(|(name, group, people)| {
            Event::Described(Box::new(Description { reference: name.clone(), name, group, people }))
        }),
    ]
}

fn word() -> impl Strategy<Value = Option<String>> {
    option::of(select(vec!["one", "two"]).prop_map(str::to_owned))
}

fn person() -> impl Strategy<Value = Person> {
    let email = option::of(select(vec!["x@a.example", "y@a.example"]));
    (who(), email).prop_map(|(id, email)| Person { id, name: None, email: email.map(str::to_owned) })
}

/// A fact, timed or not.
pub fn fact() -> impl Strategy<Value = Record> {
    let times = (option::weighted(0.85, time()), receipt());
    (event(), option::weighted(0.9, who()), times, any::<bool>()).prop_map(
        |(event, who, (at, received), unverified)| Record {
            unverified,
            ..record(event, who.as_deref(), at, received)
        },
    )
}

/// A fact without a time.
pub fn untimed() -> impl Strategy<Value = Record> {
    (event(), who(), receipt()).prop_map(|(event, who, received)| record(event, Some(&who), None, received))
}

fn place() -> impl Strategy<Value = Place> {
    let identity = select(vec![Identity::Untold, Identity::Passed, Identity::Failed]);
    let steps = (option::of(select(&Step::ALL[..])), any::<bool>(), any::<bool>());
    let counts = (0..3_i64, option::of(any::<bool>()), 0..3_u32, 0..3_u32);
    (who(), counts, option::of(time()), vec((person(), identity), 0..3), steps).prop_map(
        |(role, (index, locked, required, signed), mark, people, (step, refused, untold))| Place {
            role,
            index,
            locked,
            required,
            signed,
            started: signed > 0 || mark.is_some(),
            last_mark: mark.map(Timestamp),
            people,
            step,
            refused: refused && step.is_none(),
            untold: untold && step.is_none(),
            ..Place::default()
        },
    )
}

/// Anything that an API could say.
pub fn shown() -> impl Strategy<Value = Snapshot> {
    let paper = (select(vec!["d", "e", "f"]), any::<bool>(), vec(who(), 0..3))
        .prop_map(|(id, agreement, signed_by)| Paper { id: id.to_owned(), name: None, agreement, signed_by });
    let flags = (any::<bool>(), any::<bool>(), option::of(time()));
    let more = (word(), word(), any::<bool>());
    let whole = (select(&Status::ALL[..]), flags, vec(place(), 0..3), vec(paper, 0..3), more).prop_map(
        |(status, (trashed, autocomplete, updated), places, papers, (name, reason, flag))| Snapshot {
            status,
            trashed,
            autocomplete,
            places,
            papers,
            updated: updated.map(Timestamp),
            group: name.clone(),
            name,
            reason,
            archived: flag,
            final_pdf: !flag,
            ..Snapshot::default()
        },
    );
    let only = select(&Status::ALL[..]).prop_map(|status| Snapshot {
        status,
        status_only: true,
        ..Snapshot::default()
    });
    prop_oneof![4 => whole, 1 => only]
}

/// An answer true at some time, asked for around then.
pub fn answered() -> impl Strategy<Value = Record> {
    let told = prop_oneof![5 => shown().prop_map(Answer::Shown), 1 => Just(Answer::NotFound)];
    (told, time(), receipt())
        .prop_map(|(told, d, asked)| Record { received_at: Timestamp(asked), ..answer(told, d) })
}

/// A log as it may come: facts, answers, some of the answers more than once.
pub fn records(most: usize) -> impl Strategy<Value = Vec<Record>> {
    let again = (answered(), time()).prop_map(|(first, d)| {
        let later = Record { happened_at: Some(Timestamp(d)), ..first.clone() };
        let told = first.answer().cloned().map(|it| answer(it, d));
        vec![first, Record { fingerprint: told.map_or(later.fingerprint, |it| it.fingerprint), ..later }]
    });
    let some =
        prop_oneof![6 => fact().prop_map(|it| vec![it]), 2 => answered().prop_map(|it| vec![it]), 1 => again];
    vec(some, 0..most).prop_map(|some| {
        let mut log: Vec<Record> = some.into_iter().flatten().collect();
        // No two questions are asked in the same moment.
        for (n, it) in (0..).zip(log.iter_mut()).filter(|(_, it)| it.answer().is_some()) {
            it.received_at =
                Timestamp(it.received_at.0.clamp(i64::MIN / 2, i64::MAX / 2) / 1_000 * 1_000 + n);
        }
        log
    })
}
