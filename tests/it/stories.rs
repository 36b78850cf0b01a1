//! The demo's week, end to end: however it is told, the board says in the end what is true.

use crate::support::world::{Stage, all_four, nda, sweep};
use serde_json::Value;
use signboard::app::Room;
use signboard::cli::{STILL_AFTER, Trouble};
use signboard::demo::act::Act;
use signboard::demo::package::{Package, Status};
use signboard::demo::stories;
use signboard::demo::wire::{self, Callback};
use signboard::demo::{Account, Kind};
use signboard::model::alert::AlertKind;
use std::collections::BTreeMap;

const PACKAGES: usize = 120;

/// The week's callbacks, told in an order of its own, some of them twice, and in batches of other sizes.
async fn told(accounts: Vec<Account>, apis: bool, seed: u64, shuffled: bool) -> Stage {
    let stage = Stage::of(accounts.clone(), apis).await;
    let week = stories::week(5, PACKAGES, &accounts, stage.now());
    let told = stories::happen(&mut stage.world.world().lock(), &week);
    let mut callbacks: Vec<Callback> = wire::posts(told, if shuffled { 4_000_000 } else { 360_000 });
    let mut random = fastrand::Rng::with_seed(seed);
    if shuffled {
        let twice: Vec<Callback> = callbacks.iter().filter(|_| random.u8(0..5) == 0).cloned().collect();
        callbacks.extend(twice);
        random.shuffle(&mut callbacks);
    }
    for some in callbacks.chunks(64) {
        stage.tell(some.to_vec()).await;
        if shuffled && random.u8(0..6) == 0 {
            stage.ask().await;
        }
    }
    // Doubts that one answer leaves standing are asked about again.
    for _ in 0..8 {
        stage.board.clock.advance(10_000);
        stage.ask().await;
    }
    stage
}

/// Where a package truly stands, in the board's words.
pub fn status(package: &Package) -> &'static str {
    match package.status {
        _ if package.deleted => "deleted",
        Status::Draft => "draft",
        Status::Sent => "sent",
        Status::Completed => "completed",
        Status::Archived => "archived",
        Status::Declined => "declined",
        Status::OptedOut => "opted_out",
        Status::Expired => "expired",
        Status::Cancelled => "cancelled",
        Status::Failed => "failed",
    }
}

/// Who has signed everything there is to sign, by id.
fn truly_signed(package: &Package) -> BTreeMap<String, bool> {
    let people = package.roles.iter().filter_map(|role| Some((role, role.signer.as_ref()?)));
    let has_papers = |role: &str| {
        package.documents.iter().flat_map(|it| &it.approvals).any(|it| it.role == role && !it.optional)
    };
    let counted = people.filter(|(role, _)| has_papers(&role.id));
    counted.map(|(role, signer)| (signer.id.clone(), package.role_done(&role.id))).collect()
}

/// Legalesign: how far each signer is, the final PDF, the team, what was put away.
fn compare_steps(package: &Package, seen: &Value) {
    let told = (&seen["archived"], &seen["final_pdf"], &seen["group"]);
    assert_eq!(
        told,
        (&package.archived.into(), &package.final_pdf.into(), &package.group.as_str().into()),
        "{seen}"
    );
    let signers = seen["signers"].as_array().unwrap();
    assert_eq!(signers.len(), package.roles.len(), "{seen}");
    for role in &package.roles {
        let id = &role.signer.as_ref().unwrap().id;
        let signer =
            signers.iter().find(|it| it["id"] == id.as_str()).unwrap_or_else(|| panic!("{id}: {seen}"));
        let step = match role.code {
            4 => "unsent",
            5 => "scheduled",
            10 => "sent",
            15 => "mail_opened",
            20 => "visited",
            35 => "filled_but_signature",
            30 => "filled",
            39 => "awaits_witness",
            40 => "signed",
            50 => "downloaded",
            _ => {
                assert_eq!((role.code, &signer["status"]), (60, &"declined".into()), "{seen}");
                assert_eq!(seen["reason"], role.refusal.as_deref().unwrap());
                continue;
            }
        };
        assert_eq!(signer["step"], step, "{id}: {seen}");
    }
}

/// WebSignatureOffice: what each user did, of those who did anything, and whether the pages could be drawn.
fn compare_fields(package: &Package, seen: &Value) {
    assert_eq!(seen["render_failed"], package.render_failed, "{seen}");
    let signers = seen["signers"].as_array().unwrap();
    for role in &package.roles {
        let id = &role.signer.as_ref().unwrap().id;
        let signed = package.blocks_of(&role.id).filter(|it| it.signed.is_some()).count();
        let rejected = package.blocks_of(&role.id).filter(|it| it.rejected).count();
        let Some(signer) = signers.iter().find(|it| it["id"] == id.as_str()) else {
            assert_eq!((signed, rejected), (0, 0), "{id}: {seen}");
            continue;
        };
        assert_eq!(
            (&signer["fields_signed"], &signer["fields_rejected"]),
            (&signed.into(), &rejected.into()),
            "{seen}"
        );
        let through = signed > 0 && signed + rejected == package.blocks_of(&role.id).count();
        assert_eq!(signer["status"] == "signed", through, "{id}: {seen}");
    }
}

