//! Killed, out of room, cut short: what is left of a backup then.

use super::{command, filled, names, path, run, text};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Rows enough that a copy takes a while.
async fn heavy(data: &Path) {
    crate::support::db::run(
        data,
        "INSERT INTO audit (at, who, kind, what, remote) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) \
         SELECT i, 'somebody', 'test', hex(randomblob(200)), '' FROM n",
    )
    .await;
}

#[actix_web::test]
async fn after_kill_9_there_is_no_backup_and_the_next_one_is_whole() {
    let board = filled().await;
    let data = board.data();
    heavy(&data).await;
    let file = data.parent().unwrap().join("k.backup");
    let part = data.parent().unwrap().join("k.backup.part");
    let mut killed = 0;
    for round in 0..6_u64 {
        let mut child = command(&data, &["backup", path(&file)]).spawn().unwrap();
        // As soon as it has begun, and then later and later.
        let began = std::time::Instant::now();
        while !part.exists()
            && began.elapsed() < Duration::from_secs(20)
            && child.try_wait().unwrap().is_none()
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(round * 25));
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        assert_eq!(file.exists(), ended.code() == Some(0), "only a whole one has the name");
        if file.exists() {
            break;
        }
        killed += 1;
        assert!(part.exists());
    }
    assert!(killed > 0);
    let done = run(&data, &["backup", path(&file), "--replace"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done));
    assert!(!part.exists());
    let other = data.parent().unwrap().join("other");
    let mut restoring = command(&other, &["restore", path(&file)]).spawn().unwrap();
    let stage = other.join("restoring");
    while !stage.exists() && restoring.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    restoring.kill().unwrap();
    restoring.wait().unwrap();
    assert!(!other.join("signboard.sqlite").exists());
    let restored = run(&other, &["restore", path(&file)]);
    assert_eq!(restored.status.code(), Some(0), "{}", text(&restored));
    assert_eq!(names(&other), ["signboard.sqlite"]);
    board.stop().await;
}

#[actix_web::test]
async fn without_room_there_is_no_backup_and_the_old_one_stays() {
    let board = filled().await;
    let data = board.data();
    heavy(&data).await;
    let file = data.parent().unwrap().join("full.backup");
    std::fs::write(&file, "the last one").unwrap();
    // A disk that says no in the middle, as the limit of a file does.
    let mut limited = Command::new("sh");
    let inner = command(&data, &["backup", path(&file), "--replace"]);
    limited.args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\""]).arg(inner.get_program());
    let done = limited.args(inner.get_args()).output().unwrap();
    assert_eq!(done.status.code(), Some(2), "{}", text(&done));
    assert!(text(&done).contains("can't be written"), "{}", text(&done));
    assert_eq!(std::fs::read(&file).unwrap(), b"the last one");
    assert!(!data.parent().unwrap().join("full.backup.part").exists());
    // A disk on which there is less room than it needs.
    let small = data.parent().unwrap().join("small");
    let Some(_tiny) = crate::disk::Tiny::mount(&small) else {
        println!("skipped: no file system can be mounted here");
        board.stop().await;
        return;
    };
    let done = run(&data, &["backup", path(&small.join("b.backup"))]);
    assert_eq!(done.status.code(), Some(2), "{}", text(&done));
    assert!(text(&done).contains("make room, or choose another disk"), "{}", text(&done));
    assert_eq!(names(&small), [""; 0]);
    board.stop().await;
}
