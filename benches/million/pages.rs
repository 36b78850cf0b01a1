//! The board on very many packages, and whatever else shows as many: how long their pages take.

use crate::board::Board;
use crate::bodies::Sender;
use crate::client::Client;
use anyhow::{Context as _, ensure};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A list nobody pages through further than this, or than to its middle.
const DEEP: i64 = 10_000;
const ROWS: i64 = 50;
/// How many requests, one at a time, and of how many at once.
const ALONE: usize = 60;
const AT_ONCE: usize = 16;
const SETTLES: Duration = Duration::from_secs(3);

/// A page: what it is called, where it is, and who shows it.
struct Page {
    label: String,
    address: SocketAddr,
    /// Asked for one after the other.
    paths: Vec<String>,
    is_ours: bool,
}

impl Page {
    fn requests(&self, token: &str) -> Vec<String> {
        let request = |path: &String| {
            format!(
                "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nAccept: text/html\r\n\r\n",
                self.address
            )
        };
        self.paths.iter().map(request).collect()
    }

    async fn connect(&self) -> anyhow::Result<TcpStream> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// How often it is asked for alone.
    fn alone(&self) -> usize {
        if self.is_ours { ALONE } else { ALONE / 4 }
    }
}

/// p50 and p99 in ms, the same right after something was written, and requests a second; by label and who.
type Figures = BTreeMap<(String, bool), Vec<[f64; 5]>>;

