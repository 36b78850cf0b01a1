//! Who sees what: of accounts that aren't theirs, or of packages that they didn't send, people learn nothing; and what
//! the board lists, counts and streams is the same.

use crate::support::board::{Board, event};
use crate::support::people::{Shows, only, user};
use crate::support::sse::Reader;
use serde_json::Value;
use signboard::app::Order;
use signboard::app::people::NewUser;
use signboard::model::access::{Reach, Role, Scope};
use signboard::model::filter::search_text;
use signboard::model::fold::answer_record;
use signboard::model::{
    AccountId, Answer, Filter, PackageId, PackageKey, Person, Snapshot, Sort, Status, Tally,
};
use signboard::store::answer_fingerprint;
use std::collections::BTreeSet;

fn key(account: &str, id: &str) -> PackageKey {
    PackageKey { account: AccountId(account.to_owned()), package: PackageId::parse(id).unwrap() }
}

/// The API says so of a package, a second after whatever it said before.
async fn said(board: &Board, account: &str, id: &str, snapshot: Snapshot) {
    board.clock.advance(1000);
    let (key, now, answer) = (key(account, id), board.app().now(), Answer::Shown(snapshot));
    let print = answer_fingerprint(&key, &answer, now).unwrap();
    board.app().store.learn(key, answer_record(answer, now, now, print)).await.unwrap();
}

fn by(sender: &str) -> Snapshot {
    let sender = Person { id: format!("id of {sender}"), name: None, email: Some(sender.to_owned()) };
    Snapshot { status: Status::Sent, sender: Some(sender), ..Snapshot::default() }
}

pub(super) async fn sent(board: &Board, account: &str, id: &str, sender: &str) {
    said(board, account, id, Snapshot { name: Some(format!("Contract {id}")), ..by(sender) }).await;
}

/// Somebody who sees only what they sent, also as the firm's robot.
async fn asha(board: &Board, role: Role) -> Shows {
    let aliases = vec!["Robot@firm.example".to_owned()];
    board.somebody(NewUser { mine: true, aliases, ..user("asha@example.com", role) }).await
}

