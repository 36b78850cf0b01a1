//! Killed in the middle of a sweep: the next start goes on with it, and no line is lost or written twice.

use super::House;
use crate::support::db;
use crate::support::world::nda;
use signboard::clock::Clock;
use signboard::demo::act::Act;
use signboard::demo::{Account, Kind, Simulator};
use std::time::{Duration, Instant};

/// Seven pages of the list, and the last one of 50.
const PACKAGES: usize = 650;
const DAY: i64 = 24 * 3_600_000;

/// The first column of the statement's row, once `enough` says so.
async fn wait_for(house: &House, statement: &str, enough: impl Fn(i64) -> bool) -> i64 {
    let began = Instant::now();
    loop {
        let found = db::run(&house.data(), statement).await;
        let found = found.first().and_then(|it| it.parse().ok()).unwrap_or_default();
        if enough(found) {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{statement}: {found}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn ask(house: &House, statement: &str) -> i64 {
    wait_for(house, statement, |_| true).await
}

const ENDED: &str = "SELECT count(*) FROM runs WHERE ended_at IS NOT NULL";
const PAGES: &str = "SELECT pages + 100 * (ended_at IS NOT NULL) FROM runs ORDER BY id DESC LIMIT 1";

#[actix_web::test]
async fn after_kill_9_a_sweep_goes_on_and_each_line_is_there_once() {
    let account = Account {
        callback_authorization: "Basic cb-key".to_owned(),
        api_key: "api-key".to_owned(),
        ..Account::new("os", Kind::OneSpan)
    };
    let world = Simulator::start(Clock::System, 7, vec![account]).await.unwrap();
    let (base, now) = (world.base_url("os"), Clock::System.millis());
    let ids: Vec<String> = (0..PACKAGES)
        .map(|_| {
            let handle = world.world();
            let mut truth = handle.lock();
            let id = truth.create("os", &nda(), now - 2 * DAY).unwrap().id;
            truth.act("os", &id, &Act::Activate, now - DAY);
            id
        })
        .collect();
    let house = House::with(&format!(
        "api = {{ base-url = \"{base}\", auth = \"api-key\", key = \"api-key\" }}\n\
         reconcile = {{ calls-per-minute = 1200 }}\n"
    ));
    let mut served = house.serve();
    wait_for(&house, ENDED, |runs| runs == 1).await;
    served.kill();
    world.calls().clear();
    // While it is down, everybody signs and nobody hears of it.
    for id in &ids {
        world.world().lock().act("os", id, &Act::SignAll(0), now);
    }
    let (mut kills, mut pages) = (0, 0);
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..20 {
        let mut served = house.serve();
        let run = "SELECT count(*) FROM runs WHERE baseline = 0";
        wait_for(&house, run, |runs| runs == 1).await;
        // Somewhere in the next page or two.
        let upto = wait_for(&house, PAGES, |now| now > pages).await;
        tokio::time::sleep(Duration::from_millis(random.u64(0..150))).await;
        served.kill();
        if upto >= 100 || ask(&house, ENDED).await == 2 {
            break;
        }
        pages = ask(&house, PAGES).await;
        kills += 1;
    }
    assert!(kills >= 2, "{kills}");
    let count = async |what: &str| usize::try_from(ask(&house, what).await).unwrap();
    assert_eq!(count("SELECT count(*) FROM runs").await, 2, "it went on with the same run");
    assert_eq!(count("SELECT success FROM runs ORDER BY id DESC LIMIT 1").await, 1);
    assert_eq!(count("SELECT count(*) FROM drift").await, PACKAGES, "one signer of each signed");
    let each = "SELECT count(DISTINCT package || '/' || signer || '/' || field) FROM drift";
    assert_eq!(count(each).await, PACKAGES);
    let lists = world.calls().all().iter().filter(|it| it.path.ends_with("/packages")).count();
    println!("{kills} kills, {lists} calls for 7 pages and the trash");
    assert!(lists <= 8 + kills, "at most the page that was under way is asked for again: {lists}");
    assert_eq!(house.run("selfcheck").status.code(), Some(0));
    world.stop().await;
}
