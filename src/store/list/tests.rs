//! Whichever way a page's rows are found, they are the same; and no way goes through a table.

use super::*;
use crate::model::access::Reach;
use crate::model::fold::answer_record;
use crate::model::text::search_words;
use crate::model::{Answer, PackageId, PackageKey, Person, Snapshot};
use crate::store::open::connect_beside;
use crate::store::{Mode, Policies, answer_fingerprint};

const NOW: Timestamp = Timestamp(1_795_348_800_000);
const TALLIES: [Tally; 6] = [
    Tally::All,
    Tally::Attention,
    Tally::WithSender,
    Tally::Status(Status::Sent),
    Tally::Status(Status::Declined),
    Tally::Trashed,
];

async fn filled(folder: &std::path::Path) -> Store {
    let store = Store::open(folder, Mode::Board, Policies::default()).await.unwrap();
    let statuses = [Status::Sent, Status::Declined, Status::Completed, Status::Draft, Status::Sent];
    let names = ["Mietvertrag Müller", "NDA", "Lease Muller-Lund", "", "Vertrag"];
    for n in 0..150_usize {
        let sender = Person { id: "x".to_owned(), name: None, email: Some(format!("s{}@x.example", n % 4)) };
        let at = |step: usize| Timestamp(NOW.0 - 1_000_000 + i64::try_from(n / 7 * step).unwrap());
        let snapshot = Snapshot {
            status: statuses[n % 5],
            trashed: n % 9 == 0,
            name: Some(names[n / 2 % 5].to_owned()).filter(|it| !it.is_empty()),
            sender: Some(sender).filter(|_| n % 3 > 0),
            group: Some(format!("g{}", n % 2)).filter(|_| n % 5 > 0),
            due: Some(at(2_000_000)).filter(|_| n % 4 == 1),
            created: Some(at(3)),
            updated: Some(at(5)),
            ..Snapshot::default()
        };
        let account = AccountId(["os", "cg", "ls"][n % 3].to_owned());
        let key = PackageKey { account, package: PackageId::parse(&format!("p-{n}")).unwrap() };
        let answer = Answer::Shown(snapshot);
        let print = answer_fingerprint(&key, &answer, NOW).unwrap();
        store.learn(key, answer_record(answer, NOW, NOW, print)).await.unwrap();
    }
    store
}

/// Every kind of filter, each alone and some together.
fn filters() -> Vec<Filter> {
    let some = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let account = |id: &str| AccountId(id.to_owned());
    let of = |accounts: Option<Vec<AccountId>>, senders| Reach { accounts, senders };
    let narrow = [
        Filter::default(),
        Filter { account: Some(account("os")), ..Filter::default() },
        Filter { accounts: vec![account("cg"), account("ls")], ..Filter::default() },
        Filter { sender: Some("s1@x.example".to_owned()), ..Filter::default() },
        Filter { group: Some("g1".to_owned()), ..Filter::default() },
        Filter { words: search_words("muller", 12), ..Filter::default() },
        Filter { words: search_words("vertrag p-1", 12), ..Filter::default() },
        Filter { updated_since: Some(Timestamp(NOW.0 - 999_950)), ..Filter::default() },
        Filter { within: of(None, Some(some(&["s1@x.example", "s2@x.example"]))), ..Filter::default() },
        Filter { within: of(Some(vec![account("os")]), Some(some(&["s0@x.example"]))), ..Filter::default() },
        Filter {
            words: search_words("lund", 12),
            account: Some(account("cg")),
            updated_since: Some(Timestamp(NOW.0 - 999_990)),
            ..Filter::default()
        },
    ];
    let with = |tally: Tally| narrow.clone().map(|filter| Filter { tally, ..filter });
    TALLIES.into_iter().flat_map(with).collect()
}

fn orders() -> Vec<Order> {
    let both = |sort| [false, true].map(|ascending| Order { sort, ascending, ..Order::default() });
    Sort::ALL.into_iter().flat_map(both).collect()
}

