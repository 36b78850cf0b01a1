//! What is worth telling somebody: raised with its cause, whichever way that came, and cleared by a later fact.

use crate::support::board::{Board, NOON};
use signboard::model::alert::AlertKind;
use signboard::model::{AccountId, PackageId, PackageKey, Timestamp};
use signboard::store::{Act, Alert, AlertFilter, AlertState, Resolution};

const HOUR: i64 = 60 * 60_000;

async fn listed(board: &Board, state: AlertState) -> Vec<Alert> {
    let filter = AlertFilter {
        state,
        kind: None,
        account: None,
        within: signboard::model::access::Reach::default(),
        operators: true,
        before: None,
        limit: 100,
        now: Timestamp(board.clock.millis()),
    };
    board.app().store.alerts(&filter).await.unwrap()
}

fn words(alerts: &[Alert]) -> Vec<String> {
    let package = |it: &Alert| it.package.as_ref().map_or(String::new(), |it| it.as_str().to_owned());
    let mut all: Vec<String> =
        alerts.iter().map(|it| format!("{} {} {}", package(it), it.kind.word(), it.signer)).collect();
    all.sort();
    all
}

fn of(package: &str) -> PackageKey {
    PackageKey { account: AccountId("os".to_owned()), package: PackageId::parse(package).unwrap() }
}

/// Seen red with: an alert raised at every fold in which it stands.
#[actix_web::test]
async fn a_lock_is_raised_once_and_cleared_by_the_signer_who_got_through() {
    let board = Board::start().await;
    board.event("p", "PACKAGE_ACTIVATE", "sender", 0).await;
    for _ in 0..3 {
        board.event("p", "SIGNER_LOCKED", "s1", 1000).await;
    }
    board.event("p", "SIGNER_LOCKED", "s1", 2000).await;
    board.event("p", "EMAIL_BOUNCE", "s2", 3000).await;
    let open = listed(&board, AlertState::Open).await;
    assert_eq!(words(&open), ["p bounced s2", "p locked s1"]);
    assert!(open.iter().all(|it| !it.late));
    board.event("p", "DOCUMENT_SIGNED", "s1", 4000).await;
    assert_eq!(words(&listed(&board, AlertState::Open).await), ["p bounced s2"]);
    let over = listed(&board, AlertState::Resolved).await;
    assert_eq!(words(&over), ["p locked s1"]);
    assert!(matches!(over[0].resolved, Some((_, Resolution::Cleared))));
    // A late, older lock flips nothing; a newer one is another.
    board.event("p", "SIGNER_LOCKED", "s1", 3500).await;
    assert_eq!(listed(&board, AlertState::Open).await.len(), 1);
    board.event("p", "SIGNER_LOCKED", "s1", 5000).await;
    assert_eq!(listed(&board, AlertState::Open).await.len(), 2);
    assert_eq!(listed(&board, AlertState::Resolved).await.len(), 1);
    board.stop().await;
}

#[actix_web::test]
async fn whatever_order_the_facts_come_in_the_same_stands() {
    let facts = [
        ("PACKAGE_ACTIVATE", "sender", 0),
        ("SIGNER_LOCKED", "s1", 1000),
        ("EMAIL_BOUNCE", "s2", 1500),
        ("DOCUMENT_VIEWED", "s1", 2000),
        ("SIGNER_LOCKED", "s2", 2500),
        ("PACKAGE_DECLINE", "s3", 9000),
    ];
    let mut seen = Vec::new();
    for turn in 0..facts.len() {
        let board = Board::start().await;
        for at in 0..facts.len() {
            let (name, user, time) = facts[(at * 5 + turn) % facts.len()];
            board.event("p", name, user, time).await;
        }
        seen.push(words(&listed(&board, AlertState::Open).await));
        board.stop().await;
    }
    assert_eq!(seen[0], ["p declined "]);
    assert!(seen.iter().all(|it| *it == seen[0]), "{seen:?}");
}

