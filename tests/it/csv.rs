//! The file of a board: each package once, whatever changes meanwhile, and no cell that a spreadsheet would run.

use crate::support::board::Board;
use crate::support::people::{Shows, only, user};
use signboard::app::people::NewUser;
use signboard::app::{Order, Row};
use signboard::model::access::{Reach, Role, Scope};
use signboard::model::fold::answer_record;
use signboard::model::{
    AccountId, Answer, Filter, PackageId, PackageKey, Person, Snapshot, Sort, Status, Tally,
};
use signboard::store::answer_fingerprint;
use std::collections::BTreeMap;

/// The API says so of a package, a second after whatever it said before.
pub async fn said(board: &Board, account: &str, id: &str, snapshot: Snapshot) {
    board.clock.advance(1000);
    let key = PackageKey { account: AccountId(account.to_owned()), package: PackageId::parse(id).unwrap() };
    let (now, answer) = (board.app().now(), Answer::Shown(snapshot));
    let print = answer_fingerprint(&key, &answer, now).unwrap();
    board.app().store.learn(key, answer_record(answer, now, now, print)).await.unwrap();
}

pub fn by(sender: &str) -> Snapshot {
    let sender = Person { id: format!("id of {sender}"), name: None, email: Some(sender.to_owned()) };
    Snapshot { status: Status::Sent, sender: Some(sender), ..Snapshot::default() }
}

/// The lines of a file after its first, each by the id of its package; and the first.
async fn file(board: &Board, who: &Shows, path: &str) -> (String, BTreeMap<String, String>) {
    let answer = board.get_as(who, path).await;
    assert_eq!(answer.status(), 200, "{path}");
    let bytes = answer.bytes().await.unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    let text = text.strip_prefix('\u{feff}').expect("Excel is told the alphabet");
    let mut lines = text.split_terminator("\r\n").map(str::to_owned);
    let first = lines.next().unwrap();
    let mut all = BTreeMap::new();
    for line in lines {
        let id = line.split(',').nth(2).unwrap().to_owned();
        assert!(all.insert(id.clone(), line).is_none(), "{id} stands there twice");
    }
    (first, all)
}

fn ids(all: &BTreeMap<String, String>) -> Vec<&str> {
    all.keys().map(String::as_str).collect()
}

/// Seen red with: a file that ends after its first piece, and one that knows no reach.
#[actix_web::test]
async fn a_board_is_a_file_as_far_as_somebody_may_see_it() {
    let board = Board::with_people(|_| ()).await;
    let name = Some("Lease, \"Unit\" 14B".to_owned());
    said(&board, "os", "p1", Snapshot { name, group: Some("+team".into()), ..by("asha@example.com") }).await;
    said(&board, "os", "p2", Snapshot { name: Some("=1+1".into()), ..by("ben@example.com") }).await;
    said(&board, "cg", "p3", Snapshot { status: Status::Completed, ..by("asha@example.com") }).await;
    said(&board, "cg", "p4", Snapshot { trashed: true, ..by("@sum") }).await;
    let admin = board.person("admin@example.com", Role::Admin).await;
    let (first, all) = file(&board, &admin, "/packages.csv").await;
    assert!(first.starts_with("account,account name,package,name,status,"), "{first}");
    assert_eq!(ids(&all), ["p1", "p2", "p3"]);
    let start = "os,OneSpan Sign,p1,\"Lease, \"\"Unit\"\" 14B\",sent,no,no,no,0,0,,asha@example.com,asha@example.com,'+team,";
    assert!(all["p1"].starts_with(start), "{}", all["p1"]);
    assert!(all["p2"].contains(",'=1+1,"), "{}", all["p2"]);
    let trash = file(&board, &admin, "/packages.csv?status=trashed").await.1;
    assert!(trash["p4"].contains(",'@sum,'@sum,"), "{trash:?}");
    assert_eq!(ids(&file(&board, &admin, "/packages.csv?status=completed").await.1), ["p3"]);
    assert_eq!(ids(&file(&board, &admin, "/packages.csv?account=os&q=lease").await.1), ["p1"]);
    assert_eq!(
        ids(&file(&board, &admin, "/packages.csv?q=nothing").await.1),
        [] as [&str; 0],
        "the first line alone"
    );
    // A page's place in the list is none of the file's.
    assert_eq!(file(&board, &admin, "/packages.csv?after=1~1").await.1.len(), 3);

    let of_cg = NewUser { accounts: only(&["cg"]), ..user("cg@example.com", Role::Viewer) };
    let mine = NewUser { mine: true, ..user("asha@example.com", Role::Sender) };
    for (new, expected) in [(of_cg, &["p3"][..]), (mine, &["p1", "p3"])] {
        let who = board.somebody(new).await;
        assert_eq!(ids(&file(&board, &who, "/packages.csv").await.1), expected);
        assert_eq!(
            ids(&file(&board, &who, "/packages.csv?account=os&sender=ben@example.com").await.1).len(),
            0
        );
    }
    let reach = Reach { accounts: only(&["os"]), senders: None };
    let program = board.program(Scope::Read, reach, None).await;
    assert_eq!(ids(&file(&board, &program, "/packages.csv").await.1), ["p1", "p2"]);

    let answer = board.get_as(&admin, "/packages.csv").await;
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"packages-2026-11-22.csv\"");
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8; header=present");
    let audit = crate::people::audit(&board).await;
    let noted = "cg@example.com export packages as CSV: /?account=os&sender=ben%40example.com 127.0.0.1";
    assert!(audit.iter().any(|it| it == noted), "{audit:#?}");
    board.stop().await;
}

