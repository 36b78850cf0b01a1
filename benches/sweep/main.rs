//! `cargo bench --bench sweep`: what comparing with the providers costs. How many calls a sweep over quiet packages makes
//! and over some that changed; how many packages a second are compared, and in how much memory.
//!
//! The board runs as a process of its own and is started again for each sweep, as it begins one at its start; the providers
//! are played by this process. Everything is on 127.0.0.1. `-- --quick` does a tenth. Progress goes to stderr, the tables to
//! stdout.

mod board;

use board::Board;
use signboard::clock::Clock;
use signboard::demo::act::{Act, Draft};
use signboard::demo::wire::Callback;
use signboard::demo::{Account, Kind, Simulator};
use std::fmt::Write as _;
use std::io::Write as _;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let part = if std::env::args().any(|it| it == "--quick") { 10 } else { 1 };
    let mut text = String::from("\n# signboard, sweeps measured\n\n");
    quiet(10_000 / part, &mut text).await?;
    many(100_000 / part, &mut text).await?;
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

/// Packages of two signers that were sent a while ago; of every so many one is still open, and both have signed the rest.
fn past(
    world: &Simulator,
    account: &str,
    count: usize,
    open: usize,
    at: i64,
) -> (Vec<String>, Vec<Callback>) {
    let draft = Draft::named("NDA").signer("Ana", "Souza").signer("Ben", "Okri").document("NDA");
    let (mut still_open, mut told) = (Vec::new(), Vec::new());
    let handle = world.world();
    let mut truth = handle.lock();
    for number in 0..count {
        let draft = Draft { sender: number, ..draft.clone() };
        let Some(made) = truth.create(account, &draft, at) else { continue };
        told.extend(made.callbacks);
        told.extend(truth.act(account, &made.id, &Act::Activate, at + 1_000));
        if number % open == 0 {
            still_open.push(made.id);
            continue;
        }
        for signer in 0..2_i64 {
            let act = Act::SignAll(usize::try_from(signer).unwrap_or_default());
            told.extend(truth.act(account, &made.id, &act, at + 60_000 * (signer + 1)));
        }
    }
    (still_open, told)
}

/// How many calls it takes to find what changed among so many packages.
async fn quiet(count: usize, text: &mut String) -> anyhow::Result<()> {
    let accounts = vec![
        Account::new("os", Kind::OneSpan),
        Account::new("ls", Kind::Legalesign),
        Account { path_token: String::new(), ..Account::new("wo", Kind::WebSignatureOffice) },
    ];
    let world = Simulator::start(Clock::System, 1, accounts.clone()).await?;
    let at = Clock::System.millis() - 30 * DAY;
    let (os, _) = past(&world, "os", count, 5, at);
    let (ls, _) = past(&world, "ls", count, 5, at);
    // It can't be asked what there is, so that it has to have told; and each is asked about once before it is quiet.
    let (wo, told) = past(&world, "wo", count / 10, 10, at);
    let board = Board::new(&accounts, &world, "15m")?;
    let told: Vec<_> = told.into_iter().filter(|it| it.event != "FIELD_SIGNED_OR_REJECTED").collect();
    writeln!(
        text,
        "{count} packages each at OneSpan and Legalesign, one in five open; {} documents at WebSignatureOffice, {} open.\n\n\
         | sweep | account | calls | compared | seconds |\n|---|---|---|---|---|",
        count / 10,
        wo.len()
    )?;
    let (mut runs, mut changed) = (0, 0);
    for (what, more) in [("the first", 0), ("0 changed", 0), ("10 changed", 10), ("100 changed", 100)] {
        for (account, ids) in [("os", &os), ("ls", &ls)] {
            for id in &ids[changed..changed + more] {
                world.world().lock().act(account, id, &Act::SignAll(0), Clock::System.millis());
            }
        }
        changed += more;
        let process = board.start().await?;
        runs += accounts.len();
        board.ended(runs).await?;
        let mut ended = board.last_runs(accounts.len()).await?;
        ended.sort_by(|one, other| one.account.cmp(&other.account));
        for run in ended {
            anyhow::ensure!(run.success && run.found == expected(&run.account, more), "{what}: {run:?}");
            let (calls, compared) = (run.calls, run.compared);
            writeln!(text, "| {what} | {} | {calls} | {compared} | {:.1} |", run.account, run.seconds)?;
        }
        if runs == accounts.len() {
            world.tell(&process.url, told.clone()).await;
            board.asked().await?;
        }
        eprintln!("{what}: done");
    }
    text.push_str("\nWhat changed within the last 15 minutes is compared again.\n\n");
    world.stop().await;
    Ok(())
}

/// How many lines so many packages make in each of which one signer signed: at Legalesign the next one is called up by it.
fn expected(account: &str, changes: usize) -> usize {
    match account {
        "os" => changes,
        "ls" => 2 * changes,
        _ => 0,
    }
}

/// How fast very many are compared, and in how much memory.
async fn many(count: usize, text: &mut String) -> anyhow::Result<()> {
    let accounts = vec![Account::new("os", Kind::OneSpan)];
    let world = Simulator::start(Clock::System, 1, accounts.clone()).await?;
    // All of them within the overlap: the second sweep compares each.
    let _ = past(&world, "os", count, 5, Clock::System.millis() - 2 * HOUR);
    let board = Board::new(&accounts, &world, "1d")?;
    writeln!(
        text,
        "{count} packages at OneSpan, of two signers each, at 6000 calls a minute.\n\n\
         | sweep | calls | compared | compared/s | CPU us/package | memory before, MiB | memory at most, MiB |\n\
         |---|---|---|---|---|---|---|"
    )?;
    for (at, what) in ["the first, which learns them", "one in which nothing changed"].iter().enumerate() {
        let process = board.start().await?;
        let before = process.memory("VmRSS:");
        board.ended(at + 1).await?;
        for run in board.last_runs(1).await? {
            anyhow::ensure!(run.success && run.found == 0, "{what}: {run:?}");
            anyhow::ensure!(usize::try_from(run.compared)? >= count, "{what}: {run:?}");
            #[expect(clippy::cast_precision_loss)]
            let compared = run.compared as f64;
            writeln!(
                text,
                "| {what} | {} | {} | {:.0} | {:.0} | {before:.0} | {:.0} |",
                run.calls,
                run.compared,
                compared / run.seconds,
                process.cpu_us() / compared,
                process.memory("VmHWM:")
            )?;
        }
        eprintln!("{what}: done");
    }
    text.push('\n');
    world.stop().await;
    Ok(())
}
