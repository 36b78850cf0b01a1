//! A full disk: nothing is promised that isn't kept, it is said aloud, and it ends when there is room again.

use crate::people::{EMAIL, PASSWORD, try_from, with_password};
use crate::support::board::{Board, event};
use signboard::app::people::IDLE_MS;
use signboard::config::AuditTo;
use signboard::model::access::{Reach, Role, Scope};
use signboard::model::deed::DeedKind;
use std::fs::File;
use std::path::Path;
use std::process::Command;

/// A file system of 3 MiB.
pub struct Tiny<'a>(&'a Path);

impl<'a> Tiny<'a> {
    pub fn mount(at: &'a Path) -> Option<Self> {
        std::fs::create_dir_all(at).ok()?;
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"]).arg(at).output().ok()?;
        mount.status.success().then_some(Self(at))
    }
}

impl Drop for Tiny<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

/// Takes all the room that there is.
fn fill(at: &Path) -> File {
    let mut file = File::create(at).unwrap();
    while std::io::Write::write_all(&mut file, &[0; 16 * 1024]).is_ok() {}
    file
}

#[actix_web::test]
async fn a_full_disk_is_503_and_ends_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let Some(tiny) = Tiny::mount(&data) else {
        println!("skipped: no file system can be mounted here");
        return;
    };
    let mut board = Board::with(|config| config.server.data = data.clone()).await;
    assert_eq!(board.send("os", event("before", "PACKAGE_CREATE", "u", None, 0)).await.status(), 200);
    let filler = data.join("filler");
    let file = fill(&filler);
    let mut kept = Vec::new();
    let mut refused = 0;
    for at in 0..60 {
        let id = format!("full-{at}");
        let body = event(&id, &"X".repeat(200), &"y".repeat(200), None, at);
        let answer = board.send("os", body).await;
        match answer.status().as_u16() {
            200 => kept.push(id),
            503 => {
                assert!(answer.headers().contains_key("retry-after"));
                refused += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(refused > 0, "the disk was full");
    let ready = board.get("/readyz").await;
    assert_eq!(ready.status(), 503);
    // Strangers read this: the cause is for the log.
    let said = ready.text().await.unwrap();
    assert_eq!(said, "not ready: callbacks can't be written to disk; the log says why\n");
    assert_eq!(board.text("/healthz").await, "ok\n");
    assert_eq!(board.get("/healthz").await.status(), 200);
    assert!(board.text("/inbox").await.contains("be written to disk"));
    let pressed = board.post("/inbox/replay", "").await;
    assert_eq!(pressed.status(), 503);
    assert!(pressed.text().await.unwrap().contains("its disk"));
    std::fs::remove_file(&filler).unwrap();
    drop(file);
    // No callback comes, and yet it is ready again.
    board.app().do_jobs().await.unwrap();
    assert_eq!(board.get("/readyz").await.status(), 200);
    assert_eq!(board.send("os", event("after", "PACKAGE_CREATE", "u", None, 0)).await.status(), 200);
    board.restart().await;
    for id in kept.iter().map(String::as_str).chain(["before", "after"]) {
        assert_eq!(board.package("os", id).await["events"].as_array().unwrap().len(), 1, "{id}");
    }
    assert_eq!(board.app().store.self_check(|_| ()).await.unwrap().difference, None);
    board.stop().await;
    drop(tiny);
}

/// Seen red with: a session's or a token's use that can't be noted refuses whoever looks; a right password on a full disk
/// counts as a wrong one; sqlx's own transactions, of which none can be begun after one that a full disk broke off.
#[actix_web::test]
async fn a_full_disk_hides_the_board_from_nobody() {
    const HERE: &str = "192.0.2.7";
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let Some(tiny) = Tiny::mount(&data) else {
        println!("skipped: no file system can be mounted here");
        return;
    };
    let board = Board::with_people(|config| config.server.data = data.clone()).await;
    with_password(&board, EMAIL, Role::Viewer).await;
    let admin = board.person("admin@example.com", Role::Admin).await;
    let program = board.program(Scope::Read, Reach::default(), None).await;
    assert_eq!(board.send("os", event("before", "PACKAGE_CREATE", "u", None, 0)).await.status(), 200);
    let filler = data.join("filler");
    let file = fill(&filler);
    for at in 0..60 {
        board.send("os", event(&format!("full-{at}"), &"X".repeat(200), "u", None, at)).await;
    }
    board.clock.advance(2 * 60_000);
    for path in ["/", "/packages/os/before", "/providers", "/api/v1/packages"] {
        assert_eq!(board.get_as(&admin, path).await.status(), 200, "{path}");
    }
    assert_eq!(board.get_as(&program, "/api/v1/packages").await.status(), 200);
    // Somebody new can't be let in, and is told why. That is no wrong password, however often they try.
    let mut refused = 0;
    for _ in 0..400 {
        let answer = try_from(&board, HERE, EMAIL, PASSWORD).await;
        match answer.status().as_u16() {
            // The write-ahead log has room for small writes: a little, or a lot where it began anew.
            303 => {}
            503 => {
                refused += 1;
                assert!(answer.text().await.unwrap().contains("its disk"));
            }
            other => panic!("{other}"),
        }
        if refused > 12 {
            break;
        }
    }
    assert!(refused > 12, "the disk is full: {refused}");
    // What has ended has ended, whether or not that can be written.
    board.clock.advance(IDLE_MS);
    assert_eq!(board.get_as(&admin, "/").await.status(), 303);
    // What a full disk broke off hinders nothing later.
    std::fs::remove_file(&filler).unwrap();
    drop(file);
    assert_eq!(try_from(&board, HERE, EMAIL, PASSWORD).await.status(), 303, "there is room again");
    board.stop().await;
    drop(tiny);
}

/// Seen red with: whom to tell looked up, and deeds told, while nothing can be noted.
#[actix_web::test]
async fn what_cant_be_noted_on_a_full_disk_is_not_begun() {
    let folder = tempfile::tempdir().unwrap();
    let (data, deeds) = (folder.path().join("data"), folder.path().join("deeds"));
    let Some(tiny) = Tiny::mount(&data) else {
        println!("skipped: no file system can be mounted here");
        return;
    };
    let board = Board::with(|config| {
        config.server.data = data.clone();
        config.audit = Some(AuditTo::File(deeds.clone()));
    })
    .await;
    let (app, by) = (board.app(), ("ada", "127.0.0.1"));
    board.event("p", "SIGNER_LOCKED", "s1", 0).await;
    app.note(by.0, by.1, DeedKind::Alert, "locked os/p: taken").await;
    let filler = data.join("filler");
    let file = fill(&filler);
    for at in 0..60 {
        board.send("os", event(&format!("full-{at}"), &"X".repeat(200), &"y".repeat(200), None, at)).await;
    }
    assert!(app.store.health().trouble().is_some(), "the disk was full");
    for _ in 0..10 {
        assert_eq!(app.route_step().await.unwrap(), 0);
        assert_eq!(app.tell_deeds().await.unwrap(), 0);
    }
    assert!(!deeds.exists(), "nothing was told that can't be noted");
    std::fs::remove_file(&filler).unwrap();
    drop(file);
    app.do_jobs().await.unwrap();
    assert_eq!(app.route_step().await.unwrap(), 1);
    assert_eq!(app.tell_deeds().await.unwrap(), 1);
    assert_eq!(std::fs::read_to_string(&deeds).unwrap().lines().count(), 1);
    board.stop().await;
    drop(tiny);
}
