//! Saved views: whose they are, who is told of them, and that they are links which show what they were saved for.

use crate::csv::{by, said};
use crate::people::{audit, plain, to};
use crate::support::board::Board;
use crate::support::people::{Shows, only, user};
use signboard::app::people::NewUser;
use signboard::model::Snapshot;
use signboard::model::access::{Reach, Role, Scope};

async fn save(board: &Board, who: &Shows, name: &str, query: &str, whose: &str) -> (u16, String) {
    let form = format!("name={}&query={}&for={whose}", plain(name), plain(query));
    let answer = board.post_as(who, "/views", &form).await;
    (answer.status().as_u16(), to(&answer))
}

/// The links of the board: name, address, and whether it is the one on show.
async fn links(board: &Board, who: &Shows, path: &str) -> Vec<(String, String, bool)> {
    let page = board.get_as(who, path).await.text().await.unwrap();
    let Some(nav) = page.split("<nav aria-label=\"Saved views\">").nth(1) else { return Vec::new() };
    let link = |it: &str| {
        let href = it.split('"').next().unwrap().replace("&#38;", "&");
        let name = it.split("<bdi>").nth(1).unwrap().split("</bdi>").next().unwrap().to_owned();
        (name, href, it.contains("aria-current"))
    };
    nav.split("</nav>").next().unwrap().split("<a href=\"").skip(1).map(link).collect()
}

async fn names(board: &Board, who: &Shows) -> Vec<String> {
    links(board, who, "/").await.into_iter().map(|it| it.0).collect()
}

/// Which views the board lets them delete: their numbers.
async fn deletable(board: &Board, who: &Shows) -> Vec<String> {
    let page = board.get_as(who, "/").await.text().await.unwrap();
    let forms = page.split("action=\"/views/end\"><input type=\"hidden\" name=\"id\" value=\"").skip(1);
    forms.map(|it| it.split('"').next().unwrap().to_owned()).collect()
}

/// Seen red with: views of everybody's in which somebody's own are listed, and a form that takes a viewer for an admin.
#[actix_web::test]
async fn ones_own_are_ones_own_and_everybodys_are_an_admins_to_save() {
    let board = Board::with_people(|_| ()).await;
    let admin = board.person("admin@example.com", Role::Admin).await;
    let asha = board.person("asha@example.com", Role::Viewer).await;
    let ben = board.person("ben@example.com", Role::Sender).await;
    assert_eq!(names(&board, &asha).await, [] as [&str; 0]);
    // Where a page begins, and what a board doesn't know, is no part of a view.
    let saved =
        save(&board, &asha, " Late \n ones ", "sort=due&after=1~1&nonsense=2&status=sent", "me").await;
    assert_eq!(saved, (303, "/?status=sent&sort=due".to_owned()));
    assert_eq!(save(&board, &asha, "Everybody", "", "all").await.0, 403);
    assert_eq!(save(&board, &ben, "Everybody", "", "all").await.0, 403);
    assert_eq!(save(&board, &admin, "Declined", "status=declined", "all").await.0, 303);
    assert_eq!(save(&board, &admin, "<b>\u{202e}", "q=%3Cscript%3E", "me").await.0, 303);
    for (name, whose) in [("", "me"), ("  ", "me"), ("x", ""), ("x", "ben")] {
        assert_eq!(save(&board, &asha, name, "", whose).await.0, 400, "{name:?} {whose}");
    }
    assert_eq!(names(&board, &asha).await, ["Declined", "Late ones"]);
    assert_eq!(names(&board, &ben).await, ["Declined"]);
    assert_eq!(names(&board, &admin).await, ["Declined", "&#60;b&#62;"]);
    let shown = links(&board, &asha, "/?sort=due&status=sent").await;
    assert_eq!(shown[1], ("Late ones".into(), "/?status=sent&sort=due".into(), true));
    assert!(!shown[0].2 && links(&board, &asha, "/").await.iter().all(|it| !it.2));

    // The same name says the newer thing, and is still one.
    assert_eq!(save(&board, &asha, "Late ones", "status=expired", "me").await.0, 303);
    assert_eq!(links(&board, &asha, "/").await[1].1, "/?status=expired");
    assert_eq!(board.sql("SELECT count(*) FROM views").await, ["3"]);

    let (own, alls) = (deletable(&board, &asha).await, deletable(&board, &admin).await);
    assert_eq!((own.len(), alls.len()), (1, 2));
    let end = async |who: &Shows, id: &str| {
        let answer = board.post_as(who, "/views/end", &format!("id={id}&query=status%3Dsent")).await;
        (answer.status().as_u16(), to(&answer))
    };
    assert_eq!(end(&asha, &alls[0]).await.0, 403, "everybody's");
    assert_eq!(end(&admin, &own[0]).await.0, 404, "somebody else's is as good as not there");
    assert_eq!(end(&asha, &own[0]).await, (303, "/?status=sent".to_owned()));
    assert_eq!(end(&asha, &own[0]).await.0, 404);
    assert_eq!(end(&admin, &alls[0]).await.0, 303);
    assert_eq!(names(&board, &ben).await, [] as [&str; 0]);
    let audit = audit(&board).await;
    for deed in [
        "asha@example.com view saved Late ones for themselves: /?status=sent&sort=due 127.0.0.1",
        "admin@example.com view saved Declined for everybody: /?status=declined 127.0.0.1",
        "asha@example.com view deleted Late ones (their own) 127.0.0.1",
        "admin@example.com view deleted Declined (everybody’s) 127.0.0.1",
    ] {
        assert!(audit.iter().any(|it| it == deed), "{deed}: {audit:#?}");
    }
    board.stop().await;
}

