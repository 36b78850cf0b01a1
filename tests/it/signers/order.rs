//! Properties: the order in which entries, links and repeats come, and what is written together, decide nothing.

use super::logical;
use crate::state::build::{place, record, snapshot};
use futures_util::future::join_all;
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use signboard::model::{
    AccountId, Answer, Description, Event, Origin, PackageId, PackageKey, Person, Record, SignerId,
    SignerKey, Status, Step, Timestamp,
};
use signboard::store::{Mode, NewArrival, Policies, Policy, Reading, Store, Subject};
use std::path::Path;

pub(super) fn package(id: &str) -> PackageKey {
    PackageKey { account: AccountId("ls".to_owned()), package: PackageId::parse(id).unwrap() }
}

pub(super) fn of_signer(id: &str) -> Subject {
    Subject::Signer(SignerKey { account: AccountId("ls".to_owned()), signer: SignerId::parse(id).unwrap() })
}

/// A fact that names the signer `who` under a package.
pub(super) fn names(who: &str, at: i64) -> Record {
    let people = vec![Person { id: who.to_owned(), ..Person::default() }];
    record(Event::Described(Box::new(Description { people, ..Description::default() })), None, Some(at), at)
}

/// A store whose one account `ls` has signers alone.
pub(super) async fn open(folder: &Path) -> Store {
    let policy = Policy { asks: true, signers_alone: true, ..Policy::default() };
    let policies: Policies = [(AccountId("ls".to_owned()), policy)].into();
    Store::open(folder, Mode::Board, policies).await.unwrap()
}

pub(super) fn arrival(facts: Vec<(Subject, Record)>) -> NewArrival {
    NewArrival {
        forward: None,
        account: AccountId("ls".to_owned()),
        received_at: Timestamp(0),
        remote: String::new(),
        origin: Origin::Callback,
        slot: "open",
        secret: None,
        is_test: false,
        headers: String::new(),
        body: format!("{facts:?}").into_bytes(),
        reading: Reading { facts, note: None },
    }
}

/// Something that comes.
#[derive(Debug, Clone)]
enum Come {
    Callback(Vec<(Subject, Record)>),
    Answer(PackageKey, Record),
}

fn who() -> impl Strategy<Value = &'static str> {
    select(vec!["a", "b", "c"])
}

fn which() -> impl Strategy<Value = PackageKey> {
    select(vec!["P", "Q"]).prop_map(package)
}

fn fact() -> impl Strategy<Value = (Subject, Record)> {
    let step = select(vec![Step::Sent, Step::Visited, Step::Signed]);
    let alone = (who(), step, 0..4_i64).prop_map(|(who, step, at)| {
        (of_signer(who), record(Event::Stands(step), Some(who), Some(1_000 * at), 9_000))
    });
    let naming =
        (which(), who(), 0..4_i64).prop_map(|(key, who, at)| (Subject::Package(key), names(who, 1_000 * at)));
    let linked = (which(), who())
        .prop_map(|(key, who)| (Subject::Package(key), record(Event::Linked, Some(who), Some(7_000), 9_000)));
    let plain = (which(), select(vec![Event::Sent, Event::Completed, Event::PdfReady]), 0..4_i64)
        .prop_map(|(key, event, at)| (Subject::Package(key), record(event, None, Some(1_000 * at), 9_000)));
    prop_oneof![6 => alone, 2 => naming, 1 => linked, 2 => plain]
}

/// Callbacks, received at few times and not all vouched for, some of them twice; and answers that list signers.
fn comes() -> impl Strategy<Value = Vec<Come>> {
    let callback =
        (vec(fact(), 1..4), 0..3_i64, any::<bool>()).prop_map(|(mut facts, received, unverified)| {
            for (_, record) in &mut facts {
                record.received_at = Timestamp(9_000 + received);
                record.unverified = unverified;
            }
            Come::Callback(facts)
        });
    // The same answer at another time would keep the fingerprint of whichever came first, as answers may (rule 16).
    let answer = (which(), who()).prop_map(|(key, who)| {
        let answer = Answer::Shown(snapshot(Status::Sent, [place(who, 0)]));
        let record = record(Event::Answered(Box::new(answer)), None, Some(2_000), 20_000);
        Come::Answer(key, record)
    });
    vec((prop_oneof![8 => callback, 1 => answer], 1..3_usize), 1..12)
        .prop_map(|comes| comes.into_iter().flat_map(|(come, times)| vec![come; times]).collect())
}

async fn take(store: &Store, come: Come) {
    match come {
        Come::Callback(facts) => store.keep(arrival(facts)).await,
        Come::Answer(key, record) => store.learn(key, record).await,
    }
    .unwrap();
}

/// What is on disk in the end, when what comes is written in batches of so many.
async fn end(comes: Vec<Come>, together: usize, forgetful: bool) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).await;
    for some in comes.chunks(together) {
        join_all(some.iter().map(|come| take(&store, come.clone()))).await;
        if forgetful {
            store.close().await;
            store = open(folder.path()).await;
        }
    }
    let check = store.self_check(|_| ()).await.unwrap();
    assert_eq!(check.difference, None);
    assert_eq!(store.rebuild().await.unwrap().changed, 0);
    let end = logical(folder.path()).await;
    store.close().await;
    end
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// Seen red with: entries that are not handed on to linked packages; a signer's second link that is forgotten; a link
    /// that copies nothing; a link to a package of which nothing is written.
    #[test]
    fn whatever_the_order_and_the_batches_the_end_is_the_same(
        (comes, shuffled) in comes().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
        together in 1..9_usize,
        forgetful in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (one, other) = runtime.block_on(async {
            (end(comes, 1, false).await, end(shuffled, together, forgetful).await)
        });
        prop_assert_eq!(one, other);
    }
}
