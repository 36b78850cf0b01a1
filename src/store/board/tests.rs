//! Boards are as of the last write, whatever is kept.

use super::*;
use crate::model::access::Reach;
use crate::model::fold::answer_record;
use crate::model::{AccountId, Answer, Package, PackageId, PackageKey, Person, Snapshot, Sort, Status};
use crate::store::open::connect_beside;
use crate::store::{AlertState, Cutoffs, Mode, Policies, answer_fingerprint};
use std::sync::Arc;

/// More were tried by hand.
const SEEDS: u64 = 6;
const NOW: Timestamp = Timestamp(1_795_348_800_000);

async fn learn(store: &Store, id: &str, at: i64, snapshot: Snapshot) {
    let account = AccountId(["os", "cg"][id.len() % 2].to_owned());
    let key = PackageKey { account, package: PackageId::parse(id).unwrap() };
    let (answer, at) = (Answer::Shown(snapshot), NOW.plus(at));
    let print = answer_fingerprint(&key, &answer, at).unwrap();
    store.learn(key, answer_record(answer, at, at, print)).await.unwrap();
}

fn open(within: &Reach) -> AlertFilter {
    let (state, within) = (AlertState::Open, within.clone());
    AlertFilter {
        state,
        kind: None,
        account: None,
        within,
        operators: true,
        before: None,
        limit: 3,
        now: NOW,
    }
}

async fn shown(store: &Store, filter: &Filter) -> Board {
    let look = Look { filter, open: open(&filter.within), now: NOW, values: Some(5) };
    store.board(&look, &Order::default(), 10, 10).await.unwrap()
}

/// The newest change of which a board is said to know, and how many rows it has.
async fn seen(store: &Store, filter: &Filter) -> (i64, usize) {
    let board = shown(store, filter).await;
    (board.seq.0, board.page.rows.len())
}

/// A write is there a moment before it is counted: whoever is told the number of the last change then, and is shown a page
/// of before, would never hear of that change.
///
/// Seen red with: a number that is looked up beside the page that is kept, and one of which the counters don't know yet.
#[tokio::test]
async fn a_page_that_is_kept_says_of_no_change_that_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
    learn(&store, "p", 0, Snapshot { updated: Some(NOW), ..Snapshot::default() }).await;
    let (before, rows) = seen(&store, &Filter::default()).await;
    assert_eq!(rows, 1);
    let mut beside = connect_beside(folder.path()).await.unwrap();
    let sql = "INSERT INTO changes (seq, package) SELECT max(seq) + 1, package FROM changes";
    sqlx::query(sql).execute(&mut beside).await.unwrap();
    assert_eq!(store.last_seq().await.unwrap().0, before + 1);
    assert_eq!(seen(&store, &Filter::default()).await, (before, 1));
    // A page that is looked up knows of it, but not the counters.
    let within = Reach { accounts: Some(vec![AccountId("cg".to_owned())]), senders: None };
    assert_eq!(seen(&store, &Filter { within, ..Filter::default() }).await, (before, 1));
    store.close().await;
}

/// Seen red with: the number of the last change when the page is told, of which what words found may not know.
#[tokio::test]
async fn a_page_of_what_words_found_says_of_no_change_after_that() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
    let named = || Snapshot { name: Some("Lease".to_owned()), ..Snapshot::default() };
    learn(&store, "p", 0, named()).await;
    let filter = Filter { words: vec!["lease".to_owned()], ..Filter::default() };
    let (before, _) = seen(&store, &filter).await;
    let mut connection = store.readers.acquire().await.unwrap();
    let order = Order::default();
    let source = store.source(&mut connection, &filter, &order, NOW).await.unwrap();
    learn(&store, "q", 0, named()).await;
    let listed = page_and(&mut connection, &filter, &order, 10, NOW, source, &[]).await.unwrap();
    assert_eq!((listed.page.it.rows.len(), listed.page.seq.0), (1, before));
    drop(connection);
    let (after, rows) = seen(&store, &filter).await;
    assert!(rows == 2 && after > before, "{rows} {after}");
    store.close().await;
}

/// Seen red with: what is kept over that.
#[tokio::test]
async fn what_was_let_go_of_is_on_no_board() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
    let (status, updated) = (Status::Declined, Some(NOW.plus(-1_000_000)));
    learn(&store, "p", -1_000_000, Snapshot { status, updated, ..Snapshot::default() }).await;
    let before = shown(&store, &Filter::default()).await;
    assert_eq!(before.page.rows.len(), 1);
    let cutoffs = Cutoffs { ended: Some(NOW), ..Cutoffs::default() };
    store.retain(cutoffs, NOW).await.unwrap();
    let after = shown(&store, &Filter::default()).await;
    assert_eq!((after.page.rows.len(), after.around.alerts.len()), (0, 0));
    assert!(after.around.tallies.iter().all(|it| it.1 == 0), "{:?}", after.around.tallies);
    store.close().await;
}

/// What can be seen of a board: an answer that agrees is no change, and moves only when a package was confirmed.
fn seen_of(board: Board) -> (String, Vec<Arc<Package>>) {
    let Board { seq, page, around, senders } = board;
    let mut packages: Vec<Arc<Package>> = page.rows.iter().map(|it| Arc::clone(&it.package)).collect();
    let rows: Vec<_> = page.rows.into_iter().map(|it| (it.id, it.key, it.seq)).collect();
    let Surroundings { open, alerts, tallies, facets } = around;
    let alerts: Vec<Alert> = alerts
        .into_iter()
        .map(|mut it| {
            packages.extend(it.state_of.take());
            it
        })
        .collect();
    let places = (page.next, page.prev, page.newest_of);
    (format!("{seq:?} {rows:?} {places:?} {open} {alerts:?} {tallies:?} {facets:?} {senders:?}"), packages)
}

