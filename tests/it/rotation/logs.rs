//! The real program, telling all it can: neither an old secret nor a new one reaches its log.

use super::{House, ID};
use signboard::demo::Kind;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

#[tokio::test(flavor = "multi_thread")]
async fn no_log_holds_a_secret() {
    let signed = "{ auth = \"signed\", certificate-file = \"certificate.pem\", hmac-secret = \"hmac-hush\", \
                  path-token = \"token-hush-0123456\" }";
    for (kind, callback) in [(Kind::OneSpan, super::KEY), (Kind::Legalesign, signed)] {
        let mut house = House::new(kind, callback).await;
        house.board.halt().await;
        let mut command = Command::new(env!("CARGO_BIN_EXE_signboard"));
        command.arg("serve").current_dir(house.folder.path()).env("RUST_LOG", "trace").env("NO_COLOR", "1");
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut log = String::new();
        while !log.contains("listening on ") {
            assert!(errors.read_line(&mut log).unwrap() > 0, "it ended: {log}");
        }
        // Read on, so that it never waits for us.
        let rest = std::thread::spawn(move || {
            let mut rest = String::new();
            errors.read_to_string(&mut rest).unwrap();
            rest
        });
        for args in [&["--rotate"][..], &["--test"], &["--retire", "--force"], &["--test"]] {
            let ran = house.register(args).await;
            assert_eq!(ran.code, 0, "{args:?} {}", ran.all());
            if args == ["--rotate"] {
                // What was made goes into the file's other place, and is still to be looked for.
                assert!(house.secrets().contains(&house.made("next")));
            }
        }
        let arguments = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
        assert!(!String::from_utf8_lossy(&arguments).contains(&house.made("current")));
        assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
        child.wait().unwrap();
        log.push_str(&rest.join().unwrap());
        assert!(log.contains("a test callback was sent") && log.contains(" TRACE "), "{ID}");
        for secret in house.secrets() {
            let line = log.lines().find(|it| it.contains(&secret));
            assert!(line.is_none(), "{}", line.unwrap_or_default());
        }
        house.stop().await;
    }
}
