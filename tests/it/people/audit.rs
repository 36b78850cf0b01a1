//! The audit itself: its page and files, its line of JSON for whoever watches, and that nothing of it is changed.

use super::{EMAIL, audit};
use crate::support::board::Board;
use signboard::app::people::DeedKind;
use signboard::config::AuditTo;
use signboard::model::Timestamp;
use signboard::model::access::Role;
use signboard::store::people::Aged;
use std::path::Path;

async fn note(board: &Board, who: &str, kind: DeedKind, what: &str) {
    board.app().note(who, "192.0.2.7", kind, what).await;
}

fn aged(at: Timestamp) -> Aged {
    Aged { at, told_alone: false }
}

async fn several(board: &Board, count: usize) {
    for number in 0..count {
        note(
            board,
            if number % 2 == 0 { "even@example.com" } else { "odd" },
            DeedKind::Export,
            &format!("n{number}"),
        )
        .await;
        board.clock.advance(1000);
    }
}

async fn text(board: &Board, path: &str) -> String {
    let admin = board.sign_in(board.app().store.user_by_email(EMAIL).await.unwrap().unwrap().id).await;
    let answer = board.get_as(&admin, path).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

/// Seen red with: a page that leaves its filter out of the link to the next.
#[actix_web::test]
async fn the_page_is_narrowed_and_turned() {
    let board = Board::with_people(|_| ()).await;
    board.person(EMAIL, Role::Admin).await;
    assert!(text(&board, "/audit").await.contains("Nobody has done anything yet."));
    several(&board, 250).await;
    note(&board, "<b>@example.com", DeedKind::TokenAdded, "=cmd()\u{202e}\nx").await;
    let page = text(&board, "/audit").await;
    assert!(
        page.contains("<title>Audit · signboard</title>") && page.contains("&#60;b&#62;@example.com"),
        "{page}"
    );
    assert!(page.contains("aria-current=\"page\">Audit</a>") && !page.contains('\u{202e}'));
    assert_eq!(page.matches("<tr><td").count(), 100);
    let page = text(&board, "/audit?who=odd&kind=export").await;
    assert_eq!((page.matches("<tr><td").count(), page.matches(">n2<").count()), (100, 0));
    let next =
        page.split_once("rel=\"next\" href=\"").unwrap().1.split_once('"').unwrap().0.replace("&#38;", "&");
    let page = text(&board, &next).await;
    assert_eq!(page.matches("<tr><td").count(), 25, "{next}");
    assert!(
        page.contains("<bdi>n1</bdi>") && !page.contains("<bdi>n0</bdi>") && page.contains("rel=\"first\"")
    );
    assert!(text(&board, "/audit?kind=backup").await.contains("Nothing matches."));
    // Noon is when the board's clock began.
    let page = text(&board, "/audit?from=2026-11-22T12:01&until=2026-11-22T12:02").await;
    assert!(
        page.matches("<tr><td").count() == 60
            && page.contains("<bdi>n119</bdi>")
            && !page.contains("<bdi>n120</bdi>")
    );
    board.stop().await;
}

/// Seen red with: a chunk whose last line comes again.
#[actix_web::test]
async fn the_files_hold_all_of_it_once_and_no_formula() {
    let board = Board::with_people(|_| ()).await;
    board.person(EMAIL, Role::Admin).await;
    several(&board, 1200).await;
    note(&board, "=HYPERLINK(\"x\")", DeedKind::Import, "a,b").await;
    let file = text(&board, "/audit/deeds.csv").await;
    let lines: Vec<&str> = file.split_terminator("\r\n").collect();
    assert_eq!((lines.len(), lines[0]), (1203, "number,at,who,kind,what,from"), "with its own export");
    assert!(lines[1].contains("export,\"the audit, as csv\",127.0.0.1"), "{}", lines[1]);
    assert!(lines[2].contains(",\"'=HYPERLINK(\"\"x\"\")\",import,\"a,b\",192.0.2.7"), "{}", lines[2]);
    let numbers = |file: &str| -> Vec<i64> {
        let lines = file.lines().map(|it| serde_json::from_str::<serde_json::Value>(it).unwrap());
        lines.map(|it| it["id"].as_i64().unwrap()).collect()
    };
    let all = numbers(&text(&board, "/audit/deeds.jsonl").await);
    assert_eq!(all, (1..=1203).rev().collect::<Vec<_>>());
    assert_eq!(numbers(&text(&board, "/audit/deeds.jsonl?who=odd").await).len(), 600);
    board.stop().await;
}

/// Seen red with: a digest that leaves out who it was.
#[actix_web::test]
async fn nothing_is_changed_or_taken_out_unseen() {
    let board = Board::with_people(|_| ()).await;
    several(&board, 10).await;
    for statement in
        ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit WHERE id = 3", "DELETE FROM audit_ends"]
    {
        let refused = std::panic::AssertUnwindSafe(board.sql(statement));
        let refused = futures_util::FutureExt::catch_unwind(refused).await;
        assert!(refused.is_err(), "{statement}");
    }
    let check = async || board.app().store.check_deeds().await.unwrap();
    assert_eq!((check().await.deeds, check().await.broken), (10, None));
    // Whoever can write the file can take the triggers away; then the digests tell.
    board.sql("DROP TRIGGER audit_stays").await;
    board.sql("DROP TRIGGER audit_is_kept").await;
    for (change, back, broken) in [
        (
            "UPDATE audit SET who = 'nobody' WHERE id = 4",
            "UPDATE audit SET who = 'odd' WHERE id = 4",
            "deed 4 is not",
        ),
        (
            "UPDATE audit SET what = 'n' WHERE id = 5",
            "UPDATE audit SET what = 'n4' WHERE id = 5",
            "deed 5 is not",
        ),
        ("UPDATE audit SET chain = NULL WHERE id = 6", "", "deed 6 is not"),
    ] {
        board.sql(change).await;
        let found = check().await.broken.unwrap_or_default();
        assert!(found.starts_with(broken), "{change}: {found}");
        if !back.is_empty() {
            board.sql(back).await;
            assert_eq!(check().await.broken, None, "{back}");
        }
    }
    board.stop().await;

    let board = Board::with_people(|_| ()).await;
    several(&board, 10).await;
    board.sql("DROP TRIGGER audit_is_kept").await;
    board.sql("DELETE FROM audit WHERE id > 8").await;
    let found = board.app().store.check_deeds().await.unwrap().broken.unwrap();
    assert_eq!(found, "the newest deeds are missing: 8 is the last, and 10 was");
    board.sql("DELETE FROM audit WHERE id = 2").await;
    let found = board.app().store.check_deeds().await.unwrap().broken.unwrap();
    assert!(found.starts_with("deed 3 is not"), "{found}");
    board.stop().await;
}

/// Seen red with: an end of the chain that is not kept.
#[actix_web::test]
async fn retention_takes_what_is_oldest_and_the_rest_still_holds() {
    let board = Board::with_people(|_| ()).await;
    let store = &board.app().store;
    assert_eq!(store.let_deeds_go(aged(board.app().now()), 100).await.unwrap(), 0, "nothing is there");
    let begin = board.app().now();
    several(&board, 20).await;
    let before = aged(begin.plus(12_500));
    assert_eq!(store.deeds_before(before).await.unwrap(), 13);
    assert_eq!(store.let_deeds_go(before, 10).await.unwrap(), 10);
    assert_eq!(store.check_deeds().await.unwrap().broken, None);
    assert_eq!(store.let_deeds_go(before, 10).await.unwrap(), 3);
    assert_eq!(store.let_deeds_go(before, 10).await.unwrap(), 0);
    assert_eq!(audit(&board).await.last().unwrap(), "odd export n13 192.0.2.7");
    note(&board, "odd", DeedKind::Export, "after").await;
    assert_eq!(store.check_deeds().await.unwrap().deeds, 8);
    assert_eq!(store.check_deeds().await.unwrap().broken, None);
    assert_eq!(store.let_deeds_go(aged(board.app().now().plus(1)), 100).await.unwrap(), 8, "all of it");
    note(&board, "odd", DeedKind::Export, "last").await;
    let check = store.check_deeds().await.unwrap();
    assert_eq!((check.deeds, check.broken), (1, None));
    board.stop().await;
}

/// Seen red with: retention that knows nothing of what was told.
#[actix_web::test]
async fn what_the_file_has_not_got_yet_does_not_go_by_age() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("there").join("deeds.jsonl");
    let board = Board::with_people(|config| {
        config.audit = Some(AuditTo::File(file.clone()));
        config.retention.audit_days = Some(1);
    })
    .await;
    several(&board, 3).await;
    board.app().tell_deeds().await.unwrap();
    board.clock.advance(3 * 86_400_000);
    assert_eq!(board.app().old().await.unwrap(), []);
    assert_eq!(board.app().retain().await.unwrap().unwrap().deeds, 0);
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    assert_eq!(board.app().tell_deeds().await.unwrap(), 3);
    assert_eq!(board.app().retain().await.unwrap().unwrap().deeds, 3);
    assert_eq!(lines(&file).len(), 3);
    assert_eq!(board.app().store.check_deeds().await.unwrap().broken, None);
    board.stop().await;
}

