//! What is never done: another address than our public one, an unknown account, a call where none is known.

use super::Stage;
use signboard::demo::{Kind, Refusal};

const KEY: &str = "callback = { auth = \"key\", key = \"key-hush\" }";

#[tokio::test(flavor = "multi_thread")]
async fn only_a_public_address_that_keeps_secrets_is_registered() {
    let stage = Stage::new(Kind::OneSpan).await;
    for (server, sentence) in [
        ("", "server.public-url is not set"),
        ("public-url = \"http://board.example.com\"", "server.public-url is http"),
    ] {
        let ran = stage.run_at(server, KEY, &[]).await;
        assert!(ran.code() == 2 && ran.err.contains(sentence), "{}", ran.all());
    }
    assert!(stage.simulator.calls().all().is_empty());
    let ran = stage.run_at("public-url = \"http://127.0.0.1:8080\"", KEY, &[]).await;
    assert_eq!(ran.code(), 0, "{}", ran.all());
    assert_eq!(stage.told()["url"], "http://127.0.0.1:8080/callbacks/acc");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_us_is_told_as_such() {
    let stage = Stage::new(Kind::OneSpan).await;
    for (refusal, sentence) in [
        (Refusal::Unauthorised, "refuses our credentials: it answers 401"),
        (Refusal::Broken, "it answers 500"),
        (Refusal::TooMany(7), "asks to wait 7s"),
    ] {
        stage.simulator.faults().refuse_next(1, refusal);
        let ran = stage.run(KEY, &[]).await;
        assert!(ran.code() == 2 && ran.err.contains(sentence), "{}", ran.all());
        assert!(ran.err.contains("what is registered can't be read"), "{}", ran.all());
        assert!(stage.told().is_null());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_call_can_set_is_printed_to_be_pasted() {
    let stage = Stage::new(Kind::WebSignatureOffice).await;
    let lines = "callback = { auth = \"headers\", headers = { X-Key = \"header-hush\" }, path-token = \"token-hush-0123456\" }";
    let ran = stage.run(lines, &[]).await;
    assert_eq!(ran.code(), 0, "{}", ran.all());
    for line in [
        "webso_events_url=https://board.example.com/callbacks/acc/<path-token>",
        "webso_events_retry=5000",
        "webso_events_values=<value of X-Key>",
    ] {
        assert!(ran.out.contains(&format!("\n    {line}\n")), "{line}: {}", ran.all());
    }
    assert!(stage.simulator.calls().all().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn events_and_paths_are_for_those_who_can_be_told_them() {
    let stage = Stage::new(Kind::OneSpan).await;
    for (lines, key) in [
        ("events = []", "events"),
        ("events = [\"package complete\"]", "events"),
        ("register-path = \"/api/callback/register\"", "register-path"),
    ] {
        let ran = stage.run(&format!("{KEY}\n{lines}"), &["--dry-run"]).await;
        assert!(ran.code() == 2 && ran.err.contains(&format!("accounts.acc.{key}: ")), "{}", ran.all());
    }
    let webso = Stage::new(Kind::WebSignatureOffice).await;
    let ran = webso.run("callback = { auth = \"none\" }\nevents = [\"USER_FINISH\"]", &[]).await;
    assert!(
        ran.code() == 2 && ran.err.contains("accounts.acc.events: is for onespan and conga"),
        "{}",
        ran.all()
    );
}
