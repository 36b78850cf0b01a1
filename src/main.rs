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
    // Whoever needs a page of memory waits for the kernel to empty that one, and not two megabytes, which takes milliseconds.
    #[cfg(target_os = "linux")]
    if let Err(cause) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%cause, "huge pages of memory could not be declined");
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