#[actix_web::test]
async fn a_file_of_many_pieces_holds_every_package_once() {
    let board = Board::start().await;
    board
        .sql(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1203) \
             INSERT INTO packages (account, package, seq, shelf, ready, updated, created, due, name, search, state, facts, tries, not_ours) \
             SELECT 'os', 'p' || i, 0, 'sent', 0, i / 7, 0, 0, '', '', '{}', 0, 0, 0 FROM n",
        )
        .await;
    let all = file(&board, &Shows::Nothing, "/packages.csv").await.1;
    assert_eq!(all.len(), 1_203);
    board.stop().await;
}

async fn step(board: &Board, walk: &mut signboard::app::walk::Walk) -> Option<Vec<String>> {
    let rows: Option<Vec<Row>> = board.app().step(walk).await.unwrap();
    rows.map(|rows| rows.iter().map(|it| it.key.package.as_str().to_owned()).collect())
}

#[actix_web::test]
async fn what_changes_during_a_walk_comes_at_its_end_and_nothing_twice() {
    let board = Board::start().await;
    for at in 1..=7 {
        said(&board, "os", &format!("p{at}"), by("a@example.com")).await;
    }
    let filter = Filter { tally: Tally::Status(Status::Sent), ..Filter::default() };
    let mut walk = board.app().walk(filter, Order::default(), 2).await.unwrap();
    assert_eq!(step(&board, &mut walk).await.unwrap(), ["p7", "p6"]);
    let named = |name: &str| Snapshot { name: Some(name.to_owned()), ..by("a@example.com") };
    // One that was told, one that wasn't yet and jumps to the front, one that leaves the board, one that is new.
    said(&board, "os", "p7", named("told")).await;
    said(&board, "os", "p2", named("not told yet")).await;
    said(&board, "os", "p3", Snapshot { status: Status::Completed, ..by("a@example.com") }).await;
    said(&board, "cg", "new", named("new")).await;
    assert_eq!(step(&board, &mut walk).await.unwrap(), ["p5", "p4"]);
    said(&board, "os", "p1", named("the last one")).await;
    let mut rest = Vec::new();
    while let Some(piece) = step(&board, &mut walk).await {
        assert!(piece.len() <= 2);
        rest.extend(piece);
    }
    assert_eq!(rest, ["p2", "new", "p1"]);
    // In the order of the names nobody jumps, and the end is the same.
    let order = Order { sort: Sort::Name, ..Order::default() };
    let mut walk = board.app().walk(Filter::default(), order, 3).await.unwrap();
    let mut all = Vec::new();
    while let Some(piece) = step(&board, &mut walk).await {
        all.extend(piece);
    }
    all.sort();
    assert_eq!(all, ["new", "p1", "p2", "p3", "p4", "p5", "p6", "p7"]);
    board.stop().await;
}

/// Seen red with: a file that doesn't ask whether whoever wanted it may still look.
#[actix_web::test]
async fn a_file_ends_with_whoever_asked_for_it_and_does_not_look_whole() {
    let board = Board::with_people(|_| ()).await;
    // Far more than what waits on the way to a reader who doesn't read on.
    board
        .sql(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) \
             INSERT INTO packages (account, package, seq, shelf, ready, updated, created, due, name, search, state, facts, tries, not_ours) \
             SELECT 'os', 'p' || i, 0, 'sent', 0, i, 0, 0, '', '', json_object('s', 'sent', 'n', hex(zeroblob(3000))), 0, 0, 0 FROM n",
        )
        .await;
    let app = board.app();
    let id = app.store.add_user(&user("v@example.com", Role::Viewer), app.now()).await.unwrap().unwrap();
    let shows = board.sign_in(id).await;
    let mut answer = board.get_as(&shows, "/packages.csv").await;
    assert_eq!(answer.status(), 200);
    assert!(answer.chunk().await.unwrap().is_some());
    app.store.disable_user(id, Some(app.now()), app.now()).await.unwrap();
    app.end_streams().await.unwrap();
    let rest = answer.bytes().await;
    assert!(rest.is_err(), "{} bytes more came", rest.unwrap().len());
    board.stop().await;
}
