//! Every page, looked at by axe-core: what keeps somebody from using it who doesn't see, doesn't see colours, or has no
//! mouse. By day and by night, at a desk and on a phone. Which pages there are, the board's one table of addresses says.

use crate::people::plain;
use crate::support::board::{Board, hook};
use crate::support::mailbox;
use crate::support::people::{Shows, only, user};
use crate::support::webdriver::{Browser, browser};
use crate::support::world::{Stage, all_four, nda, sweep};
use serde_json::{Value, json};
use signboard::app::people::{LinkKind, NewSecret, NewUser, Session, passwords};
use signboard::config::{ChannelKind, ForwardConfig, Opens, Secret};
use signboard::demo::act::{Act, Bounce};
use signboard::demo::{stories, wire};
use signboard::model::Status;
use signboard::model::access::{Reach, Role, Scope};
use signboard::web::needs::{ADDRESSES, Verb};
use std::path::Path;
use std::time::Duration;

const EMAIL: &str = "asha@example.com";
const PASSWORD: &str = "tailor prism otter nine";
/// What is promised: WCAG 2.2 up to level AA, and what axe holds to be good practice.
const TAGS: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";
/// What night can change: it is the same page in other colours.
const COLOURS: &str = "['color-contrast', 'link-in-text-block']";

/// A browser that has axe in every page.
async fn inspector() -> Option<Browser> {
    let page = browser().await?;
    let file = "tests/tools/axe/node_modules/axe-core/axe.min.js";
    let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
    let source = source.expect("axe-core is missing; `tests/tools/node-with axe` installs it");
    // The browser runs it, so the pages keep their policy.
    page.devtools("Page.enable", json!({})).await;
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": source})).await;
    Some(page)
}

/// Shows the browser as somebody, or as nobody.
async fn become_who(page: &Browser, board: &Board, who: &Shows, cookie: &str) {
    page.devtools("Network.clearBrowserCookies", json!({})).await;
    if let Shows::Cookie(value) | Shows::Bearer(value) = who {
        let set = json!({"name": cookie, "value": value, "url": board.url, "path": "/", "secure": true});
        page.devtools("Network.setCookie", set).await;
    }
}

/// Goes to a page and looks at it.
async fn visit(page: &Browser, board: &Board, path: &str, wrong: &mut Vec<String>) {
    page.go(&format!("{}{path}", board.url)).await;
    inspect(page, path, wrong).await;
}

/// Looks at the page on show: as it is, and with everything opened that opens.
async fn inspect(page: &Browser, name: &str, wrong: &mut Vec<String>) {
    page.until("document.readyState === 'complete' && window.axe && document.title.endsWith('signboard')")
        .await;
    page.js("document.querySelectorAll('details').forEach(it => it.open = true)").await;
    for (width, light, kind) in
        [(1280, "light", "tag"), (1280, "dark", "rule"), (360, "dark", "rule"), (360, "light", "tag")]
    {
        page.viewport(width, 800).await;
        let wide = page.text("document.documentElement.scrollWidth").await;
        if wide != width.to_string() {
            wrong.push(format!("{name} is {wide} wide at {width}"));
        }
        let scheme = json!({"features": [{"name": "prefers-color-scheme", "value": light}]});
        page.devtools("Emulation.setEmulatedMedia", scheme).await;
        let which = if kind == "tag" { TAGS } else { COLOURS };
        let found = page
            .promised(&format!(
                "axe.run(document, {{resultTypes: ['violations'], runOnly: {{type: '{kind}', values: {which}}}}}).then(it => \
                 it.violations.flatMap(rule => rule.nodes.map(node => rule.id + ': ' + rule.help + ' | ' + node.html.slice(0, 200) \
                 + ' | ' + node.failureSummary.split('\\n').slice(1, 3).join(' '))).concat(it.passes.length ? [] : ['nothing was looked at']))"
            ))
            .await;
        let Value::Array(found) = found else { panic!("{name}: {found}") };
        let said =
            found.iter().map(|it| format!("{name} at {width}, {light}: {}", it.as_str().unwrap_or("?")));
        wrong.extend(said);
    }
}

