//! Whoever is elsewhere reads every time in their own zone.

use super::audit;
use crate::support::board::Board;
use crate::support::people::Shows;
use crate::support::sse::Reader;
use signboard::model::access::{Reach, Role, Scope};

async fn text(board: &Board, who: &Shows, path: &str) -> String {
    let answer = board.get_as(who, path).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

/// The zones that the times of a page name.
fn zones(page: &str) -> Vec<&str> {
    let titles = page.split("<time ").skip(1).map(|it| it.split_once("title=\"").unwrap().1);
    let mut zones: Vec<&str> =
        titles.map(|it| it.split('"').next().unwrap().rsplit(' ').next().unwrap()).collect();
    zones.sort_unstable();
    zones.dedup();
    zones
}

/// Seen red with: the live stream's shared frames for everybody, and pages that print the board's zone.
#[actix_web::test]
async fn every_page_and_the_live_stream_say_times_in_the_zone_that_somebody_chose() {
    let board = Board::with_people(|config| config.server.time_zone = "Europe/Berlin".to_owned()).await;
    board.event("p1", "PACKAGE_ACTIVATE", "u", 0).await;
    let admin = board.person("admin@example.com", Role::Admin).await;
    let other = board.person("other@example.com", Role::Admin).await;
    let page = text(&board, &admin, "/me").await;
    assert!(page.contains("as the board: Europe/Berlin") && page.contains("<option>Asia/Tokyo<"), "{page}");
    let mut open = Reader::of_whom(&board, &admin, "/live").await;
    let chosen = board.post_as(&admin, "/me", "do=zone&zone=Asia%2FTokyo").await;
    assert_eq!(chosen.headers()["location"], "/me?done=zone");
    assert_eq!(
        audit(&board).await[0],
        "admin@example.com user-changed their time zone: Asia/Tokyo 127.0.0.1"
    );
    assert_eq!(open.next().await.unwrap().name, "gone", "what is open says times in the old one");
    for path in [
        "/",
        "/packages/os/p1",
        "/sync",
        "/inbox",
        "/providers",
        "/people",
        "/people/1",
        "/tokens",
        "/me",
        "/lost",
    ] {
        for (who, zone) in [(&admin, "Asia/Tokyo"), (&other, "Europe/Berlin")] {
            let page = text(&board, who, path).await;
            assert_eq!(zones(&page), [zone], "{path}");
            assert!(page.contains(&format!("<span id=\"zone\">{zone}</span>")), "{path}");
        }
    }
    // 11:00 in London is another day's evening in Honolulu's neighbour, Tokyo.
    assert!(text(&board, &admin, "/packages/os/p1").await.contains(">20:00:00</time>"));
    assert!(text(&board, &other, "/packages/os/p1").await.contains(">12:00:00</time>"));
    assert!(text(&board, &admin, "/me").await.contains("<option selected>Asia/Tokyo<"));

    let screen = board.program(Scope::Screen, Reach::default(), None).await;
    let mut streams = [
        (Reader::of_whom(&board, &admin, "/live").await, "Asia/Tokyo"),
        (Reader::of_whom(&board, &other, "/live").await, "Europe/Berlin"),
        (Reader::of_whom(&board, &admin, "/live").await, "Asia/Tokyo"),
        (Reader::of_whom(&board, &screen, "/screen-live").await, "Europe/Berlin"),
        // What was missed is told in it, too.
        (Reader::of_whom(&board, &admin, "/live?after=0").await, "Asia/Tokyo"),
    ];
    board.event("p1", "PACKAGE_COMPLETE", "u", 9).await;
    for (stream, zone) in &mut streams {
        let event = stream.next().await.unwrap();
        assert_eq!((event.name.as_str(), zones(&event.data)), ("put", vec![*zone]));
    }
    // A form's time is theirs: ten in the morning there is one at night here.
    for bad in ["Mars%2FOlympus", "Etc%2FGMT-3", "..%2F..%2Fetc%2Fpasswd", "asia%2Ftokyo"] {
        assert_eq!(board.post_as(&admin, "/me", &format!("do=zone&zone={bad}")).await.status(), 400, "{bad}");
    }
    assert_eq!(board.post_as(&admin, "/me", "do=zone&zone=").await.status(), 303);
    assert_eq!(zones(&text(&board, &admin, "/").await), ["Europe/Berlin"]);
    board.stop().await;
}
