//! Filters, tallies, search, order and pages of the board's list.

use crate::support::board::{Board, event};
use futures_util::future::join_all;
use std::collections::BTreeSet;

const STORIES: [(&str, &[&str]); 8] = [
    ("draft", &["PACKAGE_CREATE"]),
    ("sent", &["PACKAGE_CREATE", "PACKAGE_ACTIVATE"]),
    ("completed", &["PACKAGE_ACTIVATE", "PACKAGE_COMPLETE"]),
    ("declined", &["PACKAGE_ACTIVATE", "PACKAGE_DECLINE"]),
    ("expired", &["PACKAGE_ACTIVATE", "PACKAGE_EXPIRE"]),
    ("archived", &["PACKAGE_ACTIVATE", "PACKAGE_COMPLETE", "PACKAGE_ARCHIVE"]),
    ("opted_out", &["PACKAGE_ACTIVATE", "PACKAGE_OPT_OUT"]),
    ("deleted", &["PACKAGE_ACTIVATE", "PACKAGE_DELETE"]),
];

/// 18 packages of each story, and of some more, many of them at the same millisecond.
async fn fill(board: &Board) {
    let trashed = ["PACKAGE_ACTIVATE", "PACKAGE_TRASH"];
    let ready = ["PACKAGE_ACTIVATE", "PACKAGE_READY_FOR_COMPLETE"];
    let locked = ["PACKAGE_ACTIVATE", "SIGNER_LOCKED"];
    let more: [(&str, &[&str]); 3] = [("trashed", &trashed), ("ready", &ready), ("locked", &locked)];
    for at in 0..18_i64 {
        for (story, names) in STORIES.into_iter().chain(more) {
            let account = if at % 3 == 0 { "cg" } else { "os" };
            let bodies = names.iter().zip(0..).map(|(name, step)| {
                event(
                    &format!("{story} {}", at / 2 * 2 + at % 2),
                    name,
                    "signer",
                    None,
                    at / 6 * 60_000 + step,
                )
            });
            join_all(bodies.map(|body| board.send(account, body))).await;
        }
    }
}

/// The links to packages on a page's rows, in their order.
fn rows(page: &str) -> Vec<String> {
    let table = page.split("<tbody").nth(1).unwrap_or_default().split("</tbody>").next().unwrap_or_default();
    table
        .split("<td class=\"name\"><a href=\"")
        .skip(1)
        .map(|it| it.split('"').next().unwrap().to_owned())
        .collect()
}

fn link(page: &str, rel: &str) -> Option<String> {
    let at = page.find(&format!("rel=\"{rel}\""))?;
    let tag = &page[page[..at].rfind('<')?..];
    let href = tag.split("href=\"").nth(1)?.split('"').next()?;
    Some(href.replace("&#38;", "&").replace("&amp;", "&"))
}

#[actix_web::test]
async fn paging_shows_every_row_once_there_and_back() {
    let board = Board::start().await;
    fill(&board).await;
    for sort in ["updated", "due", "name", "created"] {
        for dir in ["asc", "desc"] {
            let (mut there, mut back) = (Vec::new(), Vec::new());
            let mut path = format!("/?sort={sort}&dir={dir}");
            let mut pages = 0;
            loop {
                let page = board.text(&path).await;
                there.extend(rows(&page));
                pages += 1;
                match link(&page, "next") {
                    Some(next) => path = next,
                    None => break,
                }
            }
            assert_eq!((pages, there.len()), (4, 180), "{sort} {dir}");
            assert_eq!(there.iter().collect::<BTreeSet<_>>().len(), 180, "{sort} {dir}");
            loop {
                let page = board.text(&path).await;
                let mut shown = rows(&page);
                shown.reverse();
                back.extend(shown);
                match link(&page, "prev") {
                    Some(prev) => path = prev,
                    None => break,
                }
            }
            back.reverse();
            assert_eq!(back, there, "{sort} {dir}");
        }
    }
    board.stop().await;
}

#[actix_web::test]
async fn filters_tallies_and_counts_agree() {
    let board = Board::start().await;
    fill(&board).await;
    for account in ["", "&account=cg"] {
        let tallies = board.text(&format!("/pulse?x=1{account}")).await;
        let words = ["attention", "with_sender", "trashed"];
        for word in STORIES.iter().map(|(story, _)| *story).chain(words) {
            let answer = board.json(&format!("/api/v1/packages?limit=500&status={word}{account}")).await;
            let listed = answer["packages"].as_array().unwrap();
            let expected = match (word, account) {
                ("sent", "") => 54,
                ("sent", _) => 18,
                // Locked, and declined or opted out of within a week.
                ("attention", "") => 54,
                ("attention", _) => 18,
                (_, "") => 18,
                (_, _) => 6,
            };
            assert_eq!(listed.len(), expected, "{word}{account}");
            for package in listed {
                assert!(package["trashed"] == (word == "trashed"), "{package}");
                assert!(STORIES.iter().all(|(story, _)| *story != word) || package["status"] == word);
            }
            let shown = rows(&board.text(&format!("/?status={word}{account}")).await);
            assert_eq!(shown.len(), expected.min(50));
            let tally = tally(&tallies, word);
            assert_eq!(tally, Some(expected.to_string()), "{word}{account}");
        }
    }
    let all = board.json("/api/v1/packages?limit=500").await;
    assert_eq!(all["packages"].as_array().unwrap().len(), 180, "every status, not the trashed");
    for (query, expected) in [
        ("q=LOCKED", 18),
        ("q=locked%201", 9),
        ("q=locked&provider=conga", 6),
        ("q=%25", 0),
        ("q=_", 0),
        ("q=opted_o", 18),
        ("q=nobody", 0),
        ("provider=conga&status=draft", 6),
        ("account=none", 0),
        ("updated=today&status=draft", 18),
    ] {
        let shown = rows(&board.text(&format!("/?{query}")).await).len();
        assert_eq!(shown, expected.min(50), "{query}");
    }
    assert_eq!(board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    board.stop().await;
}

/// The number of a tally.
fn tally(page: &str, word: &str) -> Option<String> {
    let at = page.find(&format!("id=\"t-{word}\"")).or_else(|| page.find(&format!("status={word}\"")))?;
    let number = page[at..].split("<b>").nth(1)?.split("</b>").next()?;
    Some(number.to_owned())
}

#[actix_web::test]
async fn programs_page_through_everything_too() {
    let board = Board::start().await;
    fill(&board).await;
    let (mut seen, mut after) = (BTreeSet::new(), String::new());
    loop {
        let page = board.json(&format!("/api/v1/packages?limit=7&after={after}")).await;
        for package in page["packages"].as_array().unwrap() {
            assert!(seen.insert(format!("{}/{}", package["account"], package["id"])));
        }
        match page["next"].as_str() {
            Some(next) => {
                after = percent_encoding::utf8_percent_encode(next, percent_encoding::NON_ALPHANUMERIC)
                    .to_string();
            }
            None => break,
        }
    }
    assert_eq!(seen.len(), 180);
    let capped = board.json("/api/v1/packages?limit=9999").await;
    assert_eq!(capped["packages"].as_array().unwrap().len(), 180);
    assert_eq!(board.json("/api/v1/packages").await["packages"].as_array().unwrap().len(), 50);
    board.stop().await;
}
