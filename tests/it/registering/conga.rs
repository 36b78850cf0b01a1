//! Conga: its own form, which can't be read back, and OneSpan's.

use super::Stage;
use serde_json::json;
use signboard::demo::Kind;

const OURS: &str = "https://board.example.com/callbacks/acc";

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_prove_oneself_goes_into_the_form_that_knows_it() {
    let plain = "/conga/api/sign/v1/callback/register";
    let table = [
        (
            "{ auth = \"basic\", username = \"us\", password = \"pass-hush\", next-password = \"next-hush\" }",
            json!({ "callbackUrl": OURS, "authType": "Basic", "username": "us", "password": "next-hush", "path": plain }),
        ),
        (
            "{ auth = \"bearer\", token = \"token-hush\" }",
            json!({ "callbackUrl": OURS, "authType": "Bearer", "bearerToken": "token-hush", "path": plain }),
        ),
        ("{ auth = \"none\" }", json!({ "callbackUrl": OURS, "authType": "None", "path": plain })),
    ];
    for (auth, mut expected) in table {
        let stage = Stage::new(Kind::Conga).await;
        let lines = format!("callback = {auth}");
        let ran = stage.run(&lines, &["--dry-run"]).await;
        assert_eq!(ran.code(), 0, "{}", ran.all());
        assert!(
            ran.out.contains("Registered now: Unknown") && ran.out.contains("Admin > Event Notification")
        );
        assert!(stage.simulator.calls().all().is_empty(), "a dry run has nothing to ask");
        let ran = stage.run(&lines, &[]).await;
        assert_eq!(ran.code(), 0, "{}", ran.all());
        assert!(ran.out.ends_with("Whether it holds it doesn't tell.\n"), "{}", ran.all());
        assert_eq!(stage.told(), expected);
        assert_eq!(stage.run(&lines, &["--disable"]).await.code(), 0);
        expected["callbackUrl"] = json!("");
        assert_eq!(stage.told(), expected, "an end has every field too");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_path_is_any_of_the_documented_ones() {
    for path in ["/api/sign/callback/v1/register", "/api/callback/register"] {
        let stage = Stage::new(Kind::Conga).await;
        let lines = format!("callback = {{ auth = \"none\" }}\nregister-path = \"{path}\"");
        let ran = stage.run(&lines, &[]).await;
        assert_eq!(ran.code(), 0, "{}", ran.all());
        assert_eq!(stage.writes(), [format!("PUT /conga{path}")]);
    }
    let stage = Stage::new(Kind::Conga).await;
    let ran = stage.run("callback = { auth = \"none\" }\nregister-path = \"/x\"", &[]).await;
    assert!(ran.code() == 2 && ran.err.contains("accounts.acc.register-path"), "{}", ran.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_repeats_something_else_is_a_failure() {
    let stage = Stage::new(Kind::Conga).await;
    stage.simulator.faults().garble_registrations();
    let ran = stage.run("callback = { auth = \"bearer\", token = \"token-hush\" }", &[]).await;
    assert_eq!(ran.code(), 2, "{}", ran.all());
    assert!(ran.err.contains("it answers with another callbackUrl than was sent"), "{}", ran.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_and_headers_go_into_onespans_form() {
    let form = "/conga/api/sign/v1/cs-callback";
    let stage = Stage::new(Kind::Conga).await;
    let key = "callback = { auth = \"key\", key = \"key-hush\" }";
    let ran = stage.run(key, &[]).await;
    assert!(ran.code() == 0 && ran.out.ends_with("The provider confirms it.\n"), "{}", ran.all());
    assert_eq!((&stage.told()["url"], &stage.told()["key"]), (&json!(OURS), &json!("key-hush")));
    assert_eq!(stage.writes(), [format!("POST {form}")]);
    let headers =
        "callback = { auth = \"headers\", headers = { X-Key = \"header-hush\", X-Two = \"two-hush\" } }";
    let ran = stage.run(headers, &[]).await;
    assert_eq!(ran.code(), 0, "{}", ran.all());
    let pairs = json!([{ "key": "X-Key", "value": "header-hush" }, { "key": "X-Two", "value": "two-hush" }]);
    assert_eq!(stage.told()["customHeaders"], pairs);
    assert!(stage.run(headers, &[]).await.out.ends_with("nothing to change.\n"));
    let other = headers.replace("two-hush", "new-hush");
    let ran = stage.run(&other, &["--dry-run"]).await;
    assert!(ran.out.contains("it called with another secret"), "{}", ran.all());

    let lines = format!("{key}\nregister-path = \"/api/callback/register\"");
    let ran = stage.run(&lines, &[]).await;
    assert!(ran.code() == 0 && ran.out.contains("The form at this `register-path` knows"), "{}", ran.all());
    assert_eq!(stage.writes().len(), 2);
}
