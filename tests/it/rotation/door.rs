//! The test callback: through the public address to the door, kept and shown as a test, and never on the board.

use super::{House, ID, KEY};
use crate::support::board::event;
use signboard::demo::Kind;
use std::io::{Read as _, Write as _};

const SIGNED: &str =
    "{ auth = \"signed\", certificate-file = \"certificate.pem\", path-token = \"token-hush-0123456\" }";

/// What nobody may see of a test: a package, a fact, a callback that counts.
async fn is_quiet(house: &House) -> bool {
    let board = &house.board;
    let counted = "SELECT (SELECT count(*) FROM packages) + (SELECT count(*) FROM facts) + (SELECT count(*) FROM slots) \
                   + (SELECT count(*) FROM signers) + (SELECT count(*) FROM refused) + (SELECT count(*) FROM secret_uses)";
    board.app().replay(|_| ()).await.unwrap();
    board.app().rebuild().await.unwrap();
    house.sql(counted).await == ["0"]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_providers_bytes_arrive_and_are_kept_as_a_test() {
    let hmac = SIGNED.replace("path-token", "hmac-secret = \"hmac-hush\", path-token");
    for (kind, callback, word, bytes) in [
        (Kind::OneSpan, KEY, "was accepted", "\"packageId\":\"signboard-test-"),
        (
            Kind::OneSpan,
            "{ auth = \"none\", path-token = \"token-hush-0123456\" }",
            "was accepted",
            "PACKAGE_CREATE",
        ),
        (
            Kind::Conga,
            "{ auth = \"basic\", username = \"us\", password = \"old-hush\" }",
            "was accepted",
            "ESLProcessEvent",
        ),
        (Kind::Conga, "{ auth = \"bearer\", token = \"old-hush\" }", "was accepted", "ESLProcessEvent"),
        (Kind::Legalesign, &hmac, "was accepted", "\"resourceUri\":\"/api/v1/document/signboard-test-"),
        (Kind::Legalesign, SIGNED, "it carried no signature, since only the provider", "\"version\":\"1.0\""),
        (
            Kind::WebSignatureOffice,
            "{ auth = \"headers\", headers = { X-Key = \"x-hush\", X-Two = \"y-hush\" }, path-token = \"token-hush-0123456\" }",
            "was accepted",
            "STATUS_CHANGE",
        ),
    ] {
        let house = House::new(kind, callback).await;
        let ran = house.register(&["--test"]).await;
        assert!(
            ran.code == 0 && ran.out.contains("it arrived after ") && ran.out.contains(word),
            "{}",
            ran.all()
        );
        assert!(house.simulator.calls().all().is_empty(), "the provider has nothing to do with it");
        let inbox = house.board.text("/inbox").await;
        assert!(inbox.contains("Test, not read") && !inbox.contains("id=\"quarantine\""), "{inbox}");
        let payload = house.board.text("/inbox/payload/1").await;
        assert!(payload.contains(bytes), "{payload}");
        assert!(is_quiet(&house).await, "{:?} {callback}", house.kind);
        house.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_button_sends_one_with_the_newest_secret() {
    let house = House::new(Kind::OneSpan, KEY).await;
    house.board.app().rotate(ID).unwrap();
    let answer = house.board.post("/providers/test", &format!("account={ID}")).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"]),
        (303, &"/providers#account-acc".parse().unwrap())
    );
    let page = house.board.text("/providers").await;
    assert!(page.contains("It arrived after ") && page.contains("class=\"notice\""), "{page}");
    assert_eq!(house.sql("SELECT slot || state FROM arrivals").await, ["next3"]);
    // A test is no use of the secret.
    assert!(is_quiet(&house).await && page.contains("never used"), "{page}");
    assert_eq!(house.board.post("/providers/test", "account=nobody").await.status(), 404);
    let foreign = house.board.client.post(format!("{}/providers/test", house.board.url));
    let foreign = foreign.header("origin", "https://evil.example.com").body(format!("account={ID}"));
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    house.stop().await;
}

/// Nothing but the very bytes, and those for a minute only, passes as a test.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_hide_a_callback_as_a_test() {
    let house = House::new(Kind::OneSpan, KEY).await;
    let post = |body: String| house.board.send_as(ID, Some("Basic old-hush"), body);
    assert_eq!(house.register(&["--test"]).await.code, 0);
    let body = house.board.text("/inbox/payload/1").await;
    assert_eq!(post(body.clone()).await.status(), 200);
    assert!(is_quiet(&house).await, "the same bytes, within the minute");
    // A stranger with the bytes gets no further than one without.
    assert_eq!(house.board.send_as(ID, Some("Basic other"), body.clone()).await.status(), 401);
    assert_eq!(post(event("signboard-test-1", "PACKAGE_CREATE", "u", None, 0)).await.status(), 200);
    assert_eq!(post(body.replace("PACKAGE_CREATE", "PACKAGE_COMPLETE")).await.status(), 200);
    house.board.clock.advance(61_000);
    assert_eq!(post(body).await.status(), 200);
    assert_eq!(house.sql("SELECT count(*) FROM arrivals WHERE state = 3").await, ["2"]);
    assert_eq!(house.sql("SELECT count(*) FROM facts").await, ["3"]);
    house.stop().await;
}

/// Something else than this board stands at the public address, and answers with this.
async fn elsewhere(house: &mut House, answer: &'static str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = vec![0; 4096];
        while !String::from_utf8_lossy(&heard).contains("createdDate") {
            let read = stream.read(&mut heard).unwrap();
            if read == 0 {
                return;
            }
        }
        stream.write_all(answer.as_bytes()).unwrap();
    });
    house.board.reconfigure(|config| config.server.public_url = Some(url)).await;
    let tested = house.board.app().test_callback(house.board.app().account(ID).unwrap()).await;
    served.join().unwrap();
    assert!(!tested.arrived && !tested.told.contains("hush"), "{tested:?}");
    tested.told
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_is_said_in_a_sentence() {
    let mut house = House::new(Kind::OneSpan, KEY).await;
    for (answer, words) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "127.0.0.1 answered 200, but nothing arrived here"),
        ("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n", "has to pass /callbacks/ on to this board"),
        ("HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n", "without asking who calls"),
        ("HTTP/1.1 502 No\r\ncontent-length: 0\r\n\r\n", "doesn't reach this board"),
        (
            "HTTP/1.1 302 No\r\nlocation: https://new.example.com/hush\r\ncontent-length: 0\r\n\r\n",
            "leads to new.example.com, which no provider follows",
        ),
        ("HTTP/1.1 301 No\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n", "leads to 127.0.0.1"),
        ("nonsense\r\n\r\n", "the call to 127.0.0.1 broke off"),
    ] {
        let told = elsewhere(&mut house, answer).await;
        assert!(told.contains(words), "{told}");
    }
    for (public_url, words) in [
        (None, "server.public-url is not set"),
        (Some("http://board.example.com"), "server.public-url is http"),
        (Some("http://127.0.0.1:1"), "127.0.0.1 takes no connection"),
        (Some("https://board.invalid"), "the name board.invalid can't be found"),
    ] {
        house.board.reconfigure(|config| config.server.public_url = public_url.map(str::to_owned)).await;
        let tested = house.board.app().test_callback(house.board.app().account(ID).unwrap()).await;
        assert!(!tested.arrived && tested.told.contains(words), "{tested:?}");
    }
    let page = house.board.text("/providers").await;
    assert!(
        page.contains("The name board.invalid can&#39;t be found")
            || page.contains("The name board.invalid can’t"),
        "{page}"
    );
    house.board.halt().await;
    let ran = house.register(&["--test"]).await;
    assert!(ran.code == 2 && ran.err.contains("no board is running"), "{}", ran.all());
    house.stop().await;
}

