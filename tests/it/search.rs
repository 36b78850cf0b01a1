//! Searching: what is found is what the live stream would show, whatever is typed.

use crate::support::board::{Board, NOON};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use signboard::app::Order;
use signboard::model::filter::search_text;
use signboard::model::fold::answer_record;
use signboard::model::text::search_words;
use signboard::model::{
    AccountId, Answer, Filter, Identity, PackageId, PackageKey, Person, Place, Snapshot, Sort, Status, Tally,
};
use signboard::store::answer_fingerprint;
use std::collections::BTreeSet;

fn key(id: &str) -> PackageKey {
    PackageKey { account: AccountId("os".to_owned()), package: PackageId::parse(id).unwrap() }
}

/// The API says so of a package, a second after whatever it said before.
async fn said(board: &Board, id: &str, name: &str, sender: &str, signer: &str) {
    board.clock.advance(1000);
    let person = |name: &str| Person { id: name.to_owned(), name: Some(name.to_owned()), email: None };
    let place =
        Place { role: "r".to_owned(), people: vec![(person(signer), Identity::Untold)], ..Place::default() };
    let snapshot = Snapshot {
        status: Status::Sent,
        name: Some(name.to_owned()),
        sender: Some(Person { id: "s".to_owned(), name: None, email: Some(sender.to_owned()) }),
        places: vec![place],
        ..Snapshot::default()
    };
    let (now, answer) = (board.app().now(), Answer::Shown(snapshot));
    let print = answer_fingerprint(&key(id), &answer, now).unwrap();
    board.app().store.learn(key(id), answer_record(answer, now, now, print)).await.unwrap();
}

/// The ids on the board that is searched for `q`, as typed.
async fn found(board: &Board, q: &str) -> BTreeSet<String> {
    let q = percent_encoding::utf8_percent_encode(q, percent_encoding::NON_ALPHANUMERIC);
    let answer = board.json(&format!("/api/v1/packages?limit=500&q={q}")).await;
    let packages = answer["packages"].as_array().unwrap();
    packages.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

async fn some(board: &Board) {
    said(
        board,
        "44aafb7c-97b9-40e1",
        "Mietvertrag Søndergård & Łukasz",
        "nina.berg@firm.example",
        "Zoë O'Brien",
    )
    .await;
    said(board, "9f_0-4=", "Große Straße 12", "robot@firm.example", "山田太郎").await;
    said(board, "p3", "\"quoted\" OR (NEAR) *", "robot@firm.example", "Émile Zola").await;
}

#[actix_web::test]
async fn a_search_finds_beginnings_of_words_whatever_their_marks() {
    let board = Board::start().await;
    some(&board).await;
    let (one, two, three) = ("44aafb7c-97b9-40e1", "9f_0-4=", "p3");
    for (q, ids) in [
        ("sondergard", vec![one]),
        ("SØNDERGÅRD lukasz", vec![one]),
        ("miet zoe", vec![one]),
        ("vertrag", vec![]),
        ("44aafb7c-97b9", vec![one]),
        ("40e1", vec![one]),
        ("97b9-40", vec![one]),
        ("strasse 1", vec![two]),
        ("Straße", vec![two]),
        ("9f_0-4=", vec![two]),
        ("田太", vec![two]),
        ("robot@firm.example", vec![two, three]),
        ("nina.berg@firm", vec![one]),
        ("berg@firm", vec![one]),
        ("nina.firm", vec![]),
        ("firm.example", vec![one, two, three]),
        ("o'brien", vec![one]),
        ("emile & zola", vec![three]),
        ("%", vec![]),
        ("\u{301}", vec![]),
        ("  ", vec![one, two, three]),
    ] {
        let ids: BTreeSet<String> = ids.into_iter().map(str::to_owned).collect();
        assert_eq!(found(&board, q).await, ids, "{q}");
    }
    board.stop().await;
}

#[actix_web::test]
async fn nothing_that_is_typed_is_a_command_to_the_index() {
    let board = Board::start().await;
    some(&board).await;
    for q in [
        "\"",
        "\"\"",
        "a\" OR (",
        "quoted\" *",
        "NEAR(a b, 2)",
        "search:miet",
        "-miet",
        "^miet",
        "miet*",
        "AND",
        "OR NOT",
        "{a b}:c",
        "a + b",
        "\\",
        "'",
        "''; DROP TABLE packages; --",
        "$1",
        "?",
        "package_words",
        "rowid",
        "*",
        "a\tb",
    ] {
        let all = found(&board, q).await;
        let words = search_words(q, 12);
        let filter = Filter { words, ..Filter::default() };
        let store = &board.app().store;
        let mut admitted = BTreeSet::new();
        for id in ["44aafb7c-97b9-40e1", "9f_0-4=", "p3"] {
            let row = store.package(&key(id)).await.unwrap().unwrap().row;
            let text = search_text(id, &row.package);
            if filter.admits(&row.key.account, &row.package, &text, board.app().now()) {
                admitted.insert(id.to_owned());
            }
        }
        assert_eq!(all, admitted, "{q}");
        assert!(!board.text(&format!("/?q={}", q.replace('%', "%25"))).await.is_empty());
    }
    assert_eq!(found(&board, "miet*").await.len(), 1);
    board.stop().await;
}

/// Names that share their beginnings, and any text at all.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "(Lease|Lärm|lear|NDA|Ærø|Straße|strasse 7|x-1|x_1|ŁŁ)( |-|@|\\.|'|\")(a|ab|abc|Åb|9|ﬁn|İ|ß)",
        ".{1,24}",
        "[a-c√é山 -]{1,12}",
    ]
}

