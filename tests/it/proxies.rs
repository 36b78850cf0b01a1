//! Behind a reverse proxy, with the very lines of `deploy/`: nginx and Caddy, each with TLS before a board. What they alone
//! can get wrong: cookies, forms, the live stream, callbacks, whose address it is, and what a log keeps.
//!
//! Each is skipped where it isn't installed.

use crate::people::{EMAIL, PASSWORD, audit, plain, with_password};
use crate::support::board::{Board, KEY, event};
use crate::support::people::Shows;
use crate::support::program::Running;
use crate::support::sse::Reader;
use reqwest::{Certificate, Client, Response};
use signboard::model::access::Role;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const HOST: &str = "board.example.com";
/// Another address of this machine, so that the proxy's own can be told from its client's.
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// A proxy before a board, and a browser's way to it.
struct Stage {
    board: Board,
    url: String,
    client: Client,
    folder: TempDir,
    _proxy: Running,
}

/// A port that was free a moment ago.
fn port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// A certificate for the host, and its key.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let (pem, key) = (folder.join("it.pem"), folder.join("it.key"));
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-nodes",
        "-days",
        "2",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
    ]);
    openssl.args(["-subj", &format!("/CN={HOST}"), "-addext", &format!("subjectAltName=DNS:{HOST}")]);
    openssl
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-out"])
        .arg(&pem)
        .arg("-keyout")
        .arg(&key);
    let done = openssl.output().expect("openssl is installed with the proxies");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    (pem, key)
}

/// The sample, with each of these replaced; each must stand in it.
fn sample(name: &str, pairs: &[(&str, String)]) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name);
    let mut text = std::fs::read_to_string(file).unwrap();
    for (before, after) in pairs {
        assert!(text.contains(before), "{before} is not in {name}");
        text = text.replace(before, after);
    }
    text
}

