//! A board and the simulator of its providers, on one clock: a test makes things happen there and sees them here.

use super::board::{Board, NOON};
use signboard::app::Run;
use signboard::app::asking::Asked;
use signboard::app::reconcile::Swept;
use signboard::clock::Clock;
use signboard::demo::act::{Act, Draft};
use signboard::demo::wire::{self, Callback};
use signboard::demo::{Account, Kind, Simulator};
use std::path::PathBuf;

/// An account at each provider.
pub fn all_four() -> Vec<Account> {
    let kinds = [
        ("os", Kind::OneSpan),
        ("cg", Kind::Conga),
        ("ls", Kind::Legalesign),
        ("wo", Kind::WebSignatureOffice),
    ];
    kinds.map(|(id, kind)| Account::new(id, kind)).to_vec()
}

/// The board and the world.
pub struct Stage {
    pub board: Board,
    pub world: Simulator,
}

/// A document and two who sign it.
pub fn nda() -> Draft {
    Draft::named("NDA").signer("Ana", "Souza").signer("Ben", "Okri").document("NDA")
}

impl Stage {
    /// Two accounts, `os` and `cg`, each with its API.
    pub async fn open() -> Self {
        Self::with_calls(600).await
    }

    pub async fn with_calls(calls_per_minute: u32) -> Self {
        let clock = Clock::manual(NOON);
        let account = |id: &str, kind| Account {
            callback_authorization: "Basic cb-key".to_owned(),
            api_key: "api-key".to_owned(),
            ..Account::new(id, kind)
        };
        let accounts = vec![account("os", Kind::OneSpan), account("cg", Kind::Conga)];
        let world = Simulator::start(clock.clone(), 7, accounts).await.unwrap();
        let apis = ["os", "cg"].map(|id| Some(world.base_url(id)));
        let change = |config: &mut signboard::config::Config| {
            let data: PathBuf = config.server.data.clone();
            *config = super::board::config(data, apis);
            for account in config.accounts.values_mut() {
                account.calls_per_minute = calls_per_minute;
            }
        };
        Self { board: Board::on(clock, change).await, world }
    }

    /// These accounts as the demo has them, with their APIs or without.
    pub async fn of(accounts: Vec<Account>, apis: bool) -> Self {
        let clock = Clock::manual(NOON);
        let world = Simulator::start(clock.clone(), 7, accounts.clone()).await.unwrap();
        let change = |config: &mut signboard::config::Config| {
            let played = |it: &Account| (it.id.clone(), signboard::cli::played(it, world.base_url(&it.id)));
            config.accounts = accounts.iter().map(played).collect();
            if !apis {
                config.accounts.values_mut().for_each(|account| account.api = None);
            }
        };
        Self { board: Board::on(clock, change).await, world }
    }

    pub fn now(&self) -> i64 {
        self.board.clock.millis()
    }

    /// Makes a package a minute from now, and lets the board hear of it.
    /// Packages like [`nda`] that were sent, all of it told.
    pub async fn sent(&self, account: &str, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for _ in 0..count {
            let id = self.create(account, &nda()).await;
            self.act(account, &id, &Act::Activate).await;
            ids.push(id);
        }
        ids
    }

    pub async fn create(&self, account: &str, draft: &Draft) -> String {
        self.board.clock.advance(60_000);
        let made = self.world.world().lock().create(account, draft, self.now() - 1_000).unwrap();
        self.tell(made.callbacks).await;
        made.id
    }

    /// Lets something happen a minute from now, and the board hear of it.
    pub async fn act(&self, account: &str, package: &str, act: &Act) {
        let told = self.happen(account, package, act);
        self.tell(told).await;
    }

    /// Lets something happen a minute from now that nobody tells the board of.
    pub fn happen(&self, account: &str, package: &str, act: &Act) -> Vec<Callback> {
        self.board.clock.advance(60_000);
        let told = self.world.world().lock().act(account, package, act, self.now() - 50_000);
        self.board.clock.advance(10_000);
        told
    }

    pub async fn tell(&self, callbacks: Vec<Callback>) {
        let posts =
            if callbacks.iter().any(|it| it.entry) { wire::posts(callbacks, 360_000) } else { callbacks };
        let count = posts.len();
        let told = self.world.tell(&self.board.url, posts).await;
        assert_eq!(told.accepted, count, "{told:?}");
    }

    /// Rounds of asking until nothing is due at this instant.
    pub async fn ask(&self) -> Asked {
        // What came in the millisecond of an answer may be newer than it, and would be asked about once more.
        self.board.clock.advance(1);
        let mut all = Asked::default();
        for _ in 0..100 {
            let asked = self.board.app().ask_due().await.unwrap();
            all.answered += asked.answered;
            all.failed += asked.failed;
            if asked == Asked::default() {
                break;
            }
        }
        all
    }

    pub async fn close(self) {
        self.board.stop().await;
        self.world.stop().await;
    }
}

/// A step of an account's sweep.
pub async fn step(stage: &Stage, account: &str) -> Swept {
    let app = stage.board.app();
    app.sweep_step(app.account(account).unwrap()).await.unwrap()
}

/// The sweep that is due or asked for, to its end; while it can't go on, seconds pass.
pub async fn sweep(stage: &Stage, account: &str) -> Run {
    for _ in 0..50_000 {
        match step(stage, account).await {
            Swept::Ended(run) => return *run,
            Swept::Went => {}
            Swept::Idle => stage.board.clock.advance(1_000),
        }
    }
    panic!("the sweep of {account} has no end");
}