#[track_caller]
fn none(mut wrong: Vec<String>) {
    wrong.dedup();
    assert!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Where the pages of an address with something to fill in are, and of one that says more than one thing. An address
/// that has neither is a page if it answers with one, and is looked at as it is.
fn examples(pattern: &str) -> Option<&'static [&'static str]> {
    Some(match pattern {
        "/" => &[
            "/",
            "/?q=nothing+is+called+that",
            "/?status=attention",
            "/?sort=due&provider=onespan",
            "/?status=trashed",
        ],
        // Each package is visited by itself; a fragment, a stream and a file are no pages.
        "/packages/{package:.*}" | "/live" | "/screen-live" | "/static/{file}" => &[],
        "/inbox/payload/{arrival}" | "/inbox/waiting/{id}" | "/api/v1/packages/{package:.*}" => &[],
        // Visited as whom they are for.
        "/screen/{secret}" | "/screen" | "/screen-pulse" | "/welcome/{secret}" => &[],
        "/sign-in" | "/sign-in/oidc" | "/sign-in/oidc/back" | "/sign-in/code" | "/sign-in/second" => &[],
        "/sync" => &["/sync", "/sync?done=stopped", "/sync?standing=lost"],
        "/inbox" => &["/inbox", "/inbox?done=replayed-1"],
        "/forwards/{account}" => &["/forwards/os"],
        "/alerts" => &[
            "/alerts",
            "/alerts?state=taken",
            "/alerts?state=resolved",
            "/alerts?kind=locked",
            "/alerts?done=taken-1-2",
        ],
        "/hooks/{hook}" => &["/hooks/crm", "/hooks/crm?done=paused"],
        "/messages" => &["/messages", "/messages?only=given-up&again=1"],
        "/people" => &["/people", "/people?after=zzz"],
        "/people/{id}" => &["/people/1", "/people/2?done=changed"],
        "/tokens" => &["/tokens", "/tokens?done=ended"],
        "/me" => &["/me", "/me?done=name"],
        _ if pattern.contains('{') => panic!("{pattern} has no example: name one, or say that it is no page"),
        _ => return None,
    })
}

/// A board on which something of everything is: each status, each trouble, what was refused, lost, found, passed on.
async fn full() -> Stage {
    let mut stage = Stage::of(all_four(), true).await;
    let change = |config: &mut signboard::config::Config| {
        config.opens = Opens::ToWhoSignsIn;
        let url = Secret::new("http://127.0.0.1:9/nobody");
        config.accounts.get_mut("os").unwrap().forward =
            Some(ForwardConfig { url, proxy: None, ca_file: None });
        config.hooks.push(hook("crm"));
        // Nobody is there: what waits is shown.
        config.mail = Some(mailbox::config(9));
        config.server.public_url = Some("https://board.example.com".to_owned());
        for account in config.accounts.values_mut() {
            account.fallback = vec!["operators-of-the-house@example.com".to_owned()];
        }
        let url = "http://127.0.0.1:9/nobody".to_owned();
        config.channels.push(crate::telling::channels::channel("sales", ChannelKind::Slack, url));
    };
    stage.board.reconfigure(change).await;
    let week = stories::week(5, 90, &all_four(), stage.now());
    let told = stories::happen(&mut stage.world.world().lock(), &week);
    let mut posts = wire::posts(told, 360_000);
    // The last ones get lost, so that a sweep finds something.
    posts.truncate(posts.len() - 12);
    for some in posts.chunks(64) {
        stage.tell(some.to_vec()).await;
    }
    // What a week hasn't brought.
    for acts in [
        vec![Act::OptOut(0, "No screen, please".to_owned())],
        vec![Act::Delete],
        vec![Act::Trash],
        vec![Act::Expire],
        vec![Act::Lock(0), Act::Bounce(1, Bounce::Hard), Act::KbaFail(1)],
    ] {
        let id = stage.create("os", &nda()).await;
        for act in [Act::Activate].iter().chain(&acts) {
            stage.act("os", &id, act).await;
        }
    }
    let id = stage.create("os", &nda().closed_by_hand()).await;
    for act in [Act::Activate, Act::SignAll(0), Act::SignAll(1)] {
        stage.act("os", &id, &act).await;
    }
    stage.ask().await;
    // Alerts are told where nobody is, and one of them was given up.
    stage.board.app().route_step().await.unwrap();
    stage.board.app().tell_step().await.unwrap();
    stage.board.sql("UPDATE tellings SET state = 2 WHERE id = (SELECT min(id) FROM tellings)").await;
    sweep(&stage, "os").await;
    stage.board.app().route_step().await.unwrap();
    stage.board.app().tell_step().await.unwrap();
    stage.board.send_as("os", None, "refused").await;
    stage.board.send_as("os", Some("Basic b25lc3Bhbi1rZXk="), "no JSON").await;
    stage
}

