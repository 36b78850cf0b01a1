//! Callbacks as fast as they are acknowledged, over some connections that are kept.

use crate::Plan;
use crate::bodies::Sender;
use crate::child::{Child, Kind};
use crate::client::Client;
use crate::flushes::Flushes;
use crate::raw::Raw;
use crate::readers::Lag;
use crate::report::{Report, median, quantile};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

const CONNECTIONS: [usize; 3] = [1, 64, 256];
/// What a usual cloud volume takes longer for a flush than a disk of one's own.
const SLOWER_US: u64 = 2000;

/// What one round gave.
struct Round {
    acks_ms: Vec<f64>,
    seconds: f64,
    cpu_us: f64,
    flushes: Option<u64>,
}

/// Everything about acknowledged callbacks, each program in turn.
pub async fn compare(
    plan: Plan,
    peers: &[Child],
    shim: Option<&Flushes>,
    folder: &Path,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut raw = Raw::open(folder).await?;
    // Somebody always watches the board.
    let lag = Lag::watch(&peers[0]).await?;
    for peer in peers {
        round(peer, 64, plan.each / 2, None).await?;
    }
    for turn in 1..=plan.rounds {
        raw.measure(plan.each / 2, report).await?;
        for connections in CONNECTIONS {
            for peer in peers {
                eprintln!("round {turn}: {}, {connections} connections", peer.kind.name());
                let watched = (peer.kind == Kind::Board && connections == 64).then_some(&lag);
                let it = round(peer, connections, plan.each, watched).await?;
                note(report, peer.kind, connections, &it, "");
            }
        }
        if shim.is_some() {
            for connections in [64, 256] {
                for peer in peers {
                    eprintln!(
                        "round {turn}: {}, {connections} connections, slower flushes",
                        peer.kind.name()
                    );
                    let count = peer.flushes.as_ref();
                    count.map_or(Ok(()), |it| it.slower(SLOWER_US))?;
                    let it = round(peer, connections, plan.each / 2, None).await;
                    count.map_or(Ok(()), |it| it.slower(0))?;
                    note(report, peer.kind, connections, &it?, ", flush +2 ms");
                }
            }
        }
    }
    let lags = lag.take();
    report.add("acked to frame p50 ms, 64 connections", "signboard", quantile(&lags, 0.5));
    report.add("acked to frame p99 ms, 64 connections (digest lag)", "signboard", quantile(&lags, 0.99));
    Ok(())
}

fn note(report: &mut Report, kind: Kind, connections: usize, it: &Round, how: &str) {
    #[expect(clippy::cast_precision_loss)]
    let acked = it.acks_ms.len() as f64;
    let what = format!("{connections} connection{}{how}", if connections == 1 { "" } else { "s" });
    let name = kind.name();
    report.add(&format!("acked/s, {what}"), name, acked / it.seconds);
    report.add(&format!("ack p50 ms, {what}"), name, median(&it.acks_ms));
    // What SQLite alone did in this round stands beside it.
    let beside = match (connections, kind, how) {
        (64, Kind::Board, "") => Some(("acked/s", "rows/s, batches of 64")),
        (1, Kind::Board, "") => Some(("ack p50 ms", "single commit p50 ms")),
        _ => None,
    };
    if let Some((measure, raw)) = beside
        && let Some(value) = report.last(raw, "raw SQLite")
    {
        report.add(&format!("{measure}, {what}"), "raw SQLite", value);
    }
    report.add(&format!("ack p99 ms, {what}"), name, quantile(&it.acks_ms, 0.99));
    report.add(&format!("CPU us/callback, {what}"), name, it.cpu_us / acked);
    #[expect(clippy::cast_precision_loss)]
    if let Some(flushes) = it.flushes {
        report.add(&format!("flushes of the log per acked callback, {what}"), name, flushes as f64 / acked);
    }
}

async fn round(
    peer: &Child,
    connections: usize,
    each: Duration,
    lag: Option<&Rc<Lag>>,
) -> anyhow::Result<Round> {
    let mut clients = Vec::with_capacity(connections);
    for _ in 0..connections {
        clients.push(Client::connect(peer.address).await?);
    }
    let count = || peer.flushes.as_ref().map(crate::flushes::Count::flushes).transpose();
    let (flushes, cpu) = (count()?, peer.cpu_us());
    let start = Instant::now();
    let path = peer.kind.callbacks();
    let senders = clients.into_iter().map(|mut client| {
        let lag = lag.cloned();
        tokio::task::spawn_local(async move {
            let mut sender = Sender::new();
            let mut acks = Vec::new();
            while start.elapsed() < each {
                let (id, body) = sender.next();
                if let Some(lag) = &lag {
                    lag.sent(&id);
                }
                let sent = Instant::now();
                client.post(path, &body).await?;
                acks.push(sent.elapsed().as_secs_f64() * 1000.0);
                if let Some(lag) = &lag {
                    lag.acked(&id);
                }
            }
            anyhow::Ok(acks)
        })
    });
    let mut acks_ms = Vec::new();
    for done in futures_util::future::join_all(senders).await {
        acks_ms.extend(done??);
    }
    let seconds = start.elapsed().as_secs_f64();
    let flushes = flushes.zip(count()?).map(|(before, after)| after - before);
    Ok(Round { acks_ms, seconds, cpu_us: peer.cpu_us() - cpu, flushes })
}
