//! Every line of the sample file: its sender is taken, and it tells exactly what the reference says.

use serde_json::Value;
use signboard::config::{AccountConfig, CallbackAuth, ProviderKind, Secret};
use signboard::model::{AccountId, Event, Origin, Package, Record, Status, Step, Timestamp, fold};
use signboard::provider::{About, Delivery, Provider, Report, Slot, Verdict, Verified, open};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const SAMPLES: &str = include_str!("../../../data/websignatureoffice/samples.jsonl");

/// What each line tells: its document, who, the event, the words for display.
const TOLD: &str = "\
41207 - Sent STATUS_CHANGE 1 to 2
41207 - Completed STATUS_CHANGE 2 to 3
41208 - Completed STATUS_CHANGE 1 to 3
41209 - Failed STATUS_CHANGE 1 to 4
41210 - Failed STATUS_CHANGE 2 to 4
41207 88 SignerCompleted USER_FINISH
41207 88 Field { field: \"12\", rejected: false } FIELD_SIGNED_OR_REJECTED signed
41210 88 Field { field: \"13\", rejected: true } FIELD_SIGNED_OR_REJECTED rejected
41207 - Rendered { failed: false } RENDER_RETURN success
41215 - Rendered { failed: true } RENDER_RETURN error
41207 - Rendered { failed: false } RENDER_RETURN success
41215 - Rendered { failed: true } RENDER_RETURN error
41216 - Sent STATUS_CHANGE 1 to 2
";

fn with(callback: CallbackAuth) -> Arc<dyn Provider> {
    let config = AccountConfig::new(ProviderKind::WebSignatureOffice, callback);
    open(&AccountId("webso".to_owned()), &config).expect("the account opens")
}

fn headers(pairs: &[(&str, &str)]) -> CallbackAuth {
    CallbackAuth::Headers(
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect(),
    )
}

fn lines() -> Vec<Value> {
    SAMPLES.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn delivery(line: &Value) -> Delivery {
    let headers = line["headers"].as_object().unwrap().iter();
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap().to_owned()));
    Delivery {
        headers: headers.collect(),
        body: line["raw_body"].as_str().unwrap().as_bytes().to_vec(),
        path_token: None,
        remote: "203.0.113.7:4711".to_owned(),
        received_at: Timestamp(0),
    }
}

fn told(body: &[u8]) -> Vec<Report> {
    let parsed = with(CallbackAuth::None).parse(Verified::before(body));
    parsed.into_iter().map(|it| it.unwrap_or_else(|parked| panic!("{parked}"))).collect()
}

#[test]
fn every_sample_tells_what_the_reference_says() {
    let provider = with(CallbackAuth::None);
    let mut found = String::new();
    for line in lines() {
        let delivery = delivery(&line);
        let Verdict::Verified(verified, Slot::Open) = provider.verify(&delivery) else {
            panic!("the sender of {} is refused", line["event"]);
        };
        let mut reports = provider.parse(verified);
        let report = reports.remove(0).unwrap();
        assert!(reports.is_empty());
        assert_eq!(report.happened_at, None);
        let About::Package(package) = &report.about else { panic!("a document is always named") };
        let who = report.who.as_deref().unwrap_or("-");
        found += &format!("{package} {who} {:?} {}\n", report.event, report.name);
    }
    assert_eq!(found, TOLD);
}

#[test]
fn the_quoted_and_the_unquoted_key_are_one_fact() {
    let prints: Vec<_> =
        lines().iter().map(|line| told(&delivery(line).body).remove(0).fingerprint).collect();
    assert_eq!((prints[8], prints[9]), (prints[10], prints[11]));
    let distinct: BTreeSet<_> = prints.iter().collect();
    assert_eq!(distinct.len(), prints.len() - 2);
}

#[test]
fn a_static_header_is_compared() {
    let provider = with(headers(&[("Authorization", "Basic d2Vic286dGhyb3dhd2F5")]));
    let lines = lines();
    let (with_header, without) = (delivery(&lines[12]), delivery(&lines[0]));
    assert!(matches!(provider.verify(&with_header), Verdict::Verified(_, Slot::Current)));
    assert!(matches!(provider.verify(&without), Verdict::Refused(_)));
    let mut wrong = with_header;
    wrong.headers.iter_mut().for_each(|(_, value)| value.push('x'));
    assert!(matches!(provider.verify(&wrong), Verdict::Refused(_)));
}

/// No time and no place in a list: the state can't hang on the order (rules 4 and 21).
#[test]
fn the_samples_fold_alike_in_any_order() {
    let mut reports: Vec<Report> = lines().iter().flat_map(|line| told(&delivery(line).body)).collect();
    let forwards = packages(&reports);
    let statuses: Vec<_> =
        forwards.iter().map(|(id, it)| (id.as_str(), it.status, it.render_failed)).collect();
    assert_eq!(
        statuses,
        [
            ("41207", Status::Completed, false),
            ("41208", Status::Completed, false),
            ("41209", Status::Failed, false),
            ("41210", Status::Failed, false),
            ("41215", Status::Sent, true),
            ("41216", Status::Sent, false),
        ]
    );
    let people = |it: &Package| {
        it.signers.iter().map(|it| (it.id.clone(), it.fields_signed, it.fields_rejected)).collect::<Vec<_>>()
    };
    assert_eq!(people(&forwards["41207"]), [("88".to_owned(), 1, 0)]);
    assert_eq!(people(&forwards["41210"]), [("88".to_owned(), 0, 1)]);
    reports.reverse();
    let seen = |packages: &BTreeMap<String, Package>| {
        packages.iter().map(|(id, it)| (id.clone(), it.status, people(it))).collect::<Vec<_>>()
    };
    assert_eq!(seen(&packages(&reports)), seen(&forwards));
}

fn packages(reports: &[Report]) -> BTreeMap<String, Package> {
    let mut logs: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for (at, report) in (0..).zip(reports) {
        let About::Package(package) = &report.about else { panic!("a document is always named") };
        let record = Record {
            event: report.event.clone(),
            who: report.who.clone(),
            happened_at: report.happened_at,
            received_at: Timestamp(at),
            fingerprint: report.fingerprint,
            deliveries: 1,
            origin: Origin::Callback,
            name: report.name.clone(),
            arrival: None,
            unverified: false,
        };
        let log = logs.entry(package.to_string()).or_default();
        if log.iter().all(|it| it.fingerprint != record.fingerprint) {
            log.push(record);
        }
    }
    logs.into_iter().map(|(id, log)| (id, fold(&log))).collect()
}

#[test]
fn both_ends_in_one_body_are_two_facts() {
    let reports = told(br#"{"event":"STATUS_CHANGE","document_id":"9","from":"3","to":"4"}"#);
    let events: Vec<_> = reports.iter().map(|it| it.event.clone()).collect();
    assert_eq!(events, [Event::Completed, Event::Failed]);
    let package = &packages(&reports)["9"];
    assert_eq!((package.status, package.doubts.len()), (Status::Failed, 1));
}

#[test]
fn a_user_who_signed_nothing_is_through() {
    let body = br#"{"event":"USER_FINISH","document_id":9,"user_id":88,"fields_signed":0}"#;
    let report = told(body).remove(0);
    assert_eq!((report.event, report.who.as_deref()), (Event::Stands(Step::FinishedUnsigned), Some("88")));
}

#[test]
fn it_says_what_it_is_like_and_what_to_set() {
    let provider = with(headers(&[("user", "hush,hush"), ("x-board", "hush")]));
    let habits = provider.habits();
    assert!(habits.tells_no_names && !habits.signers_alone && habits.told_every_minutes.is_none());
    let steps = provider.setup("https://board.example/callbacks/webso/<path-token>");
    let lines: Vec<&str> = steps.iter().flat_map(|step| &step.lines).map(String::as_str).collect();
    for line in [
        "webso_events_url=https://board.example/callbacks/webso/<path-token>",
        "webso_events_retry=5000",
        "webso_events_retries=-1",
        "webso_events_keys=user,x-board",
        "<CallbackUrl>https://board.example/callbacks/webso/<path-token></CallbackUrl>",
    ] {
        assert!(lines.contains(&line), "{line} is not in {lines:#?}");
    }
    assert!(steps.iter().any(|step| step.what.contains("comma")));
    assert!(!format!("{steps:?} {provider:?}").contains("hush"));
}