#[tokio::test]
async fn each_way_finds_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    let mut shown = 0;
    for filter in filters() {
        for order in orders() {
            let mut connection = store.readers.acquire().await.unwrap();
            let few = candidates::of(&mut connection, &filter, order.sort, NOW, &store.tallies).await;
            let few = few.unwrap_or_else(|cause| panic!("{cause} {filter:?}"));
            drop(connection);
            let all = Few { rows: json(&(0..1000).collect::<Vec<_>>()).unwrap(), is_all: true, seq: None };
            let mut ways = vec![Source::Shelves(None), Source::Few(all)];
            ways.extend(few.map(Source::Few));
            ways.extend(candidates::rather(&filter, &store.tallies).map(Source::All));
            let senders = candidates::senders(&filter);
            ways.extend(senders.filter(|_| order.sort == Sort::Updated).map(Source::Senders));
            if filter.tally == Tally::Attention {
                ways.push(Source::Attention);
            }
            if filter.group.is_some() && order.sort == Sort::Updated {
                ways.push(Source::Group);
            }
            let mut first: Option<Vec<String>> = None;
            for way in ways {
                let told = format!("{way:?} {filter:?} {order:?}");
                let (mut there, mut order) = (Vec::new(), order.clone());
                loop {
                    let mut connection = store.readers.acquire().await.unwrap();
                    let page = page_and(&mut connection, &filter, &order, 7, NOW, way.clone(), &[])
                        .await
                        .unwrap()
                        .page;
                    there.extend(page.it.rows.iter().map(|it| it.key.to_string()));
                    let Some(next) = page.it.next else { break };
                    order.after = Some(next);
                }
                shown += there.len();
                assert_eq!(first.get_or_insert_with(|| there.clone()), &there, "{told}");
            }
        }
    }
    assert!(shown > 10_000, "{shown}");
    store.close().await;
}

#[tokio::test]
async fn no_page_goes_through_a_table_or_sorts_what_is_long() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
    let mut connection = connect_beside(folder.path()).await.unwrap();
    for filter in filters() {
        for order in orders() {
            for has_place in [false, true] {
                let none = Few { rows: "[]".to_owned(), is_all: true, seq: None };
                let mut ways = vec![Source::Shelves(None), Source::Few(none)];
                ways.extend(candidates::rather(&filter, &store.tallies).map(Source::All));
                if narrows_accounts(&filter) {
                    ways.push(Source::All("sqlite_autoindex_packages_1"));
                }
                let senders = candidates::senders(&filter);
                ways.extend(senders.filter(|_| order.sort == Sort::Updated).map(Source::Senders));
                if filter.tally == Tally::Attention && order.sort == Sort::Updated {
                    ways.push(Source::Attention);
                }
                if filter.group.is_some() && order.sort == Sort::Updated {
                    ways.push(Source::Group);
                }
                for way in ways {
                    let text = statement(&filter, order.sort, order.ascending, has_place, &way);
                    let plan = plan(&mut connection, &text).await;
                    let whole = plan.join("\n");
                    let all_ready = "SCAN packages USING INDEX packages_ready";
                    assert!(!whole.replace(all_ready, "").contains("SCAN packages"), "{text}\n{whole}");
                    // The page is put in order at the end; before that, only what is few is sorted.
                    let sorts = plan.iter().filter(|it| it.contains("TEMP B-TREE FOR")).count();
                    let sorts_few = matches!(way, Source::Few(_) | Source::Attention | Source::All(_));
                    let least = 1 + usize::from(sorts_few);
                    assert!(sorts <= least, "{text}\n{whole}");
                    if has_place && !sorts_few {
                        let column = column(order.sort);
                        let begins = |it: &str| {
                            let at = [
                                format!("AND {column}=? AND rowid"),
                                format!("AND {column}<?"),
                                format!("AND {column}>?"),
                            ];
                            at.iter().any(|at| it.contains(at))
                        };
                        let mut parts = plan.iter().filter(|it| it.contains(" INDEX packages_"));
                        assert!(parts.all(|it| begins(it)), "{text}\n{whole}");
                    }
                }
            }
        }
    }
    store.close().await;
}

async fn plan(connection: &mut SqliteConnection, text: &str) -> Vec<String> {
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"))).fetch_all(connection).await;
    rows.unwrap().iter().map(|row| row.try_get::<String, _>("detail").unwrap()).collect()
}

/// Packages like one that is there: those of one word came last, and changed long before the others.
async fn many_more(folder: &std::path::Path) {
    const MORE: &str = "INSERT INTO packages (account, package, seq, shelf, ready, sender, updated, created, due, name, \
        search, state, facts, tries, not_ours) \
        WITH RECURSIVE some (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM some WHERE n < $1) \
        SELECT account, $2 || n, seq, shelf, ready, sender, updated + $3, created, due, $2 || printf('%05d', n), \
        ' ' || $2, state, facts, tries, not_ours FROM packages, some WHERE package = 'p-1'";
    let mut connection = connect_beside(folder).await.unwrap();
    for (n, word, later) in [(12_000, "other", 1_000), (5_100, "often", -1_000)] {
        sqlx::query(MORE).bind(n).bind(word).bind(later).execute(&mut connection).await.unwrap();
    }
}