/// Seen red with: links in the inbox too close together for a finger.
#[actix_web::test]
async fn every_page_of_a_full_board_can_be_used_by_everybody() {
    let Some(page) = inspector().await else { return };
    let stage = full().await;
    let (board, mut wrong) = (&stage.board, Vec::new());
    let admin = board.person("admin@example.com", Role::Admin).await;
    board.person("somebody@example.com", Role::Sender).await;
    board.program(Scope::Read, Reach::default(), None).await;
    become_who(&page, board, &admin, "__Host-signboard").await;
    for (_, pattern, _) in ADDRESSES.iter().filter(|it| it.0 == Verb::Read) {
        match examples(pattern) {
            Some(paths) => {
                for path in paths {
                    visit(&page, board, path, &mut wrong).await;
                }
            }
            None => {
                let answer = board.get_as(&admin, pattern).await;
                assert_eq!(answer.status(), 200, "{pattern} has no example: name one");
                if answer.text().await.unwrap().starts_with("<!doctype html>") {
                    visit(&page, board, pattern, &mut wrong).await;
                }
            }
        }
    }
    visit(&page, board, "/packages/os/none", &mut wrong).await;
    // With the list of keys before it.
    page.go(&board.url).await;
    page.until("!document.getElementById('show-keys').hidden").await;
    page.click("#show-keys").await;
    page.until("document.getElementById('keys').open").await;
    inspect(&page, "/ with its keys", &mut wrong).await;
    none(wrong);
    stage.close().await;
}

#[actix_web::test]
async fn the_page_of_every_kind_of_package_can_be_used_by_everybody() {
    let Some(page) = inspector().await else { return };
    let stage = full().await;
    let (board, mut wrong) = (&stage.board, Vec::new());
    let admin = board.person("admin@example.com", Role::Admin).await;
    become_who(&page, board, &admin, "__Host-signboard").await;
    let statuses = Status::ALL.iter().map(|it| it.word());
    for tally in statuses.chain(["attention", "with_sender", "trashed"]) {
        let list = board.get_as(&admin, &format!("/api/v1/packages?status={tally}&limit=1")).await;
        let list: Value = list.json().await.unwrap();
        let it = list["packages"].get(0).unwrap_or_else(|| panic!("the board is not full: no {tally}"));
        let [account, id] = ["account", "id"].map(|part| plain(it[part].as_str().unwrap()));
        visit(&page, board, &format!("/packages/{account}/{id}"), &mut wrong).await;
    }
    none(wrong);
    stage.close().await;
}