#[actix_web::test]
async fn fifty_are_kept_and_those_of_a_user_go_with_them() {
    let board = Board::with_people(|_| ()).await;
    let asha = board.person("asha@example.com", Role::Viewer).await;
    let ben = board.person("ben@example.com", Role::Viewer).await;
    board.sql("INSERT INTO views (user, name, query, created_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) SELECT 1, 'v' || i, '', 0 FROM n").await;
    assert_eq!(save(&board, &asha, "one more", "", "me").await.0, 400);
    assert_eq!(save(&board, &asha, "v50", "status=sent", "me").await.0, 303, "under the name of another");
    assert_eq!(save(&board, &ben, "one more", "", "me").await.0, 303);
    assert_eq!(names(&board, &asha).await.len(), 50);
    board.sql("DELETE FROM users WHERE id = 1").await;
    assert_eq!(board.sql("SELECT name FROM views").await, ["one more"]);
    board.stop().await;
}

/// Seen red with: views that are shown to whoever looks.
#[actix_web::test]
async fn whoever_sees_little_is_told_of_no_account_and_no_sender_that_they_may_not_see() {
    let board = Board::with_people(|_| ()).await;
    said(&board, "os", "p1", by("asha@example.com")).await;
    said(&board, "os", "p2", by("ben@example.com")).await;
    let red = Some("red".to_owned());
    said(&board, "cg", "p3", Snapshot { group: red, ..by("cleo@example.com") }).await;
    let admin = board.person("admin@example.com", Role::Admin).await;
    for (name, query) in [
        ("os", "account=os"),
        ("cg", "account=cg"),
        ("onespan", "provider=onespan"),
        ("asha", "sender=asha%40example.com"),
        ("ben", "sender=ben%40example.com"),
        ("cleo", "sender=cleo%40example.com"),
        ("red", "group=red"),
        ("all", "status=sent"),
    ] {
        assert_eq!(save(&board, &admin, name, query, "all").await.0, 303);
    }
    let seen = async |new: NewUser| {
        let who = board.somebody(new).await;
        names(&board, &who).await
    };
    let of_os = NewUser { accounts: only(&["os"]), ..user("o@example.com", Role::Viewer) };
    assert_eq!(seen(of_os).await, ["all", "asha", "ben", "onespan", "os"]);
    let of_cg = NewUser { accounts: only(&["cg"]), ..user("c@example.com", Role::Sender) };
    assert_eq!(seen(of_cg).await, ["all", "cg", "cleo", "red"]);
    let mine = NewUser { mine: true, ..user("asha@example.com", Role::Sender) };
    assert_eq!(seen(mine).await, ["all", "asha", "cg", "onespan", "os"]);
    assert_eq!(seen(user("v@example.com", Role::Viewer)).await.len(), 8);
    // Programs and walls have none, and save none.
    let program = board.program(Scope::Resync, Reach::default(), None).await;
    assert_eq!(names(&board, &program).await, [] as [&str; 0]);
    assert_eq!(save(&board, &program, "x", "", "all").await.0, 403);
    assert!(!board.get_as(&program, "/").await.text().await.unwrap().contains("Save this view"));
    board.stop().await;
}

#[actix_web::test]
async fn a_board_without_sign_in_keeps_views_for_everybody() {
    let board = Board::start().await;
    let page = board.text("/?status=sent").await;
    assert!(page.contains("Save this view") && !page.contains("For whom"));
    assert_eq!(save(&board, &Shows::Nothing, "Sent", "status=sent", "me").await.0, 400);
    assert_eq!(save(&board, &Shows::Nothing, "Sent", "status=sent", "all").await.0, 303);
    assert_eq!(names(&board, &Shows::Nothing).await, ["Sent"]);
    assert_eq!(deletable(&board, &Shows::Nothing).await.len(), 1);
    board.stop().await;
}