impl Stage {
    /// `start` makes the proxy: of the board's address, the port to listen on, and a folder with its certificate.
    async fn open(start: impl FnOnce(SocketAddr, u16, &Path, &(PathBuf, PathBuf)) -> Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (files, port) = (certificate(folder.path()), port());
        let url = format!("https://{HOST}:{port}");
        let board = Board::with_people(|config| config.server.public_url = Some(url.clone())).await;
        let mut command = start(board.server().addresses()[0], port, folder.path(), &files);
        let log = std::fs::File::create(folder.path().join("said")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let proxy = Running(command.spawn().unwrap());
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let said = std::fs::read_to_string(folder.path().join("said")).unwrap_or_default();
            assert!(began.elapsed() < Duration::from_secs(20), "it doesn’t listen: {said}");
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        let trusted = Certificate::from_pem(&std::fs::read(&files.0).unwrap()).unwrap();
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let client = client.tls_certs_only([trusted]).local_address(CLIENT);
        let client = client.resolve(HOST, SocketAddr::from((Ipv4Addr::LOCALHOST, port))).build().unwrap();
        Self { board, url, client, folder, _proxy: proxy }
    }

    async fn get(&self, who: &Shows, path: &str) -> Response {
        who.on(self.client.get(format!("{}{path}", self.url))).send().await.unwrap()
    }

    /// Posts a form as a browser does from a page of this origin. Whoever calls says that they are somebody else, too.
    async fn post(&self, origin: &str, path: &str, form: &str) -> Response {
        let request = self.client.post(format!("{}{path}", self.url)).body(form.to_owned());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("origin", origin).header("x-forwarded-for", "203.0.113.9");
        request.send().await.unwrap()
    }

    async fn callback(&self, body: impl Into<reqwest::Body>) -> Response {
        let request = self.client.post(format!("{}/callbacks/os", self.url)).header("authorization", KEY);
        request.body(body).send().await.unwrap()
    }
}

/// What has to hold behind any proxy.
async fn all_of_the_board_works(stage: &Stage) {
    let board = &stage.board;
    with_password(board, EMAIL, Role::Viewer).await;
    let nobody = stage.get(&Shows::Nothing, "/").await;
    assert_eq!(
        (nobody.status().as_u16(), &nobody.headers()["location"]),
        (303, &"/sign-in?next=%2F".parse().unwrap())
    );
    let page = stage.get(&Shows::Nothing, "/sign-in").await;
    assert!(page.headers()["strict-transport-security"].to_str().unwrap().starts_with("max-age="));
    assert!(page.headers().contains_key("content-security-policy"));
    let page = page.text().await.unwrap();
    assert!(page.contains("id=\"password\"") && !page.contains("unencrypted"), "{page}");

    let form = |password: &str| format!("email={}&password={}&next=", plain(EMAIL), plain(password));
    assert_eq!(stage.post("https://evil.example", "/sign-in", &form(PASSWORD)).await.status(), 403);
    assert_eq!(stage.post(&stage.url, "/sign-in", &form("wrong")).await.status(), 401);
    let entered = stage.post(&stage.url, "/sign-in", &form(PASSWORD)).await;
    assert_eq!(entered.status(), 303);
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-signboard=") && cookie.contains("Secure"), "{cookie}");
    let who = crate::people::shows(&entered);
    // Neither the proxy's address nor whom the caller pretends to be.
    let told = audit(board).await;
    assert_eq!(
        told[..2],
        [format!("{EMAIL} sign-in  {CLIENT}"), format!("{EMAIL} sign-in-refused wrong password {CLIENT}")]
    );

    // Each event is there before the next one is sent, while the stream stays open.
    let request = stage.client.get(format!("{}/live", stage.url));
    let mut stream = Reader::of(who.on(request)).await;
    for (at, name) in ["PACKAGE_CREATE", "PACKAGE_ACTIVATE", "PACKAGE_COMPLETE"].into_iter().enumerate() {
        let told = stage.callback(event("P1=", name, "u", None, at.try_into().unwrap())).await;
        assert_eq!(told.status(), 200);
        assert_eq!(stream.next().await.expect("an event").name, "put", "{name}");
    }
    assert!(stage.get(&who, "/").await.text().await.unwrap().contains("/packages/os/P1%3D"));
    // A big one passes; and who has no secret doesn't.
    let big = event("P2=", "PACKAGE_CREATE", &"x".repeat(3 * 1024 * 1024), None, 0);
    assert_eq!(stage.callback(big).await.status(), 200);
    let request = stage.client.post(format!("{}/callbacks/os", stage.url)).body("hush");
    assert_eq!(request.send().await.unwrap().status(), 401);
    let refused = board.sql("SELECT remote FROM refused").await;
    assert_eq!(refused, [CLIENT.to_string()]);

    assert_eq!(stage.get(&Shows::Nothing, "/welcome/hush-welcome").await.status(), 404);
    assert_eq!(stage.get(&Shows::Nothing, "/screen/hush-screen").await.status(), 404);
    assert_eq!(stage.get(&Shows::Nothing, "/readyz").await.status(), 200);
}

/// What the proxy wrote down, all of it.
fn written(folder: &Path) -> String {
    let files = ["said", "access.log", "error.log"].map(|it| std::fs::read_to_string(folder.join(it)));
    files.into_iter().filter_map(Result::ok).collect()
}

/// Seen red with: `Host $host`, which loses the port; `X-Forwarded-For $proxy_add_x_forwarded_for`; a log of every request. That
/// nginx buffers nothing, the board asks of it as well, by `X-Accel-Buffering`.
#[actix_web::test]
async fn all_of_the_board_works_behind_nginx() {
    if !is_there("nginx") {
        println!("skipped: nginx is not installed");
        return;
    }
    let plain_port = port();
    let stage = Stage::open(|board, port, folder, (pem, key)| {
        let server = sample(
            "nginx.conf",
            &[
                ("listen 80;", format!("listen 127.0.0.1:{plain_port};")),
                ("listen 443 ssl;", format!("listen 127.0.0.1:{port} ssl;")),
                ("/etc/ssl/board.example.com.pem", pem.display().to_string()),
                ("/etc/ssl/board.example.com.key", key.display().to_string()),
                ("127.0.0.1:8080", board.to_string()),
            ],
        );
        let at = folder.display();
        let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temp: String = temp.iter().map(|it| format!("{it}_temp_path {at}/{it};\n")).collect();
        let all = format!(
            "daemon off;\nmaster_process off;\npid {at}/pid;\nerror_log {at}/error.log info;\nevents {{}}\nhttp {{\naccess_log \
             {at}/access.log;\n{temp}{server}\n}}\n"
        );
        std::fs::write(folder.join("all.conf"), all).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.arg("-e").arg(folder.join("error.log")).arg("-c").arg(folder.join("all.conf"));
        nginx
    })
    .await;
    all_of_the_board_works(&stage).await;
    let unencrypted = crate::support::board::client().get(format!("http://127.0.0.1:{plain_port}/sync?a=b"));
    let moved = unencrypted.send().await.unwrap();
    assert_eq!(
        (moved.status().as_u16(), moved.headers()["location"].to_str().unwrap()),
        (301, "https://board.example.com/sync?a=b")
    );
    let written = written(stage.folder.path());
    assert!(written.contains("GET /sign-in") && !written.contains("hush"), "{written}");
    assert!(!written.contains("/callbacks/"), "{written}");
    stage.board.stop().await;
}

/// Seen red with: bodies of 1 MB; no word to stay with https.
#[actix_web::test]
async fn all_of_the_board_works_behind_caddy() {
    if !is_there("caddy") {
        println!("skipped: caddy is not installed");
        return;
    }
    let stage = Stage::open(|board, port, folder, (pem, key)| {
        let site = sample(
            "Caddyfile",
            &[
                (
                    "board.example.com {",
                    format!(
                        "https://{HOST}:{port} {{\n\ttls {} {}\n\tbind 127.0.0.1",
                        pem.display(),
                        key.display()
                    ),
                ),
                ("\treverse_proxy 127.0.0.1:8080", format!("\treverse_proxy {board}")),
            ],
        );
        let global = format!(
            "{{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system {}\n}}\n",
            folder.display()
        );
        std::fs::write(folder.join("Caddyfile"), format!("{global}{site}")).unwrap();
        let mut caddy = Command::new("caddy");
        caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.join("Caddyfile"));
        caddy.env("HOME", folder).env("XDG_CONFIG_HOME", folder).env("XDG_DATA_HOME", folder);
        caddy
    })
    .await;
    all_of_the_board_works(&stage).await;
    let written = written(stage.folder.path());
    assert!(!written.contains("hush"), "{written}");
    stage.board.stop().await;
}
