//! Two thousand packages of all four providers over a bad network: after one sweep the board is true, and the lines of
//! drift are what callbacks did not tell, no more and no less.

mod between;
mod network;
mod oracle;

use crate::support::world::{Stage, all_four, sweep};
use oracle::{Line, Oracle};
use serde_json::Value;
use signboard::app::{Drift, DriftFilter, Run};
use signboard::demo::act::Act;
use signboard::demo::stories::{self, Story};
use signboard::demo::wire::{self, Callback};
use signboard::demo::{Account, Kind};
use std::collections::{BTreeMap, BTreeSet};

const PACKAGES: usize = 2_000;
const HOUR: i64 = 3_600_000;
/// The week ends this long after the first sweep, so that about half of it is told before it.
const AFTER: i64 = 6 * 24 * HOUR;
const ACCOUNTS: [&str; 4] = ["os", "cg", "ls", "wo"];

/// What happens, in the order of time: what is made, and what is done to it.
struct Tale<'a> {
    stories: &'a [Story],
    ids: Vec<Option<String>>,
    moments: Vec<(i64, usize, Option<&'a Act>)>,
}

impl<'a> Tale<'a> {
    fn of(stories: &'a [Story]) -> Self {
        let mut moments: Vec<(i64, usize, Option<&Act>)> = Vec::new();
        for (place, story) in stories.iter().enumerate() {
            moments.push((story.created, place, None));
            moments.extend(story.past.iter().map(|(at, act)| (*at, place, Some(act))));
        }
        moments.sort_by_key(|(at, place, _)| (*at, *place));
        Self { stories, ids: vec![None; stories.len()], moments }
    }

    /// Lets happen what happens until then, and returns what the providers tell of it. What comes later comes `later` by
    /// so much.
    fn happen(&mut self, stage: &Stage, until: i64, later: i64) -> Vec<Callback> {
        let upto = self.moments.partition_point(|(at, ..)| *at < until);
        let (handle, mut told) = (stage.world.world(), Vec::new());
        let mut world = handle.lock();
        for (at, place, act) in self.moments.drain(..upto) {
            let (story, at) = (&self.stories[place], at + later);
            told.extend(match (act, &self.ids[place]) {
                (Some(act), Some(id)) => world.act(&story.account, id, act, at),
                (Some(_), None) => Vec::new(),
                (None, _) => {
                    let made = world.create(&story.account, &story.draft, at).unwrap();
                    self.ids[place] = Some(made.id);
                    made.callbacks
                }
            });
        }
        wire::posts(told, HOUR)
    }
}

async fn sweep_all(stage: &Stage) -> Vec<Run> {
    let mut runs = Vec::new();
    for account in ACCOUNTS {
        runs.push(sweep(stage, account).await);
    }
    runs
}

async fn drift(stage: &Stage) -> Vec<Drift> {
    stage.board.app().store.drift(&DriftFilter { limit: 100_000, ..DriftFilter::default() }).await.unwrap()
}

fn line(it: &Drift) -> Line {
    let field = ["status", "trashed", "progress", "locked", "identity"];
    let field = field.into_iter().find(|word| *word == it.field).expect("a field that is known");
    let package = format!("{}/{}", it.key.account, it.key.package);
    (package, it.signer.clone().unwrap_or_default(), field)
}

/// Every package on the board, as programs read it.
async fn board(stage: &Stage) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for status in ["", "trashed"] {
        let mut after = String::new();
        loop {
            let page = format!("/api/v1/packages?limit=500&status={status}&after={after}");
            let list = stage.board.json(&page).await;
            for it in list["packages"].as_array().unwrap() {
                let key = format!("{}/{}", it["account"].as_str().unwrap(), it["id"].as_str().unwrap());
                all.insert(key, it.clone());
            }
            match list["next"].as_str() {
                Some(next) => after = next.to_owned(),
                None => break,
            }
        }
    }
    all
}

/// The rows that a change would have moved or made.
async fn counts(stage: &Stage) -> Vec<String> {
    let mut counts = Vec::new();
    for count in [
        "SELECT count(*) FROM facts",
        "SELECT coalesce(max(seq), 0) FROM changes",
        "SELECT coalesce(max(seq), 0) FROM packages",
        "SELECT count(*) FROM drift",
        "SELECT count(*) FROM signer_facts",
        "SELECT count(*) FROM links",
    ] {
        counts.extend(stage.board.sql(count).await);
    }
    counts
}

