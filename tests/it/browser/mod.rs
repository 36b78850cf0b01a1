//! The pages in a real browser: what only script, style and a user agent can get wrong.

mod alerts;
mod axe;
mod live;
mod manners;
mod people;
mod plain;
mod sign_in;
mod sync;
mod views;

use crate::support::board::{Board, NOON};
use signboard::model::{
    Answer, Fingerprint, Identity, PackageId, PackageKey, Person, Place, Snapshot, Status, Timestamp, fold,
};
use signboard::web::views::link;

fn key(id: &str) -> PackageKey {
    PackageKey {
        account: signboard::model::AccountId("os".to_owned()),
        package: PackageId::parse(id).unwrap(),
    }
}

/// An expression for a package's row in the page.
fn row(id: &str) -> String {
    format!("document.getElementById('{}')", link::row_id(&key(id)))
}

/// The board learns as from the API, before any event: the package's name and its one signer, `marta`.
async fn name(board: &Board, id: &str, name: &str) {
    let at = Timestamp(NOON - 7_200_000);
    let marta = Person { id: "marta".to_owned(), name: Some(name.to_owned()), email: None };
    let people = vec![(marta, Identity::Untold)];
    let place = Place { role: "r1".to_owned(), required: 1, people, ..Place::default() };
    let snapshot = Snapshot {
        status: Status::Sent,
        name: Some(name.to_owned()),
        created: Some(at),
        updated: Some(at),
        places: vec![place],
        ..Snapshot::default()
    };
    let mut fingerprint = [7_u8; 16];
    for (index, byte) in id.bytes().chain(name.bytes()).enumerate() {
        fingerprint[index % 16] = byte.wrapping_add(fingerprint[index % 16].rotate_left(3));
    }
    let record = fold::answer_record(Answer::Shown(snapshot), at, at, Fingerprint(fingerprint));
    board.app().store.learn(key(id), record).await.unwrap();
}

/// An expression that is true while the page says so of its stream.
fn says(state: &str) -> String {
    format!("document.querySelector('.live').dataset.state === '{state}'")
}
