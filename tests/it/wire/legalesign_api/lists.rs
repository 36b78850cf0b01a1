//! Legalesign's lists: one group after the other, what is open and then what is archived; nothing is lost between pages.

use super::{GAMMA, NOW, id, legalesign, opened_with, sample, shown};
use crate::wire::fake::{Asked, Fake};
use actix_web::HttpResponse;
use serde_json::{Value, json};
use signboard::config::{ApiAuth, Secret};
use signboard::model::{Status, Step, Timestamp};
use signboard::provider::{FetchError, Listing, Provider};
use std::collections::BTreeSet;
use std::sync::Mutex;

async fn listed(answer: Value) -> Listing {
    let fake = Fake::start(move |_| HttpResponse::Ok().json(&answer));
    legalesign(&fake, &["lettings-team"]).list(None, 0, NOW).await.unwrap()
}

/// A parameter of the query, or "".
fn asked_for(asked: &Asked, name: &str) -> String {
    let pairs = asked.query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).next().unwrap_or_default()
}

fn number(asked: &Asked, name: &str) -> usize {
    asked_for(asked, name).parse().unwrap()
}

/// A page as the API serves it, of at most `most` rows.
fn page(asked: &Asked, rows: &[Value], most: usize) -> HttpResponse {
    let (offset, limit) = (number(asked, "offset"), number(asked, "limit").min(most));
    let shown: Vec<_> = rows.iter().skip(offset).take(limit).collect();
    let next = (offset + limit < rows.len()).then(|| format!("/api/v1/x/?offset={}", offset + limit));
    let meta = json!({ "limit": limit, "next": next, "offset": offset, "total_count": rows.len() });
    HttpResponse::Ok().json(json!({ "meta": meta, "objects": shown }))
}

fn documents(names: impl IntoIterator<Item = String>) -> Vec<Value> {
    names.into_iter().map(|uuid| json!({ "uuid": uuid, "status": 30, "signers": [] })).collect()
}

/// Walks to the end; the ids that were seen, and in how many calls.
async fn walked(provider: &dyn Provider) -> (BTreeSet<String>, usize, Listing) {
    let (mut seen, mut from, mut pages) = (BTreeSet::new(), 0, 0);
    loop {
        let listing = provider.list(None, from, NOW).await.unwrap();
        seen.extend(listing.rows.iter().map(|(id, _)| id.as_str().to_owned()));
        pages += 1;
        match listing.next {
            Some(next) => assert!(next > from && pages < 500, "{next} after {from}"),
            None => return (seen, pages, listing),
        }
        from = listing.next.unwrap();
    }
}

/// Seen red with: rows of the cache taken for answers.
#[tokio::test]
async fn what_a_cache_says_is_only_compared() {
    let fake = Fake::start(|_| HttpResponse::Ok().json(sample("/document_list_page_1/body")));
    let api = |cache| signboard::config::ApiConfig {
        base_url: format!("{}/api/v1", fake.url),
        auth: ApiAuth::Header { authorization: Secret::new("ApiKey a:b") },
        proxy: None,
        ca_file: None,
        cache,
    };
    let provider = opened_with(api(true), &["lettings-team"], 1_000).unwrap();
    let cached = provider.list(Some(NOW), 0, NOW).await.unwrap();
    assert!(cached.rows.is_empty());
    let glances = cached.bare.iter().map(|it| it.glance.as_ref().map(|it| (it.status, it.updated.is_some())));
    let expected = [Status::Declined, Status::Sent, Status::Completed].map(|status| Some((status, true)));
    assert_eq!(glances.collect::<std::collections::HashSet<_>>(), expected.into());
    // Whoever looks for answers gets answers.
    assert_eq!(provider.list(None, 0, NOW).await.unwrap().rows.len(), 2);
    opened_with(api(false), &["lettings-team"], 1_000).unwrap().list(Some(NOW), 0, NOW).await.unwrap();
    let asked: Vec<_> =
        fake.asked().iter().map(|it| (asked_for(it, "cache"), asked_for(it, "modified_gt"))).collect();
    let told = |cache: &str, since: &str| (cache.to_owned(), since.to_owned());
    assert_eq!(
        asked,
        [told("1", "1994-11-05T08%3A49%3A37"), told("", ""), told("", "1994-11-06T08%3A49%3A36")]
    );
}

