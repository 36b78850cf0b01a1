//! Whatever changes something, or gives callbacks or files out, leaves its deed: every address that takes a form, every one
//! that gives such things, and every command. A new one without a line here fails.

use super::{EMAIL, PASSWORD, plain, with_password};
use crate::support::board::{Board, event, hook};
use crate::support::people::Shows;
use signboard::app::people::{DeedFilter, Done, LinkKind, NewSecret, Session};
use signboard::config::{ApiAuth, ApiConfig, Config, ForwardConfig, Secret};
use signboard::model::access::Role;
use signboard::model::deed::DeedKind;
use signboard::web::needs::{ADDRESSES, Verb};
use std::collections::BTreeSet;

async fn newest(board: &Board) -> Done {
    board.app().store.deeds(&DeedFilter::default(), 1).await.unwrap().remove(0)
}

async fn numbers(board: &Board) -> i64 {
    board.sql("SELECT coalesce(max(id), 0) FROM audit").await[0].parse().unwrap()
}

/// Half a session of somebody: the second factor is still to come.
async fn half(board: &Board, user: i64) -> Shows {
    let (secret, now) = (NewSecret::make("").unwrap(), board.app().now());
    let (remote, agent) = ("127.0.0.1".to_owned(), "a test".to_owned());
    let session = Session { id: 0, user, half: true, created_at: now, seen_at: now, remote, agent };
    board.app().store.begin_session(&secret.hash(), &session, None).await.unwrap();
    Shows::Cookie(secret.text().to_owned())
}

async fn stage() -> Board {
    let api = |config: &mut Config| {
        let account = config.accounts.get_mut("os").unwrap();
        let base_url = "http://127.0.0.1:9".to_owned();
        let auth = ApiAuth::ApiKey { key: Secret::new("k") };
        account.api = Some(ApiConfig { base_url, auth, proxy: None, ca_file: None, cache: false });
        let url = Secret::new("http://127.0.0.1:9/nobody");
        account.forward = Some(ForwardConfig { url, proxy: None, ca_file: None });
        config.hooks.push(hook("crm"));
    };
    let board = Board::with_people(api).await;
    board.event("p1", "PACKAGE_ACTIVATE", "u", 0).await;
    board.event("p1", "SIGNER_LOCKED", "u", 1).await;
    board.send_as("os", None, event("p2", "PACKAGE_ACTIVATE", "u", None, 0)).await;
    board
}

