//! Lists: what is asked for, where the next page begins, and rows that say too little.

use super::{NOW, id, sample, with_key};
use crate::wire::account;
use crate::wire::fake::Fake;
use actix_web::HttpResponse;
use serde_json::{Value, json};
use signboard::config::ProviderKind;
use signboard::model::{Status, Timestamp};
use signboard::provider::{FetchError, Listing};

async fn listed(answer: Value, from: u32) -> Listing {
    let fake = Fake::start(move |_| HttpResponse::Ok().json(&answer));
    account(ProviderKind::OneSpan, Some(with_key(&fake)), 60).list(None, from, NOW).await.unwrap()
}

fn rows(count: usize) -> Vec<Value> {
    (0..count)
        .map(|n| json!({"id": format!("p{n}"), "status": "SENT", "roles": [], "documents": []}))
        .collect()
}

#[tokio::test]
async fn the_sample_page_is_read_in_its_order() {
    let listing = listed(sample("/package_list_page/response"), 0).await;
    let told: Vec<_> = listing.rows.iter().map(|(id, it)| (id.as_str(), it.status)).collect();
    assert_eq!(
        told,
        [
            ("HMAPqM-5MNThqR47XB-UpmoFqwg=", Status::Draft),
            ("Xl2CwhVUMgOrTJI1p_69sIG_b0c=", Status::Sent),
            ("GCa0RHbyo0gm_ZY1z-Ss-ib-87k=", Status::Completed),
        ]
    );
    assert_eq!((listing.total, listing.next, listing.unreadable), (3, None, 0));
    assert!(listing.bare.is_empty() && listing.date.is_some());
    let draft = &listing.rows[0].1;
    assert_eq!(draft.reference.as_deref(), Some("crmId: OPP-1182, origin: api"));
    assert!(draft.places[2].people.is_empty());
    assert_eq!(draft.places[2].name.as_deref(), Some("Counter-signer"));
}

#[tokio::test]
async fn pages_are_asked_for_from_one_and_both_dates_are_sent() {
    let fake = Fake::start(|_| HttpResponse::Ok().json(json!({"count": 0, "results": []})));
    let since = Some(Timestamp(1_717_518_678_999));
    let onespan = account(ProviderKind::OneSpan, Some(with_key(&fake)), 60);
    onespan.list(None, 0, NOW).await.unwrap();
    onespan.list(since, 100, NOW).await.unwrap();
    account(ProviderKind::Conga, Some(with_key(&fake)), 60).list(None, 200, NOW).await.unwrap();
    let asked: Vec<_> = fake.asked().into_iter().map(|it| (it.what, it.query)).collect();
    let date = "2024-06-04T16%3A31%3A18Z";
    let expected = [
        ("GET /api/packages", "from=1&to=100&sort=updated&dir=desc".to_owned()),
        (
            "GET /api/packages",
            format!("from=101&to=200&sort=updated&dir=desc&lastUpdatedStartDate={date}&startDate={date}"),
        ),
        ("GET /api/v1/cs-packages", "from=201&to=300&sort=updated&dir=desc".to_owned()),
    ];
    assert_eq!(asked, expected.map(|(what, query)| (what.to_owned(), query)));
}

#[tokio::test]
async fn the_next_page_begins_where_this_one_ends() {
    for (received, count, from, next) in [
        (100, json!(250), 0, Some(100)),
        (100, json!(250), 100, Some(200)),
        (50, json!(250), 200, None),
        (100, json!(200), 100, None),
        (100, json!("201"), 100, Some(200)),
        (99, json!(250), 0, None),
        (0, json!(250), 0, None),
        (100, Value::Null, 0, Some(100)),
        // A service that doesn't know pages sends all it has.
        (130, json!(130), 0, None),
        (130, json!(500), 0, Some(130)),
    ] {
        let listing = listed(json!({"count": count, "results": rows(received)}), from).await;
        assert_eq!(listing.next, next, "{received} of {count} from {from}");
        assert_eq!(listing.rows.len(), received);
    }
}

