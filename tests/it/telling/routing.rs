//! Whom to tell.

use super::{OPS, mailed, tellings};
use crate::support::board::{Board, NOON};
use crate::support::people::{only, user};
use crate::support::world::{Stage, nda};
use signboard::app::people::NewUser;
use signboard::config::AlertRule;
use signboard::demo::act::Act;
use signboard::model::access::Role;
use signboard::model::wishes::{Day, StandIn, Wishes};
use signboard::model::{AccountId, PackageId, PackageKey, Timestamp};

/// A port on which nobody listens: what is told here is never sent.
const NOBODY: u16 = 9;

fn key(account: &str, package: &str) -> PackageKey {
    PackageKey { account: AccountId(account.to_owned()), package: PackageId::parse(package).unwrap() }
}

async fn add(board: &Board, user: NewUser) -> i64 {
    board.app().store.add_user(&user, Timestamp(NOON)).await.unwrap().unwrap()
}

/// A stage on which a package was locked whose sender nobody has named yet; its id.
async fn locked() -> (Stage, String) {
    let mut stage = Stage::open().await;
    stage.board.reconfigure(mailed(NOBODY)).await;
    let id = stage.create("os", &nda()).await;
    stage.act("os", &id, &Act::Activate).await;
    stage.act("os", &id, &Act::Lock(0)).await;
    (stage, id)
}

async fn sender(stage: &Stage, id: &str) -> String {
    let package = stage.board.package("os", id).await;
    package["sender"]["email"].as_str().expect("a sender").to_lowercase()
}

#[actix_web::test]
async fn without_an_api_the_list_of_last_resort_hears_of_it_at_once() {
    let board = Board::with(mailed(NOBODY)).await;
    board.event("p", "SIGNER_LOCKED", "s1", 1000).await;
    assert_eq!(board.app().route_step().await.unwrap(), 1);
    assert_eq!(tellings(&board).await, [format!("raised {OPS} fallback 0")]);
    assert_eq!(board.app().route_step().await.unwrap(), 0);
    assert_eq!(tellings(&board).await.len(), 1, "once");
    board.stop().await;
}

/// Seen red with: a list of last resort that is told while the API may yet name the sender.
#[actix_web::test]
async fn a_sender_whom_the_api_names_after_20_seconds_is_told_once_and_nobody_else() {
    let (stage, id) = locked().await;
    let app = stage.board.app();
    assert_eq!(app.route_step().await.unwrap(), 0);
    assert!(tellings(&stage.board).await.is_empty());
    stage.board.clock.advance(20_000);
    assert_eq!(app.route_step().await.unwrap(), 0);
    assert!(stage.ask().await.answered > 0);
    assert_eq!(app.route_step().await.unwrap(), 1);
    let sender = sender(&stage, &id).await;
    assert_eq!(tellings(&stage.board).await, [format!("raised {sender} sender 0")]);
    stage.board.clock.advance(120_000);
    app.route_step().await.unwrap();
    assert_eq!(tellings(&stage.board).await.len(), 1);
    stage.close().await;
}

#[actix_web::test]
async fn an_api_that_names_nobody_is_waited_for_a_minute() {
    let (stage, _) = locked().await;
    let app = stage.board.app();
    app.route_step().await.unwrap();
    stage.board.clock.advance(59_999);
    app.route_step().await.unwrap();
    assert!(tellings(&stage.board).await.is_empty());
    assert_eq!(app.next_route().await.unwrap(), Some(Timestamp(stage.now() + 1)));
    stage.board.clock.advance(1);
    app.route_step().await.unwrap();
    assert_eq!(tellings(&stage.board).await, [format!("raised {OPS} fallback 0")]);
    stage.close().await;
}

#[actix_web::test]
async fn each_who_has_to_do_with_a_package_hears_once() {
    let (stage, id) = locked().await;
    stage.ask().await;
    let sender = sender(&stage, &id).await;
    let board = &stage.board;
    // The sender by an alias, who follows it, too; a follower who may not see it; one who may not sign in any more.
    let mine =
        add(board, NewUser { aliases: vec![sender.clone()], ..user("me@example.com", Role::Sender) }).await;
    let far = add(board, NewUser { accounts: only(&["cg"]), ..user("far@example.com", Role::Viewer) }).await;
    let other = add(board, NewUser { mine: true, ..user("other@example.com", Role::Sender) }).await;
    let gone = add(board, user("gone@example.com", Role::Viewer)).await;
    board.sql(&format!("UPDATE users SET disabled_at = 1 WHERE id = {gone}")).await;
    let near = add(board, user("near@example.com", Role::Viewer)).await;
    let store = &board.app().store;
    for follower in [mine, far, other, gone, near] {
        store.follow(follower, &key("os", &id), true, Timestamp(NOON)).await.unwrap();
    }
    board.app().route_step().await.unwrap();
    let mut all = tellings(board).await;
    all.sort();
    assert_eq!(all, ["raised me@example.com follower 0", "raised near@example.com follower 0"]);
    assert!(!store.follow(mine, &key("os", &id), true, Timestamp(NOON)).await.unwrap(), "followed already");
    assert!(store.follow(mine, &key("os", &id), false, Timestamp(NOON)).await.unwrap());
    stage.close().await;
}