async fn board_of(stage: &Stage) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for status in ["", "trashed"] {
        let list = stage.board.json(&format!("/api/v1/packages?limit=500&status={status}")).await;
        for mut package in list["packages"].as_array().unwrap().clone() {
            // When it was asked last depends on when it was told.
            package["confirmed_at"] = Value::Null;
            // Facts without a time count from their receipt: all of WebSignatureOffice's, and Legalesign's form of the final PDF.
            let untimed = package["account"] == "wo";
            if untimed || package["account"] == "ls" && package["final_pdf"] == true {
                package["updated"] = Value::Null;
            }
            if untimed {
                package["created"] = Value::Null;
            }
            all.insert(format!("{}/{}", package["account"], package["id"]), package);
        }
    }
    all
}

#[actix_web::test]
async fn the_board_is_the_world_in_whatever_order_it_was_told() {
    let mut boards = Vec::new();
    for (seed, shuffled) in [(1, false), (2, true), (3, true)] {
        let stage = told(all_four(), true, seed, shuffled).await;
        let board = board_of(&stage).await;
        let mut compared = 0;
        for account in ["os", "cg", "ls", "wo"] {
            let packages: Vec<Package> = stage.world.world().lock().packages(account).to_vec();
            for package in packages.iter().filter(|it| !it.template) {
                let key = format!("\"{account}\"/\"{}\"", package.id);
                let seen = board.get(&key).unwrap_or_else(|| panic!("{key} is on the board"));
                assert_eq!(seen["status"], status(package), "{key} {seen}");
                if package.deleted {
                    continue;
                }
                compared += 1;
                if account == "wo" {
                    compare_fields(package, seen);
                    continue;
                }
                assert_eq!(seen["trashed"], package.trashed, "{key}");
                assert_eq!(seen["name"], package.name.as_str(), "{key}");
                if account == "ls" {
                    compare_steps(package, seen);
                    continue;
                }
                assert_eq!(
                    seen["ready_to_complete"],
                    package.ready && package.status == Status::Sent,
                    "{key}"
                );
                let signers = seen["signers"].as_array().unwrap();
                for (id, signed) in truly_signed(package) {
                    let signer = signers.iter().find(|it| it["id"] == id.as_str());
                    let signer = signer.unwrap_or_else(|| panic!("{key}: {id} is missing: {seen}"));
                    assert_eq!(signer["status"] == "signed", signed, "{key} {id} {signer}");
                }
            }
        }
        assert!(compared > PACKAGES / 2 && compared <= PACKAGES);
        assert_eq!(
            stage.board.sql("SELECT count(*) FROM arrivals WHERE state <> 1").await,
            ["0"],
            "all is read"
        );
        let check = stage.board.app().store.self_check(|_| ()).await.unwrap();
        assert_eq!(check.difference, None);
        let before = stage.board.dump().await;
        stage.board.app().replay(|_| ()).await.unwrap();
        stage.board.app().rebuild().await.unwrap();
        assert_eq!(stage.board.dump().await, before, "replay and rebuild change no row");
        boards.push(board);
        stage.close().await;
    }
    for other in &boards[1..] {
        for (key, package) in &boards[0] {
            assert_eq!(other.get(key), Some(package), "{key}");
        }
    }
}

#[actix_web::test]
async fn callbacks_alone_tell_it_too_in_whatever_order() {
    // No answer of an API covers up what was made of codes and of events without a time.
    for (seed, shuffled) in [(1, false), (2, true), (3, true)] {
        let accounts = all_four().into_iter();
        let accounts = accounts.filter(|it| [Kind::Legalesign, Kind::WebSignatureOffice].contains(&it.kind));
        let stage = told(accounts.collect(), false, seed, shuffled).await;
        let board = board_of(&stage).await;
        let mut compared = 0;
        for account in ["ls", "wo"] {
            let packages: Vec<Package> = stage.world.world().lock().packages(account).to_vec();
            for package in &packages {
                let seen = &board[&format!("\"{account}\"/\"{}\"", package.id)];
                let linked = seen["signers"].as_array().unwrap().len() == package.roles.len();
                if account == "wo" {
                    assert_eq!(seen["status"], status(package), "{seen}");
                    compare_fields(package, seen);
                } else if linked {
                    // A realtime event said who signs it; of putting away no callback tells.
                    assert_eq!(seen["status"], status(package), "{seen}");
                    compare_steps(&Package { archived: false, ..package.clone() }, seen);
                    compared += 1;
                } else {
                    assert_eq!(seen["final_pdf"], package.final_pdf, "{seen}");
                }
            }
        }
        assert!(compared > 10, "{compared}");
        stage.close().await;
    }
}