/// Seen red with: an admission that notes nothing.
#[actix_web::test]
async fn every_form_leaves_its_deed() {
    use DeedKind::*;
    let board = stage().await;
    let admin = board.person("admin@example.com", Role::Admin).await;
    let other = with_password(&board, "other@example.com", Role::Admin).await;
    let user = with_password(&board, EMAIL, Role::Viewer).await;
    let third = with_password(&board, "third@example.com", Role::Viewer).await;
    let viewer = board.sign_in(user).await;
    let refused = board.sql("SELECT id FROM refused").await[0].clone();
    let (coded, seconded) = (half(&board, other).await, half(&board, other).await);
    let link = board.app().make_link(LinkKind::Reset, Some(third)).await.unwrap();
    let paste = |at| format!("account=os&text={}", plain(&event("p1", "DOCUMENT_SIGNED", "u", None, at)));
    let (person, screen) = (format!("/people/{user}"), Shows::Nothing);
    let right = format!("email={}&password={}", plain(EMAIL), plain(PASSWORD));
    let changed =
        format!("do=password&old={}&password={}", plain(PASSWORD), plain("käse und brot um sieben"));
    let welcome = format!("/welcome/{}", link.text());
    let forms: Vec<(&str, &str, String, &Shows, DeedKind)> = vec![
        ("/alerts", "/alerts", "do=hour&id=1".into(), &admin, Alert),
        ("/alerts", "/alerts", "do=take&id=1".into(), &admin, Alert),
        ("/alerts", "/alerts", "do=check&id=1".into(), &admin, Alert),
        ("/packages/{package:.*}", "/packages/os/p1/resync", String::new(), &admin, Resync),
        ("/sync/resync", "/sync/resync", "account=os".into(), &admin, Resync),
        ("/sync/stop", "/sync/stop", "run=1".into(), &admin, ResyncStopped),
        ("/resync", "/resync", "query=".into(), &admin, Resync),
        ("/views", "/views", "query=&name=mine&for=me".into(), &admin, View),
        ("/views/end", "/views/end", "id=1".into(), &admin, View),
        ("/lost", "/lost", paste(1), &admin, Import),
        ("/inbox/import", "/inbox/import", paste(2), &admin, Import),
        ("/inbox/waiting", "/inbox/waiting", "id=1".into(), &admin, Admit),
        ("/inbox/forget", "/inbox/forget", "id=2".into(), &admin, Forget),
        ("/inbox/replay", "/inbox/replay", String::new(), &admin, Replay),
        ("/inbox/admit", "/inbox/admit", format!("id={refused}"), &admin, Admit),
        ("/providers/test", "/providers/test", "account=os".into(), &admin, TestCallback),
        ("/forwards/{account}", "/forwards/os", String::new(), &admin, SentAgain),
        ("/hooks/{hook}", "/hooks/crm", "do=pause".into(), &admin, HookPaused),
        ("/hooks/{hook}", "/hooks/crm", "do=resume".into(), &admin, HookResumed),
        ("/follow/packages/{package:.*}", "/follow/packages/os/p1", "do=follow".into(), &viewer, Follow),
        ("/people", "/people", "email=new%40example.com&role=viewer&sees=all".into(), &admin, UserAdded),
        ("/people/{id}", &person, "do=change&role=viewer&sees=all".into(), &admin, UserChanged),
        ("/people/{id}", &person, "do=link".into(), &admin, Link),
        ("/retention", "/retention", "do=go".into(), &admin, Retention),
        ("/retention", "/retention", "do=look&email=no%40example.com".into(), &admin, Erase),
        ("/retention", "/retention", "do=erase&email=no%40example.com".into(), &admin, Erase),
        ("/tokens", "/tokens", "name=t&scope=read&sees=all&days=30".into(), &admin, TokenAdded),
        ("/tokens/end", "/tokens/end", "id=1".into(), &admin, TokenEnded),
        ("/me", "/me", "do=name&name=A".into(), &viewer, UserChanged),
        ("/me", "/me", "do=wishes&kinds=all&sees=all&mail=yes".into(), &viewer, Wishes),
        ("/me", "/me", changed, &viewer, Password),
        ("/me", "/me", "do=end&id=?".into(), &viewer, SessionsEnded),
        ("/me", "/me", "do=others".into(), &viewer, SessionsEnded),
        ("/sign-in", "/sign-in", right, &screen, SignInRefused),
        ("/sign-in/code", "/sign-in/code", "code=000000".into(), &coded, SignInRefused),
        ("/sign-in/second", "/sign-in/second", "code=000000".into(), &seconded, SignInRefused),
        ("/sign-out", "/sign-out", String::new(), &viewer, SignOut),
        ("/welcome/{secret}", &welcome, format!("password={}", plain(PASSWORD)), &screen, SignIn),
        ("/people/{id}", &person, "do=second".into(), &admin, SecondFactor),
        ("/people/{id}", &person, "do=end".into(), &admin, SessionsEnded),
        ("/people/{id}", &person, "do=disable".into(), &admin, UserDisabled),
        ("/people/{id}", &person, "do=enable".into(), &admin, UserEnabled),
    ];
    let covered: BTreeSet<&str> = forms.iter().map(|it| it.0).collect();
    let all: BTreeSet<&str> = ADDRESSES.iter().filter(|it| it.0 == Verb::Do).map(|it| it.1).collect();
    assert_eq!(covered, all, "each address that takes a form needs its line here, and its deed");
    for (_, path, form, who, kind) in forms {
        let form = if form.ends_with("id=?") {
            board.sign_in(user).await;
            form.replace('?', &board.sql("SELECT max(id) FROM sessions").await[0])
        } else {
            form
        };
        if path == "/sign-in/code" {
            board
                .sql(&format!(
                    "UPDATE users SET totp = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' WHERE id = {other}"
                ))
                .await;
        } else if path == "/sign-in/second" {
            board.sql(&format!("UPDATE users SET totp = NULL WHERE id = {other}")).await;
        }
        let before = numbers(&board).await;
        let answer = board.post_as(who, path, &form).await;
        let status = answer.status().as_u16();
        assert!(status < 400 || (kind == SignInRefused && status == 401), "{path} {form}: {status}");
        let deed = newest(&board).await;
        assert!(deed.id > before, "{path} {form} leaves no deed");
        assert_eq!(
            (deed.kind.as_str(), deed.remote.as_str()),
            (kind.word(), "127.0.0.1"),
            "{path} {form}: {deed:?}"
        );
        let told =
            [&deed.who, &deed.what].into_iter().any(|it| it.contains(PASSWORD) || it.contains("000000"));
        assert!(!told && !deed.who.is_empty(), "{deed:?}");
    }
    board.stop().await;
}

