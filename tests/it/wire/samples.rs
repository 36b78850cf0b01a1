//! Every line of the sample files: its sender is taken, and it tells exactly what the reference says.

use crate::wire::{account, id_of, told};
use serde_json::Value;
use signboard::config::ProviderKind;
use signboard::model::{Bounce, Event, Timestamp};
use signboard::provider::{Delivery, Slot, Verdict};

const ONESPAN: &str = include_str!("../../data/onespan/samples.jsonl");
const CONGA: &str = include_str!("../../data/conga/samples.jsonl");

/// Document ids by the short names that the tables use.
const DOCUMENTS: [(&str, &str); 3] = [
    ("nda", "f9fa423350b233931da53f50a0be52d057e0bd04ab300544"),
    ("form", "7c3a0579f09222a2bed27a584d21b54fa8973381f412a0a4"),
    ("deal", "4501150bf8e28d3e14be535893b80598e7d8a50f510dc6c4"),
];

/// One line each: the event in house words, who, the last digits of its time.
const ONESPAN_TELLS: &str = "\
created I1JSMcAdaOzU 384
sent I1JSMcAdaOzU 425
viewed(consent) 7dcdd592 118
consented 7dcdd592 2
viewed(nda) 7dcdd592 740
signed(nda) 7dcdd592 256
signer-done 7dcdd592 272
consented 26997d7c 610
signed(nda) 26997d7c 944
signer-done 26997d7c 981
completed 26997d7c 38
created I1JSMcAdaOzU 120
sent I1JSMcAdaOzU 907
consented f24a4cf6 301
signed(form) f24a4cf6 450
signer-done f24a4cf6 466
bounced(OutOfOffice) a5cf1507 306
bounced(Returned) a5cf1507 11
bounced(Complaint) a5cf1507 700
bounced(Returned) a5cf1507 700
created I1JSMcAdaOzU 5
recalled I1JSMcAdaOzU 412
ready 25e16dd5 880
trashed I1JSMcAdaOzU 19
restored I1JSMcAdaOzU 19
deleted I1JSMcAdaOzU 777
archived I1JSMcAdaOzU 777
declined(The rate in section 3 is not what we agreed — please resend.) 819b2811 333
opted-out(I prefer to sign on paper) dadd8fa9 101
expired I1JSMcAdaOzU 250
attachment(Driver licence (front).pdf) f24a4cf6 900
reassigned(9b15ed36-a1da-4b78-8a4d-f374192ebf4c) 6e149d18 15
identity-failed 81c78a51 220
locked 81c78a51 640
template seYdVVwQ03Ms 0
noted a5cf1507 500
noted I1JSMcAdaOzU 808
noted I1JSMcAdaOzU 100
noted I1JSMcAdaOzU 100
deposited I1JSMcAdaOzU 100
noted I1JSMcAdaOzU 100
deposit-failed I1JSMcAdaOzU 100
noted I1JSMcAdaOzU 100
noted efe06bf3 100
";

const CONGA_TELLS: &str = "\
created OmftxPTVP7wH 384
sent OmftxPTVP7wH 425
viewed(deal) 9836e66a 730
consented 9836e66a 2
signed(deal) 9836e66a 256
signer-done 9836e66a 272
completed f2e6a08e 38
bounced(Returned) f2e6a08e 1
bounced(Complaint) f2e6a08e 1
bounced(OutOfOffice) f2e6a08e 1
bounced(Returned) f2e6a08e 1
identity-failed 68be3b74 10
identity-failed 68be3b74 10
archived OmftxPTVP7wH 20
attachment(Proof of address) 9836e66a 30
recalled OmftxPTVP7wH 40
declined(Terms not acceptable) 68be3b74 50
deleted OmftxPTVP7wH 60
expired OmftxPTVP7wH 70
ready f2e6a08e 80
trashed OmftxPTVP7wH 90
restored OmftxPTVP7wH 100
reassigned(cfdecfda-4f34-48e2-ab99-427d1f9aac37) 68be3b74 110
locked 68be3b74 120
template OmftxPTVP7wH 130
opted-out(Prefer paper) 68be3b74 140
noted f2e6a08e 150
noted OmftxPTVP7wH 160
noted OmftxPTVP7wH 170
noted OmftxPTVP7wH 170
deposited OmftxPTVP7wH 170
noted OmftxPTVP7wH 170
deposit-failed OmftxPTVP7wH 170
noted OmftxPTVP7wH 170
noted 68be3b74 170
";

#[test]
fn onespan_samples_tell_what_the_reference_says() {
    check(ProviderKind::OneSpan, ONESPAN, ONESPAN_TELLS);
}

#[test]
fn conga_samples_tell_what_the_reference_says() {
    check(ProviderKind::Conga, CONGA, CONGA_TELLS);
}

#[test]
fn the_misprint_repeats_the_fact() {
    let provider = account(ProviderKind::Conga, None, 60);
    let prints: Vec<_> = lines(CONGA)
        .into_iter()
        .filter(|line| line["event"].as_str().is_some_and(|name| name.ends_with("BA_FAILURE")))
        .map(|line| told(&*provider, line["body"].to_string().as_bytes()).unwrap().fingerprint)
        .collect();
    assert_eq!(prints.len(), 2);
    assert_eq!(prints[0], prints[1]);
}

