//! The rotation itself: both are accepted, the provider is told, the new one is seen, the old one goes.

use super::{House, ID, KEY};
use serde_json::json;
use signboard::demo::{Kind, Refusal};
use std::os::unix::fs::PermissionsExt as _;

const HOUR: i64 = 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_is_taken_at_once_and_the_old_one_goes_when_it_is_quiet() {
    let mut house = House::new(Kind::OneSpan, KEY).await;
    let ran = house.register(&["--rotate"]).await;
    assert!(ran.code == 0 && ran.out.contains("The provider confirms it.\n"), "{}", ran.all());
    assert_eq!(house.file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let new = format!("Basic {}", house.made("next"));
    assert_eq!(house.simulator.registrations().of(ID)["key"], house.made("next"));
    let page = house.board.text("/providers").await;
    assert!(page.contains("<dt>Next secret</dt><dd>made ") && page.contains(", registered "), "{page}");
    assert!(page.matches("never used").count() == 2 && !page.contains("first used"), "{page}");

    // Without a start in between, and beside the old one.
    assert_eq!(house.post(&new, "").await, 200);
    assert_eq!(house.post("Basic old-hush", "").await, 200);
    assert_eq!(house.post("Basic other", "").await, 401);
    let page = house.board.text("/providers").await;
    assert!(page.contains(", first used ") && !page.contains("never used"), "{page}");
    let app = |house: &House| house.board.app().clone();
    house.board.clock.advance(23 * HOUR);
    assert_eq!(app(&house).retire_quiet_secrets().await.unwrap(), 0);
    assert_eq!(house.post("Basic old-hush", "").await, 200);
    house.board.clock.advance(2 * HOUR);
    assert_eq!(app(&house).retire_quiet_secrets().await.unwrap(), 0, "the old one came two hours ago");
    house.board.clock.advance(22 * HOUR);
    assert_eq!(app(&house).retire_quiet_secrets().await.unwrap(), 1);
    assert_eq!(app(&house).retire_quiet_secrets().await.unwrap(), 0);
    for _ in 0..2 {
        assert_eq!(house.post("Basic old-hush", "").await, 401);
        assert_eq!(house.post(&new, "").await, 200);
        house.board.restart().await;
    }
    assert_eq!(format!("Basic {}", house.made("current")), new);
    let page = house.board.text("/providers").await;
    assert!(!page.contains("Next secret") && page.contains("<dt>Secret in use</dt><dd>made "), "{page}");

    // Once more, from the made one.
    assert_eq!(house.register(&["--rotate"]).await.code, 0);
    let newer = format!("Basic {}", house.made("next"));
    assert!(newer != new && house.post(&new, "").await == 200 && house.post(&newer, "").await == 200);
    let told =
        ["signboard.sqlite", "signboard.sqlite-wal"].map(|it| house.folder.path().join("data").join(it));
    for secret in house.secrets() {
        for file in &told {
            let bytes = std::fs::read(file).unwrap();
            assert!(!bytes.windows(secret.len()).any(|it| it == secret.as_bytes()), "{file:?}");
        }
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_never_came_isnt_trusted_to_come() {
    let house = House::new(Kind::OneSpan, KEY).await;
    let ran = house.register(&["--retire"]).await;
    assert!(ran.code == 2 && ran.err.contains("no rotation of acc is under way"), "{}", ran.all());
    assert_eq!(house.register(&["--rotate"]).await.code, 0);
    house.board.clock.advance(1_000 * HOUR);
    assert_eq!(house.board.app().retire_quiet_secrets().await.unwrap(), 0);
    let ran = house.register(&["--retire"]).await;
    assert!(
        ran.code == 2 && ran.err.contains("no callback has come to acc with the new secret"),
        "{}",
        ran.all()
    );
    assert_eq!(house.post("Basic old-hush", "").await, 200);
    let next = house.made("next");
    let ran = house.register(&["--retire", "--force"]).await;
    assert!(ran.code == 0 && ran.out.contains("the old secret of acc is retired"), "{}", ran.all());
    assert_eq!(house.post("Basic old-hush", "").await, 401);
    assert_eq!((house.post(&format!("Basic {next}"), "").await, house.made("current")), (200, next));

    // One that came may go by hand at once.
    assert_eq!(house.register(&["--rotate"]).await.code, 0);
    assert_eq!(house.post(&format!("Basic {}", house.made("next")), "").await, 200);
    assert_eq!(house.register(&["--retire"]).await.code, 0);
    house.stop().await;
}

/// As after a crash between the file and the provider; and without a board, then with one.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_broken_off_goes_on_with_the_same_secret() {
    let mut house = House::new(Kind::OneSpan, KEY).await;
    house.board.app().rotate(ID).unwrap();
    let made = house.made("next");
    assert!(house.simulator.registrations().of(ID).is_null());
    house.board.halt().await;
    // The provider is down: the secret that was made stays.
    house.simulator.faults().refuse_next(1, Refusal::Broken);
    let ran = house.register(&["--rotate"]).await;
    assert!(ran.code == 2 && ran.err.contains("what is registered can't be read"), "{}", ran.all());
    let ran = house.register(&["--rotate"]).await;
    assert!(ran.code == 0 && ran.out.contains("was made before"), "{}", ran.all());
    assert_eq!(
        (house.made("next"), house.simulator.registrations().of(ID)["key"].clone()),
        (made.clone(), json!(made))
    );
    house.board.resume(None).await;
    assert_eq!(house.post(&format!("Basic {made}"), "").await, 200);
    assert_eq!(house.post("Basic old-hush", "").await, 200);
    assert!(house.board.text("/providers").await.contains(", registered "));
    // And once more, beside the board: nothing is made, nothing changes.
    let before = std::fs::read(house.file()).unwrap();
    let ran = house.register(&["--rotate"]).await;
    assert!(ran.code == 0 && ran.out.contains("nothing to change"), "{}", ran.all());
    assert_eq!(std::fs::read(house.file()).unwrap(), before);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_where_it_could_not_be_registered() {
    let other =
        json!({ "url": "https://old.example.com/x", "key": "theirs-hush", "events": ["PACKAGE_COMPLETE"] });
    let house = House::new(Kind::OneSpan, KEY).await;
    house.simulator.faults().refuse_next(1, Refusal::Broken);
    let ran = house.register(&["--rotate"]).await;
    assert!(ran.code == 2 && ran.err.contains("no secret was made"), "{}", ran.all());
    house.simulator.registrations().set(ID, other);
    let ran = house.register(&["--rotate"]).await;
    assert!(ran.code == 2 && ran.err.contains("--replace old.example.com"), "{}", ran.all());
    assert!(!house.file().exists());
    let ran = house.register(&["--rotate", "--replace", "old.example.com"]).await;
    assert_eq!((ran.code, &house.simulator.registrations().of(ID)["key"]), (0, &json!(house.made("next"))));
    house.stop().await;
    for (kind, callback, why) in [
        (
            Kind::OneSpan,
            "{ auth = \"key\", key = \"old-hush\", next-key = \"n-hush\" }",
            "has a next secret already",
        ),
        (
            Kind::WebSignatureOffice,
            "{ auth = \"headers\", headers = { X-Key = \"x-hush\" } }",
            "its headers stand in",
        ),
        (
            Kind::Legalesign,
            "{ auth = \"signed\", certificate-file = \"certificate.pem\" }",
            "the provider's own key",
        ),
        (Kind::Conga, "{ auth = \"none\" }", "carry no secret"),
    ] {
        let house = House::new(kind, callback).await;
        let ran = house.register(&["--rotate"]).await;
        assert!(ran.code == 2 && ran.err.contains(why), "{}", ran.all());
        assert!(!house.file().exists() && house.simulator.registrations().of(ID).is_null());
        house.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conga_is_told_in_the_form_that_knows_the_secret() {
    for (callback, field) in [
        (KEY, "key"),
        ("{ auth = \"basic\", username = \"us\", password = \"old-hush\" }", "password"),
        ("{ auth = \"bearer\", token = \"old-hush\" }", "bearerToken"),
    ] {
        let house = House::new(Kind::Conga, callback).await;
        let ran = house.register(&["--rotate"]).await;
        assert_eq!(ran.code, 0, "{}", ran.all());
        assert_eq!(house.simulator.registrations().of(ID)[field], house.made("next"));
        let sent = |secret: &str| match field {
            "key" => format!("Basic {secret}"),
            "password" => format!("Basic us:{secret}"),
            _ => format!("Bearer {secret}"),
        };
        for secret in ["old-hush", &house.made("next")] {
            assert_eq!(house.post(&sent(secret), "").await, 200, "{field}");
        }
        house.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_token_is_rotated_where_nothing_else_is_sent() {
    let signed =
        "{ auth = \"signed\", certificate-file = \"certificate.pem\", path-token = \"token-hush-0123456\" }";
    let house = House::new(Kind::Legalesign, signed).await;
    assert_eq!(house.register(&[]).await.code, 0);
    let ran = house.register(&["--rotate"]).await;
    assert_eq!(ran.code, 0, "{}", ran.all());
    let url = format!("{}/callbacks/{ID}/{}", house.board.url, house.made("next"));
    let told = house.simulator.registrations().of(ID);
    assert!(
        told.as_array().unwrap().len() == 3 && told.as_array().unwrap().iter().all(|it| it["url"] == url),
        "{told}"
    );
    for token in ["token-hush-0123456", &house.made("next")] {
        assert_eq!(house.post("", &format!("/{token}")).await, 200);
    }
    assert_eq!(house.register(&["--retire"]).await.code, 0);
    assert_eq!(house.post("", "/token-hush-0123456").await, 401);
    assert_eq!(house.post("", &format!("/{}", house.made("current"))).await, 200);
    let page = house.board.text("/providers").await;
    assert!(
        page.contains("<dt>Path token in use</dt><dd>made ") && page.contains("Certificate in use"),
        "{page}"
    );
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_call_can_tell_a_person_is_told_to_set() {
    let headers =
        "{ auth = \"headers\", headers = { X-Key = \"x-hush\" }, path-token = \"token-hush-0123456\" }";
    let house = House::new(Kind::WebSignatureOffice, headers).await;
    let ran = house.register(&["--rotate"]).await;
    assert!(ran.code == 0 && ran.out.contains("`signboard check --show-secrets` prints it"), "{}", ran.all());
    assert!(ran.out.contains("/callbacks/acc/<path-token>\n"), "{}", ran.all());
    for (token, status) in
        [("token-hush-0123456", 200), (&house.made("next"), 200), ("token-hush-0123457", 401)]
    {
        let call = house.board.client.post(format!("{}/callbacks/{ID}/{token}", house.board.url));
        let answer = call.header("x-key", "x-hush").body("{}").send().await.unwrap();
        assert_eq!(answer.status(), status);
    }
    assert!(house.board.text("/providers").await.contains("<dt>Next path token</dt>"));
    house.stop().await;
}