/// A proxy that takes the header away: the board refuses, and says why to whoever tests, and to nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_test_is_no_strangers_call() {
    let house = House::new(Kind::OneSpan, KEY).await;
    // The configuration of the command is another than the board's, which knows the key.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let public = format!("http://{}", listener.local_addr().unwrap());
    let (board, client) = (house.board.url.clone(), house.board.client.clone());
    let proxy = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut heard = vec![0; 4096];
        let mut count = 0;
        while !String::from_utf8_lossy(&heard[..count]).contains("Z\"}") {
            stream.readable().await.unwrap();
            count += stream.try_read(&mut heard[count..]).unwrap_or_default();
        }
        let text = String::from_utf8_lossy(&heard[..count]).into_owned();
        let body = text.split_once("\r\n\r\n").unwrap().1.to_owned();
        let status = client.post(format!("{board}/callbacks/{ID}")).body(body).send().await.unwrap().status();
        let answer = format!("HTTP/1.1 {} x\r\ncontent-length: 0\r\n\r\n", status.as_u16());
        stream.writable().await.unwrap();
        stream.try_write(answer.as_bytes()).unwrap();
    });
    let mut house = house;
    house.board.reconfigure(|config| config.server.public_url = Some(public)).await;
    let tested = house.board.app().test_callback(house.board.app().account(ID).unwrap()).await;
    proxy.await.unwrap();
    assert!(tested.told.contains("and was refused: no Authorization header"), "{tested:?}");
    assert!(!tested.arrived && is_quiet(&house).await);
    assert!(!house.board.text("/").await.contains("Callbacks are refused"));
    house.stop().await;
}