/// Seen red with: a look that reads each piece by itself.
#[actix_web::test]
async fn whoever_looks_through_it_while_retention_takes_from_it_sees_no_change() {
    let board = Board::with_people(|_| ()).await;
    let store = board.app().store.clone();
    several(&board, 3_000).await;
    let before = aged(board.app().now().plus(1));
    let taking = async { while store.let_deeds_go(before, 10).await.unwrap() > 0 {} };
    let looking = async {
        let mut looks = 0;
        loop {
            let check = store.check_deeds().await.unwrap();
            assert_eq!(check.broken, None, "look {looks}, {} deeds", check.deeds);
            looks += 1;
            if check.deeds == 0 {
                return looks;
            }
        }
    };
    let ((), looks) = futures_util::join!(taking, looking);
    assert!(looks > 3, "{looks}");
    board.stop().await;
}

/// Seen red with: a last number that counts only where a deed is left.
#[actix_web::test]
async fn an_audit_that_was_emptied_is_no_whole_one() {
    let board = Board::with_people(|_| ()).await;
    several(&board, 3).await;
    board.sql("DROP TRIGGER audit_is_kept").await;
    board.sql("DELETE FROM audit").await;
    let broken = board.app().store.check_deeds().await.unwrap().broken;
    assert_eq!(broken.as_deref(), Some("the newest deeds are missing: 0 is the last, and 3 was"));
    board.stop().await;
}

