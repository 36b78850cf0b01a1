//! What the pages say of a provider that speaks of signers alone, in steps, late, and not always signed.

use crate::support::board::Board;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use signboard::config::{AccountConfig, CallbackAuth, Config, ProviderKind, Secret, Unsigned};

const CERTIFICATE: &str = include_str!("../../data/legalesign/certificate_v3.pem");

fn legalesign(config: &mut Config) {
    let callback = CallbackAuth::Signed {
        certificate: CERTIFICATE.to_owned(),
        unsigned: Unsigned::Accept,
        hmac_secret: None,
    };
    let account = AccountConfig {
        label: "Lettings".to_owned(),
        groups: vec!["lettings".to_owned(), "team <b>".to_owned()],
        ..AccountConfig::new(ProviderKind::Legalesign, callback)
    };
    config.accounts.insert("ls".to_owned(), account);
}

/// An entry of a batch, `second` seconds after 11:00 UTC.
fn entry(kind: &str, id: &str, code: u8, second: i64) -> Value {
    json!({
        "timestamp": format!("2026-11-22T11:{:02}:{:02}", second / 60, second % 60),
        "name": "status",
        "value": code.to_string(),
        "resource_uri": format!("/api/v1/{kind}/{id}/"),
    })
}

async fn batch(board: &Board, entries: &[Value]) {
    let data = serde_json::to_string(entries).unwrap();
    let body = format!("data={}", utf8_percent_encode(&data, NON_ALPHANUMERIC));
    let call = board.client.post(format!("{}/callbacks/ls", board.url)).body(body);
    let call = call.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(call.send().await.unwrap().status(), 200);
}

/// A realtime event of a document that names its group and its signer.
async fn document(board: &Board, id: &str, group: &str, signer: &str) {
    let data = json!({
        "uuid": id, "name": "Lease <i>", "group": group, "status": 10, "tag": "",
        "groupResourceUri": format!("/api/v1/group/{group}/"),
        "resourceUri": format!("/api/v1/document/{id}/"),
        "recipients": [{"uuid": signer, "firstname": "Ann", "lastname": "Oak", "email": "ann@example.com", "order": 0,
            "status": 10, "resourceUri": format!("/api/v1/signer/{signer}/")}],
    });
    let body = json!({"id": format!("e-{id}"), "object": "document", "event": "created", "created": 1_795_345_200, "data": data});
    let call = board.client.post(format!("{}/callbacks/ls", board.url)).body(body.to_string());
    assert_eq!(call.header("content-type", "application/json").send().await.unwrap().status(), 200);
}

/// The ids in the first column of the inbox's signers.
fn signers(page: &str) -> Vec<String> {
    let part = page.split("id=\"signers\"").nth(1).unwrap_or_default().split("</section>").next().unwrap();
    let cells = part.split("<td class=\"mono wide\"><bdi>").skip(1);
    cells.map(|it| it.split("</bdi>").next().unwrap().to_owned()).collect()
}

fn href<'a>(page: &'a str, words: &str) -> Option<&'a str> {
    page.split("<a class=\"button\"").skip(1).map(|it| it.split("</a>").next().unwrap()).find_map(|it| {
        it.ends_with(words).then(|| it.split("href=\"").nth(1).unwrap().split('"').next().unwrap())
    })
}

#[actix_web::test]
async fn signers_alone_stand_in_the_inbox_page_by_page_until_their_package_is_known() {
    let board = Board::with(legalesign).await;
    assert!(!board.text("/inbox").await.contains("id=\"signers\""));
    let all: Vec<Value> = (0..45).map(|at| entry("signer", &format!("s-{at}"), 10, at)).collect();
    batch(&board, &all).await;
    batch(&board, &[entry("signer", "s-7", 39, 200), entry("signer", "<script>alert(1)</script>", 15, 201)])
        .await;
    let (mut path, mut seen) = ("/inbox".to_owned(), Vec::new());
    for _ in 0..3 {
        let page = board.text(&path).await;
        assert!(
            page.contains("Signers whose package is not known yet")
                && page.contains("there is no API to ask")
        );
        assert!(!page.contains("<script>alert"));
        seen.extend(signers(&page));
        path = href(&page, "Older signers").unwrap_or_default().replace("&#38;", "&").replace("#signers", "");
    }
    assert!(path.is_empty(), "the third is the last");
    seen.sort();
    seen.dedup();
    assert!(seen.len() >= 45, "{}", seen.len());
    let page = board.text("/inbox?signers=ls&signer=x").await;
    assert_eq!(signers(&page).len(), 20, "an address that makes no sense begins at the beginning");
    assert!(signers(&board.text("/inbox?signers=nobody").await).is_empty());
    let total = board.app().store.count_lone_signers(&board.app().account("ls").unwrap().id).await.unwrap();
    assert!(board.text("/providers").await.contains(&format!("href=\"/inbox#signers\">{total} signers</a>")));

    document(&board, "doc-1", "lettings", "s-7").await;
    let left = board.app().store.count_lone_signers(&board.app().account("ls").unwrap().id).await.unwrap();
    assert_eq!(left, total - 1);
    let told = board.package("ls", "doc-1").await;
    assert_eq!(
        (&told["signers"][0]["step"], &told["signers"][0]["status"]),
        (&json!("awaits_witness"), &json!("signing"))
    );
    let package = board.text("/packages/ls/doc-1").await;
    assert!(package.contains("Waiting for a witness") && package.contains("Ann Oak"), "{package}");
    assert!(board.text("/").await.contains("Ann Oak</bdi>, waiting for a witness"));
    board.stop().await;
}

