//! What is sent looks like the samples.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use signboard::demo::package::Status;
use signboard::demo::stories;
use signboard::demo::wire::Callback;
use signboard::demo::world::World;
use signboard::demo::{Account, Simulator};

use crate::demo::shape::Shape;
use crate::demo::support::{NOW, conga, get, onespan, start};

#[test]
fn every_callback_of_the_stories_looks_like_a_sample() {
    let mut events = BTreeSet::new();
    for (account, samples) in [
        ("onespan-eu", include_str!("../../data/onespan/samples.jsonl")),
        ("conga", include_str!("../../data/conga/samples.jsonl")),
    ] {
        let mut known: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for line in samples.lines().filter(|line| !line.is_empty()) {
            let sample: Value = serde_json::from_str(line).unwrap();
            let name = sample["body"]["name"].as_str().unwrap().to_owned();
            known.entry(name).or_default().push(sample["body"].clone());
        }
        let known_account = if account == "conga" { conga(account) } else { onespan(account) };
        for callback in told(7, 300, known_account) {
            let body: Value = serde_json::from_slice(&callback.body).unwrap();
            assert_eq!(body["name"], callback.event);
            let samples =
                known.get(callback.event).unwrap_or_else(|| panic!("{} is no event", callback.event));
            let alike = samples.iter().any(|sample| Shape::of([sample]).differences(&body).is_empty());
            assert!(alike, "{body} is like none of {samples:?}");
            assert!(well_formed(&body, &samples[0]), "{body}");
            events.insert(callback.event);
        }
        // What the providers can say, but for the misprint of one table.
        let all: BTreeSet<&str> =
            known.keys().map(String::as_str).filter(|name| *name != "BA_FAILURE").collect();
        assert_eq!(events, all, "{account} tells all there is to tell");
    }
    assert_eq!(events.len(), 30);
}

/// Ids, dates and markers have the form of the sample's, not just its type.
fn well_formed(body: &Value, sample: &Value) -> bool {
    let same_length = |key: &str| body[key].as_str().map(str::len) == sample[key].as_str().map(str::len);
    let date = body["createdDate"].as_str().unwrap();
    same_length("@class")
        && same_length("packageId")
        && same_length("createdDate")
        && date.as_bytes()[19] == b'.'
        && body["packageId"].as_str().unwrap().ends_with('=')
        && [12, 36].contains(&body["sessionUser"].as_str().unwrap().len())
        && body["documentId"].as_str().is_none_or(|id| id.len() == 48 || id == "default-consent")
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_look_like_the_sample_in_every_part() {
    let simulator = start(vec![onespan("onespan-eu")]).await;
    stories::happen(&mut simulator.world().lock(), &stories::week(7, 300, &[onespan("onespan-eu")], NOW));
    let samples: Value = serde_json::from_str(include_str!("../../data/onespan/packages.json")).unwrap();
    let shape = Shape::of(samples["package_list_page"]["response"]["results"].as_array().unwrap());
    assert!(shape.0.contains_key(".roles[].signers[].auth.scheme"));
    let mut seen = 0;
    for query in ["from=1&to=100", "from=101&to=200", "from=201&to=300", "query=trashed", "type=TEMPLATE"] {
        let page = get(&simulator, "onespan-eu", &format!("/packages?{query}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        for package in page.json["results"].as_array().unwrap() {
            seen += 1;
            let differences = shape.differences(package);
            assert!(differences.is_empty(), "{differences:#?} in {package}");
        }
    }
    assert!(seen > 250, "{seen}");
    let roles = &samples["roles_list"]["response"]["results"];
    let reports = &samples["transaction_detail_report"]["response"];
    let id = completed(&simulator);
    let answer = get(&simulator, "onespan-eu", &format!("/packages/{id}/roles")).await;
    assert_eq!(answer.json["count"], answer.json["results"].as_array().unwrap().len());
    let shape = Shape::of(roles.as_array().unwrap());
    assert!(shape.differences(&answer.json["results"][0]).is_empty(), "{}", answer.json);
    let answer = get(&simulator, "onespan-eu", &format!("/reports/transaction-detail/{id}")).await;
    let kinds_apart = |path: &String| !path.contains("astSigned");
    let differences = Shape::of([reports]).differences(&answer.json);
    assert!(!differences.iter().any(kinds_apart), "{differences:?}");
    simulator.stop().await;
}

#[test]
fn the_same_seed_tells_the_same_story_and_another_another() {
    let bodies =
        |seed| told(seed, 120, conga("conga")).into_iter().map(|callback| callback.body).collect::<Vec<_>>();
    assert_eq!(bodies(3), bodies(3));
    assert_ne!(bodies(3), bodies(4));
}

fn told(seed: u64, packages: usize, account: Account) -> Vec<Callback> {
    let accounts = [account];
    stories::happen(&mut World::new(seed, &accounts), &stories::week(seed, packages, &accounts, NOW))
}

fn completed(simulator: &Simulator) -> String {
    let world = simulator.world();
    let world = world.lock();
    let mut packages = world.packages("onespan-eu").iter();
    packages.find(|package| package.status == Status::Completed && !package.trashed).unwrap().id.clone()
}
