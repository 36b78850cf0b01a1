//! `cargo bench --bench board`: how fast the board is, beside what it is measured against, in one run.
//!
//! The board runs as a process of its own with everything on, on core 0; the load comes from this process, on core 1.
//! Peers take turns with it (A B A B), so that a busy machine is busy for all; every figure is a median over the
//! rounds, with the least and the most beside it. Progress goes to stderr, the tables to stdout.
//!
//! - `cargo bench --bench board -- --quick` takes less than a minute, without it less than six.
//! - `SIGNBOARD_BENCH_CEILING=program`, `SIGNBOARD_BENCH_EXPRESS="node server.js"`: peers, started with a port and the
//!   path of a database; they answer `POST /callback` with `Authorization: Basic c2VjcmV0`.

mod batches;
mod bodies;
mod child;
mod client;
mod flushes;
mod fold;
mod load;
mod raw;
mod readers;
mod report;

use child::{Child, Kind};
use report::Report;
use std::time::Duration;

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Rounds of everything that is compared.
    pub rounds: usize,
    /// How long one measurement of a rate lasts.
    pub each: Duration,
    /// Callbacks told to readers one by one.
    pub paced: usize,
    /// Deliveries in a burst, over all readers.
    pub burst: usize,
}

const FULL: Plan = Plan { rounds: 5, each: Duration::from_millis(2000), paced: 100, burst: 100_000 };
const QUICK: Plan = Plan { rounds: 2, each: Duration::from_millis(700), paced: 25, burst: 20_000 };

fn main() -> anyhow::Result<()> {
    let plan = if std::env::args().any(|it| it == "--quick") { QUICK } else { FULL };
    child::pin_myself();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, run(plan))
}

async fn run(plan: Plan) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let flushes = flushes::Flushes::build(folder.path());
    let mut report = Report::default();
    let mut peers = vec![Child::start(Kind::Board, folder.path(), flushes.as_ref()).await?];
    report.say(child::read_back(&peers[0]).await?);
    for kind in [Kind::Ceiling, Kind::Express] {
        match kind.command() {
            Some(_) => peers.push(Child::start(kind, folder.path(), flushes.as_ref()).await?),
            None => {
                report.say(format!("{} was left out: {} names no program.", kind.name(), kind.variable()));
            }
        }
    }
    if flushes.is_none() {
        report.say("Flushes were not counted, and slower ones left out: there is no C compiler `cc`.");
    }
    report.memory("board, idle", peers[0].rss_mib());
    fold::measure(&mut report)?;
    load::compare(plan, &peers, flushes.as_ref(), folder.path(), &mut report).await?;
    batches::measure(plan, &peers[0], folder.path(), &mut report).await?;
    readers::compare(plan, &peers, &mut report).await?;
    report.print()?;
    for peer in peers {
        peer.stop();
    }
    Ok(())
}
