//! The views as wholes: the stream's row is the page's row, and whatever a provider sends stays text.

mod contract;
mod providers;
mod sync;
mod told;

use super::sample::{self, NOW, around, berlin};
use super::*;
use crate::app::{Arrival, ArrivalState, Detail, LoneSigner, NewWaiting, Refused, Row, Said, Waiting};
use crate::model::{Origin, Package, PackageId, PackageKey, Person, Seq, Signer, SignerId, Status, Tally};

const HOSTILE: [&str; 7] = [
    "<script>alert(1)</script>",
    "\" onmouseover=alert(1) x=\"",
    "' onfocus=alert(1) '",
    "a\r\nevent: drop\r\ndata: x\n\n",
    "invoice\u{202e}fdp.exe",
    "..",
    "&lt;b&gt; {{ 7*7 }} %2e%2e/",
];

fn board(rows: &[Row], query: &BoardQuery, open: u64) -> String {
    board_of(rows, query, open, None)
}

fn board_of(rows: &[Row], query: &BoardQuery, open: u64, newest_of: Option<u32>) -> String {
    let (accounts, zone) = (sample::accounts(), berlin());
    let around = Around { alerts: open, ..around(&accounts, &zone) };
    html(&BoardPage::new(&BoardInput {
        around,
        query,
        rows,
        drawn: &Drawn::default(),
        seq: Seq(41),
        tallies: &[(Tally::All, 2), (Tally::Status(Status::Sent), 1_942), (Tally::Trashed, 4)],
        alerts: &rows.iter().map(sample::alert).collect::<Vec<_>>(),
        senders: &[("a@b".into(), "Ann".into()), ("c@d".into(), "Cem".into())],
        total: Some(1_942),
        offset: Some(0),
        newer: None,
        older: Some("x/y"),
        newest_of,
        facets: None,
        beside: Beside::default(),
    }))
}

fn fragment(row: &Row) -> String {
    let (accounts, zone) = (sample::accounts(), berlin());
    RowView::new(row, &around(&accounts, &zone)).html()
}

fn hostile(text: &str) -> Row {
    let person = Person { id: text.into(), name: Some(text.into()), email: Some(text.into()) };
    let mut signer = Signer { id: text.into(), name: Some(text.into()), counted: true, ..Signer::default() };
    signer.locked = true;
    let package = Package {
        status: Status::Sent,
        name: Some(text.into()),
        sender: Some(person),
        reference: Some(text.into()),
        reason: Some(text.into()),
        group: Some(text.into()),
        signers: vec![signer],
        updated: NOW,
        ..Package::default()
    };
    sample::row("conga", text, 9, package)
}

#[test]
fn the_stream_sends_what_the_page_shows() {
    let mut rows = vec![sample::mortgage(), sample::crowd()];
    rows.extend(HOSTILE.map(hostile));
    let page = board(&rows, &BoardQuery::default(), 12);
    for row in &rows {
        assert!(page.contains(&fragment(row)), "{}", row.key);
    }
    let (accounts, zone) = (sample::accounts(), berlin());
    let pulse = html(&PulseFragment::new(&PulseInput {
        around: &around(&accounts, &zone),
        query: &BoardQuery::default(),
        tallies: &[(Tally::All, 2), (Tally::Status(Status::Sent), 1_942), (Tally::Trashed, 4)],
        alerts: &rows.iter().map(sample::alert).collect::<Vec<_>>(),
        facets: None,
    }));
    assert!(page.contains(&pulse), "{pulse}");
}

#[test]
fn whatever_a_provider_sends_stays_text() {
    for text in HOSTILE {
        let row = hostile(text);
        let query = BoardQuery { q: text.to_owned(), sender: Some(text.to_owned()), ..BoardQuery::default() };
        let (accounts, zone) = (sample::accounts(), berlin());
        let mut log = sample::detail().log;
        for record in &mut log {
            record.name = text.to_owned();
            record.who = Some(text.to_owned());
        }
        let detail = Detail { row: row.clone(), log };
        let package = html(&PackagePage::new(&PackageInput {
            around: around(&accounts, &zone),
            detail: &detail,
            findings: &[],
            may_ask: true,
            asked: None,
            alerts: PackageAlerts { all: &[(sample::alert(&row), true)], told: &[], follows: Some(true) },
        }));
        for page in [fragment(&row), board(&[row], &query, 1), package] {
            for raw in ["<script>alert", "\" onmouseover", "' onfocus", "&lt;b"] {
                assert!(!page.contains(raw), "{raw:?} of {text:?} got through: {page}");
            }
            assert!(
                !fragment(&hostile(text)).contains(['\r', '\u{202e}'])
                    && !fragment(&hostile(text)).contains("\ndata:"),
                "{text:?}"
            );
            assert!(!page.contains("style=\"") && !page.contains("/..\""), "{page}");
        }
    }
}

