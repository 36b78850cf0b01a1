//! Very many packages, each with its life: through the store's door, so that everything is as it would be.

use futures_util::{StreamExt as _, stream};
use signboard::clock::Clock;
use signboard::model::fold::answer_record;
use signboard::model::{
    AccountId, Answer, Event, Fingerprint, Identity, Origin, PackageId, PackageKey, Person, Place, Record,
    Snapshot, Status, Timestamp,
};
use signboard::store::{Mode, NewArrival, Policies, Reading, Store, Subject};
use std::path::Path;
use std::time::Instant;

const FIRST: [&str; 32] = [
    "Ada", "Amir", "Anna", "Bruno", "Carla", "Chen", "Dana", "Elif", "Emma", "Felix", "Grace", "Hugo",
    "Ines", "Ivan", "Jana", "Kofi", "Lena", "Lucas", "Maya", "Mina", "Nils", "Noor", "Olga", "Omar", "Petra",
    "Quinn", "Rosa", "Samir", "Tara", "Uma", "Victor", "Yuki",
];
const LAST: [&str; 32] = [
    "Abbott", "Almeida", "Bauer", "Becker", "Castillo", "Dupont", "Eriksen", "Fischer", "Garcia", "Haddad",
    "Ito", "Jansen", "Kaya", "Keller", "Lopez", "Moreau", "Nagy", "Novak", "Okafor", "Olsen", "Petrov",
    "Quist", "Rossi", "Sato", "Schmidt", "Silva", "Tanaka", "Ueda", "Vargas", "Weber", "Yilmaz", "Zhang",
];
const KIND: [&str; 16] = [
    "Mortgage application",
    "Lease agreement",
    "Employment contract",
    "NDA",
    "Loan renewal",
    "Insurance claim",
    "Account opening",
    "Purchase order",
    "Service agreement",
    "Tax form",
    "Consent form",
    "Policy amendment",
    "Direct debit mandate",
    "Vehicle finance",
    "Power of attorney",
    "Offer letter",
];
/// Of people's own names there are more: no letter of theirs begins a word of the above by itself.
const SYLLABLES: [&str; 40] = [
    "bra", "cri", "dru", "fle", "gno", "hwa", "jur", "kli", "lod", "mre", "nwe", "pli", "qui", "rho", "sve",
    "twi", "urd", "vlo", "wry", "xan", "yst", "zwe", "bri", "clo", "dwi", "fry", "gla", "hro", "jel", "knu",
    "lyr", "myn", "nje", "pry", "rua", "ska", "tho", "vra", "wen", "zla",
];
/// How many of a hundred stand so.
const STATUSES: [(Status, u64); 7] = [
    (Status::Completed, 70),
    (Status::Sent, 85),
    (Status::Draft, 91),
    (Status::Declined, 94),
    (Status::Expired, 98),
    (Status::OptedOut, 99),
    (Status::Archived, 100),
];
const YEAR_MS: u64 = 365 * 24 * 60 * 60 * 1000;
const FORTNIGHT_MS: u64 = 14 * 24 * 60 * 60 * 1000;
/// The door takes so many at a time.
const AT_ONCE: usize = 512;

/// Fills a new database.
pub async fn fill(data: &Path, packages: u64, facts: u64) -> anyhow::Result<()> {
    anyhow::ensure!(packages > 0 && !data.exists(), "{} is there already", data.display());
    let store = Store::open(data, Mode::Board, Policies::default()).await?;
    let (now, start) = (Clock::System.millis(), Instant::now());
    let each = (facts / packages).max(2);
    let mut kept =
        stream::iter(0..packages).map(|n| store.keep(life(n, each, now))).buffer_unordered(AT_ONCE);
    let mut done = 0_u64;
    while let Some(result) = kept.next().await {
        result?;
        done += 1;
        if done.is_multiple_of(50_000) {
            eprintln!("{done} packages after {:.0} s", start.elapsed().as_secs_f64());
        }
    }
    drop(kept);
    store.close().await;
    Ok(())
}

