//! A wall screen: one board, read-only, for as long as its token works; and nothing else.

use super::to;
use crate::support::board::Board;
use crate::support::people::Shows;
use crate::support::sse::Reader;
use reqwest::Response;
use signboard::model::access::{Reach, Scope};
use signboard::web::needs::{ADDRESSES, Verb};

const HOUR: i64 = 60 * 60 * 1000;

fn cookie(answer: &Response) -> String {
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age="] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(!cookie.contains("Domain"));
    cookie.split(';').next().unwrap().to_owned()
}

async fn look(board: &Board, cookie: &str, path: &str) -> Response {
    board.client.get(format!("{}{path}", board.url)).header("cookie", cookie).send().await.unwrap()
}

#[actix_web::test]
async fn a_screen_shows_its_one_board_and_nothing_that_leads_away() {
    let board = Board::with_people(|_| ()).await;
    board.event("draft", "PACKAGE_CREATE", "", 0).await;
    board.event("away", "PACKAGE_ACTIVATE", "", 0).await;
    let Shows::Bearer(secret) = board.program(Scope::Screen, Reach::default(), Some("status=sent")).await
    else {
        unreachable!()
    };
    let entered = board.get(&format!("/screen/{secret}")).await;
    assert_eq!((entered.status().as_u16(), to(&entered).as_str()), (303, "/screen"));
    let cookie = cookie(&entered);
    // Whatever an address asks for, it is that board; and nobody's idling ends it.
    for path in ["/screen", "/screen?status=draft", "/screen?q=draft"] {
        board.clock.advance(100 * HOUR);
        let answer = look(&board, &cookie, path).await;
        assert_eq!(answer.status(), 200);
        self::cookie(&answer);
        let page = answer.text().await.unwrap();
        assert!(page.contains("away") && !page.contains("draft</bdi>"), "{page}");
        assert!(!page.contains("<a ") && !page.contains("<form") && !page.contains("<nav"), "{page}");
        assert!(!page.contains(&secret));
    }
    let pulse = look(&board, &cookie, "/screen-pulse").await.text().await.unwrap();
    assert!(pulse.contains("id=\"tallies\"") && !pulse.contains("<a "), "{pulse}");
    // A stranger, and whoever has another kind of token, sees no screen.
    let read = board.program(Scope::Read, Reach::default(), None).await;
    for who in [&Shows::Nothing, &read] {
        assert_eq!(board.get_as(who, "/screen").await.status(), 403);
    }
    let Shows::Bearer(read) = read else { unreachable!() };
    assert_eq!(board.get(&format!("/screen/{read}")).await.status(), 404);
    assert_eq!(board.get("/screen/sbt_wrong").await.status(), 404);
    board.stop().await;
}

#[actix_web::test]
async fn nothing_else_opens_for_a_screen() {
    let board = Board::with_people(|_| ()).await;
    let screen = board.program(Scope::Screen, Reach::default(), Some("status=sent")).await;
    let Shows::Bearer(secret) = &screen else { unreachable!() };
    let cookie = format!("__Host-signboard-screen={secret}");
    for (verb, address, needs) in ADDRESSES {
        let path = address.replace("{package:.*}", "os/p1").replace(['{', '}'], "");
        if address.starts_with("/screen") || *needs == signboard::model::access::Needs::Nothing {
            continue;
        }
        let by_token = match verb {
            Verb::Read => board.get_as(&screen, &path).await,
            Verb::Do => board.post_as(&screen, &path, "").await,
        };
        assert_eq!(by_token.status(), 403, "{address}");
        if *verb == Verb::Read {
            let by_cookie = look(&board, &cookie, &path).await.status().as_u16();
            assert!([303, 401].contains(&by_cookie), "{address}: {by_cookie}");
        }
    }
    board.stop().await;
}

#[actix_web::test]
async fn a_screen_is_live_without_links_until_its_token_ends() {
    let board = Board::with_people(|_| ()).await;
    let screen = board.program(Scope::Screen, Reach::default(), Some("status=sent")).await;
    let read = board.program(Scope::Read, Reach::default(), None).await;
    let mut stream = Reader::of_whom(&board, &screen, "/screen-live?status=draft").await;
    let mut beside = Reader::of_whom(&board, &read, "/live?status=sent").await;
    board.event("draft", "PACKAGE_CREATE", "", 0).await;
    board.event("away", "PACKAGE_ACTIVATE", "", 0).await;
    let row = stream.next().await.unwrap();
    assert!(row.name == "put" && row.data.contains("away") && !row.data.contains("href"), "{row:?}");
    // What others hear of the same change leads to its page.
    assert!(beside.next().await.unwrap().data.contains("href=\"/packages/os/away\""));
    let mut again = Reader::of_whom(&board, &screen, "/screen-live?after=0").await;
    let told = again.next().await.unwrap();
    assert!(!told.data.contains("href"), "{told:?}");
    board.app().store.end_token(1, board.app().now()).await.unwrap();
    while let Some(event) = stream.next().await {
        assert!(["gone", "drop"].contains(&event.name.as_str()), "{event:?}");
    }
    assert_eq!(board.get_as(&screen, "/screen").await.status(), 403);
    board.stop().await;
}
