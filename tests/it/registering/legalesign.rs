//! Legalesign: several subscriptions; what is ours and wrong is taken back, what is others' stays.

use super::Stage;
use serde_json::{Value, json};
use signboard::demo::Kind;

const LINES: &str = "callback = { auth = \"signed\", certificate-file = \"certificate.pem\", hmac-secret = \"hmac-hush\", \
                     path-token = \"token-hush-0123456\" }";
const OURS: &str = "https://board.example.com/callbacks/acc/token-hush-0123456";

fn row(url: &str, kind: u8, group: Value, active: bool) -> Value {
    json!({ "active": active, "notify_when": kind, "url": url, "group_id": group, "event_filter": "" })
}

fn all() -> Vec<Value> {
    [1, 2, 10].map(|kind| row(OURS, kind, Value::Null, true)).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_kinds_are_subscribed_once() {
    let stage = Stage::new(Kind::Legalesign).await;
    let ran = stage.run(LINES, &["--dry-run"]).await;
    assert!(ran.code() == 0 && ran.out.contains("Registered now: nothing."), "{}", ran.all());
    assert!(stage.writes().is_empty());
    let ran = stage.run(LINES, &[]).await;
    assert!(ran.code() == 0 && ran.out.ends_with("The provider confirms it.\n"), "{}", ran.all());
    let line = "Done: register `realtime`: calls https://board.example.com/callbacks/acc/<path-token>.";
    assert!(ran.out.contains(line), "{}", ran.all());
    assert_eq!(stage.told(), Value::Array(all()));
    let ran = stage.run(LINES, &[]).await;
    assert!(ran.out.ends_with("nothing to change.\n"), "{}", ran.all());
    assert_eq!(stage.writes(), ["POST /legalesign/api/v1/subscribe/"; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ours_and_wrong_is_taken_back_and_others_stay() {
    let stage = Stage::new(Kind::Legalesign).await;
    let other = row("https://old.example.com/hush", 1, Value::Null, true);
    let former = row("https://board.example.com/callbacks/acc/former-hush", 1, Value::Null, true);
    let narrow = row(OURS, 2, json!("team"), true);
    let unwished = row(OURS, 4, Value::Null, true);
    let asleep = row(OURS, 10, Value::Null, false);
    stage.before(Value::Array(vec![other.clone(), former, narrow, unwished, asleep, all()[0].clone()]));
    let ran = stage.run(LINES, &[]).await;
    assert!(ran.code() == 0 && ran.out.ends_with("The provider confirms it.\n"), "{}", ran.all());
    assert!(ran.out.contains(
        "`signed`: calls https://board.example.com/callbacks/acc/<path-token>, for one group only"
    ));
    assert!(
        ran.out.contains("Registered now: `all`: calls another listener, at old.example.com."),
        "{}",
        ran.all()
    );
    assert!(
        ran.out
            .contains("`realtime`: calls https://board.example.com/callbacks/acc/<path-token>, switched off")
    );
    let mut told = stage.told().as_array().unwrap().clone();
    assert_eq!(told.remove(0), other);
    told.sort_by_key(|it| it["notify_when"].as_u64());
    assert_eq!(told, all());

    let ran = stage.run(LINES, &["--disable"]).await;
    assert_eq!(ran.code(), 0, "{}", ran.all());
    assert_eq!(stage.told(), json!([other]));
}