/// Seen red with: the 403 handed on; slices that overlap by one.
#[tokio::test]
async fn the_report_on_all_senders_is_asked_for_slice_by_slice() {
    const DAY: i64 = 86_400_000;
    let fake = Fake::start(|_| {
        HttpResponse::Ok().insert_header(("Date", "Sun, 06 Nov 1994 08:49:35 GMT")).json(json!({"senders": [
            {"sender": {"id": "a"}, "packages": [
                {"id": "p", "status": "SENT", "trashed": null, "updated": "1994-11-01T00:00:00Z", "signers": 7},
                {"id": "q", "status": "EXPIRED", "trashed": "1994-11-02T00:00:00Z"},
                {"id": "r", "status": "PAUSED", "trashed": false}, {"status": "SENT"},
            ]},
            {"sender": null, "packages": null},
        ]}))
    });
    let onespan = account(ProviderKind::OneSpan, Some(with_key(&fake)), 60);
    let mut from = onespan.habits().everybody_at;
    let mut told = Vec::new();
    while let Some(place) = from {
        let listing = onespan.list(Some(NOW.plus(-70 * DAY)), place, NOW).await.unwrap();
        (from, told) = (listing.next, vec![listing]);
    }
    let listing = told.remove(0);
    let bare = listing.bare.iter().map(|it| {
        let glance =
            it.glance.as_ref().map(|it| (it.status, it.trashed, it.status_only, it.updated.is_some()));
        (it.package.as_str(), glance)
    });
    let expected = [
        ("p", Some((Status::Sent, false, true, true))),
        ("q", Some((Status::Expired, true, true, false))),
        ("r", None),
    ];
    assert_eq!(bare.collect::<Vec<_>>(), expected);
    assert_eq!((listing.unreadable, listing.own_only, listing.date.is_some()), (1, Some(false), true));
    let asked: Vec<_> = fake.asked().into_iter().map(|it| (it.what, it.query)).collect();
    let slice = |from, to| {
        let query = format!("from=1994-{from}T08%3A49%3A37Z&to=1994-{to}T08%3A49%3A37Z");
        ("GET /api/reports/completion".to_owned(), query)
    };
    assert_eq!(asked, [slice("08-28", "09-27"), slice("09-27", "10-27"), slice("10-27", "11-06")]);

    let fake = Fake::start(|asked| match asked.what.contains("/v1/") {
        true => HttpResponse::NotFound().finish(),
        false => HttpResponse::Forbidden().finish(),
    });
    for (kind, own_only) in [(ProviderKind::OneSpan, Some(true)), (ProviderKind::Conga, None)] {
        let provider = account(kind, Some(with_key(&fake)), 60);
        let place = provider.habits().everybody_at.unwrap();
        let listing = provider.list(Some(NOW.plus(-30 * DAY)), place, NOW).await.unwrap();
        assert_eq!((listing.own_only, listing.next, listing.bare.len()), (own_only, None, 0));
    }
    assert_eq!(fake.asked()[1].what, "GET /api/v1/reports/completion");
}

#[tokio::test]
async fn a_row_that_says_too_little_takes_no_other_with_it() {
    let listing = listed(
        json!({"count": "6", "results": [
            {"id": "ids-only"},
            {"id": "whole", "status": "SENT", "roles": [], "documents": null},
            null,
            {"status": "SENT"},
            {"id": "new-word", "status": "PAUSED", "roles": [], "documents": []},
            {"id": "no-roles", "status": "SENT", "documents": []},
            {"id": "odd", "status": "DRAFT", "roles": [7, {"id": "r", "signers": "x"}], "documents": []},
        ]}),
        0,
    )
    .await;
    assert_eq!(listing.rows.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["whole", "odd"]);
    let bare = listing.bare.iter().map(|it| it.package.clone()).collect::<Vec<_>>();
    assert_eq!(bare, ["ids-only", "new-word", "no-roles"].map(id));
    let glances = listing.bare.iter().map(|it| it.glance.as_ref().map(|it| (it.status, it.status_only)));
    assert_eq!(glances.collect::<Vec<_>>(), [None, None, Some((Status::Sent, false))]);
    assert_eq!((listing.unreadable, listing.total), (2, 6));
}

#[tokio::test]
async fn a_list_that_is_refused_is_about_us() {
    for (code, refused) in [(403, true), (401, true), (404, false), (500, false)] {
        let fake = Fake::start(move |_| HttpResponse::build(code.try_into().unwrap()).finish());
        let told =
            account(ProviderKind::OneSpan, Some(with_key(&fake)), 60).list(None, 0, NOW).await.unwrap_err();
        assert_eq!(matches!(told, FetchError::Refused(_)), refused, "{told}");
        assert!(refused || matches!(told, FetchError::Unavailable(_)), "{told}");
    }
}