#[actix_web::test]
async fn a_package_says_its_group_its_pdf_its_delay_and_that_nobody_vouches_for_it() {
    let board = Board::with(legalesign).await;
    document(&board, "doc-1", "lettings", "s-1").await;
    batch(
        &board,
        &[
            entry("signer", "s-1", 40, 60),
            entry("document", "doc-1", 30, 61),
            entry("document", "doc-1", 100, 62),
        ],
    )
    .await;
    let told = board.package("ls", "doc-1").await;
    for (field, value) in [
        ("status", json!("completed")),
        ("group", json!("lettings")),
        ("final_pdf", json!(true)),
        ("unverified", json!(true)),
        ("archived", json!(false)),
        ("render_failed", json!(false)),
        ("deposit_failed", json!(false)),
        ("elsewhere", json!(false)),
        ("name", json!("Lease <i>")),
    ] {
        assert_eq!(told[field], value, "{field}");
    }
    assert!(told["events"].as_array().unwrap().iter().all(|it| it["unverified"] == true));
    let (page, rows) = (board.text("/packages/ls/doc-1").await, board.text("/").await);
    for html in [&page, &rows] {
        for words in [
            ">final PDF ready<",
            ">unverified<",
            "told every 6 minutes<",
            "href=\"/?account=ls&#38;group=lettings\"",
        ] {
            assert!(html.contains(words), "{words} is not in {html}");
        }
        assert!(!html.contains("<i>,") && !html.contains("Lease <i>"));
    }
    assert!(page.contains("unverified: it carried no signature"));
    assert!(board.text("/pulse").await.contains("Lettings</bdi>: changes are told every 6 minutes"));
    let found = board.json("/api/v1/packages?q=LETTINGS&account=ls").await;
    assert_eq!(found["packages"].as_array().unwrap().len(), 1, "the group is searched");
    board.stop().await;
}

#[actix_web::test]
async fn a_package_of_a_group_that_is_not_shown_has_a_page_and_no_row() {
    let board = Board::with(legalesign).await;
    document(&board, "dev-1", "<b>sandbox", "s-1").await;
    assert!(!board.text("/").await.contains("dev-1") && !board.text("/?q=sandbox").await.contains("dev-1"));
    let page = board.text("/packages/ls/dev-1").await;
    assert!(
        page.contains("which the account Lettings does not show") && !page.contains("<b>sandbox"),
        "{page}"
    );
    assert_eq!(board.package("ls", "dev-1").await["elsewhere"], true);
    board.stop().await;
}

#[actix_web::test]
async fn the_providers_page_tells_what_to_set_and_what_becomes_of_the_unsigned() {
    let board = Board::with(|config| {
        legalesign(config);
        config.server.public_url = Some("https://board.example.com".to_owned());
    })
    .await;
    let page = board.text("/providers").await;
    for words in [
        "<summary>What to set at Legalesign</summary>",
        "https://board.example.com/callbacks/ls",
        "applied, marked as unverified; no API is configured that could confirm it; that holds for realtime callbacks",
        "told every 6 minutes",
        "href=\"/?account=ls&#38;group=lettings\"",
        "team &#60;b&#62;",
        "Certificate in use",
    ] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert!(!page.contains("BEGIN CERTIFICATE"));
    board.stop().await;
}

const TOKEN: &str = "hush-0123456789abcdef";

fn websignatureoffice(config: &mut Config) {
    let mut account = config.accounts["os"].clone();
    (account.provider, account.callback) = (ProviderKind::WebSignatureOffice, CallbackAuth::None);
    (account.label, account.path_token) = ("StepOver".to_owned(), Some(Secret::new(TOKEN)));
    config.accounts.insert("ws".to_owned(), account);
}