#[test]
fn tabs_are_told_apart() {
    let title = |page: &str| {
        let rest = page.split_once("<title>").expect("a title").1;
        rest.split_once("</title>").expect("an end").0.to_owned()
    };
    assert_eq!(title(&board(&[], &BoardQuery::default(), 0)), "Packages · signboard");
    let query = BoardQuery::parse("status=sent&q=lind");
    assert_eq!(title(&board(&[], &query, 3)), "(3) “lind” · Sent · signboard");
}

#[test]
fn an_empty_board_teaches_the_next_step() {
    let none = board(&[], &BoardQuery::default(), 0);
    assert!(none.contains("No package yet") && none.contains("href=\"/providers\""));
    let filtered = board(&[], &BoardQuery::parse("q=x"), 0);
    assert!(filtered.contains("Nothing matches") && !filtered.contains("No package yet"));
}

#[test]
fn every_link_keeps_the_rest_of_the_query() {
    let query = BoardQuery::parse("status=sent&q=M%C3%BCller&account=conga&updated=7d&sort=due");
    let page = board(&[sample::mortgage()], &query, 0);
    let rest = "q=M%C3%BCller&#38;account=conga&#38;updated=7d&#38;sort=due";
    for link in [
        format!("href=\"/?status=draft&#38;{rest}\""),
        format!("href=\"/?status=sent&#38;{rest}&#38;after=x%2Fy\""),
        format!("href=\"/?status=sent&#38;{rest}&#38;dir=desc\""),
        format!("data-live=\"/live?status=sent&#38;{rest}\""),
    ] {
        assert!(page.contains(&link), "{link} is not in {page}");
    }
}

#[test]
fn a_package_page_says_what_is_odd() {
    let (accounts, zone) = (sample::accounts(), berlin());
    let detail = sample::detail();
    let page = html(&PackagePage::new(&PackageInput {
        around: around(&accounts, &zone),
        detail: &detail,
        findings: &[],
        may_ask: true,
        asked: None,
        alerts: PackageAlerts { all: &[(sample::alert(&detail.row), true)], ..PackageAlerts::default() },
    }));
    for words in [
        "Why “Sent”?",
        "since “PACKAGE_ACTIVATE” of 18 Nov 2026 14:02:11, told by callback; nothing speaks against it",
        "received 3 min later",
        "delivered twice",
        "delivered 1,200 times",
        "is in the future, so it is placed at its receipt",
        "without a time of its own",
        "the rate is wrong",
        "today, 21 Nov 2026",
        "times in Europe/Berlin",
        "Waiting for Marta Oliveira",
        "Unlock the signer at OneSpan · EU; until then the signer can’t sign.",
        "href=\"/packages/onespan-eu/5n4obeO8jYoPp126Cm-Y3fxdfbo%3D/payload/7\"",
    ] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
}

