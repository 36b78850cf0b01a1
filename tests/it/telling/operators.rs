//! What is wrong with the board itself: who hears of that, from what it is raised, and when it is over.

use super::{OPS, board, mailed, tell, tellings};
use crate::forwarding::listener::{Listener, Mood};
use crate::support::board::{Board, NOON};
use crate::support::mailbox::{Mailbox, Taken};
use crate::support::people::user;
use crate::support::world::{Stage, sweep};
use signboard::app::Room;
use signboard::app::people::NewUser;
use signboard::config::{Config, ForwardConfig, HookConfig, Secret};
use signboard::demo::Refusal;
use signboard::demo::act::Act;
use signboard::model::access::Role;
use signboard::model::alert::AlertKind;
use signboard::model::wishes::Wishes;
use signboard::model::{AccountId, Timestamp};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const GIB: u64 = 1024 * 1024 * 1024;
/// A port on which nobody listens.
const NOBODY: u16 = 9;

async fn look(board: &Board) -> usize {
    board.app().watch_step().await.unwrap()
}

/// What stands, as `account kind subject`; `-` where the cause is away.
async fn standing(board: &Board) -> Vec<String> {
    let all = "SELECT account || ' ' || kind || ' ' || signer || iif(away_since IS NULL, '', '-') FROM alerts \
        WHERE package = '' AND resolved_at IS NULL ORDER BY 1";
    board.sql(all).await
}

async fn add(board: &Board, user: NewUser) -> i64 {
    board.app().store.add_user(&user, Timestamp(NOON)).await.unwrap().unwrap()
}

fn disk(board: &Board, free: u64) {
    board.app().note_room(Room { free, total: 100 * GIB });
}

fn duty(config: &mut Config) {
    config.alerts.operators = vec!["duty@example.com".to_owned()];
}

/// Seen red with: a link to the top of the inbox.
#[actix_web::test]
async fn admins_and_operators_hear_of_wrong_secrets_once_with_the_page_where_it_is_put_right() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let mut board = board(&mailbox).await;
    board.reconfigure(duty).await;
    add(&board, user("ada@example.com", Role::Admin)).await;
    add(&board, user("vic@example.com", Role::Viewer)).await;
    for _ in 0..3 {
        assert_eq!(board.send_as("os", Some("Basic wrong"), "{}").await.status(), 401);
        look(&board).await;
        tell(&board).await;
        board.restart().await;
    }
    assert_eq!(standing(&board).await, ["os wrong_secrets "]);
    let mut to: Vec<String> = mailbox.letters().into_iter().map(|it| it.to).collect();
    to.sort();
    assert_eq!(to, ["ada@example.com", "duty@example.com"]);
    let letter = mailbox.of("ada@example.com").remove(0);
    assert_eq!(letter.subject(), "Callbacks with a wrong or missing secret arrive – OneSpan Sign");
    for body in [letter.text(), letter.html()] {
        for part in
            ["put the secret right", "https://board.example.com/inbox#refused", "hears of what is wrong"]
        {
            assert!(body.contains(part), "{part}: {body}");
        }
    }
    let page = board.text("/alerts").await;
    let link = "href=\"/inbox#refused\"><strong><bdi>Inbox (OneSpan Sign)";
    assert!(page.contains(link) && page.contains("looks after the board"), "{page}");
    // An hour after the last one, and ten minutes later it is over, which those hear who were told.
    board.clock.advance(HOUR);
    look(&board).await;
    assert_eq!(standing(&board).await, ["os wrong_secrets -"]);
    board.restart().await;
    board.clock.advance(10 * MINUTE);
    look(&board).await;
    tell(&board).await;
    assert!(standing(&board).await.is_empty());
    let of = |to: &str| mailbox.of(to).iter().map(Taken::subject).collect::<Vec<_>>();
    assert_eq!(of("duty@example.com")[1..], [format!("Resolved: {}", letter.subject())]);
    assert_eq!((of("ada@example.com").len(), of(OPS).len(), mailbox.letters().len()), (2, 0, 4));
    // The next time is another one.
    board.clock.advance(MINUTE);
    assert_eq!(board.send_as("os", None, "{}").await.status(), 401);
    look(&board).await;
    tell(&board).await;
    assert_eq!(mailbox.letters().len(), 6);
    board.stop().await;
}

/// Seen red with: everybody who sees the alerts of whoever runs the board.
#[actix_web::test]
async fn what_is_wrong_with_the_board_and_where_it_is_put_right_is_shown_to_admins() {
    let board = Board::with_people(|_| ()).await;
    assert_eq!(board.send_as("os", None, "{}").await.status(), 401);
    look(&board).await;
    for (role, opens) in [(Role::Admin, true), (Role::Viewer, false)] {
        let who = board.person(&format!("{}@example.com", role.word()), role).await;
        let page = board.get_as(&who, "/alerts").await.text().await.unwrap();
        assert_eq!(page.contains("Callbacks with a wrong or missing secret arrive"), opens, "{page}");
        assert_eq!(page.contains("/inbox#refused"), opens, "{page}");
    }
    board.stop().await;
}

