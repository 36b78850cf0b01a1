//! Signing in with a password: what is given, what is told, and who has to wait.

use super::{EMAIL, PASSWORD, audit, shows, to, try_from, with_password};
use crate::support::board::Board;
use crate::support::people::Shows;
use crate::support::sse::Reader;
use signboard::model::access::Role;

const HERE: &str = "192.0.2.7";
const MINUTE: i64 = 60_000;

/// Seen red with: a cookie without HttpOnly.
#[tokio::test]
async fn a_right_password_gives_a_new_session_and_leads_on() {
    let board = Board::with_people(|_| ()).await;
    with_password(&board, EMAIL, Role::Viewer).await;
    let answer = try_from(&board, HERE, " Asha@Example.com ", PASSWORD).await;
    assert_eq!((answer.status().as_u16(), to(&answer).as_str()), (303, "/inbox"));
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    let (_, flags) = cookie.split_once("; ").unwrap();
    let mut flags: Vec<&str> = flags.split("; ").collect();
    flags.sort_unstable();
    assert_eq!(flags, ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
    let first = shows(&answer);
    let page = board.get_as(&first, "/").await.text().await.unwrap();
    assert!(
        page.contains("<bdi>asha@example.com</bdi></a><button class=\"quiet\">Sign out</button>"),
        "{page}"
    );
    let nav = |page: &str| page.split_once("<nav").unwrap().1.split_once("</nav>").unwrap().0.to_owned();
    let hidden = ["/inbox", "/providers"].into_iter().all(|it| !nav(&page).contains(it));
    assert!(hidden, "a viewer's navigation: {}", nav(&page));
    let admin = board.person("admin@example.com", Role::Admin).await;
    assert!(nav(&board.get_as(&admin, "/").await.text().await.unwrap()).contains("href=\"/inbox\""));

    let again = shows(&try_from(&board, HERE, EMAIL, PASSWORD).await);
    let (Shows::Cookie(one), Shows::Cookie(two)) = (&first, &again) else { panic!("cookies") };
    assert_ne!(one, two, "each sign-in is a session of its own");
    assert_eq!(board.get_as(&again, "/sign-in?next=%2Finbox").await.status(), 303, "in already");
    let stored = board.sql("SELECT hex(hash) || ' ' || remote FROM sessions").await.join("\n");
    assert!(!stored.contains(one.as_str()) && stored.contains(HERE), "{stored}");

    let out = board.post_as(&again, "/sign-out", "").await;
    assert_eq!((out.status().as_u16(), to(&out).as_str()), (303, "/sign-in"));
    let gone = out.headers()["set-cookie"].to_str().unwrap();
    assert!(gone.contains("Max-Age=0") && gone.contains("Secure") && gone.contains("Path=/"), "{gone}");
    assert_eq!(board.get_as(&again, "/").await.status(), 303, "its session has ended");
    assert_eq!(board.get_as(&first, "/").await.status(), 200, "the other one hasn't");
    let done = audit(&board).await;
    assert_eq!(done[0], "asha@example.com sign-out  127.0.0.1");
    assert_eq!(done[1], format!("asha@example.com sign-in  {HERE}"));
}

/// Seen red with: unknown accounts answered before a password is compared.
#[tokio::test]
async fn nothing_tells_whether_an_account_exists() {
    let board = Board::with_people(|_| ()).await;
    with_password(&board, EMAIL, Role::Viewer).await;
    let gone = with_password(&board, "gone@example.com", Role::Viewer).await;
    let (store, now) = (&board.app().store, board.app().now());
    store.disable_user(gone, Some(now), now).await.unwrap();
    board.person("linked@example.com", Role::Viewer).await;
    let mut told = Vec::new();
    for (email, password) in [
        (EMAIL, "wrong"),
        ("nobody@example.com", "wrong"),
        ("gone@example.com", PASSWORD),
        ("linked@example.com", ""),
        ("nobody@example.com", "nobody"),
    ] {
        let before = board.app().watch.compared();
        let answer = try_from(&board, HERE, email, password).await;
        assert_eq!(board.app().watch.compared(), before + 1, "{email}: a password was compared");
        assert!(answer.headers().get("set-cookie").is_none(), "{email}");
        told.push((answer.status().as_u16(), answer.text().await.unwrap().replace(email, "")));
    }
    assert!(told[0].0 == 401 && told[0].1.contains("The mail address or the password is wrong."));
    assert!(told.iter().all(|it| *it == told[0]), "{told:?}");
    let done = audit(&board).await;
    assert!(done.iter().all(|it| !it.contains("nobody@")), "what was typed may be a password: {done:?}");
    assert!(done.contains(&format!("{EMAIL} sign-in-refused wrong password {HERE}")), "{done:?}");
}

/// Seen red with: a throttle that takes all places for one.
#[tokio::test]
async fn ten_wrong_passwords_slow_down_whoever_tries_and_nobody_else() {
    let board = Board::with_people(|_| ()).await;
    with_password(&board, EMAIL, Role::Viewer).await;
    let mut waits = Vec::new();
    let mut wrong = 0;
    while wrong < 10 {
        let answer = try_from(&board, "203.0.113.9", EMAIL, "wrong").await;
        if answer.status() == 401 {
            wrong += 1;
            continue;
        }
        assert_eq!(answer.status(), 429);
        let seconds: i64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!(answer.text().await.unwrap().contains("Too many tries from here were wrong. Wait "));
        waits.push(seconds);
        board.clock.advance(seconds * 1000);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16]);
    let compared = board.app().watch.compared();
    assert_eq!(
        try_from(&board, "203.0.113.9", EMAIL, PASSWORD).await.status(),
        429,
        "not even the right one"
    );
    assert_eq!(board.app().watch.compared(), compared, "and nothing is compared meanwhile");
    assert_eq!(try_from(&board, HERE, EMAIL, PASSWORD).await.status(), 303, "its owner, elsewhere");
    board.clock.advance(MINUTE);
    assert_eq!(try_from(&board, "203.0.113.9", EMAIL, PASSWORD).await.status(), 303, "after the wait");
}

