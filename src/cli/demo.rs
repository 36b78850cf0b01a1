//! `signboard demo`: a board, a simulator of the providers, and their stories.

use super::{Trouble, until_stopped};
use crate::clock::Clock;
use crate::config::{
    AccountConfig, ApiAuth, ApiConfig, CallbackAuth, Config, Opens, ProviderKind, Secret, Unsigned,
};
use crate::demo::{Account, Kind, Options, Simulator};
use crate::serve::Server;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A demo asks its own simulator, which has no limit of calls.
const CALLS_PER_MINUTE: u32 = 600;

/// A package lies still that did not change for so long: some of the demo's week do.
pub const STILL_AFTER: Duration = Duration::from_secs(4 * 24 * 3600);

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
    /// Legalesign tells its changes every so many seconds, live; in truth every 360
    #[arg(long, default_value_t = 20.0, value_name = "SECONDS")]
    batch: f64,
    /// Something that goes wrong with the board; may be said several times
    #[arg(long, value_enum)]
    trouble: Vec<Trouble>,
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
    let mut config = config(args.listen, data, &accounts, &simulator);
    args.trouble.iter().for_each(|it| it.befall(&mut config));
    let server = Server::start(config, clock).await?;
    server.work();
    let address = server.addresses().first().copied().unwrap_or(args.listen);
    let board = format!("http://{address}");
    let options = Options {
        seed: args.seed,
        packages: args.packages,
        rate_per_minute: args.rate,
        drop: args.trouble.iter().map(|it| it.loses()).fold(args.drop, f64::max),
        duplicate: args.duplicate,
        reorder: args.reorder,
        delay_seconds: args.delay,
        batch_seconds: args.batch,
    };
    say(&format!("signboard demo: telling a week of {} packages …", args.packages))?;
    let stop = CancellationToken::new();
    let told = tokio::select! {
        told = simulator.tell_history(&board, &options) => Some(told),
        () = until_stopped() => None,
    };
    if let Some(told) = told {
        simulator.tell_strays(&board).await;
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
         Look at\n  - a red line in the strip on top: a signer is locked out, or a mail came back\n  - all four providers: Legalesign's \
         changes come together, the others' one by one\n  - a package's own page: \
         its timeline, and why it stands where it stands\n  - {board}/inbox: every callback as it came; one has a wrong secret, and one breaks off\n  - {board}/providers: \
         what to tell a provider, and whether its API answers\nAlerts are \
         shown on the board alone: the demo has no mail server, and writes to nobody.\nCtrl-C ends it{}.",
        "; a temporary database goes with it"
    )
}

fn accounts() -> Vec<Account> {
    vec![
        Account::new("onespan-eu", Kind::OneSpan),
        Account::new("conga", Kind::Conga),
        Account::new("legalesign", Kind::Legalesign),
        Account::new("websignatureoffice", Kind::WebSignatureOffice),
    ]
}

fn config(listen: SocketAddr, data: PathBuf, accounts: &[Account], simulator: &Simulator) -> Config {
    let mut config = Config { opens: Opens::ToItsMachine, ..Config::default() };
    config.server.listen = listen;
    config.server.data = data;
    config.alerts.inactive_after = Some(STILL_AFTER);
    config.accounts =
        accounts.iter().map(|it| (it.id.clone(), played(it, simulator.base_url(&it.id)))).collect();
    config
}

/// The board's side of an account that the simulator plays, whose API answers at `base_url`.
#[must_use]
pub fn played(it: &Account, base_url: String) -> AccountConfig {
    let api_key = || Secret::new(it.api_key.clone());
    let key = || Secret::new(it.callback_authorization.trim_start_matches("Basic "));
    let (provider, label, callback, auth) = match it.kind {
        Kind::OneSpan => (
            ProviderKind::OneSpan,
            "OneSpan · EU",
            CallbackAuth::Key { key: key(), next: None },
            ApiAuth::ApiKey { key: api_key() },
        ),
        Kind::Conga => (
            ProviderKind::Conga,
            "Conga",
            CallbackAuth::Key { key: key(), next: None },
            ApiAuth::ApiKey { key: api_key() },
        ),
        Kind::Legalesign => (
            ProviderKind::Legalesign,
            "Legalesign",
            CallbackAuth::Signed {
                certificate: Simulator::certificate().to_owned(),
                unsigned: Unsigned::Quarantine,
                hmac_secret: Some(Secret::new(it.shared_secret.clone())),
            },
            ApiAuth::Header { authorization: api_key() },
        ),
        Kind::WebSignatureOffice => (
            ProviderKind::WebSignatureOffice,
            "WebSignatureOffice",
            CallbackAuth::Headers(BTreeMap::from([(
                "Authorization".to_owned(),
                Secret::new(it.callback_authorization.clone()),
            )])),
            ApiAuth::Tyr {
                user: "demo".to_owned(),
                password: api_key(),
                customer_key: api_key(),
                shared_secret: Secret::new(it.shared_secret.clone()),
            },
        ),
    };
    AccountConfig {
        label: label.to_owned(),
        path_token: (!it.path_token.is_empty()).then(|| Secret::new(it.path_token.clone())),
        api: Some(ApiConfig { base_url, auth, proxy: None, ca_file: None, cache: false }),
        calls_per_minute: CALLS_PER_MINUTE,
        ..AccountConfig::new(provider, callback)
    }
}

fn fraction(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("a share lies between 0 and 1".to_owned()) }
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