/// Seen red with: an alert that is over as soon as its cause is away.
#[actix_web::test]
async fn what_comes_and_goes_is_told_once() {
    let mut board = Board::with(mailed(NOBODY)).await;
    add(&board, user("ada@example.com", Role::Admin)).await;
    let raised = ["raised ada@example.com operator 0"];
    for round in 0..4 {
        disk(&board, GIB / 2);
        assert_eq!(look(&board).await, 1, "{round}");
        assert_eq!(look(&board).await, 0, "once");
        assert_eq!(standing(&board).await, [" disk_low "]);
        disk(&board, 50 * GIB);
        assert_eq!(look(&board).await, 1);
        board.clock.advance(10 * MINUTE - 1);
        assert_eq!(look(&board).await, 0);
        // What nobody has looked at since the start may stand.
        board.restart().await;
        board.clock.advance(HOUR);
        assert_eq!(look(&board).await, 0);
        board.app().route_step().await.unwrap();
        assert_eq!(tellings(&board).await, raised);
    }
    disk(&board, 50 * GIB);
    assert_eq!(look(&board).await, 1);
    assert!(standing(&board).await.is_empty());
    assert_eq!(board.sql("SELECT count(*) FROM alerts").await, ["1"]);
    board.stop().await;
}

/// Seen red with: wishes that count for nothing.
#[actix_web::test]
async fn an_admin_hears_of_what_they_wish_and_who_is_named_nowhere_by_the_last_resort() {
    let board = Board::with(mailed(NOBODY)).await;
    let choosy = add(&board, user("choosy@example.com", Role::Admin)).await;
    let deaf = add(&board, user("deaf@example.com", Role::Admin)).await;
    board.app().store.set_wishes(deaf, &Wishes { mail: false, ..Wishes::default() }).await.unwrap();
    let wishes = Wishes {
        kinds: Some(vec![AlertKind::DiskLow]),
        accounts: Some(vec![AccountId("cg".to_owned())]),
        ..Wishes::default()
    };
    board.app().store.set_wishes(choosy, &wishes).await.unwrap();
    disk(&board, GIB / 2);
    assert_eq!(board.send_as("os", None, "{}").await.status(), 401);
    look(&board).await;
    board.app().route_step().await.unwrap();
    // What is the whole board's is of no account.
    assert_eq!(tellings(&board).await, ["raised choosy@example.com operator 0"]);
    assert_eq!(standing(&board).await, [" disk_low ", "os wrong_secrets "]);
    board.stop().await;
    let board = Board::with(mailed(NOBODY)).await;
    disk(&board, GIB / 2);
    look(&board).await;
    board.app().route_step().await.unwrap();
    assert_eq!(tellings(&board).await, [format!("raised {OPS} fallback 0")]);
    board.stop().await;
}

/// Seen red with: patience with an API that says no.
#[actix_web::test]
async fn an_api_that_refuses_and_an_account_that_is_silent_are_raised_and_over() {
    let stage = Stage::open().await;
    let board = &stage.board;
    stage.sent("os", 1).await;
    assert_eq!(look(board).await, 0);
    let account = board.app().account("os").unwrap();
    stage.world.faults().refuse_next(1, Refusal::Unauthorised);
    board.app().ask_due_of(account).await.unwrap();
    assert_eq!(look(board).await, 1);
    assert_eq!(standing(board).await, ["os api_refuses "]);
    stage.world.faults().clear();
    board.clock.advance(12 * MINUTE);
    stage.ask().await;
    look(board).await;
    board.clock.advance(10 * MINUTE);
    look(board).await;
    assert!(standing(board).await.is_empty());
    // One that doesn't answer may only be started anew.
    let id = stage.sent("os", 1).await.remove(0);
    stage.world.faults().refuse_next(1, Refusal::Broken);
    board.app().ask_due_of(account).await.unwrap();
    assert_eq!(look(board).await, 0);
    board.clock.advance(5 * MINUTE);
    assert_eq!(look(board).await, 1);
    stage.ask().await;
    board.clock.advance(25 * HOUR);
    look(board).await;
    assert_eq!(standing(board).await, ["os api_refuses -", "os silent "]);
    stage.act("os", &id, &Act::SignAll(0)).await;
    look(board).await;
    board.clock.advance(10 * MINUTE);
    look(board).await;
    assert!(standing(board).await.is_empty());
    stage.close().await;
}