fn boards(random: &mut fastrand::Rng) -> Vec<(Filter, Order)> {
    let reach = |senders: Option<&[&str]>| Reach {
        accounts: None,
        senders: senders.map(|some| some.iter().map(|it| (*it).to_owned()).collect()),
    };
    let filters = [
        Filter::default(),
        Filter { within: reach(Some(&["a@x.example", "b@x.example"])), ..Filter::default() },
        Filter { sender: Some("a@x.example".to_owned()), ..Filter::default() },
        Filter { group: Some("north".to_owned()), ..Filter::default() },
        Filter { account: Some(AccountId("cg".to_owned())), ..Filter::default() },
        Filter {
            within: Reach { accounts: Some(vec![AccountId("os".to_owned())]), senders: None },
            ..Filter::default()
        },
        Filter { tally: Tally::Status(Status::Declined), ..Filter::default() },
        Filter { tally: Tally::Attention, ..Filter::default() },
        Filter { tally: Tally::Trashed, ..Filter::default() },
        Filter { words: vec!["lease".to_owned()], ..Filter::default() },
        Filter { updated_since: Some(NOW.plus(-50_000)), ..Filter::default() },
    ];
    let mut places =
        [None, None, Some(format!("4~{}", NOW.0 - 40_000)), Some("4~lease 3".to_owned())].into_iter().cycle();
    let orders = filters.into_iter().map(|filter| {
        let (after, before) = (places.next().flatten(), None);
        let (sort, ascending) = (random.choice(Sort::ALL).unwrap_or_default(), random.bool());
        let (after, before) = if random.u8(..4) == 0 { (before, after) } else { (after, before) };
        (filter, Order { sort, ascending, after, before, whole: false })
    });
    orders.collect()
}

/// Seen red with, each by itself: alerts that change and are not counted; somebody else's sender among the facets, and
/// somebody else's alert; a row that stays where it left the page, that is put at the end of what is known or before where the
/// page begins; a page that ends no more, or that goes on no more; what needed attention before, and senders, groups, accounts
/// and words that are not carried.
#[tokio::test]
async fn whatever_is_kept_a_board_is_as_one_that_looks_for_the_first_time() {
    let (mut kept, mut carried) = (0, 0);
    for seed in 0..SEEDS {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
        let mut random = fastrand::Rng::with_seed(seed);
        let boards = boards(&mut random);
        for round in 0..80_i64 {
            let before = store.writes_around();
            for again in 0..random.i64(1..4) {
                let id = "p".repeat(random.usize(1..20));
                learn(&store, &id, round * 10_000 + again * 1_000, told(&mut random, &id)).await;
            }
            kept += i32::from(store.writes_around() == before);
            let first = Store::open(folder.path(), Mode::Beside, Policies::default()).await.unwrap();
            for (filter, order) in &boards {
                let look = Look { filter, open: open(&filter.within), now: NOW, values: Some(5) };
                let key = (filter.clone(), order.clone(), 4, steady(NOW));
                let upheavals = store.upheavals();
                let page = store.carried(&store.memo.page, upheavals, &key, |kept, changes| {
                    kept.carried(changes, filter, order, 4, NOW)
                });
                carried += i32::from(page.is_some());
                let here = seen_of(store.board(&look, order, 4, 10).await.unwrap());
                let there = seen_of(first.board(&look, order, 4, 10).await.unwrap());
                let told = format!("seed {seed}, round {round}: {filter:?} {order:?}");
                assert_eq!(here.0, there.0, "{told}");
                assert!(here.1.iter().zip(&there.1).all(|(one, other)| one.looks_like(other)), "{told}");
                assert_eq!(here.1.len(), there.1.len(), "{told}");
            }
            first.close().await;
        }
        store.close().await;
    }
    assert!(kept > 10 && carried > 2_000, "{kept} {carried}");
}

/// What an API tells of some package, which mostly stays with the same sender.
fn told(random: &mut fastrand::Rng, id: &str) -> Snapshot {
    let senders = [None, Some("a@x.example"), Some("b@x.example"), Some("c@x.example")];
    let sender = if random.u8(..4) == 0 { random.usize(..4) } else { id.len() % 4 };
    let person = |it: &str| Person { id: "x".to_owned(), name: None, email: Some(it.to_owned()) };
    let moment = |random: &mut fastrand::Rng| Some(NOW.plus(-1_000 * random.i64(0..100)));
    Snapshot {
        status: random.choice([Status::Sent, Status::Draft, Status::Declined, Status::Completed]).unwrap(),
        trashed: random.u8(..8) == 0,
        template: random.u8(..8) == 0,
        name: (random.u8(..4) > 0).then(|| format!("Lease {}", random.u8(..9))),
        sender: senders[sender].map(person),
        group: random.choice([None, Some("north"), Some("south")]).unwrap().map(str::to_owned),
        created: moment(random),
        updated: moment(random),
        due: moment(random).filter(|_| random.bool()),
        ..Snapshot::default()
    }
}
