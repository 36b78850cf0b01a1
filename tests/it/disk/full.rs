//! A full disk: nothing is promised that isn't kept, it is said aloud, and it ends when there is room again.

use crate::support::board::{Board, event};
use std::path::Path;
use std::process::Command;

/// A file system of 3 MiB.
struct Tiny<'a>(&'a Path);

impl<'a> Tiny<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
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
    let room = std::iter::repeat_n(0_u8, 16 * 1024).collect::<Vec<u8>>();
    let mut file = std::fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut file, &room).is_ok() {}
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
    assert!(ready.text().await.unwrap().contains("can't be written"));
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