/// Seen red with: proxies trusted wherever they are.
#[tokio::test]
async fn an_address_that_no_trusted_proxy_tells_counts_for_nothing() {
    let board = Board::with_people(|config| config.server.trusted_proxies.clear()).await;
    with_password(&board, EMAIL, Role::Viewer).await;
    for number in 0..5 {
        assert_eq!(try_from(&board, &format!("192.0.2.{number}"), EMAIL, "wrong").await.status(), 401);
    }
    assert_eq!(
        try_from(&board, "192.0.2.9", EMAIL, "wrong").await.status(),
        429,
        "it came from here each time"
    );
    assert!(audit(&board).await[0].ends_with(" 127.0.0.1"));
}

/// Seen red with: `is_old` that is never true.
#[tokio::test]
async fn a_password_that_was_kept_by_weaker_means_is_kept_by_todays() {
    use argon2::password_hash::PasswordHasher as _;
    let board = Board::with_people(|_| ()).await;
    let id = with_password(&board, EMAIL, Role::Viewer).await;
    let params = argon2::Params::new(8, 1, 1, None).unwrap();
    let weak = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let weak = weak.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
    board.app().store.keep_password(id, &weak).await.unwrap();
    assert_eq!(try_from(&board, HERE, EMAIL, PASSWORD).await.status(), 303);
    let kept = board.sql("SELECT password FROM users").await;
    assert!(kept[0].starts_with("$argon2id$v=19$m=19456,"), "{kept:?}");
    assert_eq!(try_from(&board, HERE, EMAIL, PASSWORD).await.status(), 303, "it is the same one");
    assert_eq!(board.sql("SELECT count(*) FROM sessions").await, ["2"], "and no session ended for it");
}

/// Seen red with: `/pulse` that counts for everybody.
#[tokio::test]
async fn an_open_board_keeps_a_viewer_signed_in_and_nobody_who_may_change_things() {
    let board = Board::with_people(|_| ()).await;
    let viewer = board.person("v@example.com", Role::Viewer).await;
    let sender = board.person("s@example.com", Role::Sender).await;
    for _ in 0..3 {
        board.clock.advance(5 * 60 * MINUTE);
        assert_eq!(board.get_as(&viewer, "/pulse").await.status(), 200);
        board.get_as(&sender, "/pulse").await;
    }
    assert_eq!(board.get_as(&viewer, "/").await.status(), 200);
    assert_eq!(board.get_as(&sender, "/").await.status(), 303, "nothing was done for fifteen hours");
}

