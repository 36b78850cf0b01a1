//! The file of secrets: whose it must be, what `check` says of it, and that no complaint repeats what stands in it.

use super::{House, KEY};
use signboard::clock::Clock;
use signboard::config::Config;
use signboard::demo::Kind;
use signboard::serve::Server;
use std::os::unix::fs::PermissionsExt as _;

fn write(house: &House, text: &str, mode: u32) {
    std::fs::write(house.file(), text).unwrap();
    std::fs::set_permissions(house.file(), std::fs::Permissions::from_mode(mode)).unwrap();
}

const FILE: &str = "[acc]\nof = \"secret\"\ncurrent = \"made-hush-0123456\"\ncurrent-made = 7\n";

#[tokio::test(flavor = "multi_thread")]
async fn one_that_others_can_read_or_nobody_understands_is_refused_everywhere() {
    let mut house = House::new(Kind::OneSpan, KEY).await;
    for (text, mode, why) in [
        (FILE, 0o640, "run: chmod 600 "),
        (FILE, 0o604, "run: chmod 600 "),
        ("made-hush-0123456", 0o600, "it is not TOML"),
        ("[acc]\nof = \"secret\"\nhush = 1", 0o600, "acc: unknown key"),
        ("[acc]\nof = \"hush\"", 0o600, "`of` is neither"),
        (
            "[acc]\nof = \"secret\"\nnext = \"short-hush\"\nnext-made = 1",
            0o600,
            "`next` and `next-made` belong",
        ),
        (
            "[acc]\nof = \"secret\"\ncurrent = \"made-hush-0123456\"",
            0o600,
            "`current` and `current-made` belong",
        ),
    ] {
        let text = text.replace("hush = 1", "husk = 1");
        write(&house, &text, mode);
        // The board that runs goes on with what it had.
        let ran = house.register(&["--rotate"]).await;
        assert!(ran.code == 2 && ran.err.contains(why), "{}", ran.all());
        assert_eq!(house.post("Basic old-hush", "").await, 200);
        let ran = house.run(&["check"]).await;
        assert!(ran.code == 2 && ran.err.contains(why), "{}", ran.all());
        assert!(house.simulator.registrations().of("acc").is_null());
        assert_eq!(std::fs::read_to_string(house.file()).unwrap(), text);
    }
    house.board.halt().await;
    let config = Config::load(Some(&house.folder.path().join("signboard.toml")), []).unwrap();
    let why = Server::start(config, Clock::System).await.unwrap_err().to_string();
    assert!(why.contains("belong together") && !why.contains("hush"), "{why}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_what_counts() {
    let mut house = House::new(Kind::OneSpan, KEY).await;
    let ran = house.run(&["check"]).await;
    assert!(ran.code == 0 && !ran.out.contains("keys.toml"), "{}", ran.all());
    house.board.app().rotate("acc").unwrap();
    let ran = house.run(&["check"]).await;
    assert!(
        ran.out.contains("accounts.acc.callback: the configured secret counts; and, in "),
        "{}",
        ran.all()
    );
    assert!(ran.out.contains("next-key = \"(hidden)\""), "{}", ran.all());
    let other = FILE.replace("[acc]", "[gone]") + &FILE.replace("secret", "path token");
    for (text, words) in [
        (FILE, &["accounts.acc.callback: the secret in ", "counts, not the configured one"][..]),
        (
            &other,
            &[
                "has secrets of \"gone\", and no account is called so",
                "has a path token of accounts.acc, and",
            ],
        ),
    ] {
        write(&house, text, 0o600);
        let ran = house.run(&["check"]).await;
        assert!(ran.code == 0 && words.iter().all(|it| ran.out.contains(it)), "{}", ran.all());
    }
    // What fits nobody is left in the file, and out of what counts.
    house.board.restart().await;
    assert_eq!(house.post("Basic old-hush", "").await, 200);
    assert_eq!(house.post("Basic made-hush-0123456", "").await, 401);
    house.board.app().rotate("acc").unwrap();
    assert!(std::fs::read_to_string(house.file()).unwrap().contains("[gone]"));
    house.stop().await;
}

/// What a crash left behind is of no account: neither read nor in the way.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_file_is_written_anew() {
    let house = House::new(Kind::OneSpan, KEY).await;
    let half = house.file().with_file_name("keys.toml.new");
    std::fs::write(&half, "[acc]\nne").unwrap();
    house.board.app().rotate("acc").unwrap();
    assert!(!half.exists() && house.post(&format!("Basic {}", house.made("next")), "").await == 200);
    // The file can't be replaced: nothing counts that isn't on disk.
    let before = std::fs::read(house.file()).unwrap();
    std::fs::create_dir(&half).unwrap();
    let why = house.board.app().retire("acc", true).await.unwrap_err().to_string();
    assert!(why.contains("keys.toml can't be written"), "{why}");
    assert_eq!((house.post("Basic old-hush", "").await, std::fs::read(house.file()).unwrap()), (200, before));
    house.stop().await;
}
