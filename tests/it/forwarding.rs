//! Callbacks that are passed on to another listener, a real one: byte for byte, in their order, whatever it does.

pub mod listener;
mod program;
mod stubborn;

use crate::support::board::{Board, event};
use crate::support::world::{Stage, all_four, nda};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use listener::{Got, Listener, Mood};
use signboard::app::erasing::ToErase;
use signboard::config::{AccountConfig, CallbackAuth, Config, ForwardConfig, Secret};
use signboard::demo::act::Act;
use signboard::demo::wire;

fn forward(account: &mut AccountConfig, url: String) {
    account.forward = Some(ForwardConfig { url: Secret::new(url), proxy: None, ca_file: None });
}

/// A board whose account `os` passes its callbacks on.
async fn board(listener: &Listener) -> Board {
    let url = listener.url("/old?token=url-hush");
    Board::with(|config| forward(config.accounts.get_mut("os").unwrap(), url)).await
}

/// Steps until nothing is due at this instant.
async fn pass_on(board: &Board, account: &str) {
    let account = board.app().account(account).unwrap();
    for _ in 0..1_000 {
        if board.app().forward_step(account).await.unwrap() == 0 {
            return;
        }
    }
    panic!("it never rests");
}

/// The same for so many hours, as the worker does: whenever something is due.
async fn hours(board: &Board, hours: i64) {
    let end = board.clock.millis() + hours * 3_600_000;
    let account = board.app().account("os").unwrap();
    loop {
        pass_on(board, "os").await;
        let next = board.app().next_forward_of(account).await.unwrap().map_or(i64::MAX, |it| it.0);
        let next = next.min(end);
        assert!(next > board.clock.millis() || next == end, "what is due is done");
        board.clock.advance(next - board.clock.millis());
        if next == end {
            return;
        }
    }
}

/// Sends some events; each is answered with 200.
async fn send(board: &Board, numbers: std::ops::Range<i64>) -> Vec<String> {
    let mut bodies = Vec::new();
    for number in numbers {
        let body = event("P", "SIGNER_COMPLETE", &format!("s{number}"), None, number);
        assert_eq!(board.send("os", body.clone()).await.status(), 200);
        bodies.push(body);
    }
    bodies
}

/// By what providers prove themselves.
const PROOFS: [&str; 3] = ["authorization", "x-signed", "x-hmac-sha256"];