/// Seen red with: `next` taken as it comes.
#[tokio::test]
async fn another_site_signs_nobody_in_or_out() {
    let board = Board::with_people(|_| ()).await;
    with_password(&board, EMAIL, Role::Viewer).await;
    let viewer = board.person("v@example.com", Role::Viewer).await;
    for path in ["/sign-in", "/sign-in/code", "/sign-in/second", "/sign-out", "/welcome/x"] {
        let request = viewer.on(board.client.post(format!("{}{path}", board.url)));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let form = format!("email={EMAIL}&password=x&code=1");
        let answer = request.header("sec-fetch-site", "cross-site").body(form).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{path}");
    }
    assert_eq!(board.get_as(&viewer, "/").await.status(), 200);
    let elsewhere =
        format!("email={EMAIL}&password={}&next=https%3A%2F%2Fevil.example", super::plain(PASSWORD));
    let answer = board.post_as(&Shows::Nothing, "/sign-in", &elsewhere).await;
    assert_eq!((answer.status().as_u16(), to(&answer).as_str()), (303, "/"));
}

/// Seen red with: the frame of somebody who is in.
#[tokio::test]
async fn the_way_in_tells_strangers_nothing_and_says_where_passwords_would_be_read() {
    let board = Board::with_people(|config| config.server.public_url = None).await;
    board.event("p1", "PACKAGE_CREATE", "", 0).await;
    board.send_as("os", None, "{}").await;
    let page = board.get_as(&Shows::Nothing, "/sign-in").await;
    assert_eq!(
        (page.status().as_u16(), page.headers()["cache-control"].to_str().unwrap()),
        (200, "no-store")
    );
    let page = page.text().await.unwrap();
    for word in ["<nav", "last callback", "refused", "live.js", "not encrypted"] {
        assert!(!page.contains(word), "{word}");
    }
    let answer = board.get_as(&Shows::Nothing, "/static/nothing").await;
    assert!(answer.status() == 404 && !answer.text().await.unwrap().contains("refused"));
    let request = board.client.get(format!("{}/sign-in", board.url)).header("host", "board.example.com");
    assert!(request.send().await.unwrap().text().await.unwrap().contains("This address is not encrypted"));
    let request = board.client.get(format!("{}/sign-in", board.url)).header("host", "board.example.com");
    let proxied = request.header("x-forwarded-proto", "https").send().await.unwrap();
    assert!(!proxied.text().await.unwrap().contains("not encrypted"));
}

/// Seen red with: a sign-in that looks at no cookie.
#[tokio::test]
async fn signing_in_once_more_ends_the_session_before_in_that_browser_alone() {
    let board = Board::with_people(|_| ()).await;
    let id = with_password(&board, EMAIL, Role::Viewer).await;
    with_password(&board, "other@example.com", Role::Viewer).await;
    let (here, elsewhere) = (board.sign_in(id).await, board.sign_in(id).await);
    let mut stream = Reader::of_whom(&board, &here, "/live").await;
    let form = |email: &str, password: &str| {
        format!("email={}&password={}&next=", super::plain(email), super::plain(password))
    };
    assert_eq!(board.post_as(&here, "/sign-in", &form(EMAIL, "wrong")).await.status(), 401);
    assert_eq!(board.get_as(&here, "/").await.status(), 200, "a wrong password ends nothing");
    let again = board.post_as(&here, "/sign-in", &form("other@example.com", PASSWORD)).await;
    assert_eq!(again.status(), 303);
    assert_eq!(board.get_as(&here, "/").await.status(), 303, "nobody could sign out of it any more");
    assert_eq!(stream.next().await.unwrap().name, "gone");
    assert_eq!(board.get_as(&shows(&again), "/").await.status(), 200);
    assert_eq!(board.get_as(&elsewhere, "/").await.status(), 200);
    // Half a session is one, too.
    board.app().store.set_totp(id, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned(), 0).await.unwrap();
    let half = board.post_as(&shows(&again), "/sign-in", &form(EMAIL, PASSWORD)).await;
    assert_eq!(to(&half), "/sign-in/code");
    assert_eq!(board.get_as(&shows(&again), "/").await.status(), 303);
    board.stop().await;
}