#[actix_web::test]
async fn what_websignatureoffice_never_tells_is_said_and_whatever_it_sends_is_200() {
    let board = Board::with(websignatureoffice).await;
    let bodies = [
        r#"{"event":"FIELD_SIGNED_OR_REJECTED","document_id":"007","user_id":"17","field_id":"3","field_status":"signed"}"#,
        r#"{"event":"FIELD_SIGNED_OR_REJECTED","document_id":"007","user_id":"17","field_id":"4","field_status":"rejected"}"#,
        r#"{"event":"USER_FINISH","document_id":"007","user_id":"18","fields_signed":"2"}"#,
        r#"{event:"RENDER_RETURN","status":"error","document_id":"007"}"#,
        r#"{"event":"<b>NEW","document_id":"007"}"#,
        "nothing of the kind",
        "",
        "[1,2",
    ];
    for body in bodies {
        let call = board.client.post(format!("{}/callbacks/ws/{TOKEN}", board.url)).body(body);
        let answer = call.send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, ""), "{body}");
    }
    let told = board.package("ws", "007").await;
    for field in ["name", "sender", "waiting_for", "created"] {
        assert_eq!(told[field], Value::Null, "{field}");
    }
    assert_eq!((&told["render_failed"], &told["status"]), (&json!(true), &json!("sent")));
    let fields: Vec<_> = told["signers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["fields_signed"], &it["fields_rejected"]))
        .collect();
    assert!(fields.contains(&(&json!(1), &json!(1))), "{fields:?}");
    let listed = board.json("/api/v1/packages?account=ws").await;
    assert_eq!(listed["packages"][0]["waiting_for"], Value::Null);
    let (rows, page) = (board.text("/?account=ws").await, board.text("/packages/ws/007").await);
    for html in [&rows, &page] {
        for words in ["name not told by WebSignatureOffice", "how many sign is not told", "1 rejected"] {
            assert!(html.contains(words), "{words} is not in {html}");
        }
        assert!(!html.contains("0 of 2") && !html.contains("1 of 2") && !html.contains("<b>NEW"), "{html}");
    }
    assert!(
        page.contains("sender not told by WebSignatureOffice")
            && page.contains("how many sign is not told by WebSignatureOffice")
            && page.contains("no times told, these are of the receipt")
    );
    assert!(rows.contains("<small>not told by WebSignatureOffice</small>"));
    let providers = board.text("/providers").await;
    assert!(providers.contains("names are not told by WebSignatureOffice"));
    assert!(providers.contains("/callbacks/ws/&#60;path-token&#62;") && !providers.contains("hush"));
    assert!(providers.contains("webso_events_url") && providers.contains("webso_events_retries"));
    board.stop().await;
}

/// Seen red with: an id that was not encoded, and a page without the sentence.
#[actix_web::test]
async fn each_trouble_says_where_to_act_and_a_hostile_id_leads_nowhere_else() {
    let there = "https://sign.example.com/#/transaction/{id}/view";
    let mut board = Board::start().await;
    for id in ["P1=", "x/../../@evil.example?a=b#\"<b>", ".."] {
        board.event(id, "SIGNER_LOCKED", "marta", 0).await;
        board.event(id, "EMAIL_BOUNCE", "ben", 1).await;
    }
    let path = |id: &str| format!("/packages/os/{}", utf8_percent_encode(id, NON_ALPHANUMERIC));
    let without = board.text(&path("P1=")).await;
    assert_eq!(
        without.matches("There it has the ID <span class=\"mono\"><bdi>P1=</bdi></span>.").count(),
        2,
        "{without}"
    );
    assert!(!without.contains("rel=\"external"), "{without}");
    board
        .reconfigure(|config| {
            config.accounts.get_mut("os").unwrap().app_url = Some(there.to_owned());
        })
        .await;
    let page = board.text(&path("P1=")).await;
    let link = |id: &str| {
        format!(
            "href=\"https://sign.example.com/#/transaction/{id}/view\" rel=\"external noreferrer\">Open it in OneSpan Sign</a>"
        )
    };
    assert_eq!(page.matches(&link("P1%3D")).count(), 2, "each of two: {page}");
    let page = board.text(&path("x/../../@evil.example?a=b#\"<b>")).await;
    let encoded = "x%2F..%2F..%2F%40evil.example%3Fa%3Db%23%22%3Cb%3E";
    assert_eq!(page.matches(&link(encoded)).count(), 2, "{page}");
    let up = board.text("/packages/os/~%2E%2E").await;
    assert!(up.contains("There it has the ID") && !up.contains("rel=\"external"), "{up}");
    board.stop().await;
}
