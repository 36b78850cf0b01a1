//! `signboard demo`: a board, a simulator of the providers, and their stories.

use super::until_stopped;
use crate::clock::Clock;
use crate::config::{AccountConfig, ApiAuth, ApiConfig, CallbackAuth, Config, ProviderKind, Secret};
use crate::demo::{Account, Kind, Options, Simulator};
use crate::serve::Server;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// A demo asks its own simulator, which has no limit of calls.
const CALLS_PER_MINUTE: u32 = 600;

/// What can be said to the demo.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Where the board listens
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Keep the database in this folder [default: a new temporary one]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// The same seed tells the same stories
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many packages of history
    #[arg(long, default_value_t = 300)]
    packages: usize,
    /// What happens a minute, live
    #[arg(long, default_value_t = 24.0)]
    rate: f64,
    /// The share of live callbacks that are lost, 0 to 1
    #[arg(long, default_value_t = 0.0, value_parser = fraction)]
    drop: f64,
    /// The share of live callbacks that come twice, 0 to 1
    #[arg(long, default_value_t = 0.0, value_parser = fraction)]
    duplicate: f64,
    /// The share of live callbacks that come out of order, 0 to 1
    #[arg(long, default_value_t = 0.0, value_parser = fraction)]
    reorder: f64,
    /// Live callbacks come up to this many seconds late
    #[arg(long, default_value_t = 0.0, value_name = "SECONDS")]
    delay: f64,
}

/// Runs the demo until Ctrl-C or SIGTERM.
pub(super) async fn demo(args: DemoArgs) -> anyhow::Result<()> {
    anyhow::ensure!(
        args.listen.ip().is_loopback(),
        "the demo listens on loopback only; {} is not",
        args.listen
    );
    let temporary = if args.data.is_none() { Some(tempfile::tempdir()?) } else { None };
    let data = args.data.or_else(|| temporary.as_ref().map(|it| it.path().to_owned())).unwrap_or_default();
    let clock = Clock::System;
    let accounts = accounts();
    let simulator = Simulator::start(clock.clone(), args.seed, accounts.clone()).await?;
    let server = Server::start(config(args.listen, data, &accounts, &simulator), clock).await?;
    server.work();
    let address = server.addresses().first().copied().unwrap_or(args.listen);
    let board = format!("http://{address}");
    let options = Options {
        seed: args.seed,
        packages: args.packages,
        rate_per_minute: args.rate,
        drop: args.drop,
        duplicate: args.duplicate,
        reorder: args.reorder,
        delay_seconds: args.delay,
    };
    say(&format!("signboard demo: telling a week of {} packages …", args.packages))?;
    let stop = CancellationToken::new();
    let told = tokio::select! {
        told = simulator.tell_history(&board, &options) => Some(told),
        () = until_stopped() => None,
    };
    if let Some(told) = told {
        say(&guide(&board, told.accepted))?;
        let live = simulator.live(&board, &options, stop.clone());
        tokio::select! { _ = live => (), () = until_stopped() => () }
    }
    say("stopping")?;
    stop.cancel();
    server.stop().await;
    simulator.stop().await;
    Ok(())
}

fn guide(board: &str, callbacks: usize) -> String {
    format!(
        "{callbacks} callbacks are on the board. Open\n\n    {board}/\n\nand watch: something changes every few seconds. \
         Look at\n  - a red line in the strip on top: a signer is locked out, or a mail came back\n  - a package's own page: \
         its timeline, and why it stands where it stands\n  - {board}/inbox: every callback as it came\n  - {board}/providers: \
         what to tell a provider, and whether its API answers\nCtrl-C ends it{}.",
        "; a temporary database goes with it"
    )
}

fn accounts() -> Vec<Account> {
    let account = |id: &str, kind, key: &str| Account {
        id: id.to_owned(),
        kind,
        callback_authorization: format!("Basic {key}"),
        api_key: format!("{key}-api"),
    };
    vec![account("onespan-eu", Kind::OneSpan, "demo-onespan"), account("conga", Kind::Conga, "demo-conga")]
}

fn config(listen: SocketAddr, data: PathBuf, accounts: &[Account], simulator: &Simulator) -> Config {
    let mut config = Config::default();
    config.server.listen = listen;
    config.server.data = data;
    let account = |it: &Account| {
        let (provider, label) = match it.kind {
            Kind::OneSpan => (ProviderKind::OneSpan, "OneSpan · EU"),
            Kind::Conga => (ProviderKind::Conga, "Conga"),
        };
        let key = it.callback_authorization.trim_start_matches("Basic ");
        AccountConfig {
            path_token: None,
            groups: Vec::new(),
            provider,
            label: label.to_owned(),
            callback: CallbackAuth::Key { key: Secret::new(key), next: None },
            api: Some(ApiConfig {
                base_url: simulator.base_url(&it.id),
                auth: ApiAuth::ApiKey { key: Secret::new(it.api_key.clone()) },
                proxy: None,
                ca_file: None,
            }),
            calls_per_minute: CALLS_PER_MINUTE,
        }
    };
    config.accounts = accounts.iter().map(|it| (it.id.clone(), account(it))).collect::<BTreeMap<_, _>>();
    config
}

fn fraction(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("a share lies between 0 and 1".to_owned()) }
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