fn lines(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// Seen red with: a place that moves on although the file could not be written.
#[actix_web::test]
async fn each_deed_is_told_to_a_file_and_one_that_can_not_be_written_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("there").join("deeds.jsonl");
    let mut board = Board::with_people(|config| config.audit = Some(AuditTo::File(file.clone()))).await;
    let admin = board.person(EMAIL, Role::Admin).await;
    several(&board, 3).await;
    assert_eq!(board.app().tell_deeds().await.unwrap(), 0);
    let page = board.get_as(&admin, "/audit").await.text().await.unwrap();
    assert!(
        page.contains("The deeds wait here until that is put right") && page.contains("role=\"alert\""),
        "{page}"
    );
    let ready = board.get("/readyz").await;
    let (status, said) = (ready.status().as_u16(), ready.text().await.unwrap());
    assert!(status == 200 && said == "ready; but the audit’s lines can’t be written\n", "{said}");
    assert_eq!(board.get_as(&admin, "/inbox").await.status(), 200, "nobody is held up");

    std::fs::create_dir(file.parent().unwrap()).unwrap();
    assert_eq!(board.app().tell_deeds().await.unwrap(), 3);
    assert_eq!(board.app().tell_deeds().await.unwrap(), 0);
    assert_eq!(board.get("/readyz").await.text().await.unwrap(), "ready\n");
    let told = lines(&file);
    let line: serde_json::Value = serde_json::from_str(&told[2]).unwrap();
    assert_eq!(
        (&line["id"], &line["who"], &line["kind"], &line["what"], &line["from"], &line["at"]),
        (
            &3.into(),
            &"even@example.com".into(),
            &"export".into(),
            &"n2".into(),
            &"192.0.2.7".into(),
            &"2026-11-22T12:00:02.000Z".into()
        )
    );
    assert_eq!(line["chain"].as_str().unwrap().len(), 64);
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    // Moved away, and what was noted while the board was down: both go on where it was.
    std::fs::rename(&file, folder.path().join("old")).unwrap();
    note(&board, "odd", DeedKind::Export, "next").await;
    board.restart().await;
    assert_eq!(board.app().tell_deeds().await.unwrap(), 1);
    assert!(lines(&file).len() == 1 && lines(&file)[0].contains("\"what\":\"next\""));
    board.stop().await;
}