/// Everything that is ever told of a package, in one arrival.
fn life(n: u64, facts: u64, now: i64) -> NewArrival {
    let mut random = fastrand::Rng::with_seed(n);
    let of_hundred = random.u64(..100);
    let status = STATUSES.iter().find(|it| of_hundred < it.1).map_or(Status::Sent, |it| it.0);
    let ago = i64::try_from(FORTNIGHT_MS + random.u64(..YEAR_MS)).unwrap_or_default();
    let created = Timestamp(now - ago);
    let took = i64::try_from(random.u64(..FORTNIGHT_MS)).unwrap_or_default();
    let account = AccountId(["os", "cg", "ls", "wo"][random.usize(..4)].to_owned());
    let id = format!("{:016x}{:011x}=", random.u64(..), random.u64(..1 << 44));
    let mut person = |role: &str| {
        let last = format!("{}{}", SYLLABLES[random.usize(..40)], SYLLABLES[random.usize(..40)]);
        let first = format!("{}{}", SYLLABLES[random.usize(..40)], SYLLABLES[random.usize(..8)]);
        let email = format!("{first}.{last}@example.org");
        Person { id: format!("{role}-{n}"), name: Some(format!("{first} {last}")), email: Some(email) }
    };
    let signers = [person("a"), person("b")];
    let mut sender = person("s");
    let desk = random.u64(..200);
    // One desk sends a third of everything.
    sender.email = Some(format!("desk{}@example.com", if desk < 66 { 0 } else { desk }));
    sender.name = None;
    let name = format!(
        "{} {} {} #{:06}",
        KIND[random.usize(..16)],
        FIRST[random.usize(..32)],
        LAST[random.usize(..32)],
        random.u64(..1 << 20)
    );
    let is_done = matches!(status, Status::Completed | Status::Archived);
    let places = signers.iter().map(|person| Place {
        role: person.id.clone(),
        required: 1,
        signed: u32::from(is_done),
        people: vec![(person.clone(), Identity::Untold)],
        ..Place::default()
    });
    let snapshot = Snapshot {
        status,
        trashed: random.u64(..100) == 0,
        name: Some(name),
        sender: Some(sender),
        created: Some(created),
        updated: Some(created.plus(took)),
        due: (random.u64(..3) == 0).then(|| created.plus(i64::try_from(YEAR_MS / 12).unwrap_or_default())),
        places: places.collect(),
        ..Snapshot::default()
    };
    let print = |k: u64| {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&(n + 1).to_be_bytes());
        bytes[8..].copy_from_slice(&k.to_be_bytes());
        Fingerprint(bytes)
    };
    let steps = [
        Event::Created,
        Event::Sent,
        viewed(),
        signed(),
        Event::SignerCompleted,
        viewed(),
        signed(),
        Event::SignerCompleted,
    ];
    let ends = match status {
        Status::Completed | Status::Archived => Event::Completed,
        Status::Declined => Event::Declined { reason: None },
        Status::OptedOut => Event::OptedOut { reason: None },
        Status::Expired => Event::Expired,
        _ => viewed(),
    };
    let told = usize::try_from(facts - 1).unwrap_or_default();
    let mut events: Vec<Event> =
        steps.into_iter().chain(std::iter::repeat_with(viewed)).take(told - 1).collect();
    events.push(ends);
    if !is_done {
        events.retain(|it| !matches!(it, Event::SignerCompleted | Event::DocumentSigned { .. }));
        events.resize_with(told, viewed);
    }
    let steps = i64::try_from(events.len()).unwrap_or(1);
    let records = events.into_iter().zip(0_i64..).map(|(event, k)| {
        let at = created.plus(took / steps * k);
        let who = event.names_a_signer().then(|| signers[usize::from(k > 4)].id.clone());
        Record {
            event,
            who,
            happened_at: Some(at),
            received_at: at,
            fingerprint: print(k.unsigned_abs()),
            deliveries: 1,
            origin: Origin::Callback,
            name: "GENERATED".to_owned(),
            arrival: None,
            unverified: false,
        }
    });
    let end = created.plus(took);
    let answer = answer_record(Answer::Shown(snapshot), end, end, print(u64::MAX));
    let key = PackageKey {
        account: account.clone(),
        package: PackageId::parse(&id).unwrap_or_else(|| unreachable!()),
    };
    let facts = records.chain([answer]).map(|it| (Subject::Package(key.clone()), it)).collect();
    NewArrival {
        account,
        received_at: end,
        remote: "127.0.0.1".to_owned(),
        origin: Origin::Callback,
        slot: "current",
        secret: None,
        is_test: false,
        headers: "{}".to_owned(),
        body: format!("{{\"generated\":{n},\"packageId\":\"{id}\"}}").into_bytes(),
        reading: Reading { facts, note: None },
        forward: None,
    }
}

fn viewed() -> Event {
    Event::Viewed { document: None }
}

fn signed() -> Event {
    Event::DocumentSigned { document: None }
}
