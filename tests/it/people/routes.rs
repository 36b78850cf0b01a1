//! Every address as everybody, by GET and by POST: what the table of needs promises is what the board does, and what
//! `docs/access.md` says is that. The file is written anew with `SIGNBOARD_WRITE_DOCS=1`.

use crate::support::board::{Board, event, hook};
use crate::support::issuer::{Forger, Key, oidc};
use crate::support::people::{Shows, only, user};
use signboard::app::people::{NewSecret, NewUser, Session};
use signboard::config::{Config, ForwardConfig, Secret};
use signboard::model::access::{Needs, Reach, Role, Scope};
use signboard::web::needs::{ADDRESSES, Verb};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nobody,
    Viewer,
    ViewerOfOne,
    Sender,
    SenderOfTheirs,
    Admin,
    Read,
    Resync,
    Screen,
    Disabled,
    Half,
    Expired,
}

const KINDS: [(Kind, &str); 12] = [
    (Kind::Nobody, "nobody"),
    (Kind::Viewer, "viewer"),
    (Kind::ViewerOfOne, "viewer of another account"),
    (Kind::Sender, "sender"),
    (Kind::SenderOfTheirs, "sender of other packages"),
    (Kind::Admin, "admin"),
    (Kind::Read, "token: read"),
    (Kind::Resync, "token: resync"),
    (Kind::Screen, "token: screen"),
    (Kind::Disabled, "disabled"),
    (Kind::Half, "second factor to come"),
    (Kind::Expired, "session over"),
];

impl Kind {
    /// Signs in anew for each request: some of them end a session.
    async fn shows(self, board: &Board) -> Shows {
        let app = board.app();
        let program = async |scope, query| board.program(scope, Reach::default(), query).await;
        let mail = format!("{self:?}@example.com");
        let role = match self {
            Self::Nobody => return Shows::Nothing,
            Self::Read => return program(Scope::Read, None).await,
            Self::Resync => return program(Scope::Resync, None).await,
            Self::Screen => return program(Scope::Screen, Some("status=sent")).await,
            Self::Sender | Self::SenderOfTheirs => Role::Sender,
            Self::Viewer | Self::ViewerOfOne => Role::Viewer,
            Self::Admin | Self::Disabled | Self::Half | Self::Expired => Role::Admin,
        };
        let accounts = if self == Self::ViewerOfOne { only(&["cg"]) } else { None };
        let new = NewUser { accounts, mine: self == Self::SenderOfTheirs, ..user(&mail, role) };
        let _ = app.store.add_user(&new, app.now()).await.unwrap();
        let id = app.store.user_by_email(&mail).await.unwrap().unwrap().id;
        match self {
            Self::Half => {
                let (secret, now) = (NewSecret::make("").unwrap(), app.now());
                let (remote, agent) = ("127.0.0.1".to_owned(), "a test".to_owned());
                let half =
                    Session { id: 0, user: id, half: true, created_at: now, seen_at: now, remote, agent };
                app.store.begin_session(&secret.hash(), &half, None).await.unwrap();
                Shows::Cookie(secret.text().to_owned())
            }
            Self::Expired => {
                let shows = board.sign_in(id).await;
                board.clock.advance(13 * 60 * 60 * 1000);
                shows
            }
            Self::Disabled => {
                app.store.disable_user(id, None, app.now()).await.unwrap();
                let shows = board.sign_in(id).await;
                app.store.disable_user(id, Some(app.now()), app.now()).await.unwrap();
                shows
            }
            _ => board.sign_in(id).await,
        }
    }

    fn is_in(self) -> bool {
        !matches!(self, Self::Nobody | Self::Disabled | Self::Half | Self::Expired)
    }