async fn text(board: &Board, who: &Shows, path: &str) -> String {
    let answer = board.get_as(who, path).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

async fn ids(board: &Board, who: &Shows, path: &str) -> Vec<String> {
    let answer: Value = serde_json::from_str(&text(board, who, path).await).unwrap();
    let rows = answer["packages"].as_array().unwrap().iter();
    rows.map(|it| format!("{}/{}", it["account"].as_str().unwrap(), it["id"].as_str().unwrap())).collect()
}

/// What a page says of a tally.
fn tally(page: &str, word: &str) -> String {
    let at = page.find(&format!("id=\"t-{word}\"")).expect(word);
    page[at..].split("<b>").nth(1).unwrap().split("</b>").next().unwrap().to_owned()
}

#[actix_web::test]
async fn whoever_sees_one_account_learns_nothing_of_another() {
    let board = Board::with_people(|_| ()).await;
    board.event("ours", "PACKAGE_ACTIVATE", "u", 0).await;
    board.event("ours", "SIGNER_LOCKED", "u", 1).await;
    board.send("cg", event("theirs", "PACKAGE_ACTIVATE", "u", None, 0)).await;
    board.clock.advance(5_000);
    board.event("ours", "SIGNER_LOCKED", "u", 1).await;
    board.clock.advance(5_000);
    let only_cg =
        board.somebody(NewUser { accounts: only(&["cg"]), ..user("v@example.com", Role::Viewer) }).await;
    let program = Reach { accounts: only(&["cg"]), senders: None };
    let program = board.program(Scope::Read, program, None).await;
    let all = board.person("all@example.com", Role::Viewer).await;
    for who in [&only_cg, &program] {
        assert_eq!(ids(&board, who, "/api/v1/packages").await, ["cg/theirs"]);
        for path in ["/", "/?account=os", "/?provider=onespan", "/?q=ours", "/?sort=name&dir=desc", "/pulse"]
        {
            let page = text(&board, who, path).await;
            assert!(!page.contains("/packages/os/"), "{path}: {page}");
            assert!(!page.contains("value=\"os\"") || path.contains("account=os"), "{path}");
            assert!(
                page.contains("<title>") == (path != "/pulse") && !page.contains("(1)"),
                "nothing needs them"
            );
        }
        let pulse = text(&board, who, "/pulse").await;
        assert_eq!((tally(&pulse, "all"), tally(&pulse, "attention")), ("1".to_owned(), "0".to_owned()));
        assert!(pulse.contains("T12:00:00") && !pulse.contains("T12:00:05"), "the last callback: {pulse}");
        for path in ["/packages/os/ours", "/api/v1/packages/os/ours"] {
            let (there, nowhere) =
                (board.get_as(who, path).await, board.get_as(who, &format!("{path}x")).await);
            assert_eq!(
                (there.status(), nowhere.status()),
                (404.try_into().unwrap(), 404.try_into().unwrap())
            );
            let (there, nowhere) = (there.text().await.unwrap(), nowhere.text().await.unwrap());
            assert_eq!(there, nowhere, "what isn't theirs looks like what isn't there");
        }
        assert_eq!(board.get_as(who, "/packages/cg/theirs").await.status(), 200);
        let traffic = text(&board, who, "/api/v1/traffic").await;
        assert!(traffic.contains("\"cg\"") && !traffic.contains("\"os\""), "{traffic}");
        assert!(!text(&board, who, "/api/v1/traffic?account=os").await.contains("\"os\""));
    }
    let pulse = text(&board, &all, "/pulse").await;
    assert_eq!((tally(&pulse, "all"), tally(&pulse, "attention")), ("2".to_owned(), "1".to_owned()));
    assert!(pulse.contains("T12:00:05"), "the last callback: {pulse}");
    assert!(text(&board, &all, "/").await.contains("<title>(1) "));
    board.stop().await;
}

#[actix_web::test]
async fn whoever_sees_what_they_sent_sees_that_by_every_address_of_theirs() {
    let board = Board::with_people(|_| ()).await;
    for (account, id, sender) in [
        ("os", "p1", "Asha@Example.com"),
        ("cg", "p2", "robot@FIRM.example"),
        ("os", "p3", "ben@example.com"),
        ("cg", "p4", "ben@example.com"),
    ] {
        sent(&board, account, id, sender).await;
    }
    board.event("p5", "PACKAGE_ACTIVATE", "asha@example.com", 0).await;
    let asha = asha(&board, Role::Sender).await;
    let mine = ["cg/p2", "os/p1"];
    assert_eq!(ids(&board, &asha, "/api/v1/packages").await, mine);
    assert_eq!(ids(&board, &asha, "/api/v1/packages?q=contract").await, mine);
    assert_eq!(ids(&board, &asha, "/api/v1/packages?account=os").await, ["os/p1"]);
    let page = text(&board, &asha, "/").await;
    assert!(!page.contains("ben@example.com") && !page.contains("/packages/os/p3"), "{page}");
    assert!(!page.contains("name=\"mine\""), "there is nothing to narrow");
    assert_eq!((tally(&page, "all"), tally(&page, "sent")), ("2".to_owned(), "2".to_owned()));
    for (path, status) in [("os/p1", 200), ("cg/p2", 200), ("os/p3", 404), ("os/p5", 404)] {
        assert_eq!(board.get_as(&asha, &format!("/packages/{path}")).await.status(), status, "{path}");
        assert_eq!(board.get_as(&asha, &format!("/api/v1/packages/{path}")).await.status(), status, "{path}");
        let asked = board.post_as(&asha, &format!("/packages/{path}/resync"), "").await.status();
        assert_eq!(asked, if status == 200 { 303 } else { 404 }, "{path}");
    }
    assert_eq!(board.post_as(&asha, "/sync/resync", "account=os").await.status(), 403);
    // Everybody can narrow the board to what they sent; a sender is found however their address is written.
    let ben = board.person("ben@example.com", Role::Viewer).await;
    let page = text(&board, &ben, "/?mine=1").await;
    assert!(page.contains("/packages/os/p3") && page.contains("/packages/cg/p4"), "{page}");
    assert!(
        !page.contains("/packages/os/p1") && page.contains("name=\"mine\" value=\"1\" checked"),
        "{page}"
    );
    assert_eq!((tally(&page, "all"), tally(&page, "sent")), ("2".to_owned(), "2".to_owned()));
    assert_eq!(tally(&text(&board, &ben, "/").await, "all"), "5");
    assert!(text(&board, &ben, "/?sender=ASHA@example.com").await.contains("/packages/os/p1"));
    board.stop().await;
}

#[actix_web::test]
async fn live_a_package_comes_into_reach_and_leaves_it() {
    let mut board = Board::with_people(|_| ()).await;
    let asha = asha(&board, Role::Viewer).await;
    let only_cg =
        board.somebody(NewUser { accounts: only(&["cg"]), ..user("v@example.com", Role::Viewer) }).await;
    let mut mine = Reader::resume_as(&board, &asha, "/live", None).await;
    let mut of_cg = Reader::resume_as(&board, &only_cg, "/live", None).await;
    sent(&board, "os", "p1", "ben@example.com").await;
    sent(&board, "os", "p1", "asha@example.com").await;
    sent(&board, "os", "p1", "ben@example.com").await;
    sent(&board, "cg", "p2", "robot@firm.example").await;
    let told = mine.take(3).await;
    assert_eq!(told.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["put", "drop", "put"]);
    assert!(told[0].data.contains("Contract p1") && told[2].data.contains("Contract p2"));
    assert!(!String::from_utf8_lossy(&mine.raw).contains("ben@"), "not even whose it was and is");
    let told = of_cg.take(1).await;
    assert!(told[0].data.contains("Contract p2"));
    assert!(!String::from_utf8_lossy(&of_cg.raw).contains("Contract p1"));
    // The ring tells the same again; the database, after a restart, nothing of what isn't theirs.
    let from = told[0].id.unwrap() - 4;
    let mut again = Reader::resume_as(&board, &asha, "/live", Some(&from.to_string())).await;
    assert_eq!(
        again.take(3).await.iter().map(|it| it.name.clone()).collect::<Vec<_>>(),
        ["put", "drop", "put"]
    );
    drop((mine, of_cg, again));
    board.restart().await;
    let mut mine = Reader::resume_as(&board, &asha, "/live", Some(&from.to_string())).await;
    let mut of_cg = Reader::resume_as(&board, &only_cg, "/live", Some(&from.to_string())).await;
    assert_eq!(mine.take(1).await[0].name, "resync", "p1 may have been theirs");
    assert!(of_cg.take(1).await[0].data.contains("Contract p2"));
    assert!(!String::from_utf8_lossy(&of_cg.raw).contains("drop"));
    sent(&board, "cg", "p3", "asha@example.com").await;
    assert!(mine.take(1).await[0].data.contains("Contract p3"));
    drop((mine, of_cg));
    board.stop().await;
}

#[actix_web::test]
async fn the_bytes_and_the_buttons_are_for_whom_they_work() {
    let board = Board::with_people(|_| ()).await;
    board.event("p1", "PACKAGE_ACTIVATE", "u", 0).await;
    let payload = "/packages/os/p1/payload/1";
    for (role, opens) in [(Role::Viewer, false), (Role::Sender, false), (Role::Admin, true)] {
        let who = board.person(&format!("{}@example.com", role.word()), role).await;
        let page = text(&board, &who, "/packages/os/p1").await;
        assert_eq!(page.contains(payload), opens, "{role:?}");
        assert_eq!(board.get_as(&who, payload).await.status(), if opens { 200 } else { 403 }, "{role:?}");
        assert_eq!(page.contains("href=\"/inbox\""), opens, "{role:?}");
        assert_eq!(page.contains("href=\"/providers\""), opens, "{role:?}");
        assert_eq!(page.contains("href=\"/lost\""), role == Role::Sender, "an admin has it in the inbox");
    }
    let read = board.program(Scope::Read, Reach::default(), None).await;
    assert_eq!(board.get_as(&read, payload).await.status(), 403);
    board.stop().await;
}

#[actix_web::test]
async fn whoever_sees_nothing_yet_is_not_told_to_connect_accounts() {
    let board = Board::with_people(|_| ()).await;
    let none = board.somebody(NewUser { accounts: only(&[]), ..user("n@example.com", Role::Viewer) }).await;
    let page = text(&board, &none, "/").await;
    assert!(
        page.contains("An admin of this board can change that") && !page.contains("signboard.toml"),
        "{page}"
    );
    let mine = asha(&board, Role::Viewer).await;
    assert!(text(&board, &mine, "/").await.contains("A package that you may see appears here"));
    let admin = board.person("a@example.com", Role::Admin).await;
    assert!(text(&board, &admin, "/").await.contains("callback address that the"));
    board.stop().await;
}

/// No account named means all accounts, and those of whoever sees none of them are none.
#[actix_web::test]
async fn whoever_names_no_account_has_those_compared_that_they_see() {
    let apis = [Some("http://127.0.0.1:9".to_owned()), None];
    let board = Board::with_people(|config| {
        let api = crate::support::board::config(config.server.data.clone(), apis).accounts["os"].api.clone();
        config.accounts.get_mut("os").unwrap().api = api;
    })
    .await;
    for (at, (accounts, status)) in
        [(&[][..], 403), (&["cg"], 403), (&["gone"], 403), (&["os", "cg", "gone"], 303)]
            .into_iter()
            .enumerate()
    {
        let new = NewUser { accounts: only(accounts), ..user(&format!("s{at}@example.com"), Role::Sender) };
        let sender = board.somebody(new).await;
        assert!(board.app().store.runs(None, None, 9).await.unwrap().is_empty(), "{accounts:?}");
        let answer = board.post_as(&sender, "/sync/resync", "").await;
        assert_eq!(answer.status(), status, "{accounts:?}");
    }
    let runs = board.app().store.runs(None, None, 9).await.unwrap();
    assert_eq!(runs.iter().map(|it| it.account.0.as_str()).collect::<Vec<_>>(), ["os"]);
    board.stop().await;
}

#[actix_web::test]
async fn lost_callbacks_are_taken_of_packages_that_a_sender_sees_and_nothing_is_told_of_others() {
    let board = Board::with_people(|_| ()).await;
    sent(&board, "os", "p1", "asha@example.com").await;
    sent(&board, "os", "p2", "ben@example.com").await;
    let asha = asha(&board, Role::Sender).await;
    let pasted = async |who: &Shows, account: &str, id: &str| {
        let body = event(id, "DOCUMENT_SIGNED", "u", None, 0);
        let form = format!("account={account}&text={}", super::plain(&body));
        let answer = board.post_as(who, "/lost", &form).await;
        assert_eq!(answer.status(), 303, "{}", answer.text().await.unwrap());
        let page = text(&board, who, &super::to(&answer)).await;
        let said =
            page.split("class=\"notice\" role=\"status\">").nth(1).unwrap().split("</p>").next().unwrap();
        (said.to_owned(), board.app().store.count_waiting().await.unwrap())
    };
    for account in ["", "os"] {
        let (theirs, waiting) = pasted(&asha, account, "p2").await;
        assert_eq!((theirs.as_str(), waiting), (pasted(&asha, account, "p9").await.0.as_str(), 0));
        assert!(theirs.contains("not among those that you see"), "{theirs}");
    }
    let (said, waiting) = pasted(&asha, "", "p1").await;
    assert!(said.contains("1 new one waits") && waiting == 1, "{said}");
    let cg = board.somebody(NewUser { accounts: only(&["cg"]), ..user("s@example.com", Role::Sender) }).await;
    let body = event("p1", "DOCUMENT_SIGNED", "u", None, 5);
    let form = |account: &str| format!("account={account}&text={}", super::plain(&body));
    let refused = board.post_as(&cg, "/lost", &form("os")).await;
    let nowhere = board.post_as(&cg, "/lost", &form("zz")).await;
    assert_eq!((refused.status(), nowhere.status()), (400.try_into().unwrap(), 400.try_into().unwrap()));
    assert_eq!(
        refused.text().await.unwrap().replace("`os`", "`zz`"),
        nowhere.text().await.unwrap(),
        "an account that isn't theirs looks like one that isn't there"
    );
    assert_eq!(board.post_as(&asha, "/inbox/import", &form("os")).await.status(), 403);
    board.stop().await;
}

/// Packages of all sorts, by senders of all sorts; some changed hands.
async fn many(board: &Board) -> Vec<PackageKey> {
    let statuses = [Status::Sent, Status::Draft, Status::Completed, Status::Declined, Status::Expired];
    let senders = ["a@x.example", "B@x.example", "c@x.example"];
    let mut all = Vec::new();
    for at in 0..48_usize {
        let (account, id) = (["os", "cg"][at % 2], format!("p{at}"));
        let mut snapshot = by(senders[at / 2 % 3]);
        snapshot.status = statuses[at / 6 % 5];
        snapshot.trashed = at % 11 == 0;
        snapshot.template = at % 13 == 0;
        if at % 7 == 0 {
            snapshot.sender = None;
        }
        said(board, account, &id, snapshot.clone()).await;
        if at % 5 == 0 {
            let next = by(senders[at % 3]);
            said(board, account, &id, Snapshot { sender: next.sender, ..snapshot }).await;
        }
        all.push(key(account, &id));
    }
    board.event("p50", "PACKAGE_READY_FOR_COMPLETE", "u", 3_500_000).await;
    all.push(key("os", "p50"));
    all
}

#[actix_web::test]
async fn what_is_listed_and_counted_is_what_each_reach_admits() {
    let board = Board::start().await;
    let keys = many(&board).await;
    let (store, now) = (&board.app().store, board.app().now());
    let mut packages = Vec::new();
    for key in keys {
        packages.push(store.package(&key).await.unwrap().unwrap().row);
    }
    let accounts = [None, only(&["os"]), only(&["cg", "os"]), only(&["zz"]), only(&[])];
    let some = |all: &[&str]| Some(all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
    let senders = [
        None,
        some(&["a@x.example"]),
        some(&["b@x.example", "a@x.example", "b@x.example"]),
        some(&["z"]),
        some(&[]),
    ];
    let mut seen = BTreeSet::new();
    for reach in accounts.iter().flat_map(|accounts| {
        senders.iter().map(|senders| Reach { accounts: accounts.clone(), senders: senders.clone() })
    }) {
        let base = Filter { within: reach.clone(), ..Filter::default() };
        let counts = store.counts(&base).await.unwrap();
        for tally in counts.iter().map(|(tally, _)| *tally).chain([Tally::Attention]) {
            let filter = Filter { tally, ..base.clone() };
            let admitted: BTreeSet<String> = packages
                .iter()
                .filter(|it| {
                    let text = search_text(it.key.package.as_str(), &it.package);
                    filter.admits(&it.key.account, &it.package, &text, now)
                })
                .map(|it| it.key.to_string())
                .collect();
            let counted = match tally {
                Tally::Attention => store.attention(&filter, now).await.unwrap(),
                _ => counts.iter().find(|it| it.0 == tally).unwrap().1,
            };
            assert_eq!(counted, admitted.len() as u64, "{tally:?} within {reach:?}");
            for sort in [Sort::Updated, Sort::Name] {
                let (mut there, mut order) = (Vec::new(), Order { sort, ..Order::default() });
                let mut last = order.clone();
                loop {
                    let page = store.list(&filter, &order, 4, now).await.unwrap();
                    there.extend(page.rows.iter().map(|it| it.key.to_string()));
                    last.before = page.prev;
                    let Some(next) = page.next else { break };
                    order.after = Some(next);
                }
                assert_eq!(there.len(), admitted.len(), "each once: {tally:?} by {sort:?} within {reach:?}");
                assert_eq!(
                    there.iter().cloned().collect::<BTreeSet<_>>(),
                    admitted,
                    "{tally:?} within {reach:?}"
                );
                if last.before.is_some() {
                    let back = store.list(&filter, &last, 4, now).await.unwrap().rows;
                    let end = (there.len() - 1) / 4 * 4;
                    let back: Vec<String> = back.iter().map(|it| it.key.to_string()).collect();
                    assert_eq!(back, there[end - 4..end], "the page before: {tally:?} within {reach:?}");
                }
            }
            seen.extend(admitted);
        }
        let known = store.senders(&base, 100).await.unwrap();
        let expected: BTreeSet<String> = packages
            .iter()
            .filter(|it| it.package.is_shown() && reach.admits(&it.key.account, &it.package))
            .filter_map(|it| signboard::model::filter::sender_key(&it.package))
            .collect();
        assert_eq!(known, expected.into_iter().collect::<Vec<_>>(), "within {reach:?}");
    }
    assert!(seen.len() > 40, "the templates alone are nowhere: {}", seen.len());
    assert_eq!(store.self_check(|_| ()).await.unwrap().difference, None);
    board.sql("UPDATE sender_tallies SET n = n + 1 WHERE word = 'sent'").await;
    let difference = store.self_check(|_| ()).await.unwrap().difference.expect("a counter is wrong");
    assert!(difference.contains("of a sender") && !difference.contains('@'), "{difference}");
    store.rebuild().await.unwrap();
    assert_eq!(store.self_check(|_| ()).await.unwrap().difference, None);
    board.stop().await;
}
