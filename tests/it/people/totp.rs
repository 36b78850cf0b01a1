//! The second factor: who must have one, and that half a session opens nothing.

use super::{EMAIL, PASSWORD, audit, shows, to, try_from, with_password};
use crate::support::board::Board;
use crate::support::people::Shows;
use signboard::app::people::totp;
use signboard::model::access::Role;

const HERE: &str = "192.0.2.7";

/// The secret that the page shows.
pub async fn secret(board: &Board, half: &Shows) -> String {
    let page = board.get_as(half, "/sign-in/second").await.text().await.unwrap();
    let (_, rest) = page.split_once("<code id=\"secret\">").unwrap();
    rest.split_once('<').unwrap().0.replace(' ', "")
}

pub fn code(board: &Board, secret: &str) -> String {
    totp::code(secret, board.app().now()).unwrap()
}

/// Seen red with: an admin without a second factor let in, and the gate letting a half session through.
#[tokio::test]
async fn an_admin_sets_one_up_before_anything_opens_and_shows_it_from_then_on() {
    let board = Board::with_people(|_| ()).await;
    with_password(&board, EMAIL, Role::Admin).await;
    let answer = try_from(&board, HERE, EMAIL, PASSWORD).await;
    assert_eq!(to(&answer), "/sign-in/second?next=%2Finbox");
    let half = shows(&answer);
    nothing_opens(&board, &half).await;
    let secret = secret(&board, &half).await;
    assert_eq!(self::secret(&board, &half).await, secret, "shown again, it is the same");
    let page = board.get_as(&half, "/sign-in/second").await.text().await.unwrap();
    assert!(page.contains("<svg class=\"qr\"") && page.contains("otpauth://totp/signboard:"));
    let wrong = board.post_as(&half, "/sign-in/second", "code=000000").await;
    assert_eq!(wrong.status(), 401);
    assert_eq!(board.sql("SELECT count(totp) FROM users").await, ["0"]);
    let now = code(&board, &secret);
    let form = format!("code={}+{}&next=%2Finbox", &now[..3], &now[3..]);
    let set = board.post_as(&half, "/sign-in/second", &form).await;
    assert_eq!((set.status().as_u16(), to(&set).as_str()), (303, "/inbox"));
    assert_eq!(board.get_as(&shows(&set), "/inbox").await.status(), 200);
    assert_eq!(board.get_as(&half, "/sign-in/second").await.status(), 303, "the half session has ended");
    assert_eq!(board.get_as(&shows(&set), "/sign-in/second").await.status(), 303, "one is enough");

    // The next sign-in asks for it, and the code that set it up counts no more.
    let answer = try_from(&board, HERE, EMAIL, PASSWORD).await;
    assert_eq!(to(&answer), "/sign-in/code?next=%2Finbox");
    let half = shows(&answer);
    nothing_opens(&board, &half).await;
    assert_eq!(
        to(&board.get_as(&half, "/sign-in/second").await),
        "/sign-in",
        "it can't be replaced by half a session"
    );
    let used = format!("code={}", code(&board, &secret));
    assert_eq!(board.post_as(&half, "/sign-in/code", &used).await.status(), 401, "used before");
    board.clock.advance(30_000);
    let fresh = format!("code={}&next=%2Fproviders", code(&board, &secret));
    let whole = board.post_as(&half, "/sign-in/code", &fresh).await;
    assert_eq!((whole.status().as_u16(), to(&whole).as_str()), (303, "/providers"));
    assert_eq!(board.get_as(&shows(&whole), "/providers").await.status(), 200);
    assert_eq!(
        board.post_as(&half, "/sign-in/code", &fresh).await.status(),
        303,
        "the half session has ended"
    );
    assert_eq!(board.get_as(&half, "/providers").await.status(), 303);
    let done = audit(&board).await;
    assert_eq!(done[0], format!("{EMAIL} sign-in  127.0.0.1"));
    assert!(
        done[1].contains("sign-in-refused wrong code") && done[3].contains("second-factor set up"),
        "{done:?}"
    );
}

async fn nothing_opens(board: &Board, half: &Shows) {
    for path in ["/", "/inbox", "/providers", "/packages/os/p1"] {
        assert_eq!(board.get_as(half, path).await.status(), 303, "{path}");
    }
    for path in ["/live", "/api/v1/packages", "/metrics"] {
        assert_eq!(board.get_as(half, path).await.status(), 401, "{path}");
    }
    assert_eq!(board.post_as(half, "/inbox/replay", "").await.status(), 401);
}

/// Seen red with: half sessions that last as long as whole ones.
#[tokio::test]
async fn half_a_session_ends_after_ten_minutes_and_codes_can_not_be_guessed() {
    let board = Board::with_people(|_| ()).await;
    let id = with_password(&board, EMAIL, Role::Admin).await;
    board.app().store.set_totp(id, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned(), 0).await.unwrap();
    let half = shows(&try_from(&board, HERE, EMAIL, PASSWORD).await);
    let mut answers = Vec::new();
    for number in 0..8 {
        answers.push(
            board.post_as(&half, "/sign-in/code", &format!("code=00000{number}")).await.status().as_u16(),
        );
    }
    assert_eq!(answers, [401, 401, 401, 401, 401, 429, 429, 429]);
    assert_eq!(board.get_as(&half, "/sign-in/code").await.status(), 200);
    board.clock.advance(10 * 60_000);
    assert_eq!(to(&board.get_as(&half, "/sign-in/code").await), "/sign-in");
}

#[tokio::test]
async fn whoever_need_not_may_set_one_up_while_the_sign_in_is_fresh() {
    let board = Board::with_people(|_| ()).await;
    with_password(&board, EMAIL, Role::Viewer).await;
    let old = board.person("old@example.com", Role::Viewer).await;
    board.clock.advance(11 * 60_000);
    assert_eq!(to(&board.get_as(&old, "/sign-in/second").await), "/sign-in");
    let viewer = shows(&try_from(&board, HERE, EMAIL, PASSWORD).await);
    let secret = secret(&board, &viewer).await;
    let form = format!("code={}", code(&board, &secret));
    assert_eq!(board.post_as(&viewer, "/sign-in/second", &form).await.status(), 303);
    assert_eq!(to(&try_from(&board, HERE, EMAIL, PASSWORD).await), "/sign-in/code?next=%2Finbox");
}