/// Seen red with: every missed callback as one too many.
#[actix_web::test]
async fn missed_callbacks_above_the_limit_and_what_cant_be_read_are_raised() {
    let mut stage = Stage::open().await;
    let ids = stage.sent("os", 3).await;
    sweep(&stage, "os").await;
    for id in &ids[..2] {
        stage.happen("os", id, &Act::SignAll(0));
    }
    stage.board.clock.advance(7 * HOUR);
    sweep(&stage, "os").await;
    assert_eq!(look(&stage.board).await, 0, "two are not too many");
    stage.board.reconfigure(|config| config.alerts.drift_per_day = 1).await;
    look(&stage.board).await;
    assert_eq!(standing(&stage.board).await, ["os drifting "]);
    assert_eq!(stage.board.send("cg", "no JSON").await.status(), 200);
    look(&stage.board).await;
    assert_eq!(standing(&stage.board).await, ["cg quarantine ", "os drifting "]);
    // A day later they are no longer of this day.
    stage.board.clock.advance(25 * HOUR);
    look(&stage.board).await;
    assert!(standing(&stage.board).await.contains(&"os drifting -".to_owned()));
    stage.close().await;
}

/// Seen red with: no patience with a listener that may only be started anew.
#[actix_web::test]
async fn a_listener_and_a_hook_that_fail_are_raised_with_their_pages() {
    let Some(mailbox) = Mailbox::open(&[]) else { return };
    let mut listener = Listener::start();
    listener.now(Mood::Answers(500)).await;
    let to = |url: String| ForwardConfig { url: Secret::new(url), proxy: None, ca_file: None };
    let mut board = board(&mailbox).await;
    let change = |config: &mut Config| {
        duty(config);
        config.accounts.get_mut("os").unwrap().forward = Some(to(listener.url("/old")));
        config.hooks.push(HookConfig {
            name: "crm".to_owned(),
            on: signboard::config::HOOK_EVENTS.map(str::to_owned).to_vec(),
            accounts: Vec::new(),
            to: to(listener.url("/hook")),
            secret: Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            allow_private: true,
        });
    };
    board.reconfigure(change).await;
    board.event("p", "PACKAGE_ACTIVATE", "sender", 0).await;
    let pass = async |board: &Board| {
        board.app().forward_step(board.app().account("os").unwrap()).await.unwrap();
        board.app().hook_step(&board.app().hooks["crm"]).await.unwrap();
    };
    pass(&board).await;
    assert_eq!(look(&board).await, 0, "it may only be started anew");
    board.clock.advance(5 * MINUTE);
    pass(&board).await;
    look(&board).await;
    assert_eq!(standing(&board).await, [" hook_fails crm", "os forwarding_fails "]);
    tell(&board).await;
    let letter = mailbox.of("duty@example.com").remove(0);
    assert_eq!(letter.subject(), "2 alerts");
    for part in [
        "Callbacks can’t be passed on to the other listener",
        "https://board.example.com/forwards/os",
        "The hook crm does not take what it is told",
        "https://board.example.com/hooks/crm",
    ] {
        assert!(letter.text().contains(part), "{part}: {}", letter.text());
    }
    // They take it again.
    listener.now(Mood::Answers(200)).await;
    board.clock.advance(20 * MINUTE);
    pass(&board).await;
    look(&board).await;
    board.clock.advance(10 * MINUTE);
    look(&board).await;
    assert!(standing(&board).await.is_empty(), "{:?}", standing(&board).await);
    // One that wants to hear no more is paused by the board; one that a person paused fails nobody.
    listener.now(Mood::Answers(410)).await;
    board.event("p", "DOCUMENT_SIGNED", "s1", 1000).await;
    pass(&board).await;
    look(&board).await;
    assert_eq!(standing(&board).await, [" hook_fails crm"]);
    let hook = &board.app().hooks["crm"];
    board.app().resume_hook(hook, ("ada", "")).await.unwrap();
    board.app().pause_hook(hook, "ada", "", "later").await.unwrap();
    look(&board).await;
    assert!(standing(&board).await.contains(&" hook_fails crm-".to_owned()));
    board.stop().await;
    listener.stop().await;
}

/// Seen red with: mails that tell that no mails can be sent.
#[actix_web::test]
async fn that_no_mail_can_be_sent_stands_on_the_page_and_is_not_told_by_mail() {
    let Some(mut mailbox) = Mailbox::open(&[]) else { return };
    let mut board = board(&mailbox).await;
    board.reconfigure(duty).await;
    mailbox.shut();
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    tell(&board).await;
    assert_eq!(look(&board).await, 0);
    board.clock.advance(5 * MINUTE);
    assert_eq!(look(&board).await, 1);
    board.app().route_step().await.unwrap();
    assert_eq!(standing(&board).await, [" messages_fail mail"]);
    assert_eq!(tellings(&board).await, [format!("raised {OPS} fallback 0")]);
    assert!(board.text("/alerts").await.contains("Mails about alerts can’t be sent"));
    // A restart forgets how the server fared, and the rows do not.
    board.restart().await;
    board.clock.advance(HOUR);
    look(&board).await;
    assert_eq!(standing(&board).await, [" messages_fail mail"]);
    mailbox.reopen();
    tell(&board).await;
    look(&board).await;
    board.clock.advance(10 * MINUTE);
    look(&board).await;
    assert!(standing(&board).await.is_empty());
    tell(&board).await;
    assert_eq!(mailbox.letters().len(), 1);
    board.stop().await;
}