/// Seen red with: a payload that is given out and not noted.
#[actix_web::test]
async fn whatever_gives_callbacks_or_files_out_leaves_its_deed() {
    use DeedKind::*;
    let board = stage().await;
    let admin = board.person("admin@example.com", Role::Admin).await;
    let lost = plain(&event("p1", "DOCUMENT_SIGNED", "u", None, 9));
    board.post_as(&admin, "/inbox/import", &format!("account=os&text={lost}")).await;
    let wall = board.app().make_token(
        "wall",
        signboard::model::access::Scope::Screen,
        None,
        None,
        Default::default(),
        None,
    );
    let wall = format!("/screen/{}", wall.await.unwrap().text());
    let gives = [
        ("/inbox/payload/{arrival}", "/inbox/payload/1", PayloadRead),
        ("/packages/{package:.*}", "/packages/os/p1/payload/1", PayloadRead),
        ("/inbox/waiting/{id}", "/inbox/waiting/1", PayloadRead),
        ("/sync/missed.csv", "/sync/missed.csv", Export),
        ("/packages.csv", "/packages.csv", Export),
        ("/audit/deeds.csv", "/audit/deeds.csv", Export),
        ("/audit/deeds.jsonl", "/audit/deeds.jsonl", Export),
        ("/screen/{secret}", &wall, SignIn),
    ];
    let is_file =
        |it: &str| it.rsplit('/').next().is_some_and(|end| end.contains('.') && !end.starts_with('{'));
    for (_, address, _) in ADDRESSES.iter().filter(|it| it.0 == Verb::Read) {
        let gives_out = is_file(address) || address.contains("payload") || address.contains("waiting");
        let listed = gives.iter().any(|it| it.0 == *address);
        assert!(listed || !gives_out, "{address} gives something out: it needs its line here, and its deed");
    }
    for (_, path, kind) in gives {
        let before = numbers(&board).await;
        let answer = board.get_as(&admin, path).await;
        assert!(answer.status().as_u16() < 400, "{path}: {}", answer.status());
        answer.text().await.unwrap();
        let deed = newest(&board).await;
        assert!(deed.id == before + 1 && deed.kind == kind.word(), "{path}: {deed:?}");
    }
    board.stop().await;
}

/// Seen red with: refusals that are noted each time.
#[actix_web::test]
async fn what_is_refused_is_noted_once_an_hour() {
    let board = stage().await;
    let viewer = board.person(EMAIL, Role::Viewer).await;
    let refused = async || {
        let deeds = board.app().store.deeds(&DeedFilter::default(), 100).await.unwrap();
        let deeds = deeds.into_iter().filter(|it| it.kind == "refused");
        deeds.map(|it| format!("{} {}", it.who, it.what)).collect::<Vec<_>>()
    };
    for _ in 0..3 {
        assert_eq!(board.get_as(&viewer, "/inbox").await.status(), 403);
        assert_eq!(board.get_as(&viewer, "/packages/os/p1/payload/1").await.status(), 403);
        assert_eq!(
            board.get_as(&Shows::Bearer("sbt_wrong".to_owned()), "/api/v1/packages").await.status(),
            401
        );
        let request = viewer.on(board.client.post(format!("{}/sync/stop", board.url)));
        assert_eq!(request.header("sec-fetch-site", "cross-site").send().await.unwrap().status(), 403);
    }
    assert_eq!(
        refused().await,
        [
            "somebody unknown a form of another site",
            "somebody unknown a token that opens nothing",
            &format!("{EMAIL} /packages/{{package:.*}}"),
            &format!("{EMAIL} /inbox"),
        ]
    );
    board.clock.advance(60 * 60 * 1000);
    board.get_as(&viewer, "/inbox").await;
    assert_eq!(refused().await.len(), 5);
    board.stop().await;
}

/// Seen red with: throttled tries that are noted each time, and a disabled person who counts as unknown.
#[actix_web::test]
async fn why_somebody_is_not_let_in_is_noted() {
    let board = Board::with_people(|_| ()).await;
    with_password(&board, EMAIL, Role::Viewer).await;
    let gone = with_password(&board, "gone@example.com", Role::Viewer).await;
    board.app().store.disable_user(gone, Some(board.app().now()), board.app().now()).await.unwrap();
    super::try_from(&board, "192.0.2.1", "gone@example.com", PASSWORD).await;
    for _ in 0..9 {
        super::try_from(&board, "192.0.2.9", EMAIL, "wrong").await;
    }
    let noted = super::audit(&board).await;
    let count = |words: &str| noted.iter().filter(|it| it.as_str() == words).count();
    assert_eq!(count("gone@example.com sign-in-refused they may sign in no more 192.0.2.1"), 1, "{noted:?}");
    assert_eq!(count(&format!("{EMAIL} sign-in-refused wrong password 192.0.2.9")), 5, "{noted:?}");
    assert_eq!(
        count(&format!("{EMAIL} sign-in-refused too many tries were wrong 192.0.2.9")),
        1,
        "{noted:?}"
    );
    board.stop().await;
}
