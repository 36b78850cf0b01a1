//! The fold of one long log.

use crate::report::{Report, quantile};
use signboard::model::{Event, Fingerprint, Origin, Record, Timestamp, fold};
use std::hint::black_box;
use std::time::Instant;

const FACTS: u8 = 60;

/// How long a package with sixty facts takes.
pub fn measure(report: &mut Report) -> anyhow::Result<()> {
    let log: Vec<Record> = (0..FACTS).map(record).collect();
    anyhow::ensure!(fold(&log).facts == u32::from(FACTS), "the log is not what it should be");
    let mut micros = Vec::new();
    for _ in 0..500 {
        let start = Instant::now();
        for _ in 0..10 {
            black_box(fold(black_box(&log)));
        }
        micros.push(start.elapsed().as_secs_f64() * 1e5);
    }
    report.add("fold of a log of 60 events, p50 us", "signboard", quantile(&micros, 0.5));
    report.add("fold of a log of 60 events, p99 us", "signboard", quantile(&micros, 0.99));
    Ok(())
}

fn record(n: u8) -> Record {
    let document = || Some(format!("document-{}", n % 5));
    let (name, event) = match n {
        0 => ("PACKAGE_CREATE", Event::Created),
        1 => ("PACKAGE_ACTIVATE", Event::Sent),
        n if n + 1 == FACTS => ("PACKAGE_COMPLETE", Event::Completed),
        n if n % 3 == 0 => ("DOCUMENT_VIEWED", Event::Viewed { document: document() }),
        n if n % 3 == 1 => ("DOCUMENT_SIGNED", Event::DocumentSigned { document: document() }),
        _ => ("SIGNER_COMPLETE", Event::SignerCompleted),
    };
    let at = Timestamp(1_767_225_600_000 + i64::from(n) * 60_000);
    Record {
        event,
        who: Some(format!("signer-{}", n % 4)),
        happened_at: Some(at),
        received_at: at,
        fingerprint: Fingerprint([n; 16]),
        deliveries: 1,
        origin: Origin::Callback,
        name: name.to_owned(),
        arrival: None,
        unverified: false,
    }
}