    /// Whether the table of needs opens an address for them; written down here once more, by hand.
    fn may(self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing => true,
            Needs::Known => self.is_in() && self != Self::Screen,
            Needs::Screen => self == Self::Screen,
            Needs::Person => matches!(
                self,
                Self::Viewer | Self::ViewerOfOne | Self::Sender | Self::SenderOfTheirs | Self::Admin
            ),
            Needs::Resync => {
                matches!(self, Self::Sender | Self::SenderOfTheirs | Self::Admin | Self::Resync)
            }
            Needs::Role(Role::Viewer) => self.may(Needs::Person),
            Needs::Role(Role::Sender) => matches!(self, Self::Sender | Self::SenderOfTheirs | Self::Admin),
            Needs::Role(Role::Admin) => self == Self::Admin,
            Needs::AdminOrToken => matches!(self, Self::Admin | Self::Read | Self::Resync),
        }
    }
}

/// An address of the pattern, of something that is there.
fn example(verb: Verb, pattern: &str) -> String {
    let style = signboard::web::views::assets::url("app.css").rsplit('/').next().unwrap().to_owned();
    let resyncs = verb == Verb::Do && pattern.starts_with("/packages/");
    let package = if resyncs { "os/p1/resync" } else { "os/p1" };
    let mut path = pattern.replace("{package:.*}", package).replace("{file}", &style);
    path = path.replace("{account}", "os").replace("{secret}", "wrong");
    while let Some((before, rest)) = path.split_once('{') {
        path = format!("{before}1{}", rest.split_once('}').unwrap().1);
    }
    path
}

async fn ask(board: &Board, kind: Kind, verb: Verb, path: &str) -> &'static str {
    let who = kind.shows(board).await;
    let answer = match verb {
        Verb::Read => board.get_as(&who, path).await,
        Verb::Do => board.post_as(&who, path, "").await,
    };
    let to = answer.headers().get("location").map_or("", |it| it.to_str().unwrap());
    match answer.status().as_u16() {
        401 => "sign in",
        303 if to.starts_with("/sign-in?next=") => "sign in",
        403 => "no",
        404 | 405 => "not there",
        code if code < 500 => "yes",
        code => panic!("{verb:?} {path} as {kind:?}: {code}"),
    }
}

/// What a reach alone changes: an address that opens, and of which something isn't theirs.
fn within(kind: Kind, verb: Verb, pattern: &str) -> Option<&'static str> {
    let limited = matches!(kind, Kind::ViewerOfOne | Kind::SenderOfTheirs);
    match (verb, pattern) {
        (_, "/packages/{package:.*}")
        | (Verb::Read, "/api/v1/packages/{package:.*}")
        | (Verb::Do, "/follow/packages/{package:.*}")
            if limited =>
        {
            Some("not there")
        }
        (Verb::Do, "/sync/resync") if kind == Kind::SenderOfTheirs => Some("no"),
        _ => None,
    }
}