#[actix_web::test]
async fn what_was_old_when_it_came_is_shown_and_told_to_nobody() {
    let board = Board::start().await;
    board.event("p", "PACKAGE_ACTIVATE", "sender", -30 * HOUR).await;
    board.event("p", "SIGNER_LOCKED", "s1", -25 * HOUR).await;
    board.event("q", "SIGNER_LOCKED", "s1", -22 * HOUR).await;
    let open = listed(&board, AlertState::Open).await;
    let late: Vec<bool> = open.iter().map(|it| it.late).collect();
    assert_eq!(late, [false, true], "{open:?}");
    assert_eq!(board.sql("SELECT count(*) FROM alerts WHERE route_at IS NOT NULL").await, ["1"]);
    board.stop().await;
}

#[actix_web::test]
async fn an_end_closes_when_somebody_takes_note_or_after_a_week() {
    let mut board = Board::start().await;
    for package in ["p", "q"] {
        board.event(package, "PACKAGE_ACTIVATE", "sender", 0).await;
        board.event(package, "PACKAGE_DECLINE", "s1", 1000).await;
    }
    board.event("r", "SIGNER_LOCKED", "s1", 1000).await;
    let store = &board.app().store;
    let [p] = &store.alerts_of(&of("p"), 9).await.unwrap()[..] else { panic!("one") };
    let [r] = &store.alerts_of(&of("r"), 9).await.unwrap()[..] else { panic!("one") };
    let now = Timestamp(board.clock.millis());
    let act = |alert: &Alert, act: Act| {
        let (id, kind) = (alert.id, alert.kind);
        async move { store.act_on_alert((id, kind), &act, "ada@example.com", now).await.unwrap() }
    };
    assert!(act(p, Act::Take("called them".to_owned())).await);
    assert!(!act(p, Act::Take(String::new())).await, "it is over");
    assert!(act(r, Act::Snooze(now.plus(HOUR))).await);
    assert_eq!(words(&listed(&board, AlertState::Open).await), ["q declined "]);
    assert_eq!(words(&listed(&board, AlertState::Snoozed).await), ["r locked s1"]);
    board.clock.advance(HOUR);
    assert_eq!(words(&listed(&board, AlertState::Open).await).len(), 2);
    assert!(act(r, Act::Take(String::new())).await);
    assert_eq!(words(&listed(&board, AlertState::Taken).await), ["r locked s1"]);
    let noted = listed(&board, AlertState::Resolved).await;
    assert!(matches!(noted[0].resolved, Some((_, Resolution::Noted))));
    assert_eq!(noted[0].taken.as_ref().unwrap().why, "called them");
    // The same end, told again, is no other one, nor is it after a restart.
    board.event("p", "PACKAGE_DECLINE", "s1", 1000).await;
    board.restart().await;
    assert_eq!(listed(&board, AlertState::Resolved).await.len(), 1);
    let later = Timestamp(NOON + 8 * 24 * HOUR);
    board.app().store.age_alerts(Timestamp(NOON + 24 * HOUR), later).await.unwrap();
    let over = listed(&board, AlertState::Resolved).await;
    assert_eq!(words(&over), ["p declined ", "q declined "]);
    assert_eq!(words(&listed(&board, AlertState::Taken).await), ["r locked s1"], "a lock stays");
    board.stop().await;
}

/// Seen red with: nothing raised when packages are folded again.
#[actix_web::test]
async fn an_older_board_shows_what_stands_and_tells_nobody_and_a_rebuild_changes_nothing() {
    let mut board = Board::start().await;
    board.event("p", "SIGNER_LOCKED", "s1", 1000).await;
    board.event("q", "PACKAGE_DECLINE", "s1", 1000).await;
    let before = board.sql("SELECT * FROM alerts ORDER BY id").await;
    board.app().store.rebuild().await.unwrap();
    assert_eq!(board.sql("SELECT * FROM alerts ORDER BY id").await, before);
    board.halt().await;
    board.sql("DELETE FROM alerts").await;
    board.sql("UPDATE settings SET value = '4' WHERE name = 'fold'").await;
    board.resume(None).await;
    let open = listed(&board, AlertState::Open).await;
    assert_eq!(words(&open), ["p locked s1", "q declined "]);
    assert!(open.iter().all(|it| it.late));
    assert_eq!(open.iter().filter(|it| it.kind == AlertKind::Locked).count(), 1);
    board.stop().await;
}