#[actix_web::test]
async fn a_disabled_sender_is_nobody_and_rules_name_others() {
    let (mut stage, id) = locked().await;
    stage.ask().await;
    let sender = sender(&stage, &id).await;
    let gone = add(&stage.board, user(&sender, Role::Sender)).await;
    stage.board.sql(&format!("UPDATE users SET disabled_at = 1 WHERE id = {gone}")).await;
    let rule = |account: &str, to: &str| AlertRule {
        account: Some(account.to_owned()),
        to: vec![to.to_owned()],
        ..AlertRule::default()
    };
    let rules =
        vec![rule("os", "a@example.com"), rule("cg", "b@example.com"), rule("os", "x@evil.example.net")];
    let change = |config: &mut signboard::config::Config| {
        config.alerts.rules = rules;
        config.mail.as_mut().unwrap().allowed_domains = Some(vec!["example.com".to_owned()]);
    };
    stage.board.reconfigure(change).await;
    stage.board.app().route_step().await.unwrap();
    assert_eq!(tellings(&stage.board).await, ["raised a@example.com rule 0"]);
    stage.board.reconfigure(|config| config.alerts.rules.clear()).await;
    stage.board.clock.advance(60_000);
    stage.act("os", &id, &Act::Bounce(1, signboard::demo::act::Bounce::Hard)).await;
    stage.board.app().route_step().await.unwrap();
    assert_eq!(tellings(&stage.board).await[1..], [format!("raised {OPS} fallback 0")]);
    stage.close().await;
}

#[actix_web::test]
async fn a_stand_in_hears_in_place_of_whom_they_stand_in_for_while_they_do() {
    let (stage, id) = locked().await;
    stage.ask().await;
    let sender = sender(&stage, &id).await;
    let board = &stage.board;
    let away = add(board, user(&sender, Role::Sender)).await;
    add(board, user("stand@example.com", Role::Sender)).await;
    let day = |text: &str| Day::parse(text).unwrap();
    let until = |last: &str| {
        let (from, until) = (day("2026-11-20"), day(last));
        let stand_in = Some(StandIn { email: "stand@example.com".to_owned(), from, until });
        Wishes { stand_in, ..Wishes::default() }
    };
    let store = &board.app().store;
    store.set_wishes(away, &until("2026-11-22")).await.unwrap();
    board.app().route_step().await.unwrap();
    assert_eq!(tellings(board).await, ["raised stand@example.com stand_in 0"]);
    store.set_wishes(away, &until("2026-11-21")).await.unwrap();
    stage.act("os", &id, &Act::KbaFail(1)).await;
    board.app().route_step().await.unwrap();
    assert_eq!(tellings(board).await[1..], [format!("raised {sender} sender 0")]);
    // Somebody who may not see the package stands in for nobody.
    let far = NewUser { accounts: only(&["cg"]), ..user("far@example.com", Role::Sender) };
    add(board, far).await;
    let mut wishes = until("2026-11-30");
    wishes.stand_in.as_mut().unwrap().email = "far@example.com".to_owned();
    store.set_wishes(away, &wishes).await.unwrap();
    stage.act("os", &id, &Act::Lock(1)).await;
    board.app().route_step().await.unwrap();
    assert_eq!(tellings(board).await[2..], [format!("raised {sender} sender 0")]);
    stage.close().await;
}

#[actix_web::test]
async fn what_was_mended_before_anybody_was_told_is_told_to_nobody() {
    let board = Board::with(mailed(NOBODY)).await;
    board.event("p", "SIGNER_LOCKED", "s1", 1000).await;
    board.event("p", "DOCUMENT_SIGNED", "s1", 2000).await;
    board.app().route_step().await.unwrap();
    assert!(tellings(&board).await.is_empty());
    board.stop().await;
}
