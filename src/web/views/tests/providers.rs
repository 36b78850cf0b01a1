//! The page of providers: every way in which an account can stand.

use super::super::*;
use crate::app::AccountFacts;
use crate::app::circuit::Circuit;
use crate::app::registering::Told;
use crate::app::standing::Standing;
use sample::{NOW, around, berlin};

#[test]
fn it_says_how_each_account_stands_and_escapes_what_is_told() {
    let (accounts, zone) = (sample::accounts(), berlin());
    let groups = ["lettings <b>".to_owned()];
    let facts = AccountFacts { slots_used: vec![("current".into(), NOW)], ..AccountFacts::default() };
    let card = |auth, standing, circuit| ProviderCard {
        forward: None,
        account: &accounts[0],
        callback_url: "https://board.example.com/callbacks/onespan-eu".into(),
        auth,
        next: true,
        path_token: false,
        rotation: None,
        tested: None,
        keys: None,
        misprint: Some(NOW.plus(-60 * sample::MINUTE)),
        setup: vec![(
            "Set `this` <b>".to_owned(),
            vec!["url = <path-token>".to_owned(), "retry = 1".to_owned()],
        )],
        groups: &groups,
        facts: &facts,
        api: Some("https://sandbox.esignlive.com/api".into()),
        standing,
        answered_at: Some(NOW),
        circuit,
        own_only: true,
        registration: Some(Told {
            at: NOW,
            now: vec!["calls another listener, at old.example.com <b>.".to_owned()],
            changes: vec!["register calls us; it called others.".to_owned()],
        }),
    };
    let until = NOW.plus(20 * sample::MINUTE);
    let why = || "it answers 500".to_owned();
    let cards = [
        card(
            AuthKind::Key,
            Standing::Unreachable { since: NOW, why: why() },
            Circuit::Open { failures: 3, until },
        ),
        card(AuthKind::Key, Standing::Refused { since: NOW, why: why() }, Circuit::HalfOpen { failures: 3 }),
        card(AuthKind::Key, Standing::Resting { until }, Circuit::Resting { until }),
        card(AuthKind::Open, Standing::NotAskedYet, Circuit::Closed),
    ];
    let page = html(&ProvidersPage::new(&ProvidersInput { around: around(&accounts, &zone), cards: &cards }));
    for words in [
        "callbacks/onespan-eu\"",
        "last used <time",
        "never used",
        "Set <code>this</code> &#60;b&#62;",
        "without any secret",
        "API: Does not answer</span>",
        "It answers 500, since",
        "It is tried again at <time",
        "API: Refuses us</span>",
        "API: Asks to wait until <time",
        "API: Not asked yet</span>",
        "its own sender only",
        "href=\"/?account=onespan-eu&#38;group=lettings%20%3Cb%3E\"",
        "url = &#60;path-token&#62;\nretry = 1",
        "that ends in <code>&gt;</code>, last <time",
    ] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert!(!page.contains("<b>"));
}