/// Seen red with: a walk whose limit lies further than the rows do.
#[tokio::test]
async fn where_words_find_very_many_no_list_goes_through_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    many_more(folder.path()).await;
    let often = |tally| Filter { tally, words: search_words("often", 12), ..Filter::default() };
    let by = |sort, whole| Order { sort, ascending: sort == Sort::Name, whole, ..Order::default() };
    let names = async |order: &Order| {
        let page = store.list(&often(Tally::All), order, 2, NOW).await.unwrap();
        let names: Vec<String> = page.rows.iter().map(|it| it.key.package.as_str().to_owned()).collect();
        (names, page.newest_of)
    };
    let of = |all: [&str; 2]| all.map(str::to_owned).to_vec();
    // A list for people is of the newest, a file of all.
    assert_eq!(names(&by(Sort::Name, false)).await, (of(["often100", "often101"]), Some(FEW)));
    assert_eq!(names(&by(Sort::Name, true)).await, (of(["often1", "often2"]), None));
    // Nobody goes through all that changed later.
    assert_eq!(names(&by(Sort::Updated, false)).await, (of(["often5100", "often5099"]), Some(FEW)));
    assert_eq!(names(&by(Sort::Updated, true)).await, (of(["often5100", "often5099"]), None));
    // The page after that is of the same.
    let order = by(Sort::Name, false);
    let first = store.list(&often(Tally::All), &order, 2, NOW).await.unwrap();
    let second = names(&Order { after: first.next, ..order }).await;
    assert_eq!(second, (of(["often102", "often103"]), Some(FEW)));
    // What is found soon is of all.
    let other = Filter { words: search_words("other", 12), ..Filter::default() };
    let page = store.list(&other, &by(Sort::Updated, false), 2, NOW).await.unwrap();
    assert_eq!((page.rows.len(), page.newest_of), (2, None));
    // Whoever has the connections next may take their time.
    for _ in 0..8 {
        let long = "WITH RECURSIVE some (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM some WHERE n < 200000) \
            SELECT count(*) FROM some";
        assert_eq!(sqlx::query(long).fetch_one(&store.readers).await.unwrap().get::<i64, _>(0), 200_000);
    }
    store.close().await;
}

/// Seen red with: a whole file whose every page begins with a walk that is given up.
#[tokio::test]
async fn what_stands_far_down_the_order_is_rather_looked_for_where_it_must_be() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    many_more(folder.path()).await;
    // Those that changed long before the others are of one sender, one group and one account, and need attention.
    let mut connection = connect_beside(folder.path()).await.unwrap();
    let late = "UPDATE packages SET sender = 'late', team = 'late', account = 'zz', shelf = 'sent', ready = 1, attention_until = $1 \
        WHERE search = ' often'";
    sqlx::query(late).bind(NOW.0 + 1).execute(&mut connection).await.unwrap();
    for (account, n) in [("os", 12_000), ("zz", 5_100)] {
        store.tallies.set(AccountId(account.to_owned()), Status::Sent.word(), n);
    }
    let late = || Some("late".to_owned());
    let of = |senders| Reach { accounts: None, senders: Some(senders) };
    let by = |sort, whole| Order { sort, whole, ..Order::default() };
    let (attention, with_sender) = (Tally::Attention, Tally::WithSender);
    for (filter, index, sort) in [
        (Filter { sender: late(), ..Filter::default() }, "packages_sender", Sort::Created),
        (Filter { within: of(vec!["late".to_owned()]), ..Filter::default() }, "packages_sender", Sort::Due),
        (Filter { group: late(), ..Filter::default() }, "packages_team", Sort::Name),
        (Filter { tally: attention, ..Filter::default() }, "packages_attention", Sort::Name),
        (Filter { tally: with_sender, ..Filter::default() }, "packages_ready", Sort::Updated),
        (
            Filter { account: Some(AccountId("zz".to_owned())), ..Filter::default() },
            "sqlite_autoindex_packages_1",
            Sort::Updated,
        ),
    ] {
        let told = format!("{filter:?} {sort:?}");
        let source = store.source(&mut connection, &filter, &by(sort, false), NOW).await.unwrap();
        let Source::Shelves(Some(rather)) = source else { panic!("{told} {source:?}") };
        assert!(matches!(*rather, Source::All(it) if it == index), "{told} {rather:?}");
        let whole = store.source(&mut connection, &filter, &by(sort, true), NOW).await.unwrap();
        assert!(matches!(whole, Source::Shelves(None)), "{told} {whole:?}");
        let names = |page: &Page| page.rows.iter().map(|it| it.key.to_string()).collect::<Vec<_>>();
        let page = store.list(&filter, &by(sort, false), 3, NOW).await.unwrap();
        let all = store.list(&filter, &by(sort, true), 3, NOW).await.unwrap();
        assert_eq!((names(&page), page.next, page.newest_of), (names(&all), all.next, None), "{told}");
        assert_eq!(page.rows.len(), 3, "{told}");
    }
    let everything = store.source(&mut connection, &Filter::default(), &by(Sort::Name, false), NOW).await;
    assert!(matches!(everything.unwrap(), Source::Shelves(None)));
    store.close().await;
}
