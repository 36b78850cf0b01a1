//! Links that work once: the first admin's, an invitation, another password.

use super::totp::{code, secret};
use super::{EMAIL, PASSWORD, plain, shows, to, try_from, with_password};
use crate::support::board::Board;
use crate::support::people::{Shows, user};
use signboard::app::people::LinkKind;
use signboard::model::access::Role;

const DAY: i64 = 24 * 60 * 60_000;

async fn link(board: &Board, kind: LinkKind, user: Option<i64>) -> String {
    format!("/welcome/{}", board.app().make_link(kind, user).await.unwrap().text())
}

fn form(email: &str, password: &str) -> String {
    format!("email={}&password={}", plain(email), plain(password))
}

/// Seen red with: a link that still makes an admin when there is one.
#[tokio::test]
async fn the_first_start_ends_with_an_admin_who_has_a_second_factor() {
    let board = Board::with_people(|_| ()).await;
    let older = link(&board, LinkKind::First, None).await;
    let path = link(&board, LinkKind::First, None).await;
    assert_eq!(board.get_as(&Shows::Nothing, &older).await.status(), 404, "another one was made since");
    for _ in 0..2 {
        let page = board.get_as(&Shows::Nothing, &path).await;
        assert_eq!(page.headers()["referrer-policy"], "strict-origin", "the address is a secret");
        assert!(page.text().await.unwrap().contains("The first admin"), "looking uses nothing up");
    }
    for (email, password, why) in [
        ("asha", PASSWORD, "That is no mail address."),
        (EMAIL, "short", "at least 8 characters"),
        (EMAIL, "password123", "guessed first"),
        (EMAIL, "asha-asha-asha", "guessed first"),
    ] {
        let answer = board.post_as(&Shows::Nothing, &path, &form(email, password)).await;
        assert_eq!(answer.status(), 422, "{email} {password}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(why) && !page.contains(password), "{why}: {page}");
    }
    let other = link(&board, LinkKind::First, None).await;
    assert_eq!(board.post_as(&Shows::Nothing, &path, &form(EMAIL, PASSWORD)).await.status(), 404);
    let taken = board.post_as(&Shows::Nothing, &other, &form(EMAIL, PASSWORD)).await;
    assert_eq!((taken.status().as_u16(), to(&taken).as_str()), (303, "/sign-in/second"));
    let half = shows(&taken);
    let set = format!("code={}", code(&board, &secret(&board, &half).await));
    let set = board.post_as(&half, "/sign-in/second", &set).await;
    assert_eq!(board.get_as(&shows(&set), "/inbox").await.status(), 200);
    assert_eq!(board.post_as(&Shows::Nothing, &other, &form("b@example.com", PASSWORD)).await.status(), 404);
    let late = link(&board, LinkKind::First, None).await;
    assert_eq!(board.get_as(&Shows::Nothing, &late).await.status(), 404, "there is an admin");
    assert_eq!(board.sql("SELECT email || ' ' || role FROM users").await, ["asha@example.com admin"]);
}

/// Seen red with: a link that is not used up.
#[tokio::test]
async fn an_invitation_sets_a_password_once_and_for_one_person() {
    let board = Board::with_people(|_| ()).await;
    let store = &board.app().store;
    let id = store.add_user(&user(EMAIL, Role::Viewer), board.app().now()).await.unwrap();
    let path = link(&board, LinkKind::Invite, id).await;
    let page = board.get_as(&Shows::Nothing, &path).await.text().await.unwrap();
    assert!(page.contains(&format!("value=\"{EMAIL}\"")) && page.contains("readonly"), "{page}");
    let taken = board.post_as(&Shows::Nothing, &path, &form("other@example.com", PASSWORD)).await;
    assert_eq!((taken.status().as_u16(), to(&taken).as_str()), (303, "/"));
    assert_eq!(board.get_as(&shows(&taken), "/").await.status(), 200);
    assert_eq!(board.sql("SELECT email FROM users").await, [EMAIL]);
    assert_eq!(
        board.post_as(&Shows::Nothing, &path, &form(EMAIL, "other good words there")).await.status(),
        404
    );
    assert_eq!(try_from(&board, "192.0.2.7", EMAIL, PASSWORD).await.status(), 303);

    let late = link(&board, LinkKind::Invite, id).await;
    board.clock.advance(7 * DAY);
    assert_eq!(board.get_as(&Shows::Nothing, &late).await.status(), 404, "a week is over");
    let fresh = link(&board, LinkKind::Invite, id).await;
    store.disable_user(1, Some(board.app().now()), board.app().now()).await.unwrap();
    assert_eq!(board.get_as(&Shows::Nothing, &fresh).await.status(), 404, "they may not come in");
}

/// Seen red with: links that outlive the password they were to replace.
#[tokio::test]
async fn what_links_are_left_end_with_another_password_and_with_whoever_may_come_no_more() {
    let board = Board::with_people(|_| ()).await;
    let id = with_password(&board, EMAIL, Role::Viewer).await;
    let other = with_password(&board, "other@example.com", Role::Viewer).await;
    let others = link(&board, LinkKind::Reset, Some(other)).await;
    let here = board.sign_in(id).await;
    let works = async |path: &str| board.get_as(&Shows::Nothing, path).await.status() == 200;
    let (invite, reset) =
        (link(&board, LinkKind::Invite, Some(id)).await, link(&board, LinkKind::Reset, Some(id)).await);
    assert!(works(&invite).await && works(&reset).await);
    let wrong = format!("do=password&old=wrong&password={}", plain("other good words there"));
    assert_eq!(board.post_as(&here, "/me", &wrong).await.status(), 422);
    assert!(works(&reset).await, "nothing was changed");
    let change = format!("do=password&old={}&password={}", plain(PASSWORD), plain("other good words there"));
    assert_eq!(board.post_as(&here, "/me", &change).await.status(), 303);
    assert!(!works(&invite).await && !works(&reset).await, "they have chosen another themselves");
    assert_eq!(board.get_as(&here, "/me").await.status(), 200);

    // One link is taken up: no other stays.
    let (invite, reset) =
        (link(&board, LinkKind::Invite, Some(id)).await, link(&board, LinkKind::Reset, Some(id)).await);
    assert_eq!(board.post_as(&Shows::Nothing, &reset, &form("", PASSWORD)).await.status(), 303);
    assert!(!works(&invite).await);

    let reset = link(&board, LinkKind::Reset, Some(id)).await;
    let (store, now) = (&board.app().store, board.app().now());
    store.disable_user(id, Some(now), now).await.unwrap();
    store.disable_user(id, None, now).await.unwrap();
    assert!(!works(&reset).await, "let in again, they need another");
    assert!(works(&others).await, "somebody else’s");
    board.stop().await;
}

/// Seen red with: a reset that goes past the second factor.
#[tokio::test]
async fn another_password_ends_every_session_and_the_second_factor_stays() {
    let board = Board::with_people(|_| ()).await;
    let id = with_password(&board, EMAIL, Role::Viewer).await;
    board.app().store.set_totp(id, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned(), 0).await.unwrap();
    let open = board.sign_in(id).await;
    let path = link(&board, LinkKind::Reset, Some(id)).await;
    let taken = board.post_as(&Shows::Nothing, &path, &form("", "other good words there")).await;
    assert_eq!(to(&taken), "/sign-in/code");
    assert_eq!(board.get_as(&open, "/").await.status(), 303);
    assert_eq!(try_from(&board, "192.0.2.7", EMAIL, PASSWORD).await.status(), 401, "the old one");
    assert_eq!(board.sql("SELECT count(*) FROM once_links").await, ["0"]);
}
