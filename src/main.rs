//! The thin binary: arguments, logs, exit status.

use clap::Parser as _;
use signboard::cli::{Cli, run};
use std::process::ExitCode;

/// The writer and the workers pass many small strings from thread to thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // Logs go to stderr, so that what a command prints can be piped.
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    // Each open page holds a connection; what is given by default may end at a thousand.
    if let Err(cause) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%cause, "the limit of open files could not be raised");
    }
    match run(cli).await {
        Ok(status) => ExitCode::from(u8::try_from(status).unwrap_or(1)),
        Err(error) => {
            eprintln!("signboard: {error:#}");
            // Not 1: that is `selfcheck`'s word for a difference.
            ExitCode::from(2)
        }
    }
}
