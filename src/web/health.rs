//! `/healthz`, `/readyz`, `/metrics`: for whoever runs the board.

use super::live::Hub;
use crate::app::App;
use crate::app::circuit::Circuit;
use crate::app::heartbeat::MOST_WAITING;
use crate::model::AccountId;
use actix_web::{HttpResponse, web};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;

const ACCOUNT_COUNTERS: [&str; 4] = [
    "signboard_callbacks_received_total",
    "signboard_callbacks_refused_total",
    "signboard_callbacks_duplicate_total",
    "signboard_callbacks_quarantined_total",
];
/// How a call to an API can end, as the adapters count it.
const OUTCOMES: [&str; 7] =
    ["ok", "not_found", "forbidden", "throttled", "refused", "unavailable", "unreadable"];
const SECONDS: [f64; 12] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0];

/// The process is up.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// The database can be written and the backlog is small. Strangers read this: the cause stands in the log and, for whoever
/// is signed in, on every page.
pub async fn readyz(app: web::Data<App>) -> HttpResponse {
    let (trouble, backlog) = (app.store.health().trouble(), app.backlog());
    let sentence = match trouble {
        Some(_) => "not ready: callbacks can't be written to disk; the log says why\n".to_owned(),
        None if backlog > MOST_WAITING => {
            format!("not ready: {backlog} callbacks wait to be written or digested\n")
        }
        None => {
            // Callbacks are taken all the same, so nobody shall send them elsewhere.
            // Strangers need not know why.
            let untold = app.untold().map(|_| "the audit’s lines can’t be written".to_owned());
            let but: String =
                app.disk_low().into_iter().chain(untold).map(|it| format!("; but {it}")).collect();
            let sentence = format!("ready{but}\n");
            return HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(sentence);
        }
    };
    HttpResponse::ServiceUnavailable().content_type("text/plain; charset=utf-8").body(sentence)
}

/// The counters, as Prometheus reads them.
pub async fn metrics(app: web::Data<App>, hub: web::Data<Hub>) -> HttpResponse {
    metrics::gauge!("signboard_backlog").set(whole(app.backlog()));
    metrics::gauge!("signboard_live_readers").set(whole(i64::try_from(hub.readers()).unwrap_or(i64::MAX)));
    // As it is now, not as the guard last saw it; what can't be told is no number.
    let free = app.free_now().map(|free| whole(i64::try_from(free).unwrap_or(i64::MAX)));
    metrics::gauge!("signboard_disk_free_bytes").set(free.unwrap_or(f64::NAN));
    if let Some(disk) = app.disk() {
        metrics::gauge!("signboard_disk_low").set(if disk.low { 1.0 } else { 0.0 });
    }
    for account in app.accounts.values().filter(|it| it.config.api.is_some()) {
        let now = account.api_state().circuit(app.now()).word();
        for state in Circuit::WORDS {
            metrics::gauge!("signboard_api_circuit", "account" => account.id.0.clone(), "state" => state)
                .set(f64::from(u8::from(state == now)));
        }
    }
    for account in app.accounts.values().filter(|it| it.forwarding.is_some()) {
        // A store that can't be read says so elsewhere; the other figures are still wanted.
        let facts = app.store.forward_facts(&account.id).await.unwrap_or_default();
        let gauge = |name: &'static str, count: u64| {
            let count = whole(i64::try_from(count).unwrap_or(i64::MAX));
            metrics::gauge!(name, "account" => account.id.0.clone()).set(count);
        };
        for outcome in ["taken", "failed", "given_up"] {
            metrics::counter!("signboard_forwards_total", "account" => account.id.0.clone(), "outcome" => outcome)
                .increment(0);
        }
        gauge("signboard_forwards_waiting", facts.waiting);
        gauge("signboard_forwards_given_up", facts.given_up);
    }
    let text = recorder().map(PrometheusHandle::render).unwrap_or_default();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; nobody waits for 2^53 callbacks")]
fn whole(count: i64) -> f64 {
    count as f64
}

/// The process's recorder; made at the first call. `None`: somebody else's is installed.
pub fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS).ok()?;
        let recorder = builder.install_recorder().ok()?;
        describe();
        Some(recorder)
    };
    RECORDER.get_or_init(install).as_ref()
}

/// Begins every counter of an account at zero, so that a reader knows it before the first event.
pub fn begin(account: &AccountId) {
    let label = || account.0.clone();
    for name in ACCOUNT_COUNTERS {
        metrics::counter!(name, "account" => label()).increment(0);
    }
    for outcome in OUTCOMES {
        metrics::counter!("signboard_api_calls_total", "account" => label(), "outcome" => outcome)
            .increment(0);
    }
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!("signboard_callbacks_received_total", "Callbacks that were kept");
    describe_counter!("signboard_callbacks_refused_total", "Calls with a wrong or missing secret");
    describe_counter!("signboard_callbacks_duplicate_total", "Callbacks that told nothing new");
    describe_counter!("signboard_callbacks_quarantined_total", "Callbacks in which something can't be read");
    describe_counter!("signboard_callbacks_unwritten_total", "Callbacks that could not be written to disk");
    describe_counter!("signboard_api_calls_total", "Calls to the providers' APIs, by outcome");
    describe_gauge!(
        "signboard_api_circuit",
        "1 for the state in which an account's API is: closed, resting, open, half-open"
    );
    describe_counter!(
        "signboard_forwards_total",
        "Tries to pass a callback on to another listener, by outcome"
    );
    describe_counter!("signboard_hooks_total", "Messages to hooks, by outcome");
    describe_gauge!("signboard_forwards_waiting", "Callbacks that wait to be passed on");
    describe_gauge!(
        "signboard_forwards_given_up",
        "Callbacks that were given up and are kept to be sent again"
    );
    describe_histogram!("signboard_ack_seconds", "From a callback's last byte to its answer");
    describe_histogram!(
        "signboard_digest_seconds",
        "From a callback that was verified to its facts and states on disk, and on the live stream"
    );
    describe_gauge!("signboard_disk_free_bytes", "Room on the disk of the data folder");
    describe_gauge!("signboard_disk_low", "1: the disk is nearly full, and all but callbacks waits");
    describe_gauge!("signboard_backlog", "Callbacks that wait to be written or digested");
    describe_gauge!("signboard_live_readers", "Open live streams");
}
