//! A live stream ends with what opened it, at once, and says so; others go on.

use crate::people::{EMAIL, with_password};
use crate::support::board::{Board, NOON};
use crate::support::people::{Shows, only, user};
use crate::support::sse::Reader;
use signboard::app::people::NewUser;
use signboard::model::Timestamp;
use signboard::model::access::{Reach, Role, Scope};

/// The stream says that it is over, and is.
async fn is_over(stream: &mut Reader, why: &str) {
    let event = stream.next().await.unwrap_or_else(|| panic!("{why}: no word"));
    assert_eq!(event.name, "gone", "{why}");
    assert!(stream.next().await.is_none(), "{why}: it goes on");
}

async fn goes_on(board: &Board, stream: &mut Reader, id: &str) {
    board.event(id, "PACKAGE_CREATE", "", 0).await;
    assert_eq!(stream.next().await.expect("it goes on").name, "put");
}

#[actix_web::test]
async fn signing_out_ends_the_streams_of_that_session_alone() {
    let board = Board::with_people(|_| ()).await;
    let id = with_password(&board, EMAIL, Role::Viewer).await;
    let (here, elsewhere) = (board.sign_in(id).await, board.sign_in(id).await);
    let mut both =
        [Reader::of_whom(&board, &here, "/live").await, Reader::of_whom(&board, &here, "/live?q=x").await];
    let mut other = Reader::of_whom(&board, &elsewhere, "/live").await;
    assert_eq!(board.post_as(&here, "/sign-out", "").await.status(), 303);
    for stream in &mut both {
        is_over(stream, "signed out").await;
    }
    goes_on(&board, &mut other, "p1").await;
    assert_eq!(board.get_as(&here, "/live").await.status(), 401);
    assert_eq!(board.get_as(&here, "/pulse").await.status(), 401);
    board.stop().await;
}

/// The new session comes in the transaction that ends the old one, so nobody looks in between.
#[actix_web::test]
async fn a_session_that_another_follows_ends_its_streams() {
    let board = Board::with_people(|_| ()).await;
    let id = with_password(&board, EMAIL, Role::Viewer).await;
    let before = board.sign_in(id).await;
    let mut stream = Reader::of_whom(&board, &before, "/live").await;
    let old = board.app().store.sessions_of(id).await.unwrap().remove(0);
    let follows = Some(old.id);
    let new = board.app().store.begin_session(&[1; 32], &old, follows).await.unwrap();
    assert_ne!(new, old.id);
    is_over(&mut stream, "another session follows").await;
    board.stop().await;
}

#[actix_web::test]
async fn whatever_an_admin_takes_ends_what_was_open_by_it() {
    let board = Board::with_people(|_| ()).await;
    with_password(&board, EMAIL, Role::Admin).await;
    let admin = board.sign_in(1).await;
    let mut own = Reader::of_whom(&board, &admin, "/live").await;
    let people = [
        ("do=disable", "disabled"),
        ("do=end", "sessions ended"),
        ("do=second", "second factor taken away"),
        ("do=change&role=sender&sees=all", "another role"),
        ("do=change&role=viewer&sees=some&account=cg", "fewer accounts"),
        ("do=change&role=viewer&sees=all&mine=yes", "only theirs"),
    ];
    for (at, (form, why)) in people.into_iter().enumerate() {
        let email = format!("v{at}@example.com");
        let viewer = board.person(&email, Role::Viewer).await;
        let mut stream = Reader::of_whom(&board, &viewer, "/live").await;
        let id = board.app().store.user_by_email(&email).await.unwrap().unwrap().id;
        assert_eq!(board.post_as(&admin, &format!("/people/{id}"), form).await.status(), 303, "{why}");
        is_over(&mut stream, why).await;
    }
    let token = board.program(Scope::Read, Reach::default(), None).await;
    let mut stream = Reader::of_whom(&board, &token, "/live").await;
    assert_eq!(board.post_as(&admin, "/tokens/end", "id=1").await.status(), 303);
    is_over(&mut stream, "token ended").await;
    // A name is none of that.
    assert_eq!(board.post_as(&admin, "/me", "do=name&name=Asha").await.status(), 303);
    goes_on(&board, &mut own, "p1").await;
    board.stop().await;
}

#[actix_web::test]
async fn what_a_command_beside_the_board_ends_ends_within_seconds() {
    let board = Board::with_people(|_| ()).await;
    let viewer = board.person("v@example.com", Role::Viewer).await;
    let token = board.program(Scope::Read, Reach::default(), None).await;
    let mut stream = Reader::of_whom(&board, &viewer, "/live").await;
    let mut program = Reader::of_whom(&board, &token, "/live").await;
    board.sql(&format!("UPDATE users SET disabled_at = {NOON}")).await;
    is_over(&mut stream, "disabled by a command").await;
    goes_on(&board, &mut program, "p1").await;
    board.sql(&format!("UPDATE tokens SET ended_at = {NOON}")).await;
    is_over(&mut program, "ended by a command").await;
    board.stop().await;
}

#[actix_web::test]
async fn time_ends_streams_too() {
    let board = Board::with_people(|_| ()).await;
    let admin = board.person("a@example.com", Role::Admin).await;
    let limited = NewUser { accounts: only(&["os"]), ..user("v@example.com", Role::Viewer) };
    let viewer = board.somebody(limited).await;
    let until = Some(Timestamp(NOON + 1_000));
    let made = board.app().make_token("t", Scope::Read, None, until, Reach::default(), None).await.unwrap();
    let token = Shows::Bearer(made.text().to_owned());
    let mut idle = Reader::of_whom(&board, &admin, "/live").await;
    let mut looks = Reader::of_whom(&board, &viewer, "/live").await;
    let mut expires = Reader::of_whom(&board, &token, "/live").await;
    board.clock.advance(60_000);
    board.app().end_streams().await.unwrap();
    is_over(&mut expires, "the token expired").await;
    // An open board asks for its counts every now and then, which is something that a viewer does.
    for _ in 0..12 {
        board.clock.advance(60 * 60 * 1000);
        assert_eq!(board.get_as(&viewer, "/pulse").await.status(), 200);
    }
    board.app().end_streams().await.unwrap();
    is_over(&mut idle, "nobody did anything for twelve hours").await;
    goes_on(&board, &mut looks, "p1").await;
    board.stop().await;
}
