//! Boards are as of the last write, whatever is kept.

use super::*;
use crate::model::access::Reach;
use crate::model::fold::answer_record;
use crate::model::{AccountId, Answer, PackageId, PackageKey, Person, Snapshot, Status};
use crate::store::open::connect_beside;
use crate::store::{AlertState, Mode, Policies, answer_fingerprint};

const NOW: Timestamp = Timestamp(1_795_348_800_000);

async fn learn(store: &Store, id: &str, at: i64, snapshot: Snapshot) {
    let account = AccountId(["os", "cg"][id.len() % 2].to_owned());
    let key = PackageKey { account, package: PackageId::parse(id).unwrap() };
    let (answer, at) = (Answer::Shown(Snapshot { updated: Some(NOW), ..snapshot }), NOW.plus(at));
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
/// Seen red with: a number that is looked up beside the page that is kept.
#[tokio::test]
async fn a_page_that_is_kept_says_of_no_change_that_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
    learn(&store, "p", 0, Snapshot::default()).await;
    let (before, rows) = seen(&store, &Filter::default()).await;
    assert_eq!(rows, 1);
    let mut beside = connect_beside(folder.path()).await.unwrap();
    let sql = "INSERT INTO changes (seq, package) SELECT max(seq) + 1, package FROM changes";
    sqlx::query(sql).execute(&mut beside).await.unwrap();
    assert_eq!(store.last_seq().await.unwrap().0, before + 1);
    assert_eq!(seen(&store, &Filter::default()).await, (before, 1));
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
    let listed = page(&mut connection, &filter, &order, 10, NOW, source, &[]).await.unwrap();
    assert_eq!((listed.page.rows.len(), listed.seq.0), (1, before));
    drop(connection);
    let (after, rows) = seen(&store, &filter).await;
    assert!(rows == 2 && after > before, "{rows} {after}");
    store.close().await;
}

/// Seen red with, each by itself: a sender, a group or an alert that changes and is not counted as a write around lists; and
/// accounts that are kept with their senders.
#[tokio::test]
async fn whatever_is_kept_a_board_is_as_one_that_looks_for_the_first_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
    let person = |it: &&str| Person { id: "x".to_owned(), name: None, email: Some((*it).to_owned()) };
    let mut random = fastrand::Rng::with_seed(7);
    let reach = |senders: Option<&[&str]>| Reach {
        accounts: None,
        senders: senders.map(|some| some.iter().map(|it| (*it).to_owned()).collect()),
    };
    let filters = [
        Filter::default(),
        Filter { within: reach(Some(&["a@x.example", "b@x.example"])), ..Filter::default() },
        Filter { sender: Some("a@x.example".to_owned()), ..Filter::default() },
        Filter { group: Some("north".to_owned()), ..Filter::default() },
        Filter { tally: Tally::Status(Status::Declined), ..Filter::default() },
        Filter { words: vec!["lease".to_owned()], ..Filter::default() },
    ];
    let mut kept = 0;
    for round in 0..150_i64 {
        let id = "p".repeat(random.usize(1..12));
        let snapshot = Snapshot {
            status: random
                .choice([Status::Sent, Status::Draft, Status::Declined, Status::Completed])
                .unwrap(),
            trashed: random.u8(..8) == 0,
            template: random.u8(..8) == 0,
            name: (random.u8(..4) > 0).then(|| "Lease".to_owned()),
            sender: random
                .choice([None, Some("a@x.example"), Some("b@x.example")])
                .unwrap()
                .as_ref()
                .map(person),
            group: random.choice([None, Some("north"), Some("south")]).unwrap().map(str::to_owned),
            ..Snapshot::default()
        };
        let before = store.writes_around();
        learn(&store, &id, round * 1_000, snapshot).await;
        kept += i32::from(store.writes_around() == before);
        let first = Store::open(folder.path(), Mode::Beside, Policies::default()).await.unwrap();
        for filter in &filters {
            // Once looked up, once kept.
            for _ in 0..2 {
                let (here, there) = (shown(&store, filter).await, shown(&first, filter).await);
                assert_eq!(format!("{here:?}"), format!("{there:?}"), "round {round}: {filter:?}");
            }
        }
        first.close().await;
    }
    assert!(kept > 5, "{kept}");
    store.close().await;
}
