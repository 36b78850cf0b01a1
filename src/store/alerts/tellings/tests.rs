//! Whom to tell is looked up beside the door: what comes in between is not lost.

use super::*;
use crate::model::fold::answer_record;
use crate::model::{AccountId, Answer, PackageId, Snapshot, Status};
use crate::store::open::connect_beside;
use crate::store::{Mode, Policies, answer_fingerprint};

const NOW: Timestamp = Timestamp(1_795_348_800_000);

/// The API says that a package was declined, and whether it lies in the trash.
async fn learn(store: &Store, trashed: bool, minutes: i64) {
    let key = PackageKey { account: AccountId("os".to_owned()), package: PackageId::parse("p").unwrap() };
    let (at, status) = (NOW.plus(minutes * 60_000), Status::Declined);
    let answer = Answer::Shown(Snapshot { status, trashed, updated: Some(NOW), ..Snapshot::default() });
    let print = answer_fingerprint(&key, &answer, at).unwrap();
    store.learn(key, answer_record(answer, at, at, print)).await.unwrap();
}

/// Of which it has to be looked up whom to tell, and whether they are over.
async fn unrouted(store: &Store) -> Vec<(i64, bool)> {
    let all = store.unrouted((Timestamp::default(), 0), 10).await.unwrap();
    all.iter().map(|it| (it.alert.id, it.alert.resolved.is_some())).collect()
}

fn routed(alert: i64, occasion: Occasion) -> Routed {
    let (channel, address, because) = ("mail".to_owned(), "a@x.example".to_owned(), Because::Fallback);
    let to = vec![NewTelling { channel, address, because, due: NOW }];
    Routed { alert, occasion, to, nag_at: None, nags: 0 }
}

/// Seen red with: only an end, or only a new beginning, in between that is looked up once more.
#[tokio::test]
async fn what_an_alert_becomes_while_it_is_looked_up_whom_to_tell_is_looked_up_too() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
    learn(&store, false, 0).await;
    let [(alert, false)] = unrouted(&store).await[..] else { panic!("it stands") };
    // An answer doesn't say since when: it is the same decline, whenever it is asked for.
    let mut beside = connect_beside(folder.path()).await.unwrap();
    sqlx::query("UPDATE alerts SET began = began + 3600000").execute(&mut beside).await.unwrap();
    store.routed(&[routed(alert, Occasion::Raised)]).await.unwrap();
    assert!(unrouted(&store).await.is_empty());
    learn(&store, true, 1).await;
    assert_eq!(unrouted(&store).await, [(alert, true)]);
    // It stands again before the end is noted that was looked up.
    learn(&store, false, 2).await;
    store.routed(&[routed(alert, Occasion::Resolved(1))]).await.unwrap();
    assert_eq!(unrouted(&store).await, [(alert, false)]);
    // And is over before that is.
    learn(&store, true, 3).await;
    store.routed(&[routed(alert, Occasion::Again(1))]).await.unwrap();
    assert_eq!(unrouted(&store).await, [(alert, true)]);
    store.routed(&[routed(alert, Occasion::Resolved(1))]).await.unwrap();
    assert!(unrouted(&store).await.is_empty(), "nothing came in between");
    store.close().await;
}