#[test]
fn the_minimal_body_is_the_full_body() {
    let provider = account(ProviderKind::OneSpan, None, 60);
    for line in lines(ONESPAN).into_iter().chain(lines(CONGA)) {
        let full = line["body"].to_string();
        let mut minimal = line["body"].clone();
        let fields = minimal.as_object_mut().unwrap();
        fields.retain(|key, value| key != "@class" && !value.is_null());
        let minimal = serde_json::to_string_pretty(&minimal).unwrap();
        assert!(minimal.len() != full.len());
        assert_eq!(told(&*provider, full.as_bytes()), told(&*provider, minimal.as_bytes()), "{full}");
    }
}

#[test]
fn every_sample_is_a_fact_of_its_own() {
    let provider = account(ProviderKind::OneSpan, None, 60);
    let prints: std::collections::BTreeSet<_> = lines(ONESPAN)
        .iter()
        .map(|line| told(&*provider, line["body"].to_string().as_bytes()).unwrap().fingerprint)
        .collect();
    assert_eq!(prints.len(), lines(ONESPAN).len());
}

fn lines(file: &str) -> Vec<Value> {
    file.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn check(kind: ProviderKind, file: &str, expected: &str) {
    let provider = account(kind, None, 60);
    let mut found = String::new();
    for line in lines(file) {
        let delivery = delivery(&line);
        let Verdict::Verified(verified, Slot::Current) = provider.verify(&delivery) else {
            panic!("the sender of {} is refused", line["event"]);
        };
        let report = provider.parse(verified).remove(0).unwrap();
        assert_eq!(id_of(&report), line["body"]["packageId"]);
        assert_eq!(report.name, line["event"].as_str().unwrap());
        assert_eq!(report.who.as_deref(), line["body"]["sessionUser"].as_str());
        let at = report.happened_at.unwrap();
        assert_eq!(at, written(line["body"]["createdDate"].as_str().unwrap()));
        let who = report.who.unwrap();
        let who = who.split('-').next().unwrap();
        found += &format!("{} {who} {}\n", word(&report.event), at.0 % 1000);
    }
    // Line by line first: a difference in forty lines is hard to see.
    for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {}", number + 1);
    }
    assert_eq!(found, expected);
}

fn delivery(line: &Value) -> Delivery {
    let headers = line["headers"].as_object().unwrap().iter();
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap().to_owned()));
    Delivery {
        headers: headers.collect(),
        body: line["body"].to_string().into_bytes(),
        path_token: None,
        remote: "203.0.113.7:4711".to_owned(),
        received_at: Timestamp(0),
    }
}

/// By another way than the adapter's: cut apart by hand.
fn written(date: &str) -> Timestamp {
    let number = |from: usize, to: usize| date[from..to].parse::<i64>().unwrap();
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let (shifted, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days =
        365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * month + 2) / 5 + day - 719_469;
    let seconds = ((days * 24 + number(11, 13)) * 60 + number(14, 16)) * 60 + number(17, 19);
    Timestamp(seconds * 1000 + number(20, 23))
}

fn word(event: &Event) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let paper = |id: &Option<String>| {
        let id = id.as_deref().unwrap_or("none");
        let known = DOCUMENTS.iter().find(|(_, known)| *known == id).map(|(short, _)| *short);
        known.unwrap_or(if id == "default-consent" { "consent" } else { "unknown" })
    };
    match event {
        Event::Created => "created".to_owned(),
        Event::Recalled => "recalled".to_owned(),
        Event::Sent => "sent".to_owned(),
        Event::Viewed { document } => format!("viewed({})", paper(document)),
        Event::Locked => "locked".to_owned(),
        Event::IdentityFailed => "identity-failed".to_owned(),
        Event::Bounced(kind) => match kind {
            Bounce::Returned => "bounced(Returned)".to_owned(),
            Bounce::Complaint => "bounced(Complaint)".to_owned(),
            Bounce::OutOfOffice => "bounced(OutOfOffice)".to_owned(),
        },
        Event::Consented { document } => {
            assert_eq!(document, "default-consent");
            "consented".to_owned()
        }
        Event::DocumentSigned { document } => format!("signed({})", paper(document)),
        Event::SignerCompleted => "signer-done".to_owned(),
        Event::Reassigned { new_role } => format!("reassigned({})", text(new_role)),
        Event::ReadyToComplete => "ready".to_owned(),
        Event::Completed => "completed".to_owned(),
        Event::Declined { reason } => format!("declined({})", text(reason)),
        Event::OptedOut { reason } => format!("opted-out({})", text(reason)),
        Event::Expired => "expired".to_owned(),
        Event::Archived => "archived".to_owned(),
        Event::Trashed => "trashed".to_owned(),
        Event::Restored => "restored".to_owned(),
        Event::Deleted => "deleted".to_owned(),
        Event::AttachmentAdded { name } => format!("attachment({})", text(name)),
        Event::TemplateCreated => "template".to_owned(),
        Event::Noted => "noted".to_owned(),
        Event::Deposited { failed: false } => "deposited".to_owned(),
        Event::Deposited { failed: true } => "deposit-failed".to_owned(),
        Event::Unrecognised => "unrecognised".to_owned(),
        other => format!("{other:?}"),
    }
}
