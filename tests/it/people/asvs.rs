//! `docs/asvs.md`: that what it says is shown by a test is; and what of it nothing else shows.

use super::EMAIL;
use crate::support::board::Board;
use signboard::model::access::Role;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files in which a test of this path may stand: `a::b::name` from outside, `a::b::tests::name` beside the code.
fn files(modules: &[&str]) -> Vec<PathBuf> {
    let beside: Vec<&str> = modules.iter().copied().filter(|it| *it != "tests").collect();
    let of = |folder: &str, modules: &[&str]| {
        let path = root().join(folder).join(modules.join("/"));
        [path.with_extension("rs"), path.join("mod.rs")]
    };
    let mut all = Vec::from(of("tests/it", modules));
    if modules.contains(&"tests") {
        all = Vec::from(of("src", &beside));
        all.extend(of("src", modules));
    }
    all
}

/// Whether a function of this name is a test in one of these files.
fn is_test(path: &str) -> bool {
    let words: Vec<&str> = path.split("::").collect();
    let (name, modules) = words.split_last().unwrap();
    files(modules).iter().filter_map(|it| std::fs::read_to_string(it).ok()).any(|text| {
        let Some((before, _)) = text.split_once(&format!("fn {name}(")) else { return false };
        let above: Vec<&str> = before.lines().rev().take(4).collect();
        above.iter().any(|it| it.trim_start().starts_with("#[") && it.contains("test"))
    })
}

/// Seen red with: a test of the table by another name.
#[test]
fn every_item_is_judged_once_and_every_test_that_it_names_exists() {
    let text = std::fs::read_to_string(root().join("docs/asvs.md")).unwrap();
    let (mut seen, mut shown) = (Vec::new(), 0);
    for line in text.lines().filter(|it| it.starts_with("| ") && !it.starts_with("| item ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [item, asks, judged, board, tests] = cells[..] else { panic!("{line}") };
        let number: Vec<u32> = item.split('.').map(|it| it.parse().unwrap()).collect();
        assert!(number.len() == 3 && !asks.is_empty(), "{line}");
        assert!(["met", "partly", "not met", "none"].contains(&judged), "{item} is {judged:?}");
        let says_why =
            !board.is_empty() || judged == "none" || !tests.is_empty() || number[0] == 9 || number[0] == 10;
        assert!(says_why || judged == "met", "{item} is {judged} and doesn't say why");
        for test in tests.split_whitespace().map(|it| it.trim_matches('`')) {
            assert!(is_test(test), "{item} names {test}, which is no test");
            shown += 1;
        }
        seen.push(number);
    }
    let once: BTreeSet<_> = seen.iter().collect();
    assert_eq!(once.len(), seen.len(), "each item once");
    assert!(seen.is_sorted() && seen.len() > 180 && shown > 120, "{} items, {shown} tests", seen.len());
    let chapters: BTreeSet<u32> = seen.iter().map(|it| it[0]).collect();
    assert_eq!(chapters, (1..=16).collect(), "of the seventeenth there is nothing");
    assert!(!is_test("people::asvs::no_such_test") && !is_test("people::asvs::is_test"));
}

/// Seen red with: no such header.
#[actix_web::test]
async fn where_the_board_is_encrypted_browsers_stay_with_that() {
    for (url, expected) in [("https://board.example.com", true), ("http://127.0.0.1:1", false)] {
        let board = Board::with_people(|config| config.server.public_url = Some(url.to_owned())).await;
        for path in ["/", "/sign-in", "/nothing", "/static/nothing", "/healthz", "/api/v1/packages"] {
            let answer = board.get(path).await;
            let told = answer.headers().get("strict-transport-security").map(|it| it.to_str().unwrap());
            assert_eq!(told, expected.then_some("max-age=31536000; includeSubDomains"), "{path}");
            assert!(answer.headers().keys().all(|it| !it.as_str().starts_with("access-control-")), "{path}");
        }
        board.stop().await;
    }
}

/// Seen red with: a file that may be kept by whoever stands between.
#[actix_web::test]
async fn files_have_names_of_ours() {
    let board = Board::with_people(|_| ()).await;
    let admin = board.person(EMAIL, Role::Admin).await;
    board.event("p1", "PACKAGE_ACTIVATE", "u", 0).await;
    for (path, name) in [
        ("/sync/missed.csv", "attachment; filename=\"missed-callbacks-2026-11-22.csv\""),
        ("/audit/deeds.csv?who=%22%0d%0a.exe", "attachment; filename=\"audit-2026-11-22.csv\""),
        ("/audit/deeds.jsonl", "attachment; filename=\"audit-2026-11-22.jsonl\""),
        ("/inbox/payload/1", ""),
        ("/inbox", ""),
        ("/api/v1/packages", ""),
    ] {
        let answer = board.get_as(&admin, path).await;
        let header = |name: &str| answer.headers().get(name).map_or("", |it| it.to_str().unwrap());
        assert_eq!((answer.status().as_u16(), header("content-disposition")), (200, name), "{path}");
        assert!(header("cache-control").contains("no-store"), "{path}: {}", header("cache-control"));
        let kind = header("content-type");
        assert!(kind == "application/json" || kind.contains("charset=utf-8"), "{path}: {kind}");
    }
    board.stop().await;
}
