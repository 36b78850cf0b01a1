//! A person is erased wherever the board has them, and what happened stays.

use crate::support::board::{Board, NOON, event};
use crate::support::sse::Reader;
use crate::support::world::{Stage, all_four, nda, sweep};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use signboard::app::erasing::{ToErase, Traced};
use signboard::app::people::DeedKind;
use signboard::config::{AccountConfig, CallbackAuth, ProviderKind};
use signboard::demo::act::Act;
use signboard::store::people::DeedFilter;
use std::path::Path;
use std::process::Command;

fn erasings() -> DeedFilter {
    DeedFilter { kind: Some(DeedKind::Erase), ..DeedFilter::default() }
}

fn person(mail: &str, name: Option<&str>) -> ToErase {
    let name = name.map(str::to_owned);
    ToErase { mail: mail.to_owned(), name, by: "tester".to_owned(), remote: String::new() }
}

/// How many times a word is in the files of a data folder, in any case.
fn in_files(data: &Path, word: &str) -> usize {
    let word = word.to_lowercase();
    let files = std::fs::read_dir(data).unwrap().map(|it| std::fs::read(it.unwrap().path()).unwrap());
    files.map(|it| String::from_utf8_lossy(&it).to_lowercase().matches(&word).count()).sum()
}

async fn nothing_differs(board: &Board) {
    let before = board.dump().await;
    assert_eq!(board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    board.app().rebuild().await.unwrap();
    assert_eq!(board.app().replay(|_| ()).await.unwrap().fresh, 0);
    assert_eq!(board.dump().await, before, "neither a rebuild nor a replay changes a row");
}

fn counts(it: &Traced) -> (u64, u64, usize, usize, usize) {
    let bodies = it.held.arrivals.union(&it.blotted.bodies).count();
    (it.blotted.packages, it.blotted.facts, bodies, it.held.refused.len(), it.held.waiting.len())
}

/// Seen red with: `begin_erasing` that doesn't load.
#[actix_web::test]
async fn of_all_four_providers_somebody_goes_and_stays_away() {
    let stage = Stage::of(all_four(), true).await;
    let mut ids = Vec::new();
    for account in ["os", "cg", "ls", "wo"] {
        let id = stage.create(account, &nda()).await;
        stage.act(account, &id, &Act::Activate).await;
        if account == "wo" {
            stage.act(account, &id, &Act::Open(0)).await;
        } else {
            stage.act(account, &id, &Act::Decline(0, "I, Ana, have no money".to_owned())).await;
        }
        ids.push((account, id));
    }
    stage.ask().await;
    let board = &stage.board;
    let signer = board.package("os", &ids[0].1).await["signers"][0].clone();
    let mail = signer["email"].as_str().unwrap().to_owned();
    assert!(
        board.dump().await.iter().any(|it| it.contains(&mail))
            && board.dump().await.iter().any(|it| it.contains("no money"))
    );
    let before = board.sql("SELECT count(*) || ' ' || sum(deliveries) FROM facts").await;
    let statuses = board.sql("SELECT account || shelf || seq FROM packages ORDER BY id").await;
    let found = board.app().trace(&person(&mail, None)).await.unwrap();
    assert_eq!(found.number, None);
    assert!(board.dump().await.iter().any(|it| it.contains(&mail)), "to look changes nothing");
    let done = board.app().erase(&person(&mail.to_uppercase(), None)).await.unwrap();
    assert_eq!(counts(&done), counts(&found));
    assert!(done.blotted.packages >= 3 && !done.blotted.bodies.is_empty(), "{done:?}");
    let left = board.dump().await;
    let left: Vec<&String> =
        left.iter().filter(|it| it.to_lowercase().contains(&mail) || it.contains("no money")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(board.sql("SELECT count(*) || ' ' || sum(deliveries) FROM facts").await, before);
    let now = board.sql("SELECT account || shelf || seq FROM packages ORDER BY id").await;
    assert_eq!(now.len(), statuses.len());
    for (account, id) in &ids[..3] {
        let package = board.package(account, id).await;
        assert_eq!(package["status"], "declined", "{package}");
        assert_eq!(package["signers"][0]["name"], "erased person", "{package}");
        assert_eq!(package["signers"][1]["name"], "Ben Okri");
    }
    nothing_differs(board).await;
    // The APIs say it all once more, and callbacks come again.
    for (account, id) in &ids {
        stage.act(account, id, &Act::Archive).await;
    }
    stage.ask().await;
    board.clock.advance(30 * 3_600_000);
    for (account, _) in &ids {
        let run = sweep(&stage, account).await;
        assert!(run.success, "{run:?}");
    }
    // And of new packages, as soon as it shows that they are in them.
    for account in ["os", "cg"] {
        let id = stage.create(account, &nda()).await;
        stage.act(account, &id, &Act::Activate).await;
        stage.act(account, &id, &Act::Decline(0, "I, Ana, have no money".to_owned())).await;
        stage.ask().await;
        let package = board.package(account, &id).await;
        assert_eq!(package["signers"][0]["name"], "erased person", "{package}");
    }
    let facts = "SELECT coalesce(who, '') || coalesce(detail, '') || coalesce(answer, '') FROM facts";
    for line in board.sql(facts).await.iter().chain(&board.sql("SELECT state || search FROM packages").await)
    {
        assert!(!line.to_lowercase().contains(&mail) && !line.contains("no money"), "{line}");
    }
    assert_eq!(board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    stage.close().await;
}

fn document(id: &str, second: i64, people: &Value) -> String {
    let at = format!("{:.0}", jiff::Timestamp::from_millisecond(NOON - 3_600_000 + second * 1_000).unwrap());
    json!({"id": format!("{id} {second}"), "created": at, "object": "document", "event": "created",
        "data": {"uuid": id, "name": "Lease of Ana Souza", "group": "g", "recipients": people}})
    .to_string()
}

async fn board() -> Board {
    Board::with(|config| {
        let account = AccountConfig::new(ProviderKind::Legalesign, CallbackAuth::None);
        config.accounts.insert("ls".to_owned(), account);
    })
    .await
}

/// What names them, in every place in which the board keeps things.
async fn fill(board: &Board) {
    let people = json!([{"uuid": "s1", "email": "Ana@a.example", "firstname": "Ana", "lastname": "Souza"}, {"uuid": "s2", "email": "ben@a.example"}]);
    let form = |text: &str| format!("data={}", utf8_percent_encode(text, NON_ALPHANUMERIC));
    for body in [
        document("P", 1, &people),
        form("{\"broken of ana@a.example\""),
        document("Q", 2, &json!([{"uuid": "s2", "email": "ben@a.example"}])),
    ] {
        assert_eq!(board.send_as("ls", None, body).await.status(), 200);
    }
    let told = board.send_as("os", Some("Basic wrong"), "{\"mail\": \"ANA@a.example\"}").await;
    assert_eq!(told.status(), 401);
    let declined = event("R", "PACKAGE_DECLINE", "ana@a.example", None, 5)
        .replace("\"message\":null", "\"message\":\"Nevermore\"");
    board.send("os", declined).await;
    let waits = event("W", "PACKAGE_CREATE", "u", None, 6)
        .replace("\"message\":null", "\"message\":\"ana@a.example\"");
    let text = utf8_percent_encode(&waits, NON_ALPHANUMERIC).to_string();
    let pasted = board.post("/inbox/import", &format!("account=os&text={text}")).await;
    assert!(pasted.status().as_u16() < 400);
}

/// Seen red with: `DROP` that leaves those set aside.
#[actix_web::test]
async fn bytes_refused_and_pasted_calls_go_and_the_same_fact_is_a_repeat() {
    let board = board().await;
    fill(&board).await;
    let done = board.app().erase(&person("ana@a.example", Some("Ana Souza"))).await.unwrap();
    assert_eq!(counts(&done), (3, 3, 4, 1, 1), "{done:?}");
    assert_eq!(board.package("ls", "P").await["name"], "Lease of erased person");
    assert_eq!(board.package("ls", "Q").await["name"], "Lease of erased person");
    assert_eq!(board.package("ls", "P").await["signers"][0]["id"], "s1");
    let dump = board.dump().await.join("\n").to_lowercase();
    assert!(
        !dump.contains("ana@a.example") && !dump.contains("souza") && !dump.contains("nevermore"),
        "{dump}"
    );
    assert_eq!(
        board.sql("SELECT count(*) FROM arrivals WHERE state = 2").await,
        ["0"],
        "nothing waits that can't be read"
    );
    assert!(board.text("/inbox").await.contains("bytes erased"));
    nothing_differs(&board).await;
    // The same once more: a repeat, without them.
    let people = json!([{"uuid": "s1", "email": "Ana@a.example", "firstname": "Ana", "lastname": "Souza"}, {"uuid": "s2", "email": "ben@a.example"}]);
    assert_eq!(board.send_as("ls", None, document("P", 1, &people)).await.status(), 200);
    assert_eq!(board.sql("SELECT max(deliveries) FROM facts").await, ["2"]);
    // News of them: without them, bytes and all.
    assert_eq!(board.send_as("ls", None, document("P", 9, &people)).await.status(), 200);
    assert_eq!(board.sql("SELECT gone FROM arrivals ORDER BY id DESC LIMIT 1").await, ["erased"]);
    let dump = board.dump().await.join("\n").to_lowercase();
    assert!(!dump.contains("ana@a.example"), "{dump}");
    nothing_differs(&board).await;
    let deeds = board.app().store.deeds(&erasings(), 9).await.unwrap();
    assert!(deeds[0].what.starts_with("a person, number 1: 3 packages"), "{deeds:?}");
    // To begin again is no harm, and has the same number.
    let again = board.app().erase(&person("ana@a.example", None)).await.unwrap();
    assert_eq!((again.number, again.blotted.packages), (Some(1), 0));
    board.stop().await;
}

#[actix_web::test]
async fn by_command_nothing_is_left_in_the_files() {
    let board = board().await;
    fill(&board).await;
    let folder = board.stop().await;
    let data = folder.path().join("data");
    assert!(in_files(&data, "ana@a.example") > 0);
    let config = folder.path().join("board.toml");
    let text = format!(
        "[server]\ndata = {data:?}\ndisk-guard = \"0 MiB\"\n[accounts.os]\nprovider = \"onespan\"\ncallback = {{ auth = \"none\" }}\n\
         [accounts.ls]\nprovider = \"legalesign\"\ncallback = {{ auth = \"none\" }}\n"
    );
    std::fs::write(&config, text).unwrap();
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
        let output =
            command.args(words).arg("--config").arg(&config).env_remove("RUST_LOG").output().unwrap();
        let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(!text.to_lowercase().contains("ana@"), "{text}");
        text
    };
    let words = ["erase", "--email", "ana@a.example", "--name", "Ana Souza"];
    let dry = run(&[&words[..], &["--dry-run"]].concat());
    assert!(
        dry.contains(
            "Would be erased: in 3 packages with 3 facts, the bytes of 4 callbacks, 1 refused calls, 1 pasted"
        ),
        "{dry}"
    );
    assert!(in_files(&data, "ana@a.example") > 0);
    let done = run(&words);
    assert!(done.contains("Erased: in 3 packages") && done.contains("written anew"), "{done}");
    assert_eq!(
        (in_files(&data, "ana@a.example"), in_files(&data, "souza"), in_files(&data, "nevermore")),
        (0, 0, 0)
    );
    run(&["selfcheck"]);
    run(&["compact"]);
}

#[actix_web::test]
async fn an_admin_looks_first_and_then_erases() {
    let board = board().await;
    fill(&board).await;
    let page = board.text("/retention").await;
    assert!(page.contains("Look where they are") && page.contains("\"/audit\" aria-current"), "{page}");
    let form = "email=ana%40a.example&name=Ana+Souza";
    let page = board.post("/retention", &format!("do=look&{form}")).await.text().await.unwrap();
    assert!(
        page.contains("Would be erased: in 3 packages") && page.contains("Erase this person for good"),
        "{page}"
    );
    assert_eq!(board.package("ls", "P").await["name"], "Lease of Ana Souza");
    let mut open_board = Reader::open(&board, "/live").await;
    let page = board.post("/retention", &format!("do=erase&{form}")).await.text().await.unwrap();
    assert!(page.contains("Erased: in 3 packages") && !page.contains("ana@a.example"), "{page}");
    assert_eq!(board.package("ls", "P").await["name"], "Lease of erased person");
    let names = async |reader: &mut Reader, last: &str| {
        for _ in 0..20 {
            let event = reader.take(1).await.remove(0);
            assert!(!event.data.contains("Ana Souza"), "{event:?}");
            if event.name == last || event.data.contains(last) {
                return;
            }
        }
        panic!("no {last}");
    };
    names(&mut open_board, "resync").await;
    // Who comes back after they were told of.
    let mut back = Reader::resume(&board, "/live", Some("0")).await;
    board.event("after", "PACKAGE_CREATE", "u", 9).await;
    names(&mut back, "/packages/os/after").await;
    for (form, why) in [("email=ana", "no mail address"), ("email=a%40b.example&name=x", "3 to 200")] {
        let answer = board.post("/retention", &format!("do=look&{form}")).await;
        assert_eq!(answer.status(), 422);
        assert!(answer.text().await.unwrap().contains(why));
    }
    assert_eq!(board.post("/retention", "do=nothing").await.status(), 400);
    let counted = board.post("/retention", "do=count").await.text().await.unwrap();
    assert!(counted.contains("Nothing is older"), "{counted}");
    let deeds = board.app().store.deeds(&erasings(), 9).await.unwrap();
    assert_eq!(deeds.last().unwrap().what, "looked where a person is");
    board.stop().await;
}

/// Seen red with: saved views that nobody looks through.
#[actix_web::test]
async fn a_saved_view_that_names_them_goes_and_what_else_does_is_told() {
    let board = board().await;
    fill(&board).await;
    let store = &board.app().store;
    let now = board.app().now();
    for (name, query) in [
        ("by mail", "sender=ana%40a.example"),
        ("by name", "q=ana+souza&status=sent"),
        ("of ANA@a.example", "status=sent"),
        ("others", "q=ben%40a.example"),
    ] {
        assert!(store.save_view(None, name, query, now).await.unwrap());
    }
    board.app().note("tester", "", DeedKind::Export, "packages as CSV: /?q=ana%40a.example").await;
    let ana = person("ana@a.example", Some("Ana Souza"));
    let found = board.app().trace(&ana).await.unwrap();
    assert!(found.lines().contains(&"3 saved views that name them go, too.".to_owned()), "{found}");
    assert_eq!((found.audit, found.is_user), (1, false), "{found}");
    assert_eq!(store.views(None).await.unwrap().len(), 4, "to look changes nothing");
    let token = "INSERT INTO tokens (name, prefix, hash, scope, query, created_at) \
        VALUES ('hall', 'sb', x'00', 'screen', 'sender=ana%40a.example', 0)";
    board.sql(token).await;
    let done = board.app().erase(&ana).await.unwrap();
    assert_eq!(done.held.views, found.held.views);
    assert!(done.is_user, "{done}");
    let left: Vec<String> = store.views(None).await.unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(left, ["others"]);
    board.stop().await;
}

/// Seen red with: a group looked at for the very letters of a name.
#[actix_web::test]
async fn a_group_that_is_called_like_somebody_is_told_of_and_stays() {
    let board = board().await;
    for (id, group) in [("P", "ana-souza"), ("Q", "Ana Souza"), ("R", "anas")] {
        let body = document(id, 0, &json!([])).replace("\"g\"", &format!("{group:?}"));
        assert_eq!(board.send_as("ls", None, body).await.status(), 200);
    }
    let ana = person("nobody@a.example", Some("Ana Souza"));
    let found = board.app().trace(&ana).await.unwrap().groups;
    let done = board.app().erase(&ana).await.unwrap().to_string();
    assert!(found == 2 && done.contains("\n2 groups of packages are called like them"), "{found} {done}");
    assert_eq!(board.package("ls", "Q").await["group"], "Ana Souza");
    board.stop().await;
}

/// Seen red with: a job that is done behind what wrote the log into the database.
#[actix_web::test]
async fn a_running_board_forgets_who_was_to_be_erased() {
    let board = board().await;
    fill(&board).await;
    let input = serde_json::to_string(&person("nobody.else@a.example", None)).unwrap();
    board.sql("INSERT INTO jobs (kind, created_at) VALUES ('erase', 0)").await;
    board.sql(&format!("INSERT INTO job_inputs (job, input) SELECT max(id), '{input}' FROM jobs")).await;
    board.app().do_jobs().await.unwrap();
    assert_eq!(board.sql("SELECT count(*) FROM job_inputs").await, ["0"]);
    assert_eq!(in_files(&board.data(), "nobody.else@a.example"), 0);
    board.stop().await;
}

/// Seen red with: `DROP` that knows only the first of the same bytes.
#[actix_web::test]
async fn what_could_not_be_read_and_came_twice_waits_no_more() {
    let board = board().await;
    let form = format!("data={}", utf8_percent_encode("{\"broken of ana@a.example\"", NON_ALPHANUMERIC));
    for _ in 0..2 {
        assert_eq!(board.send_as("ls", None, form.clone()).await.status(), 200);
    }
    let waits = "SELECT count(*) FROM arrivals WHERE state = 2";
    assert_eq!(board.sql(waits).await, ["2"]);
    board.app().erase(&person("ana@a.example", None)).await.unwrap();
    assert_eq!(board.sql(waits).await, ["0"]);
    nothing_differs(&board).await;
    board.stop().await;
}

/// Seen red with: arrivals read later, which keep their bytes.
#[actix_web::test]
async fn what_is_read_only_later_loses_its_bytes_then() {
    let board = board().await;
    fill(&board).await;
    board.app().erase(&person("ana@a.example", Some("Ana Souza"))).await.unwrap();
    let people = json!([{"uuid": "s1", "email": "ana@a.example", "firstname": "Ana", "lastname": "Souza"}]);
    let body = document("P", 9, &people);
    assert_eq!(board.send_as("ls", None, body.clone()).await.status(), 200);
    // As if nothing could be digested when it came.
    let later = format!(
        "UPDATE arrivals SET state = 0, facts = x'', gone = NULL, body = CAST('{body}' AS BLOB) \
         WHERE id = (SELECT max(id) FROM arrivals)"
    );
    board.sql(&later).await;
    assert_eq!(board.app().drain().await.unwrap().arrivals, 1);
    let left = "SELECT state || gone || (body IS NULL) FROM arrivals ORDER BY id DESC LIMIT 1";
    assert_eq!(board.sql(left).await, ["1erased1"]);
    nothing_differs(&board).await;
    board.stop().await;
}

/// Where an id is a mail address, the alert is of the same signer under another one, and nobody is told that it is over.
#[actix_web::test]
async fn an_alert_stands_without_the_address_of_whom_it_befell() {
    let board = board().await;
    board.event("L", "PACKAGE_ACTIVATE", "sender", 0).await;
    board.event("L", "SIGNER_LOCKED", "ana@a.example", 1_000).await;
    board.event("L", "SIGNER_LOCKED", "ben@a.example", 2_000).await;
    board.app().erase(&person("ana@a.example", None)).await.unwrap();
    let standing = "SELECT signer FROM alerts WHERE kind = 'locked' AND resolved_at IS NULL ORDER BY id";
    let standing = board.sql(standing).await;
    assert!(
        standing.len() == 2 && standing[0] != "ana@a.example" && standing[1] == "ben@a.example",
        "{standing:?}"
    );
    let signers = board.package("os", "L").await["signers"].to_string();
    assert!(signers.contains(&standing[0]), "the package's own id: {standing:?} {signers}");
    assert_eq!(board.sql("SELECT count(*) FROM alerts").await, ["2"]);
    board.stop().await;
}
