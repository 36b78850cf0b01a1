//! Legalesign's callbacks: who sent them and what they say.

mod hostile;
mod reading;
mod samples;
mod senders;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde_json::Value;
use signboard::config::{AccountConfig, CallbackAuth, ProviderKind, Secret, Unsigned};
use signboard::model::{AccountId, Event, Timestamp};
use signboard::provider::{About, Delivery, OpenError, Parked, Provider, Report, Verdict, Verified, open};
use std::sync::Arc;

const SAMPLES: &str = include_str!("../../data/legalesign/samples.jsonl");
const CERTIFICATE: &str = include_str!("../../data/legalesign/certificate_v1.pem");
const CERTIFICATE_V3: &str = include_str!("../../data/legalesign/certificate_v3.pem");
const NEXT_CERTIFICATE: &str = include_str!("../../data/legalesign/certificate_next.pem");
const HMAC_SECRET: &str = include_str!("../../data/legalesign/hmac_secret.txt");

/// An account whose callbacks are checked so.
fn opened(callback: CallbackAuth) -> Result<Arc<dyn Provider>, OpenError> {
    open(&AccountId("test".to_owned()), &AccountConfig::new(ProviderKind::Legalesign, callback))
}

fn signed(certificate: &str, hmac_secret: Option<&str>) -> CallbackAuth {
    CallbackAuth::Signed {
        certificate: certificate.to_owned(),
        unsigned: Unsigned::Quarantine,
        hmac_secret: hmac_secret.map(Secret::new),
    }
}

/// The account that the samples were made for.
fn account() -> Arc<dyn Provider> {
    opened(signed(CERTIFICATE, Some(HMAC_SECRET))).unwrap()
}

fn samples() -> Vec<Value> {
    SAMPLES.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The body of the first sample of this name.
fn body_of(event: &str) -> String {
    let line = samples().into_iter().find(|line| line["event"] == event).unwrap();
    line["raw_body"].as_str().unwrap().to_owned()
}

fn delivery(headers: &[(&str, &str)], body: &[u8]) -> Delivery {
    let headers = headers.iter().map(|(name, value)| (name.to_lowercase(), (*value).to_owned()));
    Delivery {
        headers: headers.collect(),
        body: body.to_vec(),
        path_token: None,
        remote: "203.0.113.7".to_owned(),
        received_at: Timestamp(0),
    }
}

fn delivery_of(line: &Value) -> Delivery {
    let headers = line["headers"].as_object().unwrap().iter();
    let headers: Vec<_> = headers.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    delivery(&headers, line["raw_body"].as_str().unwrap().as_bytes())
}

/// The verdict in a word: the slot, "unsigned", or the refusal.
fn verdict(provider: &dyn Provider, delivery: &Delivery) -> String {
    match provider.verify(delivery) {
        Verdict::Verified(verified, slot) => {
            assert_eq!(verified.body(), delivery.body);
            slot.word().to_owned()
        }
        Verdict::Unsigned(verified) => {
            assert_eq!(verified.body(), delivery.body);
            "unsigned".to_owned()
        }
        Verdict::Refused(why) | Verdict::Unsure(why) => format!("refused: {why}"),
    }
}

fn parse(body: impl AsRef<[u8]>) -> Vec<Result<Report, Parked>> {
    account().parse(Verified::before(body.as_ref()))
}

/// The one fact, or sentence, of a body that tells nothing beside.
fn only(body: impl AsRef<[u8]>) -> Result<Report, Parked> {
    let mut told = parse(body);
    assert_eq!(told.len(), 1, "{told:?}");
    told.remove(0)
}

/// A batch that holds this text.
fn batch(data: &str) -> String {
    form(&[("data", data)])
}

fn form(fields: &[(&str, &str)]) -> String {
    let escaped = |(name, value): &(&str, &str)| {
        format!("{name}={}", percent_encode(value.as_bytes(), NON_ALPHANUMERIC))
    };
    fields.iter().map(escaped).collect::<Vec<_>>().join("&")
}

/// A fact in one line: what it is about, what happened, who, when, and the word for it.
fn line(report: &Report) -> String {
    let short = |id: &str| id.chars().take(8).collect::<String>();
    let about = match &report.about {
        About::Package(id) => format!("document {}", short(id.as_str())),
        About::Signer(id) => format!("signer {}", short(id.as_str())),
    };
    let event = match &report.event {
        Event::Described(it) => {
            let people = it.people.iter().map(|it| {
                let known = [it.name.as_deref(), it.email.as_deref()].map(Option::unwrap_or_default);
                format!("{} {} <{}>", short(&it.id), known[0], known[1])
            });
            let texts = [&it.name, &it.reference, &it.group].map(|it| it.as_deref().unwrap_or("-"));
            format!("Described({}; {})", texts.join("; "), people.collect::<Vec<_>>().join(", "))
        }
        other => format!("{other:?}"),
    };
    let who = report.who.as_deref().map_or("-".to_owned(), short);
    let at = report.happened_at.map_or("-".to_owned(), |at| (at.0 / 1000).to_string());
    format!("{about} | {event} | {who} | {at} | {}", report.name)
}