#[actix_web::test]
async fn what_is_found_is_what_the_stream_would_show() {
    let board = Board::start().await;
    let mut runner = TestRunner::deterministic();
    let mut draw = || name().new_tree(&mut runner).unwrap().current();
    let mut ids = Vec::new();
    for n in 0..80 {
        let id = format!("{:x}-{}", n * 2_654_435_761_u64 % 65_521, n % 7);
        let (name, signer) = (draw(), draw());
        said(&board, &id, &name, "Robot@firm.example", &signer).await;
        if n % 4 == 0 {
            // What it was called before is found no more.
            said(&board, &id, &draw(), "robot@firm.example", &signer).await;
        }
        ids.push(id);
    }
    let store = &board.app().store;
    let mut packages = Vec::new();
    for id in &ids {
        let row = store.package(&key(id)).await.unwrap().unwrap().row;
        let text = search_text(id, &row.package);
        packages.push((row, text));
    }
    let (mut hits, mut nothing) = (0, 0);
    for at in 0..400 {
        // Part of what is there, or anything.
        let (row, _) = &packages[at % packages.len()];
        let typed = match at % 3 {
            0 => draw(),
            1 => row
                .package
                .name
                .clone()
                .unwrap_or_default()
                .chars()
                .skip(at / 3 % 4)
                .take(1 + at % 5)
                .collect(),
            _ => row.key.package.as_str().chars().take(1 + at % 6).collect::<String>() + " rob",
        };
        let tally = [Tally::All, Tally::Status(Status::Sent), Tally::Attention, Tally::Trashed][at / 40 % 4];
        let filter = Filter { tally, words: search_words(&typed, 12), ..Filter::default() };
        let now = board.app().now();
        let admitted: BTreeSet<&str> = packages
            .iter()
            .filter(|(row, text)| filter.admits(&row.key.account, &row.package, text, now))
            .map(|(row, _)| row.key.package.as_str())
            .collect();
        let order = Order { sort: Sort::ALL[at % 4], ..Order::default() };
        let listed = store.list(&filter, &order, 500, now).await.unwrap().rows;
        let found: BTreeSet<&str> = listed.iter().map(|row| row.key.package.as_str()).collect();
        assert_eq!(found, admitted, "{typed:?}");
        hits += found.len();
        nothing += usize::from(found.is_empty());
    }
    assert!(hits > 500 && nothing > 20, "{hits} {nothing}");
    assert_eq!(store.self_check(|_| ()).await.unwrap().difference, None);
    board.stop().await;
}

#[actix_web::test]
async fn words_that_are_not_in_the_index_are_noticed_and_put_back() {
    let board = Board::start().await;
    some(&board).await;
    let spoil = "INSERT INTO package_words (package_words, rowid, search) SELECT 'delete', id, search FROM packages WHERE package = 'p3'";
    board.sql(spoil).await;
    let difference = board.app().store.self_check(|_| ()).await.unwrap().difference;
    assert_eq!(difference.as_deref(), Some("os/p3: a search by its words doesn't find it"));
    assert!(found(&board, "emile").await.is_empty());
    board.app().store.rebuild().await.unwrap();
    assert_eq!(board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    assert_eq!(found(&board, "emile").await.len(), 1);
    board.stop().await;
}

#[actix_web::test]
async fn a_board_of_an_older_version_can_be_searched_after_its_update() {
    let mut board = Board::start().await;
    some(&board).await;
    board.halt().await;
    // As it was: no index, the text in lower case and nothing more.
    for statement in [
        "DROP TRIGGER package_words_put",
        "DROP TRIGGER package_words_changed",
        "DROP TRIGGER package_words_gone",
        "DROP TABLE package_words",
        "DROP INDEX packages_updated",
        "DROP INDEX packages_due",
        "DROP INDEX packages_name",
        "DROP INDEX packages_created",
        "DROP INDEX packages_ready",
        "CREATE INDEX packages_updated ON packages (updated, id)",
        "CREATE INDEX packages_shelf ON packages (shelf, updated, id)",
        "UPDATE packages SET search = lower(name)",
        "UPDATE settings SET value = '4' WHERE name = 'fold'",
        "DELETE FROM _sqlx_migrations WHERE version = 43",
    ] {
        board.sql(statement).await;
    }
    board.resume(None).await;
    assert_eq!(found(&board, "sondergard").await.len(), 1);
    assert_eq!(board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    assert!(board.app().now().0 > NOON);
    board.stop().await;
}