#[actix_web::test]
async fn every_address_does_for_everybody_what_the_table_says() {
    let forger = Forger::start(&Key::new("one"));
    let forward = |config: &mut Config| {
        config.oidc = Some(oidc(&forger.url));
        let url = Secret::new("http://127.0.0.1:9/nobody");
        let account = config.accounts.get_mut("os").unwrap();
        account.forward = Some(ForwardConfig { url, proxy: None, ca_file: None });
        config.hooks.push(hook("1"));
    };
    let board = Board::with_people(forward).await;
    board.event("p1", "PACKAGE_ACTIVATE", "u", 0).await;
    board.send_as("os", None, "refused").await;
    let admin = Kind::Admin.shows(&board).await;
    let lost = super::plain(&event("p1", "DOCUMENT_SIGNED", "u", None, 9));
    board.post_as(&admin, "/inbox/import", &format!("account=os&text={lost}")).await;

    let head: Vec<&str> = KINDS.iter().map(|it| it.1).collect();
    let mut table = format!("| address | {} |\n|---|{}\n", head.join(" | "), "---|".repeat(KINDS.len()));
    let mut row =
        |name: &str, cells: &[&str]| writeln!(table, "| `{name}` | {} |", cells.join(" | ")).unwrap();
    for wanted in [Verb::Read, Verb::Do] {
        let word = if wanted == Verb::Read { "GET" } else { "POST" };
        let listed: BTreeSet<&str> = ADDRESSES.iter().filter(|it| it.0 == wanted).map(|it| it.1).collect();
        for (_, pattern, needs) in ADDRESSES.iter().filter(|it| it.0 == wanted) {
            let path = example(wanted, pattern);
            let mut cells = Vec::new();
            for (kind, name) in KINDS {
                let told = ask(&board, kind, wanted, &path).await;
                let expected = match (kind.may(*needs), kind.is_in()) {
                    (true, _) => within(kind, wanted, pattern).unwrap_or("yes"),
                    (false, true) => "no",
                    // A wall has nobody who could sign in.
                    (false, false) if *needs == Needs::Screen => "no",
                    (false, false) => "sign in",
                };
                // A link that works no more is as good as none, and a sign-in may begin at its beginning.
                let is_link = pattern.contains("{secret}") && told == "not there";
                let is_way_in = pattern.starts_with("/sign-in") && told == "sign in";
                assert!(
                    told == expected || is_link || is_way_in,
                    "{word} {path} as {name}: {told}, not {expected}"
                );
                cells.push(told);
            }
            row(&format!("{word} {pattern}"), &cells);
        }
        // By the other verb there is nothing, and strangers don't even learn that.
        for pattern in
            ADDRESSES.iter().map(|it| it.1).filter(|it| !listed.contains(it)).collect::<BTreeSet<_>>()
        {
            for (kind, name) in KINDS {
                let told = ask(&board, kind, wanted, &example(wanted, pattern)).await;
                assert_ne!(told, "yes", "{word} {pattern} as {name}");
            }
        }
    }
    let mut cells = Vec::new();
    for (kind, name) in KINDS {
        let told = ask(&board, kind, Verb::Read, "/packages/os/p1/payload/1").await;
        let expected = if kind == Kind::Admin {
            "yes"
        } else if kind.is_in() {
            "no"
        } else {
            "sign in"
        };
        assert_eq!(told, expected, "a payload as {name}");
        cells.push(told);
    }
    row("GET /packages/{account}/{id}/payload/{arrival}", &cells);
    board.stop().await;

    let text = format!(
        "# Who may do what\n\nEvery address of the board, asked as everybody by a test, which also writes this file. The limited ones are \
         limited to something else than what the address names.\n\n- **yes**: they are let in. **no**: 403. **sign in**: a program gets 401, \
         a page leads to the sign-in. **not there**: 404, the same as for what doesn’t exist.\n- Callbacks come in by `/callbacks/`, \
         each account with its own secret, and pass by this table.\n\n{table}"
    );
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/access.md");
    if std::env::var_os("SIGNBOARD_WRITE_DOCS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == text,
        "docs/access.md is not what the board does; write it anew with SIGNBOARD_WRITE_DOCS=1"
    );
}

/// What the source registers behind the gate: verb and pattern.
fn registered() -> BTreeSet<(bool, String)> {
    let mut all = BTreeSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    for file in std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()) {
        // Callbacks come in by another door.
        if !file.is_file() || file.ends_with("callbacks.rs") {
            continue;
        }
        let text: String = std::fs::read_to_string(file).unwrap().split_whitespace().collect();
        for part in text.split(".route(\"").skip(1) {
            let (pattern, rest) = part.split_once('"').unwrap();
            all.insert((rest.starts_with(",read()"), pattern.to_owned()));
            assert!(
                rest.starts_with(",read()") || rest.starts_with(",web::post()"),
                "{pattern}: which verb?"
            );
        }
        for part in text.split("web::resource(\"").skip(1) {
            let (pattern, rest) = part.split_once('"').unwrap();
            let block = rest.split(".route(\"").next().unwrap().split("web::resource(\"").next().unwrap();
            for (is_read, verb) in [(true, ".route(read()"), (false, ".route(web::post()")] {
                if block.contains(verb) {
                    all.insert((is_read, pattern.to_owned()));
                }
            }
        }
    }
    all
}

#[test]
fn the_table_names_every_address_that_is_registered_and_no_other() {
    let listed: BTreeSet<(bool, String)> =
        ADDRESSES.iter().map(|(verb, pattern, _)| (*verb == Verb::Read, (*pattern).to_owned())).collect();
    assert_eq!(listed.len(), ADDRESSES.len(), "each once");
    assert_eq!(registered(), listed);
}
