//! OneSpan: one registration for an account, with address, key and events.

use super::Stage;
use serde_json::json;
use signboard::demo::Kind;

const KEY: &str = "callback = { auth = \"key\", key = \"key-hush\" }";
const OURS: &str = "https://board.example.com/callbacks/acc";

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_be_done_and_a_real_one_does_it_once() {
    let stage = Stage::new(Kind::OneSpan).await;
    let ran = stage.run(KEY, &["--dry-run"]).await;
    assert_eq!(ran.code(), 0, "{}", ran.all());
    assert!(ran.out.contains("Registered now: calls nobody."), "{}", ran.all());
    assert!(ran.out.contains(&format!("To change: register: calls {OURS}, for 21 events")), "{}", ran.all());
    assert!(stage.told().is_null() && stage.writes().is_empty());

    let ran = stage.run(KEY, &[]).await;
    assert!(ran.code() == 0 && ran.out.ends_with("The provider confirms it.\n"), "{}", ran.all());
    let told = stage.told();
    assert_eq!((&told["url"], &told["key"]), (&json!(OURS), &json!("key-hush")));
    let events: Vec<&str> =
        told["events"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert!(events.len() == 21 && events.contains(&"PACKAGE_COMPLETE") && events.contains(&"EMAIL_BOUNCE"));

    let ran = stage.run(KEY, &[]).await;
    assert!(ran.code() == 0 && ran.out.ends_with("nothing to change.\n"), "{}", ran.all());
    assert_eq!(stage.writes(), ["POST /onespan/api/callback"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_listener_is_replaced_only_if_its_host_is_named() {
    let stage = Stage::new(Kind::OneSpan).await;
    let old = json!({ "url": "https://u:hush@old.example.com/hush?k=hush", "key": "old-hush", "events": ["KBA_FAILURE", "hush\u{1b}[2J"] });
    stage.before(old.clone());
    for args in [&[][..], &["--replace", "other.example.com"], &["--disable"], &["--dry-run"]] {
        let ran = stage.run(KEY, args).await;
        let is_harmless = args.first().is_some_and(|it| *it != "--replace");
        assert_eq!(ran.code(), if is_harmless { 0 } else { 2 }, "{}", ran.all());
        assert!(
            ran.out.contains("another listener, at old.example.com, for 2 events, with another secret"),
            "{}",
            ran.all()
        );
        assert_eq!(ran.err.contains("say --replace old.example.com"), !is_harmless, "{}", ran.all());
        assert_eq!(stage.told(), old);
    }
    let ran = stage.run(KEY, &["--replace", "OLD.example.com"]).await;
    assert_eq!(ran.code(), 0, "{}", ran.all());
    assert!(ran.out.contains("it called another listener, at old.example.com"), "{}", ran.all());
    assert!(ran.out.contains("no longer: (unreadable)"), "{}", ran.all());
    assert_eq!(stage.told()["url"], OURS);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_replaced_hears_on_if_the_account_says_so() {
    let stage = Stage::new(Kind::OneSpan).await;
    stage.before(json!({ "url": "https://old.example.com/hush", "key": "key-hush", "events": [] }));
    for (to, passes_on) in [("Old.example.com", true), ("new.example.com", false)] {
        let lines = format!("{KEY}\nforward = {{ url = \"https://{to}/hush\" }}");
        let ran = stage.run(&lines, &[]).await;
        assert_eq!(ran.code(), 2, "{}", ran.all());
        assert_eq!(ran.err.contains("this board passes callbacks on to it"), passes_on, "{}", ran.all());
        assert_eq!(ran.err.contains("told nothing more. To let it hear"), !passes_on, "{}", ran.all());
        assert!(ran.err.contains("say --replace old.example.com"), "{}", ran.all());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_address_or_key_of_ours_is_put_right_without_a_word_more() {
    let stage = Stage::new(Kind::OneSpan).await;
    stage.before(
        json!({ "url": format!("{OURS}/former-hush"), "key": "key-hush", "events": ["PACKAGE_COMPLETE"] }),
    );
    let lines = "callback = { auth = \"key\", key = \"key-hush\", next-key = \"next-hush\", path-token = \"token-hush-0123456\" }\n\
                 events = [\"PACKAGE_COMPLETE\", \"PACKAGE_DECLINE\"]";
    let ran = stage.run(lines, &[]).await;
    assert_eq!(ran.code(), 0, "{}", ran.all());
    assert!(ran.out.contains(&format!("calls {OURS}/<path-token>, for 2 events")), "{}", ran.all());
    assert!(ran.out.contains("; new events: PACKAGE_DECLINE;"), "{}", ran.all());
    assert!(ran.out.contains("it called with the secret that the next one is to replace"), "{}", ran.all());
    let told = stage.told();
    let expected = json!({ "url": format!("{OURS}/token-hush-0123456"), "key": "next-hush", "events": ["PACKAGE_COMPLETE", "PACKAGE_DECLINE"] });
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_comes_back_as_stars_is_sent_again() {
    let stage = Stage::new(Kind::OneSpan).await;
    stage.simulator.faults().mask_secrets();
    for _ in 0..2 {
        let ran = stage.run(KEY, &[]).await;
        assert!(ran.code() == 0 && ran.out.ends_with("The provider confirms it.\n"), "{}", ran.all());
    }
    assert_eq!(stage.writes().len(), 2);
    assert_eq!(stage.told()["key"], "key-hush");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ours_can_be_ended() {
    let stage = Stage::new(Kind::OneSpan).await;
    assert_eq!(stage.run(KEY, &[]).await.code(), 0);
    let ran = stage.run(KEY, &["--disable"]).await;
    assert!(ran.code() == 0 && ran.out.ends_with("The provider confirms it.\n"), "{}", ran.all());
    assert_eq!(stage.told()["events"], json!([]));
    let ran = stage.run(KEY, &["--disable"]).await;
    assert!(ran.out.ends_with("nothing to change.\n"), "{}", ran.all());
    assert_eq!(stage.writes().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_prove_oneself_is_registered_or_said_to_be_set_by_hand() {
    for (auth, key) in [
        ("{ auth = \"basic\", username = \"us\", password = \"pass-hush\" }", Some("us:pass-hush")),
        ("{ auth = \"none\" }", Some("")),
        ("{ auth = \"bearer\", token = \"token-hush\" }", None),
        ("{ auth = \"headers\", headers = { X-Key = \"header-hush\" } }", None),
    ] {
        let stage = Stage::new(Kind::OneSpan).await;
        let ran = stage.run(&format!("callback = {auth}"), &[]).await;
        assert_eq!(ran.code(), 0, "{}", ran.all());
        match key {
            Some(key) => {
                assert_eq!(stage.told()["key"], key);
                let again = stage.run(&format!("callback = {auth}"), &[]).await;
                assert!(again.out.ends_with("nothing to change.\n"), "{}", again.all());
            }
            None => {
                assert!(ran.out.contains("is not documented. Set this at OneSpan Sign:"), "{}", ran.all());
                assert!(ran.out.contains(&format!("\n    {OURS}\n")), "{}", ran.all());
                assert!(stage.simulator.calls().all().is_empty());
            }
        }
    }
}
