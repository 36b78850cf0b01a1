//! Callbacks to a board that holds very much: what they do to its first page, and how many a second it takes.

use crate::board::Board;
use crate::bodies::Sender;
use crate::client::Client;
use crate::pages;
use std::cell::Cell;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::{LocalSet, spawn_local};

const CONNECTIONS: u64 = 64;
/// How often each tells something to a busy board: 2,000 callbacks a second.
const EVERY: Duration = Duration::from_millis(32);
const EACH: Duration = Duration::from_secs(8);
/// So often somebody looks at the first page meanwhile.
const LOOKS: Duration = Duration::from_millis(20);

pub async fn measure(folder: &Path, rounds: u64) -> anyhow::Result<()> {
    LocalSet::new().run_until(both(folder, rounds)).await
}

async fn both(folder: &Path, rounds: u64) -> anyhow::Result<()> {
    let full = Board::start(folder).await?;
    let other = tempfile::tempdir_in(folder)?;
    let empty = Board::start(other.path()).await?;
    let (mut quiet, mut busy, mut came) = (Vec::new(), Vec::new(), Vec::new());
    let (mut much, mut nothing) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        eprintln!("round {round}");
        quiet.push(looked(&full).await?);
        let stop = Rc::new(Cell::new(false));
        let sent = spawn_local(send(full.address, Some(EVERY), Rc::clone(&stop)));
        busy.push(looked(&full).await?);
        stop.set(true);
        came.push(sent.await??);
        for (board, figures) in [(&full, &mut much), (&empty, &mut nothing)] {
            figures.push(send(board.address, None, Rc::default()).await?);
        }
    }
    let (p50, p99) = (
        |all: &[(f64, f64)]| median(all.iter().map(|it| it.0)),
        |all: &[(f64, f64)]| median(all.iter().map(|it| it.1)),
    );
    let (much, nothing) = (median(much), median(nothing));
    let mut text = String::new();
    writeln!(text, "\n| the first page | p50 ms | p99 ms |\n|---|---|---|")?;
    writeln!(text, "| nothing comes | {:.2} | {:.2} |", p50(&quiet), p99(&quiet))?;
    writeln!(text, "| {:.0} callbacks/s come | {:.2} | {:.2} |", median(came), p50(&busy), p99(&busy))?;
    writeln!(text, "| so many times | {:.1} | {:.1} |", p50(&busy) / p50(&quiet), p99(&busy) / p99(&quiet))?;
    writeln!(text, "\n| callbacks/s, {CONNECTIONS} connections | |\n|---|---|\n| this board | {much:.0} |")?;
    writeln!(text, "| one that was empty | {nothing:.0} |\n| of that | {:.0} % |", 100.0 * much / nothing)?;
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

/// p50 and p99 of the first page. On a thread of its own: whoever looks at a board waits for the board, and not for those who
/// send callbacks to it.
async fn looked(board: &Board) -> anyhow::Result<(f64, f64)> {
    let (address, token) = (board.address, board.token.clone());
    let look = move || {
        let alone = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        alone.block_on(looks(address, &token))
    };
    tokio::task::spawn_blocking(look).await?
}

/// The same, asked for now and then.
async fn looks(address: SocketAddr, token: &str) -> anyhow::Result<(f64, f64)> {
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nAccept: text/html\r\n\r\n"
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (begun, mut times) = (Instant::now(), Vec::new());
    let (mut tick, mut buffer) = (tokio::time::interval(LOOKS), Vec::new());
    while begun.elapsed() < EACH {
        tick.tick().await;
        let start = Instant::now();
        pages::ask(&mut stream, &request, &mut buffer).await?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok((times[times.len() / 2], times[times.len() * 99 / 100]))
}

/// Sends callbacks, each connection one every so often or as soon as it may, and tells how many a second were.
async fn send(address: SocketAddr, every: Option<Duration>, stop: Rc<Cell<bool>>) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let senders = (0..CONNECTIONS).map(|_| {
        let stop = Rc::clone(&stop);
        spawn_local(async move {
            let mut client = Client::connect(address).await?;
            let mut sender = Sender::new();
            let mut tick = every.map(tokio::time::interval);
            let mut taken = 0_u64;
            while begun.elapsed() < EACH && !stop.get() {
                if let Some(tick) = &mut tick {
                    tick.tick().await;
                }
                client.post("/callbacks/os", &sender.next().1).await?;
                taken += 1;
            }
            anyhow::Ok(taken)
        })
    });
    let mut taken = 0;
    for done in futures_util::future::join_all(senders).await {
        taken += done??;
    }
    #[expect(clippy::cast_precision_loss)]
    Ok(taken as f64 / begun.elapsed().as_secs_f64())
}

fn median(all: impl IntoIterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = all.into_iter().collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