#[actix_web::test]
async fn one_sweep_makes_the_board_true_and_its_lines_are_what_was_not_told() {
    let accounts: Vec<Account> = all_four();
    let stage = Stage::of(accounts.clone(), true).await;
    let week = stories::week(7, PACKAGES, &accounts, stage.now() + AFTER);
    let mut tale = Tale::of(&week);

    // Up to now everything arrives, and a first sweep knows all of it.
    let before = tale.happen(&stage, stage.now(), 0);
    stage.tell(before.clone()).await;
    for run in sweep_all(&stage).await {
        assert!(run.baseline && run.success, "{run:?}");
    }
    assert_eq!(drift(&stage).await, []);

    // From now on one in ten is lost, one in ten comes twice, and all of it comes late and overtakes each other.
    let after = tale.happen(&stage, i64::MAX, HOUR);
    let (arrivals, lost) = network::carry(&after, 11);
    let mut oracle = Oracle::new(&stage, &accounts).await;
    before.iter().for_each(|it| oracle.told(it, Some(it.at)));
    lost.iter().for_each(|number| oracle.told(&after[*number], None));
    for some in arrivals.chunk_by(|one, other| one.at / HOUR == other.at / HOUR) {
        let now = some.iter().map(|it| it.at).max().unwrap();
        stage.board.clock.advance((now - stage.now()).max(0));
        some.iter().for_each(|it| oracle.told(it.callback, Some(stage.now())));
        stage.tell(some.iter().map(|it| it.callback.clone()).collect()).await;
    }
    stage.board.clock.advance(7 * HOUR);

    let missed = oracle.missed(&stage, &accounts);
    let runs = sweep_all(&stage).await;
    for run in &runs {
        assert!(run.success && run.full && !run.baseline, "{run:?}");
    }
    let lines: Vec<Line> = drift(&stage).await.iter().map(line).collect();
    let found: BTreeSet<Line> = lines.iter().cloned().collect();
    assert_eq!(found.len(), lines.len(), "no line is there twice");
    let more: Vec<_> = found.difference(&missed.lines).collect();
    let less: Vec<_> = missed.lines.difference(&found).collect();
    assert!(more.is_empty() && less.is_empty(), "too many: {more:#?}\nmissing: {less:#?}");

    let compared = assert_true(&stage, &accounts, &missed.unheard).await;

    // Once more, and nothing is written.
    let written = counts(&stage).await;
    stage.board.clock.advance(7 * HOUR);
    for run in sweep_all(&stage).await {
        assert!(run.success && run.found == 0, "{run:?}");
    }
    assert_eq!(counts(&stage).await, written);

    println!(
        "{} callbacks, then {} of which {} were lost, in {} arrivals; {} lines, {} undone untold; compared {compared:?}, never \
         heard of at WebSignatureOffice {}",
        before.len(),
        after.len(),
        lost.len(),
        arrivals.len(),
        lines.len(),
        missed.undone,
        missed.unheard.len()
    );
    for it in &runs {
        println!(
            "{}: {} calls, {} pages, {} compared, {} found",
            it.account, it.calls, it.pages, it.compared, it.found
        );
    }
    assert!(compared.values().sum::<usize>() + missed.unheard.len() > PACKAGES * 49 / 50, "{compared:?}");
    assert!(lost.len() > 500 && lines.len() > 200, "{} {}", lost.len(), lines.len());
    stage.close().await;
}

/// The board is what the providers have, all of it; how many packages were compared, by account.
async fn assert_true<'a>(
    stage: &Stage,
    accounts: &'a [Account],
    unheard: &BTreeSet<String>,
) -> BTreeMap<&'a str, usize> {
    let board = board(stage).await;
    let (mut compared, mut wrong) = (BTreeMap::new(), Vec::new());
    for account in accounts {
        for truth in stage.world.world().lock().packages(&account.id) {
            let key = format!("{}/{}", account.id, truth.id);
            match board.get(&key) {
                Some(_) if truth.template => wrong.push(format!("{key} is a template")),
                Some(seen) => {
                    *compared.entry(account.id.as_str()).or_insert(0) += 1;
                    let differences = oracle::differs(account.kind, truth, seen);
                    wrong.extend(differences.iter().map(|it| format!("{key}: {it}: {seen}")));
                }
                // Nobody can be asked there which documents exist.
                None if account.kind == Kind::WebSignatureOffice && unheard.contains(&key) => {}
                None if truth.template => {}
                None => wrong.push(format!("{key} is not on the board")),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    compared
}
