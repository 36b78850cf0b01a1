//! `/hooks`: what each was told and how that went, for admins alone, without a script.

use super::{board, hook, tell};
use crate::forwarding::listener::{Listener, Mood};
use crate::support::board::Board;
use crate::support::people::{only, user};
use signboard::app::people::DeedFilter;
use signboard::app::people::NewUser;
use signboard::model::access::{Reach, Role, Scope};

#[actix_web::test]
async fn the_page_says_how_each_message_went_and_its_buttons_do_what_they_say() {
    let mut receiver = Listener::start();
    let board = board(&receiver).await;
    receiver.now(Mood::Dislikes("\"package\":\"bad\"", 422)).await;
    board.event("bad", "PACKAGE_CREATE", "u", 0).await;
    board.event("good", "PACKAGE_CREATE", "u", 0).await;
    tell(&board).await;
    let list = board.text("/hooks").await;
    assert!(list.contains("href=\"/hooks/crm\"") && list.contains("aria-current=\"page\">Hooks"), "{list}");
    assert!(list.contains("1 waits") && list.contains("127.0.0.1") && !list.contains("hush"));
    let page = board.text("/hooks/crm").await;
    assert!(page.contains("It answers 422, after") && page.contains("1 try") && page.contains("xxxxxxxxxx"));
    assert!(page.contains("href=\"/packages/os/good\"") && !page.contains("hush") && !page.contains("whsec"));
    let of = async |only: &str| {
        let page = board.text(&format!("/hooks/crm?only={only}")).await;
        ["bad", "good"].map(|it| page.contains(&format!("href=\"/packages/os/{it}\"")))
    };
    assert_eq!(of("waiting").await, [true, false]);
    assert_eq!(of("taken").await, [false, true]);
    assert_eq!(of("given-up").await, [false, false]);

    let good = &board.app().store.hook_deliveries("crm", None, None, 1).await.unwrap()[0];
    let form = format!("do=again&id={}", good.id);
    assert_eq!(board.post("/hooks/crm", &form).await.headers()["location"], "/hooks/crm?again=1");
    assert_eq!(board.post("/hooks/crm", &form).await.status(), 404, "it waits already");
    assert!(board.text("/hooks/crm?again=1").await.contains("1 message is sent again."));
    tell(&board).await;
    let got = receiver.got();
    let ids: Vec<&str> = got.iter().filter(|it| it.is_taken).map(|it| it.header("webhook-id")).collect();
    assert_eq!(ids, [ids[0]; 2], "the receiver knows that it is the same");

    assert_eq!(board.post("/hooks/crm", "do=pause").await.headers()["location"], "/hooks/crm?done=paused");
    board.event("good", "PACKAGE_ACTIVATE", "u", 1).await;
    tell(&board).await;
    assert_eq!(receiver.got().len(), 3);
    let page = board.text("/hooks/crm?done=paused").await;
    assert!(page.contains("an admin paused it") && page.contains("Let it go on"), "{page}");
    assert_eq!(board.post("/hooks/crm", "do=resume").await.headers()["location"], "/hooks/crm?done=resumed");
    tell(&board).await;
    assert!(super::taken(&receiver).contains(&"package.sent good".to_owned()));
    let deeds = board.app().store.deeds(&DeedFilter::default(), 9).await.unwrap();
    let deeds: Vec<&str> = deeds.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(deeds, ["hook-resumed", "hook-paused", "sent-again"]);
    assert_eq!(board.post("/hooks/crm", "do=what").await.status(), 400);
    assert_eq!(board.get("/hooks/nobody").await.status(), 404);
    board.stop().await;
    receiver.stop().await;
}

/// Seen red with: the entry shown to whoever may open the page.
#[actix_web::test]
async fn only_admins_see_anything_of_it_and_only_where_there_is_something() {
    let receiver = Listener::start();
    let url = receiver.url("/in");
    let board = Board::with_people(move |config| config.hooks.push(hook(url))).await;
    board.event("p", "PACKAGE_CREATE", "u", 0).await;
    let admin = board.person("ada@example.com", Role::Admin).await;
    let limited = NewUser { accounts: only(&["cg"]), ..user("lim@example.com", Role::Viewer) };
    let sender = board.person("sam@example.com", Role::Sender).await;
    let limited = board.somebody(limited).await;
    let token = board.program(Scope::Read, Reach::default(), None).await;
    let narrow = board.program(Scope::Read, Reach { accounts: only(&["cg"]), senders: None }, None).await;
    for who in [&sender, &limited] {
        for path in ["/hooks", "/hooks/crm", "/api/v1/hooks"] {
            assert_eq!(board.get_as(who, path).await.status(), 403, "{path}");
        }
        assert_eq!(board.post_as(who, "/hooks/crm", "do=pause").await.status(), 403);
        assert!(!board.get_as(who, "/").await.text().await.unwrap().contains("/hooks"));
    }
    assert_eq!(board.get_as(&token, "/api/v1/hooks").await.status(), 200);
    assert_eq!(board.get_as(&narrow, "/api/v1/hooks").await.status(), 403);
    assert!(board.get_as(&admin, "/").await.text().await.unwrap().contains("href=\"/hooks\""));
    assert!(board.sql("SELECT * FROM hook_pauses").await.is_empty());
    board.stop().await;
    receiver.stop().await;
    let without = Board::start().await;
    assert!(!without.text("/").await.contains("/hooks"));
    assert!(without.text("/hooks").await.contains("No hook is configured"));
    without.stop().await;
}