pub async fn measure(folder: &Path, rounds: u64) -> anyhow::Result<()> {
    let board = Board::start(folder).await?;
    let (address, token) = (board.address, board.token.as_str());
    let mut pages = ours(folder, address).await?;
    if let Ok(file) = std::env::var("SIGNBOARD_BENCH_PEER") {
        for line in std::fs::read_to_string(file)?.lines() {
            let (label, url) =
                line.split_once('=').context("a line of the peer's pages is not label=address")?;
            let (host, path) =
                url.trim_start_matches("http://").split_once('/').context("an address without a path")?;
            pages.push(Page {
                label: label.to_owned(),
                address: host.parse()?,
                paths: vec![format!("/{path}")],
                is_ours: false,
            });
        }
    }
    let mut figures = Figures::new();
    for round in 1..=rounds {
        let mut kept = Vec::new();
        for page in &pages {
            let paths: String = page.paths.concat().chars().take(80).collect();
            eprintln!("round {round}: {} {paths}", page.label);
            kept.push(figure(page, token).await?);
        }
        for (page, [p50, p99, rate]) in pages.iter().zip(kept) {
            eprintln!("round {round}: {}, right after callbacks", page.label);
            let after = after(page, token).await?;
            let all = [p50, p99, after[0], after[1], rate];
            figures.entry((page.label.clone(), page.is_ours)).or_default().push(all);
        }
        // What came leads to writes for a while: whom to tell of it, for one.
        tokio::time::sleep(SETTLES).await;
    }
    let mut text = String::from(
        "\nQuiet: nothing is written. After: each is asked for right after a callback came. Of `anywhere`, no page was shown \
         before.\n\n\
         | page | quiet: p50 ms | p99 | requests/s, 16 at once | after: p50 | p99 | the peer's p50 | p99 | requests/s \
         | quiet: p50 | p99 | requests/s | after: p50 | p99 |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for ((label, _), own) in figures.iter().filter(|((_, is_ours), _)| *is_ours) {
        let [p50, p99, new50, new99, rate] = medians(own);
        write!(text, "| {label} | {p50:.2} | {p99:.2} | {rate:.0} | {new50:.2} | {new99:.2} |")?;
        match figures.get(&(label.clone(), false)).map(|it| medians(it)) {
            Some([a, b, .., c]) => {
                write!(
                    text,
                    " {a:.1} | {b:.1} | {c:.0} | {:.0}x | {:.0}x | {:.0}x |",
                    a / p50,
                    b / p99,
                    rate / c
                )?;
                writeln!(text, " {:.1}x | {:.1}x |", a / new50, b / new99)?;
            }
            None => writeln!(text, "{}", " - |".repeat(8))?,
        }
    }
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

/// The pages of the board that are measured.
async fn ours(folder: &Path, address: SocketAddr) -> anyhow::Result<Vec<Page>> {
    let file = folder.join("data/signboard.sqlite");
    let mut connection = SqliteConnectOptions::new().filename(file).read_only(true).connect().await?;
    let deep = sqlx::query(
        "SELECT id, updated FROM packages WHERE shelf NOT IN ('trashed', 'template', 'elsewhere') \
         ORDER BY updated DESC, id DESC LIMIT 1 OFFSET min($1, (SELECT max(id) / 2 FROM packages))",
    )
    .bind(DEEP * ROWS - 1)
    .fetch_optional(&mut connection)
    .await?;
    // All over the list, and none of them twice before something is written: an answer that is kept helps none of these.
    let anywhere = sqlx::query(
        "SELECT id, updated FROM packages WHERE shelf NOT IN ('trashed', 'template', 'elsewhere') \
         AND id % (SELECT max(1, max(id) / 1000) FROM packages) = 0 LIMIT 1000",
    )
    .fetch_all(&mut connection)
    .await?;
    let place =
        |row: &sqlx::sqlite::SqliteRow| format!("/?after={}~{}", row.get::<i64, _>(0), row.get::<i64, _>(1));
    let some = [
        ("first", "/"),
        ("sort_updated_desc", "/?sort=updated"),
        ("status_sorted", "/?status=declined"),
        ("status_sorted", "/?status=expired"),
        ("status_sorted", "/?status=sent"),
        ("search_rare", "/?q=mortgage+yuki+zhang"),
        ("search_rare", "/?q=lease+ada+abbott"),
        ("search_rare", "/?q=nda+kofi+sato"),
        ("search_common", "/?q=mortgage"),
        ("search_common", "/?q=garcia"),
        ("search_letter", "/?q=a"),
        ("search_common_by_name", "/?q=mortgage&sort=name"),
        ("sort_name", "/?sort=name"),
        ("sort_due", "/?sort=due"),
        ("sort_created", "/?sort=created"),
        ("account", "/?account=cg"),
        ("account_status_name", "/?account=cg&status=declined&sort=name"),
        ("sender_large", "/?sender=desk0@example.com"),
        ("sender_large_due", "/?sender=desk0@example.com&sort=due"),
        ("sender_small", "/?sender=desk99@example.com"),
        ("sender_small_name", "/?sender=desk99@example.com&sort=name"),
        ("attention", "/?status=attention"),
    ];
    let mut pages: Vec<(&str, Vec<String>)> =
        some.map(|(label, path)| (label, vec![path.to_owned()])).to_vec();
    pages.extend(deep.map(|row| ("deep_10000_keyset", vec![place(&row)])));
    pages.push(("anywhere", anywhere.iter().map(place).collect()));
    Ok(pages
        .into_iter()
        .map(|(label, paths)| Page { label: label.to_owned(), address, paths, is_ours: true })
        .collect())
}

/// p50, p99 and requests a second, while nothing is written.
async fn figure(page: &Page, token: &str) -> anyhow::Result<[f64; 3]> {
    let requests = page.requests(token);
    // Where they are many, those at once are others than those alone.
    let turn = AtomicUsize::new(0);
    let next = || &requests[turn.fetch_add(1, Ordering::Relaxed) % requests.len()];
    let mut stream = page.connect().await?;
    let (mut times, mut buffer) = (Vec::new(), Vec::new());
    for _ in 0..page.alone() + 2 {
        times.push(timed(&mut stream, next(), &mut buffer).await.with_context(|| page.label.clone())?);
    }
    let each = if page.is_ours { 100 } else { 4 };
    let start = Instant::now();
    let many = (0..AT_ONCE).map(|_| async {
        let (mut stream, mut buffer) = (page.connect().await?, Vec::new());
        for _ in 0..each {
            ask(&mut stream, next(), &mut buffer).await?;
        }
        anyhow::Ok(())
    });
    for done in futures_util::future::join_all(many).await {
        done?;
    }
    #[expect(clippy::cast_precision_loss)]
    let rate = (AT_ONCE * each) as f64 / start.elapsed().as_secs_f64();
    let [p50, p99] = shares(&times);
    Ok([p50, p99, rate])
}

/// p50 and p99, each right after something was written to a board of ours.
async fn after(page: &Page, token: &str) -> anyhow::Result<[f64; 2]> {
    let requests = page.requests(token);
    let mut stream = page.connect().await?;
    let mut writes =
        if page.is_ours { Some((Client::connect(page.address).await?, Sender::new())) } else { None };
    let (mut times, mut buffer) = (Vec::new(), Vec::new());
    for request in requests.iter().cycle().take(page.alone() + 2) {
        if let Some((client, sender)) = &mut writes {
            client.post("/callbacks/os", &sender.next().1).await?;
        }
        times.push(timed(&mut stream, request, &mut buffer).await?);
    }
    Ok(shares(&times))
}

/// p50 and p99, without the first two, which warm it up.
fn shares(times: &[f64]) -> [f64; 2] {
    let mut times = times[2..].to_vec();
    times.sort_by(f64::total_cmp);
    [times[times.len() / 2], times[times.len() * 99 / 100]]
}

/// How many ms a request takes.
async fn timed(stream: &mut TcpStream, request: &str, buffer: &mut Vec<u8>) -> anyhow::Result<f64> {
    let start = Instant::now();
    ask(stream, request, buffer).await?;
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}

/// One request and its whole answer, which must be 200. `buffer`: it is read into that, whatever is in it.
pub async fn ask(stream: &mut TcpStream, request: &str, buffer: &mut Vec<u8>) -> anyhow::Result<()> {
    stream.write_all(request.as_bytes()).await?;
    buffer.clear();
    buffer.reserve(128 * 1024);
    loop {
        ensure!(stream.read_buf(buffer).await? > 0, "the connection was closed before the answer");
        let Some(end) = buffer.windows(4).position(|it| it == b"\r\n\r\n").map(|at| at + 4) else { continue };
        let head = std::str::from_utf8(&buffer[..end])?.to_ascii_lowercase();
        ensure!(head.starts_with("http/1.1 200"), "{head}");
        let length =
            head.lines().find_map(|it| it.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        let is_whole = match length {
            Some(length) => buffer.len() >= end + length,
            None => buffer.ends_with(b"\r\n0\r\n\r\n"),
        };
        if is_whole {
            return Ok(());
        }
    }
}

fn medians(all: &[[f64; 5]]) -> [f64; 5] {
    std::array::from_fn(|at| {
        let mut values: Vec<f64> = all.iter().map(|it| it[at]).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    })
}
