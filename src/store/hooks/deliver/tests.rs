//! What is next is what it always was, the first that waits of each package, and is found as fast however much waits.

use super::*;
use crate::store::open::connect_beside;
use crate::store::{Mode, Policies, steps};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnection;
use std::sync::atomic::Ordering;

const FILL: &str = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
    INSERT INTO hook_deliveries (hook, account, package, event, subject, turn, made_at, body) \
    SELECT 'crm', 'os', 'p' || (i % $2), 'package.sent', '', $3 + i, 5 + i % 7, '{\"k\": 1}' FROM n";
/// The definition, that goes through all that waits.
const HEADS: &str = "SELECT min(id) FROM hook_deliveries WHERE hook = 'crm' AND state = 0 GROUP BY account, package ORDER BY 1";
/// As erasing a person does with a package.
const ERASE: &str =
    "UPDATE hook_deliveries SET state = iif(state = 0, 2, state) WHERE account = 'os' AND package = $1";

async fn fill(connection: &mut SqliteConnection, rows: i64, packages: i64, turn: i64) {
    sqlx::query(FILL).bind(rows).bind(packages).bind(turn).execute(connection).await.unwrap();
}

async fn numbers(connection: &mut SqliteConnection, sql: &'static str) -> Vec<i64> {
    let rows = sqlx::query(sql).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.try_get(0).unwrap()).collect()
}

fn tried(id: i64, state: HookState, due: i64) -> HookTried {
    let error = (state != HookState::Taken).then(|| "it answers 500".to_owned());
    HookTried { id, state, due, counts: 1, at: 9, ms: 1, status: Some(500), error, answer: None }
}

/// Seen red with: a mark that stays where something of the package is told again before it.
#[tokio::test]
async fn whatever_becomes_of_what_waits_the_first_of_each_package_is_next() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
    let mut beside = connect_beside(folder.path()).await.unwrap();
    let (mut seed, mut seen) = (7_usize, 0);
    let mut any = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for round in 0..400 {
        let waits = store.due_for_hook("crm", Timestamp(i64::MAX), 1_000).await.unwrap();
        let all = numbers(&mut beside, "SELECT id FROM hook_deliveries ORDER BY id").await;
        match any(8) {
            0 | 1 => fill(&mut beside, 6, 7, round * 100).await,
            2 => {
                let id = all.get(any(all.len().max(1))).copied();
                store.hook_again("crm", id).await.unwrap();
            }
            3 => {
                let package = format!("p{}", any(7));
                sqlx::query(ERASE).bind(package).execute(&mut beside).await.unwrap();
            }
            4 if round % 5 == 0 => {
                let until = Timestamp(i64::try_from(5 + any(5)).unwrap());
                store.give_up_for_hook("crm", until, "it waited").await.unwrap();
            }
            _ => {
                let outcomes = [
                    (HookState::Taken, 0),
                    (HookState::Waits, 1_000 + i64::try_from(any(50)).unwrap()),
                    (HookState::GivenUp, 0),
                ];
                let some: Vec<HookTried> = waits
                    .iter()
                    .take(1 + any(5))
                    .map(|_| outcomes[any(3)])
                    .zip(&waits)
                    .map(|((state, due), it)| tried(it.id, state, due))
                    .collect();
                store.note_hook("crm", &some, any(9) == 0).await.unwrap();
            }
        }
        let next = store.due_for_hook("crm", Timestamp(i64::MAX), 1_000).await.unwrap();
        let mut next: Vec<i64> = next.iter().map(|it| it.id).collect();
        next.sort_unstable();
        seen += next.len();
        assert_eq!(next, numbers(&mut beside, HEADS).await, "round {round}");
        let marked = "SELECT id FROM hook_deliveries WHERE head = 1 ORDER BY id";
        assert_eq!(next, numbers(&mut beside, marked).await, "nothing else is marked");
    }
    assert!(seen > 1_000, "{seen}");
    store.close().await;
}

/// Seen red with: what was tried in vain looked for among all that waits.
#[tokio::test]
async fn a_step_costs_the_same_however_much_waits() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Mode::Board, Policies::default()).await.unwrap();
    let mut beside = connect_beside(folder.path()).await.unwrap();
    let steps = steps::counted(&mut beside).await;
    let mut costs = Vec::new();
    // Of each package one behind the other, which are of the last turns.
    for (rows, turn) in [(400, 0), (40_000, 1_000)] {
        fill(&mut beside, rows, rows / 2, turn).await;
        let heads =
            numbers(&mut beside, "SELECT id FROM hook_deliveries WHERE head = 1 ORDER BY id LIMIT 8").await;
        let taken: Vec<_> = heads.iter().map(|id| tried(*id, HookState::Taken, 0)).collect();
        let taken = json(&taken).unwrap();
        steps.store(0, Ordering::Relaxed);
        for sql in [NEXT, DUE, TOO_OLD, TRIED, PRUNE, BACK, DUE_NOW, crate::store::alerts::HOOK] {
            let query = sqlx::query(AssertSqlSafe(sql));
            let query = if sql == TRIED { query.bind(&taken) } else { query.bind("crm").bind(1).bind(8) };
            query.fetch_all(&mut beside).await.unwrap();
        }
        costs.push(steps.load(Ordering::Relaxed));
    }
    assert!(costs[0] > 300 && costs[1] < costs[0] + costs[0] / 4, "{costs:?}");
    store.close().await;
}
