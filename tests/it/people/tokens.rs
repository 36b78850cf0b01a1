//! The page of tokens: made, shown once, listed without the secret, ended.

use super::audit;
use crate::support::board::Board;
use crate::support::people::Shows;
use signboard::model::access::Role;

/// The value of the field that is shown once.
pub fn once(page: &str) -> String {
    let field = page.split("id=\"once\"").nth(1).unwrap_or_else(|| panic!("nothing is shown once:\n{page}"));
    let value = field.split("value=\"").nth(1).unwrap();
    value.split('"').next().unwrap().to_owned()
}

#[actix_web::test]
async fn a_token_is_shown_once_works_as_made_and_ends_with_whoever_made_it() {
    let board = Board::with_people(|_| ()).await;
    super::with_password(&board, super::EMAIL, Role::Admin).await;
    let (root, admin) = (board.sign_in(1).await, board.person("a@example.com", Role::Admin).await);
    let empty = board.get_as(&admin, "/tokens").await.text().await.unwrap();
    assert!(empty.contains("There is no token."));
    let form = "name=Reports+%3Cb%3E&scope=read&sees=some&account=cg&days=30&board=";
    let made = board.post_as(&admin, "/tokens", form).await;
    assert_eq!(
        (made.status().as_u16(), made.headers()["cache-control"].to_str().unwrap()),
        (200, "no-store")
    );
    let page = made.text().await.unwrap();
    let secret = once(&page);
    assert!(secret.starts_with("sbt_") && !page.contains("<b>"), "{page}");
    let token = Shows::Bearer(secret.clone());
    assert_eq!(board.get_as(&token, "/api/v1/packages").await.status(), 200);
    let list = board.get_as(&admin, "/tokens").await.text().await.unwrap();
    assert!(list.contains(&secret[..10]) && !list.contains(&secret[..12]), "{list}");
    for said in ["Reports &#60;b&#62;", "by <bdi>a@example.com</bdi>", "<td>Conga Sign</td>"] {
        assert!(list.contains(said), "{said} in {list}");
    }
    assert!(board.dump().await.iter().all(|line| !line.contains(&secret)));
    assert_eq!(audit(&board).await[0], "a@example.com token-added Reports <b> to read 127.0.0.1");
    board.clock.advance(31 * 24 * 60 * 60 * 1000);
    assert_eq!(board.get_as(&token, "/api/v1/packages").await.status(), 401, "expired");
    board.clock.advance(-31 * 24 * 60 * 60 * 1000);
    assert_eq!(board.get_as(&token, "/api/v1/packages").await.status(), 200);
    let admin_id = board.app().store.user_by_email("a@example.com").await.unwrap().unwrap().id;
    let demoted =
        board.post_as(&root, &format!("/people/{admin_id}"), "do=change&role=viewer&sees=all").await;
    assert_eq!(demoted.status(), 303);
    assert_eq!(board.get_as(&token, "/api/v1/packages").await.status(), 401, "whoever made it is no admin");
    assert_eq!(board.get_as(&admin, "/tokens").await.status(), 403);
    assert_eq!(board.post_as(&root, "/tokens/end", "id=1").await.status(), 404, "it has ended");
    board.stop().await;
}

/// Seen red with: a form whose senders are passed over.
#[actix_web::test]
async fn a_token_can_be_limited_to_what_some_people_sent() {
    let board = Board::with_people(|_| ()).await;
    let admin = board.person("a@example.com", Role::Admin).await;
    for (id, sender) in
        [("theirs", "Ben@Example.com"), ("hers", "cleo@example.com"), ("others", "dan@example.com")]
    {
        super::reach::sent(&board, "os", id, sender).await;
    }
    let form = "name=Ben&scope=read&sees=all&days=&senders=";
    for bad in ["nobody", "ben%40example.com+%2C+nobody"] {
        let refused = board.post_as(&admin, "/tokens", &format!("{form}{bad}")).await;
        assert_eq!(refused.status(), 422, "{bad}");
        let page = refused.text().await.unwrap();
        assert!(
            page.contains("“nobody” is no mail address.") && page.contains("nobody</textarea>"),
            "{page}"
        );
    }
    assert_eq!(board.app().store.tokens(9).await.unwrap().len(), 0);
    let made =
        board.post_as(&admin, "/tokens", &format!("{form}BEN%40example.com%0D%0Acleo%40example.com")).await;
    let page = made.text().await.unwrap();
    assert!(page.contains("only what ben@example.com and cleo@example.com sent"), "{page}");
    let token = Shows::Bearer(once(&page));
    let list = board.get_as(&token, "/api/v1/packages").await.text().await.unwrap();
    assert!(list.contains("theirs") && list.contains("hers") && !list.contains("others"), "{list}");
    assert_eq!(board.get_as(&token, "/api/v1/packages/os/others").await.status(), 404);
    assert_eq!(board.get_as(&token, "/metrics").await.status(), 403);
    board.stop().await;
}

#[actix_web::test]
async fn a_screen_is_made_from_a_copied_address_and_what_makes_no_sense_makes_nothing() {
    let board = Board::with_people(|_| ()).await;
    let admin = board.person("a@example.com", Role::Admin).await;
    let form = "name=Lobby&scope=screen&sees=all&days=&board=https%3A%2F%2Fboard.example%2F%3Fstatus%3Ddraft%26after%3Dx";
    let page = board.post_as(&admin, "/tokens", form).await.text().await.unwrap();
    let address = once(&page);
    assert!(address.starts_with(&format!("{}/screen/sbt_", board.url)), "{address}");
    assert!(page.contains("A wall screen: Draft"), "{page}");
    let entered = board.client.get(&address).send().await.unwrap();
    assert_eq!(entered.status(), 303);
    for (form, status) in [
        ("name=+&scope=read&sees=all&days=", 422),
        ("name=x&scope=all&sees=all&days=", 400),
        ("name=x&scope=read&days=", 400),
        ("name=x&scope=read&sees=all&days=0", 400),
        ("name=x&scope=read&sees=all&days=forever", 400),
    ] {
        assert_eq!(board.post_as(&admin, "/tokens", form).await.status(), status, "{form}");
    }
    assert_eq!(board.app().store.tokens(10).await.unwrap().len(), 1);
    assert_eq!(board.post_as(&admin, "/tokens/end", "").await.status(), 400);
    assert_eq!(board.post_as(&admin, "/tokens/end", "id=1").await.status(), 303);
    assert_eq!(board.client.get(&address).send().await.unwrap().status(), 404);
    assert_eq!(audit(&board).await[0], "a@example.com token-ended Lobby 127.0.0.1");
    board.stop().await;
}
