//! The page of alerts: who sees what, who may do what, and what is said of it. A board without script is all there is here.

use crate::support::board::{Board, NOON};
use crate::support::people::{Shows, only, user};
use serde_json::Value;
use signboard::app::erasing::ToErase;
use signboard::app::people::NewUser;
use signboard::model::access::{Reach, Role, Scope};
use signboard::model::{AccountId, PackageId, PackageKey};

async fn text(board: &Board, who: &Shows, path: &str) -> String {
    let answer = board.get_as(who, path).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

/// Posts a form as somebody; where that leads.
async fn post(board: &Board, who: &Shows, path: &str, form: &str) -> String {
    let answer = board.post_as(who, path, form).await;
    assert_eq!(answer.status(), 303, "{path} {form}");
    answer.headers()["location"].to_str().unwrap().to_owned()
}

async fn json(board: &Board, who: &Shows, path: &str) -> Value {
    serde_json::from_str(&text(board, who, path).await).unwrap()
}

/// Kinds and packages of a page of alerts.
async fn listed(board: &Board, who: &Shows, query: &str) -> Vec<String> {
    let list = json(board, who, &format!("/api/v1/alerts{query}")).await;
    let of =
        |it: &Value| format!("{} {}", it["package"].as_str().unwrap_or("-"), it["kind"].as_str().unwrap());
    list["alerts"].as_array().unwrap().iter().map(of).collect()
}

/// Somebody wants to hear of these, and so may see to them.
async fn follow(board: &Board, who: &Shows, packages: &[&str]) {
    for package in packages {
        post(board, who, &format!("/follow/packages/os/{package}"), "do=follow").await;
    }
}

async fn id_of(board: &Board, package: &str) -> String {
    board.sql(&format!("SELECT id FROM alerts WHERE package = '{package}'")).await[0].clone()
}

/// The packages p, locked, and q, declined.
async fn trouble(board: &Board) {
    board.event("p", "PACKAGE_ACTIVATE", "sender", 0).await;
    board.event("p", "SIGNER_LOCKED", "s1", 1000).await;
    board.event("q", "PACKAGE_ACTIVATE", "sender", 0).await;
    board.event("q", "PACKAGE_DECLINE", "s1", 2000).await;
}

async fn audit(board: &Board) -> Vec<String> {
    board.sql("SELECT who || ' ' || kind || ' ' || what FROM audit WHERE kind IN ('alert', 'follow') ORDER BY id").await
}

/// Seen red with: no look at the reach before an act; a bar of buttons for whoever looks.
#[actix_web::test]
async fn everybody_sees_what_is_theirs_and_only_senders_and_admins_have_buttons() {
    let board = Board::with_people(|_| ()).await;
    trouble(&board).await;
    let id = id_of(&board, "p").await;
    let sender = board.person("s@example.com", Role::Sender).await;
    let viewer = board.person("v@example.com", Role::Viewer).await;
    let other = NewUser { accounts: only(&["cg"]), ..user("o@example.com", Role::Sender) };
    let other = board.somebody(other).await;
    let theirs = board.somebody(NewUser { mine: true, ..user("t@example.com", Role::Sender) }).await;
    let program = board.program(Scope::Resync, Reach::default(), None).await;

    for who in [&sender, &viewer, &program] {
        assert_eq!(listed(&board, who, "").await, ["q declined", "p locked"]);
    }
    for who in [&other, &theirs] {
        assert_eq!(listed(&board, who, "").await, Vec::<String>::new());
        let page = text(&board, who, "/alerts").await;
        assert!(
            page.contains("Nothing needs a person") && page.contains("aria-label=\"No open alerts\""),
            "{page}"
        );
        let gone = post(&board, who, "/alerts", &format!("do=take&id={id}")).await;
        assert_eq!(gone, "/alerts?done=taken-0-1");
        let check = board.post_as(who, "/alerts", &format!("do=check&id={id}")).await;
        assert_eq!(check.status(), 404, "nothing is said of it");
        assert!(!text(&board, who, &format!("/alerts?checked={id}")).await.contains("class=\"notice\""));
    }
    let page = text(&board, &viewer, "/alerts").await;
    assert!(page.contains("s1 was locked out") && !page.contains("<button name=\"do\""), "{page}");
    assert!(!page.contains("type=\"checkbox\""), "{page}");
    for (who, status) in [(&viewer, 403), (&program, 403), (&Shows::Nothing, 401)] {
        let answer = board.post_as(who, "/alerts", &format!("do=take&id={id}")).await;
        assert_eq!(answer.status(), status);
    }
    let foreign =
        sender.on(board.client.post(format!("{}/alerts", board.url))).body(format!("do=take&id={id}"));
    let foreign = foreign.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(foreign.header("sec-fetch-site", "cross-site").send().await.unwrap().status(), 403);
    assert_eq!(board.sql("SELECT count(*) FROM alerts WHERE taken_at IS NOT NULL").await, ["0"]);
    assert_eq!(audit(&board).await, Vec::<String>::new());
    let page = text(&board, &sender, "/alerts").await;
    assert!(page.contains("<title>(2) Alerts, open · signboard</title>"), "{page}");
    assert!(page.contains("aria-label=\"2 open alerts\"") && !page.contains("Take note"), "{page}");
    let nothing = post(&board, &sender, "/alerts", &format!("do=take&id={id}")).await;
    assert_eq!(nothing, "/alerts?done=taken-0-1", "they hear of neither");
    follow(&board, &sender, &["q"]).await;
    let page = text(&board, &sender, "/alerts").await;
    assert_eq!(page.matches("<button name=\"do\" value=\"take\">Take note").count(), 1, "{page}");
    assert_eq!(page.matches(" disabled").count(), 1, "the other can't be chosen: {page}");
    board.stop().await;
}

#[actix_web::test]
async fn what_somebody_does_about_alerts_is_done_and_said_without_script() {
    let board = Board::with_people(|_| ()).await;
    trouble(&board).await;
    board.event("r", "SIGNER_LOCKED", "s1", 3000).await;
    let sender = board.person("s@example.com", Role::Sender).await;
    follow(&board, &sender, &["p", "q", "r"]).await;
    let (p, q, r) = (id_of(&board, "p").await, id_of(&board, "q").await, id_of(&board, "r").await);
    // One, with a reason; then the page that they came from says so.
    let form = format!("do=take&id={p}&why=I+call+%3Cher%3E&back=%2Falerts%3Fkind%3Dlocked");
    let to = post(&board, &sender, "/alerts", &form).await;
    assert_eq!(to, "/alerts?kind=locked&done=taken-1-1");
    assert!(text(&board, &sender, &to).await.contains("1 alert is taken by you."));
    let taken = text(&board, &sender, "/alerts?state=taken").await;
    assert!(taken.contains("<bdi>s@example.com</bdi>") && taken.contains("I call &#60;her&#62;"), "{taken}");
    assert_eq!(listed(&board, &sender, "?state=taken").await, ["p locked"]);
    // Mended, they say: the provider is asked at once, and the package's page says what came of it.
    let to = post(&board, &sender, "/alerts", &format!("do=check&id={p}&back=%2Fpackages%2Fos%2Fp")).await;
    assert_eq!(to, format!("/packages/os/p?checked={p}"));
    let page = text(&board, &sender, &to).await;
    assert!(page.contains("The account has no API in the configuration, so nobody can be asked"), "{page}");
    // Several at once: an end is over with that; what is over is not taken again.
    let to = post(&board, &sender, "/alerts", &format!("do=take&id={q}&id={r}&back=%2F%2Felsewhere")).await;
    assert_eq!(to, "/alerts?done=taken-2-2", "somewhere on this board");
    let to = post(&board, &sender, "/alerts", &format!("do=take&id={q}")).await;
    assert!(text(&board, &sender, &to).await.contains("0 alerts are taken by you. 1 was over already"));
    assert_eq!(listed(&board, &sender, "?state=resolved").await, ["q declined"]);
    let over = text(&board, &sender, "/alerts?state=resolved").await;
    assert!(
        over.contains("Closed, since somebody took note of it") && !over.contains("name=\"do\""),
        "{over}"
    );
    assert_eq!(
        audit(&board).await,
        [
            "follow os/p: followed",
            "follow os/q: followed",
            "follow os/r: followed",
            "alert locked os/p: taken",
            "alert locked os/p: checked",
            "alert declined os/q: taken",
            "alert locked os/r: taken"
        ]
        .map(|it| format!("s@example.com {it}"))
    );
    for form in ["do=take", "do=forget&id=1", "id=1", "do=take&id=x"] {
        assert_eq!(board.post_as(&sender, "/alerts", form).await.status(), 400, "{form}");
    }
    // A later fact resolves what was taken, and the package's page says all of it.
    board.event("p", "DOCUMENT_SIGNED", "s1", 9000).await;
    let page = text(&board, &sender, "/packages/os/p").await;
    for said in
        ["</bdi></strong><bdi> sees to it: Signer locked", "Alert over: Signer locked", "Resolved by itself"]
    {
        assert!(page.contains(said), "{said} in {page}");
    }
    board.stop().await;
}

/// Seen red with: a second name that takes the place of the first; a reason that outlives whom it names; the same kept twice.
#[actix_web::test]
async fn whoever_takes_over_is_named_with_whom_from_and_why() {
    let board = Board::with_people(|_| ()).await;
    trouble(&board).await;
    let ada = board.person("ada@example.com", Role::Sender).await;
    let bob = board.person("bob@example.com", Role::Sender).await;
    let other = NewUser { accounts: only(&["cg"]), ..user("o@example.com", Role::Sender) };
    let other = board.somebody(other).await;
    follow(&board, &ada, &["p"]).await;
    follow(&board, &bob, &["p"]).await;
    let p = id_of(&board, "p").await;
    let called = "called+tom%40example.com";
    // The last says the same twice, as whoever presses a button twice.
    for (who, why) in [(&ada, "I+call+%3Cher%3E"), (&bob, "ada+is+ill"), (&bob, called), (&bob, called)] {
        board.clock.advance(3_600_000);
        post(&board, who, "/alerts", &format!("do=take&id={p}&why={why}")).await;
    }
    let list = text(&board, &ada, "/alerts?state=taken").await;
    for said in [
        "Taken by <bdi>bob@example.com</bdi>",
        "Taken before by <bdi>bob@example.com</bdi>",
        "Taken over from <bdi>ada@example.com, who took it</bdi>",
        "I call &#60;her&#62;",
        "ada is ill",
    ] {
        assert!(list.contains(said), "{said} in {list}");
    }
    let page = text(&board, &bob, "/packages/os/p").await;
    let first = page.find("ada@example.com</bdi></strong><bdi> sees to it: Signer locked").unwrap();
    let second =
        page.find("bob@example.com</bdi></strong><bdi> takes over from ada@example.com: Signer locked");
    assert!(second.unwrap() < first, "the newest comes first: {page}");
    let taken = &json(&board, &bob, "/api/v1/alerts?state=taken").await["alerts"][0]["taken"];
    assert_eq!(
        (&taken["by"], &taken["before"][0]["by"]),
        (&"bob@example.com".into(), &"ada@example.com".into())
    );
    assert_eq!(taken["before"][0]["why"], "I call <her>");
    assert_eq!(taken["before"].as_array().unwrap().len(), 2);
    let words = ["taken", "taken over", "taken", "taken"].map(|it| format!("alert locked os/p: {it}"));
    let deeds: Vec<String> = audit(&board).await.into_iter().filter(|it| it.contains(" alert ")).collect();
    assert_eq!(deeds.iter().map(|it| it.split_once(' ').unwrap().1).collect::<Vec<_>>(), words);
    assert!(!text(&board, &other, "/alerts?state=taken").await.contains("ada@example.com"));
    // A reason goes with whom it names, and the others stay.
    post(&board, &ada, "/alerts", &format!("do=take&id={p}")).await;
    let tom =
        ToErase { mail: "tom@example.com".to_owned(), name: None, by: "t".to_owned(), remote: String::new() };
    board.app().erase(&tom).await.unwrap();
    let kept = board.sql(&format!("SELECT taken_before FROM alerts WHERE id = {p}")).await.remove(0);
    assert!(!kept.contains("tom@") && kept.contains("ada is ill") && kept.contains("null"), "{kept}");
    // However often it goes to and fro.
    for _ in 0..15 {
        for who in [&ada, &bob] {
            post(&board, who, "/alerts", &format!("do=take&id={p}")).await;
        }
    }
    let length = format!("SELECT json_array_length(taken_before) FROM alerts WHERE id = {p}");
    assert_eq!(board.sql(&length).await, ["20"]);
    board.stop().await;
}

/// Seen red with: the board's zone for everybody.
#[actix_web::test]
async fn somebody_hears_of_it_later_at_eight_where_they_are() {
    let board = Board::with_people(|_| ()).await;
    trouble(&board).await;
    let sender = board.person("s@example.com", Role::Sender).await;
    follow(&board, &sender, &["p"]).await;
    board.sql("UPDATE users SET zone = 'America/New_York'").await;
    let (p, hour) = (id_of(&board, "p").await, 3_600_000);
    for (word, until) in [("hour", hour), ("four", 4 * hour), ("tomorrow", 25 * hour)] {
        post(&board, &sender, "/alerts", &format!("do={word}&id={p}")).await;
        // 8:00 in New York is 13:00 UTC, on the next day.
        let until = NOON + until;
        assert_eq!(
            board.sql("SELECT snoozed_until FROM alerts WHERE snoozed_until IS NOT NULL").await,
            [until.to_string()]
        );
    }
    assert_eq!(listed(&board, &sender, "").await, ["q declined"]);
    assert_eq!(listed(&board, &sender, "?state=snoozed").await, ["p locked"]);
    let page = text(&board, &sender, "/alerts?state=snoozed").await;
    assert!(page.contains("Silent, as asked by <bdi>s@example.com, until</bdi>"), "{page}");
    assert!(page.contains("aria-label=\"1 open alert\""), "{page}");
    board.clock.advance(25 * hour);
    let again = board.sign_in(1).await;
    assert_eq!(listed(&board, &again, "").await, ["q declined", "p locked"]);
    board.stop().await;
}

#[actix_web::test]
async fn lists_are_narrowed_and_paged_and_programs_read_the_same() {
    let board = Board::with_people(|_| ()).await;
    for at in 0..60 {
        board.event(&format!("p{at:02}"), "SIGNER_LOCKED", "s1", at).await;
    }
    trouble(&board).await;
    let sender = board.person("s@example.com", Role::Sender).await;
    assert_eq!(listed(&board, &sender, "?kind=declined").await, ["q declined"]);
    assert_eq!(listed(&board, &sender, "?account=cg").await, Vec::<String>::new());
    let first = json(&board, &sender, "/api/v1/alerts?limit=40").await;
    let next = first["next"].as_str().unwrap();
    let second = json(&board, &sender, &format!("/api/v1/alerts?limit=40&after={next}")).await;
    assert_eq!(
        (first["alerts"].as_array().unwrap().len(), second["alerts"].as_array().unwrap().len()),
        (40, 22)
    );
    assert_eq!(second["next"], Value::Null);
    let one = &first["alerts"][1];
    let keys = [
        "id",
        "kind",
        "state",
        "account",
        "package",
        "name",
        "signer",
        "what",
        "todo",
        "began",
        "raised_at",
        "late",
        "taken",
        "snoozed",
        "resolved",
        "told",
    ];
    let mut named: Vec<&str> = one.as_object().unwrap().keys().map(String::as_str).collect();
    named.sort_unstable();
    let mut expected = keys.to_vec();
    expected.sort_unstable();
    assert_eq!(named, expected);
    assert_eq!(
        (&one["what"], &one["state"], &one["told"]),
        (&"s1 was locked out".into(), &"open".into(), &Value::Array(Vec::new()))
    );
    for bad in ["?state=gone", "?kind=x", "?limit=0", "?after=x"] {
        assert_eq!(board.get_as(&sender, &format!("/api/v1/alerts{bad}")).await.status(), 400, "{bad}");
    }
    let page = text(&board, &sender, "/alerts?kind=locked").await;
    assert_eq!(page.matches("<li id=\"a-").count(), 50);
    assert!(page.contains(">Open <b>61</b>") && page.contains("kind=locked&#38;before="), "{page}");
    // On top of the board stand three of them, and the way to the others.
    let board_page = text(&board, &sender, "/").await;
    assert!(board_page.contains("<a href=\"/alerts\">and 59 more</a>"), "{board_page}");
    assert!(board_page.contains("<title>(62) Packages"), "{board_page}");
    board.stop().await;
}

#[actix_web::test]
async fn whoever_follows_a_package_is_one_who_sees_it() {
    let board = Board::with_people(|_| ()).await;
    trouble(&board).await;
    let viewer = board.person("v@example.com", Role::Viewer).await;
    let other = NewUser { accounts: only(&["cg"]), ..user("o@example.com", Role::Sender) };
    let other = board.somebody(other).await;
    let program = board.program(Scope::Resync, Reach::default(), None).await;
    let (key, at) = (
        PackageKey { account: AccountId("os".to_owned()), package: PackageId::parse("p").unwrap() },
        "/follow/packages/os/p",
    );
    assert!(text(&board, &viewer, "/packages/os/p").await.contains("<button>Follow</button>"));
    assert_eq!(post(&board, &viewer, at, "do=follow").await, "/packages/os/p");
    post(&board, &viewer, at, "do=follow").await;
    assert!(board.app().store.follows(1, &key).await.unwrap());
    assert!(text(&board, &viewer, "/packages/os/p").await.contains("<button>Unfollow</button>"));
    assert_eq!(board.post_as(&other, at, "do=follow").await.status(), 404);
    assert_eq!(board.post_as(&program, at, "do=follow").await.status(), 403);
    post(&board, &viewer, at, "do=unfollow").await;
    assert!(!board.app().store.follows(1, &key).await.unwrap());
    assert_eq!(
        audit(&board).await,
        ["v@example.com follow os/p: followed", "v@example.com follow os/p: left"]
    );
    board.stop().await;
}

/// Seen red with: a stand-in who is nobody of this board.
#[actix_web::test]
async fn somebody_says_what_they_want_to_hear_of() {
    let board = Board::with_people(|_| ()).await;
    let viewer = board.person("v@example.com", Role::Viewer).await;
    board.person("b@example.com", Role::Viewer).await;
    let page = text(&board, &viewer, "/me").await;
    assert!(page.contains("What you are told") && !page.contains("Disk nearly full"), "{page}");
    let full = "do=wishes&mail=yes&kinds=some&kind=locked&kind=declined&sees=some&account=os&quiet-from=22:00&quiet-until=07:00\
        &digest=08:00&stand-in=B%40Example.com&stand-from=2026-12-24&stand-until=2027-01-01";
    assert_eq!(post(&board, &viewer, "/me", full).await, "/me?done=wishes");
    let wishes = board.app().store.wishes(1).await.unwrap();
    assert_eq!(wishes.kinds.as_ref().unwrap().len(), 2);
    assert_eq!(wishes.accounts, only(&["os"]));
    let stand_in = wishes.stand_in.as_ref().unwrap();
    assert_eq!(
        (stand_in.email.as_str(), stand_in.until.to_string()),
        ("b@example.com", "2027-01-01".to_owned())
    );
    assert!(wishes.mail && wishes.digest.is_some() && wishes.quiet.is_some());
    let page = text(&board, &viewer, "/me?done=wishes").await;
    for said in
        ["value=\"22:00\"", "value=\"b@example.com\"", "value=\"2026-12-24\"", "value=\"locked\" checked"]
    {
        assert!(page.contains(said), "{said} in {page}");
    }
    for (change, status) in [
        (("kinds=some", "kinds="), 400),
        (("quiet-until=07:00", "quiet-until="), 400),
        (("digest=08:00", "digest=8"), 400),
        (("stand-from=2026-12-24", "stand-from="), 400),
        (("stand-until=2027-01-01", "stand-until=2026-12-01"), 422),
        (("B%40Example.com", "nobody%40example.com"), 422),
        (("B%40Example.com", "v%40example.com"), 422),
    ] {
        let form = full.replace(change.0, change.1);
        assert_eq!(board.post_as(&viewer, "/me", &form).await.status(), status, "{}", change.1);
    }
    assert_eq!(board.app().store.wishes(1).await.unwrap(), wishes, "what was refused changed nothing");
    assert_eq!(post(&board, &viewer, "/me", "do=wishes&kinds=all&sees=all").await, "/me?done=wishes");
    let plain = board.app().store.wishes(1).await.unwrap();
    assert!(plain.kinds.is_none() && plain.accounts.is_none() && !plain.mail && plain.stand_in.is_none());
    board.stop().await;
}
