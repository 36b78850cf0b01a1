//! Live readers: from a POST to the last byte of its frame, one by one and in bursts.

use crate::Plan;
use crate::bodies::{PLAIN, Sender};
use crate::child::{Child, Kind};
use crate::client::Client;
use crate::report::{Report, quantile};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt as _;
use tokio::task::JoinHandle;

const READERS: [usize; 3] = [1, 100, 1000];
/// Nothing came for so long: nothing will.
const SILENCE: Duration = Duration::from_secs(5);
const SENDERS: usize = 8;

/// Some readers of one stream; they leave when this is dropped.
struct Crowd(Vec<JoinHandle<()>>);

impl Drop for Crowd {
    fn drop(&mut self) {
        for reader in &self.0 {
            reader.abort();
        }
    }
}

impl Crowd {
    /// Opens so many streams; each frame is given to `told`.
    async fn gather(
        peer: &Child,
        readers: usize,
        told: impl Fn(&[u8]) + Clone + 'static,
    ) -> anyhow::Result<Self> {
        let path = peer.kind.stream().unwrap_or_default();
        let mut crowd = Self(Vec::with_capacity(readers));
        for _ in 0..readers {
            let mut stream = Client::connect(peer.address).await?.stream(path, &peer.token).await?;
            let told = told.clone();
            crowd.0.push(tokio::task::spawn_local(async move {
                let (mut buffer, mut from) = (Vec::with_capacity(64 * 1024), 0);
                while stream.read_buf(&mut buffer).await.is_ok_and(|n| n > 0) {
                    let mut begin = 0;
                    while let Some(end) = end_of_frame(&buffer, from.max(begin)) {
                        told(&buffer[begin..end]);
                        (begin, from) = (end, end);
                    }
                    buffer.drain(..begin);
                    from = buffer.len().saturating_sub(1);
                }
            }));
        }
        Ok(crowd)
    }
}

fn end_of_frame(buffer: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = buffer.get(at..)?.iter().position(|it| *it == b'\n') {
        at += found + 1;
        if buffer.get(at) == Some(&b'\n') {
            return Some(at + 1);
        }
    }
    None
}

fn holds(frame: &[u8], needle: &[u8]) -> bool {
    frame.windows(needle.len()).any(|it| it == needle)
}