#[tokio::test]
async fn the_sample_pages_are_read_in_their_order() {
    let first = listed(sample("/document_list_page_1/body")).await;
    let told: Vec<_> = first.rows.iter().map(|(id, it)| (id.as_str(), it.status)).collect();
    let beta = "fa802649-8efc-5d7b-8061-beee73093196";
    assert_eq!(told, [(beta, Status::Sent), (GAMMA, Status::Completed)]);
    // Rejected: its reason is told elsewhere.
    assert_eq!(first.bare.len(), 1);
    assert_eq!(first.bare[0].package, id("99344324-1504-5d99-b3f6-4df9971e3f7f"));
    assert_eq!(first.bare[0].glance.as_ref().unwrap().status, Status::Declined);
    assert_eq!((first.unreadable, first.total), (0, 5));
    // One row of the three is shown again.
    assert_eq!(first.next, Some(2));
    assert!(first.date.is_some());
    let steps: Vec<_> = first.rows[0].1.places.iter().map(|it| (it.index, it.step)).collect();
    assert_eq!(steps, [(0, Some(Step::MailOpened)), (1, Some(Step::Unsent))]);
    assert!(first.rows[1].1.final_pdf);

    let second = listed(sample("/document_list_page_2/body")).await;
    let told: Vec<_> =
        second.rows.iter().map(|(_, it)| (it.status, it.places[0].step, it.places[0].role.len())).collect();
    assert_eq!(
        told,
        [
            (Status::Sent, Some(Step::AwaitsWitness), 36),
            // Sent, since its signer was.
            (Status::Sent, Some(Step::Sent), 36),
        ]
    );
    // The group's archived documents follow.
    assert_eq!(second.next, Some(1_000_000));

    let archived = listed(sample("/document_list_archived/body")).await;
    assert!(archived.rows[0].1.archived && archived.rows[0].1.status == Status::Cancelled);
    let empty = listed(sample("/document_list_empty/body")).await;
    assert_eq!((empty.rows.len(), empty.total, empty.next), (0, 0, Some(1_000_000)));
}

#[tokio::test]
async fn a_row_says_what_the_document_itself_says() {
    let row = sample("/document_list_page_1/body/objects/2");
    let whole = shown(sample("/document_detail/body")).await.unwrap();
    assert_eq!(listed(sample("/document_list_page_1/body")).await.rows[1].1, whole);
    assert_eq!(shown(row).await.unwrap(), whole);
}