#[actix_web::test]
async fn a_broken_projection_is_named_and_mended() {
    let stage = told(all_four(), true, 1, false).await;
    let store = &stage.board.app().store;
    let before = stage.board.dump().await;
    for (broken, named) in [
        ("UPDATE packages SET shelf = 'archived' WHERE id = 7", "`shelf` says archived"),
        ("UPDATE packages SET state = '{}' WHERE id = 8", "`state` says {}"),
        ("UPDATE packages SET search = '' WHERE id = 9", "`search` says "),
        ("UPDATE packages SET updated = 5 WHERE id = 10", "`updated` says 5"),
        ("UPDATE packages SET facts = 999 WHERE id = 11", "`facts` says 999"),
    ] {
        stage.board.sql(broken).await;
        let difference = store.self_check(|_| ()).await.unwrap().difference.expect("a difference");
        assert!(difference.contains(named), "{difference}");
        stage.board.app().rebuild().await.unwrap();
        assert_eq!(store.self_check(|_| ()).await.unwrap().difference, None, "{broken}");
    }
    stage.board.sql("UPDATE tallies SET n = n + 1 WHERE word = 'sent'").await;
    let difference = store.self_check(|_| ()).await.unwrap().difference.expect("a difference");
    assert!(difference.contains("the counter `sent`"), "{difference}");
    let after = stage.board.dump().await;
    assert!(before.len() <= after.len());
    stage.close().await;
}

#[actix_web::test]
async fn each_kind_of_alert_has_a_story_and_nobody_is_written_to() {
    let mut stage = told(all_four(), true, 1, false).await;
    stage.board.reconfigure(|config| config.alerts.inactive_after = Some(STILL_AFTER)).await;
    let refused = stage.world.tell_strays(&stage.board.url).await;
    assert_eq!((refused.accepted, refused.refused), (1, 1), "{refused:?}");
    let app = stage.board.app();
    for _ in 0..3 {
        app.watch_step().await.unwrap();
        app.route_step().await.unwrap();
        assert_eq!(app.tell_step().await.unwrap(), 0);
        stage.board.clock.advance(120_000);
    }
    let count =
        |what: &str| format!("SELECT kind || ' ' || count(*) FROM alerts {what} GROUP BY kind ORDER BY kind");
    let raised = stage.board.sql(&count("")).await;
    eprintln!(
        "raised: {raised:?}; standing: {:?}",
        stage.board.sql(&count("WHERE resolved_at IS NULL")).await
    );
    for kind in AlertKind::ALL {
        let is_raised = raised.iter().any(|it| it.split(' ').next() == Some(kind.word()));
        // The others are shown where somebody asks for them.
        let is_asked_for = Trouble::ALL.iter().any(|it| it.kind() == kind);
        assert_eq!(is_raised, !is_asked_for, "{kind:?}: {raised:?}");
    }
    for table in [
        "arrivals WHERE state = 2",
        "refused",
        "alerts WHERE kind = 'deposit_failed' AND resolved_at IS NULL",
    ] {
        assert_ne!(stage.board.sql(&format!("SELECT count(*) FROM {table}")).await, ["0"], "{table}");
    }
    // Without a mail server nothing waits to be sent, and nothing is wrong.
    assert_eq!(stage.board.sql("SELECT count(*) FROM tellings").await, ["0"]);
    assert_eq!(stage.board.sql("SELECT count(*) FROM alerts WHERE route_at IS NOT NULL").await, ["0"]);
    assert_eq!(app.post.state().trouble, None);
    assert_eq!((app.next_telling().await.unwrap(), app.try_mail().await), (None, None));
    stage.close().await;
}

/// `signboard demo --trouble …`
#[actix_web::test]
async fn whatever_is_to_go_wrong_with_a_board_does_and_is_raised() {
    for trouble in Trouble::ALL {
        let mut stage = Stage::of(all_four(), true).await;
        stage.board.reconfigure(|config| trouble.befall(config)).await;
        let id = stage.create("cg", &nda()).await;
        stage.act("cg", &id, &Act::Activate).await;
        stage.act("cg", &id, &Act::Lock(0)).await;
        if trouble.loses() > 0.0 {
            sweep(&stage, "cg").await;
            stage.happen("cg", &id, &Act::SignAll(1));
            stage.board.clock.advance(7 * 3_600_000);
            sweep(&stage, "cg").await;
        }
        for _ in 0..2 {
            let app = stage.board.app();
            app.note_room(Room { free: 99, total: 100 });
            app.ask_due().await.unwrap();
            app.route_step().await.unwrap();
            app.tell_step().await.unwrap();
            for account in app.accounts.values().filter(|it| it.forwarding.is_some()) {
                app.forward_step(account).await.unwrap();
            }
            for hook in app.hooks.values() {
                app.hook_step(hook).await.unwrap();
            }
            stage.board.clock.advance(6 * 60_000);
        }
        stage.board.app().watch_step().await.unwrap();
        let standing = stage.board.sql("SELECT kind FROM alerts WHERE package = ''").await;
        assert!(standing.contains(&trouble.kind().word().to_owned()), "{trouble:?}: {standing:?}");
        stage.close().await;
    }
}