/// The whole comparison of live streams.
pub async fn compare(plan: Plan, peers: &[Child], report: &mut Report) -> anyhow::Result<()> {
    let rounds = plan.rounds.min(3);
    for turn in 1..=rounds {
        for readers in READERS {
            for peer in peers.iter().filter(|it| it.kind.stream().is_some()) {
                eprintln!("round {turn}: {}, {readers} readers", peer.kind.name());
                one_by_one(plan, peer, readers, report).await?;
                if readers > 1 {
                    burst(plan, peer, readers, report).await?;
                }
                // The next one begins when the streams of this one are gone.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    Ok(())
}

async fn one_by_one(plan: Plan, peer: &Child, readers: usize, report: &mut Report) -> anyhow::Result<()> {
    let before = peer.rss_mib();
    let waited: Rc<RefCell<(String, Vec<Instant>)>> = Rc::default();
    let enough = Rc::new(tokio::sync::Notify::new());
    let (hears, rings) = (Rc::clone(&waited), Rc::clone(&enough));
    let crowd = Crowd::gather(peer, readers, move |frame| {
        let mut waited = hears.borrow_mut();
        if !waited.0.is_empty() && holds(frame, waited.0.as_bytes()) {
            waited.1.push(Instant::now());
            if waited.1.len() == readers {
                rings.notify_one();
            }
        }
    })
    .await?;
    if readers == 1000 && peer.kind == Kind::Board {
        let more = peer.rss_mib() - before;
        report.memory(&format!("board, 1,000 readers ({more:.1} more than without them)"), peer.rss_mib());
    }
    let (mut client, mut sender) = (Client::connect(peer.address).await?, Sender::new());
    let (mut all, mut last, mut acks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.paced {
        let (id, body) = sender.stranger();
        *waited.borrow_mut() = (id, Vec::with_capacity(readers));
        let start = Instant::now();
        client.post(peer.kind.callbacks(), &body).await?;
        acks.push(start.elapsed().as_secs_f64() * 1000.0);
        tokio::time::timeout(SILENCE, enough.notified()).await?;
        let told: Vec<f64> =
            waited.borrow().1.iter().map(|at| at.duration_since(start).as_secs_f64() * 1000.0).collect();
        last.push(quantile(&told, 1.0));
        all.extend(told);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(crowd);
    let what = format!("POST to frame, {readers} reader{}", if readers == 1 { "" } else { "s" });
    let name = peer.kind.name();
    report.add(&format!("{what}, p50 ms"), name, quantile(&all, 0.5));
    report.add(&format!("{what}, p99 ms"), name, quantile(&all, 0.99));
    report.add(&format!("{what}, last p50 ms"), name, quantile(&last, 0.5));
    report.add(&format!("{what}, ack p50 ms"), name, quantile(&acks, 0.5));
    Ok(())
}

/// As many changes at once as `plan` wants deliveries: how fast the readers have them all.
async fn burst(plan: Plan, peer: &Child, readers: usize, report: &mut Report) -> anyhow::Result<()> {
    let heard = Rc::new(Cell::new(0_usize));
    let counts = Rc::clone(&heard);
    let crowd = Crowd::gather(peer, readers, move |frame| {
        if holds(frame, b"event: put") || holds(frame, b"event: row") {
            counts.set(counts.get() + 1);
        }
    })
    .await?;
    let each = (plan.burst / readers).div_ceil(SENDERS);
    let start = Instant::now();
    let cpu = peer.cpu_us();
    let (address, path) = (peer.address, peer.kind.callbacks());
    let senders = (0..SENDERS).map(|_| {
        tokio::task::spawn_local(async move {
            let (mut client, mut sender) = (Client::connect(address).await?, Sender::new());
            for _ in 0..each {
                client.post(path, &sender.stranger().1).await?;
            }
            anyhow::Ok(())
        })
    });
    for done in futures_util::future::join_all(senders).await {
        done??;
    }
    let wanted = SENDERS * each * readers;
    let (mut last, mut at) = (0, Instant::now());
    while heard.get() < wanted && at.elapsed() < SILENCE {
        if heard.get() != last {
            (last, at) = (heard.get(), Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    #[expect(clippy::cast_precision_loss)]
    let (got, all) = (heard.get() as f64, wanted as f64);
    let name = peer.kind.name();
    report.add(&format!("burst deliveries/s, {readers} readers"), name, got / start.elapsed().as_secs_f64());
    report.add(&format!("burst CPU us/delivery, {readers} readers"), name, (peer.cpu_us() - cpu) / got);
    report.add(&format!("burst lost %, {readers} readers"), name, 100.0 * (all - got) / all);
    drop(crowd);
    Ok(())
}

/// What one reader of the board sees of the packages that are being told of: how long after the acknowledgement.
pub struct Lag {
    open: RefCell<HashMap<String, Option<Instant>>>,
    early: RefCell<HashMap<String, ()>>,
    lags_ms: RefCell<Vec<f64>>,
    crowd: RefCell<Option<Crowd>>,
}

impl Lag {
    /// Opens the reader.
    pub async fn watch(board: &Child) -> anyhow::Result<Rc<Self>> {
        let lag = Rc::new(Self {
            open: RefCell::default(),
            early: RefCell::default(),
            lags_ms: RefCell::default(),
            crowd: RefCell::default(),
        });
        let hears = Rc::downgrade(&lag);
        let crowd = Crowd::gather(board, 1, move |frame| {
            if let Some(lag) = hears.upgrade() {
                lag.seen(frame);
            }
        })
        .await?;
        *lag.crowd.borrow_mut() = Some(crowd);
        Ok(lag)
    }

    /// A callback about this package leaves.
    pub fn sent(&self, id: &str) {
        self.early.borrow_mut().remove(id);
        self.open.borrow_mut().insert(id.to_owned(), None);
    }

    /// It was acknowledged.
    pub fn acked(&self, id: &str) {
        if self.early.borrow_mut().remove(id).is_some() {
            self.lags_ms.borrow_mut().push(0.0);
        } else if let Some(at) = self.open.borrow_mut().get_mut(id) {
            *at = Some(Instant::now());
        }
    }

    fn seen(&self, frame: &[u8]) {
        const BEFORE: &[u8] = b"/packages/bench/";
        let Some(at) = frame.windows(BEFORE.len()).position(|it| it == BEFORE) else { return };
        let id = frame.get(at + BEFORE.len()..at + BEFORE.len() + PLAIN).unwrap_or_default();
        let Ok(id) = std::str::from_utf8(id) else { return };
        match self.open.borrow_mut().remove(id) {
            Some(Some(at)) => self.lags_ms.borrow_mut().push(at.elapsed().as_secs_f64() * 1000.0),
            Some(None) => {
                self.early.borrow_mut().insert(id.to_owned(), ());
            }
            None => {}
        }
    }

    /// All lags so far; the reader leaves.
    pub fn take(&self) -> Vec<f64> {
        self.crowd.borrow_mut().take();
        self.lags_ms.take()
    }
}
