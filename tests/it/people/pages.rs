//! The pages of people: an admin's of others, everybody's of themselves.

use super::tokens::once;
use super::{EMAIL, PASSWORD, audit, plain, try_from, with_password};
use crate::support::board::Board;
use crate::support::people::{Shows, only, user};
use crate::support::world::{Stage, sweep};
use signboard::app::people::NewUser;
use signboard::config::Opens;
use signboard::model::access::Role;

async fn text(board: &Board, who: &Shows, path: &str) -> String {
    let answer = board.get_as(who, path).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

#[actix_web::test]
async fn an_admin_invites_somebody_who_sets_a_password_at_the_link() {
    let board = Board::with_people(|_| ()).await;
    let admin = board.person(EMAIL, Role::Admin).await;
    let form = "email=Marta%40Example.com&name=Marta&role=sender&sees=some&account=os&mine=yes&aliases=service%40example.com";
    let page = board.post_as(&admin, "/people", form).await.text().await.unwrap();
    let link = once(&page);
    assert!(link.starts_with(&format!("{}/welcome/", board.url)), "{link}");
    assert!(!text(&board, &admin, "/people").await.contains(&link), "it is shown once");
    let list = text(&board, &admin, "/people").await;
    for said in
        ["marta@example.com", "invited, no password yet", "only what they sent", "<td>OneSpan Sign<br>"]
    {
        assert!(list.contains(said), "{said} in {list}");
    }
    let marta = board.app().store.user_by_email("marta@example.com").await.unwrap().unwrap();
    assert_eq!((marta.role, marta.mine, marta.aliases.len()), (Role::Sender, true, 1));
    assert_eq!(board.client.get(&link).send().await.unwrap().status(), 200);
    let path = link.strip_prefix(&board.url).unwrap();
    let taken = board.post_as(&Shows::Nothing, path, &format!("password={}", plain(PASSWORD))).await;
    assert_eq!(taken.status(), 303);
    assert_eq!(board.client.get(&link).send().await.unwrap().status(), 404, "it works once");
    assert!(
        audit(&board).await.contains(&format!("{EMAIL} user-added marta@example.com as sender 127.0.0.1"))
    );
    // The same again, a word that is no address, and a list that can't be understood.
    for (form, status) in [
        ("email=marta%40example.com&role=viewer&sees=all", 422),
        ("email=nobody&role=viewer&sees=all", 422),
        ("email=x%40y&role=viewer&sees=all&aliases=nobody", 422),
        ("email=x%40y&role=boss&sees=all", 400),
        ("email=x%40y&role=viewer", 400),
    ] {
        assert_eq!(board.post_as(&admin, "/people", form).await.status(), status, "{form}");
    }
    assert_eq!(board.app().store.users("", 10).await.unwrap().len(), 2);
    board.stop().await;
}

#[actix_web::test]
async fn the_last_admin_can_neither_go_nor_be_demoted() {
    let board = Board::with_people(|_| ()).await;
    let id = with_password(&board, EMAIL, Role::Admin).await;
    let admin = board.sign_in(id).await;
    // An admin who was only invited can't look after the board, and neither can one who is disabled.
    board.person("invited@example.com", Role::Admin).await;
    let gone = with_password(&board, "gone@example.com", Role::Admin).await;
    let now = board.app().now();
    board.app().store.disable_user(gone, Some(now), now).await.unwrap();
    let path = format!("/people/{id}");
    for form in ["do=disable", "do=change&role=sender&sees=all"] {
        let refused = board.post_as(&admin, &path, form).await;
        assert_eq!(refused.status(), 422, "{form}");
        assert!(refused.text().await.unwrap().contains("Nobody else could look after this board"));
    }
    assert_eq!(board.get_as(&admin, "/people").await.status(), 200);
    with_password(&board, "other@example.com", Role::Admin).await;
    assert_eq!(board.post_as(&admin, &path, "do=change&role=sender&sees=all").await.status(), 303);
    assert_eq!(board.get_as(&admin, "/people").await.status(), 403, "a sender now");
    board.stop().await;
}

#[actix_web::test]
async fn what_an_admin_does_about_somebody_is_done_at_once() {
    let board = Board::with_people(|_| ()).await;
    let admin = board.person(EMAIL, Role::Admin).await;
    let id = with_password(&board, "v@example.com", Role::Viewer).await;
    let (viewer, path) = (board.sign_in(id).await, format!("/people/{id}"));
    let page = text(&board, &admin, &path).await;
    assert!(page.contains("Signed in: 1 session.") && page.contains("Make a reset link"), "{page}");
    assert_eq!(board.post_as(&admin, &path, "do=end").await.status(), 303);
    assert_eq!(board.get_as(&viewer, "/").await.status(), 303, "ended");
    // Who becomes an admin signs in again, so that a second factor is asked for.
    let viewer = board.sign_in(id).await;
    assert_eq!(board.post_as(&admin, &path, "do=change&role=admin&sees=all").await.status(), 303);
    assert_eq!(board.get_as(&viewer, "/").await.status(), 303, "no admin without a second factor");
    assert_eq!(
        board.post_as(&admin, &path, "do=change&role=viewer&sees=all").await.status(),
        422,
        "the last with a password"
    );
    let link = once(&board.post_as(&admin, &path, "do=link").await.text().await.unwrap());
    assert_eq!(board.client.get(&link).send().await.unwrap().status(), 200);
    with_password(&board, "other@example.com", Role::Admin).await;
    assert_eq!(board.post_as(&admin, &path, "do=disable").await.status(), 303);
    assert_eq!(try_from(&board, "127.0.0.1", "v@example.com", PASSWORD).await.status(), 401);
    assert_eq!(board.client.get(&link).send().await.unwrap().status(), 404, "not for the disabled");
    assert!(text(&board, &admin, &format!("{path}?done=disabled")).await.contains("role=\"status\""));
    assert_eq!(board.post_as(&admin, &path, "do=enable").await.status(), 303);
    assert_ne!(try_from(&board, "127.0.0.1", "v@example.com", PASSWORD).await.status(), 401);
    assert_eq!(board.post_as(&admin, &path, "do=something").await.status(), 400);
    assert_eq!(board.get_as(&admin, "/people/99").await.status(), 404);
    let kinds: Vec<String> =
        audit(&board).await.iter().map(|it| it.split(' ').nth(1).unwrap().to_owned()).collect();
    for kind in ["sessions-ended", "user-changed", "link", "user-disabled", "user-enabled"] {
        assert!(kinds.iter().any(|it| it == kind), "{kind} in {kinds:?}");
    }
    board.stop().await;
}

#[actix_web::test]
async fn people_see_and_end_their_own_sessions_and_nobody_elses() {
    let board = Board::with_people(|_| ()).await;
    let id = with_password(&board, EMAIL, Role::Viewer).await;
    let other = board.person("other@example.com", Role::Viewer).await;
    let [here, second, third] = [board.sign_in(id).await, board.sign_in(id).await, board.sign_in(id).await];
    let page = text(&board, &here, "/me").await;
    assert_eq!(page.matches("a test").count(), 3, "{page}");
    assert_eq!(page.matches("this one").count(), 1);
    // Session 1 is the other person's, 3 the second of these.
    assert_eq!(board.post_as(&here, "/me", "do=end&id=1").await.status(), 404);
    assert_eq!(board.get_as(&other, "/me").await.status(), 200);
    assert_eq!(board.post_as(&here, "/me", "do=end&id=3").await.status(), 303);
    assert_eq!(board.get_as(&second, "/me").await.status(), 303);
    assert_eq!(board.get_as(&third, "/me").await.status(), 200);
    assert_eq!(board.post_as(&here, "/me", "do=others").await.status(), 303);
    assert_eq!(board.get_as(&third, "/me").await.status(), 303);
    assert_eq!(board.get_as(&here, "/me").await.status(), 200);
    assert_eq!(board.post_as(&here, "/me", "do=name&name=Asha+%3Ci%3E").await.status(), 303);
    assert!(text(&board, &here, "/me").await.contains("value=\"Asha &#60;i&#62;\""));
    board.stop().await;
}

#[actix_web::test]
async fn a_password_is_changed_by_whoever_knows_the_old_one() {
    let board = Board::with_people(|_| ()).await;
    let id = with_password(&board, EMAIL, Role::Viewer).await;
    let (here, elsewhere) = (board.sign_in(id).await, board.sign_in(id).await);
    let form = |old: &str, new: &str| format!("do=password&old={}&password={}", plain(old), plain(new));
    let new = "käse und brot um sieben";
    for (old, new) in [("wrong", new), (PASSWORD, "password123"), (PASSWORD, "short")] {
        assert_eq!(board.post_as(&here, "/me", &form(old, new)).await.status(), 422, "{old} {new}");
    }
    assert_eq!(board.get_as(&elsewhere, "/me").await.status(), 200, "nothing was changed");
    assert_eq!(board.post_as(&here, "/me", &form(PASSWORD, new)).await.status(), 303);
    assert_eq!(board.get_as(&here, "/me").await.status(), 200);
    assert_eq!(board.get_as(&elsewhere, "/me").await.status(), 303, "elsewhere it ended");
    assert_eq!(try_from(&board, "127.0.0.1", EMAIL, PASSWORD).await.status(), 401);
    assert_eq!(try_from(&board, "127.0.0.1", EMAIL, new).await.status(), 303);
    // Guessing on an open page is held up as at the door.
    let mut tries = 0;
    while board.post_as(&here, "/me", &form("wrong", new)).await.status() == 422 {
        tries += 1;
        assert!(tries < 20, "nobody holds it up");
    }
    // Somebody who comes by another door has no password here.
    let stranger =
        NewUser { subject: Some("issuer subject".to_owned()), ..user("o@example.com", Role::Viewer) };
    let stranger = board.somebody(stranger).await;
    assert!(!text(&board, &stranger, "/me").await.contains("type=\"password\""));
    assert_eq!(board.post_as(&stranger, "/me", &form("", new)).await.status(), 422);
    board.stop().await;
}

/// Seen red with: the runs as they are kept.
#[actix_web::test]
async fn whoever_sees_a_part_of_the_board_isnt_told_who_else_works_on_it() {
    let mut stage = Stage::open().await;
    stage.board.reconfigure(|config| config.opens = Opens::ToWhoSignsIn).await;
    let board = &stage.board;
    let admin = board.person(EMAIL, Role::Admin).await;
    let viewer = board.person("v@example.com", Role::Viewer).await;
    let limited = NewUser { accounts: only(&["os"]), ..user("l@example.com", Role::Viewer) };
    let limited = board.somebody(limited).await;
    assert_eq!(board.post_as(&admin, "/sync/resync", "account=os&since=&until=").await.status(), 303);
    for _ in 0..2 {
        for (who, knows) in [(&admin, true), (&viewer, true), (&limited, false)] {
            let runs = text(board, who, "/api/v1/runs").await;
            assert!(runs.contains("\"account\":\"os\"") && runs.contains("\"reason\":\"people\""), "{runs}");
            assert_eq!(runs.contains(EMAIL), knows, "{runs}");
            let pages = text(board, who, "/sync").await + &text(board, who, "/sync/now").await;
            assert!(knows || !pages.contains(EMAIL), "{pages}");
        }
        sweep(&stage, "os").await;
    }
    stage.close().await;
}

#[actix_web::test]
async fn a_board_that_asks_for_no_sign_in_knows_no_people() {
    let board = Board::start().await;
    for (path, status) in
        [("/people", 404), ("/people/1", 404), ("/tokens", 404), ("/me", 403), ("/screen", 403)]
    {
        assert_eq!(board.get(path).await.status(), status, "{path}");
    }
    assert!(!board.text("/").await.contains("href=\"/people\""));
    board.stop().await;
}
