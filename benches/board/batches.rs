//! Legalesign's batches of 300 entries, signed with RSA-4096: from the first byte sent to the acknowledgement.
//!
//! Signing is the sender's work and done beforehand, by the program `openssl`; without it this is left out.

use crate::Plan;
use crate::child::Child;
use crate::client::Client;
use crate::report::{Report, median, quantile};
use anyhow::Context as _;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::Instant;

/// The demo's key, which guards nothing; the board under test pins its certificate.
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/demo/legalesign/throwaway_key.der");
/// Its certificate.
pub const CERTIFICATE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/src/demo/legalesign/throwaway_certificate.pem");
/// Where the board takes batches.
const PATH: &str = "/callbacks/batches";
/// Documents in a batch; each brings one entry of its own and one of each of two signers.
const DOCUMENTS: u64 = 100;
const ENTRIES: f64 = 300.0;
const CONNECTIONS: [usize; 2] = [1, 8];

/// Signs bodies that nobody has sent yet, sends them, and notes how fast they are acknowledged.
pub async fn measure(plan: Plan, board: &Child, folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    let rounds = plan.rounds.min(3);
    for turn in 1..=rounds {
        for connections in CONNECTIONS {
            eprintln!("round {turn}: batches of 300 entries, {connections} connections");
            let count = 24;
            let bodies = (0..count).map(|_| signed(folder)).collect::<anyhow::Result<Vec<String>>>();
            let bodies = match bodies {
                Ok(bodies) => Rc::new(bodies),
                Err(cause) => {
                    report.say(format!("Batches of 300 entries were left out: {cause:#}."));
                    return Ok(());
                }
            };
            let start = Instant::now();
            let senders = (0..connections).map(|sender| {
                let (bodies, address) = (Rc::clone(&bodies), board.address);
                tokio::task::spawn_local(async move {
                    let mut client = Client::connect(address).await?;
                    let mut acks = Vec::new();
                    for body in bodies.iter().skip(sender).step_by(connections) {
                        let sent = Instant::now();
                        client.post(PATH, body).await?;
                        acks.push(sent.elapsed().as_secs_f64() * 1000.0);
                    }
                    anyhow::Ok(acks)
                })
            });
            let mut acks = Vec::new();
            for done in futures_util::future::join_all(senders).await {
                acks.extend(done??);
            }
            #[expect(clippy::cast_precision_loss)]
            let rate = acks.len() as f64 / start.elapsed().as_secs_f64();
            let what = format!(
                "batches of 300, {connections} connection{}",
                if connections == 1 { "" } else { "s" }
            );
            report.add(&format!("acked/s, {what}"), "signboard", rate);
            report.add(&format!("entries/s, {what}"), "signboard", rate * ENTRIES);
            report.add(&format!("ack p50 ms, {what}"), "signboard", median(&acks));
            report.add(&format!("ack p99 ms, {what}"), "signboard", quantile(&acks, 0.99));
        }
    }
    Ok(())
}

/// A batch about documents and signers that nobody has heard of, as a signed form.
fn signed(folder: &Path) -> anyhow::Result<String> {
    let mut entries = Vec::new();
    for n in 0..DOCUMENTS {
        let at = format!("2026-01-01T{:02}:{:02}:{:02}", n / 60, n % 60, n % 50);
        let mut tell = |kind: &str, value: &str| {
            entries.push(format!(
                r#"{{"timestamp": "{at}", "name": "status", "value": "{value}", "resource_uri": "/api/v1/{kind}/{}/"}}"#,
                uuid(fastrand::u128(..))
            ));
        };
        tell("document", "10");
        tell("signer", "10");
        tell("signer", "4");
    }
    let data = format!("[{}]", entries.join(", "));
    let file = folder.join("batch.json");
    std::fs::write(&file, &data)?;
    let signature = Command::new("openssl")
        .args(["dgst", "-sha1", "-keyform", "DER", "-sign", KEY])
        .arg(&file)
        .output()
        .context("the program openssl can't be run")?;
    anyhow::ensure!(signature.status.success(), "openssl signs nothing with {KEY}");
    let signature = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &signature.stdout);
    Ok(format!("data={}&signed={}", escaped(&data), escaped(&signature)))
}

/// A value as a form carries it.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len() * 2), |mut form, byte| {
        if byte.is_ascii_alphanumeric() {
            form.push(char::from(byte));
        } else {
            let _ = write!(form, "%{byte:02X}");
        }
        form
    })
}

fn uuid(n: u128) -> String {
    let hex = format!("{n:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
