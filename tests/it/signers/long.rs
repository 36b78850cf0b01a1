//! More facts than are folded: of a signer, and of the package that gets them.

use super::order::{arrival, names, of_signer, open, package};
use crate::state::build::record;
use crate::support::db;
use signboard::model::fold::MOST_FACTS;
use signboard::model::{Event, Step};
use signboard::store::Subject;

/// Seen red with: `copies` that wants nothing; `load` that brings only what a batch brings when a link is new.
#[actix_web::test]
async fn thousands_of_entries_join_once_and_are_counted_on_both_logs() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let entry = |at: usize| {
        let at = i64::try_from(at).unwrap();
        (of_signer("s"), record(Event::Stands(Step::Visited), Some("s"), Some(at), 9_000_000))
    };
    let most = MOST_FACTS + 150;
    for from in (0..most).step_by(250) {
        let facts = (from..(from + 250).min(most)).map(entry).collect();
        store.keep(arrival(facts)).await.unwrap();
    }
    let link = vec![(Subject::Package(package("P")), names("s", 5))];
    store.keep(arrival(link.clone())).await.unwrap();
    // The first, the last, and one that is new: each on both logs, from memory and from disk.
    for restart in [false, true] {
        if restart {
            store.close().await;
        }
        let store = if restart { open(folder.path()).await } else { store.clone() };
        let new = most + usize::from(restart);
        let kept = store.keep(arrival(vec![entry(0), entry(most - 1), entry(new)])).await.unwrap();
        assert_eq!((kept.fresh, kept.repeats), (1, 2));
        store.keep(arrival(link.clone())).await.unwrap();
        assert_eq!(store.self_check(|_| ()).await.unwrap().difference, None);
        if restart {
            store.close().await;
        }
    }
    let of = |table: &'static str| async { db::run(folder.path(), table).await };
    let total = most + 2;
    assert_eq!(
        of("SELECT count(*) || ' ' || sum(deliveries) FROM signer_facts").await,
        [format!("{total} {}", total + 4)]
    );
    assert_eq!(
        of("SELECT count(*) || ' ' || sum(deliveries) FROM facts WHERE kind = 'stands'").await,
        [format!("{total} {}", total + 4)]
    );
    assert_eq!(of("SELECT facts FROM packages").await, [(total + 1).to_string()]);
    assert_eq!(of("SELECT facts || ' ' || linked FROM signers").await, [format!("{total} 1")]);
}