/// What must be the same, whoever sends it.
fn told(got: &Got) -> (Vec<u8>, Vec<(&'static str, String)>) {
    let names = PROOFS.into_iter().chain(["content-type", "content-length"]);
    (got.body.clone(), names.map(|name| (name, got.header(name).to_owned())).collect())
}

/// Each provider's own calls go to the listener directly, too: what it gets by the board must be the same.
/// Seen red with: `x-signed` not relayed.
#[actix_web::test]
async fn what_every_provider_sends_arrives_as_it_was_sent() {
    let listener = Listener::start();
    let mut stage = Stage::of(all_four(), false).await;
    let url = |id: &str| listener.url(&format!("/old/{id}/"));
    let change = |config: &mut Config| {
        config.accounts.iter_mut().for_each(|(id, account)| forward(account, url(id)));
    };
    stage.board.reconfigure(change).await;
    for id in ["os", "cg", "ls", "wo"] {
        let mut callbacks = Vec::new();
        let decline = Act::Decline(0, "too late".to_owned());
        for acts in [vec![Act::Activate, Act::SignAll(0), Act::SignAll(1)], vec![Act::Activate, decline]] {
            let at = stage.board.clock.millis() - 1_000;
            let package = stage.world.world().lock().create(id, &nda(), at).unwrap();
            callbacks.extend(package.callbacks);
            for act in acts {
                callbacks.extend(stage.happen(id, &package.id, &act));
            }
        }
        let posts = wire::posts(callbacks, 360_000);
        let direct = stage.world.tell(&listener.url(""), posts.clone()).await;
        assert!(direct.accepted > 0, "{id}: {direct:?}");
        stage.tell(posts).await;
        pass_on(&stage.board, id).await;
        let (direct, relayed): (Vec<Got>, Vec<Got>) =
            listener.got().into_iter().partition(|it| it.path.starts_with("/callbacks/"));
        let of = |all: &[Got]| {
            let mut of: Vec<_> =
                all.iter().filter(|it| it.path.contains(&format!("/{id}"))).map(told).collect();
            of.sort();
            of
        };
        assert_eq!(of(&relayed), of(&direct), "{id}");
        assert!(relayed.iter().all(|it| it.header("via") == "1.1 signboard"));
        assert!(relayed.iter().filter(|it| it.path.contains(id)).all(|it| it.path == format!("/old/{id}/")));
    }
    for name in PROOFS {
        assert!(listener.got().iter().any(|it| !it.header(name).is_empty()), "none came with {name}");
    }
    stage.close().await;
    listener.stop().await;
}

#[actix_web::test]
async fn each_proof_is_the_one_that_came_and_the_paths_token_stays_here() {
    let listener = Listener::start();
    let secret = |text: &str| Secret::new(text);
    let pair =
        CallbackAuth::Basic { username: "me".into(), password: secret("hush"), next: Some(secret("hush2")) };
    let key = CallbackAuth::Key { key: secret("hush"), next: Some(secret("hush2")) };
    let headers = CallbackAuth::Headers(
        [("X-Key".to_owned(), secret("hush")), ("X-Two".to_owned(), secret("2"))].into(),
    );
    let accounts = [("key", key), ("pair", pair), ("headers", headers), ("none", CallbackAuth::None)];
    let board = Board::with(|config| {
        for (id, callback) in accounts {
            let mut account = AccountConfig { callback, ..config.accounts["os"].clone() };
            account.path_token = (id == "none").then(|| secret("tok-0123456789-hush"));
            forward(&mut account, listener.url("/old"));
            config.accounts.insert(id.to_owned(), account);
        }
    })
    .await;
    let encoded = format!("Basic {}", BASE64_STANDARD.encode("me:hush2"));
    type Sent<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);
    let sent: [Sent<'_>; 6] = [
        ("key", "key", &[("authorization", "Basic hush")]),
        ("key", "key", &[("authorization", "Basic hush2")]),
        ("pair", "pair", &[("authorization", &encoded)]),
        ("pair", "pair", &[("authorization", "Basic me:hush")]),
        ("headers", "headers", &[("x-key", "hush"), ("x-two", "2")]),
        ("none", "none/tok-0123456789-hush", &[("authorization", "Basic whatever"), ("cookie", "hush")]),
    ];
    // No JSON, not even text: it is set aside here, and passed on all the same.
    let body = b"\xff\x00 { hush".to_vec();
    for (number, (account, path, headers)) in sent.into_iter().enumerate() {
        let mut request = board.client.post(format!("{}/callbacks/{path}", board.url)).body(body.clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("content-type", "application/x-odd; charset=latin1");
        assert_eq!(request.send().await.unwrap().status(), 200, "{path}");
        pass_on(&board, account).await;
        let got = listener.got();
        let got = &got[number];
        assert_eq!((&got.body, got.header("content-type")), (&body, "application/x-odd; charset=latin1"));
        let expected = |name: &str| headers.iter().find(|(known, _)| *known == name && account != "none");
        for name in ["authorization", "x-key", "x-two", "cookie"] {
            assert_eq!(got.header(name), expected(name).map_or("", |it| it.1), "{path} {name}");
        }
        assert!(!format!("{got:?}").contains("tok-"), "{got:?}");
    }
    // Nothing of the secrets lies on disk, but in the bodies that came.
    for file in std::fs::read_dir(board.data()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for secret in ["hush2", "me:hush", "tok-", encoded.as_str()] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
    board.stop().await;
    listener.stop().await;
}

/// Seen red with: no look at `Via`.
#[actix_web::test]
async fn what_is_refused_pasted_or_read_again_is_not_passed_on_and_what_is_admitted_is() {
    let listener = Listener::start();
    let board = board(&listener).await;
    let body = |user: &str| event("P", "SIGNER_COMPLETE", user, None, 0);
    assert_eq!(board.send_as("os", Some("Basic wrong"), body("refused")).await.status(), 401);
    let paste = format!(
        "account=os&text={}",
        percent_encoding::utf8_percent_encode(&body("pasted"), percent_encoding::NON_ALPHANUMERIC)
    );
    assert_eq!(board.post("/inbox/import", &paste).await.status(), 303);
    assert_eq!(board.post("/inbox/waiting", "").await.status(), 303);
    let request = board.client.post(format!("{}/callbacks/os", board.url)).body(body("again"));
    let request = request.header("authorization", "Basic cb-key").header("via", "1.1 proxy, 1.1 signboard");
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(board.send("cg", body("other")).await.status(), 200);
    pass_on(&board, "os").await;
    pass_on(&board, "cg").await;
    assert!(listener.got().is_empty());
    assert_eq!(board.sql("SELECT count(*) FROM facts").await, ["3"], "taken they were");

    let refused = board.app().store.refused(None, 10).await.unwrap();
    assert_eq!(board.post("/inbox/admit", &format!("id={}", refused[0].id)).await.status(), 303);
    pass_on(&board, "os").await;
    assert_eq!(listener.taken(), [body("refused")]);
    assert_eq!(listener.got()[0].header("authorization"), "Basic cb-key", "the one that it knows");
    board.app().replay(|_| ()).await.unwrap();
    board.app().rebuild().await.unwrap();
    pass_on(&board, "os").await;
    assert_eq!(listener.got().len(), 1);
    // The same bytes once more are a callback once more.
    for _ in 0..2 {
        assert_eq!(board.send("os", body("twice")).await.status(), 200);
    }
    pass_on(&board, "os").await;
    assert_eq!(listener.taken(), [body("refused"), body("twice"), body("twice")]);
    board.stop().await;
    listener.stop().await;
}

#[actix_web::test]
async fn what_is_taken_is_forgotten_after_a_while_and_what_waits_goes_with_its_arrival() {
    let mut listener = Listener::start();
    let board = board(&listener).await;
    board
        .sql("WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 25000) \
             INSERT INTO forwards (arrival, account, raw, state, tries, tried_at) SELECT -i, 'os', 0, 1 + i % 2, 1, 0 FROM n")
        .await;
    send(&board, 0..1).await;
    pass_on(&board, "os").await;
    let count = "SELECT state || ':' || count(*) FROM forwards GROUP BY state ORDER BY state";
    assert_eq!(board.sql(count).await, ["1:1000", "2:10000"]);
    listener.now(Mood::IsAway).await;
    send(&board, 1..3).await;
    pass_on(&board, "os").await;
    assert_eq!(board.sql("SELECT count(*) FROM forwards WHERE state = 0").await, ["2"]);
    board.sql("DELETE FROM arrivals WHERE id > 1").await;
    assert_eq!(board.sql("SELECT count(*) FROM forwards WHERE state = 0").await, ["0"]);
    board.stop().await;
}

fn of_ana(second: i64) -> String {
    event("P", "PACKAGE_DECLINE", "ana@a.example", None, second)
        .replace("\"message\":null", "\"message\":\"Nevermore\"")
}

async fn erase_ana(board: &Board) {
    let mail = "ana@a.example".to_owned();
    let ana = ToErase { mail, name: None, by: "tester".to_owned(), remote: String::new() };
    board.app().erase(&ana).await.unwrap();
}

/// Seen red with: `FIRST_WITH` that offers bytes which are gone, and `GIVE_UP` that knows only the first of the same bytes:
/// the listener got empty calls.
#[actix_web::test]
async fn the_same_bytes_once_more_are_passed_on_whole_or_given_up() {
    let mut listener = Listener::start();
    let board = board(&listener).await;
    listener.now(Mood::Answers(503)).await;
    for _ in 0..2 {
        board.send("os", of_ana(1)).await;
    }
    erase_ana(&board).await;
    assert_eq!(board.sql("SELECT state FROM forwards ORDER BY arrival").await, ["2", "2"]);
    listener.now(Mood::Answers(200)).await;
    board.send("os", of_ana(1)).await;
    hours(&board, 1).await;
    assert_eq!(listener.taken(), [of_ana(1)]);
    assert_eq!(board.sql("SELECT count(*) FROM arrivals WHERE body IS NOT NULL").await, ["0"]);
    assert_eq!(board.sql("SELECT deliveries FROM facts").await, ["3"]);
    board.stop().await;
    listener.stop().await;
}

/// Seen red with: bytes that are shown, and stay once the listener has them.
#[actix_web::test]
async fn what_tells_of_somebody_erased_is_passed_on_and_then_its_bytes_go() {
    let mut listener = Listener::start();
    let board = board(&listener).await;
    let of = of_ana;
    board.send("os", of(1)).await;
    pass_on(&board, "os").await;
    erase_ana(&board).await;
    listener.now(Mood::Answers(503)).await;
    board.send("os", of(2)).await;
    pass_on(&board, "os").await;
    let held = "SELECT count(*) FROM arrivals WHERE body IS NOT NULL";
    assert_eq!(board.sql(held).await, ["1"], "it waits for the listener");
    let id = board.sql("SELECT max(id) FROM arrivals").await.remove(0);
    assert_eq!(board.get(&format!("/inbox/payload/{id}")).await.status(), 404, "for nobody else");
    listener.now(Mood::Answers(200)).await;
    hours(&board, 1).await;
    assert_eq!(listener.taken(), [of(1), of(2)]);
    assert_eq!(board.sql(held).await, ["0"]);
    assert!(!board.dump().await.join("\n").contains("ana@a.example"));
    board.stop().await;
    listener.stop().await;
}
