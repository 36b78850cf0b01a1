//! Facets: what a board can be narrowed to is counted as the board lists it, within what somebody may see.

use crate::csv::{by, said};
use crate::support::board::Board;
use crate::support::people::{Shows, only, user};
use signboard::app::people::NewUser;
use signboard::app::{Order, Row};
use signboard::model::access::{Reach, Role};
use signboard::model::filter::{search_text, sender_key};
use signboard::model::{AccountId, Filter, Package, PackageId, PackageKey, Snapshot, Sort, Status, Tally};
use std::collections::{BTreeMap, BTreeSet};

/// Packages of all sorts; some changed hands, groups or status.
async fn many(board: &Board) -> Vec<Row> {
    let statuses = [Status::Sent, Status::Draft, Status::Completed];
    let senders = ["a@x.example", "B@x.example", "c@x.example"];
    let mut rows = Vec::new();
    for at in 0..36_usize {
        let (account, id) = (["os", "cg"][at % 2], format!("p{at}"));
        let mut snapshot = by(senders[at / 2 % 3]);
        snapshot.status = statuses[at / 6 % 3];
        snapshot.trashed = at % 11 == 0;
        snapshot.template = at % 13 == 0;
        snapshot.group = [None, Some("red".to_owned()), Some("blue & co".to_owned())][at % 3].clone();
        if at % 7 == 0 {
            snapshot.sender = None;
        }
        said(board, account, &id, snapshot.clone()).await;
        if at % 5 == 0 {
            let (group, status) = (Some("red".to_owned()), statuses[at % 3]);
            said(board, account, &id, Snapshot { group, status, ..snapshot }).await;
        }
        let key =
            PackageKey { account: AccountId(account.to_owned()), package: PackageId::parse(&id).unwrap() };
        rows.push(board.app().store.package(&key).await.unwrap().unwrap().row);
    }
    rows
}

/// How many of the packages that a filter admits are of each value, the most first.
fn counted(
    rows: &[Row],
    board: &Board,
    filter: &Filter,
    of: impl Fn(&AccountId, &Package) -> Option<String>,
) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows {
        let text = search_text(row.key.package.as_str(), &row.package);
        if filter.admits(&row.key.account, &row.package, &text, board.app().now())
            && let Some(value) = of(&row.key.account, &row.package)
        {
            *counts.entry(value).or_default() += 1;
        }
    }
    let mut all: Vec<_> = counts.into_iter().collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all
}