/// Seen red with: a field whose label names no field.
#[actix_web::test]
async fn every_page_of_an_empty_board_can_be_used_by_everybody() {
    let Some(page) = inspector().await else { return };
    let board = Board::with_people(|_| ()).await;
    let mut wrong = Vec::new();
    let admin = board.person("admin@example.com", Role::Admin).await;
    become_who(&page, &board, &admin, "__Host-signboard").await;
    for path in ["/", "/?q=x", "/sync", "/inbox", "/providers", "/people", "/tokens", "/lost", "/alerts"] {
        visit(&page, &board, path, &mut wrong).await;
    }
    // What forms answer: what was made is shown once, what was wrong is said.
    for (path, fill, button) in [
        ("/people", [("#email", "new@example.com")].as_slice(), "#invite .primary"),
        ("/people", &[("#email", "admin@example.com")], "#invite .primary"),
        ("/people/2", &[], "input[value=link] + button"),
        ("/people/1", &[], "input[value=disable] + button"),
        ("/tokens", &[("#name", "reports")], "#make .primary"),
        ("/tokens", &[("#name", "  ")], "#make .primary"),
        ("/lost", &[("textarea", "nothing")], "form.paste button"),
    ] {
        page.go(&format!("{}{path}", board.url)).await;
        page.viewport(1280, 800).await;
        for (field, text) in fill {
            page.fill(field, text).await;
        }
        page.js("window.asked = true").await;
        page.click(button).await;
        page.until("!window.asked").await;
        inspect(&page, &format!("{path} after {button}"), &mut wrong).await;
    }
    let limited = NewUser { accounts: only(&[]), ..user("limited@example.com", Role::Viewer) };
    let limited = board.somebody(limited).await;
    become_who(&page, &board, &limited, "__Host-signboard").await;
    for path in ["/", "/sync", "/me", "/inbox", "/nowhere"] {
        visit(&page, &board, path, &mut wrong).await;
    }
    none(wrong);
    board.stop().await;
}

/// Seen red with: a wall screen's counts, which had to be scrolled on a narrow one.
#[actix_web::test]
async fn every_page_before_the_door_can_be_used_by_everybody() {
    let Some(page) = inspector().await else { return };
    let board = Board::with_people(|_| ()).await;
    let (app, mut wrong) = (board.app(), Vec::new());
    let first = app.make_link(LinkKind::First, None).await.unwrap();
    visit(&page, &board, &format!("/welcome/{}", first.text()), &mut wrong).await;
    let admin = NewUser::admin(EMAIL, passwords::hash(PASSWORD).await.unwrap());
    let id = app.store.add_user(&admin, app.now()).await.unwrap().unwrap();
    let reset = app.make_link(LinkKind::Reset, Some(id)).await.unwrap();
    for path in
        [&format!("/welcome/{}", reset.text()), "/sign-in", "/welcome/gone", "/screen", "/screen/gone"]
    {
        visit(&page, &board, path, &mut wrong).await;
    }
    page.go(&format!("{}/sign-in", board.url)).await;
    page.fill("#email", EMAIL).await;
    page.fill("#password", "something else").await;
    page.click(".primary").await;
    page.until("document.getElementById('wrong')").await;
    inspect(&page, "/sign-in with a wrong password", &mut wrong).await;

    let (secret, now) = (NewSecret::make("").unwrap(), app.now());
    let (remote, agent) = ("127.0.0.1".to_owned(), "a test".to_owned());
    let half = Session { id: 0, user: id, half: true, created_at: now, seen_at: now, remote, agent };
    app.store.begin_session(&secret.hash(), &half, None).await.unwrap();
    become_who(&page, &board, &Shows::Cookie(secret.text().to_owned()), "__Host-signboard").await;
    visit(&page, &board, "/sign-in/second", &mut wrong).await;
    page.fill("#code", "123456").await;
    page.click(".primary").await;
    page.until("document.getElementById('wrong')").await;
    inspect(&page, "/sign-in/second with a wrong code", &mut wrong).await;
    app.store.set_totp(id, "JBSWY3DPEHPK3PXP".to_owned(), 0).await.unwrap();
    visit(&page, &board, "/sign-in/code", &mut wrong).await;

    board.event("away", "PACKAGE_ACTIVATE", "", 0).await;
    board.event("away", "SIGNER_LOCKED", "marta", 1).await;
    for query in ["", "status=draft"] {
        let screen = board.program(Scope::Screen, Reach::default(), Some(query)).await;
        become_who(&page, &board, &screen, "__Host-signboard-screen").await;
        visit(&page, &board, "/screen", &mut wrong).await;
    }
    none(wrong);
    tokio::time::timeout(Duration::from_secs(20), board.stop()).await.unwrap();
}