#[test]
fn the_inbox_and_the_providers_are_whole() {
    let (accounts, zone) = (sample::accounts(), berlin());
    let mut it = arrival();
    it.note = Some("expected value at line 1 <b>".into());
    let refused = Refused {
        id: 3,
        account: accounts[0].id.clone(),
        received_at: NOW,
        remote: "203.0.113.9".into(),
        why: "Basic, but base64".into(),
        size: 12_345,
        times: 1_204,
        last_at: NOW.plus(-3 * sample::MINUTE),
    };
    let lone = LoneSigners {
        account: &accounts[3],
        total: 21,
        signers: vec![LoneSigner {
            id: 5,
            signer: SignerId::parse("<b>signer").expect("an id"),
            since: NOW,
            facts: 3,
            name: "signer status 40".into(),
            at: NOW,
            tries: 1,
            ask_at: Some(NOW.plus(5 * sample::MINUTE)),
        }],
        has_api: true,
        older: Some(5),
        is_first: true,
    };
    let pasted = NewWaiting {
        key: PackageKey { account: accounts[0].id.clone(), package: PackageId::parse("<b>").expect("an id") },
        fingerprint: crate::model::Fingerprint::default(),
        name: "<b>PACKAGE".into(),
        happened_at: None,
        pasted_at: NOW,
        pasted_by: "<b>anna".into(),
        body: String::new(),
    };
    let waiting = Waiting { id: 7, it: pasted, asked: Some((NOW, Said::Silent)), on_board: false };
    let page = html(&InboxPage::new(&InboxInput {
        around: around(&accounts, &zone),
        arrivals: &[arrival()],
        quarantined: &[it],
        quarantined_total: 1,
        refused: &[refused],
        refused_total: 1_204,
        lone: &[lone],
        waiting: &[waiting],
        waiting_total: 21,
        more_waiting: Some(7),
        takers: &[(&accounts[0], true), (&accounts[1], false)],
        notice: Some("1 call was admitted."),
        older: None,
        newer: None,
    }));
    for words in [
        "action=\"/inbox/replay\"",
        "action=\"/inbox/admit\"",
        "name=\"id\" value=\"3\"",
        "Basic, but base64",
        "12 kB",
        "refused 1,204 times, last <time",
        "signer status 40",
        "21 pasted callbacks",
        "action=\"/inbox/forget\"",
        "href=\"/inbox/waiting/7\"",
        "no time told",
        "tell of such an event, asked <time",
        "href=\"/inbox?waiting=7#waiting\"",
        "<textarea id=\"paste\"",
        "the API is asked again at <time",
        "href=\"/inbox?signers=legal&#38;signer=5#signers\"",
    ] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert!(!page.contains("<b>"));
}

fn arrival() -> Arrival {
    Arrival {
        id: 7,
        account: sample::accounts()[0].id.clone(),
        received_at: NOW,
        remote: "203.0.113.7".into(),
        origin: Origin::Callback,
        state: ArrivalState::Digested,
        note: None,
        gone: None,
        size: 190,
        package: Some(sample::mortgage().key),
        name: Some("SIGNER_LOCKED".into()),
    }
}

/// Fifty rows in which nothing repeats that wouldn't repeat in life, packed as a server packs them.
#[test]
fn a_board_of_fifty_rows_is_light() {
    use std::io::Write as _;
    let packed = |bytes: &[u8]| {
        let mut into = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        into.write_all(bytes).expect("memory");
        into.finish().expect("memory").len()
    };
    let rows: Vec<Row> = (0_i64..50)
        .map(|at| {
            let mut row = sample::mortgage();
            let mut package = Package::clone(&row.package);
            let hex = |it: &[u8]| it.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            let digest = <sha2::Sha256 as sha2::Digest>::digest(at.to_le_bytes());
            package.name = Some(format!("Agreement {}, {}", hex(&digest[..3]), hex(&digest[3..9])));
            package.updated = NOW.plus(-at * 7_654_321);
            for (place, signer) in package.signers.iter_mut().enumerate() {
                signer.name = Some(format!("Person {}", hex(&digest[place * 4..place * 4 + 6])));
            }
            row.key = sample::key("onespan-eu", &hex(&digest[16..30]));
            row.seq = Seq(at);
            row.package = package.into();
            row
        })
        .collect();
    let file = |name| assets::asset(assets::url(name).trim_start_matches("/static/")).expect("a file");
    let (page, style, script) = (
        packed(board(&rows, &BoardQuery::default(), 12).as_bytes()),
        packed(&file("app.css").bytes),
        packed(&file("live.js").bytes),
    );
    let all = page + style + script;
    assert!(all < 50 * 1024, "{page} + {style} + {script} = {all} bytes");
    println!("page {page}, style {style}, script {script}: {all} bytes");
}

#[test]
fn a_list_of_the_newest_alone_says_so() {
    let query = BoardQuery::parse("q=mortgage&sort=name");
    let page = board_of(&[], &query, 0, Some(5_000));
    assert!(page.contains("more than 5,000 packages, and this list is of the newest 5,000 alone"), "{page}");
    assert!(!board(&[], &query, 0).contains("the newest"));
}
