//! SQLite alone, through sqlx and one connection with `synchronous=FULL`: the same bodies, one row each and one row
//! per package, in batches of 64 and one by one.

use crate::bodies::Sender;
use crate::report::{Report, median};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use std::path::Path;
use std::time::{Duration, Instant};

const SCHEMA: &str = "CREATE TABLE events (id INTEGER PRIMARY KEY, package TEXT NOT NULL, body BLOB NOT NULL); \
    CREATE INDEX events_package ON events (package); \
    CREATE TABLE packages (id TEXT PRIMARY KEY, events BIGINT NOT NULL, last BLOB NOT NULL) WITHOUT ROWID";

/// A database with two tables.
pub struct Raw {
    connection: SqliteConnection,
    senders: Vec<Sender>,
}

impl Raw {
    /// Makes it.
    pub async fn open(folder: &Path) -> anyhow::Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(folder.join("raw.sqlite"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging();
        let mut connection = options.connect().await?;
        sqlx::raw_sql(SCHEMA).execute(&mut connection).await?;
        Ok(Self { connection, senders: (0..64).map(|_| Sender::new()).collect() })
    }

    /// One round of both.
    pub async fn measure(&mut self, each: Duration, report: &mut Report) -> anyhow::Result<()> {
        eprintln!("raw SQLite");
        for (rows, rate, latency) in [
            (64, "rows/s, batches of 64", "batch of 64 p50 ms"),
            (1, "rows/s, single commits", "single commit p50 ms"),
        ] {
            let start = Instant::now();
            let mut commits = Vec::new();
            while start.elapsed() < each {
                let begun = Instant::now();
                self.write(rows).await?;
                commits.push(begun.elapsed().as_secs_f64() * 1000.0);
            }
            #[expect(clippy::cast_precision_loss)]
            let written = (commits.len() * rows) as f64;
            report.add(rate, "raw SQLite", written / start.elapsed().as_secs_f64());
            report.add(latency, "raw SQLite", median(&commits));
        }
        Ok(())
    }

    async fn write(&mut self, rows: usize) -> anyhow::Result<()> {
        let values = vec!["(?,?)"; rows].join(",");
        let upserts = vec!["(?,1,?)"; rows].join(",");
        let text = format!(
            "BEGIN IMMEDIATE; INSERT INTO events (package, body) VALUES {values}; \
             INSERT INTO packages (id, events, last) VALUES {upserts} \
             ON CONFLICT (id) DO UPDATE SET events = events + 1, last = excluded.last; COMMIT"
        );
        let told: Vec<(String, String)> = self.senders.iter_mut().take(rows).map(Sender::next).collect();
        let mut query = sqlx::query(AssertSqlSafe(text));
        for _ in 0..2 {
            for (id, body) in &told {
                query = query.bind(id.clone()).bind(body.clone().into_bytes());
            }
        }
        query.execute(&mut self.connection).await?;
        Ok(())
    }
}