#[tokio::test]
async fn each_group_is_asked_for_and_then_what_they_archived() {
    let fake = Fake::start(|asked| page(asked, &[], 100));
    let provider = legalesign(&fake, &["lettings-team", "sales & co"]);
    let (_, pages, last) = walked(&*provider).await;
    assert_eq!((pages, last.next, last.total), (4, None, 0));
    let since = Some(Timestamp(1_740_787_200_999));
    provider.list(since, 2_000_100, NOW).await.unwrap();
    let asked: Vec<_> = fake.asked().into_iter().map(|it| (it.what, it.query)).collect();
    let expected = [
        "group=lettings-team&limit=100&offset=0",
        "group=sales+%26+co&limit=100&offset=0",
        "group=lettings-team&archived=true&limit=100&offset=0",
        "group=sales+%26+co&archived=true&limit=100&offset=0",
        // A second earlier, since it leaves out the one it names.
        "group=lettings-team&archived=true&modified_gt=2025-02-28T23%3A59%3A59&limit=100&offset=100",
    ];
    let expected = expected.map(|query| ("GET /api/v1/document/".to_owned(), query.to_owned()));
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn a_walk_sees_every_document_of_every_group() {
    // 130 groups, of which one is long, and a server that never sends more than 20 rows.
    let groups: Vec<_> = (0..130).map(|n| json!({ "slug": format!("g{n}"), "name": "G" })).collect();
    let fake = Fake::start(move |asked| {
        if asked.what == "GET /api/v1/group/" {
            return page(asked, &groups, 20);
        }
        let (group, archived) = (asked_for(asked, "group"), asked_for(asked, "archived"));
        let many = if group == "g7" { 90 } else { 1 };
        page(asked, &documents((0..many).map(|n| format!("{group}-{n}-{archived}"))), 20)
    });
    let provider = legalesign(&fake, &[]);
    let (seen, _, last) = walked(&*provider).await;
    assert_eq!(seen.len(), 2 * (129 + 90));
    assert_eq!(last.total, 2 * (129 + 90));
    // The groups are read once for a while, whatever is walked.
    let read = fake.count("GET /api/v1/group/");
    provider.list(None, 0, NOW.plus(9 * 60_000)).await.unwrap();
    assert_eq!(fake.count("GET /api/v1/group/"), read);
    provider.list(None, 0, NOW.plus(10 * 60_000)).await.unwrap();
    assert_eq!(fake.count("GET /api/v1/group/"), read * 2);
    // Not in the middle, where it would turn shelves into others.
    provider.list(None, 5_000_000, NOW.plus(30 * 60_000)).await.unwrap();
    assert_eq!(fake.count("GET /api/v1/group/"), read * 2);
}

#[tokio::test]
async fn rows_that_move_up_between_two_pages_are_seen() {
    let rows = Mutex::new(documents((0..250).map(|n| format!("p{n}"))));
    let fake = Fake::start(move |asked| {
        if asked_for(asked, "archived") == "true" {
            return page(asked, &[], 100);
        }
        let mut rows = rows.lock().unwrap();
        if number(asked, "offset") > 0 && rows.len() > 245 {
            // Somebody archives five documents of the first page.
            rows.drain(..5);
        }
        page(asked, &rows, 100)
    });
    let (seen, _, _) = walked(&*legalesign(&fake, &["g"])).await;
    assert_eq!(seen.len(), 250);
}

#[tokio::test]
async fn who_is_in_no_group_sees_an_empty_list() {
    let fake = Fake::start(|asked| page(asked, &[], 100));
    let listing = legalesign(&fake, &[]).list(None, 0, NOW).await.unwrap();
    assert_eq!(listing, Listing::default());
    assert_eq!(fake.asked().len(), 1);
    // Nor is there a shelf behind the last.
    let listing = legalesign(&fake, &["g"]).list(None, u32::MAX, NOW).await.unwrap();
    assert_eq!(listing, Listing::default());
}

#[tokio::test]
async fn a_row_that_says_too_little_takes_no_other_with_it() {
    let listing = listed(json!({ "meta": { "total_count": "7", "next": null }, "objects": [
        { "uuid": "no-signers", "status": 10 },
        { "uuid": "whole", "status": "20", "signers": [] },
        null,
        { "status": 10, "signers": [] },
        { "resource_uri": "/api/v1/documents/new-word/", "status": 70, "signers": [] },
        { "uuid": "odd", "status": 40, "signers": [7, ["/api/v1/signer/s/"], []] },
        "x",
    ]}))
    .await;
    assert_eq!(listing.rows.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["whole", "odd"]);
    assert_eq!(listing.rows[1].1.places.len(), 1);
    let bare = listing.bare.iter().map(|it| it.package.clone()).collect::<Vec<_>>();
    assert_eq!(bare, ["no-signers", "new-word"].map(id));
    assert_eq!((listing.unreadable, listing.total), (3, 7));
}

#[tokio::test]
async fn a_list_that_does_not_work_says_so() {
    for (code, refused) in [(403, true), (401, true), (404, false), (400, false), (500, false)] {
        let fake = Fake::start(move |_| HttpResponse::build(code.try_into().unwrap()).finish());
        for groups in [&["g"][..], &[]] {
            let told = legalesign(&fake, groups).list(None, 0, NOW).await.unwrap_err();
            assert_eq!(matches!(told, FetchError::Refused(_)), refused, "{code}: {told}");
            assert!(refused || matches!(told, FetchError::Unavailable(_)), "{told}");
        }
    }
    // What is no list is no empty one, or a 404 of a document would be believed for it (rule 9).
    for body in ["{}", "[]", "{\"meta\":{},\"objects\":null}", "<html>", "{\"objects\":{}}"] {
        let fake = Fake::start(move |_| HttpResponse::Ok().body(body));
        for groups in [&["g"][..], &[]] {
            let told = legalesign(&fake, groups).list(None, 0, NOW).await.unwrap_err();
            assert!(matches!(told, FetchError::Unreadable(_)), "{body}: {told}");
        }
    }
}