/// Seen red with: counters that don't move when a group changes, and facets that know no reach.
#[actix_web::test]
async fn facets_count_what_the_board_lists_within_every_reach() {
    let mut board = Board::start().await;
    let rows = many(&board).await;
    let some = |all: &[&str]| Some(all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
    let accounts = [None, only(&["cg"]), only(&["zz"]), only(&[])];
    let senders = [None, some(&["a@x.example", "b@x.example"]), some(&["z"]), some(&[])];
    let reaches = accounts.iter().flat_map(|accounts| {
        senders.iter().map(|senders| Reach { accounts: accounts.clone(), senders: senders.clone() })
    });
    let choices = [(None, None, None), (Some("os"), None, None), (None, Some("a@x.example"), None)];
    let choices =
        choices.into_iter().chain([(Some("cg"), Some("b@x.example"), None), (None, None, Some("red"))]);
    let choices: Vec<_> = choices.chain([(Some("os"), None, Some("red"))]).collect();
    let mut seen = 0;
    for within in reaches {
        for tally in
            [Tally::All, Tally::Status(Status::Sent), Tally::Status(Status::Completed), Tally::Trashed]
        {
            for (account, sender, group) in &choices {
                let filter = Filter {
                    tally,
                    account: account.map(|it| AccountId(it.to_owned())),
                    sender: sender.map(str::to_owned),
                    group: group.map(str::to_owned),
                    within: within.clone(),
                    ..Filter::default()
                };
                let facets = board.app().store.facets(&filter, 10).await.unwrap();
                let here = Filter { sender: None, group: None, ..filter.clone() };
                let told = counted(&rows, &board, &here, |_, package| sender_key(package));
                assert_eq!(facets.senders, told, "senders of {filter:?}");
                let told = counted(&rows, &board, &here, |_, package| package.group.clone());
                let told = if within.senders.is_some() { Vec::new() } else { told };
                assert_eq!(facets.groups, told, "groups of {filter:?}");
                let group = filter.group.clone().filter(|_| within.senders.is_none());
                let there = Filter { account: None, group, ..filter.clone() };
                let told = counted(&rows, &board, &there, |account, _| Some(account.0.clone()));
                let accounts: BTreeSet<_> =
                    facets.accounts.iter().map(|(id, n)| (id.0.clone(), *n)).collect();
                assert_eq!(accounts, told.into_iter().collect(), "accounts of {filter:?}");
                seen += facets.accounts.len() + facets.senders.len() + facets.groups.len();
                // What the list shows of a group is what it counts, in every order.
                for sort in Sort::ALL {
                    let order = Order { sort, ..Order::default() };
                    let page = board.app().store.list(&filter, &order, 50, board.app().now()).await.unwrap();
                    let listed: BTreeSet<String> = page.rows.iter().map(|it| it.key.to_string()).collect();
                    let told = counted(&rows, &board, &filter, |account, _| Some(account.0.clone()));
                    assert_eq!(
                        listed.len() as u64,
                        told.iter().map(|it| it.1).sum::<u64>(),
                        "{filter:?} {sort:?}"
                    );
                }
            }
        }
    }
    assert!(seen > 200, "nothing is nowhere: {seen}");
    let store = &board.app().store;
    assert_eq!(store.self_check(|_| ()).await.unwrap().difference, None);
    let filter = Filter::default();
    let before = store.facets(&filter, 10).await.unwrap();
    assert_eq!(store.facets(&filter, 1).await.unwrap().senders, before.senders[..1]);
    board.sql("UPDATE team_tallies SET n = n + 1 WHERE word = 'sent'").await;
    let difference = store.self_check(|_| ()).await.unwrap().difference.expect("a counter is wrong");
    assert!(difference.contains("of a group") && !difference.contains("red"), "{difference}");
    store.rebuild().await.unwrap();
    assert_eq!(store.self_check(|_| ()).await.unwrap().difference, None);
    assert_eq!(store.facets(&filter, 10).await.unwrap(), before);
    // A board of an earlier version, which knew no groups, has them after its update.
    board.sql("UPDATE packages SET team = NULL").await;
    board.sql("DELETE FROM team_tallies").await;
    board.sql("UPDATE settings SET value = '4' WHERE name = 'fold'").await;
    board.restart().await;
    assert_eq!(board.app().store.facets(&filter, 10).await.unwrap(), before);
    assert_eq!(board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    board.stop().await;
}

/// The facets of a page: title, and each value with its count and address.
async fn facets(board: &Board, who: &Shows, path: &str) -> BTreeMap<String, Vec<String>> {
    let page = board.get_as(who, path).await.text().await.unwrap();
    let Some(part) = page.split("<div id=\"facets\">").nth(1) else { return BTreeMap::new() };
    let part = part.split("</details>").next().unwrap();
    let value = |it: &str| {
        let (href, rest) = it.split_once('"').unwrap();
        let name = rest.split("<bdi>").nth(1).unwrap().split("</bdi>").next().unwrap();
        let count = rest.split("<small>").nth(1).map_or("", |it| it.split('<').next().unwrap());
        let mark = if rest.starts_with(" aria-current") { "*" } else { "" };
        format!("{mark}{name} {count} {}", href.replace("&#38;", "&"))
    };
    let title = |it: &str| it.split('"').next().unwrap().to_owned();
    let values =
        |it: &str| it.split("</nav>").next().unwrap().split("<a href=\"").skip(1).map(value).collect();
    part.split("<nav aria-label=\"").skip(1).map(|it| (title(it), values(it))).collect()
}

/// Seen red with: facets of everybody's senders for whoever sees only what they sent.
#[actix_web::test]
async fn a_page_links_to_what_somebody_may_see_and_a_choice_of_one_is_none() {
    let board = Board::with_people(|_| ()).await;
    let red = |sender: &str| Snapshot { group: Some("red".into()), ..by(sender) };
    said(&board, "os", "p1", red("asha@example.com")).await;
    said(&board, "os", "p2", Snapshot { group: Some("<b>lue".into()), ..by("ben@example.com") }).await;
    said(&board, "cg", "p3", red("asha@example.com")).await;
    let admin = board.person("admin@example.com", Role::Admin).await;
    let all = facets(&board, &admin, "/?status=sent").await;
    assert_eq!(
        all["Accounts"],
        ["OneSpan Sign 2 /?status=sent&account=os", "Conga Sign 1 /?status=sent&account=cg"]
    );
    assert_eq!(all["Providers"][1], "Conga Sign 1 /?status=sent&provider=conga");
    assert_eq!(all["Senders"][0], "asha@example.com 2 /?status=sent&sender=asha%40example.com");
    assert_eq!(
        all["Groups"],
        ["red 2 /?status=sent&group=red", "&#60;b&#62;lue 1 /?status=sent&group=%3Cb%3Elue"]
    );
    let chosen = facets(&board, &admin, "/?account=os&group=red&q=p").await;
    assert_eq!(
        chosen["Accounts"],
        ["Conga Sign 1 /?q=p&account=cg&group=red", "*OneSpan Sign 1 /?q=p&group=red"]
    );
    assert_eq!(
        chosen["Groups"],
        ["&#60;b&#62;lue 1 /?q=p&account=os&group=%3Cb%3Elue", "*red 1 /?q=p&account=os"]
    );
    assert!(chosen.contains_key("Senders, whatever the group"), "{chosen:?}");
    let page = board.get_as(&admin, "/?q=p&updated=7d&group=red").await.text().await.unwrap();
    assert!(page.contains("These counts don’t go by the search and when a package was updated."), "{page}");
    assert!(page.contains("<option value=\"red\" selected>") && page.contains("/packages/os/p1"));
    assert!(!page.contains("/packages/os/p2"), "of another group");
    let attention = facets(&board, &admin, "/?status=attention").await;
    assert!(attention["Senders"][0].starts_with("asha@example.com  /"), "no count: {attention:?}");
    let listed = board.get_as(&admin, "/api/v1/packages?group=%3Cb%3Elue").await.text().await.unwrap();
    assert!(listed.contains("\"p2\"") && !listed.contains("\"p1\""), "{listed}");

    let mine = NewUser { mine: true, ..user("asha@example.com", Role::Sender) };
    let mine = board.somebody(mine).await;
    let told = facets(&board, &mine, "/").await;
    assert_eq!(told.keys().collect::<Vec<_>>(), ["Accounts", "Providers"], "{told:?}");
    assert_eq!(told["Accounts"], ["Conga Sign 1 /?account=cg", "OneSpan Sign 1 /?account=os"]);
    let of_cg = NewUser { accounts: only(&["cg"]), ..user("v@example.com", Role::Viewer) };
    let of_cg = board.somebody(of_cg).await;
    assert_eq!(facets(&board, &of_cg, "/").await, BTreeMap::new(), "each would be a choice of one");
    for (who, path) in [(&mine, "/"), (&of_cg, "/"), (&mine, "/pulse"), (&of_cg, "/pulse")] {
        let page = board.get_as(who, path).await.text().await.unwrap();
        assert!(!page.contains("ben@example.com") && !page.contains("&#62;lue"), "{path}: {page}");
    }
    // The pulse keeps them current.
    let pulse = board.get_as(&admin, "/pulse?status=sent").await.text().await.unwrap();
    assert!(pulse.contains("<div id=\"facets\">") && pulse.contains("group=red"));
    board.stop().await;
}