#[actix_web::test]
async fn in_the_trash_nothing_is_worth_telling() {
    let board = Board::start().await;
    board.event("p", "SIGNER_LOCKED", "s1", 1000).await;
    board.event("p", "PACKAGE_TRASH", "sender", 2000).await;
    assert_eq!(listed(&board, AlertState::Open).await.len(), 0);
    board.event("p", "PACKAGE_RESTORE", "sender", 3000).await;
    assert_eq!(listed(&board, AlertState::Open).await.len(), 1);
    assert_eq!(board.sql("SELECT count(*) FROM alerts").await, ["1"], "it is the same one");
    board.stop().await;
}

/// Seen red with: no alert of a package that is archived.
#[actix_web::test]
async fn a_deposit_that_failed_is_told_of_though_the_package_is_done_and_a_later_success_ends_it() {
    let board = Board::start().await;
    for package in ["p", "q"] {
        board.event(package, "PACKAGE_ACTIVATE", "sender", 0).await;
        board.event(package, "PACKAGE_COMPLETE", "s1", 1000).await;
        board.event(package, "EDEPOSIT_ATTEMPT_FAILURE", "sender", 2000).await;
        assert_eq!(board.package("os", package).await["deposit_failed"], false);
        board.event(package, "EDEPOSIT_FAILURE", "sender", 3000).await;
        board.event(package, "PACKAGE_ARCHIVE", "sender", 3500).await;
    }
    let told = board.package("os", "p").await;
    assert_eq!((&told["deposit_failed"], &told["status"]), (&true.into(), &"archived".into()));
    let open = listed(&board, AlertState::Open).await;
    assert_eq!(words(&open), ["p deposit_failed ", "q deposit_failed "]);
    assert!(open.iter().all(|it| it.began == Timestamp(NOON - HOUR + 3000)), "{open:?}");
    for page in ["/", "/packages/os/p"] {
        let page = board.text(page).await;
        assert!(page.contains("not in the electronic vault"), "{page}");
    }
    assert!(board.text("/packages/os/p").await.contains("could not be put into the electronic vault"));
    board.event("p", "EDEPOSIT_SUCCESS", "sender", 4000).await;
    board.event("p", "EDEPOSIT_FAILURE", "sender", 3000).await;
    assert_eq!(words(&listed(&board, AlertState::Open).await), ["q deposit_failed "]);
    assert_eq!(board.package("os", "p").await["deposit_failed"], false);
    board.event("q", "PACKAGE_DELETE", "sender", 5000).await;
    assert!(listed(&board, AlertState::Open).await.is_empty());
    board.stop().await;
}

/// Seen red with: the change of the database left out.
#[actix_web::test]
async fn a_deposit_that_an_older_board_took_for_a_note_is_shown_and_told_to_nobody() {
    let mut board = Board::start().await;
    board.event("p", "PACKAGE_COMPLETE", "s1", 1000).await;
    board.event("p", "EDEPOSIT_FAILURE", "sender", 3000).await;
    board.event("q", "PACKAGE_COMPLETE", "s1", 1000).await;
    board.event("q", "EDEPOSIT_FAILURE", "sender", 2000).await;
    board.event("q", "EDEPOSIT_SUCCESS", "sender", 3000).await;
    board.halt().await;
    board.sql("UPDATE facts SET kind = 'noted' WHERE kind IN ('deposited', 'deposit_failed')").await;
    board.sql("UPDATE packages SET state = json_remove(state, '$.df')").await;
    board.sql("DELETE FROM alerts").await;
    board.sql("UPDATE settings SET value = '7' WHERE name = 'fold'").await;
    board.sql("DELETE FROM _sqlx_migrations WHERE version = 52").await;
    board.resume(None).await;
    let open = listed(&board, AlertState::Open).await;
    assert_eq!(words(&open), ["p deposit_failed "]);
    assert!(open[0].late);
    assert_eq!(board.package("os", "p").await["deposit_failed"], true);
    board.stop().await;
}
